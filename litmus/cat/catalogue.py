"""The catalogue of built-in models, models/models.toml, and how a model's name is looked up."""

from __future__ import annotations

import os
from collections.abc import Sequence
from functools import lru_cache
from typing import cast

from msgspec import Struct

from litmus import cache as disk
from litmus.cat.library import models_directory, read_text
from litmus.diagnostics import InputError, near


class Entry(Struct, frozen=True):
    """A built-in model.

    `source` cites where its axioms were published; `default` are the architectures whose tests it
    decides when no model is named; `primitives` names the table by which C tests run under it, "any"
    standing for every table.
    """

    name: str
    file: str
    title: str
    source: str
    default: tuple[str, ...]
    primitives: str

    @property
    def path(self) -> str:
        """Where its file is."""
        return os.path.join(models_directory(), self.file)


Row = tuple[str, str, str, str, tuple[str, ...], str]


@lru_cache(maxsize=1)  # models.toml belongs to the program, and does not change while it runs
def catalogue() -> dict[str, Entry]:
    """All built-in models by name, in the order of models.toml."""
    text = read_text(os.path.join(models_directory(), "models.toml"))
    rows = cast("tuple[Row, ...] | None", disk.load("catalogue", text))  # importing tomllib takes 5 ms
    if rows is None:
        rows = _read(text)
        disk.store("catalogue", text, rows)
    return {row[0]: Entry(*row) for row in rows}


def _read(text: str) -> tuple[Row, ...]:
    import tomllib

    return tuple(
        (name, m["file"], m["title"], m["source"], tuple(m["default"]), m["primitives"])
        for name, m in tomllib.loads(text).items()
    )


def default_model(arch: str) -> Entry | None:
    """The model that decides the tests of an architecture when none is named; None if there is none."""
    return next((entry for entry in catalogue().values() if arch in entry.default), None)


def is_path(name_or_path: str) -> bool:
    """Whether a `--model` argument is a file rather than the name of a built-in model."""
    return "/" in name_or_path or os.sep in name_or_path or name_or_path.endswith(".cat")


def locate(name_or_path: str, folders: Sequence[str] = ()) -> str:
    """The file of a model: a built-in one's, or the path, which may also be relative to one of some folders.

    Raises InputError if there is no such built-in model or file.
    """
    if not is_path(name_or_path):
        entry = catalogue().get(name_or_path)
        if entry is not None:
            return entry.path
        hint = near(name_or_path, catalogue())
        raise InputError(
            f"there is no model `{name_or_path}`",
            hint=f"{hint} " * (hint is not None) + "`litmus models` lists them; a file is given as a path or NAME.cat",
        )
    for folder in ("", *folders):
        path = os.path.join(folder, name_or_path)
        if os.path.isfile(path):
            return path
    stem = os.path.splitext(os.path.basename(name_or_path))[0]
    known = stem if stem in catalogue() else None
    hint = f"the built-in model is called `{known}`" if known else None
    raise InputError(f"there is no model file {name_or_path}", hint=hint)
