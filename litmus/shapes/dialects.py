"""Dialects: which relaxations each architecture and C have, one table each.

If diy7 has the relaxation, its stem is that of diy7.  A stem stands for an instruction, and in C for a primitive.
C has, by their own names, all primitives that are fences and the atomic updates.  An update is done between the two
accesses, on a variable that only this thread uses.  The annotations of C are the primitives that load or store.  The
short names are those of the kernel's litmus tests.
"""

from __future__ import annotations

from litmus.c.catalogue import CATALOGUE
from litmus.diagnostics import InputError, Span, near
from litmus.shapes.relaxations import Dependency, Dialect

_DEPENDENCIES = {"Addr": Dependency("addr"), "Data": Dependency("data"), "Ctrl": Dependency("ctrl")}

_X86_FENCES = ("MFence", "SFence", "LFence")
_X86 = Dialect("X86", {stem: stem.upper() for stem in _X86_FENCES}, {}, {}, "P", {})
_X86_64 = Dialect("X86_64", {stem: stem.lower() for stem in _X86_FENCES}, {}, {}, "P", {})

_PPC = Dialect(
    "PPC",
    fences={stem: stem.lower() for stem in ("Sync", "LwSync", "ISync", "Eieio")},
    dependencies={"CtrlIsync": Dependency("ctrl", "ISync"), **_DEPENDENCIES},
    annotations={},
    plain="P",
    aliases={},
)

_ARM = Dialect(
    "ARM",
    fences={
        stem: stem.replace(".", " ")
        for stem in ("DMB", "DMB.ST", "DMB.ISH", "DMB.ISHST", "DSB", "DSB.ST", "DSB.ISH", "DSB.ISHST", "ISB")
    },
    dependencies={**_DEPENDENCIES, "CtrlIsb": Dependency("ctrl", "ISB")},
    annotations={},
    plain="P",
    aliases={"DMB.SY": "DMB", "DSB.SY": "DSB"},
)

_OPTIONS = [domain + kind for domain in ("", "ISH", "NSH", "OSH") for kind in ("LD", "ST", "")]
_AARCH64 = Dialect(
    "AArch64",
    fences={
        **{f"{barrier}.{o or 'SY'}": f"{barrier} {o or 'SY'}" for barrier in ("DMB", "DSB") for o in _OPTIONS},
        "ISB": "ISB",
    },
    dependencies={**_DEPENDENCIES, "CtrlIsb": Dependency("ctrl", "ISB")},
    annotations={"A": "R", "Q": "R", "L": "W"},  # LDAR, LDAPR, STLR
    plain="P",
    aliases={},
)

_SETS = ("r", "w", "rw")
_RISCV = Dialect(
    "RISCV",
    fences={
        "Fence.i": "fence.i",
        "Fence.tso": "fence.tso",
        **{f"Fence.{before}.{after}": f"fence {before},{after}" for before in _SETS for after in _SETS},
    },
    dependencies={**_DEPENDENCIES, "CtrlFenceI": Dependency("ctrl", "Fence.i")},
    annotations={"Aq": "R", "Rl": "W"},
    plain="P",
    aliases={},
)

# ---------------------------------------------------------------- C

READER = "Rcu"  # both accesses are in one read-side critical section

SHORT = {
    # names in tools/memory-model/litmus-tests and in paulmck/litmus
    "Mb": "smp_mb", "Rmb": "smp_rmb", "Wmb": "smp_wmb", "Barrier": "barrier", "Memb": "sys_membarrier",
}  # fmt: skip
FENCES = {
    **SHORT,
    # names that diy gives to the fences of the kernel's bell file
    "FenceMb": "smp_mb", "FenceRmb": "smp_rmb", "FenceWmb": "smp_wmb",
    READER: "rcu_read_lock",
    **{
        name: name
        for name, primitive in CATALOGUE.items()
        if primitive.kind in ("fence", "update", "shootdown")
        and not name.startswith(("spin_", "rcu_read_"))
        and name not in (*SHORT.values(), "atomic_inc_not_zero")  # it does nothing to a variable that is 0
    },
}  # fmt: skip

ACCESSES = {
    # annotation: the primitive that reads and the primitive that writes (None: there is none); "" is a plain access
    "Once": ("READ_ONCE", "WRITE_ONCE"),
    "Acquire": ("smp_load_acquire", None),
    "Release": (None, "smp_store_release"),
    "Plain": ("", ""),
    **{name: (name, None) for name in ("rcu_dereference", "CMM_LOAD_SHARED", "uatomic_read", "uatomic_load")},
    **{name: (None, name) for name in (
        "smp_store_mb", "rcu_assign_pointer", "CMM_STORE_SHARED", "uatomic_set", "uatomic_store",
    )},
    **{name: (name, name) for name in ("ACCESS_ONCE", "CMM_ACCESS_ONCE", "CAO")},
}  # fmt: skip

_C = Dialect(
    "C",
    FENCES,
    _DEPENDENCIES,
    annotations={a: "R" * (reads is not None) + "W" * (writes is not None) for a, (reads, writes) in ACCESSES.items()},
    plain="Once",
    aliases={**{primitive: short for short, primitive in SHORT.items()}, "membarrier": "Memb", "smp_memb": "Memb"},
)

DIALECTS = {d.arch: d for d in (_C, _X86, _PPC, _AARCH64, _ARM, _RISCV, _X86_64)}


def dialect(arch: str, span: Span | None = None) -> Dialect:
    """The dialect of an architecture.  Raises InputError if there is none."""
    found = DIALECTS.get(arch)
    if found is None:
        hint = near(arch, DIALECTS) or "there are " + ", ".join(DIALECTS)
        raise InputError(f"no tests can be generated for {arch}", span, hint)
    return found
