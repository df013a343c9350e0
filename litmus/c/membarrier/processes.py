"""Processes: which threads share one, and what each has registered before the test begins.

If the test states no process, all threads share one.  Otherwise, the threads that it does not name share one more
process.  A registration is state of the process (mm->membarrier_state), so all threads of the process share it.
"""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct

from litmus.c.membarrier.flags import REGISTRATIONS, STATES
from litmus.diagnostics import InputError, near
from litmus.source.syntax import Machine


class Process(Struct, frozen=True):
    """The threads of a process, in ascending order, and its registrations, which are keys of flags.STATES."""

    threads: tuple[int, ...]
    registered: frozenset[str] = frozenset()

    @property
    def name(self) -> str:
        """`P0, P1`."""
        return ", ".join(f"P{t}" for t in self.threads)

    @property
    def state(self) -> int:
        """mm->membarrier_state when the test begins."""
        bits = 0
        for name in self.registered:
            bits |= STATES[name].begun | STATES[name].ready
        return bits


class System(Struct, frozen=True):
    """The processes of a test, by thread.

    of: the process of each thread.  one_cpu: only one processor is online.  nohz_full: some processor runs without the
    scheduler's tick.  cpus: a thread -> the number of the processor that it runs on, if the test states it.
    """

    of: tuple[Process, ...]
    one_cpu: bool = False
    nohz_full: bool = False
    cpus: Mapping[int, int] = {}

    @property
    def threads(self) -> range:
        """All threads."""
        return range(len(self.of))


def one_process(threads: int) -> System:
    """All threads in one process, which has registered nothing."""
    return System((Process(tuple(range(threads))),) * threads)


def system_of(machine: Machine | None, threads: int) -> System:
    """What a test with `threads` threads says about its processes and processors.

    Raises InputError for a thread that does not exist or is in two processes, for two threads on one processor, and
    for a registration that does not exist, each with its span.
    """
    if machine is None:
        return one_process(threads)
    process_of: dict[int, Process] = {}
    cpus: dict[int, int] = {}
    for line in machine.processes:
        numbers: list[int] = []
        for word in line.threads:
            number = int(word.text[1:])
            if number >= threads:
                raise InputError(f"there is no thread {word.text}", word.span, f"the last is P{threads - 1}")
            if number in process_of or number in numbers:
                raise InputError(f"{word.text} is in a process already", word.span)
            numbers.append(number)
            cpu = line.cpus.get(number)
            if cpu is None:
                continue
            if int(cpu.text) in cpus.values():
                hint = "each thread runs on a CPU of its own"
                raise InputError(f"CPU {cpu.text} runs a thread already", cpu.span, hint)
            cpus[number] = int(cpu.text)
        registered = set()
        for word in line.registrations:
            if word.text not in REGISTRATIONS:
                hint = near(word.text, REGISTRATIONS) or "one of " + ", ".join(REGISTRATIONS)
                raise InputError(f"{word.text or 'nothing'} is no command that registers", word.span, hint)
            registered.add(REGISTRATIONS[word.text])
        process = Process(tuple(sorted(numbers)), frozenset(registered))
        process_of.update(dict.fromkeys(numbers, process))
    rest = Process(tuple(t for t in range(threads) if t not in process_of))
    of = tuple(process_of.get(t, rest) for t in range(threads))
    return System(of, machine.cpus == 1, machine.nohz_full, cpus)
