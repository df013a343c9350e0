"""Style: the few ANSI attributes that reports use on a terminal, and whether to use them."""

from __future__ import annotations

import os
from typing import TextIO

from msgspec import Struct

ATTRIBUTES = {"good": "1;32", "bad": "1;31", "unsure": "1;33", "strong": "1"}


class Style(Struct, frozen=True):
    """Whether reports are coloured."""

    colour: bool = False

    def paint(self, role: str, text: str) -> str:
        """`text` with the attributes of a role in ATTRIBUTES; `text` unchanged if colour is off."""
        return f"\x1b[{ATTRIBUTES[role]}m{text}\x1b[0m" if self.colour else text


def style_for(stream: TextIO) -> Style:
    """Colour on a terminal, unless NO_COLOR is set to anything (https://no-color.org)."""
    return Style(stream.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb")
