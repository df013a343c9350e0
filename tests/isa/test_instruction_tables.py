"""The tables of instructions: every row is well-formed, and names the operands that its instruction depends on."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import pytest

from litmus.isa import rows
from litmus.isa.infix import expression, registers_of
from litmus.isa.power import operands as power_operands
from litmus.isa.power.table import MNEMONICS as POWER
from litmus.isa.reader import Kind, Reader, forms
from litmus.isa.riscv import operands as riscv_operands
from litmus.isa.riscv.table import MNEMONICS as RISCV
from litmus.isa.rows import table

TABLES: dict[str, tuple[Mapping[str, rows.Row[Reader]], Mapping[str, Kind[Reader]]]] = {
    "POWER": (POWER.rows, power_operands.OPERANDS),
    "RISC-V": (RISCV.rows, riscv_operands.OPERANDS),
}
NOT_IN_EXPRESSIONS = ("label", "rd", "!", "+", "(")  # operands that are no sources, or that make an address
ROWS = [(isa, mnemonic) for isa, (mnemonics, _) in TABLES.items() for mnemonic in mnemonics]


def operands(row: rows.Row[Reader]) -> list[str]:
    """All names of operands of a row, also those that may be left out."""
    return list(forms(getattr(row, "operands", ""))[0][0])


def expressions(row: rows.Row[Reader]) -> Iterator[str]:
    match row:
        case rows.Compute(steps=steps):
            yield from steps.values()
        case rows.Store(value=value):
            yield value
        case rows.StoreConditional(value=value, after=after):
            yield from (value, *after.values())
        case rows.ReadModifyWrite(stored=stored):
            yield stored
        case rows.Jump(condition=condition, before=before):
            yield from (*before.values(), *filter(None, [condition]))


@pytest.mark.parametrize(("isa", "mnemonic"), ROWS)
def test_a_row_names_operands_of_its_architecture_and_uses_no_others(isa: str, mnemonic: str) -> None:
    mnemonics, kinds = TABLES[isa]
    row = mnemonics[mnemonic]
    names = operands(row)
    assert set(names) <= set(kinds)
    for text in expressions(row):
        for register in registers_of(expression(text)):
            known = register in names or register.partition(".")[0] in ("", *names)
            known |= register == "address" and "d(ra)" in names
            assert known or (register == "mem" and isinstance(row, rows.ReadModifyWrite)), text


@pytest.mark.parametrize(("isa", "mnemonic"), ROWS)
def test_an_instruction_depends_on_every_source_that_its_row_names(isa: str, mnemonic: str) -> None:
    row = TABLES[isa][0][mnemonic]
    if isinstance(row, rows.Compute | rows.Store | rows.StoreConditional | rows.ReadModifyWrite):
        named = {register.partition(".")[0] for text in expressions(row) for register in registers_of(expression(text))}
        named |= {name.partition(".")[0] for name in getattr(row, "steps", ())}
        sources = {name for name in operands(row) if not any(part in name for part in NOT_IN_EXPRESSIONS)}
        assert sources <= named


def test_a_mnemonic_has_one_row() -> None:
    with pytest.raises(ValueError, match="add has two rows"):
        table({"add": rows.Nothing()}, {"add": rows.Nothing()})


def test_what_is_in_brackets_may_be_left_out() -> None:
    assert forms("[crf], ra, rb") == ((("crf", "ra", "rb"), ()), (("ra", "rb"), ("crf",)))
    assert forms("[l]") == ((("l",), ()), ((), ("l",)))
    assert forms("") == (((), ()),)
    assert forms("rd, ra") == ((("rd", "ra"), ()),)
