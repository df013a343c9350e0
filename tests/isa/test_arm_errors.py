"""ARM programs with errors: every error is at its token, with a hint if there is one."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from litmus.diagnostics import Diagnostic, InputError, Source, Unsupported
from litmus.isa import architecture_named, rows
from litmus.isa.arm.operands import HINT
from litmus.isa.arm.table import ALWAYS
from litmus.reading import read_test


def failing(cell: str, kind: type[Diagnostic], init: str = "0:R1=x;") -> tuple[str, str, str | None]:
    """Message, line:column:offending text, and hint."""
    test = read_test(Source("t.litmus", f"ARM T\n{{ {init} }}\n P0 ;\n {cell} ;\n"))
    with pytest.raises(kind) as caught:
        architecture_named(test.arch, test.arch_span).lower(test)
    error = caught.value
    assert type(error) is kind
    assert error.span is not None
    line, column = error.span.source.position(error.span.start)
    return error.message, f"{line}:{column}:{error.span.text}", error.hint


LOOKS = "instructions look like LDR R1,[R2]"
ADDRESS = "addresses look like [R1] or [R1,#4]"
OPTIONS = "options are SY, OSH, ISH, SH, NSH, UN, ST, OSHST, ISHST, SHST, NSHST, UNST"
WRONG = [
    ("LDR R16,[R1]", "ARM has no register R16", "4:6:R16", HINT),
    ("LDR R0,[X1]", "ARM has no register X1", "4:10:X1", HINT),
    ("L: ADD R0,R1,W2", "ARM has no register W2", "4:15:W2", HINT),
    ("LDDR R0,[R1]", "unknown instruction LDDR", "4:2:LDDR", "did you mean LDR or LDRT or LDRH?"),
    ("LDRXX R0,[R1]", "unknown instruction LDRXX", "4:2:LDRXX", "did you mean LDREX or LDR or LDREXH?"),
    ("LDRS R0,[R1]", "unknown instruction LDRS", "4:2:LDRS", "did you mean LDRSH or LDRSB or LDR?"),
    ("CMPS R0,R1", "unknown instruction CMPS", "4:2:CMPS", "did you mean CMP?"),
    ("LC00", "unknown instruction LC00", "4:2:LC00", LOOKS),
    ("LDR R0", "LDR takes 2 or 3 operands, not 1", "4:2:LDR R0", None),
    ("STR R0,[R1],#4,#8", "STR takes 2 or 3 operands, not 4", "4:2:STR R0,[R1],#4,#8", None),
    ("ADD R0", "ADD takes 2 or 3 operands, not 1", "4:2:ADD R0", None),
    ("MOV R0,R1,R2", "MOV takes 2 operands, not 3", "4:2:MOV R0,R1,R2", None),
    ("MUL R0,R1", "MUL takes 3 operands, not 2", "4:2:MUL R0,R1", None),
    ("MUL R0,R1,R2,LSL #1", "MUL wants no operand here", "4:15:LSL #1", None),
    ("STREX R0,[R1]", "STREX takes 3 operands, not 2", "4:2:STREX R0,[R1]", None),
    ("CBZ L", "CBZ takes 2 operands, not 1", "4:2:CBZ L", None),
    ("ISB SY,SY", "ISB takes 0 or 1 operands, not 2", "4:2:ISB SY,SY", None),
    ("LDR R0,R1", "LDR wants an address here", "4:9:R1", ADDRESS),
    ("ADD R0,[R1],R2", "ADD wants a register here", "4:9:[R1]", None),
    ("MUL R0,R1,#2", "MUL wants a register here, not #2", "4:12:#2", HINT),
    ("MOVW R0,R1", "MOVW wants a number here, not R1", "4:10:R1", None),
    ("MOVW R0,#65536", "#65536 does not fit into MOVW", "4:10:#65536", "numbers here are 0 to 65535"),
    ("LSL R0,R1,#32", "#32 does not fit into LSL", "4:12:#32", "numbers here are 0 to 31"),
    ("MOV R0,R1,LSR #0", "#0 does not fit into MOV", "4:16:#0", "numbers here are 1 to 32"),
    ("ADD R0,R1,#0x100000000", "#0x100000000 does not fit into ADD", "4:12:#0x100000000",
     "numbers here are -2147483648 to 4294967295"),
    ("MOV R0,R1,LSX #2", "there is no shift LSX", "4:12:LSX", "shifts are LSL, LSR, ASR and ROR"),
    ("LDR R0,[R1,#5000]", "#5000 does not fit into LDR", "4:13:#5000", "numbers here are -4095 to 4095"),
    ("LDR R0,[R1,#4,LSL #2]", "a number as an offset is not shifted", "4:16:LSL #2", None),
    ("LDR R0,[R1,R2,R3]", "LDR wants a shift here", "4:16:R3", "LSL #2"),
    ("LDR R0,[R1,#4],#4", "an offset behind an address belongs to [Rn] alone", "4:9:[R1,#4]", None),
    ("LDR R1,[R1],#4", "R1 is loaded and updated at once", "4:2:LDR R1,[R1],#4", None),
    ("STR R1,[R1,#4]!", "R1 is stored and updated at once", "4:2:STR R1,[R1,#4]!", None),
    ("LDREX R0,[R1,#4]", "LDREX takes no offset", "4:11:[R1,#4]", "write [R1]"),
    ("STL R0,[R1]!", "STL takes no offset", "4:9:[R1]!", "write [R1]"),
    ("LDA R0,[R1],#4", "LDA takes no offset", "4:9:[R1]", "write [R1]"),
    ("STREX R0,R0,[R1]", "R0 receives the status and is an operand", "4:2:STREX R0,R0,[R1]", None),
    ("STREX R1,R0,[R1]", "R1 receives the status and is an operand", "4:2:STREX R1,R0,[R1]", None),
    ("LDRD R0,R1,[R1,#8]!", "R1 is transferred and updated at once", "4:2:LDRD R0,R1,[R1,#8]!", None),
    ("LDRD %r,[R1]", "LDRD needs a second register", "4:2:LDRD %r,[R1]", None),
    ("LDM R1,R2", "LDM wants registers here", "4:9:R2", "write {R1,R2} or {R1-R3}"),
    ("LDM [R1],{R2}", "LDM wants a base register here", "4:6:[R1]", "R0 or R0!"),
    ("LDM R1!,{R1,R2}", "R1 is transferred and updated at once", "4:2:LDM R1!,{R1,R2}", None),
    ("LDM R1,{R3-R2}", "R3 does not come before R2", "4:10:R3-R2", None),
    ("LDM R1,{R2,%x}", "%x has no place in the order of registers", "4:13:%x", None),
    ("DMB ISHT", "DMB has no option ISHT", "4:6:ISHT", "did you mean ISHST or ISH or SHST?"),
    ("DSB FOO", "DSB has no option FOO", "4:6:FOO", OPTIONS),
    ("LDRD R0,R1", "LDRD wants an address here", "4:10:R1", ADDRESS),
    ("PLD", "PLD takes 1 or 2 operands, not 0", "4:2:PLD", None),
    ("CMP R0,R1,R2,LSL #1", "CMP takes 2 operands, not 3", "4:2:CMP R0,R1,R2,LSL #1", None),
    ("LDREX R0,[R1,R2,LSR #32]", "LDREX takes no offset", "4:11:[R1,R2,LSR #32]", "write [R1]"),
    ("BLEQ L0", "this process has no label L0", "4:7:L0", "it has no labels"),
    ("ADRNE R0,L0", "this process has no label L0", "4:11:L0", "it has no labels"),
    ("BEQ L0", "this process has no label L0", "4:6:L0", "it has no labels"),
    ("B LC0 ;\n LC00: NOP", "this process has no label LC0", "4:4:LC0", "did you mean LC00?"),
    ("L: NOP ;\n L: NOP", "the label L stands twice in this process", "5:2:L", None),
    ("LDR R0 [R1]", "unexpected [ in the instruction", "4:9:[", LOOKS),
    ("LDR R0,[R1", "the instruction ends too early", "4:12: ", LOOKS),
    ("LDR R0,4(R1)", "unexpected ( in the instruction", "4:10:(", LOOKS),
]  # fmt: skip


@pytest.mark.parametrize(("cell", "message", "place", "hint"), WRONG)
def test_wrong_programs(cell: str, message: str, place: str, hint: str | None) -> None:
    assert failing(cell, InputError) == (message, place, hint)


UNSUPPORTED = {name: row.reason for name, row in ALWAYS.rows.items() if isinstance(row, rows.Unsupported)}


@pytest.mark.parametrize("name", UNSUPPORTED)
@pytest.mark.parametrize("condition", ["", "eq"])
def test_what_is_not_supported_is_named(name: str, condition: str) -> None:
    message, place, _ = failing(f"{name}{condition} R0", Unsupported)
    assert message == f"{name}{condition}: {UNSUPPORTED[name]}"
    assert place == f"4:2:{name}{condition}"


UNDEFINED = "this uses a flag that an earlier instruction leaves undefined or that is not modelled"
LIMITS = [
    ("DMB LD", "LD: barriers of loads are not supported", "4:6:LD"),
    ("DMBEQ", "DMBEQ with a condition is not supported", "4:2:DMBEQ"),
    ("MOV PC,LR", "the program counter as an operand is not supported", "4:6:PC"),
    ("LDR R0,[PC,#4]", "the program counter as an operand is not supported", "4:10:PC"),
    ("BX R2", "R2 does not hold the address of a label: such branches are not supported", "4:2:BX R2"),
    ("MOVS R0,R1,LSL #1 ;\n BCS L ;\n L:", UNDEFINED, "5:2:BCS L"),
    ("LSRS R0,R1,#1 ;\n MOVHI R2,#1", UNDEFINED, "5:2:MOVHI R2,#1"),
    ("MOVS R0,#0xff00 ;\n CMPEQ R0,R1 ;\n BCC L ;\n L:", UNDEFINED, "6:2:BCC L"),  # the compare may not execute
    ("STR R0,[R1] ;\n STRB R2,[R1]", "x is accessed with 1 byte here and with 4 bytes at 4:2 (STR R0,[R1]):"
     " mixed-size accesses are not supported", "5:2:STRB R2,[R1]"),
]  # fmt: skip


@pytest.mark.parametrize(("cell", "message", "place"), LIMITS)
def test_limits_are_told_at_their_place(cell: str, message: str, place: str) -> None:
    assert failing(cell, Unsupported)[:2] == (message, place)


@pytest.mark.parametrize("cell", ["MOVS R0,R1 ;\n BCS L ;\n L:", "LSRS R0,R1,#1 ;\n CMP R0,R1 ;\n BCS L ;\n L: NOP"])
def test_a_flag_that_is_defined_may_be_used(cell: str) -> None:
    architecture_named("ARM").lower(read_test(Source("t", f"ARM T\n{{ }}\n P0 ;\n {cell} ;\n")))


@pytest.mark.parametrize(
    ("init", "message", "place", "hint"),
    [
        ("0:R2=P0:LL;", "P0 has no label LL", "2:8:P0:LL", "did you mean L?"),
        ("0:R2=P1:L;", "P1 has no label L", "2:8:P1:L", None),
        ("0:R16=1;", "ARM has no register R16", "2:5:R16", HINT),
        ("0:R13=1; 0:SP=2;", "0:SP is initialised more than once", "2:12:0:SP", None),
    ],
)
def test_wrong_initial_states(init: str, message: str, place: str, hint: str | None) -> None:
    assert failing("L: NOP", InputError, init) == (message, place, hint)


def test_addresses_of_instructions_in_memory_are_not_supported() -> None:
    assert failing("L: NOP", Unsupported, "x=P0:L;")[1] == "2:5:P0:L"


NAMES = (*ALWAYS.rows, "ADDSEQ", "LDREQ", "BLNE", "L")
REST = ("R0", "%r", "PC", "LR", ",", "#4", "-", "!", "[R1]", "[R1,#4]", "[", "]", "{R2,R3}", "{", "}", "LSL", "=", "L:")


@given(st.lists(st.sampled_from((*NAMES, *REST)), min_size=1, max_size=7))
@settings(max_examples=400, deadline=None)
def test_any_words_are_a_program_or_a_diagnostic(words: list[str]) -> None:
    places = []
    try:
        test = read_test(Source("t", f"ARM T\n{{ 0:R1=x; }}\n P0 ;\n {' '.join(words)} ;\n"))
        architecture_named("ARM").lower(test)
    except Diagnostic as error:
        places.append(error.span)
        error.render()
    assert None not in places
