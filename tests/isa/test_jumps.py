"""Calls, returns, and branches to addresses of code: where they go, and what depends on them."""

from __future__ import annotations

import pytest
from asking import verdict
from sequential import run

from litmus import Source, check
from litmus.program.values import Address

# Each program calls f twice; f adds 1 to a register.  Then the program ends by a branch; without it, it would add 100.
CALLS = [
    ("AArch64", "X0", "BL f\nBL f\nB e\nf: ADD X0,X0,#1\nRET\nADD X0,X0,#100\ne:", ""),
    ("AArch64", "X0", "ADR X1,f\nBLR X1\nBLR X1\nB e\nf: ADD X0,X0,#1\nRET X30\nADD X0,X0,#100\ne:", ""),
    ("AArch64", "X0", "BLR X1\nMOV X30,X1\nBLR X30\nB e\nf: ADD X0,X0,#1\nBR X30\nADD X0,X0,#100\ne:", "0:X1=P0:f;"),
    ("ARM", "R0", "BL f\nBL f\nB e\nf: ADD R0,#1\nBX LR\nADD R0,#100\ne:", ""),
    ("ARM", "R0", "ADR R1,f\nBLX R1\nMOV LR,R1\nBLX LR\nB e\nf: ADD R0,#1\nBX LR\nADD R0,#100\ne:", ""),
    ("ARM", "R0", "CMP R0,#0\nBLEQ f\nBLNE f\nBLEQ f\nB e\nf: ADD R0,#1\nBXEQ LR\nADD R0,#100\ne:", ""),
    ("PPC", "r3", "bl f\nbl f\nb e\nf: addi r3,r3,1\nblr\naddi r3,r3,100\ne:", ""),
    ("PPC", "r3", "mtctr r4\nbctrl\nmtlr r4\nblrl\nb e\nf: addi r3,r3,1\nmflr r5\nmtctr r5\nbctr\ne:", "0:r4=P0:f;"),
    ("RISCV", "x10", "jal f\njal x1,f\nj e\nf: addi x10,x10,1\nret\naddi x10,x10,100\ne:", ""),
    ("RISCV", "x10", "call f\njal x5,g\nj e\nf: addi x10,x10,1\njr x1\ng: addi x10,x10,1\njalr x0,x5,0\ne:", ""),
    ("RISCV", "x10", "jalr x6\nmv x1,x6\njalr x1,0(x1)\nj e\nf: addi x10,x10,1\nret\ne:", "0:x6=P0:f;"),
]


@pytest.mark.parametrize(("arch", "register", "code", "init"), CALLS)
def test_a_return_goes_behind_the_call(arch: str, register: str, code: str, init: str) -> None:
    assert run(arch, init, code).register(register) == 2


def test_a_return_without_a_call_ends_the_thread() -> None:
    for arch, code in (("AArch64", "RET"), ("ARM", "BX LR"), ("PPC", "blr"), ("RISCV", "ret")):
        assert run(arch, "", f"{code}\nL:").registers == {}
    # also where a call is in code that is not executed
    assert run("AArch64", "", "CBNZ X1,L\nRET\nL: BL L\nMOV X2,#1").register("X2") == 0


def test_distances_count_instructions_of_4_bytes() -> None:
    assert run("AArch64", "0:X0=3;", "ADD X1,X1,#2\nSUBS X0,X0,#1\nB.GT .-8").register("X1") == 6
    assert run("AArch64", "", "B .+8\nMOV X1,#1\nCBZ X1,.+12\nNOP\nMOV X1,#2").register("X1") == 0
    assert run("AArch64", "", "MOV X1,#1\nTBNZ X1,#0,.+4").register("X1") == 1


def test_a_thread_may_execute_the_code_of_another() -> None:
    # P0 calls f in the code of P1, which adds 1 and returns to P0
    text = """AArch64 T
{ 0:X1=P1:f; }
 P0          | P1           ;
 BLR X1      | MOV X0,#5    ;
 ADD X0,X0,#10 | BL f       ;
             | B e          ;
             | f: ADD X0,X0,#1 ;
             | RET          ;
             | e:           ;
forall (0:X0=11 /\\ 1:X0=6)
"""
    answer = check(Source("T.litmus", text)).answer
    assert answer is not None
    assert answer.verdict.value == "Always"


LOADED = "x=0; y=0; 0:X1=x; 0:X2=y; 0:X5=P1:L; 1:X1=x; 1:X2=y;"


def test_a_branch_to_a_loaded_address_makes_a_control_dependency() -> None:
    """Load buffering: P0 loads, then stores the address of L.  P1 loads it, branches to it, then stores.

    With the dependency, the load of P1 is ordered before its store (dob: ctrl; [W]).  The load of P0 is ordered before
    its own store by STLR (bob: po; [L]).  This is a cycle.  A store before the branch has no such order.
    """
    sender = "LDR W3,[X1]\nSTLR X5,[X2]"
    init = f"ins_t *y; {LOADED.replace('y=0; ', '')}"
    depends = verdict("AArch64", "aarch64", init, "0:X3=1", sender, "LDR X4,[X2]\nBR X4\nL: MOV W6,#1\nSTR W6,[X1]")
    before = verdict(
        "AArch64",
        "aarch64",
        init,
        "0:X3=1 /\\ 1:X7=1",
        sender,
        "LDR X4,[X2]\nMOV W6,#1\nSTR W6,[X1]\nBR X4\nL: MOV W7,#1",
    )
    assert (depends, before) == ("Never", "Sometimes")


def test_executions_that_branch_to_no_label_are_left_out_and_that_is_said() -> None:
    text = "AArch64 T\n{ ins_t *y; 0:X2=y; 1:X2=y; 1:X5=P0:L; }\n P0 | P1 ;\n LDR X4,[X2] | STR X5,[X2] ;\n"
    text += " BR X4 | ;\n L: MOV W7,#1 | ;\nforall (0:X7=1)\n"
    result = check(Source("T.litmus", text))
    assert result.answer is not None
    assert result.answer.verdict.value == "Always"
    assert any("a branch through a register" in note for note in result.notes)


def test_an_address_of_code_is_a_value() -> None:
    assert run("AArch64", "", "ADR X1,L\nL:").register("X1") == Address("P0:L")
    assert run("ARM", "", "ADR R1,L\nL:").register("R1") == Address("P0:L")
