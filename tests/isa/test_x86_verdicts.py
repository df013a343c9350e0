"""x86 tests decided under x86-TSO and sequential consistency: verdicts worked out by hand, with the reason for each."""

from __future__ import annotations

import pytest
from asking import verdict

NEVER, SOMETIMES = "Never", "Sometimes"

# Instructions that read x and write it, without LOCK: a load, and after it a store
UNLOCKED = ("ADD [x],$1", "INC [x]", "XADD [x],EAX", "UXCH [x],EAX", "CMPXCHG [x],EBX")


@pytest.mark.parametrize("model", ["x86-tso", "sc", "tso"])
@pytest.mark.parametrize("instruction", UNLOCKED)
def test_an_instruction_reads_before_it_writes(model: str, instruction: str) -> None:
    """P1 reads what P0 wrote, and writes 5 after that: P0 has read before, and no 5."""
    registers = "0:EAX=1; 0:EBX=6;" if "CMPXCHG" not in instruction else "0:EAX=5; 0:EBX=6;"
    found = {"UXCH": 1}.get(instruction.split()[0], 6)
    future = f"1:ECX={found}" + (" /\\ 0:EAX=5" if instruction[0] in "UXC" else "")
    assert verdict("X86", model, registers, future, instruction, "MOV ECX,[x]\nMOV [x],$5") == NEVER


@pytest.mark.parametrize("model", ["x86-tso", "sc", "tso"])
def test_no_value_comes_from_nowhere_through_an_unlocked_instruction(model: str) -> None:
    """Were its store not behind its load, each thread could read what the other one makes of it."""
    assert verdict("X86", model, "", "0:EAX=1", "MOV EAX,[x]\nMOV [x],EAX", "OR [x],$0") == NEVER


@pytest.mark.parametrize("model", ["x86-tso", "sc"])
def test_an_unlocked_increment_is_not_atomic(model: str) -> None:
    assert verdict("X86", model, "", "x=1", "INC [x]", "INC [x]") == SOMETIMES
    assert verdict("X86", model, "", "x=1", "LOCK INC [x]", "LOCK INC [x]") == NEVER
