"""ARM lowering: what the rows of litmus/isa/arm.py mean, as operations.

The condition flags are pseudo registers: .n, .z, .c, .v.  A conditional instruction becomes the instruction and a
branch around it.  Its access depends by control on what the flags were computed from.  Later instructions do not
depend on it, and neither does the value that it leaves in a register.  DDI 0406C, A3.8.2, speaks of a control
dependency if a read decides the flags of a condition.  Here, as in herd7, the dependency ends with the conditional
instruction: this is the weakest way to read the manual.
"""

from __future__ import annotations

from functools import lru_cache

from litmus.diagnostics import near
from litmus.isa import assembly
from litmus.isa.architecture import Architecture
from litmus.isa.arm import (
    ACQUIRE,
    ALIASES,
    ALWAYS,
    BARRIERS,
    COMPUTE,
    CONDITION_PAIRS,
    CONDITIONAL,
    DOUBLES,
    EXCLUSIVE,
    FLAGS,
    HINT,
    IT,
    LINK,
    LOAD_BARRIERS,
    LOADS,
    MULTIPLES,
    NOTHING,
    PREFETCHES,
    REGISTERS,
    RELEASE,
    RESERVE,
    SHIFTS,
    STACK,
    STATUS_CARRIES,
    STORES,
    UNSUPPORTED,
    Compute,
    Multiple,
    Transfer,
)
from litmus.isa.cells import parsed, place_of, placed
from litmus.isa.infix import expression, folded, registers_of, substituted
from litmus.isa.jumps import unplaced
from litmus.isa.reader import Machine, Reader
from litmus.isa.template import INDIRECT, NEXT, Access, CellCode, InstructionSet, Named, Template
from litmus.program.code import Branch, Fence, Load, Operation, Program, Set, Store, StoreConditional
from litmus.program.values import Address, Expr, Op, Reg, wrap
from litmus.source.lalr.trees import Tree, as_tree
from litmus.source.syntax import Test

_GRAMMAR = r"""
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
_EXAMPLES = "instructions look like LDR R1,[R2]"

_CANONICAL = {name: name for name in REGISTERS} | ALIASES
_RANK = {name: number for number, name in enumerate(REGISTERS)}
_CONDITIONS: dict[str, tuple[Expr, Expr]] = {}  # suffix -> when it executes, when it does not
for _name, _holds, _opposite, _fails in CONDITION_PAIRS:
    _CONDITIONS[_name] = expression(_holds), expression(_fails)
    _CONDITIONS[_opposite] = expression(_fails), expression(_holds)

_WHERE = "..where"  # where a call through LR goes
_START = ".start"  # a copy of the base, for a multiple load that overwrites its base
_SETTING = frozenset(name for name, row in COMPUTE.items() if row.flags and "T" in row.operands)
_UNCONDITIONAL = frozenset({*BARRIERS, "cbz", "cbnz"})
_KNOWN = frozenset(
    {*COMPUTE, *LOADS, *STORES, *RESERVE, *CONDITIONAL, *MULTIPLES, *STACK, *DOUBLES, *BARRIERS, *NOTHING}
    | {"adr", "b", "bl", "bx", "blx", "cbz", "cbnz", *IT, *PREFETCHES}
)


def canonical(name: str) -> str | None:
    """The register `name`, as states spell it; symbolic registers (`%x0`) stand for themselves."""
    return _CANONICAL.get(name) or _CANONICAL.get(name.upper()) or (name if name[0] == "%" else None)


def rank(name: str) -> tuple[int, str]:
    """The place of a register in herd's order: by number, symbolic ones last."""
    return _RANK.get(name, len(_RANK)), name


# ---------------------------------------------------------------- operands


class _Address:
    """Where an access goes, and what its base register becomes."""

    def __init__(self, address: Expr, base: str, updated: Expr | None) -> None:
        self.address = address
        self.base = base
        self.updated = updated

    def update(self) -> tuple[Operation, ...]:
        return () if self.updated is None else (Set(self.base, Op("sext32", (self.updated,))),)


class _Reader(Reader):
    """The operands of an ARM instruction.  `carry`: an operand has used the shifter, which then sets the carry."""

    carry = False

    def known(self, token: Named) -> str:
        name = super().known(token)
        if name == "PC":
            raise self.unsupported("the program counter as an operand is not supported", token.place)
        return name

    def single(self) -> bool:
        """Whether the next operand is a single token."""
        return self.left() > 0 and self.operands[self.next].data == "operand"

    def is_number(self) -> bool:
        """Whether the next operand is a number."""
        return self.single() and str(self.operands[self.next].children[0])[0] in "#+-0123456789"

    def plain(self) -> int:
        """How many operands there are; the shift of an operand is not counted."""
        return sum(operand.data != "shift" for operand in self.operands)

    def flexible(self) -> Expr:
        """The second operand: a number, or a register that may be shifted (A5.2.4, A8.4)."""
        if self.is_number():
            number = wrap(self.number(-(1 << 31), (1 << 32) - 1), 32)
            self.carry = not 0 <= number <= 255  # other numbers are encoded as a rotated byte, and that sets the carry
            return number
        value: Expr = Reg(self.register())
        if self.left() and self.operands[self.next].data == "shift":
            value = self.shifted(value, self.operand())
            self.carry = True
        return value

    def shifted(self, value: Expr, shift: Tree) -> Expr:
        """The value of a register after a shift such as `LSL #2`."""
        kind, by = map(placed, shift.children)
        name = kind.name.lower()
        if name not in SHIFTS:
            raise self.error(f"there is no shift {kind.name}", kind.place, "shifts are LSL, LSR, ASR and ROR")
        count: Expr
        if by.name[0] in "#+-0123456789":
            count = self.in_range(by, *_COUNTS[name])
        else:
            count = Reg(self.known(by))
        return folded(substituted(expression(COMPUTE[name].result), {"A": value, "S": count}))

    def address(self, base_only: bool = False) -> _Address:
        """`[Rn]`, `[Rn,#4]` or `[Rn,-Rm,LSL #2]`, each with or without `!`; or `[Rn]` and an offset after it."""
        tree = self.operand()
        if tree.data != "memory":
            hint = "addresses look like [R1] or [R1,#4]"
            raise self.error(f"{self.mnemonic.name} wants an address here", place_of(tree), hint)
        first, *parts, write_back = tree.children
        base = self.known(placed(first))
        place = place_of(tree)
        offset = self.offset([as_tree(part) for part in parts]) if parts else 0
        behind = self.left() > 0
        if base_only and (offset != 0 or write_back is not None or behind):
            raise self.error(f"{self.mnemonic.name} takes no offset", place, f"write [{placed(first).name}]")
        if behind:
            if parts or write_back is not None:
                raise self.error("an offset behind an address belongs to [Rn] alone", place)
            offset = self.offset([self.operand() for _ in range(self.left())])
        moved = Reg(base) if offset == 0 else _plus(base, offset)
        return _Address(Reg(base) if behind else moved, base, moved if behind or write_back is not None else None)

    def offset(self, parts: list[Tree]) -> Expr:
        """The offset of an address: a number, or a register that may have a minus sign and a shift."""
        first, *shifts = parts
        token = placed(first.children[0])
        if token.name[0] in "#+-0123456789":
            if shifts:
                raise self.error("a number as an offset is not shifted", place_of(shifts[0]))
            return self.in_range(token, -4095, 4095)
        if first.data not in ("operand", "part", "negative"):
            raise self.error(f"{self.mnemonic.name} wants an offset here", place_of(first))
        value: Expr = Reg(self.known(token))
        if shifts:
            if len(shifts) > 1 or shifts[0].data != "shift":
                raise self.error(f"{self.mnemonic.name} wants a shift here", place_of(shifts[0]), "LSL #2")
            value = self.shifted(value, shifts[0])
        return Op("neg", (value,)) if first.data == "negative" else value

    def registers(self) -> list[str]:
        """The registers in braces, in ascending order: the order of their addresses."""
        tree = self.operand()
        if tree.data != "registers":
            raise self.error(f"{self.mnemonic.name} wants registers here", place_of(tree), "write {R1,R2} or {R1-R3}")
        found: set[str] = set()
        for part in map(as_tree, tree.children):
            tokens = [placed(token) for token in part.children if token is not None]
            names = [self.known(token) for token in tokens]
            for name, token in zip(names, tokens, strict=True):
                if name not in _RANK:
                    raise self.error(f"{token.name} has no place in the order of registers", token.place)
            first, last = _RANK[names[0]], _RANK[names[-1]]
            if first > last:
                raise self.error(f"{part.children[0]} does not come before {part.children[1]}", place_of(part))
            found |= set(REGISTERS[first : last + 1])
        return sorted(found, key=_RANK.__getitem__)


_COUNTS = {"lsl": (0, 31), "lsr": (1, 32), "asr": (1, 32), "ror": (1, 31)}


def _plus(base: str, offset: Expr) -> Expr:
    """The address: the value of the register `base` plus the offset."""
    if isinstance(offset, Op) and offset.name == "neg":
        return Op("sub", (Reg(base), offset.args[0]))
    return Op("add", (Reg(base), offset))


# ---------------------------------------------------------------- from a cell to a template


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


def _decoded(name: str) -> tuple[str, bool, str] | None:
    """The row of a mnemonic, whether it has the suffix S, and its condition.  ADDSEQ: add, True, eq."""
    for stem, condition in ((name, ALWAYS), (name[:-2], name[-2:])):
        if condition in _CONDITIONS or condition == ALWAYS:
            if stem in _KNOWN:
                return stem, False, condition
            if stem[-1:] == "s" and stem[:-1] in _SETTING:
                return stem[:-1], True, condition
    return None


def _template(reader: _Reader) -> Template:
    spelled = reader.mnemonic.name.lower()
    name = spelled.removesuffix(".w").removesuffix(".n")  # the width of the encoding
    decoded = _decoded(name)
    if decoded is None:
        for plain in (name, name[:-2]):
            if plain in UNSUPPORTED:
                raise reader.unsupported(f"{reader.mnemonic.name}: {UNSUPPORTED[plain]}", reader.mnemonic.place)
        hint = near(name, [known.upper() for known in _KNOWN]) or _EXAMPLES
        raise reader.error(f"unknown instruction {reader.mnemonic.name}", reader.mnemonic.place, hint)
    row, sets_flags, condition = decoded
    if row == "b":
        reader.expect(1)
        target = reader.token("a label")
        return Template(reader.place, (Branch(target.name, _condition(condition)),), target)
    if condition != ALWAYS and row in _UNCONDITIONAL:
        raise reader.unsupported(f"{reader.mnemonic.name} with a condition is not supported", reader.mnemonic.place)
    template = _lowered(reader, row, sets_flags)
    if condition == ALWAYS or not template.operations:
        return template
    _, fails = _CONDITIONS[condition]
    return Template(
        template.place,
        (Branch(NEXT, fails), *template.operations),
        symbols=template.symbols,
        accesses=template.accesses,
        undefined=template.undefined,
        conditional=True,
        returns=template.returns,
    )


def _condition(suffix: str) -> Expr | None:
    return None if suffix == ALWAYS else _CONDITIONS[suffix][0]


def _lowered(reader: _Reader, name: str, sets_flags: bool) -> Template:
    """The template of an instruction that is always executed."""
    if name in COMPUTE:
        return _compute(reader, name, COMPUTE[name], sets_flags)
    if name in LOADS:
        return _load(reader, LOADS[name])
    if name in STORES:
        return _store(reader, STORES[name])
    if name in RESERVE:
        return _load(reader, RESERVE[name], reserve=True)
    if name in CONDITIONAL:
        return _store_conditional(reader, CONDITIONAL[name])
    if name in MULTIPLES:
        return _multiple(reader, MULTIPLES[name])
    if name in STACK:
        return _multiple(reader, STACK[name], stack=True)
    if name in DOUBLES:
        return _double(reader, DOUBLES[name])
    if name in BARRIERS:
        return _barrier(reader, name)
    if name in ("cbz", "cbnz"):
        reader.expect(2)
        register = reader.register()
        target = reader.token("a label")
        condition = Op("eq" if name == "cbz" else "ne", (Reg(register), 0))
        return Template(reader.place, (Branch(target.name, condition),), target)
    if name in ("bl", "bx", "blx"):
        return _jump(reader, name)
    if name == "adr":
        reader.expect(2)
        register = reader.register()
        target = reader.token("a label")
        return Template(reader.place, (Set(register, unplaced(target.name)),), target)
    if name in IT:
        reader.expect(1)
        reader.token("a condition")
        return Template(reader.place)
    if name in PREFETCHES:
        reader.address()
        return Template(reader.place)
    reader.expect(0)
    return Template(reader.place)


def _jump(reader: _Reader, name: str) -> Template:
    """BL and BLX put the address of the next instruction into LR; BX and BLX go to the address in a register."""
    reader.expect(1)
    if name == "bl":
        target = reader.token("a label")
        return Template(reader.place, (Set(LINK, unplaced(NEXT)), Branch(target.name)), target, returns=True)
    register = reader.register()
    if name == "bx":
        return Template(reader.place, (Branch(INDIRECT, Reg(register)),))
    operations = (Set(_WHERE, Reg(register)), Set(LINK, unplaced(NEXT)), Branch(INDIRECT, Reg(_WHERE)))
    return Template(
        reader.place,
        operations if register == LINK else (*operations[1:2], Branch(INDIRECT, Reg(register))),
        returns=True,
    )


def _compute(reader: _Reader, name: str, row: Compute, sets_flags: bool) -> Template:
    short = row.operands == "TAO" and reader.plain() == 2  # ADD R1,#1
    if reader.plain() != len(row.operands) - short:
        reader.expect(*((2, 3) if row.operands == "TAO" else (len(row.operands),)))
    operands: dict[str, Expr] = {}
    target = ""
    lowest = 0
    for letter in row.operands:
        if letter == "T":
            target = reader.register()
            operands["D"] = Reg(target)
        elif letter == "A" and short:
            operands["A"] = Reg(target)
        elif letter in "ABC":
            operands[letter] = Reg(reader.register())
        elif letter == "O":
            operands["O"] = reader.flexible()
        elif letter == "H":
            operands["H"] = reader.number(0, 65535)
        elif letter == "n":
            operands["n"] = lowest = reader.number(0, 31)
        elif letter == "w":
            operands["w"] = width = reader.number(1, 32 - lowest)
            operands["M"] = (1 << width) - 1
        else:
            counts = _COUNTS[name]
            operands["S"] = reader.number(*counts) if reader.is_number() else Reg(reader.register())
    if reader.left():
        place = place_of(reader.operands[reader.next])
        raise reader.error(f"{reader.mnemonic.name} wants no operand here", place)
    result = substituted(expression(row.result), operands)
    value = folded(result)
    if registers_of(value) == registers_of(result):  # else folding would drop a false dependency (EOR R1,R2,R2)
        result = value
    operations: tuple[Operation, ...] = ()
    if "..carry" in registers_of(result):
        operations = (Set("..carry", Reg(".c")),)
    undefined: frozenset[str] = frozenset()
    if sets_flags or not target:  # flags come before the target is written, because the target may be an operand
        operands["R"] = result
        shift = row.flags == "shift"
        flags = FLAGS["logical" if shift else row.flags]
        operations += tuple([Set(flag, substituted(expression(text), operands)) for flag, text in flags.items()])
        if ".c" not in flags and (shift or reader.carry):
            undefined = frozenset({".c"})
    if target:
        operations += (Set(target, result),)
    return Template(reader.place, operations, undefined=undefined)


# ---------------------------------------------------------------- loads and stores


def _load(reader: _Reader, row: Transfer, reserve: bool = False) -> Template:
    if reader.plain() not in (2, 3):
        reader.expect(2, 3)
    target = reader.register()
    if reader.left() == 1 and reader.operands[reader.next].data == "literal" and not row.base:
        return _literal(reader, target)
    where = reader.address(row.base)
    if where.updated is not None and where.base == target:
        raise reader.error(f"{target} is loaded and updated at once", reader.place)
    operations: tuple[Operation, ...] = (Load(target, where.address, row.size, row.tags, reserve),)
    if row.extension:
        operations += (Set(target, Op(row.extension, (Reg(target),))),)
    accesses = (Access(where.address, row.size, reader.place),)
    return Template(reader.place, operations + where.update(), accesses=accesses)


def _literal(reader: _Reader, target: str) -> Template:
    """LDR R1,=x loads a constant.  The assembler chooses where it is stored; that place is no variable."""
    token = placed(reader.operand().children[0])
    if token.name[0] in "#+-0123456789":
        number = wrap(reader.in_range(token, -(1 << 31), (1 << 32) - 1), 32)
        return Template(reader.place, (Set(target, number),))
    return Template(reader.place, (Set(target, Address(token.name)),), symbols=(token,))


def _store(reader: _Reader, row: Transfer) -> Template:
    if reader.plain() not in (2, 3):
        reader.expect(2, 3)
    value = reader.register()
    where = reader.address(row.base)
    if where.updated is not None and where.base == value:
        raise reader.error(f"{value} is stored and updated at once", reader.place)
    operation = Store(where.address, Reg(value), row.size, row.tags)
    accesses = (Access(where.address, row.size, reader.place),)
    return Template(reader.place, (operation, *where.update()), accesses=accesses)


def _store_conditional(reader: _Reader, row: Transfer) -> Template:
    """Rd becomes 0 where the store was done, and 1 where it was not (A8.8.212)."""
    reader.expect(3)
    status = reader.register()
    value = reader.register()
    where = reader.address(row.base)
    if status in (value, where.base):
        raise reader.error(f"{status} receives the status and is an operand", reader.place)
    operation = StoreConditional(where.address, Reg(value), status, 0, 1, row.size, row.tags, STATUS_CARRIES)
    return Template(reader.place, (operation,), accesses=(Access(where.address, row.size, reader.place),))


def _double(reader: _Reader, load: bool) -> Template:
    """LDRD, STRD.  The second register may be left out; then it is the register after the first."""
    reader.expect(2, 3, 4)
    first = reader.register()
    if reader.single():
        second = reader.register()
    elif first in _RANK and _RANK[first] < 12:
        second = REGISTERS[_RANK[first] + 1]
    else:
        raise reader.error(f"{reader.mnemonic.name} needs a second register", reader.place)
    where = reader.address()
    if where.updated is not None and where.base in (first, second):
        raise reader.error(f"{where.base} is transferred and updated at once", reader.place)
    return _words(reader, load, [first, second], where.address, 0, where.update())


def _multiple(reader: _Reader, row: Multiple, stack: bool = False) -> Template:
    base, written_back = "SP", True
    if stack:
        reader.expect(1)
    else:
        reader.expect(2)
        tree = reader.operand()
        if tree.data not in ("operand", "written_back"):
            raise reader.error(f"{reader.mnemonic.name} wants a base register here", place_of(tree), "R0 or R0!")
        base, written_back = reader.known(placed(tree.children[0])), tree.data == "written_back"
    registers = reader.registers()
    size = 4 * len(registers)
    start = (4 if row.before else 0) if row.up else (0 if row.before else 4) - size
    update: tuple[Operation, ...] = ()
    if written_back:
        if base in registers:
            raise reader.error(f"{base} is transferred and updated at once", reader.place)
        update = (Set(base, Op("sext32", (Op("add", (Reg(base), size if row.up else -size)),))),)
    return _words(reader, row.load, registers, Reg(base), start, update)


def _words(
    reader: _Reader, load: bool, registers: list[str], base: Expr, start: int, update: tuple[Operation, ...]
) -> Template:
    """The transfers of several words.  The word of the first register is at base + start."""
    operations: list[Operation] = []
    accesses: list[Access] = []
    address = base
    if load and registers_of(base) & set(registers[:-1]):
        operations.append(Set(_START, base))
        address = Reg(_START)
    for number, register in enumerate(registers):
        offset = start + 4 * number
        word = Op("add", (address, offset)) if offset else address
        accesses.append(Access(folded(Op("add", (base, offset))), 4, reader.place))
        operations.append(Load(register, word) if load else Store(word, Reg(register)))
    return Template(reader.place, (*operations, *update), accesses=tuple(accesses))


def _barrier(reader: _Reader, name: str) -> Template:
    reader.expect(0, 1)
    options = BARRIERS[name]
    option = ""
    if reader.left():
        token = reader.token("an option")
        option = token.name.lower()
        if option in LOAD_BARRIERS and name != "isb":
            raise reader.unsupported(f"{token.name}: barriers of loads are not supported", token.place)
        if option not in options:
            known = ", ".join(o.upper() for o in options if o)
            hint = near(token.name, (o.upper() for o in options if o)) or f"options are {known}"
            raise reader.error(f"{reader.mnemonic.name} has no option {token.name}", token.place, hint)
    return Template(reader.place, (Fence(frozenset(options[option])),))


def _lower(test: Test) -> Program:
    return assembly.lower(test, _INSTRUCTIONS)


_MACHINE = Machine("ARM", canonical, HINT, {})
_INSTRUCTIONS = InstructionSet("ARM", cell, canonical, HINT, width=4, link=LINK)

# X is herd7's set of read-modify-writes in one instruction.  Models name it; on this architecture it is empty.
_TAGS = frozenset(
    {tag for options in BARRIERS.values() for tags in options.values() for tag in tags}
    | {ACQUIRE, RELEASE, EXCLUSIVE, "X"}
)

ARCHITECTURES = {"ARM": Architecture("ARM", _TAGS, canonical, rank, HINT, _lower)}
