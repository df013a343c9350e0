"""A cache folder that cannot be written: one line on standard error, and the same answers."""

from __future__ import annotations

import json
from pathlib import Path

import pytest


@pytest.mark.parametrize("jobs", [1, 2])
def test_it_is_said_once_a_run_and_changes_no_answer(program, sb, tmp_path: Path, monkeypatch, jobs: int) -> None:
    files = [sb(f"SB{number}") for number in range(4)]
    (tmp_path / "file").write_text("")
    answers = []
    for folder in (tmp_path / "cache", tmp_path / "file" / "cache"):
        monkeypatch.setenv("LITMUS_CACHE", str(folder))
        ran = program("check", "--json", "--jobs", jobs, *files)
        assert ran.status == 0
        answers.append([{**json.loads(line), "seconds": 0} for line in ran.out.splitlines()])
    assert answers[0] == answers[1]
    assert len(answers[0]) == 4
    said = f"litmus: derived data cannot be kept in {tmp_path}/file/cache: Not a directory; so each start takes longer"
    assert ran.err == f"{said} (LITMUS_CACHE names another folder)\n"


def test_a_folder_that_has_all_that_is_needed_may_be_read_only(program, sb, tmp_path: Path, monkeypatch) -> None:
    folder = tmp_path / "cache"
    monkeypatch.setenv("LITMUS_CACHE", str(folder))
    assert program("check", sb()).err == ""
    folder.chmod(0o500)
    kept = {path.name for path in folder.iterdir()}
    assert program("check", sb()).err == ""
    assert {path.name for path in folder.iterdir()} == kept
