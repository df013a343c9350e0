"""Limits on time and memory: work that takes more than it may is interrupted, wherever it is.

One thread of the process watches all limits.  When the time of a limit is over, or the process has more memory in use,
it makes the working thread raise TimeUp (PyThreadState_SetAsyncExc of CPython).  So no loop has to look at a clock, and
limits work in every thread.  Code that is not Python is interrupted only when it returns.  Therefore Z3 is told how
much time and memory are left; the operations on long integers are short.

Tables that outlive a question (compiled models, plans, parsed cells) get an entry only when the entry is complete, so
that an interruption leaves nothing half-done behind.
"""

from __future__ import annotations

import _thread
import contextlib
import os
import threading
import time
from collections.abc import Callable
from math import inf
from queue import Empty, SimpleQueue
from typing import NoReturn, TypeVar

from litmus import memory
from litmus.diagnostics import NoAnswer

T = TypeVar("T")
AGAIN = 0.05  # seconds until TimeUp is raised once more, because Python drops an exception raised in a destructor
POLL = 0.02  # seconds after which the memory in use is looked at again, if it is limited
MOST = 0.9  # the part of the time left that `attempt` may use
_CLOSING, _FIRING = "closing", "firing"


class TimeUp(BaseException):
    """Raised in the middle of work whose time is up, or that has too much memory; `within` turns it into NoAnswer.

    It is not a subclass of Exception.  So a handler in between does not take it for a failure of the code it guards.
    """


class _Limit:
    """The deadline of some work in one thread, and the megabytes that the process may have in use meanwhile.

    full: it has more.  over: TimeUp was raised because of this limit.  busy: who is handling the limit at this moment.
    dict.setdefault decides who that is.  There is no lock, because the working thread may be interrupted between any
    two steps, so that it must not hold one.
    """

    __slots__ = ("again", "busy", "deadline", "due", "full", "megabytes", "over", "thread")

    def __init__(self, deadline: float, megabytes: int | None = None) -> None:
        self.megabytes = megabytes
        self.full = False
        self.deadline = self.due = deadline
        self.thread = threading.get_ident()
        self.again = AGAIN
        self.over = False
        self.busy: dict[str, str] = {}

    def fire(self, now: float) -> None:
        """Interrupt the work, unless it is ending at this moment."""
        if self.busy.setdefault("by", _FIRING) == _FIRING:
            self.over = True
            self.due = now + self.again
            self.again *= 2
            _interrupt(self.thread, TimeUp)
            del self.busy["by"]

    def close(self) -> None:
        """The work has ended: from now on it is not interrupted."""
        while self.busy.setdefault("by", _CLOSING) != _CLOSING:
            time.sleep(0)
        if self.over:
            _interrupt(self.thread, None)  # if this takes away the TimeUp of another limit, that limit fires again


def _interrupt(thread: int, error: type[BaseException] | None) -> None:
    """Let a thread raise an error as soon as it executes Python code.  None takes back an error not raised yet."""
    import ctypes

    raised = None if error is None else ctypes.py_object(error)
    ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread), raised)


class _Watch:
    """The limits of a process, and the thread that waits until the first of them is over.

    wakes: when the thread looks at the limits next, if nothing wakes it before.
    """

    def __init__(self) -> None:
        self.limits: set[_Limit] = set()
        self.calls: SimpleQueue[None] = SimpleQueue()
        self.wakes = inf
        self.started: dict[str, object] = {}

    def add(self, limit: _Limit) -> None:
        """Watch a limit.  The thread is woken only if it would look too late, which is rare."""
        self.limits.add(limit)
        me = object()
        if self.started.setdefault("by", me) is me:
            _thread.start_new_thread(self.watch, ())
        if limit.due < self.wakes or limit.megabytes is not None:
            self.calls.put(None)

    def watch(self) -> None:
        while True:
            self.wakes = inf  # set before the limits are looked at, so that a limit added meanwhile wakes this thread
            now = time.monotonic()
            for limit in tuple(self.limits):
                if not limit.over and limit.megabytes is not None and memory.resident() > limit.megabytes:
                    limit.full = True
                if limit.due <= now or (limit.full and not limit.over):
                    limit.fire(now)
            self.wakes = min((limit.due for limit in tuple(self.limits)), default=inf)
            if any(limit.megabytes is not None for limit in tuple(self.limits)):
                self.wakes = min(self.wakes, time.monotonic() + POLL)
            with contextlib.suppress(Empty):
                self.calls.get(timeout=None if self.wakes == inf else max(0.0, self.wakes - time.monotonic()))


_watch = _Watch()
_own = threading.local()  # its attribute `limits`: the limits that a thread works under, the outermost first


def _forked() -> None:
    global _watch, _own
    _watch, _own = _Watch(), threading.local()  # the watching thread does not exist in a forked process


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forked)


def _limits() -> list[_Limit]:
    if not hasattr(_own, "limits"):
        _own.limits = []
    found: list[_Limit] = _own.limits
    return found


def left() -> float | None:
    """The seconds that are left for this thread's work, at least 0; None if there is no limit."""
    deadline = min([limit.deadline for limit in _limits()], default=inf)
    return None if deadline == inf else max(0.0, deadline - time.monotonic())


def megabytes() -> int | None:
    """The megabytes that the process may have in use during this thread's work; None if there is no limit."""
    return min([limit.megabytes for limit in _limits() if limit.megabytes is not None], default=None)


def give_up() -> NoReturn:
    """End this thread's work as its first limit would.  Called if code that is not Python found that the time is up."""
    limits = _limits()
    if not limits:
        raise NoAnswer("no answer within the time limit")
    min(limits, key=lambda limit: limit.deadline).over = True
    raise TimeUp


def within(deadline: float | None, late: Callable[[], str], work: Callable[[], T], megabytes: int | None = None) -> T:
    """The result of `work`, if `work` ends before `deadline` (a time of time.monotonic; None: no deadline).

    Otherwise raises NoAnswer with the message `late`.  Limits may be nested: the first one that is over counts.
    megabytes: how much memory the process may have in use meanwhile; if it has more, NoAnswer is raised, too.
    """
    if deadline is None and megabytes is None:
        return work()
    if deadline is not None and deadline <= time.monotonic():
        raise NoAnswer(late())
    limit = _Limit(inf if deadline is None else deadline, megabytes)
    error: BaseException | None = None
    try:
        _limits().append(limit)
        _watch.add(limit)
        result = work()
    except BaseException as raised:
        error = raised
    # TimeUp may be raised in this part too, but the next one comes AGAIN seconds later at the earliest.  There is no
    # loop here, because TimeUp could be missed in a loop.
    try:
        try:
            _end(limit)
        except TimeUp:
            _end(limit)
    except TimeUp:
        _end(limit)
    if error is None:
        return result
    if isinstance(error, TimeUp) and limit.over:
        error = NoAnswer(f"no answer within {megabytes} MB of memory" if limit.full else late())
    try:
        raise error
    finally:
        error = None  # breaks a reference cycle: the error refers to this frame, and the frame to the error


def attempt(work: Callable[[], T], seconds: float | None = None) -> T | None:
    """The result of `work`; None if it has no answer within `seconds`, or within most of the time that is left.

    It is for work that adds to an answer which is known already and must not be lost.
    """
    remaining = left()
    times = [t for t in (seconds, None if remaining is None else remaining * MOST) if t is not None]
    try:
        return within(time.monotonic() + min(times) if times else None, lambda: "", work)
    except NoAnswer:
        return None


def _end(limit: _Limit) -> None:
    """Forget a limit and the limits inside of it.

    The work of the limit is done.  A limit inside of it may be left because it was interrupted as it ended.
    """
    limits = _limits()
    for inner in limits[limits.index(limit) :] if limit in limits else (limit,):
        inner.close()
        _watch.limits.discard(inner)
    del limits[limits.index(limit) if limit in limits else len(limits) :]
