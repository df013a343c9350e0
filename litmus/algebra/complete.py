"""Complete tables: those with an entry for each operator, or for each base name, are checked where they are made."""

from __future__ import annotations

from collections.abc import Collection
from typing import TypeVar

K = TypeVar("K")
V = TypeVar("V")


def complete(entries: dict[K, V], keys: Collection[K], what: str) -> dict[K, V]:
    """The entries of the table `what`.  Raises LookupError if a key has no entry, or if an entry has another key."""
    missing, unknown = [k for k in keys if k not in entries], [k for k in entries if k not in keys]
    if missing or unknown:
        raise LookupError(f"{what}: entries are missing for {missing}, and there should be none for {unknown}")
    return entries
