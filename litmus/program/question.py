"""Questions: what is asked of a program's executions, with every name resolved.

A question has the places whose final values are observed, the proposition, and the filter.  The proposition and
the filter refer to places by number.
"""

from __future__ import annotations

from collections.abc import Callable

from msgspec import Struct

from litmus.program.code import RegisterType
from litmus.program.values import Value
from litmus.source.syntax import Quantifier


class Place(Struct, frozen=True):
    """An observed location: register `name` of `thread`, or, if `thread` is None, a cell of a variable.

    cell: the number of the cell in an array, None for a plain variable.
    """

    thread: int | None
    name: str
    cell: int | None = None


class Holds(Struct, frozen=True):
    """True (or false) whatever the state."""

    value: bool


class Equal(Struct, frozen=True):
    """places[place] = value."""

    place: int
    value: Value


class Same(Struct, frozen=True):
    """places[left] = places[right]."""

    left: int
    right: int


class Negation(Struct, frozen=True):
    """Not operand."""

    operand: Formula


class Conjunction(Struct, frozen=True):
    """All of the operands."""

    operands: tuple[Formula, ...]


class Disjunction(Struct, frozen=True):
    """Any of the operands."""

    operands: tuple[Formula, ...]


Formula = Holds | Equal | Same | Negation | Conjunction | Disjunction


class Question(Struct, frozen=True):
    """places[:shown] make up a final state.  The other places occur only in the filter.

    types[i]: how place i is spelled.  Final values are brought to that width and sign before they are compared
    or shown, and so are the values in the formulas.  The shown places are in herd's order: registers by thread
    and name, then arrays, then variables, then cells.
    arrays: (i, n) if places[i : i + n] are all cells of an array that is shown whole, `t={1,2}`.
    again: the cells of such arrays that are also named alone.  They are shown again, among the cells: `t[1]=2`.
    """

    places: tuple[Place, ...]
    types: tuple[RegisterType, ...]
    shown: int
    quantifier: Quantifier
    formula: Formula
    filter: Formula | None
    arrays: tuple[tuple[int, int], ...] = ()
    again: tuple[int, ...] = ()


def observed_registers(question: Question) -> frozenset[tuple[int, str]]:
    """The registers whose final values a question asks for, with their threads."""
    return frozenset((place.thread, place.name) for place in question.places if place.thread is not None)


def holds(formula: Formula, value: Callable[[int], Value]) -> bool:
    """Whether a formula is true of the final values `value(place)`."""
    match formula:
        case Holds():
            return formula.value
        case Equal():
            return value(formula.place) == formula.value
        case Same():
            return value(formula.left) == value(formula.right)
        case Negation():
            return not holds(formula.operand, value)
        case Conjunction():
            return all(holds(f, value) for f in formula.operands)
        case Disjunction():
            return any(holds(f, value) for f in formula.operands)
