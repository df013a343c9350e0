"""Prefixes: the code of a thread up to a place where it waits, and what can be said of it without a memory model."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct
from msgspec.structs import replace

from litmus.diagnostics import Span
from litmus.program.code import (
    Admit,
    Assume,
    Branch,
    Line,
    Load,
    Operation,
    Set,
    Store,
    StoreConditional,
    ThreadCode,
)
from litmus.program.values import Address, Expr, Op, Reg, ValueFault, simplify

BLOCK = "block "  # the prefix of registers and labels of a block that is executed as part of its thread
ENDED, DEAD = ".ended", ".dead"


class Wait(Struct, frozen=True):
    """A loop that waits.  Lines `start` to `end` are one round; line `end` has the condition that it waits for."""

    start: int
    end: int
    condition: Expr
    loads: tuple[Load, ...]
    span: Span

    @property
    def is_private(self) -> bool:
        """Whether it waits for a message of the call."""
        return all(isinstance(load.address, Address) and load.address.base[0] == "~" for load in self.loads)

    @property
    def only(self) -> Load | None:
        """If the condition depends on one load only, this load; otherwise None."""
        return self.loads[0] if len(self.loads) == 1 and _names(self.condition) <= {self.loads[0].register} else None

    def register(self, load: Load, in_block: bool) -> str:
        """The register of one of the loads.  In a block that is executed as part of its thread, it has a prefix."""
        return f"{BLOCK}{load.register}" if in_block else load.register


class Code:
    """The code of a thread or of a block.  `end`: how many of its lines are executed."""

    def __init__(self, code: ThreadCode, end: int | None = None) -> None:
        self.code = code
        self.lines = code.lines
        self.labels = code.labels
        self.end = len(code.lines) if end is None else end
        self.admitted = [code.admitted]
        for line in code.lines:
            operation = line.operation
            self.admitted.append(operation.kinds if isinstance(operation, Admit) else self.admitted[-1])

    def admits(self, at: int, kind: str) -> bool:
        """Whether a block of that kind may land before line `at`."""
        admitted = self.admitted[at]
        return admitted is None or kind in admitted

    def places(self) -> list[int]:
        """The places between two instructions, before the first one and after the last one."""
        numbers = [line.instruction for line in self.lines]
        return [i for i in range(len(numbers) + 1) if i in (0, len(numbers)) or numbers[i] != numbers[i - 1]]

    def following(self, at: int) -> list[int]:
        """The lines that may be executed after line `at`."""
        operation = self.lines[at].operation
        if not isinstance(operation, Branch):
            return [at + 1]
        target = self.labels[operation.target]
        return [target] if operation.condition is None else [target, at + 1]


def waits_of(code: Code) -> list[Wait]:
    """The waits of a thread or of a block.  A wait is left out if the address of one of its loads is not known."""
    found = []
    for end, line in enumerate(code.lines):
        operation = line.operation
        if isinstance(operation, Assume) and operation.again is not None:
            start = code.labels[operation.again]
            loads = tuple([x.operation for x in code.lines[start:end] if isinstance(x.operation, Load)])
            if loads and all(isinstance(load.address, Address) for load in loads):
                found.append(Wait(start, end, operation.condition, loads, line.span))
    return found


def stopped(code: Code, end: int, wait: Wait | None = None, block: Code | None = None) -> ThreadCode:
    """The code up to line `end`, and nothing after it.

    wait: its condition does not hold there.  For each of its loads, a register `... read` tells whether the load was
    executed.  block: this block is executed there, and the wait is one of the block's.
    """
    lines, labels = _part(code, end, wait if block is None else None, "")
    if block is not None:
        assert wait is not None, "a block is taken by a thread that it stops"
        inside, known = _part(block, wait.end, wait, BLOCK)
        number = code.lines[end - 1].instruction + 1 if end else 0
        inside = [replace(line, instruction=number + line.instruction) for line in inside]
        labels |= {name: at + len(lines) for name, at in known.items()}
        lines += inside
    lines.append(Line(Branch(ENDED), -2, code.lines[0].span))
    labels[DEAD] = len(lines)
    lines.append(Line(Assume(0), -2, code.lines[0].span))
    labels[ENDED] = len(lines)
    labels = {name: labels[DEAD] if at < 0 else at for name, at in labels.items()}
    return ThreadCode(tuple(lines), labels, code.code.admitted)


def _part(code: Code, end: int, wait: Wait | None, prefix: str) -> tuple[list[Line], dict[str, int]]:
    """The lines up to `end`, and the labels.  A label after `end` has the place -1."""
    lines: list[Line] = []
    index: dict[int, int] = {}
    for i, line in enumerate(code.lines[:end]):
        index[i] = len(lines)
        operation = _renamed(line.operation, prefix) if prefix else line.operation
        lines.append(replace(line, operation=operation))
        if wait is not None and i >= wait.start and isinstance(operation, Load):
            lines.append(Line(Set(f"{operation.register} read", 1), line.instruction, line.span))
    index[end] = len(lines)
    if wait is not None:
        not_yet = Op("lnot", (_named(wait.condition, prefix),))
        lines.append(Line(Assume(not_yet), code.lines[end].instruction, code.lines[end].span))
    return lines, {prefix + name: index.get(at, -1) for name, at in code.labels.items()}


def _renamed(operation: Operation, prefix: str) -> Operation:
    """The operation of a block, with the prefix before its registers and labels."""
    changes: dict[str, object] = {}
    for name in operation.__struct_fields__:
        value = getattr(operation, name)
        if name in ("register", "status", "target", "join", "again"):
            changes[name] = value if value is None else prefix + value
        elif isinstance(value, Reg | Op):
            changes[name] = _named(value, prefix)
    return replace(operation, **changes)


def _named(expr: Expr, prefix: str) -> Expr:
    match expr:
        case Reg(name):
            return Reg(prefix + name)
        case Op(name, arguments):
            return Op(name, tuple([_named(argument, prefix) for argument in arguments]))
    return expr


def _names(expr: Expr) -> set[str]:
    """The registers in an expression."""
    match expr:
        case Reg(name):
            return {name}
        case Op(_, arguments):
            return {name for argument in arguments for name in _names(argument)}
    return set()


# ---------------------------------------------------------------- without a memory model


def value_of(expr: Expr, registers: Mapping[str, object]) -> object:
    """The value of an expression; None if it is not known."""
    match expr:
        case Reg(name):
            return registers.get(name)
        case Op(name, arguments):
            values = [value_of(argument, registers) for argument in arguments]
            known = tuple(value for value in values if isinstance(value, int))
            if len(known) < len(values):
                return None
            try:
                return simplify(name, known)
            except ValueFault:
                return None
    return expr


UNKNOWN = "unknown"  # a value that is not a constant


def last_values(code: Code, address: Address) -> set[object]:
    """What the last store to a variable may store, for all ways through some code.

    None is in the set if some way has no store to the variable.
    """
    reached: dict[int, set[object]] = {0: {None}}
    work = [0]
    while work:
        at = work.pop()
        if at >= code.end:
            continue
        operation = code.lines[at].operation
        values = reached[at]
        if isinstance(operation, Store | StoreConditional) and operation.address == address:
            values = {operation.value if isinstance(operation.value, int) else UNKNOWN}
            values |= reached[at] if isinstance(operation, Store) and operation.when is not None else set()
        for after in code.following(at):
            if not values <= reached.get(after, set()) or after not in reached:
                reached[after] = reached.get(after, set()) | values
                work.append(after)
    return reached.get(code.end, set())


def may_release(code: Code, wait: Wait) -> bool:
    """Whether code, from its start, may store a value with which a wait ends.

    Ways are followed only up to a wait that waits for the same thing.
    """
    names = {item(load.address) for load in wait.loads}
    seen: set[int] = set()
    work = [0]
    alike = {w.end for w in waits_of(code) if _shape(w) == _shape(wait)}
    while work:
        at = work.pop()
        if at in seen or at >= code.end or at in alike:
            continue
        seen.add(at)
        operation = code.lines[at].operation
        stores = [operation] if isinstance(operation, Store | StoreConditional) else []
        for store in stores:
            if item(store.address) in names:
                value = store.value if isinstance(store.value, int) else None
                only = wait.only
                if only is None or value is None or value_of(wait.condition, {only.register: value}) != 0:
                    return True
        work += code.following(at)
    return False


def _shape(wait: Wait) -> tuple[object, ...]:
    """What a wait waits for.  It is the same for waits that differ only in registers, or in the CPU of the state."""
    positions = {load.register: f"{i}" for i, load in enumerate(wait.loads)}
    return tuple(item(load.address) for load in wait.loads), _positioned(wait.condition, positions)


def _positioned(expr: Expr, positions: Mapping[str, str]) -> Expr:
    match expr:
        case Reg(name):
            return Reg(positions.get(name, name))
        case Op(name, arguments):
            return Op(name, tuple([_positioned(argument, positions) for argument in arguments]))
    return expr


def item(address: Expr) -> tuple[str, int] | None:
    """A variable of a design, without its CPU, and the offset in it; None if the address depends on what is read."""
    return (address.base.rpartition(".")[2], address.offset) if isinstance(address, Address) else None
