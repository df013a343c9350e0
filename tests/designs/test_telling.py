"""How a broken design is told: in an order that the machine allows, with its messages, and the right barrier blamed."""

from __future__ import annotations

import random

import pytest
from replaying import Replay
from working import design, model_for, scenario

from litmus.deciding import decide
from litmus.designs.catalogue import read_designs, shipped
from litmus.designs.lowering import Lowering, question
from litmus.designs.matrix import Asked, model_of, primitives_of
from litmus.designs.scenarios import Scenario, families
from litmus.designs.syntax import SIDES, Design
from litmus.designs.telling import Tale, tale
from litmus.engine.answer import Execution
from litmus.engine.options import Options
from litmus.oracle.story import Story, story
from litmus.ordering.table import hardware_models, shapes_of
from litmus.program.build import unroll

QUICK = Options(states="none")
BOTH = "switch_out { smp_mb(); WRITE_ONCE(curr, 0); } switch_in { WRITE_ONCE(curr, T); smp_mb(); }"
LOOK = "membarrier { smp_mb(); if (READ_ONCE(cpu(T).curr) == T) ipi (T) { smp_mb(); } smp_mb(); }"


def told(blocks: str, model_name: str, side: str, shape: str = "MP", target: str = "WW") -> tuple[Tale, Story]:
    """What is told of a design of a test's own in one scenario."""
    mine, where = design(blocks), scenario(side, shape, target)
    model, table = model_for(model_name)
    execution = decide(unroll(Lowering(mine).program(where, table)), model, question(where), QUICK).witness
    assert execution is not None, "it is safe"
    found = story(execution, model)
    assert found is not None
    return tale(found, where, mine), found


def sentence(blocks: str, model_name: str, side: str, shape: str = "MP", target: str = "WW") -> str:
    return told(blocks, model_name, side, shape, target)[0].sentence


# ---------------------------------------------------------------- what is said


def test_the_thread_whose_barrier_is_missing_is_blamed_and_no_other_one_passes_its_own() -> None:
    """The switch-in ends with an unlock.  A release does not order the store to rq->curr before T's later read."""
    switch = "switch_in { spin_lock(&lock); WRITE_ONCE(curr, T); spin_unlock(&lock); }"
    for model_name in ("riscv", "power"):
        said = sentence(switch + LOOK, model_name, "IN", "MP", "RR")
        assert said == (
            "T reads x=0 early, before its curr=1 and read of y; A writes x=1, sees curr=0, sends no ipi and writes"
            " y=1; T's curr=1 becomes visible; T reads y=1;"
            " spin_unlock(&lock) in line 1 does not order T's curr=1 before its later read of x"
        )


def test_a_message_that_is_sent_too_early_is_told_where_it_is_sent() -> None:
    """Nothing orders the caller's read before its interrupt.  The handler's barrier comes before all that T does."""
    said = sentence("membarrier { ipi (T) { smp_mb(); } smp_mb(); }", "power", "RUN")
    assert said == (
        "A sends the ipi early, before its read of y; the ipi lands before T's x=1; T's y=1 becomes visible before its"
        " x=1; A reads y=1 and reads x=0; only then T's x=1 becomes visible; T's barrier in line 1 (the ipi's) comes"
        " earlier; A's barrier in line 1 comes later"
    )


def test_a_handler_without_a_barrier_is_answered_before_what_t_did_is_visible() -> None:
    said = sentence("membarrier { smp_mb(); ipi (T) { WRITE_ONCE(state, 1); } smp_mb(); }", "aarch64", "RUN")
    assert said.endswith("; T executes no barrier")
    assert "sends the ipi; the ipi lands" in said
    assert "sets state=1" in said


def test_an_answer_that_is_not_waited_for_is_told() -> None:
    said = sentence("membarrier { smp_mb(); ipi (T) { smp_mb(); } }", "power", "RUN")
    assert "A reads x=0 early, before its wait for the ipi; " in said
    assert "A sees that the ipi is over" in said
    assert said.endswith("A's barrier in line 1 comes earlier")


def test_the_caller_is_blamed_for_its_own_barrier() -> None:
    """x86: A's write waits in the store buffer while it looks at rq->curr."""
    caller = "membarrier { if (READ_ONCE(cpu(T).curr) == T) ipi (T) { smp_mb(); } smp_mb(); }"
    said = sentence(BOTH + caller, "x86-tso", "IN", "SB", "WR")
    assert said.startswith("A sees curr=0 early, before its y=1; A sends no ipi; T sets curr=1")
    assert said.endswith("A's barrier in line 1 comes later")


def test_a_barrier_that_comes_too_late_is_named() -> None:
    said = sentence("switch_out { WRITE_ONCE(curr, 0); smp_mb(); }" + LOOK, "power", "OUT")
    assert said == (
        "T's y=1 and curr=0 become visible before its x=1; A reads y=1, sees curr=0, sends no ipi and reads x=0;"
        " only then T's x=1 becomes visible; T's barrier in line 1 comes later"
    )


def test_a_lock_that_both_take_is_told_and_one_that_only_t_takes_is_not() -> None:
    """aarch64: what T does after the unlock passes the store that the lock protects."""
    switch = "switch_in { spin_lock(&lock); WRITE_ONCE(curr, T); spin_unlock(&lock); }"
    alone = sentence(switch + LOOK, "aarch64", "IN")
    assert "does spin_lock" not in alone
    caller = (
        "membarrier { spin_lock(&cpu(T).lock); if (READ_ONCE(cpu(T).curr) == T) ipi (T) { smp_mb(); }"
        " spin_unlock(&cpu(T).lock); }"
    )
    both = sentence(switch + caller, "aarch64", "IN")
    assert "does spin_lock(&cpu(T).lock)" in both
    assert "does spin_lock(&lock)" in both


def test_where_a_write_is_overwritten_unseen_the_barrier_before_it_is_for_others() -> None:
    """R on POWER: the lwsync of the unlock orders curr=1 before y=1 only for threads that see y=1.  A does not."""
    switch = "switch_in { WRITE_ONCE(curr, T); spin_unlock(&lock); }"
    said = sentence(switch + LOOK, "power", "IN", "R", "WW")
    assert "T's curr=1 becomes visible to A" in said
    assert said.endswith(
        "spin_unlock(&lock) in line 1 orders T's curr=1 before y=1 only for who sees y=1,"
        " and A's y=2 overwrites it unseen"
    )


def test_a_thread_that_migrates_is_blamed_across_its_cpus() -> None:
    """SB on POWER: the hand-over is a release and an acquire.  They do not order x=1 before a later read."""
    blocks = (
        "switch_out { WRITE_ONCE(curr, 0); } switch_in { WRITE_ONCE(curr, T); } migrate; membarrier { smp_mb();"
        " for_each_cpu (c) { if (READ_ONCE(cpu(c).curr) == T) ipi (c) { smp_mb(); } } smp_mb(); }"
    )
    mine, where = design(blocks), scenario("MID", "SB", "WR", migrates=True)
    model, table = model_for("power")
    execution = decide(unroll(Lowering(mine).program(where, table)), model, question(where), QUICK).witness
    assert execution is not None
    found = story(execution, model)
    assert found is not None
    said = tale(found, where, mine).sentence
    assert said.startswith("T writes x=1, sets cpu(old).curr=0, is handed over to the new cpu, arrives there, ")
    assert "sees cpu(old).curr=0, sees cpu(new).curr=0 and sends no ipi" in said
    assert "T's x=1 becomes visible to A; nothing between" in said


def test_plain_accesses_are_no_barriers() -> None:
    said = sentence("switch_out { curr = 0; }" + LOOK, "power", "OUT")
    assert "T's y=1 and curr=0 become visible before its x=1" in said
    assert said.endswith("; T executes no barrier")


def test_a_tale_has_every_access_of_the_scenario_and_the_messages() -> None:
    found, whole = told("membarrier { smp_mb(); ipi (T) { } smp_mb(); }", "power", "RUN")
    events = whole.execution.graph.events
    heard = [e for beat in found.beats for e in beat.events]
    accesses = [e.number for e in events if e.kind != "F" and e.span is not None]
    answered = [e for e in accesses if whole.execution.order[1].count(e) and events[e].kind == "R"]
    assert len(heard) == len(set(heard))
    assert {*accesses} - {*heard} <= {*answered}  # it need not be told that A waits for the answer


# ---------------------------------------------------------------- what is claimed


def checked(found: Tale, whole: Story, tso: bool, targets: set[int]) -> list[str]:
    """What is wrong with a tale: its story, the order of its beats, what they come before, and the last word."""
    execution = whole.execution
    wrong = Replay(execution, [(s.event, s.reader) for s in whole.steps], whole.at_once, tso).contradictions()
    places = {(step.event, step.reader): i for i, step in enumerate(whole.steps)}
    heard = [(e, beat.reader) for beat in found.beats for e in beat.events]
    if [places[step] for step in heard] != sorted(places[step] for step in heard):
        wrong.append("the beats are in another order than the story")
    for beat in found.beats:
        for e in beat.before:
            (order,) = [order for order in execution.order if e in order]
            later = [order.index(b) > order.index(e) for b in beat.events if b in order]
            if not any(later) or heard.index((e, None)) < heard.index((beat.events[0], None)):
                wrong.append(f"{beat.events} is not before {e} against program order")
    events = execution.graph.events
    for name, threads in (("T", targets), ("A", set(range(len(execution.order))) - targets)):
        fences = [e for t in threads for e in execution.order[t] if events[e].kind == "F"]
        if f"{name} executes no barrier" in found.sentence and fences:
            wrong.append(f"{name} executes barriers")
    return wrong


def cells(part: random.Random | None, number: int) -> list[tuple[Design, str, Scenario]]:
    """Shipped designs, hardware models, scenarios: all, or some of them."""
    every = [
        (one, model, where)
        for one in read_designs(sorted(shipped()))
        for model in hardware_models()
        for family in families(shapes_of(2))
        for side in SIDES
        for where in family.scenarios((side,), one.migrates)
    ]
    return every if part is None else part.sample(every, number)


def contradicted(some: list[tuple[Design, str, Scenario]]) -> tuple[int, list[str]]:
    """How many of the cells are broken, and what is wrong with what is told of them."""
    broken, wrong = 0, []
    for one, name, where in some:
        asked = Asked((one,), (where.shape,), (where.side,))
        table = primitives_of(asked, one, name)
        model = model_of(name, table)
        execution: Execution | None
        execution = decide(unroll(Lowering(one).program(where, table)), model, question(where), QUICK).witness
        if execution is None:
            continue
        broken += 1
        whole = story(execution, model)
        if whole is None:
            wrong.append(f"{one.title} on {name}, {where.source.name}: no story")
            continue
        targets = {where.cpu_thread(cpu) for cpu in where.cpus}
        for reason in checked(tale(whole, where, one), whole, name == "x86-tso", targets):
            wrong.append(f"{one.title} on {name}, {where.source.name}: {reason}")
    return broken, wrong


def test_no_tale_of_a_shipped_design_contradicts_the_machine() -> None:
    broken, wrong = contradicted(cells(random.Random(13), 60))
    assert wrong == []
    assert broken > 8


@pytest.mark.slow
def test_no_tale_of_any_broken_cell_contradicts_the_machine() -> None:
    broken, wrong = contradicted(cells(None, 0))
    assert wrong == []
    assert broken > 1500
