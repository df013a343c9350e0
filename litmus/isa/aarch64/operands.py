"""AArch64 operands: the kinds of operands that the table names, and what they mean.

Source: Arm Architecture Reference Manual for A-profile (DDI 0487): C1.2.4 for conditions, C1.3.3 for addresses,
C6.1.2 and C6.1.3 for shifted and extended registers.  Reading a W register uses its lower half only; reading an
X register uses the upper half too (`Reader.whole`).  The register XZR is no register here: reading it gives the number
0, and what is written to it is discarded.
"""

from __future__ import annotations

from msgspec import Struct

from litmus.diagnostics import InputError, near
from litmus.isa.aarch64.reading import (
    ZERO,
    Counted,
    Distance,
    Literal,
    Memory,
    Modifier,
    Number,
    Operand,
    Reader,
    View,
    Word,
    view,
)
from litmus.isa.infix import expression, registers_of, settled, substituted
from litmus.isa.jumps import unplaced
from litmus.isa.reader import DISCARDED, Bound, Kind, Location
from litmus.program.values import Address, Expr, Op, Reg, wrap

LINK = "X30"  # holds the return address

# C1.2.4 Condition code.  The flags are pseudo registers; .lt is 1 if the flags N and V differ.
CONDITIONS = {
    "eq": ".z",
    "ne": "!.z",
    "cs": ".c",
    "hs": ".c",
    "cc": "!.c",
    "lo": "!.c",
    "mi": ".n",
    "pl": "!.n",
    "vs": ".n != .lt",
    "vc": ".n == .lt",
    "hi": ".c & !.z",
    "ls": "!.c | .z",
    "ge": "!.lt",
    "lt": ".lt",
    "gt": "!(.z | .lt)",
    "le": ".z | .lt",
    "al": "1",
    "nv": "1",
}

# Shifts and extensions of a register operand
SHIFTS = {
    "lsl": "rm << count",
    "lsr": "zext(rm) >>u count",
    "asr": "sext(rm) >> count",
    "ror": "zext(rm) >>u count | (count ? rm << N - count : 0)",
}
EXTENSIONS = {
    "uxtb": "zext8(rm) << count",
    "uxth": "zext16(rm) << count",
    "uxtw": "zext32(rm) << count",
    "uxtx": "rm << count",
    "sxtb": "sext8(rm) << count",
    "sxth": "sext16(rm) << count",
    "sxtw": "sext32(rm) << count",
    "sxtx": "rm << count",
}
_LOGICAL = frozenset(SHIFTS)
_ARITHMETIC = frozenset({"lsl", "lsr", "asr", *EXTENSIONS})
# Of an index in an address: what it is, and the bits of the register that count
_INDEX = {
    "lsl": (SHIFTS["lsl"], 64),
    "uxtw": (EXTENSIONS["uxtw"], 32),
    "sxtw": (EXTENSIONS["sxtw"], 32),
    "sxtx": (EXTENSIONS["sxtx"], 64),
}

# The options of a barrier
OPTIONS = ("SY", "LD", "ST", *(f"{domain}{kind}" for domain in ("ISH", "OSH", "NSH") for kind in ("", "LD", "ST")))


# ---------------------------------------------------------------- registers


def _sizes(reader: Reader, sizes: tuple[int, ...]) -> tuple[int, ...]:
    """The sizes that the next register may have: a register of any size has that of the operation."""
    return (reader.size,) if reader.size and len(sizes) > 1 else sizes


def _register(reader: Reader, name: str, sizes: tuple[int, ...]) -> View:
    """The next operand, a register.  Where it may be the stack pointer, the operand's name says so."""
    register = reader.register(*_sizes(reader, sizes), stack="|sp" in name)
    reader.size = reader.size or register.size
    reader.views[name] = register
    return register


def _bound(name: str) -> str:
    """What expressions call an operand: `rn` for `rn|sp`."""
    return name.partition("|")[0]


def _target(*sizes: int) -> Kind[Reader]:
    """A register that the instruction sets."""

    def read(reader: Reader, bound: Bound, name: str) -> None:
        register = _register(reader, name, sizes)
        bound.targets[_bound(name)] = DISCARDED if register.name == ZERO else register.name

    return Kind(read)


def _source(*sizes: int) -> Kind[Reader]:
    """A register that the instruction uses."""

    def read(reader: Reader, bound: Bound, name: str) -> None:
        bound.values[_bound(name)] = reader.used(_register(reader, name, sizes))

    return Kind(read)


def _both(*sizes: int) -> Kind[Reader]:
    """A register that the instruction uses and sets."""
    target = _target(*sizes)

    def read(reader: Reader, bound: Bound, name: str) -> None:
        target.read(reader, bound, name)
        bound.values[name] = reader.used(reader.views[name])

    return Kind(read)


def _second_target(reader: Reader, bound: Bound, name: str) -> None:
    """The second register of a pair."""
    (first,) = bound.targets.values()
    register = _register(reader, name, (4, 8))
    bound.targets[name] = DISCARDED if register.name == ZERO else register.name
    if bound.targets[name] == first != DISCARDED:
        raise reader.error(f"{reader.mnemonic.name} is unpredictable into one register", register.place)


def _status(reader: Reader, bound: Bound, name: str) -> None:
    """The status of a store-exclusive, a W register whatever the size of the store is."""
    register = reader.register(4)
    reader.views[name] = register
    bound.targets[name] = DISCARDED if register.name == ZERO else register.name


def _tested(reader: Reader, bound: Bound, name: str) -> None:
    """A register of which one bit counts."""
    bound.values[name] = _register(reader, name, (4, 8)).value


def _bit(reader: Reader, bound: Bound, name: str) -> None:
    """The number of the bit of a register that counts, bound as a mask."""
    number = reader.number(0, 8 * reader.size - 1)
    if number >= 32:
        for register in reader.views.values():
            reader.used(register)
    bound.values[name] = wrap(1 << number)


def _code(reader: Reader, bound: Bound, name: str) -> None:
    """A register that holds an address of code."""
    register = reader.register(8)
    if register.name == ZERO:
        raise reader.error("XZR is no address of code", reader.place)
    bound.values[name] = register.value


def _return_address(bound: Bound, name: str) -> None:
    bound.values[name] = Reg(LINK)


# ---------------------------------------------------------------- numbers


def _number(low: int, high: int) -> Kind[Reader]:
    """A number from `low` to `high`."""

    def read(reader: Reader, bound: Bound, name: str) -> None:
        bound.values[name] = reader.number(low, high)

    return Kind(read)


def _or_number(low: int, high: int) -> Kind[Reader]:
    """A register that the instruction uses, or a number from `low` to `high`."""

    def read(reader: Reader, bound: Bound, name: str) -> None:
        if isinstance(reader.peek(), Number):
            bound.values[_bound(name)] = reader.number(low, high)
        else:
            bound.values[_bound(name)] = reader.used(_register(reader, name, (4, 8)))

    return Kind(read)


def _any_number(reader: Reader) -> int:
    """The next operand, a number that a register of the operation's size holds, with or without a sign."""
    bits = 8 * reader.size
    return wrap(reader.number(-(1 << bits - 1), (1 << bits) - 1))


def _moved(reader: Reader, bound: Bound, name: str) -> None:
    """What MOV moves.  It is an alias of ORR, ADD, MOVZ and MOVN; the assembler chooses one of them."""
    if isinstance(reader.peek(), Number):
        bound.values[_bound(name)] = _any_number(reader)
    else:
        bound.values[_bound(name)] = reader.used(_register(reader, name, (4, 8)))


def _position(reader: Reader, bound: Bound, name: str) -> None:
    """The number of a bit of the register."""
    bound.values[name] = reader.number(0, 8 * reader.size - 1)


def _width(reader: Reader, bound: Bound, name: str) -> None:
    """The number of bits of a field that begins at `lsb`; `mask` has as many bits."""
    lsb = bound.values["lsb"]
    assert isinstance(lsb, int)
    width = reader.number(1, 8 * reader.size - lsb)
    bound.values[name], bound.values["mask"] = width, wrap((1 << width) - 1)


def _placed_number(reader: Reader, bound: Bound, name: str) -> None:
    """A number of 16 bits, shifted to its place in the register; `mask` has the bits of that place."""
    number = reader.number(0, 0xFFFF)
    shift = _count_of_lsl(reader, 0, 8 * reader.size - 16, 16)
    bound.values[name], bound.values["mask"] = wrap(number << shift), wrap(0xFFFF << shift)


def _count_of_lsl(reader: Reader, low: int, high: int, step: int) -> int:
    """The count of the `LSL #n` that may follow a number; a multiple of `step`."""
    following = reader.peek()
    if following is None:
        return 0
    if not isinstance(following, Modifier) or following.name.name.lower() != "lsl":
        raise reader.error("only LSL may follow a number", following.place)
    reader.next += 1
    count = reader.in_range(following.count, low, high)
    if count % step:
        message = f"{count} does not fit into {reader.mnemonic.name}"
        raise reader.error(message, following.count.place, f"numbers here are multiples of {step}")
    return count


def _literal(reader: Reader, bound: Bound, name: str) -> None:
    """`=x`, `=1`: a constant.  The assembler chooses where it is stored; that place is no variable."""
    literal = reader.take(Literal, "a literal")
    if isinstance(literal.value, int):
        bound.values[name] = wrap(literal.value)
        return
    if reader.size == 4:
        (target,) = reader.views.values()
        raise reader.error("an address has 64 bits", target.place)
    bound.symbols += (literal.value,)
    bound.values[name] = Address(literal.value.name)


# ---------------------------------------------------------------- flexible operands


def _addend(reader: Reader, bound: Bound, name: str) -> None:
    """The last operand of an arithmetic instruction."""
    operand = reader.peek()
    if not isinstance(operand, Number):
        bound.values[name] = _flexible(reader, _ARITHMETIC)
        return
    reader.next += 1
    number = operand.value << _count_of_lsl(reader, 0, 12, 12)
    if abs(number) > 0xFFF and (number % 0x1000 or abs(number) > 0xFFF000):
        message = f"{operand.value} does not fit into {reader.mnemonic.name}"
        raise reader.error(message, operand.place, "numbers here are 0 to 4095, and their multiples by 4096")
    bound.values[name] = number


def _bits(reader: Reader, bound: Bound, name: str) -> None:
    """The last operand of a logical instruction."""
    if isinstance(reader.peek(), Number):
        bound.values[name] = _any_number(reader)
    else:
        bound.values[name] = _flexible(reader, _LOGICAL)


def _flexible(reader: Reader, shifts: frozenset[str]) -> Expr:
    """A register, with the shift or extension that may follow it."""
    register = reader.register(4, 8)
    value = _shifted(reader, register, shifts)
    if register.size == reader.size == 8:
        reader.whole |= registers_of(value)
    return value


def _shifted(reader: Reader, register: View, shifts: frozenset[str]) -> Expr:
    bits, following = 8 * reader.size, reader.peek()
    if isinstance(following, Modifier):
        name, count = following.name, following.count
    elif isinstance(following, Word) and following.name.name.lower() in EXTENSIONS:
        name, count = following.name, Number(0, following.place)
    else:
        if register.size != reader.size:
            raise _narrow(reader, register)
        return register.value
    reader.next += 1
    kind = name.name.lower()
    if kind not in shifts:
        known = ", ".join(sorted(shifts)).upper()
        raise reader.error(f"{reader.mnemonic.name} has no {name.name} here", name.place, f"it may be one of {known}")
    if kind in SHIFTS:
        if register.size != reader.size:
            raise _narrow(reader, register)
        shift = reader.in_range(count, 0, bits - 1)
        text = SHIFTS[kind]
    else:
        shift = reader.in_range(count, 0, 4)
        text = EXTENSIONS[kind]
    return settled(substituted(expression(text, bits), {"rm": register.value, "count": shift}))


def _narrow(reader: Reader, register: View) -> InputError:
    name = reader.text[register.place.start : register.place.end]
    hint = f"write {name},SXTW or {name},UXTW" if register.size == 4 else None
    return reader.error(f"{name} has {8 * register.size} bits, the operation another number", register.place, hint)


def _shift(reader: Reader, bound: Bound, name: str) -> None:
    """The count of a shift, a number or a register; a count in a register is taken modulo the size."""
    if isinstance(reader.peek(), Number):
        bound.values[name] = reader.number(0, 8 * reader.size - 1)
    else:
        bound.values[name] = settled(Op("and", (reader.register(reader.size).value, 8 * reader.size - 1)))


# ---------------------------------------------------------------- addresses


class Offsets(Struct, frozen=True):
    """The offsets that an address may have.

    bits: how many bits the instruction has for an offset from the base.  0: it has no offset.  9: signed bytes.
    7: signed, in units of the access.  12: unsigned, in units of the access; then the offset may also be a register,
    or one of the 9-bit offsets of LDUR.
    update: the instruction may write the address back to the base.
    step: used in place of an offset.  The base may move by exactly this many accesses: a negative step moves it down
    before the accesses, a positive step moves it up after them.
    """

    bits: int = 0
    update: bool = False
    step: int = 0


def _address(bits: int = 0, update: bool = False, step: int = 0) -> Kind[Reader]:
    """An address in brackets, and the offset behind it that moves the base after the access."""
    offsets = Offsets(bits, update, step)

    def read(reader: Reader, bound: Bound, name: str) -> None:
        bound.location = _location(reader, offsets, reader.unit or reader.size)

    return Kind(read, most=2)


def plus(address: Expr, offset: int) -> Expr:
    """The address, moved by a number of bytes."""
    return Op("add", (address, offset)) if offset else address


def _location(reader: Reader, offsets: Offsets, size: int) -> Location:
    """The address of an access of `size` bytes."""
    operand = reader.peek()
    if isinstance(operand, Word) and view(operand.name.name) is None:
        raise reader.unsupported("loads and stores of code are not supported", operand.place)
    memory = reader.take(Memory, "an address", "addresses look like [X1]")
    base, *rest = memory.parts
    assert isinstance(base, Word)
    name = reader.known(base, 8, stack=True).name
    if name == ZERO:
        raise reader.error("XZR is no address", base.place, "addresses look like [X1]")
    reader.address = memory.place
    reader.whole.add(name)
    if reader.peek() is not None:
        offset = reader.take(Number, "a number of bytes")
        if memory.update or rest or not offsets.update or offsets.step < 0:
            raise reader.error(f"{reader.mnemonic.name} does not take an offset behind this address", offset.place)
        _check_offset(reader, offset, offsets, size, update=True)
        return Location(Reg(name), name, plus(Reg(name), offset.value))
    updates = offsets.update and offsets.step <= 0
    if memory.update and (not updates or len(rest) != 1 or not isinstance(rest[0], Number)):
        raise reader.error(f"{reader.mnemonic.name} cannot write back this address", memory.place)
    if not rest:
        return Location(Reg(name), name)
    if isinstance(rest[0], Number):
        if len(rest) > 1:
            raise reader.error("an offset is a number or a register", rest[1].place)
        _check_offset(reader, rest[0], offsets, size, memory.update)
        address = plus(Reg(name), rest[0].value)
        return Location(address, name, address if memory.update else None)
    return Location(Op("add", (Reg(name), _index(reader, rest, offsets))), name)


def _check_offset(reader: Reader, offset: Number, offsets: Offsets, size: int, update: bool) -> None:
    """Raises InputError if the instruction cannot encode the offset."""
    value = offset.value
    low, high, unit = -256, 255, 1
    if offsets.bits == 7:
        low, high, unit = -64 * size, 63 * size, size
    elif offsets.bits == 12 and not update and value > high:
        low, high, unit = 0, 4095 * size, size
    elif offsets.bits == 0:
        low = high = offsets.step * size if update else 0
    if not low <= value <= high or value % unit:
        multiple = f", multiples of {unit}" if unit > 1 else ""
        message = f"{value} does not fit into {reader.mnemonic.name}"
        hint = f"offsets here are {low} to {high}{multiple}" if low < high else f"the offset here is {low}"
        raise reader.error(message, offset.place, hint)


def _index(reader: Reader, parts: list[Operand], offsets: Offsets) -> Expr:
    """What an index register adds to an address."""
    if offsets.bits != 12:
        raise reader.error(f"{reader.mnemonic.name} does not take a register as an offset", parts[0].place)
    if not isinstance(parts[0], Word) or len(parts) > 2:
        raise reader.error("this is no address", parts[-1].place, "addresses look like [X1,W2,SXTW]")
    register = reader.known(parts[0], 4, 8)
    kind, count = "lsl", 0
    if len(parts) == 2:
        part = parts[1]
        if not isinstance(part, Word | Modifier):
            raise reader.error("this is no address", part.place, "addresses look like [X1,W2,SXTW]")
        kind = part.name.name.lower()
        if kind not in _INDEX:
            message = f"{part.name.name} of an index is not known"
            raise reader.error(message, part.name.place, f"it may be one of {', '.join(sorted(_INDEX)).upper()}")
        count = reader.in_range(part.count, 0, 4) if isinstance(part, Modifier) else 0
    text, bits = _INDEX[kind]
    if register.size == 4 and bits == 64:
        raise _narrow(reader, register)
    if bits == 64:
        reader.whole |= registers_of(register.value)
    return settled(substituted(expression(text), {"rm": register.value, "count": count}))


# ---------------------------------------------------------------- words


def _condition(reader: Reader, bound: Bound, name: str) -> None:
    """A condition on the flags."""
    word = reader.take(Word, "a condition", "conditions are EQ, NE, LT, ...")
    text = CONDITIONS.get(word.name.name.lower())
    if text is None:
        hint = near(word.name.name, CONDITIONS) or "conditions are EQ, NE, LT, ..."
        raise reader.error(f"there is no condition {word.name.name}", word.place, hint)
    bound.values[name] = expression(text)


def _flags_register(reader: Reader, bound: Bound, name: str) -> None:
    """The system register of the flags."""
    word = reader.take(Word, "a system register")
    if word.name.name.upper() != "NZCV":
        raise reader.unsupported(f"{word.name.name}: system registers are not supported", word.place)


def _option(reader: Reader, bound: Bound, name: str) -> None:
    """The option of DMB and DSB."""
    word = reader.take(Word, "an option", f"options are {', '.join(OPTIONS)}")
    option = word.name.name.upper()
    if option not in OPTIONS:
        message = f"{reader.mnemonic.name} has no option {word.name.name}"
        raise reader.error(message, word.place, f"options are {', '.join(OPTIONS)}")
    bound.choice = (option,)


def _system(reader: Reader, bound: Bound, name: str) -> None:
    """The option of ISB."""
    word = reader.take(Word, "SY")
    if word.name.name.upper() != "SY":
        raise reader.error(f"ISB has no option {word.name.name}", word.place, "its option is SY")


def _label(reader: Reader, bound: Bound, name: str) -> None:
    """Where a branch goes: a label, or a distance in bytes from the instruction."""
    if not isinstance(reader.peek(), Distance):
        bound.label = reader.take(Word, "a label").name
        return
    distance = reader.take(Distance, "a distance")
    if distance.bytes % 4:
        message = f"{distance.bytes} bytes from here is no instruction"
        raise reader.error(message, distance.place, "an instruction has 4 bytes")
    reader.distance = distance.bytes // 4


def _code_address(reader: Reader, bound: Bound, name: str) -> None:
    """A label whose address is meant."""
    bound.label = reader.take(Word, "a label").name
    bound.values[name] = unplaced(bound.label.name)


def _hint(reader: Reader, bound: Bound, name: str) -> None:
    """What a prefetch is for."""
    if isinstance(reader.peek(), Number):
        reader.number(0, 31)
    else:
        reader.take(Word, "a prefetch operation", "prefetch operations are PLDL1KEEP, PSTL1STRM, ...")


def _prefetched(reader: Reader, bound: Bound, name: str) -> None:
    """An address, which may be one of code."""
    if isinstance(reader.peek(), Word):
        bound.label = reader.take(Word, "a label").name
    else:
        _location(reader, Offsets(12, update=True), 8)


# Letters as in the manual: w and x registers have 32 and 64 bits, r registers the size of the operation.  d are
# targets, n, m, a and s sources, dn both.
OPERANDS: dict[str, Kind[Reader]] = {
    "rd": _target(4, 8),
    "rd|sp": _target(4, 8),
    "wd": _target(4),
    "xd": _target(8),
    "rd2": Kind(_second_target),
    "rdn": _both(4, 8),
    "wdn": _both(4),
    "rn": _source(4, 8),
    "rn|sp": _source(4, 8),
    "rm": _source(4, 8),
    "ra": _source(4, 8),
    "rs": _source(4, 8),
    "rs2": _source(4, 8),
    "wn": _source(4),
    "wm": _source(4),
    "ws": _source(4),
    "xn": _source(8),
    "xs": _source(8),
    "status": Kind(_status),
    "tested": Kind(_tested),
    "bit": Kind(_bit),
    "code": Kind(_code, absent=_return_address),
    "rm|imm5": _or_number(0, 31),
    "rm|imm8": _or_number(-128, 255),
    "rn|sp|imm": Counted(_moved),
    "nzcv": _number(0, 15),
    "imm16": Kind(_placed_number, most=2),
    "lsb": Kind(_position),
    "width": Kind(_width),
    "immr": Kind(_position),
    "imms": Kind(_position),
    "literal": Kind(_literal),
    "addend": Kind(_addend, most=2),
    "bits": Kind(_bits, most=2),
    "shift": Kind(_shift),
    "base+0": _address(),
    "base+imm9": _address(9),
    "base+imm7": _address(7),
    "base+imm7!": _address(7, update=True),
    "base+offset!": _address(12, update=True),
    "base!+2": _address(update=True, step=2),
    "base!-2": _address(update=True, step=-2),
    "cond": Kind(_condition),
    "NZCV": Counted(_flags_register),
    "option": Counted(_option),
    "sy": Counted(_system),
    "label": Counted(_label),
    "address": Counted(_code_address),
    "prfop": Kind(_hint),
    "prefetched": Kind(_prefetched),
}
