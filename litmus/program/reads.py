"""Reads that something depends on: a value, an address, or whether code is reached at all.

A value that was selected by another one (AArch64's CSEL, the condition of a conditional store) depends on what selected
it by a *pick*, which is weaker.  Where ways through the code meet, something may depend on a read on some ways only.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from msgspec import Struct, field

from litmus.program.guards import ALWAYS, Guards
from litmus.relation.rows import bits

Picked = bool
Under = Mapping[tuple[int, Picked], int]


class Reads(Struct, frozen=True):
    """A set of reads.

    plain, picked: masks of the reads that it depends on in any case, and of those that it depends on by a pick.
    under: other reads, each with whether it is a pick, and with the guard under which it counts.
    """

    plain: int = 0
    picked: int = 0
    under: Under = field(default_factory=dict)

    def all(self) -> int:
        """The mask of all reads that it may depend on."""
        mask = self.plain | self.picked
        for r, _ in self.under:
            mask |= 1 << r
        return mask

    def outside(self, events: int) -> Reads:
        """Without the reads in a mask."""
        if not self.all() & events:
            return self
        under = {key: guard for key, guard in self.under.items() if not events >> key[0] & 1}
        return Reads(self.plain & ~events, self.picked & ~events, under)

    def each(self) -> Iterator[tuple[int, Picked, int]]:
        """Every read, whether it is a pick, and the guard under which it counts."""
        for r in bits(self.plain):
            yield r, False, ALWAYS
        for r in bits(self.picked):
            yield r, True, ALWAYS
        for (r, picked), guard in self.under.items():
            yield r, picked, guard


NO_READS = Reads()


def read_of(event: int) -> Reads:
    """What a value depends on that is read by an event."""
    return Reads(1 << event)


def together(guards: Guards, a: Reads, b: Reads) -> Reads:
    """What a value depends on that is computed from two others."""
    if b is NO_READS or a is b:
        return a
    if a is NO_READS:
        return b
    plain, picked = a.plain | b.plain, a.picked | b.picked
    if not a.under and not b.under:
        return Reads(plain, picked)
    under: dict[tuple[int, Picked], int] = {}
    for part in (a.under, b.under):
        for key, guard in part.items():
            if not (picked if key[1] else plain) >> key[0] & 1:
                under[key] = guards.either(under[key], guard) if key in under else guard
    return Reads(plain, picked, under)


def as_picks(guards: Guards, reads: Reads) -> Reads:
    """What a value depends on that is selected by something with these reads."""
    if reads is NO_READS:
        return reads
    found = Reads(0, reads.plain | reads.picked)
    for (r, _), guard in reads.under.items():
        found = together(guards, found, Reads(0, 0, {(r, True): guard}))
    return found


def where_ways_meet(guards: Guards, ways: tuple[tuple[int, Reads], ...], executes: Callable[[int], int]) -> Reads:
    """What something depends on where ways meet, each given with its guard and the reads on it.

    executes: the guard of a read.  A read that executes on one way only needs no guard beside its own.
    """
    first = ways[0][1]
    if all(reads is first or reads == first for _, reads in ways):
        return first
    here = guards.any(way for way, _ in ways)
    under: dict[tuple[int, Picked], int] = {}
    for way, reads in ways:
        for r, picked, guard in reads.each():
            guard = guards.both(way, guard)
            under[r, picked] = guards.either(under[r, picked], guard) if (r, picked) in under else guard
    plain = picks = 0
    for (r, picked), guard in list(under.items()):
        both = guards.both(here, executes(r))
        if guards.implies(both, guard):
            del under[r, picked]
            plain, picks = (plain, picks | 1 << r) if picked else (plain | 1 << r, picks)
        else:
            under[r, picked] = guards.given(guard, both)
    return Reads(plain, picks, under)
