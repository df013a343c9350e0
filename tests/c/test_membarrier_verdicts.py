"""What sys_membarrier() orders, as the solver finds it: against every two-thread shape, and in rings."""

import itertools

import pytest

from litmus.c.lowering import lower
from litmus.c.membarrier.promise import KEPT, Promise
from litmus.c.tables import load_primitives
from litmus.cat import load_model
from litmus.deciding import decide
from litmus.diagnostics import Source
from litmus.engine.options import Options
from litmus.isa import architecture_named
from litmus.program.build import unroll
from litmus.reading import read_test
from litmus.resolving import resolve

WEAK = ("power", "arm", "aarch64", "riscv")
TABLES = {"x86-tso": "x86", **{model: model for model in WEAK}}


def verdict(functions: str, condition: str, model: str, kept: Promise = KEPT) -> str:
    test = read_test(Source("t.litmus", f"C t\n{{ }}\n{functions}\nexists ({condition})\n"))
    table = load_primitives(TABLES[model])
    program = lower(test, table, kept)
    relations = load_model(model, architecture_named(table.arch).tags)
    return decide(unroll(program, 2), relations, resolve(test, program), Options(states="none")).verdict.value


SHAPES = {
    # name: the two accesses of each thread, and the outcome that a barrier between both forbids
    "MP": (("CAO(x) = 1;", "CAO(y) = 1;"), ("r1 = CAO(y);", "r2 = CAO(x);"), "1:r1=1 /\\ 1:r2=0"),
    "SB": (("CAO(x) = 1;", "r1 = CAO(y);"), ("CAO(y) = 1;", "r2 = CAO(x);"), "0:r1=0 /\\ 1:r2=0"),
    "LB": (("r1 = CAO(x);", "CAO(y) = 1;"), ("r2 = CAO(y);", "CAO(x) = 1;"), "0:r1=1 /\\ 1:r2=1"),
    "R": (("CAO(x) = 1;", "CAO(y) = 1;"), ("CAO(y) = 2;", "r2 = CAO(x);"), "y=2 /\\ 1:r2=0"),
    "S": (("CAO(x) = 2;", "CAO(y) = 1;"), ("r2 = CAO(y);", "CAO(x) = 1;"), "1:r2=1 /\\ x=2"),
    "2+2W": (("CAO(x) = 2;", "CAO(y) = 1;"), ("CAO(y) = 2;", "CAO(x) = 1;"), "x=2 /\\ y=2"),
}


def in_shape(shape: str, first: str, second: str, model: str, kept: Promise = KEPT) -> str:
    zero, one, condition = SHAPES[shape]
    functions = f"P0() {{ {zero[0]} {first} {zero[1]} }}\nP1() {{ {one[0]} {second} {one[1]} }}"
    return verdict(functions, condition, model, kept)


ROLES = [("barrier();", "sys_membarrier();"), ("sys_membarrier();", "barrier();")]


@pytest.mark.parametrize("model", TABLES)
@pytest.mark.parametrize("shape", SHAPES)
def test_membarrier_and_a_compiler_barrier_order_every_shape_whichever_thread_has_which(shape: str, model: str) -> None:
    for first, second in ROLES:
        assert in_shape(shape, first, second, model) == "Never"
    expected = "Sometimes" if model in WEAK or shape in ("SB", "R") else "Never"
    assert in_shape(shape, "barrier();", "barrier();", model) == expected


@pytest.mark.parametrize("model", WEAK)
@pytest.mark.parametrize("shape", SHAPES)
def test_membarrier_orders_against_itself_and_against_a_full_barrier(shape: str, model: str) -> None:
    for other in ("sys_membarrier();", "smp_mb();"):
        assert in_shape(shape, other, "sys_membarrier();", model) == "Never"
        assert in_shape(shape, "sys_membarrier();", other, model) == "Never"


@pytest.mark.parametrize("missing", ["before", "handler", "after"])
@pytest.mark.parametrize("model", WEAK)
@pytest.mark.parametrize("shape", SHAPES)
def test_on_weak_models_each_of_the_three_barriers_is_needed_in_every_shape(
    shape: str, model: str, missing: str
) -> None:
    for first, second in ROLES:
        assert in_shape(shape, first, second, model, Promise(**{missing: False})) == "Sometimes"


@pytest.mark.parametrize("shape", SHAPES)
def test_on_x86_two_accesses_of_the_target_do_not_show_that_a_barrier_is_missing(shape: str) -> None:
    for first, second in ROLES:
        assert in_shape(shape, first, second, "x86-tso", Promise(before=False, handler=False, after=False)) == "Never"


@pytest.mark.parametrize("model", TABLES)
def test_what_a_target_does_before_the_call_and_after_it_needs_the_handlers_barrier_on_x86_too(model: str) -> None:
    """r1 and r4 show that the call comes between the second and the third access of P1.  Then x=1 is before r2."""
    functions = (
        "P0() { CAO(z) = 1; sys_membarrier(); r4 = CAO(v); }\n"
        "P1() { CAO(x) = 1; barrier(); r1 = CAO(z); barrier(); CAO(v) = 1; barrier(); r2 = CAO(y); }\n"
        "P2() { CAO(y) = 1; smp_mb(); r3 = CAO(x); }"
    )
    condition = "0:r4=0 /\\ 1:r1=0 /\\ 1:r2=0 /\\ 2:r3=0"
    assert verdict(functions, condition, model) == "Never"
    assert verdict(functions, condition, model, Promise(handler=False)) == "Sometimes"
    if model == "x86-tso":  # the messages alone give the order that the caller's two barriers would give
        assert verdict(functions, condition, model, Promise(before=False, after=False)) == "Never"


@pytest.mark.parametrize("model", TABLES)
def test_a_ring_is_forbidden_iff_it_has_as_many_membarriers_as_unfenced_edges(model: str) -> None:
    # A store-buffer ring of three threads: each stores its own variable and reads the next one's.
    fences = {"barrier();": 1, "smp_mb();": 0, "sys_membarrier();": -1}
    for choice in itertools.combinations_with_replacement(fences, 3):
        functions = "\n".join(
            f"P{t}() {{ CAO(x{t}) = 1; {fence} r1 = CAO(x{(t + 1) % 3}); }}" for t, fence in enumerate(choice)
        )
        condition = " /\\ ".join(f"{t}:r1=0" for t in range(3))
        expected = "Never" if sum(fences[f] for f in choice) <= 0 else "Sometimes"
        assert verdict(functions, condition, model) == expected, choice


@pytest.mark.parametrize("model", WEAK)
def test_a_call_that_is_not_made_orders_nothing(model: str) -> None:
    functions = "P0() {{ CAO(x) = 1; CAO(y) = 1; }}\nP1() {{ r1 = CAO(y); if ({}) sys_membarrier(); r2 = CAO(x); }}"
    assert verdict(functions.format("r1"), "1:r1=1 /\\ 1:r2=0", model) == "Never"
    assert verdict(functions.format("!r1"), "1:r1=1 /\\ 1:r2=0", model) == "Sometimes"
    assert verdict(functions.format("1"), "1:r1=0 /\\ 1:r2=1", model) == "Sometimes"


@pytest.mark.parametrize("model", WEAK)
def test_two_calls_of_one_thread_have_messages_of_their_own(model: str) -> None:
    writer = "P0() { CAO(x) = 1; CAO(y) = 1; }\n"
    between = writer + "P1() { sys_membarrier(); r1 = CAO(y); sys_membarrier(); r2 = CAO(x); }"
    assert verdict(between, "1:r1=1 /\\ 1:r2=0", model) == "Never"
    before = writer + "P1() { sys_membarrier(); sys_membarrier(); r1 = CAO(y); r2 = CAO(x); }"
    assert verdict(before, "1:r1=1 /\\ 1:r2=0", model) == "Sometimes"
