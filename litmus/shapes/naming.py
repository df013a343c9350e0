"""Names: what the field calls a cycle, MP+lwsync+addr, and the cycles that its names of shapes stand for.

A name has three parts.  First comes the family, which depends on the directions of the first and the last access of
every thread.  Then comes what is inside each thread that has more than one access.  Last come the annotations of
the threads that have only one access.  Source: Maranget, Sarkar, Sewell, "A tutorial introduction to the ARM and
POWER relaxed memory models", 2012; Alglave, Maranget, "diy7 documentation", Test names.
"""

from __future__ import annotations

import re
from functools import lru_cache

from litmus.diagnostics import InputError, near
from litmus.shapes.cycles import Cycle, Thread, read_cycle
from litmus.shapes.dialects import dialect
from litmus.shapes.relaxations import COMMUNICATIONS, Relaxation, fence_name

# The shapes: name -> its cycle without fences and dependencies.
SHAPES = {
    # two threads
    "MP": "PodWW Rfe PodRR Fre",
    "SB": "PodWR Fre PodWR Fre",
    "LB": "PodRW Rfe PodRW Rfe",
    "R": "PodWW Coe PodWR Fre",
    "S": "PodWW Rfe PodRW Coe",
    "2+2W": "PodWW Coe PodWW Coe",
    # three threads
    "WRC": "Rfe PodRW Rfe PodRR Fre",
    "RWC": "Rfe PodRR Fre PodWR Fre",
    "WWC": "Rfe PodRW Rfe PodRW Coe",
    "WRW+WR": "Rfe PodRW Coe PodWR Fre",
    "WRR+2W": "Rfe PodRR Fre PodWW Coe",
    "WRW+2W": "Rfe PodRW Coe PodWW Coe",
    "ISA2": "PodWW Rfe PodRW Rfe PodRR Fre",
    "W+RWC": "PodWW Rfe PodRR Fre PodWR Fre",
    "Z6.0": "PodWW Rfe PodRW Coe PodWR Fre",
    "Z6.1": "PodWW Coe PodWW Rfe PodRW Coe",
    "Z6.2": "PodWW Rfe PodRW Rfe PodRW Coe",
    "Z6.3": "PodWW Coe PodWW Rfe PodRR Fre",
    "Z6.4": "PodWW Coe PodWR Fre PodWR Fre",
    "Z6.5": "PodWW Coe PodWW Coe PodWR Fre",
    "3.SB": "PodWR Fre PodWR Fre PodWR Fre",
    "3.LB": "PodRW Rfe PodRW Rfe PodRW Rfe",
    "3.2W": "PodWW Coe PodWW Coe PodWW Coe",
    # four threads
    "IRIW": "Rfe PodRR Fre Rfe PodRR Fre",
    "IRRWIW": "Rfe PodRR Fre Rfe PodRW Coe",
    "IRWIW": "Rfe PodRW Coe Rfe PodRW Coe",
    "4.SB": "PodWR Fre PodWR Fre PodWR Fre PodWR Fre",
    "4.LB": "PodRW Rfe PodRW Rfe PodRW Rfe PodRW Rfe",
    "4.2W": "PodWW Coe PodWW Coe PodWW Coe PodWW Coe",
}

# The shapes of one location, which coherence forbids.
COHERENCE_SHAPES = {
    "CoWW": "PosWW Coe",
    "CoWR0": "PosWR Fre",
    "CoRW1": "PosRW Rfe",
    "CoRR": "Rfe PosRR Fre",
    "CoRW2": "Rfe PosRW Coe",
    "CoWR": "Coe PosWR Fre",
}


def family(cycle: Cycle) -> str:
    """The name of a cycle's shape.  If the shape has none, the directions of its threads: `WW+RR+...`."""
    points = _points(cycle)
    if cycle.one_location and points in _families(True):
        return _families(True)[points]
    return _families(False).get(points, points)


@lru_cache(maxsize=2)
def _families(one_location: bool) -> dict[str, str]:
    """Points of the threads -> name."""
    shapes = COHERENCE_SHAPES if one_location else SHAPES
    cycles = {name: read_cycle(text, dialect("C")) for name, text in shapes.items()}
    return {_points(cycle): name for name, cycle in cycles.items()}


def _points(cycle: Cycle) -> str:
    return "+".join(thread.points for thread in cycle.threads)


def name_of(cycle: Cycle) -> str:
    """The name of the test of a cycle."""
    inside = [_thread_name(thread, cycle.plain) for thread in cycle.threads if thread.steps]
    if len(set(inside)) == 1:
        first = inside[0]
        if first == "po" or (first == "pos" and len(inside) == 1):
            inside = []
        elif len(inside) > 1:
            inside = [first + "s"]
    alone = [thread.leaving.before or cycle.plain for thread in cycle.threads if not thread.steps]
    marked = any(thread.leaving.before for thread in cycle.threads if not thread.steps)
    return "+".join([family(cycle), *inside, *(["".join(alone)] if marked else [])])


def _thread_name(thread: Thread, plain: str) -> str:
    return "-".join(_step_name(r, plain) for r in thread.steps)


def _step_name(r: Relaxation, plain: str) -> str:
    """The relaxation in small letters, without its directions: the family already tells these."""
    place = "s" if r.same else ""
    match r.kind:
        case "program order":
            name = "po" + place
        case "communication":
            name = r.stem.lower() + "i"
        case _:
            name = fence_name(r.stem).lower() + place
    if r.before is None and r.after is None:
        return name
    return name + (r.before or plain).lower() + (r.after or plain).lower()


def shape(name: str) -> str:
    """The cycle that is meant by a shape's name, or by the directions of its threads (`W+RR+WR+WR`).

    Raises InputError, with names that are similar, if there is no such shape.
    """
    known = {**SHAPES, **COHERENCE_SHAPES}
    folded = {word.lower(): word for word in known}
    if name.lower() in folded:
        return known[folded[name.lower()]]
    if re.fullmatch(r"(?:W|[RW]{2})(?:\+(?:W|[RW]{2}))+", name):
        return _cycle_of_points(name.split("+"))
    raise InputError(f"there is no shape {name}", hint=near(name, known) or "shapes are " + ", ".join(known))


def pair_shape(name: str) -> Cycle:
    """The cycle in C of a shape for a pair of primitives: at least two of its threads have two accesses.

    Raises InputError if there is no such shape, if it has one location only, or if it has fewer such threads.
    """
    cycle = read_cycle(shape(name), dialect("C"))
    if cycle.one_location or sum(bool(thread.steps) for thread in cycle.threads) < 2:
        raise InputError(f"{name} has not two threads that access two locations each")
    return cycle


def _cycle_of_points(points: list[str]) -> str:
    """The cycle whose threads have these directions.  They decide the communications between threads.

    Raises InputError for a read that follows a read, because two reads do not communicate.
    """
    coms = {(source, target): f"{stem}e" for stem, (source, target) in COMMUNICATIONS.items()}
    words = []
    for here, following in zip(points, [*points[1:], points[0]], strict=True):
        words += [f"Pod{here}"] * (len(here) == 2)
        com = coms.get((here[-1], following[0]))
        if com is None:
            raise InputError(f"there is no shape {'+'.join(points)}: {here} ends, and {following} begins, with a read")
        words.append(com)
    return " ".join(words)
