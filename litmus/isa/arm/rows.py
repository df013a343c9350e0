"""ARM rows: the kinds of rows that only ARM has.

A conditional instruction is the instruction and a branch around it.  Its access depends by control on what the flags
were computed from.  Later instructions do not depend on it, and neither does the value that it leaves in a register.
DDI 0406C, A3.8.2, speaks of a control dependency if a read decides the flags of a condition.  Here, as in herd7, the
dependency ends with the conditional instruction: this is the weakest way to read the manual.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from msgspec.structs import replace

from litmus.isa import rows
from litmus.isa.infix import expression, folded, registers_of
from litmus.isa.reader import Bound, Instruction, Reader
from litmus.isa.rows import Row, Tags, address_of, updated
from litmus.isa.template import NEXT, Access, Template
from litmus.program import code
from litmus.program.code import Branch, Operation, Set
from litmus.program.values import Expr, Op, Reg


class Expanded(Mapping[str, Row[Reader]]):
    """The rows of an instruction set with very many forms of few instructions.

    common: the forms that most tests have.  make: gives all forms.  It is called if another form is looked up.
    """

    def __init__(self, common: Mapping[str, Row[Reader]], make: Callable[[], Mapping[str, Row[Reader]]]) -> None:
        self.common = common
        self.make = make

    def __getitem__(self, mnemonic: str) -> Row[Reader]:
        row = self.common.get(mnemonic)
        return self.make()[mnemonic] if row is None else row

    def __iter__(self) -> Iterator[str]:
        return iter(self.make())

    def __len__(self) -> int:
        return len(self.make())


class Conditional(Row[Reader], frozen=True):
    """The instruction of another row, executed unless the condition `unless` holds."""

    row: Row[Reader]
    unless: str

    def lower(self, instruction: Reader) -> Template:
        """A branch around the operations of the instruction, if it has any."""
        template = self.row.lower(instruction)
        if not template.operations:
            return template
        around = Branch(NEXT, expression(self.unless))
        return replace(template, operations=(around, *template.operations), conditional=True)

    def sets(self) -> Tags:
        """The cat sets of the instruction."""
        return self.row.sets()


class Unconditional(Row[Instruction], frozen=True):
    """An instruction with a condition that is only supported without one."""

    def lower(self, instruction: Instruction) -> Template:
        """Raises diagnostics.Unsupported."""
        mnemonic = instruction.mnemonic
        raise instruction.unsupported(f"{mnemonic.name} with a condition is not supported", mnemonic.place)


class Logical(rows.Compute, frozen=True, kw_only=True):
    """An instruction whose carry is that of the shifter, which is not modelled.

    shifter: what the shifter computes.  The carry stays as it was if that is a register or a number of 8 bits.
    Other numbers are encoded as a rotated byte, and that sets the carry (A5.2.4), as a shift of a register does.
    """

    shifter: str

    def lower(self, instruction: Instruction) -> Template:
        """The assignments; the carry is left undefined if the shifter sets it."""
        bound = instruction.read(self.operands)
        value = bound.value(self.shifter)
        kept = isinstance(value, Reg) or (isinstance(value, int) and 0 <= value <= 255)
        undefined = frozenset[str]() if kept else frozenset({".c"})
        return Template(instruction.place, rows.assigned(bound, self.steps), undefined=undefined)


# ---------------------------------------------------------------- memory


class LoadOrConstant(Row[Reader], frozen=True):
    """`LDR R1,[R2]` is a load, and `LDR R1,=x` loads a constant, which is no access."""

    load: rows.Load
    constant: rows.Compute

    def lower(self, instruction: Reader) -> Template:
        """The template of the one or of the other."""
        literal = [operand.data == "literal" for operand in instruction.operands] == [False, True]
        return (self.constant if literal else self.load).lower(instruction)

    def sets(self) -> Tags:
        """The cat sets of the load."""
        return self.load.sets()


class Store(rows.Store, frozen=True):
    """A store that does not write its base back if it stores it (A8.8.203: unpredictable)."""

    def lower(self, instruction: Instruction) -> Template:
        """The store, and the update of its base."""
        template = super().lower(instruction)
        store, *update = template.operations
        assert isinstance(store, code.Store)
        for operation in update:
            if isinstance(operation, Set) and store.value == Reg(operation.register):
                raise instruction.error(f"{operation.register} is stored and updated at once", instruction.place)
        return template


class StoreConditional(rows.StoreConditional, frozen=True):
    """A store-exclusive whose status goes to a register that is none of its operands (A8.8.212: unpredictable)."""

    def lower(self, instruction: Instruction) -> Template:
        """The store."""
        template = super().lower(instruction)
        (store,) = template.operations
        assert isinstance(store, code.StoreConditional)
        if Reg(store.status) in (store.value, store.address):
            message = f"{store.status} receives the status and is an operand"
            raise instruction.error(message, instruction.place)
        return template


class Double(Row[Instruction], frozen=True):
    """A8.8.72 and A8.8.210: two words, with one access for each word.

    Both together are single-copy atomic only with LPAE.
    """

    operands: str
    load: bool

    def lower(self, instruction: Instruction) -> Template:
        """The two accesses, and the update of the base."""
        bound = instruction.read(self.operands)
        update = updated(bound)
        return _words(instruction, bound, self.load, 0, update)


class Multiple(Row[Instruction], frozen=True):
    """A multiple load or store.

    first: what is added to the base for the address of the lowest word, over the `size` of all words.
    moved: what is added to the base if it is written back.
    """

    operands: str
    load: bool
    first: str
    moved: str

    def lower(self, instruction: Instruction) -> Template:
        """An access for each word, and the update of the base."""
        bound = instruction.read(self.operands)
        first, moved = bound.value(self.first), bound.value(self.moved)
        assert isinstance(first, int)
        update: tuple[Operation, ...] = ()
        if bound.targets:
            (base,) = bound.targets.values()
            update = (Set(base, Op("sext32", (Op("add", (Reg(base), moved)),))),)
        return _words(instruction, bound, self.load, first, update)


_START = ".start"  # a copy of the base, for a multiple load that overwrites its base


def _words(instruction: Instruction, bound: Bound, load: bool, first: int, update: tuple[Operation, ...]) -> Template:
    """The transfers of several words.  The word of the first register is at the address in the operands + `first`."""
    base = address_of(bound)
    registers = [value.name for value in bound.values.values() if isinstance(value, Reg)]
    for operation in update:
        if isinstance(operation, Set) and operation.register in registers:
            raise instruction.error(f"{operation.register} is transferred and updated at once", instruction.place)
    operations: list[Operation] = []
    accesses: list[Access] = []
    address: Expr = base
    if load and registers_of(base) & set(registers[:-1]):
        operations.append(Set(_START, base))
        address = Reg(_START)
    for number, register in enumerate(registers):
        offset = first + 4 * number
        word = Op("add", (address, offset)) if offset else address
        accesses.append(Access(folded(Op("add", (base, offset))), 4, instruction.place))
        operations.append(code.Load(register, word) if load else code.Store(word, Reg(register)))
    return Template(instruction.place, (*operations, *update), accesses=tuple(accesses))
