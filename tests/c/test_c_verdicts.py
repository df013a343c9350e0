"""C tests under hardware models: verdicts worked out by hand, with the reason for each."""

import pytest

from litmus.c.lowering import lower
from litmus.c.tables import load_primitives
from litmus.cat import load_model
from litmus.deciding import decide
from litmus.diagnostics import Source
from litmus.engine.options import Options
from litmus.isa import architecture_named
from litmus.program.build import unroll
from litmus.reading import read_test
from litmus.resolving import resolve

TABLES = {m: m for m in ("power", "arm", "aarch64", "riscv")} | {"x86-tso": "x86", "sc": "x86"}


def verdict(
    functions: str, condition: str, model: str, init: str = "", chosen: dict[str, str] | None = None, bound: int = 2
) -> str:
    test = read_test(Source("t.litmus", f"C t\n{{ {init} }}\n{functions}\nexists ({condition})\n"))
    table = load_primitives(TABLES[model], chosen)
    program = lower(test, table)
    relations = load_model(model, architecture_named(table.arch).tags)
    return decide(unroll(program, bound), relations, resolve(test, program), Options(states="none")).verdict.value


MP = "1:r1=1 /\\ 1:r2=0"
LB = "0:r1=1 /\\ 1:r1=1"
SB = "0:r1=0 /\\ 1:r1=0"
NEVER, SOMETIMES, ALWAYS = "Never", "Sometimes", "Always"


SHARED = "int *x, int *y, int *z, int *u, int *v, spinlock_t *l, spinlock_t *m, int **p"


def threads(*bodies: str) -> str:
    return "\n".join(f"P{number}({SHARED}) {{ {body} }}" for number, body in enumerate(bodies))


def message(between: str, reader: str) -> str:
    return threads(f"WRITE_ONCE(*x, 1); {between} WRITE_ONCE(*y, 1);", reader)


def buffering(*between: str) -> str:
    """Store buffering, with the given statements between the store and the load of each thread."""
    return threads(
        f"WRITE_ONCE(*x, 1); {between[0]} r1 = READ_ONCE(*y);", f"WRITE_ONCE(*y, 1); {between[-1]} r1 = READ_ONCE(*x);"
    )


def load_buffering(first: str, second: str = "smp_mb(); WRITE_ONCE(*x, 1);") -> str:
    return threads(f"r1 = READ_ONCE(*x); {first}", f"r1 = READ_ONCE(*y); {second}")


def both(body: str) -> str:
    return threads(body, body)


UPDATE = "r1 = cmpxchg(x, 0, {});"

VERDICTS = [
    # test, condition, verdicts: power, x86-tso; arm, aarch64, riscv
    # ---- message passing
    (message("", "r1 = READ_ONCE(*y); r2 = READ_ONCE(*x);"), MP, "SN SSS"),
    (message("smp_wmb();", "r1 = READ_ONCE(*y); smp_rmb(); r2 = READ_ONCE(*x);"), MP, "NN NNN"),
    (message("smp_wmb();", "r1 = smp_load_acquire(y); r2 = READ_ONCE(*x);"), MP, "NN NNN"),
    (message("smp_wmb();", "r1 = READ_ONCE(*y); r2 = READ_ONCE(*(x + (r1 & 0)));"), MP, "NN NNN"),
    # a control dependency does not order reads
    (message("smp_wmb();", "r1 = READ_ONCE(*y); if (r1) r2 = READ_ONCE(*x); else r2 = 1;"), MP, "SN SSS"),
    # isync after the retry branch makes an exchange an acquire; a relaxed one orders nothing
    (message("smp_wmb();", "r1 = xchg_acquire(y, 2); r2 = READ_ONCE(*x);"), MP, "NN NNN"),
    (message("smp_wmb();", "r1 = xchg_relaxed(y, 2); r2 = READ_ONCE(*x);"), MP, "SN SSS"),
    (message("smp_wmb();", "r1 = atomic_fetch_add_acquire(1, y); r2 = READ_ONCE(*x);"), MP, "NN NNN"),
    (message("smp_wmb();", "r1 = uatomic_load(y, CMM_ACQUIRE); r2 = READ_ONCE(*x);"), MP, "NN NNN"),
    (message("smp_wmb();", "r1 = uatomic_load(y); r2 = READ_ONCE(*x);"), MP, "SN SSS"),
    # a compare-and-exchange is an acquire if it succeeds, and orders nothing if it fails; but on ARM the fence comes in
    # either case, and a CAS that fails has still loaded with acquire semantics
    (message("smp_wmb();", "r1 = cmpxchg_acquire(y, 1, 2); r2 = READ_ONCE(*x);"), MP, "NN NNN"),
    (message("smp_wmb();", "r1 = cmpxchg_acquire(y, 7, 2); r2 = READ_ONCE(*x);"), MP, "SN NNS"),
    (message("smp_wmb();", "r1 = cmpxchg(y, 7, 2); r2 = READ_ONCE(*x);"), MP, "SN NNS"),
    # what a CAS returns may be the value it was compared with: then the address depends on no read
    (message("smp_wmb();", "r1 = cmpxchg_relaxed(y, 1, 2); r2 = READ_ONCE(*(x + (r1 & 0)));"), MP, "NN NSN"),
    (message("smp_wmb();", "r1 = cmpxchg_relaxed(y, 2, 3); r2 = READ_ONCE(*(x + (r1 & 0)));"), MP, "NN NNN"),
    # ---- store buffering; smp_rmb() is a full barrier on ARM
    (buffering(""), SB, "SS SSS"),
    (buffering("smp_wmb(); smp_rmb();"), SB, "SS NSS"),
    (buffering("smp_mb();", "cmm_smp_mb();"), SB, "NN NNN"),
    (threads("smp_store_mb(*x, 1); r1 = READ_ONCE(*y);", "smp_store_mb(*y, 1); r1 = READ_ONCE(*x);"), SB, "NN NNN"),
    (threads("smp_store_release(x, 1); r1 = smp_load_acquire(y);",
             "smp_store_release(y, 1); r1 = smp_load_acquire(x);"), SB, "SS SNS"),  # STLR and LDAR stay in order
    # atomics that return a value are full barriers; others are no barriers, but on x86 they are locked
    (buffering("r2 = atomic_inc_return(z);", "r2 = xchg(z, 5);"), SB, "NN NNN"),
    (buffering("atomic_inc(u);", "atomic_inc(v);"), SB, "SN SSS"),
    (buffering("smp_mb__before_atomic(); atomic_inc(u);", "atomic_inc(v); smp_mb__after_atomic();"), SB, "NN NNN"),
    # a locked instruction empties the store buffer whether it stores or not
    (buffering("cmpxchg_relaxed(u, 7, 8);", "cmpxchg_relaxed(v, 7, 8);"), SB, "SN SSS"),
    # the test before atomic_add_unless() is an ordinary read; POWER and ARM have a fence before it
    (buffering("atomic_add_unless(u, 1, 0);", "atomic_add_unless(v, 1, 0);"), SB, "NS NSS"),
    (buffering("atomic_add_unless(u, 1, 9);", "atomic_add_unless(v, 1, 9);"), SB, "NN NNN"),
    # taking a lock is no full barrier on POWER and AArch64, which have one-way acquires
    (buffering("spin_lock(l);", "spin_lock(m);"), SB, "SN NSN"),
    (buffering("spin_lock(l); smp_mb__after_spinlock();", "spin_lock(m); smp_mb__after_spinlock();"), SB, "NN NNN"),
    # ---- load buffering: a dependency to a write orders, and ends with its statement
    (load_buffering("WRITE_ONCE(*y, 1);", "WRITE_ONCE(*x, 1);"), LB, "SN SSS"),
    (load_buffering("WRITE_ONCE(*y, r1);", "WRITE_ONCE(*x, (r1 ^ r1) + 1);"), LB, "NN NNN"),
    (load_buffering("if (r1) WRITE_ONCE(*y, 1);"), LB, "NN NNN"),
    (load_buffering("if (r1) ; WRITE_ONCE(*y, 1);"), LB, "SN SSS"),
    (load_buffering("if (!r1) return; WRITE_ONCE(*y, 1);"), LB, "NN NNN"),
    (load_buffering("while (!r1) goto out; WRITE_ONCE(*y, 1); out: ;"), LB, "NN NNN"),
    (load_buffering("switch (r1) { case 1: WRITE_ONCE(*y, 1); }"), LB, "NN NNN"),
    (load_buffering("r2 = r1 && 1; WRITE_ONCE(*y, r2 ? 1 : 1);"), LB, "NN NNN"),
    (load_buffering("r2 = r1 && READ_ONCE(*z); WRITE_ONCE(*y, r2 + 1);"), LB, "NN NNN"),
    # the branch around a failed update is one of the machine: the dependency reaches to the end; a CAS has none
    (threads("r1 = cmpxchg_relaxed(x, 7, 8); WRITE_ONCE(*y, 1);", "r1 = READ_ONCE(*y); smp_mb(); WRITE_ONCE(*x, 1);"),
     LB, "NN NSN"),
    (threads("r1 = cmpxchg_relaxed(x, 1, 8); WRITE_ONCE(*y, r1);", "r1 = READ_ONCE(*y); smp_mb(); WRITE_ONCE(*x, 1);"),
     LB, "NN NNN"),  # a write waits for what was picked
    # ---- updates are atomic
    (both("atomic_inc(x);"), "x=2", "AA AAA"),
    (both("r1 = atomic_inc_return(x);"), "0:r1=1 /\\ 1:r1=1", "NN NNN"),
    (threads("r1 = xchg(x, 1);", "r1 = xchg(x, 2);"), SB, "NN NNN"),
    (threads(UPDATE.format(1), UPDATE.format(2)), SB, "NN NNN"),
    (threads(UPDATE.format(1), UPDATE.format(2)), "0:r1=0 /\\ 1:r1=1 /\\ x=1", "SS SSS"),
    (threads(UPDATE.format(1), "r1 = cmpxchg(x, 1, 2);"), "1:r1=0 /\\ x=2", "NN NNN"),
    (both("r1 = atomic_add_unless(x, 1, 1);"), "x=1", "AA AAA"),
    # plain read-modify-writes are not
    (threads("*x = *x + 1;", "(*x)++;"), "x=1", "SS SSS"),
    # ---- locks
    (both("spin_lock(l); *x += 1; spin_unlock(l);"), "x=2", "AA AAA"),
    (both("r1 = spin_trylock(l);"), "0:r1=1 /\\ 1:r1=1", "NN NNN"),
    (both("r1 = spin_trylock(l);"), "0:r1=0 /\\ 1:r1=0", "NN NNN"),
    # a lock that is never released: the second thread is never seen to get it
    (both("spin_lock(l); r1 = 1;"), "0:r1=1 /\\ 1:r1=1", "NN NNN"),
    # ---- a pointer through memory: the dependency is in the address
    (threads("WRITE_ONCE(*x, 1); rcu_assign_pointer(*p, x);", "int *r1 = rcu_dereference(*p); r2 = READ_ONCE(*r1);"),
     "1:r1=x /\\ 1:r2=0", "NN NNN"),
    (threads("WRITE_ONCE(*x, 1); WRITE_ONCE(*p, x);", "int *r1 = rcu_dereference(*p); r2 = READ_ONCE(*r1);"),
     "1:r1=x /\\ 1:r2=0", "SN SSS"),
]  # fmt: skip


WORDS = {"N": NEVER, "S": SOMETIMES, "A": ALWAYS}


@pytest.mark.parametrize(("functions", "condition", "verdicts"), VERDICTS)
def test_the_verdict(functions: str, condition: str, verdicts: str) -> None:
    for model, letter in zip(("power", "x86-tso", "arm", "aarch64", "riscv"), verdicts.replace(" ", ""), strict=True):
        assert verdict(functions, condition, model, "int z; int *p = &z;") == WORDS[letter], model


def test_a_loop_waits_for_a_message() -> None:
    functions = message("smp_wmb();", "while (!(r1 = smp_load_acquire(y))) ; r2 = READ_ONCE(*x);")
    assert verdict(functions, MP, "power") == NEVER
    functions = message("", "while (!(r1 = READ_ONCE(*y))) ; r2 = READ_ONCE(*x);")
    assert verdict(functions, MP, "power") == SOMETIMES
    assert verdict(functions, MP, "x86-tso") == NEVER


def test_isync_and_lwsync_are_both_an_acquire_for_a_lock() -> None:
    functions = threads(
        "spin_lock(l); WRITE_ONCE(*x, 1); WRITE_ONCE(*y, 1); spin_unlock(l);",
        "spin_lock(l); r1 = READ_ONCE(*y); r2 = READ_ONCE(*x); spin_unlock(l);",
    )
    for chosen in ({}, {"spin_lock": "lwsync"}):
        assert verdict(functions, MP, "power", chosen=chosen) == NEVER


@pytest.mark.parametrize(
    ("functions", "condition", "lse", "llsc"),
    [
        # a failed cmpxchg() is LDXR, without a fence
        (message("smp_wmb();", "r1 = cmpxchg(y, 7, 2); r2 = READ_ONCE(*x);"), MP, NEVER, SOMETIMES),
        (message("smp_wmb();", "r1 = cmpxchg_acquire(y, 7, 2); r2 = READ_ONCE(*x);"), MP, NEVER, NEVER),
        # what a successful one returns was read
        (message("smp_wmb();", "r1 = cmpxchg_relaxed(y, 1, 2); r2 = READ_ONCE(x[r1 & 0]);"), MP, SOMETIMES, NEVER),
        # and there is a branch
        (threads("r1 = cmpxchg_relaxed(x, 7, 8); WRITE_ONCE(*y, 1);",
                 "r1 = READ_ONCE(*y); smp_mb(); WRITE_ONCE(*x, 1);"), LB, SOMETIMES, NEVER),
        (buffering("xchg(u, 5);", "atomic_inc_return(v);"), SB, NEVER, NEVER),
        (both("atomic_inc(x);"), "x=2", ALWAYS, ALWAYS),
        (both("spin_lock(l); *x += 1; spin_unlock(l);"), "x=2", ALWAYS, ALWAYS),
    ],
)  # fmt: skip
def test_aarch64_with_and_without_lse(functions: str, condition: str, lse: str, llsc: str) -> None:
    assert verdict(functions, condition, "aarch64") == lse
    assert verdict(functions, condition, "aarch64", chosen={"*": "llsc"}) == llsc


def test_who_counts_second_sees_what_came_before_the_first_count() -> None:
    # LDXR may read before earlier accesses are done.  But then no other thread may have counted in between.
    functions = threads(
        "WRITE_ONCE(*x, 1); r1 = atomic_inc_return(y);", "r1 = atomic_inc_return(y); r2 = READ_ONCE(*x);"
    )
    for chosen in ({}, {"*": "llsc"}):
        assert verdict(functions, "0:r1=1 /\\ 1:r1=2 /\\ 1:r2=0", "aarch64", chosen=chosen) == NEVER
        assert verdict(functions, "0:r1=2 /\\ 1:r1=1 /\\ 1:r2=0", "aarch64", chosen=chosen) == SOMETIMES


def test_a_lock_of_risc_v_is_a_full_barrier_only_as_a_ticket_lock() -> None:
    functions = buffering("spin_lock(l);", "spin_lock(m);")
    assert verdict(functions, SB, "riscv") == NEVER
    for alternative in ("amoswap", "qspinlock"):
        assert verdict(functions, SB, "riscv", chosen={"spin_lock": alternative}) == SOMETIMES
        fenced = buffering("spin_lock(l); smp_mb__after_spinlock();", "spin_lock(m); smp_mb__after_spinlock();")
        assert verdict(fenced, SB, "riscv", chosen={"spin_lock": alternative}) == NEVER


def test_link_time_optimization_makes_every_read_of_arm64_an_acquire() -> None:
    mp = message("smp_wmb();", "r1 = READ_ONCE(*y); r2 = READ_ONCE(*x);")
    assert verdict(mp, MP, "aarch64") == SOMETIMES
    assert verdict(mp, MP, "aarch64", chosen={"READ_ONCE": "lto"}) == NEVER
    # LDAPR, unlike LDAR, may overtake an earlier STLR
    released = threads("smp_store_release(x, 1); r1 = READ_ONCE(*y);", "smp_store_release(y, 1); r1 = READ_ONCE(*x);")
    assert verdict(released, SB, "aarch64", chosen={"READ_ONCE": "lto"}) == SOMETIMES


def test_eieio_orders_two_writes_but_not_what_was_read_before_them() -> None:
    mp = message("smp_wmb();", "r1 = READ_ONCE(*y); smp_rmb(); r2 = READ_ONCE(*x);")
    # The second thread's barrier must order the first thread's write too; eieio does not, because it is not cumulative.
    passed_on = threads(
        "WRITE_ONCE(*x, 1);",
        "r1 = READ_ONCE(*x); WRITE_ONCE(*u, r1); smp_wmb(); WRITE_ONCE(*y, 1);",
        "r1 = READ_ONCE(*y); smp_rmb(); r2 = READ_ONCE(*x);",
    )
    seen = "1:r1=1 /\\ 2:r1=1 /\\ 2:r2=0"
    eieio = {"smp_wmb": "eieio"}
    assert verdict(mp, MP, "power") == verdict(mp, MP, "power", chosen=eieio) == NEVER
    assert verdict(passed_on, seen, "power") == NEVER
    assert verdict(passed_on, seen, "power", chosen=eieio) == SOMETIMES


def test_under_sc_message_passing_needs_nothing() -> None:
    assert verdict(message("", "r1 = READ_ONCE(*y); r2 = READ_ONCE(*x);"), MP, "sc") == NEVER
