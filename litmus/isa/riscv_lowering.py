"""RISC-V lowering: what the rows of litmus/isa/riscv.py mean, as operations.

x0 is no register here.  Reading x0 gives the number 0.  Writing x0 writes `.x0`, which nothing reads.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

from litmus.diagnostics import InputError, near
from litmus.isa import assembly
from litmus.isa.architecture import Architecture
from litmus.isa.cells import parsed, place_of, placed
from litmus.isa.infix import expression, folded, registers_of, substituted
from litmus.isa.jumps import unplaced
from litmus.isa.reader import Machine, Reader
from litmus.isa.riscv import (
    ABI_NAMES,
    ACCESSES,
    AMO_TAG,
    AMOS,
    BRANCHES,
    CAS,
    CAS_LOAD_ORDERS,
    COMPUTE,
    CONDITIONAL,
    CONDITIONAL_ORDERS,
    FENCE_I,
    FENCE_TSO,
    HINT,
    LINK,
    LOAD_ORDERS,
    LOADS,
    LOADS_UNSIGNED,
    NOTHING,
    ORDERS,
    PREFETCHES,
    REGISTERS,
    RESERVATION_TAG,
    RESERVE,
    RESERVE_ORDERS,
    STATUS_CARRIES,
    STORE_ORDERS,
    STORES,
    UNSUPPORTED,
    WIDTHS,
    Compute,
)
from litmus.isa.template import INDIRECT, NEXT, Access, CellCode, InstructionSet, Named, Template
from litmus.program.code import NO_TAGS, Branch, Fence, Load, Operation, Program, Set, Store, StoreConditional
from litmus.program.values import Address, Expr, Op, Reg, wrap
from litmus.source.lalr.trees import as_tree
from litmus.source.syntax import Number, Register, Test

_GRAMMAR = r"""
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
_EXAMPLES = "instructions look like lw x5,0(x6)"

_CANONICAL = {name: name for name in REGISTERS} | dict(zip(ABI_NAMES, REGISTERS, strict=True)) | {"fp": "x8"}
_RANK = {name: number for number, name in enumerate(REGISTERS)}
_DISCARDED = "..x0"
_WHERE = "..where"  # the target of a call through the register that the call itself sets
_OLD = "..amo"  # the value that an AMO has read, if its target is also one of its sources


def canonical(name: str) -> str | None:
    """The register `name`, as states spell it; symbolic registers (`%x0`) stand for themselves."""
    return _CANONICAL.get(name) or _CANONICAL.get(name.lower()) or (name if name[0] == "%" else None)


def rank(name: str) -> tuple[int, str]:
    """The place of a register in herd's order: by number, symbolic ones last."""
    return _RANK.get(name, len(_RANK)), name


class _Reader(Reader):
    """The operands of a RISC-V instruction."""

    def source_register(self) -> Expr:
        name = self.register()
        return 0 if name == "x0" else Reg(name)

    def target(self) -> str:
        name = self.register()
        return _DISCARDED if name == "x0" else name

    def address(self, offsets: tuple[int, int]) -> Expr:
        """An offset and its base, `d(rs1)`.  The offset must be in `offsets`; for atomics it must be 0."""
        tree = self.operand()
        if tree.data != "based":
            raise self.error(f"{self.mnemonic.name} wants an address here", place_of(tree), "addresses look like 0(x6)")
        displacement, base = tree.children
        token = placed(base)
        register = self.known(token)
        if register == "x0":
            raise self.error(f"{token.name} as a base is the number 0, which is no address", token.place)
        offset = 0 if displacement is None else self.in_range(placed(displacement), *offsets)
        return Op("add", (Reg(register), offset)) if offset else Reg(register)


_OFFSETS = (-2048, 2047)
_NO_OFFSET = (0, 0)
_RANGES = {
    "I": (-2048, 2047),
    "U": (-(1 << 19), (1 << 20) - 1),  # assemblers accept the 20 bits as a signed and as an unsigned number
    "L": (-(1 << 63), (1 << 64) - 1),
    "n": (0, 31),
    "m": (0, 63),
}


@lru_cache(maxsize=8192)
def cell(text: str, exact: bool) -> CellCode:
    """The meaning of a cell's text (InstructionSet.cell).  It is always exact, whatever `exact` says."""
    tree = parsed(_GRAMMAR, text, _EXAMPLES)
    *labels, instruction = tree.children
    names = tuple([placed(as_tree(label).children[0]) for label in labels])
    if instruction is None:
        return CellCode(names, None)
    mnemonic, *operands = as_tree(instruction).children
    return CellCode(names, _template(_Reader(text, mnemonic, operands, _MACHINE)))


def _template(reader: _Reader) -> Template:
    name = reader.mnemonic.name.lower()
    if name in COMPUTE:
        return _compute(reader, COMPUTE[name])
    if name in BRANCHES:
        return _branch(reader, *BRANCHES[name])
    if name in ("fence", "fence.tso", "fence.i"):
        return _fence(reader, name)
    if name in _JUMPS:
        return _jump(reader, name)
    if name in NOTHING:
        reader.expect(0)
        return Template(reader.place)
    if name in PREFETCHES:
        reader.expect(1)
        reader.address(_OFFSETS)
        return Template(reader.place)
    plain, order = _ordered(name)
    if plain in LOADS:
        return _load(reader, *LOADS[plain], _annotated(reader, "loads", plain, LOAD_ORDERS, order))
    if plain in LOADS_UNSIGNED:
        return _load(reader, *LOADS_UNSIGNED[plain], _annotated(reader, "loads", plain, LOAD_ORDERS, order))
    if plain in STORES:
        return _store(reader, STORES[plain], _annotated(reader, "stores", plain, STORE_ORDERS, order))
    if plain in RESERVE:
        return _load(reader, RESERVE[plain], "", RESERVE_ORDERS[order] | {RESERVATION_TAG}, reserve=True)
    if plain in CONDITIONAL:
        return _store_conditional(reader, CONDITIONAL[plain], CONDITIONAL_ORDERS[order] | {RESERVATION_TAG})
    operation, _, width = plain.partition(".")
    if operation == CAS and width in WIDTHS:
        return _compare_and_swap(reader, WIDTHS[width], order)
    if operation in AMOS and width in WIDTHS:
        return _amo(reader, AMOS[operation], WIDTHS[width], ORDERS[order] | {AMO_TAG})
    if plain in UNSUPPORTED:
        raise reader.unsupported(f"{reader.mnemonic.name}: {UNSUPPORTED[plain]}", reader.mnemonic.place)
    amos = [f"{operation}.{width}" for operation in (*AMOS, CAS) for width in ("w", "d")]
    known = (*COMPUTE, *BRANCHES, *LOADS, *LOADS_UNSIGNED, *STORES, *RESERVE, *CONDITIONAL, *amos, *NOTHING)
    hint = near(plain, (*known, *PREFETCHES, *_JUMPS, "fence", "fence.tso", "fence.i")) or _EXAMPLES
    raise reader.error(f"unknown instruction {reader.mnemonic.name}", reader.mnemonic.place, hint)


def _ordered(name: str) -> tuple[str, str]:
    """A mnemonic without the suffix that orders it, and that suffix."""
    suffix = max((suffix for suffix in ORDERS if name.endswith(suffix)), key=len)
    return name.removesuffix(suffix), suffix


def _annotated(
    reader: _Reader, kind: str, plain: str, orders: Mapping[str, frozenset[str]], suffix: str
) -> frozenset[str]:
    """The cat sets of a load or store with that suffix.  Raises InputError if there is no such instruction."""
    if suffix not in orders:
        known = [plain + suffix for suffix in orders]
        hint = f"{kind} are {', '.join(known[:-1])} and {known[-1]}"
        raise reader.error(f"RISC-V has no {reader.mnemonic.name}", reader.mnemonic.place, hint)
    return orders[suffix]


def _compute(reader: _Reader, row: Compute) -> Template:
    reader.expect(len(row.operands))
    operands: dict[str, Expr] = {}
    symbols: tuple[Named, ...] = ()
    target = ""
    for letter in row.operands:
        if letter == "T":
            target = reader.target()
        elif letter in "AB":
            operands[letter] = reader.source_register()
        elif letter == "V":
            symbols = (reader.token("a variable"),)
            operands["V"] = Address(symbols[0].name)
        else:
            operands[letter] = wrap(reader.number(*_RANGES[letter]))
    if target == _DISCARDED:
        return Template(reader.place, symbols=symbols)
    result = substituted(expression(row.result), operands)
    value = folded(result)
    if registers_of(value) == registers_of(result):  # else folding would drop a false dependency: xor(A, A), and(A, 0)
        result = value
    return Template(reader.place, (Set(target, result),), symbols=symbols)


def _load(reader: _Reader, size: int, extension: str, tags: frozenset[str], reserve: bool = False) -> Template:
    reader.expect(2)
    target = reader.target()
    address = reader.address(_NO_OFFSET if reserve else _OFFSETS)
    operations: tuple[Operation, ...] = (Load(target, address, size, tags, reserve),)
    if extension:
        operations += (Set(target, Op(extension, (Reg(target),))),)
    return Template(reader.place, operations, accesses=(Access(address, size, reader.place),))


def _store(reader: _Reader, size: int, tags: frozenset[str]) -> Template:
    reader.expect(2)
    value = reader.source_register()
    address = reader.address(_OFFSETS)
    return Template(reader.place, (Store(address, value, size, tags),), accesses=(Access(address, size, reader.place),))


def _store_conditional(reader: _Reader, size: int, tags: frozenset[str]) -> Template:
    """rd becomes 0 if the store was done, and 1 if not (the manual allows any number that is not 0)."""
    reader.expect(3)
    target = reader.target()
    value = reader.source_register()
    address = reader.address(_NO_OFFSET)
    operation = StoreConditional(address, value, target, 0, 1, size, tags, STATUS_CARRIES)
    return Template(reader.place, (operation,), accesses=(Access(address, size, reader.place),))


def _amo(reader: _Reader, stored: str, size: int, tags: frozenset[str]) -> Template:
    """One memory operation that is a load and a store at once ("RVWMO", Memory model primitives)."""
    reader.expect(3)
    target = reader.target()
    value = reader.source_register()
    address = reader.address(_NO_OFFSET)
    old = _OLD if Reg(target) in (value, address) else target
    content = substituted(expression(stored, 8 * size), {"M": Reg(old), "B": value})
    operations: tuple[Operation, ...] = (
        Load(old, address, size, tags),
        Store(address, folded(content) if value == 0 else content, size, tags, rmw=True, single=True),
    )
    if old != target:
        operations += (Set(target, Reg(old)),)
    return Template(reader.place, operations, accesses=(Access(address, size, reader.place),))


def _compare_and_swap(reader: _Reader, size: int, order: str) -> Template:
    """AMOCAS ("Zacas"): a load; if the comparison holds, also a store, and both are one atomic operation.

    The stored value has a data dependency on the compared register too ("RVWMO", Source and Destination Register
    Listings).
    """
    reader.expect(3)
    target = reader.target()
    value = reader.source_register()
    address = reader.address(_NO_OFFSET)
    expected: Expr = 0 if target == _DISCARDED else Op(f"sext{8 * size}", (Reg(target),)) if size < 8 else Reg(target)
    stored = value if expected == 0 else Op("add", (value, Op("sub", (Reg(target), Reg(target)))))
    equal = Op("eq", (Reg(_OLD), expected))
    operations = (
        Load(_OLD, address, size, CAS_LOAD_ORDERS[order] | {AMO_TAG}),
        Store(address, stored, size, ORDERS[order] | {AMO_TAG}, equal, rmw=True),
        Set(target, Reg(_OLD)),
    )
    return Template(reader.place, operations, accesses=(Access(address, size, reader.place),))


_JUMPS = frozenset({"j", "jal", "jalr", "jr", "ret", "call", "tail"})


def _jump(reader: _Reader, name: str) -> Template:
    """Jumps and calls.  A call puts the address of the next instruction into x1, unless it names another register."""
    calls = name in ("jal", "jalr", "call")
    link = LINK if calls else _DISCARDED
    if calls and len(reader.operands) > 1:
        link = reader.target()
    target: Named | None = None
    branch: Branch
    if name == "ret":
        reader.expect(0)
        branch = Branch(INDIRECT, Reg(LINK))
    elif name in ("jalr", "jr"):
        branch = Branch(INDIRECT, _code_address(reader))
    else:
        target = reader.token("a label")
        branch = Branch(target.name)
    if reader.left():
        raise reader.error(f"{reader.mnemonic.name} takes no such operand", place_of(reader.operand()))
    operations: list[Operation] = [branch]
    if link != _DISCARDED:
        operations.insert(0, Set(link, unplaced(NEXT)))
        if isinstance(branch.condition, Reg) and branch.condition.name == link:
            operations[:] = [Set(_WHERE, Reg(link)), operations[0], Branch(INDIRECT, Reg(_WHERE))]
    return Template(reader.place, tuple(operations), target, returns=link != _DISCARDED)


def _code_address(reader: _Reader) -> Expr:
    """`x5`, `0(x5)` or `x5,0`: the address of an instruction."""
    if not reader.left():
        raise reader.error(f"{reader.mnemonic.name} wants a register", reader.place)
    if reader.operands[reader.next].data == "based":
        return reader.address(_NO_OFFSET)
    register = reader.source_register()
    if register == 0:
        raise reader.error("x0 holds no address of code", reader.place)
    if reader.left():
        reader.number(0, 0)
    return register


def _fence(reader: _Reader, name: str) -> Template:
    """A fence for the memory accesses in its two sets.  A fence that only orders devices orders no event of a test."""
    if name != "fence":
        reader.expect(0)
        return Template(reader.place, (Fence(frozenset({FENCE_I if name == "fence.i" else FENCE_TSO})),))
    reader.expect(0, 2)
    sides = []
    for _ in range(len(reader.operands)):
        token = reader.token("a set of accesses")
        side = ACCESSES.get(token.name.lower())
        if side is None:
            letters = "".join([letter for letter in "iorw" if letter in token.name.lower()])
            hint = f"did you mean {letters}?" if letters else "sets are made of i, o, r and w, in this order: rw"
            raise reader.error(f"{token.name} is no set of accesses", token.place, hint)
        sides.append(side)
    predecessors, successors = sides or ("rw", "rw")
    tag = {f"Fence.{predecessors}.{successors}"} if predecessors and successors else NO_TAGS
    return Template(reader.place, (Fence(frozenset(tag)),))


def _branch(reader: _Reader, operands: str, condition: str) -> Template:
    reader.expect(len(operands) + 1)
    sources: dict[str, Expr] = {letter: reader.source_register() for letter in operands}
    target = reader.token("a label")
    taken = substituted(expression(condition), sources)
    return Template(reader.place, (Branch(target.name, taken),), target)


def _lower(test: Test) -> Program:
    for item in test.init:
        where = item.location
        if isinstance(where, Register) and canonical(where.name) == "x0":
            if item.values is not None and not (isinstance(item.values[0], Number) and item.values[0].value == 0):
                raise InputError("x0 is always 0", where.span)
    return assembly.lower(test, _INSTRUCTIONS)


_MACHINE = Machine("RISC-V", canonical, HINT, {})
_INSTRUCTIONS = InstructionSet("RISC-V", cell, canonical, HINT, width=8, link=LINK)

_FENCES = {f"Fence.{p}.{s}" for p in ("r", "w", "rw") for s in ("r", "w", "rw")} | {FENCE_TSO, FENCE_I}
# Sc is herd7's set of AMOs that are two events.  Models name it; on this architecture it is empty.
_TAGS = frozenset({*_FENCES, AMO_TAG, RESERVATION_TAG, "Sc"}).union(*ORDERS.values())

ARCHITECTURES = {"RISCV": Architecture("RISCV", _TAGS, canonical, rank, HINT, _lower, title="RISC-V")}
