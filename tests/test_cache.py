"""Derived data is kept between runs, in a folder that does not grow without end; nothing else depends on it."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import NoReturn

import pytest
from test_floors import IMPORTS

from litmus import cache

HOUR_OLD = time.time() - cache.USED - 60
ENVIRONMENT = {"PYTHONPATH": str(Path(cache.__file__).parents[1])}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A cache of our own, which does not exist yet."""
    path = tmp_path / "new" / "cache"
    monkeypatch.setenv("LITMUS_CACHE", str(path))
    monkeypatch.setattr(cache, "_trouble", None)
    return path


def size(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.iterdir())


def age(folder: Path, kind: str) -> None:
    for path in folder.glob(f"{kind}-*"):
        os.utime(path, (HOUR_OLD, HOUR_OLD))


@pytest.mark.usefixtures("folder")
def test_what_was_stored_is_found_under_its_key_and_kind_only() -> None:
    cache.store("numbers", ("one", 1), {"is": [1, None, True, b"1"]})
    assert cache.load("numbers", ("one", 1)) == {"is": [1, None, True, b"1"]}
    assert cache.load("numbers", ("one", 2)) is None
    assert cache.load("letters", ("one", 1)) is None
    assert cache.trouble() is None


def test_a_file_of_another_key_or_another_program_is_no_answer(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cache.store("numbers", "one", 1)
    cache.store("numbers", "two", 2)
    one, two = (Path(cache._path(str(folder), "numbers", key)) for key in ("one", "two"))
    one.write_bytes(two.read_bytes())
    assert (cache.load("numbers", "one"), cache.load("numbers", "two")) == (None, 2)
    monkeypatch.setattr(cache, "program_version", lambda: ("other",))
    assert cache.load("numbers", "two") is None


def test_the_folder_is_bounded_and_loses_what_was_not_used_for_longest(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cache, "MOST_BYTES", 100_000)
    for kind in ("used", "unused"):
        cache.store(kind, "key", "x" * 5_000)
        age(folder, kind)
    (folder / "notes.txt").write_text("x" * 200_000)  # of somebody else
    sizes = []
    for number in range(50):
        cache.store("filling", number, "x" * 5_000)
        assert cache.load("filling", number) is not None
        sizes.append(size(folder) - 200_000)
        if number == 5:
            assert cache.load("used", "key") is not None
        if number == 15:
            assert cache.load("unused", "key") is None
            assert cache.load("used", "key") is not None
    assert max(sizes) <= 100_000
    assert min(sizes[20:]) >= 100_000 * cache.ROOM - 10_000
    assert (folder / "notes.txt").exists()
    assert cache.trouble() is None


def test_what_a_writer_that_died_left_behind_is_removed_but_not_what_is_being_written(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cache.store("kept", "key", "x")
    monkeypatch.setattr(cache, "MOST_BYTES", 1000)
    for name in ("dead-01234567.89", "busy-01234567.89"):
        (folder / name).write_bytes(bytes(900))
    age(folder, "dead")
    cache.store("more", "key", "y" * 800)
    assert not (folder / "dead-01234567.89").exists()
    assert (folder / "busy-01234567.89").exists()


def test_several_processes_may_use_one_folder(folder: Path) -> None:
    code = """
from litmus import cache
cache.MOST_BYTES = 40_000
for round in range(60):
    for number in range(12):
        found = cache.load("number", number)
        assert found in (None, str(number) * 5_000), found
        if found is None or round % 7 == 0:
            cache.store("number", number, str(number) * 5_000)
assert cache.trouble() is None, cache.trouble()
"""
    environment = {**ENVIRONMENT, "LITMUS_CACHE": str(folder)}
    processes = [subprocess.Popen([sys.executable, "-c", code], env=environment) for _ in range(4)]
    assert [process.wait(60) for process in processes] == [0, 0, 0, 0]
    assert size(folder) <= 40_000
    assert all("." not in path.name for path in folder.iterdir())


def test_a_folder_that_cannot_be_written_is_trouble_and_nothing_more(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, folder: Path
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("LITMUS_CACHE", str(tmp_path / "file" / "cache"))
    cache.store("numbers", "one", 1)
    assert cache.load("numbers", "one") is None
    assert cache.trouble() == f"derived data cannot be kept in {tmp_path / 'file' / 'cache'}: Not a directory"


def test_a_full_disk_is_trouble_and_leaves_nothing_behind(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> NoReturn:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    cache.store("numbers", "one", 1)
    monkeypatch.setattr(os, "replace", full)
    cache.store("numbers", "two", 2)
    assert cache.trouble() == f"derived data cannot be kept in {folder}: No space left on device"
    assert cache.load("numbers", "one") == 1
    assert len(list(folder.iterdir())) == 1


def test_without_a_home_there_is_no_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cache, "_trouble", None)
    monkeypatch.delenv("LITMUS_CACHE", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", "relative")
    monkeypatch.setattr(os.path, "expanduser", lambda path: path)
    assert cache.cache_directory() is None
    cache.store("numbers", "one", 1)
    assert cache.load("numbers", "one") is None
    assert cache.trouble() == "there is no home folder in which derived data could be kept"


def test_the_code_of_everything_that_is_derived_is_in_the_version() -> None:
    """Else a change of the code would find what the code before it had derived."""
    found: set[str] = set()
    waiting = [name for name, imports in IMPORTS.items() if "litmus.cache" in imports and name != "litmus.cli"]
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting += IMPORTS[name]
    others = {name for name in found if name.split(".")[1] not in cache.DERIVING}
    assert others == {"litmus.cache", "litmus.diagnostics"}
