"""The designs that come with the program: whole, with their sources, and with the verdicts that they expect."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

import pytest
from working import family, model_for

from litmus.c.lowering import lower
from litmus.c.tables import Primitives, load_primitives
from litmus.cat import load_model
from litmus.deciding import decide
from litmus.designs.catalogue import read_designs, shipped
from litmus.designs.lowering import Lowering, question
from litmus.designs.matrix import Asked, derive
from litmus.designs.scenarios import default_shapes, families
from litmus.designs.syntax import HARDWARE, SIDES, Design
from litmus.diagnostics import Source
from litmus.engine import Verdict
from litmus.engine.bounds import Bounds
from litmus.engine.options import Options
from litmus.ordering.table import hardware_models
from litmus.program.build import unroll
from litmus.reading import read_test
from litmus.resolving import resolve
from tests.example_files import FOLDER, TABLE, expectations, tags_of

NAMES = (
    "after-unlock-lock", "barriers-both-sides", "before-spinlock", "curr-after-switch", "lockless-compare", "merged",
    "mm-cpumask", "mprotect", "signal", "synchronize-sched", "v12",
)  # fmt: skip
DESIGNS = {design.title: design for design in read_designs(NAMES)}
WEAK = frozenset(("power", "arm", "aarch64", "riscv"))
ALL = frozenset(hardware_models())
QUICK = Options(states="none")


def test_the_designs_of_the_thread_are_there() -> None:
    assert tuple(sorted(shipped())) == NAMES


@pytest.mark.parametrize("title", DESIGNS)
def test_a_design_says_where_it_comes_from_and_why_it_is_safe_or_broken(title: str) -> None:
    design = DESIGNS[title]
    assert design.sources
    # A mailing list and a date, with the hour if the thread is long; or a file that a reader of the kernel can look up.
    assert all(re.search(r"\d{4}-\d{2}-\d{2}|kernel/|Documentation/|urcu\.c", source) for source in design.sources)
    assert design.expectations
    assert all(expectation.reason for expectation in design.expectations)


@pytest.mark.parametrize("title", DESIGNS)
def test_a_design_expects_something_of_every_model_or_of_those_whose_primitives_it_chooses(title: str) -> None:
    design = DESIGNS[title]
    expected = {word.text for expectation in design.expectations for word in expectation.models}
    chosen = {choice.table for choice in design.primitives}
    assert HARDWARE in expected or expected == ALL or (expected and expected == chosen)


QUICKLY = ("barriers-both-sides", "lockless-compare", "signal", "curr-after-switch:no-lock", "mprotect:broadcast")


@pytest.mark.parametrize("title", [pytest.param(t, marks=() if t in QUICKLY else pytest.mark.slow) for t in DESIGNS])
def test_the_expectations_hold(title: str) -> None:
    matrix = derive(Asked((DESIGNS[title],), default_shapes(), SIDES))
    for model in matrix.models:
        assert matrix.differences(0, model) is None
        for side in SIDES:
            cell = matrix.cells[0, model, side]
            # Six shapes: in three of them, either thread can be the caller.  With the cut, T has one of four pairs of
            # accesses.
            assert len(cell.findings) == 9 + 4
            assert all(f.promised for f in cell.findings)
            assert not cell.errors
            assert not cell.stuck
            assert cell.deadlock == (title == "signal:no-kill-barrier" and model != "x86-tso")


# ---------------------------------------------------------------- two engines


LIMIT = 100  # candidates: plain enumeration looks at one at a time


def table_for(design: Design, model: str) -> Primitives:
    name = model_for(model)[1].name
    return load_primitives(name, {c.row: c.alternative for c in design.primitives if c.table == name})


@pytest.mark.parametrize(
    "model_name", [pytest.param(m, marks=() if m == "power" else pytest.mark.slow) for m in hardware_models()]
)
def test_plain_enumeration_gives_the_same_verdict_for_every_design(model_name: str) -> None:
    """Each design is decided in one scenario with few candidates.  Shapes and sides take turns."""
    kinds = families(default_shapes())
    model, _ = model_for(model_name)
    left_out = []
    for number, design in enumerate(DESIGNS.values()):
        lowering, table = Lowering(design), table_for(design, model_name)
        for turn in range(number, number + len(kinds)):
            where = next(iter(kinds[turn % len(kinds)].scenarios([SIDES[turn % len(SIDES)]], design.migrates)))
            graph = unroll(lowering.program(where, table))
            if Bounds(graph, True).candidates() <= LIMIT:
                break
        else:
            left_out.append(design.title)
            continue
        answers = [
            decide(graph, model, question(where), Options(states="none", engine=e)) for e in ("auto", "enumerate")
        ]
        assert len({answer.verdict for answer in answers}) == 1, (design.title, where.title, where.side)
    assert len(left_out) < 3, left_out


# ---------------------------------------------------------------- the same with the kernel's code written out

BY_HAND = {
    # tests/examples/designs: the design, the shape, T's directions, the side
    "lockless-compare": ("lockless-compare", "MP", "WW", "OUT"),
    "barriers-both-sides": ("barriers-both-sides", "MP", "WW", "OUT"),
    "curr-after-switch": ("curr-after-switch", "SB", "WR", "IN"),
    "wmb-acquire": ("before-spinlock:wmb-acquire", "LB", "RW", "OUT"),
    "v12": ("v12", "MP", "WW", "OUT"),
}


@pytest.mark.parametrize("file", BY_HAND)
def test_a_design_has_the_verdict_of_the_test_in_which_its_code_is_written_out(file: str) -> None:
    title, shape, directions, side = BY_HAND[file]
    design = DESIGNS[title]
    (where,) = family(shape, directions).scenarios([side], migrates=False)
    expected = expectations(FOLDER / "designs" / f"{file}.litmus")
    for name in hardware_models():
        graph = unroll(Lowering(design).program(where, table_for(design, name)))
        found = decide(graph, model_for(name)[0], question(where), QUICK).verdict
        assert (found is Verdict.NEVER) == (expected[name] is Verdict.NEVER), name


# ---------------------------------------------------------------- scenarios A to E of kernel/sched/membarrier.c

# Scenario: label -> the models on which its outcome becomes possible without the barrier of that label.
#
# x86-tso keeps all orders except from a write to a later read.  Sending a message is a write after writes, and
# receiving an answer is a read before reads, so in A and B x86-tso needs none of the three barriers.  In C and E, the
# caller reads rq->curr after its write (a), and T reads its variable after its store to rq->curr (e, g).  d is next to
# spin_lock(), which is a full barrier on x86-tso, arm (dmb) and riscv (amoadd.aqrl).  e and g come after spin_unlock(),
# which begins with dmb on arm.  If all accesses of T are on one side of a barrier of the call (c in A, a in B, c in
# C-in, a in C-out), the scenario is not about that barrier, and it is not needed.
NEEDED = {
    "merged-A": {"a": WEAK, "b": WEAK, "c": frozenset()},
    "merged-B": {"a": frozenset(), "b": WEAK, "c": WEAK},
    "merged-C-in": {"a": ALL, "c": frozenset(), "e": ALL - {"arm"}},
    "merged-C-out": {"a": frozenset(), "c": WEAK, "d": frozenset(("power", "aarch64"))},
    "merged-D": {"a": frozenset(), "c": WEAK, "d": frozenset(("power", "aarch64"))},
    "merged-E-in": {"a": ALL, "c": frozenset(), "g": ALL - {"arm"}},
    "merged-E-out": {"a": frozenset(), "c": WEAK, "d": frozenset(("power", "aarch64"))},
}
WITHOUT = [(name, label) for name, labels in NEEDED.items() for label in labels]


@cache
def text_of(name: str) -> str:
    return Path(FOLDER / "designs" / f"{name}.litmus").read_text(encoding="utf-8")


def reachable(name: str, text: str, model: str) -> bool:
    """Whether the outcome of a text of a test is possible."""
    test = read_test(Source(f"{name}.litmus", text))
    program = lower(test, load_primitives(TABLE[model]))
    compiled = load_model(model, tags_of(FOLDER / "designs" / f"{name}.litmus", model))
    return decide(unroll(program), compiled, resolve(test, program), QUICK).verdict is not Verdict.NEVER


@pytest.mark.parametrize("name", NEEDED)
def test_every_barrier_with_a_label_is_accounted_for(name: str) -> None:
    assert set(re.findall(r"^\t(\w+): smp_mb", text_of(name), re.MULTILINE)) == set(NEEDED[name])


@pytest.mark.parametrize(("name", "label"), WITHOUT, ids=[f"{name}-without-{label}" for name, label in WITHOUT])
def test_what_a_scenario_loses_without_a_barrier(name: str, label: str) -> None:
    weaker, count = re.subn(rf"^\t{label}: .*\n", "", text_of(name), flags=re.MULTILINE)
    assert count == 1
    assert {model for model in ALL if reachable(name, weaker, model)} == NEEDED[name][label]
