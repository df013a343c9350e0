"""The designs of sys_membarrier() that send two conditional interrupts, under every hardware model."""

from __future__ import annotations

from collections.abc import Iterator

from benchmarks.loops.row import Row

MODELS = ("x86-tso", "power", "arm", "aarch64", "riscv")

TWO = """design two-interrupts
"an interrupt copies a registration to the CPU, then the call interrupts the CPUs that have it"

cpu {{ int curr = T; int state = 0;{lock} }}
mm {{ int mmstate; }}

switch_in {{
	d: smp_mb();
	{take}WRITE_ONCE(curr, T);
	WRITE_ONCE(state, READ_ONCE(mmstate));
	{give}e: smp_mb();
}}

membarrier {{
	WRITE_ONCE(mmstate, 1);
	r: smp_mb();
	if (READ_ONCE(cpu(T).curr) == T)
		ipi (T) {{ WRITE_ONCE(state, READ_ONCE(mmstate)); s: smp_mb(); }}
	a: smp_mb();
	if (READ_ONCE(cpu(T).state) == 1)
		ipi (T) {{ b: smp_mb(); }}
	c: smp_mb();
}}
"""


def designs() -> Iterator[Row]:
    """Two conditional interrupts; also with a lock around what the switch does."""
    for model in MODELS:
        plain = TWO.format(lock="", take="", give="")
        yield Row("designs", f"two-interrupts-{model}", plain, model, "safe", 2.0)
        locked = TWO.format(lock=" spinlock_t lock;", take="spin_lock(&lock);\n\t", give="spin_unlock(&lock);\n\t")
        yield Row("designs", f"two-interrupts-locked-{model}", locked, model, "safe", 2.0)
