"""Both engines say the same of random programs, and so does Z3 where propagation would have been enough.

A sample by default; `--full` for 2,000 programs an architecture.
"""

from __future__ import annotations

import re

import pytest
from agreement import disagreement, may_differ, random_cases, random_programs, said
from cases import case
from programs import TAGS, candidates_at_most
from random_models import COHERENCE, EXCEPTED, random_model

from litmus.algebra.dag import Level, Model
from litmus.algebra.names import BASE_NAMES
from litmus.algebra.operators import Operator
from litmus.cat import compile_text, load_model, without_check
from litmus.diagnostics import Diagnostic, Unsupported
from litmus.engine import Answer
from litmus.engine.coherence import demands_coherence
from litmus.oracle.recheck import is_execution
from litmus.program.build import with_registers
from litmus.program.code import Branch, Program

NATIVE = [
    ("X86", None, "x86-tso"),
    ("X86_64", None, "x86-tso"),
    ("PPC", None, "power"),
    ("ARM", None, "arm"),
    ("AArch64", None, "aarch64"),
    ("RISCV", None, "riscv"),
]
C = [
    ("C", "power", "power"),
    ("C", "x86", "x86-tso"),
    ("C", "arm", "arm"),
    ("C", "aarch64", "aarch64"),
    ("C", "riscv", "riscv"),
]
MODELS = ["sc", "x86-tso", "power"]


@pytest.mark.parametrize(("arch", "table", "model"), NATIVE + C)
def test_engines_agree_on_random_texts(arch: str, table: str | None, model: str, full: bool) -> None:
    number, largest = (2000, 20_000) if full else (50, 1000)
    for found in random_cases(arch, table, number, largest):
        assert disagreement(found, load_model(model, found.tags)) is None


def _goes_back(program: Program) -> bool:
    """Whether some branch of a program goes back."""
    return any(
        isinstance(line.operation, Branch) and thread.labels[line.operation.target] <= at
        for thread in program.threads
        for at, line in enumerate(thread.lines)
    )


@pytest.mark.parametrize("arch", [arch for arch, _, _ in NATIVE])
def test_random_texts_have_atomic_updates_and_loops(arch: str) -> None:
    """At least a sixth of the texts has a loop, and at least a sixth has an update that may succeed."""
    graphs = [found.graph for found in random_cases(arch, None, 60, 1000)]
    assert sum(bool(graph.lxsx or graph.amo or graph.single) for graph in graphs) >= 10
    assert sum(_goes_back(graph.program) for graph in graphs) >= 10


@pytest.mark.parametrize("model", MODELS)
def test_engines_agree_on_random_programs(model: str, full: bool) -> None:
    number, largest = (2000, 15_000) if full else (60, 2000)
    for found in random_programs(10_000, number, largest):
        assert disagreement(found, load_model(model, TAGS)) is None


def _weakened() -> list[tuple[str, str]]:
    checks = [(name, check.name) for name in MODELS for check in load_model(name, TAGS).checks]
    return [(model, name) for model, name in checks if name is not None]


@pytest.mark.parametrize(("model", "dropped"), _weakened())
def test_engines_agree_on_weakened_models(model: str, dropped: str, full: bool) -> None:
    number, largest = (300, 10_000) if full else (15, 1000)
    for found in random_programs(20_000, number, largest):
        assert disagreement(found, without_check(load_model(model, TAGS), dropped)) is None


def _random_models(first: int, number: int, registers: bool = False) -> list[Model]:
    found, refused = [], []
    for seed in range(first, first + number):
        try:
            found.append(compile_text(random_model(seed, registers), f"random{seed}", TAGS))
        except Diagnostic as error:
            refused.append(error)  # not all that can be written has a first-order meaning
    assert all(error.span is not None for error in refused)
    assert len(refused) <= number // 20
    return found


def test_engines_agree_on_random_models(full: bool) -> None:
    for seed, model in enumerate(_random_models(0, 3000 if full else 120)):
        for found in random_programs(30_000 + 10 * seed, 3 if full else 1, 2000):
            assert disagreement(found, model) is None, model.name


def test_engines_agree_on_random_models_of_registers(full: bool) -> None:
    """The texts have no atomic instructions and no blocks, so that a model may speak of their registers."""
    texts = list(random_cases("PPC", None, 400 if full else 40, 500))
    texts = [text for text in texts if candidates_at_most(with_registers(text.graph)) <= 500]
    models = _random_models(0, 400 if full else 40, registers=True)
    for seed, model in enumerate(models):
        assert disagreement(texts[seed % len(texts)], model) is None, model.name


def test_random_models_are_made_of_every_base_name() -> None:
    """If a base name is added, random models must use it, or it must be excepted with a reason."""
    words: set[str] = set()
    for seed in range(120):
        words |= set(re.findall(r"[\w.-]+", random_model(seed)))
    plain = {name for name, row in BASE_NAMES.items() if row.bound and row.level is Level.ACCESSES}
    assert plain - words == EXCEPTED.keys() & plain
    for seed in range(40):
        words |= set(re.findall(r"[\w.-]+", random_model(seed, registers=True)))
    assert {name for name, row in BASE_NAMES.items() if row.bound} - words == EXCEPTED.keys()
    assert all(EXCEPTED.values())


def test_random_models_are_made_of_every_operator() -> None:
    """A model that chooses is compiled for each path: only then there are choices, and sets of certain events."""
    models = _random_models(0, 100)
    used = {node.operator for model in models for node in model.nodes}
    assert set(Operator) - used == {Operator.CONSTANT, Operator.CHOICE}
    assert sum(model.recipe is not None for model in models) > 5


ODD = {
    "negation": "empty rf & ~(po | ext) & (W * R)\nirreflexive ~(po | po^-1 | id) ; (rf & po)",
    "complement of a set": "acyclic [~(W | F)] ; po ; [~F] | rf | co | fr",
    "difference with a dynamic right side": "acyclic (po \\ (rf ; rf^-1)) | rf | (co \\ (co ; co)) | fr",
    "neighbours in po": "acyclic (po \\ (po ; [M] ; po)) | rf | co | fr",
    "final writes": "empty [FW] ; co\nirreflexive po ; [FW] ; rf & ext\nacyclic po | co | [FW] ; rf",
    "recursion that is not monotone": "let rec a = po \\ a\nempty a\n"
    "let rec b = rf \\ (b ; po) and c = b ; po | c ; c\nacyclic b | c",
    "recursion over rf": "let rec before = po | rf | before ; before\nirreflexive before",
    "a flag": "acyclic po | rf as causal\n"
    "flag ~empty (W * W) & loc & ext & ~(co ; co) as race\nflag ~acyclic co | fr | rf | po as weak",
    "undefined behaviour": "acyclic po-loc | rf | co | fr\nundefined_unless empty rf & ext & ~(W * (R & X)) as plain",
    "a check that demands a cycle": "~acyclic po | rf | co | fr as weak",
    "a check that demands a pair": "acyclic po | rf\n~empty rfe as talk",
    "no check": "let nothing = 0",
    "coherence only": "acyclic po-loc | rf | co | fr",
    "dependencies without coherence": "acyclic addr | data | ctrl | rf",
    "domains and ranges": "acyclic [domain(rfe)] ; po ; [range(rfe)] | rfe\nirreflexive (range(co) * domain(co)) ; fr",
    "update atomicity without coherence": "empty rmw & (fre ; coe)\nacyclic po | rfe",
    "an assertion that holds": "assert acyclic po\nacyclic po | rf | co | fr",
}


@pytest.mark.parametrize("name", ODD)
def test_engines_agree_on_a_model_with(name: str, full: bool) -> None:
    model = compile_text(f'"odd" include "cos.cat"\n{ODD[name]}\n', "odd", TAGS)
    for found in random_programs(40_000, 300 if full else 12, 2000):
        assert disagreement(found, model) is None


@pytest.mark.parametrize("check", COHERENCE)
def test_what_coherence_rules_out_beforehand_changes_no_answer(check: str, full: bool) -> None:
    """A check that is recognised is used to leave candidates out.  The same check, disguised, is not recognised."""
    spelled = compile_text(f'"coherent" include "cos.cat"\n{check}\n', "coherent", TAGS)
    hidden = compile_text('"odd" include "cos.cat"\nacyclic (po-loc | rf | co | fr) \\ (F * F)\n', "coherent", TAGS)
    assert demands_coherence(spelled)
    assert not demands_coherence(hidden)
    compared = 0
    for found in random_programs(50_000, 1000 if full else 60, 3000):
        assert disagreement(found, spelled) is None
        one, other = said(found, spelled, "auto"), said(found, hidden, "auto")
        if other != Unsupported.__name__ or not may_differ(found, hidden, "auto"):
            assert _answer(one) == _answer(other)
            compared += 1
    assert compared > 40


def _answer(answer: Answer | str) -> object:
    if isinstance(answer, str):
        return answer
    return answer.verdict, answer.states, answer.positive, answer.negative, answer.bound_reached


def test_z3_agrees_with_all_candidates_at_once_on_larger_programs(full: bool) -> None:
    """Too large for plain enumeration: the exhaustive engine is the reference."""
    for found in random_programs(60_000, 400 if full else 15, 10_000_000):
        for name in MODELS:
            model = load_model(name, TAGS)
            one, other = said(found, model, "auto"), said(found, model, "z3")
            if isinstance(one, str) or isinstance(other, str):
                assert one == other
                continue
            assert (one.verdict, one.states, one.bound_reached) == (other.verdict, other.states, other.bound_reached)
            for answer in (one, other):
                assert answer.witness is None or is_execution(answer.witness, model) is None


def test_disagreement_is_noticed() -> None:
    """The comparison can fail: it tells two different models apart, on a test that shows the difference."""
    found = case(
        "X86 SB\n{ x=0; y=0; }\nP0 | P1 ;\nMOV [x],$1 | MOV [y],$1 ;\nMOV EAX,[y] | MOV EAX,[x] ;\n"
        "exists (0:EAX=0 /\\ 1:EAX=0)\n"
    )
    weak, strong = (said(found, load_model(name, found.tags), "enumerate") for name in ("x86-tso", "sc"))
    assert _answer(weak) != _answer(strong)
