"""litmus check: decide tests, and compare the verdicts with what the tests say to expect."""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from functools import partial
from typing import TYPE_CHECKING

from litmus.commands.arguments import COMPILER, add_engine, add_models, count, name, names, seconds
from litmus.commands.streams import INTERRUPTED, File, flush, write, write_error
from litmus.diagnostics import ExitCode, InputError

if TYPE_CHECKING:
    from litmus.checking import Settings
    from litmus.diagnostics import Source
    from litmus.engine.options import States
    from litmus.report.junit import Case
    from litmus.report.outcome import Outcome, Presentation

DESCRIPTION = """\
Decide litmus tests and compare the verdicts with what the tests say to expect.

  Never      no execution that the model allows satisfies the proposition
  Sometimes  some executions do, others do not
  Always     every execution does
"""

EPILOG = """\
examples:
  litmus check SB.litmus                          under the default model, with a witness
  litmus check SB.litmus --model sc,x86-tso       under two models
  litmus check tests/ --model power --json        a folder, one JSON object a line
  litmus check @regressions --expect Never        the tests that a list names
  litmus check tests/ --model power,arm --format herd --output logs/    logs/power.log and logs/arm.log
  litmus generate --shapes MP | litmus check -    a test from standard input
  litmus check C-MP.litmus --model power --primitive power.smp_wmb=eieio

exit status:
  0 every verdict is as expected, or nothing was expected     1 some verdict is not
  2 bad usage or bad input     3 no answer (timeout, unsupported feature), or one that is not settled
  Of several, the first of 2, 1, 3.

loops:
  A loop whose end does not depend on what is read is followed to it.  Rounds without effect (spinning on a lock, a
  failed store-conditional, polling) are left out, and the answer holds for any number of them.  Other rounds are
  followed for --unroll N rounds.  If longer executions exist, Sometimes is certain, an outcome that was seen is, and
  one that refutes a forall is; that an outcome never comes, or always, is known up to N rounds.  Where that is what
  was expected the exit status is 3, and with --bounded it is 0.  Where every execution is still in a loop, or stays
  in one for ever, there is no answer.
"""

PRECEDENCE = (ExitCode.BAD_INPUT, ExitCode.UNEXPECTED, ExitCode.NO_ANSWER)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of the command."""
    parser.set_defaults(many="files")
    parser.add_argument(
        "files",
        nargs="+",
        metavar="FILE",
        help="a test, a folder of *.litmus files, @LIST, a file that names tests, or -, a test on standard input",
    )
    under = parser.add_argument_group("under which model")
    add_models(
        under,
        "the architecture's own; for C every hardware model with a table of primitives",
        "a .cat file and a C test",
        "power.smp_wmb=eieio",
    )
    under.add_argument("--compiler", choices=("kernel", "none"), default="kernel", help=COMPILER)
    under.add_argument(
        "-I",
        dest="include",
        action="append",
        default=[],
        type=name,
        metavar="DIR",
        help="where to look for models and for what they include, before the folders of LITMUS_CAT_PATH",
    )
    under.add_argument("--variant", action="extend", type=names, default=[], metavar="V", help="set a model's variant")
    answer = parser.add_argument_group("what to answer")
    form = answer.add_mutually_exclusive_group()
    form.add_argument(
        "--format",
        choices=("text", "herd", "json"),
        default="text",
        help="for people (default), herd's log, or JSON lines",
    )
    form.add_argument("--json", dest="format", action="store_const", const="json", help="same as --format json")
    answer.add_argument("--output", metavar="DIR", type=name, help="herd's logs go here, MODEL.log for each model")
    answer.add_argument("--junit", metavar="FILE", help="also write a JUnit report, a case for each test and model")
    answer.add_argument(
        "--states",
        choices=("auto", "all", "none"),
        help="list final states: as many as are quickly found (default), all (default for herd's log), or none",
    )
    answer.add_argument(
        "--expect", type=_verdict, metavar="V", help="Never, Sometimes or Always: what every test should come out as"
    )
    answer.add_argument(
        "--require-expectation", action="store_true", help="a test that states no expectation is not as expected"
    )
    answer.add_argument("-v", "--verbose", action="store_true", help="all of each answer, also of many")
    limits = parser.add_argument_group("how far and how fast")
    limits.add_argument("--unroll", type=count, default=2, metavar="N", help="follow loops N rounds (default 2)")
    limits.add_argument(
        "--bounded", action="store_true", help="what is as expected up to --unroll N rounds of loops is as expected"
    )
    limits.add_argument("--timeout", type=seconds, metavar="S", help="no answer for a test after S seconds")
    limits.add_argument("--memory", type=count, metavar="MB", help="no answer where a process needs more megabytes")
    limits.add_argument("--jobs", type=count, metavar="N", help="processes (default: 1 for few files, else one a CPU)")
    add_engine(limits)
    limits.add_argument("--debug", action="store_true", help="show the Python traceback of an internal error")


def _verdict(text: str) -> str:
    word = text.capitalize()
    if word not in ("Never", "Sometimes", "Always"):
        raise argparse.ArgumentTypeError(f"{text!r} is none of Never, Sometimes, Always")
    return word


# ---------------------------------------------------------------- running


def run(parsed: argparse.Namespace) -> int:
    """Check the files; returns the exit status."""
    from litmus import batch
    from litmus.inputs import STANDARD_INPUT, files_of
    from litmus.report import text
    from litmus.report.outcome import Presentation
    from litmus.report.style import style_for

    started = time.perf_counter()
    files = list(files_of(parsed.files))
    full = parsed.format == "text" and (parsed.verbose or len(files) == 1)
    settings = _settings(parsed, full)
    given = _standard_input() if STANDARD_INPUT in files else None
    junit = File(parsed.junit) if parsed.junit is not None else None
    logs = _Logs(parsed) if parsed.output is not None else None
    shown = Presentation(parsed.format, full, style_for(sys.stdout), parsed.debug, junit is not None)
    jobs = parsed.jobs or batch.default_jobs(len(files))
    start = partial(_checking, settings, shown, given)
    outcomes = batch.run(files, start, partial(_died, shown), jobs)
    codes: set[ExitCode] = set()
    kinds: Counter[str] = Counter()
    printed: set[str] = set()
    cases: list[Case] = []
    interactive = sys.stdout.isatty()
    try:
        for outcome in outcomes:
            kinds[outcome.kind] += 1  # before anybody can read it, and interrupt: what was read is counted
            if logs is not None:
                logs.write(outcome)
            else:
                write(outcome.output)
            if interactive:
                flush()
            if outcome.case is not None:
                cases.append(outcome.case)
            if outcome.errors and outcome.errors not in printed:  # a mistake in a model is the same error in each test
                printed.add(outcome.errors)
                write_error(outcome.errors)
            codes.add(outcome.exit_code)
    except KeyboardInterrupt:
        write_error(f"litmus: interrupted; answered so far: {kinds.total()}\n")
        return INTERRUPTED
    if junit is not None:
        from litmus.report.junit import report

        junit.write(report("litmus check", cases))
        junit.close()
    if logs is not None:
        write(logs.close())
    if shown.format == "text" and kinds.total() > 1:
        write(text.summary(kinds, time.perf_counter() - started, shown.style))
    return next((code for code in PRECEDENCE if code in codes), ExitCode.OK)


def _settings(parsed: argparse.Namespace, explain: bool) -> Settings:
    from litmus.checking import Settings
    from litmus.engine.options import Options

    models = tuple(parsed.model)
    if parsed.output is not None:
        if parsed.format != "herd":
            raise InputError("--output is for logs", hint="it goes with --format herd")
        models = tuple(dict.fromkeys(models))
    elif parsed.format == "herd" and len(models) > 1:
        raise InputError("tests under several models are no single log", hint="--output DIR writes one for each model")
    default: States = "all" if parsed.format == "herd" else "auto"  # a log is complete
    settings = Settings(
        models=models,
        arch=parsed.arch,
        options=Options(parsed.states or default, parsed.engine, parsed.timeout),
        unroll=parsed.unroll,
        include=tuple(parsed.include),
        variants=tuple(parsed.variant),
        primitives=tuple(parsed.primitive),
        compiler=parsed.compiler,
        expect=parsed.expect,
        explain=explain,
        require_expectation=parsed.require_expectation,
        one_model=parsed.format == "herd" and parsed.output is None,
        bounded=parsed.bounded,
        memory=parsed.memory,
    )
    settings.validate()
    return settings


def _checking(settings: Settings, shown: Presentation, given: Source | None) -> Callable[[str], Iterator[Outcome]]:
    """The work of one process: a function from a file to its outcomes.  given: the test from standard input."""
    from litmus.checking import Checker
    from litmus.report.outcome import outcome

    checker = Checker(settings)

    def check(file: str) -> Iterator[Outcome]:
        results = checker.check_source(given) if given is not None and file == given.name else checker.check(file)
        return (outcome(result, shown) for result in results)

    return check


def _standard_input() -> Source:
    """The test on standard input.  It is read here because other processes have no standard input.

    Raises InputError if it cannot be read.
    """
    from litmus.inputs import STANDARD_INPUT
    from litmus.reading import source_of

    if sys.stdin is None:
        raise InputError("there is no standard input to read")
    try:
        return source_of(STANDARD_INPUT, sys.stdin.buffer)
    except OSError as error:
        raise InputError(f"standard input cannot be read: {error.strerror}") from error


class _Logs:
    """herd's logs in a folder, one for each model, so that no reader mixes up the answers of several models."""

    def __init__(self, parsed: argparse.Namespace) -> None:
        """Raises InputError if a log cannot be written, or if two models would share one."""
        self.folder: str = parsed.output
        self.logs: dict[str, File] = {}
        self.tests: Counter[str] = Counter()
        try:
            os.makedirs(self.folder, exist_ok=True)
        except OSError as error:
            raise InputError(f"cannot write {self.folder}: {error.strerror}") from error
        names: dict[str, str] = {}
        for model in parsed.model:
            other = names.setdefault(_name_of(model), model)
            if other != model:
                raise InputError(f"{other} and {model} would share the log {_name_of(model)}.log")
        for model in names.values():
            self._open(model)

    def _open(self, model: str) -> None:
        self.logs[model] = File(os.path.join(self.folder, f"{_name_of(model)}.log"))

    def write(self, outcome: Outcome) -> None:
        if outcome.model is None or not outcome.output:
            return
        if outcome.model not in self.logs:
            self._open(outcome.model)
        self.logs[outcome.model].write(outcome.output)
        self.tests[outcome.model] += 1

    def close(self) -> str:
        """Close the logs.  Returns, in words, what was written."""
        lines = []
        for model, file in self.logs.items():
            file.close()
            lines.append(f"{self.tests[model]} test{'s' * (self.tests[model] != 1)} in {file.path}\n")
        return "".join(lines)


def _name_of(model: str) -> str:
    base = os.path.basename(model)
    return base.removesuffix(".cat")


def _died(shown: Presentation, file: str, how: str) -> Outcome:
    from litmus.checking import failed
    from litmus.diagnostics import NoAnswer
    from litmus.report.outcome import outcome

    return outcome(failed(file, NoAnswer(f"the process that was checking this test {how}")), shown)
