"""Primitives: the tables against the catalogue, and what each primitive does and becomes."""

import pytest
from c_interpreter import DroppedError, Run, operations, program, run_c

from litmus.diagnostics import InputError, Unsupported
from litmus.isa import architecture
from litmus.isa.c_catalogue import CATALOGUE, ORDER, POINTER, VALUE, Macro
from litmus.program.code import Assume, Branch, Fence, Float, Fresh, Load, Operation, Set, Store, StoreConditional
from litmus.program.primitives import load_primitives, tables
from litmus.program.values import Address


def spelled(operation: Operation) -> str:
    """R, W; R*, W* of a load-reserve and its store-conditional; Rx, Wx of one instruction; fences; ? for a branch."""
    match operation:
        case Load():
            return ("R*" if operation.reserve else "R") + "".join(sorted(operation.tags)).lower()
        case Store():
            return "W" + "".join(sorted(operation.tags)).lower()
        case StoreConditional():
            return "W*"
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


def shape(trace: list[Operation]) -> str:
    return " ".join(filter(None, map(spelled, trace)))


def arguments_of(macro: Macro, name: str = "x") -> str:
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
    known = architecture(primitives.arch).tags | {"X"}
    for row in primitives.rows.values():
        for each in (row, *(row.orders or {}).values()):
            assert frozenset().union(*each.before, *each.after, each.load, each.store) <= known


@pytest.mark.parametrize("table", tables())
@pytest.mark.parametrize("name", CATALOGUE)
def test_every_primitive_becomes_something_under_every_table(name: str, table: str) -> None:
    macro = CATALOGUE[name]
    parameter = "struct srcu_struct *x" if "srcu" in macro.row else "int *x"
    text = f"P0({parameter}) {{ {name}({arguments_of(macro)}); }}"
    if load_primitives(table)[macro.row].unsupported:
        assert "rcu" in macro.row
        with pytest.raises(Unsupported, match=f"{name}: S?RCU is not modelled") as caught:
            operations(text, table=table)
        assert caught.value.span is not None
        assert caught.value.span.text.startswith(name)
    else:
        operations(text, table=table)


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
    ("call", "row", "alternative", "plain", "chosen"),
    [
        ("smp_wmb();", "smp_wmb", "eieio", "LWSYNC", "EIEIO"),
        ("smp_mb__before_spinlock();", "smp_mb__before_spinlock", "generic", "SYNC", "LWSYNC"),
        ("spin_lock(x);", "spin_lock", "lwsync", "R* W* ? ISYNC", "R* W* LWSYNC"),
        ("spin_trylock(x);", "spin_trylock", "lwsync", "R* ? W* ? ISYNC", "R* ? W* LWSYNC"),
        ("xchg_acquire(x, 1);", "xchg_acquire", "lwsync", "R* W* ? ISYNC", "R* W* LWSYNC"),
        ("atomic_inc_return_acquire(x);", "atomic_return_acquire", "lwsync", "R* W* ? ISYNC", "R* W* LWSYNC"),
        ("uatomic_inc(x);", "uatomic_op", "contract", "LWSYNC R* W* SYNC", "R* W*"),
        ("spin_is_locked(x);", "spin_is_locked", "mb", "R", "SYNC R"),
    ],
)
def test_alternatives_are_chosen_by_name(call: str, row: str, alternative: str, plain: str, chosen: str) -> None:
    text = f"P0(int *x) {{ {call} }}"
    assert shape(operations(text)) == plain
    assert shape(operations(text, table=load_primitives("power", {row: alternative}))) == chosen
    assert shape(operations(text)) == plain, "the choice is not remembered"


# ---------------------------------------------------------------- what they become


@pytest.mark.parametrize(
    ("call", "power", "x86"),
    [
        ("r = READ_ONCE(*x)", "R", "R"),
        ("WRITE_ONCE(*x, 1)", "W", "W"),
        ("r = CMM_LOAD_SHARED(*x)", "R", "R"),
        ("CMM_STORE_SHARED(*x, 1)", "W", "W"),
        ("r = smp_load_acquire(x)", "R LWSYNC", "R"),
        ("smp_store_release(x, 1)", "LWSYNC W", "W"),
        ("r = atomic_read_acquire(x)", "R LWSYNC", "R"),
        ("atomic_set_release(x, 1)", "LWSYNC W", "W"),
        ("smp_store_mb(*x, 1)", "W SYNC", "W MFENCE"),
        ("r = rcu_dereference(*x)", "R", "R"),
        ("rcu_assign_pointer(*x, 1)", "LWSYNC W", "W"),
        ("smp_mb()", "SYNC", "MFENCE"),
        ("smp_rmb()", "LWSYNC", ""),
        ("smp_wmb()", "LWSYNC", ""),
        ("barrier()", "", ""),
        ("mb()", "SYNC", "MFENCE"),
        ("rmb()", "SYNC", "LFENCE"),
        ("wmb()", "SYNC", "SFENCE"),
        ("smp_mb__before_atomic()", "SYNC", ""),
        ("smp_mb__after_atomic()", "SYNC", ""),
        ("smp_mb__before_spinlock()", "SYNC", ""),
        ("smp_mb__after_spinlock()", "SYNC", ""),
        ("smp_mb__after_unlock_lock()", "SYNC", ""),
        ("cmm_barrier()", "", ""),
        ("cmm_smp_mb()", "SYNC", "MFENCE"),
        ("cmm_smp_rmb()", "LWSYNC", ""),
        ("cmm_smp_wmb()", "LWSYNC", ""),
        ("cmm_mb()", "SYNC", "MFENCE"),
        ("cmm_rmb()", "SYNC", "LFENCE"),
        ("cmm_wmb()", "SYNC", "SFENCE"),
        ("cmm_smp_rmc()", "", ""),
        ("cmm_smp_mb__before_uatomic_add()", "", ""),
        ("r = xchg(x, 1)", "SYNC R* W* SYNC", "Rx Wx"),
        ("r = xchg_relaxed(x, 1)", "R* W*", "Rx Wx"),
        ("r = xchg_acquire(x, 1)", "R* W* ? ISYNC", "Rx Wx"),
        ("r = xchg_release(x, 1)", "LWSYNC R* W*", "Rx Wx"),
        ("atomic_inc(x)", "R* W*", "Rx Wx"),
        ("r = atomic_inc_return(x)", "SYNC R* W* SYNC", "Rx Wx"),
        ("r = atomic_fetch_add_release(2, x)", "LWSYNC R* W*", "Rx Wx"),
        ("r = atomic_dec_and_test(x)", "SYNC R* W* SYNC", "Rx Wx"),
        ("uatomic_add(x, 1)", "LWSYNC R* W* SYNC", "Rx Wx"),
        ("r = uatomic_xchg(x, 1)", "LWSYNC R* W* SYNC", "Rx Wx"),
        ("r = uatomic_xchg(x, 1, CMM_RELAXED)", "LWSYNC R* W* SYNC", "Rx Wx"),
        ("r = uatomic_read(x)", "R", "R"),
        ("r = uatomic_load(x, CMM_RELAXED)", "R", "R"),
        ("r = uatomic_load(x, CMM_ACQUIRE)", "R ? ISYNC", "R"),
        ("r = uatomic_load(x, CMM_SEQ_CST)", "SYNC R ? ISYNC", "R"),
        ("r = uatomic_load(x, CMM_SEQ_CST_FENCE)", "SYNC R ? ISYNC SYNC", "R MFENCE"),
        ("uatomic_set(x, 1)", "W", "W"),
        ("uatomic_store(x, 1, CMM_RELEASE)", "LWSYNC W", "W"),
        ("uatomic_store(x, 1, CMM_SEQ_CST)", "SYNC W", "W MFENCE"),
        ("spin_lock(x)", "R* W* ? ISYNC", "Rx Wx"),
        ("spin_unlock(x)", "LWSYNC W", "W"),
        ("r = spin_is_locked(x)", "R", "R"),
    ],
)  # fmt: skip
def test_what_a_primitive_becomes(call: str, power: str, x86: str) -> None:
    text = f"P0(int *x) {{ int r; {call}; }}"
    assert shape(operations(text)) == power
    assert shape(operations(text, table="x86")) == x86


# x is 0 at first: `0` succeeds, `7` does not.
CONDITIONAL = [
    ("cmpxchg(x, {}, 5)", "SYNC R* ? W* SYNC", "SYNC R* ?"),
    ("cmpxchg_relaxed(x, {}, 5)", "R* ? W*", "R* ?"),
    ("cmpxchg_acquire(x, {}, 5)", "R* ? W* ? ISYNC", "R* ?"),
    ("cmpxchg_release(x, {}, 5)", "LWSYNC R* ? W*", "LWSYNC R* ?"),
    ("atomic_cmpxchg(x, {}, 5)", "SYNC R* ? W* SYNC", "SYNC R* ?"),
    ("uatomic_cmpxchg(x, {}, 5)", "LWSYNC R* ? W* SYNC", "LWSYNC R* ?"),
    ("uatomic_cmpxchg(x, {}, 5, CMM_ACQUIRE, CMM_RELAXED)", "LWSYNC R* ? W* SYNC", "LWSYNC R* ?"),
]


@pytest.mark.parametrize(("call", "success", "failure"), CONDITIONAL)
def test_a_compare_and_exchange_orders_on_success_only(call: str, success: str, failure: str) -> None:
    for old, expected, stored in ((0, success, 5), (7, failure, 0)):
        run = run_c(f"P0(int *x) {{ int r = {call.format(old)}; }}")
        assert shape(run.trace) == expected
        assert run.memory[Address("x")] == stored
        assert run.registers["r"] == 0


@pytest.mark.parametrize(("call", "_success", "_failure"), CONDITIONAL)
def test_a_compare_and_exchange_on_x86_stores_on_success_only(call: str, _success: str, _failure: str) -> None:
    for old, stored in ((0, 5), (7, 0)):
        run = run_c(f"P0(int *x) {{ int r = {call.format(old)}; }}", table="x86")
        (load, store) = [o for o in run.trace if isinstance(o, Load | Store)]
        assert store.rmw
        assert load.tags == store.tags == {"X"}
        assert run.memory[Address("x")] == stored


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
def test_updates_work_at_the_width_of_their_variable(table: str) -> None:
    functions = "P0(uint64_t *x, u8 *y) { unsigned long r = xchg(x, -1); r2 = uatomic_add_return(y, 1); }"
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
        "membarrier(MEMBARRIER_CMD_PRIVATE_EXPEDITED,0)",
    ],
)
def test_an_ordinary_membarrier_is_the_promise_to_every_other_thread(call: str) -> None:
    threads = program(f"P0(int *x) {{ }} P1(int *x) {{ r = {call}; }} P2(int *x) {{ }}").threads
    lowered = [line.operation for line in threads[1].lines]
    assert isinstance(lowered[0], Fresh)
    assert [o.thread for o in lowered if isinstance(o, Float)] == [0, 2]
    assert lowered[-1] == Set("r", 0)
    assert not threads[0].lines


def test_plain_accesses_are_noted_once() -> None:
    note = "plain accesses are kept in program order"
    assert program("P0(int *x) { *x = 1; *x = 2; } P1(int *x) { r1 = *x; }").notes == (note,)
    assert program("P0() { x = 1; } P1() { r1 = CAO(x); }", "x=0;").notes == (note,)
    assert program("P0(int *x) { WRITE_ONCE(*x, 1); } P1(int *x) { r1 = CAO(*x); }").notes == ()
