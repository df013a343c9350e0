"""Programs written as operations, and looking into their event graphs: on which ways events execute, and what
expressions may be."""

from __future__ import annotations

from typing import Any

from litmus.diagnostics import Source, Span
from litmus.program.build import unroll
from litmus.program.code import Line, Operation, Program, ThreadCode, Variable
from litmus.program.graph import Event, EventGraph, Guarded
from litmus.program.guards import ALWAYS, NEVER
from litmus.program.values import Address, Expr, Op, ReadOf, When, apply
from litmus.relation.rows import Rows, bits

Way = tuple[bool, ...]  # how each decision goes; those that are not made are False

X, Y, Z = Address("x"), Address("y"), Address("z")
SPAN = Span(Source("test", "code\n"), 0, 4)


def op(name: str, *arguments: Expr) -> Op:
    """An operator applied to arguments."""
    return Op(name, arguments)


def thread(*operations: Operation | str, joined: tuple[int, ...] = ()) -> ThreadCode:
    """A thread; a string is a label, and the operations numbered in `joined` belong to the instruction before."""
    lines: list[Line] = []
    labels: dict[str, int] = {}
    instruction = -1
    for operation in operations:
        if isinstance(operation, str):
            labels[operation] = len(lines)
            continue
        if len(lines) not in joined:
            instruction += 1
        lines.append(Line(operation, instruction, SPAN))
    return ThreadCode(tuple(lines), labels)


def graph_of(*threads: ThreadCode, p: Address = X, **unrolling: Any) -> EventGraph:
    """The graph of a program with the variables x, y and z, and with a pointer p.  unrolling: as `unroll` has it."""
    variables = {name: Variable(name) for name in "xyz"} | {"p": Variable("p", (p,), 8)}
    return unroll(Program("test", threads, variables, tuple({} for _ in threads)), **unrolling)


def own(graph: EventGraph, thread: int = 0) -> list[Event]:
    """The events of a thread, in the order in which they were met."""
    return [e for e in graph.events if e.thread == thread]


def pairs(rows: Rows) -> set[tuple[int, int]]:
    """The pairs of a relation that is the same on all ways."""
    return {(e, f) for e, row in enumerate(rows) for f in bits(row)}


def guarded(graph: EventGraph, relation: Guarded) -> dict[tuple[int, int], int]:
    """The pairs of a relation, each with the guard under which both events execute and are related."""
    guards = graph.guards
    found = dict.fromkeys(pairs(relation.rows), ALWAYS) | dict(relation.under)
    both = {(e, f): guards.both(graph.events[e].guard, graph.events[f].guard) for e, f in found}
    return {pair: guards.both(both[pair], guard) for pair, guard in found.items()}


def decided(graph: EventGraph, **ways: bool) -> int:
    """The guard that some decisions, named d0, d1 and so on, are true or false."""
    guard = ALWAYS
    for name, way in ways.items():
        guard = graph.guards.both(guard, graph.guards.literal(int(name[1:]), way))
    return guard


def ways(graph: EventGraph) -> list[Way]:
    """All ways through the program on which every thread comes to its end."""
    holds = graph.guards.holds
    found: list[Way] = [()]
    for decision in graph.decisions:  # whether it is made depends on earlier ones
        found = [
            (*way, value) for way in found for value in ((True, False) if holds(decision.guard, way) else (False,))
        ]
    dropped = [a.guard for a in graph.assumptions if a.condition == 0]
    return [
        way
        for way in found
        if all(any(holds(leaf.guard, way) for leaf in leaves) for leaves in graph.leaves)
        and not any(holds(guard, way) for guard in dropped)
    ]


def on(graph: EventGraph, way: Way, expr: Expr | None) -> Expr | None:
    """What an expression is on one way: its choices are made, and what is selected among stays as it is."""
    while isinstance(expr, Op) and expr.name == "choice":
        when, chosen, other = expr.args
        assert isinstance(when, When)
        expr = chosen if graph.guards.holds(when.guard, way) else other
    return expr


def finals(graph: EventGraph, register: str, thread: int = 0) -> list[Expr | None]:
    """What a register holds in the end on each way; None if nothing was put into it."""
    found = []
    for way in ways(graph):
        (leaf,) = [leaf for leaf in graph.leaves[thread] if graph.guards.holds(leaf.guard, way)]
        found.append(on(graph, way, leaf.registers.get(register)))
    return found


def alternatives(graph: EventGraph, expr: Expr | None, guard: int = ALWAYS) -> dict[Expr | None, int]:
    """What an expression may be where a guard holds, each alternative with the guard under which it is chosen."""
    guards = graph.guards
    if not isinstance(expr, Op) or expr.name != "choice":
        return {expr: guard}
    when, chosen, other = expr.args
    assert isinstance(when, When)
    found: dict[Expr | None, int] = {}
    for part, here in ((chosen, guards.both(guard, when.guard)), (other, guards.without(guard, when.guard))):
        if here != NEVER:
            for alternative, there in alternatives(graph, part, here).items():
                found[alternative] = guards.either(found.get(alternative, NEVER), there)
    return found


class Execution:
    """What one thread does if its reads, in the order in which they execute, return given values.

    No decision of the graph is free, and no other thread has decisions or assumptions.
    """

    def __init__(self, graph: EventGraph, values: list[int], thread: int = 0) -> None:
        self.graph = graph
        self.values = values
        self.reads = [e for e in own(graph, thread) if e.kind == "R"]
        self.leaves = graph.leaves[thread]
        self.way: list[bool] = []

    def final(self) -> dict[str, int] | None:
        """The final registers; None if there are not enough values, if an assumption fails, or if a loop is cut."""
        graph = self.graph
        holds = graph.guards.holds
        try:
            for decision in graph.decisions:  # a guard asks for earlier decisions only
                assert decision.condition is not None
                self.way.append(holds(decision.guard, self.way) and self.value(decision.condition) != 0)
            if sum(holds(e.guard, self.way) for e in self.reads) > len(self.values):
                return None
            if any(holds(a.guard, self.way) and self.value(a.condition) == 0 for a in graph.assumptions):
                return None
        except IndexError:
            return None
        for leaf in self.leaves:
            if holds(leaf.guard, self.way):
                return {name: self.value(value) for name, value in leaf.registers.items()}
        return None

    def value(self, expr: Expr) -> int:
        """The value of an expression.  Raises IndexError if it is computed from a read that has none."""
        if isinstance(expr, ReadOf):
            earlier = [e for e in self.reads if e.number < expr.event]
            return self.values[sum(self.graph.guards.holds(e.guard, self.way) for e in earlier)]
        if isinstance(expr, When):
            return int(self.graph.guards.holds(expr.guard, self.way))
        if isinstance(expr, Op) and expr.name == "choice":
            return self.value(expr.args[1] if self.value(expr.args[0]) else expr.args[2])
        if isinstance(expr, Op):
            expr = apply(expr.name, tuple([self.value(a) for a in expr.args]))
        assert isinstance(expr, int)
        return expr
