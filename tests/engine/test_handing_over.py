"""Handing over: an engine that is slow is left for the other one, and the answer is the same."""

from __future__ import annotations

import pytest
from agreement import common, random_programs, said
from programs import TAGS

from litmus import deciding
from litmus.cat import load_model
from litmus.engine.bounds import Bounds


@pytest.mark.parametrize("limit", [0, 1 << 30])
def test_engines_that_have_no_time_hand_over(limit: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """With no patience, Z3 hands over to all candidates at once, and these hand over to Z3."""
    model = load_model("power", TAGS)
    for found in random_programs(80_000, 25, 3000):
        answer = said(found, model, "auto")
        with monkeypatch.context() as patched:
            patched.setattr(deciding, "FEW", 0)
            patched.setattr(deciding, "EXHAUSTIVE_STATES_LIMIT", limit)
            patched.setattr(deciding, "PATIENCE", 1e-6)
            assert common(said(found, model, "auto"), counted=False) == common(answer, counted=False), found.name


def test_what_takes_too_much_memory_is_not_evaluated_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(deciding, "FEW", 0)
    monkeypatch.setattr(deciding, "MOST_WORDS", 0)
    model = load_model("sc", TAGS)
    for found in random_programs(81_000, 5, 3000):
        assert Bounds(found.graph, True).words(1) > 0
        answer = said(found, model, "auto")
        assert isinstance(answer, str) or answer.method == "z3"
