"""Spelling of places, states and conditions."""

from __future__ import annotations

import pytest

from litmus.program.code import RegisterType
from litmus.program.question import Conjunction, Disjunction, Equal, Formula, Holds, Negation, Place, Question, Same
from litmus.program.values import Address
from litmus.report import spell

PLACES = (Place(0, "EAX"), Place(None, "x"), Place(None, "t", 1), Place(1, "%x0"))
A, B, C = Equal(0, 1), Equal(1, -2), Equal(2, 3)


def showing(
    places: tuple[Place, ...], arrays: tuple[tuple[int, int], ...] = (), again: tuple[int, ...] = ()
) -> Question:
    types = (RegisterType(),) * len(places)
    return Question(places, types, len(places), "exists", Holds(True), None, arrays, again)


def test_cells_stand_behind_everything_else_also_those_of_an_array_that_is_shown_whole():
    cells = (Place(None, "t", 0), Place(None, "t", 1), Place(None, "x"), Place(None, "s", 3), Place(None, "u", 0))
    spelled = spell.speller(showing(cells, ((0, 2),), (1,)))
    assert spelled((1, 2, 3, 4, 5)) == "t={1,2}; [x]=3; s[3]=4; t[1]=2; u[0]=5;"


def test_an_array_that_is_shown_whole_is_one_item():
    cells = (Place(0, "EAX"), Place(None, "t", 0), Place(None, "t", 1), Place(None, "x"))
    assert spell.speller(showing(cells, ((1, 2),)))((0, 1, 2, 3)) == "0:EAX=0; t={1,2}; [x]=3;"


def test_states_spell_registers_variables_and_cells_as_herd_does():
    spelled = spell.speller(showing(PLACES))((0, 1, -2, 2**63 - 1))
    assert spelled == "0:EAX=0; [x]=1; t[1]=-2; 1:%x0=9223372036854775807;"


def test_an_address_in_a_state_is_a_name():
    assert spell.speller(showing(PLACES[:2]))((Address("y"), Address("t", 4))) == "0:EAX=y; [x]=t+4;"


def test_the_state_of_no_places_is_empty():
    assert spell.speller(showing(()))(()) == ""


@pytest.mark.parametrize(
    ("formula", "text"),
    [
        (Holds(True), "true"),
        (Holds(False), "false"),
        (A, "0:EAX=1"),
        (Equal(1, Address("y")), "[x]=y"),
        (Same(0, 1), "0:EAX=[x]"),
        (Negation(A), "not (0:EAX=1)"),
        (Conjunction((A, B, C)), "0:EAX=1 /\\ [x]=-2 /\\ t[1]=3"),
        (Disjunction((Conjunction((A, B)), C)), "0:EAX=1 /\\ [x]=-2 \\/ t[1]=3"),
        (Conjunction((Disjunction((A, B)), C)), "(0:EAX=1 \\/ [x]=-2) /\\ t[1]=3"),
        (Conjunction((A, Conjunction((B, Disjunction((A, C)))))), "0:EAX=1 /\\ [x]=-2 /\\ (0:EAX=1 \\/ t[1]=3)"),
        (Negation(Disjunction((A, Negation(B)))), "not (0:EAX=1 \\/ not ([x]=-2))"),
        (Conjunction(()), "true"),
        (Disjunction(()), "false"),
        (Conjunction((Disjunction((A,)), B)), "0:EAX=1 /\\ [x]=-2"),
    ],
)
def test_propositions_have_parentheses_only_where_they_are_needed(formula: Formula, text: str):
    assert spell.formula(formula, PLACES) == text


def test_a_condition_keeps_its_quantifier():
    question = Question(PLACES, (RegisterType(),) * 4, 4, "~exists", Conjunction((A, B)), None)
    assert spell.condition(question) == "~exists (0:EAX=1 /\\ [x]=-2)"
