"""JSON lines, for programs: one object for each file and model, with its fields in a fixed order.

`ok` says whether the verdict is as expected (or nothing was expected).  `verdict` and `states` are null if there is no
answer; `states` is null also if the states were not listed.  `positive` and `negative` are null if executions were not
counted.  All output is ASCII.
"""

from __future__ import annotations

import json

from litmus.report import spell
from litmus.result import Result

_encode = json.JSONEncoder().encode


def line(result: Result) -> str:
    """One JSON object and a newline.  This takes about 10 us for a test with a few states."""
    test, question, answer, error = result.test, result.question, result.answer, result.error
    expected = result.expected
    fields: dict[str, str | bool | int | float | list[str] | tuple[str, ...] | None] = {
        "file": result.file,
        "test": test.name if test else None,
        "arch": test.arch if test else None,
        "model": result.model,
        "kind": spell.KIND[question.quantifier if question else test.condition.quantifier] if test else None,
        "verdict": None,
        "ok": result.ok,
        "states": None,
        "flags": [],
        "bound_reached": False,
        "seconds": round(result.seconds, 6),
        "error": error.one_line() if error else None,
        "positive": None,
        "negative": None,
        "expected": expected.word if expected else None,
        "expected_by": expected.origin if expected else None,
        "notes": result.notes,
    }
    if answer is not None:
        fields["verdict"] = answer.verdict.value
        if answer.states is not None and question is not None:
            fields["states"] = list(map(spell.speller(question), answer.states))
        fields["flags"] = list(answer.flags)
        fields["bound_reached"] = answer.bound_reached
        if answer.positive is not None and answer.negative is not None:
            fields["positive"] = answer.positive
            fields["negative"] = answer.negative
    return _encode(fields) + "\n"
