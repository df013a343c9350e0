"""Reading the operands of an instruction one after the other, each as what its row says it is.

A row writes the operands as the manual does, `rd, d(ra)`.  Each name is a kind of operand (`Kind`) of the architecture.
Reading an operand binds its name to the operand, for the expressions of the row.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Generic, Self, TypeVar

from msgspec import Struct, field

from litmus.diagnostics import InputError, Place, Unsupported
from litmus.isa.cells import place_of, placed
from litmus.isa.infix import expression, settled, substituted
from litmus.isa.template import Named
from litmus.program.values import Expr
from litmus.source.lalr.trees import Node, Tree, as_tree

DISCARDED = "..none"  # the target of an instruction whose result is thrown away: it writes a register that is always 0


class Location(Struct, frozen=True):
    """The address of an access.  updated: what its `base` becomes after the access; None if the base is not changed."""

    address: Expr
    base: str = ""
    updated: Expr | None = None


class Bound(Struct):
    """The operands of an instruction, under the names that its row gives them.

    values: what each name means in an expression.  targets: the registers that the instruction may set, or DISCARDED.
    label: where it branches to.  location: the address in its operands.  symbols: the variables that it names.
    choice: its operands that are words or numbers, if they choose what the instruction is (the option of a barrier).
    """

    values: dict[str, Expr] = field(default_factory=dict)
    targets: dict[str, str] = field(default_factory=dict)
    label: Named | None = None
    location: Location | None = None
    symbols: tuple[Named, ...] = ()
    choice: tuple[str | int, ...] = ()

    def value(self, text: str, bits: int = 64) -> Expr:
        """The expression `text` of a row, over these operands, for an operation of that size."""
        return settled(substituted(expression(text, bits), self.values))


R = TypeVar("R", contravariant=True)


class Kind(Struct, Generic[R], frozen=True):
    """A kind of operand.

    read: reads an operand and binds it to its name.  least, most: how many operands of the text it may consist of.
    absent: binds the name if the row has the operand in brackets, and the text does not have it.
    """

    read: Callable[[R, Bound, str], None]
    least: int = 1
    most: int = 1
    absent: Callable[[Bound, str], None] = lambda bound, name: None


@lru_cache(maxsize=1024)
def forms(operands: str) -> tuple[tuple[tuple[str, ...], tuple[str, ...]], ...]:
    """The forms of the operands of a row, as names that are present and names that are absent, the longest form first.

    What is in brackets may be left out: `[crf], ra, rb`.
    """
    first, bracket, rest = operands.partition("[")
    optional, _, last = rest.partition("]")
    before, left_out, after = [tuple(filter(None, part.split(", "))) for part in (first, optional, last)]
    longest = ((*before, *left_out, *after), ())
    return (longest, ((*before, *after), left_out)) if bracket else (longest,)


class Instruction:
    """An instruction of a cell: its mnemonic, its operands, which are read one by one, and the errors in them.

    end: where the last operand ends in the cell; None if there are no operands.  kinds: the kinds of operands that rows
    may name.  exact: as in InstructionSet.cell.
    """

    operands: Sequence[object]
    kinds: Mapping[str, Kind[Self]]

    def __init__(
        self, text: str, mnemonic: Node, end: int | None, kinds: Mapping[str, Kind[Self]], exact: bool = True
    ) -> None:
        self.text = text
        self.mnemonic = placed(mnemonic)
        self.kinds = kinds
        self.place = Place(self.mnemonic.place.start, self.mnemonic.place.end if end is None else end)
        self.exact = exact
        self.next = 0

    def error(self, message: str, place: Place, hint: str | None = None) -> InputError:
        """The error to raise if the text is wrong at a place of the cell."""
        return InputError(message, place, hint)

    def unsupported(self, message: str, place: Place, hint: str | None = None) -> Unsupported:
        """The error to raise if something at a place of the cell is not supported."""
        return Unsupported(message, place, hint)

    def left(self) -> int:
        """How many operands have not been read."""
        return len(self.operands) - self.next

    def count(self) -> int:
        """How many operands there are."""
        return len(self.operands)

    def expect(self, *numbers: int) -> None:
        """Raises InputError unless the number of operands is one of `numbers`."""
        count = self.count()
        if count not in numbers:
            wanted = " or ".join(map(str, numbers))
            message = f"{self.mnemonic.name} takes {wanted} operand{'s' * (numbers != (1,))}, not {count}"
            raise self.error(message, self.place)

    def read(self: Self, operands: str) -> Bound:
        """All operands, read as those that a row names.

        Raises InputError if they are others, or if their number is not right.
        """
        bound, kinds, count = Bound(), self.kinds, self.count()
        counts: set[int] = set()
        for present, absent in forms(operands):
            least = sum(kinds[name].least for name in present)
            most = sum(kinds[name].most for name in present)
            if least <= count <= most:
                for name in present:
                    kinds[name].read(self, bound, name)
                for name in absent:
                    kinds[name].absent(bound, name)
                return bound
            counts.update(range(least, most + 1))
        self.expect(*sorted(counts))
        raise AssertionError(operands)


class Reader(Instruction):
    """An instruction whose operands are trees.  A tree called `operand` is a single token."""

    operands: list[Tree]

    def __init__(
        self, text: str, mnemonic: Node, operands: Sequence[Node], machine: Machine, exact: bool = True
    ) -> None:
        self.operands = [as_tree(operand) for operand in operands if operand is not None]
        end = place_of(self.operands[-1]).end if self.operands else None
        super().__init__(text, mnemonic, end, machine.operands, exact)
        self.machine = machine

    def operand(self) -> Tree:
        """The next operand, of any form."""
        self.next += 1
        return self.operands[self.next - 1]

    def token(self, what: str) -> Named:
        """The next operand, a single token.  Raises InputError if it is not; the message calls the operand `what`."""
        tree = self.operand()
        if tree.data != "operand":
            raise self.error(f"{self.mnemonic.name} wants {what} here", place_of(tree))
        return placed(tree.children[0])

    def register(self) -> str:
        """The register that is the next operand.  Raises InputError if there is no such register."""
        return self.known(self.token("a register"))

    def known(self, token: Named) -> str:
        """The register that a token names.  Raises InputError if there is none."""
        if token.name[0] in "0123456789+-#":
            message = f"{self.mnemonic.name} wants a register here, not {token.name}"
            raise self.error(message, token.place, self.machine.registers)
        name = self.machine.canonical(token.name)
        if name is None:
            raise self.error(f"{self.machine.title} has no register {token.name}", token.place, self.machine.registers)
        return name

    def number(self, low: int, high: int) -> int:
        """The number that is the next operand.  Raises InputError unless it is from `low` to `high`."""
        return self.in_range(self.token("a number"), low, high)

    def in_range(self, token: Named, low: int, high: int) -> int:
        """The number that a token spells.  Raises InputError unless it is from `low` to `high`."""
        text = token.name.lstrip("#")
        try:
            value = int(text, 10 if text.lstrip("+-").isdigit() else 0)
        except ValueError:
            raise self.error(f"{self.mnemonic.name} wants a number here, not {token.name}", token.place) from None
        if not low <= value <= high:
            message = f"{token.name} does not fit into {self.mnemonic.name}"
            raise self.error(message, token.place, f"numbers here are {low} to {high}")
        return value


class Machine(Struct, frozen=True, eq=False):
    """An instruction set and its registers.

    title: what messages call it.  canonical: which registers it has.  registers: a hint on their names.
    operands: the kinds of operands that its rows name.
    """

    title: str
    canonical: Callable[[str], str | None]
    registers: str
    operands: Mapping[str, Kind[Reader]]
