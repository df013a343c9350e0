"""Arrangements: in which order the events of a path stand, and where blocks may land among them.

The compiler may put plain accesses of C in another order.  litmus.program.compile_c has the rules and their sources.
Here they are written for one path:

* An instruction is moved as one, and so is a load-reserve with the store-conditional right behind it.  Let such a thing
  be a unit.
* A unit stays behind an earlier one if one of its events stays behind an event of that one (`_stays_behind`), on this
  path or on another path that has the unit: the compiler sees the text, and not which way the execution will go.
* Everything else may be exchanged: the orders of the thread are those that keep all units behind what they stay behind.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import pairwise, permutations, product
from typing import TypeVar

from litmus.oracle.paths import Block, Event, Pair, Path
from litmus.program.code import FIXED, VOLATILE
from litmus.program.values import Address, Expr, variable_of

T = TypeVar("T")
Order = tuple[int, ...]  # events
Unit = tuple[tuple[bool, ...], int]  # the choices made before its first event, and how many events come before
Needs = Mapping[Unit, frozenset[int]]  # for a unit, the events (by place in the text) that it stays behind


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


# ---------------------------------------------------------------- what stays in order


def needed(unit: Unit, paths: Iterable[Path]) -> frozenset[int]:
    """What a unit stays behind directly, on all the paths that have it."""
    found: set[int] = set()
    _, start = unit
    for path in paths:
        own = path.own()
        length = next(len(events) for events in _units(path) if events[0] == own[start].number)
        for e in range(start, start + length):
            found |= {f for f in _stays_behind(path, own, e) if f < start}
    return frozenset(found)


def units(path: Path) -> Iterator[Unit]:
    """The units of a path."""
    own = path.own()
    start = 0
    for events in _units(path):
        yield tuple(path.choices[: own[start].choices]), start
        start += len(events)


def _units(path: Path) -> list[Order]:
    """The events of a path's own code, unit by unit."""
    reserved = path.relations.get("lxsx", set())
    found: list[Order] = []
    last: Event | None = None
    for event in path.own():
        if last and (event.instance == last.instance or (last.number, event.number) in reserved):
            found[-1] += (event.number,)
        else:
            found.append((event.number,))
        last = event
    return found


def _stays_behind(path: Path, own: Sequence[Event], later: int) -> Iterator[int]:
    """The earlier events that an event stays behind because of a rule about the two.  All are places in the text."""
    e = own[later]
    operands = _operands(path, e.number)
    for i, f in enumerate(own[:later]):
        if (
            e.motion is FIXED
            or i < e.fenced
            or f.number in operands
            or (f.number in e.deciding and (e.kind == "W" or e.motion is VOLATILE))
            or (e.motion is VOLATILE and f.motion is VOLATILE)
            or _may_be_same(e.address, f.address)
        ):
            yield i


def _operands(path: Path, event: int) -> set[int]:
    """The reads that an event's operands are computed from: its address, its value, what it compares with.

    What decides a branch between a load-reserve and its store-conditional is an operand of the store: the two are in
    one assembly.
    """

    def before(name: str, event: int) -> set[int]:
        return {r for r, e in (*path.relations.get(name, ()), *path.relations.get(f"pick-{name}", ())) if e == event}

    found = before("addr", event) | before("data", event)
    for r, w in path.relations.get("lxsx", ()):
        if w == event:
            found |= before("ctrl", w) - before("ctrl", r)
    return found


def _may_be_same(a: Expr | None, b: Expr | None) -> bool:
    """Whether two addresses may be equal, as far as the compiler can see."""
    if isinstance(a, Address) and isinstance(b, Address):
        return a == b
    variables = variable_of(a), variable_of(b)
    return None in variables or variables[0] == variables[1]


# ---------------------------------------------------------------- orders and places


class Arrangement:
    """The orders of a path's own events, and the places in them.

    needs: what units stay behind; None if the events stay as they are in the text.
    """

    def __init__(self, path: Path, needs: Needs | None) -> None:
        self.path = path
        self.own = path.own()
        self.text: Order = tuple([e.number for e in self.own])
        self.instance = {e.number: e.instance for e in self.own}
        self.is_free = needs is not None
        self.units = _units(path) if needs is not None else []
        self.unit_of = {e: u for u, unit in enumerate(self.units) for e in unit}
        self.behind = self._behind(needs) if needs is not None else []

    def _behind(self, needs: Needs) -> list[set[int]]:
        """For each unit, the units that it stays behind, directly or because of units in between."""
        found: list[set[int]] = []
        for unit in units(self.path):
            behind = {self.unit_of[self.text[i]] for i in needs[unit]}
            found.append(behind.union(*(found[u] for u in behind)))
        return found

    def exchangeable(self) -> set[Pair]:
        """The pairs of events that may be exchanged, in the order of the text."""
        return {
            (f, e)
            for u, unit in enumerate(self.units)
            for v in range(u)
            if v not in self.behind[u]
            for e in unit
            for f in self.units[v]
        }

    def orders(self) -> Iterator[Order]:
        """Every order in which the events may stand."""
        if not self.is_free:
            yield self.text
            return

        def further(placed: tuple[int, ...]) -> list[tuple[int, ...]] | None:
            if len(placed) == len(self.units):
                return None
            return [(*placed, u) for u in range(len(self.units)) if u not in placed and self.behind[u] <= {*placed}]

        nothing: tuple[int, ...] = ()
        for order in leaves(nothing, further):
            yield tuple([e for u in order for e in self.units[u]])

    def allows(self, order: Order) -> bool:
        """Whether some events stand in one of the orders."""
        if not self.is_free:
            return order == self.text
        if {*order} != {*self.text}:
            return False
        sequence = list(dict.fromkeys(self.unit_of[e] for e in order))
        together = tuple([e for u in sequence for e in self.units[u]])
        return order == together and all(self.behind[u] <= {*sequence[:i]} for i, u in enumerate(sequence))

    def admits(self, order: Order, place: int, kind: str) -> bool:
        """Whether a block of a kind may land before order[place], or, if that is the end, behind all.

        It lands between instructions.  A place that the text has, too, says itself what may land there.  At other
        places, it depends on the first event in the text that is still to come.
        """
        if 0 < place < len(order) and self.instance[order[place - 1]] == self.instance[order[place]]:
            return False
        before = {*order[:place]}
        if before == {*self.text[:place]}:
            return any(n == place and (kinds is None or kind in kinds) for n, kinds in self.path.places)
        first = next(e for e in self.own if e.number not in before)
        return first.admitted is None or kind in first.admitted


Landed = tuple[tuple[Pair, int], ...]  # blocks, each with the place where it lands, in program order


def landings(arrangement: Arrangement, order: Order, blocks: Mapping[Pair, Block]) -> Iterator[Landed]:
    """Every way in which blocks may land in a thread.  At one place, they may stand in any order."""
    places = {
        key: [i for i in range(len(order) + 1) if arrangement.admits(order, i, block.kind)]
        for key, block in blocks.items()
    }
    for sequence in permutations(blocks):
        for chosen in product(*(places[key] for key in sequence)):
            if all(i <= j for i, j in pairwise(chosen)):
                yield tuple(zip(sequence, chosen, strict=True))


def merged(order: Order, landed: Landed, blocks: Mapping[Pair, Block]) -> Order:
    """The events of a thread in program order: its own, and those of the blocks that land in it."""
    result: list[int] = []
    for i in range(len(order) + 1):
        for key, place in landed:
            if place == i:
                result.extend(blocks[key].events)
        result.extend(order[i : i + 1])
    return tuple(result)
