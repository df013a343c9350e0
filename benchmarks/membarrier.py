"""Compares two forms of the promise of sys_membarrier(), messages and cuts, on random tests.  Prints a Markdown table.

usage: python -m benchmarks.membarrier [--tests N] [--models MODEL,...]

For every model, the table says how many random C tests have the same final states in both forms.  For each of the three
barriers, it says how many tests have other final states than with cuts if that barrier is dropped from the messages.
On sc and x86-tso, a round trip of messages keeps the promise without the barriers.  The exit status is 1 if the two
forms differ in any test.
"""

from __future__ import annotations

import argparse
import time
from itertools import islice

from litmus.c.membarrier.promise import Promise
from tests.c.cuts import FULL_FENCE, small_tests, states_by_cuts, states_by_messages

MUTANTS = (Promise(before=False), Promise(handler=False), Promise(after=False))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tests", type=int, default=500, help="tests for each model")
    parser.add_argument("--models", default=",".join(FULL_FENCE))
    wanted = parser.parse_args()
    print("| model | tests | agree | without the first barrier | the handler's | the last | CPU seconds |")
    print("|---|---|---|---|---|---|---|", flush=True)
    differ = 0
    for model in wanted.models.split(","):
        start = time.process_time()
        agree = 0
        noticed = [0] * len(MUTANTS)
        for test in islice(small_tests(model), wanted.tests):
            cuts = states_by_cuts(test, model)
            if states_by_messages(test.text(), model) == cuts:
                agree += 1
            else:
                print(test.text())
            for i, mutant in enumerate(MUTANTS):
                noticed[i] += states_by_messages(test.text(), model, mutant) != cuts
        differ += wanted.tests - agree
        seconds = time.process_time() - start
        print(f"| {model} | {wanted.tests} | {agree} | {' | '.join(map(str, noticed))} | {seconds:.0f} |", flush=True)
    return int(differ > 0)


if __name__ == "__main__":
    raise SystemExit(main())
