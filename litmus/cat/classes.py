"""Relations between classes of events: lifted from a relation between events, and what is done with them.

A class is a set of events; a relation between classes is known where the test is (litmus.cat.static).
"""

from __future__ import annotations

from itertools import permutations

from litmus.algebra.dag import Predicate
from litmus.cat import syntax
from litmus.cat.evaluator import Evaluator
from litmus.cat.static import rows_of
from litmus.cat.values import EMPTY, ClassRelation, SetOfValues, Value, ValueSet, describe, items
from litmus.diagnostics import InputError, Span, Unsupported
from litmus.relation.rows import bits

Pairs = frozenset[tuple[int, int]]

MOST_CLASSES = 7  # whose linear orders are listed


def as_class_relation(value: Value, name: str, at: Span) -> ClassRelation:
    """A relation between classes.  Raises InputError if the value is none."""
    if value == EMPTY:
        return ClassRelation(frozenset())
    if not isinstance(value, ClassRelation):
        raise InputError(f"{name} takes a relation between classes (see `lift`), but this is {describe(value)}", at)
    return value


# ---------------------------------------------------------------- operators and predicates


def combined(expression: syntax.Binary, left: Value, right: Value) -> Value:
    """`|`, `&`, `\\` or `;` of two relations between classes."""
    name = f"`{expression.operator}`"
    r = as_class_relation(left, name, expression.left.span).pairs
    s = as_class_relation(right, name, expression.right.span).pairs
    match expression.operator:
        case "|":
            return ClassRelation(r | s)
        case "&":
            return ClassRelation(r & s)
        case "\\":
            return ClassRelation(r - s)
        case ";":
            return ClassRelation(frozenset((a, c) for a, b in r for d, c in s if b == d))
    raise InputError(f"{name} is not defined for relations between classes", expression.span)


def holds(predicate: Predicate, relation: ClassRelation) -> bool:
    """Whether a predicate is true of a relation between classes."""
    pairs = relation.pairs
    if predicate == "empty":
        return not pairs
    if predicate == "acyclic":
        pairs = _closure(pairs)
    return all(a != b for a, b in pairs)


def _closure(pairs: Pairs) -> Pairs:
    """The transitive closure."""
    while True:
        more = pairs | frozenset((a, c) for a, b in pairs for d, c in pairs if b == d)
        if more == pairs:
            return pairs
        pairs = more


def linear_class_orders(cat: Evaluator, over: SetOfValues, relation: ClassRelation, at: Span) -> Value:
    """The strict total orders of some classes that extend a relation between them."""
    masks = [cat.events_of(cat.set_of(member, at)) for member in cat.members(over, at)]
    if len(masks) > MOST_CLASSES:
        raise Unsupported(f"linearisations of more than {MOST_CLASSES} classes are not supported", at)
    orders = []
    asked = [(a, b) for a, b in _closure(relation.pairs) if a in masks and b in masks]
    for order in permutations(masks):
        pairs = frozenset((a, b) for i, a in enumerate(order) for b in order[i + 1 :])
        if pairs.issuperset(asked):
            orders.append(ClassRelation(pairs))
    return ValueSet(tuple(orders))


# ---------------------------------------------------------------- functions of the language


def lift(cat: Evaluator, value: Value, at: Span) -> Value:
    """The pairs of classes of which some events are related."""
    classes, relation = items(value, 2, "lift", at)
    masks = [cat.events_of(cat.set_of(member, at)) for member in cat.members(classes, at)]
    rows = cat.rows_of(cat.relation(relation, at))
    of = {e: mask for mask in masks for e in bits(mask)}
    return ClassRelation(
        frozenset((of[e], of[f]) for e, row in enumerate(rows) if e in of for f in bits(row) if f in of)
    )


def delift(cat: Evaluator, value: Value, at: Span) -> Value:
    """The pairs of events of related classes."""
    return _between(cat, as_class_relation(value, "delift", at), (-1,) * cat.facts().facts.size)


def deliftinter(cat: Evaluator, value: Value, at: Span) -> Value:
    """The pairs of a relation that are of related classes."""
    relation, classes = items(value, 2, "deliftinter", at)
    return _between(cat, as_class_relation(classes, "deliftinter", at), cat.rows_of(cat.relation(relation, at)))


def _between(cat: Evaluator, classes: ClassRelation, rows: tuple[int, ...]) -> Value:
    pairs = [(e, f) for before, after in classes.pairs for e in bits(before) for f in bits(after) if rows[e] >> f & 1]
    return cat.relation_of(rows_of(pairs, len(rows)))


def bisimulation(cat: Evaluator, value: Value, at: Span) -> Value:
    """The greatest part of an equivalence e that transitions t respect, t;e included in e;t."""
    transitions, equivalence = items(value, 2, "bisimulation", at)
    if isinstance(transitions, ClassRelation) or isinstance(equivalence, ClassRelation):
        t = as_class_relation(transitions, "bisimulation", at).pairs
        e = as_class_relation(equivalence, "bisimulation", at).pairs
        return ClassRelation(_greatest_bisimulation(t, e))
    rows = [cat.rows_of(cat.relation(part, at)) for part in (transitions, equivalence)]
    pairs = [frozenset((a, b) for a, row in enumerate(r) for b in bits(row)) for r in rows]
    return cat.relation_of(rows_of(sorted(_greatest_bisimulation(*pairs)), len(rows[0])))


def _greatest_bisimulation(transitions: Pairs, equivalence: Pairs) -> Pairs:
    after: dict[int, list[int]] = {}
    for a, b in transitions:
        after.setdefault(a, []).append(b)

    def follows(a: int, b: int, related: Pairs) -> bool:
        return all(any((x, y) in related for y in after.get(b, ())) for x in after.get(a, ()))

    related = equivalence
    while True:
        inverse = frozenset((b, a) for a, b in related)
        kept = frozenset((a, b) for a, b in related if follows(a, b, related) and follows(b, a, inverse))
        if kept == related:
            return related
        related = kept
