"""Unrolling: paths, guards, dependencies and the places where blocks may land."""

from __future__ import annotations

import pytest
from graphs import SPAN, X, Y, Z, alternatives, decided, finals, graph_of, op, own, pairs, thread, ways

from litmus.diagnostics import InputError, Unsupported
from litmus.program.code import (
    Admit,
    Assume,
    Branch,
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
from litmus.program.draft import MAXIMUM_EVENTS
from litmus.program.graph import EventGraph
from litmus.program.guards import ALWAYS, NEVER
from litmus.program.values import Address, ReadOf, Reg
from litmus.relation.rows import bits

# ---------------------------------------------------------------- dependencies


def test_dependencies_are_of_the_reads_that_operands_were_computed_from() -> None:
    graph = graph_of(
        thread(
            Load("r1", X),
            Load("r2", op("add", Y, op("xor", Reg("r1"), Reg("r1")))),
            Store(op("add", Z, op("mul", Reg("r1"), 0)), op("add", Reg("r2"), 1)),
        )
    )
    x, y, z = (e.number for e in own(graph))
    assert pairs(graph.addr.rows) == {(x, y), (x, z)}
    assert pairs(graph.data.rows) == {(y, z)}
    assert not graph.ctrl
    assert graph.events[y].address == Y  # the address itself is known


def test_a_register_that_is_overwritten_carries_no_dependency() -> None:
    graph = graph_of(thread(Load("r1", X), Set("r1", 1), Store(Y, Reg("r1"))))
    assert not graph.data


def test_control_reaches_to_the_end_or_to_where_the_ways_join() -> None:
    for join, reached in ((None, {"y", "z"}), ("L", {"y"})):
        graph = graph_of(
            thread(Load("r1", X), Branch("L", Reg("r1"), join=join), Store(Y, 1), "L", Store(Z, 1)),
        )
        read = own(graph)[0].number
        stores = {
            e.address.base
            for e in own(graph)
            if isinstance(e.address, Address) and graph.ctrl.rows[read] >> e.number & 1
        }
        assert stores == reached


def test_a_branch_to_the_next_instruction_orders_but_does_not_fork() -> None:
    graph = graph_of(thread(Load("r1", X), Branch("L", Reg("r1")), "L", Store(Y, 1)))
    read, store = (e.number for e in own(graph))
    assert pairs(graph.ctrl.rows) == {(read, store)}
    assert not graph.decisions


def test_a_condition_that_cancels_out_is_a_dependency_all_the_same() -> None:
    graph = graph_of(thread(Load("r1", X), Branch("L", op("xor", Reg("r1"), Reg("r1"))), Store(Y, 1), "L", Store(Z, 1)))
    read, y, z = (e.number for e in own(graph))
    assert pairs(graph.ctrl.rows) == {(read, y), (read, z)}
    assert not graph.decisions


def test_events_of_one_instruction_are_neither_ordered_nor_dependent() -> None:
    graph = graph_of(thread(Load("r1", X), Store(X, op("add", Reg("r1"), 1), rmw=True), Load("r2", Y), joined=(1,)))
    read, write, later = (e.number for e in own(graph))
    assert pairs(graph.po) == {(read, later), (write, later)}
    assert not graph.data
    assert graph.amo == graph.updates == ((read, write),)


def test_what_is_stored_is_truncated_to_the_width_of_the_store() -> None:
    graph = graph_of(thread(Store(X, 2**32 + 5), Load("r1", X), Store(Y, op("add", Reg("r1"), 1)), Store(Z, Reg("r1"))))
    constant, read, sum_, copy = own(graph)
    assert constant.value == 5
    assert sum_.value == op("sext32", op("add", ReadOf(read.number), 1))
    assert copy.value == ReadOf(read.number)


# ---------------------------------------------------------------- paths


def test_a_branch_on_a_read_makes_two_ways_that_exclude_each_other() -> None:
    graph = graph_of(thread(Load("r1", X), Branch("L", Reg("r1")), Store(Y, 1), Branch("M"), "L", Store(Z, 1), "M"))
    read, falls, taken = own(graph)
    assert graph.decisions[0].condition == ReadOf(read.number)
    assert read.guard == ALWAYS
    assert (taken.address, taken.guard) == (Z, decided(graph, d0=True))
    assert (falls.address, falls.guard) == (Y, decided(graph, d0=False))
    assert graph.guards.exclude(taken.guard, falls.guard)
    assert graph.guards.either(taken.guard, falls.guard) == ALWAYS
    assert pairs(graph.po) == {(read.number, taken.number), (read.number, falls.number)}
    assert ways(graph) == [(True,), (False,)]


def test_what_stands_where_ways_meet_again_is_one_event() -> None:
    graph = graph_of(thread(Load("r1", X), Branch("L", Reg("r1")), Store(Y, 1), "L", Store(Z, 1)))
    read, between, behind = own(graph)
    assert between.guard == decided(graph, d0=False)
    assert behind.guard == ALWAYS
    assert pairs(graph.po) == {(e.number, f.number) for e, f in [(read, between), (read, behind), (between, behind)]}
    assert [leaf.guard for leaf in graph.leaves[0]] == [ALWAYS]
    assert len(ways(graph)) == 2


def test_a_branch_whose_condition_is_known_is_followed_one_way() -> None:
    taken = graph_of(thread(Set("r1", 1), Branch("L", Reg("r1")), Store(Y, 1), "L", Store(Z, 1)))
    assert [e.address for e in own(taken)] == [Z]
    pointer = graph_of(thread(Branch("L", X), Store(Y, 1), "L", Store(Z, 1)))
    assert [e.address for e in own(pointer)] == [Z]
    assert not taken.decisions


@pytest.mark.parametrize("bound", [1, 2, 4])
def test_a_loop_is_followed_as_often_as_the_bound_says_and_then_cut(bound: int) -> None:
    code = thread("L", Load("r1", X), Branch("L", op("eq", Reg("r1"), 0)), Store(Y, 1))
    graph = graph_of(code, bound=bound, idle="followed")
    *reads, store = own(graph)
    assert [e.kind for e in reads] == ["R"] * (bound + 1)
    assert len(ways(graph)) == bound + 1  # one for each way out
    again = [decided(graph, **{f"d{d}": True for d in range(n)}) for n in range(bound + 2)]
    assert [e.guard for e in reads] == again[:-1]
    assert list(graph.cuts) == again[-1:]
    assert store.kind == "W"
    assert store.guard == graph.guards.negation(again[-1])  # it stands behind each way out
    numbers = [e.number for e in reads]
    for i, e in enumerate(numbers):
        for f in (*numbers[i + 1 :], store.number):
            assert (e, f) in pairs(graph.po)
            assert (e, f) in pairs(graph.ctrl.rows)


def test_a_loop_that_a_constant_ends_is_not_cut() -> None:
    graph = graph_of(
        thread(
            Set("i", 0), "L", Store(X, Reg("i")), Set("i", op("add", Reg("i"), 1)), Branch("L", op("lt", Reg("i"), 2))
        ),
    )
    assert [e.value for e in own(graph)] == [0, 1]
    assert not graph.cuts


def test_final_registers_are_those_of_each_way() -> None:
    graph = graph_of(thread(Load("r1", X), Branch("L", Reg("r1")), Set("r2", 5), "L"))
    (leaf,) = graph.leaves[0]
    taken, falls = decided(graph, d0=True), decided(graph, d0=False)
    assert alternatives(graph, leaf.registers["r2"]) == {0: taken, 5: falls}
    assert dict(zip(ways(graph), finals(graph, "r2"), strict=True)) == {(True,): 0, (False,): 5}


def test_a_conditional_store_executes_by_its_condition() -> None:
    update = (Load("r1", X), Store(X, 2, when=op("eq", Reg("r1"), 1), rmw=True))
    graph = graph_of(thread(*update, Load("r2", Y), joined=(1,)))
    read, write, later = own(graph)
    assert write.guard == decided(graph, d0=True)
    assert later.guard == ALWAYS
    assert graph.decisions[0].condition == op("eq", ReadOf(read.number), 1)
    never = graph_of(thread(Load("r1", X), Store(X, 2, when=0), joined=(1,)))
    assert [e.kind for e in own(never)] == ["R"]


def test_an_assumption_speaks_of_its_path() -> None:
    graph = graph_of(thread(Load("r1", X), Branch("L", Reg("r1")), Load("r2", Y), Assume(Reg("r2")), "L"))
    (assumption,) = graph.assumptions
    assert assumption.guard == decided(graph, d0=False)
    assert assumption.condition == ReadOf(own(graph)[1].number)


def test_an_assumption_about_a_choice_speaks_of_the_ways_on_which_it_is_not_known() -> None:
    code = (Load("r1", X), Branch("M", Reg("r1")), Load("r2", Y), Branch("N"), "M", Set("r2", 1), "N")
    graph = graph_of(thread(*code, Assume(Reg("r2")), Store(Z, 1)))
    (assumption,) = graph.assumptions
    assert (assumption.condition, assumption.guard) == (ReadOf(own(graph)[1].number), decided(graph, d0=False))
    graph = graph_of(thread(*code, Assume(op("eq", Reg("r2"), 2)), Store(Z, 1)))
    assert {a.guard: a.condition for a in graph.assumptions} == {
        decided(graph, d0=True): 0,
        decided(graph, d0=False): op("eq", ReadOf(own(graph)[1].number), 2),
    }
    assert own(graph)[-1].guard == decided(graph, d0=False), "the walk goes on where it may hold"


def test_an_assumption_that_is_known_to_hold_is_none() -> None:
    assert not graph_of(thread(Assume(1), Store(X, 1))).assumptions
    assert [a.condition for a in graph_of(thread(Assume(0))).assumptions] == [0]


# ---------------------------------------------------------------- load-reserve and store-conditional


def test_a_store_conditional_may_succeed_or_fail() -> None:
    graph = graph_of(thread(Load("r1", X, reserve=True), StoreConditional(X, 2, "s", 1, 0), Store(Y, Reg("s"))))
    read, write, later = own(graph)
    assert graph.lxsx == {(read.number, write.number): ALWAYS}
    assert write.guard == decided(graph, d0=True)
    assert graph.decisions[0].condition is None
    assert later.guard == ALWAYS
    assert alternatives(graph, later.value) == {1: decided(graph, d0=True), 0: decided(graph, d0=False)}
    assert not graph.data  # the status is no data


def test_a_store_conditional_without_a_reservation_fails() -> None:
    graph = graph_of(thread(StoreConditional(X, 2, "s", 1, 0), Store(Y, Reg("s"))))
    assert [e.value for e in own(graph)] == [0]


def test_a_reservation_is_used_once_and_the_latest_counts() -> None:
    twice = graph_of(
        thread(Load("r1", X, reserve=True), StoreConditional(X, 2, "s", 1, 0), StoreConditional(X, 3, "t", 1, 0))
    )
    assert [e.value for e in own(twice) if e.kind == "W"] == [2]
    latest = graph_of(
        thread(Load("r1", X, reserve=True), Load("r2", Y, reserve=True), StoreConditional(X, 2, "s", 1, 0))
    )
    assert [e.kind for e in own(latest)] == ["R", "R"]


def test_a_reservation_at_an_unknown_address_must_turn_out_the_same() -> None:
    graph = graph_of(
        thread(Load("q", Address("p"), size=8), Load("r1", Reg("q"), reserve=True), StoreConditional(X, 2, "s", 1, 0))
    )
    (assumption,) = graph.assumptions
    assert assumption.condition == op("eq", ReadOf(own(graph)[0].number), X)
    assert assumption.guard == decided(graph, d0=True)


def test_a_store_conditional_of_a_last_round_does_not_fail() -> None:
    """`stwcx.; bne- again` in its last round: the path on which it fails would be dropped anyway."""
    success = Assume(Reg("s"))
    graph = graph_of(
        thread(Load("r1", X, reserve=True), StoreConditional(X, 2, "s", 1, 0), success, Store(Y, 1), joined=(2,))
    )
    assert graph.decisions == ()
    assert graph.assumptions == ()
    read, update, later = own(graph)
    assert graph.lxsx == {(read.number, update.number): ALWAYS}
    assert later.guard == update.guard == ALWAYS


def test_without_a_reservation_there_is_no_last_round() -> None:
    graph = graph_of(thread(StoreConditional(X, 2, "s", 1, 0), Assume(Reg("s")), Store(Y, 1), joined=(1,)))
    assert own(graph) == []
    assert [(a.condition, a.guard) for a in graph.assumptions] == [(0, ALWAYS)]


def test_a_failure_that_is_looked_at_later_is_still_followed() -> None:
    graph = graph_of(
        thread(Load("r1", X, reserve=True), StoreConditional(X, 2, "s", 1, 0), Store(Y, 1), Assume(Reg("s")))
    )
    assert len(graph.decisions) == 1


# ---------------------------------------------------------------- floating blocks


def handler(*operations: Operation | str, kind: str = "") -> Float:
    code = thread(*operations)
    return Float(1, code.lines, kind, code.labels)


def places(graph: EventGraph, block: int = 0) -> dict[frozenset[int], tuple[set[int], int]]:
    """Where a block may land: the events before, with the events after and the guard."""
    found = {frozenset(bits(p.before)): (set(bits(p.after)), p.guard) for p in graph.points[block]}
    assert len(found) == len(graph.points[block])
    return {before: (after, guard) for before, (after, guard) in found.items() if guard != NEVER}


def test_a_block_may_land_between_any_two_instructions() -> None:
    graph = graph_of(
        thread(handler(Fence(frozenset({"SYNC"})))),
        thread(Load("r1", X), Store(X, 1, rmw=True), Store(Y, 1), joined=(1,)),
    )
    read, write, later = (e.number for e in own(graph, 1) if e.kind != "F")
    everything = {read, write, later}
    before = [frozenset(), frozenset({read, write}), frozenset(everything)]
    assert places(graph) == {b: (everything - b, ALWAYS) for b in before}
    (block,) = graph.blocks
    assert block.thread == 1
    fence = next(e for e in own(graph, 1) if e.kind == "F")
    assert set(bits(block.events)) == {fence.number}
    assert not graph.po[fence.number]
    assert not any(row >> fence.number & 1 for row in graph.po)


def test_the_events_of_a_block_are_in_program_order() -> None:
    graph = graph_of(thread(handler(Load("r", X), Fence(frozenset()), Store(Y, Reg("r")))), thread(Store(Z, 1)))
    load, fence, store = bits(graph.blocks[0].events)
    assert {(load, fence), (load, store), (fence, store)} <= pairs(graph.po)
    assert (load, store) in pairs(graph.data.rows)


def test_a_block_is_sent_where_its_sender_gets_to_it() -> None:
    graph = graph_of(thread(Load("r1", X), Branch("L", Reg("r1")), handler(Store(Y, 1)), "L"), thread())
    (block,) = graph.blocks
    (event,) = own(graph, 1)
    assert block.guard == event.guard == decided(graph, d0=False)


def test_places_on_different_ways_are_reached_by_their_guards() -> None:
    graph = graph_of(
        thread(handler(Fence(frozenset()))),
        thread(Load("r1", X), Branch("L", Reg("r1")), Store(Y, 1), "L", Store(Z, 1)),
    )
    read, y, z = (e.number for e in own(graph, 1) if e.kind != "F")
    falls = decided(graph, d0=False)
    assert places(graph) == {
        frozenset(): ({read, y, z}, ALWAYS),
        frozenset({read}): ({y, z}, ALWAYS),
        frozenset({read, y}): ({z}, falls),  # on the other way, this place is the one before
        frozenset({read, y, z}): (set(), ALWAYS),
    }
    assert {e.number: e.guard for e in own(graph, 1) if e.kind == "W"} == {y: falls, z: ALWAYS}


def test_a_place_behind_an_instruction_that_branches_is_reached_on_both_ways() -> None:
    """The read and the branch are one instruction, so there is no place between them."""
    graph = graph_of(
        thread(handler(Fence(frozenset()))),
        thread(Load("r1", X), Branch("L", Reg("r1")), Set("r2", 1), "L", Set("r3", 1), joined=(1,)),
    )
    (read,) = (e.number for e in own(graph, 1) if e.kind != "F")
    assert places(graph) == {frozenset(): ({read}, ALWAYS), frozenset({read}): (set(), ALWAYS)}


def test_every_execution_of_fresh_has_locations_of_its_own() -> None:
    call = (Fresh(), Store(Address("~m"), 1))
    graph = graph_of(thread(*call, *call), thread(*call))
    messages = {e.address for e in graph.events if isinstance(e.address, Address) and e.address.base[0] == "~"}
    assert len(messages) == 3
    assert messages <= set(graph.cells)


# ---------------------------------------------------------------- errors


def test_code_that_is_meaningless_whatever_is_read_is_an_error_at_its_place() -> None:
    with pytest.raises(InputError) as raised:
        graph_of(thread(Set("r1", op("mul", X, 2))))
    assert raised.value.span is SPAN


def test_paths_that_multiply_are_refused() -> None:
    """Each way makes other messages, so they are not joined."""
    step: tuple[Operation | str, ...] = ()
    for i in range(14):
        step = (*step, Load("r1", X), Branch(f"L{i}", Reg("r1")), Fresh(), f"L{i}")
    with pytest.raises(Unsupported, match=str(MAXIMUM_EVENTS)):
        graph_of(thread(*step))


def test_ways_that_meet_again_do_not_multiply() -> None:
    step: tuple[Operation | str, ...] = ()
    for i in range(200):
        step = (*step, Load("r1", X), Branch(f"L{i}", Reg("r1")), Store(Y, i), f"L{i}")
    graph = graph_of(thread(*step))
    assert len(own(graph)) == 2 * 200
    assert len({e.guard for e in own(graph)} - {ALWAYS}) == 200
    assert all(len(graph.guards.cone(e.guard)) <= 1 for e in own(graph))


def test_every_cell_has_an_initial_write() -> None:
    graph = graph_of(thread(), p=Y)
    assert {cell: graph.events[e].value for cell, e in graph.cells.items()} == {X: 0, Y: 0, Z: 0, Address("p"): Y}


def test_a_block_lands_only_where_its_kind_is_admitted() -> None:
    """Interrupts are off around the store to y.  A signal is only taken before the store to x."""
    graph = graph_of(
        thread(handler(Fence(frozenset()), kind="ipi"), handler(Fence(frozenset()), kind="signal")),
        thread(
            Store(X, 1),
            Admit(frozenset({"ipi"})),
            Store(Z, 1),
            Admit(frozenset()),
            Store(Y, 1),
            Store(Z, 2),
            Admit(frozenset({"ipi"})),
            Store(X, 2),
        ),
    )
    x, z, y, z2, x2 = (e.number for e in own(graph, 1) if e.kind == "W")
    assert places(graph, 0).keys() == set(map(frozenset, [set[int](), {x}, {x, z}, {x, z, y, z2}, {x, z, y, z2, x2}]))
    assert places(graph, 1).keys() == {frozenset(), frozenset({x})}


def test_a_block_that_can_land_nowhere_is_never_sent() -> None:
    closed = ThreadCode(thread(Store(X, 1)).lines, {}, frozenset())
    graph = graph_of(thread(Load("r1", X), Branch("L", Reg("r1")), handler(Store(Y, 1), kind="ipi"), "L"), closed)
    (block,) = graph.blocks
    assert [(a.condition, a.guard) for a in graph.assumptions] == [(0, block.guard)]
    assert block.guard != 0  # executions on the other way remain


def test_what_is_admitted_at_the_start_holds_before_the_first_instruction() -> None:
    later = thread(Store(X, 1), Admit(None), Store(Y, 1))
    graph = graph_of(thread(handler(Fence(frozenset()))), ThreadCode(later.lines, {}, frozenset()))
    x, y = (e.number for e in own(graph, 1) if e.kind == "W")
    assert places(graph).keys() == {frozenset({x}), frozenset({x, y})}


def test_a_block_may_branch() -> None:
    graph = graph_of(
        thread(handler(Load("r", X), Branch("L", Reg("r")), Store(Y, 1), "L", Store(Z, 1))), thread(Store(X, 1))
    )
    (block,) = graph.blocks
    read, y, z = (graph.events[e] for e in bits(block.events))
    assert read.guard == z.guard == ALWAYS
    assert y.guard == decided(graph, d0=False)
