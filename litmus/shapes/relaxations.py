"""Relaxations: the steps of a cycle, in the vocabulary of diy (Alglave, Maranget, "diy7 documentation").

    Rfe Fre Coe  Rfi Fri Coi       communication, external or internal (Wse and Wsi are Coe and Coi)
    PodWR PosRR                    program order, to a different or the same location
    SyncdWW DMB.SYsRR              a fence in between
    DpAddrdR DpCtrlIsyncsW         a dependency, and the fence after its branch

The two letters at the end are the directions of the accesses at which a relaxation starts and ends.  A
dependency always starts at a read.  The annotations of the two accesses may follow: PodWWPL, RfeLA.  A dialect says
which fences, dependencies and annotations there are (litmus.shapes.dialects).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Literal

from msgspec import Struct

Kind = Literal["communication", "program order", "fence", "dependency"]
Annotation = str | None  # None: no annotation was given

READ, WRITE = "R", "W"
DIRECTION = {READ: "a read", WRITE: "a write"}
COMMUNICATIONS = {"Rf": (WRITE, READ), "Fr": (READ, WRITE), "Co": (WRITE, WRITE)}
SYNONYMS = {"Ws": "Co"}  # diy before version 7.54


class Relaxation(Struct, frozen=True):
    """One step of a cycle.

    stem: Rf, Fr or Co; or the name of the fence; or the name of the dependency; empty for program order.
    external: it is a communication between threads.  same: both accesses are to one location.
    """

    kind: Kind
    stem: str
    source: str
    target: str
    external: bool = False
    same: bool = False
    before: Annotation = None
    after: Annotation = None


class Dependency(Struct, frozen=True):
    """A dependency on a value read: through an address, through data, or by a branch (a fence may follow it)."""

    through: Literal["addr", "data", "ctrl"]
    fence: str | None = None


class Dialect(Struct, frozen=True, eq=False):
    """The relaxations of an architecture, and of C.

    fences: stem -> its code.  dependencies: by stem.  annotations: annotation -> the accesses that may have it, "R",
    "W" or "RW".  plain: how an access without annotation is spelled in a relaxation whose other access has one.
    aliases: other names of fences.
    """

    arch: str
    fences: Mapping[str, str]
    dependencies: Mapping[str, Dependency]
    annotations: Mapping[str, str]
    plain: str
    aliases: Mapping[str, str]


def spelled(relaxation: Relaxation, plain: str) -> str:
    """The name of a relaxation.  `plain` is that of the dialect."""
    r = relaxation
    place = "s" if r.same else "d"
    match r.kind:
        case "communication":
            name = r.stem + ("e" if r.external else "i")
        case "program order":
            name = f"Po{place}{r.source}{r.target}"
        case "fence":
            name = f"{fence_name(r.stem)}{place}{r.source}{r.target}"
        case "dependency":
            name = f"Dp{r.stem}{place}{r.target}"
    if r.before is None and r.after is None:
        return name
    return f"{name}{r.before or plain}{r.after or plain}"


def fence_name(stem: str) -> str:
    """A fence as a part of names.  For a fragment of C in braces, this is its letters, digits and dots."""
    if not stem.startswith("{"):
        return stem
    return re.sub(r"[^\w.]+", "-", stem, flags=re.ASCII).strip("-_") or "fragment"
