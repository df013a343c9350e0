"""AArch64: the instructions that litmus tests use, one row each.

Source: Arm Architecture Reference Manual for A-profile (DDI 0487): the pages of chapter C6 that
have the names of the instructions; C1.2.4 for conditions, C1.3.3 for addresses, B2.3 for how the
memory model orders the accesses.  The code that interprets the rows is litmus/isa/aarch64_lowering.py.

In expressions, N is the size of the operation: 32 bits for W registers, 64 for X registers.  `sext` and
`zext` extend from that size.  The flags are pseudo registers: .n, .z, .c and .lt.  The flag .lt stands for
"flag N differs from flag V", so that a signed comparison is one operator.  V has no register of its own:
it is 1 where .n differs from .lt.
"""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct

from litmus.program.code import Carried

# ---------------------------------------------------------------- registers (B1.2.1)

ZERO = "XZR"
LINK = "X30"  # holds the return address

# Every name of a general register, in lower case -> the register as states spell it, and how many bytes the name means.
VIEWS: dict[str, tuple[str, int]] = {
    **{f"x{n}": (f"X{n}", 8) for n in range(31)},
    **{f"w{n}": (f"X{n}", 4) for n in range(31)},
    "xzr": (ZERO, 8),
    "wzr": (ZERO, 4),
    "sp": ("SP", 8),
    "wsp": ("SP", 4),
    "fp": ("X29", 8),
    "lr": ("X30", 8),
}
HINT = "registers are X0 to X30, XZR, SP, and W0 to W30, WZR, WSP for their lower halves"

# ---------------------------------------------------------------- flags and conditions

# D and S are the operands, R the result, all sign-extended.
ADD = {
    ".n": "lt(R, 0)",
    ".z": "eq(R, 0)",
    ".c": "ltu(R, D)",
    ".lt": "ne(lt(R, 0), lt(and(xor(D, R), xor(S, R)), 0))",
}
SUB = {".n": "lt(R, 0)", ".z": "eq(D, S)", ".c": "geu(D, S)", ".lt": "lt(D, S)"}
# ADC, SBC: ..carry is C as it was before
ADD_CARRY = {**ADD, ".c": "or(ltu(R, D), and(..carry, eq(R, D)))"}
SUB_CARRY = {
    ".n": "lt(R, 0)",
    ".z": "eq(R, 0)",
    ".c": "ite(..carry, geu(D, S), gtu(D, S))",
    ".lt": "ite(..carry, lt(D, S), le(D, S))",
}
LOGIC = {".n": "lt(R, 0)", ".z": "eq(R, 0)", ".c": "and(R, 0)", ".lt": "lt(R, 0)"}  # C is 0, and depends on R

_ANY = "eq(0, 0)"
# C1.2.4 Condition code
CONDITIONS = {
    "eq": ".z",
    "ne": "lnot(.z)",
    "cs": ".c",
    "hs": ".c",
    "cc": "lnot(.c)",
    "lo": "lnot(.c)",
    "mi": ".n",
    "pl": "lnot(.n)",
    "vs": "ne(.n, .lt)",
    "vc": "eq(.n, .lt)",
    "hi": "and(.c, lnot(.z))",
    "ls": "or(lnot(.c), .z)",
    "ge": "lnot(.lt)",
    "lt": ".lt",
    "gt": "lnot(or(.z, .lt))",
    "le": "or(.z, .lt)",
    "al": _ANY,
    "nv": _ANY,
}

# ---------------------------------------------------------------- computing


class Compute(Struct, frozen=True):
    """An instruction that sets its target to `result`.  If it sets flags, `flags` has their expressions over D and S.

    operands: one letter for each operand.
      d: the target.  D: a target whose old value is used; the result calls that value d.
      n, m, a: source registers of the target's size.  w, v: sources of 32 bits.
      f: a register that may be shifted or extended, or a number (arithmetic).  g: the same for logical instructions.
      h: the count of a shift, a register or a number.  e: a register or a number of 8 bits.
      i, j: numbers below N.  k: a number from 1 to N - i; M is the mask of k bits.
    sizes: the bytes that the target may have.
    """

    operands: str
    result: str
    flags: Mapping[str, str] | None = None
    sizes: tuple[int, ...] = (4, 8)


X_ONLY = (8,)


def _swapped(value: str, by: int, mask: str) -> str:
    """The value with each two neighbouring groups of `by` bits exchanged; the mask has the lower group of each pair."""
    return f"or(shl(and({value}, {mask}), {by}), and(shr({value}, {by}), {mask}))"


_BYTES = str(0x00FF00FF00FF00FF)
_HALVES = str(0x0000FFFF0000FFFF)
_REV16 = _swapped("n", 8, _BYTES)
_REV32 = _swapped(_REV16, 16, _HALVES)


def _quotient(divide: str, extend: str) -> str:
    """A division in which division by 0 gives 0."""
    return f"ite({extend}(m), {divide}({extend}(n), ite({extend}(m), {extend}(m), 1)), 0)"


COMPUTE = {
    # C6.2: ADD, SUB and their aliases CMP, CMN, NEG
    "add": Compute("dnf", "add(n, f)"),
    "adds": Compute("dnf", "add(n, f)", ADD),
    "cmn": Compute("nf", "add(n, f)", ADD),
    "sub": Compute("dnf", "sub(n, f)"),
    "subs": Compute("dnf", "sub(n, f)", SUB),
    "cmp": Compute("nf", "sub(n, f)", SUB),
    "neg": Compute("df", "sub(0, f)"),
    "negs": Compute("df", "sub(0, f)", SUB),
    "abs": Compute("dn", "ite(lt(sext(n), 0), neg(n), n)"),
    "adc": Compute("dnm", "add(add(n, m), ..carry)"),
    "adcs": Compute("dnm", "add(add(n, m), ..carry)", ADD_CARRY),
    "sbc": Compute("dnm", "sub(sub(n, m), lnot(..carry))"),
    "sbcs": Compute("dnm", "sub(sub(n, m), lnot(..carry))", SUB_CARRY),
    "ngc": Compute("dm", "sub(neg(m), lnot(..carry))"),
    "ngcs": Compute("dm", "sub(neg(m), lnot(..carry))", SUB_CARRY),
    "smax": Compute("dne", "ite(lt(sext(n), sext(e)), e, n)"),
    "smin": Compute("dne", "ite(lt(sext(n), sext(e)), n, e)"),
    "umax": Compute("dne", "ite(ltu(zext(n), zext(e)), e, n)"),
    "umin": Compute("dne", "ite(ltu(zext(n), zext(e)), n, e)"),
    # logical
    "and": Compute("dng", "and(n, g)"),
    "ands": Compute("dng", "and(n, g)", LOGIC),
    "tst": Compute("ng", "and(n, g)", LOGIC),
    "bic": Compute("dng", "andnot(n, g)"),
    "bics": Compute("dng", "andnot(n, g)", LOGIC),
    "orr": Compute("dng", "or(n, g)"),
    "orn": Compute("dng", "or(n, not(g))"),
    "eor": Compute("dng", "xor(n, g)"),
    "eon": Compute("dng", "not(xor(n, g))"),
    "mvn": Compute("dg", "not(g)"),
    # multiplication
    "mul": Compute("dnm", "mul(n, m)"),
    "mneg": Compute("dnm", "neg(mul(n, m))"),
    "madd": Compute("dnma", "add(a, mul(n, m))"),
    "msub": Compute("dnma", "sub(a, mul(n, m))"),
    "smull": Compute("dwv", "mul(sext32(w), sext32(v))", sizes=X_ONLY),
    "umull": Compute("dwv", "mul(zext32(w), zext32(v))", sizes=X_ONLY),
    "smaddl": Compute("dwva", "add(a, mul(sext32(w), sext32(v)))", sizes=X_ONLY),
    "umaddl": Compute("dwva", "add(a, mul(zext32(w), zext32(v)))", sizes=X_ONLY),
    "smsubl": Compute("dwva", "sub(a, mul(sext32(w), sext32(v)))", sizes=X_ONLY),
    "umsubl": Compute("dwva", "sub(a, mul(zext32(w), zext32(v)))", sizes=X_ONLY),
    "smnegl": Compute("dwv", "neg(mul(sext32(w), sext32(v)))", sizes=X_ONLY),
    "umnegl": Compute("dwv", "neg(mul(zext32(w), zext32(v)))", sizes=X_ONLY),
    "smulh": Compute("dnm", "mulh(n, m)", sizes=X_ONLY),
    "umulh": Compute("dnm", "mulhu(n, m)", sizes=X_ONLY),
    "sdiv": Compute("dnm", _quotient("div", "sext")),
    "udiv": Compute("dnm", _quotient("divu", "zext")),
    # shifts; a count in a register is taken modulo N
    "lsl": Compute("dnh", "shl(n, h)"),
    "lsr": Compute("dnh", "shr(zext(n), h)"),
    "asr": Compute("dnh", "sar(sext(n), h)"),
    "ror": Compute("dnh", "or(shr(zext(n), h), ite(h, shl(n, sub(N, h)), 0))"),
    "lslv": Compute("dnm", "shl(n, and(m, sub(N, 1)))"),
    "lsrv": Compute("dnm", "shr(zext(n), and(m, sub(N, 1)))"),
    "asrv": Compute("dnm", "sar(sext(n), and(m, sub(N, 1)))"),
    "extr": Compute("dnmi", "or(shr(zext(m), i), ite(i, shl(n, sub(N, i)), 0))"),
    # extensions
    "sxtb": Compute("dw", "sext8(w)"),
    "sxth": Compute("dw", "sext16(w)"),
    "sxtw": Compute("dw", "sext32(w)", sizes=X_ONLY),
    "uxtb": Compute("dw", "zext8(w)"),
    "uxth": Compute("dw", "zext16(w)"),
    "uxtw": Compute("dw", "zext32(w)"),
    # bit fields: k bits from bit i on
    "ubfx": Compute("dnik", "shr(shl(zext(n), sub(64, add(i, k))), sub(64, k))"),
    "sbfx": Compute("dnik", "sar(shl(n, sub(64, add(i, k))), sub(64, k))"),
    "ubfiz": Compute("dnik", "shl(shr(shl(n, sub(64, k)), sub(64, k)), i)"),
    "sbfiz": Compute("dnik", "shl(sar(shl(n, sub(64, k)), sub(64, k)), i)"),
    "bfi": Compute("Dnik", "or(andnot(d, shl(M, i)), shl(and(n, M), i))"),
    "bfxil": Compute("Dnik", "or(andnot(d, M), and(shr(zext(n), i), M))"),
    # UBFM, SBFM: rotation i, last bit j; the field is moved to the right if j >= i, else to the left
    "ubfm": Compute(
        "dnij",
        "ite(ge(j, i), shr(shl(zext(n), sub(63, j)), add(sub(63, j), i)),"
        " shl(shr(shl(n, sub(63, j)), sub(63, j)), sub(N, i)))",
    ),
    "sbfm": Compute(
        "dnij",
        "ite(ge(j, i), sar(shl(n, sub(63, j)), add(sub(63, j), i)),"
        " shl(sar(shl(n, sub(63, j)), sub(63, j)), sub(N, i)))",
    ),
    "bfc": Compute("Dik", "andnot(d, shl(M, i))"),
    "bfm": Compute(
        "Dnij",
        "ite(ge(j, i),"
        " or(andnot(d, shr(-1, sub(63, sub(j, i)))), and(shr(zext(n), i), shr(-1, sub(63, sub(j, i))))),"
        " or(andnot(d, shl(shr(-1, sub(63, j)), sub(N, i))), shl(and(n, shr(-1, sub(63, j))), sub(N, i))))",
    ),
    # counts of bits: CLS does not count the sign itself; the bit N of a word ends the count of its zeros
    "clz": Compute("dn", "sub(clz(zext(n)), sub(64, N))"),
    "cls": Compute("dn", "sub(clz(xor(sext(n), sar(sext(n), 63))), sub(65, N))"),
    "ctz": Compute("dn", "clz(or(rbit(n), ite(eq(N, 64), 0, 2147483648)))"),
    "cnt": Compute("dn", "popcount(zext(n))"),
    "rbit": Compute("dn", "shr(rbit(n), sub(64, N))"),
    # reversal of bytes
    "rev16": Compute("dn", _REV16),
    "rev32": Compute("dn", _REV32, sizes=X_ONLY),
}

# REV reverses the bytes of the whole register: bytes of the register -> result
REV = {4: _REV32, 8: f"or(shl({_REV32}, 32), shr({_REV32}, 32))"}
COMPUTE["rev64"] = Compute("dn", REV[8], sizes=X_ONLY)

# MOVZ, MOVN, MOVK -> the target's new value; i is the number, shifted to its place, and M is the mask of that place
WIDE = {"movz": "i", "movn": "not(i)", "movk": "or(andnot(d, M), i)"}

# CSEL and similar: if the condition holds, the target becomes n; if not, it becomes the value of the row
SELECT = {"csel": "m", "csinc": "add(m, 1)", "csinv": "not(m)", "csneg": "neg(m)"}
# aliases with one source, for the inverted condition: CINC is CSINC with the same source twice
SELECT_ALIAS = {"cinc": "add(n, 1)", "cinv": "not(n)", "cneg": "neg(n)"}
# aliases without a source: if the condition holds, the target becomes the value of the row; if not, 0
SELECT_CONSTANT = {"cset": 1, "csetm": -1}

# CCMP, CCMN: if the condition holds, the flags are those of this operation; if not, they are the bits of a number
CONDITIONAL_COMPARE = {"ccmp": ("sub(D, S)", SUB), "ccmn": ("add(D, S)", ADD)}

# Shifts and extensions of a register operand (C6.1.2 and 3); k is the count
SHIFTS = {
    "lsl": "shl(m, k)",
    "lsr": "shr(zext(m), k)",
    "asr": "sar(sext(m), k)",
    "ror": "or(shr(zext(m), k), ite(k, shl(m, sub(N, k)), 0))",
}
EXTENSIONS = {
    "uxtb": "shl(zext8(m), k)",
    "uxth": "shl(zext16(m), k)",
    "uxtw": "shl(zext32(m), k)",
    "uxtx": "shl(m, k)",
    "sxtb": "shl(sext8(m), k)",
    "sxth": "shl(sext16(m), k)",
    "sxtw": "shl(sext32(m), k)",
    "sxtx": "shl(m, k)",
}
# Of an index in an address (C1.3.3)
INDEX = {"lsl", "uxtw", "sxtw", "sxtx"}

# ---------------------------------------------------------------- accesses


class Access(Struct, frozen=True):
    """A load or a store.

    size: bytes; None means the bytes of the register.  signed: a load extends the sign.
    tags: its cat sets, with herd7's names: A acquire, Q acquire with the weaker (RCpc) order of LDAPR,
    L release, X part of an atomic read-modify-write, NT non-temporal.
    offset: how many bits the instruction has for an offset from the base.  0: it has no offset.  9: signed bytes.
    7: signed, in units of the access.  12: unsigned, in units of the access; then the offset may also be a register,
    or one of the 9-bit offsets of LDUR.
    update: the instruction may write the address back to the base.
    step: used in place of an offset.  The base may move by exactly this many accesses: a negative step moves it down
    before the accesses, a positive step moves it up after them.
    """

    size: int | None
    signed: bool = False
    tags: str = ""
    offset: int = 0
    update: bool = False
    step: int = 0


_SUFFIXES = {"": None, "b": 1, "h": 2}
_SIGNED = {"sb": 1, "sh": 2, "sw": 4}


def _sized(name: str, tags: str = "", offset: int = 0, update: bool = False) -> dict[str, Access]:
    """An access with its forms for bytes and halfwords."""
    return {name + suffix: Access(size, False, tags, offset, update) for suffix, size in _SUFFIXES.items()}


def _signed(name: str, tags: str = "", offset: int = 0, update: bool = False) -> dict[str, Access]:
    """The forms of a load that extend the sign."""
    return {name + suffix: Access(size, True, tags, offset, update) for suffix, size in _SIGNED.items()}


LOADS = {
    **_sized("ldr", offset=12, update=True),
    **_signed("ldr", offset=12, update=True),
    **_sized("ldur", offset=9),
    **_signed("ldur", offset=9),
    **_sized("ldtr", offset=9),  # LDTR is an unprivileged access, and a thread of an application has no other
    **_signed("ldtr", offset=9),
    **_sized("ldar", "A"),
    **_sized("ldapr", "Q"),
    **_sized("ldapur", "Q", offset=9),
    **_signed("ldapur", "Q", offset=9),
}
STORES = {
    **_sized("str", offset=12, update=True),
    **_sized("stur", offset=9),
    **_sized("sttr", offset=9),
    **_sized("stlr", "L"),
    **_sized("stlur", "L", offset=9),
}
# EX is herd7's newer set of exclusives; some models use X, others EX.
EXCLUSIVE_LOADS = {**_sized("ldxr", "X EX"), **_sized("ldaxr", "X EX A")}
EXCLUSIVE_STORES = {**_sized("stxr", "X EX"), **_sized("stlxr", "X EX L")}
# The status of a store-exclusive depends on nothing, in the semantics of instructions that Arm publishes with herd7.
STATUS_CARRIES: Carried = "nothing"
# Pairs are two accesses of one instruction.  Only ORDERED_PAIRS order them.
LOAD_PAIRS = {
    "ldp": Access(None, offset=7, update=True),
    "ldpsw": Access(4, signed=True, offset=7, update=True),
    "ldnp": Access(None, tags="NT", offset=7),
    "ldap": Access(8, tags="A"),  # FEAT_LSCP
    "ldapp": Access(8, tags="Q"),
    "ldiapp": Access(None, tags="Q", update=True, step=2),  # FEAT_LRCPC3
}
STORE_PAIRS = {
    "stp": Access(None, offset=7, update=True),
    "stnp": Access(None, tags="NT", offset=7),
    "stlp": Access(8, tags="L"),
    "stilp": Access(None, tags="L", update=True, step=-2),
}
# "Ordered pair": the instruction accesses the first register's place before the second's.  The exception is a STILP
# that moves its base: it stores the second register before the first.  (bob in models/aarch64.cat orders one access
# after the other: a release is ordered after all that comes before it, an acquire before all that comes after it.)
ORDERED_PAIRS = frozenset({"ldiapp", "stilp"})

# ---------------------------------------------------------------- atomic read-modify-writes (FEAT_LSE)

# The value that is stored; R is the value read, S is the source
ATOMICS = {
    "add": "add(R, S)",
    "clr": "andnot(R, S)",
    "eor": "xor(R, S)",
    "set": "or(R, S)",
    "smax": "ite(lt(sext(R), sext(S)), S, R)",
    "smin": "ite(lt(sext(R), sext(S)), R, S)",
    "umax": "ite(ltu(zext(R), zext(S)), S, R)",
    "umin": "ite(ltu(zext(R), zext(S)), R, S)",
    "swp": "S",
}


class Atomic(Struct, frozen=True):
    """An atomic instruction.

    operation: a key of ATOMICS, or `cas`.  acquire, release: the read is in A, the write is in L.
    size: bytes; None means the bytes of the register.
    returns: it has a target, as LDADD has; STADD has none.
    """

    operation: str
    acquire: bool
    release: bool
    size: int | None
    returns: bool = True


_ORDERS = {"": (False, False), "a": (True, False), "l": (False, True), "al": (True, True)}

# LD<op>{A}{L}{B|H}; SWP and CAS have the same suffixes.  ST<op>{L}{B|H} is LD<op>{L}{B|H} with the target WZR.
ATOMIC = {
    f"{prefix}{order}{suffix}": Atomic(operation, *flags, size)
    for operation, prefix in [("swp", "swp"), ("cas", "cas"), *((op, f"ld{op}") for op in ATOMICS if op != "swp")]
    for order, flags in _ORDERS.items()
    for suffix, size in _SUFFIXES.items()
} | {
    f"st{operation}{order}{suffix}": Atomic(operation, False, release, size, returns=False)
    for operation in ATOMICS
    if operation != "swp"
    for order, release in (("", False), ("l", True))
    for suffix, size in _SUFFIXES.items()
}

# ---------------------------------------------------------------- barriers and the rest

# C6.2 DMB, DSB: the options are the cat sets DMB.SY, DMB.ISHLD, DSB.ST ...
BARRIERS = ("dmb", "dsb")
OPTIONS = ("SY", "LD", "ST", *(f"{domain}{kind}" for domain in ("ISH", "OSH", "NSH") for kind in ("", "LD", "ST")))
FENCES = frozenset(f"{barrier.upper()}.{option}" for barrier in BARRIERS for option in OPTIONS) | {"ISB"}

# Hints: a processor may ignore them.  A wait (wfe, wfi) may end at any time, so it does nothing here either.
NOTHING = frozenset({"nop", "yield", "dgh", "sev", "sevl", "wfe", "wfi"})
PREFETCHES = frozenset({"prfm", "prfum"})

# What is not supported, and why.  Of an architecture extension, only some of its instructions are listed.
_UNSUPPORTED = {
    "addresses of pages are not supported": "adrp",
    "system instructions are not supported": """
        svc hvc smc brk hlt eret udf dcps1 sys sysl tcancel tstart tcommit ttest""",
    "address translation and cache maintenance are not supported": """
        ic dc at tlbi tlbip cfp dvp cpp rcwcas rcwswp rcwset rcwclr""",
    "atomic accesses to a pair of registers are not supported": """
        ldxp ldaxp stxp stlxp casp caspa caspl caspal ldclrp ldclrpa ldclrpl ldclrpal
        ldsetp ldsetpa ldsetpl ldsetpal swpp swppa swppl swppal ld64b st64b st64bv""",
    "this instruction is not supported": """
        wfet wfit esb sb csdb ssbb pssbb clrex clrbhb hint ldlar ldlarb ldlarh stllr stllrb stllrh
        crc32b crc32h crc32w crc32x rmif setf8 setf16 cfinv cpyp cpym cpye cpyfp cpyfm cpyfe setp setm sete""",
    "memory tagging is not supported": "ldg stg st2g stzg stz2g stgp ldgm stgm stzgm irg addg subg subp subps gmi",
    "pointer authentication is not supported": """
        pacia pacib pacda pacdb pacga autia autib autda autdb xpaci xpacd xpaclri paciasp pacibsp autiasp autibsp
        pacia1716 ldraa ldrab bti braa brab blraa blrab retaa retab""",
    "vector instructions are not supported": """
        ld1 ld2 ld3 ld4 ld1r ld2r ld3r ld4r st1 st2 st3 st4 ld1b ld1h ld1w ld1d ld1q st1b st1h st1w st1d st1q
        ld2b ld2h ld2w ld2d st2b st2h st2w st2d ld3w ld3d st3w st3d ld4w ld4d st4w st4d ldap1 stl1 movi mvni fmov
        dup ins umov smov addv fadd fsub fmul fcmp ptrue movprfx whilelt whilele whilelo whilels uaddv saddv index
        rdvl addvl cntb cntd cnth cntw incb incd inch incw smstart smstop mova addha addva""",
    "capabilities are not supported": """
        alignd alignu build chkeq chksld chktgd clrtag cpytype cpyvalue cseal gctag seal unseal ldct stct scvalue
        sctag gcvalue gcperm gcseal gctype""",
}
UNSUPPORTED = {name: reason for reason, names in _UNSUPPORTED.items() for name in names.split()}
