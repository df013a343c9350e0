"""The page of verdicts: what every hardware model says of the examples in C.

`python -m docs.verdicts` writes docs/verdicts.md; a test of the suite fails where that page is out of date.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from litmus.checking import Checker, Settings
from litmus.engine.options import Options
from litmus.report.text import up_to
from litmus.result import is_certain

PAGE = Path(__file__).with_suffix(".md")
EXAMPLES = PAGE.parent.parent / "tests" / "examples"
MODELS = ("sc", "x86-tso", "power", "arm", "aarch64", "riscv")

# Shapes in the order of the page; a test's shape is what its name begins with, up to the first `+` or `-`.
SHAPES = {
    "scenario12": "Scenario 12",
    "MP": "Message passing (MP)",
    "SB": "Store buffering (SB)",
    "LB": "Load buffering (LB)",
    "R": "R",
    "S": "S",
    "2+2W": "2+2W",
    "WRC": "Write-to-read causality (WRC)",
    "RWC": "Read-to-write causality (RWC)",
    "W+RWC": "W+RWC",
    "ISA2": "ISA2",
    "IRIW": "Independent reads of independent writes (IRIW)",
    "Co": "Coherence",
    "": "Atomicity and locks",
}

INTRODUCTION = """\
# Verdicts of the examples

What each model says of the outcome that an example asks about: **Sometimes** where some execution has it, Never where
none has; *up to 2 rounds* where a loop was followed no further and longer executions exist. A C test runs under a
hardware model as the headers of the kernel and of liburcu compile it there
([models/primitives](../models/primitives)); [README.md](../README.md) says how to ask for another choice.

This page is generated: `python -m docs.verdicts`.
"""


def shape_of(name: str) -> str:
    """The key in SHAPES of the test `name`."""
    found = [shape for shape in SHAPES if shape and re.match(rf"{re.escape(shape)}($|[+-])", name)]
    return max(found, key=len) if found else "Co" if name.startswith("Co") else ""


def description(text: str) -> str:
    """What the comment of a test says, without the verdicts it expects."""
    comment = re.search(r"\(\*(.*?)\*\)", text, re.DOTALL)
    assert comment is not None, "an example says what it asks"
    lines = [line.strip().removeprefix("*").strip() for line in comment[1].splitlines()]
    return " ".join(line for line in lines if line and not line.startswith("Expect("))


def verdicts(checker: Checker, file: Path) -> Iterator[str]:
    """The verdict of every model on a test, as the page spells it."""
    for result in checker.check(str(file)):
        if result.answer is None:
            raise RuntimeError(f"no answer for {file.name} under {result.model}: {result.error}")
        word = result.answer.verdict.value
        bound = "" if is_certain(result.answer) else f", {up_to(result)}"
        yield (word if word == "Never" else f"**{word}**") + bound


def page() -> str:
    """The text of the page."""
    checker = Checker(Settings(models=MODELS, options=Options(states="none")))
    tests = sorted([*EXAMPLES.glob("c/*.litmus"), *EXAMPLES.glob("*.litmus")], key=lambda file: file.stem)
    parts = [INTRODUCTION]
    for shape, title in SHAPES.items():
        header = f"| test | {' | '.join(MODELS)} | |\n|---|{'---|' * len(MODELS)}---|\n"
        rows = [
            f"| [{file.stem}](../{file.relative_to(PAGE.parent.parent)}) | {' | '.join(verdicts(checker, file))} "
            f"| {description(file.read_text(encoding='utf-8'))} |\n"
            for file in tests
            if shape_of(file.stem) == shape
        ]
        parts.append(f"\n## {title}\n\n{header}{''.join(rows)}")
    return "".join(parts)


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
