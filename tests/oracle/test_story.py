"""Stories: an order of the steps of an execution that contradicts no order that the machine keeps."""

from __future__ import annotations

import random

import pytest
from cases import Case, case
from replaying import Replay

from litmus.algebra.dag import Model
from litmus.cat import compile_text, load_model
from litmus.deciding import decide
from litmus.engine import Options, Verdict
from litmus.engine.answer import Execution
from litmus.oracle.story import Step, Story, story
from litmus.report.witness import interleaving
from litmus.shapes.critical import critical_cycles, read_paths
from litmus.shapes.cycles import read_cycle
from litmus.shapes.dialects import dialect
from litmus.shapes.generation import generate

# For each architecture: its model, and the relaxations between two accesses of a thread.
MACHINES = {
    "X86": ("x86-tso", "Pod**,MFenced**"),
    "PPC": ("power", "Pod**,LwSyncd**,Syncd**,Eieiod**,DpAddrd*,DpCtrldW,DpCtrlIsyncdR"),
    "ARM": ("arm", "Pod**,DMBd**,DMB.STd**,DpAddrd*,DpCtrldW,DpCtrlIsbdR"),
    "AArch64": ("aarch64", "Pod**,DMB.SYd**,DMB.LDd**,DMB.STd**,DpAddrd*,DpCtrldW"),
    "RISCV": ("riscv", "Pod**,Fence.rw.rwd**,Fence.w.wd**,Fence.r.rwd**,Fence.tsod**,DpAddrd*,DpCtrldW"),
}


def witness(found: Case, model: Model) -> Execution | None:
    return decide(found.graph, model, found.question, Options(states="none")).witness


def of(text: str, model: str) -> tuple[Case, Model]:
    found = case(text)
    return found, load_model(model, found.tags, arch=found.graph.program.arch)


def replay(found: Story, tso: bool = False) -> list[str]:
    steps = [(step.event, step.reader) for step in found.steps]
    return Replay(found.execution, steps, found.at_once, tso).contradictions()


def cycle(arch: str, text: str) -> str:
    return generate(read_cycle(text, dialect(arch))).text


def cycles(arch: str, threads: int, paths: str) -> list[str]:
    of_arch = dialect(arch)
    return [str(c) for c in critical_cycles(threads, read_paths(paths, of_arch), of_arch)]


@pytest.mark.parametrize("arch", MACHINES)
@pytest.mark.parametrize("threads", [2, 3])
def test_no_story_contradicts_what_the_machine_keeps(arch: str, threads: int) -> None:
    """Critical cycles with every fence and dependency; some outcomes are allowed, and their executions have stories."""
    name, paths = MACHINES[arch]
    every = cycles(arch, threads, paths)
    chosen = random.Random(16).sample(every, min(len(every), 60))
    told = 0
    for text in chosen:
        found, model = of(cycle(arch, text), name)
        execution = witness(found, model)
        if execution is not None:
            one = story(execution, model)
            assert one is not None, text
            assert replay(one, arch == "X86") == [], text
            told += 1
    assert told > (2 if arch == "X86" else 15)


@pytest.mark.parametrize(
    ("arch", "text", "fault"),
    [
        ("PPC", "LwSyncdWW Rfe PodRR Fre", (0, 1)),  # a write passes lwsync
        ("ARM", "DMBdWW Rfe PodRR Fre", (0, 1)),
        ("RISCV", "Fence.w.wdWW Rfe PodRR Fre", (0, 1)),
        ("AArch64", "PodWW Rfe DpAddrdR Fre", (2, 3)),  # a read passes a read that its address depends on
        ("X86", "PodWR Fre MFencedWR Fre", (0, 1)),
    ],
)
def test_a_story_in_which_an_access_passes_what_orders_it_is_contradicted(
    arch: str, text: str, fault: tuple[int, int]
) -> None:
    """fault: two accesses that change places, given by their places in the test.  The others stay where they are."""
    found, model = of(cycle(arch, text), MACHINES[arch][0])
    execution = witness(found, model)
    assert execution is not None
    one = story(execution, model)
    assert one is not None
    assert one.at_once
    accesses = [e for order in execution.order for e in order if found.graph.events[e].kind != "F"]
    first, second = (accesses[i] for i in fault)
    events = [step.event for step in one.steps]
    assert events.index(first) < events.index(second)
    events.remove(second)
    events.insert(events.index(first), second)
    steps = [(e, None) for e in events]
    wrong = Replay(execution, steps, True, arch == "X86").contradictions()
    assert any(f"{second} before {first}" in reason for reason in wrong)


def test_what_reads_return_and_what_a_fence_takes_along_are_replayed() -> None:
    """R+lwsync+sync: if P1 saw y=1, it would see x=1.  A full fence makes y=2 visible to P0."""
    found, model = of(cycle("PPC", "LwSyncdWW Coe SyncdWR Fre"), "power")
    execution = witness(found, model)
    assert execution is not None
    one = story(execution, model)
    assert one is not None
    assert not one.at_once
    told = [(step.event, step.reader) for step in one.steps]
    x, y, z, r = (e for e, reader in told if reader is None)
    late = (x, 1)
    assert told == [(x, None), (y, None), (z, None), (r, None), late]
    for wrong, reason in (
        ([(x, None), late, (y, None), (z, None), (r, None)], f"{r} reads"),
        ([late, (x, None), (y, None), (z, None), (r, None)], f"{x} becomes visible before"),
        ([(y, None), (x, None), (z, None), (r, None), late], f"{y} before {x}"),
        ([(x, None), (y, None), (r, None), (z, None), late], f"{r} before {z}"),
        ([(x, None), (y, None), (y, 1), (z, None), (r, None), late], "a fence has made"),
        ([(x, None), (y, None), (z, None), (r, None)], None),  # that x=1 becomes visible at last need not be told
        ([(x, None), (y, None), (r, None)], "not every access"),
    ):
        replayed = Replay(execution, wrong, at_once=False, tso=False)
        if reason == "not every access":
            assert reason in next(replayed.missing())
        else:
            assert [reason in w for w in replayed.contradictions()[:1]] == ([True] if reason else [])


def test_a_read_of_its_own_write_may_be_early() -> None:
    """n6 (Owens, Sarkar, Sewell): a store buffer forwards; the read takes place before the write is visible."""
    found, model = of(
        "X86 n6\n{ }\n P0 | P1 ;\n MOV [x],$1 | MOV [y],$2 ;\n MOV EAX,[x] | MOV [x],$2 ;\n MOV EBX,[y] | ;\n"
        "exists (0:EAX=1 /\\ 0:EBX=0 /\\ x=1)\n",
        "x86-tso",
    )
    execution = witness(found, model)
    assert execution is not None
    one = story(execution, model)
    assert one is not None
    assert one.at_once
    write, read, *_ = execution.order[0]
    assert one.overtaken(read) == [write]
    assert replay(one, tso=True) == []


RECURSIVE = """\
"ordered-before as a fixpoint"
include "cos.cat"
include "aarch64fences.cat"
acyclic po-loc | rf | co | fr as internal
let obs = rfe | coe | fre
let local = po; [dmb.full]; po | addr | po-loc & (_ * W)
let rec ob = obs | local | ob; ob
irreflexive ob as external
"""


def test_an_irreflexive_closure_is_an_order_too() -> None:
    """MP with DMB between the writes: only the reads are out of order, as with `acyclic obs | local`."""
    text = cycle("AArch64", "DMB.SYdWW Rfe PodRR Fre")
    found = case(text)
    stories = []
    for axiom in ("irreflexive ob as external", "acyclic obs | local as external"):
        model_text = RECURSIVE.replace("irreflexive ob as external", axiom)
        model = compile_text(model_text, "mine", found.tags, arch="AArch64")
        execution = witness(found, model)
        assert execution is not None
        one = story(execution, model)
        assert one is not None
        stories.append([(step, tuple(one.overtaken(step.event))) for step in one.steps])
        overtaking = [step.event for step in one.steps if one.overtaken(step.event)]
        assert [found.graph.events[e].thread for e in overtaking] == [1]
    assert stories[0] == stories[1]


# P2 sees y=1 but misses x=1, which lwsync orders before y=1; P3 sees w=1 but misses z=1 in the same way.  P2 misses x=1
# after P3 has seen w=1, and P3 misses z=1 after P2 has seen y=1.
NO_STORY = """\
PPC round
{ 0:r1=x; 0:r2=y; 1:r1=z; 1:r2=w; 2:r1=y; 2:r2=a; 2:r3=b; 2:r4=x; 3:r1=w; 3:r2=b; 3:r3=a; 3:r4=z; }
 P0           | P1           | P2            | P3            ;
 li r5,1      | li r5,1      | lwz r5,0(r1)  | lwz r5,0(r1)  ;
 stw r5,0(r1) | stw r5,0(r1) | xor r6,r5,r5  | xor r6,r5,r5  ;
 lwsync       | lwsync       | addi r6,r6,1  | addi r6,r6,1  ;
 stw r5,0(r2) | stw r5,0(r2) | stw r6,0(r2)  | stw r6,0(r2)  ;
              |              | lwz r7,0(r3)  | lwz r7,0(r3)  ;
              |              | xor r8,r7,r7  | xor r8,r7,r7  ;
              |              | lwzx r9,r8,r4 | lwzx r9,r8,r4 ;
exists (2:r5=1 /\\ 2:r7=1 /\\ 2:r9=0 /\\ 3:r5=1 /\\ 3:r7=1 /\\ 3:r9=0)
"""


def test_an_execution_without_any_order_has_no_story_and_none_is_made_up() -> None:
    """power.cat allows it, because its axiom OBSERVATION is about the reads of one thread only."""
    found, model = of(NO_STORY, "power")
    answer = decide(found.graph, model, found.question, Options(states="none"))
    assert answer.verdict is Verdict.SOMETIMES
    assert answer.witness is not None
    assert story(answer.witness, model) is None
    (line,) = interleaving(answer.witness, None)
    assert "no order" in line


def test_steps_that_nothing_orders_stay_in_program_order() -> None:
    found, model = of(cycle("PPC", "PodWW Rfe SyncdRR Fre").replace("1:r3=0", "1:r3=1"), "power")
    execution = witness(found, model)
    assert execution is not None
    one = story(execution, model)
    assert one is not None
    assert not any(one.overtaken(step.event) for step in one.steps)
    assert one.steps == tuple(Step(step.event) for step in one.steps)
