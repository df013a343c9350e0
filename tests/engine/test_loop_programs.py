"""Random programs with loops: the engines agree on them, and their loops matter."""

from __future__ import annotations

from dataclasses import replace

import pytest
from agreement import common, said
from cases import Case, case
from loop_programs import ARCHITECTURES, loop_cases, random_loop_program

from litmus.cat import load_model
from litmus.diagnostics import Unsupported
from litmus.engine import Answer
from litmus.engine.options import Engine
from litmus.program.build import unroll
from litmus.program.guards import NEVER

MODELS = {"PPC": "power", "ARM": "arm", "AArch64": "aarch64", "RISCV": "riscv", "X86_64": "x86-tso", "C": "power"}


def table(arch: str) -> str | None:
    return "power" if arch == "C" else None


@pytest.mark.parametrize("arch", ARCHITECTURES)
def test_engines_agree_on_programs_with_loops(arch: str, full: bool) -> None:
    number, largest = (2000, 100_000) if full else (10, 2000)
    for found in loop_cases(arch, table(arch), 0, number, largest):
        under = load_model(MODELS[arch], found.tags)
        answer, reference = said(found, under, "auto"), said(found, under, "enumerate")
        assert common(answer, counted=False) == common(reference, counted=False), found.name


@pytest.mark.slow
def test_more_rounds_have_more_final_states_in_some_programs() -> None:
    """So a round that is followed is not always one that could be left out."""
    more = 0
    for arch in ARCHITECTURES:
        for found in loop_cases(arch, table(arch), 0, 50, 100_000):
            under = load_model(MODELS[arch], found.tags)
            try:
                once, twice = (said(_followed(found, bound), under, "auto") for bound in (1, 2))
            except Unsupported:  # a loop never ends
                continue
            if isinstance(twice, Answer):
                more += not isinstance(once, Answer) or once.states != twice.states
    assert more >= 10


def test_a_round_may_fail_in_every_way() -> None:
    """The programs leave registers, flags, reservations and stores behind, and floating blocks land in them."""
    machine = [random_loop_program("PPC", seed) for seed in range(200)]
    for word in ("lwarx", "stwcx.", "xor", "addi", "sync"):
        assert sum(word in text for text in machine) >= 10, word
    in_c = [random_loop_program("C", seed) for seed in range(200)]
    for word in ("while (1)", "do {", "break;", "xchg(", "cmpxchg(", "sys_membarrier", "else"):
        assert sum(word in text for text in in_c) >= 10, word
    assert random_loop_program("PPC", 7) == machine[7]


def _outcome(answer: Answer | str) -> object:
    return answer if isinstance(answer, str) else (answer.verdict, answer.states, answer.flags)


@pytest.mark.parametrize("engine", ["auto", "enumerate"])
@pytest.mark.parametrize("arch", ARCHITECTURES)
def test_rounds_that_are_left_out_make_no_difference(arch: str, engine: Engine, full: bool) -> None:
    """With the same bound, outcomes are the same; where no bound was reached, so are those of six rounds."""
    number, largest = (400, 20_000) if full else (6, 1000)
    left_out = 0
    for found in loop_cases(arch, table(arch), 10_000, number, largest):
        under = load_model(MODELS[arch], found.tags)
        answer = said(found, under, engine)
        followed = said(_followed(found, found.graph.unrolling.bound), under, engine)
        if isinstance(answer, str) or isinstance(followed, str):
            assert isinstance(followed, str), found.name
            continue
        left_out += answer.idle_left_out
        assert _outcome(answer) == _outcome(followed), found.name
        if answer.idle_left_out and engine == "auto":
            longer = said(_followed(found, 6), under, engine)
            if isinstance(longer, Answer) and longer.states is not None and not answer.bound_reached:
                assert answer.states is not None
                assert set(longer.states) == set(answer.states), found.name
    assert left_out or not full


def _followed(found: Case, bound: int) -> Case:
    """The case, with all rounds followed up to a bound."""
    program = found.graph.program
    return replace(found, graph=unroll(program, bound, idle="followed"))


def test_a_fence_in_a_round_that_is_left_out_orders_nothing() -> None:
    """No execution comes to it once the round is left out, though no decision is left that says so."""
    found = case(
        "C wait\n{ }\nP0(int *x, int *y) { int b; while (1) { b = READ_ONCE(*y); if (b != 0) break; smp_mb(); } "
        "WRITE_ONCE(*y, 2); WRITE_ONCE(*x, b); }\n"
        "P1(int *x, int *y) { WRITE_ONCE(*x, 1); sys_membarrier(); WRITE_ONCE(*y, 1); }\nexists (0:b=1 /\\ x=0)\n",
        "power",
    )
    assert any(e.guard == NEVER for e in found.graph.events)
    under = load_model("power", found.tags)
    outcomes = {engine: common(said(found, under, engine), counted=False) for engine in ("auto", "z3", "enumerate")}
    assert len(set(map(repr, outcomes.values()))) == 1, outcomes
    assert not isinstance(outcomes["auto"], str)
