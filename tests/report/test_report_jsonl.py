"""JSON lines: the fields scripts rely on, their order, and what they cost."""

from __future__ import annotations

import json
import time

import pytest
from msgspec.structs import replace

from litmus.diagnostics import InputError, Span
from litmus.report import jsonl
from litmus.result import Expectation, Verdict, stated_expectation

FIELDS = [
    "file", "test", "arch", "model", "kind", "verdict", "ok", "states", "flags", "bound_reached", "seconds", "error",
    "positive", "negative", "expected", "expected_by", "notes",
]  # fmt: skip


def test_an_answer_has_all_fields_in_their_order(sb):
    text = jsonl.line(sb())
    assert text.endswith("}\n")
    assert text.count("\n") == 1
    line = json.loads(text)
    assert list(line) == FIELDS
    assert line == {
        "file": "SB.litmus",
        "test": "SB",
        "arch": "X86",
        "model": "x86-tso",
        "kind": "Allowed",
        "verdict": "Sometimes",
        "ok": True,
        "states": ["0:EAX=0; 1:EAX=0;", "0:EAX=0; 1:EAX=1;", "0:EAX=1; 1:EAX=0;", "0:EAX=1; 1:EAX=1;"],
        "flags": [],
        "bound_reached": False,
        "seconds": 0.00123,
        "error": None,
        "positive": 1,
        "negative": 3,
        "expected": None,
        "expected_by": None,
        "notes": [],
    }


def test_what_was_not_counted_or_listed_is_null(sb):
    line = json.loads(jsonl.line(sb(answer={"positive": None, "negative": None, "states": None})))
    assert list(line) == FIELDS
    assert (line["states"], line["positive"], line["negative"]) == (None, None, None)
    assert line["verdict"] == "Sometimes"


def test_ok_is_whether_the_verdict_is_as_expected(sb):
    for expected, ok in ((Verdict.NEVER, False), (Verdict.SOMETIMES, True), (Verdict.ALWAYS, False)):
        assert json.loads(jsonl.line(sb(expected=Expectation(expected, "--expect"))))["ok"] is ok


@pytest.mark.parametrize(
    ("expected", "word"),
    [
        (Expectation(Verdict.NEVER, "Expect(power)"), "Never"),
        (stated_expectation("Maybe", "Result"), "Maybe"),
        (stated_expectation("DEADLOCK", "Result"), "DEADLOCK"),
        (Expectation(Verdict.ALWAYS, "forall", executes=None), "Always"),
    ],
)
def test_what_is_expected_has_its_word_and_where_it_is_stated(sb, expected, word):
    line = json.loads(jsonl.line(sb(expected=expected)))
    assert (line["expected"], line["expected_by"]) == (word, expected.origin)


def test_a_test_that_states_nothing_is_not_ok_where_that_is_required(sb):
    line = json.loads(jsonl.line(sb(unstated=True, notes=("a note",))))
    assert (line["verdict"], line["ok"], line["expected"], line["error"]) == ("Sometimes", False, None, None)
    assert line["notes"] == ["a note"]


def test_an_error_has_no_verdict_and_says_where_on_one_line(sb):
    result = sb()
    error = InputError("X86 has no register EXX", Span(result.test.source, 0, 3), "did you mean EAX?")
    line = json.loads(jsonl.line(replace(result, answer=None, question=None, error=error)))
    assert list(line) == FIELDS
    assert line["error"] == "SB.litmus:1:1: error: X86 has no register EXX (did you mean EAX?)"
    assert (line["verdict"], line["states"], line["ok"], line["kind"]) == (None, None, False, "Allowed")


def test_a_file_that_could_not_be_read_has_a_line_all_the_same(sb):
    error = InputError("no such file")
    unread = replace(sb(), file="nö\udcff.litmus", test=None, question=None, answer=None, error=error)
    text = jsonl.line(unread)
    assert text.isascii()
    line = json.loads(text)
    assert line["file"] == "nö\udcff.litmus"
    assert (line["test"], line["arch"], line["kind"]) == (None, None, None)


def test_a_line_of_four_states_costs_at_most_thirty_microseconds(sb):
    result = sb()
    best = 1.0
    for _ in range(5):
        began = time.perf_counter()
        for _ in range(200):
            jsonl.line(result)
        best = min(best, (time.perf_counter() - began) / 200)
    assert best < 30e-6
