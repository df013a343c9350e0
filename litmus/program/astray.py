"""Accesses to no variable: the error for an access whose address is a number.

Most of them come from a line that was forgotten in the initial state: `lwz r3,0(r2)`, and nothing says what r2 holds.
"""

from __future__ import annotations

from collections.abc import Callable

from litmus.diagnostics import InputError
from litmus.program.code import Program
from litmus.program.graph import Event, Held
from litmus.program.values import Expr, Op, Reg, Value, spell


def held(address: Expr, registers: Callable[[str], Expr | None]) -> Held:
    """The registers that an address names, and what each holds; None if nothing was put into it."""
    if isinstance(address, Reg):
        return ((address.name, registers(address.name)),)
    if isinstance(address, Op):
        return tuple(dict([item for argument in address.args for item in held(argument, registers)]).items())
    return ()


def astray(program: Program, event: Event, value: Callable[[Expr], Value | None]) -> InputError:
    """The error for an access whose address is a number.

    value: gives the value of an expression over reads, in an execution in which the address is a number.
    """
    assert event.address is not None
    address = value(event.address)
    assert address is not None
    named = [(name, expr) for name, expr in event.held if name[0].isalpha() or name[0] == "%"]
    values = [(name, 0 if expr is None else value(expr)) for name, expr in named]
    holds = [f"{name} holds {spell(v)}" for name, v in values if v is not None]
    unset = next((name for name, expr in named if expr is None), None)
    hint = None
    if unset is not None:
        variable = next(iter(program.variables), "x")
        place = f"{event.thread}:{unset}={variable}"
        hint = f"nothing has set {unset}; {place} in the initial state makes it the address of {variable}"
    what = " and ".join(holds) or f"its address is {spell(address)}"
    return InputError(f"this accesses no variable: {what}", event.span, hint)
