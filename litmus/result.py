"""Results: what was asked of one file under one model, what was expected, and what came out.

Expectations are stated with the words of the kernel's tools/memory-model/scripts: a verdict, `Maybe`
where any verdict will do, `DEADLOCK` for no execution at all.
"""

from __future__ import annotations

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

    def is_met_by(self, answer: Answer) -> bool:
        """Whether an answer is as expected; a `Never` because nothing executes has to be stated as such."""
        if self.verdict is None:
            return True
        if nothing_executes(answer):
            return self.executes is not True
        return self.executes is not False and answer.verdict is self.verdict

    @property
    def word(self) -> str:
        """The word that states it: a verdict, Maybe or DEADLOCK."""
        if self.verdict is None:
            return MAYBE
        return DEADLOCK if self.executes is False else self.verdict.value


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
    match quantifier:
        case "exists":
            return answer.verdict is not Verdict.NEVER
        case "~exists":
            return answer.verdict is Verdict.NEVER
        case "forall":
            return answer.verdict is Verdict.ALWAYS or nothing_executes(answer)


class Result(Struct, frozen=True):
    """The answer (or the error) for one file under one model; exactly one of the two is set.

    file, model: as they were named; model is None where the file could not be read and no model was
    asked for.  test and question are None where the error came before them.  seconds: CPU time.
    notes: what a reader of the answer must know; unroll: the bound loops were unrolled to.  refutation: an
    execution that refutes a forall, where one was asked for and exists.  unstated: an expectation was required,
    and the test states none.
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

    @property
    def ok(self) -> bool:
        """Whether there is an answer and it is as expected, or nothing was expected where nothing has to be."""
        if self.answer is None or self.unstated:
            return False
        return self.expected is None or self.expected.is_met_by(self.answer)

    @property
    def exit_code(self) -> ExitCode:
        """What this result contributes to a command's exit status."""
        if self.error is not None:
            return self.error.exit_code
        return ExitCode.OK if self.ok else ExitCode.UNEXPECTED
