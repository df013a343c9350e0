"""An interleaving: every read returns the latest write, and what leaves program order is said."""

from __future__ import annotations

import re

import pytest

from litmus.checking import check
from litmus.engine.answer import Execution
from litmus.ordering.table import story_of
from litmus.report.witness import interleaving
from litmus.result import Result
from litmus.shapes.critical import critical_cycles, read_paths
from litmus.shapes.cycles import read_cycle
from litmus.shapes.dialects import dialect
from litmus.shapes.generation import generate


def told(result: Result) -> list[str]:
    execution = witness_of(result)
    assert execution is not None
    return interleaving(execution, story_of(result))


def witness_of(result: Result) -> Execution | None:
    assert result.answer is not None, result.error
    return result.answer.witness


def decided(arch: str, text: str, model: str) -> Result:
    return check(generate(read_cycle(text, dialect(arch))).text, model)


def returned(lines: list[str]) -> bool:
    """Whether every read returns the latest write before it, or 0."""
    memory: dict[str, str] = {}
    for line in lines:
        found = re.match(r"P\d's ([RW]) (\w+)=(\d+) \(line \d+\)", line)
        assert found is not None, line
        assert "visible" not in line
        kind, location, value = found.groups()
        if kind == "W":
            memory[location] = value
        elif memory.get(location, "0") != value:
            return False
    return True


def test_in_message_passing_one_step_leaves_program_order() -> None:
    lines = told(decided("PPC", "LwSyncdWW Rfe PodRR Fre", "power"))
    assert [line.split(" (line")[0] for line in lines] == ["P1's R x=0", "P0's W x=1", "P0's W y=1", "P1's R y=1"]
    assert ["out of order" in line for line in lines] == [True, False, False, False]
    assert lines[0].endswith("out of order: before R y=1 (line 10)")


def test_a_sequential_execution_is_in_order() -> None:
    text = generate(read_cycle("PodWW Rfe PodRR Fre", dialect("X86"))).text.replace("1:EBX=0", "1:EBX=1")
    lines = told(check(text, "x86-tso"))
    assert returned(lines)
    assert not any("out of order" in line for line in lines)


@pytest.mark.parametrize("model", ["x86-tso", "aarch64"])
def test_every_read_returns_the_latest_write_and_something_is_out_of_order(model: str) -> None:
    """Where a write becomes visible to all other threads at once, one order of the accesses explains every outcome."""
    c = dialect("C")
    shown = 0
    for cycle in list(critical_cycles(3, read_paths("Pod**,Wmbd**", c), c))[::5]:
        result = decided("C", str(cycle), model)
        if witness_of(result) is not None:
            lines = told(result)
            assert len(lines) == sum(len(thread.steps) + 1 for thread in cycle.threads)
            assert returned(lines), lines
            assert any("out of order" in line for line in lines)
            shown += 1
    assert shown > 5


def test_an_access_passes_no_fence_that_orders_it() -> None:
    """Message passing with smp_wmb(): lwsync keeps the writes in order, so that the reads are not."""
    lines = told(decided("C", "WmbdWW Rfe PodRR Fre", "power"))
    assert [line.split("'s")[0] for line in lines if "out of order" in line] == ["P1"]


def test_where_a_write_reaches_threads_one_by_one_it_is_said_when_a_thread_sees_it() -> None:
    """IRIW with lwsync between the reads: P3 reads x=0 after P1 has read x=1, and both reads are in program order."""
    lines = told(decided("PPC", "Rfe LwSyncdRR Fre Rfe LwSyncdRR Fre", "power"))
    assert not any("out of order" in line for line in lines)
    (late,) = [i for i, line in enumerate(lines) if "becomes visible to" in line]
    missed = re.sub(r" becomes visible to P\d", "", lines[late])
    assert lines.index(missed) < late
    assert any(re.search(r"R \w=0", line) for line in lines[lines.index(missed) : late])


def test_a_write_that_is_overwritten_unseen_takes_no_other_write_along() -> None:
    """R with lwsync and sync: lwsync orders x=1 before y=1 for who sees y=1, and P1 overwrites it."""
    lines = told(decided("PPC", "LwSyncdWW Coe SyncdWR Fre", "power"))
    assert [line.split(" (line")[0] for line in lines] == [
        "P0's W x=1",
        "P0's W y=1",
        "P1's W y=2",
        "P1's R x=0",
        "P0's W x=1",
    ]
    assert "over P0's W y=1" in lines[2]
    assert "which P1 has not seen" in lines[2]
    assert lines[4].endswith("becomes visible to P1")


CALLER = "WRITE_ONCE(*y, 1); smp_mb(); int r0 = READ_ONCE(*x);"


def told_in_c(target: str, caller: str, model: str) -> list[str]:
    """Store buffering in C."""
    parameters = "(int *x, int *y, int *z)"
    text = f"C SB\n{{ }}\nP0{parameters} {{ {target} }}\nP1{parameters} {{ {caller} }}\nexists (0:r0=0 /\\ 1:r0=0)\n"
    return told(check(text, model))


def test_on_x86_a_read_overtakes_the_writes_before_it_and_no_write_overtakes_another() -> None:
    """Writes leave a store buffer in order: however many there are, it is the read that is early."""
    writes = "WRITE_ONCE(*x, 1); WRITE_ONCE(*z, 1); WRITE_ONCE(*z, 2); WRITE_ONCE(*z, 3);"
    lines = told_in_c(f"{writes} int r0 = READ_ONCE(*y);", CALLER, "x86-tso")
    assert [re.match(r"P\d's \w", line.split(" (line")[0])[0] for line in lines if "out of order" in line] == ["P0's R"]  # type: ignore[index]


def test_an_atomic_update_is_one_step() -> None:
    """The read of y overtakes both accesses of atomic_inc(), not the second one alone, which is cheaper."""
    caller = "WRITE_ONCE(*y, 1); smp_mb(); int r0 = READ_ONCE(*z);"
    lines = told_in_c("atomic_inc(z); int r0 = READ_ONCE(*y);", caller, "power")
    kinds = [line[3:].split()[1:3] for line in lines if line.startswith("P0's")]
    assert kinds == [["R", "y=0"], ["R", "z=0"], ["W", "z=1"]]


def test_the_messages_of_a_call_are_steps() -> None:
    """The interrupt is sent, executed, and seen to be over, in this order; each in its place."""
    lines = told(decided("C", "MembdWW Rfe PodRW Rfe PodRR Fre", "power"))
    for target in ("P1", "P2"):
        wanted = [
            rf"P0's sys_membarrier\(\) \(line \d+\) sends its message to {target}",
            rf"the sys_membarrier\(\) of P0 lands in {target}",
            rf"the sys_membarrier\(\) of P0 has run in {target}",
            rf"P0's sys_membarrier\(\) \(line \d+\) sees that it has run in {target}",
        ]
        places = [next(i for i, line in enumerate(lines) if re.match(what, line)) for what in wanted]
        assert places == sorted(places)
    assert returned([line for line in lines if re.match(r"P\d's [RW] ", line)])
