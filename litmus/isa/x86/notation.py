"""X86 notation: the names of registers, and operands as Intel and AT&T write them.

In Intel's notation the destination comes first, in AT&T's it comes last.  The operands show the notation: `%eax` and
`(x)` are AT&T, `EAX` and `[x]` are Intel.  Numbers may have a `$` in both.  If an instruction mixes the two,
or shows neither, X86 tests are in Intel's order and X86_64 tests are in AT&T's order, as in herd7.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from msgspec import Struct

from litmus.diagnostics import InputError, Place, Unsupported
from litmus.isa.cells import place_of, placed
from litmus.isa.template import Named
from litmus.program.values import Address, Expr, Op, Reg
from litmus.source.lalr.trees import Node, Token, Tree, as_tree

# ---------------------------------------------------------------- registers

# 64-bit name -> the names of its low 32, 16 and 8 bits
_LEGACY = {
    "rax": ("eax", "ax", "al"),
    "rbx": ("ebx", "bx", "bl"),
    "rcx": ("ecx", "cx", "cl"),
    "rdx": ("edx", "dx", "dl"),
    "rsi": ("esi", "si", "sil"),
    "rdi": ("edi", "di", "dil"),
    "rbp": ("ebp", "bp", "bpl"),
    "rsp": ("esp", "sp", "spl"),
}
_NUMBERED = {f"r{n}": (f"r{n}d", f"r{n}w", f"r{n}b") for n in range(8, 16)}
_HIGH = {"ah": "rax", "bh": "rbx", "ch": "rcx", "dh": "rdx"}


class Part(Struct, frozen=True):
    """A name for `size` bytes of a register, from bit `shift` on."""

    register: str
    size: int
    shift: int = 0


PARTS_64 = {
    name: Part(whole, size)
    for whole, parts in {**_LEGACY, **_NUMBERED}.items()
    for name, size in zip((whole, *parts), (8, 4, 2, 1), strict=True)
} | {name: Part(whole, 1, 8) for name, whole in _HIGH.items()}

# X86 states spell registers in capitals.  The low bytes of esi, edi, ebp and esp have no names on X86.
PARTS_32 = {
    name: Part(part.register.replace("r", "e", 1).upper(), part.size, part.shift)
    for name, part in PARTS_64.items()
    if part.size < 8 and part.register in _LEGACY and name not in ("sil", "dil", "bpl", "spl")
}

# ---------------------------------------------------------------- operands

GRAMMAR = r"""
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
EXAMPLES = "instructions look like MOV EAX,[x] or movl (x),%eax"
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


class Machine(Struct, frozen=True):
    """X86 or X86_64: its names of registers, and the order of operands if the text does not show it."""

    name: str
    parts: Mapping[str, Part]
    width: int
    att: bool
    hint: str


HINT_32 = "registers are EAX, EBX, ECX, EDX, ESI, EDI, EBP, ESP"
HINT_64 = "registers are rax, rbx, rcx, rdx, rsi, rdi, rbp, rsp, r8 to r15"
X86 = Machine("X86", PARTS_32, 4, att=False, hint=HINT_32 + " and their parts")
X86_64 = Machine("X86_64", PARTS_64, 8, att=True, hint=HINT_64 + " and their parts")

_ORDER = ("ax", "bx", "cx", "dx", "si", "di", "bp", "sp", *(str(n) for n in range(8, 16)))
_RANKS = {f"{prefix}{name}": n for n, name in enumerate(_ORDER) for prefix in ("e", "r")}


def canonical(name: str, machine: Machine) -> str | None:
    """The register `name`, as states spell it; symbolic registers stand for themselves.  A part is no such register."""
    part = machine.parts.get(name.lower().lstrip("%"))
    if part is not None:
        return part.register if part.size == machine.width else None
    return name if name[0] == "%" else None


def rank(name: str) -> tuple[int, str]:
    """The place of a register in herd7's order, symbolic ones last."""
    return _RANKS.get(name.lower(), 99), name


def read(trees: Sequence[Node], machine: Machine) -> tuple[list[Operand], bool]:
    """The operands of an instruction as they are written, and whether that is AT&T's order.

    Raises InputError where the text is no operand, Unsupported for an access through a segment with a base of its own
    (any but cs, ds and ss).
    """
    reader = _Reader(machine)
    operands = [reader.operand(as_tree(tree)) for tree in trees if tree is not None]
    return operands, reader.att if reader.att != reader.intel else machine.att


class _Reader:
    def __init__(self, machine: Machine) -> None:
        self.machine = machine
        self.att = self.intel = False  # whether an operand shows AT&T's notation, and whether one shows Intel's

    def error(self, message: str, place: Place, hint: str | None = None) -> InputError:
        return InputError(message, place, hint)

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
