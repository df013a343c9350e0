"""Answers: what an engine says of a test under a model."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum

from msgspec import Struct

from litmus.program.graph import EventTable
from litmus.program.question import Place
from litmus.program.values import Value


class Verdict(Enum):
    """herd's Observation word for the proposition inside the quantifier."""

    NEVER = "Never"
    SOMETIMES = "Sometimes"
    ALWAYS = "Always"


State = tuple[Value, ...]  # the final values of Question.places[:shown], aligned with them


class Execution(Struct, frozen=True):
    """One consistent candidate execution of `graph`.

    executed: bit mask of the events that execute.  rf[r]: the write that read r takes its value from.
    co: for each cell of a variable, its writes in coherence order.  values[e]: the value that event e
    reads or writes.  addresses[e]: the address that event e accesses.  order[t]: the events of thread t
    in program order; floating blocks stand at the place that was chosen for them.  The numbers of a thread's events are
    in the order of its text, so that the order shows what the compiler has exchanged.
    state is aligned with Answer.places.
    """

    graph: EventTable
    executed: int
    rf: Mapping[int, int]
    co: tuple[tuple[int, ...], ...]
    values: Mapping[int, Value]
    addresses: Mapping[int, Value]
    order: tuple[tuple[int, ...], ...]
    state: State


class Answer(Struct, frozen=True):
    """The verdict and what it rests on.

    states: all final states over `places`, sorted; None if they were not asked for or were too many.
    positive, negative: how many consistent executions satisfy, and refute, the proposition; None if
    they were not counted.  witness: an execution that satisfies the proposition, if one exists.
    flags: the flags of consistent executions, sorted.  bound_reached: some execution was cut where a
    loop was unrolled to its bound.  complete: some execution was found that comes to its end, whether
    or not it satisfies the filter.  idle_left_out: rounds of loops that have no effect were left out, so the answer
    holds for any number of them.
    """

    verdict: Verdict
    places: tuple[Place, ...]
    states: tuple[State, ...] | None
    positive: int | None
    negative: int | None
    flags: tuple[str, ...]
    witness: Execution | None
    bound_reached: bool
    method: str  # how it was decided: "executions", "z3", "enumeration"
    complete: bool = True
    idle_left_out: bool = False
