"""Decisions that can go one way only, because a round without effect is left out on the other way."""

from __future__ import annotations

import pytest
from graphs import X, Y, Z, decided, finals, graph_of, guarded, op, own, pairs, thread, ways

from litmus import Options, Verdict, check
from litmus.engine.options import Engine
from litmus.program.build import with_idle_rounds
from litmus.program.code import Assume, Branch, Fence, Float, Load, Operation, Set, Store, StoreConditional
from litmus.program.graph import EventGraph
from litmus.program.guards import ALWAYS
from litmus.program.values import Reg, guards_in

RESERVE = Load("r", X, reserve=True)
TAKE = StoreConditional(X, 1, "s", 0, 1)
NOTHING_SEEN: frozenset[tuple[int, str]] = frozenset()


def left_out(*operations: Operation | str, observed: frozenset[tuple[int, str]] = NOTHING_SEEN) -> EventGraph:
    return graph_of(thread(*operations), observed=observed)


def test_the_store_conditional_of_a_lock_is_unconditional() -> None:
    graph = left_out("L", RESERVE, Branch("L", Reg("r")), TAKE, Branch("L", Reg("s")), Store(Y, 1))
    assert graph.decisions == ()
    read, taken, later = own(graph)
    assert read.guard == taken.guard == later.guard == ALWAYS
    assert graph.lxsx == {(read.number, taken.number): ALWAYS}
    (free,) = graph.assumptions
    assert read.value is not None
    assert (free.condition, free.guard) == (op("lnot", read.value), ALWAYS)  # the read finds the lock free
    assert len(graph.waits) == 2
    assert not graph.cuts


def test_a_lock_whose_rounds_are_followed_has_its_decisions() -> None:
    settled = left_out("L", RESERVE, Branch("L", Reg("r")), TAKE, Branch("L", Reg("s")), Store(Y, 1))
    graph = with_idle_rounds(settled, "followed")
    assert len(graph.decisions) >= 2 * 3
    assert graph.waits == ()
    assert graph.cuts
    cut = with_idle_rounds(settled, "cut")
    assert len(cut.decisions) == 2
    assert set(cut.cuts) == {decided(cut, d0=True), decided(cut, d0=False, d1=False)}


def test_what_a_register_holds_on_the_way_that_is_left_is_no_choice_any_more() -> None:
    graph = left_out(
        "L", Set("a", 1), Load("r", X), Branch("M", Reg("r")), Branch("L"), "M", Store(Y, Reg("a")), Load("a", Z),
        observed=frozenset({(0, "a")}),
    )  # fmt: skip
    store = next(e for e in own(graph) if e.kind == "W")
    assert (store.value, store.guard) == (1, ALWAYS)
    assert graph.decisions == ()


def test_where_both_ways_of_a_decision_were_known_before_a_round_is_left_out_by_an_assumption() -> None:
    """if (*y) *z = 1; do { if (*x) break; } while (*y was read as 1);  No decision of the loop goes one way only."""
    graph = left_out(
        Load("a", Y), Branch("E", op("eq", Reg("a"), 0)), Store(Z, 1), "E",
        "L", Load("b", X), Branch("OUT", Reg("b")), Branch("L", Reg("a")), "OUT",
        observed=frozenset({(0, "a"), (0, "b")}),
    )  # fmt: skip
    assert len(graph.decisions) == 2
    (assumption,) = graph.assumptions
    assert assumption.condition == 0
    assert assumption.guard == decided(graph, d0=False, d1=False)  # a is not 0, and b is
    assert sorted(ways(graph)) == [(False, True), (True, False), (True, True)]


AROUND = """AArch64 around
{ 0:X1=x; 0:X2=y; 0:X3=z; 1:X2=y; }
 P0          | P1          ;
 LDR W4,[X2] | MOV W0,#1   ;
 CBZ W4,E    | STR W0,[X2] ;
 STR W4,[X3] |             ;
 E:          |             ;
 L:          |             ;
 LDR W5,[X1] |             ;
 CBNZ W5,OUT |             ;
 CBNZ W4,L   |             ;
 OUT:        |             ;
exists (0:X4=1)
"""


@pytest.mark.parametrize("engine", ["auto", "z3"])
def test_no_execution_ends_in_a_round_that_is_left_out(engine: Engine) -> None:
    result = check(AROUND, options=Options(engine=engine))
    assert result.answer is not None, result.error
    assert result.answer.verdict is Verdict.NEVER
    assert result.answer.states == ((0,),)


def test_where_no_way_leads_on_no_execution_is_left() -> None:
    graph = left_out("L", Load("r", X), Branch("L"))
    assert [(a.condition, a.guard) for a in graph.assumptions] == [(0, ALWAYS)]
    graph = left_out("L", Load("r", X), Branch("M", Reg("r")), Branch("L"), "M", Branch("L"))
    assert (0, ALWAYS) in [(a.condition, a.guard) for a in graph.assumptions]


def test_a_guard_that_a_dependency_holds_under_is_settled_too() -> None:
    """The first read decides a branch on the way that is left only."""
    graph = left_out(
        "L", Load("a", X), Load("b", Y), Branch("M", Reg("b")), Branch("N", Reg("a")), "N", Branch("L"), "M",
        Store(Z, 1),
    )  # fmt: skip
    a, b, store = (e.number for e in own(graph))
    assert pairs(graph.ctrl.rows) == {(b, store)}
    assert guarded(graph, graph.ctrl) == {(b, store): ALWAYS}
    assert graph.decisions == ()
    assert a not in {e for e, _ in graph.ctrl.under}


def test_accesses_that_stand_in_a_round_that_is_left_are_not_exchanged() -> None:
    """No decision is left that could tell their order."""
    text = (
        "C t\n{ }\nP0(int *x, int *y, int *z) { int r; do { r = READ_ONCE(*x); "
        "if (r == 0) { int a = *y; int b = *z; } } while (r == 0); }\n"
        "P1(int *x) { WRITE_ONCE(*x, 1); }\nexists (0:r=1)\n"
    )
    result = check(text, "power")
    assert result.answer is not None, result.error
    assert result.answer.verdict is Verdict.ALWAYS


def test_leaves_and_values_speak_of_decisions_that_are_still_open() -> None:
    graph = left_out(
        "L", Load("a", X), Branch("L", Reg("a")), Load("b", Y), Branch("M", Reg("b")), Set("c", 5), "M",
        observed=frozenset({(0, "c")}),
    )  # fmt: skip
    assert [d.condition for d in graph.decisions] == [own(graph)[1].value]
    assert finals(graph, "c") == [0, 5]
    assert all(leaf.guard == ALWAYS for leaf in graph.leaves[0])


LOCK = ("L", Load("a", X), Branch("L", Reg("a")))  # the first decision of the draft is settled


def test_a_dependency_on_one_way_is_under_a_decision_that_is_still_open() -> None:
    graph = left_out(
        *LOCK, Load("b", Y), Load("r", X), Branch("J", Reg("r")), Set("c", Reg("b")), "J", Store(Z, Reg("c"))
    )
    _, b, _, store = (e.number for e in own(graph))
    assert guarded(graph, graph.data) == {(b, store): decided(graph, d0=False)}


def test_an_assumption_about_a_choice_is_in_terms_of_decisions_that_are_still_open() -> None:
    graph = left_out(
        *LOCK, Load("r", X), Branch("J", Reg("r")), Set("c", 5), "J", Load("b", Y), Assume(op("eq", Reg("c"), Reg("b")))
    )
    assert len(graph.decisions) == 1
    assert {g for a in graph.assumptions for g in guards_in(a.condition)} == {decided(graph, d0=True)}


def test_a_block_is_sent_under_a_decision_that_is_still_open() -> None:
    block = Float(1, thread(Fence(frozenset())).lines)
    graph = graph_of(thread(*LOCK, Load("r", X), Branch("J", Reg("r")), block, "J"), thread(), observed=NOTHING_SEEN)
    assert [b.guard for b in graph.blocks] == [decided(graph, d0=False)]


def test_two_threads_that_wait_are_two_waits() -> None:
    endless = thread("L", Branch("L"))
    graph = graph_of(endless, endless)
    assert [wait.thread for wait in graph.waits] == [0, 1]
