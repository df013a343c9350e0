"""Where ways through the code meet: values, dependencies and what else is kept of each way."""

from __future__ import annotations

import pytest
from graphs import X, Y, Z, alternatives, decided, finals, graph_of, guarded, op, own, pairs, thread, ways

from litmus.program.code import (
    Admit,
    Branch,
    Fence,
    Float,
    Fresh,
    Load,
    Operation,
    Set,
    Store,
    StoreConditional,
)
from litmus.program.graph import EventGraph
from litmus.program.guards import ALWAYS, NEVER, Guards
from litmus.program.reads import NO_READS, read_of
from litmus.program.state import Frontier, State
from litmus.program.values import Address, ReadOf, Reg, ways_of

R, A, B = Reg("r"), Reg("a"), Reg("b")


Code = tuple[Operation, ...]


def diamond(*behind: Operation | str, left: Code = (), right: Code = ()) -> EventGraph:
    """if (*x) { right } else { left } behind"""
    return graph_of(thread(Load("r", X), Branch("R", R), *left, Branch("J"), "R", *right, "J", *behind))


def taken(graph: EventGraph) -> int:
    return decided(graph, d0=True)


def falls(graph: EventGraph) -> int:
    return decided(graph, d0=False)


# ---------------------------------------------------------------- values


def test_a_value_where_ways_meet_is_a_choice() -> None:
    graph = diamond(Store(Y, A), left=(Set("a", 1),), right=(Set("a", 2),))
    store = own(graph)[-1]
    assert store.guard == ALWAYS
    assert alternatives(graph, store.value) == {1: falls(graph), 2: taken(graph)}


def test_equal_values_are_no_choice() -> None:
    graph = diamond(Store(Y, A), left=(Set("a", 1),), right=(Set("a", 1),))
    assert own(graph)[-1].value == 1


def test_a_register_that_one_way_does_not_set_holds_what_it_held_before() -> None:
    graph = graph_of(thread(Set("a", 7), Load("r", X), Branch("J", R), Set("a", 1), "J", Store(Y, A)))
    assert alternatives(graph, own(graph)[-1].value) == {7: taken(graph), 1: falls(graph)}


def test_a_value_computed_from_a_choice_of_values_is_a_choice_of_values() -> None:
    graph = diamond(Store(Y, op("add", A, 10)), left=(Set("a", 1),), right=(Set("a", 2),))
    assert alternatives(graph, own(graph)[-1].value) == {11: falls(graph), 12: taken(graph)}


def test_an_address_may_be_a_choice() -> None:
    graph = diamond(Store(A, 1), left=(Set("a", Y),), right=(Set("a", Z),))
    assert alternatives(graph, own(graph)[-1].address) == {Y: falls(graph), Z: taken(graph)}


def test_a_branch_on_a_choice_that_is_known_on_each_way_makes_no_decision() -> None:
    graph = diamond(Branch("E", op("eq", A, 1)), Store(Y, 1), "E", left=(Set("a", 1),), right=(Set("a", 2),))
    assert len(graph.decisions) == 1
    assert own(graph)[-1].guard == taken(graph)


def test_a_branch_on_a_choice_decides_only_on_the_ways_that_leave_it_open() -> None:
    graph = diamond(Branch("E", A), Store(Y, 1), "E", left=(Set("a", 0),), right=(Load("a", Z),))
    first, second = graph.decisions
    assert (first.guard, second.guard) == (ALWAYS, taken(graph))
    assert own(graph)[-1].guard == graph.guards.either(falls(graph), decided(graph, d0=True, d1=False))


def test_what_was_decided_on_every_way_here_is_not_decided_again() -> None:
    graph = diamond(Branch("E", R), Store(Y, 1), "E", Branch("F", op("eq", R, 0)), Store(Z, 1), "F")
    assert len(graph.decisions) == 1
    y, z = own(graph)[1:]
    assert (y.guard, z.guard) == (falls(graph), taken(graph))


def test_what_was_decided_on_one_way_only_is_decided_again() -> None:
    graph = graph_of(thread(Load("a", Y), Load("r", X), Branch("M", R), Branch("N", A), Store(Z, 1), "N", "M",
                            Branch("E", A), Store(Z, 2), "E"))  # fmt: skip
    assert len(graph.decisions) == 3
    assert graph.decisions[1].condition == graph.decisions[2].condition
    assert graph.decisions[2].guard == ALWAYS


def test_final_registers_of_many_ways_are_choices() -> None:
    code: list[Operation | str] = []
    for i in range(3):
        code += [Load("r", X), Branch(f"L{i}", R), Set("a", op("add", A, 1 << i)), f"L{i}"]
    graph = graph_of(thread(*code))
    assert [e.guard for e in own(graph)] == [ALWAYS] * 3
    assert sorted(finals(graph, "a")) == list(range(8))  # type: ignore[type-var]


# ---------------------------------------------------------------- dependencies


def test_a_dependency_on_one_way_holds_under_its_guard() -> None:
    graph = graph_of(thread(Load("b", X), Load("r", X), Branch("J", R), Set("a", B), "J", Store(Y, A), Load("c", A)))
    b, _, store, load = (e.number for e in own(graph))
    assert guarded(graph, graph.data) == {(b, store): falls(graph)}
    assert guarded(graph, graph.addr) == {(b, load): falls(graph)}


def test_a_dependency_on_a_read_of_one_way_holds_whenever_that_read_executes() -> None:
    graph = diamond(Store(Y, A), left=(Load("a", Z),))
    _, z, store = (e.number for e in own(graph))
    assert pairs(graph.data.rows) == {(z, store)}
    assert not graph.data.under


def test_what_decided_where_ways_part_controls_what_is_behind_the_join() -> None:
    graph = graph_of(thread(Load("r", X), Branch("J", R), Load("a", Z), Branch("J", A), Load("b", Z), "J", Store(Y, 1)))
    r, a, b, store = (e.number for e in own(graph))
    assert guarded(graph, graph.ctrl) == {
        (r, a): falls(graph),
        (r, b): decided(graph, d0=False, d1=False),
        (a, b): decided(graph, d0=False, d1=False),
        (r, store): ALWAYS,
        (a, store): falls(graph),  # where it executes
    }


def test_a_branch_on_one_way_controls_under_its_guard_what_a_read_of_both_ways_decides() -> None:
    """The read of y decides a branch where *x was 0."""
    graph = graph_of(thread(Load("a", Y), Load("r", X), Branch("J", R, join="J"), Branch("J", A), "J", Store(Z, 1)))
    a, _, store = (e.number for e in own(graph))
    assert guarded(graph, graph.ctrl) == {(a, store): falls(graph)}


def test_a_scoped_branch_ends_where_its_ways_meet() -> None:
    graph = graph_of(
        thread(Load("r", X), Branch("J", R, join="J"), Store(Y, 1), "J", Branch("K", R, join="K"), Store(Z, 1), "K",
               Store(Y, 2))
    )  # fmt: skip
    r, y, z, _ = (e.number for e in own(graph))
    assert guarded(graph, graph.ctrl) == {(r, y): falls(graph), (r, z): falls(graph)}


def test_a_scope_that_one_way_is_inside_of_reaches_to_its_end_on_that_way() -> None:
    """The ways of the inner branch meet inside the scope of another branch, which one of them has entered."""
    graph = graph_of(
        thread(Load("a", Y), Load("r", X), Branch("J", R), Branch("J", A, join="E"), "J", Store(Z, 1), "E", Store(Z, 2))
    )
    a, r, inside, behind = (e.number for e in own(graph))
    found = guarded(graph, graph.ctrl)
    assert found[a, inside] == falls(graph)
    assert (a, behind) not in found
    assert found[r, behind] == ALWAYS


def test_the_reservation_depends_on_what_a_store_conditional_of_one_way_read() -> None:
    first, second = (StoreConditional(X, value, "s", 0, 1, carries="operands") for value in (A, 1))
    graph = graph_of(thread(Load("a", Y), Load("r", X), Branch("J", R), first, "J", second, Store(Z, Reg("s"))))
    a, _, store = (e.number for e in own(graph))
    assert guarded(graph, graph.data) == {(a, store): falls(graph)}


# ---------------------------------------------------------------- what is kept apart


def test_a_store_conditional_pairs_with_the_reservation_of_its_way() -> None:
    attempt = StoreConditional(X, 1, "s", 0, 1)
    graph = diamond(attempt, left=(Load("a", X, reserve=True),), right=(Load("b", X, reserve=True),))
    guards = {e.number: e.guard for e in own(graph)}
    (write,) = {w for _, w in graph.lxsx}
    assert {guards[r] for r, _ in graph.lxsx} == {taken(graph), falls(graph)}
    assert set(graph.lxsx.values()) == {ALWAYS}
    assert not any(graph.guards.implies(guards[write], guards[r]) for r, _ in graph.lxsx)


def test_without_a_reservation_on_its_way_a_store_conditional_fails() -> None:
    graph = diamond(StoreConditional(X, 1, "s", 0, 1), left=(Load("a", X, reserve=True),))
    ((read, write),) = graph.lxsx
    assert graph.guards.implies(graph.events[write].guard, graph.events[read].guard)


def test_a_later_reservation_on_one_way_is_the_one_there() -> None:
    """Both load-reserves may execute; the store pairs with the first one only where the second one does not."""
    code = thread(
        Load("a", X, reserve=True), Load("r", Y), Branch("J", R), Load("b", X, reserve=True), "J",
        StoreConditional(X, 1, "s", 0, 1),
    )  # fmt: skip
    graph = graph_of(code)
    (first, _), (second, _) = sorted(graph.lxsx)
    under = {r: guard for (r, _), guard in graph.lxsx.items()}
    assert graph.guards.exclude(under[first], graph.events[second].guard)
    assert under[second] == ALWAYS


def test_ways_with_one_reservation_are_joined() -> None:
    graph = graph_of(
        thread(Load("q", X, reserve=True), Load("r", X), Branch("J", R), Store(Y, 1), "J",
               StoreConditional(X, 1, "s", 0, 1), Store(Z, Reg("s")))
    )  # fmt: skip
    assert len(graph.lxsx) == 1
    assert [e.guard for e in own(graph) if e.address == Z] == [ALWAYS]


def test_flags_are_joined_like_registers() -> None:
    graph = diamond(
        Branch("E", Reg("Z")), Store(Y, 1), "E", left=(Set("Z", op("eq", R, 1)),), right=(Set("Z", op("eq", R, 2)),)
    )
    assert {d.guard for d in graph.decisions[1:]} == {taken(graph), falls(graph)}
    assert {d.condition for d in graph.decisions[1:]} == {op("eq", ReadOf(own(graph)[0].number), n) for n in (1, 2)}


def test_ways_on_which_other_blocks_may_land_are_kept_apart() -> None:
    block = thread(Float(1, (thread(Fence(frozenset())).lines)))
    code = thread(Load("r", X), Branch("J", R), Admit(frozenset()), "J", Store(Y, 1), Store(Z, 1))
    graph = graph_of(block, code)
    stores = [e for e in own(graph, 1) if e.address == Z]
    assert {e.guard for e in stores} == {taken(graph), falls(graph)}
    (closed,) = (e.number for e in stores if e.guard == falls(graph))
    assert all(point.guard == NEVER or not point.before >> closed & 1 for point in graph.points[0])


def test_ways_with_different_private_locations_are_kept_apart() -> None:
    graph = graph_of(thread(Fresh(), Load("r", X), Branch("J", R), Fresh(), "J", Store(Address("~m"), 1)))
    stores = [e for e in own(graph) if e.kind == "W"]
    assert len({e.address for e in stores}) == 2
    assert {e.guard for e in stores} == {taken(graph), falls(graph)}


def test_ways_on_which_a_loop_will_make_another_number_of_rounds_are_kept_apart() -> None:
    again = ("L", Store(Y, 1), Set("a", op("sub", A, 1)), Branch("L", A))
    graph = diamond(*again, left=(Set("a", 1),), right=(Set("a", 3),))
    assert not graph.cuts
    stores = {w: sum(graph.guards.holds(e.guard, w) for e in own(graph) if e.kind == "W") for w in ways(graph)}
    assert stores == {(True,): 3, (False,): 1}


def test_ways_to_a_loop_that_is_near_its_end_from_each_are_kept_apart() -> None:
    """Reads may end the loop, which makes three rounds or five at most: it is followed to its end."""
    again = ("L", Store(Z, 1), Load("b", Y), Branch("E", B), Set("a", op("sub", A, 1)), Branch("L", A), "E")
    graph = graph_of(
        thread(Load("r", X), Branch("R", R), Set("a", 3), Branch("J"), "R", Set("a", 5), "J", *again), bound=1
    )
    assert not graph.cuts


def test_rounds_are_counted_for_each_way_back() -> None:
    """Each way back is taken once at most.  w tells which ones were taken, in which order."""
    one, two = (Set("w", op("add", op("mul", Reg("w"), 10), n)) for n in (1, 2))
    graph = graph_of(
        thread("L", Store(Z, 1), Load("r", X), Branch("M", op("lnot", R)), one, Branch("L"), "M",
               Load("b", Y), Branch("E", op("lnot", B)), two, Branch("L"), "E"), bound=1
    )  # fmt: skip
    assert set(finals(graph, "w")) == {0, 1, 2, 12, 21}
    assert graph.cuts


def test_paths_are_not_joined_where_models_see_registers() -> None:
    code = thread(Load("r", X), Branch("J", R), Set("a", 1), "J", Store(Y, 1))
    assert len([e for e in own(graph_of(code, registers=True)) if e.kind == "W"]) == 2
    assert len([e for e in own(graph_of(code)) if e.kind == "W"]) == 1


# ---------------------------------------------------------------- states


def frontier() -> Frontier:
    return Frontier(Guards(), lambda _: ALWAYS)


def test_the_first_place_comes_first() -> None:
    waiting = frontier()
    for pc in (5, 2, 9):
        waiting.put(State(pc, {}), (pc,), ())
    assert [waiting.take().pc for _ in range(3)] == [2, 5, 9]
    assert not waiting


@pytest.mark.parametrize(("first", "second", "joined"), [((), (), True), ((1,), (2,), False), (None, None, False)])
def test_states_are_joined_if_they_are_alike(first: object, second: object, joined: bool) -> None:
    waiting = frontier()
    guards = waiting.guards
    way = guards.literal(0, True)
    waiting.put(State(3, {"a": (1, NO_READS)}, way, before=1), (3,), first)
    waiting.put(State(3, {"a": (2, read_of(0))}, guards.negation(way), before=2), (3,), second)
    state = waiting.take()
    assert bool(waiting) is not joined
    if joined:
        assert (state.guard, state.before) == (ALWAYS, 3)


def test_a_state_that_was_taken_is_not_joined_any_more() -> None:
    waiting = frontier()
    waiting.put(State(3, {}, 2), (3,), ())
    first = waiting.take()
    waiting.put(State(3, {}, 3), (3,), ())
    assert (first.guard, waiting.take().guard) == (2, 3)


def test_what_is_noted_on_one_way_is_not_noted_on_the_other() -> None:
    state = State(0, {"a": (1, NO_READS)}, rounds={0: 1}, taken={4: 1}, unsure={4: 1})
    other = state.fork(NEVER)
    other.registers["a"] = 2, NO_READS
    other.rounds[0] = other.taken[4] = other.unsure[4] = 2
    other.before |= 8
    assert state == State(0, {"a": (1, NO_READS)}, rounds={0: 1}, taken={4: 1}, unsure={4: 1})


def test_a_counter_that_many_ways_lead_to_has_each_value_once() -> None:
    """2^16 ways through the code count to one of 17 numbers."""
    code: tuple[Operation | str, ...] = (Set("n", 0),)
    for i in range(16):
        code = (*code, Load("r", X), Branch(f"L{i}", Reg("r")), Set("n", op("add", Reg("n"), 1)), f"L{i}")
    graph = graph_of(thread(*code))
    (leaf,) = graph.leaves[0]
    found = [value for _, value in ways_of(graph.guards, leaf.registers["n"], ALWAYS)]
    assert sorted(found) == list(range(17))
