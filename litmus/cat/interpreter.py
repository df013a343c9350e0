"""The cat compiler: an interpreter whose sets and relations are nodes of a DAG.

Functions, procedures, variants, includes, `try` and all other control are executed here, once;
what they do to sets and relations is recorded in an Algebra.  Top-level bindings are lazy, as in
herd7: an error in a binding that nothing needs is no error.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import lru_cache

from litmus.cat import syntax
from litmus.cat.algebra import Algebra
from litmus.cat.dag import Check, Kind, Model, Operator
from litmus.cat.environment import RELATIONS, SETS, UNPROVIDED
from litmus.cat.library import Files, models_directory
from litmus.cat.values import (
    EMPTY,
    UNIVERSE,
    Classes,
    Closure,
    Environment,
    Orders,
    Polymorphic,
    Primitive,
    ProcedureValue,
    Term,
    Thunk,
    TupleValue,
    Value,
    ValueSet,
    describe,
)
from litmus.diagnostics import InputError, Source, Span, Unsupported, near

_DEEPEST_CALL = 60
_DEEPEST_INCLUDE = 40
_SETS_OF_VALUES = (ValueSet, Classes, Orders)


@lru_cache(maxsize=64)
def _parse(name: str, text: str) -> syntax.ModelFile:
    from litmus.cat.parsing import parse

    return parse(Source(name, text))


class Interpreter:
    """Compiles one model for one architecture."""

    def __init__(self, tags: frozenset[str], files: Files, variants: frozenset[str]) -> None:
        self.algebra = Algebra()
        self.files = files
        self.variants = variants
        self.checks: list[Check] = []
        self.shows: dict[str, int] = {}
        self.environment: Environment = self._initial_environment(tags)
        self._including: list[str] = []
        self._library = os.path.join(models_directory(), "lib", "")
        self._depth = 0
        self._checks_at_choice = -1  # how many checks there were when co was chosen; -1: not yet

    # ------------------------------------------------------------ models

    def run(self, source: Source, name: str) -> Model:
        """The model that `source` is the text of.  Raises InputError and Unsupported."""
        try:
            self._execute_file(self.files.open(f"{self._library}stdlib.cat"))
            title = self._execute_file(source)
        except RecursionError:
            raise InputError("this model is nested too deeply", Span(source, 0, 0)) from None
        roots = tuple(check.node for check in self.checks) + tuple(self.shows.values())
        nodes, recursions, renumbered = self.algebra.finish(roots)
        checks = tuple(
            Check(c.predicate, c.negated, renumbered[c.node], c.name, c.effect, c.span) for c in self.checks
        )
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

    def _initial_environment(self, tags: frozenset[str]) -> dict[str, Thunk]:
        algebra = self.algebra
        environment: dict[str, Thunk] = {}
        for name in (*SETS, *sorted(tags)):
            environment[name] = Thunk(value=Term(Kind.SET, algebra.base(name, Kind.SET)))
        for name in RELATIONS:
            environment[name] = Thunk(value=Term(Kind.RELATION, algebra.base(name, Kind.RELATION)))
        primitives: dict[str, Callable[[Value, Span], Value]] = {
            "domain": lambda v, at: Term(Kind.SET, algebra.domain(self.relation(v, at))),
            "range": lambda v, at: Term(Kind.SET, algebra.range(self.relation(v, at))),
            "classes-loc": lambda v, at: Classes(self.set_of(v, at)),
            "linearisations": self._linearisations,
            "co_locs": self._orders_of_locations,
            "cross": self._combined_orders,
        }
        for name, apply in primitives.items():
            environment[name] = Thunk(value=Primitive(name, apply))
        for name, what in UNPROVIDED.items():
            if name not in environment:
                environment[name] = Thunk(error=Unsupported(f"the {what} `{name}` is not supported yet"))
        return environment

    # ------------------------------------------------------------ sets and relations

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
        raise InputError(f"{wanted} is expected here, but this is {describe(value)}", span, hint)

    def relation(self, value: Value, span: Span) -> int:
        """The node of a relation.  Raises InputError at `span` if it is none."""
        return self.term(value, Kind.RELATION, span)

    def set_of(self, value: Value, span: Span) -> int:
        """The node of a set of events.  Raises InputError at `span` if it is none."""
        return self.term(value, Kind.SET, span)

    # ------------------------------------------------------------ expressions

    def evaluate(self, expression: syntax.Expression, environment: Environment) -> Value:
        """What an expression denotes.  Raises InputError and Unsupported at the place of the mistake."""
        return _EVALUATE[type(expression)](self, expression, environment)

    def _variable(self, expression: syntax.Variable, environment: Environment) -> Value:
        thunk = environment.get(expression.name)
        if thunk is None:
            hint = near(expression.name, (name for name in environment if name not in UNPROVIDED))
            raise InputError(f"unbound name `{expression.name}`", expression.span, hint)
        if thunk.error is not None and thunk.error.span is None:
            raise type(thunk.error)(thunk.error.message, expression.span, thunk.error.hint)
        return thunk.force()

    def _zero(self, expression: syntax.Zero, environment: Environment) -> Value:
        return Term(Kind.RELATION, self.algebra.empty(Kind.RELATION))

    def _universe(self, expression: syntax.Universe, environment: Environment) -> Value:
        return UNIVERSE

    def _tag(self, expression: syntax.Tag, environment: Environment) -> Value:
        raise Unsupported("tags are not supported yet", expression.span)

    def _explicit_set(self, expression: syntax.ExplicitSet, environment: Environment) -> Value:
        if not expression.items:
            return EMPTY
        return ValueSet(tuple(dict.fromkeys(self.evaluate(item, environment) for item in expression.items)))

    def _tuple(self, expression: syntax.TupleOf, environment: Environment) -> Value:
        return TupleValue(tuple(self.evaluate(item, environment) for item in expression.items))

    def _unary(self, expression: syntax.Unary, environment: Environment) -> Value:
        value = self.evaluate(expression.operand, environment)
        algebra, at = self.algebra, expression.operand.span
        match expression.operator:
            case "[]":
                return Term(Kind.RELATION, algebra.identity(self.set_of(value, at)))
            case "~":
                if isinstance(value, Polymorphic):
                    return EMPTY if value.full else UNIVERSE
                kind = value.kind if isinstance(value, Term) else Kind.RELATION
                return Term(kind, algebra.complement(self.term(value, kind, at)))
        operations = {"^-1": algebra.inverse, "+": algebra.plus, "*": algebra.star, "?": algebra.optional}
        return Term(Kind.RELATION, operations[expression.operator](self.relation(value, at)))

    def _binary(self, expression: syntax.Binary, environment: Environment) -> Value:
        left = self.evaluate(expression.left, environment)
        right = self.evaluate(expression.right, environment)
        algebra, operator = self.algebra, expression.operator
        left_at, right_at = expression.left.span, expression.right.span
        if operator == ";":
            return Term(Kind.RELATION, algebra.sequence(self.relation(left, left_at), self.relation(right, right_at)))
        if operator == "cartesian":
            return Term(Kind.RELATION, algebra.product(self.set_of(left, left_at), self.set_of(right, right_at)))
        if operator == "++" or isinstance(left, _SETS_OF_VALUES) or isinstance(right, _SETS_OF_VALUES):
            return self._value_sets(expression, left, right)
        if isinstance(left, Polymorphic) and isinstance(right, Polymorphic):
            if operator == "|":
                return left if left.full else right
            return right if operator == "&" and left.full else EMPTY if right.full or operator == "&" else left
        kind = left.kind if isinstance(left, Term) else right.kind if isinstance(right, Term) else Kind.RELATION
        operation = {"|": algebra.union, "&": algebra.intersection, "\\": algebra.difference}[operator]
        return Term(kind, operation(self.term(left, kind, left_at), self.term(right, kind, right_at)))

    def _value_sets(self, expression: syntax.Binary, left: Value, right: Value) -> Value:
        """`left ++ right`, and `|` of explicit sets; other operations would need equality of values."""
        if expression.operator == "++" and isinstance(right, ValueSet | Polymorphic) and right != UNIVERSE:
            items = right.items if isinstance(right, ValueSet) else ()
            return ValueSet(tuple(dict.fromkeys((left, *items))))
        if expression.operator == "|" and left != UNIVERSE and right != UNIVERSE:
            if isinstance(left, ValueSet | Polymorphic) and isinstance(right, ValueSet | Polymorphic):
                sides = [side.items if isinstance(side, ValueSet) else () for side in (left, right)]
                return ValueSet(tuple(dict.fromkeys(sides[0] + sides[1])))
        what = f"`{expression.operator}` of {describe(left)} and {describe(right)}"
        raise Unsupported(f"{what} is not supported yet", expression.span)

    def _apply(self, expression: syntax.Apply, environment: Environment) -> Value:
        function = self.evaluate(expression.function, environment)
        argument = self.evaluate(expression.argument, environment)
        if isinstance(function, Primitive):
            return function.apply(argument, expression.argument.span)
        if not isinstance(function, Closure):
            hint = "relations are composed with `;`" if isinstance(function, Term) else None
            what = describe(function)
            raise InputError(f"this is {what}, not a function", expression.function.span, hint)
        # cross.cat as others have written it folds over sets that only executions determine: the two
        # functions that do so are known here by name, and by the kind of their argument.
        name = expression.function.name if isinstance(expression.function, syntax.Variable) else ""
        if name == "co_locs" and isinstance(argument, TupleValue) and isinstance(argument.items[-1], Classes):
            return self._orders_of_locations(argument, expression.argument.span)
        if name == "cross" and isinstance(argument, Orders):
            return self._combined_orders(argument, expression.argument.span)
        return self.call(function, argument, expression)

    def call(self, closure: Closure, argument: Value, call: syntax.Apply) -> Value:
        """A closure applied to an argument.

        A mistake that only shows inside a function of the standard library is reported at the call.
        """
        function = closure.function
        scope = {**closure.environment, **self.bind(function.pattern, argument, call.argument.span, function.name)}
        if self._depth >= _DEEPEST_CALL:
            raise InputError("this recursion does not end", call.span)
        self._depth += 1
        try:
            return self.evaluate(function.body, scope)
        except InputError as error:
            raise self._blamed(error, function.name, call.argument.span) from None
        finally:
            self._depth -= 1

    def _blamed(self, error: InputError, function: str, argument: Span) -> InputError:
        """The error that a call from outside the standard library is told of a mistake seen inside."""
        inside = error.span is not None and error.span.source.name.startswith(self._library)
        if inside and not argument.source.name.startswith(self._library):
            return InputError(f"in {function}: {error.message}", argument)
        return error

    def bind(self, pattern: syntax.Pattern, value: Value, span: Span, function: str = "") -> dict[str, Thunk]:
        """What a pattern's names are bound to.  Raises InputError at `span` if the value does not fit."""
        values: tuple[Value, ...] = (value,)
        if pattern.tuple:
            wanted = len(pattern.names)
            who = f"{function} takes" if function else "here we need"
            if not isinstance(value, TupleValue):
                raise InputError(f"{who} a tuple of {wanted}, but this is {describe(value)}", span)
            if len(value.items) != wanted:
                raise InputError(f"{who} {wanted} arguments, not {len(value.items)}", span)
            values = value.items
        named = zip(pattern.names, values, strict=True)
        return {name: Thunk(value=item) for name, item in named if name is not None}

    def _function(self, expression: syntax.Function, environment: Environment) -> Value:
        return Closure(expression, environment)

    def _let_in(self, expression: syntax.LetIn, environment: Environment) -> Value:
        return self.evaluate(expression.body, self.define(expression.bindings, expression.recursive, environment))

    def _try(self, expression: syntax.Try, environment: Environment) -> Value:
        try:
            return self.evaluate(expression.attempt, environment)
        except InputError:
            return self.evaluate(expression.otherwise, environment)

    def _if(self, expression: syntax.IfThenElse, environment: Environment) -> Value:
        condition = expression.condition
        if isinstance(condition, syntax.Compare):
            holds = self._compare(condition, environment)
        else:
            holds = self.has_variant(condition)
        return self.evaluate(expression.then if holds else expression.otherwise, environment)

    def _compare(self, condition: syntax.Compare, environment: Environment) -> bool:
        """A comparison, where it does not depend on the execution."""
        left = self.evaluate(condition.left, environment)
        right = self.evaluate(condition.right, environment)
        if condition.relation in ("=", "subset") and left == right:
            return True
        raise Unsupported("a comparison that depends on the execution is not supported yet", condition.span)

    def has_variant(self, variant: syntax.Variant) -> bool:
        """Whether a condition on variants holds; a variant that was not asked for does not."""
        match variant:
            case syntax.HasVariant():
                return variant.name in self.variants
            case syntax.NotVariant():
                return not self.has_variant(variant.operand)
            case syntax.BothVariants():
                decided = self.has_variant(variant.left)
                return self.has_variant(variant.right) if decided is variant.conjunction else decided

    def _match_tag(self, expression: syntax.MatchTag, environment: Environment) -> Value:
        raise Unsupported("`match` over tags is not supported yet", expression.span)

    def _match_set(self, expression: syntax.MatchSet, environment: Environment) -> Value:
        value = self.evaluate(expression.subject, environment)
        if value == EMPTY or value == ValueSet(()):
            return self.evaluate(expression.empty, environment)
        if isinstance(value, ValueSet) and len(value.items) == 1:
            scope = dict(environment)
            for name, part in (
                (expression.before, EMPTY),
                (expression.element, value.items[0]),
                (expression.rest, EMPTY),
            ):
                if name is not None:
                    scope[name] = Thunk(value=part)
            return self.evaluate(expression.step, scope)
        what = "an event set or relation" if isinstance(value, Term) else "several values"
        raise Unsupported(f"`match` over {what} is not supported yet", expression.subject.span)

    # ------------------------------------------------------------ bindings

    def define(
        self, bindings: tuple[syntax.Binding, ...], recursive: bool, environment: Environment
    ) -> dict[str, Thunk]:
        """The environment after `let [rec] bindings`; nothing is evaluated yet."""
        if recursive:
            return self._define_recursive(bindings, environment)
        scope = dict(environment)
        for binding in bindings:
            pattern, value = binding.pattern, Thunk(self._delayed(binding.value, environment))
            if not pattern.tuple:
                if pattern.names[0] is not None:
                    scope[pattern.names[0]] = value
                continue
            for slot, name in enumerate(pattern.names):
                if name is not None:
                    scope[name] = Thunk(self._component(binding, value, name, slot))
        return scope

    def _delayed(self, expression: syntax.Expression, environment: Environment) -> Callable[[], Value]:
        return lambda: self.evaluate(expression, environment)

    def _component(self, binding: syntax.Binding, whole: Thunk, name: str, slot: int) -> Callable[[], Value]:
        return lambda: self.bind(binding.pattern, whole.force(), binding.value.span)[name].force()

    def _define_recursive(
        self, bindings: tuple[syntax.Binding, ...], environment: Environment
    ) -> dict[str, Thunk]:
        names: list[str] = []
        for binding in bindings:
            if binding.pattern.tuple or binding.pattern.names[0] is None:
                raise InputError("`let rec` binds names", binding.pattern.span, "write `let rec x = ... and y = ...`")
            names.append(binding.pattern.names[0])
        is_function = [isinstance(binding.value, syntax.Function) for binding in bindings]
        values = tuple(binding for binding, function in zip(bindings, is_function, strict=True) if not function)

        def scope_with(results: dict[str, Thunk]) -> dict[str, Thunk]:
            scope = {**environment, **results}
            for name, binding in zip(names, bindings, strict=True):
                if isinstance(binding.value, syntax.Function):
                    scope[name] = Thunk(value=Closure(binding.value, scope))
            return scope

        solution: dict[str, Value] = {}

        def solved(name: str) -> Value:
            if not solution:
                solution.update(self._fixpoint(values, scope_with))
            return solution[name]

        def result(name: str) -> Thunk:
            return Thunk(lambda: solved(name))

        value_names = [n for n, function in zip(names, is_function, strict=True) if not function]
        return scope_with({name: result(name) for name in value_names})

    def _fixpoint(
        self,
        bindings: tuple[syntax.Binding, ...],
        scope_with: Callable[[dict[str, Thunk]], dict[str, Thunk]],
    ) -> dict[str, Value]:
        """The values of a recursive group.

        Kinds come first: the rounds start from the empty set of no particular kind, so what a body
        yields then tells its kind.  A variable whose kind stays open is empty for good.
        """
        names = [binding.pattern.names[0] or "" for binding in bindings]
        current: dict[str, Value] = dict.fromkeys(names, EMPTY)
        while True:
            before = dict(current)
            for name, binding in zip(names, bindings, strict=True):
                if current[name] is EMPTY:
                    scope = scope_with({n: Thunk(value=v) for n, v in current.items()})
                    value = self.evaluate(binding.value, scope)
                    if isinstance(value, Term):
                        current[name] = Term(value.kind, self.algebra.empty(value.kind))
                    elif isinstance(value, Polymorphic):
                        current[name] = EMPTY
                        if value.full:
                            raise Unsupported("a recursion over the universe is not supported yet", binding.span)
                    elif isinstance(value, ValueSet):
                        raise Unsupported("a recursion over sets of values is not supported yet", binding.span)
                    else:
                        message = f"`let rec` defines relations, sets and functions, but this is {describe(value)}"
                        raise InputError(message, binding.value.span)
            if current == before:
                break
        variables = [(n, b, v.kind) for (n, v), b in zip(current.items(), bindings, strict=True) if isinstance(v, Term)]
        group, nodes = self.algebra.open_group(tuple(kind for _, _, kind in variables))
        for (name, _, kind), node in zip(variables, nodes, strict=True):
            current[name] = Term(kind, node)
        scope = scope_with({n: Thunk(value=v) for n, v in current.items()})
        bodies = tuple(self.term(self.evaluate(b.value, scope), kind, b.value.span) for _, b, kind in variables)
        results = self.algebra.close_group(group, nodes, bodies)
        for (name, _, kind), node in zip(variables, results, strict=True):
            current[name] = Term(kind, node)
        return current

    # ------------------------------------------------------------ coherence orders

    def _pair(self, value: Value, span: Span, name: str) -> tuple[Value, Value]:
        if not isinstance(value, TupleValue) or len(value.items) != 2:
            raise InputError(f"{name} takes 2 arguments", span)
        return value.items[0], value.items[1]

    def _linearisations(self, value: Value, span: Span) -> Value:
        raise Unsupported("linearisations other than those of generate_cos are not supported yet", span)

    def _orders_of_locations(self, value: Value, span: Span) -> Value:
        """`co_locs (r, classes-loc S)`."""
        relation, classes = self._pair(value, span, "co_locs")
        if not isinstance(classes, Classes):
            raise Unsupported("orders of other sets than classes-loc(...) are not supported yet", span)
        return Orders(classes.events, self.relation(relation, span), combined=False)

    def _combined_orders(self, value: Value, span: Span) -> Value:
        """`cross (co_locs (...))`."""
        if not isinstance(value, Orders) or value.combined:
            raise Unsupported("`cross` of other sets than co_locs(...) is not supported yet", span)
        return Orders(value.events, value.relation, combined=True)

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
        if isinstance(value, _SETS_OF_VALUES):
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
        called = self._variable(instruction.procedure, self.environment)
        if not isinstance(called, ProcedureValue):
            message = f"this is {describe(called)}, not a procedure"
            raise InputError(message, instruction.procedure.span)
        argument = self.evaluate(instruction.argument, self.environment)
        procedure = called.procedure
        bound = self.bind(procedure.pattern, argument, instruction.argument.span, procedure.name)
        if self._depth >= _DEEPEST_CALL:
            raise InputError("this recursion does not end", instruction.span)
        first = len(self.checks)
        self._depth += 1
        try:
            self._execute_in({**called.environment, **bound}, procedure.body)
        except InputError as error:
            raise self._blamed(error, procedure.name, instruction.argument.span) from None
        self._depth -= 1
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


_EVALUATE: dict[type, Callable[..., Value]] = {
    syntax.Variable: Interpreter._variable,
    syntax.Zero: Interpreter._zero,
    syntax.Universe: Interpreter._universe,
    syntax.Tag: Interpreter._tag,
    syntax.ExplicitSet: Interpreter._explicit_set,
    syntax.TupleOf: Interpreter._tuple,
    syntax.Unary: Interpreter._unary,
    syntax.Binary: Interpreter._binary,
    syntax.Apply: Interpreter._apply,
    syntax.Function: Interpreter._function,
    syntax.LetIn: Interpreter._let_in,
    syntax.Try: Interpreter._try,
    syntax.IfThenElse: Interpreter._if,
    syntax.MatchTag: Interpreter._match_tag,
    syntax.MatchSet: Interpreter._match_set,
}
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
