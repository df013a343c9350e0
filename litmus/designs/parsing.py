"""Parsing .design files: text -> litmus.designs.syntax.

The grammar here knows the blocks of a design.  The text inside a block is C: litmus.c.parsing reads it at its
place in the file.
"""

from __future__ import annotations

import re
from itertools import takewhile

from litmus.c.parsing import read_block
from litmus.designs.syntax import Body, Choice, Expectation, File, Part, Word
from litmus.diagnostics import Diagnostic, InputError, Source, Span, near
from litmus.source.lalr.explain import parse
from litmus.source.lalr.trees import Node, Token, Tree, as_token, as_tree

_GRAMMAR = r"""
start: "design" NAME strings item*
?item: "source" strings                                  -> source
    | BLOCK body                                         -> block
    | "remove" NAME ("," NAME)* ";"                      -> remove
    | "primitive" NAME "=" NAME ";"                      -> primitive
    | "migrate" ";"                                      -> migrate
    | "expect" NAME (","? NAME)* _verdict? [":" strings] ";"   -> expect
    | "variant" NAME strings "{" item* "}"              -> variant
_verdict: SAFE | BROKEN (","? SIDE)* (","? DEADLOCK (","? SIDE)*)? | DEADLOCK (","? SIDE)*
strings: STRING+
body: "{" (CODE | _inner)* "}"
_inner: "{" (CODE | _inner)* "}"

BLOCK: /(?:cpu|mm|membarrier|switch_out|switch_in)\b/
SAFE: "safe"
BROKEN: "broken"
DEADLOCK: "deadlock"
SIDE: /(?:RUN|OUT|IN|MID)\b/
STRING: /"(?:\\.|[^"\\])*"/
NAME: /[A-Za-z_][\w\-]*(?:\.[\w\-]+)*/
CODE: /(?:[^{}\/'"\s]|\/(?![*\/])|'(?:\\.|[^'\\\n])*'|"(?:\\.|[^"\\\n])*")+/
COMMENT.4: /\/\*(?:[^*]|\*(?!\/))*\*\/|\/\/[^\n]*/
%ignore COMMENT
%ignore /\s+/
"""

_WORDS = {"SIDE": "RUN, OUT, IN, MID", "STRING": "a text in quotes", "CODE": "C"}
_VERDICTS = {"SAFE": "safe", "BROKEN": "broken", "DEADLOCK": "deadlock"}
_ITEMS = frozenset(("BLOCK", "SOURCE", "REMOVE", "PRIMITIVE", "MIGRATE", "EXPECT"))
_PHRASES = (
    ("a block (cpu, mm, membarrier, switch_out, switch_in), source, remove, primitive, migrate, expect", _ITEMS),
)


def read_design(source: Source) -> File:
    """What a .design file says.

    Raises InputError, with the span, for text that is not in the language, for parts that are there twice, and for C
    that does not parse.
    """
    try:
        tree = parse(_GRAMMAR, source.text, "design", _WORDS, phrases=_PHRASES)
    except Diagnostic as error:
        raise error.placed(source, 0) from None
    reader = _Reader(source)
    variants: dict[str, Part] = {}
    for child in tree.children:
        if isinstance(child, Tree) and child.data == "variant":
            variant = reader.part(child)
            if variant.name.text in variants:
                raise InputError(f"a second variant {variant.name.text}", variant.name.span)
            variants[variant.name.text] = variant
    return File(source, reader.part(tree), tuple(variants.values()))


class _Reader:
    """Makes the syntax of one file from its trees."""

    def __init__(self, source: Source) -> None:
        self.source = source

    def part(self, tree: Tree) -> Part:
        """The design, without its variants, or a variant."""
        name, claim, *items = tree.children
        sources: list[str] = []
        bodies: dict[str, Body] = {}
        removed: list[Word] = []
        primitives: list[Choice] = []
        expectations: list[Expectation] = []
        migrates = False
        for item in map(as_tree, items):
            children = item.children
            match item.data:
                case "source":
                    sources.append(_strings(children[0]))
                case "block":
                    keyword = self.word(children[0])
                    if keyword.text in bodies:
                        raise InputError(f"a second {keyword.text} block", keyword.span)
                    bodies[keyword.text] = self.body(as_tree(children[1]))
                case "remove":
                    removed += map(self.word, children)
                case "primitive":
                    primitives.append(self.choice(item))
                case "migrate":
                    migrates = True
                case "expect":
                    expectations.append(self.expectation(item))
                case "variant" if tree.data == "variant":
                    raise InputError("a variant inside a variant", self.word(children[0]).span)
        _refuse_twice(expectations)
        return Part(
            self.word(name),
            _strings(claim),
            tuple(sources),
            bodies,
            tuple(removed),
            tuple(primitives),
            migrates,
            tuple(expectations),
        )

    def span(self, node: Tree | Token) -> Span:
        return Span(self.source, node.start_pos, node.end_pos)

    def word(self, node: Node) -> Word:
        token = as_token(node)
        return Word(str(token), self.span(token))

    def body(self, tree: Tree) -> Body:
        span = self.span(tree)
        return Body(read_block(span), span)

    def choice(self, tree: Tree) -> Choice:
        row, alternative = map(self.word, tree.children)
        table, dot, name = row.text.partition(".")
        if not dot:
            raise InputError(f"{row.text} is no row of a table", row.span, f"power.{row.text}")
        return Choice(table, name, alternative.text, Span(self.source, row.span.start, alternative.span.end))

    def expectation(self, tree: Tree) -> Expectation:
        *tokens, reason = tree.children
        words = [(as_token(token).type, self.word(token)) for token in tokens]
        if not any(kind in _VERDICTS for kind, _ in words):
            misspelt = {word: hint for _, word in words if (hint := near(word.text, _VERDICTS.values())) is not None}
            word, hint = next(iter(misspelt.items()), (words[-1][1], "safe, broken or deadlock follows the models"))
            raise InputError(f"{word.text} is no verdict", word.span, hint)
        return Expectation(
            models=tuple([word for kind, word in words if kind == "NAME"]),
            broken=_sides_after("BROKEN", words),
            deadlock=_sides_after("DEADLOCK", words),
            reason=None if reason is None else _strings(reason),
            span=self.span(tree),
        )


def _sides_after(verdict: str, words: list[tuple[str, Word]]) -> tuple[str, ...] | None:
    """The sides after a verdict; None if the verdict is not there."""
    kinds = [kind for kind, _ in words]
    if verdict not in kinds:
        return None
    behind = words[kinds.index(verdict) + 1 :]
    return tuple([word.text for _, word in takewhile(lambda pair: pair[0] == "SIDE", behind)])


def _refuse_twice(expectations: list[Expectation]) -> None:
    seen: set[str] = set()
    for expectation in expectations:
        for model in expectation.models:
            if model.text in seen:
                raise InputError(f"a second expectation for {model.text}", model.span)
            seen.add(model.text)


def _strings(node: Node) -> str:
    """The text of strings.  Several strings after each other are one text, as in C."""
    return "".join(_unquoted(as_token(token)) for token in as_tree(node).children)


def _unquoted(token: Token) -> str:
    return re.sub(r"\\(.)", r"\1", re.sub(r"\s*\n\s*", " ", token[1:-1]))
