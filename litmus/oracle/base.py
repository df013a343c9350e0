"""What cat models start from: the sets and relations of one execution, by their cat names.

Source: herd7's initial environment (machModelChecker.ml) for the names, "Herding cats" (TOPLAS 2014, section 4)
for their meaning.
"""

from __future__ import annotations

from collections.abc import Callable

from litmus.oracle.algebra import EventSet, Pair, Relation, Value
from litmus.oracle.executions import Candidate
from litmus.program.graph import INITIAL, Event, EventGraph
from litmus.relation.rows import Rows, bits


def base(graph: EventGraph, candidate: Candidate, name: str) -> Value:
    """The set or relation of that name; one that is not in the table is a tag, the set of its events."""
    function = _TABLE.get(name)
    if function is not None:
        return function(graph, candidate)
    return frozenset(e.number for e in _events(graph, candidate) if name in e.tags)


def _events(graph: EventGraph, candidate: Candidate) -> list[Event]:
    return [graph.events[e] for e in sorted(candidate.way.executed)]


def _of_kind(kinds: str) -> Callable[[EventGraph, Candidate], EventSet]:
    return lambda g, c: frozenset(e.number for e in _events(g, c) if e.kind in kinds)


def _initial_writes(g: EventGraph, c: Candidate) -> EventSet:
    return frozenset(e.number for e in _events(g, c) if e.thread == INITIAL)


def _final_writes(g: EventGraph, c: Candidate) -> EventSet:
    """The writes that no other write is coherence-after."""
    return _of_kind("W")(g, c) - frozenset(w for w, _ in _coherence(g, c))


def _pairs_by_thread(same: bool) -> Callable[[EventGraph, Candidate], Relation]:
    """The pairs of events of one thread, or of different threads; the initial writes are of one."""
    return lambda g, c: frozenset(
        (e.number, f.number) for e in _events(g, c) for f in _events(g, c) if (e.thread == f.thread) is same
    )


def _same_location(g: EventGraph, c: Candidate) -> Relation:
    return frozenset((e, f) for e, a in c.addresses.items() for f, b in c.addresses.items() if a == b)


def _coherence(g: EventGraph, c: Candidate) -> Relation:
    return frozenset((a, b) for order in c.co for i, a in enumerate(order) for b in order[i + 1 :])


def _rows(rows: Rows, c: Candidate) -> Relation:
    return frozenset((e, f) for e in c.way.executed for f in bits(rows[e]) if f in c.way.executed)


def _pairs(pairs: list[Pair], c: Candidate) -> Relation:
    return frozenset((e, f) for e, f in pairs if e in c.way.executed and f in c.way.executed)


_TABLE: dict[str, Callable[[EventGraph, Candidate], Value]] = {
    "_": lambda g, c: c.way.executed,
    "M": _of_kind("RW"),
    "R": _of_kind("R"),
    "W": _of_kind("W"),
    "F": _of_kind("F"),
    "IW": _initial_writes,
    "FW": _final_writes,
    "id": lambda g, c: frozenset((e, e) for e in c.way.executed),
    "int": _pairs_by_thread(same=True),
    "ext": _pairs_by_thread(same=False),
    "loc": _same_location,
    "po": lambda g, c: c.way.po,
    "rf": lambda g, c: frozenset((w, r) for r, w in c.rf.items()),
    "co": _coherence,
    "addr": lambda g, c: _rows(g.addr, c),
    "data": lambda g, c: _rows(g.data, c),
    "ctrl": lambda g, c: _rows(g.ctrl, c),
    "amo": lambda g, c: _pairs(g.amo, c),
    "lxsx": lambda g, c: _pairs(g.lxsx, c),
}
