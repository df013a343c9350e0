"""Streams: how commands write beside their output, and what their exit status says of a run that was cut short."""

from __future__ import annotations

import sys
import time
from typing import TextIO

INTERRUPTED = 130  # what a shell reports of a process that SIGINT ended
PIPE_CLOSED = 141  # and of one that SIGPIPE ended


def write_error(text: str) -> None:
    """Output so far goes first, so that errors stand where they belong when both share a terminal."""
    sys.stdout.flush()
    sys.stderr.write(text)


class Progress:
    """How far a command is: a line on the terminal, rewritten, once it has taken a second."""

    def __init__(self, stream: TextIO, what: str) -> None:
        self.what = what
        self.stream = stream if stream.isatty() else None
        self.next = time.monotonic() + 1.0
        self.shown = False

    def __call__(self, done: int, of: int) -> None:
        """So many of all are done."""
        if self.stream is not None and time.monotonic() >= self.next:
            self.next = time.monotonic() + 0.1
            self.shown = True
            self.stream.write(f"\r{done} of {of} {self.what} decided")
            self.stream.flush()

    def end(self) -> None:
        """Take the line away."""
        if self.shown and self.stream is not None:
            self.stream.write("\r\x1b[K")
            self.stream.flush()
