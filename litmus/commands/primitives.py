"""litmus primitives: list what the C dialect offers, with what each primitive becomes and the source that says so."""

from __future__ import annotations

import argparse

from litmus.commands.streams import write
from litmus.diagnostics import ExitCode, InputError, near

DESCRIPTION = """\
List the primitives that C tests may use: how each is called, what it does, what it becomes on each architecture
(fences and sets by their names in cat models), and the file that says so.
"""

EPILOG = """\
examples:
  litmus primitives                       all of them, on every architecture
  litmus primitives smp_mb cmpxchg        two of them
  litmus primitives --arch power          on one architecture
  litmus primitives xchg --arch aarch64 --json

A line `power.smp_wmb=eieio: ...` is another form that kernels have; --primitive of other commands chooses it.
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of the command."""
    parser.set_defaults(many="names")
    parser.add_argument("names", nargs="*", metavar="NAME", help="a primitive; without one, all")
    parser.add_argument(
        "--arch", action="append", default=[], metavar="A", help="a table: power, x86, ... (may be repeated)"
    )
    parser.add_argument("--json", action="store_true", help="one JSON object a line, for each primitive and table")


def run(parsed: argparse.Namespace) -> int:
    """List the primitives; returns the exit status.  Raises InputError for a name or a table that does not exist."""
    from litmus.c.catalogue import CATALOGUE
    from litmus.c.tables import load_primitives, tables
    from litmus.report import primitives as report

    for name in parsed.names:
        if name not in CATALOGUE:
            hint = near(name, CATALOGUE) or "litmus primitives lists all"
            raise InputError(f"there is no primitive {name}", hint=hint)
    chosen = [load_primitives(name) for name in parsed.arch or tables()]
    names = parsed.names or list(CATALOGUE)
    if parsed.json:
        import json

        for fields in report.objects(names, chosen):
            write(json.dumps(fields) + "\n")
        return ExitCode.OK
    for line in report.lines(names, chosen):
        write(line)
    return ExitCode.OK
