"""X86 and X86_64: the instructions that litmus tests use, one row each.

Source: Intel 64 and IA-32 Architectures Software Developer's Manual, volume 2, the page of the
instruction's name (MOV, ADD, Jcc ...).  Rows name operands in Intel's order: litmus/isa/x86/operands.py says what the
names mean, litmus/isa/rows.py and litmus/isa/x86/rows.py what a row of each kind does.  Suffixes and LOCK prefixes make
rows of their own, such as `addl` and `lock addl`.

The flags are pseudo registers: .zf, .sf, .cf and .lt.  The flag .lt stands for "SF differs from OF", so that a signed
comparison is one operator.  OF has no register of its own: it is 1 where .sf differs from .lt.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from msgspec.structs import replace

from litmus.isa import rows
from litmus.isa.rows import Fence, Steps, Unsupported
from litmus.isa.x86.operands import Instruction
from litmus.isa.x86.rows import (
    ALL_FLAGS,
    CompareExchange,
    Compute,
    Convert,
    Exchange,
    Extend,
    Ignored,
    Jump,
    Move,
    Return,
    Shift,
    Sized,
)

Rows = Mapping[str, rows.Row[Instruction]]

NON_TEMPORAL = frozenset({"NT"})

# ---------------------------------------------------------------- kinds of rows, as the manual groups them

_SUFFIXES = {"": 0, "b": 1, "w": 2, "l": 4, "q": 8}  # AT&T's, and the bytes that they mean


def sized(row: Sized, locks: bool = False) -> list[Rows]:
    """An instruction with and without the suffixes of AT&T, each a group of its own: hints name them all.

    locks: it may have the LOCK prefix if its destination is memory.
    """
    groups: list[Rows] = []
    for suffix, size in _SUFFIXES.items():
        form, mnemonic = replace(row, size=size), row.called + suffix
        locked = {f"lock {mnemonic}": replace(form, locked=True)} if locks else {}
        groups.append({mnemonic: form, **locked})
    return groups


def one_group(groups: Iterable[Rows]) -> Rows:
    """The forms of an instruction as one group: hints name the one without a suffix only."""
    return {mnemonic: row for group in groups for mnemonic, row in group.items()}


def update(mnemonic: str, operands: str, result: str, flags: Steps, locks: bool = True) -> list[Rows]:
    """The destination becomes the result, and the flags are set."""
    return sized(Compute(mnemonic, operands, steps={"R": result, **flags, "dest": "R"}), locks)


def comparison(mnemonic: str, result: str, flags: Steps) -> list[Rows]:
    """The flags are set, and nothing else."""
    return sized(Compute(mnemonic, "dest, src", steps={"R": result, **flags}))


def of_register(mnemonic: str, result: str, flags: Steps, undefined: frozenset[str], others: str = "") -> Rows:
    """The destination, which is a register, becomes the result.  undefined: the flags that are left undefined."""
    steps = {"R": result, **flags, "reg": "R"}
    return one_group(sized(Compute(mnemonic, "reg, src", steps=steps, undefined=undefined, others=others)))


def shift(mnemonic: str, result: str, carry: str, less: str) -> Rows:
    """A shift by a number or CL, or by 1."""
    return one_group(sized(Shift(mnemonic, "dest, [count]", result=result, carry=carry, less=less)))


def bit(mnemonic: str, result: str = "") -> Rows:
    """CF becomes a bit of the destination; its number must be a number, not a register."""
    steps = {".cf": "dest >>u bit & 1"} | ({"dest": result} if result else {})
    undefined = ALL_FLAGS - {".cf", ".zf"}
    return one_group(sized(Compute(mnemonic, "dest, bit", steps=steps, undefined=undefined), locks=bool(result)))


def extending(mnemonic: str, extension: str, source: int = 0, target: int = 0) -> Rows:
    """MOVZX and MOVSX; source, target: the sizes, if the mnemonic says them."""
    wrong = "the destination is a register, the source no number"
    steps = {"wide": f"{extension}(narrow)"}
    return {mnemonic: Extend(mnemonic, "wide, narrow", wrong, source, steps=steps, target=target)}


def convert(mnemonics: str, target: str, source: str, result: str) -> Rows:
    """CWDE and similar, with their names in AT&T's notation."""
    return dict.fromkeys(mnemonics.split(), Convert(target, source, result))


def carry(mnemonic: str, value: str) -> Rows:
    """CF becomes a value."""
    return {mnemonic: rows.Compute("", {".cf": value})}


def fence(mnemonic: str, kind: str) -> Rows:
    """A fence, and its cat set."""
    return {mnemonic: Fence({(): frozenset({kind})})}


def conditional(spelling: str, condition: str) -> list[Rows]:
    """Jcc, SETcc and CMOVcc.  CMOVcc reads memory even if the condition does not hold."""
    wrong = "CMOV moves a register or memory to a register"
    move = Compute(f"cmov{spelling}", "rw, rm", wrong, steps={"rw": f"{condition} ? rm : rw"})
    return [
        {f"j{spelling}": Jump(condition)},
        {f"set{spelling}": Compute(f"set{spelling}", "dest", size=1, steps={"dest": condition})},
        one_group(sized(move)),
    ]


def unsupported(reason: str, mnemonics: str) -> Rows:
    """Instructions that are not supported, with and without a LOCK prefix."""
    row = Unsupported(reason)
    return {prefix + mnemonic: row for mnemonic in mnemonics.split() for prefix in ("", "lock ")}


# ---------------------------------------------------------------- flags


def _sum(left: str, right: str, carry: str = "") -> Steps:
    """The flags of a sum but CF."""
    # The sign of the sum without overflow.  Below 64 bits, the sum of sign-extended operands cannot overflow.
    overflow = f"((({left} ^ R) & ({right} ^ R)) < 0)"
    less = f"N == 64 ? (R < 0) != {overflow} : {left} + {right}{carry} < 0"
    return {".zf": "R == 0", ".sf": "R < 0", ".lt": less}


def _difference(left: str, right: str) -> Steps:
    """The flags of a difference but CF."""
    return {".zf": f"{left} == {right}", ".sf": "R < 0", ".lt": f"{left} < {right}"}


_LOGIC = {".zf": "R == 0", ".sf": "R < 0", ".cf": "0", ".lt": "R < 0"}
_ADD = {**_sum("dest", "src"), ".cf": "R <u dest"}
_SUB = {**_difference("dest", "src"), ".cf": "dest <u src"}
_NEG = {".zf": "dest == 0", ".sf": "R < 0", ".cf": "dest != 0", ".lt": "0 < dest"}
# ADC and SBB: ..carry is CF as it was before
_ADD_CARRY = {"..carry": ".cf", **_sum("dest", "src", " + ..carry"), ".cf": "R <u dest | ..carry & R == dest"}
_SUB_CARRY = {
    "..carry": ".cf",
    ".zf": "R == 0",
    ".sf": "R < 0",
    ".lt": "..carry ? dest <= src : dest < src",
    ".cf": "..carry ? dest <=u src : dest <u src",
}
_COUNTED = {".cf": "src == 0", ".zf": "R == 0"}
_NOT_COUNTED = ALL_FLAGS - {*_COUNTED}
_FOUND = {".zf": "src == 0"}
_NOT_FOUND = ALL_FLAGS - {*_FOUND}

# ---------------------------------------------------------------- instructions

_TRAILING = "clz(rbit(src) | (N == 64 ? 0 : 1 << 63 - N))"  # the zeros below the lowest 1, at most N
_SHIFT_LEFT = ("sext(dest << count)", "zext(dest) >>u N - count & 1", "dest < 0")

_XADD = {"R": "sext(dest + reg)", **_sum("dest", "reg"), ".cf": "R <u dest"}
# the destination is written last: if both are one register, it holds the sum
_XADD_REGISTERS = {**_XADD, "..old": "dest", "..sum": "R", "reg": "..old", "dest": "..sum"}
_XCHG = Exchange(
    "xchg",
    "rm, r",
    "XCHG exchanges registers and memory",
    steps={"rm": "r", "r": "rm"},
    registers={"..old": "rm", "rm": "r", "r": "..old"},
    either=True,
)

_EVERYWHERE: tuple[Rows, ...] = (
    *sized(Move("mov", "dest, rmi", steps={"dest": "rmi"})),
    one_group(sized(Move("movabs", "dest, rmi", steps={"dest": "rmi"}))),
    one_group(
        sized(Compute("movnti", "m, r", "MOVNTI stores a register to memory", tags=NON_TEMPORAL, steps={"m": "r"}))
    ),
    one_group(
        sized(Compute("lea", "r, address", "LEA computes the address of a memory operand", steps={"r": "address"}))
    ),
    # XCHG with memory is locked even without the prefix.  UXCH is herd7's name for one that is not locked.
    *sized(replace(_XCHG, locked=True), locks=True),
    one_group(sized(replace(_XCHG, called="uxch"), locks=True)),
    *sized(
        Exchange(
            "xadd",
            "dest, reg",
            "XADD adds a register to a register or memory",
            steps={**_XADD, "dest": "R", "reg": "dest"},
            registers=_XADD_REGISTERS,
        ),
        locks=True,
    ),
    *sized(
        CompareExchange(
            "cmpxchg",
            "dest, r",
            "CMPXCHG stores a register",
            steps={
                "R": "sext(accumulator - dest)",
                **_difference("accumulator", "dest"),
                ".cf": "accumulator <u dest",
                "..equal": "accumulator == dest",
            },
            stored="r",
        ),
        locks=True,
    ),
    # arithmetic and logic
    *update("add", "dest, src", "sext(dest + src)", _ADD),
    *comparison("cmp", "sext(dest - src)", _SUB),
    *update("inc", "dest", "sext(dest + 1)", _sum("dest", "1")),
    *update("dec", "dest", "sext(dest - 1)", _difference("dest", "1")),
    one_group(update("sub", "dest, src", "sext(dest - src)", _SUB)),
    one_group(update("and", "dest, src", "dest & src", _LOGIC)),
    one_group(update("or", "dest, src", "dest | src", _LOGIC)),
    one_group(update("xor", "dest, src", "dest ^ src", _LOGIC)),
    one_group(comparison("test", "dest & src", _LOGIC)),
    one_group(update("neg", "dest", "sext(-dest)", _NEG)),
    one_group(update("not", "dest", "~dest", {})),
    one_group(update("adc", "dest, src", "sext(dest + src + ..carry)", _ADD_CARRY)),
    one_group(update("sbb", "dest, src", "sext(dest - src - ..carry)", _SUB_CARRY)),
    of_register("imul", "sext(reg * src)", {}, ALL_FLAGS, "IMUL is supported with two operands only"),
    # if the source is 0, BSF and BSR do not change the destination
    of_register("bsf", f"src ? {_TRAILING} : reg", _FOUND, _NOT_FOUND),
    of_register("bsr", "src ? 63 - clz(zext(src)) : reg", _FOUND, _NOT_FOUND),
    of_register("tzcnt", _TRAILING, _COUNTED, _NOT_COUNTED),
    of_register("lzcnt", "clz(zext(src)) - (64 - N)", _COUNTED, _NOT_COUNTED),
    of_register("popcnt", "popcount(zext(src))", {".zf": "src == 0", ".sf": "0", ".cf": "0", ".lt": "0"}, frozenset()),
    shift("shl", *_SHIFT_LEFT),
    shift("sal", *_SHIFT_LEFT),
    shift("shr", "sext(zext(dest) >>u count)", "zext(dest) >>u count - 1 & 1", "dest < 0"),
    shift("sar", "dest >> count", "dest >>u count - 1 & 1", "R < 0"),
    bit("bt"),
    bit("bts", "dest | 1 << bit"),
    bit("btr", "dest & ~(1 << bit)"),
    bit("btc", "dest ^ 1 << bit"),
    carry("stc", "1"),
    carry("clc", "0"),
    carry("cmc", "!.cf"),
    # MOVZX, MOVSX, MOVSXD and their AT&T names
    extending("movzx", "zext"),
    extending("movsx", "sext"),
    extending("movsxd", "sext", 4, 8),
    extending("movslq", "sext", 4, 8),
    *(
        extending(f"mov{letter}{source}{target}", extension, _SUFFIXES[source], _SUFFIXES[target])
        for letter, extension in (("z", "zext"), ("s", "sext"))
        for source, target in ("bw", "bl", "bq", "wl", "wq")
    ),
    convert("cwde cwtl", "eax", "ax", "sext16(ax)"),
    convert("cdq cltd", "edx", "eax", "sext32(eax) >> 31"),
    # fences
    fence("mfence", "MFENCE"),
    fence("sfence", "SFENCE"),
    fence("lfence", "LFENCE"),
    # Jcc, SETcc, CMOVcc
    *(
        row
        for spellings, condition in (
            ("e z", ".zf"),
            ("ne nz", "!.zf"),
            ("l nge lt", ".lt"),
            ("ge nl", "!.lt"),
            ("le ng", ".zf | .lt"),
            ("g nle gt", "!(.zf | .lt)"),
            ("b c nae", ".cf"),
            ("ae nc nb", "!.cf"),
            ("be na", ".cf | .zf"),
            ("a nbe", "!(.cf | .zf)"),
            ("s", ".sf"),
            ("ns", "!.sf"),
            ("o", ".sf != .lt"),
            ("no", ".sf == .lt"),
        )
        for spelling in spellings.split()
        for row in conditional(spelling, condition)
    ),
    {"jmp": Jump()},
    dict.fromkeys(("ret", "retq", "retl"), Return()),
    dict.fromkeys(("nop", "nopw", "nopl", "endbr64", "endbr32", "pause"), Ignored()),
    {f"prefetch{kind}": Ignored() for kind in ("t0", "t1", "t2", "nta", "w", "")},
    unsupported("the stack is not supported", "push pop pushq popq call callq leave leaveq"),
    unsupported("cache flushes are not supported", "clflush clflushopt clwb"),
    unsupported("vector registers are not supported", "movntdqa movd movdqa movaps movups"),
    unsupported("double-width accesses are not supported", "cmpxchg8b cmpxchg16b"),
    unsupported("this instruction is not supported", "mul div idiv rol ror bswap"),
    unsupported("strings are not supported", "movsb movsw movsd stosb stosl stosq lodsl"),
    unsupported("the parity flag is not supported", "jp jnp jpe jpo setp setnp"),
    unsupported("transactions are not supported", "xbegin xend xabort"),
)

# X86_64 has all instructions of X86, and these.
MNEMONICS = rows.table(
    *_EVERYWHERE,
    convert("cdqe cltq", "rax", "eax", "sext32(eax)"),
    convert("cqo cqto", "rdx", "rax", "rax >> 63"),
)
MNEMONICS_32 = rows.table(*_EVERYWHERE)
