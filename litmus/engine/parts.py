"""Models that depend on the test: decided path by path.

One path through each thread fixes which events execute.  It also fixes every relation that does not
depend on rf, co, values or the places of blocks.  The model is compiled for each such path.  The executions
on the path are decided as under any other model, and the answers for all paths are put together.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from msgspec.structs import replace

from litmus.algebra.dag import Level, Model
from litmus.algebra.names import Rests, base_name
from litmus.algebra.operators import Kind
from litmus.diagnostics import Unsupported
from litmus.engine.answer import Answer, State, Verdict
from litmus.engine.base import Base, unsettled
from litmus.engine.bounds import Bounds
from litmus.engine.candidates import Candidates, Slices
from litmus.engine.exhaustive import state_order, verdict_of
from litmus.engine.registers import RegisterBase
from litmus.program.graph import Assumption, EventGraph
from litmus.program.question import Negation, Question
from litmus.relation.evaluation import Given
from litmus.relation.sliced import SlicedSet

MAXIMUM_PATHS = 512

Decided = tuple[bool, ...]  # which way each decision goes; False where it is not made
Decide = Callable[[EventGraph, Model, Question], Answer]


def decide_by_paths(graph: EventGraph, model: Model, question: Question, limit: int | None, decide: Decide) -> Answer:
    """The answer of a model that is compiled for each path.

    limit: how many final states there may be in the answer, None for no states.  decide: answers a question
    under one compiled model.  Raises NeedsExecution if the path is not enough to know what the model means, and
    the errors of compiling and deciding.
    """
    bounds = Bounds(graph, coherent=False)
    answers = []
    recipe = model.recipe
    assert recipe is not None, "a model that is compiled for each path"
    models = [(decided, recipe.compile(PathFacts(bounds, decided, model.level))) for decided in paths(graph)]
    for decided, of_path in models:
        part = _part(graph, decided)
        answer = decide(part, of_path, question)
        refuted = answer.verdict is Verdict.SOMETIMES or bool(answer.negative)
        if answer.verdict is Verdict.NEVER and answer.negative is None:
            opposite = decide(part, of_path, replace(question, formula=Negation(question.formula)))
            refuted = opposite.verdict is not Verdict.NEVER
        answers.append((answer, refuted))
    return _together(answers, graph, limit)


def paths(graph: EventGraph) -> Iterator[Decided]:
    """Every combination of decisions, except those in which exchanged accesses have a circular order."""
    guards = graph.guards
    circles: dict[int, list[int]] = {}  # the last decision of a circular order -> its guards
    orders = sum(1 << d for d in set(graph.exchanges.values()))
    for assumption in graph.assumptions if orders else ():
        if assumption.condition == 0 and guards.decisions(assumption.guard) & orders:
            circles.setdefault(guards.nodes[assumption.guard][0], []).append(assumption.guard)
    found: list[Decided] = [()]
    for d, decision in enumerate(graph.decisions):
        made = [guards.holds(decision.guard, decided) for decided in found]
        found = [(*past, way) for past, r in zip(found, made, strict=True) for way in ((False, True)[: 1 + r])]
        found = [f for f in found if not any(guards.holds(circle, f) for circle in circles.get(d, ()))]
        if len(found) > MAXIMUM_PATHS:
            raise Unsupported(f"the model depends on the paths of the test, and there are more than {MAXIMUM_PATHS}")
    yield from found


def on_path(bounds: Bounds, decided: Decided) -> Candidates:
    """One candidate: the decisions of a path are made in it, and no other choice is."""
    slices = Slices(1, [(0, 1) if way else (1, 0) for way in decided])
    slices.source = {r: [0] * len(sources) for r, sources in bounds.sources.items()}
    slices.chosen = [[0] * options for options in bounds.choices]
    return Candidates(bounds, slices)


def _part(graph: EventGraph, decided: Decided) -> EventGraph:
    """The graph with only its executions on one path: assumptions drop the others."""
    guards, assumptions = graph.guards, list(graph.assumptions)
    for d, decision in enumerate(graph.decisions):
        if guards.holds(decision.guard, decided):
            assumptions.append(Assumption(0, guards.both(decision.guard, guards.literal(d, not decided[d]))))
    return replace(graph, assumptions=tuple(assumptions))


def _together(answers: list[tuple[Answer, bool]], graph: EventGraph, limit: int | None) -> Answer:
    """One answer for all executions, from the answers for the paths.

    Each answer comes with a bool: whether some execution on that path refutes the proposition.
    """
    first = answers[0][0]
    parts = [answer for answer, _ in answers]
    states: tuple[State, ...] | None = None
    if all(answer.states == () for answer in parts):
        states = ()
    elif limit is not None and all(answer.states is not None for answer in parts):
        found = {state for answer in parts for state in answer.states or ()}
        states = tuple(sorted(found, key=state_order)) if len(found) <= limit else None
    counted = all(answer.positive is not None for answer in parts)
    witness = next((answer.witness for answer in parts if answer.witness is not None), None)
    return replace(
        first,
        verdict=verdict_of(
            any(answer.verdict is not Verdict.NEVER for answer in parts), any(refuted for _, refuted in answers)
        ),
        states=states,
        positive=sum(answer.positive or 0 for answer in parts) if counted else None,
        negative=sum(answer.negative or 0 for answer in parts) if counted else None,
        flags=tuple(sorted({flag for answer in parts for flag in answer.flags})),
        witness=None if witness is None else replace(witness, graph=graph),
        bound_reached=any(answer.bound_reached for answer in parts),
        complete=any(answer.complete for answer in parts),
        method="z3" if any(answer.method == "z3" for answer in parts) else first.method,
    )


class PathFacts:
    """What is known of the executions on a path (litmus.algebra.dag.Facts)."""

    def __init__(self, bounds: Bounds, decided: Decided, level: Level) -> None:
        base = Base(on_path(bounds, decided))
        self.known: Given = base
        universe = base.candidates.universe
        if bounds.graph.registers is not None:
            registers = RegisterBase(base, level)
            self.known, universe = registers, registers.universe
        self.size = universe.n
        self.events = sum(1 << e for e, x in enumerate(universe.executes) if x) & universe.everything
        self.open = unsettled(bounds)

    def base(self, name: str, kind: Kind) -> int | tuple[int, ...] | None:
        """See litmus.algebra.dag.Facts."""
        if base_name(name).rests & self.open:
            return None
        value = self.known[name]
        if isinstance(value, SlicedSet):
            return _mask(value)
        rows = list(value.must)
        for e, columns in value.open.items():
            rows[e] |= sum(1 << f for f in columns)
        return tuple(rows)

    def place(self, variable: str) -> int | None:
        """See litmus.algebra.dag.Facts."""
        return None if Rests.ADDRESSES & self.open else _mask(self.known.place(variable))


def _mask(events: SlicedSet) -> int:
    """The events of a set, in the one candidate there is."""
    return events.must | sum(1 << e for e in events.open)
