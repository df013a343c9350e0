"""Derived data kept between runs: one marshalled file a key in the user's cache directory.

A file holds its whole key, which includes everything that the data was derived from, so a stale or
foreign file is never taken for an answer.  marshal, because it is fast and loading it runs no code.
"""

from __future__ import annotations

import binascii
import marshal
import os
import sys
from functools import cache

from litmus.source.grammar import cache_directory

# What marshal can hold.
Plain = None | bool | int | str | bytes | tuple["Plain", ...]


@cache
def program_version() -> tuple[Plain, ...]:
    """Changes whenever this package's compiler, or Python, does."""
    directory = os.path.dirname(os.path.abspath(__file__))
    with os.scandir(directory) as entries:
        files = [(e.name, e.stat()) for e in entries if e.name.endswith(".py")]
    return (sys.hexversion, *sorted((name, stat.st_mtime_ns, stat.st_size) for name, stat in files))


def _path(kind: str, key: Plain) -> str | None:
    directory = cache_directory()
    if directory is None:
        return None
    return os.path.join(directory, f"{kind}-{binascii.crc32(repr(key).encode()):08x}")


def load(kind: str, key: Plain) -> Plain:
    """What was stored under `key`; None if nothing was, or it cannot be read."""
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
    """Keeps `data` under `key`, replacing what was there; does nothing if it cannot."""
    path = _path(kind, key)
    if path is None:
        return
    scratch = f"{path}.{os.getpid()}"
    try:
        with open(scratch, "wb") as file:
            file.write(marshal.dumps((program_version(), key, data)))
        os.replace(scratch, path)
    except OSError:
        return
