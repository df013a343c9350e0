"""The C dialect: from the functions of a C test, under a primitives table, to the operations of its threads.

The primitives are those of the kernel and of liburcu (litmus.c.catalogue).  The table of an architecture says what
they become on it.  What the compiler may do with plain accesses is in litmus.program.compile_c.
"""

from __future__ import annotations

from litmus.c import one_cpu
from litmus.c import syntax as c
from litmus.c.membarrier.processes import system_of
from litmus.c.membarrier.promise import KEPT, Membarrier, Promise
from litmus.c.membarrier.shared import Calls
from litmus.c.parsing import read_functions
from litmus.c.statements import Statements
from litmus.c.tables import Primitives
from litmus.c.types import INT, CType
from litmus.c.variables import Shared
from litmus.diagnostics import InputError, Span, Unsupported
from litmus.program.code import Program, RegisterType, ThreadCode
from litmus.program.values import Value
from litmus.source.syntax import Register, Test

UNTYPED_NOTE = "the types of the initial state and of the parameters differ, and are ignored"


def lower(test: Test, table: Primitives, kept: Promise = KEPT) -> Program:
    """The program of a C test on the architecture of `table`.

    `kept`: the barriers that sys_membarrier() has.  It has all of them; fewer are given only to ask what the missing
    one is for.  Raises InputError and Unsupported with the span of the offending token.
    """
    assert test.body is not None, "a C test has functions"
    try:
        return _lowered(test, test.body, table, kept)
    except RecursionError:
        raise Unsupported("expressions or statements are nested too deeply", test.body) from None


def _lowered(test: Test, body: Span, table: Primitives, kept: Promise) -> Program:
    functions = read_functions(body)
    shared = Shared(test, functions, table.word)
    given, types = _initial_registers(test, functions, shared)
    system = system_of(test.machine, len(functions))
    calls = Calls(Membarrier(table, kept), system)
    threads, code = _threads(functions, shared, calls, types)
    if shared.untyped:
        threads, code = _threads(functions, shared, calls, types)  # again: now every access has the size of a word
    registers: list[dict[str, Value]] = []
    register_types: dict[tuple[int, str], RegisterType] = {}
    for number, thread in enumerate(threads):
        registers.append({**dict.fromkeys(thread.locals, 0), **given[number]})
        for name, type_ in thread.locals.items():
            if type_ is not INT:
                register_types[number, name] = RegisterType(type_.size, type_.signed or type_.target is not None)
    notes = dict.fromkeys(note for thread in threads for note in thread.notes)  # each once, in order
    if shared.untyped:
        notes[UNTYPED_NOTE] = None
    if system.one_cpu:
        code = tuple([one_cpu.on_one_cpu(thread, table) for thread in code])
        notes[one_cpu.NOTE] = None
    variables = {**shared.variables(), **calls.cells}
    return Program(table.arch, code, variables, tuple(registers), register_types, tuple(notes), "language")


def _threads(
    functions: tuple[c.Function, ...],
    shared: Shared,
    calls: Calls,
    registers: list[dict[str, CType]],
) -> tuple[list[Statements], tuple[ThreadCode, ...]]:
    table = calls.promise.table
    threads = [Statements(f, shared, table, calls, registers[f.thread]) for f in functions]
    return threads, tuple([thread.lower() for thread in threads])


def _initial_registers(
    test: Test, functions: tuple[c.Function, ...], shared: Shared
) -> tuple[list[dict[str, Value]], list[dict[str, CType]]]:
    """The registers that the initial state names, and their types, thread by thread."""
    values: list[dict[str, Value]] = [{} for _ in functions]
    types: list[dict[str, CType]] = [{} for _ in functions]
    for item in test.init:
        if not isinstance(item.location, Register):
            continue
        thread, name = item.location.thread, item.location.name
        if thread >= len(functions):
            hint = f"the last is P{len(functions) - 1}"
            raise InputError(f"there is no process P{thread}", item.location.span, hint)
        type_ = shared.type_of_item(item)
        types[thread][name] = type_
        values[thread][name] = shared.value(item.values[0], type_) if item.values else 0
    return values, types
