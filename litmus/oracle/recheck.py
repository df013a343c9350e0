"""The re-check: is what an engine shows as a witness an execution, and does the model allow it?"""

from __future__ import annotations

from litmus.cat.dag import Model
from litmus.engine.answer import Execution
from litmus.oracle.algebra import holds
from litmus.oracle.enumeration import Judge
from litmus.oracle.executions import (
    Candidate,
    Way,
    coherence_orders,
    evaluated,
    flow,
    is_determined,
    is_write_to,
    may_read,
    reached,
    ways,
)
from litmus.program.graph import EventGraph
from litmus.relation.rows import bits


def is_execution(execution: Execution, model: Model) -> str | None:
    """None if an execution is one of its graph, complete, and allowed by the model; else what is wrong with it.

    Where several ways through the program look the same (a branch between the same events), one of them
    must fit.
    """
    graph = execution.graph
    executed = frozenset(bits(execution.executed))
    wrong = "no way through the program has these events in this order"
    for way in ways(graph):
        if way.executed == executed and way.order == execution.order:
            reason = _is_execution_on(graph, way, execution, model)
            if reason is None:
                return None
            wrong = reason
    return wrong


def _is_execution_on(graph: EventGraph, way: Way, execution: Execution, model: Model) -> str | None:
    """What is wrong with an execution, given its way."""
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
    shown = set(execution.co)
    cells = [c for c in graph.cells if c.base[0] != "~"]
    if len(shown) != len(cells) or len(execution.co) != len(cells):
        return "co does not have one order for every cell"
    for cell in cells:
        writes = {e for e in way.executed if is_write_to(graph, e, cell, found.addresses)}
        if not any(set(order) == writes and len(order) == len(writes) for order in shown):
            return f"co does not order the writes to {cell.base}"
    judge = Judge(graph, model)
    rejected: str | None = "co does not begin with the initial writes, or a read-modify-write is not after its source"
    for co in coherence_orders(graph, way, execution.rf, found.addresses):  # messages' orders are not shown
        if shown <= set(co):
            candidate = Candidate(way, execution.rf, co, determined, found.addresses, True)
            rejected = _rejection(judge, candidate)
            if rejected is None:
                return None
    return rejected


def _rejection(judge: Judge, candidate: Candidate) -> str | None:
    """Which check of the model rejects a candidate, or None."""
    failing: str | None = "the model has no execution with these choices"
    for model, meaning in judge.meanings(candidate):
        failing = None
        for check in model.checks:
            if check.effect == "check" and holds(check.predicate, meaning.value(check.node)) is check.negated:
                failing = failing or f"the model forbids it: {check.predicate} {check.name or ''} fails"
        if failing is None:
            return None
    return failing
