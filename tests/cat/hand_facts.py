"""What is known of an execution written by hand, for models that are compiled for each test."""

from __future__ import annotations

from typing import Any

from cat_evaluator import Evaluator
from cat_executions import execution

from litmus.algebra.dag import Model, NeedsExecution
from litmus.algebra.operators import Kind
from litmus.cat import compile_text

Base = dict[str, frozenset[Any]]

OF_EXECUTIONS = ("rf", "co", "FW", "same-value")  # not the same in all executions of a test


class HandFacts:
    """litmus.algebra.dag.Facts of an execution of cat_executions.  Events have the numbers of that execution.

    `unknown`: base sets and relations that may be different in other executions of the test.
    """

    def __init__(self, base: Base, unknown: tuple[str, ...] = OF_EXECUTIONS) -> None:
        self.sets = base
        self.unknown = unknown
        self.size = max(base["_"]) + 1
        self.events = sum(1 << event for event in base["_"])

    def base(self, name: str, kind: Kind) -> int | tuple[int, ...] | None:
        """A base set or relation; None for those that are not known."""
        if name in self.unknown:
            return None
        found = self.sets[name]
        if kind is Kind.SET:
            return sum(1 << event for event in found)
        return tuple(sum(1 << f for e, f in found if e == event) for event in range(self.size))

    def place(self, variable: str) -> int | None:
        """Nothing is known of variables."""
        return None


def with_coherence(text: str) -> str:
    """A model in which `co` is bound, but nothing that is defined with it."""
    return f'include "cross.cat" with co from generate_cos(co0) {text}'


def compiled_for(text: str, base: Base, unknown: tuple[str, ...] = OF_EXECUTIONS) -> Model:
    """A model compiled for one execution.  Raises NeedsExecution if what is known does not suffice to compile it."""
    model = compile_text(with_coherence(text), "test.cat", frozenset())
    return model if model.recipe is None else model.recipe.compile(HandFacts(base, unknown))


def values(text: str, code: str) -> list[frozenset[Any]]:
    """The values of the checked sets and relations of a model, in an execution."""
    base = execution(code)
    model = compiled_for(text, base)
    return [Evaluator(model, base).value(check.node) for check in model.checks]


def value(text: str, code: str) -> frozenset[Any]:
    """The value of the one checked set or relation of a model, in an execution."""
    (found,) = values(text, code)
    return found


def needs_execution(text: str, code: str) -> bool:
    """Whether compiling a model needs an execution, because the test alone is not enough."""
    try:
        compiled_for(text, execution(code))
    except NeedsExecution:
        return True
    return False
