"""Settling decisions: where rounds without effect are left out, many decisions can go one way only.

A store-conditional whose failure leads back to the head of its loop succeeds, and the read that a lock is taken by
finds the lock free.  Such a decision is no choice any more: its condition becomes an assumption, and the guards do
without it.
"""

from __future__ import annotations

from msgspec.structs import replace

from litmus.program.draft import Draft
from litmus.program.graph import Assumption, Decision, Event, Leaf
from litmus.program.guards import ALWAYS, NEVER
from litmus.program.values import Expr, Op, When, choice, operations


class Settled:
    """A draft in terms of the decisions that are still open.

    ways: for each decision of the draft, the way that it always goes, or its number.  possible: where no round is left
    out.
    """

    def __init__(self, draft: Draft, possible: int, ways: dict[int, int | bool]) -> None:
        self.guards = draft.guards
        self.possible = possible
        self.ways = ways
        self.unchanged = possible == ALWAYS
        self._guards: dict[int, int] = {}
        self._expressions: dict[int, tuple[Expr, Expr]] = {}  # by id(), with the expression itself to keep it alive
        self.decisions = tuple(
            [self._decision(decision) for d, decision in enumerate(draft.decisions) if not isinstance(ways[d], bool)]
        )
        self.assumptions = tuple(self._assumptions(draft))

    def guard(self, guard: int) -> int:
        """A guard in terms of the open decisions."""
        if self.unchanged or guard == ALWAYS:
            return guard
        found = self._guards.get(guard)
        if found is None:
            simpler = self.guards.given(guard, self.possible)
            found = self._guards[guard] = self.guards.replaced(simpler, self.ways)
        return found

    def number(self, decision: int) -> int | None:
        """The new number of a decision; None if it is not open."""
        way = self.ways[decision]
        return None if isinstance(way, bool) else way

    def expression(self, expr: Expr | None) -> Expr | None:
        """An expression in terms of the open decisions."""
        if self.unchanged or not isinstance(expr, Op):
            return expr
        for op in operations(expr):
            if id(op) not in self._expressions:
                args = tuple([self._expressions[id(a)][1] if isinstance(a, Op) else a for a in op.args])
                if op.name == "choice":
                    when = args[0]
                    assert isinstance(when, When)
                    guard = self.guard(when.guard)
                    new = args[1] if guard == ALWAYS else args[2] if guard == NEVER else choice(guard, *args[1:])
                else:
                    new = op if all(a is b for a, b in zip(args, op.args, strict=True)) else Op(op.name, args)
                self._expressions[id(op)] = op, new
        return self._expressions[id(expr)][1]

    def event(self, event: Event) -> Event:
        """An event in terms of the open decisions."""
        if self.unchanged:
            return event
        return replace(
            event,
            guard=self.guard(event.guard),
            address=self.expression(event.address),
            value=self.expression(event.value),
            held=tuple([(name, self.expression(value)) for name, value in event.held]),
        )

    def leaf(self, leaf: Leaf) -> Leaf:
        """The end of a path in terms of the open decisions."""
        if self.unchanged:
            return leaf
        registers = {name: self.expression(value) for name, value in leaf.registers.items()}
        return Leaf(self.guard(leaf.guard), {name: value for name, value in registers.items() if value is not None})

    def _decision(self, decision: Decision) -> Decision:
        return Decision(self.expression(decision.condition), self.guard(decision.guard), decision.span)

    def _assumptions(self, draft: Draft) -> list[Assumption]:
        found = [Assumption(self.expression(a.condition) or 0, self.guard(a.guard)) for a in draft.assumptions]
        for d, decision in enumerate(draft.decisions):
            way = self.ways[d]
            condition = self.expression(decision.condition)
            if isinstance(way, bool) and condition is not None:
                found.append(Assumption(condition if way else Op("lnot", (condition,)), self.guard(decision.guard)))
        # What is simplified for where no round is left out may hold elsewhere, too.
        found.append(Assumption(0, self.guards.replaced(self.guards.negation(self.possible), self.ways)))
        return [assumption for assumption in found if assumption.guard != NEVER]


def settled(draft: Draft) -> Settled:
    """What a draft becomes when the rounds without effect are left out of it."""
    guards = draft.guards
    possible = ALWAYS
    if draft.unrolling.idle == "left out":
        for guard, _ in draft.waits:
            possible = guards.without(possible, guard)
    ways: dict[int, int | bool] = {}
    count = 0
    for d, decision in enumerate(draft.decisions):
        refused, taken = (guards.both(decision.guard, guards.literal(d, way)) for way in (False, True))
        if possible != ALWAYS and guards.exclude(taken, possible):
            ways[d] = False
        elif possible != ALWAYS and guards.exclude(refused, possible):
            ways[d] = True
        else:
            ways[d] = count
            count += 1
    return Settled(draft, possible, ways)
