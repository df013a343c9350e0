"""Machines: the instructions that generated tests are made of, one table an architecture.

In templates, r is the register that an instruction sets or stores, a is a register with the address of a
location, i is a register with an index that is 0, and s is a source register.  x is a location, v a number, l a label.
"""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct

from litmus.shapes.relaxations import Annotation

Forms = Mapping[Annotation, str]  # annotation of the access (None: it has none) -> template


class Machine(Struct, frozen=True, eq=False):
    """An architecture's part in generated tests.

    registers: in the order in which threads take them.  shown: how a state names one.
    number: puts a number into a register.  None on a machine where a store takes a number itself and a location is an
    operand; then the fields that follow have no meaning.
    zero: computes a number that is 0 and depends on s.  plus: adds a number to it.
    branch: a branch to the next instruction that depends on s.
    indexed: the forms of loads and stores that add an index to the address.  moved: adds the index for loads and
    stores that have no such form.
    """

    registers: tuple[str, ...]
    shown: str
    loads: Forms
    stores: Forms
    number: str | None = None
    zero: str = ""
    plus: str = ""
    branch: tuple[str, ...] = ()
    indexed_loads: Forms = {}
    indexed_stores: Forms = {}
    moved: str = ""
    typed: bool = False  # locations and registers have 64 bits, and the initial state says so


def _numbers(first: int, last: int) -> tuple[str, ...]:
    return tuple(map(str, range(first, last + 1)))


MACHINES = {
    "X86": Machine(
        registers=("EAX", "EBX", "ECX", "EDX", "ESI", "EDI"),
        shown="{}",
        loads={None: "MOV {r},[{x}]"},
        stores={None: "MOV [{x}],${v}"},
    ),
    "X86_64": Machine(
        registers=("rax", "rbx", "rcx", "rdx", "rsi", "rdi", *(f"r{n}" for n in range(8, 16))),
        shown="{}",
        loads={None: "movq ({x}),%{r}"},
        stores={None: "movq ${v},({x})"},
        typed=True,
    ),
    "PPC": Machine(
        registers=_numbers(1, 31),
        shown="r{}",
        loads={None: "lwz r{r},0(r{a})"},
        stores={None: "stw r{r},0(r{a})"},
        number="li r{r},{v}",
        zero="xor r{r},r{s},r{s}",
        plus="addi r{r},r{r},{v}",
        branch=("cmpw r{s},r{s}", "beq  {l}", "{l}:"),
        indexed_loads={None: "lwzx r{r},r{i},r{a}"},
        indexed_stores={None: "stwx r{r},r{i},r{a}"},
    ),
    "ARM": Machine(
        registers=_numbers(0, 12),
        shown="R{}",
        loads={None: "LDR R{r},[R{a}]"},
        stores={None: "STR R{r},[R{a}]"},
        number="MOV R{r},#{v}",
        zero="EOR R{r},R{s},R{s}",
        plus="ADD R{r},R{r},#{v}",
        branch=("CMP R{s},R{s}", "BNE {l}", "{l}:"),
        indexed_loads={None: "LDR R{r},[R{i},R{a}]"},
        indexed_stores={None: "STR R{r},[R{i},R{a}]"},
    ),
    "AArch64": Machine(
        registers=_numbers(0, 30),
        shown="X{}",
        loads={None: "LDR W{r},[X{a}]", "A": "LDAR W{r},[X{a}]", "Q": "LDAPR W{r},[X{a}]"},
        stores={None: "STR W{r},[X{a}]", "L": "STLR W{r},[X{a}]"},
        number="MOV W{r},#{v}",
        zero="EOR W{r},W{s},W{s}",
        plus="ADD W{r},W{r},#{v}",
        branch=("CBNZ W{s},{l}", "{l}:"),
        indexed_loads={None: "LDR W{r},[X{a},W{i},SXTW]"},
        indexed_stores={None: "STR W{r},[X{a},W{i},SXTW]"},
        moved="ADD X{r},X{a},W{i},SXTW",
    ),
    "RISCV": Machine(
        registers=_numbers(5, 31),
        shown="x{}",
        loads={None: "lw x{r},0(x{a})", "Aq": "lw.aq x{r},0(x{a})"},
        stores={None: "sw x{r},0(x{a})", "Rl": "sw.rl x{r},0(x{a})"},
        number="ori x{r},x0,{v}",
        zero="xor x{r},x{s},x{s}",
        plus="ori x{r},x{r},{v}",
        branch=("bne x{s},x0,{l}", "{l}:"),
        moved="add x{r},x{a},x{i}",
    ),
}
