"""An operator or a base name of which some table says nothing is noticed when that table is made."""

from __future__ import annotations

import importlib.util

import pytest

from litmus.algebra import names, operators
from litmus.algebra.complete import complete
from litmus.algebra.operators import Kind, Operator


def test_a_table_needs_an_entry_for_each_key_and_no_other() -> None:
    assert complete({1: "one", 2: "two"}, (2, 1), "numbers") == {1: "one", 2: "two"}
    with pytest.raises(
        LookupError, match=r"numbers: entries are missing for \[2\], and there should be none for \[3\]"
    ):
        complete({1: "one", 3: "three"}, (1, 2), "numbers")


def run_again(module: str) -> None:
    """Run the text of a module once more, without replacing the module."""
    spec = importlib.util.find_spec(module)
    assert spec is not None
    assert spec.loader is not None
    spec.loader.exec_module(importlib.util.module_from_spec(spec))


@pytest.mark.parametrize(
    ("module", "kept"),
    [
        ("litmus.engine.base", "OF_ACCESSES"),
        ("litmus.oracle.base", "OF_ACCESSES"),
        ("litmus.engine.registers", "OF_REGISTERS"),
        ("litmus.oracle.base", "OF_REGISTERS"),
        ("litmus.cat.levels", "OF_REGISTERS"),
    ],
)
def test_a_new_base_name_without_a_meaning_is_noticed_at_import(
    module: str, kept: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_again(module)
    row = names.BaseName(Kind.RELATION, "new")
    monkeypatch.setitem(names.BASE_NAMES, "new", row)
    monkeypatch.setattr(names, kept, (*getattr(names, kept), "new"))
    with pytest.raises(LookupError, match=r"missing for .*new"):
        run_again(module)


@pytest.mark.parametrize(
    ("module", "keys"),
    [
        ("litmus.relation.evaluation", "RESULTS"),
        ("litmus.relation.rows_evaluation", "RESULTS"),
        ("litmus.oracle.algebra", "RESULTS"),
        ("litmus.cat.levels", "APPLIED"),
    ],
)
def test_an_operator_without_a_meaning_is_noticed_at_import(
    module: str, keys: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An operator that is applied to nothing stands for a new one."""
    new = Operator.FIX if keys == "APPLIED" else (Operator.FIX, Kind.SET)
    monkeypatch.setattr(operators, keys, (*getattr(operators, keys), new))
    with pytest.raises(LookupError, match=r"missing for .*FIX"):
        run_again(module)
