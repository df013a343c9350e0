"""A model of one instruction set is asked about no other: its file, or the catalogue's, says which it is for."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from litmus import Source, check
from litmus.cat import compile_text, load_model
from litmus.cat.architectures import ForeignModel
from litmus.cat.catalogue import catalogue
from litmus.cli import main
from litmus.diagnostics import ExitCode
from litmus.isa import architecture_named

INSTRUCTION_SETS = ("X86", "X86_64", "PPC", "ARM", "AArch64", "RISCV")
OWN = {
    "x86-tso": {"X86", "X86_64"},
    "power": {"PPC"},
    "arm": {"ARM"},
    "aarch64": {"AArch64"},
    "riscv": {"RISCV"},
    "sc": set(INSTRUCTION_SETS),
    "tso": set(INSTRUCTION_SETS),
}


@pytest.mark.parametrize("name", catalogue())
def test_a_built_in_model_takes_its_own_instruction_set_and_sc_and_tso_take_all(name: str) -> None:
    for arch in INSTRUCTION_SETS:
        tags = architecture_named(arch).tags
        if arch in OWN[name]:
            load_model(name, tags, arch=arch)
        else:
            with pytest.raises(ForeignModel, match=rf"the model {name} is for .*, and was asked about {arch}$"):
                load_model(name, tags, arch=arch)
    assert set(catalogue()[name].default) <= OWN[name]


@pytest.mark.parametrize(
    ("head", "takes"),
    [
        ("X86", {"X86", "X86_64"}),
        ("X86 TSO", {"X86", "X86_64"}),
        ('X86_64 "x86-64"', {"X86", "X86_64"}),
        ("PPC\n(* Model for Power *)", {"PPC"}),
        ('"PPC"', {"PPC"}),
        ('"AArch64"', {"AArch64"}),
        ('RISCV "Risc V partial order model"', {"RISCV"}),
        ('"RISC-V"', {"RISCV"}),
        ("ARM catdep", {"ARM"}),
        ("MIPS", set()),
        ('C "C++11"', set()),
        ("SC", None),
        ("TSO", None),
        ("LL", None),
        ("AArch32", None),
        ("ARMFences", None),
        ('"ARM relaxing ppo"', None),
        ('"a string"', None),
        ('SC "PPC"', None),
        ("(* PPC *)", None),
        ("", None),
    ],
)
def test_a_model_file_is_for_the_architecture_that_it_begins_with(head: str, takes: set[str] | None) -> None:
    for arch in INSTRUCTION_SETS:
        text = f"{head}\nacyclic po | rf as sc\n"
        if takes is None or arch in takes:
            compile_text(text, "mine.cat", frozenset(), arch=arch)
        else:
            with pytest.raises(ForeignModel) as raised:
                compile_text(text, "mine.cat", frozenset(), arch=arch)
            assert raised.value.span is not None
            assert raised.value.span.text == head.split("\n")[0].removesuffix(" catdep").split()[0]


def test_what_an_included_file_begins_with_declares_nothing(tmp_path: Path) -> None:
    (tmp_path / "part.cat").write_text("PPC\nlet all = po | rf\n")
    model = tmp_path / "whole.cat"
    model.write_text('Whole\ninclude "part.cat"\nacyclic all as sc\n')
    load_model(str(model), frozenset(), arch="X86")


def test_a_foreign_model_is_refused_before_anything_in_it_is_looked_up() -> None:
    with pytest.raises(ForeignModel):
        compile_text("PPC\nacyclic nosuchname\n", "mine.cat", frozenset(), arch="X86")


X86 = "X86 SB\n{ }\n P0 | P1 ;\n MOV [x],$1 | MOV [y],$1 ;\n MFENCE | MFENCE ;\n MOV EAX,[y] | MOV EAX,[x] ;\n" \
      "exists (0:EAX=0 /\\ 1:EAX=0)\n"  # fmt: skip
MP = "C MP\n{ }\nP0(int *x, int *y) { WRITE_ONCE(*x, 1); smp_wmb(); WRITE_ONCE(*y, 1); }\n" \
     "P1(int *x, int *y) { int r = READ_ONCE(*y); int s = READ_ONCE(*x); }\nexists (1:r=1 /\\ 1:s=0)\n"  # fmt: skip


@pytest.fixture
def model(tmp_path: Path) -> Callable[[str], str]:
    """Write a model that begins with some word."""

    def write(head: str) -> str:
        path = tmp_path / f"{len(list(tmp_path.iterdir()))}.cat"
        path.write_text(f'{head}\ninclude "cos.cat"\nacyclic po | rf | fr | co as sc\n')
        return str(path)

    return write


def test_a_test_says_at_its_own_first_word_that_a_model_is_not_for_it(model: Callable[[str], str]) -> None:
    for name, own in (("power", "PPC"), (model("PPC"), "PPC"), (model("MIPS"), "MIPS")):
        result = check(Source("SB.litmus", X86), name)
        assert result.exit_code is ExitCode.BAD_INPUT
        assert result.answer is None
        assert result.error is not None
        assert str(result.error).startswith(
            f"SB.litmus:1:1: error: this test is for X86, and the model {name} is for {own}"
        )
    for name in ("sc", "tso", "x86-tso", model("X86_64"), model("SC")):
        found = check(X86, name)
        assert found.answer is not None, found.error
        assert found.answer.verdict.value == "Never"


def test_of_a_c_test_the_table_of_primitives_counts(model: Callable[[str], str]) -> None:
    path = model("PPC")
    assert check(MP, path, arch="power").answer is not None
    result = check(Source("MP.litmus", MP), path, arch="x86")
    assert result.error is not None
    assert result.error.message == f"the primitives of the table x86 are of X86_64, and the model {path} is for PPC"
    assert result.error.hint == "--arch power"
    assert str(result.error.span) == "MP.litmus:1:1"
    assert check(MP, model("X86"), arch="x86").answer is not None
    for table in ("power", "x86"):
        refused = check(MP, model('C "C++11"'), arch=table)
        assert refused.error is not None
        assert "is for C" in refused.error.message


@pytest.mark.parametrize("command", [["table", "--shapes", "SB"], ["designs", "merged", "--scenario", "MP,OUT"]])
def test_tables_and_designs_refuse_them_too(
    command: list[str], model: Callable[[str], str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*command, "--model", model("PPC"), "--arch", "x86"]) == 2
    printed = capsys.readouterr()
    assert "is for PPC, and was asked about X86_64" in printed.err
    assert not printed.out
    assert main([*command, "--model", model("PPC"), "--arch", "power"]) in (0, 1)
