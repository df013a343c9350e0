"""The re-check: whether the witness that an engine shows is an execution, and whether the model allows it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from msgspec import Struct

from litmus.cat.dag import Model
from litmus.engine.answer import Execution
from litmus.oracle.algebra import EventSet, Meaning, holds
from litmus.oracle.enumeration import Judge
from litmus.oracle.executions import (
    WRITING,
    Candidate,
    Decided,
    Sequence,
    Way,
    compiled,
    evaluated,
    flow,
    is_determined,
    is_write_to,
    leaves,
    may_read,
    ordered,
    program_order,
    reached,
)
from litmus.program.graph import INITIAL, EventGraph
from litmus.program.values import Address, Value
from litmus.relation.rows import bits


class Accepted(Struct, frozen=True):
    """An execution that a model allows: all its choices, and the values of the model's relations in it.

    model: the model that was asked about, or what it was compiled to for this execution.
    """

    candidate: Candidate
    model: Model
    meaning: Meaning


def is_execution(execution: Execution, model: Model) -> str | None:
    """None if this is a complete execution of its graph, and the model allows it; else what is wrong with it."""
    found = accepted(execution, model)
    return found if isinstance(found, str) else None


def accepted(execution: Execution, model: Model) -> Accepted | str:
    """An execution with all its choices, also an order of messages that the model allows; or what is wrong with it.

    Several ways through the program may look the same (a branch between the same events).  Then one of them
    must fit.
    """
    graph = execution.graph
    executed = frozenset(bits(execution.executed))
    wrong = "no way through the program has these events in this order"
    for decided in _fitting_paths(graph, executed, execution.values):
        if _is_in_order(graph, decided, executed, execution.order):
            way = Way(decided, executed, execution.order, program_order(graph, execution.order))
            found = _accepted_on(graph, way, execution, model)
            if isinstance(found, Accepted):
                return found
            wrong = found
    return wrong


def _fitting_paths(graph: EventGraph, executed: EventSet, values: Mapping[int, Value]) -> Iterator[Decided]:
    """The paths on which exactly these events execute, and on which decisions agree with their conditions."""
    needed = {d: way for e in executed for d, way in graph.guards[graph.events[e].guard]}

    def further(decided: Decided) -> list[Decided] | None:
        d = len(decided)
        if d == len(graph.decisions):
            return None
        decision = graph.decisions[d]
        value = None if decision.condition is None else evaluated(decision.condition, values)
        ways: tuple[bool, ...] = (False, True)
        if not reached(graph, decision.guard, decided):
            ways = (False,)
        elif d in needed:
            ways = (needed[d],)
        elif value is not None:
            ways = (value != 0,)
        return [(*decided, way) for way in ways]

    nothing: Decided = ()
    for decided in leaves(nothing, further):
        if executed == {e.number for e in graph.events if reached(graph, e.guard, decided)}:
            yield decided


def _is_in_order(graph: EventGraph, decided: Decided, executed: EventSet, order: tuple[Sequence, ...]) -> bool:
    """Whether each thread has its events in program order, and each block is in one piece at a reached point."""
    inside = {e for block in graph.blocks for e in bits(block.events)}
    for thread in range(len(graph.program.threads)):
        mine = {e for e in executed if graph.events[e].thread == thread}
        if thread >= len(order) or sorted(order[thread]) != sorted(mine):
            return False
        if tuple([e for e in order[thread] if e not in inside]) != compiled(graph, decided, mine - inside):
            return False
    for block, points in zip(graph.blocks, graph.points, strict=True):
        events = [e for e in bits(block.events) if e in executed]
        if events:
            there = order[block.thread]
            first = there.index(events[0])
            before = {e for e in there[:first] if e not in inside}
            places = (p.before for p in points if reached(graph, p.guard, decided))
            if list(there[first : first + len(events)]) != events:
                return False
            if before not in ({e for e in bits(place) if e in executed} for place in places):
                return False
    return sum(map(len, order)) == sum(graph.events[e].thread != INITIAL for e in executed)


def _accepted_on(graph: EventGraph, way: Way, execution: Execution, model: Model) -> Accepted | str:
    """An execution with all its choices, given its way through the program; or what is wrong with it."""
    for guard in graph.cuts:
        if reached(graph, guard, way.decided):
            return "a loop was cut at its bound"
    reads = {e for e in way.executed if graph.events[e].kind == "R"}
    if set(execution.rf) != reads:
        return "rf is not of the reads that execute"
    for r, w in execution.rf.items():
        if w not in way.executed or not may_read(graph, r, w):
            return f"read {r} cannot take its value from {w}"
    found = flow(graph, way, execution.rf)
    if found is None:
        return "reads do not return what their writes stored, or branches go against their conditions"
    if not is_determined(graph, way, found):
        return "a value depends on itself, or has no meaning"
    if dict(execution.addresses) != dict(found.addresses):
        return "accesses are not to the addresses that follow from what was read"
    values = {e: evaluated(graph.events[e].value, found.reads) for e in found.addresses}
    if dict(execution.values) != values:
        return "values do not follow from what was read"
    determined = {e: v for e, v in values.items() if v is not None}
    wrong = _wrong_coherence(graph, way, execution.co, found.addresses)
    if wrong is not None:
        return wrong
    judge = Judge(graph, model)
    shown = _with_messages(graph, way, execution, determined, found.addresses)
    rejected = "no order of the messages of blocks fits"
    for candidate in ordered(graph, shown):
        judged = _judged(judge, candidate)
        if isinstance(judged, Accepted):
            return judged
        rejected = judged
    return rejected


def _wrong_coherence(
    graph: EventGraph, way: Way, shown: tuple[Sequence, ...], addresses: Mapping[int, Address]
) -> str | None:
    """What is wrong with the coherence orders that are shown.  There must be one for every cell of a variable."""
    cells = [cell for cell in graph.cells if cell.base[0] != "~"]
    if len(shown) != len(cells):
        return "co does not have one order for every cell"
    of_cell = {order[:1]: order for order in shown}
    for cell in cells:
        initial = graph.cells[cell]
        writes = [e for e in way.executed if is_write_to(graph, e, cell, addresses)]
        if sorted(of_cell.get((initial,), ())) != sorted(writes):
            return f"co does not order the writes to {cell.base}, the initial one first"
    return None


def _with_messages(
    graph: EventGraph,
    way: Way,
    execution: Execution,
    values: Mapping[int, Value],
    addresses: Mapping[int, Address],
) -> Candidate:
    """The execution that is shown, in which the messages of blocks may have any coherence order."""
    messages = [cell for cell in graph.cells if cell.base[0] == "~"]
    sent = [
        frozenset(e for e in way.executed if is_write_to(graph, e, cell, addresses) and e != graph.cells[cell])
        for cell in messages
    ]
    return Candidate(
        way=way,
        rf=execution.rf,
        co=(*execution.co, *((graph.cells[cell],) for cell in messages)),
        values=values,
        addresses=addresses,
        determined=True,
        later=(*(frozenset[int]() for _ in execution.co), *sent),
        pending=WRITING,
    )


def _judged(judge: Judge, candidate: Candidate) -> Accepted | str:
    """A candidate with the values of the model's relations, or which check of the model rejects it."""
    wrong = "the model has no execution with these choices"
    for model, meaning in judge.meanings(candidate):
        failing = [
            check
            for check in model.checks
            if check.effect == "check" and holds(check.predicate, meaning.value(check.node)) is check.negated
        ]
        if not failing:
            return Accepted(candidate, model, meaning)
        wrong = f"the model forbids it: {failing[0].predicate} {failing[0].name or ''} fails"
    return wrong
