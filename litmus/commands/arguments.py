"""Arguments that several commands share: the types of options, and the options that choose models and engines."""

from __future__ import annotations

import argparse
import os
import re

COMPILER = (
    "what stands between a C test and the machine: `kernel` may exchange plain accesses as the kernel's documentation "
    "says (default), `none` leaves every access in its place"
)

EVERY_MODEL = "every hardware model with a table of primitives"


def names(text: str) -> list[str]:
    """Names separated by commas, none of them empty.  The name of a file that exists is one name, even with commas."""
    if os.path.exists(text):
        return [text]
    found = text.split(",")
    if not all(name.strip() for name in found):
        raise argparse.ArgumentTypeError(f"a name is missing in {text!r}")
    return found


def name(text: str) -> str:
    """A name that is not empty."""
    if not text.strip():
        raise argparse.ArgumentTypeError("the name is empty")
    return text


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


def add_models(group: argparse._ArgumentGroup, default: str, arch: str, alternatives: str) -> None:
    """Add --model, --arch and --primitive.

    The other parameters are parts of the help: what is done without --model, what --arch is for, and an example of an
    alternative.
    """
    group.add_argument(
        "--model",
        action="extend",
        type=names,
        default=[],
        metavar="NAME|PATH",
        help=f"a built-in model or a .cat file; several with commas or by repeating the option (default: {default})",
    )
    group.add_argument("--arch", metavar="A", help=f"for {arch}: whose table of primitives to use")
    group.add_argument(
        "--primitive",
        action="append",
        type=alternative,
        default=[],
        metavar="A.P=ALTERNATIVE",
        help=f"what a primitive of C becomes there, where its table names alternatives: {alternatives}",
    )


def add_engine(group: argparse._ArgumentGroup) -> None:
    """Add --engine."""
    group.add_argument(
        "--engine",
        choices=("auto", "z3", "enumerate"),
        default="auto",
        help="what decides: the quickest that can (default), always Z3, or a plain enumeration for comparison",
    )
