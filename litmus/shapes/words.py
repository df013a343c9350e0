"""Words: reading the names of relaxations, and what to say of a word that is none.

Misspelt words are compared with the relaxations of all dialects.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from difflib import SequenceMatcher
from functools import lru_cache
from itertools import product

from litmus.diagnostics import InputError, Span, near
from litmus.shapes.dialects import DIALECTS
from litmus.shapes.relaxations import COMMUNICATIONS, DIRECTION, READ, SYNONYMS, WRITE, Dialect, Relaxation


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


@lru_cache(maxsize=16)
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


@lru_cache(maxsize=16)
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
