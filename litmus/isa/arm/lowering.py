"""ARM lowering: the architecture that litmus/isa/arm/table.py and its operands make."""

from __future__ import annotations

from litmus.isa import assembly
from litmus.isa.architecture import Architecture
from litmus.isa.arm.operands import EXAMPLES, GRAMMAR, HINT, LINK, OPERANDS, ArmReader, canonical, rank
from litmus.isa.arm.table import ALWAYS, MNEMONICS
from litmus.isa.lowering import cells
from litmus.isa.reader import Machine
from litmus.isa.template import InstructionSet
from litmus.program.code import Program
from litmus.source.syntax import Test


def _lower(test: Test) -> Program:
    return assembly.lower(test, _INSTRUCTIONS)


_CELL = cells(Machine("ARM", canonical, HINT, OPERANDS), MNEMONICS, GRAMMAR, EXAMPLES, reader=ArmReader)
_INSTRUCTIONS = InstructionSet("ARM", _CELL, canonical, HINT, width=4, link=LINK)

# X is herd7's set of read-modify-writes in one instruction.  Models name it; on this architecture it is empty.
_TAGS = ALWAYS.sets() | {"X"}

ARCHITECTURES = {"ARM": Architecture("ARM", _TAGS, canonical, rank, HINT, _lower)}
