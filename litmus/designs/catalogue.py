"""The designs that come with the program, models/designs, and how a design is named: NAME, NAME:VARIANT, or a file."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

from litmus.cat.library import models_directory, read_text
from litmus.designs.parsing import read_design
from litmus.designs.syntax import Design
from litmus.diagnostics import InputError, Source, near

SUFFIX = ".design"


def shipped() -> dict[str, str]:
    """The designs that come with the program: name -> file."""
    return {path.stem: str(path) for path in sorted(Path(models_directory(), "designs").glob(f"*{SUFFIX}"))}


def read_designs(words: Iterable[str]) -> list[Design]:
    """The designs that words name, each once.

    A name or a file without a variant means the design and all its variants.  `NAME:` means the design alone.
    Raises InputError if there is no such design, file or variant, and for an error in a file.
    """
    found: dict[tuple[str, str | None], Design] = {}
    for word in words:
        stem, colon, variant = word.rpartition(":") if _has_variant(word) else (word, "", "")
        designs = _read(stem)
        if colon:
            known = {design.variant or "": design for design in designs}
            if variant not in known:
                names = [name for name in known if name]
                hint = near(variant, names) or ("variants are " + ", ".join(names) if names else "it has none")
                raise InputError(f"{stem} has no variant {variant}", hint=hint)
            designs = [known[variant]]
        for design in designs:
            found.setdefault((stem, design.variant), design)
    return list(found.values())


def _has_variant(word: str) -> bool:
    return ":" in os.path.basename(word) and not os.path.exists(word)


def _read(name: str) -> list[Design]:
    path = shipped().get(name)
    if path is None:
        if not name.endswith(SUFFIX) and os.sep not in name:
            known = shipped()
            hint = near(name, known) or f"there are {', '.join(known)}; a file is given as a path or NAME{SUFFIX}"
            raise InputError(f"there is no design {name}", hint=hint)
        if os.path.isdir(name):
            raise InputError(f"{name} is a folder, not a design", hint="name its files")
        if not os.path.isfile(name):
            raise InputError(f"there is no file {name}")
        path = name
    return read_design(Source(path, read_text(path))).designs()
