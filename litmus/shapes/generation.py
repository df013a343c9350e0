"""Generation: from a cycle to a litmus test as text, in the style of the field's tools.

The text is a complete .litmus file, which both this program and herd7 can read.  Only this program can read C
tests with primitives that herd7's kernel model does not define (sys_membarrier(), those of liburcu).
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator

from msgspec import Struct

from litmus.diagnostics import InputError
from litmus.shapes.assembly import assembly
from litmus.shapes.c import functions
from litmus.shapes.cycles import Cycle
from litmus.shapes.events import events_of
from litmus.shapes.naming import name_of


class Generated(Struct, frozen=True):
    """A generated test: its name, the cycle it is for, and its text."""

    name: str
    cycle: Cycle
    text: str


def generate(cycle: Cycle, name: str | None = None) -> Generated:
    """The test of a cycle.  It gets the name `name`, or else the name that the field gives it.

    Raises Unsupported if a thread needs more registers than its architecture has.
    """
    name = name or name_of(cycle)
    events = events_of(cycle)
    head = f'{cycle.arch} {name}\n"{cycle}"\nCycle={cycle}\nCom={_communications(cycle)}\n'
    if cycle.arch == "C":
        program, condition = functions(events)
        return Generated(name, cycle, f"{head}\n{{}}\n\n{program}\nexists ({condition})\n")
    initial, program, condition = assembly(cycle.arch, events)
    return Generated(name, cycle, f"{head}{{\n{initial}}}\n{program}exists ({condition})\n")


def generate_all(cycles: Iterable[Cycle]) -> Iterator[Generated]:
    """The tests of cycles, each cycle once.  If several tests have one name, the later ones get a number after it."""
    seen: set[Cycle] = set()
    names: dict[str, int] = {}
    for cycle in cycles:
        if cycle in seen:
            continue
        seen.add(cycle)
        name = name_of(cycle)
        same = names[name] = names.get(name, -1) + 1
        yield generate(cycle, f"{name}{same:03}" if same else name)


def _communications(cycle: Cycle) -> str:
    return " ".join(thread.leaving.stem for thread in cycle.threads)


def save(tests: Iterable[Generated], folder: str) -> list[str]:
    """Write tests into a folder, and `@all`, the list of them.  Returns the names of the files.

    Raises InputError if the folder or a file cannot be written.
    """
    names = []
    try:
        os.makedirs(folder, exist_ok=True)
        for test in tests:
            names.append(f"{test.name}.litmus")
            with open(os.path.join(folder, names[-1]), "w", encoding="utf-8") as file:
                file.write(test.text)
        with open(os.path.join(folder, "@all"), "w", encoding="utf-8") as file:
            file.writelines(f"{name}\n" for name in names)
    except OSError as error:
        raise InputError(f"cannot write {error.filename or folder}: {error.strerror}") from error
    return names
