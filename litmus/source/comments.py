"""Comments: what a test says beside its program, line by line.

Comments are herd's, `(* *)`, which nest.  C tests also have `/* */` and `//`, and inside their functions `(*` is no
comment.  Between the first line and the initial state, herd ignores lines that it does not know.  They are read as
comments here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from msgspec import Struct

from litmus.diagnostics import Source, Span


class CommentLine(Struct, frozen=True):
    """A line of a comment, or a part of one, without the marks of the comment (`*`, blanks).  `start` is its offset."""

    source: Source
    start: int
    text: str

    def span(self, start: int, end: int) -> Span:
        """The characters `start` to `end` of the line, at least one."""
        return Span(self.source, self.start + start, self.start + max(end, start + 1))

    @property
    def number(self) -> int:
        """The number of the line in the file."""
        return self.source.position(self.start)[0]


# Patterns that only tests with comments need.  The re module compiles them at their first use.
_EDGE = r"\(\*|\*\)"
_MARK = r"\(\*|\*\)|/\*|\*/|//"
_C_TOKEN = r"(?s)/\*.*?(?:\*/|\Z)|//[^\n]*|\(\*|\"(?:[^\"\\\n]|\\.)*\"|'(?:[^'\\\n]|\\.)'|[{}()]"


def comments_of(text: str, head: tuple[int, int], opening: int, closing: int, in_c: bool) -> list[tuple[int, int]]:
    """The places of the comments of a test, in order.

    `head`: where the first line, with its string, begins and ends.  `opening`, `closing`: the offsets of the braces of
    the initial state.
    """
    start, end = head
    if "(*" not in text and "//" not in text and "/*" not in text:
        return [(end, opening)]
    regions = [(0, start), (end, opening)]
    regions += _nested(text, opening, closing, ("(*", "/*", "//"))
    regions += _in_functions(text, closing) if in_c else _nested(text, closing, len(text), ("(*",))
    return regions


def comment_lines(source: Source, start: int, end: int) -> Iterator[CommentLine]:
    """The lines of the comment from `start` to `end`."""
    at = start
    for line in source.text[start:end].split("\n"):
        if line and not line.isspace():
            begin = 0
            marks = re.finditer(_MARK, line) if "*" in line or "/" in line else ()
            for mark in marks:
                yield from _piece(source, at + begin, line[begin : mark.start()])
                begin = mark.end()
            yield from _piece(source, at + begin, line[begin:])
        at += len(line) + 1


def _piece(source: Source, start: int, text: str) -> Iterator[CommentLine]:
    stripped = text.lstrip(" \t\r*")
    if stripped:
        yield CommentLine(source, start + len(text) - len(stripped), stripped.rstrip())


def _nested(text: str, start: int, end: int, marks: tuple[str, ...]) -> Iterator[tuple[int, int]]:
    """The places of comments in a table or in an initial state.  There `(*` always begins a comment."""
    if all(text.find(mark, start, end) < 0 for mark in marks):
        return
    pattern = r"\(\*|(?s:/\*.*?(?:\*/|\Z))|//[^\n]*" if len(marks) > 1 else r"\(\*"
    comment = re.compile(pattern)
    while (match := comment.search(text, start, end)) is not None:
        start = _end(text, match.start(), end) if match[0] == "(*" else match.end()
        yield match.start(), start


def _in_functions(text: str, start: int) -> Iterator[tuple[int, int]]:
    """The places of comments inside the functions of a C test and after them."""
    if all(text.find(mark, start) < 0 for mark in ("(*", "/*", "//")):
        return
    depth = 0
    token = re.compile(_C_TOKEN)
    position = start + 1
    while (match := token.search(text, position)) is not None:
        found, position = match[0], match.end()
        if found in "{(":
            depth += 1
        elif found in "})":
            depth = max(0, depth - 1)
        elif found == "(*" and depth:
            depth += 1
        elif found == "(*":
            position = _end(text, match.start(), len(text))
            yield match.start(), position
        elif found[0] == "/":
            yield match.start(), position


def _end(text: str, start: int, end: int) -> int:
    """The offset after the nested comment that begins at `start`."""
    depth = 0
    for match in re.compile(_EDGE).finditer(text, start, end):
        depth += 1 if match[0] == "(*" else -1
        if depth == 0:
            return match.end()
    return end
