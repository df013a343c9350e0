"""Cycles: a litmus test as the cycle of relaxations that its outcome needs.

`PodWW Rfe PodRR Fre` is message passing.  The relaxations lead from access to access and back to the first
access; the external ones lead from thread to thread.  Two cycles are the same test if one is a rotation of the
other, and only then.  A Cycle is the rotation that the field uses for the name of the test.  Source: Alglave,
Maranget, Sarkar, Sewell, "Fences in weak memory models", CAV 2010.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from msgspec import Struct
from msgspec.structs import replace

from litmus.diagnostics import InputError, Source, Span
from litmus.shapes.relaxations import DIRECTION, READ, Annotation, Dialect, Relaxation, spelled
from litmus.shapes.words import read_relaxation


class Thread(Struct, frozen=True):
    """One thread of a cycle: its relaxations in program order, and the communication that leaves it."""

    steps: tuple[Relaxation, ...]
    leaving: Relaxation

    @property
    def points(self) -> str:
        """The directions of its first and its last access, such as `WR`; if it has only one access, `W` or `R`."""
        return self.steps[0].source + self.leaving.source if self.steps else self.leaving.source


class Cycle(Struct, frozen=True):
    """A cycle, in its canonical rotation.  Every relaxation has the annotations of both its accesses."""

    arch: str
    plain: str
    threads: tuple[Thread, ...]

    @property
    def relaxations(self) -> tuple[Relaxation, ...]:
        """All relaxations, from the first of thread 0 on."""
        return tuple(r for thread in self.threads for r in (*thread.steps, thread.leaving))

    @property
    def one_location(self) -> bool:
        """Whether all accesses are to one location, so that coherence alone forbids the cycle."""
        return all(r.same for r in self.relaxations)

    def __str__(self) -> str:
        return " ".join(spelled(r, self.plain) for r in self.relaxations)


def read_cycle(text: str, dialect: Dialect, name: str = "<cycle>") -> Cycle:
    """The cycle that a line of relaxations spells.  Blanks or commas are between them; brackets are ignored.

    Raises InputError, with the span of the word, for a word that is no relaxation, for relaxations that do not
    follow each other, and for those that make no cycle.  `name` is what messages call the line.
    """
    source = Source(name, text)
    spans = [Span(source, match.start(), match.end()) for match in re.finditer(r"[^\s,\[\]]+", text)]
    return cycle_of([read_relaxation(span, dialect) for span in spans], dialect, spans)


def cycle_of(relaxations: Sequence[Relaxation], dialect: Dialect, spans: Sequence[Span] | None = None) -> Cycle:
    """The cycle of relaxations.  Raises InputError if they make no cycle: the last must lead to the first."""
    if not relaxations:
        raise InputError("a cycle has at least two relaxations", hint="for example PodWW Rfe PodRR Fre")
    places: Sequence[Span | None] = spans or [None] * len(relaxations)
    whole = Span(spans[0].source, spans[0].start, spans[-1].end) if spans else None
    joined = _joined(relaxations, dialect, places)
    start = next((i + 1 for i, r in enumerate(joined) if r.external), None)
    if start is None:
        raise InputError("a cycle goes from thread to thread: Rfe, Fre or Coe is missing", whole)
    threads = _threads([*joined[start:], *joined[:start]])
    moves = [place for place, r in zip(places, joined, strict=True) if not r.same]
    if len(moves) == 1:
        message = f"{spelled(joined[[r.same for r in joined].index(False)], dialect.plain)} leaves a location"
        raise InputError(f"{message} to which nothing leads back", moves[0], "a cycle leaves locations twice or never")
    if all(r.kind == "communication" for r in joined):
        raise InputError("nothing contradicts communications alone: program order is missing", whole)
    if len(threads) == 1 and moves:
        raise InputError("the only external communication leads back to its own thread", whole)
    return Cycle(dialect.arch, dialect.plain, _canonical(threads, dialect))


def _joined(relaxations: Sequence[Relaxation], dialect: Dialect, places: Sequence[Span | None]) -> list[Relaxation]:
    """The relaxations, each with the annotations of both its accesses.

    Raises InputError if a relaxation does not begin with the direction and annotation with which the one before ends.
    """
    marks: list[Annotation] = []
    for i, (r, place) in enumerate(zip(relaxations, places, strict=True)):
        last = relaxations[i - 1]
        if last.target != r.source:
            names = spelled(last, dialect.plain), spelled(r, dialect.plain)
            message = f"{names[0]} ends with {DIRECTION[last.target]}, {names[1]} begins with {DIRECTION[r.source]}"
            raise InputError(message, place)
        if last.after is not None and r.before is not None and last.after != r.before:
            names = spelled(last, dialect.plain), spelled(r, dialect.plain)
            raise InputError(f"{names[0]} makes an access {last.after}, {names[1]} makes it {r.before}", place)
        mark = last.after if r.before is None else r.before
        marks.append(mark if mark in dialect.annotations else None)
    if dialect.plain in dialect.annotations and any(marks):  # if one access has an annotation, all of them have one
        marks = [mark or dialect.plain for mark in marks]
    after = [*marks[1:], marks[0]]
    return [replace(r, before=a, after=b) for r, a, b in zip(relaxations, marks, after, strict=True)]


def _threads(relaxations: list[Relaxation]) -> list[Thread]:
    threads = []
    steps: list[Relaxation] = []
    for r in relaxations:
        if r.external:
            threads.append(Thread(tuple(steps), r))
            steps = []
        else:
            steps.append(r)
    return threads


# ---------------------------------------------------------------- rotations

POINTS = ("W", "WW", "RR", "RW", "WR", "R")
ORDER = ("Fr", "Co", "fence", "dependency", "Rf", "program order")  # of relaxations inside a thread

_Key = tuple[tuple[int, ...], int, tuple[tuple[int, int, bool, bool, str, str, str], ...]]


def _canonical(threads: list[Thread], dialect: Dialect) -> tuple[Thread, ...]:
    """The rotation from which names are made.  Directions decide first, then the order of most published names."""
    stems = {stem: i for i, stem in enumerate((*dialect.fences, *dialect.dependencies))}

    def key(rotation: list[Thread]) -> _Key:
        steps = tuple(
            (
                ORDER.index(r.stem if r.kind == "communication" else r.kind),
                stems.get(r.stem, 0),
                not r.same,
                r.target == READ,
                r.stem,
                r.before or "",
                r.after or "",
            )
            for thread in rotation
            for r in (*thread.steps, thread.leaving)
        )
        return tuple(POINTS.index(thread.points) for thread in rotation), len(rotation[0].steps), steps

    rotations = [threads[i:] + threads[:i] for i in range(len(threads))]
    best: list[Thread] = min(rotations, key=key)
    return tuple(best)
