"""The README shows what the program prints."""

from __future__ import annotations

import re
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[2]
SHOWN = re.compile(r"^```\n\$ litmus ([^\n]*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def without_times(text: str) -> list[str]:
    return [re.sub(r"in [\d.]+ m?s", "in TIME", line) for line in text.rstrip().splitlines()]


def test_the_answers_in_the_readme_are_what_is_printed(litmus, monkeypatch):
    monkeypatch.chdir(CHECKOUT)
    shown = SHOWN.findall(Path("README.md").read_text())
    assert shown
    for command, output in shown:
        assert without_times(litmus(*command.split()).out) == without_times(output)
