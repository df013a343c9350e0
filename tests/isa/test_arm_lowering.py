"""ARM instructions, executed by a sequential machine and compared with what the manual says."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sequential import lowered, run

from litmus.isa import architecture_named, rows
from litmus.isa.arm.operands import OPTIONS, REGISTERS
from litmus.isa.arm.rows import Conditional
from litmus.isa.arm.rows import Store as StoreRow
from litmus.isa.arm.rows import StoreConditional as StoreExclusive
from litmus.isa.arm.table import ALWAYS, MNEMONICS
from litmus.program.code import Branch, Fence, Load, Set, Store, StoreConditional
from litmus.program.values import Address, wrap

# R0 after the instruction, with R1 = 7, R2 = -3, R3 = 0x80000001, R4 = 33, R5 = 4, R0 = 0x12345678
TABLE = [
    ("ADD R0,R1,#5", 12),
    ("ADD R0,R1,R2", 4),
    ("ADD R0,#1", 0x12345679),  # the target is the operand
    ("ADD R0,R1", 0x1234567F),
    ("ADD R0,R1,R2,LSL #1", 1),
    ("ADD R0,R3,R3", 2),  # modulo 2^32
    ("SUB R0,R1,R2", 10),
    ("SUB R0,R1,#8", -1),
    ("RSB R0,R1,#5", -2),
    ("RSB R0,R1,R2", -10),
    ("AND R0,R1,R2", 5),
    ("AND R0,R0,#0xff", 0x78),
    ("ORR R0,R1,#8", 15),
    ("EOR R0,R1,R2", -6),
    ("BIC R0,R1,R2", 2),
    ("MOV R0,#0xffffffff", -1),
    ("MOV R0,R2", -3),
    ("MOV R0,R1,LSL #4", 112),
    ("MOV R0,R2,LSR #28", 15),
    ("MOV R0,R2,ASR #32", -1),
    ("MOV R0,R3,ROR #1", wrap(0xC0000000, 32)),
    ("MOV R0,R1,LSL R5", 112),
    ("MVN R0,R1", -8),
    ("MVN R0,#0", -1),
    ("MOVW R0,#0xffff", 0xFFFF),
    ("MOVT R0,#0x8000", wrap(0x80005678, 32)),
    ("LSL R0,R1,#31", -(1 << 31)),
    ("LSL R0,R1,R4", 0),  # a count of 33
    ("LSR R0,R3,#1", 0x40000000),
    ("LSR R0,R3,#32", 0),
    ("LSR R0,R2,R4", 0),
    ("LSR R0,R3,R5", 0x08000000),
    ("ASR R0,R3,#1", wrap(0xC0000000, 32)),
    ("ASR R0,R2,R4", -1),
    ("ROR R0,R1,R5", 0x70000000),
    ("ROR R0,R1,#1", wrap(0x80000003, 32)),
    ("ROR R0,R1,R6", 7),  # a count of 0
    ("MUL R0,R3,R1", wrap(0x80000007, 32)),
    ("MLA R0,R1,R2,R5", -17),
    ("SXTB R0,R2", -3),
    ("SXTH R0,R3", 1),
    ("UXTB R0,R2", 0xFD),
    ("UXTH R0,R2", 0xFFFD),
    ("ADC R0,R1,R2", 4),
    ("CMP R1,R1\nADC R0,R1,R2", 5),  # CMP of equals sets C
    ("SBC R0,R1,R5", 2),
    ("CMP R1,R1\nSBC R0,R1,R5", 3),
    ("SBCS R0,R1,R1\nMOVCC R0,#9", 9),  # 7 - 7 - 1 borrows
    ("CMP R1,R1\nADCS R0,R2,#2\nMOVCS R0,#9", 9),  # 2^32 - 3 + 2 + 1
    ("NEG R0,R1", -7),
    ("ORN R0,R5,R1", -4),
    ("XOR R0,R1,R2", -6),
    ("MLS R0,R1,R2,R5", 25),
    ("SDIV R0,R3,R5", -536870911),  # -(2^31 - 1) / 4, towards 0
    ("SDIV R0,R1,R6", 0),
    ("UDIV R0,R3,R5", 0x20000000),
    ("UDIV R0,R1,R6", 0),
    ("CLZ R0,R1", 29),
    ("CLZ R0,R6", 32),
    ("RBIT R0,R1", wrap(0xE0000000, 32)),
    ("REV R0,R0", 0x78563412),
    ("REV R0,R3", 0x01000080),
    ("REV16 R0,R0", 0x34127856),
    ("REVSH R0,R2", -513),  # 0xfffd becomes 0xfdff
    ("UBFX R0,R0,#4,#8", 0x67),
    ("UBFX R0,R3,#31,#1", 1),
    ("SBFX R0,R0,#4,#7", 0x67 - 128),
    ("BFI R0,R1,#8,#4", 0x12345778),
    ("BFI R0,R2,#16,#16", wrap(0xFFFD5678, 32)),
    ("BFC R0,#4,#8", 0x12345008),
    ("IT EQ", 0x12345678),
    ("PLD [R1,#4]", 0x12345678),
    ("SEV", 0x12345678),
    ("LDR R0,=0xfffffffe", -2),
    ("NOP", 0x12345678),
    ("mov.w r0,r1", 7),
]
INIT = "0:R1=7; 0:R2=-3; 0:R3=0x80000001; 0:R4=33; 0:R5=4; 0:R0=0x12345678;"


@pytest.mark.parametrize(("instruction", "result"), TABLE)
def test_r0_holds_what_the_manual_says_after(instruction: str, result: int) -> None:
    assert run("ARM", INIT, instruction).registers["R0"] == result  # in its signed form, not only its low bits


def test_every_computing_row_is_in_the_table_of_this_test() -> None:
    computing = {
        name: row for name, row in ALWAYS.rows.items() if name in ALWAYS.plain and isinstance(row, rows.Compute)
    }
    compares = {name for name, row in computing.items() if "rd" not in row.steps}
    assert compares == {"cmp", "cmn", "tst", "teq"}  # below
    assert computing.keys() - compares - {"adr"} <= {
        word.lower() for instruction, _ in TABLE for word in instruction.split()
    }


# ---------------------------------------------------------------- registers


@pytest.mark.parametrize(
    ("name", "canonical"),
    [("r0", "R0"), ("R12", "R12"), ("IP", "R12"), ("fp", "R11"), ("R13", "SP"), ("lr", "LR"), ("R15", "PC")],
)
def test_registers_have_one_name_in_states(name: str, canonical: str) -> None:
    assert architecture_named("ARM").canonical(name) == canonical


def test_symbolic_registers_stand_for_themselves_and_come_last() -> None:
    arm = architecture_named("ARM")
    assert arm.canonical("%x0") == "%x0"
    assert arm.canonical("%R0") == "%R0"
    assert arm.canonical("R16") is arm.canonical("X0") is None
    assert sorted(["%a", *reversed(REGISTERS)], key=arm.rank) == [*REGISTERS, "%a"]


# ---------------------------------------------------------------- flags and conditions

CONDITIONS = ["eq", "ne", "cs", "cc", "hs", "lo", "mi", "pl", "vs", "vc", "hi", "ls", "ge", "lt", "gt", "le", "al"]
WORD = st.integers(0, (1 << 32) - 1) | st.sampled_from([0, 1, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF])


def holding(n: bool, z: bool, c: bool, v: bool) -> set[str]:
    """The conditions that hold for these flags (DDI 0406C, table A8-1)."""
    table = {
        "eq": z, "ne": not z, "cs": c, "hs": c, "cc": not c, "lo": not c, "mi": n, "pl": not n, "vs": v, "vc": not v,
        "hi": c and not z, "ls": not c or z, "ge": n == v, "lt": n != v, "gt": not z and n == v, "le": z or n != v,
        "al": True,
    }  # fmt: skip
    return {name for name, holds in table.items() if holds}


def flags_of_sum(a: int, b: int, carry: int) -> tuple[bool, bool, bool, bool]:
    """AddWithCarry (DDI 0406C, A2.2.1) on 32 bits."""
    unsigned = a + b + carry
    signed = wrap(a, 32) + wrap(b, 32) + carry
    result = unsigned % (1 << 32)
    return result >> 31 == 1, result == 0, unsigned != result, signed != wrap(result, 32)


@given(WORD, WORD)
@settings(max_examples=60, deadline=None)
def test_compares_and_arithmetic_set_the_flags(a: int, b: int) -> None:
    inverse = (1 << 32) - 1 - b
    cases = {
        "CMP R0,R1": flags_of_sum(a, inverse, 1),
        "SUBS R2,R0,R1": flags_of_sum(a, inverse, 1),
        "RSBS R2,R1,R0": flags_of_sum(a, inverse, 1),
        "SUBS R0,R0,R1": flags_of_sum(a, inverse, 1),  # the target is an operand
        "CMN R0,R1": flags_of_sum(a, b, 0),
        "ADDS R2,R0,R1": flags_of_sum(a, b, 0),
        "ADDS R1,R0,R1": flags_of_sum(a, b, 0),
    }
    init = f"0:R0={a}; 0:R1={b};"
    for instruction, (n, z, c, v) in cases.items():
        found = {name for name in CONDITIONS if run("ARM", init, f"{instruction}\nMOV{name} R9,#1").register("R9") == 1}
        assert found == holding(n, z, c, v), instruction


@pytest.mark.parametrize(
    ("instruction", "negative", "zero"),
    [
        ("TST R1,R2", False, True),
        ("TST R3,R3", True, False),
        ("TEQ R1,R1", False, True),
        ("TEQ R1,R3", True, False),
        ("ANDS R0,R1,R2", False, True),
        ("ORRS R0,R3,#1", True, False),
        ("EORS R0,R1,R1", False, True),
        ("BICS R0,R3,R3", False, True),
        ("MOVS R0,R3", True, False),
        ("MOVS R0,#0", False, True),
        ("MVNS R0,R1", True, False),
        ("LSLS R0,R1,#31", True, False),
        ("MULS R0,R1,R2", False, False),
        ("MLAS R0,R1,R2,R3", True, False),
    ],
)
def test_logical_instructions_set_negative_and_zero_only(instruction: str, negative: bool, zero: bool) -> None:
    init = "0:R1=1; 0:R2=2; 0:R3=-4;"
    code = f"{instruction}\nMOVMI R5,#1\nMOVEQ R6,#1"
    final = run("ARM", init, code)
    assert (final.register("R5"), final.register("R6")) == (negative, zero)
    kept = run("ARM", init, f"CMP R1,#0\n{instruction}\nMOVVC R7,#1")  # the overflow flag is as it was
    assert kept.register("R7") == 1


def test_without_the_suffix_the_flags_stay() -> None:
    assert run("ARM", "", "CMP R0,#0\nADD R1,R1,#1\nMOVEQ R2,#1").register("R2") == 1


def test_unread_flags_are_not_computed() -> None:
    lines = lowered("ARM", "", "CMP R0,R1\nBEQ L\nL:").threads[0].lines
    assert [line.operation.register for line in lines if isinstance(line.operation, Set)] == [".z"]


@pytest.mark.parametrize("holds", [True, False])
@pytest.mark.parametrize(
    ("instruction", "changed"),
    [
        ("MOVEQ R9,#1", "R9"),
        ("ADDEQ R9,R9,#1", "R9"),
        ("SUBSEQ R9,R9,#1", "R9"),
        ("ANDEQ R9,R8,R8", "R9"),
        ("LDREQ R9,[R1]", "R9"),
        ("LDRBEQ R9,[R2]", "R9"),
        ("LDREQ R9,[R1],#4", "R1"),
        ("STREQ R8,[R1]", "x"),
        ("STRHEQ R8,[R3]", "h"),
        ("STREQ R8,[R1,R9]!", "x"),
        ("LDMIAEQ R1!,{R9}", "R1"),
        ("MVNEQ R9,#5", "R9"),
    ],
)
def test_a_conditional_instruction_does_all_or_nothing(instruction: str, changed: str, holds: bool) -> None:
    init = f"x=5; int8_t c=6; int16_t h=7; 0:R1=x; 0:R2=c; 0:R3=h; 0:R8=3; 0:R7={int(not holds)};"
    before = run("ARM", init, "CMP R7,#0")
    after = run("ARM", init, f"CMP R7,#0\n{instruction}")
    names = [f"R{n}" for n in range(13)]
    old = {name: before.registers.get(name, 0) for name in names} | {n: before.variable(n) for n in "xch"}
    new = {name: after.registers.get(name, 0) for name in names} | {n: after.variable(n) for n in "xch"}
    different = {name for name in old if old[name] != new[name]}
    assert (changed in different) == holds
    assert holds or not different


def test_a_conditional_flag_setter_keeps_the_flags_where_it_does_not_execute() -> None:
    code = "CMP R0,#1\nCMPNE R1,#5\nMOVEQ R2,#1"
    assert [run("ARM", f"0:R0={a}; 0:R1={b};", code).register("R2") for a, b in ((1, 0), (0, 5), (0, 0))] == [1, 1, 0]


# ---------------------------------------------------------------- branches


TAKEN = ("B L", "BAL L", "BNE L", "bne.n L", "BLS L", "BLT L", "CBZ R0,L", "CBNZ R1,L", "BX LR", "BX R3")


@pytest.mark.parametrize("branch", [*TAKEN, "BEQ L", "BHS L", "BGT L", "CBZ R1,L", "CBNZ R0,L"])
def test_branches(branch: str) -> None:
    final = run("ARM", "0:R1=1; 0:R3=P0:L;", f"CMP R0,R1\n{branch}\nMOV R2,#1\nL:")
    assert (final.register("R2") == 0) == (branch in TAKEN)


def test_a_loop_counts_down() -> None:
    assert run("ARM", "0:R0=3;", "L: ADD R1,R1,#2\nSUBS R0,R0,#1\nBNE L").register("R1") == 6


def test_a_conditional_instruction_is_one_and_branches_around_itself() -> None:
    thread = lowered("ARM", "0:R1=x;", "CMP R0,#0\nLDRNE R2,[R1]\nSTR R2,[R1]").threads[0]
    kinds = [type(line.operation) for line in thread.lines]
    assert kinds == [Set, Branch, Load, Store]
    assert [line.instruction for line in thread.lines] == [0, 1, 1, 2]
    branch = thread.lines[1].operation
    assert isinstance(branch, Branch)
    assert branch.target == branch.join
    assert thread.labels[branch.target] == 3


# ---------------------------------------------------------------- loads and stores

SIZED = [("", 4, wrap(0x9ABCDEF0, 32)), ("B", 1, 0xF0), ("H", 2, 0xDEF0)]
SIGNED = [("SB", 1, -16), ("SH", 2, wrap(0xDEF0, 16))]


@pytest.mark.parametrize(("letter", "size", "result"), [*SIZED, *SIGNED])
def test_loads_extend_to_32_bits(letter: str, size: int, result: int) -> None:
    init = f"int{8 * size}_t x={0x9ABCDEF0}; 0:R1=x;"
    assert run("ARM", init, f"LDR{letter} R0,[R1]").registers["R0"] == result
    if f"lda{letter.lower()}" in ALWAYS.rows:
        assert run("ARM", init, f"LDA{letter} R0,[R1]").registers["R0"] == result


@pytest.mark.parametrize(("letter", "size", "_result"), SIZED)
def test_stores_write_the_low_bytes(letter: str, size: int, _result: int) -> None:
    init = f"int{8 * size}_t x; 0:R1=x; 0:R0=0x9ABCDEF0;"
    for name in ("STR", "STL"):
        assert run("ARM", init, f"{name}{letter} R0,[R1]").variable("x") == wrap(0x9ABCDEF0, 8 * size)


CELLS = "int t[4]={10,11,12,13}; 0:R1=t; 0:R2=t[2]; 0:R3=1; 0:R4=-4; 0:R5=16;"


@pytest.mark.parametrize(
    ("operand", "value", "base", "cell"),
    [
        ("[R1]", 10, "R1", 0),
        ("[R1,#4]", 11, "R1", 0),
        ("[R2,#-4]", 11, "R2", 2),
        ("[R1,R3,LSL #2]", 11, "R1", 0),
        ("[R1, R3, lsl #3]", 12, "R1", 0),
        ("[R2,R4]", 11, "R2", 2),
        ("[R1,-R4]", 11, "R1", 0),
        ("[R1,R5,LSR #1]", 12, "R1", 0),
        ("[R2,R4,ASR #0x1f]", None, "R2", 2),
        ("[R2,-R3,LSL #2]", 11, "R2", 2),
        ("[R1,#8]!", 12, "R1", 2),
        ("[R2,R4]!", 11, "R2", 1),
        ("[R1],#4", 10, "R1", 1),
        ("[R2],#-8", 12, "R2", 0),
        ("[R1],-R4", 10, "R1", 1),
        ("[R1],R3,LSL #3", 10, "R1", 2),
    ],
)
def test_addresses_and_write_back(operand: str, value: int | None, base: str, cell: int) -> None:
    if value is None:
        with pytest.raises(AssertionError):  # t[2] - 1 is no cell
            run("ARM", CELLS, f"LDR R0,{operand}")
        return
    final = run("ARM", CELLS, f"LDR R0,{operand}")
    assert (final.register("R0"), final.register(base)) == (value, Address("t", 4 * cell))
    stored = run("ARM", CELLS + "0:R0=99;", f"STR R0,{operand}")
    assert stored.variable("t", value - 10) == 99
    assert stored.register(base) == Address("t", 4 * cell)


def test_a_constant_may_be_a_variables_address() -> None:
    assert run("ARM", "x=3;", "LDR R1,=x\nLDR R0,[R1]").register("R0") == 3


WORDS = "int t[8]={10,11,12,13,14,15,16,17}; 0:R0=t[4];"


@pytest.mark.parametrize(
    ("mode", "first", "updated"),
    [("IA", 4, 7), ("IB", 5, 7), ("DA", 2, 1), ("DB", 1, 1), ("", 4, 7)],
)
def test_multiple_loads_and_stores(mode: str, first: int, updated: int) -> None:
    load = run("ARM", WORDS, f"LDM{mode} R0!,{{R5,R2-R3}}")
    assert [load.register(r) for r in ("R2", "R3", "R5")] == [10 + first, 11 + first, 12 + first]
    assert load.register("R0") == Address("t", 4 * updated)
    store = run("ARM", WORDS + "0:R2=92; 0:R3=93; 0:R5=95;", f"STM{mode} R0,{{R2,R3,R5}}")
    assert [store.variable("t", first + n) for n in range(3)] == [92, 93, 95]
    assert store.register("R0") == Address("t", 16)


@pytest.mark.parametrize(
    ("stack", "load", "store"),
    [("FD", "IA", "DB"), ("ED", "IB", "DA"), ("FA", "DA", "IB"), ("EA", "DB", "IA")],
)
def test_the_names_of_stacks_are_modes(stack: str, load: str, store: str) -> None:
    assert ALWAYS.rows[f"ldm{stack.lower()}"] == ALWAYS.rows[f"ldm{load.lower()}"]
    assert ALWAYS.rows[f"stm{stack.lower()}"] == ALWAYS.rows[f"stm{store.lower()}"]


def test_a_multiple_load_may_overwrite_its_base() -> None:
    final = run("ARM", WORDS, "LDM R0,{R0,R1,R2}")
    assert [final.register(f"R{n}") for n in range(3)] == [14, 15, 16]


def test_doubles_are_two_words() -> None:
    assert [run("ARM", WORDS, "LDRD R2,R3,[R0]").register(r) for r in ("R2", "R3")] == [14, 15]
    assert [run("ARM", WORDS, "LDRD R2,[R0,#-8]").register(r) for r in ("R2", "R3")] == [12, 13]
    assert [run("ARM", WORDS, "LDRD R0,R1,[R0]").register(r) for r in ("R0", "R1")] == [14, 15]
    final = run("ARM", WORDS + "0:R2=92; 0:R3=93;", "STRD R2,R3,[R0,#8]!")
    assert [final.variable("t", n) for n in (6, 7)] == [92, 93]
    assert final.register("R0") == Address("t", 24)


@pytest.mark.parametrize("code", ["MOV R0,#1", "LDR R0,[R1]", "STR R0,[R1]", "EOR R0,R2,R2", "LDR R0,[R2,R1]"])
def test_a_common_instruction_is_one_operation(code: str) -> None:
    assert len(lowered("ARM", "0:R1=x;", code).threads[0].lines) == 1


@pytest.mark.parametrize(
    "code", ["EOR R0,R2,R2", "AND R0,R2,#0", "SUB R0,R2,R2", "LSL R0,R2,R2", "BIC R0,R2,R2", "MOV R0,R2,LSR #32"]
)
def test_false_dependencies_are_kept(code: str) -> None:
    (line,) = lowered("ARM", "", code).threads[0].lines
    assert isinstance(line.operation, Set)
    assert "R2" in str(line.operation.value)


def test_an_address_depends_on_a_register_all_of_whose_bits_are_shifted_out() -> None:
    (line,) = lowered("ARM", "0:R1=x;", "LDR R0,[R1,R2,LSR #32]").threads[0].lines
    assert isinstance(line.operation, Load)
    assert "R2" in str(line.operation.address)


# ---------------------------------------------------------------- exclusives and barriers


@pytest.mark.parametrize(("letter", "size", "_result"), SIZED)
@pytest.mark.parametrize(("load", "store"), [("LDREX", "STREX"), ("LDAEX", "STLEX")])
def test_store_exclusive_writes_0_for_success_and_1_for_failure(
    letter: str, size: int, _result: int, load: str, store: str
) -> None:
    code = f"{load}{letter} R0,[R1]\nADD R0,R0,#1\n{store}{letter} R2,R0,[R1]"
    init = f"int{8 * size}_t x=4; 0:R1=x; 0:R2=9;"
    stored, failed = run("ARM", init, code), run("ARM", init, code, succeed=False)
    assert (stored.variable("x"), stored.register("R2")) == (5, 0)
    assert (failed.variable("x"), failed.register("R2")) == (4, 1)


def test_accesses_are_in_their_cat_sets() -> None:
    code = "LDR R0,[R1]\nSTR R0,[R1]\nLDA R0,[R1]\nSTL R0,[R1]\nLDREX R0,[R1]\nSTREX R2,R0,[R1]\nLDAEX R0,[R1]\n"
    operations = [line.operation for line in lowered("ARM", "0:R1=x;", code + "STLEX R2,R0,[R1]").threads[0].lines]
    tags = [o.tags for o in operations if isinstance(o, Load | Store | StoreConditional)]
    assert tags == [set(), set(), {"A"}, {"L"}, {"EX"}, {"EX"}, {"EX", "A"}, {"EX", "L"}]
    assert [o.reserve for o in operations if isinstance(o, Load)] == [False, False, True, True]
    assert {o.carries for o in operations if isinstance(o, StoreConditional)} == {"operands"}
    assert {"A", "L", "EX", "X"} <= architecture_named("ARM").tags
    found = list(ALWAYS.rows.values())
    assert sum(isinstance(row, rows.Load) and row.reserve for row in found) == 6
    assert sum(isinstance(row, StoreExclusive) for row in found) == 6
    assert sum(isinstance(row, StoreRow) for row in found) == 9


@pytest.mark.parametrize(
    ("instruction", "tags"),
    [
        ("DMB", {"DMB"}),
        ("DMB SY", {"DMB"}),
        ("dmb ish", {"DMB", "DMB.ISH"}),
        ("DMB OSH", {"DMB"}),
        ("DMB NSH", set()),  # orders nothing that another thread could see
        ("DMB ST", {"DMB.ST"}),
        ("DMB ISHST", {"DMB.ST"}),
        ("DSB", {"DSB"}),
        ("DSB ISH", {"DSB", "DSB.ISH"}),
        ("DSB ST", {"DSB.ST"}),
        ("ISB", {"ISB"}),
        ("ISB SY", {"ISB"}),
    ],
)
def test_barriers_are_in_their_cat_sets(instruction: str, tags: set[str]) -> None:
    (line,) = lowered("ARM", "", instruction).threads[0].lines
    assert line.operation == Fence(frozenset(tags))
    assert tags <= architecture_named("ARM").tags


@pytest.mark.parametrize("barrier", ["dmb", "dsb"])
def test_a_barrier_knows_what_every_option_makes_of_it(barrier: str) -> None:
    row = ALWAYS.rows[barrier]
    assert isinstance(row, rows.Fence)
    assert set(row.kinds) == {(kind,) for kind in OPTIONS.values()}


# ---------------------------------------------------------------- forms


def test_every_instruction_is_there_with_every_condition_and_width() -> None:
    forms = {
        name + suffix + width for name in ALWAYS.rows for suffix in ["", *CONDITIONS] for width in ["", ".w", ".n"]
    }
    assert set(MNEMONICS.rows) == forms
    assert len(MNEMONICS.rows) == len(forms)


@pytest.mark.parametrize("suffix", CONDITIONS)
def test_a_form_with_a_condition_has_the_row_of_the_instruction(suffix: str) -> None:
    found = MNEMONICS.rows[f"ldr{suffix}"]
    plain = ALWAYS.rows["ldr"]
    assert found == plain if suffix == "al" else isinstance(found, Conditional) and found.row == plain
    assert found.sets() == plain.sets()
