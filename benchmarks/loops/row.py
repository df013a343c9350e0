"""Rows: one program of a family, what is right, and what it may cost."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Row:
    """A program and a model.

    name: a part of a file name.  right: the verdict that is known to be right; for a design, "safe".  seconds,
    megabytes: the limits on the CPU time and on the memory of the whole process; None: no limit is asked for.
    """

    family: str
    name: str
    text: str
    model: str
    right: str
    seconds: float | None = None
    megabytes: int | None = None

    @property
    def is_design(self) -> bool:
        return self.text.startswith("design ")
