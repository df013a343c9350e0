"""The sizes of long and of pointers: 8 bytes (LP64), on ARM 4 (ILP32)."""

import re

import pytest
from c_interpreter import program, run_c
from c_reference import TYPES, Expression, Variables, expressions, fit
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from litmus.c.tables import load_primitives, tables
from litmus.diagnostics import Diagnostic, Unsupported
from litmus.program.code import Load, RegisterType
from litmus.program.values import Address

WIDE = [table for table in tables() if table != "arm"]


def value(expression: str, table: str, declared: str = "long long") -> object:
    return run_c(f"P0(int *x) {{ {declared} r = {expression}; }}", table=table).registers["r"]


def test_a_word_has_four_bytes_on_arm_and_eight_elsewhere() -> None:
    assert {table: load_primitives(table).word for table in tables()} == {**dict.fromkeys(WIDE, 8), "arm": 4}


@pytest.mark.parametrize(
    ("expression", "arm", "elsewhere"),
    [
        ("sizeof(long)", 4, 8),
        ("sizeof(unsigned long)", 4, 8),
        ("sizeof(size_t)", 4, 8),
        ("sizeof(int *)", 4, 8),
        ("sizeof(int **)", 4, 8),
        ("sizeof(long long)", 8, 8),
        ("sizeof(uint64_t)", 8, 8),
        ("sizeof(int)", 4, 4),
        # arithmetic wraps at the width of its type
        ("2147483647l + 1", -(2**31), 2**31),
        ("2147483647ll + 1", 2**31, 2**31),
        ("(long)4294967297ll", 1, 2**32 + 1),
        ("-1 < 0ul", 0, 0),
        ("(unsigned long)-1", 2**32 - 1, -1),
        # constants have the first type of their list that holds them (6.4.4.1)
        ("2147483648 > 0", 1, 1),
        ("2147483648 + 2147483648", 2**32, 2**32),
        ("4294967295l + 1", 2**32, 2**32),
        ("0xffffffffl + 1", 0, 2**32),
        ("0xffffffffu + 1", 0, 0),
        # the difference of two pointers is as wide as they are
        ("((x + 3) - x) << 31", -(2**31), 3 << 31),
        ("x == 0", 0, 0),
        ("x + 1 > x", 1, 1),
    ],
)
def test_expressions(expression: str, arm: int, elsewhere: int) -> None:
    assert value(expression, "arm") == arm
    for table in WIDE:
        assert value(expression, table) == elsewhere


@pytest.mark.parametrize("table", tables())
def test_a_pointer_is_one_access_of_a_word(table: str) -> None:
    functions = "P0(int **p, int *y) { int *r = READ_ONCE(*p); WRITE_ONCE(*r, 5); WRITE_ONCE(*p, r + 1); }"
    run = run_c(functions, "int *p = &y; int y[2];", table)
    assert (run.memory[Address("p")], run.memory[Address("y")]) == (Address("y", 4), 5)
    (load,) = [o for o in run.trace if isinstance(o, Load)]
    assert load.size == load_primitives(table).word
    lowered = program(functions, "int *p = &y; int y[2];", table=table)
    assert lowered.variables["p"].size == load.size
    assert lowered.register_types[0, "r"] == RegisterType(load.size, signed=True)


def test_a_null_pointer_is_told_from_others_in_four_bytes() -> None:
    functions = "P0(int **p) { int *r = READ_ONCE(*p); r1 = r == NULL; WRITE_ONCE(*p, NULL); r2 = !READ_ONCE(*p); }"
    run = run_c(functions, "int *p = &y; int y;", "arm")
    assert (run.registers["r1"], run.registers["r2"], run.memory[Address("p")]) == (0, 1, 0)


def test_a_variable_that_holds_an_address_may_be_an_int_where_words_are_ints() -> None:
    functions = "P0(int *x, int *y) { int *r1 = READ_ONCE(*x); r2 = READ_ONCE(*r1); }"
    for table in tables():
        run = run_c(functions, "int *x = &y; y = 7;", table)
        assert run.registers["r2"] == 7


@pytest.mark.parametrize(
    "access",
    ["READ_ONCE(*x)", "WRITE_ONCE(*x, 1)", "*x", "*x = 1", "xchg(x, 1)", "atomic_inc(x)", "smp_load_acquire(x)"],
)
@pytest.mark.parametrize("type_", ["long long", "uint64_t", "atomic64_t"])
def test_an_access_of_eight_bytes_is_not_one_on_arm(access: str, type_: str) -> None:
    functions = f"P0({type_} *x) {{ {access}; }}"
    with pytest.raises(Unsupported, match="of 8 bytes, are not supported on ARM") as caught:
        program(functions, table="arm")
    assert caught.value.span is not None
    assert caught.value.span.text == access.removesuffix(" = 1")
    for table in WIDE:
        program(functions, table=table)


def test_locals_of_eight_bytes_are_no_accesses() -> None:
    assert value("1ll << 40", "arm") == 1 << 40


VARIABLES = Variables({f"r{n}": (t, fit(0x1234_5678_9ABC_DEF0 >> 3 * n, TYPES[t])) for n, t in enumerate(TYPES)})


def with_long_longs(text: str) -> str:
    """The text with `long long` wherever it says `long`."""
    return re.sub(r"\b(0x[0-9a-f]+|[0-9]+)(u?)l\b", r"\1\2ll", re.sub(r"\blong\b", "long long", text))


@settings(max_examples=100, deadline=None)
@given(expressions(VARIABLES.leaves()), st.sampled_from(list(TYPES)))
def test_a_long_long_on_arm_is_what_a_long_is_elsewhere(e: Expression, to: str) -> None:
    assume(e.value is not None)
    declared = " ".join(f"{t} {name} = {v}l;" for name, (t, v) in VARIABLES.declared.items())
    text = with_long_longs(f"P0() {{ {declared} {to} result = {e.text}; }}")
    try:
        result = run_c(text, table="arm").registers["result"]
    except Diagnostic as error:
        assume("division" not in error.message)
        raise
    assert result == fit(fit(e.value, TYPES[to]), (64, True))
