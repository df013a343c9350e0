"""Batches: the same outcomes in the same order however many processes there are."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Iterator

import pytest

from litmus import batch

LARGE = "more than is received at a time" * batch.READ


def start() -> Callable[[str], Iterator[str]]:
    return work


def work(file: str) -> Iterator[str]:
    if file == "die":
        yield "last words"
        os.kill(os.getpid(), signal.SIGKILL)
    if file == "leave":
        os._exit(7)
    if file.endswith("slow"):
        time.sleep(0.05)
    if file == "large":
        yield LARGE
    if file == "long":
        yield "begun"
        time.sleep(30)
    for part in range(2):
        yield f"{file}/{part}"


def died(file: str, how: str) -> str:
    return f"{file} {how}"


def run(files: list[str], jobs: int) -> list[str]:
    return list(batch.run(files, start, died, jobs))


def test_order_does_not_depend_on_the_number_of_processes():
    files = [f"{i}{'slow' if i % 5 == 0 else ''}" for i in range(40)]
    assert run(files, 3) == run(files, 1) == [f"{file}/{part}" for file in files for part in range(2)]


def test_a_process_that_dies_costs_only_the_file_it_was_at():
    files = ["a", "die", "b", "leave", *map(str, range(20))]
    expected = ["a/0", "a/1", "last words", "die was ended by SIGKILL", "b/0", "b/1", "leave ended with status 7"]
    expected += [f"{i}/{part}" for i in range(20) for part in range(2)]
    assert run(files, 2) == expected


def test_processes_end_with_the_consumer():
    outcomes = batch.run(["a", *["slow"] * 200], start, died, 2)
    assert next(outcomes) == "a/0"
    began = time.monotonic()
    outcomes.close()  # type: ignore[attr-defined]
    assert time.monotonic() - began < 2


def test_an_outcome_of_any_size_comes_whole():
    assert run(["a", "large", "b"], 2) == ["a/0", "a/1", LARGE, "large/0", "large/1", "b/0", "b/1"]


def test_an_outcome_does_not_wait_for_the_next_one_of_its_file():
    outcomes = batch.run(["a", "long", "b"], start, died, 2)
    began = time.monotonic()
    assert [next(outcomes) for _ in range(3)] == ["a/0", "a/1", "begun"]
    outcomes.close()  # type: ignore[attr-defined]
    assert time.monotonic() - began < 20


@pytest.mark.parametrize(("files", "jobs"), [(1, 1), (batch.FEW, 1)])
def test_few_files_are_checked_in_this_process(files, jobs):
    assert batch.default_jobs(files) == jobs


def test_many_files_are_checked_by_every_cpu():
    assert batch.default_jobs(batch.FEW + 1) == len(os.sched_getaffinity(0))
