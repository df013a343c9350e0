"""Lowering: from the text of a cell to its template, by the rows of an instruction set."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache

from litmus.diagnostics import near
from litmus.isa.cells import parsed, placed
from litmus.isa.reader import Machine, Reader
from litmus.isa.rows import Row, Unsupported
from litmus.isa.template import CellCode, Template
from litmus.source.lalr.trees import as_tree


def cells(
    machine: Machine, rows: Mapping[str, Row[Reader]], grammar: str, examples: str
) -> Callable[[str, bool], CellCode]:
    """The meaning of cells (InstructionSet.cell) that follow `grammar`.

    rows: by mnemonic.  The errors of a cell that is no instruction have `examples` as their hint.
    """

    @lru_cache(maxsize=8192)
    def cell(text: str, exact: bool) -> CellCode:
        tree = parsed(grammar, text, examples)
        *labels, instruction = tree.children
        names = tuple([placed(as_tree(label).children[0]) for label in labels])
        if instruction is None:
            return CellCode(names, None)
        mnemonic, *operands = as_tree(instruction).children
        return CellCode(names, template(Reader(text, mnemonic, operands, machine, exact)))

    def template(reader: Reader) -> Template:
        name = reader.mnemonic.name
        row = rows.get(name.lower())
        if row is None:
            supported = [known for known, row in rows.items() if not isinstance(row, Unsupported)]
            hint = near(name, supported) or examples
            raise reader.error(f"unknown instruction {name}", reader.mnemonic.place, hint)
        return row.lower(reader)

    return cell
