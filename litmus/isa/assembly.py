"""Assembly: the table of a test becomes code, whatever the instruction set.

Cells are lowered to templates, and the templates of a column make a thread.  Both are memoised by their
text, because generated tests repeat them.  What remains for each test: every line gets its place in the
file, and the initial state is set up.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

from msgspec import Struct

from litmus.diagnostics import Diagnostic, InputError, Place, Span, Unsupported, near
from litmus.isa.infix import registers_of
from litmus.isa.initial import Reference, initial_state
from litmus.isa.jumps import NOTE, resolved, unplaced
from litmus.isa.sizes import unified
from litmus.isa.template import DISTANCE, END, INDIRECT, NEXT, CellCode, InstructionSet
from litmus.program.code import (
    Assume,
    Branch,
    Line,
    Load,
    Notation,
    Operation,
    Program,
    Set,
    Store,
    StoreConditional,
    ThreadCode,
)
from litmus.program.types import type_named
from litmus.program.values import Address, Expr, Op, Reg
from litmus.source.syntax import AddressOf, Register, Test


class _Thread(Struct, frozen=True):
    """The code of a thread.  Its places are numbers of cells and offsets in these cells.

    lines: operation, number of the instruction, number of the cell, place in the cell.
    references: the variables that are named and the accesses, as in Reference.  written: the registers that a
    line writes.  jumps: some line branches through a register, or takes the address of a label.
    """

    lines: tuple[tuple[Operation, int, int, Place], ...]
    labels: Mapping[str, int]
    references: tuple[tuple[str | None, tuple[str, ...], int | None, int, Place], ...]
    written: frozenset[str]
    jumps: bool


class _InCell(Exception):
    """A diagnostic, and the number of the cell that it is about."""

    def __init__(self, error: Diagnostic, cell: int) -> None:
        super().__init__(error.message)
        self.error = error
        self.cell = cell


def lower(test: Test, isa: InstructionSet) -> Program:
    """The program of an assembly test.

    Raises InputError if an instruction, register, operand, label or initial state is wrong, and Unsupported
    for what the program does not support; both with the span of the offending token.
    """
    assert test.table is not None
    source = test.source
    observed = _wide_registers(test, isa)
    threads: list[ThreadCode] = []
    references: list[Reference] = []
    written: list[frozenset[str]] = []
    jumping: list[int] = []
    for number, cells in enumerate(test.table):
        try:
            thread = _thread(isa, tuple([cell.text for cell in cells]), observed.get(number, frozenset()))
        except _InCell as located:
            raise located.error.placed(source, cells[located.cell].start) from None
        starts = [cell.start for cell in cells]
        threads.append(
            ThreadCode(
                tuple(
                    [
                        Line(operation, instruction, Span(source, starts[cell] + begin, starts[cell] + end))
                        for operation, instruction, cell, (begin, end) in thread.lines
                    ]
                ),
                thread.labels,
            )
        )
        references += [
            Reference(name, number, bases, size, Span(source, starts[cell] + begin, starts[cell] + end))
            for name, bases, size, cell, (begin, end) in thread.references
        ]
        written.append(thread.written)
        if thread.jumps:
            jumping.append(number)
    variables, registers, types, mixed = initial_state(test, isa, references, written)
    if mixed:
        if not isa.little_endian:
            raise next(iter(mixed.values()))
        threads = unified(threads, registers, variables, mixed)
    _check_code_addresses(test, threads)
    notes: tuple[str, ...] = ()
    if jumping:
        threads = resolved(threads, jumping, registers, written, isa.link)
        if any(isinstance(line.operation, Assume) for thread in threads for line in thread.lines):
            notes = (NOTE,)
    notation: Notation = "silent" if isa.silent else "machine"
    return Program(test.arch, tuple(threads), variables, registers, types, notes, notation)


def _check_code_addresses(test: Test, threads: list[ThreadCode]) -> None:
    """Raises InputError if the initial state names a label (`P0:L0`) that the process does not have."""
    for item in test.init:
        for value in item.values or ():
            if isinstance(value, AddressOf) and ":" in value.name:
                process, label = value.name.split(":")
                number = int(process[1:])
                labels = threads[number].labels if number < len(threads) else {}
                if label not in labels or label[0] == ".":
                    known = sorted(name for name in labels if name[0] != ".")
                    raise InputError(f"{process} has no label {label}", value.span, near(label, known))


def _wide_registers(test: Test, isa: InstructionSet) -> dict[int, frozenset[str]]:
    """Per thread, the registers with a declared 64-bit type.  States show the upper half of these."""
    wide: dict[int, frozenset[str]] = {}
    if isa.width == 8:
        typed = [(item.location, item.type) for item in test.init]
        typed += [(item.location, item.type) for item in test.locations]
        for where, type_ in typed:
            if type_ is not None and isinstance(where, Register):
                kind = type_named(type_)
                name = isa.canonical(where.name)
                if name is not None and (kind is None or kind.size > 4):
                    wide[where.thread] = wide.get(where.thread, frozenset()) | {name}
    return wide


# ---------------------------------------------------------------- threads


@lru_cache(maxsize=8192)
def _thread(isa: InstructionSet, texts: tuple[str, ...], observed: frozenset[str]) -> _Thread:
    """The code of a thread whose cells have these texts.

    On 64-bit machines, 32-bit results are kept sign-extended, so that a 32-bit load is one operation.  The upper
    half is then not always the processor's.  So this is done only if no register that holds such a result
    (`half`) is used in its whole width (`whole`): in an address, in a 64-bit operation, or in a state that shows
    64 bits of it.  Otherwise the thread is lowered again, exactly.  It is sound: the lower half of every other
    result depends only on the lower halves of its operands, and states and narrower stores show only the lower half.
    """
    codes = _cells(isa, texts, exact=isa.width < 8)
    templates = [code.instruction for code in codes if code.instruction is not None]
    half = frozenset[str]().union(*[t.half for t in templates])
    if isa.width == 8 and half & observed.union(*[t.whole for t in templates]):
        codes = _cells(isa, texts, exact=True)
        templates = [code.instruction for code in codes if code.instruction is not None]
    _check_labels(texts, codes)
    if any(t.undefined for t in templates):
        _check_flags(texts, codes)
    read = frozenset().union(*[_reads(operation) for t in templates for operation in t.operations])
    lines: list[tuple[Operation, int, int, Place]] = []
    labels: dict[str, int] = {}
    references: list[tuple[str | None, tuple[str, ...], int | None, int, Place]] = []
    written: set[str] = set()
    starts: list[int] = []  # the first line of each instruction of the text
    distant: list[tuple[int, int, Place]] = []  # branches by a distance: target instruction, cell, place
    jumps = False
    instruction = 0
    for number, code in enumerate(codes):
        for label in code.labels:
            labels[label.name] = len(lines)
        template = code.instruction
        if template is None:
            continue
        starts.append(len(lines))
        behind = f"{NEXT}{instruction}"
        for index, operation in enumerate(template.operations):
            if index and index == template.later:
                instruction += 1
            if isinstance(operation, Set):
                if operation.register[0] == "." and operation.register not in read:
                    continue  # a flag that the thread does not use
                if isinstance(operation.value, Address) and operation.value.base[0] == ":":
                    jumps = True
                    if operation.value == unplaced(NEXT):
                        operation = Set(operation.register, unplaced(behind))
            elif isinstance(operation, Branch):
                jumps |= operation.target == INDIRECT
                if operation.target == NEXT:
                    operation = Branch(behind, operation.condition, behind)
                elif operation.target.startswith(DISTANCE):
                    distance = len(starts) - 1 + int(operation.target.removeprefix(DISTANCE))
                    distant.append((distance, number, template.place))
                    operation = Branch(f"{DISTANCE}{distance}", operation.condition)
            lines.append((operation, instruction, number, template.place))
            if isinstance(operation, Set | Load):
                written.add(operation.register)
        if template.conditional or template.returns:
            labels[behind] = len(lines)
        references += [(symbol.name, (), None, number, symbol.place) for symbol in template.symbols]
        for access in template.accesses:
            name, bases = _base(access.address)
            references.append((name, bases, access.size, number, access.place))
        instruction += 1
    labels[END] = len(lines)
    starts.append(len(lines))
    for target, number, place in distant:
        if not 0 <= target < len(starts):
            message = "there is no instruction at this distance"
            raise _InCell(InputError(message, place), number)
        labels[f"{DISTANCE}{target}"] = starts[target]
    return _Thread(tuple(lines), labels, tuple(references), frozenset(written), jumps)


def _cells(isa: InstructionSet, texts: tuple[str, ...], exact: bool) -> list[CellCode]:
    codes: list[CellCode] = []
    for number, text in enumerate(texts):
        try:
            codes.append(isa.cell(text, exact))
        except Diagnostic as error:
            raise _InCell(error, number) from None
    return codes


def _check_labels(texts: tuple[str, ...], codes: list[CellCode]) -> None:
    """Raises if a label is defined twice, or if a branch goes to a label that the thread does not have."""
    labels = {END}
    for number, code in enumerate(codes):
        for name, place in code.labels:
            if name in labels:
                raise _InCell(InputError(f"the label {name} stands twice in this process", place), number)
            labels.add(name)
    for number, code in enumerate(codes):
        if code.instruction is not None and code.instruction.target is not None:
            name, place = code.instruction.target
            if name not in labels:
                known = sorted(labels - {END})
                hint = near(name, known) or ("labels are " + ", ".join(known) if known else "it has no labels")
                raise _InCell(InputError(f"this process has no label {name}", place, hint), number)


def _check_flags(texts: tuple[str, ...], codes: list[CellCode]) -> None:
    """Raises if, on some path, an instruction uses a flag that an earlier instruction has left undefined.

    A forward analysis: undefined[i] are the flags that may be undefined before cell i.
    """
    at = {label.name: number for number, code in enumerate(codes) for label in code.labels}
    calls = [n + 1 for n, code in enumerate(codes) if code.instruction is not None and code.instruction.returns]
    undefined: list[frozenset[str]] = [frozenset()] * (len(codes) + 1)
    waiting = [0]
    visited: set[int] = set()
    while waiting:
        number = waiting.pop()
        if number == len(codes):
            continue
        visited.add(number)
        template = codes[number].instruction
        after = undefined[number]
        following = [number + 1]
        if template is not None:
            for operation in template.operations:
                used = _reads(operation) & after
                if used:
                    message = "this uses a flag that an earlier instruction leaves undefined or that is not modelled"
                    raise _InCell(Unsupported(message, template.place), number)
                if isinstance(operation, Set) and not template.conditional:
                    after -= {operation.register}
                if isinstance(operation, Branch) and operation.target == INDIRECT:
                    following = [*at.values(), *calls]
                elif isinstance(operation, Branch) and operation.target != NEXT:
                    target = at.get(operation.target, len(codes))
                    following = [target] if operation.condition is None else [number + 1, target]
            after |= template.undefined
        for next_ in following:
            if next_ not in visited or not after <= undefined[next_]:
                undefined[next_] |= after
                waiting.append(next_)


def _reads(operation: Operation) -> frozenset[str]:
    """The registers and flags that an operation reads."""
    match operation:
        case Set(value=value):
            return registers_of(value)
        case Load(address=address):
            return registers_of(address)
        case Store(address=address, value=value, when=when):
            return registers_of(address) | registers_of(value) | registers_of(0 if when is None else when)
        case StoreConditional(address=address, value=value):
            return registers_of(address) | registers_of(value)
        case Branch(condition=condition) if condition is not None:
            return registers_of(condition)
        case _:
            return frozenset()


def _base(address: Expr) -> tuple[str | None, tuple[str, ...]]:
    """The variable that an address names, and the registers that are added in it: one of them may hold its base."""
    if isinstance(address, Address):
        return address.base, ()
    if isinstance(address, Reg):
        return None, (address.name,)
    if isinstance(address, Op) and address.name == "add":
        left, right = _base(address.args[0]), _base(address.args[1])
        return left[0] or right[0], left[1] + right[1]
    return None, ()
