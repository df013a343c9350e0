"""Where models and the files they include are found, and what was read to compile one."""

from __future__ import annotations

import os
from functools import lru_cache

from msgspec import Struct, field

from litmus.diagnostics import InputError, Source, Span


@lru_cache(maxsize=1)
def models_directory() -> str:
    """The folder of the built-in models: models/ beside the package (a checkout) or inside it (a wheel)."""
    package = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    for directory in (os.path.join(os.path.dirname(package), "models"), os.path.join(package, "models")):
        if os.path.isfile(os.path.join(directory, "lib", "stdlib.cat")):
            return directory
    raise InputError("the built-in models are missing: this installation is not complete")


def read_text(path: str, span: Span | None = None) -> str:
    """The text of a model file.  Raises InputError, at `span`, if it cannot be read or is not text."""
    try:
        with open(path, "rb") as file:
            raw = file.read()
    except OSError as error:
        reason = (error.strerror or "it cannot be read").lower()
        raise InputError(f"cannot read {path}: {reason}", span) from None
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = ""
    if "\0" in text or (raw and not text):
        raise InputError(f"{path} is not a text file", span)
    return text


def search_path() -> tuple[str, ...]:
    """The folders that the environment variable LITMUS_CAT_PATH names, separated like those of PATH."""
    return tuple(folder for folder in os.environ.get("LITMUS_CAT_PATH", "").split(os.pathsep) if folder)


class Files(Struct):
    """Finds and reads included files, and remembers what it read.

    A file is looked for beside the including file, in `include`, then in models/lib and models/.
    `read` maps paths to texts; `absent` are paths that would have been taken had they existed.
    """

    include: tuple[str, ...]
    read: dict[str, str] = field(default_factory=dict)
    absent: dict[str, None] = field(default_factory=dict)

    def open(self, path: str, span: Span | None = None) -> Source:
        """A file by its path.  Raises InputError like read_text."""
        text = self.read.get(path)
        if text is None:
            text = self.read[path] = read_text(path, span)
        return Source(path, text)

    def standard_library(self) -> Source:
        """stdlib.cat: the one in `include`, as of another herd7, or ours.  Raises InputError like read_text."""
        ours = os.path.join(models_directory(), "lib")
        for directory in (*self.include, ours):
            path = os.path.normpath(os.path.join(directory, "stdlib.cat"))
            if directory == ours or os.path.isfile(path):
                break
            self.absent[path] = None
        return self.open(path)

    def find(self, name: str, span: Span) -> Source:
        """An included file.  Raises InputError at `span` if there is none, with the folders searched."""
        models = models_directory()
        beside = os.path.dirname(span.source.name)
        searched = list(dict.fromkeys((beside, *self.include, os.path.join(models, "lib"), models)))
        for directory in searched:
            path = os.path.normpath(os.path.join(directory, name))
            if os.path.isfile(path):
                return self.open(path, span)
            self.absent[path] = None
        folders = ", ".join(directory or "." for directory in searched)
        raise InputError(f"cannot find the included file {name}", span, f"searched in {folders}")
