"""Lowering: from the text of a cell to its template, by the rows of an instruction set."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

from litmus.diagnostics import near
from litmus.isa.cells import parsed, placed
from litmus.isa.reader import Machine, Reader
from litmus.isa.rows import Table
from litmus.isa.template import CellCode, Template
from litmus.source.lalr.trees import Tree, as_tree

CellMeaning = Callable[[str, bool], CellCode]


def cells(
    machine: Machine,
    table: Table[Reader],
    grammar: str,
    examples: str,
    always_exact: bool = False,
    reader: type[Reader] = Reader,
) -> CellMeaning:
    """The meaning of cells (InstructionSet.cell) that follow `grammar`.

    The errors of a cell that is no instruction have `examples` as their hint.  always_exact: the meaning is exact even
    if that is not asked for.  reader: reads the operands of an instruction.
    """

    def template(text: str, tree: Tree, exact: bool) -> Template:
        mnemonic, *operands = tree.children
        instruction = reader(text, mnemonic, operands, machine, exact or always_exact)
        name = instruction.mnemonic.name
        row = table.rows.get(name.lower())
        if row is None:
            hint = near(name, table.plain) or examples
            raise instruction.error(f"unknown instruction {name}", instruction.mnemonic.place, hint)
        return row.lower(instruction)

    return labelled(template, grammar, examples)


def labelled(template: Callable[[str, Tree, bool], Template], grammar: str, examples: str) -> CellMeaning:
    """The meaning of cells that follow `grammar`: labels, and the template of the tree of the instruction."""

    @lru_cache(maxsize=8192)
    def cell(text: str, exact: bool) -> CellCode:
        *labels, instruction = parsed(grammar, text, examples).children
        names = tuple([placed(as_tree(label).children[0]) for label in labels])
        return CellCode(names, None if instruction is None else template(text, as_tree(instruction), exact))

    return cell
