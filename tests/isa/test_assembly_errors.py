"""Programs with errors: every error is at its token, with a hint if there is one."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from litmus.diagnostics import Diagnostic, InputError, Source, Unsupported
from litmus.isa import architecture_named, rows
from litmus.isa.power.table import MNEMONICS as POWER
from litmus.isa.x86.table import MNEMONICS as X86
from litmus.reading import read_test
from litmus.resolving import resolve


def program(arch: str, cell: str, init: str = "0:r2=x;") -> str:
    return f"{arch} T\n{{ {init} }}\n P0 ;\n {cell} ;\n"


def lower(text: str) -> None:
    test = read_test(Source("t.litmus", text))
    architecture_named(test.arch, test.arch_span).lower(test)


def failing(text: str, kind: type[Diagnostic]) -> tuple[str, str, str | None]:
    """Message, line:column:offending text, and hint."""
    with pytest.raises(kind) as caught:
        lower(text)
    error = caught.value
    assert type(error) is kind
    assert error.span is not None
    line, column = error.span.source.position(error.span.start)
    return error.message, f"{line}:{column}:{error.span.text}", error.hint


WRONG_POWER = [
    ("lwz r40,0(r2)", "POWER has no register r40", "4:6:r40", "registers are r0 to r31"),
    ("lwz r1,0(q2)", "POWER has no register q2", "4:11:q2", "registers are r0 to r31"),
    ("L: lwz r1,0(q2)", "POWER has no register q2", "4:14:q2", "registers are r0 to r31"),
    ("lwzz r1,0(r2)", "unknown instruction lwzz", "4:2:lwzz", "did you mean lwz?"),
    ("lwz. r1,0(r2)", "unknown instruction lwz.", "4:2:lwz.", "did you mean lwz?"),
    ("stwcx r1,r0,r2", "unknown instruction stwcx", "4:2:stwcx", "did you mean stwcx. or stw or sthcx.?"),
    ("LC00", "unknown instruction LC00", "4:2:LC00", "instructions look like lwz r1,0(r2)"),
    ("lwz r1", "lwz takes 2 or 3 operands, not 1", "4:2:lwz r1", None),
    ("addi r1,r2", "addi takes 3 operands, not 2", "4:2:addi r1,r2", None),
    ("sync r1", "sync wants a number here, not r1", "4:7:r1", None),
    ("sync 2", "2 does not fit into sync", "4:7:2", "numbers here are 0 to 1"),
    ("lwzu r2,4(r2)", "r2 is loaded and updated at once", "4:2:lwzu r2,4(r2)", None),
    ("stwux r1,r0,r2", "r0 as a base cannot be updated", "4:2:stwux r1,r0,r2", None),
    ("lwz r1,r2", "lwz wants an address here", "4:9:r2", "addresses look like 0(r2)"),
    ("lwzx r1,0(r2),r3", "lwzx wants a register here", "4:10:0(r2)", None),
    ("lwz r1,0(r0)", "r0 as a base stands for the number 0, which is no address", "4:11:r0", None),
    ("addi r1,r2,99999", "99999 does not fit into addi", "4:13:99999", "numbers here are -32768 to 32767"),
    ("andi. r1,r2,-1", "-1 does not fit into andi.", "4:14:-1", "numbers here are 0 to 65535"),
    ("rlwinm r1,r2,33,0,1", "33 does not fit into rlwinm", "4:15:33", "numbers here are 0 to 31"),
    ("lwz r1,70000(r2)", "70000 does not fit into lwz", "4:9:70000", "numbers here are -32768 to 32767"),
    ("li r1,x", "li wants a number here, not x", "4:8:x", None),
    ("add r1,r2,5", "add wants a register here, not 5", "4:12:5", "registers are r0 to r31"),
    ("cmpw cr9,r1,r2", "POWER has no condition field cr9", "4:7:cr9", "condition fields are cr0 to cr7"),
    ("beq L0", "this process has no label L0", "4:6:L0", "it has no labels"),
    ("beq LC0 ;\n LC00: nop", "this process has no label LC0", "4:6:LC0", "did you mean LC00?"),
    ("b X ;\n L: nop", "this process has no label X", "4:4:X", "labels are L"),
    ("L: nop ;\n L: nop", "the label L stands twice in this process", "5:2:L", None),
    ("lwz r1 0(r2)", "unexpected 0 in the instruction", "4:9:0", "instructions look like lwz r1,0(r2)"),
    ("lwz r1,0(r2", "the instruction ends too early", "4:13: ", "instructions look like lwz r1,0(r2)"),
    ("lwz r1,#0(r2)", "unexpected # in the instruction", "4:9:#", "instructions look like lwz r1,0(r2)"),
]


@pytest.mark.parametrize(("cell", "message", "place", "hint"), WRONG_POWER)
def test_wrong_power_programs(cell: str, message: str, place: str, hint: str | None) -> None:
    assert failing(program("PPC", cell), InputError) == (message, place, hint)


REGISTERS_64 = "registers are rax, rbx, rcx, rdx, rsi, rdi, rbp, rsp, r8 to r15 and their parts"
REGISTERS_32 = "registers are EAX, EBX, ECX, EDX, ESI, EDI, EBP, ESP and their parts"
X86_64 = [
    ("movq $1,x", "x is no operand of movq", "4:10:x", f"a variable is (x); {REGISTERS_64}"),
    ("movq %rxx,(x)", "X86_64 has no register %rxx", "4:7:%rxx", REGISTERS_64),
    ("movl (x),%rax", "this operand has 8 bytes, the instruction is for 4", "4:11:%rax", None),
    ("movl %ax,(x)", "this operand has 2 bytes, the instruction is for 4", "4:7:%ax", None),
    ("movb dword ptr [x],al", "this operand has 4 bytes, the instruction is for 1", "4:7:dword ptr [x]", None),
    ("movq (x),(y)", "movq has two memory operands", "4:7:(x)", None),
    ("addq %rax,$1", "a number cannot be a destination", "4:12:$1", None),
    ("movl %eax,$1", "a number cannot be a destination", "4:12:$1", None),
    ("lock movl $1,(x)", "movl cannot be locked here", "4:2:lock", "LOCK needs a memory destination"),
    ("lock addl (x),%eax", "addl cannot be locked here", "4:2:lock", "LOCK needs a memory destination"),
    ("lock cmpl $1,(x)", "cmpl cannot be locked here", "4:2:lock", "LOCK needs a memory destination"),
    ("lock mfence", "mfence cannot be locked here", "4:2:lock", "LOCK needs a memory destination"),
    ("frobq %rax", "unknown instruction frobq", "4:2:frobq", None),
    ("mvoq $1,(x)", "unknown instruction mvoq", "4:2:mvoq", "did you mean movq or cmovo or movzwq?"),
    ("mfence %rax", "mfence takes no operands, not 1", "4:2:mfence %rax", None),
    ("sete (x),%al", "sete takes 1 operand, not 2", "4:2:sete (x),%al", None),
    ("jmp", "jmp takes a label", "4:2:jmp", None),
    ("je %rax", "je takes a label", "4:2:je %rax", None),
    ("je L", "this process has no label L", "4:5:L", "it has no labels"),
    ("movl (%ax),%eax", "%ax cannot hold an address", "4:8:%ax", None),
    ("movl (%rax,%rbx,3),%eax", "a scale is 1, 2, 4 or 8, not 3", "4:18:3", None),
    ("movl (),%eax", "this operand has no address", "4:7:()", "write (x) or (%rax)"),
    ("shlq %rbx,%rax", "shl shifts by a number or by CL", "4:7:%rbx", None),
    ("shlq $0,$5", "a number cannot be a destination", "4:10:$5", None),
    ("btl $1,$5", "a number cannot be a destination", "4:9:$5", None),
    ("lock xchgl %eax,%ebx", "xchgl cannot be locked here", "4:2:lock", "LOCK needs a memory destination"),
    ("lock frobq (x)", "unknown instruction frobq", "4:7:frobq", None),
    ("xchgq $1,%rax", "XCHG exchanges registers and memory", "4:2:xchgq $1,%rax", None),
    ("leaq %rax,%rbx", "LEA computes the address of a memory operand", "4:2:leaq %rax,%rbx", None),
    ("cmovel $1,%eax", "CMOV moves a register or memory to a register", "4:2:cmovel $1,%eax", None),
    ("movzx (x),%eax", "the size of this operand is not known", "4:8:(x)", "write byte ptr [x]"),
    ("movq $99999999999999999999,(x)", "99999999999999999999 does not fit into 64 bits", "4:8:" + 20 * "9", None),
    ("mov rax,[x", "the instruction ends too early", "4:12: ", "instructions look like MOV EAX,[x] or movl (x),%eax"),
]  # fmt: skip


@pytest.mark.parametrize(("cell", "message", "place", "hint"), X86_64)
def test_wrong_x86_64_programs(cell: str, message: str, place: str, hint: str | None) -> None:
    got = failing(program("X86_64", cell, ""), InputError)
    assert got[:2] == (message, place)
    if hint is not None:
        assert got[2] == hint


@pytest.mark.parametrize(
    ("cell", "message", "place"),
    [
        ("MOV RAX,[x]", "X86 has no register RAX", "4:6:RAX"),
        ("MOV EXX,[x]", "EXX is no operand of MOV", "4:6:EXX"),
        ("MOV [x],y", "y is no operand of MOV", "4:10:y"),
        ("movq $1,(x)", "X86 has no 64-bit operations", "4:2:movq"),
        ("MOV EAX", "MOV takes 2 operands, not 1", "4:2:MOV EAX"),
    ],
)
def test_wrong_x86_programs(cell: str, message: str, place: str) -> None:
    got = failing(program("X86", cell, ""), InputError)
    assert got[:2] == (message, place)
    assert got[2] is None or REGISTERS_32 in got[2]


MIXED = "mixed-size accesses are not supported"


@pytest.mark.parametrize(
    ("arch", "cell", "message", "place"),
    [
        ("PPC", "adde r1,r2,r3", "adde: the carry is not supported", "4:2:adde"),
        ("PPC", "addze. r1,r2", "addze.: the carry is not supported", "4:2:addze."),
        ("PPC", "mfcr r1", "mfcr: special registers are not supported", "4:2:mfcr"),
        ("X86_64", "pushq %rax", "pushq: the stack is not supported", "4:2:pushq"),
        ("X86_64", "movl %fs:(x),%eax", "segments with a base of their own are not supported", "4:7:%fs:(x)"),
        ("X86_64", "movdqa (x),%xmm0", "vector registers are not supported", "4:13:%xmm0"),
        ("X86_64", "btsq %rax,(x)", "bts is supported with a number only", "4:7:%rax"),
        ("X86_64", "imulq %rax", "IMUL is supported with two operands only", "4:2:imulq %rax"),
        (
            "X86_64",
            "shll $2,%eax ;\n jl L ;\n L:",
            "this uses a flag that an earlier instruction leaves undefined or that is not modelled",
            "5:2:jl L",
        ),
        (
            "PPC",
            "stw r1,0(r2) ;\n std r1,0(r2)",
            f"x is accessed with 8 bytes here and with 4 bytes at 4:2 (stw r1,0(r2)): {MIXED}",
            "5:2:std r1,0(r2)",
        ),
        (
            "X86_64",
            "movl $1,(x) ;\n movb %al,(x)",
            f"x is accessed with 1 byte here and with 4 bytes at 4:2 (movl $1,(x)): {MIXED}",
            "5:2:movb %al,(x)",
        ),
        (
            "X86",
            "MOV [y],$1",
            f"y is declared with 2 bytes and accessed with 4: {MIXED}",
            "4:2:MOV [y],$1",
        ),
    ],
)
def test_what_is_not_supported_is_named(arch: str, cell: str, message: str, place: str) -> None:
    init = {"PPC": "0:r2=x;", "X86": "uint16_t y;", "X86_64": ""}[arch]
    assert failing(program(arch, cell, init), Unsupported)[:2] == (message, place)


def test_flags_that_are_set_again_may_be_used() -> None:
    lower(program("X86_64", "shll $2,%eax ;\n cmpl %eax,%ebx ;\n jl L ;\n L:", ""))
    with pytest.raises(Unsupported):
        lower(program("X86_64", "M: jl L ;\n shll $2,%eax ;\n jmp M ;\n L:", ""))


@pytest.mark.parametrize("name", [name for name, row in POWER.rows.items() if isinstance(row, rows.Unsupported)])
def test_power_instructions_that_are_known_but_not_supported_say_so(name: str) -> None:
    assert failing(program("PPC", f"{name} r1"), Unsupported)[1] == f"4:2:{name}"


@pytest.mark.parametrize("name", [name for name, row in X86.rows.items() if isinstance(row, rows.Unsupported)])
def test_x86_instructions_that_are_known_but_not_supported_say_so(name: str) -> None:
    mnemonic = name.removeprefix("lock ")
    column = 2 + len(name) - len(mnemonic)
    assert failing(program("X86_64", f"{name} %rax", ""), Unsupported)[1] == f"4:{column}:{mnemonic}"


def test_an_architecture_that_is_not_supported_is_named() -> None:
    message, place, hint = failing("MIPS T\n{}\n P0 ;\n nop ;", Unsupported)
    assert (message, place) == ("tests for MIPS are not supported", "1:1:MIPS")
    assert hint is not None
    assert hint.startswith("supported are X86, X86_64, PPC")


# ---------------------------------------------------------------- initial states


@pytest.mark.parametrize(
    ("init", "message", "place"),
    [
        ("0:r40=1", "POWER has no register r40", "2:5:r40"),
        ("int64_t 0:eax=1", "POWER has no register eax", "2:13:eax"),
        ("2:r1=1", "there is no process P2", "2:3:2:r1"),
        ("foo x=1", "unknown type foo", "2:3:foo"),
        ("0:r1=t[2]; int t[2]", "t has no cell 2", "2:8:t[2]"),
        ("0:r1=t[1]; t=1", "t has no cell 1", "2:8:t[1]"),
        ("x=0x10000000000000000", "0x10000000000000000 does not fit into 64 bits", "2:5:0x10000000000000000"),
        ("0:r1=1; 0:R1=2", "0:R1 is initialised more than once", "2:11:0:R1"),
    ],
)
def test_wrong_initial_states(init: str, message: str, place: str) -> None:
    assert failing(program("PPC", "nop", init), InputError)[:2] == (message, place)


def test_variables_have_the_types_and_values_of_the_initial_state() -> None:
    text = program(
        "PPC",
        "nop",
        "x=1; uint8_t c=255; int64_t t[2]={1,-1}; int *p=&x; q=t[1]; 0:r1=t[1]; uint64_t 0:r2=-1; *0:r3=x; y;"
        "long z=0x100000000;",
    )
    test = read_test(Source("t", text))
    lowered = architecture_named("PPC").lower(test)
    variables = lowered.variables
    assert {n: (v.cells, v.size, v.signed) for n, v in variables.items()} == {
        "x": ((1,), 4, True),
        "c": ((-1,), 1, False),
        "t": ((1, -1), 8, True),
        "p": ((("x", 0),), 4, True),
        "q": ((("t", 8),), 4, True),
        "y": ((0,), 4, True),
        "z": ((1 << 32,), 8, True),
    }
    assert lowered.registers[0] == {"r1": ("t", 8), "r2": -1, "r3": ("x", 0)}
    assert lowered.register_types[0, "r2"].size == 8
    assert not lowered.register_types[0, "r2"].signed


@pytest.mark.parametrize(
    ("code", "sizes"),
    [
        ("movq (y),%rax ;\n movq (%rax),%rbx", {"y": 8, "x": 8}),  # x is reached through a loaded address
        ("movl (y),%eax ;\n movl (%rax),%ebx", {"y": 4, "x": 4}),
        ("movq (y),%rax ;\n movl (%rax),%ebx", {"y": 8, "x": 4}),
    ],
)
def test_variables_that_no_access_names_have_the_size_of_all_accesses(code: str, sizes: dict[str, int]) -> None:
    test = read_test(Source("t", program("X86_64", code, "y=x;")))
    variables = architecture_named("X86_64").lower(test).variables
    assert {name: variable.size for name, variable in variables.items()} == sizes


def test_symbolic_registers_are_registers_of_their_own() -> None:
    text = "PPC T\n{ %a=x; 0:%b=3; x=7; }\n P0 | P1 ;\n lwz %c,0(%a) | nop ;\nexists (%c=7 /\\ 0:%b=3)"
    test = read_test(Source("t", text))
    lowered = architecture_named("PPC").lower(test)
    assert lowered.registers[0] == {"%a": ("x", 0), "%b": 3}
    assert [place.name for place in resolve(test, lowered).places] == ["%b", "%c"]


# ---------------------------------------------------------------- no input makes the program fall over

SEEDS = [
    """PPC T (t)
"doc"
A=b
{ int64_t 0:r2=x; int t[2]={1,2}; y=&x; }
 P0 | P1 ;
 L: lwz r1,0(r2) | stwcx. r1,r0,r2 ;
 beq cr1,L | ;
locations [x; t; 0:r1 int;]
filter (x=1)
exists (0:r1=1 /\\ ~t[1]=x => t={1,2})
""",
    """X86_64 T
{ uint64_t x; 0:rax=x; }
 P0 ;
 lock; incq 8(%rax,%rbx,4) ;
 mov rax,[x+8] ;
 cmovel $1,%eax ;
~exists (0:rax=1)
""",
    """C T
(* Result: Never *)
{ int x=1; }
P0(int *x) { int r1 = READ_ONCE(*x); /* c */ }
BUG_ON(r1 == 1 && !x)
""",
]
NOISE = st.text(st.sampled_from(sorted({c for seed in SEEDS for c in seed} | set("&%$#@é\t\0<>"))), max_size=6)


@given(st.sampled_from(SEEDS), st.lists(st.tuples(st.integers(0, 400), st.integers(0, 8), NOISE), max_size=4))
@settings(max_examples=400, deadline=None)
def test_garbled_tests_are_diagnosed(text: str, edits: list[tuple[int, int, str]]) -> None:
    for at, length, noise in edits:
        text = text[:at] + noise + text[at + length :]
    error = diagnosed(text)
    if error is not None:
        assert error.message in error.render()
        assert error.span is None or 0 <= error.span.start <= error.span.end <= len(text) + 1


def diagnosed(text: str) -> Diagnostic | None:
    try:
        test = read_test(Source("t.litmus", text))
        if test.table is not None:
            resolve(test, architecture_named(test.arch, test.arch_span).lower(test))
    except Diagnostic as error:
        return error
    return None
