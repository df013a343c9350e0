"""The cat compiler: executes the instructions of a model, once, and collects its checks.

Procedures, includes and variants end here; what is left is a litmus.cat.dag.Model.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import lru_cache

from litmus.cat import syntax
from litmus.cat.dag import Check, Kind, Model, Operator
from litmus.cat.expressions import DEEPEST_CALL, SETS_OF_VALUES, Expressions
from litmus.cat.library import Files
from litmus.cat.values import EMPTY, Environment, Orders, ProcedureValue, Term, Thunk, ValueSet, describe
from litmus.diagnostics import InputError, Source, Span, Unsupported

_DEEPEST_INCLUDE = 40


@lru_cache(maxsize=64)
def _parse(name: str, text: str) -> syntax.ModelFile:
    from litmus.cat.parsing import parse

    return parse(Source(name, text))


class Interpreter(Expressions):
    """Compiles one model for one architecture."""

    def __init__(self, tags: frozenset[str], files: Files, variants: frozenset[str]) -> None:
        super().__init__(tags, variants)
        self.files = files
        self.checks: list[Check] = []
        self.shows: dict[str, int] = {}
        self._including: list[str] = []
        self._checks_at_choice = -1  # how many checks there were when co was chosen; -1: not yet

    # ------------------------------------------------------------ models

    def run(self, source: Source, name: str) -> Model:
        """The model that `source` is the text of.  Raises InputError and Unsupported."""
        try:
            self._execute_file(self.files.open(f"{self.library}stdlib.cat"))
            title = self._execute_file(source)
        except RecursionError:
            raise InputError("this model is nested too deeply", Span(source, 0, 0)) from None
        roots = tuple(check.node for check in self.checks) + tuple(self.shows.values())
        nodes, recursions, renumbered = self.algebra.finish(roots)
        checks = tuple(Check(c.predicate, c.negated, renumbered[c.node], c.name, c.effect, c.span) for c in self.checks)
        shows = tuple((shown, renumbered[node]) for shown, node in self.shows.items())
        return Model(name, title, nodes, recursions, checks, shows)

    def _execute_file(self, source: Source) -> str:
        parsed = _parse(source.name, source.text)
        if not self._including and not parsed.title and not parsed.instructions:
            raise InputError("the model is empty", Span(source, 0, 0))
        self._including.append(source.name)
        self._execute(parsed.instructions)
        self._including.pop()
        return parsed.title

    # ------------------------------------------------------------ instructions

    def _execute(self, instructions: tuple[syntax.Instruction, ...]) -> None:
        for instruction in instructions:
            _EXECUTE[type(instruction)](self, instruction)

    def _let(self, instruction: syntax.Let) -> None:
        if instruction.when is not None:
            raise Unsupported("`let rec ... when` is not supported yet", instruction.when.span)
        self.environment = self.define(instruction.bindings, instruction.recursive, self.environment)

    def _test(self, instruction: syntax.Test) -> None:
        value = self.evaluate(instruction.expression, self.environment)
        kind = Kind.RELATION
        if instruction.predicate == "empty" and isinstance(value, Term):
            kind = value.kind
        if isinstance(value, SETS_OF_VALUES):
            raise Unsupported(f"a check of {describe(value)} is not supported yet", instruction.expression.span)
        node = self.term(value, kind, instruction.expression.span)
        predicate = instruction.predicate
        if predicate != "empty" and self.algebra.operator(node) is Operator.PLUS:
            predicate, node = "acyclic", self.algebra.nodes[node].arguments[0]
        self.checks.append(
            Check(predicate, instruction.negated, node, instruction.name, instruction.effect, instruction.span)
        )

    def _show_value(self, name: str, expression: syntax.Expression) -> None:
        """Shows never decide anything: one that has no value here (a fence of another machine) is left out."""
        try:
            value = self.evaluate(expression, self.environment)
        except (InputError, Unsupported):
            return
        if isinstance(value, Term) and value.kind is Kind.RELATION:
            self.shows[name] = value.node

    def _show(self, instruction: syntax.Show) -> None:
        for variable in instruction.names:
            self._show_value(variable.name, variable)

    def _show_as(self, instruction: syntax.ShowAs) -> None:
        self._show_value(instruction.name, instruction.expression)

    def _unshow(self, instruction: syntax.Unshow) -> None:
        for variable in instruction.names:
            self.shows.pop(variable.name, None)

    def _include(self, instruction: syntax.Include) -> None:
        source = self.files.find(instruction.file, instruction.span)
        if source.name in self._including:
            cycle = [*self._including[self._including.index(source.name) :], source.name]
            names = " -> ".join(os.path.basename(name) for name in cycle)
            raise InputError("this file includes itself", instruction.span, names)
        if len(self._including) >= _DEEPEST_INCLUDE:
            raise InputError("files are included too deeply here", instruction.span)
        self._execute_file(source)

    def _procedure(self, instruction: syntax.Procedure) -> None:
        scope = dict(self.environment)
        scope[instruction.name] = Thunk(
            value=ProcedureValue(instruction, scope if instruction.recursive else self.environment)
        )
        self.environment = scope

    def _call(self, instruction: syntax.Call) -> None:
        called = self.variable(instruction.procedure, self.environment)
        if not isinstance(called, ProcedureValue):
            message = f"this is {describe(called)}, not a procedure"
            raise InputError(message, instruction.procedure.span)
        argument = self.evaluate(instruction.argument, self.environment)
        procedure = called.procedure
        bound = self.bind(procedure.pattern, argument, instruction.argument.span, procedure.name)
        if self.depth >= DEEPEST_CALL:
            raise InputError("this recursion does not end", instruction.span)
        first = len(self.checks)
        self.depth += 1
        try:
            self._execute_in({**called.environment, **bound}, procedure.body)
        except InputError as error:
            raise self.blamed(error, procedure.name, instruction.argument.span) from None
        self.depth -= 1
        if instruction.name is not None:
            self.checks[first:] = [
                Check(c.predicate, c.negated, c.node, c.name or instruction.name, c.effect, c.span)
                for c in self.checks[first:]
            ]

    def _execute_in(self, environment: Environment, instructions: tuple[syntax.Instruction, ...]) -> None:
        """Executes a block whose bindings are forgotten at its end."""
        outer, self.environment = self.environment, environment
        self._execute(instructions)
        self.environment = outer

    def _choose(self, instruction: syntax.WithFrom) -> None:
        """`with x from generate_cos(p)`: x is co, and p's pairs of writes to one location must lie in it."""
        choices = self.evaluate(instruction.choices, self.environment)
        span, algebra = instruction.span, self.algebra
        writes = algebra.base("W", Kind.SET)
        if not isinstance(choices, Orders) or not choices.combined or choices.events != writes:
            raise Unsupported(
                "`with` chooses among coherence orders of W only", instruction.choices.span, "generate_cos(...)"
            )
        if 0 <= self._checks_at_choice < len(self.checks):
            raise Unsupported("a second coherence order is not supported yet", span)
        co, loc = algebra.base("co", Kind.RELATION), algebra.base("loc", Kind.RELATION)
        initial, final = algebra.base("IW", Kind.SET), algebra.base("FW", Kind.SET)
        usual = algebra.intersection(
            loc,
            algebra.union(
                algebra.product(initial, algebra.difference(writes, initial)),
                algebra.product(algebra.difference(writes, final), final),
            ),
        )
        asked = algebra.without_operands(choices.relation, frozenset((co, usual)))
        asked = algebra.intersection(algebra.intersection(asked, loc), algebra.product(writes, writes))
        node = algebra.difference(asked, co)
        if algebra.operator(node) is not Operator.EMPTY:
            self.checks.append(Check("empty", False, node, None, "check", span))
        self._checks_at_choice = len(self.checks)
        self.environment = {**self.environment, instruction.variable: Thunk(value=Term(Kind.RELATION, co))}

    def _forall(self, instruction: syntax.Forall) -> None:
        domain = self.evaluate(instruction.domain, self.environment)
        if domain == EMPTY:
            return
        if isinstance(domain, Term):
            raise InputError(f"`forall` needs a set of values, but this is {describe(domain)}", instruction.domain.span)
        if not isinstance(domain, ValueSet):
            raise Unsupported(f"`forall` over {describe(domain)} is not supported yet", instruction.domain.span)
        for value in domain.items:
            self._execute_in({**self.environment, instruction.variable: Thunk(value=value)}, instruction.body)

    def _if_variant(self, instruction: syntax.IfVariant) -> None:
        self._execute(instruction.then if self.has_variant(instruction.condition) else instruction.otherwise)

    def _debug(self, instruction: syntax.Debug) -> None:
        """Nothing: there is nothing to print before there is an execution."""

    def _match_instruction(self, instruction: syntax.MatchInstruction) -> None:
        raise Unsupported("`match` over tags is not supported yet", instruction.span)

    def _enum(self, instruction: syntax.Enum) -> None:
        raise Unsupported("`enum` is not supported yet", instruction.span)

    def _events(self, instruction: syntax.Events) -> None:
        word = "default" if instruction.default else "instructions"
        raise Unsupported(f"`{word}` (bell) is not supported yet", instruction.span)


_EXECUTE: dict[type, Callable[..., None]] = {
    syntax.Let: Interpreter._let,
    syntax.Test: Interpreter._test,
    syntax.Show: Interpreter._show,
    syntax.ShowAs: Interpreter._show_as,
    syntax.Unshow: Interpreter._unshow,
    syntax.Include: Interpreter._include,
    syntax.Procedure: Interpreter._procedure,
    syntax.Call: Interpreter._call,
    syntax.Forall: Interpreter._forall,
    syntax.WithFrom: Interpreter._choose,
    syntax.MatchInstruction: Interpreter._match_instruction,
    syntax.IfVariant: Interpreter._if_variant,
    syntax.Debug: Interpreter._debug,
    syntax.Enum: Interpreter._enum,
    syntax.Events: Interpreter._events,
}
