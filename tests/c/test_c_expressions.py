"""The values of C expressions, and the dependencies that lowering keeps in them."""

import pytest
from c_interpreter import Run, operations, run_c
from c_reference import ARITHMETIC, TYPES, Expression, Variables, expressions, fit, numbers
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from litmus.diagnostics import Diagnostic
from litmus.program.code import Branch, Load, Operation, Set, Store
from litmus.program.values import Address, Expr, Op, Reg

NAMES = [t.replace("unsigned ", "u").replace("_t", "") for t in TYPES]


@st.composite
def variables(draw: st.DrawFn, prefix: str) -> Variables:
    return Variables({f"{prefix}{n}": (t, fit(draw(numbers), TYPES[t])) for n, t in zip(NAMES, TYPES, strict=True)})


def run_or_reject(text: str, *arguments: str) -> Run:
    """Run it.  Reject examples with a division that cannot be lowered, in an arm that is not evaluated."""
    try:
        return run_c(text, *arguments)
    except Diagnostic as error:
        assume("division" not in error.message)
        raise


def declared_as(values: Variables) -> str:
    return " ".join(f"{t} {name} = {literal(v)};" for name, (t, v) in values.declared.items())


def literal(value: int) -> str:
    return f"(-{-value - 1}l - 1)" if value < 0 else f"{value}ul"


def signed64(value: int) -> int:
    return fit(value, (64, True))


@settings(max_examples=80, deadline=None)
@given(st.data(), variables("r_"), st.sampled_from(list(TYPES)))
def test_expressions_over_locals_have_the_value_that_c_gives_them(
    data: st.DataObject, names: Variables, to: str
) -> None:
    e = data.draw(expressions(names.leaves()))
    assume(e.value is not None)
    result = run_or_reject(f"P0() {{ {declared_as(names)} {to} result = {e.text}; }}").registers["result"]
    assert result == signed64(fit(e.value, TYPES[to]))


@settings(max_examples=80, deadline=None)
@given(st.data(), variables("m_"), st.sampled_from(list(TYPES)))
def test_expressions_over_shared_variables_have_the_value_that_c_gives_them(
    data: st.DataObject, names: Variables, to: str
) -> None:
    spellings = st.sampled_from(["*{}", "READ_ONCE(*{})", "CAO(*{})"])
    leaves = st.builds(lambda e, as_: Expression(as_.format(e.text), e.value, e.type), names.leaves(), spellings)
    e = data.draw(expressions(leaves))
    assume(e.value is not None)
    init = " ".join(f"{t} {name} = {signed64(v)};" for name, (t, v) in names.declared.items())
    parameters = ", ".join(f"{t} *{name}" for name, (t, _) in names.declared.items())
    run = run_or_reject(f"P0({parameters}, {to} *out) {{ WRITE_ONCE(*out, {e.text}); }}", init)
    bits, _ = TYPES[to]
    assert run.memory[Address("out")] == fit(e.value, (bits, True))


@settings(max_examples=80, deadline=None)
@given(variables("r_"), st.sampled_from(list(TYPES)), st.sampled_from("+-*&|^"), numbers)
@example(Variables({"r_char": ("char", 127)}), "char", "+", 1)
def test_compound_assignments_wrap_at_the_width_of_their_target(
    names: Variables, type_: str, operator: str, by: int
) -> None:
    name, (of, value) = next((n, d) for n, d in names.declared.items() if d[0] == type_ or len(names.declared) == 1)
    declaration = f"{of} {name} = {literal(value)};"
    run = run_c(f"P0() {{ {declaration} {of} old = {name}++; {name}--; {name} {operator}= {literal(by)}; }}")
    expected = ARITHMETIC[operator](value, by)
    assert run.registers["old"] == signed64(fit(value, TYPES[of]))
    assert run.registers[name] == signed64(fit(expected, TYPES[of]))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("r = 5, r + 1", 6),
        ("r++ + 0", 3),
        ("++r", 4),
        ("r--, r", 2),
        ("(r = 7) + r", 14),
        ("r += 2", 5),
        ("r <<= 2", 12),
        ("r %= 2", 1),
        ("r > 2 ? r = 9 : 0", 9),
        ("r < 2 && (r = 9)", 0),
        ("r > 2 || (r = 9)", 1),
        ("r && (r = 0), r", 0),
        ("!r", 0),
        ("!!r", 1),
        ("sizeof(long) + sizeof(int *)", 16),
        ("true + false", 1),
        ("NULL == 0", 1),
        ("(bool)256", 1),
        ("(_Bool)r", 1),
    ],
)
def test_operators_with_effects(text: str, expected: int) -> None:
    assert run_c(f"P0() {{ int r = 3; int result = ({text}); }}").registers["result"] == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("l >> 1", -3),
        ("i >> 31", -1),
        ("(unsigned long)l >> 60", 15),
        ("(long)((unsigned int)i >> 4)", 2**28 - 1),
        ("(long)(unsigned int)h", 2**32 - 2),
        ("(long)(unsigned int)k", 2**32 - 3),
        ("(unsigned long)h == 18446744073709551614ul", 1),
        ("(unsigned int)h > i", 0),
        ("i < 1u", 0),
        ("l < 1u", 1),
        ("l < 1ul", 0),
        ("k < 1u", 0),
        ("(unsigned char)h + 1", 255),
        ("(long)i * 4294967296", -(2**32)),
        ("i * 65536 * 65536", 0),
        ("2147483647 + (i & 1)", -(2**31)),
        ("(long)2147483647 + (i & 1)", 2**31),
        ("-(-2147483647 + i) == 2147483648", 0),
        ("l / 2", -2),
        ("l % 3", -2),
        ("~0u > 0", 1),
        ("~(unsigned char)0", -1),
        ("1 << 31", -(2**31)),
        ("1u << 31", 2**31),
        ("zero && 10 / zero", 0),
        ("!zero || 10 % zero", 1),
        ("zero ? 10 / zero : 4", 4),
    ],
)
def test_conversions_that_are_easy_to_get_wrong(text: str, expected: int) -> None:
    declarations = "int i = -1; long l = -5; short h = -2; char k = -3; int zero = 0;"
    assert run_c(f"P0() {{ {declarations} long result = {text}; }}").registers["result"] == expected


def test_a_register_may_be_assigned_without_a_declaration() -> None:
    registers = run_c("P0(int *x) { r1 = READ_ONCE(*x); r2 = r1 + 1; }", "x=41;").registers
    assert (registers["r1"], registers["r2"]) == (41, 42)


def test_a_load_into_a_local_is_one_operation() -> None:
    assert operations("P0(int *x) { int r1 = READ_ONCE(*x); }") == [Load("r1", Address("x"))]


def test_a_load_of_an_unsigned_variable_is_widened() -> None:
    (load, widened) = operations("P0(uint32_t *x) { uint32_t r1 = READ_ONCE(*x); }")
    assert widened == Set("r1", Op("zext32", (Reg(load.register),)))


def test_what_cancels_out_is_a_dependency_all_the_same() -> None:
    (*_, store) = operations("P0(int *x, int *y) { int r1 = READ_ONCE(*x); WRITE_ONCE(*y, r1 ^ r1); }")
    assert store == Store(Address("y"), Op("xor", (Reg("r1"), Reg("r1"))))


def test_an_address_may_depend_on_a_local() -> None:
    (_, load) = operations("P0(int *x, int *y) { int r1 = READ_ONCE(*x); int r2 = READ_ONCE(*(y + (r1 & 0))); }")
    assert isinstance(load.address, Op)
    assert "Reg(name='r1')" in repr(load.address)
    indexed = "P0(int *x, int *y) { int r1 = READ_ONCE(*x); int r2 = READ_ONCE(y[r1 & 1]); }"
    assert run_c(indexed, "int y[2] = {4, 5}; x=1;").registers["r2"] == 5


@pytest.mark.parametrize(("text", "operator"), [("a && b", "and"), ("a || b", "or"), ("a ? b : 1", "ite")])
def test_operators_without_effects_are_expressions(text: str, operator: str) -> None:
    (*_, store) = operations(f"P0(int *x) {{ int a = READ_ONCE(*x); int b = READ_ONCE(*x); WRITE_ONCE(*x, {text}); }}")
    assert isinstance(store.value, Op)
    assert store.value.name == operator


def sources(expr: Expr, lowered: list[Operation]) -> set[str]:
    """The registers that loads went into and that an expression depends on, through every assignment."""
    found: set[str] = set()
    todo, seen = registers_in(expr), set()
    while todo:
        name = todo.pop()
        if name in seen:
            continue
        seen.add(name)
        for o in lowered:
            if isinstance(o, Load) and o.register == name:
                found.add(name)
            elif isinstance(o, Set) and o.register == name:
                todo |= registers_in(o.value)
    return found


def registers_in(expr: Expr) -> set[str]:
    if isinstance(expr, Reg):
        return {expr.name}
    return set().union(*map(registers_in, expr.args)) if isinstance(expr, Op) else set()


@pytest.mark.parametrize("text", ["a && READ_ONCE(*y)", "a || READ_ONCE(*y)", "a ? READ_ONCE(*y) : 1", "a ? 1 : *y"])
def test_operators_with_effects_are_branches_and_keep_the_first_operand_in_the_value(text: str) -> None:
    lowered = operations(f"P0(int *x, int *y) {{ int a = READ_ONCE(*x); WRITE_ONCE(*x, {text}); }}")
    branches = [o for o in lowered if isinstance(o, Branch) and o.condition is not None]
    assert len(branches) == 1
    assert branches[0].join is not None
    (store,) = [o for o in lowered if isinstance(o, Store)]
    (of_y,) = [o.register for o in lowered if isinstance(o, Load) and o.address == Address("y")]
    assert sources(store.value, lowered) == {"a", of_y}
    for o in lowered:  # on either way
        if isinstance(o, Set) and o.register == store.value.name:
            assert "a" in sources(o.value, [*lowered])


def test_the_second_operand_is_evaluated_only_where_c_evaluates_it() -> None:
    for a, expected in ((0, ["x"]), (1, ["x", "y"])):
        run = run_c("P0(int *x, int *y) { int r = READ_ONCE(*x) && READ_ONCE(*y); }", f"x={a};")
        assert [o.address.base for o in run.trace if isinstance(o, Load)] == expected


def test_pointers_are_held_in_memory_and_in_locals() -> None:
    body = "int *r1 = READ_ONCE(*p); int r2 = *r1; *r1 = 5; WRITE_ONCE(*p, y); int *r3 = *p; *r3 += 2;"
    run = run_c(f"P0(int **p, int *y) {{ {body} }}", "int x = 3; int *p = &x; int y = 7;")
    assert run.registers["r2"] == 3
    assert run.memory[Address("x")] == 5
    assert run.memory[Address("y")] == 9
    assert run.memory[Address("p")] == Address("y")


def test_an_integer_that_holds_an_address_may_be_followed() -> None:
    body = "intptr_t r1 = READ_ONCE(*x); *r1 = 1; r2 = READ_ONCE(*(intptr_t *)r1);"
    run = run_c(f"P0(intptr_t *x) {{ {body} }}", "long y; long x = &y;")
    assert run.memory[Address("y")] == 1
    assert run.registers["r2"] == 1


def test_pointer_arithmetic_counts_elements() -> None:
    moves = "int *p = t + 1; int *q = &t[2]; long d = q - p; r1 = *p++; r2 = *p; r3 = p == q; r4 = t < q; --p;"
    registers = run_c(f"P0(int *t) {{ {moves} r5 = p[-1]; }}", "int t[3] = {10, 11, 12};").registers
    assert [registers[r] for r in ("d", "r1", "r2", "r3", "r4", "r5")] == [1, 11, 12, 1, 1, 10]


def test_contradictory_types_make_every_variable_a_word() -> None:
    (load, follow) = operations("P0(int *x) { r1 = READ_ONCE(*x); r2 = READ_ONCE(*r1); }", "int y; int *x = &y;")
    assert (load.size, follow.size) == (8, 8)


def test_cao_is_an_lvalue_and_an_rvalue() -> None:
    for macro in ("CAO", "CMM_ACCESS_ONCE", "ACCESS_ONCE"):
        expected = [Store(Address("x"), 1), Load("r3", Address("y"))]
        assert operations(f"P0() {{ {macro}(x) = 1; int r3 = {macro}(y); }}") == expected
        assert operations(f"P0(int *x, int *y) {{ {macro}(*x) = 1; int r3 = {macro}(*y); }}") == expected


def test_cao_may_be_modified() -> None:
    run = run_c("P0() { CAO(x) += 2; r1 = CAO(x)++; r2 = --CAO(x); }", "x=5;")
    assert (run.registers["r1"], run.registers["r2"], run.memory[Address("x")]) == (7, 7, 7)


def test_a_function_without_parameters_names_variables_directly() -> None:
    run = run_c("P0() { x = 1; r1 = x + t[1]; p = &x; *p = 4; r2 = x; }", "x=0; int t[2] = {5, 6}; int *p = &x;")
    assert (run.registers["r1"], run.registers["r2"]) == (7, 4)


def test_a_local_hides_nothing_but_its_own_name() -> None:
    run = run_c("P0() { int x = 3; r1 = x; r2 = CAO(y); }", "x=1; y=2;")
    assert (run.registers["x"], run.registers["r2"], run.memory[Address("x")]) == (3, 2, 1)
