"""Records behave as the standard library's dataclasses do, in everything that is used of them."""

from __future__ import annotations

import copy
import dataclasses
import pickle

import pytest

from litmus import records


@records.dataclass(frozen=True, slots=True)
class Point:
    x: int
    y: int = 0
    names: tuple[str, ...] = records.field(default_factory=lambda: ("p",))


@records.dataclass(frozen=True, slots=True, eq=False)
class Identity:
    x: int


@records.dataclass(slots=True)
class Mutable:
    x: int
    seen: list[int] = records.field(default_factory=list)
    twice: int = records.field(init=False)

    def __post_init__(self) -> None:
        self.twice = 2 * self.x


@records.dataclass(frozen=True)
class Base:
    x: int


@records.dataclass(frozen=True)
class Derived(Base):
    y: int = 1


def test_fields_are_given_by_place_by_name_or_by_default():
    assert (Point(1).x, Point(1).y, Point(1, 2).y, Point(y=3, x=1).y, Point(1).names) == (1, 0, 2, 3, ("p",))
    with pytest.raises(TypeError):
        Point()
    with pytest.raises(TypeError):
        Point(1, z=2)


def test_equal_fields_make_equal_records_of_one_class():
    assert Point(1) == Point(1, 0)
    assert Point(1) != Point(2)
    assert Point(1) != (1, 0, ("p",))
    assert Base(1) != Derived(1)
    assert hash(Point(1)) == hash(Point(1, 0))
    assert len({Point(1), Point(1, 0), Point(2)}) == 2


def test_without_eq_a_record_equals_only_itself():
    one, other = Identity(1), Identity(1)
    assert one != other
    assert len({one, other, one}) == 2


def test_mutable_records_are_not_hashed_and_do_not_share_defaults():
    one, other = Mutable(1), Mutable(1)
    one.seen.append(5)
    assert other.seen == []
    assert one != other
    assert one.twice == 2
    with pytest.raises(TypeError, match="unhashable"):
        hash(one)


def test_slots_leave_no_room_for_other_attributes():
    with pytest.raises(AttributeError):
        Mutable(1).other = 2


def test_records_are_printed_matched_copied_and_pickled():
    assert repr(Point(1, 2)) == "Point(x=1, y=2, names=('p',))"
    match Point(1, 2):
        case Point(x, y):
            assert (x, y) == (1, 2)
    assert copy.copy(Point(1, 2)) == Point(1, 2)
    assert pickle.loads(pickle.dumps(Point(1, 2))) == Point(1, 2)


@pytest.mark.parametrize("module", [records, dataclasses])
def test_replace_and_fields_work_from_here_and_from_the_standard_library(module):
    assert module.replace(Point(1, 2), y=3) == Point(1, 3)
    assert module.replace(Mutable(1), x=4).twice == 8
    assert [f.name for f in module.fields(Derived(1))] == ["x", "y"]
    assert [f.name for f in module.fields(Point)] == ["x", "y", "names"]
    assert module.is_dataclass(Point(1))
    assert not module.is_dataclass(1)


def test_a_derived_record_has_the_fields_of_its_base():
    assert (Derived(1).x, Derived(1).y, Derived(1, 2).y) == (1, 1, 2)
