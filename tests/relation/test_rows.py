"""Bit rows and sets of pairs say the same."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from litmus.relation.rows import Rows, bits, codomain, composed, domain, on_cycles, transitive_closure, transposed

Pairs = set[tuple[int, int]]


def relations(number: int) -> st.SearchStrategy[list[Rows]]:
    """So many relations over the same events."""
    return st.integers(1, 7).flatmap(
        lambda n: st.lists(
            st.lists(st.integers(0, (1 << n) - 1), min_size=n, max_size=n), min_size=number, max_size=number
        )
    )


def pairs(rows: Rows) -> Pairs:
    return {(e, f) for e, row in enumerate(rows) for f in bits(row)}


def closure(r: Pairs) -> Pairs:
    while True:
        more = r | {(e, h) for e, f in r for g, h in r if f == g}
        if more == r:
            return r
        r = more


@given(st.integers(0, 1 << 70))
def test_bits_are_the_powers_of_two_that_add_up_to_the_mask(mask: int) -> None:
    found = list(bits(mask))
    assert sum(1 << b for b in found) == mask
    assert found == sorted(found)


@given(relations(2))
def test_composition_and_inverse_are_those_of_sets_of_pairs(drawn: list[Rows]) -> None:
    a, b = drawn
    assert pairs(composed(a, b)) == {(e, h) for e, f in pairs(a) for g, h in pairs(b) if f == g}
    assert pairs(transposed(a)) == {(f, e) for e, f in pairs(a)}
    assert transposed(composed(a, b)) == composed(transposed(b), transposed(a))


@given(relations(1))
def test_the_transitive_closure_is_the_smallest_transitive_relation(drawn: list[Rows]) -> None:
    (a,) = drawn
    before = a.copy()
    assert pairs(transitive_closure(a)) == closure(pairs(a))
    assert a == before


@given(relations(1))
def test_domain_and_codomain_are_masks_of_the_ends_of_pairs(drawn: list[Rows]) -> None:
    (a,) = drawn
    assert set(bits(domain(a))) == {e for e, _ in pairs(a)}
    assert set(bits(codomain(a))) == {f for _, f in pairs(a)}


@given(relations(1))
def test_what_is_left_after_peeling_is_between_cycles(drawn: list[Rows]) -> None:
    """Every event on a cycle is left.  Every event that is left has a cycle before it and a cycle after it."""
    (a,) = drawn
    after = closure(pairs(a))
    looping = {e for e, f in after if e == f}
    between = {
        e
        for e in range(len(a))
        if any((c == e or (c, e) in after) for c in looping) and any((e == c or (e, c) in after) for c in looping)
    }
    assert set(bits(on_cycles(a))) == between
