"""Rounds without effect: which rounds of a loop change nothing that anything depends on afterwards.

A round that spins on a lock, that fails to store conditionally, or that polls a flag in vain can be left out.  There is
an execution without the round: it begins where the round began, and everything after the round goes on in the same way.
A round has no effect if

  * it stores nothing, sends no block, makes no fresh locations and does not change which blocks may land;
  * it writes no register that may be read before it is written again, by another round, by the code after the loop, or
    as a final value.  Equal values are not enough, because what a value depends on is different;
  * it leaves a reservation, or uses one up, only if a load-reserve comes before any store-conditional that follows;
  * no control dependency ends in it that began before it;
  * it reads at known addresses only, so that no error of the test is left out with it.

Whether an execution without the round is allowed is a question about the model (litmus.engine.omission).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from msgspec import Struct

from litmus.program.code import (
    TEMPORARY,
    Admit,
    Assume,
    Branch,
    Float,
    Fresh,
    Line,
    Load,
    Operation,
    Set,
    Store,
    StoreConditional,
)
from litmus.program.loops import Loops
from litmus.program.values import Expr, Op, Reg

_RESERVATION = object()  # stands for the reservation among the registers
_Name = object


class Effects(Struct, frozen=True):
    """For each line of some code, the loops (a mask, as in Loops) of which a round that executes it has an effect.

    Loops that the line is not in are in the mask, too: when a walk comes back to them, a round that does not begin at
    their first line is not a whole round.
    stored[i]: the same for a line that stores, where it does store.  faulty[i]: the same for a line that loads, where
    it may be of no variable.
    """

    lines: tuple[int, ...]
    stored: tuple[int, ...]
    faulty: tuple[int, ...]


def effects_of(loops: Loops, observed: Iterable[str] | None) -> Effects:
    """The effects of the lines of a thread that has loops.

    observed: the registers whose final values matter; None: all of them.
    """
    lines = loops.lines
    live = _live(lines, loops.labels, observed)
    ends = _ends_of_dependencies(loops)
    found, stored, faulty = [], [], []
    for i, line in enumerate(lines):
        operation = line.operation
        around = loops.around(i)
        mask = ~around
        written = _written(operation)
        for n, (first, last) in enumerate(loops.extents):
            if first <= i <= last:
                if i >= ends[n] or isinstance(operation, Float | Fresh | Admit) or not written.isdisjoint(live[first]):
                    mask |= 1 << n
        found.append(mask)
        stored.append(around if isinstance(operation, Store | StoreConditional) else 0)
        faulty.append(around if isinstance(operation, Load) else 0)
    return Effects(tuple(found), tuple(stored), tuple(faulty))


def _ends_of_dependencies(loops: Loops) -> list[int]:
    """For each loop, the first line at which a dependency ends that a round may begin with.

    Without a round that comes there, such a dependency on an earlier branch would reach further.
    """
    lines = loops.lines
    found = [len(lines)] * len(loops.extents)
    for branch, line in enumerate(lines):
        operation = line.operation
        if isinstance(operation, Branch) and operation.join is not None:
            end = loops.labels[operation.join]
            reach = _reach(loops, branch, end)
            for n, (first, _) in enumerate(loops.extents):
                if first in reach:
                    found[n] = min(found[n], end)
    return found


def _reach(loops: Loops, branch: int, end: int) -> set[int]:
    """The lines that a walk may come to from a branch before it comes to the line `end` or a later one."""
    reach: set[int] = set()
    pending = [branch]
    while pending:
        i = pending.pop()
        operation = loops.lines[i].operation
        following = [i + 1]
        if isinstance(operation, Branch):
            target = loops.labels[operation.target]
            following = [target] if operation.condition is None else [target, i + 1]
        for place in following:
            if place < end and place not in reach:
                reach.add(place)
                pending.append(place)
    return reach


def _live(lines: Sequence[Line], labels: Mapping[str, int], observed: Iterable[str] | None) -> list[frozenset[_Name]]:
    """For each line, the registers that may be read from there on before they are written."""
    if observed is None:
        named = {name for line in lines for name in (*_written(line.operation), *_read(line.operation))}
        observed = [name for name in named if isinstance(name, str) and not name.startswith(TEMPORARY)]
    live = [frozenset[_Name]()] * len(lines) + [frozenset[_Name](observed)]
    changed = True
    while changed:
        changed = False
        for i in reversed(range(len(lines))):
            operation = lines[i].operation
            after = live[i + 1]
            if isinstance(operation, Branch):
                target = live[labels[operation.target]]
                after = target if operation.condition is None else after | target
            before = frozenset(_read(operation)) | (after - _written(operation))
            if before != live[i]:
                live[i] = before
                changed = True
    return live


def _written(operation: Operation) -> frozenset[_Name]:
    match operation:
        case Set():
            return frozenset((operation.register,))
        case Load():
            return frozenset((operation.register, _RESERVATION) if operation.reserve else (operation.register,))
        case StoreConditional():
            return frozenset((operation.status, _RESERVATION))
    return frozenset()


def _read(operation: Operation) -> Iterator[_Name]:
    match operation:
        case Set():
            yield from _registers(operation.value)
        case Load():
            yield from _registers(operation.address)
        case Store():
            yield from _registers(operation.address, operation.value, operation.when)
        case StoreConditional():
            yield _RESERVATION
            yield from _registers(operation.address, operation.value)
        case Branch() | Assume():
            yield from _registers(operation.condition)


def _registers(*expressions: Expr | None) -> Iterator[str]:
    for expr in expressions:
        if isinstance(expr, Reg):
            yield expr.name
        elif isinstance(expr, Op):
            yield from _registers(*expr.args)
