"""Reading the operands of an instruction one after the other, each as what it has to be.

The instruction sets whose operands are registers, numbers and addresses in a fixed order share Reader;
what an address looks like is theirs.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

from msgspec import Struct

from litmus.diagnostics import InputError, Source, Span, Unsupported
from litmus.isa.operands import place_of, placed
from litmus.isa.template import Named, Place
from litmus.source.trees import Node, Tree, as_tree


class Machine(Struct, frozen=True, eq=False):
    """The registers of an instruction set: its name for people, its names for registers, how to name them."""

    title: str
    canonical: Callable[[str], str | None]
    registers: str


Operand = TypeVar("Operand")


class Instruction(Generic[Operand]):
    """An instruction of a cell: its mnemonic, its operands as they are asked for, and what is wrong with them.

    end: where the last operand ends in the cell, None if there is none.
    """

    def __init__(self, text: str, mnemonic: Node, operands: list[Operand], end: int | None) -> None:
        self.source = Source("", text)
        self.mnemonic = placed(mnemonic)
        self.operands = operands
        self.place = Place(self.mnemonic.place.start, self.mnemonic.place.end if end is None else end)
        self.next = 0

    def span(self, place: Place) -> Span:
        """A place of the cell as a span of its text."""
        return Span(self.source, *place)

    def error(self, message: str, place: Place, hint: str | None = None) -> InputError:
        """What is wrong at a place of the cell."""
        return InputError(message, self.span(place), hint)

    def unsupported(self, message: str, place: Place, hint: str | None = None) -> Unsupported:
        """What is not supported at a place of the cell."""
        return Unsupported(message, self.span(place), hint)

    def left(self) -> int:
        """How many operands have not been read."""
        return len(self.operands) - self.next

    def expect(self, *numbers: int) -> None:
        """Raises InputError unless there are as many operands as one of `numbers`."""
        count = len(self.operands)
        if count not in numbers:
            wanted = " or ".join(map(str, numbers))
            message = f"{self.mnemonic.name} takes {wanted} operand{'s' * (numbers != (1,))}, not {count}"
            raise self.error(message, self.place)


class Reader(Instruction[Tree]):
    """An instruction whose operands are trees, one called `operand` being a single token."""

    def __init__(self, text: str, mnemonic: Node, operands: Sequence[Node], machine: Machine) -> None:
        trees = [as_tree(operand) for operand in operands if operand is not None]
        super().__init__(text, mnemonic, trees, place_of(trees[-1]).end if trees else None)
        self.machine = machine

    def operand(self) -> Tree:
        """The next operand, whatever it is."""
        self.next += 1
        return self.operands[self.next - 1]

    def token(self, what: str) -> Named:
        """The next operand.  Raises InputError, which calls it `what`, unless it is a single token."""
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
