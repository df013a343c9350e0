"""Code: what each thread of a test executes, whatever notation the test was written in.

Every instruction set and the C dialect are lowered to these few operations; everything downstream
(unrolling, events, dependencies) knows only them.  One source instruction lowers to one or more
operations with the same `instruction` number; events of one instruction are not ordered by po.

Names of locations that begin with `~` are private to one execution of a FRESH operation (the
messages of one sys_membarrier() call, say): unrolling gives every execution its own copy.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from msgspec import Struct, field

from litmus.diagnostics import Span
from litmus.program.values import Expr, Value

NO_TAGS: frozenset[str] = frozenset()

TEMPORARY = ".."  # a register whose name begins so holds a value within one instruction, and is none of the machine's

# What the compiler may do with an operation (litmus.program.compiler): a plain access of C; a volatile one, or part of
# the assembly of an atomic operation; anything else stays where it is.
Motion = Literal["plain", "volatile", "fixed"]
PLAIN: Motion = "plain"
VOLATILE: Motion = "volatile"
FIXED: Motion = "fixed"

# What code is written in: for a machine, whose registers and decisions (branches, selections) are events that models
# may see; for one whose decisions are none (x86); or in a language, whose locals are no registers.
Notation = Literal["machine", "silent", "language"]

# What the status of a store-conditional depends on, which is for its architecture to say.
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

    With `rmw`, the store and the preceding Load of the same instruction are one atomic
    read-modify-write (the pair is in the cat relation `amo`).  With `single` as well they are one memory
    operation, which always stores: to models they are one event, which reads and writes, and `amo` does not
    have it.
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

    It may succeed only when that load exists, was not used by an earlier StoreConditional and read
    the same address; it may always fail.  `status` is set to `success` or `failure`.  The pair of a success
    is in the cat relation `lxsx`.

    `carries` says what the status depends on.  "store": that of a success depends on the store, that of a
    failure on nothing.  "operands": either depends on all that the instruction reads: its address, its value, and
    the reservation.  A load-reserve leaves a reservation that depends on its address, a StoreConditional one that
    depends on what its status does.
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
    """The compiler moves no access across it; the machine sees nothing of it."""


class Branch(Struct, frozen=True):
    """Go to `target` if `condition` is not 0 (None: always).

    Later events depend on the condition by control: to the end of the thread, or up to the label
    `join` where one is given (C: a dependency ends with the if statement).  In assembly, `join` is the end of the
    instruction, which is executed on the condition.
    """

    target: str
    condition: Expr | None = None
    join: str | None = None


class Assume(Struct, frozen=True):
    """Executions in which `condition` is 0 are dropped (a spin loop that ends, a message that came).

    again: what is executed is the last round of a loop that waits for the condition.  A round begins at this label.
    """

    condition: Expr
    again: str | None = None


class Fresh(Struct, frozen=True):
    """From here on, `~` locations are new ones."""


class Float(Struct, frozen=True):
    """A floating block: thread `thread` executes `body` once, at a point the solver chooses.

    It executes iff this operation does, never splits an instruction of its thread, lands where the thread
    admits its kind (Admit), and leaves its thread's registers and reservations alone (registers that it
    names are its own).  Thread numbers are those of the test; `labels` are those of the body.
    Source: the IPI of membarrier, kernel/sched/membarrier.c.
    """

    thread: int
    body: tuple[Line, ...]
    kind: str = ""
    labels: Mapping[str, int] = field(default_factory=dict)


class Admit(Struct, frozen=True):
    """From here on, only floating blocks of these kinds land in the thread; None: all."""

    kinds: frozenset[str] | None


Operation = Set | Load | Store | StoreConditional | Fence | CompilerBarrier | Branch | Assume | Fresh | Float | Admit


class Line(Struct, frozen=True):
    """One operation, the number of the source instruction it belongs to, and where that stands."""

    operation: Operation
    instruction: int
    span: Span
    motion: Motion = FIXED


class ThreadCode(Struct, frozen=True):
    """The operations of one thread; `labels` maps a name to the index of the line it stands before.

    A label may equal len(lines): the end of the thread.  `admitted`: as of an Admit before the first line.
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

    registers[t] maps a register of thread t, by its canonical name, to its initial value (absent: 0);
    register_types[(t, register)] overrides the default spelling of final values.
    notation: what models see of registers and branches.
    """

    arch: str
    threads: tuple[ThreadCode, ...]
    variables: Mapping[str, Variable]
    registers: tuple[Mapping[str, Value], ...]
    register_types: Mapping[tuple[int, str], RegisterType] = field(default_factory=dict)
    notes: tuple[str, ...] = ()  # what a reader of the answer must know ("plain accesses ...")
    notation: Notation = "machine"
