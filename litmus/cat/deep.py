"""Deep work: coroutines that wait for each other on a list, so that a model may nest deeper than Python's stack.

Python limits how deep functions call each other, and a model may be nested deeper: 600 lets, each of which uses
the one before, or a union of 5000 terms.  What evaluates models is therefore written as coroutines.
Where one needs the result of another, it says `await later(...)`; `run` keeps those that wait in a list.
"""

from __future__ import annotations

from collections.abc import Awaitable, Coroutine, Generator
from typing import Any, Generic, TypeVar

T = TypeVar("T")
Work = Coroutine[Any, Any, T]


class later(Generic[T]):  # noqa: N801  # it is used as a verb
    """`await later(work)`: the result of some work, for a coroutine that `run` runs."""

    __slots__ = ("_work",)

    def __init__(self, work: Work[T]) -> None:
        self._work = work

    def __await__(self) -> Generator[Work[T], T, T]:
        """Hands the work to `run`, which sends its result."""
        return (yield self._work)


class ready(Generic[T]):  # noqa: N801  # like `later`
    """`await ready(value)`: a result that is known already."""

    __slots__ = ("_value",)

    def __init__(self, value: T) -> None:
        self._value = value

    def __await__(self) -> Generator[Work[T], T, T]:
        """Returns the value without asking `run` for anything."""
        return self._value
        yield  # makes this a generator


def run(work: Work[T]) -> T:
    """The result of a coroutine and of all that it waits for.  Raises what the coroutine raises."""
    waiting: list[Work[Any]] = []
    current: Work[Any] = work
    result: Any = None
    error: Exception | None = None
    try:
        while True:
            try:
                wanted = current.send(result) if error is None else current.throw(error)
            except StopIteration as done:
                result, error = done.value, None
            except Exception as raised:
                error = raised
            else:
                waiting.append(current)
                current, result, error = wanted, None, None
                continue
            if not waiting:
                break
            current = waiting.pop()
    finally:  # also where a time limit interrupts this function itself
        for unfinished in (current, *reversed(waiting)):
            unfinished.close()
    if error is not None:
        raise error
    found: T = result
    return found


def now(value: T | Work[T]) -> Awaitable[T]:
    """What a function that may or may not be a coroutine has returned, to be awaited."""
    return later(value) if isinstance(value, Coroutine) else ready(value)
