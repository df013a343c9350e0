"""AArch64 lowering: the architecture that litmus/isa/aarch64/table.py and its operands make."""

from __future__ import annotations

import re
from functools import lru_cache

from litmus.diagnostics import InputError, Place, Span, Unsupported, near
from litmus.isa import assembly, rows
from litmus.isa.aarch64.operands import LINK, OPERANDS
from litmus.isa.aarch64.reading import EXAMPLES, GRAMMAR, HINT, Reader, canonical, rank
from litmus.isa.aarch64.table import MNEMONICS
from litmus.isa.architecture import Architecture
from litmus.isa.cells import parsed, placed
from litmus.isa.template import CellCode, InstructionSet
from litmus.program.code import Program
from litmus.source.lalr.trees import Tree, as_tree
from litmus.source.syntax import Test

_MNEMONIC = re.compile(r"\s*(?:[\w.$]+\s*:\s*)*([A-Za-z][\w.]*)")


@lru_cache(maxsize=8192)
def _cell(text: str, exact: bool) -> CellCode:
    """The meaning of a cell's text (InstructionSet.cell)."""
    *labels, tree = _parsed(text).children
    names = tuple([placed(as_tree(label).children[0]) for label in labels])
    if tree is None:
        return CellCode(names, None)
    instruction = Reader(text, as_tree(tree), OPERANDS, exact)
    mnemonic = instruction.mnemonic
    row = MNEMONICS.rows.get(mnemonic.name.lower())
    if row is None:
        hint = near(mnemonic.name.lower(), MNEMONICS.plain) or EXAMPLES
        raise instruction.error(f"unknown instruction {mnemonic.name}", mnemonic.place, hint)
    return CellCode(names, row.lower(instruction))


def _parsed(text: str) -> Tree:
    """The tree of a cell.

    Raises InputError where the text is no instruction.  Raises Unsupported for an instruction whose operands are
    written in a notation that is not read here.
    """
    try:
        return parsed(GRAMMAR, text, EXAMPLES)
    except InputError:
        match = _MNEMONIC.match(text)
        row = None if match is None else MNEMONICS.rows.get(match[1].lower())
        if match is not None and isinstance(row, rows.Unsupported):
            raise Unsupported(f"{match[1]}: {row.reason}", Place(*match.span(1))) from None
        raise


def _lower(test: Test) -> Program:
    for key, value in test.info.items():
        if key.lower() == "variant":
            match = re.search(rf"(?m)^[ \t]*{key}[ \t]*=[ \t]*({re.escape(value)})", test.source.text)
            span = None if match is None else Span(test.source, *match.span(1))
            raise Unsupported(f"{key}={value}: variants of the architecture are not supported", span)
    return assembly.lower(test, _INSTRUCTIONS)


_INSTRUCTIONS = InstructionSet("AArch64", _cell, canonical, HINT, width=8, link=LINK)

ARCHITECTURES = {"AArch64": Architecture("AArch64", MNEMONICS.sets(), canonical, rank, HINT, _lower)}
