"""Outcomes: what a command prints for one result, ready to be sent from one process to another."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct
from msgspec.structs import replace

from litmus.diagnostics import ExitCode, NoAnswer
from litmus.report import herd, jsonl, text
from litmus.report.style import Style
from litmus.result import Result

Format = Literal["text", "herd", "json"]


class Presentation(Struct, frozen=True):
    """How results are shown; full: all of each instead of a line, debug: with Python tracebacks."""

    format: Format
    full: bool
    style: Style
    debug: bool


class Outcome(Struct, frozen=True):
    """A result as text for the two output streams, with what a run adds up."""

    output: str
    errors: str
    exit_code: ExitCode
    kind: str  # text.kind_of the result


def outcome(result: Result, shown: Presentation) -> Outcome:
    """A result, presented."""
    if shown.format == "herd" and result.answer is not None and result.answer.states is None:
        # An incomplete list of states would read as a complete one.
        missing = NoAnswer("not all final states could be listed, and a log has to have all of them")
        result = replace(result, answer=None, error=missing)
    match shown.format:
        case "json":
            output = jsonl.line(result)
        case "herd":
            output = herd.log(result)
        case "text":
            output = text.full(result, shown.style) if shown.full else text.brief(result, shown.style)
    errors = "" if shown.format == "json" else text.diagnostic(result)
    if shown.debug and result.error is not None and result.error.__cause__ is not None:
        errors += _traceback(result.error.__cause__)
    return Outcome(output, errors, result.exit_code, text.kind_of(result))


def _traceback(error: BaseException) -> str:
    import traceback

    return "".join(traceback.format_exception(error))
