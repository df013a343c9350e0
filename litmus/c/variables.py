"""The shared variables of a C test, and what a name without a declaration means.

If a function has parameters, they name the shared variables that it uses.  A function without parameters names
shared variables directly.  There a name is a shared variable if the initial state or the condition names it, or if
some function without parameters uses it as one (`CAO(x)`, `&x`).
"""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct
from msgspec.structs import replace

from litmus.c import syntax as c
from litmus.c.catalogue import CATALOGUE, LVALUE
from litmus.c.types import INT, INTEGERS, CType, named_type, pointer_to, type_names
from litmus.diagnostics import InputError, Unsupported, near
from litmus.program.code import Variable
from litmus.program.values import Address, Value, wrap
from litmus.source.syntax import (
    AddressOf,
    And,
    ArrayAtom,
    Atom,
    Bool,
    Global,
    Implies,
    Init,
    InitValue,
    Not,
    Or,
    Prop,
    Test,
)


class Shared:
    """The shared variables of a test: their types, and which of them are arrays.

    word: how many bytes a pointer has.  integers: the types of integer constants, narrower ones first, the unsigned
    type of a kind after the signed one.  size_type: the type of sizeof.
    untyped: the types of the test contradict each other about which variables hold addresses.  As in herd, types
    are then ignored, and every variable has the size of a word.
    """

    def __init__(self, test: Test, functions: tuple[c.Function, ...], word: int) -> None:
        self.word = word
        self.integers = INTEGERS[word]
        self.size_type = self.integers[3]
        self.untyped = False
        self.types: dict[str, CType] = {}
        self.arrays: dict[str, int] = {}
        self.declared: dict[str, Init] = {}
        for item in test.init:
            if isinstance(item.location, Global):
                self.declared[item.location.name] = item
                self._declare(item, item.location.name)
        for function in functions:
            for parameter in function.definition.parameters:
                self._add_parameter(function, parameter)
        for function in functions:
            if not function.definition.parameters:
                for name in _used_as_variables(function.definition.body):
                    self.types.setdefault(name, INT)
        if any(not f.definition.parameters for f in functions):
            for name in _observed(test):
                self.types.setdefault(name, INT)
        for name, item in self.declared.items():
            if name not in self.types:
                self.types[name] = self.type_of_item(item)
        for item in test.init:
            for value in item.values or ():
                if isinstance(value, AddressOf) and value.name not in self.types:
                    self.types[value.name] = self._pointed_by(item)

    def _declare(self, item: Init, name: str) -> None:
        if item.type is not None or item.pointer:
            self.types[name] = self.type_of_item(item)
        if item.array_size is not None:
            self.arrays[name] = item.array_size

    def type_of_item(self, item: Init) -> CType:
        """The type of an item of the initial state: the stated type, or else the type that its value implies."""
        if item.type is None and not item.pointer:
            value = item.values[0] if item.values else None
            return self.pointer_to(self.types.get(value.name, INT)) if isinstance(value, AddressOf) else INT
        words = [word for word in (item.type or "int").split() if word not in ("volatile", "const", "_Atomic")]
        type_ = named_type(" ".join(words) or "int", int(item.pointer), self.word)
        if type_ is None:
            raise InputError(f"unknown type {item.type}", item.span, near(item.type or "", type_names()))
        return type_

    def _pointed_by(self, item: Init) -> CType:
        """The type of a variable that is only known because `item`, in the initial state, holds its address.

        If the item is an intptr_t, the variable is an intptr_t as well.
        """
        known = self.types[item.location.name] if isinstance(item.location, Global) else self.type_of_item(item)
        if known.target is not None:
            return known.target
        return known if known.size == self.word else INT

    def type_of(self, function: c.Function, type_: c.TypeName) -> CType:
        """The type that a test names.  Raises InputError where there is none."""
        found = named_type(type_.name, type_.pointers, self.word)
        if found is None:
            raise InputError(f"unknown type {type_.name}", function.span(type_.at), near(type_.name, type_names()))
        return found

    def pointer_to(self, target: CType) -> CType:
        """The type of a pointer to `target`."""
        return pointer_to(target, self.word)

    def _add_parameter(self, function: c.Function, parameter: c.Parameter) -> None:
        name = parameter.name
        type_ = self.type_of(function, parameter.type)
        if parameter.array:
            type_ = self.pointer_to(type_)
        if type_.target is None:
            message = f"{name} is a shared variable and is passed by its address"
            raise InputError(message, function.span(parameter.at), f"{parameter.type.name} *{name}")
        known = self.types.setdefault(name, type_.target)
        if known.size == type_.target.size:
            return
        if known.target is not None and name in self.declared and not self.arrays:
            self.untyped = True  # x is an `int *` in the initial state (`int *x = &y;`), and an int for its parameter
        else:
            raise Unsupported(
                f"{name} is {known} (size {known.size}) elsewhere: accesses of several sizes are not supported",
                function.span(parameter.type.at),
            )

    def width(self, type_: CType) -> int:
        """How many bytes an access of that type touches."""
        return self.word if self.untyped else type_.size

    def address(self, value: AddressOf) -> Address:
        """`&x`, `&t[1]` as a value."""
        return Address(value.name, (value.index or 0) * self.types[value.name].size)

    def value(self, value: InitValue, type_: CType) -> Value:
        """An initial value, wrapped to the width of its type."""
        if isinstance(value, AddressOf):
            return self.address(value)
        bits = 8 * type_.size
        return wrap(value.value, bits) if type_.signed or bits == 64 else value.value & ((1 << bits) - 1)

    def variables(self) -> dict[str, Variable]:
        """All shared variables, with their initial values."""
        return {name: self._variable(name, type_) for name, type_ in self.types.items()}

    def _variable(self, name: str, type_: CType) -> Variable:
        item = self.declared.get(name)
        size = self.arrays.get(name)
        given = item.values if item is not None and item.values is not None else ()
        stored = replace(type_, signed=True)  # memory holds signed numbers, because loads give signed numbers
        cells = [self.value(value, stored) for value in given]
        cells += [0] * ((size or 1) - len(cells))
        return Variable(name, tuple(cells), self.width(type_), type_.signed or type_.target is not None, str(type_))


def _observed(test: Test) -> Iterator[str]:
    """The variables that the condition, the filter and the locations name."""
    for observed in test.locations:
        if isinstance(observed.location, Global):
            yield observed.location.name
    yield from _named(test.condition.prop)
    if test.filter is not None:
        yield from _named(test.filter)


def _named(prop: Prop) -> Iterator[str]:
    match prop:
        case Atom():
            for side in (prop.location, prop.right):
                if isinstance(side, Global | AddressOf):
                    yield side.name
        case ArrayAtom():
            yield prop.location.name
        case Not():
            yield from _named(prop.operand)
        case And() | Or() | Implies():
            yield from _named(prop.left)
            yield from _named(prop.right)
        case Bool():
            pass


def _used_as_variables(node: object) -> Iterator[str]:
    """The names that a function without parameters uses as shared variables: in `CAO(x)`, `READ_ONCE(x)`, `&x`."""
    if isinstance(node, c.Call) and node.name in CATALOGUE:
        for role, argument in zip(CATALOGUE[node.name].roles, node.arguments, strict=False):
            if role == LVALUE and isinstance(argument, c.Name):
                yield argument.name
    elif isinstance(node, c.Unary) and node.operator == "&" and isinstance(node.operand, c.Name):
        yield node.operand.name
    if isinstance(node, tuple):
        for child in node:
            yield from _used_as_variables(child)
    elif isinstance(node, Struct):
        for name in node.__struct_fields__:
            yield from _used_as_variables(getattr(node, name))
