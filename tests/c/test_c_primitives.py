"""Primitives: the tables against the catalogue, and what each primitive does and becomes."""

import re
import tomllib
from pathlib import Path

import pytest
from c_interpreter import DroppedError, Run, operations, program, run_c
from msgspec.structs import replace

from litmus.c.catalogue import CATALOGUE, ORDER, POINTER, VALUE, Primitive
from litmus.c.tables import load_primitives, tables
from litmus.diagnostics import InputError, Unsupported
from litmus.isa import architecture_named
from litmus.program.code import Assume, Branch, Fence, Float, Fresh, Load, Operation, Set, Store, StoreConditional
from litmus.program.values import Address, Op, Reg
from litmus.report.primitives import becomes

FULL = "Fence.rw.rw"
RL, AQ = "Fence.rw.w", "Fence.r.rw"  # RISC-V's release and acquire barriers
AMO = "R.AcqRel Wx.AcqRel"


def spelled(operation: Operation) -> str:
    """R, W: accesses.  R*, W*: a load-reserve and its store-conditional.  Wx: the write of an atomic instruction.

    A fence has its name, a branch is ?.  After a dot come the cat sets of an access, without those of atomic updates (X
    and EX).
    """
    match operation:
        case Load():
            return ("R*" if operation.reserve else "R") + order(operation.tags)
        case Store():
            return ("Wx" if operation.rmw else "W") + order(operation.tags)
        case StoreConditional():
            return "W*" + order(operation.tags)
        case Fence(tags):
            return "+".join(sorted(tags))
        case Branch(_, None):
            return "goto"
        case Branch():
            return "?"
        case Float():
            return "float"
        case _:
            return ""


def order(tags: frozenset[str]) -> str:
    return "".join(f".{tag}" for tag in sorted(tags - {"X", "EX"}))


def shape(trace: list[Operation]) -> str:
    return " ".join(filter(None, map(spelled, trace)))


def arguments_of(macro: Primitive, name: str = "x") -> str:
    values = iter("12")
    spell = {POINTER: name, "l": f"*{name}", VALUE: None}
    return ", ".join(spell[r] or next(values) for r in macro.roles if r != ORDER)


# ---------------------------------------------------------------- the tables


def test_every_table_has_exactly_the_rows_that_the_catalogue_needs() -> None:
    needed = {macro.row for macro in CATALOGUE.values()} | {"plain", "WRITE_ONCE"}
    for table in tables():
        assert set(load_primitives(table).rows) == needed


@pytest.mark.parametrize("table", tables())
def test_tables_name_only_fences_and_sets_of_their_architecture(table: str) -> None:
    primitives = load_primitives(table)
    known = architecture_named(primitives.arch).tags
    for row in primitives.rows.values():
        assert row.method in primitives.sets
        for each in (row, *(row.orders or {}).values()):
            assert frozenset().union(*each.before, *each.after, each.load, each.store) <= known
    assert frozenset().union(*primitives.sets.values()) <= known


@pytest.mark.parametrize("table", tables())
def test_every_row_names_the_file_that_it_was_read_from(table: str) -> None:
    for name, row in load_primitives(table).rows.items():
        assert row.source.endswith((".h", ".c")) or row.source == "the compiler's __atomic built-ins", name


@pytest.mark.parametrize("table", tables())
@pytest.mark.parametrize("name", CATALOGUE)
def test_every_primitive_becomes_something_under_every_table(name: str, table: str) -> None:
    macro = CATALOGUE[name]
    parameter = "struct srcu_struct *x" if "srcu" in macro.row else "int *x"
    arguments = "__NR_membarrier, 1, 0, 0" if name == "syscall" else arguments_of(macro)
    text = f"P0({parameter}) {{ {name}({arguments}); }}"
    if load_primitives(table)[macro.row].unsupported:
        assert "rcu" in macro.row
        with pytest.raises(Unsupported, match=f"{name}: S?RCU is not modelled") as caught:
            operations(text, table=table)
        assert caught.value.span is not None
        assert caught.value.span.text.startswith(name)
    else:
        operations(text, table=table)


@pytest.mark.parametrize("table", tables())
def test_what_is_told_of_a_primitive_names_the_fences_that_it_is_lowered_to(table: str) -> None:
    primitives = load_primitives(table)
    for name, macro in CATALOGUE.items():
        row = primitives[macro.row]
        if row.unsupported or row.orders or macro.kind == "membarrier":
            continue
        text = f"P0(int *x) {{ {name}({arguments_of(macro)}); }}"
        lowered = [o.tags for o in operations(text, table=table) if isinstance(o, Fence)]
        words = re.split(r", | \(where", becomes(name, row, primitives))
        fences = frozenset().union(*lowered)
        assert [word for word in words if word in fences] == [tag for tags in lowered for tag in tags], name


def test_a_table_that_does_not_exist_is_an_error_with_the_near_ones() -> None:
    with pytest.raises(InputError, match="there is no primitives table powr") as caught:
        load_primitives("powr")
    assert caught.value.hint == "did you mean power?"


def test_a_row_that_does_not_exist_is_an_error_with_the_near_ones() -> None:
    with pytest.raises(InputError, match="the primitives table power has no row smp_wbm") as caught:
        load_primitives("power", {"smp_wbm": "eieio"})
    assert "smp_wmb" in (caught.value.hint or "")


def test_an_alternative_that_does_not_exist_is_an_error_with_those_that_do() -> None:
    with pytest.raises(InputError, match=r"power.smp_wmb has no alternative sync") as caught:
        load_primitives("power", {"smp_wmb": "sync"})
    assert caught.value.hint == "alternatives: eieio"


@pytest.mark.parametrize(
    ("table", "call", "row", "alternative", "plain", "chosen"),
    [
        ("power", "smp_wmb();", "smp_wmb", "eieio", "LWSYNC", "EIEIO"),
        ("power", "smp_mb__before_spinlock();", "smp_mb__before_spinlock", "generic", "SYNC", "LWSYNC"),
        ("power", "spin_lock(x);", "spin_lock", "lwsync", "R* W* ? ISYNC", "R* W* LWSYNC"),
        ("power", "spin_trylock(x);", "spin_trylock", "lwsync", "R* ? W* ? ISYNC", "R* ? W* LWSYNC"),
        ("power", "xchg_acquire(x, 1);", "xchg_acquire", "lwsync", "R* W* ? ISYNC", "R* W* LWSYNC"),
        ("power", "atomic_inc_return_acquire(x);", "atomic_return_acquire", "lwsync", "R* W* ? ISYNC", "R* W* LWSYNC"),
        ("power", "uatomic_inc(x);", "uatomic_op", "contract", "LWSYNC R* W* SYNC", "R* W*"),
        ("power", "spin_is_locked(x);", "spin_is_locked", "mb", "R", "SYNC R"),
        ("arm", "spin_unlock(x);", "spin_unlock", "dsb", "DMB W", "DMB W DSB.ST"),
        ("arm", "uatomic_inc(x);", "uatomic_op", "contract", "DMB R* W* DMB", "R* W*"),
        ("aarch64", "READ_ONCE(*x);", "READ_ONCE", "lto", "R", "R.Q"),
        ("aarch64", "smp_mb__before_spinlock();", "smp_mb__before_spinlock", "generic", "DMB.ISH", "DMB.ISHST"),
        ("aarch64", "xchg(x, 1);", "xchg", "llsc", "R.A Wx.L", "R* W*.L DMB.ISH"),
        ("aarch64", "cmpxchg(x, 1, 2);", "cmpxchg", "llsc", "R.A Wx.L", "R* ? W*.L DMB.ISH"),
        ("aarch64", "atomic_inc(x);", "atomic_op", "llsc", "R.NoRet Wx", "R* W*"),
        ("aarch64", "atomic_add_unless(x, 1, 2);", "atomic_add_unless", "llsc", "R ? R.A Wx.L", "R ? R* W*.L DMB.ISH"),
        ("aarch64", "spin_lock(x);", "spin_lock", "llsc", "R.A Wx", "R*.A W*"),
        ("aarch64", "spin_trylock(x);", "spin_trylock", "llsc", "R ? R.A Wx", "R ? R*.A W*"),
        ("aarch64", "spin_is_locked(x);", "spin_is_locked", "mb", "R", "DMB.ISH R"),
        ("aarch64", "uatomic_inc(x);", "uatomic_op", "contract", "R.A Wx.L", "R Wx"),
        ("riscv", "spin_lock(x);", "spin_lock", "amoswap", AMO, f"R Wx {AQ}"),
        ("riscv", "spin_lock(x);", "spin_lock", "qspinlock", AMO, f"R* W* {AQ}"),
        ("riscv", "spin_trylock(x);", "spin_trylock", "amoswap", f"R ? R* W*.Rel {FULL}", f"R Wx {AQ}"),
        ("riscv", "spin_trylock(x);", "spin_trylock", "qspinlock", f"R ? R* W*.Rel {FULL}", f"R ? R* W* {AQ}"),
        ("riscv", "uatomic_inc(x);", "uatomic_op", "contract", AMO, "R Wx"),
    ],
)
def test_alternatives_are_chosen_by_name(
    table: str, call: str, row: str, alternative: str, plain: str, chosen: str
) -> None:
    text = f"P0(int *x) {{ {call} }}"
    assert shape(operations(text, table=table)) == plain
    assert shape(operations(text, table=load_primitives(table, {row: alternative}))) == chosen
    assert shape(operations(text, table=table)) == plain, "the choice is not remembered"


def alternatives(table: str) -> list[tuple[str, str]]:
    """(row, alternative), as the file has them."""
    with open(Path(__file__).parent.parent.parent / "models" / "primitives" / f"{table}.toml", "rb") as file:
        document = tomllib.load(file)
    sources = [rows for source, rows in document.items() if isinstance(rows, dict) and source != "sets"]
    sections = [(row, section) for rows in sources for row, section in rows.items()]
    return [(row, alternative) for row, section in sections for alternative in section.get("alternatives", {})]


@pytest.mark.parametrize("table", tables())
def test_every_alternative_is_another_form_of_its_row(table: str) -> None:
    usual = load_primitives(table)
    for row, alternative in alternatives(table):
        other = replace(load_primitives(table, {row: alternative}).rows[row], note=usual.rows[row].note)
        assert other != usual.rows[row], (row, alternative)


def test_a_star_chooses_an_alternative_for_every_row_that_has_it() -> None:
    usual, chosen = load_primitives("aarch64"), load_primitives("aarch64", {"*": "llsc"})
    having = {row for row, alternative in alternatives("aarch64") if alternative == "llsc"}
    assert {row for row in usual.rows if chosen.rows[row] != usual.rows[row]} == having
    updates = {m.row for m in CATALOGUE.values() if m.kind == "update"}
    assert having == updates, "without LSE every update is made of exclusives"
    assert all(chosen.rows[row].method == "llsc" for row in updates)


def test_a_row_that_is_named_overrides_a_star() -> None:
    chosen = load_primitives("aarch64", {"uatomic_op": "contract", "*": "llsc"})
    assert chosen.rows["uatomic_op"] == load_primitives("aarch64", {"uatomic_op": "contract"}).rows["uatomic_op"]
    assert chosen.rows["xchg"].method == "llsc"


def test_a_star_needs_an_alternative_that_some_row_has() -> None:
    with pytest.raises(InputError, match=r"arm.\* has no alternative llsc") as caught:
        load_primitives("arm", {"*": "llsc"})
    assert caught.value.hint == "alternatives: contract, dsb"


# ---------------------------------------------------------------- what they become


BECOMES = [
    # call, power, x86, arm, aarch64, riscv
    ("r = READ_ONCE(*x)", "R", "R", "R", "R", "R"),
    ("WRITE_ONCE(*x, 1)", "W", "W", "W", "W", "W"),
    ("r = CMM_LOAD_SHARED(*x)", "R", "R", "R", "R", "R"),
    ("CMM_STORE_SHARED(*x, 1)", "W", "W", "W", "W", "W"),
    ("r = smp_load_acquire(x)", "R LWSYNC", "R", "R DMB", "R.A", f"R {AQ}"),
    ("smp_store_release(x, 1)", "LWSYNC W", "W", "DMB W", "W.L", f"{RL} W"),
    ("r = atomic_read_acquire(x)", "R LWSYNC", "R", "R DMB", "R.A", f"R {AQ}"),
    ("atomic_set_release(x, 1)", "LWSYNC W", "W", "DMB W", "W.L", f"{RL} W"),
    ("smp_store_mb(*x, 1)", "W SYNC", "W MFENCE", "W DMB", "W DMB.ISH", f"W {FULL}"),
    ("r = rcu_dereference(*x)", "R", "R", "R", "R", "R"),
    ("rcu_assign_pointer(*x, 1)", "LWSYNC W", "W", "DMB W", "W.L", f"{RL} W"),
    ("barrier()", "", "", "", "", ""),
    ("smp_mb()", "SYNC", "MFENCE", "DMB", "DMB.ISH", FULL),
    ("smp_rmb()", "LWSYNC", "", "DMB", "DMB.ISHLD", "Fence.r.r"),
    ("smp_wmb()", "LWSYNC", "", "DMB.ST", "DMB.ISHST", "Fence.w.w"),
    ("mb()", "SYNC", "MFENCE", "DSB", "DSB.SY", FULL),
    ("rmb()", "SYNC", "LFENCE", "DSB", "DSB.LD", "Fence.r.r"),
    ("wmb()", "SYNC", "SFENCE", "DSB.ST", "DSB.ST", "Fence.w.w"),
    ("smp_read_barrier_depends()", "", "", "", "", ""),
    ("smp_mb__before_atomic()", "SYNC", "", "DMB", "DMB.ISH", FULL),
    ("smp_mb__after_atomic()", "SYNC", "", "DMB", "DMB.ISH", FULL),
    ("smp_mb__before_spinlock()", "SYNC", "", "DMB.ST", "DMB.ISH", "Fence.w.w"),
    ("smp_mb__after_spinlock()", "SYNC", "", "", "DMB.ISH", FULL),
    ("smp_mb__after_unlock_lock()", "SYNC", "", "", "", ""),
    ("smp_mb__after_srcu_read_unlock()", "", "", "", "", ""),
    ("cmm_barrier()", "", "", "", "", ""),
    ("cmm_smp_mb()", "SYNC", "MFENCE", "DMB", "DMB.ISH", FULL),
    ("cmm_smp_rmb()", "LWSYNC", "", "DMB", "DMB.ISH", FULL),
    ("cmm_smp_wmb()", "LWSYNC", "", "DMB", "DMB.ISH", FULL),
    ("cmm_mb()", "SYNC", "MFENCE", "DMB", "DMB.ISH", FULL),
    ("cmm_rmb()", "SYNC", "LFENCE", "DMB", "DMB.ISH", FULL),
    ("cmm_wmb()", "SYNC", "SFENCE", "DMB", "DMB.ISH", FULL),
    ("cmm_smp_rmc()", "", "", "", "", ""),
    ("cmm_smp_mb__before_uatomic_add()", "", "", "", "", ""),
    ("cmm_smp_mb__after_uatomic_add()", "", "", "", "", ""),
    ("r = xchg(x, 1)", "SYNC R* W* SYNC", "R Wx", "DMB R* W* DMB", "R.A Wx.L", AMO),
    ("r = xchg_relaxed(x, 1)", "R* W*", "R Wx", "R* W*", "R Wx", "R Wx"),
    ("r = xchg_acquire(x, 1)", "R* W* ? ISYNC", "R Wx", "R* W* DMB", "R.A Wx", f"R Wx {AQ}"),
    ("r = xchg_release(x, 1)", "LWSYNC R* W*", "R Wx", "DMB R* W*", "R Wx.L", f"{RL} R Wx"),
    ("atomic_inc(x)", "R* W*", "R Wx", "R* W*", "R.NoRet Wx", "R Wx"),
    ("r = atomic_inc_return(x)", "SYNC R* W* SYNC", "R Wx", "DMB R* W* DMB", "R.A Wx.L", AMO),
    ("r = atomic_inc_return_relaxed(x)", "R* W*", "R Wx", "R* W*", "R Wx", "R Wx"),
    ("r = atomic_fetch_or_acquire(2, x)", "R* W* ? ISYNC", "R Wx", "R* W* DMB", "R.A Wx", f"R Wx {AQ}"),
    ("r = atomic_fetch_add_release(2, x)", "LWSYNC R* W*", "R Wx", "DMB R* W*", "R Wx.L", f"{RL} R Wx"),
    ("r = atomic_dec_and_test(x)", "SYNC R* W* SYNC", "R Wx", "DMB R* W* DMB", "R.A Wx.L", AMO),
    ("uatomic_add(x, 1)", "LWSYNC R* W* SYNC", "R Wx", "DMB R* W* DMB", "R.A Wx.L", AMO),
    ("uatomic_and(x, 1)", "LWSYNC R* W* SYNC", "R Wx", "DMB R* W* DMB", "R.A Wx.L", AMO),
    ("r = uatomic_add_return(x, 1)", "LWSYNC R* W* SYNC", "R Wx", "DMB R* W* DMB", "R.A Wx.L", AMO),
    ("r = uatomic_xchg(x, 1)", "LWSYNC R* W* SYNC", "R Wx", "DMB R* W* DMB", "R.A Wx.L", "R*.AcqRel W*.Rel"),
    ("uatomic_or(x, 1, CMM_RELAXED)", "LWSYNC R* W* SYNC", "R Wx", "DMB R* W* DMB", "R.A Wx.L", AMO),
    ("r = uatomic_read(x)", "R", "R", "R", "R", "R"),
    ("r = uatomic_load(x, CMM_RELAXED)", "R", "R", "R", "R", "R"),
    ("r = uatomic_load(x, CMM_CONSUME)", "R ? ISYNC", "R", "R DMB", "R.A", f"R {AQ}"),
    ("r = uatomic_load(x, CMM_ACQUIRE)", "R ? ISYNC", "R", "R DMB", "R.A", f"R {AQ}"),
    ("r = uatomic_load(x, CMM_SEQ_CST)", "SYNC R ? ISYNC", "R", "R DMB", "R.A", f"{FULL} R {AQ}"),
    ("r = uatomic_load(x, CMM_SEQ_CST_FENCE)",
     "SYNC R ? ISYNC SYNC", "R MFENCE", "R DMB", "R.A DMB.ISH", f"{FULL} R {FULL}"),
    ("uatomic_set(x, 1)", "W", "W", "W", "W", "W"),
    ("uatomic_store(x, 1, CMM_RELAXED)", "W", "W", "W", "W", "W"),
    ("uatomic_store(x, 1, CMM_RELEASE)", "LWSYNC W", "W", "DMB W", "W.L", f"{RL} W"),
    ("uatomic_store(x, 1, CMM_SEQ_CST)", "SYNC W", "W MFENCE", "DMB W DMB", "W.L", f"{RL} W"),
    ("uatomic_store(x, 1, CMM_SEQ_CST_FENCE)",
     "SYNC W SYNC", "W MFENCE", "DMB W DMB", "W.L DMB.ISH", f"{RL} W {FULL}"),
    ("mprotect()", "SYNC SYNC", "MFENCE MFENCE", "DSB.ST DSB", "DSB.ISHST DSB.ISH", ""),  # nobody to interrupt
    ("set_bit(1, x)", "R* W*", "R Wx", "R* W*", "R.NoRet Wx", "R Wx"),
    ("clear_bit(1, x)", "R* W*", "R Wx", "R* W*", "R.NoRet Wx", "R Wx"),
    ("r = test_bit(1, x)", "R", "R", "R", "R", "R"),
    ("spin_lock(x)", "R* W* ? ISYNC", "R Wx", "R* W* DMB", "R.A Wx", AMO),
    ("spin_unlock(x)", "LWSYNC W", "W", "DMB W", "W.L", f"{RL} W"),
    ("r = spin_is_locked(x)", "R", "R", "R", "R", "R"),
]  # fmt: skip


@pytest.mark.parametrize("becomes", BECOMES, ids=[call for call, *_ in BECOMES])
def test_what_a_primitive_becomes(becomes: tuple[str, ...]) -> None:
    call, *expected = becomes
    for table, shape_there in zip(ORDER_OF_TABLES, expected, strict=True):
        assert shape(operations(f"P0(int *x) {{ int r; {call}; }}", table=table)) == shape_there, table


ORDER_OF_TABLES = ("power", "x86", "arm", "aarch64", "riscv")


def test_every_row_of_the_tables_is_seen_to_become_something() -> None:
    seen = {"spin_trylock"}
    for call, *_ in (*BECOMES, *CONDITIONAL):
        names = set(re.findall(r"\w+(?=\()", call)) & set(CATALOGUE)
        seen |= {CATALOGUE[name].row for name in names}
    unsupported = {row for row, what in load_primitives("power").rows.items() if what.unsupported}
    assert {macro.row for macro in CATALOGUE.values()} - seen == unsupported


# x is 0 at first: `0` succeeds, `7` does not.
CONDITIONAL = [
    # call, its success and its failure, on power, arm, aarch64 and riscv
    ("cmpxchg(x, {}, 5)", "SYNC R* ? W* SYNC", "SYNC R* ?", "DMB R* ? W* DMB", "DMB R* ? DMB",
     "R.A Wx.L", "R.A Wx.L", f"R* ? W*.Rel {FULL}", "R* ?"),
    ("cmpxchg_relaxed(x, {}, 5)", "R* ? W*", "R* ?", "R* ? W*", "R* ?", "R Wx", "R Wx", "R* ? W*", "R* ?"),
    ("cmpxchg_acquire(x, {}, 5)", "R* ? W* ? ISYNC", "R* ?", "R* ? W* DMB", "R* ? DMB",
     "R.A Wx", "R.A Wx", f"R* ? W* {AQ}", "R* ?"),
    ("cmpxchg_release(x, {}, 5)", "LWSYNC R* ? W*", "LWSYNC R* ?", "DMB R* ? W*", "DMB R* ?",
     "R Wx.L", "R Wx.L", f"{RL} R* ? W*", f"{RL} R* ?"),
    ("atomic_cmpxchg(x, {}, 5)", "SYNC R* ? W* SYNC", "SYNC R* ?", "DMB R* ? W* DMB", "DMB R* ? DMB",
     "R.A Wx.L", "R.A Wx.L", f"R* ? W*.Rel {FULL}", "R* ?"),
    ("uatomic_cmpxchg(x, {}, 5)", "LWSYNC R* ? W* SYNC", "LWSYNC R* ?", "DMB R* ? W* DMB", "DMB R* ? DMB",
     "R.A Wx.L", "R.A Wx.L", "R*.AcqRel ? W*.Rel", "R*.AcqRel ?"),
    ("uatomic_cmpxchg(x, {}, 5, CMM_ACQUIRE, CMM_RELAXED)", "LWSYNC R* ? W* SYNC", "LWSYNC R* ?",
     "DMB R* ? W* DMB", "DMB R* ? DMB", "R.A Wx.L", "R.A Wx.L", "R*.AcqRel ? W*.Rel", "R*.AcqRel ?"),
    # a separate test comes first, and its branch `?` decides
    ("atomic_add_unless(x, 5, 0 == {})", "SYNC R* ? W* SYNC", "SYNC R* ?", "DMB R* ? W* DMB", "DMB R* ?",
     "R ? R.A Wx.L", "R ?", f"R* ? W*.Rel {FULL}", "R* ?"),
]  # fmt: skip


@pytest.mark.parametrize("case", CONDITIONAL, ids=[call for call, *_ in CONDITIONAL])
def test_a_conditional_update_that_fails_stores_nothing_and_orders_what_its_code_orders(case: tuple[str, ...]) -> None:
    call, *shapes = case
    for number, table in enumerate(("power", "arm", "aarch64", "riscv")):
        for old, expected, stored in ((0, shapes[2 * number], 5), (7, shapes[2 * number + 1], 0)):
            run = run_c(f"P0(int *x) {{ int r = {call.format(old)}; }}", table=table)
            assert shape(run.trace) == expected, (table, old)
            assert run.memory[Address("x")] == stored
            if "unless" not in call:
                assert run.registers["r"] == 0


@pytest.mark.parametrize("call", [call for call, *_ in CONDITIONAL if "unless" not in call])
@pytest.mark.parametrize("table", ["x86", "aarch64"])
def test_a_compare_and_exchange_of_one_instruction_stores_on_success_only(call: str, table: str) -> None:
    for old, stored in ((0, 5), (7, 0)):
        run = run_c(f"P0(int *x) {{ int r = {call.format(old)}; }}", table=table)
        (load, store) = [o for o in run.trace if isinstance(o, Load | Store)]
        assert store.rmw
        assert "X" in load.tags & store.tags
        assert run.memory[Address("x")] == stored


@pytest.mark.parametrize(
    ("table", "locked", "free"),
    [
        ("power", "R* ?", "R* ? W* ? ISYNC"),
        ("x86", "R ?", "R ? R Wx"),
        ("arm", "R* ?", "R* ? W* DMB"),
        ("aarch64", "R ?", "R ? R.A Wx"),
        ("riscv", "R ?", f"R ? R* W*.Rel {FULL}"),
    ],
)
def test_a_trylock_that_fails_may_have_done_no_more_than_a_read(table: str, locked: str, free: str) -> None:
    for init, expected in (("l = 1;", locked), ("l = 0;", free)):
        run = run_c("P0(spinlock_t *l) { r1 = spin_trylock(l); }", init, table)
        assert shape(run.trace) == expected
        assert run.registers["r1"] == int(expected is free)
        assert run.memory[Address("l")] == 1


def test_a_compare_and_swap_that_succeeds_may_return_what_it_was_compared_with() -> None:
    lowered = operations("P0(int *x) { r1 = cmpxchg_relaxed(x, 3, 4); }", table="aarch64")
    returned = [o.value for o in lowered if isinstance(o, Set) and isinstance(o.value, Op) and o.value.name == "either"]
    (load,) = [o for o in lowered if isinstance(o, Load)]
    assert returned == [Op("either", (Op("eq", (Reg(load.register), 3)), 3, Reg(load.register)))]
    linked = load_primitives("aarch64", {"cmpxchg_relaxed": "llsc"})
    for table in ("power", "x86", "arm", "riscv", linked):
        assert "either" not in str(operations("P0(int *x) { r1 = cmpxchg_relaxed(x, 3, 4); }", table=table))


def test_an_atomic_instruction_of_risc_v_is_one_event_and_never_conditional() -> None:
    for table in tables():
        rows = load_primitives(table).rows
        events = {row for row in rows if rows[row].method == "event"}
        assert not events or table == "riscv"
        for macro in CATALOGUE.values():
            if macro.update is not None and macro.update.when is not None:
                assert macro.row not in events
    (store,) = [o for o in operations("P0(int *x) { atomic_inc(x); }", table="riscv") if isinstance(o, Store)]
    assert store.rmw
    assert store.single


def test_the_branches_of_an_update_reach_to_the_end_of_the_thread() -> None:
    lowered = operations("P0(int *x) { cmpxchg_acquire(x, 0, 1); WRITE_ONCE(*x, 2); }")
    assert [o.join for o in lowered if isinstance(o, Branch)] == [None, None]


def test_an_update_of_one_instruction_is_one_instruction_and_a_linked_pair_is_two() -> None:
    for table, count in (("x86", 1), ("power", 2)):
        lines = program("P0(int *x) { atomic_inc(x); }", table=table).threads[0].lines
        accesses = [line for line in lines if isinstance(line.operation, Load | Store | StoreConditional)]
        assert len({line.instruction for line in accesses}) == count


def test_a_store_conditional_is_to_the_place_of_its_load_and_must_succeed() -> None:
    (load, store, assumption) = [
        o for o in operations("P0(int *x) { atomic_inc(x); }") if isinstance(o, Load | StoreConditional | Assume)
    ]
    assert load.reserve
    assert store.address == load.address
    assert assumption.condition.name == store.status
    assert (store.success, store.failure) == (1, 0)


# ---------------------------------------------------------------- what they do

OPERATIONS = {
    "add": lambda old, a: old + a,
    "sub": lambda old, a: old - a,
    "and": lambda old, a: old & a,
    "or": lambda old, a: old | a,
    "xor": lambda old, a: old ^ a,
    "andnot": lambda old, a: old & ~a,
}


def done(call: str, start: int, table: str) -> tuple[object, object]:
    run = run_c(f"P0(atomic_t *x) {{ int r = {call}; }}", f"atomic_t x = {start};", table)
    return run.memory[Address("x")], run.registers["r"]


@pytest.mark.parametrize("table", tables())
@pytest.mark.parametrize("suffix", ["", "_relaxed", "_acquire", "_release"])
def test_value_returning_atomics(suffix: str, table: str) -> None:
    for start in (0, 5, -6, 2**31 - 1):
        for name, operation in OPERATIONS.items():
            new = (operation(start, 3) + 2**31) % 2**32 - 2**31
            assert done(f"atomic_fetch_{name}{suffix}(3, x)", start, table) == (new, start)
            if name in ("add", "sub"):
                assert done(f"atomic_{name}_return{suffix}(3, x)", start, table) == (new, new)
        for name, by in (("inc", 1), ("dec", -1)):
            new = (start + by + 2**31) % 2**32 - 2**31
            assert done(f"atomic_fetch_{name}{suffix}(x)", start, table) == (new, start)
            assert done(f"atomic_{name}_return{suffix}(x)", start, table) == (new, new)
        negative = (start + 3 + 2**31) % 2**32 - 2**31
        assert done(f"atomic_add_negative{suffix}(3, x)", start, table) == (negative, int(negative < 0))
        assert done(f"atomic_xchg{suffix}(x, 9)", start, table) == (9, start)
        assert done(f"xchg{suffix}(x, 9)", start, table) == (9, start)
        assert done(f"atomic_cmpxchg{suffix}(x, 5, 9)", start, table) == (9 if start == 5 else start, start)
        assert done(f"cmpxchg{suffix}(x, -6, 9)", start, table) == (9 if start == -6 else start, start)


@pytest.mark.parametrize("table", tables())
@pytest.mark.parametrize("start", [-1, 0, 1, 3, 2**31 - 1])
def test_atomics_without_suffixes(start: int, table: str) -> None:
    def stored(call: str) -> object:
        return run_c(f"P0(int *x) {{ {call}; }}", f"x = {start};", table).memory[Address("x")]

    for name, operation in OPERATIONS.items():
        new = (operation(start, 3) + 2**31) % 2**32 - 2**31
        assert stored(f"atomic_{name}(3, x)") == new
        if name in ("add", "sub", "or", "and"):
            assert stored(f"uatomic_{name}(x, 3)") == new
        if name in ("add", "sub"):
            assert done(f"uatomic_{name}_return(x, 3)", start, table) == (new, new)
    for name, by in (("inc", 1), ("dec", -1)):
        new = (start + by + 2**31) % 2**32 - 2**31
        assert stored(f"atomic_{name}(x)") == stored(f"uatomic_{name}(x)") == new
        assert done(f"atomic_{name}_and_test(x)", start, table) == (new, int(new == 0))
    assert done("atomic_sub_and_test(3, x)", start, table)[1] == int(start == 3)
    new = (start + 2 + 2**31) % 2**32 - 2**31
    assert done("atomic_add_unless(x, 2, 3)", start, table) == ((3, 0) if start == 3 else (new, 1))
    assert done("atomic_inc_not_zero(x)", start, table)[1] == int(start != 0)
    assert done("uatomic_xchg(x, 4)", start, table) == (4, start)
    assert done("uatomic_cmpxchg(x, 3, 4)", start, table) == (4 if start == 3 else start, start)
    assert done("atomic_read(x)", start, table) == (start, start)
    assert stored("atomic_set(x, 8)") == 8


@pytest.mark.parametrize("table", tables())
@pytest.mark.parametrize("start", [0, 5, -1])
def test_bits_are_those_of_a_word(start: int, table: str) -> None:
    top = 8 * load_primitives(table).word - 1
    for bit in (0, 2, 31, top):
        for call, new in (
            ("set_bit", start | 1 << bit),
            ("clear_bit", start & ~(1 << bit)),
            ("change_bit", start ^ 1 << bit),
        ):
            run = run_c(f"P0(long *x) {{ {call}({bit}, x); r0 = test_bit({bit}, x); }}", f"long x = {start};", table)
            assert run.memory[Address("x")] == (new + 2**top) % 2 ** (top + 1) - 2**top
            assert run.registers["r0"] == new >> bit & 1


@pytest.mark.parametrize("table", tables())
def test_updates_work_at_the_width_of_their_variable(table: str) -> None:
    functions = "P0(unsigned long *x, u8 *y) { unsigned long r = xchg(x, -1); r2 = uatomic_add_return(y, 1); }"
    run = run_c(functions, "u8 y = 255;", table)
    assert (run.memory[Address("x")], run.memory[Address("y")], run.registers["r2"]) == (-1, 0, 0)


@pytest.mark.parametrize("table", tables())
def test_a_pointer_may_be_exchanged(table: str) -> None:
    run = run_c("P0(int **p, int *y) { int *r = cmpxchg(p, NULL, y); int *s = xchg(p, r); }", table=table)
    assert (run.registers["r"], run.registers["s"], run.memory[Address("p")]) == (0, Address("y"), 0)


@pytest.mark.parametrize("table", tables())
def test_a_lock_is_taken_when_it_is_free_and_the_execution_dropped_when_it_is_not(table: str) -> None:
    def locked(body: str) -> Run:
        return run_c(f"P0(spinlock_t *l) {{ {body} }}", "spinlock_t l;", table)

    assert locked("spin_lock(l);").memory[Address("l")] == 1
    assert locked("spin_lock(l); spin_unlock(l);").memory[Address("l")] == 0
    assert locked("spin_lock(l); spin_unlock(l); spin_lock(l);").memory[Address("l")] == 1
    with pytest.raises(DroppedError):
        locked("spin_lock(l); spin_lock(l);")
    tried = "r1 = spin_trylock(l); r2 = spin_trylock(l); r3 = spin_is_locked(l);"
    run = locked(tried + "spin_unlock(l); r4 = spin_is_locked(l);")
    assert [run.registers[r] for r in ("r1", "r2", "r3", "r4")] == [1, 0, 1, 0]


# ---------------------------------------------------------------- membarrier


@pytest.mark.parametrize(
    "call",
    [
        "sys_membarrier()",
        "membarrier()",
        "smp_memb()",
        "sys_membarrier(MEMBARRIER_CMD_SHARED, 0)",
        "membarrier(MEMBARRIER_CMD_GLOBAL, 0)",
        "membarrier(MEMBARRIER_CMD_GLOBAL, 0, 0)",
        "syscall(__NR_membarrier, MEMBARRIER_CMD_GLOBAL, 0, 0)",
        "sys_membarrier(MEMBARRIER_PRIVATE_FLAG | MEMBARRIER_EXPEDITED_FLAG)",
    ],
)
def test_an_ordinary_membarrier_is_the_promise_to_every_other_thread(call: str) -> None:
    threads = program(f"P0(int *x) {{ }} P1(int *x) {{ r = {call}; }} P2(int *x) {{ }}").threads
    lowered = [line.operation for line in threads[1].lines]
    assert isinstance(lowered[0], Fresh)
    assert [o.thread for o in lowered if isinstance(o, Float)] == [0, 2]
    assert lowered[-1] == Set("r", 0)
    assert not threads[0].lines
