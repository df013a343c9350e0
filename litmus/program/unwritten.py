"""Unwritten registers: registers of a condition that nothing writes.  Most of them are misspelt."""

from __future__ import annotations

from collections.abc import Iterator

from litmus.diagnostics import near
from litmus.program.code import Load, Operation, Program, Set, StoreConditional
from litmus.program.question import Conjunction, Disjunction, Equal, Formula, Negation, Question, Same


def unwritten_notes(program: Program, question: Question) -> tuple[str, ...]:
    """A note for each register that the condition or the filter names, that no code writes, and that begins as 0."""
    numbers = dict.fromkeys(_places(question.formula))
    if question.filter is not None:
        numbers |= dict.fromkeys(_places(question.filter))
    notes = []
    for place in [question.places[number] for number in numbers]:
        thread = place.thread
        if thread is None or program.registers[thread].get(place.name, 0) != 0:
            continue
        lines = program.threads[thread].lines
        if not any(_written(line.operation) == place.name for line in lines):
            hint = near(place.name, filter(None, [_written(line.operation) for line in lines]))
            advice = f"; {hint}" if hint else ""
            notes.append(f"nothing writes {thread}:{place.name}, so that it is always 0{advice}")
    return tuple(notes)


def _places(formula: Formula) -> Iterator[int]:
    match formula:
        case Equal():
            yield formula.place
        case Same():
            yield formula.left
            yield formula.right
        case Negation():
            yield from _places(formula.operand)
        case Conjunction() | Disjunction():
            for operand in formula.operands:
                yield from _places(operand)


def _written(operation: Operation) -> str | None:
    """The register that an operation writes."""
    kind = type(operation)
    if kind is Set or kind is Load:
        return operation.register  # type: ignore[union-attr]
    return operation.status if isinstance(operation, StoreConditional) else None
