"""ARM operands: the registers, how a cell is written, and the kinds of operands that the table names.

Numbers of sections are those of the ARM Architecture Reference Manual, ARMv7-A and ARMv7-R edition (DDI 0406C).
Registers hold 32 bits, here as signed numbers.  The condition flags are pseudo registers: .n, .z, .c, .v.
"""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct

from litmus.diagnostics import near
from litmus.isa.cells import place_of, placed
from litmus.isa.infix import expression, settled, substituted
from litmus.isa.jumps import unplaced
from litmus.isa.operands import LABEL, number
from litmus.isa.reader import Bound, Kind, Location, Reader
from litmus.isa.template import Named
from litmus.program.values import Address, Expr, Op, Reg, wrap
from litmus.source.lalr.trees import Tree, as_tree

REGISTERS = (*(f"R{n}" for n in range(13)), "SP", "LR", "PC")
# R13 to R15, and the names of the procedure call standard (AAPCS32, 6.1.1)
ALIASES = {"R13": "SP", "R14": "LR", "R15": "PC", "FP": "R11", "IP": "R12", "SL": "R10", "SB": "R9"}
HINT = "registers are R0 to R15, SP, LR, FP, IP"
LINK = "LR"  # holds the return address
STACK = "SP"

GRAMMAR = r"""
start: label* [instruction]
label: NAME ":"
instruction: NAME [operand ("," operand)*]
operand: NAME | SYMBOLIC | NUMBER
    | "-" _register                               -> negative
    | _register "!"                               -> written_back
    | NAME (NAME | SYMBOLIC | NUMBER)             -> shift
    | "=" (NAME | NUMBER)                         -> literal
    | "[" _register ("," part)* "]" [WRITE_BACK]  -> memory
    | "{" range ("," range)* "}"                  -> registers
part: NAME | SYMBOLIC | NUMBER
    | "-" _register                               -> negative
    | NAME NUMBER                                 -> shift
range: _register ["-" _register]
_register: NAME | SYMBOLIC
NAME: /[A-Za-z_.][\w.]*/
SYMBOLIC: /%[A-Za-z_]\w*/
NUMBER: /#?[+-]?(0[xX][0-9a-fA-F]+|0[bB][01]+|[0-9]+)/
WRITE_BACK: "!"
%ignore /[ \t\r\n\f]+/
"""
EXAMPLES = "instructions look like LDR R1,[R2]"

_CANONICAL = {name: name for name in REGISTERS} | ALIASES
_RANK = {name: number for number, name in enumerate(REGISTERS)}
_NUMERIC = frozenset("#+-0123456789")  # what numbers begin with


class Shift(Struct, frozen=True):
    """What a shift of the register `rn` gives.  Its count, which has the name of the shift, is a register or a number.

    least, most: the numbers that may be its count.
    """

    result: str
    least: int
    most: int


# A8.4 Shifts applied to a register; a count in a register has 8 bits
SHIFTS = {
    "lsl": Shift("(lsl & 255) >u 31 ? 0 : sext32(rn << (lsl & 31))", 0, 31),
    "lsr": Shift("(lsr & 255) >u 31 ? 0 : sext32(zext32(rn) >>u (lsr & 31))", 1, 32),
    "asr": Shift("rn >> ((asr & 255) >u 31 ? 31 : asr & 31)", 1, 32),
    "ror": Shift("sext32(zext32(rn) >>u (ror & 31) | rn << 32 - (ror & 31))", 1, 31),
}

# A8.8.43 and A8.8.44: the options of barriers, and which barriers they make.  The threads of a test are in one inner
# shareable domain.  A barrier for that domain, for the outer domain or for the system orders them; a non-shareable
# barrier does not.
OPTIONS = {
    "sy": "sy",
    "osh": "sy",
    "ish": "ish",
    "sh": "ish",
    "nsh": "nsh",
    "un": "nsh",
    "st": "st",
    "oshst": "st",
    "ishst": "st",
    "shst": "st",
    "nshst": "nsh",
    "unst": "nsh",
}
_OF_LOADS = frozenset({"ld", "ishld", "oshld", "nshld"})  # of version 8


def canonical(name: str) -> str | None:
    """The register `name`, as states spell it; symbolic registers (`%x0`) stand for themselves."""
    return _CANONICAL.get(name) or _CANONICAL.get(name.upper()) or (name if name[0] == "%" else None)


def rank(name: str) -> tuple[int, str]:
    """The place of a register in herd's order: by number, symbolic ones last."""
    return _RANK.get(name, len(_RANK)), name


class ArmReader(Reader):
    """The operands of an ARM instruction.  The shift of a register belongs to the operand before it."""

    def known(self, token: Named) -> str:
        """The register that a token names.  Raises Unsupported for the program counter."""
        name = super().known(token)
        if name == "PC":
            raise self.unsupported("the program counter as an operand is not supported", token.place)
        return name

    def count(self) -> int:
        """How many operands there are; the shift of an operand is not counted."""
        return sum(operand.data != "shift" for operand in self.operands)

    def read(self, operands: str) -> Bound:
        """All operands.  Raises InputError also for the shift of an operand that may have none."""
        bound = super().read(operands)
        if self.left():
            raise self.error(f"{self.mnemonic.name} wants no operand here", place_of(self.operands[self.next]))
        return bound


# ---------------------------------------------------------------- registers and numbers


def _is_number(reader: Reader) -> bool:
    """Whether the next operand is a number."""
    tree = reader.operands[reader.next]
    return tree.data == "operand" and str(tree.children[0])[0] in _NUMERIC


def _target(reader: Reader, bound: Bound, name: str) -> None:
    register = reader.register()
    bound.targets[name], bound.values[name] = register, Reg(register)


def _source(reader: Reader, bound: Bound, name: str) -> None:
    bound.values[name] = Reg(reader.register())


def _target_too(bound: Bound, name: str) -> None:
    """`ADD R1,#1`: the target is the first source, too."""
    bound.values[name] = bound.values["rd"]


def _flexible(reader: Reader, bound: Bound, name: str) -> None:
    """The second operand: a number, or a register that may be shifted (A5.2.4, A8.4)."""
    if _is_number(reader):
        bound.values[name] = wrap(reader.number(-(1 << 31), (1 << 32) - 1), 32)
        return
    value: Expr = Reg(reader.register())
    if reader.left() and reader.operands[reader.next].data == "shift":
        value = _shifted(reader, value, reader.operand())
    bound.values[name] = value


def _shifted(reader: Reader, value: Expr, shift: Tree) -> Expr:
    """The value of a register after a shift such as `LSL #2`."""
    kind, by = map(placed, shift.children)
    name = kind.name.lower()
    if name not in SHIFTS:
        raise reader.error(f"there is no shift {kind.name}", kind.place, "shifts are LSL, LSR, ASR and ROR")
    row = SHIFTS[name]
    given = by.name[0] in _NUMERIC
    count: Expr = reader.in_range(by, row.least, row.most) if given else Reg(reader.known(by))
    return settled(substituted(expression(row.result), {"rn": value, name: count}))


def _count(reader: Reader, bound: Bound, name: str) -> None:
    """The count of the shift of that name."""
    row = SHIFTS[name]
    bound.values[name] = reader.number(row.least, row.most) if _is_number(reader) else Reg(reader.register())


def _width(reader: Reader, bound: Bound, name: str) -> None:
    """How many bits a field has that begins at the bit `lsb`."""
    lowest = bound.values["lsb"]
    assert isinstance(lowest, int)
    bound.values[name] = reader.number(1, 32 - lowest)


# ---------------------------------------------------------------- addresses


def _address(reader: Reader, bound: Bound, name: str) -> None:
    """`[Rn]`, `[Rn,#4]` or `[Rn,-Rm,LSL #2]`, each with or without `!`; or `[Rn]` and an offset after it."""
    tree = _memory(reader)
    first, *parts, write_back = tree.children
    base = reader.known(placed(first))
    offset = _offset(reader, [as_tree(part) for part in parts]) if parts else 0
    behind = reader.left() > 0
    if behind:
        if parts or write_back is not None:
            raise reader.error("an offset behind an address belongs to [Rn] alone", place_of(tree))
        offset = _offset(reader, [reader.operand() for _ in range(reader.left())])
    moved = Reg(base) if offset == 0 else _plus(base, offset)
    updated = Op("sext32", (moved,)) if behind or write_back is not None else None
    bound.location = Location(Reg(base) if behind else moved, base, updated)


def _base(reader: Reader, bound: Bound, name: str) -> None:
    """`[Rn]`, which may be written `[Rn,#0]`."""
    tree = _memory(reader)
    first, *parts, write_back = tree.children
    base = placed(first)
    register = reader.known(base)
    offset = _offset(reader, [as_tree(part) for part in parts]) if parts else 0
    if offset != 0 or write_back is not None or reader.left():
        raise reader.error(f"{reader.mnemonic.name} takes no offset", place_of(tree), f"write [{base.name}]")
    bound.location = Location(Reg(register), register)


def _memory(reader: Reader) -> Tree:
    """The next operand, which is an address in brackets."""
    tree = reader.operand()
    if tree.data != "memory":
        hint = "addresses look like [R1] or [R1,#4]"
        raise reader.error(f"{reader.mnemonic.name} wants an address here", place_of(tree), hint)
    return tree


def _offset(reader: Reader, parts: list[Tree]) -> Expr:
    """The offset of an address: a number, or a register that may have a minus sign and a shift."""
    first, *shifts = parts
    token = placed(first.children[0])
    if token.name[0] in _NUMERIC:
        if shifts:
            raise reader.error("a number as an offset is not shifted", place_of(shifts[0]))
        return reader.in_range(token, -4095, 4095)
    if first.data not in ("operand", "part", "negative"):
        raise reader.error(f"{reader.mnemonic.name} wants an offset here", place_of(first))
    value: Expr = Reg(reader.known(token))
    if shifts:
        if len(shifts) > 1 or shifts[0].data != "shift":
            raise reader.error(f"{reader.mnemonic.name} wants a shift here", place_of(shifts[0]), "LSL #2")
        value = _shifted(reader, value, shifts[0])
    return Op("neg", (value,)) if first.data == "negative" else value


def _plus(base: str, offset: Expr) -> Expr:
    """The address: the value of the register `base` plus the offset."""
    if isinstance(offset, Op) and offset.name == "neg":
        return Op("sub", (Reg(base), offset.args[0]))
    return Op("add", (Reg(base), offset))


def _constant(reader: Reader, bound: Bound, name: str) -> None:
    """`=x` or `=1`.  The assembler chooses where the constant is stored; that place is no variable."""
    token = placed(reader.operand().children[0])
    if token.name[0] in _NUMERIC:
        bound.values[name] = wrap(reader.in_range(token, -(1 << 31), (1 << 32) - 1), 32)
    else:
        bound.symbols += (token,)
        bound.values[name] = Address(token.name)


def _code(reader: Reader, bound: Bound, name: str) -> None:
    """A label, which means the address of the instruction behind it."""
    bound.label = reader.token("a label")
    bound.values[name] = unplaced(bound.label.name)


# ---------------------------------------------------------------- several registers


def _second(reader: Reader, bound: Bound, name: str) -> None:
    """The second register of LDRD and STRD.  If it is left out, it is the register after the first, `rt`."""
    if reader.left() > 1 and reader.operands[reader.next].data == "operand":
        _source(reader, bound, name)
        return
    first = bound.values["rt"]
    assert isinstance(first, Reg)
    if _RANK.get(first.name, len(_RANK)) >= _RANK["R12"]:
        raise reader.error(f"{reader.mnemonic.name} needs a second register", reader.place)
    bound.values[name] = Reg(REGISTERS[_RANK[first.name] + 1])


def _multiple_base(reader: Reader, bound: Bound, name: str) -> None:
    """`Rn` or `Rn!`: with the sign, it is written back, and thus a target."""
    tree = reader.operand()
    if tree.data not in ("operand", "written_back"):
        raise reader.error(f"{reader.mnemonic.name} wants a base register here", place_of(tree), "R0 or R0!")
    register = reader.known(placed(tree.children[0]))
    bound.location = Location(Reg(register), register)
    if tree.data == "written_back":
        bound.targets[name] = register


def _stack(reader: Reader, bound: Bound, name: str) -> None:
    """The stack pointer is the base, and it is written back."""
    bound.location = Location(Reg(STACK), STACK)
    bound.targets[name] = STACK


def _registers(reader: Reader, bound: Bound, name: str) -> None:
    """The registers in braces, in ascending order: the order of their addresses.  `size` is that of all their words."""
    tree = reader.operand()
    if tree.data != "registers":
        message = f"{reader.mnemonic.name} wants registers here"
        raise reader.error(message, place_of(tree), "write {R1,R2} or {R1-R3}")
    found: set[int] = set()
    for part in map(as_tree, tree.children):
        tokens = [placed(token) for token in part.children if token is not None]
        names = [reader.known(token) for token in tokens]
        for register, token in zip(names, tokens, strict=True):
            if register not in _RANK:
                raise reader.error(f"{token.name} has no place in the order of registers", token.place)
        first, last = _RANK[names[0]], _RANK[names[-1]]
        if first > last:
            raise reader.error(f"{part.children[0]} does not come before {part.children[1]}", place_of(part))
        found.update(range(first, last + 1))
    for place in sorted(found):
        bound.values[f"{name}.{place}"] = Reg(REGISTERS[place])
    bound.values["size"] = 4 * len(found)


# ---------------------------------------------------------------- words


def _option(options: Mapping[str, str], unsupported: frozenset[str] = frozenset()) -> Kind[Reader]:
    """The option of a barrier, which may be left out; then it is SY."""

    def read(reader: Reader, bound: Bound, name: str) -> None:
        token = reader.token("an option")
        option = token.name.lower()
        if option in unsupported:
            raise reader.unsupported(f"{token.name}: barriers of loads are not supported", token.place)
        if option not in options:
            known = [word.upper() for word in options]
            hint = near(token.name, known) or f"options are {', '.join(known)}"
            raise reader.error(f"{reader.mnemonic.name} has no option {token.name}", token.place, hint)
        bound.choice += (options[option],)

    def absent(bound: Bound, name: str) -> None:
        bound.choice += (options["sy"],)

    return Kind(read, absent=absent)


def _condition(reader: Reader, bound: Bound, name: str) -> None:
    """The condition of IT, which the instructions after it repeat."""
    reader.token("a condition")


OPERANDS: dict[str, Kind[Reader]] = {
    "rd": Kind(_target),
    "rn": Kind(_source, absent=_target_too),
    "rm": Kind(_source),
    "ra": Kind(_source),
    "rt": Kind(_source),
    "rt2": Kind(_second, least=0),
    "op2": Kind(_flexible),
    "imm16": number(0, 65535),
    "lsb": number(0, 31),
    "width": Kind(_width),
    **dict.fromkeys(SHIFTS, Kind(_count)),
    "(rn+offset)": Kind(_address, most=2),
    "(rn)": Kind(_base),
    "(rn+0)": Kind(_base, most=2),  # an offset has an error of its own
    "constant": Kind(_constant),
    "rn!": Kind(_multiple_base),
    "sp!": Kind(_stack, least=0, most=0),
    "registers": Kind(_registers),
    "option": _option(OPTIONS, _OF_LOADS),
    "sy": _option({"sy": "sy"}),
    "condition": Kind(_condition),
    "label": LABEL,
    "code": Kind(_code),
}
