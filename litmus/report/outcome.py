"""Outcomes: what a command prints for one result, ready to be sent from one process to another."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct
from msgspec.structs import replace

from litmus.diagnostics import ExitCode, NoAnswer
from litmus.report import herd, jsonl, text
from litmus.report.junit import Case
from litmus.report.style import Style
from litmus.result import Result

Format = Literal["text", "herd", "json"]


class Presentation(Struct, frozen=True):
    """How results are shown.

    full: everything about each result, not only one line.  debug: with Python tracebacks.  junit: also as JUnit cases.
    """

    format: Format
    full: bool
    style: Style
    debug: bool
    junit: bool = False


class Outcome(Struct, frozen=True):
    """A result as text for the two output streams, and what a run needs for its exit status, summary and report."""

    model: str | None
    output: str
    errors: str
    exit_code: ExitCode
    kind: str  # text.kind_of the result
    case: Case | None


def outcome(result: Result, shown: Presentation) -> Outcome:
    """What a command prints for a result."""
    if shown.format == "herd" and result.answer is not None and result.answer.states is None:
        # A reader would take an incomplete list of states for a complete one.
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
    if shown.format == "herd":
        errors += text.warning(result)
    if shown.debug and result.error is not None and result.error.__cause__ is not None:
        errors += _traceback(result.error.__cause__)
    case = _case(result) if shown.junit else None
    return Outcome(result.model, output, errors, result.exit_code, text.kind_of(result), case)


def _case(result: Result) -> Case:
    case = Case(result.file, result.model or "no model", result.seconds)
    error, answer, expected = result.error, result.answer, result.expected
    if error is not None:
        return replace(case, outcome="error", message=error.one_line(), details=text.diagnostic(result))
    assert answer is not None, "a result has an answer or an error"
    if result.unstated:
        return replace(case, outcome="failure", message=f"{answer.verdict.value}; the test states no expectation")
    if expected is None or expected.verdict is None:
        return replace(case, outcome="skipped", message=f"{answer.verdict.value}; nothing else is expected")
    if not result.ok:
        settled = result.is_expected is False
        found = answer.verdict.value if settled else f"{answer.verdict.value} {text.up_to(result)}"
        message = f"{found}; expected is {expected.word} ({expected.origin})"
        details = text.full(result, Style(False))
        return replace(case, outcome="failure" if settled else "error", message=message, details=details)
    return case


def _traceback(error: BaseException) -> str:
    import traceback

    return "".join(traceback.format_exception(error))
