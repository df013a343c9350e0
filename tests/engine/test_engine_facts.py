"""What the engines say of particular tests.  Some engine got each of them wrong once, or could easily get it wrong."""

from __future__ import annotations

import time
from math import factorial

import pytest
from agreement import said
from cases import Case, case

from litmus.algebra.dag import Model
from litmus.cat import compile_text, load_model
from litmus.deciding import decide
from litmus.diagnostics import InputError, NoAnswer, Unsupported
from litmus.engine import Answer, Options, Verdict
from litmus.engine.bounds import Bounds
from litmus.engine.clauses import FALSE
from litmus.engine.lazy import Lazy
from litmus.engine.options import Engine
from litmus.engine.outcomes import Outcomes

ENGINES: tuple[Engine, ...] = ("enumerate", "auto", "z3")


def model_of(found: Case, text: str) -> Model:
    return compile_text(f'"test" include "cos.cat"\n{text}\n', "test", found.tags)


def answer(found: Case, model: Model, engine: Engine) -> Answer:
    result = said(found, model, engine)
    assert isinstance(result, Answer), result
    return result


SB = """X86 SB
{ x=0; y=0; }
P0          | P1          ;
MOV [x],$1  | MOV [y],$1  ;
MOV EAX,[y] | MOV EAX,[x] ;
exists (0:EAX=0 /\\ 1:EAX=0)
"""


# ---------------------------------------------------------------- executions without final values

NULL = """X86_64 null
{ uint64_t p; uint32_t x; 0:r8=x; }
P0           | P1               ;
movl $1,(x)  | movq (p),%rax    ;
movq %r8,(p) | movl (%rax),%ebx ;
exists (1:rbx=0)
"""

GUARDED = """X86_64 guarded
{ uint64_t p; uint32_t x; 0:r8=x; }
P0           | P1               ;
movl $1,(x)  | movq (p),%rax    ;
movq %r8,(p) | testq %rax,%rax  ;
             | je L             ;
             | movl (%rax),%ebx ;
             | L:               ;
exists (not (1:rax=0) /\\ 1:rbx=0)
"""


def refused(found: Case, model: Model, engine: Engine) -> tuple[str, str, str | None]:
    """The message, the place and the hint of the error that an engine raises."""
    with pytest.raises(InputError) as caught:
        decide(found.graph, model, found.question, Options(engine=engine, timeout=60))
    error = caught.value
    assert error.span is not None
    line, _ = error.span.source.position(error.span.start)
    return error.message, f"{line}: {error.span.text}", error.hint


@pytest.mark.parametrize("engine", ENGINES)
def test_reading_through_a_null_pointer_is_an_error_that_says_what_the_register_holds(engine: Engine) -> None:
    found = case(NULL)
    message = "this accesses no variable: rax holds 0"
    assert refused(found, load_model("x86-tso", found.tags), engine) == (message, "5: movl (%rax),%ebx", None)


@pytest.mark.parametrize("engine", ENGINES)
def test_a_pointer_to_nothing_is_told_before_a_value_that_depends_on_itself(engine: Engine) -> None:
    """Some executions have one fault, others the other.  The fault that the author of the test can mend is reported."""
    thin_air = " movl (x),%ecx | movl (y),%ecx | movq (p),%rax ;\n movl %ecx,(y) | movl %ecx,(x) | movl (%rax),%ebx ;\n"
    found = case(
        f"X86_64 both\n{{ uint64_t p; uint32_t x; uint32_t y; }}\nP0 | P1 | P2 ;\n{thin_air}exists (2:rbx=0)\n"
    )
    weak = model_of(found, "acyclic po-loc | rf | co | fr as coherent")
    assert refused(found, weak, engine)[0] == "this accesses no variable: rax holds 0"


@pytest.mark.parametrize("engine", ENGINES)
def test_a_stray_access_that_no_execution_reaches_is_no_error(engine: Engine) -> None:
    """x is 0, so the branch is always taken."""
    skipped = "P0 ;\nmovl (x),%eax ;\ntestl %eax,%eax ;\nje L ;\nmovl (%rbx),%ecx ;\nL: ;\nexists (0:rcx=0)\n"
    found = case(f"X86_64 skipped\n{{ uint32_t x; }}\n{skipped}")
    assert answer(found, load_model("x86-tso", found.tags), engine).verdict is Verdict.ALWAYS
    found = case(f"X86_64 skipped\n{{ uint32_t x=1; }}\n{skipped}")
    hint = "nothing has set rbx; 0:rbx=x in the initial state makes it the address of x"
    assert refused(found, load_model("x86-tso", found.tags), engine) == (
        "this accesses no variable: rbx holds 0",
        "7: movl (%rbx),%ecx",
        hint,
    )


@pytest.mark.parametrize("engine", ENGINES)
def test_a_pointer_that_is_tested_first_is_followed_only_where_it_points(engine: Engine) -> None:
    found = case(GUARDED)
    result = answer(found, load_model("x86-tso", found.tags), engine)
    assert result.verdict is Verdict.NEVER
    assert result.states is not None
    assert len(result.states) == 2


def test_a_pointer_that_is_null_from_the_start_is_an_error_before_anything_is_decided() -> None:
    with pytest.raises(InputError, match="this accesses no variable: rax holds 0"):
        case("X86_64 null\n{ uint32_t x; }\nP0 ;\nmovl (%rax),%ebx ;\nexists (0:rbx=0)\n")


THIN_AIR = """PPC LB+datas
{ x=0; y=0; 0:r2=x; 0:r4=y; 1:r2=x; 1:r4=y; }
P0           | P1           ;
lwz r1,0(r2) | lwz r1,0(r4) ;
stw r1,0(r4) | stw r1,0(r2) ;
exists (0:r1=42)
"""


@pytest.mark.parametrize("engine", ENGINES)
def test_a_value_out_of_thin_air_is_unsupported_where_the_model_allows_it(engine: Engine) -> None:
    found = case(THIN_AIR)
    weak = model_of(found, "acyclic po-loc | rf | co | fr as coherent")
    assert said(found, weak, engine) == Unsupported.__name__
    assert answer(found, load_model("power", found.tags), engine).verdict is Verdict.NEVER


def _beside(readers: int, wanted: int) -> Case:
    """LB+datas, and other threads that the question is about."""
    others = range(2, 2 + readers)
    init = " ".join(f"{t}:r6=z;" for t in others)
    heading = "".join(f" | P{t}" for t in others)
    reads = " | lwz r5,0(r6)" * readers
    blank = " |" * readers
    return case(
        f"PPC beside\n{{ x=0; y=0; z=0; 0:r2=x; 0:r4=y; 1:r2=x; 1:r4=y; 0:r6=z; {init} }}\n"
        f"P0 | P1{heading} ;\nlwz r1,0(r2) | lwz r1,0(r4){reads} ;\nstw r1,0(r4) | stw r1,0(r2){blank} ;\n"
        f"li r7,1 |{blank} ;\nstw r7,0(r6) |{blank} ;\nexists (2:r5={wanted})\n"
    )


@pytest.mark.parametrize("engine", ENGINES)
def test_a_value_out_of_thin_air_is_looked_for_where_the_question_does_not_lead_to_it(engine: Engine) -> None:
    for readers in (1, 2, 3):
        for wanted in (0, 1):
            found = _beside(readers, wanted)
            weak = model_of(found, "acyclic po-loc | rf | co | fr as coherent")
            with pytest.raises(Unsupported):
                decide(found.graph, weak, found.question, Options(states="none", engine=engine))


def test_only_a_circle_of_data_and_rf_makes_z3_look_for_values_out_of_thin_air(monkeypatch: pytest.MonkeyPatch) -> None:
    looked: list[bool] = []
    find = Lazy.find

    def spied(lazy: Lazy, *assumptions: int) -> Outcomes | None:
        looked.append(lazy.undetermined != FALSE and assumptions == (lazy.undetermined,))
        return find(lazy, *assumptions)

    monkeypatch.setattr(Lazy, "find", spied)
    for text, model, looks in ((THIN_AIR, "power", True), (SB, "x86-tso", False)):
        found = case(text)
        looked.clear()
        decide(found.graph, load_model(model, found.tags), found.question, Options(states="none", engine="z3"))
        assert any(looked) is looks


@pytest.mark.parametrize("engine", ENGINES)
def test_a_stored_value_without_meaning_is_unsupported(engine: Engine) -> None:
    found = case(
        "PPC times\n{ uint64_t p=x; x=0; y=0; 0:r2=p; 0:r4=y; }\n"
        "P0 ;\nld r1,0(r2) ;\nmulli r3,r1,2 ;\nstw r3,0(r4) ;\nexists (x=0)\n"
    )
    assert said(found, load_model("power", found.tags), engine) == Unsupported.__name__


@pytest.mark.parametrize("engine", ENGINES)
def test_a_final_value_without_meaning_is_unsupported(engine: Engine) -> None:
    found = case("PPC times\n{ uint64_t p=x; x=0; 0:r2=p; }\nP0 ;\nld r1,0(r2) ;\nmulli r3,r1,2 ;\nexists (0:r3=0)\n")
    assert said(found, load_model("power", found.tags), engine) == Unsupported.__name__


@pytest.mark.parametrize("engine", ENGINES)
def test_a_branch_on_a_condition_without_meaning_is_unsupported(engine: Engine) -> None:
    found = case(
        "PPC compare\n{ uint64_t p=x; x=0; 0:r2=p; 0:r4=x; }\n"
        "P0 ;\nld r1,0(r2) ;\ncmpdi r1,5 ;\nblt L ;\nli r5,1 ;\nstw r5,0(r4) ;\nL: ;\nexists (x=0)\n"
    )
    assert said(found, load_model("power", found.tags), engine) == Unsupported.__name__


# ---------------------------------------------------------------- dynamic addresses

ALIAS = """PPC alias
{ int t[2]={0,0}; 0:r2=t; 1:r2=t; }
P0              | P1           ;
lwz r1,4(r2)    | li r1,1      ;
andi. r3,r1,1   | stw r1,4(r2) ;
slwi r3,r3,2    |              ;
li r4,1         |              ;
stwx r4,r2,r3   |              ;
locations [t;] exists (0:r1=0)
"""


@pytest.mark.parametrize("engine", ENGINES)
def test_a_store_whose_address_depends_on_a_read_of_the_cell_it_may_hit_is_decided(engine: Engine) -> None:
    """The read cannot take its value from the later store, although value and address would fit."""
    found = case(ALIAS)
    result = answer(found, model_of(found, "acyclic po-loc | rf | co | fr as coherent"), engine)
    assert result.verdict is Verdict.SOMETIMES
    assert result.states is not None
    assert {state[1:] for state in result.states} == {(0, 1), (1, 1)}


INDEX = """C index
{ int x = 0; int t[SIZE]; }
P0(int *x) { int r0 = atomic_add_return(1, x); }
P1(int *x) { int r0 = atomic_add_return(1, x); }
P2(int *x, int *t) { int r0 = READ_ONCE(*x); int r1 = READ_ONCE(t[r0]); }
exists (2:r0=2)
"""


@pytest.mark.parametrize("engine", ENGINES)
def test_an_index_out_of_range_is_an_error_only_where_an_execution_has_it(engine: Engine) -> None:
    enough, short = (case(INDEX.replace("SIZE", size), "x86") for size in ("3", "2"))
    model = load_model("x86-tso", enough.tags)
    assert answer(enough, model, engine).verdict is Verdict.SOMETIMES
    assert said(short, model, engine) == InputError.__name__


CIRCLE = """PPC circle
{ int t[2]={0,0}; 0:r2=t; }
P0              ;
lwz r1,0(r2)    ;
andi. r3,r1,1   ;
slwi r3,r3,2    ;
xori r4,r1,1    ;
stwx r4,r2,r3   ;
locations [t;] exists (0:r1=0)
"""


@pytest.mark.parametrize("engine", ENGINES)
def test_a_read_does_not_see_a_later_store_whose_address_and_value_depend_on_it(engine: Engine) -> None:
    found = case(CIRCLE)
    result = answer(found, model_of(found, "acyclic po-loc | rf | co | fr as coherent"), engine)
    assert (result.verdict, result.states) == (Verdict.ALWAYS, ((0, 1, 0),))


ROUND = """PPC round
{ int t[2]={0,1}; x=0; y=0; 0:r2=t; 0:r4=x; 0:r6=y; }
P0              ;
lwz r1,0(r4)    ;
andi. r3,r1,1   ;
slwi r3,r3,2    ;
lwzx r5,r2,r3   ;
stw r5,0(r4)    ;
li r7,1         ;
stwx r7,r2,r3   ;
exists (y=0)
"""


@pytest.mark.parametrize("engine", ENGINES)
def test_an_address_out_of_thin_air_is_unsupported_though_a_value_would_fit(engine: Engine) -> None:
    found = case(ROUND)
    with pytest.raises(Unsupported):
        decide(found.graph, model_of(found, "let nothing = 0"), found.question, Options(states="none", engine=engine))
    assert answer(found, load_model("power", found.tags), engine).verdict is Verdict.ALWAYS


@pytest.mark.parametrize("engine", ["auto", "z3"])
def test_a_sum_of_a_read_with_itself_does_not_multiply_its_values(engine: Engine) -> None:
    rows = "lwz r1,0(r2) ;\nadd r1,r1,r1 ;\nstw r1,0(r2) ;\n" * 11
    found = case(f"PPC double\n{{ x=1; 0:r2=x; }}\nP0 ;\n{rows}exists (x=2048)\n")
    assert answer(found, load_model("power", found.tags), engine).verdict is Verdict.ALWAYS


# ---------------------------------------------------------------- learning by Z3

BETWEEN = """X86 between
{ x=0; y=0; z=0; 0:EAX=1; 0:ECX=2; }
P0                   | P1          ;
MOV [y],$1           | MOV EBX,[y] ;
LOCK CMPXCHG [x],ECX | MOV [x],$1  ;
MOV EBX,[z]          |             ;
locations [1:EBX;] exists (0:EAX=1)
"""


@pytest.mark.parametrize("engine", ENGINES)
def test_a_relation_through_an_event_that_may_not_execute_is_not_monotone(engine: Engine) -> None:
    """If the update fails, there is no write between the two events.

    What Z3 learns from such an execution must not be applied to executions in which there is one.
    """
    found = case(BETWEEN)
    adjacent = model_of(found, "empty (po \\ (po ; [W] ; po)) & ((W \\ X) * (R \\ X))")
    result = answer(found, adjacent, engine)
    assert (result.verdict, result.states) == (Verdict.ALWAYS, ((1, 0), (1, 1)))


ONE_WAY = """AArch64 one way
{ x=0; y=0; 0:X1=x; 0:X3=y; 1:X1=x; }
P0                     | P1          ;
LDR W0,[X1]            | MOV W0,#1   ;
CBZ W0,L               | STR W0,[X1] ;
EOR W2,W0,W0           |             ;
L: STR W0,[X3,W2,SXTW] |             ;
exists (0:X0=0)
"""


@pytest.mark.parametrize("engine", ENGINES)
def test_a_dependency_on_one_of_two_ways_is_not_monotone(engine: Engine) -> None:
    """Both ways lead to the store.  On the way that leaves out the exclusive or, its address depends on nothing.

    What Z3 learns from an execution on that way must not be applied to executions on the other.
    """
    found = case(ONE_WAY)
    result = answer(found, model_of(found, "empty (po & (R * W)) \\ addr"), engine)
    assert (result.verdict, result.states) == (Verdict.NEVER, ((1,),))


UNSENT = """C unsent
{ int x = 0; int y = 0; }
P0(int *x, int *y) {
  int r0 = READ_ONCE(*x);
  if (r0 == 1)
    sys_membarrier();
  int r1 = READ_ONCE(*y);
}
P1(int *x, int *y) {
  WRITE_ONCE(*y, 1);
  WRITE_ONCE(*x, 1);
}
exists (0:r0=1 /\\ 0:r1=0)
"""


@pytest.mark.parametrize("engine", ENGINES)
def test_a_block_that_is_not_sent_keeps_nothing_from_being_learned(engine: Engine) -> None:
    """A check that is not monotone is explained by all choices.  A block that is not sent has no choice of a place."""
    found = case(UNSENT, "power")
    talking = model_of(found, "acyclic po | rf | co | fr as sc\n~empty rf & ((W \\ IW) * R) as talk")
    result = answer(found, talking, engine)
    assert (result.verdict, result.states) == (Verdict.NEVER, ((0, 1), (1, 1)))


@pytest.mark.parametrize("engine", ENGINES)
def test_a_definition_that_never_comes_to_rest_is_unsupported(engine: Engine) -> None:
    found = case(THIN_AIR)
    swinging = model_of(found, "let rec a = (po \\ a) | (a & po)^-1\nempty a & id")
    assert said(found, swinging, engine) == Unsupported.__name__


# ---------------------------------------------------------------- large tests


def _writers(threads: int, writes: int) -> Case:
    rows = (" | ".join(f"MOV [x],${t * writes + i + 1}" for t in range(threads)) for i in range(writes))
    heading = " | ".join(f"P{t}" for t in range(threads))
    return case(f"X86 writers\n{{ x=0; }}\n{heading} ;\n" + " ;\n".join(rows) + " ;\nexists (x=1)\n")


def test_many_ordered_writers_are_not_counted_one_by_one() -> None:
    """The coherence orders of 16 threads with two writes each: 3^16 sets of writes may precede a write."""
    found = _writers(16, 2)
    started = time.process_time()
    result = decide(found.graph, load_model("x86-tso", found.tags), found.question, Options(states="none", timeout=20))
    assert result.verdict is Verdict.NEVER
    assert time.process_time() - started < 10


def test_the_count_of_coherence_orders_is_exact_where_it_is_small_and_never_too_large() -> None:
    small = _writers(3, 2).graph
    assert Bounds(small, coherent=True).candidates() == factorial(6) // 2**3
    assert Bounds(small, coherent=False).candidates() == factorial(6)
    assert 2**40 < Bounds(_writers(16, 2).graph, coherent=True).candidates() <= factorial(32) // 2**16


def test_the_flags_of_executions_that_the_proposition_leaves_out_are_not_forgotten() -> None:
    """The test is too large to look at all candidates, but not too large for those that the proposition asks for.

    Flags are about all candidates, so there is no answer.
    """
    threads = 9
    heading = " | ".join(f"P{t}" for t in range(threads))
    writes = " | ".join(["MOV EAX,[x]", *(f"MOV [x],${t}" for t in range(1, threads))])
    text = f"X86 flags\n{{ x=0; }}\n{heading} ;\n{writes} ;\nMOV EBX,[x]{' |' * (threads - 1)} ;\n"
    found = case(text + "exists (0:EAX=1 /\\ 0:EBX=100)\n")
    flagging = model_of(found, "acyclic po | rf | co | fr as sc\nflag ~empty rf & ext as talk")
    options = Options(states="none", timeout=60)
    with pytest.raises(Unsupported):
        decide(found.graph, flagging, found.question, options)


def test_enumeration_gives_up_at_its_deadline() -> None:
    found = _writers(9, 1)
    with pytest.raises(NoAnswer):
        decide(found.graph, load_model("sc", found.tags), found.question, Options(engine="enumerate", timeout=0.2))


# ---------------------------------------------------------------- assertions


@pytest.mark.parametrize("engine", ["enumerate", "auto"])
def test_an_assertion_speaks_of_the_executions_that_the_checks_before_it_allow(engine: Engine) -> None:
    found = case(SB)
    after = model_of(found, "acyclic po | rf | co | fr as sc\nassert acyclic po | rf | co | fr")
    before = model_of(found, "assert acyclic po | rf | co | fr\nacyclic po | rf | co | fr as sc")
    assert answer(found, after, engine).verdict is Verdict.NEVER
    assert said(found, before, engine) == Unsupported.__name__


@pytest.mark.parametrize("engine", ["enumerate", "auto"])
def test_an_assertion_before_the_coherence_check_sees_executions_that_are_not_coherent(engine: Engine) -> None:
    found = case("X86 CoWR\n{ x=0; }\nP0 ;\nMOV [x],$1 ;\nMOV EAX,[x] ;\nexists (0:EAX=0)\n")
    model = model_of(found, "assert irreflexive fr ; po\nacyclic po-loc | rf | co | fr as coherent")
    assert said(found, model, engine) == Unsupported.__name__


# ---------------------------------------------------------------- instances of instructions


@pytest.mark.parametrize("engine", ENGINES)
def test_instances_of_instructions_are_told_apart_where_blocks_land(engine: Engine) -> None:
    """An access belongs to one instruction, wherever the block of sys_membarrier() lands in its thread."""
    found = case(
        "C memb\n{}\nP0(int *x) { WRITE_ONCE(*x, 1); sys_membarrier(); }\n"
        "P1(int *x) { int r0 = READ_ONCE(*x); int r1 = xchg(x, 2); }\nexists (1:r0=1)\n",
        "x86",
    )
    alone = "empty [M \\ IW] \\ same-instance\nempty same-instance & (po | po^-1 | ext | IW * _)\n"
    assert answer(found, model_of(found, f"acyclic po | rf | co\n{alone}"), engine).verdict is Verdict.SOMETIMES
    whole = "empty amo \\ same-instance"
    assert answer(found, model_of(found, f"acyclic po | rf | co\n{whole}"), engine).verdict is Verdict.SOMETIMES
    assert answer(found, model_of(found, "empty rmw & same-instance"), engine).verdict is Verdict.NEVER
