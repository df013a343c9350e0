"""The functions of the language itself (herd7's interpreter, `add_primitives`), one row each.

Each is given the interpreter, its evaluated argument and the argument's place.  Those that are about
page tables relate nothing: no event of the tests that this program reads accesses one.
"""

from __future__ import annotations

from collections.abc import Callable

from litmus.algebra.operators import Kind
from litmus.cat.classes import as_class_relation, bisimulation, delift, deliftinter, lift, linear_class_orders
from litmus.cat.deep import Work
from litmus.cat.evaluator import Evaluator
from litmus.cat.values import (
    EMPTY,
    Classes,
    Missing,
    Orders,
    Polymorphic,
    SetOfValues,
    Tag,
    Term,
    TupleValue,
    Value,
    ValueSet,
    describe,
    items,
)
from litmus.diagnostics import InputError, Span
from litmus.relation.rows import bits


def _tag(value: Value, name: str, span: Span) -> str:
    if not isinstance(value, Tag):
        raise InputError(f"{name} takes a tag, but this is {describe(value)}", span)
    return value.name


def event_set_of(tag: str) -> str:
    """The name of the set of the events that carry a tag: `once` -> `Once`."""
    return tag[:1].upper() + tag[1:]


# ---------------------------------------------------------------- relations


def _domain(cat: Evaluator, value: Value, at: Span) -> Value:
    return value if isinstance(value, Polymorphic) else Term(Kind.SET, cat.algebra.domain(cat.relation(value, at)))


def _range(cat: Evaluator, value: Value, at: Span) -> Value:
    return value if isinstance(value, Polymorphic) else Term(Kind.SET, cat.algebra.range(cat.relation(value, at)))


def _as_transitive(cat: Evaluator, value: Value, at: Span) -> Value:
    return Term(Kind.RELATION, cat.algebra.plus(cat.relation(value, at)))


def _different_values(cat: Evaluator, value: Value, at: Span) -> Value:
    """The pairs of a relation whose events read or write different values; a fence has none."""
    relation = cat.relation(value, at)
    return Term(Kind.RELATION, cat.algebra.difference(relation, cat.algebra.base("same-value", Kind.RELATION)))


def _fromto(cat: Evaluator, value: Value, at: Span) -> Value:
    """The pairs of events that one of some fences stands between."""
    algebra = cat.algebra
    fences = algebra.intersection(cat.set_of(value, at), algebra.base("F", Kind.SET))
    return Term(Kind.RELATION, _around(cat, fences))


def _around(cat: Evaluator, events: int) -> int:
    algebra = cat.algebra
    po = algebra.base("po", Kind.RELATION)
    return algebra.sequence(algebra.sequence(po, algebra.identity(events)), po)


def _same_oa(cat: Evaluator, value: Value, at: Span) -> Value:
    cat.relation(value, at)
    return Term(Kind.RELATION, cat.algebra.empty(Kind.RELATION))


def _no_page_table(cat: Evaluator, value: Value, at: Span) -> Value:
    return EMPTY


def _fail(cat: Evaluator, value: Value, at: Span) -> Value:
    raise Missing(f"the model fails on {describe(value)}", at)


def _ctrlcfence(cat: Evaluator, value: Value, at: Span) -> Value:
    """Control dependencies with a fence between the two; (ctrl, fences), or as before herd7 7.57 the fences alone."""
    algebra = cat.algebra
    ctrl, fences = algebra.base("ctrl", Kind.RELATION), value
    if isinstance(value, TupleValue):
        given, fences = items(value, 2, "ctrlcfence", at)
        ctrl = cat.relation(given, at)
    to_fence = algebra.product(algebra.universe(Kind.SET), cat.set_of(fences, at))
    return Term(
        Kind.RELATION, algebra.sequence(algebra.intersection(ctrl, to_fence), algebra.base("po", Kind.RELATION))
    )


# ---------------------------------------------------------------- tags


async def _tag2events(cat: Evaluator, value: Value, at: Span) -> Value:
    name = event_set_of(_tag(value, "tag2events", at))
    found = await cat.named(name, at, f"there is no set of events {name}")
    cat.set_of(found, at)
    return found


async def _tag2relation(cat: Evaluator, value: Value, at: Span) -> Value:
    name = _tag(value, "tag2scope", at)
    found = await cat.named(name, at, f"there is no relation {name}: the test has no scope tree")
    cat.relation(found, at)
    return found


async def _tag2fenced(cat: Evaluator, value: Value, at: Span) -> Value:
    fences = cat.set_of(await _tag2events(cat, value, at), at)
    fromto = cat.relation(await cat.named("fromto", at, "the model does not define the relation fromto"), at)
    return Term(Kind.RELATION, cat.algebra.intersection(fromto, _around(cat, fences)))


def _loc2events(cat: Evaluator, value: Value, at: Span) -> Value:
    return Term(Kind.SET, cat.algebra.place(_tag(value, "loc2events", at)))


# ---------------------------------------------------------------- sets of values


def _classes_loc(cat: Evaluator, value: Value, at: Span) -> Value:
    return Classes(cat.set_of(value, at))


def _classes(cat: Evaluator, value: Value, at: Span) -> Value:
    """The classes of an equivalence: the sets of events that it connects."""
    rows = cat.rows_of(cat.relation(value, at))
    left = sum(1 << e for e, row in enumerate(rows) if row | sum(1 << f for f, r in enumerate(rows) if r >> e & 1))
    found: list[Value] = []
    while left:
        component, frontier = 0, left & -left
        while frontier:
            component |= frontier
            reached = 0
            for e in bits(frontier):
                reached |= rows[e] | sum(1 << f for f, row in enumerate(rows) if row >> e & 1)
            frontier = reached & ~component
        found.append(cat.events(component))
        left &= ~component
    return ValueSet(tuple(found))


def _linearisations(cat: Evaluator, value: Value, at: Span) -> Value:
    """The strict total orders of a set that extend a relation: none if it is cyclic there."""
    over, relation = items(value, 2, "linearisations", at)
    if isinstance(over, SetOfValues):
        return linear_class_orders(cat, over, as_class_relation(relation, "linearisations", at), at)
    events, node = cat.set_of(over, at), cat.relation(relation, at)
    if cat.algebra.is_empty(events):
        return ValueSet((Term(Kind.RELATION, cat.algebra.empty(Kind.RELATION)),))
    return cat.linear_orders(cat.events_of(events), node, at)


def _co_locs(cat: Evaluator, value: Value, at: Span) -> Value:
    """`co_locs (r, S)`: for each set in S its linearisations; kept as they are for classes-loc(...)."""
    relation, sets = items(value, 2, "co_locs", at)
    if isinstance(sets, Classes):
        return Orders(sets.events, cat.relation(relation, at), combined=False)
    return cat.set_of_values(
        [_linearisations(cat, TupleValue((events, relation)), at) for events in cat.members(sets, at)], at
    )


def _cross(cat: Evaluator, value: Value, at: Span) -> Value:
    """`cross S`: the unions of one relation from each set in S."""
    if isinstance(value, Orders) and not value.combined:
        return Orders(value.events, value.relation, combined=True)
    unions = [cat.algebra.empty(Kind.RELATION)]
    for choices in cat.members(value, at):
        relations = [cat.relation(choice, at) for choice in cat.members(choices, at)]
        unions = [cat.algebra.union(union, relation) for union in unions for relation in relations]
    return ValueSet(tuple(Term(Kind.RELATION, union) for union in dict.fromkeys(unions)))


PRIMITIVES: dict[str, Callable[[Evaluator, Value, Span], Value | Work[Value]]] = {
    "domain": _domain,
    "range": _range,
    "as_transitive": _as_transitive,
    "different-values": _different_values,
    "fromto": _fromto,
    "same-oa": _same_oa,
    "oa-changes": _no_page_table,
    "at-least-one-writable": _no_page_table,
    "fail": _fail,
    "tag2events": _tag2events,
    "tag2scope": _tag2relation,
    "tag2level": _tag2relation,
    "tag2fenced": _tag2fenced,
    "loc2events": _loc2events,
    "classes-loc": _classes_loc,
    "classes": _classes,
    "linearisations": _linearisations,
    "lift": lift,
    "delift": delift,
    "deliftinter": deliftinter,
    "bisimulation": bisimulation,
    # Not the language's: a function of stdlib.cat with one or two arguments, which cat cannot define,
    "ctrlcfence": _ctrlcfence,
    # ... and what cross.cat defines, which models fold over sets that only executions determine.
    "co_locs": _co_locs,
    "cross": _cross,
}
