"""Lowering: a design in a scenario, on an architecture, as the program of a litmus test.

The membarrier block of the design is between the caller's accesses.  The hooks of the design are around or between T's
accesses, as the side of the scenario says.  Blocks are lowered like the C of tests.  After each read of the scenario,
an Assume demands the value of the outcome.  So only executions with the outcome are looked at.
"""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct
from msgspec.structs import replace

from litmus.c import syntax as c
from litmus.c.expressions import Memory
from litmus.c.membarrier.processes import system_of
from litmus.c.membarrier.promise import Membarrier
from litmus.c.membarrier.shared import Calls
from litmus.c.statements import END, Statements
from litmus.c.tables import Primitives
from litmus.c.types import INT, NOTHING, TypedValue, exactly, truth
from litmus.c.variables import Shared
from litmus.designs.resolving import AWAIT, FLOATING, IRQ_OFF, WAITING, Resolver
from litmus.designs.scenarios import Scenario, Step
from litmus.designs.state import State
from litmus.designs.syntax import Body, Design
from litmus.diagnostics import Place
from litmus.program.code import (
    Admit,
    Assume,
    Branch,
    CompilerBarrier,
    Float,
    Fresh,
    Load,
    Program,
    RegisterType,
    Store,
    ThreadCode,
    Variable,
)
from litmus.program.question import Conjunction, Equal, Holds, Question
from litmus.program.question import Place as FinalPlace
from litmus.program.values import Address, Expr, Op, Reg

# Which kinds of floating blocks land: among T's accesses (None: all kinds), in the switch, and where T's CPU runs
# another task.
RUNS: frozenset[str] | None = None
SWITCHES = frozenset(("ipi",))
AWAY = frozenset(("ipi", "quiescent"))
MOVED = "moved"  # the variable for T's move to another CPU: the old CPU sets it when it is done with T


class Lowering:
    """The programs of one design."""

    def __init__(self, design: Design) -> None:
        self.design = design
        self.resolved: dict[tuple[str, ...], dict[tuple[str, str], c.Block]] = {}

    def program(self, scenario: Scenario, table: Primitives, outcome: bool = True) -> Program:
        """The program of a scenario.

        outcome: the reads return what the scenario asks for.  If False, they may return anything, and what a block
        writes depends by control on its message, because no machine executes a block before its message has come.
        No verdict about the promise depends on that.

        Raises InputError and Unsupported, with the place in the design, for what its blocks may not contain.
        """
        cpus = {cpu: scenario.starts_on(cpu) for cpu in sorted(scenario.cpus, reverse=True)}
        state = State(self.design, cpus, table.word)
        calls = Calls(Membarrier(table), system_of(None, len(scenario.threads)))
        setting = _Setting(scenario, self._blocks(scenario.cpus), self.design.bodies, outcome)
        codes = []
        notes: dict[str, None] = {}
        for number, steps in enumerate(scenario.threads):
            thread = _Thread(_function(number, scenario), setting, state, table, calls)
            codes.append(thread.steps(steps))
            notes.update(dict.fromkeys(thread.notes))
        locations = {s.access.location for steps in scenario.threads for s in steps if s.access is not None}
        variables = {x: Variable(x) for x in sorted(locations)} | state.variables()
        if len(cpus) > 1:
            variables[MOVED] = Variable(MOVED)
        return Program(
            table.arch, tuple(codes), variables, tuple({} for _ in codes), notes=tuple(notes), notation="language"
        )

    def _blocks(self, cpus: tuple[str, ...]) -> dict[tuple[str, str], c.Block]:
        """(keyword, CPU) -> the block that this CPU executes.  The name of the caller's CPU is empty."""
        found = self.resolved.get(cpus)
        if found is None:
            resolver = Resolver(self.design, cpus)
            bodies = self.design.bodies
            found = self.resolved[cpus] = {("membarrier", ""): resolver.membarrier(bodies["membarrier"])}
            for keyword in ("switch_out", "switch_in"):
                for cpu in cpus if keyword in bodies else ():
                    found[keyword, cpu] = resolver.hook(bodies[keyword], cpu)
        return found


def question(scenario: Scenario) -> Question:
    """The question about the program of a scenario: the final values of its outcome.

    It does not ask for the values of reads, because the program already assumes them.
    """
    places = tuple(FinalPlace(None, x) for x, _ in scenario.final)
    equations = tuple(Equal(i, v) for i, (_, v) in enumerate(scenario.final))
    types = (RegisterType(),) * len(places)
    return Question(places, types, len(places), "exists", Conjunction(equations), None)


COMPLETES = Question((), (), 0, "exists", Holds(True), None)  # asks whether there is any execution


def _function(number: int, scenario: Scenario) -> c.Function:
    """An empty function for the accesses of a thread.  Places in it are places in the scenario's text."""
    nothing = c.Definition(f"P{number}", Place(0, 0), (), c.Block((), Place(0, 0)))
    return c.Function(number, nothing, scenario.source, 0)


class _Setting(Struct, frozen=True):
    """What the threads of a program have in common.  blocks: (keyword, CPU) -> the block, with resolved names."""

    scenario: Scenario
    blocks: Mapping[tuple[str, str], c.Block]
    bodies: Mapping[str, Body]
    outcome: bool


class _Thread(Statements):
    """A hardware thread: the accesses of a scenario, and the blocks of a design between them."""

    def __init__(
        self, function: c.Function, setting: _Setting, shared: Shared, table: Primitives, membarrier: Calls
    ) -> None:
        super().__init__(function, shared, table, membarrier, {})
        self.setting = setting
        self.scenario = setting.scenario
        self.admitted: frozenset[str] | None = RUNS
        self.messages = 0
        self.last_read: Expr | None = None  # the value of the last read among the scenario's accesses
        self.end = END  # the label to which `return` goes

    def steps(self, steps: tuple[Step, ...]) -> ThreadCode:
        """The whole thread."""
        self.labels[END] = -1
        own = self.function
        if steps[0].deed in ("switch_in", "arrive"):
            self.admitted = AWAY
        start = self.admitted
        for step in steps:
            self.function = own
            self._deed(step, Place(step.span.start, step.span.end))
        self.function = own
        self.place(END)
        return replace(self.code(), admitted=start)

    def _deed(self, step: Step, at: Place) -> None:
        match step.deed:
            case "access":
                self._access(step, at)
            case "barrier" | "smp_mb":
                self.fences(self.table[step.deed].before, at)
            case "membarrier":
                self.emit(Fresh(), at)
                self._run("membarrier", "", step)
            case "leave":
                place = self._place(MOVED, "smp_load_acquire", "smp_store_release", at)
                self.store(place, TypedValue(1, INT), at)
            case "arrive":
                again = self._round()
                moved = self.load(self._place(MOVED, "smp_load_acquire", "smp_store_release", at))
                self.emit(Assume(Op("eq", (moved.expr, 1)), again), at)
            case "switch_out" | "switch_in":
                cpu = next(cpu for cpu in self.scenario.cpus if self.scenario.cpu_thread(cpu) == self.function.thread)
                self._admit(SWITCHES, at)
                self._run(step.deed, cpu, step)
                self._admit(AWAY if step.deed == "switch_out" else RUNS, at)

    def _access(self, step: Step, at: Place) -> None:
        access = step.access
        assert access is not None, "an access step has one"
        place = self._place(access.location, "READ_ONCE", "WRITE_ONCE", at)
        value: Expr = access.value
        # If T has moved to another CPU, there is no dependency: the hand-over orders the two accesses.
        how = step.dependency if self.last_read is not None else None
        nothing = Op("xor", (self.last_read, self.last_read)) if self.last_read is not None else 0
        behind = self.label() if how == "ctrl" else None
        if how == "addr":
            place = place._replace(address=Op("add", (place.address, nothing)))
        elif how == "data":
            value = Op("add", (nothing, value))
        elif behind is not None:
            self.branch(behind, Op("ne", (nothing, 0)), at)
        if access.direction == "W":
            self.store(place, TypedValue(value, INT), at)
        else:
            read = self.load(place)
            self.last_read = read.expr
            if self.setting.outcome:
                self._expect(read, access.value, at)
        if behind is not None:
            self.place(behind)

    def _place(self, name: str, load: str, store: str, at: Place) -> Memory:
        return Memory(Address(name), INT, self.table[load], self.table[store], at)

    def _expect(self, value: TypedValue, wanted: int, at: Place) -> None:
        self.emit(Assume(Op("eq", (value.expr, wanted))), at)

    def _run(self, keyword: str, cpu: str, step: Step) -> None:
        """Lower a block of the design.  `return` leaves the block."""
        block = self.setting.blocks.get((keyword, cpu))
        if block is None:
            return
        span = self.setting.bodies[keyword].span
        source, start = span.source, span.start
        if self.scenario.listed:
            source, start = step.span.source, step.span.end - (span.end - span.start)
        self.function = c.Function(self.function.thread, self.function.definition, source, start)
        self.end = self.label()
        at = block.at
        self.emit(CompilerBarrier(), at)  # the thread enters the kernel, which is compiled separately
        self.statement(block)
        self.place(self.end)
        self.emit(CompilerBarrier(), at)

    def _admit(self, kinds: frozenset[str] | None, at: Place) -> None:
        self.emit(Admit(kinds), at)
        self.admitted = kinds

    # ------------------------------------------------------------ what blocks have beside C

    def statement(self, s: c.Statement) -> None:
        """Lower one statement of a block."""
        match s:
            case c.Braced(name=name) if name == IRQ_OFF:
                outer = self.admitted
                self._admit(frozenset(), s.name_at)
                self.statement(s.body)
                self._admit(outer, s.name_at)
            case c.Braced():
                self._send(s)
            case c.Return(None):
                self.emit(Branch(self.end), s.at)
            case c.Return():
                self.wrong("blocks return nothing", s.at, "return;")
            case _:
                super().statement(s)

    def evaluate(self, expression: c.Expression) -> TypedValue:
        """The value of an expression of a block."""
        if isinstance(expression, c.Call) and expression.name == AWAIT:
            return self._await(expression)
        return super().evaluate(expression)

    def _send(self, s: c.Braced) -> None:
        """Send a block to a CPU.  If the block has an answer, wait for it."""
        (cpu,) = s.arguments
        assert isinstance(cpu, c.Name), "names are resolved"
        kind = FLOATING[s.name]
        waits = s.name in WAITING
        message, answer = Address(f"~{kind}{self.messages}#"), Address(f"~ack{self.messages}#")
        self.messages += 1
        sent, received = self.table["WRITE_ONCE"].store, self.table["READ_ONCE"].load
        handler = _Thread(self.function, self.setting, self.shared, self.table, self.membarrier)
        handler.labels[END] = -1
        handler.emit(Load("$message", message, tags=received), s.name_at)
        handler.emit(Assume(Op("eq", (Reg("$message"), 1))), s.name_at)
        if not self.setting.outcome:
            taken = handler.label()
            handler.emit(Branch(taken, Reg("$message")), s.name_at)
            handler.place(taken)
        handler.statement(s.body)
        handler.place(END)
        if waits:
            handler.emit(Store(answer, 1, tags=sent), s.name_at)
        code = handler.code()
        self.emit(Store(message, 1, tags=sent), s.name_at)
        self.emit(Float(self.scenario.cpu_thread(cpu.name), code.lines, kind, code.labels), s.name_at)
        if waits:
            again, register = self._round(), self.register()
            self.emit(Load(register, answer, tags=received), s.name_at)
            self.emit(Assume(Op("eq", (Reg(register), 1)), again), s.name_at)

    def _await(self, e: c.Call) -> TypedValue:
        """Lower a loop that spins until a condition holds.  Only its last round is lowered."""
        if len(e.arguments) != 1:
            self.wrong(f"{AWAIT} takes 1 argument, not {len(e.arguments)}", e.at)
        again = self._round()
        # The branch of the loop: all that follows has a control dependency on what was read.
        condition = exactly(truth(self.value(e.arguments[0]))).expr
        following = self.label()
        self.emit(Branch(following, condition), e.at)
        self.place(following)
        self.emit(Assume(condition, again), e.at)
        return NOTHING

    def _round(self) -> str:
        """Place a label here, where a round of a loop that waits begins, and return it."""
        label = self.label()
        self.place(label)
        return label
