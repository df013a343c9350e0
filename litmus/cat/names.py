"""Names of cat expressions: those that an expression uses and does not bind itself."""

from __future__ import annotations

from functools import lru_cache

from msgspec import Struct

from litmus.cat import syntax

_Scope = frozenset[str | None]


@lru_cache(maxsize=4096)
def free_variables(function: syntax.Function) -> tuple[syntax.Variable, ...]:
    """The names that a function takes from where it is made, each where it is first used."""
    found: dict[str, syntax.Variable] = {}
    pending: list[tuple[object, _Scope]] = [(function, frozenset())]
    while pending:
        node, bound = pending.pop()
        if isinstance(node, syntax.Variable):
            if node.name not in bound:
                found.setdefault(node.name, node)
        elif isinstance(node, tuple):
            pending.extend((item, bound) for item in reversed(node))
        elif isinstance(node, Struct):
            pending.extend(reversed(_parts(node, bound)))
    return tuple(found.values())


def _parts(node: Struct, bound: _Scope) -> list[tuple[object, _Scope]]:
    """What a node is made of, each with the names that are bound in it."""
    match node:
        case syntax.Function():
            return [(node.body, bound.union(node.pattern.names))]
        case syntax.LetIn():
            inside = bound.union(*(binding.pattern.names for binding in node.bindings))
            values: list[tuple[object, _Scope]] = [
                (binding.value, inside if node.recursive else bound) for binding in node.bindings
            ]
            return [*values, (node.body, inside)]
        case syntax.MatchSet():
            taken = bound.union((node.before, node.element, node.rest))
            return [(node.subject, bound), (node.empty, bound), (node.step, taken)]
    return [(getattr(node, field), bound) for field in node.__struct_fields__ if field != "span"]
