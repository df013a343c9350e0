"""Instructions that are executed several times: the events that they have in common.

`repeated`: pairs of events of one instruction of the program text, from two executions of it, as in two
rounds of a loop.  `repeated_alike`: the pairs among them that are the same event of the instruction.
"""

from __future__ import annotations

from litmus.diagnostics import Unsupported
from litmus.program.graph import Event, EventGraph
from litmus.relation.rows import Rows, bits


def repeated(graph: EventGraph) -> Rows:
    """Pairs of events of one instruction in two executions of it; in a C test, of one access or primitive."""
    of_text: dict[tuple[int, int], int] = {}
    for event in graph.events:
        if event.span is not None:
            place = event.thread, event.span.start
            of_text[place] = of_text.get(place, 0) | 1 << event.number
    rows = [0] * len(graph.events)
    for event in graph.events:
        if event.span is not None:
            same = of_text[event.thread, event.span.start]
            rows[event.number] = sum(1 << f for f in bits(same) if _follow(graph, event.number, f))
    return rows


def repeated_alike(graph: EventGraph) -> Rows:
    """Pairs of `repeated` that are the same event of their instruction."""
    rows = repeated(graph)
    positions = [_position(graph, event) for event in graph.events]
    return [sum(1 << f for f in bits(row) if positions[e] == positions[f]) for e, row in enumerate(rows)]


def no_repetition(graph: EventGraph) -> Rows:
    """The empty relation.  Raises Unsupported if an instruction is repeated: it is not known what is alike then."""
    if any(repeated(graph)):
        raise Unsupported("equiv-spec is not supported for tests with loops")
    return [0] * len(graph.events)


def _follow(graph: EventGraph, e: int, f: int) -> bool:
    return bool(graph.po[e] >> f & 1 or graph.po[f] >> e & 1)


def _position(graph: EventGraph, event: Event) -> tuple[str, int]:
    """Which event of its instruction an event is: its kind, and how many events of that kind come before it."""
    before = [
        other
        for other in graph.events[: event.number]
        if (other.thread, other.kind, other.span) == (event.thread, event.kind, event.span)
        and graph.guards.implies(event.guard, other.guard)
        and not _follow(graph, other.number, event.number)
    ]
    return event.kind, len(before)
