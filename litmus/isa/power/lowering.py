"""POWER lowering: the architecture that litmus/isa/power/table.py and its operands make."""

from __future__ import annotations

from litmus.isa import assembly
from litmus.isa.architecture import Architecture
from litmus.isa.lowering import cells
from litmus.isa.power.operands import EXAMPLES, GRAMMAR, HINT, LINK, OPERANDS, canonical, rank
from litmus.isa.power.table import MNEMONICS
from litmus.isa.reader import Machine
from litmus.isa.template import InstructionSet
from litmus.program.code import Program
from litmus.source.syntax import Test


def _lower(test: Test) -> Program:
    return assembly.lower(test, _INSTRUCTIONS)


_CELL = cells(Machine("POWER", canonical, HINT, OPERANDS), MNEMONICS, GRAMMAR, EXAMPLES)
# A processor may run in either byte order, and a test does not say in which one.
_INSTRUCTIONS = InstructionSet("POWER", _CELL, canonical, HINT, width=8, link=LINK, little_endian=False)

ARCHITECTURES = {"PPC": Architecture("PPC", MNEMONICS.sets(), canonical, rank, HINT, _lower, title="POWER")}
