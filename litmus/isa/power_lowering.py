"""POWER lowering: what the rows of litmus/isa/power.py mean, as operations.

The condition fields are pseudo registers, one a bit: .cr0.lt, .cr0.gt, .cr0.eq, ... .cr7.eq.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache

from msgspec import structs

from litmus.diagnostics import InputError, Unsupported, near
from litmus.isa import assembly
from litmus.isa.architecture import Architecture
from litmus.isa.jumps import unplaced
from litmus.isa.operands import parsed, place_of, placed
from litmus.isa.power import (
    BRANCHES,
    COMPARES,
    COMPUTE,
    CONDITIONAL,
    COUNT,
    COUNTED,
    FENCES,
    HINT,
    JUMPS,
    LINK,
    LOADS,
    MOVES_FROM,
    MOVES_TO,
    NOTHING,
    PREFETCHES,
    REGISTERS,
    RESERVE,
    STATUS_CARRIES,
    STORES,
    UNSUPPORTED,
    Compute,
)
from litmus.isa.reader import Machine, Reader
from litmus.isa.template import (
    INDIRECT,
    NEXT,
    Access,
    CellCode,
    InstructionSet,
    Template,
    expression,
    folded,
    registers_of,
    substituted,
)
from litmus.program.code import NO_TAGS, Branch, Fence, Load, Operation, Program, Set, Store, StoreConditional
from litmus.program.values import Expr, Op, Reg, wrap
from litmus.source.lalr.trees import Tree, as_tree
from litmus.source.syntax import Test

_GRAMMAR = r"""
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
_EXAMPLES = "instructions look like lwz r1,0(r2)"
_CONDITION_FIELD = re.compile(r"cr([0-7])\Z", re.IGNORECASE)

_WHERE = "..where"  # where a call through the link register goes
_ATOMIC = frozenset({"X", "EX"})  # EX is herd7's newer set of exclusives; some models use X, others EX
_CANONICAL = {name: name for name in REGISTERS}


def canonical(name: str) -> str | None:
    """The register `name`, as states spell it; symbolic registers (`%x`) stand for themselves."""
    found = _CANONICAL.get(name) or _CANONICAL.get(name.lower().lstrip("%"))
    return found or (name if name[0] == "%" else None)


def rank(name: str) -> tuple[int, str]:
    """The place of a register in herd's order: by number, symbolic ones last."""
    return (int(name[1:]), "") if name in _CANONICAL else (99, name)


# ---------------------------------------------------------------- from a cell to a template


class _Reader(Reader):
    """An instruction of a cell, and the two forms of its addresses."""

    def address(self) -> Expr:
        """A displacement and its base, `d(rA)`.  Raises InputError for the base r0, which means the number 0."""
        tree = self.operands[self.next]
        if tree.data == "based":
            self.next += 1
            displacement, base = map(placed, tree.children)
        elif self.left() == 2:  # d,rA
            displacement, base = self.token("a displacement"), self.token("a base register")
        else:
            raise self.error(f"{self.mnemonic.name} wants an address here", place_of(tree), "addresses look like 0(r2)")
        register = self.known(base)
        if register == "r0":
            raise self.error("r0 as a base stands for the number 0, which is no address", base.place)
        offset = self.in_range(displacement, -32768, 32767)
        return Op("add", (Reg(register), offset)) if offset else Reg(register)

    def indexed(self) -> Expr:
        """The sum of two registers.  r0 as the first one means the number 0; `0` may be written in its place."""
        operand = self.operands[self.next]
        if operand.data == "operand" and str(operand.children[0]) == "0":
            self.next += 1
            return Reg(self.register())
        first, second = Reg(self.register()), Reg(self.register())
        return second if first.name == "r0" else Op("add", (first, second))


_MACHINE = Machine("POWER", canonical, HINT)


def _reader(text: str, instruction: Tree) -> _Reader:
    mnemonic, *operands = instruction.children
    return _Reader(text, mnemonic, operands, _MACHINE)


@lru_cache(maxsize=8192)
def cell(text: str, exact: bool) -> CellCode:
    """The meaning of a cell's text (InstructionSet.cell)."""
    tree = parsed(_GRAMMAR, text, _EXAMPLES)
    *labels, instruction = tree.children
    names = tuple([placed(as_tree(label).children[0]) for label in labels])
    return CellCode(names, None if instruction is None else _template(_reader(text, as_tree(instruction)), exact))


def _template(reader: _Reader, exact: bool) -> Template:
    name = reader.mnemonic.name.lower()
    plain = name.removesuffix(".")
    indexed = name.removesuffix("x")
    row = COMPUTE.get(name) or (COMPUTE.get(plain) if plain != name and COMPUTE.get(plain, _NONE).record else None)
    if row is not None:
        return _compute(reader, row, row.always or plain != name)
    if name in LOADS:
        return _load(reader, *LOADS[name], reader.address, exact)
    if name in STORES:
        return _store(reader, STORES[name], reader.address)
    if indexed != name and indexed in LOADS:
        return _load(reader, *LOADS[indexed], reader.indexed, exact)
    if indexed != name and indexed in STORES:
        return _store(reader, STORES[indexed], reader.indexed)
    updating = name.removesuffix("x").removesuffix("u")
    if name in (f"{updating}u", f"{updating}ux") and (updating in LOADS or updating in STORES):
        by_index = name[-1] == "x"
        address_of = reader.indexed if by_index else reader.address
        if updating in LOADS:
            return _updated(reader, _load(reader, *LOADS[updating], address_of, exact), by_index)
        return _updated(reader, _store(reader, STORES[updating], address_of), by_index)
    if name in RESERVE:
        return _load(reader, *RESERVE[name], reader.indexed, exact, reserve=True)
    if name in CONDITIONAL:
        return _store_conditional(reader, CONDITIONAL[name])
    if name in COMPARES:
        return _compare(reader, *COMPARES[name])
    if name in FENCES:
        if name == "sync" and reader.operands:  # sync 0 and sync 1 are sync and lwsync
            name = ("sync", "lwsync")[reader.number(0, 1)]
            reader.expect(1)
        else:
            reader.expect(0)
        return Template(reader.place, (Fence(frozenset({FENCES[name]})),))
    branch = name.rstrip("+-")  # the sign is a hint to the predictor
    if branch in BRANCHES:
        return _branch(reader, *BRANCHES[branch])
    if name == "b":
        reader.expect(1)
        target = reader.token("a label")
        return Template(reader.place, (Branch(target.name),), target)
    if name in COUNTED:
        reader.expect(1)
        target = reader.token("a label")
        counted = Set(COUNT, Op("sub", (Reg(COUNT), 1)))
        return Template(reader.place, (counted, Branch(target.name, expression(COUNTED[name]))), target)
    if name in JUMPS:
        return _jump(reader, *JUMPS[name])
    if name in MOVES_TO or name in MOVES_FROM:
        reader.expect(1)
        register = reader.register()
        to, source = (MOVES_TO[name], register) if name in MOVES_TO else (register, MOVES_FROM[name])
        return Template(reader.place, (Set(to, Reg(source)),))
    if name in PREFETCHES:
        reader.expect(2)
        reader.indexed()
        return Template(reader.place)
    if name in NOTHING:
        reader.expect(0)
        return Template(reader.place)
    place = reader.mnemonic.place
    if name in UNSUPPORTED or plain in UNSUPPORTED:
        raise Unsupported(f"{reader.mnemonic.name}: {UNSUPPORTED.get(name) or UNSUPPORTED[plain]}", place)
    known = (
        *(*COMPUTE, *LOADS, *STORES, *RESERVE, *CONDITIONAL, *COMPARES, *FENCES, *BRANCHES, *COUNTED),
        *(*JUMPS, *MOVES_TO, *MOVES_FROM, *PREFETCHES, *NOTHING, "b"),
    )
    raise InputError(f"unknown instruction {reader.mnemonic.name}", place, near(name, known) or _EXAMPLES)


_NONE = Compute("", "0", record=False)


def _compute(reader: _Reader, row: Compute, record: bool) -> Template:
    reader.expect(len(row.operands))
    operands: dict[str, Expr] = {}
    numbers: dict[str, int] = {}
    target = ""
    for letter in row.operands:
        if letter == "T":
            target = reader.register()
        elif letter in "ABZ":
            name = reader.register()
            operands[letter] = 0 if letter == "Z" and name == "r0" else Reg(name)
        elif letter == "L":
            operands["L"] = reader.address()
        else:
            number = reader.number(*_RANGES[letter])
            numbers[letter] = wrap(number, 16) if letter == "H" else number
    operands["D"] = Reg(target)
    if "b" in row.operands:
        operands["R"], operands["M"] = _rotated(operands["A"], numbers["n"], numbers["b"], numbers["e"])
    result = substituted(expression(row.result), {**operands, **numbers})
    value = folded(result)
    half = frozenset({target}) if registers_of(value) else frozenset()
    if not registers_of(result):
        result = value
    whole = registers_of(result) if row.whole else frozenset()
    operations: tuple[Operation, ...] = (Set(target, result),)
    if record:
        operations += tuple([Set(f".cr0.{bit}", Op(bit, (Reg(target), 0))) for bit in ("lt", "gt", "eq")])
        if not row.always:  # andi. and andis. clear the upper half
            whole |= {target}  # all 64 bits of the target are compared with 0
    return Template(reader.place, operations, half=half, whole=whole)


_RANGES = {
    "I": (-32768, 32767),
    "H": (-32768, 65535),  # assemblers accept the 16 bits as a signed and as an unsigned number
    "U": (0, 65535),
    "n": (0, 31),
    "m": (0, 63),
    "k": (0, 63),
    "b": (0, 31),
    "e": (0, 31),
}


def _rotated(source: Expr, by: int, begin: int, end: int) -> tuple[Expr, int]:
    """ROTL32 of the source, and the mask MB+32..ME+32 (Book I, 3.3.14).  A mask that wraps around has upper bits."""
    word: Expr = Op("zext32", (source,))
    if by:
        word = Op("or", (Op("zext32", (Op("shl", (word, by)),)), Op("shr", (word, 32 - by))))
    if begin <= end:
        return word, (1 << 32 - begin) - (1 << 31 - end)
    mask = ~((1 << 31 - end) - (1 << 32 - begin))
    return Op("or", (word, Op("shl", (word, 32)))), mask


def _load(
    reader: _Reader, size: int, extension: str, address_of: Callable[[], Expr], exact: bool, reserve: bool = False
) -> Template:
    reader.expect(*((2, 3) if address_of == reader.address else (3,)))
    target = reader.register()
    address = address_of()
    tags = _ATOMIC if reserve else NO_TAGS
    operations: list[Operation] = [Load(target, address, size, tags, reserve)]
    if extension and (size < 4 or exact):
        operations.append(Set(target, Op(extension, (Reg(target),))))
    return Template(
        reader.place,
        tuple(operations),
        accesses=(Access(address, size, reader.place),),
        half=frozenset({target}) if extension and size == 4 else frozenset(),
        whole=registers_of(address),
    )


def _store(reader: _Reader, size: int, address_of: Callable[[], Expr]) -> Template:
    reader.expect(*((2, 3) if address_of == reader.address else (3,)))
    value = Reg(reader.register())
    address = address_of()
    return Template(
        reader.place,
        (Store(address, value, size),),
        accesses=(Access(address, size, reader.place),),
        whole=registers_of(address) | (registers_of(value) if size == 8 else frozenset()),
    )


def _updated(reader: _Reader, access: Template, indexed: bool) -> Template:
    """The access; after it, the base becomes the address (Book I, 3.3.2)."""
    address = access.accesses[0].address
    if indexed and not isinstance(address, Op):
        raise reader.error("r0 as a base cannot be updated", reader.place)
    base = address.args[0] if isinstance(address, Op) else address
    operation = access.operations[0]
    assert isinstance(base, Reg)
    if isinstance(operation, Load) and operation.register == base.name:
        raise reader.error(f"{base.name} is loaded and updated at once", reader.place)
    return structs.replace(access, operations=(*access.operations, Set(base.name, address)))


def _jump(reader: _Reader, register: str, links: bool) -> Template:
    """A branch to a label or to the address in a special register.

    links: it puts the address of the next instruction into LR.
    """
    reader.expect(0 if register else 1)
    target = None if register else reader.token("a label")
    branch = Branch(INDIRECT, Reg(register)) if target is None else Branch(target.name)
    if not links:
        return Template(reader.place, (branch,), target)
    operations: tuple[Operation, ...] = (Set(LINK, unplaced(NEXT)), branch)
    if register == LINK:
        operations = (Set(_WHERE, Reg(LINK)), operations[0], Branch(INDIRECT, Reg(_WHERE)))
    return Template(reader.place, operations, target, returns=True)


def _store_conditional(reader: _Reader, size: int) -> Template:
    """CR0 becomes 0b00 || stored || SO (Book II, 4.6.2).  All its bits depend on what the bit `stored` depends on."""
    reader.expect(3)
    value = Reg(reader.register())
    address = reader.indexed()
    stored, carries = ".cr0.eq", STATUS_CARRIES
    zero = Op("and", (Reg(stored), 0))
    return Template(
        reader.place,
        (
            StoreConditional(address, value, stored, 1, 0, size=size, tags=_ATOMIC, carries=carries),
            Set(".cr0.lt", zero),
            Set(".cr0.gt", zero),
        ),
        accesses=(Access(address, size, reader.place),),
        whole=registers_of(address) | (registers_of(value) if size == 8 else frozenset()),
    )


def _field(reader: _Reader) -> str:
    """The next operand, which must be a condition field.  Raises InputError if it is none."""
    token = reader.token("a condition field")
    match = _CONDITION_FIELD.match(token.name)
    if match is None:
        raise reader.error(f"POWER has no condition field {token.name}", token.place, "condition fields are cr0 to cr7")
    return f".cr{match[1]}"


def _compare(reader: _Reader, operands: str, extension: str, less: str, greater: str) -> Template:
    reader.expect(2, 3)
    field = _field(reader) if reader.left() == 3 else ".cr0"
    left: Expr = Reg(reader.register())
    right: Expr = Reg(reader.register()) if operands == "AB" else reader.number(*_RANGES[operands[1]])
    whole = frozenset[str]()
    if extension:
        left, right = Op(extension, (left,)), Op(extension, (right,)) if operands == "AB" else right
    else:
        whole = registers_of(left) | registers_of(right)
    return Template(
        reader.place,
        (
            Set(f"{field}.lt", Op(less, (left, right))),
            Set(f"{field}.gt", Op(greater, (left, right))),
            Set(f"{field}.eq", Op("eq", (left, right))),
        ),
        whole=whole,
    )


def _branch(reader: _Reader, bit: str, wanted: bool) -> Template:
    reader.expect(1, 2)
    field = _field(reader) if reader.left() == 2 else ".cr0"
    target = reader.token("a label")
    condition: Expr = Reg(f"{field}.{bit}")
    return Template(reader.place, (Branch(target.name, condition if wanted else Op("lnot", (condition,))),), target)


def _lower(test: Test) -> Program:
    return assembly.lower(test, _INSTRUCTIONS)


# A processor may run in either byte order, and a test does not say in which one.
_INSTRUCTIONS = InstructionSet("POWER", cell, canonical, HINT, width=8, link=LINK, little_endian=False)

_TAGS = frozenset({*FENCES.values()}) | _ATOMIC

ARCHITECTURES = {"PPC": Architecture("PPC", _TAGS, canonical, rank, HINT, _lower, title="POWER")}
