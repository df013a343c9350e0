"""Random universes and sliced relations, and their values in one candidate: sets of events and of pairs."""

from __future__ import annotations

from dataclasses import dataclass

from hypothesis import strategies as st

from litmus.relation.rows import transposed
from litmus.relation.sliced import Sliced, SlicedSet, Universe

Pairs = frozenset[tuple[int, int]]
Events = frozenset[int]


@dataclass(frozen=True)
class World:
    """A universe, and the events that execute in each of its candidates."""

    universe: Universe
    executed: tuple[Events, ...]

    @property
    def candidates(self) -> range:
        return range(len(self.executed))

    def related(self, relation: Sliced, c: int) -> Pairs:
        """The pairs of a sliced relation in candidate c."""
        executed = self.executed[c]
        must = {(e, f) for e in executed for f in executed if relation.must[e] >> f & 1}
        return frozenset(must | {(e, f) for e, row in relation.open.items() for f, s in row.items() if s >> c & 1})

    def members(self, value: SlicedSet, c: int) -> Events:
        """The events of a sliced set in candidate c."""
        must = {e for e in self.executed[c] if value.must >> e & 1}
        return frozenset(must | {e for e, s in value.open.items() if s >> c & 1})

    def is_well_formed(self, relation: Sliced) -> bool:
        """The invariants of Sliced."""
        return all(
            s and not s & ~self.universe.both(e, f) and not relation.must[e] >> f & 1
            for e, row in relation.open.items()
            for f, s in row.items()
        )

    def is_well_formed_set(self, value: SlicedSet) -> bool:
        """The invariants of SlicedSet."""
        return all(s and not s & ~self.universe.executes[e] and not value.must >> e & 1 for e, s in value.open.items())


@st.composite
def worlds(draw: st.DrawFn) -> World:
    """Up to 5 events and 6 candidates; in half of the worlds, some events execute in some candidates only."""
    n = draw(st.integers(1, 5))
    candidates = draw(st.integers(1, 6))
    full = (1 << candidates) - 1
    conditional = draw(st.booleans())
    executes = [draw(st.integers(0, full)) if conditional and draw(st.booleans()) else full for _ in range(n)]
    certain = sum(1 << e for e in range(n) if executes[e] == full)
    # Less may be known about companions than is true in all candidates.
    known = draw(st.booleans())
    companions = [
        sum(1 << f for f in range(n) if f == e or (not executes[e] & ~executes[f] and (known or certain >> f & 1)))
        for e in range(n)
    ]
    executed = tuple(frozenset(e for e in range(n) if executes[e] >> c & 1) for c in range(candidates))
    return World(Universe(n, full, executes, certain, companions, transposed(companions)), executed)


def _slice(draw: st.DrawFn, full: int) -> int:
    return draw(st.one_of(st.just(0), st.just(0), st.just(full), st.integers(0, full)))


def sliced(draw: st.DrawFn, world: World) -> Sliced:
    """A relation.  A pair is in it nowhere, in some candidates, or wherever both execute (as must, or per slice)."""
    universe = world.universe
    must = [0] * universe.n
    out: dict[int, dict[int, int]] = {}
    for e in range(universe.n):
        for f in range(universe.n):
            s = _slice(draw, universe.full)
            if s == universe.full and draw(st.booleans()):
                must[e] |= 1 << f
            else:
                s &= universe.both(e, f)
                if s:
                    out.setdefault(e, {})[f] = s
    return Sliced(must, out)


def sliced_set(draw: st.DrawFn, world: World) -> SlicedSet:
    """A set.  An event is in it nowhere, in some candidates, or wherever it executes."""
    universe = world.universe
    must = 0
    out = {}
    for e in range(universe.n):
        s = _slice(draw, universe.full)
        if s == universe.full and draw(st.booleans()):
            must |= 1 << e
        elif s & universe.executes[e]:
            out[e] = s & universe.executes[e]
    return SlicedSet(must, out)


@st.composite
def with_relations(draw: st.DrawFn, number: int) -> tuple[World, list[Sliced]]:
    """A world and so many relations in it."""
    world = draw(worlds())
    return world, [sliced(draw, world) for _ in range(number)]


@st.composite
def with_sets(draw: st.DrawFn, number: int) -> tuple[World, list[SlicedSet]]:
    """A world and so many sets in it."""
    world = draw(worlds())
    return world, [sliced_set(draw, world) for _ in range(number)]
