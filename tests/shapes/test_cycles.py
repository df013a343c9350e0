"""Cycles: what follows what, one canonical rotation, and the names that the field has for them."""

from __future__ import annotations

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from litmus.diagnostics import InputError
from litmus.shapes.critical import critical_cycles, read_paths
from litmus.shapes.cycles import Cycle, cycle_of, read_cycle
from litmus.shapes.dialects import dialect
from litmus.shapes.naming import COHERENCE_SHAPES, SHAPES, family, name_of, shape

POWER = "Pod**,Syncd**,LwSyncd**,DpAddrd*,DpDatadW,DpCtrlIsyncdR,[Rfi,PodRR],[DpDatadW,PosWR]"
CYCLES = list(critical_cycles(3, read_paths(POWER, dialect("PPC")), dialect("PPC")))


@given(st.sampled_from(CYCLES), st.integers(min_value=0, max_value=20))
@settings(max_examples=200, deadline=None)
def test_a_rotation_of_a_cycle_is_the_same_cycle(cycle: Cycle, by: int) -> None:
    steps = list(cycle.relaxations)
    by %= len(steps)
    assert cycle_of(steps[by:] + steps[:by], dialect("PPC")) == cycle


@given(st.sampled_from(CYCLES))
@settings(max_examples=200, deadline=None)
def test_a_cycle_is_read_back_as_it_is_spelled(cycle: Cycle) -> None:
    assert read_cycle(str(cycle), dialect("PPC")) == cycle


def test_all_rotations_of_a_cycle_have_one_name() -> None:
    rng = random.Random(1)
    for _ in range(100):
        words = str(rng.choice(CYCLES)).split()
        turned = [" ".join(words[i:] + words[:i]) for i in range(len(words))]
        assert len({name_of(read_cycle(text, dialect("PPC"))) for text in turned}) == 1


@pytest.mark.parametrize(
    ("arch", "text", "name"),
    [
        ("C", "PodWW Rfe PodRR Fre", "MP"),
        ("X86", "Fre MFencedWR Fre MFencedWR", "SB+mfences"),
        ("X86", "PodWR Fre MFencedWR Fre", "SB+mfence+po"),
        ("X86", "Rfi PodRR Fre Rfi PodRR Fre", "SB+rfi-pos"),
        ("PPC", "DpAddrdR Fre LwSyncdWW Rfe", "MP+lwsync+addr"),
        ("PPC", "LwSyncdWW Rfe DpCtrlIsyncdR Fre", "MP+lwsync+ctrlisync"),
        ("PPC", "Rfe SyncdRR Fre Rfe SyncdRR Fre", "IRIW+syncs"),
        ("PPC", "DpAddrdR Fre Rfe LwSyncdRR Fre Rfe", "IRIW+lwsync+addr"),
        ("PPC", "DpDatadW Rfe DpAddrdR Fre Rfe", "WRC+data+addr"),
        ("PPC", "LwSyncdWW Coe LwSyncdWW Coe", "2+2W+lwsyncs"),
        ("PPC", "DpDatadW Rfe DpCtrldW Rfe", "LB+data+ctrl"),
        ("PPC", "SyncdWW Rfe SyncdRW Rfe DpAddrdR Fre", "ISA2+sync+sync+addr"),
        ("PPC", "SyncdWW Rfe SyncdRR Fre Coe", "W+WW+RR+syncs"),
        ("ARM", "DMBdWW Rfe DpAddrdW PosWR Fre", "MP+dmb+addr-pos"),
        ("AArch64", "PodWWPL RfeLA PodRRAP FreP", None),
        ("AArch64", "PodWWPL RfeLA PodRRAP FrePP", "MP+popl+poap"),
        ("AArch64", "DMB.SYdWW Rfe DpCtrlIsbdR Fre", "MP+dmb.sy+ctrlisb"),
        ("AArch64", "RfeLA PodRRAA FreAL RfeLA PodRRAA FreAL", "IRIW+poaas+LL"),
        ("RISCV", "Fence.rw.rwdWR Fre Fence.rw.rwdWR Fre", "SB+fence.rw.rws"),
        ("RISCV", "PodWWPRl RfeRlAq PodRRAqP Fre", "MP+poprl+poaqp"),
        ("C", "FenceMbdWROnceOnce FreOnceOnce FenceMbdWROnceOnce FreOnceOnce", "SB+fencembonceonces"),
        ("C", "PodWWOnceRelease RfeReleaseAcquire PodRRAcquireOnce FreOnceOnce", "MP+pooncerelease+poacquireonce"),
        ("C", "RfeOnceOnce PodRWOnceOnce RfeOnceOnce PodRROnceOnce FreOnceOnce", "WRC+poonceonces+Once"),
        ("C", "WmbdWW Rfe RmbdRR Fre", "MP+wmb+rmb"),
        ("C", "BarrierdWR Fre MembdWR Fre", "SB+barrier+memb"),
        ("C", "PosWR Fre", "CoWR0"),
        ("C", "Rfe PosRR Fre", "CoRR"),
        ("C", "PosRW Coe Rfe", "CoRW2"),
        ("PPC", "Rfe SyncsRR Fre", "CoRR+syncs"),
        ("C", "PodWW Coe PodWR Fre PodWR Fre", "Z6.4"),
        ("C", "PodWW Rfe PodRR Fre PodWR Fre", "W+RWC"),
        ("C", "PodWR Fre PodWR Fre PodWR Fre PodWR Fre PodWR Fre", "WR+WR+WR+WR+WR"),
    ],
)
def test_a_cycle_has_the_name_that_the_field_gives_it(arch: str, text: str, name: str | None) -> None:
    if name is None:
        with pytest.raises(InputError):
            read_cycle(text, dialect(arch))
    else:
        assert name_of(read_cycle(text, dialect(arch))) == name


@pytest.mark.parametrize("name", [*SHAPES, *COHERENCE_SHAPES])
def test_the_family_of_the_cycle_of_a_shape_is_the_shape(name: str) -> None:
    cycle = read_cycle(shape(name), dialect("C"))
    assert family(cycle) == name
    assert name_of(cycle) == name


def test_shapes_are_found_without_regard_to_case_and_by_their_directions() -> None:
    assert shape("iriw") == SHAPES["IRIW"]
    assert family(read_cycle(shape("WW+RR"), dialect("C"))) == "MP"
    assert family(read_cycle(shape("W+RR+WR+WR"), dialect("C"))) == "W+RR+WR+WR"


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("IRIX", "there is no shape IRIX"),
        ("WW+RR+RW", "RR ends, and RW begins, with a read"),
        ("", "there is no shape"),
    ],
)
def test_what_is_no_shape_is_an_error(name: str, message: str) -> None:
    with pytest.raises(InputError) as raised:
        shape(name)
    assert message in raised.value.message
    if name == "IRIX":
        assert raised.value.hint == "did you mean IRIW or IRWIW or IRRWIW?"


def test_what_is_not_said_of_an_access_is_what_its_neighbour_says() -> None:
    said = read_cycle("PodWWPL RfeLA PodRRAP FrePP", dialect("AArch64"))
    assert read_cycle("PodWWPL Rfe PodRRAP Fre", dialect("AArch64")) == said
    assert str(said) == "PodWWPL RfeLA PodRRAP Fre"


@pytest.mark.parametrize(
    ("arch", "text", "message", "place"),
    [
        ("C", "PodWW Rfe PodWR Fre", "Rfe ends with a read, PodWR begins with a write", "PodWR"),
        ("C", "PodWW Coe PodWW Rfe", "Rfe ends with a read, PodWW begins with a write", "PodWW"),
        ("C", "PodWR Fri", "a cycle goes from thread to thread", "PodWR Fri"),
        ("C", "PodWW Rfe PosRR Fre", "PodWW leaves a location to which nothing leads back", "PodWW"),
        ("C", "PodWW PodWW Coe", "leads back to its own thread", "PodWW PodWW Coe"),
        ("C", "Rfe Fre", "program order is missing", "Rfe Fre"),
        ("C", "", "a cycle has at least two relaxations", None),
        ("AArch64", "PodWWPL RfePA PodRRAP Fre", "PodWWPL makes an access L, RfePA makes it P", "RfePA"),
    ],
)
def test_relaxations_that_make_up_no_cycle_are_an_error_at_their_place(
    arch: str, text: str, message: str, place: str | None
) -> None:
    with pytest.raises(InputError) as raised:
        read_cycle(text, dialect(arch))
    assert message in raised.value.message
    assert (raised.value.span.text if raised.value.span else None) == place
