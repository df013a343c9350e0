"""The witness in words: what each thread did, in which order memory took the writes, and the cycle
of steps that no sequential machine would take.

An execution is sequential iff po | rf | co | fr is acyclic (Shasha and Snir, TOPLAS 1988; "Herding
cats", TOPLAS 2014, figure 21).  If it is not, a shortest cycle is what the reader has to understand.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

from litmus.diagnostics import Span
from litmus.engine.answer import Execution
from litmus.program.code import Program
from litmus.program.graph import INITIAL, Event
from litmus.program.values import Address, Value, spell

if TYPE_CHECKING:
    from litmus.oracle.story import Story

# What an edge says about the later event, after "before ...".
BECAUSE = {
    "po": "by program order",
    "rf": "which reads it",
    "co": "which overwrites it",
    "fr": "which overwrites what was read",
}

SOURCE_WIDTH = 48  # characters of a source line shown beside an event


def threads(execution: Execution) -> list[str]:
    """The events of every thread in program order, with the origin of what they read and their line in the source."""
    shown = _Shown(execution)
    rows = [[row for event in order if (row := shown.row(event)) is not None] for order in execution.order]
    width = max((len(what) for thread in rows for what, _, source in thread if source), default=0)
    beside = max((len(origin) for thread in rows for _, origin, _ in thread), default=0)
    lines = []
    for number, thread in enumerate(rows):
        lines.append(f"P{number}")
        lines += [f"  {what:{width}}  {origin:{beside}}  {source}".rstrip() for what, origin, source in thread]
    return lines


def exchanged(execution: Execution) -> list[str]:
    """What the compiler has exchanged: a line for each two neighbours that are not in the order of the text."""
    shown = _Shown(execution)
    lines = []
    for order in execution.order:
        own = [e for e in order if e not in shown.block_of]
        for first, second in pairwise(own):
            if second < first:
                lines.append(f"{shown.step(first)} stands before {shown.step(second)}")
    return lines


def memory(execution: Execution) -> list[str]:
    """For each location, the writes in the order in which memory took them."""
    shown = _Shown(execution)
    lines = []
    for writes in execution.co:
        if len(writes) < 2 or shown.is_message(writes[0]):
            continue
        first, *later = writes
        steps = [spell(execution.values[first])]
        steps += [f"{spell(execution.values[w])} by {shown.by(w)}" for w in later]
        lines.append(f"{shown.location(first)}: " + ", then ".join(steps))
    return lines


def cycle(execution: Execution) -> list[str]:
    """A shortest cycle of po | rf | co | fr as one sentence, with a line for each step; [] if there is no cycle."""
    steps = shortest_cycle(execution)
    if not steps:
        return []
    shown = _Shown(execution)
    lines = [shown.step(steps[0][0])]
    for (_, relation), (event, _) in zip(steps, steps[1:] + steps[:1], strict=True):
        again = " again" if event == steps[0][0] else ""
        lines.append(f"  before {shown.step(event)}{again}, {BECAUSE[relation]}")
    return [line + end for line, end in zip(lines, ["", *[","] * (len(lines) - 2), "."], strict=True)]


def interleaving(execution: Execution, story: Story | None) -> list[str]:
    """The accesses in the order of the execution's story, one on each line.

    The line of an access that is out of program order says so.
    """
    if story is None:
        return ["there is no order of them that the model allows: threads do not agree on what happened first"]
    shown = _Shown(execution)
    lines: list[str] = []
    over = {
        last: f", over {shown.moment(second)}, which P{execution.graph.events[last].thread} has not seen"
        for _, second, last in story.overwritten()
    }
    for step in story.steps:
        if step.reader is not None:
            if step.reader in story.unseen(step.event):
                lines.append(f"{shown.moment(step.event)} becomes visible to P{step.reader}")
            continue
        overtaken = " and ".join(map(shown.earlier, story.overtaken(step.event)))
        lines.append(
            shown.moment(step.event)
            + over.get(step.event, "")
            + (f", out of order: before {overtaken}" if overtaken else "")
        )
    return lines


def shortest_cycle(execution: Execution) -> list[tuple[int, str]]:
    """The events of a shortest cycle, each with the relation that leads to the next one."""
    after = _successors(execution)
    union: dict[int, int] = {}
    for rows in after.values():
        for event, row in rows.items():
            union[event] = union.get(event, 0) | row
    best: list[int] = []
    for start in sorted(union):
        path = _path_back(start, union, len(best))
        if path and (not best or len(path) < len(best)):
            best = path
    pairs = zip(best, best[1:] + best[:1], strict=True)
    return [(a, next(name for name, rows in after.items() if rows.get(a, 0) >> b & 1)) for a, b in pairs]


def _successors(execution: Execution) -> dict[str, dict[int, int]]:
    """po, rf, co and fr between reads and writes that execute, as bit rows, without initial writes."""
    events = execution.graph.events
    po: dict[int, int] = {}
    for order in execution.order:
        later = 0
        for event in reversed(order):
            if events[event].kind != "F":
                po[event] = later
                later |= 1 << event
    co: dict[int, int] = {}
    overwriters: dict[int, int] = {}
    for writes in execution.co:
        later = 0
        for write in reversed(writes):
            overwriters[write] = overwriters.get(write, 0) | later
            if events[write].thread != INITIAL:
                co[write] = overwriters[write]
                later |= 1 << write
    rf: dict[int, int] = {}
    fr: dict[int, int] = {}
    for read, write in execution.rf.items():
        fr[read] = overwriters.get(write, 0) & ~(1 << read)
        if events[write].thread != INITIAL:
            rf[write] = rf.get(write, 0) | 1 << read
    return {"po": po, "rf": rf, "co": co, "fr": fr}


def _path_back(start: int, after: dict[int, int], limit: int) -> list[int]:
    """A shortest path from `start` back to `start`, which is listed once; [] if there is none shorter than `limit`."""
    parents: dict[int, int] = {}
    frontier = [start]
    seen = 0
    depth = 0
    while frontier:
        depth += 1
        if limit and depth >= limit:
            return []
        following = []
        for event in frontier:
            row = after.get(event, 0)
            if row >> start & 1:
                path = [event]
                while path[-1] != start:
                    path.append(parents[path[-1]])
                return path[::-1]
            new = row & ~seen
            seen |= new
            while new:
                low = new & -new
                new ^= low
                parents[low.bit_length() - 1] = event
                following.append(low.bit_length() - 1)
        frontier = following
    return []


class _Shown:
    """How the events of one execution are named."""

    def __init__(self, execution: Execution) -> None:
        self.execution = execution
        self.events = execution.graph.events
        self.block_of = {
            event.number: number
            for number, block in enumerate(execution.graph.blocks)
            for event in self.events
            if block.events >> event.number & 1
        }
        # Calls that send messages: all events of such a call are shown as one thing, the call.
        self.calls = {
            _place(event.span)
            for event in self.events
            if event.span is not None and self.is_message(event.number) and event.number not in self.block_of
        }
        self.announced: set[tuple[int, object]] = set()

    def row(self, number: int) -> tuple[str, str, str] | None:
        """What an event did, where its value came from, and its source line; None if it was shown before."""
        event = self.events[number]
        block = self.block_of.get(number)
        place = _place(event.span)
        if block is not None or place in self.calls:
            key = (event.thread, place if block is None else block)
            if key in self.announced:
                return None
            self.announced.add(key)
            if block is None:
                return self._call(event), "", _source(event.span)
            return f"[{self._call(event)} of {self._caller(event)} lands here]", "", ""
        if event.kind == "F":
            return f"F {' '.join(sorted(event.tags))}".rstrip(), "", _source(event.span)
        origin = self._origin(self.execution.rf[number]) if event.kind == "R" else ""
        return self.access(number), origin, _source(event.span)

    def access(self, number: int) -> str:
        """`R y=1`."""
        return f"{self.events[number].kind} {self.location(number)}={spell(self.execution.values[number])}"

    def location(self, number: int) -> str:
        """`x`, `t[1]`."""
        return _location(self.execution.graph.program, self.execution.addresses[number])

    def is_message(self, number: int) -> bool:
        """Whether an event is part of the working of a call, and not something that the test's author wrote."""
        address = self.execution.addresses.get(number)
        return isinstance(address, Address) and address.base.startswith("~")

    def by(self, number: int) -> str:
        """`P0 (line 5)`."""
        event = self.events[number]
        return f"P{event.thread}{_line(event.span)}"

    def step(self, number: int) -> str:
        """`P0's W x=1 (line 5)`, or the call that the event belongs to."""
        event = self.events[number]
        if number in self.block_of:
            return f"the {self._call(event)} of {self._caller(event)} in P{event.thread}"
        if _place(event.span) in self.calls:
            return f"P{event.thread}'s {self._call(event)}{_line(event.span)}"
        return f"P{event.thread}'s {self.access(number)}{_line(event.span)}"

    def moment(self, number: int) -> str:
        """`P0's W x=1 (line 5)`.  For an access to a message, what it means.

        `P0's sys_membarrier() (line 5) sends its message to P1`, or `... sees that it has run in P1`; in the block of
        the call, `... lands in P1`, or `... has run in P1`.
        """
        event = self.events[number]
        if not self.is_message(number):
            return f"P{event.thread}'s {self.access(number)}{_line(event.span)}"
        address = self.execution.addresses[number]
        there = next(f"P{self.events[e].thread}" for e in self.block_of if self.execution.addresses.get(e) == address)
        if number in self.block_of:
            what = f"the {self._call(event)} of {self._caller(event)}"
            return f"{what} lands in {there}" if event.kind == "R" else f"{what} has run in {there}"
        what = f"P{event.thread}'s {self._call(event)}{_line(event.span)}"
        return (
            f"{what} sends its message to {there}" if event.kind == "W" else f"{what} sees that it has run in {there}"
        )

    def earlier(self, number: int) -> str:
        """`W x=1 (line 5)`, for a reader who knows the thread."""
        if self.is_message(number):
            return self.moment(number)
        return f"{self.access(number)}{_line(self.events[number].span)}"

    def _origin(self, write: int) -> str:
        event = self.events[write]
        if event.thread == INITIAL:
            return "from the initial state"
        return f"from P{event.thread}'s write{_line(event.span)}"

    def _call(self, event: Event) -> str:
        text = event.span.text.strip().rstrip(";") if event.span else ""
        return " ".join(text.split()) or "block"

    def _caller(self, event: Event) -> str:
        place = _place(event.span)
        callers = {e.thread for e in self.events if _place(e.span) == place and e.number not in self.block_of}
        return f"P{callers.pop()}" if len(callers) == 1 else "another thread"


def _place(span: Span | None) -> tuple[int, int] | None:
    return (span.start, span.end) if span else None


def _line(span: Span | None) -> str:
    return f" (line {span.source.position(span.start)[0]})" if span else ""


def _source(span: Span | None) -> str:
    """`5: mov [x],$1`."""
    if span is None:
        return ""
    text = " ".join(span.text.split())
    if len(text) > SOURCE_WIDTH:
        text = text[: SOURCE_WIDTH - 3] + "..."
    return f"{span.source.position(span.start)[0]}: {text}"


def _location(program: Program, address: Value) -> str:
    if isinstance(address, Address):
        variable = program.variables.get(address.base)
        if variable is not None and len(variable.cells) > 1 and address.offset % variable.size == 0:
            return f"{address.base}[{address.offset // variable.size}]"
    return spell(address)
