"""Reports beside the output: JUnit, herd's logs of several models, expectations that are required, standard input."""

from __future__ import annotations

import io
import json
import os
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest

from litmus import deciding
from litmus.diagnostics import NoAnswer

CONDITION = "(0:r3=0 /\\ 1:r3=0)"
C = """C MP
{comment}
{{ }}
P0(int *x, int *y) {{ WRITE_ONCE(*x, 1); {fence} WRITE_ONCE(*y, 1); }}
P1(int *x, int *y) {{ int r0; int r1; r0 = READ_ONCE(*y); smp_rmb(); r1 = READ_ONCE(*x); }}
exists (1:r0=1 /\\ 1:r1=0)
"""


def cases(path: Path) -> dict[tuple[str | None, str | None], list[tuple[str, str | None]]]:
    """Of each case of a report, what its children are and say."""
    return {
        (case.get("classname"), case.get("name")): [(child.tag, child.get("message")) for child in case]
        for case in ElementTree.parse(path).getroot()
    }


# ---------------------------------------------------------------- JUnit


def test_junit_of_check_has_a_case_for_each_test_and_model(litmus, sb, tmp_path):
    report = tmp_path / "report.xml"
    wrong, right = sb("wrong", condition=f"~exists {CONDITION}"), sb("right", "sync", f"~exists {CONDITION}")
    silent, missing = sb("silent"), tmp_path / "missing.litmus"
    ran = litmus("check", wrong, right, silent, missing, "--model", "power,sc", "--junit", report, "--json")
    assert ran.status == 2
    found = cases(report)
    assert len(found) == 8
    assert found[str(wrong), "power"] == [("failure", "Sometimes; expected is Never (~exists)")]
    assert found[str(wrong), "sc"] == found[str(right), "power"] == []
    assert found[str(silent), "power"] == [("skipped", "Sometimes; nothing else is expected")]
    assert found[str(missing), "sc"][0][0] == "error"
    root = ElementTree.parse(report).getroot()
    assert (root.get("tests"), root.get("failures"), root.get("errors"), root.get("skipped")) == ("8", "1", "2", "2")
    assert all(float(case.get("time", "")) > 0 for case in root if case.get("classname") == str(wrong))


def test_junit_of_a_table_fails_where_a_cell_has_no_answer(litmus, tmp_path, monkeypatch):
    report = tmp_path / "report.xml"
    assert litmus("table", "--shapes", "SB,MP", "--model", "power,x86-tso", "--junit", report).status == 0
    found = cases(report)
    assert len(found) == 18
    assert found["power", "barrier() with smp_mb()"] == []  # X is an answer
    decide = deciding.decide

    def undecided(graph, *arguments):
        if any("MFENCE" in event.tags for event in graph.events):
            raise NoAnswer("no answer within 1 s")
        return decide(graph, *arguments)

    monkeypatch.setattr(deciding, "decide", undecided)
    asked = ("table", "--shapes", "SB", "--model", "x86-tso", "--rows", "barrier,smp_mb", "--junit", report)
    assert litmus(*asked).status == 3
    assert cases(report) == {
        ("x86-tso", "barrier() with barrier()"): [],
        ("x86-tso", "barrier() with smp_mb()"): [("failure", "no answer for 1 test under x86-tso")],
        ("x86-tso", "smp_mb() with barrier()"): [("failure", "no answer for 1 test under x86-tso")],
        ("x86-tso", "smp_mb() with smp_mb()"): [("failure", "no answer for 1 test under x86-tso")],
    }
    assert "no answer within 1 s" in report.read_text()
    litmus("table", "--compare", "x86-tso", "sc", *asked[1:3], "--rows", "smp_mb", "--junit", report)
    assert "no answer for 1 test" in report.read_text()


def test_junit_of_a_comparison_fails_where_models_differ(litmus, tmp_path):
    report = tmp_path / "report.xml"
    litmus("table", "--compare", "x86-tso", "power", "--shapes", "MP", "--rows", "barrier,smp_mb", "--junit", report)
    assert cases(report) == {
        ("x86-tso, power", "barrier() with barrier()"): [("failure", "x86-tso: O, power: X (MP)")],
        ("x86-tso, power", "barrier() with smp_mb()"): [("failure", "x86-tso: O, power: X (MP)")],
        ("x86-tso, power", "smp_mb() with barrier()"): [("failure", "x86-tso: O, power: X (MP)")],
        ("x86-tso, power", "smp_mb() with smp_mb()"): [],
    }


# ---------------------------------------------------------------- expectations


def test_a_test_that_states_nothing_fails_where_an_expectation_is_required(litmus, sb):
    silent = sb("silent")
    assert litmus("check", silent).status == 0
    ran = litmus("check", silent, "--require-expectation")
    assert ran.status == 1
    assert "expected    NOTHING: the test states no expectation" in ran.out
    ran = litmus("check", silent, silent, "--require-expectation")
    assert ran.out.splitlines()[0].endswith("NOTHING: the test states no expectation")
    assert ran.out.splitlines()[-1].startswith("2 without an expectation in ")
    (line,) = map(json.loads, litmus("check", silent, "--require-expectation", "--json").out.splitlines())
    assert (line["ok"], line["expected"], line["error"]) == (False, None, None)
    assert litmus("check", sb("empty", condition=""), "--require-expectation").status == 1


@pytest.mark.parametrize(
    ("test", "model"),
    [
        ({"condition": f"~exists {CONDITION}", "fence": "sync"}, "power"),
        ({"extra": "(* Result: Sometimes *)\n"}, "power"),
        ({"extra": "(* Expect(sc): Never *)\n"}, "sc"),
        ({"extra": "(* Result: Maybe *)\n"}, "power"),
    ],
)
def test_a_stated_expectation_is_enough(litmus, sb, test, model):
    assert litmus("check", sb(**test), "--model", model, "--require-expectation").status == 0


def test_never_of_a_c_test_bounds_every_hardware_model(litmus, tmp_path):
    test = tmp_path / "MP.litmus"
    test.write_text(C.format(comment="(* Result: Never *)", fence="smp_wmb();"))
    lines = [json.loads(line) for line in litmus("check", test, "--json").out.splitlines()]
    assert {(line["verdict"], line["ok"], line["expected"], line["expected_by"]) for line in lines} == {
        ("Never", True, "Never", "Result as a bound")
    }
    test.write_text(C.format(comment="(*\n * Result: Never\n * Expect(arm): Sometimes\n *)", fence="barrier();"))
    ran = litmus("check", test, "--json")
    said = {line["model"]: (line["verdict"], line["ok"]) for line in map(json.loads, ran.out.splitlines())}
    assert ran.status == 1
    assert said == {
        "x86-tso": ("Never", True),
        "power": ("Sometimes", False),
        "arm": ("Sometimes", True),
        "aarch64": ("Sometimes", False),
        "riscv": ("Sometimes", False),
    }
    assert litmus("check", test, "--model", "power", "--expect", "Sometimes").status == 0


# ---------------------------------------------------------------- logs


def test_several_models_have_a_log_each(litmus, sb, tmp_path):
    model = tmp_path / "mine.cat"
    model.write_text('"anything goes"\n')
    tests, logs = [sb("a"), sb("b", fence="sync")], tmp_path / "logs"
    asked = ("check", *tests, "--format", "herd", "--output", logs, "--model")
    ran = litmus(*asked, f"sc,{model}", "--model", "sc")
    assert (ran.status, ran.err) == (0, "")
    assert ran.out == f"2 tests in {logs}/sc.log\n2 tests in {logs}/mine.log\n"
    alone = litmus("check", *tests, "--format", "herd", "--model", "sc").out

    def without_times(text: str) -> list[str]:
        return [line for line in text.splitlines() if not line.startswith("Time")]

    assert without_times((logs / "sc.log").read_text()) == without_times(alone)
    assert "Observation SB Sometimes" in (logs / "mine.log").read_text()
    ran = litmus(*asked, "sc,./sc.cat")
    assert (ran.status, ran.out) == (2, "")
    assert "sc and ./sc.cat would share the log sc.log" in ran.err or "no model file ./sc.cat" in ran.err


def test_two_files_of_one_name_would_share_a_log(litmus, sb, tmp_path):
    (tmp_path / "sub").mkdir()
    for model in (tmp_path / "m.cat", tmp_path / "sub" / "m.cat"):
        model.write_text('"anything goes"\n')
    models = f"{tmp_path}/m.cat,{tmp_path}/sub/m.cat"
    ran = litmus("check", sb(), "--format", "herd", "--output", tmp_path / "logs", "--model", models)
    assert ran.status == 2
    assert "would share the log m.log" in ran.err


def test_a_c_test_has_no_single_log(litmus, tmp_path):
    test = tmp_path / "MP.litmus"
    test.write_text(C.format(comment="", fence="smp_wmb();"))
    ran = litmus("check", test, "--format", "herd")
    assert (ran.status, ran.out) == (2, "")
    assert f"{test}:1:1: error: a C test under all hardware models is no single log" in ran.err
    assert litmus("check", test, "--format", "herd", "--model", "power").out.startswith("Test MP Allowed\n")
    assert litmus("check", test, "--format", "herd", "--output", tmp_path / "logs").status == 0
    assert {"power.log", "x86-tso.log"} <= set(os.listdir(tmp_path / "logs"))


def test_a_log_names_a_test_as_herd7_does(litmus, sb):
    test = sb()
    test.write_text(test.read_text().replace("PPC SB", "PPC SB.litmus"))
    out = litmus("check", test, "--format", "herd").out
    assert out.startswith("Test SB Allowed\n")
    assert "\nObservation SB Sometimes 1 3\n" in out


# ---------------------------------------------------------------- standard input


@pytest.mark.parametrize("arguments", [["-"], ["--json", "-", "--jobs", "2", "-"]])
def test_a_dash_is_standard_input(litmus, sb, monkeypatch, arguments):
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(sb().read_bytes())))
    ran = litmus("check", *arguments)
    assert (ran.status, ran.err) == (0, "")
    if "--json" in arguments:
        assert [json.loads(line)["file"] for line in ran.out.splitlines()] == ["-", "-"]
    else:
        assert ran.out.startswith("Sometimes. Under power")
        assert "  test        SB (PPC), -\n" in ran.out


def test_what_is_no_test_on_standard_input_is_an_error_at_its_place(litmus, monkeypatch):
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"PPC SB\n{ }\n P0\n")))
    ran = litmus("check", "-")
    assert ran.status == 2
    assert ran.err.startswith("-:3:3: error: a row of the program does not end")
    monkeypatch.setattr(sys, "stdin", None)
    assert litmus("check", "-").err == "litmus: error: there is no standard input to read\n"


def test_a_dash_may_follow_options(litmus, sb, monkeypatch):
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(sb().read_bytes())))
    ran = litmus("check", sb("a"), "--json", "-")
    assert [json.loads(line)["file"] for line in ran.out.splitlines()][1] == "-"
