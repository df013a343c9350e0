"""Dependencies that unrolling finds: on values, on what selected values, on stores that succeeded."""

from __future__ import annotations

from graphs import alternatives, decided, guarded

from litmus.diagnostics import Source, Span
from litmus.program.build import unroll
from litmus.program.code import (
    Branch,
    Carried,
    Fence,
    Line,
    Load,
    Operation,
    Program,
    Set,
    Store,
    StoreConditional,
    ThreadCode,
    Variable,
)
from litmus.program.graph import EventGraph, Guarded
from litmus.program.guards import ALWAYS
from litmus.program.values import Address, Expr, Op, Reg

X, Y, Z = Address("x"), Address("y"), Address("z")
SPAN = Span(Source("test", "test\n"), 0, 4)
Pairs = set[tuple[str, str]]


def graph_of(*instructions: Operation | tuple[Operation, ...], end: int | None = None) -> EventGraph:
    """The event graph of one thread.  A tuple is one instruction; `end` is the place of the label `end`."""
    lines = []
    for i, instruction in enumerate(instructions):
        operations = instruction if isinstance(instruction, tuple) else (instruction,)
        lines += [Line(operation, i, SPAN) for operation in operations]
    code = ThreadCode(tuple(lines), {"end": len(lines) if end is None else end})
    variables = {name: Variable(name) for name in ("x", "y", "z")}
    return unroll(Program("test", (code,), variables, ({},)))


def named(graph: EventGraph, event: int) -> str:
    e = graph.events[event]
    return f"{e.kind}{e.address.base if isinstance(e.address, Address) else ''}"


def pairs(graph: EventGraph, relation: Guarded) -> Pairs:
    return {(named(graph, e), named(graph, f)) for e, f in guarded(graph, relation)}


def selected(register: str, chosen: int | Reg, otherwise: int | Reg) -> Set:
    return Set(register, Op("select", (Op("eq", (Reg("a"), 1)), chosen, otherwise)))


def test_what_a_value_was_selected_by_is_a_pick_and_no_data() -> None:
    graph = graph_of(Load("a", X), selected("b", 1, 2), Store(Y, Reg("b")))
    assert pairs(graph, graph.data) == set()
    assert pairs(graph, graph.pick_data) == {("Rx", "Wy")}
    assert not graph.decisions, "constants are selected without a fork"


def test_a_value_depends_on_the_operand_that_was_selected_only() -> None:
    graph = graph_of(Load("a", X), Load("c", Z), selected("b", Reg("c"), 2), Store(Y, Reg("b")))
    (store,) = (e.number for e in graph.events if e.kind == "W" and e.thread == 0)
    picking, giving = (e.number for e in graph.events if e.kind == "R")
    chosen = decided(graph, d0=True)
    assert guarded(graph, graph.data) == {(giving, store): chosen}
    assert guarded(graph, graph.pick_data) == {(picking, store): ALWAYS}
    assert alternatives(graph, graph.events[store].value) == {
        graph.events[giving].value: chosen,
        2: graph.guards.negation(chosen),
    }


def test_a_condition_that_is_known_still_picks() -> None:
    cancelled = Op("xor", (Reg("a"), Reg("a")))
    graph = graph_of(Load("a", X), Set("b", Op("select", (cancelled, 1, 2))), Store(Y, Reg("b")))
    assert pairs(graph, graph.pick_data) == {("Rx", "Wy")}
    assert [e.value for e in graph.events if e.kind == "W" and e.thread == 0] == [2]


def test_picks_reach_addresses_and_branches_and_go_through_further_selections() -> None:
    again = Set("b", Op("select", (Reg("b"), 1, 2)))
    graph = graph_of(
        Load("a", X), selected("b", 1, 2), again, Load("c", Op("add", (Y, Op("xor", (Reg("b"), Reg("b"))))))
    )
    assert pairs(graph, graph.pick_addr) == {("Rx", "Ry")}
    assert pairs(graph, graph.addr) == set()
    graph = graph_of(Load("a", X), selected("b", 1, 2), Branch("end", Op("eq", (Reg("b"), 1))), Store(Y, 1), end=3)
    assert pairs(graph, graph.pick_ctrl) == {("Rx", "Wy")}
    assert pairs(graph, graph.ctrl) == set()


def test_without_selections_there_are_no_picks() -> None:
    graph = graph_of(Load("a", X), Store(Y, Reg("a")), Fence(frozenset()))
    assert pairs(graph, graph.data) == {("Rx", "Wy")}
    assert not any((graph.pick_addr, graph.pick_data, graph.pick_ctrl))


def test_a_compare_and_swap_picks_by_what_it_read_and_by_what_it_expected() -> None:
    cas = (Load("old", X), Store(X, 1, when=Op("eq", (Reg("old"), Reg("a"))), rmw=True))
    graph = graph_of(Load("a", Y), cas)
    assert pairs(graph, graph.pick_data) == {("Ry", "Wx"), ("Rx", "Wx")}
    assert pairs(graph, graph.data) == set()
    assert graph.amo_data == ()


def test_only_an_atomic_instruction_that_computes_stores_something_of_what_it_read() -> None:
    add = graph_of((Load("old", X), Store(X, Op("add", (Reg("old"), 1)), rmw=True)))
    swap = graph_of((Load("old", X), Store(X, 1, rmw=True)))
    assert len(add.amo) == len(swap.amo) == 1
    assert add.amo_data == add.amo
    assert swap.amo_data == ()
    assert pairs(add, add.data) == set()


# ---------------------------------------------------------------- the status of a store-conditional


def flows_to_y(*instructions: Operation) -> Pairs:
    """The data dependencies of a store to y that stores the status `s`, which the last instruction sets."""
    graph = graph_of(*instructions, Store(Y, Reg("s")))
    return {(e, f) for e, f in pairs(graph, graph.data) if f == "Wy"}


def conditional(carries: Carried, address: Expr = X, value: Expr = 1) -> StoreConditional:
    return StoreConditional(address, value, "s", success=0, failure=1, carries=carries)


def away(register: str) -> Op:
    """The address x, which depends on a register."""
    return Op("add", (X, Op("xor", (Reg(register), Reg(register)))))


def test_a_status_depends_on_what_its_architecture_says() -> None:
    before = (Load("a", Z), Load("b", X, reserve=True))
    found: dict[Carried, Pairs] = {"nothing": set(), "store": {("Wx", "Wy")}, "operands": {("Rz", "Wy")}}
    for carries, expected in found.items():
        assert flows_to_y(*before, conditional(carries, value=Reg("a"))) == expected


def test_a_status_depends_on_both_operands_whether_the_store_was_done_or_not() -> None:
    """This holds for a store without a reservation, which fails, and for one with a reservation."""
    for before in ((), (Load("b", X, reserve=True),)):
        for operands in ((away("a"), 1), (X, Reg("a"))):
            found = graph_of(Load("a", Z), *before, conditional("operands", *operands), Store(Y, Reg("s")))
            (read,) = (e.number for e in found.events if e.kind == "R" and e.address == Z)
            (store,) = (e.number for e in found.events if e.kind == "W" and e.address == Y and e.thread == 0)
            assert guarded(found, found.data)[read, store] == ALWAYS
            assert len(found.decisions) == len(before)


def test_a_status_depends_on_the_address_of_the_reservation_and_not_on_what_was_read_there() -> None:
    reserve = Load("b", away("a"), reserve=True)
    assert flows_to_y(Load("a", Z), reserve, conditional("operands")) == {("Rz", "Wy")}
    assert flows_to_y(Load("a", Z), reserve, conditional("store")) == {("Wx", "Wy")}
    again = Load("b", X, reserve=True)
    assert flows_to_y(Load("a", Z), reserve, again, conditional("operands")) == set()


def test_a_status_depends_on_what_the_one_before_it_does() -> None:
    """The first store-conditional uses up the reservation.  The status of the second tells whether one was left."""
    first, reserve = conditional("operands", value=Reg("a")), Load("b", X, reserve=True)
    assert flows_to_y(Load("a", Z), reserve, first, conditional("operands")) == {("Rz", "Wy")}
    assert flows_to_y(Load("a", Z), reserve, first, reserve, conditional("operands")) == set()
