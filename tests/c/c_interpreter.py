"""Reading and running C tests in tests: one thread at a time, in program order."""

from __future__ import annotations

from dataclasses import dataclass, field

from litmus.c.lowering import lower
from litmus.c.tables import Primitives, load_primitives
from litmus.diagnostics import Source
from litmus.program.code import (
    Assume,
    Branch,
    Fence,
    Float,
    Fresh,
    Load,
    Operation,
    Program,
    Set,
    Store,
    StoreConditional,
)
from litmus.program.values import Address, Expr, Op, Reg, Value, apply, wrap
from litmus.reading import read_test


def program(functions: str, init: str = "", final: str = "exists (true)", table: str | Primitives = "power") -> Program:
    """The program of a test with these sections."""
    primitives = load_primitives(table) if isinstance(table, str) else table
    return lower(read_test(Source("t.litmus", f"C t\n{{ {init} }}\n{functions}\n{final}\n")), primitives)


def operations(functions: str, init: str = "", table: str | Primitives = "power", thread: int = 0) -> list[Operation]:
    """What one thread executes."""
    return [line.operation for line in program(functions, init, table=table).threads[thread].lines]


class DroppedError(Exception):
    """The execution runs into an assumption that does not hold."""


@dataclass
class Run:
    """A thread after it has run: its registers, the memory, and the operations that were executed."""

    registers: dict[str, Value]
    memory: dict[Address, Value]
    trace: list[Operation] = field(default_factory=list)


def value_of(expr: Expr, registers: dict[str, Value]) -> Value:
    """An expression, its operators in order."""
    match expr:
        case Reg(name):
            return registers.get(name, 0)
        case Op("ite", (condition, then, other)):
            return value_of(then if value_of(condition, registers) else other, registers)
        case Op(name, args):
            return apply(name, tuple(value_of(a, registers) for a in args))
    assert isinstance(expr, int | Address)
    return expr


def run(test: Program, thread: int = 0, limit: int = 10_000) -> Run:
    """Run a thread alone.  Store-conditionals succeed if they may.

    Raises DroppedError where an assumption does not hold, and AssertionError if it does not end.
    """
    code = test.threads[thread]
    variables = test.variables.values()
    cells = {Address(v.name, i * v.size): value for v in variables for i, value in enumerate(v.cells)}
    state = Run(dict(test.registers[thread]), cells)
    position, reserved = 0, None
    for _ in range(limit):
        if position == len(code.lines):
            return state
        operation = code.lines[position].operation
        position += 1
        state.trace.append(operation)
        match operation:
            case Set(register, value):
                state.registers[register] = value_of(value, state.registers)
            case Load(register, address, size):
                place = value_of(address, state.registers)
                read = state.memory[place]
                assert isinstance(read, Address) or read == wrap(read, 8 * size), "loads are signed"
                state.registers[register] = read
                reserved = place if operation.reserve else reserved
            case Store(address, value, size, _, when):
                if when is None or value_of(when, state.registers):
                    stored = value_of(value, state.registers)
                    assert isinstance(stored, Address) or stored == wrap(stored, 8 * size), "memory is signed"
                    state.memory[value_of(address, state.registers)] = stored
            case StoreConditional(address, value, status, success):
                assert value_of(address, state.registers) == reserved
                state.memory[reserved] = value_of(value, state.registers)
                state.registers[status] = success
            case Branch(target, condition):
                if condition is None or value_of(condition, state.registers):
                    position = code.labels[target]
            case Assume(condition):
                if not value_of(condition, state.registers):
                    raise DroppedError
            case Fence() | Fresh() | Float():
                pass
    raise AssertionError("it does not end")


def run_c(functions: str, init: str = "", table: str = "power") -> Run:
    """Run P0 of a test."""
    return run(program(functions, init, table=table))
