"""What is known while a model is compiled: the sets and relations that are the same in all executions.

A model that takes sets apart (`match`, `map`, comparisons, `linearisations`) is compiled for one
test, and more precisely for one path through each of its threads (litmus.cat.dag.Facts).  What does not
depend on rf, co or values is then an ordinary set or relation on bit rows, computed here.
"""

from __future__ import annotations

from collections.abc import Callable

from litmus.cat.algebra import Algebra
from litmus.cat.dag import Facts, Kind, Node, Operator
from litmus.relation.rows import bits, composed, transitive_closure, transposed

Constant = int | tuple[int, ...]  # a set as a mask, or a relation as bit rows

MAXIMUM_ROUNDS = 10_000  # a `let rec` that takes more does not come to rest


class Static:
    """The values of the nodes of an algebra that `facts` determine."""

    def __init__(self, algebra: Algebra, facts: Facts) -> None:
        self.algebra = algebra
        self.facts = facts
        self._found: dict[int, Constant | None] = {}
        self._fixed: dict[int, list[Constant] | None] = {}
        self._variables: dict[int, Constant] = {}
        self._parts: dict[int, tuple[int, ...]] = {}
        self.none: dict[Kind, Constant] = {Kind.SET: 0, Kind.RELATION: (0,) * facts.size}

    def value(self, node: int) -> Constant | None:
        """The value of a node; None if it depends on the execution."""
        return self._value(node, {})

    def events(self, node: int) -> int | None:
        """The mask of a set; None if it depends on the execution."""
        value = self.value(node)
        assert not isinstance(value, tuple)
        return value

    def pairs(self, node: int) -> tuple[int, ...] | None:
        """The bit rows of a relation; None if it depends on the execution."""
        value = self.value(node)
        assert not isinstance(value, int)
        return value

    def _value(self, number: int, recent: dict[int, Constant | None]) -> Constant | None:
        """The value of a node; `recent` are the nodes computed since a variable of a recursion changed.

        Nodes wait for what they are made of in a list: they may be nested deeper than Python's stack.
        """
        waiting = [number]
        while waiting:
            current = waiting[-1]
            if current in self._memo(current, recent):
                waiting.pop()
                continue
            node = self.algebra.nodes[current]
            parts = self._outside(node.group) if node.operator is Operator.FIX else node.arguments
            missing = [part for part in parts if part not in self._memo(part, recent)]
            if missing:
                waiting.extend(missing)
            else:
                self._memo(current, recent)[current] = self._computed(current, node, recent)
        return self._memo(number, recent)[number]

    def _memo(self, number: int, recent: dict[int, Constant | None]) -> dict[int, Constant | None]:
        return recent if self.algebra.free_groups(number) else self._found

    def _outside(self, group: int) -> tuple[int, ...]:
        """The nodes that the bodies of a recursion are made of and that depend on no variable."""
        if group not in self._parts:
            self._parts[group] = self.algebra.constant_parts(group)
        return self._parts[group]

    def _computed(self, number: int, node: Node, recent: dict[int, Constant | None]) -> Constant | None:
        match node.operator:
            case Operator.BASE:
                return self._base(node)
            case Operator.EMPTY:
                return self.none[node.kind]
            case Operator.CONSTANT:
                return self._executing(node.rows if node.kind is Kind.RELATION else node.rows[0])
            case Operator.VAR:
                return self._variables.get(number)
            case Operator.FIX:
                solution = self._solution(node.group)
                return None if solution is None else solution[node.slot]
        arguments = [self._memo(argument, recent)[argument] for argument in node.arguments]
        for argument, absorbs in zip(arguments, _ABSORBING.get(node.operator, ()), strict=False):
            if absorbs and argument is not None and not _is_something(argument):
                return self.none[node.kind]
        if any(argument is None for argument in arguments):
            return None
        return _OPERATIONS[node.operator](self, *arguments)

    def _base(self, node: Node) -> Constant | None:
        if node.name == "_":
            return self.facts.events
        value = self.facts.base(node.name, node.kind)
        return None if value is None else self._executing(value)

    def _executing(self, value: Constant) -> Constant:
        """A value without the events that do not execute."""
        events = self.facts.events
        if isinstance(value, int):
            return value & events
        return tuple(row & events if events >> e & 1 else 0 for e, row in enumerate(value))

    def _solution(self, group: int) -> list[Constant] | None:
        """The last round of a `let rec`, as litmus.cat.dag.Recursion says."""
        if group in self._fixed:
            return self._fixed[group]
        variables, bodies = self.algebra.groups[group]
        for variable in variables:
            self._variables[variable] = self.none[self.algebra.kind(variable)]
        solution: list[Constant] | None = None
        for _ in range(MAXIMUM_ROUNDS):
            at_rest = True
            for variable, body in zip(variables, bodies, strict=True):
                new = self._value(body, {})
                if new is None:
                    self._fixed[group] = None
                    return None
                at_rest = at_rest and is_within(new, self._variables[variable])
                self._variables[variable] = new
            if at_rest:
                solution = [self._variables[variable] for variable in variables]
                break
        if not any(self.algebra.free_groups(body) - {group} for body in bodies):  # it is not inside another
            self._fixed[group] = solution
        return solution

    # ------------------------------------------------------------ operators

    def complement(self, value: Constant) -> Constant:
        """~value."""
        events = self.facts.events
        if isinstance(value, int):
            return events & ~value
        return tuple(events & ~row if events >> e & 1 else 0 for e, row in enumerate(value))

    def optional(self, rows: tuple[int, ...]) -> Constant:
        """rows?."""
        return tuple(row | self.facts.events & 1 << e for e, row in enumerate(rows))

    def star(self, rows: tuple[int, ...]) -> Constant:
        """rows*."""
        return self.optional(tuple(transitive_closure(list(rows))))

    def identity(self, events: int) -> Constant:
        """[events]."""
        return tuple(events & 1 << e for e in range(self.facts.size))

    def product(self, left: int, right: int) -> Constant:
        """Left * right."""
        return tuple(right if left >> e & 1 else 0 for e in range(self.facts.size))


def _is_something(value: Constant) -> bool:
    return any(value) if isinstance(value, tuple) else bool(value)


def is_within(inner: Constant, outer: Constant) -> bool:
    """Whether a set or relation is included in another."""
    if isinstance(inner, tuple) and isinstance(outer, tuple):
        return all(not x & ~y for x, y in zip(inner, outer, strict=True))
    assert isinstance(inner, int)
    assert isinstance(outer, int)
    return not inner & ~outer


def pairs_of(rows: tuple[int, ...]) -> list[tuple[int, int]]:
    """The pairs of a relation, in order."""
    return [(e, f) for e, row in enumerate(rows) for f in bits(row)]


def rows_of(pairs: list[tuple[int, int]], size: int) -> tuple[int, ...]:
    """The relation of some pairs of events."""
    rows = [0] * size
    for e, f in pairs:
        rows[e] |= 1 << f
    return tuple(rows)


def _each(operation: Callable[[int, int], int]) -> Callable[..., Constant]:
    """A Boolean operation, on sets and row by row on relations."""

    def apply(_: Static, left: Constant, right: Constant) -> Constant:
        if isinstance(left, tuple) and isinstance(right, tuple):
            return tuple(map(operation, left, right))
        assert isinstance(left, int)
        assert isinstance(right, int)
        return operation(left, right)

    return apply


def _domain(_: Static, rows: tuple[int, ...]) -> Constant:
    return sum(1 << e for e, row in enumerate(rows) if row)


def _range(_: Static, rows: tuple[int, ...]) -> Constant:
    found = 0
    for row in rows:
        found |= row
    return found


_OPERATIONS: dict[Operator, Callable[..., Constant]] = {
    Operator.UNION: _each(lambda x, y: x | y),
    Operator.INTERSECTION: _each(lambda x, y: x & y),
    Operator.DIFFERENCE: _each(lambda x, y: x & ~y),
    Operator.COMPLEMENT: Static.complement,
    Operator.SEQUENCE: lambda _, r, s: tuple(composed(r, s)),
    Operator.INVERSE: lambda _, r: tuple(transposed(r)),
    Operator.PLUS: lambda _, r: tuple(transitive_closure(list(r))),
    Operator.STAR: Static.star,
    Operator.OPTIONAL: Static.optional,
    Operator.IDENTITY: Static.identity,
    Operator.PRODUCT: Static.product,
    Operator.DOMAIN: _domain,
    Operator.RANGE: _range,
}

# Of which operands it is enough to be empty for the result to be empty.
_ABSORBING: dict[Operator, tuple[bool, ...]] = {
    Operator.INTERSECTION: (True, True),
    Operator.DIFFERENCE: (True, False),
    Operator.SEQUENCE: (True, True),
    Operator.PRODUCT: (True, True),
}
