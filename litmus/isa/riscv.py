"""RISC-V: the instructions that litmus tests use, one row each.

Source: The RISC-V Instruction Set Manual, volume I, version 20240411, chapters RV32I, RV64I, "A", "M", "Zabha",
"Zacas", "B" (Zba, Zbb, Zbs), "Zicond" and "RISC-V Assembly Programmer's Handbook".  Registers have 64 bits
(RV64).  A result of 32 bits is sign-extended, and so is a loaded word.  The code that interprets the rows is
litmus/isa/riscv_lowering.py.
"""

from __future__ import annotations

from msgspec import Struct

from litmus.program.code import Carried

REGISTERS = tuple(f"x{n}" for n in range(32))
# Assembly Programmer's Handbook, the names of the calling convention, from x0 on; fp is s0
ABI_NAMES = (
    *("zero", "ra", "sp", "gp", "tp", "t0", "t1", "t2", "s0", "s1"),
    *(f"a{n}" for n in range(8)),
    *(f"s{n}" for n in range(2, 12)),
    *("t3", "t4", "t5", "t6"),
)
HINT = "registers are x0 to x31, zero, ra, sp, gp, tp, t0 to t6, s0 to s11, a0 to a7"


class Compute(Struct, frozen=True):
    """An instruction whose target becomes `result`.

    operands: one letter for each operand.
      T: the target.  A, B: source registers.
      I: a signed number of 12 bits.  U: a number of 20 bits, which is shifted to the left.  L: a number of 64 bits.
      n: a number from 0 to 31.  m: a number from 0 to 63.  V: the name of a variable, which means its address.
    """

    operands: str
    result: str


def _division(result: str, by_zero: str, dividend: str, divisor: str) -> str:
    """A quotient or remainder of two operands.

    by_zero: what it is if the divisor is 0 ("M", table of its semantics).
    """
    return f"ite({divisor}, {result}({dividend}, ite({divisor}, {divisor}, 1)), {by_zero})"


_A_WORD, _B_WORD = ("sext32(A)", "zext32(A)"), ("sext32(B)", "zext32(B)")

COMPUTE = {
    # RV32I, Integer computational instructions
    "addi": Compute("TAI", "add(A, I)"),
    "slti": Compute("TAI", "lt(A, I)"),
    "sltiu": Compute("TAI", "ltu(A, I)"),
    "andi": Compute("TAI", "and(A, I)"),
    "ori": Compute("TAI", "or(A, I)"),
    "xori": Compute("TAI", "xor(A, I)"),
    "slli": Compute("TAm", "shl(A, m)"),
    "srli": Compute("TAm", "shr(A, m)"),
    "srai": Compute("TAm", "sar(A, m)"),
    "lui": Compute("TU", "sext32(shl(U, 12))"),
    "add": Compute("TAB", "add(A, B)"),
    "sub": Compute("TAB", "sub(A, B)"),
    "slt": Compute("TAB", "lt(A, B)"),
    "sltu": Compute("TAB", "ltu(A, B)"),
    "and": Compute("TAB", "and(A, B)"),
    "or": Compute("TAB", "or(A, B)"),
    "xor": Compute("TAB", "xor(A, B)"),
    "sll": Compute("TAB", "shl(A, and(B, 63))"),
    "srl": Compute("TAB", "shr(A, and(B, 63))"),
    "sra": Compute("TAB", "sar(A, and(B, 63))"),
    # RV64I
    "addiw": Compute("TAI", "sext32(add(A, I))"),
    "slliw": Compute("TAn", "sext32(shl(A, n))"),
    "srliw": Compute("TAn", "sext32(shr(zext32(A), n))"),
    "sraiw": Compute("TAn", "sar(sext32(A), n)"),
    "addw": Compute("TAB", "sext32(add(A, B))"),
    "subw": Compute("TAB", "sext32(sub(A, B))"),
    "sllw": Compute("TAB", "sext32(shl(A, and(B, 31)))"),
    "srlw": Compute("TAB", "sext32(shr(zext32(A), and(B, 31)))"),
    "sraw": Compute("TAB", "sar(sext32(A), and(B, 31))"),
    # "M"
    "mul": Compute("TAB", "mul(A, B)"),
    "mulw": Compute("TAB", "sext32(mul(A, B))"),
    "mulh": Compute("TAB", "mulh(A, B)"),
    "mulhu": Compute("TAB", "mulhu(A, B)"),
    "mulhsu": Compute("TAB", "sub(mulhu(A, B), ite(lt(A, 0), B, 0))"),
    "div": Compute("TAB", _division("div", "-1", "A", "B")),
    "divu": Compute("TAB", _division("divu", "-1", "A", "B")),
    "rem": Compute("TAB", _division("mod", "A", "A", "B")),
    "remu": Compute("TAB", _division("modu", "A", "A", "B")),
    "divw": Compute("TAB", f"sext32({_division('div', '-1', _A_WORD[0], _B_WORD[0])})"),
    "divuw": Compute("TAB", f"sext32({_division('divu', '-1', _A_WORD[1], _B_WORD[1])})"),
    "remw": Compute("TAB", f"sext32({_division('mod', 'A', _A_WORD[0], _B_WORD[0])})"),
    "remuw": Compute("TAB", f"sext32({_division('modu', 'A', _A_WORD[1], _B_WORD[1])})"),
    # Zba
    "add.uw": Compute("TAB", "add(B, zext32(A))"),
    "slli.uw": Compute("TAm", "shl(zext32(A), m)"),
    **{f"sh{n}add": Compute("TAB", f"add(B, shl(A, {n}))") for n in (1, 2, 3)},
    **{f"sh{n}add.uw": Compute("TAB", f"add(B, shl(zext32(A), {n}))") for n in (1, 2, 3)},
    # Zbb
    "andn": Compute("TAB", "andnot(A, B)"),
    "orn": Compute("TAB", "or(A, not(B))"),
    "xnor": Compute("TAB", "not(xor(A, B))"),
    "clz": Compute("TA", "clz(A)"),
    "clzw": Compute("TA", "sub(clz(zext32(A)), 32)"),
    "ctz": Compute("TA", "clz(rbit(A))"),
    "ctzw": Compute("TA", "clz(or(rbit(A), 2147483648))"),
    "cpop": Compute("TA", "popcount(A)"),
    "cpopw": Compute("TA", "popcount(zext32(A))"),
    "max": Compute("TAB", "ite(lt(A, B), B, A)"),
    "maxu": Compute("TAB", "ite(ltu(A, B), B, A)"),
    "min": Compute("TAB", "ite(lt(A, B), A, B)"),
    "minu": Compute("TAB", "ite(ltu(A, B), A, B)"),
    "rol": Compute("TAB", "or(shl(A, and(B, 63)), ite(and(B, 63), shr(A, sub(64, and(B, 63))), 0))"),
    "ror": Compute("TAB", "or(shr(A, and(B, 63)), ite(and(B, 63), shl(A, sub(64, and(B, 63))), 0))"),
    "rori": Compute("TAm", "or(shr(A, m), ite(m, shl(A, sub(64, m)), 0))"),
    "sext.b": Compute("TA", "sext8(A)"),
    "sext.h": Compute("TA", "sext16(A)"),
    "zext.h": Compute("TA", "zext16(A)"),
    # Zbs
    "bclr": Compute("TAB", "andnot(A, shl(1, and(B, 63)))"),
    "bclri": Compute("TAm", "andnot(A, shl(1, m))"),
    "bext": Compute("TAB", "and(shr(A, and(B, 63)), 1)"),
    "bexti": Compute("TAm", "and(shr(A, m), 1)"),
    "binv": Compute("TAB", "xor(A, shl(1, and(B, 63)))"),
    "binvi": Compute("TAm", "xor(A, shl(1, m))"),
    "bset": Compute("TAB", "or(A, shl(1, and(B, 63)))"),
    "bseti": Compute("TAm", "or(A, shl(1, m))"),
    # Zicond
    "czero.eqz": Compute("TAB", "ite(B, A, 0)"),
    "czero.nez": Compute("TAB", "ite(B, 0, A)"),
    # Assembly Programmer's Handbook, pseudoinstructions
    "li": Compute("TL", "L"),
    "la": Compute("TV", "V"),
    "lla": Compute("TV", "V"),
    "mv": Compute("TA", "A"),
    "move": Compute("TA", "A"),  # the old name of mv, which assemblers still accept
    "not": Compute("TA", "not(A)"),
    "neg": Compute("TA", "neg(A)"),
    "negw": Compute("TA", "sext32(neg(A))"),
    "sext.w": Compute("TA", "sext32(A)"),
    "zext.b": Compute("TA", "zext8(A)"),
    "zext.w": Compute("TA", "zext32(A)"),
    "seqz": Compute("TA", "eq(A, 0)"),
    "snez": Compute("TA", "ne(A, 0)"),
    "sltz": Compute("TA", "lt(A, 0)"),
    "sgtz": Compute("TA", "gt(A, 0)"),
    "sgt": Compute("TAB", "gt(A, B)"),
    "sgtu": Compute("TAB", "gtu(A, B)"),
}

# RV32I and RV64I, Load and store instructions: bytes, and how the result is extended if it is not sign-extended
LOADS = {"lb": (1, ""), "lh": (2, ""), "lw": (4, ""), "ld": (8, "")}
LOADS_UNSIGNED = {"lbu": (1, "zext8"), "lhu": (2, "zext16"), "lwu": (4, "zext32")}
STORES = {"sb": 1, "sh": 2, "sw": 4, "sd": 8}

# "A", Load-reserved/store-conditional instructions: bytes
RESERVE = {"lr.w": 4, "lr.d": 8}
CONDITIONAL = {"sc.w": 4, "sc.d": 8}
# "RVWMO", Source and Destination Register Listings: no dependency goes through an SC.  What depends on the rd of an SC
# that succeeds depends on its store.
STATUS_CARRIES: Carried = "store"

# "A", Atomic memory operations: the value that is stored.  M is the old content of memory, B is the source, and
# `sext` extends from the size of the access.
AMOS = {
    "amoswap": "B",
    "amoadd": "add(M, B)",
    "amoand": "and(M, B)",
    "amoor": "or(M, B)",
    "amoxor": "xor(M, B)",
    "amomin": "ite(lt(M, sext(B)), M, B)",
    "amomax": "ite(gt(M, sext(B)), M, B)",
    "amominu": "ite(ltu(M, sext(B)), M, B)",  # sign-extension keeps the order of unsigned numbers
    "amomaxu": "ite(gtu(M, sext(B)), M, B)",
}
CAS = "amocas"  # Zacas: it stores if the value read is the old value of the target
WIDTHS = {"b": 1, "h": 2, "w": 4, "d": 8}  # b and h: Zabha

# "A", Specifying ordering of atomic instructions: the cat sets of the suffixes of AMO.
ACQUIRE, RELEASE, BOTH = frozenset({"Acq"}), frozenset({"Rel"}), frozenset({"AcqRel"})
PLAIN: frozenset[str] = frozenset()
ORDERS = {"": PLAIN, ".aq": ACQUIRE, ".rl": RELEASE, ".aqrl": BOTH, ".aq.rl": BOTH}
# "A", Load-reserved/store-conditional instructions: LR.rl and SC.aq need not order more than LR and SC.
RESERVE_ORDERS = {**ORDERS, ".rl": PLAIN}
CONDITIONAL_ORDERS = {**ORDERS, ".aq": PLAIN}
# "Zalasr": a load with a suffix is an acquire, or both acquire and release, but never only a release.  A store with a
# suffix is a release, or both, but never only an acquire.  Litmus tests also use offsets and unsigned loads here.
# Published verdicts take them as RCpc.  X and EX are the sets of atomics, so that a model can tell `lw.aq` from
# `lr.w.aq`.
LOAD_ORDERS = {suffix: tags for suffix, tags in ORDERS.items() if suffix != ".rl"}
STORE_ORDERS = {suffix: tags for suffix, tags in ORDERS.items() if suffix != ".aq"}
# "Zacas": an AMOCAS that does not store is no release, so its load is never one.  Its store, which is one, exists only
# if the AMOCAS stores.
CAS_LOAD_ORDERS = {**ORDERS, ".rl": PLAIN, ".aqrl": ACQUIRE, ".aq.rl": ACQUIRE}
AMO_TAG = "X"
RESERVATION_TAG = "EX"

# RV32I, FENCE: the predecessor and successor sets as assemblers spell them -> the memory accesses in them
ACCESSES = {
    i + o + r + w: r + w for i in ("", "i") for o in ("", "o") for r in ("", "r") for w in ("", "w") if i + o + r + w
}
FENCE_TSO = "Fence.tso"
FENCE_I = "Fence.i"  # Zifencei

# RV32I, Conditional branches, and the Handbook's pseudoinstructions: operands, and the condition to take the branch
BRANCHES = {
    "beq": ("AB", "eq(A, B)"),
    "bne": ("AB", "ne(A, B)"),
    "blt": ("AB", "lt(A, B)"),
    "bge": ("AB", "ge(A, B)"),
    "bltu": ("AB", "ltu(A, B)"),
    "bgeu": ("AB", "geu(A, B)"),
    "bgt": ("AB", "gt(A, B)"),
    "ble": ("AB", "le(A, B)"),
    "bgtu": ("AB", "gtu(A, B)"),
    "bleu": ("AB", "leu(A, B)"),
    "beqz": ("A", "eq(A, 0)"),
    "bnez": ("A", "ne(A, 0)"),
    "blez": ("A", "le(A, 0)"),
    "bgez": ("A", "ge(A, 0)"),
    "bltz": ("A", "lt(A, 0)"),
    "bgtz": ("A", "gt(A, 0)"),
}

# Hints, which a processor may ignore, and a wait (wfi), which may end at any time
NOTHING = frozenset({"nop", "pause", "wfi", "ntl.p1", "ntl.pall", "ntl.s1", "ntl.all"})
PREFETCHES = frozenset({"prefetch.i", "prefetch.r", "prefetch.w"})  # Zicbop

LINK = "x1"  # holds the return address

_SYSTEM = "system instructions are not supported"
_FLOATING = "floating point is not supported"
_COMPRESSED = "compressed instructions are not supported: write the instruction that it stands for"
UNSUPPORTED = {
    "auipc": "addresses relative to the program counter are not supported; la is",
    **dict.fromkeys(("ecall", "ebreak", "mret", "sret", "sfence.vma", "unimp"), _SYSTEM),
    **dict.fromkeys(("csrr", "csrw", "csrs", "csrc", "csrrw", "csrrs", "csrrc", "rdcycle", "rdtime"), _SYSTEM),
    **dict.fromkeys(("flw", "fld", "fsw", "fsd", "fmv.x.w", "fmv.w.x"), _FLOATING),
    "amocas.q": "accesses of 16 bytes are not supported",
    **dict.fromkeys(("cbo.clean", "cbo.flush", "cbo.inval", "cbo.zero"), "cache instructions are not supported"),
    **dict.fromkeys(("c.lw", "c.sw", "c.ld", "c.sd", "c.li", "c.mv", "c.addi", "c.nop", "c.j"), _COMPRESSED),
}
