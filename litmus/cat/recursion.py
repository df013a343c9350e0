"""`let rec`: functions, least fixpoints of sets and relations, and iterated sets of values.

Sets and relations become a Recursion of the DAG, which the engines iterate as herd7 does: in rounds
from empty, until every new value is included in the one before.  Sets of values are iterated here, in
the same way.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from typing import NamedTuple

from litmus.algebra.dag import NeedsExecution, NeedsTest
from litmus.cat import syntax
from litmus.cat.deep import later
from litmus.cat.evaluator import Evaluator
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

MAXIMUM_ROUNDS = 1000  # of a recursion over sets of values
DEEPEST_RECURSION = 10  # recursions within each other; each is evaluated twice for once that the outer one is

_Scoped = Callable[[dict[str, Thunk]], dict[str, Thunk]]


class _Body(NamedTuple):
    """What a name is bound to: the value of a binding, or a component of it."""

    binding: syntax.Binding
    name: str

    async def value(self, cat: Evaluator, scope: dict[str, Thunk]) -> Value:
        """The value where the names of the group are bound as in `scope`."""
        whole = await cat.evaluate(self.binding.value, scope)
        if not self.binding.pattern.tuple:
            return whole
        return await cat.bind(self.binding.pattern, whole, self.binding.value.span)[self.name].force()


async def define_recursive(
    cat: Evaluator, bindings: tuple[syntax.Binding, ...], environment: Environment
) -> dict[str, Thunk]:
    """The environment after `let rec bindings`.  Raises InputError for a mistake in a value."""
    functions: dict[str, syntax.Function] = {}
    values: dict[str, _Body] = {}
    for binding in bindings:
        names = [name for name in binding.pattern.names if name is not None]
        if not isinstance(binding.value, syntax.Function):
            values.update((name, _Body(binding, name)) for name in names)
        elif binding.pattern.tuple:
            raise InputError("a function is no tuple", binding.pattern.span)
        else:
            functions.update((name, binding.value) for name in names)

    def scope_with(results: dict[str, Thunk]) -> dict[str, Thunk]:
        scope = {**environment, **results}
        for name, function in functions.items():
            scope[name] = Thunk(value=Closure(function, scope))
        return scope

    solution: dict[str, Value] = {}
    if values:
        # Mistakes are reported where the recursion stands, used or not; what only a test can tell may wait.
        with contextlib.suppress(NeedsTest, NeedsExecution, Unsupported):
            solution.update(await _solution(cat, values, scope_with))

    async def solved(name: str) -> Value:
        if not solution:
            solution.update(await _solution(cat, values, scope_with))
        return solution[name]

    def result(name: str) -> Thunk:
        return Thunk(lambda: later(solved(name)))

    return scope_with({name: result(name) for name in values})


async def _solution(cat: Evaluator, bodies: dict[str, _Body], scope_with: _Scoped) -> dict[str, Value]:
    """The values of a recursive group.  Raises Unsupported where it stands in too many others."""
    if cat.recursions >= DEEPEST_RECURSION:
        at = next(iter(bodies.values())).binding.span
        raise Unsupported("recursions are nested too deeply here", at, f"{DEEPEST_RECURSION} may stand in each other")
    cat.recursions += 1
    try:
        return await _solved(cat, bodies, scope_with)
    finally:
        cat.recursions -= 1


async def _solved(cat: Evaluator, bodies: dict[str, _Body], scope_with: _Scoped) -> dict[str, Value]:
    """The values of a recursive group.

    Kinds come first: the rounds start from the empty set of no particular kind, so what a body
    yields then tells its kind.  A variable whose kind stays open is empty for good.
    """
    current: dict[str, Value] = dict.fromkeys(bodies, EMPTY)
    while True:
        before = dict(current)
        for name, body in bodies.items():
            if current[name] is EMPTY:
                try:
                    value = await body.value(cat, scope_with({n: Thunk(value=v) for n, v in current.items()}))
                except NeedsExecution:
                    return await _iterated(cat, bodies, scope_with)
                if isinstance(value, Term):
                    current[name] = Term(value.kind, cat.algebra.unknown(value.kind))
                elif isinstance(value, Polymorphic):
                    current[name] = EMPTY
                    if value.full:
                        raise Unsupported("a recursion over the universe is not supported", body.binding.span)
                elif isinstance(value, SetOfValues | ClassRelation | Tag):
                    return await _iterated(cat, bodies, scope_with)
                else:
                    message = f"`let rec` defines relations, sets and functions, but this is {describe(value)}"
                    raise InputError(message, body.binding.value.span)
        if current == before:
            break
    kinds = {name: value.kind for name, value in current.items() if isinstance(value, Term)}
    group, variables = cat.algebra.open_group(tuple(kinds.values()))
    for (name, kind), node in zip(kinds.items(), variables, strict=True):
        current[name] = Term(kind, node)
    scope = scope_with({n: Thunk(value=v) for n, v in current.items()})
    try:
        values = {n: await bodies[n].value(cat, scope) for n in kinds}
    except NeedsExecution:  # a body takes its own variable apart, perhaps
        return await _iterated(cat, bodies, scope_with)
    nodes = tuple([cat.term(values[n], kind, bodies[n].binding.value.span) for n, kind in kinds.items()])
    results = cat.algebra.close_group(group, variables, nodes)
    _refuse_simultaneous(cat, bodies, group)
    for (name, kind), node in zip(kinds.items(), results, strict=True):
        current[name] = Term(kind, node)
    return current


def _refuse_simultaneous(cat: Evaluator, bodies: dict[str, _Body], group: int) -> None:
    """The names of a tuple change at once, variables of a Recursion one after the other: the least fixpoint is one."""
    for body in bodies.values():
        if body.binding.pattern.tuple and group in cat.algebra.groups and not cat.algebra.is_monotone(group):
            raise Unsupported("a recursion over a tuple is supported only where it grows", body.binding.pattern.span)


async def _iterated(cat: Evaluator, bodies: dict[str, _Body], scope_with: _Scoped) -> dict[str, Value]:
    """The values of a group with sets of values in it, in rounds."""
    for body in bodies.values():
        if body.binding.pattern.tuple:
            raise Unsupported("a recursion of sets of values over a tuple is not supported", body.binding.pattern.span)
    current: dict[str, Value] = dict.fromkeys(bodies, EMPTY)
    for _ in range(MAXIMUM_ROUNDS):
        at_rest = True
        for name, body in bodies.items():
            value = await body.value(cat, scope_with({n: Thunk(value=v) for n, v in current.items()}))
            if isinstance(value, Term):
                value = cat.as_constant(value)
            elif isinstance(value, Tag):
                value = ValueSet((value,))
            if not _is_within(cat, value, current[name], body.binding):
                at_rest = False
            current[name] = value
        if at_rest:
            return current
    raise InputError("this recursion does not come to rest", next(iter(bodies.values())).binding.span)


def _is_within(cat: Evaluator, value: Value, before: Value, binding: syntax.Binding) -> bool:
    if isinstance(value, ClassRelation):
        return value.pairs <= (before.pairs if isinstance(before, ClassRelation) else frozenset())
    return cat.is_subset(value, before, binding.value.span)
