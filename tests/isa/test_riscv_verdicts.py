"""RISC-V tests decided under RVWMO: verdicts worked out by hand, with the rule of the manual behind each."""

from __future__ import annotations

import pytest
from asking import verdict
from cases import case

from litmus import Options, Source, check
from litmus.cat import compile_text
from litmus.deciding import decide
from litmus.engine.options import Engine

NEVER, SOMETIMES, ALWAYS = "Never", "Sometimes", "Always"
TWO = "0:x6=x; 0:x8=y; 1:x6=y; 1:x8=x; 0:x5=1; 1:x5=1;"  # each thread has its first variable in x6, the other in x8


def riscv(init: str, condition: str, *threads: str, model: str = "riscv") -> str:
    return verdict("RISCV", model, init, condition, *threads)


# ---------------------------------------------------------------- fences

FENCES = {  # between two accesses: which of them it orders
    "fence rw,rw": {"WW", "WR", "RW", "RR"},
    "fence": {"WW", "WR", "RW", "RR"},
    "fence iorw,iorw": {"WW", "WR", "RW", "RR"},
    "fence rw,w": {"WW", "RW"},
    "fence iorw,ow": {"WW", "RW"},
    "fence rw,r": {"WR", "RR"},
    "fence r,rw": {"RW", "RR"},
    "fence w,rw": {"WW", "WR"},
    "fence r,r": {"RR"},
    "fence r,w": {"RW"},
    "fence w,r": {"WR"},
    "fence w,w": {"WW"},
    "fence.tso": {"WW", "RW", "RR"},
    "fence.i": set(),
    "fence i,o": set(),
    "nop": set(),
}
# A test for each pair of kinds: the outcome that is possible iff P0's accesses of that kind are not ordered
SHAPES = {
    "WW": (
        ("sw x5,0(x6)", "sw x5,0(x8)"),
        ("lw x7,0(x6)", "fence rw,rw", "lw x9,0(x8)"),
        "1:x7=1 /\\ 1:x9=0",
    ),
    "WR": (("sw x5,0(x6)", "lw x7,0(x8)"), ("sw x5,0(x6)", "fence rw,rw", "lw x7,0(x8)"), "0:x7=0 /\\ 1:x7=0"),
    "RW": (("lw x7,0(x6)", "sw x5,0(x8)"), ("lw x7,0(x6)", "fence rw,rw", "sw x5,0(x8)"), "0:x7=1 /\\ 1:x7=1"),
    "RR": (("lw x7,0(x6)", "lw x9,0(x8)"), ("sw x5,0(x6)", "fence rw,rw", "sw x5,0(x8)"), "0:x7=1 /\\ 0:x9=0"),
}


@pytest.mark.parametrize("fence", FENCES)
@pytest.mark.parametrize("shape", SHAPES)
def test_a_fence_orders_its_predecessors_before_its_successors(fence: str, shape: str) -> None:
    (first, second), other, condition = SHAPES[shape]
    expected = NEVER if shape in FENCES[fence] else SOMETIMES
    assert riscv(TWO, condition, "\n".join((first, fence, second)), "\n".join(other)) == expected


# ---------------------------------------------------------------- annotations


def test_release_and_acquire_order_message_passing() -> None:
    condition = "1:x7=1 /\\ 1:x9=0"
    released = "sw x5,0(x6)\nsw.rl x5,0(x8)"
    assert riscv(TWO, condition, released, "lw.aq x7,0(x6)\nlw x9,0(x8)") == NEVER
    assert riscv(TWO, condition, released, "lw x7,0(x6)\nlw x9,0(x8)") == SOMETIMES
    assert riscv(TWO, condition, "sw x5,0(x6)\nsw x5,0(x8)", "lw.aq x7,0(x6)\nlw x9,0(x8)") == SOMETIMES
    assert riscv(TWO, condition, "sw.rl x5,0(x6)\nsw x5,0(x8)", "lw x7,0(x6)\nlw.aq x9,0(x8)") == SOMETIMES


def test_annotated_loads_and_stores_are_rcpc_and_atomics_rcsc() -> None:
    condition = "0:x7=0 /\\ 1:x7=0"
    plain = "sw.rl x5,0(x6)\nlw.aq x7,0(x8)"
    assert riscv(TWO, condition, plain, plain) == SOMETIMES
    atomic = "amoswap.w.rl x0,x5,(x6)\nlr.w.aq x7,(x8)"  # rule 7
    assert riscv(TWO, condition, atomic, atomic) == NEVER
    assert riscv(TWO, condition, atomic, plain) == SOMETIMES
    mixed = "amoswap.w.rl x0,x5,(x6)\nlw.aq x7,0(x8)"
    assert riscv(TWO, condition, mixed, mixed) == SOMETIMES


@pytest.mark.parametrize(
    ("atomic", "expected"),
    [
        ("amoswap.w.aqrl x0,x5,(x9)", NEVER),
        ("amoswap.w.aq.rl x0,x5,(x9)", NEVER),
        ("amoswap.w.aq x0,x5,(x9)", SOMETIMES),
        ("amoswap.w.rl x0,x5,(x9)", SOMETIMES),
        ("amoswap.w x0,x5,(x9)", SOMETIMES),
    ],
)
def test_an_amo_with_both_annotations_is_a_fence(atomic: str, expected: str) -> None:
    init = TWO + "0:x9=a; 1:x9=b;"
    code = f"sw x5,0(x6)\n{atomic}\nlw x7,0(x8)"
    assert riscv(init, "0:x7=0 /\\ 1:x7=0", code, code) == expected


# ---------------------------------------------------------------- AMOs

COUNTER = "0:x6=x; 1:x6=x; 0:x5=1; 1:x5=1;"


def test_no_increment_by_an_amo_is_lost() -> None:
    code = "amoadd.w x7,x5,(x6)"
    for model in ("riscv", "sc", "tso"):
        assert riscv(COUNTER, "x=2", code, code, model=model) == ALWAYS
        assert riscv(COUNTER, "0:x7=1 /\\ 1:x7=0", code, code, model=model) == SOMETIMES
        assert riscv(COUNTER, "0:x7=1 /\\ 1:x7=1", code, code, model=model) == NEVER


def test_two_swaps_do_not_return_the_same_value() -> None:
    code = "amoswap.w.aq x7,x5,(x6)"
    assert riscv(COUNTER, "0:x7=0 /\\ 1:x7=0", code, code) == NEVER
    assert riscv(COUNTER, "0:x7=0 /\\ 1:x7=1", code, code) == SOMETIMES


def test_an_amo_is_one_memory_operation() -> None:
    """Its read is before the later load (FENCE.TSO).  Its write is the same operation, so it is before the load too."""
    condition = "0:x7=0 /\\ 0:x9=0 /\\ 1:x7=0 /\\ 1:x9=0"
    amo = "amoswap.w x7,x5,(x6)\nfence.tso\nlw x9,0(x8)"
    assert riscv(TWO, condition, amo, amo) == NEVER
    apart = "lw x7,0(x6)\nsw x5,0(x6)\nfence.tso\nlw x9,0(x8)"
    assert riscv(TWO, condition, apart, apart) == SOMETIMES


def test_the_write_of_an_acquire_amo_is_before_later_loads() -> None:
    for atomic, expected in (("amoswap.w.aq", NEVER), ("amoswap.w", SOMETIMES)):
        code = f"{atomic} x7,x5,(x6)\nlw x9,0(x8)"
        assert riscv(TWO, "0:x9=0 /\\ 1:x9=0", code, code) == expected


def test_the_read_of_a_release_amo_is_after_earlier_stores() -> None:
    for atomic, expected in (("amoor.w.rl", NEVER), ("amoor.w", SOMETIMES)):
        code = f"sw x5,0(x6)\n{atomic} x7,x0,(x8)"
        assert riscv(TWO, "0:x7=0 /\\ 1:x7=0", code, code) == expected


def test_a_load_of_an_amos_own_write_is_after_it() -> None:
    """Rule 3, with an address dependency from that load: message passing through the forwarded value."""
    init = "0:x6=x; 0:x8=y; 0:x5=1; 1:x6=y; 1:x8=x; 1:x9=z; 1:x5=1;"
    writer = "sw x5,0(x6)\nfence w,w\nsw x5,0(x8)"
    reader = "lw x7,0(x6)\nfence r,w\n{0}\nlw x11,0(x9)\nxor x12,x11,x11\nadd x12,x12,x8\nlw x13,0(x12)"
    condition = "1:x7=1 /\\ 1:x11=1 /\\ 1:x13=0"
    assert riscv(init, condition, writer, reader.format("amoswap.w x10,x5,(x9)")) == NEVER
    assert riscv(init, condition, writer, reader.format("sw x5,0(x9)")) == SOMETIMES


# ---------------------------------------------------------------- load-reserved and store-conditional

INCREMENT = "lr.w x5,(x6)\naddi x5,x5,1\nsc.w x7,x5,(x6)"


def test_no_increment_by_a_paired_store_conditional_is_lost() -> None:
    init = "0:x6=x; 1:x6=x;"
    assert riscv(init, "x=1 /\\ 0:x7=0 /\\ 1:x7=0", INCREMENT, INCREMENT) == NEVER
    assert riscv(init, "x=2 /\\ 0:x7=0 /\\ 1:x7=0", INCREMENT, INCREMENT) == SOMETIMES
    assert riscv(init, "x=1 /\\ 0:x7=0 /\\ 1:x7=1", INCREMENT, INCREMENT) == SOMETIMES
    assert riscv(init, "x=0 /\\ 0:x7=1 /\\ 1:x7=1", INCREMENT, INCREMENT) == SOMETIMES  # both may fail
    assert riscv(init, "x=2 /\\ ~(0:x7=0 /\\ 1:x7=0)", INCREMENT, INCREMENT) == NEVER


def test_a_store_between_the_pair_makes_it_fail() -> None:
    init = "0:x6=x; 1:x6=x; 1:x5=7;"
    assert riscv(init, "0:x5=1 /\\ 0:x7=0 /\\ x=1", INCREMENT, "sw x5,0(x6)") == NEVER
    assert riscv(init, "0:x5=8 /\\ 0:x7=0 /\\ x=8", INCREMENT, "sw x5,0(x6)") == SOMETIMES


@pytest.mark.parametrize(
    ("code", "outcomes"),
    [
        ("sc.w x7,x5,(x6)", {"1"}),  # no reservation
        ("lr.w x9,(x8)\nsc.w x7,x5,(x6)", {"1"}),  # of another address
        ("lr.w x9,(x6)\nlr.w x9,(x8)\nsc.w x7,x5,(x6)", {"1"}),  # not the latest
        ("lr.w x9,(x8)\nlr.w x9,(x6)\nsc.w x7,x5,(x6)", {"0", "1"}),
        ("lr.w x9,(x6)\nsc.w x9,x5,(x6)\nsc.w x7,x5,(x6)", {"1"}),  # used up, whether it succeeded or not
        ("lr.w x9,(x6)\nsw x5,0(x8)\nlw x9,0(x6)\nsc.w x7,x5,(x6)", {"0", "1"}),
    ],
)
def test_a_store_conditional_may_succeed_with_the_latest_reservation_only(code: str, outcomes: set[str]) -> None:
    found = {status for status in "01" if riscv("0:x6=x; 0:x8=y; 0:x5=3;", f"0:x7={status}", code) != NEVER}
    assert found == outcomes


def test_what_depends_on_the_status_is_after_the_store() -> None:
    """The success value carries a dependency; the reader has an address dependency."""
    init = "0:x6=x; 0:x8=y; 0:x5=1; 1:x6=y; 1:x8=x;"
    reader = "lw x7,0(x6)\nxor x9,x7,x7\nadd x9,x9,x8\nlw x10,0(x9)"
    condition = "1:x7=1 /\\ 1:x10=0 /\\ x=1"
    pair = "lr.w x9,(x6)\nsc.w x10,x5,(x6)"
    assert riscv(init, condition, f"{pair}\naddi x11,x10,1\nsw x11,0(x8)", reader) == NEVER
    assert riscv(init, condition, f"{pair}\nsw x5,0(x8)", reader) == SOMETIMES
    assert riscv(init, condition, f"{pair}\nbnez x10,L\nL: sw x5,0(x8)", reader) == NEVER  # by control
    assert riscv(init, condition, f"{pair}\nxor x10,x9,x9\nori x10,x10,1\nsw x10,0(x8)", reader) == SOMETIMES


# ---------------------------------------------------------------- dependencies


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("xor x9,x7,x7\nadd x9,x9,x8\nlw x10,0(x9)", NEVER),  # address
        ("andi x9,x7,0\nadd x9,x9,x8\nlw x10,0(x9)", NEVER),
        ("and x9,x7,x0\nadd x9,x9,x8\nlw x10,0(x9)", NEVER),
        ("bnez x7,L\nL: lw x10,0(x8)", SOMETIMES),  # control, to a load
        ("bnez x7,L\nL: fence.i\nlw x10,0(x8)", SOMETIMES),
        ("bnez x7,L\nL: fence r,r\nlw x10,0(x8)", NEVER),
        ("li x7,1\nxor x9,x7,x7\nadd x9,x9,x8\nlw x10,0(x9)", SOMETIMES),  # the loaded value is overwritten
    ],
)
def test_loads_are_ordered_by_address_and_not_by_control_dependencies(code: str, expected: str) -> None:
    init = "0:x6=x; 0:x8=y; 0:x5=1; 1:x6=y; 1:x8=x;"
    condition = "1:x10=0" + ("" if code.startswith("li") else " /\\ 1:x7=1")
    assert riscv(init, condition, "sw x5,0(x6)\nfence w,w\nsw x5,0(x8)", f"lw x7,0(x6)\n{code}") == expected


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("xor x9,x7,x7\nori x9,x9,1\nsw x9,0(x8)", NEVER),  # data
        ("bnez x7,L\nL: sw x5,0(x8)", NEVER),  # control, to a store
        ("sw x5,0(x8)", SOMETIMES),
        ("amoadd.w x9,x7,(x8)", NEVER),
        ("amoadd.w x7,x5,(x8)", SOMETIMES),
    ],
)
def test_stores_are_ordered_by_every_dependency(code: str, expected: str) -> None:
    thread = f"lw x7,0(x6)\n{'mv x10,x7' if 'x7,x5' in code else 'nop'}\n{code}"
    register = "x10" if "x7,x5" in code else "x7"
    assert riscv(TWO, f"0:{register}=1 /\\ 1:{register}=1", thread, thread) == expected


def test_states_spell_registers_by_number() -> None:
    result = check(
        Source("T.litmus", "RISCV T\n{ int64_t 0:t0=-1; }\nP0;\nsrli a0,t0,60;\nlocations [0:t0;]\nforall 0:a0=15\n")
    )
    assert result.answer is not None
    assert [place.name for place in result.answer.places] == ["x5", "x10"]
    assert result.answer.states == ((-1, 15),)


# ---------------------------------------------------------------- what models see of an AMO

SEEN = """
include "cos.cat"
flag ~empty (R & W & X) as one-event
flag ~empty amo as two-events
flag ~empty rmw as pairs
flag ~empty (_ \\ (R | W)) as neither
flag ~empty (~(_ * _)) as outside
flag ~empty (id \\ [_]) as strangers
flag ~irreflexive (rf^-1; co) as overwrites-itself
flag ~irreflexive fr as from-itself
flag ~empty ([R & W]; po; [R \\ W]) as before
flag ~empty ([R & W]; addr; [W \\ R]) as depended-on
"""


@pytest.mark.parametrize("engine", ["auto", "enumerate"])
@pytest.mark.parametrize(
    ("code", "seen"),
    [
        (
            "amoadd.w x5,x7,(x6)\nlw x9,0(x6)\nxor x5,x5,x5\nadd x8,x8,x5\nsw x7,0(x8)",
            {"one-event", "overwrites-itself", "before", "depended-on"},
        ),
        ("lr.w x5,(x6)\nsc.w x9,x7,(x6)\nlw x9,0(x6)", {"pairs"}),
        ("lw x5,0(x6)\nsw x7,0(x6)", set()),
    ],
)
def test_models_see_an_amo_as_one_event(engine: Engine, code: str, seen: set[str]) -> None:
    tests = case("RISCV T\n{ 0:x6=x; 0:x8=y; 0:x7=1; }\nP0;\n" + "".join(f"{line};\n" for line in code.split("\n")))
    answer = decide(tests.graph, compile_text(SEEN, "seen", tests.tags), tests.question, Options(engine=engine))
    assert set(answer.flags) == seen


# ---------------------------------------------------------------- compare and swap (Zacas)


def test_only_one_of_two_compare_and_swaps_finds_what_both_expect() -> None:
    """Each expects 0 and stores something else.  If both read 0, the store of one would come between the read and
    the write of the other, and atomicity forbids that."""
    init = "0:x5=1; 0:x6=x; 1:x5=2; 1:x6=x;"
    swap = "amocas.w x7,x5,(x6)"
    for found, answer in (("0:x7=0 /\\ 1:x7=0", "Never"), ("0:x7=0 /\\ 1:x7=1", "Sometimes")):
        assert verdict("RISCV", "riscv", init, found, swap, swap) == answer
    assert verdict("RISCV", "riscv", init, "0:x7=0 /\\ 1:x7=1 /\\ ~(x=1)", swap, swap) == "Never"


def test_a_compare_and_swap_that_fails_orders_as_a_load() -> None:
    """Store buffering whose loads are AMOCAS that expect 3 and read 0, so that they do not store.

    An AMOCAS that does not store is no release (Zacas), so it is not ordered after the stores before it.  With a fence,
    it is.
    """
    init = "0:x5=1; 0:x6=x; 0:x8=y; 0:x7=3; 1:x5=1; 1:x6=y; 1:x8=x; 1:x7=3;"
    for order in ("", ".aq", ".rl", ".aqrl"):
        thread = f"sw x5,0(x6)\namocas.w{order} x7,x5,(x8)"
        assert verdict("RISCV", "riscv", init, "0:x7=0 /\\ 1:x7=0", thread, thread) == SOMETIMES
    fenced = "sw x5,0(x6)\nfence w,r\namocas.w x7,x5,(x8)"
    assert verdict("RISCV", "riscv", init, "0:x7=0 /\\ 1:x7=0", fenced, fenced) == NEVER


@pytest.mark.parametrize(("order", "expected"), [("", SOMETIMES), (".rl", SOMETIMES), (".aq", NEVER), (".aqrl", NEVER)])
def test_a_compare_and_swap_that_fails_may_be_an_acquire(order: str, expected: str) -> None:
    """Message passing: the AMOCAS expects 3 and reads the flag 1 (ppo rule 5: [AQ]; po)."""
    init = "0:x6=x; 0:x8=y; 0:x5=1; 1:x6=y; 1:x8=x; 1:x7=3;"
    reader = f"amocas.w{order} x7,x0,(x6)\nlw x9,0(x8)"
    writer = "sw x5,0(x6)\nfence w,w\nsw x5,0(x8)"
    assert verdict("RISCV", "riscv", init, "1:x7=1 /\\ 1:x9=0", writer, reader) == expected


@pytest.mark.parametrize(("order", "expected"), [("", SOMETIMES), (".aq", SOMETIMES), (".rl", NEVER), (".aqrl", NEVER)])
def test_a_compare_and_swap_that_stores_may_be_a_release(order: str, expected: str) -> None:
    """Message passing: the AMOCAS expects 0 and sets the flag (ppo rule 6: po; [RL])."""
    init = "0:x6=x; 0:x8=y; 0:x5=1; 1:x6=y; 1:x8=x;"
    reader = "lw x7,0(x6)\nfence r,r\nlw x9,0(x8)"
    writer = f"sw x5,0(x6)\namocas.w{order} x7,x5,(x8)"
    assert verdict("RISCV", "riscv", init, "1:x7=1 /\\ 1:x9=0", writer, reader) == expected


def test_what_a_compare_and_swap_compares_is_one_of_its_data_sources() -> None:
    """S: the store to x is P1's AMOCAS.  It expects 0, which is computed from the flag or not (ppo rule 10)."""
    init = "0:x6=x; 0:x8=z; 0:x5=2; 0:x7=1; 1:x6=x; 1:x8=z; 1:x5=1;"
    writer = "sw x5,0(x6)\nfence w,w\nsw x7,0(x8)"
    for expects, answer in (("xor x9,x7,x7", NEVER), ("li x9,0", SOMETIMES)):
        reader = f"lw x7,0(x8)\n{expects}\namocas.w x9,x5,(x6)"
        assert verdict("RISCV", "riscv", init, "1:x7=1 /\\ 1:x9=0 /\\ [x]=2", writer, reader) == answer


# ---------------------------------------------------------------- annotations that order nothing


@pytest.mark.parametrize(("order", "expected"), [("", SOMETIMES), (".rl", SOMETIMES), (".aqrl", NEVER)])
def test_a_load_reserve_is_no_release_by_itself(order: str, expected: str) -> None:
    """Store buffering: lr.aqrl is after the store before it (ppo rule 6)."""
    init = "0:x6=x; 0:x8=y; 0:x5=1; 1:x6=y; 1:x8=x; 1:x5=1;"
    reserving = f"sw x5,0(x6)\nlr.w{order} x7,(x8)"
    fenced = "sw x5,0(x6)\nfence rw,rw\nlw x7,0(x8)"
    assert verdict("RISCV", "riscv", init, "0:x7=0 /\\ 1:x7=0", reserving, fenced) == expected


@pytest.mark.parametrize(("order", "expected"), [("", SOMETIMES), (".aq", SOMETIMES), (".aqrl", NEVER)])
def test_a_store_conditional_is_no_acquire_by_itself(order: str, expected: str) -> None:
    """Store buffering: sc.aqrl is before the load after it (ppo rule 5)."""
    init = "0:x6=x; 0:x8=y; 0:x5=1; 1:x6=y; 1:x8=x; 1:x5=1;"
    storing = f"lr.w x9,(x6)\nsc.w{order} x9,x5,(x6)\nlw x7,0(x8)"
    fenced = "sw x5,0(x6)\nfence rw,rw\nlw x7,0(x8)"
    assert verdict("RISCV", "riscv", init, "0:x9=0 /\\ 0:x7=0 /\\ 1:x7=0", storing, fenced) == expected
