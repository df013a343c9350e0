"""Critical cycles: all tests up to a number of threads over given relaxations, each once.

A cycle is critical if no thread has more than two accesses, if two accesses of a thread are to different
locations, and if no location has more than three accesses (Shasha and Snir, TOPLAS 1988).  Critical cycles are the
shortest ones: every cycle contains one.  So inside a thread there is one relaxation, or one sequence that counts as
one, such as [Rfi,PodRR].  Between threads, the directions of the two accesses decide the communication.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise, product

from litmus.diagnostics import Diagnostic, InputError, Source, Span
from litmus.shapes.cycles import Cycle, cycle_of
from litmus.shapes.relaxations import COMMUNICATIONS, READ, WRITE, Dialect, Relaxation, spelled
from litmus.shapes.words import read_relaxations

Path = tuple[Relaxation, ...]  # a relaxation, or a sequence that counts as one


def read_paths(text: str, dialect: Dialect, name: str = "<relaxations>") -> list[Path]:
    """The relaxations of a list, and its sequences in brackets.  `*` means every direction.

    Raises InputError at a word that is no relaxation, and for a sequence whose relaxations do not follow each other.
    """
    source = Source(name, text)
    found: list[Path] = []
    for match in re.finditer(r"\[([^\]]*)\]|[^\s,]+", text):
        if match[1] is None:
            span = Span(source, match.start(), match.end())
            found += [(r,) for r in read_relaxations(span, dialect)]
            continue
        start = match.start(1)
        words = re.finditer(r"[^\s,]+", match[1])
        steps = [read_relaxations(Span(source, start + w.start(), start + w.end()), dialect) for w in words]
        sequences = [path for path in product(*steps) if _leads_on(path)]
        if not sequences:
            raise InputError("these do not follow each other", Span(source, match.start(), match.end()))
        found += sequences
    if not found:
        raise InputError("no relaxations are given", hint="for example --relaxations Pod**,SyncdWW,DpAddrdR")
    return list(dict.fromkeys(found))


def _leads_on(path: Path) -> bool:
    return bool(path) and all(
        a.target == b.source and (a.after or b.before) == (b.before or a.after) for a, b in pairwise(path)
    )


def critical_cycles(threads: int, paths: Sequence[Path], dialect: Dialect) -> Iterator[Cycle]:
    """All critical cycles of two threads up to `threads` over `paths`, the shorter ones first.

    If there are external communications among the paths, only these are used; otherwise all communications are.
    Raises InputError for a path that no critical cycle has.
    """
    bodies, coms = _sorted_out(paths, dialect)
    seen: set[Cycle] = set()
    for number in range(2, threads + 1):
        for ring in _rings(number, bodies):
            for cycle in _closed(ring, coms, dialect):
                if cycle not in seen:
                    seen.add(cycle)
                    yield cycle


def variants(cycle: Cycle, paths: Sequence[Path], dialect: Dialect) -> Iterator[Cycle]:
    """The cycles of a shape, each once.  A thread of the shape takes every path that has the thread's directions.

    If no path has them, the thread stays as it is.  A thread that stays at one location also stays as it is.
    """
    bodies, coms = _sorted_out(paths, dialect)
    choices = []
    for thread in cycle.threads:
        fitting = [body for body in bodies if thread.steps and body[0].source + body[-1].target == thread.points]
        moves = any(not step.same for step in thread.steps)
        choices.append(fitting if fitting and moves else [thread.steps])
    seen: set[Cycle] = set()
    for ring in product(*choices):
        for found in _closed([body or None for body in ring], coms, dialect):
            if found not in seen:
                seen.add(found)
                yield found


# A ring has one item for each thread: its path, or None for a thread with a single access, which is a write.
Ring = Sequence[Path | None]


def _sorted_out(paths: Sequence[Path], dialect: Dialect) -> tuple[list[Path], list[Relaxation]]:
    """The paths inside threads, and the communications between threads.

    Raises InputError for a path that leaves its thread, and for one that stays at one location.
    """
    coms = [path[0] for path in paths if len(path) == 1 and path[0].external]
    bodies = [path for path in paths if not (len(path) == 1 and path[0].external)]
    for path in bodies:
        words = " ".join(spelled(r, dialect.plain) for r in path)
        if any(r.external for r in path):
            raise InputError(f"[{words}] leaves its thread")
        if all(r.same for r in path):
            hint = "a sequence such as [Rfi,PodRR] counts as one relaxation"
            raise InputError(f"{words} stays at one location, and no critical cycle has it alone", hint=hint)
    if not coms:
        coms = [Relaxation("communication", stem, s, t, True, True) for stem, (s, t) in COMMUNICATIONS.items()]
    return bodies, coms


def _rings(number: int, bodies: Sequence[Path]) -> Iterator[Ring]:
    """All rings, up to rotation.  In the order None, then `bodies`, the first item of a ring is the least one in it."""
    items: list[Path | None] = [None, *bodies]

    def extended(ring: list[int]) -> Iterator[Ring]:
        if len(ring) == number:
            if _follows(items[ring[-1]], items[ring[0]]) and sum(i > 0 for i in ring) > 1:
                yield [items[i] for i in ring]
            return
        for i in range(ring[0], len(items)):
            if _follows(items[ring[-1]], items[i]):
                yield from extended([*ring, i])

    for first in range(len(items)):
        yield from extended([first])


def _follows(path: Path | None, following: Path | None) -> bool:
    """Whether a communication can lead from the end of a thread to the start of another one.

    It cannot lead from a read to a read.  From a thread that only writes, it must lead to a read.
    """
    last = WRITE if path is None else path[-1].target
    first = WRITE if following is None else following[0].source
    return WRITE in (last, first) and (path is not None or first == READ)


def _closed(ring: Ring, coms: Sequence[Relaxation], dialect: Dialect) -> Iterator[Cycle]:
    """The cycles of a ring.  Between two threads, every communication is used that has the right directions."""
    between = []
    for body, following in zip(ring, [*ring[1:], ring[0]], strict=True):
        ends = (WRITE if body is None else body[-1].target), (WRITE if following is None else following[0].source)
        between.append([com for com in coms if (com.source, com.target) == ends])
    for chosen in product(*between):
        relaxations = [r for body, com in zip(ring, chosen, strict=True) for r in (*(body or ()), com)]
        try:
            yield cycle_of(relaxations, dialect)
        except Diagnostic:  # annotations that contradict each other
            continue
