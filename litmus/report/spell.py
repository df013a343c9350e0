"""Spelling: how places, final states and conditions are written, as herd writes them.

A state is `0:EAX=0; [x]=1;`, a condition is `exists (0:EAX=0 /\\ [x]=1)`.  Every report spells
with this module, so that logs, JSON lines and the text for people agree to the letter.
"""

from __future__ import annotations

from collections.abc import Callable

from litmus.program.question import (
    Conjunction,
    Disjunction,
    Equal,
    Formula,
    Holds,
    Negation,
    Place,
    Question,
    Same,
)
from litmus.program.values import Value
from litmus.program.values import spell as value

KIND = {"exists": "Allowed", "~exists": "Forbidden", "forall": "Required"}


def place(where: Place) -> str:
    """`0:EAX`, `[x]` or `t[1]`."""
    if where.thread is not None:
        return f"{where.thread}:{where.name}"
    if where.cell is not None:
        return f"{where.name}[{where.cell}]"
    return f"[{where.name}]"


def equation(where: Place, holds: Value) -> str:
    """`0:EAX=1`."""
    return f"{place(where)}={value(holds)}"


def speller(question: Question) -> Callable[[tuple[Value, ...]], str]:
    """A function that spells states over the shown places of a question.  The empty state is the empty string.

    An array that is shown whole is one item, `t={1,2}`.  Nearly all states consist of numbers.  For them, one format
    string is enough: 0.3 us for a state.
    """
    arrays = dict(question.arrays)
    items: list[tuple[str, int, int, str]] = []  # text before the values, the first place, how many, text after them
    i = 0
    while i < question.shown:
        where = question.places[i]
        count = arrays.get(i, 1)
        items.append((f"{where.name}={{", i, count, "};") if i in arrays else (f"{place(where)}=", i, 1, ";"))
        i += count
    if question.again:
        items += [(f"{place(question.places[i])}=", i, 1, ";") for i in question.again]
        items.sort(key=lambda item: _cell(question, item[1], item[2]))
    template = " ".join(before.replace("%", "%%") + ",".join(["%d"] * n) + after for before, _, n, after in items)
    order = [i for _, first, n, _ in items for i in range(first, first + n)] if question.again else []

    def spelled(state: tuple[Value, ...]) -> str:
        if order:
            state = tuple([state[i] for i in order])
        try:
            return template % state
        except TypeError:  # %d of an Address
            return template.replace("%d", "%s") % tuple(map(value, state))

    return spelled


def _cell(question: Question, i: int, count: int) -> tuple[bool, str, int]:
    """The key that puts cells after everything else, sorted by name and number."""
    where = question.places[i]
    if count > 1 or where.cell is None:
        return False, "", 0
    return True, where.name, where.cell


_LOOSEST, _OR, _AND = range(3)  # how tightly the operator around a formula binds


def formula(what: Formula, places: tuple[Place, ...]) -> str:
    """A proposition in normal form: `not (..)` for negations, and parentheses only where they are needed."""
    return _formula(what, places, _LOOSEST)


def _formula(what: Formula, places: tuple[Place, ...], around: int) -> str:
    match what:
        case Holds():
            return "true" if what.value else "false"
        case Equal():
            return equation(places[what.place], what.value)
        case Same():
            return f"{place(places[what.left])}={place(places[what.right])}"
        case Negation():
            return f"not ({_formula(what.operand, places, _LOOSEST)})"
        case Conjunction():
            if not what.operands:
                return "true"
            return " /\\ ".join(_formula(f, places, _AND) for f in what.operands)
        case Disjunction():
            if not what.operands:
                return "false"
            if len(what.operands) == 1:
                return _formula(what.operands[0], places, around)
            text = " \\/ ".join(_formula(f, places, _OR) for f in what.operands)
            return f"({text})" if around == _AND else text


def condition(question: Question) -> str:
    """`exists (...)`, `~exists (...)` or `forall (...)`."""
    return f"{question.quantifier} ({formula(question.formula, question.places)})"
