"""Inputs: which files the arguments of a command name.

A name is taken as it is, and never as a pattern: names of tests contain `[`, `]`, `+` and `:`.  A folder stands for
the *.litmus files under it, sorted.  Hidden folders in it are skipped, and so is everything that is no regular file (a
pipe, a device).  A list is a file that names other files, one on each line, relative to the folder of the list.  The
name of the list itself may begin with `@`, as in herd7 (`@all`, `dir/@all`); else `@list` stands for the list `list`.
`-` is standard input.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Iterator

from litmus.diagnostics import InputError, Source, Span

SUFFIX = ".litmus"
STANDARD_INPUT = "-"


def files_of(arguments: Iterable[str]) -> Iterator[str]:
    """The files that the arguments name, in order, each as often as it is named.

    Raises InputError for a folder that cannot be read or has no tests, and for a list that cannot be read, is empty
    or includes itself.  Whether a file exists is checked only when the file is read.
    """
    for argument in arguments:
        yield from _expand(argument, None, ())


def _expand(name: str, span: Span | None, lists: tuple[str, ...]) -> Iterator[str]:
    if os.path.isdir(name):
        yield from _folder(name, span)
    elif os.path.basename(name).startswith("@") and (os.path.isfile(name) or not name.startswith("@")):
        yield from _listed(name, span, lists)
    elif name.startswith("@"):
        yield from _listed(name[1:], span, lists)
    else:
        yield name


def _folder(folder: str, span: Span | None) -> Iterator[str]:
    found = False
    for file in _under(folder, span):
        found = True
        yield file
    if not found:
        raise InputError(f"the folder {folder} contains no {SUFFIX} file", span)


def _under(folder: str, span: Span | None) -> Iterator[str]:
    """The tests under a folder: its own first, then those of its folders."""
    waiting = [folder]
    while waiting:
        path = waiting.pop()
        try:
            with os.scandir(path) as entries:
                found = sorted(entries, key=lambda entry: entry.name)
        except OSError as error:
            raise InputError(f"cannot read the folder {path}: {error.strerror}", span) from error
        folders = []
        for entry in found:
            if entry.is_dir(follow_symlinks=False):
                folders += [entry.path] * (not entry.name.startswith("."))
            elif entry.name.endswith(SUFFIX) and _may_be_read(entry):
                yield entry.path
        waiting += reversed(folders)


def _may_be_read(entry: os.DirEntry[str]) -> bool:
    """Whether an entry can be opened without waiting and without touching a device.

    True for a link that leads nowhere: the error is reported when it is read.
    """
    try:
        return stat.S_ISREG(entry.stat().st_mode)
    except OSError:
        return True


def _listed(path: str, span: Span | None, lists: tuple[str, ...]) -> Iterator[str]:
    real = os.path.realpath(path)
    if real in lists:
        raise InputError(f"the list {path} includes itself", span)
    try:
        with open(path, encoding="utf-8-sig", errors="surrogateescape") as stream:
            source = Source(path, stream.read())
    except OSError as error:
        raise InputError(f"cannot read the list {path}: {error.strerror}", span) from error
    folder = os.path.dirname(path)
    empty = True
    start = 0
    for line in source.text.splitlines(keepends=True):
        name = line.strip()
        if name and not name.startswith("#"):
            empty = False
            at = start + line.index(name)
            yield from _expand(_beside(name, folder), Span(source, at, at + len(name)), (*lists, real))
        start += len(line)
    if empty:
        raise InputError(f"the list {path} names no test", span)


def _beside(name: str, folder: str) -> str:
    """The path that a name stands for in a list.

    `@name` is a list in the same folder.  The `@` may be a part of the name of its file, or not.
    """
    beside = os.path.join(folder, name)
    if not name.startswith("@") or os.path.exists(beside):
        return beside
    return "@" + os.path.join(folder, name[1:])
