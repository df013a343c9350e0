"""Parsing the C dialect: what the text says, node by node, and where."""

import itertools

import pytest

from litmus.c import syntax as c
from litmus.c.parsing import parse_expression, read_functions
from litmus.diagnostics import Place, Source, Span


def functions_of(text: str) -> tuple[c.Function, ...]:
    return read_functions(Span(Source("t.litmus", text), 0, len(text)))


def statements_of(body: str) -> tuple[c.Statement, ...]:
    (function,) = functions_of(f"P0(int *x) {{ {body} }}")
    return function.definition.body.statements


def spelled(e: c.Expression) -> str:
    """The expression with all of its parentheses."""
    match e:
        case c.Name(name):
            return name
        case c.Number(value):
            return str(value)
        case c.Unary(operator, operand):
            return f"({operator}{spelled(operand)})"
        case c.Binary(operator, left, right):
            return f"({spelled(left)} {operator} {spelled(right)})"
        case c.Conditional(condition, then, other):
            return f"({spelled(condition)} ? {spelled(then)} : {spelled(other)})"
        case c.Assign(target, operator, value):
            return f"({spelled(target)} {operator or ''}= {spelled(value)})"
        case c.Comma(left, right):
            return f"({spelled(left)}, {spelled(right)})"
        case c.Cast(type_, operand):
            return f"(({type_.name}{'*' * type_.pointers}){spelled(operand)})"
        case c.Call(name, arguments):
            return f"{name}({', '.join(map(spelled, arguments))})"
        case c.Index(base, index):
            return f"{spelled(base)}[{spelled(index)}]"
        case c.Member(base, name, arrow):
            return f"{spelled(base)}{'->' if arrow else '.'}{name}"
        case c.Step(operand, by, prefix):
            sign = "++" if by > 0 else "--"
            return f"({sign}{spelled(operand)})" if prefix else f"({spelled(operand)}{sign})"
        case c.SizeOf(operand):
            return f"sizeof({operand.name if isinstance(operand, c.TypeName) else spelled(operand)})"


# ISO C11, 6.5.5 to 6.5.14, from the tightest to the loosest.
LEVELS = [
    ["*", "/", "%"], ["+", "-"], ["<<", ">>"], ["<", "<=", ">", ">="], ["==", "!="],
    ["&"], ["^"], ["|"], ["&&"], ["||"],
]  # fmt: skip
LEVEL = {operator: level for level, operators in enumerate(LEVELS) for operator in operators}


@pytest.mark.parametrize("first", LEVEL)
def test_binary_operators_bind_as_in_the_standard_and_associate_to_the_left(first: str) -> None:
    for second in LEVEL:
        left_first = LEVEL[first] <= LEVEL[second]
        expected = f"((a {first} b) {second} d)" if left_first else f"(a {first} (b {second} d))"
        assert spelled(parse_expression(f"a {first} b {second} d")) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("x-1", "(x - 1)"),
        ("x -1", "(x - 1)"),
        ("x--1", None),
        ("x - -1", "(x - (-1))"),
        ("a+++b", "((a++) + b)"),
        ("!a == b", "((!a) == b)"),
        ("~a & b", "((~a) & b)"),
        ("*p++", "(*(p++))"),
        ("-*p", "(-(*p))"),
        ("&*x", "(&(*x))"),
        ("*(int *)r1", "(*((int*)r1))"),
        ("(int)a + b", "(((int)a) + b)"),
        ("(unsigned long)-1", "((unsigned long)(-1))"),
        ("*(intptr_t **)x", "(*((intptr_t**)x))"),
        ("(struct foo *)x", "((struct foo*)x)"),
        ("a ? b : d ? e : f", "(a ? b : (d ? e : f))"),
        ("a || b ? d : e", "((a || b) ? d : e)"),
        ("a = b = d", "(a = (b = d))"),
        ("a <<= b + 1", "(a <<= (b + 1))"),
        ("a &= b, d", "((a &= b), d)"),
        ("a==-1", "(a == (-1))"),
        ("a=-1", "(a = (-1))"),
        ("a&&!b||d", "((a && (!b)) || d)"),
        ("f(a, (b, d), e ? 1 : 2)", "f(a, (b, d), (e ? 1 : 2))"),
        ("t[1]", "t[1]"),
        ("t[i + 1][2]", "t[(i + 1)][2]"),
        ("x->f.g", "x->f.g"),
        ("a < b << 2", "(a < (b << 2))"),
        ("a & b == d", "(a & (b == d))"),
        ("0x1F + 010 + 0b11 + 'a' + '\\n'", "((((31 + 8) + 3) + 97) + 10)"),
        ("sizeof(int) * 2", "(sizeof(int) * 2)"),
        ("sizeof(a + b)", "sizeof((a + b))"),
        ("(a)", "a"),
        ("((a) + (b))", "(a + b)"),
        ("(foo_t)a", "((foo_t)a)"),
    ],
)
def test_expressions_are_read_as_c_reads_them(text: str, expected: str | None) -> None:
    if expected is None:
        with pytest.raises(Exception, match="unexpected '1'"):
            parse_expression(text)
    else:
        assert spelled(parse_expression(text)) == expected


def test_suffixes_are_kept() -> None:
    assert [parse_expression(t).suffix for t in ("1", "1u", "1UL", "0x10Lu", "7LL")] == ["", "u", "ul", "lu", "ll"]


def test_declarations_have_a_type_and_declarators() -> None:
    (first, second, third) = statements_of("int r0; volatile unsigned long *p = x, q, **s = 0; struct foo *f;")
    assert (first.type.name, [d.name for d in first.declarators]) == ("int", ["r0"])
    assert second.type.name == "unsigned long"
    assert [(d.name, d.pointers, d.value is not None) for d in second.declarators] == [
        ("p", 1, True),
        ("q", 0, False),
        ("s", 2, True),
    ]
    assert third.type.name == "struct foo"


def test_an_else_belongs_to_the_nearest_if() -> None:
    (outer,) = statements_of("if (a) if (b) x; else y;")
    assert outer.other is None
    assert outer.then.other is not None


def test_every_statement_is_read() -> None:
    kinds = [
        type(s)
        for s in statements_of(
            """
            int r0; r0 = 1; ; { } if (r0) ; while (r0) r0--; do { r0++; } while (r0 < 3);
            for (r0 = 0; r0 < 3; r0++) continue; for (;;) break; for (int i = 0; i; ) ;
            switch (r0) { case 1: case 2 + 1: r0 = 2; break; default: ; } again: r0 = 3; goto again; return; return 1;
            """
        )
    ]
    assert kinds == [
        c.Declaration, c.ExpressionStatement, c.Empty, c.Block, c.If, c.While, c.DoWhile,
        c.For, c.For, c.For,
        c.Switch, c.Label, c.Goto, c.Return, c.Return,
    ]  # fmt: skip


def test_a_label_before_a_conditional_expression_is_no_conditional() -> None:
    (switch,) = statements_of("switch (a) { case 1 ? 2 : 3: b; }")
    (case,) = switch.body.statements
    assert spelled(case.value) == "(1 ? 2 : 3)"


@pytest.mark.parametrize("type_", ["", "void", "static void", "static inline int", "int *"])
def test_a_function_may_have_a_type(type_: str) -> None:
    (function,) = functions_of(f"{type_} P0(int *x) {{ }}")
    assert [p.name for p in function.definition.parameters] == ["x"]


@pytest.mark.parametrize("head", ["P0()", "P0(void)", "void P0(void)"])
def test_a_function_may_have_no_parameters(head: str) -> None:
    (function,) = functions_of(f"{head} {{ }}")
    assert function.definition.parameters == ()


def test_parameters_keep_their_types() -> None:
    text = "P0(volatile int *x, atomic_t *v, spinlock_t* l, struct srcu_struct *s, int **p, int t[], int u[2]) { }"
    (function,) = functions_of(text)
    assert [(p.type.name, p.type.pointers, p.name, p.array) for p in function.definition.parameters] == [
        ("int", 1, "x", False),
        ("atomic_t", 1, "v", False),
        ("spinlock_t", 1, "l", False),
        ("struct srcu_struct", 1, "s", False),
        ("int", 2, "p", False),
        ("int", 0, "t", True),
        ("int", 0, "u", True),
    ]


def test_comments_are_blanks_wherever_they_stand() -> None:
    text = "/* a } */ P0(int *x) // {\n{ /* } */ *x = 1 /**/; // }\n} /* **/\n// m }\nP1() { char c = '}'; } /* e */"
    assert [f.definition.name for f in functions_of(text)] == ["P0", "P1"]


def nodes(node: object) -> list[object]:
    if isinstance(node, Place):
        return []
    if isinstance(node, tuple):
        return list(itertools.chain.from_iterable(map(nodes, node)))
    if hasattr(node, "__slots__"):
        return [node, *itertools.chain.from_iterable(nodes(getattr(node, name)) for name in node.__slots__)]
    return []


def test_every_node_knows_its_text() -> None:
    body = "\tint r1 = READ_ONCE(*x) + 1;\n\tif (r1 == 2) CAO(*y)++;\n"
    second = functions_of("// first\nP0(int *x) { }\n/* second */ P1(int *x, int *y)\n{\n" + body + "}")[1]
    found = {type(n).__name__: second.span(n.at).text for n in nodes(second.definition) if hasattr(n, "at")}
    assert found["Call"] == "CAO(*y)"
    assert found["If"] == "if (r1 == 2) CAO(*y)++;"
    assert found["Step"] == "CAO(*y)++"
    assert found["Declarator"] == "r1 = READ_ONCE(*x) + 1"
    assert found["Parameter"] == "int *y"
    assert second.span(second.definition.name_at).text == "P1"
    calls = [n for n in nodes(second.definition) if isinstance(n, c.Call)]
    assert [second.span(n.name_at).text for n in calls] == ["READ_ONCE", "CAO"]


def test_equal_functions_of_two_tests_are_parsed_once() -> None:
    first, second = functions_of("P0(int *z) { *z = 7; }"), functions_of("  /* moved */ P0(int *z) { *z = 7; }")
    assert first[0].definition is second[0].definition
    assert first[0].offset != second[0].offset
