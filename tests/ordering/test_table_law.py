"""The counting law: a cycle is forbidden if it has as many calls of sys_membarrier() as unfenced threads, or more.

With fewer calls it is allowed.  On x86-TSO, only a thread that writes and then reads counts as unfenced.
benchmarks/table.py checks all rings of two and three threads, and 200 of four, under every model.
"""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from litmus.checking import Checker, Settings
from litmus.diagnostics import Source
from litmus.ordering.dressing import dressed, in_c
from litmus.ordering.table import UNSEEN, hardware_models
from litmus.shapes.dialects import dialect
from litmus.shapes.generation import generate
from litmus.shapes.relaxations import COMMUNICATIONS, Relaxation

LEAVING = {stem: Relaxation("communication", stem, s, t, True, True) for stem, (s, t) in COMMUNICATIONS.items()}
CHECKERS = {model: Checker(Settings(models=(model,), options=UNSEEN)) for model in hardware_models()}

Ring = list[tuple[str, str]]  # for each thread: what is between its accesses, the communication that leaves it


def rings(threads: int, calls: int) -> st.SearchStrategy[Ring]:
    """Rings with at most `calls` calls of sys_membarrier()."""
    thread = st.tuples(st.sampled_from(["barrier", "smp_mb", "sys_membarrier"]), st.sampled_from(list(LEAVING)))
    ring = st.lists(thread, min_size=threads, max_size=threads)
    return ring.filter(lambda threads: sum(label == "sys_membarrier" for label, _ in threads) <= calls)


def obeys_the_law(model: str, ring: Ring) -> None:
    cycle = dressed([in_c(label) for label, _ in ring], [LEAVING[com] for _, com in ring], dialect("C"))
    calls = sum(label == "sys_membarrier" for label, _ in ring)
    unfenced = 0
    for t, (label, com) in enumerate(ring):
        way = LEAVING[ring[t - 1][1]].target + LEAVING[com].source
        unfenced += label == "barrier" and (way == "WR" or model != "x86-tso")
    test = generate(cycle)
    (result,) = CHECKERS[model].check_source(Source(test.name, test.text))
    assert result.answer is not None, result.error
    assert (result.answer.verdict.value == "Never") is (calls >= unfenced), test.text


def law(model: str, strategy: st.SearchStrategy[Ring], examples: int) -> None:
    @settings(max_examples=examples, deadline=None, database=None)
    @given(strategy)
    def check(ring: Ring) -> None:
        obeys_the_law(model, ring)

    check()


@pytest.mark.parametrize("model", hardware_models())
def test_rings_of_two_threads_follow_the_law(model: str) -> None:
    law(model, rings(2, 2), 60)


@pytest.mark.parametrize("model", hardware_models())
def test_rings_of_three_threads_follow_the_law(model: str) -> None:
    law(model, rings(3, 3), 40)


@pytest.mark.parametrize("model", hardware_models())
def test_three_calls_cover_three_threads(model: str) -> None:
    for coms in (["Fr", "Fr", "Fr"], ["Co", "Rf", "Fr"]):
        obeys_the_law(model, [("sys_membarrier", com) for com in coms])


@pytest.mark.parametrize("model", hardware_models())
def test_rings_of_four_threads_follow_the_law(model: str) -> None:
    law(model, rings(4, 2), 15)
