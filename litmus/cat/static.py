"""What is known while a model is compiled: the sets and relations that are the same in all executions.

A model that takes sets apart (`match`, `map`, comparisons, `linearisations`) is compiled for one
test, and more precisely for one path through each of its threads (litmus.algebra.dag.Facts).  What does not
depend on rf, co or values is then an ordinary set or relation on bit rows, computed here.
"""

from __future__ import annotations

from litmus.algebra.dag import Facts, Node
from litmus.algebra.operators import OPERATORS, Kind, Operator
from litmus.cat.algebra import Algebra
from litmus.relation.rows import bits
from litmus.relation.rows_evaluation import Constant, Events, is_something

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
        self.there = Events(facts.size, facts.events)

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
        there = self.there
        match node.operator:
            case Operator.BASE:
                return self._base(node)
            case Operator.PLACE:
                return self._executing(self.facts.place(node.name))
            case Operator.CHOICE:
                return None
            case Operator.EMPTY:
                return there.none(node.kind)
            case Operator.CONSTANT:
                return there.within(node.rows if node.kind is Kind.RELATION else node.rows[0])
            case Operator.VAR:
                return self._variables.get(number)
            case Operator.FIX:
                solution = self._solution(node.group)
                return None if solution is None else solution[node.slot]
        arguments: list[Constant] = []
        known = True
        for argument, absorbs in zip(node.arguments, OPERATORS[node.operator].absorbing, strict=True):
            value = self._memo(argument, recent)[argument]
            if value is None:
                known = False
            elif absorbs and not is_something(value):
                return there.none(node.kind)
            else:
                arguments.append(value)
        return there.applied(node.operator, node.kind, arguments) if known else None

    def _base(self, node: Node) -> Constant | None:
        return self.facts.events if node.name == "_" else self._executing(self.facts.base(node.name, node.kind))

    def _executing(self, value: Constant | None) -> Constant | None:
        """A value without the events that do not execute."""
        return None if value is None else self.there.within(value)

    def _solution(self, group: int) -> list[Constant] | None:
        """The last round of a `let rec`, as litmus.algebra.dag.Recursion says."""
        if group in self._fixed:
            return self._fixed[group]
        variables, bodies = self.algebra.groups[group]
        for variable in variables:
            self._variables[variable] = self.there.none(self.algebra.kind(variable))
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
