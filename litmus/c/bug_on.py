"""`BUG_ON(e)` after the functions of a C test: it means the condition `exists e`.

The operators are those of C (&&, ||, !, ==, !=).  A name alone asks whether its value is not 0.  A register
may be written without its thread if only one function declares the name or assigns to it.  A name is a shared
variable, and no register, if a parameter or the initial state says so.
"""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct

from litmus.c import syntax as c
from litmus.c.parsing import read_functions
from litmus.diagnostics import Diagnostic, InputError, Source, Span, Unsupported
from litmus.source.lalr.explain import parse
from litmus.source.lalr.trees import Token, Tree, as_token, as_tree
from litmus.source.state import Final, integer, joined, read_final, thread_of
from litmus.source.syntax import And, Atom, Condition, Global, Init, Location, Not, Number, Or, Prop, Register

_GRAMMAR = r"""
start: "BUG_ON" "(" disjunction ")" [";"]
?disjunction: conjunction | conjunction ("||" conjunction)+       -> or_
?conjunction: negation | negation ("&&" negation)+               -> and_
?negation: comparison | "!" negation                             -> not_
?comparison: operand | operand "==" operand                      -> equal
    | operand "!=" operand                                       -> different
?operand: place | number | "(" disjunction ")"
number: NUMBER
place: [(NUMBER | PROCESS) ":"] [STAR] NAME
STAR: "*"
PROCESS.2: /P[0-9]+(?=[ \t]*:)/
NAME: /[A-Za-z_]\w*/
NUMBER: /-?(0[xX][0-9a-fA-F]+|0[bB][01]+|[0-9]+)/
%ignore /\s+/
"""


def read_bug_on(source: Source, text: str, start: int, body: Span, init: tuple[Init, ...]) -> Final:
    """The final section of a C test that has BUG_ON in place of a condition.  The result is that of state.read_final.

    Raises InputError if the text is no such expression, and for a register that several threads have.
    """
    begin = text.index("BUG_ON")
    locations, constraint, condition = read_final(source, text[:begin].rstrip(), start)
    at = start + begin
    if condition.span is not None:
        raise InputError("the test has a condition already", Span(source, at, at + len("BUG_ON")))
    try:
        tree = parse(_GRAMMAR, text[begin:], "BUG_ON expression")
    except Diagnostic as error:
        raise error.placed(source, at) from None
    try:
        names = _Names(source, at, body, init)
    except RecursionError:
        raise Unsupported("expressions or statements are nested too deeply", body) from None
    prop = names.prop(as_tree(tree.children[0]))
    return locations, constraint, Condition("exists", prop, Span(source, at, start + len(text)))


class _Names:
    """What the names in the expression mean."""

    def __init__(self, source: Source, at: int, body: Span, init: tuple[Init, ...]) -> None:
        self.source = source
        self.at = at
        self.shared = {item.location.name for item in init if isinstance(item.location, Global)}
        self.declared: list[set[str]] = []
        self.assigned: list[set[str]] = []
        self.used: list[set[str]] = []
        for function in read_functions(body):
            self.shared |= {parameter.name for parameter in function.definition.parameters}
            nodes = list(_nodes(function.definition.body))
            self.declared.append({node.name for node in nodes if isinstance(node, c.Declarator)})
            targets = [node.target for node in nodes if isinstance(node, c.Assign)]
            self.assigned.append({target.name for target in targets if isinstance(target, c.Name)})
            self.used.append({node.name for node in nodes if isinstance(node, c.Name)})

    def span(self, node: Tree | Token) -> Span:
        return Span(self.source, self.at + node.start_pos, self.at + node.end_pos)

    def location(self, tree: Tree) -> Location:
        thread, star, token = tree.children
        name, span = str(as_token(token)), self.span(tree)
        if thread is not None:
            return Register(thread_of(as_token(thread), self.span(as_token(thread))), name, span)
        if star is not None or name in self.shared:
            return Global(name, None, span)
        threads = [t for t, names in enumerate(self.declared) if name in names]
        if not threads:
            threads = [t for t, names in enumerate(self.assigned) if name in names]
            if any(name in names for t, names in enumerate(self.used) if t not in threads):
                return Global(name, None, span)
        if len(threads) > 1:
            several = " and ".join(f"P{t}" for t in threads)
            raise InputError(f"{name} is a register of {several}", span, f"write {threads[0]}:{name}")
        return Register(threads[0], name, span) if threads else Global(name, None, span)

    def prop(self, tree: Tree) -> Prop:
        span = self.span(tree)
        match tree.data:
            case "or_":
                return joined(Or, [self.prop(as_tree(child)) for child in tree.children])
            case "and_":
                return joined(And, [self.prop(as_tree(child)) for child in tree.children])
            case "not_":
                return Not(self.prop(as_tree(tree.children[0])))
            case "equal":
                return self.equation(tree)
            case "different":
                return Not(self.equation(tree))
            case "place":
                return Not(Atom(self.location(tree), Number(0, span), span))
            case _:
                raise InputError("a number alone is no condition", span, "compare it with a register")

    def equation(self, tree: Tree) -> Atom:
        span = self.span(tree)
        one, other = map(as_tree, tree.children)
        if one.data != "place":
            one, other = other, one
        if one.data != "place" or other.data not in ("place", "number"):
            raise InputError("only registers, variables and numbers can be compared", span)
        if other.data == "place":
            return Atom(self.location(one), self.location(other), span)
        value = self.span(other)
        return Atom(self.location(one), Number(integer(as_token(other.children[0]), value), value), span)


def _nodes(node: object) -> Iterator[object]:
    """The syntax nodes of a function, outermost first."""
    yield node
    if isinstance(node, tuple):
        for child in node:
            yield from _nodes(child)
    elif isinstance(node, Struct):
        for name in node.__struct_fields__:
            yield from _nodes(getattr(node, name))
