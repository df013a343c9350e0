"""Templates: what an instruction lowers to, whatever test it stands in.

A template is made from the text of a table cell and memoised by this text.  So it does not depend on a file:
its positions are offsets in the cell.  The tables of an instruction set write semantics as expressions over
the names of operands, `add(A, sext32(B))`, with the operators of litmus/program/values.py.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import NamedTuple

from msgspec import Struct

from litmus.diagnostics import Place
from litmus.program.code import Operation
from litmus.program.values import OPERATORS, Expr, Op, Reg, ValueFault, simplify


class Named(NamedTuple):
    """A name, and where the cell has it."""

    name: str
    place: Place


class Access(NamedTuple):
    """A memory access of `size` bytes to `address`, as the instruction alone says it."""

    address: Expr
    size: int
    place: Place


class Template(Struct, frozen=True):
    """An instruction.

    half: registers whose upper half, after the instruction, may differ from the processor's (32-bit results are
    kept sign-extended).  whole: registers whose upper half it uses.  If a register of a thread is in both, the
    thread is lowered again, exactly (litmus/isa/assembly.py, `_thread`).
    undefined: flags that it leaves undefined.
    conditional: it begins with a branch to NEXT, on the condition that it is not executed.
    later: if not 0, the index of the operation from which on its operations count as another instruction's: they are
    ordered after those before it.
    returns: it is a call.  A return goes to the address of NEXT, the next instruction.
    """

    place: Place
    operations: tuple[Operation, ...] = ()
    target: Named | None = None
    symbols: tuple[Named, ...] = ()
    accesses: tuple[Access, ...] = ()
    half: frozenset[str] = frozenset()
    whole: frozenset[str] = frozenset()
    undefined: frozenset[str] = frozenset()
    conditional: bool = False
    later: int = 0
    returns: bool = False


class CellCode(Struct, frozen=True):
    """What a cell of the table holds: labels, and an instruction if there is one."""

    labels: tuple[Named, ...]
    instruction: Template | None


class InstructionSet(Struct, frozen=True, eq=False):
    """What assembly needs of an instruction set.

    cell: gives the meaning of a cell's text.  If `exact` is true, registers hold, after every instruction, the same
    64 bits as the processor's.  Raises InputError and Unsupported with spans in a source that has this text only.
    width: bytes of a register.
    link: the register that holds the return address, if branches through registers are supported.  A branch
    through it ends the thread if nothing sets it.
    little_endian: the lowest byte of a number has the lowest address.
    silent: its decisions are no events (litmus.program.code, Notation).
    """

    name: str
    cell: Callable[[str, bool], CellCode]
    canonical: Callable[[str], str | None]
    registers: str
    width: int
    link: str = ""
    little_endian: bool = True
    silent: bool = False


END = ".end"  # the label after the last line of a thread
NEXT = ".next"  # the label after the instruction itself: a conditional instruction branches there
DISTANCE = ".distance"  # followed by a number n: the label of the instruction that is n instructions from the branch
INDIRECT = ".indirect"  # the target of a branch through a register: its condition is the register, not a condition


# ---------------------------------------------------------------- expressions of the tables

_TOKEN = re.compile(r"\s*(?:(-?\d+)|([A-Za-z_.][\w.]*)|(\(|\)|,))")


@lru_cache(maxsize=1024)
def expression(text: str, bits: int = 64) -> Expr:
    """The expression that a table spells.  Each name of an operand becomes a register of that name.

    `bits` is the size of the operation: `sext` and `zext` extend from it, and `N` is that number.
    """
    tokens = list(_TOKEN.finditer(text))
    result, end = _term(tokens, 0, bits)
    assert end == len(tokens), text
    return result


def _term(tokens: list[re.Match[str]], at: int, bits: int) -> tuple[Expr, int]:
    """The term that begins at token `at`, and the number of the token after it."""
    number, name, _ = tokens[at].groups()
    at += 1
    if number is not None:
        return int(number), at
    if at == len(tokens) or tokens[at][3] != "(":
        return bits if name == "N" else Reg(name), at
    arguments: list[Expr] = []
    while tokens[at][3] != ")":
        argument, at = _term(tokens, at + 1, bits)
        arguments.append(argument)
    at += 1
    if name in ("sext", "zext"):
        return (arguments[0] if bits == 64 else Op(f"{name}{bits}", tuple(arguments))), at
    assert OPERATORS[name][0] == len(arguments), name
    return Op(name, tuple(arguments)), at


def substituted(expr: Expr, operands: Mapping[str, Expr]) -> Expr:
    """The expression with the names of operands replaced by the operands.  Other registers stay."""
    if isinstance(expr, Reg):
        return operands.get(expr.name, expr)
    if isinstance(expr, Op):
        return Op(expr.name, tuple([substituted(a, operands) for a in expr.args]))
    return expr


def registers_of(expr: Expr) -> frozenset[str]:
    """The registers that occur in an expression."""
    if isinstance(expr, Reg):
        return frozenset((expr.name,))
    if isinstance(expr, Op):
        return frozenset().union(*map(registers_of, expr.args))
    return frozenset()


def folded(expr: Expr) -> Expr:
    """The expression with every part computed whose value does not depend on the value of a register."""
    if not isinstance(expr, Op):
        return expr
    arguments = tuple(map(folded, expr.args))
    try:
        return simplify(expr.name, arguments)
    except ValueFault:
        return Op(expr.name, arguments)
