"""ARM (32 bits): the instructions that litmus tests use, one row each.

Source: ARM Architecture Reference Manual, ARMv7-A and ARMv7-R edition (DDI 0406C), the sections named
below; for the acquire and release forms, Arm Architecture Reference Manual for A-profile (DDI 0487), F5.1.
Registers hold 32 bits, here as signed numbers.  The interpreting code is litmus/isa/arm_lowering.py.
"""

from __future__ import annotations

from msgspec import Struct

from litmus.program.code import Carried

REGISTERS = (*(f"R{n}" for n in range(13)), "SP", "LR", "PC")
# R13 to R15, and the names of the procedure call standard (AAPCS32, 6.1.1)
ALIASES = {"R13": "SP", "R14": "LR", "R15": "PC", "FP": "R11", "IP": "R12", "SL": "R10", "SB": "R9"}
HINT = "registers are R0 to R15, SP, LR, FP, IP"

# A8.3 Conditional execution, table A8-1: the condition, over the flags .n .z .c .v, on which an instruction with that
# suffix executes.  Each pair is a condition and its opposite.
CONDITION_PAIRS = (
    ("eq", ".z", "ne", "lnot(.z)"),
    ("cs", ".c", "cc", "lnot(.c)"),
    ("hs", ".c", "lo", "lnot(.c)"),
    ("mi", ".n", "pl", "lnot(.n)"),
    ("vs", ".v", "vc", "lnot(.v)"),
    ("hi", "and(.c, lnot(.z))", "ls", "or(lnot(.c), .z)"),
    ("ge", "eq(.n, .v)", "lt", "ne(.n, .v)"),
    ("gt", "and(lnot(.z), eq(.n, .v))", "le", "or(.z, ne(.n, .v))"),
)
ALWAYS = "al"

# A2.4 and A8.4: how instructions set the flags; R is the result, A and O are the operands.  The carry of a logical
# instruction is the carry of its shifter, which is not modelled.  So .c is left alone or undefined (`Compute.flags`).
_LOGICAL = {".n": "lt(R, 0)", ".z": "eq(R, 0)"}
FLAGS = {
    "logical": _LOGICAL,
    "sum": {**_LOGICAL, ".c": "ne(shr(add(zext32(A), zext32(O)), 32), 0)", ".v": "ne(R, add(A, O))"},
    "difference": {".n": "lt(R, 0)", ".z": "eq(A, O)", ".c": "geu(A, O)", ".v": "ne(R, sub(A, O))"},
    # ..carry is the carry from before the instruction
    "sum with carry": {
        **_LOGICAL,
        ".c": "ne(shr(add(add(zext32(A), zext32(O)), ..carry), 32), 0)",
        ".v": "ne(R, add(add(A, O), ..carry))",
    },
    "difference with carry": {
        **_LOGICAL,
        ".c": "ite(..carry, geu(A, O), gtu(A, O))",
        ".v": "ne(R, sub(sub(A, O), lnot(..carry)))",
    },
    "reverse": {".n": "lt(R, 0)", ".z": "eq(A, O)", ".c": "geu(O, A)", ".v": "ne(R, sub(O, A))"},
}


class Compute(Struct, frozen=True):
    """An instruction that sets its target to `result`, or that has no target and only sets the flags from `result`.

    operands: one letter for each operand.
      T: the target; the result calls its old content D.  A, B, C: registers.
      O: the flexible second operand, a number or a register that may be shifted.
      H: a number of 16 bits.  S: a register or a number from 0 to 32.
      n: a number from 0 to 31.  w: the width of the field of bits that begins at bit n; M is the mask of that width.
      In TAO, A may be left out; then it is the target.
    flags: a key of FLAGS.  The form with the suffix S sets these flags, and so does an instruction without a
    target.  With "shift", the flags are those of "logical", and the carry is left undefined.
    """

    operands: str
    result: str
    flags: str = ""


COMPUTE = {
    # A4.4.1 Standard data-processing instructions
    "add": Compute("TAO", "sext32(add(A, O))", "sum"),
    "sub": Compute("TAO", "sext32(sub(A, O))", "difference"),
    "rsb": Compute("TAO", "sext32(sub(O, A))", "reverse"),
    "adc": Compute("TAO", "sext32(add(add(A, O), ..carry))", "sum with carry"),
    "sbc": Compute("TAO", "sext32(sub(sub(A, O), lnot(..carry)))", "difference with carry"),
    "neg": Compute("TA", "sext32(neg(A))"),
    "and": Compute("TAO", "and(A, O)", "logical"),
    "orr": Compute("TAO", "or(A, O)", "logical"),
    "eor": Compute("TAO", "xor(A, O)", "logical"),
    "orn": Compute("TAO", "or(A, not(O))", "logical"),
    "xor": Compute("TAO", "xor(A, O)", "logical"),  # another name of EOR, which herd7 accepts
    "bic": Compute("TAO", "andnot(A, O)", "logical"),
    "mov": Compute("TO", "O", "logical"),
    "mvn": Compute("TO", "not(O)", "logical"),
    "movw": Compute("TH", "H"),
    "movt": Compute("TH", "sext32(or(and(D, 65535), shl(H, 16)))"),
    "cmp": Compute("AO", "sext32(sub(A, O))", "difference"),
    "cmn": Compute("AO", "sext32(add(A, O))", "sum"),
    "tst": Compute("AO", "and(A, O)", "logical"),
    "teq": Compute("AO", "xor(A, O)", "logical"),
    # A4.4.2 Shift instructions; a count in a register has 8 bits
    "lsl": Compute("TAS", "ite(gtu(and(S, 255), 31), 0, sext32(shl(A, and(S, 31))))", "shift"),
    "lsr": Compute("TAS", "ite(gtu(and(S, 255), 31), 0, sext32(shr(zext32(A), and(S, 31))))", "shift"),
    "asr": Compute("TAS", "sar(A, ite(gtu(and(S, 255), 31), 31, and(S, 31)))", "shift"),
    "ror": Compute("TAS", "sext32(or(shr(zext32(A), and(S, 31)), shl(A, sub(32, and(S, 31)))))", "shift"),
    # A4.4.3 Multiply instructions
    "mul": Compute("TAB", "sext32(mul(A, B))", "logical"),
    "mla": Compute("TABC", "sext32(add(mul(A, B), C))", "logical"),
    "mls": Compute("TABC", "sext32(sub(C, mul(A, B)))"),
    # A4.4.8 Divide instructions: division by 0 gives 0
    "sdiv": Compute("TAB", "ite(B, sext32(div(A, ite(B, B, 1))), 0)"),
    "udiv": Compute("TAB", "ite(B, sext32(divu(zext32(A), ite(B, zext32(B), 1))), 0)"),
    # A4.4.5 Packing and unpacking instructions
    "sxtb": Compute("TA", "sext8(A)"),
    "sxth": Compute("TA", "sext16(A)"),
    "uxtb": Compute("TA", "zext8(A)"),
    "uxth": Compute("TA", "zext16(A)"),
}
COMPUTE |= {
    # A4.4.6 Miscellaneous data-processing instructions
    "clz": Compute("TA", "sub(clz(zext32(A)), 32)"),
    "rbit": Compute("TA", "sext32(shr(rbit(A), 32))"),
    "rev16": Compute("TA", "sext32(or(shl(and(A, 16711935), 8), and(shr(A, 8), 16711935)))"),
    "rev": Compute(
        "TA", "sext32(or(or(shl(A, 24), shl(and(A, 65280), 8)), or(and(shr(A, 8), 65280), zext8(shr(A, 24)))))"
    ),
    "revsh": Compute("TA", "sext16(or(shl(A, 8), zext8(shr(A, 8))))"),
    "ubfx": Compute("TAnw", "and(shr(zext32(A), n), M)"),
    "sbfx": Compute("TAnw", "sar(shl(A, sub(64, add(n, w))), sub(64, w))"),
    "bfi": Compute("TAnw", "sext32(or(andnot(D, shl(M, n)), shl(and(A, M), n)))"),
    "bfc": Compute("Tnw", "sext32(andnot(D, shl(M, n)))"),
}
SHIFTS = frozenset({"lsl", "lsr", "asr", "ror"})  # A8.4.1: shifts of a second operand or of an offset, too


class Transfer(Struct, frozen=True):
    """A load or a store of `size` bytes.

    extension: how a loaded value is extended, if it is not sign-extended.  tags: the cat sets of the access.
    base: the address must be a register without an offset.
    """

    size: int
    extension: str = ""
    tags: frozenset[str] = frozenset()
    base: bool = False


ACQUIRE, RELEASE, EXCLUSIVE = "A", "L", "EX"
_ACQUIRE, _RELEASE, _EXCLUSIVE = frozenset({ACQUIRE}), frozenset({RELEASE}), frozenset({EXCLUSIVE})

# A4.6 Load/store instructions
LOADS = {
    "ldr": Transfer(4),
    "ldrb": Transfer(1, "zext8"),
    "ldrh": Transfer(2, "zext16"),
    "ldrsb": Transfer(1),
    "ldrsh": Transfer(2),
    "ldrt": Transfer(4),  # LDRT is an unprivileged access, and a thread of an application has no other
    "ldrbt": Transfer(1, "zext8"),
    "ldrht": Transfer(2, "zext16"),
    "ldrsbt": Transfer(1),
    "ldrsht": Transfer(2),
    # DDI 0487, F5.1: load-acquire
    "lda": Transfer(4, "", _ACQUIRE, base=True),
    "ldab": Transfer(1, "zext8", _ACQUIRE, base=True),
    "ldah": Transfer(2, "zext16", _ACQUIRE, base=True),
}
STORES = {
    "str": Transfer(4),
    "strb": Transfer(1),
    "strh": Transfer(2),
    "strt": Transfer(4),
    "strbt": Transfer(1),
    "strht": Transfer(2),
    # DDI 0487, F5.1: store-release
    "stl": Transfer(4, "", _RELEASE, base=True),
    "stlb": Transfer(1, "", _RELEASE, base=True),
    "stlh": Transfer(2, "", _RELEASE, base=True),
}
# A3.4 Synchronization and semaphores
RESERVE = {
    "ldrex": Transfer(4, "", _EXCLUSIVE, base=True),
    "ldrexb": Transfer(1, "zext8", _EXCLUSIVE, base=True),
    "ldrexh": Transfer(2, "zext16", _EXCLUSIVE, base=True),
    "ldaex": Transfer(4, "", _EXCLUSIVE | _ACQUIRE, base=True),
    "ldaexb": Transfer(1, "zext8", _EXCLUSIVE | _ACQUIRE, base=True),
    "ldaexh": Transfer(2, "zext16", _EXCLUSIVE | _ACQUIRE, base=True),
}
CONDITIONAL = {
    "strex": Transfer(4, "", _EXCLUSIVE, base=True),
    "strexb": Transfer(1, "", _EXCLUSIVE, base=True),
    "strexh": Transfer(2, "", _EXCLUSIVE, base=True),
    "stlex": Transfer(4, "", _EXCLUSIVE | _RELEASE, base=True),
    "stlexb": Transfer(1, "", _EXCLUSIVE | _RELEASE, base=True),
    "stlexh": Transfer(2, "", _EXCLUSIVE | _RELEASE, base=True),
}
# The status of a store-exclusive depends on the operands, as on POWER ("Herding cats", section 5)
STATUS_CARRIES: Carried = "operands"


class Multiple(Struct, frozen=True):
    """A multiple load or store, and where its words lie.

    up: they lie above the base; otherwise below it.  before: the word at the base itself is not one of them.
    A4.7 Load/store multiple instructions: I increment, D decrement, A after, B before; in the names for stacks,
    F full, E empty, D descending, A ascending.
    """

    load: bool
    up: bool
    before: bool


_IA, _IB, _DA, _DB = (True, False), (True, True), (False, False), (False, True)
MULTIPLES = {
    **dict.fromkeys(("ldm", "ldmia", "ldmfd"), Multiple(True, *_IA)),
    **dict.fromkeys(("ldmib", "ldmed"), Multiple(True, *_IB)),
    **dict.fromkeys(("ldmda", "ldmfa"), Multiple(True, *_DA)),
    **dict.fromkeys(("ldmdb", "ldmea"), Multiple(True, *_DB)),
    **dict.fromkeys(("stm", "stmia", "stmea"), Multiple(False, *_IA)),
    **dict.fromkeys(("stmib", "stmfa"), Multiple(False, *_IB)),
    **dict.fromkeys(("stmda", "stmed"), Multiple(False, *_DA)),
    **dict.fromkeys(("stmdb", "stmfd"), Multiple(False, *_DB)),
}
STACK = {"push": Multiple(False, *_DB), "pop": Multiple(True, *_IA)}  # the base is SP, and written back
# A8.8.72 and A8.8.210: two words, with one access for each word (both together are single-copy atomic only with LPAE)
DOUBLES = {"ldrd": True, "strd": False}

# A3.8.3 Memory barriers; A8.8.43 and A8.8.44 the options.  The threads of a test are in one inner shareable domain.
# A barrier for that domain, for the outer domain or for the system orders them; a non-shareable barrier does not.
_OPTIONS: dict[str, tuple[str, ...]] = {
    "": ("",),
    "sy": ("",),
    "osh": ("",),
    "ish": ("", ".ISH"),
    "sh": ("", ".ISH"),
    "nsh": (),
    "un": (),
    "st": (".ST",),
    "oshst": (".ST",),
    "ishst": (".ST",),
    "shst": (".ST",),
    "nshst": (),
    "unst": (),
}
BARRIERS: dict[str, dict[str, tuple[str, ...]]] = {
    "dmb": {option: tuple(f"DMB{kind}" for kind in kinds) for option, kinds in _OPTIONS.items()},
    "dsb": {option: tuple(f"DSB{kind}" for kind in kinds) for option, kinds in _OPTIONS.items()},
    "isb": {"": ("ISB",), "sy": ("ISB",)},
}
LOAD_BARRIERS = frozenset({"ld", "ishld", "oshld", "nshld"})  # of version 8

# Hints: a processor may ignore them.  A wait (wfe, wfi) may end at any time, so it does nothing here either.
NOTHING = frozenset({"nop", "yield", "wfe", "wfi", "sev", "sevl"})
PREFETCHES = frozenset({"pld", "pldw", "pli"})
# A8.8.54 IT says which of the next instructions are conditional.  Each of them is also written with its condition,
# so IT itself does nothing here.
IT = frozenset({"it", *(f"it{x}{y}{z}" for x in "te" for y in ("", "t", "e") for z in ("", "t", "e"))})

LINK = "LR"  # holds the return address

_SYSTEM = "system instructions are not supported"
_DOUBLE = "doubleword exclusives are not supported"
_PARALLEL = "parallel arithmetic is not supported"
_FLOATING = "vectors and floating point are not supported"
_LONG = "long multiplication is not supported"
UNSUPPORTED = {
    "rsc": "RSC is not supported",
    **dict.fromkeys(("ldrexd", "strexd", "ldaexd", "stlexd"), _DOUBLE),
    **dict.fromkeys(("swp", "swpb"), "SWP is not supported: it is deprecated since version 6"),
    **dict.fromkeys(("svc", "bkpt", "mrs", "msr", "mcr", "mrc", "cps", "cpsid", "cpsie"), _SYSTEM),
    "clrex": "clearing a reservation is not supported",
    **dict.fromkeys(("sadd16", "uadd8", "sel", "usub8", "ssub16"), _PARALLEL),
    **dict.fromkeys(("vldr", "vstr", "vmov", "vldm", "vstm", "vadd"), _FLOATING),
    **dict.fromkeys(("umull", "smull", "umlal", "smlal"), _LONG),
    **dict.fromkeys(("adrl", "tbb", "tbh"), "addresses relative to the program counter are not supported"),
}
