"""Evaluation on bit rows: what an operator makes of sets and relations over a few events.

A set is a mask, a relation is bit rows (litmus.relation.rows).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from msgspec import Struct

from litmus.algebra.complete import complete
from litmus.algebra.operators import RESULTS, Kind, Operator
from litmus.relation.rows import codomain, composed, domain, transitive_closure, transposed

Constant = int | tuple[int, ...]


class Events(Struct, frozen=True):
    """What sets and relations range over: those of the events 0 to size - 1 that are in the mask `present`."""

    size: int
    present: int

    def none(self, kind: Kind) -> Constant:
        """The empty set or relation."""
        return 0 if kind is Kind.SET else (0,) * self.size

    def all(self, kind: Kind) -> Constant:
        """The set of all events, or the relation of all pairs of them."""
        present = self.present
        return present if kind is Kind.SET else tuple(present if present >> e & 1 else 0 for e in range(self.size))

    def within(self, value: Constant) -> Constant:
        """A set or relation without the events that are not present."""
        present = self.present
        if isinstance(value, int):
            return value & present
        return tuple(row & present if present >> e & 1 else 0 for e, row in enumerate(value))

    def applied(self, operator: Operator, kind: Kind, arguments: Sequence[Constant]) -> Constant:
        """The result of an operator, of that kind."""
        return _FUNCTIONS[operator, kind](self, *arguments)

    def _complement(self, rows: tuple[int, ...]) -> Constant:
        return tuple(self.present & ~row if self.present >> e & 1 else 0 for e, row in enumerate(rows))

    def _star(self, rows: tuple[int, ...]) -> Constant:
        return self._optional(tuple(transitive_closure(list(rows))))

    def _optional(self, rows: tuple[int, ...]) -> Constant:
        return tuple(row | self.present & 1 << e for e, row in enumerate(rows))

    def _identity(self, events: int) -> Constant:
        return tuple(events & 1 << e for e in range(self.size))

    def _product(self, left: int, right: int) -> Constant:
        return tuple(right if left >> e & 1 else 0 for e in range(self.size))


_SET, _RELATION = Kind.SET, Kind.RELATION
_FUNCTIONS: dict[tuple[Operator, Kind], Callable[..., Constant]] = complete(
    {
        (Operator.UNION, _SET): lambda _, s, t: s | t,
        (Operator.UNION, _RELATION): lambda _, r, s: tuple(x | y for x, y in zip(r, s, strict=True)),
        (Operator.INTERSECTION, _SET): lambda _, s, t: s & t,
        (Operator.INTERSECTION, _RELATION): lambda _, r, s: tuple(x & y for x, y in zip(r, s, strict=True)),
        (Operator.DIFFERENCE, _SET): lambda _, s, t: s & ~t,
        (Operator.DIFFERENCE, _RELATION): lambda _, r, s: tuple(x & ~y for x, y in zip(r, s, strict=True)),
        (Operator.COMPLEMENT, _SET): lambda events, s: events.present & ~s,
        (Operator.COMPLEMENT, _RELATION): Events._complement,
        (Operator.SEQUENCE, _RELATION): lambda _, r, s: tuple(composed(r, s)),
        (Operator.INVERSE, _RELATION): lambda _, r: tuple(transposed(r)),
        (Operator.PLUS, _RELATION): lambda _, r: tuple(transitive_closure(list(r))),
        (Operator.STAR, _RELATION): Events._star,
        (Operator.OPTIONAL, _RELATION): Events._optional,
        (Operator.IDENTITY, _RELATION): Events._identity,
        (Operator.PRODUCT, _RELATION): Events._product,
        (Operator.DOMAIN, _SET): lambda _, r: domain(r),
        (Operator.RANGE, _SET): lambda _, r: codomain(r),
    },
    RESULTS,
    "evaluation on bit rows",
)


def is_something(value: Constant) -> bool:
    """Whether a set or relation has a member."""
    return any(value) if isinstance(value, tuple) else bool(value)
