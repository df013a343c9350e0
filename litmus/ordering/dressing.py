"""Dressing: what a primitive makes of the two accesses of a thread of a shape.

A fence, an atomic update of a variable that only this thread uses, sys_membarrier() or a fragment of C is put between
the two accesses.  An ordered access replaces the access that it can order.  A dependency leads from a read to the
other access.  If a primitive does not fit the directions of the accesses, they are as with barrier(): volatile,
and in program order.  An instruction of an architecture is used in tests in its assembly.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import lru_cache

from msgspec import Struct

from litmus.c.catalogue import CATALOGUE
from litmus.c.tables import Primitives
from litmus.diagnostics import InputError, near
from litmus.shapes.cycles import Cycle, cycle_of
from litmus.shapes.dialects import ACCESSES, DIALECTS, FENCES, SHORT, dialect
from litmus.shapes.machines import MACHINES
from litmus.shapes.relaxations import READ, WRITE, Annotation, Dialect, Relaxation

Dress = Callable[[str, str], Relaxation]  # directions of the first and of the second access -> the relaxation between

NONE, BARRIER, FULL = "none", "barrier", "smp_mb"
FIRST, SECOND = 0, 1

# Ordered accesses of C: (which of the two accesses gets the annotation, if its direction allows it; the annotation).
ORDERED: dict[str, tuple[tuple[int, str], ...]] = {
    "acquire": ((FIRST, "Acquire"),),
    "release": ((SECOND, "Release"),),
    "acquire-release": tuple((place, mark) for place in (FIRST, SECOND) for mark in ("Acquire", "Release")),
    "smp_store_mb": ((FIRST, "smp_store_mb"),),
    **{
        name: ((FIRST, name),) * (reads is not None) + ((SECOND, name),) * (writes is not None)
        for name, (reads, writes) in ACCESSES.items()
        if name[0].islower() and name != "smp_store_mb"
    },
}
ALIASES = {"smp_load_acquire": "acquire", "smp_store_release": "release"}


class Primitive(Struct, frozen=True):
    """A row or a column of a table: its name, without `()`, and how tables show it."""

    name: str
    title: str


def read_primitive(text: str) -> Primitive:
    """The primitive that a word, or a fragment of C in braces, names.

    Raises InputError, with names that are similar, if there is none.
    """
    word = text.strip()
    if word.startswith("{"):
        if not word.endswith("}"):
            raise InputError(f"the fragment {word} does not end", hint="a fragment of C is in braces: '{ smp_wmb(); }'")
        return Primitive(word, word)
    word = word.removesuffix("()")
    fence = FENCES.get(dialect("C").aliases.get(word, word))
    if fence is not None:
        return Primitive(fence, fence + "()" if not CATALOGUE[fence].roles else fence)
    word = ALIASES.get(word, word)
    if in_c(word) is not None:
        return Primitive(word, word)
    instruction = re.sub(r"[\s,]+", ".", word.lower())
    if any(instruction in _instructions(d) for d in DIALECTS.values()):
        return Primitive(instruction, instruction)
    hint = near(word, known_words()) or "for example none, barrier, smp_mb, acquire, sys_membarrier, lwsync"
    raise InputError(f"there is no primitive {word}", hint=hint)


def known_words() -> list[str]:
    """The names of all primitives."""
    primitives = [*dict.fromkeys(FENCES.values()), *ALIASES, *ORDERED, NONE, *dialect("C").aliases]
    return primitives + [name for d in DIALECTS.values() for name in _instructions(d)]


def dressed(threads: Sequence[Dress | None], leaving: Sequence[Relaxation], of: Dialect) -> Cycle:
    """The cycle of threads, each with its primitive between its two accesses.  None is for a thread with one access.

    leaving: the communication that leaves each thread.  The ends of the communications give the directions.
    """
    relaxations = []
    for t, dress in enumerate(threads):
        if dress is not None:
            relaxations.append(dress(leaving[t - 1].target, leaving[t].source))
        relaxations.append(leaving[t])
    return cycle_of(relaxations, of)


# ---------------------------------------------------------------- in C


def in_c(name: str) -> Dress | None:
    """What a primitive makes of two accesses in a C test; None if C has no such primitive."""
    c = dialect("C")
    if name == NONE:
        return lambda first, second: _po(first, second, "Plain", "Plain")
    if name in ORDERED:
        return _ordered(ORDERED[name], c)
    if name.startswith("{"):
        return _fence(name)
    stem = next(
        (short for short, primitive in SHORT.items() if primitive == name), "Rcu" if name == "rcu_read_lock" else name
    )
    return _fence(stem) if stem in c.fences else _dependency(name, c)


def _po(first: str, second: str, before: Annotation = None, after: Annotation = None) -> Relaxation:
    return Relaxation("program order", "", first, second, before=before, after=after)


def _fence(stem: str) -> Dress:
    return lambda first, second: Relaxation("fence", stem, first, second)


def _ordered(places: tuple[tuple[int, str], ...], of: Dialect) -> Dress:
    def dress(first: str, second: str) -> Relaxation:
        directions = (first, second)
        marks: list[Annotation] = [None, None]
        for place, mark in places:
            if directions[place] in of.annotations[mark]:
                marks[place] = mark
        return _po(first, second, *marks)

    return dress


def _dependency(name: str, of: Dialect) -> Dress | None:
    stem = next((stem for stem in of.dependencies if stem.lower() == name), None)
    if stem is None:
        return None
    targets = WRITE if of.dependencies[stem].through == "data" else READ + WRITE

    def dress(first: str, second: str) -> Relaxation:
        stands = first == READ and second in targets
        return Relaxation("dependency", stem, first, second) if stands else _po(first, second)

    return dress


def equivalent(name: str, table: Primitives) -> str | None:
    """A primitive of C that means the same under a table: `name` itself, or a fence that becomes just this instruction.

    None if there is no such primitive.
    """
    stem = _instructions(DIALECTS[table.arch]).get(name)
    if in_c(name) is not None:
        return name
    fences = (fence for fence in FENCES.values() if CATALOGUE[fence].kind == "fence")
    return next((fence for fence in fences if stem is not None and _same_fence(table, fence, stem)), None)


def _same_fence(table: Primitives, fence: str, stem: str) -> bool:
    fences = table[CATALOGUE[fence].row].before
    return len(fences) == 1 and {tag.lower() for tag in fences[0]} == {stem.lower()}


# ---------------------------------------------------------------- in assembly


@lru_cache(maxsize=16)  # more than there are dialects
def _instructions(of: Dialect) -> dict[str, str]:
    """The instructions that are primitives: name in small letters -> fence or dependency, or `=` and an annotation."""
    if of.arch == "C":
        return {}
    machine = MACHINES[of.arch]
    found = {re.sub(r"[\s,]+", ".", code.lower()): stem for stem, code in of.fences.items()}
    found |= {stem.lower(): stem for stem in of.fences}
    for forms in (machine.loads, machine.stores):
        found |= {code.split()[0].lower(): f"={mark}" for mark, code in forms.items() if mark is not None}
    return found | {stem.lower(): stem for stem in of.dependencies}


def in_assembly(name: str, table: Primitives) -> Dress | None:
    """What a primitive makes of two accesses in the assembly of a table's architecture; None if it cannot be there.

    A fence of C becomes what the table says, and so does an ordered access of C that has one fence or an annotation.
    """
    of = DIALECTS[table.arch]
    if name == BARRIER:
        return _po
    if name in _instructions(of):
        stem = _instructions(of)[name]
        if stem.startswith("="):
            mark = stem[1:]
            return _ordered(((FIRST if of.annotations[mark] == READ else SECOND, mark),), of)
        return _fence(stem) if stem in of.fences else _dependency(name, of)
    if name in ORDERED:
        return _translated(ORDERED[name], table, of)
    primitive = CATALOGUE.get(name)
    if primitive is None or primitive.kind != "fence" or table[primitive.row].unsupported:
        return None
    return _one_fence(table[primitive.row].before, of)


def _one_fence(fences: tuple[frozenset[str], ...], of: Dialect) -> Dress | None:
    """Program order if there is no fence; the fence if there is one and the dialect has it; otherwise None."""
    if not fences:
        return _po
    stems = [stem for stem in of.fences if {stem.lower()} == {tag.lower() for tag in fences[0]}]
    return _fence(stems[0]) if len(fences) == 1 and stems else None


def _translated(places: tuple[tuple[int, str], ...], table: Primitives, of: Dialect) -> Dress | None:
    """An ordered access of C as the table says: a fence between it and the other access, or an annotation.

    None if the table has more than that.
    """
    marks: list[tuple[int, str]] = []
    fence: Dress | None = None
    fenced = ""
    for place, mark in places:
        reads, writes = ACCESSES[mark]
        for primitive, direction in ((reads, READ), (writes, WRITE)):
            if primitive is None:
                continue
            row = table[CATALOGUE[primitive].row]
            beside = row.after if place == FIRST else row.before
            tags = row.load if direction == READ else row.store
            if row.branch or (beside and len(places) > 1) or not tags <= of.annotations.keys():
                return None
            marks += [(place, tag) for tag in tags]
            if beside:
                fence, fenced = _one_fence(beside, of), direction
                if fence is None:
                    return None
    if fence is None:
        return _ordered(tuple(marks), of)
    standing, at = fence, places[0][0]
    return lambda first, second: standing(first, second) if (first, second)[at] == fenced else _po(first, second)
