"""Batches: many files through one function, in this process or in several, outcomes in input order.

The work maps a file name to outcomes, which can be pickled.  With several processes, each is given several files in
advance, and sends each outcome as soon as it is there.  If a process dies (out of memory, killed), only the file that
it was working on is lost.

The parent costs as little as it can, because it runs beside the processes.  It looks at what they sent only every
PAUSE seconds, so that it is not woken for each outcome.  Meanwhile no process has to wait for it: each has been given
twice as many files as it answered in the last pause.
"""

from __future__ import annotations

import contextlib
import gc
import os
import pickle
import signal
import sys
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Generic, TypeVar

from msgspec import Struct, field

if TYPE_CHECKING:
    from multiprocessing.process import BaseProcess
    from socket import socket

T = TypeVar("T")
Work = Callable[[str], Iterable[T]]
Start = Callable[[], Work[T]]

FEW = 100  # for up to so many files, starting processes costs more time than it saves
PAUSE = 0.02  # seconds
AT_LEAST = 4  # files are given to a process in advance, and up to AT_MOST if they are answered quickly
AT_MOST = 64
READ = 1 << 18  # bytes that are received at a time
SIZE = 4  # bytes before each message, which say how long it is


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
        yield from _Team(files, start, died, jobs).outcomes()
        return
    work = start()
    for file in files:
        yield from work(file)


# ---------------------------------------------------------------- several processes


class _Worker(Struct, eq=False):
    """A process, and what it was given and has not answered yet.

    unread: the part of a message that has been received so far.  quick: the files that it answered in the last pause.
    """

    process: BaseProcess
    socket: socket
    tasks: deque[int] = field(default_factory=deque)
    unread: bytes = b""
    quick: int = 0

    def messages(self) -> list[bytes] | None:
        """The messages that have come.  None if the process has died, and has sent nothing more."""
        try:
            received = self.socket.recv(READ)
        except OSError:
            return None
        if not received:
            return None
        data = self.unread + received
        found = []
        at = 0
        while len(data) >= at + SIZE:
            end = at + SIZE + int.from_bytes(data[at : at + SIZE], "big")
            if end > len(data):
                break
            found.append(data[at + SIZE : end])
            at = end
        self.unread = data[at:]
        return found


class _Team(Generic[T]):
    """The processes that work on some files, and the outcomes that have come from them.

    waiting: the files that no process was given, by their numbers.  arrived: the outcomes of each file that were not
    yielded yet.  finished: the files of which no outcome is to come.
    """

    def __init__(self, files: Sequence[str], start: Start[T], died: Callable[[str, str], T], jobs: int) -> None:
        import multiprocessing

        # After a fork, nothing has to be imported again.  Systems other than Linux have no safe fork.
        self.fork = sys.platform == "linux"
        self.context = multiprocessing.get_context("fork") if self.fork else multiprocessing.get_context("spawn")
        self.files = files
        self.start = start
        self.died = died
        self.jobs = jobs
        self.waiting = deque(range(len(files)))
        self.arrived: dict[int, list[T]] = {}
        self.finished: set[int] = set()
        self.workers: list[_Worker] = []

    def outcomes(self) -> Iterator[T]:
        """The outcomes of all files, in order."""
        following = 0  # the file whose outcomes are to be yielded next
        try:
            while True:
                while self.waiting and len(self.workers) < self.jobs:
                    self.hire()
                self.receive()
                while True:
                    yield from self.arrived.pop(following, ())
                    if following not in self.finished:
                        break
                    self.finished.discard(following)
                    following += 1
                if following == len(self.files):
                    return
                if all(worker.tasks for worker in self.workers):
                    time.sleep(PAUSE)
        finally:
            for worker in self.workers:
                worker.process.terminate()
            for worker in self.workers:
                worker.process.join()
                worker.socket.close()

    def hire(self) -> None:
        """Start a process, and give it the first files."""
        from socket import socketpair

        ours, theirs = socketpair()
        # A forked process inherits the parent's ends of all sockets.  It closes them, so that no socket stays open when
        # the parent is gone.
        inherited = [ours, *(worker.socket for worker in self.workers)] if self.fork else []
        arguments = (theirs, inherited, self.start, self.files)
        process = self.context.Process(target=_serve, args=arguments, daemon=True)
        process.start()
        theirs.close()
        self.workers.append(_Worker(process, ours))
        self.hand_out(self.workers[-1])

    def hand_out(self, worker: _Worker) -> None:
        """Give a process more files.  When few are left, it gets fewer, so that all processes end at about one time."""
        most = min(max(AT_LEAST, 2 * worker.quick), AT_MOST, len(self.waiting) // (2 * self.jobs) + 1)
        given = [self.waiting.popleft() for _ in range(min(most - len(worker.tasks), len(self.waiting)))]
        if given:
            worker.tasks.extend(given)
            with contextlib.suppress(OSError):  # the process died; that is noticed when something is received from it
                _send(worker.socket, given)

    def receive(self) -> None:
        """Wait until a process has sent something or died, and take what all of them have sent."""
        from multiprocessing.connection import wait

        ready = wait([worker.socket for worker in self.workers])
        for worker in [w for w in self.workers if w.socket in ready]:
            messages = worker.messages()
            if messages is None:
                self.bury(worker)
                continue
            worker.quick = 0
            for message in messages:
                if message:
                    self.arrived.setdefault(worker.tasks[0], []).append(pickle.loads(message))
                else:
                    self.finished.add(worker.tasks.popleft())
                    worker.quick += 1
            self.hand_out(worker)

    def bury(self, worker: _Worker) -> None:
        """A process has died: the file that it was working on is lost, and others get the rest."""
        self.workers.remove(worker)
        worker.socket.close()
        worker.process.join()
        if worker.tasks:
            task = worker.tasks.popleft()
            self.arrived.setdefault(task, []).append(self.died(self.files[task], _how(worker.process.exitcode)))
            self.finished.add(task)
            self.waiting.extendleft(reversed(worker.tasks))


def _serve(connection: socket, inherited: list[socket], start: Start[T], files: Sequence[str]) -> None:
    """Answer one file after the other: send its outcomes, and then an empty message."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent ends this process
    for other in inherited:
        other.close()
    gc.freeze()  # what the parent made is never garbage here; marking it would copy its memory
    work = start()
    requests = connection.makefile("rb")
    while size := requests.read(SIZE):
        for task in pickle.loads(requests.read(int.from_bytes(size, "big"))):
            for outcome in work(files[task]):
                _send(connection, outcome)
            connection.sendall(bytes(SIZE))


def _send(connection: socket, what: object) -> None:
    message = pickle.dumps(what, pickle.HIGHEST_PROTOCOL)
    connection.sendall(len(message).to_bytes(SIZE, "big") + message)


def _how(exit_code: int | None) -> str:
    if exit_code is not None and exit_code < 0:
        return f"was ended by {signal.Signals(-exit_code).name}"
    return f"ended with status {exit_code}"
