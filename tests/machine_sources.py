"""Random litmus tests for ARM, AArch64 and RISC-V: one writer, and a table of spellings for each architecture.

In the spellings, {r} is the register that a read goes into, {f} a register that an earlier read went into, and {b} a
register that holds an address.  {v} is a number, {l} a label.
"""

from __future__ import annotations

from sources import VARIABLES, Thread, Way, Writer


class _Machine(Writer):
    """What machines with load and store instructions share."""

    bases: tuple[str, str, str]
    results: tuple[str, ...]  # the registers that reads go into, as conditions name them
    move: str  # puts a number into the scratch register
    loads: tuple[str, ...]
    stores: tuple[str, ...]  # of the scratch register
    fences: tuple[str, ...]
    nothing: tuple[str, ...]  # the other scratch register becomes 0, and depends on {f}
    indexed_load: tuple[str, ...]  # the address depends on that register
    indexed_store: tuple[str, ...]
    computed: tuple[str, ...]  # the scratch register becomes {v}, and depends on {f}
    branches: tuple[tuple[str, ...], ...]  # to {l}, decided by {f}
    reserve: tuple[str, ...]  # a load-reserve into {r}
    conditional: tuple[str, ...]  # a store-conditional of the scratch register
    status: str  # the register that says whether the store-conditional succeeded
    retry: tuple[str, ...]  # goes to {l} if it failed
    again: tuple[str, ...]  # goes to {l} if {f} is 0
    counter: str  # puts the number of rounds into the register that counts them
    counted: tuple[str, ...]  # counts down by one, and goes to {l} if the result is not 0
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
        """Append lines, with the names in braces replaced."""
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
        """A store-conditional, tried once or until it succeeds.

        Its value may depend on reads.  A later store may depend on its status.
        """
        label = thread.label()
        base = self.base()
        if self.random.random() < 0.4:
            self.write(thread, self.computed, f=self.earlier(thread), v=str(self.number()))
        else:
            self.write(thread, self.move, v=str(self.number()))
        once = self.random.random() < 0.6
        if not once:
            thread.lines.append(f"{label}:")
        register = self.into(thread)
        self.write(thread, self.random.choice(self.reserve), r=register, b=base)
        if self.random.random() < 0.3:
            self.write(thread, self.computed, f=register, v=str(self.number()))
        if once and self.random.random() < 0.1:
            base = self.base()
        self.write(thread, self.random.choice(self.conditional), b=base)
        if not once or self.random.random() < 0.7:
            self.write(thread, self.retry, l=label)
        if once:
            thread.lines.append(f"{label}:")
            if self.random.random() < 0.3:
                self.write(thread, self.computed, f=self.status, v="1")
                self.write(thread, self.random.choice(self.stores), b=self.base())

    def loop(self, thread: Thread) -> None:
        """A loop that reads until the value is not 0."""
        label = thread.label()
        thread.lines.append(f"{label}:")
        self.load(thread)
        self.write(thread, self.again, f=self.spelled(thread.read[-1]), l=label)

    def count(self, thread: Thread) -> None:
        """An access that is executed a few times, in a loop."""
        label = thread.label()
        self.write(thread, self.counter, v=str(self.random.choice((2, 2, 3))))
        thread.lines.append(f"{label}:")
        self.random.choice((self.load, self.store, self.atomic if self.atomics else self.store))(thread)
        self.write(thread, self.counted, l=label)

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
            (self.update, 5 if self.atomics else 8),
            (self.loop, 1),
            (self.count, 2),
            *([(self.atomic, 6)] if self.atomics else []),
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
    reserve = ("LDREX {r},[{b}]", "LDREX {r},[{b}]", "LDAEX {r},[{b}]")
    conditional = ("STREX R9,R8,[{b}]", "STREX R9,R8,[{b}]", "STLEX R9,R8,[{b}]")
    status = "R9"
    retry = ("CMP R9,#0", "BNE {l}")
    again = ("CMP {f},#0", "BEQ {l}")
    counter = "MOV R7,#{v}"
    counted = ("SUBS R7,R7,#1", "BNE {l}")
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
    reserve = ("LDXR {r},[{b}]", "LDAXR {r},[{b}]")
    conditional = ("STXR W21,W20,[{b}]", "STLXR W21,W20,[{b}]")
    status = "W21"
    retry = ("CBNZ W21,{l}",)
    again = ("CBZ {f},{l}",)
    counter = "MOV W22,#{v}"
    counted = ("SUBS W22,W22,#1", "B.NE {l}")
    atomics = (
        *(
            f"{name}{order} W20,{{r}},[{{b}}]"
            for name in ("SWP", "LDADD", "LDCLR", "LDEOR", "LDSET", "LDSMAX", "LDUMIN")
            for order in ("", "A", "L", "AL")
        ),
        *(f"CAS{order} {{r}},W20,[{{b}}]" for order in ("", "A", "L", "AL") for _ in range(2)),
        *(f"{name}{order} W20,[{{b}}]" for name in ("STADD", "STSET") for order in ("", "L")),
        "LDADDAL W20,WZR,[{b}]",
        "SWPA W20,WZR,[{b}]",
    )

    def spelled(self, register: str) -> str:
        return register.replace("X", "W")


_ORDERS = ("", ".aq", ".rl", ".aqrl")


class _RiscV(_Machine):
    arch = "RISCV"
    bases = ("x10", "x11", "x12")
    results = ("x13", "x14", "x15", "x16", "x17", "x18")
    move = "ori x20,x0,{v}"
    loads = ("lw {r},0({b})", "lw {r},0({b})", "lw {r},0({b})", "lw.aq {r},0({b})", "lw.aqrl {r},0({b})")
    stores = ("sw x20,0({b})", "sw x20,0({b})", "sw x20,0({b})", "sw.rl x20,0({b})", "sw.aqrl x20,0({b})")
    fences = ("fence rw,rw", "fence r,rw", "fence rw,w", "fence w,w", "fence.tso", "fence r,r")
    nothing = ("xor x21,{f},{f}",)
    indexed_load = ("add x22,x21,{b}", "lw {r},0(x22)")
    indexed_store = ("add x22,x21,{b}", "sw x20,0(x22)")
    computed = ("xor x20,{f},{f}", "ori x20,x20,{v}")
    branches = (("bne {f},x0,{l}",), ("beq {f},x0,{l}",))
    reserve = tuple(f"lr.w{order} {{r}},0({{b}})" for order in _ORDERS)
    conditional = tuple(f"sc.w{order} x21,x20,0({{b}})" for order in _ORDERS)
    status = "x21"
    retry = ("bne x21,x0,{l}",)
    again = ("beqz {f},{l}",)
    counter = "li x23,{v}"
    counted = ("addi x23,x23,-1", "bnez x23,{l}")
    atomics = tuple(
        f"{name}.w{order} {{r}},x20,0({{b}})"
        for name in ("amoswap", "amoadd", "amoand", "amoor", "amoxor", "amomax", "amominu", "amocas", "amocas")
        for order in _ORDERS
    )


MACHINES: dict[str, type[Writer]] = {"ARM": _Arm, "AArch64": _AArch64, "RISCV": _RiscV}
