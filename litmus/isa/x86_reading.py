"""X86 operands: what a cell of the table spells, in Intel's or in AT&T's notation.

In Intel's notation the destination comes first, in AT&T's it comes last.  The operands show the notation: `%eax` and
`(x)` are AT&T, `EAX` and `[x]` are Intel.  Numbers may have a `$` in both.  If an instruction mixes the two,
or shows neither, X86 tests are in Intel's order and X86_64 tests are in AT&T's order, as in herd7.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from msgspec import Struct

from litmus.diagnostics import InputError, Place, Unsupported
from litmus.isa.cells import parsed, place_of, placed
from litmus.isa.template import Named
from litmus.isa.x86 import PARTS_64, Part
from litmus.program.values import Address, Expr, Op, Reg
from litmus.source.lalr.trees import Token, Tree, as_tree

_GRAMMAR = r"""
start: label* [instruction]
label: NAME ":"
instruction: [LOCK] NAME [_operand ("," _operand)*]
_operand: immediate | number | register | att | intel
immediate: "$" (NUMBER | NAME)
number: NUMBER
register: NAME | SYMBOLIC
att: [segment] [displacement] "(" [inner] ["," inner ["," NUMBER]] ")"
segment: SYMBOLIC ":"
displacement: NUMBER | NAME
inner: NAME | SYMBOLIC
intel: [NAME NAME] "[" term (NUMBER | "+" term)* "]"
term: inner | NUMBER | inner "*" NUMBER | NUMBER "*" inner
LOCK.2: /lock(?![\w.])/i
NAME: /[A-Za-z_.][\w.]*/
SYMBOLIC: /%[A-Za-z_]\w*/
NUMBER: /[+-]?[ \t]*(0[xX][0-9a-fA-F]+|0[bB][01]+|[0-9]+)/
%ignore /[ \t\r\n\f]+/
"""
_EXAMPLES = "instructions look like MOV EAX,[x] or movl (x),%eax"
_SIZES = {"byte": 1, "word": 2, "dword": 4, "qword": 8}


class Immediate(Struct, frozen=True):
    """`$1`, `1`, `$x`."""

    value: int | Address
    place: Place


class RegisterOperand(Struct, frozen=True):
    """`EAX`, `%al`."""

    part: Part
    place: Place


class Memory(Struct, frozen=True):
    """`[x]`, `8(%rax,%rbx,4)`.  size is None unless the text says it (`dword ptr [x]`)."""

    address: Expr
    symbols: tuple[Named, ...]
    place: Place
    size: int | None = None


class Label(Struct, frozen=True):
    """A name that is no register: the target of a branch."""

    name: Named

    @property
    def place(self) -> Place:
        """Where the name stands."""
        return self.name.place


Operand = Immediate | RegisterOperand | Memory | Label


class Instruction(Struct, frozen=True):
    """An instruction with its operands in the order of the text; `att`: this is AT&T's order, else it is Intel's."""

    mnemonic: Named
    operands: tuple[Operand, ...]
    lock: Place | None
    att: bool
    place: Place

    def error(self, message: str, place: Place, hint: str | None = None) -> InputError:
        """The error to raise if the text is wrong at a place of the cell."""
        return InputError(message, place, hint)

    def unsupported(self, message: str, place: Place, hint: str | None = None) -> Unsupported:
        """The error to raise if something at a place of the cell is not supported."""
        return Unsupported(message, place, hint)


class Machine(Struct, frozen=True):
    """X86 or X86_64: its names of registers, and the order of operands if the text does not show it."""

    name: str
    parts: Mapping[str, Part]
    width: int
    att: bool
    hint: str


def read_cell(text: str, machine: Machine) -> tuple[tuple[Named, ...], Instruction | None]:
    """The labels of a cell, and its instruction.

    Raises InputError where the text is no instruction, Unsupported for an access through a segment with a base of its
    own (any but cs, ds and ss).
    """
    tree = parsed(_GRAMMAR, text, _EXAMPLES)
    *labels, instruction = tree.children
    names = tuple([placed(as_tree(label).children[0]) for label in labels])
    return names, None if instruction is None else _Reader(machine).instruction(as_tree(instruction))


class _Reader:
    def __init__(self, machine: Machine) -> None:
        self.machine = machine
        self.att = self.intel = False  # whether an operand shows AT&T's notation, and whether one shows Intel's

    def error(self, message: str, place: Place, hint: str | None = None) -> InputError:
        return InputError(message, place, hint)

    def instruction(self, tree: Tree) -> Instruction:
        lock, mnemonic, *trees = tree.children
        name = placed(mnemonic)
        operands = tuple([self.operand(as_tree(node)) for node in trees if node is not None])
        att = self.att if self.att != self.intel else self.machine.att
        start = name.place.start if lock is None else placed(lock).place.start
        end = operands[-1].place.end if operands else name.place.end
        return Instruction(name, operands, placed(lock).place if lock else None, att, Place(start, end))

    def operand(self, tree: Tree) -> Operand:
        place = place_of(tree)
        match tree.data:
            case "immediate" | "number":
                token = placed(tree.children[0])
                if _is_number(token.name):
                    return Immediate(self.number(token), place)
                return Immediate(Address(token.name), place)
            case "register":
                token = placed(tree.children[0])
                part = self.part(token)
                return Label(token) if part is None else RegisterOperand(part, place)
            case "att":
                return self.at_and_t(tree, place)
            case _:
                return self.in_brackets(tree, place)

    def part(self, token: Named) -> Part | None:
        """The register that a name means; None if it means something else."""
        name = token.name.lower()
        bare = name.removeprefix("%")
        part = self.machine.parts.get(bare)
        if part is None:
            if name == bare and bare not in PARTS_64:
                return None
            if _VECTOR.fullmatch(bare):
                raise Unsupported("vector registers are not supported", token.place)
            if _REGISTER_LIKE.fullmatch(bare):
                raise self.error(f"{self.machine.name} has no register {token.name}", token.place, self.machine.hint)
            part = Part(token.name, self.machine.width)  # symbolic
        if name == bare:
            self.intel = True
        else:
            self.att = True
        return part

    def number(self, token: Named) -> int:
        text = "".join(token.name.split())
        value = int(text, 10) if text.lstrip("+-").isdigit() else int(text, 0)
        if not -(1 << 63) <= value < 1 << 64:
            raise self.error(f"{token.name} does not fit into 64 bits", token.place)
        return value

    def address_register(self, token: Named) -> Expr | None:
        part = self.part(token)
        if part is None:
            return None
        if (part.size < self.machine.width and part.size != 4) or part.shift:
            raise self.error(f"{token.name} cannot hold an address", token.place)
        return Reg(part.register) if part.size == self.machine.width else Op("zext32", (Reg(part.register),))

    def at_and_t(self, tree: Tree, place: Place) -> Memory:
        """`disp(base, index, scale)`; `(x)` is the variable x, as is `x(%rip)`."""
        segment, displacement, base, index, scale = tree.children
        self.att = True
        if segment is not None and placed(as_tree(segment).children[0]).name.lower() not in ("%cs", "%ds", "%ss"):
            raise Unsupported("segments with a base of their own are not supported", place)
        symbols: list[Named] = []
        terms: list[Expr] = []
        if displacement is not None:
            token = placed(as_tree(displacement).children[0])
            if _is_number(token.name):
                terms.append(self.number(token))
            else:
                symbols.append(token)
                terms.append(Address(token.name))
        if base is not None:
            token = placed(as_tree(base).children[0])
            if token.name.lower() == "%rip":
                if not symbols:
                    raise self.error("%rip needs a variable: x(%rip)", place)
            else:
                terms.append(self.inner(token, symbols))
        if index is not None:
            token = placed(as_tree(index).children[0])
            expr = self.inner(token, symbols)
            factor = 1 if scale is None else self.scale(placed(scale))
            terms.append(expr if factor == 1 else Op("mul", (expr, factor)))
        if not terms:
            raise self.error("this operand has no address", place, "write (x) or (%rax)")
        return Memory(_sum(terms), tuple(symbols), place)

    def inner(self, token: Named, symbols: list[Named]) -> Expr:
        register = self.address_register(token)
        if register is not None:
            return register
        symbols.append(token)
        return Address(token.name)

    def scale(self, token: Named) -> int:
        value = self.number(token)
        if value not in (0, 1, 2, 4, 8):
            raise self.error(f"a scale is 1, 2, 4 or 8, not {token.name}", token.place)
        return value

    def in_brackets(self, tree: Tree, place: Place) -> Memory:
        """`[x]`, `[rax+rbx*8-16]`, `dword ptr [x]`."""
        kind, pointer, *trees = tree.children
        size: int | None = None
        if kind is not None:
            size = _SIZES.get(str(kind).lower())
            if size is None or str(pointer).lower() != "ptr":
                raise self.error(f"unexpected {kind} {pointer}", placed(kind).place, "sizes look like dword ptr [x]")
        self.intel = True
        symbols: list[Named] = []
        terms: list[Expr] = []
        for term in trees:
            if isinstance(term, Token):
                terms.append(self.number(placed(term)))
                continue
            parts = as_tree(term).children
            if len(parts) == 1 and isinstance(parts[0], Token):
                terms.append(self.number(placed(parts[0])))
                continue
            factor = 1
            expr: Expr = 0
            for part in parts:
                if isinstance(part, Tree):
                    expr = self.inner(placed(part.children[0]), symbols)
                else:
                    factor = self.scale(placed(part))
            terms.append(expr if factor == 1 else Op("mul", (expr, factor)))
        return Memory(_sum(terms), tuple(symbols), place, size)


def _is_number(text: str) -> bool:
    return text[-1].isalnum() and text.lstrip("+- \t")[:1].isdigit()


# A name that is spelled like a register of some x86 machine is never a symbolic register.
_REGISTER_LIKE = re.compile(r"[er][a-z]{2}|r\d+[dwb]?|[a-d][hlx]|[c-gs]s")
_VECTOR = re.compile(r"[xyz]?mm\d+|st\d?")


def _sum(terms: list[Expr]) -> Expr:
    """The sum of the terms of an address.  A displacement of 0 is left out."""
    constants = [t for t in terms if isinstance(t, int)]
    others: list[Expr] = [t for t in terms if not isinstance(t, int)]
    displacement = sum(constants)
    if not others:
        return displacement
    total = others[0]
    if displacement and isinstance(total, Address):
        total = Address(total.base, total.offset + displacement)
        displacement = 0
    for term in others[1:]:
        total = Op("add", (total, term))
    return Op("add", (total, displacement)) if displacement else total
