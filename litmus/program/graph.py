"""Event graphs: every event that some execution of a test may contain, and how they are related.

A thread is unrolled, and ways through it that meet are joined: an event stands for one place of the unrolled code,
whatever way leads there.  It executes iff its guard holds, a formula over the decisions of the program
(litmus.program.guards): a branch is taken or not, a store-conditional succeeds or not.  Relations between events are
bit rows: bit f of row[e] is set iff (e, f) is in the relation whenever both execute.  A pair that is in a relation only
on some of the ways that both are on has a guard of its own (Guarded).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from msgspec import Struct, field

from litmus.diagnostics import Span
from litmus.program.code import NO_TAGS, Program
from litmus.program.guards import Guards
from litmus.program.values import Address, Expr
from litmus.relation.rows import Rows

INITIAL = -1  # the thread of the initial writes

Held = tuple[tuple[str, Expr | None], ...]  # registers, and what each holds; None: nothing was put into it
Pair = tuple[int, int]
Idle = Literal["left out", "followed", "cut"]


class Event(Struct, frozen=True):
    """A read (R), a write (W) or a fence (F).

    value: what a write stores; for a read, ReadOf(itself).  span: None for initial writes.
    held: if the address is not known to be one of a variable, the registers that the code computes it from.
    """

    number: int
    thread: int
    kind: str
    guard: int
    address: Expr | None = None
    value: Expr | None = None
    size: int = 4
    tags: frozenset[str] = NO_TAGS
    span: Span | None = None
    held: Held = ()


class Decision(Struct, frozen=True):
    """A choice that is made when `guard` holds.

    It is true iff `condition` is not 0.  If `condition` is None, it is free.
    """

    condition: Expr | None
    guard: int
    span: Span


class Assumption(Struct, frozen=True):
    """Executions in which `guard` holds and `condition` is 0 are dropped."""

    condition: Expr
    guard: int


class Guarded(Struct, frozen=True):
    """A relation of which some pairs hold on some ways only.

    rows: the pairs that are related whenever both events execute.  under: for each other pair, the guard under which
    it is related, if both events execute.
    """

    rows: Rows
    under: Mapping[Pair, int] = field(default_factory=dict)

    def __bool__(self) -> bool:
        """Whether it may have a pair."""
        return any(self.rows) or bool(self.under)


class Point(Struct, frozen=True):
    """A place between two instructions of a thread, where a floating block may land.

    before, after: the masks of the events of the thread's own code before and after the place.
    The place is reached iff `guard` holds.
    """

    guard: int
    before: int
    after: int


class Block(Struct, frozen=True):
    """A floating block: `events` of `thread`, which land together at one of the thread's points."""

    thread: int
    guard: int
    events: int


class Wait(Struct, frozen=True):
    """A round of a loop of `thread` that ended without any effect, at the backward branch at `span`."""

    thread: int
    span: Span


class Leaf(Struct, frozen=True):
    """The end of a path: the final registers where `guard` holds."""

    guard: int
    registers: Mapping[str, Expr]


class Unrolling(Struct, frozen=True):
    """How a program is unrolled (litmus.program.build).

    bound: how many rounds of a loop are followed at most, of those that count (litmus.program.loops).
    near: loops whose end is near are followed to it, whatever is read in them.
    exchange: the compiler may put plain accesses in another order (litmus.program.compile_c).
    idle: rounds of loops that have no effect (litmus.program.rounds) are left out, or followed like others; or
    executions end there, as at the bound.
    registers: the events of registers and decisions are wanted (litmus.program.registers).
    observed: the registers whose final values matter, with their threads; None: all of them.
    """

    bound: int = 2
    near: bool = True
    exchange: bool = True
    idle: Idle = "left out"
    registers: bool = False
    observed: frozenset[tuple[int, str]] | None = None


class RegisterEvents(Struct):
    """What the instructions of a program do beside accesses and fences: decisions, reads and writes of registers.

    These events are numbered from `first` on, after the events of the graph; decisions come first.  guards, threads:
    the guard and the thread of each of them.  Rows are over all events, including those of the graph.  The rows of po
    and same_instance replace the graph's own.  sets: masks by cat name.  registers: the mask of the reads and writes of
    registers.  locations: the pairs of events of the same register.  control: the pairs of a read and a decision that
    the read controls.
    """

    first: int
    guards: list[int]
    threads: list[int]
    sets: dict[str, int]
    registers: int
    locations: Rows
    control: Rows
    po: Rows
    same_instance: Rows
    rf_reg: Rows
    iico_data: Rows
    iico_ctrl: Rows
    iico_order: Rows


class EventTable(Struct, frozen=True):
    """What an execution is shown with: its events, of one way through the program or of many.

    updates: the read and the write of each instruction that has both, atomic or not.  Atomic pairs are also in amo or
    in single.  single: the read and the write of each read-modify-write that models see as one event; these are not in
    amo.  lxsx: the load-reserves and store-conditionals that may be pairs, each with the guard under which it is one,
    if both execute.
    """

    program: Program
    unrolling: Unrolling = Unrolling()
    events: tuple[Event, ...] = ()
    blocks: tuple[Block, ...] = ()
    updates: tuple[Pair, ...] = ()
    amo: tuple[Pair, ...] = ()
    single: tuple[Pair, ...] = ()
    lxsx: Mapping[Pair, int] = {}


class EventGraph(EventTable, frozen=True, kw_only=True):
    """All candidate events of a program, unrolled with a bound on the rounds of its loops.

    po: without pairs of one instruction, pairs that depend on where a block lands (points), and pairs in exchanges.
    exchanges: pairs of accesses that the compiler may exchange, in the order of the text, each with a decision.  If the
    decision is true, program order is the order of the text; else it is the other way round.  If ctrl has such a pair,
    the pair is in ctrl only in executions where the first access comes first.
    points[b]: where block b may land.
    pick_addr, pick_data, pick_ctrl: dependencies through a value where the read only selected the value, or only
    decided whether it is stored.
    amo_data: the pairs in amo whose write stores something computed from the read.
    cuts: for each guard under which the code was left because a loop reached the bound, the backward branch that was
    not taken.
    waits: the rounds of loops that ended without any effect.  They are left out: no execution goes on there, and there
    is one without the round that ends in the same way.
    left: the mask of the events that may stand in a round that is left out.
    registers: the events of registers and decisions, if unrolling was asked for them.
    """

    guards: Guards
    decisions: tuple[Decision, ...]
    assumptions: tuple[Assumption, ...]
    cuts: Mapping[int, Span]
    waits: tuple[Wait, ...]
    left: int
    po: Rows
    addr: Guarded
    data: Guarded
    ctrl: Guarded
    pick_addr: Guarded
    pick_data: Guarded
    pick_ctrl: Guarded
    amo_data: tuple[Pair, ...]
    exchanges: Mapping[Pair, int]
    points: tuple[tuple[Point, ...], ...]
    leaves: tuple[tuple[Leaf, ...], ...]
    cells: Mapping[Address, int]  # every cell of memory -> its initial write
    registers: RegisterEvents | None = None
