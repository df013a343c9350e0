"""X86 operands: an instruction with its operands, and the kinds of operands that the table names.

A row names the operands in Intel's order, the destination first.  The operands decide the size of the operation, if the
mnemonic does not.  The values of `dest`, `src` and `reg` are sign-extended from that size; of those of other registers
only the low bits count.
"""

from __future__ import annotations

from typing import Self

from litmus.diagnostics import InputError, Place
from litmus.isa import reader
from litmus.isa.cells import placed
from litmus.isa.reader import Bound, Kind, Location, forms
from litmus.isa.template import Named
from litmus.isa.x86.notation import Immediate, Label, Machine, Memory, Operand, Part, RegisterOperand, read
from litmus.program.values import Address, Expr, Op, Reg, wrap
from litmus.source.lalr.trees import Tree

LOADED = "..loaded"  # what an instruction has loaded from its operand in memory
_NO_DESTINATION = "a number cannot be a destination"


class Instruction(reader.Instruction):
    """An instruction of a cell.

    operands: the destination first.  lock: where its LOCK prefix stands.  att: it is in AT&T's order.
    size: the bytes of the operation, as far as they are known; 0: nothing has said them yet.
    parts: the registers in the operands that have been read, by the names that the row gives the operands.
    called: the mnemonic without its suffix.
    wrong: what is said of an operand that the instruction cannot have; "": the kind of the operand says it.
    """

    operands: list[Operand]

    def __init__(self, text: str, tree: Tree, machine: Machine, exact: bool) -> None:
        lock, mnemonic, *trees = tree.children
        operands, self.att = read(trees, machine)
        super().__init__(text, mnemonic, operands[-1].place.end if operands else None, OPERANDS, exact)
        self.lock = None if lock is None else placed(lock).place
        if self.lock is not None:
            self.place = Place(self.lock.start, self.place.end)
        self.machine = machine
        self.symbols = tuple([symbol for operand in operands for symbol in _symbols(operand)])
        self.operands = operands[::-1] if self.att else operands
        self.size = 0
        self.parts: dict[str, Part] = {}
        self.called = self.wrong = ""

    def not_locked(self) -> InputError:
        """The error to raise if the instruction cannot have its LOCK prefix."""
        message = f"{self.mnemonic.name} cannot be locked here"
        return self.error(message, self.lock or self.place, "LOCK needs a memory destination")

    def memory_first(self, operands: str) -> str:
        """The names of two operands, turned round if the second operand is in memory."""
        if len(self.operands) == 2 and isinstance(self.operands[1], Memory):
            operands = ", ".join(operands.split(", ")[::-1])
        return operands

    def read_sized(self, operands: str, size: int, called: str, wrong: str) -> Bound:
        """All operands, read as those that a row names.

        size: what the mnemonic says of the size of the operation.  If neither it nor the operands say the size, it is
        32 bits.  Raises InputError if the operands are others, or not of that size.
        """
        self.size, self.called, self.wrong = size, called, wrong
        bound = self.read(operands)
        self.size = self.size or 4
        if self.size > self.machine.width:
            raise self.error(f"{self.machine.name} has no 64-bit operations", self.mnemonic.place)
        return bound

    def read(self: Self, operands: str) -> Bound:
        """All operands, read as those that a row names, destination first.

        Raises InputError if they are others, or if their number is not right.
        """
        for present, absent in forms(operands):
            if len(present) == len(self.operands):
                self.check()
                bound = Bound(symbols=self.symbols)
                for name in present:
                    self.kinds[name].read(self, bound, name)
                    self.next += 1
                for name in absent:
                    self.kinds[name].absent(bound, name)
                return bound
        count = len(forms(operands)[0][0])
        wanted = f"{count or 'no'} operand{'s' * (count != 1)}"
        raise self.error(f"{self.mnemonic.name} takes {wanted}, not {len(self.operands)}", self.place)

    def check(self) -> None:
        """Raises InputError if an operand is a name, or if two operands are in memory."""
        name = self.mnemonic.name
        labels = [operand for operand in self.operands if isinstance(operand, Label)]
        if labels:
            first = min(labels, key=lambda label: label.place.start)
            word = first.name.name
            variable = f"({word})" if self.att else f"[{word}]"
            hint = f"a variable is {variable}; {self.machine.hint}"
            raise self.error(f"{word} is no operand of {name}", first.place, hint)
        memory = [operand for operand in self.operands if isinstance(operand, Memory)]
        if len(memory) == 2:
            raise self.error(f"{name} has two memory operands", memory[1].place)

    def misfit(self, message: str) -> InputError:
        """The error to raise if the next operand is none that the instruction can have."""
        if self.wrong:
            return self.error(self.wrong, self.place)
        return self.error(message, self.operands[self.next].place)

    def sized(self) -> Operand:
        """The next operand, which has the size of the operation.  Raises InputError if its size is another one."""
        operand = self.operands[self.next]
        self.size = self.agreed(operand, self.size)
        return operand

    def agreed(self, operand: Operand, size: int) -> int:
        """The size that an operand has, where `size` is asked for; 0: nothing is.

        Raises InputError if they differ.
        """
        own: int | None = None
        if isinstance(operand, RegisterOperand):
            own = operand.part.size
        elif isinstance(operand, Memory):
            own = operand.size
        if own is not None and size and own != size:
            message = f"this operand has {own} byte{'s' * (own > 1)}, the instruction is for {size}"
            raise self.error(message, operand.place)
        return own or size


def _symbols(operand: Operand) -> tuple[Named, ...]:
    """The variables that an operand names."""
    match operand:
        case Memory(symbols=symbols):
            return symbols
        case Immediate(value=Address(base=base), place=place):
            return (Named(base, place),)
        case _:
            return ()


def value_of(part: Part) -> Expr:
    """The value of a part of a register; only its low bits count."""
    register = Reg(part.register)
    return Op("shr", (register, part.shift)) if part.shift else register


def signed(part: Part, machine: Machine) -> Expr:
    """The value of a part of a register, sign-extended.  Whole registers of X86 hold signed numbers."""
    value = value_of(part)
    return Op(f"sext{8 * part.size}", (value,)) if part.size < machine.width else value


# ---------------------------------------------------------------- kinds


def _bind(instruction: Instruction, bound: Bound, name: str, operand: Operand, extended: bool) -> None:
    """Bind a name to an operand; `extended`: its value is sign-extended."""
    match operand:
        case RegisterOperand(part=part):
            instruction.parts[name] = part
            bound.values[name] = signed(part, instruction.machine) if extended else value_of(part)
        case Memory(address=address):
            bound.location = Location(address)
            bound.values[name] = Reg(LOADED)
        case Immediate(value=value):
            bits = 8 * (instruction.size or 4)
            bound.values[name] = value if isinstance(value, Address) else wrap(value, bits)


def _destination(instruction: Instruction, bound: Bound, name: str) -> None:
    operand = instruction.sized()
    if isinstance(operand, Immediate):
        raise instruction.misfit(_NO_DESTINATION)
    _bind(instruction, bound, name, operand, extended=True)


def _source(instruction: Instruction, bound: Bound, name: str) -> None:
    _bind(instruction, bound, name, instruction.sized(), extended=True)


def _register(instruction: Instruction, bound: Bound, name: str) -> None:
    operand = instruction.sized()
    if not isinstance(operand, RegisterOperand):
        message = f"the destination of {instruction.called} is a register"
        raise instruction.misfit(_NO_DESTINATION if isinstance(operand, Immediate) else message)
    _bind(instruction, bound, name, operand, extended=True)


def _bits(*forms: type[Operand], least: int = 1) -> Kind[Instruction]:
    """An operand of one of these forms, of at least so many bytes; only its low bits count.

    Rows that name it say what is wrong with others.
    """

    def bind(instruction: Instruction, bound: Bound, name: str) -> None:
        operand = instruction.sized()
        if not isinstance(operand, forms) or instruction.size in range(1, least):
            raise instruction.misfit("")
        _bind(instruction, bound, name, operand, extended=False)

    return Kind(bind)


def _address(instruction: Instruction, bound: Bound, name: str) -> None:
    """The address of an operand in memory, which is not accessed."""
    operand = instruction.operands[instruction.next]
    if not isinstance(operand, Memory):
        raise instruction.misfit("")
    bound.values[name] = operand.address


def _wide(instruction: Instruction, bound: Bound, name: str) -> None:
    """A register whose size is not that of the operation."""
    operand = instruction.operands[instruction.next]
    if not isinstance(operand, RegisterOperand):
        raise instruction.misfit("")
    _bind(instruction, bound, name, operand, extended=False)


def _narrow(instruction: Instruction, bound: Bound, name: str) -> None:
    """A register or memory, which must say its size if the mnemonic does not."""
    operand = instruction.operands[instruction.next]
    if isinstance(operand, Immediate):
        raise instruction.misfit("")
    instruction.sized()
    if not instruction.size:
        raise instruction.error("the size of this operand is not known", operand.place, "write byte ptr [x]")
    _bind(instruction, bound, name, operand, extended=False)


def _count(instruction: Instruction, bound: Bound, name: str) -> None:
    """The count of a shift, a number or CL: modulo 64 for 64-bit operands, else modulo 32."""
    modulus = 63 if instruction.size == 8 else 31
    match instruction.operands[instruction.next]:
        case Immediate(value=int(value)):
            bound.values[name] = value & modulus
        case RegisterOperand(part=part) if part == instruction.machine.parts["cl"]:
            bound.values[name] = Op("and", (value_of(part), modulus))
        case _:
            raise instruction.misfit(f"{instruction.called} shifts by a number or by CL")


def _one(bound: Bound, name: str) -> None:
    bound.values[name] = 1


def _bit(instruction: Instruction, bound: Bound, name: str) -> None:
    """The number of a bit, modulo the size of the operation."""
    operand = instruction.operands[instruction.next]
    if not isinstance(operand, Immediate) or not isinstance(operand.value, int):
        raise instruction.unsupported(f"{instruction.called} is supported with a number only", operand.place)
    bound.values[name] = operand.value & (8 * (instruction.size or 4) - 1)


OPERANDS: dict[str, Kind[Instruction]] = {
    "dest": Kind(_destination),
    "src": Kind(_source),
    "reg": Kind(_register),
    "r": _bits(RegisterOperand),
    "rw": _bits(RegisterOperand, least=2),
    "m": _bits(Memory),
    "rm": _bits(RegisterOperand, Memory),
    "rmi": _bits(RegisterOperand, Memory, Immediate),
    "address": Kind(_address),
    "wide": Kind(_wide),
    "narrow": Kind(_narrow),
    "count": Kind(_count, absent=_one),
    "bit": Kind(_bit),
}
