"""What it costs to check programs with loops, by the whole process, against the limits that are asked for.

usage: python -m benchmarks.loops [FAMILY...] [--timeout S] [--json]

Each program is checked by `litmus check` (a design by `litmus designs`, in one scenario) in a process of its own, with
default options.  The table has the CPU seconds and the peak memory of that process, and the limits on them, with a mark
(!) where they are not kept.  A verdict that is wrong is marked.  A run that takes more CPU seconds than the timeout is
stopped.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from itertools import chain
from pathlib import Path
from typing import NamedTuple

from benchmarks.loops import c_rows, design_rows, machine_rows
from benchmarks.loops.row import Row

LITMUS = "import sys; from litmus.cli import main; sys.exit(main())"
MEMORY = 4 << 30  # bytes of address space, so that a run that explodes leaves the machine usable

FAMILIES: dict[str, tuple[Callable[[], Iterator[Row]], ...]] = {
    "locks": (machine_rows.locks, c_rows.locks),
    "counters": (machine_rows.counters, c_rows.counters),
    "tickets": (machine_rows.tickets, c_rows.tickets),
    "bounded": (machine_rows.bounded, c_rows.bounded),
    "spinning": (machine_rows.spinning, c_rows.spinning),
    "queues": (machine_rows.queues, c_rows.queues),
    "emulated": (c_rows.emulated,),
    "writers": (machine_rows.writers,),
    "long": (machine_rows.long, c_rows.long),
    "designs": (design_rows.designs,),
}


class Said(NamedTuple):
    """What a run said.  verdict: None if it was stopped, or has no answer."""

    verdict: str | None = None
    bound_reached: bool = False
    error: str | None = None


class Outcome(NamedTuple):
    """What a run said, and what it cost."""

    verdict: str | None
    bound_reached: bool
    error: str | None
    seconds: float
    megabytes: int


def rows(families: list[str]) -> Iterator[Row]:
    """The programs of some families."""
    return chain.from_iterable(family() for name in families for family in FAMILIES[name])


def run(row: Row, folder: Path, timeout: int) -> Outcome:
    """Check a program in a process of its own."""
    path = folder / f"{row.name}.{'design' if row.is_design else 'litmus'}"
    path.write_text(row.text)
    command = "designs" if row.is_design else "check"

    def limited() -> None:
        resource.setrlimit(resource.RLIMIT_CPU, (timeout, timeout + 1))
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))

    complaints = folder / "stderr"
    command_line = [sys.executable, "-c", LITMUS, command, str(path), "--model", row.model, "--json"]
    if row.is_design:
        command_line += ["--scenario", "SB,IN"]
    with complaints.open("w") as stderr:
        process = subprocess.Popen(command_line, stdout=subprocess.PIPE, stderr=stderr, text=True, preexec_fn=limited)
    assert process.stdout is not None
    with process.stdout as stdout:
        said = stdout.read()
    _, status, usage = os.wait4(process.pid, 0)  # unlike getrusage(), it tells what this process used
    process.returncode = os.waitstatus_to_exitcode(status)
    outcome = _said(row, [json.loads(line) for line in said.splitlines()]) if process.returncode >= 0 else Said()
    seconds = usage.ru_utime + usage.ru_stime
    error = outcome.error
    if process.returncode < 0:
        error = f"over {timeout} s"
    elif outcome.verdict is None and error is None:
        error = (complaints.read_text().strip().splitlines() or ["no answer"])[-1]
    return Outcome(outcome.verdict, outcome.bound_reached, error, seconds, usage.ru_maxrss // 1024)


def _said(row: Row, answers: list[dict[str, object]]) -> Said:
    """What the lines of JSON say."""
    error = next((str(answer["error"]) for answer in answers if answer["error"]), None)
    if not answers or error:
        return Said(error=error)
    if row.is_design:
        return Said("safe" if all(answer["safe"] for answer in answers) else "broken")
    (answer,) = answers
    return Said(str(answer["verdict"]), bool(answer["bound_reached"]))


def _against(value: float, limit: float | None) -> str:
    """A limit, marked if it is not kept."""
    return "" if limit is None else f"{limit} !" if value > limit else str(limit)


def described(row: Row, outcome: Outcome) -> str:
    """A row of the table."""
    verdict = outcome.verdict or outcome.error or ""
    if outcome.verdict is not None and outcome.verdict != row.right:
        verdict += f", WRONG: {row.right}"
    if outcome.bound_reached:
        verdict += " (bound)"
    seconds, megabytes = _against(outcome.seconds, row.seconds), _against(outcome.megabytes, row.megabytes)
    cells = (row.family, row.name, verdict, f"{outcome.seconds:.2f}", seconds, str(outcome.megabytes), megabytes)
    return f"| {' | '.join(cells)} |"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("families", nargs="*", metavar="FAMILY", help=f"of {', '.join(FAMILIES)} (default: all)")
    parser.add_argument("--timeout", type=int, default=60, metavar="S", help="CPU seconds for each run (default: 60)")
    parser.add_argument("--json", action="store_true", help="an object for each run, one a line")
    wanted = parser.parse_args()
    unknown = set(wanted.families) - FAMILIES.keys()
    if unknown:
        parser.error(f"no family {', '.join(sorted(unknown))} (of {', '.join(FAMILIES)})")
    if not wanted.json:
        print("| family | program | verdict | CPU s | at most | MB | at most |")
        print("|---|---|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as folder:
        for row in rows(wanted.families or list(FAMILIES)):
            outcome = run(row, Path(folder), wanted.timeout)
            if wanted.json:
                limits = {"right": row.right, "at_most_seconds": row.seconds, "at_most_megabytes": row.megabytes}
                print(
                    json.dumps({"family": row.family, "program": row.name, **outcome._asdict(), **limits}), flush=True
                )
            else:
                print(described(row, outcome), flush=True)


if __name__ == "__main__":
    main()
