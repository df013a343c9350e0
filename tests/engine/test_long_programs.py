"""Programs that are very long in one respect: the depth of recursion does not grow with their length."""

from __future__ import annotations

import pytest

from litmus import check
from litmus.engine import Options, Verdict
from litmus.engine.options import Engine
from litmus.oracle.arrangements import leaves
from litmus.program.values import Address, Op, ReadOf, computed, operations, reads_in, variable_of

ENGINES: tuple[Engine, ...] = ("enumerate", "auto", "z3")


def verdict(text: str, engine: Engine = "auto", model: str | None = None) -> Verdict:
    result = check(text, model, options=Options(engine=engine, states="none", timeout=60))
    assert result.answer is not None, result.error
    return result.answer.verdict


def test_four_hundred_stores_of_one_thread_to_one_location() -> None:
    stores = "".join(f"MOV [x],${i} ;\n" for i in range(1, 401))
    assert verdict(f"X86 stores\n{{ x=0; }}\nP0 ;\n{stores}forall (x=400)\n") is Verdict.ALWAYS


@pytest.mark.parametrize("engine", ENGINES)
def test_two_thousand_additions_to_what_was_read(engine: Engine) -> None:
    adding = " | ADD EAX,$1 ;\n" * 2000
    text = f"X86 sum\n{{ x=0; }}\nP0 | P1 ;\nMOV [x],$1 | MOV EAX,[x] ;\n{adding} | MOV [x],EAX ;\n"
    assert verdict(f"{text}exists (1:EAX=2001)\n", engine) is Verdict.SOMETIMES


@pytest.mark.parametrize("engine", ENGINES)
def test_a_value_that_is_doubled_sixty_times_is_computed_sixty_times(engine: Engine) -> None:
    """As a tree, the expression has 2^60 leaves."""
    doubling = " | ADD X0,X0,X0 ;\n" * 60
    heading = "AArch64 double\n{ x=0; 0:X1=x; 1:X1=x; int64_t 1:X0=0; }\nP0 | P1 ;\n"
    text = f"{heading}MOV W0,#3 | LDR W0,[X1] ;\nSTR W0,[X1] | ;\n"
    state = f"1:X0={3 << 60}"
    assert verdict(f"{text}{doubling}exists ({state})\n", engine) is Verdict.SOMETIMES


@pytest.mark.parametrize("engine", ["auto", "z3"])
def test_a_value_passes_through_forty_reads(engine: Engine) -> None:
    passing = " | LDR W0,[X1] ;\n | STR W0,[X1] ;\n" * 40
    text = f"AArch64 chain\n{{ x=0; 0:X1=x; 1:X1=x; }}\nP0 | P1 ;\nMOV W0,#1 | ;\nSTR W0,[X1] | ;\n{passing}"
    assert verdict(f"{text}exists (1:X0=1)\n", engine) is Verdict.SOMETIMES


@pytest.mark.parametrize("engine", ENGINES)
def test_a_condition_of_two_thousand_parts(engine: Engine) -> None:
    parts = " /\\ ".join(["0:EAX=0 \\/ 0:EAX=1"] * 2000)
    text = f"X86 parts\n{{ x=0; }}\nP0 | P1 ;\nMOV EAX,[x] | MOV [x],$1 ;\nforall ({parts})\n"
    assert verdict(text, engine) is Verdict.ALWAYS


def test_the_choices_of_enumeration_may_be_many() -> None:
    def further(chosen: int) -> list[int] | None:
        return None if chosen == 5000 else [chosen + 1]

    assert list(leaves(0, further)) == [5000]
    assert list(leaves((), lambda way: [(*way, 0), (*way, 1)] if len(way) < 2 else None)) == [
        (0, 0), (0, 1), (1, 0), (1, 1),
    ]  # fmt: skip


# ---------------------------------------------------------------- expressions


def doubled(times: int) -> Op:
    expr = Op("add", (ReadOf(3), ReadOf(3)))
    for _ in range(times - 1):
        expr = Op("add", (expr, expr))
    return expr


def test_the_operations_of_an_expression_come_once_each_and_after_their_arguments() -> None:
    expr = doubled(50)
    found = operations(expr)
    assert len(found) == 50
    assert found[-1] is expr
    place = {id(op): i for i, op in enumerate(found)}
    assert all(place[id(a)] < place[id(op)] for op in found for a in op.args if isinstance(a, Op))
    assert operations(7) == operations(ReadOf(1)) == []


def test_what_is_known_of_a_shared_expression_is_known_at_once() -> None:
    assert reads_in(doubled(50)) == 1 << 3
    assert variable_of(doubled(50)) is None
    assert variable_of(Op("add", (doubled(50), Op("add", (1, Address("y")))))) == "y"
    assert variable_of(Op("xor", (Address("y"), 1))) is None
    assert computed(operations(doubled(50)), 5) == 5 << 50
