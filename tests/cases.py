"""Litmus tests as the tests of engines need them: read, lowered and unrolled, with their question."""

from __future__ import annotations

from dataclasses import dataclass

from litmus.c.lowering import lower as lower_c
from litmus.c.tables import load_primitives
from litmus.diagnostics import Source
from litmus.isa import architecture_named
from litmus.program.build import unroll
from litmus.program.graph import EventGraph, Idle
from litmus.program.question import Question
from litmus.reading import read_test
from litmus.resolving import resolve


@dataclass(frozen=True, slots=True)
class Case:
    """An unrolled litmus test.  tags: the cat sets of its architecture."""

    name: str
    graph: EventGraph
    question: Question
    tags: frozenset[str]


def case(text: str, table: str | None = None, bound: int = 2, idle: Idle = "left out") -> Case:
    """A litmus test from its text.  table: the name of a table of primitives, which a C test needs."""
    test = read_test(Source("test", text))
    if test.body is not None:
        primitives = load_primitives(table or "")
        program, arch = lower_c(test, primitives), primitives.arch
    else:
        program, arch = architecture_named(test.arch).lower(test), test.arch
    return Case(text, unroll(program, bound, idle=idle), resolve(test, program), architecture_named(arch).tags)
