"""The meaning of models that take sets apart, compare them, and compute with sets of values.

Each expected value was worked out by hand for one execution; a model here is compiled for that execution.
"""

from __future__ import annotations

from itertools import combinations, permutations, product

import pytest
from cat_evaluator import Evaluator
from cat_executions import execution
from hand_facts import HandFacts, compiled_for, needs_execution, value, values

from litmus.algebra.dag import NeedsExecution
from litmus.cat import compile_text
from litmus.diagnostics import InputError, Unsupported

# Events 0 to 3 in the order of the text; 4 and 5 are the initial writes of x and y.
MP = "Wx=1 Wy=1 | Ry=1 Rx=0"
POSITIONS = "let rec pairs s = match s with {} -> 0 || e ++ es -> ({e} * es) | pairs(es) end\n"


def holds(condition: str, code: str = MP, before: str = "") -> bool:
    """Whether a condition holds.  It chooses one of two relations, of which one is empty in all these executions."""
    return bool(value(f"{before} empty if {condition} then id else 0", code))


# ---------------------------------------------------------------- taking sets apart


def test_a_fold_over_events_meets_each_event_once() -> None:
    found = value(f"{POSITIONS} empty pairs(M) | pairs(M)^-1", MP)
    assert found == {(e, f) for e, f in product(range(6), repeat=2) if e != f}


def test_an_element_of_an_event_set_makes_a_set_again() -> None:
    text = "let rec f s = match s with {} -> {} || e ++ es -> e ++ f(es) end empty f(R) empty f(R \\ R)"
    assert values(text, MP) == [{2, 3}, set()]


def test_an_event_stands_for_the_set_of_it_beside_a_star() -> None:
    text = "let rec f s = match s with {} -> 0 || e ++ es -> (e * W) | f(es) end empty f(R)"
    assert value(text, MP) == set(product((2, 3), (0, 1, 4, 5)))


def test_an_element_of_a_relation_is_a_pair_that_can_be_turned_round_and_split() -> None:
    text = """
    let rec turned r = match r with {} -> 0 || p ++ ps -> p^-1 ++ turned(ps) end
    let rec sources r = match r with {} -> {} || p ++ ps -> (let (e, f) = p in e ++ sources(ps)) end
    empty turned(po) empty sources(po)
    """
    assert values(text, MP) == [{(1, 0), (3, 2)}, {0, 2}]


def test_a_pair_is_added_to_a_relation_and_to_the_empty_one() -> None:
    text = "let f r = match r with {} -> 0 || p ++ ps -> p ++ {} end empty f(po) empty match po with {} -> id"
    text += " || p ++ ps -> p ++ ext end"
    first, larger = values(text, MP)
    assert first == {(0, 1)}
    assert larger == {(0, 1)} | execution(MP)["ext"]


def test_a_set_can_be_halved_round_an_element() -> None:
    text = """
    let rec f s = match s with {} -> 0 || before | e ++ after -> (before * {e}) | ({e} * after)
      | (before * after) | f(before) | f(after) end
    empty f(M)
    let rec g r = match r with {} -> 0 || before | p ++ after -> p ++ (g(before) | g(after)) end
    empty g(ext)
    """
    order, whole = values(text, MP)
    assert order == set(combinations(range(6), 2))
    assert whole == execution(MP)["ext"]


def test_sets_of_values_are_halved_too() -> None:
    text = (
        "let rec f s = match s with {} -> 0 || before | r ++ after -> r | f(before) | f(after) end empty f({po, loc})"
    )
    assert value(text, MP) == execution(MP)["po"] | execution(MP)["loc"]


def test_the_elements_of_what_differs_between_executions_are_not_known() -> None:
    assert needs_execution(f"{POSITIONS} empty pairs(range(rf))", MP)
    assert not needs_execution(f"{POSITIONS} empty pairs(range(po)); rf", MP)


def test_what_is_empty_in_every_execution_is_known_without_a_test() -> None:
    assert compile_text("empty match rf \\ rf with {} -> po || p ++ ps -> ctrl end", "m", frozenset()).recipe is None


def test_map_of_the_standard_library_applies_a_function_to_each_element() -> None:
    text = "forall r in map (fun s -> s * s) (classes-loc (W)) do empty r end"
    assert values(text, MP) == [set(product((0, 4), repeat=2)), set(product((1, 5), repeat=2))]


# ---------------------------------------------------------------- comparisons


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ("W = W", True),
        ("W = domain([W])", True),
        ("R = W", False),
        ("R = range(po) \\ W", False),
        ("[R]; po = po & (R * R)", True),
        ("po = po | 0", True),
        ("po = po^-1", False),
        ("po = {}", False),
        ("po & loc = {}", True),
        ("{} = W & R", True),
        ("{} = {}", True),
        ("{po, loc} = {loc, po, po}", True),
        ("{po, loc} = {po}", False),
        ("{po & loc} = {0}", True),
        ("{{po}} = {{po}, {po | po}}", True),
        ("(po, W) = (po, M \\ R)", True),
        ("(po, W) = (po, R)", False),
        ("po & (W * W) subset po", True),
        ("po subset po & (W * W)", False),
        ("R subset M", True),
        ("M subset R", False),
        ("W & R subset {}", True),
        ("{} subset W", True),
        ("W subset _", True),
        ("{po} subset {loc, po}", True),
        ("{id} subset {loc, po}", False),
        ("po in {loc, po}", True),
        ("id in {loc, po}", False),
        ("W in {}", False),
        ("W in classes-loc(W)", False),
        ("{e} in classes-loc(R)", True),
        ("e in R", True),
        ("e in W", False),
        ("e in _", True),
        ("p in po", True),
        ("p in po^-1", False),
        ("p^-1 in po^-1", True),
        ("(e, e) in po", False),
        ("(e, e) in id", True),
        ("e in {}", False),
    ],
)
def test_a_comparison_is_of_what_an_execution_has(condition: str, expected: bool) -> None:
    """E is the first read, p the first pair of po."""
    first = "match R with {} -> 0 || e ++ es -> match po with {} -> 0 || p ++ ps ->"
    text = f"empty {first} (if {condition} then id else 0) end end"
    assert bool(value(text, MP)) is expected


def test_executions_can_differ_in_a_comparison() -> None:
    for condition in ("rf = po", "domain(rf) subset FW", "po in {rf, co}"):
        assert needs_execution(f"empty if {condition} then id else 0", MP)
    with pytest.raises(NeedsExecution):
        compiled_for("empty if FW = W then id else 0", execution(MP))


WRONG_COMPARISONS = [
    ("po = W", "po = W"),
    ("po subset W", "po subset W"),
    ("po in W", "po in W"),
    ("po = (po, po)", "po = (po, po)"),
    ("{po} = W", "{po} = W"),
    ("fencerel = W", "fencerel = W"),
    ("W subset {po}", "W subset {po}"),
    ("po in po", "po in po"),
]


@pytest.mark.parametrize(("condition", "marked"), WRONG_COMPARISONS)
def test_values_of_different_types_are_not_compared(condition: str, marked: str) -> None:
    with pytest.raises(InputError) as error:
        holds(condition)
    assert error.value.span is not None
    assert error.value.span.text == marked


# ---------------------------------------------------------------- sets of values


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("{po, loc} | {po}", ["loc", "po"]),
        ("{po, loc} & {po, id}", ["po"]),
        ("{po, loc} \\ {po}", ["loc"]),
        ("{po} | {}", ["po"]),
        ("po ++ {loc}", ["loc", "po"]),
        ("po ++ {}", ["po"]),
        ("po ++ loc ++ {}", ["loc", "po"]),
        ("{po | po, po}", ["po"]),
        ("{po} & {}", []),
    ],
)
def test_sets_of_relations_are_combined_like_sets(expression: str, expected: list[str]) -> None:
    base = execution(MP)
    found = values(f"let s = {expression} forall r in s do empty r end", MP)
    assert sorted(found, key=sorted) == sorted((base[name] for name in expected), key=sorted)


def test_a_set_of_events_written_out_is_an_event_set() -> None:
    text = "let f s = match s with {} -> {} || e ++ es -> match es with {} -> {} || d ++ ds -> {e, d} end end"
    assert value(f"{text} empty f(M) & W", MP) == {0, 1}


def test_nested_loops_over_sets_of_values() -> None:
    text = "forall s in {W, R} do forall t in classes-loc(s) do empty t end end"
    assert values(text, MP) == [{0, 4}, {1, 5}, {2}, {3}]


SET_MISTAKES = [
    ("empty {po, W}", "{po, W}", "one type"),
    ("empty po ++ rf", "po ++ rf", "cannot be added"),
    ("empty W ++ po", "W ++ po", "cannot be added"),
    ("empty _ ++ {po}", "_ ++ {po}", "cannot be added"),
    ("let s = {po} | W forall r in s do empty r end", "{po} | W", "one type"),
    ("acyclic {W}", "{W}", "a relation is expected"),
    ("empty {po}; po", "{po}", "a relation is expected"),
    ("forall x in W do empty x end", "W", "needs a set of values"),
    ("empty match (po, po) with {} -> 0 || x ++ xs -> 0 end", "po, po", "needs a set or a relation"),
    ("empty match _ with {} -> 0 || x ++ xs -> 0 end", "_", "cannot be taken apart"),
    ("empty match R with {} -> 0 || e ++ es -> [e] end", "e", "`{e}` is the set of it"),
    ("empty match R with {} -> {} || e ++ es -> W | e end", "e", "`{e}` is the set of it"),
    ("empty match po with {} -> po || p ++ ps -> p ; W end", "W", "a relation is expected"),
    ("empty classes-loc(po)", "po", "a set of events is expected"),
    ("empty {_}", "{_}", "cannot be an element"),
]


@pytest.mark.parametrize(("text", "marked", "words"), SET_MISTAKES)
def test_a_mistake_with_sets_is_reported_at_its_place(text: str, marked: str, words: str) -> None:
    with pytest.raises(InputError) as error:
        values(text, MP)
    assert error.value.span is not None
    assert error.value.span.text == marked
    assert words in f"{error.value.message} {error.value.hint}"


# ---------------------------------------------------------------- recursion over values


def test_a_recursion_over_sets_of_values_goes_on_until_nothing_is_added() -> None:
    text = "let rec s = {po} | (map (fun r -> r; (po & (W * _))) s) forall r in s do empty r end"
    found = set(values(text, "Wx=1 Wy=1 Wx=2 Wy=2"))
    apart = [frozenset((e, f) for e, f in combinations(range(4), 2) if f - e >= distance) for distance in range(1, 5)]
    assert found == set(apart)


def test_a_recursion_that_never_rests_is_an_error() -> None:
    with pytest.raises(Unsupported, match="nested too deeply") as error:
        values("let rec s = {s} forall r in s do empty r end", MP)
    assert error.value.span is not None
    assert error.value.span.text == "{s}"


def test_names_of_a_tuple_recur_together() -> None:
    text = "let step = po & (W * _) let rec (a, b) = (step | (b; b), a) empty a empty step+"
    recursive, closed = values(text, "Wx=1 Wy=1 Wx=2 Ry=1 Wy=2")
    assert recursive == closed != set()


def test_a_recursion_whose_last_round_fails_its_test_is_no_execution() -> None:
    text = "let rec a = po | (a; a) when irreflexive a acyclic rf"
    base = execution(MP)
    model = compiled_for(text, base)
    assert [check.predicate for check in model.checks] == ["irreflexive", "acyclic"]
    assert Evaluator(model, base).holds(model.checks[0])
    assert not Evaluator(model, {**base, "po": base["po"] | {(1, 0)}}).holds(model.checks[0])


# ---------------------------------------------------------------- classes and orders


def test_classes_are_the_sets_that_a_relation_connects() -> None:
    assert values("forall s in classes(po) do empty s end", "Wx=1 Wy=1 Rx=1 | Ry=1 Rx=0") == [{0, 1, 2}, {3, 4}]
    assert values("forall s in classes(0) do empty s end", MP) == []


def test_classes_by_location_leave_fences_out() -> None:
    assert values("forall s in partition(_) do empty s end", "Wx=1 SYNC Wy=1 Rx=1") == [{0, 3, 4}, {2, 5}]


def linear(elements: tuple[int, ...]) -> frozenset[tuple[int, int]]:
    return frozenset(combinations(elements, 2))


def test_linearisations_are_all_total_orders_that_extend_a_relation() -> None:
    orders = "forall r in linearisations({}, {}) do empty r end".format
    events = (0, 1, 2)
    found = values(orders("W \\ IW", "0"), "Wx=1 | Wx=2 | Wy=1")
    assert set(found) == {linear(order) for order in permutations(events)}
    found = values(orders("W \\ IW", "loc & (W * W) & po"), "Wx=1 Wx=2 | Wy=1")
    assert set(found) == {linear((0, 1, 2)), linear((0, 2, 1)), linear((2, 0, 1))}
    assert len(found) == 3
    assert values(orders("W", "po | po^-1"), MP) == []
    assert values(orders("W & R", "0"), MP) == [set()]
    assert values(orders("W & R", "rf"), MP) == [set()]


def test_a_cross_product_is_of_one_relation_from_each_set() -> None:
    text = 'include "cross.cat" forall r in cross({{po, id}, {loc}}) do empty r end'
    base = execution(MP)
    assert sorted(values(text, MP), key=sorted) == sorted(
        (base["po"] | base["loc"], base["id"] | base["loc"]), key=sorted
    )
    assert values('include "cross.cat" forall r in cross({{po, id}, {}}) do empty r end', MP) == []
    assert values('include "cross.cat" forall r in cross({}) do empty r end', MP) == [set()]


def test_orders_of_the_events_of_each_location() -> None:
    text = 'include "cross.cat" forall r in generate_orders(M, po) do empty r end'
    found = values(text, "Wx=1 | Wy=1 Ry=1")  # and the initial writes 3 and 4
    x = [(0, 3), (3, 0)]
    y = [(1, 2, 4), (1, 4, 2), (4, 1, 2)]
    assert set(found) == {linear(one) | linear(other) for one in x for other in y}
    assert len(found) == 6


def test_too_many_orders_are_refused_at_their_place() -> None:
    code = " ".join(f"Wx={n}" for n in range(1, 9)) + " | " + " ".join(f"Wx={n}" for n in range(9, 17))
    with pytest.raises(Unsupported, match="more than") as error:
        values("forall r in linearisations(W, 0) do empty r end", code)
    assert error.value.span is not None


CLASSES = "let c = classes-loc(M) let r = lift(c, po)\n"


def test_a_relation_is_lifted_to_classes_and_back() -> None:
    x, y = (0, 3, 4), (1, 2, 5)
    assert value(f"{CLASSES} empty delift(r)", MP) == set(product(x, y)) | set(product(y, x))
    assert value(f"{CLASSES} empty deliftinter(po, r)", MP) == {(0, 1), (2, 3)}
    assert value(f"{CLASSES} empty deliftinter(loc, r)", MP) == set()
    assert value(f"{CLASSES} empty delift(lift(c, po & (W * W)))", MP) == set(product(x, y))


@pytest.mark.parametrize(
    ("test", "expected"),
    [
        ("acyclic r", False),
        ("irreflexive r", True),
        ("empty r", False),
        ("acyclic lift(c, po & (W * W))", True),
        ("irreflexive r; r", False),
        ("empty r \\ r", True),
        ("empty r & r^-1", False),
        ("empty lift(c, po & loc)", True),
        ("acyclic r \\ lift(c, po & (R * R))", True),
        ("acyclic lift(c, po & (W * W)) | lift(c, po & (R * R))", False),
    ],
)
def test_tests_of_relations_between_classes(test: str, expected: bool) -> None:
    base = execution(MP)
    model = compiled_for(f"{CLASSES} {test}", base)
    assert Evaluator(model, base).holds(model.checks[0]) is expected


def test_linearisations_of_classes() -> None:
    orders = "forall o in linearisations(c, lift(c, {})) do empty delift(o) end".format
    x, y = (0, 3, 4), (1, 2, 5)
    assert values(CLASSES + orders("0"), MP) == [set(product(x, y)), set(product(y, x))]
    assert values(CLASSES + orders("po & (W * W)"), MP) == [set(product(x, y))]
    assert values(CLASSES + orders("po"), MP) == []


def test_the_greatest_bisimulation_in_an_equivalence() -> None:
    # 0 -> 1 and 2 -> 3 and nothing else moves: 0 is like 2, and 1 like 3, but not 1 like 2.
    same = value("empty bisimulation(po, id | (W * R) | (R * W) | (W * W) | (R * R))", MP)
    moving, still = (0, 2), (1, 3, 4, 5)
    assert same == set(product(moving, repeat=2)) | set(product(still, repeat=2))
    assert value("empty bisimulation(po, id)", MP) == execution(MP)["id"]


CLASS_MISTAKES = [
    (f"{CLASSES} empty delift(po)", "po", "a relation between classes"),
    (f"{CLASSES} empty r | po", "po", "a relation between classes"),
    (f"{CLASSES} empty r+", "r", "a relation is expected"),
    (f"{CLASSES} empty deliftinter(r, po)", "r, po", "a relation between classes"),
    ("empty lift(W, po)", "W, po", "a set of values"),
    ("empty lift(po)", "po", "takes 2 arguments"),
    ("empty bisimulation(po)", "po", "takes 2 arguments"),
    ("empty linearisations(W)", "W", "takes 2 arguments"),
    ("empty linearisations(po, po)", "po, po", "a set of events is expected"),
    ("empty classes(W)", "W", "a relation is expected"),
]


@pytest.mark.parametrize(("text", "marked", "words"), CLASS_MISTAKES)
def test_a_mistake_with_classes_is_reported_at_its_place(text: str, marked: str, words: str) -> None:
    with pytest.raises(InputError) as error:
        values(text, MP)
    assert error.value.span is not None
    assert error.value.span.text == marked
    assert words in f"{error.value.message} {error.value.hint}"


# ---------------------------------------------------------------- tags

ENUM = "enum Order = 'relaxed || 'acquire || 'release\n"


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("match 'acquire with 'acquire -> po || _ -> id end", "po"),
        ("match 'release with 'acquire -> po || _ -> id end", "id"),
        ("match 'release with 'acquire -> po || 'release -> loc end", "loc"),
        ("if 'acquire = 'acquire then po else id", "po"),
        ("if 'acquire = 'release then po else id", "id"),
        ("if 'acquire in Order then po else id", "po"),
        ("if 'acquire in 'release | 'relaxed then po else id", "id"),
        ("if 'acquire in _ \\ ('release | 'relaxed) then po else id", "po"),
        ("if ~('release | 'relaxed) = {'acquire} then po else id", "po"),
        ("if Order & {'acquire} = {'acquire} then po else id", "po"),
        ("if {'acquire} subset Order then po else id", "po"),
        ("if Order subset {'acquire} then po else id", "id"),
        ("let f t = match t with 'relaxed -> po || _ -> id end in f 'relaxed", "po"),
    ],
)
def test_what_tags_decide(expression: str, expected: str) -> None:
    model = compile_text(f"{ENUM} empty {expression}", "m", frozenset())
    assert model.recipe is None  # tags need no test
    assert model.nodes[model.checks[0].node].name == expected


def test_instructions_are_chosen_by_tags_and_repeated_for_each() -> None:
    text = f"""{ENUM}
    forall t in Order do
      match t with 'acquire -> acyclic po || 'release -> acyclic loc acyclic rf || _ -> acyclic ctrl end
    end
    forall t in 'acquire do acyclic id end"""
    model = compile_text(text, "m", frozenset())
    assert [model.nodes[check.node].name for check in model.checks] == ["ctrl", "po", "loc", "rf", "id"]


def test_tags_name_sets_of_events_and_relations() -> None:
    text = """
    enum Fence = 'sync || 'lwsync || 'mfence
    let Sync = SYNC let sync = po let fromto = po
    empty tag2events('sync) empty tag2scope('sync) empty tag2level('sync) empty tag2fenced('sync)
    """
    base = execution("Wx=1 SYNC Wy=1 | Rx=1 LWSYNC Ry=1")
    model = compile_text(text, "m", frozenset({"SYNC", "LWSYNC"}))
    found = [Evaluator(model, base).value(check.node) for check in model.checks]
    assert found == [{1}, base["po"], base["po"], {(0, 2)}]


def test_the_accesses_to_a_variable_are_found_by_its_tag() -> None:
    model = compile_text("enum locations = 'x || 'y empty loc2events('y)", "m", frozenset())
    evaluator = Evaluator(model, execution(MP), places={"y": frozenset({1, 2, 5})})
    assert evaluator.value(model.checks[0].node) == {1, 2, 5}


TAG_MISTAKES = [
    ("empty match 'none with 'acquire -> po end", "'none", "no enumeration has the tag"),
    ("empty match 'aquire with 'acquire -> po end", "'aquire", "acquire"),
    ("empty match po with 'acquire -> po end", "po", "needs a tag"),
    ("empty match 'release with 'acquire -> po end", "'release", "no clause"),
    ("match 'release with 'acquire -> empty po end", "'release", "no clause"),
    ("empty tag2events(po)", "po", "takes a tag"),
    ("empty tag2events('acquire)", "'acquire", "no set of events Acquire"),
    ("empty tag2scope('acquire)", "'acquire", "no relation acquire"),
    ("empty tag2fenced('acquire)", "'acquire", "no set of events Acquire"),
    ("acyclic 'acquire", "'acquire", "a relation is expected"),
    ("empty 'acquire ; po", "'acquire", "a relation is expected"),
]


@pytest.mark.parametrize(("text", "marked", "words"), TAG_MISTAKES)
def test_a_mistake_with_tags_is_reported_at_its_place(text: str, marked: str, words: str) -> None:
    with pytest.raises(InputError) as error:
        compile_text(f"{ENUM} {text}", "m", frozenset())
    assert error.value.span is not None
    assert error.value.span.text == marked
    assert words in f"{error.value.message} {error.value.hint}"


# ---------------------------------------------------------------- functions of the language


def test_relations_filtered_by_value() -> None:
    base = {**execution("Wx=1 | Rx=1 Ry=0"), "same-value": frozenset({(0, 1), (1, 0), (2, 3), (3, 2)})}
    model = compile_text("empty different-values(int & ~id) empty different-values(rf)", "m", frozenset())
    found = [Evaluator(model, base).value(check.node) for check in model.checks]
    assert (1, 2) in found[0]
    assert found[1] == {(4, 2)} - base["same-value"]


def test_the_pairs_that_a_fence_stands_between() -> None:
    model = compile_text("empty fromto(SYNC) empty fromto(M)", "m", frozenset({"SYNC"}))
    base = execution("Wx=1 SYNC Wy=1 Rx=1")
    assert [Evaluator(model, base).value(check.node) for check in model.checks] == [{(0, 2), (0, 3)}, set()]


def test_page_tables_relate_nothing() -> None:
    text = "empty same-oa(po) empty oa-changes(po, po) | 0 empty at-least-one-writable(po) | 0"
    assert values(text, MP) == [set(), set(), set()]


def test_a_transitive_relation_is_its_closure() -> None:
    assert value("empty as_transitive(po & (W * _))", "Wx=1 Wy=1 Rx=1") == {(0, 1), (0, 2), (1, 2)}


def test_a_model_can_fail_by_itself_where_that_is_reached() -> None:
    with pytest.raises(InputError, match="the model fails on a relation") as error:
        value("empty fail(po)", MP)
    assert error.value.span is not None
    assert error.value.span.text == "po"
    assert value("let f x = fail(x) empty try f(po) with po", MP) == {(0, 1), (2, 3)}


def test_facts_without_a_test_say_so() -> None:
    facts = HandFacts(execution(MP))
    assert facts.events == 0b111111
    assert facts.base("rf", compile_text("empty rf", "m", frozenset()).nodes[0].kind) is None
