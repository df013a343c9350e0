"""The call: from `membarrier(cmd, flags, cpu_id)` in a C test to operations and a return value.

Its flags are in litmus.c.membarrier.flags; what the promise is made of, in litmus.c.membarrier.promise.

The registrations of a process are the bits of one cell, mm->membarrier_state.  A command that needs a registration
reads the cell.  A command that registers sets one bit, interrupts the other threads of the process and waits for them,
and then sets another bit.  Several threads of the process may do this at the same time.  The interrupts order, as in
kernel/sched/membarrier.c: in every thread of the process, the accesses after the interrupt come after the registration
has begun.  So if a caller of GLOBAL_EXPEDITED does not see the registration, it is ordered before these accesses.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from litmus.c import syntax as c
from litmus.c.expressions import Expressions
from litmus.c.membarrier import flags
from litmus.c.membarrier.flags import Effect
from litmus.c.membarrier.processes import Process
from litmus.c.tables import Primitives, Row
from litmus.c.types import INT, TypedValue, converted
from litmus.diagnostics import near
from litmus.program.code import Assume, Branch, Fence, Fresh, Load, Operation, Set, Store, StoreConditional
from litmus.program.values import Address, Expr, Op, Reg

# How many arguments each spelling takes.  One argument: the flags of v12.  Two or three: a command, its flags, a CPU.
ARGUMENTS = {"sys_membarrier": (0, 1, 2, 3), "membarrier": (0, 2, 3), "smp_memb": (0,), "syscall": (3, 4)}

# The first argument of syscall(2) for membarrier(2): sys/syscall.h.  The number itself depends on the architecture.
SYSCALLS = ("__NR_membarrier", "SYS_membarrier")


def call(lower: Expressions, e: c.Call) -> TypedValue:
    """Lower a call and return its value.  Raises InputError and Unsupported with the span of the wrong argument."""
    takes = ARGUMENTS[e.name]
    if len(e.arguments) not in takes:
        numbers = " or ".join(map(str, takes))
        plural = "" if takes == (1,) else "s"
        hint = "sys_membarrier(flags) takes one" if len(e.arguments) == 1 else None
        lower.wrong(f"{e.name} takes {numbers} argument{plural}, not {len(e.arguments)}", e.at, hint)
    if e.name == "syscall":
        return _syscall(lower, e)
    return _value(lower, e, e.arguments)


def _syscall(lower: Expressions, e: c.Call) -> TypedValue:
    """syscall(__NR_membarrier, ...).  If membarrier returns a negative number -n, it returns -1 and sets errno to n."""
    number, *arguments = e.arguments
    if not isinstance(number, c.Name) or number.name not in SYSCALLS:
        text = lower.function.span(number.at).text
        lower.unsupported(f"of system calls only membarrier is supported, not {text}", number.at, SYSCALLS[0])
    lower.has_errno()
    value = _value(lower, e, tuple(arguments)).expr
    if isinstance(value, int):
        if value < 0:
            lower.set("errno", TypedValue(-value, INT), e.at)
        return TypedValue(max(value, -1), INT)
    result, end = lower.register(), lower.label()
    lower.emit(Set(result, value), e.at)
    lower.emit(Branch(end, Op("ge", (Reg(result), 0))), e.at)
    lower.set("errno", TypedValue(Op("neg", (Reg(result),)), INT), e.at)
    lower.emit(Set(result, -1), e.at)
    lower.place(end)
    return TypedValue(Reg(result), INT)


def _value(lower: Expressions, e: c.Call, arguments: tuple[c.Expression, ...]) -> TypedValue:
    known = flags.FLAGS if len(arguments) == 1 else flags.OF_MERGED
    given = [_argument(lower, argument, known) for argument in arguments]
    site = _Call(lower, e)
    match given:
        case []:
            return site.value(flags.EVERYONE)
        case [of_v12]:
            return site.by_flags(of_v12)
        case [command, flag, *cpu]:
            return site.by_command(command, flag, cpu[0] if cpu else None)
    raise AssertionError("ARGUMENTS has no other number")


def shootdown(lower: Expressions, e: c.Call, row: Row) -> TypedValue:
    """Lower mprotect() of a page that every thread of the process has used.

    The table says how the TLBs of other processors are flushed: by interrupting them, or by an instruction that all
    processors obey, which interrupts no thread.
    """
    return _Call(lower, e).shootdown(row)


def _argument(lower: Expressions, e: c.Expression, known: Mapping[str, int]) -> Expr:
    """The value of an argument as an int.

    known: the names that this form of the call gives to numbers.  The argument may use them and the thread's own names.
    """
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
    """One call of one thread while it is lowered."""

    def __init__(self, lower: Expressions, e: c.Call) -> None:
        self.lower = lower
        self.e = e
        self.span = lower.function.span(e.at)
        self.thread = lower.function.thread
        self.promise = lower.membarrier.promise
        self.system = lower.membarrier.system
        self.process: Process = self.system.of[self.thread]
        self.known = True  # whether the text alone shows which effect the call has
        self.cpu: Expr | None = None  # the third argument

    # ------------------------------------------------------------ which effect

    def by_flags(self, value: Expr) -> TypedValue:
        """sys_membarrier(flags)."""
        if isinstance(value, int):
            return self.value(flags.BY_FLAGS.get(value) or flags.refused_flags(value))
        return self.chosen(value, flags.BY_FLAGS, flags.refused("its flags are not valid"))

    def by_command(self, command: Expr, flag: Expr, cpu: Expr | None) -> TypedValue:
        """membarrier(cmd, flags, cpu_id).  The flags are checked before the command is looked at.

        The flags may be 0, and for RSEQ also MEMBARRIER_CMD_FLAG_CPU.
        """
        self.cpu = cpu
        if isinstance(flag, int):
            return self._with_flag(command, flag)
        self._is_not_known()
        result, end = self.lower.register(), self.lower.label()
        for number in (0, flags.FLAG_CPU):
            following = self.lower.label()
            self.emit(Branch(following, Op("ne", (flag, number))))
            self._set(result, self._with_flag(command, number).expr)
            self.emit(Branch(end))
            self.lower.place(following)
        self._set(result, self.value(flags.NO_FLAGS).expr)
        self.lower.place(end)
        return TypedValue(Reg(result), INT)

    def _with_flag(self, command: Expr, flag: int) -> TypedValue:
        if flag == 0:
            effects, otherwise = flags.by_command(self.system.nohz_full), flags.NO_COMMAND
        else:
            effects = {flags.RSEQ: flags.ONE_CPU_OF_RSEQ} if flag == flags.FLAG_CPU else {}
            otherwise = flags.NO_FLAGS
        if isinstance(command, int):
            return self.value(effects.get(command, otherwise))
        return self.chosen(command, effects, otherwise)

    def chosen(self, value: Expr, effects: Mapping[int, Effect], otherwise: Effect) -> TypedValue:
        """The value of a call whose effect depends on a value at run time.  There is a branch for each effect."""
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
        """Emit the operations of a call with this effect, and give what it returns."""
        match effect.asks:
            case "answer":
                returned = "-EINVAL" if effect.answer == -flags.EINVAL else effect.answer
                self.note(f"returns {returned} and orders nothing: {effect.why}")
                return TypedValue(effect.answer, INT)
            case "everyone":
                if not self.at_once():
                    self.emit(*self.promise.call(self._others(self.system.threads), self.span))
                return TypedValue(0, INT)
            case "process" | "processor":
                return self._to_the_process(effect)
            case "registrations":
                return self._registrations()
            case "registered":
                if not self.at_once():
                    self._to_the_registered(effect.state)
                return TypedValue(0, INT)
            case "register":
                self._register(effect.state)
                return TypedValue(0, INT)

    def at_once(self) -> bool:
        """Whether only one processor is online: then no other thread is running, and the call returns at once."""
        if self.system.one_cpu:
            self.note("returns 0 at once: one CPU is online")
        return self.system.one_cpu

    def _to_the_process(self, effect: Effect) -> TypedValue:
        """The promise to the caller's process.  If it needs a registration and reads that there is none: -EPERM."""
        state = effect.state
        if not state or state in self.process.registered:
            self._to_my_process(effect)
            return TypedValue(0, INT)
        self.note(f"returns -EPERM and orders nothing, unless it finds the process of {self.process.name} registered")
        result, end = self.lower.register(), self.lower.label()
        ready = self._is_ready(state)
        self._set(result, -flags.EPERM)
        self.emit(Branch(end, Op("eq", (ready, 0))))
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
        if effect.asks == "processor":
            self._to_the_processor()
            return
        targets = self._others(self.process.threads)
        if len(self.process.threads) < len(self.system.threads):
            names = " and ".join(f"P{t}" for t in targets) or "no other thread"
            self.note(f"interrupts {names}: it is private to the process of {self.process.name}")
        self.emit(*self.promise.call(targets, self.span))

    def _to_the_processor(self) -> None:
        """The promise to the thread that runs on the CPU of the third argument.  A negative number means every CPU."""
        cpu = self.cpu
        if cpu is None:
            self.lower.wrong("MEMBARRIER_CMD_FLAG_CPU needs a third argument, the CPU", self.e.at, "or flags 0")
        others = self._others(self.process.threads)
        if isinstance(cpu, int) and cpu < 0:
            self.emit(*self.promise.call(others, self.span))
            return
        for t in others:
            if t not in self.system.cpus:
                threads = ", ".join(f"P{t} on CPU {t}" for t in self.process.threads)
                hint = f"state it in a comment: Process({threads})"
                self.lower.unsupported(f"it is not known on which CPU P{t} runs", self.e.arguments[-1].at, hint)
        if isinstance(cpu, int):
            targets = [t for t in others if self.system.cpus[t] == cpu]
            names = " and ".join(f"P{t}" for t in targets) or "no other thread"
            self.note(f"interrupts {names}: it is for the thread on CPU {cpu}")
            self.emit(*self.promise.call(targets, self.span))
            return
        wanted = {t: self._truth(Op("or", (Op("eq", (cpu, self.system.cpus[t])), Op("lt", (cpu, 0))))) for t in others}
        self.emit(*self.promise.entry())
        self._interrupt(wanted)
        self.emit(*self.promise.exit())

    def _to_the_registered(self, state: str) -> None:
        """membarrier_global_expedited().  It first reads, thread by thread, whom to interrupt; then it interrupts."""
        self.note("interrupts the threads of the processes that it finds registered")
        self.emit(*self.promise.entry())
        wanted: dict[int, str | None] = {}
        for t in self._others(self.system.threads):
            wanted[t] = None
            if state not in self.system.of[t].registered:
                wanted[t] = self._truth(Reg(self._read(self._running(t, state))))
        self._interrupt(wanted)
        self.emit(*self.promise.exit())

    def _interrupt(self, wanted: Mapping[int, str | None]) -> None:
        """Interrupt the threads whose register is not 0 (None: always interrupt), then wait for them."""
        for t, chosen in wanted.items():
            self._if_chosen(chosen, self.promise.interrupt(t, self.span))
        for t, chosen in wanted.items():
            self._if_chosen(chosen, self.promise.wait(t))

    def _truth(self, condition: Expr) -> str:
        """A register that is 1 if the condition holds, else 0.  A branch sets it: its value is known on either way."""
        chosen, skip = self.lower.register(), self.lower.label()
        self._set(chosen, 0)
        self.emit(Branch(skip, Op("eq", (condition, 0))))
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
        """membarrier_register_*(), sync_runqueues_membarrier_state().  A second registration does nothing."""
        if state in self.process.registered:
            return
        end = self.lower.label()
        self.emit(Branch(end, Op("ne", (self._is_ready(state), 0))))
        self._set_bits(flags.STATES[state].begun)
        targets = () if self.system.one_cpu else self._others(self.process.threads)
        self.note(f"is a barrier in the process of {self.process.name} too, where it registers that process")
        self.emit(*self.promise.entry())
        for t in targets:
            self.emit(*self.promise.interrupt(t, self.span, self._mark_running(t, state)))
        self.emit(*self._mark_running(self.thread, state))
        for t in targets:
            self.emit(*self.promise.wait(t))
        self.emit(*self.promise.exit())
        self._set_bits(flags.STATES[state].ready)
        self.lower.place(end)

    def _registrations(self) -> TypedValue:
        """membarrier_get_registrations().  A registration that has begun is reported, even if it is not complete."""
        bits = self._read(self._state())
        found: Expr = 0
        for state in flags.STATES.values():
            is_there = Op("ne", (Op("and", (Reg(bits), state.found)), 0))
            found = Op("or", (found, Op("ite", (is_there, state.command, 0))))
        return TypedValue(found, INT)

    def shootdown(self, row: Row) -> TypedValue:
        """The fences of the caller.  If TLBs are flushed by interrupts, these are between the fences."""
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

    def _state(self) -> Address:
        """mm->membarrier_state of the caller's process."""
        return self.lower.membarrier.cell(f"membarrier_state({self.process.name})", self.process.state)

    def _is_ready(self, state: str) -> Expr:
        """An expression that is not 0 if the caller reads that a registration is complete."""
        return Op("and", (Reg(self._read(self._state())), flags.STATES[state].ready))

    def _running(self, thread: int, state: str) -> Address:
        """The bit of rq->membarrier_state, of the processor that a thread runs on."""
        return self.lower.membarrier.cell(f"rq(P{thread}).{state}")

    def _mark_running(self, thread: int, state: str) -> list[Operation]:
        """this_cpu_write() of the state.  Only GLOBAL_EXPEDITED reads the state of runqueues, so only it is written."""
        if state != "GLOBAL_EXPEDITED":
            return []
        return [Store(self._running(thread, state), 1, tags=self.lower.table["WRITE_ONCE"].store)]

    def _read(self, cell: Address) -> str:
        register = self.lower.register()
        self.emit(Load(register, cell, tags=self.lower.table["READ_ONCE"].load))
        return register

    def _set_bits(self, bits: int) -> None:
        names = self.lower.register(), self.lower.register()
        for instruction in atomic_or(self.lower.table, bits, self._state(), *names):
            for number, operation in enumerate(instruction):
                self.lower.emit(operation, self.e.at, joined=number > 0)

    # ------------------------------------------------------------ emission

    def _others(self, threads: Iterable[int]) -> list[int]:
        return [t for t in threads if t != self.thread]

    def emit(self, *operations: Operation) -> None:
        """Append operations.  Each of them is an instruction of its own."""
        for operation in operations:
            self.lower.emit(operation, self.e.at)

    def _set(self, register: str, value: Expr) -> None:
        self.emit(Set(register, value))

    def _is_not_known(self) -> None:
        self.note("does what the values of its arguments say when it is made")
        self.known = False

    def note(self, text: str) -> None:
        """Add a note on what the call does.  If that depends on values at run time, no note is added."""
        if not self.known:
            return
        line, _ = self.span.source.position(self.span.start)
        spelled = " ".join(self.span.text.split())
        self.lower.note(f"{spelled} on line {line} {text}")


def atomic_or(table: Primitives, bits: int, cell: Address, old: str, status: str) -> list[list[Operation]]:
    """The instructions of atomic_or(bits, cell) under a table."""
    row = table["atomic_op"]
    tags = table.sets[row.method]
    load = Load(old, cell, tags=row.load | tags, reserve=row.method == "llsc")
    value = Op("or", (Reg(old), bits))
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
