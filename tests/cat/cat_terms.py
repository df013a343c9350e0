"""Random expressions of cat: as trees, as text with only the necessary parentheses, and their meaning.

A tree is a name or (operator, operand, ...).  The printer follows the precedence table of the language, not the
grammar of the parser.  `meaning` follows the definitions of the operators, not the algebra.
"""

from __future__ import annotations

from itertools import product
from typing import Any

from hypothesis import strategies as st

from litmus.algebra.operators import OPERATORS, Kind

Tree = Any
Pairs = frozenset[Any]

SETS = ("W", "R", "M", "_", "F")
RELATIONS = ("po", "rf", "addr", "loc", "id", "0")
EVENTS = frozenset(range(4))
_PRECEDENCE = {"|": 1, ";": 3, "\\": 4, "&": 5, "cartesian": 6, "+": 6, "*": 6, "?": 6, "~": 6, "^-1": 7}
_POSTFIX = ("+", "*", "?", "^-1")


def trees(variables: tuple[str, ...] = (), monotone: bool = False) -> tuple[Any, Any]:
    """Strategies for set and for relation trees; `variables` are further relation leaves."""
    rows = [
        (operator, signature) for operator, row in OPERATORS.items() if row.polarity for signature in row.signatures
    ]
    if monotone:
        rows = [(operator, signature) for operator, signature in rows if -1 not in OPERATORS[operator].polarity]

    def applied(kind: Kind) -> Any:
        those = st.sampled_from([(operator, signature) for operator, signature in rows if signature.result is kind])
        return those.flatmap(lambda row: st.tuples(st.just(row[0].value), *[found[a] for a in row[1].arguments]))

    found: dict[Kind, Any] = {
        Kind.SET: st.deferred(lambda: st.one_of(st.sampled_from(SETS), applied(Kind.SET))),
        Kind.RELATION: st.deferred(lambda: st.one_of(st.sampled_from(leaves), *[applied(Kind.RELATION)] * 2)),
    }
    leaves = RELATIONS + variables * 3
    return found[Kind.SET], found[Kind.RELATION]


def _level(tree: Tree) -> int:
    return 9 if isinstance(tree, str) else _PRECEDENCE.get(tree[0], 9)


def _is_postfix(tree: Tree) -> bool:
    return not isinstance(tree, str) and tree[0] in _POSTFIX


def _is_tight(tree: Tree) -> bool:
    """Whether a tree needs no parentheses as the operand of `~` or the right operand of `*`: `^-1` binds tighter."""
    return _level(tree) == 9 or (tree[0] == "^-1" and _is_tight(tree[1]))


def spell(tree: Tree) -> str:
    """The text of a tree."""

    def operand(child: Tree, bare: bool) -> str:
        return spell(child) if bare else f"({spell(child)})"

    if isinstance(tree, str):
        return tree
    operator, *children = tree
    first = children[0]
    level = _level(tree)
    match operator:
        case "|" | ";" | "&":
            left, right = operand(first, _level(first) > level), operand(children[1], _level(children[1]) >= level)
            return f"{left} {operator} {right}"
        case "\\":
            return f"{operand(first, _level(first) >= 4)} \\ {operand(children[1], _level(children[1]) > 4)}"
        case "cartesian":
            right = children[1]
            bare = _is_tight(right)
            return f"{operand(first, _level(first) >= 7 or _is_postfix(first))} * {operand(right, bare)}"
        case "~":
            return "~" + operand(first, _is_tight(first) or first[0] == "~")
        case "[]":
            return f"[{spell(first)}]"
        case "domain" | "range":
            return f"{operator}({spell(first)})"
    text = operand(first, _level(first) >= 7 or _is_postfix(first))
    return f"{text} {operator}" if text.endswith("+") else text + operator  # `++` is another operator


def meaning(tree: Tree, base: dict[str, Pairs]) -> Pairs:
    """The value of a tree."""
    if isinstance(tree, str):
        return base[tree]
    operator, *children = tree
    values = [meaning(child, base) for child in children]
    first = values[0]
    match operator:
        case "|":
            return first | values[1]
        case "&":
            return first & values[1]
        case "\\":
            return first - values[1]
        case ";":
            return frozenset((a, c) for a, b in first for b2, c in values[1] if b == b2)
        case "cartesian":
            return frozenset(product(first, values[1]))
        case "[]":
            return frozenset((a, a) for a in first)
        case "domain":
            return frozenset(a for a, _ in first)
        case "range":
            return frozenset(b for _, b in first)
        case "^-1":
            return frozenset((b, a) for a, b in first)
        case "~":
            whole = base["_"] if is_set(children[0]) else frozenset(product(base["_"], base["_"]))
            return whole - first
    reflexive = frozenset((e, e) for e in base["_"])
    if operator == "?":
        return first | reflexive
    steps, reached = first, first
    while steps:
        steps = frozenset((a, c) for a, b in steps for b2, c in first if b == b2) - reached
        reached |= steps
    return reached | reflexive if operator == "*" else reached


def is_set(tree: Tree) -> bool:
    """Whether a tree denotes a set."""
    if isinstance(tree, str):
        return tree in SETS
    return tree[0] in ("domain", "range") or (tree[0] in ("|", "&", "\\", "~") and is_set(tree[1]))


@st.composite
def bases(draw: Any) -> dict[str, Pairs]:
    """Values for the leaves: any sets and relations, but loc an equivalence."""
    event = st.sampled_from(sorted(EVENTS))
    base: dict[str, Pairs] = {"_": EVENTS, "0": frozenset(), "id": frozenset((e, e) for e in EVENTS)}
    for name in ("W", "R", "M", "F"):
        base[name] = draw(st.frozensets(event))
    for name in ("po", "rf", "addr"):
        base[name] = draw(st.frozensets(st.tuples(event, event), max_size=6))
    place = draw(st.tuples(*[st.integers(0, 2)] * len(EVENTS)))
    base["loc"] = frozenset((a, b) for a, b in product(EVENTS, EVENTS) if place[a] == place[b])
    return base
