"""A tiny evaluator of compiled models on one execution: sets are frozensets, relations are sets of pairs.

It evaluates nodes by the definitions of the operators, and `let rec` in rounds, as herd does.  It shares no code with
the engines.
"""

from __future__ import annotations

from itertools import product
from typing import Any

from litmus.algebra.dag import Check, Model
from litmus.algebra.operators import Kind, Operator

Pairs = frozenset[Any]  # of events, or of pairs of events
Base = dict[str, Pairs]


def sequence(r: Pairs, s: Pairs) -> Pairs:
    successors: dict[Any, list[Any]] = {}
    for b, c in s:
        successors.setdefault(b, []).append(c)
    return frozenset((a, c) for a, b in r for c in successors.get(b, ()))


def closure(r: Pairs) -> Pairs:
    reached = r
    while True:
        larger = reached | sequence(reached, r)
        if larger == reached:
            return reached
        reached = larger


class Evaluator:
    """The values of a model's nodes; `base["_"]` is the set of all events.

    options: what the model's own choices take.  places: the accesses to each variable.
    """

    def __init__(self, model: Model, base: Base, options: tuple[int, ...] = (), places: Base | None = None) -> None:
        self.model = model
        self.base = base
        self.options = options
        self.places = places or {}
        self.events = base["_"]
        self.closed: dict[int, Pairs] = {}  # the values of nodes without variables
        self.free: list[set[int]] = []  # the groups whose variables occur in a node
        for node in model.nodes:
            below = model.recursions[node.group].bodies if node.operator is Operator.FIX else node.arguments
            free = {group for n in below for group in self.free[n]}
            self.free.append(free | {node.group} if node.operator is Operator.VAR else free - {node.group})

    def value(self, node: int, variables: dict[tuple[int, int], Pairs] | None = None) -> Pairs:
        """The value of a node.  `variables`: the values of its free variables."""
        return self._value(node, variables or {}, {})

    def _value(self, number: int, variables: dict[tuple[int, int], Pairs], memo: dict[int, Pairs]) -> Pairs:
        known = memo if self.free[number] else self.closed
        if number not in known:
            known[number] = self._compute(number, variables, memo)
        return known[number]

    def constant(self, kind: Kind, rows: tuple[int, ...]) -> Pairs:
        """The events, or pairs of events, whose bits are set."""
        chosen = [[f for f in self.events if row >> f & 1] for row in rows]
        return frozenset(chosen[0]) if kind is Kind.SET else frozenset((e, f) for e in self.events for f in chosen[e])

    def identity(self) -> Pairs:
        return frozenset((e, e) for e in self.events)

    def _compute(self, number: int, variables: dict[tuple[int, int], Pairs], memo: dict[int, Pairs]) -> Pairs:
        node = self.model.nodes[number]
        args = [self._value(a, variables, memo) for a in node.arguments]
        match node.operator:
            case Operator.BASE:
                return self.base[node.name]
            case Operator.CHOICE:
                taken = self.options[node.choice] in node.options
                return frozenset(product(self.events, self.events)) if taken else frozenset()
            case Operator.PLACE:
                return self.places[node.name]
            case Operator.EMPTY:
                return frozenset()
            case Operator.CONSTANT:
                return self.constant(node.kind, node.rows)
            case Operator.UNION:
                return args[0] | args[1]
            case Operator.INTERSECTION:
                return args[0] & args[1]
            case Operator.DIFFERENCE:
                return args[0] - args[1]
            case Operator.COMPLEMENT:
                everything = self.events if node.kind is Kind.SET else frozenset(product(self.events, self.events))
                return everything - args[0]
            case Operator.SEQUENCE:
                return sequence(args[0], args[1])
            case Operator.INVERSE:
                return frozenset((b, a) for a, b in args[0])
            case Operator.PLUS:
                return closure(args[0])
            case Operator.STAR:
                return closure(args[0]) | self.identity()
            case Operator.OPTIONAL:
                return args[0] | self.identity()
            case Operator.IDENTITY:
                return frozenset((e, e) for e in args[0])
            case Operator.PRODUCT:
                return frozenset(product(args[0], args[1]))
            case Operator.DOMAIN:
                return frozenset(a for a, _ in args[0])
            case Operator.RANGE:
                return frozenset(b for _, b in args[0])
            case Operator.VAR:
                return variables[node.group, node.slot]
            case Operator.FIX:
                return self.fixpoint(node.group, variables)[node.slot]

    def fixpoint(self, group: int, outer: dict[tuple[int, int], Pairs]) -> list[Pairs]:
        """Herd's rounds: in order, from empty, until no new value is larger than the one before."""
        bodies = self.model.recursions[group].bodies
        variables = {**outer, **{(group, slot): frozenset[Any]() for slot in range(len(bodies))}}
        while True:
            grown = False
            for slot, body in enumerate(bodies):
                new = self.value(body, variables)
                grown = grown or not new <= variables[group, slot]
                variables[group, slot] = new
            if not grown:
                return [variables[group, slot] for slot in range(len(bodies))]

    def holds(self, check: Check) -> bool:
        """Whether the test of a check succeeds."""
        value = self.value(check.node)
        if check.predicate == "empty":
            result = not value
        elif check.predicate == "irreflexive":
            result = all(a != b for a, b in value)
        else:
            result = all(a != b for a, b in closure(value))
        return result is not check.negated


def failures(model: Model, base: Base) -> list[str]:
    """The names of the checks that forbid an execution."""
    evaluator = Evaluator(model, base)
    return [c.name or c.predicate for c in model.checks if c.effect == "check" and not evaluator.holds(c)]
