"""RISC-V lowering: the architecture that litmus/isa/riscv/table.py and its operands make."""

from __future__ import annotations

from litmus.diagnostics import InputError
from litmus.isa import assembly
from litmus.isa.architecture import Architecture
from litmus.isa.lowering import cells
from litmus.isa.reader import Machine
from litmus.isa.riscv.operands import EXAMPLES, GRAMMAR, HINT, LINK, OPERANDS, canonical, rank
from litmus.isa.riscv.table import MNEMONICS
from litmus.isa.template import InstructionSet
from litmus.program.code import Program
from litmus.source.syntax import Number, Register, Test


def _lower(test: Test) -> Program:
    for item in test.init:
        where = item.location
        if isinstance(where, Register) and canonical(where.name) == "x0":
            if item.values is not None and not (isinstance(item.values[0], Number) and item.values[0].value == 0):
                raise InputError("x0 is always 0", where.span)
    return assembly.lower(test, _INSTRUCTIONS)


# A loaded word is sign-extended on this machine, so that registers are always exact.
_CELL = cells(Machine("RISC-V", canonical, HINT, OPERANDS), MNEMONICS, GRAMMAR, EXAMPLES, always_exact=True)
_INSTRUCTIONS = InstructionSet("RISC-V", _CELL, canonical, HINT, width=8, link=LINK)

# Sc is herd7's set of AMOs that are two events.  Models name it; on this architecture it is empty.
_TAGS = MNEMONICS.sets() | {"Sc"}

ARCHITECTURES = {"RISCV": Architecture("RISCV", _TAGS, canonical, rank, HINT, _lower, title="RISC-V")}
