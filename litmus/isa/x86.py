"""X86 and X86_64: the instructions that litmus tests use, one row each.

Source: Intel 64 and IA-32 Architectures Software Developer's Manual, volume 2, the page of the
instruction's name (MOV, ADD, Jcc ...); volume 1, 3.4.1.1, for how partial registers are written.
The interpreting code is litmus/isa/x86_reading.py and litmus/isa/x86_lowering.py.

In expressions, D is the destination, S is the source and R is the result.  D and S are sign-extended from the size
of the operation.  `sext` and `zext` extend from that size, and N is that size in bits.  The flags are pseudo
registers: .zf, .sf, .cf and .lt.  The flag .lt stands for "SF differs from OF", so that a signed comparison is one
operator.  OF has no register of its own: it is 1 where .sf differs from .lt.
"""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

# ---------------------------------------------------------------- registers

# 64-bit name -> the names of its low 32, 16 and 8 bits
_LEGACY = {
    "rax": ("eax", "ax", "al"),
    "rbx": ("ebx", "bx", "bl"),
    "rcx": ("ecx", "cx", "cl"),
    "rdx": ("edx", "dx", "dl"),
    "rsi": ("esi", "si", "sil"),
    "rdi": ("edi", "di", "dil"),
    "rbp": ("ebp", "bp", "bpl"),
    "rsp": ("esp", "sp", "spl"),
}
_NUMBERED = {f"r{n}": (f"r{n}d", f"r{n}w", f"r{n}b") for n in range(8, 16)}
_HIGH = {"ah": "rax", "bh": "rbx", "ch": "rcx", "dh": "rdx"}


class Part(Struct, frozen=True):
    """A name for `size` bytes of a register, from bit `shift` on."""

    register: str
    size: int
    shift: int = 0


PARTS_64 = {
    name: Part(whole, size)
    for whole, parts in {**_LEGACY, **_NUMBERED}.items()
    for name, size in zip((whole, *parts), (8, 4, 2, 1), strict=True)
} | {name: Part(whole, 1, 8) for name, whole in _HIGH.items()}

# X86 states spell registers in capitals.  The low bytes of esi, edi, ebp and esp have no names on X86.
PARTS_32 = {
    name: Part(part.register.replace("r", "e", 1).upper(), part.size, part.shift)
    for name, part in PARTS_64.items()
    if part.size < 8 and part.register in _LEGACY and name not in ("sil", "dil", "bpl", "spl")
}

# ---------------------------------------------------------------- flags

_SUM = {
    ".zf": "eq(R, 0)",
    ".sf": "lt(R, 0)",
    # The sign of the sum without overflow.  Below 64 bits, the sum of sign-extended operands cannot overflow.
    ".lt": "ite(eq(N, 64), ne(lt(R, 0), lt(and(xor(D, R), xor(S, R)), 0)), lt(add(D, S), 0))",
}
_DIFFERENCE = {".zf": "eq(D, S)", ".sf": "lt(R, 0)", ".lt": "lt(D, S)"}

ADD = {**_SUM, ".cf": "ltu(R, D)"}
SUB = {**_DIFFERENCE, ".cf": "ltu(D, S)"}
LOGIC = {".zf": "eq(R, 0)", ".sf": "lt(R, 0)", ".cf": "0", ".lt": "lt(R, 0)"}
INC = _SUM
DEC = _DIFFERENCE
NEG = {".zf": "eq(D, 0)", ".sf": "lt(R, 0)", ".cf": "ne(D, 0)", ".lt": "lt(0, D)"}
KEEP: dict[str, str] = {}
# ADC and SBB: ..carry is CF as it was before
ADD_CARRY = {
    ".zf": "eq(R, 0)",
    ".sf": "lt(R, 0)",
    ".lt": "ite(eq(N, 64), ne(lt(R, 0), lt(and(xor(D, R), xor(S, R)), 0)), lt(add(add(D, S), ..carry), 0))",
    ".cf": "or(ltu(R, D), and(..carry, eq(R, D)))",
}
SUB_CARRY = {
    ".zf": "eq(R, 0)",
    ".sf": "lt(R, 0)",
    ".lt": "ite(..carry, le(D, S), lt(D, S))",
    ".cf": "ite(..carry, leu(D, S), ltu(D, S))",
}

ALL_FLAGS = frozenset({".zf", ".sf", ".cf", ".lt"})
COUNTED = {".cf": "eq(S, 0)", ".zf": "eq(R, 0)"}
_NOT_COUNTED = ALL_FLAGS - {*COUNTED}
_NOT_ZERO = ALL_FLAGS - {".zf"}

# ---------------------------------------------------------------- instructions


class Update(Struct, frozen=True):
    """D becomes `result`, an expression over D and S, and the flags are set.

    operands: 2 for a destination and a source, 1 for a destination alone (S is then `source`).
    stores: False for CMP and TEST, which set flags only.  undefined: the flags that are left undefined.
    lockable: may have the LOCK prefix if the destination is memory.  If False, the destination must be a register.
    """

    result: str
    flags: dict[str, str]
    operands: Literal[1, 2] = 2
    source: int = 0
    stores: bool = True
    lockable: bool = True
    undefined: frozenset[str] = frozenset()


_TRAILING = "clz(or(rbit(S), ite(eq(N, 64), 0, shl(1, sub(63, N)))))"  # the zeros below the lowest 1, at most N

UPDATES = {
    "add": Update("sext(add(D, S))", ADD),
    "sub": Update("sext(sub(D, S))", SUB),
    "and": Update("and(D, S)", LOGIC),
    "or": Update("or(D, S)", LOGIC),
    "xor": Update("xor(D, S)", LOGIC),
    "cmp": Update("sext(sub(D, S))", SUB, stores=False),
    "test": Update("and(D, S)", LOGIC, stores=False),
    "inc": Update("sext(add(D, S))", INC, operands=1, source=1),
    "dec": Update("sext(sub(D, S))", DEC, operands=1, source=1),
    "neg": Update("sext(neg(D))", NEG, operands=1),
    "not": Update("not(D)", KEEP, operands=1),
    "imul": Update("sext(mul(D, S))", KEEP, lockable=False, undefined=ALL_FLAGS),
    "adc": Update("sext(add(add(D, S), ..carry))", ADD_CARRY),
    "sbb": Update("sext(sub(sub(D, S), ..carry))", SUB_CARRY),
    # if the source is 0, BSF and BSR do not change the destination
    "bsf": Update(f"ite(S, {_TRAILING}, D)", {".zf": "eq(S, 0)"}, lockable=False, undefined=_NOT_ZERO),
    "bsr": Update("ite(S, sub(63, clz(zext(S))), D)", {".zf": "eq(S, 0)"}, lockable=False, undefined=_NOT_ZERO),
    "tzcnt": Update(_TRAILING, COUNTED, lockable=False, undefined=_NOT_COUNTED),
    "lzcnt": Update("sub(clz(zext(S)), sub(64, N))", COUNTED, lockable=False, undefined=_NOT_COUNTED),
    "popcnt": Update("popcount(zext(S))", {".zf": "eq(S, 0)", ".sf": "0", ".cf": "0", ".lt": "0"}, lockable=False),
}

# CWDE, CDQE, CDQ, CQO and their AT&T names: the register that is set, the register it is computed from, the expression
CONVERSIONS = {
    **dict.fromkeys(("cwde", "cwtl"), ("eax", "ax", "sext16(S)")),
    **dict.fromkeys(("cdqe", "cltq"), ("rax", "eax", "sext32(S)")),
    **dict.fromkeys(("cdq", "cltd"), ("edx", "eax", "sar(sext32(S), 31)")),
    **dict.fromkeys(("cqo", "cqto"), ("rdx", "rax", "sar(S, 63)")),
}

# STC, CLC, CMC: the new value of CF
CARRIES = {"stc": "1", "clc": "0", "cmc": "lnot(.cf)"}


class Shift(Struct, frozen=True):
    """D is shifted by S, which is a number or CL.  The count is modulo 64 for 64-bit operands, else modulo 32.

    A count of 0 changes nothing.  carry is CF.  less is "SF differs from OF" for a count of 1; for other counts OF is
    not defined.
    """

    result: str
    carry: str
    less: str


_SHL = Shift("sext(shl(D, S))", "and(shr(zext(D), sub(N, S)), 1)", "lt(D, 0)")
SHIFTS = {
    "shl": _SHL,
    "sal": _SHL,
    "shr": Shift("sext(shr(zext(D), S))", "and(shr(zext(D), sub(S, 1)), 1)", "lt(D, 0)"),
    "sar": Shift("sar(D, S)", "and(shr(D, sub(S, 1)), 1)", "lt(R, 0)"),
}

# BT, BTS, BTR, BTC with a number S < N: CF is the bit of D; M is its mask
BITS = {"bt": None, "bts": "or(D, M)", "btr": "andnot(D, M)", "btc": "xor(D, M)"}
BIT = {".cf": "and(shr(D, S), 1)"}

# MOVZX, MOVSX, MOVSXD and their AT&T names: sizes of source and destination (None: the operands say it)
EXTENDING = {
    "movzx": ("zext", None, None),
    "movsx": ("sext", None, None),
    "movsxd": ("sext", 4, 8),
    **{
        f"mov{kind}{source}{target}": (f"{extension}ext", size, to)
        for kind, extension in (("z", "z"), ("s", "s"))
        for source, size in (("b", 1), ("w", 2))
        for target, to in (("w", 2), ("l", 4), ("q", 8))
        if to > size
    },
    "movslq": ("sext", 4, 8),
}

# MOV, LEA, XCHG, XADD, CMPXCHG, MOVNTI have code of their own in x86_lowering.py
MOVES = frozenset({"mov", "movabs", "movnti", "lea", "xchg", "uxch", "xadd", "cmpxchg"})

# MFENCE, SFENCE, LFENCE: their cat sets
FENCES = {"mfence": "MFENCE", "sfence": "SFENCE", "lfence": "LFENCE"}

# Jcc, SETcc, CMOVcc
CONDITIONS = {
    spelling: meaning
    for spellings, meaning in (
        ("e z", ".zf"),
        ("ne nz", "lnot(.zf)"),
        ("l nge lt", ".lt"),
        ("ge nl", "lnot(.lt)"),
        ("le ng", "or(.zf, .lt)"),
        ("g nle gt", "lnot(or(.zf, .lt))"),
        ("b c nae", ".cf"),
        ("ae nc nb", "lnot(.cf)"),
        ("be na", "or(.cf, .zf)"),
        ("a nbe", "lnot(or(.cf, .zf))"),
        ("s", ".sf"),
        ("ns", "lnot(.sf)"),
        ("o", "ne(.sf, .lt)"),
        ("no", "eq(.sf, .lt)"),
    )
    for spelling in spellings.split()
}

# Instructions with no effect on the events of a test.  NOP does not access its operands.
NOTHING = frozenset({"nop", "nopw", "nopl", "endbr64", "endbr32", "pause"}) | {
    f"prefetch{kind}" for kind in ("t0", "t1", "t2", "nta", "w", "")
}
RETURNS = frozenset({"ret", "retq", "retl"})

UNSUPPORTED = {
    **dict.fromkeys(("push", "pop", "pushq", "popq", "call", "callq", "leave", "leaveq"), "the stack is not supported"),
    **dict.fromkeys(("clflush", "clflushopt", "clwb"), "cache flushes are not supported"),
    **dict.fromkeys(("movntdqa", "movd", "movdqa", "movaps", "movups"), "vector registers are not supported"),
    **dict.fromkeys(("cmpxchg8b", "cmpxchg16b"), "double-width accesses are not supported"),
    **dict.fromkeys(("mul", "div", "idiv", "rol", "ror", "bswap"), "this instruction is not supported"),
    **dict.fromkeys(("movsb", "movsw", "movsd", "stosb", "stosl", "stosq", "lodsl"), "strings are not supported"),
    **dict.fromkeys(("jp", "jnp", "jpe", "jpo", "setp", "setnp"), "the parity flag is not supported"),
    **dict.fromkeys(("xbegin", "xend", "xabort"), "transactions are not supported"),
}
