"""Statements: what a test states in its comments, each on a line of its own, and what is almost that.

A test that says `Reslt: Never` would pass, but its verdict would not have been compared with anything.  So a line that
is almost `Result: V`, `Expect(M): V`, `Process(P0, P1)` or `CPUs: N` is an error.  Prose that a reader might take for
such a line gives a note.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache

from msgspec import Struct

from litmus.diagnostics import InputError, Source
from litmus.source.comments import CommentLine, comment_lines
from litmus.source.processes import read_cpus, read_process
from litmus.source.results import WORDS, read_expect, read_result, refuse_twice
from litmus.source.syntax import Machine, ProcessLine, Stated

KEYWORDS = ("Result", "Expect", "Process", "CPUs")
_CLOSE = 0.75  # difflib's measure: `Reslt`, `Expected`, `Processes` and `CPU` are nearly keywords, `Except` is not

_WORD = re.compile(r"[A-Za-z]\w*")
_FIRST_WORD = re.compile(r"(?m)(?:^|\(\*|/\*|//|\*[)/])[ \t\r(*/]*([A-Za-z]\w*)")
_ANYWHERE = re.compile(f"[Rr]esult|RESULT|{'|'.join(KEYWORDS)}")
# A statement that may be in the middle of its line.
_INSIDE = re.compile(
    r"\b(?:(Result): +(?:{0})\b|(Expect)[ \t]*\([^()]*\)[ \t]*:?[ \t]*(?:{0})\b|(Process)[ \t]*\([ \t]*P\d[^()]*\)"
    r"|(CPUs):[ \t]*\d)".format("|".join(WORDS))
)
_SCRAMBLED = (
    rf"(?i)(?P<result>results?(?:{'|'.join(WORDS)})(?:datarace)?)"
    r"|(?P<process>process(?:p\d+(?:oncpu\d+)?)+)|(?P<cpus>cpus\d+(?:nohzfull)?)"
)
_FORMS = {"result": "` * Result: Never`", "process": "Process(P0, P1)", "cpus": "CPUs: 1"}
_INSIDE_IN_WORDS = re.compile(rf"(?i)\bresult[ \t]*:[ \t]*({'|'.join(WORDS)})\b")


class Statements(Struct, frozen=True):
    """All that the comments of a test state.  machine: None if they say nothing about it."""

    stated: tuple[Stated, ...]
    machine: Machine | None
    notes: tuple[str, ...]


NOTHING = Statements((), None, ())


def statements_of(source: Source, comments: Iterable[tuple[int, int]], in_c: bool) -> Statements:
    """What the comments of a test state.  `comments` are their places.

    in_c: it is a C test; only these can state processes and processors.  Raises InputError for a line that is almost a
    statement, and for a fact that is stated twice.
    """
    worth = [(start, end) for start, end in comments if _may_state(source.text[start:end])]
    if not worth:
        return NOTHING
    return _read([line for start, end in worth for line in comment_lines(source, start, end)], in_c)


def _may_state(text: str) -> bool:
    """A quick test: whether the lines of a comment may state something.  Most comments do not."""
    return _ANYWHERE.search(text) is not None or any(map(_keyword, _FIRST_WORD.findall(text)))


def _read(lines: Iterable[CommentLine], in_c: bool) -> Statements:
    stated: list[Stated] = []
    processes: list[ProcessLine] = []
    cpus: tuple[int, bool] | None = None
    notes: list[str] = []
    for line in lines:
        word = _WORD.match(line.text)
        match _keyword(word[0]) if word is not None else None:
            case "Result":
                found = read_result(line)
                if isinstance(found, Stated):
                    stated.append(found)
                    continue  # read_result has read all of the line
                if found is not None:
                    notes.append(found)
            case "Expect":
                expected = read_expect(line)
                if isinstance(expected, str):
                    notes.append(expected)
                else:
                    stated += expected
                if expected:
                    continue
            case "Process" if in_c:
                process = read_process(line)
                if isinstance(process, ProcessLine):
                    processes.append(process)
                    continue
                if process is not None:
                    notes.append(process)
            case "CPUs" if in_c:
                number = read_cpus(line)
                if number is not None and cpus is not None:
                    span = line.span(len("CPUs: "), len(line.text))
                    raise InputError("the number of processors is stated twice", span)
                cpus = number if cpus is None else cpus
                if number is not None:
                    continue
            case "Process" | "CPUs" if line.text.startswith(("Process(P", "CPUs: ")):
                notes.append(f"line {line.number}, `{line.text}`, says nothing here: only C tests have the call")
        _refuse_inside(line, notes, in_c)
        _refuse_scrambled(line, in_c)
    refuse_twice(stated)
    machine = Machine(tuple(processes), *(cpus or (None, False))) if processes or cpus else None
    return Statements(tuple(stated), machine, tuple(notes))


@lru_cache(maxsize=4096)
def _keyword(word: str) -> str | None:
    """The keyword that a word is or nearly is; None if it is near none."""
    if word in KEYWORDS:
        return word
    if not 2 < len(word) < 12:
        return None
    import difflib

    folded = {keyword.lower(): keyword for keyword in KEYWORDS}
    close = difflib.get_close_matches(word.lower(), folded, 1, _CLOSE)
    if close:
        return folded[close[0]]
    return next((keyword for prefix, keyword in folded.items() if word.lower().startswith(prefix)), None)


def _refuse_inside(line: CommentLine, notes: list[str], in_c: bool) -> None:
    """Raises InputError for a statement in the middle of a line.  Adds a note for words that only look like one."""
    if ":" not in line.text and "(" not in line.text:
        return
    for match in _INSIDE.finditer(line.text):
        if match.start() and (in_c or match[1] or match[2]):
            keyword = next(word for word in match.groups() if word is not None)
            message = f"{keyword} stands in the middle of a line, where it would not be read"
            raise InputError(message, line.span(*match.span()), "give it a line of its own")
    words = _INSIDE_IN_WORDS.search(line.text)
    if words is not None and words.start():
        notes.append(f"line {line.number}, `{line.text}`, states no verdict: ` * Result: Never` would, on its own line")


def _refuse_scrambled(line: CommentLine, in_c: bool) -> None:
    """Raises InputError for a line that would be a statement if its blanks and signs were in the right places."""
    if re.search(r"[:=(\[{]", line.text):
        match = re.fullmatch(_SCRAMBLED, re.sub(r"[\W_]", "", line.text).lower())
        if match is not None and match.lastgroup is not None and (in_c or match.lastgroup == "result"):
            form, span = _FORMS[match.lastgroup], line.span(0, len(line.text))
            raise InputError(f"this is almost {form}, and would not be read", span, f"write {form}")
