"""Inputs: which files the arguments of a command name.

A name is taken as it is: test names contain `[`, `]`, `+` and `:`, so nothing is a pattern.  A folder
stands for the *.litmus files under it, sorted; `@list` for the names in that file, one a line, relative
to the list's own folder.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator

from litmus.diagnostics import InputError, Source, Span

SUFFIX = ".litmus"


def files_of(arguments: Iterable[str]) -> Iterator[str]:
    """The files that the arguments name, in order, each as often as it is named.

    Raises InputError for a folder without tests and for a list that cannot be read, is empty or
    includes itself.  Whether a file exists is found out when it is read.
    """
    for argument in arguments:
        yield from _expand(argument, None, ())


def _expand(name: str, span: Span | None, lists: tuple[str, ...]) -> Iterator[str]:
    if name.startswith("@"):
        yield from _listed(name[1:], span, lists)
    elif os.path.isdir(name):
        yield from _under(name, span)
    else:
        yield name


def _under(folder: str, span: Span | None) -> Iterator[str]:
    found = False
    for root, folders, files in os.walk(folder):
        folders.sort()
        for file in sorted(files):
            if file.endswith(SUFFIX):
                found = True
                yield os.path.join(root, file)
    if not found:
        raise InputError(f"the folder {folder} contains no {SUFFIX} file", span)


def _listed(path: str, span: Span | None, lists: tuple[str, ...]) -> Iterator[str]:
    real = os.path.realpath(path)
    if real in lists:
        raise InputError(f"the list {path} includes itself", span)
    try:
        with open(path, encoding="utf-8", errors="surrogateescape") as stream:
            source = Source(path, stream.read())
    except OSError as error:
        hint = f"a file of that very name is ./@{path}" if os.path.exists("@" + path) else None
        raise InputError(f"cannot read the list {path}: {error.strerror}", span, hint) from error
    folder = os.path.dirname(path)
    empty = True
    start = 0
    for line in source.text.splitlines(keepends=True):
        name = line.strip()
        if name and not name.startswith("#"):
            empty = False
            at = start + line.index(name)
            at_sign = "@" if name.startswith("@") else ""
            entry = at_sign + os.path.join(folder, name[len(at_sign) :])
            yield from _expand(entry, Span(source, at, at + len(name)), (*lists, real))
        start += len(line)
    if empty:
        raise InputError(f"the list {path} names no test", span)
