"""What cat models start from: the sets and relations of one execution, by their cat names.

Source: herd7's initial environment (machModelChecker.ml) for the names, "Herding cats" (TOPLAS 2014, section 4)
for their meaning.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from litmus.algebra.complete import complete
from litmus.algebra.dag import Level
from litmus.algebra.names import OF_ACCESSES, OF_REGISTERS
from litmus.algebra.operators import Kind
from litmus.diagnostics import Unsupported
from litmus.oracle.algebra import EventSet, Given, Relation, Value, union
from litmus.oracle.executions import Candidate
from litmus.oracle.paths import Event, Pair
from litmus.oracle.registers import RegisterEvent, RegisterLevel
from litmus.program.graph import INITIAL
from litmus.program.values import Address


def starting_from(candidate: Candidate, level: Level, options: tuple[int, ...] = ()) -> Given:
    """What a model of that level starts from in a candidate, if its own choices take these options."""

    def place(variable: str) -> EventSet:
        accesses = frozenset(e for e, a in candidate.addresses.items() if a == Address(variable))
        return frozenset(e for e in as_models_see(candidate, accesses) if isinstance(e, int))

    registers = candidate.way.taken.registers
    if registers is None or level is Level.ACCESSES:
        return Given(lambda name: base(candidate, name), place, options)
    view = _View(candidate, registers, level)

    def at_register_level(name: str) -> Value:
        function = _OF_REGISTERS.get(name)
        return base(candidate, name) if function is None else function(view)

    return Given(at_register_level, place, options)


def _visible(candidate: Candidate) -> EventSet:
    """The accesses and fences that models see: a single read-modify-write is one event, with the number of its read."""
    return candidate.way.executed - {w for _, w in _made(candidate, "single")}


def events_of(given: Given) -> EventSet:
    """All events of an execution that a model sees."""
    return frozenset(e for e in given.base("_") if isinstance(e, int))


class CandidateFacts:
    """Everything that a model may ask of one candidate (litmus.algebra.dag.Facts)."""

    def __init__(self, candidate: Candidate, level: Level) -> None:
        taken = candidate.way.taken
        self.given = starting_from(candidate, level)
        beside = [] if taken.registers is None else taken.registers.events
        self.size = 1 + max([*taken.events, *(e.number for e in beside)], default=-1)
        self.events = _mask(events_of(self.given))

    def base(self, name: str, kind: Kind) -> int | tuple[int, ...]:
        """See litmus.algebra.dag.Facts."""
        value = self.given.base(name)
        if kind is Kind.SET:
            return _mask(value)
        rows = [0] * self.size
        for pair in value:
            if isinstance(pair, tuple):
                rows[pair[0]] |= 1 << pair[1]
        return tuple(rows)

    def place(self, variable: str) -> int:
        """See litmus.algebra.dag.Facts."""
        return _mask(self.given.place(variable))


def _mask(events: Value) -> int:
    return sum(1 << e for e in events if isinstance(e, int))


def base(candidate: Candidate, name: str) -> Value:
    """The set or relation of that name.  A name that is not in the table is a tag: the set of the events that carry it.

    If models see a read and a write as one event, that event has the number of the read.
    """
    function = _TABLE.get(name)
    if function is not None:
        value = function(candidate)
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


_TABLE: dict[str, Callable[[Candidate], Value]] = complete(
    {
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
    },
    OF_ACCESSES,
    "the oracle's base sets and relations",
)


# ---------------------------------------------------------------- registers and decisions


class _View:
    """What a model sees of a candidate, its registers and decisions included.

    beside: the events of registers and decisions that the model sees.  seen: all events that it sees.
    """

    def __init__(self, candidate: Candidate, registers: RegisterLevel, level: Level) -> None:
        self.candidate = candidate
        self.registers = registers
        self.beside = [e for e in registers.events if level is Level.REGISTERS or not e.register]
        self.seen = _visible(candidate) | {e.number for e in self.beside}

    def by_thread(self, same: bool) -> Relation:
        """The pairs of events of one thread, or of different threads."""
        threads = {e.number: e.thread for e in _events(self.candidate)} | {e.number: e.thread for e in self.beside}
        return frozenset(
            (e, f)
            for e in self.seen
            for f in self.seen
            if (threads[e] == threads[f]) is same and not (same and threads[e] == INITIAL)
        )

    def among_seen(self, pairs: Iterable[Pair]) -> Relation:
        """The pairs of events that the model sees."""
        return frozenset((e, f) for e, f in pairs if e in self.seen and f in self.seen)

    def locations(self) -> Value:
        """loc: of accesses to one cell, and of reads and writes of one register."""
        registers = [e for e in self.beside if e.register]
        same = [(e.number, f.number) for e in registers for f in registers if _register(e) == _register(f)]
        return union(base(self.candidate, "loc"), frozenset(same))

    def control(self) -> Value:
        """ctrl: of accesses, and from reads to the decisions after branches."""
        more = [(r, e.number) for e in self.beside if not e.register for r in e.control]
        return union(base(self.candidate, "ctrl"), self.among_seen(more))


def _register(event: RegisterEvent) -> tuple[int, str]:
    return event.thread, event.register


def _register_set(name: str) -> Callable[[_View], Value]:
    return lambda view: view.registers.sets.get(name, frozenset[int]()) & view.seen


def _register_relation(name: str) -> Callable[[_View], Value]:
    """A relation that all models see."""
    return lambda view: view.registers.relations[name]


_OF_REGISTERS: dict[str, Callable[[_View], Value]] = complete(
    {
        "_": lambda view: view.seen,
        **{name: _register_set(name) for name in ("Rreg", "Wreg", "ADDR", "DATA", "B", "BCC", "PRED")},
        "id": lambda view: frozenset((e, e) for e in view.seen),
        "loc": _View.locations,
        "int": lambda view: view.by_thread(same=True),
        "ext": lambda view: view.by_thread(same=False),
        "po": lambda view: view.among_seen(view.registers.relations["po"]),
        "ctrl": _View.control,
        "same-instance": _register_relation("same-instance"),
        "rf-reg": _register_relation("rf-reg"),
        "iico_data": _register_relation("iico_data"),
        "iico_ctrl": _register_relation("iico_ctrl"),
        "iico_order": _register_relation("iico_order"),
    },
    OF_REGISTERS,
    "the oracle's base sets and relations of registers and decisions",
)
