"""The cat compiler: executes the instructions of a model and collects its checks.

Procedures, includes and variants end here; what is left is a litmus.algebra.dag.Model.  It is compiled
once for all tests where that is possible; a model that takes sets of events apart is compiled for
each test (ForEachTest).
"""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import lru_cache

from msgspec import Struct
from msgspec.structs import replace

from litmus.algebra.dag import Check, Facts, Level, Model, NeedsExecution, NeedsTest, Node, Scope
from litmus.algebra.names import base_name
from litmus.algebra.operators import Kind, Operator
from litmus.cat import classes, syntax
from litmus.cat.architectures import refuse_foreign
from litmus.cat.deep import Work, later, run
from litmus.cat.expressions import DEEPEST_CALL, Expressions
from litmus.cat.levels import level_of
from litmus.cat.library import Files, models_directory
from litmus.cat.values import (
    EMPTY,
    ClassRelation,
    Environment,
    Orders,
    Polymorphic,
    ProcedureValue,
    SetOfValues,
    Tag,
    Term,
    Thunk,
    TupleValue,
    Value,
    ValueSet,
    describe,
)
from litmus.cat.variants import is_known
from litmus.diagnostics import InputError, Source, Span, Unsupported

_DEEPEST_INCLUDE = 40


@lru_cache(maxsize=64)
def _parse(name: str, text: str) -> syntax.ModelFile:
    from litmus.cat.parsing import parse

    return parse(Source(name, text))


def compiled(source: Source, name: str, scope: Scope, files: Files) -> Model:
    """The model that `source` is the text of.  Raises InputError (ForeignModel) and Unsupported."""
    try:
        return Interpreter(scope, files, None).run(source, name)
    except NeedsTest:
        return for_each_test(source, name, scope, files)


def for_each_test(source: Source, name: str, scope: Scope, files: Files) -> Model:
    """A model that is compiled when a test is known."""
    level = Level.REGISTERS if _parse(source.name, source.text).catdep else Level.DECISIONS
    return Model(name, "", (), (), (), level=level, recipe=ForEachTest(source, name, scope, files))


class ForEachTest(Struct, frozen=True, eq=False):
    """What a model is compiled from for each test (litmus.algebra.dag.Recipe)."""

    source: Source
    name: str
    scope: Scope
    files: Files

    def compile(self, facts: Facts) -> Model:
        """See litmus.algebra.dag.Recipe."""
        return Interpreter(self.scope, self.files, facts).run(self.source, self.name)


class Interpreter(Expressions):
    """Compiles one model for one architecture."""

    def __init__(self, scope: Scope, files: Files, facts: Facts | None) -> None:
        super().__init__(scope, facts)
        self.files = files
        self.checks: list[Check] = []
        self.shows: dict[str, int] = {}
        self.choices: list[int] = []
        self._including: list[str] = []
        self._checks_at_choice = -1  # how many checks there were when co was chosen; -1: not yet

    # ------------------------------------------------------------ models

    def run(self, source: Source, name: str) -> Model:
        """The model that `source` is the text of.  Raises InputError, Unsupported, NeedsTest and NeedsExecution."""
        parsed = _parse(source.name, source.text)
        refuse_foreign(name, parsed.head, self.scope.arch, parsed.head_span)
        run(self._execute_file(self.files.open(os.path.join(models_directory(), "lib", "known.cat"))))
        standard = self.files.standard_library()
        self.library += (standard.name,)
        run(self._execute_file(standard))
        return self._model(name, run(self._execute_file(source)))

    def _model(self, called: str, title: str) -> Model:
        """What was collected, as a model."""
        kept = [check for check in self.checks if not self._is_idle(check)]
        shown = dict(self.shows)
        roots = tuple(check.node for check in kept) + tuple(shown.values())
        nodes, recursions, renumbered = self.algebra.finish(roots)
        checks = tuple([replace(check, node=renumbered[check.node]) for check in kept])
        shows = tuple([(name, renumbered[node]) for name, node in shown.items()])
        level = Level.REGISTERS if self.catdep else level_of(nodes, recursions, checks)
        if self.static is not None and level is Level.ACCESSES:
            level = Level.DECISIONS  # it may have taken sets of decisions apart already
        return Model(
            called,
            title,
            nodes,
            recursions,
            checks,
            shows,
            tuple(self.choices),
            level,
            notes=(*self._unknown_variants(), *self._unseen_registers(nodes)),
        )

    def _unseen_registers(self, nodes: tuple[Node, ...]) -> list[str]:
        """What to tell of sets of events that the model is made of and does not see."""
        names = {node.name for node in nodes if node.operator is Operator.BASE}
        used = sorted(name for name in names if base_name(name).level is Level.REGISTERS)
        return [] if self.catdep else [f"`{name}` is empty: only models that say catdep see registers" for name in used]

    def _is_idle(self, check: Check) -> bool:
        """Whether a flag is never raised, or an assertion always holds: then it need not be asked."""
        idle_if_negated = check.effect == "flag"
        return check.effect != "check" and check.negated is idle_if_negated and self.algebra.is_empty(check.node)

    def _unknown_variants(self) -> list[str]:
        """What to tell of variants that a model asks for and nobody knows: they are taken for not set."""
        own = models_directory()
        return [
            f"the model asks for the variant {name}, which is not known and not set ({span})"
            for name, span in self.variants_read.items()
            if not is_known(name) and name.lower() not in self.scope.variants and not span.source.name.startswith(own)
        ]

    async def _execute_file(self, source: Source) -> str:
        parsed = _parse(source.name, source.text)
        if not self._including and not parsed.title and not parsed.instructions:
            raise InputError("the model is empty", Span(source, 0, 0))
        if parsed.catdep and not self.catdep:
            if self._including and self.static is not None:
                message = "`catdep` must also stand in the model itself, not only in a file that it includes"
                raise Unsupported(message, Span(source, 0, 0))
            self.catdep = True
        self._including.append(source.name)
        await self._execute(parsed.instructions)
        self._including.pop()
        return parsed.title

    # ------------------------------------------------------------ instructions

    async def _execute(self, instructions: tuple[syntax.Instruction, ...]) -> None:
        for instruction in instructions:
            await later(_EXECUTE[type(instruction)](self, instruction))

    async def _let(self, instruction: syntax.Let) -> None:
        self.environment = await self.define(instruction.bindings, instruction.recursive, self.environment)
        if instruction.when is not None:
            await self._when(instruction, instruction.when)

    async def _when(self, instruction: syntax.Let, test: syntax.Test) -> None:
        """`let rec ... when test`: herd7 tests in every round; where values only grow, the last one decides."""
        first = len(self.checks)
        await self._test(test)
        names = [(name, b.span) for b in instruction.bindings for name in b.pattern.names if name]
        grows = all([await self._grows(name, span) for name, span in names])
        if len(self.checks) > first and (test.negated or not grows):
            message = "`when` is supported for recursions that only grow, and tests that are not negated"
            raise Unsupported(message, test.span)

    async def _grows(self, name: str, span: Span) -> bool:
        value = await self.variable(syntax.Variable(name, span), self.environment)
        if not isinstance(value, Term) or self.algebra.operator(value.node) is not Operator.FIX:
            return True
        return self.algebra.is_monotone(self.algebra.nodes[value.node].group)

    async def _test(self, instruction: syntax.Test) -> None:
        value = self.lifted(await self.evaluate(instruction.expression, self.environment))
        predicate, span = instruction.predicate, instruction.expression.span
        if isinstance(value, ClassRelation):
            value = self._verdict(classes.holds(predicate, value))
            predicate = "empty"
        kind = Kind.RELATION
        if predicate == "empty" and isinstance(value, Term):
            kind = value.kind
        node = self.term(value, kind, span)
        if predicate != "empty" and self.algebra.operator(node) is Operator.PLUS:
            predicate, node = "acyclic", self.algebra.nodes[node].arguments[0]
        self.checks.append(
            Check(predicate, instruction.negated, node, instruction.name, instruction.effect, instruction.span)
        )

    def _verdict(self, holds: bool) -> Term:
        """A relation that is empty iff a test that is decided already holds."""
        return Term(Kind.RELATION, (self.algebra.empty if holds else self.algebra.universe)(Kind.RELATION))

    async def _show_value(self, name: str, expression: syntax.Expression) -> None:
        """Shows never decide anything: one that has no value here (a fence of another machine) is left out."""
        try:
            value = await self.evaluate(expression, self.environment)
        except (InputError, Unsupported, NeedsTest, NeedsExecution):
            return
        if isinstance(value, Term) and value.kind is Kind.RELATION:
            self.shows[name] = value.node

    async def _show(self, instruction: syntax.Show) -> None:
        for variable in instruction.names:
            await self._show_value(variable.name, variable)

    async def _show_as(self, instruction: syntax.ShowAs) -> None:
        await self._show_value(instruction.name, instruction.expression)

    async def _unshow(self, instruction: syntax.Unshow) -> None:
        for variable in instruction.names:
            self.shows.pop(variable.name, None)

    async def _include(self, instruction: syntax.Include) -> None:
        source = self.files.find(instruction.file, instruction.span)
        if source.name in self._including:
            cycle = [*self._including[self._including.index(source.name) :], source.name]
            names = " -> ".join(os.path.basename(name) for name in cycle)
            raise InputError("this file includes itself", instruction.span, names)
        if len(self._including) >= _DEEPEST_INCLUDE:
            raise InputError("files are included too deeply here", instruction.span)
        await later(self._execute_file(source))

    async def _procedure(self, instruction: syntax.Procedure) -> None:
        scope = dict(self.environment)
        scope[instruction.name] = Thunk(
            value=ProcedureValue(instruction, scope if instruction.recursive else self.environment)
        )
        self.environment = scope

    async def _call(self, instruction: syntax.Call) -> None:
        called = await self.variable(instruction.procedure, self.environment)
        if not isinstance(called, ProcedureValue):
            message = f"this is {describe(called)}, not a procedure"
            raise InputError(message, instruction.procedure.span)
        argument = await self.evaluate(instruction.argument, self.environment)
        procedure = called.procedure
        bound = self.bind(procedure.pattern, argument, instruction.argument.span, procedure.name)
        if self.depth >= DEEPEST_CALL:
            raise InputError("this recursion does not end", instruction.span)
        self.depth += 1
        try:
            await self._execute_in({**called.environment, **bound}, procedure.body)
        except InputError as error:
            raise self.blamed(error, procedure.name, instruction.argument.span) from None
        finally:
            self.depth -= 1

    async def _execute_in(self, environment: Environment, instructions: tuple[syntax.Instruction, ...]) -> None:
        """Executes a block whose bindings are forgotten at its end."""
        outer, self.environment = self.environment, environment
        await self._execute(instructions)
        self.environment = outer

    async def _choose(self, instruction: syntax.WithFrom) -> None:
        """`with x from S`: each element of S makes an execution of its own."""
        value = await self.evaluate(instruction.choices, self.environment)
        span = instruction.choices.span
        usual = isinstance(value, Orders) and value.combined and value.events == self.algebra.base("W", Kind.SET)
        chosen: Value
        if usual and self._checks_at_choice in (-1, len(self.checks)):  # else it is another one, of its own
            assert isinstance(value, Orders)
            chosen = self._coherence_order(instruction.span, value)
        elif value == EMPTY or isinstance(value, SetOfValues):
            chosen = self._one_of(self.members(value, span), span)
        else:
            raise InputError(f"`with` chooses from a set of values, but this is {describe(value)}", span)
        self.environment = {**self.environment, instruction.variable: Thunk(value=chosen)}

    def _coherence_order(self, span: Span, orders: Orders) -> Term:
        """`with x from generate_cos(p)`: x is co, and p's pairs of writes to one location must lie in it."""
        algebra = self.algebra
        writes = orders.events
        co, loc = algebra.base("co", Kind.RELATION), algebra.base("loc", Kind.RELATION)
        initial, final = algebra.base("IW", Kind.SET), algebra.base("FW", Kind.SET)
        usual = algebra.intersection(
            loc,
            algebra.union(
                algebra.product(initial, algebra.difference(writes, initial)),
                algebra.product(algebra.difference(writes, final), final),
            ),
        )
        if not algebra.is_empty(algebra.without_operands(orders.relation, frozenset((co, usual)))):
            asked = algebra.intersection(algebra.plus(orders.relation), loc)  # also by way of other events
            asked = algebra.intersection(asked, algebra.product(writes, writes))
            self.checks.append(Check("empty", False, algebra.difference(asked, co), None, "check", span))
        self._checks_at_choice = len(self.checks)
        return Term(Kind.RELATION, co)

    def _one_of(self, options: list[Value], span: Span) -> Value:
        """One of some values, whichever an execution takes; with none of them there is no execution."""
        if not options:
            self.checks.append(Check("empty", True, self.algebra.empty(Kind.RELATION), None, "check", span))
            return EMPTY
        if len(options) == 1:
            return options[0]
        if all(isinstance(option, TupleValue) for option in options):
            rows = [option.items for option in options if isinstance(option, TupleValue)]
            if len({len(row) for row in rows}) == 1:
                self.choices.append(len(options))
                return TupleValue(tuple([self._mixed(list(column), span) for column in zip(*rows, strict=True)]))
        self.choices.append(len(options))
        return self._mixed(options, span)

    def _mixed(self, options: list[Value], span: Span) -> Value:
        """The value that is each option where the last choice takes it."""
        options = [self.lifted(option) for option in options]
        kinds = {option.kind for option in options if isinstance(option, Term)}
        if len(kinds) != 1 or not all(isinstance(option, Term | Polymorphic) for option in options):
            what = " or ".join(sorted({describe(option) for option in options}))
            raise Unsupported(f"`with` chooses among sets and relations, not {what}", span)
        (kind,) = kinds
        terms = [self.term(option, kind, span) for option in options]
        return Term(kind, self._decided(kind, terms, range(len(terms))))

    def _decided(self, kind: Kind, terms: list[int], options: range) -> int:
        """The term of the option that is taken, of several: by halves, as there may be thousands of them."""
        if len(options) == 1:
            return terms[options.start]
        middle = len(options) // 2
        algebra = self.algebra
        node = algebra.empty(kind)
        for half in (options[:middle], options[middle:]):
            where = algebra.choice(len(self.choices) - 1, half)
            there = where if kind is Kind.RELATION else algebra.domain(where)
            node = algebra.union(node, algebra.intersection(self._decided(kind, terms, half), there))
        return node

    async def _forall(self, instruction: syntax.Forall) -> None:
        domain = await self.evaluate(instruction.domain, self.environment)
        if isinstance(domain, Tag):
            domain = ValueSet((domain,))
        if domain != EMPTY and not isinstance(domain, SetOfValues):
            raise InputError(f"`forall` needs a set of values, but this is {describe(domain)}", instruction.domain.span)
        for value in dict.fromkeys(self.listed(domain, instruction.domain.span)):
            await self._execute_in({**self.environment, instruction.variable: Thunk(value=value)}, instruction.body)

    async def _if_variant(self, instruction: syntax.IfVariant) -> None:
        holds = await self.has_variant(instruction.condition)
        await self._execute(instruction.then if holds else instruction.otherwise)

    async def _debug(self, instruction: syntax.Debug) -> None:
        """Nothing: there is nothing to print before there is an execution."""

    async def _match_instruction(self, instruction: syntax.MatchInstruction) -> None:
        tag = await self.tag_of(instruction.subject, self.environment)
        for clause in instruction.clauses:
            if clause.tag in (tag, None):
                await self._execute(clause.body)
                return
        raise InputError(f"no clause of this `match` is for '{tag}", instruction.subject.span)

    async def _enum(self, instruction: syntax.Enum) -> None:
        self.enums[instruction.name] = instruction.tags
        tags = ValueSet(tuple([Tag(instruction.name, name) for name in dict.fromkeys(instruction.tags)]))
        self.environment = {**self.environment, instruction.name: Thunk(value=tags)}

    async def _events(self, instruction: syntax.Events) -> None:
        """Nothing: which tags instructions may carry is read from bell files, not from models."""


_EXECUTE: dict[type, Callable[..., Work[None]]] = {
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
