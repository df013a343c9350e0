"""`let rec`: functions, least fixpoints of sets and relations, and iterated sets of values.

Sets and relations become a Recursion of the DAG, which the engines iterate as herd7 does: in rounds
from empty, until every new value is included in the one before.  Sets of values, and tuples, are
iterated here, in the same way.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from litmus.cat import syntax
from litmus.cat.dag import NeedsExecution
from litmus.cat.values import (
    EMPTY,
    ClassRelation,
    Closure,
    Environment,
    Polymorphic,
    SetOfValues,
    Tag,
    Term,
    Thunk,
    Value,
    ValueSet,
    describe,
)
from litmus.diagnostics import InputError, Unsupported

if TYPE_CHECKING:
    from litmus.cat.expressions import Expressions

MAXIMUM_ROUNDS = 1000  # of a recursion over sets of values

_Scoped = Callable[[dict[str, Thunk]], dict[str, Thunk]]


def define_recursive(
    cat: Expressions, bindings: tuple[syntax.Binding, ...], environment: Environment
) -> dict[str, Thunk]:
    """The environment after `let rec bindings`; values are computed when the first of them is needed."""
    names: list[str] = []
    for binding in bindings:
        if binding.pattern.tuple or binding.pattern.names[0] is None:
            raise InputError("`let rec` binds names", binding.pattern.span, "write `let rec x = ... and y = ...`")
        names.append(binding.pattern.names[0])
    values = {n: b for n, b in zip(names, bindings, strict=True) if not isinstance(b.value, syntax.Function)}

    def scope_with(results: dict[str, Thunk]) -> dict[str, Thunk]:
        scope = {**environment, **results}
        for name, binding in zip(names, bindings, strict=True):
            if isinstance(binding.value, syntax.Function):
                scope[name] = Thunk(value=Closure(binding.value, scope))
        return scope

    solution: dict[str, Value] = {}

    def solved(name: str) -> Value:
        if not solution:
            solution.update(_solution(cat, values, scope_with))
        return solution[name]

    def result(name: str) -> Thunk:
        return Thunk(lambda: solved(name))

    return scope_with({name: result(name) for name in values})


def _solution(cat: Expressions, bindings: dict[str, syntax.Binding], scope_with: _Scoped) -> dict[str, Value]:
    """The values of a recursive group.

    Kinds come first: the rounds start from the empty set of no particular kind, so what a body
    yields then tells its kind.  A variable whose kind stays open is empty for good.
    """
    current: dict[str, Value] = dict.fromkeys(bindings, EMPTY)
    while True:
        before = dict(current)
        for name, binding in bindings.items():
            if current[name] is EMPTY:
                scope = scope_with({n: Thunk(value=v) for n, v in current.items()})
                value = cat.evaluate(binding.value, scope)
                if isinstance(value, Term):
                    current[name] = Term(value.kind, cat.algebra.empty(value.kind))
                elif isinstance(value, Polymorphic):
                    current[name] = EMPTY
                    if value.full:
                        raise Unsupported("a recursion over the universe is not supported", binding.span)
                elif isinstance(value, SetOfValues | ClassRelation | Tag):
                    return _iterated(cat, bindings, scope_with)
                else:
                    message = f"`let rec` defines relations, sets and functions, but this is {describe(value)}"
                    raise InputError(message, binding.value.span)
        if current == before:
            break
    terms = [(n, bindings[n].value, v.kind) for n, v in current.items() if isinstance(v, Term)]
    group, nodes = cat.algebra.open_group(tuple(kind for _, _, kind in terms))
    for (name, _, kind), node in zip(terms, nodes, strict=True):
        current[name] = Term(kind, node)
    scope = scope_with({n: Thunk(value=v) for n, v in current.items()})
    try:
        bodies = tuple([cat.term(cat.evaluate(body, scope), kind, body.span) for _, body, kind in terms])
    except NeedsExecution:  # a body takes its own variable apart, perhaps
        return _iterated(cat, bindings, scope_with)
    results = cat.algebra.close_group(group, nodes, bodies)
    for (name, _, kind), node in zip(terms, results, strict=True):
        current[name] = Term(kind, node)
    return current


def _iterated(cat: Expressions, bindings: dict[str, syntax.Binding], scope_with: _Scoped) -> dict[str, Value]:
    """The values of a group with sets of values in it, in rounds."""
    current: dict[str, Value] = dict.fromkeys(bindings, EMPTY)
    for _ in range(MAXIMUM_ROUNDS):
        at_rest = True
        for name, binding in bindings.items():
            scope = scope_with({n: Thunk(value=v) for n, v in current.items()})
            value = cat.evaluate(binding.value, scope)
            if isinstance(value, Term):
                value = cat.as_constant(value)
            elif isinstance(value, Tag):
                value = ValueSet((value,))
            if not _is_within(cat, value, current[name], binding):
                at_rest = False
            current[name] = value
        if at_rest:
            return current
    raise InputError("this recursion does not come to rest", next(iter(bindings.values())).span)


def _is_within(cat: Expressions, value: Value, before: Value, binding: syntax.Binding) -> bool:
    if isinstance(value, ClassRelation):
        return value.pairs <= (before.pairs if isinstance(before, ClassRelation) else frozenset())
    return cat.is_subset(value, before, binding.value.span)
