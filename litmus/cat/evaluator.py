"""The evaluator as the functions of the language see it: values, and what the expressions of a model denote."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Awaitable

from litmus.algebra.dag import Facts
from litmus.algebra.operators import Kind
from litmus.cat import syntax
from litmus.cat.sets import SetsOfValues
from litmus.cat.values import Environment, EventValue, PairValue, Polymorphic, Term, Thunk, Value, describe
from litmus.diagnostics import InputError, Span


class Evaluator(SetsOfValues, ABC):
    """What functions and recursions need of the interpreter.  litmus.cat.expressions evaluates expressions."""

    def __init__(self, facts: Facts | None) -> None:
        super().__init__(facts)
        self.recursions = 0  # that are being evaluated, each within the one before

    @abstractmethod
    def evaluate(self, expression: syntax.Expression, environment: Environment) -> Awaitable[Value]:
        """What an expression denotes, to be awaited.  Raises InputError and Unsupported at the place of the mistake."""

    @abstractmethod
    def named(self, name: str, span: Span, missing: str) -> Awaitable[Value]:
        """What a name that a function looks up is bound to; `missing` is the message if it is not."""

    @abstractmethod
    def bind(self, pattern: syntax.Pattern, value: Value, span: Span, function: str = "") -> dict[str, Thunk]:
        """What a pattern's names are bound to.  Raises InputError at `span` if the value does not fit."""

    def term(self, value: Value, kind: Kind, span: Span) -> int:
        """The node of a value that must be of `kind`.  Raises InputError at `span` if it is not."""
        if isinstance(value, Term) and value.kind is kind:
            return value.node
        if isinstance(value, Polymorphic):
            return self.algebra.universe(kind) if value.full else self.algebra.empty(kind)
        wanted = "a relation" if kind is Kind.RELATION else "a set of events"
        hint = None
        if isinstance(value, Term) and kind is Kind.RELATION:
            hint = f"`[{span.text}]` is its identity relation" if len(span.text) <= 20 else "[...] makes it a relation"
        elif isinstance(value, Term):
            hint = "domain(...) and range(...) are its sets"
        elif isinstance(value, EventValue) and kind is Kind.SET:
            hint = "`{e}` is the set of it" if len(span.text) > 20 else f"`{{{span.text}}}` is the set of it"
        elif isinstance(value, PairValue) and kind is Kind.RELATION:
            hint = "`p ++ 0` is the relation of it"
        raise InputError(f"{wanted} is expected here, but this is {describe(value)}", span, hint)

    def relation(self, value: Value, span: Span) -> int:
        """The node of a relation.  Raises InputError at `span` if it is none."""
        return self.term(value, Kind.RELATION, span)

    def set_of(self, value: Value, span: Span) -> int:
        """The node of a set of events.  Raises InputError at `span` if it is none."""
        return self.term(value, Kind.SET, span)
