"""Drafts of event graphs: the operations that a walk meets become events, decisions and dependencies."""

from __future__ import annotations

from collections.abc import Iterable

from litmus.diagnostics import InputError, Span
from litmus.program.astray import astray, held
from litmus.program.code import FIXED, Fence, Float, Line, Load, Program, Store, StoreConditional
from litmus.program.compile_c import Ranges, Standing, has_plain
from litmus.program.graph import Assumption, Block, Decision, Event, Held, Leaf, Pair, Unrolling, Wait
from litmus.program.guards import ALWAYS, NEVER, Guards
from litmus.program.loops import Loops, too_many_events
from litmus.program.reads import NO_READS, Reads, together
from litmus.program.registers import Observer, Recorder
from litmus.program.state import Registers, State
from litmus.program.values import (
    Address,
    Expr,
    Op,
    ReadOf,
    ValueFault,
    applied,
    constant,
    operations,
    simplify,
    ways_of,
)
from litmus.relation.rows import Rows

MAXIMUM_EVENTS = 4000
_EXTENDED = {f"sext{bits}": bits for bits in (8, 16, 32)}

Places = dict[tuple[int, frozenset[str] | None], int]  # (the events before, the kinds admitted) -> the guard


class Draft:
    """An event graph while walks through the threads add to it.

    earlier[e]: the events of earlier instructions on the ways to event e.  before[e]: these, and the earlier events of
    its instruction.  line[e]: the line of the code that makes it.  addr, data, ctrl: the reads that it depends on.
    places: for each thread that blocks are sent to, the places where they may land: the events before, the kinds that
    are admitted, and the guard.  ends: for each thread with plain accesses, the events and the guard of each way
    through it.  loops: the loops of the code that is being walked through.  ranges: these, if the compiler may exchange
    accesses of it.  followed: there was a loop whose end is near.  steps: lines of loops that were followed.
    """

    def __init__(self, program: Program, unrolling: Unrolling) -> None:
        self.program = program
        self.unrolling = unrolling
        self.bound = unrolling.bound
        self.sees_idle = unrolling.idle != "followed" and not unrolling.registers
        self.observer = Recorder(program) if unrolling.registers else Observer()
        self.followed = False
        self.guards = Guards()
        self.events: list[Event] = []
        self.decisions: list[Decision] = []
        self.assumptions: list[Assumption] = []
        self.cuts: dict[int, Span] = {}
        self.waits: list[tuple[int, Wait]] = []  # each with the guard under which it is reached
        self.left = 0
        self.earlier: Rows = []
        self.before: Rows = []
        self.line: list[int] = []
        self.addr: list[Reads] = []
        self.data: list[Reads] = []
        self.ctrl: list[Reads] = []
        self.updates: list[Pair] = []
        self.amo: list[Pair] = []
        self.amo_data: list[Pair] = []
        self.single: list[Pair] = []
        self.lxsx: dict[Pair, int] = {}
        self.exchanges: dict[Pair, int] = {}
        self.blocks: list[Block] = []
        self.kinds: list[str] = []  # of the blocks
        self.leaves: list[tuple[Leaf, ...]] = []
        self.cells: dict[Address, int] = {}
        self.copies = 0
        self.steps = 0
        self.loops: Loops | None = None
        self.ranges: Ranges | None = None
        self.standings: dict[int, Standing] = {}
        self.ends: dict[int, list[tuple[int, int]]] = {}
        self.places: dict[int, Places] = {
            line.operation.thread: {}
            for thread in program.threads
            for line in thread.lines
            if isinstance(line.operation, Float)
        }
        self._decided: dict[object, list[int]] = {}  # what a condition says -> the decisions about it
        self._forms: dict[tuple[object, ...], tuple[int]] = {}  # numbers for operators applied to arguments

    def compiles(self, thread: int) -> bool:
        """Whether the compiler may exchange accesses of a thread."""
        return self.unrolling.exchange and has_plain(self.program.threads[thread])

    def observed(self, thread: int) -> list[str] | None:
        """The registers of a thread whose final values matter; None: all of them."""
        observed = self.unrolling.observed
        return None if observed is None else [name for of, name in observed if of == thread]

    def ends_soon(self, loops: Loops, first: int, registers: Registers) -> bool:
        """Whether the loop that begins at a line is followed to its end, which is near whatever is read in it."""
        near = self.unrolling.near and loops.ends(first, registers)
        self.followed = self.followed or near
        return near

    # ------------------------------------------------------------ decisions

    def free(self, guard: int, span: Span) -> tuple[int, int]:
        """A new decision without a condition: the guards under which it is true, and false."""
        return self._decide(None, guard, span)

    def _decide(self, condition: Expr | None, guard: int, span: Span) -> tuple[int, int]:
        number = len(self.decisions)
        self.decisions.append(Decision(condition, guard, span))
        literal = self.guards.literal(number, True)
        return self.guards.both(guard, literal), self.guards.without(guard, literal)

    def split(self, condition: Expr, guard: int, span: Span) -> tuple[int, int, bool]:
        """The guards under which a condition holds, and does not hold, and whether that depends on the execution.

        There is a decision where it does.  What was decided already is not decided again.
        """
        value = constant(condition)
        if value is not None:
            return (guard, NEVER, False) if value != 0 else (NEVER, guard, False)
        holds, fails, unknown = NEVER, NEVER, False
        for part, leaf in ways_of(self.guards, condition, guard):
            value = constant(leaf)
            if value is not None:
                one = (part, NEVER) if value != 0 else (NEVER, part)
            else:
                one = self.known(leaf, part) or self._asked(leaf, part, span)
                unknown = True
            holds, fails = self.guards.either(holds, one[0]), self.guards.either(fails, one[1])
        return holds, fails, unknown

    def _asked(self, condition: Expr, guard: int, span: Span) -> tuple[int, int]:
        form, holds = self._form(condition)
        ways = self._decide(condition, guard, span)
        self._decided.setdefault((form, holds), []).append(len(self.decisions) - 1)
        return ways

    def known(self, condition: Expr, guard: int) -> tuple[int, int] | None:
        """The guards under which a condition holds and does not, if it was decided before on every way here."""
        form, holds = self._form(condition)
        for way in (True, False):
            for number in self._decided.get((form, holds is way), ()):
                if self.guards.implies(guard, self.decisions[number].guard):
                    literal = self.guards.literal(number, way)
                    return self.guards.both(guard, literal), self.guards.without(guard, literal)
        return None

    def _form(self, condition: Expr) -> tuple[object, bool]:
        """What a condition asks, and whether it asks for yes.

        `a != b` and `!(a == b)` ask what `a == b` asks, for no.
        """
        holds = True
        while isinstance(condition, Op):
            name, args = condition.name, condition.args
            if name == "lnot" or (name == "eq" and args[1] == 0):
                condition, holds = args[0], not holds
            elif name == "ne" and args[1] == 0:
                condition = args[0]
            elif name == "ne":
                condition, holds = Op("eq", args), not holds
                break
            else:
                break
        forms: dict[int, object] = {}

        def form(expr: Expr) -> object:
            return forms[id(expr)] if isinstance(expr, Op) else expr

        for op in operations(condition):
            key = (op.name, *(form(a) for a in op.args))
            forms[id(op)] = self._forms.setdefault(key, (len(self._forms),))
        return form(condition), holds

    def assume(self, condition: Expr, guard: int) -> int:
        """Drop the executions in which a condition does not hold.  Returns the guard of those that are left."""
        for part, leaf in list(ways_of(self.guards, condition, guard)):
            value = constant(leaf)
            decided = None if value is not None else self.known(leaf, part)
            fails = part if value == 0 else NEVER if decided is None else decided[1]
            if fails != NEVER:
                guard = self.guards.without(guard, fails)
                self.assumptions.append(Assumption(0, fails))
            if value is None and decided is None:
                self.assumptions.append(Assumption(leaf, part))
        return guard

    def applied(self, name: str, args: tuple[Expr, ...]) -> Expr:
        """An operator applied to operands (litmus.program.values.applied)."""
        return applied(name, args, self._simplified)

    def _simplified(self, name: str, args: tuple[Expr, ...]) -> Expr:
        """A read returns what fits into its size, as a signed number: to extend its sign from there changes nothing."""
        bits = _EXTENDED.get(name)
        if bits is not None and isinstance(args[0], ReadOf) and 8 * self.events[args[0].event].size <= bits:
            return args[0]
        return simplify(name, args)

    def new_copy(self) -> int:
        """The number of new copies of the messages."""
        self.copies += 1
        return self.copies

    # ------------------------------------------------------------ events

    def fence(self, operation: Fence, state: State, thread: int, line: Line) -> int:
        """A new fence.  Returns the number of its event; so do `load` and `write`."""
        event = Event(len(self.events), thread, "F", state.guard, tags=operation.tags, span=line.span)
        return self.place(event, state, line)

    def load(self, operation: Load, state: State, thread: int, line: Line, address: Expr, reads: Reads) -> int:
        """A new read of an address, which depends on other reads."""
        number = len(self.events)
        event = Event(
            number, thread, "R", state.guard, address, ReadOf(number), operation.size, operation.tags, line.span,
            self.holding(address, operation.address, state),
        )  # fmt: skip
        return self.place(event, state, line, reads)

    def write(
        self,
        operation: Store | StoreConditional,
        state: State,
        thread: int,
        line: Line,
        guard: int,
        address: tuple[Expr, Reads],
        value: tuple[Expr, Reads],
    ) -> int:
        """A new write.  Between the events of one instruction there is no dependency through registers."""
        stored = self.truncated(value[0], operation.size, line.span)
        event = Event(
            len(self.events), thread, "W", guard, address[0], stored, operation.size, operation.tags, line.span,
            self.holding(address[0], operation.address, state),
        )  # fmt: skip
        mates = state.before & ~state.start
        return self.place(event, state, line, address[1].outside(mates), value[1].outside(mates))

    def place(self, event: Event, state: State, line: Line, addr: Reads = NO_READS, data: Reads = NO_READS) -> int:
        """Add an event where a state stands.  The events before its instruction are po-before it."""
        number = event.number
        if number >= MAXIMUM_EVENTS:
            around = None if self.loops is None else self.loops.followed(state.pc - 1, state.taken)
            raise too_many_events(MAXIMUM_EVENTS, line.span, around)
        if isinstance(event.address, int) and event.guard == ALWAYS:
            raise astray(self.program, event, constant)
        self.events.append(event)
        self.earlier.append(state.start)
        self.before.append(state.before)
        self.line.append(state.pc - 1)
        control = state.control
        for _, reads in state.scoped:
            control = together(self.guards, control, reads)
        self.ctrl.append(control)
        self.addr.append(addr)
        self.data.append(data)
        if self.ranges is not None:
            deciding = state.committed
            for _, reads in state.scoped:
                deciding |= reads.all()
            self.standings[number] = Standing(line.motion, state.before, state.fenced, deciding, state.admitted)
        state.before |= 1 << number
        if line.motion is FIXED:
            state.fenced = state.before
        return number

    def holding(self, address: Expr, written: Expr, state: State) -> Held:
        """The registers that an access computes its address from, if the address is not known."""
        if isinstance(address, Address):
            return ()
        return held(written, lambda name: state.registers[name][0] if name in state.registers else None)

    def refuse_number(self, address: int, written: Expr, state: State, thread: int, line: Line) -> None:
        """Raises InputError if an access is executed in all executions, and its address is this number."""
        if state.guard == ALWAYS:
            there = self.holding(address, written, state)
            raise astray(self.program, Event(-1, thread, "W", ALWAYS, address, span=line.span, held=there), constant)

    def truncated(self, value: Expr, size: int, span: Span) -> Expr:
        """What memory holds after `value` is stored in `size` bytes, as a signed number."""
        if size >= 8 or isinstance(value, Address):
            return value
        try:
            return self.applied(f"sext{8 * size}", (value,))
        except ValueFault as fault:
            raise InputError(str(fault), span) from None

    def pick(self, write: int, reads: Reads) -> None:
        """Note that reads decide whether a write happens."""
        self.data[write] = together(self.guards, self.data[write], reads)

    def update(self, operation: Store, read: int, write: int, computed: bool) -> None:
        """Note that a read and a write are of one instruction.  computed: what is stored is computed from the read."""
        self.updates.append((read, write))
        if operation.single:
            assert operation.when is None, "one event cannot be a write or none"
            self.single.append((read, write))
        elif operation.rmw:
            self.amo.append((read, write))
            if computed:
                self.amo_data.append((read, write))

    def reservable(
        self, reservations: Iterable[tuple[int, int]], address: Expr, guard: int, span: Span
    ) -> list[tuple[int, int, Expr]]:
        """The load-reserves that a store-conditional to an address may pair with, where a guard holds.

        Each with the guard under which it is the one, and with whether it is of that address.
        """
        found = []
        for reserve, chosen in reservations:
            here = self.guards.both(guard, chosen)
            reserved = self.events[reserve].address
            assert reserved is not None, "a read"
            try:
                same = self.applied("eq", (reserved, address))
            except ValueFault as fault:
                raise InputError(str(fault), span) from None
            if here != NEVER and same != 0:
                found.append((reserve, here, same))
        return found

    def assume_same(self, pairs: list[tuple[int, int, Expr]], guard: int) -> int:
        """Assume that the load-reserve which a store-conditional pairs with is of its address, as in `assume`."""
        for _, here, same in pairs:
            part = self.guards.both(guard, here)
            guard = self.guards.without(guard, self.guards.without(part, self.assume(same, part)))
        return guard

    def pair(self, pairs: list[tuple[int, int, Expr]], write: int) -> None:
        """Note that a store-conditional succeeds, with the reservations of these load-reserves (`reservable`)."""
        for reserve, here, _ in pairs:
            both = self.guards.both(self.events[reserve].guard, self.events[write].guard)
            self.lxsx[reserve, write] = ALWAYS if self.guards.implies(both, here) else self.guards.given(here, both)

    # ------------------------------------------------------------ blocks and loops

    def pass_by(self, thread: int, state: State) -> None:
        """Note the place where a state of a thread's own code stands, if blocks may land there."""
        places = self.places.get(thread)
        if places is not None:
            key = state.before, state.admitted
            places[key] = self.guards.either(places.get(key, NEVER), state.guard)

    def block(self, operation: Float, guard: int, events: int) -> None:
        """Note that a block with these events is sent."""
        self.blocks.append(Block(operation.thread, guard, events))
        self.kinds.append(operation.kind)

    def cut(self, state: State, span: Span, thread: int) -> None:
        """Note that a loop has reached its bound where a state stands."""
        self.cuts[state.guard] = span
        self.end(state, thread)

    def end(self, state: State, thread: int) -> None:
        """Note that a way through a thread ends where a state stands, if the compiler may exchange accesses on it."""
        if self.ranges is not None:
            self.ends.setdefault(thread, []).append((state.before, state.guard))

    def leave_out(self, state: State, span: Span, extent: tuple[int, int], thread: int) -> None:
        """Note that a round of the loop with these lines ended without any effect, where a state stands."""
        first, last = extent
        self.waits.append((state.guard, Wait(thread, span)))
        self.end(state, thread)
        for event in self.events:
            if event.thread == thread and event.kind != "W" and first <= self.line[event.number] <= last:
                self.left |= 1 << event.number & state.before
