"""Arguments: the types of options that several commands share."""

from __future__ import annotations

import argparse
import os
import re

COMPILER = (
    "what stands between a C test and the machine: `kernel` may exchange plain accesses as the kernel's documentation "
    "says (default), `none` leaves every access in its place"
)


def names(text: str) -> list[str]:
    """Names separated by commas; a file that exists may have commas in its own."""
    return [text] if os.path.exists(text) else [name for name in text.split(",") if name]


def count(text: str) -> int:
    """A positive number."""
    if not text.isascii() or not text.isdigit() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a positive number")
    return int(text)


def seconds(text: str) -> float:
    """A positive number of seconds."""
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0 < value < float("inf"):
        raise argparse.ArgumentTypeError(f"{text!r} is not a positive number of seconds")
    return value


def alternative(text: str) -> tuple[str, str, str]:
    """`power.smp_wmb=eieio`: the table, the primitive, the name of the alternative."""
    match = re.fullmatch(r"([^.=]+)\.([^.=]+)=([^=]+)", text)
    if match is None:
        raise argparse.ArgumentTypeError(f"{text!r} is not of the form ARCH.PRIMITIVE=ALTERNATIVE")
    return match[1], match[2], match[3]
