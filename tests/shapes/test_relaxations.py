"""Relaxations are spelled as diy spells them, and misspelt ones say what was meant."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from litmus.diagnostics import InputError, Source, Span
from litmus.shapes.dialects import DIALECTS, dialect
from litmus.shapes.relaxations import Relaxation, spelled
from litmus.shapes.words import known_names, read_relaxation, read_relaxations

ALL = [(d.arch, name) for d in DIALECTS.values() for name in known_names(d)]


def read(word: str, arch: str) -> Relaxation:
    return read_relaxation(span(word), dialect(arch))


def span(word: str) -> Span:
    return Span(Source("<test>", word), 0, len(word))


@given(st.sampled_from(ALL))
def test_every_relaxation_is_read_back_as_it_is_spelled(known: tuple[str, str]) -> None:
    arch, name = known
    assert spelled(read(name, arch), dialect(arch).plain) == name


@pytest.mark.parametrize(
    ("arch", "word", "source", "target", "same", "external"),
    [
        ("C", "Rfe", "W", "R", True, True),
        ("C", "Fri", "R", "W", True, False),
        ("C", "Coe", "W", "W", True, True),
        ("X86", "PodWR", "W", "R", False, False),
        ("X86", "PosRR", "R", "R", True, False),
        ("X86", "MFencedWR", "W", "R", False, False),
        ("PPC", "DpAddrdR", "R", "R", False, False),
        ("PPC", "DpCtrlIsyncsW", "R", "W", True, False),
        ("ARM", "DMB.STsWW", "W", "W", True, False),
        ("AArch64", "DMB.SYdRW", "R", "W", False, False),
        ("RISCV", "Fence.rw.wdWW", "W", "W", False, False),
        ("RISCV", "DpCtrlFenceIdR", "R", "R", False, False),
        ("C", "MembdWR", "W", "R", False, False),
        ("C", "smp_mb__after_atomicdRR", "R", "R", False, False),
        ("C", "atomic_add_returndWW", "W", "W", False, False),
    ],
)
def test_a_relaxation_says_what_it_leads_from_and_to(
    arch: str, word: str, source: str, target: str, same: bool, external: bool
) -> None:
    found = read(word, arch)
    assert (found.source, found.target, found.same, found.external) == (source, target, same, external)


@pytest.mark.parametrize(
    ("arch", "word", "canonical"),
    [
        ("C", "Wse", "Coe"),
        ("C", "Wsi", "Coi"),
        ("AArch64", "WseLP", "CoeLP"),
        ("C", "smp_mbdWR", "MbdWR"),
        ("C", "barrierdWR", "BarrierdWR"),
        ("C", "sys_membarrierdRR", "MembdRR"),
        ("ARM", "DMB.SYdWW", "DMBdWW"),
    ],
)
def test_other_names_of_a_relaxation_are_understood(arch: str, word: str, canonical: str) -> None:
    assert spelled(read(word, arch), dialect(arch).plain) == canonical


@pytest.mark.parametrize(
    ("arch", "word", "before", "after"),
    [
        ("AArch64", "PodWWPL", "P", "L"),
        ("AArch64", "RfeLA", "L", "A"),
        ("AArch64", "DpAddrdRPQ", "P", "Q"),
        ("RISCV", "PodWRRlAq", "Rl", "Aq"),
        ("RISCV", "FreAqP", "Aq", "P"),
        ("C", "PodWWOnceRelease", "Once", "Release"),
        ("C", "PodRRPlainPlain", "Plain", "Plain"),
        ("C", "PodWRsmp_store_mbOnce", "smp_store_mb", "Once"),
    ],
)
def test_annotations_of_both_accesses_follow(arch: str, word: str, before: str, after: str) -> None:
    found = read(word, arch)
    assert (found.before, found.after) == (before, after)
    assert spelled(found, dialect(arch).plain) == word


@pytest.mark.parametrize(
    ("arch", "word", "message", "hint"),
    [
        ("PPC", "SyncdWZ", "PPC has no relaxation SyncdWZ", "did you mean SyncdWW"),
        ("PPC", "LwSyncWW", "PPC has no relaxation LwSyncWW", "LwSyncdWW"),
        ("X86", "SyncdWW", "X86 has no relaxation SyncdWW", "PPC has it: --arch PPC"),
        ("C", "MFencedWR", "C has no relaxation MFencedWR", "X86 and X86_64 have it: --arch X86"),
        ("C", "xxxxxxxx", "C has no relaxation xxxxxxxx", "for example Rfe, Fre, Coe, PodWW, MbdWW, DpAddrdW"),
        ("X86", "Pod**", "X86 has no relaxation Pod**", "`*` stands for a direction in lists"),
        ("PPC", "DpDatadR", "PPC has no relaxation DpDatadR", "DpDatadW"),
        ("AArch64", "PodWWPA", "a write cannot be A in AArch64", None),
        ("AArch64", "RfeAP", "a write cannot be A in AArch64", None),
        ("RISCV", "PodRRRlP", "a read cannot be Rl in RISCV", None),
        ("PPC", "PodWWPL", "PPC has no relaxation PodWWPL", "AArch64 has it: --arch AArch64"),
        ("C", "PodRROnceRelease", "a read cannot be Release in C", None),
    ],
)
def test_what_is_no_relaxation_is_an_error_at_the_word(arch: str, word: str, message: str, hint: str | None) -> None:
    with pytest.raises(InputError) as raised:
        read(word, arch)
    assert raised.value.message == message
    assert raised.value.span is not None
    assert raised.value.span.text == word
    if hint is None:
        assert raised.value.hint is None
    else:
        assert raised.value.hint is not None
        assert hint in raised.value.hint


@pytest.mark.parametrize(
    ("arch", "word", "expected"),
    [
        ("PPC", "Pod**", "PodRR PodRW PodWR PodWW"),
        ("PPC", "SyncsW*", "SyncsWR SyncsWW"),
        ("PPC", "DpAddrd*", "DpAddrdR DpAddrdW"),
        ("PPC", "DpDatad*", "DpDatadW"),
        ("AArch64", "Pod**PL", "PodRWPL PodWWPL"),
        ("PPC", "PodWW", "PodWW"),
    ],
)
def test_a_star_is_every_direction_that_is_possible(arch: str, word: str, expected: str) -> None:
    found = read_relaxations(span(word), dialect(arch))
    assert [spelled(r, dialect(arch).plain) for r in found] == expected.split()


def test_a_star_where_no_direction_is_possible_is_an_error() -> None:
    with pytest.raises(InputError, match="a write cannot be A"):
        read_relaxations(span("PodW*AP"), dialect("AArch64"))


def test_an_architecture_without_a_dialect_is_an_error_with_near_names() -> None:
    with pytest.raises(InputError) as raised:
        dialect("Aarch6")
    assert raised.value.hint == "did you mean AArch64?"
    with pytest.raises(InputError, match="no tests can be generated for MIPS"):
        dialect("MIPS")
