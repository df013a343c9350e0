"""The published tests of the kernel's dialect: all are read, and what is not lowered says why.

LITMUS_CORPUS names the folder of the collections; without it there is nothing to read.
"""

import os
import re
from collections import Counter
from pathlib import Path

import pytest

from litmus.c.lowering import lower
from litmus.c.parsing import read_functions
from litmus.c.tables import load_primitives, tables
from litmus.diagnostics import Unsupported
from litmus.reading import read_file, read_test

CORPUS = os.environ.get("LITMUS_CORPUS")
COLLECTIONS = ("LKMM", "LKMM-hard", "LKMM-isa")

pytestmark = pytest.mark.skipif(CORPUS is None, reason="LITMUS_CORPUS does not name the folder of the collections")


def files(collection: str) -> list[Path]:
    assert CORPUS is not None
    return sorted(Path(CORPUS, collection, "tests").glob("*.litmus"))


@pytest.mark.slow
@pytest.mark.parametrize("table", tables())
@pytest.mark.parametrize("collection", COLLECTIONS)
def test_every_test_is_lowered_or_uses_rcu(collection: str, table: str) -> None:
    primitives = load_primitives(table)
    outcomes: Counter[str] = Counter()
    for file in files(collection):
        test = read_test(read_file(file))
        assert test.body is not None
        functions = read_functions(test.body)
        rcu = re.search(r"\b(s?rcu_(read|down|up)\w*|synchronize_s?rcu\w*)\s*\(", test.body.text)
        if rcu is not None:
            with pytest.raises(Unsupported, match="RCU is not modelled"):
                lower(test, primitives)
            outcomes["rcu"] += 1
        else:
            assert len(lower(test, primitives).threads) == len(functions)
            outcomes["lowered"] += 1
    assert outcomes["lowered"] > 0
    if collection == "LKMM":
        assert outcomes == {"lowered": 1795, "rcu": 677}
