"""Explaining: for a design under a model, an execution on each side that breaks it, told in full."""

from __future__ import annotations

from functools import partial

from msgspec import Struct
from msgspec.structs import replace

from litmus.algebra.dag import Model
from litmus.c.tables import Primitives
from litmus.deciding import Unfinished, decide
from litmus.designs.lowering import Lowering, question
from litmus.designs.matrix import (
    Asked,
    Finding,
    Matrix,
    find_blocked,
    limited,
    model_of,
    primitives_of,
    scenarios_of_ends,
)
from litmus.designs.scenarios import Scenario, families
from litmus.designs.syntax import listing
from litmus.designs.telling import NO_STORY, tale
from litmus.designs.waiting import Blocked
from litmus.engine.answer import Answer, Execution
from litmus.oracle.story import Story, story
from litmus.program.build import unroll


class Explanation(Struct, frozen=True):
    """What breaks a design on a side: a scenario, whose text has the blocks of the design, and an execution.

    told: the execution in one sentence; its line numbers are those of the scenario's text.  story: see
    litmus.oracle.story.
    """

    finding: Finding
    told: str
    scenario: Scenario
    execution: Execution
    story: Story | None


def explain(matrix: Matrix, number: int, model: str) -> list[Explanation]:
    """An explanation for each side on which a design is broken.  It explains the first broken scenario."""
    asked = matrix.asked
    design = asked.designs[number]
    lowering, texts = Lowering(design), listing(design)
    table = primitives_of(asked, design, model)
    explanations = []
    for side in asked.sides:
        finding = next(iter(matrix.cells[number, model, side].broken), None)
        if finding is None:
            continue
        family = next(f for f in families([finding.shape]) if f.roles == finding.roles)
        for scenario in family.scenarios((side,), design.migrates):
            listed = scenario.listing(texts)
            compiled = model_of(model, table)
            asking = partial(_asked, asked, lowering, listed, compiled, table)
            try:
                answer = limited(asked, f"{design.title} in {scenario.title}", model, asking)
            except Unfinished:
                continue  # there is no answer here, so another scenario of the family is the broken one
            if answer.witness is not None:
                found = story(answer.witness, compiled)
                sentence = NO_STORY if found is None else tale(found, listed, design).sentence
                explanations.append(Explanation(finding, sentence, listed, answer.witness, found))
                break
    return explanations


def _asked(asked: Asked, lowering: Lowering, scenario: Scenario, model: Model, table: Primitives) -> Answer:
    graph = unroll(lowering.program(scenario, table))
    return decide(graph, model, question(scenario), replace(asked.options, timeout=None))


def explain_waiting(matrix: Matrix, number: int, model: str) -> dict[str, Blocked]:
    """For each side that has one, an execution of the design's call that can never be completed."""
    asked = matrix.asked
    design = asked.designs[number]
    lowering, texts = Lowering(design), listing(design)
    table = primitives_of(asked, design, model)
    found: dict[str, Blocked] = {}
    for side in asked.sides:
        cell = matrix.cells[number, model, side]
        for scenario in scenarios_of_ends(design, (side,)) if cell.liveness.blocked is not None else ():
            listed = scenario.listing(texts)
            one = find_blocked(design, lowering, listed, model_of(model, table), table, asked.options, cell.stuck)
            if one is not None:
                found[side] = one
                break
    return found
