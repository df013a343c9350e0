"""Agreement: every engine gets the same question, and their answers are compared."""

from __future__ import annotations

from collections.abc import Iterator
from functools import reduce
from operator import or_

from cases import Case, case
from programs import TAGS, candidates_at_most, random_program, unrolled
from sources import random_source

from litmus.algebra.dag import Model
from litmus.deciding import decide
from litmus.diagnostics import Diagnostic, Unsupported
from litmus.engine import Answer, Options
from litmus.engine.coherence import demands_coherence
from litmus.engine.options import Engine
from litmus.oracle.recheck import is_execution
from litmus.program.graph import EventGraph
from litmus.program.values import Address, Expr, Op, ReadOf, variable_of
from litmus.relation.rows import transitive_closure

SECONDS = 60.0  # for one engine; what takes longer fails


def random_cases(arch: str, table: str | None, number: int, largest: int) -> Iterator[Case]:
    """Random texts for an architecture, without those that have more than `largest` candidates."""
    seed = 0
    while number:
        found = case(random_source(arch, seed), table, bound=1)
        seed += 1
        if candidates_at_most(found.graph) <= largest:
            number -= 1
            yield found


def random_programs(first: int, number: int, largest: int) -> Iterator[Case]:
    """Random programs that were not written in any notation, from seed `first` on."""
    seed = first
    while number:
        program, question = random_program(seed)
        graph = unrolled(program)
        seed += 1
        if graph is not None and candidates_at_most(graph) <= largest:
            number -= 1
            yield Case(f"random_program({seed - 1})", graph, question, TAGS)


def said(case: Case, model: Model, engine: Engine) -> Answer | str:
    """An engine's answer with all states, or the kind of error if there is no answer."""
    try:
        return decide(case.graph, model, case.question, Options(states="all", engine=engine, timeout=SECONDS))
    except Diagnostic as error:
        return type(error).__name__


def common(answer: Answer | str, counted: bool) -> object:
    """The part of an answer that must be the same for all engines.  `counted`: also the counts of executions."""
    if isinstance(answer, str):
        return answer
    counts = (answer.positive, answer.negative) if counted else ()
    return answer.verdict, answer.states, answer.flags, answer.bound_reached, *counts


def may_differ(case: Case, model: Model, engine: Engine) -> bool:
    """Whether an engine and enumeration may differ about there being an answer.

    Z3 looks only at some executions, so it has no answer about flags.
    An address may depend on itself through rf.  Then enumeration takes the address from rf, and the engines take it
    from what is stored without such a circle.  If the circle is within one thread, a model that demands coherence
    forbids it.  If it goes through several threads, the axioms on thin air have to.
    """
    flags = model.recipe is not None or any(check.effect != "check" for check in model.checks)
    if engine == "z3" and flags:
        return True
    # A recursive definition may come to rest in the candidates that enumeration looks at, but not in all candidates.
    if not all(recursion.monotone for recursion in model.recursions):
        return True
    dynamic = any(e.kind != "F" and not isinstance(e.address, Address) for e in case.graph.events)
    return dynamic and not demands_coherence(model) and _has_circle(case.graph)


def _has_circle(graph: EventGraph) -> bool:
    """Whether the address of some read may depend on the value of this read."""
    rows = [0] * len(graph.events)
    for r in graph.events:
        if r.kind == "R":
            rows[r.number] = _reads_in(r.address)
            for w in graph.events:
                if (w.kind == "W" and None in (a := {variable_of(r.address), variable_of(w.address)})) or len(a) == 1:
                    rows[r.number] |= _reads_in(w.address) | _reads_in(w.value)
    return any(row >> e & 1 for e, row in enumerate(transitive_closure(rows)))


def _reads_in(expr: Expr | None) -> int:
    """The mask of the reads that an expression is computed from."""
    if isinstance(expr, ReadOf):
        return 1 << expr.event
    return reduce(or_, map(_reads_in, expr.args), 0) if isinstance(expr, Op) else 0


def disagreement(case: Case, model: Model) -> str | None:
    """How the engines disagree about a test, None if they do not; witnesses are checked too."""
    reference = said(case, model, "enumerate")
    answers: dict[Engine, Answer | str] = {"enumerate": reference}
    for engine in ("auto", "z3"):
        answer = answers[engine] = said(case, model, engine)
        if Unsupported.__name__ in (answer, reference) and may_differ(case, model, engine):
            continue
        counted = not isinstance(answer, str) and answer.positive is not None
        if common(answer, counted) != common(reference, counted):
            return f"{engine} says {common(answer, counted)}, enumeration {common(reference, counted)}, of {case.name}"
    for engine, answer in answers.items():
        if not isinstance(answer, str) and answer.witness is not None:
            wrong = is_execution(answer.witness, model)
            if wrong is not None:
                return f"the witness of {engine} is none: {wrong}; of {case.name}"
    return None
