"""RISC-V: the instructions that litmus tests use, one row each.

Source: The RISC-V Instruction Set Manual, volume I, version 20240411, chapters RV32I, RV64I, "A", "M", "Zabha",
"Zacas", "B" (Zba, Zbb, Zbs), "Zicond" and "RISC-V Assembly Programmer's Handbook".  Registers have 64 bits
(RV64).  A result of 32 bits is sign-extended, and so is a loaded word.  litmus/isa/riscv/operands.py says what the
names of operands mean, litmus/isa/rows.py and litmus/isa/riscv/rows.py what a row of each kind does.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from litmus.isa import rows
from litmus.isa.reader import Reader
from litmus.isa.riscv.operands import LINK
from litmus.isa.riscv.rows import CompareAndSwap, Missing
from litmus.isa.rows import (
    Compute,
    Fence,
    Jump,
    Load,
    Nothing,
    ReadModifyWrite,
    Store,
    StoreConditional,
    Tags,
    Unsupported,
)

Rows = Mapping[str, rows.Row[Reader]]

# ---------------------------------------------------------------- kinds of rows, as the manual groups them


def row(mnemonic: str, operands: str, result: str) -> Rows:
    """An instruction whose target `rd` becomes `result`."""
    return {mnemonic: Compute(operands, {"rd": result})}


def division(mnemonic: str, operator: str, by_zero: str, extend: str = "") -> Rows:
    """A quotient or remainder; `by_zero` is the result if the divisor is 0 ("M", table of its semantics).

    extend: how the words are extended that are divided; a word is the result then.
    """
    dividend, divisor = (f"{extend}(rs1)", f"{extend}(rs2)") if extend else ("rs1", "rs2")
    result = f"{divisor} ? {dividend} {operator} ({divisor} ? {divisor} : 1) : {by_zero}"
    return row(mnemonic, "rd, rs1, rs2", f"sext32({result})" if extend else result)


# "A", Specifying ordering of atomic instructions: the cat sets of the suffixes
_PLAIN, _ACQUIRE, _RELEASE, _BOTH = frozenset[str](), frozenset({"Acq"}), frozenset({"Rel"}), frozenset({"AcqRel"})
_ORDERS = {"": _PLAIN, ".aq": _ACQUIRE, ".rl": _RELEASE, ".aqrl": _BOTH, ".aq.rl": _BOTH}
# X and EX are the sets of AMOs and of reservations, so that a model can tell `lw.aq` from `lr.w.aq`.
_AMO, _RESERVATION = frozenset({"X"}), frozenset({"EX"})


def load(mnemonic: str, size: int, extension: str = "") -> Rows:
    """A load.  "Zalasr": with a suffix, it is an acquire, or both acquire and release, but never only a release.

    Litmus tests also use offsets and unsigned loads with suffixes.  Published verdicts take them as RCpc.
    """
    orders = {suffix: tags for suffix, tags in _ORDERS.items() if suffix != ".rl"}
    found = {mnemonic + suffix: Load("rd, offset(rs1)", size, extension, tags) for suffix, tags in orders.items()}
    return {**found, f"{mnemonic}.rl": _missing("loads", found)}


def store(mnemonic: str, size: int) -> Rows:
    """A store.  "Zalasr": with a suffix, it is a release, or both, but never only an acquire."""
    orders = {suffix: tags for suffix, tags in _ORDERS.items() if suffix != ".aq"}
    found = {mnemonic + suffix: Store("rs2, offset(rs1)", "rs2", size, tags) for suffix, tags in orders.items()}
    return {**found, f"{mnemonic}.aq": _missing("stores", found)}


def _missing(kind: str, found: Iterable[str]) -> Missing:
    *others, last = found
    return Missing(f"{kind} are {', '.join(others)} and {last}")


def reserve(mnemonic: str, size: int) -> Rows:
    """A load-reserved.  LR.rl need not order more than LR ("A", Load-reserved/store-conditional instructions)."""
    return {
        mnemonic + suffix: Load("rd, (rs1)", size, "", _RESERVATION | (_PLAIN if suffix == ".rl" else tags), True)
        for suffix, tags in _ORDERS.items()
    }


def conditional(mnemonic: str, size: int) -> Rows:
    """A store-conditional: rd becomes 0 if the store was done, and 1 if not (the manual allows any number but 0).

    SC.aq need not order more than SC.  No dependency goes through an SC; what depends on the rd of an SC that succeeds
    depends on its store ("RVWMO", Source and Destination Register Listings).
    """
    return {
        mnemonic + suffix: StoreConditional(
            "rd, rs2, (rs1)", "rs2", size, "rd", 0, 1, _RESERVATION | (_PLAIN if suffix == ".aq" else tags), "store"
        )
        for suffix, tags in _ORDERS.items()
    }


_WIDTHS = {"w": 4, "d": 8, "b": 1, "h": 2}  # b and h: Zabha


def amo(mnemonic: str, stored: str) -> Rows:
    """An AMO: one memory operation that is a load and a store at once ("RVWMO", Memory model primitives).

    stored: over the old content of memory, `mem`; `sext` extends from the size of the access.
    """
    return {
        f"{mnemonic}.{width}{suffix}": ReadModifyWrite(
            "rd, rs2, (rs1)", stored, size, tags | _AMO, tags | _AMO, single=True
        )
        for width, size in _WIDTHS.items()
        for suffix, tags in _ORDERS.items()
    }


def compare_and_swap(mnemonic: str) -> Rows:
    """AMOCAS.  One that does not store is no release, so its load is never one.

    Its store, which is one, exists only if the AMOCAS stores.
    """
    loads = {**_ORDERS, ".rl": _PLAIN, ".aqrl": _ACQUIRE, ".aq.rl": _ACQUIRE}
    return {
        f"{mnemonic}.{width}{suffix}": CompareAndSwap("rd, rs2, (rs1)", size, loads[suffix] | _AMO, tags | _AMO)
        for width, size in _WIDTHS.items()
        for suffix, tags in _ORDERS.items()
    }


def _fences() -> dict[tuple[str | int, ...], Tags]:
    """The cat sets of a fence for the accesses in its two sets.

    A fence that only orders devices orders no event of a test.
    """
    sides = ("", "r", "w", "rw")
    return {(p, s): frozenset({f"Fence.{p}.{s}"}) if p and s else _PLAIN for p in sides for s in sides}


def branch(mnemonic: str, operands: str, condition: str) -> Rows:
    """A conditional branch."""
    return {mnemonic: Jump(f"{operands}, label", condition)}


def nothing(mnemonics: str, operands: str = "") -> Rows:
    """Hints, which a processor may ignore."""
    return dict.fromkeys(mnemonics.split(), Nothing(operands))


def unsupported(reason: str, mnemonics: str) -> Rows:
    """Instructions that are not supported."""
    return dict.fromkeys(mnemonics.split(), Unsupported(reason))


# ---------------------------------------------------------------- the instructions

MNEMONICS = rows.table(
    # RV32I, Integer computational instructions
    row("addi", "rd, rs1, imm", "rs1 + imm"),
    row("slti", "rd, rs1, imm", "rs1 < imm"),
    row("sltiu", "rd, rs1, imm", "rs1 <u imm"),
    row("andi", "rd, rs1, imm", "rs1 & imm"),
    row("ori", "rd, rs1, imm", "rs1 | imm"),
    row("xori", "rd, rs1, imm", "rs1 ^ imm"),
    row("slli", "rd, rs1, shamt", "rs1 << shamt"),
    row("srli", "rd, rs1, shamt", "rs1 >>u shamt"),
    row("srai", "rd, rs1, shamt", "rs1 >> shamt"),
    row("lui", "rd, imm20", "sext32(imm20 << 12)"),
    row("add", "rd, rs1, rs2", "rs1 + rs2"),
    row("sub", "rd, rs1, rs2", "rs1 - rs2"),
    row("slt", "rd, rs1, rs2", "rs1 < rs2"),
    row("sltu", "rd, rs1, rs2", "rs1 <u rs2"),
    row("and", "rd, rs1, rs2", "rs1 & rs2"),
    row("or", "rd, rs1, rs2", "rs1 | rs2"),
    row("xor", "rd, rs1, rs2", "rs1 ^ rs2"),
    row("sll", "rd, rs1, rs2", "rs1 << (rs2 & 63)"),
    row("srl", "rd, rs1, rs2", "rs1 >>u (rs2 & 63)"),
    row("sra", "rd, rs1, rs2", "rs1 >> (rs2 & 63)"),
    # RV64I
    row("addiw", "rd, rs1, imm", "sext32(rs1 + imm)"),
    row("slliw", "rd, rs1, shamt5", "sext32(rs1 << shamt5)"),
    row("srliw", "rd, rs1, shamt5", "sext32(zext32(rs1) >>u shamt5)"),
    row("sraiw", "rd, rs1, shamt5", "sext32(rs1) >> shamt5"),
    row("addw", "rd, rs1, rs2", "sext32(rs1 + rs2)"),
    row("subw", "rd, rs1, rs2", "sext32(rs1 - rs2)"),
    row("sllw", "rd, rs1, rs2", "sext32(rs1 << (rs2 & 31))"),
    row("srlw", "rd, rs1, rs2", "sext32(zext32(rs1) >>u (rs2 & 31))"),
    row("sraw", "rd, rs1, rs2", "sext32(rs1) >> (rs2 & 31)"),
    # "M"
    row("mul", "rd, rs1, rs2", "rs1 * rs2"),
    row("mulw", "rd, rs1, rs2", "sext32(rs1 * rs2)"),
    row("mulh", "rd, rs1, rs2", "mulh(rs1, rs2)"),
    row("mulhu", "rd, rs1, rs2", "mulhu(rs1, rs2)"),
    row("mulhsu", "rd, rs1, rs2", "mulhu(rs1, rs2) - (rs1 < 0 ? rs2 : 0)"),
    division("div", "/", "-1"),
    division("divu", "/u", "-1"),
    division("rem", "%", "rs1"),
    division("remu", "%u", "rs1"),
    division("divw", "/", "-1", extend="sext32"),
    division("divuw", "/u", "-1", extend="zext32"),
    division("remw", "%", "rs1", extend="sext32"),
    division("remuw", "%u", "rs1", extend="zext32"),
    # Zba
    row("add.uw", "rd, rs1, rs2", "rs2 + zext32(rs1)"),
    row("slli.uw", "rd, rs1, shamt", "zext32(rs1) << shamt"),
    row("sh1add", "rd, rs1, rs2", "rs2 + (rs1 << 1)"),
    row("sh2add", "rd, rs1, rs2", "rs2 + (rs1 << 2)"),
    row("sh3add", "rd, rs1, rs2", "rs2 + (rs1 << 3)"),
    row("sh1add.uw", "rd, rs1, rs2", "rs2 + (zext32(rs1) << 1)"),
    row("sh2add.uw", "rd, rs1, rs2", "rs2 + (zext32(rs1) << 2)"),
    row("sh3add.uw", "rd, rs1, rs2", "rs2 + (zext32(rs1) << 3)"),
    # Zbb
    row("andn", "rd, rs1, rs2", "rs1 & ~rs2"),
    row("orn", "rd, rs1, rs2", "rs1 | ~rs2"),
    row("xnor", "rd, rs1, rs2", "~(rs1 ^ rs2)"),
    row("clz", "rd, rs1", "clz(rs1)"),
    row("clzw", "rd, rs1", "clz(zext32(rs1)) - 32"),
    row("ctz", "rd, rs1", "clz(rbit(rs1))"),
    row("ctzw", "rd, rs1", "clz(rbit(rs1) | 0x80000000)"),
    row("cpop", "rd, rs1", "popcount(rs1)"),
    row("cpopw", "rd, rs1", "popcount(zext32(rs1))"),
    row("max", "rd, rs1, rs2", "rs1 < rs2 ? rs2 : rs1"),
    row("maxu", "rd, rs1, rs2", "rs1 <u rs2 ? rs2 : rs1"),
    row("min", "rd, rs1, rs2", "rs1 < rs2 ? rs1 : rs2"),
    row("minu", "rd, rs1, rs2", "rs1 <u rs2 ? rs1 : rs2"),
    row("rol", "rd, rs1, rs2", "rs1 << (rs2 & 63) | (rs2 & 63 ? rs1 >>u 64 - (rs2 & 63) : 0)"),
    row("ror", "rd, rs1, rs2", "rs1 >>u (rs2 & 63) | (rs2 & 63 ? rs1 << 64 - (rs2 & 63) : 0)"),
    row("rori", "rd, rs1, shamt", "rs1 >>u shamt | (shamt ? rs1 << 64 - shamt : 0)"),
    row("sext.b", "rd, rs1", "sext8(rs1)"),
    row("sext.h", "rd, rs1", "sext16(rs1)"),
    row("zext.h", "rd, rs1", "zext16(rs1)"),
    # Zbs
    row("bclr", "rd, rs1, rs2", "rs1 & ~(1 << (rs2 & 63))"),
    row("bclri", "rd, rs1, shamt", "rs1 & ~(1 << shamt)"),
    row("bext", "rd, rs1, rs2", "rs1 >>u (rs2 & 63) & 1"),
    row("bexti", "rd, rs1, shamt", "rs1 >>u shamt & 1"),
    row("binv", "rd, rs1, rs2", "rs1 ^ 1 << (rs2 & 63)"),
    row("binvi", "rd, rs1, shamt", "rs1 ^ 1 << shamt"),
    row("bset", "rd, rs1, rs2", "rs1 | 1 << (rs2 & 63)"),
    row("bseti", "rd, rs1, shamt", "rs1 | 1 << shamt"),
    # Zicond
    row("czero.eqz", "rd, rs1, rs2", "rs2 ? rs1 : 0"),
    row("czero.nez", "rd, rs1, rs2", "rs2 ? 0 : rs1"),
    # Assembly Programmer's Handbook, pseudoinstructions
    row("li", "rd, imm64", "imm64"),
    row("la", "rd, symbol", "symbol"),
    row("lla", "rd, symbol", "symbol"),
    row("mv", "rd, rs1", "rs1"),
    row("move", "rd, rs1", "rs1"),  # the old name of mv, which assemblers still accept
    row("not", "rd, rs1", "~rs1"),
    row("neg", "rd, rs1", "-rs1"),
    row("negw", "rd, rs1", "sext32(-rs1)"),
    row("sext.w", "rd, rs1", "sext32(rs1)"),
    row("zext.b", "rd, rs1", "zext8(rs1)"),
    row("zext.w", "rd, rs1", "zext32(rs1)"),
    row("seqz", "rd, rs1", "rs1 == 0"),
    row("snez", "rd, rs1", "rs1 != 0"),
    row("sltz", "rd, rs1", "rs1 < 0"),
    row("sgtz", "rd, rs1", "rs1 > 0"),
    row("sgt", "rd, rs1, rs2", "rs1 > rs2"),
    row("sgtu", "rd, rs1, rs2", "rs1 >u rs2"),
    # RV32I and RV64I, Load and store instructions
    load("lb", 1),
    load("lh", 2),
    load("lw", 4),
    load("ld", 8),
    load("lbu", 1, "zext8"),
    load("lhu", 2, "zext16"),
    load("lwu", 4, "zext32"),
    store("sb", 1),
    store("sh", 2),
    store("sw", 4),
    store("sd", 8),
    # "A", Load-reserved/store-conditional instructions
    reserve("lr.w", 4),
    reserve("lr.d", 8),
    conditional("sc.w", 4),
    conditional("sc.d", 8),
    # "A", Atomic memory operations; "Zacas"
    amo("amoswap", "rs2"),
    amo("amoadd", "mem + rs2"),
    amo("amoand", "mem & rs2"),
    amo("amoor", "mem | rs2"),
    amo("amoxor", "mem ^ rs2"),
    amo("amomin", "mem < sext(rs2) ? mem : rs2"),
    amo("amomax", "mem > sext(rs2) ? mem : rs2"),
    amo("amominu", "mem <u sext(rs2) ? mem : rs2"),  # sign-extension keeps the order of unsigned numbers
    amo("amomaxu", "mem >u sext(rs2) ? mem : rs2"),
    compare_and_swap("amocas"),
    # RV32I, Memory ordering instructions; "Zifencei"
    {"fence": Fence(_fences(), "[pred, succ]")},
    {"fence.tso": Fence({(): frozenset({"Fence.tso"})})},
    {"fence.i": Fence({(): frozenset({"Fence.i"})})},
    # RV32I, Conditional branches, and the Handbook's pseudoinstructions
    branch("beq", "rs1, rs2", "rs1 == rs2"),
    branch("bne", "rs1, rs2", "rs1 != rs2"),
    branch("blt", "rs1, rs2", "rs1 < rs2"),
    branch("bge", "rs1, rs2", "rs1 >= rs2"),
    branch("bltu", "rs1, rs2", "rs1 <u rs2"),
    branch("bgeu", "rs1, rs2", "rs1 >=u rs2"),
    branch("bgt", "rs1, rs2", "rs1 > rs2"),
    branch("ble", "rs1, rs2", "rs1 <= rs2"),
    branch("bgtu", "rs1, rs2", "rs1 >u rs2"),
    branch("bleu", "rs1, rs2", "rs1 <=u rs2"),
    branch("beqz", "rs1", "rs1 == 0"),
    branch("bnez", "rs1", "rs1 != 0"),
    branch("blez", "rs1", "rs1 <= 0"),
    branch("bgez", "rs1", "rs1 >= 0"),
    branch("bltz", "rs1", "rs1 < 0"),
    branch("bgtz", "rs1", "rs1 > 0"),
    # RV32I, Unconditional jumps, and the Handbook's pseudoinstructions.  A call sets x1 if it names no other register.
    {"j": Jump("label")},
    {"tail": Jump("label")},
    {"jr": Jump("code", to="code")},
    {"ret": Jump(to=LINK)},
    {"jal": Jump("[link], label", link="link")},
    {"call": Jump("[link], label", link="link")},
    {"jalr": Jump("[link], code", to="code", link="link")},
    # A wait (wfi) may end at any time, so it does nothing here either.
    nothing("nop pause wfi ntl.p1 ntl.pall ntl.s1 ntl.all"),
    nothing("prefetch.i prefetch.r prefetch.w", "offset(rs1)"),  # Zicbop
    unsupported("addresses relative to the program counter are not supported; la is", "auipc"),
    unsupported("system instructions are not supported", "ecall ebreak mret sret sfence.vma unimp rdcycle rdtime"),
    unsupported("system instructions are not supported", "csrr csrw csrs csrc csrrw csrrs csrrc"),
    unsupported("floating point is not supported", "flw fld fsw fsd fmv.x.w fmv.w.x"),
    unsupported("accesses of 16 bytes are not supported", " ".join(f"amocas.q{suffix}" for suffix in _ORDERS)),
    unsupported("cache instructions are not supported", "cbo.clean cbo.flush cbo.inval cbo.zero"),
    unsupported(
        "compressed instructions are not supported: write the instruction that it stands for",
        "c.lw c.sw c.ld c.sd c.li c.mv c.addi c.nop c.j",
    ),
)
