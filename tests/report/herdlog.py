"""A reader of herd's log, by the grammar that mcompare7's lexer accepts; for tests.

It knows nothing of how the log is written: what it cannot read is a LogError.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

NAME = r"[A-Za-z0-9_/.+:\[\]-]+"
VALIDATIONS = ("Undef", "Succeeded", "Failed", "Ok", "No", "??")


class LogError(Exception):
    """The text is not a log."""


@dataclass
class Block:
    """One test of a log."""

    name: str
    kind: str
    states: list[dict[str, str]]
    validation: str
    loop: bool
    positive: int
    negative: int
    flags: list[str]
    condition: str
    observation: tuple[str, int, int] | None = None
    hash: str | None = None
    trailer: dict[str, str] = field(default_factory=dict)


def read_log(text: str) -> list[Block]:
    """All tests of a log."""
    lines = text.split("\n")
    if lines and lines[-1] == "":
        lines.pop()
    at = 0
    blocks = []
    while at < len(lines):
        if not lines[at]:
            at += 1
            continue
        block, at = _block(lines, at)
        blocks.append(block)
    return blocks


def _expect(pattern: str, line: str) -> re.Match[str]:
    match = re.fullmatch(pattern, line)
    if match is None:
        raise LogError(f"{line!r} does not match {pattern!r}")
    return match


def _block(lines: list[str], at: int) -> tuple[Block, int]:
    def line() -> str:
        if at >= len(lines):
            raise LogError("the log ends inside a test")
        return lines[at]

    head = _expect(rf"Test ({NAME}) ?(\w*)", line())
    at += 1
    while not re.match(r"States|Histogram", line()):
        at += 1
    count = _expect(r"(?:States (\d+)|Histogram \((\d+) states\))", line())
    at += 1
    states = []
    for _ in range(int(count[1] or count[2])):
        states.append(_state(line()))
        at += 1
    validation = _expect(rf"(Loop )?({'|'.join(map(re.escape, VALIDATIONS))})\b.*|(\?\?).*", line())
    at += 1
    _expect("Witnesses", line())
    at += 1
    counts = _expect(r"Positive: (\d+),? Negative: (\d+)", line())
    at += 1
    flags = []
    while line().startswith(("Flag ", "Bad executions")):
        flags.append(line().removeprefix("Flag "))
        at += 1
    condition = _expect(r"Condition (.*?)(?: is (?:NOT )?validated)?", line())
    at += 1
    loop, positive, negative = bool(validation[1]), int(counts[1]), int(counts[2])
    block = Block(head[1], head[2], states, validation[2], loop, positive, negative, flags, condition[1])
    while at < len(lines) and lines[at]:
        _trailer(lines[at], block)
        at += 1
    if at >= len(lines):
        raise LogError("no empty line after a test")
    return block, at + 1


def _state(line: str) -> dict[str, str]:
    state: dict[str, str] = {}
    text = re.sub(r"^\s*\d+\s*[:*]>", "", line.split("#")[0]).strip()
    while text:
        item = re.match(r"(\d+:[^=;\s]+|\[[^\]]+\]|[A-Za-z_]\w*(?:\[\d+\])?)=(\{[^}]*\}|[^;={}]+);\s*", text)
        if item is None:
            raise LogError(f"{text!r} is not a state")
        if item[1] in state:
            raise LogError(f"{item[1]} twice in {line!r}")
        state[item[1]] = item[2]
        text = text[item.end() :]
    return state


def _trailer(line: str, block: Block) -> None:
    if match := re.fullmatch(rf"Observation ({NAME}) (Never|Sometimes|Always) (\d+) (\d+)", line):
        if match[1] != block.name:
            raise LogError(f"{line!r} in the block of {block.name}")
        block.observation = (match[2], int(match[3]), int(match[4]))
    elif match := re.fullmatch(rf"Time ({NAME}) (\d+\.\d\d)", line):
        block.trailer["Time"] = match[2]
    elif match := re.fullmatch(r"Hash=([0-9a-f]{32})", line):
        block.hash = match[1]
    elif match := re.fullmatch(r"(\w+)=(.*)", line):
        block.trailer[match[1]] = match[2]
    else:
        raise LogError(f"{line!r} is no line of a trailer")
