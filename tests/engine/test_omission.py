"""Events without effect may be taken out of an execution: what that does to relations, and to the checks of models.

Random executions of random programs are compared with what remains of them when reads and fences are gone.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Iterator
from functools import cache
from itertools import islice

import pytest
from cases import case
from msgspec.structs import replace
from programs import TAGS, candidates_at_most, random_program, unrolled
from random_models import random_difference, random_model
from sources import random_source

from litmus.algebra.dag import Level, Model
from litmus.algebra.operators import Kind
from litmus.cat import compile_text, load_model
from litmus.diagnostics import Diagnostic, Unsupported
from litmus.engine.omission import Ends, Removal, may_leave_out
from litmus.oracle.algebra import EventSet, Given, Meaning, Value, holds
from litmus.oracle.enumeration import Judge, events_of_way
from litmus.oracle.executions import Candidate, Code, candidates
from litmus.oracle.paths import extent_of
from litmus.program.graph import EventGraph
from litmus.relation.rows import bits


def model(text: str) -> Model:
    """A model that is taken to see accesses and fences only."""
    return replace(compile_text(f'"test" include "cos.cat"\n{text}\n', "test", TAGS), level=Level.ACCESSES)


# ---------------------------------------------------------------- executions, and what remains of them


def removable(graph: EventGraph) -> list[int]:
    """The reads and fences that a round without effect may contain."""
    effective = {r for pairs in (graph.amo, graph.single, graph.lxsx) for r, _ in pairs}
    return [e.number for e in graph.events if e.kind != "W" and e.number not in effective]


def representatives(graph: EventGraph, removed: EventSet, generator: random.Random) -> int:
    """The mask of events of the same kinds and with the same tags as the removed ones, in general other events."""

    def sort(e: int) -> tuple[str, list[str]]:
        return graph.events[e].kind, sorted(graph.events[e].tags)

    chosen = 0
    for wanted in sorted(removed):
        chosen |= 1 << generator.choice([e for e in range(len(graph.events)) if sort(e) == sort(wanted)])
    return chosen


def restricted(base: Callable[[str], Value], events: EventSet) -> Callable[[str], Value]:
    """The sets and relations as they are when only those events remain."""

    def named(name: str) -> Value:
        value = base(name)
        pairs = frozenset(x for x in value if isinstance(x, tuple) and x[0] in events and x[1] in events)
        return pairs or frozenset(x for x in value if isinstance(x, int) and x in events)

    return named


def graphs(first: int, number: int, largest: int = 300) -> Iterator[EventGraph]:
    """Graphs of random programs that have something that may be removed."""
    seed = first
    while number:
        graph = unrolled(random_program(seed)[0])
        seed += 1
        if graph is not None and candidates_at_most(graph) <= largest and removable(graph):
            number -= 1
            yield graph


def shortened(judge: Judge, candidate: Candidate, removed: EventSet) -> Iterator[tuple[Meaning, Meaning]]:
    """What a model says of an execution, before and after events are removed."""
    for _, before in judge.meanings(candidate):
        before.given = replace(before.given, base=cache(before.given.base))
        remaining = before.events - removed
        yield before, Meaning(before.definitions, remaining, without(before.given, remaining))


def without(given: Given, events: EventSet) -> Given:
    """What a model starts from when only those events remain."""
    return Given(cache(restricted(given.base, events)), lambda name: given.place(name) & events, given.options)


def differences(seed: int) -> str:
    """The text of a model that takes relations away from others."""
    generator = random.Random(seed)
    lines = [f'"differences {seed}" include "cos.cat" acyclic po-loc | rf | co | fr as coherent']
    lines += [f"irreflexive {random_difference(generator)}; (rf | co | fr) as forbidden{i}" for i in range(2)]
    lines += [f"flag ~empty {random_difference(generator)} & (rf | co | fr) as flag{i}" for i in range(2)]
    return "\n".join(lines)


def random_models(number: int) -> Iterator[Model]:
    """Models that do not depend on the test: nothing is known of the others."""
    for seed in range(number):
        for text in (random_model(seed), differences(seed)):
            try:
                found = compile_text(text, f"random{seed}", TAGS)
            except Diagnostic:
                continue  # not all that can be written has a first-order meaning
            if found.recipe is None:
                yield found


BUILT_IN = ("sc", "x86-tso", "tso", "power", "arm", "aarch64", "riscv")


def samples(full: bool) -> Iterator[tuple[Model, EventGraph, Candidate, EventSet, int]]:
    """Models, executions with their events, events that are taken away, and events that stand for them."""
    generator = random.Random(0)
    models = [*(load_model(name, TAGS) for name in BUILT_IN), *random_models(1000 if full else 60)]
    for number, under in enumerate(models):
        for graph in graphs(1000 * number, 3):
            judge = Judge(under)
            found = list(islice(candidates(Code(extent_of(graph)), judge.refutes), 12))
            for candidate in generator.sample(found, min(3, len(found))):
                executed = events_of_way(candidate.way)
                may_go = removable(executed)
                if may_go:
                    removed = frozenset(generator.sample(may_go, generator.randint(1, len(may_go))))
                    yield under, executed, candidate, removed, representatives(executed, removed, generator)


def verdict(of: Meaning) -> tuple[bool, list[bool]]:
    """Whether an execution is consistent, and which flags and assertions hold."""
    consistent, others = True, []
    for check in of.model.checks:
        passes = holds(check.predicate, of.value(check.node)) is not check.negated
        if check.effect == "check":
            consistent = consistent and passes
        else:
            others.append(passes)
    return consistent, others


def compare(removal: Removal, before: Meaning, after: Meaning) -> Iterator[str]:
    """Check what was foretold of each node; what the nodes did."""
    for i, node in enumerate(before.model.nodes):
        if before.definitions.open[i]:
            continue
        had, has = before.value(i), after.value(i)
        remains = restricted({"": had}.__getitem__, after.events)("")
        change, ends = removal.changes[i], removal.ends[i]
        where = f"node {i} {node} of {before.model.name}"
        assert not change.shrinks or has <= remains, where
        assert not change.keeps or remains <= has, where
        if node.kind is Kind.SET:
            assert had <= set(bits(ends.same)), where
        else:
            assert all(within(ends, e, f) for e, f in had), where  # type: ignore[misc]
        if not has <= remains:
            yield "grew"
        if not remains <= has:
            yield "lost"


def within(ends: Ends, e: int, f: int) -> bool:
    return bool(ends.same >> e & 1 if e == f else ends.first >> e & ends.second >> f & 1)


def test_an_execution_changes_as_foretold_when_events_are_taken_out_of_it(full: bool) -> None:
    """Relations shrink and keep as foretold; and what was consistent stays consistent, with its flags."""
    said: Counter[str] = Counter()
    for under, graph, candidate, removed, left in samples(full):
        removal = Removal(under, graph, left)
        for before, after in shortened(Judge(under), candidate, removed):
            try:
                said.update(compare(removal, before, after))
                had, has = verdict(before), verdict(after)
            except Unsupported:
                continue  # a recursion does not come to rest
            if had[0]:
                may = may_leave_out(under, graph, left)
                changed = not has[0] or had[1] != has[1]
                assert not (may and changed), f"{under.name} without {sorted(removed)}"
                said["may" if may else "may not"] += 1
                said["changed"] += changed
    assert min(said["grew"], said["lost"], said["may"], said["may not"]) > 25
    assert said["changed"] > 10


# ---------------------------------------------------------------- models

SPIN = {
    "PPC": """PPC spin
{ 0:r1=x; 1:r1=x; 0:r2=y; 1:r2=y; }
P0 | P1 ;
li r3,1 | L: lwarx r4,r0,r1 ;
stw r3,0(r1) | lwz r5,0(r2) ;
sync | sync ;
stw r3,0(r2) | lwsync ;
 | eieio ;
 | cmpwi r4,0 ;
 | beq L ;
 | isync ;
 | stwcx. r4,r0,r1 ;
exists (1:r4=1)
""",
    "AArch64": """AArch64 spin
{ 0:X1=x; 1:X1=x; 0:X2=y; 1:X2=y; }
P0 | P1 ;
MOV W3,#1 | L: LDAXR W4,[X1] ;
STLR W3,[X1] | LDR W5,[X2] ;
DMB SY | LDAR W6,[X2] ;
STR W3,[X2] | DMB LD ;
 | DMB SY ;
 | CBZ W4,L ;
 | STXR W7,W4,[X1] ;
exists (1:X4=1)
""",
    "ARM": """ARM spin
{ 0:R1=x; 1:R1=x; 0:R2=y; 1:R2=y; }
P0 | P1 ;
MOV R3,#1 | L: LDREX R4,[R1] ;
STR R3,[R1] | LDR R5,[R2] ;
DMB | DMB ;
STR R3,[R2] | CMP R4,#0 ;
 | BEQ L ;
 | STREX R7,R4,[R1] ;
exists (1:R4=1)
""",
    "RISCV": """RISCV spin
{ 0:x5=x; 1:x5=x; 0:x6=y; 1:x6=y; }
P0 | P1 ;
ori x7,x0,1 | L: lr.w.aq x8,0(x5) ;
sw x7,0(x5) | lw x9,0(x6) ;
fence rw,rw | fence r,rw ;
sw x7,0(x6) | fence.tso ;
 | beq x8,x0,L ;
 | sc.w x10,x8,0(x5) ;
exists (1:x8=1)
""",
    "X86_64": """X86_64 spin
{ }
P0 | P1 ;
movl $1,(x) | L: movl (x),%eax ;
mfence | lfence ;
movl $1,(y) | movl $1,%ebx ;
 | mfence ;
 | lock cmpxchgl %ebx,(y) ;
 | testl %eax,%eax ;
 | je L ;
exists (1:rax=1)
""",
}


def in_rounds(graph: EventGraph) -> int:
    """The reads and fences of the thread that spins, whether or not their instruction also writes."""
    return sum(1 << e.number for e in graph.events if e.thread == 1 and e.kind != "W")


@pytest.mark.parametrize(
    ("arch", "name"),
    [
        *((arch, name) for arch in SPIN for name in ("sc", "tso")),
        *(("X86_64", "x86-tso"), ("PPC", "power"), ("ARM", "arm"), ("AArch64", "aarch64"), ("RISCV", "riscv")),
    ],
)
def test_built_in_models_allow_reads_and_fences_to_be_left_out(arch: str, name: str) -> None:
    spin = case(SPIN[arch], bound=1)
    assert may_leave_out(load_model(name, spin.tags), spin.graph, in_rounds(spin.graph))


SPINNING = case(SPIN["PPC"], bound=1).graph
READS = sum(1 << e.number for e in SPINNING.events if e.thread == 1 and e.kind == "R")
FENCES = sum(1 << e.number for e in SPINNING.events if e.thread == 1 and e.kind == "F")


@pytest.mark.parametrize(
    "check",
    [
        "acyclic (po \\ (po; po)) | rf",  # the events at both sides of what is gone are next to each other then
        "acyclic (po & ~(po; po)) | rf",
        "acyclic (po \\ (po+; po)) | rf",
        "acyclic (po \\ (po-loc; [R]; po-loc)) | rf",
        "acyclic (po \\ (rf; rf^-1)) | rf",  # from write to write through a read
        "acyclic rf \\ (rf; [R]; id; po)",
        "irreflexive ((W * W) \\ (rf; (po & int)*)) & co",
        "empty [W \\ range(po; [R])] & co",
        "empty [W \\ domain(rf)] & co",  # a write that is read no longer
        "empty [W & ~domain(rf)] & co",
        "let rec a = po | (a; a) acyclic rf \\ a",
        "let rec a = [W \\ domain(rf)] | (a; po) and b = a | (b; b) acyclic b & co",
        "let rec a = (W * W) \\ a acyclic a & co",  # a recursion that is not monotone
        "acyclic rf \\ (rf | po)+",
        "~empty rf",  # it needs that something is read
        "~empty [W]; po; [W]; ([W] | (po; rf?))",
        "acyclic po \\ ctrl",
        "acyclic po \\ pick-ctrl",
        "flag ~empty (R * W) & loc & ext as race",  # a race of a read that fails
        "flag ~empty po; [R]; po as reads",
        "flag ~empty [W]; po; [R]; po; [W] as between",
        "flag ~empty [W]; (po \\ (po; [R]; po)); [W] as beside",
        "flag acyclic po | rf as cycles",
        "undefined_unless empty rf; [R]; po as undefined",
        "assert empty (po; rf^-1) \\ id as asserted",
    ],
)
def test_models_that_tell_what_is_left_out_do_not_allow_it(check: str) -> None:
    assert not may_leave_out(model(check), SPINNING, READS)


@pytest.mark.parametrize(
    "check",
    [
        "acyclic (po-loc & (W * R)) \\ (po-loc; [W]; po-loc) | rf",
        "acyclic po \\ (rf^-1; rf) | rf",  # from read to read through a write
        "empty po-loc; rf \\ (co | co; co | co+ | fr; co*)",
        "acyclic rf \\ (rmw; [W]; po) | rf",
        "acyclic co | [W \\ range(co)]",
        "let rec a = (po & (W * W)) | (a; a) acyclic rf \\ a",
        "acyclic (po; po)+ | rf*; po",
        "acyclic po \\ addr \\ data \\ loc \\ int \\ (co; loc; co)",
        "flag ~empty (W * W) & loc & ext & po? as race",  # a race of writes
        "flag ~empty (co; [W]; po) & (W * W) as writes",
        "~empty [IW]; co",
        "let a = po \\ (po; po) acyclic rf",  # nothing rests on it
    ],
)
def test_models_that_cannot_tell_what_is_left_out_allow_it(check: str) -> None:
    assert may_leave_out(model(check), SPINNING, READS)


def test_it_depends_on_the_events_that_are_left_out_what_a_model_can_tell() -> None:
    around_fences = model("acyclic po \\ (po; [SYNC]; po) | rf")
    assert may_leave_out(around_fences, SPINNING, READS)
    assert not may_leave_out(around_fences, SPINNING, FENCES)
    sync = sum(1 << e.number for e in SPINNING.events if "SYNC" in e.tags)
    assert may_leave_out(around_fences, SPINNING, FENCES & ~sync)


def test_a_round_may_be_related_as_no_event_of_the_graph_is() -> None:
    """The address of a read may depend on the round before, which is not in the graph if rounds are left out."""
    assert not SPINNING.addr
    assert not may_leave_out(model("acyclic po \\ (addr; addr) | rf"), SPINNING, READS)


def test_a_model_that_depends_on_the_test_is_not_known() -> None:
    by_events = model("empty match F with {} -> 0 || e ++ rest -> co & ~co end")
    assert by_events.recipe is not None
    assert not may_leave_out(by_events, SPINNING, 0)


def test_a_model_that_sees_decisions_or_registers_is_not_known() -> None:
    for text in ('"test" catdep include "cos.cat" acyclic po | rf', '"test" include "cos.cat" acyclic po & (B * B)'):
        assert not may_leave_out(compile_text(text, "test", TAGS), SPINNING, 0)


def test_a_model_that_asks_what_is_alike_in_loops_is_not_known() -> None:
    assert not may_leave_out(model("empty alike"), SPINNING, 0)
    # It is refused in tests with loops, also if rounds are left out.


def test_random_texts_of_every_architecture_stay_within_the_known_ends(full: bool) -> None:
    """The base relations relate no other kinds of events than the analysis assumes."""
    names = ("rf", "co", "loc", "same-value", "same-low-order-bits", "addr", "data", "ctrl", "pick-addr")
    names = (*names, "pick-data", "pick-ctrl", "amo", "amo-data", "update", "lxsx", "id", "int", "po", "(rf | rf^-1)+")
    text = "\n".join(f"empty {name} & po as c{i} empty {name} as d{i}" for i, name in enumerate(names))
    tables = (("PPC", None), ("AArch64", None), ("ARM", None), ("RISCV", None), ("X86_64", None))
    for arch, table in (*tables, ("C", "power"), ("C", "aarch64"), ("C", "x86")):
        for seed in range(200 if full else 8):
            found = case(random_source(arch, seed), table, bound=1)
            under = compile_text(f'"test" include "cos.cat"\n{text}\n', "test", found.tags)
            for candidate in islice(candidates(Code(extent_of(found.graph))), 3):
                removal = Removal(under, events_of_way(candidate.way), 0)
                for _, meaning in Judge(under).meanings(candidate):
                    for check in under.checks:
                        ends = removal.ends[check.node]
                        pairs = meaning.value(check.node)
                        assert all(within(ends, e, f) for e, f in pairs), check.name  # type: ignore[misc]
