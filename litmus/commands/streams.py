"""Streams: how commands write beside their output, and what their exit status says of a run that was cut short."""

from __future__ import annotations

import sys

INTERRUPTED = 130  # what a shell reports of a process that SIGINT ended
PIPE_CLOSED = 141  # and of one that SIGPIPE ended


def write_error(text: str) -> None:
    """Output so far goes first, so that errors stand where they belong when both share a terminal."""
    sys.stdout.flush()
    sys.stderr.write(text)
