"""Read-modify-writes: the model says what their reads may see, and where their writes are in coherence order.

herd7 fixes only one thing: a read never sees the write of its own instruction, because that write depends on it.
"""

from __future__ import annotations

import pytest
from agreement import disagreement, random_programs, said
from cases import Case, case
from programs import TAGS, Features, random_program

from litmus.algebra.dag import Model
from litmus.cat import compile_text, load_model
from litmus.engine import Answer, Verdict
from litmus.engine.bounds import Bounds
from litmus.engine.coherence import demands_updates_in_order
from litmus.engine.encoding import Encoding
from litmus.engine.options import Engine
from litmus.isa import architecture_named
from litmus.program.build import unroll

ENGINES: tuple[Engine, ...] = ("enumerate", "auto", "z3")

# One thread stores 1, the other one exchanges what it finds for 2.  Overtaken: it finds 1, and 1 remains at the end.
X86 = """X86 overtaken
{ x=0; }
P0         | P1           ;
MOV [x],$1 | MOV EAX,$2   ;
           | XCHG [x],EAX ;
exists (1:EAX=1 /\\ x=1)
"""
AARCH64 = """AArch64 overtaken
{ x=0; 0:X1=x; 1:X1=x; }
P0          | P1             ;
MOV W0,#1   | MOV W0,#2      ;
STR W0,[X1] | SWP W0,W2,[X1] ;
exists (1:X2=1 /\\ x=1)
"""
RISCV = """RISCV overtaken
{ x=0; 0:x6=x; 1:x6=x; }
P0          | P1                    ;
ori x5,x0,1 | ori x5,x0,2           ;
sw x5,0(x6) | amoswap.w x7,x5,(x6)  ;
exists (1:x7=1 /\\ x=1)
"""

# Sequential consistency, where an atomic instruction is a read and a write, and nothing orders these two.
LOOSE = "acyclic po | rf | co | fr as sc\nempty rmw & (fre; coe) as atomic"


def model_of(found: Case, text: str) -> Model:
    return compile_text(f'"test" include "cos.cat"\n{text}\n', "test", found.tags)


def answer(found: Case, model: Model, engine: Engine) -> Answer:
    result = said(found, model, engine)
    assert isinstance(result, Answer), result
    return result


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("text", [X86, AARCH64])
def test_an_exchange_is_overtaken_where_the_model_does_not_forbid_it(text: str, engine: Engine) -> None:
    found = case(text)
    result = answer(found, model_of(found, LOOSE), engine)
    assert result.verdict is Verdict.SOMETIMES
    assert result.states == ((0, 1), (1, 1), (1, 2))
    assert (result.positive, result.negative) in ((1, 2), (None, None))
    ordered = answer(found, model_of(found, LOOSE.replace("po |", "po | rmw |")), engine)
    assert (ordered.verdict, ordered.states) == (Verdict.NEVER, ((0, 1), (1, 2)))


@pytest.mark.parametrize("engine", ENGINES)
def test_an_exchange_that_is_one_event_stands_where_the_model_lets_it(engine: Engine) -> None:
    found = case(RISCV)
    free = answer(found, model_of(found, "acyclic po | rf"), engine)
    assert free.states == ((0, 1), (0, 2), (1, 1), (1, 2))
    placed = answer(found, model_of(found, "acyclic po | rf | co"), engine)  # no axiom on fr: a stale read
    assert placed.states == ((0, 1), (0, 2), (1, 2))


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize(
    ("text", "names"),
    [(X86, ("x86-tso", "sc", "tso")), (AARCH64, ("aarch64", "sc")), (RISCV, ("riscv", "tso"))],
)
def test_no_built_in_model_lets_an_exchange_be_overtaken(text: str, names: tuple[str, ...], engine: Engine) -> None:
    found = case(text)
    for name in names:
        model = load_model(name, found.tags, arch=text.split()[0])
        assert answer(found, model, engine).verdict is Verdict.NEVER


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("code", ["XCHG [x],EAX", "LOCK XADD [x],EAX", "ADD [x],EAX", "LOCK CMPXCHG [x],EBX"])
def test_a_read_never_sees_the_write_of_its_own_instruction(code: str, engine: Engine) -> None:
    """This holds under every model.  The only other write is the initial one, so that is what is read."""
    found = case(f"X86 alone\n{{ x=3; 0:EAX=3; 0:EBX=5; }}\nP0 ;\n{code} ;\nlocations [x;] forall (true)\n")
    result = answer(found, model_of(found, "let nothing = 0"), engine)
    assert result.states is not None
    assert len(result.states) == 1
    assert result.positive in (1, None)


@pytest.mark.parametrize("engine", ENGINES)
def test_an_increment_is_lost_where_the_model_only_forbids_values_out_of_nothing(engine: Engine) -> None:
    found = case("X86 lost\n{ x=0; }\nP0 | P1 ;\nLOCK INC [x] | LOCK INC [x] ;\nlocations [x;] exists (x=2)\n")
    assert answer(found, model_of(found, "acyclic rmw | rf"), engine).states == ((1,), (2,))
    assert answer(found, load_model("x86-tso", found.tags), engine).states == ((2,),)


# ---------------------------------------------------------------- what the encoding takes from the model


def test_of_the_built_in_models_those_of_atomic_instructions_demand_updates_in_order() -> None:
    """POWER and ARM have no atomic instructions: their updates are a load-reserve and a store-conditional in po."""
    table = {"X86": "x86-tso", "X86_64": "sc", "AArch64": "aarch64", "RISCV": "riscv", "PPC": "power", "ARM": "arm"}
    demanding = {
        arch
        for arch, name in table.items()
        if demands_updates_in_order(load_model(name, architecture_named(arch).tags, arch=arch))
    }
    assert demanding == {"X86", "X86_64", "AArch64", "RISCV"}


@pytest.mark.parametrize(
    ("text", "demanded"),
    [
        ("acyclic po-loc | rmw | rf | co | fr", True),
        ("empty rmw & (rf; co)^-1 irreflexive rf; co", False),  # fits no pair: it is co, then rf
        ("empty rmw & (co; rf)^-1 irreflexive rf; co", True),
        ("acyclic rmw | rf | co", True),
        ("acyclic po-loc | rf | co | fr", False),  # says nothing of an instruction of two events
        ("empty rmw & (co; rf)^-1", False),  # nor this of one of a single event
        ("acyclic (rmw & data) | rf | co", False),
        ("acyclic rmw | rf | co assert acyclic po", False),
        ("~acyclic rmw | rf | co", False),
    ],
)
def test_updates_are_in_order_if_the_checks_forbid_both_ways_to_break_it(text: str, demanded: bool) -> None:
    assert demands_updates_in_order(compile_text(f'"m" include "cos.cat"\n{text}\n', "m", TAGS)) is demanded


UPDATING = Features(updates=0.5, conditional_stores=0.0, blocks=0.0, threads=(2, 2), accesses=(1, 3))


def test_the_clause_for_updates_changes_no_answer() -> None:
    """The check is recognised and becomes a clause.  A disguised check is not recognised, and Z3 learns it."""
    spelled = compile_text('"m" include "cos.cat"\nacyclic po-loc | rmw | rf | co | fr\n', "m", TAGS)
    hidden = compile_text('"m" include "cos.cat"\nacyclic po-loc | (rmw \\ (F * F)) | rf | co | fr\n', "m", TAGS)
    assert demands_updates_in_order(spelled)
    assert not demands_updates_in_order(hidden)
    more = 0
    for seed in range(40):
        program, question = random_program(70_000 + seed, UPDATING)
        found = Case(f"random_program({70_000 + seed})", unroll(program, 1), question, TAGS)
        one, other = said(found, spelled, "z3"), said(found, hidden, "z3")
        assert isinstance(one, Answer) is isinstance(other, Answer)
        if isinstance(one, Answer) and isinstance(other, Answer):
            assert (one.verdict, one.states) == (other.verdict, other.states)
        bounds = Bounds(found.graph, coherent=True)
        with_clause, without = (len(Encoding(bounds, question, how).clauses.clauses) for how in (True, False))
        more += with_clause > without
    assert more > 10


def test_engines_agree_about_updates_where_the_model_is_loose(full: bool) -> None:
    coherent = "acyclic po-loc | rf | co | fr\nempty rmw & (fr; co)"
    for text in (LOOSE, "acyclic rmw | rf", "acyclic po | rf | co", coherent):
        model = compile_text(f'"m" include "cos.cat"\n{text}\n', "m", TAGS)
        for found in random_programs(80_000, 300 if full else 15, 1000):
            assert disagreement(found, model) is None
