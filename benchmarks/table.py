"""Checks what is claimed of the ordering table: how long it takes, and which counting law it follows.

    python -m benchmarks.table            the default table, and the tables of three and four threads
    python -m benchmarks.table --law      the counting law on all rings of 2 and 3 threads and 200 of 4

The law: take a ring of threads with two accesses each.  It is forbidden iff it has at least as many calls of
sys_membarrier() as threads that are not fenced.  On x86-TSO, a thread that is not fenced counts only if its accesses
are a write and then a read.
"""

from __future__ import annotations

import argparse
import itertools
import random
import resource
import time
from collections.abc import Iterator

from litmus.checking import Checker, Settings
from litmus.diagnostics import Source
from litmus.engine.answer import Verdict
from litmus.ordering.dressing import dressed, in_c, read_primitive
from litmus.ordering.table import DEFAULT_PRIMITIVES, UNSEEN, Asked, derive, hardware_models, shapes_of
from litmus.shapes.cycles import Cycle
from litmus.shapes.dialects import dialect
from litmus.shapes.generation import generate
from litmus.shapes.relaxations import COMMUNICATIONS, Relaxation

LEAVING = [Relaxation("communication", stem, s, t, True, True) for stem, (s, t) in COMMUNICATIONS.items()]
LABELS = ("barrier", "smp_mb", "sys_membarrier")
SEED = 2015


def rings(threads: int) -> Iterator[Cycle]:
    """Every ring of so many threads, each once, with all communications between threads and all labels inside them."""
    seen: set[Cycle] = set()
    for leaving in itertools.product(LEAVING, repeat=threads):
        for labels in itertools.product(LABELS, repeat=threads):
            cycle = dressed([in_c(label) for label in labels], leaving, dialect("C"))
            if cycle not in seen:
                seen.add(cycle)
                yield cycle


def forbidden_by_law(cycle: Cycle, model: str) -> bool:
    """Whether a ring is forbidden under a model, according to the law."""
    inside = [thread.steps[0] for thread in cycle.threads]
    calls = sum(step.stem == "Memb" for step in inside)
    unfenced = [step for step in inside if step.stem == "Barrier"]
    if model == "x86-tso":
        unfenced = [step for step in unfenced if (step.source, step.target) == ("W", "R")]
    return calls >= len(unfenced)


def law(cycles: list[Cycle], models: tuple[str, ...]) -> None:
    """Compare the law with the verdicts, and say where they differ."""
    checker = Checker(Settings(models=models, options=UNSEEN))
    for threads, group in itertools.groupby(cycles, key=lambda cycle: len(cycle.threads)):
        asked = broken = 0
        started = time.process_time()
        for cycle in group:
            test = generate(cycle)
            for result in checker.check_source(Source(f"{test.name}.litmus", test.text)):
                asked += 1
                verdict = result.answer.verdict if result.answer is not None else None
                expected = Verdict.NEVER if forbidden_by_law(cycle, result.model or "") else Verdict.SOMETIMES
                if verdict is not expected:
                    broken += 1
                    print(f"  {result.model}: {test.name}: {verdict}, the law says {expected}")
        seconds = time.process_time() - started
        print(f"rings of {threads}: {asked} verdicts in {seconds:.1f} s CPU, {broken} differ from the law", flush=True)


def tables(models: tuple[str, ...]) -> None:
    """Measure how long the tables take that `litmus table` makes."""
    primitives = tuple(map(read_primitive, DEFAULT_PRIMITIVES))
    for threads in (2, 3, 4):
        started, wall = cpu_seconds(), time.perf_counter()
        table = derive(Asked(primitives, primitives, shapes_of(threads), models))
        cpu, wall = cpu_seconds() - started, time.perf_counter() - wall
        size = f"{len(table.tests)} tests, {len(table.models)} models"
        print(f"{threads} threads: {size}: {wall:.1f} s, {cpu:.1f} s CPU", flush=True)


def cpu_seconds() -> float:
    """The CPU seconds of this process and of the processes it has started."""
    usages = map(resource.getrusage, (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(usage.ru_utime + usage.ru_stime for usage in usages)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--law", action="store_true", help="check the counting law")
    parser.add_argument("--model", action="append", help="only under this model (default: all hardware models)")
    parsed = parser.parse_args()
    models = tuple(parsed.model or hardware_models())
    if not parsed.law:
        tables(models)
        return
    sample = random.Random(SEED).sample(list(rings(4)), 200)
    law([*rings(2), *rings(3), *sample], models)


if __name__ == "__main__":
    main()
