"""What instructions do with registers: the register events, and the relations between them."""

from __future__ import annotations

from collections import Counter

import pytest
from cases import case

from litmus.diagnostics import Unsupported
from litmus.program.build import unroll, with_registers
from litmus.program.graph import EventGraph, RegisterEvents
from litmus.relation.rows import bits

INIT = {
    "AArch64": "0:X1=x; 0:X3=y;",
    "PPC": "0:r1=x; 0:r3=y;",
    "ARM": "0:R1=x; 0:R3=y;",
    "RISCV": "0:x5=x; 0:x6=y;",
    "X86": "",
}


def level(arch: str, *code: str) -> tuple[EventGraph, RegisterEvents]:
    lines = "\n".join(f"{line} ;" for line in ("P0", *code))
    text = f"{arch} test\n{{ x=0; y=0; {INIT[arch]} }}\n{lines}\nexists (x=0)\n"
    graph = with_registers(case(text).graph)
    assert graph.registers is not None
    return graph, graph.registers


def kind(graph: EventGraph, registers: RegisterEvents, e: int) -> str:
    if e < registers.first:
        return graph.events[e].kind
    sets = {name for name, mask in registers.sets.items() if mask >> e & 1}
    return next(name for name in ("ADDR", "DATA", "PRED", "BCC", "Wreg", "Rreg") if name in sets)


def flows(arch: str, *code: str) -> Counter[str]:
    """Each pair that leads from one event to another within an instruction, over all paths: `R data Wreg`."""
    graph, registers = level(arch, *code)
    rows = {"data": registers.iico_data, "ctrl": registers.iico_ctrl, "order": registers.iico_order}
    return Counter(
        f"{kind(graph, registers, e)} {name} {kind(graph, registers, f)}"
        for name, relation in rows.items()
        for e, row in enumerate(relation)
        for f in bits(row)
    )


LOAD = ["ADDR data R", "R data Wreg"]
STORE = ["ADDR data W", "DATA data W"]
FAILED_OR_NOT = 2  # paths
CASES = [
    ("AArch64", "MOV W0,#1", []),
    ("AArch64", "MOV W0,W2", ["Rreg data Wreg"]),
    ("AArch64", "EOR W0,W2,W2", ["Rreg data Wreg"]),
    ("AArch64", "ADD W0,W2,W4", ["Rreg data Wreg"] * 2),
    ("AArch64", "DMB SY", []),
    ("AArch64", "LDR W0,[X1]", LOAD),
    ("AArch64", "LDR W0,[X1,W2,SXTW]", [*LOAD, "ADDR data R"]),
    ("AArch64", "LDR W0,[X1],#0", [*LOAD, "ADDR data Wreg"]),
    ("AArch64", "LDR WZR,[X1]", ["ADDR data R"]),
    ("AArch64", "STR W0,[X1]", STORE),
    ("AArch64", "STR X1,[X1]", STORE),
    ("AArch64", "STR WZR,[X1]", ["ADDR data W"]),
    ("AArch64", "CBNZ W0,L", ["Rreg data BCC"]),
    ("AArch64", "SWP W0,W2,[X1]", [*LOAD, *STORE, "R order W"]),
    ("AArch64", "LDADD W0,W2,[X1]", [*LOAD, *STORE, "R data W"]),
    ("AArch64", "STADD W0,[X1]", ["ADDR data R", *STORE, "R data W"]),
    # The decision depends on what was read and compared.  The target becomes what was read or what that was compared
    # with.
    (
        "AArch64",
        "CAS W0,W2,[X1]",
        [
            *("ADDR data R", "ADDR data W", "DATA data W", "R data PRED", "DATA data PRED", "PRED ctrl W"),
            *("R data Wreg", "DATA data Wreg", "PRED ctrl Wreg"),
        ],
    ),
    ("PPC", "li r2,1", []),
    ("PPC", "xor r2,r4,r4", ["Rreg data Wreg"]),
    ("PPC", "lwz r2,0(r1)", LOAD),
    ("PPC", "stw r2,0(r1)", STORE),
    ("RISCV", "amoadd.w x7,x8,(x5)", ["ADDR data R", "DATA data R", "R data Wreg"]),  # one event, that of the read
    ("ARM", "LDR R0,[R1]", LOAD),
    ("X86", "MOV EAX,[x]", ["R data Wreg"]),
    ("X86", "MOV [x],EAX", ["DATA data W"]),
]


@pytest.mark.parametrize(("arch", "code", "expected"), CASES, ids=[f"{arch} {code}" for arch, code, _ in CASES])
def test_an_instruction_leads_from_what_it_uses_to_what_it_makes(arch: str, code: str, expected: list[str]) -> None:
    after = ("L:",) if code.endswith(",L") else ()
    assert flows(arch, code, *after) == Counter(expected)


def test_a_selection_reads_the_flags_and_then_the_operand_that_it_chooses() -> None:
    found = flows("AArch64", "LDR W0,[X1]", "CMP W0,#1", "CSEL W2,W4,W5,EQ")
    assert found == Counter([*LOAD, "Rreg data Wreg", "Rreg data PRED", *["PRED ctrl Rreg", "Rreg data Wreg"] * 2])
    assert flows("AArch64", "LDR W0,[X1]", "CMP W0,#1", "CSET W2,EQ") == Counter(
        [*LOAD, "Rreg data Wreg", "Rreg data PRED", *["PRED ctrl Wreg"] * 2]
    )


def test_a_store_exclusive_reads_the_reservation_and_its_status_depends_on_nothing() -> None:
    load = [*LOAD, "ADDR data Wreg"]
    read = ["ADDR data W", "DATA data W", "ADDR ctrl W", "Rreg ctrl W"]
    assert flows("AArch64", "LDXR W0,[X1]", "STXR W2,W4,[X1]") == Counter([*load, *read, *["Rreg ctrl Wreg"] * 2])


def test_a_store_conditional_of_power_makes_its_status_from_all_that_it_reads() -> None:
    load = [*LOAD, "ADDR data Wreg"]
    stored = [f"{e} data W" for e in ("ADDR", "DATA", "Rreg")]
    written = [f"{e} data Wreg" for e in ("ADDR", "DATA", "Rreg")]  # the reservation and the status
    found = flows("PPC", "lwarx r2,r0,r1", "stwcx. r4,r0,r1")
    assert found == Counter([*load, *stored, *written * 4])


def test_the_status_of_risc_v_depends_on_the_store() -> None:
    found = flows("RISCV", "lr.w x7,(x5)", "sc.w x8,x9,(x5)")
    assert found["W ctrl Wreg"] == 1


def test_an_instruction_that_is_executed_on_a_condition_is_decided_by_the_flags() -> None:
    found = flows("ARM", "LDR R0,[R3]", "CMP R0,#1", "LDREQ R2,[R1]")
    assert found == Counter([*LOAD, "Rreg data Wreg", "Rreg ctrl ADDR", *LOAD])


def test_x86_has_no_decisions() -> None:
    _, registers = level("X86", "CMP EAX,$1", "JNE L", "MOV [x],EAX", "L:")
    assert not registers.sets.keys() & {"B", "BCC", "PRED"}


def test_a_branch_through_a_register_is_one_decision() -> None:
    _, registers = level("AArch64", "ADR X0,L", "BR X0", "MOV W4,#1", "L:")
    assert registers.sets["BCC"].bit_count() == 1


def test_a_register_is_read_from_its_last_write_of_the_path() -> None:
    _, registers = level("AArch64", "MOV W0,#1", "LDR W2,[X3]", "CBZ W2,L", "MOV W0,#2", "L:", "STR W0,[X1]")
    reads = list(bits(registers.sets["DATA"]))
    writers = [e for r in reads for e, row in enumerate(registers.rf_reg) if row >> r & 1]
    assert len(reads) == len(writers) == len(set(writers)) == 2  # one on each path
    assert len({registers.guards[r - registers.first] for r in reads}) == 2


def test_only_one_register_of_one_thread_is_one_location() -> None:
    _, registers = level("AArch64", "MOV W0,#1", "MOV W2,W0", "LDR X0,[X1]")
    of = registers.locations
    writes = list(bits(registers.sets["Wreg"]))
    assert len(writes) == 3
    assert sorted(of[w].bit_count() for w in writes) == [1, 3, 3]
    assert all(row >> e & 1 for e, row in enumerate(of) if row)


def test_po_is_between_all_events_of_different_instructions_and_of_no_others() -> None:
    graph, registers = level("AArch64", "LDR W0,[X1]", "CBNZ W0,L", "STR W0,[X3]", "L:", "DMB SY")
    events = [e for e in range(len(registers.po)) if e >= registers.first or graph.events[e].thread == 0]
    for e in events:
        for f in events:
            together = bool(registers.same_instance[e] >> f & 1)
            ordered = bool(registers.po[e] >> f & 1 or registers.po[f] >> e & 1)
            exclusive = not together and not ordered
            first, second = (
                graph.events[x].guard if x < registers.first else registers.guards[x - registers.first] for x in (e, f)
            )
            assert exclusive is graph.guards.exclude(first, second)
            assert not (together and ordered)


def test_a_branch_controls_later_decisions_but_not_its_own() -> None:
    graph, registers = level("AArch64", "LDR W0,[X1]", "CBNZ W0,L", "CBNZ W2,L", "L:")
    (read,) = [e.number for e in graph.events if e.kind == "R"]
    controlled = [e for e, row in enumerate(registers.control) if row]
    assert controlled == [read]
    assert registers.control[read].bit_count() == 1


def test_a_test_in_c_has_no_registers() -> None:
    text = "C test\n{ }\nP0(int *x) { int r = READ_ONCE(*x); }\nexists (0:r=0)\n"
    graph = case(text, "power").graph
    with pytest.raises(Unsupported, match="not supported for tests in C"):
        unroll(graph.program, registers=True)
