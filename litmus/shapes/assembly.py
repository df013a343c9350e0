"""Assembly: the threads of a generated test in the instructions of its architecture."""

from __future__ import annotations

from litmus.diagnostics import Unsupported
from litmus.shapes.dialects import dialect
from litmus.shapes.events import Access, Events
from litmus.shapes.machines import MACHINES, Forms, Machine
from litmus.shapes.relaxations import READ, Dialect


def assembly(arch: str, events: Events) -> tuple[str, str, str]:
    """The initial state, the program and the condition of a test.

    Raises Unsupported if a thread needs more registers than the architecture has.
    """
    machine, labels = MACHINES[arch], _Labels()
    threads = [_Thread(t, machine, dialect(arch), labels) for t in range(len(events.threads))]
    for thread, accesses in zip(threads, events.threads, strict=True):
        for access in accesses:
            thread.access(access)
    shown = [(threads[t].read[n], events.threads[t][n].value, t) for t, n in events.outcome.reads]
    equations = [f"{x}={v}" for x, v in events.outcome.locations]
    equations += [f"{t}:{machine.shown.format(r)}={v}" for r, v, t in shown]
    return _initial(machine, events, threads), _columns(threads), " /\\ ".join(equations)


def _initial(machine: Machine, events: Events, threads: list[_Thread]) -> str:
    if machine.typed:
        types = [f"uint64_t {x};" for x in events.locations]
        types += [f"uint64_t {t.number}:{r};" for t in threads for r in t.read.values()]
        return " ".join(types) + "\n"
    lines = [" ".join(f"{t.number}:{machine.shown.format(r)}={x};" for x, r in t.addresses.items()) for t in threads]
    return "".join(f"{line}\n" for line in lines if line)


def _columns(threads: list[_Thread]) -> str:
    """The table of the program.  It has one column for each thread."""
    columns = [[f"P{t.number}", *t.lines] for t in threads]
    widths = [max(map(len, column)) for column in columns]
    rows = max(map(len, columns))
    lines = []
    for row in range(rows):
        cells = [(c[row] if row < len(c) else "").ljust(w) for c, w in zip(columns, widths, strict=True)]
        lines.append(" " + " | ".join(cells) + " ;\n")
    return "".join(lines)


class _Labels:
    def __init__(self) -> None:
        self.number = 0

    def new(self) -> str:
        self.number += 1
        return f"LC{self.number - 1:02}"


class _Thread:
    """The lines of one thread, as they are written."""

    def __init__(self, number: int, machine: Machine, of: Dialect, labels: _Labels) -> None:
        self.number = number
        self.machine = machine
        self.dialect = of
        self.labels = labels
        self.lines: list[str] = []
        self.addresses: dict[str, str] = {}  # location -> the register with its address
        self.read: dict[int, str] = {}  # number of a read -> the register with its value
        self.count = 0
        self.free = iter(machine.registers)

    def register(self) -> str:
        """A register that the thread does not use yet."""
        register = next(self.free, None)
        if register is None:
            raise Unsupported(f"P{self.number} needs more registers than {self.dialect.arch} has for tests")
        return register

    def line(self, template: str, **fields: object) -> None:
        self.lines.append(template.format(**fields))

    def access(self, access: Access) -> None:
        """Write the relaxation that leads to an access, then the access."""
        step, machine = access.step, self.machine
        index = data = None
        if step is not None and step.kind == "fence":
            self.lines.append(self.dialect.fences[step.stem])
        elif step is not None and step.kind == "dependency":
            dependency = self.dialect.dependencies[step.stem]
            source = self.read[self.count - 1]
            if dependency.through == "ctrl":
                label = self.labels.new()
                for template in machine.branch:
                    self.line(template, s=source, l=label)
                if dependency.fence is not None:
                    self.lines.append(self.dialect.fences[dependency.fence])
            else:
                zero = self.register()
                self.line(machine.zero, r=zero, s=source)
                index, data = (zero, None) if dependency.through == "addr" else (None, zero)
        if access.direction == READ:
            self.read[self.count] = self._load(access, index)
        else:
            self._store(access, index, data)
        self.count += 1

    def _load(self, access: Access, index: str | None) -> str:
        register = self.register()
        self._memory(access, register, index, self.machine.loads, self.machine.indexed_loads)
        return register

    def _store(self, access: Access, index: str | None, data: str | None) -> None:
        machine = self.machine
        if machine.number is None:
            self.line(machine.stores[access.annotation], x=access.location, v=access.value)
            return
        register = data or self.register()
        self.line(machine.number if data is None else machine.plus, r=register, v=access.value)
        self._memory(access, register, index, machine.stores, machine.indexed_stores)

    def _memory(
        self,
        access: Access,
        register: str,
        index: str | None,
        forms: Forms,
        indexed: Forms,
    ) -> None:
        if self.machine.number is None:
            self.line(forms[access.annotation], r=register, x=access.location)
            return
        address = self.addresses.get(access.location)
        if address is None:
            address = self.addresses[access.location] = self.register()
        if index is None:
            self.line(forms[access.annotation], r=register, a=address)
        elif access.annotation in indexed:
            self.line(indexed[access.annotation], r=register, a=address, i=index)
        else:
            moved = self.register()
            self.line(self.machine.moved, r=moved, a=address, i=index)
            self.line(forms[access.annotation], r=register, a=moved)
