"""The lazy engine: Z3 chooses, the model judges, and what was wrong with the choice is learned.

Z3 sees only the choices (rf, co, paths, landing points, values) and the question.  Each solution is
evaluated under the model.  If an axiom is violated, a clause forbids the choices that the violation rests
on.  Few rounds are needed, because a clause forbids a cycle and not only one execution.
"""

from __future__ import annotations

from litmus import limits
from litmus.engine.answer import Answer, State
from litmus.engine.bounds import Bounds
from litmus.engine.clauses import FALSE, Solver
from litmus.engine.encoding import Encoding, Literal
from litmus.engine.exhaustive import state_order, undetermined, verdict_of
from litmus.engine.outcomes import Outcomes, failures
from litmus.engine.subsets import Subsets, choices_of, choices_to_pin, reason
from litmus.program.question import Question
from litmus.relation.evaluation import Plan

REASONS_A_ROUND = 4  # violated checks that are explained each time


class Lazy:
    """Answers a question by lazy refinement.

    The model must have no flags or assertions.  They are about all executions, and this engine looks at only some.
    """

    def __init__(self, bounds: Bounds, plan: Plan, question: Question) -> None:
        self.bounds = bounds
        self.plan = plan
        self.question = question
        self.encoding = Encoding(bounds, question, plan.coherent and plan.updates_in_order, plan.atomic)
        clauses = self.encoding.clauses
        self.cut = self.encoding.cut()
        self.astray = self.encoding.astray()
        self.undetermined = self.encoding.undetermined()
        self.formula = self.encoding.formula(question.formula)
        self.complete = -self.cut
        if question.filter is not None:
            self.complete = clauses.all_of((self.complete, self.encoding.formula(question.filter)))
        self.solver = Solver(clauses)
        self.pinned = {check: choices_to_pin(plan.model, check, bounds) for check in plan.model.checks}

    def find(self, *assumptions: Literal) -> Outcomes | None:
        """A consistent execution that satisfies the assumptions, or None if there is none."""
        while True:
            solution = self.solver.solve(assumptions)
            if solution is None:
                return None
            selection = self.encoding.selection(solution)
            choices = choices_of(self.encoding, selection)
            candidates = Subsets(self.bounds, choices, 1, [1] * len(choices))
            checks = self.plan.model.checks
            violated = [c for c, f in zip(checks, failures(candidates, self.plan, checks), strict=True) if f]
            if not violated:
                outcomes = Outcomes(candidates, self.question)
                cut = any(candidates.guards[g] for g in self.bounds.graph.cuts)
                if not candidates.determined() or not (cut or outcomes.determined()):
                    raise undetermined(candidates, 1)
                return outcomes
            for check in violated[:REASONS_A_ROUND]:
                pinned = self.pinned[check]
                if pinned is not None:
                    literals = reason(self.bounds, self.plan, check, choices, pinned)
                else:
                    literals = [literal for literal, _ in choices]
                self.encoding.clauses.add(*(-x for x in literals))

    def answer(self, known: Answer | None, limit: int | None, budget: float | None, flags: tuple[str, ...]) -> Answer:
        """The verdict, and up to `limit` states found within `budget` seconds (limit None: no states).

        known: an answer that says whether some execution satisfies the proposition, or None.
        flags: the flags that every execution has.
        """
        found = []
        if self.astray != FALSE:
            self.find(self.astray)  # raises the error if there is such an execution
        if known is None:
            satisfying = self.find(self.complete, self.formula)
            found.append(satisfying)
            witness = satisfying.execution(1) if satisfying is not None else None
        else:
            witness = known.witness
        refuting = self.find(self.complete, -self.formula)
        found.append(refuting)
        if self.undetermined != FALSE:
            self.find(self.undetermined)  # raises Unsupported if there is such an execution
        bound_reached = bool(self.bounds.graph.cuts) and self.find(self.cut) is not None
        executes = witness is not None or refuting is not None
        complete = executes or (self.question.filter is not None and self.find(-self.cut) is not None)
        states: tuple[State, ...] | None = ()
        if executes:
            outcomes = [o for o in found if o is not None]
            states = None if limit is None else limits.attempt(lambda: self._states(outcomes, limit), budget)
        return Answer(
            verdict=verdict_of(witness is not None, refuting is not None),
            places=self.question.places[: self.question.shown],
            states=states,
            positive=None,
            negative=None,
            flags=flags if executes else (),
            witness=witness,
            bound_reached=bound_reached,
            method="z3",
            complete=complete,
        )

    def _states(self, known: list[Outcomes], limit: int) -> tuple[State, ...] | None:
        """All final states, or None if there are more than `limit`."""
        states: set[State] = set()
        pending = known
        while True:
            for outcome in pending:
                state = outcome.execution(1).state
                states.add(state)
                literals = [self.encoding.place_is(i, v) for i, v in enumerate(state)]
                self.encoding.clauses.add(-self.complete, *(-x for x in literals))
            if len(states) > limit:
                return None
            another = self.find(self.complete)
            if another is None:
                return tuple(sorted(states, key=state_order))
            pending = [another]
