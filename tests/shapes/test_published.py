"""Published tests: from their cycles follow their names and their verdicts.

They are only tested where LITMUS_CORPUS names a collection.  It has the files in FOLDER/tests, and in expected.jsonl
one line for each file with what herd7 says.  Tests that diy made have a line `Orig=` or `Cycle=`.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from litmus.checking import Checker, Settings
from litmus.diagnostics import Diagnostic, Source
from litmus.engine.options import Options
from litmus.shapes.cycles import Cycle, read_cycle
from litmus.shapes.dialects import dialect
from litmus.shapes.generation import generate
from litmus.shapes.naming import family, name_of

pytestmark = pytest.mark.slow


def published(folder: str, arch: str) -> Iterator[tuple[dict[str, str], Cycle]]:
    """What is recorded of each test, and its cycle; tests without a cycle that we know are left out."""
    root = os.environ.get("LITMUS_CORPUS")
    if root is None or not Path(root, folder).is_dir():
        pytest.skip(f"LITMUS_CORPUS does not name a folder with published tests for {folder}")
    for line in Path(root, folder, "expected.jsonl").read_text().splitlines():
        row = json.loads(line)
        text = Path(root, folder, row["file"]).read_text(errors="replace")
        cycle = re.search(r"^(?:Orig|Cycle)=(.*)", text, re.MULTILINE)
        if cycle is not None:
            try:
                yield row, read_cycle(cycle[1], dialect(arch))
            except Diagnostic:
                continue


def modern(name: str) -> str:
    """A published name as diy writes it today, without what collections add to distinguish files."""
    name = re.sub(r"(?:\d{3}|\+NEW|\+onces\+locked)$", "", name.removeprefix("C-"))
    return name.replace("wsi", "coi").replace("Na", "P")


@pytest.mark.parametrize(
    ("folder", "arch", "at_least"),
    [
        ("X86", "X86", 100),
        ("X86_64", "X86_64", 1000),
        ("PPC", "PPC", 250),
        ("ARM", "ARM", 30),
        ("AArch64", "AArch64", 1000),
        ("RISCV", "RISCV", 2000),
        ("LKMM", "C", 900),
    ],
)
def test_a_cycle_has_its_published_name(folder: str, arch: str, at_least: int) -> None:
    same, different = 0, []
    for row, cycle in published(folder, arch):
        name = row["name"].removeprefix("C-")
        if not re.match(re.escape(family(cycle)) + r"(\+|$)", name) or "PPO" in name:
            continue  # named by hand
        if modern(name) == name_of(cycle):
            same += 1
        elif not ("s+" in name_of(cycle) + "+" and arch == "ARM"):  # ARM's were named dmb for dmb and for dmbs
            different.append((name, name_of(cycle), str(cycle)))
    assert same >= at_least
    assert len(different) <= same // 50, different


@pytest.mark.parametrize("folder", ["X86", "X86_64", "PPC", "ARM", "AArch64", "RISCV"])
def test_a_generated_test_has_the_verdict_that_is_recorded_of_the_published_one(folder: str, full: bool) -> None:
    checker = Checker(Settings(options=Options(states="none", witness=False)))
    compared, wrong = 0, []
    for number, (row, cycle) in enumerate(published(folder, folder)):
        if number % 10 and not full:
            continue
        test = generate(cycle)
        if row["kind"] != "Allowed" or values(row["condition"]) != values(test.text):
            continue  # another question
        (result,) = checker.check_source(Source(test.name, test.text))
        assert result.answer is not None, (test.text, result.error)
        compared += 1
        if result.answer.verdict.value != row["verdict"]:
            wrong.append((row["name"], row["verdict"], test.text))
    assert compared
    assert not wrong


def values(text: str) -> list[str]:
    """The values that a condition asks for; none if it is not a conjunction."""
    condition = text[text.rindex("exists") :]
    return [] if "not" in condition or "\\/" in condition else sorted(re.findall(r"=\s*(\d+)", condition))
