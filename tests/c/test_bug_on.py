"""BUG_ON(e) as the condition of a C test: C's operators, and registers without a thread."""

from __future__ import annotations

import pytest
from propositions import shape

from litmus.diagnostics import InputError, Source, Unsupported
from litmus.reading import read_test
from litmus.source import syntax
from litmus.source.syntax import Not, Or

BODY = """C T
{ int g; }
P0() { CAO(x) = 1; int r1 = CAO(y); r9 = 1; g = 2; plain = 1; }
P1() { r3 = CAO(y); int r1; r4 = CAO(x); r9 = CAO(plain); }
"""


def read(final: str) -> syntax.Test:
    return read_test(Source("t.litmus", BODY + final))


R3, R4 = ((1, "r3"), 1), ((1, "r4"), 0)


@pytest.mark.parametrize(
    ("text", "meaning"),
    [
        ("BUG_ON(r3 == 1 && r4 == 0)", ("and", R3, R4)),
        ("BUG_ON(r3 == 1 && r4 == 0);", ("and", R3, R4)),
        ("BUG_ON(r3 == 1 || r4 == 0 && r3 == 1)", ("or", R3, ("and", R4, R3))),
        ("BUG_ON((r3 == 1 || r4 == 0) && r3 == 1)", ("and", ("or", R3, R4), R3)),
        ("BUG_ON(r3)", ("not", ((1, "r3"), 0))),
        ("BUG_ON(!r3)", ("not", ("not", ((1, "r3"), 0)))),
        ("BUG_ON(!(r3 == 1))", ("not", R3)),
        ("BUG_ON(r3 != 1)", ("not", R3)),
        ("BUG_ON(1 == r3)", R3),
        ("BUG_ON(x == 2)", ("x", 2)),
        ("BUG_ON(*x == 2)", ("x", 2)),
        ("BUG_ON(g == 2)", ("g", 2)),  # the initial state says that g is shared
        ("BUG_ON(plain == 1)", ("plain", 1)),  # assigned in one function, used in another
        ("BUG_ON(0:r1 == 0x10)", ((0, "r1"), 16)),
        ("BUG_ON(P1:r1 == x)", ((1, "r1"), ("at", "x"))),
    ],
)
def test_bug_on_is_an_existential_condition(text: str, meaning: object) -> None:
    test = read(text)
    assert test.condition.quantifier == "exists"
    assert shape(test.condition.prop) == meaning
    assert test.condition.span is not None
    assert test.condition.span.text.startswith("BUG_ON(")


def test_locations_may_stand_before_it() -> None:
    test = read("locations [x]\nfilter (x=1)\nBUG_ON(r3 == 1)")
    assert len(test.locations) == 1
    assert test.filter is not None
    assert shape(test.condition.prop) == R3


def test_parameters_are_shared_variables() -> None:
    text = "C T\n{}\nP0(int *x) { int r1 = READ_ONCE(*x); }\nP1(int *x) { *x = 1; }\nBUG_ON(x == 1 && r1 == 0)"
    assert shape(read_test(Source("t", text)).condition.prop) == ("and", ("x", 1), ((0, "r1"), 0))


@pytest.mark.parametrize(
    ("final", "message", "offending"),
    [
        ("BUG_ON(r1 == 1)", "r1 is a register of P0 and P1", "r1"),
        ("BUG_ON(r9 == 1)", "r9 is a register of P0 and P1", "r9"),
        ("BUG_ON(r3 == )", "unexpected ) in the BUG_ON expression", ")"),
        ("BUG_ON(r3 < 1)", "unexpected < in the BUG_ON expression", "<"),
        ("BUG_ON(r3 == 1", "the BUG_ON expression ends too early", ""),
        ("BUG_ON(1)", "a number alone is no condition", "1"),
        ("BUG_ON(1 == 2)", "only registers, variables and numbers can be compared", "1 == 2"),
        ("exists (x=1) BUG_ON(r3 == 1)", "the test has a condition already", "BUG_ON"),
    ],
)
def test_errors_are_at_the_offending_token(final: str, message: str, offending: str) -> None:
    with pytest.raises(InputError) as caught:
        read(final)
    assert caught.value.message == message
    assert caught.value.span is not None
    assert caught.value.span.text.strip() == offending
    assert caught.value.span.start >= len(BODY)


def test_an_expression_may_be_long_but_not_deep() -> None:
    assert isinstance(read(f"BUG_ON({' || '.join(['r3 == 1', '!r3'] * 2000)})").condition.prop, Or)
    assert isinstance(read(f"BUG_ON({'!' * 150}r3)").condition.prop, Not)
    with pytest.raises(Unsupported, match="this BUG_ON expression is nested too deeply") as caught:
        read(f"BUG_ON({'!' * 1000}r3)")
    assert caught.value.span is not None
    assert caught.value.span.start > len(BODY)


def test_functions_may_be_nested_too_deeply_for_the_names_in_them() -> None:
    text = f"C T\n{{}}\nP0(int *x) {{ int r1 = {'!' * 5000}1; }}\nBUG_ON(r1 == 1)"
    with pytest.raises(Unsupported, match="expressions or statements are nested too deeply"):
        read_test(Source("t", text))
