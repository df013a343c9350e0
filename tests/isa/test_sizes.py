"""Accesses of several sizes to one variable: those that mean what accesses of one size mean, and the others.

Expected values follow from the bytes: all bytes above those that are ever written keep their initial value, 0.
"""

from __future__ import annotations

import pytest
from asking import verdict

from litmus import Source, check
from litmus.diagnostics import Unsupported
from litmus.isa import architecture_named
from litmus.reading import read_test

NEVER, SOMETIMES, ALWAYS = "Never", "Sometimes", "Always"
WRITE = "ori x2,x0,421\n sw x2,0(x1)"  # 421 is 0x1a5


@pytest.mark.parametrize(
    ("load", "value"),
    [
        ("lbu x2,0(x1)", 0xA5),
        ("lb x2,0(x1)", -0x5B),  # 0xa5 with its sign
        ("lhu x2,0(x1)", 0x1A5),
        ("lw x2,0(x1)", 0x1A5),
        ("ld x2,0(x1)", 0x1A5),  # the upper half is never written
    ],
)
def test_a_load_takes_its_bytes_of_what_was_stored(load: str, value: int) -> None:
    init = "uint64_t a; 0:x1=a; 1:x1=a; int64_t 1:x2;"
    assert verdict("RISCV", "riscv", init, f"1:x2={value}", WRITE, load) == SOMETIMES
    assert verdict("RISCV", "riscv", init, f"1:x2<>{value} /\\ 1:x2<>0", WRITE, load) == NEVER


def test_a_narrow_store_leaves_zeros_above() -> None:
    init = "uint64_t z; 0:x1=z; 0:x2=-1;"
    assert verdict("RISCV", "riscv", init, "[z]=65535", "sh x2,0(x1)") == ALWAYS
    assert verdict("X86_64", "x86-tso", "int z; 0:rax=-1;", "[z]=255", "movb %al,(z)") == ALWAYS


def test_an_undeclared_variable_that_is_stored_narrowly_has_no_sign() -> None:
    init = "0:x1=x; 0:x2=-1;"
    assert verdict("RISCV", "riscv", init, "[x]=255", "sb x2,0(x1)") == ALWAYS
    result = check(Source("T.litmus", f"RISCV T\n{{ {init} }}\n P0;\n sb x2,0(x1) ;\nexists ([x]=-1)\n"), "riscv")
    assert result.answer is not None
    assert result.answer.states == ((255,),)


def test_a_narrow_load_reads_the_initial_bytes() -> None:
    init = "int x=0x12ff; 0:x1=x;"
    assert verdict("RISCV", "riscv", init, "0:x2=-1", "lb x2,0(x1)") == ALWAYS
    assert verdict("AArch64", "aarch64", "int x=0x12ff; 0:X1=x;", "0:X2=255", "LDRB W2,[X1]") == ALWAYS
    assert verdict("ARM", "arm", "int x=0x12ff; 0:R1=x;", "0:R2=255", "LDRB R2,[R1]") == ALWAYS


def test_loads_of_two_sizes_are_coherent() -> None:
    # Both take the lowest byte of x; if the first has it from the store, so has the second.
    init = "0:x1=x; 1:x1=x; 0:x2=1;"
    read = "lb x5,0(x1)\n lw x6,0(x1)"
    assert verdict("RISCV", "riscv", init, "1:x5=1 /\\ 1:x6=0", "sw x2,0(x1)", read) == NEVER
    assert verdict("RISCV", "riscv", init, "1:x5=0 /\\ 1:x6=1", "sw x2,0(x1)", read) == SOMETIMES


def test_labels_stay_where_they_were() -> None:
    # The branch goes behind the second load: x6 keeps its 7.
    code = "lb x5,0(x1)\n beq x0,x0,L\n lw x6,0(x1)\n L: addi x7,x6,1"
    assert verdict("RISCV", "riscv", "int x; 0:x1=x; 0:x6=7;", "0:x7=8", code) == ALWAYS


REFUSED = [
    ("RISCV", "x=0x1ff; 0:x1=x;", "sb x2,0(x1) ;\n lw x3,0(x1)"),  # above the store is more than zeros
    ("RISCV", "0:x1=x;", "sb x2,0(x1) ;\n sw x3,0(x1)"),  # two sizes are written
    ("RISCV", "int x; 0:x1=x;", "lb x2,1(x1)"),  # not the lowest byte
    ("RISCV", "0:x1=x;", "lr.w x2,(x1) ;\n ld x3,0(x1)"),  # a part of an atomic operation
    ("RISCV", "0:x1=x;", "amoadd.w x2,x2,(x1) ;\n ld x3,0(x1)"),
    ("RISCV", "uint64_t x; 0:x1=x; 0:x4=y;", "ld x4,0(x4) ;\n lb x3,0(x1) ;\n lb x3,0(x4)"),  # perhaps x too
    ("PPC", "0:r1=x;", "stw r2,0(r1) ;\n lbz r3,0(r1)"),  # in which byte order is not known
]


@pytest.mark.parametrize(("arch", "init", "code"), REFUSED)
def test_other_accesses_of_several_sizes_are_not_supported(arch: str, init: str, code: str) -> None:
    test = read_test(Source("t.litmus", f"{arch} T\n{{ {init} }}\n P0 ;\n {code} ;\nexists (true)\n"))
    with pytest.raises(Unsupported, match=r"error: x is .*: mixed-size accesses are not supported$") as caught:
        architecture_named(arch).lower(test)
    assert caught.value.span is not None
