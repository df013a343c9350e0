"""ARM tests decided under the model of "Herding cats": verdicts worked out by hand, with the reason for each."""

from __future__ import annotations

import pytest
from asking import verdict

from litmus import Source, check

NEVER, SOMETIMES, ALWAYS = "Never", "Sometimes", "Always"
TWO = "0:R8=x; 0:R9=y; 1:R8=y; 1:R9=x; 0:R1=1; 1:R1=1;"  # each thread has its first variable in R8, the other in R9


def arm(init: str, condition: str, *threads: str, model: str = "arm") -> str:
    return verdict("ARM", model, init, condition, *threads)


WRITER = "STR R1,[R8]\nDMB\nSTR R1,[R9]"
LATE = "1:R0=1 /\\ 1:R2=0"  # the message has come, the data has not


@pytest.mark.parametrize(
    ("barrier", "writes", "everything"),
    [
        ("DMB", True, True),
        ("DMB SY", True, True),
        ("DMB ISH", True, True),
        ("DMB OSH", True, True),
        ("DMB ST", True, False),
        ("DMB ISHST", True, False),
        ("DMB NSH", False, False),
        ("DSB", True, True),
        ("DSB ISH", True, True),
        ("DSB ST", True, False),
        ("ISB", False, False),
        ("NOP", False, False),
    ],
)
def test_barriers_order_writes_or_everything(barrier: str, writes: bool, everything: bool) -> None:
    writer = f"STR R1,[R8]\n{barrier}\nSTR R1,[R9]"
    assert arm(TWO, LATE, writer, "LDR R0,[R8]\nDMB\nLDR R2,[R9]") == (NEVER if writes else SOMETIMES)
    store_and_load = f"STR R1,[R8]\n{barrier}\nLDR R0,[R9]"
    expected = NEVER if everything else SOMETIMES
    assert arm(TWO, "0:R0=0 /\\ 1:R0=0", store_and_load, store_and_load) == expected


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("EOR R3,R0,R0\nLDR R2,[R9,R3]", NEVER),  # address
        ("AND R3,R0,#0\nLDR R2,[R9,R3,LSL #2]", NEVER),
        ("CMP R0,R0\nBNE L\nL: LDR R2,[R9]", SOMETIMES),  # control
        ("CMP R0,R0\nBNE L\nL: ISB\nLDR R2,[R9]", NEVER),
        ("CBZ R0,L\nL: ISB\nLDR R2,[R9]", NEVER),
        ("CMP R0,#1\nLDREQ R2,[R9]", SOMETIMES),  # control
        ("LDR R2,[R9]", SOMETIMES),
    ],
)
def test_what_orders_a_load_behind_a_load(code: str, expected: str) -> None:
    assert arm(TWO, LATE, WRITER, f"LDR R0,[R8]\n{code}") == expected


# ---------------------------------------------------------------- conditional execution


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("CMP R0,#1\nSTREQ R1,[R9]", NEVER),  # the store depends on the flags
        ("CMP R0,#2\nSTRNE R1,[R9]", NEVER),
        ("SUBS R3,R0,#1\nSTRPL R1,[R9]", NEVER),
        ("CMP R0,#1\nMOVEQ R3,#5\nSTR R1,[R9]", SOMETIMES),  # the dependency ends with the instruction
        ("CMP R0,#1\nMOVEQ R1,#1\nSTR R1,[R9]", SOMETIMES),  # the value is 1 either way
        ("CMP R0,#1\nBNE L\nL: STR R1,[R9]", NEVER),  # of a branch it does not end
        ("CMP R1,#1\nSTREQ R1,[R9]", SOMETIMES),  # the flags come from elsewhere
        ("STR R1,[R9]", SOMETIMES),
    ],
)
def test_conditional_execution_is_a_control_dependency_of_the_instruction(code: str, expected: str) -> None:
    thread = f"LDR R0,[R8]\n{code}"
    assert arm(TWO, "0:R0=1 /\\ 1:R0=1", thread, thread) == expected


def test_an_instruction_whose_condition_does_not_hold_makes_no_access() -> None:
    assert arm("0:R8=x; 0:R1=1;", "x=1", "CMP R1,#2\nSTREQ R1,[R8]") == NEVER
    assert arm("0:R8=x; 0:R1=1; x=7; 0:R2=3;", "0:R2=3", "CMP R1,#2\nLDREQ R2,[R8]") == ALWAYS
    answer = "LDR R0,[R8]\nCMP R0,#5\nSTREQ R1,[R8]\nMOVEQ R2,#1"
    for outcome, expected in (("0:R2=1 /\\ x=1", SOMETIMES), ("0:R2=0 /\\ x=5", SOMETIMES), ("0:R2=0 /\\ x=1", NEVER)):
        assert arm("0:R8=x; 0:R1=1; 1:R8=x; 1:R1=5;", outcome, answer, "STR R1,[R8]") == expected


# ---------------------------------------------------------------- multiples


def test_the_words_of_one_instruction_are_read_in_any_order() -> None:
    init = "int t[2]; 0:R8=t; 0:R9=t[1]; 0:R1=1; 1:R8=t; 1:R9=t[1];"
    writer = "STR R1,[R8]\nDMB\nSTR R1,[R9]"
    condition = "1:R2=0 /\\ 1:R3=1"
    for model in ("arm", "sc"):
        assert arm(init, condition, writer, "LDM R8,{R2,R3}", model=model) == SOMETIMES
        assert arm(init, condition, writer, "LDRD R2,R3,[R8]", model=model) == SOMETIMES
    assert arm(init, condition, writer, "LDR R3,[R9]\nLDR R2,[R8]", model="sc") == NEVER
    assert arm(init, "1:R2=1 /\\ 1:R3=1", "STM R8,{R1,R2}", "LDM R8,{R2,R3}") == NEVER  # t[1] is stored as 0


# ---------------------------------------------------------------- exclusives

INCREMENT = "LDREX R5,[R8]\nADD R5,R5,#1\nSTREX R7,R5,[R8]"


@pytest.mark.parametrize("code", [INCREMENT, INCREMENT.replace("LDREX", "LDAEX").replace("STREX", "STLEX")])
def test_no_increment_by_an_exclusive_pair_is_lost(code: str) -> None:
    init = "0:R8=x; 1:R8=x;"
    assert arm(init, "x=1 /\\ 0:R7=0 /\\ 1:R7=0", code, code) == NEVER
    assert arm(init, "x=2 /\\ 0:R7=0 /\\ 1:R7=0", code, code) == SOMETIMES
    assert arm(init, "x=1 /\\ 0:R7=0 /\\ 1:R7=1", code, code) == SOMETIMES
    assert arm(init, "x=0 /\\ 0:R7=1 /\\ 1:R7=1", code, code) == SOMETIMES
    assert arm(init, "x=2 /\\ ~(0:R7=0 /\\ 1:R7=0)", code, code) == NEVER


def test_a_retry_loop_ends_with_the_increment_done() -> None:
    code = f"L: {INCREMENT}\nCMP R7,#0\nBNE L"
    text = "\n".join(f" {line} | {line} ;" for line in code.splitlines())
    result = check(Source("T", f"ARM T\n{{ 0:R8=x; 1:R8=x; }}\n P0 | P1 ;\n{text}\nforall x=2\n"))
    assert result.answer is not None
    assert result.answer.verdict.value == ALWAYS
    assert not result.answer.bound_reached


@pytest.mark.parametrize(
    ("code", "outcomes"),
    [
        ("STREX R7,R1,[R8]", {"1"}),  # no reservation
        ("LDREX R0,[R9]\nSTREX R7,R1,[R8]", {"1"}),  # of another address
        ("LDREX R0,[R8]\nSTREX R7,R1,[R8]", {"0", "1"}),
        ("LDREX R0,[R8]\nSTREX R6,R1,[R8]\nSTREX R7,R1,[R8]", {"1"}),  # used up
        ("LDREX R0,[R8]\nCMP R1,#1\nSTREXNE R7,R1,[R8]", {"5"}),  # not executed
        ("LDREX R0,[R8]\nCMP R1,#1\nSTREXEQ R7,R1,[R8]", {"0", "1"}),
    ],
)
def test_a_store_exclusive_may_succeed_with_its_reservation_only(code: str, outcomes: set[str]) -> None:
    init = "0:R8=x; 0:R9=y; 0:R1=1; 0:R7=5;"
    assert {status for status in "015" if arm(init, f"0:R7={status}", code) != NEVER} == outcomes


def test_nothing_depends_on_the_status_of_a_store_exclusive() -> None:
    reader = "LDR R0,[R8]\nEOR R3,R0,R0\nLDR R2,[R9,R3]"
    pair = "LDREX R5,[R8]\nSTREX R7,R1,[R8]"
    condition = f"{LATE} /\\ x=1"
    assert arm(TWO, condition, f"{pair}\nADD R3,R7,#1\nSTR R3,[R9]", reader) == SOMETIMES
    assert arm(TWO, condition, f"{pair}\nDMB\nSTR R1,[R9]", reader) == NEVER


def test_a_branch_through_a_register_goes_to_its_label() -> None:
    init = "0:R3=P0:L; 1:R3=P1:M;"
    assert arm(init, "0:R0=0 /\\ 1:R0=2", "BX R3\nMOV R0,#1\nL:", "BX R3\nMOV R0,#1\nM: ADD R0,R0,#2") == ALWAYS
