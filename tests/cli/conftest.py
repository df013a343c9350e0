"""Running the command line: in this process, or as the program that users start."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from litmus.cli import main

SB = """PPC SB
"store buffering"
{{ 0:r2=x; 0:r4=y; 1:r2=y; 1:r4=x; }}
 P0           | P1           ;
 li r1,1      | li r1,1      ;
 stw r1,0(r2) | stw r1,0(r2) ;
 {fence}      | {fence}      ;
 lwz r3,0(r4) | lwz r3,0(r4) ;
{condition}
"""
CONDITION = "(0:r3=0 /\\ 1:r3=0)"


@dataclass
class Ran:
    """What a command printed, and its exit status."""

    status: int
    out: str
    err: str


@pytest.fixture
def litmus(capsys: pytest.CaptureFixture[str]) -> Callable[..., Ran]:
    """Run the command line in this process."""

    def run(*arguments: object) -> Ran:
        capsys.readouterr()
        status = main([str(a) for a in arguments])
        captured = capsys.readouterr()
        return Ran(status, captured.out, captured.err)

    return run


@pytest.fixture
def program() -> Callable[..., Ran]:
    """Run the command line in a process of its own; `start` is what stands before its arguments."""

    def run(*arguments: object, start: tuple[str, ...] = ("-m", "litmus"), cwd: Path | None = None) -> Ran:
        command = [sys.executable, *start, *map(str, arguments)]
        done = subprocess.run(command, capture_output=True, text=True, timeout=60, cwd=cwd, env=os.environ)
        return Ran(done.returncode, done.stdout, done.stderr)

    return run


@pytest.fixture
def sb(tmp_path: Path) -> Callable[..., Path]:
    """Write a store-buffering test for POWER: `fence` is isync (allowed) or sync (forbidden)."""

    def write(name: str = "SB", fence: str = "isync", condition: str = f"exists {CONDITION}", extra: str = "") -> Path:
        path = tmp_path / f"{name}.litmus"
        path.parent.mkdir(parents=True, exist_ok=True)
        text = SB.format(fence=fence, condition=condition)
        path.write_text(text.replace('"store buffering"\n', f'"store buffering"\n{extra}'))
        return path

    return write
