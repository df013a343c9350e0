"""The second engine: every candidate execution in turn, judged by the definition of the model.

This engine is slow but simple: `litmus check --engine enumerate` and the tests ask it for a second opinion.
It shares the code of the program and the operators on values with the first engine: neither the event graph nor any
evaluation.
Executions are left out only if a check of the model already forbids some of their choices, whatever the others are
(litmus.oracle.monotony).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import product

from msgspec.structs import replace

from litmus.algebra.dag import Model
from litmus.algebra.names import Rests
from litmus.diagnostics import Diagnostic, Unsupported
from litmus.engine.answer import Answer, Execution, State, Verdict
from litmus.oracle.algebra import Definitions, Meaning, holds
from litmus.oracle.algebra import Value as CatValue
from litmus.oracle.base import CandidateFacts, events_of, starting_from
from litmus.oracle.executions import (
    READING,
    WRITING,
    Candidate,
    Code,
    Way,
    candidates,
    evaluated,
    is_message,
    misplaced,
)
from litmus.oracle.monotony import refuting
from litmus.oracle.paths import Event, Extent
from litmus.oracle.registers import refuse
from litmus.program.astray import astray
from litmus.program.code import RegisterType
from litmus.program.graph import Block, EventTable, Unrolling
from litmus.program.graph import Event as GraphEvent
from litmus.program.guards import ALWAYS
from litmus.program.question import Question
from litmus.program.question import holds as satisfies
from litmus.program.values import Address, Value

UNDETERMINED = (
    "the model allows an execution in which a value depends on itself, or is computed from an address in a way that "
    "has no meaning, or an access is to no variable: final values are not determined"
)


class Judge:
    """A model, and what it says of candidate executions."""

    def __init__(self, model: Model) -> None:
        self.model = model
        self.definitions = Definitions(model)
        # A node that rests on none of these has the same value in all candidates of a way.
        changing = Rests.READS | Rests.ORDERS | Rests.VALUES | Rests.OPTIONS
        self.of_static_way = self._without(changing)
        self.of_way = self._without(changing | Rests.ADDRESSES)
        self.of_reads = self._without(Rests.ORDERS | Rests.OPTIONS)  # likewise, in all of the same way and rf
        self.way: Way | None = None
        self.rf: Mapping[int, int] | None = None
        self.known: dict[int, CatValue] = {}
        self.refuting = {pending: refuting(self.definitions, pending) for pending in (READING, WRITING)}

    def meanings(self, candidate: Candidate) -> Iterator[tuple[Model, Meaning]]:
        """The values of the model's relations in a candidate, for every way to make the model's choices.

        A model that depends on the test is compiled for the candidate.
        """
        if self.model.recipe is not None:
            compiled = self.model.recipe.compile(CandidateFacts(candidate, self.model.level))
            yield from Judge(compiled).meanings(candidate)
            return
        for options in product(*map(range, self.model.choices)):
            given = starting_from(candidate, self.model.level, options)
            meaning = Meaning(self.definitions, events_of(given), given, self._known(candidate))
            yield self.model, meaning
            self._learn(meaning)

    def refutes(self, partial: Candidate) -> bool:
        """Whether the model forbids all executions that have the choices of `partial`."""
        checks = self.refuting[partial.pending]
        if not checks:
            return False
        given = starting_from(partial, self.model.level)
        meaning = Meaning(self.definitions, events_of(given), given, self._known(partial))
        refuted = any(holds(check.predicate, meaning.value(check.node)) is check.negated for check in checks)
        self._learn(meaning)
        return refuted

    def _without(self, changing: Rests) -> list[bool]:
        """For each node, whether it can be kept for candidates that differ only in these choices."""
        definitions = self.definitions
        return [
            not rests & changing and not is_open
            for rests, is_open in zip(definitions.rests, definitions.open, strict=True)
        ]

    def _known(self, candidate: Candidate) -> dict[int, CatValue]:
        """The values of nodes that are the same as in the previous candidate."""
        if candidate.way is not self.way:
            self.known = {}
        elif candidate.rf is not self.rf:
            kept = self.of_static_way if candidate.way.taken.static else self.of_way
            self.known = {i: v for i, v in self.known.items() if kept[i]}
        self.way, self.rf = candidate.way, candidate.rf
        return self.known

    def _learn(self, meaning: Meaning) -> None:
        self.known = {i: v for i, v in meaning.known.items() if self.of_reads[i]}

    def verdicts(self, candidate: Candidate) -> Iterator[frozenset[str] | None]:
        """The flags of a candidate, or None if a check rejects it; once for every way to make the model's choices."""
        for model, meaning in self.meanings(candidate):
            yield _flags(model, meaning)


def _flags(model: Model, meaning: Meaning) -> frozenset[str] | None:
    """The flags of an execution, or None if a check rejects it.

    The checks are done in the order of the model.  Raises Unsupported if an assertion fails.
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


def gone_astray(candidate: Candidate) -> Diagnostic | None:
    """What is wrong with an access of a candidate that is to no cell; None if there is no such access."""
    taken = candidate.way.taken
    for _, event in sorted(taken.events.items()):
        if event.kind != "F":
            address = evaluated(event.address, candidate.values)
            if isinstance(address, int):
                return astray(taken.extent.program, recorded(event), lambda expr: evaluated(expr, candidate.values))
            if address is not None and (wrong := misplaced(taken, event, address)) is not None:
                return wrong
    return None


def spelled(value: Value, kind: RegisterType) -> Value:
    """A value as a place of that width and sign shows it."""
    if isinstance(value, Address):
        return value
    size = 1 << 8 * kind.size
    value %= size
    return value - size if kind.signed and value >= size // 2 else value


def final_state(candidate: Candidate, question: Question) -> tuple[Value, ...] | None:
    """The final values of all places of a question; None if one of them is not determined."""
    taken = candidate.way.taken
    state = []
    for place, kind in zip(question.places, question.types, strict=True):
        value: Value | None
        if place.thread is None:
            size = taken.extent.program.variables[place.name].size
            cell = Address(place.name, (place.cell or 0) * size)
            last = next(order for order in candidate.co if order[0] == taken.cells[cell])[-1]
            value = candidate.values.get(last)
        else:
            known = taken.paths[place.thread].registers.get(place.name)
            value = evaluated(0 if known is None else known.value, candidate.values)
        if value is None:
            return None
        state.append(spelled(value, kind))
    return tuple(state)


def described(candidate: Candidate, state: State) -> Execution:
    """A candidate in the form that answers have."""
    taken = candidate.way.taken
    return Execution(
        graph=events_of_way(candidate.way),
        executed=sum(1 << e for e in candidate.way.executed),
        rf=candidate.rf,
        co=tuple(o for o in candidate.co if not is_message(taken.events[o[0]].address)),
        values=candidate.values,
        addresses=candidate.addresses,
        order=candidate.way.order,
        state=state,
    )


def events_of_way(way: Way) -> EventTable:
    """The events of one way through the program."""
    taken = way.taken
    extent = taken.extent
    pairs = {name: tuple(sorted(taken.relations.get(name, ()))) for name in ("update", "amo", "single", "lxsx")}
    return EventTable(
        program=extent.program,
        unrolling=Unrolling(extent.bound, extent.near, extent.exchange, extent.idle, observed=extent.observed),
        events=tuple([recorded(taken.events[number]) for number in range(len(taken.events))]),
        blocks=tuple([Block(block.thread, 0, sum(1 << e for e in block.events)) for block in taken.blocks.values()]),
        updates=pairs["update"],
        amo=pairs["amo"],
        single=pairs["single"],
        lxsx=dict.fromkeys(pairs["lxsx"], ALWAYS),
    )


def recorded(event: Event) -> GraphEvent:
    """An event as a graph has it."""
    return GraphEvent(
        event.number, event.thread, event.kind, 0, event.address, event.value, event.size, event.tags, event.span,
        event.held,
    )  # fmt: skip


# ---------------------------------------------------------------- answers


def enumerated(extent: Extent, model: Model, question: Question, states: bool) -> Answer:
    """The answer to a question, by enumeration of all candidate executions.

    Counts the executions, and lists the final states if `states` is true.  Raises Unsupported if the model allows an
    execution that has no final state, InputError for an access outside every variable.
    """
    judge = Judge(model)
    code = Code(seen_by(model, extent))
    return judged(judge, candidates(code, judge.refutes), question, states)


def seen_by(model: Model, extent: Extent) -> Extent:
    """The same executions with their register level, if the model sees it.  Raises Unsupported if they have none."""
    if not model.level.needs_registers(extent.program.notation == "machine"):
        return extent
    refuse(extent.program)
    return replace(extent, records=True)


def judged(judge: Judge, executions: Iterable[Candidate], question: Question, states: bool) -> Answer:
    """The answer that follows from `executions`, which must contain every execution that the model may allow.

    Raises what `enumerated` raises.
    """
    found: set[State] = set()
    flags: set[str] = set()
    witness: Execution | None = None
    bound_reached = complete = undetermined = False
    positive = negative = 0
    for candidate in executions:
        accepted = [flagged for flagged in judge.verdicts(candidate) if flagged is not None]
        if not accepted:
            continue
        if not candidate.determined:
            wrong = gone_astray(candidate)
            if wrong is not None:
                raise wrong
            undetermined = True
            continue
        if candidate.way.taken.is_cut():
            bound_reached = True
            continue
        complete = True
        state = final_state(candidate, question)
        if state is None:
            undetermined = True
            continue
        value: Callable[[int], Value] = state.__getitem__
        if question.filter is not None and not satisfies(question.filter, value):
            continue
        flags = flags.union(*accepted)
        shown = state[: question.shown]
        found.add(shown)
        if satisfies(question.formula, value):
            positive += len(accepted)
            witness = witness or described(candidate, shown)
        else:
            negative += len(accepted)
    if undetermined:
        raise Unsupported(UNDETERMINED)
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
        complete=complete,
    )


def verdict(positive: int, negative: int) -> Verdict:
    """herd's Observation, from how many executions satisfy the proposition and how many refute it."""
    if positive == 0:
        return Verdict.NEVER
    return Verdict.ALWAYS if negative == 0 else Verdict.SOMETIMES


def _in_order(state: State) -> list[tuple[bool, object]]:
    """Numbers by value, then addresses by name."""
    return [(isinstance(value, Address), value) for value in state]
