"""Grammars: Lark parsers built once per process, their tables cached between processes.

Building the tables of one grammar takes 15-25 ms, loading them from the cache 2 ms; a cold
`litmus check` needs several.  The cache lives in the user's cache directory and is keyed by the
grammar's text and Lark's version; without a writable directory the tables are simply built.
"""

from __future__ import annotations

import hashlib
import os
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lark import Lark


@cache
def cache_directory() -> Path | None:
    """Where derived files are kept between runs: $LITMUS_CACHE or the XDG cache; None if not writable."""
    root = os.environ.get("LITMUS_CACHE")
    home = os.environ.get("XDG_CACHE_HOME") or os.path.join(os.path.expanduser("~"), ".cache")
    path = Path(root) if root else Path(home, "litmus-verifier")
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError:
        return None
    return path if os.access(path, os.W_OK) else None


@cache
def parser(grammar: str, start: tuple[str, ...] = ("start",), lexer: str = "contextual") -> Lark:
    """An LALR parser for `grammar` (the text, not a file name) with token positions in its trees."""
    import lark

    directory = cache_directory()
    path: str | bool = False
    if directory is not None:
        key = hashlib.sha256("\0".join((lark.__version__, grammar, *start, lexer)).encode()).hexdigest()
        path = str(directory / f"grammar-{key[:24]}")
    return lark.Lark(
        grammar,
        parser="lalr",
        start=list(start),
        lexer=lexer,
        cache=path,
        propagate_positions=True,
        maybe_placeholders=True,
    )
