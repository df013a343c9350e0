"""Accesses of several sizes to one variable, where they mean what accesses of one size mean.

If all writes to a variable have one size and all accesses begin where its cells begin, then every
two accesses to a cell share its lowest byte, every read takes all the bytes that are ever written from one write,
and the bytes above them keep their initial value.  So rf, co and overlap of the lowest byte are those of the
whole accesses, and an access is one to the whole cell: a narrow read takes its part of the value,
a narrow write writes zeros above.  (Bytes in little-endian order; source: the byte-wise rf and co of
mixed-size models, Flur et al., "Mixed-size concurrency", POPL 2017.)
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from litmus.diagnostics import Unsupported
from litmus.program.code import Line, Load, Operation, Set, Store, StoreConditional, ThreadCode, Variable
from litmus.program.values import Address, Expr, Op, Reg, Value


def unified(
    threads: Sequence[ThreadCode],
    registers: Sequence[Mapping[str, Value]],
    variables: Mapping[str, Variable],
    mixed: Mapping[str, Unsupported],
) -> list[ThreadCode]:
    """The threads with accesses to whole cells only.

    registers: the initial values; mixed: why each variable with accesses of several sizes is refused.  Raises
    that, unless the accesses mean the same made one size.
    """
    accesses: dict[str, list[Load | Store]] = {name: [] for name in mixed}
    places = [_places(thread, initial) for thread, initial in zip(threads, registers, strict=True)]
    for thread, found in zip(threads, places, strict=True):
        for line, place in zip(thread.lines, found, strict=True):
            operation = line.operation
            if not isinstance(operation, Load | Store | StoreConditional):
                continue
            if place is None:  # it may be an access to any variable
                raise next(iter(mixed.values()))
            if place.base in mixed:
                if not _is_plain(operation) or place.offset % variables[place.base].size:
                    raise mixed[place.base]
                assert not isinstance(operation, StoreConditional)
                accesses[place.base].append(operation)
    for name, refused in mixed.items():
        stored = {operation.size for operation in accesses[name] if isinstance(operation, Store)}
        if len(stored) > 1 or not all(_leaves_zeros(variables[name], size) for size in stored):
            raise refused
    whole = {name: variables[name].size for name in mixed}
    return [_rewritten(thread, found, whole) for thread, found in zip(threads, places, strict=True)]


def _places(thread: ThreadCode, registers: Mapping[str, Value]) -> list[Address | None]:
    """Where each line accesses memory, if that is plain to see: by an address that the thread does not compute."""
    written = {line.operation.register for line in thread.lines if isinstance(line.operation, Set | Load)}
    written |= {line.operation.status for line in thread.lines if isinstance(line.operation, StoreConditional)}
    kept = {name: value for name, value in registers.items() if name not in written}
    return [
        _address(line.operation.address, kept) if isinstance(line.operation, Load | Store | StoreConditional) else None
        for line in thread.lines
    ]


def _address(expression: Expr, registers: Mapping[str, Value]) -> Address | None:
    if isinstance(expression, Address):
        return expression
    if isinstance(expression, Reg):
        value = registers.get(expression.name)
        return value if isinstance(value, Address) else None
    if isinstance(expression, Op) and expression.name == "add":
        base, offset = expression.args
        place = _address(base, registers)
        if place is not None and isinstance(offset, int):
            return Address(place.base, place.offset + offset)
    return None


def _is_plain(operation: Operation) -> bool:
    """Whether an access is an ordinary load or store, and no part of an atomic operation."""
    return (isinstance(operation, Load) and not operation.reserve) or (
        isinstance(operation, Store) and not operation.rmw
    )


def _leaves_zeros(variable: Variable, size: int) -> bool:
    """Whether stores of that size leave zeros above what they store: because zeros are there."""
    whole = (1 << 8 * variable.size) - 1
    return size == variable.size or all(
        isinstance(cell, int) and (cell & whole) >> 8 * size == 0 for cell in variable.cells
    )


def _rewritten(thread: ThreadCode, places: Sequence[Address | None], whole: Mapping[str, int]) -> ThreadCode:
    lines: list[Line] = []
    moved: list[int] = []  # where each line now is
    for line, place in zip(thread.lines, places, strict=True):
        moved.append(len(lines))
        size = whole.get(place.base) if place is not None else None
        operations = (line.operation,) if size is None else _widened(line.operation, size)
        lines += [Line(operation, line.instruction, line.span) for operation in operations]
    moved.append(len(lines))
    return ThreadCode(tuple(lines), {label: moved[number] for label, number in thread.labels.items()})


def _widened(operation: Operation, size: int) -> tuple[Operation, ...]:
    """An access as one to a cell of that size."""
    if isinstance(operation, Load) and operation.size < size:
        part = Set(operation.register, Op(f"sext{8 * operation.size}", (Reg(operation.register),)))
        return Load(operation.register, operation.address, size, operation.tags), part
    if isinstance(operation, Store) and operation.size < size:
        value = Op(f"zext{8 * operation.size}", (operation.value,))
        return (Store(operation.address, value, size, operation.tags, operation.when),)
    return (operation,)
