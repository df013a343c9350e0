"""AArch64 instructions that compute, executed by a sequential machine and compared with what the manual says."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sequential import lowered, run

from litmus.isa.aarch64.operands import CONDITIONS
from litmus.isa.aarch64.rows import Compute, Select
from litmus.isa.aarch64.table import MNEMONICS
from litmus.program.code import Load, Set
from litmus.program.values import Address, wrap

M = 0x123456789ABCDEF0
W = 0x9ABCDEF0  # its lower half
INIT = " ".join(
    f"int64_t 0:X{n}={v};"
    for n, v in ((3, M), (4, 7), (5, -3), (6, 0x180000001), (7, 0x80000000), (8, 36), (9, 0xFF80), (10, 2))
)

# X3 after the instruction
TABLE = [
    ("ADD X3,X4,X5", 4),
    ("ADD W3,W4,W5", 4),
    ("ADD W3,W5,W5", 0xFFFFFFFA),  # a W register is zero-extended
    ("ADD X3,X4,#1,LSL #12", 4103),
    ("ADD X3,X4,#-8", -1),
    ("ADD X3,X4,X5,LSL #4", 7 - 48),
    ("ADD W3,W4,W5,LSR #30", 10),
    ("ADD X3,X4,X5,ASR #1", 5),
    ("ADD W3,W4,W7,ASR #31", 6),
    ("ADD X3,X4,W5,SXTW", 4),
    ("ADD X3,X4,W5,UXTW #2", 7 + (0xFFFFFFFD << 2)),
    ("ADD X3,X4,W9,SXTB", 7 - 128),
    ("ADD X3,X4,W9,SXTB 2", 7 - 512),
    ("ADD X3,X4,W9,UXTB", 135),
    ("ADD X3,X4,W9,SXTH #1", 7 - 256),
    ("ADD X3,X4,W9,UXTH", 7 + 0xFF80),
    ("ADD X3,X4,X5,SXTX #1", 1),
    ("ADD X3,X4,X5,UXTX", 4),
    ("add w3, w4, #5", 12),
    ("ADDS W3,W7,W7", 0),
    ("CMN X4,X5", M),
    ("SUB X3,X4,X5", 10),
    ("SUB X3,X4,#0xfff", 7 - 4095),
    ("SUB W3,WZR,W4", 0xFFFFFFF9),
    ("SUBS X3,X5,X4", -10),
    ("CMP X4,X5", M),
    ("NEG X3,X4", -7),
    ("NEG W3,W4,LSL #1", 0xFFFFFFF2),
    ("NEGS X3,X5", 3),
    ("ABS X3,X5", 3),
    ("ABS W3,W5", 3),
    ("ABS W3,W7", 0x80000000),
    ("ADC X3,X4,X5", 4),
    ("CMP X4,X4\nADC X3,X4,X5", 5),  # CMP of equals sets C
    ("CMP X4,X4\nADCS W3,W5,W10\nCSET X3,CS", 1),  # 2^32 - 3 + 2 + 1
    ("CMP X4,X4\nADCS W3,W5,W10\nCSET X3,EQ", 1),
    ("SBC X3,X4,X10", 4),
    ("CMP X4,X4\nSBC X3,X4,X10", 5),
    ("SBCS X3,X4,X4\nCSET X3,CC", 1),  # 7 - 7 - 1 borrows
    ("SBCS X3,X4,X4\nCSET X3,LT", 1),
    ("NGC X3,X4", -8),
    ("CMP X4,X4\nNGCS W3,W4", 0xFFFFFFF9),
    ("SMAX X3,X4,X5", 7),
    ("SMIN X3,X4,#-4", -4),
    ("UMAX W3,W4,W5", 0xFFFFFFFD),
    ("UMIN X3,X5,#9", 9),
    ("SMULH X3,X5,X4", -1),
    ("UMULH X3,X5,X4", 6),  # (2^64 - 3) * 7 is 7 * 2^64 - 21
    ("SMNEGL X3,W5,W4", 21),
    ("UMNEGL X3,W7,W10", -0x100000000),
    ("SDIV X3,X5,X10", -1),
    ("SDIV W3,W5,W10", 0xFFFFFFFF),
    ("SDIV X3,X4,X11", 0),  # by 0
    ("SDIV W3,W7,W5", 715827882),  # -2^31 / -3
    ("UDIV W3,W5,W10", 0x7FFFFFFE),
    ("UDIV X3,X6,X4", 0x180000001 // 7),
    ("UDIV W3,W4,W11", 0),
    ("AND X3,X4,X5", 5),
    ("AND W3,W5,#0xff", 0xFD),
    ("AND X3,X5,X4,ROR #1", wrap(-3 & (3 | 1 << 63))),
    ("ANDS W3,W4,W5", 5),
    ("TST X4,X5", M),
    ("BIC X3,X4,X5", 2),
    ("BICS W3,W4,W5", 2),
    ("ORR X3,X4,X5", -1),
    ("ORR W3,WZR,W4", 7),
    ("ORN X3,X4,X5", 7),
    ("ORN W3,W10,W4", 0xFFFFFFFA),
    ("EOR X3,X4,X5", -6),
    ("EOR W3,W4,W4", 0),
    ("EON X3,X4,X5", 5),
    ("EON W3,W4,W4", 0xFFFFFFFF),
    ("MVN X3,X4", -8),
    ("MVN W3,W4,LSL #1", 0xFFFFFFF1),
    ("MUL X3,X6,X4", 0x180000001 * 7),
    ("MUL W3,W7,W10", 0),
    ("MNEG X3,X4,X5", 21),
    ("MADD X3,X4,X5,X10", -19),
    ("MSUB X3,X4,X5,X10", 23),
    ("SMULL X3,W7,W4", wrap(0x80000000, 32) * 7),
    ("UMULL X3,W7,W4", 0x80000000 * 7),
    ("SMADDL X3,W5,W4,X6", 0x180000001 - 21),
    ("UMADDL X3,W7,W10,X4", 0x100000007),
    ("SMSUBL X3,W5,W4,X6", 0x180000001 + 21),
    ("UMSUBL X3,W7,W10,X4", 7 - 0x100000000),
    ("LSL X3,X3,#4", wrap(M << 4)),
    ("LSL W3,W3,#4", 0xABCDEF00),
    ("LSL X3,X3,X8", wrap(M << 36)),
    ("LSL W3,W3,W8", 0xABCDEF00),  # 36 modulo 32
    ("LSR X3,X3,4", M >> 4),
    ("LSR X3,X5,#60", 15),
    ("LSR W3,W5,W8", 0x0FFFFFFF),
    ("ASR X3,X5,#1", -2),
    ("ASR W3,W3,#4", 0xF9ABCDEF),
    ("ASR X3,X5,X8", -1),
    ("ROR X3,X3,#8", wrap(0xF0123456789ABCDE)),
    ("ROR W3,W3,#8", 0xF09ABCDE),
    ("ROR W3,W3,W8", 0x09ABCDEF),
    ("ROR X3,X3,X11", M),  # by 0
    ("LSLV X3,X3,X8", wrap(M << 36)),
    ("LSRV W3,W3,W8", 0x09ABCDEF),
    ("ASRV W3,W3,W8", 0xF9ABCDEF),
    ("EXTR X3,X4,X3,#8", wrap(7 << 56 | M >> 8)),
    ("EXTR W3,W4,W3,#8", 0x079ABCDE),
    ("EXTR X3,X4,X3,#0", M),
    ("SXTB X3,W9", -128),
    ("SXTB W3,W9", 0xFFFFFF80),
    ("SXTH X3,W9", wrap(0xFF80, 16)),
    ("SXTW X3,W7", -0x80000000),
    ("UXTB W3,W9", 0x80),
    ("UXTH W3,W5", 0xFFFD),
    ("UXTW X3,W5", 0xFFFFFFFD),
    ("UBFX X3,X3,#4,#8", 0xEF),
    ("UBFX X3,X3,#0,#64", M),
    ("UBFX W3,W3,#28,#4", 9),
    ("SBFX X3,X3,#4,#8", 0xEF - 256),
    ("SBFX W3,W3,#28,#4", 0xFFFFFFF9),
    ("UBFIZ X3,X3,#4,#8", 0xF00),
    ("SBFIZ X3,X3,#4,#8", (0xF0 - 256) * 16),
    ("BFI X3,X4,#8,#4", M & ~0xF00 | 0x700),
    ("BFI W3,W4,#0,#32", 7),
    ("BFXIL X3,X9,#4,#8", M & ~0xFF | 0xF8),
    ("UBFM X3,X3,#4,#32", M >> 4 & 0x1FFFFFFF),
    ("UBFM X3,X3,#56,#7", 0xF000),
    ("SBFM X3,X3,#4,#7", -1),
    ("SBFM W3,W4,#0,#0", 0xFFFFFFFF),
    ("SBFM X3,X3,#56,#7", -0x1000),
    ("BFC X3,#4,#8", M & ~0xFF0),
    ("BFM X3,X9,#4,#11", M & ~0xFF | 0xF8),
    ("BFM X3,X4,#56,#3", M & ~0xF00 | 0x700),
    ("BFM W3,W4,#0,#31", 7),
    ("CLZ X3,X4", 61),
    ("CLZ W3,W4", 29),
    ("CLZ W3,W11", 32),
    ("CLS X3,X5", 61),
    ("CLS W3,W4", 28),
    ("CTZ X3,X9", 7),
    ("CTZ W3,W11", 32),
    ("CTZ X3,X11", 64),
    ("CNT X3,X5", 63),
    ("CNT W3,W3", 19),
    ("RBIT X3,X4", wrap(7 << 61)),
    ("RBIT W3,W4", 0xE0000000),
    ("REV64 X3,X3", wrap(0xF0DEBC9A78563412)),
    ("REV16 X3,X3", wrap(0x34127856BC9AF0DE)),
    ("REV16 W3,W3", 0xBC9AF0DE),
    ("REV32 X3,X3", wrap(0x78563412F0DEBC9A)),
    ("REV X3,X3", wrap(0xF0DEBC9A78563412)),
    ("REV W3,W3", 0xF0DEBC9A),
    ("MOV X3,X5", -3),
    ("MOV W3,W5", 0xFFFFFFFD),
    ("MOV W3,#-1", 0xFFFFFFFF),
    ("MOV X3,#-1", -1),
    ("MOV X3,#0x123456789", 0x123456789),
    ("MOV W3,WZR", 0),
    ("MOVZ X3,#42,LSL #48", 42 << 48),
    ("MOVZ W3,#42", 42),
    ("MOVN X3,#0", -1),
    ("MOVN W3,#1,LSL #16", 0xFFFEFFFF),
    ("MOVK X3,#1,LSL #16", 0x123456780001DEF0),
    ("MOVK W3,#1", 0x9ABC0001),
    ("CMP X4,X5\nCSEL X3,X4,X5,GT", 7),
    ("CMP X4,X5\nCSEL W3,W4,W5,LE", 0xFFFFFFFD),
    ("CMP X4,X5\nCSINC X3,X4,X4,EQ", 8),
    ("CMP X4,X5\nCSINV W3,W4,W4,EQ", 0xFFFFFFF8),
    ("CMP X4,X5\nCSNEG X3,X4,X4,EQ", -7),
    ("CMP X4,X4\nCINC X3,X4,EQ", 8),
    ("CMP X4,X4\nCINV X3,X4,EQ", -8),
    ("CMP X4,X4\nCNEG X3,X4,NE", 7),
    ("CMP X4,X4\nCSET W3,EQ", 1),
    ("CMP X4,X4\nCSETM W3,EQ", 0xFFFFFFFF),
    ("CMP X4,X4\nCSETM X3,NE", 0),
    ("CMP X4,X5\nCCMP X4,#7,#0,GT\nCSET X3,EQ", 1),
    ("CMP X4,X5\nCCMP X4,#7,#4,LT\nCSET X3,EQ", 1),  # the condition fails, Z comes from the number
    ("CMP X4,X5\nCCMP X4,#7,#9,LT\nCSET X3,GE", 1),  # N and V
    ("CMP X4,X5\nCCMP X4,X5,#0,GT\nCSET X3,CS", 0),
    ("CMP X4,X5\nCCMN W4,#0,#0,AL\nCSET X3,MI", 0),
    ("CMP W11,#0\nMRS X3,NZCV", 6 << 28),
    ("MOV X12,#0x90000000\nMSR NZCV,X12\nCSET X3,VS", 1),
    ("MOV X12,#0x90000000\nMSR NZCV,X12\nMRS X3,NZCV", 0x90000000),
    ("LDR X3,=0x123456789", 0x123456789),
    ("LDR W3,=-1", 0xFFFFFFFF),
    ("PRFM PLDL1KEEP,[X4,#8]", M),
    ("PRFM #2,[X4]", M),
    ("WFE", M),
    ("NOP", M),
    ("ISB", M),
]


@pytest.mark.parametrize(("code", "result"), TABLE)
def test_x3_holds_what_the_manual_says_after(code: str, result: int) -> None:
    assert run("AArch64", INIT, code).register("X3") == wrap(result)


def test_every_computing_row_is_in_the_table_of_this_test() -> None:
    tested = {line.split()[0].lower() for code, _ in TABLE for line in code.split("\n")}
    rows = {name for name, row in MNEMONICS.rows.items() if isinstance(row, Compute | Select)}
    assert rows - {"adr"} <= tested


@pytest.mark.parametrize("instruction", ["ADD", "SUB", "MOV"])
def test_the_stack_pointer_is_a_register_of_addresses(instruction: str) -> None:
    operands = "SP,X1" if instruction == "MOV" else "SP,X1,#0"
    assert run("AArch64", "0:X1=x;", f"{instruction} {operands}\nMOV X2,SP").register("X2") == Address("x")


def test_the_zero_register_reads_as_zero_and_keeps_nothing() -> None:
    final = run("AArch64", "0:X1=x; x=5;", "MOV XZR,X1\nLDR WZR,[X1]\nADDS XZR,XZR,#4\nADD X2,XZR,#1")
    assert (final.register("X2"), final.register("XZR")) == (1, 0)


# ---------------------------------------------------------------- flags and branches


def taken(compare: str, condition: str, a: int, b: int) -> bool:
    code = f"{compare}\nB.{condition.upper()} L\nMOV X9,#1\nL:"
    return run("AArch64", f"int64_t 0:X3={a}; int64_t 0:X4={b};", code).register("X9") == 0


def expected(operation: str, bits: int, a: int, b: int) -> dict[str, bool]:
    """The conditions after an operation on a and b: C1.2.4 from N, Z, C and V as AddWithCarry gives them."""
    mask = (1 << bits) - 1
    a, b = a & mask, b & mask
    if operation == "ANDS":
        result, carry, overflow = a & b, False, False
    else:
        if operation == "SUBS":
            b = ~b & mask
        total = a + b + (operation == "SUBS")
        result, carry = total & mask, total > mask
        overflow = wrap(result, bits) != wrap(a, bits) + wrap(b, bits) + (operation == "SUBS")
    n, z = bool(result >> bits - 1), result == 0
    truth = {"eq": z, "cs": carry, "mi": n, "vs": overflow, "hi": carry and not z}
    truth |= {"ge": n == overflow, "gt": n == overflow and not z}
    inverse = {"ne": "eq", "cc": "cs", "pl": "mi", "vc": "vs", "ls": "hi", "lt": "ge", "le": "gt"}
    truth |= {name: not truth[other] for name, other in inverse.items()}
    return truth | {"hs": truth["cs"], "lo": truth["cc"], "al": True, "nv": True}


EDGES = st.sampled_from([0, 1, -1, 1 << 31, (1 << 31) - 1, 1 << 63, (1 << 63) - 1, 1 << 32])
NUMBERS = st.one_of(EDGES, st.integers(-(1 << 63), (1 << 63) - 1)).map(wrap)


@given(NUMBERS, NUMBERS, st.sampled_from(["ADDS", "SUBS", "ANDS"]), st.sampled_from([32, 64]))
@settings(max_examples=80, deadline=None)
def test_conditions_follow_from_the_flags_of_the_manual(a: int, b: int, operation: str, bits: int) -> None:
    letter = "W" if bits == 32 else "X"
    truth = expected(operation, bits, a, b)
    assert set(truth) == set(CONDITIONS)
    for condition, holds in truth.items():
        assert taken(f"{operation} {letter}5,{letter}3,{letter}4", condition, a, b) == holds, condition


@pytest.mark.parametrize(
    ("alias", "code"),
    [("CMP", "SUBS"), ("CMN", "ADDS"), ("TST", "ANDS")],
)
def test_comparisons_set_the_flags_of_their_operation(alias: str, code: str) -> None:
    for condition, holds in expected(code, 32, 5, -5).items():
        assert taken(f"{alias} W3,W4", condition, 5, -5) == holds


def test_b_eq_is_also_spelled_without_its_dot() -> None:
    assert run("AArch64", "", "CMP W1,W2\nBEQ L\nMOV X9,#1\nL:").register("X9") == 0


@pytest.mark.parametrize(
    ("branch", "value", "jumps"),
    [
        ("CBZ X0,L", 1 << 32, False),
        ("CBZ W0,L", 1 << 32, True),
        ("CBNZ X0,L", 1 << 32, True),
        ("CBNZ W0,L", 1 << 32, False),
        ("CBNZ WZR,L", 1, False),
        ("TBZ X0,#33,L", 1 << 33, False),
        ("TBNZ X0,#33,L", 1 << 33, True),
        ("TBZ X0,#63,L", -1, False),
        ("TBNZ W0,#31,L", -1, True),
        ("TBZ W0,#0,L", 2, True),
        ("TBNZ W0,#1,L", 2, True),
        ("B L", 0, True),
        ("B.NE L", 0, True),
        ("RET", 0, True),
    ],
)
def test_branches_look_at_the_bits_they_name(branch: str, value: int, jumps: bool) -> None:
    final = run("AArch64", f"int64_t 0:X0={value};", f"{branch}\nMOV X9,#1\nL:")
    assert (final.register("X9") == 0) == jumps


def test_a_loop_counts_down() -> None:
    assert run("AArch64", "0:X0=3;", "L: ADD W1,W1,#2\nSUBS W0,W0,#1\nB.GT L").register("X1") == 6


def test_unread_flags_are_not_computed() -> None:
    lines = lowered("AArch64", "", "CMP W1,W2\nB.EQ L\nL:").threads[0].lines
    assert [line.operation.register for line in lines if isinstance(line.operation, Set)] == [".z"]


def test_false_dependencies_are_kept_as_written() -> None:
    for code in ("EOR W3,W1,W1", "EOR X3,X1,X1", "SUB W3,W1,W1", "BIC W3,W1,W1", "AND W3,W1,WZR", "AND W3,W1,#0"):
        *_, line = lowered("AArch64", "0:X2=x;", f"LDR W1,[X2]\n{code}").threads[0].lines
        assert isinstance(line.operation, Set)
        assert "X1" in str(line.operation.value), code


def test_the_carry_of_a_logical_instruction_depends_on_its_operands() -> None:
    *_, line, _ = lowered("AArch64", "", "TST W1,W2\nB.CS L\nL:").threads[0].lines
    assert isinstance(line.operation, Set)
    assert {"X1", "X2"} <= {word for word in ("X1", "X2") if word in str(line.operation.value)}


# ---------------------------------------------------------------- the upper halves of W registers


def test_a_load_of_a_word_is_one_operation_unless_somebody_can_tell() -> None:
    (one,) = lowered("AArch64", "0:X1=x;", "LDR W0,[X1]").threads[0].lines
    assert isinstance(one.operation, Load)
    assert len(lowered("AArch64", "0:X1=x; int64_t 0:X0;", "LDR W0,[X1]").threads[0].lines) == 2
    assert len(lowered("AArch64", "0:X1=x;", "LDR W0,[X1]\nMOV X2,X0").threads[0].lines) == 3
    assert len(lowered("AArch64", "0:X1=x;", "LDR W0,[X1]\nEOR W2,W0,W0\nLDR W3,[X1,W2,SXTW]").threads[0].lines) == 3


def test_a_stored_constant_is_two_operations() -> None:
    assert len(lowered("AArch64", "0:X1=x;", "MOV W0,#1\nSTR W0,[X1]").threads[0].lines) == 2


# The instructions that compute with registers of either size -> the names of their operands
ARITHMETIC = {
    name: row.operands.split(", ")
    for name, row in sorted(MNEMONICS.rows.items())
    if isinstance(row, Compute | Select) and row.operands[0] == "r"
}


@st.composite
def instructions(draw: st.DrawFn) -> str:
    def register(letter: str) -> str:
        return f"{letter}{draw(st.integers(3, 7))}"

    name = draw(st.sampled_from([*ARITHMETIC, "ldr", "str", "ldrsh", "strb", "swp", "ldumax", "cas", "csel", "cbz"]))
    letter = draw(st.sampled_from("WWWX"))
    if name in ("ldr", "str"):
        return f"{name} {register('W')},[X10]"
    if name == "ldrsh":
        return f"LDRSH {register(letter)},[X11]"
    if name == "strb":
        return f"STRB {register('W')},[X12]"
    if name in ("swp", "ldumax", "cas"):
        return f"{name} {register('W')},{register('W')},[X10]"
    if name == "csel":
        return f"CMP {register(letter)},#1\nCSEL {register('W')},{register('W')},{register('W')},LT"
    if name == "cbz":
        return f"CBZ {register(letter)},L{{n}}\nADD {register('X')},{register('X')},#1\nL{{n}}:"
    shifted = draw(st.sampled_from(["", ",LSL #3", ",LSR #3", ",ASR #31"]))
    small = f"#{draw(st.integers(0, 15))}"
    spelled = {
        **dict.fromkeys(("addend", "bits"), f"{register(letter)}{shifted}"),
        **dict.fromkeys(("wn", "wm"), register("W")),
        **dict.fromkeys(("lsb", "immr", "imms", "imm16", "nzcv"), small),
        "width": f"#{draw(st.integers(1, 16))}",
        "cond": draw(st.sampled_from(sorted(CONDITIONS))),
        **{kind: draw(st.sampled_from([register(letter), small])) for kind in ("shift", "rm|imm5", "rm|imm8")},
    }
    operands = [spelled.get(kind) or register(letter) for kind in ARITHMETIC[name]]
    return f"{name} {','.join(operands)}"


@given(
    st.lists(instructions(), min_size=1, max_size=8),
    st.lists(st.integers(-(1 << 63), (1 << 63) - 1), min_size=8, max_size=8),
)
@settings(max_examples=300, deadline=None)
def test_upper_halves_left_alone_cannot_be_told_in_32_bits(program: list[str], values: list[int]) -> None:
    code = "\n".join(line.replace("{n}", str(n)) for n, line in enumerate(program))
    init = f"int32_t x={values[5]}; int16_t h={values[6]}; int8_t c={values[7]}; 0:X10=x; 0:X11=h; 0:X12=c; "
    some = run("AArch64", init + " ".join(f"0:X{n}={v};" for n, v in enumerate(values[:5], 3)), code)
    exact = run("AArch64", init + " ".join(f"int64_t 0:X{n}={v};" for n, v in enumerate(values[:5], 3)), code)
    for n in range(3, 8):
        assert some.register(f"X{n}", 32) == exact.register(f"X{n}", 32)
    assert some.memory == exact.memory


@pytest.mark.parametrize("name", ARITHMETIC)
def test_a_w_register_is_zero_extended_by_every_row(name: str) -> None:
    values = {"rd": "W3", "rd|sp": "W3", "rdn": "W3", "shift": "#5", "lsb": "#3", "immr": "#3", "imms": "#9"}
    values |= {"width": "#7", "imm16": "#3", "nzcv": "#3", "cond": "NE"}
    operands = ",".join(values.get(kind, "W4") for kind in ARITHMETIC[name])
    final = run("AArch64", "int64_t 0:X3=-1; int64_t 0:X4=-2;", f"{name} {operands}")
    if "W3" in operands:
        result = final.register("X3")
        assert isinstance(result, int)
        assert 0 <= result < 1 << 32
