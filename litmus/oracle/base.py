"""What cat models start from: the sets and relations of one execution, by their cat names.

Source: herd7's initial environment (machModelChecker.ml) for the names, "Herding cats" (TOPLAS 2014, section 4)
for their meaning.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from litmus.cat.dag import Kind, Level
from litmus.diagnostics import Unsupported
from litmus.oracle.algebra import EventSet, Relation, Value, union
from litmus.oracle.executions import Candidate
from litmus.oracle.paths import Event
from litmus.program.graph import INITIAL
from litmus.program.values import Address


def starting_from(candidate: Candidate, level: Level) -> Callable[[str], Value]:
    """The sets and relations of a candidate by name, including what a model of that level sees of registers."""
    registers = candidate.way.taken.registers
    if registers is None or level is Level.ACCESSES:
        return lambda name: base(candidate, name)
    beside = {e.number: e.thread for e in registers.events if level is Level.REGISTERS or not e.register}
    seen = _visible(candidate) | beside.keys()
    threads = {e.number: e.thread for e in _events(candidate)} | beside

    def at_register_level(name: str) -> Value:
        if name == "_":
            return seen
        if name == "po":
            return frozenset((e, f) for e, f in registers.relations["po"] if e in seen and f in seen)
        if name in registers.relations:
            return registers.relations[name]
        if name in registers.sets:
            return registers.sets[name] & seen
        if name == "id":
            return frozenset((e, e) for e in seen)
        if name == "int":
            return frozenset((e, f) for e in seen for f in seen if threads[e] == threads[f] != INITIAL)
        if name == "ext":
            return frozenset((e, f) for e in seen for f in seen if threads[e] != threads[f])
        if name == "loc":
            of_registers = {e.number: (e.thread, e.register) for e in registers.events if e.register}
            more = {(e, f) for e, one in of_registers.items() for f, other in of_registers.items() if one == other}
        elif name == "ctrl":
            more = {(r, e.number) for e in registers.events if not e.register for r in e.control}
        else:
            return base(candidate, name)
        return union(base(candidate, name), frozenset((e, f) for e, f in more if e in seen and f in seen))

    return at_register_level


def _visible(candidate: Candidate) -> EventSet:
    """The accesses and fences that models see: a single read-modify-write is one event, with the number of its read."""
    return candidate.way.executed - {w for _, w in _made(candidate, "single")}


def events_of(base: Callable[[str], Value]) -> EventSet:
    """All events of an execution that a model sees."""
    return frozenset(e for e in base("_") if isinstance(e, int))


class CandidateFacts:
    """Everything that a model may ask of one candidate (litmus.cat.dag.Facts)."""

    def __init__(self, candidate: Candidate, level: Level) -> None:
        taken = candidate.way.taken
        self.named = starting_from(candidate, level)
        beside = [] if taken.registers is None else taken.registers.events
        self.size = 1 + max([*taken.events, *(e.number for e in beside)], default=-1)
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


def base(candidate: Candidate, name: str) -> Value:
    """The set or relation of that name.  A name that is not in the table is a tag: the set of the events that carry it.

    If models see a read and a write as one event, that event has the number of the read.
    """
    function = _TABLE.get(name)
    if function is not None:
        value = function(candidate)
    elif name[0] == "@":
        value = frozenset(e for e, a in candidate.addresses.items() if a == Address(name[1:]))
    else:
        value = frozenset(e.number for e in _events(candidate) if name in e.tags)
    return as_models_see(candidate, value)


def as_models_see(candidate: Candidate, value: Value) -> Value:
    """A set or relation in which every single read-modify-write is one event."""
    read_of = {w: r for r, w in _made(candidate, "single")}
    if not read_of:
        return value
    events = frozenset(read_of.get(x, x) for x in value if isinstance(x, int))
    pairs = frozenset((read_of.get(x[0], x[0]), read_of.get(x[1], x[1])) for x in value if isinstance(x, tuple))
    return events or pairs


def _events(candidate: Candidate) -> Iterable[Event]:
    return candidate.way.taken.events.values()


def _made(candidate: Candidate, name: str) -> Relation:
    """A relation that follows from the code of the paths."""
    return candidate.way.taken.relations.get(name, frozenset())


def _by_code(name: str) -> Callable[[Candidate], Relation]:
    return lambda c: _made(c, name)


def _of_kind(kinds: str) -> Callable[[Candidate], EventSet]:
    return lambda c: frozenset(e.number for e in _events(c) if e.kind in kinds)


def _initial_writes(c: Candidate) -> EventSet:
    return frozenset(e.number for e in _events(c) if e.thread == INITIAL)


def _final_writes(c: Candidate) -> EventSet:
    """The writes that no other write is coherence-after."""
    return _of_kind("W")(c) - frozenset(w for w, _ in _coherence(c))


def _pairs_by_thread(same: bool) -> Callable[[Candidate], Relation]:
    """The pairs of events of one thread, or of different threads.

    Initial writes belong to no thread, so two of them are in neither.
    """
    return lambda c: frozenset(
        (e.number, f.number)
        for e in _events(c)
        for f in _events(c)
        if (e.thread == f.thread) is same and not (same and e.thread == INITIAL)
    )


def _same_value(c: Candidate) -> Relation:
    return frozenset((e, f) for e, v in c.values.items() for f, u in c.values.items() if v == u)


def _same_offset(c: Candidate) -> Relation:
    return frozenset((e, f) for e, a in c.addresses.items() for f, b in c.addresses.items() if a.offset == b.offset)


def _same_location(c: Candidate) -> Relation:
    return frozenset((e, f) for e, a in c.addresses.items() for f, b in c.addresses.items() if a == b)


def _coherence(c: Candidate) -> Relation:
    """Each write of co with the writes that stand after it, and with those of `later`, which will stand after it."""
    orders = zip(c.co, c.later, strict=True)
    return frozenset((a, b) for order, later in orders for i, a in enumerate(order) for b in (*order[i + 1 :], *later))


def _control(name: str) -> Callable[[Candidate], Relation]:
    """The control dependencies, without the pairs that the compiler has exchanged."""
    return lambda c: frozenset((e, f) for e, f in _made(c, name) if (f, e) not in c.way.po)


def _updates(c: Candidate) -> Relation:
    return _made(c, "update") - _made(c, "single")


# ---------------------------------------------------------------- instructions


def _same_instance(c: Candidate) -> Relation:
    """The pairs of events of one execution of one instruction.  Each event of a thread is paired with itself."""
    return frozenset(
        (e.number, f.number) for e in _events(c) for f in _events(c) if e.instance == f.instance and e.thread != INITIAL
    )


def _repeated(c: Candidate) -> Relation:
    """Pairs of events of one instruction in two executions of it; in a C test, of one access or primitive.

    Two blocks that are sent by one instruction are no such executions.
    """
    return frozenset(
        (e.number, f.number)
        for e in _events(c)
        for f in _events(c)
        if _is_same_text(e, f) and e.block == f.block and e.instance != f.instance
        if not c.way.exchangeable & {(e.number, f.number), (f.number, e.number)}
    )


def _repeated_alike(c: Candidate) -> Relation:
    """Pairs of `repeated` that are the same event of their instruction."""
    events = c.way.taken.events
    return frozenset((e, f) for e, f in _repeated(c) if _position(c, events[e]) == _position(c, events[f]))


def _position(c: Candidate, event: Event) -> tuple[str, int]:
    """Which event of its instruction an event is: its kind, and how many events of that kind come before it."""
    before = [
        e
        for e in _events(c)
        if e.instance == event.instance and e.kind == event.kind and _is_same_text(e, event) and e.number < event.number
    ]
    return event.kind, len(before)


def _is_same_text(e: Event, f: Event) -> bool:
    """Whether two events stand at one place of a thread's text."""
    return e.thread == f.thread and e.span is not None and f.span is not None and e.span.start == f.span.start


def _no_repetition(c: Candidate) -> Relation:
    """The empty relation.  Raises Unsupported if an instruction is repeated: it is not known what is alike then."""
    if _repeated(c):
        raise Unsupported("equiv-spec is not supported for tests with loops")
    return frozenset()


_TABLE: dict[str, Callable[[Candidate], Value]] = {
    "_": lambda c: c.way.executed,
    "M": _of_kind("RW"),
    "R": _of_kind("R"),
    "W": _of_kind("W"),
    "F": _of_kind("F"),
    "IW": _initial_writes,
    "FW": _final_writes,
    "id": lambda c: frozenset((e, e) for e in c.way.executed),
    "int": _pairs_by_thread(same=True),
    "ext": _pairs_by_thread(same=False),
    "loc": _same_location,
    "po": lambda c: c.way.po,
    "rf": lambda c: frozenset((w, r) for r, w in c.rf.items()),
    "co": _coherence,
    "addr": _by_code("addr"),
    "data": _by_code("data"),
    "ctrl": _control("ctrl"),
    "pick-addr": _by_code("pick-addr"),
    "pick-data": _by_code("pick-data"),
    "pick-ctrl": _control("pick-ctrl"),
    "amo": _by_code("amo"),
    "amo-data": _by_code("amo-data"),
    "update": _updates,
    "lxsx": _by_code("lxsx"),
    "same-instance": _same_instance,
    "repeated": _repeated,
    "repeated-static": _repeated_alike,
    "alike": _no_repetition,
    "same-value": _same_value,
    "same-low-order-bits": _same_offset,
}
