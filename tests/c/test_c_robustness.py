"""Whatever the text, the answer is a program or a diagnostic with a place: never another exception."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from litmus.c.catalogue import CATALOGUE
from litmus.c.lowering import lower
from litmus.c.tables import load_primitives
from litmus.diagnostics import Diagnostic, Source, Span
from litmus.program.code import Program
from litmus.source import syntax

SPELLED = (
    "x y r1 r2 t p l 0 1 2 7 ( ) { } [ ] ; , = + - * / % & | ^ ! ~ ? : < > == != && || << ++ -- += . -> "
    "int long void unsigned char struct foo if else while for do switch case default break continue return goto "
    "sizeof true NULL 'a' /* */ // @ # 08 \" 99999999999999999999 READ_ONCE WRITE_ONCE CAO cmpxchg spin_lock"
)
WORDS = [*SPELLED.split(" "), *list(CATALOGUE)[::9]]

STATEMENTS = [
    "int r1 = READ_ONCE(*x);", "r1 = *x;", "WRITE_ONCE(*y, r1);", "if (r1) { *y = 1; } else r2 = 3;", "return;",
    "while (r1--) *x = r1;", "for (int i = 0; i < 2; i++) *y = i;", "do r1++; while (r1 < 3);", "goto out;", "out: ;",
    "switch (r1) { case 1: *x = 2; break; default: ; }", "r2 = cmpxchg(x, r1, 2);", "spin_lock(l);", "spin_unlock(l);",
    "sys_membarrier();", "int *p = x;", "r2 = *p;", "t[r1] = 1;", "r2 = x[0] && READ_ONCE(*y) || !r1;",
    "r2 = r1 ? *x : CAO(*y)++;", "*p = r1 / 3 % 2;",
]  # fmt: skip


def lower_text(text: str) -> Program:
    source = Source("t.litmus", text)
    nothing = syntax.Condition("exists", syntax.Bool(True), None)
    body = Span(source, 0, len(text))
    return lower(syntax.Test(source, "C", "t", None, {}, (), None, body, (), None, nothing), load_primitives("power"))


def lowered(text: str) -> None:
    failure: Diagnostic | None = None
    try:
        program = lower_text(text)
    except Diagnostic as error:
        failure = error
    if failure is not None:
        assert failure.span is not None
        assert 0 <= failure.span.start <= failure.span.end <= len(text)
        assert failure.render()
    else:
        for code in program.threads:
            assert all(0 <= index <= len(code.lines) for index in code.labels.values())


@settings(max_examples=100, deadline=None)
@given(st.lists(st.sampled_from(WORDS), max_size=30))
def test_any_sequence_of_words(words: list[str]) -> None:
    lowered("P0(int *x, int *y, spinlock_t *l) { int t; " + " ".join(words) + " }")


@settings(max_examples=100, deadline=None)
@given(st.lists(st.sampled_from(STATEMENTS), min_size=1, max_size=8), st.data())
def test_a_program_with_a_word_replaced(statements: list[str], data: st.DataObject) -> None:
    words = " ".join(statements).split(" ")
    position = data.draw(st.integers(0, len(words) - 1))
    words[position] = data.draw(st.sampled_from([*WORDS, ""]))
    lowered("P0(int *x, int *y, spinlock_t *l, int t[2]) { " + " ".join(words) + " } P1(int *x) { r1 = *x; }")


@settings(max_examples=100, deadline=None)
@given(st.text(max_size=40))
def test_any_text(text: str) -> None:
    lowered("P0(int *x) { " + text)


def test_deep_nesting_is_an_error_of_the_input() -> None:
    for text in ("(" * 5000 + "1" + ")" * 5000, "-" * 5000 + "1", "!" * 5000 + "x", "1" + "+1" * 5000):
        lowered("P0(int *x) { int r1 = " + text + "; }")
    lowered("P0(int *x) " + "{" * 3000 + "}" * 3000)
    lowered("P0(int *x) { " + "if (*x) " * 3000 + "; }")


@pytest.mark.parametrize("statement", STATEMENTS)
def test_the_statements_are_right_in_their_place(statement: str) -> None:
    prologue = "" if statement.startswith("int ") else "int r1 = 1; int *p = x; "
    epilogue = " out: ;" if "goto" in statement else ""
    lower_text(f"P0(int *x, int *y, spinlock_t *l, int t[2]) {{ {prologue}{statement}{epilogue} }}")
