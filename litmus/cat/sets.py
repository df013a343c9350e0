"""Sets of values, and values that are taken apart: equality, membership, elements, orders.

A value is compared by what it is in an execution (herd7's interpreter).  Sets and relations are nodes
here: whether two different nodes are equal, and which events are in them, is known only where the
model is compiled for a test (litmus.cat.static).  Without a test, NeedsTest is raised; where even the
test does not say, NeedsExecution.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import product

from litmus.algebra.dag import Facts, NeedsExecution, NeedsTest
from litmus.algebra.operators import Kind
from litmus.cat.algebra import Algebra
from litmus.cat.static import Static, is_within, pairs_of, rows_of
from litmus.cat.values import (
    EMPTY,
    UNIVERSE,
    Classes,
    ClassRelation,
    Closure,
    EventValue,
    Orders,
    PairValue,
    Polymorphic,
    Primitive,
    SetOfValues,
    Tag,
    Term,
    TupleValue,
    Value,
    ValueSet,
    describe,
)
from litmus.diagnostics import InputError, Span, Unsupported
from litmus.relation.rows import bits, transitive_closure
from litmus.relation.rows_evaluation import Constant

MAXIMUM_ORDERS = 20_000  # linear orders that are listed before the model is refused
DEEPEST_VALUE = 30  # tuples and sets of values within each other


class SetsOfValues:
    """What is known of values while a model is compiled, for a test or for all."""

    def __init__(self, facts: Facts | None) -> None:
        self.algebra = Algebra()
        self.static = None if facts is None else Static(self.algebra, facts)
        self.enums: dict[str, tuple[str, ...]] = {}

    # ------------------------------------------------------------ what is known of sets and relations

    def facts(self) -> Static:
        """What is known of the test.  Raises NeedsTest."""
        if self.static is None:
            raise NeedsTest
        return self.static

    def constant(self, node: int) -> Constant:
        """The events or pairs of a node.  Raises NeedsTest and NeedsExecution."""
        value = self.facts().value(node)
        if value is None:
            raise NeedsExecution
        return value

    def events_of(self, node: int) -> int:
        """The events of a set, as a mask."""
        value = self.constant(node)
        assert isinstance(value, int)
        return value

    def rows_of(self, node: int) -> tuple[int, ...]:
        """The pairs of a relation, as bit rows."""
        value = self.constant(node)
        assert isinstance(value, tuple)
        return value

    def is_empty(self, node: int) -> bool:
        """Whether a set or relation is empty."""
        if self.algebra.is_empty(node):
            return True
        value = self.constant(node)
        return not (any(value) if isinstance(value, tuple) else value)

    def events(self, mask: int) -> Term:
        """The set of these events."""
        return Term(Kind.SET, self.algebra.constant(Kind.SET, (mask,)))

    def relation_of(self, rows: tuple[int, ...]) -> Term:
        """The relation of these pairs."""
        return Term(Kind.RELATION, self.algebra.constant(Kind.RELATION, rows))

    def as_constant(self, term: Term) -> Term:
        """A set or relation as what is known of it."""
        if self.algebra.is_empty(term.node):
            return term
        value = self.constant(term.node)
        return self.relation_of(value) if isinstance(value, tuple) else self.events(value)

    def lifted(self, value: Value) -> Value:
        """An event or a pair as the set or relation of it, where herd7 takes it for that."""
        if isinstance(value, EventValue):
            return self.events(1 << value.event)
        if isinstance(value, PairValue):
            return self.relation_of(rows_of([(value.first, value.second)], self.facts().facts.size))
        return value

    # ------------------------------------------------------------ comparisons

    def same(self, left: Value, right: Value, span: Span) -> bool:
        """Whether two values are equal.  Raises InputError at `span` if they cannot be compared."""
        if isinstance(left, Polymorphic | Term | SetOfValues | ClassRelation):
            if EMPTY in (left, right) and UNIVERSE not in (left, right):
                return self._is_nothing(right if left == EMPTY else left, span)
            if isinstance(left, SetOfValues) and isinstance(right, SetOfValues):
                mine, others = self.members(left, span), self.members(right, span)
                return len(mine) == len(others) and all(self.is_among(value, others, span) for value in mine)
        match left, right:
            case Term(), Term() if left.kind is right.kind:
                return left.node == right.node or self.constant(left.node) == self.constant(right.node)
            case Tag(), Tag():
                return left.name == right.name
            case TupleValue(), TupleValue():
                if len(left.items) != len(right.items):
                    return False
                return all(self.same(x, y, span) for x, y in zip(left.items, right.items, strict=True))
            case (EventValue(), EventValue()) | (PairValue(), PairValue()) | (ClassRelation(), ClassRelation()):
                return left == right
            case ((Closure() | Primitive()), (Closure() | Primitive())):
                return left is right
        raise InputError(f"{describe(left)} cannot be compared with {describe(right)}", span)

    def _is_nothing(self, value: Value, span: Span) -> bool:
        match value:
            case Polymorphic():
                return True
            case Term():
                return self.is_empty(value.node)
            case ClassRelation():
                return not value.pairs
            case ValueSet() | Classes() | Orders():
                return not self.members(value, span)
        raise InputError(f"{describe(value)} cannot be compared with the empty set", span)

    def is_subset(self, left: Value, right: Value, span: Span) -> bool:
        """`left subset right`.  Raises InputError at `span` if these are not sets of one type."""
        if left == EMPTY or right == UNIVERSE:
            return True
        if isinstance(left, SetOfValues) and isinstance(right, SetOfValues | Polymorphic):
            others = self.members(right, span)
            return all(self.is_among(value, others, span) for value in self.members(left, span))
        if isinstance(left, Term) and right == EMPTY:
            return self.is_empty(left.node)
        if isinstance(left, Term) and isinstance(right, Term) and left.kind is right.kind:
            return left.node == right.node or is_within(self.constant(left.node), self.constant(right.node))
        raise InputError(f"`subset` compares sets of one type, not {describe(left)} and {describe(right)}", span)

    def is_member(self, value: Value, container: Value, span: Span) -> bool:
        """`value in container`.  Raises InputError at `span` if it is no set of such values."""
        if container == EMPTY:
            return False
        pair = _as_pair(value)
        if isinstance(container, SetOfValues):
            return self.is_among(value, self.members(container, span), span)
        if isinstance(value, EventValue) and (container == UNIVERSE or _is(container, Kind.SET)):
            return container == UNIVERSE or bool(self.events_of(_node(container)) >> value.event & 1)
        if pair is not None and (container == UNIVERSE or _is(container, Kind.RELATION)):
            return container == UNIVERSE or bool(self.rows_of(_node(container))[pair.first] >> pair.second & 1)
        raise InputError(f"{describe(value)} cannot be an element of {describe(container)}", span)

    def is_among(self, value: Value, values: list[Value], span: Span) -> bool:
        """Whether a value is one of several."""
        return any(self.same(value, other, span) for other in values)

    # ------------------------------------------------------------ sets of values

    def members(self, value: Value, span: Span) -> list[Value]:
        """The elements of a set of values, each once."""
        match value:
            case ValueSet():
                return self._distinct(value.items, span)
            case Classes():
                return [self.events(mask) for mask in self._classes(value.events)]
            case Orders():
                return self._orders(value, span)
            case Polymorphic(full=False):
                return []
        raise InputError(f"a set of values is expected here, but this is {describe(value)}", span)

    def _distinct(self, items: tuple[Value, ...], span: Span) -> list[Value]:
        candidates = list(dict.fromkeys(items))
        if len(candidates) > 1 and all(isinstance(item, Term) for item in candidates):
            # Orders come in thousands: they are told apart by what they are, and not each from each other.
            known: dict[tuple[Kind, Constant], Value] = {}
            for item in candidates:
                assert isinstance(item, Term)
                known.setdefault((item.kind, self.constant(item.node)), item)
            return list(known.values())
        found: list[Value] = []
        for item in candidates:
            if not self.is_among(item, found, span):
                found.append(item)
        return found

    def set_of_values(self, items: list[Value], span: Span) -> Value:
        """`{a, b, ...}`: of events a set of events, of pairs a relation, else a set of values."""
        if not items:
            return EMPTY
        if UNIVERSE in items:
            raise InputError("the universe cannot be an element of a set", span)
        refuse_deep(items, span)
        types = {_element_type(item) for item in items} - {"nothing"}
        if len(types) > 1:
            raise InputError(f"the elements of a set are of one type, not {' and '.join(sorted(types))}", span)
        if types == {"an event"}:
            return self.events(sum(1 << event for event in {i.event for i in items if isinstance(i, EventValue)}))
        if types == {"a pair of events"}:
            pairs = [(i.first, i.second) for i in items if isinstance(i, PairValue)]
            return self.relation_of(rows_of(pairs, self.facts().facts.size))
        return ValueSet(tuple(items))

    def with_element(self, value: Value, container: Value, span: Span) -> Value:
        """`value ++ container`.  Raises InputError at `span` if it is no set of such values."""
        pair = _as_pair(value)
        if value != UNIVERSE:
            if container == UNIVERSE:
                return UNIVERSE
            if container == EMPTY:
                return self.set_of_values([value], span)
            if isinstance(container, SetOfValues):
                return self.set_of_values([value, *self.listed(container, span)], span)
            if isinstance(value, EventValue) and _is(container, Kind.SET):
                added = self.events(1 << value.event)
                return Term(Kind.SET, self.algebra.union(added.node, _node(container)))
            if pair is not None and _is(container, Kind.RELATION):
                added = self.relation_of(rows_of([(pair.first, pair.second)], self.facts().facts.size))
                return Term(Kind.RELATION, self.algebra.union(added.node, _node(container)))
        raise InputError(f"{describe(value)} cannot be added to {describe(container)}", span)

    def listed(self, value: Value, span: Span) -> list[Value]:
        """The elements of a set of values, perhaps more than once."""
        return list(value.items) if isinstance(value, ValueSet) else self.members(value, span)

    def combined(self, operator: str, left: Value, right: Value, span: Span) -> Value:
        """`|`, `&` or `\\` of two sets of values; a tag stands for the set of it, `_` for all tags."""
        left, right = (ValueSet((side,)) if isinstance(side, Tag) else side for side in (left, right))
        left, right = self._tags_of(left, right, span), self._tags_of(right, left, span)
        allowed = (ValueSet, Classes, Orders)
        for side in (left, right):
            if not isinstance(side, allowed) and side != EMPTY:
                message = f"`{operator}` of {describe(left)} and {describe(right)}: they must be of one type"
                raise InputError(message, span)
        if operator == "|":
            return self.set_of_values(self.listed(left, span) + self.listed(right, span), span)
        mine, others = self.members(left, span), self.members(right, span)
        kept = [value for value in mine if self.is_among(value, others, span) is (operator == "&")]
        return ValueSet(tuple(kept))

    def _tags_of(self, value: Value, other: Value, span: Span) -> Value:
        """The universe as the set of all tags of the other operand's enumeration."""
        if value != UNIVERSE:
            return value
        return self.all_tags(other, span)

    def all_tags(self, like: Value, span: Span) -> ValueSet:
        """All tags of the enumeration that the elements of a set belong to."""
        if isinstance(like, ValueSet):
            for item in like.items:
                if isinstance(item, Tag):
                    return ValueSet(tuple(Tag(item.enum, name) for name in self.enums[item.enum]))
        raise InputError("only sets of tags have a universe", span)

    # ------------------------------------------------------------ elements

    def taken_apart(self, value: Value, span: Span) -> tuple[Value, Value] | None:
        """An element of a set and the set of the others; None if it is empty.

        The element is the first one: events are taken in the order of their numbers.
        """
        if isinstance(value, Term):
            if self.is_empty(value.node):
                return None
            if value.kind is Kind.SET:
                mask = self.events_of(value.node)
                first = mask & -mask
                return EventValue(first.bit_length() - 1), self.events(mask ^ first)
            rows = self.rows_of(value.node)
            e, f = pairs_of(rows)[0]
            rest = (*rows[:e], rows[e] ^ 1 << f, *rows[e + 1 :])
            return PairValue(e, f), self.relation_of(rest)
        if value == UNIVERSE:
            raise InputError("the universe cannot be taken apart", span)
        elements = self.members(value, span)
        return (elements[0], ValueSet(tuple(elements[1:]))) if elements else None

    def split(self, value: Value, span: Span) -> tuple[Value, Value, Value] | None:
        """The elements before one in the middle, that one, and those after it; None if there are none."""
        if isinstance(value, Term):
            if self.is_empty(value.node):
                return None
            if value.kind is Kind.SET:
                numbers = list(bits(self.events_of(value.node)))
                middle = len(numbers) // 2
                before = self.events(sum(1 << e for e in numbers[:middle]))
                after = self.events(sum(1 << e for e in numbers[middle + 1 :]))
                return before, EventValue(numbers[middle]), after
            pairs = pairs_of(self.rows_of(value.node))
            middle = len(pairs) // 2
            size = self.facts().facts.size
            halves = (self.relation_of(rows_of(part, size)) for part in (pairs[:middle], pairs[middle + 1 :]))
            return next(halves), PairValue(*pairs[middle]), next(halves)
        elements = self.members(value, span)
        if not elements:
            return None
        middle = len(elements) // 2
        return ValueSet(tuple(elements[:middle])), elements[middle], ValueSet(tuple(elements[middle + 1 :]))

    # ------------------------------------------------------------ locations and orders

    def _classes(self, events: int) -> list[int]:
        """The events of a set, by location."""
        if self.algebra.is_empty(events):
            return []
        location = self.rows_of(self.algebra.base("loc", Kind.RELATION))
        return [mask for mask in _partition(self.events_of(events), location) if mask]

    def _orders(self, orders: Orders, span: Span) -> list[Value]:
        per_location: list[Value] = [
            self.linear_orders(mask, orders.relation, span) for mask in self._classes(orders.events)
        ]
        if not orders.combined:
            return per_location
        choices = [self.members(value, span) for value in per_location]
        found: list[Value] = []
        for chosen in product(*choices):
            union = self.algebra.empty(Kind.RELATION)
            for order in chosen:
                union = self.algebra.union(union, _node(order))
            found.append(Term(Kind.RELATION, union))
        return found

    def linear_orders(self, events: int, relation: int, span: Span) -> Value:
        """linearisations: the strict total orders of the events of a mask that extend a relation."""
        numbers = list(bits(events))
        empty = not numbers or self.algebra.is_empty(relation)
        rows = [] if self.static is not None and empty else transitive_closure(list(self.rows_of(relation)))
        size = self.facts().facts.size
        before = {e: sum(1 << f for f in numbers if rows and rows[f] >> e & 1) for e in numbers}
        orders: list[Value] = []
        for order in linear_extensions(events, before):
            if len(orders) == MAXIMUM_ORDERS:
                raise Unsupported(f"there are more than {MAXIMUM_ORDERS} linearisations", span)
            pairs = [(e, f) for i, e in enumerate(order) for f in order[i + 1 :]]
            orders.append(self.relation_of(rows_of(pairs, size)))
        return ValueSet(tuple(orders))


def refuse_deep(items: Sequence[Value], span: Span) -> None:
    """Raises Unsupported at `span` where values are nested too deeply to be compared."""
    level = list(items)
    for _ in range(DEEPEST_VALUE + 1):
        nested = {id(item): item for item in level if isinstance(item, TupleValue | ValueSet)}  # each once
        if not nested:
            return
        level = [item for value in nested.values() for item in value.items]
    raise Unsupported("tuples and sets are nested too deeply here", span, f"{DEEPEST_VALUE} may stand in each other")


def linear_extensions(events: int, before: dict[int, int]) -> Iterator[tuple[int, ...]]:
    """The orders of the events of a mask in which each comes after those of before[e]."""
    order: list[int] = []
    left = events
    candidates = [bits(left)]  # for each place of the order so far and the next one, the events not yet tried there
    while candidates:
        if not left:
            yield tuple(order)
        e = next((e for e in candidates[-1] if not before[e] & left), None)
        if e is not None:
            order.append(e)
            left ^= 1 << e
            candidates.append(bits(left))
            continue
        candidates.pop()
        if order:
            left ^= 1 << order.pop()


def _partition(events: int, equivalence: tuple[int, ...]) -> Iterator[int]:
    """The classes of some events."""
    while events:
        first = (events & -events).bit_length() - 1
        together = (equivalence[first] | 1 << first) & events
        yield together if equivalence[first] >> first & 1 else 0
        events &= ~together


def _is(value: Value, kind: Kind) -> bool:
    return isinstance(value, Term) and value.kind is kind


def _node(value: Value) -> int:
    assert isinstance(value, Term)
    return value.node


def _as_pair(value: Value) -> PairValue | None:
    """A pair, also where it was written as a tuple of two events."""
    if isinstance(value, PairValue):
        return value
    if isinstance(value, TupleValue) and len(value.items) == 2:
        first, second = value.items
        if isinstance(first, EventValue) and isinstance(second, EventValue):
            return PairValue(first.event, second.event)
    return None


def _element_type(value: Value) -> str:
    """Elements of one set have one type."""
    if value == EMPTY:
        return "nothing"
    if isinstance(value, Tag):
        return f"a tag of {value.enum}"
    return describe(value)
