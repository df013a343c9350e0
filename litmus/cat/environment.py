"""The initial environment of a model: what the engine knows of an execution, under its cat names.

That is the base names (litmus.algebra.names), the tags of the architecture, and other names for the same.  Everything
else is library code, in models/lib/known.cat and stdlib.cat, and functions in litmus.cat.primitives.
Source: herd7's initial environment (machModelChecker.ml, machAction.ml and the architectures' files).
"""

from __future__ import annotations

from functools import reduce

from litmus.algebra.dag import Scope
from litmus.algebra.names import BASE_NAMES
from litmus.algebra.operators import Kind
from litmus.cat.algebra import Algebra
from litmus.cat.values import Term, Thunk

# What models define of coherence, most by including cos.cat: not bound before.
OF_COHERENCE = frozenset(("co", "coe", "coi", "fr", "fre", "fri", "ca"))

# Other names for the same: every access that a program makes is explicit and is executed.
ALIASES: dict[str, str] = {"Exp": "M", "EXEC": "M"}

# Sets that are empty because no instruction of any test that this program reads has such an event:
# implicit, speculated and spurious accesses, accesses to tags and to guarded control stacks, faults, TLB
# and cache maintenance.
NEVER: tuple[str, ...] = (
    "NExp", "SPEC", "SPURIOUS", "T", "GCS", "TLBI", "CutOff",
    "FAULT", "FAULT-RD", "FAULT-WR", "EXC-ENTRY", "EXC-RET",
)  # fmt: skip
_NEVER_ON_ARM: tuple[str, ...] = (
    *("AF", "DB", "S"),
    *("MMU", "D-MMU", "Translation", "AccessFlag", "Permission", "TagCheck", "UndefinedInstruction"),
    *("SVC", "SupervisorCall", "PacCheck", "TLBIIS", "TLBInXS"),
    *("IC.IALLU", "IC.IALLUIS", "IC.IVAU"),
    *("DC.IVAC", "DC.ISW", "DC.CVAC", "DC.CSW", "DC.CVAU", "DC.CIVAC", "DC.CISW", "DC.ZVA"),
)
NEVER_ON: dict[str, tuple[str, ...]] = {
    "AArch64": _NEVER_ON_ARM,
    "ARM": _NEVER_ON_ARM,  # AArch32 is given a meaning by models of AArch64
    "X86_64": ("ClFlush", "ClFlushOpt"),
}

# Names that herd7 has on one architecture, for what another name says.
ALIASES_ON: dict[str, dict[str, str]] = {"ARM": {"AL": "A"}}

# The relations within an instruction that pass a dependency on ("iico-dep", a name of our own).
WITHIN: tuple[str, ...] = ("iico_data",)
WITHIN_ON: dict[str, tuple[str, ...]] = {"AArch64": ("iico_data", "iico_ctrl")}


def initial_environment(algebra: Algebra, scope: Scope) -> dict[str, Thunk]:
    """What names are bound to before the standard library is read."""
    environment: dict[str, Thunk] = {}
    tags = dict.fromkeys(sorted(scope.tags), Kind.SET)
    for name, kind in {**tags, **{row.name: row.kind for row in BASE_NAMES.values() if row.bound}}.items():
        environment[name] = Thunk(value=Term(kind, algebra.base(name, kind)))
    for name, meaning in {**ALIASES, **ALIASES_ON.get(scope.arch, {})}.items():
        if meaning in environment:
            environment.setdefault(name, environment[meaning])
    within = [algebra.base(name, Kind.RELATION) for name in WITHIN_ON.get(scope.arch, WITHIN)]
    environment["iico-dep"] = Thunk(value=Term(Kind.RELATION, reduce(algebra.union, within)))
    both = algebra.intersection(algebra.base("R", Kind.SET), algebra.base("W", Kind.SET))
    without_location = algebra.union(algebra.base("F", Kind.SET), algebra.base("B", Kind.SET))
    environment.setdefault("no-loc", Thunk(value=Term(Kind.SET, without_location)))
    environment.setdefault("AMO", Thunk(value=Term(Kind.SET, both)))  # reads and writes in one event
    for name in (*NEVER, *NEVER_ON.get(scope.arch, ())):
        environment.setdefault(name, Thunk(value=Term(Kind.SET, algebra.empty(Kind.SET))))
    return environment
