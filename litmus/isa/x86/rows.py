"""X86 rows: the kinds of rows that only X86 and X86_64 have.

An instruction with a memory destination loads, computes and stores.  With LOCK (for XCHG always: SDM volume 3,
9.1.2.1), the two accesses are one atomic read-modify-write, and both are in the cat set X.

In the expressions of a row, `R` is the result, and `N` is the size of the operation in bits.  Names that begin with two
dots, such as `..carry`, are values that the instruction alone sees.
"""

from __future__ import annotations

from collections.abc import Iterable

from litmus.isa.infix import expression, folded, registers_of
from litmus.isa.reader import Bound
from litmus.isa.rows import OLD, Row, Steps, Tags
from litmus.isa.template import END, Access, Template
from litmus.isa.x86.notation import Label, Part
from litmus.isa.x86.operands import LOADED, Instruction, signed
from litmus.program.code import NO_TAGS, Branch, Load, Operation, Set, Store
from litmus.program.values import Expr, Op, Reg

ATOMIC = frozenset({"X"})
ALL_FLAGS = frozenset({".zf", ".sf", ".cf", ".lt"})
RESULT = "R"


class Effects:
    """What an instruction does, operation by operation.

    tags: the cat sets of its accesses.  locked: they are one atomic operation.
    """

    def __init__(self, instruction: Instruction, bound: Bound, tags: Tags = NO_TAGS, locked: bool = False) -> None:
        self.instruction = instruction
        self.bound = bound
        self.tags = tags | ATOMIC if locked else tags
        self.locked = locked
        self.size = instruction.size
        self.operations: list[Operation] = []
        self.accesses: tuple[Access, ...] = ()
        self.half: set[str] = set()
        self.whole: set[str] = set()

    def template(self, undefined: frozenset[str] = frozenset()) -> Template:
        """The template; `undefined` are the flags that the instruction leaves undefined.

        Raises InputError if the instruction has a LOCK prefix and does not store.
        """
        if self.instruction.lock is not None and not any(isinstance(done, Store) for done in self.operations):
            raise self.instruction.not_locked()
        return Template(
            self.instruction.place,
            tuple(self.operations),
            symbols=self.bound.symbols,
            accesses=self.accesses,
            half=frozenset(self.half),
            whole=frozenset(self.whole),
            undefined=undefined,
        )

    def value(self, text: str) -> Expr:
        """The expression `text` of a row, over the operands."""
        return self.bound.value(text, 8 * self.size)

    def address(self) -> Expr:
        """The address of the operand in memory, which is accessed."""
        assert self.bound.location is not None
        address = self.bound.location.address
        self.accesses = (Access(address, self.size, self.instruction.place),)
        self.whole |= registers_of(address)
        return address

    def read(self, names: Iterable[str]) -> None:
        """Load the operands with these names that are in memory."""
        used = frozenset[str]().union(*[registers_of(self.bound.values[name]) for name in names])
        if LOADED in used:
            self.operations.append(Load(LOADED, self.address(), self.size, self.tags))
        if self.size == 8:
            self.whole |= used - {LOADED}

    def perform(self, steps: Steps) -> None:
        """Read the operands that `steps` names, and assign."""
        named = frozenset[str]().union(*[registers_of(expression(text)) for text in steps.values()])
        self.read([name for name in self.bound.values if name in named])
        self.assign(steps)

    def assign(self, steps: Steps) -> None:
        """Registers, flags and operands become what `steps` says, one after the other."""
        for name, text in steps.items():
            value = self.value(text)
            if name == RESULT:
                self.bound.values[name] = value
            elif name[0] == ".":
                self.operations.append(Set(name, value))
            else:
                self.write(name, value)

    def write(self, name: str, value: Expr, when: Expr | None = None) -> None:
        """The operand becomes the low bytes of `value`; an operand in memory does, if `when` holds."""
        part = self.instruction.parts.get(name)
        if part is None:
            self.operations.append(Store(self.address(), value, self.size, self.tags, when, self.locked))
        else:
            self.operations.append(Set(part.register, self.merged(part, value)))

    def merged(self, part: Part, value: Expr) -> Expr:
        """The value of the whole register after a part of it becomes `value`.

        A 32-bit result clears the upper half; a smaller one keeps the rest (SDM volume 1, 3.4.1.1).
        If the upper half of a 32-bit result cannot be seen, it is kept sign-extended instead (assembly._thread).
        """
        bits, width = 8 * part.size, self.instruction.machine.width
        if bits == 64:
            return value
        if bits == 32:
            if width == 8 and self.instruction.exact:
                return _extended("zext32", value)
            self.half.add(part.register)
            is_word = isinstance(value, Reg) and (width == 4 or value.name == LOADED)
            return value if is_word else _extended("sext32", value)
        mask = (1 << bits) - 1 << part.shift
        moved = _extended(f"zext{bits}", value)
        if part.shift:
            moved = Op("shl", (moved, part.shift))
        return Op("or", (Op("andnot", (Reg(part.register), mask)), moved))


def _extended(operator: str, value: Expr) -> Expr:
    """The value, extended.  A number is computed at once."""
    return folded(Op(operator, (value,))) if isinstance(value, int) else Op(operator, (value,))


# ---------------------------------------------------------------- operands of one size


class Sized(Row[Instruction], frozen=True):
    """An instruction whose operands have one size.

    called: its mnemonic without a suffix.  size: what the suffix says; 0: there is none.
    wrong: what is said of operands that it cannot have; "": their kinds say it.
    locked: its accesses are one atomic operation.  tags: the other cat sets of its accesses.
    """

    called: str
    operands: str
    wrong: str = ""
    size: int = 0
    locked: bool = False
    tags: Tags = NO_TAGS

    def lower(self, instruction: Instruction) -> Template:
        """What it does to its operands."""
        return self.effects(Effects(instruction, self.bound(instruction), self.tags, self.locked))

    def bound(self, instruction: Instruction) -> Bound:
        """The operands."""
        return instruction.read_sized(self.names(instruction), self.size, self.called, self.wrong)

    def names(self, instruction: Instruction) -> str:
        """The names of the operands, destination first."""
        return self.operands

    def effects(self, effects: Effects) -> Template:
        """The template with what the instruction does."""
        raise NotImplementedError

    def sets(self) -> Tags:
        """Its cat sets."""
        return self.tags | ATOMIC if self.locked else self.tags


class Compute(Sized, frozen=True, kw_only=True):
    """Registers, flags and operands become the values of expressions, one after the other.

    undefined: the flags that are left undefined.
    others: why other numbers of operands are not supported; "": there are none.
    """

    steps: Steps
    undefined: frozenset[str] = frozenset()
    others: str = ""

    def bound(self, instruction: Instruction) -> Bound:
        """The operands.  Raises Unsupported for other numbers of operands."""
        if self.others and len(instruction.operands) != len(self.operands.split(", ")):
            raise instruction.unsupported(self.others, instruction.place)
        return super().bound(instruction)

    def effects(self, effects: Effects) -> Template:
        """The assignments."""
        effects.perform(self.steps)
        return effects.template(self.undefined)


class Move(Compute, frozen=True, kw_only=True):
    """MOV.  A register that becomes the content of memory is the target of the load."""

    def effects(self, effects: Effects) -> Template:
        """The load, or the assignment."""
        instruction, location = effects.instruction, effects.bound.location
        part = instruction.parts.get("dest")
        if part is None or location is None:
            return super().effects(effects)
        if part.size == instruction.machine.width or (part.size == 4 and not instruction.exact):
            effects.operations.append(Load(part.register, effects.address(), effects.size))
            if part.size == 4:
                effects.half.add(part.register)
            return effects.template()
        return super().effects(effects)


class Exchange(Compute, frozen=True, kw_only=True):
    """XCHG and XADD, which write both operands.

    steps: what they become if one of them is in memory.  registers: what they become if none is.
    either: the one in memory may be the first or the second.
    """

    registers: Steps
    either: bool = False

    def names(self, instruction: Instruction) -> str:
        """The names of the operands, in the order of the operands."""
        return instruction.memory_first(self.operands) if self.either else self.operands

    def effects(self, effects: Effects) -> Template:
        """The assignments."""
        effects.perform(self.registers if effects.bound.location is None else self.steps)
        return effects.template()


class CompareExchange(Compute, frozen=True, kw_only=True):
    """CMPXCHG: `accumulator` is compared with the destination.  herd7 writes memory first in AT&T's order, too.

    steps: the flags, and `..equal`.  stored: what the destination becomes if they are equal.
    If the comparison fails, a processor stores the old value to memory.  Here, as in herd7, it stores nothing.
    """

    stored: str

    def names(self, instruction: Instruction) -> str:
        """The names of the operands, in the order of the operands."""
        return instruction.memory_first(self.operands) if instruction.att else self.operands

    def bound(self, instruction: Instruction) -> Bound:
        """The operands, and the accumulator as one of them."""
        bound = super().bound(instruction)
        machine = instruction.machine
        part = machine.parts[{1: "al", 2: "ax", 4: "eax", 8: "rax"}[instruction.size]]
        instruction.parts["accumulator"] = part
        bound.values["accumulator"] = signed(part, machine)
        return bound

    def effects(self, effects: Effects) -> Template:
        """The comparison and the exchange."""
        old, new, equal = effects.bound.values["dest"], effects.value(self.stored), Reg("..equal")
        effects.read(effects.bound.values)
        effects.assign(self.steps)
        if effects.bound.location is None:
            effects.operations.append(Set(OLD, old))
            old = Reg(OLD)
            effects.write("dest", Op("ite", (equal, new, old)))
        else:
            effects.write("dest", new, when=equal)
        part = effects.instruction.parts["accumulator"]
        kept = Reg(part.register)
        effects.operations.append(Set(kept.name, Op("ite", (equal, kept, effects.merged(part, old)))))
        return effects.template()


class Shift(Sized, frozen=True, kw_only=True):
    """The destination is shifted by a count, which is a number or CL.

    A count of 0 changes nothing.  carry is CF.  less is "SF differs from OF" for a count of 1; for other counts OF is
    not defined.  If the count is not known here, no flag is: a count of 0 would not change them.
    """

    result: str
    carry: str
    less: str

    def effects(self, effects: Effects) -> Template:
        """The flags and the shift."""
        count = effects.bound.values["count"]
        if count == 0:
            return effects.template()
        steps = {RESULT: self.result}
        undefined = ALL_FLAGS
        if isinstance(count, int) and count <= 8 * effects.size:
            steps |= {".zf": "R == 0", ".sf": "R < 0", ".cf": self.carry, ".lt": self.less}
            undefined = frozenset({".lt"}) if count > 1 else frozenset()
        effects.read(["dest"])
        effects.assign({**steps, "dest": RESULT})
        return effects.template(undefined)


# ---------------------------------------------------------------- other operands


class Extend(Compute, frozen=True, kw_only=True):
    """MOVZX and MOVSX: a register becomes a shorter operand, extended.

    size: that of the source.  target: what the mnemonic says of the size of the register; 0: nothing.
    """

    target: int = 0

    def bound(self, instruction: Instruction) -> Bound:
        """The operands.  Raises InputError if the source is not shorter."""
        bound = super().bound(instruction)
        wide, narrow = instruction.operands
        if instruction.size >= instruction.agreed(wide, self.target):
            raise instruction.error("the source is not shorter than the destination", narrow.place)
        return bound


class Convert(Row[Instruction], frozen=True):
    """CWDE and similar: the register `target` becomes `result`, an expression over the register `source`."""

    target: str
    source: str
    result: str

    def lower(self, instruction: Instruction) -> Template:
        """The assignment."""
        bound = instruction.read("")
        parts = instruction.machine.parts
        instruction.size = parts[self.source].size
        instruction.parts[self.target] = parts[self.target]
        bound.values[self.source] = Reg(parts[self.source].register)
        effects = Effects(instruction, bound)
        effects.perform({self.target: self.result})
        return effects.template()


# ---------------------------------------------------------------- no operands that are read


class Jump(Row[Instruction], frozen=True):
    """A branch to a label, if `condition` holds; "": always."""

    condition: str = ""

    def lower(self, instruction: Instruction) -> Template:
        """The branch."""
        match instruction.operands:
            case [Label(name=target)]:
                condition = expression(self.condition) if self.condition else None
                return Template(instruction.place, (Branch(target.name, condition),), target)
            case _:
                raise instruction.error(f"{instruction.mnemonic.name} takes a label", instruction.place)


class Return(Row[Instruction], frozen=True):
    """The end of the thread."""

    def lower(self, instruction: Instruction) -> Template:
        """A branch to the end."""
        instruction.read("")
        return Template(instruction.place, (Branch(END),))


class Ignored(Row[Instruction], frozen=True):
    """An instruction that has no effect on the events of a test, and does not access its operands."""

    def lower(self, instruction: Instruction) -> Template:
        """No operations."""
        return Template(instruction.place, symbols=instruction.symbols)
