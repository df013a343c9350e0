"""Spellings: statements of threads with loops, as the lines of instruction sets and of C."""

from __future__ import annotations

from dataclasses import dataclass, field

from loop_statements import (
    REGISTERS,
    VARIABLES,
    Block,
    Break,
    Compare,
    Conditional,
    Exchange,
    Fence,
    If,
    Load,
    Loop,
    Membarrier,
    Operand,
    Put,
    Reserve,
    Statement,
    Store,
)


@dataclass(frozen=True)
class Spelling:
    """Instructions.  {d} is written, {s} is read, {v} is a number, {a} an address, {l} a label, {z} a scratch register.

    registers, shown: the four registers, in instructions and in conditions.  addresses: of the three variables.
    scratch: for a number that is stored, and for {z}.  zero: {d} becomes 0, but depends on {s}.  fails: goes to {l} if
    the store-conditional before has failed.
    """

    registers: tuple[str, ...]
    shown: tuple[str, ...]
    addresses: tuple[str, ...]
    scratch: tuple[str, str]
    load: str
    store: str
    put: str
    add: tuple[str, ...]
    subtract: tuple[str, ...]
    zero: tuple[str, ...]
    equal: tuple[str, str]
    unequal: tuple[str, str]
    jump: str
    fences: tuple[str, str]  # strong, weak
    compare: str = ""
    if_unequal: str = ""  # a branch on the flags
    reserve: str = ""
    conditional: str = ""
    fails: tuple[str, ...] = ()
    exchange: tuple[str, ...] = ()
    compare_exchange: tuple[str, ...] = ()


SPELLINGS: dict[str, Spelling] = {
    "PPC": Spelling(
        registers=("r1", "r2", "r3", "r4"),
        shown=("r1", "r2", "r3", "r4"),
        addresses=("r11", "r12", "r13"),
        scratch=("r20", "r21"),
        load="lwz {d},0({a})",
        store="stw {s},0({a})",
        put="li {d},{v}",
        add=("addi {d},{s},{v}",),
        subtract=("addi {d},{s},-{v}",),
        zero=("xor {d},{s},{s}",),
        equal=("cmpwi {s},{v}", "beq {l}"),
        unequal=("cmpwi {s},{v}", "bne {l}"),
        jump="b {l}",
        fences=("sync", "lwsync"),
        compare="cmpwi {s},{v}",
        if_unequal="bne {l}",
        reserve="lwarx {d},r0,{a}",
        conditional="stwcx. {s},r0,{a}",
        fails=("bne {l}",),
    ),
    "ARM": Spelling(
        registers=("R0", "R1", "R2", "R3"),
        shown=("R0", "R1", "R2", "R3"),
        addresses=("R10", "R11", "R12"),
        scratch=("R7", "R8"),
        load="LDR {d},[{a}]",
        store="STR {s},[{a}]",
        put="MOV {d},#{v}",
        add=("ADD {d},{s},#{v}",),
        subtract=("SUB {d},{s},#{v}",),
        zero=("EOR {d},{s},{s}",),
        equal=("CMP {s},#{v}", "BEQ {l}"),
        unequal=("CMP {s},#{v}", "BNE {l}"),
        jump="B {l}",
        fences=("DMB", "DMB ISHST"),
        compare="CMP {s},#{v}",
        if_unequal="BNE {l}",
        reserve="LDREX {d},[{a}]",
        conditional="STREX R9,{s},[{a}]",
        fails=("CMP R9,#0", "BNE {l}"),
    ),
    "AArch64": Spelling(
        registers=("W0", "W1", "W2", "W3"),
        shown=("X0", "X1", "X2", "X3"),
        addresses=("X10", "X11", "X12"),
        scratch=("W20", "W21"),
        load="LDR {d},[{a}]",
        store="STR {s},[{a}]",
        put="MOV {d},#{v}",
        add=("ADD {d},{s},#{v}",),
        subtract=("SUB {d},{s},#{v}",),
        zero=("EOR {d},{s},{s}",),
        equal=("SUB W22,{s},#{v}", "CBZ W22,{l}"),  # unlike other branches, these leave the flags alone
        unequal=("SUB W22,{s},#{v}", "CBNZ W22,{l}"),
        jump="B {l}",
        fences=("DMB SY", "DMB LD"),
        compare="CMP {s},#{v}",
        if_unequal="B.NE {l}",
        reserve="LDXR {d},[{a}]",
        conditional="STXR W23,{s},[{a}]",
        fails=("CBNZ W23,{l}",),
        exchange=("MOV {z},#{v}", "SWPA {z},{d},[{a}]"),
        compare_exchange=("MOV {z},#{v}", "MOV {d},#{e}", "CASA {d},{z},[{a}]"),
    ),
    "RISCV": Spelling(
        registers=("x13", "x14", "x15", "x16"),
        shown=("x13", "x14", "x15", "x16"),
        addresses=("x10", "x11", "x12"),
        scratch=("x20", "x21"),
        load="lw {d},0({a})",
        store="sw {s},0({a})",
        put="li {d},{v}",
        add=("addi {d},{s},{v}",),
        subtract=("addi {d},{s},-{v}",),
        zero=("xor {d},{s},{s}",),
        equal=("li x22,{v}", "beq {s},x22,{l}"),
        unequal=("li x22,{v}", "bne {s},x22,{l}"),
        jump="j {l}",
        fences=("fence rw,rw", "fence r,rw"),
        reserve="lr.w {d},0({a})",
        conditional="sc.w x23,{s},0({a})",
        fails=("bne x23,x0,{l}",),
        exchange=("li {z},{v}", "amoswap.w.aq {d},{z},({a})"),
        compare_exchange=("li {z},{v}", "li {d},{e}", "amocas.w.aq {d},{z},({a})"),
    ),
    "X86_64": Spelling(
        registers=("%ebx", "%ecx", "%edx", "%r8d"),
        shown=("rbx", "rcx", "rdx", "r8"),
        addresses=VARIABLES,
        scratch=("%esi", "%edi"),
        load="movl ({a}),{d}",
        store="movl {s},({a})",
        put="movl ${v},{d}",
        add=("movl {s},{d}", "addl ${v},{d}"),
        subtract=("movl {s},{d}", "subl ${v},{d}"),
        zero=("movl {s},{d}", "xorl {s},{d}"),
        equal=("cmpl ${v},{s}", "je {l}"),
        unequal=("cmpl ${v},{s}", "jne {l}"),
        jump="jmp {l}",
        fences=("mfence", "lfence"),
        compare="cmpl ${v},{s}",
        if_unequal="jne {l}",
        exchange=("movl ${v},{d}", "xchgl {d},({a})"),
        compare_exchange=("movl ${v},{z}", "movl ${e},%eax", "lock cmpxchgl {z},({a})", "movl %eax,{d}"),
    ),
}


@dataclass
class Machine:
    """A thread that is being spelled for an instruction set."""

    spelling: Spelling
    number: int
    lines: list[str] = field(default_factory=list)
    outs: list[str] = field(default_factory=list)  # where the loops that are being written are left
    labels: int = 0

    def label(self) -> str:
        self.labels += 1
        return f"L{self.number}{self.labels}"

    def register(self, name: str) -> str:
        return self.spelling.registers[REGISTERS.index(name)]

    def address(self, variable: str) -> str:
        return self.spelling.addresses[VARIABLES.index(variable)]

    def emit(self, lines: str | tuple[str, ...], **names: object) -> None:
        for line in (lines,) if isinstance(lines, str) else lines:
            self.lines.append(line.format(z=self.spelling.scratch[1], **names))

    def operand(self, value: Operand) -> str:
        """The register that holds a value."""
        if isinstance(value, str):
            return self.register(value)
        self.emit(self.spelling.put, d=self.spelling.scratch[0], v=value)
        return self.spelling.scratch[0]

    def put(self, statement: Put) -> None:
        into = self.register(statement.into)
        if isinstance(statement.value, str):
            lines = self.spelling.subtract if statement.plus < 0 else self.spelling.add
            self.emit(lines, d=into, s=self.register(statement.value), v=abs(statement.plus))
        elif statement.after is not None:
            scratch = self.spelling.scratch[1]
            self.emit(self.spelling.zero, d=scratch, s=self.register(statement.after))
            self.emit(self.spelling.add, d=into, s=scratch, v=statement.value + statement.plus)
        else:
            self.emit(self.spelling.put, d=into, v=statement.value + statement.plus)

    def choose(self, statement: If) -> None:
        """A branch around `then`, or out of the loop."""
        spelling = self.spelling
        if statement.register is None:
            end = self.label()
            self.emit(spelling.if_unequal, l=end)
            self.block(statement.then)
            self.lines.append(f"{end}:")
            return
        names: dict[str, object] = {"s": self.register(statement.register), "v": statement.number}
        if statement.then == (Break(),):
            self.emit(spelling.equal, l=self.outs[-1], **names)
            self.block(statement.otherwise)
            return
        otherwise, end = self.label(), self.label()
        self.emit(spelling.unequal, l=otherwise, **names)
        self.block(statement.then)
        if statement.otherwise:
            self.emit(spelling.jump, l=end)
        self.lines.append(f"{otherwise}:")
        if statement.otherwise:
            self.block(statement.otherwise)
            self.lines.append(f"{end}:")

    def loop(self, statement: Loop) -> None:
        head = self.label()
        self.outs.append(self.label())
        self.lines.append(f"{head}:")
        self.block(statement.body)
        if statement.until is None:
            self.emit(self.spelling.jump, l=head)
        else:
            register, number, equal = statement.until
            branch = self.spelling.unequal if equal else self.spelling.equal
            self.emit(branch, s=self.register(register), v=number, l=head)
        self.lines.append(f"{self.outs.pop()}:")

    def try_store(self, statement: Conditional) -> None:
        self.emit(self.spelling.conditional, s=self.operand(statement.value), a=self.address(statement.variable))
        if statement.failed or statement.succeeded:
            failed, end = self.label(), self.label()
            self.emit(self.spelling.fails, l=failed)
            self.block(statement.succeeded)
            if statement.failed and statement.succeeded != (Break(),):
                self.emit(self.spelling.jump, l=end)
            self.lines.append(f"{failed}:")
            self.block(statement.failed)
            self.lines.append(f"{end}:")

    def block(self, block: Block) -> None:
        for statement in block:
            self.statement(statement)

    def statement(self, statement: Statement) -> None:
        spelling = self.spelling
        match statement:
            case Load(into, variable):
                self.emit(spelling.load, d=self.register(into), a=self.address(variable))
            case Store(variable, value):
                self.emit(spelling.store, s=self.operand(value), a=self.address(variable))
            case Put():
                self.put(statement)
            case Fence(weak):
                self.emit(spelling.fences[weak])
            case Reserve(into, variable):
                self.emit(spelling.reserve, d=self.register(into), a=self.address(variable))
            case Conditional():
                self.try_store(statement)
            case Exchange(into, variable, value, expected):
                lines = spelling.exchange if expected is None else spelling.compare_exchange
                self.emit(lines, d=self.register(into), a=self.address(variable), v=value, e=expected)
            case Compare(register, number):
                self.emit(spelling.compare, s=self.register(register), v=number)
            case If():
                self.choose(statement)
            case Loop():
                self.loop(statement)
            case Break():
                self.emit(spelling.jump, l=self.outs[-1])
            case Membarrier():
                raise AssertionError("machines have no system call")


# ---------------------------------------------------------------- how C spells it


def c_lines(block: Block, indent: str = "\t") -> list[str]:
    """The lines of C."""
    lines: list[str] = []
    for statement in block:
        match statement:
            case Load(into, variable):
                lines.append(f"{into} = READ_ONCE(*{variable});")
            case Store(variable, value):
                lines.append(f"WRITE_ONCE(*{variable}, {value});")
            case Put(into, value, plus, after):
                dependency = "" if after is None else f"({after} ^ {after}) + "
                lines.append(
                    f"{into} = {dependency}{value}{f' + {plus}' if plus > 0 else f' - {-plus}' if plus else ''};"
                )
            case Fence(weak):
                lines.append("smp_rmb();" if weak else "smp_mb();")
            case Exchange(into, variable, value, expected):
                call = f"xchg({variable}, {value})" if expected is None else f"cmpxchg({variable}, {expected}, {value})"
                lines.append(f"{into} = {call};")
            case If(register, number, then, otherwise):
                lines += [f"if ({register} == {number}) {{", *c_lines(then), "} else {", *c_lines(otherwise), "}"]
            case Loop(body, until):
                if until is None:
                    lines += ["while (1) {", *c_lines(body), "}"]
                else:
                    register, number, equal = until
                    lines += ["do {", *c_lines(body), f"}} while ({register} {'!=' if equal else '=='} {number});"]
            case Break():
                lines.append("break;")
            case Membarrier():
                lines.append("sys_membarrier();")
            case _:
                raise AssertionError(f"C has no {statement}")
    return [indent + line for line in lines]
