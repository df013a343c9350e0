"""Instruction sets: from the program of a test to the operations that everything downstream knows.

Each architecture has one module, which is like a table.  A module that is named here has a table
ARCHITECTURES of the architectures that it defines.  It is imported when the first test of one of them is read.
"""

from __future__ import annotations

from functools import lru_cache
from importlib import import_module

from litmus.diagnostics import Span, Unsupported
from litmus.isa.architecture import Architecture

_MODULES = {
    "X86": "litmus.isa.x86.lowering",
    "X86_64": "litmus.isa.x86.lowering",
    "PPC": "litmus.isa.power.lowering",
    "AArch64": "litmus.isa.aarch64.lowering",
    "RISCV": "litmus.isa.riscv.lowering",
    "ARM": "litmus.isa.arm.lowering",
}


def architecture_named(name: str, span: Span | None = None) -> Architecture:
    """The architecture that tests call `name`.

    Raises Unsupported (at `span`, where the test names it) if there is none.
    """
    if name not in _MODULES:
        raise Unsupported(f"tests for {name} are not supported", span, "supported are " + ", ".join((*_MODULES, "C")))
    return _loaded(name)


@lru_cache(maxsize=16)  # more than there are architectures
def _loaded(name: str) -> Architecture:
    table: dict[str, Architecture] = import_module(_MODULES[name]).ARCHITECTURES
    return table[name]
