"""ARM (32 bits): the instructions that litmus tests use, one row each.

Source: ARM Architecture Reference Manual, ARMv7-A and ARMv7-R edition (DDI 0406C), the sections named below; for the
acquire and release forms, Arm Architecture Reference Manual for A-profile (DDI 0487), F5.1.  Registers hold 32 bits,
here as signed numbers.  litmus/isa/arm/operands.py says what the names of operands mean, litmus/isa/rows.py and
litmus/isa/arm/rows.py what a row of each kind does.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache

from msgspec import Struct

from litmus.isa import rows
from litmus.isa.arm.operands import LINK, SHIFTS
from litmus.isa.arm.rows import (
    Conditional,
    Double,
    Expanded,
    LoadOrConstant,
    Logical,
    Multiple,
    Store,
    StoreConditional,
    Unconditional,
)
from litmus.isa.reader import Reader
from litmus.isa.rows import Compute, Fence, Jump, Load, Nothing, Steps, Table, Tags, Unsupported

Row = rows.Row[Reader]
Rows = Mapping[str, Row]

# ---------------------------------------------------------------- conditions and flags

# A8.3 Conditional execution, table A8-1: the condition, over the flags .n .z .c .v, on which an instruction with that
# suffix executes.  Each row has a condition and its opposite.
_CONDITION_PAIRS = (
    ("eq", ".z", "ne", "!.z"),
    ("cs", ".c", "cc", "!.c"),
    ("hs", ".c", "lo", "!.c"),
    ("mi", ".n", "pl", "!.n"),
    ("vs", ".v", "vc", "!.v"),
    ("hi", ".c & !.z", "ls", "!.c | .z"),
    ("ge", ".n == .v", "lt", ".n != .v"),
    ("gt", "!.z & (.n == .v)", "le", ".z | (.n != .v)"),
)
# suffix -> when the instruction executes, and when it does not
CONDITIONS = {a: (holds, fails) for a, holds, _, fails in _CONDITION_PAIRS}
CONDITIONS |= {b: (fails, holds) for _, holds, b, fails in _CONDITION_PAIRS}
_UNCONDITIONAL = ("", "al")
_ENCODINGS = ("", ".w", ".n")  # A8.2: the width of the encoding


class Forms(Struct, frozen=True):
    """The forms of an instruction.

    always: those that are always executed.  under: makes such a row one with a condition, from when it holds and when
    it does not.
    """

    always: Rows
    under: Callable[[Row, str, str], Row]

    def all(self) -> Rows:
        """All forms, with their conditions and the widths of their encodings."""
        return {
            mnemonic + suffix + width: form
            for mnemonic, row in self.always.items()
            for suffix, form in (
                *[(suffix, row) for suffix in _UNCONDITIONAL],
                *[(suffix, self.under(row, *condition)) for suffix, condition in CONDITIONS.items()],
            )
            for width in _ENCODINGS
        }


def conditional(always: Rows) -> Forms:
    """An instruction that may have a condition."""
    return Forms(always, lambda row, holds, fails: Conditional(row, fails))


def unconditional(always: Rows) -> Forms:
    """An instruction that is supported only if it is always executed."""
    return Forms(always, lambda row, holds, fails: Unconditional())


# A2.4 and A8.4: how instructions set the flags; `result` is in parentheses.
def _logical(result: str) -> Steps:
    """The carry of a logical instruction is that of its shifter (litmus.isa.arm.rows, Logical)."""
    return {".n": f"{result} < 0", ".z": f"{result} == 0"}


def _sum(result: str) -> Steps:
    return {**_logical(result), ".c": "zext32(rn) + zext32(op2) >>u 32 != 0", ".v": f"{result} != rn + op2"}


def _difference(result: str) -> Steps:
    return {".n": f"{result} < 0", ".z": "rn == op2", ".c": "rn >=u op2", ".v": f"{result} != rn - op2"}


def _reverse(result: str) -> Steps:
    return {".n": f"{result} < 0", ".z": "rn == op2", ".c": "op2 >=u rn", ".v": f"{result} != op2 - rn"}


_CARRY = {"..carry": ".c"}  # the carry from before the instruction


def _sum_with_carry(result: str) -> Steps:
    carry = "zext32(rn) + zext32(op2) + ..carry >>u 32 != 0"
    return {**_logical(result), ".c": carry, ".v": f"{result} != rn + op2 + ..carry"}


def _difference_with_carry(result: str) -> Steps:
    carry = "..carry ? rn >=u op2 : rn >u op2"
    return {**_logical(result), ".c": carry, ".v": f"{result} != rn - op2 - !..carry"}


# ---------------------------------------------------------------- kinds of rows, as the manual groups them

Flags = Callable[[str], Steps]  # what flags become, from a result


def row(mnemonic: str, operands: str, result: str) -> Forms:
    """An instruction whose target `rd` becomes `result`."""
    return conditional({mnemonic: Compute(operands, {"rd": result})})


def setting(mnemonic: str, operands: str, result: str, flags: Flags, before: Steps = rows.NO_STEPS) -> Forms:
    """An instruction that has a form with S, which sets flags.

    The flags come before the target, because the target may be an operand.  before: what is kept from before both.
    """
    plain = Compute(operands, {**before, "rd": result})
    return conditional(
        {mnemonic: plain, f"{mnemonic}s": Compute(operands, {**before, **flags(f"({result})"), "rd": result})}
    )


def logical(mnemonic: str, operands: str, result: str, shifter: str = "op2") -> Forms:
    """A logical instruction or a shift, whose form with S leaves the carry to `shifter`."""
    steps = {"rd": result}
    with_s = Logical(operands, {**_logical(f"({result})"), **steps}, shifter=shifter)
    return conditional({mnemonic: Compute(operands, steps), f"{mnemonic}s": with_s})


def shift(mnemonic: str) -> Forms:
    """A shift, which is also a shift of second operands."""
    result = SHIFTS[mnemonic].result
    return logical(mnemonic, f"rd, rn, {mnemonic}", result, shifter=result)


def compare(mnemonic: str, result: str, flags: Flags) -> Forms:
    """A comparison: an instruction that only sets flags."""
    return conditional({mnemonic: Compute("rn, op2", flags(f"({result})"))})


def test(mnemonic: str, result: str) -> Forms:
    """A logical comparison."""
    return conditional({mnemonic: Logical("rn, op2", _logical(f"({result})"), shifter="op2")})


_NO_TAGS = frozenset[str]()
_ACQUIRE, _RELEASE, _EXCLUSIVE = frozenset({"A"}), frozenset({"L"}), frozenset({"EX"})


def load(mnemonic: str, size: int, extension: str = "") -> Forms:
    """A load."""
    constant = Compute("rd, constant", {"rd": "constant"})
    return conditional({mnemonic: LoadOrConstant(Load("rd, (rn+offset)", size, extension), constant)})


def load_at(mnemonic: str, size: int, extension: str, tags: Tags, reserve: bool = False) -> Forms:
    """A load-acquire or load-exclusive.  Its address is a register without an offset."""
    return conditional({mnemonic: Load("rd, (rn+0)", size, extension, tags, reserve)})


def store(mnemonic: str, size: int) -> Forms:
    """A store."""
    return conditional({mnemonic: Store("rt, (rn+offset)", "rt", size)})


def store_at(mnemonic: str, size: int) -> Forms:
    """A store-release."""
    return conditional({mnemonic: Store("rt, (rn+0)", "rt", size, _RELEASE)})


def exclusive(mnemonic: str, size: int, tags: Tags) -> Forms:
    """A store-exclusive: rd becomes 0 where the store was done, and 1 where it was not (A8.8.212).

    The status depends on the operands, as on POWER ("Herding cats", section 5).
    """
    return conditional({mnemonic: StoreConditional("rd, rt, (rn)", "rt", size, "rd", 0, 1, tags, "operands")})


# A4.7 Load/store multiple instructions: I increment, D decrement, A after, B before.  For each mode, what is added to
# the base for the address of the lowest word, and for the base itself if it is written back.
_MODES = {"ia": ("0", "size"), "ib": ("4", "size"), "da": ("4 - size", "-size"), "db": ("-size", "-size")}


def multiple(mnemonic: str, load: bool, mode: str, operands: str = "rn!, registers") -> Forms:
    """A load or store of several words."""
    return conditional({mnemonic: Multiple(operands, load, *_MODES[mode])})


def double(mnemonic: str, load: bool) -> Forms:
    """A load or store of two words."""
    return conditional({mnemonic: Double("rt, rt2, (rn+offset)", load)})


def barrier(mnemonic: str, kind: str) -> Forms:
    """A barrier, and its cat sets for its options."""
    full, stores = frozenset({kind}), frozenset({f"{kind}.ST"})
    kinds: Mapping[tuple[str | int, ...], Tags] = {
        ("sy",): full,
        ("ish",): full | {f"{kind}.ISH"},
        ("st",): stores,
        ("nsh",): _NO_TAGS,
    }
    return unconditional({mnemonic: Fence(kinds, "[option]")})


def nothing(mnemonics: str, operands: str = "") -> list[Forms]:
    """Hints, which a processor may ignore."""
    return [conditional({mnemonic: Nothing(operands)}) for mnemonic in mnemonics.split()]


def unsupported(reason: str, mnemonics: str) -> list[Forms]:
    """Instructions that are not supported, with or without a condition."""
    refused = Unsupported(reason)
    return [Forms({mnemonic: refused}, lambda row, holds, fails: row) for mnemonic in mnemonics.split()]


_BRANCH = Forms({"b": Jump("label")}, lambda row, holds, fails: Jump("label", holds))
_INSTRUCTIONS = (
    # A4.4.1 Standard data-processing instructions
    setting("add", "rd, [rn], op2", "sext32(rn + op2)", _sum),
    setting("sub", "rd, [rn], op2", "sext32(rn - op2)", _difference),
    setting("rsb", "rd, [rn], op2", "sext32(op2 - rn)", _reverse),
    setting("adc", "rd, [rn], op2", "sext32(rn + op2 + ..carry)", _sum_with_carry, _CARRY),
    setting("sbc", "rd, [rn], op2", "sext32(rn - op2 - !..carry)", _difference_with_carry, _CARRY),
    row("neg", "rd, rn", "sext32(-rn)"),
    logical("and", "rd, [rn], op2", "rn & op2"),
    logical("orr", "rd, [rn], op2", "rn | op2"),
    logical("eor", "rd, [rn], op2", "rn ^ op2"),
    logical("orn", "rd, [rn], op2", "rn | ~op2"),
    logical("xor", "rd, [rn], op2", "rn ^ op2"),  # another name of EOR, which herd7 accepts
    logical("bic", "rd, [rn], op2", "rn & ~op2"),
    logical("mov", "rd, op2", "op2"),
    logical("mvn", "rd, op2", "~op2"),
    row("movw", "rd, imm16", "imm16"),
    row("movt", "rd, imm16", "sext32(rd & 65535 | imm16 << 16)"),
    compare("cmp", "sext32(rn - op2)", _difference),
    compare("cmn", "sext32(rn + op2)", _sum),
    test("tst", "rn & op2"),
    test("teq", "rn ^ op2"),
    # A4.4.2 Shift instructions
    shift("lsl"),
    shift("lsr"),
    shift("asr"),
    shift("ror"),
    # A4.4.3 Multiply instructions; they leave the carry as it was
    setting("mul", "rd, rn, rm", "sext32(rn * rm)", _logical),
    setting("mla", "rd, rn, rm, ra", "sext32(rn * rm + ra)", _logical),
    row("mls", "rd, rn, rm, ra", "sext32(ra - rn * rm)"),
    # A4.4.8 Divide instructions: division by 0 gives 0
    row("sdiv", "rd, rn, rm", "rm ? sext32(rn / (rm ? rm : 1)) : 0"),
    row("udiv", "rd, rn, rm", "rm ? sext32(zext32(rn) /u (rm ? zext32(rm) : 1)) : 0"),
    # A4.4.5 Packing and unpacking instructions
    row("sxtb", "rd, rn", "sext8(rn)"),
    row("sxth", "rd, rn", "sext16(rn)"),
    row("uxtb", "rd, rn", "zext8(rn)"),
    row("uxth", "rd, rn", "zext16(rn)"),
    # A4.4.6 Miscellaneous data-processing instructions
    row("clz", "rd, rn", "clz(zext32(rn)) - 32"),
    row("rbit", "rd, rn", "sext32(rbit(rn) >>u 32)"),
    row("rev16", "rd, rn", "sext32((rn & 0xff00ff) << 8 | rn >>u 8 & 0xff00ff)"),
    row("rev", "rd, rn", "sext32(rn << 24 | (rn & 0xff00) << 8 | rn >>u 8 & 0xff00 | zext8(rn >>u 24))"),
    row("revsh", "rd, rn", "sext16(rn << 8 | zext8(rn >>u 8))"),
    row("ubfx", "rd, rn, lsb, width", "zext32(rn) >>u lsb & (1 << width) - 1"),
    row("sbfx", "rd, rn, lsb, width", "rn << 64 - (lsb + width) >> 64 - width"),
    row("bfi", "rd, rn, lsb, width", "sext32(rd & ~((1 << width) - 1 << lsb) | (rn & (1 << width) - 1) << lsb)"),
    row("bfc", "rd, lsb, width", "sext32(rd & ~((1 << width) - 1 << lsb))"),
    # A4.6 Load/store instructions.  LDRT is an unprivileged access, and a thread of an application has no other.
    load("ldr", 4),
    load("ldrb", 1, "zext8"),
    load("ldrh", 2, "zext16"),
    load("ldrsb", 1),
    load("ldrsh", 2),
    load("ldrt", 4),
    load("ldrbt", 1, "zext8"),
    load("ldrht", 2, "zext16"),
    load("ldrsbt", 1),
    load("ldrsht", 2),
    store("str", 4),
    store("strb", 1),
    store("strh", 2),
    store("strt", 4),
    store("strbt", 1),
    store("strht", 2),
    # DDI 0487, F5.1: load-acquire and store-release
    load_at("lda", 4, "", _ACQUIRE),
    load_at("ldab", 1, "zext8", _ACQUIRE),
    load_at("ldah", 2, "zext16", _ACQUIRE),
    store_at("stl", 4),
    store_at("stlb", 1),
    store_at("stlh", 2),
    # A3.4 Synchronization and semaphores
    load_at("ldrex", 4, "", _EXCLUSIVE, reserve=True),
    load_at("ldrexb", 1, "zext8", _EXCLUSIVE, reserve=True),
    load_at("ldrexh", 2, "zext16", _EXCLUSIVE, reserve=True),
    load_at("ldaex", 4, "", _EXCLUSIVE | _ACQUIRE, reserve=True),
    load_at("ldaexb", 1, "zext8", _EXCLUSIVE | _ACQUIRE, reserve=True),
    load_at("ldaexh", 2, "zext16", _EXCLUSIVE | _ACQUIRE, reserve=True),
    exclusive("strex", 4, _EXCLUSIVE),
    exclusive("strexb", 1, _EXCLUSIVE),
    exclusive("strexh", 2, _EXCLUSIVE),
    exclusive("stlex", 4, _EXCLUSIVE | _RELEASE),
    exclusive("stlexb", 1, _EXCLUSIVE | _RELEASE),
    exclusive("stlexh", 2, _EXCLUSIVE | _RELEASE),
    # A4.7 Load/store multiple instructions.  In the names for stacks: F full, E empty, D descending, A ascending.
    multiple("ldm", True, "ia"),
    multiple("ldmia", True, "ia"),
    multiple("ldmfd", True, "ia"),
    multiple("ldmib", True, "ib"),
    multiple("ldmed", True, "ib"),
    multiple("ldmda", True, "da"),
    multiple("ldmfa", True, "da"),
    multiple("ldmdb", True, "db"),
    multiple("ldmea", True, "db"),
    multiple("stm", False, "ia"),
    multiple("stmia", False, "ia"),
    multiple("stmea", False, "ia"),
    multiple("stmib", False, "ib"),
    multiple("stmfa", False, "ib"),
    multiple("stmda", False, "da"),
    multiple("stmed", False, "da"),
    multiple("stmdb", False, "db"),
    multiple("stmfd", False, "db"),
    multiple("pop", True, "ia", "sp!, registers"),
    multiple("push", False, "db", "sp!, registers"),
    double("ldrd", True),
    double("strd", False),
    # A3.8.3 Memory barriers
    barrier("dmb", "DMB"),
    barrier("dsb", "DSB"),
    unconditional({"isb": Fence({("sy",): frozenset({"ISB"})}, "[sy]")}),
    # A4.3 Branch instructions
    _BRANCH,
    unconditional({"cbz": Jump("rn, label", "rn == 0")}),
    unconditional({"cbnz": Jump("rn, label", "rn != 0")}),
    conditional({"bl": Jump("label", link=LINK)}),
    conditional({"bx": Jump("rn", to="rn")}),
    conditional({"blx": Jump("rn", to="rn", link=LINK)}),
    row("adr", "rd, code", "code"),
    # Hints: a wait (wfe, wfi) may end at any time, so it does nothing here either.
    *nothing("nop yield wfe wfi sev sevl"),
    *nothing("pld pldw pli", "(rn+offset)"),
    # A8.8.54 IT says which of the next instructions are conditional.  Each of them is also written with its condition,
    # so IT itself does nothing here.
    *nothing("it itt ite ittt itte itet itee", "condition"),
    *nothing("itttt ittte ittet ittee itett itete iteet iteee", "condition"),
    *unsupported("RSC is not supported", "rsc"),
    *unsupported("doubleword exclusives are not supported", "ldrexd strexd ldaexd stlexd"),
    *unsupported("SWP is not supported: it is deprecated since version 6", "swp swpb"),
    *unsupported("system instructions are not supported", "svc bkpt mrs msr mcr mrc cps cpsid cpsie"),
    *unsupported("clearing a reservation is not supported", "clrex"),
    *unsupported("parallel arithmetic is not supported", "sadd16 uadd8 sel usub8 ssub16"),
    *unsupported("vectors and floating point are not supported", "vldr vstr vmov vldm vstm vadd"),
    *unsupported("long multiplication is not supported", "umull smull umlal smlal"),
    *unsupported("addresses relative to the program counter are not supported", "adrl tbb tbh"),
)
ALWAYS = rows.table(*[forms.always for forms in _INSTRUCTIONS])  # the instructions without conditions


@lru_cache(maxsize=1)
def _all() -> Rows:
    return rows.table(*[forms.all() for forms in _INSTRUCTIONS]).rows


# Most tests have no other conditions than those of branches.  Messages spell mnemonics in upper case, as the manual.
MNEMONICS = Table(
    Expanded({**ALWAYS.rows, **_BRANCH.all()}, _all), tuple([mnemonic.upper() for mnemonic in ALWAYS.plain])
)
