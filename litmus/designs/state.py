"""The state of a design: the variables of its cpu and mm blocks, as the threads of a scenario share them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from msgspec import Struct

from litmus.c import syntax as c
from litmus.c.types import INTEGERS, CType, named_type, type_names
from litmus.c.variables import Shared
from litmus.designs.syntax import Body, Design, place
from litmus.diagnostics import InputError, near
from litmus.program.code import Variable

TARGET = "T"
TASK = 1  # the value that means T; 0 means some other task


class Item(Struct, frozen=True):
    """One variable of a block: its type as written, how many cells it has, and its initial value (None means `T`)."""

    name: str
    type: c.TypeName
    pointers: int
    cells: int
    initial: int | None
    body: Body

    def typed(self, word: int) -> CType:
        """Its type, if pointers have `word` bytes.  Raises InputError if there is no such type."""
        found = named_type(self.type.name, self.pointers, word)
        if found is None or found.opaque:
            raise InputError(
                f"unknown type {self.type.name}", place(self.body, self.type.at), near(self.type.name, type_names())
            )
        return found


def items_of(design: Design, block: str) -> dict[str, Item]:
    """The variables of a block, `cpu` or `mm`.  Raises InputError for anything that does not declare a variable."""
    body = design.bodies.get(block)
    found: dict[str, Item] = {}
    for s in body.block.statements if body is not None else ():
        assert body is not None
        if not isinstance(s, c.Declaration):
            raise InputError(f"in {block}, only declarations can stand", place(body, s.at), "int name = 0;")
        for declarator in s.declarators:
            if declarator.name in found or declarator.name == TARGET:
                raise InputError(f"{declarator.name} has a meaning already", place(body, declarator.at))
            found[declarator.name] = _item(s, declarator, body)
    return found


def _item(s: c.Declaration, declarator: c.Declarator, body: Body) -> Item:
    cells = 1
    if declarator.size is not None:
        if not isinstance(declarator.size, c.Number) or declarator.size.value < 1:
            raise InputError("the size of an array is a number", place(body, declarator.size.at))
        cells = declarator.size.value
    initial: int | None = 0
    match declarator.value:
        case None:
            pass
        case c.Number(value):
            initial = value
        case c.Unary("-", c.Number(value)):
            initial = -value
        case c.Name(name) if name == TARGET:
            initial = None
        case other:
            raise InputError(f"an initial value is a number or {TARGET}", place(body, other.at))
    return Item(declarator.name, s.type, declarator.pointers, cells, initial, body)


class State(Shared):
    """A design's state, as the threads of a scenario share it.  Variables have their full names.

    cpus: CPU -> whether T runs on it at the start.
    """

    def __init__(self, design: Design, cpus: Mapping[str, bool], word: int) -> None:
        self.word = word
        self.integers = INTEGERS[word]
        self.size_type = self.integers[3]
        self.untyped = False
        self.declared = {}
        self.arrays: dict[str, int] = {}
        self.types: dict[str, CType] = {}
        self.initial: dict[str, int] = {}
        for cpu, running in cpus.items():
            self._declare_all(cpu, items_of(design, "cpu"), running)
        self._declare_all("mm", items_of(design, "mm"), any(cpus.values()))

    def _declare_all(self, owner: str, items: Mapping[str, Item], running: bool) -> None:
        for name, item in items.items():
            full = full_name(owner, name)
            self.types[full] = item.typed(self.word)
            if item.cells > 1:
                self.arrays[full] = item.cells
            self.initial[full] = TASK * running if item.initial is None else item.initial

    def variables(self) -> dict[str, Variable]:
        """All variables.  Every cell of an array has the initial value."""
        return dict(self._variables())

    def _variables(self) -> Iterator[tuple[str, Variable]]:
        for name, type_ in self.types.items():
            cells = (self.initial.get(name, 0),) * self.arrays.get(name, 1)
            yield name, Variable(name, cells, type_.size, type_.signed or type_.target is not None, str(type_))


def full_name(owner: str, name: str) -> str:
    """`cpu(T).curr`, `mm.state`: what a variable of a design is called in tests."""
    return f"{owner}.{name}"
