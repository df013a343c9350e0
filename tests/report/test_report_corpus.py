"""Logs of third-party tests: conditions, kinds and state lists are to the letter what was recorded of herd7.

The tests are not part of this repository: LITMUS_CORPUS names the folder that holds them.
"""

from __future__ import annotations

import json
import os
from itertools import islice
from pathlib import Path

import herdlog
import pytest

from litmus.cli import main

CORPUS = os.environ.get("LITMUS_CORPUS", "")
EVERY = 8  # one test in so many


@pytest.mark.skipif(not os.path.isdir(CORPUS), reason="LITMUS_CORPUS is not set")
@pytest.mark.parametrize("arch", ["X86", "X86_64", "PPC"])
def test_the_log_is_what_was_recorded(arch, capsys):
    with open(Path(CORPUS, arch, "expected.jsonl")) as recorded:
        rows = [json.loads(line) for line in islice(recorded, 0, None, EVERY)]
    main(["check", "--format", "herd", "--jobs", "1", *[str(Path(CORPUS, arch, row["file"])) for row in rows]])
    log = capsys.readouterr().out
    blocks = herdlog.read_log(log)
    assert len(blocks) == len(rows)
    for text, block, row in zip(log.split("\n\n"), blocks, rows, strict=False):
        assert (block.name, block.kind, block.condition) == (row["name"], row["kind"], row["condition"])
        assert block.observation is not None
        assert block.observation[0] == row["verdict"]
        if row["states"]:
            assert text.splitlines()[2 : 2 + len(row["states"])] == row["states"]
