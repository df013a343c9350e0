"""What cat models start from: the sets and relations of one execution, by their cat names.

Source: herd7's initial environment (machModelChecker.ml) for the names, "Herding cats" (TOPLAS 2014, section 4)
for their meaning.
"""

from __future__ import annotations

from collections.abc import Callable

from litmus.cat.dag import Kind, Level
from litmus.oracle.algebra import EventSet, Pair, Relation, Value, union
from litmus.oracle.executions import Candidate, reached
from litmus.program.graph import INITIAL, Event, EventGraph
from litmus.program.instructions import no_repetition, repeated, repeated_alike
from litmus.program.registers import same_instance
from litmus.program.values import Address
from litmus.relation.rows import Rows, bits


def starting_from(graph: EventGraph, candidate: Candidate, level: Level) -> Callable[[str], Value]:
    """The sets and relations of a candidate by name, including what a model of that level sees of registers."""
    registers = graph.registers
    if registers is None or level is Level.ACCESSES:
        return lambda name: base(graph, candidate, name)
    beside = frozenset(
        registers.first + i for i, g in enumerate(registers.guards) if reached(graph, g, candidate.way.decided)
    )
    executed = candidate.way.executed | beside
    seen = executed - {w for _, w in graph.single}
    if level is not Level.REGISTERS:
        seen -= frozenset(bits(registers.registers))
    threads = [event.thread for event in graph.events] + registers.threads
    rows = {
        "rf-reg": registers.rf_reg,
        "iico_data": registers.iico_data,
        "iico_ctrl": registers.iico_ctrl,
        "iico_order": registers.iico_order,
        "same-instance": registers.same_instance,
    }

    def at_register_level(name: str) -> Value:
        if name == "_":
            return seen
        if name == "po":
            return frozenset((e, f) for e in seen for f in bits(registers.po[e]) if f in seen)
        if name in rows:
            return frozenset((e, f) for e in executed for f in bits(rows[name][e]) if f in executed)
        if name in registers.sets:
            return frozenset(e for e in bits(registers.sets[name]) if e in seen)
        if name == "id":
            return frozenset((e, e) for e in seen)
        if name == "int":
            return frozenset((e, f) for e in seen for f in seen if threads[e] == threads[f] != INITIAL)
        if name == "ext":
            return frozenset((e, f) for e in seen for f in seen if threads[e] != threads[f])
        more = {"loc": registers.locations, "ctrl": registers.control}.get(name)
        if more is not None:
            of_registers = frozenset((e, f) for e in seen for f in bits(more[e]) if f in seen)
            return union(base(graph, candidate, name), of_registers)
        return base(graph, candidate, name)

    return at_register_level


def events_of(base: Callable[[str], Value]) -> EventSet:
    """All events of an execution that a model sees."""
    return frozenset(e for e in base("_") if isinstance(e, int))


class CandidateFacts:
    """Everything that a model may ask of one candidate (litmus.cat.dag.Facts)."""

    def __init__(self, graph: EventGraph, candidate: Candidate, level: Level) -> None:
        self.named = starting_from(graph, candidate, level)
        self.size = len(graph.events) + (0 if graph.registers is None else len(graph.registers.guards))
        self.events = sum(1 << e for e in events_of(self.named))

    def base(self, name: str, kind: Kind) -> int | tuple[int, ...] | None:
        """See litmus.cat.dag.Facts."""
        if name[0] == "?":
            return None
        value = self.named(name)
        if kind is Kind.SET:
            return sum(1 << e for e in value if isinstance(e, int))
        rows = [0] * self.size
        for pair in value:
            if isinstance(pair, tuple):
                rows[pair[0]] |= 1 << pair[1]
        return tuple(rows)


def base(graph: EventGraph, candidate: Candidate, name: str) -> Value:
    """The set or relation of that name.  A name that is not in the table is a tag: the set of the events that carry it.

    If models see a read and a write as one event, that event has the number of the read.
    """
    function = _TABLE.get(name)
    if function is not None:
        value = function(graph, candidate)
    elif name[0] == "@":
        value = frozenset(e for e, a in candidate.addresses.items() if a == Address(name[1:]))
    else:
        value = frozenset(e.number for e in _events(graph, candidate) if name in e.tags)
    return as_models_see(graph, value) if graph.single else value


def as_models_see(graph: EventGraph, value: Value) -> Value:
    """A set or relation in which every single read-modify-write is one event."""
    read_of = {w: r for r, w in graph.single}
    events = frozenset(read_of.get(x, x) for x in value if isinstance(x, int))
    pairs = frozenset((read_of.get(x[0], x[0]), read_of.get(x[1], x[1])) for x in value if isinstance(x, tuple))
    return events or pairs


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
    """The pairs of events of one thread, or of different threads.

    Initial writes belong to no thread, so two of them are in neither.
    """
    return lambda g, c: frozenset(
        (e.number, f.number)
        for e in _events(g, c)
        for f in _events(g, c)
        if (e.thread == f.thread) is same and not (same and e.thread == INITIAL)
    )


def _same_value(g: EventGraph, c: Candidate) -> Relation:
    return frozenset((e, f) for e, v in c.values.items() for f, u in c.values.items() if v == u)


def _same_offset(g: EventGraph, c: Candidate) -> Relation:
    return frozenset((e, f) for e, a in c.addresses.items() for f, b in c.addresses.items() if a.offset == b.offset)


def _same_location(g: EventGraph, c: Candidate) -> Relation:
    return frozenset((e, f) for e, a in c.addresses.items() for f, b in c.addresses.items() if a == b)


def _coherence(g: EventGraph, c: Candidate) -> Relation:
    """Each write of co with the writes that stand after it, and with those of `later`, which will stand after it."""
    orders = zip(c.co, c.later, strict=True)
    return frozenset((a, b) for order, later in orders for i, a in enumerate(order) for b in (*order[i + 1 :], *later))


def _rows(rows: Rows, c: Candidate) -> Relation:
    return frozenset((e, f) for e in c.way.executed if rows for f in bits(rows[e]) if f in c.way.executed)


def _control(rows: Rows, c: Candidate) -> Relation:
    """The control dependencies, without the pairs that the compiler has exchanged."""
    return frozenset((e, f) for e, f in _rows(rows, c) if (f, e) not in c.way.po)


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
    "ctrl": lambda g, c: _control(g.ctrl, c),
    "pick-addr": lambda g, c: _rows(g.pick_addr, c),
    "pick-data": lambda g, c: _rows(g.pick_data, c),
    "pick-ctrl": lambda g, c: _control(g.pick_ctrl, c),
    "amo": lambda g, c: _pairs(g.amo, c),
    "amo-data": lambda g, c: _pairs(g.amo_data, c),
    "update": lambda g, c: _pairs([pair for pair in g.updates if pair not in g.single], c),
    "lxsx": lambda g, c: _pairs(g.lxsx, c),
    "same-instance": lambda g, c: _rows(same_instance(g), c),
    "repeated": lambda g, c: _rows(repeated(g), c),
    "repeated-static": lambda g, c: _rows(repeated_alike(g), c),
    "alike": lambda g, c: _rows(no_repetition(g), c),
    "same-value": _same_value,
    "same-low-order-bits": _same_offset,
}
