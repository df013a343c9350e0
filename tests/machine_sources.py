"""Random litmus tests for ARM, AArch64 and RISC-V: one writer, a table of spellings for each.

In the spellings, {r} is a register that is read into, {f} one that was read into, {b} holds an address; {v} is
a number, {l} a label, {a} a scratch register.
"""

from __future__ import annotations

from sources import VARIABLES, Thread, Way, Writer


class _Machine(Writer):
    """What load/store machines share."""

    bases: tuple[str, str, str]
    results: tuple[str, ...]  # what is read into, as conditions name it
    move: str  # a number into the scratch register
    loads: tuple[str, ...]
    stores: tuple[str, ...]  # of the scratch register
    fences: tuple[str, ...]
    nothing: tuple[str, ...]  # the other scratch register becomes 0, and depends on {f}
    indexed_load: tuple[str, ...]  # the address depends on that register
    indexed_store: tuple[str, ...]
    computed: tuple[str, ...]  # the scratch register becomes what depends on {f}
    branches: tuple[tuple[str, ...], ...]  # to {l}, decided by {f}
    reserve: tuple[tuple[str, ...], ...]  # load-reserve into {r} and store-conditional of the scratch register
    retry: tuple[str, ...]  # to {l} if that failed
    atomics: tuple[str, ...]  # of the scratch register

    def spelled(self, register: str) -> str:
        """A register as instructions name it."""
        return register

    def begin(self, thread: Thread) -> None:
        for register, x in zip(self.bases, VARIABLES, strict=False):
            thread.init.append(f"{thread.number}:{register}={x};")

    def init(self) -> list[str]:
        return [i for i in super().init() if i.split("=")[1].rstrip(";") not in set(VARIABLES) - set(self.variables)]

    def write(self, thread: Thread, lines: tuple[str, ...] | str, **given: str) -> None:
        """Append lines, their places filled."""
        for line in (lines,) if isinstance(lines, str) else lines:
            thread.lines.append(line.format(**given))

    def base(self) -> str:
        return self.bases[self.variables.index(self.variable())]

    def into(self, thread: Thread) -> str:
        register = self.results[len(thread.read) % len(self.results)]
        thread.read.append(register)
        return self.spelled(register)

    def earlier(self, thread: Thread) -> str:
        if not thread.read:
            self.load(thread)
        return self.spelled(self.random.choice(thread.read))

    def load(self, thread: Thread) -> None:
        base = self.base()
        self.write(thread, self.random.choice(self.loads), r=self.into(thread), b=base)

    def store(self, thread: Thread) -> None:
        self.write(thread, (self.move, self.random.choice(self.stores)), v=str(self.number()), b=self.base())

    def fence(self, thread: Thread) -> None:
        self.write(thread, self.random.choice(self.fences))

    def address_dependency(self, thread: Thread) -> None:
        self.write(thread, self.nothing, f=self.earlier(thread))
        base = self.base()
        if self.random.random() < 0.6:
            self.write(thread, self.indexed_load, r=self.into(thread), b=base)
        else:
            self.write(thread, (self.move, *self.indexed_store), v=str(self.number()), b=base)

    def data_dependency(self, thread: Thread) -> None:
        self.write(thread, self.computed, f=self.earlier(thread), v=str(self.number()))
        self.write(thread, self.random.choice(self.stores), b=self.base())

    def branch(self, thread: Thread) -> None:
        label = thread.label()
        found = self.earlier(thread)
        self.write(thread, self.random.choice(self.branches), f=found, v=str(self.number()), l=label)
        between = self.random.random()
        if between < 0.4:
            self.random.choice((self.store, self.load))(thread)
        thread.lines.append(f"{label}:")
        if between > 0.7:
            self.write(thread, self.fences[-1])
        if between >= 0.4:
            self.random.choice((self.store, self.load))(thread)

    def update(self, thread: Thread) -> None:
        label = thread.label()
        base = self.base()
        self.write(thread, self.move, v=str(self.number()))
        self.write(thread, self.random.choice(self.reserve), r=self.into(thread), b=base)
        if self.random.random() < 0.7:
            self.write(thread, self.retry, l=label)
        thread.lines.append(f"{label}:")

    def atomic(self, thread: Thread) -> None:
        base = self.base()
        lines = (self.move, self.random.choice(self.atomics))
        self.write(thread, lines, v=str(self.number()), r=self.into(thread), b=base)

    def barriers(self) -> list[Way]:
        return [(self.fence, 4)]

    def ways(self, thread: Thread) -> list[Way]:
        return [
            *self.barriers(),
            (self.load, 8),
            (self.store, 8),
            (self.address_dependency, 2),
            (self.data_dependency, 2),
            (self.branch, 2),
            (self.update, 2),
            *([(self.atomic, 2)] if self.atomics else []),
        ]


class _Arm(_Machine):
    arch = "ARM"
    bases = ("R10", "R11", "R12")
    results = ("R0", "R1", "R2", "R3", "R4", "R5")
    move = "MOV R8,#{v}"
    loads = ("LDR {r},[{b}]", "LDR {r},[{b}]", "LDA {r},[{b}]")
    stores = ("STR R8,[{b}]", "STR R8,[{b}]", "STL R8,[{b}]")
    fences = ("DMB", "DMB ISH", "DMB ISHST", "DSB", "ISB")
    nothing = ("EOR R9,{f},{f}",)
    indexed_load = ("LDR {r},[R9,{b}]",)
    indexed_store = ("STR R8,[R9,{b}]",)
    computed = ("EOR R8,{f},{f}", "ADD R8,R8,#{v}")
    branches = (("CMP {f},#{v}", "BEQ {l}"), ("CMP {f},#{v}", "BNE {l}"))
    reserve = (("LDREX {r},[{b}]", "STREX R9,R8,[{b}]"),)
    retry = ("CMP R9,#0", "BNE {l}")
    atomics = ()


class _AArch64(_Machine):
    arch = "AArch64"
    bases = ("X10", "X11", "X12")
    results = ("X0", "X1", "X2", "X3", "X4", "X5")
    move = "MOV W20,#{v}"
    loads = ("LDR {r},[{b}]", "LDR {r},[{b}]", "LDAR {r},[{b}]", "LDAPR {r},[{b}]")
    stores = ("STR W20,[{b}]", "STR W20,[{b}]", "STLR W20,[{b}]")
    fences = ("DMB SY", "DMB ISH", "DMB LD", "DMB ISHST", "DSB ST", "ISB")
    nothing = ("EOR W21,{f},{f}",)
    indexed_load = ("LDR {r},[{b},W21,SXTW]",)
    indexed_store = ("STR W20,[{b},W21,SXTW]",)
    computed = ("EOR W20,{f},{f}", "ADD W20,W20,#{v}")
    branches = (("CMP {f},#{v}", "B.EQ {l}"), ("CBNZ {f},{l}",), ("TBZ {f},#0,{l}",))
    reserve = (
        ("LDXR {r},[{b}]", "STXR W21,W20,[{b}]"),
        ("LDAXR {r},[{b}]", "STLXR W21,W20,[{b}]"),
    )
    retry = ("CBNZ W21,{l}",)
    atomics = (
        "SWP W20,{r},[{b}]",
        "SWPAL W20,{r},[{b}]",
        "LDADDA W20,{r},[{b}]",
        "LDSETL W20,{r},[{b}]",
        "CAS {r},W20,[{b}]",
        "CASAL {r},W20,[{b}]",
    )

    def spelled(self, register: str) -> str:
        return register.replace("X", "W")


class _RiscV(_Machine):
    arch = "RISCV"
    bases = ("x10", "x11", "x12")
    results = ("x13", "x14", "x15", "x16", "x17", "x18")
    move = "ori x20,x0,{v}"
    loads = ("lw {r},0({b})",)
    stores = ("sw x20,0({b})",)
    fences = ("fence rw,rw", "fence r,rw", "fence rw,w", "fence w,w", "fence.tso", "fence r,r")
    nothing = ("xor x21,{f},{f}",)
    indexed_load = ("add x22,x21,{b}", "lw {r},0(x22)")
    indexed_store = ("add x22,x21,{b}", "sw x20,0(x22)")
    computed = ("xor x20,{f},{f}", "ori x20,x20,{v}")
    branches = (("bne {f},x0,{l}",), ("beq {f},x0,{l}",))
    reserve = (
        ("lr.w {r},0({b})", "sc.w x21,x20,0({b})"),
        ("lr.w.aq {r},0({b})", "sc.w.rl x21,x20,0({b})"),
        ("lr.w.aqrl {r},0({b})", "sc.w.aqrl x21,x20,0({b})"),
    )
    retry = ("bne x21,x0,{l}",)
    atomics = (
        "amoswap.w {r},x20,0({b})",
        "amoadd.w.aq {r},x20,0({b})",
        "amoor.w.rl {r},x20,0({b})",
        "amoadd.w.aqrl {r},x20,0({b})",
    )


MACHINES: dict[str, type[Writer]] = {"ARM": _Arm, "AArch64": _AArch64, "RISCV": _RiscV}
