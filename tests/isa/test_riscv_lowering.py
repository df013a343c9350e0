"""RISC-V instructions, executed by a sequential machine and compared with what the manual says."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sequential import lowered, run

from litmus.diagnostics import InputError
from litmus.isa import architecture_named, rows
from litmus.isa.riscv.operands import ABI_NAMES, ACCESSES, REGISTERS
from litmus.isa.riscv.table import MNEMONICS
from litmus.program.code import Branch, Fence, Load, Set, Store, StoreConditional
from litmus.program.values import Address, wrap

OLD = 0x123456789ABCDEF0
LOADS = {name for name, row in MNEMONICS.rows.items() if isinstance(row, rows.Load) and "." not in name}
STORES = {"sb": 1, "sh": 2, "sw": 4, "sd": 8}
RESERVE = {"lr.w": 4, "lr.d": 8}
CONDITIONAL = {"sc.w": 4, "sc.d": 8}
AMOS = tuple(f"amo{operation}" for operation in ("swap", "add", "and", "or", "xor", "min", "max", "minu", "maxu"))
WIDTHS = "bhwd"
# x10 after the instruction, with x11 = 7, x12 = -3, x13 = 0x1_8000_0001, x14 = 36, x10 = OLD
TABLE = [
    ("addi x10,x11,-2", 5),
    ("addi x10,x0,9", 9),  # x0 is 0
    ("slti x10,x12,-2", 1),
    ("slti x10,x11,7", 0),
    ("sltiu x10,x12,5", 0),  # -3 is a large unsigned number
    ("sltiu x10,x11,-1", 1),
    ("andi x10,x12,0x7f", 125),
    ("ori x10,x11,8", 15),
    ("ori x10,x0,1", 1),
    ("xori x10,x11,-1", -8),
    ("slli x10,x11,60", wrap(7 << 60)),
    ("srli x10,x12,60", 15),
    ("srai x10,x12,1", -2),
    ("lui x10,1", 4096),
    ("lui x10,0x80000", -(1 << 31)),
    ("lui x10,-1", -4096),
    ("add x10,x11,x12", 4),
    ("sub x10,x11,x12", 10),
    ("slt x10,x12,x11", 1),
    ("sltu x10,x12,x11", 0),
    ("and x10,x11,x12", 5),
    ("or x10,x11,x12", -1),
    ("xor x10,x11,x12", -6),
    ("sll x10,x11,x14", 7 << 36),
    ("srl x10,x12,x14", 0xFFFFFFF),
    ("sra x10,x12,x14", -1),
    ("addiw x10,x13,-2", 0x7FFFFFFF),
    ("slliw x10,x11,29", wrap(7 << 29, 32)),
    ("srliw x10,x13,1", 0x40000000),
    ("srliw x10,x12,0", -3),
    ("sraiw x10,x13,31", -1),
    ("addw x10,x13,x11", wrap(0x80000008, 32)),
    ("subw x10,x11,x13", wrap(7 - 0x80000001, 32)),
    ("sllw x10,x11,x14", 7 << 4),  # a count of 36 is 4 of 32 bits
    ("srlw x10,x13,x14", 0x08000000),
    ("sraw x10,x13,x14", wrap(0x80000001, 32) >> 4),
    ("mul x10,x13,x11", 0x180000001 * 7),
    ("mulw x10,x13,x11", wrap(0x80000001 * 7, 32)),
    ("mulh x10,x12,x11", -1),
    ("mulhu x10,x12,x11", 6),  # (2^64 - 3) * 7 is 7 * 2^64 - 21
    ("mulhsu x10,x12,x11", -1),
    ("mulhsu x10,x11,x12", 6),
    ("div x10,x13,x12", -2147483648),  # towards 0
    ("div x10,x11,x0", -1),
    ("divu x10,x12,x11", (2**64 - 3) // 7),
    ("rem x10,x12,x11", -3),
    ("rem x10,x11,x0", 7),
    ("remu x10,x12,x11", 6),  # 2^64 is 2 modulo 7
    ("divw x10,x13,x11", -306783378),  # -(2^31 - 1) / 7
    ("divuw x10,x13,x11", 306783378),  # (2^31 + 1) / 7
    ("divuw x10,x11,x0", -1),
    ("remw x10,x13,x11", -1),
    ("remuw x10,x13,x11", 3),
    ("remuw x10,x13,x0", wrap(0x80000001, 32)),
    ("add.uw x10,x12,x11", 0x100000004),
    ("slli.uw x10,x12,4", 0xFFFFFFFD0),
    ("sh1add x10,x11,x12", 11),
    ("sh2add x10,x11,x12", 25),
    ("sh3add x10,x11,x12", 53),
    ("sh1add.uw x10,x12,x11", 0x1FFFFFFFA + 7),
    ("sh2add.uw x10,x12,x11", 0x3FFFFFFF4 + 7),
    ("sh3add.uw x10,x12,x11", 0x7FFFFFFE8 + 7),
    ("clz x10,x11", 61),
    ("clzw x10,x11", 29),
    ("ctz x10,x14", 2),
    ("ctzw x10,x0", 32),
    ("cpop x10,x12", 63),
    ("cpopw x10,x12", 31),
    ("max x10,x11,x12", 7),
    ("maxu x10,x11,x12", -3),
    ("min x10,x11,x12", -3),
    ("minu x10,x11,x12", 7),
    ("rol x10,x10,x14", wrap(0xABCDEF0123456789)),  # 36 bits are 9 digits
    ("rol x10,x10,x0", OLD),
    ("ror x10,x10,x14", wrap(0x89ABCDEF01234567)),
    ("rori x10,x10,8", wrap(0xF0123456789ABCDE)),
    ("bclr x10,x12,x14", -3 - (1 << 36)),
    ("bclri x10,x11,1", 5),
    ("bext x10,x12,x14", 1),
    ("bexti x10,x12,1", 0),
    ("binv x10,x11,x14", 7 + (1 << 36)),
    ("binvi x10,x11,0", 6),
    ("bset x10,x11,x14", 7 + (1 << 36)),
    ("bseti x10,x11,3", 15),
    ("czero.eqz x10,x11,x0", 0),
    ("czero.eqz x10,x11,x12", 7),
    ("czero.nez x10,x11,x0", 7),
    ("czero.nez x10,x11,x12", 0),
    ("move x10,x12", -3),
    ("pause", OLD),
    ("prefetch.r 32(x11)", OLD),
    ("andn x10,x11,x12", 2),
    ("orn x10,x11,x12", 7),
    ("xnor x10,x11,x12", 5),
    ("sext.b x10,x10", -16),
    ("sext.h x10,x10", wrap(0xDEF0, 16)),
    ("sext.w x10,x13", wrap(0x80000001, 32)),
    ("zext.b x10,x10", 0xF0),
    ("zext.h x10,x10", 0xDEF0),
    ("zext.w x10,x12", 0xFFFFFFFD),
    ("li x10,-5", -5),
    ("li x10,8070450532247928832", 0x7000000000000000),
    ("li x10,0xffffffffffffffff", -1),
    ("mv x10,x12", -3),
    ("not x10,x11", -8),
    ("neg x10,x11", -7),
    ("negw x10,x13", 0x7FFFFFFF),
    ("seqz x10,x11", 0),
    ("snez x10,x11", 1),
    ("sltz x10,x12", 1),
    ("sgtz x10,x12", 0),
    ("sgt x10,x11,x12", 1),
    ("sgtu x10,x11,x12", 0),
    ("nop", OLD),
    ("NOP", OLD),
]
INIT = " ".join(f"int64_t 0:x{n}={value};" for n, value in ((10, OLD), (11, 7), (12, -3), (13, 0x180000001), (14, 36)))


@pytest.mark.parametrize(("instruction", "result"), TABLE)
def test_x10_holds_what_the_manual_says_after(instruction: str, result: int) -> None:
    assert run("RISCV", INIT, instruction).register("x10") == result


def test_every_computing_row_is_in_the_table_of_this_test() -> None:
    computing = {name for name, row in MNEMONICS.rows.items() if isinstance(row, rows.Compute)}
    assert computing - {"la", "lla"} <= {instruction.split()[0] for instruction, _ in TABLE}


def test_la_computes_the_address_of_a_variable() -> None:
    assert run("RISCV", "x=1;", "la x10,x\nlw x11,0(x10)").register("x11") == 1
    assert run("RISCV", "", "la a0,y").register("x10") == run("RISCV", "", "lla a0,y").register("x10") == Address("y")


def test_what_is_written_to_x0_is_lost() -> None:
    final = run("RISCV", "x=5; 0:x6=x;", "li x0,7\nlw zero,0(x6)\namoadd.w x0,x0,(x6)\nmv x5,x0\nadd x7,x0,x5")
    assert (final.register("x0"), final.register("x5"), final.register("x7"), final.variable("x")) == (0, 0, 0, 5)
    assert final.loads == 2  # the accesses are made all the same


# ---------------------------------------------------------------- registers


@pytest.mark.parametrize(("number", "name"), list(enumerate(ABI_NAMES)))
def test_abi_names_are_the_registers_in_their_order(number: int, name: str) -> None:
    riscv = architecture_named("RISCV")
    assert riscv.canonical(name) == riscv.canonical(name.upper()) == f"x{number}"
    assert riscv.rank(f"x{number}") == (number, f"x{number}")


def test_fp_is_s0_and_symbolic_registers_are_not_numbered_ones() -> None:
    riscv = architecture_named("RISCV")
    assert riscv.canonical("fp") == riscv.canonical("s0") == "x8"
    assert riscv.canonical("%x0") == "%x0"
    assert riscv.canonical("x32") is riscv.canonical("a8") is riscv.canonical("r1") is None
    assert sorted(["%a", *REGISTERS], key=riscv.rank)[-1] == "%a"


def test_registers_have_64_bits() -> None:
    assert run("RISCV", "", "li x5,1\nslli x5,x5,40\nsrli x6,x5,40").register("x6") == 1


# ---------------------------------------------------------------- loads and stores


@pytest.mark.parametrize(
    ("instruction", "size", "result"),
    [
        ("lb", 1, -16),
        ("lbu", 1, 0xF0),
        ("lh", 2, wrap(0xDEF0, 16)),
        ("lhu", 2, 0xDEF0),
        ("lw", 4, wrap(0x9ABCDEF0, 32)),
        ("lwu", 4, 0x9ABCDEF0),
        ("ld", 8, OLD),
    ],
)
@pytest.mark.parametrize("suffix", ["", ".aq", ".aqrl"])
def test_loads_extend_to_64_bits(instruction: str, size: int, result: int, suffix: str) -> None:
    assert {"lb", "lbu", "lh", "lhu", "lw", "lwu", "ld"} == LOADS
    init = f"int{8 * size}_t t[2]={{0,{OLD}}}; 0:x6=t; int64_t 0:x7;"
    assert run("RISCV", init, f"{instruction}{suffix} x7,{size}(x6)").register("x7") == result


@pytest.mark.parametrize(("instruction", "size"), STORES.items())
@pytest.mark.parametrize("suffix", ["", ".rl", ".aq.rl"])
def test_stores_write_the_low_bytes(instruction: str, size: int, suffix: str) -> None:
    init = f"int{8 * size}_t t[2]; 0:x6=t; int64_t 0:x7={OLD}; 0:x8=t[1];"
    expected = wrap(OLD, 8 * size)
    assert run("RISCV", init, f"{instruction}{suffix} x7,{size}(x6)").variable("t", 1) == expected
    assert run("RISCV", init, f"{instruction}{suffix} x7,-{size}(x8)").variable("t", 0) == expected
    assert run("RISCV", init, f"{instruction}{suffix} x7,(x8)").variable("t", 1) == expected


@pytest.mark.parametrize("code", ["li x5,1", "ori x5,x0,1", "sw x5,0(x6)", "lw x7,0(x6)", "ld x7,0(x6)", "mv x5,x6"])
def test_a_common_instruction_is_one_operation(code: str) -> None:
    assert len(lowered("RISCV", "0:x6=x;", code).threads[0].lines) == 1


@pytest.mark.parametrize("code", ["xor x5,x7,x7", "andi x5,x7,0", "and x5,x7,x0", "sub x5,x7,x7", "mul x5,x7,x0"])
def test_false_dependencies_are_kept(code: str) -> None:
    (line,) = lowered("RISCV", "", code).threads[0].lines
    assert isinstance(line.operation, Set)
    assert "x7" in str(line.operation.value)


# ---------------------------------------------------------------- atomics

WORD = 0x80000005  # old content; as signed numbers it is less than the source, as unsigned ones it is not
SOURCE = 6
STORED = {
    "amoswap": SOURCE,
    "amoadd": WORD + SOURCE,
    "amoand": WORD & SOURCE,
    "amoor": WORD | SOURCE,
    "amoxor": WORD ^ SOURCE,
    "amomin": WORD,
    "amomax": SOURCE,
    "amominu": SOURCE,
    "amomaxu": WORD,
}


@pytest.mark.parametrize("operation", AMOS)
@pytest.mark.parametrize("suffix", ["", ".aq", ".rl", ".aqrl", ".aq.rl"])
def test_amos_return_the_old_content_and_store_the_new(operation: str, suffix: str) -> None:
    init = f"int32_t x={WORD}; 0:x6=x; 0:x7={SOURCE};"
    final = run("RISCV", init, f"{operation}.w{suffix} x5,x7,(x6)")
    assert final.register("x5") == wrap(WORD, 32)  # sign-extended
    assert final.variable("x") == wrap(STORED[operation], 32)
    assert run("RISCV", init, f"{operation}.w{suffix} x7,x7,0(x6)").variable("x") == final.variable("x")
    assert run("RISCV", init, f"{operation}.w{suffix} x6,x7,(x6)").register("x6") == wrap(WORD, 32)
    assert run("RISCV", init, f"{operation}.w{suffix} x0,x7,(x6)").variable("x") == final.variable("x")


@pytest.mark.parametrize("operation", AMOS)
def test_doubleword_amos_compare_64_bits(operation: str) -> None:
    old = WORD << 32
    stored = {**STORED, "amoadd": old + SOURCE, "amoor": old | SOURCE, "amoxor": old ^ SOURCE}
    stored |= {"amoand": 0, "amomin": old, "amomaxu": old}
    final = run("RISCV", f"int64_t x={old}; 0:x6=x; 0:x7={SOURCE}; int64_t 0:x5;", f"{operation}.d x5,x7,(x6)")
    assert (final.register("x5"), final.variable("x")) == (wrap(old), wrap(stored[operation]))


@pytest.mark.parametrize(("width", "bits"), [("b", 8), ("h", 16)])
def test_narrow_amos_compare_what_they_access(width: str, bits: int) -> None:
    init = f"int{bits}_t x=-1; 0:x6=x; 0:x7={(1 << bits) + 1};"  # the low bits of the source are 1
    assert run("RISCV", init, f"amomax.{width} x5,x7,(x6)").variable("x") == 1
    assert run("RISCV", init, f"amomaxu.{width} x5,x7,(x6)").variable("x") == -1


# What a suffix makes of: loads, stores, LR, SC, AMO; None where there is no such instruction
ORDERED: list[tuple[str, tuple[set[str] | None, ...]]] = [
    ("", (set(), set(), set(), set(), set())),
    (".aq", ({"Acq"}, None, {"Acq"}, set(), {"Acq"})),
    (".rl", (None, {"Rel"}, set(), {"Rel"}, {"Rel"})),
    (".aqrl", ({"AcqRel"},) * 5),
    (".aq.rl", ({"AcqRel"},) * 5),
]


@pytest.mark.parametrize(("suffix", "tags"), ORDERED)
def test_annotations_are_cat_sets_and_atomics_are_told_apart(suffix: str, tags: tuple[set[str] | None, ...]) -> None:
    """lr.rl and sc.aq order nothing; a load is no release only, a store no acquire only."""
    loaded, stored, reserved, conditional, amo = tags
    kinds = [(loaded, f"{name}{suffix} x5,0(x6)") for name in sorted(LOADS)]
    kinds += [(stored, f"{name}{suffix} x5,0(x6)") for name in STORES]
    kinds += [(reserved, f"{name}{suffix} x5,0(x6)") for name in RESERVE]
    kinds += [(conditional, f"{name}{suffix} x7,x5,0(x6)") for name in CONDITIONAL]
    kinds += [(amo, f"{name}.{width}{suffix} x5,x7,0(x6)") for name in AMOS for width in WIDTHS]
    for expected, code in kinds:
        if expected is None:
            with pytest.raises(InputError, match=f"RISC-V has no {code.split()[0]} "):
                lowered("RISCV", "0:x6=x;", code)
            continue
        found = [line.operation for line in lowered("RISCV", "0:x6=x;", code).threads[0].lines]
        accesses = [o for o in found if isinstance(o, Load | Store | StoreConditional)]
        kind = {"EX"} if code[:3] in ("lr.", "sc.") else {"X"} if code[:3] == "amo" else set()
        assert [o.tags for o in accesses] == [expected | kind] * len(accesses), code


def test_what_is_atomic_is_known_beside_its_annotation() -> None:
    code = "lr.w x5,0(x6)\nsc.w x7,x5,0(x6)\namoadd.w x5,x7,0(x6)"
    reserve, conditional, read, write = [o.operation for o in lowered("RISCV", "0:x6=x;", code).threads[0].lines]
    assert isinstance(reserve, Load)
    assert isinstance(conditional, StoreConditional)
    assert reserve.reserve
    assert conditional.carries == "store"
    assert isinstance(read, Load)
    assert isinstance(write, Store)
    assert write.rmw
    assert write.single


@pytest.mark.parametrize(("letter", "size"), [("w", 4), ("d", 8)])
def test_store_conditional_writes_0_for_success_and_1_for_failure(letter: str, size: int) -> None:
    assert {RESERVE[f"lr.{letter}"], CONDITIONAL[f"sc.{letter}"]} == {size}
    code = f"lr.{letter} x5,0(x6)\naddi x5,x5,1\nsc.{letter} x7,x5,(x6)"
    init = f"int{8 * size}_t x=4; 0:x6=x; 0:x7=9;"
    stored, failed = run("RISCV", init, code), run("RISCV", init, code, succeed=False)
    assert (stored.variable("x"), stored.register("x7")) == (5, 0)
    assert (failed.variable("x"), failed.register("x7")) == (4, 1)


def test_the_status_of_a_store_conditional_may_be_thrown_away() -> None:
    assert run("RISCV", "0:x6=x;", "li x5,3\nlr.w x7,(x6)\nsc.w x0,x5,(x6)").variable("x") == 3


# ---------------------------------------------------------------- fences

FENCES = [
    ("fence r,r", "Fence.r.r"),
    ("fence r,w", "Fence.r.w"),
    ("fence r,rw", "Fence.r.rw"),
    ("fence w,r", "Fence.w.r"),
    ("fence w,w", "Fence.w.w"),
    ("fence w,rw", "Fence.w.rw"),
    ("fence rw,r", "Fence.rw.r"),
    ("fence rw,w", "Fence.rw.w"),
    ("fence rw, rw", "Fence.rw.rw"),
    ("fence", "Fence.rw.rw"),
    ("fence iorw,ow", "Fence.rw.w"),
    ("FENCE IR,O", None),
    ("fence i,o", None),  # of devices only
    ("fence.tso", "Fence.tso"),
    ("fence.i", "Fence.i"),
]


@pytest.mark.parametrize(("instruction", "tag"), FENCES)
def test_fences_are_in_the_set_of_the_memory_accesses_they_order(instruction: str, tag: str | None) -> None:
    (line,) = lowered("RISCV", "", instruction).threads[0].lines
    assert line.operation == Fence(frozenset({tag} if tag else ()))
    if tag:
        assert tag in architecture_named("RISCV").tags


def test_there_are_fifteen_sets_of_accesses() -> None:
    assert len(ACCESSES) == 15
    assert {name: ACCESSES[name] for name in ("i", "or", "w", "iorw")} == {"i": "", "or": "r", "w": "w", "iorw": "rw"}


# ---------------------------------------------------------------- branches


@given(st.integers(-(1 << 63), (1 << 63) - 1), st.integers(-(1 << 63), (1 << 63) - 1))
@settings(max_examples=40, deadline=None)
def test_branches_agree_with_the_comparison(a: int, b: int) -> None:
    u, v = a % (1 << 64), b % (1 << 64)
    taken = {
        "beq": a == b, "bne": a != b, "blt": a < b, "bge": a >= b, "bltu": u < v, "bgeu": u >= v,
        "bgt": a > b, "ble": a <= b, "bgtu": u > v, "bleu": u <= v,
        "beqz": a == 0, "bnez": a != 0, "blez": a <= 0, "bgez": a >= 0, "bltz": a < 0, "bgtz": a > 0,
    }  # fmt: skip
    assert set(taken) == {name for name, row in MNEMONICS.rows.items() if isinstance(row, rows.Jump) and row.condition}
    for name, expected in taken.items():
        operands = "x5" if name.endswith("z") else "x5,x6"
        final = run("RISCV", f"int64_t 0:x5={a}; int64_t 0:x6={b};", f"{name} {operands},L\nli x7,1\nL:")
        assert (final.register("x7") == 0) == expected, name


def test_a_loop_counts_down() -> None:
    final = run("RISCV", "0:x5=3;", "L: addi x6,x6,2\naddi x5,x5,-1\nbnez x5,L\nj M\nli x6,99\nM: ret\nli x6,98")
    assert final.register("x6") == 6


def test_a_branch_on_x0_compares_with_a_constant() -> None:
    (line,) = lowered("RISCV", "", "bne x5,zero,L\nL:").threads[0].lines
    assert isinstance(line.operation, Branch)
    assert str(line.operation.condition) == "Op(name='ne', args=(Reg(name='x5'), 0))"
