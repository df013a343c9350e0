"""Rounds of loops that have no effect: for each condition, a loop that fulfils it and one that does not."""

from __future__ import annotations

from itertools import combinations

import pytest
from graphs import Execution, X, Y, Z, decided, graph_of, op, own, thread
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from looping import REGISTERS, codes, loops, run

from litmus.diagnostics import Unsupported
from litmus.program import draft as draft_module
from litmus.program import walk as walk_module
from litmus.program.code import (
    TEMPORARY,
    Admit,
    Assume,
    Branch,
    CompilerBarrier,
    Fence,
    Float,
    Fresh,
    Load,
    Operation,
    Set,
    Store,
    StoreConditional,
    ThreadCode,
)
from litmus.program.guards import ALWAYS
from litmus.program.loops import loops_of
from litmus.program.rounds import effects_of
from litmus.program.values import Reg

NOT = "lnot"
R, S, A = Reg("r"), Reg("s"), Reg("a")
READ = Load("r", X)
AGAIN = Branch("L", op(NOT, R))
RESERVE = Load("r", X, reserve=True)
ATTEMPT = StoreConditional(X, 1, "s", 0, 1)
RETRY = Branch("L", S)


def left(*operations: Operation | str, seen: str = "") -> bool:
    """Whether some round of the code is left out.  seen: the register whose final value matters; "": none."""
    observed = frozenset({(0, seen)}) if seen else frozenset[tuple[int, str]]()
    return bool(graph_of(thread(*operations), thread(), observed=observed).waits)


# ---------------------------------------------------------------- spinning


def test_a_loop_that_waits_for_a_value_is_its_last_round() -> None:
    graph = graph_of(thread("L", READ, AGAIN, Store(Y, R)))
    read, store = own(graph)
    assert store.value == read.value
    assert read.guard == store.guard == ALWAYS
    (assumption,) = graph.assumptions
    assert read.value is not None
    assert (assumption.condition, assumption.guard) == (op(NOT, op(NOT, read.value)), ALWAYS)
    assert graph.decisions == ()
    assert not graph.cuts
    assert graph.left == 1 << read.number


def test_what_the_last_round_reads_may_be_used_and_seen() -> None:
    assert left("L", READ, AGAIN, Store(Y, R), seen="r")


def test_fences_and_barriers_in_a_round_are_no_effect() -> None:
    assert left("L", READ, Fence(frozenset({"SYNC"})), CompilerBarrier(), AGAIN)


def test_the_events_of_a_round_that_may_be_left_out_are_known() -> None:
    graph = graph_of(thread(Load("b", Y), "L", READ, Fence(frozenset()), AGAIN, Load("c", Z)))
    _, read, fence, _ = own(graph)
    assert graph.left == 1 << read.number | 1 << fence.number


def test_a_round_that_reads_through_a_pointer_has_an_effect() -> None:
    """The pointer may lead nowhere, and that is an error of the test, which must be told."""
    pointer = Load("p", Y)
    assert not left("L", pointer, Load("r", Reg("p")), AGAIN)
    assert left("L", pointer, READ, AGAIN)


def test_a_round_that_reads_at_one_of_two_known_addresses_has_none() -> None:
    choose = (Load("a", X), Branch("M", A), Set("p", Y), Branch("N"), "M", Set("p", Z), "N")
    assert left(*choose, "L", Load("r", Reg("p")), AGAIN)


def test_a_round_that_stores_has_an_effect() -> None:
    assert not left("L", READ, Store(Y, 1), AGAIN)


def test_a_store_on_some_ways_is_an_effect_on_these() -> None:
    code = ("L", READ, Branch("M", R), Load("b", Y), Branch("L", Reg("b")), Store(Z, 1), Branch("L"), "M")
    graph = graph_of(thread(*code), observed=frozenset())
    assert graph.waits
    assert graph.cuts  # rounds that store are followed


@pytest.mark.parametrize("rmw", [True, False])
def test_a_conditional_store_is_an_effect_where_it_stores(rmw: bool) -> None:
    """`lock cmpxchg` in a loop: a round in which it fails is left out."""
    swap = (READ, Store(X, 1, when=op("eq", R, 0), rmw=rmw))
    graph = graph_of(thread("L", *swap, Branch("L", R), joined=(1,)), observed=frozenset())
    assert graph.waits
    assert not graph.cuts
    _, write = own(graph)
    assert write.guard == ALWAYS
    assert graph.decisions == ()
    graph = graph_of(thread("L", *swap, Branch("L", op("eq", R, 0)), joined=(1,)), observed=frozenset())
    assert not graph.waits  # it goes back where it has stored
    assert graph.cuts


# ---------------------------------------------------------------- registers


def test_a_register_that_the_next_round_reads_is_an_effect() -> None:
    """The next round reads from an address that the round has read."""
    chain = ("L", Load("r", op("add", X, op("mul", A, 0))), Set("a", R), AGAIN)
    assert not left(*chain)
    assert left("L", Load("r", X), Set("a", R), AGAIN)


def test_a_register_that_is_written_before_it_is_read_again_is_none() -> None:
    assert left("L", READ, Set("a", R), AGAIN)
    assert not left("L", Store(Y, A), READ, Set("a", R), AGAIN)
    assert not left("L", Branch("M", A), "M", READ, Set("a", R), AGAIN)
    assert not left("L", Assume(op("ne", A, 7)), READ, Set("a", R), AGAIN)
    assert not left("L", READ, StoreConditional(Y, A, "s", 0, 1), Set("a", R), AGAIN)
    assert not left("L", READ, Store(Y, 1, when=A), Set("a", R), AGAIN)


def test_a_register_that_is_read_after_the_loop_is_an_effect_where_the_last_round_need_not_write_it() -> None:
    skips = ("L", READ, Branch("OUT", R), Load("a", Y), Branch("L"), "OUT")
    assert not left(*skips, Store(Z, A))
    assert left(*skips)
    assert left(*skips, Set("a", 1), Store(Z, A))


def test_a_register_that_is_read_where_the_way_back_is_not_taken_is_an_effect() -> None:
    last = ("L", READ, Branch("M", R), Load("a", Y), "M", AGAIN)
    assert not left(*last, Store(Z, A))
    assert left(*last)


def test_a_final_value_counts_like_a_read() -> None:
    skips = ("L", READ, Branch("OUT", R), Load("a", Y), Branch("L"), "OUT")
    assert not left(*skips, seen="a")
    assert left(*skips, seen="r")
    every = graph_of(thread(*skips))  # where it is not known what is observed, everything is
    assert not every.waits


def test_registers_inside_an_instruction_are_never_final_values() -> None:
    inner = TEMPORARY + "t"
    assert graph_of(thread("L", READ, Branch("OUT", R), Load(inner, Y), Branch("L"), "OUT")).waits


def test_equal_values_are_an_effect_because_dependencies_differ() -> None:
    """a holds what was read before the loop, or 1: the store depends on the read only without a round."""
    code = (Load("a", Y), "L", READ, Branch("OUT", R), Set("a", 1), Branch("L"), "OUT", Store(Z, A))
    assert not left(*code)


def test_flags_are_registers() -> None:
    """The comparison before the loop is looked at after it, unless the loop compares something itself."""
    code = ("L", READ, Branch("OUT", R), Set("Z", op("eq", R, 0)), Branch("L"), "OUT")
    assert not left(Load("b", Y), Set("Z", op("eq", Reg("b"), 0)), *code, Branch("E", Reg("Z")), Store(Z, 1), "E")
    assert left(Load("b", Y), Set("Z", op("eq", Reg("b"), 0)), *code, Set("Z", 0), Branch("E", Reg("Z")), "E")


def test_a_count_of_rounds_is_an_effect_where_it_is_looked_at() -> None:
    count = Set("i", op("add", Reg("i"), 1))
    assert not left("L", READ, count, AGAIN, seen="i")
    assert not left("L", READ, count, AGAIN)  # the next round reads it


# ---------------------------------------------------------------- reservations


def test_a_failed_store_conditional_is_no_effect() -> None:
    graph = graph_of(thread("L", RESERVE, ATTEMPT, RETRY))
    assert graph.waits
    assert not graph.cuts
    assert [e.guard for e in own(graph)] == [ALWAYS, ALWAYS]


def test_a_successful_store_conditional_is_an_effect() -> None:
    graph = graph_of(thread("L", RESERVE, ATTEMPT, Branch("L", op(NOT, S))))
    assert not graph.waits
    assert graph.cuts


def test_a_reservation_that_a_round_uses_up_is_an_effect() -> None:
    elsewhere = StoreConditional(Y, 1, "s", 0, 1)
    assert not left(RESERVE, "L", elsewhere, READ, AGAIN)
    assert left("L", RESERVE, elsewhere, READ, AGAIN)
    assert not left(RESERVE, "L", READ, Branch("OUT", R), elsewhere, Branch("L"), "OUT", ATTEMPT)


def test_a_reservation_that_a_round_leaves_is_an_effect() -> None:
    """The first store-conditional has no reservation, or that of the round before."""
    assert not left("L", ATTEMPT, Branch("OUT", op(NOT, S)), RESERVE, Branch("L"), "OUT")
    assert not left("L", READ, Branch("OUT", R), Load("b", X, reserve=True), Branch("L"), "OUT", ATTEMPT)
    assert left("L", READ, Branch("OUT", R), Load("b", X, reserve=True), Branch("L"), "OUT", RESERVE, ATTEMPT)
    assert left("L", READ, Branch("OUT", R), Load("b", X, reserve=True), Branch("L"), "OUT")


# ---------------------------------------------------------------- blocks and private locations


def block(*operations: Operation) -> Float:
    return Float(1, thread(*operations).lines)


def test_a_round_that_sends_a_block_has_an_effect() -> None:
    assert not left("L", block(Fence(frozenset())), READ, AGAIN)
    assert left(block(Fence(frozenset())), "L", READ, AGAIN)


def test_a_round_that_changes_which_blocks_may_land_has_an_effect() -> None:
    assert not left("L", READ, Admit(frozenset()), AGAIN)
    assert not left("L", READ, Admit(None), AGAIN)


def test_a_round_with_fresh_locations_has_an_effect() -> None:
    assert not left("L", Fresh(), READ, AGAIN)


def test_a_block_that_lands_in_a_round_that_is_left_out_lands_at_its_head() -> None:
    graph = graph_of(thread(block(Fence(frozenset()))), thread(Load("b", Y), "L", READ, AGAIN, Store(Z, 1)))
    b, r, z = (e.number for e in own(graph, 1) if e.kind != "F")
    places = {point.before for point in graph.points[0] if point.guard == ALWAYS}
    assert 1 << b in places, "the head of the loop"
    assert places == {0, 1 << b, 1 << b | 1 << r, 1 << b | 1 << r | 1 << z}


def test_the_rounds_of_a_block_are_followed() -> None:
    spin = thread("L", Load("g", X), Branch("L", op(NOT, Reg("g"))))
    graph = graph_of(thread(Float(1, spin.lines, labels=spin.labels)), thread())
    assert not graph.waits
    assert graph.cuts


# ---------------------------------------------------------------- control dependencies


def test_a_dependency_that_begins_and_ends_in_a_round_is_no_effect() -> None:
    assert left("L", READ, Branch("M", R, join="M"), Load("b", Y), "M", AGAIN)


def test_a_dependency_that_ends_behind_the_loop_is_no_effect() -> None:
    assert left(Load("b", Y), Branch("E", Reg("b"), join="E"), "L", READ, AGAIN, "E", Store(Z, 1))
    assert left("L", READ, Branch("L", op(NOT, R), join="E"), "E", Store(Z, 1))


def test_a_dependency_on_a_branch_before_the_loop_that_ends_in_it_is_an_effect() -> None:
    """Without the round, the load of the next round would depend on the branch."""
    assert not left(Load("b", Y), Branch("M", Reg("b"), join="M"), "L", Load("c", Z), "M", READ, AGAIN)


def test_a_dependency_ends_where_its_end_is_passed_by_too() -> None:
    """Every round that goes back has jumped over the line where the dependency ends."""
    code = (
        Load("b", Y),
        Branch("M", Reg("b"), join="M"),
        "L",
        READ,
        Branch("N", R),
        "M",
        Branch("OUT"),
        "N",
        Branch("L"),
    )
    assert not left(*code, "OUT")


def test_a_dependency_that_another_round_is_begun_under_and_that_ends_in_it_is_an_effect() -> None:
    """again: r = *x; if (r) { *z = 1; goto again; } if (*y) goto again;"""
    goes_back = ("L", READ, Branch("E", op(NOT, R), join="E"), Store(Z, 1), Branch("L"), "E", Load("b", Y))
    graph = graph_of(thread(*goes_back, Branch("L", Reg("b"))), observed=frozenset())
    assert not graph.waits
    forward = ("L", READ, Branch("E", op(NOT, R), join="E"), Store(Z, 1), "E", Load("b", Y))
    assert graph_of(thread(*forward, Branch("L", Reg("b"))), observed=frozenset()).waits


def test_an_instruction_on_a_condition_in_a_loop_with_two_ways_back_is_no_effect() -> None:
    """ARM: ldrex; cmp; bne again; strexeq; bne again"""
    assert left("L", RESERVE, Branch("L", R), Branch("M", R, join="M"), ATTEMPT, "M", Branch("L", S))


# ---------------------------------------------------------------- whole rounds


def test_a_loop_that_is_entered_in_the_middle_is_followed_to_its_first_line() -> None:
    """The first visit of line M is no round.  The rounds after it are."""
    code = thread(Branch("M"), "L", Load("b", Y), "M", READ, AGAIN, Store(Z, 1))
    graph = graph_of(code, observed=frozenset())
    first, b, second, store = own(graph)
    assert [e.address for e in (first, b, second)] == [X, Y, X]
    assert first.guard == ALWAYS
    assert b.guard == second.guard == decided(graph, d0=True)
    assert store.guard == ALWAYS
    assert len(graph.decisions) == 1


def test_ways_out_of_a_loop_meet_whether_their_last_round_had_an_effect_or_not() -> None:
    code = ("L", READ, Branch("OUT", R), Load("b", Y), Branch("L", op(NOT, Reg("b"))), Store(X, 1), "OUT", Store(Z, 1))
    graph = graph_of(thread(*code), observed=frozenset())
    assert graph.waits
    assert [e.guard for e in own(graph) if e.address == Z] == [ALWAYS]


def test_of_nested_loops_the_inner_rounds_are_left_out_and_the_outer_ones_counted() -> None:
    inner = ("L", READ, AGAIN)
    graph = graph_of(
        thread("O", Store(Y, 1), *inner, Load("b", Z), Branch("O", Reg("b"))), bound=1, observed=frozenset()
    )
    assert len(graph.waits) == 2  # once in each outer round
    assert len(graph.cuts) == 1
    assert [e.kind for e in own(graph)] == ["W", "R", "R"] * 2


def test_an_outer_round_without_effect_is_left_out_with_the_inner_ones() -> None:
    graph = graph_of(
        thread("O", Load("b", Y), "L", READ, AGAIN, Load("c", Z), Branch("O", Reg("c"))), observed=frozenset()
    )
    assert len(graph.waits) == 2
    assert not graph.cuts
    assert [e.guard for e in own(graph)] == [ALWAYS] * 3


def test_a_register_may_matter_to_the_outer_loop_only() -> None:
    """a is written in each inner round, and read at the head of the outer loop."""
    code = ("O", Set("n", A), "L", READ, Set("a", R), AGAIN, Load("b", Z), Branch("O", Reg("b")))
    graph = graph_of(thread(*code), observed=frozenset(), bound=1)
    assert [wait.span for wait in graph.waits]  # inner rounds
    assert graph.cuts  # outer rounds


def test_loops_that_overlap_have_rounds_of_their_own() -> None:
    """A: ... B: ... goto A ... goto B.  Loop B has a store behind the way back to A."""
    code = thread("A", READ, "B", Load("b", Y), Branch("A", R), Store(Z, 1), Load("c", Y), Branch("B", Reg("c")))
    graph = graph_of(code, observed=frozenset(), bound=1)
    assert len(graph.waits) >= 1  # from A to A
    assert graph.cuts  # from B to B
    loops = loops_of(code.lines, code.labels)
    assert loops is not None
    effects = effects_of(loops, ())
    a, b = 1, 2  # the masks of the loops
    assert [mask & (a | b) for mask in effects.lines] == [b, 0, 0, 0, 0, 0]
    assert [mask & (a | b) for mask in effects.stored] == [0, 0, 0, a | b, 0, 0]


def test_rounds_are_followed_where_models_see_registers_or_where_that_is_asked_for() -> None:
    code = thread("L", READ, AGAIN)
    for graph in (graph_of(code, registers=True), graph_of(code, idle="followed")):
        assert not graph.waits
        assert len(graph.cuts) == 1
        assert len(own(graph)) == 3
    cut = graph_of(code, idle="cut")
    assert len(own(cut)) == 1
    assert list(cut.cuts) == [decided(cut, d0=True)]


def test_a_loop_that_nothing_ends_is_a_wait() -> None:
    graph = graph_of(thread(Store(X, 1), "L", Branch("L")))
    assert len(graph.waits) == 1
    assert graph.leaves == ((),)


def counted(*operations: Operation | str) -> ThreadCode:
    return thread(Set("i", 0), "L", *operations, Set("i", op("add", Reg("i"), 1)), Branch("L", op("lt", Reg("i"), 3)))


def test_a_counted_loop_is_followed_to_its_end() -> None:
    graph = graph_of(counted(READ), observed=frozenset())
    assert len(own(graph)) == 3
    assert not graph.waits


# ---------------------------------------------------------------- against running the code


@settings(deadline=None)
@given(st.one_of(codes(), loops()), st.lists(st.integers(0, 2), max_size=6), st.sets(st.sampled_from(REGISTERS)))
def test_executions_without_some_rounds_end_as_all_executions_do(
    code: ThreadCode, values: list[int], seen: set[str]
) -> None:
    """What is left of an execution reads some of the values, in the same order."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(walk_module, "MAXIMUM_STEPS", 300)
        patch.setattr(draft_module, "MAXIMUM_EVENTS", 40)
        try:
            graph = graph_of(code, bound=4, observed=frozenset((0, name) for name in seen))
        except Unsupported:
            assume(False)

    def end(found: dict[str, int] | None) -> list[int] | None:
        return None if found is None else [found.get(name, 0) for name in sorted(seen)]

    whole = end(run(code, values, 300))
    short = end(Execution(graph, values).final())
    if short is not None:
        assert whole == short
    if whole is not None and not graph.cuts:
        parts = [list(part) for n in range(len(values) + 1) for part in combinations(values, n)]
        assert whole in [end(Execution(graph, part).final()) for part in parts]
