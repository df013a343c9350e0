"""Syntax errors in words: what Lark found and expected, as a person would say it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from lark import Lark, Token, Tree
from lark.exceptions import UnexpectedCharacters, UnexpectedInput, UnexpectedToken
from lark.lexer import PatternStr

from litmus.diagnostics import InputError, Source, Span
from litmus.source.grammar import parser

# What terminals that are no words of their own are called.
WORDS = {
    "NUMBER": "a number",
    "NAME": "a name",
    "PROCESS": "a process",
    "DOLLAR": "a register",
    "SYMBOLIC": "a symbolic register",
    "$END": "the end",
}


def parse(
    grammar: str,
    source: Source,
    what: str,
    words: Mapping[str, str],
    start: str = "start",
    starts: tuple[str, ...] = ("start",),
) -> Tree[Token]:
    """The tree of a text, which is called `what` in messages.

    Raises InputError at the first token that the grammar does not accept, with a hint of what it
    would have accepted; `words` says what terminals are called, beside WORDS.
    """
    lark = parser(grammar, starts)
    try:
        return lark.parse(source.text, start=start)
    except UnexpectedInput as error:
        at, end, expected = _place(error, source.text)
    hint = _expectation(lark, expected, {**WORDS, **words})
    found = source.text[at:end]
    message = f"unexpected {found} in the {what}" if found else f"the {what} ends too early"
    raise InputError(message, Span(source, at, end if found else at + 1), hint)


def _place(error: UnexpectedInput, text: str) -> tuple[int, int, Iterable[str]]:
    """Where Lark stopped, and the terminals that it would have gone on with."""
    if isinstance(error, UnexpectedToken):
        expected = error.accepts or error.expected
        if error.token.type == "$END":
            return len(text), len(text), expected
        return error.token.start_pos or 0, error.token.end_pos or 0, expected
    at = error.pos_in_stream or 0
    return at, at + 1, error.allowed or () if isinstance(error, UnexpectedCharacters) else ()


def _expectation(lark: Lark, expected: Iterable[str], words: Mapping[str, str]) -> str | None:
    spelled = {
        terminal.name: terminal.pattern.value for terminal in lark.terminals if isinstance(terminal.pattern, PatternStr)
    }
    names = sorted({words.get(name) or spelled.get(name, name.lower()) for name in expected})
    return "expected " + " or ".join(names) if names else None
