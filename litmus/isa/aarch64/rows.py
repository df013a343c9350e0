"""AArch64 rows: the kinds of rows that only AArch64 has.

A register holds 64 bits.  Writing its W view clears the upper half.  Where no code of the thread and no state
can show the upper half, it is not cleared (`Template.half`; litmus/isa/assembly.py says why this is right).

In the expressions of rows, N is the size of the operation: 32 bits for W registers, 64 for X registers.
"""

from __future__ import annotations

from collections.abc import Sequence

from litmus.isa import rows
from litmus.isa.aarch64.operands import plus
from litmus.isa.aarch64.reading import Literal, Reader
from litmus.isa.infix import registers_of
from litmus.isa.jumps import unplaced
from litmus.isa.reader import DISCARDED, Bound
from litmus.isa.rows import NO_STEPS, OLD, Steps, Tags, address_of, updated
from litmus.isa.template import DISTANCE, NEXT, Access, Template
from litmus.program import code
from litmus.program.code import NO_TAGS, Carried, Operation, Set
from litmus.program.values import Expr, Op, Reg, wrap

Row = rows.Row[Reader]


# ---------------------------------------------------------------- what rows have in common


def _template(
    instruction: Reader, bound: Bound, operations: Sequence[Operation], half: frozenset[str] = frozenset()
) -> Template:
    return Template(
        instruction.place,
        tuple(operations),
        bound.label,
        bound.symbols,
        half=half,
        whole=frozenset(instruction.whole),
    )


def _accessing(
    instruction: Reader,
    bound: Bound,
    operations: Sequence[Operation],
    size: int,
    half: frozenset[str] = frozenset(),
    later: int = 0,
) -> Template:
    return Template(
        instruction.place,
        tuple(operations),
        accesses=(Access(address_of(bound), size, instruction.address),),
        half=half,
        whole=frozenset(instruction.whole),
        later=later,
    )


def _sized(instruction: Reader, value: Expr) -> Expr:
    """What a target holds that becomes `value`.  If it is a W view, only the lower 32 bits of the value count."""
    if instruction.size == 8:
        return value
    if isinstance(value, int):
        return wrap(value & 0xFFFFFFFF)
    return Op("zext32", (value,)) if instruction.exact else value


def _half(instruction: Reader, target: str, *values: Expr) -> frozenset[str]:
    """The target, if its upper half may be another than the processor's after it became one of the values."""
    exact = instruction.size == 8 or instruction.exact or target == DISCARDED
    return frozenset() if exact or all(isinstance(value, int) for value in values) else frozenset({target})


def _loaded(
    instruction: Reader, target: str, read: Expr, size: int, signed: bool = False
) -> tuple[Expr, frozenset[str]]:
    """What the target holds after a load of `size` bytes, and the target if its upper half may be wrong then.

    read: what was read, sign-extended.
    """
    if size < 4 and not signed:
        return Op(f"zext{8 * size}", (read,)), frozenset()
    return _sized(instruction, read), _half(instruction, target, read)


def _set(target: str, value: Expr) -> tuple[Operation, ...]:
    """The operation that makes the target the value, if it needs one."""
    return () if target == DISCARDED or value == Reg(target) else (Set(target, value),)


def _written_back(instruction: Reader, bound: Bound) -> tuple[Operation, ...]:
    """After the access, the base becomes the address, if the instruction writes it back.

    Raises InputError if the base is one of the registers that are loaded or stored.
    """
    operations = updated(bound)
    if operations:
        assert bound.location is not None
        for register in instruction.views.values():
            if register.name == bound.location.base:
                message = f"{instruction.mnemonic.name} is unpredictable where it writes back the register it accesses"
                raise instruction.error(message, register.place)
    return operations


# ---------------------------------------------------------------- computing


class Compute(Row, frozen=True):
    """The target becomes `result`.

    flags: what flags become before that; in their expressions, `result` is the result.
    """

    operands: str
    result: str
    flags: Steps = NO_STEPS

    def lower(self, instruction: Reader) -> Template:
        """The assignments."""
        bound = instruction.read(self.operands)
        bits = instruction.bits
        result = bound.value(self.result, bits)
        bound.values["result"] = result
        operations = [Set(flag, bound.value(text, bits)) for flag, text in self.flags.items()]
        half = frozenset[str]()
        for target in bound.targets.values():
            half = _half(instruction, target, result)
            if target != DISCARDED:
                operations.append(Set(target, _sized(instruction, result)))
        return _template(instruction, bound, operations, half)


class Select(Row, frozen=True):
    """The target becomes `chosen` if the condition holds, else `other`.  It depends on that one only."""

    operands: str
    condition: str
    chosen: str
    other: str

    def lower(self, instruction: Reader) -> Template:
        """The choice."""
        bound = instruction.read(self.operands)
        (target,) = bound.targets.values()
        if target == DISCARDED:
            return _template(instruction, bound, ())
        first, second = bound.value(self.chosen), bound.value(self.other)
        choice = (bound.value(self.condition), _sized(instruction, first), _sized(instruction, second))
        half = _half(instruction, target, first, second)
        return _template(instruction, bound, (Set(target, Op("select", choice)),), half)


# ---------------------------------------------------------------- loads and stores


class Load(Row, frozen=True):
    """A load of `size` bytes; 0 are the bytes of the register.

    signed: it extends the sign.  tags: its cat sets.  reserve: a store-exclusive may follow.
    """

    operands: str
    size: int
    signed: bool = False
    tags: Tags = NO_TAGS
    reserve: bool = False

    def lower(self, instruction: Reader) -> Template:
        """The load, the extension of its value, and the update of its base."""
        instruction.unit = self.size
        bound = instruction.read(self.operands)
        size = self.size or instruction.size
        (target,) = bound.targets.values()
        load = code.Load(target, address_of(bound), size, self.tags, self.reserve)
        value, half = _loaded(instruction, target, Reg(target), size, self.signed)
        operations = (load, *_set(target, value), *_written_back(instruction, bound))
        return _accessing(instruction, bound, operations, size, half)

    def sets(self) -> Tags:
        """Its cat sets."""
        return self.tags


class LoadOrLiteral(Row, frozen=True):
    """LDR: a load, or, if its second operand is a literal, another row."""

    load: Load
    literal: Compute

    def lower(self, instruction: Reader) -> Template:
        """The template of the one or the other."""
        operands = instruction.operands
        row = self.literal if len(operands) == 2 and isinstance(operands[1], Literal) else self.load
        return row.lower(instruction)

    def sets(self) -> Tags:
        """The cat sets of the load."""
        return self.load.sets()


class Store(Row, frozen=True):
    """A store of the low `size` bytes of `value`; 0 are the bytes of the register.  tags: its cat sets."""

    operands: str
    value: str
    size: int
    tags: Tags = NO_TAGS

    def lower(self, instruction: Reader) -> Template:
        """The store, and the update of its base."""
        instruction.unit = self.size
        bound = instruction.read(self.operands)
        size = self.size or instruction.size
        store = code.Store(address_of(bound), bound.value(self.value), size, self.tags)
        return _accessing(instruction, bound, (store, *_written_back(instruction, bound)), size)

    def sets(self) -> Tags:
        """Its cat sets."""
        return self.tags


class StoreExclusive(Row, frozen=True):
    """A store that is done if the reservation holds: the operand `status` becomes 0 if it was done, and 1 if not.

    carries: as in code.StoreConditional.
    """

    operands: str
    value: str
    size: int
    tags: Tags
    carries: Carried

    def lower(self, instruction: Reader) -> Template:
        """The store."""
        instruction.unit = self.size
        bound = instruction.read(self.operands)
        address, value = address_of(bound), bound.value(self.value)
        size, target = self.size or instruction.size, bound.targets["status"]
        if target in registers_of(address) | registers_of(value):
            message = f"{instruction.mnemonic.name} is unpredictable where its status is another operand"
            raise instruction.error(message, instruction.views["status"].place)
        store = code.StoreConditional(address, value, target, 0, 1, size, self.tags, self.carries)
        return _accessing(instruction, bound, (store,), size)

    def sets(self) -> Tags:
        """Its cat sets."""
        return self.tags


class LoadPair(Row, frozen=True):
    """Two loads, one behind the other, of one instruction.

    size: bytes of each; 0 are the bytes of the registers.  signed, tags: as in Load.
    ordered: it accesses the first register's place before the second's.
    """

    operands: str
    size: int = 0
    signed: bool = False
    tags: Tags = NO_TAGS
    ordered: bool = False

    def lower(self, instruction: Reader) -> Template:
        """The two loads, and the update of their base."""
        instruction.unit = self.size
        bound = instruction.read(self.operands)
        size = self.size or instruction.size
        loads = list(zip(instruction.views.values(), bound.targets.values(), _places(bound, size), strict=True))
        first = loads[0][0]
        assert bound.location is not None
        if first.name == bound.location.base:  # the base must keep its value until the other register is loaded
            if self.ordered:
                message = f"{instruction.mnemonic.name} to its base register is not supported"
                raise instruction.unsupported(message, first.place)
            loads.reverse()
        operations: list[Operation] = []
        half = frozenset[str]()
        later = 0
        for view, target, address in loads:
            if self.ordered and view is not first:
                later = len(operations)
            value, upper = _loaded(instruction, target, Reg(target), size, self.signed)
            operations += (code.Load(target, address, size, self.tags), *_set(target, value))
            half |= upper
        operations += _written_back(instruction, bound)
        return _accessing(instruction, bound, operations, size, half, later)

    def sets(self) -> Tags:
        """Its cat sets."""
        return self.tags


class StorePair(Row, frozen=True):
    """Two stores, one behind the other, of one instruction.

    tags: as in Store.  ordered: it accesses the first register's place before the second's, but if it moves its base,
    it stores the second register before the first.
    """

    operands: str
    values: tuple[str, str]
    tags: Tags = NO_TAGS
    ordered: bool = False

    def lower(self, instruction: Reader) -> Template:
        """The two stores, and the update of their base."""
        bound = instruction.read(self.operands)
        size = instruction.size
        places = _places(bound, size)
        stores = [
            code.Store(address, bound.value(value), size, self.tags)
            for value, address in zip(self.values, places, strict=True)
        ]
        updates = _written_back(instruction, bound)
        if self.ordered and updates:
            stores.reverse()
        return _accessing(instruction, bound, (*stores, *updates), size, later=int(self.ordered))

    def sets(self) -> Tags:
        """Its cat sets."""
        return self.tags


def _places(bound: Bound, size: int) -> tuple[Expr, Expr]:
    """The addresses of the two accesses of a pair."""
    address = address_of(bound)
    if isinstance(address, Op) and isinstance(address.args[1], int):
        return address, plus(address.args[0], address.args[1] + size)
    return address, plus(address, size)


# ---------------------------------------------------------------- atomic read-modify-writes


# If the target is XZR, or if there is none, the read is in NoRet and is no acquire: what B2.3 says of acquires is said
# of instructions whose destination is neither WZR nor XZR.  The destination of CAS is the register that is compared.
_NO_RETURN = frozenset({"X", "NoRet"})


class ReadModifyWrite(Row, frozen=True):
    """An atomic instruction: its target, if it has one, becomes the old content of memory, which becomes `stored`.

    stored: over the sources and the old content `mem`; `sext` and `zext` extend from the size of the access.
    size: bytes; 0 are the bytes of the register.  read, write: the cat sets of the two accesses.
    """

    operands: str
    stored: str
    size: int
    read: Tags
    write: Tags

    def lower(self, instruction: Reader) -> Template:
        """The two accesses."""
        bound = instruction.read(self.operands)
        address, size = address_of(bound), self.size or instruction.size
        target = next(iter(bound.targets.values()), DISCARDED)
        returns = target != DISCARDED
        used = registers_of(address).union(*map(registers_of, bound.values.values()))
        old = target if returns and target not in used else OLD
        bound.values["mem"] = Reg(old)
        value, half = _loaded(instruction, target, Reg(old), size)
        operations = (
            code.Load(old, address, size, self.read if returns else _NO_RETURN),
            code.Store(address, bound.value(self.stored, 8 * size), size, self.write, rmw=True),
            *_set(target, value),
        )
        return _accessing(instruction, bound, operations, size, half)

    def sets(self) -> Tags:
        """Its cat sets."""
        return self.read | self.write | _NO_RETURN


class CompareAndSwap(Row, frozen=True):
    """CAS: a load; if it returns the old value of the target, also a store of `stored`.

    If it does, the processor may leave the target alone (B2.3, the intrinsic dependencies of Compare and Swap).
    size, read, write: as in ReadModifyWrite.
    """

    operands: str
    compared: str
    stored: str
    size: int
    read: Tags
    write: Tags

    def lower(self, instruction: Reader) -> Template:
        """The two accesses."""
        bound = instruction.read(self.operands)
        address, size = address_of(bound), self.size or instruction.size
        (target,) = bound.targets.values()
        same = Op("eq", (Reg(OLD), bound.value(f"sext({self.compared})", 8 * size)))
        value, half = _loaded(instruction, target, Reg(OLD), size)
        operations = (
            code.Load(OLD, address, size, self.read if target != DISCARDED else _NO_RETURN),
            code.Store(address, bound.value(self.stored), size, self.write, same, rmw=True),
            *_set(target, Op("either", (same, Reg(target), value))),
        )
        return _accessing(instruction, bound, operations, size, half)

    def sets(self) -> Tags:
        """Its cat sets."""
        return self.read | self.write | _NO_RETURN


# ---------------------------------------------------------------- branches


class Branch(Row, frozen=True):
    """A branch to a label of the operands, or to an instruction at a distance.

    condition: it is taken if this expression is not 0.  link: the register that becomes the address of the next
    instruction; "": there is none.
    """

    operands: str
    condition: str = ""
    link: str = ""

    def lower(self, instruction: Reader) -> Template:
        """The branch."""
        bound = instruction.read(self.operands)
        condition = bound.value(self.condition, instruction.bits) if self.condition else None
        to = f"{DISTANCE}{instruction.distance}" if bound.label is None else bound.label.name
        operations: tuple[Operation, ...] = (code.Branch(to, condition),)
        if self.link:
            operations = (Set(self.link, unplaced(NEXT)), *operations)
        whole = frozenset(instruction.whole)
        return Template(instruction.place, operations, bound.label, whole=whole, returns=bool(self.link))
