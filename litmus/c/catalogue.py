"""The catalogue of primitives: all that a C test may use, of what kind each is, and its row.

Here is what is the same on every architecture: which arguments a primitive takes, and what it does to its
variable.  The primitives table of an architecture (models/primitives) says what a row becomes there.  Sources:
the kernel's include/linux/atomic, Documentation/atomic_t.txt and tools/memory-model/linux-kernel.def;
liburcu's urcu/uatomic/api.h, urcu/system.h and urcu/compiler.h.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from msgspec import Struct

# fence: the fences of the row, nothing else          load, store: one access, the row's fences around it
# object: an lvalue, accessed with READ_ONCE and WRITE_ONCE            update: an atomic read-modify-write
# membarrier, shootdown: litmus.c.membarrier.call
Kind = Literal["fence", "load", "store", "object", "update", "membarrier", "shootdown"]

# Roles of arguments: an lvalue (`*x`), a pointer (`x`), a value; an optional memory order.
LVALUE, POINTER, VALUE, ORDER = "l", "p", "v", "o"


class Update(Struct, frozen=True):
    """What an atomic read-modify-write does.  The fields are C expressions over `old`, `a` and `b`.

    `old` is the value read; `a` and `b` are the value arguments.  The update stores `new` if `when` is not 0 (None:
    always).  It returns `result` (None: void), which may use `new` too.  Executions in which `requires` is 0 are
    dropped: in these, the lock was not obtained.
    """

    new: str
    result: str | None = None
    when: str | None = None
    requires: str | None = None


class Primitive(Struct, frozen=True):
    """One row of the catalogue.  `roles` has one letter for each argument.

    result: what a load returns, as an expression over `old` (the value read) and `a` (the value argument).  None: it
    returns the value read.
    """

    kind: Kind
    roles: str
    row: str
    update: Update | None = None
    value: int | None = None  # what a store without a value argument stores
    result: str | None = None


SUFFIXES = ("", "_relaxed", "_acquire", "_release")
OPERATIONS = {
    "add": "old + a", "sub": "old - a", "and": "old & a", "or": "old | a", "xor": "old ^ a", "andnot": "old & ~a",
}  # fmt: skip
STEPS = {"inc": "old + 1", "dec": "old - 1"}
BITS = {"set": "old | 1ul << a", "clear": "old & ~(1ul << a)", "change": "old ^ 1ul << a"}

XCHG = Update("a", "old")
CMPXCHG = Update("b", "old", when="old == a")
ADD_UNLESS = Update("old + a", "old != b", when="old != b")
LOCK = Update("1", requires="old == 0")
TRYLOCK = Update("1", "old == 0", when="old == 0")

FENCES = {
    # primitive: row
    **{name: name for name in (
        "barrier", "smp_mb", "smp_rmb", "smp_wmb", "mb", "rmb", "wmb", "smp_read_barrier_depends",
        "smp_mb__before_atomic", "smp_mb__after_atomic", "smp_mb__before_spinlock", "smp_mb__after_spinlock",
        "smp_mb__after_unlock_lock", "smp_mb__after_srcu_read_unlock",
        "cmm_smp_mb", "cmm_smp_rmb", "cmm_smp_wmb", "cmm_mb", "cmm_rmb", "cmm_wmb",
    )},
    "cmm_barrier": "barrier",
    **dict.fromkeys((
        "cmm_mc", "cmm_rmc", "cmm_wmc", "cmm_smp_mc", "cmm_smp_rmc", "cmm_smp_wmc",
        "cmm_read_barrier_depends", "cmm_smp_read_barrier_depends",
    ), "cmm_mc"),
    **{f"cmm_smp_mb__{side}_uatomic_{op}": f"cmm_smp_mb__{side}_uatomic"
       for side in ("before", "after") for op in ("and", "or", "add", "sub", "inc", "dec")},
    "rcu_read_lock": "rcu_read_lock", "rcu_read_unlock": "rcu_read_unlock",
    "synchronize_rcu": "synchronize_rcu", "synchronize_rcu_expedited": "synchronize_rcu",
}  # fmt: skip

ACCESSES: dict[str, tuple[Kind, str, str]] = {
    # primitive: (kind, roles, row)
    "READ_ONCE": ("load", "l", "READ_ONCE"),
    "WRITE_ONCE": ("store", "lv", "WRITE_ONCE"),
    "ACCESS_ONCE": ("object", "l", "READ_ONCE"),
    "CMM_ACCESS_ONCE": ("object", "l", "READ_ONCE"),
    "CAO": ("object", "l", "READ_ONCE"),
    "smp_load_acquire": ("load", "p", "smp_load_acquire"),
    "smp_store_release": ("store", "pv", "smp_store_release"),
    "smp_store_mb": ("store", "lv", "smp_store_mb"),
    "rcu_dereference": ("load", "l", "rcu_dereference"),
    "rcu_assign_pointer": ("store", "lv", "rcu_assign_pointer"),
    "CMM_LOAD_SHARED": ("load", "l", "CMM_LOAD_SHARED"),
    "_CMM_LOAD_SHARED": ("load", "l", "CMM_LOAD_SHARED"),
    "CMM_STORE_SHARED": ("store", "lv", "CMM_STORE_SHARED"),
    "_CMM_STORE_SHARED": ("store", "lv", "CMM_STORE_SHARED"),
    "atomic_read": ("load", "p", "READ_ONCE"),
    "atomic_set": ("store", "pv", "WRITE_ONCE"),
    "atomic_read_acquire": ("load", "p", "smp_load_acquire"),
    "atomic_set_release": ("store", "pv", "smp_store_release"),
    "uatomic_read": ("load", "po", "uatomic_load"),
    "uatomic_load": ("load", "po", "uatomic_load"),
    "uatomic_set": ("store", "pvo", "uatomic_store"),
    "uatomic_store": ("store", "pvo", "uatomic_store"),
    "spin_is_locked": ("load", "p", "spin_is_locked"),
    "srcu_read_lock": ("load", "p", "srcu_read_lock"),
    "srcu_down_read": ("load", "p", "srcu_read_lock"),
    "srcu_read_unlock": ("store", "pv", "srcu_read_unlock"),
    "srcu_up_read": ("store", "pv", "srcu_read_unlock"),
}  # fmt: skip

# Where a primitive is a barrier to the compiler, beside the fences of its row.  If architectures differ, this is the
# weakest that any header says.  An acquire is READ_ONCE() and then a barrier; a release is a barrier and then
# WRITE_ONCE() (include/asm-generic/barrier.h, include/linux/atomic/atomic-arch-fallback.h: __atomic_acquire_fence()).
# Atomic operations that return nothing, and relaxed ones, are `asm volatile`: without a memory clobber on arm, arm64
# and powerpc, with one on x86 and riscv.  So they are volatile like READ_ONCE(), and no barrier.  "around": before and
# after an update; if the update is made only if a test succeeds and the test fails, there is no barrier.  "call": a
# function is called, and a call is always a barrier.
Clobbers = Literal["", "before", "after", "around", "call"]

CLOBBERS: dict[str, Clobbers] = {
    # row: where
    **dict.fromkeys(("smp_load_acquire", "xchg_acquire", "cmpxchg_acquire", "atomic_return_acquire"), "after"),
    **dict.fromkeys(("smp_store_release", "xchg_release", "cmpxchg_release", "atomic_return_release"), "before"),
    "rcu_assign_pointer": "before",
    "smp_store_mb": "after",
    **dict.fromkeys((
        "xchg", "cmpxchg", "atomic_return", "atomic_add_unless", "uatomic_return", "uatomic_xchg", "uatomic_cmpxchg",
    ), "around"),
    **dict.fromkeys((
        "spin_lock", "spin_trylock", "spin_unlock", "srcu_read_lock", "srcu_read_unlock", "synchronize_srcu",
        "mprotect",
    ), "call"),
}  # fmt: skip

# The same for a call with an explicit memory order.  A call without one has the barriers of its row.
ORDER_CLOBBERS: dict[str, Clobbers] = {
    "CMM_RELAXED": "", "CMM_CONSUME": "", "CMM_ACQUIRE": "after", "CMM_RELEASE": "before",
    "CMM_ACQ_REL": "around", "CMM_SEQ_CST": "around", "CMM_SEQ_CST_FENCE": "around",
}  # fmt: skip

# Fences that are no code at all on some architecture (`do { } while (0)`).  They are no barrier to the compiler.
NO_BARRIERS = frozenset((
    "smp_read_barrier_depends", "cmm_read_barrier_depends", "cmm_smp_read_barrier_depends",
    "smp_mb__after_spinlock", "smp_mb__after_unlock_lock", "smp_mb__after_srcu_read_unlock",
))  # fmt: skip

# C11's functions (7.17, 7.26.4), which no table supports: what to write instead
_COMPARE = "cmpxchg(x, old, new), which returns what it read, or cmpxchg_relaxed(x, old, new) and its kin"
_GENERIC = {
    "atomic_load": "smp_load_acquire(x), READ_ONCE(*x), or uatomic_load(x, CMM_SEQ_CST)",
    "atomic_store": "smp_store_release(x, v), WRITE_ONCE(*x, v), or uatomic_store(x, v, CMM_SEQ_CST)",
    "atomic_exchange": "xchg(x, v), or xchg_relaxed(x, v) and its kin",
    "atomic_compare_exchange_strong": _COMPARE,
    "atomic_compare_exchange_weak": _COMPARE,
}
C11 = {
    **_GENERIC,
    **{f"{name}_explicit": instead for name, instead in _GENERIC.items()},
    **{
        f"atomic_fetch_{name}_explicit": f"atomic_fetch_{name}(v, x), or atomic_fetch_{name}_relaxed(v, x) and its kin"
        for name in ("add", "sub", "or", "xor", "and")
    },
    "atomic_thread_fence": "smp_mb(), smp_rmb() or smp_wmb()",
    "mtx_lock": "spin_lock(l)",
    "mtx_unlock": "spin_unlock(l)",
}

MEMBARRIERS = ("sys_membarrier", "membarrier", "smp_memb", "syscall")


def _updates() -> Iterator[tuple[str, str, str, Update]]:
    """(primitive, roles, row, update)."""
    for suffix in SUFFIXES:
        yield f"xchg{suffix}", "pv", f"xchg{suffix}", XCHG
        yield f"cmpxchg{suffix}", "pvv", f"cmpxchg{suffix}", CMPXCHG
        yield f"atomic_xchg{suffix}", "pv", f"xchg{suffix}", XCHG
        yield f"atomic_cmpxchg{suffix}", "pvv", f"cmpxchg{suffix}", CMPXCHG
        row = f"atomic_return{suffix}"
        for name, new in OPERATIONS.items():
            yield f"atomic_fetch_{name}{suffix}", "vp", row, Update(new, "old")
            if name in ("add", "sub"):
                yield f"atomic_{name}_return{suffix}", "vp", row, Update(new, "new")
        for name, new in STEPS.items():
            yield f"atomic_fetch_{name}{suffix}", "p", row, Update(new, "old")
            yield f"atomic_{name}_return{suffix}", "p", row, Update(new, "new")
        yield f"atomic_add_negative{suffix}", "vp", row, Update("old + a", "new < 0")
    for name, new in OPERATIONS.items():
        yield f"atomic_{name}", "vp", "atomic_op", Update(new)
    for name, new in STEPS.items():
        yield f"atomic_{name}", "p", "atomic_op", Update(new)
        yield f"atomic_{name}_and_test", "p", "atomic_return", Update(new, "new == 0")
    yield "atomic_sub_and_test", "vp", "atomic_return", Update("old - a", "new == 0")
    yield "atomic_add_unless", "pvv", "atomic_add_unless", ADD_UNLESS
    yield "atomic_inc_not_zero", "p", "atomic_add_unless", Update("old + 1", "old != 0", when="old != 0")

    for name in ("add", "sub", "or"):
        yield f"uatomic_{name}", "pvo", "uatomic_op", Update(OPERATIONS[name])
    yield "uatomic_and", "pvo", "uatomic_and", Update(OPERATIONS["and"])
    for name, new in STEPS.items():
        yield f"uatomic_{name}", "po", "uatomic_op", Update(new)
    for name in ("add", "sub"):
        yield f"uatomic_{name}_return", "pvo", "uatomic_return", Update(OPERATIONS[name], "new")
    yield "uatomic_xchg", "pvo", "uatomic_xchg", XCHG
    yield "uatomic_cmpxchg", "pvvoo", "uatomic_cmpxchg", CMPXCHG

    for name, new in BITS.items():
        yield f"{name}_bit", "vp", "set_bit", Update(new)

    yield "spin_lock", "p", "spin_lock", LOCK
    yield "spin_trylock", "p", "spin_trylock", TRYLOCK


CATALOGUE: dict[str, Primitive] = {
    **{name: Primitive("fence", "", row) for name, row in FENCES.items()},
    **{name: Primitive(kind, roles, row) for name, (kind, roles, row) in ACCESSES.items()},
    **{name: Primitive("update", roles, row, update) for name, roles, row, update in _updates()},
    **{name: Primitive("membarrier", "", "smp_mb") for name in MEMBARRIERS},
    "mprotect": Primitive("shootdown", "", "mprotect"),
    "spin_unlock": Primitive("store", "p", "spin_unlock", value=0),
    "test_bit": Primitive("load", "vp", "READ_ONCE", result="1 & old >> a"),
    # Fences that name a variable; no table supports them yet.
    **{f"synchronize_srcu{suffix}": Primitive("load", "p", "synchronize_srcu") for suffix in ("", "_expedited")},
}
