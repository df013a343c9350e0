"""Lines of the engine that seldom matter: for each, a test and a model for which it matters."""

from __future__ import annotations

import pytest
from agreement import said
from cases import Case, case

from litmus.algebra.dag import Model
from litmus.cat import compile_text
from litmus.deciding import EXHAUSTIVE_LIMIT, decide
from litmus.engine import Answer, Options, Verdict
from litmus.engine.bounds import Bounds
from litmus.engine.coherence import demands_coherence
from litmus.engine.options import Engine

ENGINES: tuple[Engine, ...] = ("enumerate", "auto", "z3")

# One thread stores twice, the other looks twice.
SEEN = """PPC seen
{ x=0; y=0; 0:r2=x; 0:r4=y; 1:r2=x; 1:r4=y; }
P0           | P1           ;
li r1,7      | lwz r5,0(r2) ;
stw r1,0(r2) | lwz r6,0(r4) ;
stw r1,0(r4) |              ;
exists (1:r5=7 /\\ 1:r6=7)
"""


def model_of(found: Case, text: str) -> Model:
    return compile_text(f'"test" include "cos.cat"\n{text}\n', "test", found.tags)


def verdict(found: Case, text: str, engine: Engine) -> Verdict:
    result = said(found, model_of(found, text), engine)
    assert isinstance(result, Answer), result
    return result.verdict


# ---------------------------------------------------------------- coherence

OVERTAKING = """PPC overtaking
{ x=0; 0:r2=x; 1:r2=x; 2:r2=x; }
P0           | P1           | P2           ;
li r1,3      | li r1,4      | lwz r5,0(r2) ;
stw r1,0(r2) | stw r1,0(r2) | lwz r6,0(r2) ;
exists (2:r5=3 /\\ 2:r6=4 /\\ x=3)
"""
# Reads of one location are in order if the second one reads an initial write, or a write of one of the two threads.
NEARLY = """irreflexive po-loc; (co | rf | fr | co; rf)
let reads = po-loc & (R * R)
irreflexive reads; (rf & int)^-1; co; rf
irreflexive reads; rf^-1; (co & (int | (IW * W))); rf"""


@pytest.mark.parametrize("engine", ENGINES)
def test_two_reads_of_two_other_threads_writes_are_a_pattern_of_their_own(engine: Engine) -> None:
    found = case(OVERTAKING)
    assert not demands_coherence(model_of(found, NEARLY))
    assert verdict(found, NEARLY, engine) is Verdict.SOMETIMES
    assert demands_coherence(model_of(found, f"{NEARLY}\nirreflexive reads; fr; rf"))
    assert verdict(found, f"{NEARLY}\nirreflexive reads; fr; rf", engine) is Verdict.NEVER


# ---------------------------------------------------------------- recursions


@pytest.mark.parametrize("engine", ["enumerate", "auto"])
def test_a_recursion_keeps_in_each_execution_the_round_in_which_it_comes_to_rest(engine: Engine) -> None:
    """The recursion swings until the walk has ended.  The walk only begins if the other thread's store is read."""
    stores = "".join(f" | MOV [v{i}],$1 ;\n" for i in range(6))
    found = case(f"X86 rest\n{{ x=0; }}\nP0 | P1 ;\nMOV [x],$1 | MOV EAX,[x] ;\n{stores}exists (1:EAX=1)\n")
    recursion = """acyclic po | rf | co | fr
let step = po \\ (po; po)
let rec four = third and third = second and second = first and first = new and new = po \\ four
and walk = [range([W \\ IW]; rf)]; step | walk; step
empty second"""
    result = said(found, model_of(found, recursion), engine)
    assert isinstance(result, Answer)
    assert (result.verdict, result.positive, result.negative) == (Verdict.ALWAYS, 1, 0)


# ---------------------------------------------------------------- same-value


@pytest.mark.parametrize("engine", ENGINES)
def test_equal_values_are_a_choice_where_they_are_taken_away(engine: Engine) -> None:
    """Two loads of a thread return the same value.  Z3 must not conclude from only some choices that they do not."""
    found = case(SEEN)
    same = "acyclic po-loc | rf | co | fr\nempty (po & (R * R)) \\ same-value"
    assert verdict(found, same, engine) is Verdict.SOMETIMES
    other = case(SEEN.replace("1:r6=7", "1:r6=0"))
    assert verdict(other, same, engine) is Verdict.NEVER


@pytest.mark.parametrize("engine", ENGINES)
def test_a_model_that_asks_whether_values_are_equal_is_decided_by_the_execution(engine: Engine) -> None:
    found = case(SEEN)
    asking = """acyclic po-loc | rf | co | fr
let equal = same-value & (W * R) & ext & loc & ~(IW * R)
let forbidden = if equal = 0 then rf & ext & ~(IW * R) else 0
empty forbidden"""
    assert verdict(found, asking, engine) is Verdict.SOMETIMES


@pytest.mark.parametrize("engine", ENGINES)
def test_where_values_are_stored_is_a_choice_if_addresses_are(engine: Engine) -> None:
    """The address of the store is read from memory.  Only that read settles whether the load has the same address."""
    found = case(
        "PPC where\n{ x=0; y=0; p=x; 0:r2=p; 0:r4=y; 1:r4=y; 1:r2=p; 1:r3=y; }\n"
        "P0           | P1           ;\nlwz r5,0(r2) | stw r3,0(r2) ;\nli r1,1      |              ;\n"
        "stw r1,0(r5) |              ;\nlwz r6,0(r4) |              ;\nexists (0:r5=y /\\ 0:r6=1)\n"
    )
    different = "acyclic po-loc | rf | co | fr\nempty (po & (W * R)) \\ loc"
    assert verdict(found, different, engine) is Verdict.ALWAYS
    asking = """acyclic po-loc | rf | co | fr
let bad = if po & loc & (W * R) = 0 then rf & ext & ~(IW * R) else 0
empty bad"""
    assert verdict(found, asking, engine) is Verdict.SOMETIMES


@pytest.mark.parametrize("engine", ENGINES)
def test_where_in_its_variable_an_access_is_may_be_a_choice_too(engine: Engine) -> None:
    """The second load accesses the place of the second store only if the first load has read its address."""
    found = case(
        "PPC offset\n{ x=0; int t[2]; 0:r2=x; 0:r3=t; 1:r2=x; 1:r3=t; }\n"
        "P0            | P1           ;\nlwz r5,0(r2)  | li r1,4      ;\n"
        "lwzx r6,r3,r5 | stw r1,0(r2) ;\n              | stw r1,4(r3) ;\nexists (0:r5=4)\n"
    )
    asking = """acyclic po-loc | rf | co | fr
let second = range(po & (R * R)) | range(po & (W * W))
let meeting = [second]; (same-low-order-bits & (W * R)); [second]
let bad = if meeting = 0 then rf & ext & ~(IW * R) else 0
empty bad"""
    assert verdict(found, asking, engine) is Verdict.SOMETIMES


BLOCK = """C block
{}
P0(int *y) { WRITE_ONCE(*y, 2); sys_membarrier(); }
P1(int *y) { smp_store_release(y, 1); }
exists (y=1)
"""


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize(
    "placed",
    [
        "let bad = if po & (L * F) = 0 then co & ext & ~(IW * W) else 0\nempty bad",
        "empty ((L * F) & int) \\ po",
    ],
)
def test_program_order_is_a_choice_where_blocks_land(placed: str, engine: Engine) -> None:
    """If a model relates the fence of sys_membarrier() and a store, it depends on where the block lands."""
    found = case(BLOCK, "aarch64")
    assert verdict(found, f"acyclic po-loc | rf | co | fr\n{placed}", engine) is Verdict.SOMETIMES


# ---------------------------------------------------------------- demanded values


def _many_reads(declared: str, stored: int, demanded: int) -> Case:
    """Seven reads of the stores of four other threads: too many candidates, unless demanded values narrow them."""
    reads = "".join(f"LDR W{i},[X9]{' |' * 4} ;\n" for i in range(1, 7))
    stores = " | ".join(["LDR W0,[X9]", *["STR W0,[X9]"] * 4])
    types = " ".join(f"{declared} 0:X{i};" for i in range(7))
    values = " ".join(f"{t}:X9=x; {t}:X0={value};" for t, value in enumerate((stored, 1000, 2000, 3000), 1))
    condition = " /\\ ".join(f"0:X{i}={demanded}" for i in range(7))
    heading = " | ".join(f"P{t}" for t in range(5))
    text = f"AArch64 many\n{{ x=0; 0:X9=x; {types} {values} }}\n{heading} ;\n{stores} ;\n{reads}exists ({condition})\n"
    return case(text)


@pytest.mark.parametrize(
    ("declared", "stored", "demanded"),
    [("uint32_t", -1, 4294967295), ("int32_t", -1, -1), ("int8_t", 257, 1), ("uint8_t", -1, 255)],
)
def test_a_demanded_value_is_what_the_register_shows_and_not_what_was_stored(
    declared: str, stored: int, demanded: int
) -> None:
    found = _many_reads(declared, stored, demanded)
    coherent = model_of(found, "acyclic po-loc | rf | co | fr")
    assert Bounds(found.graph, coherent=True).candidates() > EXHAUSTIVE_LIMIT
    asked = decide(found.graph, coherent, found.question, Options(states="none", timeout=60))
    assert asked.verdict is Verdict.SOMETIMES
