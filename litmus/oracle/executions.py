"""Candidate executions of a program, one after the other.

An execution is made of choices: a path for every thread, an order of its accesses where the compiler may choose one, a
place for every floating block that is sent, a write for every read, and an order of the writes to every cell.  What
follows from the choices (which events execute, values, addresses) is computed for each execution alone.  Choices are
made one after the other.  Choices that contradict each other are left out, and so are choices that the caller calls
hopeless.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cached_property, partial
from itertools import chain, product
from typing import TypeGuard

from msgspec import Struct
from msgspec.structs import replace

from litmus.algebra.names import NOTHING, Rests
from litmus.diagnostics import Diagnostic, InputError, Unsupported
from litmus.oracle.algebra import EventSet, Relation
from litmus.oracle.arrangements import Arrangement, Order, Unit, landings, leaves, merged, needed, units
from litmus.oracle.paths import Block, Enough, Event, Extent, Guide, Pair, Path
from litmus.oracle.registers import RegisterLevel, level_of
from litmus.oracle.walk import Walks
from litmus.program.code import PLAIN, Program
from litmus.program.graph import INITIAL
from litmus.program.loops import MAXIMUM_STEPS
from litmus.program.values import Address, Expr, Op, ReadOf, Value, ValueFault, apply, operations, variable_of

MAXIMUM_PATHS = 10_000  # of a thread


class Taken(Struct, frozen=True):
    """One path through every thread.

    events: those that execute, by number, initial writes among them.  cells: every cell of memory, and its initial
    write.  blocks: the blocks that are sent.  static: every access is to the same cell in all executions.
    relations: by cat name, what follows from the code alone.  registers: see litmus.oracle.registers.
    """

    extent: Extent
    paths: tuple[Path, ...]
    events: Mapping[int, Event]
    cells: Mapping[Address, int]
    blocks: Mapping[Pair, Block]
    conditions: list[tuple[Expr, bool]]
    relations: Mapping[str, Relation]
    static: bool
    registers: RegisterLevel | None

    def is_cut(self) -> bool:
        """Whether some loop has reached its bound."""
        return any(path.cut is not None for path in self.paths)


class Way(Struct, frozen=True):
    """One path through every thread, and the order of the events in it.

    executed: the events on the path.  order[t]: the events of thread t, as the compiler has put them, with each block
    at its chosen place.  po: program order.  exchangeable: the pairs that the compiler may put in either order.
    """

    taken: Taken
    executed: EventSet
    order: tuple[Order, ...]
    po: Relation
    exchangeable: frozenset[Pair]


READING = Rests.READS | Rests.ORDERS | Rests.VALUES  # what is decided from the time when reads are given their writes
WRITING = Rests.ORDERS  # ... and from the time when the writes of cells are put in order


class Candidate(Struct, frozen=True):
    """One path through the program with its rf and co.  rf and co may still be incomplete.

    values[e], addresses[e]: the value and the address of each access that executes, as far as they are determined.
    determined: all of them are, and every condition on the path is.  If the address of an access is no cell, the
    access is not determined; if it is a read, it is not in rf.
    later[i]: the writes that have no place in co[i] yet.  They will stand after those that have one.
    pending: READING or WRITING; NOTHING if all choices are made.
    """

    way: Way
    rf: Mapping[int, int]
    co: tuple[Order, ...]
    values: Mapping[int, Value]
    addresses: Mapping[int, Address]
    determined: bool
    later: tuple[EventSet, ...]
    pending: Rests


Hopeless = Callable[[Candidate], bool]  # whether the caller needs no execution that has the choices made so far


def never_hopeless(partial: Candidate) -> bool:
    """A `Hopeless` for callers that need every execution."""
    return False


# ---------------------------------------------------------------- expressions


def evaluated(expr: Expr | None, reads: Mapping[int, Value]) -> Value | None:
    """The value of an expression, given what reads returned; None if these values do not determine it."""
    if isinstance(expr, ReadOf):
        return reads.get(expr.event)
    if expr is None or isinstance(expr, int | Address):
        return expr
    assert isinstance(expr, Op), "the code of one path: no registers are left, and there are no choices"
    found: dict[int, Value | None] = {}
    for op in operations(expr):
        arguments = [found[id(a)] if isinstance(a, Op) else evaluated(a, reads) for a in op.args]
        try:
            known = [value for value in arguments if value is not None]
            found[id(op)] = apply(op.name, tuple(known)) if len(known) == len(arguments) else None
        except ValueFault:
            found[id(op)] = None
    return found[id(expr)]


# ---------------------------------------------------------------- paths


class Choices:
    """A guide (litmus.oracle.paths) that makes given choices, and then says yes.

    first: the number of the first event.
    """

    def __init__(self, given: Sequence[bool], first: int, bound: int) -> None:
        self.given = iter(given)
        self.bound = bound
        self.next = first
        self.instances = self.copies = 0

    def decide(self, condition: Expr | None) -> bool:
        """See Guide."""
        return next(self.given, True)

    def number(self, event: Event) -> int:
        """See Guide."""
        self.next += 1
        return self.next - 1

    def send(self, block: Pair, thread: int) -> None:
        """See Guide."""

    def instance(self) -> int:
        """See Guide."""
        self.instances += 1
        return self.instances

    def copy(self) -> int:
        """See Guide."""
        self.copies += 1
        return self.copies

    def stops(self, rounds: int) -> bool:
        """See Guide."""
        return rounds > self.bound


class Ahead(Choices):
    """A guide that has enough when a unit (litmus.oracle.arrangements) is over: an event of its own and one behind it.

    start: how many events come before the unit.
    """

    def __init__(self, start: int, given: Sequence[bool]) -> None:
        super().__init__(given, 0, MAXIMUM_STEPS)
        self.start = start
        self.met: list[int] = []  # for each event of the thread's own code, its instruction

    def number(self, event: Event) -> int:
        """See Guide."""
        if event.block is None:
            self.met.append(event.instance)
            if len({*self.met[self.start :]}) > 2:
                raise Enough
        return super().number(event)


class Code:
    """The code of a program, and the paths through its threads."""

    def __init__(self, extent: Extent) -> None:
        self.extent = extent
        self.walks = Walks(extent)
        self.initial = initial_writes(extent.program)
        self.is_free = [
            extent.exchange and any(line.motion is PLAIN for line in code.lines) for code in extent.program.threads
        ]
        self._needs: list[dict[Unit, frozenset[int]]] = [{} for _ in extent.program.threads]

    @cached_property
    def paths(self) -> list[list[Path]]:
        """For each thread, all its paths."""
        bound, first = self.extent.bound, len(self.initial)
        return [
            list(self._explored(thread, [], lambda given: Choices(given, first, bound)))
            for thread in range(len(self.is_free))
        ]

    def _explored(self, thread: int, start: list[bool], guide: Callable[[list[bool]], Guide]) -> Iterator[Path]:
        """Every path of a thread that begins with some choices.

        The walk is repeated with one choice made otherwise, the last one first.
        """
        given = start
        for _ in range(MAXIMUM_PATHS):
            path = self.walks.along(guide(given), thread)
            yield path
            given = path.choices
            while len(given) > len(start) and not given[-1]:
                given = given[:-1]
            if len(given) == len(start):
                return
            given = [*given[:-1], False]
        raise Unsupported(f"a thread has more than {MAXIMUM_PATHS} paths")

    def arrangement(self, path: Path) -> Arrangement:
        """How the events of a path may be arranged."""
        if not self.is_free[path.thread]:
            return Arrangement(path, None)
        needs = self._needs[path.thread]
        for unit in units(path):
            if unit not in needs:
                choices, start = unit
                needs[unit] = needed(unit, self._explored(path.thread, [*choices], partial(Ahead, start)))
        return Arrangement(path, needs)

    def check_places(self) -> None:
        """Raises Unsupported and InputError for accesses that are to no cell whatever is read."""
        for path in (path for paths in self.paths for path in paths):
            taken = together(self.extent, self.initial, [path])
            for event in path.events:
                if isinstance(event.address, Address):
                    wrong = misplaced(taken, event, event.address)
                    if wrong is not None:
                        raise wrong

    def ways(self) -> Iterator[Way]:
        """Every combination of paths, of orders that the compiler may choose, and of places of the blocks."""
        alive = [[path for path in paths if not path.dead] for paths in self.paths]
        for chosen in product(*alive):
            yield from self.arranged(self.taken([path.choices for path in chosen]))

    def taken(self, choices: list[list[bool]]) -> Taken:
        """The paths with these choices, walked once more, so that all events have numbers of their own."""
        guide = Choices([*chain(*choices)], len(self.initial), self.extent.bound)
        return together(self.extent, self.initial, [self.walks.along(guide, t) for t in range(len(choices))])

    def arranged(self, taken: Taken) -> Iterator[Way]:
        """The ways that have the same paths."""
        arrangements = [self.arrangement(path) for path in taken.paths]
        threads = [
            [
                merged(order, landed, taken.blocks)
                for order in arrangement.orders()
                for landed in landings(arrangement, order, sent_to(taken, thread))
            ]
            for thread, arrangement in enumerate(arrangements)
        ]
        for orders in product(*threads):
            yield way_of(taken, orders, arrangements)


def initial_writes(program: Program) -> list[Event]:
    """The initial writes of all variables."""
    cells = [
        (Address(variable.name, index * variable.size), value, variable.size)
        for variable in program.variables.values()
        for index, value in enumerate(variable.cells)
    ]
    return [
        Event(number, INITIAL, "W", None, address=address, value=value, size=size)
        for number, (address, value, size) in enumerate(cells)
    ]


def together(extent: Extent, initial: list[Event], paths: list[Path]) -> Taken:
    """One path through every thread.  The messages of blocks get initial writes, too."""
    events = {event.number: event for event in initial}
    for path in paths:
        events |= {event.number: event for event in path.events}
    cells = {event.address: event.number for event in initial if isinstance(event.address, Address)}
    following = 1 + max(events, default=-1)
    for event in list(events.values()):
        if is_message(event.address) and event.address not in cells:
            events[following] = Event(following, INITIAL, "W", None, address=event.address, value=0, size=event.size)
            cells[event.address] = following
            following += 1
    names = {name for path in paths for name in path.relations}
    commits = extent.program.notation == "machine"
    return Taken(
        extent=extent,
        paths=tuple(paths),
        events=events,
        cells=cells,
        blocks={(path.thread, i): block for path in paths for i, block in enumerate(path.blocks)},
        conditions=[condition for path in paths for condition in path.conditions],
        relations={n: frozenset(pair for path in paths for pair in path.relations.get(n, ())) for n in names},
        static=all(event.kind == "F" or isinstance(event.address, Address) for event in events.values()),
        registers=level_of(paths, following, commits) if extent.records else None,
    )


def sent_to(taken: Taken, thread: int) -> dict[Pair, Block]:
    """The blocks that are sent to a thread."""
    return {key: block for key, block in taken.blocks.items() if block.thread == thread}


def way_of(taken: Taken, order: tuple[Order, ...], arrangements: list[Arrangement]) -> Way:
    """One path through every thread, with the order of its events."""
    return Way(
        taken=taken,
        executed=frozenset(taken.events),
        order=order,
        po=program_order(taken, order),
        exchangeable=frozenset[Pair]().union(*(a.exchangeable() for a in arrangements)),
    )


def program_order(taken: Taken, order: tuple[Order, ...]) -> Relation:
    """po: an event is before all later ones in the order of its thread, except those of the same instruction."""
    instance = {number: event.instance for number, event in taken.events.items()}
    return frozenset(
        (e, f) for events in order for i, e in enumerate(events) for f in events[i + 1 :] if instance[e] != instance[f]
    )


def is_message(address: Expr | None) -> TypeGuard[Address]:
    """Whether an address is that of a message of a block."""
    return isinstance(address, Address) and address.base.startswith("~")


# ---------------------------------------------------------------- rf and values


class Flow(Struct, frozen=True):
    """What reads return and where accesses go, as far as the reads-from choices determine it.

    astray: the accesses that are to no cell.
    """

    reads: Mapping[int, Value]
    addresses: Mapping[int, Address]
    astray: EventSet


def flow(way: Way, rf: Mapping[int, int]) -> Flow | None:
    """What follows from some reads-from choices; None if they contradict each other or the way.

    It is the least solution of these equations: a read returns what its write stored; the two are to the same cell;
    every condition of the path holds.  A read has no value before it is known to be of some cell.  An
    address is taken from the other side of rf only if its own computation does not determine it.
    """
    reads: dict[int, Value] = {}
    places: dict[int, Value] = {}
    events = way.taken.events
    accesses = [e for e in way.executed if events[e].kind != "F"]
    progress = True
    while progress:
        before = len(reads) + len(places)
        for e in accesses:
            place = evaluated(events[e].address, reads)
            if place is not None and places.setdefault(e, place) != place:
                return None
        for r, w in rf.items():
            if r in places and is_cell(way.taken, r, places[r]):
                value = evaluated(events[w].value, reads)
                if value is not None:
                    reads[r] = value
        progress = len(reads) + len(places) > before
        if not progress:
            for r, w in rf.items():
                for e, f in ((r, w), (w, r)):
                    if e not in places and f in places and is_cell(way.taken, f, places[f]):
                        places[e] = places[f]
                        progress = True
    astray = frozenset(e for e, place in places.items() if not is_cell(way.taken, e, place))
    if any(r in places and w in places and places[r] != places[w] for r, w in rf.items() if r not in astray):
        return None
    for condition, holds in way.taken.conditions:
        value = evaluated(condition, reads)
        if value is not None and (value != 0) is not holds:
            return None
    return Flow(reads, {e: a for e, a in places.items() if isinstance(a, Address) and e not in astray}, astray)


def is_cell(taken: Taken, e: int, place: Value) -> bool:
    """Whether an access to that place is an access to a whole cell."""
    if not isinstance(place, Address) or place not in taken.cells:
        return False
    return taken.events[taken.cells[place]].size == taken.events[e].size


def misplaced(taken: Taken, event: Event, address: Address) -> Diagnostic | None:
    """The error for an access to an address: it has another size or is outside every variable.  None if it is right."""
    initial = taken.cells.get(address)
    if initial is not None:
        same = taken.events[initial].size == event.size
        return None if same else Unsupported(f"mixed-size access to {address.base}", event.span)
    variable = taken.extent.program.variables.get(address.base)
    if variable is not None and 0 <= address.offset < variable.size * len(variable.cells):
        return Unsupported(f"access to a part of a cell of {address.base}", event.span)
    return InputError(f"access outside {address.base}", event.span)


def flows(way: Way, hopeless: Hopeless = never_hopeless) -> Iterator[tuple[Mapping[int, int], Flow]]:
    """Every choice of a write for every read that executes, and what follows from it.

    If all addresses are constants, `hopeless` is asked after each read that had a choice.
    """
    reads = sorted(e for e in way.executed if way.taken.events[e].kind == "R")
    sources = [[w for w in sorted(way.executed) if may_read(way.taken, r, w)] for r in reads]
    asks = way.taken.static

    def further(chosen: tuple[Mapping[int, int], Flow]) -> Iterator[tuple[Mapping[int, int], Flow]] | None:
        return None if len(chosen[0]) == len(reads) else extended(chosen[0])

    def extended(before: Mapping[int, int]) -> Iterator[tuple[Mapping[int, int], Flow]]:
        possible = sources[len(before)]
        for w in possible:
            rf = {**before, reads[len(before)]: w}
            found = flow(way, rf)
            if found is None:
                continue
            if asks and len(possible) > 1 and hopeless(begun(way, rf, found, READING)):
                continue
            yield rf, found

    nothing: Mapping[int, int] = {}
    start = flow(way, nothing)
    if start is not None:
        yield from leaves((nothing, start), further)


def may_read(taken: Taken, r: int, w: int) -> bool:
    """Whether a read may take its value from an event.

    The event must be a write of another instruction, and it must not be known to be to another cell.  All accesses
    to one cell have the same size.
    """
    read, write = taken.events[r], taken.events[w]
    if write.kind != "W" or read.size != write.size or (r, w) in taken.relations.get("update", ()):
        return False
    if isinstance(read.address, Address) and isinstance(write.address, Address):
        return read.address == write.address
    bases = variable_of(read.address), variable_of(write.address)
    return None in bases or bases[0] == bases[1]


def is_determined(way: Way, found: Flow) -> bool:
    """Whether all accesses of an execution have addresses and values, and all conditions that are asked have values."""
    for e in way.executed:
        event = way.taken.events[e]
        if event.kind != "F" and (e not in found.addresses or evaluated(event.value, found.reads) is None):
            return False
    return all(evaluated(condition, found.reads) is not None for condition, _ in way.taken.conditions)


# ---------------------------------------------------------------- co


def begun(way: Way, rf: Mapping[int, int], found: Flow, pending: Rests) -> Candidate:
    """A candidate in which co has only the initial write of every cell."""
    events, cells = way.taken.events, way.taken.cells
    values = {}
    for e in found.addresses:
        value = evaluated(events[e].value, found.reads)
        if value is not None:
            values[e] = value
    later = tuple(
        frozenset(e for e in way.executed if e != initial and is_write_to(way.taken, e, cell, found.addresses))
        for cell, initial in cells.items()
    )
    return Candidate(
        way=way,
        rf={r: w for r, w in rf.items() if r not in found.astray},
        co=tuple((initial,) for initial in cells.values()),
        values=values,
        addresses=found.addresses,
        determined=is_determined(way, found),
        later=later,
        pending=pending,
    )


def ordered(partial: Candidate, hopeless: Hopeless = never_hopeless) -> Iterator[Candidate]:
    """Every way to order the writes that have no place in co yet.

    Cells are done one after the other, and the writes of a cell from the first to the last.  `hopeless` is asked after
    each write that was chosen among several.
    """

    def further(candidate: Candidate) -> Iterator[Candidate] | None:
        cell = next((i for i, writes in enumerate(candidate.later) if writes), None)
        return None if cell is None else extended(candidate, cell)

    def extended(candidate: Candidate, cell: int) -> Iterator[Candidate]:
        co, later = candidate.co, candidate.later
        for w in sorted(later[cell]):
            chosen = replace(
                candidate,
                co=(*co[:cell], (*co[cell], w), *co[cell + 1 :]),
                later=(*later[:cell], later[cell] - {w}, *later[cell + 1 :]),
            )
            if len(later[cell]) == 1 or not hopeless(chosen):
                yield chosen

    for candidate in leaves(partial, further):
        yield replace(candidate, pending=NOTHING)


def is_write_to(taken: Taken, e: int, cell: Address, addresses: Mapping[int, Address]) -> bool:
    """Whether an event is a write to the cell."""
    return taken.events[e].kind == "W" and addresses.get(e) == cell


def candidates(code: Code, hopeless: Hopeless = never_hopeless) -> Iterator[Candidate]:
    """Every candidate execution, except those that have choices which are hopeless.

    Raises Unsupported for a mixed-size access and InputError for one outside every variable, if its address is a
    constant.
    """
    code.check_places()
    for way in code.ways():
        for rf, found in flows(way, hopeless):
            yield from ordered(begun(way, rf, found, WRITING), hopeless)
