"""The tables of instructions: every row is well-formed, and names the operands that its instruction depends on."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from litmus.isa import rows
from litmus.isa.aarch64 import operands as aarch64_operands
from litmus.isa.aarch64.table import MNEMONICS as AARCH64
from litmus.isa.arm import operands as arm_operands
from litmus.isa.arm.rows import LoadOrConstant
from litmus.isa.arm.table import ALWAYS as ARM
from litmus.isa.infix import expression, registers_of
from litmus.isa.power import operands as power_operands
from litmus.isa.power.table import MNEMONICS as POWER
from litmus.isa.reader import Kind, forms
from litmus.isa.riscv import operands as riscv_operands
from litmus.isa.riscv.table import MNEMONICS as RISCV
from litmus.isa.rows import table
from litmus.isa.x86 import operands as x86_operands
from litmus.isa.x86 import rows as x86_rows
from litmus.isa.x86.notation import PARTS_64
from litmus.isa.x86.table import MNEMONICS as X86


def parts(mnemonic: str, row: rows.Row[Any]) -> dict[str, rows.Row[Any]]:
    """The row itself, or the rows that it chooses from."""
    if isinstance(row, LoadOrConstant):
        return {mnemonic: row.load, f"{mnemonic} =": row.constant}
    return {mnemonic: row}


ARM_ROWS = {name: part for mnemonic, row in ARM.rows.items() for name, part in parts(mnemonic, row).items()}
TABLES: dict[str, tuple[Mapping[str, rows.Row[Any]], Mapping[str, Kind[Any]]]] = {
    "ARM": (ARM_ROWS, arm_operands.OPERANDS),
    "AArch64": (AARCH64.rows, aarch64_operands.OPERANDS),
    "POWER": (POWER.rows, power_operands.OPERANDS),
    "RISC-V": (RISCV.rows, riscv_operands.OPERANDS),
    "X86_64": (X86.rows, x86_operands.OPERANDS),
}
# operands that are no sources, that make an address, or that only say which register is meant
NOT_IN_EXPRESSIONS = ("label", "rd", "wd", "xd", "!", "+", "(", "NZCV", "status")
# what expressions call a part of an operand, or what the instruction computes -> where such a name may be
DERIVED = {
    "address": ("d(ra)",),
    "mask": ("width", "imm16"),
    "result": ("flags",),
    "mem": ("stored",),
    "R": ("called",),
    "accumulator": ("called",),
    **dict.fromkeys(("ax", "eax", "rax"), ("source",)),
}
ROWS = [(isa, mnemonic) for isa, (mnemonics, _) in TABLES.items() for mnemonic in mnemonics]


def operands(row: rows.Row[Any]) -> list[str]:
    """All names of operands of a row, also those that may be left out."""
    return list(forms(getattr(row, "operands", ""))[0][0])


def fields(row: rows.Row[Any]) -> dict[str, Any]:
    return {name: getattr(row, name) for name in row.__struct_fields__}


def expressions(row: rows.Row[Any]) -> Iterator[str]:
    """The expressions of a row, whatever its kind is."""
    for name, field in fields(row).items():
        if name in ("steps", "registers", "flags", "before", "after"):
            yield from field.values()
        elif (
            name
            in ("result", "value", "chosen", "other", "stored", "compared", "condition", "shifter", "carry", "less")
            and field
        ):
            yield field
        elif name == "values":
            yield from field


def in_expressions(name: str) -> str:
    """What expressions call an operand."""
    return name.partition("|")[0]


@pytest.mark.parametrize(("isa", "mnemonic"), ROWS)
def test_a_row_names_operands_of_its_architecture_and_uses_no_others(isa: str, mnemonic: str) -> None:
    mnemonics, kinds = TABLES[isa]
    row = mnemonics[mnemonic]
    names = operands(row)
    assert set(names) <= set(kinds)
    for text in expressions(row):
        for register in registers_of(expression(text)):
            known = register.partition(".")[0] in ("", *map(in_expressions, names))
            assert known or {*DERIVED.get(register, ())} & {*names, *fields(row)}, text


@pytest.mark.parametrize(("isa", "mnemonic"), ROWS)
def test_an_instruction_depends_on_every_source_that_its_row_names(isa: str, mnemonic: str) -> None:
    row = TABLES[isa][0][mnemonic]
    if any(expressions(row)) and not isinstance(row, rows.Jump):
        named = {register.partition(".")[0] for text in expressions(row) for register in registers_of(expression(text))}
        named |= {name.partition(".")[0] for name in getattr(row, "steps", ())}
        named |= {name for register in named for name in DERIVED.get(register, ())}
        sources = {name for name in operands(row) if not any(part in name for part in NOT_IN_EXPRESSIONS)}
        assert {*map(in_expressions, sources)} <= named


def test_an_x86_row_sets_operands_that_it_names() -> None:
    computing = [row for row in X86.rows.values() if isinstance(row, x86_rows.Compute)]
    assert computing
    for row in computing:
        targets = {name for name in row.steps if name[0] != "." and name != "R"}
        assert targets <= {*operands(row)}, row.called


def test_an_x86_conversion_names_registers() -> None:
    conversions = [row for row in X86.rows.values() if isinstance(row, x86_rows.Convert)]
    assert conversions
    for row in conversions:
        assert {row.source, row.target} <= {*PARTS_64}


def test_a_mnemonic_has_one_row() -> None:
    with pytest.raises(ValueError, match="add has two rows"):
        table({"add": rows.Nothing()}, {"add": rows.Nothing()})


def test_what_is_in_brackets_may_be_left_out() -> None:
    assert forms("[crf], ra, rb") == ((("crf", "ra", "rb"), ()), (("ra", "rb"), ("crf",)))
    assert forms("rd, [rn], op2") == ((("rd", "rn", "op2"), ()), (("rd", "op2"), ("rn",)))
    assert forms("[l]") == ((("l",), ()), ((), ("l",)))
    assert forms("") == (((), ()),)
    assert forms("rd, ra") == ((("rd", "ra"), ()),)
