"""What enumeration leaves out: only what the model forbids, so that no answer changes."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from cases import Case, case
from programs import TAGS, candidates_at_most, random_program, unrolled
from random_models import EXCEPTED, random_model

from litmus.algebra.dag import Model
from litmus.algebra.names import BASE_NAMES, OF_ACCESSES
from litmus.cat import compile_text, load_model
from litmus.diagnostics import Diagnostic
from litmus.engine.answer import Answer
from litmus.oracle.algebra import Definitions
from litmus.oracle.base import CandidateFacts, base
from litmus.oracle.enumeration import Judge, enumerated, judged
from litmus.oracle.executions import READING, WRITING, Candidate, Code, candidates
from litmus.oracle.monotony import refuting
from litmus.oracle.paths import extent_of


def model(text: str) -> Model:
    return compile_text(f'"test" include "cos.cat"\n{text}\n', "test", TAGS)


def random_cases(first: int, number: int, largest: int) -> Iterator[Case]:
    seed = first
    while number:
        program, question = random_program(seed)
        graph = unrolled(program)
        seed += 1
        if graph is not None and candidates_at_most(graph) <= largest:
            number -= 1
            yield Case(f"random_program({seed - 1})", graph, question, TAGS)


def code_of(found: Case) -> Code:
    return Code(extent_of(found.graph))


# ---------------------------------------------------------------- answers


def plainly(found: Case, under: Model) -> Answer:
    """The answer from all candidates there are."""
    return judged(Judge(under), candidates(code_of(found)), found.question, True)


def pruned(found: Case, under: Model) -> Answer:
    return enumerated(extent_of(found.graph), under, found.question, True)


def said(engine: Callable[[Case, Model], Answer], found: Case, under: Model) -> object:
    try:
        answer = engine(found, under)
    except Diagnostic as error:
        return type(error).__name__, error.message
    witness = answer.witness and (answer.witness.order, answer.witness.rf, answer.witness.co)
    return answer.verdict, answer.states, answer.positive, answer.negative, answer.flags, answer.bound_reached, witness


@pytest.mark.parametrize("name", ["sc", "x86-tso", "power", "aarch64", "riscv"])
def test_nothing_that_is_left_out_counts_under_a_built_in_model(name: str, full: bool) -> None:
    under = load_model(name, TAGS)
    for found in random_cases(70_000, 1000 if full else 60, 10_000 if full else 2000):
        assert said(pruned, found, under) == said(plainly, found, under), found.name


def test_nothing_that_is_left_out_counts_under_random_models(full: bool) -> None:
    """Random models have negations, flags, choices of the wrong direction and all kinds of recursions."""
    compared = 0
    for seed in range(5000 if full else 100):
        try:
            under = compile_text(random_model(seed), f"random{seed}", TAGS)
        except Diagnostic:
            continue  # not all that can be written has a first-order meaning
        compared += 1
        for found in random_cases(80_000 + 10 * seed, 3 if full else 1, 2000):
            assert said(pruned, found, under) == said(plainly, found, under), (seed, found.name)
    assert compared > (4000 if full else 80)


ODD = {
    "final writes": "empty [FW] ; rfe",
    "writes that are not final": "empty [W \\ FW] ; (rf & ext)",
    "values": "empty same-value & rf & int\nempty (W * W) & co \\ same-value",
    "a choice of the model": "with x from {po, rf, co}\nacyclic x | rf\nempty x & rfe",
    "a choice of the model that is taken away": "with x from {po, rf, co}\nempty rfe \\ x",
    "an assertion before a check": "assert acyclic po-loc | co as order\nacyclic po | rf | co",
    "an assertion behind a check": "acyclic po | rf | co\nassert acyclic po-loc | co as order",
    "a recursion that does not come to rest": "let rec a = po \\ (b ; co ; co^-1) and b = rf \\ (a ; rf)\n"
    "flag ~empty a as odd\nacyclic po | rf | co",
    "reads that demand something": "~empty rfe\n~acyclic co | po",
    "what is read by nobody": "empty [W \\ (IW | range([W] ; rf))] ; po",
}


@pytest.mark.parametrize("name", ODD)
def test_nothing_that_is_left_out_counts_under_a_model_with(name: str, full: bool) -> None:
    under = model(ODD[name])
    for found in random_cases(90_000, 400 if full else 12, 2000):
        assert said(pruned, found, under) == said(plainly, found, under), found.name


def test_nothing_is_left_out_while_it_is_not_known_what_is_to_which_cell() -> None:
    """When the first read has its write, the last read has no address yet.  It will be x, which is then read twice.

    Each of the two reads of x may take either write.
    """
    found = case(
        "PPC pointer\n{ x=0; p=x; 0:r2=x; 0:r4=p; 1:r1=1; 1:r2=x; }\n"
        "P0 | P1 ;\nlwz r5,0(r2) | stw r1,0(r2) ;\nlwz r1,0(r4) | ;\nlwz r3,0(r1) | ;\nexists (0:r3=1)\n"
    )
    answer = pruned(found, model("~empty po & loc"))
    assert (answer.positive, answer.negative) == (2, 2)


def test_the_last_writes_are_those_of_each_order_and_not_of_the_one_before() -> None:
    found = case("X86 three\n{ x=0; }\nP0 | P1 | P2 ;\nMOV [x],$1 | MOV [x],$2 | MOV [x],$3 ;\nexists (x=1)\n")
    answer = pruned(found, model("empty [FW] ; co"))
    assert (answer.positive, answer.negative) == (2, 4)


# ---------------------------------------------------------------- what an unfinished execution says


def test_a_base_name_grows_or_shrinks_or_stays_while_an_execution_is_completed_as_its_row_says(full: bool) -> None:
    compared = 0
    for found in random_cases(100_000, 100 if full else 25, 200):
        begun: list[Candidate] = []

        def keep(partial: Candidate, begun: list[Candidate] = begun) -> bool:
            begun.append(partial)
            return False

        for candidate in candidates(code_of(found), keep):
            assert not candidate.pending
            assert not any(candidate.later)
            for partial in (p for p in begun if completes(candidate, p)):
                compared += 1
                for name in sorted(set(OF_ACCESSES) - EXCEPTED.keys()):
                    before, after = base(partial, name), base(candidate, name)
                    row = BASE_NAMES[name]
                    if not row.rests & partial.pending:
                        assert before == after, name
                    assert after <= before if row.shrinks else before <= after, name
    assert compared > 500


def completes(candidate: Candidate, partial: Candidate) -> bool:
    return (
        candidate.way is partial.way
        and partial.rf.items() <= candidate.rf.items()
        and (partial.pending == READING or partial.rf == candidate.rf)
        and all(order[: len(begun)] == begun for order, begun in zip(candidate.co, partial.co, strict=True))
    )


# ---------------------------------------------------------------- which checks may refute


# Whether the check may refute while reads are being chosen, and while writes are.
CHECKS = {
    "acyclic po | rf | co | fr": (True, True),
    "acyclic po": (True, True),
    "empty rf \\ co": (False, False),  # passes later if co has more
    "empty co \\ rf": (False, True),  # rf is complete before co is
    "irreflexive po ; ~rf": (False, True),
    "irreflexive ~(po \\ co) ; po": (True, True),  # two negations
    "acyclic [~range(rf)] ; po": (False, True),
    "~empty rf": (False, True),  # passes with the first pair
    "~empty po \\ rf": (True, True),  # what is left of po only gets less
    "~acyclic co | po": (False, False),
    "empty [FW] ; rf": (False, False),
    "empty same-value & rf": (True, True),  # values that are known stay known
    "empty FW": (False, False),  # fewer and fewer writes are the last
    "~empty FW": (True, True),
    "empty co \\ (W * FW)": (True, True),
    "let rec a = rf | a ; co ; a\nacyclic a": (True, True),
    "let rec a = rf | a ; ~co\nacyclic a": (False, False),
    "let rec a = po \\ a\nempty a": (False, False),  # may not come to rest
    "let rec a = rf \\ (co \\ a)\nacyclic a": (False, False),  # grows with a, not with co
    "let rec a = rf \\ (po \\ a)\nacyclic a": (True, True),
    "let rec a = po | (let rec b = a | b ; a in b) ; co\nacyclic a": (True, True),
    "let rec a = po | (let rec b = rf \\ a | b in b)\nacyclic a": (False, False),
    "flag ~empty rf as talk": (False, False),
    "assert acyclic co": (False, False),
}


@pytest.mark.parametrize("text", CHECKS)
def test_a_check_refutes_only_if_what_is_to_come_makes_it_harder(text: str) -> None:
    definitions = Definitions(model(text))
    assert tuple(bool(refuting(definitions, pending)) for pending in (READING, WRITING)) == CHECKS[text]


def test_a_check_of_what_a_model_chooses_refutes_nothing() -> None:
    """What the model chooses is only known in an execution, so the model is compiled for one execution."""
    found = next(random_cases(0, 1, 200))
    recipe = model("with x from {id, 0}\nacyclic x | co").recipe
    assert recipe is not None
    chosen = recipe.compile(CandidateFacts(next(candidates(code_of(found))), None))
    assert chosen.choices == (2,)
    assert not any(refuting(Definitions(chosen), pending) for pending in (READING, WRITING))


@pytest.mark.parametrize(
    ("before", "refutes"),
    [
        ("flag ~acyclic rf | co as odd", True),
        ("empty [FW] ; rf", True),
        ("assert acyclic co", False),  # might fail, which is an error, and not a forbidden execution
        ("let rec a = po \\ a\nflag ~empty a as odd", False),  # likewise, might not come to rest
    ],
)
def test_a_check_behind_what_may_be_an_error_refutes_nothing(before: str, refutes: bool) -> None:
    definitions = Definitions(model(f"{before}\nacyclic po | rf | co | fr"))
    for pending in (READING, WRITING):
        assert [c.predicate for c in refuting(definitions, pending)] == ["acyclic"] * refutes


# ---------------------------------------------------------------- what it is good for


def test_writes_of_one_thread_are_put_in_one_order_only() -> None:
    """Of n writes that are left, only the first in program order can be next: there are n questions and one yes."""
    found = case("X86 five\n{ x=0; }\nP0 ;\n" + "".join(f"MOV [x],${i} ;\n" for i in range(1, 6)) + "exists (x=5)\n")
    judge = Judge(load_model("sc", found.tags))
    asked: list[bool] = []

    def hopeless(partial: Candidate) -> bool:
        asked.append(judge.refutes(partial))
        return asked[-1]

    assert len(list(candidates(code_of(found)))) == 120
    assert len(list(candidates(code_of(found), hopeless))) == 1
    assert (len(asked), asked.count(False)) == (5 + 4 + 3 + 2, 4)


def test_a_lock_that_is_taken_often_is_decided_with_few_candidates() -> None:
    """Three increments in each of two threads: 6! orders, times the reads, but only C(6, 3) ways to take turns."""
    increments = "LOCK INC [x] | LOCK INC [x] ;\n" * 3
    found = case(f"X86 turns\n{{ x=0; }}\nP0 | P1 ;\n{increments}exists (x=6)\n")
    answer = pruned(found, load_model("x86-tso", found.tags))
    assert (answer.positive, answer.negative) == (20, 0)
