"""JUnit: XML that any reader takes, with counts, times and messages."""

from __future__ import annotations

from xml.etree import ElementTree

import pytest
from msgspec.structs import replace

from litmus.diagnostics import InputError, NoAnswer, Span
from litmus.engine.answer import Verdict
from litmus.report.junit import Case, report
from litmus.report.outcome import Presentation, outcome
from litmus.report.style import Style
from litmus.result import Expectation, stated_expectation

SHOWN = Presentation("json", full=False, style=Style(False), debug=False, junit=True)


def test_cases_are_counted_and_timed():
    cases = [
        Case("a", "power", 0.5),
        Case("a", "arm", 0.25, "failure", "Never; expected is Sometimes", "more\nlines"),
        Case("b", "arm", 0.0, "error", "no such file"),
        Case("c", "arm", 0.0, "skipped", "nothing is expected"),
    ]
    suite = ElementTree.fromstring(report("litmus check", cases))
    assert suite.attrib == {
        "name": "litmus check", "tests": "4", "failures": "1", "errors": "1", "skipped": "1", "time": "0.750000",
    }  # fmt: skip
    assert [(case.get("classname"), case.get("name"), case.get("time")) for case in suite] == [
        ("a", "power", "0.500000"),
        ("a", "arm", "0.250000"),
        ("b", "arm", "0.000000"),
        ("c", "arm", "0.000000"),
    ]
    assert [[(child.tag, child.get("message"), child.text) for child in case] for case in suite] == [
        [],
        [("failure", "Never; expected is Sometimes", "more\nlines")],
        [("error", "no such file", None)],
        [("skipped", "nothing is expected", None)],
    ]


@pytest.mark.parametrize("text", ["<&>\"' |", "\x1b[1m \x00 \udcff \ufffe", "é ∃ \U0001f600", "a\nb\tc"])
def test_any_text_makes_xml_that_can_be_read(text):
    suite = ElementTree.fromstring(report("s", [Case(text, text, 0.0, "failure", text, text)]).encode())
    (case,) = suite
    for found in (case.get("classname"), case[0].get("message"), case[0].text):
        assert found is not None
        assert len(found) == len(text)
        assert all(a in (b, "\ufffd") for a, b in zip(found, text, strict=True))


def case_of(result):
    return outcome(result, SHOWN).case


def test_a_case_of_a_result_says_whether_it_is_as_expected(sb):
    met, missed = Expectation(Verdict.SOMETIMES, "--expect"), Expectation(Verdict.NEVER, "Expect(x86-tso)")
    assert case_of(sb(expected=met)) == Case("SB.litmus", "x86-tso", 0.00123)
    failed = case_of(sb(expected=missed))
    assert (failed.outcome, failed.message) == ("failure", "Sometimes; expected is Never (Expect(x86-tso))")
    assert "An execution that ends so" in failed.details


def test_nothing_that_was_compared_with_nothing_passes(sb):
    for expected in (None, stated_expectation("Maybe", "Result")):
        case = case_of(sb(expected=expected))
        assert (case.outcome, case.message) == ("skipped", "Sometimes; nothing else is expected")
    unstated = case_of(sb(unstated=True))
    assert (unstated.outcome, unstated.message) == ("failure", "Sometimes; the test states no expectation")


def test_an_error_is_one_with_its_place(sb):
    result = sb()
    wrong = InputError("no such register", Span(result.test.source, 4, 6))
    case = case_of(replace(result, answer=None, error=wrong))
    assert (case.outcome, case.message) == ("error", "SB.litmus:1:5: error: no such register")
    late = case_of(replace(result, answer=None, model=None, error=NoAnswer("no answer within 2 s")))
    assert (late.outcome, late.name) == ("error", "no model")


def test_no_case_is_made_where_there_is_no_report(sb):
    assert outcome(sb(), replace(SHOWN, junit=False)).case is None
