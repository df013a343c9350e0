"""Finding models by name and path, the catalogue, and the cache of compiled models."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from cat_executions import execution
from hand_facts import HandFacts

import litmus
from litmus import cache
from litmus.algebra.dag import Level, Model
from litmus.cat import compile_text, kept_models, load_model, without_check
from litmus.cat.catalogue import catalogue, default_model, locate
from litmus.cat.kept import KeptModels
from litmus.cat.library import Files
from litmus.diagnostics import InputError

TAGS = frozenset({"SYNC", "LWSYNC", "ISYNC", "EIEIO", "X", "EX"})


@pytest.fixture
def cold(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """An empty cache of our own."""
    directory = tmp_path / "cache"
    directory.mkdir()
    monkeypatch.setattr(cache, "cache_directory", lambda: str(directory))
    kept_models.clear()
    yield directory
    kept_models.clear()


def stored_models(directory: Path) -> list[Path]:
    return sorted(directory.glob("model-*"))


def test_the_catalogue_names_a_file_a_source_and_a_table_for_every_model() -> None:
    entries = catalogue()
    assert list(entries) == ["sc", "x86-tso", "tso", "power", "arm", "aarch64", "riscv"]
    for entry in entries.values():
        assert Path(entry.path).is_file()
        assert entry.title
        assert entry.source
        assert load_model(entry.name, frozenset()).title


DEFAULTS = [
    ("X86", "x86-tso"),
    ("X86_64", "x86-tso"),
    ("PPC", "power"),
    ("ARM", "arm"),
    ("AArch64", "aarch64"),
    ("RISCV", "riscv"),
    ("LISA", None),
]


@pytest.mark.parametrize(("arch", "model"), DEFAULTS)
def test_an_architecture_has_at_most_one_default_model(arch: str, model: str | None) -> None:
    entry = default_model(arch)
    assert (entry.name if entry else None) == model
    assert sum(arch in e.default for e in catalogue().values()) <= 1


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("powr", "did you mean power?"),
        ("x86tso", "did you mean x86-tso "),
        ("nothing-like-it", "litmus models"),
        ("none.cat", "there is no model file none.cat"),
        ("dir/power", "the built-in model is called `power`"),
    ],
)
def test_an_unknown_model_is_an_error_that_helps(name: str, words: str) -> None:
    with pytest.raises(InputError) as error:
        locate(name)
    assert words in f"{error.value.message} {error.value.hint}"


def test_a_model_is_given_by_path(tmp_path: Path) -> None:
    path = tmp_path / "mine.cat"
    path.write_text('"My model" include "inc.cat"')
    (tmp_path / "inc.cat").write_text("acyclic po as mine")
    model = load_model(str(path), TAGS)
    assert (model.name, model.title, model.checks[0].name) == (str(path), "My model", "mine")


def test_a_model_is_found_here_then_in_the_folders_named_then_on_the_search_path(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for folder, relation in (("here", "po"), ("named", "rf"), ("path", "ctrl")):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "mine.cat").write_text(f'"mine" include "part.cat" acyclic {relation}')
        (tmp_path / folder / "part.cat").write_text(f"empty {relation}")
    monkeypatch.chdir(tmp_path / "here")
    monkeypatch.setenv("LITMUS_CAT_PATH", str(tmp_path / "path"))
    named = (str(tmp_path / "named"),)

    def relations(include: tuple[str, ...]) -> list[str]:
        kept_models.clear()
        model = load_model("mine.cat", TAGS, include=include)
        return [model.nodes[check.node].name for check in model.checks]

    # The included file is always taken from beside the model.
    assert relations(named) == ["po", "po"]
    (tmp_path / "here" / "mine.cat").unlink()
    assert relations(named) == ["rf", "rf"]
    assert relations(()) == ["ctrl", "ctrl"]


def test_a_folder_is_not_a_model(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="there is no model file"):
        load_model(f"{tmp_path}/", TAGS)


def test_a_stored_model_is_the_compiled_one(cold: Path) -> None:
    first = load_model("power", TAGS)
    assert len(stored_models(cold)) == 1
    kept_models.clear()
    second = load_model("power", TAGS)
    assert second is not first
    assert second.nodes == first.nodes
    assert second.recursions == first.recursions
    assert second.shows == first.shows
    assert [str(c.span) for c in second.checks] == [str(c.span) for c in first.checks]
    assert [c.span.text for c in second.checks] == [c.span.text for c in first.checks]


def test_what_is_said_of_a_model_as_a_whole_is_stored_too(tmp_path: Path, cold: Path) -> None:
    path = tmp_path / "m.cat"
    path.write_text('"m" catdep if "no-such" acyclic ctrl end acyclic rf-reg | {} show rf')
    first = load_model(str(path), TAGS)
    kept_models.clear()
    second = load_model(str(path), TAGS)
    assert second is not first
    assert second.level is first.level is Level.REGISTERS
    assert second.notes == first.notes != ()
    assert second.shows == first.shows != ()


def test_a_model_that_is_compiled_for_each_test_is_stored_as_its_text(tmp_path: Path, cold: Path) -> None:
    (tmp_path / "inc.cat").write_text("let rec f s = match s with {} -> 0 || e ++ es -> ({e} * es) | f(es) end")
    path = tmp_path / "m.cat"
    path.write_text('include "inc.cat" acyclic f(M) & po')
    facts = HandFacts(execution("Wx=1 Wy=1 | Ry=1 Rx=0"))
    models = []
    for _ in range(2):
        kept_models.clear()
        recipe = load_model(str(path), TAGS).recipe
        assert recipe is not None
        models.append(recipe.compile(facts))
    assert len(stored_models(cold)) == 1
    assert models[0].nodes == models[1].nodes != ()
    path.write_text("acyclic po")
    kept_models.clear()
    assert load_model(str(path), TAGS).recipe is None


def test_a_stored_model_is_used_without_lark_and_without_compiling(cold: Path) -> None:
    code = (
        "import sys; from litmus.cat import load_model; load_model('power', frozenset({'SYNC'}));"
        "print([m for m in ('lark', 'tomllib', 'litmus.cat.interpreter') if m in sys.modules])"
    )
    run = [sys.executable, "-c", code]
    environment = {"LITMUS_CACHE": str(cold), "PYTHONPATH": str(Path(litmus.__file__).parents[1])}
    outputs = [subprocess.run(run, env=environment, capture_output=True, text=True, check=True).stdout for _ in "12"]
    assert outputs == ["['lark', 'tomllib', 'litmus.cat.interpreter']\n", "[]\n"]


def test_a_change_of_any_file_read_or_a_file_that_comes_first_in_the_search_compiles_anew(
    tmp_path: Path, cold: Path
) -> None:
    (tmp_path / "late").mkdir()
    path, included, earlier = tmp_path / "m.cat", tmp_path / "late" / "inc.cat", tmp_path / "inc.cat"
    path.write_text('include "inc.cat"')

    def name() -> str | None:
        kept_models.clear()
        return load_model(str(path), TAGS, include=(str(tmp_path / "late"),)).checks[0].name

    included.write_text("acyclic po as one")
    assert name() == "one"
    included.write_text("acyclic po as two")
    assert name() == "two"
    earlier.write_text("acyclic po as three")
    assert name() == "three"
    path.write_text("acyclic po as four")
    assert name() == "four"


def test_tags_and_variants_and_include_folders_are_part_of_what_is_stored(tmp_path: Path, cold: Path) -> None:
    path = tmp_path / "m.cat"
    path.write_text('let f = try A with R if "v" empty f as yes else empty f as no end')
    summaries = {
        (load_model(str(path), tags, variants=variants).checks[0].name, load_model(str(path), tags).nodes[0].name)
        for tags in (frozenset[str](), frozenset({"A"}))
        for variants in (frozenset[str](), frozenset({"v"}))
    }
    assert summaries == {("yes", "A"), ("no", "A"), ("yes", "R"), ("no", "R")}


@pytest.mark.parametrize("damage", [b"", b"garbage", b"\xff" * 100])
def test_a_damaged_cache_file_is_ignored(cold: Path, damage: bytes) -> None:
    model = load_model("sc", TAGS)
    (file,) = stored_models(cold)
    file.write_bytes(damage)
    kept_models.clear()
    assert load_model("sc", TAGS).nodes == model.nodes


def test_without_a_cache_directory_models_are_compiled(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cache, "cache_directory", lambda: None)
    kept_models.clear()
    assert load_model("sc", TAGS).checks


def test_a_check_can_be_dropped_by_name() -> None:
    model = compile_text("acyclic po as a acyclic rf as b empty ctrl as a", "m.cat", TAGS)
    assert [check.name for check in without_check(model, "a").checks] == ["b"]
    with pytest.raises(KeyError):
        without_check(model, "c")


# ---------------------------------------------------------------- models in memory


def checks_of(model: Model) -> list[str | None]:
    return [check.name for check in model.checks]


def test_what_is_made_of_a_model_is_made_once_and_not_taken_for_that_of_a_changed_copy() -> None:
    model = compile_text("acyclic po as a acyclic rf as b", "m.cat", TAGS)
    made = model.once(checks_of)
    assert made == ["a", "b"]
    assert model.once(checks_of) is made
    assert without_check(model, "a").once(checks_of) == ["b"]
    assert compile_text("acyclic po as c", "m.cat", TAGS).once(checks_of) == ["c"]


def check_names(path: Path, **options: tuple[str, ...]) -> list[str | None]:
    return [check.name for check in load_model(str(path), TAGS, **options).checks]  # type: ignore[arg-type]


def test_a_changed_file_gives_the_new_model_in_the_same_process(tmp_path: Path) -> None:
    path, included = tmp_path / "m.cat", tmp_path / "late" / "inc.cat"
    included.parent.mkdir()
    include = (str(included.parent),)
    path.write_text('include "inc.cat" empty rf as own')
    included.write_text("acyclic po as one")
    assert check_names(path, include=include) == ["one", "own"]
    included.write_text("acyclic po as two")  # of the same length, perhaps within one tick of the clock
    assert check_names(path, include=include) == ["two", "own"]
    (tmp_path / "inc.cat").write_text("acyclic po as six")  # comes first in the search
    assert check_names(path, include=include) == ["six", "own"]
    path.write_text("empty rf as own")
    assert check_names(path, include=include) == ["own"]


def test_a_change_that_keeps_the_size_and_the_time_of_a_file_is_seen(tmp_path: Path) -> None:
    path = tmp_path / "m.cat"
    old = 1_000_000_000
    for name in ("one", "two", "six"):
        path.write_text(f"acyclic po as {name}")
        os.utime(path, (old, old))
        assert check_names(path) == [name]
        assert check_names(path) == [name]


def test_an_error_of_a_model_is_kept_until_the_file_is_mended(tmp_path: Path) -> None:
    path = tmp_path / "m.cat"
    path.write_text("acyclic nowhere")
    errors = []
    for _ in "12":
        with pytest.raises(InputError, match="unbound name `nowhere`") as error:
            load_model(str(path), TAGS)
        errors.append(error.value)
    assert errors[0] is errors[1]
    path.write_text("acyclic po as mended")
    assert check_names(path) == ["mended"]


def test_an_unchanged_model_is_neither_compiled_nor_loaded_again(tmp_path: Path) -> None:
    path = tmp_path / "m.cat"
    path.write_text("acyclic po")
    assert load_model(str(path), TAGS) is load_model(str(path), TAGS)


def test_as_many_models_are_kept_as_the_owner_says_and_the_oldest_is_dropped() -> None:
    kept = KeptModels(2)
    models = {name: compile_text(f"acyclic po as {name}", "m.cat", TAGS) for name in "abc"}
    for name in "ab":
        kept.keep(name, models[name], Files(()))
    assert kept.get("a") is models["a"]
    kept.keep("c", models["c"], Files(()))
    assert kept.get("b") is None
    assert (kept.get("a"), kept.get("c")) == (models["a"], models["c"])


# ---------------------------------------------------------------- the standard library


def test_a_standard_library_in_a_folder_that_is_named_is_the_one_used(tmp_path: Path) -> None:
    path, folder = tmp_path / "m.cat", tmp_path / "lib"
    folder.mkdir()
    path.write_text("empty mine empty try toid(W) with rf")
    (tmp_path / "stdlib.cat").write_text("let mine = W")  # beside the model: not asked for
    with pytest.raises(InputError, match="unbound name `mine`"):
        load_model(str(path), TAGS, include=(str(folder),))
    (folder / "stdlib.cat").write_text('"theirs" let mine = ctrl let f(r) = r; po')
    model = load_model(str(path), TAGS, include=(str(folder),))
    assert [model.nodes[check.node].name for check in model.checks] == ["ctrl", "rf"]
    path.write_text("empty f(W)\n")
    with pytest.raises(InputError) as error:  # also a mistake that shows in there is one of the call
        load_model(str(path), TAGS, include=(str(folder),))
    assert str(error.value.span) == f"{path}:1:9"
