"""AArch64 lowering: what the rows of litmus/isa/aarch64.py mean, as operations.

A register holds 64 bits.  Writing its W view clears the upper half.  Where no code of the thread and no state
can show the upper half, it is not cleared (`Template.half`; litmus/isa/assembly.py says why this is right).
Reading a W view uses the lower half only; reading an X view uses the upper half too (`Template.whole`).
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NoReturn

from litmus.diagnostics import Span, Unsupported, near
from litmus.isa import aarch64 as table
from litmus.isa import assembly
from litmus.isa.aarch64 import LINK, ZERO, Atomic, Compute
from litmus.isa.aarch64 import Access as Row
from litmus.isa.aarch64_computing import Computing, extended
from litmus.isa.aarch64_reading import (
    Distance,
    Literal,
    Number,
    View,
    Word,
    canonical,
    plus,
    read_cell,
    settled,
)
from litmus.isa.architecture import Architecture
from litmus.isa.infix import expression, substituted
from litmus.isa.jumps import unplaced
from litmus.isa.template import DISTANCE, INDIRECT, NEXT, CellCode, InstructionSet, Template
from litmus.program.code import NO_TAGS, Branch, Fence, Load, Program, Set, Store, StoreConditional
from litmus.program.values import Address, Expr, Op, Reg, wrap
from litmus.source.syntax import Test

_NOWHERE = "..none"  # what is loaded into XZR
_WHERE = "..where"  # where a call through the link register goes
_READ = "..read"  # what an atomic instruction has read
_KNOWN = (
    *(
        name
        for rows in (
            table.COMPUTE, table.WIDE, table.SELECT, table.SELECT_ALIAS, table.SELECT_CONSTANT,
            table.CONDITIONAL_COMPARE, table.LOADS, table.STORES, table.EXCLUSIVE_LOADS, table.EXCLUSIVE_STORES,
            table.LOAD_PAIRS, table.STORE_PAIRS, table.ATOMIC, table.BARRIERS, table.NOTHING, table.PREFETCHES,
        )
        for name in rows
    ),
    *(f"b.{condition}" for condition in table.CONDITIONS),
    "mov", "rev", "b", "cbz", "cbnz", "tbz", "tbnz", "bl", "br", "blr", "ret", "adr", "isb", "mrs", "msr",
)  # fmt: skip


class _Lowering(Computing):
    """One instruction that is becoming a template."""

    def template(self) -> Template:
        self.lower()
        self.reader.finish()
        return Template(
            self.reader.place,
            tuple(self.operations),
            self.target,
            tuple(self.symbols),
            tuple(self.accesses),
            frozenset(self.half),
            frozenset(self.whole),
            later=self.later,
            returns=self.name in ("bl", "blr"),
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
        elif name in ("br", "blr", "ret"):
            self.jump()
        elif name == "bl":
            self.reader.expect(1)
            self.link()
            self.go(None)
        elif name == "adr":
            self.code_address()
        elif name in table.PREFETCHES:
            self.prefetch()
        elif name not in table.NOTHING:
            self.unknown()

    def unknown(self) -> NoReturn:
        mnemonic = self.reader.mnemonic
        reason = table.UNSUPPORTED.get(self.name)
        if reason is not None:
            raise self.reader.unsupported(f"{mnemonic.name}: {reason}", mnemonic.place)
        hint = near(self.name, _KNOWN) or "instructions look like LDR W0,[X1,#4]"
        raise self.reader.error(f"unknown instruction {mnemonic.name}", mnemonic.place, hint)

    # ------------------------------------------------------------ loads and stores

    def load(self, row: Row, reserve: bool = False) -> None:
        if self.name == "ldr" and self.reader.left() == 2 and isinstance(self.reader.operands[1], Literal):
            self.load_literal()
            return
        target = self.reader.register(*((8,) if row.size == 4 else (4, 8) if row.size is None or row.signed else (4,)))
        size = row.size or target.size
        location = self.reader.memory(row, size)
        register = _NOWHERE if target.name == ZERO else target.name
        self.operations.append(Load(register, location.address, size, _tags(row.tags), reserve))
        self.loaded(target, size, row.signed, Reg(register))
        self.written_back(location, target)
        self.accessed(location, size)

    def load_literal(self) -> None:
        """LDR X1,=x loads a constant.  The assembler chooses where it is stored; that place is no variable."""
        target = self.reader.register(4, 8)
        literal = self.reader.take(Literal, "a literal")
        if isinstance(literal.value, int):
            self.set(target, wrap(literal.value))
        else:
            if target.size == 4:
                raise self.reader.error("an address has 64 bits", target.place)
            self.symbols.append(literal.value)
            self.set(target, Address(literal.value.name))

    def store(self, row: Row) -> None:
        source = self.reader.register(*((4, 8) if row.size is None else (4,)))
        size = row.size or source.size
        location = self.reader.memory(row, size)
        self.operations.append(Store(location.address, self.used(source), size, _tags(row.tags)))
        self.written_back(location, source)
        self.accessed(location, size)

    def store_exclusive(self, row: Row) -> None:
        """STXR and similar: the status becomes 0 if the store was done, 1 if not."""
        status = self.reader.register(4)
        source = self.reader.register(*((4, 8) if row.size is None else (4,)))
        size = row.size or source.size
        location = self.reader.memory(row, size)
        if status.name in (source.name, location.base) and status.name != ZERO:
            message = f"{self.reader.mnemonic.name} is unpredictable where its status is another operand"
            raise self.reader.error(message, status.place)
        register = _NOWHERE if status.name == ZERO else status.name
        value = self.used(source)
        tags, carries = _tags(row.tags), table.STATUS_CARRIES
        self.operations.append(StoreConditional(location.address, value, register, 0, 1, size, tags, carries))
        self.accessed(location, size)

    def load_pair(self, row: Row) -> None:
        first = self.reader.register(*((8,) if row.size else (4, 8)))
        second = self.reader.register(first.size)
        if first.name == second.name != ZERO:
            raise self.reader.error(f"{self.reader.mnemonic.name} is unpredictable into one register", second.place)
        size = row.size or first.size
        location = self.reader.memory(row, size)
        loads = [(first, location.address), (second, _moved(location.address, size))]
        ordered = self.name in table.ORDERED_PAIRS
        if first.name == location.base:  # the base must keep its value until the other register is loaded
            if ordered:
                message = f"{self.reader.mnemonic.name} to its base register is not supported"
                raise self.reader.unsupported(message, first.place)
            loads.reverse()
        for target, address in loads:
            if target is second and ordered:
                self.later = len(self.operations)
            register = _NOWHERE if target.name == ZERO else target.name
            self.operations.append(Load(register, address, size, _tags(row.tags)))
            self.loaded(target, size, row.signed, Reg(register))
        self.written_back(location, first, second)
        self.accessed(location, size)

    def store_pair(self, row: Row) -> None:
        first = self.reader.register(*((8,) if row.size else (4, 8)))
        second = self.reader.register(first.size)
        size = first.size
        location = self.reader.memory(row, size)
        stores = [(first, location.address), (second, _moved(location.address, size))]
        if self.name in table.ORDERED_PAIRS:
            self.later = 1
            if location.update is not None:
                stores.reverse()
        for source, address in stores:
            self.operations.append(Store(address, self.used(source), size, _tags(row.tags)))
        self.written_back(location, first, second)
        self.accessed(location, size)

    def prefetch(self) -> None:
        """Read the operands, a hint and an address.  The address may be one of code."""
        operand = self.reader.peek()
        if isinstance(operand, Number):
            self.reader.number(0, 31)
        else:
            self.reader.take(Word, "a prefetch operation", "prefetch operations are PLDL1KEEP, PSTL1STRM, ...")
        if isinstance(self.reader.peek(), Word):
            self.go(None)
            self.operations.clear()
        else:
            self.reader.memory(table.LOADS["ldr"], 8)

    # ------------------------------------------------------------ atomic read-modify-writes

    def atomic(self, row: Atomic) -> None:
        """LD<op>, ST<op>, SWP and CAS.

        If the target is XZR, the read is in NoRet and is no acquire: what B2.3 says of acquires is said of instructions
        whose destination is neither WZR nor XZR.  The destination of CAS is the register that is compared.
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
            same = Op("eq", (Reg(read), extended(self.used(target), 8 * size)))
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
        """Branch to where the next operand says: a label, or a distance in bytes from this instruction."""
        if isinstance(self.reader.peek(), Distance):
            distance = self.reader.take(Distance, "a distance")
            if distance.bytes % 4:
                message = f"{distance.bytes} bytes from here is no instruction"
                raise self.reader.error(message, distance.place, "an instruction has 4 bytes")
            self.operations.append(Branch(f"{DISTANCE}{distance.bytes // 4}", condition))
        else:
            self.target = self.reader.take(Word, "a label").name
            self.operations.append(Branch(self.target.name, condition))

    def link(self) -> None:
        """The link register becomes the address of the next instruction."""
        self.operations.append(Set(LINK, unplaced(NEXT)))

    def jump(self) -> None:
        """BR, BLR, RET: to the address that a register holds."""
        if self.name != "ret" or self.reader.left():
            name = self.reader.register(8).name
        else:
            name = LINK
        if name == ZERO:
            raise self.reader.error("XZR is no address of code", self.reader.place)
        if self.name == "blr":
            if name == LINK:
                self.operations.append(Set(_WHERE, Reg(LINK)))
                name = _WHERE
            self.link()
        self.operations.append(Branch(INDIRECT, Reg(name)))

    def code_address(self) -> None:
        """ADR: the address of a label of the thread."""
        self.reader.expect(2)
        target = self.reader.register(8)
        self.target = self.reader.take(Word, "a label").name
        if target.name != ZERO:
            self.operations.append(Set(target.name, unplaced(self.target.name)))

    def branch_on_register(self) -> None:
        self.reader.expect(2)
        register = self.reader.register(4, 8)
        value = extended(self.used(register), 8 * register.size)
        self.go(value if self.name == "cbnz" else Op("lnot", (value,)))

    def branch_on_bit(self) -> None:
        self.reader.expect(3)
        register = self.reader.register(4, 8)
        bit = self.reader.number(0, 8 * register.size - 1)
        if bit >= 32:
            self.used(register)
        chosen = Op("and", (register.value, wrap(1 << bit)))
        self.go(Op("lnot", (chosen,)) if self.name == "tbz" else chosen)

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


_INSTRUCTIONS = InstructionSet("AArch64", cell, canonical, table.HINT, width=8, link=LINK)

_TAGS = table.FENCES | {"A", "EX", "L", "NT", "NoRet", "Q", "X"}

ARCHITECTURES = {"AArch64": Architecture("AArch64", _TAGS, canonical, rank, table.HINT, _lower)}
