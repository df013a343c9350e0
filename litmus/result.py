"""Results: what was asked of one file under one model, what was expected, and what came out.

Where a loop was cut at its bound, longer executions exist that were not looked at.  What was found stays true: an
execution that satisfies the proposition, or one that refutes it.  `may_become` says which verdicts that leaves, and
everything else follows: an expectation is met if all of them meet it, missed if none does, and else not decided.

Expectations are stated with the words of the kernel's tools/memory-model/scripts: a verdict, `Maybe`
where any verdict will do, `DEADLOCK` for no execution at all.
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

    verdict: None where any will do (Maybe).  executes: whether some execution must exist (True), none may (False), or
    either will do (None).
    """

    verdict: Verdict | None
    origin: str
    executes: bool | None = True

    def is_met_by(self, answer: Answer) -> bool | None:
        """Whether an answer is as expected; None if it takes longer executions to know."""
        found = {self.admits(finding) for finding in may_become(answer)}
        return found.pop() if len(found) == 1 else None

    def admits(self, finding: Finding) -> bool:
        """Whether a verdict is the expected one; a `Never` because nothing executes has to be stated as such."""
        if self.verdict is None:
            return True
        if not finding.executes:
            return self.executes is not True
        return self.executes is not False and finding.verdict is self.verdict

    @property
    def word(self) -> str:
        """The word that states it: a verdict, Maybe or DEADLOCK."""
        if self.verdict is None:
            return MAYBE
        return DEADLOCK if self.executes is False else self.verdict.value


class Finding(NamedTuple):
    """A verdict, and whether anything executes (it is Never where nothing does)."""

    verdict: Verdict
    executes: bool


_NOTHING, _NEVER = Finding(Verdict.NEVER, False), Finding(Verdict.NEVER, True)
_SOMETIMES, _ALWAYS = Finding(Verdict.SOMETIMES, True), Finding(Verdict.ALWAYS, True)

# What was found -> what it may be once the loops that were cut are followed further.
_FURTHER = {
    _NOTHING: (_NOTHING, _NEVER, _SOMETIMES, _ALWAYS),  # the filter left no execution
    _NEVER: (_NEVER, _SOMETIMES),
    _SOMETIMES: (_SOMETIMES,),
    _ALWAYS: (_ALWAYS, _SOMETIMES),
}


def finding_of(answer: Answer) -> Finding:
    """What an answer says of the executions that were looked at."""
    return _NOTHING if nothing_executes(answer) else Finding(answer.verdict, True)


def may_become(answer: Answer) -> tuple[Finding, ...]:
    """What an answer may be when loops are followed without a bound; first what it is."""
    found = finding_of(answer)
    return _FURTHER[found] if answer.bound_reached else (found,)


def is_certain(answer: Answer) -> bool:
    """Whether no longer execution can change the verdict."""
    return len(may_become(answer)) == 1


def nothing_executes(answer: Answer) -> bool:
    """Whether no execution is consistent at all: herd's `Never 0 0`, a deadlock in the kernel's scripts."""
    return answer.states == () or (answer.positive == 0 and answer.negative == 0)


def stated_expectation(word: str, origin: str) -> Expectation:
    """What Never, Sometimes, Always, Maybe or DEADLOCK states."""
    if word == MAYBE:
        return Expectation(None, origin, executes=None)
    if word == DEADLOCK:
        return Expectation(Verdict.NEVER, origin, executes=False)
    return Expectation(Verdict(word), origin)


def implied_expectation(quantifier: Quantifier) -> Expectation | None:
    """What the condition itself says should come out: a `~exists` or `forall` that holds."""
    if quantifier == "exists":
        return None
    verdict = Verdict.NEVER if quantifier == "~exists" else Verdict.ALWAYS
    return Expectation(verdict, quantifier, executes=None)


def condition_holds(quantifier: Quantifier, answer: Answer) -> bool:
    """herd's Ok: exists and not Never, ~exists and Never, forall and Always (or nothing executes)."""
    return _holds(quantifier, finding_of(answer))


def is_condition_certain(quantifier: Quantifier, answer: Answer) -> bool:
    """Whether no longer execution can change whether the condition holds."""
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
    """The answer (or the error) for one file under one model; exactly one of the two is set.

    file, model: as they were named; model is None where the file could not be read and no model was
    asked for.  test and question are None where the error came before them.  seconds: CPU time.
    notes: what a reader of the answer must know; unroll: the bound loops were unrolled to.  refutation: an
    execution that refutes a forall, where one was asked for and exists.  unstated: an expectation was required,
    and the test states none.  bounded: what was expected is enough up to the bound.
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
        """Whether the answer is as expected, or nothing was expected where nothing has to be.

        None where it would take longer executions to know, and where there is no answer.
        """
        if self.answer is None:
            return None
        if self.unstated:
            return False
        return True if self.expected is None else self.expected.is_met_by(self.answer)

    @property
    def ok(self) -> bool:
        """Whether there is an answer and it is as expected.

        An answer that is as expected as far as loops were followed will do only if that was asked for (`bounded`).
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
