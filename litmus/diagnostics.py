"""Diagnostics: where in a user's file something is wrong, what, and what to try instead.

Every syntax node carries a Span, or a Place if it was read from a part of a file on its own.  Every error that a user
can cause is a Diagnostic, raised with the span or place where the mistake is.  Whoever knows where the part stands in
the file raises the error again, `placed` there.  Only `render` draws the line and the caret.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import IntEnum
from typing import NamedTuple, Self

from msgspec import Struct


class ExitCode(IntEnum):
    """What a command's exit status means.  If several apply, the status is the first of 2, 1, 3 that does."""

    OK = 0
    UNEXPECTED = 1
    BAD_INPUT = 2
    NO_ANSWER = 3


class Source(Struct, frozen=True, eq=False):
    """A text that was read.  name: the path as the user spelled it.  text: the whole text."""

    name: str
    text: str

    def position(self, offset: int) -> tuple[int, int]:
        """The 1-based line and column of a character offset."""
        start = self.text.rfind("\n", 0, offset) + 1
        return self.text.count("\n", 0, offset) + 1, offset - start + 1


class Place(NamedTuple):
    """The characters `start` (inclusive) to `end` (exclusive) of a text that is a part of a file."""

    start: int
    end: int


class Span(Struct, frozen=True, eq=False):
    """The characters `start` (inclusive) to `end` (exclusive) of a source."""

    source: Source
    start: int
    end: int

    @property
    def text(self) -> str:
        """The characters themselves."""
        return self.source.text[self.start : self.end]

    def __str__(self) -> str:
        line, column = self.source.position(self.start)
        return f"{self.source.name}:{line}:{column}"


class Diagnostic(Exception):
    """A mistake in the user's input, or a limit of this program, with its place.

    Attributes: `message` (one sentence, without the place), `span` (None if there is no text to point
    at), `place` (where in a part of a file, as long as it is not known where the part stands), `hint` (printed
    beside the caret), `exit_code`.
    """

    exit_code = ExitCode.BAD_INPUT

    def __init__(self, message: str, span: Span | Place | None = None, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.span = span if isinstance(span, Span) else None
        self.place = span if isinstance(span, Place) else None
        self.hint = hint

    def placed(self, source: Source, at: int) -> Self:
        """The same error in a file: the text that it is about begins at offset `at` of `source`."""
        if self.place is None:
            return self
        return type(self)(self.message, Span(source, at + self.place.start, at + self.place.end), self.hint)

    def one_line(self) -> str:
        """`file:line:column: error: message`, for JSON and logs."""
        hint = f" ({self.hint})" if self.hint else ""
        place = f"{self.span}: " if self.span else ""
        return f"{place}error: {self.message}{hint}"

    def render(self) -> str:
        """The message, the offending line, a caret under the place, and the hint beside it."""
        if self.span is None:
            return f"error: {self.message}" + (f"\n  hint: {self.hint}" if self.hint else "")
        source = self.span.source
        line, column = source.position(self.span.start)
        begin = self.span.start - (column - 1)
        end = source.text.find("\n", begin)
        text = source.text[begin : end if end >= 0 else len(source.text)].rstrip("\r")
        width = max(1, min(self.span.end - self.span.start, len(text) - column + 1))
        lead = "".join("\t" if c == "\t" else " " for c in text[: column - 1])
        caret = "^" * width + (f" {self.hint}" if self.hint else "")
        gutter = f"{line:>5} | "
        bar = " " * 5 + " | "
        return f"{self.span}: error: {self.message}\n{gutter}{text}\n{bar}{lead}{caret}"

    def __str__(self) -> str:
        return self.one_line()


class InputError(Diagnostic):
    """The input is wrong: exit status 2."""


class Unsupported(Diagnostic):
    """The input may be right, but this program has no answer for it: exit status 3."""

    exit_code = ExitCode.NO_ANSWER


class NoAnswer(Diagnostic):
    """The question was understood, but it was not decided within the given time or limits: exit status 3."""

    exit_code = ExitCode.NO_ANSWER


def near(word: str, known: Iterable[str]) -> str | None:
    """A hint that names the known words closest to a misspelt word; None if no known word is close."""
    import difflib

    by_folded: dict[str, str] = {}
    for name in known:
        by_folded.setdefault(name.lower(), name)
    close = difflib.get_close_matches(word.lower(), by_folded, n=3, cutoff=0.6)
    return "did you mean " + " or ".join(by_folded[c] for c in close) + "?" if close else None
