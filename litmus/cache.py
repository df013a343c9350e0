"""Derived data kept between runs: one marshalled file for each key, in the user's cache directory.

A file holds its whole key, and the key includes everything that the data was derived from.  So a stale or
foreign file is never taken for an answer.  The format is marshal because it is fast, and loading it runs no code.

The files together have at most MOST_BYTES.  When there are more, those that were not used for longest are removed.
Several processes may use the directory at once: a file appears with its whole contents, and a file that another
process removed is only derived again.  Nothing depends on the directory except how long a start takes.
"""

from __future__ import annotations

import binascii
import contextlib
import marshal
import os
import re
import sys
import time
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

# What marshal can hold.
Plain = None | bool | int | str | bytes | Sequence["Plain"] | Mapping[str, "Plain"]

MOST_BYTES = 16 << 20  # a compiled model has about 14 KiB, the tables of a grammar have up to 40 KiB
ROOM = 0.75  # the part of MOST_BYTES that is left when files are removed, so that this is rare
USED = 3600  # seconds; when a file that was not marked for so long is used, it is marked as used again

# The packages whose code, with that of their own packages, derives what is kept: compiled models, tables of grammars.
DERIVING = ("algebra", "cat", "relation", "source")

# The names of files of this module.  Those with a second part are being written, or were when their writer died.
_OURS = re.compile(r"[a-z]+-[0-9a-f]{8}(\.[0-9a-f]+)?")

_trouble: str | None = None


def cache_directory() -> str | None:
    """Where derived files are kept between runs: $LITMUS_CACHE or in the XDG cache; None without a home folder."""
    chosen = os.environ.get("LITMUS_CACHE")
    if chosen:
        return chosen
    home = os.environ.get("XDG_CACHE_HOME", "")
    if not os.path.isabs(home):  # the XDG specification asks to ignore such a value
        home = os.path.join(os.path.expanduser("~"), ".cache")
    return os.path.join(home, "litmus-verifier") if os.path.isabs(home) else None


def trouble() -> str | None:
    """Why this process could not keep something that it derived, in a sentence; None if it could."""
    return _trouble


@lru_cache(maxsize=1)  # the code does not change while it runs
def program_version() -> tuple[Plain, ...]:
    """A value that changes whenever the deriving code or Python changes."""
    package = os.path.dirname(os.path.abspath(__file__))
    files: list[tuple[Plain, ...]] = []
    for name in DERIVING:
        for folder, _, names in os.walk(os.path.join(package, name)):
            for path in [os.path.join(folder, file) for file in names if file.endswith(".py")]:
                stat = os.stat(path)
                files.append((path[len(package) :], stat.st_mtime_ns, stat.st_size))
    return (sys.hexversion, *sorted(files))


def _path(directory: str, kind: str, key: Plain) -> str:
    return os.path.join(directory, f"{kind}-{binascii.crc32(repr(key).encode()):08x}")


def load(kind: str, key: Plain) -> Plain:
    """What was stored under `key`; None if nothing was stored, or if it cannot be read."""
    directory = cache_directory()
    if directory is None:
        return None
    path = _path(directory, kind, key)
    try:
        with open(path, "rb") as file:
            stored = marshal.loads(file.read())
            unused = time.time() - os.fstat(file.fileno()).st_mtime
    except (OSError, ValueError, EOFError, TypeError):
        return None
    if isinstance(stored, tuple) and len(stored) == 3 and stored[:2] == (program_version(), key):
        if unused > USED:
            with contextlib.suppress(OSError):  # it may not be changed, or was removed meanwhile
                os.utime(path)
        data: Plain = stored[2]
        return data
    return None


def store(kind: str, key: Plain, data: Plain) -> None:
    """Store `data` under `key`, and replace what was there.  If it cannot be written, `trouble` says why."""
    global _trouble
    directory = cache_directory()
    if directory is None:
        _trouble = "there is no home folder in which derived data could be kept"
        return
    path = _path(directory, kind, key)
    scratch = f"{path}.{os.urandom(8).hex()}"
    record: tuple[Any, ...] = (program_version(), key, data)
    try:
        os.makedirs(directory, exist_ok=True)
        with open(scratch, "xb") as file:
            file.write(marshal.dumps(record))
        os.replace(scratch, path)
        _make_room(directory)
    except OSError as error:
        with contextlib.suppress(OSError):
            os.unlink(scratch)
        _trouble = f"derived data cannot be kept in {directory}: {error.strerror or error}"


def _make_room(directory: str) -> None:
    """Remove the files that were not used for longest, if there are too many bytes.  Raises OSError."""
    files = []
    recently = time.time() - USED
    with os.scandir(directory) as entries:
        for entry in entries:
            found = _OURS.fullmatch(entry.name)
            if found is None:
                continue
            with contextlib.suppress(FileNotFoundError):  # another process removed it
                stat = entry.stat(follow_symlinks=False)
                if found[1] is None or stat.st_mtime < recently:  # else a process may be writing it
                    files.append((stat.st_mtime_ns, stat.st_size, entry.path))
    total = sum(size for _, size, _ in files)
    if total <= MOST_BYTES:
        return
    for _, size, path in sorted(files):
        with contextlib.suppress(FileNotFoundError):
            os.unlink(path)
        total -= size
        if total <= MOST_BYTES * ROOM:
            return
