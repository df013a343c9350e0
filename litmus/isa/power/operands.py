"""POWER operands: the registers, how a cell is written, and the kinds of operands that the table names.

The names are those of the Power ISA.  The condition fields are pseudo registers, one a bit: .cr0.lt, .cr0.gt, .cr0.eq,
... .cr7.eq.
"""

from __future__ import annotations

import re

from litmus.isa.cells import place_of, placed
from litmus.isa.operands import LABEL, number
from litmus.isa.reader import Bound, Kind, Location, Reader
from litmus.program.values import Op, Reg

REGISTERS = tuple(f"r{n}" for n in range(32))
HINT = "registers are r0 to r31"
# Book I, 2.3.2: the special registers that hold addresses of code
LINK, COUNT = ".lr", ".ctr"

GRAMMAR = r"""
start: label* [instruction]
label: NAME ":"
instruction: NAME [operand ("," operand)*]
operand: NAME | SYMBOLIC | NUMBER
    | NUMBER "(" (NAME | SYMBOLIC) ")"            -> based
NAME: /[A-Za-z_.][\w.]*[+-]?/
SYMBOLIC: /%[A-Za-z_]\w*/
NUMBER: /[+-]?(0[xX][0-9a-fA-F]+|0[bB][01]+|[0-9]+)/
%ignore /[ \t\r\n\f]+/
"""
EXAMPLES = "instructions look like lwz r1,0(r2)"
_CONDITION_FIELD = re.compile(r"cr([0-7])\Z", re.IGNORECASE)
_CANONICAL = {name: name for name in REGISTERS}


def canonical(name: str) -> str | None:
    """The register `name`, as states spell it; symbolic registers (`%x`) stand for themselves."""
    found = _CANONICAL.get(name) or _CANONICAL.get(name.lower().lstrip("%"))
    return found or (name if name[0] == "%" else None)


def rank(name: str) -> tuple[int, str]:
    """The place of a register in herd's order: by number, symbolic ones last."""
    return (int(name[1:]), "") if name in _CANONICAL else (99, name)


# ---------------------------------------------------------------- registers


def _target(reader: Reader, bound: Bound, name: str) -> None:
    register = reader.register()
    bound.targets[name], bound.values[name] = register, Reg(register)


def _source(reader: Reader, bound: Bound, name: str) -> None:
    bound.values[name] = Reg(reader.register())


def _source_or_zero(reader: Reader, bound: Bound, name: str) -> None:
    """(RA|0): r0 stands for the number 0."""
    register = reader.register()
    bound.values[name] = 0 if register == "r0" else Reg(register)


def _field(reader: Reader, bound: Bound, name: str) -> None:
    """A condition field.  Its bits are named `crf.lt` and so on."""
    token = reader.token("a condition field")
    match = _CONDITION_FIELD.match(token.name)
    if match is None:
        raise reader.error(f"POWER has no condition field {token.name}", token.place, "condition fields are cr0 to cr7")
    _bits(bound, name, f".cr{match[1]}")


def _bits(bound: Bound, name: str, field: str = ".cr0") -> None:
    for bit in ("lt", "gt", "eq"):
        bound.targets[f"{name}.{bit}"] = f"{field}.{bit}"
        bound.values[f"{name}.{bit}"] = Reg(f"{field}.{bit}")


def _level(reader: Reader, bound: Bound, name: str) -> None:
    """Which barrier SYNC is (Book II, 4.6.3)."""
    bound.choice += (reader.number(0, 1),)


# ---------------------------------------------------------------- addresses


def _displaced(reader: Reader) -> Location:
    """A displacement and its base, `d(rA)` or `d,rA`.  Raises InputError for the base r0, which means the number 0."""
    tree = reader.operands[reader.next]
    if tree.data == "based":
        reader.next += 1
        displacement, base = map(placed, tree.children)
    elif reader.left() == 2:  # d,rA
        displacement, base = reader.token("a displacement"), reader.token("a base register")
    else:
        message = f"{reader.mnemonic.name} wants an address here"
        raise reader.error(message, place_of(tree), "addresses look like 0(r2)")
    register = reader.known(base)
    if register == "r0":
        raise reader.error("r0 as a base stands for the number 0, which is no address", base.place)
    offset = reader.in_range(displacement, -32768, 32767)
    return Location(Op("add", (Reg(register), offset)) if offset else Reg(register), register)


def _indexed(reader: Reader) -> Location:
    """The sum of two registers.  r0 as the first one means the number 0; `0` may be written in its place."""
    operand = reader.operands[reader.next]
    if operand.data == "operand" and str(operand.children[0]) == "0":
        reader.next += 1
        return Location(Reg(reader.register()))
    first, second = Reg(reader.register()), Reg(reader.register())
    if first.name == "r0":
        return Location(second)
    return Location(Op("add", (first, second)), first.name)


def _address(reader: Reader, bound: Bound, name: str) -> None:
    bound.location = _displaced(reader)
    bound.values["address"] = bound.location.address


def _address_updated(reader: Reader, bound: Bound, name: str) -> None:
    """After the access, the base becomes the address (Book I, 3.3.2)."""
    location = _displaced(reader)
    bound.location = Location(location.address, location.base, location.address)


def _index(reader: Reader, bound: Bound, name: str) -> None:
    bound.location = _indexed(reader)


def _index_updated(reader: Reader, bound: Bound, name: str) -> None:
    location = _indexed(reader)
    if not location.base:
        raise reader.error("r0 as a base cannot be updated", reader.place)
    bound.location = Location(location.address, location.base, location.address)


OPERANDS: dict[str, Kind[Reader]] = {
    "rd": Kind(_target),
    "ra": Kind(_source),
    "rb": Kind(_source),
    "rs": Kind(_source),
    "ra0": Kind(_source_or_zero),
    "crf": Kind(_field, absent=_bits),
    "si": number(-32768, 32767),
    "ui": number(0, 65535),
    "hi": number(-32768, 65535, bits=16),  # assemblers accept the 16 bits as a signed and as an unsigned number
    "sh": number(0, 31),
    "sh6": number(0, 63),
    "mb": number(0, 31),
    "me": number(0, 31),
    "mb6": number(0, 63),
    "l": Kind(_level),
    "d(ra)": Kind(_address, most=2),
    "d(ra)!": Kind(_address_updated, most=2),
    "ra0+rb": Kind(_index, least=2, most=2),
    "ra+rb!": Kind(_index_updated, least=2, most=2),
    "label": LABEL,
}
