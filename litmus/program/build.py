"""Building event graphs: from a program to the frozen graph of its events."""

from __future__ import annotations

from typing import Literal

from msgspec.structs import replace

from litmus.diagnostics import Unsupported
from litmus.program.code import Program
from litmus.program.compile_c import Compiler, ranges_of
from litmus.program.draft import Draft
from litmus.program.graph import (
    INITIAL,
    Assumption,
    Event,
    EventGraph,
    Guarded,
    Idle,
    Leaf,
    Pair,
    Point,
    Unrolling,
)
from litmus.program.guards import ALWAYS, NEVER
from litmus.program.reads import NO_READS, Reads
from litmus.program.settle import Settled, settled
from litmus.program.state import Registers, State
from litmus.program.values import Address, Value
from litmus.program.walk import Walk
from litmus.relation.rows import Rows, bits, transposed


def unroll(
    program: Program,
    bound: int = 2,
    exchange: bool = True,
    registers: bool = False,
    idle: Idle = "left out",
    observed: frozenset[tuple[int, str]] | None = None,
) -> EventGraph:
    """The event graph of a program.  Each of its loops is followed for up to `bound` rounds.

    More exactly: only some rounds count (litmus.program.loops).  A path is cut at a backward branch when that branch
    has ended `bound` + 1 rounds that count.  So a loop whose end does not depend on the execution is followed to its
    end.  So is a loop that reads may end early if its last possible round is near, unless that makes too many paths.
    The other parameters are those of litmus.program.graph.Unrolling.

    Raises InputError if code computes something meaningless (an address times two), or if an access is to no variable
    whatever is read.  Raises Unsupported if there are too many paths or rounds, or if the events of registers are
    asked for and not supported.
    """
    unrolling = Unrolling(bound, exchange=exchange, idle=idle, registers=registers, observed=observed)
    return _unrolled(program, unrolling)


def with_registers(graph: EventGraph) -> EventGraph:
    """The graph of the same program with the same bound, and with the events of registers.

    Raises Unsupported like unroll.
    """
    if graph.registers is not None:
        return graph
    return _unrolled(graph.program, replace(graph.unrolling, registers=True, idle="followed"))


def with_idle_rounds(graph: EventGraph, idle: Literal["followed", "cut"]) -> EventGraph:
    """The graph of the same program, unrolled in the same way, but for what is done with rounds that have no effect."""
    return _unrolled(graph.program, replace(graph.unrolling, idle=idle))


def _unrolled(program: Program, unrolling: Unrolling) -> EventGraph:
    draft = Draft(program, unrolling)
    try:
        return _graph(draft)
    except Unsupported:
        if not draft.followed:
            raise
    return _graph(Draft(program, replace(unrolling, near=False)))


def _graph(draft: Draft) -> EventGraph:
    program = draft.program
    for variable in program.variables.values():
        for index, value in enumerate(variable.cells):
            _initial_write(draft, Address(variable.name, index * variable.size), value, variable.size)
    for thread in range(len(program.threads)):
        _walk(draft, thread)
    compiler = None
    if draft.standings:
        compiler = Compiler(draft, _flow(draft))
        compiler.exchange()
    for event in list(draft.events):
        address = event.address
        if isinstance(address, Address) and address.base[0] == "~" and address not in draft.cells:
            _initial_write(draft, address, 0, event.size)
    graph = _frozen(draft, _points(draft, compiler))
    level = draft.observer.level(graph)
    return graph if level is None else replace(graph, registers=level)


def _initial_write(draft: Draft, address: Address, value: Value, size: int) -> None:
    number = len(draft.events)
    draft.events.append(Event(number, INITIAL, "W", ALWAYS, address, value, size))
    for rows in (draft.earlier, draft.before):
        rows.append(0)
    for reads in (draft.addr, draft.data, draft.ctrl):
        reads.append(NO_READS)
    draft.line.append(-1)
    draft.cells[address] = number


def _walk(draft: Draft, thread: int) -> None:
    program = draft.program
    code = program.threads[thread]
    registers: Registers = {name: (value, NO_READS) for name, value in program.registers[thread].items()}
    draft.ranges = ranges_of(code) if draft.compiles(thread) else None
    root = State(0, registers, admitted=code.admitted, trace=draft.observer.start(thread))
    ended = Walk(draft, code.lines, dict(code.labels), thread, own=True).ends(root)
    draft.leaves.append(
        tuple([Leaf(end.guard, {name: value for name, (value, _) in end.registers.items()}) for end in ended])
    )
    for end in ended:
        draft.end(end, thread)
    draft.ranges = None


def _flow(draft: Draft) -> dict[int, int]:
    """For each event of a thread with plain accesses, the reads that its operands are computed from."""
    flow = {e: draft.addr[e].all() | draft.data[e].all() for e in draft.standings}
    for r, w in draft.lxsx:
        if w in flow:  # in the assembly of an atomic operation, what decides its branches counts as an operand
            flow[w] |= draft.ctrl[w].all() & ~draft.ctrl[r].all()
    return flow


# ---------------------------------------------------------------- where blocks may land


def _points(draft: Draft, compiler: Compiler | None) -> list[tuple[Point, ...]]:
    known: dict[tuple[int, str], tuple[Point, ...]] = {}
    points = []
    for block, of_kind in zip(draft.blocks, draft.kinds, strict=True):
        key = block.thread, of_kind
        if key not in known:
            known[key] = _landings(draft, compiler, *key)
        if not known[key]:
            draft.assumptions.append(Assumption(0, block.guard))
        points.append(known[key] or (Point(ALWAYS, 0, 0),))
    return points


def _landings(draft: Draft, compiler: Compiler | None, thread: int, kind: str) -> tuple[Point, ...]:
    """The points of a thread where a block of that kind may land."""
    guards: dict[int, int] = {}
    for (before, admitted), guard in draft.places[thread].items():
        if admitted is None or kind in admitted:
            guards[before] = draft.guards.either(guards.get(before, NEVER), guard)
    if compiler is not None and thread in draft.ends:
        return compiler.points(draft.ends[thread], guards.keys(), kind)
    own = sum(1 << e.number for e in draft.events if e.thread == thread)
    for block in draft.blocks:
        own &= ~block.events
    return tuple([
        Point(guard, before, sum(1 << e for e in bits(own & ~before) if not before & ~draft.before[e]))
        for before, guard in _distinct(draft, guards).items()
        if guard != NEVER
    ])  # fmt: skip


def _distinct(draft: Draft, places: dict[int, int]) -> dict[int, int]:
    """The guards of places, each a set of events before it, without those ways on which another place is the same.

    Two places are the same on a way on which no event stands between them.  The first of them counts.
    """
    guards = draft.guards
    found: dict[int, int] = {}
    for place, guard in sorted(places.items(), key=lambda item: item[0].bit_count()):
        for other, there in found.items():
            if not other & ~place:
                for e in bits(place & ~other):
                    there = guards.without(there, draft.events[e].guard)
                    if there == NEVER:
                        break
                guard = guards.without(guard, there)
        found[place] = guard
    return found


# ---------------------------------------------------------------- the frozen graph


def _frozen(draft: Draft, points: list[tuple[Point, ...]]) -> EventGraph:
    of = settled(draft)
    addr, pick_addr = _dependencies(of, draft.addr)
    data, pick_data = _dependencies(of, draft.data)
    ctrl, pick_ctrl = _dependencies(of, draft.ctrl)
    cuts = {of.guard(guard): span for guard, span in draft.cuts.items()}
    if draft.unrolling.idle == "cut":
        cuts |= {of.guard(guard): wait.span for guard, wait in draft.waits}
    return EventGraph(
        program=draft.program,
        unrolling=draft.unrolling,
        guards=draft.guards,
        events=tuple([of.event(event) for event in draft.events]),
        decisions=of.decisions,
        assumptions=of.assumptions,
        cuts=cuts,
        waits=tuple([wait for _, wait in draft.waits]),
        left=draft.left,
        po=transposed(draft.earlier),
        addr=addr,
        data=data,
        ctrl=ctrl,
        pick_addr=pick_addr,
        pick_data=pick_data,
        pick_ctrl=pick_ctrl,
        updates=tuple(draft.updates),
        amo=tuple(draft.amo),
        amo_data=tuple(draft.amo_data),
        single=tuple(draft.single),
        lxsx={pair: of.guard(guard) for pair, guard in draft.lxsx.items()},
        exchanges={pair: d for pair, decision in draft.exchanges.items() if (d := of.number(decision)) is not None},
        blocks=tuple([replace(block, guard=of.guard(block.guard)) for block in draft.blocks]),
        points=tuple([tuple([replace(p, guard=of.guard(p.guard)) for p in ps]) for ps in points]),
        leaves=tuple([tuple([of.leaf(leaf) for leaf in leaves]) for leaves in draft.leaves]),
        cells=draft.cells,
    )


def _dependencies(of: Settled, reads: list[Reads]) -> tuple[Guarded, Guarded]:
    """The dependencies of events on reads, and those by picks."""
    rows: tuple[Rows, Rows] = [0] * len(reads), [0] * len(reads)
    under: tuple[dict[Pair, int], dict[Pair, int]] = {}, {}
    for e, found in enumerate(reads):
        if found is not NO_READS:
            for r, picked, guard in found.each():
                guard = of.guard(guard)
                if guard == ALWAYS:
                    rows[picked][r] |= 1 << e
                elif guard != NEVER:
                    under[picked][r, e] = guard
    return Guarded(rows[0], under[0]), Guarded(rows[1], under[1])
