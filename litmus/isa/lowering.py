"""Lowering: from the text of a cell to its template, by the rows of an instruction set."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

from litmus.diagnostics import near
from litmus.isa.cells import parsed, placed
from litmus.isa.reader import Machine, Reader
from litmus.isa.rows import Table
from litmus.isa.template import CellCode, Template
from litmus.source.lalr.trees import as_tree


def cells(
    machine: Machine,
    table: Table[Reader],
    grammar: str,
    examples: str,
    always_exact: bool = False,
    reader: type[Reader] = Reader,
) -> Callable[[str, bool], CellCode]:
    """The meaning of cells (InstructionSet.cell) that follow `grammar`.

    The errors of a cell that is no instruction have `examples` as their hint.  always_exact: the meaning is exact even
    if that is not asked for.  reader: reads the operands of an instruction.
    """

    @lru_cache(maxsize=8192)
    def cell(text: str, exact: bool) -> CellCode:
        tree = parsed(grammar, text, examples)
        *labels, instruction = tree.children
        names = tuple([placed(as_tree(label).children[0]) for label in labels])
        if instruction is None:
            return CellCode(names, None)
        mnemonic, *operands = as_tree(instruction).children
        return CellCode(names, template(reader(text, mnemonic, operands, machine, exact or always_exact)))

    def template(instruction: Reader) -> Template:
        name = instruction.mnemonic.name
        row = table.rows.get(name.lower())
        if row is None:
            hint = near(name, table.plain) or examples
            raise instruction.error(f"unknown instruction {name}", instruction.mnemonic.place, hint)
        return row.lower(instruction)

    return cell
