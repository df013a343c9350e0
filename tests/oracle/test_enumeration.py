"""Plain enumeration: executions and their counts, worked out by hand."""

from __future__ import annotations

import pytest
from cases import Case, case

from litmus.algebra.dag import Level, Model
from litmus.cat import compile_text, load_model
from litmus.diagnostics import InputError, Unsupported
from litmus.engine.answer import Answer, Verdict
from litmus.oracle.algebra import Definitions, Meaning, Value
from litmus.oracle.base import starting_from
from litmus.oracle.enumeration import enumerated
from litmus.oracle.executions import Code, candidates
from litmus.oracle.paths import extent_of


def asked(found: Case, model: Model) -> Answer:
    return enumerated(extent_of(found.graph), model, found.question, True)


def under(found: Case, text: str) -> Answer:
    return asked(found, compile_text(f'"test" include "cos.cat"\n{text}\n', "test", found.tags))


def x86(init: str, rows: str, condition: str) -> Case:
    threads = rows.split(";")[0].count("|") + 1
    heading = " | ".join(f"P{t}" for t in range(threads))
    return case(f"X86 test\n{{ {init} }}\n{heading} ;\n{rows}\n{condition}\n", idle="followed")


SB = x86(
    "x=0; y=0;",
    "MOV [x],$1 | MOV [y],$1 ;\nMOV EAX,[y] | MOV EAX,[x] ;",
    "exists (0:EAX=0 /\\ 1:EAX=0)",
)


# ---------------------------------------------------------------- counts


@pytest.mark.parametrize(
    ("model", "positive", "negative"),
    [("let nothing = 0", 1, 3), ("acyclic po | rf | co | fr", 0, 3), ("empty rf", 0, 0), ("~empty rfe & po^-1", 0, 0)],
)
def test_store_buffering_has_four_executions_of_which_sc_forbids_one(model: str, positive: int, negative: int) -> None:
    answer = under(SB, model)
    assert (answer.positive, answer.negative) == (positive, negative)


def test_the_verdict_speaks_of_the_proposition_whatever_the_quantifier() -> None:
    for quantifier in ("exists", "~exists", "forall"):
        for proposition, verdict in (("x=1", "Always"), ("x=0", "Never"), ("0:EAX=0", "Sometimes")):
            found = x86("x=0; y=0;", "MOV [x],$1 | MOV [y],$1 ;\nMOV EAX,[y] | ;", f"{quantifier} ({proposition})")
            assert under(found, "let nothing = 0").verdict is Verdict(verdict)


def test_writers_to_one_location_are_ordered_in_every_way() -> None:
    found = x86("x=0;", "MOV [x],$1 | MOV [x],$2 | MOV [x],$3 ;", "exists (x=1)")
    answer = under(found, "let nothing = 0")
    assert (answer.positive, answer.negative) == (2, 4)
    assert answer.states == ((1,), (2,), (3,))


def test_an_update_stands_anywhere_in_coherence_order_and_reads_no_write_of_its_own() -> None:
    """Two exchanges.  Each reads the initial value or the other's, and either may be last.  Models decide the rest."""
    found = x86("x=0; 0:EAX=1; 1:EAX=2;", "XCHG [x],EAX | XCHG [x],EAX ;", "exists (0:EAX=0 /\\ 1:EAX=0)")
    answer = under(found, "let nothing = 0")
    assert (answer.positive, answer.negative) == (2, 6)
    assert under(found, "empty rmw & (fre ; coe)").positive == 0


def test_a_failing_compare_and_exchange_writes_nothing() -> None:
    found = x86("x=0; 0:EAX=1; 0:ECX=2;", "LOCK CMPXCHG [x],ECX | MOV [x],$1 ;", "locations [x;] exists (0:EAX=0)")
    answer = asked(found, load_model("x86-tso", found.tags))
    assert answer.states == ((0, 1), (1, 2))


def test_executions_cut_at_the_bound_of_a_loop_only_set_the_flag() -> None:
    found = x86("x=0;", "L: | MOV [x],$1 ;\nMOV EAX,[x] | ;\nCMP EAX,$0 | ;\nJE L | ;", "forall (0:EAX=1)")
    answer = asked(found, load_model("sc", found.tags))
    assert answer.bound_reached
    assert (answer.verdict, answer.positive, answer.negative) == (Verdict.ALWAYS, 3, 0)


def test_a_filter_leaves_executions_out() -> None:
    found = x86("x=0;", "MOV [x],$1 | MOV [x],$2 ;", "filter (x=1)\nexists (x=2)")
    answer = under(found, "let nothing = 0")
    assert (answer.verdict, answer.positive, answer.negative) == (Verdict.NEVER, 0, 1)


def test_flags_are_those_of_allowed_executions() -> None:
    race = "flag ~empty (W * W) & loc & ext & co as race"
    assert under(SB, race).flags == ("race",)  # the initial writes are another thread's
    assert under(SB, f"empty rf\n{race}").flags == ()
    assert under(SB, "undefined_unless empty rf as odd").flags == ("*undef*",)


def test_a_floating_block_lands_at_each_place_once() -> None:
    """One message each way; the target has two accesses, so three places."""
    found = case(
        "C memb\n{ int x = 0; int y = 0; }\n"
        "P0(int *x) { sys_membarrier(); }\n"
        "P1(int *x, int *y) { WRITE_ONCE(*x, 1); WRITE_ONCE(*y, 1); }\nexists (x=1)\n",
        "x86",
    )
    assert len(list(Code(extent_of(found.graph)).ways())) == 3
    assert under(found, "let nothing = 0").positive == 3


# ---------------------------------------------------------------- what has no final state


def test_a_failed_assertion_is_unsupported_unless_a_check_before_it_fails() -> None:
    with pytest.raises(Unsupported):
        under(SB, "assert acyclic po | rf | co | fr")
    assert under(SB, "acyclic po | rf | co | fr\nassert acyclic po | rf | co | fr").negative == 3


def test_a_value_that_depends_on_itself_is_unsupported_only_where_the_model_allows_it() -> None:
    found = x86("x=0; y=0;", "MOV EAX,[x] | MOV EAX,[y] ;\nMOV [y],EAX | MOV [x],EAX ;", "exists (0:EAX=1)")
    with pytest.raises(Unsupported):
        under(found, "acyclic po-loc | rf | co | fr")
    assert under(found, "acyclic po | rf").positive == 0


def test_an_access_outside_every_variable_is_an_input_error() -> None:
    found = case("PPC out\n{ 0:r2=x; x=0; }\nP0 ;\nlwz r1,4(r2) ;\nexists (0:r1=0)\n")
    with pytest.raises(InputError):
        under(found, "let nothing = 0")


# ---------------------------------------------------------------- the language


def value(text: str) -> Value:
    """What a relation is in the execution of SB in which both reads see the initial writes."""
    model = compile_text(f'"test" include "cos.cat"\nempty {text}\n', "test", SB.tags)
    definitions = Definitions(model)
    everything = candidates(Code(extent_of(SB.graph)))
    candidate = next(c for c in everything if all(c.way.taken.events[w].thread < 0 for w in c.rf.values()))
    meaning = Meaning(definitions, candidate.way.executed, starting_from(candidate, Level.ACCESSES))
    return meaning.value(model.checks[0].node)


# The events: 0 and 1 write x and y initially; 2 = W x and 3 = R y of P0; 4 = W y and 5 = R x of P1.
@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("po", {(2, 3), (4, 5)}),
        ("rf", {(1, 3), (0, 5)}),
        ("co", {(0, 2), (1, 4)}),
        ("fr", {(3, 4), (5, 2)}),
        ("po ; fr", {(2, 4), (4, 2)}),
        ("(po | fr)+ & id", {(2, 2), (3, 3), (4, 4), (5, 5)}),
        ("[W] \\ [IW]", {(2, 2), (4, 4)}),
        ("[FW]", {(2, 2), (4, 4)}),
        ("rf & int", set()),
        ("~(loc | ext) \\ id", {(0, 1), (1, 0), (2, 3), (3, 2), (4, 5), (5, 4)}),
        ("[range(rf)] ; fr", {(3, 4), (5, 2)}),
        ("(domain(rf) * range(co)) & loc", {(0, 2), (1, 4)}),
        ("po? \\ id", {(2, 3), (4, 5)}),
        ("(let rec a = po | a ; fr ; a in a) ; [R]", {(2, 3), (2, 5), (4, 3), (4, 5)}),
        ("let rec a = po \\ a in a", set()),  # po, then nothing: included in the round before
        ("let rec a = po \\ b and b = a in b", set()),  # b sees the new a: {} in the second round, not po
    ],
)
def test_expressions_mean_what_the_language_says(text: str, expected: set[tuple[int, int]]) -> None:
    assert value(text) == expected


def test_a_model_may_be_deeper_than_the_stack_of_python() -> None:
    lets = "\n".join(f"let a{i} = (a{i - 1}; po) | rf" for i in range(1, 1500))
    text = f'"deep" include "cos.cat"\nlet a0 = po\n{lets}\nacyclic a1499 | co | fr\n'
    answer = asked(SB, compile_text(text, "deep", SB.tags))
    assert answer.verdict is Verdict.SOMETIMES
