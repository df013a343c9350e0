"""models/arm.cat, clause by clause: each forbids an execution that is allowed without it.

Source of the verdicts: Alglave, Maranget, Tautschnig, TOPLAS 2014, by hand.  Executions are in the
notation of annotated_executions.
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

COHERENCE = ["sc-per-location"]
THIN_AIR = ["no-thin-air"]
PROPAGATION = ["propagation"]
ALLOWED: list[str] = []

MP = "Wx=1 DMB Wy=1 |"

TABLE = {
    "MP": ("Wx=1 Wy=1 | Ry=1 Rx=0", ALLOWED),
    "MP+po+addr": ("Wx=1 Wy=1 | Ry=1 addr:Rx=0", ALLOWED),
    "MP+dmb+po": (f"{MP} Ry=1 Rx=0", ALLOWED),
    "MP+dmbs": (f"{MP} Ry=1 DMB Rx=0", PROPAGATION),
    "MP+dsbs": ("Wx=1 DSB Wy=1 | Ry=1 DSB Rx=0", PROPAGATION),
    "MP+dmb.st+addr": ("Wx=1 DMB.ST Wy=1 | Ry=1 addr:Rx=0", PROPAGATION),
    "MP+dsb.st+addr": ("Wx=1 DSB.ST Wy=1 | Ry=1 addr:Rx=0", PROPAGATION),
    "MP+dmb+dmb.st": (f"{MP} Ry=1 DMB.ST Rx=0", ALLOWED),
    "MP+dmb+addr": (f"{MP} Ry=1 addr:Rx=0", PROPAGATION),
    "MP+dmb+ctrl": (f"{MP} Ry=1 ctrl:Rx=0", ALLOWED),
    "MP+dmb+isb": (f"{MP} Ry=1 ISB Rx=0", ALLOWED),
    "MP+dmb+ctrlisb": (f"{MP} Ry=1 ctrl:ISB Rx=0", PROPAGATION),
    "MP+dmb+rdw": (f"{MP} Ry=1 addr:Rz=0 Rz=1 addr:Rx=0 | Wz=1", PROPAGATION),
    "MP+dmb+rsw": (f"{MP} Ry=1 addr:Rz=0 Rz=0 addr:Rx=0 | Wa=1", ALLOWED),
    "MP+dmb+addr-detour-addr": (f"{MP} Ry=1 addr:Wz=1 Rz=2 addr:Rx=0 | Wz=2", PROPAGATION),
    "MP+dmb+data-detour-data": (f"{MP} Ry=1 data:Wz=1 Rz=2 addr:Rx=0 | Wz=2", PROPAGATION),
    "PPOCA": (f"{MP} Ry=1 ctrl:Wz=1 done:Rz=1 addr:Rx=0", ALLOWED),
    "PPODA": (f"{MP} Ry=1 data:Wz=1 Rz=1 addr:Rx=0", PROPAGATION),
    "MP+dmb+fri-rfi-ctrlisb": (f"{MP} Ry=1 Wy=2 Ry=2 ctrl:ISB Rx=0", ALLOWED),
    "SB+dmbs": ("Wx=1 DMB Ry=0 | Wy=1 DMB Rx=0", PROPAGATION),
    "SB+dmb+dsb": ("Wx=1 DMB Ry=0 | Wy=1 DSB Rx=0", PROPAGATION),
    "SB+dmb.sts": ("Wx=1 DMB.ST Ry=0 | Wy=1 DMB.ST Rx=0", ALLOWED),
    "SB+dsb.sts": ("Wx=1 DSB.ST Ry=0 | Wy=1 DSB.ST Rx=0", ALLOWED),
    "LB+data+addr": ("Rx=1 data:Wy=1 | Ry=1 addr:Wx=1", THIN_AIR),
    "LB+ctrls": ("Rx=1 ctrl:Wy=1 | Ry=1 ctrl:Wx=1", THIN_AIR),
    "LB+addr-po+data": ("Rx=1 addr:Rz=0 Wy=1 | Ry=1 data:Wx=1", THIN_AIR),
    "LB+data-po+data": ("Rx=1 data:Wz=1 Wy=1 | Ry=1 data:Wx=1", ALLOWED),
    "LB+data-wsi+data": ("Rx=1 data:Wy=1 Wy=2 | Ry=2 data:Wx=1", ALLOWED),
    "LB+data-wsi+dmb": ("Rx=1 data:Wy=1 Wy=2 | Ry=2 DMB Wx=1", PROPAGATION),
    "LB+dmb+data": ("Rx=1 DMB Wy=1 | Ry=1 data:Wx=1", PROPAGATION),
    "LB+dmbs": ("Rx=1 DMB Wy=1 | Ry=1 DMB Wx=1", PROPAGATION),
    "LB+dmb.sts": ("Rx=1 DMB.ST Wy=1 | Ry=1 DMB.ST Wx=1", ALLOWED),
    "S+dmb+data": ("Wx=2 DMB Wy=1 | Ry=1 data:Wx=1", PROPAGATION),
    "R+dmbs": ("Wx=1 DMB Wy=1 | Wy=2 DMB Rx=0", PROPAGATION),
    "2+2W+dmbs": ("Wx=2 DMB Wy=1 | Wy=2 DMB Wx=1", PROPAGATION),
    "2+2W+dmb.st+dsb.st": ("Wx=2 DMB.ST Wy=1 | Wy=2 DSB.ST Wx=1", PROPAGATION),
    "2+2W+dmb+po": ("Wx=2 DMB Wy=1 | Wy=2 Wx=1", ALLOWED),
    "WRC+dmb+addr": ("Wx=1 | Rx=1 DMB Wy=1 | Ry=1 addr:Rx=0", PROPAGATION),
    "WRC+addrs": ("Wx=1 | Rx=1 addr:Wy=1 | Ry=1 addr:Rx=0", ALLOWED),
    "RWC+dmbs": ("Wx=1 | Rx=1 DMB Ry=0 | Wy=1 DMB Rx=0", PROPAGATION),
    "ISA2+dmb+data+addr": ("Wx=1 DMB Wy=1 | Ry=1 data:Wz=1 | Rz=1 addr:Rx=0", PROPAGATION),
    "W+RWC+dmb+addr+dmb": ("Wx=1 DMB Wy=1 | Ry=1 addr:Rz=0 | Wz=1 DMB Rx=0", PROPAGATION),
    "IRIW+dmbs": ("Wx=1 | Rx=1 DMB Ry=0 | Wy=1 | Ry=1 DMB Rx=0", PROPAGATION),
    "IRIW+addrs": ("Wx=1 | Rx=1 addr:Ry=0 | Wy=1 | Ry=1 addr:Rx=0", ALLOWED),
    "Z6.3+dmb+dmb+addr": ("Wx=1 DMB Wy=1 | Wy=2 DMB Wz=1 | Rz=1 addr:Rx=0", PROPAGATION),
    "a write overtaken, and read before a fence": (
        "Wx=1 | Wx=2 | Rx=2 DMB Wy=1 | Ry=1 addr:Rx=0",
        PROPAGATION,
    ),
    "CoRR": ("Wx=1 | Rx=1 Rx=0", COHERENCE),
    "CoWW": ("Wx=2 Wx=1", COHERENCE),
    "CoRW1": ("Rx=1 Wx=1", COHERENCE),
    "CoRW2": ("Wx=2 | Rx=2 Wx=1", COHERENCE),
    "CoWR": ("Wx=1 Rx=0", COHERENCE),
    "two increments, one lost": ("lx:Rx=0 sc:Wx=1 | lx:Rx=0 sc:Wx=2", ["atomicity"]),
    "two increments": ("lx:Rx=0 sc:Wx=1 | lx:Rx=1 sc:Wx=2", ALLOWED),
    "2+2W with store-exclusives": (
        "lx:Rx=1 sc:Wx=2 lx:Ry=0 sc:Wy=1 | lx:Ry=1 sc:Wy=2 lx:Rx=0 sc:Wx=1",
        ["exclusives"],
    ),
}


@cache
def model() -> Model:
    return load_model("arm", TAGS["arm"])


@pytest.mark.parametrize("test", TABLE)
def test_the_model_forbids_an_execution_by_the_axiom_that_the_paper_names(test: str) -> None:
    text, expected = TABLE[test]
    assert failures(model(), annotated(text)) == expected


@pytest.mark.parametrize("check", [c.name for c in model().checks])
def test_dropping_any_axiom_allows_an_execution_that_was_forbidden(check: str) -> None:
    assert changed_verdicts(without_check(model(), check), TABLE)


# Each clause, and what is left without it.
MUTATIONS = [
    ("po-loc | rf | co | fr as", "rf | co | fr as"),
    ("po-loc | rf | co | fr as", "po-loc | co | fr as"),
    ("po-loc | rf | co | fr as", "po-loc | rf | fr as"),
    ("po-loc | rf | co | fr as", "po-loc | rf | co as"),
    ("let dd = addr | data", "let dd = addr"),
    ("let dd = addr | data", "let dd = data"),
    ("let ii0 = dd | rfi | rdw", "let ii0 = rfi | rdw"),
    ("let ii0 = dd | rfi | rdw", "let ii0 = dd | rfi"),
    ("let ii0 = dd | rfi | rdw", "let ii0 = dd | rdw"),
    ("let ci0 = ctrlisb | detour", "let ci0 = detour"),
    ("let ci0 = ctrlisb | detour", "let ci0 = ctrlisb"),
    ("let cc0 = ctrl | (addr; po)", "let cc0 = (addr; po)"),
    ("let cc0 = ctrl | (addr; po)", "let cc0 = ctrl"),
    ("let cc0 = ctrl | (addr; po)", "let cc0 = ctrl | (addr; po) | po-loc"),  # Power's
    ("((dmb | dsb) & (M * M))", "(dsb & (M * M))"),
    ("((dmb | dsb) & (M * M))", "(dmb & (M * M))"),
    ("(dmb.st | dsb.st) & (W * W)", "dsb.st & (W * W)"),
    ("(dmb.st | dsb.st) & (W * W)", "dmb.st & (W * W)"),
    ("(dmb.st | dsb.st) & (W * W)", "(dmb.st | dsb.st)"),
    ("let hb = ppo | rfe", "let hb = rfe"),
    ("let hb = ppo | rfe", "let hb = ppo"),
    ("let prop = fre?; rfe?;", "let prop = rfe?;"),
    ("let prop = fre?; rfe?;", "let prop = fre; rfe?;"),
    ("let prop = fre?; rfe?;", "let prop = fre?;"),
    ("let prop = fre?; rfe?;", "let prop = fre?; rfe;"),
    ("fences; hb*\n", "fences\n"),
    ("acyclic co | prop", "acyclic prop"),
    ("acyclic co | (po &", "acyclic (po &"),
    # models/lib/armfences.cat
    *((f"let {n} = try", f"let {n} = 0 let unused = try") for n in ("dmb", "dsb", "dmb.st", "dsb.st", "ctrlisb")),
]


@pytest.mark.parametrize(("old", "new"), MUTATIONS)
def test_changing_any_clause_changes_a_verdict(old: str, new: str) -> None:
    assert changed_verdicts(mutant("arm", text_of("arm", "armfences.cat"), old, new), TABLE)


def paper() -> Model:
    """The model with the paper's definitions in the places where our text says that they are equivalent."""
    definitions = {
        "let cc0 = ctrl |": "let cc0 = dd | ctrl |",
        "let hb = ppo | rfe": "let hb = ppo | fences | rfe",
        "let prop = fre?; rfe?; fences; hb*": (
            "let com = rfe | ((fre | coe); rfe?)\n"
            "let base = (fences | (rfe; fences)); hb*\n"
            "let prop = (base & (W * W)) | (com?; base*; fences; hb*)"
        ),
        "show prop\n": "irreflexive fre; prop; hb* as observation\n",
    }
    text = text_of("arm", "armfences.cat")
    for ours, theirs in definitions.items():
        assert text.count(ours) == 1
        text = text.replace(ours, theirs)
    return compile_text(text, "arm", TAGS["arm"])


def test_the_definitions_decide_random_executions_as_the_papers_do() -> None:
    other = paper()
    alphabet = Alphabet(("DMB", "DSB", "DMB.ST", "DSB.ST", "ctrl:ISB"), fence=0.35)
    forbidden = 0
    for execution in random_executions(alphabet, 600):
        verdict = is_forbidden(model(), execution)
        forbidden += verdict
        assert is_forbidden(other, execution) is verdict, execution
    assert 10 < forbidden < 590
