"""A register of a condition that nothing writes has a note, in assembly and in C."""

from __future__ import annotations

import pytest

import litmus

X86 = """X86_64 SB
{{ 0:rdx=7; 0:rsi=0; }}
 P0            | P1            ;
 movl $1,(x)   | movl $1,(y)   ;
 movl (y),%eax | movl (x),%eax ;
{}
"""
C = """C SB
{{ 0:r3=7; }}
P0(int *x, int *y) {{ int r0; int r1; WRITE_ONCE(*x, 1); r0 = READ_ONCE(*y); }}
P1(int *x, int *y) {{ int r0; WRITE_ONCE(*y, 1); r0 = READ_ONCE(*x); }}
{}
"""


def notes(test: str, model: str = "x86-tso") -> list[str]:
    result = litmus.check(test, model)
    assert result.answer is not None, result.error
    return [note for note in result.notes if "nothing writes" in note]


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ("exists (0:rbx=0 /\\ 1:rax=0)", ["nothing writes 0:rbx, so that it is always 0; did you mean rax?"]),
        ("exists (0:rax=0 \\/ not (0:rbx=1))", ["nothing writes 0:rbx, so that it is always 0; did you mean rax?"]),
        ("exists (0:rax=0 /\\ 1:rax=0)", []),
        ("exists (0:rdx=7)", []),  # the initial state says so
        ("exists (0:rsi=0)", ["nothing writes 0:rsi, so that it is always 0"]),
        ("filter (1:rbx=0)\nexists (0:rax=1:rcx)", ["1:rcx", "1:rbx"]),
        ("locations [0:rbx;] exists (x=1)", []),
    ],
)
def test_a_register_that_nothing_writes_has_a_note(condition: str, expected: list[str]) -> None:
    found = notes(X86.format(condition))
    assert len(found) == len(expected)
    assert all(part in note for part, note in zip(expected, found, strict=True))


def test_a_local_of_c_that_nothing_writes_has_a_note_too() -> None:
    assert notes(C.format("exists (0:r1=0 /\\ 1:r0=0)")) == ["nothing writes 0:r1, so that it is always 0"]
    assert notes(C.format("exists (0:r0=0 /\\ 0:r3=7)")) == []
