"""X86 instructions, executed by a sequential machine and compared with what Intel's manual says."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sequential import lowered, run

from litmus.diagnostics import InputError
from litmus.isa.x86.rows import Jump, Sized
from litmus.isa.x86.table import MNEMONICS
from litmus.program.code import Branch, Fence, Load, Set, Store
from litmus.program.values import Address, wrap

A, B = 0x123456789ABCDEF0, 0x0FEDCBA987654321  # rax and rbx
CONDITIONS = sorted(name[1:] for name, row in MNEMONICS.rows.items() if isinstance(row, Jump) and row.condition)
TYPED = f"int64_t 0:rax={A}; int64_t 0:rbx={B}; int64_t 0:rcx=5; int64_t 0:rdx;"


# rax after the instruction, with rax, rbx as above and rcx = 5
TABLE_64 = [
    ("movq $-1,%rax", -1),
    ("movl $-1,%eax", 0xFFFFFFFF),
    ("movw $-1,%ax", 0x123456789ABCFFFF),
    ("movb $-1,%al", 0x123456789ABCDEFF),
    ("movb $1,%ah", 0x123456789ABC01F0),
    ("movb %ah,%al", 0x123456789ABCDEDE),
    ("movabsq $0x1122334455667788,%rax", 0x1122334455667788),
    ("mov %rbx,%rax", B),
    ("mov %ebx,%eax", 0x87654321),
    ("movzbl %ah,%eax", 0xDE),
    ("movzwl %bx,%eax", 0x4321),
    ("movzbq %bl,%rax", 0x21),
    ("movzbw %bl,%ax", 0x123456789ABC0021),
    ("movzwq %bx,%rax", 0x4321),
    ("movsbl %ah,%eax", 0xFFFFFFDE),
    ("movsbw %ah,%ax", 0x123456789ABCFFDE),
    ("movsbq %ah,%rax", wrap(0xDE, 8)),
    ("movswl %ax,%eax", 0xFFFFDEF0),
    ("movswq %ax,%rax", wrap(0xDEF0, 16)),
    ("movslq %eax,%rax", wrap(0x9ABCDEF0, 32)),
    ("movsxd %eax,%rax", wrap(0x9ABCDEF0, 32)),
    ("movsx %bl,%rax", 0x21),
    ("movzx %bx,%eax", 0x4321),
    ("addq %rbx,%rax", A + B),
    ("addl %ebx,%eax", (0x9ABCDEF0 + 0x87654321) & 0xFFFFFFFF),
    ("subq $1,%rax", A - 1),
    ("subb $1,%al", A - 1),
    ("andl $0xff,%eax", 0xF0),
    ("orb $1,%al", A | 1),
    ("xorq %rax,%rax", 0),
    ("xor %eax,%eax", 0),
    ("incl %eax", 0x9ABCDEF1),
    ("decq %rax", A - 1),
    ("negl %eax", -0x9ABCDEF0 & 0xFFFFFFFF),
    ("notq %rax", ~A),
    ("imulq %rcx,%rax", wrap(A * 5)),
    ("imull %ecx,%eax", 0x9ABCDEF0 * 5 & 0xFFFFFFFF),
    ("adcq %rbx,%rax", A + B),
    ("stc\nadcl $1,%eax", 0x9ABCDEF2),
    ("sbbq $1,%rax", A - 1),
    ("stc\nsbbq $1,%rax", A - 2),
    ("stc\nsbbl %eax,%eax", 0xFFFFFFFF),
    ("stc\ncmc\nsbbl %eax,%eax", 0),
    ("stc\nclc\nsbbl %eax,%eax", 0),
    ("bsfq %rax,%rax", 4),
    ("bsrq %rcx,%rax", 2),
    ("bsrl %edx,%eax", 0x9ABCDEF0),  # of 0
    ("tzcntl %edx,%eax", 32),
    ("tzcntw %bx,%ax", A & ~0xFFFF),
    ("lzcntq %rcx,%rax", 61),
    ("lzcntl %edx,%eax", 32),
    ("popcntl %eax,%eax", 19),
    ("cwtl", 0xFFFFDEF0),
    ("cltq", wrap(0x9ABCDEF0, 32)),
    ("cltd\nmovl %edx,%eax", 0xFFFFFFFF),
    ("cqto\nmovq %rdx,%rax", 0),
    ("prefetcht0 (%rbx)", A),
    ("cmpq %rbx,%rax", A),
    ("testq %rbx,%rax", A),
    ("shlq $4,%rax", wrap(A << 4)),
    ("sall $4,%eax", 0xABCDEF00),
    ("shrl $4,%eax", 0x09ABCDEF),
    ("shr %rax", A >> 1),
    ("sarl $4,%eax", 0xF9ABCDEF),
    ("sarq %cl,%rax", A >> 5),
    ("shll %cl,%eax", 0x9ABCDEF0 << 5 & 0xFFFFFFFF),
    ("shlq $64,%rax", A),
    ("btsq $0,%rax", A | 1),
    ("btrl $4,%eax", 0x9ABCDEE0),
    ("btcw $4,%ax", 0x123456789ABCDEE0),
    ("btl $4,%eax", A),
    ("leaq 8(%rbx,%rcx,4),%rax", B + 28),
    ("leal -1(%ebx),%eax", 0x87654320),
    ("xchgq %rbx,%rax", B),
    ("xchgl %ebx,%eax", 0x87654321),
    ("uxchq %rbx,%rax", B),
    ("xaddl %eax,%ecx", 5),
    ("cmovel %ecx,%eax", 0x9ABCDEF0),
    ("sete %al", 0x123456789ABCDE00),
    ("lea x(%rip),%rax", Address("x")),
    ("movq $x,%rax", Address("x")),
]


@pytest.mark.parametrize(("instruction", "result"), TABLE_64)
def test_rax_holds_what_the_manual_says_after(instruction: str, result: int | Address) -> None:
    final = run("X86_64", TYPED, instruction)
    assert final.register("rax") == (wrap(result) if isinstance(result, int) else result)


def test_every_row_of_one_register_result_is_in_the_table_of_this_test() -> None:
    tested = {name for instruction, _ in TABLE_64 for name in instruction.replace("\n", " ").split(" ")}
    rows = {name: row for name, row in MNEMONICS.rows.items() if isinstance(row, Sized)}
    called = {rows[name].called for name in tested if name in rows}
    conditional = {f"{kind}{condition}" for kind in ("set", "cmov") for condition in CONDITIONS}
    assert {row.called for row in rows.values()} - {"movnti", "cmpxchg"} - conditional <= called


@pytest.mark.parametrize(
    ("instruction", "eax", "x"),
    [
        ("MOV EAX,[x]", 7, 7),
        ("mov eax, dword ptr [x]", 7, 7),
        ("MOV [x],EAX", 3, 3),
        ("MOV [x],5", 3, 5),
        ("MOV [x],$-1", 3, -1),
        ("ADD EAX,[x]", 10, 7),
        ("SUB [x],EAX", 3, 4),
        ("XCHG [x],EAX", 7, 3),
        ("xchg EAX,[x]", 7, 3),
        ("INC [x]", 3, 8),
        ("LOCK; ADD [x],EAX", 3, 10),
        ("lock xadd [x],EAX", 7, 10),
        ("MOV EAX,$0xffffffff", -1, 7),
        ("MOV EAX,EBX", 4, 7),
        ("LEA EAX,[EBX+EBX*4-1]", 19, 7),
        ("mov [ESI],EAX", 3, 3),
        ("mov EAX,[ESI+0]", 7, 7),
        ("movl (x),%eax", 7, 7),  # AT&T operands in an X86 test are in AT&T's order
        ("movl %eax,(%esi)", 3, 3),
        ("movl $9,(x)", 3, 9),
        ("mov AL,[c]", 9, 7),
    ],
)
def test_x86_tests_have_the_destination_first_unless_the_operands_are_att(instruction: str, eax: int, x: int) -> None:
    final = run("X86", "x=7; 0:EAX=3; 0:EBX=4; 0:ESI=x;" + ("char c=9;" if "[c]" in instruction else ""), instruction)
    assert (final.register("EAX"), final.variable("x")) == (eax, x)


@pytest.mark.parametrize(
    ("instruction", "rax", "x"),
    [
        ("movq (x),%rax", 7, 7),
        ("movq %rax,(x)", 3, 3),
        ("movq %rax,[x]", 3, 3),  # as herd7: AT&T's order where notations are mixed
        ("mov rax,[x]", 7, 7),
        ("mov [rsi],rax", 3, 3),
        ("movq 0(%rsi),%rax", 7, 7),
        ("movq (%rsi,%rdi,8),%rax", 7, 7),
        ("movq x(%rip),%rax", 7, 7),
        ("subq %rax,(x)", 3, 4),
        ("subq (x),%rax", -4, 7),
        ("cmovneq (x),%rax", 7, 7),
        ("lock incq (x)", 3, 8),
    ],
)
def test_x86_64_tests_have_the_destination_last_unless_the_operands_are_intel(
    instruction: str, rax: int, x: int
) -> None:
    final = run("X86_64", "int64_t x=7; 0:rax=3; 0:rsi=x;", instruction)
    assert (final.register("rax"), final.variable("x")) == (rax, x)


def test_array_cells_are_reached_by_scaled_addresses() -> None:
    final = run(
        "X86_64", "int64_t t[3]={1,2,3}; 0:rax=t; 0:rbx=1; 0:rdi=t[1];", "movq 8(%rax,%rbx,8),%rcx\nmovq -8(%rdi),%rdx"
    )
    assert (final.register("rcx"), final.register("rdx")) == (3, 1)


# ---------------------------------------------------------------- what instructions do to memory


def accesses(arch: str, instruction: str, init: str = "") -> list[Load | Store]:
    lines = lowered(arch, init, instruction).threads[0].lines
    return [line.operation for line in lines if isinstance(line.operation, Load | Store)]


def test_a_plain_load_is_one_operation() -> None:
    assert [type(line.operation) for line in lowered("X86", "", "MOV EAX,[x]").threads[0].lines] == [Load]
    assert [type(line.operation) for line in lowered("X86_64", "", "movl (x),%eax").threads[0].lines] == [Load]
    assert [type(line.operation) for line in lowered("X86_64", "", "movq (x),%rax").threads[0].lines] == [Load]


LOCKED = ["add", "sub", "and", "or", "xor", "xadd", "cmpxchg", "bts", "btr", "btc", "inc", "dec", "neg", "not"]


@pytest.mark.parametrize("name", LOCKED)
def test_locked_instructions_are_one_atomic_read_modify_write(name: str) -> None:
    operand = {"bts": "$1,", "btr": "$1,", "btc": "$1,", "inc": "", "dec": "", "neg": "", "not": ""}.get(name, "%eax,")
    load, store = accesses("X86_64", f"lock {name}l {operand}(x)")
    assert isinstance(load, Load)
    assert isinstance(store, Store)
    assert load.tags == store.tags == {"X"}
    assert store.rmw
    load, store = accesses("X86_64", f"{name}l {operand}(x)")
    assert isinstance(store, Store)
    assert load.tags == store.tags == frozenset()
    assert not store.rmw


def test_xchg_with_memory_is_locked_without_the_prefix() -> None:
    for instruction in ("xchgl %eax,(x)", "xchgl (x),%eax", "lock xchgl (x),%eax"):
        load, store = accesses("X86_64", instruction)
        assert isinstance(store, Store)
        assert load.tags == store.tags == {"X"}
        assert store.rmw


def test_compare_exchange_stores_on_success_only() -> None:
    code = "lock cmpxchgl %ebx,(x)\nsete %cl"
    success = run("X86_64", "x=3; 0:rax=3; 0:rbx=9; 0:rcx=2;", code)
    assert (success.variable("x"), success.register("rax"), success.register("rcx"), success.stores) == (9, 3, 1, 1)
    failure = run("X86_64", "x=4; 0:rax=3; 0:rbx=9; 0:rcx=2;", code)
    assert (failure.variable("x"), failure.register("rax"), failure.register("rcx"), failure.stores) == (4, 4, 0, 0)


@pytest.mark.parametrize("value", [3, 4])
def test_compare_exchange_has_memory_as_its_destination_where_herd7_writes_it_first_too(value: int) -> None:
    init = f"x={value}; 0:rax=3; 0:rbx=9;"
    manual, herd = (run("X86_64", init, f"lock cmpxchgl {operands}") for operands in ("%ebx,(x)", "(x),%ebx"))
    assert (herd.variable("x"), herd.register("rax")) == (manual.variable("x"), manual.register("rax"))
    with pytest.raises(InputError, match="CMPXCHG stores a register"):
        lowered("X86", "", "cmpxchg EBX,[x]")


def test_compare_exchange_of_registers() -> None:
    init = "int64_t 0:rax=3; int64_t 0:rbx=9; int64_t 0:rcx={};"
    success = run("X86_64", init.format(3), "cmpxchgq %rbx,%rcx")
    assert (success.register("rax"), success.register("rcx")) == (3, 9)
    failure = run("X86_64", init.format(4), "cmpxchgq %rbx,%rcx")
    assert (failure.register("rax"), failure.register("rcx")) == (4, 4)


def test_a_failing_32_bit_compare_exchange_clears_the_upper_half_of_rax_and_a_succeeding_one_does_not() -> None:
    init = "x={}; int64_t 0:rax=0x100000003; 0:rbx=9;"
    assert run("X86_64", init.format(3), "lock cmpxchgl %ebx,(x)").register("rax") == 0x100000003
    assert run("X86_64", init.format(-2), "lock cmpxchgl %ebx,(x)").register("rax") == 0xFFFFFFFE


def test_cmpxchg_compares_the_size_of_the_instruction() -> None:
    final = run("X86_64", "uint8_t x=255; 0:rax=0x1ff; 0:rbx=0x101;", "lock cmpxchgb %bl,(x)")
    assert final.variable("x") == 1


def test_xadd_returns_the_old_value() -> None:
    final = run("X86_64", "x=40; 0:rax=2;", "lock xaddl %eax,(x)")
    assert (final.variable("x"), final.register("rax")) == (42, 40)
    final = run("X86_64", "int64_t 0:rax=2; int64_t 0:rbx=3;", "xaddq %rax,%rbx")
    assert (final.register("rax"), final.register("rbx")) == (3, 5)
    assert run("X86_64", "int64_t 0:rax=2;", "xaddq %rax,%rax").register("rax") == 4


def test_movnti_is_a_non_temporal_store() -> None:
    (store,) = accesses("X86_64", "movnti %eax,(x)")
    assert isinstance(store, Store)
    assert store.tags == {"NT"}


@pytest.mark.parametrize(("name", "tag"), [("mfence", "MFENCE"), ("sfence", "SFENCE"), ("lfence", "LFENCE")])
def test_fences_are_in_their_cat_set(name: str, tag: str) -> None:
    for arch in ("X86", "X86_64"):
        (line,) = lowered(arch, "", name.upper()).threads[0].lines
        assert line.operation == Fence(frozenset({tag}))


def test_instructions_without_effect() -> None:
    code = "nop\nNOPL %cs:0(%rax,%eax,0)\nendbr64\nnopw 0(%rax)\npause\nret\nmovl $1,%eax"
    (line,) = lowered("X86_64", "", code.replace("movl $1,%eax", "").strip()).threads[0].lines
    assert isinstance(line.operation, Branch)
    assert run("X86_64", "", code).register("rax") == 0


@pytest.mark.parametrize(
    ("code", "size"),
    [
        ("movb $1,(x)", 1),
        ("movw $1,(x)", 2),
        ("movl $1,(x)", 4),
        ("movq $1,(x)", 8),
        ("mov $1,(x)", 4),
        ("mov %al,(x)", 1),
    ],
)
def test_an_undeclared_variable_has_the_size_of_its_accesses(code: str, size: int) -> None:
    (store,) = accesses("X86_64", code)
    assert store.size == size
    assert lowered("X86_64", "", code).variables["x"].size == size


# ---------------------------------------------------------------- flags

HOLDS = {
    "e": lambda a, b, bits: a == b,
    "ne": lambda a, b, bits: a != b,
    "l": lambda a, b, bits: a < b,
    "ge": lambda a, b, bits: a >= b,
    "le": lambda a, b, bits: a <= b,
    "g": lambda a, b, bits: a > b,
    "b": lambda a, b, bits: a % (1 << bits) < b % (1 << bits),
    "ae": lambda a, b, bits: a % (1 << bits) >= b % (1 << bits),
    "be": lambda a, b, bits: a % (1 << bits) <= b % (1 << bits),
    "a": lambda a, b, bits: a % (1 << bits) > b % (1 << bits),
    "s": lambda a, b, bits: wrap(a - b, bits) < 0,
    "ns": lambda a, b, bits: wrap(a - b, bits) >= 0,
    "o": lambda a, b, bits: wrap(a - b, bits) != a - b,
    "no": lambda a, b, bits: wrap(a - b, bits) == a - b,
}
WORD = st.one_of(
    st.integers(-(1 << 63), (1 << 63) - 1), st.sampled_from([0, 1, -1, 127, -128, (1 << 31) - 1, -(1 << 31)])
)


def flags(suffix: str, code: str, a: int, b: int) -> dict[str, bool]:
    """Which conditions hold after `code` on %rax = a, %rbx = b."""
    names = list(HOLDS)
    rows = [f"movl $0,%edx\nset{name} %dl\nmovl %edx,{n * 4}(%rsi)" for n, name in enumerate(names)]
    init = f"int64_t 0:rax={a}; int64_t 0:rbx={b}; int t[{len(names)}]; 0:rsi=t;"
    final = run("X86_64", init, "\n".join([code, *rows]))
    return {name: final.variable("t", n) == 1 for n, name in enumerate(names)}


@given(
    WORD,
    WORD,
    st.sampled_from([("b", 8, "bl", "al"), ("w", 16, "bx", "ax"), ("l", 32, "ebx", "eax"), ("q", 64, "rbx", "rax")]),
)
@settings(max_examples=80, deadline=None)
def test_conditions_after_a_comparison(a: int, b: int, form: tuple[str, int, str, str]) -> None:
    suffix, bits, source, destination = form
    left, right = wrap(a, bits), wrap(b, bits)
    expected = {name: holds(left, right, bits) for name, holds in HOLDS.items()}
    assert flags(suffix, f"cmp{suffix} %{source},%{destination}", a, b) == expected
    assert flags(suffix, f"sub{suffix} %{source},%{destination}", a, b) == expected


@given(
    WORD,
    WORD,
    st.sampled_from([("b", 8, "bl", "al"), ("w", 16, "bx", "ax"), ("l", 32, "ebx", "eax"), ("q", 64, "rbx", "rax")]),
)
@settings(max_examples=80, deadline=None)
def test_conditions_after_an_addition(a: int, b: int, form: tuple[str, int, str, str]) -> None:
    suffix, bits, source, destination = form
    left, right = wrap(a, bits), wrap(b, bits)
    total = wrap(left + right, bits)
    carry = left % (1 << bits) + right % (1 << bits) >= 1 << bits
    overflow = total != left + right
    got = flags(suffix, f"add{suffix} %{source},%{destination}", a, b)
    assert (got["e"], got["s"], got["b"], got["o"]) == (total == 0, total < 0, carry, overflow)
    assert (got["l"], got["le"]) == ((total < 0) != overflow, total == 0 or (total < 0) != overflow)


@pytest.mark.parametrize(
    ("code", "a", "holding"),
    [
        ("andl %ebx,%eax", 0, {"e", "ge", "le", "ae", "be", "ns", "no"}),
        ("testl %eax,%eax", -1, {"ne", "l", "le", "ae", "a", "s", "no"}),
        ("incb %al", 127, {"ne", "ge", "g", "ae", "a", "s", "o"}),
        ("decl %eax", 1, {"e", "ge", "le", "ae", "be", "ns", "no"}),
        ("negl %eax", 0, {"e", "ge", "le", "ae", "be", "ns", "no"}),
        ("negl %eax", 5, {"ne", "l", "le", "b", "be", "s", "no"}),
        ("negb %al", -128, {"ne", "b", "be", "s", "o", "ge", "g"}),
    ],
)
def test_flags_of_logic_and_unary_instructions(code: str, a: int, holding: set[str]) -> None:
    assert {name for name, holds in flags("", code, a, 6).items() if holds} == holding


def test_inc_and_dec_keep_the_carry() -> None:
    for code in ("incl %ecx", "decl %ecx"):
        assert flags("", f"cmpl %ebx,%eax\n{code}", 1, 2)["b"]
        assert not flags("", f"cmpl %ebx,%eax\n{code}", 2, 1)["b"]


def test_shifts_by_one_and_bit_tests_set_the_carry() -> None:
    assert flags("", "shrl %eax", 1, 0)["b"]
    assert flags("", "shll %eax", -1, 0)["b"]
    assert flags("", "sarl $1,%eax", 1, 0)["b"]
    assert flags("", "shrb $1,%al", -1, 0)["o"]
    assert not flags("", "sarl $1,%eax", -1, 0)["o"]
    code = "btl $3,%eax\nsetb %cl"
    assert run("X86_64", "0:rax=8;", code).register("rcx") == 1
    assert run("X86_64", "0:rax=7;", code).register("rcx") == 0


@pytest.mark.parametrize("condition", CONDITIONS)
def test_every_condition_has_its_jump_its_set_and_its_move(condition: str) -> None:
    init = "0:rax=1; 0:rbx=2; 0:rdx=7;"
    set_ = run("X86_64", init, f"cmpl %ebx,%eax\nset{condition} %cl").register("rcx")
    moved = run("X86_64", init, f"cmpl %ebx,%eax\ncmov{condition} %edx,%ecx").register("rcx")
    jumped = run("X86_64", init, f"cmpl %ebx,%eax\nj{condition} L\nmovl $1,%ecx\nL:").register("rcx")
    assert moved == (7 if set_ else 0)
    assert jumped == (0 if set_ else 1)


def test_a_conditional_move_reads_memory_whether_its_condition_holds_or_not() -> None:
    for value in (0, 1):
        assert run("X86_64", f"0:rax={value}; x=5;", "testl %eax,%eax\ncmovel (x),%ebx").loads == 1


def test_unread_flags_are_not_computed() -> None:
    lines = lowered("X86", "", "CMP EAX,EBX\nJE L\nL:").threads[0].lines
    assert [line.operation.register for line in lines if isinstance(line.operation, Set)] == [".zf"]


# ---------------------------------------------------------------- 32-bit results cannot be told from the processor's

SMALL_REGISTERS = {8: ("rax", "rbx", "rcx"), 4: ("eax", "ebx", "ecx"), 2: ("ax", "bx", "cx"), 1: ("al", "bl", "cl")}
SUFFIX = {8: "q", 4: "l", 2: "w", 1: "b"}


@st.composite
def instructions(draw: st.DrawFn) -> str:
    size = draw(st.sampled_from([8, 4, 4, 4, 2, 1]))
    register = st.sampled_from(SMALL_REGISTERS[size])
    a, b, suffix = f"%{draw(register)}", f"%{draw(register)}", SUFFIX[size]
    name = draw(st.sampled_from([
        "mov", "add", "sub", "and", "or", "xor", "inc", "neg", "not", "xchg", "xadd", "cmpxchg", "shl", "shr", "sar",
        "load", "store", "movslq", "movzbl", "lea", "jump",
    ]))  # fmt: skip
    if name in ("load", "store"):
        memory = {8: "(q)", 4: "(x)", 2: "(h)", 1: "(c)"}[size]
        return f"mov{suffix} {memory},{a}" if name == "load" else f"mov{suffix} {a},{memory}"
    if name in ("inc", "neg", "not"):
        return f"{name}{suffix} {a}"
    if name in ("shl", "shr", "sar"):
        return f"{name}{suffix} ${draw(st.integers(0, 7))},{a}"
    if name == "movslq":
        return "movslq %eax,%rbx"
    if name == "movzbl":
        return "movzbl %bl,%ecx"
    if name == "lea":
        return draw(st.sampled_from(["leal 3(%rax,%rbx,4),%ecx", "leaq 3(%rax,%rbx,4),%rcx"]))
    if name == "jump":
        condition = draw(st.sampled_from(["e", "l", "b", "s", "g"]))
        return f"cmp{suffix} {a},{b}\nj{condition} L{{n}}\nincl %ecx\nL{{n}}:"
    return f"{name}{suffix} {a},{b}"


@pytest.mark.parametrize(
    "use",
    [
        "movq %rax,(q)",
        "movq %rax,%rbx\nmovq %rbx,(q)",
        "addq %rax,(q)",
        "xchgq %rax,(q)",
        "shrq $4,%rax\nmovl %eax,(q4)",
        "cmpq %rbx,%rax\nsetl (c)",
        "leaq 1(%rax),%rcx\nshrq $8,%rcx\nmovl %ecx,(q4)",
        "cmpxchgq %rbx,(q)\nmovq %rax,(q)",
        "imulq %rax,%rax\nshrq $32,%rax\nmovl %eax,(q4)",
        "cmovneq %rax,%rcx\nmovq %rcx,(q)",
        "movzbl %al,%ecx\naddq %rax,%rcx\nmovq %rcx,(q)",
    ],
)
def test_a_64_bit_use_sees_the_upper_half_that_a_32_bit_result_has_cleared(use: str) -> None:
    init = "int64_t q=1; int q4; char c; int x=-2; {} 0:rbx=0;"
    for result in (
        "movl (x),%eax",
        "movl $-2,%eax",
        "notl %eax\nsubl $1,%eax",
        "xaddl %eax,%eax\ndecl %eax\ndecl %eax",
    ):
        some = run("X86_64", init.format(""), f"{result}\n{use}")
        exact = run("X86_64", init.format("int64_t 0:rax; int64_t 0:rcx;"), f"{result}\n{use}")
        assert some.memory == exact.memory


@given(st.lists(instructions(), min_size=1, max_size=8), st.lists(WORD, min_size=7, max_size=7))
@settings(max_examples=300, deadline=None)
def test_keeping_words_sign_extended_cannot_be_told_in_32_bits(program: list[str], values: list[int]) -> None:
    code = "\n".join(line.replace("{n}", str(n)) for n, line in enumerate(program))
    memory = f"int64_t q={values[3]}; int32_t x={values[4]}; int16_t h={values[5]}; int8_t c={values[6]}; "
    names = ("rax", "rbx", "rcx")
    some = run("X86_64", memory + " ".join(f"0:{n}={v};" for n, v in zip(names, values, strict=False)), code)
    exact = run("X86_64", memory + " ".join(f"int64_t 0:{n}={v};" for n, v in zip(names, values, strict=False)), code)
    for name in names:
        assert some.register(name, 32) == exact.register(name, 32)
    assert some.memory == exact.memory


@given(st.lists(instructions(), min_size=1, max_size=8), st.lists(WORD, min_size=7, max_size=7))
@settings(max_examples=100, deadline=None)
def test_x86_registers_hold_signed_words(program: list[str], values: list[int]) -> None:
    code = "\n".join(line.replace("{n}", str(n)) for n, line in enumerate(program))
    if any(name in code for name in ("q ", "%r", "q\n")):
        return
    code = code.replace("(q)", "(x)")
    memory = f"int32_t x={values[4]}; int16_t h={values[5]}; int8_t c={values[6]}; "
    names = ("EAX", "EBX", "ECX")
    final = run("X86", memory + " ".join(f"0:{n}={wrap(v, 32)};" for n, v in zip(names, values, strict=False)), code)
    exact = run(
        "X86_64", memory + " ".join(f"0:r{n[1:].lower()}={v};" for n, v in zip(names, values, strict=False)), code
    )
    for name in names:
        value = final.register(name)
        assert value == exact.register(f"r{name[1:].lower()}", 32)


def test_an_unlocked_exchange_is_two_accesses_that_are_not_atomic() -> None:
    for name, atomic in (("xchgq", True), ("uxchq", False), ("lock uxchq", True)):
        load, store = (
            line.operation
            for line in lowered("X86_64", "int64_t x; 0:rbx=x;", f"{name} %rax,(%rbx)").threads[0].lines
            if isinstance(line.operation, Load | Store)
        )
        assert isinstance(load, Load)
        assert isinstance(store, Store)
        assert (store.rmw, "X" in load.tags, "X" in store.tags) == (atomic,) * 3


@pytest.mark.parametrize("instruction", ["bsf EAX,EBX", "popcnt EAX,[x]", "imul EAX,EBX"])
def test_instructions_without_a_locked_form_have_registers_as_destinations(instruction: str) -> None:
    run("X86", "0:EBX=3;", instruction)
    name, operands = instruction.split(" ")
    with pytest.raises(InputError, match=f"the destination of {name} is a register"):
        lowered("X86", "", f"{name} [x],{operands.split(',')[0]}")
