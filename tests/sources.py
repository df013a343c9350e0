"""Random litmus tests as texts, one generator for each architecture.

A seed always gives the same text.  The tests are small on purpose, with two or three threads, so that
every candidate execution can be looked at.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field

VARIABLES = ("x", "y", "z")


@dataclass(slots=True)
class Thread:
    """A thread as it is written: its lines, and the registers that reads went into."""

    number: int
    lines: list[str] = field(default_factory=list)
    read: list[str] = field(default_factory=list)
    init: list[str] = field(default_factory=list)
    labels: int = 0

    def label(self) -> str:
        self.labels += 1
        return f"L{self.number}{self.labels}"


Way = tuple[Callable[[Thread], None], int]


class Writer:
    """What the architectures share: how many threads and steps there are, and the condition."""

    arch = ""
    spell = "{thread}:{register}"

    def __init__(self, seed: int) -> None:
        self.random = random.Random(f"{self.arch} {seed}")
        self.seed = seed
        self.variables = VARIABLES[: self.random.choice((2, 2, 3))]
        threads = self.random.choice((2, 2, 2, 3))
        steps = 5 if threads == 2 else 3
        self.threads = [Thread(t) for t in range(threads)]
        self.cyclic = self.random.random() < 0.4
        if self.cyclic:
            self.variables = VARIABLES[:threads]
        self.initial = {x: self.random.choice((0, 0, 0, 0, 1)) for x in self.variables}
        self.turn = 0
        for thread in self.threads:
            self.turn = thread.number - 1
            self.begin(thread)
            if self.cyclic:
                self.cycle(thread)
            else:
                for _ in range(self.random.randint(2, steps)):
                    self.step(thread, self.ways(thread))

    def step(self, thread: Thread, ways: list[Way]) -> None:
        """Do one of the ways, chosen by weight."""
        self.random.choices([way for way, _ in ways], [weight for _, weight in ways])[0](thread)

    def cycle(self, thread: Thread) -> None:
        """An access, and then an access of the next variable.

        If all threads do that, the test tells weak models from strong ones.
        """
        self.random.choice((self.load, self.store))(thread)
        if self.random.random() < 0.4:
            self.step(thread, self.barriers())
        self.step(thread, [(way, weight) for way, weight in self.ways(thread) if (way, weight) not in self.barriers()])

    def begin(self, thread: Thread) -> None:
        """What a thread needs before its first step."""

    def load(self, thread: Thread) -> None:
        raise NotImplementedError

    def store(self, thread: Thread) -> None:
        raise NotImplementedError

    def access(self, thread: Thread) -> None:
        self.random.choice((self.load, self.store))(thread)

    def barriers(self) -> list[Way]:
        """The ways that are barriers and not accesses, with weights."""
        raise NotImplementedError

    def ways(self, thread: Thread) -> list[Way]:
        """What the next step of a thread may be, with weights."""
        raise NotImplementedError

    def variable(self) -> str:
        """Mostly the next variable in turn.  So threads make cycles, and models differ in cycles."""
        self.turn += 1
        if self.cyclic or self.random.random() < 0.7:
            return self.variables[self.turn % len(self.variables)]
        return self.random.choice(self.variables)

    def number(self) -> int:
        return self.random.choice((0, 1, 1, 1, 2, 2))

    def init(self) -> list[str]:
        return [f"{x}={v};" for x, v in self.initial.items()] + [i for t in self.threads for i in t.init]

    def atoms(self) -> list[str]:
        read = [f"{t.number}:{r}={self.number()}" for t in self.threads for r in dict.fromkeys(t.read)]
        return read + [f"{x}={self.number()}" for x in self.variables]

    def final(self) -> str:
        atoms = self.atoms()
        self.random.shuffle(atoms)
        chosen = atoms[: self.random.choice((1, 2, 2, 3))]
        chosen = [f"~({a})" if self.random.random() < 0.15 else a for a in chosen]
        quantifier = self.random.choice(("exists", "exists", "~exists", "forall"))
        lines = []
        if self.random.random() < 0.7:
            places = " ".join(a.split("=")[0] + ";" for a in atoms[:6])
            lines.append(f"locations [{places}]")
        if self.random.random() < 0.1:
            lines.append(f"filter ({atoms[-1]})")
        operator = r" \/ " if self.random.random() < 0.2 else r" /\ "
        lines.append(f"{quantifier} ({operator.join(chosen)})")
        return "\n".join(lines)

    def table(self) -> str:
        height = max(len(t.lines) for t in self.threads)
        rows = [" | ".join(f"P{t.number}" for t in self.threads) + " ;"]
        rows += [" | ".join(t.lines[i] if i < len(t.lines) else "" for t in self.threads) + " ;" for i in range(height)]
        return "\n".join(rows)

    def text(self) -> str:
        init = " ".join(self.init())
        return f"{self.arch} random{self.seed}\n{{ {init} }}\n{self.table()}\n{self.final()}\n"


class _X86(Writer):
    """32-bit x86, in Intel's order of operands."""

    arch = "X86"
    registers = ("EAX", "EBX", "ECX", "EDX")

    def register(self, thread: Thread) -> str:
        """A register for a read to go into.  When all have been used, one is used again."""
        free = [r for r in self.registers if r not in thread.read]
        register = self.random.choice(free or self.registers)
        thread.read.append(register)
        return register

    def memory(self, thread: Thread) -> str:
        return f"[{self.variable()}]"

    def operand(self, thread: Thread) -> str:
        if thread.read and self.random.random() < 0.3:
            return self.random.choice(thread.read)
        return f"${self.number()}"

    def load(self, thread: Thread) -> None:
        memory = self.memory(thread)
        thread.lines.append(f"MOV {self.register(thread)},{memory}")

    def store(self, thread: Thread) -> None:
        thread.lines.append(f"MOV {self.memory(thread)},{self.operand(thread)}")

    def fence(self, thread: Thread) -> None:
        thread.lines.append(self.random.choice(("MFENCE", "MFENCE", "LFENCE", "SFENCE")))

    def exchange(self, thread: Thread) -> None:
        register = self.register(thread)
        if self.random.random() < 0.6:
            thread.lines.append(f"MOV {register},${self.number()}")
        name = self.random.choice(("XCHG", "LOCK XADD"))
        thread.lines.append(f"{name} {self.memory(thread)},{register}")

    def compare_exchange(self, thread: Thread) -> None:
        thread.lines.append(f"MOV EAX,${self.random.randint(0, 1)}")
        thread.lines.append("MOV EDX,$2")
        thread.lines.append(f"{self.random.choice(('LOCK CMPXCHG', 'CMPXCHG'))} {self.memory(thread)},EDX")
        thread.read += ["EAX"]

    def increment(self, thread: Thread) -> None:
        prefix = self.random.choice(("LOCK ", ""))
        thread.lines.append(f"{prefix}{self.random.choice(('INC', 'DEC'))} {self.memory(thread)}")

    def compute(self, thread: Thread) -> None:
        name = self.random.choice(("ADD", "SUB", "AND", "OR", "XOR"))
        thread.lines.append(f"LOCK {name} {self.memory(thread)},{self.operand(thread)}")

    def flags(self, thread: Thread) -> None:
        """A branch on the flags of an atomic instruction."""
        self.random.choice((self.compare_exchange, self.increment, self.compute))(thread)
        label = thread.label()
        thread.lines.append(f"{self.random.choice(('JE', 'JNE'))} {label}")
        self.access(thread)
        thread.lines.append(f"{label}:")

    def retry(self, thread: Thread) -> None:
        """An increment by compare-and-swap, in a loop."""
        label = thread.label()
        memory = self.memory(thread)
        thread.lines += [f"{label}:", f"MOV EAX,{memory}", "MOV EDX,EAX", "INC EDX"]
        thread.lines += [f"LOCK CMPXCHG {memory},EDX", f"JNE {label}"]
        thread.read.append("EAX")

    def count(self, thread: Thread) -> None:
        """An access that is executed a few times, in a loop."""
        label = thread.label()
        thread.lines += [f"MOV ESI,${self.random.choice((2, 2, 3))}", f"{label}:"]
        self.random.choice((self.load, self.store, self.increment))(thread)
        thread.lines += ["DEC ESI", f"JNE {label}"]

    def branch(self, thread: Thread) -> None:
        label = thread.label()
        if not thread.read:
            self.load(thread)
        jump = self.random.choice(("JE", "JNE", "JG"))
        thread.lines.append(f"CMP {self.random.choice(thread.read)},${self.number()}")
        thread.lines.append(f"{jump} {label}")
        self.random.choice((self.store, self.load, self.fence))(thread)
        thread.lines.append(f"{label}:")

    def loop(self, thread: Thread) -> None:
        label = thread.label()
        thread.lines.append(f"{label}:")
        self.load(thread)
        thread.lines.append(f"CMP {thread.read[-1]},$0")
        thread.lines.append(f"JE {label}")

    def barriers(self) -> list[Way]:
        return [(self.fence, 3)]

    def ways(self, thread: Thread) -> list[Way]:
        return [
            *self.barriers(),
            (self.load, 8),
            (self.store, 8),
            (self.exchange, 4),
            (self.compare_exchange, 2),
            (self.increment, 2),
            (self.compute, 2),
            (self.flags, 2),
            (self.branch, 2),
            (self.loop, 2),
            (self.retry, 2),
            (self.count, 2),
        ]


_HALVES = {"rax": "eax", "rbx": "ebx", "rcx": "ecx", "rdx": "edx"}


class _X8664(_X86):
    """64-bit x86, in AT&T's order of operands, with pointers in memory and in registers."""

    arch = "X86_64"
    registers = ("rax", "rbx", "rcx", "rdx")

    def begin(self, thread: Thread) -> None:
        for register, x in zip(("r8", "r9", "r10"), self.variables, strict=False):
            thread.init.append(f"{thread.number}:{register}={x};")

    def init(self) -> list[str]:
        pointer = f"uint64_t p={self.variables[0]};"
        return [f"uint32_t {i}" if ":" not in i else f"uint64_t {i}" for i in super().init()] + [pointer]

    def memory(self, thread: Thread) -> str:
        x = self.variable()
        return f"({('%r8', '%r9', '%r10')[self.variables.index(x)]})" if self.random.random() < 0.4 else f"({x})"

    def operand(self, thread: Thread) -> str:
        if thread.read and self.random.random() < 0.3:
            return f"%{_HALVES[self.random.choice(thread.read)]}"
        return f"${self.number()}"

    def load(self, thread: Thread) -> None:
        memory = self.memory(thread)
        thread.lines.append(f"movl {memory},%{_HALVES[self.register(thread)]}")

    def store(self, thread: Thread) -> None:
        thread.lines.append(f"movl {self.operand(thread)},{self.memory(thread)}")

    def fence(self, thread: Thread) -> None:
        thread.lines.append(self.random.choice(("mfence", "mfence", "lfence", "sfence")))

    def exchange(self, thread: Thread) -> None:
        register = _HALVES[self.register(thread)]
        if self.random.random() < 0.6:
            thread.lines.append(f"movl ${self.number()},%{register}")
        name = self.random.choice(("xchgl", "lock xaddl"))
        thread.lines.append(f"{name} %{register},{self.memory(thread)}")

    def compare_exchange(self, thread: Thread) -> None:
        thread.lines.append(f"movl ${self.random.randint(0, 1)},%eax")
        thread.lines.append("movl $2,%edx")
        thread.lines.append(f"{self.random.choice(('lock cmpxchgl', 'cmpxchgl'))} %edx,{self.memory(thread)}")
        thread.read += ["rax"]

    def increment(self, thread: Thread) -> None:
        prefix = self.random.choice(("lock ", ""))
        thread.lines.append(f"{prefix}{self.random.choice(('incl', 'decl'))} {self.memory(thread)}")

    def compute(self, thread: Thread) -> None:
        name = self.random.choice(("addl", "subl", "andl", "orl", "xorl"))
        thread.lines.append(f"lock {name} {self.operand(thread)},{self.memory(thread)}")

    def retry(self, thread: Thread) -> None:
        label = thread.label()
        memory = self.memory(thread)
        thread.lines += [f"{label}:", f"movl {memory},%eax", "movl %eax,%edx", "incl %edx"]
        thread.lines += [f"lock cmpxchgl %edx,{memory}", f"jne {label}"]
        thread.read.append("rax")

    def count(self, thread: Thread) -> None:
        label = thread.label()
        thread.lines += [f"movl ${self.random.choice((2, 2, 3))},%esi", f"{label}:"]
        self.random.choice((self.load, self.store, self.increment))(thread)
        thread.lines += ["decl %esi", f"jne {label}"]

    def branch(self, thread: Thread) -> None:
        label = thread.label()
        if not thread.read:
            self.load(thread)
        jump = self.random.choice(("je", "jne", "jg"))
        thread.lines.append(f"cmpl ${self.number()},%{_HALVES[self.random.choice(thread.read)]}")
        thread.lines.append(f"{jump} {label}")
        self.random.choice((self.store, self.load, self.fence))(thread)
        thread.lines.append(f"{label}:")

    def loop(self, thread: Thread) -> None:
        label = thread.label()
        thread.lines.append(f"{label}:")
        self.load(thread)
        thread.lines.append(f"cmpl $0,%{_HALVES[thread.read[-1]]}")
        thread.lines.append(f"je {label}")

    def pointer(self, thread: Thread) -> None:
        """Follow the pointer in memory, or let it point elsewhere."""
        if self.random.random() < 0.4:
            x = self.random.randrange(len(self.variables))
            thread.lines.append(f"movq %{('r8', 'r9', 'r10')[x]},(p)")
        else:
            thread.lines.append("movq (p),%r11")
            if self.random.random() < 0.5:
                thread.lines.append(f"movl (%r11),%{_HALVES[self.register(thread)]}")
            else:
                thread.lines.append(f"movl {self.operand(thread)},(%r11)")

    def ways(self, thread: Thread) -> list[Way]:
        return [*super().ways(thread), (self.pointer, 1)]


class _Power(Writer):
    """POWER: dependencies, load-reserve and store-conditional."""

    arch = "PPC"
    bases = ("r11", "r12", "r13")

    def begin(self, thread: Thread) -> None:
        for register, x in zip(self.bases, self.variables, strict=False):
            thread.init.append(f"{thread.number}:{register}={x};")
        thread.init.append(f"{thread.number}:r10=p;")

    def init(self) -> list[str]:
        return [*super().init(), f"p={self.variables[0]};"]

    def base(self) -> str:
        return self.bases[self.variables.index(self.variable())]

    def register(self, thread: Thread) -> str:
        register = f"r{len(thread.read) + 1}"
        thread.read.append(register)
        return register

    def last(self, thread: Thread) -> str:
        if not thread.read:
            self.load(thread)
        return self.random.choice(thread.read)

    def load(self, thread: Thread) -> None:
        thread.lines.append(f"lwz {self.register(thread)},0({self.base()})")

    def store(self, thread: Thread) -> None:
        thread.lines += [f"li r20,{self.number()}", f"stw r20,0({self.base()})"]

    def fence(self, thread: Thread) -> None:
        thread.lines.append(self.random.choice(("sync", "lwsync", "lwsync", "eieio", "isync")))

    def address_dependency(self, thread: Thread) -> None:
        thread.lines.append(f"xor r21,{(r := self.last(thread))},{r}")
        if self.random.random() < 0.6:
            thread.lines.append(f"lwzx {self.register(thread)},r21,{self.base()}")
        else:
            thread.lines += [f"li r20,{self.number()}", f"stwx r20,r21,{self.base()}"]

    def data_dependency(self, thread: Thread) -> None:
        register = self.last(thread)
        if self.random.random() < 0.5:
            thread.lines += [f"xor r21,{register},{register}", f"addi r21,r21,{self.number()}"]
        else:
            thread.lines.append(f"addi r21,{register},1")
        thread.lines.append(f"stw r21,0({self.base()})")

    def branch(self, thread: Thread) -> None:
        label = thread.label()
        branch = self.random.choice(("beq", "bne"))
        thread.lines += [f"cmpwi {self.last(thread)},{self.number()}", f"{branch} {label}"]
        draw = self.random.random()
        if draw < 0.4:
            self.random.choice((self.store, self.load))(thread)
            thread.lines.append(f"{label}:")
        else:
            thread.lines.append(f"{label}:")
            if draw < 0.7:
                thread.lines.append("isync")
            self.random.choice((self.store, self.load))(thread)

    def dependent(self, thread: Thread) -> str:
        """r0, or sometimes a register that holds 0 and depends on what was read."""
        if self.random.random() < 0.75:
            return "r0"
        thread.lines.append(f"xor r24,{(r := self.last(thread))},{r}")
        return "r24"

    def reserve(self, thread: Thread) -> None:
        """A store-conditional, tried once or until it succeeds.  Its value and its addresses may depend on reads."""
        base = self.base()
        label = thread.label()
        once = self.random.random() < 0.6
        value = self.random.choice(("old", "number", "read"))
        read = self.last(thread) if value == "read" else ""
        index = self.dependent(thread)
        if not once:
            thread.lines.append(f"{label}:")
        register = self.register(thread)
        thread.lines.append(f"lwarx {register},{index},{base}")
        if value == "read":
            thread.lines += [f"xor r21,{read},{read}", "addi r21,r21,2"]
        else:
            thread.lines.append(f"addi r21,{register},1" if value == "old" else "li r21,2")
        if once and self.random.random() < 0.1:
            base = self.base()
        if once:
            index = self.dependent(thread)
        thread.lines.append(f"stwcx. r21,{index},{base}")
        if not once or self.random.random() < 0.7:
            thread.lines.append(f"{self.random.choice(('bne', 'bne', 'beq', 'bgt')) if once else 'bne'} {label}")
        if once:
            thread.lines.append(f"{label}:")
            if self.random.random() < 0.3:
                thread.lines.append("isync")

    def count(self, thread: Thread) -> None:
        """An access that is executed a few times, in a loop."""
        label = thread.label()
        thread.lines += [f"li r23,{self.random.choice((2, 2, 3))}", f"{label}:"]
        self.access(thread)
        thread.lines += ["addi r23,r23,-1", "cmpwi r23,0", f"bne {label}"]

    def loop(self, thread: Thread) -> None:
        label = thread.label()
        thread.lines.append(f"{label}:")
        self.load(thread)
        thread.lines += [f"cmpwi {thread.read[-1]},0", f"beq {label}"]

    def pointer(self, thread: Thread) -> None:
        if self.random.random() < 0.4:
            thread.lines.append(f"std {self.base()},0(r10)")
            return
        thread.lines.append("ld r22,0(r10)")
        if self.random.random() < 0.5:
            thread.lines.append(f"lwz {self.register(thread)},0(r22)")
        else:
            thread.lines += [f"li r20,{self.number()}", "stw r20,0(r22)"]

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
            (self.reserve, 7),
            (self.loop, 1),
            (self.count, 2),
            (self.pointer, 1),
        ]


class _C(Writer):
    """The kernel's C, with sys_membarrier() and locks."""

    arch = "C"

    def register(self, thread: Thread) -> str:
        register = f"r{len(thread.read)}"
        thread.read.append(register)
        return f"int {register} = "

    def value(self, thread: Thread) -> str:
        if thread.read and self.random.random() < 0.3:
            return self.random.choice(thread.read) + self.random.choice(("", " + 1", " & 1"))
        return str(self.number())

    def load(self, thread: Thread) -> None:
        text = self.random.choice(("READ_ONCE(*{})", "READ_ONCE(*{})", "smp_load_acquire({})", "CAO(*{})", "*{}"))
        thread.lines.append(f"{self.register(thread)}{text.format(self.variable())};")

    def store(self, thread: Thread) -> None:
        text = self.random.choice(
            ("WRITE_ONCE(*{}, {});", "WRITE_ONCE(*{}, {});", "smp_store_release({}, {});", "*{} = {};")
        )
        thread.lines.append(text.format(self.variable(), self.value(thread)))

    def fence(self, thread: Thread) -> None:
        thread.lines.append(self.random.choice(("smp_mb();", "smp_rmb();", "smp_wmb();", "barrier();")))

    def update(self, thread: Thread) -> None:
        suffix = self.random.choice(("", "_relaxed", "_acquire", "_release"))
        text = self.random.choice(
            (
                f"xchg{suffix}({{}}, {self.number()});",
                f"cmpxchg{suffix}({{}}, {self.random.randint(0, 1)}, 2);",
                f"atomic_fetch_add{suffix}(1, {{}});",
                f"atomic_add_return{suffix}(1, {{}});",
            )
        )
        thread.lines.append(self.register(thread) + text.format(self.variable()))

    def branch(self, thread: Thread) -> None:
        if not thread.read:
            self.load(thread)
        condition = f"{self.random.choice(thread.read)} {self.random.choice(('==', '!='))} {self.number()}"
        thread.lines.append(f"if ({condition})")
        self.store(thread)
        thread.lines[-1] = "  " + thread.lines[-1]
        if self.random.random() < 0.4:
            thread.lines.append("else")
            self.store(thread)
            thread.lines[-1] = "  " + thread.lines[-1]

    def loop(self, thread: Thread) -> None:
        thread.lines.append(f"while (READ_ONCE(*{self.variable()}) == 0) ;")

    def lock(self, thread: Thread) -> None:
        thread.lines.append("spin_lock(l);")
        self.random.choice((self.store, self.load))(thread)
        thread.lines.append("spin_unlock(l);")

    def membarrier(self, thread: Thread) -> None:
        thread.lines.append("sys_membarrier();")

    def barriers(self) -> list[Way]:
        return [(self.fence, 3), (self.membarrier, 1)]

    def ways(self, thread: Thread) -> list[Way]:
        return [
            *self.barriers(),
            (self.load, 8),
            (self.store, 8),
            (self.update, 2),
            (self.branch, 2),
            (self.loop, 1),
            (self.lock, 1),
        ]

    def table(self) -> str:
        parameters = ", ".join(f"int *{x}" for x in self.variables) + ", spinlock_t *l"
        bodies = ["".join(f"  {line}\n" for line in t.lines) for t in self.threads]
        return "\n".join(f"P{t}({parameters})\n{{\n{body}}}\n" for t, body in enumerate(bodies))


def random_source(arch: str, seed: int) -> str:
    """The text of a random test for an architecture."""
    from machine_sources import MACHINES  # imported here because that module imports Writer from this one

    writers: dict[str, type[Writer]] = {"X86": _X86, "X86_64": _X8664, "PPC": _Power, "C": _C, **MACHINES}
    return writers[arch](seed).text()
