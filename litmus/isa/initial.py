"""The initial state of an assembly test: its variables, their types, and the registers.

The variables are those that the initial state, the code and the addresses in registers name.  A variable
without a type has the size of the accesses to it.  If no access to it can be seen from the text, its size is that
of all accesses of the test; if these have several sizes, it is 4.  This module finds accesses of several
sizes to one variable, where the text shows the address; litmus/isa/sizes.py says which of them are supported.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from litmus.diagnostics import InputError, Span, Unsupported
from litmus.isa.template import InstructionSet
from litmus.program.code import RegisterType, Variable
from litmus.program.types import type_named, unknown_type
from litmus.program.values import Address, Value, wrap
from litmus.source.syntax import Init, InitValue, Number, Register, Test


def name_span(register: Register) -> Span:
    """The span of the name in `0:r1`, which is `r1`."""
    return Span(register.span.source, register.span.end - len(register.name), register.span.end)


class Reference(NamedTuple):
    """A variable that the code names (`name`), or an access through `registers` of `thread`.

    size: the size of the access; None if the code only names the variable.
    """

    name: str | None
    thread: int
    registers: tuple[str, ...]
    size: int | None
    span: Span


class _Use(NamedTuple):
    """The largest access to a variable.  `mixed`: the error to raise, if there are accesses of another size."""

    size: int
    span: Span
    mixed: Unsupported | None = None


class State(NamedTuple):
    """The variables, the initial registers of every thread, and the types of registers.

    mixed: the error for each variable that is accessed with several sizes, or with a size that is not its own.
    """

    variables: dict[str, Variable]
    registers: tuple[dict[str, Value], ...]
    types: dict[tuple[int, str], RegisterType]
    mixed: dict[str, Unsupported]


def initial_state(
    test: Test, isa: InstructionSet, references: Sequence[Reference], written: Sequence[frozenset[str]]
) -> State:
    """The initial state of a test whose code has those references.

    written[t] are the registers that thread t writes.  Raises InputError for unknown registers,
    processes, types and cells, Unsupported for accesses that are larger than their variable.
    """
    registers: tuple[dict[str, Value], ...] = tuple([{} for _ in written])
    types: dict[tuple[int, str], RegisterType] = {}
    pointers: list[dict[str, str]] = [{} for _ in written]
    declared: dict[str, Init] = {}
    named: dict[str, Span] = {}  # every variable, in the order met
    held: list[tuple[int, str, InitValue]] = []
    for item in test.init:
        where = item.location
        if isinstance(where, Register):
            if where.thread >= len(written):
                raise InputError(f"there is no process P{where.thread}", where.span, f"the last is P{len(written) - 1}")
            name = isa.canonical(where.name)
            if name is None:
                raise InputError(f"{isa.name} has no register {where.name}", name_span(where), isa.registers)
            if name in registers[where.thread]:
                raise InputError(f"{where.span.text} is initialised more than once", where.span)
            if item.type is not None:
                types[where.thread, name] = declared_type(item) or RegisterType(isa.width)
            value = item.values[0] if item.values is not None else None
            if value is None or isinstance(value, Number):
                registers[where.thread][name] = 0 if value is None else number(value, isa.width)
            elif ":" in value.name:
                registers[where.thread][name] = Address(value.name)  # an address of code: `P0:L0`
            else:
                pointers[where.thread][name] = value.name
                registers[where.thread][name] = 0
                named.setdefault(value.name, value.span)
                held.append((where.thread, name, value))
        else:
            declared[where.name] = item
            named.setdefault(where.name, where.span)
            for value in item.values or ():
                if not isinstance(value, Number):
                    if ":" in value.name:
                        raise Unsupported("addresses of instructions in memory are not supported", value.span)
                    named.setdefault(value.name, value.span)
    used = _uses(references, pointers, written, named)
    accessed = {reference.size for reference in references if reference.size is not None}
    common = accessed.pop() if len(accessed) == 1 else 4  # for variables that are only accessed by loaded addresses
    mixed: dict[str, Unsupported] = {}
    sizes = {name: _size_of(name, declared.get(name), used.get(name), common, mixed) for name in named}
    variables = {name: _variable(name, declared.get(name), sizes) for name in named}
    for thread, name, value in held:
        registers[thread][name] = _value(value, 8, sizes, variables)
    return State(variables, registers, types, mixed)


def _uses(
    references: Sequence[Reference],
    pointers: Sequence[dict[str, str]],
    written: Sequence[frozenset[str]],
    named: dict[str, Span],
) -> dict[str, _Use]:
    """The largest access to each variable, among the accesses whose address the text shows."""
    used: dict[str, _Use] = {}
    for name, thread, bases, size, span in references:
        if name is None:
            pointed = [pointers[thread][r] for r in bases if r in pointers[thread] and r not in written[thread]]
            if len(pointed) != 1:
                continue
            name = pointed[0]
        else:
            named.setdefault(name, span)
        if size is None:
            continue
        first = used.get(name)
        if first is None:
            used[name] = _Use(size, span)
        elif first.size != size:
            line, column = first.span.source.position(first.span.start)
            mixed = first.mixed or Unsupported(
                f"{name} is accessed with {size} byte{'s' * (size > 1)} here and with {first.size}"
                f" byte{'s' * (first.size > 1)} at {line}:{column} ({first.span.text}):"
                " mixed-size accesses are not supported",
                span,
            )
            larger = _Use(size, span) if size > first.size else first
            used[name] = larger._replace(mixed=mixed)
    return used


def declared_type(item: Init) -> RegisterType | None:
    """The type that an item of the initial state declares.  None if it declares none, or a pointer (a machine's word).

    Raises InputError if there is no such type.
    """
    if item.pointer or item.type is None:
        return None
    kind = type_named(item.type)
    if kind is None:
        raise unknown_type(item.type, Span(item.span.source, item.span.start, item.span.start + len(item.type)))
    return kind


def _size_of(
    name: str, item: Init | None, use: _Use | None, common: int, mixed: dict[str, Unsupported]
) -> RegisterType:
    """The type of a variable.  If accesses to it have other sizes, the error for that is added to `mixed`.

    Raises Unsupported if an access is larger than the declared type.
    """
    kind = declared_type(item) if item is not None else None
    if use is not None and use.mixed is not None:
        mixed[name] = use.mixed
    if kind is None:
        size = use.size if use is not None else common
        return RegisterType(size, signed=size >= 4)
    if use is not None and use.size != kind.size:
        refused = Unsupported(
            f"{name} is declared with {kind.size} byte{'s' * (kind.size > 1)} and accessed with {use.size}:"
            " mixed-size accesses are not supported",
            use.span,
        )
        if use.size > kind.size:
            raise refused
        mixed.setdefault(name, refused)
    return kind


def _variable(name: str, item: Init | None, sizes: dict[str, RegisterType]) -> Variable:
    kind = sizes[name]
    if item is None:
        return Variable(name, (0,), kind.size, kind.signed)
    cells: tuple[Value, ...]
    if item.values is None:
        cells = (0,) * (item.array_size or 1)
    else:
        cells = tuple([_cell(value, kind, sizes) for value in item.values])
    spelled = (item.type or "int") + (" *" if item.pointer else "")
    return Variable(name, cells, kind.size, kind.signed, spelled)


def _cell(value: InitValue, kind: RegisterType, sizes: dict[str, RegisterType]) -> Value:
    if isinstance(value, Number):
        return number(value, kind.size)
    return Address(value.name, (value.index or 0) * sizes[value.name].size)


def _value(value: InitValue, size: int, sizes: dict[str, RegisterType], variables: dict[str, Variable]) -> Value:
    if isinstance(value, Number):
        return number(value, size)
    index = value.index or 0
    cells = len(variables[value.name].cells)
    if not 0 <= index < cells:
        raise InputError(
            f"{value.name} has no cell {index}", value.span, f"it has {cells} cell{'s' * (cells > 1)}, counted from 0"
        )
    return Address(value.name, index * sizes[value.name].size)


def number(value: Number, size: int) -> int:
    """A number as `size` bytes hold it, signed.  Raises InputError if it does not fit into 64 bits."""
    if not -(1 << 63) <= value.value < 1 << 64:
        raise InputError(f"{value.span.text} does not fit into 64 bits", value.span)
    return wrap(value.value, 8 * size)
