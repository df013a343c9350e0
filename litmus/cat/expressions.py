"""The expressions of cat, evaluated: sets and relations become nodes of an Algebra.

Functions, `try`, variants and all other control are executed here, once.  Bindings are lazy, as in
herd7: an error in a binding that nothing needs is no error.
"""

from __future__ import annotations

import os
from collections.abc import Callable

from litmus.cat import syntax
from litmus.cat.algebra import Algebra
from litmus.cat.dag import Kind
from litmus.cat.environment import RELATIONS, SETS, UNPROVIDED
from litmus.cat.library import models_directory
from litmus.cat.values import (
    EMPTY,
    UNIVERSE,
    Classes,
    Closure,
    Environment,
    Orders,
    Polymorphic,
    Primitive,
    Term,
    Thunk,
    TupleValue,
    Value,
    ValueSet,
    describe,
)
from litmus.diagnostics import InputError, Span, Unsupported, near

DEEPEST_CALL = 60
SETS_OF_VALUES = (ValueSet, Classes, Orders)


class Expressions:
    """Evaluates the expressions of one model for one architecture."""

    def __init__(self, tags: frozenset[str], variants: frozenset[str]) -> None:
        self.algebra = Algebra()
        self.variants = variants
        self.environment: Environment = self._initial_environment(tags)
        self.library = os.path.join(models_directory(), "lib", "")
        self.depth = 0

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

    def variable(self, expression: syntax.Variable, environment: Environment) -> Value:
        """What a name is bound to.  Raises InputError if it is unbound, and what its computation raises."""
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
        if operator == "++" or isinstance(left, SETS_OF_VALUES) or isinstance(right, SETS_OF_VALUES):
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
        if self.depth >= DEEPEST_CALL:
            raise InputError("this recursion does not end", call.span)
        self.depth += 1
        try:
            return self.evaluate(function.body, scope)
        except InputError as error:
            raise self.blamed(error, function.name, call.argument.span) from None
        finally:
            self.depth -= 1

    def blamed(self, error: InputError, function: str, argument: Span) -> InputError:
        """The error that a call from outside the standard library is told of a mistake seen inside."""
        inside = error.span is not None and error.span.source.name.startswith(self.library)
        if inside and not argument.source.name.startswith(self.library):
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

    def _define_recursive(self, bindings: tuple[syntax.Binding, ...], environment: Environment) -> dict[str, Thunk]:
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


_EVALUATE: dict[type, Callable[..., Value]] = {
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
