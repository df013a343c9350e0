"""The walk along one path through the code of a thread.

This is the meaning of the operations of litmus.program.code, written for a single path.  A walk goes from the first
line to the last.  Wherever a thread may go two ways, a guide says which way this walk goes.  Whoever wants every path
walks again and again, each time with another guide.  With a value come the reads that it was computed from, and the
reads that only selected it: these are the dependencies.

Nothing here is shared with the unrolling of litmus.program, which makes all paths at once.  Only two
things are the same by definition: litmus.program.loops says which rounds count, and litmus.program.rounds which have no
effect.
"""

from __future__ import annotations

from collections.abc import Iterable

from msgspec.structs import replace

from litmus.diagnostics import InputError, Span
from litmus.oracle.paths import (
    NOTHING,
    ZERO,
    Block,
    Enough,
    Event,
    Extent,
    Guide,
    Known,
    Pair,
    Path,
    Reads,
    Step,
)
from litmus.program.astray import held
from litmus.program.code import (
    FIXED,
    NO_TAGS,
    Admit,
    Assume,
    Branch,
    CompilerBarrier,
    Fence,
    Float,
    Fresh,
    Line,
    Load,
    Set,
    Store,
    StoreConditional,
    ThreadCode,
)
from litmus.program.graph import Held
from litmus.program.loops import MAXIMUM_STEPS, Loops, loops_of, too_many_rounds
from litmus.program.rounds import Effects, effects_of
from litmus.program.values import Address, Expr, Op, ReadOf, Reg, ValueFault, constant, simplify


class Walks:
    """Walks through the code of a program.  The loops of the code are looked for only once."""

    def __init__(self, extent: Extent) -> None:
        self.extent = extent
        self._loops: dict[int, Loops | None] = {}

    def along(self, guide: Guide, thread: int) -> Path:
        """The path of a thread along which a guide leads, up to where the guide has Enough.

        Raises what the guide raises, InputError if the code computes something meaningless, and Unsupported if a loop
        is followed too far.
        """
        program = self.extent.program
        path = Path(thread, registers={name: Known(value) for name, value in program.registers[thread].items()})
        try:
            _Walk(self, path, guide, program.threads[thread]).run()
        except _Dead:
            path.dead = True
        except Enough:
            pass
        return path

    def effects(self, code: ThreadCode, thread: int) -> Effects | None:
        """Which lines of a thread have an effect on its loops; None if it has no loops."""
        loops = self.loops(code)
        if loops is None:
            return None
        observed = self.extent.observed
        return effects_of(loops, None if observed is None else [name for of, name in observed if of == thread])

    def loops(self, code: ThreadCode) -> Loops | None:
        """The loops of some code."""
        key = id(code.lines)
        if key not in self._loops:
            self._loops[key] = loops_of(code.lines, code.labels)
        return self._loops[key]


class _Dead(Exception):
    """No execution takes the path of this walk."""


class _Walk:
    """A walk through the lines of a thread, or of a block.

    control: what decided the branches whose reach has no end.  scoped: what decided the branches that the walk is
    inside of, each with the line where its reach ends.  committed: the reads that decided branches of C which all later
    accesses depend on.  fenced: how many events come before the last barrier to the compiler.
    """

    def __init__(self, walks: Walks, path: Path, guide: Guide, code: ThreadCode, block: Pair | None = None) -> None:
        self.walks = walks
        self.extent = walks.extent
        self.path = path
        self.guide = guide
        self.lines = code.lines
        self.labels = code.labels
        self.admitted = code.admitted
        self.block = block
        self.thread = path.thread if block is None else path.blocks[block[1]].thread
        self.registers = path.registers if block is None else {}
        self.loops = walks.loops(code)
        self.pc = 0
        self.instruction = -1
        self.instance = -1
        self.load: int | None = None  # the read of this instruction
        self.control = ZERO
        self.scoped: list[tuple[int, Known]] = []
        self.committed = NOTHING
        self.reservation: int | None = None
        self.reserved = ZERO  # what the reservation depends on
        self.copy = 0
        self.fenced = 0
        self.events: dict[int, Event] = {}
        self.open = 0  # the loops (a mask, as in Loops) about which something unknown was decided in this round
        self.effects = None if block is not None or self.extent.idle == "followed" else walks.effects(code, self.thread)
        self.effect = -1  # the loops whose round has had an effect, or did not begin with their first line
        self.taken: dict[int, int] = {}  # branch that goes back -> how often it was taken
        self.counted: dict[int, int] = {}  # likewise, only at the end of rounds that count
        self.followed = 0  # lines of loops
        self.is_cut = False

    # ------------------------------------------------------------ from line to line

    def run(self) -> None:
        """Walk to the end, or to the branch at which a loop is cut."""
        while self.pc < len(self.lines):
            line = self.lines[self.pc]
            if self.loops is not None:
                begun = self.loops.beginning.get(self.pc, 0)
                self.open &= ~begun
                self.effect &= ~begun
            if self.effects is not None:
                self.effect |= self.effects.lines[self.pc]
            self.pc += 1
            if line.instruction != self.instruction:
                self.begin(line.instruction)
            self.scoped = [(join, known) for join, known in self.scoped if join >= self.pc]
            control = self.control.reads
            event, way = self.execute(line)
            self.path.steps.append(Step(line.operation, self.instance, event, way, control))
            if self.is_cut:
                return
        self.pass_by()

    def execute(self, line: Line) -> tuple[int | None, bool | None]:
        """Execute a line.  Returns the event that it makes, and which way it went, as in Step."""
        operation = line.operation
        match operation:
            case Set():
                return None, self.set(operation, line.span)
            case Load():
                return self.read(operation, line), None
            case Store():
                return self.store(operation, line)
            case StoreConditional():
                return self.store_conditional(operation, line), None
            case Fence():
                return self.event("F", line, tags=operation.tags), None
            case Branch():
                self.branch(operation, line)
            case Assume():
                self.require(self.evaluate(operation.condition, line.span).value)
            case Fresh():
                self.copy = self.guide.copy()
            case CompilerBarrier():
                self.fenced = len(self.events)
            case Admit():
                self.admitted = operation.kinds
                self.fenced = len(self.events)
            case Float():
                self.send(operation)
        return None, None

    def begin(self, instruction: int) -> None:
        """Another instruction begins.  Blocks may land before it."""
        self.instruction = instruction
        self.instance = self.guide.instance()
        self.load = None
        self.pass_by()

    def pass_by(self) -> None:
        """Note that blocks may land here."""
        if self.block is None:
            self.path.places.append((len(self.events), self.admitted))

    def decide(self, condition: Expr | None) -> bool:
        """Go one of two ways.  Which way is unknown: it depends on the execution."""
        way = self.guide.decide(condition)
        self.path.choices.append(way)
        if condition is not None:
            self.path.conditions.append((condition, way))
        return way

    def fork(self, condition: Expr | None) -> bool:
        """The same, where the way that is taken may decide how many rounds a loop makes."""
        if self.loops is not None:
            self.open |= self.loops.deciding.get(self.pc - 1, 0)
        return self.decide(condition)

    def require(self, condition: Expr) -> None:
        """Only executions in which a condition is true go on."""
        if condition == 0:
            raise _Dead
        if constant(condition) is None:
            self.path.conditions.append((condition, True))

    # ------------------------------------------------------------ values

    def evaluate(self, expr: Expr, span: Span) -> Known:
        """What an expression of the code is here."""
        if isinstance(expr, Reg):
            return self.registers.get(expr.name, ZERO)
        if isinstance(expr, Op):
            arguments = [self.evaluate(argument, span) for argument in expr.args]
            return depending(computed(expr.name, [a.value for a in arguments], span), *arguments)
        if isinstance(expr, Address) and expr.base.startswith("~"):
            return Known(Address(f"{expr.base}{self.copy}", expr.offset))
        return Known(expr)

    def set(self, operation: Set, span: Span) -> bool | None:
        """register := value.  Returns which way it goes if the value is chosen from two."""
        value, way = operation.value, None
        if isinstance(value, Op) and value.name == "select":
            known, way = self.select(value, span)
        elif isinstance(value, Op) and value.name == "either":
            known, way = self.either(value, span)
        else:
            known = self.evaluate(value, span)
        self.registers[operation.register] = known
        return way

    def select(self, value: Op, span: Span) -> tuple[Known, bool | None]:
        """select(condition, a, b): a or b, with its dependencies.  It depends on the condition by a pick."""
        condition, a, b = (self.evaluate(argument, span) for argument in value.args)
        if constant(condition.value) is not None:
            way = condition.value != 0
        elif (a.reads, a.picks) == (b.reads, b.picks) and not self.extent.records:
            chosen = computed("ite", [condition.value, a.value, b.value], span)
            return picked(Known(chosen, a.reads, a.picks), condition), None
        else:
            way = self.fork(condition.value)
        return picked(a if way else b, condition), way

    def either(self, value: Op, span: Span) -> tuple[Known, bool]:
        """either(condition, a, b): the value is b.  If the condition holds, it equals a and may come from there.

        If a depends on nothing, then whoever takes the value from there is ordered less in every respect, and does so
        whenever the condition holds.  For a model that sees registers, neither way orders less.
        """
        condition, a, b = (self.evaluate(argument, span) for argument in value.args)
        through = picked(Known(b.value, a.reads, a.picks), condition)
        if condition.value == 0:
            return b, False
        free = bool(a.reads) or self.extent.records
        if not free and isinstance(condition.value, int):
            return through, True
        if not self.fork(None if free else condition.value):
            return b, False
        self.require(condition.value)
        return through, True

    # ------------------------------------------------------------ events

    def event(
        self,
        kind: str,
        line: Line,
        address: Expr | None = None,
        value: Expr | None = None,
        size: int = 4,
        tags: frozenset[str] = NO_TAGS,
        held: Held = (),
    ) -> int:
        """Add an event where the walk stands.  Returns its number."""
        branches = [self.control, *(known for _, known in self.scoped)]
        deciding = self.committed.union(*(known.all_reads() for _, known in self.scoped))
        nameless = Event(
            -1, self.thread, kind, line.span, self.instance, self.block, address, value, size, tags, held,
            line.motion, self.fenced, deciding, self.admitted, len(self.path.choices),
        )  # fmt: skip
        number = self.guide.number(nameless)
        event = replace(nameless, number=number, value=ReadOf(number) if kind == "R" else value)
        self.events[number] = event
        self.path.events.append(event)
        if self.block is not None:
            self.path.blocks[self.block[1]].events.append(number)
        for known in branches:
            self.depends(number, known, "ctrl")
        if line.motion is FIXED:
            self.fenced = len(self.events)
        return number

    def depends(self, number: int, known: Known, name: str, outside: Reads = NOTHING) -> None:
        """Note what an event depends on by a relation, except reads that are `outside` of it."""
        self.relate(name, ((read, number) for read in known.reads - outside))
        self.relate(f"pick-{name}", ((read, number) for read in known.picks))

    def relate(self, name: str, pairs: Iterable[Pair]) -> None:
        self.path.relations.setdefault(name, set()).update(pairs)

    def read(self, operation: Load, line: Line) -> int:
        """register := what is at an address."""
        address = self.evaluate(operation.address, line.span)
        if self.effects is not None and not isinstance(address.value, Address):
            self.effect |= self.effects.faulty[self.pc - 1]
        held = self.held(operation.address)
        number = self.event("R", line, address.value, None, operation.size, operation.tags, held)
        self.depends(number, address, "addr")
        self.registers[operation.register] = Known(ReadOf(number), frozenset((number,)))
        self.load = number
        if operation.reserve:
            self.reservation, self.reserved = number, address
        return number

    def store(self, operation: Store, line: Line) -> tuple[int | None, bool | None]:
        """Store, if the operation's own condition is true."""
        when, way = ZERO, None
        if operation.when is not None:
            when = self.evaluate(operation.when, line.span)
            if when.value == 0:
                return None, None
            if constant(when.value) is None:
                way = self.decide(when.value)
                if not way:
                    return None, False
        value = self.evaluate(operation.value, line.span)
        number = self.write(operation, line)
        self.relate("pick-data", ((read, number) for read in when.all_reads()))
        if self.load is not None:
            pair = (self.load, number)
            self.relate("update", [pair])
            if operation.single:
                self.relate("single", [pair])
            elif operation.rmw:
                self.relate("amo", [pair])
                if self.load in value.reads:
                    self.relate("amo-data", [pair])
        return number, way

    def write(self, operation: Store | StoreConditional, line: Line) -> int:
        """Store a value.  The reads of the same instruction are no dependencies, but they may pick."""
        address = self.evaluate(operation.address, line.span)
        value = self.evaluate(operation.value, line.span)
        if self.effects is not None:
            self.effect |= self.effects.stored[self.pc - 1]
        stored = self.truncated(value.value, operation.size, line.span)
        held = self.held(operation.address)
        number = self.event("W", line, address.value, stored, operation.size, operation.tags, held)
        inside = frozenset(e for e, event in self.events.items() if event.instance == self.instance)
        self.depends(number, address, "addr", inside)
        self.depends(number, value, "data", inside)
        return number

    def truncated(self, value: Expr, size: int, span: Span) -> Expr:
        """What memory holds after a value was stored in some bytes, as a signed number."""
        if size >= 8 or isinstance(value, Address):
            return value
        if isinstance(value, ReadOf) and self.events[value.event].size <= size:
            return value
        return computed(f"sext{8 * size}", [value], span)

    def held(self, address: Expr) -> Held:
        """See Event."""
        return held(address, lambda name: self.registers[name].value if name in self.registers else None)

    def store_conditional(self, operation: StoreConditional, line: Line) -> int | None:
        """Store if the reservation holds.  It may be lost at any time.

        Where the next operation drops the executions in which the store fails, it does not fail if it can succeed.
        """
        reservation, self.reservation = self.reservation, None
        address = self.evaluate(operation.address, line.span)
        carried = ZERO
        if operation.carries == "operands":
            carried = depending(0, self.reserved, address, self.evaluate(operation.value, line.span))
            self.reserved = carried
        same: Expr = 0
        if reservation is not None:
            reserved = self.events[reservation].address
            assert reserved is not None, "a read has an address"
            same = computed("eq", [reserved, address.value], line.span)
        following = self.lines[self.pc].operation if self.pc < len(self.lines) else None
        must = following == Assume(Reg(operation.status))
        if same == 0 or not (must or self.fork(None)):
            self.registers[operation.status] = depending(operation.failure, carried)
            return None
        self.require(same)
        number = self.write(operation, line)
        assert reservation is not None, "there is something to compare with"
        self.relate("lxsx", [(reservation, number)])
        if operation.carries == "store":
            carried = Known(0, frozenset((number,)))
        self.registers[operation.status] = depending(operation.success, carried)
        return number

    # ------------------------------------------------------------ branches and blocks

    def branch(self, operation: Branch, line: Line) -> None:
        """Go to the target if the condition is true."""
        here, target = self.pc - 1, self.labels[operation.target]
        taken = True
        if operation.condition is not None:
            condition = self.evaluate(operation.condition, line.span)
            if condition.all_reads():
                self.control_by(condition, operation, line)
            if constant(condition.value) is not None:
                taken = condition.value != 0
            elif target == self.pc:
                return
            else:
                taken = self.fork(condition.value)
        if taken and (target > here or self.go_back(here, target)):
            self.pc = target

    def control_by(self, condition: Known, operation: Branch, line: Line) -> None:
        """What follows depends on the condition of a branch, up to the branch's join if it has one."""
        join = None if operation.join is None else self.labels[operation.join]
        if join is None:
            self.control = depending(0, self.control, condition)
        else:
            self.scoped.append((join, condition))
        if line.motion is FIXED and (join is None or self.leaves_a_loop(join)):
            self.committed |= condition.all_reads()

    def leaves_a_loop(self, join: int) -> bool:
        """Whether a branch here may decide that a loop is left: its ways meet again behind the loop, at `join`."""
        here = self.pc - 1
        jumps = ((i, line.operation) for i, line in enumerate(self.lines))
        loops = ((self.labels[jump.target], i) for i, jump in jumps if isinstance(jump, Branch))
        return any(first <= here <= last < join for first, last in loops)

    def go_back(self, here: int, target: int) -> bool:
        """Begin another round of a loop.  Returns False if the loop has reached its bound, and is cut."""
        assert self.loops is not None, "a branch goes back"
        if self.effects is not None and not self.effect & self.loops.beginning[target]:
            if self.extent.idle == "left out":
                raise _Dead
            self.path.cut = self.lines[here].span
            self.is_cut = True
            return False
        self.taken[here] = self.taken.get(here, 0) + 1
        if self.open & self.loops.beginning[target] and not self.ends_soon(target):
            self.counted[here] = self.counted.get(here, 0) + 1
            if self.guide.stops(self.counted[here]):
                self.path.cut = self.lines[here].span
                self.is_cut = True
                return False
        self.instruction = -1  # another round of an instruction is another execution of it
        self.followed += here - target + 1
        if self.followed > MAXIMUM_STEPS:
            raise too_many_rounds(self.loops.followed(here, self.taken))
        return True

    def ends_soon(self, target: int) -> bool:
        """Whether the loop that begins at a line is followed to its end, which is near whatever is read in it."""
        assert self.loops is not None, "a branch goes back"
        registers = {name: (known.value, 0) for name, known in self.registers.items()}
        return self.extent.near and self.loops.ends(target, registers)

    def send(self, operation: Float) -> None:
        """Another thread executes a block.  Its registers, branches and reservations are its own."""
        block = self.path.thread, len(self.path.blocks)
        self.path.blocks.append(Block(operation.thread, operation.kind))
        self.guide.send(block, operation.thread)
        inner = _Walk(self.walks, self.path, self.guide, ThreadCode(operation.body, operation.labels), block)
        inner.copy = self.copy
        inner.run()


# ---------------------------------------------------------------- values with their dependencies


def depending(value: Expr, *on: Known) -> Known:
    """A value that depends on all that some others depend on."""
    return Known(value, NOTHING.union(*(k.reads for k in on)), NOTHING.union(*(k.picks for k in on)))


def picked(known: Known, condition: Known) -> Known:
    """The same value, selected by a condition."""
    return Known(known.value, known.reads, known.picks | condition.all_reads())


def computed(name: str, arguments: list[Expr], span: Span) -> Expr:
    """An operator applied to values.  Raises InputError if that has no meaning."""
    try:
        return simplify(name, tuple(arguments))
    except ValueFault as fault:
        raise InputError(str(fault), span) from None
