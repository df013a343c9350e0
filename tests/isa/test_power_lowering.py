"""POWER instructions, executed by a sequential machine and compared with what the Power ISA says."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sequential import lowered, run

from litmus.isa import rows
from litmus.isa.power.table import MNEMONICS
from litmus.program.code import Fence, Line, Load, Set, Store, StoreConditional
from litmus.program.values import Address, wrap

# r3 after the instruction, with r4 = 7, r5 = -3, r6 = 0x1_8000_0001, r3 = 0x1234_5678_9ABC_DEF0
TABLE = [
    ("li r3,-5", -5),
    ("lis r3,1", 65536),
    ("lis r3,0x8000", -(1 << 31)),
    ("addi r3,r4,-2", 5),
    ("addi r3,r0,9", 9),  # r0 stands for 0
    ("subi r3,r4,2", 5),
    ("addis r3,r4,1", 65543),
    ("addis r3,r0,2", 131072),
    ("subis r3,r4,1", -65529),
    ("add r3,r4,r5", 4),
    ("sub r3,r4,r5", 10),
    ("subf r3,r4,r5", -10),
    ("neg r3,r4", -7),
    ("mulli r3,r4,-3", -21),
    ("mullw r3,r6,r4", wrap(0x80000001, 32) * 7),
    ("mulld r3,r6,r4", 0x180000001 * 7),
    ("divw r3,r4,r5", -2),
    ("divd r3,r6,r4", 0x180000001 // 7),
    ("mulhw r3,r6,r4", -4),  # -(2^31 - 1) * 7 is -3.5 * 2^32
    ("mulhwu r3,r6,r4", 3),
    ("mulhd r3,r5,r4", -1),
    ("mulhdu r3,r5,r4", 6),  # (2^64 - 3) * 7 is 7 * 2^64 - 21
    ("divwu r3,r5,r4", 0xFFFFFFFD // 7),
    ("divdu r3,r6,r4", 0x180000001 // 7),
    ("modsw r3,r5,r4", -3),
    ("moduw r3,r5,r4", 1),  # 2^32 is 4 modulo 7
    ("mr r3,r5", -3),
    ("not r3,r4", -8),
    ("and r3,r4,r5", 5),
    ("or r3,r4,r5", -1),
    ("xor r3,r4,r5", -6),
    ("nand r3,r4,r5", -6),
    ("nor r3,r4,r5", 0),
    ("eqv r3,r4,r5", 5),
    ("andc r3,r4,r5", 2),
    ("orc r3,r4,r5", 7),
    ("andi. r3,r5,0xffff", 0xFFFD),
    ("andis. r3,r5,0xffff", 0xFFFF0000),
    ("ori r3,r4,0x8000", 0x8007),
    ("oris r3,r4,0x8000", 0x80000007),
    ("xori r3,r4,0xffff", 0xFFF8),
    ("xoris r3,r4,1", 0x10007),
    ("extsb r3,r3", -16),
    ("extsh r3,r3", wrap(0xDEF0, 16)),
    ("extsw r3,r3", wrap(0x9ABCDEF0, 32)),
    ("cntlzw r3,r4", 29),
    ("cntlzd r3,r4", 61),
    ("cnttzw r3,r8", 5),
    ("popcntw r3,r3", 19),
    ("popcntd r3,r5", 63),
    ("slw r3,r3,r4", 0x9ABCDEF0 << 7 & 0xFFFFFFFF),
    ("slw r3,r3,r8", 0),  # a count of 32
    ("srw r3,r3,r4", 0x9ABCDEF0 >> 7),
    ("srw r3,r3,r8", 0),
    ("sraw r3,r3,r4", wrap(0x9ABCDEF0, 32) >> 7),
    ("sraw r3,r3,r8", -1),
    ("srawi r3,r3,4", wrap(0x9ABCDEF0, 32) >> 4),
    ("sld r3,r3,r4", wrap(0x123456789ABCDEF0 << 7)),
    ("sld r3,r3,r9", 0),  # a count of 64
    ("srd r3,r3,r4", 0x123456789ABCDEF0 >> 7),
    ("srd r3,r5,r9", 0),
    ("srad r3,r5,r4", -1),
    ("srad r3,r5,r9", -1),
    ("sradi r3,r5,1", -2),
    ("slwi r3,r3,4", 0xABCDEF00),
    ("srwi r3,r3,4", 0x09ABCDEF),
    ("clrlwi r3,r3,24", 0xF0),
    ("sldi r3,r3,4", 0x23456789ABCDEF00),
    ("srdi r3,r3,4", 0x0123456789ABCDEF),
    ("srdi r3,r3,0", 0x123456789ABCDEF0),
    ("clrldi r3,r3,32", 0x9ABCDEF0),
    ("clrldi r3,r5,0", -3),
    ("rotlwi r3,r3,8", 0xBCDEF09A),
    ("rotlwi r3,r3,0", 0x9ABCDEF0),
    ("rotldi r3,r3,8", 0x3456789ABCDEF012),
    ("rldicl r3,r3,8,48", 0xF012),
    ("rldicr r3,r3,8,15", 0x3456 << 48),
    ("isellt r3,r4,r5", -3),  # no bit of cr0 is set
    ("iselgt r3,r4,r5", -3),
    ("iseleq r3,r4,r5", -3),
    ("rlwinm r3,r3,0,24,31", 0xF0),
    ("rlwinm r3,r3,8,24,31", 0x9A),
    ("rlwinm r3,r3,0,28,3", wrap(0x9ABCDEF0_90000000)),  # the mask wraps: bits 0..35 and 60..63
    ("rlwimi r3,r4,8,16,23", 0x123456789ABC07F0),
    ("rlwimi r3,r5,4,30,31", 0x123456789ABCDEF3),
]


@pytest.mark.parametrize(("instruction", "result"), TABLE)
def test_r3_holds_what_the_isa_says_after(instruction: str, result: int) -> None:
    typed = " ".join(f"int64_t 0:r{n}={v};" for n, v in ((3, 0x123456789ABCDEF0), (4, 7), (5, -3), (6, 0x180000001)))
    final = run("PPC", f"{typed} 0:r8=32; 0:r9=64;", instruction)
    assert final.register("r3") == wrap(result)


# The rows with a target, without the forms with a dot: their operands by mnemonic
COMPUTING = {
    name: row.operands.split(", ")
    for name, row in MNEMONICS.rows.items()
    if isinstance(row, rows.Compute) and "rd" in row.steps and (name[-1] != "." or name[:-1] not in MNEMONICS.rows)
}


def test_every_computing_row_is_in_the_table_of_this_test() -> None:
    tested = {instruction.split()[0] for instruction, _ in TABLE} | {"la", "mflr", "mfctr"}
    assert set(COMPUTING) <= tested


def test_la_computes_an_address() -> None:
    assert run("PPC", "int t[2]; 0:r4=t;", "la r3,4(r4)").register("r3") == Address("t", 4)


@pytest.mark.parametrize(
    ("instruction", "size", "result"),
    [
        ("lbz", 1, 0xF0),
        ("lhz", 2, 0xDEF0),
        ("lha", 2, wrap(0xDEF0, 16)),
        ("lwz", 4, 0x9ABCDEF0),
        ("lwa", 4, wrap(0x9ABCDEF0, 32)),
        ("ld", 8, 0x123456789ABCDEF0),
    ],
)
def test_loads_extend_to_64_bits_in_both_addressing_forms(instruction: str, size: int, result: int) -> None:
    init = f"int{8 * size}_t x=0x123456789ABCDEF0; 0:r4=x; int64_t 0:r3;"
    loads = {name for name, row in MNEMONICS.rows.items() if isinstance(row, rows.Load) and row.operands == "rd, d(ra)"}
    assert loads == {"lbz", "lhz", "lha", "lwz", "lwa", "ld"}
    assert run("PPC", init, f"{instruction} r3,0(r4)").register("r3") == result
    assert run("PPC", init, f"{instruction} r3,0,r4").register("r3") == result
    assert run("PPC", init, f"{instruction}x r3,r5,r4").register("r3") == result
    assert run("PPC", init + "0:r0=99;", f"{instruction}x r3,r0,r4").register("r3") == result  # r0 is the number 0


@pytest.mark.parametrize(("instruction", "size"), [("stb", 1), ("sth", 2), ("stw", 4), ("std", 8)])
def test_stores_write_the_low_bytes(instruction: str, size: int) -> None:
    init = f"int{8 * size}_t t[2]; 0:r4=t; 0:r3=0x123456789ABCDEF0; 0:r5={size};"
    expected = wrap(0x123456789ABCDEF0, 8 * size)
    assert run("PPC", init, f"{instruction} r3,{size}(r4)").variable("t", 1) == expected
    assert run("PPC", init, f"{instruction}x r3,r5,r4").variable("t", 1) == expected


def test_an_untyped_word_load_is_one_operation() -> None:
    (line,) = lowered("PPC", "0:r2=x;", "lwz r1,0(r2)").threads[0].lines
    assert isinstance(line.operation, Load)


@pytest.mark.parametrize(
    "code",
    ["lwz r1,0(r2)\nstd r1,0(r4)", "lwz r1,0(r2)\ncmpd r1,r5", "lwz r1,0(r2)\nadd r1,r1,r1\nlwzx r3,r1,r2"],
)
def test_a_word_load_is_zero_extended_where_a_64_bit_use_could_tell(code: str) -> None:
    first, second, *_ = lowered("PPC", "0:r2=x; 0:r4=y;", code).threads[0].lines
    assert isinstance(first.operation, Load)
    assert isinstance(second.operation, Set)


# ---------------------------------------------------------------- compares and branches


def taken(compare: str, branch: str, r3: int, r4: int) -> bool:
    """Whether a branch behind a comparison is taken."""
    code = f"{compare}\n{branch} L\nli r9,1\nL:"
    return run("PPC", f"int64_t 0:r3={r3}; int64_t 0:r4={r4};", code).register("r9") == 0


@given(st.integers(-(1 << 63), (1 << 63) - 1), st.integers(-(1 << 63), (1 << 63) - 1))
@settings(max_examples=60, deadline=None)
def test_branches_agree_with_the_comparison_of_32_and_64_bits(a: int, b: int) -> None:
    for compare, left, right in (
        ("cmpd r3,r4", a, b),
        ("cmpld r3,r4", a % (1 << 64), b % (1 << 64)),
        ("cmpw r3,r4", wrap(a, 32), wrap(b, 32)),
        ("cmplw r3,r4", a % (1 << 32), b % (1 << 32)),
    ):
        assert taken(compare, "blt", a, b) == (left < right)
        assert taken(compare, "bge", a, b) == (left >= right)
        assert taken(compare, "bgt", a, b) == (left > right)
        assert taken(compare, "ble", a, b) == (left <= right)
        assert taken(compare, "beq", a, b) == (left == right)
        assert taken(compare, "bne", a, b) == (left != right)


@pytest.mark.parametrize(
    ("compare", "branch", "expected"),
    [
        ("cmpwi r3,-1", "beq", True),
        ("cmplwi r3,0xffff", "bgt", True),
        ("cmpdi r3,-1", "beq", True),
        ("cmpldi r3,1", "bgt", True),
        ("cmpwi cr7,r3,-1", "beq cr7,", True),
        ("cmpwi cr7,r3,-1", "beq", False),  # cr0 was not set
        ("cmpw cr1,r3,r4", "bnl cr1,", False),
        ("cmpw cr1,r3,r4", "bng- cr1,", True),
    ],
)
def test_immediate_compares_and_condition_fields(compare: str, branch: str, expected: bool) -> None:
    code = f"{compare}\n{branch} L\nli r9,1\nL:"
    assert (run("PPC", "0:r3=-1; 0:r4=5;", code).register("r9") == 0) == expected


def test_record_forms_compare_the_result_with_zero() -> None:
    assert run("PPC", "0:r4=5;", "sub. r3,r4,r4\nbeq L\nli r9,1\nL:").register("r9") == 0
    assert run("PPC", "0:r4=5;", "neg. r3,r4\nblt L\nli r9,1\nL:").register("r9") == 0
    assert run("PPC", "0:r4=5;", "andi. r3,r4,2\nbgt L\nli r9,1\nL:").register("r9") == 1
    # 64 bits are compared: the zero-extended word is positive
    assert run("PPC", "x=-1; 0:r4=x;", "lwz r3,0(r4)\nmr. r5,r3\nbgt L\nli r9,1\nL:").register("r9") == 0


@pytest.mark.parametrize(
    ("instruction", "cell", "base"),
    [("{} r3,4(r4)", 1, 1), ("{} r3,-4(r4)", -1, -1), ("{} r3,4,r4", 1, 1), ("{}x r3,r4,r5", 2, 2)],
)
def test_update_forms_leave_the_address_in_the_base(instruction: str, cell: int, base: int) -> None:
    init = "int t[4]={10,11,12,13}; 0:r4=t[1]; 0:r5=8; 0:r3=7;"
    loaded = run("PPC", init, instruction.format("lwzu"))
    assert (loaded.register("r3"), loaded.register("r4")) == (11 + cell, Address("t", 4 + 4 * base))
    stored = run("PPC", init, instruction.format("stwu"))
    assert (stored.variable("t", 1 + cell), stored.register("r4")) == (7, Address("t", 4 + 4 * base))


def test_the_integer_select_takes_one_source_by_a_bit_of_cr0() -> None:
    for compared, expected in ((6, "isellt"), (5, "iseleq"), (4, "iselgt")):
        for name in ("isellt", "iseleq", "iselgt"):
            final = run("PPC", f"0:r1=5; 0:r2={compared}; 0:r4=8; 0:r5=9;", f"cmpw r1,r2\n{name} r3,r4,r5")
            assert final.register("r3") == (8 if name == expected else 9)
    assert run("PPC", "0:r0=3; 0:r5=9;", "cmpw r1,r1\niseleq r3,r0,r5").register("r3") == 0  # r0 stands for 0


def test_the_levels_of_sync_are_the_barriers() -> None:
    barriers = [line.operation for line in lowered("PPC", "", "sync\nsync 0\nsync 1").threads[0].lines]
    assert barriers == [Fence(frozenset({name})) for name in ("SYNC", "SYNC", "LWSYNC")]


def test_the_first_register_of_an_index_may_be_written_as_0() -> None:
    assert run("PPC", "x=5; 0:r4=x; 0:r0=8;", "lwarx r3,0,r4").register("r3") == 5


def test_a_branch_counts_the_count_register_down() -> None:
    code = "mtctr r3\nL: addi r4,r4,2\nbdnz L\nmfctr r5"
    final = run("PPC", "0:r3=3;", code)
    assert (final.register("r4"), final.register("r5")) == (6, 0)


def test_a_loop_counts_down() -> None:
    final = run("PPC", "0:r3=3;", "L:\naddi r4,r4,2\nsubi r3,r3,1\ncmpwi r3,0\nbne L\nblr\nli r4,99")
    assert final.register("r4") == 6


def test_unread_condition_bits_are_not_computed() -> None:
    lines = lowered("PPC", "", "cmpw r1,r2\nbeq L\nL:").threads[0].lines
    assert [line.operation.register for line in lines if isinstance(line.operation, Set)] == [".cr0.eq"]


# ---------------------------------------------------------------- load-reserve and store-conditional


@pytest.mark.parametrize("letter", ["b", "h", "w", "d"])
def test_reservations_are_atomic_accesses_of_their_size(letter: str) -> None:
    size = {"b": 1, "h": 2, "w": 4, "d": 8}[letter]
    program = lowered("PPC", "0:r2=x;", f"l{letter}arx r1,r0,r2\nst{letter}cx. r1,r0,r2")
    operations = [line.operation for line in program.threads[0].lines if not isinstance(line.operation, Set)]
    load, store = operations
    assert isinstance(load, Load)
    assert load.reserve
    assert isinstance(store, StoreConditional)
    assert (load.size, load.tags, store.size, store.tags) == (size, {"X", "EX"}, size, {"X", "EX"})
    assert store.carries == "operands"
    assert program.variables["x"].size == size


def test_store_conditional_tells_success_in_the_equal_bit() -> None:
    code = "lwarx r1,r0,r2\naddi r1,r1,1\nstwcx. r1,r0,r2\n"
    code += "bne L\nli r9,1\nL:\nbeq M\nli r10,1\nM:\nblt N\nbgt N\nli r11,1\nN:"
    stored = run("PPC", "0:r2=x; x=4;", code)
    assert (stored.variable("x"), stored.register("r9"), stored.register("r10")) == (5, 1, 0)
    failed = run("PPC", "0:r2=x; x=4;", code, succeed=False)
    assert (failed.variable("x"), failed.register("r9"), failed.register("r10")) == (4, 0, 1)
    assert stored.register("r11") == failed.register("r11") == 1


@pytest.mark.parametrize(
    ("instruction", "tag"),
    [
        ("sync", "SYNC"),
        ("hwsync", "SYNC"),
        ("msync", "SYNC"),
        ("lwsync", "LWSYNC"),
        ("eieio", "EIEIO"),
        ("isync", "ISYNC"),
    ],
)
def test_fences_are_in_their_cat_set(instruction: str, tag: str) -> None:
    (line,) = lowered("PPC", "", instruction).threads[0].lines
    assert line.operation == Fence(frozenset({tag}))


def test_instructions_are_numbered_and_placed() -> None:
    program = lowered("PPC", "0:r2=x; int64_t 0:r1;", "li r3,1\nlwz r1,0(r2)\nnop\nL: stw r3,0(r2)")
    lines: tuple[Line, ...] = program.threads[0].lines
    assert [line.instruction for line in lines] == [0, 1, 1, 3]
    assert [line.span.text for line in lines] == ["li r3,1", "lwz r1,0(r2)", "lwz r1,0(r2)", "stw r3,0(r2)"]
    assert program.threads[0].labels["L"] == 3


def test_false_dependencies_are_kept_as_written() -> None:
    *_, line = lowered("PPC", "0:r2=x;", "lwz r1,0(r2)\nxor r3,r1,r1").threads[0].lines
    assert isinstance(line.operation, Set)
    assert str(line.operation.value).count("r1") == 2


# ---------------------------------------------------------------- sign-extended words cannot be told

REGISTER = st.integers(3, 7).map(lambda n: f"r{n}")
SMALL = st.integers(-4, 4)


NUMBERS = {
    "si": SMALL,
    "hi": SMALL,
    "ui": st.integers(0, 0xFFFF),
    **dict.fromkeys(("sh", "mb", "me"), st.integers(0, 31)),
    **dict.fromkeys(("sh6", "mb6"), st.integers(0, 63)),
}
DOTTED = sorted(name for name in MNEMONICS.rows if name[-1] == "." and name[:-1] in COMPUTING)


@st.composite
def instructions(draw: st.DrawFn) -> str:
    others = ["lwz", "stw", "lha", "lbz", "sth", "cmpw", "cmplw", "cmpd"]
    name = draw(st.sampled_from([*sorted(COMPUTING), *others]) | st.sampled_from(DOTTED))
    a, b, c = draw(REGISTER), draw(REGISTER), draw(REGISTER)
    if name in ("lwz", "stw"):
        return f"{name} {a},0(r10)"
    if name in ("lha", "sth"):
        return f"{name} {a},0(r11)"
    if name == "lbz":
        return f"{name} {a},0(r12)"
    if name.startswith("cmp"):
        return f"{name} {a},{b}\nb{draw(st.sampled_from(['eq', 'lt', 'gt']))} L{{n}}\naddi {c},{c},1\nL{{n}}:"
    if name.startswith(("la", "div", "mod")):
        return "nop"
    operands = [draw(NUMBERS.get(operand, REGISTER)) for operand in COMPUTING.get(name) or COMPUTING[name[:-1]]]
    return f"{name} {','.join(map(str, operands))}"


@given(
    st.lists(instructions(), min_size=1, max_size=8),
    st.lists(st.integers(-(1 << 63), (1 << 63) - 1), min_size=8, max_size=8),
)
@settings(max_examples=300, deadline=None)
def test_keeping_words_sign_extended_cannot_be_told_in_32_bits(program: list[str], values: list[int]) -> None:
    code = "\n".join(line.replace("{n}", str(n)) for n, line in enumerate(program))
    init = f"int32_t x={values[5]}; int16_t h={values[6]}; int8_t c={values[7]}; 0:r10=x; 0:r11=h; 0:r12=c; "
    some = run("PPC", init + " ".join(f"0:r{n}={v};" for n, v in enumerate(values[:5], 3)), code)
    exact = run("PPC", init + " ".join(f"int64_t 0:r{n}={v};" for n, v in enumerate(values[:5], 3)), code)
    for n in range(3, 8):
        assert some.register(f"r{n}", 32) == exact.register(f"r{n}", 32)
    assert some.memory == exact.memory


@pytest.mark.parametrize("name", sorted(set(COMPUTING) - {"la", "mflr", "mfctr"}))
@pytest.mark.parametrize("count", [4, 36, 70])
def test_no_row_can_tell_a_loaded_word_in_32_bits(name: str, count: int) -> None:
    number = {"si": 3, "hi": 3, "ui": 3, "sh": count % 32, "sh6": count % 64, "mb6": 40, "mb": 4, "me": 30}
    given = {"rd": "r3", "ra": "r4", "ra0": "r4", "rb": "r5"} | {name: str(value) for name, value in number.items()}
    operands = ",".join(given[operand] for operand in COMPUTING[name])
    code = f"lwz r4,0(r10)\n{name} {operands}\nmr r6,r3"
    init = f"x=-2; 0:r10=x; 0:r5={count};"
    some, exact = run("PPC", init, code), run("PPC", init + "int64_t 0:r4; int64_t 0:r3;", code)
    assert some.register("r6", 32) == exact.register("r6", 32)


def test_a_store_is_one_operation_with_the_size_of_the_instruction() -> None:
    (line,) = lowered("PPC", "0:r2=x; 0:r1=1;", "std r1,0(r2)").threads[0].lines
    assert line.operation == Store(line.operation.address, line.operation.value, 8)  # type: ignore[union-attr]
