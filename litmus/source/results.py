"""Expected verdicts that a test states in its comments.

`Result: Never` is how kernel tests state the verdict of their own model (the scripts in
tools/memory-model take the third word of the first such line); `Expect(power): Never` states that of
another model.
"""

from __future__ import annotations

import re

from litmus.diagnostics import InputError, Source, Span, near

WORDS = ("Never", "Sometimes", "Always", "Maybe", "DEADLOCK")

_RESULT = r"(?m)^[( ]\* Result: +(\w+)"
_EXPECT = r"(?m)^[ \t(*/]*\bExpect\(\s*([^()\s]+)\s*\):[ \t]*(\S*)"


def results_of(source: Source) -> dict[str | None, str]:
    """The verdicts a text states: None is the test's own model, other keys are model names.

    A Result that is no verdict is prose, since others write those; raises InputError for an Expect
    that is none, or two for one model.
    """
    text = source.text
    results: dict[str | None, str] = {}
    if "Result:" in text:
        match = re.search(_RESULT, text)
        if match is not None and match[1] in WORDS:
            results[None] = match[1]
    if "Expect(" in text:
        for match in re.finditer(_EXPECT, text):
            model, word = match.groups()
            if word not in WORDS:
                span = Span(source, match.start(2), max(match.end(2), match.start(2) + 1))
                hint = near(word, WORDS) or "expected " + " or ".join(WORDS)
                raise InputError(f"{word or 'nothing'} is no verdict", span, hint)
            if model in results:
                raise InputError(f"Expect({model}) is given twice", Span(source, match.start(1), match.end(1)))
            results[model] = word
    return results
