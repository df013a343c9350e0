"""Compiled models kept in memory, each as long as the files that it was compiled from say the same."""

from __future__ import annotations

import os
import time
from typing import NamedTuple

from msgspec import Struct

from litmus.algebra.dag import Model
from litmus.cat.library import Files, read_text
from litmus.diagnostics import Diagnostic, InputError

Found = Model | Diagnostic

_SETTLED = 2 * 10**9  # ns; a file that was written that long ago shows every later change in its times


class _Stamp(NamedTuple):
    """What tells that a file was not written again, without reading it."""

    modified: int
    changed: int
    size: int
    inode: int


class _Entry(Struct, eq=False):
    found: Found
    files: Files
    stamps: dict[str, _Stamp]


class KeptModels:
    """Compiled models, or the errors that compiling them gave, under the keys of the caller.

    Of more than `most` of them, those that were not asked for longest are dropped.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._entries: dict[object, _Entry] = {}

    def get(self, key: object) -> Found | None:
        """What is kept under a key; None if nothing is, or a file it came from has changed."""
        entry = self._entries.pop(key, None)
        if entry is None or not _is_current(entry):
            return None
        self._entries[key] = entry
        return entry.found

    def keep(self, key: object, found: Found, files: Files) -> None:
        """Keeps a model or an error that came from these files."""
        self._entries[key] = _Entry(found, files, {})
        while len(self._entries) > self._most:
            del self._entries[next(iter(self._entries))]

    def clear(self) -> None:
        """Forgets everything."""
        self._entries.clear()


def _is_current(entry: _Entry) -> bool:
    """Whether every file still says what it said, and none came that would have been taken instead."""
    if any(os.path.isfile(path) for path in entry.files.absent):
        return False
    for path, text in entry.files.read.items():
        try:
            stamp = _stamp(path)
            if stamp is None or entry.stamps.get(path) != stamp:
                if read_text(path) != text:
                    return False
                if stamp is not None:
                    entry.stamps[path] = stamp
        except (OSError, InputError):
            return False
    return True


def _stamp(path: str) -> _Stamp | None:
    """The stamp of a file; None while a change could leave it as it is, because the last one is too recent."""
    stat = os.stat(path)
    if time.time_ns() - max(stat.st_mtime_ns, stat.st_ctime_ns) < _SETTLED:
        return None
    return _Stamp(stat.st_mtime_ns, stat.st_ctime_ns, stat.st_size, stat.st_ino)
