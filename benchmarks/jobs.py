"""How much faster several processes check many files.  Prints a Markdown table, the best of some rounds.

usage: python -m benchmarks.jobs [--rounds N] [--jobs N] [--format json|text] FILE...

The arguments are as for `litmus check`.  Wall times say something only while no other program runs.  CPU times are of
the process that prints and of those that it started.  The last column is how many times as fast as one process the CPU
times allow, if nothing has to wait: what one process does until it has started the others is done by it alone.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time

from msgspec import Struct

# What a run is: the command line, and then the CPU seconds and the memory (KiB) of the process and of those it started.
RUN = """
import json, resource, sys
from litmus.cli import main
main(["check", *sys.argv[1:]])
used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
print(json.dumps([(u.ru_utime + u.ru_stime, u.ru_maxrss) for u in used]), file=sys.stderr)
"""


class Cost(Struct, frozen=True):
    wall: float
    parent: float
    children: float
    mebibytes: float  # of the largest process


def measure(arguments: list[str]) -> Cost:
    start = time.perf_counter()
    command = [sys.executable, "-c", RUN, *arguments]
    done = subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, check=True)
    wall = time.perf_counter() - start
    (parent, own), (children, theirs) = json.loads(done.stderr.splitlines()[-1])
    return Cost(wall, parent, children, max(own, theirs) / 1024)


def best(costs: list[Cost]) -> Cost:
    return Cost(
        min(c.wall for c in costs),
        min(c.parent for c in costs),
        min(c.children for c in costs),
        max(c.mebibytes for c in costs),
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--format", choices=("json", "text"), default="json")
    parser.add_argument("files", nargs="+")
    asked = parser.parse_args()
    numbers = [1, asked.jobs]
    costs: dict[int, list[Cost]] = {jobs: [] for jobs in numbers}
    start = min(measure(["--help"]).parent for _ in range(asked.rounds))
    for _ in range(asked.rounds):  # in turn, so that what else the machine does disturbs all alike
        for jobs in numbers:
            costs[jobs].append(measure([*asked.files, "--format", asked.format, "--jobs", str(jobs)]))
    alone = best(costs[1])
    print("| jobs | wall, s | CPU of the parent, s | of the others, s | MiB | times as fast | CPU allows |")
    print("|---|---|---|---|---|---|---|")
    for jobs in numbers:
        cost = best(costs[jobs])
        allowed = alone.parent / (start + (cost.parent + cost.children - start) / jobs)
        figures = f"{cost.wall:.2f} | {cost.parent:.2f} | {cost.children:.2f} | {cost.mebibytes:.0f}"
        print(f"| {jobs} | {figures} | {alone.wall / cost.wall:.2f} | {allowed:.2f} |")


if __name__ == "__main__":
    main()
