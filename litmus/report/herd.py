"""The log that herd7 prints for a test, which mcompare7 and the kernel's scripts read.

Two things differ from herd7, because a wrong number is worse than none.  `Hash=` appears only if the test
has one.  If executions were not counted, the counts are those of the final states, and a line
`Counted=states` says so.
"""

from __future__ import annotations

from litmus.engine.answer import Answer
from litmus.program.question import Question, holds
from litmus.report import spell
from litmus.result import Result, condition_holds
from litmus.source.syntax import Test


def log(result: Result) -> str:
    """The block of one test, with the empty line that ends it; "" if there is no complete answer."""
    test, question, answer = result.test, result.question, result.answer
    if test is None or question is None or answer is None or answer.states is None:
        return ""
    positive, negative, counted = _counts(question, answer)
    witnesses = (negative, positive) if question.quantifier == "~exists" else (positive, negative)
    spelled = spell.speller(question)
    name = test.name
    lines = [
        f"Test {name} {spell.KIND[question.quantifier]}",
        f"States {len(answer.states)}",
        *map(spelled, answer.states),
        ("Loop " if answer.bound_reached else "") + _validation(question, answer),
        "Witnesses",
        f"Positive: {witnesses[0]} Negative: {witnesses[1]}",
        *(f"Flag {flag}" for flag in answer.flags),
        f"Condition {spell.condition(question)}",
        f"Observation {name} {answer.verdict.value} {positive} {negative}",
        f"Time {name} {result.seconds:.2f}",
    ]
    if not counted:
        lines.append("Counted=states")
    if (given := _hash(test)) is not None:
        lines.append(f"Hash={given}")
    return "\n".join(lines) + "\n\n"


def _validation(question: Question, answer: Answer) -> str:
    if "*undef*" in answer.flags:
        return "Undef"
    return "Ok" if condition_holds(question.quantifier, answer) else "No"


def _counts(question: Question, answer: Answer) -> tuple[int, int, bool]:
    """How many executions satisfy and refute the proposition, and True; if not counted, how many states, and False."""
    if answer.positive is not None and answer.negative is not None:
        return answer.positive, answer.negative, True
    states = answer.states or ()
    positive = sum(holds(question.formula, state.__getitem__) for state in states)
    return positive, len(states) - positive, False


def _hash(test: Test) -> str | None:
    """The info field `Hash`.  Upper and lower case in the key make no difference."""
    return next((value for key, value in test.info.items() if key.lower() == "hash"), None)
