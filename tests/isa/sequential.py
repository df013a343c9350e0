"""A sequential machine for tests: executes the only thread of a lowered program, in order.

It shares with the program only the table of operators.  It reads and writes memory cell by cell.
"""

from __future__ import annotations

from dataclasses import dataclass

from litmus.diagnostics import Source
from litmus.isa import architecture_named
from litmus.program.code import Branch, Fence, Load, Program, Set, Store, StoreConditional
from litmus.program.values import Address, Expr, Op, Reg, Value, apply, wrap
from litmus.reading import read_test


@dataclass
class Final:
    registers: dict[str, Value]
    memory: dict[tuple[str, int], Value]
    program: Program
    loads: int = 0
    stores: int = 0

    def register(self, name: str, bits: int = 64) -> Value:
        value = self.registers.get(name, 0)
        return wrap(value, bits) if isinstance(value, int) else value

    def variable(self, name: str, cell: int = 0) -> Value:
        return self.memory[name, cell * self.program.variables[name].size]


def lowered(arch: str, init: str, code: str, final: str = "") -> Program:
    """The program of a test whose only thread is `code`, one instruction a line."""
    rows = "".join(f" {line} ;\n" for line in code.strip().splitlines())
    text = f"{arch} T\n{{ {init} }}\n P0 ;\n{rows}{final}"
    test = read_test(Source("t.litmus", text))
    return architecture_named(arch).lower(test)


def run(arch: str, init: str, code: str, final: str = "", succeed: bool = True, limit: int = 1000) -> Final:
    """The final state of a thread.  `succeed`: whether store-conditionals succeed."""
    program = lowered(arch, init, code, final)
    registers = dict(program.registers[0])
    memory: dict[tuple[str, int], Value] = {
        (name, cell * variable.size): value
        for name, variable in program.variables.items()
        for cell, value in enumerate(variable.cells)
    }
    state = Final(registers, memory, program)
    thread = program.threads[0]

    def value(expr: Expr) -> Value:
        if isinstance(expr, Reg):
            return registers.get(expr.name, 0)
        if isinstance(expr, Op):
            return apply(expr.name, tuple(map(value, expr.args)))
        assert isinstance(expr, int | Address)
        return expr

    def cell(expr: Expr) -> tuple[str, int]:
        address = value(expr)
        assert isinstance(address, Address), address
        assert (address.base, address.offset) in memory, address
        return address.base, address.offset

    def stored(content: Value, size: int) -> Value:
        return wrap(content, 8 * size) if isinstance(content, int) else content

    at = steps = 0
    while at < len(thread.lines):
        steps += 1
        assert steps < limit, "the thread does not end"
        operation = thread.lines[at].operation
        at += 1
        match operation:
            case Set():
                registers[operation.register] = value(operation.value)
            case Load():
                registers[operation.register] = stored(memory[cell(operation.address)], operation.size)
                state.loads += 1
            case Store():
                if operation.when is None or value(operation.when) != 0:
                    memory[cell(operation.address)] = stored(value(operation.value), operation.size)
                    state.stores += 1
            case StoreConditional():
                if succeed:
                    memory[cell(operation.address)] = stored(value(operation.value), operation.size)
                    state.stores += 1
                registers[operation.status] = operation.success if succeed else operation.failure
            case Branch():
                if operation.condition is None or value(operation.condition) != 0:
                    at = thread.labels[operation.target]
            case Fence():
                pass
            case _:
                raise AssertionError(operation)
    return state
