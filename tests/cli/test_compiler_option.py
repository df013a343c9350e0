"""--compiler says what stands between a C test and the machine, and the witness shows what it did."""

from __future__ import annotations

from pathlib import Path

FILE = str(Path(__file__).resolve().parents[1] / "examples" / "c" / "MP+plains.litmus")


def test_the_compiler_may_exchange_plain_accesses_unless_told_not_to(litmus):
    assert litmus("check", FILE, "--model", "sc").out.startswith("Sometimes.")
    assert litmus("check", FILE, "--model", "sc", "--compiler", "kernel").out.startswith("Sometimes.")
    assert litmus("check", FILE, "--model", "sc", "--compiler", "none").out.startswith("Never.")


def test_a_witness_says_what_the_compiler_exchanged(litmus):
    out = litmus("check", FILE, "--model", "sc").out
    assert "The compiler has exchanged accesses:\n    P0's W y=1 (line 20) stands before P0's W x=1 (line 19)\n" in out
    assert "exchanged" not in litmus("check", FILE, "--model", "sc", "--compiler", "none").out


def test_a_table_has_the_option_too(litmus):
    arguments = ("table", "--model", "sc", "--rows", "none", "--columns", "sys_membarrier", "--format", "csv")
    assert litmus(*arguments).out.splitlines()[1].split(",")[3] == "X"
    assert litmus(*arguments, "--compiler", "none").out.splitlines()[1].split(",")[3] == "O"
