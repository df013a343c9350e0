"""AArch64 computing: registers, flags and conditions, and the instructions that access no memory.

A register holds 64 bits.  Writing its W view clears the upper half.  Where no code of the thread and no state
can show the upper half, it is not cleared (`Template.half`; litmus/isa/assembly.py says why this is right).
Reading a W view uses the lower half only; reading an X view uses the upper half too (`Template.whole`).
"""

from __future__ import annotations

from collections.abc import Mapping

from litmus.diagnostics import near
from litmus.isa import aarch64 as table
from litmus.isa.aarch64 import ZERO, Compute
from litmus.isa.aarch64_reading import Location, Modifier, Number, Reader, View, Word, settled, view
from litmus.isa.infix import expression, registers_of, substituted
from litmus.isa.template import Access, Named
from litmus.program.code import Operation, Set
from litmus.program.values import Expr, Op, Reg, wrap

_ARITHMETIC = frozenset({"lsl", "lsr", "asr", *table.EXTENSIONS})
_LOGICAL = frozenset(table.SHIFTS)
_STACK_TARGET = frozenset({"add", "sub", "and", "orr", "eor"})
_STACK_SOURCE = frozenset({"add", "adds", "sub", "subs", "cmp", "cmn"})


class Computing:
    """An instruction that is becoming a template; each instruction that computes has a method here."""

    def __init__(self, reader: Reader, exact: bool) -> None:
        self.reader = reader
        self.name = reader.mnemonic.name.lower()
        self.exact = exact
        self.operations: list[Operation] = []
        self.accesses: list[Access] = []
        self.symbols: list[Named] = []
        self.half: set[str] = set()
        self.whole: set[str] = set()
        self.target: Named | None = None
        self.later = 0

    # ------------------------------------------------------------ registers

    def first_size(self) -> int:
        """Bytes of the register that is the first operand; 8 if there is none."""
        first = self.reader.peek()
        found = view(first.name.name) if isinstance(first, Word) else None
        return found[1] if found is not None else 8

    def used(self, register: View) -> Expr:
        """The value of a register operand.  Only as many low bits count as the operand has."""
        if register.size == 8:
            self.whole |= registers_of(register.value)
        return register.value

    def set(self, target: View, value: Expr) -> None:
        """target := value.  If the target is a W view, only the lower 32 bits of the value count."""
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
        """target := the loaded value.  It has `size` bytes, and `read` holds it sign-extended.

        same: only for CAS, true if the loaded value is the old value of the target.  Then the processor may leave the
        target alone (B2.3, the intrinsic dependencies of Compare and Swap).
        """
        if target.name == ZERO:
            return
        value = Op(f"zext{8 * size}", (read,)) if size < 4 and not signed else self.sized(target, read)
        if same is not None:
            value = Op("either", (same, Reg(target.name), value))
        if value != Reg(target.name):
            self.operations.append(Set(target.name, value))

    def accessed(self, location: Location, size: int) -> None:
        """Note an access of that many bytes."""
        self.accesses.append(Access(location.address, size, location.place))
        self.whole |= location.whole

    def written_back(self, location: Location, *used: View) -> None:
        """After the access, the base becomes the address, if the instruction writes it back.

        Raises InputError if the base is one of the registers `used`.
        """
        if location.update is None:
            return
        for register in used:
            if register.name == location.base:
                message = f"{self.reader.mnemonic.name} is unpredictable where it writes back the register it accesses"
                raise self.reader.error(message, register.place)
        self.operations.append(Set(location.base, location.update))

    # ------------------------------------------------------------ computing

    def move(self) -> None:
        """MOV is an alias of ORR, ADD, MOVZ and MOVN; the assembler chooses one of them."""
        self.reader.expect(2)
        target = self.reader.register(4, 8, stack=True)
        if isinstance(self.reader.peek(), Number):
            bits = 8 * target.size
            self.set(target, wrap(self.reader.number(-(1 << bits - 1), (1 << bits) - 1)))
        else:
            self.set(target, self.used(self.reader.register(target.size, stack=True)))

    def move_wide(self, result: str) -> None:
        """MOVZ, MOVN, MOVK: a row of WIDE says what the target becomes."""
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
        """An instruction of COMPUTE, or one like them."""
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
            elif letter == "e":
                is_number = isinstance(reader.peek(), Number)
                operands["e"] = reader.number(-128, 255) if is_number else self.used(reader.register(size))
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
        if "..carry" in registers_of(value):
            self.operations.append(Set("..carry", Reg(".c")))
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
        right = next((operands[letter] for letter in "fgm" if letter in operands), 0)
        named = {name: extended(value, bits) for name, value in (("D", left), ("S", right), ("R", result))}
        for flag, text in rows.items():
            self.operations.append(Set(flag, substituted(expression(text), named)))

    def select(self) -> None:
        """CSEL and similar choose one of two operands; the target depends on the chosen one."""
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
        operands: dict[str, Expr] = {"D": extended(self.used(left), bits)}
        if isinstance(reader.peek(), Number):
            operands["S"] = reader.number(0, 31)
        else:
            operands["S"] = extended(self.used(reader.register(left.size)), bits)
        number = reader.number(0, 15)
        condition = self.condition()
        operands["R"] = extended(substituted(expression(result), operands), bits)
        n, v = number >> 3 & 1, number & 1
        otherwise = {".n": n, ".z": number >> 2 & 1, ".c": number >> 1 & 1, ".lt": n ^ v}
        held = "..held"  # the condition is about the old flags, so it is evaluated before they change
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
        """The next operand, the system register of the flags."""
        word = self.reader.take(Word, "a system register")
        if word.name.name.upper() != "NZCV":
            raise self.reader.unsupported(f"{word.name.name}: system registers are not supported", word.place)


def extended(value: Expr, bits: int) -> Expr:
    """The value, sign-extended from its lower `bits`.  A number is computed at once."""
    return value if bits == 64 else settled(Op(f"sext{bits}", (value,)))
