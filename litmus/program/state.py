"""States of a walk: where a walk through a thread stands, and what it has collected on the way.

Ways that reach the same place are joined into one state, if what is left to do is the same for both.  Then a register
holds a choice between the values that it has on the ways.
"""

from __future__ import annotations

from collections.abc import Callable
from heapq import heappop, heappush
from typing import Any

from msgspec import Struct, field

from litmus.program.guards import ALWAYS, NEVER, Guards
from litmus.program.reads import NO_READS, Reads, where_ways_meet
from litmus.program.registers import NO_TRACE, Trace
from litmus.program.values import Address, Expr, choice, ways_of

Registers = dict[str, tuple[Expr, Reads]]  # register -> its value, and what that depends on
Scopes = tuple[tuple[int, Reads], ...]
Position = tuple[int, ...]

UNSET: tuple[Expr, Reads] = (0, NO_READS)  # what a register holds that nothing was put into


class State(Struct):
    """Where a walk stands.

    pc: the line that comes next.  guard: when this place is reached.  before: the events so far.
    instruction: the number of the current instruction, -1 if the next line begins one.  start: `before` as it was when
    it began.  load: its read, for read-modify-writes.
    control: what decided branches whose reach has no end.  scoped: the branches that the place is inside of, each
    with the line where its ways join and with what decided it.
    reservation: the load-reserves that a store-conditional may pair with, each with the guard under which it is the
    one; elsewhere there is no reservation.  reserved: what the reservation depends on.
    copy: which copy of the messages.  admitted: the kinds of blocks that may land here; None: all.
    rounds: for each loop around, how many rounds were made.  taken, unsure: for each backward branch, how often it was
    taken, and how often at the end of rounds that count.  open: the loops (a mask) about which something unknown was
    decided in this round.  effect: the loops whose round has had an effect, or did not begin at their first line.
    fenced: the events before the last barrier to the compiler.  committed: the reads that decided a branch of C which
    all later writes depend on.
    trace: what the way does with registers, if that is recorded.
    """

    pc: int
    registers: Registers
    guard: int = ALWAYS
    before: int = 0
    instruction: int = -1
    start: int = 0
    load: int | None = None
    control: Reads = NO_READS
    scoped: Scopes = ()
    reservation: tuple[tuple[int, int], ...] = ()
    reserved: Reads = NO_READS
    copy: int = 0
    admitted: frozenset[str] | None = None
    rounds: dict[int, int] = field(default_factory=dict)
    taken: dict[int, int] = field(default_factory=dict)
    unsure: dict[int, int] = field(default_factory=dict)
    open: int = 0
    effect: int = -1
    fenced: int = 0
    committed: int = 0
    trace: Trace = field(default_factory=lambda: NO_TRACE)

    def fork(self, guard: int) -> State:
        """The same place, on another way: what is noted on one way is not noted on the other."""
        return State(
            self.pc, self.registers.copy(), guard, self.before, self.instruction, self.start, self.load, self.control,
            self.scoped, self.reservation, self.reserved, self.copy, self.admitted, self.rounds.copy(),
            self.taken.copy(), self.unsure.copy(), self.open, self.effect, self.fenced, self.committed,
            self.trace if self.trace is NO_TRACE else self.trace.fork(),
        )  # fmt: skip

    def leave_scopes(self, line: int) -> None:
        """Forget the branches whose ways have joined where a line begins."""
        if self.scoped:
            self.scoped = tuple([scope for scope in self.scoped if scope[0] > line])

    def join(self, other: State, guards: Guards, executes: Callable[[int], int]) -> None:
        """Make this the state of both ways.  What is left to do must be the same on both (Frontier).

        executes: the guard of an event.
        """
        ways = self.guard, other.guard
        guard = guards.either(*ways)
        mine = guards.given(self.guard, guard)

        def joined(a: Reads, b: Reads) -> Reads:
            return a if a is b else where_ways_meet(guards, ((ways[0], a), (ways[1], b)), executes)

        for name in self.registers | other.registers:
            a, b = self.registers.get(name, UNSET), other.registers.get(name, UNSET)
            if a is not b:
                self.registers[name] = _chosen(guards, mine, a[0], b[0]), joined(a[1], b[1])
        self.control = joined(self.control, other.control)
        self.reserved = joined(self.reserved, other.reserved)
        if self.reservation != other.reservation:
            found: dict[int, int] = {}
            for way, reservation in zip(ways, (self.reservation, other.reservation), strict=True):
                for read, here in reservation:
                    found[read] = guards.either(found.get(read, NEVER), guards.both(way, here))
            self.reservation = tuple([(read, guards.given(here, guard)) for read, here in found.items()])
        scopes = dict(self.scoped) | dict(other.scoped)
        self.scoped = tuple(
            [(end, joined(_scope(self.scoped, end), _scope(other.scoped, end))) for end in sorted(scopes)]
        )
        self.guard = guard
        self.before |= other.before
        self.start |= other.start
        self.fenced |= other.fenced
        self.committed |= other.committed
        for back, count in other.taken.items():
            self.taken[back] = max(count, self.taken.get(back, 0))


def _chosen(guards: Guards, guard: int, a: Expr, b: Expr) -> Expr:
    """a where a guard holds, and b elsewhere.  A choice of values has each value once, however many ways lead to it."""
    if isinstance(a, int | Address) and isinstance(b, int | Address):
        return choice(guard, a, b)
    under: dict[int | Address, int] = {}
    for here, way in ((guard, a), (guards.negation(guard), b)):
        for when, value in ways_of(guards, way, here):
            if not isinstance(value, int | Address):
                return choice(guard, a, b)
            under[value] = guards.either(under.get(value, NEVER), when)
    *others, (found, _) = under.items()
    expr: Expr = found
    for value, when in others:
        expr = choice(when, value, expr)
    return expr


def _scope(scoped: Scopes, end: int) -> Reads:
    return next((reads for join, reads in scoped if join == end), NO_READS)


class Frontier:
    """The states from which a walk is to go on, the first place first.  States that can be joined are joined.

    guards, executes: see State.join.
    """

    def __init__(self, guards: Guards, executes: Callable[[int], int]) -> None:
        self.guards = guards
        self.executes = executes
        self.heap: list[tuple[Position, int, object, State]] = []
        self.known: dict[object, State] = {}
        self.count = 0

    def __bool__(self) -> bool:
        return bool(self.heap)

    def put(self, state: State, position: Position, alike: Any) -> None:
        """Add a state.  States at one position are joined if what they have in `alike` is equal; None: never."""
        self.count += 1
        key = None if alike is None else (position, alike)
        if key is not None and key in self.known:
            self.known[key].join(state, self.guards, self.executes)
            return
        if key is not None:
            self.known[key] = state
        heappush(self.heap, (position, self.count, key, state))

    def take(self) -> State:
        """Remove and return the first state."""
        _, _, key, state = heappop(self.heap)
        self.known.pop(key, None)
        return state
