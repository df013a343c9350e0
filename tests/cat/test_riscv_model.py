"""models/riscv.cat, rule by rule: each forbids an execution that is allowed without it.

Source of the verdicts: the RISC-V Unprivileged ISA, chapters RVWMO and Ztso, by hand.  Executions are in
the notation of annotated_executions.
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

MODEL = ["model"]
COHERENCE = ["coherence"]
ALLOWED: list[str] = []

MP = "Wx=1 Rel:Wy=1 |"

TABLE = {
    "MP": ("Wx=1 Wy=1 | Ry=1 Rx=0", ALLOWED),
    "LB": ("Rx=1 Wy=1 | Ry=1 Wx=1", ALLOWED),
    "IRIW+addrs": ("Wx=1 | Rx=1 addr:Ry=0 | Wy=1 | Ry=1 addr:Rx=0", MODEL),
    "2+2W, one location each way": ("Wx=1 Wy=1 | Wy=2 Wx=2", ALLOWED),
    # rule 4
    "MP+fence.w.w+fence.r.r": ("Wx=1 Fence.w.w Wy=1 | Ry=1 Fence.r.r Rx=0", MODEL),
    "MP+fence.rw.w+fence.r.rw": ("Wx=1 Fence.rw.w Wy=1 | Ry=1 Fence.r.rw Rx=0", MODEL),
    "MP+fence.w.rw+fence.rw.r": ("Wx=1 Fence.w.rw Wy=1 | Ry=1 Fence.rw.r Rx=0", MODEL),
    "MP+fence.rw.rws": ("Wx=1 Fence.rw.rw Wy=1 | Ry=1 Fence.rw.rw Rx=0", MODEL),
    "MP+fence.tsos": ("Wx=1 Fence.tso Wy=1 | Ry=1 Fence.tso Rx=0", MODEL),
    "MP+fence.r.r on the writing side": ("Wx=1 Fence.r.r Wy=1 | Ry=1 Fence.r.r Rx=0", ALLOWED),
    "MP+fence.w.r on the writing side": ("Wx=1 Fence.w.r Wy=1 | Ry=1 Fence.r.r Rx=0", ALLOWED),
    "MP+fence.r.w on the writing side": ("Wx=1 Fence.r.w Wy=1 | Ry=1 Fence.r.r Rx=0", ALLOWED),
    "MP+fence.r.w on the reading side": ("Wx=1 Fence.w.w Wy=1 | Ry=1 Fence.r.w Rx=0", ALLOWED),
    "MP+fence.w.r on the reading side": ("Wx=1 Fence.w.w Wy=1 | Ry=1 Fence.w.r Rx=0", ALLOWED),
    "MP+fence.i": ("Wx=1 Fence.w.w Wy=1 | Ry=1 Fence.i Rx=0", ALLOWED),
    "SB+fence.w.r+fence.w.rw": ("Wx=1 Fence.w.r Ry=0 | Wy=1 Fence.w.rw Rx=0", MODEL),
    "SB+fence.rw.r+fence.rw.rw": ("Wx=1 Fence.rw.r Ry=0 | Wy=1 Fence.rw.rw Rx=0", MODEL),
    "SB+fence.tsos": ("Wx=1 Fence.tso Ry=0 | Wy=1 Fence.tso Rx=0", ALLOWED),
    "SB+fence.w.w+fence.rw.w": ("Wx=1 Fence.w.w Ry=0 | Wy=1 Fence.rw.w Rx=0", ALLOWED),
    "LB+fence.r.w+fence.r.rw": ("Rx=1 Fence.r.w Wy=1 | Ry=1 Fence.r.rw Wx=1", MODEL),
    "LB+fence.rw.w+fence.tso": ("Rx=1 Fence.rw.w Wy=1 | Ry=1 Fence.tso Wx=1", MODEL),
    "LB+fence.r.r+fence.rw.rw": ("Rx=1 Fence.r.r Wy=1 | Ry=1 Fence.rw.rw Wx=1", ALLOWED),
    "LB+fence.w.w+fence.rw.rw": ("Rx=1 Fence.w.w Wy=1 | Ry=1 Fence.rw.rw Wx=1", ALLOWED),
    "2+2W+fence.w.w+fence.tso": ("Wx=2 Fence.w.w Wy=1 | Wy=2 Fence.tso Wx=1", MODEL),
    # rules 5, 6 and 7
    "MP+rel+acq": (f"{MP} Acq:Ry=1 Rx=0", MODEL),
    "MP+rel+po": (f"{MP} Ry=1 Rx=0", ALLOWED),
    "MP+po+acq": ("Wx=1 Wy=1 | Acq:Ry=1 Rx=0", ALLOWED),
    "MP+acqrels": ("Wx=1 AcqRel:Wy=1 | AcqRel:Ry=1 Rx=0", MODEL),
    "MP+scs": ("Wx=1 Sc:Wy=1 | Sc:Ry=1 Rx=0", MODEL),
    "SB+rel-acqs": ("Rel:Wx=1 Acq:Ry=0 | Rel:Wy=1 Acq:Rx=0", ALLOWED),
    "SB+amo.rl-lr.aqs": (
        "X:swap:Ra=0 X:Rel:swap:Wa=1 Wx=1 X:swap:Rb=0 X:Rel:swap:Wb=1 EX:Acq:lx:Ry=0 |"
        " Wy=1 X:swap:Rc=0 X:Rel:swap:Wc=1 EX:Acq:lx:Rx=0",
        MODEL,
    ),
    "SB+amo.rl-l.aqs": (
        "Wx=1 X:swap:Rb=0 X:Rel:swap:Wb=1 Acq:Ry=0 | Wy=1 X:swap:Rc=0 X:Rel:swap:Wc=1 Acq:Rx=0",
        ALLOWED,
    ),
    # rules 9 to 13
    "MP+addr": (f"{MP} Ry=1 addr:Rx=0", MODEL),
    "MP+ctrl": (f"{MP} Ry=1 ctrl:Rx=0", ALLOWED),
    "MP+addr-po": (f"{MP} Ry=1 addr:Rz=0 Rx=0", ALLOWED),
    "LB+data+ctrl": ("Rx=1 data:Wy=1 | Ry=1 ctrl:Wx=1", MODEL),
    "LB+addr-po+data": ("Rx=1 addr:Rz=0 Wy=1 | Ry=1 data:Wx=1", MODEL),
    "LB+data-po+data": ("Rx=1 data:Wz=1 Wy=1 | Ry=1 data:Wx=1", ALLOWED),
    "MP+data-rfi-addr": (f"{MP} Ry=1 data:Wz=1 Rz=1 addr:Rx=0", MODEL),
    "MP+addr-rfi-addr": (f"{MP} Ry=1 addr:Wz=1 Rz=1 addr:Rx=0", MODEL),
    "MP+ctrl-rfi-addr": (f"{MP} Ry=1 ctrl:Wz=1 done:Rz=1 addr:Rx=0", ALLOWED),
    "a success that an address depends on": ("lx:Rz=0 Rx=1 data:sc!:Wz=1 addr:Ry=0 | Wy=1 Fence.rw.rw Wx=1", MODEL),
    # rules 2 and 3
    "MP+rdw": (f"{MP} Ry=1 addr:Rz=0 Rz=1 addr:Rx=0 | Wz=1", MODEL),
    "MP+rsw": (f"{MP} Ry=1 addr:Rz=0 Rz=0 addr:Rx=0 | Wz=1", ALLOWED),
    "MP+amo-rfi-addr": (f"{MP} swap:Ry=1 swap:Wy=2 Ry=2 addr:Rx=0", MODEL),
    "MP+sc-rfi-addr": (f"{MP} lx:Ry=1 sc:Wy=2 Ry=2 addr:Rx=0", MODEL),
    "MP+one event-rfi-addr": (f"{MP} X:Uy=1>2 Ry=2 addr:Rx=0", MODEL),
    "MP+fri-rfi-addr": (f"{MP} Ry=1 Wy=2 Ry=2 addr:Rx=0", ALLOWED),
    # an AMO is one operation, whether it is one event (U) or two
    "a fence into the read of an AMO, its write before all": (
        "Wx=1 Fence.w.r swap:Ry=0 swap:Wy=1 | Ry=1 addr:Rx=0",
        MODEL,
    ),
    "a release by an AMO, its read before all": ("Rx=1 swap:Ry=0 Rel:swap:Wy=1 addr:Wz=1 | Rz=1 data:Wx=1", MODEL),
    "SB of AMO and fence.tso, in one event": ("X:Ux=0>1 Fence.tso Ry=0 | X:Uy=0>1 Fence.tso Rx=0", MODEL),
    "SB of AMO and fence.tso": (
        "swap:Rx=0 swap:Wx=1 Fence.tso Ry=0 | swap:Ry=0 swap:Wy=1 Fence.tso Rx=0",
        MODEL,
    ),
    # coherence and atomicity
    "CoRR": ("Wx=1 | Rx=1 Rx=0", COHERENCE),
    "CoWW": ("Wx=2 Wx=1", COHERENCE),
    "CoRW1": ("Rx=1 Wx=1", COHERENCE),
    "CoWR": ("Wx=1 Rx=0", COHERENCE),
    "an AMO that reads its own write": ("swap:Rx=1 swap:Wx=1", ["coherence", "model"]),
    "an AMO that reads its own write, in one event": ("X:Ux=1>1", ["coherence", "model"]),
    "a write inside an AMO": ("swap:Rx=0 swap:Wx=2 | Wx=1", ["atomicity", "model"]),
    "a write inside an AMO, in one event": ("X:Ux=0>2 | Wx=1", ["coherence", "model"]),
    "two increments, one lost": ("lx:Rx=0 sc:Wx=1 | lx:Rx=0 sc:Wx=2", ["atomicity"]),
    "two increments": ("lx:Rx=0 sc:Wx=1 | lx:Rx=1 sc:Wx=2", ALLOWED),
}

ZTSO = {
    "MP": ("Wx=1 Wy=1 | Ry=1 Rx=0", MODEL),
    "LB": ("Rx=1 Wy=1 | Ry=1 Wx=1", MODEL),
    "2+2W": ("Wx=2 Wy=1 | Wy=2 Wx=1", MODEL),
    "SB": ("Wx=1 Ry=0 | Wy=1 Rx=0", ALLOWED),
    "SB+fence.w.rs": ("Wx=1 Fence.w.r Ry=0 | Wy=1 Fence.w.r Rx=0", MODEL),
    "SB+fence.tsos": ("Wx=1 Fence.tso Ry=0 | Wy=1 Fence.tso Rx=0", ALLOWED),
    "SB by AMO": ("X:swap:Rx=0 X:swap:Wx=1 Ry=0 | X:swap:Ry=0 X:swap:Wy=1 Rx=0", MODEL),
    "SB with an AMO between": (
        "Wx=1 X:swap:Ra=0 X:swap:Wa=1 Ry=0 | Wy=1 X:swap:Rb=0 X:swap:Wb=1 Rx=0",
        MODEL,
    ),
    "SB into LR, from SC": (
        "lx:EX:Rx=0 sc:EX:Wx=1 lx:EX:Ry=0 | lx:EX:Ry=0 sc:EX:Wy=1 lx:EX:Rx=0",
        ALLOWED,
    ),
}


@cache
def model(*variants: str) -> Model:
    return load_model("riscv", TAGS["riscv"], variants=frozenset(variants))


@pytest.mark.parametrize("test", TABLE)
def test_the_model_forbids_an_execution_by_the_axiom_that_the_manual_names(test: str) -> None:
    text, expected = TABLE[test]
    assert failures(model(), annotated(text)) == expected


@pytest.mark.parametrize("test", ZTSO)
def test_with_ztso_only_a_write_before_a_read_is_given_up(test: str) -> None:
    text, expected = ZTSO[test]
    assert failures(model("ztso"), annotated(text)) == expected


@pytest.mark.parametrize("check", ["coherence", "atomicity", "model"])
def test_dropping_any_axiom_allows_an_execution_that_was_forbidden(check: str) -> None:
    assert changed_verdicts(without_check(model(), check), TABLE)


# Each clause, and what is left without it.
MUTATIONS = [
    ("acyclic po-loc | rmw |", "acyclic rmw |"),
    ("rmw | rf | co | fr as coherence", "rmw | co | fr as coherence"),
    ("rmw | rf | co | fr as coherence", "rmw | rf | fr as coherence"),
    ("rmw | rf | co | fr as coherence", "rmw | rf | co as coherence"),
    ("acyclic gmo | (gmo; (amo | amo^-1))", "acyclic gmo"),
    ("acyclic gmo | (gmo; (amo | amo^-1))", "acyclic gmo | (gmo; amo)"),
    ("acyclic gmo | (gmo; (amo | amo^-1))", "acyclic gmo | (gmo; amo^-1)"),
    (") \\ amo\n", ")\n"),
    ("(ppo | rfe | co | fr)", "(ppo | co | fr)"),
    ("(ppo | rfe | co | fr)", "(ppo | rf | co | fr)"),
    ("(ppo | rfe | co | fr)", "(ppo | rfe | fr)"),
    ("(ppo | rfe | co | fr)", "(ppo | rfe | co)"),
    # models/lib/riscv-defs.cat
    *((f"r{n} |", "") for n in (3, 4, 5, 6, 7, 9, 10, 11, 12)),
    ("r12 | r13", "r12"),
    ("[range(rmw) | (X & W)]; rfi", "[range(amo) | (X & W)]; rfi"),
    ("[range(rmw) | (X & W)]; rfi", "[range(lxsx) | (X & W)]; rfi"),
    ("[range(rmw) | (X & W)]; rfi", "[range(rmw)]; rfi"),
    ("[range(rmw) | (X & W)]; rfi", "rfi"),
    ("(try Acq with {}) | AcqRel\n", "(try Acq with {})\n"),
    ("(try Acq with {}) | AcqRel\n", "AcqRel\n"),
    ("(try Rel with {}) | AcqRel\n", "(try Rel with {})\n"),
    ("(try Rel with {}) | AcqRel\n", "AcqRel\n"),
    ("(try AcqRel with {}) | Sc", "(try AcqRel with {})"),
    ("(try AcqRel with {}) | Sc", "Sc"),
    ("else X | EX)", "else X)"),
    ("else X | EX)", "else EX)"),
    ("(AQ | RL) & (if", "AQ & (if"),
    ("(AQ | RL) & (if", "RL & (if"),
    ("let RCsc = (AQ | RL) & (if", "let RCsc = (AQ | RL) | (if"),
    ("r11 = ctrl; [W]", "r11 = ctrl"),
    ("r12 = (addr | data)", "r12 = addr"),
    ("r12 = (addr | data)", "r12 = data"),
    ("addr; po; [W]", "addr; po"),
    ("          | [W]; po; [Fence.tso]; po; [W]\n", ""),
    ("[W]; po; [Fence.tso]; po; [W]\n", "[W]; po; [Fence.tso]; po\n"),
    ("(R * (r.any | rw.any | Fence.tso))", "(R * (rw.any | Fence.tso))"),
    ("(R * (r.any | rw.any | Fence.tso))", "(R * (r.any | Fence.tso))"),
    ("(R * (r.any | rw.any | Fence.tso))", "(R * (r.any | rw.any))"),
    ("(W * (w.any | rw.any))", "(W * w.any)"),
    ("(W * (w.any | rw.any))", "(W * rw.any)"),
    ("((any.r | any.rw | Fence.tso) * R)", "((any.rw | Fence.tso) * R)"),
    ("((any.r | any.rw | Fence.tso) * R)", "((any.r | Fence.tso) * R)"),
    ("((any.r | any.rw | Fence.tso) * R)", "((any.r | any.rw) * R)"),
    ("((any.w | any.rw | Fence.tso) * W)", "((any.rw | Fence.tso) * W)"),
    ("((any.w | any.rw | Fence.tso) * W)", "((any.w | Fence.tso) * W)"),
    ("((any.w | any.rw | Fence.tso) * W)", "((any.w | any.rw) * W)"),
]


@pytest.mark.parametrize(("old", "new"), MUTATIONS)
def test_changing_any_clause_changes_a_verdict(old: str, new: str) -> None:
    assert changed_verdicts(mutant("riscv", text_of("riscv", "riscv-defs.cat"), old, new), TABLE)


@pytest.mark.parametrize("fence", sorted(tag for tag in TAGS["riscv"] if tag[:6] == "Fence." and tag != "Fence.i"))
def test_every_fence_orders_something(fence: str) -> None:
    weaker = compile_text(text_of("riscv", "riscv-defs.cat"), "riscv", TAGS["riscv"] - {fence})
    assert changed_verdicts(weaker, TABLE)


ALPHABET = Alphabet(
    fences=("Fence.r.r", "Fence.rw.rw", "Fence.tso", "Fence.w.w", "Fence.w.r", "Fence.r.rw"),
    atomics=("X:swap",),
    read_sets=("Acq", "EX:Acq"),
    write_sets=("Rel", "EX:Rel"),
)


def test_rules_1_2_and_8_follow_from_the_axioms() -> None:
    text = text_of("riscv", "riscv-defs.cat")
    rules = (
        "let r1 = po-loc; [W]\n"
        "let r2 = ([R]; (po-loc \\ (po-loc; [W]; po-loc)); [R]) \\ (rf^-1; rf)\n"
        "let r8 = rmw \\ amo\n"
        "let ppo = r1 | r2 | r8 | r3"
    )
    complete = mutant("riscv", text, "let ppo = r3", rules)
    forbidden = 0
    for execution in random_executions(ALPHABET, 600):
        verdict = is_forbidden(model(), execution)
        forbidden += verdict
        assert is_forbidden(complete, execution) is verdict, execution
    assert 20 < forbidden < 580


def test_with_ztso_the_model_is_tso() -> None:
    tso = load_model("tso", TAGS["riscv"])
    alphabet = Alphabet(("Fence.r.r", "Fence.rw.rw", "Fence.tso", "Fence.w.r"), atomics=("X:swap",), exclusives=False)
    forbidden = 0
    for execution in random_executions(alphabet, 600):
        verdict = is_forbidden(tso, execution)
        forbidden += verdict
        assert is_forbidden(model("ztso"), execution) is verdict, execution
    assert 20 < forbidden < 580
