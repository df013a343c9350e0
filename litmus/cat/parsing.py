"""The parser of the cat language: text -> litmus.cat.syntax.

Tokens are cut here rather than by Lark because one of them depends on its neighbours: `*` is the
cartesian product if an operand can start after it and the closure otherwise.  Lark's LALR tables
then do the rest.  More lenient than herd7 in one place: `let x = po*` may be followed by `~empty ...`.
"""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING

from litmus.cat import syntax
from litmus.cat.grammar import GRAMMAR, KEYWORDS, OPERATORS, SPELLINGS
from litmus.diagnostics import InputError, Source, Span, near

if TYPE_CHECKING:
    from lark import Token

_TOKEN = re.compile(
    r"""(?P<blank>[ \t\r\n\f]+|//[^\n]*|\#[^\n]*)
      | (?P<comment>\(\*)
      | (?P<NAME>_?[A-Za-z](?:[A-Za-z0-9_.]|-(?!>))*'?)
      | (?P<TAG>'_?[A-Za-z](?:[A-Za-z0-9_.]|-(?!>))*'?)
      | (?P<STRING>"[^"]*")
      | (?P<operator>\|\||\+\+|->|&&|-1|[0|&*~+^\\?=;,(){}\[\]_])
    """,
    re.VERBOSE,
)
_COMMENT_MARK = re.compile(r"\(\*|\*\)")

# After `*`, these make it the cartesian product.
_STARTS_OPERAND = frozenset({"NAME", "TAG", "ZERO", "_LBRACE", "UNDERSCORE", "_LPAR", "_BEGIN", "_LSQB", "TILDE"})
_PREDICATES = frozenset({"ACYCLIC", "IRREFLEXIVE", "EMPTY"})


def _skip_comment(source: Source, start: int) -> int:
    depth, at = 1, start + 2
    while depth:
        mark = _COMMENT_MARK.search(source.text, at)
        if mark is None:
            raise InputError("this comment does not end", Span(source, start, start + 2), "`*)` is missing")
        depth += 1 if mark.group() == "(*" else -1
        at = mark.end()
    return at


def tokens(source: Source) -> list[tuple[str, int, int]]:
    """The tokens of a model file: (terminal of the grammar, start, end).

    Raises InputError at a character that starts none.
    """
    text = source.text
    found: list[tuple[str, int, int]] = []
    at, length = 0, len(text)
    scan = _TOKEN.match
    while at < length:
        match = scan(text, at)
        if match is None:
            raise _bad_character(source, at)
        kind = match.lastgroup
        end = match.end()
        if kind == "comment":
            end = _skip_comment(source, at)
        elif kind == "NAME":
            found.append((KEYWORDS.get(match.group(), "NAME"), at, end))
        elif kind == "operator":
            found.append((OPERATORS[match.group()], at, end))
        elif kind != "blank":
            assert kind is not None
            found.append((kind, at, end))
        at = end
    for i, (kind, start, end) in enumerate(found):
        if kind == "STAR" and i + 1 < len(found) and found[i + 1][0] in _STARTS_OPERAND:
            negated_check = found[i + 1][0] == "TILDE" and i + 2 < len(found) and found[i + 2][0] in _PREDICATES
            if not negated_check:
                found[i] = ("CARTESIAN", start, end)
    return found


def _bad_character(source: Source, at: int) -> InputError:
    character = source.text[at]
    span = Span(source, at, at + 1)
    if character == '"':
        return InputError("this string does not end", span, 'a closing " is missing')
    if character.isdigit():
        end = at
        while end < len(source.text) and source.text[end].isdigit():
            end += 1
        return InputError("the only number in cat is 0, the empty relation", Span(source, at, end))
    if character == "-":
        return InputError("unexpected `-`", span, "`\\` is the difference, `^-1` the inverse")
    if character == "'":
        return InputError("a name must follow `'`", span)
    return InputError(f"unexpected character {character!r}", span)


@cache
def _token_class() -> type[Token]:
    from lark import Token

    return Token


def parse(source: Source) -> syntax.ModelFile:
    """The syntax tree of a model file.

    Raises InputError at the token that cannot stand where it is, saying what could.
    """
    from lark.exceptions import UnexpectedToken

    from litmus.cat.reading import Reader
    from litmus.source.grammar import parser

    found = tokens(source)
    token_class = _token_class()
    driver = parser(GRAMMAR, ("start",), "basic").parse_interactive("")
    text = source.text
    previous = None
    try:
        for kind, start, end in found:
            token = token_class(kind, text[start:end], start_pos=start, end_pos=end)
            driver.feed_token(token)
            previous = token
        tree = driver.feed_eof(previous)  # type: ignore[no-untyped-call]
    except UnexpectedToken as error:
        accepts: set[str] = driver.accepts()  # type: ignore[no-untyped-call]
        raise _syntax_error(source, found, error.token, accepts) from None
    try:
        return Reader(source).model(tree)
    except RecursionError:
        raise InputError("this model is nested too deeply", Span(source, 0, 0)) from None


def _syntax_error(source: Source, found: list[tuple[str, int, int]], token: Token, accepts: set[str]) -> InputError:
    """What is wrong at `token`, and what could have stood there."""
    kinds = [kind for kind, _, _ in found]
    if token.type == "$END":
        end = len(source.text.rstrip())
        return InputError("the file ends too early", Span(source, end, end), _expectation(accepts))
    assert token.start_pos is not None
    start, end = token.start_pos, token.end_pos or token.start_pos
    span = Span(source, start, end)
    at = next(i for i, (_, begin, _) in enumerate(found) if begin == start)
    before = kinds[at - 1] if at else ""
    word = span.text
    hint = _expectation(accepts)
    if token.type in ("STAR", "PLUS", "OPTIONAL", "CARTESIAN") and "_SEMI" in accepts:
        hint = "`*` (product), `~` and the postfix `* + ?` do not associate: put parentheses"
    elif token.type == "NAME" and before in ("", "NAME", "STRING", "_RPAR", "_RBRACE", "_RSQB", "_END", "ZERO"):
        hint = near(word, KEYWORDS) or hint
    elif token.type in ("_EQ",) and before == "NAME" and at >= 3 and kinds[at - 2] == "NAME":
        hint = "a function takes one argument or one tuple: `let f (x, y) = ...`"
    elif token.type in ("LET", "MATCH", "FUN", "IF", "TRY") and "NAME" in accepts:
        hint = f"`{word}` as an operand needs parentheses"
    elif word in KEYWORDS and accepts == {"NAME"}:
        hint = f"`{word}` is a keyword and cannot be a name"
    return InputError(f"unexpected `{word}`", span, hint)


def _expectation(accepts: set[str]) -> str | None:
    """A sentence about the terminals that were possible, the most telling ones first."""
    if {"LET", "INCLUDE", "SHOW"} <= accepts:
        instruction = "an instruction (let, acyclic, empty, include, ...)"
        return f"expected {instruction}" + (" or an operator" if "_SEMI" in accepts else "")
    if {"NAME", "ZERO", "_LPAR"} <= accepts:
        return "expected an expression"
    words = sorted(SPELLINGS[kind] for kind in accepts if kind in SPELLINGS)
    if not words:
        return None
    if len(words) > 6:
        operators = {"_SEMI", "_PIPE"} <= accepts
        words = [w for w in words if w[1:-1].isalpha() or w in ("`)`", "`]`", "`}`", "`=`", "`,`", "`->`")][:5]
        words = (["an operator"] if operators else []) + words
    return "expected " + (" or ".join([", ".join(words[:-1]), words[-1]]) if len(words) > 1 else words[0])
