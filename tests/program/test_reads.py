"""Sets of reads that something depends on: in any case, by a pick, or on some ways only."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from litmus.program.guards import ALWAYS, NEVER, Guards
from litmus.program.reads import NO_READS, Reads, as_picks, read_of, together, where_ways_meet

A, B, C = 0, 1, 2  # reads


def always(event: int) -> int:
    """Every read executes."""
    return ALWAYS


def under(guards: Guards, reads: Reads) -> dict[tuple[int, bool], int]:
    """For each read, and whether it is a pick, the guard under which something depends on it."""
    found: dict[tuple[int, bool], int] = {}
    for r, picked, guard in reads.each():
        found[r, picked] = guards.either(found.get((r, picked), NEVER), guard)
    return found


def test_a_value_computed_from_two_depends_on_the_reads_of_both() -> None:
    guards = Guards()
    d = guards.literal(0, True)
    one = Reads(1 << A, 0, {(B, False): d})
    other = Reads(0, 1 << A, {(B, False): guards.negation(d), (C, True): d})
    both = together(guards, one, other)
    assert both == Reads(1 << A, 1 << A, {(B, False): ALWAYS, (C, True): d})
    assert together(guards, one, NO_READS) is one
    assert together(guards, NO_READS, one) is one
    assert together(guards, one, read_of(B)) == Reads(1 << A | 1 << B)


def test_what_is_selected_depends_by_a_pick() -> None:
    guards = Guards()
    d = guards.literal(0, True)
    reads = Reads(1 << A, 1 << B, {(C, False): d, (A, True): d})
    assert under(guards, as_picks(guards, reads)) == {(A, True): ALWAYS, (B, True): ALWAYS, (C, True): d}


def test_a_read_and_a_pick_of_one_read_are_two_things() -> None:
    guards = Guards()
    d = guards.literal(0, True)
    reads = Reads(0, 0, {(C, False): d, (C, True): guards.negation(d)})
    assert under(guards, as_picks(guards, reads)) == {(C, True): ALWAYS}


def test_outside_drops_the_reads_of_a_mask() -> None:
    reads = Reads(1 << A | 1 << B, 1 << A, {(C, True): 5, (A, False): 6})
    assert reads.outside(1 << A) == Reads(1 << B, 0, {(C, True): 5})
    assert reads.outside(1 << 7) is reads
    assert reads.all() == 1 << A | 1 << B | 1 << C


def test_a_dependency_on_one_way_holds_under_the_guard_of_that_way() -> None:
    guards = Guards()
    d = guards.literal(0, True)
    met = where_ways_meet(guards, ((d, read_of(A)), (guards.negation(d), read_of(B))), always)
    assert met == Reads(0, 0, {(A, False): d, (B, False): guards.negation(d)})


def test_a_dependency_on_both_ways_needs_no_guard() -> None:
    guards = Guards()
    d = guards.literal(0, True)
    ways = (d, Reads(1 << A | 1 << B)), (guards.negation(d), Reads(1 << A, 1 << B))
    assert where_ways_meet(guards, ways, always) == Reads(1 << A, 0, {(B, False): d, (B, True): guards.negation(d)})


def test_a_read_that_executes_on_one_way_only_needs_no_guard_beside_its_own() -> None:
    guards = Guards()
    d = guards.literal(0, True)
    met = where_ways_meet(guards, ((d, read_of(A)), (guards.negation(d), NO_READS)), lambda _: d)
    assert met == read_of(A)


def test_a_guard_says_only_what_the_way_here_and_the_read_leave_open() -> None:
    """The ways meet on one way of an earlier branch: its decision is known there."""
    guards = Guards()
    outer, inner = guards.literal(0, True), guards.literal(1, True)
    ways = (guards.both(outer, inner), read_of(A)), (guards.without(outer, inner), NO_READS)
    assert where_ways_meet(guards, ways, always) == Reads(0, 0, {(A, False): inner})


EACH = st.dictionaries(st.tuples(st.integers(0, 2), st.booleans()), st.sampled_from([0, 2, 3, 4, 5]), max_size=4)


@given(EACH, EACH, st.lists(st.sampled_from([ALWAYS, 2, 3]), min_size=3, max_size=3))
def test_where_ways_meet_nothing_is_lost_or_added(
    one: dict[tuple[int, bool], int], other: dict[tuple[int, bool], int], executing: list[int]
) -> None:
    guards = Guards()
    for decision in (0, 1):  # guards 2 to 5
        for value in (False, True):
            guards.literal(decision, value)
    way = guards.literal(2, True)
    ways = (way, Reads(0, 0, one)), (guards.negation(way), Reads(0, 0, other))
    met = under(guards, where_ways_meet(guards, ways, executing.__getitem__))
    for key in {(r, picked) for r in range(3) for picked in (False, True)}:
        expected = guards.either(guards.both(way, one.get(key, NEVER)), guards.without(other.get(key, NEVER), way))
        executes = executing[key[0]]
        assert guards.both(met.get(key, NEVER), executes) == guards.both(expected, executes)
