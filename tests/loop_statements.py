"""Statements: what threads with loops do, before it is spelled for an architecture."""

from __future__ import annotations

from dataclasses import dataclass

VARIABLES = ("x", "y", "z")
REGISTERS = ("a", "b", "c", "d")
Operand = int | str  # a number, or a register


@dataclass(frozen=True)
class Load:
    into: str
    variable: str


@dataclass(frozen=True)
class Store:
    variable: str
    value: Operand


@dataclass(frozen=True)
class Put:
    """into = value + plus.  The result also depends on the register `after`."""

    into: str
    value: Operand
    plus: int = 0
    after: str | None = None


@dataclass(frozen=True)
class Fence:
    weak: bool


@dataclass(frozen=True)
class Reserve:
    into: str
    variable: str


@dataclass(frozen=True)
class Conditional:
    """A store-conditional, what to do if it fails, and what to do if it succeeds.  Neither: nobody asks."""

    variable: str
    value: Operand
    failed: Block = ()
    succeeded: Block = ()


@dataclass(frozen=True)
class Exchange:
    """An atomic exchange; if `expected` is given, only where that is what the variable holds."""

    into: str
    variable: str
    value: int
    expected: int | None = None


@dataclass(frozen=True)
class Compare:
    """Sets the flags."""

    register: str
    number: int


@dataclass(frozen=True)
class If:
    """register: None for what the flags say."""

    register: str | None
    number: int
    then: Block
    otherwise: Block = ()


@dataclass(frozen=True)
class Loop:
    """Rounds, until a register has a number (or until it has another one); without a condition, until a Break."""

    body: Block
    until: tuple[str, int, bool] | None = None


@dataclass(frozen=True)
class Break:
    pass


@dataclass(frozen=True)
class Membarrier:
    pass


Statement = (
    Load | Store | Put | Fence | Reserve | Conditional | Exchange | Compare | If | Loop | Break | Membarrier
)  # fmt: skip
Block = tuple[Statement, ...]
