"""Paths: what one walk through the code of a thread has met: events, dependencies, conditions, final registers.

Values are expressions over what the reads of the path return.  litmus.oracle.walk makes paths.
"""

from __future__ import annotations

from typing import Protocol

from msgspec import Struct, field

from litmus.diagnostics import Span
from litmus.program.code import FIXED, NO_TAGS, Motion, Operation, Program
from litmus.program.graph import EventTable, Held, Idle
from litmus.program.values import Expr

Reads = frozenset[int]
Pair = tuple[int, int]
Kinds = frozenset[str] | None  # of blocks; None: all kinds

NOTHING: Reads = frozenset()


class Extent(Struct, frozen=True):
    """Which executions of a program are meant.

    bound, near, idle, observed: how far its loops are followed; see litmus.program.graph.Unrolling.  exchange: the
    compiler may exchange accesses.  records: for a model that sees registers.
    """

    program: Program
    bound: int = 2
    near: bool = True
    exchange: bool = True
    records: bool = False
    idle: Idle = "followed"
    observed: frozenset[tuple[int, str]] | None = None


def extent_of(graph: EventTable) -> Extent:
    """The executions that an event graph is made for."""
    of = graph.unrolling
    return Extent(graph.program, of.bound, of.near, of.exchange, idle=of.idle, observed=of.observed)


class Event(Struct, frozen=True):
    """A read (R), a write (W) or a fence (F).

    value: what a write stores; for a read, ReadOf(itself).  held: see litmus.program.graph.
    instance: the execution of an instruction that the event belongs to.  block: the thread that sent the block of the
    event, and which of its blocks it is; None for an event of a thread's own code.

    For the compiler: fenced: how many events of the thread come before the last barrier that is before this event.
    deciding: the reads that decided branches which the event depends on.  admitted: the kinds of blocks that may land
    here.  choices: how many choices the walk had made before.
    """

    number: int
    thread: int
    kind: str
    span: Span | None
    instance: int = -1
    block: Pair | None = None
    address: Expr | None = None
    value: Expr | None = None
    size: int = 4
    tags: frozenset[str] = NO_TAGS
    held: Held = ()
    motion: Motion = FIXED
    fenced: int = 0
    deciding: Reads = NOTHING
    admitted: Kinds = None
    choices: int = 0


class Known(Struct, frozen=True):
    """A value over what was read, the reads that it was computed from, and the reads that selected it."""

    value: Expr
    reads: Reads = NOTHING
    picks: Reads = NOTHING

    def all_reads(self) -> Reads:
        """The reads that the value depends on in either way."""
        return self.reads | self.picks


ZERO = Known(0)


class Step(Struct, frozen=True):
    """An operation that was executed, as part of which execution of an instruction.

    event: what it has done in memory.  way: how it went, if it may go two ways.  control: the reads that decided
    branches before it, without the branches whose reach has ended.
    """

    operation: Operation
    instance: int
    event: int | None
    way: bool | None
    control: Reads


class Block(Struct):
    """A floating block that was sent: where to, its kind, and its events."""

    thread: int
    kind: str
    events: list[int] = field(default_factory=list)


class Path(Struct):
    """A path through the code of a thread.

    events: in the order of the text.  The events of the blocks that the thread sends are among them.
    blocks: these blocks.  places: where blocks may land in this thread: how many events of its own come before, and the
    kinds that may land there.
    conditions: expressions, each with whether it has to be true (not 0) so that the path is taken.
    relations: by cat name, the pairs of events that are in a relation because of the code: dependencies, updates.
    registers: the final values.  cut: the loop that reached its bound.  choices: which ways the walk went.
    dead: no execution takes the path, because a condition that has to be true is false whatever is read.
    """

    thread: int
    events: list[Event] = field(default_factory=list)
    blocks: list[Block] = field(default_factory=list)
    places: list[tuple[int, Kinds]] = field(default_factory=list)
    conditions: list[tuple[Expr, bool]] = field(default_factory=list)
    relations: dict[str, set[Pair]] = field(default_factory=dict)
    registers: dict[str, Known] = field(default_factory=dict)
    cut: Span | None = None
    dead: bool = False
    choices: list[bool] = field(default_factory=list)
    steps: list[Step] = field(default_factory=list)

    def own(self) -> list[Event]:
        """The events of the thread's own code."""
        return [event for event in self.events if event.block is None]


class Enough(Exception):
    """The rest of the path is not needed."""


class Guide(Protocol):
    """Says which way a walk goes, and numbers what it meets."""

    def decide(self, condition: Expr | None) -> bool:
        """Whether a condition is true (not 0) on this walk.  None: it is free to be either."""

    def number(self, event: Event) -> int:
        """The number of an event, which has none so far.  May raise Enough."""

    def send(self, block: Pair, thread: int) -> None:
        """A block is sent to a thread.  Its events follow."""

    def instance(self) -> int:
        """A number for the next execution of an instruction."""

    def copy(self) -> int:
        """A number for the next copy of the `~` locations."""

    def stops(self, rounds: int) -> bool:
        """Whether a loop is cut after so many rounds that count."""
