"""The register level: reads and writes of registers, and decisions, as models with `catdep` see them.

Such a model computes dependencies itself: from the flow of values between instructions (rf-reg) and within one
instruction (iico_data, iico_ctrl).  While a thread is unrolled, `Recorder` notes what each instruction does with
registers.  The rules are the same for all instructions:

* A register that an instruction reads has one event for each use: in an address (ADDR), in a stored value (DATA),
  or elsewhere.  A register that it writes has one event.
* iico_data leads to a value from the events that it is computed from: reads of registers, and accesses.
* A branch that has a condition is a decision (BCC).  The condition of a selection is a decision (PRED), and so is the
  condition of a store that may not happen.  iico_ctrl leads from a decision to the first events of what it decides on.
* A read and a write of one instruction are in iico_order if nothing else leads from the one to the other.
* A load-reserve writes a register that holds the reservation.  A store-conditional reads and writes this register.

Source: herd7's semantics of instructions (eventsMonad.ml, event.ml, AArch64Sem.ml and those of other machines).
Registers of the lowering that live within one instruction (litmus.program.code, TEMPORARY) are not registers here.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Mapping
from typing import Protocol

from msgspec import Struct, field

from litmus.diagnostics import Unsupported
from litmus.program.code import TEMPORARY, Branch, Float, Load, Program, Store, StoreConditional
from litmus.program.graph import INITIAL, EventGraph, RegisterEvents
from litmus.program.reads import Reads
from litmus.program.values import Expr, Op, Reg
from litmus.relation.rows import Rows, bits, transposed

Sources = frozenset[int]  # events: e of the graph, ~i for the event i of this level

_NOTHING: Sources = frozenset()
_RESERVATION = ".reservation"


def same_instance(graph: EventGraph) -> Rows:
    """The pairs of events of one execution of one instruction.  Each event is paired with itself too."""
    before = transposed(graph.po)
    together: dict[int, int] = {}  # event -> the events of its thread, or of its block
    for thread in range(len(graph.program.threads)):
        own = sum(1 << event.number for event in graph.events if event.thread == thread)
        inside = [block.events for block in graph.blocks if block.thread == thread]
        for mask in (*inside, own & ~sum(inside)):
            together |= dict.fromkeys(bits(mask), mask)
    rows = [together.get(e, 0) & ~graph.po[e] & ~before[e] for e in range(len(graph.events))]
    for e, f in graph.exchanges:
        rows[e] &= ~(1 << f)
        rows[f] &= ~(1 << e)
    for r, w in graph.amo:  # in C, these are in program order
        rows[r] |= 1 << w
        rows[w] |= 1 << r
    return rows


class Trace(Struct):
    """What one path through a thread has done with registers.

    last: for each register, the write whose value it holds.  before: the mask of the events of this level so far.

    The other fields are about the current instruction.  start: `before` as it was when the instruction began.
    reads: its reads of registers, by register and use.  values: for each register that it has written, the events that
    the value comes from.  ruling: for each such register, the events that lead to its write by iico_ctrl.
    decisions: its decisions, by condition.  branch: the decision of its branch.  deciding: the events that decide
    whether the rest of the instruction is executed.  decided: the events of that rest so far.
    """

    thread: int
    last: dict[str, int] = field(default_factory=dict)
    before: int = 0
    start: int = 0
    instance: int = -1
    reads: dict[tuple[str, str], int] = field(default_factory=dict)
    values: dict[str, Sources] = field(default_factory=dict)
    ruling: dict[str, Sources] = field(default_factory=dict)
    decisions: dict[Expr, int] = field(default_factory=dict)
    branch: int | None = None
    deciding: Sources = _NOTHING
    decided: Sources = _NOTHING

    def fork(self) -> Trace:
        """A copy, for another path that is the same up to here."""
        return Trace(
            self.thread, self.last.copy(), self.before, self.start, self.instance, self.reads.copy(),
            self.values.copy(), self.ruling.copy(), self.decisions.copy(), self.branch, self.deciding, self.decided,
        )  # fmt: skip


NO_TRACE = Trace(INITIAL)  # of all paths, if nothing is recorded


class Standing(Struct, frozen=True):
    """Where an event stands: the number of its instruction, and the events of earlier instructions, as masks.

    start: those of the graph.  level_start: those of this level.
    """

    instance: int
    start: int
    level_start: int


class Recorded(Struct, frozen=True):
    """An event of this level: the cat sets it is in, the register that it reads or writes ("" for a decision).

    control: the mask of the reads that earlier branches were decided by.
    """

    thread: int
    guard: int
    control: int
    sets: tuple[str, ...]
    register: str
    standing: Standing


class Way(Protocol):
    """What a path must tell: its guard, the events of the graph before its instruction, the reads that control it."""

    guard: int
    start: int
    control: Reads
    trace: Trace


Attempt = tuple[Sources, Sources, Sources]  # what a store-conditional reads: address, value, reservation


class Observer:
    """Unrolling calls its methods for each operation, in order.  This class does nothing with what it is told."""

    records = False

    def start(self, thread: int) -> Trace:
        """A path through a thread begins."""
        return NO_TRACE

    def begin(self, path: Way) -> None:
        """The current instruction of a path has ended, and the next one begins."""

    def end(self, path: Way) -> None:
        """The current instruction of a path has ended: it has written its registers."""

    def place(self, path: Way, number: int) -> None:
        """Event `number` of the graph is an event of the path's current instruction."""

    def assign(self, path: Way, register: str, value: Expr, ruling: Sources = _NOTHING) -> None:
        """register := value.  ruling: the decisions that this depends on."""

    def load(self, path: Way, operation: Load, number: int) -> None:
        """Event `number` of the graph is this load."""

    def store(self, path: Way, operation: Store, read: int | None, number: int | None) -> None:
        """Event `number` of the graph is this store; None if it never happens.  read: the read of its instruction."""

    def attempt(self, path: Way, operation: StoreConditional) -> Attempt:
        """A store-conditional begins, whether it will succeed or not."""
        return _NOTHING, _NOTHING, _NOTHING

    def outcome(self, path: Way, operation: StoreConditional, read: Attempt, number: int | None) -> None:
        """A store-conditional has succeeded, with event `number` of the graph, or has failed (None)."""

    def branch(self, path: Way, operation: Branch) -> None:
        """A branch."""

    def select(self, path: Way, condition: Expr) -> None:
        """A condition selects what follows in the instruction."""

    def decision(self, path: Way, condition: Expr, use: str = "") -> Sources:
        """The decision by a condition."""
        return _NOTHING

    def level(self, graph: EventGraph) -> RegisterEvents | None:
        """What was noted, when the graph is complete."""
        return None


class Recorder(Observer):
    """Notes what instructions do with registers.

    Raises Unsupported for tests in C, and for programs with floating blocks.
    """

    records = True

    def __init__(self, program: Program) -> None:
        if program.notation == "language":
            raise Unsupported("models that see registers are not supported for tests in C")
        if any(isinstance(line.operation, Float) for thread in program.threads for line in thread.lines):
            raise Unsupported("models that see registers are not supported for tests with sys_membarrier()")
        self.commits = program.notation == "machine"
        self.events: list[Recorded] = []
        self.standing: dict[int, Standing] = {}  # of the events of the graph
        self.ports: dict[int, set[str]] = {}  # read of a register -> which of ADDR and DATA it is in
        self.flows: dict[str, set[tuple[int, int]]] = {"rf": set(), "data": set(), "ctrl": set(), "order": set()}
        self.instances = 0

    # ------------------------------------------------------------ instructions

    def start(self, thread: int) -> Trace:
        """See Observer."""
        return Trace(thread)

    def begin(self, path: Way) -> None:
        """See Observer."""
        self.end(path)
        trace = path.trace
        trace.start = trace.before
        trace.instance = self.instances
        self.instances += 1
        trace.reads, trace.values, trace.ruling, trace.decisions = {}, {}, {}, {}
        trace.branch = None
        trace.deciding = trace.decided = _NOTHING

    def end(self, path: Way) -> None:
        """See Observer."""
        trace = path.trace
        for register, sources in trace.values.items():
            if not register.startswith(TEMPORARY):
                ruling = trace.ruling.get(register, _NOTHING)
                trace.last[register] = self.event(path, ("Wreg",), sources, ruling, register)

    def assign(self, path: Way, register: str, value: Expr, ruling: Sources = _NOTHING) -> None:
        """See Observer."""
        path.trace.values[register] = self.operand(path, value)
        if ruling:
            path.trace.ruling[register] = ruling

    def load(self, path: Way, operation: Load, number: int) -> None:
        """See Observer."""
        address = self.operand(path, operation.address, "ADDR")
        self.place(path, number, address)
        path.trace.values[operation.register] = frozenset((number,))
        if operation.reserve:
            path.trace.values[_RESERVATION] = address

    def store(self, path: Way, operation: Store, read: int | None, number: int | None) -> None:
        """See Observer."""
        ruling = _NOTHING
        if operation.when is not None:
            ruling = self.decision(path, operation.when, "DATA")
        if number is None:
            return
        sources = self.operand(path, operation.address, "ADDR") | self.operand(path, operation.value, "DATA")
        self.place(path, number, sources, ruling)
        if operation.rmw and read is not None and read not in sources and not ruling:
            self.flows["order"].add((read, number))

    def attempt(self, path: Way, operation: StoreConditional) -> Attempt:
        """A store-conditional reads its address, its value and the reservation, whether it succeeds or not."""
        address = self.operand(path, operation.address, "ADDR")
        value = self.operand(path, operation.value, "DATA")
        return address, value, self.operand(path, Reg(_RESERVATION))

    def outcome(self, path: Way, operation: StoreConditional, read: Attempt, number: int | None) -> None:
        """See Observer."""
        address, value, reservation = read
        values, ruling = path.trace.values, path.trace.ruling
        if operation.carries == "operands":
            status = address | value | reservation
            values[_RESERVATION] = values[operation.status] = status
            if number is not None:
                self.place(path, number, status)
            return
        values[_RESERVATION] = values[operation.status] = _NOTHING
        ruling[_RESERVATION] = reservation
        if number is not None:
            self.place(path, number, address | value, address | reservation)
            if operation.carries == "store":
                ruling[operation.status] = frozenset((number,))

    def branch(self, path: Way, operation: Branch) -> None:
        """A branch that has a condition is a decision.

        If the branch only leads around the rest of its own instruction, there is no event of the decision: what the
        condition is computed from decides on that rest.
        """
        if operation.condition is None:
            return
        sources = self.operand(path, operation.condition)
        if operation.join is not None:
            path.trace.deciding, path.trace.decided = sources, _NOTHING
        elif self.commits and path.trace.branch is None:  # a jump through a register has several branches, one decision
            path.trace.branch = self.event(path, ("B", "BCC"), sources)

    def select(self, path: Way, condition: Expr) -> None:
        """See Observer."""
        path.trace.deciding, path.trace.decided = self.decision(path, condition), _NOTHING

    def decision(self, path: Way, condition: Expr, use: str = "") -> Sources:
        """The event of the decision by a condition.

        If the machine has no events of decisions, these are the events that the condition is computed from.
        """
        sources = self.operand(path, condition, use)
        if not self.commits:
            return sources
        decisions = path.trace.decisions
        if condition not in decisions:
            decisions[condition] = self.event(path, ("B", "PRED"), sources)
        return frozenset((decisions[condition],))

    # ------------------------------------------------------------ events

    def operand(self, path: Way, expr: Expr, use: str = "") -> Sources:
        """The events that an expression is computed from.

        use: the expression stands in an address ("ADDR"), in a stored value ("DATA"), or elsewhere ("").
        """
        if isinstance(expr, Op):
            return frozenset().union(*[self.operand(path, argument, use) for argument in expr.args])
        if not isinstance(expr, Reg):
            return _NOTHING
        written = path.trace.values.get(expr.name)
        if written is None:
            return frozenset((self.read(path, expr.name, use),))
        if use:
            for source in written:
                if source < 0 and "Rreg" in self.events[~source].sets:
                    self.ports.setdefault(source, set()).add(use)
        return written

    def read(self, path: Way, register: str, use: str) -> int:
        """The event in which the instruction reads a register that it has not written."""
        reads = path.trace.reads
        found = reads.get((register, use))
        if found is None and not use:
            found = reads.get((register, "DATA"), reads.get((register, "ADDR")))
        if found is None:
            found = self.event(path, ("Rreg",), _NOTHING, _NOTHING, register)
            if use:
                self.ports[found] = {use}
            writer = path.trace.last.get(register)
            if writer is not None:
                self.flows["rf"].add((writer, found))
        reads[register, use] = found
        return found

    def event(
        self, path: Way, sets: tuple[str, ...], sources: Sources, ruling: Sources = _NOTHING, register: str = ""
    ) -> int:
        """A new event of the path's current instruction."""
        trace = path.trace
        number = len(self.events)
        standing = Standing(trace.instance, path.start, trace.start)
        self.events.append(Recorded(trace.thread, path.guard, path.control.plain, sets, register, standing))
        trace.before |= 1 << number
        self.connect(trace, ~number, sources, ruling)
        return ~number

    def place(self, path: Way, number: int, sources: Sources = _NOTHING, ruling: Sources = _NOTHING) -> None:
        """See Observer.  sources, ruling: the events that lead to the event by iico_data, and by iico_ctrl."""
        trace = path.trace
        self.standing[number] = Standing(trace.instance, path.start, trace.start)
        self.connect(trace, number, sources, ruling)

    def connect(self, trace: Trace, event: int, sources: Sources, ruling: Sources) -> None:
        """Note the pairs of iico_data and iico_ctrl that lead to an event from other events of its instruction."""
        self.flows["data"].update((source, event) for source in sources)
        if trace.deciding and not sources & trace.decided:
            ruling |= trace.deciding
        self.flows["ctrl"].update((source, event) for source in ruling)
        trace.decided |= {event}

    # ------------------------------------------------------------ all of it

    def level(self, graph: EventGraph) -> RegisterEvents:
        """See Observer."""
        return _Level(self, graph).built()


class _Level:
    """The events of a recorder.  Their numbers come after those of its graph; decisions come first."""

    def __init__(self, recorder: Recorder, graph: EventGraph) -> None:
        self.recorder = recorder
        self.graph = graph
        self.first = len(graph.events)
        recorded = recorder.events
        self.order = sorted(range(len(recorded)), key=lambda i: (recorded[i].register != "", i))
        self.number = {~i: self.first + place for place, i in enumerate(self.order)}
        self.number.update((e, e) for e in range(self.first))
        self.number.update((w, r) for r, w in graph.single)
        self.size = self.first + len(recorded)

    def built(self) -> RegisterEvents:
        recorded = [self.recorder.events[i] for i in self.order]
        sets: dict[str, int] = {}
        for i, event in zip(self.order, recorded, strict=True):
            for name in (*event.sets, *self.recorder.ports.get(~i, ())):
                sets[name] = sets.get(name, 0) | 1 << self.number[~i]
        flows = self.recorder.flows
        return RegisterEvents(
            first=self.first,
            guards=[event.guard for event in recorded],
            threads=[event.thread for event in recorded],
            sets=sets,
            registers=sum(1 << self.first + i for i, event in enumerate(recorded) if event.register),
            locations=self.classes(
                {
                    self.number[~i]: (e.thread, e.register)
                    for i, e in zip(self.order, recorded, strict=True)
                    if e.register
                }
            ),
            control=self.control(),
            po=self.program_order(),
            same_instance=self.classes({self.number[e]: s.instance for e, s in self.standings()}),
            rf_reg=self.rows(flows["rf"]),
            iico_data=self.rows(flows["data"]),
            iico_ctrl=self.rows(flows["ctrl"]),
            iico_order=self.rows(flows["order"]),
        )

    def standings(self) -> Iterator[tuple[int, Standing]]:
        """Every event that some instruction makes, and where it stands."""
        yield from self.recorder.standing.items()
        for i, event in enumerate(self.recorder.events):
            yield ~i, event.standing

    def control(self) -> Rows:
        controlling = [0] * self.size
        for i, event in enumerate(self.recorder.events):
            if not event.register:
                controlling[self.number[~i]] = event.control
        return transposed(controlling)

    def program_order(self) -> Rows:
        before = [0] * self.size
        for e, standing in self.standings():
            number = self.number[e]
            before[number] = self.visible(standing.start)
            for i in bits(standing.level_start):
                before[number] |= 1 << self.number[~i]
        return transposed(before)

    def visible(self, events: int) -> int:
        """Events of the graph as models see them: the read of a single read-modify-write stands for its write."""
        for r, w in self.graph.single:
            if events >> w & 1:
                events = events & ~(1 << w) | 1 << r
        return events

    def rows(self, pairs: Iterable[tuple[int, int]]) -> Rows:
        rows = [0] * self.size
        for e, f in pairs:
            if self.number[e] != self.number[f]:
                rows[self.number[e]] |= 1 << self.number[f]
        return rows

    def classes(self, of: Mapping[int, Hashable]) -> Rows:
        """The pairs of events of one class.  Each event is paired with itself too."""
        members: dict[Hashable, int] = {}
        for e, name in of.items():
            members[name] = members.get(name, 0) | 1 << e
        return [members[of[e]] if e in of else 0 for e in range(self.size)]
