"""Compiling keeps the meaning of expressions, and equal expressions become one node."""

from __future__ import annotations

from typing import Any

import pytest
from cat_evaluator import Evaluator
from cat_terms import EVENTS, Pairs, bases, meaning, spell, trees
from hypothesis import given, settings
from hypothesis import strategies as st

from litmus.algebra.dag import Model
from litmus.algebra.operators import Operator
from litmus.cat import compile_text

SETS_OF_TREES, RELATION_TREES = trees()
_, RECURSIVE_TREES = trees(("x", "y"), monotone=True)


def compiled(text: str) -> Model:
    return compile_text(text, "test.cat", frozenset())


def node_of(expression: str) -> tuple[Model, int]:
    model = compiled(f"empty {expression}")
    return model, model.checks[0].node


@given(RELATION_TREES | st.tuples(st.just("[]"), SETS_OF_TREES), bases())
@settings(max_examples=80, deadline=None)
def test_a_compiled_expression_means_what_its_text_says(tree: Any, base: dict[str, Pairs]) -> None:
    model, node = node_of(spell(tree))
    assert Evaluator(model, base).value(node) == meaning(tree, base)


def least_fixpoint(trees: tuple[Any, Any], base: dict[str, Pairs]) -> tuple[Pairs, Pairs]:
    x = y = frozenset[Any]()
    while True:
        scope = {**base, "x": x, "y": y}
        new = meaning(trees[0], scope), meaning(trees[1], scope)
        if new == (x, y):
            return new
        x, y = new


@given(RECURSIVE_TREES, RECURSIVE_TREES, bases())
@settings(max_examples=60, deadline=None)
def test_a_monotone_recursion_is_the_least_fixpoint_of_its_bodies(x: Any, y: Any, base: dict[str, Pairs]) -> None:
    model = compiled(f"let rec x = {spell(x)} and y = {spell(y)} empty x | po empty y | po")
    evaluator = Evaluator(model, base)
    assert all(recursion.monotone for recursion in model.recursions)
    values = tuple(evaluator.value(check.node) for check in model.checks)
    assert values == tuple(value | base["po"] for value in least_fixpoint((x, y), base))


@given(RECURSIVE_TREES, RECURSIVE_TREES, bases())
@settings(max_examples=60, deadline=None)
def test_a_recursion_inside_another_one_is_solved_anew_in_every_round(x: Any, y: Any, base: dict[str, Pairs]) -> None:
    model = compiled(f"let rec x = {spell(x).replace('y', '(let rec y = ' + spell(y) + ' in y)')} empty x | po")

    def inner(outer: Pairs) -> Pairs:
        value = frozenset[Any]()
        while True:
            new = meaning(y, {**base, "x": outer, "y": value})
            if new == value:
                return new
            value = new

    value = frozenset[Any]()
    while True:
        new = meaning(x, {**base, "x": value, "y": inner(value)})
        if new == value:
            break
        value = new
    assert Evaluator(model, base).value(model.checks[0].node) == value | base["po"]


@given(RECURSIVE_TREES, RECURSIVE_TREES)
@settings(max_examples=60, deadline=None)
def test_nodes_are_in_topological_order_and_none_is_dead(x: Any, y: Any) -> None:
    model = compiled(f"let rec x = {spell(x)} and y = x | {spell(y)} acyclic y")
    live = {model.checks[0].node}
    for number in range(len(model.nodes) - 1, -1, -1):
        node = model.nodes[number]
        assert all(argument < number for argument in node.arguments)
        if node.operator is Operator.FIX:
            recursion = model.recursions[node.group]
            assert all(body < number for body in recursion.bodies)
            live |= {*recursion.bodies, *recursion.variables}
        live |= set(node.arguments) if number in live else set()
    assert live == set(range(len(model.nodes)))


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ("po | rf | ctrl", "ctrl | (rf | po)"),
        ("po | rf | po", "rf | po"),
        ("(po | rf) | (rf | ctrl)", "po | rf | ctrl"),
        ("po & loc & ext", "(ext & po) & loc"),
        ("(po ; rf) ; ctrl", "po ; rf ; ctrl"),
        ("po | 0", "po"),
        ("po ; 0", "0"),
        ("0 \\ po", "0"),
        ("po \\ po", "0"),
        ("ctrl \\ (ctrl & int)", "ctrl \\ int"),
        ("ctrl \\ (int & ctrl & po)", "ctrl \\ (po & int)"),
        ("(ctrl & po) \\ (po & ctrl & int)", "(po & ctrl) \\ int"),
        ("(ctrl & po) \\ (po & ctrl)", "0"),
        ("po ; id", "po"),
        ("(po^-1)^-1", "po"),
        ("loc^-1", "loc"),
        ("(W * R)^-1", "R * W"),
        ("[W]^-1", "[W]"),
        ("[W] ; [R]", "[W & R]"),
        ("[_]", "id"),
        ("po++", "po+"),
        ("(po+)*", "po*"),
        ("(po?)+", "po*"),
        ("(po*)?", "po*"),
        ("0*", "id"),
        ("~~po", "po"),
        ("po & _", "po"),
        ("_ \\ po", "~po"),
        ("domain(rf^-1)", "range rf"),
        ("range(po+)", "range po"),
        ("domain([W])", "W"),
        ("W & _", "W"),
        ("W | {}", "W"),
        ("{} * W", "0"),
        ("po & (_ * _)", "po"),
    ],
)
def test_expressions_equal_by_simple_laws_share_a_node(left: str, right: str) -> None:
    if "++" in left:
        left = left.replace("++", "+ +")
    model = compiled(f"let a = {left} let b = {right} empty a empty b")
    assert model.checks[0].node == model.checks[1].node


def test_the_parts_of_a_union_that_were_named_stay_shared() -> None:
    model = compiled("let com = rf | ctrl acyclic com acyclic po | com")
    union = model.nodes[model.checks[1].node]
    assert model.checks[0].node in union.arguments


def test_nodes_that_no_check_and_no_show_needs_are_gone() -> None:
    model = compiled("let unused = po;rf;ctrl let used = po;rf acyclic used")
    assert [node.name for node in model.nodes if node.operator is Operator.BASE] == ["po", "rf"]
    assert len(model.nodes) == 3


def test_what_only_a_show_needs_is_kept() -> None:
    model = compiled("acyclic po show rf")
    assert [name for name, _ in model.shows] == ["rf"]
    assert model.nodes[dict(model.shows)["rf"]].name == "rf"


def test_the_reflexive_closures_range_over_all_events() -> None:
    base = {"_": EVENTS, "po": frozenset({(0, 1)})}
    for operator in "?*":
        model, node = node_of(f"po{operator}")
        assert Evaluator(model, base).value(node) == {(0, 1), *((e, e) for e in EVENTS)}
