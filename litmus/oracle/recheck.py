"""The re-check: whether the witness that an engine shows is an execution, and whether the model allows it.

Only the record of the witness is believed: its events, their order, rf, co, and values.  Which path it is, and what
follows from it, is found out from the code of the program (litmus.oracle.replay).
"""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct
from msgspec.structs import replace

from litmus.algebra.dag import Model
from litmus.engine.answer import Execution
from litmus.oracle.algebra import Meaning, holds
from litmus.oracle.arrangements import Arrangement, Order, merged
from litmus.oracle.enumeration import Judge, seen_by
from litmus.oracle.executions import (
    WRITING,
    Candidate,
    Code,
    Taken,
    evaluated,
    flow,
    is_determined,
    is_message,
    is_write_to,
    may_read,
    ordered,
    sent_to,
    way_of,
)
from litmus.oracle.paths import extent_of
from litmus.oracle.replay import ELSEWHERE, Replay, replays
from litmus.program.graph import INITIAL
from litmus.program.values import Address, Value


class Accepted(Struct, frozen=True):
    """An execution that a model allows: all its choices, and the values of the model's relations in it.

    model: the model that was asked about, or what it was compiled to for this execution.
    """

    candidate: Candidate
    model: Model
    meaning: Meaning


def is_execution(execution: Execution, model: Model) -> str | None:
    """None if this is a complete execution of its program, and the model allows it; else what is wrong with it."""
    found = accepted(execution, model)
    return found if isinstance(found, str) else None


def accepted(execution: Execution, model: Model) -> Accepted | str:
    """An execution with all its choices, also an order of messages that the model allows; or what is wrong with it.

    Several paths through the program may look the same (a branch between the same events).  Then one of them must fit.
    """
    code = Code(seen_by(model, replace(extent_of(execution.graph), idle="followed")))
    wrong = ELSEWHERE
    for found in replays(code, execution):
        if isinstance(found, str):
            wrong = found if wrong == ELSEWHERE else wrong
            continue
        arrangements = [code.arrangement(path) for path in found.taken.paths]
        if _is_in_order(found.taken, arrangements, execution.order):
            judged = _accepted_on(found, arrangements, execution, model)
            if isinstance(judged, Accepted):
                return judged
            wrong = judged
    return wrong


def _is_in_order(taken: Taken, arrangements: list[Arrangement], shown: tuple[Order, ...]) -> bool:
    """Whether each thread has its events in program order, and each block is in one piece at a place that admits it."""
    for thread, (arrangement, order) in enumerate(zip(arrangements, shown, strict=True)):
        blocks = sent_to(taken, thread)
        own = tuple([e for e in order if e in arrangement.instance])
        if not arrangement.allows(own):
            return False
        landed = []
        for key, block in blocks.items():
            places = [i for i in range(len(own) + 1) if arrangement.admits(own, i, block.kind)]
            if block.events:
                at = order.index(block.events[0]) if block.events[0] in order else -1
                places = [i for i in places if i == len([e for e in order[:at] if e in arrangement.instance])]
                landed += [(at, key, i) for i in places]
            if not places:
                return False
        if merged(own, tuple([(key, i) for _, key, i in sorted(landed)]), blocks) != order:
            return False
    return True


def _accepted_on(replay: Replay, arrangements: list[Arrangement], execution: Execution, model: Model) -> Accepted | str:
    """An execution with all its choices, given its path through the program; or what is wrong with it."""
    taken = replay.taken
    way = way_of(taken, execution.order, arrangements)
    reads = {e for e in way.executed if taken.events[e].kind == "R"}
    if set(execution.rf) != reads:
        return "rf is not of the reads that execute"
    for r, w in execution.rf.items():
        if w not in way.executed or not may_read(taken, r, w):
            return f"read {r} cannot take its value from {w}"
    found = flow(way, execution.rf)
    if found is None:
        return "reads do not return what their writes stored, or branches go against their conditions"
    if not is_determined(way, found):
        return "a value depends on itself, or has no meaning"
    addresses = {e: replay.messages.get(address, address) for e, address in found.addresses.items()}
    if _of_paths(taken, execution, execution.addresses) != addresses:
        return "accesses are not to the addresses that follow from what was read"
    values = {e: evaluated(taken.events[e].value, found.reads) for e in found.addresses}
    if _of_paths(taken, execution, execution.values) != values:
        return "values do not follow from what was read"
    determined = {e: v for e, v in values.items() if v is not None}
    wrong = _wrong_coherence(taken, execution.co, found.addresses)
    if wrong is not None:
        return wrong
    judge = Judge(model)
    rejected = "no order of the messages of blocks fits"
    shown = Candidate(
        way=way,
        rf=execution.rf,
        co=(),
        values=determined,
        addresses=found.addresses,
        determined=True,
        later=(),
        pending=WRITING,
    )
    for candidate in ordered(_with_messages(shown, execution.co)):
        judged = _judged(judge, candidate)
        if isinstance(judged, Accepted):
            return judged
        rejected = judged
    return rejected


def _of_paths(taken: Taken, execution: Execution, shown: Mapping[int, Value]) -> dict[int, Value]:
    """What is shown of the events of an execution, without the initial writes of messages that are not sent."""
    events = execution.graph.events
    return {e: value for e, value in shown.items() if e in taken.events or events[e].thread != INITIAL}


def _wrong_coherence(taken: Taken, shown: tuple[Order, ...], addresses: Mapping[int, Address]) -> str | None:
    """What is wrong with the coherence orders that are shown.  There must be one for every cell of a variable."""
    cells = [cell for cell in taken.cells if not is_message(cell)]
    if len(shown) != len(cells):
        return "co does not have one order for every cell"
    of_cell = {order[:1]: order for order in shown}
    for cell in cells:
        initial = taken.cells[cell]
        writes = [e for e in taken.events if is_write_to(taken, e, cell, addresses)]
        if sorted(of_cell.get((initial,), ())) != sorted(writes):
            return f"co does not order the writes to {cell.base}, the initial one first"
    return None


def _with_messages(candidate: Candidate, co: tuple[Order, ...]) -> Candidate:
    """A candidate with the coherence orders that are shown.  The messages of blocks may have any order."""
    taken = candidate.way.taken
    messages = [cell for cell in taken.cells if is_message(cell)]
    sent = [
        frozenset(
            e for e in taken.events if is_write_to(taken, e, cell, candidate.addresses) and e != taken.cells[cell]
        )
        for cell in messages
    ]
    return replace(
        candidate,
        co=(*co, *((taken.cells[cell],) for cell in messages)),
        later=(*(frozenset[int]() for _ in co), *sent),
    )


def _judged(judge: Judge, candidate: Candidate) -> Accepted | str:
    """A candidate with the values of the model's relations, or which check of the model rejects it."""
    wrong = "the model has no execution with these choices"
    for model, meaning in judge.meanings(candidate):
        failing = [
            check
            for check in model.checks
            if check.effect == "check" and holds(check.predicate, meaning.value(check.node)) is check.negated
        ]
        if not failing:
            return Accepted(candidate, model, meaning)
        wrong = f"the model forbids it: {failing[0].predicate} {failing[0].name or ''} fails"
    return wrong
