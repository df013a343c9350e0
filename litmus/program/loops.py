"""Loops: the backward branches of a thread, and which lines decide whether another round is made.

A round of a loop counts against the bound of unrolling if something unknown decided in it whether the loop goes on:
the value of a read, or whether a store-conditional succeeds.  If a loop has no such rounds, its end does not depend on
the execution, and the loop is followed to its end.  If the ways of a branch in the body meet again before the round
ends, the branch decides nothing about the loop.  There is one exception: a register that the loop's own conditions are
computed from is set on one of these ways.  `while (i < 5) if (READ_ONCE(*x)) i++;` makes as many rounds as the reads
say.

If something unknown may end a loop early, and the loop ends soon anyway, it is followed to its end, too.
`for (i = 0; i < 3; i++) if (READ_ONCE(*x)) break;` makes at most three rounds.  Loops.ends looks ahead.

The lines that decide are the slice of the loop's exits: control dependence by postdominators (Ferrante, Ottenstein,
Warren, "The program dependence graph and its use in optimization", TOPLAS 1987), closed under what conditions are
computed from (Weiser, "Program slicing", ICSE 1981).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from msgspec import Struct

from litmus.diagnostics import Span, Unsupported
from litmus.program.code import Branch, Line, Load, Operation, Set, StoreConditional
from litmus.program.values import Address, Expr, Op, Reg, Value, ValueFault, apply, constant

MAXIMUM_STEPS = 100_000  # lines of loops that are followed in one test
NEAR = 8  # rounds of a loop that is followed to its end although reads may end it: each is one more path
_MAXIMUM_PLACES = 1000  # lines, each with what registers may hold there, that are looked at in one round ahead

Known = tuple[Value | None, ...]  # of the registers of a loop, what each holds; None where that is not known


class Loop(Struct, frozen=True):
    """A loop: the code from `first`, where backward branches go, to the last of these branches.

    deciding: the mask of the lines that may decide whether another round is made.
    registers: what the conditions and the values on these lines are computed from.
    """

    first: int
    last: int
    deciding: int
    registers: tuple[str, ...]


class Loops(Struct, frozen=True):
    """The loops of a thread.  In a mask of loops, bit n stands for all[n].

    extents[n]: the first and the last line of loop n.  If a part of another loop lies behind its end, the whole of that
    loop belongs to it: so of two loops that have a line in common, one is inside the other.
    beginning: line -> the loops whose rounds begin there.  deciding: line -> the loops for which that line may decide
    whether another round is made.
    """

    lines: tuple[Line, ...]
    labels: Mapping[str, int]
    all: tuple[Loop, ...]
    extents: tuple[tuple[int, int], ...]
    beginning: Mapping[int, int]
    deciding: Mapping[int, int]

    def ends(self, first: int, registers: Mapping[str, tuple[Expr, object]]) -> bool:
        """Whether the loop that begins at a line ends within NEAR more rounds, whatever is read in them.

        registers: what they hold where the next round begins; those that are not there hold 0.
        """
        loop = next(loop for loop in self.all if loop.first == first)
        heads = {tuple([known_value(registers.get(name, (0, None))[0]) for name in loop.registers])}
        for _ in range(NEAR):
            following = self.following(loop, heads)
            if not following:
                return following is not None
            if following == heads:
                return False
            heads = following
        return False

    def following(self, loop: Loop, heads: set[Known]) -> set[Known] | None:
        """What the registers of a loop may hold where another round begins, after one that begins with `heads`.

        Both ways of a branch are followed where its condition is not known.  None where that is too much.
        """
        found: set[Known] = set()
        pending = [(loop.first, known) for known in heads]
        seen = set(pending)
        while pending:
            line, known = pending.pop()
            held = dict(zip(loop.registers, known, strict=True))
            operation = self.lines[line].operation
            places = [line + 1]
            if isinstance(operation, Branch):
                condition = 1 if operation.condition is None else _value(operation.condition, held)
                places = [line + 1] if condition is None or condition == 0 else []
                if condition != 0:
                    places.append(self.labels[operation.target])
            elif (register := _register_set_by(operation)) in held:
                held[register] = _value(operation.value, held) if isinstance(operation, Set) else None
                known = tuple(held.values())
            for place in places:
                if place == loop.first:
                    found.add(known)
                elif loop.first < place <= loop.last and (place, known) not in seen:
                    seen.add((place, known))
                    pending.append((place, known))
            if len(seen) > _MAXIMUM_PLACES:
                return None
        return found

    def around(self, line: int) -> int:
        """The loops that a line is in."""
        return sum(1 << n for n, (first, last) in enumerate(self.extents) if first <= line <= last)

    def ahead(self, line: int) -> tuple[str, ...]:
        """The registers that decide about rounds of loops that a walk may come to from a line."""
        names = {
            name: None
            for loop, (_, last) in zip(self.all, self.extents, strict=True)
            if line <= last
            for name in loop.registers
        }
        return tuple(names)

    def followed(self, line: int, rounds: Mapping[int, int]) -> Followed | None:
        """The loop of which a path made the most rounds, among those around a line; None if it made no round of any.

        rounds: backward branch -> how often the path took it.
        """
        made = {
            back: count
            for back, count in rounds.items()
            if any(loop.first <= line <= loop.last and loop.first <= back <= loop.last for loop in self.all)
        }
        if not made:
            return None
        back = max(made, key=made.__getitem__)
        return Followed(self.lines[back].span, made[back])


class Followed(Struct, frozen=True):
    """How far a loop was followed: its backward branch, and the rounds."""

    span: Span
    rounds: int


def too_many_events(limit: int, span: Span, loop: Followed | None) -> Unsupported:
    """The error if unrolling gives too many events.  It points at the loop, or at `span` if there is no loop."""
    if loop is None:
        return Unsupported(f"unrolling gives more than {limit} events", span, "fewer branches, or a smaller --unroll")
    return Unsupported(
        f"following this loop gives more than {limit} events ({loop.rounds} rounds so far)",
        loop.span,
        "fewer rounds, or fewer branches in them; where reads decide how many, a smaller --unroll",
    )


def too_many_rounds(loop: Followed | None) -> Unsupported:
    """The error if loops were followed for more than MAXIMUM_STEPS lines."""
    assert loop is not None, "a backward branch was just taken"
    return Unsupported(
        f"this loop was followed for {loop.rounds} rounds, and its end was not reached",
        loop.span,
        "fewer rounds; a loop that never ends has no final state",
    )


def loops_of(lines: tuple[Line, ...], labels: Mapping[str, int]) -> Loops | None:
    """The loops of some code; None if no branch goes back."""
    last: dict[int, int] = {}
    for i, line in enumerate(lines):
        operation = line.operation
        if type(operation) is Branch and (first := labels[operation.target]) <= i:
            last[first] = i
    if not last:
        return None
    loops = tuple([_loop(lines, labels, first, end) for first, end in sorted(last.items())])
    deciding: dict[int, int] = {}
    for n, loop in enumerate(loops):
        for i in range(loop.first, loop.last + 1):
            if loop.deciding >> i & 1:
                deciding[i] = deciding.get(i, 0) | 1 << n
    return Loops(lines, labels, loops, _extents(loops), {loop.first: 1 << n for n, loop in enumerate(loops)}, deciding)


def _extents(loops: tuple[Loop, ...]) -> tuple[tuple[int, int], ...]:
    found = [(loop.first, loop.last) for loop in loops]  # in the order of their first lines
    changed = True
    while changed:
        changed = False
        for n, (first, last) in enumerate(found):
            further = max(end for start, end in found if first <= start <= last)
            if further > last:
                found[n] = first, further
                changed = True
    return tuple(found)


def _loop(lines: tuple[Line, ...], labels: Mapping[str, int], first: int, last: int) -> Loop:
    deciding = _deciding(lines, labels, first, last)
    registers = {
        name
        for i in range(first, last + 1)
        if deciding >> i & 1
        for name in _registers_in(_computed_from(lines[i].operation))
    }
    return Loop(first, last, deciding, tuple(sorted(registers)))


def _deciding(lines: tuple[Line, ...], labels: Mapping[str, int], first: int, last: int) -> int:
    """The mask of the lines of a loop that may decide whether another round is made."""
    again, leaves = last + 1, last + 2  # where a round ends
    body = range(first, last + 1)

    def reached(line: int) -> int:
        return again if line == first else line if first < line <= last else leaves

    ways: dict[int, tuple[int, ...]] = {}
    for i in body:
        operation = lines[i].operation
        following = reached(i + 1)
        if isinstance(operation, Branch):
            target = reached(labels[operation.target])
            ways[i] = (target,) if operation.condition is None else (target, following)
        else:
            ways[i] = (following,)
    behind = _postdominators(ways, again, leaves)
    setting: dict[str, list[int]] = {}
    for i in body:
        if (register := _register_set_by(lines[i].operation)) is not None:
            setting.setdefault(register, []).append(i)
    found: set[int] = set()
    pending = [again, leaves]
    while pending:
        place = pending.pop()
        needed = [
            i
            for i, to in ways.items()
            if any(behind[way] >> place & 1 for way in to) and (place == i or not behind[i] >> place & 1)
        ]
        if place <= last:
            for register in _registers_in(_computed_from(lines[place].operation)):
                needed += setting.get(register, [])
        fresh = [i for i in needed if i not in found]
        found.update(fresh)
        pending += fresh
    return sum(1 << i for i in found)


def _postdominators(ways: Mapping[int, tuple[int, ...]], *ends: int) -> dict[int, int]:
    """For each place, the mask of the places that are on every way from it to an end, itself included."""
    behind = dict.fromkeys(ways, -1) | {end: 1 << end for end in ends}
    changed = True
    while changed:
        changed = False
        for i in reversed(list(ways)):
            common = -1
            for way in ways[i]:
                common &= behind[way]
            common |= 1 << i
            changed |= common != behind[i]
            behind[i] = common
    return behind


def _register_set_by(operation: Operation) -> str | None:
    match operation:
        case Set() | Load():
            return operation.register
        case StoreConditional():
            return operation.status
    return None


def _computed_from(operation: Operation) -> Expr | None:
    """The expression that decides a branch or sets a register.  None if there is none, as for a value from memory."""
    match operation:
        case Branch():
            return operation.condition
        case Set():
            return operation.value
    return None


def _registers_in(expr: Expr | None) -> Iterator[str]:
    if isinstance(expr, Reg):
        yield expr.name
    elif isinstance(expr, Op):
        for argument in expr.args:
            yield from _registers_in(argument)


def known_value(expr: Expr) -> Value | None:
    """The value of an expression, where it is the same in all executions and all copies of `~` locations."""
    value = constant(expr)
    return None if isinstance(value, Address) and value.base[0] == "~" else value


def _value(expr: Expr, held: Mapping[str, Value | None]) -> Value | None:
    """The value of an expression of the code; None if what registers are known to hold is not enough for it."""
    if isinstance(expr, Reg):
        return held.get(expr.name)
    if not isinstance(expr, Op):
        return known_value(expr)
    arguments = [value for argument in expr.args if (value := _value(argument, held)) is not None]
    try:
        return apply(expr.name, tuple(arguments)) if len(arguments) == len(expr.args) else None
    except ValueFault:
        return None
