"""Scenarios: who does what while a design is at work.

A scenario has a shape, two of its threads (one is the caller of membarrier, the other is T), and a side, which says
where T is switched.  Between the caller's two accesses is the call, between T's two accesses is only barrier().  All
other threads with two accesses have smp_mb() between them.  The promise forbids the outcome of the shape.

`SHAPE+cut` asks for the order between T's accesses before the call and those after it.  T and a thread B have the
shape.  T has two more accesses in the middle.  The caller's accesses put the first of these before the call and the
second after it:

    A: z=1; call; r=v (0)      T: x=1; r=z (0); v=1; r=y (0)      B: y=1; smp_mb(); r=x (0)      (SB+cut)

`SHAPE+data` (addr, ctrl) is the shape with a dependency between T's accesses.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import permutations, zip_longest
from typing import Literal

from msgspec import Struct
from msgspec.structs import replace

from litmus.designs.syntax import SIDES
from litmus.diagnostics import InputError, Source, Span, near
from litmus.ordering.dressing import BARRIER, FULL, Dress, dressed, in_c
from litmus.ordering.table import shapes_of
from litmus.shapes.cycles import Cycle, read_cycle
from litmus.shapes.dialects import dialect
from litmus.shapes.events import Access, Events, Outcome, events_of
from litmus.shapes.naming import family, pair_shape, shape
from litmus.shapes.relaxations import READ, WRITE

CALL = "sys_membarrier"
ONE_CPU, OLD_CPU, NEW_CPU = "cpu(T)", "cpu(old)", "cpu(new)"

# What a hardware thread does: an access; the barriers of T and of the other threads; the call; T's switches; T's move
# from one CPU to another.
Deed = Literal["access", "barrier", "smp_mb", "membarrier", "switch_out", "switch_in", "leave", "arrive"]

CUT = "cut"
BEFORE, AFTER = "z", "v"  # what T reads before the call and writes after it
CUTS = tuple(f"{shape}+{CUT}" for shape in ("SB", "MP", "LB"))  # T: write, read; two writes or two reads; read, write
DEPENDENCIES = ("addr", "data", "ctrl")

# What T does on each side.  a: its accesses before the place where the call may be.  b: its accesses after that place.
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
    """One thing that a hardware thread does, and its place in the scenario's text."""

    deed: Deed
    access: Access | None
    span: Span

    @property
    def dependency(self) -> str | None:
        """How the access depends on the read before it: `addr`, `data`, `ctrl`."""
        return _dependency(self.access)


class Scenario(Struct, frozen=True):
    """A scenario: its threads, and the final values that are asked for.  If T migrates, the last thread is T's new CPU.

    cpus: the CPUs on which T runs, in the order in which a caller looks at them.
    """

    shape: str
    side: str
    caller: int
    target: int
    cpus: tuple[str, ...]
    threads: tuple[tuple[Step, ...], ...]
    final: tuple[tuple[str, int], ...]
    source: Source
    titles: tuple[str, ...]
    listed: bool = False  # whether the text contains the design's blocks; then their places are places in this text

    @property
    def roles(self) -> str:
        """`caller=P1 T=P0`."""
        return _roles(self.caller, self.target)

    @property
    def title(self) -> str:
        """The shape, and which of its threads is T: `MP, T=WW`."""
        return f"{self.shape}, T={self.directions(self.target)}"

    def directions(self, thread: int) -> str:
        """The directions of a thread's accesses, `WR`.  For T, those on both its CPUs."""
        moved = self.threads[-1] if thread == self.target and len(self.cpus) > 1 else ()
        return "".join(s.access.direction for s in (*self.threads[thread], *moved) if s.access is not None)

    def cpu_thread(self, cpu: str) -> int:
        """The number of the hardware thread that stands for a CPU of T."""
        return len(self.threads) - 1 if cpu == NEW_CPU else self.target

    def listing(self, blocks: Mapping[str, str]) -> Scenario:
        """The same scenario, with the texts of the blocks in its own text.  `blocks`: keyword -> `{ ... }`."""
        plans = [[(step.deed, step.access) for step in steps] for steps in self.threads]
        source, threads = _written(self.source.name, self.titles, plans, self.final, blocks)
        return replace(self, source=source, threads=threads, listed=True)

    def starts_on(self, cpu: str) -> bool:
        """Whether T runs on a CPU at the start."""
        return self.side != "IN" and cpu != NEW_CPU


class Family(Struct, frozen=True):
    """Scenarios that differ only in the side and in the CPUs.

    events: the accesses, with sys_membarrier() in place of the design.  Their outcome is that of the scenarios.
    place: how many of T's accesses come before the switch on the side MID.
    """

    shape: str
    events: Events
    caller: int
    target: int
    place: int

    @property
    def roles(self) -> str:
        """The roles of its scenarios: `caller=P1 T=P0`."""
        return _roles(self.caller, self.target)

    def scenarios(self, sides: Iterable[str], migrates: bool) -> Iterator[Scenario]:
        """The scenarios of the sides.

        If T migrates, MID has one scenario for each order in which a caller may look at T's CPUs.
        """
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
            plans[self.target], moved = (self._deeds_of_target(part) for part in MOVING)
            plans.append(moved)
            titles.append(f"P{len(titles)}: T's new cpu")
        final = self.events.outcome.locations
        name = f"{self.shape} {side} {self.roles}"
        source, threads = _written(name, titles, plans, final, {})
        return Scenario(self.shape, side, self.caller, self.target, cpus, threads, final, source, tuple(titles))

    def _title(self, thread: int, side: str) -> str:
        if thread == self.caller:
            return f"P{thread}: the caller"
        return f"P{thread}: T, which {RUNNING[side]}" if thread == self.target else f"P{thread}"

    def _deeds(self, thread: int, side: str) -> list[tuple[Deed, Access | None]]:
        if thread == self.target:
            return self._deeds_of_target(DEEDS[side])
        between: Deed = "membarrier" if thread == self.caller else "smp_mb"
        deeds: list[tuple[Deed, Access | None]] = []
        for access in self.events.threads[thread]:
            if access.step is not None:
                deeds.append((between, None))
            deeds.append(("access", access))
        return deeds

    def _deeds_of_target(self, part: Iterable[Deed | Literal["a", "b"]]) -> list[tuple[Deed, Access | None]]:
        accesses = self.events.threads[self.target]
        groups = {"a": accesses[: self.place], "b": accesses[self.place :]}
        deeds: list[tuple[Deed, Access | None]] = []
        for deed in part:
            if deed == "a" or deed == "b":
                for number, access in enumerate(groups[deed]):
                    if number:
                        deeds.append(("barrier", None))
                    deeds.append(("access", access))
            else:
                deeds.append((deed, None))
        return deeds


def _roles(caller: int, target: int) -> str:
    return f"caller=P{caller} T=P{target}"


def default_shapes() -> tuple[str, ...]:
    """The shapes for which the designs' files state expectations."""
    return (*shapes_of(2), *CUTS)


def families(shapes: Iterable[str]) -> list[Family]:
    """All ways to choose a caller and T in the shapes, each test once.

    Raises InputError for a shape that does not exist, for one without two threads that have two accesses, for one in
    which T's accesses cannot have the dependency, and for a `+cut` of a shape with more than two threads.
    """
    found: dict[tuple[Cycle, bool], Family] = {}
    for name in shapes:
        base, how = _parts(name)
        cycle = pair_shape(base)
        double = [t for t, thread in enumerate(cycle.threads) if thread.steps]
        pairs = list(permutations(double, 2))
        if how in DEPENDENCIES:
            pairs = [(t, caller) for t, caller in pairs if _depends(cycle, t, how)]
            if not pairs:
                raise InputError(f"{base} has no thread in which {how} can lead from a read to another access")
        if how == CUT and len(cycle.threads) > 2:
            raise InputError(f"{name}: the shape has {len(cycle.threads)} threads", hint=f"for example MP+{CUT}")
        for target, other in pairs:
            names = {target: BARRIER} if how == CUT else {other: CALL, target: how or BARRIER}
            dresses = [_dress(names.get(t, FULL)) if t in double else None for t in range(len(cycle.threads))]
            test = dressed(dresses, [thread.leaving for thread in cycle.threads], dialect("C"))
            events = _stepped(events_of(cycle), dresses)
            one = _cut(name, events, target) if how == CUT else Family(name, events, other, target, 1)
            found.setdefault((test, how == CUT), one)
    return list(found.values())


def _depends(cycle: Cycle, thread: int, how: str) -> bool:
    (step,) = cycle.threads[thread].steps
    return step.source == READ and (how != "data" or step.target == WRITE)


def _stepped(events: Events, dresses: Sequence[Dress | None]) -> Events:
    """The accesses, with the primitives of `dresses` between them."""
    threads = [
        accesses if dress is None else (accesses[0], replace(accesses[1], step=dress(*(a.direction for a in accesses))))
        for accesses, dress in zip_longest(events.threads, dresses)
    ]
    return Events(tuple(threads), events.outcome)


def _dress(name: str) -> Dress:
    found = in_c(name)
    assert found is not None, "these are primitives of C"
    return found


def _cut(name: str, events: Events, target: int) -> Family:
    """A family of `SHAPE+cut`: the shape is between T and another thread, and the caller is one more thread.

    T has two more accesses in the middle.  The caller's two accesses are to the locations of these.
    """
    first, second = events.threads[target]
    between = _dress(BARRIER)
    before, after = BEFORE, AFTER
    mine = (
        first,
        Access(READ, before, 0, None, between(first.direction, READ)),
        Access(WRITE, after, 1, None, between(READ, WRITE)),
        replace(second, step=between(WRITE, second.direction)),
    )
    callers = (Access(WRITE, before, 1, None, None), Access(READ, after, 0, None, _dress(CALL)(WRITE, READ)))
    threads = tuple(mine if t == target else thread for t, thread in enumerate(events.threads))
    caller = len(threads)
    moved = [(t, 3 if t == target and n == 1 else n) for t, n in events.outcome.reads]
    reads = (*moved, (target, 1), (caller, 1))
    return Family(name, Events((*threads, callers), Outcome(events.outcome.locations, reads)), caller, target, 2)


def _parts(name: str) -> tuple[str, str | None]:
    """`SB+cut`: SB and cut; `MP`: MP and None."""
    base, plus, how = name.rpartition("+")
    return (base, how) if plus and how in (CUT, *DEPENDENCIES) else (name, None)


def _dependency(access: Access | None) -> str | None:
    step = access.step if access is not None else None
    return dialect("C").dependencies[step.stem].through if step is not None and step.kind == "dependency" else None


def read_scenarios(words: Iterable[str]) -> tuple[list[str], list[str]]:
    """The shapes and the sides that words such as `MP`, `SB+cut`, `OUT` name, each once.

    If no side is named, all sides are meant.  Raises InputError for a word that names neither a shape nor a side.
    """
    sides: dict[str, None] = {}
    shapes: dict[str, None] = {}
    for word in words:
        if word.upper() in SIDES:
            sides[word.upper()] = None
            continue
        base, how = _parts(word)
        try:
            cycle = read_cycle(shape(base), dialect("C"))
        except InputError as error:
            raise InputError(error.message, hint=near(word, SIDES) or error.hint) from None
        shapes[family(cycle) + (f"+{how}" if how else "")] = None
    return list(shapes), list(sides or SIDES)


def _written(
    name: str,
    titles: Sequence[str],
    plans: Sequence[Sequence[tuple[Deed, Access | None]]],
    final: tuple[tuple[str, int], ...],
    blocks: Mapping[str, str],
) -> tuple[Source, tuple[tuple[Step, ...], ...]]:
    """The text of a scenario, and its threads.  Every deed has its place in the text."""
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
            if access is not None:
                line = _spelled(access, reads)
                if access.direction == READ:
                    comment = f"  // {access.value}"
                    reads += 1
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


def _spelled(access: Access, reads: int) -> str:
    """An access as a line of C.  `reads`: how many reads of the thread come before it."""
    place, value = access.location, str(access.value)
    how, read = _dependency(access), f"r{reads - 1}"
    if how == "addr":
        place = f"*(&{place} + ({read} ^ {read}))"
    if how == "data":
        value = f"({read} ^ {read}) + {value}"
    line = f"r{reads} = READ_ONCE({place});" if access.direction == READ else f"WRITE_ONCE({place}, {value});"
    return f"if ({read} == {read}) {line}" if how == "ctrl" else line
