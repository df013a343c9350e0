"""The parser that runs Lark's tables makes the trees that Lark makes, and accepts what Lark accepts."""

from __future__ import annotations

from pathlib import Path

import lark
import pytest
from hypothesis import given
from hypothesis import strategies as st

from litmus.c import parsing
from litmus.source import state
from litmus.source.grammar import lark_parser, parser
from litmus.source.trees import Node, Tree

# Everything that shapes a tree: aliases, inlined rules, single children, filtered tokens, absent symbols,
# rules without tokens, keywords among names, terminals that only some states know.
FEATURES = r"""
start: sections [tail]
sections: section*
section: "[" [NAME] ["=" value] [SIGN] "]"     -> cell
    | "<" _row ">"
    | "(" section ")"
    | value
_row: value ("," value)*
?value: sum
?sum: atom | sum "+" atom                       -> plus
?atom: NAME                                     -> name
    | NUMBER
    | "not" atom                                -> negation
    | "{" nothing "}"                           -> braces
nothing:
tail: "end" NAME? | SIGN+
SIGN: "!"
NAME: /[a-z]+/
NUMBER: /[0-9]+/
%ignore /[ \n]+/
"""

Shape = tuple[object, ...] | None


def of_lark(node: object) -> Shape:
    if isinstance(node, lark.Token):
        return node.type, str(node), node.start_pos, node.end_pos
    if isinstance(node, lark.Tree):
        at = (-1, -1) if node.meta.empty else (node.meta.start_pos, node.meta.end_pos)
        return str(node.data), *at, *map(of_lark, node.children)
    return None


def of_ours(node: Node) -> Shape:
    if isinstance(node, Tree):
        return node.data, node.start_pos, node.end_pos, *map(of_ours, node.children)
    return None if node is None else (node.type, str(node), node.start_pos, node.end_pos)


def check(text: str, grammar: str, starts: tuple[str, ...], start: str, lexer: str) -> bool:
    """Compare the two trees of a text.  Returns whether the grammar accepts the text."""
    ours = parser(grammar, starts, lexer).parse(text, start)
    try:
        theirs = lark_parser(grammar, starts, lexer).parse(text, start=start)
    except lark.UnexpectedInput:
        assert ours is None, text
        return False
    assert ours is not None, text
    assert of_ours(ours) == of_lark(theirs), text
    return True


@pytest.mark.parametrize("lexer", ["contextual", "basic"])
@pytest.mark.parametrize(
    ("text", "accepted"),
    [
        ("", True),
        ("a", True),
        ("[] [a] [=1] [a=1] [a=1 !] [a !]", True),
        ("<1, a+b+c , not not d> (({ }))", True),
        ("ab notb not b", True),
        ("a end", True),
        ("a end b", True),
        (" a !! ", True),
        ("[a a=1]", False),
        ("<>", False),
        ("a # b", False),
        ("not", False),
        ("a end b c", False),
    ],
)
def test_trees_are_those_of_lark(text: str, accepted: bool, lexer: str) -> None:
    assert check(text, FEATURES, ("start",), "start", lexer) == accepted


WORDS = st.lists(st.sampled_from(["a", "bc", "1", "23", "not", "end", *"[]=<>,(){}+!#"]), max_size=12)


@given(WORDS, st.sampled_from([" ", "", "\n"]), st.sampled_from(["contextual", "basic"]))
def test_texts_are_accepted_as_lark_accepts_them(words: list[str], between: str, lexer: str) -> None:
    check(between.join(words), FEATURES, ("start",), "start", lexer)


CONDITIONS = [
    "exists (0:r1=1 /\\ (x=2 \\/ ~[y]=3) => not (true))",
    "locations [x; 0:r1 int; *y; a[2];] filter x=1 forall (x={1,2} /\\ %a=&x \\/ 0:$r != y[1])",
    "observed 0:r1=1; x=2; and x=3;",
    "~exists x=1 with tso: exists; sc: ~exists",
]
ITEMS = [
    "x=1",
    "int x",
    "0:r1=x",
    "uint64_t a[3]={1,2,&x}",
    "int *p=&x",
    "_Atomic int [x] = ATOMIC_INIT(3)",
    "0:LR=P1:L0",
]


@pytest.mark.parametrize(("text", "start"), [(t, "final") for t in CONDITIONS] + [(t, "init") for t in ITEMS])
def test_the_notation_for_states_is_read_as_lark_reads_it(text: str, start: str) -> None:
    assert check(text, {"init": state._INIT, "final": state._FINAL}[start], (start,), start, "contextual")


FUNCTION = """P0(volatile int *x, struct s *const y, int a[2]) {
    int r0 = READ_ONCE(*x), *q = &a[1];  // comment
    if (!r0 && x->next != (long)sizeof(int) << 2) { r0++; } else for (;;) break;
    do x = y, r0 += f(1, 'c'); while (r0 ? 0x1f : -2); /* end */
    switch (r0) { case 1: goto out; default: return; }
out: ;
}"""


def test_c_is_read_as_lark_reads_it() -> None:
    assert check(FUNCTION, parsing.GRAMMAR, ("function", "expression"), "function", "basic")


def test_tables_come_back_from_the_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("litmus.cache.cache_directory", lambda: str(tmp_path))
    monkeypatch.setattr("litmus.source.grammar.parser", parser.__wrapped__)
    first = parser.__wrapped__(FEATURES).parse("<1, a>", "start")
    assert len(list(tmp_path.iterdir())) == 1
    monkeypatch.setattr("litmus.source.grammar.lark_parser", None)  # not needed again
    second = parser.__wrapped__(FEATURES).parse("<1, a>", "start")
    assert first is not None
    assert second is not None
    assert of_ours(first) == of_ours(second)
