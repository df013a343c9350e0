"""What the compiler may do with the accesses of a thread of C: each rule, with the expected pairs written by hand."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from litmus.c.lowering import lower
from litmus.c.tables import load_primitives
from litmus.cat import load_model
from litmus.checking import Checker, Settings, check
from litmus.deciding import decide
from litmus.diagnostics import Source, Span, Unsupported
from litmus.engine import Options
from litmus.engine.options import Engine
from litmus.isa import architecture_named
from litmus.program.build import unroll
from litmus.program.code import (
    FIXED,
    PLAIN,
    Admit,
    Fence,
    Float,
    Line,
    Motion,
    Operation,
    Program,
    Store,
    ThreadCode,
    Variable,
)
from litmus.program.compile_c import EXCHANGED_NOTE, KEPT_NOTE
from litmus.program.graph import EventGraph
from litmus.program.question import Question
from litmus.program.values import Address
from litmus.reading import read_test
from litmus.resolving import resolve

PARAMETERS = "(int *x, int *y, int *z, int *t, int **p, spinlock_t *l)"


def prepared(
    text: str, table: str = "power", exchange: bool = True, bound: int = 2
) -> tuple[EventGraph, Question, frozenset[str]]:
    """A test, unrolled, with its question and the sets of its architecture."""
    test = read_test(Source("t.litmus", text))
    program = lower(test, load_primitives(table))
    return unroll(program, bound, exchange), resolve(test, program), architecture_named(program.arch).tags


def graph_of(body: str, init: str = "", table: str = "power", bound: int = 2) -> EventGraph:
    """The events of one thread with this body."""
    return prepared(f"C t\n{{ {init} }}\nP0{PARAMETERS} {{ {body} }}\nexists (true)\n", table, bound=bound)[0]


def exchanged(body: str, init: str = "", table: str = "power", bound: int = 2) -> set[tuple[str, str]]:
    """The pairs of accesses that may be exchanged, as the text has them."""
    graph = graph_of(body, init, table, bound)
    spans = [event.span.text if event.span else "" for event in graph.events]
    return {(spans[e], spans[f]) for e, f in graph.exchanges}


# ---------------------------------------------------------------- which pairs

WRITE_X, WRITE_Y = "*x = 1", "*y = 1"
READ_Y = "*y"


@pytest.mark.parametrize(
    ("first", "second", "pair"),
    [
        ("*x = 1;", "*y = 1;", ("*x = 1", "*y = 1")),
        ("int r0 = *x;", "int r1 = *y;", ("*x", "*y")),
        ("int r0 = *x;", "*y = 1;", ("*x", "*y = 1")),
        ("*x = 1;", "int r0 = *y;", ("*x = 1", "*y")),
    ],
    ids=["WW", "RR", "RW", "WR"],
)
def test_plain_accesses_to_two_variables_are_exchanged_whatever_they_are(
    first: str, second: str, pair: tuple[str, str]
) -> None:
    assert exchanged(first + second) == {pair}


VOLATILE = [
    "int r0 = READ_ONCE(*{});",
    "WRITE_ONCE(*{}, 1);",
    "CAO(*{}) = 1;",
    "int r0 = CAO(*{});",
    "int r0 = rcu_dereference(*{});",
    "int r0 = xchg_relaxed({}, 1);",
    "int r0 = cmpxchg_relaxed({}, 0, 1);",
    "atomic_inc({});",
    "atomic_add(2, {});",
    "uatomic_set({}, 1);",
]


@pytest.mark.parametrize("access", VOLATILE)
def test_volatile_accesses_stay_in_order_among_themselves(access: str) -> None:
    assert exchanged(access.format("x") + "WRITE_ONCE(*y, 1);") == set()
    assert exchanged("WRITE_ONCE(*y, 1);" + access.format("x")) == set()
    # Also when plain accesses are around.
    around = exchanged("*z = 1;" + access.format("x") + "WRITE_ONCE(*y, 1); *t = 1;")
    assert {pair for pair in around if "*z = 1" not in pair and "*t = 1" not in pair} == set()


@pytest.mark.parametrize("table", ["x86", "power", "arm", "aarch64", "riscv"])
@pytest.mark.parametrize("access", VOLATILE)
def test_a_plain_access_is_exchanged_with_a_volatile_one(access: str, table: str) -> None:
    """Relaxed atomics too: on the weakest architectures they are `asm volatile` without a memory clobber."""
    text = access.format("x")
    assert [first for first, _ in exchanged(text + "*y = 1;", table=table)]
    assert {second for _, second in exchanged(text + "*y = 1;", table=table)} == {WRITE_Y}
    assert {first for first, _ in exchanged("*y = 1;" + text, table=table)} == {WRITE_Y}


BARRIERS = [
    "barrier();",
    "smp_mb();",
    "smp_rmb();",
    "smp_wmb();",
    "mb();",
    "cmm_barrier();",
    "cmm_smp_mb();",
    "smp_mb__before_atomic();",
    "sys_membarrier();",
    "int r9 = xchg(z, 1);",
    "int r9 = cmpxchg(z, 5, 1);",  # also where it fails
    "int r9 = atomic_add_return(1, z);",
    "int r9 = uatomic_xchg(z, 1);",
    "spin_lock(l);",
    "spin_unlock(l);",
    "int r9 = spin_trylock(l);",
]


@pytest.mark.parametrize("table", ["x86", "power", "aarch64"])
@pytest.mark.parametrize("barrier", BARRIERS)
def test_nothing_is_moved_across_a_barrier(barrier: str, table: str) -> None:
    """On x86 most of these are no instruction at all, but they still are barriers to the compiler."""
    assert exchanged(f"*x = 1; {barrier} *y = 1;", table=table) == set()
    assert exchanged(f"int r0 = *x; {barrier} int r1 = *y;", table=table) == set()


@pytest.mark.parametrize("table", ["x86", "power", "aarch64", "riscv"])
def test_a_dependency_barrier_of_alpha_is_nothing_to_the_compiler(table: str) -> None:
    assert exchanged("*x = 1; smp_read_barrier_depends(); *y = 1;", table=table) == {(WRITE_X, WRITE_Y)}


ACQUIRES = ["int r0 = smp_load_acquire(x);", "int r0 = xchg_acquire(x, 1);", "smp_store_mb(*x, 1);"]
RELEASES = ["smp_store_release(x, 1);", "int r0 = xchg_release(x, 1);", "uatomic_store(x, 1, CMM_RELEASE);"]


@pytest.mark.parametrize("access", ACQUIRES)
def test_what_is_after_an_acquire_stays_there_and_what_is_before_may_pass(access: str) -> None:
    """READ_ONCE() and then a barrier (include/asm-generic/barrier.h)."""
    assert exchanged(access + "*y = 1;", table="x86") == set()
    assert {first for first, _ in exchanged("*y = 1;" + access, table="x86")} == {WRITE_Y}
    assert exchanged("*y = 1;" + access + "*z = 1;", table="x86") == exchanged("*y = 1;" + access, table="x86")


@pytest.mark.parametrize("access", RELEASES)
def test_what_is_before_a_release_stays_there_and_what_is_after_may_pass(access: str) -> None:
    assert exchanged("*y = 1;" + access, table="x86") == set()
    assert {second for _, second in exchanged(access + "*y = 1;", table="x86")} == {WRITE_Y}


def test_the_failure_of_a_generic_conditional_update_is_no_barrier() -> None:
    """If its test fails, atomic_add_unless() leaves its loop before the update (atomic-arch-fallback.h)."""
    failing = exchanged("*x = 1; int r0 = atomic_add_unless(z, 1, 0); *y = 1;", table="aarch64")
    assert (WRITE_X, WRITE_Y) in failing


def test_accesses_to_one_location_stay_in_order() -> None:
    assert exchanged("*x = 1; *x = 2;") == set()
    assert exchanged("int r0 = *x; int r1 = *x;") == set()
    assert exchanged("int r0 = *x; *x = 2;") == set()
    assert exchanged("WRITE_ONCE(*x, 1); int r0 = *x;") == set()


def test_what_may_be_one_location_stays_in_order() -> None:
    array = "int a[2];"
    parameters = "P0(int *a, int *x, int *y)"

    def of(body: str) -> int:
        graph, _, _ = prepared(f"C t\n{{ {array} }}\n{parameters} {{ {body} }}\nexists (true)\n")
        return len(graph.exchanges)

    assert of("a[0] = 1; a[1] = 1;") == 1
    assert of("int r0 = READ_ONCE(*x); barrier(); a[r0] = 1; a[1] = 1;") == 0
    assert of("int r0 = READ_ONCE(*x); barrier(); a[r0] = 1; *y = 1;") == 1, "no index leads from a to y"
    pointed = "int *r0 = READ_ONCE(*p); barrier(); *r0 = 1; *y = 1;"
    assert exchanged(pointed, "int *p = &x;") == set(), "a pointer may point at y"


def test_data_and_address_dependencies_stay_in_order() -> None:
    assert exchanged("int r0 = *x; *y = r0 + 1;") == set()
    assert exchanged("int r0 = *x; *y = r0 ^ r0;") == set(), "as the text has it"
    assert exchanged("int r0 = *x; int r1 = *(y + (r0 & 0));") == set()
    assert exchanged("int *r0 = *p; int r1 = *r0;", "int *p = &x;") == set()


@pytest.mark.parametrize("table", ["x86", "power", "arm", "aarch64", "riscv"])
@pytest.mark.parametrize("macro", ["cmpxchg_relaxed", "cmpxchg_acquire"])
def test_what_an_atomic_operation_compares_with_is_computed_before_it(macro: str, table: str) -> None:
    """The expected and the new value are inputs of its assembly.  On some machines only a branch uses the former."""
    assert exchanged(f"int r0 = *x; int r1 = {macro}(y, r0, 5);", table=table) == set()
    assert exchanged(f"int r0 = *x; int r1 = {macro}(y, 5, r0);", table=table) == set()
    assert len(exchanged(f"int r0 = *x; int r1 = {macro}(y, 5, 6);", table=table)) > 0


def test_order_that_follows_by_several_steps_is_kept() -> None:
    """W x stays before R x (same location), and R x before W y (data).  So W x stays before W y."""
    assert exchanged("*x = 1; int r0 = *x; *y = r0;") == set()
    assert exchanged("*x = 1; int r0 = *x; *y = 1;") == {(WRITE_X, WRITE_Y), ("*x", WRITE_Y)}
    # The steps are: same location, both volatile, same location.
    assert exchanged("*x = 1; WRITE_ONCE(*x, 2); WRITE_ONCE(*y, 2); *y = 1;") == set()


def test_a_write_stays_behind_the_branch_that_decides_it() -> None:
    assert exchanged("int r0 = *x; if (r0) *y = 1;") == set()
    assert exchanged("int r0 = READ_ONCE(*x); if (r0) *y = 1;") == set()
    assert exchanged("int r0 = *x; if (r0) WRITE_ONCE(*y, 1);") == set()


def test_a_volatile_read_stays_behind_the_branch_that_decides_it() -> None:
    assert exchanged("int r0 = *x; if (r0) { int r1 = READ_ONCE(*y); }") == set()


def test_a_plain_read_is_hoisted_above_the_branch_that_decides_it() -> None:
    assert exchanged("int r0 = READ_ONCE(*x); if (r0) { int r1 = *y; }") == {("READ_ONCE(*x)", READ_Y)}
    assert exchanged("int r0 = *x; if (r0) { int r1 = *y; }") == {("*x", READ_Y)}


def test_a_write_after_an_if_statement_does_not_depend_on_it() -> None:
    after = exchanged("int r0 = READ_ONCE(*x); if (r0) { WRITE_ONCE(*z, 1); } *y = 1;")
    assert after == {("READ_ONCE(*x)", WRITE_Y), ("WRITE_ONCE(*z, 1)", WRITE_Y)}


def test_a_write_after_a_return_that_was_not_taken_stays_behind_it() -> None:
    assert exchanged("int r0 = READ_ONCE(*x); if (r0) return; *y = 1;") == set()
    assert exchanged("int r0 = READ_ONCE(*x); if (r0) return; int r1 = *y;") == {("READ_ONCE(*x)", READ_Y)}


@pytest.mark.parametrize(
    "loop",
    [
        "while (READ_ONCE(*x) == 0) ;",
        "do { r0 = READ_ONCE(*x); } while (r0 == 0);",
        "again: if (!READ_ONCE(*x)) goto again;",
    ],
)
def test_a_write_stays_behind_a_loop_and_a_read_may_pass_it(loop: str) -> None:
    """If the loop does not end, nobody may see the write after it.  Nobody can see a read that is too early."""
    assert exchanged(f"{loop} *y = 1;", bound=1) == set()
    assert exchanged(f"{loop} int r1 = *y;", bound=1) == {("READ_ONCE(*x)", READ_Y)}


def test_a_write_behind_a_loop_may_pass_a_test_in_it_that_does_not_end_it() -> None:
    loop = "for (int i = 0; i < 1; i++) {{ int r0 = READ_ONCE(*x); if (r0) {} }} *y = 1;"
    assert exchanged(loop.format("WRITE_ONCE(*z, 1);")) == {("READ_ONCE(*x)", WRITE_Y), ("WRITE_ONCE(*z, 1)", WRITE_Y)}
    assert exchanged(loop.format("break;")) == set()


def test_a_write_in_an_atomic_operation_decides_nothing_that_follows() -> None:
    """The test of cmpxchg_relaxed() is in its assembly.  Only a test of what it returns is in the text."""
    assert len(exchanged("int r0 = cmpxchg_relaxed(x, 0, 1); *y = 1;")) == 1
    assert exchanged("int r0 = cmpxchg_relaxed(x, 0, 1); if (r0 == 0) *y = 1;") == set()


def test_an_atomic_operation_is_moved_as_one() -> None:
    """lwarx and stwcx. are in one statement of assembly, so nothing is moved between them."""
    graph = graph_of("atomic_inc(x); *y = 1;")
    assert len(graph.exchanges) == 2
    assert len(set(graph.exchanges.values())) == 1
    needs_the_read = exchanged("int r0 = *y; int r1 = cmpxchg_relaxed(x, 0, r0);")
    assert needs_the_read == set(), "what the assembly takes as an operand is there before it begins"


def test_what_is_not_c_is_as_written() -> None:
    test = read_test(Source("t.litmus", "PPC t\n{ 0:r2=x; 0:r3=y; }\nP0 ;\nli r1,1 ;\nstw r1,0(r2) ;\nstw r1,0(r3) ;\n"
                            "exists (x=1)\n"))  # fmt: skip
    assert not unroll(architecture_named("PPC").lower(test)).exchanges


def test_a_thread_without_plain_accesses_has_no_choices() -> None:
    assert not graph_of("WRITE_ONCE(*x, 1); WRITE_ONCE(*y, 1); smp_mb();").decisions


def test_more_plain_accesses_than_places_can_be_found_for_are_refused() -> None:
    body = "".join(f"v{i} = 1;" for i in range(12))
    init = "".join(f"v{i}=0;" for i in range(12))
    text = f"C t\n{{ {init} }}\nP0() {{ {body} }}\nP1() {{ sys_membarrier(); }}\nexists (true)\n"
    with pytest.raises(Unsupported, match="too many plain accesses"):
        prepared(text)
    assert not prepared(text, exchange=False)[0].exchanges


def test_a_block_lands_in_the_new_order_where_its_kind_is_admitted() -> None:
    """W x, then W y and W z, which may be exchanged, in a section that admits no block.

    The block lands before all of them, after x, or after all of them.
    """
    source = Source("t", "text")
    span = Span(source, 0, 4)
    one = Store(Address("x"), 1)

    def line(number: int, operation: Operation, motion: Motion = FIXED) -> Line:
        return Line(operation, number, span, motion)

    admitting = (
        line(0, one, PLAIN),
        line(1, Admit(frozenset())),
        line(2, replace(one, address=Address("y")), PLAIN),
        line(3, replace(one, address=Address("z")), PLAIN),
        line(4, Admit(None)),
    )
    sender = (line(0, Float(0, (line(0, Fence(frozenset({"SYNC"}))),), "ipi")),)
    variables = {name: Variable(name) for name in "xyz"}
    program = Program("PPC", (ThreadCode(admitting), ThreadCode(sender)), variables, ({}, {}))
    graph = unroll(program)
    x, y, z = (next(e.number for e in graph.events if e.thread == 0 and e.address == Address(v)) for v in "xyz")
    assert set(graph.exchanges) == {(y, z)}
    (points,) = graph.points
    assert {p.before for p in points} == {0, 1 << x, 1 << x | 1 << y | 1 << z}
    everywhere = unroll(replace(program, threads=(ThreadCode(tuple(n for n in admitting if n.motion is PLAIN)),
                                                  ThreadCode(sender))))  # fmt: skip
    assert len({p.before for p in everywhere.points[0]}) == 8, "all subsets: three accesses in any order"


# ---------------------------------------------------------------- verdicts

# Each shape: first with plain accesses in both threads, then with barrier() between the accesses of both.  Under SC the
# plain shape is allowed: if the accesses of only one thread are exchanged, an interleaving has the outcome.  For LB, it
# is P0's write, all of P1, P0's read.
SHAPES = {
    "MP": ("*x = 1; {} *y = 1;", "int r0 = *y; {} int r1 = *x;", "1:r0=1 /\\ 1:r1=0"),
    "SB": ("*x = 1; {} int r0 = *y;", "*y = 1; {} int r1 = *x;", "0:r0=0 /\\ 1:r1=0"),
    "LB": ("int r0 = *x; {} *y = 1;", "int r1 = *y; {} *x = 1;", "0:r0=1 /\\ 1:r1=1"),
    "S": ("*x = 2; {} *y = 1;", "int r0 = *y; {} *x = 1;", "x=2 /\\ 1:r0=1"),
    "R": ("*x = 1; {} *y = 1;", "*y = 2; {} int r0 = *x;", "y=2 /\\ 1:r0=0"),
    "2+2W": ("*x = 1; {} *y = 2;", "*y = 1; {} *x = 2;", "x=1 /\\ y=1"),
}


def verdict(
    shape: str, first: str, second: str, model: str, table: str, exchange: bool = True, engine: Engine = "auto"
) -> str:
    """The verdict on a shape with these statements between the accesses of its threads."""
    one, other, condition = SHAPES[shape]
    text = f"C {shape}\n{{ }}\nP0(int *x, int *y) {{ {one.format(first)} }}\n"
    text += f"P1(int *x, int *y) {{ {other.format(second)} }}\nexists ({condition})\n"
    graph, question, tags = prepared(text, table, exchange)
    return decide(graph, load_model(model, tags), question, Options(engine=engine)).verdict.value


@pytest.mark.parametrize("engine", ["auto", "z3", "enumerate"])
@pytest.mark.parametrize("shape", SHAPES)
def test_plain_accesses_are_not_sequential_even_on_a_sequential_machine(shape: str, engine: Engine) -> None:
    assert verdict(shape, "", "", "sc", "power", engine=engine) == "Sometimes"
    assert verdict(shape, "", "barrier();", "sc", "power", engine=engine) == "Sometimes"
    assert verdict(shape, "barrier();", "", "sc", "power", engine=engine) == "Sometimes"
    assert verdict(shape, "barrier();", "barrier();", "sc", "power", engine=engine) == "Never"
    assert verdict(shape, "", "", "sc", "power", exchange=False, engine=engine) == "Never"


MACHINES = [("sc", "power"), ("x86-tso", "x86"), ("power", "power"), ("arm", "arm"), ("aarch64", "aarch64"),
            ("riscv", "riscv")]  # fmt: skip


@pytest.mark.parametrize(("model", "table"), MACHINES)
@pytest.mark.parametrize("shape", SHAPES)
def test_membarrier_orders_what_barrier_keeps_and_not_what_the_compiler_moves(
    shape: str, model: str, table: str
) -> None:
    """The handler lands in the order that the compiler has chosen, so it cannot undo an exchange."""
    for other in ("sys_membarrier();", "smp_mb();"):
        assert verdict(shape, "", other, model, table) == "Sometimes"
        assert verdict(shape, other, "", model, table) == "Sometimes"
    assert verdict(shape, "barrier();", "sys_membarrier();", model, table) == "Never"
    assert verdict(shape, "sys_membarrier();", "barrier();", model, table) == "Never"


@pytest.mark.parametrize("engine", ["auto", "z3", "enumerate"])
@pytest.mark.parametrize(("model", "table"), MACHINES)
def test_a_hoisted_read_does_not_wait_for_the_branch(model: str, table: str, engine: Engine) -> None:
    """MP with a test in the reader: forbidden with smp_rmb() after the branch, allowed without a barrier."""

    def asked(between: str) -> str:
        reader = f"int r0 = READ_ONCE(*y); int r1 = 2; if (r0 == 1) {{ {between} r1 = *x; }}"
        text = f"C MP\n{{ }}\nP0(int *x, int *y) {{ *x = 1; smp_wmb(); *y = 1; }}\nP1(int *x, int *y) {{ {reader} }}\n"
        graph, question, tags = prepared(text + "exists (1:r0=1 /\\ 1:r1=0)\n", table)
        return decide(graph, load_model(model, tags), question, Options(engine=engine)).verdict.value

    assert asked("smp_rmb();") == "Never"
    assert asked("") == "Sometimes"


@pytest.mark.parametrize(("model", "table"), MACHINES)
def test_a_control_dependency_to_a_write_is_kept(model: str, table: str) -> None:
    """LB with tests: the compiler and every machine keep a write after its branch."""
    text = "C LB\n{ }\n"
    for t, (x, y) in enumerate(("xy", "yx")):
        text += f"P{t}(int *x, int *y) {{ int r0 = *{x}; if (r0 == 1) *{y} = 1; }}\n"
    graph, question, tags = prepared(text + "exists (0:r0=1 /\\ 1:r0=1)\n", table)
    assert decide(graph, load_model(model, tags), question, Options()).verdict.value == "Never"


# ---------------------------------------------------------------- the option

MESSAGE = "C t\n{ }\nP0(int *x, int *y) { *x = 1; *y = 1; }\nP1(int *y) { int r0 = READ_ONCE(*y); }\nexists (1:r0=1)\n"


def notes(text: str, **settings: object) -> tuple[str, ...]:
    checker = Checker(Settings(models=("power",), **settings))  # type: ignore[arg-type]
    (result,) = checker.check_source(Source("t.litmus", text))
    return result.notes


def test_the_compiler_is_an_option_of_the_api() -> None:
    text = MESSAGE.replace("int r0 = READ_ONCE(*y);", "int r0 = READ_ONCE(*y); smp_mb(); int r1 = READ_ONCE(*x);")
    text = text.replace("P1(int *y)", "P1(int *x, int *y)").replace("1:r0=1", "1:r0=1 /\\ 1:r1=0")
    verdicts = [check(text, "x86-tso").answer, check(text, "x86-tso", compiler="none").answer]
    assert [answer.verdict.value for answer in verdicts if answer is not None] == ["Sometimes", "Never"]


def test_a_reader_is_told_what_the_compiler_may_do() -> None:
    assert notes(MESSAGE) == (EXCHANGED_NOTE,)
    assert notes(MESSAGE, compiler="none") == (KEPT_NOTE,)
    volatile = MESSAGE.replace("*x = 1", "WRITE_ONCE(*x, 1)").replace("*y = 1", "WRITE_ONCE(*y, 1)")
    assert notes(volatile) == notes(volatile, compiler="none") == ()
    fenced = MESSAGE.replace("*x = 1;", "*x = 1; barrier();")
    assert notes(fenced) == (), "there is nothing to exchange"
