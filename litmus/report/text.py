"""Text for people: the verdict in words first, then what it rests on.

`full` says everything about one result, `brief` says it in one line, and `summary` ends a run.
"""

from __future__ import annotations

from litmus.diagnostics import Diagnostic, ExitCode
from litmus.engine.answer import Answer, Verdict
from litmus.program.question import Question, holds
from litmus.report import spell, witness
from litmus.report.style import Style
from litmus.result import Result, condition_holds, finding_of, is_certain, is_condition_certain, nothing_executes

STATES_SHOWN = 24
UNSTATED = "NOTHING: the test states no expectation"
LONGER = "longer executions exist and are not covered"
PROPOSITION_WIDTH = 100  # a longer proposition is not repeated in the first sentence

METHOD = {"executions": "evaluating all candidate executions", "z3": "Z3", "enumeration": "plain enumeration"}

SENTENCE = {
    Verdict.NEVER: "Under {model}, no execution of {test} ends with {what}.",
    Verdict.SOMETIMES: "Under {model}, some executions of {test} end with {what}, others do not.",
    Verdict.ALWAYS: "Under {model}, every execution of {test} ends with {what}.",
}


def full(result: Result, style: Style) -> str:
    """The whole answer; "" if there is none (`diagnostic` has the error)."""
    test, question, answer = result.test, result.question, result.answer
    if test is None or question is None or answer is None:
        return ""
    rows = [
        ("test", f"{test.name} ({test.arch}), {result.file}"),
        ("condition", f"{spell.condition(question)}: {_condition_word(result, question, answer)}"),
    ]
    if result.expected is not None:
        rows.append(("expected", f"{result.expected.word} ({result.expected.origin}): {_expected_word(result, style)}"))
    if result.unstated:
        rows.append(("expected", style.paint("bad", UNSTATED)))
    rows += [("flag", flag) for flag in answer.flags]
    if answer.bound_reached:
        rows.append(("bound", f"loops were followed {up_to(result)}; {LONGER} (--unroll follows more)"))
    elif answer.idle_left_out:
        rows.append(("loops", "for any number of rounds; those that have no effect were left out"))
    rows += [("note", note) for note in result.notes]
    rows.append(("decided", f"in {_duration(result.seconds)} by {METHOD.get(answer.method, answer.method)}"))
    lines = [_first_line(result, question, answer, style), ""]
    lines += [f"  {key:<11} {text}" for key, text in rows]
    lines += ["", *_states(question, answer, style)]
    lines += _witness(result, question, answer)
    return "\n".join(lines) + "\n\n"


def brief(result: Result, style: Style) -> str:
    """One line: verdict, file, model, and, if the verdict is not as expected, why."""
    answer, expected = result.answer, result.expected
    if answer is None:
        parts = [style.paint("unsure", f"{_error_word(result.error):<9}"), result.file, result.model or ""]
        return "  ".join(parts).rstrip() + "\n"
    role = "strong" if result.ok else "bad" if result.is_expected is False else "unsure"
    parts = [style.paint(role, f"{answer.verdict.value:<9}"), result.file, result.model or ""]
    if not is_certain(answer):
        parts.append(up_to(result))
    if expected is not None and not result.ok:
        word = "UNEXPECTED" if result.is_expected is False else "not settled"
        parts.append(style.paint(role, f"{word}: {expected.word} ({expected.origin})"))
    if result.unstated:
        parts.append(style.paint("bad", UNSTATED))
    parts += [f"flag {flag}" for flag in answer.flags]
    if answer.bound_reached and is_certain(answer):
        parts.append(f"loops cut at {result.unroll}")
    return "  ".join(parts) + "\n"


def diagnostic(result: Result) -> str:
    """The error of a result, drawn at its place.  If it has no place, the name of the file comes first.

    If there is no answer, the model is named below.
    """
    error = result.error
    if error is None:
        return ""
    text = error.render()
    if error.span is None and result.file not in error.message:
        text = f"{result.file}: {text}"
    if result.model is not None and error.exit_code is ExitCode.NO_ANSWER:
        text += f"\n  asked under {result.model}"
    return text + "\n"


def warning(result: Result) -> str:
    """The warning that an expected verdict is not settled, which herd's log cannot say; "" if it is settled."""
    if result.answer is None or result.ok or result.is_expected is False or result.expected is None:
        return ""
    return (
        f"{result.file}: {result.answer.verdict.value} {up_to(result)} under {result.model}; expected was "
        f"{result.expected.word} ({result.expected.origin}): {_expected_word(result, Style(False))}\n"
    )


def up_to(result: Result) -> str:
    """How far loops were followed."""
    return f"up to {_count(result.unroll, 'round')}"


def summary(counts: dict[str, int], seconds: float, style: Style) -> str:
    """The last line: how many results there are of each kind.  counts: the number for each kind of `kind_of`."""
    parts = [f"{n} {kind}" for kind in KINDS if (n := counts.get(kind, 0))]
    bad = any(counts.get(kind, 0) for kind in KINDS[2:])
    text = f"{', '.join(parts)} in {seconds:.2f} s"
    return (style.paint("bad", text) if bad else style.paint("good", text)) + "\n"


KINDS = (
    "as expected", "answered", "not settled", "unexpected", "without an expectation", "without an answer", "bad input",
)  # fmt: skip


def kind_of(result: Result) -> str:
    """Which of KINDS a result counts as.

    `answered`: nothing was expected, or any verdict.  `not settled`: only longer executions can tell whether the
    verdict is as expected.
    """
    if result.error is not None:
        return "bad input" if result.error.exit_code is ExitCode.BAD_INPUT else "without an answer"
    if result.unstated:
        return "without an expectation"
    if not result.ok:
        return "unexpected" if result.is_expected is False else "not settled"
    return "as expected" if result.expected is not None and result.expected.verdict is not None else "answered"


def _error_word(error: Diagnostic | None) -> str:
    return "bad input" if error is not None and error.exit_code is ExitCode.BAD_INPUT else "no answer"


def _first_line(result: Result, question: Question, answer: Answer, style: Style) -> str:
    assert result.test is not None
    what = spell.formula(question.formula, question.places)
    if len(what) > PROPOSITION_WIDTH:
        what = "the final state asked for"
    names = {"model": result.model, "test": result.test.name, "what": what}
    if nothing_executes(answer):
        sentence = "Under {model}, {test} has no execution at all.".format(**names)
    else:
        sentence = SENTENCE[answer.verdict].format(**names)
    word = answer.verdict.value if is_certain(answer) else f"{answer.verdict.value}, {up_to(result)}"
    role = "strong" if result.ok else "bad" if result.is_expected is False else "unsure"
    word = style.paint(role, f"{word}.")
    return f"{word} {sentence}"


def _condition_word(result: Result, question: Question, answer: Answer) -> str:
    if "*undef*" in answer.flags:
        return "undefined behaviour"
    word = "holds" if condition_holds(question.quantifier, answer) else "does not hold"
    return word if is_condition_certain(question.quantifier, answer) else f"{word} {up_to(result)}"


def _expected_word(result: Result, style: Style) -> str:
    """Whether the answer is as expected.  If that is not settled, also what to try."""
    assert result.expected is not None
    assert result.answer is not None
    if result.is_expected is not None:
        return style.paint("good", "as expected") if result.ok else style.paint("bad", "UNEXPECTED")
    if result.ok:
        return style.paint("good", f"as expected {up_to(result)}")
    if result.expected.admits(finding_of(result.answer)):
        return style.paint("unsure", f"as expected {up_to(result)}") + f"; {LONGER} (--bounded accepts that)"
    return style.paint("unsure", f"not so {up_to(result)}") + f"; {LONGER} (--unroll follows more)"


def _states(question: Question, answer: Answer, style: Style) -> list[str]:
    """The final states.  States that satisfy the proposition, or that refute a forall, are marked."""
    states = answer.states
    if states is None:
        return ["  The final states are not listed: not asked for, or too many to find quickly (--states all).", ""]
    if not states:
        return []
    wanted = question.quantifier != "forall"
    marked = [holds(question.formula, state.__getitem__) is wanted for state in states]
    spelled = spell.speller(question)
    many = len(states) > STATES_SHOWN
    # If there are very many states, the marked ones come first.
    order = sorted(range(len(states)), key=lambda i: not marked[i]) if many else range(len(states))
    title = f"  {_count(len(states), 'final state')}"
    if answer.positive is not None and answer.negative is not None:
        title += f" of {_count(answer.positive + answer.negative, 'execution')}"
    if sum(marked):
        title += f"; * {'satisfies' if wanted else 'refutes'} the proposition"
    lines = [title + ":"]
    for i in list(order)[:STATES_SHOWN]:
        text = f"    {'*' if marked[i] else ' '} {spelled(states[i]) or '(nothing is observed)'}"
        lines.append(style.paint("strong", text) if marked[i] else text)
    if many:
        lines.append(f"      ... and {len(states) - STATES_SHOWN} more (--json lists them all)")
    return [*lines, ""]


def _witness(result: Result, question: Question, answer: Answer) -> list[str]:
    """The execution that shows the answer: it satisfies the proposition, or refutes a forall."""
    if question.quantifier == "forall":
        title, execution = "An execution that ends otherwise:", result.refutation
    else:
        title, execution = "An execution that ends so:", answer.witness
    if execution is None:
        return []
    lines = [f"  {title}", *(f"    {line}" for line in witness.threads(execution))]
    exchanged = witness.exchanged(execution)
    if exchanged:
        lines += ["", "  The compiler has exchanged accesses:", *(f"    {line}" for line in exchanged)]
    order = witness.memory(execution)
    if order:
        lines += ["", "  Memory took the writes in this order:", *(f"    {line}" for line in order)]
    cycle = witness.cycle(execution)
    if cycle:
        lines += ["", "  No sequential machine does this; one order of all steps would need"]
        lines += [f"    {line}" for line in cycle]
    else:
        lines += ["", "  A sequential machine can do this too."]
    return lines


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"


def _duration(seconds: float) -> str:
    return f"{1000 * seconds:.1f} ms" if seconds < 1 else f"{seconds:.1f} s"
