"""RISC-V operands: the registers, how a cell is written, and the kinds of operands that the table names.

x0 is no register here.  Reading x0 gives the number 0, and what is written to x0 is discarded.
"""

from __future__ import annotations

from litmus.isa.cells import place_of, placed
from litmus.isa.operands import LABEL, SYMBOL, number
from litmus.isa.reader import DISCARDED, Bound, Kind, Location, Reader
from litmus.program.values import Expr, Op, Reg

REGISTERS = tuple(f"x{n}" for n in range(32))
# Assembly Programmer's Handbook, the names of the calling convention, from x0 on; fp is s0
ABI_NAMES = (
    *("zero", "ra", "sp", "gp", "tp", "t0", "t1", "t2", "s0", "s1"),
    *(f"a{n}" for n in range(8)),
    *(f"s{n}" for n in range(2, 12)),
    *("t3", "t4", "t5", "t6"),
)
HINT = "registers are x0 to x31, zero, ra, sp, gp, tp, t0 to t6, s0 to s11, a0 to a7"
LINK = "x1"  # holds the return address

GRAMMAR = r"""
start: label* [instruction]
label: NAME ":"
instruction: NAME [operand ("," operand)*]
operand: NAME | SYMBOLIC | NUMBER
    | [NUMBER] "(" (NAME | SYMBOLIC) ")"          -> based
NAME: /[A-Za-z_.][\w.]*/
SYMBOLIC: /%[A-Za-z_]\w*/
NUMBER: /[+-]?(0[xX][0-9a-fA-F]+|0[bB][01]+|[0-9]+)/
%ignore /[ \t\r\n\f]+/
"""
EXAMPLES = "instructions look like lw x5,0(x6)"

_CANONICAL = {name: name for name in REGISTERS} | dict(zip(ABI_NAMES, REGISTERS, strict=True)) | {"fp": "x8"}
_RANK = {name: number for number, name in enumerate(REGISTERS)}

# RV32I, FENCE: the predecessor and successor sets as assemblers spell them -> the memory accesses in them
ACCESSES = {
    i + o + r + w: r + w for i in ("", "i") for o in ("", "o") for r in ("", "r") for w in ("", "w") if i + o + r + w
}


def canonical(name: str) -> str | None:
    """The register `name`, as states spell it; symbolic registers (`%x0`) stand for themselves."""
    return _CANONICAL.get(name) or _CANONICAL.get(name.lower()) or (name if name[0] == "%" else None)


def rank(name: str) -> tuple[int, str]:
    """The place of a register in herd's order: by number, symbolic ones last."""
    return _RANK.get(name, len(_RANK)), name


# ---------------------------------------------------------------- registers


def _target(reader: Reader, bound: Bound, name: str) -> None:
    register = reader.register()
    bound.targets[name] = DISCARDED if register == "x0" else register
    bound.values[name] = _read(register)


def _source(reader: Reader, bound: Bound, name: str) -> None:
    bound.values[name] = _read(reader.register())


def _read(register: str) -> Expr:
    return 0 if register == "x0" else Reg(register)


def _usual_link(bound: Bound, name: str) -> None:
    bound.targets[name] = LINK


# ---------------------------------------------------------------- addresses


def _located(reader: Reader, low: int, high: int) -> Expr:
    """An offset from `low` to `high` and its base, `d(rs1)`."""
    tree = reader.operand()
    if tree.data != "based":
        message = f"{reader.mnemonic.name} wants an address here"
        raise reader.error(message, place_of(tree), "addresses look like 0(x6)")
    displacement, base = tree.children
    token = placed(base)
    register = reader.known(token)
    if register == "x0":
        raise reader.error(f"{token.name} as a base is the number 0, which is no address", token.place)
    offset = 0 if displacement is None else reader.in_range(placed(displacement), low, high)
    return Op("add", (Reg(register), offset)) if offset else Reg(register)


def _address(reader: Reader, bound: Bound, name: str) -> None:
    bound.location = Location(_located(reader, -2048, 2047))


def _base(reader: Reader, bound: Bound, name: str) -> None:
    """An address without an offset, which may be written as 0."""
    bound.location = Location(_located(reader, 0, 0))


def _code(reader: Reader, bound: Bound, name: str) -> None:
    """`x5`, `0(x5)` or `x5,0`: the address of an instruction."""
    if reader.operands[reader.next].data == "based":
        bound.values[name] = _located(reader, 0, 0)
        return
    register = reader.register()
    if register == "x0":
        raise reader.error("x0 holds no address of code", reader.place)
    if reader.left():
        reader.number(0, 0)
    bound.values[name] = Reg(register)


# ---------------------------------------------------------------- fences


def _accesses(reader: Reader, bound: Bound, name: str) -> None:
    token = reader.token("a set of accesses")
    accesses = ACCESSES.get(token.name.lower())
    if accesses is None:
        letters = "".join([letter for letter in "iorw" if letter in token.name.lower()])
        hint = f"did you mean {letters}?" if letters else "sets are made of i, o, r and w, in this order: rw"
        raise reader.error(f"{token.name} is no set of accesses", token.place, hint)
    bound.choice += (accesses,)


def _all_accesses(bound: Bound, name: str) -> None:
    bound.choice += ("rw",)


OPERANDS: dict[str, Kind[Reader]] = {
    "rd": Kind(_target),
    "rs1": Kind(_source),
    "rs2": Kind(_source),
    "imm": number(-2048, 2047),
    "imm20": number(-(1 << 19), (1 << 20) - 1),  # assemblers accept 20 bits as a signed and as an unsigned number
    "imm64": number(-(1 << 63), (1 << 64) - 1),
    "shamt": number(0, 63),
    "shamt5": number(0, 31),
    "symbol": SYMBOL,
    "offset(rs1)": Kind(_address),
    "(rs1)": Kind(_base),
    "pred": Kind(_accesses, absent=_all_accesses),
    "succ": Kind(_accesses, absent=_all_accesses),
    "label": LABEL,
    "link": Kind(_target, absent=_usual_link),
    "code": Kind(_code, most=2),
}
