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
from collections.abc import Iterator, Mapping
from difflib import SequenceMatcher
from functools import cache
from itertools import product
from typing import Literal

from msgspec import Struct

from litmus.diagnostics import InputError, Span, near

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


# ---------------------------------------------------------------- reading


def read_relaxation(span: Span, dialect: Dialect) -> Relaxation:
    """The relaxation that a word names.  Raises InputError, with names that are similar, if there is none."""
    found = _read(span.text, dialect, span, "")
    if found is None:
        raise _unknown(span, dialect)
    return found[0]


def read_relaxations(span: Span, dialect: Dialect) -> list[Relaxation]:
    """The relaxations that a word means.  `*` means every direction that the relaxation can have.

    Raises InputError as read_relaxation does.
    """
    found = _read(span.text, dialect, span, "*")
    if found is None:
        raise _unknown(span, dialect)
    return found


def knows(word: str, dialect: Dialect) -> bool:
    """Whether a word, which may have `*` for directions, names relaxations of the dialect."""
    try:
        return _read(word, dialect, None, "*") is not None
    except InputError:  # the word names relaxations, but they cannot have these annotations
        return True


@cache
def _pattern(dialect: Dialect) -> re.Pattern[str]:
    marks = "|".join(_longest_first([dialect.plain, *dialect.annotations]))
    fences = "|".join(_longest_first([*dialect.fences, *dialect.aliases])) or "(?!)"
    dependencies = "|".join(_longest_first(dialect.dependencies)) or "(?!)"
    coms = "|".join([*COMMUNICATIONS, *SYNONYMS])
    return re.compile(
        rf"(?:(?P<com>{coms})(?P<scope>[ei])"
        rf"|(?P<po>Po)(?P<place>[sd])(?P<source>[RW*])(?P<target>[RW*])"
        rf"|Dp(?P<dp>{dependencies})(?P<dp_place>[sd])(?P<dp_target>[RW*])"
        rf"|(?P<fence>{fences})(?P<f_place>[sd])(?P<f_source>[RW*])(?P<f_target>[RW*]))"
        rf"(?:(?P<before>{marks})(?P<after>{marks}))?"
    )


def _longest_first(names: Mapping[str, object] | list[str]) -> list[str]:
    return [re.escape(name) for name in sorted(names, key=len, reverse=True)]


def _read(word: str, dialect: Dialect, span: Span | None, wild: str) -> list[Relaxation] | None:
    match = _pattern(dialect).fullmatch(word)
    if match is None or ("*" in word and not wild):
        return None
    g = match.groupdict()
    marks = (g["before"], g["after"])
    found: list[Relaxation]
    if g["com"]:
        stem = SYNONYMS.get(g["com"], g["com"])
        source, target = COMMUNICATIONS[stem]
        found = [Relaxation("communication", stem, source, target, g["scope"] == "e", True, *marks)]
    elif g["po"]:
        same = g["place"] == "s"
        ways = product(_directions(g["source"]), _directions(g["target"]))
        found = [Relaxation("program order", "", s, t, False, same, *marks) for s, t in ways]
    elif g["dp"]:
        stem, same = g["dp"], g["dp_place"] == "s"
        targets = _directions(g["dp_target"])
        if dialect.dependencies[stem].through == "data":  # the value written depends, so it ends at a write
            targets = targets.replace(READ, "")
        found = [Relaxation("dependency", stem, READ, t, False, same, *marks) for t in targets]
    else:
        stem, same = dialect.aliases.get(g["fence"], g["fence"]), g["f_place"] == "s"
        ways = product(_directions(g["f_source"]), _directions(g["f_target"]))
        found = [Relaxation("fence", stem, s, t, False, same, *marks) for s, t in ways]
    allowed = [r for r in found if not any(_misplaced(r, dialect))]
    if found and not allowed:
        raise InputError(next(_misplaced(found[0], dialect)), span)
    return allowed or None


def _directions(letter: str) -> str:
    return READ + WRITE if letter == "*" else letter


def _misplaced(r: Relaxation, dialect: Dialect) -> Iterator[str]:
    for mark, direction in ((r.before, r.source), (r.after, r.target)):
        if mark is not None and mark != dialect.plain and direction not in dialect.annotations[mark]:
            yield f"{DIRECTION[direction]} cannot be {mark} in {dialect.arch}"


# ---------------------------------------------------------------- what there is


@cache
def known_names(dialect: Dialect) -> tuple[str, ...]:
    """All relaxations of a dialect, without annotations."""
    names = [stem + scope for stem in COMMUNICATIONS for scope in "ei"]
    ways = [f"{place}{s}{t}" for place in "ds" for s in "RW" for t in "RW"]
    names += [f"{stem}{way}" for stem in ("Po", *dialect.fences) for way in ways]
    for stem, dependency in dialect.dependencies.items():
        targets = WRITE if dependency.through == "data" else READ + WRITE
        names += [f"Dp{stem}{place}{target}" for place in "ds" for target in targets]
    return tuple(names)


def resemblance(word: str, dialect: Dialect) -> float:
    """How similar a misspelt word is to the most similar relaxation of a dialect, from 0 to 1."""
    return max(SequenceMatcher(None, word, name).ratio() for name in known_names(dialect))


def _unknown(span: Span, dialect: Dialect) -> InputError:
    from litmus.shapes.dialects import DIALECTS

    word = span.text
    others = [d.arch for d in DIALECTS.values() if d is not dialect and knows(word, d)]
    if "*" in word and knows(word, dialect):
        hint: str | None = "`*` stands for a direction in lists of relaxations only"
    elif others:
        hint = f"{' and '.join(others)} {'has' if len(others) == 1 else 'have'} it: --arch {others[0]}"
    else:
        hint = near(word, known_names(dialect)) or f"for example {', '.join(_examples(dialect))}"
    return InputError(f"{dialect.arch} has no relaxation {word}", span, hint)


def _examples(dialect: Dialect) -> list[str]:
    names = ["Rfe", "Fre", "Coe", "PodWW"]
    names += [f"{stem}dWW" for stem in list(dialect.fences)[:1]]
    return names + [f"Dp{stem}dW" for stem in list(dialect.dependencies)[:1]]
