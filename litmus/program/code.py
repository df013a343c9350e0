"""Code: what each thread of a test executes, whatever notation the test was written in.

Every instruction set and the C dialect are lowered to these few operations.  All later stages
(unrolling, events, dependencies) know only these operations.  One source instruction becomes one or more
operations with the same `instruction` number.  Events of one instruction are not ordered by po.

A location whose name begins with `~` is private to one execution of a Fresh operation, as the messages of
one sys_membarrier() call are.  Unrolling gives every such execution its own copy.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from msgspec import Struct, field

from litmus.diagnostics import Span
from litmus.program.values import Expr, Value

NO_TAGS: frozenset[str] = frozenset()

TEMPORARY = ".."  # a register whose name begins with this holds a value inside one instruction; no machine has it

# What the compiler may do with an operation (litmus.program.compile_c).  plain: a plain access of C.  volatile: a
# volatile access, or part of the assembly of an atomic operation.  fixed: anything else; it stays where it is.
Motion = Literal["plain", "volatile", "fixed"]
PLAIN: Motion = "plain"
VOLATILE: Motion = "volatile"
FIXED: Motion = "fixed"

# What code is written for.  machine: its registers and decisions (branches, selections) are events that models may see.
# silent: its decisions are no events (x86).  language: its locals are no registers.
Notation = Literal["machine", "silent", "language"]

# What the status of a store-conditional depends on.  The architecture says which it is.
Carried = Literal["nothing", "store", "operands"]


class Set(Struct, frozen=True):
    """register := value."""

    register: str
    value: Expr


class Load(Struct, frozen=True):
    """register := the `size` bytes at address, as a signed number.

    `tags` are the cat sets the event belongs to (`X`, `A`, `ONCE` ...) beyond R and M.
    `reserve` makes it a load-reserve: the next StoreConditional of the thread pairs with it.
    """

    register: str
    address: Expr
    size: int = 4
    tags: frozenset[str] = NO_TAGS
    reserve: bool = False


class Store(Struct, frozen=True):
    """The `size` bytes at address := value, if `when` is not 0 (None: always).

    rmw: the store and the preceding Load of the same instruction are one atomic read-modify-write.  The
    pair is in the cat relation `amo`.  single (only with rmw): the two are one memory operation, which always
    stores.  Models see one event that reads and writes, and `amo` does not have the pair.
    """

    address: Expr
    value: Expr
    size: int = 4
    tags: frozenset[str] = NO_TAGS
    when: Expr | None = None
    rmw: bool = False
    single: bool = False


class StoreConditional(Struct, frozen=True):
    """Store if the reservation of the program-order-latest load-reserve holds.

    It may succeed only if that load exists, was not used by an earlier StoreConditional, and read the
    same address.  It may always fail.  `status` is set to `success` or `failure`.  If it succeeds, the pair
    of load and store is in the cat relation `lxsx`.

    carries: what the status depends on.  "nothing": nothing.  "store": the status of a success depends on the store,
    the status of a failure on nothing.  "operands": the status depends on all that the instruction reads: its
    address, its value, and the reservation.  After a load-reserve, the reservation depends on the load's address.
    After a StoreConditional, it depends on what the status depends on.
    """

    address: Expr
    value: Expr
    status: str
    success: int
    failure: int
    size: int = 4
    tags: frozenset[str] = NO_TAGS
    carries: Carried = "nothing"


class Fence(Struct, frozen=True):
    """A fence event, in the cat sets `tags` (`SYNC`, `MFENCE`, `Mb` ...) and F."""

    tags: frozenset[str]


class CompilerBarrier(Struct, frozen=True):
    """The compiler moves no access across it.  To the machine it is nothing."""


class Branch(Struct, frozen=True):
    """Go to `target` if `condition` is not 0 (None: always).

    Later events have a control dependency on the condition: up to the end of the thread, or up to the label
    `join` if there is one (C: a dependency ends with the if statement).  In assembly, `join` is the end of an
    instruction that is executed conditionally.
    """

    target: str
    condition: Expr | None = None
    join: str | None = None


class Assume(Struct, frozen=True):
    """Executions in which `condition` is 0 are dropped (a spin loop that ends, a message that came).

    again: the code stands for the last round of a loop that waits for the condition.  A round begins at this label.
    """

    condition: Expr
    again: str | None = None


class Fresh(Struct, frozen=True):
    """From here on, names that begin with `~` stand for new locations."""


class Float(Struct, frozen=True):
    """A floating block: thread `thread` executes `body` once, at a point the solver chooses.

    The block executes iff this operation does.  It never splits an instruction of its thread, and lands only where
    the thread admits its kind (Admit).  It does not touch its thread's registers and reservations: registers
    that it names are its own.  Thread numbers are those of the test.  `labels` are those of the body.
    Source: the IPI of membarrier, kernel/sched/membarrier.c.
    """

    thread: int
    body: tuple[Line, ...]
    kind: str = ""
    labels: Mapping[str, int] = field(default_factory=dict)


class Admit(Struct, frozen=True):
    """From here on, only floating blocks of these kinds may land in the thread; None: all kinds."""

    kinds: frozenset[str] | None


Operation = Set | Load | Store | StoreConditional | Fence | CompilerBarrier | Branch | Assume | Fresh | Float | Admit


class Line(Struct, frozen=True):
    """One operation, the number of the source instruction that it belongs to, and where that instruction stands."""

    operation: Operation
    instruction: int
    span: Span
    motion: Motion = FIXED


class ThreadCode(Struct, frozen=True):
    """The operations of one thread.  labels: name of a label -> the index of the line that it stands before.

    The index may be len(lines): the end of the thread.  admitted: as if there were an Admit before the first line.
    """

    lines: tuple[Line, ...]
    labels: Mapping[str, int] = field(default_factory=dict)
    admitted: frozenset[str] | None = None


class Variable(Struct, frozen=True):
    """A shared variable: `cells` values of `size` bytes each; more than one for an array.

    `signed` and `size` say how its values are spelled; `type` is the C type as written.
    """

    name: str
    cells: tuple[Value, ...] = (0,)
    size: int = 4
    signed: bool = True
    type: str = "int"


class RegisterType(Struct, frozen=True):
    """How the values of a register are spelled in states: its width in bytes and sign."""

    size: int = 4
    signed: bool = True


class Program(Struct, frozen=True):
    """What a test executes: code and initial state, all names resolved.

    registers[t]: the initial values of registers of thread t, by canonical name; a register that is absent holds 0.
    register_types[(t, register)]: overrides the default spelling of final values.
    notation: what models see of registers and branches.
    """

    arch: str
    threads: tuple[ThreadCode, ...]
    variables: Mapping[str, Variable]
    registers: tuple[Mapping[str, Value], ...]
    register_types: Mapping[tuple[int, str], RegisterType] = field(default_factory=dict)
    notes: tuple[str, ...] = ()  # what a reader of the answer must know ("plain accesses ...")
    notation: Notation = "machine"
