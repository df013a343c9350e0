"""AArch64 cells that are no instructions: every error is at its token, with a hint where there is one."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from litmus.diagnostics import Diagnostic, InputError, Source, Unsupported
from litmus.isa import architecture_named, rows
from litmus.isa.aarch64.table import MNEMONICS
from litmus.reading import read_test
from litmus.resolving import resolve

UNSUPPORTED = {name: row.reason for name, row in MNEMONICS.rows.items() if isinstance(row, rows.Unsupported)}
REGISTERS = "registers are X0 to X30, XZR, SP, and W0 to W30, WZR, WSP for their lower halves"


def lower(text: str) -> None:
    architecture_named("AArch64").lower(read_test(Source("t.litmus", text)))


def failing(cell: str, kind: type[Diagnostic], init: str = "0:X1=x;", head: str = "") -> tuple[str, str, str | None]:
    """Message, the offending text (which is in the cell), and hint."""
    text = f"AArch64 T\n{head}{{ {init} }}\n P0 ;\n {cell} ;\n"
    with pytest.raises(kind) as caught:
        lower(text)
    error = caught.value
    assert type(error) is kind
    assert error.span is not None
    assert error.span.source.text == text
    return error.message, error.span.text, error.hint


WRONG = [
    ("LDR X31,[X1]", "AArch64 has no register X31", "X31", REGISTERS),
    ("LDR W0,[K1]", "AArch64 has no register K1", "K1", REGISTERS),
    ("L: LDR W0,[Y1]", "AArch64 has no register Y1", "Y1", REGISTERS),
    ("LDDR W0,[X1]", "unknown instruction LDDR", "LDDR", "did you mean ldr or ldxr or ldur?"),
    ("LC00", "unknown instruction LC00", "LC00", "instructions look like LDR W0,[X1,#4]"),
    ("LDR W0", "LDR wants an address here", "", "addresses look like [X1]"),
    ("LDR W0,X1", "LDR wants an address here", "X1", "addresses look like [X1]"),
    ("LDR W0,[W1]", "W1 has 32 bits, which LDR does not take here", "W1", "write X1"),
    ("LDR W0,[XZR]", "XZR is no address", "XZR", "addresses look like [X1]"),
    ("LDRB X0,[X1]", "X0 has 64 bits, which LDRB does not take here", "X0", "write W0"),
    ("LDRSW W0,[X1]", "W0 has 32 bits, which LDRSW does not take here", "W0", "write X0"),
    ("LDR W0,[X1,W2]", "W2 has 32 bits, the operation another number", "W2", "write W2,SXTW or W2,UXTW"),
    ("LDR W0,[X1,X2,ROR #1]", "ROR of an index is not known", "ROR", "it may be one of LSL, SXTW, SXTX, UXTW"),
    (
        "LDR W0,[X1,#6000000]",
        "6000000 does not fit into LDR",
        "#6000000",
        "offsets here are 0 to 16380, multiples of 4",
    ),
    ("LDR W0,[X1,#257]", "257 does not fit into LDR", "#257", "offsets here are 0 to 16380, multiples of 4"),
    ("LDR W0,[X1,#-257]", "-257 does not fit into LDR", "#-257", "offsets here are -256 to 255"),
    ("LDR W0,[X1],#256", "256 does not fit into LDR", "#256", "offsets here are -256 to 255"),
    ("LDR W0,[X1,#256]!", "256 does not fit into LDR", "#256", "offsets here are -256 to 255"),
    ("LDUR W0,[X1,#256]", "256 does not fit into LDUR", "#256", "offsets here are -256 to 255"),
    ("LDUR W0,[X1,#4]!", "LDUR cannot write back this address", "[X1,#4]!", None),
    ("LDAR W0,[X1,#4]", "4 does not fit into LDAR", "#4", "the offset here is 0"),
    ("LDAR W0,[X1],#4", "LDAR does not take an offset behind this address", "#4", None),
    ("LDAR W0,[X1,X2]", "LDAR does not take a register as an offset", "X2", None),
    ("LDR W0,[X1,X2]!", "LDR cannot write back this address", "[X1,X2]!", None),
    ("LDR W0,[X1,#4],#4", "LDR does not take an offset behind this address", "#4", None),
    ("LDR W0,[X1,#4,X2]", "an offset is a number or a register", "X2", None),
    ("LDR W0,[X1],#4,#4", "LDR takes 3 operands here", "#4", None),
    ("LDR X1,[X1],#8", "LDR is unpredictable where it writes back the register it accesses", "X1", None),
    ("STR X1,[X1,#8]!", "STR is unpredictable where it writes back the register it accesses", "X1", None),
    ("LDP W2,W2,[X1]", "LDP is unpredictable into one register", "W2", None),
    ("LDP W0,X2,[X1]", "X2 has 64 bits, which LDP does not take here", "X2", "write W2"),
    ("LDP W0,W2,[X1,#6]", "6 does not fit into LDP", "#6", "offsets here are -256 to 252, multiples of 4"),
    ("B .+8", "there is no instruction at this distance", "B .+8", None),
    ("B.GT .-4", "there is no instruction at this distance", "B.GT .-4", None),
    ("CBZ X0,.+2", "2 bytes from here is no instruction", ".+2", "an instruction has 4 bytes"),
    ("BL L0", "this process has no label L0", "L0", "it has no labels"),
    ("ADR X0,L0", "this process has no label L0", "L0", "it has no labels"),
    ("LDAP W0,W2,[X1]", "W0 has 32 bits, which LDAP does not take here", "W0", "write X0"),
    ("LDIAPP W0,W2,[X1],#4", "4 does not fit into LDIAPP", "#4", "the offset here is 8"),
    ("LDIAPP W0,W2,[X1,#-8]!", "LDIAPP cannot write back this address", "[X1,#-8]!", None),
    ("STILP X0,X2,[X1,#16]!", "16 does not fit into STILP", "#16", "the offset here is -16"),
    ("STILP X0,X2,[X1],#-16", "STILP does not take an offset behind this address", "#-16", None),
    ("STILP W0,W2,[X1,#-8]", "-8 does not fit into STILP", "#-8", "the offset here is 0"),
    ("LDR W0,=x", "an address has 64 bits", "W0", None),
    ("SMAX X0,X1,#300", "300 does not fit into SMAX", "#300", "numbers here are -128 to 255"),
    ("STXR W1,W0,[X1]", "STXR is unpredictable where its status is another operand", "W1", None),
    ("STXR X2,W0,[X1]", "X2 has 64 bits, which STXR does not take here", "X2", "write W2"),
    ("CAS W0,X2,[X1]", "X2 has 64 bits, which CAS does not take here", "X2", "write W2"),
    ("LDADD W0,W2,[X1,#4]", "4 does not fit into LDADD", "#4", "the offset here is 0"),
    ("SWP W0,[X1]", "SWP wants a register here", "[X1]", REGISTERS),
    ("MOV W0", "MOV takes 2 operands, not 1", "MOV W0", None),
    (
        "MOV W0,#0x100000000",
        "4294967296 does not fit into MOV",
        "#0x100000000",
        "numbers here are -2147483648 to 4294967295",
    ),
    ("MOV W0,X1", "X1 has 64 bits, which MOV does not take here", "X1", "write W1"),
    ("MOV W0,y", "AArch64 has no register y", "y", REGISTERS),
    ("MOVZ W0,#1,LSL #8", "8 does not fit into MOVZ", "8", "numbers here are multiples of 16"),
    ("MOVZ W0,#1,LSL #32", "32 does not fit into MOVZ", "32", "numbers here are 0 to 16"),
    ("MOVZ W0,#1,SXTW #0", "only LSL may follow a number", "SXTW #0", None),
    ("MOVK W0,#65536", "65536 does not fit into MOVK", "#65536", "numbers here are 0 to 65535"),
    ("ADD W0,W1", "ADD wants a register here", "", REGISTERS),
    ("ADD W0,W1,W2,W3", "ADD takes 3 operands here", "W3", None),
    (
        "ADD W0,W1,#4097",
        "4097 does not fit into ADD",
        "#4097",
        "numbers here are 0 to 4095, and their multiples by 4096",
    ),
    ("ADD X0,X1,W2", "W2 has 32 bits, the operation another number", "W2", "write W2,SXTW or W2,UXTW"),
    ("ADD X0,X1,X2,LSL #64", "64 does not fit into ADD", "64", "numbers here are 0 to 63"),
    ("ADD X0,X1,W2,SXTW #5", "5 does not fit into ADD", "5", "numbers here are 0 to 4"),
    (
        "ADD X0,X1,X2,ROR #1",
        "ADD has no ROR here",
        "ROR",
        "it may be one of ASR, LSL, LSR, SXTB, SXTH, SXTW, SXTX, UXTB, UXTH, UXTW, UXTX",
    ),
    ("EOR W0,W1,W2,SXTW", "EOR has no SXTW here", "SXTW", "it may be one of ASR, LSL, LSR, ROR"),
    ("EOR W0,WSP,W2", "EOR does not take the stack pointer here", "WSP", None),
    ("MUL W0,W1,SP", "SP has 64 bits, which MUL does not take here", "SP", None),
    ("MUL X0,X1,SP", "MUL does not take the stack pointer here", "SP", None),
    ("UBFX W0,W1,#28,#5", "5 does not fit into UBFX", "#5", "numbers here are 1 to 4"),
    ("SXTW W0,W1", "W0 has 32 bits, which SXTW does not take here", "W0", "write X0"),
    ("CSEL W0,W1,W2,XX", "there is no condition XX", "XX", "conditions are EQ, NE, LT, ..."),
    ("CSEL W0,W1,W2", "CSEL wants a condition here", "", "conditions are EQ, NE, LT, ..."),
    ("CBZ W0,#3", "CBZ wants a label here", "#3", None),
    ("CBNZ L", "CBNZ takes 2 operands, not 1", "CBNZ L", None),
    ("TBZ W0,#32,L", "32 does not fit into TBZ", "#32", "numbers here are 0 to 31"),
    ("B.EQ L0", "this process has no label L0", "L0", "it has no labels"),
    ("B.XX L0", "unknown instruction B.XX", "B.XX", None),
    ("B..EQ L0", "unknown instruction B..EQ", "B..EQ", "did you mean b.eq or b.ne or b.le?"),
    ("DMB", "DMB takes 1 operand, not 0", "DMB", None),
    ("DMB ISS", "DMB has no option ISS", "ISS", None),
    ("ISB ST", "ISB has no option ST", "ST", "its option is SY"),
    ("NOP W0", "NOP takes 0 operands here", "W0", None),
    ("LDR W0,[X1", "the instruction ends too early", "", "instructions look like LDR W0,[X1,#4]"),
    ("LDR W0 [X1]", "unexpected [ in the instruction", "[", "instructions look like LDR W0,[X1,#4]"),
]


@pytest.mark.parametrize(("cell", "message", "text", "hint"), WRONG)
def test_an_error_is_at_its_token(cell: str, message: str, text: str, hint: str | None) -> None:
    found = failing(cell, InputError)
    assert message in found[0]
    if text:
        assert found[1] == text
    if hint is not None:
        assert found[2] == hint


NOT_SUPPORTED = [
    ("LDR W0,L1", "loads and stores of code are not supported", "L1"),
    ("LDR Q0,[X1]", "Q0: vector registers are not supported", "Q0"),
    ("ADD V0.4S,V1.4S,V2.4S", "V0.4S: vector registers are not supported", "V0.4S"),
    ("LD1 {V0.4S},[X1]", "LD1: vector instructions are not supported", "LD1"),
    ("L: LD1W {Z0.S},P0/Z,[X1]", "LD1W: vector instructions are not supported", "LD1W"),
    ("RET X2", "X2 does not hold the address of a label: such branches are not supported", "RET X2"),
    ("BR X1", "X1 does not hold the address of a label: such branches are not supported", "BR X1"),
    ("LDIAPP X1,X2,[X1]", "LDIAPP to its base register is not supported", "X1"),
    ("MRS X0,TPIDR_EL0", "TPIDR_EL0: system registers are not supported", "TPIDR_EL0"),
    ("MSR VBAR_EL1,X0", "VBAR_EL1: system registers are not supported", "VBAR_EL1"),
    ("CASPAL X2,X3,X4,X5,[X1]", "CASPAL: atomic accesses to a pair of registers are not supported", "CASPAL"),
    ("TLBI VAAE1IS,X3", "TLBI: address translation and cache maintenance are not supported", "TLBI"),
    ("STG X0,[X1]", "STG: memory tagging is not supported", "STG"),
]


@pytest.mark.parametrize(("cell", "message", "text"), NOT_SUPPORTED)
def test_what_is_not_supported_is_named(cell: str, message: str, text: str) -> None:
    found = failing(cell, Unsupported)
    assert found[0].startswith(message)
    assert found[1] == text


@pytest.mark.parametrize("name", sorted(UNSUPPORTED))
def test_unsupported_instructions_are_named(name: str) -> None:
    message, text, _ = failing(f"{name.upper()} X0,X1", Unsupported)
    assert message == f"{name.upper()}: {UNSUPPORTED[name]}"
    assert text == name.upper()


def test_variants_are_not_supported() -> None:
    message, text, _ = failing("NOP", Unsupported, head="Variant=vmsa,ets2\n")
    assert message == "Variant=vmsa,ets2: variants of the architecture are not supported"
    assert text == "vmsa,ets2"


def test_accesses_of_two_sizes_name_both() -> None:
    message, text, _ = failing("STR W0,[X1] ;\n STRB W2,[X1]", Unsupported)
    assert message.startswith("x is accessed with 1 byte here and with 4 bytes at 4:9 ([X1])")
    assert text == "[X1]"


def test_registers_of_conditions_exist() -> None:
    text = "AArch64 T\n{ }\n P0 ;\n NOP ;\nexists (0:X31=0)\n"
    test = read_test(Source("t.litmus", text))
    program = architecture_named("AArch64").lower(test)
    with pytest.raises(InputError, match="AArch64 has no register X31"):
        resolve(test, program)


@pytest.mark.parametrize("name", ["X5", "x5", "W5", "w5"])
def test_states_call_a_register_by_its_x_name(name: str) -> None:
    assert architecture_named("AArch64").canonical(name) == "X5"


def test_registers_stand_in_herds_order() -> None:
    names = ["%a", "X10", "X9", "SP", "XZR", "X30"]
    rank = architecture_named("AArch64").rank
    assert sorted(names, key=rank) == ["XZR", "SP", "X9", "X10", "X30", "%a"]


WORDS = [
    "LDR",
    "STR",
    "ADD",
    "CAS",
    "CSEL",
    "B.EQ",
    "MOV",
    "W0",
    "X1",
    "WZR",
    "SP",
    "[X1]",
    "[X1,#4]!",
    "#1",
    "LSL #2",
    "SXTW",
    "EQ",
]


@given(st.lists(st.one_of(st.sampled_from(WORDS), st.text("LDRWX019#,[]!.:%=- ", max_size=6)), min_size=1, max_size=5))
@settings(max_examples=300, deadline=None)
def test_a_cell_is_lowered_or_refused(words: list[str]) -> None:
    cell = words[0] + " " + ",".join(words[1:])
    text = f"AArch64 T\n{{ 0:X1=x; }}\n P0 ;\n {cell} ;\n"
    with suppress(Diagnostic):
        lower(text)
