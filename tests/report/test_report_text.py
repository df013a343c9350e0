"""The text for people: what it says first, what it marks, what it leaves out."""

from __future__ import annotations

import io

import pytest
from msgspec.structs import replace

from litmus.diagnostics import InputError, NoAnswer, Span, Unsupported
from litmus.engine.answer import Verdict
from litmus.program.question import Equal, Holds
from litmus.report import text
from litmus.report.style import Style, style_for
from litmus.result import Expectation

PLAIN = Style()
NEVER = {"verdict": Verdict.NEVER, "states": ((0, 1), (1, 0), (1, 1)), "witness": None, "positive": 0}


@pytest.mark.parametrize(
    ("answer", "sentence"),
    [
        ({}, "Sometimes. Under x86-tso, some executions of SB end with 0:EAX=0 /\\ 1:EAX=0, others do not."),
        (NEVER, "Never. Under x86-tso, no execution of SB ends with 0:EAX=0 /\\ 1:EAX=0."),
        ({"verdict": Verdict.ALWAYS}, "Always. Under x86-tso, every execution of SB ends with 0:EAX=0 /\\ 1:EAX=0."),
        ({**NEVER, "states": ()}, "Never. Under x86-tso, SB has no execution at all."),
    ],
)
def test_the_first_line_is_the_verdict_in_words(sb, answer, sentence):
    assert text.full(sb(answer=answer), PLAIN).splitlines()[0] == sentence


def test_states_that_satisfy_the_proposition_are_marked(sb):
    told = text.full(sb(), PLAIN)
    assert "4 final states of 4 executions; * satisfies the proposition:\n    * 0:EAX=0; 1:EAX=0;\n      0" in told
    assert told.count("\n    * ") == 1


def test_of_a_forall_the_states_that_refute_it_are_marked(sb):
    told = text.full(sb(question={"quantifier": "forall", "formula": Equal(0, 0)}), PLAIN)
    assert "* refutes the proposition" in told
    assert "    * 0:EAX=1; 1:EAX=0;\n    * 0:EAX=1; 1:EAX=1;\n" in told
    assert "forall (0:EAX=0): does not hold" in told


def test_a_never_has_no_witness_and_a_sometimes_has(sb):
    assert "An execution that ends so" in text.full(sb(), PLAIN)
    assert "No sequential machine does this" in text.full(sb(), PLAIN)
    assert "An execution" not in text.full(sb(answer=NEVER), PLAIN)


def test_of_a_forall_the_execution_that_refutes_it_is_shown(sb):
    question = {"quantifier": "forall"}
    assert "An execution" not in text.full(sb(question=question), PLAIN)
    refuted = sb(question=question)
    told = text.full(replace(refuted, refutation=refuted.answer.witness), PLAIN)
    assert "  An execution that ends otherwise:\n    P0\n" in told


def test_many_states_are_cut_with_the_marked_ones_first(sb):
    states = tuple((i, i) for i in range(100))
    told = text.full(sb(question={"formula": Equal(0, 99)}, answer={"states": states}), PLAIN)
    lines = told.splitlines()
    first = lines.index("  100 final states of 4 executions; * satisfies the proposition:") + 1
    assert lines[first] == "    * 0:EAX=99; 1:EAX=99;"
    assert lines[first + text.STATES_SHOWN] == f"      ... and {100 - text.STATES_SHOWN} more (--json lists them all)"


def test_states_that_were_not_listed_are_said_not_to_be(sb):
    assert "The final states are not listed" in text.full(sb(answer={"states": None}), PLAIN)


def test_an_unexpected_verdict_is_marked_with_where_the_expectation_stands(sb):
    wrong = sb(expected=Expectation(Verdict.NEVER, "Expect(x86-tso)"))
    assert "expected    Never (Expect(x86-tso)): UNEXPECTED" in text.full(wrong, PLAIN)
    assert text.brief(wrong, PLAIN) == ("Sometimes  SB.litmus  x86-tso  UNEXPECTED: Never (Expect(x86-tso))\n")
    right = sb(expected=Expectation(Verdict.SOMETIMES, "--expect"))
    assert "expected    Sometimes (--expect): as expected" in text.full(right, PLAIN)
    assert text.brief(right, PLAIN) == "Sometimes  SB.litmus  x86-tso\n"


def test_flags_notes_and_cut_loops_are_told(sb):
    result = sb(answer={"flags": ("data-race",), "bound_reached": True}, notes=("plain accesses stay in order",))
    told = text.full(result, PLAIN)
    assert "  flag        data-race\n" in told
    assert "  note        plain accesses stay in order\n" in told
    assert "  bound       loops were followed up to 2 rounds; longer executions exist" in told
    assert told.startswith("Sometimes. ")
    assert text.brief(result, PLAIN) == "Sometimes  SB.litmus  x86-tso  flag data-race  loops cut at 2\n"


def test_a_long_proposition_is_not_in_the_first_line(sb):
    long = sb(question={"formula": Equal(0, 10**100)})
    assert "end with the final state asked for, others" in text.full(long, PLAIN).splitlines()[0]
    assert f"exists (0:EAX={10**100})" in text.full(long, PLAIN)


def test_a_test_that_observes_nothing_has_one_state(sb):
    nothing = sb(question={"formula": Holds(True), "places": (), "shown": 0}, answer={"places": (), "states": ((),)})
    assert "1 final state of 4 executions; * satisfies the proposition:\n    * (nothing is observed)" in text.full(
        nothing, PLAIN
    )


def test_diagnostics_name_the_file_where_they_have_no_place(sb):
    result = sb()
    placed = InputError("no such register", Span(result.test.source, 4, 6))
    assert text.diagnostic(replace(result, answer=None, error=placed)).startswith("SB.litmus:1:5: error: no such")
    late = NoAnswer("no answer within 2 s")
    assert text.diagnostic(replace(result, answer=None, error=late)) == (
        "SB.litmus: error: no answer within 2 s\n  asked under x86-tso\n"
    )
    missing = InputError("SB.litmus: no such file")
    assert text.diagnostic(replace(result, answer=None, error=missing)) == "error: SB.litmus: no such file\n"


def test_a_brief_line_of_an_error_says_which_kind(sb):
    def brief(error):
        return text.brief(replace(sb(), answer=None, error=error), PLAIN)

    assert brief(Unsupported("no")) == "no answer  SB.litmus  x86-tso\n"
    assert brief(InputError("no")) == "bad input  SB.litmus  x86-tso\n"


def test_the_summary_counts_every_kind_and_only_those_there_are(sb):
    kinds = [
        text.kind_of(sb()),
        text.kind_of(sb(expected=Expectation(Verdict.SOMETIMES, ""))),
        text.kind_of(sb(expected=Expectation(Verdict.NEVER, ""))),
        text.kind_of(replace(sb(), answer=None, error=Unsupported(""))),
        text.kind_of(replace(sb(), answer=None, error=InputError(""))),
    ]
    counts = {kind: kinds.count(kind) for kind in kinds}
    assert text.summary(counts, 1.234, PLAIN) == (
        "1 as expected, 1 answered, 1 unexpected, 1 without an answer, 1 bad input in 1.23 s\n"
    )
    assert text.summary({"as expected": 3}, 0.5, PLAIN) == "3 as expected in 0.50 s\n"


def test_there_is_no_colour_without_a_terminal_or_with_no_color(sb, monkeypatch):
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm")
    assert style_for(Terminal()) == Style(True)
    assert style_for(io.StringIO()) == PLAIN
    monkeypatch.setenv("NO_COLOR", "1")
    assert style_for(Terminal()) == PLAIN
    assert "\x1b" not in text.full(sb(), PLAIN)
    assert "\x1b[" in text.full(sb(), Style(True))
