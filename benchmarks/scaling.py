"""How the verdict's cost grows with the size of a test.  Prints a Markdown table.

usage: python -m benchmarks.scaling [--states]

The numbers are CPU milliseconds of one decision, parsing included, in a warm process.  `--states` also lists all
final states where that is feasible.
"""

from __future__ import annotations

import argparse
import time

from benchmarks import shapes
from litmus.cat import load_model
from litmus.deciding import decide
from litmus.diagnostics import Source
from litmus.engine import Answer, Options
from litmus.isa import architecture_named
from litmus.program.build import unroll
from litmus.reading import read_test
from litmus.resolving import resolve

FAMILIES = [
    ("store-buffer ring with sync", shapes.store_buffer_ring, (4, 8, 10, 12, 16, 24, 32), 10),
    ("2+2W ring with lwsync", shapes.two_plus_two_w_ring, (4, 8, 12), 12),
    ("IRIW with sync, readers", shapes.iriw, (2, 4, 6, 7, 8), 6),
    ("writers to one location", shapes.writers, (4, 6, 9, 10, 16, 32), 10),
]


def run(text: str, states: bool) -> tuple[Answer, float]:
    """The answer under the POWER model, and the CPU seconds it took."""
    start = time.process_time()
    test = read_test(Source("benchmark", text))
    isa = architecture_named(test.arch)
    program = isa.lower(test)
    question = resolve(test, program)
    model = load_model("power", isa.tags)
    answer = decide(unroll(program), model, question, Options(states="all" if states else "none", witness=False))
    return answer, time.process_time() - start


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--states", action="store_true", help="list all final states too")
    wanted = parser.parse_args()
    run(shapes.store_buffer_ring(2), states=False)  # warm: model, grammar
    run(shapes.writers(9), states=False)  # warm: Z3
    print("| test | size | verdict | ms | method |" + (" states | ms with states |" if wanted.states else ""))
    print("|---|---|---|---|---|" + ("---|---|" if wanted.states else ""))
    for name, family, sizes, states_up_to in FAMILIES:
        for n in sizes:
            answer, seconds = run(family(n), states=False)
            row = f"| {name} | {n} | {answer.verdict.value} | {1000 * seconds:.1f} | {answer.method} |"
            if wanted.states:
                if n <= states_up_to:
                    full, seconds = run(family(n), states=True)
                    row += f" {len(full.states or ())} | {1000 * seconds:.1f} |"
                else:
                    row += " - | - |"
            print(row, flush=True)


if __name__ == "__main__":
    main()
