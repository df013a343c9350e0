"""Unrolling: the code of each thread becomes a tree of paths, and its accesses become events.

Registers are tracked symbolically, so that addr, data and ctrl dependencies follow from the data
flow: addr and data from the reads that an operand was computed from, ctrl from the reads that an
earlier branch was decided by ("Herding cats", TOPLAS 2014, section 5).  A value that cancels out, as
in `xor r,r`, is a dependency too.

Two kinds of dependency are kept apart: on what a value was selected by (the condition of an Op `select`,
as of CSEL), and on what decided whether a read-modify-write stores.  AArch64 has only the weaker *pick*
dependencies there (Arm ARM, DDI 0487, B2.3, Pick dependencies).
"""

from __future__ import annotations

from litmus.diagnostics import InputError, Span, Unsupported
from litmus.program.astray import astray, held
from litmus.program.code import (
    FIXED,
    Admit,
    Assume,
    Branch,
    CompilerBarrier,
    Fence,
    Float,
    Fresh,
    Line,
    Load,
    Program,
    Set,
    Store,
    StoreConditional,
)
from litmus.program.compiler import Compiler, Ranges, Standing, has_plain, leaves_a_loop, ranges_of
from litmus.program.graph import (
    INITIAL,
    Assumption,
    Block,
    Decision,
    Event,
    EventGraph,
    Leaf,
    Point,
)
from litmus.program.loops import MAXIMUM_STEPS, Loops, loops_of, too_many_events, too_many_rounds
from litmus.program.path import MAXIMUM_EVENTS, PICK, PLAIN, Path, Registers, as_picks, reads_in_mask
from litmus.program.registers import Observer, Recorder
from litmus.program.values import Address, Expr, Op, ReadOf, Reg, Value, ValueFault, constant, simplify
from litmus.relation.rows import transposed

Places = dict[tuple[int, frozenset[str] | None], int]  # (the events before, the kinds admitted) -> the guard


class _Unroller:
    def __init__(self, program: Program, bound: int, exchange: bool, observer: Observer, near: bool = True) -> None:
        self.program = program
        self.near = near  # loops whose end is near are followed to it
        self.followed = False  # and there was one
        self.observer = observer
        self.bound = bound
        self.exchange = exchange
        self.ranges: Ranges | None = None  # the loops of the thread, if the compiler may exchange accesses of it
        self.loops: Loops | None = None  # the loops of the code that is being walked through
        self.steps = 0  # lines of loops that were followed
        self.standings: dict[int, Standing] = {}
        self.compiler: Compiler | None = None
        self.cut_short: list[tuple[int, int]] = []
        self.ends: dict[int, list[tuple[int, int]]] = {}  # thread -> for each path, its events and its guard
        self.graph = EventGraph(program, bound, near, exchange)
        self.guard_number: dict[tuple[tuple[int, bool], ...], int] = {(): 0}
        self.copies = 0
        self.targets = {
            line.operation.thread
            for thread in program.threads
            for line in thread.lines
            if type(line.operation) is Float
        }
        self.places: dict[int, Places] = {t: {} for t in self.targets}
        self.kinds: list[str] = []  # of the blocks
        self.path_before: list[int] = []  # event -> the earlier events of its path, with those of its instruction

    # ------------------------------------------------------------ building blocks

    def evaluate(self, expr: Expr, path: Path, span: Span) -> tuple[Expr, int]:
        """The expression over reads, and the mask of the reads it depends on."""
        kind = type(expr)
        if kind is int:
            return expr, 0
        if kind is Reg:
            return path.registers.get(expr.name, (0, 0))  # type: ignore[union-attr]
        if kind is Op:
            arguments = []
            reads = 0
            for argument in expr.args:  # type: ignore[union-attr]
                value, mask = self.evaluate(argument, path, span)
                arguments.append(value)
                reads |= mask
            try:
                return simplify(expr.name, tuple(arguments)), reads  # type: ignore[union-attr]
            except ValueFault as fault:
                raise InputError(str(fault), span) from None
        if kind is Address and expr.base[0] == "~":  # type: ignore[union-attr]
            return Address(f"{expr.base}{path.copy}", expr.offset), 0  # type: ignore[union-attr]
        return expr, 0

    def guard(self, parent: int, decision: int, holds: bool) -> int:
        literals = (*self.graph.guards[parent], (decision, holds))
        number = self.guard_number.get(literals)
        if number is None:
            number = self.guard_number[literals] = len(self.graph.guards)
            self.graph.guards.append(literals)
        return number

    def decide(self, condition: Expr | None, guard: int, span: Span) -> int:
        self.graph.decisions.append(Decision(condition, guard, span))
        return len(self.graph.decisions) - 1

    def event(self, path: Path, thread: int, kind: str, line: Line, guard: int) -> Event:
        """Append an event where the path stands.  Its po predecessors are the events before its instruction."""
        graph = self.graph
        number = len(graph.events)
        if number >= MAXIMUM_EVENTS:
            around = self.loops.around(path.pc - 1, path.rounds) if self.loops is not None else None
            raise too_many_events(MAXIMUM_EVENTS, line.span, around)
        event = Event(number, thread, kind, guard, span=line.span)
        graph.events.append(event)
        graph.po.append(path.start)  # predecessors for now; transposed at the end
        control = path.control
        for _, reads in path.scoped:
            control |= reads
        graph.ctrl.append(control)
        graph.addr.append(0)
        graph.data.append(0)
        self.path_before.append(path.before)
        if self.ranges is not None:
            deciding = reads_in_mask(path.committed)
            for _, reads in path.scoped:
                deciding |= reads_in_mask(reads)
            self.standings[number] = Standing(line.motion, path.before, path.fenced, deciding, path.admitted)
        path.before |= 1 << number
        if line.motion is FIXED:
            path.fenced = path.before
        return event

    def fork(self, path: Path, decision: int, holds: bool) -> Path:
        """A new path, on which the decision goes as `holds` says.  On `path` itself, it goes the other way."""
        if self.loops is not None:
            path.open |= self.loops.deciding.get(path.pc - 1, 0)
        other = path.fork(path.pc, self.guard(path.guard, decision, holds))
        path.guard = self.guard(path.guard, decision, not holds)
        return other

    # ------------------------------------------------------------ walking

    def walk(
        self, lines: tuple[Line, ...], labels: dict[str, int], thread: int, root: Path, places: Places | None
    ) -> list[Path]:
        """Follow every path from `root` to the end of `lines`.  Returns the paths that got there.

        The places between instructions are noted in `places`.
        """
        ended = []
        stack = [root]
        end = len(lines)
        self.loops = loops_of(lines, labels)
        while stack:
            path = stack.pop()
            while path.pc < end:
                line = lines[path.pc]
                if path.open:
                    path.open &= ~self.loops.beginning.get(path.pc, 0)  # type: ignore[union-attr]
                path.pc += 1
                if line.instruction != path.instruction:
                    self.observer.begin(path)
                    path.instruction = line.instruction
                    path.start = path.before
                    path.load = None
                    if places is not None:
                        self.pass_by(places, path)
                if path.scoped:
                    path.scoped = tuple(s for s in path.scoped if s[0] > path.pc - 1)
                operation = line.operation
                kind = type(operation)
                if kind is Set:
                    value = operation.value  # type: ignore[union-attr]
                    if type(value) is Op and value.name == "select":
                        self.select(operation, value, path, line, stack)  # type: ignore[arg-type]
                    elif type(value) is Op and value.name == "either":
                        self.either(operation, value, path, line, stack)  # type: ignore[arg-type]
                    else:
                        path.registers[operation.register] = self.evaluate(value, path, line.span)  # type: ignore[union-attr]
                        self.observer.assign(path, operation.register, value)  # type: ignore[union-attr]
                elif kind is Load:
                    self.load(operation, path, thread, line)  # type: ignore[arg-type]
                elif kind is Store:
                    self.store(operation, path, thread, line)  # type: ignore[arg-type]
                elif kind is Fence:
                    event = self.event(path, thread, "F", line, path.guard)
                    event.tags = operation.tags  # type: ignore[union-attr]
                    self.observer.place(path, event.number)
                elif kind is Branch:
                    if not self.branch(operation, path, lines, labels, stack, line):  # type: ignore[arg-type]
                        break
                elif kind is StoreConditional:
                    following = lines[path.pc].operation if path.pc < end else None
                    fails = following != Assume(Reg(operation.status))  # type: ignore[union-attr]
                    self.store_conditional(operation, path, thread, line, stack, fails)  # type: ignore[arg-type]
                elif kind is Assume:
                    condition, _ = self.evaluate(operation.condition, path, line.span)  # type: ignore[union-attr, arg-type]
                    if condition == 0 or type(condition) is not int:
                        self.graph.assumptions.append(Assumption(condition, path.guard))
                    if condition == 0:
                        break  # nothing that follows is in any execution
                elif kind is Fresh:
                    self.copies += 1
                    path.copy = self.copies
                elif kind is CompilerBarrier:
                    path.fenced = path.before
                elif kind is Admit:
                    path.admitted = operation.kinds  # type: ignore[union-attr]
                    path.fenced = path.before
                else:
                    self.float(operation, path)  # type: ignore[arg-type]
            else:
                if places is not None:
                    self.pass_by(places, path)
                self.observer.end(path)
                ended.append(path)
        return ended

    def pass_by(self, places: Places, path: Path) -> None:
        """Note the place where a path stands.  It is reached if any of the paths that have these events is taken."""
        key = path.before, path.admitted
        places[key] = self.shared(places.get(key, path.guard), path.guard)

    def shared(self, one: int, other: int) -> int:
        """The guard of a place that is reached on the paths of both guards: the decisions that they have in common."""
        if one == other:
            return one
        guards = self.graph.guards
        return self.guard_number[tuple([x for x, y in zip(guards[one], guards[other], strict=False) if x == y])]

    def select(self, operation: Set, value: Op, path: Path, line: Line, stack: list[Path]) -> None:
        """register := select(condition, a, b).  It depends on a or on b, and on the condition by a pick.

        If a and b have different dependencies, or if the model sees registers, the path forks, and each way has the
        dependencies of its own operand.
        """
        self.observer.select(path, value.args[0])
        condition, deciding = self.evaluate(value.args[0], path, line.span)
        picks = as_picks(deciding)
        chosen, reads = self.evaluate(value.args[1], path, line.span)
        other, other_reads = self.evaluate(value.args[2], path, line.span)
        first = value.args[1]
        if type(condition) is int or type(condition) is Address:
            if condition == 0:
                chosen, reads, first = other, other_reads, value.args[2]
        elif reads == other_reads and not self.observer.records:
            chosen = simplify("ite", (condition, chosen, other))
        else:
            fork = self.fork(path, self.decide(condition, path.guard, line.span), False)
            fork.registers[operation.register] = (other, other_reads | picks)
            self.observer.assign(fork, operation.register, value.args[2])
            stack.append(fork)
        path.registers[operation.register] = (chosen, reads | picks)
        self.observer.assign(path, operation.register, first)

    def either(self, operation: Set, value: Op, path: Path, line: Line, stack: list[Path]) -> None:
        """register := either(condition, a, b).  The value is b; if the condition holds, a equals b.

        In executions in which the condition holds, the value may come from a.  Then it depends on a, and on the
        condition by a pick.  The other way, it depends on b.  Both ways are followed.  But if a depends on nothing, the
        way through a orders less in every respect, so it alone is followed when the condition holds.  For a model that
        sees registers, neither way orders less, and both are followed.
        """
        observer = self.observer
        ruling = observer.decision(path, value.args[0], "DATA")
        condition, deciding = self.evaluate(value.args[0], path, line.span)
        _, reads = self.evaluate(value.args[1], path, line.span)
        result, result_reads = self.evaluate(value.args[2], path, line.span)
        reads |= as_picks(deciding)
        path.registers[operation.register] = (result, result_reads)
        if condition == 0:
            observer.assign(path, operation.register, value.args[2])
            return
        free = bool(reads & PLAIN) or observer.records
        if type(condition) is int and not free:
            path.registers[operation.register] = (result, reads)
            return
        fork = self.fork(path, self.decide(None if free else condition, path.guard, line.span), True)
        fork.registers[operation.register] = (result, reads)
        observer.assign(fork, operation.register, value.args[1], ruling)
        observer.assign(path, operation.register, value.args[2])
        stack.append(fork)
        if free and type(condition) is not int:
            self.graph.assumptions.append(Assumption(condition, fork.guard))

    def load(self, operation: Load, path: Path, thread: int, line: Line) -> None:
        address, reads = self.evaluate(operation.address, path, line.span)
        event = self.event(path, thread, "R", line, path.guard)
        number = event.number
        event.address = address
        if type(address) is not Address:
            self.note_registers(event, operation.address, path)
        event.value = ReadOf(number)
        event.size = operation.size
        event.tags = operation.tags
        self.graph.addr[number] = reads
        path.registers[operation.register] = (event.value, 1 << number)
        path.load = number
        self.observer.load(path, operation, number)
        if operation.reserve:
            path.reservation = number
            path.reserved = reads

    def store(self, operation: Store, path: Path, thread: int, line: Line) -> None:
        guard = path.guard
        deciding = 0
        if operation.when is not None:
            condition, deciding = self.evaluate(operation.when, path, line.span)
            if condition == 0:
                self.observer.store(path, operation, path.load, None)
                return
            if type(condition) is not int and type(condition) is not Address:
                guard = self.guard(guard, self.decide(condition, guard, line.span), True)
        event = self.write(operation, path, thread, line, guard)
        self.observer.store(path, operation, path.load, event.number)
        if deciding:
            self.graph.data[event.number] |= as_picks(deciding)
        if path.load is not None:
            pair = (path.load, event.number)
            self.graph.updates.append(pair)
            if operation.single:
                assert operation.when is None, "one event cannot be a write or none"
                self.graph.single.append(pair)
            elif operation.rmw:
                self.graph.amo.append(pair)
                if self.evaluate(operation.value, path, line.span)[1] >> path.load & 1:
                    self.graph.amo_data.append(pair)

    def write(self, operation: Store | StoreConditional, path: Path, thread: int, line: Line, guard: int) -> Event:
        address, address_reads = self.evaluate(operation.address, path, line.span)
        value, value_reads = self.evaluate(operation.value, path, line.span)
        value = self.truncated(value, operation.size, line.span)
        event = self.event(path, thread, "W", line, guard)
        event.address = address
        if type(address) is not Address:
            self.note_registers(event, operation.address, path)
        event.value = value
        event.size = operation.size
        event.tags = operation.tags
        # Between the events of one instruction there is no dependency through registers.
        outside = ~(path.before & ~path.start)
        self.graph.addr[event.number] = address_reads & outside
        self.graph.data[event.number] = value_reads & outside
        return event

    def note_registers(self, event: Event, written: Expr, path: Path) -> None:
        """Note what an access computes its address from.

        Raises InputError if the address is a number in all executions.
        """
        event.held = held(written, lambda name: path.registers.get(name, (None, 0))[0])
        if type(event.address) is int and event.guard == 0:
            raise astray(self.program, event, constant)

    def truncated(self, value: Expr, size: int, span: Span) -> Expr:
        """What memory holds after `value` is stored in `size` bytes, as a signed number."""
        if size >= 8 or type(value) is Address:
            return value
        if type(value) is ReadOf and self.graph.events[value.event].size <= size:
            return value
        try:
            return simplify(f"sext{8 * size}", (value,))
        except ValueFault as fault:
            raise InputError(str(fault), span) from None

    def store_conditional(
        self, operation: StoreConditional, path: Path, thread: int, line: Line, stack: list[Path], fails: bool
    ) -> None:
        """Fork: on one path the store succeeds, if it can; on the other it fails.

        If `fails` is false, executions in which the store fails are dropped by the next operation.  Then the path on
        which it fails is left out at once, if there is one on which it succeeds.
        """
        read = self.observer.attempt(path, operation)
        reservation, path.reservation = path.reservation, None
        address, address_reads = self.evaluate(operation.address, path, line.span)
        if type(address) is int:  # the store never succeeds, and nothing else would report its address
            self.note_registers(Event(-1, thread, "W", 0, address, span=line.span), operation.address, path)
        carried = 0
        if operation.carries == "operands":
            carried = path.reserved | address_reads | self.evaluate(operation.value, path, line.span)[1]
            path.reserved = carried
        if reservation is not None:
            try:
                same = simplify("eq", (self.graph.events[reservation].address, address))  # type: ignore[arg-type]
            except ValueFault as fault:
                raise InputError(str(fault), line.span) from None
            if same != 0:
                success = path
                if fails:
                    success = self.fork(path, self.decide(None, path.guard, line.span), True)
                if same != 1:
                    self.graph.assumptions.append(Assumption(same, success.guard))
                event = self.write(operation, success, thread, line, success.guard)
                self.graph.lxsx.append((reservation, event.number))
                stored = 1 << event.number if operation.carries == "store" else carried
                success.registers[operation.status] = (operation.success, stored)
                self.observer.outcome(success, operation, read, event.number)
                if not fails:
                    return
                stack.append(success)
        path.registers[operation.status] = (operation.failure, carried)
        self.observer.outcome(path, operation, read, None)

    def branch(
        self, operation: Branch, path: Path, lines: tuple[Line, ...], labels: dict[str, int],
        stack: list[Path], line: Line,
    ) -> bool:  # fmt: skip
        """Follow a branch.  Returns False if the path ends here because a loop reached its bound."""
        here = path.pc - 1
        target = labels[operation.target]
        taken, falls = True, False
        condition: Expr = 1
        self.observer.branch(path, operation)
        if operation.condition is not None:
            condition, reads = self.evaluate(operation.condition, path, line.span)
            if reads:
                if operation.join is None:
                    path.control |= reads
                else:
                    path.scoped = (*path.scoped, (labels[operation.join], reads))
                if self.ranges is not None and line.motion is FIXED:
                    if operation.join is None or leaves_a_loop(self.ranges, here, labels[operation.join]):
                        path.committed |= reads
            if type(condition) is int or type(condition) is Address:
                taken = condition != 0
                falls = not taken
            elif target == path.pc:
                return True
            else:
                falls = True
        if taken and falls:
            stack.append(self.fork(path, self.decide(condition, path.guard, line.span), False))
        if taken:
            if target <= here and not self.go_back(path, here, target, line):
                return False
            path.pc = target
        return True

    def go_back(self, path: Path, here: int, target: int, line: Line) -> bool:
        """Note that a path goes back for another round of a loop.  Returns False if the loop has reached its bound."""
        assert self.loops is not None, "a branch goes back"
        path.rounds[here] = path.rounds.get(here, 0) + 1
        if path.open & self.loops.beginning[target] and not self.ends_soon(target, path):
            count = path.unsure[here] = path.unsure.get(here, 0) + 1
            if count > self.bound:
                self.graph.cuts[path.guard] = line.span
                self.cut_short.append((path.before, path.guard))
                return False
        path.instruction = -1  # another round of the same instruction is another instance
        self.steps += here - target + 1
        if self.steps > MAXIMUM_STEPS:
            raise too_many_rounds(self.loops.around(here, path.rounds))
        return True

    def ends_soon(self, first: int, path: Path) -> bool:
        """Whether the loop that begins at a line is followed to its end, which is near whatever is read in it."""
        assert self.loops is not None, "a branch goes back"
        near = self.near and self.loops.ends(first, path.registers)
        self.followed = self.followed or near
        return near

    def float(self, operation: Float, path: Path) -> None:
        inner = Path(0, {}, path.guard, copy=path.copy)
        first = len(self.graph.events)
        outside, self.ranges = (self.ranges, self.loops), None  # the code of blocks stays as written
        self.walk(operation.body, dict(operation.labels), operation.thread, inner, None)
        self.ranges, self.loops = outside
        events = (1 << len(self.graph.events)) - (1 << first)
        self.graph.blocks.append(Block(operation.thread, path.guard, events))
        self.kinds.append(operation.kind)

    # ------------------------------------------------------------ the whole program

    def unroll(self) -> EventGraph:
        graph = self.graph
        for variable in self.program.variables.values():
            for index, value in enumerate(variable.cells):
                self.initial_write(Address(variable.name, index * variable.size), value, variable.size)
        for thread, code in enumerate(self.program.threads):
            registers: Registers = {name: (value, 0) for name, value in self.program.registers[thread].items()}
            self.ranges = ranges_of(code) if self.exchange and has_plain(code) else None
            self.cut_short = []
            root = Path(0, registers, admitted=code.admitted, trace=self.observer.start(thread))
            ended = self.walk(code.lines, dict(code.labels), thread, root, self.places.get(thread))
            graph.leaves.append([Leaf(p.guard, {r: v for r, (v, _) in p.registers.items()}) for p in ended])
            if self.ranges is not None:
                self.ends[thread] = [(p.before, p.guard) for p in ended] + self.cut_short
        if self.standings:
            flow = {e: reads_in_mask(graph.addr[e] | graph.data[e]) for e in self.standings}
            for r, w in graph.lxsx:
                if w in flow:  # in the assembly of an atomic operation, what decides its branches counts as an operand
                    flow[w] |= reads_in_mask(graph.ctrl[w] & ~graph.ctrl[r])
            self.compiler = Compiler(graph, self.standings, flow)
            self.compiler.exchange()
        for event in list(graph.events):
            if isinstance(event.address, Address) and event.address.base[0] == "~" and event.address not in graph.cells:
                self.initial_write(event.address, 0, event.size)
        known: dict[tuple[int, str], tuple[Point, ...]] = {}
        for block, of_kind in zip(graph.blocks, self.kinds, strict=True):
            key = block.thread, of_kind
            if key not in known:
                known[key] = self.landings(*key)
            if not known[key]:
                graph.assumptions.append(Assumption(0, block.guard))
            graph.points.append(known[key] or (Point(0, 0, 0),))
        for rows, picks in (
            (graph.addr, graph.pick_addr), (graph.data, graph.pick_data), (graph.ctrl, graph.pick_ctrl),
        ):  # fmt: skip
            if max(rows, default=0) > PLAIN:
                picks[:] = transposed([row >> PICK for row in rows])
                rows[:] = [row & PLAIN for row in rows]
        for rows in (graph.po, graph.ctrl, graph.addr, graph.data):
            rows[:] = transposed(rows)
        graph.registers = self.observer.level(graph)
        return graph

    def initial_write(self, address: Address, value: Value, size: int) -> None:
        graph = self.graph
        number = len(graph.events)
        graph.events.append(Event(number, INITIAL, "W", 0, address, value, size))
        for rows in (graph.po, graph.ctrl, graph.addr, graph.data, self.path_before):
            rows.append(0)
        graph.cells[address] = number

    def landings(self, thread: int, kind: str) -> tuple[Point, ...]:
        """The points of a thread where a block of that kind may land."""
        guards: dict[int, int] = {}
        for (before, admitted), guard in self.places[thread].items():
            if admitted is None or kind in admitted:
                guards[before] = self.shared(guards.get(before, guard), guard)
        if self.compiler is not None and thread in self.ends:
            return self.compiler.points(self.ends[thread], guards.keys(), kind)
        return tuple([self.point(thread, before, guard) for before, guard in guards.items()])

    def point(self, thread: int, before: int, guard: int) -> Point:
        elsewhere = before
        for block in self.graph.blocks:
            elsewhere |= block.events
        after = 0
        for event in self.graph.events:
            e = event.number
            if event.thread == thread and not elsewhere >> e & 1 and not before & ~self.path_before[e]:
                after |= 1 << e
        return Point(guard, before, after)


def unroll(program: Program, bound: int = 2, exchange: bool = True, registers: bool = False) -> EventGraph:
    """The event graph of a program.  Each of its loops is followed for up to `bound` rounds.

    More exactly: only some rounds count (litmus.program.loops).  A path is cut at a backward branch when that branch
    has ended `bound` + 1 rounds that count.  So a loop whose end does not depend on the execution is followed to its
    end.  So is a loop that reads may end early if its last possible round is near, unless that makes too many paths.
    exchange: the compiler may put plain accesses in another order (litmus.program.compiler).
    registers: with the events of registers and decisions (litmus.program.registers).

    Raises InputError if code computes something meaningless (an address times two), or if an access is to no variable
    whatever is read.  Raises Unsupported if there are too many paths or rounds, or if the events of registers are
    asked for and not supported.
    """
    unroller = _Unroller(program, bound, exchange, Recorder(program) if registers else Observer())
    try:
        return unroller.unroll()
    except Unsupported:
        if not unroller.followed:
            raise
    return _Unroller(program, bound, exchange, Recorder(program) if registers else Observer(), near=False).unroll()


def with_registers(graph: EventGraph) -> EventGraph:
    """The graph of the same program with the same bound, and with the events of registers.

    Raises Unsupported like unroll.
    """
    return graph if graph.registers is not None else unroll(graph.program, graph.bound, registers=True)
