"""The orders in which the writes of a cell may stand, as slices: each linear extension is one of them, once."""

from __future__ import annotations

from itertools import permutations

from hypothesis import given
from hypothesis import strategies as st

from litmus.engine.bounds import Group


@st.composite
def precedences(draw: st.DrawFn) -> tuple[int, ...]:
    """For each of up to five slots, the mask of the slots that precede it: transitive, and without circles."""
    before: list[int] = []
    for i in range(draw(st.integers(1, 5))):
        chosen = draw(st.integers(0, (1 << i) - 1))
        for j in range(i):
            if chosen >> j & 1:
                chosen |= before[j]
        before.append(chosen)
    return tuple(before)


def group_of(slots_before: tuple[int, ...]) -> Group:
    slots = range(len(slots_before))
    return Group(tuple(slots), dict(enumerate(slots_before)), tuple((i,) for i in slots), slots_before)


@given(precedences(), st.integers(1, 3))
def test_the_slices_of_pairs_are_those_of_all_linear_extensions(slots_before: tuple[int, ...], unit: int) -> None:
    slots = range(len(slots_before))
    wanted = {
        order
        for order in permutations(slots)
        if all(not slots_before[i] >> j & 1 for at, i in enumerate(order) for j in order[at + 1 :])
    }
    group = group_of(slots_before)
    count, before = group.orders(unit)
    assert count == group.count() == len(wanted)

    def stands_before(i: int, j: int, candidate: int) -> bool:
        return bool(slots_before[j] >> i & 1 or before.get((i, j), 0) >> candidate & 1)

    found = []
    for candidate in range(count * unit):
        behind = {i: sum(stands_before(j, i, candidate) for j in slots if j != i) for i in slots}
        found.append(tuple(sorted(slots, key=behind.__getitem__)))
        assert sorted(behind.values()) == list(slots)
    assert {tuple(found[k : k + unit]) for k in range(0, len(found), unit)} == {(order,) * unit for order in wanted}
    assert all(s < 1 << count * unit for s in before.values())


def test_many_writes_of_one_thread_have_one_order() -> None:
    chain = tuple((1 << i) - 1 for i in range(400))
    assert group_of(chain).orders(7) == (1, {})
