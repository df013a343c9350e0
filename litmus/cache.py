"""Derived data kept between runs: one marshalled file for each key, in the user's cache directory.

A file holds its whole key, and the key includes everything that the data was derived from.  So a stale or
foreign file is never taken for an answer.  The format is marshal because it is fast, and loading it runs no code.
"""

from __future__ import annotations

import binascii
import marshal
import os
import sys
from collections.abc import Mapping, Sequence
from functools import cache

# What marshal can hold.
Plain = None | bool | int | str | bytes | Sequence["Plain"] | Mapping[str, "Plain"]

# The packages whose code derives what is kept: compiled models and the tables of grammars.
_DERIVING = ("cat", "source", "source/lalr")


@cache
def cache_directory() -> str | None:
    """Where derived files are kept between runs: $LITMUS_CACHE or the XDG cache; None if not writable."""
    root = os.environ.get("LITMUS_CACHE")
    home = os.environ.get("XDG_CACHE_HOME") or os.path.join(os.path.expanduser("~"), ".cache")
    path = root or os.path.join(home, "litmus-verifier")
    try:
        os.makedirs(path, exist_ok=True)
    except OSError:
        return None
    return path if os.access(path, os.W_OK) else None


@cache
def program_version() -> tuple[Plain, ...]:
    """A value that changes whenever the deriving code or Python changes."""
    package = os.path.dirname(os.path.abspath(__file__))
    files: list[tuple[Plain, ...]] = []
    for name in _DERIVING:
        with os.scandir(os.path.join(package, name)) as entries:
            stats = [(e.name, e.stat()) for e in entries if e.name.endswith(".py")]
        files += sorted((file, stat.st_mtime_ns, stat.st_size) for file, stat in stats)
    return (sys.hexversion, *files)


def _path(kind: str, key: Plain) -> str | None:
    directory = cache_directory()
    if directory is None:
        return None
    return os.path.join(directory, f"{kind}-{binascii.crc32(repr(key).encode()):08x}")


def load(kind: str, key: Plain) -> Plain:
    """What was stored under `key`; None if nothing was stored, or if it cannot be read."""
    path = _path(kind, key)
    if path is None:
        return None
    try:
        with open(path, "rb") as file:
            stored = marshal.loads(file.read())
    except (OSError, ValueError, EOFError, TypeError):
        return None
    if isinstance(stored, tuple) and len(stored) == 3 and stored[:2] == (program_version(), key):
        data: Plain = stored[2]
        return data
    return None


def store(kind: str, key: Plain, data: Plain) -> None:
    """Store `data` under `key`, and replace what was there.  Does nothing if it cannot be written."""
    path = _path(kind, key)
    if path is None:
        return
    scratch = f"{path}.{os.getpid()}"
    try:
        with open(scratch, "wb") as file:
            file.write(marshal.dumps((program_version(), key, data)))  # type: ignore[arg-type]  # sequences that are lists or tuples
        os.replace(scratch, path)
    except OSError:
        return
