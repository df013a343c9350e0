"""The register level of a path: reads and writes of registers, and decisions, as models with `catdep` see them.

litmus.program.registers has the rules and their source.  Here they are written for the steps of one path of each
thread: what each execution of an instruction does with registers, in the order of its operations.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import groupby

from msgspec import Struct

from litmus.diagnostics import Unsupported
from litmus.oracle.algebra import EventSet, Relation
from litmus.oracle.paths import Pair, Path, Step
from litmus.program.code import TEMPORARY, Branch, Float, Load, Program, Set, Store, StoreConditional
from litmus.program.values import Expr, Op, Reg

Sources = frozenset[int]  # events

NO_SOURCES: Sources = frozenset()
RESERVATION = ".reservation"


def refuse(program: Program) -> None:
    """Raises Unsupported for a program that has no register level."""
    if program.notation == "language":
        raise Unsupported("models that see registers are not supported for tests in C")
    if any(isinstance(line.operation, Float) for thread in program.threads for line in thread.lines):
        raise Unsupported("models that see registers are not supported for tests with sys_membarrier()")


class RegisterEvent(Struct, frozen=True):
    """A decision, or the read or the write of a register.

    register: its name; "" for a decision.  control: the reads that earlier branches were decided by.
    """

    number: int
    thread: int
    instance: int
    sets: frozenset[str]
    register: str
    control: Sources


class RegisterLevel(Struct, frozen=True):
    """The events of this level, and relations over all events; program order and instances are complete.

    sets: the events in each cat set.  relations: by cat name.
    """

    events: list[RegisterEvent]
    sets: dict[str, EventSet]
    relations: dict[str, Relation]


def level_of(paths: Iterable[Path], first: int, commits: bool) -> RegisterLevel:
    """The register level of one path of each thread.  Its events are numbered from `first` on.

    commits: decisions are events.
    """
    events: list[RegisterEvent] = []
    flows: dict[str, set[Pair]] = {name: set() for name in ("rf-reg", "iico_data", "iico_ctrl", "iico_order")}
    order: set[Pair] = set()
    together: set[Pair] = set()
    ports: dict[int, set[str]] = {}
    for path in paths:
        single = {w: r for r, w in path.relations.get("single", ())}
        last: dict[str, int] = {}
        earlier: list[int] = []
        for _, steps in groupby(path.steps, key=lambda step: step.instance):
            instruction = _Instruction(path.thread, first + len(events), last, commits)
            instruction.execute(list(steps))
            made = [e.number for e in instruction.events]
            events += instruction.events
            for name, pairs in instruction.flows.items():
                seen = {(single.get(e, e), single.get(f, f)) for e, f in pairs}
                flows[name] |= {(e, f) for e, f in seen if e != f}
            for number, uses in instruction.ports.items():
                ports[number] = uses
            members = sorted({single.get(e, e) for e in (*made, *instruction.accesses)})
            order |= {(e, f) for e in earlier for f in members}
            together |= {(e, f) for e in members for f in members}
            earlier += members
    sets: dict[str, set[int]] = {}
    for event in events:
        for name in (*event.sets, *ports.get(event.number, ())):
            sets.setdefault(name, set()).add(event.number)
    relations = {name: frozenset(pairs) for name, pairs in flows.items()}
    relations["po"] = frozenset(order)
    relations["same-instance"] = frozenset(together)
    return RegisterLevel(events, {name: frozenset(members) for name, members in sets.items()}, relations)


class _Instruction:
    """What one execution of an instruction does with registers.

    last: for each register, the event that wrote the value that it holds.  values: for each register that the
    instruction has written, the events that the value comes from.  ruling: the events that lead to that write by
    iico_ctrl.  deciding: the events that decide whether the rest of the instruction is executed.  decided: the events
    of that rest so far.
    """

    def __init__(self, thread: int, first: int, last: dict[str, int], commits: bool) -> None:
        self.thread = thread
        self.first = first
        self.last = last
        self.commits = commits
        self.instance = -1
        self.control = NO_SOURCES
        self.events: list[RegisterEvent] = []
        self.accesses: list[int] = []
        self.ports: dict[int, set[str]] = {}
        self.flows: dict[str, set[Pair]] = {name: set() for name in ("rf-reg", "iico_data", "iico_ctrl", "iico_order")}
        self.reads: dict[tuple[str, str], int] = {}
        self.values: dict[str, Sources] = {}
        self.ruling: dict[str, Sources] = {}
        self.decisions: dict[Expr, int] = {}
        self.branched = False
        self.deciding = NO_SOURCES
        self.decided = NO_SOURCES
        self.load: int | None = None

    def execute(self, steps: list[Step]) -> None:
        """Execute the operations, and then write the registers."""
        for step in steps:
            self.instance, self.control = step.instance, step.control
            operation = step.operation
            match operation:
                case Set():
                    self.set(operation, step)
                case Load():
                    self.read_memory(operation, step)
                case Store():
                    self.store(operation, step)
                case StoreConditional():
                    self.store_conditional(operation, step)
                case Branch():
                    self.branch(operation)
                case _ if step.event is not None:
                    self.place(step.event)
        for register, sources in self.values.items():
            if not register.startswith(TEMPORARY):
                ruling = self.ruling.get(register, NO_SOURCES)
                self.last[register] = self.event(("Wreg",), sources, ruling, register)

    # ------------------------------------------------------------ operations

    def set(self, operation: Set, step: Step) -> None:
        """The value of a register.  If it is chosen from two, it is that of the way that was taken."""
        value = operation.value
        if isinstance(value, Op) and value.name in ("select", "either"):
            condition, first, second = value.args
            if value.name == "select":
                self.deciding, self.decided = self.decision(condition), NO_SOURCES
                self.values[operation.register] = self.operand(first if step.way else second)
                return
            ruling = self.decision(condition, "DATA")
            self.values[operation.register] = self.operand(first if step.way else second)
            if step.way and ruling:
                self.ruling[operation.register] = ruling
            return
        self.values[operation.register] = self.operand(value)

    def read_memory(self, operation: Load, step: Step) -> None:
        """The read depends on the registers of its address, and the register that it loads on the read."""
        assert step.event is not None, "a load is an event"
        address = self.operand(operation.address, "ADDR")
        self.place(step.event, address)
        self.values[operation.register] = frozenset((step.event,))
        self.load = step.event
        if operation.reserve:
            self.values[RESERVATION] = address

    def store(self, operation: Store, step: Step) -> None:
        """The write depends on address and value, and on the decision whether there is a write."""
        ruling = NO_SOURCES
        if operation.when is not None:
            ruling = self.decision(operation.when, "DATA")
        if step.event is None and step.way is None:
            return  # whatever is read, nothing is stored
        sources = self.operand(operation.address, "ADDR") | self.operand(operation.value, "DATA")
        if step.event is None:
            return
        self.place(step.event, sources, ruling)
        if operation.rmw and self.load is not None and self.load not in sources and not ruling:
            self.flows["iico_order"].add((self.load, step.event))

    def store_conditional(self, operation: StoreConditional, step: Step) -> None:
        """It reads address, value and reservation in any case, and writes the reservation and the status."""
        address = self.operand(operation.address, "ADDR")
        value = self.operand(operation.value, "DATA")
        reservation = self.operand(Reg(RESERVATION))
        if operation.carries == "operands":
            status = address | value | reservation
            self.values[RESERVATION] = self.values[operation.status] = status
            if step.event is not None:
                self.place(step.event, status)
            return
        self.values[RESERVATION] = self.values[operation.status] = NO_SOURCES
        self.ruling[RESERVATION] = reservation
        if step.event is not None:
            self.place(step.event, address | value, address | reservation)
            if operation.carries == "store":
                self.ruling[operation.status] = frozenset((step.event,))

    def branch(self, operation: Branch) -> None:
        """A branch that has a condition is a decision.  One that only leads around the rest of its instruction is none.

        A jump through a register has several branches and one decision.
        """
        if operation.condition is None:
            return
        sources = self.operand(operation.condition)
        if operation.join is not None:
            self.deciding, self.decided = sources, NO_SOURCES
        elif self.commits and not self.branched:
            self.event(("B", "BCC"), sources)
            self.branched = True

    def decision(self, condition: Expr, use: str = "") -> Sources:
        """The event of the decision by a condition; what it is computed from, if decisions are no events."""
        sources = self.operand(condition, use)
        if not self.commits:
            return sources
        if condition not in self.decisions:
            self.decisions[condition] = self.event(("B", "PRED"), sources)
        return frozenset((self.decisions[condition],))

    # ------------------------------------------------------------ operands and events

    def operand(self, expr: Expr, use: str = "") -> Sources:
        """The events that an expression is computed from.

        use: the expression stands in an address ("ADDR"), in a stored value ("DATA"), or elsewhere ("").
        """
        if isinstance(expr, Op):
            return NO_SOURCES.union(*(self.operand(argument, use) for argument in expr.args))
        if not isinstance(expr, Reg):
            return NO_SOURCES
        written = self.values.get(expr.name)
        if written is None:
            return frozenset((self.read_register(expr.name, use),))
        for source in written if use else ():
            if any(e.number == source and "Rreg" in e.sets for e in self.events):
                self.ports.setdefault(source, set()).add(use)
        return written

    def read_register(self, register: str, use: str) -> int:
        """The event in which the instruction reads a register that it has not written: one for each use."""
        uses = (use,) if use else ("", "DATA", "ADDR")
        found = next((self.reads[register, u] for u in uses if (register, u) in self.reads), None)
        if found is None:
            found = self.event(("Rreg",), NO_SOURCES, NO_SOURCES, register)
            if use:
                self.ports[found] = {use}
            if register in self.last:
                self.flows["rf-reg"].add((self.last[register], found))
        self.reads[register, use] = found
        return found

    def event(self, sets: tuple[str, ...], sources: Sources, ruling: Sources = NO_SOURCES, register: str = "") -> int:
        """A new event of the instruction."""
        number = self.first + len(self.events)
        self.events.append(RegisterEvent(number, self.thread, self.instance, frozenset(sets), register, self.control))
        self.connect(number, sources, ruling)
        return number

    def place(self, number: int, sources: Sources = NO_SOURCES, ruling: Sources = NO_SOURCES) -> None:
        """An access or a fence of the instruction.  sources, ruling: what leads to it by iico_data, by iico_ctrl."""
        self.accesses.append(number)
        self.connect(number, sources, ruling)

    def connect(self, event: int, sources: Sources, ruling: Sources) -> None:
        """Note the pairs of iico_data and iico_ctrl that lead to an event."""
        self.flows["iico_data"].update((source, event) for source in sources)
        if self.deciding and not sources & self.decided:
            ruling |= self.deciding
        self.flows["iico_ctrl"].update((source, event) for source in ruling)
        self.decided |= {event}
