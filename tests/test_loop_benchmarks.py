"""benchmarks.loops: its programs are litmus tests and designs that can be checked."""

from __future__ import annotations

from collections import Counter

from benchmarks.loops.__main__ import FAMILIES, rows
from litmus.c.lowering import lower as lower_c
from litmus.c.tables import load_primitives
from litmus.designs.parsing import read_design
from litmus.diagnostics import Source
from litmus.isa import architecture_named
from litmus.reading import read_test
from litmus.resolving import resolve


def test_every_program_of_the_loop_benchmarks_can_be_lowered() -> None:
    named: Counter[str] = Counter()
    for row in rows(list(FAMILIES)):
        named[row.name] += 1
        if row.is_design:
            read_design(Source(row.name, row.text))
            continue
        test = read_test(Source(row.name, row.text))
        program = lower_c(test, load_primitives(row.model)) if test.body else architecture_named(test.arch).lower(test)
        resolve(test, program)
        assert test.name == row.name
    assert max(named.values()) == 1  # two rows would be one file
