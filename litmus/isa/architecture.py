"""What the rest of the program knows of an instruction set."""

from __future__ import annotations

from collections.abc import Callable

from msgspec import Struct

from litmus.program.code import Program, RegisterType
from litmus.source.syntax import Test


class Architecture(Struct, frozen=True, eq=False):
    """An instruction set.

    title: what messages call it, if they do not call it by its name.
    tags: the cat sets that only this architecture has (fences and annotations of accesses).
    canonical: from a register as the test spells it to its name in states; None if there is no such register.
    rank: the place of a canonical register in herd's order of registers.
    registers: what a message says about the names of registers.
    lower: gives the code of a test.  It raises InputError and Unsupported with the span of the offending
    token.
    """

    name: str
    tags: frozenset[str]
    canonical: Callable[[str], str | None]
    rank: Callable[[str], tuple[int, str]]
    registers: str
    lower: Callable[[Test], Program]
    register_type: RegisterType = RegisterType()
    title: str = ""
