"""How instruction sets spell the parts of the programs: locks, counters, waiting, fences.

Each part is a list of lines.  In them, {a} is the variable that the part works on (a register with its address, or the
variable itself), {l} a label of the part's own, {to} a label that it is given, {v} a number.  [[...]] stands around
what orders; it is left out of programs without fences, or replaced by what stands after `//`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

Part = tuple[str, ...]


@dataclass(frozen=True)
class Machine:
    """An instruction set.

    addresses: the registers that hold addresses; none if instructions name variables.  result: how a condition names
    the register that `into` spells, number k.  locks, counters: the ways to take a lock, and to add 1 until it works.
    """

    arch: str
    model: str
    addresses: tuple[str, ...]
    into: str
    result: str
    parts: dict[str, Part]
    locks: dict[str, Part]
    counters: dict[str, Part]
    is_ordered: bool = False  # programs are right without fences


PPC = Machine(
    arch="PPC",
    model="power",
    addresses=("r20", "r21", "r22", "r23", "r24", "r25"),
    into="r1{k}",
    result="r1{k}",
    parts={
        "set": ("li r6,{v}", "stw r6,0({a})"),
        "publish": ("[[lwsync]]", "li r6,{v}", "stw r6,0({a})"),
        "add": ("lwz r5,0({a})", "addi r5,r5,1", "stw r5,0({a})"),
        "read": ("lwz {d},0({a})",),
        "full": ("[[sync]]",),
        "go if": ("lwz r5,0({a})", "cmpwi r5,{v}", "beq {to}"),
        "go unless": ("lwz r5,0({a})", "cmpwi r5,{v}", "bne {to}"),
        "go": ("b {to}",),
        "wait while": ("{l}:", "lwz r5,0({a})", "cmpwi r5,{v}", "beq {l}", "[[isync]]"),
        "take ticket": ("{l}:", "lwarx r9,r0,{a}", "addi r5,r9,1", "stwcx. r5,r0,{a}", "bne {l}"),
        "wait for turn": ("{l}:", "lwz r5,0({a})", "cmpw r5,r9", "bne {l}", "[[isync]]"),
        "pass turn": ("[[lwsync]]", "addi r5,r9,1", "stw r5,0({a})"),
        "count up to": ("li r7,0", "{l}:", "addi r7,r7,1", "stw r7,0({a})", "cmpwi r7,{v}", "bne {l}"),
        "poll": (
            *("li r7,{v}", "{l}:", "lwz {d},0({a})", "cmpwi {d},0", "bne {to}"),
            *("addi r7,r7,-1", "cmpwi r7,0", "bne {l}"),
        ),
        "acquire": ("[[isync]]",),
    },
    locks={
        "llsc": (
            *("li r6,1", "{l}:", "lwarx r5,r0,{a}", "cmpwi r5,0", "bne {l}", "stwcx. r6,r0,{a}", "bne {l}"),
            "[[isync]]",
        ),
    },
    counters={"llsc": ("{l}:", "lwarx r5,r0,{a}", "addi r5,r5,1", "stwcx. r5,r0,{a}", "bne {l}")},
)

ARM = Machine(
    arch="ARM",
    model="arm",
    addresses=("R0", "R1", "R2", "R3", "R4"),
    into="R1{k}",
    result="R1{k}",
    parts={
        "set": ("MOV R6,#{v}", "STR R6,[{a}]"),
        "publish": ("[[DMB]]", "MOV R6,#{v}", "STR R6,[{a}]"),
        "add": ("LDR R5,[{a}]", "ADD R5,R5,#1", "STR R5,[{a}]"),
        "read": ("LDR {d},[{a}]",),
        "full": ("[[DMB]]",),
        "go if": ("LDR R5,[{a}]", "CMP R5,#{v}", "BEQ {to}"),
        "go unless": ("LDR R5,[{a}]", "CMP R5,#{v}", "BNE {to}"),
        "go": ("B {to}",),
        "wait while": ("{l}:", "LDR R5,[{a}]", "CMP R5,#{v}", "BEQ {l}", "[[DMB]]"),
        "take ticket": ("{l}:", "LDREX R9,[{a}]", "ADD R5,R9,#1", "STREX R6,R5,[{a}]", "CMP R6,#0", "BNE {l}"),
        "wait for turn": ("{l}:", "LDR R5,[{a}]", "CMP R5,R9", "BNE {l}", "[[DMB]]"),
        "pass turn": ("[[DMB]]", "ADD R5,R9,#1", "STR R5,[{a}]"),
        "count up to": ("MOV R7,#0", "{l}:", "ADD R7,R7,#1", "STR R7,[{a}]", "CMP R7,#{v}", "BNE {l}"),
        "poll": (
            *("MOV R7,#{v}", "{l}:", "LDR {d},[{a}]", "CMP {d},#0", "BNE {to}"),
            *("SUB R7,R7,#1", "CMP R7,#0", "BNE {l}"),
        ),
        "acquire": ("[[DMB]]",),
    },
    locks={
        "llsc": (
            *("MOV R6,#1", "{l}:", "LDREX R5,[{a}]", "CMP R5,#0", "BNE {l}"),
            *("STREX R7,R6,[{a}]", "CMP R7,#0", "BNE {l}", "[[DMB]]"),
        ),
    },
    counters={
        "llsc": ("{l}:", "LDREX R5,[{a}]", "ADD R5,R5,#1", "STREX R6,R5,[{a}]", "CMP R6,#0", "BNE {l}"),
    },
)

AARCH64 = Machine(
    arch="AArch64",
    model="aarch64",
    addresses=("X0", "X1", "X2", "X3", "X4"),
    into="W1{k}",
    result="X1{k}",
    parts={
        "set": ("MOV W6,#{v}", "STR W6,[{a}]"),
        "publish": ("MOV W6,#{v}", "[[STLR//STR]] W6,[{a}]"),
        "add": ("LDR W5,[{a}]", "ADD W5,W5,#1", "STR W5,[{a}]"),
        "read": ("LDR {d},[{a}]",),
        "full": ("[[DMB SY]]",),
        "go if": ("LDR W5,[{a}]", "CMP W5,#{v}", "B.EQ {to}"),
        "go unless": ("LDR W5,[{a}]", "CMP W5,#{v}", "B.NE {to}"),
        "go": ("B {to}",),
        "wait while": ("{l}:", "[[LDAR//LDR]] W5,[{a}]", "CMP W5,#{v}", "B.EQ {l}"),
        "take ticket": ("MOV W6,#1", "LDADD W6,W9,[{a}]"),
        "wait for turn": ("{l}:", "[[LDAR//LDR]] W5,[{a}]", "CMP W5,W9", "B.NE {l}"),
        "pass turn": ("ADD W5,W9,#1", "[[STLR//STR]] W5,[{a}]"),
        "count up to": ("MOV W7,#0", "{l}:", "ADD W7,W7,#1", "STR W7,[{a}]", "CMP W7,#{v}", "B.NE {l}"),
        "poll": ("MOV W7,#{v}", "{l}:", "LDR {d},[{a}]", "CBNZ {d},{to}", "SUB W7,W7,#1", "CBNZ W7,{l}"),
        "acquire": ("[[DMB LD]]",),
    },
    locks={
        "llsc": (*("MOV W6,#1", "{l}:", "[[LDAXR//LDXR]] W5,[{a}]", "CBNZ W5,{l}", "STXR W7,W6,[{a}]", "CBNZ W7,{l}"),),
        "cmpxchg": ("MOV W6,#1", "{l}:", "MOV W5,#0", "[[CASA//CAS]] W5,W6,[{a}]", "CBNZ W5,{l}"),
        "xchg": ("MOV W6,#1", "{l}:", "[[SWPA//SWP]] W6,W5,[{a}]", "CBNZ W5,{l}"),
    },
    counters={
        "llsc": ("{l}:", "LDXR W5,[{a}]", "ADD W5,W5,#1", "STXR W7,W5,[{a}]", "CBNZ W7,{l}"),
        "cmpxchg": (
            *("{l}:", "LDR W5,[{a}]", "ADD W6,W5,#1", "MOV W7,W5", "CAS W7,W6,[{a}]", "CMP W7,W5", "B.NE {l}"),
        ),
        "single": ("MOV W6,#1", "STADD W6,[{a}]"),
    },
)

RISCV = Machine(
    arch="RISCV",
    model="riscv",
    addresses=("x20", "x21", "x22", "x23", "x24"),
    into="x1{k}",
    result="x1{k}",
    parts={
        "set": ("ori x6,x0,{v}", "sw x6,0({a})"),
        "publish": ("[[fence rw,w]]", "ori x6,x0,{v}", "sw x6,0({a})"),
        "add": ("lw x5,0({a})", "addi x5,x5,1", "sw x5,0({a})"),
        "read": ("lw {d},0({a})",),
        "full": ("[[fence rw,rw]]",),
        "go if": ("lw x5,0({a})", "ori x6,x0,{v}", "beq x5,x6,{to}"),
        "go unless": ("lw x5,0({a})", "ori x6,x0,{v}", "bne x5,x6,{to}"),
        "go": ("j {to}",),
        "wait while": ("ori x6,x0,{v}", "{l}:", "lw x5,0({a})", "beq x5,x6,{l}", "[[fence r,rw]]"),
        "take ticket": ("ori x6,x0,1", "amoadd.w x9,x6,({a})"),
        "wait for turn": ("{l}:", "lw x5,0({a})", "bne x5,x9,{l}", "[[fence r,rw]]"),
        "pass turn": ("[[fence rw,w]]", "addi x5,x9,1", "sw x5,0({a})"),
        "count up to": (*("ori x7,x0,0", "ori x8,x0,{v}", "{l}:", "addi x7,x7,1", "sw x7,0({a})", "bne x7,x8,{l}"),),
        "poll": ("ori x7,x0,{v}", "{l}:", "lw {d},0({a})", "bne {d},x0,{to}", "addi x7,x7,-1", "bne x7,x0,{l}"),
        "acquire": ("[[fence r,rw]]",),
    },
    locks={
        "llsc": (
            *("ori x6,x0,1", "{l}:", "[[lr.w.aq//lr.w]] x5,0({a})", "bne x5,x0,{l}"),
            *("sc.w x7,x6,0({a})", "bne x7,x0,{l}"),
        ),
        "cmpxchg": ("ori x6,x0,1", "{l}:", "ori x5,x0,0", "[[amocas.w.aq//amocas.w]] x5,x6,({a})", "bne x5,x0,{l}"),
        "xchg": ("ori x6,x0,1", "{l}:", "[[amoswap.w.aq//amoswap.w]] x5,x6,({a})", "bne x5,x0,{l}"),
    },
    counters={
        "llsc": ("{l}:", "lr.w x5,0({a})", "addi x5,x5,1", "sc.w x7,x5,0({a})", "bne x7,x0,{l}"),
        "cmpxchg": (*("{l}:", "lw x5,0({a})", "addi x6,x5,1", "ori x7,x5,0", "amocas.w x7,x6,({a})", "bne x7,x5,{l}"),),
        "single": ("ori x6,x0,1", "amoadd.w x0,x6,({a})"),
    },
)

X86_64 = Machine(
    arch="X86_64",
    model="x86-tso",
    addresses=(),
    into="%r1{k}d",
    result="r1{k}",
    parts={
        "set": ("movl ${v},({a})",),
        "publish": ("movl ${v},({a})",),
        "add": ("movl ({a}),%eax", "addl $1,%eax", "movl %eax,({a})"),
        "read": ("movl ({a}),{d}",),
        "full": ("[[mfence]]",),
        "go if": ("cmpl ${v},({a})", "je {to}"),
        "go unless": ("cmpl ${v},({a})", "jne {to}"),
        "go": ("jmp {to}",),
        "wait while": ("{l}:", "cmpl ${v},({a})", "je {l}"),
        "take ticket": ("movl $1,%ecx", "lock xaddl %ecx,({a})"),
        "wait for turn": ("{l}:", "movl ({a}),%eax", "cmpl %ecx,%eax", "jne {l}"),
        "pass turn": ("addl $1,%ecx", "movl %ecx,({a})"),
        "count up to": ("movl $0,%edx", "{l}:", "addl $1,%edx", "movl %edx,({a})", "cmpl ${v},%edx", "jne {l}"),
        "poll": (
            *("movl ${v},%edx", "{l}:", "movl ({a}),{d}", "cmpl $0,{d}", "jne {to}"),
            *("subl $1,%edx", "cmpl $0,%edx", "jne {l}"),
        ),
        "acquire": (),
    },
    locks={
        "cmpxchg": ("movl $1,%ebx", "{l}:", "movl $0,%eax", "lock cmpxchgl %ebx,({a})", "jne {l}"),
        "xchg": ("{l}:", "movl $1,%eax", "xchgl %eax,({a})", "cmpl $0,%eax", "jne {l}"),
    },
    counters={
        "cmpxchg": (
            *("{l}:", "movl ({a}),%eax", "movl %eax,%ebx", "addl $1,%ebx", "lock cmpxchgl %ebx,({a})", "jne {l}"),
        ),
        "single": ("lock incl ({a})",),
    },
    is_ordered=True,
)

MACHINES = (PPC, ARM, AARCH64, RISCV, X86_64)


@dataclass
class Thread:
    """A thread as it is written, part by part."""

    machine: Machine
    number: int
    fenced: bool
    variables: list[str] = field(default_factory=list)
    lines: list[str] = field(default_factory=list)
    labels: int = 0

    def label(self) -> str:
        """A name for a label."""
        self.labels += 1
        return f"L{self.number}{self.labels}"

    def place(self, label: str) -> None:
        """Put a label here."""
        self.lines.append(f"{label}:")

    def part(self, name: str, variable: str = "", value: int = 0, to: str = "", into: int = 0) -> None:
        """Append a part by its name."""
        self.write(self.machine.parts[name], variable, value, to, into)

    def write(self, part: Part, variable: str, value: int = 0, to: str = "", into: int = 0) -> None:
        """Append a part."""
        names = {"l": self.label(), "v": value, "to": to, "d": self.machine.into.format(k=into)}
        for line in part:
            line = re.sub(r"\[\[(.*?)(?://(.*?))?\]\]", r"\1" if self.fenced else r"\2", line)
            if line:
                self.lines.append(line.format(a=self.address(variable), **names))

    def address(self, variable: str) -> str:
        """How instructions name a variable."""
        if not self.machine.addresses or not variable:
            return variable
        if variable not in self.variables:
            self.variables.append(variable)
        return self.machine.addresses[self.variables.index(variable)]

    def init(self) -> list[str]:
        """The initial values of registers."""
        registers = zip(self.machine.addresses, self.variables, strict=False)
        return [f"{self.number}:{register}={variable};" for register, variable in registers]


def litmus(name: str, threads: list[Thread], condition: str) -> str:
    """The text of a test."""
    rows = max(len(thread.lines) for thread in threads)
    table = [[f"P{thread.number}" for thread in threads]]
    table += [[thread.lines[r] if r < len(thread.lines) else "" for thread in threads] for r in range(rows)]
    program = "\n".join(" | ".join(cells) + " ;" for cells in table)
    init = "\n".join(" ".join(thread.init()) for thread in threads)
    return f"{threads[0].machine.arch} {name}\n{{\n{init}\n}}\n{program}\nexists ({condition})\n"
