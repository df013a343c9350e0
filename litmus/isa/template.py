"""Templates: what an instruction lowers to, whatever test it stands in.

A template is made from the text of a table cell and memoised by this text.  So it does not depend on a file:
its positions are offsets in the cell.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from msgspec import Struct

from litmus.diagnostics import Place
from litmus.program.code import Operation
from litmus.program.values import Expr


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
