"""The compiler: which accesses of a thread of C it may put in another order than the text has.

Of two accesses of a thread, the one that is first in the text stays first if one of these holds:

  * both are volatile: READ_ONCE, WRITE_ONCE, CAO and their kin, and atomic operations;
  * a barrier is between them: barrier(), something that clobbers memory (litmus.c.catalogue says what does), or
    anything that is a fence to the machine;
  * they may be to one location: nothing shows that their variables differ;
  * the address or the value of the second, or what the second compares with, is computed from what the first read;
  * the second is a write or volatile, and the first decided a branch that the second depends on, or a branch that
    leaves a loop before the second.  A plain read may be hoisted above the branch.

Two accesses may be exchanged if nothing keeps them in order, neither in one step nor in several.  At least one of them
is plain then.  The solver chooses among all orders that this leaves.  Accesses are not merged, repeated, torn or
invented.  The branches themselves are not moved.  If two accesses are exchanged, there is no control dependency between
them.

Sources: the kernel's Documentation/memory-barriers.txt, "COMPILER BARRIER" and "CONTROL DEPENDENCIES"; the GCC manual,
"Extended Asm", on volatile and on clobbers (an `asm volatile` stays in order with volatile accesses, and moves freely
past others unless it clobbers memory).  Orders that differ by exchanges of neighbours are the linear
extensions of what is kept (Mazurkiewicz, "Trace theory", 1987).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Set
from typing import Protocol

from msgspec import Struct

from litmus.diagnostics import Unsupported
from litmus.program.code import FIXED, PLAIN, VOLATILE, Branch, Motion, ThreadCode
from litmus.program.graph import Assumption, Decision, Event, EventGraph, Pair, Point
from litmus.program.guards import Guards
from litmus.program.values import Address, Expr, variable_of
from litmus.relation.rows import Rows, bits

MAXIMUM_CUTS = 1000  # places for a floating block on one path

KEPT_NOTE = "plain accesses are kept in program order"
EXCHANGED_NOTE = "the compiler may exchange plain accesses with others; --compiler none leaves them in program order"


class Standing(Struct, frozen=True):
    """How an event stands on its path.

    before: the earlier events of the path.  fenced: those of them that a barrier separates from the event.
    deciding: the reads that decided branches which the event depends on.  admitted: the kinds of blocks that may land
    there, None for all.
    """

    motion: Motion
    before: int
    fenced: int
    deciding: int
    admitted: frozenset[str] | None


Ranges = tuple[tuple[int, int], ...]  # for each loop, the index of its first line and the index of its jump back


def ranges_of(code: ThreadCode) -> Ranges:
    """The loops of a thread."""
    jumps = ((i, line.operation) for i, line in enumerate(code.lines) if isinstance(line.operation, Branch))
    targets = ((code.labels[jump.target], i) for i, jump in jumps)
    return tuple((target, i) for target, i in targets if target <= i)


def leaves_a_loop(loops: Ranges, branch: int, join: int) -> bool:
    """Whether a branch may decide that a loop is left: it is in a loop, and its ways meet again after it, at `join`."""
    return any(first <= branch <= last < join for first, last in loops)


def has_plain(code: ThreadCode) -> bool:
    """Whether a thread has plain accesses."""
    return any(line.motion is PLAIN for line in code.lines)


def compiler_notes(graph: EventGraph, exchange: bool) -> tuple[str, ...]:
    """What a reader of an answer must know about plain accesses.  exchange: whether the compiler may exchange them."""
    if graph.exchanges:
        return (EXCHANGED_NOTE,)
    return (KEPT_NOTE,) if not exchange and any(map(has_plain, graph.program.threads)) else ()


class Text(Protocol):
    """A graph that is being built, in which the events stand in the order of the text (litmus.program.draft).

    standings: how the events of threads with plain accesses stand.  earlier[e]: the events of earlier instructions.
    """

    events: list[Event]
    guards: Guards
    decisions: list[Decision]
    assumptions: list[Assumption]
    earlier: Rows
    lxsx: dict[Pair, int]
    exchanges: dict[Pair, int]
    standings: dict[int, Standing]


class Compiler:
    """What the compiler may do with the events of a graph.

    flow[e]: the reads that the operands of e are
    computed from: its address, its value, what it compares with.  stays[e]: the earlier events of its path that must
    stay before e.  free[e]: the earlier events that e may be exchanged with.  unit[e]: the first event of the unit
    that e belongs to.  A unit is moved as one: it is an instruction, or the assembly of an atomic operation.
    """

    def __init__(self, graph: Text, flow: Mapping[int, int]) -> None:
        self.graph = graph
        self.standings = standings = graph.standings
        self.flow = flow
        self.text = {e: graph.earlier[e] for e in standings}
        self.unit: dict[int, int] = {}
        self.members: dict[int, int] = {}
        pairs = ((r, w) for r, w in graph.lxsx if w in standings)
        together = {w: r for r, w in pairs if standings[w].before == standings[r].before | 1 << r}
        for e, standing in standings.items():
            mates = standing.before & ~self.text[e]
            first = together.get(e, (mates & -mates).bit_length() - 1 if mates else e)
            unit = self.unit[e] = self.unit.get(first, first)
            self.members[unit] = self.members.get(unit, 0) | 1 << e
        self.stays = self._stays()
        self.free = {e: self.text[e] & ~stays for e, stays in self.stays.items()}

    # ------------------------------------------------------------ what stays in order

    def _stays(self) -> dict[int, int]:
        direct = {e: self._kept(e) & self.text[e] for e in self.standings}
        outside: dict[int, int] = {}
        for e, kept in direct.items():
            unit = self.unit[e]
            whole = 0
            for f in bits(kept & ~self.members[unit]):
                whole |= self.members[self.unit[f]]
            outside[unit] = outside.get(unit, 0) | whole
        stays: dict[int, int] = {}
        for e, kept in direct.items():
            mask = (kept | outside[self.unit[e]]) & self.text[e]
            for f in bits(mask):
                mask |= stays[f]
            stays[e] = mask
        return stays

    def _kept(self, e: int) -> int:
        """The earlier events of its path that an event stays behind directly, not because of events in between."""
        standing = self.standings[e]
        event = self.graph.events[e]
        if standing.motion is FIXED:
            return standing.before
        kept = standing.fenced | self.flow[e]
        if event.kind == "W" or standing.motion is VOLATILE:
            kept |= standing.deciding
        for f in bits(standing.before & ~kept):
            other = self.graph.events[f]
            both_volatile = standing.motion is VOLATILE and self.standings[f].motion is VOLATILE
            if both_volatile or _may_be_same(event.address, other.address):
                kept |= 1 << f
        return kept

    # ------------------------------------------------------------ the choice of an order

    def exchange(self) -> None:
        """Make the order of events that may be exchanged a choice: one decision for each pair, no circular orders."""
        graph = self.graph
        order: dict[tuple[int, int], int] = {}
        for e, free in self.free.items():
            for f in bits(free):
                pair = self.unit[f], self.unit[e]
                if pair not in order:
                    event = graph.events[pair[1]]
                    assert event.span is not None, "an event of a thread"
                    order[pair] = len(graph.decisions)
                    graph.decisions.append(Decision(None, event.guard, event.span))
                graph.exchanges[f, e] = order[pair]
            graph.earlier[e] &= ~free
        units = sum(1 << u for u in self.members)
        for third in bits(units):
            for second in bits(self.text[third] & units):
                for first in bits(self.text[second] & units):
                    self._forbid_circles(first, second, third, order)

    def _forbid_circles(self, a: int, b: int, c: int, order: Mapping[tuple[int, int], int]) -> None:
        """Rule out circular orders of a, b and c, which stand in this order in the text.

        An order of the thread without a circle of three has no circle at all.
        """
        ab, bc, ac = order.get((a, b)), order.get((b, c)), order.get((a, c))
        guard = self.graph.events[c].guard
        if ac is not None:
            held = tuple((d, True) for d in (ab, bc) if d is not None)
            self.graph.assumptions.append(Assumption(0, self._guard(guard, ((ac, False), *held))))
        if ab is not None and bc is not None:
            held = () if ac is None else ((ac, True),)
            self.graph.assumptions.append(Assumption(0, self._guard(guard, ((ab, False), (bc, False), *held))))

    def _guard(self, guard: int, literals: Iterable[tuple[int, bool]]) -> int:
        guards = self.graph.guards
        for decision, way in literals:
            guard = guards.both(guard, guards.literal(decision, way))
        return guard

    # ------------------------------------------------------------ where blocks may land

    def points(self, ends: Iterable[tuple[int, int]], places: Set[int], kind: str) -> tuple[Point, ...]:
        """The places between the instructions of a thread that admit a kind of block, for every order of the accesses.

        ends: for every path, all its events and its guard.  places: for each place in the text that admits the kind,
        the events before it.  A place is a cut of the path into two sets of events.  It exists in the orders in which
        all events of the first set come before all events of the second.
        """
        points = []
        for path, guard in ends:
            for cut in self._cuts(path):
                if not self._admits(path, cut, places, kind):
                    continue
                literals = {
                    (self.graph.exchanges[f, e], bool(cut >> f & 1))
                    for e in bits(path)
                    for f in bits(self.free[e])
                    if (cut >> e ^ cut >> f) & 1
                }
                points.append(Point(self._guard(guard, tuple(sorted(literals))), cut, path & ~cut))
        return tuple(points)

    def _admits(self, path: int, cut: int, places: Set[int], kind: str) -> bool:
        """Whether a kind of block may land at a cut.  Nothing moves across the place where this changes (Admit)."""
        rest = path & ~cut
        if not rest or cut < rest & -rest:  # a place in the text
            return cut in places
        admitted = self.standings[(rest & -rest).bit_length() - 1].admitted
        return admitted is None or kind in admitted

    def _cuts(self, path: int) -> list[int]:
        """The sets of events of a path that may come first in some order.

        With an event, such a set contains all events that it stays behind, and all events of its instruction.
        """
        cuts = [0]
        for instruction in self._instructions(path):
            needed = 0
            for e in bits(instruction):
                needed |= self.stays[e]
            cuts += [cut | instruction for cut in cuts if not needed & ~cut]
            if len(cuts) > MAXIMUM_CUTS:
                span = self.graph.events[path.bit_length() - 1].span
                hint = "put a barrier() between some of them, use READ_ONCE or WRITE_ONCE, or --compiler none"
                raise Unsupported("too many plain accesses that the compiler may put in any order", span, hint)
        return cuts

    def _instructions(self, path: int) -> Iterator[int]:
        """The events of each instruction of a path, as masks."""
        for e in bits(path):
            later = sum(1 << f for f in bits(path >> e + 1 << e + 1) if not self.text[f] >> e & 1)
            if not self.standings[e].before & ~self.text[e]:
                yield 1 << e | later


def _may_be_same(a: Expr | None, b: Expr | None) -> bool:
    """Whether two addresses may be equal, as far as the compiler can see."""
    if isinstance(a, Address) and isinstance(b, Address):
        return a == b
    variables = variable_of(a), variable_of(b)
    return None in variables or variables[0] == variables[1]
