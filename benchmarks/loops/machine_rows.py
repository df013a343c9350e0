"""The families of programs in machine instructions."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from benchmarks.loops.machines import AARCH64, MACHINES, PPC, X86_64, Machine, Part, Thread, litmus
from benchmarks.loops.row import Row

# The limits on CPU seconds, by the number of threads.
LOCK_SECONDS = {2: 0.4, 3: 1.0, 4: 3.0}
COUNTER_SECONDS = {3: 0.3, 4: 0.6, 5: 1.5, 6: 4.0}
LOCK_MEGABYTES = 300

Body = Callable[[Thread], None]


def _program(machine: Machine, name: str, threads: int, fenced: bool, body: Body, condition: str) -> str:
    written = [Thread(machine, t, fenced) for t in range(threads)]
    for thread in written:
        body(thread)
    return litmus(name, written, condition)


def locks() -> Iterator[Row]:
    """Each thread takes a lock, adds 1 to x, and gives the lock back.  Without fences, additions may be lost."""
    for machine in MACHINES:
        for how, part in machine.locks.items():
            for fenced in (True,) if machine.is_ordered else (True, False):
                for threads, seconds in LOCK_SECONDS.items():
                    name = f"{machine.arch}-lock-{how}-{'fenced' if fenced else 'plain'}-{threads}"
                    text = _program(machine, name, threads, fenced, _locked(part), f"~x={threads}")
                    right = "Never" if fenced else "Sometimes"
                    yield Row("locks", name, text, machine.model, right, seconds, LOCK_MEGABYTES)


def _locked(part: Part) -> Body:
    def body(thread: Thread) -> None:
        thread.write(part, "l")
        thread.part("add", "x")
        thread.part("publish", "l", 0)

    return body


def counters() -> Iterator[Row]:
    """Each thread adds 1 to x, and tries again where that fails; no addition is lost."""
    for machine in MACHINES:
        for how, part in machine.counters.items():
            for threads, seconds in COUNTER_SECONDS.items():
                name = f"{machine.arch}-counter-{how}-{threads}"
                text = _program(machine, name, threads, False, _adding(part), f"~x={threads}")
                yield Row("counters", name, text, machine.model, "Never", seconds)


def _adding(part: Part) -> Body:
    return lambda thread: thread.write(part, "x")


def tickets() -> Iterator[Row]:
    """Each thread takes a ticket, waits for its turn, adds 1 to x, and passes the turn on."""
    for machine in MACHINES:
        for threads in (2, 3):
            name = f"{machine.arch}-ticket-{threads}"
            yield Row(
                "tickets",
                name,
                _program(machine, name, threads, True, _ticket, f"~x={threads}"),
                machine.model,
                "Never",
            )


def _ticket(thread: Thread) -> None:
    thread.part("take ticket", "next")
    thread.part("wait for turn", "owner")
    thread.part("add", "x")
    thread.part("pass turn", "owner")


def bounded() -> Iterator[Row]:
    """A thread counts up to 4 or 8 in x, then sets y; the other polls y at most 3 times, then reads x."""
    for machine in MACHINES:
        for rounds in (4, 8):
            name = f"{machine.arch}-bounded-{rounds}"
            writer, reader = Thread(machine, 0, fenced=True), Thread(machine, 1, fenced=True)
            writer.part("count up to", "x", rounds)
            writer.part("publish", "y", 1)
            out = reader.label()
            reader.part("poll", "y", 3, to=out, into=0)
            reader.place(out)
            reader.part("acquire")
            reader.part("read", "x", into=1)
            read, seen = (machine.result.format(k=k) for k in (0, 1))
            text = litmus(name, [writer, reader], f"1:{read}=1 /\\ ~1:{seen}={rounds}")
            yield Row("bounded", name, text, machine.model, "Never")


def spinning() -> Iterator[Row]:
    """The algorithms of Peterson and Dekker, with waiting, around an addition to x."""
    for machine in MACHINES:
        for algorithm, body in (("peterson", _peterson), ("dekker", _dekker)):
            for fenced in (True, False):
                name = f"{machine.arch}-{algorithm}-{'fenced' if fenced else 'plain'}"
                text = _program(machine, name, 2, fenced, body, "~x=2")
                yield Row("spinning", name, text, machine.model, "Never" if fenced else "Sometimes")


def _peterson(thread: Thread) -> None:
    me, other = thread.number, 1 - thread.number
    again, out = thread.label(), thread.label()
    thread.part("set", f"flag{me}", 1)
    thread.part("full")
    thread.part("set", "turn", other)
    thread.part("full")
    thread.place(again)
    thread.part("go if", f"flag{other}", 0, to=out)
    thread.part("go if", "turn", other, to=again)
    thread.place(out)
    thread.part("full")
    thread.part("add", "x")
    thread.part("full")
    thread.part("set", f"flag{me}", 0)


def _dekker(thread: Thread) -> None:
    me, other = thread.number, 1 - thread.number
    again, wait, out = thread.label(), thread.label(), thread.label()
    thread.part("set", f"flag{me}", 1)
    thread.part("full")
    thread.place(again)
    thread.part("go if", f"flag{other}", 0, to=out)
    thread.part("go if", "turn", me, to=again)
    thread.part("set", f"flag{me}", 0)
    thread.place(wait)
    thread.part("go unless", "turn", me, to=wait)
    thread.part("set", f"flag{me}", 1)
    thread.part("full")
    thread.part("go", to=again)
    thread.place(out)
    thread.part("full")
    thread.part("add", "x")
    thread.part("full")
    thread.part("set", "turn", other)
    thread.part("full")
    thread.part("set", f"flag{me}", 0)


def queues() -> Iterator[Row]:
    """One thread puts numbers into a ring of two slots, the other takes them out; both wait for each other."""
    for machine in MACHINES:
        for items in (2, 3):
            name = f"{machine.arch}-queue-{items}"
            giver, taker = Thread(machine, 0, fenced=True), Thread(machine, 1, fenced=True)
            for i in range(items):
                if i >= 2:
                    giver.part("wait while", "tail", i - 2)
                giver.part("set", f"slot{i % 2}", i + 1)
                giver.part("publish", "head", i + 1)
                taker.part("wait while", "head", i)
                taker.part("read", f"slot{i % 2}", into=i)
                taker.part("publish", "tail", i + 1)
            wrong = " \\/ ".join(f"~1:{machine.result.format(k=i)}={i + 1}" for i in range(items))
            yield Row("queues", name, litmus(name, [giver, taker], wrong), machine.model, "Never")


def writers() -> Iterator[Row]:
    """n threads write different numbers to x, and nobody reads."""
    for machine in (PPC, AARCH64, X86_64):
        for n in (2, 4, 6, 7, 8, 9, 10, 12, 16):
            name = f"{machine.arch}-writers-{n}"
            text = _program(machine, name, n, True, lambda thread: thread.part("set", "x", thread.number + 1), "x=0")
            yield Row("writers", name, text, machine.model, "Never", 0.5, 150)


def long() -> Iterator[Row]:
    """One thread makes 1000 stores: to one location, or each to a location of its own."""
    one, many = Thread(X86_64, 0, fenced=True), Thread(X86_64, 0, fenced=True)
    for i in range(1000):
        one.part("set", "x", i + 1)
        many.part("set", f"x{i}", 1)
    name = "X86_64-same-1000"
    yield Row("long", name, litmus(name, [one], "~x=1000"), X86_64.model, "Never", 3.0)
    name = "X86_64-independent-1000"
    yield Row("long", name, litmus(name, [many], "~x7=1"), X86_64.model, "Never", 3.0)
