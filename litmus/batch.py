"""Batches: many files through one function, in this process or in several, outcomes in input order.

The work maps a file name to outcomes, which can be pickled.  With several processes, each takes a few
files at a time.  If a process dies (out of memory, killed), only the file that it was working on is lost.
"""

from __future__ import annotations

import contextlib
import os
import signal
import sys
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Generic, TypeVar

from msgspec import Struct, field

if TYPE_CHECKING:
    from multiprocessing.connection import Connection
    from multiprocessing.process import BaseProcess

T = TypeVar("T")
Work = Callable[[str], Iterable[T]]
Start = Callable[[], Work[T]]

FEW = 100  # for up to so many files, starting processes costs more time than it saves
AT_A_TIME = 4  # so many files may be queued for a process, so that it need not wait for the parent


def default_jobs(files: int) -> int:
    """How many processes to use for so many files."""
    if files <= FEW:
        return 1
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def run(files: Sequence[str], start: Start[T], died: Callable[[str, str], T], jobs: int) -> Iterator[T]:
    """The outcomes of `files`, in order.  An outcome comes as soon as it and all outcomes before it are there.

    start: makes the function that does the work; called once in every process.  died(file, how): makes the
    outcome of a file whose process died.
    """
    jobs = min(jobs, len(files))
    if jobs > 1:
        yield from _in_processes(files, start, died, jobs)
        return
    work = start()
    for file in files:
        yield from work(file)


# ---------------------------------------------------------------- several processes


class _Worker(Struct, Generic[T], eq=False):
    process: BaseProcess
    connection: Connection
    tasks: deque[int] = field(default_factory=deque)  # what the process was given and has not answered yet


def _in_processes(files: Sequence[str], start: Start[T], died: Callable[[str, str], T], jobs: int) -> Iterator[T]:
    import multiprocessing
    from multiprocessing.connection import wait

    # After a fork, nothing has to be imported again.  Systems other than Linux have no safe fork.
    fork = sys.platform == "linux"
    context = multiprocessing.get_context("fork") if fork else multiprocessing.get_context("spawn")
    at_a_time = min(AT_A_TIME, len(files) // (2 * jobs) + 1)
    waiting = deque(range(len(files)))
    outcomes: dict[int, list[T]] = {}  # task -> its outcomes that were not yielded yet
    finished: set[int] = set()
    following = 0  # the task whose outcomes are to be yielded next
    workers: list[_Worker[T]] = []

    def hire() -> None:
        ours, theirs = context.Pipe()
        # A forked process inherits the parent's ends of all pipes.  It closes them, so that no pipe stays open when the
        # parent is gone.
        inherited = [ours, *(w.connection for w in workers)] if fork else []
        process = context.Process(target=_serve, args=(theirs, inherited, start), daemon=True)
        process.start()
        theirs.close()
        workers.append(_Worker(process, ours))
        hand_out(workers[-1])

    def hand_out(worker: _Worker[T]) -> None:
        while waiting and len(worker.tasks) < at_a_time:
            task = waiting.popleft()
            worker.tasks.append(task)
            with contextlib.suppress(OSError):  # the process died; that is noticed when something is received from it
                worker.connection.send(files[task])

    def bury(worker: _Worker[T]) -> None:
        workers.remove(worker)
        worker.connection.close()
        worker.process.join()
        if worker.tasks:
            task = worker.tasks.popleft()
            outcomes.setdefault(task, []).append(died(files[task], _how(worker.process.exitcode)))
            finished.add(task)
            waiting.extendleft(reversed(worker.tasks))

    try:
        while following < len(files):
            while waiting and len(workers) < jobs:
                hire()
            ready = wait([w.connection for w in workers])
            for worker in [w for w in workers if w.connection in ready]:
                try:
                    received: tuple[T] | None = worker.connection.recv()
                except (EOFError, OSError):
                    bury(worker)
                    continue
                if received is not None:
                    outcomes.setdefault(worker.tasks[0], []).extend(received)
                else:
                    finished.add(worker.tasks.popleft())
                    hand_out(worker)
            while True:
                yield from outcomes.pop(following, ())
                if following not in finished:
                    break
                following += 1
    finally:
        for worker in workers:
            worker.process.terminate()
        for worker in workers:
            worker.process.join()


def _serve(connection: Connection, inherited: list[Connection], start: Start[T]) -> None:
    """Answer one file name after the other: send its outcomes, each in a tuple, and then None."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent ends this process
    for other in inherited:
        other.close()
    work = start()
    while True:
        try:
            file = connection.recv()
        except EOFError:
            return
        for outcome in work(file):
            connection.send((outcome,))
        connection.send(None)


def _how(exit_code: int | None) -> str:
    if exit_code is not None and exit_code < 0:
        return f"was ended by {signal.Signals(-exit_code).name}"
    return f"ended with status {exit_code}"
