"""All critical cycles: none is missing, none twice, and all are critical."""

from __future__ import annotations

from collections import Counter
from itertools import product

import pytest

from litmus.diagnostics import InputError
from litmus.shapes.critical import critical_cycles, read_paths, variants
from litmus.shapes.cycles import Cycle, read_cycle
from litmus.shapes.dialects import dialect
from litmus.shapes.events import events_of
from litmus.shapes.naming import SHAPES, family, name_of

C, PPC = dialect("C"), dialect("PPC")


def cycles(threads: int, relaxations: str, arch: str = "C") -> list[Cycle]:
    return list(critical_cycles(threads, read_paths(relaxations, dialect(arch)), dialect(arch)))


def rings_by_brute_force(threads: int) -> int:
    """Critical cycles over program order alone, counted as words of R and W up to rotation."""
    found = set()
    for ring in product(("W", "WW", "WR", "RW", "RR"), repeat=threads):
        ends = [(a[-1], b[0]) for a, b in zip(ring, ring[1:] + ring[:1], strict=True)]
        alone = all(b[0] == "R" for a, b in zip(ring, ring[1:] + ring[:1], strict=True) if a == "W")
        if ("R", "R") not in ends and alone and sum(len(points) == 2 for points in ring) > 1:
            found.add(min(ring[i:] + ring[:i] for i in range(threads)))
    return len(found)


@pytest.mark.parametrize(("threads", "number"), [(2, 6), (3, 17), (4, 45)])
def test_there_are_six_shapes_of_two_threads_17_of_three_and_45_of_four(threads: int, number: int) -> None:
    exactly = [cycle for cycle in cycles(threads, "Pod**") if len(cycle.threads) == threads]
    assert len(exactly) == number == rings_by_brute_force(threads)


def test_the_shapes_of_two_and_three_threads_are_those_with_names() -> None:
    assert {family(cycle) for cycle in cycles(3, "Pod**")} == set(list(SHAPES)[:23])


def test_no_cycle_comes_twice() -> None:
    found = cycles(3, "Pod**,Syncd**,DpAddrd*,DpCtrldW", "PPC")
    assert len(found) == len(set(found))
    assert max(Counter(map(name_of, found)).values()) == 1


def test_every_cycle_is_critical() -> None:
    for cycle in cycles(4, "Pod**,MbdWR"):
        threads = events_of(cycle).threads
        for thread in threads:
            assert len({access.location for access in thread}) == len(thread) <= 2
        accesses = Counter(access.location for thread in threads for access in thread)
        assert max(accesses.values()) <= 3


def test_two_relaxations_give_every_two_thread_shape_in_every_combination() -> None:
    names = {name_of(cycle) for cycle in cycles(2, "Pod**,Syncd**", "PPC")}
    symmetric = {f"{s}{x}" for s in ("SB", "LB", "2+2W") for x in ("", "+sync+po", "+syncs")}
    others = {f"{s}{x}" for s in ("MP", "R", "S") for x in ("", "+sync+po", "+po+sync", "+syncs")}
    assert names == symmetric | others


def test_communications_that_are_given_are_the_only_ones() -> None:
    assert {family(cycle) for cycle in cycles(3, "Pod**,Rfe")} == {"LB", "3.LB"}
    found = {family(cycle) for cycle in cycles(3, "Pod** Rfe Fre")}
    assert found == {"MP", "SB", "LB", "WRC", "RWC", "ISA2", "W+RWC", "3.SB", "3.LB"}


def test_a_sequence_in_brackets_counts_as_one_relaxation() -> None:
    assert [name_of(cycle) for cycle in cycles(2, "[Rfi,PodRR],Pod**", "X86")].count("SB+rfi-pos") == 1
    found = {str(cycle) for cycle in cycles(2, "[Rfi,Pod**]", "X86")}
    assert found >= {"Rfi PodRR Fre Rfi PodRR Fre", "Rfi PodRW Coe Rfi PodRW Coe"}


def test_the_variants_of_a_shape_have_every_relaxation_that_fits_in_each_thread() -> None:
    paths = read_paths("LwSyncd**,DpAddrdR,DpDatadW,PodRR", PPC)
    found = {name_of(cycle) for cycle in variants(read_cycle("PodWW Rfe PodRR Fre", PPC), paths, PPC)}
    assert found == {"MP+lwsyncs", "MP+lwsync+addr", "MP+lwsync+po"}


def test_a_thread_without_a_fitting_relaxation_stays_as_it_is() -> None:
    found = [name_of(c) for c in variants(read_cycle("PodWW Rfe PodRR Fre", PPC), read_paths("DpAddrdR", PPC), PPC)]
    assert found == ["MP+po+addr"]


def test_annotations_of_paths_meet_those_of_communications() -> None:
    found = {name_of(c) for c in cycles(2, "PodWWPL PodRRAP RfeLA Fre", "AArch64")}
    assert found == {"MP+popl+poap"}
    # The read and the write that Rfe joins would be plain for one neighbour and annotated for the other.
    assert cycles(2, "PodWWPL PodRRAP RfePA Fre", "AArch64") == []


@pytest.mark.parametrize(
    ("text", "message", "place"),
    [
        ("Pod**,Foo", "C has no relaxation Foo", "Foo"),
        ("[Rfi,PodWW]", "these do not follow each other", "[Rfi,PodWW]"),
        ("[Rfi,PodXX]", "C has no relaxation PodXX", "PodXX"),
        ("", "no relaxations are given", None),
    ],
)
def test_a_wrong_list_of_relaxations_is_an_error_at_its_place(text: str, message: str, place: str | None) -> None:
    with pytest.raises(InputError) as raised:
        read_paths(text, C)
    assert message in raised.value.message
    assert (raised.value.span.text if raised.value.span else None) == place


@pytest.mark.parametrize(
    ("text", "message"),
    [("PosRR", "PosRR stays at one location"), ("[PodWR,Fre]", r"\[PodWR Fre\] leaves its thread")],
)
def test_what_no_critical_cycle_has_is_an_error(text: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        list(critical_cycles(2, read_paths(text, C), C))
