"""Deciding: which engine answers a question, and with how much effort."""

from __future__ import annotations

import sys
import time

from msgspec.structs import replace

from litmus.algebra.dag import Model, NeedsExecution
from litmus.diagnostics import NoAnswer
from litmus.engine.answer import Answer, Verdict
from litmus.engine.bounds import Bounds
from litmus.engine.coherence import demands_atomicity, demands_coherence, demands_updates_in_order
from litmus.engine.exhaustive import Exhaustive
from litmus.engine.omission import may_leave_out
from litmus.engine.options import Options
from litmus.limits import attempt, within
from litmus.program.build import with_idle_rounds, with_registers
from litmus.program.graph import EventGraph
from litmus.program.question import Conjunction, Equal, Question
from litmus.program.values import ReadOf, Value
from litmus.relation.evaluation import Plan

EXHAUSTIVE_LIMIT = 1 << 16  # candidates; benchmarks/engines.py shows where Z3 takes over
EXHAUSTIVE_STATES_LIMIT = 1 << 19  # likewise, where all states are to be listed
FEW = 1 << 10  # so few candidates are evaluated at once without looking at the clock
MANY = 1 << 22  # so many are not, even if Z3 is slow
MOST_WORDS = 1 << 20  # of one relation, 8 MB; a model has some dozens of them
PATIENCE = 5.0  # seconds after which an engine hands over to the other one
STATES_LIMIT = 10_000
STATES_SECONDS = 2.0


class Unfinished(NoAnswer):
    """No execution was followed to its end: each is still in a loop, or never leaves one."""


def plan_of(model: Model) -> Plan:
    """The prepared form of a model.  It is made once, and kept with the model."""
    return model.once(_prepared)


def _prepared(model: Model) -> Plan:
    return Plan(model, demands_coherence(model), demands_updates_in_order(model), demands_atomicity(model))


def decide(graph: EventGraph, model: Model, question: Question, options: Options) -> Answer:
    """The answer to a question about a program's executions under a model.

    If a test has few candidate executions, all of them are evaluated at once.  In a larger test, those that
    the proposition demands are evaluated first, if they are few.  Z3 decides what is left.  An engine that has
    no answer after some seconds hands over to the other one, where that one fits into memory.
    Raises NoAnswer when the time is up, Unfinished if every execution was cut at the bound of a loop,
    Unsupported for what has no answer here, InputError if the test turns out to be wrong (an access outside
    every variable).
    """
    return within(
        None if options.timeout is None else time.monotonic() + options.timeout,
        lambda: f"no answer within {options.timeout:g} s",
        lambda: _answer(graph, model, question, options),
    )


def never_leaves(graph: EventGraph) -> Unfinished:
    """The error to raise if every execution ends in a loop that some thread never leaves."""
    waits = sorted({(wait.thread, wait.span.start): wait for wait in graph.waits}.items())
    (_, first), *others = waits
    said = f"P{first.thread} never leaves this loop"
    for _, wait in others:
        said += f", or P{wait.thread} that of line {wait.span.source.position(wait.span.start)[0]}"
    hint = "no other thread makes its condition come true, so there is no final state"
    return Unfinished(f"in every execution, {said}" if others else said, first.span, hint)


def unfinished(graph: EventGraph) -> Unfinished:
    """The error to raise if every execution was cut.  It says in which loops that may be, and what to try."""
    first, *others = sorted(graph.cuts.values(), key=lambda span: span.start)
    lines = dict.fromkeys(span.source.position(span.start)[0] for span in others if span.start != first.start)
    bound = graph.unrolling.bound
    rounds = f"{bound} round{'s' * (bound != 1)}"
    if lines:
        which = f"a loop after {rounds}: this one, or that of line {' or '.join(map(str, lines))}"
    else:
        which = f"this loop after {rounds}"
    hint = f"--unroll {bound + 1} follows loops further; if no execution ends them, there is no final state"
    return Unfinished(f"every execution is still in {which}", first, hint)


def _answer(graph: EventGraph, model: Model, question: Question, options: Options) -> Answer:
    if model.level.needs_registers(graph.program.notation == "machine"):
        graph = with_registers(graph)
    elif graph.waits and not may_leave_out(model, graph, graph.left):
        graph = with_idle_rounds(graph, "followed")
    answer = _asked(graph, model, question, options)
    if graph.waits:
        answer = replace(answer, positive=None, negative=None, idle_left_out=True)
    if not answer.complete:
        if answer.bound_reached:
            raise unfinished(graph)
        if graph.waits and _asked(with_idle_rounds(graph, "cut"), model, question, options).bound_reached:
            raise never_leaves(graph)
    return answer


def _asked(graph: EventGraph, model: Model, question: Question, options: Options) -> Answer:
    if options.engine == "enumerate":
        from litmus.oracle.enumeration import enumerated
        from litmus.oracle.paths import extent_of

        return enumerated(extent_of(graph), model, question, options.states != "none")
    limit = {"none": None, "auto": STATES_LIMIT, "all": sys.maxsize}[options.states]
    if model.recipe is None:
        return _decided(graph, plan_of(model), question, options, limit)
    from litmus.engine.parts import decide_by_paths
    from litmus.oracle.enumeration import enumerated
    from litmus.oracle.paths import extent_of

    def decide_part(part: EventGraph, of_part: Model, asked: Question) -> Answer:
        return _decided(part, _prepared(of_part), asked, options, limit)

    try:
        return decide_by_paths(graph, model, question, limit, decide_part)
    except NeedsExecution:  # only one execution at a time says what the model means
        return enumerated(extent_of(graph), model, question, limit is not None)


def _decided(graph: EventGraph, plan: Plan, question: Question, options: Options, limit: int | None) -> Answer:
    """The answer under a compiled model, with up to `limit` states (None: without states)."""
    bounds = Bounds(graph, plan.coherent, choices=plan.model.choices)

    def all_at_once() -> Answer:
        return Exhaustive(bounds, plan, question).answer(limit, options.witness)

    if options.engine != "auto":
        return _lazily(bounds, plan, question, options, limit)
    count = bounds.candidates()
    if count <= FEW:
        return all_at_once()
    fits = count <= MANY and bounds.words(count) <= MOST_WORDS
    few = count <= (EXHAUSTIVE_LIMIT if limit is None else EXHAUSTIVE_STATES_LIMIT)
    if fits and few:
        return attempt(all_at_once, PATIENCE) or _lazily(bounds, plan, question, options, limit)
    if fits:
        return attempt(lambda: _lazily(bounds, plan, question, options, limit), PATIENCE) or all_at_once()
    return _lazily(bounds, plan, question, options, limit)


def _lazily(bounds: Bounds, plan: Plan, question: Question, options: Options, limit: int | None) -> Answer:
    """The answer by Z3, or by all candidates at once if few are left when the proposition is taken into account."""
    graph = bounds.graph
    flags: tuple[str, ...] = ()
    if any(check.effect != "check" for check in plan.model.checks):
        from litmus.engine.flags import flags_of_all, without_flags

        flags = flags_of_all(bounds, plan)
        plan = without_flags(plan)
    known: Answer | None = None
    if options.engine == "auto":
        known = _narrowed(graph, plan, question)
        if known is not None and known.verdict is Verdict.NEVER and limit is None and not flags and known.complete:
            return known
    from litmus.engine.lazy import Lazy

    budget = STATES_SECONDS if options.states == "auto" else None
    return Lazy(bounds, plan, question).answer(known, limit, budget, flags)


def _narrowed(graph: EventGraph, plan: Plan, question: Question) -> Answer | None:
    """The answer for the executions in which reads return what the proposition demands of registers.

    If no execution satisfies the proposition, the verdict is Never; else there is a witness.  The answer does not
    tell whether some execution refutes the proposition.  None if the proposition demands nothing of registers, if
    a loop is cut on some path, or if too many candidates are left.
    """
    if graph.cuts:
        return None
    demanded: dict[int, Value] = {}
    parts = question.formula.operands if isinstance(question.formula, Conjunction) else (question.formula,)
    for part in parts:
        if isinstance(part, Equal) and question.places[part.place].thread is not None:
            place = question.places[part.place]
            assert place.thread is not None
            leaves = graph.leaves[place.thread]
            expr = leaves[0].registers.get(place.name, 0) if len(leaves) == 1 else 0
            kind = question.types[part.place]
            if isinstance(expr, ReadOf) and kind.signed and graph.events[expr.event].size <= kind.size:
                demanded[expr.event] = part.value
    if not demanded:
        return None
    bounds = Bounds(graph, plan.coherent, demanded, plan.model.choices)
    if bounds.candidates() > EXHAUSTIVE_LIMIT:
        return None
    answer = Exhaustive(bounds, plan, question).answer(None, witness=True)
    return replace(answer, positive=None, negative=None)
