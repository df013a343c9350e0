"""The library files under the names by which other people's models include them.

Each line of a table is a model that uses names which the file has to define.
"""

from __future__ import annotations

import pytest
from annotated_executions import annotated
from cat_evaluator import failures
from model_mutants import TAGS, is_forbidden
from random_executions import Alphabet, random_executions

from litmus.cat import compile_text, load_model

ARCHITECTURES = {
    **TAGS,
    "power": frozenset({"SYNC", "LWSYNC", "ISYNC", "EIEIO"}),
    "x86": frozenset({"MFENCE", "SFENCE", "LFENCE", "X"}),
    "mips": frozenset({"SYNC"}),
}

USES = {
    "cos.cat": "acyclic po | rf | co | fr empty fri; coi; fre; coe; ca",
    "cos-opt.cat": "acyclic po | rf | co | fr empty fri; coi; fre; coe",
    "x86fences.cat": "acyclic mfence | sfence | lfence",
    "mipsfences.cat": "acyclic sync",
    "ppcfences.cat": "acyclic sync | lwsync | eieio | isync | ctrlisync",
    "armfences.cat": "acyclic dmb | dsb | dmb.st | dsb.st | isb | ctrlisb",
    "aarch64fences.cat": (
        "acyclic [dmb.full | dmb.ld | dmb.st | dsb.full | dsb.ld | dsb.st | ISB]; po; [A | L | Q | NoRet]"
    ),
    "fences.cat": "acyclic mfence | sync | lwsync | dmb.sy | isb | ctrlcfence",
    "filters.cat": "acyclic WW(po) | RM(po) | AM(po) | MA(WR(po))",
}


@pytest.mark.parametrize("file", USES)
@pytest.mark.parametrize("arch", ARCHITECTURES)
def test_a_file_defines_what_models_expect_of_it_under_every_architecture(file: str, arch: str) -> None:
    text = f'"model"\ninclude "{file}"\n{USES[file]}'
    assert compile_text(text, "model", ARCHITECTURES[arch]).checks


def test_ppc_checks_turns_definitions_into_the_model_of_power() -> None:
    text = """
        include "cos.cat"
        acyclic po-loc | rf | fr | co as uniproc
        empty rmw & (fre; coe) as atomic
        include "ppcfences.cat"
        let ii0 = addr | data | rfi | (po-loc & (fre; rfe))
        let ci0 = ctrlisync | (po-loc & (coe; rfe))
        let cc0 = addr | data | po-loc | ctrl | (addr; po)
        let ic0 = 0
        include "ppo.cat"
        let strong = sync
        let light = (lwsync \\ (W * R)) | (eieio & (W * W))
        include "ppc-checks.cat"
    """
    tags = ARCHITECTURES["power"]
    theirs, ours = compile_text(text, "theirs", tags), load_model("power", tags)
    forbidden = 0
    for execution in random_executions(Alphabet(("SYNC", "LWSYNC", "EIEIO", "ctrl:ISYNC"), fence=0.35), 200):
        verdict = is_forbidden(ours, execution)
        forbidden += verdict
        assert is_forbidden(theirs, execution) is verdict, execution
    assert 5 < forbidden < 195


def test_riscv_defs_gives_ppo_to_a_model_that_states_the_axioms() -> None:
    text = """
        include "riscv-defs.cat"
        include "cos-opt.cat"
        acyclic co | rf | fr | po-loc as Coherence
        acyclic co | rfe | fr | ppo as Model
        empty rmw & (fre; coe) as Atomic
    """
    model = compile_text(text, "model", TAGS["riscv"])
    execution = "Wx=1 Fence.w.w Wy=1 | Ry=1 addr:Rx=0"
    assert failures(model, annotated(execution)) == ["Model"]
    assert failures(model, annotated(execution.replace("Fence.w.w ", ""))) == []
