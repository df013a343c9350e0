"""The table of base names says what is true of them, by the oracle's meaning of them."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain, count, islice

from cases import case
from msgspec.structs import replace
from programs import Features, candidates_at_most, random_program, unrolled
from random_models import EXCEPTED
from sources import random_source

from litmus.algebra.dag import Level
from litmus.algebra.names import BASE_NAMES, NOTHING, Rests
from litmus.algebra.operators import Kind
from litmus.engine.base import Base
from litmus.engine.bounds import Bounds
from litmus.engine.every import Every
from litmus.oracle.base import starting_from
from litmus.oracle.executions import Candidate, Code, candidates
from litmus.oracle.paths import Extent, extent_of
from litmus.program.build import with_registers
from litmus.program.graph import EventGraph

NAMES = sorted(BASE_NAMES.keys() - EXCEPTED.keys())
OF_ACCESSES = [name for name in NAMES if BASE_NAMES[name].level is Level.ACCESSES]
FEATURES = Features(blocks=0.3)
POINTER = """PPC pointer
{ x=1; y=2; p=x; 0:r4=p; 1:r1=y; 1:r4=p; 2:r1=3; 2:r2=x; }
P0 | P1 | P2 ;
lwz r1,0(r4) | stw r1,0(r4) | stw r1,0(r2) ;
lwz r3,0(r1) | | ;
exists (0:r3=2)
"""
HOISTED = """C hoisted
{ x=0; y=0; z[2]={1,2}; }
P0(int *x, int *y, int *z) { int r0 = READ_ONCE(*x); if (r0) { int r1 = *y; } int r2 = READ_ONCE(z[READ_ONCE(*x)]); }
P1(int *x) { WRITE_ONCE(*x, 1); }
exists (0:r0=1)
"""
# Two ways lead to the same events, and all kinds of dependencies are on one of them only.
JOINED = """AArch64 joined
{ int t[2]; 0:X1=x; 0:X2=y; 0:X3=t; 1:X1=x; }
P0                     | P1          ;
LDXR W4,[X2]           | MOV W0,#1   ;
LDR W0,[X1]            | STR W0,[X1] ;
MOV W5,#0              |             ;
MOV W6,#4              |             ;
CBZ W0,L               |             ;
EOR W6,W0,W0           |             ;
CMP W4,#0              |             ;
CSEL W5,W5,W0,EQ       |             ;
CBNZ W4,L              |             ;
L: STXR W10,W6,[X2]    |             ;
STR W5,[X3,W6,SXTW]    |             ;
CBNZ W5,M              |             ;
M: STR W5,[X3,W5,SXTW] |             ;
exists (0:X0=1)
"""
# One of the ways has a load-reserve of its own.
RESERVED = JOINED.replace("EOR W6,W0,W0           |", "LDXR W6,[X2]           |")


def programs(number: int) -> Iterator[EventGraph]:
    """Random programs, with blocks."""
    found = (unrolled(random_program(seed, FEATURES)[0]) for seed in count())
    return islice((graph for graph in found if graph is not None and candidates_at_most(graph) <= 2000), number)


def texts(arch: str, table: str | None, number: int) -> Iterator[EventGraph]:
    """Random texts.  In C, the compiler exchanges accesses."""
    found = (case(random_source(arch, seed), table, bound=1).graph for seed in count())
    return islice((graph for graph in found if candidates_at_most(graph) <= 500), number)


def graphs(number: int) -> Iterator[EventGraph]:
    return chain(
        [case(POINTER).graph, case(HOISTED, "power").graph, case(JOINED).graph],
        programs(number),
        texts("C", "power", number),
        texts("C", "x86", number),
    )


def executions(graph: EventGraph) -> Iterator[Candidate]:
    return candidates(Code(extent_of(graph)))


def events(candidate: Candidate) -> object:
    """What executes: events of two candidates are the same if they have the same number and stand in the same place."""
    taken = candidate.way.taken
    return tuple([(e.number, e.thread, e.kind, e.span, e.block) for _, e in sorted(taken.events.items())])


def differing(one: Candidate, other: Candidate) -> Rests:
    """What is decided in another way in two candidates in which the same events execute."""
    found = NOTHING
    if one.rf != other.rf:
        found |= Rests.READS
    if one.co != other.co:
        found |= Rests.ORDERS
    if one.values != other.values:
        found |= Rests.VALUES
    if one.addresses != other.addresses:
        found |= Rests.ADDRESSES
    ways = one.way, other.way
    if ways[0].order != ways[1].order and any(way.exchangeable for way in ways):
        found |= Rests.EXCHANGES
    if ways[0].order != ways[1].order and any(way.taken.blocks for way in ways):
        found |= Rests.LANDINGS
    if [path.choices for path in ways[0].taken.paths] != [path.choices for path in ways[1].taken.paths]:
        found |= Rests.PATHS
    return found


def test_a_base_name_is_the_same_where_all_that_it_rests_on_is(full: bool) -> None:
    compared: dict[Rests, int] = {}
    for graph in graphs(100 if full else 15):
        first_of: dict[object, Candidate] = {}
        for other in islice(executions(graph), 40):
            one = first_of.setdefault(events(other), other)
            differs = differing(one, other)
            first, second = (starting_from(candidate, Level.ACCESSES) for candidate in (one, other))
            for name in OF_ACCESSES:
                if not BASE_NAMES[name].rests & differs:
                    assert first.base(name) == second.base(name), name
            for each in differs:
                compared[each] = compared.get(each, 0) + 1
    assert compared.keys() == set(Rests) - {Rests.OPTIONS}


def test_the_names_whose_members_are_open_before_anything_is_chosen_are_those_that_rest_on_something() -> None:
    """The others are the same in all candidates in which their events execute."""
    found: set[str] = set()
    for graph in chain(graphs(15), [case(RESERVED).graph]):
        base = Base(Every(Bounds(graph, coherent=False)))
        found |= {name for name in OF_ACCESSES if base[name].open}
    assert found == {name for name in OF_ACCESSES if BASE_NAMES[name].rests}


def is_symmetric(pairs: frozenset[tuple[int, int]]) -> bool:
    return all((f, e) in pairs for e, f in pairs)


def is_transitive(pairs: frozenset[tuple[int, int]]) -> bool:
    return all((e, h) in pairs for e, f in pairs for g, h in pairs if f == g)


def recorded(graph: EventGraph) -> Extent:
    return replace(extent_of(graph), records=True)


def test_relations_are_symmetric_and_transitive_and_in_program_order_as_their_rows_say(full: bool) -> None:
    number = 100 if full else 10
    of_accesses = [(extent_of(graph), Level.ACCESSES) for graph in graphs(number)]
    of_registers = [(recorded(graph), Level.REGISTERS) for graph in texts("AArch64", None, number)]
    for extent, level in (*of_accesses, *of_registers):
        for candidate in islice(candidates(Code(extent)), 5):
            given = starting_from(candidate, level)
            po = given.base("po")
            for name in NAMES if level is Level.REGISTERS else OF_ACCESSES:
                row = BASE_NAMES[name]
                if row.kind is Kind.RELATION:
                    pairs = frozenset(pair for pair in given.base(name) if isinstance(pair, tuple))
                    assert is_symmetric(pairs) or not row.symmetric, name
                    assert is_transitive(pairs) or not row.transitive, name
                    assert pairs <= po or not row.in_po, name


def test_sets_of_registers_and_decisions_are_base_names() -> None:
    found: set[str] = set()
    for graph in texts("AArch64", None, 40):
        registers = with_registers(graph).registers
        assert registers is not None
        found |= registers.sets.keys()
    rows = BASE_NAMES.values()
    assert found == {row.name for row in rows if row.kind is Kind.SET and row.level is not Level.ACCESSES}
