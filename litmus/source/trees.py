"""The trees that parsers make, and narrowing their nodes: trees, tokens, and None for what is absent."""

from __future__ import annotations


class Token(str):
    """The text of a terminal, which terminal it is, and where it stands in the parsed text."""

    __slots__ = ("end_pos", "start_pos", "type")

    type: str
    start_pos: int
    end_pos: int


class Tree:
    """A rule's name, or its alias, and its children; where it stands, filtered tokens included."""

    __slots__ = ("children", "data", "end_pos", "start_pos")

    def __init__(self, data: str, children: list[Node], start_pos: int, end_pos: int) -> None:
        self.data = data
        self.children = children
        self.start_pos = start_pos
        self.end_pos = end_pos


Node = Tree | Token | None


MAXIMUM_NESTING = 200  # levels of a tree: what reads trees calls itself once or a few times a level


def too_deep(tree: Tree) -> Tree | None:
    """A part of a tree that more than MAXIMUM_NESTING parts are around, the first in the text; None if none is."""
    level = [tree]
    for _ in range(MAXIMUM_NESTING):
        level = [child for parent in level for child in parent.children if isinstance(child, Tree)]
        if not level:
            return None
    return level[0]


def as_tree(node: Node) -> Tree:
    """The node, which the grammar says is a tree."""
    assert isinstance(node, Tree)
    return node


def as_token(node: Node) -> Token:
    """The node, which the grammar says is a token."""
    assert isinstance(node, Token)
    return node
