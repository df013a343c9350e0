"""A limit on memory: work that needs more ends with a message, and the next test goes on."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from litmus import memory
from litmus.checking import Checker, Settings
from litmus.diagnostics import ExitCode, NoAnswer
from litmus.limits import megabytes, within


def writers(number: int) -> str:
    """So many writers of one location: too many orders to look at each, and too many for a little memory."""
    init = " ".join(f"{t}:r1={t + 1}; {t}:r2=x;" for t in range(number))
    heading = " | ".join(f"P{t}" for t in range(number))
    return f"PPC writers{number}\n{{ {init} }}\n{heading} ;\n{' | '.join(['stw r1,0(r2)'] * number)} ;\nexists (x=1)\n"


def test_work_that_takes_more_memory_than_it_may_is_interrupted() -> None:
    kept = []

    def grow() -> None:
        while True:
            kept.append(bytearray(1 << 20))

    with pytest.raises(NoAnswer, match=r"within \d+ MB of memory"):
        within(None, lambda: "late", grow, memory.resident() + 50)
    assert len(kept) < 5000


def test_what_needs_less_is_not_disturbed() -> None:
    assert within(None, lambda: "late", lambda: megabytes(), 100_000) == 100_000
    assert megabytes() is None


@pytest.mark.parametrize("limit", [1, 30, 45, 60, 75, 90])
def test_no_limit_ends_the_process(limit: int, tmp_path: Path) -> None:
    """Z3 may end a process that is out of memory: it must not come to that."""
    small, large = tmp_path / "small.litmus", tmp_path / "large.litmus"
    small.write_text(writers(2))
    large.write_text(writers(24))
    command = [sys.executable, "-m", "litmus", "check", "--jobs", "1", "--memory", str(limit), str(large), str(small)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode in (ExitCode.OK, ExitCode.NO_ANSWER), done.stderr
    if done.returncode == ExitCode.NO_ANSWER:
        assert f"no answer within {limit} MB of memory" in done.stderr


def test_python_out_of_memory_is_no_answer(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def full(*arguments: object) -> None:
        raise MemoryError

    monkeypatch.setattr("litmus.deciding.decide", full)
    file = tmp_path / "a.litmus"
    file.write_text(writers(2))
    (result,) = Checker(Settings()).check(str(file))
    assert isinstance(result.error, NoAnswer)
    assert "the memory that there is" in result.error.message
