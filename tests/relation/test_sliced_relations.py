"""Each slice of a sliced operation is that operation on the slice, also where events execute by choice."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from slicing import Events, Pairs, World, sliced, with_relations, with_sets, worlds

from litmus.oracle import algebra
from litmus.relation.sliced import Sliced, SlicedSet, Universe

BINARY: dict[str, tuple[Callable[..., Sliced], Callable[[Pairs, Pairs], Pairs]]] = {
    "union": (Universe.union, lambda r, s: r | s),
    "intersection": (Universe.intersection, lambda r, s: r & s),
    "difference": (Universe.difference, lambda r, s: r - s),
    "sequence": (Universe.sequence, lambda r, s: frozenset((e, h) for e, f in r for g, h in s if f == g)),
}

UNARY: dict[str, tuple[Callable[..., Sliced], Callable[[Pairs, Events], Pairs]]] = {
    "inverse": (Universe.inverse, lambda r, events: frozenset((f, e) for e, f in r)),
    "complement": (Universe.complement, lambda r, events: frozenset((e, f) for e in events for f in events) - r),
    "optional": (Universe.optional, lambda r, events: r | {(e, e) for e in events}),
    "plus": (Universe.plus, lambda r, events: closure(r)),
    "star": (Universe.star, lambda r, events: closure(r) | {(e, e) for e in events}),
}

SETS: dict[str, tuple[Callable[..., SlicedSet], Callable[[Events, Events, Events], Events]]] = {
    "union": (Universe.set_union, lambda a, b, events: a | b),
    "intersection": (Universe.set_intersection, lambda a, b, events: a & b),
    "difference": (Universe.set_difference, lambda a, b, events: a - b),
    "complement": (lambda u, a, b: u.set_complement(a), lambda a, b, events: events - a),
}


def closure(r: Pairs) -> Pairs:
    """The smallest transitive relation around r, by its definition."""
    while True:
        more = r | {(e, h) for e, f in r for g, h in r if f == g}
        if more == r:
            return r
        r = more


@pytest.mark.parametrize("name", BINARY)
@settings(max_examples=100, deadline=None)
@given(data=st.data())
def test_each_slice_of_a_binary_operation_is_the_operation_on_the_slices(name: str, data: st.DataObject) -> None:
    world, (a, b) = data.draw(with_relations(2))
    operation, definition = BINARY[name]
    result = operation(world.universe, a, b)
    assert world.is_well_formed(result)
    for c in world.candidates:
        assert world.related(result, c) == definition(world.related(a, c), world.related(b, c))


@pytest.mark.parametrize("name", UNARY)
@settings(max_examples=100, deadline=None)
@given(data=st.data())
def test_each_slice_of_a_unary_operation_is_the_operation_on_the_slice(name: str, data: st.DataObject) -> None:
    world, (a,) = data.draw(with_relations(1))
    operation, definition = UNARY[name]
    result = operation(world.universe, a)
    assert world.is_well_formed(result)
    for c in world.candidates:
        assert world.related(result, c) == definition(world.related(a, c), world.executed[c])


@pytest.mark.parametrize("name", SETS)
@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_each_slice_of_a_set_operation_is_the_operation_on_the_slices(name: str, data: st.DataObject) -> None:
    world, (a, b) = data.draw(with_sets(2))
    operation, definition = SETS[name]
    result = operation(world.universe, a, b)
    assert world.is_well_formed_set(result)
    for c in world.candidates:
        assert world.members(result, c) == definition(world.members(a, c), world.members(b, c), world.executed[c])


@given(with_sets(2))
@settings(max_examples=60, deadline=None)
def test_relations_made_from_sets_are_right_in_each_slice(drawn: tuple[World, list[SlicedSet]]) -> None:
    world, (a, b) = drawn
    identity, product = world.universe.identity(a), world.universe.product(a, b)
    assert world.is_well_formed(identity)
    assert world.is_well_formed(product)
    for c in world.candidates:
        left, right = world.members(a, c), world.members(b, c)
        assert world.related(identity, c) == {(e, e) for e in left}
        assert world.related(product, c) == {(e, f) for e in left for f in right}


@given(with_relations(1))
@settings(max_examples=100, deadline=None)
def test_domain_and_range_are_right_in_each_slice(drawn: tuple[World, list[Sliced]]) -> None:
    world, (a,) = drawn
    domain, codomain = world.universe.domain(a), world.universe.range(a)
    for c in world.candidates:
        assert world.members(domain, c) == {e for e, _ in world.related(a, c)}
        assert world.members(codomain, c) == {f for _, f in world.related(a, c)}


@given(with_relations(1))
@settings(max_examples=150, deadline=None)
def test_a_predicate_fails_in_the_candidates_in_which_it_fails(drawn: tuple[World, list[Sliced]]) -> None:
    world, (a,) = drawn
    universe = world.universe
    cyclic, reflexive, somewhere = universe.cyclic(a), universe.reflexive(a), universe.somewhere(a)
    for c in world.candidates:
        pairs = world.related(a, c)
        assert bool(cyclic >> c & 1) == any(e == f for e, f in closure(pairs))
        assert bool(reflexive >> c & 1) == any(e == f for e, f in pairs)
        assert bool(somewhere >> c & 1) == bool(pairs)
    assert not (cyclic | reflexive | somewhere) & ~universe.full


@given(with_sets(1))
def test_a_set_is_somewhere_where_it_has_a_member(drawn: tuple[World, list[SlicedSet]]) -> None:
    world, (a,) = drawn
    for c in world.candidates:
        assert bool(world.universe.somewhere(a) >> c & 1) == bool(world.members(a, c))


# ---------------------------------------------------------------- laws


def same(world: World, a: Sliced, b: Sliced) -> bool:
    return all(world.related(a, c) == world.related(b, c) for c in world.candidates)


@given(with_relations(3))
@settings(max_examples=100, deadline=None)
def test_the_laws_of_relations_hold(drawn: tuple[World, list[Sliced]]) -> None:
    world, (a, b, c) = drawn
    u = world.universe
    assert same(world, u.inverse(u.sequence(a, b)), u.sequence(u.inverse(b), u.inverse(a)))
    assert same(world, u.sequence(u.sequence(a, b), c), u.sequence(a, u.sequence(b, c)))
    assert same(world, u.sequence(a, u.union(b, c)), u.union(u.sequence(a, b), u.sequence(a, c)))
    assert same(world, u.inverse(u.inverse(a)), a)
    assert same(world, u.plus(u.plus(a)), u.plus(a))
    assert same(world, u.inverse(u.plus(a)), u.plus(u.inverse(a)))
    assert same(world, u.star(a), u.plus(u.optional(a)))
    assert same(world, u.complement(u.union(a, b)), u.intersection(u.complement(a), u.complement(b)))
    assert same(world, u.difference(a, b), u.intersection(a, u.complement(b)))
    assert u.cyclic(a) == u.reflexive(u.plus(a))


@given(with_relations(2))
@settings(max_examples=60, deadline=None)
def test_operations_leave_their_operands_as_they_were(drawn: tuple[World, list[Sliced]]) -> None:
    world, (a, b) = drawn
    u = world.universe
    before = [[world.related(r, c) for c in world.candidates] for r in (a, b)]
    for binary, _ in BINARY.values():
        binary(u, a, b)
        binary(u, a, u.nothing)
        binary(u, u.nothing, b)
    for unary, _ in UNARY.values():
        unary(u, a)
        unary(u, u.nothing)
    u.cyclic(a)
    assert before == [[world.related(r, c) for c in world.candidates] for r in (a, b)]
    assert not any(world.related(u.nothing, c) for c in world.candidates)


@given(st.data())
@settings(max_examples=60, deadline=None)
def test_the_empty_relation_is_nothing_special(data: st.DataObject) -> None:
    """Operations on the shared empty relation and on another one give the same."""
    world = data.draw(worlds())
    u = world.universe
    a = sliced(data.draw, world)
    empty = Sliced([0] * u.n)
    for binary, _ in BINARY.values():
        assert same(world, binary(u, a, u.nothing), binary(u, a, empty))
        assert same(world, binary(u, u.nothing, a), binary(u, empty, a))
    for unary, _ in UNARY.values():
        assert same(world, unary(u, u.nothing), unary(u, empty))


# ---------------------------------------------------------------- the oracle's operators, by the same definitions


@given(with_relations(2))
@settings(max_examples=60, deadline=None)
def test_the_oracle_has_the_same_definitions(drawn: tuple[World, list[Sliced]]) -> None:
    world, (a, b) = drawn
    for c in world.candidates:
        r, s = world.related(a, c), world.related(b, c)
        assert algebra.sequence(r, s) == BINARY["sequence"][1](r, s)
        assert algebra.plus(r) == closure(r)
        assert algebra.inverse(r) == UNARY["inverse"][1](r, world.executed[c])
        assert algebra.domain(r) == {e for e, _ in r}
        assert algebra.codomain(r) == {f for _, f in r}
        assert algebra.is_acyclic(r) == all(e != f for e, f in closure(r))
        assert algebra.is_irreflexive(r) == all(e != f for e, f in r)
