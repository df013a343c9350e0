"""litmus models: list the built-in models."""

from __future__ import annotations

import argparse

from litmus.commands.streams import write
from litmus.diagnostics import ExitCode

DESCRIPTION = "List the built-in models."
EPILOG = None


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of the command."""
    parser.add_argument("--json", action="store_true", help="one JSON object a line")


def run(parsed: argparse.Namespace) -> int:
    """List the models; returns the exit status."""
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
            write(json.dumps(fields) + "\n")
        return ExitCode.OK
    width = max((len(entry.name) for entry in entries), default=0)
    for entry in entries:
        tests = f"; default for {', '.join(entry.default)}" if entry.default else ""
        write(f"{entry.name:{width}}  {entry.title} ({entry.source}){tests}\n")
    return ExitCode.OK
