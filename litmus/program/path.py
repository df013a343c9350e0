"""Paths: where a walk through a thread stands while the thread is unrolled, and what the walk has collected.

A value is kept with the mask of the reads that it depends on.
"""

from __future__ import annotations

from msgspec import Struct, field

from litmus.program.registers import NO_TRACE, Trace
from litmus.program.values import Expr

MAXIMUM_EVENTS = 4000  # more means that branches in sequence multiplied the paths

Registers = dict[str, tuple[Expr, int]]  # register -> its value and the reads (a mask) it depends on

# In such a mask, bit r says that the value depends on read r; bit PICK + r says that read r selected the value.
PICK = MAXIMUM_EVENTS
PLAIN = (1 << PICK) - 1


def reads_in_mask(mask: int) -> int:
    """All reads in such a mask, both those that a value depends on and those that selected it."""
    return mask & PLAIN | mask >> PICK


def as_picks(reads: int) -> int:
    """The mask of a value that was selected by another value, whose mask is `reads`."""
    return (reads & PLAIN | reads >> PICK) << PICK


class Path(Struct):
    """Where a walk through a thread stands, and what it has collected on the way."""

    pc: int
    registers: Registers
    guard: int = 0
    before: int = 0  # events of this path so far
    instruction: int = -1
    start: int = 0  # `before` as it was when the current instruction began
    control: int = 0  # reads that decided a branch whose reach has no end
    scoped: tuple[tuple[int, int], ...] = ()  # (index of the join, reads) of the branches that the path is inside of
    reservation: int | None = None
    load: int | None = None  # the read of the current instruction, for read-modify-writes
    copy: int = 0  # which copy of the `~` locations
    admitted: frozenset[str] | None = None  # kinds of blocks that may land here; None: all
    rounds: dict[int, int] = field(default_factory=dict)  # backward branch, by index -> how often it was taken
    unsure: dict[int, int] = field(default_factory=dict)  # likewise, but only at the end of rounds that count
    open: int = 0  # the loops (a mask) about which something unknown was decided in this round
    fenced: int = 0  # events before the last barrier to the compiler
    committed: int = 0  # reads that decided a branch of C which all later writes depend on
    reserved: int = 0  # reads that the reservation depends on
    trace: Trace = field(default_factory=lambda: NO_TRACE)  # what the path does with registers, if that is recorded

    def fork(self, pc: int, guard: int) -> Path:
        """The same place of the walk, on another way: what is noted on one way is not noted on the other."""
        return Path(
            pc, self.registers.copy(), guard, self.before, self.instruction, self.start, self.control,
            self.scoped, self.reservation, self.load, self.copy, self.admitted, self.rounds.copy(),
            self.unsure.copy(), self.open, self.fenced, self.committed, self.reserved,
            self.trace if self.trace is NO_TRACE else self.trace.fork(),
        )  # fmt: skip
