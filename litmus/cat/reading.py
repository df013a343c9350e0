"""Trees of cat models -> litmus.cat.syntax."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, TypeVar, cast

from msgspec.structs import replace

from litmus.algebra.dag import Effect, Predicate
from litmus.cat import syntax
from litmus.diagnostics import Source, Span
from litmus.source.lalr.trees import Node, Token, Tree, as_token, as_tree, leaves_first

_UNARY: dict[str, syntax.UnaryOperator] = {
    "identity": "[]",
    "complement": "~",
    "inverse": "^-1",
    "plus": "+",
    "star": "*",
    "optional": "?",
}
_BINARY: dict[str, syntax.BinaryOperator] = {
    "union_of": "|",
    "add": "++",
    "sequence_of": ";",
    "difference_of": "\\",
    "intersection_of": "&",
    "product": "cartesian",
}


def _name(token: Token) -> syntax.Name:
    return None if token.type == "UNDERSCORE" else str(token)


def _tag(token: Token) -> str | None:
    return None if token.type == "UNDERSCORE" else str(token)[1:]


class Reader:
    """Reads the trees of one source.

    Trees are read from the leaves up, so that none is too deep: what a tree is made of has been read before it.
    """

    def __init__(self, source: Source) -> None:
        self.source = source
        self._instructions: dict[int, syntax.Instruction] = {}  # by the id of the tree
        self._conditions: dict[int, syntax.Condition] = {}
        self._expressions: dict[int, syntax.Expression] = {}

    def model(self, tree: Tree) -> syntax.ModelFile:
        """A whole file."""
        for part in leaves_first(tree):
            self._read(part)
        header = as_tree(tree.children[0])
        words: list[str] = []
        catdep = False
        first: Span | None = None
        for token in map(as_token, header.children):
            if token.type == "CATDEP":
                catdep = True
            else:
                words.append(str(token).strip('"'))
                first = first or self.span(token)
        head = words[0] if words else ""
        return syntax.ModelFile(" ".join(words), catdep, self.block(tree.children[1:]), first, head)

    def _read(self, tree: Tree) -> None:
        """Reads one tree, unless it is only a part of the one around it."""
        kind, children = tree.data, tree.children
        if kind in _INSTRUCTIONS:
            self._instructions[id(tree)] = _INSTRUCTIONS[kind](self, children, self.span(tree))
        elif kind in _CONDITIONS:
            self._conditions[id(tree)] = _CONDITIONS[kind](self, children, self.span(tree))
        elif kind in _EXPRESSIONS:
            self._expressions[id(tree)] = _EXPRESSIONS[kind](self, children, self.span(tree))

    def expression(self, tree: Node) -> syntax.Expression:
        """The expression that a tree stands for."""
        return self._expressions[id(tree)]

    # ------------------------------------------------------------ places

    def span(self, tree: Node) -> Span:
        """Where a tree or a token was read."""
        assert tree is not None
        return Span(self.source, tree.start_pos, tree.end_pos)

    # ------------------------------------------------------------ instructions

    def block(self, children: list[Node]) -> tuple[syntax.Instruction, ...]:
        """A sequence of instructions."""
        return tuple(self._instructions[id(child)] for child in children)

    def _let(self, children: list[Node], span: Span) -> syntax.Instruction:
        return syntax.Let(self.bindings(children[1]), False, None, span)

    def _letrec(self, children: list[Node], span: Span) -> syntax.Instruction:
        when = next((c for c in children if isinstance(c, Tree) and c.data == "when"), None)
        test = self._test(when.children, self.span(when)) if when is not None else None
        return syntax.Let(self.bindings(children[2]), True, test, span)

    def _test(self, children: list[Node], span: Span) -> syntax.Test:
        effect: Effect = "check"
        negated = False
        predicate: Predicate = "empty"
        name: str | None = None
        expression: syntax.Expression | None = None
        for child in children:
            if isinstance(child, Tree) and child.data == "effect":
                effect = cast(Effect, str(child.children[0]))
            elif isinstance(child, Tree) and child.data == "predicate":
                negated = len(child.children) == 2
                predicate = cast(Predicate, str(child.children[-1]))
            elif isinstance(child, Tree) and child.data == "name_of":
                name = str(child.children[0])
            else:
                expression = self.expression(child)
        assert expression is not None
        return syntax.Test(effect, negated, predicate, expression, name, span)

    def _variables(self, children: list[Node]) -> tuple[syntax.Variable, ...]:
        return tuple(syntax.Variable(str(c), self.span(c)) for c in children if as_token(c).type == "NAME")

    def _show(self, children: list[Node], span: Span) -> syntax.Instruction:
        return syntax.Show(self._variables(children), span)

    def _unshow(self, children: list[Node], span: Span) -> syntax.Instruction:
        return syntax.Unshow(self._variables(children), span)

    def _show_as(self, children: list[Node], span: Span) -> syntax.Instruction:
        return syntax.ShowAs(self.expression(children[1]), str(children[2]), span)

    def _include(self, children: list[Node], span: Span) -> syntax.Instruction:
        return syntax.Include(str(children[1])[1:-1], self.span(children[1]))

    def _procedure(self, children: list[Node], span: Span) -> syntax.Instruction:
        name, argument, block = children[-3:]
        recursive = len(children) == 5
        return syntax.Procedure(str(name), recursive, self.pattern(argument), self._block(block), span)

    def _block(self, tree: Node) -> tuple[syntax.Instruction, ...]:
        return self.block(as_tree(tree).children)

    def _call(self, children: list[Node], span: Span) -> syntax.Instruction:
        name = str(as_tree(children[3]).children[0]) if len(children) == 4 else None
        procedure = syntax.Variable(str(children[1]), self.span(children[1]))
        return syntax.Call(procedure, self.expression(children[2]), name, span)

    def _forall(self, children: list[Node], span: Span) -> syntax.Instruction:
        _, variable, _, domain, block = children
        return syntax.Forall(str(variable), self.expression(domain), self._block(block), span)

    def _with_from(self, children: list[Node], span: Span) -> syntax.Instruction:
        return syntax.WithFrom(str(children[0]), self.expression(children[1]), span)

    def _match_instruction(self, children: list[Node], span: Span) -> syntax.Instruction:
        clauses = tuple(
            syntax.InstructionClause(_tag(as_token(c.children[0])), self._block(c.children[1]), self.span(c))
            for c in children[2:]
            if isinstance(c, Tree)
        )
        return syntax.MatchInstruction(self.expression(children[1]), clauses, span)

    def _if_variant(self, children: list[Node], span: Span) -> syntax.Instruction:
        otherwise = self._block(children[3]) if len(children) == 4 else ()
        return syntax.IfVariant(self.variant(children[1]), self._block(children[2]), otherwise, span)

    def _debug(self, children: list[Node], span: Span) -> syntax.Instruction:
        return syntax.Debug(self.expression(children[1]), span)

    def _enum(self, children: list[Node], span: Span) -> syntax.Instruction:
        tags = tuple(str(c)[1:] for c in children if as_token(c).type == "TAG")
        return syntax.Enum(str(children[1]), tags, span)

    def _events(self, children: list[Node], span: Span) -> syntax.Instruction:
        kind, name, arguments = children
        items = tuple(self.expression(c) for c in as_tree(arguments).children)
        return syntax.Events(as_token(kind).type == "DEFAULT", str(name), items, span)

    # ------------------------------------------------------------ bindings

    def bindings(self, tree: Node) -> tuple[syntax.Binding, ...]:
        """`pattern = exp and f (x) = exp ...`."""
        found: list[syntax.Binding] = []
        for bound in map(as_tree, as_tree(tree).children):
            span = self.span(bound)
            if bound.data == "bind_value":
                pattern, value = bound.children
                found.append(self._bound(self.pattern(pattern), self.expression(value), span))
            else:
                name, argument, body = bound.children
                function = syntax.Function(str(name), self.pattern(argument), self.expression(body), span)
                found.append(syntax.Binding(syntax.Pattern((str(name),), False, self.span(name)), function, span))
        return tuple(found)

    def _bound(self, pattern: syntax.Pattern, value: syntax.Expression, span: Span) -> syntax.Binding:
        """`pattern = value`; a lambda takes the name that it is bound to."""
        if isinstance(value, syntax.Function):
            value = replace(value, name=pattern.names[0] or "" if pattern.names else "")
        return syntax.Binding(pattern, value, span)

    def pattern(self, tree: Node) -> syntax.Pattern:
        """A formal argument or the left side of a binding."""
        assert isinstance(tree, Tree)
        children = tree.children
        if len(children) == 1 and isinstance(children[0], Tree):  # pattern -> pattern_name
            children = children[0].children
        names = tuple(_name(as_token(c)) for c in children)
        return syntax.Pattern(names, len(names) != 1, self.span(tree))

    # ------------------------------------------------------------ conditions

    def condition(self, tree: Node) -> syntax.Condition:
        """What stands between `if` and `then`."""
        return self._conditions[id(tree)]

    def variant(self, tree: Node) -> syntax.Variant:
        """`"v"`, `not v`, `v && w`, `v || w`."""
        return cast(syntax.Variant, self._conditions[id(tree)])

    def _has_variant(self, children: list[Node], span: Span) -> syntax.Condition:
        return syntax.HasVariant(str(children[-1])[1:-1], span)

    def _not_variant(self, children: list[Node], span: Span) -> syntax.Condition:
        return syntax.NotVariant(self.variant(children[-1]), span)

    def _both_variants(self, conjunction: bool, children: list[Node], span: Span) -> syntax.Condition:
        return syntax.BothVariants(conjunction, self.variant(children[0]), self.variant(children[-1]), span)

    def _compare(self, relation: Literal["=", "subset", "in"], children: list[Node], span: Span) -> syntax.Condition:
        return syntax.Compare(relation, self.expression(children[0]), self.expression(children[-1]), span)

    # ------------------------------------------------------------ expressions

    def _variable(self, children: list[Node], span: Span) -> syntax.Expression:
        return syntax.Variable(str(children[0]), span)

    def _binary(self, operator: syntax.BinaryOperator, children: list[Node], span: Span) -> syntax.Expression:
        return syntax.Binary(operator, self.expression(children[0]), self.expression(children[-1]), span)

    def _unary(self, operator: syntax.UnaryOperator, children: list[Node], span: Span) -> syntax.Expression:
        operand = next(child for child in children if isinstance(child, Tree))
        return syntax.Unary(operator, self.expression(operand), span)

    def _apply(self, children: list[Node], span: Span) -> syntax.Expression:
        return syntax.Apply(self.expression(children[0]), self.expression(children[1]), span)

    def _apply_name(self, children: list[Node], span: Span) -> syntax.Expression:
        argument = syntax.Variable(str(children[1]), self.span(children[1]))
        return syntax.Apply(self.expression(children[0]), argument, span)

    def _function(self, children: list[Node], span: Span) -> syntax.Expression:
        return syntax.Function("", self.pattern(children[1]), self.expression(children[2]), span)

    def _zero(self, children: list[Node], span: Span) -> syntax.Expression:
        return syntax.Zero(span)

    def _universe(self, children: list[Node], span: Span) -> syntax.Expression:
        return syntax.Universe(span)

    def _tag_value(self, children: list[Node], span: Span) -> syntax.Expression:
        return syntax.Tag(str(children[0])[1:], span)

    def _explicit_set(self, children: list[Node], span: Span) -> syntax.Expression:
        return syntax.ExplicitSet(tuple(self.expression(c) for c in as_tree(children[0]).children), span)

    def _tuple(self, children: list[Node], span: Span) -> syntax.Expression:
        return syntax.TupleOf(tuple(self.expression(c) for c in children), span)

    def _let_in(self, children: list[Node], span: Span) -> syntax.Expression:
        return syntax.LetIn(self.bindings(children[1]), False, self.expression(children[3]), span)

    def _letrec_in(self, children: list[Node], span: Span) -> syntax.Expression:
        return syntax.LetIn(self.bindings(children[2]), True, self.expression(children[4]), span)

    def _try_with(self, children: list[Node], span: Span) -> syntax.Expression:
        return syntax.Try(self.expression(children[1]), self.expression(children[2]), span)

    def _if_then_else(self, children: list[Node], span: Span) -> syntax.Expression:
        condition, then, otherwise = children[1:]
        return syntax.IfThenElse(self.condition(condition), self.expression(then), self.expression(otherwise), span)

    def _match_tag(self, children: list[Node], span: Span) -> syntax.Expression:
        clauses = tuple(
            syntax.TagClause(_tag(as_token(c.children[0])), self.expression(c.children[1]), self.span(c))
            for c in children[2:]
            if isinstance(c, Tree)
        )
        return syntax.MatchTag(self.expression(children[1]), clauses, span)

    def _match_set(self, children: list[Node], span: Span) -> syntax.Expression:
        trees = {c.data: c for c in children[2:] if isinstance(c, Tree)}
        empty = self.expression(trees["empty_clause"].children[0])
        split = "split_clause" in trees
        *names, step = (trees["split_clause"] if split else trees["element_clause"]).children
        before, element, rest = ([None] if not split else []) + [_name(as_token(n)) for n in names]
        return syntax.MatchSet(self.expression(children[1]), empty, before, element, rest, self.expression(step), span)


_Operator = TypeVar("_Operator")


def _operator(
    read: Callable[[Reader, _Operator, list[Node], Span], syntax.Expression], operator: _Operator
) -> Callable[[Reader, list[Node], Span], syntax.Expression]:
    """What reads the expressions of one operator."""
    return lambda reader, children, span: read(reader, operator, children, span)


_INSTRUCTIONS: dict[str, Callable[[Reader, list[Node], Span], syntax.Instruction]] = {
    "let": Reader._let,
    "letrec": Reader._letrec,
    "test": Reader._test,
    "show": Reader._show,
    "show_as": Reader._show_as,
    "unshow": Reader._unshow,
    "include": Reader._include,
    "procedure": Reader._procedure,
    "call": Reader._call,
    "forall": Reader._forall,
    "with_from": Reader._with_from,
    "match_instruction": Reader._match_instruction,
    "if_variant": Reader._if_variant,
    "debug": Reader._debug,
    "enum": Reader._enum,
    "events": Reader._events,
}
_CONDITIONS: dict[str, Callable[[Reader, list[Node], Span], syntax.Condition]] = {
    "variant": Reader._has_variant,
    "not_variant": Reader._not_variant,
    "all_variants": lambda reader, children, span: reader._both_variants(True, children, span),
    "any_variant": lambda reader, children, span: reader._both_variants(False, children, span),
    "equal": lambda reader, children, span: reader._compare("=", children, span),
    "subset": lambda reader, children, span: reader._compare("subset", children, span),
    "member": lambda reader, children, span: reader._compare("in", children, span),
}
_EXPRESSIONS: dict[str, Callable[[Reader, list[Node], Span], syntax.Expression]] = {
    **{kind: _operator(Reader._binary, operator) for kind, operator in _BINARY.items()},
    **{kind: _operator(Reader._unary, operator) for kind, operator in _UNARY.items()},
    "variable": Reader._variable,
    "apply": Reader._apply,
    "apply_name": Reader._apply_name,
    "function": Reader._function,
    "zero": Reader._zero,
    "universe": Reader._universe,
    "tag": Reader._tag_value,
    "explicit_set": Reader._explicit_set,
    "unit": Reader._tuple,
    "tuple": Reader._tuple,
    "let_in": Reader._let_in,
    "letrec_in": Reader._letrec_in,
    "try_with": Reader._try_with,
    "if_then_else": Reader._if_then_else,
    "match_tag": Reader._match_tag,
    "match_set": Reader._match_set,
}
