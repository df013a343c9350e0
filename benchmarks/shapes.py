"""The families of growing tests that the benchmarks run, as POWER litmus text."""

from __future__ import annotations


def _test(name: str, init: list[str], threads: list[list[str]], condition: str) -> str:
    rows = max(map(len, threads))
    width = [max(len(cell) for cell in (f"P{t}", *code)) for t, code in enumerate(threads)]
    lines = [" | ".join(f"P{t}".ljust(width[t]) for t in range(len(threads))) + " ;"]
    for r in range(rows):
        cells = [(code[r] if r < len(code) else "").ljust(width[t]) for t, code in enumerate(threads)]
        lines.append(" | ".join(cells) + " ;")
    program = "\n".join(f" {line}" for line in lines)
    return f"PPC {name}\n{{\n" + "\n".join(init) + f"\n}}\n{program}\nexists ({condition})\n"


def store_buffer_ring(n: int) -> str:
    """n threads: each writes its variable, syncs, and reads the variable of the next thread; forbidden."""
    init = [f"{t}:r2=x{t}; {t}:r4=x{(t + 1) % n};" for t in range(n)]
    code = ["li r1,1", "stw r1,0(r2)", "sync", "lwz r3,0(r4)"]
    return _test(f"SB-ring-{n}+syncs", init, [code] * n, " /\\ ".join(f"{t}:r3=0" for t in range(n)))


def two_plus_two_w_ring(n: int) -> str:
    """n threads: each writes 2 to its variable, does lwsync, and writes 1 to the next thread's variable; forbidden."""
    init = [f"{t}:r2=x{t}; {t}:r4=x{(t + 1) % n};" for t in range(n)]
    code = ["li r1,2", "stw r1,0(r2)", "lwsync", "li r3,1", "stw r3,0(r4)"]
    return _test(f"2+2W-ring-{n}+lwsyncs", init, [code] * n, " /\\ ".join(f"x{t}=2" for t in range(n)))


def iriw(readers: int) -> str:
    """Two writers, and readers with sync that see the two writes in opposite orders; forbidden."""
    init = ["0:r2=x;", "1:r2=y;"]
    threads = [["li r1,1", "stw r1,0(r2)"]] * 2
    atoms = []
    for k in range(readers):
        t = k + 2
        first, second = ("x", "y") if k % 2 == 0 else ("y", "x")
        init.append(f"{t}:r2={first}; {t}:r4={second};")
        threads.append(["lwz r1,0(r2)", "sync", "lwz r3,0(r4)"])
        atoms.append(f"{t}:r1=1 /\\ {t}:r3=0")
    return _test(f"IRIW-{readers}+syncs", init, threads, " /\\ ".join(atoms))


def writers(n: int) -> str:
    """n threads write different values to one location; thread 0 writes last; allowed."""
    init = [f"{t}:r2=x;" for t in range(n)]
    return _test(f"{n}-writers", init, [[f"li r1,{t + 1}", "stw r1,0(r2)"] for t in range(n)], "x=1")


def random_program(threads: int, operations: int, seed: int) -> str:
    """Threads of random loads, stores and fences on four variables.  The condition is about the first four loads."""
    import random

    rng = random.Random(seed)
    init, code, atoms = [], [], []
    for t in range(threads):
        init.append(f"{t}:r20=x; {t}:r21=y; {t}:r22=z; {t}:r23=a;")
        lines = []
        for k in range(operations):
            address = rng.randrange(20, 24)
            kind = rng.random()
            if kind < 0.45:
                lines.append(f"lwz r{k % 16 + 1},0(r{address})")
                if len(atoms) < 4:
                    atoms.append(f"{t}:r{k % 16 + 1}={rng.randrange(2)}")
            elif kind < 0.9:
                lines += [f"li r18,{rng.randrange(1, 3)}", f"stw r18,0(r{address})"]
            else:
                lines.append(rng.choice(["sync", "lwsync"]))
        code.append(lines)
    return _test(f"random-{threads}x{operations}-{seed}", init, code, " /\\ ".join(atoms) or "true")
