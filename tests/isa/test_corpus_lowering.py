"""Published tests, where a collection is at hand: LITMUS_CORPUS names its folder.

It has a folder for each set of tests, with the files in `tests`, and in expected.jsonl one line for each file with what
herd7 says.  Here only names, kinds, conditions and the order of places are compared.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from litmus.diagnostics import Unsupported
from litmus.isa import architecture_named
from litmus.reading import read_file, read_test
from litmus.report import spell
from litmus.resolving import resolve

KINDS = {"exists": "Allowed", "~exists": "Forbidden", "forall": "Required"}


def recorded(folder: str) -> Iterator[tuple[Path, dict[str, object]]]:
    root = os.environ.get("LITMUS_CORPUS")
    if root is None:
        pytest.skip("LITMUS_CORPUS does not name a folder of published tests")
    path = Path(root, folder)
    if not path.is_dir():
        pytest.skip(f"there is no {folder} in LITMUS_CORPUS")
    for line in (path / "expected.jsonl").read_text().splitlines():
        row = json.loads(line)
        yield path / row["file"], row


def as_values(condition: str) -> str:
    """A condition with its numbers replaced by their values in 32 bits."""
    return re.sub(r"=(\d+)", lambda m: f"={int(m[1]) - (int(m[1]) >> 31 << 32)}", condition)


@pytest.mark.parametrize("folder", ["X86", "X86_64", "PPC", "ARM", "RISCV", "X86-isa", "PPC-isa", "RISCV-isa"])
def test_published_tests_are_read_as_herd_reads_them(folder: str) -> None:
    unsupported = []
    for path, row in recorded(folder):
        try:
            test = read_test(read_file(path))
            question = resolve(test, architecture_named(test.arch, test.arch_span).lower(test))
        except Unsupported as error:
            place = error.span
            unsupported.append(f"{place}: {error.message}")
            continue
        assert (test.name, KINDS[question.quantifier]) == (row["name"], row["kind"]), path
        written = str(row["condition"])
        assert spell.condition(question) in (written, as_values(written)), path
        states = row["states"]
        assert isinstance(states, list)
        shown = [re.sub(r"[\[\]]", "", spell.place(p)) for p in question.places[: question.shown]]
        if states:
            assert shown == re.findall(r"([^\s;=]+)=", re.sub(r"[\[\]]", "", states[0])), path
    assert not unsupported or folder.endswith("-isa"), unsupported
    assert not any(u.startswith("None") for u in unsupported)
