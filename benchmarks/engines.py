"""Where Z3 takes over: the exhaustive and the lazy engine on the same random tests.  Prints a Markdown table.

usage: python -m benchmarks.engines [--tests N]

Each row is a range of numbers of candidate executions.  It has medians of CPU milliseconds: of the exhaustive
engine with all states, of the lazy engine for the verdict alone, and of the lazy engine with all states.
"""

from __future__ import annotations

import argparse
import statistics
import time

from benchmarks import shapes
from litmus.cat import load_model
from litmus.deciding import EXHAUSTIVE_LIMIT, plan_of
from litmus.diagnostics import Source
from litmus.engine.bounds import Bounds
from litmus.engine.exhaustive import Exhaustive
from litmus.engine.lazy import Lazy
from litmus.isa import architecture_named
from litmus.program.build import unroll
from litmus.reading import read_test
from litmus.resolving import resolve

ALL = 1 << 62


def measure(text: str) -> tuple[int, float, float, float] | None:
    """The number of candidates and the three CPU times; None for a test outside the range of interest."""
    test = read_test(Source("benchmark", text))
    isa = architecture_named(test.arch)
    program = isa.lower(test)
    question = resolve(test, program)
    plan = plan_of(load_model("power", isa.tags))
    bounds = Bounds(unroll(program), plan.coherent)
    count = bounds.candidates()
    if not 1 << 6 <= count <= 1 << 19:
        return None
    times = []
    start = time.process_time()
    exhaustive = Exhaustive(bounds, plan, question).answer(ALL, witness=False)
    times.append(time.process_time() - start)
    for limit in (None, ALL):
        start = time.process_time()
        lazy = Lazy(bounds, plan, question).answer(None, limit, None)
        times.append(time.process_time() - start)
        assert lazy.verdict is exhaustive.verdict
    assert lazy.states == exhaustive.states
    return count, times[0], times[1], times[2]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tests", type=int, default=20, help="random tests of each size")
    tests = parser.parse_args().tests
    measure(shapes.writers(4))  # warm
    ranges: dict[int, list[tuple[float, float, float]]] = {}
    for threads, operations in ((2, 4), (2, 6), (2, 8), (3, 4), (3, 5), (3, 6), (4, 3), (4, 4), (4, 5)):
        for seed in range(tests):
            row = measure(shapes.random_program(threads, operations, seed))
            if row is not None:
                ranges.setdefault(row[0].bit_length() - 1, []).append(row[1:])
    print(f"The limit in litmus/deciding.py is {EXHAUSTIVE_LIMIT} candidates.\n")
    print("| candidates from | tests | exhaustive, states | z3, verdict | z3, states |")
    print("|---|---|---|---|---|")
    for exponent, rows in sorted(ranges.items()):
        medians = " | ".join(f"{1000 * statistics.median(column):.1f}" for column in zip(*rows, strict=True))
        print(f"| {1 << exponent} | {len(rows)} | {medians} |")


if __name__ == "__main__":
    main()
