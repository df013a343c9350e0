"""X86 lowering: what the rows of litmus/isa/x86.py mean, as operations.

An instruction with a memory destination loads, computes and stores.  With LOCK (for XCHG always: SDM volume 3,
9.1.2.1), the two accesses are one atomic read-modify-write, and both are in the cat set X.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import NoReturn

from litmus.diagnostics import near
from litmus.isa import assembly
from litmus.isa.architecture import Architecture
from litmus.isa.infix import expression, folded, registers_of, substituted
from litmus.isa.template import END, Access, CellCode, InstructionSet, Named, Template
from litmus.isa.x86 import (
    ADD,
    ALL_FLAGS,
    BIT,
    BITS,
    CARRIES,
    CONDITIONS,
    CONVERSIONS,
    EXTENDING,
    FENCES,
    MOVES,
    NOTHING,
    PARTS_32,
    PARTS_64,
    RETURNS,
    SHIFTS,
    SUB,
    UNSUPPORTED,
    UPDATES,
    Part,
)
from litmus.isa.x86_reading import Immediate, Instruction, Label, Machine, Memory, Operand, RegisterOperand, read_cell
from litmus.program.code import NO_TAGS, Branch, Fence, Load, Operation, Program, Set, Store
from litmus.program.values import Address, Expr, Op, Reg, wrap
from litmus.source.syntax import Test

_SUFFIXES = {"b": 1, "w": 2, "l": 4, "q": 8}
_ATOMIC = frozenset({"X"})
_NON_TEMPORAL = frozenset({"NT"})

_HINT_32 = "registers are EAX, EBX, ECX, EDX, ESI, EDI, EBP, ESP"
_HINT_64 = "registers are rax, rbx, rcx, rdx, rsi, rdi, rbp, rsp, r8 to r15"

X86 = Machine("X86", PARTS_32, 4, att=False, hint=_HINT_32 + " and their parts")
X86_64 = Machine("X86_64", PARTS_64, 8, att=True, hint=_HINT_64 + " and their parts")

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
    """One instruction that is becoming a template."""

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
        symbols: list[Named] = []
        for operand in self.instruction.operands:
            if isinstance(operand, Memory):
                symbols += operand.symbols
            elif isinstance(operand, Immediate) and isinstance(operand.value, Address):
                symbols.append(Named(operand.value.base, operand.place))
        return Template(
            self.instruction.place,
            tuple(self.operations),
            self.target,
            tuple(symbols),
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
        elif name in CONVERSIONS and CONVERSIONS[name][0] in self.machine.parts:
            self.convert(*CONVERSIONS[name])
        elif name in CARRIES:
            self.take(0)
            self.operations.append(Set(".cf", expression(CARRIES[name])))
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
        """Lower an instruction whose operands all have one size; a suffix of the mnemonic may say it."""
        if name in UPDATES:
            self.update(name, suffix)
        elif name in SHIFTS:
            self.shift(name, suffix)
        elif name in BITS:
            self.bit(name, suffix)
        elif name in _MOVES:
            _MOVES[name](self, suffix)
        else:
            self.move_if(expression(CONDITIONS[name.removeprefix("cmov")]), suffix)

    # ------------------------------------------------------------ operands

    def take(self, number: int) -> tuple[Operand, ...]:
        """The operands, destination first.  Raises InputError if there are not `number` of them."""
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
                word = operand.name.name
                variable = f"({word})" if instruction.att else f"[{word}]"
                hint = f"a variable is {variable}; {self.machine.hint}"
                raise instruction.error(f"{word} is no operand of {name}", operand.place, hint)
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
        """Bytes of the operands: the suffix, the registers or `ptr` say it.  Otherwise they have 32 bits."""
        size = suffix
        for operand in operands:
            own = operand.part.size if isinstance(operand, RegisterOperand) else None
            if isinstance(operand, Memory):
                own = operand.size
            if own is not None:
                if size is not None and own != size:
                    message = f"this operand has {own} byte{'s' * (own > 1)}, the instruction is for {size}"
                    raise self.instruction.error(message, operand.place)
                size = own
        size = size or 4
        if size > self.machine.width:
            message = f"{self.machine.name} has no 64-bit operations"
            raise self.instruction.error(message, self.instruction.mnemonic.place)
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
                self.operations.append(Load("..loaded", operand.address, self.size, tags))
                return Reg("..loaded")
            case _:
                raise AssertionError(operand)

    def signed(self, operand: Operand, tags: frozenset[str] = NO_TAGS) -> Expr:
        """The value of an operand, sign-extended from the size of the operation."""
        value = self.read(operand, tags)
        if isinstance(operand, RegisterOperand) and self.size < self.machine.width:
            return Op(f"sext{8 * self.size}", (value,))
        return value

    def access(self, operand: Memory) -> None:
        self.whole |= registers_of(operand.address)
        place = self.instruction.place
        if all(access.address != operand.address for access in self.accesses):
            self.accesses.append(Access(operand.address, self.size, place))

    def write(
        self,
        operand: Operand,
        value: Expr,
        tags: frozenset[str] = NO_TAGS,
        rmw: bool = False,
        when: Expr | None = None,
    ) -> None:
        """The operand becomes the low `size` bytes of `value`."""
        if isinstance(operand, Memory):
            self.access(operand)
            self.operations.append(Store(operand.address, value, self.size, tags, when, rmw))
        elif isinstance(operand, RegisterOperand):
            self.operations.append(Set(operand.part.register, self.merged(operand.part, value)))
        else:
            raise self.instruction.error("a number cannot be a destination", operand.place)

    def merged(self, part: Part, value: Expr) -> Expr:
        """The value of the whole register after a part of it becomes `value`.

        A 32-bit result clears the upper half; a smaller one keeps the rest (SDM volume 1, 3.4.1.1).
        If the upper half of a 32-bit result cannot be seen, it is kept sign-extended instead (assembly._thread).
        """
        bits = 8 * part.size
        if bits == 64:
            return value
        if bits == 32:
            if self.machine.width == 8 and self.exact:
                return _extended("zext32", value)
            self.half.add(part.register)
            is_word = isinstance(value, Reg) and (self.machine.width == 4 or value.name == "..loaded")
            return value if is_word else _extended("sext32", value)
        mask = (1 << bits) - 1 << part.shift
        moved = _extended(f"zext{bits}", value)
        if part.shift:
            moved = Op("shl", (moved, part.shift))
        return Op("or", (Op("andnot", (Reg(part.register), mask)), moved))

    def set_flags(self, flags: dict[str, str], operands: dict[str, Expr]) -> None:
        """Set the flags to the expressions of the table.  Expressions whose operands are known are computed."""
        bits = 8 * self.size
        for flag, meaning in flags.items():
            self.operations.append(Set(flag, _chosen(substituted(expression(meaning, bits), operands))))

    # ------------------------------------------------------------ instructions

    def update(self, name: str, suffix: int | None) -> None:
        row = UPDATES[name]
        if name == "imul" and len(self.instruction.operands) != 2:
            raise self.instruction.unsupported("IMUL is supported with two operands only", self.instruction.place)
        operands = self.take(row.operands)
        destination = operands[0]
        self.size = self.size_of(operands, suffix)
        if isinstance(destination, Immediate):
            raise self.instruction.error("a number cannot be a destination", destination.place)
        if isinstance(destination, Memory) and not row.lockable:
            raise self.instruction.error(f"the destination of {name} is a register", destination.place)
        if not (row.lockable and row.stores and isinstance(destination, Memory)):
            self.not_locked()
        source: Expr = self.signed(operands[1]) if row.operands == 2 else row.source
        tags = _ATOMIC if self.locked else NO_TAGS
        old = self.signed(destination, tags)
        values = {"D": old, "S": source}
        new = substituted(expression(row.result, 8 * self.size), values)
        self.undefined = row.undefined
        if "..carry" in registers_of(new):
            self.operations.append(Set("..carry", Reg(".cf")))
        self.set_flags(row.flags, {**values, "R": new})
        if row.stores:
            self.write(destination, new, tags, rmw=self.locked)

    def shift(self, name: str, suffix: int | None) -> None:
        row = SHIFTS[name]
        self.not_locked()
        if len(self.instruction.operands) == 1:
            (destination,) = self.take(1)
            count: Operand = Immediate(1, self.instruction.place)
        else:
            destination, count = self.take(2)
        self.size = self.size_of((destination,), suffix)
        modulus = 63 if self.size == 8 else 31
        by: Expr
        if isinstance(count, Immediate) and isinstance(count.value, int):
            by = count.value & modulus
        elif isinstance(count, RegisterOperand) and count.part in (PARTS_32["cl"], PARTS_64["cl"]):
            by = Op("and", (Reg(count.part.register), modulus))
        else:
            raise self.instruction.error(f"{name} shifts by a number or by CL", count.place)
        if by == 0:
            return
        values = {"D": self.signed(destination), "S": by}
        new = substituted(expression(row.result, 8 * self.size), values)
        if isinstance(by, int) and by <= 8 * self.size:
            flags = {".zf": "eq(R, 0)", ".sf": "lt(R, 0)", ".cf": row.carry, ".lt": row.less}
            self.set_flags(flags, {**values, "R": new})
            self.undefined = frozenset({".lt"}) if by > 1 else frozenset()
        else:
            self.undefined = ALL_FLAGS  # the count is not known here, and a count of 0 would not change them
        self.write(destination, new)

    def bit(self, name: str, suffix: int | None) -> None:
        result = BITS[name]
        destination, number = self.take(2)
        self.size = self.size_of((destination,), suffix)
        if not isinstance(number, Immediate) or not isinstance(number.value, int):
            message = f"{name} is supported with a number only"
            raise self.instruction.unsupported(message, number.place)
        if result is None or not isinstance(destination, Memory):
            self.not_locked()
        by = number.value & (8 * self.size - 1)
        tags = _ATOMIC if self.locked else NO_TAGS
        values: dict[str, Expr] = {"D": self.signed(destination, tags), "S": by, "M": wrap(1 << by)}
        self.set_flags(BIT, values)
        self.undefined = ALL_FLAGS - {".cf", ".zf"}
        if result is not None:
            self.write(destination, substituted(expression(result), values), tags, rmw=self.locked)

    def move(self, suffix: int | None) -> None:
        destination, source = self.take(2)
        self.not_locked()
        self.size = self.size_of((destination, source), suffix)
        if isinstance(destination, RegisterOperand) and isinstance(source, Memory):
            part = destination.part
            if part.size == self.machine.width or (part.size == 4 and not self.exact):
                self.access(source)
                self.operations.append(Load(part.register, source.address, self.size))
                if part.size == 4:
                    self.half.add(part.register)
                return
        self.write(destination, self.read(source))

    def move_non_temporal(self, suffix: int | None) -> None:
        destination, source = self.take(2)
        self.not_locked()
        self.size = self.size_of((destination, source), suffix)
        if not isinstance(destination, Memory) or not isinstance(source, RegisterOperand):
            raise self.instruction.error("MOVNTI stores a register to memory", self.instruction.place)
        self.write(destination, self.read(source), _NON_TEMPORAL)

    def load_address(self, suffix: int | None) -> None:
        destination, source = self.take(2)
        self.not_locked()
        if not isinstance(destination, RegisterOperand) or not isinstance(source, Memory):
            raise self.instruction.error("LEA computes the address of a memory operand", self.instruction.place)
        self.size = self.size_of((destination,), suffix)
        if self.size == 8:
            self.whole |= registers_of(source.address)
        self.write(destination, source.address)

    def exchange(self, suffix: int | None) -> None:
        """XCHG with memory is locked even without the prefix.  UXCH is herd7's name for one that is not locked."""
        unlocked = self.instruction.mnemonic.name[0] in "uU" and not self.locked
        tags = NO_TAGS if unlocked else _ATOMIC
        one, other = self.take(2)
        self.size = self.size_of((one, other), suffix)
        if isinstance(other, Memory):
            one, other = other, one
        if not isinstance(other, RegisterOperand) or isinstance(one, Immediate):
            raise self.instruction.error("XCHG exchanges registers and memory", self.instruction.place)
        if isinstance(one, Memory):
            old = self.read(one, tags)
            self.write(one, self.read(other), tags, rmw=bool(tags))
        else:
            self.operations.append(Set("..old", self.read(one)))
            old = Reg("..old")
            self.write(one, self.read(other))
        self.write(other, old)

    def exchange_add(self, suffix: int | None) -> None:
        destination, source = self.take(2)
        self.size = self.size_of((destination, source), suffix)
        if not isinstance(source, RegisterOperand) or isinstance(destination, Immediate):
            raise self.instruction.error("XADD adds a register to a register or memory", self.instruction.place)
        tags = _ATOMIC if self.locked else NO_TAGS
        old = self.signed(destination, tags)
        values = {"D": old, "S": self.signed(source)}
        new = substituted(expression("sext(add(D, S))", 8 * self.size), values)
        self.set_flags(ADD, {**values, "R": new})
        if isinstance(destination, RegisterOperand):
            self.operations += [Set("..old", old), Set("..sum", new)]
            old, new = Reg("..old"), Reg("..sum")
            self.write(source, old)  # the destination is written last: if both are one register, it holds the sum
            self.write(destination, new)
        else:
            self.write(destination, new, tags, rmw=self.locked)
            self.write(source, old)

    def compare_exchange(self, suffix: int | None) -> None:
        """CMPXCHG: the accumulator is compared with the destination.  herd7 writes memory first in AT&T's order, too.

        If the comparison fails, a processor stores the old value to memory.  Here, as in herd7, it stores nothing.
        """
        destination, source = self.take(2)
        if isinstance(source, Memory) and self.instruction.att:
            destination, source = source, destination
        self.size = self.size_of((destination, source), suffix)
        if not isinstance(source, RegisterOperand) or isinstance(destination, Immediate):
            raise self.instruction.error("CMPXCHG stores a register", self.instruction.place)
        accumulator = self.accumulator()
        tags = _ATOMIC if self.locked else NO_TAGS
        old = self.signed(destination, tags)
        expected = self.signed(accumulator)
        values = {"D": expected, "S": old}
        new = substituted(expression("sext(sub(D, S))", 8 * self.size), values)
        self.set_flags(SUB, {**values, "R": new})
        self.operations.append(Set("..equal", Op("eq", (expected, old))))
        equal = Reg("..equal")
        if isinstance(destination, RegisterOperand):
            self.operations.append(Set("..old", old))
            old = Reg("..old")
            self.write(destination, Op("ite", (equal, self.read(source), old)))
        else:
            self.write(destination, self.read(source), tags, rmw=self.locked, when=equal)
        kept = Reg(accumulator.part.register)
        self.operations.append(Set(kept.name, Op("ite", (equal, kept, self.merged(accumulator.part, old)))))

    def accumulator(self) -> RegisterOperand:
        name = {1: "al", 2: "ax", 4: "eax", 8: "rax"}[self.size]
        return RegisterOperand(self.machine.parts[name], self.instruction.mnemonic.place)

    def move_if(self, condition: Expr, suffix: int | None) -> None:
        """CMOVcc reads memory even if the condition does not hold."""
        destination, source = self.take(2)
        self.not_locked()
        self.size = self.size_of((destination, source), suffix)
        if not isinstance(destination, RegisterOperand) or isinstance(source, Immediate) or self.size == 1:
            raise self.instruction.error("CMOV moves a register or memory to a register", self.instruction.place)
        self.write(destination, Op("ite", (condition, self.read(source), self.read(destination))))

    def set_if(self, condition: Expr) -> None:
        (destination,) = self.take(1)
        self.not_locked()
        self.size = self.size_of((destination,), 1)
        self.write(destination, condition)

    def extend(self, extension: str, source_size: int | None, size: int | None) -> None:
        """MOVZX and MOVSX."""
        destination, source = self.take(2)
        self.not_locked()
        if not isinstance(destination, RegisterOperand) or isinstance(source, Immediate):
            raise self.instruction.error("the destination is a register, the source no number", self.instruction.place)
        self.size = self.size_of((source,), source_size) if source_size or self.is_sized(source) else 0
        size = self.size_of((destination,), size)
        if not self.size:
            raise self.instruction.error("the size of this operand is not known", source.place, "write byte ptr [x]")
        if self.size >= size:
            raise self.instruction.error("the source is not shorter than the destination", source.place)
        value: Expr = Op(f"{extension}{8 * self.size}", (self.read(source),))
        self.size = size
        self.write(destination, value)

    def convert(self, target: str, source: str, result: str) -> None:
        """CDQ and similar (CONVERSIONS).  Their operands are fixed."""
        self.take(0)
        parts, place = self.machine.parts, self.instruction.place
        self.size = parts[source].size
        value = self.read(RegisterOperand(parts[source], place))
        self.write(RegisterOperand(parts[target], place), substituted(expression(result), {"S": value}))

    def is_sized(self, operand: Operand) -> bool:
        return isinstance(operand, RegisterOperand) or (isinstance(operand, Memory) and operand.size is not None)

    def branch(self, condition: Expr | None) -> None:
        self.not_locked()
        operands = self.instruction.operands
        if len(operands) != 1 or not isinstance(operands[0], Label):
            name = self.instruction.mnemonic.name
            raise self.instruction.error(f"{name} takes a label", self.instruction.place)
        self.target = operands[0].name
        self.operations.append(Branch(self.target.name, condition))


_MOVES: dict[str, Callable[[_Lowering, int | None], None]] = {
    "mov": _Lowering.move,
    "movabs": _Lowering.move,
    "movnti": _Lowering.move_non_temporal,
    "lea": _Lowering.load_address,
    "xchg": _Lowering.exchange,
    "uxch": _Lowering.exchange,
    "xadd": _Lowering.exchange_add,
    "cmpxchg": _Lowering.compare_exchange,
}


def _extended(operator: str, value: Expr) -> Expr:
    """The value, extended.  A number is computed at once."""
    return folded(Op(operator, (value,))) if isinstance(value, int) else Op(operator, (value,))


def _chosen(expr: Expr) -> Expr:
    """The expression, in which every `ite` that depends only on the size of the operation is replaced by its result."""
    if isinstance(expr, Op):
        if expr.name == "ite" and isinstance(test := folded(expr.args[0]), int):
            return _chosen(expr.args[1] if test else expr.args[2])
        return Op(expr.name, tuple(map(_chosen, expr.args)))
    return expr


# ---------------------------------------------------------------- the architectures


def _cell(machine: Machine, text: str, exact: bool) -> CellCode:
    labels, instruction = read_cell(text, machine)
    return CellCode(labels, None if instruction is None else _Lowering(instruction, machine, exact).template())


@lru_cache(maxsize=8192)
def cell_32(text: str, exact: bool) -> CellCode:
    """The meaning of a cell of an X86 test (InstructionSet.cell)."""
    return _cell(X86, text, exact)


@lru_cache(maxsize=8192)
def cell_64(text: str, exact: bool) -> CellCode:
    """The meaning of a cell of an X86_64 test (InstructionSet.cell)."""
    return _cell(X86_64, text, exact)


_ORDER = ("ax", "bx", "cx", "dx", "si", "di", "bp", "sp", *(str(n) for n in range(8, 16)))
_RANKS = {f"{prefix}{name}": n for n, name in enumerate(_ORDER) for prefix in ("e", "r")}


def canonical_32(name: str) -> str | None:
    """The register `name` of X86, as states spell it; symbolic registers stand for themselves."""
    part = PARTS_32.get(name.lower().lstrip("%"))
    if part is not None:
        return part.register if part.size == 4 else None
    return name if name[0] == "%" else None


def canonical_64(name: str) -> str | None:
    """The register `name` of X86_64, as states spell it; symbolic registers stand for themselves."""
    part = PARTS_64.get(name.lower().lstrip("%"))
    if part is not None:
        return part.register if part.size == 8 else None
    return name if name[0] == "%" else None


def rank(name: str) -> tuple[int, str]:
    """The place of a register in herd7's order, symbolic ones last."""
    return _RANKS.get(name.lower(), 99), name


def _lower_32(test: Test) -> Program:
    return assembly.lower(test, _INSTRUCTIONS_32)


def _lower_64(test: Test) -> Program:
    return assembly.lower(test, _INSTRUCTIONS_64)


_INSTRUCTIONS_32 = InstructionSet("X86", cell_32, canonical_32, _HINT_32, width=4, silent=True)
_INSTRUCTIONS_64 = InstructionSet("X86_64", cell_64, canonical_64, _HINT_64, width=8, silent=True)

_TAGS = frozenset({*FENCES.values()}) | _ATOMIC

ARCHITECTURES = {
    "X86": Architecture("X86", _TAGS, canonical_32, rank, _HINT_32, _lower_32),
    "X86_64": Architecture("X86_64", _TAGS | _NON_TEMPORAL, canonical_64, rank, _HINT_64, _lower_64),
}
