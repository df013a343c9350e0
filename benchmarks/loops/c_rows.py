"""The families of programs in the kernel's C, under POWER and AArch64."""

from __future__ import annotations

from collections.abc import Iterator

from benchmarks.loops.machine_rows import COUNTER_SECONDS, LOCK_MEGABYTES, LOCK_SECONDS
from benchmarks.loops.row import Row

MODELS = ("power", "aarch64")

# What takes the lock l, and what it leaves in r0 if it succeeds.
TAKES = {
    ("cmpxchg", True): "cmpxchg_acquire(l, 0, 1)",
    ("cmpxchg", False): "cmpxchg_relaxed(l, 0, 1)",
    ("xchg", True): "xchg_acquire(l, 1)",
    ("xchg", False): "xchg_relaxed(l, 1)",
}
GIVES = {True: "smp_store_release(l, 0);", False: "WRITE_ONCE(*l, 0);"}


def _test(name: str, threads: list[tuple[str, list[str]]], rest: str) -> str:
    """A test, from the parameters and the lines of each thread."""
    functions = [
        f"P{t}({parameters})\n{{\n" + "\n".join(f"\t{line}" for line in lines) + "\n}\n"
        for t, (parameters, lines) in enumerate(threads)
    ]
    return f"C {name}\n\n{{ }}\n\n" + "\n".join(functions) + f"\n{rest}\n"


def locks() -> Iterator[Row]:
    """Each thread takes a lock, adds 1 to x, and gives the lock back.  Without fences, additions may be lost."""
    for model in MODELS:
        for (how, fenced), take in TAKES.items():
            for threads, seconds in LOCK_SECONDS.items():
                name = f"C-{model}-lock-{how}-{'fenced' if fenced else 'plain'}-{threads}"
                lines = [
                    "int r0;",
                    "int r1;",
                    "do {",
                    f"\tr0 = {take};",
                    "} while (r0 != 0);",
                    "r1 = READ_ONCE(*x);",
                    "WRITE_ONCE(*x, r1 + 1);",
                    GIVES[fenced],
                ]
                text = _test(name, [("int *l, int *x", lines)] * threads, f"exists (~x={threads})")
                yield Row("locks", name, text, model, "Never" if fenced else "Sometimes", seconds, LOCK_MEGABYTES)


def counters() -> Iterator[Row]:
    """Each thread adds 1 to x, and tries again where that fails; no addition is lost."""
    ways = {
        "cmpxchg": (
            "int *x",
            [
                *("int r0;", "int r1;", "do {", "\tr0 = READ_ONCE(*x);", "\tr1 = cmpxchg_relaxed(x, r0, r0 + 1);"),
                "} while (r1 != r0);",
            ],
        ),
        "single": ("atomic_t *x", ["atomic_inc(x);"]),
    }
    for model in MODELS:
        for how, thread in ways.items():
            for threads, seconds in COUNTER_SECONDS.items():
                name = f"C-{model}-counter-{how}-{threads}"
                text = _test(name, [thread] * threads, f"exists (~x={threads})")
                yield Row("counters", name, text, model, "Never", seconds)


def tickets() -> Iterator[Row]:
    """Each thread takes a ticket, waits for its turn, adds 1 to x, and passes the turn on."""
    lines = [
        "int r0;",
        "int r1;",
        "r0 = atomic_fetch_inc_relaxed(next);",
        "while (smp_load_acquire(owner) != r0)",
        "\t;",
        "r1 = READ_ONCE(*x);",
        "WRITE_ONCE(*x, r1 + 1);",
        "smp_store_release(owner, r0 + 1);",
    ]
    for model in MODELS:
        for threads in (2, 3):
            name = f"C-{model}-ticket-{threads}"
            thread = ("atomic_t *next, int *owner, int *x", lines)
            yield Row("tickets", name, _test(name, [thread] * threads, f"exists (~x={threads})"), model, "Never")


def bounded() -> Iterator[Row]:
    """A thread counts up to 4 or 8 in x, then sets y; the other polls y at most 3 times, then reads x."""
    for model in MODELS:
        for rounds in (4, 8):
            name = f"C-{model}-bounded-{rounds}"
            writer = [
                "int i;",
                f"for (i = 1; i <= {rounds}; i++)",
                "\tWRITE_ONCE(*x, i);",
                "smp_store_release(y, 1);",
            ]
            reader = [
                "int i;",
                "int r0;",
                "int r1;",
                "for (i = 0; i < 3; i++) {",
                "\tr0 = smp_load_acquire(y);",
                "\tif (r0)",
                "\t\tbreak;",
                "}",
                "r1 = READ_ONCE(*x);",
            ]
            threads = [("int *x, int *y", writer), ("int *x, int *y", reader)]
            yield Row("bounded", name, _test(name, threads, f"exists (1:r0=1 /\\ ~1:r1={rounds})"), model, "Never")


def spinning() -> Iterator[Row]:
    """The algorithms of Peterson and Dekker, with waiting, around an addition to x."""
    for model in MODELS:
        for algorithm, written in (("peterson", _peterson), ("dekker", _dekker)):
            name = f"C-{model}-{algorithm}-fenced"
            threads = [("int *flag0, int *flag1, int *turn, int *x", written(me)) for me in (0, 1)]
            yield Row("spinning", name, _test(name, threads, "exists (~x=2)"), model, "Never")


def _peterson(me: int) -> list[str]:
    other = 1 - me
    return [
        "int r0;",
        f"WRITE_ONCE(*flag{me}, 1);",
        "smp_mb();",
        f"WRITE_ONCE(*turn, {other});",
        "smp_mb();",
        f"while (READ_ONCE(*flag{other}) == 1 && READ_ONCE(*turn) == {other})",
        "\t;",
        "smp_mb();",
        "r0 = READ_ONCE(*x);",
        "WRITE_ONCE(*x, r0 + 1);",
        f"smp_store_release(flag{me}, 0);",
    ]


def _dekker(me: int) -> list[str]:
    other = 1 - me
    return [
        "int r0;",
        f"WRITE_ONCE(*flag{me}, 1);",
        "smp_mb();",
        f"while (READ_ONCE(*flag{other}) == 1) {{",
        f"\tif (READ_ONCE(*turn) != {me}) {{",
        f"\t\tWRITE_ONCE(*flag{me}, 0);",
        f"\t\twhile (READ_ONCE(*turn) != {me})",
        "\t\t\t;",
        f"\t\tWRITE_ONCE(*flag{me}, 1);",
        "\t\tsmp_mb();",
        "\t}",
        "}",
        "smp_mb();",
        "r0 = READ_ONCE(*x);",
        "WRITE_ONCE(*x, r0 + 1);",
        f"smp_store_release(turn, {other});",
        f"smp_store_release(flag{me}, 0);",
    ]


def queues() -> Iterator[Row]:
    """One thread puts numbers into a ring of two slots, the other takes them out; both wait for each other."""
    for model in MODELS:
        for items in (2, 3):
            name = f"C-{model}-queue-{items}"
            giver: list[str] = []
            taker = [f"int r{i};" for i in range(items)]
            for i in range(items):
                if i >= 2:
                    giver += [f"while (smp_load_acquire(tail) == {i - 2})", "\t;"]
                giver += [f"WRITE_ONCE(*slot{i % 2}, {i + 1});", f"smp_store_release(head, {i + 1});"]
                taker += [f"while (smp_load_acquire(head) == {i})", "\t;"]
                taker += [f"r{i} = READ_ONCE(*slot{i % 2});", f"smp_store_release(tail, {i + 1});"]
            parameters = "int *head, int *tail, int *slot0, int *slot1"
            wrong = " \\/ ".join(f"~1:r{i}={i + 1}" for i in range(items))
            text = _test(name, [(parameters, giver), (parameters, taker)], f"exists ({wrong})")
            yield Row("queues", name, text, model, "Never")


def emulated() -> Iterator[Row]:
    """Locks without loops, as tests of the kernel's tools emulate them: only executions in which all succeed count.

    `ring`: each of 5 processes writes its own variable and reads the next one's.  `add`: each adds 1 to x.
    """
    processes = 5
    succeed = " /\\ ".join(f"{t}:r0=0" for t in range(processes))
    for model in MODELS:
        for how in ("cmpxchg", "xchg"):
            take = TAKES[how, True]
            ring = []
            for t in range(processes):
                mine, next_one = f"x{t}", f"x{(t + 1) % processes}"
                lines = ["int r0;", "int r1;", f"r0 = {take};", f"WRITE_ONCE(*{mine}, 1);"]
                lines += [f"r1 = READ_ONCE(*{next_one});", GIVES[True]]
                ring.append((f"int *l, int *{mine}, int *{next_one}", lines))
            none = " /\\ ".join(f"{t}:r1=0" for t in range(processes))
            name = f"C-{model}-emulated-{how}-ring-{processes}"
            text = _test(name, ring, f"filter ({succeed})\nexists ({none})")
            yield Row("emulated", name, text, model, "Never", 5.0)
            lines = ["int r0;", "int r1;", f"r0 = {take};", "r1 = READ_ONCE(*x);", "WRITE_ONCE(*x, r1 + 1);"]
            name = f"C-{model}-emulated-{how}-add-{processes}"
            text = _test(
                name,
                [("int *l, int *x", [*lines, GIVES[True]])] * processes,
                f"filter ({succeed})\nexists (~x={processes})",
            )
            yield Row("emulated", name, text, model, "Never", 5.0)


def long() -> Iterator[Row]:
    """One thread makes 1000 accesses: to one location, or each to a location of its own."""
    for model in MODELS:
        same = [f"WRITE_ONCE(*x, {i + 1});" for i in range(1000)]
        name = f"C-{model}-same-1000"
        yield Row("long", name, _test(name, [("int *x", same)], "exists (~x=1000)"), model, "Never", 3.0)
        each = [f"WRITE_ONCE(*x{i}, 1);" for i in range(1000)]
        parameters = ", ".join(f"int *x{i}" for i in range(1000))
        name = f"C-{model}-independent-1000"
        yield Row("long", name, _test(name, [(parameters, each)], "exists (~x7=1)"), model, "Never", 3.0)
