"""What is ordered after the status of a store-conditional, on every machine that has one.

P1 reads the flag z.  Then it does a store-conditional to a.  The status of this decides what P1 stores into x, or it
decides a branch before the store to x.  P0 has stored 2 into x before it set the flag.  If x = 2 in the end, P1's store
to x came first.  This is forbidden only if P1's store is ordered after its read of z: if the status depends on that
read.
"""

from __future__ import annotations

import pytest
from asking import verdict

NEVER, SOMETIMES = "Never", "Sometimes"


def power(code: str, ending: str = "bne L\nL:\nstw r5,0(r2)") -> str:
    init = "0:r2=x; 0:r6=z; 1:r2=x; 1:r6=z; 1:r7=a; 1:r5=1;"
    writer = "li r1,2\nstw r1,0(r2)\nlwsync\nli r5,1\nstw r5,0(r6)"
    return verdict("PPC", "power", init, "1:r1=1 /\\ [x]=2", writer, f"lwz r1,0(r6)\n{code}\n{ending}")


def arm(code: str, ending: str = "CMP R9,#0\nBNE L\nL:\nSTR R5,[R2]") -> str:
    init = "0:R2=x; 0:R6=z; 1:R2=x; 1:R6=z; 1:R7=a; 1:R5=1;"
    writer = "MOV R1,#2\nSTR R1,[R2]\nDMB\nMOV R5,#1\nSTR R5,[R6]"
    return verdict("ARM", "arm", init, "1:R1=1 /\\ [x]=2", writer, f"LDR R1,[R6]\n{code}\n{ending}")


def aarch64(code: str) -> str:
    init = "0:X2=x; 0:X6=z; 1:X2=x; 1:X6=z; 1:X7=a; 1:X5=1;"
    writer = "MOV W1,#2\nSTR W1,[X2]\nDMB SY\nMOV W5,#1\nSTR W5,[X6]"
    ending = "CBNZ W9,L\nL:\nSTR W5,[X2]"
    return verdict("AArch64", "aarch64", init, "1:X1=1 /\\ [x]=2", writer, f"LDR W1,[X6]\n{code}\n{ending}")


def riscv(code: str) -> str:
    init = "0:x2=x; 0:x6=z; 1:x2=x; 1:x6=z; 1:x7=a; 1:x5=1;"
    writer = "li x1,2\nsw x1,0(x2)\nfence w,w\nli x5,1\nsw x5,0(x6)"
    ending = "bnez x9,L\nL:\nsw x5,0(x2)"
    return verdict("RISCV", "riscv", init, "1:x1=1 /\\ [x]=2", writer, f"lw x1,0(x6)\n{code}\n{ending}")


RESERVED = "lwarx r8,r0,r7\n"


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        (f"{RESERVED}stwcx. r1,r0,r7", NEVER),  # the data
        (f"{RESERVED}stwcx. r5,r0,r7", SOMETIMES),
        (f"xor r3,r1,r1\n{RESERVED}stwcx. r5,r3,r7", NEVER),  # the address
        (f"{RESERVED}stwcx. r8,r0,r7", SOMETIMES),  # of what lwarx read, and not of z
        ("xor r3,r1,r1\nlwarx r8,r3,r7\nstwcx. r5,r0,r7", NEVER),  # where the reservation is
        ("stwcx. r1,r0,r7", NEVER),  # which fails: there is no reservation
        (f"{RESERVED}stwcx. r1,r0,r7\nstwcx. r5,r0,r7", NEVER),  # by the reservation that is used up
        (f"{RESERVED}stwcx. r1,r0,r7\n{RESERVED}stwcx. r5,r0,r7", SOMETIMES),
    ],
)
def test_cr0_depends_on_all_that_a_store_conditional_of_power_reads(code: str, expected: str) -> None:
    assert power(code) == expected


@pytest.mark.parametrize("ending", ["beq L\nL:\nstw r5,0(r2)", "bgt L\nL:\nstw r5,0(r2)", "blt L\nL:\nstw r5,0(r2)"])
def test_every_bit_of_cr0_depends_on_it(ending: str) -> None:
    assert power(f"{RESERVED}stwcx. r1,r0,r7", ending) == NEVER


def test_the_comparison_of_what_was_read_is_no_part_of_that() -> None:
    """cr1 holds another comparison; a branch on cr1 depends only on that comparison."""
    assert power(f"{RESERVED}stwcx. r1,r0,r7", "cmpw cr1,r5,r5\nbne cr1,L\nL:\nstw r5,0(r2)") == SOMETIMES


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("LDREX R8,[R7]\nSTREX R9,R1,[R7]", NEVER),  # the data
        ("LDREX R8,[R7]\nSTREX R9,R5,[R7]", SOMETIMES),
        ("LDAEX R8,[R7]\nSTLEX R9,R1,[R7]", NEVER),
        ("EOR R3,R1,R1\nADD R3,R3,R7\nLDREX R8,[R7]\nSTREX R9,R5,[R3]", NEVER),  # the address
        ("EOR R3,R1,R1\nADD R3,R3,R7\nLDREX R8,[R3]\nSTREX R9,R5,[R7]", NEVER),  # where the reservation is
        ("STREX R9,R1,[R7]", NEVER),  # which fails
    ],
)
def test_the_status_depends_on_all_that_a_store_exclusive_of_arm_reads(code: str, expected: str) -> None:
    assert arm(code) == expected


def test_a_status_of_arm_is_data_too() -> None:
    """The stored value is 1 + (status xor status): a data dependency on what the status depends on."""
    ending = "EOR R3,R9,R9\nADD R3,R3,#1\nSTR R3,[R2]"
    assert arm("LDREX R8,[R7]\nSTREX R9,R1,[R7]", ending) == NEVER
    assert arm("LDREX R8,[R7]\nSTREX R9,R5,[R7]", ending) == SOMETIMES


@pytest.mark.parametrize("pair", ["LDXR W8,[X7]\nSTXR W9,W1,[X7]", "EOR W3,W1,W1\nLDXR W8,[X7]\nSTXR W9,W5,[X7]"])
def test_the_status_of_aarch64_depends_on_nothing(pair: str) -> None:
    assert aarch64(pair) == SOMETIMES
    assert aarch64("LDXR W8,[X7]\nSTLXR W9,W1,[X7]") == SOMETIMES


def test_the_status_of_risc_v_depends_on_the_store_if_there_is_one() -> None:
    """If sc.w succeeds: z -data-> store to a -ctrl-> store to x.  If it fails (here without lr.w), nothing orders."""
    stored = "lr.w x8,(x7)\nsc.w x9,x1,(x7)"
    assert riscv(f"{stored}\nsw x9,0(x2)") == SOMETIMES  # it may fail
    assert riscv("sc.w x9,x1,(x7)") == SOMETIMES
    init = "0:x2=x; 0:x6=z; 1:x2=x; 1:x6=z; 1:x7=a; 1:x5=1;"
    writer = "li x1,2\nsw x1,0(x2)\nfence w,w\nli x5,1\nsw x5,0(x6)"
    reader = f"lw x1,0(x6)\n{stored}\nbnez x9,L\nL:\nsw x5,0(x2)"
    for status, expected in ((0, NEVER), (1, SOMETIMES)):
        assert verdict("RISCV", "riscv", init, f"1:x1=1 /\\ 1:x9={status} /\\ [x]=2", writer, reader) == expected


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("cmpwi r1,1\niseleq r3,r5,r5", NEVER),  # on the comparison
        ("cmpwi r5,1\nxor r4,r1,r1\nadd r4,r4,r5\niseleq r3,r5,r4", NEVER),  # on the source that is not selected
        ("cmpwi r5,1\niseleq r3,r5,r5", SOMETIMES),
    ],
)
def test_what_isel_selects_depends_on_all_that_it_reads(code: str, expected: str) -> None:
    """AArch64 has a weaker dependency on what selects a value (CSEL).  POWER has not."""
    assert power(code, "stw r3,0(r2)") == expected
