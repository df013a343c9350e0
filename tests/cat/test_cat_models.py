"""The built-in models, judged on executions written by hand.

Verdicts of POWER: Alglave, Maranget, Tautschnig, TOPLAS 2014, and Sarkar et al., PLDI 2011; of
x86-TSO: Owens, Sarkar, Sewell, TPHOLs 2009, and the Intel manual's own examples.
"""

from __future__ import annotations

import pytest
from cat_evaluator import failures
from cat_executions import execution

from litmus.algebra.dag import Model
from litmus.cat import compile_text, load_model, without_check
from litmus.cat.catalogue import catalogue

TAGS = {
    "sc": frozenset[str](),
    "x86-tso": frozenset({"MFENCE", "SFENCE", "LFENCE", "X"}),
    "power": frozenset({"SYNC", "LWSYNC", "ISYNC", "EIEIO", "X", "EX"}),
}

# name: (execution, the checks of POWER that it fails)
POWER = {
    "MP": ("Wx=1 Wy=1 | Ry=1 Rx=0", []),
    "MP+po+addr": ("Wx=1 Wy=1 | Ry=1 addr:Rx=0", []),
    "MP+lwsync+po": ("Wx=1 LWSYNC Wy=1 | Ry=1 Rx=0", []),
    "MP+lwsync+addr": ("Wx=1 LWSYNC Wy=1 | Ry=1 addr:Rx=0", ["observation"]),
    "MP+eieio+addr": ("Wx=1 EIEIO Wy=1 | Ry=1 addr:Rx=0", ["observation"]),
    "MP+lwsync+ctrl": ("Wx=1 LWSYNC Wy=1 | Ry=1 ctrl:Rx=0", []),
    "MP+lwsync+isync": ("Wx=1 LWSYNC Wy=1 | Ry=1 ISYNC Rx=0", []),
    "MP+lwsync+ctrlisync": ("Wx=1 LWSYNC Wy=1 | Ry=1 ctrl:ISYNC Rx=0", ["observation"]),
    "MP+lwsyncs": ("Wx=1 LWSYNC Wy=1 | Ry=1 LWSYNC Rx=0", ["observation"]),
    "MP+lwsync+eieio": ("Wx=1 LWSYNC Wy=1 | Ry=1 EIEIO Rx=0", []),
    "MP+syncs": ("Wx=1 SYNC Wy=1 | Ry=1 SYNC Rx=0", ["observation", "propagation"]),
    "MP+sync+rdw": ("Wx=1 SYNC Wy=1 | Ry=1 addr:Rz=0 Rz=1 addr:Rx=0 | Wz=1", ["observation", "propagation"]),
    "MP+sync+rsw": ("Wx=1 SYNC Wy=1 | Ry=1 addr:Rz=0 Rz=0 addr:Rx=0 | Wa=1", []),
    "MP+sync+addr-detour-addr": (
        "Wx=1 SYNC Wy=1 | Ry=1 addr:Wz=1 Rz=2 addr:Rx=0 | Wz=2",
        ["observation", "propagation"],
    ),
    "PPOCA": ("Wx=1 SYNC Wy=1 | Ry=1 ctrl:Wz=1 Rz=1 addr:Rx=0", []),
    "PPOAA": ("Wx=1 SYNC Wy=1 | Ry=1 addr:Wz=1 Rz=1 addr:Rx=0", ["observation", "propagation"]),
    "SB": ("Wx=1 Ry=0 | Wy=1 Rx=0", []),
    "SB+lwsyncs": ("Wx=1 LWSYNC Ry=0 | Wy=1 LWSYNC Rx=0", []),
    "SB+lwsync+sync": ("Wx=1 LWSYNC Ry=0 | Wy=1 SYNC Rx=0", []),
    "SB+syncs": ("Wx=1 SYNC Ry=0 | Wy=1 SYNC Rx=0", ["propagation"]),
    "LB": ("Rx=1 Wy=1 | Ry=1 Wx=1", []),
    "LB+addr+po": ("Rx=1 addr:Wy=1 | Ry=1 Wx=1", []),
    "LB+addrs": ("Rx=1 addr:Wy=1 | Ry=1 addr:Wx=1", ["no-thin-air"]),
    "LB+datas": ("Rx=1 data:Wy=1 | Ry=1 data:Wx=1", ["no-thin-air"]),
    "LB+ctrls": ("Rx=1 ctrl:Wy=1 | Ry=1 ctrl:Wx=1", ["no-thin-air"]),
    "LB+addrpos": ("Rx=1 addr:Rz=0 Wy=1 | Ry=1 addr:Ra=0 Wx=1", ["no-thin-air"]),
    "LB+addr-po-locs": ("Rx=1 addr:Rz=0 Wz=1 data:Wy=1 | Ry=1 Wx=1", []),
    "LB+lwsyncs": ("Rx=1 LWSYNC Wy=1 | Ry=1 LWSYNC Wx=1", ["no-thin-air", "propagation"]),
    "S+lwsync+data": ("Wx=2 LWSYNC Wy=1 | Ry=1 data:Wx=1", ["propagation"]),
    "S+po+data": ("Wx=2 Wy=1 | Ry=1 data:Wx=1", []),
    "R+lwsync+sync": ("Wx=1 LWSYNC Wy=1 | Wy=2 SYNC Rx=0", []),
    "R+syncs": ("Wx=1 SYNC Wy=1 | Wy=2 SYNC Rx=0", ["propagation"]),
    "2+2W": ("Wx=2 Wy=1 | Wy=2 Wx=1", []),
    "2+2W+lwsyncs": ("Wx=2 LWSYNC Wy=1 | Wy=2 LWSYNC Wx=1", ["propagation"]),
    "2+2W+lwsync+po": ("Wx=2 LWSYNC Wy=1 | Wy=2 Wx=1", []),
    "WRC+addrs": ("Wx=1 | Rx=1 addr:Wy=1 | Ry=1 addr:Rx=0", []),
    "WRC+lwsync+addr": ("Wx=1 | Rx=1 LWSYNC Wy=1 | Ry=1 addr:Rx=0", ["observation"]),
    "WRC+eieio+addr": ("Wx=1 | Rx=1 EIEIO Wy=1 | Ry=1 addr:Rx=0", []),
    "RWC+syncs": ("Wx=1 | Rx=1 SYNC Ry=0 | Wy=1 SYNC Rx=0", ["propagation"]),
    "RWC+lwsync+sync": ("Wx=1 | Rx=1 LWSYNC Ry=0 | Wy=1 SYNC Rx=0", []),
    "ISA2+lwsync+data+addr": ("Wx=1 LWSYNC Wy=1 | Ry=1 data:Wz=1 | Rz=1 addr:Rx=0", ["observation"]),
    "ISA2+po+data+addr": ("Wx=1 Wy=1 | Ry=1 data:Wz=1 | Rz=1 addr:Rx=0", []),
    "IRIW+addrs": ("Wx=1 | Rx=1 addr:Ry=0 | Wy=1 | Ry=1 addr:Rx=0", []),
    "IRIW+lwsyncs": ("Wx=1 | Rx=1 LWSYNC Ry=0 | Wy=1 | Ry=1 LWSYNC Rx=0", []),
    "IRIW+syncs": ("Wx=1 | Rx=1 SYNC Ry=0 | Wy=1 | Ry=1 SYNC Rx=0", ["propagation"]),
    "W+RWC+lwsync+addr+sync": ("Wx=1 LWSYNC Wy=1 | Ry=1 addr:Rz=0 | Wz=1 SYNC Rx=0", []),
    "Z6.3+lwsync+lwsync+addr": ("Wx=1 LWSYNC Wy=1 | Wy=2 LWSYNC Wz=1 | Rz=1 addr:Rx=0", []),
    "Z6.3+sync+lwsync+addr": ("Wx=1 SYNC Wy=1 | Wy=2 LWSYNC Wz=1 | Rz=1 addr:Rx=0", []),
    "Z6.3+sync+sync+lwsync": ("Wx=1 SYNC Wy=1 | Wy=2 SYNC Wz=1 | Rz=1 LWSYNC Rx=0", ["propagation"]),
    "CoRR": ("Wx=1 | Rx=1 Rx=0", ["sc-per-location"]),
    "CoWW": ("Wx=2 Wx=1", ["sc-per-location"]),
    "CoRW1": ("Rx=1 Wx=1", ["sc-per-location"]),
    "CoRW2": ("Wx=2 | Rx=2 Wx=1", ["sc-per-location"]),
    "CoWR": ("Wx=1 Rx=0", ["sc-per-location"]),
    "two increments, one lost": ("lx:Rx=0 sc:Wx=1 | lx:Rx=0 sc:Wx=2", ["atomicity"]),
    "two increments": ("lx:Rx=0 sc:Wx=1 | lx:Rx=1 sc:Wx=2", []),
    "2+2W with store-conditionals": (
        "lx:Rx=1 sc:Wx=2 lx:Ry=0 sc:Wy=1 | lx:Ry=1 sc:Wy=2 lx:Rx=0 sc:Wx=1",
        ["exclusives"],
    ),
}

X86_TSO = {
    "MP": ("Wx=1 Wy=1 | Ry=1 Rx=0", ["tso"]),
    "SB": ("Wx=1 Ry=0 | Wy=1 Rx=0", []),
    "SB+mfence+po": ("Wx=1 MFENCE Ry=0 | Wy=1 Rx=0", []),
    "SB+mfences": ("Wx=1 MFENCE Ry=0 | Wy=1 MFENCE Rx=0", ["tso"]),
    "SB+sfences": ("Wx=1 SFENCE Ry=0 | Wy=1 SFENCE Rx=0", []),
    "SB+rfi-pos": ("Wx=1 Rx=1 Ry=0 | Wy=1 Ry=1 Rx=0", []),
    "SB by xchg": ("lock:Rx=0 lock:Wx=1 Ry=0 | lock:Ry=0 lock:Wy=1 Rx=0", ["tso"]),
    "SB with an xchg between": ("Wx=1 lock:Ra=0 lock:Wa=1 Ry=0 | Wy=1 lock:Rb=0 lock:Wb=1 Rx=0", ["tso"]),
    "SB into a cmpxchg that fails": ("Wx=1 x:Ry=0 | Wy=1 MFENCE Rx=0", ["tso"]),
    "LB": ("Rx=1 Wy=1 | Ry=1 Wx=1", ["tso"]),
    "S": ("Wx=2 Wy=1 | Ry=1 Wx=1", ["tso"]),
    "R": ("Wx=1 Wy=1 | Wy=2 Rx=0", []),
    "R+po+mfence": ("Wx=1 Wy=1 | Wy=2 MFENCE Rx=0", ["tso"]),
    "2+2W": ("Wx=2 Wy=1 | Wy=2 Wx=1", ["tso"]),
    "WRC": ("Wx=1 | Rx=1 Wy=1 | Ry=1 Rx=0", ["tso"]),
    "IRIW": ("Wx=1 | Rx=1 Ry=0 | Wy=1 | Ry=1 Rx=0", ["tso"]),
    "CoWR": ("Wx=1 Rx=0", ["sc-per-location"]),
    "CoRW1": ("Rx=1 Wx=1", ["sc-per-location"]),
    "an xchg that reads its own write": ("lock:Rx=1 lock:Wx=1", ["sc-per-location"]),
    "two locked increments, one lost": ("lock:Rx=0 lock:Wx=1 | lock:Rx=0 lock:Wx=2", ["atomicity"]),
    "two locked increments": ("lock:Rx=0 lock:Wx=1 | lock:Rx=1 lock:Wx=2", []),
    "two unlocked increments, one lost": ("unlocked:Rx=0 unlocked:Wx=1 | unlocked:Rx=0 unlocked:Wx=2", []),
    "unlocked increments that read each other": (
        "unlocked:Rx=2 unlocked:Wx=1 | unlocked:Rx=1 unlocked:Wx=2",
        ["sc-per-location"],
    ),
}

SC = {
    "MP": ("Wx=1 Wy=1 | Ry=1 Rx=0", ["sc"]),
    "SB": ("Wx=1 Ry=0 | Wy=1 Rx=0", ["sc"]),
    "LB": ("Rx=1 Wy=1 | Ry=1 Wx=1", ["sc"]),
    "2+2W": ("Wx=2 Wy=1 | Wy=2 Wx=1", ["sc"]),
    "IRIW": ("Wx=1 | Rx=1 Ry=0 | Wy=1 | Ry=1 Rx=0", ["sc"]),
    "SB, one thread first": ("Wx=1 Ry=0 | Wy=1 Rx=1", []),
    "an xchg that reads its own write": ("lock:Rx=1 lock:Wx=1", ["sc"]),
    "two locked increments, one lost": ("lock:Rx=0 lock:Wx=1 | lock:Rx=0 lock:Wx=2", ["atomicity"]),
    "two unlocked increments, one lost": ("unlocked:Rx=0 unlocked:Wx=1 | unlocked:Rx=0 unlocked:Wx=2", []),
    "unlocked increments that read each other": (
        "unlocked:Rx=2 unlocked:Wx=1 | unlocked:Rx=1 unlocked:Wx=2",
        ["sc"],
    ),
}

TABLES = {"power": POWER, "x86-tso": X86_TSO, "sc": SC}
ROWS = [(model, test) for model, table in TABLES.items() for test in table]


def built_in(name: str) -> Model:
    return load_model(name, TAGS[name])


@pytest.mark.parametrize(("name", "test"), ROWS, ids=[f"{m}:{t}" for m, t in ROWS])
def test_a_model_forbids_an_execution_by_the_axiom_that_the_literature_names(name: str, test: str) -> None:
    text, expected = TABLES[name][test]
    assert failures(built_in(name), execution(text)) == expected


@pytest.mark.parametrize("name", TABLES)
def test_dropping_any_axiom_allows_an_execution_that_was_forbidden(name: str) -> None:
    model = built_in(name)
    for check in model.checks:
        assert check.name is not None
        weaker = without_check(model, check.name)
        bases = [execution(text) for text, _ in TABLES[name].values()]
        assert any(failures(model, base) and not failures(weaker, base) for base in bases), check.name


# Each part of an axiom, and what it becomes: every one must change a verdict of the table.
MUTATIONS = {
    "power": [
        ("let dd = addr | data", "let dd = addr"),
        ("let dd = addr | data", "let dd = data"),
        ("let ii0 = dd | rfi | rdw", "let ii0 = dd | rfi"),
        ("let ii0 = dd | rfi | rdw", "let ii0 = dd | rdw"),
        ("let ci0 = ctrlisync | detour", "let ci0 = detour"),
        ("let ci0 = ctrlisync | detour", "let ci0 = ctrlisync"),
        ("dd | po-loc | ctrl | (addr; po)", "dd | po-loc | (addr; po)"),
        ("dd | po-loc | ctrl | (addr; po)", "dd | po-loc | ctrl"),
        ("(lwsync & (M * M)) \\ (W * R)", "0"),
        ("(eieio & (W * W))", "0"),
        ("(eieio & (W * W))", "eieio"),
        ("let ffence = sync & (M * M)", "let ffence = 0"),
        ("fences | (rfe; fences)); hb*", "fences); hb*"),
        ("fences | (rfe; fences)); hb*", "fences | (rfe; fences))"),
        ("(cumulative & (W * W)) |", ""),
        ("(com*; cumulative*; ffence; hb*)", "(ffence; hb*)"),
        ("let hb = ppo | fences | rfe", "let hb = ppo | rfe"),
        ("po-loc | rf | co | fr as", "po-loc | co | fr as"),
    ],
    "x86-tso": [
        ("(W * W) | (R * M)", "(R * M)"),
        ("(W * W) | (R * M)", "(W * W) | (R * R)"),
        ("(W * W) | (R * M)", "(W * W) | (R * W)"),
        ("(W * W) | (R * M)", "(W * M) | (R * M)"),
        ("(W * (R & X)) |", ""),
        ("| ((W & X) * R)", ""),
        ("| mfence |", "|"),
        ("| rfe | co", "| co"),
        ("| rfe | co", "| rf | co"),
        ("| co | fr\nshow", "| fr\nshow"),
        ("| co | fr\nshow", "| co\nshow"),
        ("po-loc | update |", "po-loc |"),
        ("po-loc | update |", "po-loc | rmw |"),
    ],
    "sc": [
        ("po | update |", "po |"),
        ("po | update |", "po | rmw |"),
        ("po | update |", "po-loc | update |"),
        ("| co | fr as", "| fr as"),
    ],
}


CHANGES = [(model, *change) for model, changes in MUTATIONS.items() for change in changes]


@pytest.mark.parametrize(("name", "old", "new"), CHANGES)
def test_changing_any_part_of_an_axiom_changes_a_verdict(name: str, old: str, new: str) -> None:
    with open(catalogue()[name].path, encoding="utf-8") as file:
        text = file.read()
    assert text.count(old) == 1
    mutant = compile_text(text.replace(old, new), name, TAGS[name])
    changed = [
        test
        for test, (code, expected) in TABLES[name].items()
        if bool(failures(mutant, execution(code))) != bool(expected)
    ]
    assert changed


def test_sequential_consistency_forbids_whatever_a_weaker_model_forbids() -> None:
    for table, name in ((POWER, "power"), (X86_TSO, "x86-tso")):
        for text, expected in table.values():
            if expected:
                assert failures(built_in("sc"), execution(text)), (name, text)
