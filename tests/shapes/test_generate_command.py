"""`litmus generate`: from cycles, shapes and lists of relaxations, to the terminal or into a folder."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest

from litmus.cli import main


class Ran(NamedTuple):
    """What a command printed, and its exit status."""

    status: int
    out: str
    err: str


@pytest.fixture
def generate(capsys: pytest.CaptureFixture[str]) -> Callable[..., Ran]:
    def run(*arguments: object) -> Ran:
        capsys.readouterr()
        status = main(["generate", *map(str, arguments)])
        captured = capsys.readouterr()
        return Ran(status, captured.out, captured.err)

    return run


Generate = Callable[..., Ran]


def test_the_words_of_a_cycle_may_stand_without_quotes(generate: Generate) -> None:
    ran = generate("LwSyncdWW", "Rfe", "DpAddrdR", "Fre")
    assert ran.status == 0
    assert ran.out.startswith("PPC MP+lwsync+addr\n")
    assert generate("LwSyncdWW Rfe DpAddrdR Fre").out == ran.out
    assert generate("LwSyncdWW", "Rfe", "--arch", "PPC", "DpAddrdR", "Fre").out == ran.out


def test_several_cycles_in_quotes_are_several_tests(generate: Generate) -> None:
    out = generate("PodWW Rfe PodRR Fre", "PodWR Fre PodWR Fre").out
    assert [line for line in out.splitlines() if line.startswith("C ")] == ["C MP", "C SB"]
    assert out.count("\n\nC SB\n") == 1


@pytest.mark.parametrize(
    ("words", "arch"),
    [
        ("PodWW Rfe PodRR Fre", "C"),
        ("MFencedWR Fre PodWR Fre", "X86"),
        ("SyncdWR Fre PodWR Fre", "PPC"),
        ("DMB.SYdWR Fre PodWR Fre", "AArch64"),
        ("DMBdWR Fre PodWR Fre", "ARM"),
        ("Fence.rw.rwdWR Fre PodWR Fre", "RISCV"),
        ("DpCtrldW Rfe DpAddrdW Rfe", "C"),
    ],
)
def test_tests_are_for_the_first_architecture_that_has_the_relaxations(
    generate: Generate, words: str, arch: str
) -> None:
    assert generate(words).out.split()[0] == arch


def test_a_list_has_names_and_cycles(generate: Generate) -> None:
    ran = generate("--shapes", "mp,IRIW", "--list")
    assert ran.out == "MP: PodWW Rfe PodRR Fre\nIRIW: Rfe PodRR Fre Rfe PodRR Fre\n"


def test_a_shape_with_relaxations_has_each_of_them_in_each_thread(generate: Generate) -> None:
    out = generate("--shapes", "SB", "--relaxations", "Pod**,Sync**", "--list").err
    assert "did you mean" in out
    out = generate("--shapes", "SB", "--relaxations", "Pod**,Syncd**", "--list").out
    assert [line.partition(":")[0] for line in out.splitlines()] == ["SB", "SB+sync+po", "SB+syncs"]


def test_all_cycles_of_two_and_three_threads(generate: Generate) -> None:
    assert len(generate("--all", "--relaxations", "Pod**", "--list").out.splitlines()) == 6
    assert len(generate("--all", "--threads", "3", "--relaxations", "Pod**", "--list").out.splitlines()) == 23


def test_files_are_named_as_the_tests_and_listed(generate: Generate, tmp_path: Path) -> None:
    folder = tmp_path / "tests"
    ran = generate("--shapes", "MP,SB", "--arch", "X86", "-o", folder)
    assert ran.out == f"2 tests in {folder}\n"
    assert sorted(file.name for file in folder.iterdir()) == ["@all", "MP.litmus", "SB.litmus"]
    assert (folder / "@all").read_text() == "MP.litmus\nSB.litmus\n"
    assert main(["check", f"@{folder}/@all"]) == 0


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "nothing to generate"),
        (["--all"], "--all needs the relaxations"),
        (["--threads", "3", "--shapes", "MP"], "--threads goes with --all"),
        (["--all", "--threads", "1", "--relaxations", "Pod**"], "at least two threads"),
        (["--relaxations", "Pod**", "PodWW Rfe PodRR Fre"], "--relaxations goes with"),
        (["--shapes", "MQ"], "there is no shape MQ"),
        (["--arch", "PPC", "MFencedWR Fre PodWR Fre"], "X86 and X86_64 have it: --arch X86"),
        (["--arch", "PCP", "--shapes", "MP"], "did you mean PPC?"),
        (["SyncdWR Fre PodWR Fre", "PodWR Frr PodWR Fre"], "<cycle>:1:7: error: PPC has no relaxation Frr"),
        (["SynccdWW", "Rfe", "PodRR", "Fre"], "did you mean SyncdWW"),
        (["PodWW", "Rfe"], "Rfe ends with a read, PodWW begins with a write"),
        (["--shapes", "MP", "--list", "-o", "x"], "not allowed with"),
    ],
)
def test_bad_usage_is_an_error_with_status_2_and_no_output(
    generate: Generate, arguments: list[str], message: str
) -> None:
    ran = generate(*arguments)
    assert ran.status == 2
    assert message in ran.err
    assert ran.out == ""


def test_a_folder_that_cannot_be_written_is_an_error(generate: Generate, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    ran = generate("--shapes", "MP", "-o", tmp_path / "file")
    assert ran.status == 2
    assert "cannot write" in ran.err
