"""RISC-V rows: the kinds of rows that only RISC-V has."""

from __future__ import annotations

from litmus.isa.reader import DISCARDED, Instruction
from litmus.isa.rows import OLD, Row, Tags, address_of
from litmus.isa.template import Access, Template
from litmus.program.code import Load, Set, Store
from litmus.program.values import Expr, Op, Reg


class CompareAndSwap(Row[Instruction], frozen=True):
    """AMOCAS ("Zacas"): a load; if it returns the old value of the target, also a store; both are one atomic operation.

    read, write: the cat sets of the two accesses.
    """

    operands: str
    size: int
    read: Tags
    write: Tags

    def lower(self, instruction: Instruction) -> Template:
        """The two accesses.

        The stored value has a data dependency on the compared register too ("RVWMO", Source and Destination Register
        Listings).
        """
        bound = instruction.read(self.operands)
        target, value, address = bound.targets["rd"], bound.values["rs2"], address_of(bound)
        expected: Expr = 0
        if target != DISCARDED:
            expected = Op(f"sext{8 * self.size}", (Reg(target),)) if self.size < 8 else Reg(target)
            value = Op("add", (value, Op("sub", (Reg(target), Reg(target)))))
        equal = Op("eq", (Reg(OLD), expected))
        operations = (
            Load(OLD, address, self.size, self.read),
            Store(address, value, self.size, self.write, equal, rmw=True),
            Set(target, Reg(OLD)),
        )
        return Template(instruction.place, operations, accesses=(Access(address, self.size, instruction.place),))

    def sets(self) -> Tags:
        """Its cat sets."""
        return self.read | self.write


class Missing(Row[Instruction], frozen=True):
    """No instruction, although the names of others suggest that there is one; `others` says which there are."""

    others: str

    def lower(self, instruction: Instruction) -> Template:
        """Raises InputError."""
        mnemonic = instruction.mnemonic
        raise instruction.error(f"RISC-V has no {mnemonic.name}", mnemonic.place, self.others)
