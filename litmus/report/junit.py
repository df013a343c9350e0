"""JUnit: the report that continuous integration reads, one test case for each thing that was asked."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Literal

from msgspec import Struct

Outcome = Literal["passed", "failure", "error", "skipped"]

_NOT_IN_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


class Case(Struct, frozen=True):
    """A test case.

    outcome: "skipped" if there is an answer and nothing is expected of it.  message: one line that says why the case
    did not pass.  details: more lines about that.
    """

    group: str
    name: str
    seconds: float
    outcome: Outcome = "passed"
    message: str = ""
    details: str = ""


def report(suite: str, cases: Sequence[Case]) -> str:
    """The report as XML."""
    counts = {kind: sum(1 for case in cases if case.outcome == kind) for kind in ("failure", "error", "skipped")}
    head = (
        f'<testsuite name={_attribute(suite)} tests="{len(cases)}" failures="{counts["failure"]}" '
        f'errors="{counts["error"]}" skipped="{counts["skipped"]}" time="{sum(case.seconds for case in cases):.6f}">\n'
    )
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{head}{"".join(map(_case, cases))}</testsuite>\n'


def _case(case: Case) -> str:
    from xml.sax.saxutils import escape  # it imports urllib, which takes longer than checking a test

    names = f'classname={_attribute(case.group)} name={_attribute(case.name)} time="{case.seconds:.6f}"'
    if case.outcome == "passed":
        return f"  <testcase {names}/>\n"
    inside = f"<{case.outcome} message={_attribute(case.message)}>{escape(_printable(case.details))}</{case.outcome}>"
    return f"  <testcase {names}>{inside}</testcase>\n"


def _attribute(text: str) -> str:
    from xml.sax.saxutils import quoteattr

    return quoteattr(_printable(text))


def _printable(text: str) -> str:
    """The text, in which characters that XML cannot hold (control characters, halves of pairs) are replaced."""
    return _NOT_IN_XML.sub("\ufffd", text)
