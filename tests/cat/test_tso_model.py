"""models/tso.cat and models/sc.cat under every architecture.

Executions are in the notation of annotated_executions.
"""

from __future__ import annotations

import pytest
from annotated_executions import annotated
from cat_evaluator import failures
from model_mutants import TAGS, is_forbidden
from random_executions import Alphabet, random_executions

from litmus.cat import load_model
from litmus.cat.catalogue import catalogue

ARCHITECTURES = {
    **TAGS,
    "none": frozenset[str](),
    "power": frozenset({"SYNC", "LWSYNC", "ISYNC", "EIEIO"}),
    "x86": frozenset({"MFENCE", "SFENCE", "LFENCE", "X"}),
}

# The fences that order a write before a read under TSO, and some that do not.
FULL = {
    "x86": ["MFENCE"],
    "power": ["SYNC"],
    "arm": ["DMB", "DSB"],
    "aarch64": [f"{barrier}.{domain}" for barrier in ("DMB", "DSB") for domain in ("SY", "ISH", "OSH", "NSH")],
    "riscv": ["Fence.w.r", "Fence.w.rw", "Fence.rw.r", "Fence.rw.rw"],
}
LESSER = {
    "x86": ["SFENCE", "LFENCE"],
    "power": ["LWSYNC", "EIEIO", "ISYNC"],
    "arm": ["DMB.ST", "DSB.ST", "ISB"],
    "aarch64": ["DMB.ST", "DMB.LD", "DSB.ISHST", "DMB.NSHLD", "ISB"],
    "riscv": ["Fence.tso", "Fence.w.w", "Fence.r.rw", "Fence.i"],
}


@pytest.mark.parametrize("arch", ARCHITECTURES)
def test_tso_gives_up_only_a_write_before_a_read(arch: str) -> None:
    model = load_model("tso", ARCHITECTURES[arch])
    assert not is_forbidden(model, "Wx=1 Ry=0 | Wy=1 Rx=0")
    for text in ("Wx=1 Wy=1 | Ry=1 Rx=0", "Rx=1 Wy=1 | Ry=1 Wx=1", "Wx=2 Wy=1 | Wy=2 Wx=1"):
        assert failures(model, annotated(text)) == ["tso"]


@pytest.mark.parametrize(("arch", "fence"), [(arch, fence) for arch, fences in FULL.items() for fence in fences])
def test_every_full_fence_empties_the_store_buffer(arch: str, fence: str) -> None:
    assert is_forbidden(load_model("tso", ARCHITECTURES[arch]), f"Wx=1 {fence} Ry=0 | Wy=1 {fence} Rx=0")


@pytest.mark.parametrize(("arch", "fence"), [(arch, fence) for arch, fences in LESSER.items() for fence in fences])
def test_a_lesser_fence_does_not(arch: str, fence: str) -> None:
    assert not is_forbidden(load_model("tso", ARCHITECTURES[arch]), f"Wx=1 {fence} Ry=0 | Wy=1 {fence} Rx=0")


@pytest.mark.parametrize("arch", ARCHITECTURES)
def test_an_atomic_instruction_empties_the_store_buffer_and_a_load_reserve_does_not(arch: str) -> None:
    model = load_model("tso", ARCHITECTURES[arch])
    atomic = "Wx=1 X:swap:Ra=0 X:swap:Wa=1 Ry=0 | Wy=1 X:swap:Rb=0 X:swap:Wb=1 Rx=0"
    assert is_forbidden(model, atomic)
    assert not is_forbidden(model, "Wx=1 EX:lx:Ra=0 EX:sc:Wa=1 Ry=0 | Wy=1 EX:lx:Rb=0 EX:sc:Wb=1 Rx=0")


def test_on_x86_a_read_modify_write_that_does_not_write_empties_the_store_buffer_too() -> None:
    execution = "Wx=1 X:Ry=0 | Wy=1 X:Rx=0"
    assert is_forbidden(load_model("tso", ARCHITECTURES["x86"]), execution)
    assert not is_forbidden(load_model("tso", ARCHITECTURES["aarch64"]), execution)


def test_tso_on_x86_is_x86_tso() -> None:
    tags = ARCHITECTURES["x86"]
    tso, x86 = load_model("tso", tags), load_model("x86-tso", tags)
    for execution in random_executions(Alphabet(("MFENCE", "SFENCE"), atomics=("X:swap",), exclusives=False), 300):
        assert is_forbidden(tso, execution) is is_forbidden(x86, execution), execution


@pytest.mark.parametrize("arch", ARCHITECTURES)
@pytest.mark.parametrize("name", catalogue())
def test_every_model_compiles_for_every_architecture(name: str, arch: str) -> None:
    model = load_model(name, ARCHITECTURES[arch])
    assert is_forbidden(model, "Wx=1 Rx=0"), "the write before it is overwritten by nothing"
    assert not is_forbidden(model, "Wx=1 | Rx=1")


# sc: the fences of every other model are in its tests' architectures
STRONGER = [("sc", "tso"), ("tso", "aarch64"), ("tso", "riscv"), ("tso", "arm"), ("tso", "power")]
FENCES = {
    "tso": ("MFENCE",),
    "aarch64": ("DMB.SY", "DMB.LD", "DMB.ST", "ISB"),
    "riscv": ("Fence.rw.rw", "Fence.tso", "Fence.r.r"),
    "arm": ("DMB", "DMB.ST", "ISB"),
    "power": ("SYNC", "LWSYNC", "EIEIO"),
}


@pytest.mark.parametrize(("strong", "weak"), STRONGER)
def test_sc_is_stronger_than_tso_and_tso_than_the_relaxed_models(strong: str, weak: str) -> None:
    tags = ARCHITECTURES["x86" if weak == "tso" else weak]
    models = [load_model(name, tags) for name in (strong, weak)]
    forbidden = 0
    for execution in random_executions(Alphabet(FENCES[weak], exclusives=False, fence=0.35), 200):
        weakly = is_forbidden(models[1], execution)
        forbidden += weakly
        assert is_forbidden(models[0], execution) or not weakly, execution
    assert forbidden
