"""The cat language, construct by construct: one meaning that was worked out by hand, and one wrong use.

Three evaluators give each meaning: the tiny one of these tests, the second engine's, and the first engine's.  The first
engine gets what executions choose (rf, co, FW) as choices.  MP is the execution

    0: Wx=1   2: Ry=1      4, 5: the initial writes of x and y
    1: Wy=1   3: Rx=0      rf = (1,2) (4,3), co = (4,0) (5,1), po = (0,1) (2,3)

A row: the construct; a text with one check, which is of the value; the value; a wrong use; the part of it that an error
marks.
"""

from __future__ import annotations

from itertools import product
from typing import Any

import pytest
from cat_evaluator import Base, Evaluator
from cat_executions import execution
from hand_facts import OF_EXECUTIONS, compiled_for

from litmus.algebra.dag import Model
from litmus.cat import compile_text
from litmus.diagnostics import InputError
from litmus.oracle.algebra import Definitions, Given, Meaning
from litmus.relation.evaluation import Plan, SlicedValue
from litmus.relation.sliced import Sliced, SlicedSet, Universe

MP = "Wx=1 Wy=1 | Ry=1 Rx=0"
RF = {(1, 2), (4, 3)}
CO = {(4, 0), (5, 1)}
PO = {(0, 1), (2, 3)}
ORDER = {(0, 1), (0, 2), (0, 3), (1, 2), (1, 3), (2, 3), (4, 3)}  # (po | rf)+
IDENTITY = {(e, e) for e in range(6)}

FOLD = "let rec f s = match s with {} -> {} || e ++ es -> "

OPERATORS: list[tuple[str, str, set[Any], str, str]] = [
    ("| of sets", "empty R | IW", {2, 3, 4, 5}, "empty R | po", "po"),
    ("| of relations", "empty rf | co", RF | CO, "empty rf | R", "R"),
    ("& of sets", "empty W & IW", {4, 5}, "empty W & po", "po"),
    ("& of relations", "empty po & (W * W)", {(0, 1)}, "empty po & W", "W"),
    ("\\ of sets", "empty W \\ IW", {0, 1}, "empty W \\ po", "po"),
    ("\\ of relations", "empty (W * R) \\ loc", {(0, 2), (1, 3), (4, 2), (5, 3)}, "empty po \\ R", "R"),
    ("~ of sets", "empty ~W", {2, 3}, "empty ~fencerel", "fencerel"),
    ("~ of relations", "empty ~((_ * _) \\ rf)", RF, "empty po & ~W", "~W"),
    (";", "empty po; rf", {(0, 2)}, "empty po; R", "R"),
    ("^-1", "empty rf^-1", {(2, 1), (3, 4)}, "empty R^-1", "R"),
    ("+", "empty (po | rf)+", ORDER, "empty W+", "W"),
    ("*", "empty (po & (W * W))*", {(0, 1)} | IDENTITY, "empty W*", "W"),
    ("?", "empty rf?; po", PO | {(1, 3)}, "empty W?", "W"),
    ("[]", "empty [IW]", {(4, 4), (5, 5)}, "empty [po]", "po"),
    ("cartesian *", "empty IW * R", {(4, 2), (4, 3), (5, 2), (5, 3)}, "empty IW * po", "po"),
    ("_ as a set", "empty _ \\ W", {2, 3}, "empty _ ++ {po}", "_ ++ {po}"),
    ("_ as a relation", "empty (_ \\ (_ & ~rf))", RF, "empty [_]; W", "W"),
    ("0", "empty 0 | rf", RF, "empty 0 | W", "W"),
    ("{}", "empty {} | IW", {4, 5}, "empty {po, W}", "{po, W}"),
    ("a set written out", f"{FOLD} match es with {{}} -> {{}} || d ++ ds -> {{e, d}} end end empty f(R)", {2, 3},
     "empty {po, 'tag}", "'tag"),
    ("++ of an event", "empty match R with {} -> {} || e ++ es -> e ++ IW end", {2, 4, 5}, "empty W ++ po", "W ++ po"),
    ("++ of a pair", "empty match po with {} -> 0 || p ++ ps -> p ++ 0 end", {(0, 1)},
     "empty match po with {} -> 0 || p ++ ps -> p ++ W end", "p ++ W"),
    ("^-1 of a pair", "empty match po with {} -> 0 || p ++ ps -> p^-1 ++ 0 end", {(1, 0)},
     "empty match R with {} -> {} || e ++ es -> e^-1 ++ {} end", "e"),
]  # fmt: skip

BINDINGS: list[tuple[str, str, set[Any], str, str]] = [
    ("let", "let a = po let a = a; rf empty a", {(0, 2)}, "let a = b empty a", "b"),
    ("let of a built-in name", "let W = IW let rf = rf & (W * _) empty rf", {(4, 3)}, "let W = po empty [W]", "W"),
    ("let .. and", "let po = rf and a = po empty a", PO, "let a = rf and b = a empty b", "a"),
    ("let of a tuple", "let (a, b) = (po, rf) empty b", RF, "let (a, b) = (po, rf, co) empty b", "po, rf, co"),
    ("let .. in", "empty let r = po | rf in r; r", {(0, 2), (1, 3)}, "empty (let r = po in r) | r", "r"),
    ("a function", "let f r = r; r empty f(po | rf)", {(0, 2), (1, 3)}, "let f r = r empty f", "f"),
    ("a function of a tuple", "let f(r, s) = r \\ s empty f(po | rf, po)", RF, "let f(r, s) = r empty f po", "po"),
    ("a function of nothing", "let f() = rf empty f()", RF, "let f() = rf empty f(po)", "po"),
    ("fun", "let f = fun (r, s) -> s; r empty f(rf, po)", {(0, 2)}, "let f = fun (r, s) -> r empty f po", "po"),
    ("fun of anything", "let f = fun _ -> rf empty f W", RF, "let f = fun _ -> _ empty f W; R", "R"),
    ("a function of functions", "let twice f = fun r -> f (f r) let step r = r | (r; po) empty twice step rf",
     RF | {(1, 3)}, "let f r = r r empty f po", "r"),
    ("let rec", "let rec a = po | rf | (a; a) empty a", ORDER, "let rec a = po | W empty a", "W"),
    ("let rec of a set", "let rec s = IW | range([s]; (rf | co)) empty s", {0, 1, 2, 3, 4, 5},
     "let rec s = IW | rf empty s", "rf"),
    # Round 1: a = {}, b = po | rf; round 2: a = rf; round 3 adds nothing.
    ("let rec .. and", "let rec a = rf & b and b = po | rf | a empty a", RF, "let rec a = b and c = a empty a", "b"),
    # Round 1: po | rf.  Round 2: nothing.  That is included in round 1, so the recursion ends.
    ("let rec that shrinks", "let rec a = (po | rf) \\ a empty a", set(), "let rec a = W \\ [a] empty a", "[a]"),
    # This is how critical sections are matched, from the inside.  Round 1: (1, 2); round 2, without these two: (0, 3).
    ("let rec of what is not yet matched", """
        let order = (po | rf)+
        let rec locks = (W \\ IW) \\ domain(pairs)
        and unlocks = R \\ range(pairs)
        and left = order & ((locks | unlocks) * (locks | unlocks))
        and pairs = pairs | (left & (locks * unlocks)) \\ (left; left)
        empty pairs""",
     {(1, 2), (0, 3)}, "let rec a = po \\ domain(a) empty a", "domain(a)"),
    ("let rec of a function", f"{FOLD} (let (d, c) = e in c ++ f es) end empty f(po)", {1, 3},
     "let rec f s = match s with {} -> 0 || e ++ es -> [e] | f es end empty f(R)", "e"),
    ("match of a set in halves", "let rec f s = match s with {} -> 0 || a | e ++ b -> ({e} * b) | f(a) | f(b) end "
     "empty f(R)", set(), "empty match W with {} -> 0 || a | e ++ b -> a; po end", "a"),
    ("procedure and call", "procedure p(r) = let a = r empty a end let a = po call p(rf)", RF,
     "procedure p(r, s) = empty r | s end call p(rf)", "rf"),
    ("procedure of nothing", "procedure p() = empty rf end call p()", RF, "procedure p() = empty rf end call p(po)",
     "po"),
    ("forall", "forall s in {R & W, R} \\ {{}} do empty s end", {2, 3}, "forall e in R do empty po end", "R"),
]  # fmt: skip

CHOICES: list[tuple[str, str, set[Any], str, str]] = [
    ("try", "empty try nowhere with rf", RF, "empty try nowhere with nothing", "nothing"),
    ("try that succeeds", "empty try rf with po", RF, "empty try rf | W with rf", "W"),
    ("if of a variant, as an instruction", 'if "v" empty po else empty rf end', RF,
     'if "v" empty po else empty R; po end', "R"),
    ("if of a variant, as an expression", 'empty if not "v" then rf else W; po', RF, 'empty if "v" then rf else po; R',
     "R"),
    ("=", "empty if R & W = {} then rf else po", RF, "empty if R = po then rf else po", "R = po"),
    ("subset", "empty if IW subset W then rf else po", RF, "empty if IW subset po then rf else po", "IW subset po"),
    ("in, of an event", "let rec f s = match s with {} -> {} || e ++ es -> if e in IW then e ++ f es else f es end "
     "empty f(M)", {4, 5}, "empty if W in po then rf else po", "W in po"),
    ("in, of a relation", "empty if po in {loc, po} then rf else po", RF, "empty if po in {W} then rf else po",
     "po in {W}"),
    ("match of a tag", "enum E = 'a || 'b empty match 'b with 'a -> po || _ -> rf end", RF,
     "enum E = 'a || 'b empty match 'b with 'a -> po end", "'b"),
    ("a tag as a set of it",
     "enum E = 'a || 'b forall t in E \\ 'a do match t with 'a -> empty po || 'b -> empty rf end end", RF,
     "enum E = 'a || 'b empty 'a; po", "'a"),
    ("~ of tags", "enum E = 'a || 'b empty if ~{'a} = {'b} then rf else po", RF,
     "enum E = 'a empty if ~{po} = {} then rf else po",
     "{po}"),
]  # fmt: skip

PRIMITIVES: list[tuple[str, str, set[Any], str, str]] = [
    ("domain", "empty domain(po; rf)", {0}, "empty domain W", "W"),
    ("range", "empty range(rf)", {2, 3}, "empty range W", "W"),
    ("as_transitive", "empty as_transitive(po | rf)", ORDER, "empty as_transitive W", "W"),
    ("classes-loc", "forall s in classes-loc(R & range(po)) do empty s end", {3},
     "forall s in classes-loc(po) do empty s end", "po"),
    ("classes", "forall s in classes(po & (W * W)) do empty s end", {0, 1},
     "forall s in classes(W) do empty s end", "W"),
    ("linearisations", "forall r in linearisations(R, po) do empty r end", {(2, 3)},
     "forall r in linearisations(po, R) do empty r end", "po, R"),
    ("lift and delift", "empty delift(lift(classes-loc(W), po))", set(product((0, 4), (1, 5))),
     "empty delift(po)", "po"),
    ("deliftinter", "empty deliftinter(po, lift(classes-loc(W), po))", {(0, 1)},
     "empty deliftinter(po, po)", "po, po"),
    ("bisimulation", "empty bisimulation(po, id)", IDENTITY, "empty bisimulation(po)", "po"),
    ("same-oa", "empty same-oa(po)", set(), "empty same-oa(W)", "W"),
    ("at-least-one-writable", "empty rf & at-least-one-writable(po)", set(), "empty po | at-least-one-writable",
     "at-least-one-writable"),
    ("fail", "empty try fail(po) with rf", RF, "empty fail(rf)", "rf"),
]  # fmt: skip

LIBRARY: list[tuple[str, str, set[Any], str, str]] = [
    ("emptyset", "empty emptyset | IW", {4, 5}, "empty emptyset; po", "emptyset"),
    ("po-loc", "empty po-loc | rf", RF, "empty po-lok", "po-lok"),
    ("rfe", "empty rfe", RF, "empty rfe(po)", "rfe"),
    ("rfi", "empty rfi", set(), "empty rfi & W", "W"),
    ("co0", "empty co0", CO, "empty co0 | W", "W"),
    ("toid", "empty toid(IW)", {(4, 4), (5, 5)}, "empty toid(po)", "po"),
    ("fencerel", "empty fencerel(W)", set(), "empty fencerel(po)", "po"),
    ("ctrlcfence", "empty ctrlcfence(W)", set(), "empty ctrlcfence(po)", "po"),
    ("imply", "empty imply(W, IW)", {2, 3, 4, 5}, "empty imply(W, po)", "W, po"),
    ("nodetour", "empty nodetour((po | rf)+, po, rf)", ORDER - {(0, 2)}, "empty nodetour(po, rf)", "po, rf"),
    ("singlestep", "empty singlestep((po | rf)+)", PO | RF, "empty singlestep(W)", "W"),
    ("map", "forall s in map (fun s -> s & IW) {R, W} \\ {{}} do empty s end", {4, 5},
     "forall s in map (fun s -> s) W do empty s end", "map (fun s -> s) W"),
    ("partition", "forall s in partition(R & range(po)) do empty s end", {3},
     "forall s in partition(rf) do empty s end", "rf"),
    ("rmw, amo and lxsx", "empty rmw | amo | lxsx | rf", RF, "empty rmw | X", "X"),
    ("si and sm", "empty si & sm", IDENTITY, "empty si | W", "W"),
    ("EX, LKW and PTE", "empty EX | LKW | PTE | IW", {4, 5}, "empty EX; po", "EX"),
    ("inclusion", "call inclusion(po, rf)", PO, "call inclusion(W, po)", "W, po"),
    ("subseteq", "call subseteq(W, R)", {0, 1, 4, 5}, "call subseteq(W, po)", "W, po"),
    # Of the pairs of reads, po relates (2, 3), and (3, 2) the other way round.
    ("total", "call total(po, R)", {(2, 2), (3, 3)}, "call total(W, R)", "W, R"),
]  # fmt: skip

ALL = OPERATORS + BINDINGS + CHOICES + PRIMITIVES + LIBRARY


def sliced(name: str, value: frozenset[Any], size: int) -> SlicedValue:
    """A set or relation in the only candidate.  What executions choose is open in it, not settled by the bounds."""
    is_open = name in OF_EXECUTIONS
    if (value and not isinstance(next(iter(value)), tuple)) or name in ("R", "W", "IW", "FW", "M", "F", "_"):
        return SlicedSet(0, dict.fromkeys(value, 1)) if is_open else SlicedSet(sum(1 << e for e in value))
    must = [0] * size
    opened: dict[int, dict[int, int]] = {}
    for e, f in value:
        if is_open:
            opened.setdefault(e, {})[f] = 1
        else:
            must[e] |= 1 << f
    return Sliced(must, opened)


def pairs(value: SlicedValue | None) -> set[Any]:
    assert value is not None
    if isinstance(value, SlicedSet):
        return {e for e in range(value.must.bit_length()) if value.must >> e & 1} | set(value.open)
    found = {(e, f) for e, row in enumerate(value.must) for f in range(row.bit_length()) if row >> f & 1}
    return found | {(e, f) for e, row in value.open.items() for f in row}


class OfEngine:
    """What the first engine evaluates a model on."""

    def __init__(self, known: Base, options: tuple[int, ...]) -> None:
        self.known = known
        self.options = options
        self.size = len(known["_"])

    def __getitem__(self, name: str) -> SlicedValue:
        return sliced(name, self.known[name], self.size)

    def taken(self, choice: int, options: range) -> Sliced:
        there = range(self.size if self.options[choice] in options else 0)
        return Sliced([0] * self.size, {e: dict.fromkeys(there, 1) for e in there})

    def place(self, variable: str) -> SlicedSet:
        raise KeyError(variable)


def asked(model: Model, known: Base, options: tuple[int, ...] = ()) -> set[Any]:
    """The value of a model's one check, on which all evaluators agree."""
    (node,) = {check.node for check in model.checks}
    mine = set(Evaluator(model, known, options).value(node))
    size = len(known["_"])
    nothing: Base = {}
    given = Given(known.__getitem__, nothing.__getitem__, options)
    oracle = Meaning(Definitions(model), known["_"], given).value(node)
    every = (1 << size) - 1
    universe = Universe(size, 1, [1] * size, every, [every] * size, [every] * size)
    engine = Plan(model).evaluate(universe, OfEngine(known, options), [node])[node]
    assert set(oracle) == mine
    assert pairs(engine) == mine
    return mine


@pytest.mark.parametrize(("construct", "text", "expected"), [row[:3] for row in ALL], ids=[row[0] for row in ALL])
def test_a_construct_means_what_was_worked_out_by_hand(construct: str, text: str, expected: set[Any]) -> None:
    base = execution(MP)
    assert asked(compiled_for(text, base), base) == expected, construct


@pytest.mark.parametrize(("construct", "wrong", "marked"), [(r[0], *r[3:]) for r in ALL], ids=[row[0] for row in ALL])
def test_a_wrong_use_of_a_construct_is_an_error_at_its_place(construct: str, wrong: str, marked: str) -> None:
    with pytest.raises(InputError) as error:
        compiled_for(wrong, execution(MP))
    assert error.value.span is not None, construct
    assert error.value.span.text == marked
    assert error.value.message


# ---------------------------------------------------------------- with x from S


@pytest.mark.parametrize(
    ("choices", "expected"),
    [
        ("{po, rf}", [PO, RF]),
        ("{po, rf, co}", [PO, RF, CO]),
        ("{IW, R}", [{4, 5}, {2, 3}]),
        ("{po}", [PO]),
        ("linearisations(R, 0)", [{(2, 3)}, {(3, 2)}]),
        ("map (fun r -> r^-1) {po, rf}", [{(1, 0), (3, 2)}, {(2, 1), (3, 4)}]),
    ],
)
def test_with_makes_an_execution_of_each_element(choices: str, expected: list[set[Any]]) -> None:
    base = execution(MP)
    model = compiled_for(f"with a from {choices} empty a", base, unknown=())
    options = range(model.choices[0]) if model.choices else [0]
    assert [asked(model, base, (option,)) for option in options] == expected


def test_two_choices_are_independent() -> None:
    base = execution(MP)
    model = compiled_for("with a from {po, rf} with b from {co, 0, rf} empty a | b", base, unknown=())
    assert model.choices == (2, 3)
    for i, j in product(range(2), range(3)):
        assert asked(model, base, (i, j)) == (PO, RF)[i] | (CO, set(), RF)[j]


def test_a_choice_from_nothing_is_no_execution() -> None:
    base = execution(MP)
    model = compiled_for("with a from {} acyclic po", base)
    assert [Evaluator(model, base).holds(check) for check in model.checks] == [False, True]


def test_a_choice_of_hundreds_is_taken_apart_by_halves() -> None:
    # The recursion of an evaluator is as deep as the model.  There are 6! options, one for each order.
    base = execution("Wx=1 | Wx=2 | Wx=3 | Wx=4 | Wx=5 | Wx=6")
    model = compiled_for("with a from linearisations(W \\ IW, 0) empty a", base)
    assert model.choices == (720,)
    for option in (0, 359, 360, 719):
        order = asked(model, base, (option,))
        assert len(order) == 15
        assert all((e, f) in order or (f, e) in order for e in range(6) for f in range(e))


@pytest.mark.parametrize(
    ("text", "marked"),
    [("with a from po empty a", "po"), ("with a from R empty a", "R"), ("with a from f empty a", "f")],
)
def test_with_chooses_from_a_set_of_values(text: str, marked: str) -> None:
    with pytest.raises(InputError) as error:
        compile_text(text, "m", frozenset())
    assert error.value.span is not None
    assert error.value.span.text == marked


# ---------------------------------------------------------------- checks


@pytest.mark.parametrize(
    ("test", "holds"),
    [
        ("acyclic po | rf", True),
        ("acyclic po | rf | rf^-1", False),
        ("irreflexive po; rf", True),
        ("irreflexive rf; rf^-1", False),
        ("empty po; po", True),
        ("empty po", False),
        ("empty R & W", True),
        ("empty R", False),
    ],
)
def test_a_test_holds_or_not_and_its_negation_is_the_opposite(test: str, holds: bool) -> None:
    base = execution(MP)
    for effect in ("", "flag ", "undefined_unless ", "assert "):
        (check,) = (model := compile_text(f"{effect}{test} as n", "m", frozenset())).checks
        assert Evaluator(model, base).holds(check) is holds
        assert (check.effect, check.name) == (effect.strip() or "check", "n")
        (check,) = (model := compile_text(f"{effect}~{test}", "m", frozenset())).checks
        assert Evaluator(model, base).holds(check) is not holds


@pytest.mark.parametrize(
    ("text", "marked"),
    [
        ("acyclic W", "W"),
        ("irreflexive R", "R"),
        ("empty fencerel", "fencerel"),
        ("flag ~empty nowhere as n", "nowhere"),
        ("undefined_unless acyclic W as n", "W"),
        ("assert irreflexive (po, po) as n", "po, po"),
    ],
)
def test_a_test_is_of_a_relation_and_empty_of_a_set_too(text: str, marked: str) -> None:
    with pytest.raises(InputError) as error:
        compile_text(text, "m", frozenset())
    assert error.value.span is not None
    assert error.value.span.text == marked


# ---------------------------------------------------------------- what is shown


def test_shows_have_the_value_of_their_moment() -> None:
    base = execution(MP)
    model = compile_text("let a = rf show a let a = po show a; rf as b show rf unshow rf empty 0", "m", frozenset())
    shown = {name: Evaluator(model, base).value(node) for name, node in model.shows}
    assert shown == {"a": RF, "b": {(0, 2)}}
