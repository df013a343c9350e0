"""Processes and processors that a test states in its comments.

`Process(P0, P1)` puts threads in one process.  `Process(P2): MEMBARRIER_CMD_...` says which commands the process has
executed before the test begins.  `Process(P0 on CPU 1)` says on which processor a thread runs.  `CPUs: 1` says how many
processors are online, and `CPUs: 4, nohz_full` that some of them run without the scheduler's tick.  Each statement has
a line of its own, like `Expect(power): Never`, in a comment of herd's, `(* *)`, or of C, `//` or `/* */`.
"""

from __future__ import annotations

import re

from litmus.diagnostics import InputError, Span, near
from litmus.source.comments import CommentLine
from litmus.source.syntax import ProcessLine, Word

NOHZ_FULL = "nohz_full"

_PARTS = re.compile(r"Process\(([^()]*)\)(?::(?:[ \t]+([\w \t,]*)|()))?$")
_THREAD = re.compile(r"P(\d+)(?:[ \t]+on[ \t]+CPU[ \t]+(\d+))?")
_NEARLY_THREAD = r"P?\d+(?:[ \t]+on[ \t]+CPU[ \t]+\d+)?"
# Threads, with or without brackets; after them, only a colon and any text may follow.
_NEARLY_PROCESS = (
    rf"\w+[ \t]*([:=]?)[ \t]*([\[({{<]?)[ \t]*{_NEARLY_THREAD}(?:[ \t]*,?[ \t]*{_NEARLY_THREAD})*[ \t]*[\])}}>]?"
    r"[ \t]*(?::.*)?$"
)
_CPUS = re.compile(r"CPUs:(?:[ \t]+(\S.*)|)$")
_NUMBER = re.compile(r"(0*[1-9]\d{0,8})(?:[ \t]*,[ \t]*(\S+))?$")
_NEARLY_CPUS = r"(?i)(?:\w+[ \t]*[:=]|cpus[ \t])[ \t]*\d+(?:[ \t]*,[ \t]*\w+)?$"


def read_process(line: CommentLine) -> ProcessLine | str | None:
    """Read a line whose first word is `Process` or nearly that.  Returns its threads, or a note about prose, or None.

    Raises InputError if what follows `Process(` is wrong, and for a line that is almost a statement.
    """
    if not line.text.startswith("Process("):
        return _nearly_process(line)
    parts = _PARTS.match(line.text)
    if parts is None:
        span = line.span(0, len(line.text))
        raise InputError("this is no list of the threads of a process", span, "Process(P0, P1)")
    threads = []
    cpus: dict[int, Word] = {}
    for word in _words(line, parts, 1):
        thread, cpu = _thread(word)
        threads.append(thread)
        if cpu is not None:
            cpus[int(thread.text[1:])] = cpu
    behind = next((group for group in (2, 3) if parts[group] is not None), None)
    return ProcessLine(tuple(threads), _words(line, parts, behind) if behind is not None else (), cpus)


def _nearly_process(line: CommentLine) -> str | None:
    match = re.match(_NEARLY_PROCESS, line.text)
    if match is None or (not match[2] and "P" not in match[0][1:]):
        return None
    if match[1] or match[2]:
        message = "this is almost Process(P0, P1), and would not be read"
        raise InputError(message, line.span(0, len(line.text)), "write Process(P0, P1), a line of its own")
    return f"line {line.number}, `{line.text}`, puts no threads in a process: that would be Process(P0, P1)"


def _thread(word: Word) -> tuple[Word, Word | None]:
    """The thread that a word names, and the processor that it names after the thread, if any."""
    match = _THREAD.fullmatch(word.text)
    if match is None:
        message = f"{word.text or 'nothing'} is no thread"
        raise InputError(message, word.span, "threads are P0, P1, ..., or P0 on CPU 1")
    source, start = word.span.source, word.span.start
    thread = Word("P" + match[1], Span(source, start, start + match.end(1)))
    return thread, None if match[2] is None else Word(match[2], Span(source, start + match.start(2), word.span.end))


def _words(line: CommentLine, parts: re.Match[str], group: int) -> tuple[Word, ...]:
    """The words of a list with commas.  An empty word has a span of one character."""
    words = []
    at = parts.start(group)
    for item in parts[group].split(","):
        word = item.strip()
        begin = at + len(item) - len(item.lstrip()) if word else at
        words.append(Word(word, line.span(begin, begin + len(word))))
        at += len(item) + 1
    return tuple(words)


def read_cpus(line: CommentLine) -> tuple[int, bool] | None:
    """Read a line whose first word is `CPUs` or nearly that.  Returns None for prose.

    Otherwise it returns how many processors there are, and whether some are nohz_full.  Raises InputError if the number
    is not a positive one, and for a line that is almost a statement.
    """
    match = _CPUS.match(line.text)
    if match is None:
        if re.match(_NEARLY_CPUS, line.text):
            message = "this is almost CPUs: 1, and would not be read"
            raise InputError(message, line.span(0, len(line.text)), "write CPUs: 1, a line of its own")
        return None
    found, start = (match[1], match.start(1)) if match[1] else ("", match.end())
    number = _NUMBER.match(found)
    if number is None:
        span = line.span(start, match.end())
        raise InputError(f"{found or 'nothing'} is no number of processors", span, "CPUs: 1")
    if number[2] not in (None, NOHZ_FULL):
        span = line.span(start + number.start(2), start + number.end(2))
        raise InputError(f"{number[2]} is not known of processors", span, near(number[2], (NOHZ_FULL,)) or "CPUs: 1")
    return int(number[1]), number[2] is not None
