"""C: the threads of a generated test in the kernel's dialect, or liburcu's."""

from __future__ import annotations

from litmus.c.catalogue import CATALOGUE, LVALUE, ORDER, POINTER
from litmus.shapes.dialects import ACCESSES, FENCES, READER, dialect
from litmus.shapes.events import Access, Events
from litmus.shapes.relaxations import READ, Relaxation

# The condition on which an atomic update stores -> value arguments with which it stores.  Its variable is 0 at first.
VALUES = {None: ("1",), "old == a": ("0", "1"), "old != b": ("1", "1")}


def functions(events: Events) -> tuple[str, str]:
    """The functions and the condition of a test."""
    threads = [_Thread(t, accesses) for t, accesses in enumerate(events.threads)]
    equations = [f"{x}={v}" for x, v in events.outcome.locations]
    equations += [f"{t}:{threads[t].read[n]}={events.threads[t][n].value}" for t, n in events.outcome.reads]
    return "\n".join(thread.text() for thread in threads), " /\\ ".join(equations)


class _Thread:
    """One function."""

    def __init__(self, number: int, accesses: tuple[Access, ...]) -> None:
        self.number = number
        self.parameters = {access.location: "int" for access in accesses}
        self.values = [access.value for access in accesses]
        self.read: dict[int, str] = {}  # number of a read -> the local with its value
        self.lines: list[str] = []
        self.depth = 1  # of nested blocks
        self.own = 0  # how many variables the thread has that no other thread uses
        reader = False  # whether this place is in a read-side critical section
        for n, access in enumerate(accesses):
            following = accesses[n + 1].step if n + 1 < len(accesses) else None
            place, data = access.location, ""
            if access.step is not None:
                place, data = self._step(access.step, access, n)
            if not reader and _is_reader(following):
                self._line("rcu_read_lock();")
            self._access(n, access, place, data)
            if reader and not _is_reader(following):
                self._line("rcu_read_unlock();")
            reader = _is_reader(following)
        while self.depth > 1:
            self.depth -= 1
            self._line("}")

    def text(self) -> str:
        """The function."""
        parameters = ", ".join(f"{type_} *{name}" for name, type_ in self.parameters.items())
        lines = [f"\tint {name};" for name in self.read.values()]
        lines += [""] * bool(lines) + self.lines
        return f"P{self.number}({parameters})\n{{\n" + "\n".join(lines) + "\n}\n"

    def _line(self, line: str) -> None:
        self.lines.append("\t" * self.depth + line)

    def _step(self, step: Relaxation, access: Access, n: int) -> tuple[str, str]:
        """Write the relaxation before an access.  Returns the place for the access, and a prefix for its value.

        For an address dependency, the place contains the value read; for a data dependency, the prefix does.
        """
        place = access.location
        if step.kind == "fence" and step.stem != READER:
            self._line(step.stem if step.stem.startswith("{") else self._call(FENCES[step.stem]))
        elif step.kind == "dependency":
            source = self.read[n - 1]
            match dialect("C").dependencies[step.stem].through:
                case "addr":
                    return f"{place} + ({source} ^ {source})", ""
                case "data":
                    return place, f"({source} ^ {source}) + "
                case "ctrl":
                    self._line(f"if ({source} == {self.values[n - 1]}) {{")
                    self.depth += 1
        return place, ""

    def _call(self, name: str) -> str:
        """A fence, or an atomic update of a variable that only this thread uses."""
        primitive = CATALOGUE[name]
        if primitive.update is None:
            return f"{name}();"
        own = f"own{self.number}" + (f"_{self.own}" if self.own else "")
        self.own += 1
        self.parameters[own] = "atomic_t" if name.startswith("atomic_") else "int"
        values = iter(VALUES[primitive.update.when])
        arguments = [own if role == POINTER else next(values) for role in primitive.roles if role != ORDER]
        return f"{name}({', '.join(arguments)});"

    def _access(self, n: int, access: Access, place: str, data: str) -> None:
        reads, writes = ACCESSES[access.annotation or "Once"]
        if access.direction == READ:
            name = self.read[n] = f"r{len(self.read)}"
            self._line(f"{name} = {_named(reads, place)};")
        elif not writes or CATALOGUE[writes].kind == "object":  # an lvalue
            self._line(f"{_named(writes, place)} = {data}{access.value};")
        else:
            self._line(f"{_named(writes, place, f'{data}{access.value}')};")


def _is_reader(step: Relaxation | None) -> bool:
    return step is not None and step.stem == READER


def _named(primitive: str | None, place: str, *values: str) -> str:
    """The text of an access: the call of a primitive, or a plain access if `primitive` is empty."""
    assert primitive is not None, "the dialect says which accesses an annotation can stand on"
    pointed = f"*({place})" if " " in place else f"*{place}"
    if not primitive:
        return pointed
    argument = pointed if CATALOGUE[primitive].roles.startswith(LVALUE) else place
    return f"{primitive}({', '.join((argument, *values))})"
