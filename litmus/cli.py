"""The commands: arguments in, a report out, and an exit code."""

from __future__ import annotations

import argparse
import os
import re
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import TYPE_CHECKING

from litmus import __version__
from litmus.diagnostics import Diagnostic, ExitCode

if TYPE_CHECKING:
    from litmus.checking import Settings
    from litmus.engine.options import States
    from litmus.report.outcome import Outcome, Presentation

INTERRUPTED = 130  # what a shell reports of a process that SIGINT ended
PIPE_CLOSED = 141  # and of one that SIGPIPE ended

DESCRIPTION = """\
Decides litmus tests: can this outcome happen under that memory model?

A test is a few threads and a question about their final state, in herd's notation (.litmus); a
memory model is a file in the cat language, one of those that `litmus models` lists or your own.
"""

CHECK_DESCRIPTION = """\
Decide litmus tests and compare the verdicts with what the tests say to expect.

  Never      no execution that the model allows satisfies the proposition
  Sometimes  some executions do, others do not
  Always     every execution does
"""

CHECK_EPILOG = """\
examples:
  litmus check SB.litmus                          under the default model, with a witness
  litmus check SB.litmus --model sc,x86-tso       under two models
  litmus check tests/ --model power --json        a folder, one JSON object a line
  litmus check @regressions --expect Never        the tests that a list names
  litmus check C-MP.litmus --model power --primitive power.smp_wmb=eieio

exit status:
  0 every verdict is as expected, or nothing was expected     1 some verdict is not
  2 bad usage or bad input     3 no answer (timeout, unsupported feature)
  Of several, the first of 2, 1, 3.
"""

PRECEDENCE = (ExitCode.BAD_INPUT, ExitCode.UNEXPECTED, ExitCode.NO_ANSWER)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit status.  `arguments` defaults to sys.argv[1:]."""
    parser = _parser()
    try:
        parsed, others = parser.parse_known_args(arguments)
        if others:  # argparse takes files in one place only; `FILE --model M FILE` is natural
            if "files" not in parsed or any(other.startswith("-") for other in others):
                parser.error(f"unrecognized arguments: {' '.join(others)}")
            parsed.files += others
    except SystemExit as exit_:  # argparse has printed what it has to say
        return exit_.code if isinstance(exit_.code, int) else ExitCode.BAD_INPUT
    command: Callable[[argparse.Namespace], int] = parsed.command
    try:
        status = command(parsed)
        sys.stdout.flush()
        return status
    except Diagnostic as error:
        _write_error(f"litmus: {error.render()}\n")
        return error.exit_code
    except KeyboardInterrupt:
        _write_error("litmus: interrupted\n")
        return INTERRUPTED
    except BrokenPipeError:  # the reader has what it wanted (`| head`)
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return PIPE_CLOSED


def _write_error(text: str) -> None:
    """Output so far goes first, so that errors stand where they belong when both share a terminal."""
    sys.stdout.flush()
    sys.stderr.write(text)


# ---------------------------------------------------------------- litmus check


def _check(parsed: argparse.Namespace) -> int:
    from litmus import batch
    from litmus.inputs import files_of
    from litmus.report import text
    from litmus.report.outcome import Presentation
    from litmus.report.style import style_for

    started = time.perf_counter()
    files = list(files_of(parsed.files))
    full = parsed.format == "text" and (parsed.verbose or len(files) == 1)
    shown = Presentation(parsed.format, full, style_for(sys.stdout), parsed.debug)
    jobs = parsed.jobs or batch.default_jobs(len(files))
    outcomes = batch.run(files, partial(_checking, _settings(parsed, full), shown), partial(_died, shown), jobs)
    codes: set[ExitCode] = set()
    kinds: Counter[str] = Counter()
    printed: set[str] = set()
    write, interactive = sys.stdout.write, sys.stdout.isatty()
    try:
        for outcome in outcomes:
            write(outcome.output)
            if interactive:
                sys.stdout.flush()
            if outcome.errors and outcome.errors not in printed:  # a mistake in a model concerns every test
                printed.add(outcome.errors)
                _write_error(outcome.errors)
            codes.add(outcome.exit_code)
            kinds[outcome.kind] += 1
    except KeyboardInterrupt:
        _write_error(f"litmus: interrupted; answered so far: {kinds.total()}\n")
        return INTERRUPTED
    if shown.format == "text" and kinds.total() > 1:
        write(text.summary(kinds, time.perf_counter() - started, shown.style))
    return next((code for code in PRECEDENCE if code in codes), ExitCode.OK)


def _settings(parsed: argparse.Namespace, explain: bool) -> Settings:
    from litmus.checking import Settings
    from litmus.engine.options import Options

    default: States = "all" if parsed.format == "herd" else "auto"  # a log is complete
    settings = Settings(
        models=tuple(parsed.model),
        arch=parsed.arch,
        options=Options(parsed.states or default, parsed.engine, parsed.timeout, counts=parsed.format == "herd"),
        unroll=parsed.unroll,
        include=tuple(parsed.include),
        variants=tuple(parsed.variant),
        primitives=tuple(parsed.primitive),
        expect=parsed.expect,
        explain=explain,
    )
    settings.validate()
    return settings


def _checking(settings: Settings, shown: Presentation) -> Callable[[str], Iterator[Outcome]]:
    """What one process does: the function from a file to its outcomes."""
    from litmus.checking import Checker
    from litmus.report.outcome import outcome

    checker = Checker(settings)
    return lambda file: (outcome(result, shown) for result in checker.check(file))


def _died(shown: Presentation, file: str, how: str) -> Outcome:
    from litmus.checking import failed
    from litmus.diagnostics import NoAnswer
    from litmus.report.outcome import outcome

    return outcome(failed(file, NoAnswer(f"the process that was checking this test {how}")), shown)


# ---------------------------------------------------------------- litmus models


def _models(parsed: argparse.Namespace) -> int:
    from litmus.cat.catalogue import catalogue

    entries = list(catalogue().values())
    if parsed.json:
        import json

        for entry in entries:
            fields = {
                "model": entry.name,
                "title": entry.title,
                "source": entry.source,
                "default": entry.default,
                "primitives": entry.primitives,
                "file": entry.path,
            }
            sys.stdout.write(json.dumps(fields) + "\n")
        return ExitCode.OK
    width = max((len(entry.name) for entry in entries), default=0)
    for entry in entries:
        tests = f"; default for {', '.join(entry.default)}" if entry.default else ""
        sys.stdout.write(f"{entry.name:{width}}  {entry.title} ({entry.source}){tests}\n")
    return ExitCode.OK


# ---------------------------------------------------------------- arguments


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="litmus",
        description=DESCRIPTION,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,  # a new option must not break a script that shortened another
    )
    parser.add_argument("--version", action="version", version=f"litmus {__version__}")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    _add_check(commands)
    models = commands.add_parser(
        "models", help="list the built-in models", description="List the built-in models.", allow_abbrev=False
    )
    models.add_argument("--json", action="store_true", help="one JSON object a line")
    models.set_defaults(command=_models)
    return parser


def _add_check(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = commands.add_parser(
        "check",
        help="decide litmus tests",
        description=CHECK_DESCRIPTION,
        epilog=CHECK_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.set_defaults(command=_check)
    parser.add_argument(
        "files", nargs="+", metavar="FILE", help="a test, a folder of *.litmus files, or @LIST, a file that names tests"
    )
    under = parser.add_argument_group("under which model")
    under.add_argument(
        "--model",
        action="extend",
        type=_names,
        default=[],
        metavar="NAME|PATH",
        help="a built-in model or a .cat file; several with commas or by repeating the option "
        "(default: the architecture's own; for C every hardware model with a table of primitives)",
    )
    under.add_argument("--arch", metavar="A", help="for a .cat file and a C test: whose table of primitives to use")
    under.add_argument(
        "--primitive",
        action="append",
        type=_primitive,
        default=[],
        metavar="A.P=ALTERNATIVE",
        help="what a primitive of C becomes there, where its table names alternatives: power.smp_wmb=eieio",
    )
    under.add_argument(
        "-I", dest="include", action="append", default=[], metavar="DIR", help="where models find what they include"
    )
    under.add_argument("--variant", action="extend", type=_names, default=[], metavar="V", help="set a model's variant")
    answer = parser.add_argument_group("what to answer")
    form = answer.add_mutually_exclusive_group()
    form.add_argument(
        "--format",
        choices=("text", "herd", "json"),
        default="text",
        help="for people (default), herd's log, or JSON lines",
    )
    form.add_argument("--json", dest="format", action="store_const", const="json", help="same as --format json")
    answer.add_argument(
        "--states",
        choices=("auto", "all", "none"),
        help="list final states: as many as are quickly found (default), all (default for herd's log), or none",
    )
    answer.add_argument(
        "--expect", type=_verdict, metavar="V", help="Never, Sometimes or Always: what every test should come out as"
    )
    answer.add_argument("-v", "--verbose", action="store_true", help="all of each answer, also of many")
    limits = parser.add_argument_group("how far and how fast")
    limits.add_argument("--unroll", type=_count, default=2, metavar="N", help="follow loops N times (default 2)")
    limits.add_argument("--timeout", type=_seconds, metavar="S", help="no answer for a test after S seconds")
    limits.add_argument("--jobs", type=_count, metavar="N", help="processes (default: 1 for few files, else one a CPU)")
    limits.add_argument(
        "--engine",
        choices=("auto", "z3", "enumerate"),
        default="auto",
        help="what decides: the quickest that can (default), always Z3, or a plain enumeration for comparison",
    )
    limits.add_argument("--debug", action="store_true", help="show the Python traceback of an internal error")


def _names(text: str) -> list[str]:
    """Names separated by commas; a file that exists may have commas in its own."""
    return [text] if os.path.exists(text) else [name for name in text.split(",") if name]


def _primitive(text: str) -> tuple[str, str, str]:
    match = re.fullmatch(r"([^.=]+)\.([^.=]+)=([^=]+)", text)
    if match is None:
        raise argparse.ArgumentTypeError(f"{text!r} is not of the form ARCH.PRIMITIVE=ALTERNATIVE")
    return match[1], match[2], match[3]


def _verdict(text: str) -> str:
    word = text.capitalize()
    if word not in ("Never", "Sometimes", "Always"):
        raise argparse.ArgumentTypeError(f"{text!r} is none of Never, Sometimes, Always")
    return word


def _count(text: str) -> int:
    if not text.isascii() or not text.isdigit() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a positive number")
    return int(text)


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0.0
    if not 0 < seconds < float("inf"):
        raise argparse.ArgumentTypeError(f"{text!r} is not a positive number of seconds")
    return seconds
