"""The expressions of cat, evaluated: sets and relations become nodes of an Algebra.

Functions, `try`, variants and all other control are executed here, once.  Bindings are lazy, as in
herd7: an error in a binding that nothing needs is no error.
"""

from __future__ import annotations

import os
from collections.abc import Awaitable, Callable
from functools import partial

from litmus.algebra.dag import Facts, Scope
from litmus.algebra.operators import Kind
from litmus.cat import classes, syntax
from litmus.cat.deep import Work, later, now, ready
from litmus.cat.environment import OF_COHERENCE, initial_environment
from litmus.cat.evaluator import Evaluator
from litmus.cat.library import models_directory
from litmus.cat.names import free_variables
from litmus.cat.primitives import PRIMITIVES
from litmus.cat.sets import refuse_deep
from litmus.cat.values import (
    EMPTY,
    UNIVERSE,
    Classes,
    ClassRelation,
    Closure,
    Environment,
    EventValue,
    Missing,
    Orders,
    PairValue,
    Polymorphic,
    Primitive,
    SetOfValues,
    Tag,
    Term,
    Thunk,
    TupleValue,
    Value,
    ValueSet,
    describe,
)
from litmus.diagnostics import InputError, Span, Unsupported, near

DEEPEST_CALL = 1500  # calls within calls of a model's functions; more are taken for a recursion without an end


class Expressions(Evaluator):
    """Evaluates the expressions of one model for one architecture."""

    def __init__(self, scope: Scope, facts: Facts | None) -> None:
        super().__init__(facts)
        self.scope = scope
        self.catdep = False  # whether a file of the model has said so
        self.variants_read: dict[str, Span] = {}
        self.environment: Environment = {
            **initial_environment(self.algebra, scope),
            **{name: Thunk(value=Primitive(name, partial(apply, self))) for name, apply in PRIMITIVES.items()},
        }
        self.initial = dict(self.environment)
        self.library: tuple[str, ...] = (os.path.join(models_directory(), "lib", ""),)
        self.depth = 0  # of calls

    # ------------------------------------------------------------ names

    def evaluate(self, expression: syntax.Expression, environment: Environment) -> Awaitable[Value]:
        """What an expression denotes, to be awaited.  Raises InputError and Unsupported at the place of the mistake."""
        if isinstance(expression, syntax.Variable):
            thunk = environment.get(expression.name)
            if thunk is not None and thunk.value is not None:
                return ready(thunk.value)
        return later(_EVALUATE[type(expression)](self, expression, environment))

    async def variable(self, expression: syntax.Variable, environment: Environment) -> Value:
        """What a name is bound to.  Raises InputError if it is unbound, and what its computation raises."""
        return await self._bound(expression.name, expression.span, environment)

    async def _bound(self, name: str, span: Span, environment: Environment, missing: str | None = None) -> Value:
        thunk = environment.get(name)
        if thunk is None:
            raise self._unbound(name, span, environment, missing)
        try:
            return await thunk.force()
        except (InputError, Unsupported) as error:
            if error.span is not None:
                raise
            raise type(error)(error.message, span, error.hint) from None

    def _unbound(self, name: str, span: Span, environment: Environment, missing: str | None = None) -> Missing:
        hint = None
        if name in OF_COHERENCE:
            hint = 'include "cos.cat"'
        elif missing is None:
            hint = near(name, (n for n, t in environment.items() if t.error is None))
        return Missing(missing or f"unbound name `{name}`", span, hint)

    def named(self, name: str, span: Span, missing: str) -> Awaitable[Value]:
        """What a name that a primitive looks up is bound to; `missing` is the message if it is not."""
        return self._bound(name, span, self.environment, missing)

    async def _zero(self, expression: syntax.Zero, environment: Environment) -> Value:
        return Term(Kind.RELATION, self.algebra.empty(Kind.RELATION))

    async def _universe(self, expression: syntax.Universe, environment: Environment) -> Value:
        return UNIVERSE

    async def _tag(self, expression: syntax.Tag, environment: Environment) -> Value:
        for enum, tags in self.enums.items():
            if expression.name in tags:
                return Tag(enum, expression.name)
        known = {tag for tags in self.enums.values() for tag in tags}
        hint = near(expression.name, known)
        raise Missing(f"no enumeration has the tag '{expression.name}", expression.span, hint)

    # ------------------------------------------------------------ operators

    async def _explicit_set(self, expression: syntax.ExplicitSet, environment: Environment) -> Value:
        items = [await self.evaluate(item, environment) for item in expression.items]
        return self.set_of_values(items, expression.span)

    async def _tuple(self, expression: syntax.TupleOf, environment: Environment) -> Value:
        items = [await self.evaluate(item, environment) for item in expression.items]
        refuse_deep(items, expression.span)
        return TupleValue(tuple(items))

    async def _unary(self, expression: syntax.Unary, environment: Environment) -> Value:
        value = await self.evaluate(expression.operand, environment)
        algebra, at = self.algebra, expression.operand.span
        match expression.operator:
            case "[]":
                return Term(Kind.RELATION, algebra.identity(self.set_of(value, at)))
            case "~":
                if isinstance(value, Polymorphic):
                    return EMPTY if value.full else UNIVERSE
                if isinstance(value, ValueSet):
                    return self.combined("\\", self.all_tags(value, at), value, at)
                kind = value.kind if isinstance(value, Term) else Kind.RELATION
                return Term(kind, algebra.complement(self.term(value, kind, at)))
            case "^-1":
                if isinstance(value, PairValue):
                    return PairValue(value.second, value.first)
                if isinstance(value, ClassRelation):
                    return ClassRelation(frozenset((b, a) for a, b in value.pairs))
        operations = {"^-1": algebra.inverse, "+": algebra.plus, "*": algebra.star, "?": algebra.optional}
        return Term(Kind.RELATION, operations[expression.operator](self.relation(value, at)))

    async def _sequence(self, expression: syntax.Binary, environment: Environment) -> Value:
        """`r; s; t`: steps are evaluated from the left, and behind an empty one nothing is looked at any more.

        A step that is the universe is passed over, as herd7 does: `_; po` is po.
        """
        left = self.lifted(await self.evaluate(expression.left, environment))
        if left == EMPTY or (isinstance(left, Term) and self.algebra.is_empty(left.node)):
            self.relation(left, expression.left.span)
            return EMPTY
        right = self.lifted(await self.evaluate(expression.right, environment))
        if UNIVERSE in (left, right):
            step, at = (left, expression.left.span) if right == UNIVERSE else (right, expression.right.span)
            if not isinstance(step, ClassRelation):
                self.relation(step, at)
            return step
        if isinstance(left, ClassRelation) or isinstance(right, ClassRelation):
            return classes.combined(expression, left, right)
        first, second = self.relation(left, expression.left.span), self.relation(right, expression.right.span)
        return EMPTY if self.algebra.is_empty(second) else Term(Kind.RELATION, self.algebra.sequence(first, second))

    async def _binary(self, expression: syntax.Binary, environment: Environment) -> Value:
        if expression.operator == ";":
            return await self._sequence(expression, environment)
        left = await self.evaluate(expression.left, environment)
        right = await self.evaluate(expression.right, environment)
        algebra, operator = self.algebra, expression.operator
        left_at, right_at = expression.left.span, expression.right.span
        if operator == "++":
            return self.with_element(left, right, expression.span)
        if isinstance(left, ClassRelation) or isinstance(right, ClassRelation):
            return classes.combined(expression, left, right)
        if operator == "cartesian":
            left, right = self.lifted(left), self.lifted(right)
            return Term(Kind.RELATION, algebra.product(self.set_of(left, left_at), self.set_of(right, right_at)))
        if isinstance(left, SetOfValues | Tag) or isinstance(right, SetOfValues | Tag):
            return self.combined(operator, left, right, expression.span)
        if isinstance(left, Polymorphic) and isinstance(right, Polymorphic):
            if operator == "|":
                return left if left.full else right
            return right if operator == "&" and left.full else EMPTY if right.full or operator == "&" else left
        kind = left.kind if isinstance(left, Term) else right.kind if isinstance(right, Term) else Kind.RELATION
        operation = {"|": algebra.union, "&": algebra.intersection, "\\": algebra.difference}[operator]
        return Term(kind, operation(self.term(left, kind, left_at), self.term(right, kind, right_at)))

    # ------------------------------------------------------------ functions

    async def _apply(self, expression: syntax.Apply, environment: Environment) -> Value:
        function = await self.evaluate(expression.function, environment)
        argument = await self.evaluate(expression.argument, environment)
        if isinstance(function, Primitive):
            return await now(function.apply(argument, expression.argument.span))
        if not isinstance(function, Closure):
            hint = "relations are composed with `;`" if isinstance(function, Term) else None
            what = describe(function)
            raise InputError(f"this is {what}, not a function", expression.function.span, hint)
        # cross.cat as others have written it folds over sets that only executions determine: the two
        # functions that do so are known here by name, and by the kind of their argument.
        name = expression.function.name if isinstance(expression.function, syntax.Variable) else ""
        known = isinstance(argument, Orders)
        if name == "co_locs" and isinstance(argument, TupleValue):
            known = isinstance(argument.items[-1], Classes)
        if known and name in ("co_locs", "cross"):
            return await now(PRIMITIVES[name](self, argument, expression.argument.span))
        result: Value = await later(self.call(function, argument, expression))
        return result

    async def call(self, closure: Closure, argument: Value, call: syntax.Apply) -> Value:
        """A closure applied to an argument.

        A mistake that only shows inside a function of the standard library is reported at the call.
        """
        function = closure.function
        scope = {**closure.environment, **self.bind(function.pattern, argument, call.argument.span, function.name)}
        if self.depth >= DEEPEST_CALL:
            raise InputError("this recursion does not end", call.span)
        self.depth += 1
        try:
            return await self.evaluate(function.body, scope)
        except InputError as error:
            raise self.blamed(error, function.name, call.argument.span) from None
        finally:
            self.depth -= 1

    def blamed(self, error: InputError, function: str, argument: Span) -> InputError:
        """The error that a call from outside the standard library is told of a mistake seen inside."""
        inside = error.span is not None and error.span.source.name.startswith(self.library)
        if inside and not argument.source.name.startswith(self.library):
            return type(error)(f"in {function}: {error.message}", argument)
        return error

    def bind(self, pattern: syntax.Pattern, value: Value, span: Span, function: str = "") -> dict[str, Thunk]:
        """What a pattern's names are bound to.  Raises InputError at `span` if the value does not fit."""
        values: tuple[Value, ...] = (value,)
        if pattern.tuple:
            wanted = len(pattern.names)
            who = f"{function} takes" if function else "here we need"
            if isinstance(value, PairValue):
                value = TupleValue((EventValue(value.first), EventValue(value.second)))
            if not isinstance(value, TupleValue):
                raise InputError(f"{who} a tuple of {wanted}, but this is {describe(value)}", span)
            if len(value.items) != wanted:
                raise InputError(f"{who} {wanted} arguments, not {len(value.items)}", span)
            values = value.items
        named = zip(pattern.names, values, strict=True)
        return {name: Thunk(value=item) for name, item in named if name is not None}

    async def _function(self, expression: syntax.Function, environment: Environment) -> Value:
        """A function: the names that it does not bind itself are looked up where it is made, used or not."""
        for variable in free_variables(expression):
            if variable.name not in environment:
                raise self._unbound(variable.name, variable.span, environment)
        return Closure(expression, environment)

    async def _let_in(self, expression: syntax.LetIn, environment: Environment) -> Value:
        inside = await later(self.define(expression.bindings, expression.recursive, environment))
        return await self.evaluate(expression.body, inside)

    # ------------------------------------------------------------ control

    async def _try(self, expression: syntax.Try, environment: Environment) -> Value:
        """What an architecture does not have may be missing; another mistake is one with `try`, too."""
        try:
            return await self.evaluate(expression.attempt, environment)
        except Missing:
            return await self.evaluate(expression.otherwise, environment)

    async def _if(self, expression: syntax.IfThenElse, environment: Environment) -> Value:
        condition = expression.condition
        if isinstance(condition, syntax.Compare):
            holds = await self._compare(condition, environment)
        else:
            holds = await self.has_variant(condition)
        return await self.evaluate(expression.then if holds else expression.otherwise, environment)

    async def _compare(self, condition: syntax.Compare, environment: Environment) -> bool:
        left = await self.evaluate(condition.left, environment)
        right = await self.evaluate(condition.right, environment)
        if condition.relation == "=":
            return self.same(left, right, condition.span)
        if condition.relation == "subset":
            return self.is_subset(left, right, condition.span)
        return self.is_member(left, right, condition.span)

    async def has_variant(self, variant: syntax.Variant) -> bool:
        """Whether a condition on variants holds; a variant that was not asked for does not."""
        match variant:
            case syntax.HasVariant():
                self.variants_read.setdefault(variant.name, variant.span)
                return variant.name.lower() in self.scope.variants
            case syntax.NotVariant():
                return not await later(self.has_variant(variant.operand))
            case syntax.BothVariants():
                decided = await later(self.has_variant(variant.left))
                return await later(self.has_variant(variant.right)) if decided is variant.conjunction else decided

    async def tag_of(self, subject: syntax.Expression, environment: Environment) -> str:
        """The tag that a `match` is about.  Raises InputError if it is none."""
        value = await self.evaluate(subject, environment)
        if not isinstance(value, Tag):
            raise InputError(f"`match` with tags needs a tag, but this is {describe(value)}", subject.span)
        return value.name

    async def _match_tag(self, expression: syntax.MatchTag, environment: Environment) -> Value:
        tag = await self.tag_of(expression.subject, environment)
        for clause in expression.clauses:
            if clause.tag in (tag, None):
                return await self.evaluate(clause.body, environment)
        raise InputError(f"no clause of this `match` is for '{tag}", expression.subject.span)

    async def _match_set(self, expression: syntax.MatchSet, environment: Environment) -> Value:
        value = await self.evaluate(expression.subject, environment)
        at = expression.subject.span
        if not isinstance(value, Term | Polymorphic | SetOfValues):
            raise InputError(f"`match` with sets needs a set or a relation, but this is {describe(value)}", at)
        parts: dict[str | None, Value] | None = None
        if expression.before is None:
            found = self.taken_apart(value, at)
            if found is not None:
                parts = {expression.element: found[0], expression.rest: found[1]}
        else:
            halves = self.split(value, at)
            if halves is not None:
                parts = dict(zip((expression.before, expression.element, expression.rest), halves, strict=True))
        if parts is None:
            return await self.evaluate(expression.empty, environment)
        scope = {**environment, **{name: Thunk(value=part) for name, part in parts.items() if name is not None}}
        return await self.evaluate(expression.step, scope)

    # ------------------------------------------------------------ bindings

    async def define(
        self, bindings: tuple[syntax.Binding, ...], recursive: bool, environment: Environment
    ) -> dict[str, Thunk]:
        """The environment after `let [rec] bindings`; nothing is evaluated yet."""
        if recursive:
            from litmus.cat.recursion import define_recursive

            return await define_recursive(self, bindings, environment)
        scope = dict(environment)
        for binding in bindings:
            pattern, value = binding.pattern, Thunk(self._delayed(binding.value, environment))
            if not pattern.tuple:
                if pattern.names[0] is not None:
                    scope[pattern.names[0]] = value
                continue
            for name in pattern.names:
                if name is not None:
                    scope[name] = Thunk(self._component(binding, value, name))
        return scope

    def _delayed(self, expression: syntax.Expression, environment: Environment) -> Callable[[], Awaitable[Value]]:
        level = self.recursions

        async def value() -> Value:
            """Evaluates the expression as deep in recursions as it stands, not as it is asked for."""
            outer, self.recursions = self.recursions, level
            try:
                return await self.evaluate(expression, environment)
            finally:
                self.recursions = outer

        return lambda: later(value())

    def _component(self, binding: syntax.Binding, whole: Thunk, name: str) -> Callable[[], Awaitable[Value]]:
        async def component() -> Value:
            parts = self.bind(binding.pattern, await whole.force(), binding.value.span)
            return await parts[name].force()

        return lambda: later(component())


_EVALUATE: dict[type, Callable[..., Work[Value]]] = {
    syntax.Variable: Expressions.variable,
    syntax.Zero: Expressions._zero,
    syntax.Universe: Expressions._universe,
    syntax.Tag: Expressions._tag,
    syntax.ExplicitSet: Expressions._explicit_set,
    syntax.TupleOf: Expressions._tuple,
    syntax.Unary: Expressions._unary,
    syntax.Binary: Expressions._binary,
    syntax.Apply: Expressions._apply,
    syntax.Function: Expressions._function,
    syntax.LetIn: Expressions._let_in,
    syntax.Try: Expressions._try,
    syntax.IfThenElse: Expressions._if,
    syntax.MatchTag: Expressions._match_tag,
    syntax.MatchSet: Expressions._match_set,
}
