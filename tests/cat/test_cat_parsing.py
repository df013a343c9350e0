"""The syntax of cat: precedence, tokens, and everything the grammar of the language allows."""

from __future__ import annotations

import pytest

from litmus.cat import compile_text, syntax
from litmus.cat.parsing import parse
from litmus.diagnostics import InputError, Source


def parsed(text: str) -> syntax.ModelFile:
    return parse(Source("test.cat", text))


def shape(expression: syntax.Expression) -> str:
    """An expression with all its parentheses."""
    match expression:
        case syntax.Variable():
            return expression.name
        case syntax.Zero():
            return "0"
        case syntax.Universe():
            return "_"
        case syntax.Unary(operator="[]"):
            return f"[{shape(expression.operand)}]"
        case syntax.Unary():
            return f"({expression.operator} {shape(expression.operand)})"
        case syntax.Binary():
            operator = "*" if expression.operator == "cartesian" else expression.operator
            return f"({shape(expression.left)} {operator} {shape(expression.right)})"
        case syntax.Apply():
            return f"({shape(expression.function)} {shape(expression.argument)})"
        case syntax.TupleOf():
            return f"<{', '.join(map(shape, expression.items))}>"
    raise AssertionError(expression)


def shape_of(text: str) -> str:
    (test,) = parsed(f"empty {text}").instructions
    assert isinstance(test, syntax.Test)
    return shape(test.expression)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a|b;c", "(a | (b ; c))"),
        ("a;b|c", "((a ; b) | c)"),
        ("a|b|c", "(a | (b | c))"),
        ("a;b;c", "(a ; (b ; c))"),
        ("a;b\\c", "(a ; (b \\ c))"),
        ("a\\b\\c", "((a \\ b) \\ c)"),
        ("a&b\\c", "((a & b) \\ c)"),
        ("a;b&c", "(a ; (b & c))"),
        ("W*R & po", "((W * R) & po)"),
        ("po & W*R", "(po & (W * R))"),
        ("~a;b", "((~ a) ; b)"),
        ("~a&b", "((~ a) & b)"),
        ("~a^-1", "(~ (^-1 a))"),
        ("~~a", "(~ (~ a))"),
        ("W * (~R)", "(W * (~ R))"),
        ("a^-1+", "(+ (^-1 a))"),
        ("a+^-1", "(^-1 (+ a))"),
        ("a+*?", "(? (* (+ a)))"),
        ("W*R^-1", "(W * (^-1 R))"),
        ("a ++ b | c", "((a ++ b) | c)"),
        ("a ++ b;c", "(a ++ (b ; c))"),
        ("a ++ b ++ c", "(a ++ (b ++ c))"),
        ("f po;po", "((f po) ; po)"),
        ("f a b", "((f a) b)"),
        ("f (a, b)", "(f <a, b>)"),
        ("f a^-1", "(^-1 (f a))"),
        ("f [W]", "(f [W])"),
        ("f a*", "(* (f a))"),
        ("a*;b", "((* a) ; b)"),
        ("a* & b", "((* a) & b)"),
        ("(a*)\n", "(* a)"),
        ("a* b", "(a * b)"),
        ("a*(b)", "(a * b)"),
        ("a*[b]", "(a * [b])"),
        ("a*_", "(a * _)"),
        ("a*0", "(a * 0)"),
        ("a* begin b end", "(a * b)"),
        ("(a,b)", "<a, b>"),
        ("()", "<>"),
        ("po-loc|dmb.st|DC.CVAU|_RMW|x'", "(po-loc | (dmb.st | (DC.CVAU | (_RMW | x'))))"),
    ],
)
def test_operators_bind_as_the_language_says(text: str, expected: str) -> None:
    assert shape_of(text) == expected


WITHOUT_PARENTHESES = ["W*R*W", "~a+", "~a*", "~a?", "W * R+", "W * R?", "~W * R", "a | let x = b in x", "a;fun x->x"]


@pytest.mark.parametrize("text", WITHOUT_PARENTHESES)
def test_what_does_not_associate_needs_parentheses(text: str) -> None:
    with pytest.raises(InputError, match="unexpected"):
        shape_of(text)


def test_a_star_before_a_negated_check_is_the_closure() -> None:
    let, test = parsed("let x = po*\n~empty rf").instructions
    assert isinstance(let, syntax.Let)
    assert shape(let.bindings[0].value) == "(* po)"
    assert isinstance(test, syntax.Test)
    assert test.negated


def test_a_product_with_a_complement_needs_parentheses() -> None:
    assert shape_of("W * (~empty')") == "(W * (~ empty'))"
    for text in ("W * ~empty'", "W * ~R", "~W * R"):
        with pytest.raises(InputError) as error:
            parsed(f"empty {text}")
        assert "put parentheses" in str(error.value.hint)


def test_comments_nest_and_run_to_the_end_of_the_line() -> None:
    text = "(* a (* b *) acyclic po *) let x = po // acyclic po\n# acyclic po\n#ppo\nlet y = x (*) *)"
    assert [type(i) for i in parsed(text).instructions] == [syntax.Let, syntax.Let]


def test_an_arrow_may_touch_the_name_before_it() -> None:
    (let,) = parsed("let f = fun x->x").instructions
    assert isinstance(let, syntax.Let)
    assert isinstance(let.bindings[0].value, syntax.Function)


@pytest.mark.parametrize(
    ("header", "title"),
    [
        ("PPC", "PPC"),
        ("X86 TSO", "X86 TSO"),
        ('RISCV "A title, with (* no comment *)"', "RISCV A title, with (* no comment *)"),
        ('"Only a title"', "Only a title"),
        ('"Old" withoutco', "Old withoutco"),
        ("", ""),
    ],
)
def test_a_file_begins_with_a_title_or_with_none(header: str, title: str) -> None:
    file = parsed(f"{header}\nacyclic po")
    assert (file.title, len(file.instructions)) == (title, 1)


EVERYTHING = r"""
"Every construct" catdep
enum Accesses = 'once || 'release || 'acquire
enum Other = || 'a || 'b
instructions R [{'once, 'acquire}, _]
default W [{'once}]
let a = po in
let (b, _, c) = (po, rf, co) and d, e = (po, rf) and _ = co
let f x = x and g(x) = x and h(x, y) = x | y and k() = 0 and l _ = po
let rec m = po | m; m and n = m when ~acyclic m as named in
flag ~empty a as some-flag
undefined_unless irreflexive a as u
assert acyclic a as asserted
~acyclic a
show a, b, c
show (a | b) as shown
unshow a
include "other.cat"
procedure p(x, y) = acyclic x let z = y end
procedure q x = acyclic x end
procedure rec r(x) = call r(x) end
procedure s() = end
call p(a, b) as called
call q (a)
call s()
forall x in {a, b} do acyclic x end
with o from {a}
match 'a with 'a -> acyclic a || 'b -> acyclic b acyclic c || _ -> end
if "v" acyclic a else acyclic b end
if not "v" && (variant "w" || "x") || "y" let z = po end
debug a
let t1 = try a with b
let t2 = if a = b then a else b
let t3 = if a subset b then a else if x in y then a else b
let t4 = if "v" && not "w" then a else b
let t5 = match a with 'once -> a || 'release -> b || _ -> c end
let t6 = match a with || {} -> {} || x ++ xs -> {x, xs} end
let t7 = match a with x ++ _ -> x || {} -> 0 end
let t8 = match a with {} -> 0 || before | x ++ after -> x end
let t9 = fun x -> fun (y, z) -> let rec w = x and v = w in begin let u = y in u end
let t10 = (fun () -> 'once)
"""


def test_every_construct_of_the_language_parses() -> None:
    file = parsed(EVERYTHING)
    assert file.catdep
    kinds = {type(instruction) for instruction in file.instructions}
    assert kinds == {
        syntax.Let, syntax.Test, syntax.Show, syntax.ShowAs, syntax.Unshow, syntax.Include, syntax.Procedure,
        syntax.Call, syntax.Forall, syntax.WithFrom, syntax.MatchInstruction, syntax.IfVariant, syntax.Debug,
        syntax.Enum, syntax.Events,
    }  # fmt: skip


def test_set_patterns_keep_their_parts_apart() -> None:
    lets = [i for i in parsed(EVERYTHING).instructions if isinstance(i, syntax.Let)]
    values = [binding.value for let in lets for binding in let.bindings]
    matches = [value for value in values if isinstance(value, syntax.MatchSet)]
    assert [(m.before, m.element, m.rest) for m in matches] == [
        (None, "x", "xs"),
        (None, "x", None),
        ("before", "x", "after"),
    ]


def test_every_node_spans_its_own_text() -> None:
    text = "let f(x) = (po | [W]); rf^-1\nflag ~empty f(po) as n"
    let, test = parsed(text).instructions
    assert isinstance(let, syntax.Let)
    function = let.bindings[0].value
    assert isinstance(function, syntax.Function)
    assert function.body.span.text == "(po | [W]); rf^-1"
    assert isinstance(function.body, syntax.Binary)
    assert function.body.right.span.text == "rf^-1"
    assert isinstance(test, syntax.Test)
    assert (test.span.text, test.expression.span.text) == ("flag ~empty f(po) as n", "f(po)")


# text, line and column of the mistake, the characters under the caret, words of the message or its hint
SYNTAX_ERRORS = [
    ("acyclic po |", 1, 13, "", "an expression"),
    ("acyclic po | as x", 1, 14, "as", "an expression"),
    ("acyclic (po | rf", 1, 17, "", "`)`"),
    ("acyclic po)", 1, 11, ")", "an instruction"),
    ("acyclic po as", 1, 14, "", "a name"),
    ("acyclic po\nend", 2, 1, "end", "an instruction"),
    ("let x = po;\nacyclic x", 2, 1, "acyclic", "an expression"),
    ("let x po", 1, 9, "", "`=`"),
    ("let f x y = x", 1, 9, "y", "one argument or one tuple"),
    ("let rec = po", 1, 9, "=", "a name"),
    ("let x = W*R*W", 1, 12, "*", "parentheses"),
    ("let x = a | let y = b in y", 1, 13, "let", "parentheses"),
    ("let let = po", 1, 5, "let", "keyword"),
    ("acyclic po as let", 1, 15, "let", "keyword"),
    ("lte x = po", 1, 1, "lte", "let"),
    ("acylic po", 1, 1, "acylic", "acyclic"),
    ("let x = po\nacyclc x", 2, 1, "acyclc", "acyclic"),
    ("let x = po\nacyclc x as y", 2, 1, "acyclc", "acyclic"),
    ('acyclic po\n iclude "cos.cat"', 2, 2, "iclude", "include"),
    ("include cos.cat", 1, 9, "cos.cat", "a string"),
    ("flag po", 1, 6, "po", "`~`"),
    ("if foo show po end", 1, 4, "foo", "a string"),
    ('if "v" show po', 1, 15, "", "`end`"),
    ("procedure p(x) = acyclic x", 1, 27, "", "`end`"),
    ("match po with {} -> po || e ++ s -> e end", 1, 15, "{", "a tag"),
    ("let x = match po with {} -> po end", 1, 32, "end", "`||`"),
    ("show po as", 1, 11, "", "a name"),
    ("let x = 1", 1, 9, "1", "only number"),
    ("let x = po^12", 1, 12, "12", "only number"),
    ("let x = po - rf", 1, 12, "-", "difference"),
    ("let x = po $ rf", 1, 12, "$", "unexpected character"),
    ("let x = ' po", 1, 9, "'", "a name must follow"),
    ('"title', 1, 1, '"', "does not end"),
    ("acyclic po (* (* *)", 1, 12, "(*", "does not end"),
    ("call p a", 1, 8, "a", "an argument in parentheses"),
    ("X86 Y Z", 1, 7, "Z", "an instruction"),
    ('let x = "two\nlines"', 1, 9, '"two\nlines"', 'unexpected `"two ...`'),
]


@pytest.mark.parametrize(("text", "line", "column", "marked", "words"), SYNTAX_ERRORS)
def test_a_syntax_error_points_at_the_token_and_says_what_could_stand_there(
    text: str, line: int, column: int, marked: str, words: str
) -> None:
    with pytest.raises(InputError) as error:
        parsed(text)
    span = error.value.span
    assert span is not None
    assert (*span.source.position(span.start), span.text) == (line, column, marked)
    assert words in f"{error.value.message} {error.value.hint}"


def test_models_may_be_nested_deeply() -> None:
    for text in ("acyclic " + "|".join(["po"] * 2000), "acyclic " + "[domain(" * 400 + "po" + ")]" * 400):
        assert compile_text(text, "test.cat", frozenset()).checks
