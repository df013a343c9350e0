"""Infix expressions: C's precedence, operators on unsigned numbers, and what is no expression."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from litmus.isa.infix import expression, registers_of, settled
from litmus.program.values import OPERATORS, Expr, Op, Reg, Value, ValueFault, apply

SIGNS = {
    "mul": "*", "div": "/", "divu": "/u", "mod": "%", "modu": "%u", "add": "+", "sub": "-", "shl": "<<", "sar": ">>",
    "shr": ">>u", "lt": "<", "le": "<=", "gt": ">", "ge": ">=", "ltu": "<u", "leu": "<=u", "gtu": ">u", "geu": ">=u",
    "eq": "==", "ne": "!=", "and": "&", "xor": "^", "or": "|",
}  # fmt: skip


@pytest.mark.parametrize(
    ("text", "same"),
    [
        ("a + b * c", "a + (b * c)"),
        ("a - b - c", "(a - b) - c"),
        ("a / b % c", "(a / b) % c"),
        ("a << b + 1", "a << (b + 1)"),
        ("a >>u 64 - b << 3", "(a >>u (64 - b)) << 3"),
        ("a < b == c", "(a < b) == c"),
        ("a <u b << 2", "a <u (b << 2)"),
        ("a & b == c", "a & (b == c)"),
        ("a & b ^ c | d", "((a & b) ^ c) | d"),
        ("a | b & c", "a | (b & c)"),
        ("a | b ? c : d", "(a | b) ? c : d"),
        ("a ? b : c ? d : e", "a ? b : (c ? d : e)"),
        ("a ? b ? c : d : e", "a ? (b ? c : d) : e"),
        ("-a * b", "(-a) * b"),
        ("!a == b", "(!a) == b"),
        ("~a & b", "(~a) & b"),
        ("a - -1", "a - (-1)"),
        (".cr0.lt?0x10:2", "(.cr0.lt) ? (16) : (2)"),
    ],
)
def test_operators_bind_as_in_c(text: str, same: str) -> None:
    assert expression(text) == expression(same)


def test_names_numbers_and_calls_are_what_they_say() -> None:
    assert expression("mulh(ra, 0xff)") == Op("mulh", (Reg("ra"), 255))
    assert expression("-1") == -1
    assert expression("-ra") == Op("neg", (Reg("ra"),))
    assert expression("!.cr0.eq") == Op("lnot", (Reg(".cr0.eq"),))


def test_and_not_is_one_operator() -> None:
    assert expression("a & ~(b | c)") == Op("andnot", (Reg("a"), expression("b | c")))
    assert expression("a | ~b") == Op("or", (Reg("a"), Op("not", (Reg("b"),))))


def test_the_size_of_the_operation_is_named() -> None:
    assert settled(expression("sext(a) >> N - 1", 32)) == expression("sext32(a) >> 31")
    assert settled(expression("sext(a) >> N - 1", 64)) == expression("a >> 63")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "a +",
        "a b",
        "(a",
        "a)",
        "a ? b",
        "mulh(a)",
        "nothing(a)",
        "mulh(a, )",
        "a $ b",
        "+ a",
        "1 2",
        "f()",
        "add(a, b)",
        "ltu(a, b)",
    ],
)
def test_a_text_that_is_no_expression_is_an_error(text: str) -> None:
    with pytest.raises(ValueError, match=r"no expression|no operator"):
        expression(text)


LEAVES = st.sampled_from([Reg("a"), Reg("b"), Reg(".cr0.eq")]) | st.integers(-70, 70)
EXPRESSIONS: st.SearchStrategy[Expr] = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        st.builds(lambda name, a, b: Op(name, (a, b)), st.sampled_from([*SIGNS, "mulh"]), inner, inner),
        st.builds(lambda name, a: Op(name, (a,)), st.sampled_from(["not", "lnot", "sext32", "clz"]), inner),
        st.builds(lambda c, a, b: Op("ite", (c, a, b)), inner, inner, inner),
    ),
    max_leaves=12,
)


def spelled(expr: Expr) -> str:
    """The expression with all its parentheses."""
    if isinstance(expr, Reg):
        return expr.name
    if not isinstance(expr, Op):
        return str(expr)
    arguments = [spelled(argument) for argument in expr.args]
    if expr.name in SIGNS:
        return f"({arguments[0]} {SIGNS[expr.name]} {arguments[1]})"
    if expr.name == "ite":
        return f"({arguments[0]} ? {arguments[1]} : {arguments[2]})"
    return f"{ {'not': '~', 'lnot': '!'}.get(expr.name, expr.name) }({', '.join(arguments)})".replace(" (", "(")


def value(expr: Expr, registers: dict[str, int]) -> Value:
    if isinstance(expr, Reg):
        return registers[expr.name]
    if isinstance(expr, Op):
        return apply(expr.name, tuple([value(argument, registers) for argument in expr.args]))
    assert isinstance(expr, int)
    return expr


@given(EXPRESSIONS)
def test_an_expression_is_read_back_as_it_was(expr: Expr) -> None:
    def written(expr: Expr) -> Expr:
        """The expression with `andnot` where a text cannot say anything else."""
        if not isinstance(expr, Op):
            return expr
        arguments = tuple(map(written, expr.args))
        if expr.name == "and" and isinstance(arguments[1], Op) and arguments[1].name == "not":
            return Op("andnot", (arguments[0], arguments[1].args[0]))
        return Op(expr.name, arguments)

    assert expression(spelled(expr)) == written(expr)


@given(EXPRESSIONS, st.integers(-(1 << 63), (1 << 63) - 1), st.integers(-(1 << 63), (1 << 63) - 1))
def test_settling_keeps_the_value_and_every_register(expr: Expr, a: int, b: int) -> None:
    registers = {"a": a, "b": b, ".cr0.eq": a & 1}
    short = settled(expr)
    assert registers_of(short) == registers_of(expr)
    try:
        expected = value(expr, registers)
    except ValueFault:  # a division by 0
        return
    assert value(short, registers) == expected


def test_every_sign_is_an_operator_with_two_operands() -> None:
    assert {OPERATORS[name][0] for name in SIGNS} == {2}
