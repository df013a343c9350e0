"""Which models demand coherence: the proof must find all that do, and none that does not."""

from __future__ import annotations

import pytest
from agreement import said
from cases import case
from programs import TAGS

from litmus.cat import compile_text, load_model, without_check
from litmus.engine import Answer, Verdict
from litmus.engine.coherence import demands_atomicity, demands_coherence
from litmus.isa import architecture_named

BUILT_IN = [
    ("X86", "sc"),
    ("X86", "tso"),
    ("X86_64", "x86-tso"),
    ("PPC", "power"),
    ("ARM", "arm"),
    ("AArch64", "aarch64"),
    ("RISCV", "riscv"),
]


@pytest.mark.parametrize(("arch", "name"), BUILT_IN)
def test_the_built_in_models_demand_coherence(arch: str, name: str) -> None:
    assert demands_coherence(load_model(name, architecture_named(arch).tags, arch=arch))


DEMANDING = [
    "acyclic po-loc | rf | co | fr",
    "acyclic po | rf | co | fr",
    "irreflexive (po-loc | rf | co | fr)+",
    "acyclic (po & loc) | co | rf | rf^-1; co",
    "acyclic po-loc & (M * M) | rf | co | fr | addr",
    "empty rf & po^-1 empty co & po^-1 empty fr & po^-1 empty po-loc & (fr; rf)^-1 empty po-loc & (co; rf)^-1",
    "irreflexive po-loc; (co | fr | rf | fr; rf | co; rf)",
    "let rec c = po-loc | rf | co | fr | c; c irreflexive c",
    "acyclic (po-loc \\ [W]) | rf | co | fr",  # takes no two events apart
    "acyclic (po-loc \\ po^-1) | rf | co | fr",
    "acyclic (po-loc \\ (IW * W)) | rf | co | fr",
    # As the armv8 model has it: internal visibility, by the threads that events are of.
    "let intc = int & loc let ca = fr | co acyclic po-loc | (ca & int) | (rf & int) as internal"
    " let obs = rfe | fre | coe let rec ob = obs | po-loc; [W]; obs | ob; ob acyclic po-loc | ca | rf",
]


@pytest.mark.parametrize("text", DEMANDING)
def test_a_model_that_demands_coherence_is_known_to(text: str) -> None:
    assert demands_coherence(compile_text(f'"m" include "cos.cat"\n{text}\n', "m", TAGS))


NOT_DEMANDING = [
    "let nothing = 0",
    "acyclic po-loc | rf | co",
    "acyclic po-loc | rf | fr",
    "acyclic rf | co | fr",
    "acyclic (po-loc & (W * M)) | rf | co | fr",
    "acyclic (po-loc \\ (R * R)) | rf | co | fr",  # load-load hazards
    "acyclic (po-loc \\ (W * R)^-1) | rf | co | fr",
    "acyclic (po-loc \\ ([R]; po; [R])) | rf | co | fr",
    "acyclic (po-loc \\ ([domain(addr)]; loc; [domain(addr)])) | rf | co | fr",  # it may lead to a third event
    "acyclic po-loc | rfe | co | fr",  # a read before the write of its own thread that it reads
    "acyclic po-loc | rf | coe | fr",
    "~acyclic po-loc | rf | co | fr",
    "flag ~acyclic po-loc | rf | co | fr as incoherent",
    "undefined_unless acyclic po-loc | rf | co | fr",
    "acyclic (po-loc & ctrl) | rf | co | fr",
    "acyclic (po-loc; [SYNC]; po-loc) | rf | co | fr",
    "acyclic (po-loc & same-value) | rf | co | fr",
    "acyclic (po-loc \\ addr) | rf | co | fr",  # what may be taken away is not certain
    "acyclic ([R]; po-loc; [R]) | rf | co | fr",  # a write is a read only if it is an atomic instruction
    "let rec a = po-loc \\ a acyclic a | rf | co | fr",
    "assert acyclic po-loc | rf | co | fr",
    "acyclic po-loc | rf | co | fr assert acyclic po",
]


@pytest.mark.parametrize("text", NOT_DEMANDING)
def test_a_model_that_does_not_demand_coherence_is_not_taken_for_one(text: str) -> None:
    assert not demands_coherence(compile_text(f'"m" include "cos.cat"\n{text}\n', "m", TAGS))


# Each of "Herding cats", section 4.2: a program, and a state that only an incoherent execution reaches.
VIOLATIONS = {
    "coWW": ("P0 ;\nMOV [x],$1 ;\nMOV [x],$2 ;", "x=1"),
    "coRW1": ("P0 ;\nMOV EAX,[x] ;\nMOV [x],$1 ;", "0:EAX=1"),
    "coRW2": ("P0 | P1 ;\nMOV EAX,[x] | MOV [x],$2 ;\nMOV [x],$1 | ;", "0:EAX=2 /\\ x=2"),
    "coWR": ("P0 | P1 ;\nMOV [x],$1 | MOV [x],$2 ;\nMOV EAX,[x] | ;", "0:EAX=2 /\\ x=1"),
    "coWR of the initial value": ("P0 ;\nMOV [x],$1 ;\nMOV EAX,[x] ;", "0:EAX=0"),
    "coRR": ("P0 | P1 ;\nMOV EAX,[x] | MOV [x],$1 ;\nMOV EBX,[x] | ;", "0:EAX=1 /\\ 0:EBX=0"),
}
# A check that forbids all other violations, but not this one.  coRW1 has none: without its check, it has no state.
ALLOWING = {
    "coWW": "acyclic (po-loc \\ (W * W)) | rf | co | fr",
    "coRW2": "acyclic (po-loc \\ (R * W)) | rf | co | fr",
    "coWR": "acyclic (po-loc \\ (W * R)) | rf | co | fr",
    "coWR of the initial value": "acyclic (po-loc \\ (W * R)) | rf | co | fr",
    "coRR": "acyclic (po-loc \\ (R * R)) | rf | co | fr",
}


@pytest.mark.parametrize("name", VIOLATIONS)
def test_a_violation_of_coherence_is_possible_exactly_where_no_check_forbids_it(name: str) -> None:
    code, state = VIOLATIONS[name]
    found = case(f"X86 violation\n{{ x=0; }}\n{code}\nexists ({state})\n")
    for engine in ("enumerate", "auto", "z3"):
        forbidding = said(found, compile_text(f'"m" include "cos.cat"\n{DEMANDING[0]}\n', "m", found.tags), engine)
        assert isinstance(forbidding, Answer)
        assert forbidding.verdict is Verdict.NEVER
        if name in ALLOWING:
            allowing = said(found, compile_text(f'"m" include "cos.cat"\n{ALLOWING[name]}\n', "m", found.tags), engine)
            assert isinstance(allowing, Answer)
            assert allowing.verdict is not Verdict.NEVER


ATOMIC = {
    "empty rmw & (fre; coe)": {"amo", "lxsx"},
    "empty rmw & (fre; coe) as one\nacyclic po-loc | rf | co | fr": {"amo", "lxsx", "single"},
    "irreflexive rmw^-1; fre; coe": {"amo", "lxsx"},
    "irreflexive rmw; fre; coe": set[str](),  # what is read before the write is no matter
    "irreflexive fre; coe\nempty rmw & (fre; coe)": {"amo", "lxsx", "single"},
    "empty amo & (fre; coe)": {"amo"},
    "empty lxsx & (fre; coe)": {"lxsx"},
    "empty (lxsx & (fre; coe)) \\ po": set[str](),  # both are in program order
    "empty (rmw & (fre; coe)) \\ (po-loc; [W]; po-loc)": set[str](),  # a write of the same thread may be between
    "acyclic po | rf | co | fr": {"single"},
    "acyclic po-loc | rf | co | fr": {"single"},
    "assert acyclic po\nempty rmw & (fre; coe)": set[str](),
    "~empty rmw & (fre; coe)": set[str](),
}


@pytest.mark.parametrize("checks", ATOMIC)
def test_which_pairs_a_model_demands_to_be_atomic_is_proved(checks: str) -> None:
    model = compile_text(f'"m" include "cos.cat"\n{checks}\n', "m", TAGS)
    assert demands_atomicity(model) == ATOMIC[checks]


@pytest.mark.parametrize("name", ["power", "x86-tso", "riscv", "arm"])
def test_without_its_axiom_a_built_in_model_demands_less_atomicity(name: str) -> None:
    model = load_model(name, TAGS)
    assert {"amo", "lxsx"} <= demands_atomicity(model)
    axiom = next(check.name for check in model.checks if check.name in ("atomic", "atomicity"))
    assert axiom is not None
    assert "amo" not in demands_atomicity(without_check(model, axiom))
