"""Expected verdicts that a test states in its comments.

`Result: Never` is how kernel tests state the verdict of their own model (the scripts in
tools/memory-model take the third word of the first such line); `Expect(power): Never` states that of
another model.
"""

from __future__ import annotations

import re

WORDS = ("Never", "Sometimes", "Always", "Maybe", "DEADLOCK")

_RESULT = re.compile(r"^[( ]\* Result: +(\w+)", re.MULTILINE)
_EXPECT = re.compile(r"^[( \t*]*\*?[ \t]*Expect\(\s*([^()\s]+)\s*\):[ \t]*(\w+)", re.MULTILINE)


def results_of(text: str) -> dict[str | None, str]:
    """The verdicts a text states: None is the test's own model, other keys are model names.

    Words other than WORDS are prose and are passed over.
    """
    results: dict[str | None, str] = {}
    if "Result:" in text:
        match = _RESULT.search(text)
        if match is not None and match[1] in WORDS:
            results[None] = match[1]
    if "Expect(" in text:
        for match in _EXPECT.finditer(text):
            if match[2] in WORDS:
                results[match[1]] = match[2]
    return results
