"""AArch64 lowering: what the rows of litmus/isa/aarch64.py mean, as operations.

A register holds 64 bits; writing its W view clears the upper half.  Where nobody can tell, the upper
half is left as it comes (`Template.half` and litmus/isa/assembly.py): reading a W view takes the
lower half only, reading an X view is `whole`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import NoReturn

from litmus.diagnostics import Span, Unsupported, near
from litmus.isa import aarch64 as table
from litmus.isa import assembly
from litmus.isa.aarch64 import ZERO, Atomic, Compute
from litmus.isa.aarch64 import Access as Row
from litmus.isa.aarch64_reading import (
    Location,
    Modifier,
    Number,
    Reader,
    View,
    Word,
    canonical,
    plus,
    read_cell,
    settled,
    view,
)
from litmus.isa.architecture import Architecture
from litmus.isa.template import (
    END,
    Access,
    CellCode,
    InstructionSet,
    Named,
    Template,
    expression,
    registers_of,
    substituted,
)
from litmus.program.code import NO_TAGS, Branch, Fence, Load, Operation, Program, Set, Store, StoreConditional
from litmus.program.values import Expr, Op, Reg, wrap
from litmus.source.syntax import Test

_NOWHERE = ".none"  # what is loaded into XZR
_READ = ".read"  # what an atomic instruction has read

_ARITHMETIC = frozenset({"lsl", "lsr", "asr", *table.EXTENSIONS})
_LOGICAL = frozenset(table.SHIFTS)
_STACK_TARGET = frozenset({"add", "sub", "and", "orr", "eor"})
_STACK_SOURCE = frozenset({"add", "adds", "sub", "subs", "cmp", "cmn"})

_KNOWN = (
    *(
        name
        for rows in (
            table.COMPUTE, table.WIDE, table.SELECT, table.SELECT_ALIAS, table.SELECT_CONSTANT,
            table.CONDITIONAL_COMPARE, table.LOADS, table.STORES, table.EXCLUSIVE_LOADS, table.EXCLUSIVE_STORES,
            table.LOAD_PAIRS, table.STORE_PAIRS, table.ATOMIC, table.BARRIERS, table.NOTHING,
        )
        for name in rows
    ),
    *(f"b.{condition}" for condition in table.CONDITIONS),
    "mov", "rev", "b", "cbz", "cbnz", "tbz", "tbnz", "ret", "isb", "mrs", "msr",
)  # fmt: skip


class _Lowering:
    """One instruction on its way to a template."""

    def __init__(self, reader: Reader, exact: bool) -> None:
        self.reader = reader
        self.name = reader.mnemonic.name.lower()
        self.exact = exact
        self.operations: list[Operation] = []
        self.accesses: list[Access] = []
        self.half: set[str] = set()
        self.whole: set[str] = set()
        self.target: Named | None = None

    def template(self) -> Template:
        self.lower()
        self.reader.finish()
        return Template(
            self.reader.place,
            tuple(self.operations),
            self.target,
            (),
            tuple(self.accesses),
            frozenset(self.half),
            frozenset(self.whole),
        )

    def lower(self) -> None:
        name = self.name
        if name == "mov":
            self.move()
        elif name in table.LOADS:
            self.load(table.LOADS[name])
        elif name in table.STORES:
            self.store(table.STORES[name])
        elif name in table.COMPUTE:
            self.compute(table.COMPUTE[name])
        elif name in table.BARRIERS:
            self.barrier()
        elif name in ("cbz", "cbnz"):
            self.branch_on_register()
        elif name in ("tbz", "tbnz"):
            self.branch_on_bit()
        elif name == "b":
            self.branch(None)
        elif name[0] == "b" and name[1:].lstrip(".") in table.CONDITIONS:
            self.branch(expression(table.CONDITIONS[name[1:].lstrip(".")]))
        elif name == "isb":
            self.synchronize()
        elif name in table.EXCLUSIVE_LOADS:
            self.load(table.EXCLUSIVE_LOADS[name], reserve=True)
        elif name in table.EXCLUSIVE_STORES:
            self.store_exclusive(table.EXCLUSIVE_STORES[name])
        elif name in table.ATOMIC:
            self.atomic(table.ATOMIC[name])
        elif name in table.LOAD_PAIRS:
            self.load_pair(table.LOAD_PAIRS[name])
        elif name in table.STORE_PAIRS:
            self.store_pair(table.STORE_PAIRS[name])
        elif name in table.WIDE:
            self.move_wide(table.WIDE[name])
        elif name in table.SELECT or name in table.SELECT_ALIAS or name in table.SELECT_CONSTANT:
            self.select()
        elif name in table.CONDITIONAL_COMPARE:
            self.conditional_compare(*table.CONDITIONAL_COMPARE[name])
        elif name == "rev":
            self.compute(Compute("dn", table.REV[self.first_size()]))
        elif name in ("mrs", "msr"):
            self.system_register()
        elif name == "ret":
            self.return_()
        elif name not in table.NOTHING:
            self.unknown()

    def unknown(self) -> NoReturn:
        mnemonic = self.reader.mnemonic
        reason = table.UNSUPPORTED.get(self.name)
        if reason is not None:
            raise self.reader.unsupported(f"{mnemonic.name}: {reason}", mnemonic.place)
        hint = near(self.name, _KNOWN) or "instructions look like LDR W0,[X1,#4]"
        raise self.reader.error(f"unknown instruction {mnemonic.name}", mnemonic.place, hint)

    # ------------------------------------------------------------ registers

    def first_size(self) -> int:
        """Bytes of the register that is the first operand; 8 if there is none."""
        first = self.reader.peek()
        found = view(first.name.name) if isinstance(first, Word) else None
        return found[1] if found is not None else 8

    def used(self, register: View) -> Expr:
        """The value of a register operand, of which as many bits count as it has."""
        if register.size == 8:
            self.whole |= registers_of(register.value)
        return register.value

    def set(self, target: View, value: Expr) -> None:
        """target := value, of which its lower 32 bits count if the target is a W view."""
        if target.name != ZERO:
            self.operations.append(Set(target.name, self.sized(target, value)))

    def sized(self, target: View, value: Expr) -> Expr:
        """The value that the target holds afterwards."""
        if target.size == 8:
            return value
        if isinstance(value, int):
            return wrap(value & 0xFFFFFFFF)
        if self.exact:
            return Op("zext32", (value,))
        self.half.add(target.name)
        return value

    def loaded(self, target: View, size: int, signed: bool, read: Expr, same: Expr | None = None) -> None:
        """target := what was loaded with `size` bytes, and is held sign-extended in `read`.

        same: whether it was the target's old value (CAS); then the processor may leave the target alone
        (B2.3, the intrinsic dependencies of Compare and Swap).
        """
        if target.name == ZERO:
            return
        value = Op(f"zext{8 * size}", (read,)) if size < 4 and not signed else self.sized(target, read)
        if same is not None:
            value = Op("either", (same, Reg(target.name), value))
        if value != Reg(target.name):
            self.operations.append(Set(target.name, value))

    def accessed(self, location: Location, size: int) -> None:
        self.accesses.append(Access(location.address, size, location.place))
        self.whole |= location.whole

    def written_back(self, location: Location, *used: View) -> None:
        """The base becomes the address, after the access; it may not be one of the registers `used`."""
        if location.update is None:
            return
        for register in used:
            if register.name == location.base:
                message = f"{self.reader.mnemonic.name} is unpredictable where it writes back the register it accesses"
                raise self.reader.error(message, register.place)
        self.operations.append(Set(location.base, location.update))

    # ------------------------------------------------------------ computing

    def move(self) -> None:
        """MOV is an alias of ORR, ADD, MOVZ and MOVN; the assembler chooses."""
        self.reader.expect(2)
        target = self.reader.register(4, 8, stack=True)
        if isinstance(self.reader.peek(), Number):
            bits = 8 * target.size
            self.set(target, wrap(self.reader.number(-(1 << bits - 1), (1 << bits) - 1)))
        else:
            self.set(target, self.used(self.reader.register(target.size, stack=True)))

    def move_wide(self, result: str) -> None:
        target = self.reader.register(4, 8)
        number = self.reader.number(0, 0xFFFF)
        shift = self.count_of_lsl(0, 8 * target.size - 16, 16)
        operands: dict[str, Expr] = {"i": wrap(number << shift), "M": wrap(0xFFFF << shift), "d": target.value}
        if "d" in registers_of(expression(result)):
            self.used(target)
        self.set(target, settled(substituted(expression(result), operands)))

    def count_of_lsl(self, low: int, high: int, step: int) -> int:
        """The count of the `LSL #n` that may follow a number; a multiple of `step`."""
        following = self.reader.peek()
        if following is None:
            return 0
        if not isinstance(following, Modifier) or following.name.name.lower() != "lsl":
            raise self.reader.error("only LSL may follow a number", following.place)
        self.reader.next += 1
        count = self.reader.in_range(following.count, low, high)
        if count % step:
            message = f"{count} does not fit into {self.reader.mnemonic.name}"
            raise self.reader.error(message, following.count.place, f"numbers here are multiples of {step}")
        return count

    def compute(self, row: Compute) -> None:
        reader = self.reader
        operands: dict[str, Expr] = {}
        target: View | None = None
        size, bit = 8, 0
        for letter in row.operands:
            if letter in "dD":
                target = reader.register(*row.sizes, stack=self.name in _STACK_TARGET)
                size = target.size
                if letter == "D":
                    operands["d"] = self.used(target)
            elif letter in "nma":
                sizes = (size,) if target is not None else row.sizes
                register = reader.register(*sizes, stack=letter == "n" and self.name in _STACK_SOURCE)
                size = register.size
                operands[letter] = self.used(register)
            elif letter in "wv":
                operands[letter] = reader.register(4).value
            elif letter in "fg":
                operands[letter] = self.flexible(size, letter == "f")
            elif letter == "h":
                operands["h"] = self.count(size)
            elif letter == "k":
                width = reader.number(1, 8 * size - bit)
                operands["k"], operands["M"] = width, wrap((1 << width) - 1)
            else:
                number = reader.number(0, 8 * size - 1)
                operands[letter] = number
                bit = number if letter == "i" else bit
        value = settled(substituted(expression(row.result, 8 * size), operands))
        if row.flags is not None:
            self.flags(row.flags, operands, value, 8 * size)
        if target is not None:
            self.set(target, value)

    def flexible(self, size: int, arithmetic: bool) -> Expr:
        """The last operand of an arithmetic or logical instruction."""
        reader = self.reader
        operand = reader.peek()
        if isinstance(operand, Number):
            bits = 8 * size
            if not arithmetic:
                return wrap(reader.number(-(1 << bits - 1), (1 << bits) - 1))
            reader.next += 1
            shift = self.count_of_lsl(0, 12, 12)
            number = operand.value << shift
            if abs(number) > 0xFFF and (number % 0x1000 or abs(number) > 0xFFF000):
                message = f"{operand.value} does not fit into {reader.mnemonic.name}"
                raise reader.error(message, operand.place, "numbers here are 0 to 4095, and their multiples by 4096")
            return number
        register = reader.register(4, 8)
        value = reader.shifted(register, 8 * size, _ARITHMETIC if arithmetic else _LOGICAL)
        if register.size == 8 and size == 8:
            self.whole |= registers_of(value)
        return value

    def count(self, size: int) -> Expr:
        """The count of a shift."""
        if isinstance(self.reader.peek(), Number):
            return self.reader.number(0, 8 * size - 1)
        return Op("and", (self.reader.register(size).value, 8 * size - 1))

    def flags(self, rows: Mapping[str, str], operands: Mapping[str, Expr], result: Expr, bits: int) -> None:
        """The flags that an operation on `operands` with that result sets."""
        left = operands.get("n", 0)
        right = operands.get("f", operands.get("g", 0))
        named = {name: _extended(value, bits) for name, value in (("D", left), ("S", right), ("R", result))}
        for flag, text in rows.items():
            self.operations.append(Set(flag, substituted(expression(text), named)))

    def select(self) -> None:
        """CSEL and its kin choose one operand; the target depends on that one."""
        target = self.reader.register(4, 8)
        size = target.size
        if self.name in table.SELECT_CONSTANT:
            first: Expr = table.SELECT_CONSTANT[self.name]
            second: Expr = 0
            condition = self.condition()
        else:
            first = self.used(self.reader.register(size))
            if self.name in table.SELECT:
                source = self.used(self.reader.register(size))
                condition = self.condition()
                second = settled(substituted(expression(table.SELECT[self.name]), {"m": source}))
            else:
                condition = self.condition()
                first, second = settled(substituted(expression(table.SELECT_ALIAS[self.name]), {"n": first})), first
        if target.name != ZERO:
            first, second = self.sized(target, first), self.sized(target, second)
            self.operations.append(Set(target.name, Op("select", (condition, first, second))))

    def condition(self) -> Expr:
        """The next operand, a condition on the flags."""
        word = self.reader.take(Word, "a condition", "conditions are EQ, NE, LT, ...")
        text = table.CONDITIONS.get(word.name.name.lower())
        if text is None:
            hint = near(word.name.name, table.CONDITIONS) or "conditions are EQ, NE, LT, ..."
            raise self.reader.error(f"there is no condition {word.name.name}", word.place, hint)
        return expression(text)

    def conditional_compare(self, result: str, rows: Mapping[str, str]) -> None:
        """CCMP, CCMN: the flags become those of the comparison, or the bits NZCV of a number."""
        reader = self.reader
        left = reader.register(4, 8)
        bits = 8 * left.size
        operands: dict[str, Expr] = {"D": _extended(self.used(left), bits)}
        if isinstance(reader.peek(), Number):
            operands["S"] = reader.number(0, 31)
        else:
            operands["S"] = _extended(self.used(reader.register(left.size)), bits)
        number = reader.number(0, 15)
        condition = self.condition()
        operands["R"] = _extended(substituted(expression(result), operands), bits)
        n, v = number >> 3 & 1, number & 1
        otherwise = {".n": n, ".z": number >> 2 & 1, ".c": number >> 1 & 1, ".lt": n ^ v}
        held = ".held"  # the condition speaks of the flags as they were
        self.operations.append(Set(held, condition))
        for flag, text in rows.items():
            value = substituted(expression(text), operands)
            self.operations.append(Set(flag, Op("ite", (Reg(held), value, otherwise[flag]))))

    def system_register(self) -> None:
        """MRS and MSR of the flags; N, Z, C, V are bits 31 to 28 of NZCV."""
        reader = self.reader
        reader.expect(2)
        if self.name == "mrs":
            target = reader.register(8)
            self.flags_register()
            text = "or(or(shl(.n, 31), shl(.z, 30)), or(shl(.c, 29), shl(ne(.n, .lt), 28)))"
            self.set(target, expression(text))
        else:
            self.flags_register()
            operands = {"n": self.used(reader.register(8))}
            bits = {".n": "and(shr(n, 31), 1)", ".z": "and(shr(n, 30), 1)", ".c": "and(shr(n, 29), 1)"}
            bits[".lt"] = "xor(and(shr(n, 31), 1), and(shr(n, 28), 1))"
            for flag, text in bits.items():
                self.operations.append(Set(flag, substituted(expression(text), operands)))

    def flags_register(self) -> None:
        word = self.reader.take(Word, "a system register")
        if word.name.name.upper() != "NZCV":
            raise self.reader.unsupported(f"{word.name.name}: system registers are not supported", word.place)

    # ------------------------------------------------------------ loads and stores

    def load(self, row: Row, reserve: bool = False) -> None:
        target = self.reader.register(*((8,) if row.size == 4 else (4, 8) if row.size is None or row.signed else (4,)))
        size = row.size or target.size
        location = self.reader.memory(row, size)
        register = _NOWHERE if target.name == ZERO else target.name
        self.operations.append(Load(register, location.address, size, _tags(row.tags), reserve))
        self.loaded(target, size, row.signed, Reg(register))
        self.written_back(location, target)
        self.accessed(location, size)

    def store(self, row: Row) -> None:
        source = self.reader.register(*((4, 8) if row.size is None else (4,)))
        size = row.size or source.size
        location = self.reader.memory(row, size)
        self.operations.append(Store(location.address, self.used(source), size, _tags(row.tags)))
        self.written_back(location, source)
        self.accessed(location, size)

    def store_exclusive(self, row: Row) -> None:
        """The status is 0 for success."""
        status = self.reader.register(4)
        source = self.reader.register(*((4, 8) if row.size is None else (4,)))
        size = row.size or source.size
        location = self.reader.memory(row, size)
        if status.name in (source.name, location.base) and status.name != ZERO:
            message = f"{self.reader.mnemonic.name} is unpredictable where its status is another operand"
            raise self.reader.error(message, status.place)
        register = _NOWHERE if status.name == ZERO else status.name
        value = self.used(source)
        tags = _tags(row.tags)
        self.operations.append(
            StoreConditional(location.address, value, register, success=0, failure=1, size=size, tags=tags)
        )
        self.accessed(location, size)

    def load_pair(self, row: Row) -> None:
        sizes = (8,) if row.size == 4 else (4, 8)
        first = self.reader.register(*sizes)
        second = self.reader.register(first.size)
        if first.name == second.name != ZERO:
            raise self.reader.error(f"{self.reader.mnemonic.name} is unpredictable into one register", second.place)
        size = row.size or first.size
        location = self.reader.memory(row, size)
        loads = [(first, location.address), (second, _moved(location.address, size))]
        if first.name == location.base:  # it must last until the other is loaded
            loads.reverse()
        for target, address in loads:
            register = _NOWHERE if target.name == ZERO else target.name
            self.operations.append(Load(register, address, size, _tags(row.tags)))
            self.loaded(target, size, row.signed, Reg(register))
        self.written_back(location, first, second)
        self.accessed(location, size)

    def store_pair(self, row: Row) -> None:
        first = self.reader.register(4, 8)
        second = self.reader.register(first.size)
        size = first.size
        location = self.reader.memory(row, size)
        for source, address in ((first, location.address), (second, _moved(location.address, size))):
            self.operations.append(Store(address, self.used(source), size, _tags(row.tags)))
        self.written_back(location, first, second)
        self.accessed(location, size)

    # ------------------------------------------------------------ atomic read-modify-writes

    def atomic(self, row: Atomic) -> None:
        """LD<op>, ST<op>, SWP and CAS.

        A target XZR takes the order of an acquire away, and the read is in NoRet: B2.3 speaks of
        instructions with a destination other than WZR and XZR.  For CAS that is the register compared.
        """
        reader = self.reader
        source = reader.register(*((4, 8) if row.size is None else (4,)))
        target = reader.register(source.size) if row.returns else View(ZERO, source.size, source.place)
        if row.operation == "cas":
            source, target = target, source
        size = row.size or source.size
        location = reader.memory(_NO_OFFSET, size)
        returns = target.name != ZERO
        tags = {"X"} if returns else {"X", "NoRet"}
        if row.acquire and returns:
            tags.add("A")
        stored = self.used(source)
        read = _READ
        same: Expr | None = None
        if row.operation == "cas":
            same = Op("eq", (Reg(read), _extended(self.used(target), 8 * size)))
        else:
            if returns and target.name not in (source.name, location.base):
                read = target.name
            operands = {"R": Reg(read), "S": stored}
            stored = settled(substituted(expression(table.ATOMICS[row.operation], 8 * size), operands))
        self.operations.append(Load(read, location.address, size, frozenset(tags)))
        written = frozenset({"X", "L"} if row.release else {"X"})
        self.operations.append(Store(location.address, stored, size, written, same, rmw=True))
        self.loaded(target, size, False, Reg(read), same)
        self.accessed(location, size)

    # ------------------------------------------------------------ branches and barriers

    def branch(self, condition: Expr | None) -> None:
        self.reader.expect(1)
        self.go(condition)

    def go(self, condition: Expr | None) -> None:
        """Branch to the label that is the next operand."""
        operand = self.reader.peek()
        text = "" if operand is None else self.reader.source.text[operand.place.start : operand.place.end]
        if text[:1] == "." and text[1:].strip()[:1] in tuple("+-"):
            raise self.reader.unsupported(f"{text}: branches by a distance are not supported", operand.place)  # type: ignore[union-attr]
        self.target = self.reader.take(Word, "a label").name
        self.operations.append(Branch(self.target.name, condition))

    def branch_on_register(self) -> None:
        self.reader.expect(2)
        register = self.reader.register(4, 8)
        value = _extended(self.used(register), 8 * register.size)
        self.go(value if self.name == "cbnz" else Op("lnot", (value,)))

    def branch_on_bit(self) -> None:
        self.reader.expect(3)
        register = self.reader.register(4, 8)
        bit = self.reader.number(0, 8 * register.size - 1)
        if bit >= 32:
            self.used(register)
        chosen = Op("and", (register.value, wrap(1 << bit)))
        self.go(Op("lnot", (chosen,)) if self.name == "tbz" else chosen)

    def return_(self) -> None:
        """The thread is a function that was called."""
        self.reader.expect(0, 1)
        operand = self.reader.peek()
        if operand is not None:
            raise self.reader.unsupported("RET to an address is not supported", operand.place)
        self.operations.append(Branch(END))

    def barrier(self) -> None:
        self.reader.expect(1)
        word = self.reader.take(Word, "an option", f"options are {', '.join(table.OPTIONS)}")
        option = word.name.name.upper()
        if option not in table.OPTIONS:
            message = f"{self.reader.mnemonic.name} has no option {word.name.name}"
            raise self.reader.error(message, word.place, f"options are {', '.join(table.OPTIONS)}")
        self.operations.append(Fence(frozenset({f"{self.name.upper()}.{option}"})))

    def synchronize(self) -> None:
        self.reader.expect(0, 1)
        if self.reader.left():
            word = self.reader.take(Word, "SY")
            if word.name.name.upper() != "SY":
                raise self.reader.error(f"ISB has no option {word.name.name}", word.place, "its option is SY")
        self.operations.append(Fence(frozenset({"ISB"})))


_NO_OFFSET = Row(None)


def _extended(value: Expr, bits: int) -> Expr:
    """The value, sign-extended from its lower `bits`; computed where it is a number."""
    return value if bits == 64 else settled(Op(f"sext{bits}", (value,)))


def _moved(address: Expr, by: int) -> Expr:
    """The address of the second access of a pair."""
    if isinstance(address, Op) and isinstance(address.args[1], int):
        return plus(address.args[0], address.args[1] + by)
    return plus(address, by)


@lru_cache(maxsize=64)
def _tags(words: str) -> frozenset[str]:
    return frozenset(words.split()) or NO_TAGS


# ---------------------------------------------------------------- the architecture


@lru_cache(maxsize=8192)
def cell(text: str, exact: bool) -> CellCode:
    """The meaning of a cell's text (InstructionSet.cell)."""
    labels, reader = read_cell(text)
    return CellCode(labels, None if reader is None else _Lowering(reader, exact).template())


def rank(name: str) -> tuple[int, str]:
    """The place of a register in herd7's order: XZR, SP, then by number, symbolic ones last."""
    if name in (ZERO, "SP"):
        return (0 if name == ZERO else 1), ""
    return (2 + int(name[1:]), "") if name[0] == "X" else (99, name)


def _lower(test: Test) -> Program:
    for key, value in test.info.items():
        if key.lower() == "variant":
            match = re.search(rf"(?m)^[ \t]*{key}[ \t]*=[ \t]*({re.escape(value)})", test.source.text)
            span = None if match is None else Span(test.source, *match.span(1))
            raise Unsupported(f"{key}={value}: variants of the architecture are not supported", span)
    return assembly.lower(test, _INSTRUCTIONS)


_INSTRUCTIONS = InstructionSet("AArch64", cell, canonical, table.HINT, width=8)

_TAGS = table.FENCES | {"A", "L", "NT", "NoRet", "Q", "X"}

ARCHITECTURES = {"AArch64": Architecture("AArch64", _TAGS, canonical, rank, table.HINT, _lower)}
