"""Processes and processors that a test states in its comments.

`Process(P0, P1)` puts threads in one process, `Process(P2): MEMBARRIER_CMD_...` says what it has executed
before the test begins, and `CPUs: 1` how many processors are online.  `Process(P0 on CPU 1)` says on which
processor a thread runs, and `CPUs: 4, nohz_full` that some do without the scheduler's tick.  Each has a line of
its own, as `Expect(power): Never` has, in a comment of herd's, `(* *)`, or of C, `//` or `/* */`.
"""

from __future__ import annotations

import re

from litmus.diagnostics import InputError, Source, Span
from litmus.source.syntax import Machine, ProcessLine, Word

_PROCESS = r"(?m)^[ \t(*/]*\b(Process[ \t]*\([^\n]*?)[ \t]*(?:\*[)/])?[ \t]*$"
_PARTS = r"Process[ \t]*\(([^()]*)\)(?:[ \t]*:[ \t]*([\w \t,]*))?$"
_THREAD = re.compile(r"P(\d+)(?:[ \t]+on[ \t]+CPU[ \t]+(\d+))?")
_CPUS = r"(?m)^[ \t(*/]*\bCPUs:[ \t]*([^\s*,]*)(?:,[ \t]*(nohz_full))?"


def machine_of(source: Source) -> Machine | None:
    """What a text states, None where it states nothing.  Raises InputError where that is not in the notation."""
    text = source.text
    lines = tuple(_processes(source)) if "Process" in text else ()
    cpus, nohz_full = _cpus(source) if "CPUs:" in text else (None, False)
    return Machine(lines, cpus, nohz_full) if lines or cpus is not None else None


def _processes(source: Source) -> list[ProcessLine]:
    lines = []
    for match in re.finditer(_PROCESS, source.text):
        start = match.start(1)
        parts = re.match(_PARTS, match[1])
        if parts is None:
            span = Span(source, start, match.end(1))
            raise InputError("this is no list of the threads of a process", span, "Process(P0, P1)")
        threads = []
        cpus: dict[int, Word] = {}
        for word in _words(source, parts, 1, start):
            thread, cpu = _thread(word)
            threads.append(thread)
            if cpu is not None:
                cpus[int(thread.text[1:])] = cpu
        registrations = _words(source, parts, 2, start) if parts[2] is not None else ()
        lines.append(ProcessLine(tuple(threads), registrations, cpus))
    return lines


def _thread(word: Word) -> tuple[Word, Word | None]:
    """The thread that a word names, and the processor that it names after it."""
    match = _THREAD.fullmatch(word.text)
    if match is None:
        message = f"{word.text or 'nothing'} is no thread"
        raise InputError(message, word.span, "threads are P0, P1, ..., or P0 on CPU 1")
    source, start = word.span.source, word.span.start
    thread = Word("P" + match[1], Span(source, start, start + match.end(1)))
    return thread, None if match[2] is None else Word(match[2], Span(source, start + match.start(2), word.span.end))


def _words(source: Source, parts: re.Match[str], group: int, start: int) -> tuple[Word, ...]:
    """The words of a list with commas, each at least one character wide."""
    words = []
    at = start + parts.start(group)
    for item in parts[group].split(","):
        word = item.strip()
        begin = at + len(item) - len(item.lstrip()) if word else at
        words.append(Word(word, Span(source, begin, begin + max(1, len(word)))))
        at += len(item) + 1
    return tuple(words)


def _cpus(source: Source) -> tuple[int | None, bool]:
    matches = list(re.finditer(_CPUS, source.text))
    for match in matches:
        span = Span(source, match.start(1), max(match.end(1), match.start(1) + 1))
        if not match[1].isdecimal() or not int(match[1]):
            raise InputError(f"{match[1] or 'nothing'} is no number of processors", span, "CPUs: 1")
        if match is not matches[0]:
            raise InputError("the number of processors is stated twice", span)
    return (int(matches[0][1]), matches[0][2] is not None) if matches else (None, False)
