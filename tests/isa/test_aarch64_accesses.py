"""AArch64 accesses: what is loaded and stored, where, and in which cat sets the events are."""

from __future__ import annotations

import pytest
from asking import verdict
from graphs import guarded
from sequential import lowered, run

import litmus
from litmus.isa import architecture_named
from litmus.isa.aarch64.operands import OPTIONS
from litmus.isa.aarch64.rows import (
    CompareAndSwap,
    LoadOrLiteral,
    LoadPair,
    ReadModifyWrite,
    StoreExclusive,
    StorePair,
)
from litmus.isa.aarch64.rows import (
    Load as LoadRow,
)
from litmus.isa.aarch64.rows import (
    Store as StoreRow,
)
from litmus.isa.aarch64.table import MNEMONICS
from litmus.program.build import unroll
from litmus.program.code import Fence, Line, Load, Set, Store, StoreConditional
from litmus.program.graph import EventGraph
from litmus.program.values import Address, wrap


def names(*kinds: type) -> set[str]:
    """The instructions whose rows are of these kinds."""
    return {name for name, row in MNEMONICS.rows.items() if isinstance(row, kinds)}


LOADS = names(LoadRow, LoadOrLiteral)
M = 0x123456789ABCDEF0
NARROW = {
    "b": (1, 0xF0),
    "h": (2, 0xDEF0),
    "sb": (1, -16),
    "sh": (2, wrap(0xDEF0, 16)),
    "sw": (4, wrap(0x9ABCDEF0, 32)),
}


def operations(init: str, code: str) -> list[object]:
    return [line.operation for line in lowered("AArch64", init, code).threads[0].lines]


# ---------------------------------------------------------------- loads and stores


@pytest.mark.parametrize("family", ["ldr", "ldur", "ldtr", "ldar", "ldapr", "ldapur", "ldxr", "ldaxr"])
def test_loads_extend_what_they_read_to_64_bits(family: str) -> None:
    typed = "0:X1=x; int64_t 0:X0;"
    assert run("AArch64", f"int64_t x={M}; {typed}", f"{family} X0,[X1]").register("X0") == M
    assert run("AArch64", f"int32_t x={M}; {typed}", f"{family} W0,[X1]").register("X0") == 0x9ABCDEF0
    for suffix, (size, value) in NARROW.items():
        if family + suffix not in LOADS:
            continue
        init = f"int{8 * size}_t x={M}; {typed}"
        letters = {"sw": "X", "b": "W", "h": "W"}.get(suffix, "WX")
        for letter in letters:
            expected = value & 0xFFFFFFFF if letter == "W" else value
            assert run("AArch64", init, f"{family}{suffix} {letter}0,[X1]").register("X0") == expected


def test_there_are_no_other_loads_and_pairs() -> None:
    families = {"ldr", "ldur", "ldtr", "ldar", "ldapr", "ldapur", "ldxr", "ldaxr"}
    assert {family + suffix for family in families for suffix in ("", *NARROW)} >= LOADS
    assert names(LoadPair, StorePair) == {
        "ldp",
        "ldnp",
        "ldpsw",
        "ldap",
        "ldapp",
        "ldiapp",
        "stp",
        "stnp",
        "stlp",
        "stilp",
    }


@pytest.mark.parametrize("name", sorted(names(StoreRow)))
def test_stores_write_the_low_bytes(name: str) -> None:
    size = {"b": 1, "h": 2}.get(name[-1], 4)
    init = f"int{8 * size}_t x; 0:X1=x; int64_t 0:X0={M};"
    assert run("AArch64", init, f"{name} W0,[X1]").variable("x") == wrap(M, 8 * size)
    if size == 4:
        assert run("AArch64", f"int64_t x; 0:X1=x; 0:X0={M};", f"{name} X0,[X1]").variable("x") == M
        assert run("AArch64", "int64_t x=3; 0:X1=x;", f"{name} XZR,[X1]").variable("x") == 0


@pytest.mark.parametrize(
    ("address", "cell"),
    [
        ("[X1]", 1),
        ("[X1,#0]", 1),
        ("[X1,#4]", 2),
        ("[X1,-4]", 0),
        ("[X1,X2]", 2),
        ("[X1,X3,LSL #2]", 2),
        ("[X1,X3,LSL 2]", 2),
        ("[X1,W3,SXTW #2]", 2),
        ("[X1,W3,UXTW #2]", 2),
        ("[X1,W4,SXTW #2]", 0),
        ("[X1,W4,SXTW 2]", 0),
        ("[X1,X3,SXTX #2]", 2),
        ("[X1,W2,SXTW]", 2),
        ("[X1,X2,SXTW]", 2),
        ("[X1,XZR]", 1),
        ("[X1,WZR,UXTW]", 1),
    ],
)
def test_addresses_are_sums_of_a_base_and_an_offset(address: str, cell: int) -> None:
    init = "int t[3]={10,11,12}; 0:X1=t[1]; 0:X2=4; 0:X3=1; int64_t 0:X4=0xffffffff;"
    assert run("AArch64", init, f"LDR W0,{address}").register("X0", 32) == 10 + cell
    assert run("AArch64", init, f"MOV W5,#7\nSTR W5,{address}").variable("t", cell) == 7


@pytest.mark.parametrize(
    ("access", "cell", "base"),
    [("{} W0,[X1],#4", 0, 1), ("{} W0,[X1,#4]!", 1, 1), ("{} W0,[X1],-4", 0, -1), ("{} W0,[X1,8]!", 2, 2)],
)
def test_write_back_moves_the_base(access: str, cell: int, base: int) -> None:
    init = "int t[3]={10,11,12}; 0:X1=t; 0:X0=7;"
    loaded = run("AArch64", init, access.format("LDR"))
    assert (loaded.register("X0", 32), loaded.register("X1")) == (10 + cell, Address("t", 4 * base))
    stored = run("AArch64", init, access.format("STR"))
    assert (stored.variable("t", cell), stored.register("X1")) == (7, Address("t", 4 * base))


@pytest.mark.parametrize("letter", ["W", "X"])
def test_pairs_are_two_accesses(letter: str) -> None:
    size = 4 if letter == "W" else 8
    init = f"int{8 * size}_t t[3]={{10,-11,12}}; 0:X1=t;"
    for name in ("LDP", "LDNP"):
        final = run("AArch64", init, f"{name} {letter}2,{letter}3,[X1,#{size}]")
        assert (final.register("X2", 32), final.register("X3", 32), final.loads) == (-11, 12, 2)
    for name in ("STP", "STNP"):
        final = run("AArch64", init + "0:X2=5; 0:X3=6;", f"{name} {letter}2,{letter}3,[X1,#{size}]")
        assert [final.variable("t", n) for n in range(3)] == [10, 5, 6]
    final = run("AArch64", init, f"LDP {letter}2,{letter}3,[X1],#{size}\nLDP {letter}4,{letter}5,[X1,#-{size}]!")
    assert [final.register(f"X{n}", 32) for n in (2, 3, 4, 5)] == [10, -11, 10, -11]
    assert final.register("X1") == Address("t")


def test_ordered_pairs_are_two_accesses_whose_base_may_step_over_them() -> None:
    final = run("AArch64", "int t[2]={10,11}; 0:X1=t;", "LDIAPP W2,W3,[X1],#8")
    assert [final.register(f"X{n}", 32) for n in (2, 3)] == [10, 11]
    assert final.register("X1") == Address("t", 8)
    final = run("AArch64", "int64_t t[2]; 0:X1=t[1]; 0:X2=5; 0:X3=6;", "ADD X1,X1,#8\nSTILP X2,X3,[X1,#-16]!")
    assert [final.variable("t", n) for n in range(2)] == [5, 6]
    assert final.register("X1") == Address("t")


# access t[0] first, or t[1] first, with a barrier before the other one
UPWARDS = ("STR W1,[X0]\nDMB ST\nSTR W2,[X0,#4]", "LDR W1,[X0]\nDMB LD\nLDR W2,[X0,#4]")
DOWNWARDS = ("STR W2,[X0,#4]\nDMB ST\nSTR W1,[X0]", "LDR W2,[X0,#4]\nDMB LD\nLDR W1,[X0]")
STORED_UPWARDS = ("STILP W1,W2,[X0]", UPWARDS[0])
STORED_DOWNWARDS = ("ADD X0,X0,#8\nSTILP W1,W2,[X0,#-8]!", DOWNWARDS[0])
LOADED_UPWARDS = ("LDIAPP W1,W2,[X0]", "LDIAPP W1,W2,[X0],#8", UPWARDS[1])
LOADED_DOWNWARDS = (DOWNWARDS[1],)


def pairs_read(writer: str, reader: str) -> set[tuple[int, int]]:
    """What a reader may get of t[0] and t[1], which are 0 and become 1."""
    init = "int t[2]; 0:X0=t; 1:X0=t; 0:X1=1; 0:X2=1;"
    values = [(a, b) for a in (0, 1) for b in (0, 1)]
    asked = {v: verdict("AArch64", "aarch64", init, f"1:X1={v[0]} /\\ 1:X2={v[1]}", writer, reader) for v in values}
    return {v for v, answer in asked.items() if answer == "Sometimes"}


@pytest.mark.parametrize("writer", STORED_UPWARDS)
def test_ordered_pairs_store_the_first_register_before_the_second(writer: str) -> None:
    """A reader that reads the second one first never gets a new second one and then an old first one.

    A reader that reads in the order in which they are stored may get all four outcomes.
    """
    for reader in LOADED_DOWNWARDS:
        assert pairs_read(writer, reader) == {(0, 0), (1, 0), (1, 1)}
    for reader in LOADED_UPWARDS:
        assert pairs_read(writer, reader) == {(0, 0), (0, 1), (1, 0), (1, 1)}


@pytest.mark.parametrize("writer", STORED_DOWNWARDS)
def test_an_ordered_pair_below_its_base_stores_the_second_register_before_the_first(writer: str) -> None:
    for reader in LOADED_UPWARDS:
        assert pairs_read(writer, reader) == {(0, 0), (0, 1), (1, 1)}
    for reader in LOADED_DOWNWARDS:
        assert pairs_read(writer, reader) == {(0, 0), (0, 1), (1, 0), (1, 1)}


def test_the_accesses_of_other_pairs_have_no_order() -> None:
    for writer in ("STP W1,W2,[X0]", "STNP W1,W2,[X0]"):
        assert len(pairs_read(writer, UPWARDS[1])) == len(pairs_read(writer, DOWNWARDS[1])) == 4
    for reader in ("LDP W1,W2,[X0]", "LDNP W1,W2,[X0]"):
        assert len(pairs_read(UPWARDS[0], reader)) == len(pairs_read(DOWNWARDS[0], reader)) == 4


def test_ordered_pairs_are_a_release_and_an_acquire() -> None:
    """What comes before STILP is ordered before both stores; what comes after LDIAPP is ordered after both loads.

    P0 writes z before the pair, and P1 reads z after it.  One side has the pair's order, the other has a barrier.
    """
    init = "int t[2]; 0:X0=t; 0:X3=z; 1:X0=t; 1:X3=z; 0:X1=1; 0:X2=1;"
    for flag in ("1:X1=1", "1:X2=1"):
        condition = f"{flag} /\\ 1:X4=0"
        fenced = (f"STR W1,[X3]\nDMB ST\n{UPWARDS[0]}", f"{UPWARDS[1]}\nDMB LD\nLDR W4,[X3]")
        for release, answer in (("STILP", "Never"), ("STP", "Sometimes")):
            writer = f"STR W1,[X3]\n{release} W1,W2,[X0]"
            assert verdict("AArch64", "aarch64", init, condition, writer, fenced[1]) == answer
        for acquire, answer in (("LDIAPP", "Never"), ("LDP", "Sometimes")):
            reader = f"{acquire} W1,W2,[X0]\nLDR W4,[X3]"
            assert verdict("AArch64", "aarch64", init, condition, fenced[0], reader) == answer


def test_a_pair_may_load_its_own_base() -> None:
    init = "int64_t t[2]={10,11}; 0:X1=t;"
    for pair in ("X1,X2", "X2,X1"):
        final = run("AArch64", init, f"LDP {pair},[X1]")
        first, second = pair.split(",")
        assert (final.register(first), final.register(second)) == (10, 11)


def test_ldpsw_extends_the_sign() -> None:
    final = run("AArch64", "int t[2]={-1,-2}; 0:X1=t; int64_t 0:X2; int64_t 0:X3;", "LDPSW X2,X3,[X1]")
    assert (final.register("X2"), final.register("X3")) == (-1, -2)


@pytest.mark.parametrize(
    ("instruction", "tags"),
    [
        ("LDR W0,[X1]", ""),
        ("LDAR W0,[X1]", "A"),
        ("LDAPR W0,[X1]", "Q"),
        ("LDAPUR W0,[X1,#4]", "Q"),
        ("LDXR W0,[X1]", "X EX"),
        ("LDAXR W0,[X1]", "X EX A"),
        ("LDNP W0,W2,[X1]", "NT"),
        ("LDAP X0,X2,[X1]", "A"),
        ("LDAPP X0,X2,[X1]", "Q"),
        ("LDIAPP W0,W2,[X1]", "Q"),
        ("STLP X0,X2,[X1]", "L"),
        ("STILP W0,W2,[X1]", "L"),
        ("LDTR W0,[X1]", ""),
        ("STTR W0,[X1]", ""),
        ("STR W0,[X1]", ""),
        ("STLR W0,[X1]", "L"),
        ("STLUR W0,[X1,#4]", "L"),
        ("STXR W2,W0,[X1]", "X EX"),
        ("STLXR W2,W0,[X1]", "X EX L"),
        ("STNP W0,W2,[X1]", "NT"),
    ],
)
def test_accesses_are_in_herds_sets(instruction: str, tags: str) -> None:
    size = 64 if "X0" in instruction else 32
    for operation in operations(f"int{size}_t t[2]; 0:X1=t;", instruction):
        assert isinstance(operation, Load | Store | StoreConditional)
        assert operation.tags == set(tags.split())


@pytest.mark.parametrize("option", OPTIONS)
def test_barriers_are_in_the_set_of_their_option(option: str) -> None:
    for barrier in ("DMB", "DSB"):
        tag = f"{barrier}.{option}"
        assert tag in architecture_named("AArch64").tags
        assert operations("", f"{barrier} {option}") == [Fence(frozenset({tag}))]
    assert operations("", "ISB") == operations("", "isb sy") == [Fence(frozenset({"ISB"}))]


# ---------------------------------------------------------------- exclusives


@pytest.mark.parametrize("load", [f"{load}{suffix}" for load in ("ldxr", "ldaxr") for suffix in ("", "b", "h")])
@pytest.mark.parametrize("store", ["stxr", "stlxr"])
def test_a_store_exclusive_tells_0_for_success_and_1_for_failure(load: str, store: str) -> None:
    suffix = load[-1] if load[-1] in "bh" else ""
    assert store + suffix in names(StoreExclusive)
    init = f"int{8 * {'': 4, 'b': 1, 'h': 2}[suffix]}_t x=4; 0:X1=x; 0:X2=9;"
    code = f"{load} W0,[X1]\nADD W0,W0,#1\n{store}{suffix} W2,W0,[X1]"
    done = run("AArch64", init, code)
    assert (done.variable("x"), done.register("X2")) == (5, 0)
    failed = run("AArch64", init, code, succeed=False)
    assert (failed.variable("x"), failed.register("X2")) == (4, 1)


def states(code: str, init: str, condition: str, model: str = "aarch64") -> set[str]:
    text = f"AArch64 T\n{{ {init} }}\n{code}\n{condition}\n"
    result = litmus.check(text, model)
    assert result.error is None, result.error
    assert result.answer is not None
    assert result.answer.states is not None
    return {"".join(str(value) for value in state) for state in result.answer.states}


def test_a_store_exclusive_needs_an_unused_reservation() -> None:
    init = "x=1; 0:X0=x; 0:X3=2;"
    code = "P0 ;\n LDXR W1,[X0] ;\n STXR W4,W3,[X0] ;\n STXR W6,W3,[X0] ;"
    assert states(code, init, "locations [0:X4; 0:X6; x;] exists (true)", "sc") == {"012", "111"}
    assert states("P0 ;\n STXR W4,W3,[X0] ;", init, "locations [0:X4; x;] exists (true)", "sc") == {"11"}
    other = "P0 ;\n LDXR W1,[X5] ;\n STXR W4,W3,[X0] ;"
    assert states(other, init + "0:X5=y;", "locations [0:X4; x;] exists (true)", "sc") == {"11"}


def test_two_exclusive_increments_do_not_lose_one() -> None:
    init = "0:X1=x; 1:X1=x;"
    row = "LDXR W0,[X1] | LDXR W0,[X1] ;\n ADD W0,W0,#1 | ADD W0,W0,#1 ;\n STXR W2,W0,[X1] | STXR W2,W0,[X1] ;"
    found = states(f"P0 | P1 ;\n {row}", init, "locations [0:X2; 1:X2; x;] exists (true)")
    assert found == {"002", "011", "101", "110"}


# ---------------------------------------------------------------- atomic read-modify-writes

SEVEN, MINUS = 7, -3
RESULTS = {  # of what was read and 7
    "add": {MINUS: 4},
    "clr": {MINUS: MINUS & ~SEVEN},
    "eor": {MINUS: MINUS ^ SEVEN},
    "set": {MINUS: -1},
    "smax": {MINUS: SEVEN, 9: 9},
    "smin": {MINUS: MINUS, 9: SEVEN},
    "umax": {MINUS: MINUS, 5: SEVEN},
    "umin": {MINUS: SEVEN, 5: 5},
}


@pytest.mark.parametrize("operation", RESULTS)
@pytest.mark.parametrize(("letter", "suffix", "size"), [("W", "", 4), ("X", "", 8), ("W", "b", 1), ("W", "h", 2)])
def test_an_atomic_operation_stores_its_result_and_returns_what_it_read(
    operation: str, letter: str, suffix: str, size: int
) -> None:
    for old, new in RESULTS[operation].items():
        init = f"int{8 * size}_t x={old}; 0:X1=x; int64_t 0:X3; 0:X2={SEVEN};"
        for order in ("", "a", "l", "al"):
            final = run("AArch64", init, f"ld{operation}{order}{suffix} {letter}2,{letter}3,[X1]")
            assert final.variable("x") == new
            assert final.register("X3") == (old if letter == "X" else old & (1 << 8 * size) - 1)
        for order in ("", "l"):
            assert run("AArch64", init, f"st{operation}{order}{suffix} {letter}2,[X1]").variable("x") == new


def test_an_atomic_operation_may_return_into_its_source_or_its_base() -> None:
    final = run("AArch64", "x=5; 0:X1=x; 0:X2=2;", "LDADD W2,W2,[X1]")
    assert (final.variable("x"), final.register("X2", 32)) == (7, 5)
    final = run("AArch64", "int64_t x=5; 0:X1=x; 0:X2=2;", "LDADD X2,X1,[X1]")
    assert (final.variable("x"), final.register("X1")) == (7, 5)
    final = run("AArch64", "x=5; 0:X1=x; 0:X2=2;", "SWP W2,W2,[X1]")
    assert (final.variable("x"), final.register("X2", 32)) == (2, 5)


@pytest.mark.parametrize(("letter", "suffix", "size"), [("W", "", 4), ("X", "", 8), ("W", "b", 1), ("W", "h", 2)])
def test_swp_and_cas_exchange(letter: str, suffix: str, size: int) -> None:
    init = f"int{8 * size}_t x=-3; 0:X1=x; int64_t 0:X3=-3; int64_t 0:X4=9; 0:X2={SEVEN};"
    old = -3 if letter == "X" else -3 & (1 << 8 * size) - 1
    for order in ("", "a", "l", "al"):
        final = run("AArch64", init, f"swp{order}{suffix} {letter}2,{letter}3,[X1]")
        assert (final.variable("x"), final.register("X3")) == (7, old)
        final = run("AArch64", init, f"cas{order}{suffix} {letter}3,{letter}2,[X1]")
        assert (final.variable("x"), final.register("X3"), final.stores) == (7, old, 1)
        final = run("AArch64", init, f"cas{order}{suffix} {letter}4,{letter}2,[X1]")
        assert (final.variable("x"), final.register("X4"), final.stores) == (-3, old, 0)


def test_cas_compares_the_bytes_of_the_access() -> None:
    final = run("AArch64", "int8_t x=-1; 0:X1=x; int64_t 0:X3=0x7ff; 0:X2=1;", "CASB W3,W2,[X1]")
    assert (final.variable("x"), final.register("X3")) == (1, 0xFF)


OPERATIONS = ("add", "clr", "eor", "set", "smax", "smin", "umax", "umin")
# mnemonic -> whether it has a target, and its order
ATOMIC = {
    f"{name}{order}{suffix}": (not name.startswith("st"), order)
    for name in ("swp", "cas", *(f"{kind}{operation}" for kind in ("ld", "st") for operation in OPERATIONS))
    for order in (("", "l") if name.startswith("st") else ("", "a", "l", "al"))
    for suffix in ("", "b", "h")
}


def test_there_are_no_other_atomic_instructions() -> None:
    assert names(ReadModifyWrite, CompareAndSwap) == ATOMIC.keys()


@pytest.mark.parametrize("name", sorted(ATOMIC))
def test_orders_of_atomic_instructions(name: str) -> None:
    returns, order = ATOMIC[name]
    operands = "W2,W3,[X1]" if returns else "W2,[X1]"
    load, store, *rest = operations("0:X1=x;", f"{name} {operands}")
    assert isinstance(load, Load)
    assert isinstance(store, Store)
    assert all(isinstance(operation, Set) for operation in rest)
    assert load.tags == {"X"} | ({"A"} if "a" in order else set()) | (set() if returns else {"NoRet"})
    assert store.tags == {"X"} | ({"L"} if "l" in order else set())
    assert store.rmw


@pytest.mark.parametrize("code", ["SWPAL W2,WZR,[X1]", "LDADDA W2,WZR,[X1]", "CASA WZR,W2,[X1]"])
def test_without_a_destination_there_is_no_acquire(code: str) -> None:
    load = operations("0:X1=x;", code)[0]
    assert isinstance(load, Load)
    assert load.tags == {"X", "NoRet"}


# ---------------------------------------------------------------- dependencies


def graph_of(init: str, code: str) -> EventGraph:
    return unroll(lowered("AArch64", init, code))


def pairs(graph: EventGraph, relation: str) -> set[tuple[str, str]]:
    """The events that are related on some way, each as its instruction's text."""
    related = guarded(graph, getattr(graph, relation))

    def name(number: int) -> str:
        span = graph.events[number].span
        assert span is not None
        return f"{graph.events[number].kind} {span.text}"

    return {(name(e), name(f)) for e, f in related}


def test_write_back_does_not_depend_on_what_was_loaded() -> None:
    graph = graph_of("int t[2]; 0:X1=t;", "LDR W0,[X1],#4\nLDR W2,[X1]")
    assert pairs(graph, "addr") == set()


@pytest.mark.parametrize("instruction", ["EXTR X2,X0,X4,#0", "UDIV X2,X0,XZR", "AND X2,X0,XZR", "SUB X2,X0,X0"])
def test_a_result_depends_on_operands_that_cannot_change_it(instruction: str) -> None:
    graph = graph_of("int64_t x; int64_t y; 0:X1=x; 0:X3=y;", f"LDR X0,[X1]\n{instruction}\nSTR X2,[X3]")
    assert pairs(graph, "data") == {("R LDR X0,[X1]", "W STR X2,[X3]")}


def test_a_status_depends_on_nothing() -> None:
    graph = graph_of("0:X1=x; 0:X3=y;", "LDXR W0,[X1]\nSTXR W2,W0,[X1]\nSTR W2,[X3]")
    assert pairs(graph, "data") == {("R LDXR W0,[X1]", "W STXR W2,W0,[X1]")}


def test_csel_depends_on_the_operand_it_takes_and_picks_by_its_condition() -> None:
    init = "0:X1=x; 0:X3=y; 0:X5=z; 0:X7=a;"
    code = "LDR W0,[X1]\nLDR W2,[X3]\nLDR W4,[X5]\nCMP W0,#1\nCSEL W6,W2,W4,EQ\nSTR W6,[X7]"
    graph = graph_of(init, code)
    store = "W STR W6,[X7]"
    assert pairs(graph, "data") == {("R LDR W2,[X3]", store), ("R LDR W4,[X5]", store)}
    assert pairs(graph, "pick_data") == {("R LDR W0,[X1]", store)}
    first, second = (guard for pair, guard in guarded(graph, graph.data).items())
    assert graph.guards.exclude(first, second)  # one a way
    constant = graph_of(init, "LDR W0,[X1]\nCMP W0,#1\nCSET W6,EQ\nSTR W6,[X7]")
    assert pairs(constant, "data") == set()
    assert pairs(constant, "pick_data") == {("R LDR W0,[X1]", store)}


MP = "P0 | P1 ;\n MOV W0,#1 | {} ;\n STR W0,[X1] | EOR W5,W2,W2 ;\n STLR W0,[X3] | LDR W0,[X1,W5,SXTW] ;"
MP_INIT = "0:X1=x; 0:X3=y; 1:X1=x; 1:X3=y; 1:X2=1; 1:X4=2;"


@pytest.mark.parametrize(
    ("access", "verdict"),
    [
        ("LDR W2,[X3]", "Never"),
        ("SWP W4,W2,[X3]", "Never"),
        ("LDADD W4,W2,[X3]", "Never"),
        ("CAS W2,W4,[X3]", "Sometimes"),  # the register compared may be left alone
    ],
)
def test_an_address_computed_from_what_was_read_orders_reads(access: str, verdict: str) -> None:
    text = f"AArch64 T\n{{ {MP_INIT} }}\n{MP.format(access)}\nexists (1:X2=1 /\\ 1:X0=0)\n"
    result = litmus.check(text)
    assert result.error is None
    assert result.answer is not None
    assert result.answer.verdict.value == verdict


def test_a_failing_cas_depends_on_what_it_read() -> None:
    text = MP.format("CAS W2,W4,[X3]")
    init = MP_INIT.replace("1:X2=1", "1:X2=5")
    result = litmus.check(f"AArch64 T\n{{ {init} }}\n{text}\nexists (1:X2=1 /\\ 1:X0=0)\n")
    assert result.answer is not None
    assert result.answer.verdict.value == "Never"


def test_cas_comes_from_its_register_or_from_memory() -> None:
    """CAS leaves in W6 what was there (from LDR) or what it read.  The load depends on whichever it is.

    Both LDR and CAS read a store-release of P0, so either way the load comes after P0's store to x.
    """
    init = "z=0; 0:X1=x; 0:X2=y; 0:X4=z; 1:X1=x; 1:X2=y; 1:X4=z; 1:X3=5;"
    rows = ["MOV W0,#1 | LDR W6,[X2]", "STR W0,[X1] | CAS W6,W3,[X4]", "STLR W0,[X4] | EOR W5,W6,W6"]
    rows += ["STLR W0,[X2] | LDR W7,[X1,W5,SXTW]"]
    code = "P0 | P1 ;\n" + " ;\n".join(rows) + " ;"
    result = litmus.check(f"AArch64 T\n{{ {init} }}\n{code}\nexists (1:X7=0 /\\ z=5)\n")
    assert result.answer is not None
    assert result.answer.verdict.value == "Never"
    graph = unroll(lowered("AArch64", "0:X1=x; 0:X4=z;", "LDR W6,[X1]\nCAS W6,W3,[X4]\nSTR W6,[X1]"))
    store = "W STR W6,[X1]"
    assert {a for a, b in pairs(graph, "data") if b == store} == {"R LDR W6,[X1]", "R CAS W6,W3,[X4]"}


@pytest.mark.parametrize(("load", "verdict"), [("LDAR", "Never"), ("LDAPR", "Sometimes"), ("LDR", "Sometimes")])
def test_a_release_is_before_a_later_acquire_but_not_before_ldapr(load: str, verdict: str) -> None:
    rows = ["MOV W0,#1 | MOV W0,#1", "STLR W0,[X1] | STLR W0,[X3]", f"{load} W2,[X3] | {load} W2,[X1]"]
    code = "P0 | P1 ;\n" + " ;\n".join(rows) + " ;"
    text = f"AArch64 T\n{{ 0:X1=x; 0:X3=y; 1:X1=x; 1:X3=y; }}\n{code}\nexists (0:X2=0 /\\ 1:X2=0)\n"
    result = litmus.check(text)
    assert result.answer is not None
    assert result.answer.verdict.value == verdict


@pytest.mark.parametrize("branch", ["CBZ W2,L", "CBNZ W2,L", "TBZ W2,#0,L", "TBNZ W2,#0,L"])
def test_branches_on_registers_are_control_dependencies(branch: str) -> None:
    graph = graph_of("0:X1=x; 0:X3=y;", f"LDR W2,[X1]\n{branch}\nL: STR W4,[X3]")
    assert pairs(graph, "ctrl") == {("R LDR W2,[X1]", "W STR W4,[X3]")}


# ---------------------------------------------------------------- lines and symbols


def test_instructions_are_numbered_and_placed() -> None:
    program = lowered("AArch64", "0:X2=x; int64_t 0:X1;", "MOV W3,#1\nLDR W1,[X2]\nNOP\nL: STR W3,[X2]")
    lines: tuple[Line, ...] = program.threads[0].lines
    assert [line.instruction for line in lines] == [0, 1, 1, 3]
    assert [line.span.text for line in lines] == ["MOV W3,#1", "LDR W1,[X2]", "LDR W1,[X2]", "STR W3,[X2]"]
    assert program.threads[0].labels["L"] == 3


def test_symbolic_registers_have_a_lower_half_too() -> None:
    final = run("AArch64", "%a=x; int64_t x=5;", "LDR X%b,[%a]\nADD %b,%b,#1\nMOV W%c,W%b\nSTR %c,[X%a]")
    assert final.variable("x") == 6


def test_the_size_of_an_access_is_the_size_of_an_untyped_variable() -> None:
    for code, size in (("LDRB W0,[X1]", 1), ("STRH W0,[X1]", 2), ("LDADD X0,X2,[X1]", 8), ("LDP W0,W2,[X1]", 4)):
        assert lowered("AArch64", "0:X1=x;", code).variables["x"].size == size
