"""The second engine: every candidate execution in turn, judged by the definition of the model.

Slow, and for that reason trusted: `litmus check --engine enumerate` and the tests ask it for a second opinion.
It shares the event graph with the first engine, and the operators on values, but none of its evaluation.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from itertools import product

from litmus.cat.dag import Model, choice_of
from litmus.diagnostics import Diagnostic, NoAnswer, Unsupported
from litmus.engine.answer import Answer, Execution, State, Verdict
from litmus.oracle.algebra import Definitions, Meaning, holds
from litmus.oracle.algebra import Value as CatValue
from litmus.oracle.base import CandidateFacts, events_of, starting_from
from litmus.oracle.executions import Candidate, Way, candidates, evaluated, misplaced, reached
from litmus.program.code import RegisterType
from litmus.program.graph import EventGraph
from litmus.program.question import Question
from litmus.program.question import holds as satisfies
from litmus.program.registers import register_events
from litmus.program.values import Address, Value

UNDETERMINED = (
    "the model allows an execution in which a value depends on itself, or is computed from an address in a way that "
    "has no meaning, or an access is to no variable: final values are not determined"
)


class Judge:
    """A model, and what it says of the candidate executions of one graph."""

    def __init__(self, graph: EventGraph, model: Model) -> None:
        self.graph = graph
        self.model = model
        self.definitions = Definitions(model)
        self.registers = register_events(graph) if model.catdep else None
        # What is computed from these only is the same in all candidates of one way, if addresses are constants.
        changing = {"rf", "co", "FW", "same-value"}
        if any(e.kind != "F" and not isinstance(e.address, Address) for e in graph.events):
            changing |= {"loc", "same-low-order-bits"}
        self.fixed = [
            not names & changing and not any(name[0] in "?@" for name in names) for names in self.definitions.names
        ]
        self.way: Way | None = None
        self.known: dict[int, CatValue] = {}

    def meanings(self, candidate: Candidate) -> Iterator[tuple[Model, Meaning]]:
        """The values of the model's relations in a candidate, for every way to make the model's choices.

        A model that depends on the test is compiled for the candidate.
        """
        if self.model.recipe is not None:
            compiled = self.model.recipe.compile(CandidateFacts(self.graph, candidate, None))
            yield from Judge(self.graph, compiled).meanings(candidate)
            return
        if candidate.way is not self.way:
            self.way = candidate.way
            self.known = {}
        for options in product(*map(range, self.model.choices)):
            base = self.base_of(candidate, options)
            meaning = Meaning(self.definitions, events_of(base), base, self.known)
            yield self.model, meaning
            self.known = {i: v for i, v in meaning.known.items() if self.fixed[i] and not self.definitions.open[i]}

    def base_of(self, candidate: Candidate, options: tuple[int, ...]) -> Callable[[str], CatValue]:
        """The base sets and relations where the model's choices are made so."""
        base = starting_from(self.graph, candidate, self.registers)

        def with_choices(name: str) -> CatValue:
            if name[0] != "?":
                return base(name)
            choice, some = choice_of(name)
            if options[choice] not in some:
                return frozenset()
            events = events_of(base)
            return frozenset((e, f) for e in events for f in events)

        return with_choices

    def verdicts(self, candidate: Candidate) -> Iterator[frozenset[str] | None]:
        """For every way to make the model's choices: the flags of a candidate, or None if a check rejects it."""
        for model, meaning in self.meanings(candidate):
            yield _flags(model, meaning)


def _flags(model: Model, meaning: Meaning) -> frozenset[str] | None:
    """The flags of an execution, or None if a check rejects it.

    The checks are done in the order of the model.  Raises Unsupported where an assertion fails.
    """
    flags = set()
    for check in model.checks:
        passes = holds(check.predicate, meaning.value(check.node)) is not check.negated
        if check.effect == "check":
            if not passes:
                return None
        elif check.effect == "flag":
            if passes:
                flags.add(check.name or "")
        elif check.effect == "undefined_unless":
            if not passes:
                flags.add("*undef*")
        elif not passes:
            raise Unsupported(f"assertion {check.name or 'without a name'} of the model fails", check.span)
    return frozenset(flags)


# ---------------------------------------------------------------- final states


def undetermined(graph: EventGraph, candidate: Candidate) -> Diagnostic:
    """Why a candidate has no final values: an access outside all cells, if there is one."""
    for e in sorted(candidate.way.executed):
        event = graph.events[e]
        address = evaluated(event.address, candidate.values)
        if event.kind != "F" and isinstance(address, Address):
            wrong = misplaced(graph, event, address)
            if wrong is not None:
                return wrong
    return Unsupported(UNDETERMINED)


def spelled(value: Value, kind: RegisterType) -> Value:
    """A value as a place of that width and sign shows it."""
    if isinstance(value, Address):
        return value
    size = 1 << 8 * kind.size
    value %= size
    return value - size if kind.signed and value >= size // 2 else value


def final_state(graph: EventGraph, candidate: Candidate, question: Question) -> tuple[Value, ...]:
    """The final values of all the places of a question.  Raises Unsupported where one is not determined."""
    state = []
    for place, kind in zip(question.places, question.types, strict=True):
        value: Value | None
        if place.thread is None:
            size = graph.program.variables[place.name].size
            cell = Address(place.name, (place.cell or 0) * size)
            last = next(order for order in candidate.co if order[0] == graph.cells[cell])[-1]
            value = candidate.values.get(last)
        else:
            leaf = next(x for x in graph.leaves[place.thread] if reached(graph, x.guard, candidate.way.decided))
            value = evaluated(leaf.registers.get(place.name, 0), candidate.values)
        if value is None:
            raise Unsupported(UNDETERMINED)
        state.append(spelled(value, kind))
    return tuple(state)


def described(graph: EventGraph, candidate: Candidate, state: State) -> Execution:
    """A candidate in the form that answers have."""
    return Execution(
        graph=graph,
        executed=sum(1 << e for e in candidate.way.executed),
        rf=candidate.rf,
        co=tuple(o for o in candidate.co if _is_of_variable(graph, o[0])),
        values=candidate.values,
        addresses=candidate.addresses,
        order=candidate.way.order,
        state=state,
    )


def _is_of_variable(graph: EventGraph, initial: int) -> bool:
    address = graph.events[initial].address
    return isinstance(address, Address) and address.base[0] != "~"


# ---------------------------------------------------------------- answers


def enumerated(graph: EventGraph, model: Model, question: Question, states: bool, deadline: float | None) -> Answer:
    """The answer to a question, by enumeration of all candidate executions.

    Counts the executions; lists the final states if `states`.  Raises NoAnswer after `deadline` (of
    time.monotonic), Unsupported where the model allows an execution that has no final state, InputError for an
    access outside every variable.
    """
    judge = Judge(graph, model)
    found: set[State] = set()
    flags: set[str] = set()
    witness: Execution | None = None
    bound_reached = False
    positive = negative = 0
    for candidate in candidates(graph):
        accepted = []
        for flagged in judge.verdicts(candidate):
            if deadline is not None and time.monotonic() > deadline:
                raise NoAnswer("no answer within the time limit")
            if flagged is not None:
                accepted.append(flagged)
        if not accepted:
            continue
        if not candidate.determined:
            raise undetermined(graph, candidate)
        if any(reached(graph, guard, candidate.way.decided) for guard in graph.cuts):
            bound_reached = True
            continue
        state = final_state(graph, candidate, question)
        value: Callable[[int], Value] = state.__getitem__
        if question.filter is not None and not satisfies(question.filter, value):
            continue
        flags = flags.union(*accepted)
        shown = state[: question.shown]
        found.add(shown)
        if satisfies(question.formula, value):
            positive += len(accepted)
            witness = witness or described(graph, candidate, shown)
        else:
            negative += len(accepted)
    return Answer(
        verdict=verdict(positive, negative),
        places=question.places[: question.shown],
        states=tuple(sorted(found, key=_in_order)) if states else None,
        positive=positive,
        negative=negative,
        flags=tuple(sorted(flags)),
        witness=witness,
        bound_reached=bound_reached,
        method="enumeration",
    )


def verdict(positive: int, negative: int) -> Verdict:
    """herd's Observation, from how many executions satisfy the proposition and how many refute it."""
    if positive == 0:
        return Verdict.NEVER
    return Verdict.ALWAYS if negative == 0 else Verdict.SOMETIMES


def _in_order(state: State) -> list[tuple[bool, object]]:
    """Numbers by value, then addresses by name."""
    return [(isinstance(value, Address), value) for value in state]
