"""Reading the cells of a program table with the grammar of an instruction set."""

from __future__ import annotations

from typing import TYPE_CHECKING

from litmus.diagnostics import InputError, Source, Span
from litmus.isa.template import Named, Place
from litmus.source.grammar import parser

if TYPE_CHECKING:
    from lark import Token, Tree


def parsed(grammar: str, text: str, examples: str) -> Tree[Token]:
    """The tree of a cell.  Raises InputError at what the grammar does not expect; the hint has examples."""
    from lark.exceptions import UnexpectedInput, UnexpectedToken

    try:
        return parser(grammar).parse(text)
    except UnexpectedInput as error:
        if isinstance(error, UnexpectedToken):
            start, end = error.token.start_pos or 0, error.token.end_pos or 0
            if error.token.type == "$END":
                start, end = len(text) - 1, len(text)
                raise InputError("the instruction ends too early", Span(Source("", text), start, end), examples) from None
        else:
            start = error.pos_in_stream or 0
            end = start + 1
        raise InputError(f"unexpected {text[start:end]} in an instruction", Span(Source("", text), start, end), examples) from None


def placed(token: Token) -> Named:
    """A token as a name with its place."""
    return Named(str(token), Place(token.start_pos or 0, token.end_pos or 0))
