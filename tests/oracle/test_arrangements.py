"""Arrangements: the orders that the compiler may choose on one path, worked out by hand."""

from __future__ import annotations

import pytest
from cases import case
from msgspec.structs import replace

from litmus.oracle.arrangements import Arrangement
from litmus.oracle.executions import Code
from litmus.oracle.paths import extent_of


def arrangements(body: str, table: str = "power", exchange: bool = True, init: str = "") -> list[Arrangement]:
    """Those of P0, one for each path."""
    found = case(f"C t\n{{ {init} }}\nP0(int *x, int *y, int *z) {{ {body} }}\nexists (true)\n", table)
    code = Code(replace(extent_of(found.graph), exchange=exchange))
    return [code.arrangement(path) for path in code.paths[0] if not path.dead]


@pytest.mark.parametrize(
    ("body", "orders"),
    [
        ("*x = 1; *y = 1; *z = 1;", 6),
        ("*x = 1; barrier(); *y = 1; *z = 1;", 2),
        ("WRITE_ONCE(*x, 1); WRITE_ONCE(*y, 1); *z = 1;", 3),
        ("*x = 1; *x = 2; *y = 1;", 3),
        ("int r0 = *x; *y = r0; *z = 1;", 3),
        ("*x = 1; int r0 = *x; *y = r0;", 1),
        ("*x = 1; smp_mb(); *y = 1;", 1),
        ("atomic_inc(x); *y = 1;", 2),  # moved as one, though it is two instructions
    ],
)
def test_the_orders_are_those_that_keep_what_must_stay_in_order(body: str, orders: int) -> None:
    (arrangement,) = [a for a in arrangements(body) if "lxsx" in a.path.relations or "atomic" not in body]
    found = list(arrangement.orders())
    assert len(found) == len(set(found)) == orders
    assert all(arrangement.allows(order) for order in found)
    if orders == 1:
        assert not arrangement.allows(found[0][::-1])


def test_without_the_compiler_there_is_one_order() -> None:
    (arrangement,) = arrangements("*x = 1; *y = 1;", exchange=False)
    assert list(arrangement.orders()) == [arrangement.text]
    assert not arrangement.allows(arrangement.text[::-1])


@pytest.mark.parametrize("table", ["x86", "power", "arm", "aarch64", "riscv"])
def test_an_update_stays_behind_what_it_compares_with_even_if_it_does_not_store(table: str) -> None:
    """The compiler does not know yet whether it will store.  Its assembly needs all operands before it begins."""
    for body in ("cmpxchg_relaxed(y, r0, 5)", "cmpxchg_relaxed(y, 5, r0)"):
        found = arrangements(f"int r0 = *x; int r1 = {body};", table)
        assert len(found) > 1
        assert all(len(list(arrangement.orders())) == 1 for arrangement in found)
        free = arrangements(f"int r0 = *x; int r1 = {body.replace('r0', '6')};", table)
        assert all(len(list(arrangement.orders())) == 2 for arrangement in free)


def test_what_a_branch_decides_stays_behind_it_unless_it_is_a_plain_read() -> None:
    for body, orders in (("*y = 1;", 1), ("int r1 = READ_ONCE(*y);", 1), ("int r1 = *y;", 2)):
        found = arrangements(f"int r0 = READ_ONCE(*x); if (r0) {{ {body} }}")
        assert sorted(len(list(arrangement.orders())) for arrangement in found) == sorted([1, orders])
