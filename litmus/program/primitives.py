"""Primitives tables: what READ_ONCE, smp_mb, cmpxchg ... become on one architecture.

A table is models/primitives/NAME.toml, one section a row; power.toml explains the keys.  Which
primitives there are, and which row each one uses, is litmus.isa.c_catalogue.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Literal, cast

from msgspec import Struct

from litmus.diagnostics import InputError, near

Tags = frozenset[str]
Fences = tuple[Tags, ...]
Method = Literal["amo", "llsc"]


class Row(Struct, frozen=True):
    """What one kind of primitive becomes; the fields are the keys of the table.

    `before` holds the fences of a barrier primitive (`emit`) too.
    """

    before: Fences = ()
    after: Fences = ()
    branch: bool = False
    load: Tags = frozenset()
    store: Tags = frozenset()
    method: Method = "amo"
    unsupported: str | None = None
    orders: Mapping[str, Row] | None = None


class Primitives(Struct, frozen=True, eq=False):
    """A table: its name, the architecture whose fences and sets it speaks of, and its rows."""

    name: str
    arch: str
    rows: Mapping[str, Row]

    def __getitem__(self, row: str) -> Row:
        return self.rows[row]


def tables() -> list[str]:
    """The names of the tables that come with the program."""
    return sorted(path.stem for path in _directory().glob("*.toml"))


def load_primitives(name: str, chosen: Mapping[str, str] | None = None) -> Primitives:
    """The table `name`, with an alternative chosen for some rows: {"smp_wmb": "eieio"}.

    Raises InputError where the table, the row or the alternative does not exist.
    """
    return _load(name, tuple(sorted((chosen or {}).items())))


@cache
def _load(name: str, chosen: tuple[tuple[str, str], ...]) -> Primitives:
    document = _document(name)
    sections = {row: section for row, section in document.items() if isinstance(section, dict)}
    for row, alternative in chosen:
        if row not in sections:
            raise InputError(f"the primitives table {name} has no row {row}", hint=near(row, sections))
        alternatives = sections[row].get("alternatives", {})
        if alternative not in alternatives:
            known = ", ".join(sorted(alternatives)) or "it has none"
            raise InputError(f"{name}.{row} has no alternative {alternative}", hint=f"alternatives: {known}")
        sections[row] = {**sections[row], **alternatives[alternative]}
    method = cast(Method, document["method"])
    rows = {row: _row(section, method) for row, section in sections.items()}
    return Primitives(name, str(document["arch"]), rows)


def _row(section: Mapping[str, object], method: Method) -> Row:
    orders = section.get("orders")
    return Row(
        before=tuple(_fences(section.get("emit", []))) + tuple(_fences(section.get("before", []))),
        after=tuple(_fences(section.get("after", []))),
        branch=bool(section.get("branch", False)),
        load=frozenset(_words(section.get("load", []))),
        store=frozenset(_words(section.get("store", []))),
        method=cast(Method, section.get("method", method)),
        unsupported=cast("str | None", section.get("unsupported")),
        orders={order: _row(o, method) for order, o in orders.items()} if isinstance(orders, dict) else None,
    )


def _fences(names: object) -> Iterator[Tags]:
    return (frozenset((name,)) for name in _words(names))


def _words(names: object) -> list[str]:
    return [names] if isinstance(names, str) else cast("list[str]", names)


@cache
def _document(name: str) -> dict[str, object]:
    import tomllib

    path = _directory() / f"{name}.toml"
    try:
        with open(path, "rb") as file:
            return tomllib.load(file)
    except FileNotFoundError:
        raise InputError(f"there is no primitives table {name}", hint=near(name, tables())) from None


@cache
def _directory() -> Path:
    """models/primitives: inside the package where it is installed, beside it in a checkout."""
    package = Path(__file__).resolve().parent.parent
    installed = package / "models" / "primitives"
    return installed if installed.is_dir() else package.parent / "models" / "primitives"
