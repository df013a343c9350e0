"""The command line: which command is asked for, its arguments, and an exit code; litmus.commands does the rest."""

from __future__ import annotations

import argparse
import gc
import os
import sys
from collections.abc import Sequence
from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING

from litmus import __version__, cache
from litmus.commands.streams import INTERRUPTED, OutputLostError, flush, give_up, write, write_error
from litmus.diagnostics import Diagnostic, ExitCode

if TYPE_CHECKING:
    from _typeshed import SupportsWrite

DESCRIPTION = """\
Decides litmus tests: can this outcome happen under that memory model?

A test is a few threads and a question about their final state, in herd's notation (.litmus); a
memory model is a file in the cat language, one of those that `litmus models` lists or your own.
"""

COMMANDS = {
    "check": "decide litmus tests",
    "table": "derive which primitives order, pair by pair",
    "designs": "decide which kernel designs keep the promise of sys_membarrier()",
    "generate": "write litmus tests from cycles and shapes",
    "models": "list the built-in models",
    "primitives": "list the primitives of C tests, and what each becomes",
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command.  Returns the exit status.  `arguments` defaults to sys.argv[1:]."""
    if sys.stdout is None:  # standard output is closed (`>&-`): nobody can read an answer
        return ExitCode.BAD_INPUT
    try:
        status = _run(sys.argv[1:] if arguments is None else list(arguments))
        flush()
        said = cache.trouble()
        if said is not None:
            write_error(f"litmus: {said}; so each start takes longer (LITMUS_CACHE names another folder)\n")
    except OutputLostError as error:
        give_up(error)
        return ExitCode.BAD_INPUT
    return status


def _run(given: list[str]) -> int:
    gc.set_threshold(20_000, 10, 10)  # little garbage is cyclic; looking for it less often saves 5 % of the time
    name = next((argument for argument in given if not argument.startswith("-")), None)
    command = import_module(f"litmus.commands.{name}") if name in COMMANDS else None
    parser = _parser(name, command)
    try:
        parsed, others = parser.parse_known_args(given)
        if others:  # argparse takes files in one place only, but users write `FILE --model M FILE`
            if "many" not in parsed or any(other.startswith("-") and other != "-" for other in others):
                parser.error(f"unrecognized arguments: {' '.join(others)}")
            setattr(parsed, parsed.many, [*getattr(parsed, parsed.many), *others])
    except SystemExit as exit_:  # argparse has printed its message
        return exit_.code if isinstance(exit_.code, int) else ExitCode.BAD_INPUT
    assert command is not None, "without a command, the parser has ended"
    try:
        status: int = command.run(parsed)
    except Diagnostic as error:
        write_error(f"litmus: {error.render()}\n")
        return error.exit_code
    except KeyboardInterrupt:
        write_error("litmus: interrupted\n")
        return INTERRUPTED
    except OutputLostError:
        raise
    except Exception:  # a bug of this program; with Python's exit status 1, it would look like an unexpected verdict
        import traceback

        write_error(f"litmus: internal error\n{traceback.format_exc()}")
        return ExitCode.NO_ANSWER
    return status


class _Parser(argparse.ArgumentParser):
    """A parser that raises OutputLostError if its help cannot be written.  argparse itself ignores that."""

    def _print_message(self, message: str, file: SupportsWrite[str] | None = None) -> None:
        if message and file is sys.stdout:
            write(message)
        else:
            super()._print_message(message, file)


def _formatter(prog: str) -> argparse.HelpFormatter:
    """A formatter that keeps help texts as they are written, as wide as the terminal.

    argparse itself would import shutil to find the width (3 ms).
    """
    try:
        columns = int(os.environ["COLUMNS"])
    except (KeyError, ValueError):
        try:
            columns = os.get_terminal_size().columns
        except OSError:
            columns = 80
    return argparse.RawDescriptionHelpFormatter(prog, width=columns - 2)


def _parser(name: str | None, command: ModuleType | None) -> argparse.ArgumentParser:
    """The parser.  Only the command that is asked for gets its arguments, because making them all takes time."""
    parser = _Parser(
        prog="litmus",
        description=DESCRIPTION,
        formatter_class=_formatter,
        allow_abbrev=False,  # a new option must not break a script that shortened another
    )
    parser.add_argument("--version", action="version", version=f"litmus {__version__}")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    for known, summary in COMMANDS.items():
        its = commands.add_parser(
            known,
            help=summary,
            description=command.DESCRIPTION if command is not None and known == name else summary,
            epilog=command.EPILOG if command is not None and known == name else None,
            formatter_class=_formatter,
            allow_abbrev=False,
        )
        if command is not None and known == name:
            command.add_arguments(its)
    return parser
