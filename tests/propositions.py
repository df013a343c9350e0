"""Propositions and places of conditions without their spans, to be compared with what a test expects."""

from __future__ import annotations

from litmus.source.syntax import (
    AddressOf,
    And,
    ArrayAtom,
    Atom,
    Bool,
    Implies,
    InitValue,
    Location,
    Not,
    Number,
    Or,
    Prop,
    Register,
)


def value(item: InitValue) -> object:
    if isinstance(item, Number):
        return item.value
    return item.name if item.index is None else (item.name, item.index)


def place(location: Location) -> object:
    if isinstance(location, Register):
        return location.thread, location.name
    return location.name if location.index is None else (location.name, location.index)


def shape(node: Prop) -> object:
    """A proposition without its spans, chains of one operator flattened."""
    match node:
        case Bool():
            return node.value
        case Atom():
            right = node.right
            other = value(right) if isinstance(right, Number | AddressOf) else ("at", place(right))
            return place(node.location), other
        case ArrayAtom():
            return place(node.location), [value(v) for v in node.values]
        case Not():
            return "not", shape(node.operand)
        case Implies():
            return "=>", shape(node.left), shape(node.right)
        case And() | Or():
            kind = type(node)

            def flat(inner: Prop) -> list[object]:
                return flat(inner.left) + flat(inner.right) if isinstance(inner, kind) else [shape(inner)]

            return ("and" if kind is And else "or", *flat(node))
