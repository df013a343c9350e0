"""The exhaustive engine: all candidates at once, for tests with few enough of them.

It is exact for every model that the language can express, also with negation, with recursion that is
not monotone, and with sets that depend on the execution.  It counts executions.
"""

from __future__ import annotations

from functools import partial

from litmus.diagnostics import Diagnostic, Unsupported
from litmus.engine.answer import Answer, State, Verdict
from litmus.engine.bounds import Bounds
from litmus.engine.candidates import Candidates
from litmus.engine.every import Every
from litmus.engine.outcomes import Outcomes, failures
from litmus.program.astray import astray
from litmus.program.question import Question
from litmus.program.values import Address
from litmus.relation.evaluation import Plan

UNDETERMINED = (
    "the model allows an execution in which a value depends on itself, or is computed from an address in a way that "
    "has no meaning, or an access is to no variable: final values are not determined"
)


def undetermined(candidates: Candidates, where: int) -> Diagnostic:
    """The error for candidates that have no final values.  If an access is to no cell, the error is about that."""
    graph = candidates.graph
    for (e, address), error in candidates.bounds.outside.items():
        reached = candidates.value(graph.events[e].address).get(address, 0)
        if reached & candidates.executes[e] & where:
            return error
    for e in candidates.bounds.dynamic:
        for v, s in candidates.value(graph.events[e].address).items():
            one = s & candidates.executes[e] & where
            if isinstance(v, int) and one:
                return astray(graph.program, graph.events[e], partial(candidates.value_in, candidate=one & -one))
    return Unsupported(UNDETERMINED)


class Exhaustive:
    """Evaluates a model over all candidates within bounds and answers a question about the consistent ones.

    complete: the slice of the executions that the model allows, that satisfy the filter, and in which no
    loop was cut.  is_complete: whether there is such an execution, when the filter is ignored.
    """

    def __init__(self, bounds: Bounds, plan: Plan, question: Question) -> None:
        self.question = question
        candidates = Every(bounds)
        self.flagged: dict[str, int] = {}
        consistent = self._consistent(candidates, plan)
        stray = consistent & ~candidates.determined()
        if stray:
            raise undetermined(candidates, stray)
        cut = 0
        for guard in bounds.graph.cuts:
            cut |= candidates.guards[guard]
        self.bound_reached = bool(consistent & cut)
        self.complete = consistent & ~cut
        self.is_complete = self.complete != 0
        self.outcomes = Outcomes(candidates, question)
        if self.complete & ~self.outcomes.determined():
            raise Unsupported(UNDETERMINED)
        if question.filter is not None:
            self.complete &= self.outcomes.holds(question.filter)

    def _consistent(self, candidates: Every, plan: Plan) -> int:
        """The valid candidates that no check of the model rejects.  Also records which candidates are flagged."""
        consistent = candidates.valid
        if not consistent:
            return 0
        checks = plan.model.checks
        for check, fails in zip(checks, failures(candidates, plan, checks), strict=True):
            if check.effect == "check":
                consistent &= ~fails
            elif check.effect == "flag":
                self._flag(check.name or "", candidates.full & ~fails)
            elif check.effect == "undefined_unless":
                self._flag("*undef*", fails)
            elif fails & consistent:
                raise Unsupported(f"assertion {check.name or 'without a name'} of the model fails", check.span)
        return consistent

    def _flag(self, name: str, where: int) -> None:
        self.flagged[name] = self.flagged.get(name, 0) | where

    def states(self, limit: int) -> tuple[State, ...] | None:
        """The final states of the complete executions, sorted; None if there are more than `limit`."""
        found: dict[State, int] = {(): self.complete} if self.complete else {}
        for values in self.outcomes.places[: self.question.shown]:
            found = {(*state, v): s & t for state, s in found.items() for v, t in values.items() if s & t}
            if len(found) > limit:
                return None
        return tuple(sorted(found, key=state_order))

    def answer(self, limit: int | None, witness: bool) -> Answer:
        """The answer, with at most `limit` states (None: without states), and with a witness if `witness` is true."""
        satisfying = self.complete & self.outcomes.holds(self.question.formula)
        positive = satisfying.bit_count()
        negative = self.complete.bit_count() - positive
        return Answer(
            verdict=verdict_of(positive > 0, negative > 0),
            places=self.question.places[: self.question.shown],
            states=None if limit is None else self.states(limit),
            positive=positive,
            negative=negative,
            flags=tuple(sorted(name for name, s in self.flagged.items() if s & self.complete)),
            witness=self.outcomes.execution(satisfying) if satisfying and witness else None,
            bound_reached=self.bound_reached,
            method="executions",
            complete=self.is_complete,
        )


def state_order(state: State) -> tuple[tuple[bool, object], ...]:
    """The key that sorts states: numbers by value, as herd sorts them, and after them addresses by name."""
    return tuple((isinstance(v, Address), v) for v in state)


def verdict_of(positive: bool, negative: bool) -> Verdict:
    """herd's Observation: Never if nothing satisfies, Always if nothing refutes, else Sometimes."""
    if not positive:
        return Verdict.NEVER
    return Verdict.SOMETIMES if negative else Verdict.ALWAYS
