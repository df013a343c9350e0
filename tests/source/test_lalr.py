"""The parser that runs Lark's tables makes the trees that Lark makes, and stops where and as Lark stops."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import lark
import pytest
from hypothesis import given
from hypothesis import strategies as st

import litmus
from litmus.c import parsing
from litmus.cat.grammar import GRAMMAR
from litmus.cat.parsing import tokens
from litmus.diagnostics import Source
from litmus.source import state
from litmus.source.lalr import tables
from litmus.source.lalr.run import END, Parser, Unexpected, parser
from litmus.source.lalr.tables import Lexer, lark_parser, tables_of
from litmus.source.lalr.trees import Node, Tree, leaves_first

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


def check(text: str, grammar: str, starts: tuple[str, ...], start: str, lexer: Lexer) -> bool:
    """Compare what becomes of a text, a tree or an error.  Returns whether the grammar accepts the text."""
    ours: Tree | Unexpected
    try:
        ours = parser(grammar, starts, lexer).parse(text, start)
    except Unexpected as unexpected:
        ours = unexpected
    theirs: lark.Tree[lark.Token] | lark.UnexpectedInput
    try:
        theirs = lark_parser(grammar, starts, lexer).parse(text, start=start)
    except lark.UnexpectedInput as unexpected:
        theirs = unexpected
    if isinstance(theirs, lark.UnexpectedInput):
        assert isinstance(ours, Unexpected), text
        assert ours.accepted == theirs.interactive_parser.accepts(), text
        assert (ours.kind, ours.start, ours.end) == stop_of_lark(theirs, text), text
        return False
    assert isinstance(ours, Tree), text
    assert of_ours(ours) == of_lark(theirs), text
    return True


def stop_of_lark(error: lark.UnexpectedInput, text: str) -> tuple[str | None, int, int]:
    if isinstance(error, lark.UnexpectedCharacters):
        return None, error.pos_in_stream, error.pos_in_stream + 1
    assert isinstance(error, lark.UnexpectedToken)
    token = error.token
    return (END, len(text), len(text)) if token.type == END else (token.type, token.start_pos, token.end_pos)


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
def test_trees_are_those_of_lark(text: str, accepted: bool, lexer: Lexer) -> None:
    assert check(text, FEATURES, ("start",), "start", lexer) == accepted


WORDS = st.lists(st.sampled_from(["a", "bc", "1", "23", "not", "end", *"[]=<>,(){}+!#"]), max_size=12)


@given(WORDS, st.sampled_from([" ", "", "\n"]), st.sampled_from(["contextual", "basic"]))
def test_texts_are_accepted_as_lark_accepts_them(words: list[str], between: str, lexer: Lexer) -> None:
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


MODEL = """"A model" catdep
let f(x, y) = x | y* ; [W] and g = (po)
let rec r = po | (r ; f (r, po))^-1+ in
procedure p() = forall s in {W, R} do ~acyclic s * _ as name end end
if "v" && not "w" || "x" call p() else show r, g end
let h = match 'once with 'once -> let a = po in a || _ -> fun () -> 0 end
"""


@pytest.mark.parametrize("end", [len(MODEL), *range(10, len(MODEL), 7)])
def test_cat_is_read_as_lark_reads_it(end: int) -> None:
    text = MODEL[:end].rpartition(" ")[0] if end < len(MODEL) else MODEL
    cut = tokens(Source("m.cat", text))
    driver = lark_parser(GRAMMAR, ("start",), "basic").parse_interactive("")
    for token in cut:
        driver.feed_token(lark.Token(token.type, str(token), token.start_pos, end_pos=token.end_pos))
    run = parser(GRAMMAR, ("start",), "basic")
    if END in driver.accepts():
        assert of_ours(run.parse(text, "start", cut)) == of_lark(driver.feed_eof())
        return
    with pytest.raises(Unexpected) as unexpected:
        run.parse(text, "start", cut)
    with pytest.raises(lark.UnexpectedToken):
        driver.feed_eof()
    assert unexpected.value.kind == END
    assert unexpected.value.accepted == driver.accepts()


def test_every_tree_comes_after_the_trees_in_it() -> None:
    tree = parser(FEATURES).parse("<1, a+b> (b) [a=not 1]")
    seen: set[int] = set()
    for part in leaves_first(tree):
        assert all(id(child) in seen for child in part.children if isinstance(child, Tree))
        seen.add(id(part))
    assert id(tree) in seen


def test_tables_come_back_from_the_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("litmus.cache.cache_directory", lambda: str(tmp_path))
    key = FEATURES, ("start",), "contextual"
    first = tables_of(*key)
    assert len(list(tmp_path.iterdir())) == 1
    monkeypatch.setattr(tables, "lark_parser", None)  # not needed again
    second = tables_of(*key)
    assert second == first
    assert second is not first
    assert of_ours(Parser(second).parse("<1, a>")) == of_ours(Parser(first).parse("<1, a>"))


def test_lark_is_not_needed_to_explain_an_error(tmp_path: Path) -> None:
    path = tmp_path / "m.cat"
    path.write_text("acyclic (po")
    code = (
        "import sys; from litmus.cli import main; status = main(['check', sys.argv[2], '--model', sys.argv[1]]);"
        "print(status, 'lark' in sys.modules)"
    )
    test = Path(__file__).parents[1] / "examples" / "scenario12.litmus"
    run = [sys.executable, "-c", code, str(path), str(test)]
    environment = {"LITMUS_CACHE": str(tmp_path), "PYTHONPATH": str(Path(litmus.__file__).parents[1])}
    outputs = [subprocess.run(run, env=environment, capture_output=True, text=True, check=True).stdout for _ in "12"]
    assert outputs == ["2 True\n", "2 False\n"]
