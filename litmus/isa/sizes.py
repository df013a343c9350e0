"""Accesses of several sizes to one variable, where they mean what accesses of one size mean.

Suppose that all writes to a variable have one size, and that all accesses begin where a cell begins.  Then
- any two accesses to a cell share its lowest byte;
- a read takes all bytes that any write writes from one and the same write;
- the bytes above those keep their initial value.

So rf, co and overlap of the lowest byte are those of the whole accesses.  Every access can then be one to the whole
cell: a narrow read takes its part of the value, and a narrow write writes zeros above its value.  (Bytes are in
little-endian order.  Source: the byte-wise rf and co of mixed-size models, Flur et al., "Mixed-size
concurrency", POPL 2017.)
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
    """The threads, with every access widened to the whole cell.

    registers: the initial values.  mixed: for each variable with accesses of several sizes, the error that refuses it.
    Raises this error, if widening the accesses would change their meaning.
    """
    accesses: dict[str, list[Load | Store]] = {name: [] for name in mixed}
    places = [_places(thread, initial) for thread, initial in zip(threads, registers, strict=True)]
    for thread, found in zip(threads, places, strict=True):
        for line, place in zip(thread.lines, found, strict=True):
            operation = line.operation
            if not isinstance(operation, Load | Store | StoreConditional):
                continue
            if place is None:  # this may be an access to any variable, also to one of `mixed`
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
    """The address that each line accesses, if the text shows it: then the thread does not compute this address."""
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
    """Whether an operation is an ordinary load or store, and not part of an atomic operation."""
    return (isinstance(operation, Load) and not operation.reserve) or (
        isinstance(operation, Store) and not operation.rmw
    )


def _leaves_zeros(variable: Variable, size: int) -> bool:
    """Whether only zeros are above what a store of that size writes, because they are there from the start.

    Nothing is above a store that is as wide as a cell.
    """
    whole = (1 << 8 * variable.size) - 1
    return size == variable.size or all(
        isinstance(cell, int) and (cell & whole) >> 8 * size == 0 for cell in variable.cells
    )


def _rewritten(thread: ThreadCode, places: Sequence[Address | None], whole: Mapping[str, int]) -> ThreadCode:
    lines: list[Line] = []
    moved: list[int] = []  # the new number of each line
    for line, place in zip(thread.lines, places, strict=True):
        moved.append(len(lines))
        size = whole.get(place.base) if place is not None else None
        operations = (line.operation,) if size is None else _widened(line.operation, size)
        lines += [Line(operation, line.instruction, line.span) for operation in operations]
    moved.append(len(lines))
    return ThreadCode(tuple(lines), {label: moved[number] for label, number in thread.labels.items()})


def _widened(operation: Operation, size: int) -> tuple[Operation, ...]:
    """An access, widened to a cell of that size."""
    if isinstance(operation, Load) and operation.size < size:
        part = Set(operation.register, Op(f"sext{8 * operation.size}", (Reg(operation.register),)))
        return Load(operation.register, operation.address, size, operation.tags), part
    if isinstance(operation, Store) and operation.size < size:
        value = Op(f"zext{8 * operation.size}", (operation.value,))
        return (Store(operation.address, value, size, operation.tags, operation.when),)
    return (operation,)
