"""Symbolic registers that are written without a thread: `%x0` is the register of the only thread that names it."""

from __future__ import annotations

import re
from typing import TypeVar

from msgspec.structs import replace

from litmus.diagnostics import InputError
from litmus.source.state import UNPLACED
from litmus.source.syntax import (
    And,
    Atom,
    Cell,
    Condition,
    Implies,
    Init,
    Not,
    Observed,
    Or,
    Prop,
    Register,
)

Table = tuple[tuple[Cell, ...], ...]
_Where = TypeVar("_Where")


def with_threads(
    table: Table,
    init: tuple[Init, ...],
    locations: tuple[Observed, ...],
    constraint: Prop | None,
    condition: Condition,
) -> tuple[tuple[Init, ...], tuple[Observed, ...], Prop | None, Condition]:
    """The same, with the thread of every register.

    Raises InputError for a symbolic register that no thread names, or that several threads name.
    """

    def placed(where: _Where) -> _Where:
        if not isinstance(where, Register) or where.thread != UNPLACED:
            return where
        name = re.compile(re.escape(where.name) + r"(?!\w)")
        threads = [t for t, cells in enumerate(table) if any(name.search(cell.text) for cell in cells)]
        if len(threads) != 1:
            several = " and ".join(f"P{t}" for t in threads)
            message = f"the symbolic register {where.name} is " + (f"in {several}" if threads else "in no process")
            raise InputError(message, where.span, f"write {threads[0]}:{where.name}" if threads else None)
        return replace(where, thread=threads[0])

    def prop(node: Prop) -> Prop:
        match node:
            case And() | Or() | Implies():
                return replace(node, left=prop(node.left), right=prop(node.right))
            case Not():
                return Not(prop(node.operand))
            case Atom():
                return replace(node, location=placed(node.location), right=placed(node.right))
            case _:
                return node

    return (
        tuple([replace(item, location=placed(item.location)) for item in init]),
        tuple([replace(item, location=placed(item.location)) for item in locations]),
        None if constraint is None else prop(constraint),
        replace(condition, prop=prop(condition.prop)),
    )
