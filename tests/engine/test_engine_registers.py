"""The register level and decisions: what the engines make of models that see them."""

from __future__ import annotations

import dataclasses

import pytest
from agreement import common, disagreement, random_cases, random_programs, said
from cases import Case
from msgspec.structs import replace
from programs import candidates_at_most
from random_models import random_model

from litmus.algebra.dag import Level, Model
from litmus.cat import compile_text
from litmus.diagnostics import Diagnostic
from litmus.program.build import with_idle_rounds, with_registers

MACHINES = ("AArch64", "PPC", "ARM", "RISCV", "X86")

# Dependencies on reads, computed from registers, compared with the dependencies that the engine gives.
DEPENDENCIES = """
"dependencies" catdep include "cos.cat"
acyclic po-loc | rf | co | fr
let flow = (rf-reg | iico_data; [~M])+
let by-addr = [R]; flow; [ADDR]; iico_data; [M]
let by-data = [R]; flow; [DATA]; iico_data; [W]
let by-ctrl = [R]; flow; [BCC]; po; [M | F]
flag ~empty (by-addr \\ addr) | ([R]; addr \\ by-addr) as addr
flag ~empty (by-data \\ data) | ([R]; data \\ by-data) as data
flag ~empty (by-ctrl \\ ctrl) | ((ctrl & (R * (M | F))) \\ by-ctrl) as ctrl
"""


def compiled(text: str, found: Case) -> Model | None:
    """A random model; None if it is one that cannot be compiled."""
    try:
        return compile_text(text, "random", found.tags)
    except Diagnostic:
        return None


def followed(found: Case) -> Case:
    """The case, where rounds of loops that have no effect are followed like others."""
    return dataclasses.replace(found, graph=with_idle_rounds(found.graph, "followed"))


@pytest.mark.parametrize("arch", MACHINES)
def test_engines_agree_on_random_models_of_registers(arch: str, full: bool) -> None:
    number = 200 if full else 8
    for seed, found in enumerate(random_cases(arch, None, number, 200)):
        model = compiled(random_model(seed + 1000 * MACHINES.index(arch), registers=True), found)
        if model is not None:
            assert disagreement(found, model) is None, seed


def test_engines_agree_on_random_models_of_registers_of_programs_of_no_notation(full: bool) -> None:
    for seed, found in enumerate(random_programs(0, 400 if full else 12, 200)):
        if found.graph.program.notation == "machine":
            model = compiled(random_model(seed, registers=True), found)
            if model is not None:
                assert disagreement(found, model) is None, seed


@pytest.mark.parametrize("arch", ["AArch64", "PPC", "RISCV"])
def test_a_model_that_is_given_no_decisions_answers_as_if_it_were(arch: str, full: bool) -> None:
    """Rounds without effect are left out only where a model sees no decisions, so all are followed here."""
    told = 0
    for seed, random in enumerate(random_cases(arch, None, 400 if full else 25, 500)):
        found = followed(random)
        model = compiled(random_model(seed), found)
        few = candidates_at_most(with_registers(found.graph)) <= 10_000  # so many that all engines evaluate flags
        if few and model is not None and model.level is Level.ACCESSES:
            without = said(found, model, "auto")
            with_them = said(found, replace(model, level=Level.DECISIONS), "auto")
            assert common(with_them, counted=False) == common(without, counted=False), seed
            told += 1
    assert told


@pytest.mark.parametrize("arch", ["AArch64", "PPC", "RISCV"])
def test_what_flows_through_registers_is_what_depends(arch: str, full: bool) -> None:
    for found in random_cases(arch, None, 300 if full else 25, 500):
        model = compile_text(DEPENDENCIES, "dependencies", found.tags)
        answer = said(found, model, "auto")
        if answer not in ("Unsupported", "Unfinished"):  # a value depends on itself; every execution is cut in a loop
            assert not isinstance(answer, str)
            assert answer.flags == (), found.name
