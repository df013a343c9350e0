"""Primitives tables: what READ_ONCE, smp_mb, cmpxchg ... become on one architecture.

A table is the file models/primitives/NAME.toml.  It has one section for each source, and in a section one key for
each row; power.toml explains the keys of a row.  litmus.c.catalogue says which primitives there are, and which
row each of them uses.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Literal, cast

from msgspec import Struct

from litmus.diagnostics import InputError, near

Tags = frozenset[str]
Fences = tuple[Tags, ...]
Method = Literal["llsc", "amo", "event"]

EVERY = "*"  # in the choice of an alternative, this stands for every row that has the alternative


class Row(Struct, frozen=True):
    """What one kind of primitive becomes.  The fields are the keys of the table.

    before: also has the fences of a barrier primitive (`emit`).  source: the file that the row is taken from.
    """

    before: Fences = ()
    after: Fences = ()
    always: bool = False
    branch: bool = False
    test: bool = False
    either: bool = False
    load: Tags = frozenset()
    store: Tags = frozenset()
    method: Method = "amo"
    interrupts: bool = False
    unsupported: str | None = None
    orders: Mapping[str, Row] | None = None
    source: str = ""
    note: str = ""


class Primitives(Struct, frozen=True, eq=False):
    """A table: its name, the architecture whose fences and sets it uses, and its rows.

    sets: for each method of an update, the cat sets that its accesses are in, besides those of its row.
    word: how many bytes a pointer and a long have.  No single access is wider.
    alternatives: other forms of some rows, by row and name.
    """

    name: str
    arch: str
    rows: Mapping[str, Row]
    sets: Mapping[Method, Tags]
    word: int = 8
    alternatives: Mapping[str, Mapping[str, Row]] = {}

    def __getitem__(self, row: str) -> Row:
        return self.rows[row]


def tables() -> list[str]:
    """The names of the tables that come with the program."""
    return sorted(path.stem for path in _directory().glob("*.toml"))


def load_primitives(name: str, chosen: Mapping[str, str] | None = None) -> Primitives:
    """The table `name`, with an alternative chosen for some rows: {"smp_wmb": "eieio"}.

    The row `*` stands for every row that has the alternative and for which no other one is chosen.
    Raises InputError if the table, the row or the alternative does not exist.
    """
    return _load(name, tuple(sorted((chosen or {}).items())))


@lru_cache(maxsize=64)  # of a command that compares alternatives; each call of others needs a few
def _load(name: str, chosen: tuple[tuple[str, str], ...]) -> Primitives:
    document = _document(name)
    sets = cast("dict[Method, object]", document["sets"])
    sections = {
        row: {**section, "source": source}
        for source, rows in document.items()
        if isinstance(rows, dict) and rows is not sets
        for row, section in rows.items()
    }
    alternatives = {row: section.pop("alternatives", {}) for row, section in sections.items()}
    choice: dict[str, str] = {}
    for row, alternative in chosen:  # `*` comes first, and is overridden
        if row == EVERY:
            found = [r for r, known in alternatives.items() if alternative in known]
            named = sorted({a for known in alternatives.values() for a in known})
        elif row not in sections:
            raise InputError(f"the primitives table {name} has no row {row}", hint=near(row, sections))
        else:
            found = [row] if alternative in alternatives[row] else []
            named = sorted(alternatives[row])
        if not found:
            known = ", ".join(named) or "it has none"
            raise InputError(f"{name}.{row} has no alternative {alternative}", hint=f"alternatives: {known}")
        choice.update(dict.fromkeys(found, alternative))
    method = cast(Method, document["method"])
    others = {
        row: {name: _row({**sections[row], "note": "", **changes}, method) for name, changes in known.items()}
        for row, known in alternatives.items()
        if known
    }
    rows = {row: _row(section, method) for row, section in sections.items()}
    rows.update({row: others[row][alternative] for row, alternative in choice.items()})
    tags = {of: frozenset(_words(names)) for of, names in sets.items()}
    return Primitives(name, str(document["arch"]), rows, tags, cast(int, document.get("word", 8)), others)


def _row(section: Mapping[str, object], method: Method) -> Row:
    orders = section.get("orders")
    return Row(
        before=tuple(_fences(section.get("emit", []))) + tuple(_fences(section.get("before", []))),
        after=tuple(_fences(section.get("after", []))),
        always=bool(section.get("always", False)),
        branch=bool(section.get("branch", False)),
        test=bool(section.get("test", False)),
        either=bool(section.get("either", False)),
        load=frozenset(_words(section.get("load", []))),
        store=frozenset(_words(section.get("store", []))),
        method=cast(Method, section.get("method", method)),
        interrupts=bool(section.get("interrupts", False)),
        unsupported=cast("str | None", section.get("unsupported")),
        orders={order: _row(o, method) for order, o in orders.items()} if isinstance(orders, dict) else None,
        source=cast(str, section.get("source", "")),
        note=cast(str, section.get("note", "")),
    )


def _fences(names: object) -> Iterator[Tags]:
    return (frozenset((name,)) for name in _words(names))


def _words(names: object) -> list[str]:
    return [names] if isinstance(names, str) else cast("list[str]", names)


@lru_cache(maxsize=16)  # more than there are tables
def _document(name: str) -> dict[str, object]:
    import tomllib

    path = _directory() / f"{name}.toml"
    try:
        with open(path, "rb") as file:
            return tomllib.load(file)
    except FileNotFoundError:
        raise InputError(f"there is no primitives table {name}", hint=near(name, tables())) from None


@lru_cache(maxsize=1)
def _directory() -> Path:
    """models/primitives.  It is inside an installed package, and beside the package in a checkout."""
    package = Path(__file__).resolve().parent.parent
    installed = package / "models" / "primitives"
    return installed if installed.is_dir() else package.parent / "models" / "primitives"
