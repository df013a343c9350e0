"""AArch64: the instructions that litmus tests use, one row each.

Source: Arm Architecture Reference Manual for A-profile (DDI 0487): the pages of chapter C6 that
have the names of the instructions; B2.3 for how the memory model orders the accesses.
litmus/isa/aarch64/operands.py says what the names of operands mean, litmus/isa/rows.py and
litmus/isa/aarch64/rows.py what a row of each kind does.

In expressions, N is the size of the operation: 32 bits for W registers, 64 for X registers.  `sext` and
`zext` extend from that size.  The flags are pseudo registers: .n, .z, .c and .lt.  The flag .lt stands for
"flag N differs from flag V", so that a signed comparison is one operator.  V has no register of its own:
it is 1 where .n differs from .lt.
"""

from __future__ import annotations

from collections.abc import Mapping

from litmus.isa import rows
from litmus.isa.aarch64.operands import CONDITIONS, LINK, OPTIONS
from litmus.isa.aarch64.reading import Reader
from litmus.isa.aarch64.rows import (
    Branch,
    CompareAndSwap,
    Compute,
    Load,
    LoadOrLiteral,
    LoadPair,
    ReadModifyWrite,
    Select,
    Store,
    StoreExclusive,
    StorePair,
)
from litmus.isa.rows import Fence, Jump, Nothing, Steps, Tags, Unsupported
from litmus.program.code import NO_TAGS

Rows = Mapping[str, rows.Row[Reader]]

# ---------------------------------------------------------------- computing


def row(mnemonic: str, operands: str, result: str) -> Rows:
    """An instruction whose target becomes `result`."""
    return {mnemonic: Compute(operands, result)}


def flagged(mnemonic: str, operands: str, result: str, flags: Steps) -> Rows:
    """An instruction that sets flags."""
    return {mnemonic: Compute(operands, result, flags)}


def adding(left: str, right: str) -> Steps:
    """The flags of `left + right`."""
    negative = "sext(result) < 0"
    overflow = f"((sext({left}) ^ sext(result)) & (sext({right}) ^ sext(result))) < 0"
    carry = f"sext(result) <u sext({left})"
    return {".n": negative, ".z": "sext(result) == 0", ".c": carry, ".lt": f"({negative}) != ({overflow})"}


def subtracting(left: str, right: str) -> Steps:
    """The flags of `left - right`; C is 1 if nothing is borrowed."""
    a, b = f"sext({left})", f"sext({right})"
    return {".n": "sext(result) < 0", ".z": f"{a} == {b}", ".c": f"{a} >=u {b}", ".lt": f"{a} < {b}"}


_CARRY = {"..carry": ".c"}  # C as it was before


def adding_carry(left: str, right: str) -> Steps:
    """The flags of `left + right + C`."""
    a, result = f"sext({left})", "sext(result)"
    return {**_CARRY, **adding(left, right), ".c": f"{result} <u {a} | ..carry & {result} == {a}"}


def subtracting_carry(left: str, right: str) -> Steps:
    """The flags of `left - right - !C`."""
    a, b = f"sext({left})", f"sext({right})"
    carry, less = f"..carry ? {a} >=u {b} : {a} >u {b}", f"..carry ? {a} < {b} : {a} <= {b}"
    return {**_CARRY, ".n": "sext(result) < 0", ".z": "sext(result) == 0", ".c": carry, ".lt": less}


# The flags of a logical operation: C and V are 0, and depend on the result.
_LOGICAL = {
    ".n": "sext(result) < 0",
    ".z": "sext(result) == 0",
    ".c": "sext(result) & 0",
    ".lt": "sext(result) < 0",
}


def conditional_compare(mnemonic: str, result: str, flags: Steps) -> Rows:
    """If the condition holds, the flags are those of the operation; if not, they are the bits of a number.

    The condition is about the old flags, so it is evaluated before they change.
    """
    bits = {".n": "nzcv >> 3 & 1", ".z": "nzcv >> 2 & 1", ".c": "nzcv >> 1 & 1", ".lt": "(nzcv >> 3 ^ nzcv) & 1"}
    chosen = {flag: f"..held ? {text} : {bits[flag]}" for flag, text in flags.items()}
    return flagged(mnemonic, "rn, rm|imm5, nzcv, cond", result, {"..held": "cond", **chosen})


def select(mnemonic: str, operands: str, chosen: str, other: str) -> Rows:
    """A choice by a condition: if it holds, the target becomes `chosen`; if not, `other`."""
    return {mnemonic: Select(operands, "cond", chosen, other)}


def division(mnemonic: str, operator: str, extend: str) -> Rows:
    """A division in which division by 0 gives 0."""
    divisor = f"{extend}(rm)"
    return row(mnemonic, "rd, rn, rm", f"{divisor} ? {extend}(rn) {operator} ({divisor} ? {divisor} : 1) : 0")


def _swapped(value: str, by: int, mask: int) -> str:
    """The value with each two neighbouring groups of `by` bits exchanged; the mask has the lower group of each pair."""
    return f"(({value}) & {mask}) << {by} | ({value}) >>u {by} & {mask}"


# The bytes reversed: of each two, of each four, and of all eight
_REV16 = _swapped("rn", 8, 0x00FF00FF00FF00FF)
_REV32 = _swapped(_REV16, 16, 0x0000FFFF0000FFFF)
_REV64 = f"({_REV32}) << 32 | ({_REV32}) >>u 32"


def bit_field(mnemonic: str, source: str, shift: str) -> Rows:
    """UBFM, SBFM: the bits `immr` to `imms` move to the right if imms >= immr; else the bits up to `imms` to the left.

    source: the register, extended.  shift: the operator that moves it to the right.
    """
    right = f"{source} << 63 - imms {shift} 63 - imms + immr"
    left = f"rn << 63 - imms {shift} 63 - imms << N - immr"
    return row(mnemonic, "rd, rn, immr, imms", f"imms >= immr ? {right} : {left}")


# BFM: as many bits as UBFM moves to the right, and as it moves to the left
_RIGHT = "(-1 >>u 63 - (imms - immr))"
_LEFT = "(-1 >>u 63 - imms)"

# ---------------------------------------------------------------- loads and stores

_SUFFIXES = {"": ("r", 0), "b": ("w", 1), "h": ("w", 2)}  # -> the kind of register, and the bytes of the access
_SIGNED = {"sb": ("r", 1), "sh": ("r", 2), "sw": ("x", 4)}
_EXCLUSIVE = frozenset({"X", "EX"})  # EX is herd7's newer set of exclusives; some models use X, others EX
_ACQUIRE, _RELEASE = frozenset({"A"}), frozenset({"L"})
_ACQUIRE_PC = frozenset({"Q"})  # the weaker (RCpc) order of LDAPR
_NON_TEMPORAL = frozenset({"NT"})


def load(mnemonic: str, address: str, tags: Tags = NO_TAGS, reserve: bool = False) -> Rows:
    """A load with its forms for bytes and halfwords."""
    return {
        mnemonic + suffix: Load(f"{register}d, {address}", size, False, tags, reserve)
        for suffix, (register, size) in _SUFFIXES.items()
    }


def signed(mnemonic: str, address: str, tags: Tags = NO_TAGS) -> Rows:
    """The forms of a load that extend the sign."""
    return {
        mnemonic + suffix: Load(f"{register}d, {address}", size, True, tags)
        for suffix, (register, size) in _SIGNED.items()
    }


def store(mnemonic: str, address: str, tags: Tags = NO_TAGS) -> Rows:
    """A store with its forms for bytes and halfwords."""
    return {
        mnemonic + suffix: Store(f"{register}s, {address}", f"{register}s", size, tags)
        for suffix, (register, size) in _SUFFIXES.items()
    }


def store_exclusive(mnemonic: str, tags: Tags) -> Rows:
    """A store-exclusive.

    Its status depends on nothing, in the semantics of instructions that Arm publishes with herd7.
    """
    return {
        mnemonic + suffix: StoreExclusive(f"status, {register}s, base+0", f"{register}s", size, tags, "nothing")
        for suffix, (register, size) in _SUFFIXES.items()
    }


def store_pair(mnemonic: str, operands: str, tags: Tags = NO_TAGS, ordered: bool = False) -> Rows:
    """Two stores of one instruction."""
    first, second, _ = operands.split(", ")
    return {mnemonic: StorePair(operands, (first, second), tags, ordered)}


# ---------------------------------------------------------------- atomic read-modify-writes (FEAT_LSE)

_ATOMIC = frozenset({"X"})
_ORDERS = {"": (NO_TAGS, NO_TAGS), "a": (_ACQUIRE, NO_TAGS), "l": (NO_TAGS, _RELEASE), "al": (_ACQUIRE, _RELEASE)}


def swap(mnemonic: str, stored: str) -> Rows:
    """An instruction with a target, in all its orders and sizes.  stored: over the source `{rs}`."""
    return {
        f"{mnemonic}{order}{suffix}": ReadModifyWrite(
            f"{register}s, rd, base+0", stored.format(rs=f"{register}s"), size, read | _ATOMIC, write | _ATOMIC
        )
        for order, (read, write) in _ORDERS.items()
        for suffix, (register, size) in _SUFFIXES.items()
    }


def atomic(operation: str, stored: str) -> Rows:
    """LD<op>{A}{L}{B|H}, and ST<op>{L}{B|H}, which is LD<op>{L}{B|H} with the target WZR."""
    without = {
        f"st{operation}{order}{suffix}": ReadModifyWrite(
            f"{register}s, base+0", stored.format(rs=f"{register}s"), size, _ATOMIC, _ORDERS[order][1] | _ATOMIC
        )
        for order in ("", "l")
        for suffix, (register, size) in _SUFFIXES.items()
    }
    return {**swap(f"ld{operation}", stored), **without}


def compare_and_swap(mnemonic: str) -> Rows:
    """CAS in all its orders and sizes."""
    return {
        f"{mnemonic}{order}{suffix}": CompareAndSwap(
            f"{register}dn, rs, base+0", f"{register}dn", "rs", size, read | _ATOMIC, write | _ATOMIC
        )
        for order, (read, write) in _ORDERS.items()
        for suffix, (register, size) in _SUFFIXES.items()
    }


# ---------------------------------------------------------------- branches and the rest


def branch(condition: str) -> Rows:
    """A branch on a condition.  Older code leaves out the dot."""
    taken = Branch("label", CONDITIONS[condition])
    return {f"b.{condition}": taken, f"b{condition}": taken}


def barrier(mnemonic: str) -> Rows:
    """A barrier; its options are the cat sets DMB.SY, DMB.ISHLD, DSB.ST ..."""
    return {mnemonic: Fence({(option,): frozenset({f"{mnemonic.upper()}.{option}"}) for option in OPTIONS}, "option")}


def unsupported(reason: str, mnemonics: str) -> Rows:
    """Instructions that are not supported."""
    return dict.fromkeys(mnemonics.split(), Unsupported(reason))


# ---------------------------------------------------------------- the instructions

_INSTRUCTIONS: tuple[Rows, ...] = (
    # C6.2: ADD, SUB and their aliases CMP, CMN, NEG
    row("add", "rd|sp, rn|sp, addend", "rn + addend"),
    flagged("adds", "rd, rn|sp, addend", "rn + addend", adding("rn", "addend")),
    flagged("cmn", "rn|sp, addend", "rn + addend", adding("rn", "addend")),
    row("sub", "rd|sp, rn|sp, addend", "rn - addend"),
    flagged("subs", "rd, rn|sp, addend", "rn - addend", subtracting("rn", "addend")),
    flagged("cmp", "rn|sp, addend", "rn - addend", subtracting("rn", "addend")),
    row("neg", "rd, addend", "0 - addend"),
    flagged("negs", "rd, addend", "0 - addend", subtracting("0", "addend")),
    row("abs", "rd, rn", "sext(rn) < 0 ? -rn : rn"),
    flagged("adc", "rd, rn, rm", "rn + rm + ..carry", _CARRY),
    flagged("adcs", "rd, rn, rm", "rn + rm + ..carry", adding_carry("rn", "rm")),
    flagged("sbc", "rd, rn, rm", "rn - rm - !..carry", _CARRY),
    flagged("sbcs", "rd, rn, rm", "rn - rm - !..carry", subtracting_carry("rn", "rm")),
    flagged("ngc", "rd, rm", "-rm - !..carry", _CARRY),
    flagged("ngcs", "rd, rm", "-rm - !..carry", subtracting_carry("0", "rm")),
    row("smax", "rd, rn, rm|imm8", "sext(rn) < sext(rm) ? rm : rn"),
    row("smin", "rd, rn, rm|imm8", "sext(rn) < sext(rm) ? rn : rm"),
    row("umax", "rd, rn, rm|imm8", "zext(rn) <u zext(rm) ? rm : rn"),
    row("umin", "rd, rn, rm|imm8", "zext(rn) <u zext(rm) ? rn : rm"),
    # logical
    row("and", "rd|sp, rn, bits", "rn & bits"),
    flagged("ands", "rd, rn, bits", "rn & bits", _LOGICAL),
    flagged("tst", "rn, bits", "rn & bits", _LOGICAL),
    row("bic", "rd, rn, bits", "rn & ~bits"),
    flagged("bics", "rd, rn, bits", "rn & ~bits", _LOGICAL),
    row("orr", "rd|sp, rn, bits", "rn | bits"),
    row("orn", "rd, rn, bits", "rn | ~bits"),
    row("eor", "rd|sp, rn, bits", "rn ^ bits"),
    row("eon", "rd, rn, bits", "~(rn ^ bits)"),
    row("mvn", "rd, bits", "~bits"),
    # multiplication
    row("mul", "rd, rn, rm", "rn * rm"),
    row("mneg", "rd, rn, rm", "-(rn * rm)"),
    row("madd", "rd, rn, rm, ra", "ra + rn * rm"),
    row("msub", "rd, rn, rm, ra", "ra - rn * rm"),
    row("smull", "xd, wn, wm", "sext32(wn) * sext32(wm)"),
    row("umull", "xd, wn, wm", "zext32(wn) * zext32(wm)"),
    row("smaddl", "xd, wn, wm, ra", "ra + sext32(wn) * sext32(wm)"),
    row("umaddl", "xd, wn, wm, ra", "ra + zext32(wn) * zext32(wm)"),
    row("smsubl", "xd, wn, wm, ra", "ra - sext32(wn) * sext32(wm)"),
    row("umsubl", "xd, wn, wm, ra", "ra - zext32(wn) * zext32(wm)"),
    row("smnegl", "xd, wn, wm", "-(sext32(wn) * sext32(wm))"),
    row("umnegl", "xd, wn, wm", "-(zext32(wn) * zext32(wm))"),
    row("smulh", "xd, rn, rm", "mulh(rn, rm)"),
    row("umulh", "xd, rn, rm", "mulhu(rn, rm)"),
    division("sdiv", "/", "sext"),
    division("udiv", "/u", "zext"),
    # shifts; a count in a register is taken modulo N
    row("lsl", "rd, rn, shift", "rn << shift"),
    row("lsr", "rd, rn, shift", "zext(rn) >>u shift"),
    row("asr", "rd, rn, shift", "sext(rn) >> shift"),
    row("ror", "rd, rn, shift", "zext(rn) >>u shift | (shift ? rn << N - shift : 0)"),
    row("lslv", "rd, rn, rm", "rn << (rm & N - 1)"),
    row("lsrv", "rd, rn, rm", "zext(rn) >>u (rm & N - 1)"),
    row("asrv", "rd, rn, rm", "sext(rn) >> (rm & N - 1)"),
    row("extr", "rd, rn, rm, lsb", "zext(rm) >>u lsb | rn << 1 << N - 1 - lsb"),
    # extensions
    row("sxtb", "rd, wn", "sext8(wn)"),
    row("sxth", "rd, wn", "sext16(wn)"),
    row("sxtw", "xd, wn", "sext32(wn)"),
    row("uxtb", "rd, wn", "zext8(wn)"),
    row("uxth", "rd, wn", "zext16(wn)"),
    row("uxtw", "rd, wn", "zext32(wn)"),
    # bit fields: `width` bits from bit `lsb` on
    row("ubfx", "rd, rn, lsb, width", "zext(rn) << 64 - (lsb + width) >>u 64 - width"),
    row("sbfx", "rd, rn, lsb, width", "rn << 64 - (lsb + width) >> 64 - width"),
    row("ubfiz", "rd, rn, lsb, width", "rn << 64 - width >>u 64 - width << lsb"),
    row("sbfiz", "rd, rn, lsb, width", "rn << 64 - width >> 64 - width << lsb"),
    row("bfi", "rdn, rn, lsb, width", "rdn & ~(mask << lsb) | (rn & mask) << lsb"),
    row("bfxil", "rdn, rn, lsb, width", "rdn & ~mask | zext(rn) >>u lsb & mask"),
    row("bfc", "rdn, lsb, width", "rdn & ~(mask << lsb)"),
    bit_field("ubfm", "zext(rn)", ">>u"),
    bit_field("sbfm", "rn", ">>"),
    row(
        "bfm",
        "rdn, rn, immr, imms",
        f"imms >= immr ? rdn & ~{_RIGHT} | zext(rn) >>u immr & {_RIGHT}"
        f" : rdn & ~({_LEFT} << N - immr) | (rn & {_LEFT}) << N - immr",
    ),
    # counts of bits: CLS does not count the sign itself; the bit N of a word ends the count of its zeros
    row("clz", "rd, rn", "clz(zext(rn)) - (64 - N)"),
    row("cls", "rd, rn", "clz(sext(rn) ^ sext(rn) >> 63) - (65 - N)"),
    row("ctz", "rd, rn", "clz(rbit(rn) | (N == 64 ? 0 : 0x80000000))"),
    row("cnt", "rd, rn", "popcount(zext(rn))"),
    row("rbit", "rd, rn", "rbit(rn) >>u 64 - N"),
    # reversal of bytes
    row("rev16", "rd, rn", _REV16),
    row("rev32", "xd, rn", _REV32),
    row("rev64", "xd, rn", _REV64),
    row("rev", "rd, rn", f"N == 64 ? {_REV64} : {_REV32}"),
    # moves
    row("mov", "rd|sp, rn|sp|imm", "rn"),
    row("movz", "rd, imm16", "imm16"),
    row("movn", "rd, imm16", "~imm16"),
    row("movk", "rdn, imm16", "rdn & ~mask | imm16"),
    # choices by a condition, and comparisons
    select("csel", "rd, rn, rm, cond", "rn", "rm"),
    select("csinc", "rd, rn, rm, cond", "rn", "rm + 1"),
    select("csinv", "rd, rn, rm, cond", "rn", "~rm"),
    select("csneg", "rd, rn, rm, cond", "rn", "-rm"),
    select("cinc", "rd, rn, cond", "rn + 1", "rn"),
    select("cinv", "rd, rn, cond", "~rn", "rn"),
    select("cneg", "rd, rn, cond", "-rn", "rn"),
    select("cset", "rd, cond", "1", "0"),
    select("csetm", "rd, cond", "-1", "0"),
    conditional_compare("ccmp", "rn - rm", subtracting("rn", "rm")),
    conditional_compare("ccmn", "rn + rm", adding("rn", "rm")),
    # the flags N, Z, C, V are bits 31 to 28 of NZCV
    row("mrs", "xd, NZCV", ".n << 31 | .z << 30 | (.c << 29 | (.n != .lt) << 28)"),
    flagged(
        "msr",
        "NZCV, xn",
        "xn",
        {
            ".n": "xn >>u 31 & 1",
            ".z": "xn >>u 30 & 1",
            ".c": "xn >>u 29 & 1",
            ".lt": "xn >>u 31 & 1 ^ xn >>u 28 & 1",
        },
    ),
    # loads
    {"ldr": LoadOrLiteral(Load("rd, base+offset!", 0), Compute("rd, literal", "literal"))},
    {"ldrb": Load("wd, base+offset!", 1)},
    {"ldrh": Load("wd, base+offset!", 2)},
    signed("ldr", "base+offset!"),
    load("ldur", "base+imm9"),
    signed("ldur", "base+imm9"),
    load("ldtr", "base+imm9"),  # LDTR is an unprivileged access, and a thread of an application has no other
    signed("ldtr", "base+imm9"),
    load("ldar", "base+0", _ACQUIRE),
    load("ldapr", "base+0", _ACQUIRE_PC),
    load("ldapur", "base+imm9", _ACQUIRE_PC),
    signed("ldapur", "base+imm9", _ACQUIRE_PC),
    load("ldxr", "base+0", _EXCLUSIVE, reserve=True),
    load("ldaxr", "base+0", _EXCLUSIVE | _ACQUIRE, reserve=True),
    # stores
    store("str", "base+offset!"),
    store("stur", "base+imm9"),
    store("sttr", "base+imm9"),
    store("stlr", "base+0", _RELEASE),
    store("stlur", "base+imm9", _RELEASE),
    store_exclusive("stxr", _EXCLUSIVE),
    store_exclusive("stlxr", _EXCLUSIVE | _RELEASE),
    # Pairs are two accesses of one instruction.  Only "ordered pairs" order them.  (bob in models/aarch64.cat orders
    # one access after the other: a release is ordered after all that comes before it, an acquire before all that comes
    # after it.)
    {"ldp": LoadPair("rd, rd2, base+imm7!")},
    {"ldpsw": LoadPair("xd, rd2, base+imm7!", 4, signed=True)},
    {"ldnp": LoadPair("rd, rd2, base+imm7", tags=_NON_TEMPORAL)},
    {"ldap": LoadPair("xd, rd2, base+0", tags=_ACQUIRE)},  # FEAT_LSCP
    {"ldapp": LoadPair("xd, rd2, base+0", tags=_ACQUIRE_PC)},
    {"ldiapp": LoadPair("rd, rd2, base!+2", tags=_ACQUIRE_PC, ordered=True)},  # FEAT_LRCPC3
    store_pair("stp", "rs, rs2, base+imm7!"),
    store_pair("stnp", "rs, rs2, base+imm7", _NON_TEMPORAL),
    store_pair("stlp", "xs, rs2, base+0", _RELEASE),
    store_pair("stilp", "rs, rs2, base!-2", _RELEASE, ordered=True),
    # atomic read-modify-writes
    swap("swp", "{rs}"),
    compare_and_swap("cas"),
    atomic("add", "mem + {rs}"),
    atomic("clr", "mem & ~{rs}"),
    atomic("eor", "mem ^ {rs}"),
    atomic("set", "mem | {rs}"),
    atomic("smax", "sext(mem) < sext({rs}) ? {rs} : mem"),
    atomic("smin", "sext(mem) < sext({rs}) ? mem : {rs}"),
    atomic("umax", "zext(mem) <u zext({rs}) ? {rs} : mem"),
    atomic("umin", "zext(mem) <u zext({rs}) ? mem : {rs}"),
    # barriers
    barrier("dmb"),
    barrier("dsb"),
    # hints, which a processor may ignore; a wait (WFE, WFI) may end at any time, so it does nothing here either
    {"nop": Nothing()},
    {"yield": Nothing()},
    {"dgh": Nothing()},
    {"sev": Nothing()},
    {"sevl": Nothing()},
    {"wfe": Nothing()},
    {"wfi": Nothing()},
    {"prfm": Nothing("prfop, prefetched")},
    {"prfum": Nothing("prfop, prefetched")},
    # branches
    {"b": Branch("label")},
    {"cbz": Branch("rn, label", "!sext(rn)")},
    {"cbnz": Branch("rn, label", "sext(rn)")},
    {"tbz": Branch("tested, bit, label", "!(tested & bit)")},
    {"tbnz": Branch("tested, bit, label", "tested & bit")},
    {"bl": Branch("label", link=LINK)},
    {"br": Jump("code", to="code")},
    {"blr": Jump("code", to="code", link=LINK)},
    {"ret": Jump("[code]", to="code")},
    row("adr", "xd, address", "address"),
    {"isb": Fence({(): frozenset({"ISB"})}, "[sy]")},
)

MNEMONICS = rows.table(
    *[{mnemonic: form} for group in _INSTRUCTIONS for mnemonic, form in group.items()],  # a hint names every form
    *[branch(condition) for condition in CONDITIONS],
    # of an architecture extension, only some of its instructions are listed
    unsupported("addresses of pages are not supported", "adrp"),
    unsupported(
        "system instructions are not supported",
        """
        svc hvc smc brk hlt eret udf dcps1 sys sysl tcancel tstart tcommit ttest
        """,
    ),
    unsupported(
        "address translation and cache maintenance are not supported",
        """
        ic dc at tlbi tlbip cfp dvp cpp rcwcas rcwswp rcwset rcwclr
        """,
    ),
    unsupported(
        "atomic accesses to a pair of registers are not supported",
        """
        ldxp ldaxp stxp stlxp casp caspa caspl caspal ldclrp ldclrpa ldclrpl ldclrpal ldsetp ldsetpa ldsetpl
        ldsetpal swpp swppa swppl swppal ld64b st64b st64bv
        """,
    ),
    unsupported(
        "this instruction is not supported",
        """
        wfet wfit esb sb csdb ssbb pssbb clrex clrbhb hint ldlar ldlarb ldlarh stllr stllrb stllrh crc32b crc32h
        crc32w crc32x rmif setf8 setf16 cfinv cpyp cpym cpye cpyfp cpyfm cpyfe setp setm sete
        """,
    ),
    unsupported(
        "memory tagging is not supported",
        """
        ldg stg st2g stzg stz2g stgp ldgm stgm stzgm irg addg subg subp subps gmi
        """,
    ),
    unsupported(
        "pointer authentication is not supported",
        """
        pacia pacib pacda pacdb pacga autia autib autda autdb xpaci xpacd xpaclri paciasp pacibsp autiasp autibsp
        pacia1716 ldraa ldrab bti braa brab blraa blrab retaa retab
        """,
    ),
    unsupported(
        "vector instructions are not supported",
        """
        ld1 ld2 ld3 ld4 ld1r ld2r ld3r ld4r st1 st2 st3 st4 ld1b ld1h ld1w ld1d ld1q st1b st1h st1w st1d st1q ld2b
        ld2h ld2w ld2d st2b st2h st2w st2d ld3w ld3d st3w st3d ld4w ld4d st4w st4d ldap1 stl1 movi mvni fmov dup ins
        umov smov addv fadd fsub fmul fcmp ptrue movprfx whilelt whilele whilelo whilels uaddv saddv index rdvl
        addvl cntb cntd cnth cntw incb incd inch incw smstart smstop mova addha addva
        """,
    ),
    unsupported(
        "capabilities are not supported",
        """
        alignd alignu build chkeq chksld chktgd clrtag cpytype cpyvalue cseal gctag seal unseal ldct stct scvalue
        sctag gcvalue gcperm gcseal gctype
        """,
    ),
)
