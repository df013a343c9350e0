"""Rows: what an instruction does, one row for each mnemonic.  Here are the kinds of rows that architectures share.

A row names its operands (litmus/isa/reader.py) and writes what it computes as infix expressions (litmus/isa/infix.py).
Its class decides what becomes of it: `lower` makes its template.  An instruction depends on the registers that its
expressions name, and on no others.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Generic, TypeVar

from msgspec import Struct

from litmus.diagnostics import Place
from litmus.isa.infix import folded, registers_of
from litmus.isa.jumps import unplaced
from litmus.isa.reader import DISCARDED, Bound, Instruction
from litmus.isa.template import INDIRECT, NEXT, Access, Template
from litmus.program import code
from litmus.program.code import NO_TAGS, Branch, Carried, Operation, Set
from litmus.program.values import Expr, Op, Reg

Instr = TypeVar("Instr", contravariant=True)

Tags = frozenset[str]
Steps = Mapping[str, str]  # what registers, flags and operands become, as expressions, one after the other
NO_STEPS: Steps = {}


class Row(Struct, Generic[Instr], frozen=True):
    """What an instruction does."""

    def lower(self, instruction: Instr) -> Template:
        """The template of an instruction of this row.  Raises InputError or Unsupported at what is wrong in it."""
        raise NotImplementedError

    def sets(self) -> Tags:
        """The cat sets of its events, those that only this architecture has."""
        return NO_TAGS


class Table(Struct, Generic[Instr], frozen=True):
    """The instructions of an architecture.

    rows: by mnemonic, in lower case.  plain: the mnemonics that a hint names, without the forms that are made of them.
    """

    rows: Mapping[str, Row[Instr]]
    plain: tuple[str, ...]

    def sets(self) -> Tags:
        """The cat sets of the events of all instructions."""
        return NO_TAGS.union(*[row.sets() for row in self.rows.values()])


def table(*groups: Mapping[str, Row[Instr]]) -> Table[Instr]:
    """The table of some groups of rows: each is an instruction and its forms, the plain form first.

    Raises ValueError if a mnemonic has two rows.
    """
    rows: dict[str, Row[Instr]] = {}
    for group in groups:
        for mnemonic, row in group.items():
            if mnemonic in rows:
                raise ValueError(f"{mnemonic} has two rows")
            rows[mnemonic] = row
    first = [next(iter(group)) for group in groups]
    return Table(rows, tuple([mnemonic for mnemonic in first if not isinstance(rows[mnemonic], Unsupported)]))


# ---------------------------------------------------------------- what rows have in common


def assigned(bound: Bound, steps: Steps) -> tuple[Operation, ...]:
    """The operations that make the registers, flags and operands what `steps` says."""
    steps = {bound.targets.get(name, name): text for name, text in steps.items()}
    return tuple([Set(register, bound.value(text)) for register, text in steps.items() if register != DISCARDED])


def computed(bound: Bound, operations: tuple[Operation, ...]) -> frozenset[str]:
    """The targets that become values computed from registers: a processor's upper halves may be others."""
    return frozenset(
        [
            operation.register
            for operation in operations
            if isinstance(operation, Set)
            and operation.register in bound.targets.values()
            and registers_of(folded(operation.value))
        ]
    )


def registers_named(bound: Bound, names: str) -> frozenset[str]:
    """The registers in the operands with these names."""
    return frozenset[str]().union(*[registers_of(bound.values[name]) for name in names.split(", ") if name])


def updated(bound: Bound) -> tuple[Operation, ...]:
    """After the access, the base becomes what the operand with the address says."""
    location = bound.location
    if location is None or location.updated is None:
        return ()
    return (Set(location.base, location.updated),)


def address_of(bound: Bound) -> Expr:
    """The address in the operands."""
    assert bound.location is not None
    return bound.location.address


# ---------------------------------------------------------------- computing


class Compute(Row[Instruction], frozen=True):
    """Registers and flags become the values of expressions, one after the other.

    whole: the operands whose upper halves decide the lower halves of the results, or flags.
    """

    operands: str
    steps: Steps
    whole: str = ""

    def lower(self, instruction: Instruction) -> Template:
        """The assignments."""
        bound = instruction.read(self.operands)
        operations = assigned(bound, self.steps)
        half, whole = computed(bound, operations), registers_named(bound, self.whole)
        return Template(instruction.place, operations, bound.label, bound.symbols, half=half, whole=whole)


class Nothing(Row[Instruction], frozen=True):
    """An instruction that has no effect on the events of a test, whatever its operands are."""

    operands: str = ""

    def lower(self, instruction: Instruction) -> Template:
        """No operations."""
        return Template(instruction.place, target=instruction.read(self.operands).label)


class Unsupported(Row[Instruction], frozen=True):
    """An instruction that the architecture has, and that is not supported here; why."""

    reason: str

    def lower(self, instruction: Instruction) -> Template:
        """Raises diagnostics.Unsupported."""
        mnemonic = instruction.mnemonic
        raise instruction.unsupported(f"{mnemonic.name}: {self.reason}", mnemonic.place)


# ---------------------------------------------------------------- memory


class Load(Row[Instruction], frozen=True):
    """A load of `size` bytes.

    extension: how the loaded value is extended, if it is not sign-extended.  tags: its cat sets.  reserve: it is a
    load-reserve.
    """

    operands: str
    size: int
    extension: str = ""
    tags: Tags = NO_TAGS
    reserve: bool = False

    def lower(self, instruction: Instruction) -> Template:
        """The load, the extension of its value, and the update of its base."""
        bound = instruction.read(self.operands)
        (target,) = bound.targets.values()
        address = address_of(bound)
        update = updated(bound)
        if any(isinstance(operation, Set) and operation.register == target for operation in update):
            raise instruction.error(f"{target} is loaded and updated at once", instruction.place)
        operations: tuple[Operation, ...] = (code.Load(target, address, self.size, self.tags, self.reserve),)
        if self.extension and target != DISCARDED and (self.size < 4 or instruction.exact):
            operations += (Set(target, Op(self.extension, (Reg(target),))),)
        return Template(
            instruction.place,
            operations + update,
            accesses=(Access(address, self.size, instruction.place),),
            half=frozenset({target}) if self.extension and self.size == 4 else frozenset(),
            whole=registers_of(address),
        )

    def sets(self) -> Tags:
        """Its cat sets."""
        return self.tags


class Store(Row[Instruction], frozen=True):
    """A store of the low `size` bytes of `value`.  tags: its cat sets."""

    operands: str
    value: str
    size: int
    tags: Tags = NO_TAGS

    def lower(self, instruction: Instruction) -> Template:
        """The store, and the update of its base."""
        bound = instruction.read(self.operands)
        address, value = address_of(bound), bound.value(self.value)
        operations = (code.Store(address, value, self.size, self.tags), *updated(bound))
        return _stored(instruction.place, operations, address, value, self.size)

    def sets(self) -> Tags:
        """Its cat sets."""
        return self.tags


class StoreConditional(Row[Instruction], frozen=True):
    """A store that is done if the reservation holds.

    status: the operand or flag that becomes `success` or `failure`.  carries: as in code.StoreConditional.
    after: what flags become after it.
    """

    operands: str
    value: str
    size: int
    status: str
    success: int
    failure: int
    tags: Tags
    carries: Carried
    after: Steps = NO_STEPS

    def lower(self, instruction: Instruction) -> Template:
        """The store, and the flags that it sets."""
        bound = instruction.read(self.operands)
        address, value = address_of(bound), bound.value(self.value)
        status = bound.targets.get(self.status, self.status)
        store = code.StoreConditional(
            address, value, status, self.success, self.failure, self.size, self.tags, self.carries
        )
        operations = (store, *assigned(bound, self.after))
        return _stored(instruction.place, operations, address, value, self.size)

    def sets(self) -> Tags:
        """Its cat sets."""
        return self.tags


def _stored(place: Place, operations: tuple[Operation, ...], address: Expr, value: Expr, size: int) -> Template:
    return Template(
        place,
        operations,
        accesses=(Access(address, size, place),),
        whole=registers_of(address) | (registers_of(value) if size == 8 else frozenset()),
    )


OLD = "..old"  # what an atomic instruction has read, if its target is also one of its sources


class ReadModifyWrite(Row[Instruction], frozen=True):
    """An atomic instruction: its target becomes the old content of memory, and memory becomes `stored`.

    stored: over the sources and the old content `mem`; `sext` and `zext` extend from `size` bytes.
    read, write: the cat sets of the two accesses.  single: as in code.Store.
    """

    operands: str
    stored: str
    size: int
    read: Tags
    write: Tags
    single: bool = False

    def lower(self, instruction: Instruction) -> Template:
        """The two accesses."""
        bound = instruction.read(self.operands)
        (target,) = bound.targets.values()
        address, bits = address_of(bound), 8 * self.size
        old = OLD
        after: tuple[Operation, ...] = (Set(target, Reg(OLD)),)
        bound.values["mem"] = Reg(OLD)
        if target not in registers_of(address) | registers_of(bound.value(self.stored, bits)):
            old, after = target, ()
            bound.values["mem"] = Reg(target)
        operations = (
            code.Load(old, address, self.size, self.read),
            code.Store(address, bound.value(self.stored, bits), self.size, self.write, rmw=True, single=self.single),
            *after,
        )
        return Template(instruction.place, operations, accesses=(Access(address, self.size, instruction.place),))

    def sets(self) -> Tags:
        """Its cat sets."""
        return self.read | self.write


class Fence(Row[Instruction], frozen=True):
    """A fence.  kinds: its cat sets, for each choice that its operands may make."""

    kinds: Mapping[tuple[str | int, ...], Tags]
    operands: str = ""

    def lower(self, instruction: Instruction) -> Template:
        """The fence."""
        bound = instruction.read(self.operands)
        return Template(instruction.place, (code.Fence(self.kinds[bound.choice]),))

    def sets(self) -> Tags:
        """Its cat sets."""
        return NO_TAGS.union(*self.kinds.values())


# ---------------------------------------------------------------- branches


class Jump(Row[Instruction], frozen=True):
    """A branch to a label of the operands, or to the address in a register.

    condition: it is taken if this expression is not 0.  before: what registers become before the branch.
    to: the register or operand that holds the address; "": the operands have a label.
    link: the register or operand that becomes the address of the next instruction; "": there is none.
    """

    operands: str = ""
    condition: str = ""
    before: Steps = NO_STEPS
    to: str = ""
    link: str = ""

    def lower(self, instruction: Instruction) -> Template:
        """The branch, and what comes before it."""
        bound = instruction.read(self.operands)
        before = assigned(bound, self.before)
        link = bound.targets.get(self.link, self.link).replace(DISCARDED, "")
        condition = bound.value(self.condition) if self.condition else None
        branch = Branch(INDIRECT if bound.label is None else bound.label.name, condition)
        if self.to:
            to = bound.values.get(self.to, Reg(self.to))
            if link and to == Reg(link):  # the address is read before the register becomes another one
                before, to = (*before, Set(_WHERE, to)), Reg(_WHERE)
            branch = Branch(INDIRECT, to)
        if link:
            before = (*before, Set(link, unplaced(NEXT)))
        return Template(instruction.place, (*before, branch), bound.label, returns=bool(link))


_WHERE = "..where"  # where a call goes through the register that the call itself sets
