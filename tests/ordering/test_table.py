"""The ordering table: the one of the sys_membarrier() patch comes out of the solver, under every hardware model."""

from __future__ import annotations

from functools import cache

import pytest

from litmus.checking import Checker, Settings
from litmus.diagnostics import ExitCode, InputError, Source
from litmus.ordering.dressing import read_primitive
from litmus.ordering.table import Asked, Cell, Table, derive, explain, hardware_models, shapes_of
from litmus.program.compile_c import EXCHANGED_NOTE, KEPT_NOTE

TWO = shapes_of(2)
MODELS = hardware_models()

# The header of the patch: LKML, March 2015, include/uapi/linux/membarrier.h
PATCH = {
    ("barrier", "barrier"): False,
    ("barrier", "smp_mb"): False,
    ("barrier", "sys_membarrier"): True,
    ("smp_mb", "barrier"): False,
    ("smp_mb", "smp_mb"): True,
    ("smp_mb", "sys_membarrier"): True,
    ("sys_membarrier", "barrier"): True,
    ("sys_membarrier", "smp_mb"): True,
    ("sys_membarrier", "sys_membarrier"): True,
}


@cache
def table(rows: str, columns: str = "", shapes: tuple[str, ...] = TWO, models: tuple[str, ...] = MODELS) -> Table:
    first = tuple(map(read_primitive, rows.split()))
    second = tuple(map(read_primitive, columns.split())) or first
    return derive(Asked(first, second, shapes, models))


def cell(row: str, column: str, model: str, shapes: tuple[str, ...] = TWO) -> Cell:
    found = table(row, column, shapes, (model,))
    assert not found.errors, found.errors[0].render()
    (only,) = found.cells.values()
    return only


def ordered(model: str, rows: str, shapes: tuple[str, ...] = TWO) -> dict[tuple[str, str], bool | None]:
    cells = table(rows, shapes=shapes).cells
    return {(r, c): known.ordered for (m, r, c), known in cells.items() if m == model}


# ---------------------------------------------------------------- the table of the patch


def test_there_are_five_hardware_models_and_those_of_the_patch_come_first() -> None:
    assert MODELS[:3] == ("x86-tso", "power", "arm")
    assert set(MODELS) == {"x86-tso", "power", "arm", "aarch64", "riscv"}


@pytest.mark.parametrize("model", MODELS)
def test_the_table_of_the_patch_comes_out_under_every_hardware_model(model: str) -> None:
    assert ordered(model, "barrier smp_mb sys_membarrier") == PATCH


def test_everything_orders_under_sequential_consistency() -> None:
    found = table("barrier smp_mb sys_membarrier", models=("sc",))
    assert {c.ordered for c in found.cells.values()} == {True}
    assert {c.witness for c in found.cells.values()} == {None}


def test_plain_accesses_are_ordered_by_nothing_in_another_thread_not_even_under_sequential_consistency() -> None:
    """The compiler may exchange the two accesses of a thread.  Then the outcome of every shape is an interleaving."""
    others = "none barrier smp_mb sys_membarrier"
    for model in ("sc", "x86-tso", "power", "aarch64"):
        for found in (table("none", others, models=(model,)), table(others, "none", models=(model,))):
            assert {known for c in found.cells.values() for known in c.shapes.values()} == {False}


def test_a_compiler_that_changes_nothing_leaves_none_and_barrier_the_same() -> None:
    words = tuple(map(read_primitive, ("none", "barrier", "smp_mb", "sys_membarrier")))
    for model in ("sc", "x86-tso", "power"):
        found = derive(Asked(words, words, TWO, (model,), compiler="none")).cells
        for word in ("barrier", "smp_mb", "sys_membarrier"):
            assert found[model, "none", word].shapes == found[model, "barrier", word].shapes
            assert found[model, word, "none"].shapes == found[model, word, "barrier"].shapes
        assert found[model, "none", "none"].shapes == found[model, "barrier", "barrier"].shapes


@pytest.mark.parametrize("model", MODELS)
def test_the_table_of_the_patch_holds_for_wrc_rwc_isa2_and_iriw(model: str) -> None:
    assert ordered(model, "barrier smp_mb sys_membarrier", ("WRC", "RWC", "ISA2", "IRIW")) == PATCH


@pytest.mark.slow
@pytest.mark.parametrize("model", MODELS)
def test_the_table_of_the_patch_holds_for_all_shapes_of_three_threads(model: str) -> None:
    assert ordered(model, "barrier smp_mb sys_membarrier", shapes_of(3)) == PATCH


# ---------------------------------------------------------------- by shape


def test_on_x86_only_shapes_with_a_write_before_a_read_distinguish_anything() -> None:
    cells = table("barrier smp_mb sys_membarrier", models=("x86-tso",)).cells.values()
    distinguishing = {shape for c in cells for shape, known in c.shapes.items() if not known}
    assert distinguishing == {"SB", "R"}


def test_on_x86_only_the_thread_that_writes_before_it_reads_needs_a_barrier_in_r() -> None:
    c = cell("smp_mb", "barrier", "x86-tso", ("R",))
    assert [(role.test, c.is_ordered(role)) for role in c.roles] == [("R+mb+barrier", False), ("R+barrier+mb", True)]


@pytest.mark.parametrize("model", [m for m in MODELS if m != "x86-tso"])
def test_elsewhere_every_shape_distinguishes(model: str) -> None:
    assert not any(table("barrier smp_mb").cells[model, "barrier", "smp_mb"].shapes.values())


def test_a_symmetric_shape_has_one_test_for_both_roles_and_another_has_two() -> None:
    roles = cell("barrier", "smp_mb", "power").roles
    tests = {shape: {role.test for role in roles if role.shape == shape} for shape in TWO}
    assert {shape: len(names) for shape, names in tests.items()} == {
        "MP": 2, "SB": 1, "LB": 1, "R": 2, "S": 2, "2+2W": 1,
    }  # fmt: skip


def test_the_pair_stands_on_every_two_of_the_threads_of_a_larger_shape() -> None:
    roles = cell("barrier", "smp_wmb", "power", ("ISA2",)).roles
    assert len(roles) == 6
    assert {role.test for role in roles} == {
        "ISA2+barrier+wmb+mb", "ISA2+wmb+barrier+mb", "ISA2+barrier+mb+wmb",
        "ISA2+wmb+mb+barrier", "ISA2+mb+barrier+wmb", "ISA2+mb+wmb+barrier",
    }  # fmt: skip
    assert len(cell("barrier", "smp_wmb", "power", ("IRIW",)).roles) == 2


def test_each_distinct_test_is_decided_once() -> None:
    found = table("barrier smp_mb sys_membarrier")
    assert len(found.tests) == 45
    assert len({test.cycle for test in found.tests.values()}) == 45


def test_an_mprotect_that_interrupts_between_full_barriers_orders_like_membarrier_on_power() -> None:
    primitives = (read_primitive("mprotect"),), (read_primitive("barrier"),)
    asked = Asked(*primitives, TWO, ("power",), primitives=(("power", "mprotect", "ipi"),))
    (only,) = derive(asked).cells.values()
    assert only.ordered is True


# ---------------------------------------------------------------- primitives


@pytest.mark.parametrize(
    ("row", "column", "shape", "model", "expected"),
    [
        # What the architectures' barriers are for
        ("smp_wmb", "smp_rmb", "MP", "power", True),  # lwsync, both of them
        ("smp_wmb", "smp_rmb", "MP", "aarch64", False),  # dmb ishst between the reads
        ("smp_wmb", "smp_wmb", "2+2W", "power", True),
        ("smp_wmb", "smp_wmb", "2+2W", "arm", True),
        ("smp_rmb", "smp_rmb", "SB", "arm", True),  # dmb: a full barrier
        ("smp_rmb", "smp_rmb", "SB", "power", False),  # lwsync
        ("smp_rmb", "smp_rmb", "LB", "aarch64", True),  # dmb ishld
        ("smp_rmb", "smp_rmb", "LB", "riscv", False),  # fence r,r
        # Release and acquire: on AArch64 a load-acquire waits for a store-release
        ("acquire-release", "acquire-release", "SB", "aarch64", True),
        ("acquire-release", "acquire-release", "SB", "power", False),
        ("acquire-release", "acquire-release", "MP", "riscv", True),
        ("acquire-release", "acquire-release", "LB", "power", True),
        # Atomic operations that return a value are full barriers, relaxed ones are none
        ("atomic_add_return", "xchg", "SB", "power", True),
        ("atomic_add_return", "xchg", "SB", "aarch64", True),
        ("atomic_add_return_relaxed", "smp_mb", "SB", "power", False),
        ("atomic_add", "smp_mb", "SB", "x86-tso", True),  # any locked instruction
        ("atomic_add", "smp_mb", "SB", "aarch64", False),
        ("cmpxchg", "cmpxchg", "SB", "riscv", True),
        ("smp_store_mb", "smp_store_mb", "SB", "power", True),
        ("smp_store_mb", "smp_store_mb", "MP", "power", False),
        # Dependencies
        ("data", "data", "LB", "power", True),
        ("ctrl", "addr", "LB", "riscv", True),
        ("ctrl", "smp_mb", "MP", "arm", False),
        ("barrier", "barrier", "LB", "power", False),
        # sys_membarrier() makes the other side need nothing but the compiler
        ("sys_membarrier", "barrier", "SB", "power", True),
        ("sys_membarrier", "none", "SB", "power", False),
        ("lwsync", "none", "MP", "power", False),  # in C, with the fence that becomes lwsync
        ("sys_membarrier", "addr", "SB", "aarch64", True),
        # mprotect() does the same if it flushes the TLBs of others by interrupts, between barriers of the caller.
        # An instruction that invalidates the TLBs of others puts no barrier into another thread.
        ("mprotect", "barrier", "SB", "x86-tso", True),
        ("mprotect", "barrier", "MP", "power", False),
        ("mprotect", "barrier", "MP", "aarch64", False),
        ("mprotect", "smp_mb", "SB", "aarch64", True),  # dsb ishst, dsb ish
        ("mprotect", "smp_mb", "SB", "arm", True),
        ("mprotect", "barrier", "SB", "riscv", False),  # no barrier in the caller
        ("cmm_smp_mb", "uatomic_add_return", "SB", "power", True),
        ("{smp_wmb();smp_rmb();}", "smp_mb", "SB", "arm", True),
        ("{smp_wmb();smp_rmb();}", "smp_mb", "SB", "aarch64", False),
    ],
)
def test_a_pair_orders_a_shape_or_does_not(row: str, column: str, shape: str, model: str, expected: bool) -> None:
    assert cell(row, column, model, (shape,)).ordered is expected


def test_release_and_acquire_order_message_passing_in_their_own_threads_only() -> None:
    for model in MODELS:
        c = cell("release", "acquire", model, ("MP",))
        by_test = {role.test: c.is_ordered(role) for role in c.roles}
        assert by_test["MP+pooncerelease+poacquireonce"] is True, model
        assert c.ordered is (model == "x86-tso")


def test_an_instruction_stands_in_tests_in_assembly() -> None:
    c = cell("lwsync", "smp_rmb", "power", ("MP", "SB"))
    assert [role.test for role in c.roles] == ["MP+lwsyncs", "MP+lwsyncs", "SB+lwsyncs", "SB+lwsyncs"]
    assert c.shapes == {"MP": True, "SB": False}
    assert table("lwsync", "smp_rmb", ("MP", "SB"), ("power",)).tests["SB+lwsyncs"].text.startswith("PPC SB+lwsyncs\n")


@pytest.mark.parametrize(
    ("row", "column", "model", "test"),
    [
        ("sync", "ctrlisync", "power", "MP+sync+ctrlisync"),
        ("lwsync", "addr", "power", "MP+lwsync+addr"),
        ("mfence", "smp_wmb", "x86-tso", "SB+mfence+po"),
        ("dmb.st", "ctrlisb", "arm", "MP+dmb.st+ctrlisb"),
        ("dmb.ish", "ldar", "aarch64", "MP+dmb.ish+poap"),
        ("stlr", "acquire", "aarch64", "MP+popl+poap"),
        ("stlr", "ldapr", "aarch64", "MP+popl+poqp"),
        ("release", "dmb.ld", "aarch64", "MP+popl+dmb.ld"),
        ("fence.w.w", "acquire", "riscv", "MP+fence.w.w+fence.r.rw"),
        ("fence.tso", "ctrlfencei", "riscv", "MP+fence.tso+ctrlfencei"),
        ("smp_store_mb", "mfence", "x86-tso", "SB+mfences"),
    ],
)
def test_primitives_of_c_beside_an_instruction_are_what_the_table_makes_of_them(
    row: str, column: str, model: str, test: str
) -> None:
    found = table(row, column, TWO, (model,))
    assert test in found.tests
    assert not found.errors


def test_an_instruction_beside_sys_membarrier_is_the_fence_of_c_that_becomes_it() -> None:
    found = table("lwsync", "sys_membarrier", ("SB",), ("power",))
    assert list(found.tests) == ["SB+rmb+memb"]
    assert found.notes == ("lwsync in a C test is smp_rmb(), which is just that under power",)
    assert [c.ordered for c in found.cells.values()] == [True]


def test_models_without_an_instruction_are_left_out_unless_they_are_asked_for() -> None:
    asked = tuple(map(read_primitive, ("lwsync", "smp_mb")))
    assert derive(Asked(asked, asked, ("SB",))).models == ("power",)
    with pytest.raises(InputError, match="x86-tso has no instruction lwsync"):
        derive(Asked(asked, asked, ("SB",), ("power", "x86-tso")))
    both = tuple(map(read_primitive, ("lwsync", "dmb ld")))
    with pytest.raises(InputError, match=r"no hardware model has all of lwsync, dmb\.ld"):
        derive(Asked(both, both, ("SB",)))


def test_a_pair_that_no_test_can_have_is_an_error() -> None:
    with pytest.raises(InputError, match=r"no test under power can have both isync and sys_membarrier\(\)"):
        table("isync", "sys_membarrier", ("SB",), ("power",))


@pytest.mark.parametrize(
    ("text", "name", "title"),
    [
        ("barrier", "barrier", "barrier()"),
        (" smp_mb() ", "smp_mb", "smp_mb()"),
        ("sys_membarrier()", "sys_membarrier", "sys_membarrier()"),
        ("membarrier", "sys_membarrier", "sys_membarrier()"),
        ("none", "none", "none"),
        ("smp_load_acquire", "acquire", "acquire"),
        ("atomic_add_return", "atomic_add_return", "atomic_add_return"),
        ("DMB LD", "dmb.ld", "dmb.ld"),
        ("fence rw, w", "fence.rw.w", "fence.rw.w"),
        ("{ smp_mb(); }", "{ smp_mb(); }", "{ smp_mb(); }"),
    ],
)
def test_a_primitive_is_known_by_its_names(text: str, name: str, title: str) -> None:
    found = read_primitive(text)
    assert (found.name, found.title) == (name, title)


def test_what_is_no_primitive_is_an_error_with_near_names() -> None:
    with pytest.raises(InputError) as raised:
        read_primitive("smb_mb")
    assert raised.value.hint == "did you mean smp_mb or smp_wmb or smp_rmb?"
    with pytest.raises(InputError, match="does not end"):
        read_primitive("{ smp_mb();")


# ---------------------------------------------------------------- witnesses, notes, errors


def test_each_witness_is_a_test_whose_outcome_the_model_allows() -> None:
    found = table("barrier smp_rmb smp_wmb smp_mb")
    for (model, _, _), c in found.cells.items():
        if c.witness is None:
            assert c.ordered
        else:
            test = found.tests[c.witness]
            (result,) = Checker(Settings(models=(model,))).check_source(Source(test.name, test.text))
            assert result.answer is not None
            assert result.answer.verdict.value == "Sometimes"


def test_explaining_decides_the_witness_with_its_execution() -> None:
    found = table("barrier", "smp_mb", TWO, ("power",))
    (c,) = found.cells.values()
    result = explain(found, c)
    assert result is not None
    assert result.answer is not None
    assert result.answer.witness is not None
    assert result.test is not None
    assert result.test.name == c.witness == "MP+barrier+mb"
    ordering = table("sys_membarrier", "smp_mb", TWO, ("power",))
    assert explain(ordering, next(iter(ordering.cells.values()))) is None


def test_a_reader_is_told_what_the_compiler_does_to_plain_accesses() -> None:
    assert table("none", "barrier", ("SB",), ("power",)).notes == (EXCHANGED_NOTE,)
    pair = tuple(map(read_primitive, ("none", "barrier")))
    assert derive(Asked(pair[:1], pair[1:], ("SB",), ("power",), compiler="none")).notes == (KEPT_NOTE,)
    assert table("barrier", "barrier", ("SB",), ("power",)).notes == ()


def test_what_is_not_supported_leaves_a_cell_without_an_answer() -> None:
    found = table("synchronize_rcu", "rcu_read_lock smp_mb", ("MP", "SB"), ("power",))
    assert {c.ordered for c in found.cells.values()} == {None}
    assert found.exit_code is ExitCode.NO_ANSWER
    assert any("RCU is not modelled" in error.message for error in found.errors)


def test_an_unanswered_test_does_not_hide_a_witness() -> None:
    c = cell("barrier", "barrier", "power")
    some = Cell(c.model, c.row, c.column, c.roles, frozenset({"SB+barriers"}), frozenset({"MP+barriers"}))
    assert some.ordered is False
    assert some.shapes["MP"] is None
    assert some.witness == "SB+barriers"


def test_a_mistake_in_a_fragment_is_the_users_error() -> None:
    found = table("{nonsense();}", "barrier", ("SB",), ("power",))
    assert found.exit_code is ExitCode.BAD_INPUT
    assert found.errors[0].span is not None
    assert found.errors[0].span.text == "nonsense"


def test_a_fragment_that_never_ends_does_not_order() -> None:
    found = table("{while(1);}", "barrier", ("SB",), ("power",))
    assert [c.ordered for c in found.cells.values()] == [None]
    assert found.exit_code is ExitCode.NO_ANSWER
    assert "never leaves this loop" in found.errors[0].message


def test_a_pair_is_not_ordered_because_loops_were_cut() -> None:
    found = table("{while(READ_ONCE(*x)==0)WRITE_ONCE(*x,0);}", "smp_mb", ("SB",), ("power",))
    assert [c.ordered for c in found.cells.values()] == [None]
    assert found.exit_code is ExitCode.NO_ANSWER
    assert "was left after 2 rounds" in found.errors[0].message


def test_a_loop_whose_rounds_have_no_effect_is_no_obstacle_to_ordering() -> None:
    found = table("{while(READ_ONCE(*x)==0);}", "smp_mb", ("SB",), ("power",))
    assert [c.ordered for c in found.cells.values()] == [True]


def test_an_outcome_that_was_seen_counts_though_loops_were_cut() -> None:
    found = table("{while(READ_ONCE(*x)==0)WRITE_ONCE(*x,0);}", "barrier", ("LB",), ("power",))
    assert [c.ordered for c in found.cells.values()] == [False]
    assert not found.errors


def test_alternatives_of_the_table_of_primitives_count() -> None:
    wmb = (read_primitive("smp_wmb"),)
    eieio = derive(Asked(wmb, wmb, ("LB",), ("power",), primitives=(("power", "smp_wmb", "eieio"),)))
    assert [c.ordered for c in derive(Asked(wmb, wmb, ("LB",), ("power",))).cells.values()] == [True]
    assert [c.ordered for c in eieio.cells.values()] == [False]


def test_a_model_file_needs_the_name_of_a_table() -> None:
    from litmus.cat.catalogue import locate

    path = locate("power")
    mb = (read_primitive("smp_mb"),)
    assert derive(Asked(mb, mb, ("SB",), (path,), "power")).cells[path, "smp_mb", "smp_mb"].ordered
    with pytest.raises(InputError, match="does not say what primitives become"):
        derive(Asked(mb, mb, ("SB",), (path,)))


@pytest.mark.parametrize(
    ("models", "shapes", "message"),
    [
        (("powre",), TWO, "there is no model `powre`"),
        (("power",), ("IRIX",), "there is no shape IRIX"),
        (("power",), ("MP", "CoRR"), "CoRR has not two threads that access two locations each"),
        (("power",), ("W+RR",), "PodRR leaves a location to which nothing leads back"),
    ],
)
def test_what_does_not_exist_is_an_error(models: tuple[str, ...], shapes: tuple[str, ...], message: str) -> None:
    mb = (read_primitive("smp_mb"),)
    with pytest.raises(InputError, match=message):
        derive(Asked(mb, mb, shapes, models))


def test_progress_is_told_of_every_test() -> None:
    steps: list[tuple[int, int]] = []
    mb = (read_primitive("smp_mb"),)
    derive(Asked(mb, mb, TWO, ("power", "arm")), lambda done, of: steps.append((done, of)))
    assert steps == [(n, 12) for n in range(1, 13)]
