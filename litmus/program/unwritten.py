"""Unwritten registers: registers of a condition that nothing writes.  Most of them are misspelt."""

from __future__ import annotations

from collections.abc import Iterator

from litmus.diagnostics import near
from litmus.program.code import Load, Operation, Program, Set, StoreConditional
from litmus.program.question import Conjunction, Disjunction, Equal, Formula, Negation, Place, Question, Same


def unwritten_notes(program: Program, question: Question) -> tuple[str, ...]:
    """A note for each register that the condition or the filter names, that no code writes, and that begins as 0."""
    suspects = [number for number, place in enumerate(question.places) if _is_unwritten(program, place)]
    if not suspects:
        return ()  # as for nearly every test
    named = dict.fromkeys(_places(question.formula))
    if question.filter is not None:
        named |= dict.fromkeys(_places(question.filter))
    notes = []
    for number in named:
        if number in suspects:
            place = question.places[number]
            assert place.thread is not None, "locations in memory are no suspects"
            lines = program.threads[place.thread].lines
            hint = near(place.name, filter(None, [_written(line.operation) for line in lines]))
            advice = f"; {hint}" if hint else ""
            notes.append(f"nothing writes {place.thread}:{place.name}, so that it is always 0{advice}")
    return tuple(notes)


def _is_unwritten(program: Program, place: Place) -> bool:
    """Whether a place is a register that begins as 0 and that no code writes."""
    thread = place.thread
    if thread is None or program.registers[thread].get(place.name, 0) != 0:
        return False
    return all(_written(line.operation) != place.name for line in program.threads[thread].lines)


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
    if isinstance(operation, Set | Load):
        return operation.register
    return operation.status if isinstance(operation, StoreConditional) else None
