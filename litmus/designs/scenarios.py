"""Scenarios: who does what while a design is at work.

A scenario is a shape, two of its threads, one as the caller of membarrier and one as T, and a side: where T is
switched.  The caller's two accesses have the call between them, T's only barrier(); all further threads with
two accesses have smp_mb().  What the shape asks for is what the promise forbids.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import permutations
from typing import Literal

from msgspec import Struct
from msgspec.structs import replace

from litmus.designs.syntax import SIDES
from litmus.diagnostics import InputError, Source, Span, near
from litmus.membarrier.dressing import BARRIER, FULL, dressed, in_c
from litmus.shapes.cycles import Cycle, read_cycle
from litmus.shapes.dialects import dialect
from litmus.shapes.events import Access, Events, events_of
from litmus.shapes.naming import family, pair_shape, shape
from litmus.shapes.relaxations import READ

CALL = "sys_membarrier"
ONE_CPU, OLD_CPU, NEW_CPU = "cpu(T)", "cpu(old)", "cpu(new)"

# What a hardware thread does: an access; the barriers of the other threads; the call; T's switches, and its way from
# one CPU to another.
Deed = Literal["access", "barrier", "smp_mb", "membarrier", "switch_out", "switch_in", "leave", "arrive"]

# What T does on each side; a: its first access, b: its second.
DEEDS: dict[str, tuple[Deed | Literal["a", "b"], ...]] = {
    "RUN": ("a", "barrier", "b"),
    "OUT": ("a", "barrier", "b", "switch_out"),
    "IN": ("switch_in", "a", "barrier", "b"),
    "MID": ("a", "switch_out", "switch_in", "b"),
}
MOVING: tuple[tuple[Deed | Literal["a", "b"], ...], ...] = (
    ("a", "switch_out", "leave"),
    ("arrive", "switch_in", "b"),
)

SPELLED = {
    "barrier": "barrier();",
    "smp_mb": "smp_mb();",
    "membarrier": "membarrier",
    "switch_out": "switch_out",
    "switch_in": "switch_in",
    "leave": "// the thread moves to another cpu: store-release",
    "arrive": "// load-acquire",
}
RUNNING = {
    "RUN": "runs",
    "OUT": "is switched out after its accesses",
    "IN": "is switched in before its accesses",
    "MID": "is switched out and in between its accesses",
}


class Step(Struct, frozen=True):
    """One thing that a hardware thread does, and where the scenario's text says so."""

    deed: Deed
    access: Access | None
    span: Span


class Scenario(Struct, frozen=True):
    """Threads, the last of them T's second CPU if T migrates, and the final values that are asked for.

    promise: the cycle with sys_membarrier() in place of the design; its outcome is the scenario's.
    cpus: those that T runs on, in the order in which a caller looks at them.
    """

    shape: str
    side: str
    caller: int
    target: int
    cpus: tuple[str, ...]
    threads: tuple[tuple[Step, ...], ...]
    final: tuple[tuple[str, int], ...]
    source: Source
    promise: Cycle
    titles: tuple[str, ...]
    listed: bool = False  # the text has the design's blocks, and places in them are places in it

    @property
    def roles(self) -> str:
        """`caller=P1 T=P0`."""
        return _roles(self.caller, self.target)

    @property
    def title(self) -> str:
        """The shape, and which of its threads is T: `MP, T=WW`."""
        return f"{self.shape}, T={self.directions(self.target)}"

    def directions(self, thread: int) -> str:
        """The directions of a thread's accesses, `WR`; T's on both its CPUs."""
        moved = self.threads[-1] if thread == self.target and len(self.cpus) > 1 else ()
        return "".join(s.access.direction for s in (*self.threads[thread], *moved) if s.access is not None)

    def cpu_thread(self, cpu: str) -> int:
        """The hardware thread that a CPU of T's is."""
        return len(self.threads) - 1 if cpu == NEW_CPU else self.target

    def listing(self, blocks: Mapping[str, str]) -> Scenario:
        """The same with the texts of the blocks, `{ ... }` by keyword, in its own text."""
        plans = [[(step.deed, step.access) for step in steps] for steps in self.threads]
        source, threads = _written(self.source.name, self.titles, plans, self.final, blocks)
        return replace(self, source=source, threads=threads, listed=True)

    def starts_on(self, cpu: str) -> bool:
        """Whether T runs on a CPU at the start."""
        return self.side != "IN" and cpu != NEW_CPU


class Family(Struct, frozen=True):
    """The scenarios that differ in side and CPUs only."""

    shape: str
    events: Events
    caller: int
    target: int
    promise: Cycle

    @property
    def roles(self) -> str:
        """Those of its scenarios."""
        return _roles(self.caller, self.target)

    def scenarios(self, sides: Iterable[str], migrates: bool) -> Iterator[Scenario]:
        """Those of the sides; of a T that migrates, one for each order in which a caller may look at its CPUs."""
        for side in sides:
            if migrates and side == "MID":
                yield self._scenario(side, (OLD_CPU, NEW_CPU))
                yield self._scenario(side, (NEW_CPU, OLD_CPU))
            else:
                yield self._scenario(side, (ONE_CPU,))

    def _scenario(self, side: str, cpus: tuple[str, ...]) -> Scenario:
        plans = [self._deeds(t, side) for t in range(len(self.events.threads))]
        titles = [self._title(t, side) for t in range(len(plans))]
        if len(cpus) > 1:
            plans[self.target], moved = ([*map(self._deed_of_target, part)] for part in MOVING)
            plans.append(moved)
            titles.append(f"P{len(titles)}: T's new cpu")
        final = self.events.outcome.locations
        name = f"{self.shape} {side} {self.roles}"
        source, threads = _written(name, titles, plans, final, {})
        return Scenario(
            self.shape, side, self.caller, self.target, cpus, threads, final, source, self.promise, tuple(titles)
        )

    def _title(self, thread: int, side: str) -> str:
        if thread == self.caller:
            return f"P{thread}: the caller"
        return f"P{thread}: T, which {RUNNING[side]}" if thread == self.target else f"P{thread}"

    def _deeds(self, thread: int, side: str) -> list[tuple[Deed, Access | None]]:
        if thread == self.target:
            return [self._deed_of_target(deed) for deed in DEEDS[side]]
        between: Deed = "membarrier" if thread == self.caller else "smp_mb"
        deeds: list[tuple[Deed, Access | None]] = []
        for access in self.events.threads[thread]:
            if access.step is not None:
                deeds.append((between, None))
            deeds.append(("access", access))
        return deeds

    def _deed_of_target(self, deed: Deed | Literal["a", "b"]) -> tuple[Deed, Access | None]:
        first, second = self.events.threads[self.target]
        if deed == "a":
            return "access", first
        return ("access", second) if deed == "b" else (deed, None)


def _roles(caller: int, target: int) -> str:
    return f"caller=P{caller} T=P{target}"


def families(shapes: Iterable[str]) -> list[Family]:
    """All ways to choose a caller and T in shapes, each test once.

    Raises InputError for a shape that does not exist or that has not two threads with two accesses.
    """
    found: dict[Cycle, Family] = {}
    of = dialect("C")
    dress = {name: in_c(name) for name in (CALL, BARRIER, FULL)}
    for name in shapes:
        cycle = pair_shape(name)
        double = [t for t, thread in enumerate(cycle.threads) if thread.steps]
        for target, caller in permutations(double, 2):
            names = {caller: CALL, target: BARRIER}
            dresses = [dress[names.get(t, FULL)] if t in double else None for t in range(len(cycle.threads))]
            promise = dressed(dresses, [thread.leaving for thread in cycle.threads], of)
            found.setdefault(promise, Family(name, events_of(cycle), caller, target, promise))
    return list(found.values())


def read_scenarios(words: Iterable[str]) -> tuple[list[str], list[str]]:
    """The shapes and the sides that words such as `MP`, `OUT` name, each once; all sides if none is named.

    Raises InputError for a word that is neither.
    """
    sides: dict[str, None] = {}
    shapes: dict[str, None] = {}
    for word in words:
        if word.upper() in SIDES:
            sides[word.upper()] = None
            continue
        try:
            cycle = read_cycle(shape(word), dialect("C"))
        except InputError as error:
            raise InputError(error.message, hint=near(word, SIDES) or error.hint) from None
        shapes[family(cycle)] = None
    return list(shapes), list(sides or SIDES)


def _written(
    name: str,
    titles: Sequence[str],
    plans: Sequence[Sequence[tuple[Deed, Access | None]]],
    final: tuple[tuple[str, int], ...],
    blocks: Mapping[str, str],
) -> tuple[Source, tuple[tuple[Step, ...], ...]]:
    """The text of a scenario, and its threads with where each deed stands in it."""
    text = ""
    places: list[list[tuple[int, int]]] = []
    for title, plan in zip(titles, plans, strict=True):
        text += f"{title}\n"
        places.append([])
        reads = 0
        for deed, access in plan:
            line, comment = SPELLED.get(deed, ""), ""
            if deed in blocks:
                line += f" {blocks[deed]}"
            if access is not None and access.direction == READ:
                line, comment = f"r{reads} = READ_ONCE({access.location});", f"  // {access.value}"
                reads += 1
            elif access is not None:
                line = f"WRITE_ONCE({access.location}, {access.value});"
            text += "\t"
            places[-1].append((len(text), len(text) + len(line)))
            text += f"{line}{comment}\n"
    if final:
        text += "in the end " + ", ".join(f"{x}={v}" for x, v in final) + "\n"
    source = Source(name, text)
    return source, tuple(
        tuple(Step(deed, access, Span(source, a, b)) for (deed, access), (a, b) in zip(plan, here, strict=True))
        for plan, here in zip(plans, places, strict=True)
    )
