"""The cat language on sets of pairs: what a compiled model says of one execution, by the definition.

A set is a frozenset of events, a relation a frozenset of pairs of events.  There is one function for
each operator of litmus.algebra.operators, and one for each predicate.  Recursion is iteration.  This module is for
checking the answers of the engine: it uses none of the engine's evaluation, and it is simple on purpose.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import reduce
from operator import or_

from msgspec import Struct

from litmus.algebra.complete import complete
from litmus.algebra.dag import Model, Node, Predicate
from litmus.algebra.names import NOTHING, Rests, base_name, own_rests
from litmus.algebra.operators import OPERATORS, RESULTS, Kind, Operator
from litmus.diagnostics import Unsupported
from litmus.relation.rows import bits

Pair = tuple[int, int]
EventSet = frozenset[int]
Relation = frozenset[Pair]
Value = EventSet | Relation

MAXIMUM_ROUNDS = 1000  # a `let rec` that needs more rounds is taken to have no end


# ---------------------------------------------------------------- operators


def union(x: Value, y: Value) -> Value:
    """x | y, of sets or of relations."""
    return x | y  # type: ignore[operator]


def intersection(x: Value, y: Value) -> Value:
    """x & y, of sets or of relations."""
    return x & y


def difference(x: Value, y: Value) -> Value:
    """x \\ y, of sets or of relations."""
    return x - y


def sequence(r: Relation, s: Relation) -> Relation:
    """r ; s: relates e to g if r relates e to some f, and s relates that f to g."""
    after = successors(s)
    return frozenset((e, g) for e, f in r for g in after.get(f, ()))


def inverse(r: Relation) -> Relation:
    """r^-1."""
    return frozenset((f, e) for e, f in r)


def plus(r: Relation) -> Relation:
    """r+: relates e to f if a path of at least one step leads from e to f."""
    after = successors(r)
    found = set()
    for e in after:
        reached: set[int] = set()
        ahead = [e]
        while ahead:
            for f in after.get(ahead.pop(), ()):
                if f not in reached:
                    reached.add(f)
                    ahead.append(f)
        found |= {(e, f) for f in reached}
    return frozenset(found)


def identity(s: EventSet) -> Relation:
    """[s]."""
    return frozenset((e, e) for e in s)


def product(s: EventSet, t: EventSet) -> Relation:
    """s * t."""
    return frozenset((e, f) for e in s for f in t)


def domain(r: Relation) -> EventSet:
    """domain(r)."""
    return frozenset(e for e, _ in r)


def codomain(r: Relation) -> EventSet:
    """range(r)."""
    return frozenset(f for _, f in r)


def successors(r: Relation) -> dict[int, list[int]]:
    """For each event of the domain, the events it is related to."""
    found: dict[int, list[int]] = {}
    for e, f in r:
        found.setdefault(e, []).append(f)
    return found


# What operators mean.  The first argument are the events that execute.
_MEANING: dict[tuple[Operator, Kind], Callable[..., Value]] = complete(
    {
        **{(Operator.UNION, kind): lambda _, x, y: union(x, y) for kind in Kind},
        **{(Operator.INTERSECTION, kind): lambda _, x, y: intersection(x, y) for kind in Kind},
        **{(Operator.DIFFERENCE, kind): lambda _, x, y: difference(x, y) for kind in Kind},
        (Operator.COMPLEMENT, Kind.SET): lambda events, s: events - s,
        (Operator.COMPLEMENT, Kind.RELATION): lambda events, r: product(events, events) - r,
        (Operator.SEQUENCE, Kind.RELATION): lambda _, r, s: sequence(r, s),
        (Operator.INVERSE, Kind.RELATION): lambda _, r: inverse(r),
        (Operator.PLUS, Kind.RELATION): lambda _, r: plus(r),
        (Operator.STAR, Kind.RELATION): lambda events, r: plus(r) | identity(events),
        (Operator.OPTIONAL, Kind.RELATION): lambda events, r: r | identity(events),
        (Operator.IDENTITY, Kind.RELATION): lambda _, s: identity(s),
        (Operator.PRODUCT, Kind.RELATION): lambda _, s, t: product(s, t),
        (Operator.DOMAIN, Kind.SET): lambda _, r: domain(r),
        (Operator.RANGE, Kind.SET): lambda _, r: codomain(r),
    },
    RESULTS,
    "the oracle's meaning of operators",
)


# ---------------------------------------------------------------- predicates


def is_empty(x: Value) -> bool:
    """Empty x."""
    return not x


def is_irreflexive(r: Relation) -> bool:
    """Irreflexive r: no event is related to itself."""
    return all(e != f for e, f in r)


def is_acyclic(r: Relation) -> bool:
    """Acyclic r: no path leads from an event back to it."""
    return is_irreflexive(plus(r))


_PREDICATES: dict[Predicate, Callable[..., bool]] = {
    "empty": is_empty,
    "irreflexive": is_irreflexive,
    "acyclic": is_acyclic,
}


def holds(predicate: Predicate, x: Value) -> bool:
    """Whether a predicate is true of a value."""
    return _PREDICATES[predicate](x)


# ---------------------------------------------------------------- models


class Side(Struct, frozen=True):
    """What a node grows with, or shrinks with: choices, and recursions (by number) whose variables are free in it."""

    choices: Rests = NOTHING
    groups: frozenset[int] = frozenset()

    def __or__(self, other: Side) -> Side:
        return Side(self.choices | other.choices, self.groups | other.groups)


class Made(Struct, frozen=True):
    """What becomes of a node while choices are made: it may grow with some, shrink with some, or do both.

    What stands in a recursion that is not monotone is on both sides.  rests: all recursions in the node are monotone,
    so that all of them come to rest.
    """

    grows: Side = Side()
    shrinks: Side = Side()
    rests: bool = True

    def turned(self) -> Made:
        """The same of a node that shrinks as this one grows."""
        return Made(self.shrinks, self.grows, self.rests)

    def __or__(self, other: Made) -> Made:
        return Made(self.grows | other.grows, self.shrinks | other.shrinks, self.rests and other.rests)


class Definitions:
    """What the nodes of a model are made of.

    made[i]: see Made.  rests[i]: all that node i rests on.  open[i]: whether node i depends on a variable of a
    recursion that node i is inside of.
    """

    def __init__(self, model: Model) -> None:
        self.model = model
        self._found: dict[int, Made] = {}
        self._before: dict[int, list[int]] = {}
        self.made = [self._made_of(i) for i in range(len(model.nodes))]
        self.rests = [m.grows.choices | m.shrinks.choices for m in self.made]
        self.open = [bool(m.grows.groups | m.shrinks.groups) for m in self.made]

    def _made_of(self, i: int) -> Made:
        if i not in self._found:
            self._found[i] = self._made(self.model.nodes[i])
        return self._found[i]

    def _made(self, node: Node) -> Made:
        if node.operator is Operator.VAR:
            return Made(Side(groups=frozenset((node.group,))))
        if node.operator is Operator.FIX:
            return self._recursion(node.group)
        made = Made(Side(own_rests(node)))
        if node.operator is Operator.BASE and base_name(node.name).shrinks:
            made = made.turned()
        for argument, sign in zip(node.arguments, OPERATORS[node.operator].polarity, strict=True):
            part = self._made_of(argument)
            made |= part if sign > 0 else part.turned()
        return made

    def solved_before(self, group: int) -> list[int]:
        """The recursions that the bodies of a recursion use, as nodes that are not open."""
        if group not in self._before:
            nodes, recursions = self.model.nodes, self.model.recursions
            found: list[int] = []
            seen: set[int] = set()
            pending = list(recursions[group].bodies)
            while pending:
                i = pending.pop()
                if i in seen:
                    continue
                seen.add(i)
                if nodes[i].operator is not Operator.FIX:
                    pending.extend(nodes[i].arguments)
                elif self.open[i]:
                    pending.extend(recursions[nodes[i].group].bodies)
                else:
                    found.append(i)
            self._before[group] = found
        return self._before[group]

    def _recursion(self, group: int) -> Made:
        made = reduce(or_, [self._made_of(body) for body in self.model.recursions[group].bodies])
        if group in made.shrinks.groups:
            both = _outside(made.grows | made.shrinks, group)
            return Made(both, both, rests=False)
        return Made(_outside(made.grows, group), made.shrinks, made.rests)


def _outside(side: Side, group: int) -> Side:
    return Side(side.choices, side.groups - {group})


class Given(Struct, frozen=True):
    """What a model starts from in one execution.

    base: the base sets and relations by name.  place: the accesses to the first cell of a variable.  options: the
    option that each of the model's own choices takes.
    """

    base: Callable[[str], Value]
    place: Callable[[str], EventSet]
    options: tuple[int, ...] = ()


class Meaning:
    """The values of a model's nodes in one execution.

    events: the events that execute.  known: values that were computed already, only of nodes that are not open.
    """

    def __init__(
        self,
        definitions: Definitions,
        events: EventSet,
        given: Given,
        known: Mapping[int, Value] | None = None,
    ) -> None:
        self.definitions = definitions
        self.model = definitions.model
        self.events = events
        self.given = given
        self.known: dict[int, Value] = dict(known or {})
        self.fixed: dict[int, list[Value]] = {}  # the recursions that are not inside of others
        self.variables: dict[int, Value] = {}  # of the recursions that are being computed, by node

    def value(self, i: int) -> Value:
        """The value of node i, which is not open."""
        return self._value(i, {})

    def _value(self, i: int, recent: dict[int, Value]) -> Value:
        """The value of node i.  `recent` holds the open nodes that were computed since a variable last changed."""
        opened = self.definitions.open
        pending = [i]  # a stack of our own, because models may be deeper than Python's
        while pending:
            j = pending[-1]
            memo = recent if opened[j] else self.known
            if j not in memo:
                node = self.model.nodes[j]
                parts = self.definitions.solved_before(node.group) if node.operator is Operator.FIX else node.arguments
                missing = [a for a in parts if a not in (recent if opened[a] else self.known)]
                if node.operator is Operator.INTERSECTION and missing[-1:] == [node.arguments[1]]:
                    first = node.arguments[0]
                    if first in missing:
                        missing = [first]
                    elif not (recent if opened[first] else self.known)[first]:
                        missing = []  # the first argument is empty, so the second need not be computed
                if missing:
                    pending.extend(missing)
                    continue
                memo[j] = self._apply(j, node, recent)
            pending.pop()
        return (recent if opened[i] else self.known)[i]

    def _apply(self, i: int, node: Node, recent: dict[int, Value]) -> Value:
        operator = node.operator
        if operator is Operator.BASE:
            return self.given.base(node.name)
        if operator is Operator.PLACE:
            return self.given.place(node.name)
        if operator is Operator.CHOICE:
            taken = self.given.options[node.choice] in node.options
            return product(self.events, self.events) if taken else frozenset()
        if operator is Operator.EMPTY:
            return frozenset()
        if operator is Operator.CONSTANT:
            return self._constant(node)
        if operator is Operator.VAR:
            return self.variables[i]
        if operator is Operator.FIX:
            if self.definitions.open[i]:
                return self._fix(node.group)[node.slot]
            if node.group not in self.fixed:
                self.fixed[node.group] = self._fix(node.group)
            return self.fixed[node.group][node.slot]
        if operator is Operator.INTERSECTION and not self._value(node.arguments[0], recent):
            return frozenset()  # a model's choice is an intersection like this: options not taken are not computed
        arguments = [self._value(a, recent) for a in node.arguments]
        return _MEANING[operator, node.kind](self.events, *arguments)

    def _constant(self, node: Node) -> Value:
        """The events or pairs that the node lists, as far as they execute."""
        if node.kind is Kind.SET:
            return frozenset(e for e in bits(node.rows[0]) if e in self.events)
        pairs = ((e, f) for e, row in enumerate(node.rows) for f in bits(row))
        return frozenset((e, f) for e, f in pairs if e in self.events and f in self.events)

    def _fix(self, group: int) -> list[Value]:
        """The values of a `let rec` after its last round.

        The variables begin empty.  In each round they change in order, one after the other.  The rounds end when every
        new value is included in the value before.
        """
        recursion = self.model.recursions[group]
        for variable in recursion.variables:
            self.variables[variable] = frozenset()
        for _ in range(MAXIMUM_ROUNDS):
            at_rest = True
            for variable, body in zip(recursion.variables, recursion.bodies, strict=True):
                old = self.variables[variable]
                new = self.variables[variable] = self._value(body, {})
                at_rest = at_rest and new <= old
            if at_rest:
                return [self.variables[variable] for variable in recursion.variables]
        raise Unsupported(f"a recursive definition of the model {self.model.name} does not come to rest")
