"""Jumps: branches through registers become branches to the labels whose addresses a test takes.

An address of code, `P0:L0`, is a value like the address of a variable.  Before the number of the thread is known,
`unplaced` stands for it.  A branch through a register becomes a chain of comparisons with all addresses of code.
If the value of the register is known, unrolling follows one of them; if it was loaded, each comparison is a control
dependency.  If a thread may jump to the code of another thread, it gets a copy of that code after its own.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypeGuard

from litmus.diagnostics import Unsupported
from litmus.isa.template import END, INDIRECT, NEXT
from litmus.program.code import Assume, Branch, Line, Load, Operation, Set, ThreadCode
from litmus.program.values import Address, Expr, Op, Reg, Value

NOTE = "Executions in which a branch through a register goes to no label are left out."


def unplaced(label: str) -> Address:
    """The address of a label of the thread itself."""
    return Address(f":{label}")


def resolved(
    threads: Sequence[ThreadCode],
    jumping: Sequence[int],
    registers: Sequence[dict[str, Value]],
    written: Sequence[frozenset[str]],
    link: str,
) -> list[ThreadCode]:
    """The threads.  The INDIRECT branches of those in `jumping` are replaced, and their addresses of code are placed.

    registers: the initial values.  written: the registers that each thread writes.  A branch through the register
    `link` ends the thread if nothing sets that register.  Raises Unsupported for any other branch through a register
    that never holds the address of a label.
    """
    placed = [_placed(code, number) if number in jumping else code for number, code in enumerate(threads)]
    operations = [line.operation for code in placed for line in code.lines]
    sets = [operation for operation in operations if isinstance(operation, Set)]
    values: list[Expr] = [operation.value for operation in sets]
    values += [value for held in registers for value in held.values()]
    taken = sorted({value.base for value in values if _is_code(value)})
    computed = frozenset({operation.register for operation in operations if isinstance(operation, Load)}) | frozenset(
        {operation.register for operation in sets if not _is_code(operation.value)}
    )
    anywhere = frozenset[str]().union(*written)
    return [
        _Jumper(number, taken, registers[number], anywhere, computed, link).code(placed) if number in jumping else code
        for number, code in enumerate(placed)
    ]


def _is_code(value: Expr) -> TypeGuard[Address]:
    return isinstance(value, Address) and ":" in value.base


def _is_indirect(operation: Operation) -> TypeGuard[Branch]:
    return isinstance(operation, Branch) and operation.target == INDIRECT


def _placed(code: ThreadCode, number: int) -> ThreadCode:
    """The code of thread `number`.  Its addresses of code name the thread: `:L0` becomes `P0:L0`."""
    lines: list[Line] = []
    for line in code.lines:
        operation = line.operation
        if isinstance(operation, Set) and _is_code(operation.value):
            operation = Set(operation.register, Address(f"P{number}{operation.value.base}"))
        lines.append(Line(operation, line.instruction, line.span))
    return ThreadCode(tuple(lines), code.labels)


class _Jumper:
    """The code of one thread, with the code of others that it may jump to."""

    def __init__(
        self,
        number: int,
        taken: Sequence[str],
        registers: Mapping[str, Value],
        written: frozenset[str],
        computed: frozenset[str],
        link: str,
    ) -> None:
        self.number = number
        self.taken = taken
        self.registers = registers
        self.written = written
        self.computed = computed
        self.link = link

    def code(self, threads: Sequence[ThreadCode]) -> ThreadCode:
        own = threads[self.number]
        processes = [f"P{self.number}"]
        if any(_is_indirect(line.operation) and not self.ends(line.operation) for line in own.lines):
            given = {address.partition(":")[0] for address in self.taken if f":{NEXT}" not in address}
            processes += sorted(given - {*processes})
        self.taken = [address for address in self.taken if address.partition(":")[0] in processes]
        lines: list[Line] = []
        labels: dict[str, int] = {}
        for process in processes:
            code = threads[int(process[1:])]
            instruction = lines[-1].instruction + 1 if lines else 0
            starts: list[int] = []
            for line in code.lines:
                starts.append(len(lines))
                for operation in self.chain(line, process):
                    lines.append(Line(operation, instruction + line.instruction, line.span))
            starts.append(len(lines))
            if len(processes) > 1 and code.lines:
                lines.append(Line(Branch(END), lines[-1].instruction + 1, code.lines[-1].span))
            labels.update({self.local(f"{process}:{name}"): starts[at] for name, at in code.labels.items()})
        labels[END] = len(lines)
        return ThreadCode(tuple(lines), labels)

    def local(self, address: str) -> str:
        """The label in this thread's code that stands for an address of code."""
        return address.removeprefix(f"P{self.number}:")

    def ends(self, operation: Branch) -> bool:
        """Whether a branch goes through the link register, and nothing ever sets that register."""
        return operation.condition == Reg(self.link) and self.link not in {*self.written, *self.registers}

    def chain(self, line: Line, process: str) -> list[Operation]:
        """What an operation of the code of `process` becomes in this thread's code."""
        operation = line.operation
        if not isinstance(operation, Branch):
            return [operation]
        if not _is_indirect(operation):
            target = END if operation.target == END else self.local(f"{process}:{operation.target}")
            join = None if operation.join is None else self.local(f"{process}:{operation.join}")
            return [Branch(target, operation.condition, join)]
        if self.ends(operation):
            return [Branch(END)]
        register = operation.condition
        assert isinstance(register, Reg)
        known = bool(self.taken) and (register.name in self.written or _is_code(self.registers.get(register.name, 0)))
        if not known and process == f"P{self.number}":
            message = f"{register.name} does not hold the address of a label: such branches are not supported"
            raise Unsupported(message, line.span, f"initialise it: {self.number}:{register.name}=P{self.number}:label")
        chain: list[Operation] = [
            Branch(self.local(address), Op("eq", (register, Address(address)))) for address in self.taken
        ]
        if register.name == self.link and self.link not in self.registers:  # the link is 0 until a line sets it
            chain.append(Branch(END, Op("eq", (register, 0))))
        return [*chain, Assume(0)] if not known or register.name in self.computed else chain
