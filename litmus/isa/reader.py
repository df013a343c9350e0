"""Reading the operands of an instruction one after the other, each as what it has to be.

Reader is for the instruction sets whose operands are registers, numbers and addresses in a fixed order.  Each
of them reads addresses itself.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

from msgspec import Struct

from litmus.diagnostics import InputError, Place, Unsupported
from litmus.isa.operands import place_of, placed
from litmus.isa.template import Named
from litmus.source.lalr.trees import Node, Tree, as_tree


class Machine(Struct, frozen=True, eq=False):
    """An instruction set and its registers: what messages call it, which registers it has, a hint on their names."""

    title: str
    canonical: Callable[[str], str | None]
    registers: str


Operand = TypeVar("Operand")


class Instruction(Generic[Operand]):
    """An instruction of a cell: its mnemonic, its operands, which are read one by one, and the errors in them.

    end: where the last operand ends in the cell; None if there are no operands.
    """

    def __init__(self, text: str, mnemonic: Node, operands: list[Operand], end: int | None) -> None:
        self.text = text
        self.mnemonic = placed(mnemonic)
        self.operands = operands
        self.place = Place(self.mnemonic.place.start, self.mnemonic.place.end if end is None else end)
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

    def expect(self, *numbers: int) -> None:
        """Raises InputError unless the number of operands is one of `numbers`."""
        count = len(self.operands)
        if count not in numbers:
            wanted = " or ".join(map(str, numbers))
            message = f"{self.mnemonic.name} takes {wanted} operand{'s' * (numbers != (1,))}, not {count}"
            raise self.error(message, self.place)


class Reader(Instruction[Tree]):
    """An instruction whose operands are trees.  A tree called `operand` is a single token."""

    def __init__(self, text: str, mnemonic: Node, operands: Sequence[Node], machine: Machine) -> None:
        trees = [as_tree(operand) for operand in operands if operand is not None]
        super().__init__(text, mnemonic, trees, place_of(trees[-1]).end if trees else None)
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
