"""The page docs/thread.md: its commands print what it shows, and its verdicts follow from that."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from litmus.cli import main

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "thread.md").read_text(encoding="utf-8")
BLOCK = re.compile(r"```console\n\$ ([^\n]*)\n(.*?)```", re.DOTALL)
BLOCKS = [(command, shown.splitlines()) for command, shown in BLOCK.findall(PAGE)]
SECTIONS = {part.splitlines()[0]: part for part in re.split(r"^### ", PAGE, flags=re.MULTILINE)[1:]}
VERDICT = r"\*\*(Confirmed|Refuted|True only on [^*]*)\.\*\*"
ELIDED = "..."


def is_quick(command: str) -> bool:
    """Whether a command is quick: it asks only for a part of the matrix, or it is not about designs."""
    some = re.search("--(model|scenario)", command) and not re.search("--(weaken|threads)", command)
    return bool(some) or not command.startswith("litmus designs")


CASES = [
    pytest.param(command, shown, marks=() if is_quick(command) else pytest.mark.slow, id=command)
    for command, shown in BLOCKS
]


@pytest.mark.parametrize(("command", "shown"), CASES)
def test_a_command_prints_what_the_page_shows(
    command: str, shown: list[str], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(ROOT)
    assert main(shlex.split(command)[1:]) == 0
    printed = capsys.readouterr().out.rstrip().splitlines()
    position = 0
    skipping = False
    for line in shown:
        if line == ELIDED:
            skipping = True
            continue
        assert line in printed[position:], f"{line!r} is not printed there"
        found = printed.index(line, position)
        assert skipping or found == position, f"{printed[position:found]} is not shown"
        position, skipping = found + 1, False
    assert skipping or position == len(printed)


def cells(block: list[str], design: str) -> dict[str, str]:
    """Model -> "safe" or the sides on which the design is broken, from the matrix that a block shows."""
    header, *rows = [re.split(r"  +", line.strip()) for line in block if line != ELIDED]
    (row,) = [row for row in rows if row[0] == design]
    return dict(zip(header[1:], row[1:], strict=True))


def verdict(holds: dict[str, bool]) -> str:
    """The word for a claim that holds on some models."""
    if all(holds.values()):
        return "Confirmed"
    models = ", ".join(model for model, true in holds.items() if true)
    return f"True only on {models}" if models else "Refuted"


QUESTIONS = [
    (title, *question)
    for title, section in SECTIONS.items()
    for question in re.findall(rf"^Is `(.*)` (safe|broken)(?: (\w+))?\? {VERDICT}$", section, re.MULTILINE)
]


@pytest.mark.parametrize(("title", "design", "how", "side", "stated"), QUESTIONS, ids=[q[0] for q in QUESTIONS])
def test_a_verdict_follows_from_what_is_shown(title: str, design: str, how: str, side: str, stated: str) -> None:
    before = SECTIONS[title].split(f"Is `{design}`")[0]
    block = BLOCK.findall(before)[-1][1].splitlines()
    found = cells(block, design)
    broken = {model: side in cell if side else cell != "safe" for model, cell in found.items()}
    assert stated == verdict({model: broken[model] == (how == "broken") for model in found})


def test_every_claim_has_one_verdict_and_the_summary_repeats_it() -> None:
    rows = re.findall(r"^\| \[(.*)\]\(#.*\) \| .* ?\| (.*) \|$", PAGE, re.MULTILINE)
    stated = {title: re.findall(VERDICT, section) for title, section in SECTIONS.items()}
    assert {title: [text[0].upper() + text[1:]] for title, text in rows} == stated
    # One verdict has no question about a design before it: that of the ordering table.
    assert len(QUESTIONS) == len(SECTIONS) - 1
