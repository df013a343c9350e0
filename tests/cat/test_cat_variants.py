"""Variants: those that models test for, those that a user chooses, and what is said about unknown ones."""

from __future__ import annotations

from pathlib import Path

import pytest

from litmus.cat import compile_text, load_model
from litmus.cat.variants import OF_INSTRUCTIONS, OF_MODELS, asked_for, is_known, refuse_unknown
from litmus.diagnostics import InputError, Unsupported

MODEL = """"choosing"
include "more.cat"
if "ETS2" acyclic po as ets2 end
if not "strict" && ("relaxed" || variant "own") acyclic rf as relaxed else acyclic ctrl as strict end
"""
MORE = """if "inner" let order = po else let order = rf end
acyclic order as order
if "never" include "missing.cat" end
"""


@pytest.fixture
def model(tmp_path: Path) -> str:
    """The path of a model that asks for variants, itself and in a file that it includes."""
    (tmp_path / "more.cat").write_text(MORE)
    (tmp_path / "choosing.cat").write_text(MODEL)
    return str(tmp_path / "choosing.cat")


def names(path: str, *variants: str) -> list[str | None]:
    """The names of the checks of a model, with the relation of `order`."""
    compiled = load_model(path, frozenset(), variants=frozenset(variants))
    first = compiled.nodes[compiled.checks[0].node].name
    return [first, *[check.name for check in compiled.checks[1:]]]


def test_variants_decide_in_any_case_of_letters(model: str) -> None:
    assert names(model) == ["rf", "strict"]
    assert names(model, "ets2", "Inner") == ["po", "ets2", "strict"]
    assert names(model, "RELAXED") == ["rf", "relaxed"]
    assert names(model, "own", "strict") == ["rf", "strict"]


def test_all_variants_that_a_model_may_ask_for_are_found(model: str) -> None:
    assert asked_for(model, ()) == {"ets2", "strict", "relaxed", "own", "inner", "never"}


def test_the_models_own_variants_and_herds_are_accepted(model: str) -> None:
    refuse_unknown(["Strict", "own", "inner", "ETS2", "mixed", "cos-opt"], [model], ())


def test_an_unknown_variant_is_an_error_that_names_near_ones(model: str) -> None:
    with pytest.raises(InputError, match="stricd") as error:
        refuse_unknown(["stricd"], [model], ())
    assert "strict" in (error.value.hint or "")


@pytest.mark.parametrize("variant", ["memtag", "VMSA", "kvm", "ifetch", "sve", "Morello"])
def test_a_variant_that_changes_instructions_is_not_supported(variant: str, model: str) -> None:
    with pytest.raises(Unsupported, match=variant):
        refuse_unknown([variant], [model], ())


def test_the_two_kinds_of_variants_are_apart_and_in_lower_case() -> None:
    assert not OF_MODELS & OF_INSTRUCTIONS
    for name in OF_MODELS | OF_INSTRUCTIONS:
        assert name == name.lower()
        assert is_known(name.upper())


def test_a_variant_that_nobody_knows_is_off_and_is_told_of() -> None:
    text = 'if "ets2" acyclic id end\nif "no-such" acyclic po else acyclic rf end acyclic if "no-such" then po else rf'
    compiled = compile_text(text, "m.cat", frozenset())
    assert [compiled.nodes[check.node].name for check in compiled.checks] == ["rf", "rf"]
    (note,) = compiled.notes
    assert "no-such" in note
    assert "m.cat:2:4" in note
    assert compile_text(text, "m.cat", frozenset(), variants=frozenset({"no-such"})).notes == ()


def test_only_the_variants_that_decide_are_told_of() -> None:
    text = 'if "ets2" && "no-such" acyclic ctrl end acyclic po'
    assert compile_text(text, "m.cat", frozenset()).notes == ()


def test_included_files_and_their_variants_are_found_on_the_search_path(
    model: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (tmp_path / "more.cat").rename(elsewhere / "more.cat")
    with pytest.raises(InputError, match=r"cannot find the included file more\.cat"):
        names(model)
    monkeypatch.setenv("LITMUS_CAT_PATH", f"{tmp_path / 'nowhere'}:{elsewhere}")
    assert names(model, "inner") == ["po", "strict"]
    refuse_unknown(["inner"], [model], ())


def test_folders_that_are_named_come_before_the_search_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for folder, relation in (("named", "po"), ("path", "rf")):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "part.cat").write_text(f"acyclic {relation}")
    (tmp_path / "models").mkdir()
    path = tmp_path / "models" / "whole.cat"
    path.write_text('"whole" include "part.cat"')
    monkeypatch.setenv("LITMUS_CAT_PATH", str(tmp_path / "path"))
    for include, expected in (((), "rf"), ((str(tmp_path / "named"),), "po")):
        compiled = load_model(str(path), frozenset(), include=include)
        assert compiled.nodes[compiled.checks[0].node].name == expected
