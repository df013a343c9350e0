"""Rewriting C syntax: all nodes of a tree, and the tree with some of them replaced."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TypeVar, cast

from msgspec import Struct
from msgspec.structs import replace

Node = TypeVar("Node")


def nodes(node: object) -> Iterator[object]:
    """A node of litmus.c.syntax and all nodes inside it, outermost first, in the order of the text."""
    if type(node) is tuple:
        for child in node:
            yield from nodes(child)
    elif isinstance(node, Struct):
        yield node
        for name in node.__struct_fields__:
            yield from nodes(getattr(node, name))


def rewritten(node: Node, change: Callable[[object], object]) -> Node:
    """The tree with nodes replaced by what `change` makes of them.  Nodes inside a changed node are not visited."""
    return cast(Node, _rewritten(node, change))  # the kind of a statement may change, but it stays a statement


def _rewritten(node: object, change: Callable[[object], object]) -> object:
    if type(node) is tuple:
        children = tuple([_rewritten(child, change) for child in node])
        return node if all(a is b for a, b in zip(children, node, strict=True)) else children
    if not isinstance(node, Struct):
        return node
    changed = change(node)
    if changed is not node:
        return changed
    fields = {name: getattr(node, name) for name in node.__struct_fields__}
    new = {name: child for name, old in fields.items() if (child := _rewritten(old, change)) is not old}
    return replace(node, **new) if new else node
