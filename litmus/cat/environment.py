"""The initial environment of a model: what the engine knows of an execution, under its cat names.

Everything else is library code, in models/lib/known.cat and stdlib.cat, and functions in litmus.cat.primitives.
Sources: herd7's initial environment (machModelChecker.ml, machAction.ml and the architectures'
files) for the names, "Herding cats" (TOPLAS 2014) for their meaning.
"""

from __future__ import annotations

from functools import reduce

from litmus.cat.algebra import Algebra
from litmus.cat.dag import Kind, Scope
from litmus.cat.values import Term, Thunk

# Sets of every execution: memory events, reads, writes, initial and final writes, fences.
SETS: tuple[str, ...] = ("M", "R", "W", "IW", "FW", "F")

# Relations of every execution; pick-*, amo-data and update are names of our own.
RELATIONS: tuple[str, ...] = (
    "id",  # identity on events
    "loc",  # same location
    "int",  # same thread
    "ext",  # different threads
    "po",  # program order
    "rf",  # read-from
    "addr",  # address dependency
    "data",  # data dependency
    "ctrl",  # control dependency
    "pick-addr",  # dependencies on what selected a value, or decided whether an atomic instruction stores;
    "pick-data",  # ... pick-data relates its own read and write too
    "pick-ctrl",
    "amo",  # read and write of one atomic instruction
    "amo-data",  # ... that stores something computed from what it read
    "update",  # read and write of one instruction, atomic or not, if they are two events
    "lxsx",  # load-reserve and successful store-conditional
    "same-instance",  # events of one execution of one instruction
    "repeated",  # events of several executions of one instruction; not herd's name, nor the next two
    "repeated-static",  # ... that are the same one of its events
    "alike",  # ... in executions that find the same in registers
    "same-low-order-bits",  # accesses to the same place within their variables
    "same-value",  # accesses that read or write the same value; not herd's name
)

# What models define of coherence, most by including cos.cat: not bound before.
OF_COHERENCE = frozenset(("co", "coe", "coi", "fr", "fre", "fri", "ca"))

# The events of decisions, and the register level, which only models that say `catdep` see (litmus.program.registers).
REGISTER_SETS: tuple[str, ...] = (
    "Rreg",  # reads of registers
    "Wreg",  # writes of registers
    "ADDR",  # ... reads that make an address
    "DATA",  # ... reads that make a value that is stored
    "B",  # decisions: of branches
    "BCC",
    "PRED",  # ... and within an instruction
)
REGISTER_RELATIONS: tuple[str, ...] = (
    "rf-reg",  # from the write of a register to the reads of its value
    "iico_data",  # order within an instruction: by data,
    "iico_ctrl",  # ... by a decision,
    "iico_order",  # ... by neither
)
ONLY_REGISTERS = frozenset(("Rreg", "Wreg", "ADDR", "DATA"))

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
    for name in (*SETS, *REGISTER_SETS, *sorted(scope.tags)):
        environment[name] = Thunk(value=Term(Kind.SET, algebra.base(name, Kind.SET)))
    for name in (*RELATIONS, *REGISTER_RELATIONS):
        environment[name] = Thunk(value=Term(Kind.RELATION, algebra.base(name, Kind.RELATION)))
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
