"""The cat language: model files in, compiled models (litmus.algebra.dag) out.

`load_model` for a built-in model or a file, `compile_text` for a text, `without_check` to weaken one.
Compiled models are kept in memory, and in the user's cache directory together with the texts of all
files they came from, so that a second run neither parses nor compiles.  A file that has changed is
read again.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from msgspec.structs import replace

from litmus.cat.kept import KeptModels
from litmus.diagnostics import Diagnostic

if TYPE_CHECKING:
    from litmus.algebra.dag import Model, Scope
    from litmus.cat.library import Files

kept_models = KeptModels(64)  # of this process


def load_model(
    name_or_path: str,
    tags: frozenset[str],
    *,
    arch: str = "",
    include: tuple[str, ...] = (),
    variants: frozenset[str] = frozenset(),
) -> Model:
    """The compiled model of that name (litmus.cat.catalogue) or path.

    tags: the sets of events that the architecture `arch` has beyond those of every execution (its
    fences and annotations); include: folders searched for a model, and for included files after the
    including file's own folder, and before those of the environment variable LITMUS_CAT_PATH; variants:
    those for which `if "v"` holds.  Raises InputError for mistakes in the model, ForeignModel (one of them) if it is
    for another architecture, and Unsupported for what cannot be compiled, each with its place.
    """
    from litmus.algebra.dag import Scope
    from litmus.cat.catalogue import locate
    from litmus.cat.library import Files, search_path

    folders = (*include, *search_path())
    path = locate(name_or_path, folders)
    key = name_or_path, path, arch, tags, folders, variants
    found = kept_models.get(key)
    if found is None:
        scope = Scope(arch, tags, frozenset(variant.lower() for variant in variants))
        files = Files(folders)
        try:
            found = _stored_or_compiled(name_or_path, path, scope, files)
        except Diagnostic as error:  # until a file changes, every test meets it again
            found = error
        kept_models.keep(key, found, files)
    if isinstance(found, Diagnostic):
        raise found.with_traceback(None)
    return found


def _stored_or_compiled(name: str, path: str, scope: Scope, files: Files) -> Model:
    """The model in the file at `path`; `files` then knows what it was compiled from."""
    from litmus import cache
    from litmus.cat.stored import Stored, pack, unpack

    key = name, path, scope.arch, tuple(sorted(scope.tags)), files.include, tuple(sorted(scope.variants))
    stored = cast("Stored | None", cache.load("model", key))
    if stored is not None:
        model = unpack(stored, scope, files)
        if model is not None:
            return model
    from litmus.cat.interpreter import compiled

    model = compiled(files.open(path), name, scope, files)
    cache.store("model", key, pack(model, path, files))
    return model


def compile_text(
    text: str,
    name: str,
    tags: frozenset[str],
    *,
    arch: str = "",
    include: tuple[str, ...] = (),
    variants: frozenset[str] = frozenset(),
) -> Model:
    """The compiled model of a text; `name` is its name and stands for its file in messages.  Raises like load_model."""
    from litmus.algebra.dag import Scope
    from litmus.cat.interpreter import compiled
    from litmus.cat.library import Files
    from litmus.diagnostics import Source

    scope = Scope(arch, tags, frozenset(variant.lower() for variant in variants))
    return compiled(Source(name, text), name, scope, Files(include))


def without_check(model: Model, name: str) -> Model:
    """The model without its checks of that name.  Raises KeyError if it has none."""
    kept = tuple(check for check in model.checks if check.name != name)
    if len(kept) == len(model.checks):
        raise KeyError(name)
    return replace(model, checks=kept)
