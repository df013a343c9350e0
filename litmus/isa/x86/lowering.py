"""X86 lowering: the architectures that litmus/isa/x86/table.py and its operands make."""

from __future__ import annotations

from litmus.diagnostics import near
from litmus.isa import assembly
from litmus.isa.architecture import Architecture
from litmus.isa.lowering import CellMeaning, labelled
from litmus.isa.rows import Table
from litmus.isa.template import InstructionSet, Template
from litmus.isa.x86.notation import EXAMPLES, GRAMMAR, HINT_32, HINT_64, X86, X86_64, Machine, canonical, rank
from litmus.isa.x86.operands import Instruction
from litmus.isa.x86.table import MNEMONICS, MNEMONICS_32, NON_TEMPORAL
from litmus.program.code import Program
from litmus.source.lalr.trees import Tree
from litmus.source.syntax import Test


def _cells(machine: Machine, table: Table[Instruction]) -> CellMeaning:
    def template(text: str, tree: Tree, exact: bool) -> Template:
        instruction = Instruction(text, tree, machine, exact)
        mnemonic = instruction.mnemonic
        name = mnemonic.name.lower()
        row = table.rows.get(name if instruction.lock is None else f"lock {name}")
        if row is not None:
            return row.lower(instruction)
        if name in table.rows:
            raise instruction.not_locked()
        raise instruction.error(f"unknown instruction {mnemonic.name}", mnemonic.place, near(name, table.plain))

    return labelled(template, GRAMMAR, EXAMPLES)


def _lower_32(test: Test) -> Program:
    return assembly.lower(test, _INSTRUCTIONS_32)


def _lower_64(test: Test) -> Program:
    return assembly.lower(test, _INSTRUCTIONS_64)


def _canonical_32(name: str) -> str | None:
    return canonical(name, X86)


def _canonical_64(name: str) -> str | None:
    return canonical(name, X86_64)


_INSTRUCTIONS_32 = InstructionSet(
    "X86", _cells(X86, MNEMONICS_32), _canonical_32, HINT_32, width=X86.width, silent=True
)
_INSTRUCTIONS_64 = InstructionSet(
    "X86_64", _cells(X86_64, MNEMONICS), _canonical_64, HINT_64, width=X86_64.width, silent=True
)

ARCHITECTURES = {
    # herd7 has the set of non-temporal accesses on X86_64 only
    "X86": Architecture("X86", MNEMONICS_32.sets() - NON_TEMPORAL, _canonical_32, rank, HINT_32, _lower_32),
    "X86_64": Architecture("X86_64", MNEMONICS.sets(), _canonical_64, rank, HINT_64, _lower_64),
}
