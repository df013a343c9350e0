"""The trees that parsers make.  A node is a tree, a token, or None for a part that is absent."""

from __future__ import annotations

from collections.abc import Iterator


class Token(str):
    """The text of a terminal, the name of the terminal, and its place in the parsed text."""

    __slots__ = ("end_pos", "start_pos", "type")

    type: str
    start_pos: int
    end_pos: int


class Tree:
    """The name of a rule, or its alias, its children, and its place, which includes the tokens that are left out."""

    __slots__ = ("children", "data", "end_pos", "start_pos")

    def __init__(self, data: str, children: list[Node], start_pos: int, end_pos: int) -> None:
        self.data = data
        self.children = children
        self.start_pos = start_pos
        self.end_pos = end_pos


Node = Tree | Token | None


def leaves_first(tree: Tree) -> Iterator[Tree]:
    """All trees in a tree, itself too, each after those that it is made of.  A tree may be as deep as it likes."""
    found = [tree]
    for parent in found:  # which grows meanwhile
        found += [child for child in parent.children if isinstance(child, Tree)]
    return reversed(found)


MAXIMUM_NESTING = 200  # levels of a tree; a reader of trees calls itself recursively, a few times for each level


def too_deep(tree: Tree) -> Tree | None:
    """The first part of a tree, in the order of the text, that is nested deeper than MAXIMUM_NESTING; None if none."""
    level = [tree]
    for _ in range(MAXIMUM_NESTING):
        level = [child for parent in level for child in parent.children if isinstance(child, Tree)]
        if not level:
            return None
    return level[0]


def as_tree(node: Node) -> Tree:
    """The node as a tree.  The grammar guarantees that it is one."""
    assert isinstance(node, Tree)
    return node


def as_token(node: Node) -> Token:
    """The node as a token.  The grammar guarantees that it is one."""
    assert isinstance(node, Token)
    return node
