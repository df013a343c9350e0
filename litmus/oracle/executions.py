"""Candidate executions of an event graph, one after the other.

An execution is made of choices: a path for every thread, a place for every floating block that is sent, a
write for every read, and an order of the writes to every cell.  What follows from the choices (which events
execute, values, addresses) is computed for each execution alone.  Choices are made one after the other.  Choices
that contradict each other are left out, and so are choices that the caller calls hopeless.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import pairwise, permutations, product
from typing import TypeVar

from msgspec import Struct
from msgspec.structs import replace

from litmus.diagnostics import Diagnostic, InputError, Unsupported
from litmus.oracle.algebra import EventSet, Relation
from litmus.program.graph import Event, EventGraph, Point
from litmus.program.values import Address, Expr, Op, ReadOf, Value, ValueFault, apply, operations, variable_of
from litmus.relation.rows import bits

T = TypeVar("T")
Decided = tuple[bool, ...]
Sequence = tuple[int, ...]


class Way(Struct, frozen=True):
    """One path through every thread, and the places of the blocks.

    decided[d]: which way decision d went (False if it was not made).  executed: the events on the path.
    order[t]: the events of thread t, with each block at its chosen place.  po: program order.
    """

    decided: Decided
    executed: EventSet
    order: tuple[Sequence, ...]
    po: Relation


READING = frozenset(("rf", "co"))  # what may gain pairs while each read is given the write that it reads from
WRITING = frozenset(("co",))  # what may gain pairs while the writes of cells are put in order


class Candidate(Struct, frozen=True):
    """One path through the program with its rf and co.  rf and co may still be incomplete.

    values[e], addresses[e]: the value and the address of each access that executes, as far as they are determined.
    determined: all of them are, and every condition on the path is.  If the address of an access is no cell, the
    access is not determined; if it is a read, it is not in rf.
    later[i]: the writes that have no place in co[i] yet.  They will stand after those that have one.
    pending: READING or WRITING; empty if all choices are made.
    """

    way: Way
    rf: Mapping[int, int]
    co: tuple[Sequence, ...]
    values: Mapping[int, Value]
    addresses: Mapping[int, Address]
    determined: bool
    later: tuple[EventSet, ...]
    pending: frozenset[str]


Hopeless = Callable[[Candidate], bool]  # whether the caller needs no execution that has the choices made so far


def never_hopeless(partial: Candidate) -> bool:
    """A `Hopeless` for callers that need every execution."""
    return False


# ---------------------------------------------------------------- expressions


def evaluated(expr: Expr | None, reads: Mapping[int, Value]) -> Value | None:
    """The value of an expression, given what reads returned; None if these values do not determine it."""
    if isinstance(expr, ReadOf):
        return reads.get(expr.event)
    if not isinstance(expr, Op):
        return expr  # type: ignore[return-value]
    found: dict[int, Value | None] = {}
    for op in operations(expr):
        arguments = [found[id(a)] if isinstance(a, Op) else evaluated(a, reads) for a in op.args]
        try:
            found[id(op)] = None if None in arguments else apply(op.name, tuple(arguments))  # type: ignore[arg-type]
        except ValueFault:
            found[id(op)] = None
    return found[id(expr)]


# ---------------------------------------------------------------- paths and places


def leaves(root: T, further: Callable[[T], Iterable[T] | None]) -> Iterator[T]:
    """The leaves of a tree, depth first.  `further` gives the children of a node, and None for a leaf."""
    ahead = [iter((root,))]
    while ahead:
        for node in ahead[-1]:
            nodes = further(node)
            if nodes is None:
                yield node
            else:
                ahead.append(iter(nodes))
                break
        else:
            ahead.pop()


def reached(graph: EventGraph, guard: int, decided: Decided) -> bool:
    """Whether a guard holds, given which way the decisions went."""
    return all(decided[d] == way for d, way in graph.guards[guard])


def paths(graph: EventGraph) -> Iterator[Decided]:
    """Every combination of decisions.  A decision that is made goes either way; one that is not made is False.

    Combinations that an assumption rules out, whatever is read, are left out.
    """
    never = [assumption.guard for assumption in graph.assumptions if assumption.condition == 0]

    def further(decided: Decided) -> list[Decided] | None:
        if len(decided) == len(graph.decisions):
            return None
        made = reached(graph, graph.decisions[len(decided)].guard, decided)
        return [(*decided, way) for way in ((False, True) if made else (False,))]

    nothing: Decided = ()
    for decided in leaves(nothing, further):
        if not any(reached(graph, guard, decided) for guard in never):
            yield decided


def ways(graph: EventGraph) -> Iterator[Way]:
    """Every combination of paths and of places of the blocks."""
    inside = {e for block in graph.blocks for e in bits(block.events)}
    for decided in paths(graph):
        executed = frozenset(e.number for e in graph.events if reached(graph, e.guard, decided))
        own = [
            compiled(graph, decided, [e for e in executed - inside if graph.events[e].thread == t])
            for t in range(len(graph.program.threads))
        ]
        for placed in product(*(placements(graph, t, decided) for t in range(len(own)))):
            order = tuple(merged(graph, own[t], placed[t], executed) for t in range(len(own)))
            yield Way(decided, executed, order, program_order(graph, order))


def compiled(graph: EventGraph, decided: Decided, events: Iterable[int]) -> Sequence:
    """The events of a thread in the order that the compiler has given them."""
    order = sorted(events)

    def earlier(e: int) -> int:
        swapped = sum((e, f) in graph.exchanges and not decided[graph.exchanges[e, f]] for f in order)
        return swapped + sum(
            decided[graph.exchanges[f, e]] if (f, e) in graph.exchanges else graph.po[f] >> e & 1 for f in order
        )

    return tuple(sorted(order, key=earlier)) if graph.exchanges else tuple(order)


Placement = tuple[tuple[int, Point], ...]  # (block, where it lands), in program order


def placements(graph: EventGraph, thread: int, decided: Decided) -> list[Placement]:
    """Every way in which the blocks that are sent to a thread may land.

    Each block lands at one point that is reached.  Blocks that land at the same point may stand there in any order.
    """
    blocks = [b for b, k in enumerate(graph.blocks) if k.thread == thread and reached(graph, k.guard, decided)]
    points = {b: [p for p in graph.points[b] if reached(graph, p.guard, decided)] for b in blocks}
    found = []
    for order in permutations(blocks):
        for chosen in product(*(points[b] for b in order)):
            if all(before_or_at(p, q) for p, q in pairwise(chosen)):
                found.append(tuple(zip(order, chosen, strict=True)))
    return found


def before_or_at(p: Point, q: Point) -> bool:
    """Whether point p is point q, or comes before q on the path."""
    return not p.before & ~q.before


def merged(graph: EventGraph, own: Sequence, placed: Placement, executed: frozenset[int]) -> Sequence:
    """The events of one thread in program order: its own events, and those of the blocks that land in it."""
    result: list[int] = []
    inside = {b: [e for e in bits(graph.blocks[b].events) if e in executed] for b, _ in placed}
    rest = list(placed)
    for e in own:
        while rest and not rest[0][1].before >> e & 1:
            result.extend(inside[rest.pop(0)[0]])
        result.append(e)
    for block, _ in rest:
        result.extend(inside[block])
    return tuple(result)


def program_order(graph: EventGraph, order: tuple[Sequence, ...]) -> Relation:
    """po.  Inside a thread's own code, and inside a block, it is as the graph says.

    All other pairs are ordered as in `order`, and so are pairs that the compiler may exchange.
    """
    block_of = {e: b for b, block in enumerate(graph.blocks) for e in bits(block.events)}
    return frozenset(
        (e, f)
        for events in order
        for i, e in enumerate(events)
        for f in events[i + 1 :]
        if block_of.get(e) != block_of.get(f)
        or graph.po[e] >> f & 1
        or (e, f) in graph.exchanges
        or (f, e) in graph.exchanges
    )


# ---------------------------------------------------------------- rf and values


class Flow(Struct, frozen=True):
    """What reads return and where accesses go, as far as the reads-from choices determine it.

    astray: the accesses that are to no cell.
    """

    reads: Mapping[int, Value]
    addresses: Mapping[int, Address]
    astray: EventSet


def flow(graph: EventGraph, way: Way, rf: Mapping[int, int]) -> Flow | None:
    """What follows from some reads-from choices; None if they contradict each other or the way.

    It is the least solution of these equations: a read returns what its write stored; the two are to the same cell;
    every decision goes the way of its condition.  A read has no value before it is known to be of some cell.  An
    address is taken from the other side of rf only if its own computation does not determine it.
    """
    reads: dict[int, Value] = {}
    places: dict[int, Value] = {}
    accesses = [e for e in way.executed if graph.events[e].kind != "F"]
    progress = True
    while progress:
        before = len(reads) + len(places)
        for e in accesses:
            place = evaluated(graph.events[e].address, reads)
            if place is not None and places.setdefault(e, place) != place:
                return None
        for r, w in rf.items():
            if r in places and is_cell(graph, r, places[r]):
                value = evaluated(graph.events[w].value, reads)
                if value is not None:
                    reads[r] = value
        progress = len(reads) + len(places) > before
        if not progress:
            for r, w in rf.items():
                for e, f in ((r, w), (w, r)):
                    if e not in places and f in places and is_cell(graph, f, places[f]):
                        places[e] = places[f]
                        progress = True
    astray = frozenset(e for e, place in places.items() if not is_cell(graph, e, place))
    if any(r in places and w in places and places[r] != places[w] for r, w in rf.items() if r not in astray):
        return None
    for decision, taken in zip(graph.decisions, way.decided, strict=True):
        if decision.condition is not None and reached(graph, decision.guard, way.decided):
            value = evaluated(decision.condition, reads)
            if value is not None and (value != 0) != taken:
                return None
    for assumption in graph.assumptions:
        if reached(graph, assumption.guard, way.decided) and evaluated(assumption.condition, reads) == 0:
            return None
    return Flow(reads, {e: a for e, a in places.items() if isinstance(a, Address) and e not in astray}, astray)


def is_cell(graph: EventGraph, e: int, place: Value) -> bool:
    """Whether an access to that place is an access to a whole cell."""
    return isinstance(place, Address) and place in graph.cells and misplaced(graph, graph.events[e], place) is None


def misplaced(graph: EventGraph, event: Event, address: Address) -> Diagnostic | None:
    """The error for an access to an address: it has another size or is outside every variable.  None if it is right."""
    initial = graph.cells.get(address)
    if initial is not None:
        same = graph.events[initial].size == event.size
        return None if same else Unsupported(f"mixed-size access to {address.base}", event.span)
    variable = graph.program.variables.get(address.base)
    if variable is not None and 0 <= address.offset < variable.size * len(variable.cells):
        return Unsupported(f"access to a part of a cell of {address.base}", event.span)
    return InputError(f"access outside {address.base}", event.span)


def flows(graph: EventGraph, way: Way, hopeless: Hopeless = never_hopeless) -> Iterator[tuple[Mapping[int, int], Flow]]:
    """Every choice of a write for every read that executes, and what follows from it.

    If all addresses are constants, `hopeless` is asked after each read that had a choice.
    """
    reads = sorted(e for e in way.executed if graph.events[e].kind == "R")
    sources = [[w for w in sorted(way.executed) if may_read(graph, r, w)] for r in reads]
    asks = has_constant_addresses(graph)

    def further(chosen: tuple[Mapping[int, int], Flow]) -> Iterator[tuple[Mapping[int, int], Flow]] | None:
        return None if len(chosen[0]) == len(reads) else extended(chosen[0])

    def extended(before: Mapping[int, int]) -> Iterator[tuple[Mapping[int, int], Flow]]:
        possible = sources[len(before)]
        for w in possible:
            rf = {**before, reads[len(before)]: w}
            found = flow(graph, way, rf)
            if found is None:
                continue
            if asks and len(possible) > 1 and hopeless(begun(graph, way, rf, found, READING)):
                continue
            yield rf, found

    nothing: Mapping[int, int] = {}
    start = flow(graph, way, nothing)
    if start is not None:
        yield from leaves((nothing, start), further)


def has_constant_addresses(graph: EventGraph) -> bool:
    """Whether every access is to the same cell in all executions."""
    return all(event.kind == "F" or isinstance(event.address, Address) for event in graph.events)


def may_read(graph: EventGraph, r: int, w: int) -> bool:
    """Whether a read may take its value from an event.

    The event must be a write of another instruction, and it must not be known to be to another cell.  All accesses
    to one cell have the same size.
    """
    read, write = graph.events[r], graph.events[w]
    if write.kind != "W" or read.size != write.size or (r, w) in graph.updates:
        return False
    if isinstance(read.address, Address) and isinstance(write.address, Address):
        return read.address == write.address
    bases = variable_of(read.address), variable_of(write.address)
    return None in bases or bases[0] == bases[1]


def is_determined(graph: EventGraph, way: Way, found: Flow) -> bool:
    """Whether all accesses of an execution have addresses and values, and all conditions that are asked have values."""
    for e in way.executed:
        event = graph.events[e]
        if event.kind != "F" and (e not in found.addresses or evaluated(event.value, found.reads) is None):
            return False
    conditions = [(d.guard, d.condition) for d in graph.decisions if d.condition is not None]
    conditions += [(a.guard, a.condition) for a in graph.assumptions]
    return all(evaluated(c, found.reads) is not None for g, c in conditions if reached(graph, g, way.decided))


# ---------------------------------------------------------------- co


def begun(graph: EventGraph, way: Way, rf: Mapping[int, int], found: Flow, pending: frozenset[str]) -> Candidate:
    """A candidate in which co has only the initial write of every cell."""
    values = {}
    for e in found.addresses:
        value = evaluated(graph.events[e].value, found.reads)
        if value is not None:
            values[e] = value
    later = tuple(
        frozenset(e for e in way.executed if e != initial and is_write_to(graph, e, cell, found.addresses))
        for cell, initial in graph.cells.items()
    )
    return Candidate(
        way=way,
        rf={r: w for r, w in rf.items() if r not in found.astray},
        co=tuple((initial,) for initial in graph.cells.values()),
        values=values,
        addresses=found.addresses,
        determined=is_determined(graph, way, found),
        later=later,
        pending=pending,
    )


def ordered(graph: EventGraph, partial: Candidate, hopeless: Hopeless = never_hopeless) -> Iterator[Candidate]:
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
        yield replace(candidate, pending=frozenset())


def is_write_to(graph: EventGraph, e: int, cell: Address, addresses: Mapping[int, Address]) -> bool:
    """Whether an event is a write to the cell."""
    return graph.events[e].kind == "W" and addresses.get(e) == cell


def candidates(graph: EventGraph, hopeless: Hopeless = never_hopeless) -> Iterator[Candidate]:
    """Every candidate execution, except those that have choices which are hopeless.

    Raises Unsupported for a mixed-size access and InputError for one outside every variable, if its address is a
    constant.
    """
    for event in graph.events:
        if isinstance(event.address, Address):
            wrong = misplaced(graph, event, event.address)
            if wrong is not None:
                raise wrong
    for way in ways(graph):
        for rf, found in flows(graph, way, hopeless):
            yield from ordered(graph, begun(graph, way, rf, found, WRITING), hopeless)
