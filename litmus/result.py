"""Results: what was asked of one file under one model, what was expected, and what came out.

If a loop was cut at its bound, there are longer executions that were not looked at.  What was found stays true: an
execution that satisfies the proposition, or an execution that refutes it.  `may_become` says which verdicts are still
possible.  An expectation is met if all of these verdicts meet it, missed if none of them does, and else not decided.

Expectations are stated with the words of the kernel's tools/memory-model/scripts: a verdict, `Maybe`
if any verdict will do, `DEADLOCK` for no execution at all.
"""

from __future__ import annotations

from typing import NamedTuple

from msgspec import Struct

from litmus.diagnostics import Diagnostic, ExitCode
from litmus.engine.answer import Answer, Execution, Verdict
from litmus.program.question import Question
from litmus.source.syntax import Quantifier, Test

MAYBE, DEADLOCK = "Maybe", "DEADLOCK"


class Expectation(Struct, frozen=True):
    """The verdict that is expected, and where that was stated: `Result`, `Expect(power)`, `--expect`, `~exists`.

    verdict: None if any verdict will do (Maybe).  executes: True if some execution must exist, False if no execution
    may exist, None if either will do.
    """

    verdict: Verdict | None
    origin: str
    executes: bool | None = True

    def is_met_by(self, answer: Answer) -> bool | None:
        """Whether an answer is as expected; None if only longer executions can tell."""
        found = {self.admits(finding) for finding in may_become(answer)}
        return found.pop() if len(found) == 1 else None

    def admits(self, finding: Finding) -> bool:
        """Whether a verdict is the expected one.

        If nothing executes, the verdict is Never.  That is not as expected if some execution must exist.
        """
        if self.verdict is None:
            return True
        if not finding.executes:
            return self.executes is not True
        return self.executes is not False and finding.verdict is self.verdict

    @property
    def word(self) -> str:
        """The word for this expectation: a verdict, Maybe or DEADLOCK."""
        if self.verdict is None:
            return MAYBE
        return DEADLOCK if self.executes is False else self.verdict.value


class Finding(NamedTuple):
    """A verdict, and whether anything executes.  If nothing executes, the verdict is Never."""

    verdict: Verdict
    executes: bool


_NOTHING, _NEVER = Finding(Verdict.NEVER, False), Finding(Verdict.NEVER, True)
_SOMETIMES, _ALWAYS = Finding(Verdict.SOMETIMES, True), Finding(Verdict.ALWAYS, True)

# What was found -> what may be found if the loops that were cut are followed further.
_FURTHER = {
    _NOTHING: (_NOTHING, _NEVER, _SOMETIMES, _ALWAYS),  # the filter left no execution
    _NEVER: (_NEVER, _SOMETIMES),
    _SOMETIMES: (_SOMETIMES,),
    _ALWAYS: (_ALWAYS, _SOMETIMES),
}


def finding_of(answer: Answer) -> Finding:
    """What an answer says about the executions that were looked at."""
    return _NOTHING if nothing_executes(answer) else Finding(answer.verdict, True)


def may_become(answer: Answer) -> tuple[Finding, ...]:
    """What an answer may be if loops are followed without a bound.  The first item is what the answer is now."""
    found = finding_of(answer)
    return _FURTHER[found] if answer.bound_reached else (found,)


def is_certain(answer: Answer) -> bool:
    """Whether the verdict is final: longer executions cannot change it."""
    return len(may_become(answer)) == 1


def nothing_executes(answer: Answer) -> bool:
    """Whether no execution is consistent at all: herd's `Never 0 0`, a deadlock in the kernel's scripts."""
    return answer.states == () or (answer.positive == 0 and answer.negative == 0)


def stated_expectation(word: str, origin: str) -> Expectation:
    """The expectation that Never, Sometimes, Always, Maybe or DEADLOCK states."""
    if word == MAYBE:
        return Expectation(None, origin, executes=None)
    if word == DEADLOCK:
        return Expectation(Verdict.NEVER, origin, executes=False)
    return Expectation(Verdict(word), origin)


def implied_expectation(quantifier: Quantifier) -> Expectation | None:
    """The expectation in the condition itself: a `~exists` or a `forall` is expected to hold."""
    if quantifier == "exists":
        return None
    verdict = Verdict.NEVER if quantifier == "~exists" else Verdict.ALWAYS
    return Expectation(verdict, quantifier, executes=None)


def condition_holds(quantifier: Quantifier, answer: Answer) -> bool:
    """herd's Ok: exists and not Never, ~exists and Never, forall and Always (or nothing executes)."""
    return _holds(quantifier, finding_of(answer))


def is_condition_certain(quantifier: Quantifier, answer: Answer) -> bool:
    """Whether it is final that the condition holds, or does not: longer executions cannot change it."""
    return len({_holds(quantifier, finding) for finding in may_become(answer)}) == 1


def _holds(quantifier: Quantifier, finding: Finding) -> bool:
    match quantifier:
        case "exists":
            return finding.verdict is not Verdict.NEVER
        case "~exists":
            return finding.verdict is Verdict.NEVER
        case "forall":
            return finding.verdict is Verdict.ALWAYS or not finding.executes


class Result(Struct, frozen=True):
    """The answer or the error for one file under one model; exactly one of the two is set.

    file, model: as they were named.  model is None if the file could not be read and no model was asked for.
    test, question: None if the error came before them.  seconds: CPU time.  notes: what a reader of the answer
    must know.  unroll: the bound that loops were unrolled to.  refutation: an execution that refutes a forall,
    if one was asked for and exists.  unstated: an expectation was required, and the test states none.
    bounded: it is enough if the answer is as expected up to the bound.
    """

    file: str
    model: str | None
    test: Test | None
    question: Question | None
    answer: Answer | None
    error: Diagnostic | None
    expected: Expectation | None
    seconds: float
    unroll: int
    notes: tuple[str, ...] = ()
    refutation: Execution | None = None
    unstated: bool = False
    bounded: bool = False

    @property
    def is_expected(self) -> bool | None:
        """Whether the answer is as expected.  True also if nothing was expected and no expectation was required.

        None if only longer executions can tell, or if there is no answer.
        """
        if self.answer is None:
            return None
        if self.unstated:
            return False
        return True if self.expected is None else self.expected.is_met_by(self.answer)

    @property
    def ok(self) -> bool:
        """Whether there is an answer and it is as expected.

        An answer that is as expected only up to the bound of loops is accepted only if that was asked for (`bounded`).
        """
        if self.is_expected is not None or self.answer is None or self.expected is None:
            return self.is_expected is True
        return self.bounded and self.expected.admits(finding_of(self.answer))

    @property
    def exit_code(self) -> ExitCode:
        """What this result contributes to a command's exit status."""
        if self.error is not None:
            return self.error.exit_code
        if self.ok:
            return ExitCode.OK
        return ExitCode.UNEXPECTED if self.is_expected is False else ExitCode.NO_ANSWER
