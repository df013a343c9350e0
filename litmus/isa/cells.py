"""Reading the cells of a program table with the grammar of an instruction set."""

from __future__ import annotations

from litmus.diagnostics import InputError, Place
from litmus.isa.template import Named
from litmus.source.lalr.explain import parse
from litmus.source.lalr.trees import Node, Token, Tree


def parsed(grammar: str, text: str, examples: str) -> Tree:
    """The tree of a cell.  Raises InputError where the text does not follow the grammar; the hint has examples."""
    try:
        return parse(grammar, text, "instruction")
    except InputError as error:
        raise InputError(error.message, error.place, examples) from None


def placed(node: Node) -> Named:
    """A token as a name with its place."""
    assert isinstance(node, Token)
    return Named(str(node), place_of(node))


def place_of(node: Tree | Token) -> Place:
    """Where a node of the tree stands in the cell."""
    return Place(node.start_pos, node.end_pos)
