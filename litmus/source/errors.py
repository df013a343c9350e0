"""Parsing with syntax errors in words: what Lark found and what it expected, as a person would say it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING

from litmus.diagnostics import InputError, Source, Span, near
from litmus.source.grammar import lark_parser, parser
from litmus.source.trees import Tree

if TYPE_CHECKING:
    from lark.exceptions import UnexpectedInput

# What messages call the terminals that are not single words.
WORDS = {
    "NUMBER": "a number",
    "NAME": "a name",
    "PROCESS": "a process",
    "DOLLAR": "a register",
    "SYMBOLIC": "a symbolic register",
    "$END": "the end",
}


# The words that begin the final section of a test, the section after its program.
_FINAL_WORDS = ("exists", "forall", "locations", "filter", "final", "BUG_ON")


def misspelt(source: Source, start: int, end: int) -> InputError | None:
    """The error for text after a program, if its first word is almost a word that begins the final section."""
    word = re.match(r"\w+", source.text[start:end])
    hint = near(word[0], _FINAL_WORDS) if word else None
    if word is None or hint is None:
        return None
    return InputError(f"unexpected {word[0]}", Span(source, start, start + len(word[0])), hint)


def parse(
    grammar: str,
    source: Source,
    what: str,
    words: Mapping[str, str] = MappingProxyType({}),
    start: str = "start",
    starts: tuple[str, ...] = ("start",),
    phrases: Sequence[tuple[str, frozenset[str]]] = (),
    shorthand: frozenset[str] = frozenset(),
) -> Tree:
    """The tree of a text.  Messages call the text `what`.

    Raises InputError at the first token that the grammar does not accept.  The hint says which tokens it
    would have accepted there.  `words`: what the hint calls terminals, in addition to WORDS.  `phrases`: what it
    calls several of them together.  `shorthand`: terminals that only abbreviate others, which it leaves out.
    """
    tree = parser(grammar, starts).parse(source.text, start)
    if tree is not None:
        return tree
    from lark.exceptions import UnexpectedInput
    from lark.lexer import PatternStr

    lark = lark_parser(grammar, starts)
    try:
        lark.parse(source.text, start=start)
        raise AssertionError("Lark accepts what its tables do not")
    except UnexpectedInput as error:
        at, end = _place(error, source.text)
        expected = set(error.interactive_parser.accepts()) - shorthand  # type: ignore[no-untyped-call]
    hints = []
    for phrase, terminals in phrases:
        if terminals <= expected:
            expected -= terminals
            hints.append(phrase)
    literals = {t.name: t.pattern.value for t in lark.terminals if isinstance(t.pattern, PatternStr)}
    spelled = {**literals, **WORDS, **words}
    hints += sorted({spelled.get(name, name.lower()) for name in expected})
    found = source.text[at:end]
    message = f"unexpected {found} in the {what}" if found else f"the {what} ends too early"
    hint = near(found, re.findall(r"\w+", " ".join(hints))) if len(found) > 2 else None
    hint = hint or "expected " + " or ".join(hints)
    raise InputError(message, Span(source, at, end if found else at + 1), hint)


def _place(error: UnexpectedInput, text: str) -> tuple[int, int]:
    """Where Lark stopped."""
    from lark.exceptions import UnexpectedToken

    if isinstance(error, UnexpectedToken):
        if error.token.type == "$END":
            return len(text), len(text)
        start = error.token.start_pos or 0
        # If one token stands for several (an atom of a condition), the error is at the first of them.
        first = re.match(r"\w+|.", error.token, re.DOTALL)
        return start, start + len(first[0]) if first else start
    at = error.pos_in_stream or 0
    return at, at + 1
