"""Limits on time: work is interrupted wherever it is, in every thread, and nothing else is."""

from __future__ import annotations

import multiprocessing
import random
import threading
import time
from functools import partial

import pytest

from litmus import limits
from litmus.diagnostics import NoAnswer
from litmus.limits import attempt, left, within


def for_ever() -> None:
    while True:
        pass


def soon(seconds: float = 0.05) -> float:
    return time.monotonic() + seconds


def test_work_that_ends_in_time_is_not_disturbed() -> None:
    assert within(soon(60), lambda: "late", lambda: 7) == 7
    assert within(None, lambda: "late", lambda: 7) == 7
    assert left() is None


def test_work_without_end_is_interrupted_with_the_message() -> None:
    started = time.monotonic()
    with pytest.raises(NoAnswer, match="too late"):
        within(soon(), lambda: "too late", for_ever)
    assert time.monotonic() - started < 5
    assert left() is None


def test_a_limit_in_the_past_is_over_at_once() -> None:
    with pytest.raises(NoAnswer):
        within(time.monotonic() - 1, lambda: "late", for_ever)


def test_errors_of_the_work_are_its_own() -> None:
    with pytest.raises(ZeroDivisionError):
        within(soon(60), lambda: "late", lambda: 1 / 0)
    assert left() is None


def test_no_handler_of_exceptions_stops_an_interruption() -> None:
    def stubborn() -> None:
        while True:
            try:
                for_ever()
            except Exception:
                continue

    with pytest.raises(NoAnswer):
        within(soon(), lambda: "late", stubborn)


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_an_interruption_that_a_destructor_swallows_is_repeated() -> None:
    class Sticky:
        """Its destructor takes longer than the limit, and Python drops exceptions that are raised there."""

        def __del__(self) -> None:
            end = time.monotonic() + 0.3
            while time.monotonic() < end:
                pass

    def drop() -> None:
        Sticky()
        for_ever()

    with pytest.raises(NoAnswer):
        within(soon(), lambda: "late", drop)


def test_the_first_of_nested_limits_counts() -> None:
    def inner(seconds: float) -> object:
        return within(soon(seconds), lambda: "inner", for_ever)

    with pytest.raises(NoAnswer, match="inner"):
        within(soon(60), lambda: "outer", lambda: inner(0.05))
    with pytest.raises(NoAnswer, match="outer"):
        within(soon(), lambda: "outer", lambda: inner(60))


def test_work_goes_on_after_an_inner_limit() -> None:
    def work() -> tuple[object, int]:
        return attempt(for_ever, 0.05), attempt(lambda: 3, 60) or 0

    assert within(soon(60), lambda: "outer", work) == (None, 3)


def test_an_attempt_leaves_time_for_what_was_there_before() -> None:
    assert within(soon(0.5), lambda: "outer", lambda: (attempt(for_ever), "kept")) == (None, "kept")
    assert attempt(lambda: 4) == 4


def test_what_is_left_is_that_of_the_first_limit() -> None:
    def seen() -> float:
        found = left()
        assert found is not None
        return found

    assert within(soon(60), lambda: "", lambda: within(soon(10), lambda: "", seen)) <= 10
    assert within(soon(10), lambda: "", lambda: within(soon(60), lambda: "", seen)) <= 10


def test_giving_up_ends_the_work_of_the_first_limit() -> None:
    with pytest.raises(NoAnswer, match="inner"):
        within(soon(60), lambda: "outer", lambda: within(soon(50), lambda: "inner", limits.give_up))
    with pytest.raises(NoAnswer, match="outer"):
        within(soon(50), lambda: "outer", lambda: within(soon(60), lambda: "inner", limits.give_up))


def test_each_thread_has_limits_of_its_own() -> None:
    found: list[str] = []

    def work(name: str) -> None:
        try:
            within(soon(), lambda: name, for_ever)
        except NoAnswer as error:
            found.append(error.message)

    threads = [threading.Thread(target=work, args=(f"t{i}",)) for i in range(3)]
    for thread in threads:
        thread.start()
    assert left() is None
    for thread in threads:
        thread.join(30)
    assert sorted(found) == ["t0", "t1", "t2"]


def _interrupted(answers: multiprocessing.SimpleQueue[str]) -> None:
    try:
        within(soon(), lambda: "in a process", for_ever)
    except NoAnswer as error:
        answers.put(error.message)


@pytest.mark.skipif("fork" not in multiprocessing.get_all_start_methods(), reason="nothing is forked here")
def test_a_forked_process_watches_its_own_limits() -> None:
    with pytest.raises(NoAnswer):
        within(soon(), lambda: "", for_ever)  # starts the watching thread, which is running when the process forks
    context = multiprocessing.get_context("fork")
    answers = context.SimpleQueue()
    process = context.Process(target=_interrupted, args=(answers,))
    process.start()
    assert answers.get() == "in a process"
    process.join(30)


def test_no_interruption_comes_after_the_end() -> None:
    """Some work ends just when its time is up, with and without a limit inside.  What follows it is not disturbed."""
    generator = random.Random(5)

    def spin(end: float) -> bool:
        while time.monotonic() < end:
            pass
        return True

    for _ in range(300):
        end = soon(generator.uniform(0, 0.002))
        inner = generator.uniform(0, 0.003)
        work = partial(spin, end) if generator.random() < 0.5 else partial(attempt, partial(spin, end), inner)
        assert attempt(work, generator.uniform(0, 0.003)) in (True, None)
        for _ in range(200):
            pass
    assert left() is None
    time.sleep(2 * limits.AGAIN)
    assert not limits._watch.limits
