"""Values and expressions: folding an expression never changes what it means."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from litmus.program.values import OPERATORS, Address, Expr, Op, ReadOf, Value, ValueFault, apply, simplify, spell, wrap

INTEGERS = st.one_of(
    st.integers(-3, 3),
    st.sampled_from([7, 8, 31, 32, 63, 64, 255, 2**31 - 1, 2**31, -(2**31), 2**32, 2**63 - 1, -(2**63)]),
    st.integers(-(2**63), 2**63 - 1),
)
ADDRESSES = st.builds(Address, st.sampled_from("xy"), st.sampled_from([0, 4, 8]))
VALUES = st.one_of(INTEGERS, ADDRESSES)
READS = 3


def _applied(arguments: st.SearchStrategy[Expr]) -> st.SearchStrategy[Expr]:
    def of(name: str) -> st.SearchStrategy[Expr]:
        return st.tuples(*[arguments] * OPERATORS[name][0]).map(lambda args: Op(name, args))

    return st.sampled_from(sorted(OPERATORS)).flatmap(of)


EXPRESSIONS = st.recursive(
    st.one_of(INTEGERS, ADDRESSES, st.integers(0, READS - 1).map(ReadOf)), _applied, max_leaves=8
)


def evaluated(expr: Expr, reads: list[Value]) -> Value:
    """The value of an expression, computed without folding."""
    if isinstance(expr, ReadOf):
        return reads[expr.event]
    if isinstance(expr, Op):
        return apply(expr.name, tuple(evaluated(a, reads) for a in expr.args))
    assert isinstance(expr, int | Address)
    return expr


def folded(expr: Expr) -> Expr:
    """The expression, simplified from its leaves up."""
    return simplify(expr.name, tuple(folded(a) for a in expr.args)) if isinstance(expr, Op) else expr


@given(EXPRESSIONS, st.lists(VALUES, min_size=READS, max_size=READS))
@settings(max_examples=300, deadline=None)
def test_a_simplified_expression_has_the_value_of_the_expression(expr: Expr, reads: list[Value]) -> None:
    """This holds if the expression has a value.  If it has none, the simplified one may still have one (r ^ r)."""
    try:
        value = evaluated(expr, reads)
    except ValueFault:
        return
    assert evaluated(folded(expr), reads) == value


@given(EXPRESSIONS)
@settings(max_examples=300, deadline=None)
def test_simplifying_again_changes_nothing(expr: Expr) -> None:
    try:
        once = folded(expr)
    except ValueFault:
        return
    assert folded(once) == once


@pytest.mark.parametrize("name", sorted(OPERATORS))
@given(data=st.data())
@settings(max_examples=60, deadline=None)
def test_operators_keep_numbers_in_64_bits(name: str, data: st.DataObject) -> None:
    arguments = tuple(data.draw(INTEGERS) for _ in range(OPERATORS[name][0]))
    try:
        result = apply(name, arguments)
    except ValueFault:
        assert name in ("div", "divu", "mod", "modu")
        assert arguments[1] == 0
        return
    assert isinstance(result, int)
    assert result == wrap(result)


@pytest.mark.parametrize(
    ("name", "arguments", "result"),
    [
        ("add", (2**63 - 1, 1), -(2**63)),
        ("sub", (-(2**63), 1), 2**63 - 1),
        ("div", (-7, 2), -3),  # C truncates towards zero
        ("mod", (-7, 2), -1),
        ("divu", (-1, 2), 2**63 - 1),
        ("modu", (-1, 10), 5),  # 2^64 - 1 ends in 5
        ("mulh", (-1, 1), -1),
        ("mulh", (-(2**63), -(2**63)), 2**62),
        ("mulhu", (-1, -1), -2),
        ("clz", (1,), 63),
        ("clz", (0,), 64),
        ("clz", (-1,), 0),
        ("rbit", (1,), -(2**63)),
        ("rbit", (-(2**63),), 1),
        ("popcount", (-1,), 64),
        ("shr", (-1, 63), 1),
        ("sar", (-8, 1), -4),
        ("shl", (1, 63), -(2**63)),
        ("ltu", (1, -1), 1),
        ("lt", (1, -1), 0),
        ("geu", (-1, 1), 1),
        ("sext8", (0xFF,), -1),
        ("zext8", (-1,), 0xFF),
        ("sext32", (2**31,), -(2**31)),
        ("zext32", (-1,), 2**32 - 1),
        ("lnot", (5,), 0),
        ("not", (0,), -1),
        ("andnot", (0b110, 0b010), 0b100),
        ("ite", (-1, 3, 4), 3),
    ],
)
def test_operators_are_those_of_two_s_complement_and_of_c(name: str, arguments: tuple[int, ...], result: int) -> None:
    assert apply(name, arguments) == result


@pytest.mark.parametrize(
    ("name", "arguments", "result"),
    [
        ("add", (Address("x", 4), 4), Address("x", 8)),
        ("add", (4, Address("x")), Address("x", 4)),
        ("sub", (Address("x", 8), 4), Address("x", 4)),
        ("sub", (Address("x", 8), Address("x", 4)), 4),
        ("eq", (Address("x"), Address("y")), 0),
        ("ne", (Address("x"), 0), 1),
        ("lnot", (Address("x"),), 0),
        ("xor", (Address("x"), Address("x")), 0),
        ("lt", (Address("x"), Address("x", 4)), 1),
        ("ite", (Address("x"), 1, 2), 1),
        ("zext32", (Address("x"),), Address("x")),
        ("and", (Address("x"), -1), Address("x")),
    ],
)
def test_addresses_are_moved_compared_and_chosen(name: str, arguments: tuple[Value, ...], result: Value) -> None:
    assert apply(name, arguments) == result


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("mul", (Address("x"), 2)),
        ("add", (Address("x"), Address("y"))),
        ("sub", (Address("x"), Address("y"))),
        ("sub", (1, Address("x"))),
        ("lt", (Address("x"), Address("y"))),
        ("lt", (Address("x"), 5)),
        ("eq", (Address("x"), 5)),
        ("neg", (Address("x"),)),
        ("div", (1, 0)),
        ("mod", (1, 0)),
    ],
)
def test_what_has_no_meaning_is_a_fault(name: str, arguments: tuple[Value, ...]) -> None:
    with pytest.raises(ValueFault):
        apply(name, arguments)


@given(INTEGERS, st.sampled_from([8, 16, 32, 64]))
def test_wrapping_keeps_a_number_modulo_its_width_and_signed(value: int, bits: int) -> None:
    result = wrap(value, bits)
    assert (result - value) % (1 << bits) == 0
    assert -(1 << bits - 1) <= result < 1 << bits - 1


def test_a_false_dependency_is_folded_away() -> None:
    read = ReadOf(0)
    assert simplify("xor", (read, read)) == 0
    assert simplify("add", (Address("x"), simplify("sub", (read, read)))) == Address("x")
    assert simplify("add", (read, 1)) == Op("add", (read, 1))


def test_addresses_are_spelled_by_variable_and_offset() -> None:
    assert [spell(v) for v in (3, -1, Address("x"), Address("t", 4))] == ["3", "-1", "x", "t+4"]
