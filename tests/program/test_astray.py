"""Accesses to no variable.  The most common mistake in a test is a register that was never given an address."""

from __future__ import annotations

import pytest
from cases import case

from litmus import Options, Source, check
from litmus.diagnostics import InputError

# The initial state, the code, the instruction that is wrong, and what its register holds
FORGOTTEN = {
    "X86": ("0:EAX=x;", "MOV ECX,[EBX+4]", "EBX"),
    "X86_64": ("0:rax=x;", "lock xaddl %eax,(%rbx)", "rbx"),
    "PPC": ("0:r1=x;", "lwz r3,0(r2)", "r2"),
    "ARM": ("0:R1=x;", "STR R1,[R2]", "R2"),
    "AArch64": ("0:X1=x;", "LDAR W0,[X2]", "X2"),
    "RISCV": ("0:x5=x;", "amoadd.w x7,x7,(x6)", "x6"),
}
CONDITIONAL = {
    "PPC": ("0:r1=x;", "stwcx. r3,r0,r2", "r2"),
    "ARM": ("0:R1=x;", "STREX R3,R1,[R2]", "R2"),
    "AArch64": ("0:X1=x;", "STXR W3,W1,[X2]", "X2"),
    "RISCV": ("0:x5=x;", "sc.w x7,x5,(x6)", "x6"),
}


def refused(text: str) -> InputError:
    with pytest.raises(InputError) as caught:
        case(text, "power")
    return caught.value


@pytest.mark.parametrize(("arch", "wrong"), [*FORGOTTEN.items(), *CONDITIONAL.items()])
def test_a_forgotten_address_is_told_at_its_instruction_with_what_the_register_holds(
    arch: str, wrong: tuple[str, str, str]
) -> None:
    init, instruction, register = wrong
    error = refused(f"{arch} forgotten\n{{ {init} }}\n P0 ;\n {instruction} ;\nexists (true)\n")
    assert error.message == f"this accesses no variable: {register} holds 0"
    assert error.span is not None
    assert error.span.text == instruction
    assert error.hint == f"nothing has set {register}; 0:{register}=x in the initial state makes it the address of x"


@pytest.mark.parametrize(
    ("init", "code", "message"),
    [
        ("0:r2=4;", "lwz r3,4(r2)", "this accesses no variable: r2 holds 4"),
        ("", "li r2,-8 ;\n stw r3,0(r2)", "this accesses no variable: r2 holds -8"),
        ("0:r2=1;", "lwzx r3,r2,r4", "this accesses no variable: r2 holds 1 and r4 holds 0"),
        ("0:r2=x;", "sub r4,r2,r2 ;\n lwz r3,0(r4)", "this accesses no variable: r4 holds 0"),
        ("0:r2=x;", "lwz r3,0(r2) ;\n xor r3,r3,r3 ;\n stw r2,0(r3)", "this accesses no variable: r3 holds 0"),
    ],
)
def test_a_number_that_is_no_address_is_told_as_the_register_holds_it(init: str, code: str, message: str) -> None:
    assert refused(f"PPC number\n{{ {init} }}\n P0 ;\n {code} ;\nexists (true)\n").message == message


def test_no_register_is_named_that_nobody_has_written() -> None:
    """The value that is read through a pointer is in a register of the program's own, which no message may name."""
    result = check(Source("t", "C t\n{ int *p; }\nP0(int **p)\n{\n  WRITE_ONCE(**p, 1);\n}\nexists (true)\n"), "power")
    assert result.error is not None
    assert result.error.message == "this accesses no variable: its address is 0"


@pytest.mark.parametrize("engine", ["auto", "z3", "enumerate"])
@pytest.mark.parametrize("code", ["int *r1; WRITE_ONCE(*r1, 1);", "int *r1 = READ_ONCE(*p); WRITE_ONCE(*r1, 1);"])
def test_a_pointer_of_c_that_points_nowhere_is_told_whichever_engine_decides(engine: str, code: str) -> None:
    text = f"C t\n{{ int *p; }}\nP0(int **p)\n{{\n  {code}\n}}\nexists (true)\n"
    result = check(Source("t", text), "power", options=Options(engine=engine))  # type: ignore[arg-type]
    assert isinstance(result.error, InputError)
    assert result.error.message == "this accesses no variable: r1 holds 0"
    assert result.error.span is not None
    assert result.error.span.text == "WRITE_ONCE(*r1, 1)"
