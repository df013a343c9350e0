"""An interleaving: every read returns the latest write, and what leaves program order is said."""

from __future__ import annotations

import re

import pytest

from litmus.checking import check
from litmus.engine.answer import Execution
from litmus.report.witness import interleaving
from litmus.shapes.critical import critical_cycles, read_paths
from litmus.shapes.cycles import read_cycle
from litmus.shapes.dialects import dialect
from litmus.shapes.generation import generate


def witness(arch: str, text: str, model: str) -> Execution | None:
    result = check(generate(read_cycle(text, dialect(arch))).text, model)
    assert result.answer is not None, result.error
    return result.answer.witness


def returned(lines: list[str]) -> bool:
    """Whether every read returns the latest write before it, or 0."""
    memory: dict[str, str] = {}
    for line in lines:
        found = re.match(r"P\d's ([RW]) (\w+)=(\d+) \(line \d+\)", line)
        assert found is not None, line
        kind, location, value = found.groups()
        if kind == "W":
            memory[location] = value
        elif memory.get(location, "0") != value:
            return False
    return True


def test_in_message_passing_one_step_leaves_program_order() -> None:
    execution = witness("PPC", "LwSyncdWW Rfe PodRR Fre", "power")
    assert execution is not None
    lines = interleaving(execution)
    assert [line.split(" (line")[0] for line in lines] == ["P1's R x=0", "P0's W x=1", "P0's W y=1", "P1's R y=1"]
    assert ["out of order" in line for line in lines] == [True, False, False, False]
    assert lines[0].endswith("out of order: before R y=1 (line 10)")


def test_a_sequential_execution_is_in_order() -> None:
    text = generate(read_cycle("PodWW Rfe PodRR Fre", dialect("X86"))).text.replace("1:EBX=0", "1:EBX=1")
    result = check(text, "x86-tso")
    assert result.answer is not None
    assert result.answer.witness is not None
    lines = interleaving(result.answer.witness)
    assert returned(lines)
    assert not any("out of order" in line for line in lines)


@pytest.mark.parametrize("model", ["x86-tso", "power"])
def test_every_read_returns_the_latest_write_and_something_is_out_of_order(model: str) -> None:
    c = dialect("C")
    shown = 0
    for cycle in list(critical_cycles(3, read_paths("Pod**,Wmbd**", c), c))[::5]:
        execution = witness("C", str(cycle), model)
        if execution is not None:
            lines = interleaving(execution)
            assert len(lines) == sum(len(thread.steps) + 1 for thread in cycle.threads)
            assert returned(lines), lines
            assert any("out of order" in line for line in lines)
            shown += 1
    assert shown > 5


CALLER = "WRITE_ONCE(*y, 1); smp_mb(); int r0 = READ_ONCE(*x);"


def c_witness(target: str, caller: str, model: str) -> Execution:
    """Store buffering in C."""
    parameters = "(int *x, int *y, int *z)"
    text = f"C SB\n{{ }}\nP0{parameters} {{ {target} }}\nP1{parameters} {{ {caller} }}\nexists (0:r0=0 /\\ 1:r0=0)\n"
    result = check(text, model)
    assert result.answer is not None, result.error
    assert result.answer.witness is not None
    return result.answer.witness


def test_on_x86_a_read_overtakes_the_writes_before_it_and_no_write_overtakes_another() -> None:
    """Writes leave a store buffer in order: however many there are, it is the read that is early."""
    writes = "WRITE_ONCE(*x, 1); WRITE_ONCE(*z, 1); WRITE_ONCE(*z, 2); WRITE_ONCE(*z, 3);"
    lines = interleaving(c_witness(f"{writes} int r0 = READ_ONCE(*y);", CALLER, "x86-tso"))
    assert [re.match(r"P\d's \w", line.split(" (line")[0])[0] for line in lines if "out of order" in line] == ["P0's R"]  # type: ignore[index]


def test_an_atomic_update_is_one_step() -> None:
    """The read of y overtakes both accesses of atomic_inc(), not the second one alone, which is cheaper."""
    caller = "WRITE_ONCE(*y, 1); smp_mb(); int r0 = READ_ONCE(*z);"
    lines = interleaving(c_witness("atomic_inc(z); int r0 = READ_ONCE(*y);", caller, "power"))
    kinds = [line[3:].split()[1:3] for line in lines if line.startswith("P0's")]
    assert kinds == [["R", "y=0"], ["R", "z=0"], ["W", "z=1"]]


def test_the_messages_of_a_call_are_left_out() -> None:
    execution = witness("C", "MembdWW Rfe PodRW Rfe PodRR Fre", "power")
    assert execution is not None
    lines = interleaving(execution)
    assert len(lines) == 6
    assert returned(lines)
