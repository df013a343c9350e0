"""What is computed while a model is compiled for a test is the same as in an execution.

A fold that builds a set again from its elements shows what was computed.
"""

from __future__ import annotations

from typing import Any

from cat_evaluator import Evaluator
from cat_terms import Pairs, bases, is_set, meaning, spell, trees
from hand_facts import compiled_for
from hypothesis import given, settings
from hypothesis import strategies as st

from litmus.algebra.dag import NeedsExecution
from litmus.algebra.operators import Operator
from litmus.diagnostics import Unsupported

SET_TREES, RELATION_TREES = trees()
_, ANY_RECURSION = trees(("x", "y"))

COPY = """
let rec copy r = match r with {} -> 0 || p ++ ps -> p ++ copy(ps) end
let rec copied s = match s with {} -> {} || before | e ++ after -> e ++ (copied(before) | copied(after)) end
"""


def computed(text: str, base: dict[str, Pairs], unknown: tuple[str, ...] = ()) -> list[Pairs]:
    """The values of the checked sets and relations of a model.  All of them must have become constants."""
    model = compiled_for(f"{COPY} {text}", base, unknown)
    operators = {Operator.CONSTANT, Operator.EMPTY, Operator.UNION}
    assert {node.operator for node in model.nodes} <= operators
    return [Evaluator(model, base).value(check.node) for check in model.checks]


@given(SET_TREES, RELATION_TREES, bases())
@settings(max_examples=80, deadline=None)
def test_a_set_is_made_of_its_elements(events: Any, relation: Any, base: dict[str, Pairs]) -> None:
    found = computed(f"empty copied({_boxed(events)}) empty copy({_boxed(relation)})", base)
    assert found == [meaning(events, base), meaning(relation, base)]


def _boxed(tree: Any) -> str:
    """The text of a tree, written so that nothing is simplified to the universe before it is taken apart."""
    text = spell(tree)
    return f"({text}) & (M | ~M)" if is_set(tree) else f"({text}) & (loc | ~loc)"


@given(ANY_RECURSION, ANY_RECURSION, bases())
@settings(max_examples=80, deadline=None)
def test_a_recursion_is_iterated_as_an_execution_does_it(x: Any, y: Any, base: dict[str, Pairs]) -> None:
    """It is iterated in rounds from empty, even if values do not grow.  What never comes to rest is skipped."""
    expected = _rounds(x, y, base)
    text = f"let rec x = {spell(x)} and y = {spell(y)} empty copy(x & (loc | ~loc)) empty copy(y & (loc | ~loc))"
    try:
        found = computed(text, base) if expected is not None else None
    except Unsupported:  # of `~x`, which may be a set as well
        return
    assert expected is None or found == list(expected)


def _rounds(x: Any, y: Any, base: dict[str, Pairs]) -> tuple[Pairs, Pairs] | None:
    before: tuple[Pairs, Pairs] = (frozenset(), frozenset())
    for _ in range(60):
        first = meaning(x, {**base, "x": before[0], "y": before[1]})
        second = meaning(y, {**base, "x": first, "y": before[1]})
        if first <= before[0] and second <= before[1]:
            return first, second
        before = first, second
    return None


@given(RELATION_TREES, bases(), st.sampled_from([("rf",), ("rf", "po"), ("M", "rf")]))
@settings(max_examples=100, deadline=None)
def test_what_executions_may_differ_in_is_not_computed_from_one(
    tree: Any, base: dict[str, Pairs], unknown: tuple[str, ...]
) -> None:
    """Either an execution is needed, or the value does not depend on what is not known."""
    try:
        (found,) = computed(f"empty copy({spell(tree)} & (loc | ~loc))", base, unknown)
    except NeedsExecution:
        return
    for other in ({}, {(0, 1), (1, 2), (3, 3)}):
        changed = {**base, **{name: frozenset(other if name != "M" else {0}) for name in unknown}}
        assert found == meaning(tree, changed)
