"""Guards against truth tables, and guards of many decisions."""

from __future__ import annotations

from collections.abc import Callable
from itertools import product

from hypothesis import given
from hypothesis import strategies as st

from litmus.program.guards import ALWAYS, NEVER, Guards

COUNT = 4  # decisions
ROWS = list(product((False, True), repeat=COUNT))
Table = tuple[bool, ...]  # whether a guard holds, for each row

# How a guard is built: a literal, or an operation on two guards.
Recipe = tuple[int, bool] | tuple[str, "Recipe", "Recipe"]
LITERALS: st.SearchStrategy[Recipe] = st.tuples(st.integers(0, COUNT - 1), st.booleans())


def deeper(inner: st.SearchStrategy[Recipe]) -> st.SearchStrategy[Recipe]:
    return st.one_of(LITERALS, st.tuples(st.sampled_from(["both", "either", "without"]), inner, inner))


RECIPES = deeper(deeper(deeper(LITERALS)))
MEANING: dict[str, Callable[[bool, bool], bool]] = {
    "both": lambda a, b: a and b,
    "either": lambda a, b: a or b,
    "without": lambda a, b: a and not b,
}


def built(guards: Guards, recipe: Recipe) -> int:
    if len(recipe) == 2:
        return guards.literal(*recipe)
    name, a, b = recipe
    found: int = getattr(guards, name)(built(guards, a), built(guards, b))
    return found


def expected(recipe: Recipe) -> Table:
    if len(recipe) == 2:
        return tuple(row[recipe[0]] is recipe[1] for row in ROWS)
    name, a, b = recipe
    return tuple(MEANING[name](x, y) for x, y in zip(expected(a), expected(b), strict=True))


def table(guards: Guards, guard: int) -> Table:
    return tuple(guards.holds(guard, row) for row in ROWS)


@given(RECIPES)
def test_a_guard_holds_where_what_it_is_built_of_says(recipe: Recipe) -> None:
    guards = Guards()
    guard = built(guards, recipe)
    assert table(guards, guard) == expected(recipe)
    assert table(guards, guards.negation(guard)) == tuple(not x for x in expected(recipe))


@given(RECIPES, RECIPES)
def test_guards_are_equivalent_if_and_only_if_they_are_the_same_number(a: Recipe, b: Recipe) -> None:
    guards = Guards()
    x, y = built(guards, a), built(guards, b)
    assert (x == y) is (expected(a) == expected(b))
    assert (x == ALWAYS) is all(expected(a))
    assert (x == NEVER) is not any(expected(a))
    assert guards.negation(guards.negation(x)) == x
    assert guards.negation(guards.both(x, y)) == guards.either(guards.negation(x), guards.negation(y))


@given(RECIPES, RECIPES)
def test_a_guard_implies_and_excludes_what_its_table_does(a: Recipe, b: Recipe) -> None:
    guards = Guards()
    x, y = built(guards, a), built(guards, b)
    rows = list(zip(expected(a), expected(b), strict=True))
    assert guards.implies(x, y) is all(q for p, q in rows if p)
    assert guards.exclude(x, y) is not any(p and q for p, q in rows)


@given(RECIPES, RECIPES)
def test_what_is_given_makes_no_difference_where_it_is_known(a: Recipe, known: Recipe) -> None:
    guards = Guards()
    x, k = built(guards, a), built(guards, known)
    simpler = guards.given(x, k)
    assert guards.both(simpler, k) == guards.both(x, k)
    assert not guards.decisions(simpler) & ~guards.decisions(x), "it asks for nothing new"
    if k != NEVER:
        if guards.implies(k, x):
            assert simpler == ALWAYS
        if guards.exclude(k, x):
            assert simpler == NEVER


def test_what_was_decided_on_all_ways_is_left_out() -> None:
    guards = Guards()
    first, second = guards.literal(0, True), guards.literal(1, True)
    assert guards.given(guards.both(first, second), first) == second
    assert guards.given(guards.both(first, second), second) == first
    assert guards.given(first, guards.either(first, guards.both(guards.negation(first), second))) == first


@given(RECIPES, st.lists(st.one_of(st.booleans(), st.none()), min_size=COUNT, max_size=COUNT))
def test_a_guard_in_terms_of_other_decisions_means_the_same(recipe: Recipe, fixed: list[bool | None]) -> None:
    guards = Guards()
    guard = built(guards, recipe)
    settled: dict[int, int | bool] = {}
    for decision, way in enumerate(fixed):
        settled[decision] = len([x for x in fixed[:decision] if x is None]) if way is None else way
    found = guards.replaced(guard, settled)
    for row in ROWS:
        old = [row[settled[d]] if fixed[d] is None else bool(fixed[d]) for d in range(COUNT)]
        assert guards.holds(found, row) is guards.holds(guard, old)


@given(RECIPES)
def test_a_guard_asks_for_the_decisions_that_make_a_difference(recipe: Recipe) -> None:
    guards = Guards()
    guard = built(guards, recipe)
    values = dict(zip(ROWS, expected(recipe), strict=True))
    for d in range(COUNT):
        matters = any(values[row] != values[(*row[:d], not row[d], *row[d + 1 :])] for row in ROWS)
        assert bool(guards.decisions(guard) >> d & 1) is matters


@given(RECIPES)
def test_a_cone_is_closed_and_in_order(recipe: Recipe) -> None:
    guards = Guards()
    wanted = built(guards, recipe)
    cone = guards.cone(wanted)
    assert cone == [] if wanted in (ALWAYS, NEVER) else cone[-1] == wanted
    for i, guard in enumerate(cone):
        assert set(guards.nodes[guard][1:]) <= {ALWAYS, NEVER, *cone[:i]}


DEEP = 5000


def test_guards_of_thousands_of_decisions_are_built_without_recursion() -> None:
    """A chain of branches, each on the way that the one before left: the guards of both ways of each."""
    guards = Guards()
    guard = ALWAYS
    ends = NEVER
    for d in range(DEEP):
        literal = guards.literal(d, True)
        ends = guards.either(ends, guards.both(guard, literal))
        guard = guards.without(guard, literal)
    assert guards.negation(guard) == ends
    assert guards.either(guard, ends) == ALWAYS
    assert guards.holds(guard, [False] * DEEP)
    assert guards.holds(ends, [False] * (DEEP - 1) + [True])
    assert guards.decisions(guard) == (1 << DEEP) - 1
    assert guards.given(guard, guard) == ALWAYS
    assert guards.implies(guard, guards.literal(0, False))
    half: dict[int, int | bool] = {d: d // 2 if d % 2 else False for d in range(DEEP)}
    assert guards.decisions(guards.replaced(guard, half)) == (1 << DEEP // 2) - 1
    assert len(guards.cone(guard)) == DEEP


def test_ways_that_part_and_meet_leave_nothing_behind() -> None:
    guards = Guards()
    guard = ALWAYS
    for d in range(DEEP):
        literal = guards.literal(d, True)
        guard = guards.either(guards.both(guard, literal), guards.without(guard, literal))
        assert guard == ALWAYS
    assert len(guards.nodes) <= 2 + 2 * DEEP
