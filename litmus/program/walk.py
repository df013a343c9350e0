"""Walking through the code of a thread: control flow and registers, on all ways at once.

Registers are tracked symbolically, so that addr, data and ctrl dependencies follow from the data
flow: addr and data from the reads that an operand was computed from, ctrl from the reads that an
earlier branch was decided by ("Herding cats", TOPLAS 2014, section 5).  A value that cancels out, as
in `xor r,r`, is a dependency too.

Two kinds of dependency are kept apart: on what a value was selected by (the condition of an Op `select`,
as of CSEL), and on what decided whether a read-modify-write stores.  AArch64 has only the weaker *pick*
dependencies there (Arm ARM, DDI 0487, B2.3, Pick dependencies).

Lines are walked through in an order in which a line comes after all lines that lead to it, so ways that meet are
joined before the walk goes on (litmus.program.state).  Rounds of a loop that have no effect are not followed
(litmus.program.rounds).
"""

from __future__ import annotations

from collections.abc import Mapping

from litmus.diagnostics import InputError, Span
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
    Operation,
    Set,
    Store,
    StoreConditional,
)
from litmus.program.compile_c import leaves_a_loop
from litmus.program.draft import Draft
from litmus.program.guards import ALWAYS, NEVER
from litmus.program.loops import MAXIMUM_STEPS, Loops, known_value, loops_of, too_many_rounds
from litmus.program.reads import NO_READS, Reads, as_picks, read_of, together
from litmus.program.rounds import Effects, effects_of
from litmus.program.state import UNSET, Frontier, Position, State
from litmus.program.values import Address, Expr, Op, ReadOf, Reg, ValueFault, ways_of
from litmus.relation.rows import bits


class Walk:
    """A walk through some code of a thread: its own code, or the body of a floating block.

    own: the code is that of the thread, where blocks may land.
    """

    def __init__(
        self, draft: Draft, lines: tuple[Line, ...], labels: Mapping[str, int], thread: int, own: bool
    ) -> None:
        self.draft = draft
        self.guards = draft.guards
        self.observer = draft.observer
        self.lines = lines
        self.labels = labels
        self.thread = thread
        self.own = own
        self.joins = not draft.observer.records and not (own and draft.compiles(thread))
        self.loops: Loops | None = loops_of(lines, labels)
        self.effects: Effects | None = None
        if self.loops is not None and own and draft.sees_idle:
            self.effects = effects_of(self.loops, draft.observed(thread))
        self.frontier = Frontier(self.guards, lambda e: draft.events[e].guard)

    # ------------------------------------------------------------ the order of the walk

    def ends(self, root: State) -> list[State]:
        """The states at the end of the code, on all ways that lead there from `root`."""
        ended: list[State] = []
        end = len(self.lines)
        self.draft.loops = self.loops
        frontier = self.frontier
        state: State | None = root
        while True:
            if state is not None and frontier:
                self.put(state)
                state = None
            if state is None:
                if not frontier:
                    return ended
                state = frontier.take()
            if state.pc == end:
                if self.own:
                    self.draft.pass_by(self.thread, state)
                self.observer.end(state)
                ended.append(state)
                state = None
            elif not self.step(state):
                state = None

    def put(self, state: State) -> None:
        """Let the walk go on from a state when all lines that lead to its place were walked through."""
        self.settle(state)
        self.frontier.put(state, self.position(state), self.alike(state) if self.joins else None)

    def settle(self, state: State) -> None:
        """Forget what does not matter at the place where a state stands, so that it can be joined with others."""
        pc = state.pc
        if pc < len(self.lines) and self.lines[pc].instruction != state.instruction:
            state.instruction = -1
            state.load = None
        state.leave_scopes(pc)
        loops = self.loops
        if loops is not None:
            around = loops.around(pc)
            state.rounds = {n: count for n, count in state.rounds.items() if around >> n & 1}
            state.open &= around
            state.effect |= ~around
            if state.unsure:
                ahead = [(pc, len(self.lines)), *(loops.extents[n] for n in bits(around))]
                state.unsure = {
                    back: count
                    for back, count in state.unsure.items()
                    if any(first <= back <= last for first, last in ahead)
                }

    def position(self, state: State) -> Position:
        """The place of a state in the order of the walk.

        A place in a loop comes after all places in earlier rounds of that loop, and before all places after the loop.
        """
        if self.loops is None:
            return (state.pc,)
        found: list[int] = []
        for n, (first, last) in enumerate(self.loops.extents):
            if first <= state.pc <= last:
                found += (first, state.rounds.get(n, 0))
        return (*found, state.pc)

    def alike(self, state: State) -> object:
        """What must be equal for two states at one place to be joined."""
        if state.pc == len(self.lines):
            return (state.admitted,)
        known: tuple[object, ...] = ()
        counted: tuple[object, ...] = ()
        if self.loops is not None:
            names = self.loops.ahead(state.pc)
            known = tuple([known_value(state.registers.get(name, UNSET)[0]) for name in names])
            counted = tuple(sorted(state.unsure.items()))
        return (
            known, counted, state.open, state.effect, state.instruction, state.load, state.copy, state.admitted,
        )  # fmt: skip

    # ------------------------------------------------------------ expressions and decisions

    def evaluate(self, expr: Expr, state: State, span: Span) -> tuple[Expr, Reads]:
        """The expression over reads, and the reads that it depends on."""
        if isinstance(expr, int):
            return expr, NO_READS
        if isinstance(expr, Reg):
            return state.registers.get(expr.name, UNSET)
        if isinstance(expr, Op):
            arguments = []
            reads = NO_READS
            for argument in expr.args:
                value, more = self.evaluate(argument, state, span)
                arguments.append(value)
                reads = together(self.guards, reads, more)
            try:
                return self.draft.applied(expr.name, tuple(arguments)), reads
            except ValueFault as fault:
                raise InputError(str(fault), span) from None
        if isinstance(expr, Address) and expr.base[0] == "~":
            return Address(f"{expr.base}{state.copy}", expr.offset), NO_READS
        return expr, NO_READS

    def decide(self, condition: Expr, state: State, span: Span) -> tuple[int, int]:
        """The guards under which a condition holds, and does not hold, where a state stands.

        Notes for the loops around that something unknown was decided, if it was.
        """
        holds, fails, unknown = self.draft.split(condition, state.guard, span)
        if unknown:
            self.note_decision(state)
        return holds, fails

    def note_decision(self, state: State) -> None:
        """Note for the loops around that something unknown was decided on the line that a state has just passed."""
        if self.loops is not None:
            state.open |= self.loops.deciding.get(state.pc - 1, 0)

    # ------------------------------------------------------------ operations

    def step(self, state: State) -> bool:
        """Walk through one line.  Returns False if the way of the state ends here.  Other ways are put."""
        line = self.lines[state.pc]
        if self.loops is not None and state.pc in self.loops.beginning:
            begun = self.loops.beginning[state.pc]
            state.open &= ~begun
            state.effect &= ~begun
        state.leave_scopes(state.pc)
        state.pc += 1
        if line.instruction != state.instruction:
            self.observer.begin(state)
            state.instruction = line.instruction
            state.start = state.before
            state.load = None
            if self.own:
                self.draft.pass_by(self.thread, state)
        if self.effects is not None:
            state.effect |= self.effects.lines[state.pc - 1]
        return self.perform(line.operation, state, line)

    def perform(self, operation: Operation, state: State, line: Line) -> bool:
        """Do what the line says that a state has just passed.  The rest is as in `step`."""
        match operation:
            case Set():
                self.assign(operation, state, line)
            case Load():
                self.load(operation, state, line)
            case Store():
                self.store(operation, state, line)
            case Fence():
                self.observer.place(state, self.draft.fence(operation, state, self.thread, line))
            case Branch():
                return self.branch(operation, state, line)
            case StoreConditional():
                return self.store_conditional(operation, state, line)
            case Assume():
                condition, _ = self.evaluate(operation.condition, state, line.span)
                state.guard = self.draft.assume(condition, state.guard)
                return state.guard != NEVER
            case Fresh():
                state.copy = self.draft.new_copy()
            case CompilerBarrier():
                state.fenced = state.before
            case Admit():
                state.admitted = operation.kinds
                state.fenced = state.before
            case Float():
                self.send(operation, state)
        return True

    def send(self, operation: Float, state: State) -> None:
        """Walk through the body of a block.  The compiler leaves the code of blocks as written."""
        draft = self.draft
        first = len(draft.events)
        outside, draft.ranges, draft.loops = (draft.ranges, draft.loops), None, None
        body = Walk(draft, operation.body, operation.labels, operation.thread, own=False)
        body.ends(State(0, {}, state.guard, copy=state.copy))
        draft.ranges, draft.loops = outside
        draft.block(operation, state.guard, (1 << len(draft.events)) - (1 << first))

    def assign(self, operation: Set, state: State, line: Line) -> None:
        """register := value."""
        value = operation.value
        if isinstance(value, Op) and value.name == "select":
            self.select(operation, value, state, line)
        elif isinstance(value, Op) and value.name == "either":
            self.either(operation, value, state, line)
        else:
            state.registers[operation.register] = self.evaluate(value, state, line.span)
            self.observer.assign(state, operation.register, value)

    def select(self, operation: Set, value: Op, state: State, line: Line) -> None:
        """register := select(condition, a, b).  It depends on a or on b, and on the condition by a pick.

        If a and b have different dependencies, or if the model sees registers, the ways part, and on each the value has
        the dependencies of its own operand.
        """
        self.observer.select(state, value.args[0])
        condition, deciding = self.evaluate(value.args[0], state, line.span)
        picks = as_picks(self.guards, deciding)
        ways = [(arg, *self.evaluate(arg, state, line.span)) for arg in value.args[1:]]
        (_, chosen, reads), (_, other, other_reads) = ways
        if reads == other_reads and not self.observer.records and known_value(condition) is None:
            both = self.draft.applied("ite", (condition, chosen, other))
            state.registers[operation.register] = both, together(self.guards, reads, picks)
            return
        guards = self.decide(condition, state, line.span)
        for guard, (written, result, depends) in reversed(list(zip(guards, ways, strict=True))):
            if guard == NEVER:
                continue
            way = state if guard == state.guard or guard == guards[0] else state.fork(guard)
            way.guard = guard
            way.registers[operation.register] = result, together(self.guards, depends, picks)
            self.observer.assign(way, operation.register, written)
            if way is not state:
                self.put(way)

    def either(self, operation: Set, value: Op, state: State, line: Line) -> None:
        """register := either(condition, a, b).  The value is b; if the condition holds, a equals b.

        In executions in which the condition holds, the value may come from a.  Then it depends on a, and on the
        condition by a pick.  The other way, it depends on b.  Both ways are followed.  But if a depends on nothing, the
        way through a orders less in every respect, so it alone is followed when the condition holds.  For a model that
        sees registers, neither way orders less, and both are followed.
        """
        observer = self.observer
        ruling = observer.decision(state, value.args[0], "DATA")
        condition, deciding = self.evaluate(value.args[0], state, line.span)
        _, reads = self.evaluate(value.args[1], state, line.span)
        result, result_reads = self.evaluate(value.args[2], state, line.span)
        reads = together(self.guards, reads, as_picks(self.guards, deciding))
        state.registers[operation.register] = result, result_reads
        if condition == 0:
            observer.assign(state, operation.register, value.args[2])
            return
        free = bool(reads.plain or not all(picked for _, picked in reads.under)) or observer.records
        if isinstance(condition, int) and not free:
            state.registers[operation.register] = result, reads
            return
        if free:
            holds, fails = self.draft.known(condition, state.guard) or (state.guard, NEVER)
            through, past = self.draft.free(holds, line.span)
            past = self.guards.either(past, fails)
            self.note_decision(state)
            through = self.draft.assume(condition, through)
        else:
            through, past = self.decide(condition, state, line.span)
        fork = state.fork(through)
        state.guard = past
        fork.registers[operation.register] = result, reads
        observer.assign(fork, operation.register, value.args[1], ruling)
        observer.assign(state, operation.register, value.args[2])
        if through != NEVER:
            self.put(fork)

    def load(self, operation: Load, state: State, line: Line) -> None:
        """register := what is at the address."""
        address, reads = self.evaluate(operation.address, state, line.span)
        if self.effects is not None:
            known = all(isinstance(a, Address) for _, a in ways_of(self.guards, address, state.guard))
            state.effect |= 0 if known else self.effects.faulty[state.pc - 1]
        number = self.draft.load(operation, state, self.thread, line, address, reads)
        state.registers[operation.register] = ReadOf(number), read_of(number)
        state.load = number
        self.observer.load(state, operation, number)
        if operation.reserve:
            state.reservation = ((number, ALWAYS),)
            state.reserved = reads

    def store(self, operation: Store, state: State, line: Line) -> None:
        """If the store is conditional, and in a loop whose rounds may have no effect, the ways part."""
        guard = state.guard
        deciding = NO_READS
        if operation.when is not None:
            condition, deciding = self.evaluate(operation.when, state, line.span)
            guard, fails, _ = self.draft.split(condition, state.guard, line.span)
            if guard == NEVER:
                self.observer.store(state, operation, state.load, None)
                return
            if fails != NEVER and self.effects is not None and self.effects.stored[state.pc - 1]:
                self.put(state.fork(fails))
                state.guard = guard
        if self.effects is not None:
            state.effect |= self.effects.stored[state.pc - 1]
        number = self.write(operation, state, line, guard)
        self.observer.store(state, operation, state.load, number)
        self.draft.pick(number, as_picks(self.guards, deciding))
        if state.load is not None:
            value = self.evaluate(operation.value, state, line.span)[1]
            self.draft.update(operation, state.load, number, bool(value.all() >> state.load & 1))

    def write(self, operation: Store | StoreConditional, state: State, line: Line, guard: int) -> int:
        """The number of a new write, which executes under a guard."""
        address = self.evaluate(operation.address, state, line.span)
        value = self.evaluate(operation.value, state, line.span)
        return self.draft.write(operation, state, self.thread, line, guard, address, value)

    def store_conditional(self, operation: StoreConditional, state: State, line: Line) -> bool:
        """The ways part: on one the store succeeds, if it can; on the other it fails.

        If executions in which the store fails are dropped by the next operation, it succeeds wherever it can.
        The rest is as in `step`.
        """
        following = self.lines[state.pc].operation if state.pc < len(self.lines) else None
        fails = following != Assume(Reg(operation.status))
        read = self.observer.attempt(state, operation)
        reservations, state.reservation = state.reservation, ()
        address, address_reads = self.evaluate(operation.address, state, line.span)
        if isinstance(address, int):  # the store never succeeds, and nothing else would report its address
            self.draft.refuse_number(address, operation.address, state, self.thread, line)
        carried = NO_READS
        if operation.carries == "operands":
            value_reads = self.evaluate(operation.value, state, line.span)[1]
            carried = together(self.guards, state.reserved, together(self.guards, address_reads, value_reads))
            state.reserved = carried
        pairs = self.draft.reservable(reservations, address, state.guard, line.span)
        if pairs:
            success = state.fork(self.guards.any(here for _, here, _ in pairs))
            if fails:
                success.guard, _ = self.draft.free(success.guard, line.span)
                self.note_decision(success)
                self.note_decision(state)
            state.guard = self.guards.without(state.guard, success.guard)
            if self.effects is not None:
                success.effect |= self.effects.stored[state.pc - 1]
            success.guard = self.draft.assume_same(pairs, success.guard)
            number = self.write(operation, success, line, success.guard)
            self.draft.pair(pairs, number)
            stored = read_of(number) if operation.carries == "store" else carried
            success.registers[operation.status] = operation.success, stored
            self.observer.outcome(success, operation, read, number)
            self.put(success)
            if state.guard == NEVER:
                return False
        state.registers[operation.status] = operation.failure, carried
        self.observer.outcome(state, operation, read, None)
        return True

    # ------------------------------------------------------------ control flow

    def branch(self, operation: Branch, state: State, line: Line) -> bool:
        """Follow a branch.  Returns False if the way ends here."""
        here = state.pc - 1
        target = self.labels[operation.target]
        self.observer.branch(state, operation)
        taken, falls = state.guard, NEVER
        if operation.condition is not None:
            condition, reads = self.evaluate(operation.condition, state, line.span)
            if reads is not NO_READS:
                self.control(operation, state, line, reads)
            if target == state.pc and known_value(condition) is None:
                return True
            taken, falls = self.decide(condition, state, line.span)
        if falls != NEVER and taken != NEVER:
            self.put(state.fork(falls))
        if taken == NEVER:
            return True
        state.guard = taken
        if target <= here and not self.go_back(state, here, target, line):
            return False
        state.pc = target
        return True

    def control(self, operation: Branch, state: State, line: Line, reads: Reads) -> None:
        """Note that what follows depends on a branch, as far as it reaches."""
        if operation.join is None:
            state.control = together(self.guards, state.control, reads)
        else:
            end = self.labels[operation.join]
            inside = dict(state.scoped)
            inside[end] = together(self.guards, inside.get(end, NO_READS), reads)
            state.scoped = tuple(sorted(inside.items()))
        ranges = self.draft.ranges
        if ranges is not None and line.motion is FIXED:
            if operation.join is None or leaves_a_loop(ranges, state.pc - 1, self.labels[operation.join]):
                state.committed |= reads.all()

    def go_back(self, state: State, here: int, target: int, line: Line) -> bool:
        """Note that a way goes back for another round of a loop.

        Returns False if no other round is followed: this one had no effect, or the loop has reached its bound.
        """
        loops = self.loops
        assert loops is not None, "a branch goes back"
        begun = loops.beginning[target]
        loop = begun.bit_length() - 1
        if self.effects is not None and not state.effect & begun:
            self.draft.leave_out(state, line.span, loops.extents[loop], self.thread)
            return False
        state.rounds[loop] = state.rounds.get(loop, 0) + 1
        state.rounds = {n: count for n, count in state.rounds.items() if n <= loop}
        state.taken[here] = state.taken.get(here, 0) + 1
        if state.open & begun and not self.draft.ends_soon(loops, target, state.registers):
            count = state.unsure[here] = state.unsure.get(here, 0) + 1
            if count > self.draft.bound:
                self.draft.cut(state, line.span, self.thread)
                return False
        state.instruction = -1  # another round of the same instruction is another instance
        self.draft.steps += here - target + 1
        if self.draft.steps > MAXIMUM_STEPS:
            raise too_many_rounds(loops.followed(here, state.taken))
        return True
