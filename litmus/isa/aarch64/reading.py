"""AArch64 reading: how a cell of the table is written, in the notation of the Arm Architecture Reference Manual.

Upper and lower case mean the same.  The `#` of a number may be left out.  A symbolic register is
`%a`; `W%a` is its lower half.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Self, TypeVar

from msgspec import Struct

from litmus.diagnostics import Place
from litmus.isa.cells import place_of, placed
from litmus.isa.infix import registers_of
from litmus.isa.reader import Bound, Instruction, Kind, forms
from litmus.isa.template import Named
from litmus.program.values import Expr, Reg
from litmus.source.lalr.trees import Node, Tree, as_token, as_tree

# ---------------------------------------------------------------- registers (B1.2.1)

ZERO = "XZR"

# Every name of a general register, in lower case -> the register as states spell it, and how many bytes the name means.
VIEWS: dict[str, tuple[str, int]] = {
    **{f"x{n}": (f"X{n}", 8) for n in range(31)},
    **{f"w{n}": (f"X{n}", 4) for n in range(31)},
    "xzr": (ZERO, 8),
    "wzr": (ZERO, 4),
    "sp": ("SP", 8),
    "wsp": ("SP", 4),
    "fp": ("X29", 8),
    "lr": ("X30", 8),
}
HINT = "registers are X0 to X30, XZR, SP, and W0 to W30, WZR, WSP for their lower halves"

GRAMMAR = r"""
start: label* [instruction]
label: NAME ":"
instruction: NAME [_operand ("," _operand)*]
_operand: word | number | modifier | memory | literal | distance
word: NAME | SYMBOLIC
number: "#"? NUMBER
modifier: NAME "#"? NUMBER
memory: "[" word ("," (word | number | modifier))* "]" [UPDATE]
literal: "=" (NAME | NUMBER)
distance: DISTANCE
UPDATE: "!"
DISTANCE.2: /\.[ \t]*[+-][ \t]*(0[xX][0-9a-fA-F]+|[0-9]+)/
NAME: /[A-Za-z_.$][\w.$]*/
SYMBOLIC: /[wWxX]?%[A-Za-z_]\w*/
NUMBER: /[+-]?[ \t]*(0[xX][0-9a-fA-F]+|0[bB][01]+|[0-9]+)/
%ignore /[ \t\r\n\f]+/
"""
EXAMPLES = "instructions look like LDR W0,[X1,#4]"
_VECTOR = re.compile(r"[vqdshbzp]\d+(\.\w+)?|za\d?(\.\w+)?", re.IGNORECASE)


def view(name: str) -> tuple[str, int] | None:
    """The register that `name` means, as states spell it, and how many of its bytes the name means."""
    found = VIEWS.get(name.lower())
    if found is None and "%" in name:
        return name[name.index("%") :], 4 if name[0] in "wW" else 8
    return found


def canonical(name: str) -> str | None:
    """The register `name`, as states spell it; symbolic registers stand for themselves."""
    found = view(name)
    return None if found is None else found[0]


def rank(name: str) -> tuple[int, str]:
    """The place of a register in herd7's order: XZR, SP, then by number, symbolic ones last."""
    if name in (ZERO, "SP"):
        return (0 if name == ZERO else 1), ""
    return (2 + int(name[1:]), "") if name[0] == "X" else (99, name)


# ---------------------------------------------------------------- operands


class Word(Struct, frozen=True):
    """A name: a register, a label, a condition, the option of a barrier, a shift without a count."""

    name: Named

    @property
    def place(self) -> Place:
        """Where the name stands."""
        return self.name.place


class Number(Struct, frozen=True):
    """`#1`, `1`."""

    value: int
    place: Place


class Modifier(Struct, frozen=True):
    """`LSL #2`."""

    name: Named
    count: Number
    place: Place


class Memory(Struct, frozen=True):
    """`[X0]`, `[X0,#4]!`, `[X0,W1,SXTW #2]`: what stands in the brackets, and whether there is a `!`."""

    parts: tuple[Operand, ...]
    update: bool
    place: Place


class Literal(Struct, frozen=True):
    """`=x`, `=1`."""

    value: Named | int
    place: Place


class Distance(Struct, frozen=True):
    """`.+8`: the place that many bytes from the instruction."""

    bytes: int
    place: Place


Operand = Word | Number | Modifier | Memory | Literal | Distance
_Kind = TypeVar("_Kind", Word, Number, Modifier, Memory, Literal, Distance)


class View(Struct, frozen=True):
    """A register operand: the register, and how many of its bytes the operand means."""

    name: str
    size: int
    place: Place

    @property
    def value(self) -> Expr:
        """What reading the register gives; bits above the operand's own bytes may be set."""
        return 0 if self.name == ZERO else Reg(self.name)


# ---------------------------------------------------------------- reading


class Counted(Kind["Reader"], frozen=True):
    """A kind of operand of instructions whose number of operands is checked before they are read."""


class Reader(Instruction):
    """An instruction of a cell; its operands are read one by one, each as what the caller expects.

    size: bytes of the operation.  Its first register decides that, and the others follow it; 0 before it is read.
    unit: bytes of its accesses, if not those of its register, else 0.  views: the register operands, by their names.
    whole: the registers whose 64 bits all matter.  address: where the address stands.
    distance: how many instructions on a branch goes that has no label.
    """

    operands: list[Operand]

    def __init__(self, text: str, tree: Tree, kinds: Mapping[str, Kind[Reader]], exact: bool) -> None:
        mnemonic, *trees = tree.children
        self.operands = [_operand(as_tree(operand)) for operand in trees if operand is not None]
        super().__init__(text, mnemonic, self.operands[-1].place.end if self.operands else None, kinds, exact)
        self.size = 0
        self.unit = 0
        self.views: dict[str, View] = {}
        self.whole: set[str] = set()
        self.address = self.place
        self.distance = 0

    @property
    def bits(self) -> int:
        """The size of the operation in bits."""
        return 8 * self.size or 64

    def read(self: Self, operands: str) -> Bound:
        """All operands, read as those that a row names.

        Raises InputError if they are others, or if there are more or fewer.
        """
        present, absent = forms(operands)[0 if self.operands else -1]
        if any(isinstance(self.kinds[name], Counted) for name in (*present, *absent)):
            return super().read(operands)
        bound = Bound()
        for name in present:
            self.kinds[name].read(self, bound, name)
        for name in absent:
            self.kinds[name].absent(bound, name)
        self.finish()
        return bound

    def finish(self) -> None:
        """Raises InputError if operands are left."""
        if self.left():
            place = self.operands[self.next].place
            raise self.error(f"{self.mnemonic.name} takes {self.next} operands here", place)

    def peek(self) -> Operand | None:
        """The next operand, without reading it."""
        return self.operands[self.next] if self.left() else None

    def take(self, kind: type[_Kind], what: str, hint: str | None = None) -> _Kind:
        """The next operand, which must be of that kind."""
        if not self.left():
            end = Place(self.place.end, self.place.end + 1)
            raise self.error(f"{self.mnemonic.name} wants {what} here", end, hint)
        operand = self.operands[self.next]
        if not isinstance(operand, kind):
            raise self.error(f"{self.mnemonic.name} wants {what} here", operand.place, hint)
        self.next += 1
        return operand

    # ------------------------------------------------------------ registers and numbers

    def used(self, register: View) -> Expr:
        """The value of a register operand.  Only as many low bits count as the operand has."""
        if register.size == 8:
            self.whole |= registers_of(register.value)
        return register.value

    def register(self, *sizes: int, stack: bool = False) -> View:
        """The next operand, a register of one of these sizes (in bytes); SP only if `stack`."""
        return self.known(self.take(Word, "a register", HINT), *sizes, stack=stack)

    def known(self, word: Word, *sizes: int, stack: bool = False) -> View:
        """The register that a word names."""
        name, place = word.name
        found = view(name)
        if found is None:
            if _VECTOR.fullmatch(name):
                raise self.unsupported(f"{name}: vector registers are not supported", place)
            raise self.error(f"AArch64 has no register {name}", place, HINT)
        register, size = found
        if size not in sizes:
            other = f"{'W' if size == 8 else 'X'}{register[1:]}" if register[0] == "X" else None
            hint = f"write {other}" if other is not None else None
            raise self.error(f"{name} has {8 * size} bits, which {self.mnemonic.name} does not take here", place, hint)
        if register == "SP" and not stack:
            raise self.error(f"{self.mnemonic.name} does not take the stack pointer here", place)
        return View(register, size, place)

    def number(self, low: int, high: int) -> int:
        """The next operand, a number in that range."""
        return self.in_range(self.take(Number, "a number"), low, high)

    def in_range(self, number: Number, low: int, high: int) -> int:
        """The value of a number, which must be in that range."""
        if not low <= number.value <= high:
            message = f"{number.value} does not fit into {self.mnemonic.name}"
            raise self.error(message, number.place, f"numbers here are {low} to {high}")
        return number.value


def _operand(tree: Tree) -> Operand:
    place = place_of(tree)
    match tree.data:
        case "word":
            return Word(placed(tree.children[0]))
        case "number":
            return _number(tree.children[0], place)
        case "modifier":
            name, number = map(as_token, tree.children)
            return Modifier(placed(name), _number(number, place_of(number)), place)
        case "memory":
            *parts, update = tree.children
            operands = tuple([_operand(as_tree(part)) for part in parts])
            return Memory(operands, update is not None, place)
        case "distance":
            return Distance(_number(tree.children[0], place).value, place)
        case _:
            token = as_token(tree.children[0])
            return Literal(placed(token) if token.type == "NAME" else _number(token, place).value, place)


def _number(token: Node, place: Place) -> Number:
    digits = str(token).lstrip(".").replace(" ", "").replace("\t", "")
    return Number(int(digits, 10 if digits.lstrip("+-").isdigit() else 0), place)
