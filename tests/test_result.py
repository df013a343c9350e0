"""Results: whether an answer meets an expectation, above all if loops were cut."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from litmus import Options, Result, check
from litmus.cat import load_model
from litmus.cli import main
from litmus.deciding import Unfinished, decide
from litmus.diagnostics import ExitCode
from litmus.engine import Answer, Verdict
from litmus.result import (
    Expectation,
    condition_holds,
    implied_expectation,
    is_certain,
    is_condition_certain,
    stated_expectation,
)
from tests.cases import case

ENGINES = ("auto", "z3", "enumerate")


def answer(word: str, bounded: bool = False) -> Answer:
    """An answer whose verdict is `word`.  "nothing" is the Never of a test that has no execution left."""
    nothing = word == "nothing"
    return Answer(
        verdict=Verdict.NEVER if nothing else Verdict(word),
        places=(),
        states=() if nothing else ((),),
        positive=None,
        negative=None,
        flags=(),
        witness=None,
        bound_reached=bounded,
        method="by hand",
    )


def expectation(word: str) -> Expectation | None:
    return implied_expectation(word) if word in ("~exists", "forall", "exists") else stated_expectation(word, "by hand")  # type: ignore[arg-type]


# ---------------------------------------------------------------- the truth table

EXPECTED = ("Never", "Sometimes", "Always", "DEADLOCK", "~exists", "forall", "exists", "Maybe")

# What was found in all executions -> for each word of EXPECTED: y if that is as expected, n if not.
COMPLETE = {
    "Never": "ynnnynyy",
    "Sometimes": "nynnnnyy",
    "Always": "nnynnyyy",
    "nothing": "nnnyyyyy",
}

# The same if loops were cut.  Longer executions decide ? and -.  So far, ? is as expected, and - is not.
CUT = {
    "Never": "?-nn?nyy",  # an execution that refutes the proposition was seen
    "Sometimes": "nynnnnyy",  # an execution of each kind was seen
    "Always": "n-?nn?yy",  # an execution that satisfies the proposition was seen
    "nothing": "---???yy",  # no execution was seen, because the filter left none
}

CASES = [
    (found, bounded, word, what)
    for bounded, table in ((False, COMPLETE), (True, CUT))
    for found, row in table.items()
    for word, what in zip(EXPECTED, row, strict=True)
]


@pytest.mark.parametrize(("found", "bounded", "word", "what"), CASES)
def test_the_exit_status_is_what_is_certain_of_the_expectation(found: str, bounded: bool, word: str, what: str) -> None:
    result = Result("f", "m", None, None, answer(found, bounded), None, expectation(word), 0.0, 2)
    ok, status = {
        "y": (True, ExitCode.OK),
        "n": (False, ExitCode.UNEXPECTED),
        "?": (False, ExitCode.NO_ANSWER),
        "-": (False, ExitCode.NO_ANSWER),
    }[what]
    assert (result.ok, result.exit_code) == (ok, status)
    accepting = replace(result, bounded=True)
    assert accepting.ok is (what in "y?")
    assert accepting.exit_code is (ExitCode.OK if what == "?" else status)


@pytest.mark.parametrize("found", CUT)
@pytest.mark.parametrize("quantifier", ["exists", "~exists", "forall"])
def test_a_condition_is_certain_if_all_that_longer_executions_may_add_leaves_it(found: str, quantifier: str) -> None:
    cut = answer(found, bounded=True)
    further = {"Never": ("Never", "Sometimes"), "Always": ("Always", "Sometimes"), "nothing": tuple(COMPLETE)}
    later = further.get(found, (found,))
    assert is_certain(cut) is (len(later) == 1)
    values = {condition_holds(quantifier, answer(word)) for word in later}  # type: ignore[arg-type]
    assert is_condition_certain(quantifier, cut) is (len(values) == 1)  # type: ignore[arg-type]
    assert is_certain(answer(found))


# ---------------------------------------------------------------- in tests with loops

WAIT = "C wait\n{{ }}\nP0(int *x, int *y, int *z) {{ int r; while (!READ_ONCE(*x)) {body}; r = READ_ONCE(*y); }}\n" \
       "P1(int *x, int *y) {{ WRITE_ONCE(*y, 1); smp_mb(); WRITE_ONCE(*x, 1); }}\n{condition}\n"  # fmt: skip


def waiting(condition: str, body: str = "WRITE_ONCE(*z, 1)") -> str:
    """P0 waits for P1 in a loop whose rounds store something, so that they count."""
    return WAIT.format(body=body, condition=condition)


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize(
    ("condition", "expect", "verdict", "status"),
    [
        ("exists (0:r=0)", None, "Never", 0),
        ("~exists (0:r=0)", None, "Never", 3),
        ("~exists (0:r=1)", None, "Always", 1),
        ("forall (0:r=1)", None, "Always", 3),
        ("forall (0:r=0)", None, "Never", 1),
        ("exists (0:r=0)", "Never", "Never", 3),
        ("exists (0:r=0)", "Sometimes", "Never", 3),
        ("exists (0:r=0)", "Always", "Never", 1),
        ("exists (0:r=1)", "Sometimes", "Always", 3),
        ("exists (0:r=1)", "Never", "Always", 1),
        ("filter (0:r=5) ~exists (0:r=1)", None, "Never", 3),
        ("filter (0:r=5) exists (0:r=1)", None, "Never", 0),
    ],
)
def test_a_bounded_verdict_is_enough_where_it_cannot_change(
    engine: str, condition: str, expect: str | None, verdict: str, status: int
) -> None:
    for states in ("auto", "none"):
        options = Options(engine=engine, states=states)  # type: ignore[arg-type]
        result = check(waiting(condition), "sc", options=options, expect=expect)
        assert result.answer is not None
        assert (result.answer.verdict.value, result.answer.bound_reached) == (verdict, True)
        assert result.answer.complete
        assert (result.error, result.exit_code, result.ok) == (None, status, status == 0)


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("states", ["auto", "none"])
@pytest.mark.parametrize("end", ["~exists (0:EAX=1)", "filter (0:EAX=1) ~exists (0:EAX=1)", "exists (0:EAX=0)"])
def test_if_every_execution_was_cut_there_is_no_answer(engine: str, states: str, end: str) -> None:
    text = f"X86 spin\n{{ x=0; z=0; }}\n P0 ;\nL: ;\n MOV [z],$1 ;\n MOV EAX,[x] ;\n CMP EAX,$0 ;\n JE L ;\n{end}\n"
    result = check(text, options=Options(engine=engine, states=states))  # type: ignore[arg-type]
    assert (result.answer, result.ok, result.exit_code) == (None, False, ExitCode.NO_ANSWER)
    assert result.error is not None
    assert result.error.message == "every execution is still in this loop after 2 rounds"
    assert result.error.hint is not None
    assert result.error.hint.startswith("--unroll 3 ")
    assert result.error.span is not None
    assert result.error.span.text == "JE L"


def test_where_it_may_be_one_of_several_loops_all_are_named() -> None:
    """P0 goes on after one round, and P1 never does.  Only the executions tell which of the loops is to blame."""
    text = (
        "X86 spins\n{ x=1; y=0; z=0; }\n P0 | P1 ;\nL: | M: ;\n MOV [z],$1 | MOV [z],$1 ;\n MOV EAX,[x] | NOP ;\n"
        " CMP EAX,$0 | NOP ;\n JE L | NOP ;\n MOV EAX,[z] | MOV EAX,[y] ;\n NOP | CMP EAX,$0 ;\n NOP | JE M ;\n"
        "exists (0:EAX=1)\n"
    )
    result = check(text, unroll=1)
    assert result.error is not None
    assert result.error.message == "every execution is still in a loop after 1 round: this one, or that of line 11"


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("condition", ["exists (0:r=0)", "~exists (0:r=0)", "forall (0:r=1)"])
def test_an_answer_about_rounds_without_effect_holds_for_any_number_of_them(engine: str, condition: str) -> None:
    result = check(waiting(condition, body=""), "sc", options=Options(engine=engine))  # type: ignore[arg-type]
    assert result.answer is not None
    assert not result.answer.bound_reached
    assert result.answer.idle_left_out
    assert (result.answer.positive, result.answer.negative) == (None, None)
    assert result.ok


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("states", ["auto", "none"])
@pytest.mark.parametrize("end", ["~exists (0:EAX=1)", "filter (0:EAX=1) ~exists (0:EAX=1)", "exists (0:EAX=0)"])
def test_where_a_thread_never_leaves_a_loop_there_is_no_answer(engine: str, states: str, end: str) -> None:
    text = f"X86 spin\n{{ x=0; }}\n P0 ;\nL: ;\n MOV EAX,[x] ;\n CMP EAX,$0 ;\n JE L ;\n{end}\n"
    result = check(text, options=Options(engine=engine, states=states))  # type: ignore[arg-type]
    assert (result.answer, result.ok, result.exit_code) == (None, False, ExitCode.NO_ANSWER)
    assert result.error is not None
    assert result.error.message == "P0 never leaves this loop"
    assert result.error.span is not None
    assert result.error.span.text == "JE L"


@pytest.mark.parametrize("engine", ENGINES)
def test_a_filter_that_leaves_no_execution_with_a_loop_is_no_endless_loop(engine: str) -> None:
    result = check(waiting("filter (0:r=5) ~exists (0:r=1)", body=""), "sc", options=Options(engine=engine))  # type: ignore[arg-type]
    assert result.answer is not None
    assert (result.answer.verdict.value, result.answer.states, result.ok) == ("Never", (), True)


@pytest.mark.parametrize("engine", ENGINES)
def test_a_model_that_forbids_all_executions_with_a_loop_is_no_endless_loop(engine: str, tmp_path: Path) -> None:
    model = tmp_path / "none.cat"
    model.write_text('include "cos.cat"\nempty W as nothing\n')
    text = waiting("~exists (0:r=1)", body="")
    result = check(text, str(model), arch="power", options=Options(engine=engine))  # type: ignore[arg-type]
    assert result.answer is not None
    assert (result.answer.verdict.value, result.answer.states) == ("Never", ())


def test_a_filter_that_leaves_nothing_is_no_cut() -> None:
    """All executions were looked at, so that ~exists holds."""
    result = check("X86 T\n{ x=0; }\n P0 ;\n MOV [x],$1 ;\nfilter (x=5)\n~exists (x=1)\n")
    assert (result.ok, result.exit_code) == (True, ExitCode.OK)


@pytest.mark.parametrize("engine", ["auto", "z3"])
def test_models_that_are_compiled_for_each_path_tell_cut_executions_too(engine: str, tmp_path: Path) -> None:
    """On some paths all executions are cut, on others not.  There is no answer only if all are cut on all paths."""
    model = tmp_path / "each.cat"
    model.write_text(
        'include "cos.cat"\nlet rec sizes s = match s with || {} -> 0 || e ++ rest -> ({e} * {e}) | sizes rest end\n'
        "acyclic po | rf | fr | co | (sizes W & 0) as sc\n"
    )
    settled = check(waiting("~exists (0:r=0)"), str(model), arch="power", options=Options(engine=engine))  # type: ignore[arg-type]
    assert settled.answer is not None, settled.error
    assert (settled.answer.verdict.value, settled.answer.bound_reached, settled.exit_code) == ("Never", True, 3)
    stuck = "C stuck\n{ }\nP0(int *x) { while (!READ_ONCE(*x)) ; }\nexists (x=0)\n"
    found = check(stuck, str(model), arch="power", options=Options(engine=engine, states="none"))  # type: ignore[arg-type]
    assert isinstance(found.error, Unfinished)


@pytest.mark.parametrize("engine", ENGINES)
def test_of_a_test_in_which_nothing_executes_that_is_known_without_its_states(engine: str) -> None:
    """The word `Never` that a test states is about executions, so that some must exist."""
    found = case("X86 T\n{ x=0; }\nP0 ;\n MOV [x],$1 ;\nfilter (x=5)\nexists (x=1)\n")
    options = Options(states="none", engine=engine)  # type: ignore[arg-type]
    got = decide(found.graph, load_model("sc", found.tags), found.question, options)
    stated = stated_expectation("Never", "here")
    assert stated is not None
    assert stated.is_met_by(got) is False


PIECES = st.sampled_from(
    [
        "while (!READ_ONCE(*x)) ;",
        "while (READ_ONCE(*y)) ;",
        "do { r = READ_ONCE(*x); } while (r == 0);",
        "for (i = 0; i < 2; i++) WRITE_ONCE(*y, i);",
        "while (i < 2) { if (READ_ONCE(*x)) i++; }",
        "WRITE_ONCE(*x, 1);",
        "WRITE_ONCE(*y, 1);",
        "r = READ_ONCE(*y);",
    ]
)
CODE = st.lists(PIECES, min_size=1, max_size=3).map(" ".join)


@settings(max_examples=60, deadline=None)
@given(CODE, CODE, st.sampled_from(["0:r=0", "0:r=1", "y=1", "x=0", "0:i=2"]), st.sampled_from(EXPECTED[:4]))
def test_what_is_certain_stays_so_when_loops_are_followed_further(
    first: str, second: str, proposition: str, word: str
) -> None:
    text = (
        f"C T\n{{ }}\nP0(int *x, int *y) {{ int r = 0; int i = 0; {first} }}\n"
        f"P1(int *x, int *y) {{ int r = 0; int i = 0; {second} }}\nexists ({proposition})\n"
    )
    expected = stated_expectation(word, "here")
    assert expected is not None
    near, far = (check(text, "sc", unroll=bound).answer for bound in (1, 3))
    if near is None:
        return
    assert far is not None
    if expected.is_met_by(near) is not None:
        assert expected.is_met_by(far) is expected.is_met_by(near)
    if is_certain(near):
        assert far.verdict is near.verdict


# ---------------------------------------------------------------- as users see it


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    status = main(["check", *arguments])
    printed = capsys.readouterr()
    return status, printed.out, printed.err


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "wait.litmus"
    path.write_text(waiting("~exists (0:r=0)"))
    return path


def test_text_says_up_to_how_many_rounds(capsys: pytest.CaptureFixture[str], file: Path) -> None:
    status, out, _ = run(capsys, str(file), "--model", "sc", "--unroll", "3")
    assert status == 3
    assert out.startswith("Never, up to 3 rounds. Under sc, no execution of wait ends with 0:r=0.\n")
    assert "condition   ~exists (0:r=0): holds up to 3 rounds\n" in out
    assert "expected    Never (~exists): as expected up to 3 rounds; longer executions exist" in out
    assert "(--bounded accepts that)" in out
    status, out, _ = run(capsys, str(file), "--model", "sc", "--bounded")
    assert status == 0
    assert "expected    Never (~exists): as expected up to 2 rounds\n" in out


def test_where_nothing_is_expected_the_words_are_the_same(capsys: pytest.CaptureFixture[str], file: Path) -> None:
    file.write_text(waiting("exists (0:r=0)"))
    status, out, _ = run(capsys, str(file), "--model", "sc")
    assert status == 0
    assert out.startswith("Never, up to 2 rounds. ")
    assert "exists (0:r=0): does not hold up to 2 rounds\n" in out


def test_what_longer_executions_may_still_show_is_not_called_unexpected(
    capsys: pytest.CaptureFixture[str], file: Path
) -> None:
    status, out, _ = run(capsys, str(file), "--model", "sc", "--expect", "Sometimes")
    assert status == 3
    assert "expected    Sometimes (--expect): not so up to 2 rounds; longer executions exist" in out
    assert "UNEXPECTED" not in out
    assert run(capsys, str(file), "--model", "sc", "--expect", "Sometimes", "--bounded")[0] == 3


def test_a_line_of_many_and_their_sum_say_so(capsys: pytest.CaptureFixture[str], file: Path) -> None:
    status, out, _ = run(capsys, str(file), "--model", "sc,x86-tso", "--states", "none", "--jobs", "1", str(file))
    line, *_, total = out.splitlines()
    assert status == 3
    assert line == f"Never      {file}  sc  up to 2 rounds  not settled: Never (~exists)"
    assert total.startswith("4 not settled in ")


def test_json_keeps_the_verdict_and_no_error(capsys: pytest.CaptureFixture[str], file: Path) -> None:
    status, out, _ = run(capsys, str(file), "--model", "sc", "--json")
    fields = json.loads(out)
    assert status == 3
    assert [fields[name] for name in ("verdict", "ok", "error", "bound_reached")] == ["Never", False, None, True]
    status, out, _ = run(capsys, str(file), "--model", "sc", "--json", "--bounded")
    assert (status, json.loads(out)["ok"]) == (0, True)


def test_a_junit_report_has_it_as_an_error(capsys: pytest.CaptureFixture[str], file: Path, tmp_path: Path) -> None:
    junit = tmp_path / "report.xml"
    assert run(capsys, str(file), "--model", "sc", "--junit", str(junit))[0] == 3
    assert '<error message="Never up to 2 rounds; expected is Never (~exists)">' in junit.read_text()
    assert run(capsys, str(file), "--model", "sc", "--junit", str(junit), "--bounded")[0] == 0
    assert 'failures="0" errors="0"' in junit.read_text()


def test_a_log_is_herds_and_the_rest_is_said_beside_it(capsys: pytest.CaptureFixture[str], file: Path) -> None:
    status, out, err = run(capsys, str(file), "--model", "sc", "--format", "herd")
    assert status == 3
    assert "\nLoop Ok\n" in out
    assert err.startswith(f"{file}: Never up to 2 rounds under sc; expected was Never (~exists): as expected")
    assert run(capsys, str(file), "--model", "sc", "--format", "herd", "--bounded")[::2] == (0, "")
