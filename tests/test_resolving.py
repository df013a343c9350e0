"""Questions: places in herd's order, values at the types of their places, and names that do not exist."""

from __future__ import annotations

import pytest

from litmus.diagnostics import InputError, Source
from litmus.isa import architecture_named
from litmus.program.code import RegisterType
from litmus.program.question import (
    Conjunction,
    Disjunction,
    Equal,
    Holds,
    Negation,
    Place,
    Question,
    Same,
)
from litmus.program.values import Address
from litmus.reading import read_test
from litmus.resolving import resolve

INIT = "int t[2]={1,2}; x=0; uint8_t c; int64_t w; int64_t 0:r5; 0:r2=x;"


def ask(final: str, init: str = INIT, arch: str = "PPC") -> Question:
    text = f"{arch} T\n{{ {init} }}\n P0 | P1 ;\n nop | nop ;\n{final}"
    test = read_test(Source("t.litmus", text))
    return resolve(test, architecture_named(arch).lower(test))


def names(question: Question) -> list[str]:
    return [
        (f"{p.thread}:" if p.thread is not None else "") + p.name + (f"[{p.cell}]" if p.cell is not None else "")
        for p in question.places
    ]


def test_places_are_in_herds_order() -> None:
    question = ask("locations [x; t[1]; 1:r1; w;] exists (0:r10=1 /\\ 0:r9=1 /\\ c=1 /\\ 0:R31=2)")
    assert names(question) == ["0:r9", "0:r10", "0:r31", "1:r1", "c", "w", "x", "t[1]"]
    assert question.shown == 8


def test_x86_registers_are_in_herds_order_and_spelling() -> None:
    final = "exists (0:EDX=1 /\\ 0:EAX=1 /\\ 0:ESI=1 /\\ 0:EBX=1 /\\ 0:ECX=1 /\\ x=1)"
    assert names(ask(final, "x=0;", "X86")) == ["0:EAX", "0:EBX", "0:ECX", "0:EDX", "0:ESI", "x"]
    final = "exists (0:RDX=1 /\\ 0:rax=1 /\\ 0:r10=1 /\\ 0:r9=1 /\\ 0:rbp=2)"
    assert names(ask(final, "", "X86_64")) == ["0:rax", "0:rdx", "0:rbp", "0:r9", "0:r10"]


def test_places_of_the_filter_are_not_shown() -> None:
    question = ask("filter (1:r3=1 /\\ x=1) exists (x=2)")
    assert (names(question), question.shown) == (["x", "1:r3"], 1)
    assert question.formula == Equal(0, 2)
    assert question.filter == Conjunction((Equal(1, 1), Equal(0, 1)))


def test_values_are_brought_to_the_type_of_their_place() -> None:
    question = ask("exists (0:r1=0xffffffff /\\ 0:r5=0xffffffff /\\ c=-1 /\\ w=0xffffffffffffffff /\\ 0:r6=-1)")
    by_place = dict(zip(names(question), question.types, strict=True))
    assert by_place["0:r1"] == RegisterType(4, True)
    assert by_place["0:r5"] == RegisterType(8, True)
    assert by_place["c"] == RegisterType(1, False)
    assert isinstance(question.formula, Conjunction)
    values = {names(question)[f.place]: f.value for f in question.formula.operands if isinstance(f, Equal)}
    assert values == {"0:r1": -1, "0:r5": 0xFFFFFFFF, "c": 255, "w": -1, "0:r6": -1}


def test_locations_may_give_types() -> None:
    question = ask("locations [0:r1 uint8_t; x uint64_t; 0:r2 int*;] exists (0:r1=-1 /\\ x=-1)")
    assert question.types == (RegisterType(1, False), RegisterType(8), RegisterType(8, False))
    assert question.formula == Conjunction((Equal(0, 255), Equal(2, (1 << 64) - 1)))


def test_a_whole_array_is_shown_by_its_cells() -> None:
    question = ask("locations [t;] exists (x=1 /\\ t={1,x})")
    assert question.places == (Place(None, "t", 0), Place(None, "t", 1), Place(None, "x"))
    assert question.arrays == ((0, 2),)
    assert question.formula == Conjunction((Equal(2, 1), Conjunction((Equal(0, 1), Equal(1, Address("x"))))))


def test_a_cell_of_a_whole_array_that_is_named_too_is_shown_again() -> None:
    question = ask("locations [t;] exists (x=1 /\\ t[1]=2)")
    assert question.places == (Place(None, "t", 0), Place(None, "t", 1), Place(None, "x"))
    assert question.again == (1,)
    assert ask("exists (x=1 /\\ t[1]=2)").again == ()


def test_formulas() -> None:
    assert ask("").formula == Holds(True)
    assert ask("").quantifier == "forall"
    assert ask("exists (0:r2=x)").formula == Equal(0, Address("x"))
    assert ask("exists (0:r2=t[1])").formula == Equal(0, Address("t", 4))
    assert ask("exists (0:r1=[x])").formula == Same(0, 1)
    assert ask("exists (0:r1=1 => x=1)").formula == Disjunction((Negation(Equal(0, 1)), Equal(1, 1)))
    assert ask("exists (0:r1<>1)").formula == Negation(Equal(0, 1))
    three = Equal(0, 1), Equal(1, 1), Equal(2, 1)
    assert ask("exists (0:r1=1 /\\ 1:r1=1 /\\ x=1)").formula == Conjunction(three)
    assert ask("exists (0:r1=1 \\/ (1:r1=1 \\/ x=1))").formula == Disjunction(three)


@pytest.mark.parametrize(
    ("final", "message", "offending", "hint"),
    [
        ("exists (0:r99=1)", "POWER has no register r99", "r99", "registers are r0 to r31"),
        ("exists (2:r1=1)", "there is no process P2", "2:r1", "the last is P1"),
        ("exists (xx=1)", "there is no location xx", "xx", "did you mean x?"),
        ("exists (zebra=1)", "there is no location zebra", "zebra", "locations are t, x, c, w"),
        ("locations [nosuch;]", "there is no location nosuch", "nosuch", "locations are t, x, c, w"),
        ("filter (nosuch=1)", "there is no location nosuch", "nosuch", "locations are t, x, c, w"),
        ("exists (0:r1=nosuch)", "there is no location nosuch", "nosuch", "locations are t, x, c, w"),
        ("exists (0:r1=[nosuch])", "there is no location nosuch", "[nosuch]", "locations are t, x, c, w"),
        ("exists (t[2]=1)", "t has no cell 2", "t[2]", "it has 2 cells, counted from 0"),
        ("exists (x=t[2])", "t has no cell 2", "t[2]", "it has 2 cells, counted from 0"),
        ("exists (x[1]=1)", "x has no cell 1", "x[1]", "it has 1 cell, counted from 0"),
        ("exists (t=1)", "t is an array", "t", "name a cell: t[0]"),
        ("exists (t={1,2,3})", "t has 2 cells, not 3", "t={1,2,3}", None),
        ("locations [x foo;]", "unknown type foo", "x foo", "types are int, long, int8_t, uint64_t, ..."),
        (
            "exists (x=0x1ffffffffffffffff)",
            "0x1ffffffffffffffff does not fit into 64 bits",
            "0x1ffffffffffffffff",
            None,
        ),
    ],
)
def test_names_that_do_not_exist(final: str, message: str, offending: str, hint: str | None) -> None:
    with pytest.raises(InputError) as caught:
        ask(final)
    assert caught.value.message == message
    assert caught.value.span is not None
    assert (caught.value.span.text, caught.value.hint) == (offending, hint)


def test_a_test_without_locations_says_so() -> None:
    with pytest.raises(InputError) as caught:
        ask("exists (x=1)", "")
    assert caught.value.hint == "the test has no locations"
