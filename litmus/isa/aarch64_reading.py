"""AArch64 operands: what a cell of the table spells, in the notation of the Arm Architecture Reference Manual.

Upper and lower case mean the same.  The `#` of a number may be left out.  A symbolic register is
`%a`; `W%a` is its lower half.
"""

from __future__ import annotations

import re
from typing import TypeVar

from msgspec import Struct

from litmus.diagnostics import InputError, Place, Unsupported
from litmus.isa.aarch64 import EXTENSIONS, HINT, INDEX, SHIFTS, UNSUPPORTED, VIEWS, ZERO, Access
from litmus.isa.cells import parsed, place_of, placed
from litmus.isa.infix import expression, substituted
from litmus.isa.reader import Instruction
from litmus.isa.template import Named
from litmus.program.values import Expr, Op, Reg, simplify
from litmus.source.lalr.trees import Node, Tree, as_token, as_tree

_GRAMMAR = r"""
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
_EXAMPLES = "instructions look like LDR W0,[X1,#4]"
_MNEMONIC = re.compile(r"\s*(?:[\w.$]+\s*:\s*)*([A-Za-z][\w.]*)")
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

    parts: tuple[Word | Number | Modifier, ...]
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


class Location(Struct, frozen=True):
    """The address of an access.

    whole: the registers whose 64 bits all matter for the address.
    update: the value of `base` after the access; None if the base does not change.
    """

    address: Expr
    whole: frozenset[str]
    base: str
    update: Expr | None
    place: Place


def plus(address: Expr, offset: int) -> Expr:
    """The address, moved by a number of bytes."""
    return Op("add", (address, offset)) if offset else address


def settled(expr: Expr) -> Expr:
    """The expression with every part computed that has no register in it.  Dependencies on registers stay."""
    if not isinstance(expr, Op):
        return expr
    name = expr.name
    arguments = tuple([settled(argument) for argument in expr.args])
    if all(isinstance(argument, int) for argument in arguments):
        return simplify(name, arguments)
    if name == "ite" and isinstance(arguments[0], int):
        return arguments[1] if arguments[0] else arguments[2]
    if name in ("shl", "shr", "sar") and arguments[1] == 0:
        return arguments[0]
    return Op(name, arguments)


# ---------------------------------------------------------------- reading


class Reader(Instruction):
    """An instruction of a cell; its operands are read one by one, each as what the caller expects."""

    operands: list[Operand]

    def __init__(self, text: str, tree: Tree) -> None:
        mnemonic, *trees = tree.children
        self.operands = [_operand(as_tree(operand)) for operand in trees if operand is not None]
        super().__init__(text, mnemonic, self.operands[-1].place.end if self.operands else None, {})

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

    # ------------------------------------------------------------ flexible operands

    def shifted(self, register: View, bits: int, shifts: frozenset[str]) -> Expr:
        """A register of an operation of `bits` bits, with the shift or extension that may follow it."""
        following = self.peek()
        if isinstance(following, Modifier):
            name, count = following.name, following.count
        elif isinstance(following, Word) and following.name.name.lower() in EXTENSIONS:
            name, count = following.name, Number(0, following.place)
        else:
            if register.size != bits // 8:
                raise self._narrow(register)
            return register.value
        self.next += 1
        kind = name.name.lower()
        if kind not in shifts:
            known = ", ".join(sorted(shifts)).upper()
            raise self.error(f"{self.mnemonic.name} has no {name.name} here", name.place, f"it may be one of {known}")
        if kind in SHIFTS:
            if register.size != bits // 8:
                raise self._narrow(register)
            shift = self.in_range(count, 0, bits - 1)
            text = SHIFTS[kind]
        else:
            shift = self.in_range(count, 0, 4)
            text = EXTENSIONS[kind]
        return settled(substituted(expression(text, bits), {"m": register.value, "k": shift}))

    def _narrow(self, register: View) -> InputError:
        name = self.text[register.place.start : register.place.end]
        hint = f"write {name},SXTW or {name},UXTW" if register.size == 4 else None
        return self.error(f"{name} has {8 * register.size} bits, the operation another number", register.place, hint)

    def memory(self, access: Access, size: int) -> Location:
        """The address of an access of `size` bytes."""
        operand = self.peek()
        if isinstance(operand, Word) and view(operand.name.name) is None:
            raise self.unsupported("loads and stores of code are not supported", operand.place)
        memory = self.take(Memory, "an address", "addresses look like [X1]")
        base, *rest = memory.parts
        assert isinstance(base, Word)
        name = self.known(base, 8, stack=True).name
        if name == ZERO:
            raise self.error("XZR is no address", base.place, "addresses look like [X1]")
        post = self.peek()
        if post is not None:
            offset = self.take(Number, "a number of bytes")
            if memory.update or rest or not access.update or access.step < 0:
                raise self.error(f"{self.mnemonic.name} does not take an offset behind this address", offset.place)
            self._offset(offset, access, size, update=True)
            return Location(Reg(name), frozenset({name}), name, plus(Reg(name), offset.value), memory.place)
        updates = access.update and access.step <= 0
        if memory.update and (not updates or len(rest) != 1 or not isinstance(rest[0], Number)):
            raise self.error(f"{self.mnemonic.name} cannot write back this address", memory.place)
        if not rest:
            return Location(Reg(name), frozenset({name}), name, None, memory.place)
        if isinstance(rest[0], Number):
            if len(rest) > 1:
                raise self.error("an offset is a number or a register", rest[1].place)
            self._offset(rest[0], access, size, memory.update)
            address = plus(Reg(name), rest[0].value)
            return Location(address, frozenset({name}), name, address if memory.update else None, memory.place)
        index, whole = self._index(rest, access)
        return Location(Op("add", (Reg(name), index)), whole | {name}, name, None, memory.place)

    def _offset(self, offset: Number, access: Access, size: int, update: bool) -> None:
        """Raises InputError if the instruction cannot encode the offset."""
        value = offset.value
        low, high, unit = -256, 255, 1
        if access.offset == 7:
            low, high, unit = -64 * size, 63 * size, size
        elif access.offset == 12 and not update and value > high:
            low, high, unit = 0, 4095 * size, size
        elif access.offset == 0:
            low = high = access.step * size if update else 0
        if not low <= value <= high or value % unit:
            multiple = f", multiples of {unit}" if unit > 1 else ""
            message = f"{value} does not fit into {self.mnemonic.name}"
            hint = f"offsets here are {low} to {high}{multiple}" if low < high else f"the offset here is {low}"
            raise self.error(message, offset.place, hint)

    def _index(self, parts: list[Word | Number | Modifier], access: Access) -> tuple[Expr, frozenset[str]]:
        """What an index register adds to an address, and the registers whose 64 bits all matter for that."""
        if access.offset != 12:
            raise self.error(f"{self.mnemonic.name} does not take a register as an offset", parts[0].place)
        if not isinstance(parts[0], Word) or len(parts) > 2:
            raise self.error("this is no address", parts[-1].place, "addresses look like [X1,W2,SXTW]")
        register = self.known(parts[0], 4, 8)
        kind, count = "lsl", 0
        if len(parts) == 2:
            part = parts[1]
            if isinstance(part, Number):
                raise self.error("this is no address", part.place, "addresses look like [X1,W2,SXTW]")
            kind = part.name.name.lower()
            if kind not in INDEX:
                message = f"{part.name.name} of an index is not known"
                raise self.error(message, part.name.place, f"it may be one of {', '.join(sorted(INDEX)).upper()}")
            count = self.in_range(part.count, 0, 4) if isinstance(part, Modifier) else 0
        if register.size == 4 and kind in ("lsl", "sxtx"):
            raise self._narrow(register)
        text = SHIFTS["lsl"] if kind == "lsl" else EXTENSIONS[kind]
        index = settled(substituted(expression(text), {"m": register.value, "k": count}))
        narrow = kind in ("sxtw", "uxtw") or register.name == ZERO
        return index, frozenset() if narrow else frozenset({register.name})


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
            return Memory(operands, update is not None, place)  # type: ignore[arg-type]  # as the grammar says
        case "distance":
            return Distance(_number(tree.children[0], place).value, place)
        case _:
            token = as_token(tree.children[0])
            return Literal(placed(token) if token.type == "NAME" else _number(token, place).value, place)


def _number(token: Node, place: Place) -> Number:
    digits = str(token).lstrip(".").replace(" ", "").replace("\t", "")
    return Number(int(digits, 10 if digits.lstrip("+-").isdigit() else 0), place)


def read_cell(text: str) -> tuple[tuple[Named, ...], Reader | None]:
    """The labels of a cell, and its instruction.

    Raises InputError where the text is no instruction.  Raises Unsupported for an instruction whose operands are
    written in a notation that is not read here.
    """
    try:
        tree = parsed(_GRAMMAR, text, _EXAMPLES)
    except InputError:
        match = _MNEMONIC.match(text)
        if match is not None and (reason := UNSUPPORTED.get(match[1].lower())) is not None:
            message = f"{match[1]}: {reason}"
            raise Unsupported(message, Place(*match.span(1))) from None
        raise
    *labels, instruction = tree.children
    names = tuple([placed(as_tree(label).children[0]) for label in labels])
    return names, None if instruction is None else Reader(text, as_tree(instruction))
