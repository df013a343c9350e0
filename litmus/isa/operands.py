"""Kinds of operands that instruction sets share: numbers, labels, names of variables."""

from __future__ import annotations

from litmus.isa.reader import Bound, Kind, Reader
from litmus.program.values import Address, wrap


def number(low: int, high: int, bits: int = 64) -> Kind[Reader]:
    """A number from `low` to `high`; its lowest `bits` are taken as a signed number."""

    def read(reader: Reader, bound: Bound, name: str) -> None:
        bound.values[name] = wrap(reader.number(low, high), bits)

    return Kind(read)


def _label(reader: Reader, bound: Bound, name: str) -> None:
    bound.label = reader.token("a label")


def _symbol(reader: Reader, bound: Bound, name: str) -> None:
    token = reader.token("a variable")
    bound.symbols += (token,)
    bound.values[name] = Address(token.name)


LABEL = Kind(_label)  # where a branch goes
SYMBOL = Kind(_symbol)  # the name of a variable, which means its address
