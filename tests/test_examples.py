"""The examples have the verdicts that their comments state; each axiom and barrier is the reason for some of them."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pytest

from litmus.c.membarrier.promise import KEPT, Promise
from litmus.c.tables import load_primitives
from litmus.cat import load_model, without_check
from litmus.diagnostics import Unsupported
from litmus.engine import Answer
from litmus.engine.bounds import Bounds
from litmus.isa import architecture_named
from litmus.oracle.recheck import is_execution
from tests.example_files import FILES, FOLDER, TABLE, Options, decide, expectations, prepared, read, tags_of

CASES = [(file, model) for file in FILES for model in expectations(file)]
IDS = [f"{file.relative_to(FOLDER).with_suffix('')}-{model}" for file, model in CASES]


@cache
def answer(file: Path, model: str, engine: str = "auto", dropped: str | None = None, promise: Promise = KEPT) -> Answer:
    graph, question = prepared(file, model, promise)
    compiled = load_model(model, tags_of(file, model))
    if dropped is not None:
        compiled = without_check(compiled, dropped)
    return decide(graph, compiled, question, Options(states="all", engine=engine))  # type: ignore[arg-type]


WEAK = ("power", "arm", "aarch64", "riscv")


def test_every_example_expects_something_of_sc_and_of_its_own_model() -> None:
    assert len(FILES) > 100
    for file in FILES:
        models = set(expectations(file))
        assert "sc" in models, file
        own = {"C": {"x86-tso", *WEAK}, "PPC": {"power"}, "X86": {"x86-tso"}, "X86_64": {"x86-tso"}}
        assert own.get(read(file).arch, models) <= models, file


@pytest.mark.parametrize(("file", "model"), CASES, ids=IDS)
def test_the_verdict_is_the_expected_one(file: Path, model: str) -> None:
    found = answer(file, model)
    assert found.verdict is expectations(file)[model]
    if found.witness is not None:
        assert is_execution(found.witness, load_model(model, tags_of(file, model))) is None


SMALL = [(f, m) for f, m in CASES if Bounds(prepared(f, m)[0], coherent=True).candidates() <= 500]


def test_most_examples_are_small_enough_for_plain_enumeration() -> None:
    assert len(SMALL) > 0.9 * len(CASES)


@pytest.mark.parametrize(("file", "model"), SMALL, ids=[f"{f.stem}-{m}" for f, m in SMALL])
def test_z3_and_plain_enumeration_agree(file: Path, model: str) -> None:
    found = answer(file, model)
    for engine in ("z3", "enumerate"):
        other = answer(file, model, engine)
        assert (other.verdict, other.states) == (found.verdict, found.states)
    assert (found.positive, found.negative) == (other.positive, other.negative)


def is_changed_by_dropping(file: Path, model: str, check: str) -> bool:
    try:
        return answer(file, model, dropped=check).verdict is not expectations(file)[model]
    except Unsupported:  # without coherence, some increments justify themselves
        return True


AXIOMS = [
    (model, check.name)
    for model in ("x86-tso", *WEAK)
    for check in load_model(model, architecture_named(load_primitives(TABLE[model]).arch).tags).checks
]


@pytest.mark.parametrize(("model", "check"), AXIOMS)
def test_dropping_an_axiom_changes_the_verdict_of_an_example(model: str, check: str) -> None:
    assert any(is_changed_by_dropping(file, model, check) for file, name in CASES if name == model)


MEMBARRIER = [file for file in FILES if read(file).body is not None and "membarrier" in read(file).body.text]  # type: ignore[union-attr]


@pytest.mark.parametrize(
    "promise",
    [Promise(before=False), Promise(handler=False), Promise(after=False)],
    ids=["before", "handler", "after"],
)
@pytest.mark.parametrize("model", WEAK)
def test_each_barrier_of_membarrier_is_needed(model: str, promise: Promise) -> None:
    assert [f for f in MEMBARRIER if answer(f, model, promise=promise).verdict is not expectations(f)[model]]


def test_the_message_round_trip_of_membarrier_is_enough_on_x86() -> None:
    for file in MEMBARRIER:
        if "-global" in file.stem:
            continue  # a call makes no round trip if it finds no registered thread
        bare = answer(file, "x86-tso", promise=Promise(before=False, handler=False, after=False))
        assert bare.verdict is expectations(file)["x86-tso"], file
