"""Streams: how commands write to standard output, to standard error and into files, and what happens if that fails."""

from __future__ import annotations

import contextlib
import os
import sys
import time
from typing import TextIO

from litmus.diagnostics import InputError

INTERRUPTED = 130  # the status that a shell reports for a process that SIGINT ended


class OutputLostError(Exception):
    """Standard output cannot be written.  reason: None if its reader has gone, because it had what it wanted."""

    def __init__(self, reason: str | None) -> None:
        super().__init__(reason)
        self.reason = reason


def write(text: str) -> None:
    """Write to standard output.  Raises OutputLostError if it cannot be written."""
    try:
        try:
            sys.stdout.write(text)
        except UnicodeEncodeError:  # the name of some file is not valid text
            encoding = sys.stdout.encoding
            sys.stdout.write(text.encode(encoding, "backslashreplace").decode(encoding))
    except OSError as error:
        raise _lost(error) from error


def flush() -> None:
    """Flush standard output.  Raises OutputLostError if it cannot be written."""
    try:
        sys.stdout.flush()
    except OSError as error:
        raise _lost(error) from error


def _lost(error: OSError) -> OutputLostError:
    return OutputLostError(None if isinstance(error, BrokenPipeError) else error.strerror or str(error))


def give_up(error: OutputLostError) -> None:
    """Say in one line why output was lost, unless the reader has gone, and drop what was not written."""
    with contextlib.suppress(OSError, ValueError):  # otherwise Python would try again when it ends, and complain
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    if error.reason is not None:
        _complain(f"litmus: the output cannot be written: {error.reason}\n")


def write_error(text: str) -> None:
    """Write to standard error.  Standard output is flushed first, so that both are in order on a terminal."""
    flush()
    _complain(text)


def _complain(text: str) -> None:
    if sys.stderr is not None:
        with contextlib.suppress(OSError):  # the message cannot be written anywhere
            sys.stderr.write(text)
            sys.stderr.flush()


class File:
    """A file that a command writes besides its output.  It is opened before the work begins, which may take long."""

    def __init__(self, path: str) -> None:
        """Raises InputError if the file cannot be written."""
        self.path = path
        try:
            self.stream = open(path, "w", encoding="utf-8", errors="backslashreplace")  # noqa: SIM115
        except (OSError, ValueError) as error:
            raise self._failed(error) from error

    def write(self, text: str) -> None:
        """Raises InputError if the file cannot be written."""
        try:
            self.stream.write(text)
        except OSError as error:
            raise self._failed(error) from error

    def close(self) -> None:
        """Raises InputError if the file cannot be written."""
        try:
            self.stream.close()
        except OSError as error:
            raise self._failed(error) from error

    def _failed(self, error: OSError | ValueError) -> InputError:
        reason = error.strerror if isinstance(error, OSError) else None
        return InputError(f"cannot write {self.path or repr(self.path)}: {reason or error}")


class Progress:
    """How far a command is: one line on a terminal, rewritten again and again, after the first second."""

    def __init__(self, stream: TextIO | None, what: str) -> None:
        self.what = what
        self.stream = stream if stream is not None and stream.isatty() else None
        self.next = time.monotonic() + 1.0
        self.shown = False

    def __call__(self, done: int, of: int) -> None:
        """Show that `done` of `of` are done."""
        if self.stream is not None and time.monotonic() >= self.next:
            self.next = time.monotonic() + 0.1
            self.shown = True
            self.stream.write(f"\r{done} of {of} {self.what} decided")
            self.stream.flush()

    def end(self) -> None:
        """Remove the line."""
        if self.shown and self.stream is not None:
            self.stream.write("\r\x1b[K")
            self.stream.flush()
