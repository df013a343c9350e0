"""RISC-V programs with errors: every error is at its token, with a hint if there is one."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from litmus.diagnostics import Diagnostic, InputError, Source, Unsupported
from litmus.isa import architecture_named, rows
from litmus.isa.riscv.operands import HINT
from litmus.isa.riscv.table import MNEMONICS
from litmus.reading import read_test
from litmus.resolving import resolve


def failing(cell: str, kind: type[Diagnostic], init: str = "0:x6=x;") -> tuple[str, str, str | None]:
    """Message, line:column:offending text, and hint."""
    test = read_test(Source("t.litmus", f"RISCV T\n{{ {init} }}\n P0 ;\n {cell} ;\n"))
    with pytest.raises(kind) as caught:
        architecture_named(test.arch, test.arch_span).lower(test)
    error = caught.value
    assert type(error) is kind
    assert error.span is not None
    line, column = error.span.source.position(error.span.start)
    return error.message, f"{line}:{column}:{error.span.text}", error.hint


LOOKS = "instructions look like lw x5,0(x6)"
ADDRESS = "addresses look like 0(x6)"
WRONG = [
    ("lw x32,0(x6)", "RISC-V has no register x32", "4:5:x32", HINT),
    ("lw x5,0(q6)", "RISC-V has no register q6", "4:10:q6", HINT),
    ("L: add a0,a1,a8", "RISC-V has no register a8", "4:15:a8", HINT),
    ("lww x5,0(x6)", "unknown instruction lww", "4:2:lww", "did you mean lw or lwu?"),
    ("fense rw,rw", "unknown instruction fense", "4:2:fense", "did you mean fence or fence.i?"),
    ("amoswap x5,x5,(x6)", "unknown instruction amoswap", "4:2:amoswap", "did you mean amoswap.w?"),
    ("amoadd.x x5", "unknown instruction amoadd.x", "4:2:amoadd.x", "did you mean amoadd.w or amoand.w or amomax.w?"),
    ("add.aq x5,x5,x6", "unknown instruction add.aq", "4:2:add.aq", "did you mean add.uw or add or addw?"),
    ("lw.rl x5,0(x6)", "RISC-V has no lw.rl", "4:2:lw.rl", "loads are lw, lw.aq, lw.aqrl and lw.aq.rl"),
    ("lbu.rl x5,0(x6)", "RISC-V has no lbu.rl", "4:2:lbu.rl", "loads are lbu, lbu.aq, lbu.aqrl and lbu.aq.rl"),
    ("sd.aq x5,0(x6)", "RISC-V has no sd.aq", "4:2:sd.aq", "stores are sd, sd.rl, sd.aqrl and sd.aq.rl"),
    ("LC00", "unknown instruction LC00", "4:2:LC00", LOOKS),
    ("lw x5", "lw takes 2 operands, not 1", "4:2:lw x5", None),
    ("ori x5,x0", "ori takes 3 operands, not 2", "4:2:ori x5,x0", None),
    ("sc.w x5,0(x6)", "sc.w takes 3 operands, not 2", "4:2:sc.w x5,0(x6)", None),
    ("fence rw", "fence takes 0 or 2 operands, not 1", "4:2:fence rw", None),
    ("fence.tso rw,rw", "fence.tso takes 0 operands, not 2", "4:2:fence.tso rw,rw", None),
    ("fence rx,rw", "rx is no set of accesses", "4:8:rx", "did you mean r?"),
    ("fence rw,wr", "wr is no set of accesses", "4:11:wr", "did you mean rw?"),
    ("fence x,y", "x is no set of accesses", "4:8:x", "sets are made of i, o, r and w, in this order: rw"),
    ("lw x5,x6", "lw wants an address here", "4:8:x6", ADDRESS),
    ("add x5,x6,0(x6)", "add wants a register here", "4:12:0(x6)", None),
    ("add x5,x6,1", "add wants a register here, not 1", "4:12:1", HINT),
    ("addi x5,x6,x7", "addi wants a number here, not x7", "4:13:x7", None),
    ("addi x5,x6,2048", "2048 does not fit into addi", "4:13:2048", "numbers here are -2048 to 2047"),
    ("slli x5,x6,64", "64 does not fit into slli", "4:13:64", "numbers here are 0 to 63"),
    ("slliw x5,x6,32", "32 does not fit into slliw", "4:14:32", "numbers here are 0 to 31"),
    ("sw x5,5000(x6)", "5000 does not fit into sw", "4:8:5000", "numbers here are -2048 to 2047"),
    ("lr.w x5,4(x6)", "4 does not fit into lr.w", "4:10:4", "numbers here are 0 to 0"),
    ("lw x5,0(x0)", "x0 as a base is the number 0, which is no address", "4:10:x0", None),
    ("lw x5,0(zero)", "zero as a base is the number 0, which is no address", "4:10:zero", None),
    ("beq x5,x6", "beq takes 3 operands, not 2", "4:2:beq x5,x6", None),
    ("bnez x5,L0", "this process has no label L0", "4:10:L0", "it has no labels"),
    ("j LC0 ;\n LC00: nop", "this process has no label LC0", "4:4:LC0", "did you mean LC00?"),
    ("L: nop ;\n L: nop", "the label L stands twice in this process", "5:2:L", None),
    ("lw x5 0(x6)", "unexpected 0 in the instruction", "4:8:0", LOOKS),
    ("lw x5,0(x6", "the instruction ends too early", "4:12: ", LOOKS),
    ("lw x5,[x6]", "unexpected [ in the instruction", "4:8:[", LOOKS),
]  # fmt: skip


@pytest.mark.parametrize(("cell", "message", "place", "hint"), WRONG)
def test_wrong_programs(cell: str, message: str, place: str, hint: str | None) -> None:
    assert failing(cell, InputError) == (message, place, hint)


@pytest.mark.parametrize("name", [name for name, row in MNEMONICS.rows.items() if isinstance(row, rows.Unsupported)])
def test_what_is_not_supported_is_named(name: str) -> None:
    message, place, _ = failing(f"{name} x5", Unsupported)
    row = MNEMONICS.rows[name]
    assert isinstance(row, rows.Unsupported)
    assert message == f"{name}: {row.reason}"
    assert place == f"4:2:{name}"


@pytest.mark.parametrize("init", ["0:x0=1;", "0:zero=x;"])
def test_x0_cannot_be_initialised(init: str) -> None:
    assert failing("nop", InputError, init) == ("x0 is always 0", f"2:3:{init[: init.index('=')]}", None)


def test_x0_may_be_initialised_with_0() -> None:
    test = read_test(Source("t", "RISCV T\n{ 0:x0=0; 0:zero; }\nP0;\nnop;\n"))
    with pytest.raises(InputError, match="initialised more than once"):
        architecture_named("RISCV").lower(test)
    architecture_named("RISCV").lower(read_test(Source("t", "RISC-V T\n{ 0:x0=0; }\nP0;\nnop;\n")))


def test_a_register_has_one_initial_value_under_all_its_names() -> None:
    assert failing("nop", InputError, "0:a0=1; 0:x10=2;")[:2] == ("0:x10 is initialised more than once", "2:11:0:x10")


def test_accesses_of_several_sizes_are_not_supported() -> None:
    message, place, _ = failing("sw x5,0(x6) ;\n sd x5,0(x6)", Unsupported)
    assert message.startswith("x is accessed with 8 bytes here and with 4 bytes at 4:2 (sw x5,0(x6))")
    assert place == "5:2:sd x5,0(x6)"


def test_a_condition_on_a_register_that_does_not_exist() -> None:
    test = read_test(Source("t.litmus", "RISCV T\n{ 0:x6=x; }\nP0;\nlw x5,0(x6);\nexists (0:r5=1)\n"))
    with pytest.raises(InputError) as caught:
        resolve(test, architecture_named(test.arch).lower(test))
    assert (caught.value.message, caught.value.hint) == ("RISC-V has no register r5", HINT)
    assert caught.value.span is not None
    assert caught.value.span.text == "r5"


NAMES = (*MNEMONICS.rows, "x5", "a0", "%r", "L")
WORD = st.sampled_from((*NAMES, ",", "(", ")", "0(x6)", "(x6)", "rw", "L:", "0", "-8", "0x7fffffffffffffffffff", "~"))


@given(st.lists(WORD, min_size=1, max_size=7))
@settings(max_examples=400, deadline=None)
def test_any_words_are_a_program_or_a_diagnostic(words: list[str]) -> None:
    places = []
    try:
        test = read_test(Source("t", f"RISCV T\n{{ 0:x6=x; }}\n P0 ;\n {' '.join(words)} ;\n"))
        architecture_named("RISCV").lower(test)
    except Diagnostic as error:
        places.append(error.span)
        error.render()
    assert None not in places
