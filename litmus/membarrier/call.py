"""The call: from `membarrier(cmd, flags)` in a C test to operations and a return value.

What the flags and commands mean is litmus.membarrier.flags, what the promise is made of
litmus.membarrier.promise.  A registration is a cell for each process: the command that needs it reads it,
the command that makes it sets it, and other threads of the process may do so at the same time.  As in
kernel/sched/membarrier.c, what it waits for in between puts the accesses that follow it, in every thread of
the process, after it: a caller of GLOBAL_EXPEDITED that still misses the registration is ordered
before them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from msgspec import Struct, field

from litmus.diagnostics import near
from litmus.isa.c_types import INT, TypedValue, converted
from litmus.membarrier import flags
from litmus.membarrier.flags import Effect
from litmus.membarrier.processes import Process, System
from litmus.membarrier.promise import Membarrier
from litmus.program.code import Assume, Branch, Fence, Fresh, Load, Operation, Set, Store, StoreConditional, Variable
from litmus.program.primitives import Primitives, Row
from litmus.program.values import Address, Expr, Op, Reg
from litmus.source import c_syntax as c

if TYPE_CHECKING:
    from litmus.isa.c_expressions import Expressions

# How many arguments each spelling takes: one is v12's flags, two are a command and its flags.
ARGUMENTS = {"sys_membarrier": (0, 1, 2), "membarrier": (0, 2), "smp_memb": (0,)}


class Calls(Struct, frozen=True):
    """What the calls of a test share: the promise, the processes, and the cells of kernel state in use."""

    promise: Membarrier
    system: System
    cells: dict[str, Variable] = field(default_factory=dict)

    def cell(self, name: str) -> Address:
        """The cell of a name that no test can spell; it is 0 at first."""
        self.cells[name] = Variable(name)
        return Address(name)


def call(lower: Expressions, e: c.Call) -> TypedValue:
    """The value of a call, lowered.  Raises InputError and Unsupported at the argument that is wrong."""
    takes = ARGUMENTS[e.name]
    if len(e.arguments) not in takes:
        numbers = " or ".join(map(str, takes))
        plural = "" if takes == (1,) else "s"
        hint = "sys_membarrier(flags) takes one" if len(e.arguments) == 1 else None
        lower.wrong(f"{e.name} takes {numbers} argument{plural}, not {len(e.arguments)}", e.at, hint)
    known = flags.FLAGS if len(e.arguments) == 1 else flags.OF_MERGED
    given = [_argument(lower, argument, known) for argument in e.arguments]
    site = _Call(lower, e)
    if not given:
        return site.value(flags.EVERYONE)
    if len(given) == 1:
        return site.by_flags(given[0])
    return site.by_command(*given)


def shootdown(lower: Expressions, e: c.Call, row: Row) -> TypedValue:
    """mprotect() of a page that every thread of the process has used, lowered: what the table says of the TLBs.

    The TLBs of other processors are flushed by interrupting them, or by an instruction that they obey without noticing.
    """
    return _Call(lower, e).shootdown(row)


def _argument(lower: Expressions, e: c.Expression, known: Mapping[str, int]) -> Expr:
    """The value of an argument as an int; the names in it are those of this form of the call, or the thread's."""
    for name in _names(e):
        if not name.name.startswith("MEMBARRIER_") or name.name in (*known, *lower.known_names()):
            continue
        if name.name in flags.FLAGS:
            lower.wrong(f"{name.name} is no command", name.at, f"sys_membarrier({name.name})")
        if name.name in flags.OF_MERGED:
            lower.wrong(f"{name.name} is no flag of the call with one argument", name.at, f"membarrier({name.name}, 0)")
        hint = near(name.name, known) or "one of " + ", ".join(known)
        lower.wrong(f"membarrier has no command or flag {name.name}", name.at, hint)
    value = lower.value(e)
    if value.type.target is not None:
        lower.wrong(f"this is {value.type}, not a command or flags", e.at)
    return converted(value, INT).expr


def _names(e: c.Expression) -> Iterable[c.Name]:
    match e:
        case c.Name():
            yield e
        case c.Binary(_, left, right):
            yield from _names(left)
            yield from _names(right)
        case c.Unary(_, operand):
            yield from _names(operand)


class _Call:
    """One call of one thread, as it is lowered."""

    def __init__(self, lower: Expressions, e: c.Call) -> None:
        self.lower = lower
        self.e = e
        self.span = lower.function.span(e.at)
        self.thread = lower.function.thread
        self.promise = lower.membarrier.promise
        self.system = lower.membarrier.system
        self.process: Process = self.system.of[self.thread]
        self.known = True  # what the call is asked for, without executing it

    # ------------------------------------------------------------ which effect

    def by_flags(self, value: Expr) -> TypedValue:
        """sys_membarrier(flags)."""
        if isinstance(value, int):
            return self.value(flags.BY_FLAGS.get(value) or flags.refused_flags(value))
        return self.chosen(value, flags.BY_FLAGS, flags.refused("its flags are not valid"))

    def by_command(self, command: Expr, flag: Expr) -> TypedValue:
        """membarrier(cmd, flags): flags are looked at first, by RSEQ's rule or by the others'."""
        may_be_rseq = not isinstance(command, int) or command == flags.RSEQ
        if may_be_rseq and flag != 0:
            self._refuse_flag_of_rseq(command, flag)
        if isinstance(flag, int):
            effects = flags.BY_COMMAND if flag == 0 else {}
            return self._by_command(command, effects, flags.NO_COMMAND if flag == 0 else flags.NO_FLAGS)
        self._is_not_known()
        result, end, refused = self.lower.register(), self.lower.label(), self.lower.label()
        self.emit(Branch(refused, Op("ne", (flag, 0))))
        self._set(result, self._by_command(command, flags.BY_COMMAND, flags.NO_COMMAND).expr)
        self.emit(Branch(end))
        self.lower.place(refused)
        self._set(result, self.value(flags.NO_FLAGS).expr)
        self.lower.place(end)
        return TypedValue(Reg(result), INT)

    def _refuse_flag_of_rseq(self, command: Expr, flag: Expr) -> None:
        """RSEQ with FLAG_CPU interrupts one processor: threads have none in a test."""
        if flag == flags.FLAG_CPU or not isinstance(flag, int):
            message = "MEMBARRIER_CMD_PRIVATE_EXPEDITED_RSEQ for one processor is not supported"
            self.lower.unsupported(message, self.e.arguments[1].at, "0")

    def _by_command(self, command: Expr, effects: Mapping[int, Effect], otherwise: Effect) -> TypedValue:
        if effects and command == flags.GET_REGISTRATIONS:
            self.lower.unsupported("MEMBARRIER_CMD_GET_REGISTRATIONS is not supported", self.e.arguments[0].at)
        if isinstance(command, int):
            return self.value(effects.get(command, otherwise))
        return self.chosen(command, effects, otherwise)

    def chosen(self, value: Expr, effects: Mapping[int, Effect], otherwise: Effect) -> TypedValue:
        """The effect that a value chooses when the call is made: a branch for each."""
        self._is_not_known()
        result, end = self.lower.register(), self.lower.label()
        for number, effect in effects.items():
            following = self.lower.label()
            self.emit(Branch(following, Op("ne", (value, number))))
            self._set(result, self.value(effect).expr)
            self.emit(Branch(end))
            self.lower.place(following)
        self._set(result, self.value(otherwise).expr)
        self.lower.place(end)
        return TypedValue(Reg(result), INT)

    # ------------------------------------------------------------ what an effect is

    def value(self, effect: Effect) -> TypedValue:
        """What a call with this effect returns; its operations are emitted."""
        match effect.asks:
            case "answer":
                returned = "-EINVAL" if effect.answer == -flags.EINVAL else effect.answer
                self.note(f"returns {returned} and orders nothing: {effect.why}")
                return TypedValue(effect.answer, INT)
            case "everyone":
                if not self.at_once():
                    self.emit(*self.promise.call(self._others(self.system.threads), self.span))
                return TypedValue(0, INT)
            case "process":
                return self._to_the_process(effect)
            case "registered":
                if not self.at_once():
                    self._to_the_registered(effect.state)
                return TypedValue(0, INT)
            case "register":
                self._register(effect.state)
                return TypedValue(0, INT)

    def at_once(self) -> bool:
        """Whether there is one processor, so that nobody else is running."""
        if self.system.one_cpu:
            self.note("returns 0 at once: one CPU is online")
        return self.system.one_cpu

    def _to_the_process(self, effect: Effect) -> TypedValue:
        """The promise to the caller's process; -EPERM first where it needs a registration and reads none."""
        state = effect.state
        if not state or state in self.process.registered:
            self._to_my_process(effect)
            return TypedValue(0, INT)
        self.note(f"returns -EPERM and orders nothing, unless it finds the process of {self.process.name} registered")
        result, end = self.lower.register(), self.lower.label()
        ready = self._read(self._ready(state))
        self._set(result, -flags.EPERM)
        self.emit(Branch(end, Op("eq", (Reg(ready), 0))))
        self._to_my_process(effect)
        self._set(result, 0)
        self.lower.place(end)
        return TypedValue(Reg(result), INT)

    def _to_my_process(self, effect: Effect) -> None:
        if not effect.alone:
            if len(self.process.threads) == 1:
                self.note(f"returns 0 at once: {self.process.name} is the only thread of its process")
                return
            if self.at_once():
                return
        targets = self._others(self.process.threads)
        if len(self.process.threads) < len(self.system.threads):
            names = " and ".join(f"P{t}" for t in targets) or "no other thread"
            self.note(f"interrupts {names}: it is private to the process of {self.process.name}")
        self.emit(*self.promise.call(targets, self.span))

    def _to_the_registered(self, state: str) -> None:
        """membarrier_global_expedited(): whom to interrupt is read thread by thread, before anyone is interrupted."""
        self.note("interrupts the threads of the processes that it finds registered")
        self.emit(*self.promise.entry())
        wanted: dict[int, str | None] = {}
        for t in self._others(self.system.threads):
            wanted[t] = None
            if state not in self.system.of[t].registered:
                wanted[t] = self._find(t, state)
        for t, chosen in wanted.items():
            self._if_chosen(chosen, self.promise.interrupt(t, self.span))
        for t, chosen in wanted.items():
            self._if_chosen(chosen, self.promise.wait(t))
        self.emit(*self.promise.exit())

    def _find(self, thread: int, state: str) -> str:
        """Whether a thread is found registered: a register that is 0 or 1, known on either way from here."""
        found = self._read(self._running(thread, state))
        chosen, skip = self.lower.register(), self.lower.label()
        self._set(chosen, 0)
        self.emit(Branch(skip, Op("eq", (Reg(found), 0))))
        self._set(chosen, 1)
        self.lower.place(skip)
        return chosen

    def _if_chosen(self, chosen: str | None, operations: list[Operation]) -> None:
        skip = self.lower.label()
        if chosen is not None:
            self.emit(Branch(skip, Op("eq", (Reg(chosen), 0))))
        self.emit(*operations)
        self.lower.place(skip)

    def _register(self, state: str) -> None:
        """membarrier_register_*(), sync_runqueues_membarrier_state(): once registered, it does nothing."""
        if state in self.process.registered:
            return
        end = self.lower.label()
        ready = self._read(self._ready(state))
        self.emit(Branch(end, Op("ne", (Reg(ready), 0))))
        targets = () if self.system.one_cpu else self._others(self.process.threads)
        self.note(f"is a barrier in the process of {self.process.name} too, where it registers that process")
        self.emit(*self.promise.entry())
        for t in targets:
            self.emit(*self.promise.interrupt(t, self.span, self._mark_running(t, state)))
        self.emit(*self._mark_running(self.thread, state))
        for t in targets:
            self.emit(*self.promise.wait(t))
        self.emit(*self.promise.exit())
        self._set_bit(self._ready(state))
        self.lower.place(end)

    def shootdown(self, row: Row) -> TypedValue:
        """The fences of the caller, and between them the interrupts, if TLBs are flushed so."""
        self.emit(*[Fence(tags) for tags in row.before])
        if row.interrupts and not self.at_once():
            targets = self._others(self.process.threads)
            self.emit(Fresh())
            for t in targets:
                self.emit(*self.promise.interrupt(t, self.span))
            for t in targets:
                self.emit(*self.promise.wait(t))
        elif not row.interrupts:
            self.lower.note(f"{self.e.name}() interrupts nobody here: TLBs are invalidated by broadcast")
        self.emit(*[Fence(tags) for tags in row.after])
        return TypedValue(0, INT)

    # ------------------------------------------------------------ the kernel's state

    def _ready(self, state: str) -> Address:
        """The bit of mm->membarrier_state that says that a registration is complete."""
        return self.lower.membarrier.cell(f"membarrier_state({self.process.name}).{state}")

    def _running(self, thread: int, state: str) -> Address:
        """The bit of rq->membarrier_state of the processor that a thread runs on."""
        return self.lower.membarrier.cell(f"rq(P{thread}).{state}")

    def _mark_running(self, thread: int, state: str) -> list[Operation]:
        """this_cpu_write() of the state, which only GLOBAL_EXPEDITED asks the runqueues for."""
        if state != "GLOBAL_EXPEDITED":
            return []
        return [Store(self._running(thread, state), 1, tags=self.lower.table["WRITE_ONCE"].store)]

    def _read(self, cell: Address) -> str:
        register = self.lower.register()
        self.emit(Load(register, cell, tags=self.lower.table["READ_ONCE"].load))
        return register

    def _set_bit(self, cell: Address) -> None:
        for instruction in atomic_or(self.lower.table, cell, self.lower.register(), self.lower.register()):
            for number, operation in enumerate(instruction):
                self.lower.emit(operation, self.e.at, joined=number > 0)

    # ------------------------------------------------------------ emission

    def _others(self, threads: Iterable[int]) -> list[int]:
        return [t for t in threads if t != self.thread]

    def emit(self, *operations: Operation) -> None:
        """Append operations, each an instruction of its own."""
        for operation in operations:
            self.lower.emit(operation, self.e.at)

    def _set(self, register: str, value: Expr) -> None:
        self.emit(Set(register, value))

    def _is_not_known(self) -> None:
        self.note("does what the values of its arguments say when it is made")
        self.known = False

    def note(self, text: str) -> None:
        """What the call is taken for, where that is known."""
        if not self.known:
            return
        line, _ = self.span.source.position(self.span.start)
        spelled = " ".join(self.span.text.split())
        self.lower.note(f"{spelled} on line {line} {text}")


def atomic_or(table: Primitives, cell: Address, old: str, status: str) -> list[list[Operation]]:
    """The instructions of atomic_or(1, cell) under a table."""
    row = table["atomic_op"]
    tags = table.sets[row.method]
    load = Load(old, cell, tags=row.load | tags, reserve=row.method == "llsc")
    value = Op("or", (Reg(old), 1))
    update: list[list[Operation]]
    if load.reserve:
        stored = StoreConditional(cell, value, status, 1, 0, tags=row.store | tags)
        update = [[load], [stored, Assume(Reg(status))]]
    else:
        stores = Store(cell, value, tags=row.store | tags, rmw=True, single=row.method == "event")
        update = [[load, stores]]
    before: list[list[Operation]] = [[Fence(f)] for f in row.before]
    after: list[list[Operation]] = [[Fence(f)] for f in row.after]
    return [*before, *update, *after]
