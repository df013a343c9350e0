"""litmus primitives: what the C dialect offers, with what each primitive becomes and its source."""

from __future__ import annotations

import json

import pytest

from litmus.c.catalogue import CATALOGUE
from litmus.c.tables import tables
from litmus.cli import main


def output(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    assert main(["primitives", *arguments]) == 0
    return capsys.readouterr().out


def test_every_primitive_is_listed_with_every_table(capsys: pytest.CaptureFixture[str]) -> None:
    rows = [json.loads(line) for line in output(capsys, "--json").splitlines()]
    assert {(row["primitive"], row["table"]) for row in rows} == {(n, t) for n in CATALOGUE for t in tables()}
    assert all(row["source"] and row["becomes"] and row["effect"] for row in rows)


def test_a_primitive_is_told_with_its_fences_source_and_alternatives(capsys: pytest.CaptureFixture[str]) -> None:
    assert output(capsys, "smp_wmb", "--arch", "power") == (
        "smp_wmb()  a fence\n"
        "  power  LWSYNC  [arch/powerpc/include/asm/barrier.h]\n"
        "           power.smp_wmb=eieio: EIEIO  [processors without lwsync]\n\n"
    )


def test_an_update_is_told_with_what_it_stores_and_returns(capsys: pytest.CaptureFixture[str]) -> None:
    told = output(capsys, "cmpxchg", "--arch", "power")
    assert told.startswith("cmpxchg(x, a, b)  atomically, old being *x: *x = b if old == a; returns old\n")
    assert "SYNC, load-reserve and store-conditional in EX, X, SYNC (where it stored)" in told


def test_of_the_calls_it_is_told_how_they_fail(capsys: pytest.CaptureFixture[str]) -> None:
    told = output(capsys, "membarrier", "syscall", "--arch", "x86")
    assert "membarrier(cmd, flags, cpu_id)  membarrier(2); where it fails it returns -EINVAL or -EPERM" in told
    assert "syscall(__NR_membarrier, cmd, flags, cpu_id)  membarrier(2); where it fails it returns -1 and sets" in told
    assert "MFENCE, threads are interrupted and answer, MFENCE; in each of them MFENCE" in told


def test_what_is_not_supported_says_why(capsys: pytest.CaptureFixture[str]) -> None:
    assert "not supported: RCU is not modelled" in output(capsys, "synchronize_rcu", "--arch", "arm")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [(("smpmb",), "did you mean smp_mb"), (("--arch", "powr"), "did you mean power"), (("quark",), "lists all")],
)
def test_a_name_that_does_not_exist_is_an_error(
    arguments: tuple[str, ...], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["primitives", *arguments]) == 2
    assert message in capsys.readouterr().err
