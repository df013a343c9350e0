"""X86 lowering: what the rows of litmus/isa/x86.py mean, as operations.

An instruction with a memory destination loads, computes and stores; under LOCK (and always for XCHG,
SDM volume 3, 9.1.2.1) the two accesses are one atomic read-modify-write and are in the cat set X.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import NoReturn

from litmus.diagnostics import near
from litmus.isa import assembly
from litmus.isa.architecture import Architecture
from litmus.isa.assembly import InstructionSet
from litmus.isa.template import (
    END,
    Access,
    CellCode,
    Named,
    Template,
    expression,
    folded,
    registers_of,
    substituted,
)
from litmus.isa.x86 import (
    ALL_FLAGS,
    BITS,
    CONDITIONS,
    EXTENDING,
    FENCES,
    LOCKABLE,
    MOVES,
    NOTHING,
    PARTS_32,
    PARTS_64,
    RETURNS,
    SHIFTS,
    UNSUPPORTED,
    UPDATES,
    Part,
    Update,
)
from litmus.isa.x86_reading import Immediate, Instruction, Label, Machine, Memory, Operand, RegisterOperand, read_cell
from litmus.program.code import NO_TAGS, Branch, Fence, Load, Operation, Program, Set, Store
from litmus.program.values import Address, Expr, Op, Reg, wrap
from litmus.source.syntax import Test

_SUFFIXES = {"b": 1, "w": 2, "l": 4, "q": 8}
_ATOMIC = frozenset({"X"})
_NON_TEMPORAL = frozenset({"NT"})

X86 = Machine("X86", PARTS_32, 4, att=False, hint="registers are EAX, EBX, ECX, EDX, ESI, EDI, EBP, ESP and their parts")
X86_64 = Machine("X86_64", PARTS_64, 8, att=True, hint="registers are rax, rbx, ..., r8 to r15 and their parts")

_SIZED = frozenset({*UPDATES, *SHIFTS, *BITS, *MOVES, *(f"cmov{c}" for c in CONDITIONS)})
_KNOWN = (
    *_SIZED,
    *(name + suffix for name in ("mov", "add", "cmp", "xchg", "xadd", "cmpxchg", "inc", "dec") for suffix in _SUFFIXES),
    *EXTENDING,
    *FENCES,
    *(f"{kind}{c}" for kind in ("j", "set") for c in CONDITIONS),
    "jmp", "nop", "ret", "lock",
)  # fmt: skip


class _Lowering:
    """One instruction on its way to a template."""

    def __init__(self, instruction: Instruction, machine: Machine, exact: bool) -> None:
        self.instruction = instruction
        self.machine = machine
        self.exact = exact
        self.locked = instruction.lock is not None
        self.operations: list[Operation] = []
        self.accesses: list[Access] = []
        self.half: set[str] = set()
        self.whole: set[str] = set()
        self.undefined: frozenset[str] = frozenset()
        self.target: Named | None = None
        self.size = 0

    def template(self) -> Template:
        self.lower()
        symbols = tuple(
            [
                *(s for o in self.instruction.operands if isinstance(o, Memory) for s in o.symbols),
                *(
                    Named(o.value.base, o.place)
                    for o in self.instruction.operands
                    if isinstance(o, Immediate) and isinstance(o.value, Address)
                ),
            ]
        )
        return Template(
            self.instruction.place,
            tuple(self.operations),
            self.target,
            symbols,
            tuple(self.accesses),
            frozenset(self.half),
            frozenset(self.whole),
            self.undefined,
        )

    def lower(self) -> None:
        name = self.instruction.mnemonic.name.lower()
        if name in NOTHING:
            self.not_locked()
        elif name in RETURNS:
            self.take(0)
            self.operations.append(Branch(END))
        elif name in FENCES:
            self.take(0)
            self.operations.append(Fence(frozenset({FENCES[name]})))
        elif name in EXTENDING:
            self.extend(*EXTENDING[name])
        elif name == "jmp":
            self.branch(None)
        elif name[0] == "j" and name[1:] in CONDITIONS:
            self.branch(expression(CONDITIONS[name[1:]]))
        elif name.startswith("set") and name[3:] in CONDITIONS:
            self.set_if(expression(CONDITIONS[name[3:]]))
        elif name in _SIZED:
            self.sized(name, None)
        elif name[-1] in _SUFFIXES and name[:-1] in _SIZED:
            self.sized(name[:-1], _SUFFIXES[name[-1]])
        else:
            self.unknown(name)

    def unknown(self, name: str) -> NoReturn:
        mnemonic = self.instruction.mnemonic
        reason = UNSUPPORTED.get(name)
        if reason is not None:
            raise self.instruction.unsupported(f"{mnemonic.name}: {reason}", mnemonic.place)
        raise self.instruction.error(f"unknown instruction {mnemonic.name}", mnemonic.place, near(name, _KNOWN))

    def sized(self, name: str, suffix: int | None) -> None:
        """An instruction whose operands have one size, which a suffix may give."""
        if name in UPDATES:
            row = UPDATES[name]
            operands = self.take(row.operands)
            self.size = self.size_of(operands, suffix)
            self.update(row, operands)
        elif name in SHIFTS:
            self.shift(name, suffix)
        elif name in BITS:
            self.bit(name, suffix)
        elif name.startswith("cmov"):
            destination, source = self.take(2)
            self.size = self.size_of((destination, source), suffix)
            condition = expression(CONDITIONS[name[4:]])
            value = self.read(source)  # memory is read whether the condition holds or not
            self.write(destination, Op("ite", (condition, value, self.read(destination))))
        else:
            _MOVES[name](self, suffix)

    # ------------------------------------------------------------ operands

    def take(self, number: int) -> tuple[Operand, ...]:
        """The operands, destination first; there must be `number` of them."""
        instruction = self.instruction
        operands = instruction.operands
        name = instruction.mnemonic.name
        if len(operands) != number:
            wanted = f"{number or 'no'} operand{'s' * (number != 1)}"
            raise instruction.error(f"{name} takes {wanted}, not {len(operands)}", instruction.place)
        if number == 0:
            self.not_locked()
        for operand in operands:
            if isinstance(operand, Label):
                message = f"{operand.name.name} is no operand of {name}"
                hint = f"write ({operand.name.name}) for the variable" if instruction.att else f"write [{operand.name.name}] for the variable"
                raise instruction.error(message, operand.place, f"{hint}; {self.machine.hint}")
        if number == 2:
            if instruction.att:
                operands = operands[::-1]
            if isinstance(operands[0], Memory) and isinstance(operands[1], Memory):
                raise instruction.error(f"{name} has two memory operands", operands[1].place)
        if self.locked and not any(isinstance(o, Memory) for o in operands):
            self.not_locked()
        return operands

    def not_locked(self) -> None:
        lock = self.instruction.lock
        if lock is not None:
            name = self.instruction.mnemonic.name
            raise self.instruction.error(f"{name} cannot be locked here", lock, "LOCK needs a memory destination")

    def size_of(self, operands: tuple[Operand, ...], suffix: int | None) -> int:
        """Bytes of the operands: by the suffix, the registers, or `ptr`; else a word of 32 bits."""
        size = suffix
        for operand in operands:
            own = operand.part.size if isinstance(operand, RegisterOperand) else None
            if isinstance(operand, Memory):
                own = operand.size
            if own is not None:
                if size is not None and own != size:
                    message = f"this operand has {own} byte{'s' * (own > 1)}, {self.instruction.mnemonic.name} is for {size}"
                    raise self.instruction.error(message, operand.place)
                size = own
        size = size or 4
        if size > self.machine.width:
            raise self.instruction.error(f"{self.machine.name} has no 64-bit operations", self.instruction.mnemonic.place)
        return size

    def read(self, operand: Operand, tags: frozenset[str] = NO_TAGS) -> Expr:
        """The value of an operand; only its low `size` bytes count."""
        match operand:
            case Immediate(value=value):
                return value if isinstance(value, Address) else wrap(value, 8 * self.size)
            case RegisterOperand(part=part):
                if part.size == 8:
                    self.whole.add(part.register)
                register = Reg(part.register)
                return Op("shr", (register, part.shift)) if part.shift else register
            case Memory():
                self.access(operand)
                self.operations.append(Load(".loaded", operand.address, self.size, tags))
                return Reg(".loaded")
            case _:
                raise AssertionError(operand)

    def signed(self, operand: Operand, tags: frozenset[str] = NO_TAGS) -> Expr:
        """The value of an operand, sign-extended."""
        value = self.read(operand, tags)
        if isinstance(operand, RegisterOperand) and self.size < self.machine.width:
            return Op(f"sext{8 * self.size}", (value,))
        return value

    def access(self, operand: Memory) -> None:
        self.whole |= registers_of(operand.address)
        place = self.instruction.place
        if all(access.address != operand.address for access in self.accesses):
            self.accesses.append(Access(operand.address, self.size, place))

    def write(self, operand: Operand, value: Expr, tags: frozenset[str] = NO_TAGS, rmw: bool = False, when: Expr | None = None) -> None:
        """The operand becomes the low `size` bytes of `value`."""
        if isinstance(operand, Memory):
            self.access(operand)
            self.operations.append(Store(operand.address, value, self.size, tags, when, rmw))
        elif isinstance(operand, RegisterOperand):
            self.operations.append(Set(operand.part.register, self.merged(operand.part, value)))
        else:
            raise self.instruction.error("a number cannot be a destination", operand.place)

    def merged(self, part: Part, value: Expr) -> Expr:
        """The register, once a part of it is `value`.

        32-bit results clear the upper half, smaller ones keep the rest (SDM volume 1, 3.4.1.1).
        While nobody can tell, 32-bit results are kept sign-extended instead (assembly._thread).
        """
        bits = 8 * part.size
        register = Reg(part.register)
        if part.size == self.machine.width:
            return value if bits == 64 or _is_word(value) else folded_number(Op("sext32", (value,)))
        if bits == 32:
            if not self.exact:
                self.half.add(part.register)
                return value if _is_word(value) else folded_number(Op("sext32", (value,)))
            return folded_number(Op("zext32", (value,)))
        mask = (1 << bits) - 1 << part.shift
        moved = Op(f"zext{bits}", (value,))
        return Op("or", (Op("andnot", (register, mask)), Op("shl", (moved, part.shift)) if part.shift else moved))

    def set_flags(self, flags: dict[str, str], **operands: Expr) -> None:
        for flag, meaning in flags.items():
            value = substituted(expression(meaning), {**operands, "N": 8 * self.size})
            self.operations.append(Set(flag, _chosen(value)))

    # ------------------------------------------------------------ instructions

    def tags(self, destination: Operand) -> frozenset[str]:
        return _ATOMIC if self.locked and isinstance(destination, Memory) else NO_TAGS

    def update(self, row: Update, operands: tuple[Operand, ...]) -> None:
        destination = operands[0]
        if self.locked and not (row.lockable and row.stores and isinstance(destination, Memory)):
            self.not_locked()
        if isinstance(destination, Immediate):
            if row.stores or self.instruction.att is False:
                raise self.instruction.error("a number cannot be a destination", destination.place)
        tags = self.tags(destination)
        source: Expr = row.source
        if row.operands == 2:
            source = self.signed(operands[1])
        old = self.signed(destination, tags)
        # AND, OR and XOR of sign-extended numbers are sign-extended, and so is what a 64-bit register holds.
        new = substituted(expression(row.result), {"D": old, "S": source})
        if self.size < 8 and row.result[:3] not in ("and", "or(", "xor", "not"):
            new = Op(f"sext{8 * self.size}", (new,))
        self.undefined = row.undefined
        self.set_flags(row.flags, D=old, S=source, R=new)
        if row.stores:
            self.write(destination, new, tags, rmw=self.locked)

    def shift(self, name: str, suffix: int | None) -> None:
        row = SHIFTS[name]
        operands = self.instruction.operands
        if len(operands) == 1:
            (destination,) = self.take(1)
            count: Operand = Immediate(1, self.instruction.place)
        else:
            destination, count = self.take(2)
        self.not_locked()
        self.size = self.size_of((destination,), suffix)
        modulus = 63 if self.size == 8 else 31
        by: Expr
        if isinstance(count, Immediate) and isinstance(count.value, int):
            by = count.value & modulus
            if by == 0:
                return
        elif isinstance(count, RegisterOperand) and count.part.register.lower()[1:] == "cx" and count.part.size == 1:
            by = Op("and", (Reg(count.part.register), modulus))
        else:
            raise self.instruction.error(f"{name} shifts by a number or by CL", count.place)
        old = self.signed(destination)
        bits = 8 * self.size
        operands_of = {"D": old, "S": by, "N": bits}
        new = _extended(substituted(expression(row.result), {**operands_of, "D": old if name == "sar" else zero_extended(old, bits)}), bits)
        if isinstance(by, int):
            carry = substituted(_with_zext(row.carry, bits), operands_of)
            less = Op("lt", (new, 0)) if name == "sar" else Op("ne", (Op("lt", (new, 0)), substituted(_with_zext(row.less_by_one, bits), operands_of)))
            self.operations += [
                Set(".zf", Op("eq", (new, 0))),
                Set(".sf", Op("lt", (new, 0))),
                Set(".cf", carry),
                Set(".lt", less),
            ]
            if by != 1:
                self.undefined = frozenset({".lt"})
        else:
            self.undefined = ALL_FLAGS
        self.write(destination, new)
