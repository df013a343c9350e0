"""Events: the accesses of a cycle, with their locations, their values, and the outcome to ask for.

Values are given along the accesses to one location, in the order of the cycle.  Every write stores the next number,
and every read returns the last number, which is 0 at first.  This is what Rf, Fr and Co between the accesses mean.  In
a cycle of one location, the walk begins at an access that comes after a step of program order: coherence would have
to contradict that step.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from msgspec import Struct

from litmus.shapes.cycles import Cycle
from litmus.shapes.relaxations import READ, WRITE, Annotation, Relaxation

NAMES = "xyzabcdefghijklmnopqrstuvw"


class Access(Struct, frozen=True):
    """One access of a thread, and the relaxation that leads to it inside the thread."""

    direction: str
    location: str
    value: int
    annotation: Annotation
    step: Relaxation | None


class Outcome(Struct, frozen=True):
    """What the test asks for: final values of locations, and the reads whose values count (thread, access in it)."""

    locations: tuple[tuple[str, int], ...]
    reads: tuple[tuple[int, int], ...]


class Events(Struct, frozen=True):
    """The accesses of every thread, and the outcome.

    After the threads of the cycle come observers: threads that only read one location.
    """

    threads: tuple[tuple[Access, ...], ...]
    outcome: Outcome

    @property
    def locations(self) -> tuple[str, ...]:
        """All locations, in the order in which the threads meet them."""
        return tuple(dict.fromkeys(access.location for thread in self.threads for access in thread))


def events_of(cycle: Cycle) -> Events:
    """The accesses of a cycle, and the outcome that shows the cycle."""
    relaxations = cycle.relaxations
    locations = _locations(relaxations)
    values = _values(relaxations, locations)
    threads: list[list[Access]] = []
    written: dict[str, list[tuple[int, int]]] = {}  # location -> the writes, as (value, thread)
    reads = []
    for i, r in enumerate(relaxations):
        step = relaxations[i - 1]
        if step.external:
            threads.append([])
        thread = threads[-1]
        thread.append(Access(r.source, locations[i], values[i], r.before, None if step.external else step))
        if r.source == WRITE:
            written.setdefault(locations[i], []).append((values[i], len(threads) - 1))
        elif "communication" in (r.kind, step.kind):  # the values of other reads say nothing about the cycle
            reads.append((len(threads) - 1, len(thread) - 1))
    final = []
    for location, writes in written.items():
        writes.sort()
        if len(writes) > 1:
            final.append((location, writes[-1][0]))
        followed = {(threads[t][n].location, threads[t][n].value, t) for t, n in reads}
        if any(a[1] != b[1] and (location, a[0], b[1]) not in followed for a, b in pairwise(writes[:-1])):
            # The final value only tells which write is the last.  An observer has to see the order of the others.
            reads += [(len(threads), n) for n in range(len(writes) - 1)]
            threads.append([Access(READ, location, value, None, None) for value, _ in writes[:-1]])
    return Events(tuple(map(tuple, threads)), Outcome(tuple(final), tuple(reads)))


def _locations(relaxations: Sequence[Relaxation]) -> list[str]:
    """The location of every access: that of the access before it, if the relaxation between the two keeps it."""
    numbers = [0]
    for r in relaxations[:-1]:
        numbers.append(numbers[-1] + (not r.same))
    if relaxations[-1].same:  # then the last location is the first one
        numbers = [0 if number == numbers[-1] else number for number in numbers]
    return [_name(number) for number in numbers]


def _name(number: int) -> str:
    return NAMES[number] if number < len(NAMES) else f"loc{number}"


def _values(relaxations: Sequence[Relaxation], locations: Sequence[str]) -> list[int]:
    start = _start(relaxations)
    values = [0] * len(relaxations)
    last: dict[str, int] = {}
    for k in range(len(relaxations)):
        i = (start + k) % len(relaxations)
        if relaxations[i].source == WRITE:
            last[locations[i]] = last.get(locations[i], 0) + 1
        values[i] = last.get(locations[i], 0)
    return values


def _start(relaxations: Sequence[Relaxation]) -> int:
    """The access at which the walk along the locations begins."""
    moved = [i for i in range(len(relaxations)) if not relaxations[i - 1].same]
    ordered = [i for i in range(len(relaxations)) if relaxations[i - 1].kind != "communication"]
    return (moved or ordered)[0]
