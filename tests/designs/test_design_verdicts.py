"""Which designs keep the promise: cases argued by hand, two engines, and the same written out as a litmus test."""

from __future__ import annotations

import random

import pytest
from cases import case
from msgspec.structs import replace
from working import design, graph, model_for, scenario

from litmus.c.tables import load_primitives
from litmus.deciding import decide
from litmus.designs.catalogue import read_designs, shipped
from litmus.designs.lowering import COMPLETES, Lowering, question
from litmus.designs.matrix import CUT, Asked, Finding, Matrix, derive, severity
from litmus.designs.scenarios import default_shapes, families
from litmus.designs.syntax import SIDES, Design
from litmus.designs.weakening import weakened
from litmus.engine.answer import Verdict
from litmus.engine.bounds import Bounds
from litmus.engine.options import Options
from litmus.oracle.recheck import is_execution
from litmus.ordering.table import hardware_models
from litmus.program.build import unroll

QUICK = Options(states="none")
WEAK = ("power", "arm", "aarch64", "riscv")


def matrix_of(*designs: Design, models: tuple[str, ...] = (), sides: tuple[str, ...] = SIDES) -> Matrix:
    return derive(Asked(designs, default_shapes(), sides, models))


def broken(matrix: Matrix, number: int = 0) -> dict[str, str]:
    """Model -> the sides on which a design is broken."""
    return {
        model: " ".join(s for s in matrix.asked.sides if matrix.cells[number, model, s].safe is False)
        for model in matrix.models
    }


# The switch of the first two as the thread discusses it; the caller is the same.
CALLER = "membarrier { smp_mb(); if (READ_ONCE(cpu(T).curr) == T) ipi (T) { smp_mb(); } smp_mb(); }"
AFTER_ONLY = "switch_out { WRITE_ONCE(curr, 0); smp_mb(); } switch_in { WRITE_ONCE(curr, T); smp_mb(); }"
BEFORE_ONLY = "switch_out { smp_mb(); WRITE_ONCE(curr, 0); } switch_in { smp_mb(); WRITE_ONCE(curr, T); }"


def test_one_barrier_after_the_store_leaves_a_thread_that_is_switched_out_unordered() -> None:
    """Scenario 12 with preemption.

    OUT: no barrier is between T's accesses and curr=0.  If a machine lets writes overtake earlier accesses, A may see
    curr=0 and send nothing while T's accesses are still unordered.  On x86-tso, writes stay in order and come after all
    earlier reads, so curr=0 becomes visible last.
    IN: T executes curr=T; smp_mb(); accesses, and A executes smp_mb(); curr == 0.  This is store buffering with full
    barriers: if A misses T's store, what T does later comes after what A did before.
    MID: T's own smp_mb() is between its accesses.  RUN: curr is T, and the ipi makes the promise.
    """
    found = broken(matrix_of(design(AFTER_ONLY + CALLER)))
    assert found == {"x86-tso": "", **dict.fromkeys(WEAK, "OUT")}


def test_one_barrier_before_the_store_leaves_a_thread_that_is_switched_in_unordered() -> None:
    """The mirror image: on IN no barrier is between curr=T and the accesses.

    On x86-tso a read may overtake the store curr=T, so the design is broken there too.
    """
    assert broken(matrix_of(design(BEFORE_ONLY + CALLER))) == {"x86-tso": "IN", **dict.fromkeys(WEAK, "IN")}


def test_barriers_on_both_sides_of_the_store_keep_the_promise_everywhere() -> None:
    """Desnoyers, 2015-03-16: the first barrier makes OUT safe, the second makes IN safe, as above."""
    both = (
        "switch_out { smp_mb(); WRITE_ONCE(curr, 0); smp_mb(); } switch_in { smp_mb(); WRITE_ONCE(curr, T); smp_mb(); }"
    )
    matrix = matrix_of(design(both + CALLER))
    assert broken(matrix) == dict.fromkeys(hardware_models(), "")
    assert all(cell.safe for cell in matrix.cells.values())


def test_nothing_at_all_breaks_wherever_anything_is_reordered() -> None:
    """With an empty call, each shape has barrier() on both sides.  x86-tso only reorders a write and a later read."""
    matrix = matrix_of(design("membarrier { }"), sides=("RUN",))
    assert broken(matrix) == dict.fromkeys(hardware_models(), "RUN")
    titles = {f.title for f in matrix.cells[0, "x86-tso", "RUN"].broken}
    # In R, either the caller or T writes and then reads.
    assert titles == {"SB, T=WR", "R, T=WR", "R, T=WW", "SB+cut, T=WRWR"}


def test_a_round_trip_without_a_barrier_is_not_enough_on_x86_either() -> None:
    """The handler's answer comes after all that T did before it, and what T does later comes after the message.

    This orders T against A, so two accesses of T do not show a difference.  But a read of T after the interrupt may
    overtake a write of T before it, whatever the interrupt does: only a fence empties the store buffer.
    """
    matrix = matrix_of(design("membarrier { smp_mb(); ipi (T) { } smp_mb(); }"), sides=("RUN",))
    assert broken(matrix) == dict.fromkeys(hardware_models(), "RUN")
    assert [f.title for f in matrix.cells[0, "x86-tso", "RUN"].broken] == ["SB+cut, T=WRWR"]


def test_a_signal_needs_no_barrier_in_the_switch() -> None:
    """If T is switched out, it takes the signal when it runs again.  So A need not see whether T is running."""
    mine = design(
        "switch_out { WRITE_ONCE(curr, 0); } switch_in { WRITE_ONCE(curr, T); }"
        "membarrier { smp_mb(); signal (T) { smp_mb(); } smp_mb(); }"
    )
    assert broken(matrix_of(mine)) == dict.fromkeys(hardware_models(), "")


@pytest.mark.slow
def test_a_thread_that_migrates_needs_a_full_barrier_where_writes_reach_threads_one_by_one() -> None:
    """The hand-over is release and acquire.

    If a write becomes visible to all other threads at once, the hand-over puts all that T did before what T does later:
    T's write is visible before the hand-over is.  On POWER, the hand-over is an lwsync on either side.  There
    SB+sync+lwsync, R+sync+lwsync and R+lwsync+sync are allowed; the other shapes with lwsync and sync are forbidden
    ("Herding cats", TOPLAS 2014, 4).  Without a barrier in the switch, A may miss T on both CPUs.
    """
    caller = (
        "migrate; membarrier { smp_mb(); for_each_cpu (c) { if (READ_ONCE(cpu(c).curr) == T) ipi (c) { smp_mb(); } }"
        " smp_mb(); }"
    )
    bare = design("switch_out { WRITE_ONCE(curr, 0); } switch_in { WRITE_ONCE(curr, T); }" + caller)
    matrix = matrix_of(bare, models=("x86-tso", "power", "aarch64"), sides=("MID",))
    assert broken(matrix) == {"x86-tso": "", "power": "MID", "aarch64": ""}
    titles = {f.title for f in matrix.cells[0, "power", "MID"].broken}
    assert titles == {"SB, T=WR", "R, T=WR", "R, T=WW", "SB+cut, T=WRWR"}
    fenced = design(
        "switch_out { smp_mb(); WRITE_ONCE(curr, 0); } switch_in { WRITE_ONCE(curr, T); smp_mb(); }" + caller
    )
    assert broken(matrix_of(fenced, models=("power",), sides=("MID",))) == {"power": ""}


def test_a_call_that_waits_for_what_nobody_does_is_stuck_and_not_safe() -> None:
    mine = design("switch_out { spin_lock(&lock); } membarrier { await(READ_ONCE(cpu(T).a) == 1); }")
    matrix = matrix_of(mine, models=("power",), sides=("OUT",))
    cell = matrix.cells[0, "power", "OUT"]
    assert not cell.broken
    assert cell.stuck
    assert cell.liveness.blocked == "A waits in line 1 for await(READ_ONCE(cpu(T).a) == 1); a=0 from the start"
    assert cell.safe is None


# ---------------------------------------------------------------- barriers


def test_each_barrier_of_a_design_is_taken_away_in_turn() -> None:
    mine = design(
        "switch_out { out: smp_mb(); WRITE_ONCE(curr, 0); barrier(); } switch_in { WRITE_ONCE(curr, T); smp_mb(); }"
        + CALLER
    )
    found = weakened(mine)
    assert [(b.hook, b.label, b.text) for b, _ in found] == [
        *[("membarrier", None, "smp_mb()")] * 3,
        ("switch_out", "out", "smp_mb()"),
        ("switch_in", None, "smp_mb()"),
    ]
    matrix = matrix_of(mine, *(without for _, without in found), models=("power",), sides=("OUT", "IN"))
    sides = [broken(matrix, n)["power"] for n in range(6)]
    # The barriers of the caller and of the handler are needed on both sides, those of the switch each on one side.
    assert sides == ["", "OUT IN", "OUT IN", "OUT IN", "OUT", "IN"]


# ---------------------------------------------------------------- the same by hand


LOCKED_OUT = "spin_lock(lock); WRITE_ONCE(*curr, 0); smp_mb(); spin_unlock(lock);"
LOCKED_IN = "spin_lock(lock); WRITE_ONCE(*curr, 1); smp_mb(); spin_unlock(lock);"
LOCKED_LOOK = "spin_lock(lock); r5 = READ_ONCE(*curr); spin_unlock(lock);"
LOOK = "r5 = READ_ONCE(*curr);"
BY_HAND = {
    # design: (switch_out, switch_in, how the caller looks at rq->curr)
    "lockless-compare": ("WRITE_ONCE(*curr, 0); smp_mb();", "WRITE_ONCE(*curr, 1); smp_mb();", LOOK),
    "barriers-both-sides": (
        "smp_mb(); WRITE_ONCE(*curr, 0); smp_mb();",
        "smp_mb(); WRITE_ONCE(*curr, 1); smp_mb();",
        LOOK,
    ),
    "v12": (LOCKED_OUT, LOCKED_IN, LOCKED_LOOK),
}
# sys_membarrier() stands for the interrupt here.  The caller has its barriers anyway, so the call only adds the ipi and
# its answer.
TEXT = """\
C by-hand
{{ curr = {start}; lock = 0; }}
P0(int *x, int *y, int *curr, spinlock_t *lock) {{ {before} {first} barrier(); {second} {after} }}
P1(int *x, int *y, int *curr, spinlock_t *lock) {{
	int r5; int r3; int r4;
	{one}
	smp_mb(); {look} if (r5 == 1) sys_membarrier(); smp_mb();
	{two}
}}
exists ({condition})
"""
ACCESSES = {
    # (shape, T's directions): T's accesses, the caller's, what is asked
    ("MP", "WW"): (
        "WRITE_ONCE(*x, 1);", "WRITE_ONCE(*y, 1);", "r3 = READ_ONCE(*y);", "r4 = READ_ONCE(*x);", r"1:r3=1 /\ 1:r4=0"
    ),
    ("SB", "WR"): (
        "WRITE_ONCE(*x, 1);", "int r1 = READ_ONCE(*y);", "WRITE_ONCE(*y, 1);", "r4 = READ_ONCE(*x);",
        r"0:r1=0 /\ 1:r4=0",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", BY_HAND)
@pytest.mark.parametrize("side", ["OUT", "IN"])
def test_a_litmus_test_with_the_kernels_code_written_out_gives_the_same_answer(name: str, side: str) -> None:
    (whole,) = [d for d in read_designs([name]) if d.variant is None]
    out, in_, look = BY_HAND[name]
    for (shape, target), (first, second, one, two, condition) in ACCESSES.items():
        text = TEXT.format(
            start=int(side == "OUT"), before=in_ if side == "IN" else "", after=out if side == "OUT" else "",
            first=first, second=second, one=one, two=two, look=look, condition=condition,
        )  # fmt: skip
        where = scenario(side, shape, target)
        for name_ in hardware_models():
            model, table = model_for(name_)
            by_hand = case(text, catalogue_table(name_))
            expected = decide(by_hand.graph, model, by_hand.question, QUICK).verdict is not Verdict.NEVER
            of_design = decide(unroll(Lowering(whole).program(where, table)), model, question(where), QUICK)
            assert (of_design.verdict is not Verdict.NEVER) == expected, (name_, shape)


def catalogue_table(model: str) -> str:
    return model_for(model)[1].name


# ---------------------------------------------------------------- two engines


def sampled(count: int) -> list[tuple[str, int, str, str, int]]:
    """(design, number of the variant, model, side, number of the family), always the same for given designs."""
    chosen = random.Random(20150316)
    kinds = families(default_shapes())
    names = sorted(shipped())
    found = []
    for _ in range(count):
        name = chosen.choice(names)
        variant = chosen.randrange(len(read_designs([name])))
        model, side = chosen.choice(hardware_models()), chosen.choice(SIDES)
        found.append((name, variant, model, side, chosen.randrange(len(kinds))))
    return found


LIMIT = 50  # candidates: plain enumeration looks at one at a time


@pytest.mark.slow
def test_plain_enumeration_gives_the_same_verdicts_and_witnesses_are_executions() -> None:
    kinds = families(default_shapes())
    compared = broken_ = 0
    for name, variant, model_name, side, number in sampled(600):
        one = read_designs([name])[variant]
        model, table = model_for(model_name)
        chosen = {c.row: c.alternative for c in one.primitives if c.table == table.name}
        where = next(iter(kinds[number].scenarios([side], one.migrates)))
        found = unroll(Lowering(one).program(where, load_primitives(table.name, chosen)))
        if Bounds(found, True).candidates() > LIMIT:
            continue
        asked = question(where)
        answer = decide(found, model, asked, QUICK)
        plain = decide(found, model, asked, Options(states="none", engine="enumerate"))
        assert (answer.verdict is Verdict.NEVER) == (plain.verdict is Verdict.NEVER), (one.title, model_name, where)
        if answer.witness is not None:
            assert is_execution(answer.witness, model) is None
            broken_ += 1
        compared += 1
        if compared == 200:
            break
    assert compared == 200
    assert 20 < broken_ < 180  # both answers are among them


@pytest.mark.parametrize("model_name", ["power", "aarch64"])
def test_z3_gives_the_same_verdicts(model_name: str) -> None:
    model, table = model_for(model_name)
    for blocks in (AFTER_ONLY + CALLER, BEFORE_ONLY + CALLER):
        mine = design(blocks)
        for side in SIDES:
            where = scenario(side, "MP", "RR")
            found = unroll(Lowering(mine).program(where, table))
            answers = [decide(found, model, question(where), Options(states="none", engine=e)) for e in ("auto", "z3")]
            assert answers[0].verdict == answers[1].verdict


def test_a_design_completes_whatever_the_reads_return() -> None:
    found = graph(design(AFTER_ONLY + CALLER), scenario("OUT"), outcome=False)
    model, _ = model_for("power")
    assert decide(found, model, COMPLETES, QUICK).verdict is Verdict.ALWAYS


# ---------------------------------------------------------------- loops that are cut

WAITS = "membarrier { smp_mb(); while (READ_ONCE(cpu(T).a) == 0) ; smp_mb(); }"


@pytest.mark.parametrize(
    "switch_out",
    ["switch_out { smp_mb(); WRITE_ONCE(a, 1); }", ""],
    ids=["it ends in some executions", "in none"],
)
def test_a_design_is_not_safe_because_its_loop_was_cut(switch_out: str) -> None:
    """If A sees what T did before the switch, no execution with the outcome is left in which the loop goes on."""
    matrix = matrix_of(design(switch_out + WAITS), models=("power",), sides=("OUT",))
    cell = matrix.cells[0, "power", "OUT"]
    assert cell.safe is None
    assert not cell.stuck
    assert {e.message for e in cell.errors} == {CUT}
    assert all(e.span is not None and e.span.text.startswith("while") for e in cell.errors)


def test_a_design_that_waits_a_known_number_of_rounds_is_decided() -> None:
    waits = "membarrier { smp_mb(); for (int i = 0; i < 5; i++) barrier(); ipi (T) { smp_mb(); } smp_mb(); }"
    matrix = matrix_of(design(waits), models=("power",), sides=("RUN",))
    assert matrix.cells[0, "power", "RUN"].safe is True


def test_the_finding_that_says_most_stands_for_a_family_of_scenarios() -> None:
    """A safe scenario does not hide one without an answer."""
    safe = Finding(0, "power", "OUT", "MP", "", "", safe=True)
    unknown, worst = replace(safe, safe=None), replace(safe, safe=False)
    assert sorted([safe, unknown, worst], key=severity) == [worst, unknown, safe]
