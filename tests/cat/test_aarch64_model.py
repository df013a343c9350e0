"""models/aarch64.cat, clause by clause: each forbids an execution that is allowed without it.

Source of the verdicts: Arm ARM, DDI 0487, B2.3, by hand.  Executions are in the notation of
annotated_executions.
"""

from __future__ import annotations

from functools import cache

import pytest
from annotated_executions import annotated
from cat_evaluator import failures
from model_mutants import TAGS, changed_verdicts, is_forbidden, mutant, text_of
from random_executions import Alphabet, random_executions

from litmus.algebra.dag import Model
from litmus.cat import compile_text, load_model, without_check

EXTERNAL = ["external"]
INTERNAL = ["internal"]
ALLOWED: list[str] = []

# In LB, the other thread has a data dependency; in MP, the writer has a store-release.  So only the thread under test
# decides.
LB = "| Ry=1 data:Wx=1"
MP = "Wx=1 L:Wy=1 |"

TABLE = {
    "MP": ("Wx=1 Wy=1 | Ry=1 Rx=0", ALLOWED),
    "LB": ("Rx=1 Wy=1 | Ry=1 Wx=1", ALLOWED),
    "IRIW+addrs": ("Wx=1 | Rx=1 addr:Ry=0 | Wy=1 | Ry=1 addr:Rx=0", EXTERNAL),
    "WRC+data+addr": ("Wx=1 | Rx=1 data:Wy=1 | Ry=1 addr:Rx=0", EXTERNAL),
    # barriers
    "SB+dmb.sys": ("Wx=1 DMB.SY Ry=0 | Wy=1 DMB.SY Rx=0", EXTERNAL),
    "SB+dmb.ishs": ("Wx=1 DMB.ISH Ry=0 | Wy=1 DMB.ISH Rx=0", EXTERNAL),
    "SB+dmb.oshs": ("Wx=1 DMB.OSH Ry=0 | Wy=1 DMB.OSH Rx=0", EXTERNAL),
    "SB+dsb.sys": ("Wx=1 DSB.SY Ry=0 | Wy=1 DSB.SY Rx=0", EXTERNAL),
    "SB+dsb.ishs": ("Wx=1 DSB.ISH Ry=0 | Wy=1 DSB.ISH Rx=0", EXTERNAL),
    "SB+dsb.oshs": ("Wx=1 DSB.OSH Ry=0 | Wy=1 DSB.OSH Rx=0", EXTERNAL),
    "SB+dmb.nshs": ("Wx=1 DMB.NSH Ry=0 | Wy=1 DMB.NSH Rx=0", EXTERNAL),
    "SB+dsb.nshs": ("Wx=1 DSB.NSH Ry=0 | Wy=1 DSB.NSH Rx=0", EXTERNAL),
    "SB+dmb.sts": ("Wx=1 DMB.ST Ry=0 | Wy=1 DMB.ST Rx=0", ALLOWED),
    "SB+dmb.lds": ("Wx=1 DMB.LD Ry=0 | Wy=1 DMB.LD Rx=0", ALLOWED),
    "SB+dsb.sts": ("Wx=1 DSB.ST Ry=0 | Wy=1 DSB.ST Rx=0", EXTERNAL),
    "SB+dsb.ishsts": ("Wx=1 DSB.ISHST Ry=0 | Wy=1 DSB.ISHST Rx=0", EXTERNAL),
    "SB+dsb.oshsts": ("Wx=1 DSB.OSHST Ry=0 | Wy=1 DSB.OSHST Rx=0", EXTERNAL),
    "SB+dsb.nshsts": ("Wx=1 DSB.NSHST Ry=0 | Wy=1 DSB.NSHST Rx=0", EXTERNAL),
    "2+2W+dmb.sts": ("Wx=2 DMB.ST Wy=1 | Wy=2 DMB.ST Wx=1", EXTERNAL),
    "2+2W+dmb.ishsts": ("Wx=2 DMB.ISHST Wy=1 | Wy=2 DMB.ISHST Wx=1", EXTERNAL),
    "2+2W+dmb.oshsts": ("Wx=2 DMB.OSHST Wy=1 | Wy=2 DMB.OSHST Wx=1", EXTERNAL),
    "2+2W+dmb.nshsts": ("Wx=2 DMB.NSHST Wy=1 | Wy=2 DMB.NSHST Wx=1", EXTERNAL),
    "MP+dmb.ld+po": (f"{MP} Ry=1 DMB.LD Rx=0", EXTERNAL),
    "MP+dmb.ishld": (f"{MP} Ry=1 DMB.ISHLD Rx=0", EXTERNAL),
    "MP+dmb.oshld": (f"{MP} Ry=1 DMB.OSHLD Rx=0", EXTERNAL),
    "MP+dsb.ld": (f"{MP} Ry=1 DSB.LD Rx=0", EXTERNAL),
    "MP+dsb.ishld": (f"{MP} Ry=1 DSB.ISHLD Rx=0", EXTERNAL),
    "MP+dsb.oshld": (f"{MP} Ry=1 DSB.OSHLD Rx=0", EXTERNAL),
    "MP+dmb.nshld": (f"{MP} Ry=1 DMB.NSHLD Rx=0", EXTERNAL),
    "MP+dsb.nshld": (f"{MP} Ry=1 DSB.NSHLD Rx=0", EXTERNAL),
    "MP+dmb.ld on the writing side": ("Wx=1 DMB.LD Wy=1 | Ry=1 addr:Rx=0", ALLOWED),
    "MP+dmb.st on the reading side": (f"{MP} Ry=1 DMB.ST Rx=0", ALLOWED),
    "MP+swp-dmb.ld": (f"{MP} swap:Ry=1 swap:Wy=2 DMB.LD Rx=0", EXTERNAL),
    "MP+stadd-dmb.ld": (f"{MP} add:NoRet:Ry=1 add:Wy=2 DMB.LD Rx=0", ALLOWED),
    # acquire and release
    "MP+rel+acq": (f"{MP} A:Ry=1 Rx=0", EXTERNAL),
    "MP+rel+acqpc": (f"{MP} Q:Ry=1 Rx=0", EXTERNAL),
    "MP+rel+po": (f"{MP} Ry=1 Rx=0", ALLOWED),
    "MP+po+acq": ("Wx=1 Wy=1 | A:Ry=1 Rx=0", ALLOWED),
    "SB+rel-acqs": ("L:Wx=1 A:Ry=0 | L:Wy=1 A:Rx=0", EXTERNAL),
    "SB+rel-acqpcs": ("L:Wx=1 Q:Ry=0 | L:Wy=1 Q:Rx=0", ALLOWED),
    "SB+swpals": ("A:swap:Rx=0 L:swap:Wx=1 Ry=0 | A:swap:Ry=0 L:swap:Wy=1 Rx=0", EXTERNAL),
    "SB+swpas": ("A:swap:Rx=0 swap:Wx=1 Ry=0 | A:swap:Ry=0 swap:Wy=1 Rx=0", ALLOWED),
    "SB+swpls": ("swap:Rx=0 L:swap:Wx=1 Ry=0 | swap:Ry=0 L:swap:Wy=1 Rx=0", ALLOWED),
    "SB+ldaxr-stlxrs": ("A:lx:Rx=0 L:sc:Wx=1 Ry=0 | A:lx:Ry=0 L:sc:Wy=1 Rx=0", ALLOWED),
    "L before the read of SWPA, its write before all": ("L:Wx=1 A:swap:Ry=0 swap:Wy=1 | Ry=1 addr:Rx=0", EXTERNAL),
    "L before the read of SWP": ("L:Wx=1 swap:Ry=0 swap:Wy=1 | Ry=1 addr:Rx=0", ALLOWED),
    # dependencies
    "MP+addr": (f"{MP} Ry=1 addr:Rx=0", EXTERNAL),
    "MP+ctrl": (f"{MP} Ry=1 ctrl:Rx=0", ALLOWED),
    "MP+addr-po": (f"{MP} Ry=1 addr:Rz=0 Rx=0", ALLOWED),
    "LB+data": (f"Rx=1 data:Wy=1 {LB}", EXTERNAL),
    "LB+ctrl": (f"Rx=1 ctrl:Wy=1 {LB}", EXTERNAL),
    "LB+addr-po": (f"Rx=1 addr:Rz=0 Wy=1 {LB}", EXTERNAL),
    "LB+data-po": (f"Rx=1 data:Wz=1 Wy=1 {LB}", ALLOWED),
    "LB+data-coi": ("Rx=1 data:Wy=1 Wy=2 | Ry=2 data:Wx=1", EXTERNAL),
    "MP+data-rfi-addr": (f"{MP} Ry=1 data:Wz=1 Rz=1 addr:Rx=0", EXTERNAL),
    "MP+addr-rfi-addr": (f"{MP} Ry=1 addr:Wz=1 Rz=1 addr:Rx=0", EXTERNAL),
    "MP+ctrl-rfi-addr": (f"{MP} Ry=1 ctrl:Wz=1 done:Rz=1 addr:Rx=0", ALLOWED),
    "MP+data-coi-rfi-addr": (f"{MP} Ry=1 data:Wz=1 Wz=2 Rz=2 addr:Rx=0", ALLOWED),
    "MP+isb": (f"{MP} Ry=1 ISB Rx=0", ALLOWED),
    "MP+ctrl-isb": (f"{MP} Ry=1 ctrl:ISB Rx=0", EXTERNAL),
    "MP+addr-isb": (f"{MP} Ry=1 addr:Rz=0 ISB Rx=0", EXTERNAL),
    # dependencies through memory, by atomic instructions that compute
    "MP+ldadd-rfi-addr": (f"{MP} add:Ry=1 add:Wy=2 Ry=2 addr:Rx=0", EXTERNAL),
    "MP+swp-rfi-addr": (f"{MP} swap:Ry=1 swap:Wy=2 Ry=2 addr:Rx=0", ALLOWED),
    "MP+cas-rfi-addr": (f"{MP} cas:Ry=1 cas:Wy=2 Ry=2 addr:Rx=0", ALLOWED),
    "MP+ldadd-rfi-ldadd-rfi-addr": (f"{MP} add:Ry=1 add:Wy=2 add:Ry=2 add:Wy=3 Ry=3 addr:Rx=0", EXTERNAL),
    "LB+ldadd-rfi-data": (f"add:Rx=1 add:Wx=2 Rx=2 data:Wy=1 {LB}", EXTERNAL),
    "LB+ldadd-rfi-ctrl": (f"add:Rx=1 add:Wx=2 Rx=2 ctrl:Wy=1 {LB}", EXTERNAL),
    "LB+swp-rfi-data": (f"swap:Rx=1 swap:Wx=2 Rx=2 data:Wy=1 {LB}", ALLOWED),
    "LB+cas-rfi-data": (f"cas:Rx=1 cas:Wx=2 Rx=2 data:Wy=1 {LB}", EXTERNAL),
    "MP+swp-rfi-acq": (f"{MP} swap:Ry=1 swap:Wy=2 A:Ry=2 Rx=0", EXTERNAL),
    "MP+swp-rfi-acqpc": (f"{MP} swap:Ry=1 swap:Wy=2 Q:Ry=2 Rx=0", EXTERNAL),
    "MP+swp-coi-rfi-acq": (f"{MP} swap:Ry=1 swap:Wy=2 Wy=3 A:Ry=3 Rx=0", ALLOWED),
    # what was picked
    "MP+pick-addr": (f"{MP} Ry=1 pick-addr:Rx=0", ALLOWED),
    "MP+pick-addr-po": (f"{MP} Ry=1 pick-addr:Rz=0 Rx=0", ALLOWED),
    "MP+pick-ctrl-isb": (f"{MP} Ry=1 pick-ctrl:ISB Rx=0", EXTERNAL),
    "MP+pick-addr-isb": (f"{MP} Ry=1 pick-addr:Rz=0 ISB Rx=0", EXTERNAL),
    "MP+pick-data-rfi-addr": (f"{MP} Ry=1 pick-data:Wz=1 Rz=1 addr:Rx=0", ALLOWED),
    "MP+pick-data-rfi-ctrl-isb": (f"{MP} Ry=1 pick-data:Wz=1 Rz=1 ctrl:ISB Rx=0", EXTERNAL),
    "LB+pick-data": (f"Rx=1 pick-data:Wy=1 {LB}", EXTERNAL),
    "LB+pick-ctrl": (f"Rx=1 pick-ctrl:Wy=1 {LB}", EXTERNAL),
    "LB+pick-addr": (f"Rx=1 pick-addr:Wy=1 {LB}", EXTERNAL),
    "LB+pick-addr-po": (f"Rx=1 pick-addr:Rz=0 Wy=1 {LB}", EXTERNAL),
    "LB+pick-data-po": (f"Rx=1 pick-data:Wz=1 Wy=1 {LB}", ALLOWED),
    "LB+pick-data-rfi-data": (f"Rx=1 pick-data:Wz=1 Rz=1 data:Wy=1 {LB}", EXTERNAL),
    "LB+pick-data-rfi-po": (f"Rx=1 pick-data:Wz=1 Rz=1 Wy=1 {LB}", ALLOWED),
    "LB+pick-data-rfi-pick-data-rfi-data": (
        f"Rx=1 pick-data:Wz=1 Rz=1 pick-data:Wa=1 Ra=1 data:Wy=1 {LB}",
        EXTERNAL,
    ),
    "LB+pick-data-rfi-data-rfi-pick-data-rfi-data": (
        f"Rx=1 pick-data:Wz=1 Rz=1 data:Wa=1 Ra=1 pick-data:Wb=1 Rb=1 data:Wy=1 {LB}",
        EXTERNAL,
    ),
    "LB+pick-data-rfi-swp-rfi-acq": (f"Rx=1 pick-data:Wz=1 swap:Rz=1 swap:Wz=2 A:Rz=2 Wy=1 {LB}", EXTERNAL),
    "LB+ldadd-rfi-pick-data": (f"add:Rx=1 add:Wx=2 Rx=2 pick-data:Wy=1 {LB}", EXTERNAL),
    "LB+ldadd-rfi-pick-addr": (f"add:Rx=1 add:Wx=2 Rx=2 pick-addr:Wy=1 {LB}", EXTERNAL),
    "LB+ldadd-rfi-pick-ctrl": (f"add:Rx=1 add:Wx=2 Rx=2 pick-ctrl:Wy=1 {LB}", EXTERNAL),
    # coherence and atomicity
    "CoRR": ("Wx=1 | Rx=1 Rx=0", INTERNAL),
    "CoWW": ("Wx=2 Wx=1", INTERNAL),
    "CoRW1": ("Rx=1 Wx=1", INTERNAL),
    "CoRW2": ("Wx=2 | Rx=2 Wx=1", ["internal", "external"]),
    "CoWR": ("Wx=1 Rx=0", INTERNAL),
    "an atomic read of its own write": ("swap:Rx=1 swap:Wx=1", INTERNAL),
    "two increments, one lost": ("lx:Rx=0 sc:Wx=1 | lx:Rx=0 sc:Wx=2", ["atomic"]),
    "two increments": ("lx:Rx=0 sc:Wx=1 | lx:Rx=1 sc:Wx=2", ALLOWED),
    "a write inside a swap": ("swap:Rx=0 swap:Wx=2 | Wx=1", ["atomic"]),
    "a write inside a pair with a store of its own": ("lx:Rx=0 Wx=1 sc:Wx=3 | Wx=2", ALLOWED),
}


@cache
def model() -> Model:
    return load_model("aarch64", TAGS["aarch64"])


@pytest.mark.parametrize("test", TABLE)
def test_the_model_forbids_an_execution_by_the_requirement_that_the_manual_names(test: str) -> None:
    text, expected = TABLE[test]
    assert failures(model(), annotated(text)) == expected


@pytest.mark.parametrize("check", ["internal", "atomic", "external"])
def test_dropping_any_requirement_allows_an_execution_that_was_forbidden(check: str) -> None:
    assert changed_verdicts(without_check(model(), check), TABLE)


# Each clause, and what is left without it.
MUTATIONS = [
    ("acyclic po-loc | rmw", "acyclic rmw"),
    ("acyclic po-loc | rmw |", "acyclic po-loc |"),
    ("rmw | rf | co | fr as internal", "rmw | co | fr as internal"),
    ("rmw | rf | co | fr as internal", "rmw | rf | fr as internal"),
    ("rmw | rf | co | fr as internal", "rmw | rf | co as internal"),
    (" \\ (po-loc; [W]; po-loc) as atomic", " as atomic"),
    ("(W * R)) \\ (po-loc; [W]; po-loc)", "(W * R))"),
    ("let addr = addr | through; addr", ""),
    ("let data = data | through; data", ""),
    ("let ctrl = ctrl | through; ctrl", ""),
    ("let pick-addr = pick-addr | through; pick-addr", ""),
    ("let pick-data = pick-data | through; pick-data", ""),
    ("let pick-ctrl = pick-ctrl | through; pick-ctrl", ""),
    ("(amo-data; lrs)+", "amo-data; lrs"),
    ("(amo-data; lrs)+", "(amo; lrs)+"),
    ("let dob = addr | data", "let dob = data"),
    ("let dob = addr | data", "let dob = addr"),
    ("        | ctrl; [W]\n", ""),
    ("        | ctrl; [W]\n", "        | ctrl\n"),
    ("        | addr; po; [W]\n        | (addr", "        | (addr"),
    ("        | addr; po; [W]\n        | (addr", "        | addr; po\n        | (addr"),
    ("(addr | data); lrs", "addr; lrs"),
    ("(addr | data); lrs", "data; lrs"),
    ("let pob = (pick-addr | pick-data", "let pob = (pick-data"),
    ("let pob = (pick-addr | pick-data |", "let pob = (pick-addr |"),
    ("pick-data | pick-ctrl); [W]", "pick-data); [W]"),
    ("pick-data | pick-ctrl); [W]", "pick-data | pick-ctrl)"),
    ("        | pick-addr; po; [W]\n", ""),
    ("        | pick-addr; po; [W]\n", "        | pick-addr; po\n"),
    ("let aob = rmw\n", "let aob = 0\n"),
    ("        | rmw; lrs; [A | Q]\n", ""),
    ("rmw; lrs; [A | Q]", "rmw; lrs; [A]"),
    ("rmw; lrs; [A | Q]", "rmw; lrs; [Q]"),
    ("rmw; lrs; [A | Q]", "rmw; lrs"),
    ("po; [dmb.full]; po", "0"),
    ("        | [R \\ NoRet]; po; [dmb.ld]; po\n", ""),
    ("[R \\ NoRet]; po; [dmb.ld]", "[R]; po; [dmb.ld]"),
    ("[R \\ NoRet]; po; [dmb.ld]", "po; [dmb.ld]"),
    ("        | [W]; po; [dmb.st]; po; [W]\n", ""),
    ("[dmb.st]; po; [W]", "[dmb.st]; po"),
    ("        | [W]; po; [dsb.st]; po\n", ""),
    ("        | [range([A]; amo; [L])]; po\n", ""),
    ("range([A]; amo; [L])", "range(amo; [L])"),
    ("range([A]; amo; [L])", "range([A]; amo)"),
    ("range([A]; amo; [L])", "range([A]; rmw; [L])"),
    ("        | [L]; po; [A]\n", ""),
    ("[L]; po; [A]\n", "[L]; po; [A | Q]\n"),
    ("        | [A | Q]; po\n", ""),
    ("        | [A | Q]; po\n", "        | [A]; po\n"),
    ("        | [A | Q]; po\n", "        | [Q]; po\n"),
    ("        | po; [L]\n", ""),
    ("picks; (picks | (data; lrs))*", "picks"),
    ("picks; (picks | (data; lrs))*", "picks; (data; lrs)*"),
    ("picks; (picks | (data; lrs))*", "picks; picks*"),
    ("let decides = ctrl | pick-ctrl", "let decides = pick-ctrl"),
    ("let decides = ctrl | pick-ctrl", "let decides = ctrl"),
    ("(addr | pick-addr); po\n", "addr; po\n"),
    ("(addr | pick-addr); po\n", "pick-addr; po\n"),
    ("(decides | pick-basic-dep; decides)", "decides"),
    ("[ISB]; po", "0"),
    ("; [ISB]; po", "; po"),
    ("lob = lws | dob", "lob = dob"),
    ("obs | lob | pick-lob", "obs | lob"),
    ("; lob+; [W]", "; lob; [W]"),
    ("; lob+; [W]", "; lob+"),
    ("(rf | co | fr) & ext", "(co | fr) & ext"),
    ("(rf | co | fr) & ext", "(rf | fr) & ext"),
    ("(rf | co | fr) & ext", "(rf | co) & ext"),
    ("(rf | co | fr) & ext", "(rf | co | fr)"),
    # models/lib/aarch64fences.cat
    *((f"= {name} |", "=") for name in ("DSB.SY", "DSB.LD", "DSB.ST", "DMB.SY", "DMB.LD", "DMB.ST")),
    *((f" | DSB.{name} |", " |") for name in ("ISH", "ISHLD", "ISHST", "OSH", "OSHLD", "OSHST")),
    *((f" | DSB.{name}\n", "\n") for name in ("NSH", "NSHLD", "NSHST")),
    *((f" | DMB.{d}{kind} |", " |") for d in ("ISH", "OSH", "NSH") for kind in ("", "LD", "ST")),
    ("DMB.NSH | dsb.full", "DMB.NSH"),
    ("DMB.NSHLD | dsb.ld", "DMB.NSHLD"),
]


@pytest.mark.parametrize(("old", "new"), MUTATIONS)
def test_changing_any_clause_changes_a_verdict(old: str, new: str) -> None:
    text = text_of("aarch64", "aarch64fences.cat")
    assert changed_verdicts(mutant("aarch64", text, old, new), TABLE)


# What the manual says at greater length, or in addition.  The model's text says why the result is the same.
ELSEWHERE = [
    ("let lrs = (po-loc & (W * R)) \\ (po-loc; [W]; po-loc)", "let lrs = rfi"),
    ("let lws = po-loc & (M * W)", "let lws = coi"),
    ("\\ (po-loc; [W]; po-loc) as atomic", "\\ (fri; coi) as atomic"),
    ("let ob = obs |", "let ob = ([R]; po-loc; [R]; (fr & ext)) | obs |"),  # hazard-ordered-before
    (
        "let picks = pick-data; lrs\nlet pick-basic-dep = picks; (picks | (data; lrs))*\n",
        "let step = (addr; [R]) | ((addr | data | amo-data); lrs)\n"
        "let picks = (pick-addr; [R]) | ((pick-addr | pick-data); lrs)\n"
        "let pick-basic-dep = step*; picks; (step | picks)*\n",
    ),
]
ALPHABET = Alphabet(
    fences=("DMB.LD", "DMB.ST", "ISB", "DSB.ST"),
    dependencies=("addr", "data", "ctrl", "pick-addr", "pick-data", "pick-ctrl"),
    atomics=("swap", "add", "cas"),
    read_sets=("A", "Q", "NoRet"),
    write_sets=("L",),
    fence=0.1,
    dependency=0.8,
)


def test_shorter_clauses_decide_random_executions_as_the_manuals_do() -> None:
    text = text_of("aarch64", "aarch64fences.cat")
    others = [mutant("aarch64", text, old, new) for old, new in ELSEWHERE]
    forbidden = 0
    for execution in random_executions(ALPHABET, 300):
        verdict = is_forbidden(model(), execution)
        forbidden += verdict
        assert all(is_forbidden(other, execution) is verdict for other in others), execution
    assert 10 < forbidden < 290


def test_the_model_compiles_for_an_architecture_that_has_none_of_its_barriers() -> None:
    assert compile_text(text_of("aarch64"), "aarch64", frozenset()).checks
