"""Narrowing the nodes of Lark's trees, whose children are trees, tokens, and None for what is absent."""

from __future__ import annotations

from lark import Token, Tree

Node = Tree[Token] | Token | None


def as_tree(node: Node) -> Tree[Token]:
    """The node, which the grammar says is a tree."""
    assert isinstance(node, Tree)
    return node


def as_token(node: Node) -> Token:
    """The node, which the grammar says is a token."""
    assert isinstance(node, Token)
    return node


def start_of(node: Tree[Token] | Token) -> int:
    """Where a node begins in the parsed text."""
    return node.meta.start_pos if isinstance(node, Tree) else node.start_pos or 0


def end_of(node: Tree[Token] | Token) -> int:
    """Where a node ends in the parsed text."""
    return node.meta.end_pos if isinstance(node, Tree) else node.end_pos or 0
