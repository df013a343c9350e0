"""Evaluation: the value of every node of a compiled model, in all candidates of a universe at once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

from litmus.algebra.complete import complete
from litmus.algebra.dag import Model, Recursion
from litmus.algebra.operators import RESULTS, Kind, Operator
from litmus.diagnostics import Unsupported
from litmus.relation.sliced import Sliced, SlicedSet, Universe

SlicedValue = Sliced | SlicedSet
MAXIMUM_ROUNDS = 1000  # of a `let rec` that is not monotone: one that needs more is taken to have no end
_Function = Callable[..., SlicedValue]

_SET, _RELATION = Kind.SET, Kind.RELATION
_FUNCTIONS: dict[tuple[Operator, Kind], _Function] = complete(
    {
        (Operator.UNION, _SET): Universe.set_union,
        (Operator.UNION, _RELATION): Universe.union,
        (Operator.INTERSECTION, _SET): Universe.set_intersection,
        (Operator.INTERSECTION, _RELATION): Universe.intersection,
        (Operator.DIFFERENCE, _SET): Universe.set_difference,
        (Operator.DIFFERENCE, _RELATION): Universe.difference,
        (Operator.COMPLEMENT, _SET): Universe.set_complement,
        (Operator.COMPLEMENT, _RELATION): Universe.complement,
        (Operator.SEQUENCE, _RELATION): Universe.sequence,
        (Operator.INVERSE, _RELATION): Universe.inverse,
        (Operator.PLUS, _RELATION): Universe.plus,
        (Operator.STAR, _RELATION): Universe.star,
        (Operator.OPTIONAL, _RELATION): Universe.optional,
        (Operator.IDENTITY, _RELATION): Universe.identity,
        (Operator.PRODUCT, _RELATION): Universe.product,
        (Operator.DOMAIN, _SET): Universe.domain,
        (Operator.RANGE, _SET): Universe.range,
    },
    RESULTS,
    "evaluation on slices",
)


class Given(Protocol):
    """What a model starts from, in all candidates at once."""

    def __getitem__(self, name: str, /) -> SlicedValue:
        """A base set or relation."""

    def taken(self, choice: int, options: range) -> Sliced:
        """All pairs of events, in the candidates where a choice of the model takes one of these options."""

    def place(self, variable: str) -> SlicedSet:
        """The accesses to the first cell of a variable."""


class Plan:
    """A model prepared for evaluation.  Things are looked up here once, and not again for every test.

    coherent: the model forbids every execution that is not coherent per location.  updates_in_order: it also forbids
    every execution in which an atomic instruction's write stands before the write that its read takes its value from.
    atomic: which pairs it demands to be atomic (litmus.engine.coherence.demands_atomicity).
    """

    def __init__(
        self,
        model: Model,
        coherent: bool = False,
        updates_in_order: bool = False,
        atomic: frozenset[str] = frozenset(),
    ) -> None:
        self.model = model
        self.coherent = coherent
        self.updates_in_order = updates_in_order
        self.atomic = atomic
        self.functions: list[_Function | None] = [_FUNCTIONS.get((node.operator, node.kind)) for node in model.nodes]
        inner = {i for recursion in model.recursions for i in recursion.inner}
        self.outer = set(range(len(model.nodes))) - inner
        # For each variable, the inner nodes that its body is made of.
        self.bodies = [self._bodies(recursion) for recursion in model.recursions]
        self._orders: dict[tuple[int, ...], list[int]] = {}

    def _bodies(self, recursion: Recursion) -> list[list[int]]:
        variables = set(recursion.variables)
        inner = set(recursion.inner)
        result = []
        for body in recursion.bodies:
            # The search goes down from the body, and also through the bodies of recursions in it.
            seen = set(variables)
            stack = [body]
            while stack:
                i = stack.pop()
                if i not in seen:
                    seen.add(i)
                    node = self.model.nodes[i]
                    stack.extend(node.arguments)
                    if node.operator is Operator.FIX:
                        stack.extend(self.model.recursions[node.group].bodies)
            needed = seen & inner
            result.append(sorted(needed))
        return result

    def evaluate(self, universe: Universe, base: Given, wanted: Sequence[int]) -> list[SlicedValue | None]:
        """The values, by node number, of the wanted nodes and of all nodes that they are made of."""
        key = tuple(wanted)
        order = self._orders.get(key)
        if order is None:
            order = self._orders[key] = self._needed(key)
        evaluation = _Evaluation(self, universe, base)
        evaluation.steps(order, {})
        return evaluation.values

    def _needed(self, wanted: Sequence[int]) -> list[int]:
        """The nodes outside recursions that the wanted ones are made of, in order."""
        nodes = self.model.nodes
        needed: set[int] = set()
        stack = list(wanted)
        while stack:
            i = stack.pop()
            if i not in needed:
                needed.add(i)
                stack.extend(nodes[i].arguments)
                if nodes[i].operator is Operator.FIX:
                    recursion = self.model.recursions[nodes[i].group]
                    stack.extend(recursion.bodies)
        return sorted(needed & self.outer)


class _Evaluation:
    def __init__(self, plan: Plan, universe: Universe, base: Given) -> None:
        self.plan = plan
        self.universe = universe
        self.base = base
        self.values: list[SlicedValue | None] = [None] * len(plan.model.nodes)

    def steps(self, order: list[int], solved: dict[int, list[SlicedValue]]) -> None:
        """Evaluate nodes in order.  `solved` holds the recursions that were solved meanwhile."""
        values = self.values
        nodes = self.plan.model.nodes
        functions = self.plan.functions
        universe = self.universe
        for i in order:
            function = functions[i]
            node = nodes[i]
            if function is not None:
                arguments = node.arguments
                if len(arguments) == 2:
                    values[i] = function(universe, values[arguments[0]], values[arguments[1]])
                else:
                    values[i] = function(universe, values[arguments[0]])
            elif node.operator is Operator.BASE:
                values[i] = self.base[node.name]
            elif node.operator is Operator.EMPTY:
                values[i] = self.empty(node.kind)
            elif node.operator is Operator.CONSTANT:
                rows = node.rows
                values[i] = SlicedSet(rows[0]) if node.kind is Kind.SET else universe.relation(list(rows))
            elif node.operator is Operator.CHOICE:
                values[i] = self.base.taken(node.choice, node.options)
            elif node.operator is Operator.PLACE:
                values[i] = self.base.place(node.name)
            elif node.operator is Operator.FIX:
                if node.group not in solved:
                    solved[node.group] = self.solve(node.group)
                values[i] = solved[node.group][node.slot]

    def empty(self, kind: Kind) -> SlicedValue:
        return SlicedSet(0) if kind is Kind.SET else self.universe.nothing

    def solve(self, group: int) -> list[SlicedValue]:
        """The fixpoint of a `let rec`, in rounds from empty, as herd computes it.

        In each candidate, the rounds end when every new value is included in the previous one.  If the
        definitions are monotone, that is the least fixpoint, and a candidate that is done does not change any
        more.  If they are not, a candidate that is done keeps the value of its last round.
        """
        model = self.plan.model
        recursion = model.recursions[group]
        values = self.values
        active = self.universe.full
        for variable in recursion.variables:
            values[variable] = self.empty(model.nodes[variable].kind)
        rounds = 0
        while active:
            rounds += 1
            if rounds > MAXIMUM_ROUNDS and not recursion.monotone:
                raise Unsupported(f"a recursive definition of the model {model.name} does not come to rest")
            grown = 0
            for variable, body, inner in zip(
                recursion.variables, recursion.bodies, self.plan.bodies[group], strict=True
            ):
                self.steps(inner, {})
                old, new = values[variable], values[body]
                grown |= self.growth(old, new)
                values[variable] = new if recursion.monotone else self.chosen(active, new, old)
            active &= grown
        result = []
        for variable in recursion.variables:
            value = values[variable]
            assert value is not None
            result.append(value)
        return result

    def growth(self, old: SlicedValue | None, new: SlicedValue | None) -> int:
        """The candidates in which `new` has a member that `old` does not have."""
        universe = self.universe
        if isinstance(old, SlicedSet) and isinstance(new, SlicedSet):
            if old.must == new.must and old.open == new.open:
                return 0
            return universe.somewhere(universe.set_difference(new, old))
        assert isinstance(old, Sliced)
        assert isinstance(new, Sliced)
        if old.must == new.must and old.open == new.open:
            return 0
        return universe.somewhere(universe.difference(new, old))

    def chosen(self, candidates: int, new: SlicedValue | None, old: SlicedValue | None) -> SlicedValue | None:
        """`new` in the given candidates, `old` in the others."""
        universe = self.universe
        if candidates == universe.full:
            return new
        if isinstance(old, SlicedSet) and isinstance(new, SlicedSet):
            open_set = {}
            for e in range(universe.n):
                x = universe.executes[e]
                n = x if new.must >> e & 1 else new.open.get(e, 0)
                o = x if old.must >> e & 1 else old.open.get(e, 0)
                s = (n & candidates) | (o & ~candidates)
                if s:
                    open_set[e] = s
            return SlicedSet(0, open_set)
        assert isinstance(old, Sliced)
        assert isinstance(new, Sliced)
        out: dict[int, dict[int, int]] = {}
        for e in range(universe.n):
            for f in range(universe.n):
                both = universe.both(e, f)
                n = both if new.must[e] >> f & 1 else new.open.get(e, {}).get(f, 0)
                o = both if old.must[e] >> f & 1 else old.open.get(e, {}).get(f, 0)
                universe.put(out, e, f, (n & candidates) | (o & ~candidates))
        return Sliced([0] * universe.n, out)
