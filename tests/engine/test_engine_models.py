"""What the engines make of models that choose, that depend on the test, and that compute dependencies."""

from __future__ import annotations

import pytest
from agreement import disagreement, random_cases, random_programs, said
from cases import Case, case
from programs import TAGS

from litmus.algebra.dag import Model
from litmus.cat import compile_text
from litmus.deciding import decide
from litmus.diagnostics import InputError
from litmus.engine import Answer, Options, Verdict
from litmus.engine.options import Engine

ENGINES: tuple[Engine, ...] = ("enumerate", "auto", "z3")

SB = """X86 SB
{ x=0; y=0; }
P0          | P1          ;
MOV [x],$1  | MOV [y],$1  ;
MOV EAX,[y] | MOV EAX,[x] ;
exists (0:EAX=0 /\\ 1:EAX=0)
"""

TWO_WRITES = """X86 2W
{ x=0; y=0; }
P0         | P1         ;
MOV [x],$1 | MOV [y],$1 ;
exists (x=1)
"""

BRANCH = """PPC branch
{ x=0; y=0; 0:r2=x; 0:r4=y; 1:r2=x; 1:r4=y; }
P0           | P1           ;
li r1,1      | lwz r1,0(r4) ;
stw r1,0(r2) | cmpwi r1,1   ;
stw r1,0(r4) | bne L        ;
             | lwz r3,0(r2) ;
             | L:           ;
exists (1:r1=1 /\\ 1:r3=0)
"""

FOLD = "let rec pairs s = match s with {} -> 0 || e ++ es -> ({e} * es) | pairs(es) end"


def model_of(found: Case, text: str) -> Model:
    return compile_text(f'"test" include "cos.cat"\n{text}\n', "test", found.tags)


def answer(found: Case, text: str, engine: Engine) -> Answer:
    result = said(found, model_of(found, text), engine)
    assert isinstance(result, Answer), result
    return result


def counts(found: Case, text: str, engine: Engine) -> tuple[int | None, int | None]:
    result = answer(found, text, engine)
    return result.positive, result.negative


# ---------------------------------------------------------------- choices


@pytest.mark.parametrize("engine", ["enumerate", "auto"])
def test_each_element_that_is_chosen_makes_an_execution(engine: Engine) -> None:
    found = case(SB)
    assert counts(found, "acyclic po | rf", engine) == (1, 3)
    assert counts(found, "with r from {po, rf, co} acyclic po | rf", engine) == (3, 9)
    assert counts(found, "with r from {po, rf} with s from {id, loc} acyclic po | rf", engine) == (4, 12)


@pytest.mark.parametrize("engine", ENGINES)
def test_what_is_chosen_decides(engine: Engine) -> None:
    found = case(SB)
    strict = "acyclic po | rf | fr"
    assert answer(found, strict, engine).verdict is Verdict.NEVER
    assert answer(found, "with r from {po, 0} acyclic r | rf | fr", engine).verdict is Verdict.SOMETIMES
    assert answer(found, "with r from {po | id, po} acyclic r | rf | fr", engine).verdict is Verdict.NEVER
    pairs = "with p from {(po, W), (0, R)} let (r, s) = p acyclic r | rf | fr empty [s] & rfe"
    assert answer(found, pairs, engine).verdict is Verdict.SOMETIMES


@pytest.mark.parametrize("engine", ENGINES)
def test_where_there_is_nothing_to_choose_there_is_no_execution(engine: Engine) -> None:
    result = answer(case(SB), "with r from {} acyclic po | rf", engine)
    assert result.verdict is Verdict.NEVER
    assert result.states == ()


@pytest.mark.parametrize("engine", ["enumerate", "auto"])
def test_a_total_order_of_all_writes_is_chosen_among_all_of_them(engine: Engine) -> None:
    found = case(TWO_WRITES)
    assert counts(found, "acyclic po | rf", engine) == (1, 0)
    assert counts(found, "with w from linearisations(W \\ IW, 0) acyclic w | po", engine) == (2, 0)
    assert counts(found, "with w from linearisations(W, po) acyclic w", engine) == (24, 0)
    assert counts(found, "with w from linearisations(W, IW * (W \\ IW)) irreflexive w", engine) == (4, 0)
    orders = f"let rec all s = match s with {{}} -> {{0}} || e ++ es -> {{0}} | all(es) end {FOLD}"
    assert counts(found, f"{orders} with w from {{pairs(W), pairs(W)^-1}} acyclic w", engine) == (2, 0)


@pytest.mark.parametrize("engine", ["enumerate", "auto"])
def test_a_second_coherence_order_is_chosen_anew(engine: Engine) -> None:
    """FW is not chosen anew: the second order ends with the same final write as the first one, as in herd7."""
    found = case("X86 3W\n{ x=0; }\nP0 | P1 | P2 ;\nMOV [x],$1 | MOV [x],$2 | MOV [x],$3 ;\nexists (x=1)\n")
    cos = 'include "cos.cat"'
    assert counts(found, f"{cos} acyclic co", engine) == (2, 4)
    assert counts(found, f"{cos} acyclic co {cos} acyclic co", engine) == (4, 8)
    same = f"{cos} let first = co acyclic first {cos} acyclic co empty co \\ first"
    assert counts(found, same, engine) == (2, 4)


CHOOSING = {
    "one of two static relations": "with r from {po, addr | data} acyclic r | co | rf | fr",
    "one of two static sets": "with s from {W, R, F} acyclic po-loc | rf | co | fr irreflexive [s]; po; rfe; po",
    "static relations in a difference": "with r from {po, po-loc, 0} acyclic po \\ r | rf | co",
    "one of two relations": "with r from {po, rf; po} acyclic r | co | rf | fr",
    "one of two sets": "with s from {W, range(rf), FW} acyclic po-loc | rf | co | fr irreflexive [s]; po; rfe; po",
    "pairs": "with p from {(rf, po), (co, id)} let (a, b) = p acyclic a; b | po | co flag ~empty a & b as f",
    "a relation that must not hold": "with r from {rfe, coe} acyclic po | rf empty po \\ (po; r; po) & addr",
    "choices in a recursion": "with r from {rf, co} let rec a = po-loc | r | a; a irreflexive a acyclic po | r",
    "choices of several elements": "with r from {po, rf, co} with s from {co, fr} acyclic r | s as c\nacyclic r; s",
    "a flag of the choice": "with r from {po, rf} flag ~empty r as some acyclic po-loc | rf | co | fr",
}


@pytest.mark.parametrize("name", CHOOSING)
def test_engines_agree_on_a_choice_of(name: str, full: bool) -> None:
    model = compile_text(f'"choosing" include "cos.cat"\n{CHOOSING[name]}\n', "choosing", TAGS)
    assert model.recipe is not None  # only the test says which of the values are equal
    for found in random_programs(70_000, 200 if full else 5, 1000):
        assert disagreement(found, model) is None


# ---------------------------------------------------------------- models that depend on the test


@pytest.mark.parametrize("engine", ENGINES)
def test_a_model_that_takes_sets_apart_is_compiled_for_each_test(engine: Engine) -> None:
    found = case(SB)
    order = f"{FOLD} let order = pairs(M \\ IW) & int"
    model = model_of(found, f"{order} acyclic order | rf | fr")
    assert model.recipe is not None
    assert answer(found, f"{order} acyclic order | rf | fr", engine).verdict is Verdict.NEVER
    assert answer(found, f"{order} acyclic (order & W * W) | rf | fr", engine).verdict is Verdict.SOMETIMES


@pytest.mark.parametrize("engine", ENGINES)
def test_a_model_is_compiled_for_each_path_of_a_test(engine: Engine) -> None:
    found = case(BRANCH)
    ordered = f"acyclic po | rf | co | fr {FOLD}"
    result = answer(found, f"{ordered} empty if R = R then 0 else id", engine)
    everything = answer(found, "acyclic po | rf | co | fr", engine)
    assert (result.verdict, result.states) == (everything.verdict, everything.states)
    others = "match R with {} -> {} || first ++ others -> others end"
    # Where the branch is taken, P1 has one read only: the model forbids the other path.
    one_read = answer(found, f"{ordered} empty if {others} = {{}} then 0 else id", engine)
    assert one_read.states is not None
    assert len(one_read.states) == 1
    two_reads = answer(found, f"{ordered} empty if {others} = {{}} then id else 0", engine)
    assert two_reads.states is not None
    assert everything.states is not None
    assert set(one_read.states) | set(two_reads.states) == set(everything.states)


@pytest.mark.parametrize("engine", ENGINES)
def test_a_model_that_compares_what_differs_between_executions_has_an_answer(engine: Engine) -> None:
    found = case(SB)
    stale = "if rf subset IW * R then 0 else id"  # no read from another thread
    result = answer(found, f"empty {stale}", engine)
    assert result.verdict is Verdict.ALWAYS
    assert result.positive == 1
    assert answer(found, f"acyclic po | rf | fr empty {stale}", engine).verdict is Verdict.NEVER


def test_a_mistake_that_only_a_test_shows_is_reported() -> None:
    found = case(SB)
    model = model_of(found, "let f s = match s with {} -> 0 || e ++ es -> [e] end acyclic f(M)")
    with pytest.raises(InputError) as error:
        decide(found.graph, model, found.question, Options(states="all"))
    assert error.value.span is not None
    assert error.value.span.text == "e"


DEPENDING = {
    "a fold over events": f"{FOLD} let order = pairs(M) & int & ~(po^-1) acyclic (order & po) | rf | co | fr",
    "a fold over pairs": "let rec f r = match r with {} -> 0 || p ++ ps -> p ++ f(ps) end acyclic f(po) | rf | co | fr",
    "classes by location": "forall s in classes-loc(M) do acyclic (s * s) & (po | rf | co | fr) end",
    "a comparison of static relations": "acyclic if addr = 0 then po | rf | co | fr else po-loc | rf | co | fr",
    "a comparison of dynamic relations": "acyclic po-loc | rf | co | fr empty if rfi = 0 then 0 else co",
    "a fold and a choice": f"{FOLD} with r from {{pairs(W), pairs(W)^-1}} acyclic po | rf | (r & loc)",
    "a flag of a path": f"{FOLD} flag ~empty pairs(R) & loc as two acyclic po-loc | rf | co | fr",
    "coherence orders written out": """
      let rec each s = match s with {} -> {} || c ++ cs -> linearisations(c, IW * (W \\ IW)) ++ each(cs) end
      let rec joined s = match s with {} -> {0} || c ++ cs ->
        (let rec with-each os = match os with {} -> {} || o ++ rest ->
          (let rec add rs = match rs with {} -> {} || r ++ rs -> (o | r) ++ add(rs) end in add(joined(cs)))
          | with-each(rest) end in with-each(c)) end
      with mo from joined(each(classes-loc(W)))
      acyclic po-loc | rf | mo | (rf^-1; mo)
      empty co \\ mo""",
}


@pytest.mark.parametrize("name", DEPENDING)
def test_engines_agree_on_a_model_that_depends_on_the_test_by(name: str, full: bool) -> None:
    model = compile_text(f'"depending" include "cos.cat"\n{DEPENDING[name]}\n', "depending", TAGS)
    assert model.recipe is not None
    for found in random_programs(80_000, 100 if full else 6, 500):
        assert disagreement(found, model) is None


def test_coherence_orders_that_a_model_enumerates_are_those_of_co(full: bool) -> None:
    """The usual model, once with co, and once with enumerated orders that are compared with co."""
    plain = compile_text('"m" include "cos.cat"\nacyclic po-loc | rf | co | (rf^-1; co)\n', "m", TAGS)
    written = compile_text(f'"m" include "cos.cat"\n{DEPENDING["coherence orders written out"]}\n', "m", TAGS)
    for found in random_programs(81_000, 50 if full else 5, 300):
        one, other = said(found, plain, "auto"), said(found, written, "auto")
        if isinstance(one, str) or isinstance(other, str):
            assert one == other
        else:
            assert (one.verdict, one.states) == (other.verdict, other.states)
            if not one.idle_left_out:  # else executions are not counted
                assert (one.positive, one.negative) == (other.positive, other.negative)


# ---------------------------------------------------------------- registers

# A dependency is a way through registers on which there is no access; a decision can only be at its end.  If there is a
# decision inside an instruction on the way, it is a pick dependency (the ARMv8 manual, B2.3).
COMPUTED = """
let flow = (rf-reg | iico_data; [~M])+
let decided = (flow | iico_ctrl)+
let by-addr = [R]; flow; [ADDR]; iico_data; [M]
let by-data = [R]; flow; [DATA]; iico_data; [W]
let by-ctrl = [R]; flow; [BCC]; po; [M | F]
let by-pick-addr = [R]; decided; [PRED]; decided; [ADDR]; iico_data; [M]
let by-pick-ctrl = [R]; decided; [PRED]; decided; [BCC]; po; [M | F]
"""
NATIVE = {
    "by-addr": "addr",
    "by-data": "data",
    "by-ctrl": "ctrl & (R * (M | F))",
    "by-pick-addr": "pick-addr",
    "by-pick-ctrl": "pick-ctrl & (R * (M | F))",
}

POWER = """PPC chain
{ x=0; y=0; z=0; 0:r2=x; 0:r4=y; 0:r6=z; 1:r2=x; 1:r4=y; }
P0            | P1           ;
lwz r1,0(r2)  | lwz r1,0(r4) ;
xor r3,r1,r1  | li r5,1      ;
lwzx r5,r3,r4 | stw r5,0(r2) ;
add r7,r5,r1  |              ;
stw r7,0(r6)  |              ;
cmpwi r1,1    |              ;
bne L         |              ;
stw r5,0(r4)  |              ;
L:            |              ;
sync          |              ;
lwz r8,0(r2)  |              ;
exists (0:r1=1)
"""

AARCH64 = """AArch64 chain
{ x=0; y=0; z=0; 0:X2=x; 0:X4=y; 0:X6=z; 1:X2=x; 1:X4=y; }
P0                  | P1           ;
LDR W1,[X2]         | LDR W1,[X4]  ;
EOR W3,W1,W1        | MOV W5,#1    ;
LDR W5,[X4,W3,SXTW] | STR W5,[X2]  ;
ADD W7,W5,W1        |              ;
STR W7,[X6]         |              ;
CBNZ W1,L           |              ;
STR W5,[X4]         |              ;
L:                  |              ;
DMB SY              |              ;
LDR W8,[X2]         |              ;
exists (0:X1=1)
"""

SELECTED = """AArch64 selected
{ x=0; y=0; z=0; 0:X2=x; 0:X4=y; 0:X6=z; 1:X2=x; }
P0               | P1          ;
LDR W1,[X2]      | MOV W1,#1   ;
CMP W1,#0        | STR W1,[X2] ;
CSEL X3,X4,X6,EQ |             ;
MOV W7,#2        |             ;
STR W7,[X3]      |             ;
LDR W8,[X4]      |             ;
exists (y=2)
"""

RISCV = """RISCV chain
{ x=0; y=0; z=0; 0:x6=x; 0:x7=y; 0:x8=z; 1:x6=x; 1:x7=y; }
P0               | P1          ;
lw x5,0(x6)      | lw x5,0(x7) ;
xor x9,x5,x5     | ori x9,x0,1 ;
add x10,x9,x7    | sw x9,0(x6) ;
lw x11,0(x10)    |             ;
sw x11,0(x8)     |             ;
bne x5,x0,L      |             ;
sw x11,0(x7)     |             ;
L:               |             ;
fence rw,rw      |             ;
lw x12,0(x6)     |             ;
exists (0:x5=1)
"""


def computed(text: str, tags: frozenset[str]) -> Model:
    coherent = "acyclic po-loc | rf | co | fr as coherent"
    return compile_text(f'"computed" catdep include "cos.cat"\n{COMPUTED}\n{coherent}\n{text}\n', "computed", tags)


@pytest.mark.parametrize("way", NATIVE)
@pytest.mark.parametrize("text", [POWER, AARCH64, SELECTED, RISCV], ids=["power", "aarch64", "selected", "riscv"])
def test_dependencies_computed_from_registers_are_the_dependencies(text: str, way: str) -> None:
    found = case(text)
    everything = answer(found, "acyclic po-loc | rf | co | fr", "enumerate")
    for less, more in ((way, NATIVE[way]), (NATIVE[way], way)):
        allowed = said(found, computed(f"empty ({less}) \\ ({more})", found.tags), "enumerate")
        assert isinstance(allowed, Answer), allowed
        assert (allowed.positive, allowed.negative) == (everything.positive, everything.negative), (less, more)


def test_computed_dependencies_are_not_vacuous() -> None:
    some = {"by-addr": (POWER, AARCH64, RISCV), "by-data": (POWER, AARCH64, RISCV), "by-ctrl": (POWER, AARCH64, RISCV)}
    for way, texts in (*some.items(), ("by-pick-addr", (SELECTED,))):
        for text in texts:
            found = case(text)
            result = said(found, computed(f"~empty {way}", found.tags), "enumerate")
            assert isinstance(result, Answer)
            assert result.positive or result.negative, (way, text)


@pytest.mark.parametrize("text", [POWER, AARCH64, SELECTED, RISCV], ids=["power", "aarch64", "selected", "riscv"])
def test_engines_agree_on_a_model_that_computes_dependencies(text: str) -> None:
    dependent = "acyclic by-addr | by-data | by-pick-addr | (by-ctrl & (_ * W)) | rfe as dependent"
    found = case(text)
    assert disagreement(found, computed(dependent, found.tags)) is None
    assert disagreement(found, computed(f"{FOLD} {dependent} empty pairs(Rreg) & rf-reg & ~po", found.tags)) is None


def test_engines_agree_on_computed_dependencies_of_random_tests(full: bool) -> None:
    text = "acyclic by-addr | by-data | (by-ctrl & (_ * W)) | rfe as dependent"
    for found in random_cases("PPC", None, 300 if full else 25, 500):
        assert disagreement(found, computed(text, found.tags)) is None


def test_the_register_level_has_the_events_of_an_access_that_depends() -> None:
    found = case(
        "PPC LB\n{ x=0; y=0; 0:r2=x; 0:r4=y; }\nP0 ;\nlwz r1,0(r2) ;\nxor r3,r1,r1 ;\nlwzx r5,r3,r4 ;\nstw r1,0(r2) ;\n"
        "exists (0:r1=0)\n"
    )
    shape = """
    ~empty [R]; iico_data; [Wreg]; rf-reg; [Rreg]; iico_data; [Wreg]; rf-reg; [Rreg & ADDR]; iico_data; [R]
    ~empty [R]; iico_data; [Wreg]; rf-reg; [Rreg & DATA]; iico_data; [W]
    empty [Rreg & ADDR & DATA]
    empty rf-reg \\ (po & loc)
    empty (loc & (M * (Rreg | Wreg)))
    empty [Rreg]; rf-reg
    empty rf-reg; [Wreg]
    empty B
    empty (M | F) & (Rreg | Wreg)
    empty (iico_data | iico_ctrl | iico_order) \\ same-instance
    acyclic po | rf-reg | iico_data
    """
    for engine in ENGINES:
        result = said(found, computed(shape, found.tags), engine)
        assert isinstance(result, Answer)
        assert result.verdict is Verdict.ALWAYS


def test_a_model_without_catdep_sees_decisions_but_no_registers() -> None:
    found = case(POWER)
    within = "empty _ \\ (M | F | BCC) ~empty BCC empty Rreg | Wreg empty po & ((Rreg | Wreg) * _)"
    for engine in ENGINES:
        assert answer(found, f"acyclic po-loc | rf | co | fr {within}", engine).states
        seen = said(found, computed(within, found.tags), engine)
        assert isinstance(seen, Answer)
        assert seen.states == ()
