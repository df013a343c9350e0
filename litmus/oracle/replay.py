"""Replays: the path of the code that an execution shows.

It is found by walking through the code (litmus.oracle.walk) with the values that the reads returned.  Nothing is known
of an execution but what its record says: its events, their order, rf, and values.  Where a condition is known from what
was read, the walk goes that way; where it is free, both ways are tried.  Every event that the walk meets must be the
next one of the execution.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from msgspec import Struct
from msgspec.structs import replace

from litmus.engine.answer import Execution
from litmus.oracle.executions import Code, Taken, evaluated, is_message, together
from litmus.oracle.paths import Event, Pair
from litmus.program.graph import INITIAL
from litmus.program.values import Address, Expr, Value
from litmus.relation.rows import bits

ELSEWHERE = "no way through the program has these events in this order"
CUT = "a loop was cut at its bound"


class Unfit(Exception):
    """The execution does not show the path that is being walked.  The message says why."""


class Replay(Struct, frozen=True):
    """A path through the program that an execution shows.  messages: what its messages are called there."""

    taken: Taken
    messages: Mapping[Address, Value]


def replays(code: Code, execution: Execution) -> Iterator[Replay | str]:
    """The paths through the program that have the events of an execution, or what is wrong where there are none.

    The compiler may have put a thread's events in another order.  Their numbers are in the order of the text.
    """
    given: list[tuple[bool, bool]] = []
    while True:
        guide = _Follower(code, execution, given)
        try:
            yield guide.replay()
        except Unfit as wrong:
            yield str(wrong)
        given = guide.made
        while given and (given[-1][1] or not given[-1][0]):
            given = given[:-1]
        if not given:
            return
        given = [*given[:-1], (False, False)]


class _Follower:
    """A guide (litmus.oracle.paths) that follows an execution.

    made: the choices so far, each with whether it could not have been made otherwise.  own, blocks: the events of the
    threads and of the blocks of the execution that the walk has not met yet.  block: which block of the execution a
    block of the walk is; None if it has no events.  messages: what the messages of the walk are called there.
    """

    def __init__(self, code: Code, execution: Execution, given: list[tuple[bool, bool]]) -> None:
        self.code = code
        self.execution = execution
        self.given = given
        self.made: list[tuple[bool, bool]] = []
        self.instances = self.copies = 0
        self.goes_on = False
        everything = [e for order in execution.order for e in order]
        self.blocks = [[e for e in everything if block.events >> e & 1] for block in execution.graph.blocks]
        inside = {e for events in self.blocks for e in events}
        self.own = [[e for e in order if e not in inside] for order in execution.order]
        for thread, is_free in enumerate(code.is_free[: len(self.own)]):
            if is_free:
                self.own[thread].sort()
        self.block: dict[Pair, int | None] = {}
        self.messages: dict[Address, Value] = {}

    def replay(self) -> Replay:
        """The path through every thread.  Raises Unfit."""
        graph, executed = self.execution.graph, self.execution.executed
        threads = range(len(self.code.extent.program.threads))
        if len(self.own) != len(threads):
            raise Unfit(ELSEWHERE)
        paths = []
        for thread in threads:
            self.goes_on = False
            paths.append(self.code.walks.along(self, thread))
        met = {event.number for path in paths for event in path.events}
        shown = {e for e in bits(executed) if graph.events[e].thread != INITIAL}
        if met != shown or any(path.dead for path in paths) or any(self.own):
            raise Unfit(ELSEWHERE)
        if len({*self.messages.values()}) < len(self.messages):
            raise Unfit(ELSEWHERE)
        initial = {e.address: e.number for e in graph.events if e.thread == INITIAL}
        writes = [
            replace(event, number=initial[event.address]) for event in self.code.initial if event.address in initial
        ]
        sizes = {event.address: event.size for path in paths for event in reversed(path.events)}
        for address, name in self.messages.items():
            if name in initial:
                writes.append(Event(initial[name], INITIAL, "W", None, address=address, value=0, size=sizes[address]))
        return Replay(together(self.code.extent, writes, paths), self.messages)

    # ------------------------------------------------------------ as a guide

    def decide(self, condition: Expr | None) -> bool:
        """See Guide."""
        at = len(self.made)
        if at < len(self.given):
            self.made.append(self.given[at])
        else:
            value = None if condition is None else evaluated(condition, self.execution.values)
            self.made.append((True, False) if value is None else (value != 0, True))
        return self.made[-1][0]

    def number(self, event: Event) -> int:
        """See Guide."""
        if event.block is None:
            left = self.own[event.thread]
        else:
            block = self.block[event.block]
            left = [] if block is None else self.blocks[block]
        if not left:
            raise Unfit(CUT if self.goes_on else ELSEWHERE)
        number = left.pop(0)
        shown = self.execution.graph.events[number]
        looks = event.kind, event.thread, event.span, event.tags, event.size
        if looks != (shown.kind, shown.thread, shown.span, shown.tags, shown.size):
            raise Unfit(ELSEWHERE)
        if is_message(event.address):
            there = self.execution.addresses.get(number, 0)
            if self.messages.setdefault(event.address, there) != there:
                raise Unfit(ELSEWHERE)
        return number

    def send(self, block: Pair, thread: int) -> None:
        """See Guide."""
        graph = self.execution.graph
        self.block[block] = None
        for b, events in enumerate(self.blocks):
            if events and graph.blocks[b].thread == thread and b not in self.block.values() and self.decide(None):
                self.block[block] = b
                return

    def instance(self) -> int:
        """See Guide."""
        self.instances += 1
        return self.instances

    def copy(self) -> int:
        """See Guide."""
        self.copies += 1
        return self.copies

    def stops(self, rounds: int) -> bool:
        """A loop is followed as far as the execution goes."""
        self.goes_on = True
        return False
