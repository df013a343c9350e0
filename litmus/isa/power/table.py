"""POWER: the instructions that litmus tests use, one row each.

Numbers of sections are those of the Power ISA, version 3.1: Book I, chapters 2 and 3, for branches
and fixed-point instructions, Book II, chapter 4, for storage control.  Registers have 64 bits.
litmus/isa/power/operands.py says what the names of operands mean, litmus/isa/rows.py what a row of each kind does.
"""

from __future__ import annotations

from collections.abc import Mapping

from litmus.isa import rows
from litmus.isa.power.operands import COUNT, LINK
from litmus.isa.reader import Reader
from litmus.isa.rows import Compute, Fence, Jump, Load, Nothing, Store, StoreConditional, Unsupported

Rows = Mapping[str, rows.Row[Reader]]

_SOURCES = "ra, rb"
_ATOMIC = frozenset({"X", "EX"})  # EX is herd7's newer set of exclusives; some models use X, others EX
_CR0 = {".cr0.lt": "rd < 0", ".cr0.gt": "rd > 0", ".cr0.eq": "rd == 0"}


def row(mnemonic: str, operands: str, result: str, whole: str = "") -> Rows:
    """An instruction whose target `rd` becomes `result`.

    whole: the operands whose upper halves decide the lower half of the result.
    """
    return {mnemonic: Compute(operands, {"rd": result}, whole)}


def dotted(mnemonic: str, operands: str, result: str, whole: str = "") -> Rows:
    """An instruction that has a form with a dot.  That form compares all 64 bits of the target with 0."""
    record = Compute(operands, {"rd": result, **_CR0}, f"{whole}, rd".removeprefix(", "))
    return {**row(mnemonic, operands, result, whole), f"{mnemonic}.": record}


def load(mnemonic: str, size: int, extension: str = "") -> Rows:
    """A load in its four forms of addresses: a displacement or an index, and the base may become the address."""
    forms = {"": "rd, d(ra)", "x": "rd, ra0+rb", "u": "rd, d(ra)!", "ux": "rd, ra+rb!"}
    return {mnemonic + form: Load(operands, size, extension) for form, operands in forms.items()}


def store(mnemonic: str, size: int) -> Rows:
    """A store in its four forms of addresses."""
    forms = {"": "rs, d(ra)", "x": "rs, ra0+rb", "u": "rs, d(ra)!", "ux": "rs, ra+rb!"}
    return {mnemonic + form: Store(operands, "rs", size) for form, operands in forms.items()}


def reserve(mnemonic: str, size: int, extension: str = "") -> Rows:
    """A load and reserve."""
    return {mnemonic: Load("rd, ra0+rb", size, extension, _ATOMIC, reserve=True)}


def conditional(mnemonic: str, size: int) -> Rows:
    """A store conditional.  CR0 becomes 0b00 || stored || SO (Book II, 4.6.2).

    The status depends on the operands ("Herding cats", section 5: a dependency goes from the inputs of an instruction
    to its outputs).  All bits of CR0 depend on what the bit `stored` depends on.
    """
    others = {".cr0.lt": ".cr0.eq & 0", ".cr0.gt": ".cr0.eq & 0"}
    return {mnemonic: StoreConditional("rs, ra0+rb", "rs", size, ".cr0.eq", 1, 0, _ATOMIC, "operands", others)}


def compare(mnemonic: str, right: str, extend: str = "", unsigned: str = "") -> Rows:
    """A comparison.  extend: how the registers are extended; if they are not, all 64 bits of them are compared."""
    a, b = (f"{extend}(ra)", f"{extend}({right})" if right == "rb" else right) if extend else ("ra", right)
    bits = {"crf.lt": f"{a} <{unsigned} {b}", "crf.gt": f"{a} >{unsigned} {b}", "crf.eq": f"{a} == {b}"}
    return {mnemonic: Compute(f"[crf], ra, {right}", bits, "" if extend else f"ra, {right}")}


def fence(mnemonic: str, barrier: str) -> Rows:
    """A barrier, and its cat set."""
    return {mnemonic: Fence({(): frozenset({barrier})})}


def branch(mnemonic: str, condition: str) -> Rows:
    """A conditional branch.  A sign after its name is a hint to the predictor."""
    return {mnemonic + hint: Jump("[crf], label", condition) for hint in ("", "+", "-")}


def unsupported(reason: str, mnemonics: str) -> Rows:
    """Instructions that are not supported."""
    return dict.fromkeys(mnemonics.split(), Unsupported(reason))


# RA rotated to the left by SH as a word, and the mask of the bits MB to ME of the word.  A mask that wraps around has
# upper bits, too (Book I, 3.3.14).
_WORD = "sh ? zext32(zext32(ra) << sh) | zext32(ra) >>u 32 - sh : zext32(ra)"
_ROTATED = f"(mb <= me ? {_WORD} : ({_WORD}) | ({_WORD}) << 32)"
_MASK = "(mb <= me ? (1 << 32 - mb) - (1 << 31 - me) : ~((1 << 31 - me) - (1 << 32 - mb)))"
# RA rotated to the left by SH
_DOUBLEWORD = "(ra << sh6 | (sh6 ? ra >>u 64 - sh6 : 0))"

MNEMONICS = rows.table(
    # Book I, 3.3.9 Fixed-point arithmetic
    row("li", "rd, si", "si"),
    row("la", "rd, d(ra)", "address"),
    row("lis", "rd, hi", "hi << 16"),
    row("addi", "rd, ra0, si", "ra0 + si"),
    row("subi", "rd, ra0, si", "ra0 - si"),
    row("addis", "rd, ra0, hi", "ra0 + (hi << 16)"),
    row("subis", "rd, ra0, hi", "ra0 - (hi << 16)"),
    dotted("add", "rd, ra, rb", "ra + rb"),
    dotted("sub", "rd, ra, rb", "ra - rb"),
    dotted("subf", "rd, ra, rb", "rb - ra"),
    dotted("neg", "rd, ra", "-ra"),
    dotted("mulhw", "rd, ra, rb", "sext32(ra) * sext32(rb) >> 32"),
    dotted("mulhwu", "rd, ra, rb", "zext32(ra) * zext32(rb) >>u 32"),
    dotted("mulhd", "rd, ra, rb", "mulh(ra, rb)", whole=_SOURCES),
    dotted("mulhdu", "rd, ra, rb", "mulhu(ra, rb)", whole=_SOURCES),
    row("mulli", "rd, ra, si", "ra * si"),
    dotted("mullw", "rd, ra, rb", "sext32(ra) * sext32(rb)"),
    dotted("mulld", "rd, ra, rb", "ra * rb"),
    dotted("divw", "rd, ra, rb", "sext32(ra) / sext32(rb)"),
    dotted("divwu", "rd, ra, rb", "zext32(ra) /u zext32(rb)"),
    dotted("divdu", "rd, ra, rb", "ra /u rb", whole=_SOURCES),
    row("modsw", "rd, ra, rb", "sext32(ra) % sext32(rb)"),
    row("moduw", "rd, ra, rb", "zext32(ra) %u zext32(rb)"),
    dotted("divd", "rd, ra, rb", "ra / rb", whole=_SOURCES),
    # Book I, 3.3.13 Fixed-point logical; Appendix C for mr and not
    dotted("mr", "rd, ra", "ra"),
    dotted("not", "rd, ra", "~ra"),
    dotted("and", "rd, ra, rb", "ra & rb"),
    dotted("or", "rd, ra, rb", "ra | rb"),
    dotted("xor", "rd, ra, rb", "ra ^ rb"),
    dotted("nand", "rd, ra, rb", "~(ra & rb)"),
    dotted("nor", "rd, ra, rb", "~(ra | rb)"),
    dotted("eqv", "rd, ra, rb", "~(ra ^ rb)"),
    dotted("andc", "rd, ra, rb", "ra & ~rb"),
    dotted("orc", "rd, ra, rb", "ra | ~rb"),
    # these two have no other form; they clear the upper half of the target
    {"andi.": Compute("rd, ra, ui", {"rd": "ra & ui", **_CR0})},
    {"andis.": Compute("rd, ra, ui", {"rd": "ra & ui << 16", **_CR0})},
    row("ori", "rd, ra, ui", "ra | ui"),
    row("oris", "rd, ra, ui", "ra | ui << 16"),
    row("xori", "rd, ra, ui", "ra ^ ui"),
    row("xoris", "rd, ra, ui", "ra ^ ui << 16"),
    dotted("extsb", "rd, ra", "sext8(ra)"),
    dotted("extsh", "rd, ra", "sext16(ra)"),
    dotted("extsw", "rd, ra", "sext32(ra)"),
    dotted("cntlzw", "rd, ra", "clz(zext32(ra)) - 32"),
    dotted("cntlzd", "rd, ra", "clz(ra)", whole="ra"),
    dotted("cnttzw", "rd, ra", "clz(rbit(ra) | 0x80000000)"),
    row("popcntw", "rd, ra", "popcount(zext32(ra))"),
    row("popcntd", "rd, ra", "popcount(ra)", whole="ra"),
    # Book I, 3.3.14 Fixed-point rotate and shift.  A count in a register has one bit more than the width needs; if
    # that bit is set, all bits are shifted out.
    dotted("slw", "rd, ra, rb", "rb & 32 ? 0 : zext32(ra << (rb & 31))"),
    dotted("srw", "rd, ra, rb", "rb & 32 ? 0 : zext32(ra) >>u (rb & 31)"),
    dotted("sraw", "rd, ra, rb", "sext32(ra) >> (rb & 32 ? 63 : rb & 31)"),
    dotted("srawi", "rd, ra, sh", "sext32(ra) >> sh"),
    dotted("sld", "rd, ra, rb", "rb & 64 ? 0 : ra << (rb & 63)"),
    dotted("srd", "rd, ra, rb", "rb & 64 ? 0 : ra >>u (rb & 63)", whole=_SOURCES),
    dotted("srad", "rd, ra, rb", "ra >> (rb & 64 ? 63 : rb & 63)", whole=_SOURCES),
    dotted("sradi", "rd, ra, sh6", "ra >> sh6", whole="ra"),
    dotted("rlwinm", "rd, ra, sh, mb, me", f"{_ROTATED} & {_MASK}"),
    dotted("rlwimi", "rd, ra, sh, mb, me", f"{_ROTATED} & {_MASK} | rd & ~{_MASK}"),
    # Appendix C.7 Rotate and shift mnemonics: each row is what rlwinm or rldic[lr] do with the operands of the mnemonic
    dotted("slwi", "rd, ra, sh", "zext32(ra << sh)"),
    dotted("srwi", "rd, ra, sh", "zext32(ra) >>u sh"),
    dotted("clrlwi", "rd, ra, sh", "zext32(ra << sh) >>u sh"),
    dotted("sldi", "rd, ra, sh6", "ra << sh6"),
    dotted("srdi", "rd, ra, sh6", "ra >>u sh6", whole="ra"),
    dotted("clrldi", "rd, ra, sh6", "ra << sh6 >>u sh6"),
    dotted("rotlwi", "rd, ra, sh", "zext32(zext32(ra) << sh | zext32(ra) >>u 32 - sh)"),
    dotted("rotldi", "rd, ra, sh6", _DOUBLEWORD, whole="ra"),
    # rldicl and rldicr: the source is rotated; then the bits before bit mb6, or after it, are cleared
    dotted("rldicl", "rd, ra, sh6, mb6", f"{_DOUBLEWORD} << mb6 >>u mb6", whole="ra"),
    dotted("rldicr", "rd, ra, sh6, mb6", f"{_DOUBLEWORD} >>u 63 - mb6 << 63 - mb6", whole="ra"),
    # Book I, 3.3.12 and Appendix C: integer select by a bit of cr0.  The result depends on the bit and on both sources.
    row("isellt", "rd, ra0, rb", ".cr0.lt ? ra0 : rb"),
    row("iselgt", "rd, ra0, rb", ".cr0.gt ? ra0 : rb"),
    row("iseleq", "rd, ra0, rb", ".cr0.eq ? ra0 : rb"),
    # Book I, 3.3.10 Fixed-point compare
    compare("cmpw", "rb", extend="sext32"),
    compare("cmpwi", "si", extend="sext32"),
    compare("cmplw", "rb", extend="zext32", unsigned="u"),
    compare("cmplwi", "ui", extend="zext32", unsigned="u"),
    compare("cmpd", "rb"),
    compare("cmpdi", "si"),
    compare("cmpld", "rb", unsigned="u"),
    compare("cmpldi", "ui", unsigned="u"),
    # Book I, 3.3.2 Fixed-point loads and 3.3.3 Fixed-point stores
    load("lbz", 1, "zext8"),
    load("lhz", 2, "zext16"),
    load("lha", 2),
    load("lwz", 4, "zext32"),
    load("lwa", 4),
    load("ld", 8),
    store("stb", 1),
    store("sth", 2),
    store("stw", 4),
    store("std", 8),
    # Book II, 4.6.2 Load and reserve, store conditional
    reserve("lbarx", 1, "zext8"),
    reserve("lharx", 2, "zext16"),
    reserve("lwarx", 4, "zext32"),
    reserve("ldarx", 8),
    conditional("stbcx.", 1),
    conditional("sthcx.", 2),
    conditional("stwcx.", 4),
    conditional("stdcx.", 8),
    # Book II, 4.6.1 and 4.6.3: the cat sets of the barriers
    {"sync": Fence({(): frozenset({"SYNC"}), (0,): frozenset({"SYNC"}), (1,): frozenset({"LWSYNC"})}, "[l]")},
    fence("hwsync", "SYNC"),
    fence("msync", "SYNC"),
    fence("lwsync", "LWSYNC"),
    fence("isync", "ISYNC"),
    fence("eieio", "EIEIO"),
    # Book I, 2.4 and Appendix C.2: conditional branches
    branch("blt", "crf.lt"),
    branch("bgt", "crf.gt"),
    branch("beq", "crf.eq"),
    branch("bge", "!crf.lt"),
    branch("bnl", "!crf.lt"),
    branch("ble", "!crf.gt"),
    branch("bng", "!crf.gt"),
    branch("bne", "!crf.eq"),
    # Book I, 2.4: these branches decrement the count register and compare it with 0
    {"bdnz": Jump("label", ".ctr != 0", before={COUNT: ".ctr - 1"})},
    {"bdz": Jump("label", ".ctr == 0", before={COUNT: ".ctr - 1"})},
    # Book I, 2.3.2 and 2.4: the special registers that hold addresses of code, and the branches through them
    {"mtlr": Compute("rs", {LINK: "rs"})},
    {"mflr": Compute("rd", {"rd": LINK})},
    {"mtctr": Compute("rs", {COUNT: "rs"})},
    {"mfctr": Compute("rd", {"rd": COUNT})},
    {"b": Jump("label")},
    {"bl": Jump("label", link=LINK)},
    {"blr": Jump(to=LINK)},
    {"blrl": Jump(to=LINK, link=LINK)},
    {"bctr": Jump(to=COUNT)},
    {"bctrl": Jump(to=COUNT, link=LINK)},
    # Book I, C.9: ori 0,0,0.  Book II, 4.3.2: hints, which a processor may ignore
    {"nop": Nothing()},
    {"dcbt": Nothing("ra0+rb")},
    {"dcbtst": Nothing("ra0+rb")},
    unsupported("write the branch with its condition: beq, bne, ...", "bc"),
    unsupported("special registers are not supported", "mfcr mtcr mtcrf mfocrf mtspr mfspr mftb"),
    unsupported("cache instructions are not supported", "dcbf dcbst dcbz icbi"),
    unsupported("the carry is not supported", "addic addc adde addze subfic subfc subfe"),
    unsupported("the carry is not supported", "addic. addc. adde. addze. subfc. subfe."),
    unsupported("multiple-word accesses are not supported", "lmw stmw lq stq lqarx stqcx."),
    unsupported("translation is not supported", "ptesync tlbie tlbsync slbie"),
)
