"""POWER: the instructions that litmus tests use, one row each.

Numbers of sections are those of the Power ISA, version 3.1: Book I, chapters 2 and 3, for branches
and fixed-point instructions, Book II, chapter 4, for storage control.  Registers have 64 bits.  The
interpreting code is litmus/isa/power_lowering.py.
"""

from __future__ import annotations

from msgspec import Struct

from litmus.program.code import Carried

REGISTERS = tuple(f"r{n}" for n in range(32))
HINT = "registers are r0 to r31"


class Compute(Struct, frozen=True):
    """An instruction whose target becomes `result`.

    operands: one letter for each operand.
      T: the target.  A, B: source registers.  Z: a source register; if it is r0, the value is 0.
      I, U: a number of 16 bits, signed or unsigned.  H: a number of 16 bits, which is shifted to the left.
      n: a number from 0 to 31.  m, k: numbers from 0 to 63.  b, e: the ends of a mask of the 32-bit word.
      L: an address `d(rA)`.
      In results, D is the old value of the target, M the mask, R the rotated word.
    record: there is a form with a dot, which sets cr0.  always: there is no other form.
    whole: the lower half of the result depends on the upper halves of the sources.
    """

    operands: str
    result: str
    record: bool = True
    always: bool = False
    whole: bool = False


COMPUTE = {
    # Book I, 3.3.9 Fixed-point arithmetic
    "li": Compute("TI", "I", record=False),
    "la": Compute("TL", "L", record=False),
    "lis": Compute("TH", "shl(H, 16)", record=False),
    "addi": Compute("TZI", "add(Z, I)", record=False),
    "subi": Compute("TZI", "sub(Z, I)", record=False),
    "addis": Compute("TZH", "add(Z, shl(H, 16))", record=False),
    "subis": Compute("TZH", "sub(Z, shl(H, 16))", record=False),
    "add": Compute("TAB", "add(A, B)"),
    "sub": Compute("TAB", "sub(A, B)"),
    "subf": Compute("TAB", "sub(B, A)"),
    "neg": Compute("TA", "neg(A)"),
    "mulhw": Compute("TAB", "sar(mul(sext32(A), sext32(B)), 32)"),
    "mulhwu": Compute("TAB", "shr(mul(zext32(A), zext32(B)), 32)"),
    "mulhd": Compute("TAB", "mulh(A, B)", whole=True),
    "mulhdu": Compute("TAB", "mulhu(A, B)", whole=True),
    "mulli": Compute("TAI", "mul(A, I)", record=False),
    "mullw": Compute("TAB", "mul(sext32(A), sext32(B))"),
    "mulld": Compute("TAB", "mul(A, B)"),
    "divw": Compute("TAB", "div(sext32(A), sext32(B))"),
    "divwu": Compute("TAB", "divu(zext32(A), zext32(B))"),
    "divdu": Compute("TAB", "divu(A, B)", whole=True),
    "modsw": Compute("TAB", "mod(sext32(A), sext32(B))", record=False),
    "moduw": Compute("TAB", "modu(zext32(A), zext32(B))", record=False),
    "divd": Compute("TAB", "div(A, B)", whole=True),
    # Book I, 3.3.13 Fixed-point logical; Appendix C for mr and not
    "mr": Compute("TA", "A"),
    "not": Compute("TA", "not(A)"),
    "and": Compute("TAB", "and(A, B)"),
    "or": Compute("TAB", "or(A, B)"),
    "xor": Compute("TAB", "xor(A, B)"),
    "nand": Compute("TAB", "not(and(A, B))"),
    "nor": Compute("TAB", "not(or(A, B))"),
    "eqv": Compute("TAB", "not(xor(A, B))"),
    "andc": Compute("TAB", "andnot(A, B)"),
    "orc": Compute("TAB", "or(A, not(B))"),
    "andi.": Compute("TAU", "and(A, U)", record=False, always=True),
    "andis.": Compute("TAU", "and(A, shl(U, 16))", record=False, always=True),
    "ori": Compute("TAU", "or(A, U)", record=False),
    "oris": Compute("TAU", "or(A, shl(U, 16))", record=False),
    "xori": Compute("TAU", "xor(A, U)", record=False),
    "xoris": Compute("TAU", "xor(A, shl(U, 16))", record=False),
    "extsb": Compute("TA", "sext8(A)"),
    "extsh": Compute("TA", "sext16(A)"),
    "extsw": Compute("TA", "sext32(A)"),
    "cntlzw": Compute("TA", "sub(clz(zext32(A)), 32)"),
    "cntlzd": Compute("TA", "clz(A)", whole=True),
    "cnttzw": Compute("TA", "clz(or(rbit(A), 2147483648))"),
    "popcntw": Compute("TA", "popcount(zext32(A))", record=False),
    "popcntd": Compute("TA", "popcount(A)", record=False, whole=True),
    # Book I, 3.3.14 Fixed-point rotate and shift.  A count in a register has one bit more than the width needs; if
    # that bit is set, all bits are shifted out.
    "slw": Compute("TAB", "ite(and(B, 32), 0, zext32(shl(A, and(B, 31))))"),
    "srw": Compute("TAB", "ite(and(B, 32), 0, shr(zext32(A), and(B, 31)))"),
    "sraw": Compute("TAB", "sar(sext32(A), ite(and(B, 32), 63, and(B, 31)))"),
    "srawi": Compute("TAn", "sar(sext32(A), n)"),
    "sld": Compute("TAB", "ite(and(B, 64), 0, shl(A, and(B, 63)))"),
    "srd": Compute("TAB", "ite(and(B, 64), 0, shr(A, and(B, 63)))", whole=True),
    "srad": Compute("TAB", "sar(A, ite(and(B, 64), 63, and(B, 63)))", whole=True),
    "sradi": Compute("TAm", "sar(A, m)", whole=True),
    "rlwinm": Compute("TAnbe", "and(R, M)"),
    "rlwimi": Compute("TAnbe", "or(and(R, M), andnot(D, M))"),
    # Appendix C.7 Rotate and shift mnemonics: each row is what rlwinm or rldic[lr] do with the operands of the mnemonic
    "slwi": Compute("TAn", "zext32(shl(A, n))"),
    "srwi": Compute("TAn", "shr(zext32(A), n)"),
    "clrlwi": Compute("TAn", "shr(zext32(shl(A, n)), n)"),
    "sldi": Compute("TAm", "shl(A, m)"),
    "srdi": Compute("TAm", "shr(A, m)", whole=True),
    "clrldi": Compute("TAm", "shr(shl(A, m), m)"),
    "rotlwi": Compute("TAn", "zext32(or(shl(zext32(A), n), shr(zext32(A), sub(32, n))))"),
    "rotldi": Compute("TAm", "or(shl(A, m), ite(m, shr(A, sub(64, m)), 0))", whole=True),
    # rldicl and rldicr: the source is rotated by m; then the bits before bit k, or after it, are cleared
    "rldicl": Compute("TAmk", "shr(shl(or(shl(A, m), ite(m, shr(A, sub(64, m)), 0)), k), k)", whole=True),
    "rldicr": Compute(
        "TAmk", "shl(shr(or(shl(A, m), ite(m, shr(A, sub(64, m)), 0)), sub(63, k)), sub(63, k))", whole=True
    ),
    # Book I, 3.3.12 and Appendix C: integer select by a bit of cr0.  The result depends on the bit and on both sources.
    **{f"isel{bit}": Compute("TZB", f"ite(.cr0.{bit}, Z, B)", record=False) for bit in ("lt", "gt", "eq")},
}

# Book I, 3.3.2 Fixed-point loads: bytes, and how a result shorter than a register is extended
LOADS = {"lbz": (1, "zext8"), "lhz": (2, "zext16"), "lha": (2, ""), "lwz": (4, "zext32"), "lwa": (4, ""), "ld": (8, "")}
# Book I, 3.3.3 Fixed-point stores
STORES = {"stb": 1, "sth": 2, "stw": 4, "std": 8}
# Book II, 4.6.2 Load and reserve, store conditional
RESERVE = {"lbarx": (1, "zext8"), "lharx": (2, "zext16"), "lwarx": (4, "zext32"), "ldarx": (8, "")}
CONDITIONAL = {"stbcx.": 1, "sthcx.": 2, "stwcx.": 4, "stdcx.": 8}
# What cr0 depends on after a store-conditional: the operands ("Herding cats", section 5: a dependency goes from the
# inputs of an instruction to its outputs)
STATUS_CARRIES: Carried = "operands"

# Book I, 3.3.10 Fixed-point compare: the operands, how they are extended, the operators for less and greater
COMPARES = {
    "cmpw": ("AB", "sext32", "lt", "gt"),
    "cmpwi": ("AI", "sext32", "lt", "gt"),
    "cmplw": ("AB", "zext32", "ltu", "gtu"),
    "cmplwi": ("AU", "zext32", "ltu", "gtu"),
    "cmpd": ("AB", "", "lt", "gt"),
    "cmpdi": ("AI", "", "lt", "gt"),
    "cmpld": ("AB", "", "ltu", "gtu"),
    "cmpldi": ("AU", "", "ltu", "gtu"),
}

# Book II, 4.6.1 and 4.6.3: the cat sets of the barriers
FENCES = {"sync": "SYNC", "hwsync": "SYNC", "msync": "SYNC", "lwsync": "LWSYNC", "isync": "ISYNC", "eieio": "EIEIO"}

# Book I, 2.4 and Appendix C.2: the bit of a condition field, and whether the branch wants it set
BRANCHES = {
    "blt": ("lt", True),
    "bgt": ("gt", True),
    "beq": ("eq", True),
    "bge": ("lt", False),
    "bnl": ("lt", False),
    "ble": ("gt", False),
    "bng": ("gt", False),
    "bne": ("eq", False),
}

# Book I, 2.3.2: the special registers that hold addresses of code, and what moves them
LINK, COUNT = ".lr", ".ctr"
MOVES_TO = {"mtlr": LINK, "mtctr": COUNT}
MOVES_FROM = {"mflr": LINK, "mfctr": COUNT}
JUMPS = {"bl": ("", True), "blr": (LINK, False), "blrl": (LINK, True), "bctr": (COUNT, False), "bctrl": (COUNT, True)}

# Book I, 2.4: the branch decrements the count register and compares it with 0
COUNTED = {"bdnz": "ne(.ctr, 0)", "bdz": "eq(.ctr, 0)"}

# Book II, 4.3.2: hints, which a processor may ignore
PREFETCHES = frozenset({"dcbt", "dcbtst"})

_SPECIAL = "special registers are not supported"
_CACHE = "cache instructions are not supported"
UNSUPPORTED = {
    "bc": "write the branch with its condition: beq, bne, ...",
    **dict.fromkeys(("mfcr", "mtcr", "mtcrf", "mfocrf", "mtspr", "mfspr", "mftb"), _SPECIAL),
    **dict.fromkeys(("dcbf", "dcbst", "dcbz", "icbi"), _CACHE),
    **dict.fromkeys(("addic", "addc", "adde", "addze", "subfic", "subfc", "subfe"), "the carry is not supported"),
    **dict.fromkeys(("lmw", "stmw", "lq", "stq", "lqarx", "stqcx."), "multiple-word accesses are not supported"),
    **dict.fromkeys(("ptesync", "tlbie", "tlbsync", "slbie"), "translation is not supported"),
}

# Book I, C.9: ori 0,0,0
NOTHING = frozenset({"nop"})
