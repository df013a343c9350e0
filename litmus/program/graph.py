"""Event graphs: every event that some execution of a test may contain, and how they are related.

A thread is unrolled into a tree of paths.  Each event stands at one place of that tree, and executes iff
its guard holds.  A guard is a conjunction of decisions (a branch is taken or not, a store-conditional
succeeds or not); guard 0 is empty.  Relations between events are bit rows: bit f of row[e] is set iff
(e, f) is in the relation whenever both execute.
"""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct, field

from litmus.diagnostics import Span
from litmus.program.code import NO_TAGS, Program
from litmus.program.values import Address, Expr
from litmus.relation.rows import Rows

INITIAL = -1  # the thread of the initial writes

Guard = tuple[tuple[int, bool], ...]
Held = tuple[tuple[str, Expr | None], ...]  # registers, and what each holds; None: nothing was put into it


class Event(Struct):
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


class Leaf(Struct, frozen=True):
    """The end of a path: the final registers where `guard` holds."""

    guard: int
    registers: Mapping[str, Expr]


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


class EventGraph(Struct):
    """All candidate events of a program, unrolled with a bound on the rounds of its loops.

    po: without pairs of one instruction, pairs that depend on where a block lands (points), and pairs in exchanges.
    exchanges: pairs of accesses that the compiler may exchange, in the order of the text, each with a decision.  If the
    decision is true, program order is the order of the text; else it is the other way round.  If ctrl has such a pair,
    the pair is in ctrl only in executions where the first access comes first.
    points[b]: where block b may land.
    pick_addr, pick_data, pick_ctrl: dependencies through a value where the read only selected the value, or only
    decided whether it is stored.  They are empty lists if there are none.
    updates: the read and the write of each instruction that has both, atomic or not.  Atomic pairs are also in amo or
    in single.
    amo_data: the pairs in amo whose write stores something computed from the read.
    single: the read and the write of each read-modify-write that models see as one event; these are not in amo.
    bound: how many rounds of a loop were followed at most, of those that count (litmus.program.loops).  near: loops
    whose end is near were followed to it.  exchange: the compiler may put plain accesses in another order.  cuts: for
    each path that was left because a loop reached the bound, its guard and the backward branch that was not taken.
    registers: the events of registers and decisions, if unrolling was asked for them.
    """

    program: Program
    bound: int = 0
    near: bool = True
    exchange: bool = True
    events: list[Event] = field(default_factory=list)
    guards: list[Guard] = field(default_factory=lambda: [()])
    decisions: list[Decision] = field(default_factory=list)
    assumptions: list[Assumption] = field(default_factory=list)
    cuts: dict[int, Span] = field(default_factory=dict)
    po: Rows = field(default_factory=list)
    addr: Rows = field(default_factory=list)
    data: Rows = field(default_factory=list)
    ctrl: Rows = field(default_factory=list)
    pick_addr: Rows = field(default_factory=list)
    pick_data: Rows = field(default_factory=list)
    pick_ctrl: Rows = field(default_factory=list)
    updates: list[tuple[int, int]] = field(default_factory=list)
    amo: list[tuple[int, int]] = field(default_factory=list)
    amo_data: list[tuple[int, int]] = field(default_factory=list)
    single: list[tuple[int, int]] = field(default_factory=list)
    lxsx: list[tuple[int, int]] = field(default_factory=list)
    exchanges: dict[tuple[int, int], int] = field(default_factory=dict)
    blocks: list[Block] = field(default_factory=list)
    points: list[tuple[Point, ...]] = field(default_factory=list)
    leaves: list[list[Leaf]] = field(default_factory=list)
    cells: dict[Address, int] = field(default_factory=dict)  # every cell of memory -> its initial write
    registers: RegisterEvents | None = None
