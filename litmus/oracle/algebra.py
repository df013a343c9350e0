"""The cat language on sets of pairs: what a compiled model says of one execution, by the definition.

A set is a frozenset of events, a relation a frozenset of pairs of events.  There is one function for
each operator of litmus.cat.dag, and one for each predicate.  Recursion is iteration.  This module is for
checking the answers of the engine: it uses none of the engine's evaluation, and it is simple on purpose.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from msgspec import Struct

from litmus.cat.dag import Kind, Model, Node, Operator, Predicate
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


# Operators that mean the same whatever events there are.
_PLAIN: dict[Operator, Callable[..., Value]] = {
    Operator.UNION: union,
    Operator.INTERSECTION: intersection,
    Operator.DIFFERENCE: difference,
    Operator.SEQUENCE: sequence,
    Operator.INVERSE: inverse,
    Operator.PLUS: plus,
    Operator.IDENTITY: identity,
    Operator.PRODUCT: product,
    Operator.DOMAIN: domain,
    Operator.RANGE: codomain,
}

# Operators whose meaning depends on which events execute.  Those events are the first argument.
_WITHIN: dict[tuple[Operator, Kind], Callable[..., Value]] = {
    (Operator.COMPLEMENT, Kind.SET): lambda events, s: events - s,
    (Operator.COMPLEMENT, Kind.RELATION): lambda events, r: product(events, events) - r,
    (Operator.OPTIONAL, Kind.RELATION): lambda events, r: r | identity(events),
    (Operator.STAR, Kind.RELATION): lambda events, r: plus(r) | identity(events),
}


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


class Made(Struct, frozen=True):
    """What a node is made of: base names, and the recursions (by number) whose variables are free in it.

    positive: what stands under an even number of complements and right sides of differences.  negative: what stands
    under an odd number of them.  What stands in a recursion that is not monotone is in both.  A node with an empty
    `negative` can only grow when what is in `positive` grows.  rests: all recursions in the node are monotone, so that
    all of them come to rest.
    """

    positive: frozenset[str | int]
    negative: frozenset[str | int]
    rests: bool = True

    def negated(self) -> Made:
        """The same on the other side of a negation."""
        return Made(self.negative, self.positive, self.rests)


def together(parts: list[Made]) -> Made:
    """What several nodes are made of."""
    positive = frozenset[str | int]().union(*(part.positive for part in parts))
    negative = frozenset[str | int]().union(*(part.negative for part in parts))
    return Made(positive, negative, all(part.rests for part in parts))


class Definitions:
    """What the nodes of a model are made of.

    made[i]: see Made.  names[i]: the base sets and relations that node i is computed from.  open[i]: whether node i
    depends on a variable of a recursion that node i is inside of.
    """

    def __init__(self, model: Model) -> None:
        self.model = model
        self._found: dict[int, Made] = {}
        self._before: dict[int, list[int]] = {}
        self.made = [self._made_of(i) for i in range(len(model.nodes))]
        self.names = [frozenset(x for x in m.positive | m.negative if isinstance(x, str)) for m in self.made]
        self.open = [any(isinstance(x, int) for x in m.positive | m.negative) for m in self.made]

    def _made_of(self, i: int) -> Made:
        if i not in self._found:
            self._found[i] = self._made(self.model.nodes[i])
        return self._found[i]

    def _made(self, node: Node) -> Made:
        if node.operator is Operator.BASE:
            return Made(frozenset((node.name,)), frozenset())
        if node.operator is Operator.VAR:
            return Made(frozenset((node.group,)), frozenset())
        if node.operator is Operator.FIX:
            return self._recursion(node.group)
        arguments = [self._made_of(a) for a in node.arguments]
        if node.operator in (Operator.DIFFERENCE, Operator.COMPLEMENT):
            arguments[-1] = arguments[-1].negated()
        return together(arguments)

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
        made = together([self._made_of(body) for body in self.model.recursions[group].bodies])
        inside = frozenset((group,))
        if group in made.negative:
            both = (made.positive | made.negative) - inside
            return Made(both, both, rests=False)
        return Made(made.positive - inside, made.negative, made.rests)


class Meaning:
    """The values of a model's nodes in one execution.

    events: the events that execute.  base: the sets and relations that the model starts from, by name.  known: values
    that were computed already, only of nodes that are not open.
    """

    def __init__(
        self,
        definitions: Definitions,
        events: EventSet,
        base: Callable[[str], Value],
        known: Mapping[int, Value] | None = None,
    ) -> None:
        self.definitions = definitions
        self.model = definitions.model
        self.events = events
        self.base = base
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
            return self.base(node.name)
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
        if operator in _PLAIN:
            return _PLAIN[operator](*arguments)
        return _WITHIN[operator, node.kind](self.events, *arguments)

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
