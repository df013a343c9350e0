"""The oracle reads the code itself: what an event graph has lost or invented, the oracle has not.

An unroller that misreads an operation makes the graph of another program.  So each test here makes that graph on
purpose, and says that it belongs to the program as it is written.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from agreement import disagreement
from cases import Case
from msgspec.structs import replace
from programs import TAGS, candidates_at_most, random_program, unrolled

from litmus.cat import compile_text
from litmus.program.code import (
    Assume,
    Branch,
    CompilerBarrier,
    Fence,
    Float,
    Line,
    Load,
    Operation,
    Program,
    Store,
    StoreConditional,
)
from litmus.program.values import Expr, Op

Misreading = Callable[[Operation], Operation]

NOTHING = CompilerBarrier()  # to a machine


def misread_program(program: Program, misread: Misreading) -> Program:
    """The program as an unroller sees it that misreads operations, also those in blocks."""

    def seen(line: Line) -> Line:
        operation = misread(line.operation)
        if isinstance(operation, Float):
            operation = replace(operation, body=tuple(map(seen, operation.body)))
        return replace(line, operation=operation)

    threads = tuple([replace(code, lines=tuple(map(seen, code.lines))) for code in program.threads])
    return replace(program, threads=threads)


def without_false_dependencies(expr: Expr) -> Expr:
    """`r ^ r` as 0."""
    if not isinstance(expr, Op):
        return expr
    if expr.name == "xor" and expr.args[0] == expr.args[1]:
        return 0
    return Op(expr.name, tuple(map(without_false_dependencies, expr.args)))


def address_without_dependency(operation: Operation) -> Operation:
    if isinstance(operation, Load | Store | StoreConditional):
        return replace(operation, address=without_false_dependencies(operation.address))
    return operation


def value_without_dependency(operation: Operation) -> Operation:
    if isinstance(operation, Store | StoreConditional):
        return replace(operation, value=without_false_dependencies(operation.value))
    return operation


def branch_never_taken(operation: Operation) -> Operation:
    return NOTHING if isinstance(operation, Branch) and operation.condition is not None else operation


def dependency_that_ends(operation: Operation) -> Operation:
    if isinstance(operation, Branch) and operation.condition is not None:
        return replace(operation, join=operation.target)
    return operation


def dependency_that_does_not_end(operation: Operation) -> Operation:
    return replace(operation, join=None) if isinstance(operation, Branch) else operation


def assumption_forgotten(operation: Operation) -> Operation:
    return NOTHING if isinstance(operation, Assume) else operation


def fence_lost(operation: Operation) -> Operation:
    return replace(operation, tags=frozenset()) if isinstance(operation, Fence) else operation


def update_torn(operation: Operation) -> Operation:
    return replace(operation, rmw=False, single=False) if isinstance(operation, Store) else operation


def condition_of_store_forgotten(operation: Operation) -> Operation:
    return replace(operation, when=None) if isinstance(operation, Store) else operation


def store_that_never_fails(operation: Operation) -> Operation:
    return replace(operation, failure=operation.success) if isinstance(operation, StoreConditional) else operation


def reservation_forgotten(operation: Operation) -> Operation:
    return replace(operation, reserve=False) if isinstance(operation, Load) else operation


def value_that_is_wrong(operation: Operation) -> Operation:
    if isinstance(operation, Store) and operation.value == 2:
        return replace(operation, value=1)
    return operation


# Each with a model that such a misreading makes a difference to.
MISREADINGS: list[tuple[Misreading, str]] = [
    (address_without_dependency, "empty addr"),
    (value_without_dependency, "empty data"),
    (branch_never_taken, "acyclic po | rf | co | fr"),
    (dependency_that_ends, "empty ctrl"),
    (dependency_that_does_not_end, "empty ctrl"),
    (assumption_forgotten, "acyclic po | rf | co | fr"),
    (fence_lost, "empty F \\ (SYNC | LWSYNC | EIEIO | ISYNC | MFENCE)"),
    (update_torn, "empty amo"),
    (condition_of_store_forgotten, "acyclic po | rf | co | fr"),
    (store_that_never_fails, "acyclic po | rf | co | fr"),
    (reservation_forgotten, "acyclic po | rf | co | fr"),
    (value_that_is_wrong, "acyclic po | rf | co | fr"),
]


def misread_cases(misread: Misreading) -> Iterator[Case]:
    """Random programs, each with the graph of what a misreading makes of it."""
    for seed in range(400):
        program, question = random_program(seed)
        other = misread_program(program, misread)
        graph = unrolled(other) if other != program else None
        if graph is not None and candidates_at_most(graph) <= 500:
            yield Case(f"random_program({seed})", replace(graph, program=program), question, TAGS)


@pytest.mark.parametrize(("misread", "model"), MISREADINGS, ids=[m.__name__ for m, _ in MISREADINGS])
def test_a_misreading_of_the_unroller_makes_the_oracle_disagree(misread: Misreading, model: str) -> None:
    compiled = compile_text(f'"test" include "cos.cat"\n{model}\n', "test", TAGS)
    assert any(disagreement(found, compiled) for found in misread_cases(misread))
