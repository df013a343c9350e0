"""What a model means: laziness, scopes, functions, recursion, and the mistakes that are reported."""

from __future__ import annotations

from pathlib import Path

import pytest
from cat_evaluator import Evaluator
from cat_executions import execution

from litmus.algebra.dag import Check, Model
from litmus.algebra.operators import Kind, Operator
from litmus.cat import compile_text, load_model
from litmus.diagnostics import InputError, Unsupported

X86 = frozenset({"MFENCE", "SFENCE", "LFENCE", "X"})


def compiled(text: str, variants: frozenset[str] = frozenset()) -> Model:
    return compile_text(text, "test.cat", X86, variants=variants)


def same(left: str, right: str, variants: frozenset[str] = frozenset()) -> bool:
    """Whether two texts end in checks of one and the same node, in one model."""
    model = compiled(f"{left}\n{right}", variants)
    return model.checks[0].node == model.checks[-1].node


# ---------------------------------------------------------------- laziness


def test_a_mistake_in_a_binding_that_nothing_needs_is_harmless() -> None:
    mistakes = "let a = nowhere let b = a | W;W let rec c x = nowhere let (d, e) = po let f(x) = x x"
    model = compiled(f"{mistakes} acyclic po")
    assert len(model.checks) == 1


def test_a_mistake_in_a_binding_is_found_when_it_is_needed_and_where_it_is() -> None:
    with pytest.raises(InputError) as error:
        compiled("let a = nowhere\nlet b = a\nacyclic b")
    assert str(error.value.span) == "test.cat:1:9"


def test_a_component_of_a_tuple_is_as_lazy_as_a_name() -> None:
    assert same("let (a, b) = (po, rf) acyclic a", "acyclic po")


def test_a_show_of_what_does_not_exist_here_is_left_out() -> None:
    assert compiled("show nowhere, po show (sync | po) as s acyclic rf").shows == (("po", 0),)


def test_what_is_not_supported_is_harmless_where_it_is_not_reached() -> None:
    assert compiled('if "never" forall r in classes-loc(W) do empty r end end let a = \'tag acyclic po').checks


# ---------------------------------------------------------------- sequences


def test_behind_an_empty_step_of_a_sequence_nothing_is_looked_at() -> None:
    for empty in ("0", "{}", "[emptyset]", "rf & 0", "(po; 0)"):
        for rest in ("nowhere", "W", "(W | po)", "nowhere; po", "(po; nowhere)"):
            assert same(f"empty {empty}; {rest}", "empty 0")
            assert same(f"empty po; ({empty}; {rest})", "empty 0")
            assert same(f"empty (po; {empty}); {rest}", "empty 0")


def test_before_an_empty_step_of_a_sequence_everything_is_looked_at() -> None:
    for text in ("nowhere; 0", "(nowhere; 0); po", "po; nowhere; 0"):
        with pytest.raises(InputError, match="unbound name `nowhere`"):
            compiled(f"empty {text}")


def test_a_variable_of_a_recursion_is_not_an_empty_step() -> None:
    model = compiled("let rec a = po and b = a; rf empty b")
    assert model.nodes[model.checks[0].node].operator is not Operator.EMPTY
    assert compiled("let rec a = po | b and b = a; rf empty b").recursions != ()


def test_an_empty_sequence_is_an_empty_set_as_well() -> None:
    assert same("empty ([emptyset]; po) | W", "empty W")


# ---------------------------------------------------------------- library functions


def test_ctrlcfence_takes_the_fences_or_a_control_dependency_and_the_fences() -> None:
    assert same("empty ctrlcfence(MFENCE)", "empty (ctrl & (_ * MFENCE)); po")
    assert same("let ctrl = addr empty ctrlcfence(MFENCE)", "empty (let ctrl = po in ctrlcfence(MFENCE))")
    assert same("empty ctrlcfence(addr, MFENCE)", "empty (addr & (_ * MFENCE)); po")
    assert same("empty try ctrlcfence(addr, DMB) with rf", "empty rf")


# ---------------------------------------------------------------- try


def test_try_takes_the_other_branch_on_an_unbound_name() -> None:
    assert same("acyclic try fencerel(DMB) with rf", "acyclic rf")


def test_try_keeps_the_first_branch_where_it_has_a_meaning() -> None:
    assert same("acyclic try fencerel(MFENCE) with rf", "acyclic fencerel(MFENCE)")


def test_try_catches_an_unbound_name_in_a_binding_and_in_a_function() -> None:
    assert same("let a = nowhere acyclic try a with po", "acyclic po")
    assert same("let f(x) = x | nowhere acyclic try f(rf) with po", "acyclic po")
    assert same("acyclic try tag2events('nowhere) with po", "acyclic po")


@pytest.mark.parametrize(
    ("mistake", "marked"),
    [("po | W", "W"), ("fencerel(po)", "po"), ("fencerel(R, W)", "R, W"), ("nodetour(po, rf)", "po, rf"),
     ("ctrlcfence(ctrl, rf)", "ctrl, rf"), ("ctrlcfence(ctrl, F, F)", "ctrl, F, F"), ("po rf", "po")],
)  # fmt: skip
def test_try_hides_no_mistake_in_types_or_numbers_of_arguments(mistake: str, marked: str) -> None:
    with pytest.raises(InputError) as error:
        compiled(f"empty try {mistake} with 0")
    assert error.value.span is not None
    assert error.value.span.text == marked


def test_try_does_not_hide_what_this_program_does_not_support() -> None:
    with pytest.raises(Unsupported) as error:
        compiled("acyclic try (let rec (a, b) = (po \\ b, rf \\ a) in a) with 0")
    assert str(error.value.span) == "test.cat:1:22"


def test_sets_that_the_architecture_lacks_are_unbound_unless_the_library_says_they_are_empty() -> None:
    for name in ("DMB", "SYNC", "A", "Acq"):
        assert same(f"empty try {name} with W", "empty W")
    for name in ("EX", "LKW", "PTE"):
        assert compiled(f"empty {name}").nodes[0].operator is Operator.EMPTY


# ---------------------------------------------------------------- scopes


def test_a_later_binding_shadows_an_earlier_one_but_not_in_what_was_defined_before() -> None:
    assert same("let a = po let f(x) = x | a let b = a let a = rf acyclic f(b)", "acyclic po")


def test_built_in_names_can_be_shadowed() -> None:
    assert same("let rf = po let W = R acyclic rf & (W * W)", "acyclic po & (R * R)")


def test_bindings_joined_by_and_do_not_see_each_other() -> None:
    assert same("let a = po and b = rf let a = b and b = a acyclic b", "acyclic po")


def test_an_argument_shadows_and_a_local_let_ends_with_its_body() -> None:
    assert same("let f(rf) = let po = rf in po acyclic f(ctrl) | po", "acyclic ctrl | po")


def test_functions_take_tuples_and_functions_and_return_functions() -> None:
    text = "let twice f = fun x -> f (f x) let both(f, g) = fun x -> f x | g x let inv(r) = r^-1"
    assert same(f"{text} acyclic twice inv po", "acyclic po")
    assert same(f"{text} acyclic both(inv, (fun x -> x)) po", "acyclic po | po^-1")


def test_functions_recur_over_static_sets() -> None:
    assert same("let rec f s = match s with {} -> po || x ++ xs -> x | f xs end acyclic f({rf})", "acyclic po | rf")
    assert same("acyclic map (fun r -> r) {}", "acyclic 0")


def test_begin_and_end_are_parentheses() -> None:
    assert same("acyclic begin po | rf end; ctrl", "acyclic (po | rf); ctrl")


def test_procedures_keep_their_checks_and_shows_and_forget_their_bindings() -> None:
    model = compiled(
        "let a = po procedure p(x, y) = let a = rf acyclic x | a as inside empty y show x as shown end "
        "let rf = ctrl call p(a, W) as outside acyclic a"
    )
    assert [check.name for check in model.checks] == ["inside", None, None]
    by_name = {node.name: number for number, node in enumerate(model.nodes)}
    assert model.nodes[model.checks[0].node].arguments == (by_name["po"], by_name["rf"])
    assert model.checks[2].node == by_name["po"]
    assert model.shows == (("shown", by_name["po"]),)


def test_forall_repeats_its_body_for_every_value() -> None:
    model = compiled("forall r in {po, rf, po} do acyclic r end forall r in {} do acyclic W end")
    assert [model.nodes[check.node].name for check in model.checks] == ["po", "rf"]


# ---------------------------------------------------------------- variants


@pytest.mark.parametrize(
    ("condition", "holds"),
    [
        ('"on"', True),
        ('variant "on"', True),
        ('"off"', False),
        ('not "off"', True),
        ('"on" && "off"', False),
        ('"on" || "off"', True),
        ('not ("on" && "off")', True),
        ('not "on" || not "off" && "on"', True),
        ('"off" && "off" || "on"', True),
    ],
)
def test_variants_choose_between_instructions_and_between_expressions(condition: str, holds: bool) -> None:
    expected = "acyclic po" if holds else "acyclic rf"
    variants = frozenset({"on"})
    assert same(f"if {condition} acyclic po else acyclic rf end", expected, variants)
    assert same(f"acyclic if {condition} then po else rf", expected, variants)


def test_a_comparison_that_holds_in_every_execution_is_decided() -> None:
    assert same("acyclic if po | rf = rf | po then ctrl else nowhere", "acyclic ctrl")


# ---------------------------------------------------------------- the universe and the empty set


def test_the_universe_and_the_empty_set_take_the_kind_of_their_context() -> None:
    assert same("empty _ & W", "empty W")
    assert same("empty _ & po", "empty po")
    assert same("empty {} | po", "empty po")
    assert same("empty {} | W", "empty W")
    assert same("empty _ ; po ; _", "empty po")  # herd7 passes over a step that is the universe
    assert same("let all = _ empty all ; po", "empty po")
    assert same("empty _ ; _ | po", "empty (_ * _)")
    assert same("empty ~_ | po", "empty po")
    assert compiled('empty if "v" then 0 else _').nodes[-1].kind is Kind.RELATION


# ---------------------------------------------------------------- recursion


def monotone(text: str) -> list[bool]:
    return [recursion.monotone for recursion in compiled(text).recursions]


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("po | a; a", True),
        ("po \\ a", False),
        ("po & ~a", False),
        ("po \\ (rf \\ a)", True),
        ("po | a \\ rf", True),
        ("po | [domain(a)]; rf", True),
        ("po \\ (W * range(a))", False),
    ],
)
def test_a_recursion_is_monotone_unless_a_variable_stands_in_a_negative_position(body: str, expected: bool) -> None:
    assert monotone(f"let rec a = {body} acyclic a") == [expected]


def test_rounds_that_shrink_end_the_iteration_as_in_herd() -> None:
    model = compiled("let rec a = po \\ a empty a")
    assert Evaluator(model, execution("Wx=1 Wy=1")).value(model.checks[0].node) == frozenset()


def values_of(text: str, thread_code: str) -> list[frozenset[tuple[int, int]]]:
    """The values of the checked relations in an execution."""
    model = compiled(text)
    evaluator = Evaluator(model, execution(thread_code))
    return [evaluator.value(check.node) for check in model.checks]


@pytest.mark.parametrize(
    ("group", "b"),
    [("a = po and b = b | (po \\ a)", set()), ("b = b | (po \\ a) and a = po", {(0, 1)})],
)
def test_variables_of_a_group_are_updated_in_order_within_a_round(group: str, b: set[tuple[int, int]]) -> None:
    assert values_of(f"let rec {group} empty b", "Wx=1 Wy=1") == [b]


def test_a_variable_may_be_a_set() -> None:
    model = compiled("let rec reached = IW | range([reached]; rf) and r = [reached]; po | r; r empty reached empty r")
    assert [model.nodes[check.node].kind for check in model.checks] == [Kind.SET, Kind.RELATION]


def test_a_recursion_that_starts_from_nothing_is_empty() -> None:
    assert compiled("let rec a = a and b = b; b empty a | b").nodes[-1].operator is Operator.EMPTY
    assert compiled("let rec a = a empty a").nodes[0].operator is Operator.EMPTY


def test_a_recursion_that_is_none_leaves_no_trace() -> None:
    assert compiled("let rec a = po and b = rf | ctrl acyclic a | b").recursions == ()


def test_functions_and_values_recur_together() -> None:
    text = "let step = po & (W * _) let rec a = step | f(a) and f(x) = x; x empty a empty f(step) empty step+"
    closure, square, expected = values_of(text, "Wx=1 Wy=1 Wx=2 Ry=1")
    assert closure == expected
    assert square == {(0, 2), (0, 3), (1, 3)}


def test_an_inner_recursion_belongs_to_its_own_group_only() -> None:
    model = compiled("let rec a = po | (let rec b = a; a | b; b | rf in b) acyclic a")
    inner, outer = model.recursions
    assert not set(inner.inner) & set(outer.inner)
    fix = next(n for n, node in enumerate(model.nodes) if node.operator is Operator.FIX and node.group == 0)
    assert fix in outer.inner
    (variable,) = outer.variables
    square = next(n for n, node in enumerate(model.nodes) if node.arguments == (variable, variable))
    assert square in outer.inner  # needed by the inner bodies, constant while they iterate
    assert model.recursions[1].bodies[0] in outer.inner


# ---------------------------------------------------------------- checks


def test_checks_keep_their_effect_their_name_and_their_place() -> None:
    text = "flag ~empty po as a\nundefined_unless irreflexive rf\nassert acyclic ctrl as c\nempty W as d"
    summary = [(c.effect, c.negated, c.predicate, c.name, str(c.span)) for c in compiled(text).checks]
    assert summary == [
        ("flag", True, "empty", "a", "test.cat:1:1"),
        ("undefined_unless", False, "irreflexive", None, "test.cat:2:1"),
        ("assert", False, "acyclic", "c", "test.cat:3:1"),
        ("check", False, "empty", "d", "test.cat:4:1"),
    ]


def test_checks_of_transitive_closures_are_checks_of_acyclicity() -> None:
    model = compiled("irreflexive (po | rf)+ acyclic (po | rf)+ acyclic po | rf")
    assert len({(check.predicate, check.node) for check in model.checks}) == 1


def test_what_bell_files_are_read_for_and_debugging_change_nothing() -> None:
    text = "instructions R[{'once, 'acquire}] default W['once] debug po acyclic rf debug (po | ctrl)"
    assert compiled(text).nodes == compiled("acyclic rf").nodes


def test_unshow_takes_a_show_back() -> None:
    assert [name for name, _ in compiled("show po, rf, ctrl unshow rf acyclic po").shows] == ["po", "ctrl"]


# ---------------------------------------------------------------- coherence orders


def coherence_checks(choice: str) -> list[Check]:
    return list(compiled(f'include "cross.cat" with co from {choice}').checks)


def test_the_usual_coherence_order_needs_no_check() -> None:
    assert coherence_checks("generate_cos(co0)") == []
    assert coherence_checks("generate_orders(W, co0 | co0)") == []
    assert coherence_checks("generate_cos(0)") == []


def test_what_else_a_coherence_order_must_contain_is_a_check() -> None:
    model = compiled('include "cross.cat" let p = rf; po with mo from generate_cos(co0 | p) acyclic mo')
    first, second = model.checks
    assert (first.predicate, first.negated) == ("empty", False)
    assert model.nodes[second.node].name == "co"
    kept, broken = "Wx=1 Wx=2", "Rx=2 Wx=1 | Wx=2"
    for text, holds in ((kept, True), (broken, False)):
        assert Evaluator(model, execution(text)).holds(first) is holds


def test_a_cross_product_of_linearisations_written_out_is_recognised() -> None:
    text = """
    let co_locs (p, classes) =
      let rec each c = match c with {} -> {} || ws ++ rest -> linearisations(ws, p) ++ each(rest) end in each(classes)
    let cross = let rec go (k, ys, os) = match os with {} -> ys ++ k || o ++ rest -> go (k, ys, rest) end in
      fun os -> go ({}, 0, os)
    let generate_orders(s, p) = cross (co_locs (p, partition s))
    with co from generate_orders(W, co0)
    acyclic co
    """
    model = compiled(text)
    assert [model.nodes[check.node].name for check in model.checks] == ["co"]


def test_a_second_coherence_order_after_a_check_of_the_first_is_another_one() -> None:
    twice = 'include "cos.cat" {} include "cos.cat" acyclic co'
    once = compiled(twice.format(""))
    assert len(once.checks) == 1
    assert once.recipe is None
    assert compiled(twice.format("acyclic co | po")).recipe is not None


# ---------------------------------------------------------------- includes


def write(folder: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)


def test_an_included_file_is_looked_for_beside_the_including_one_then_in_the_folders_given(tmp_path: Path) -> None:
    write(tmp_path, {"a/one.cat": 'include "two.cat"', "a/two.cat": "acyclic po", "b/two.cat": "acyclic rf"})
    include = (str(tmp_path / "b"), str(tmp_path / "a"))
    model = compile_text('include "two.cat" include "one.cat"', "m.cat", X86, include=include)
    assert [model.nodes[check.node].name for check in model.checks] == ["rf", "po"]


def test_a_file_included_twice_is_executed_twice(tmp_path: Path) -> None:
    write(tmp_path, {"inc.cat": "let a = a | rf acyclic a"})
    model = compile_text('let a = po include "inc.cat" include "inc.cat"', "m.cat", X86, include=(str(tmp_path),))
    assert len(model.checks) == 2


def test_an_include_sees_the_bindings_before_it_and_leaves_its_own(tmp_path: Path) -> None:
    write(tmp_path, {"inc.cat": "let b = a"})
    model = compile_text('let a = rf include "inc.cat" acyclic b', "m.cat", X86, include=(str(tmp_path),))
    assert model.nodes[model.checks[0].node].name == "rf"


@pytest.mark.parametrize("spelling", ["a.cat", "./a.cat", "../m/a.cat"])
def test_a_circular_include_is_an_error_at_the_include(tmp_path: Path, spelling: str) -> None:
    write(tmp_path, {"m/a.cat": 'acyclic po\n  include "b.cat"', "m/b.cat": f'include "{spelling}"'})
    with pytest.raises(InputError) as error:
        compile_text('include "a.cat"', "m.cat", X86, include=(str(tmp_path / "m"),))
    assert error.value.span is not None
    assert error.value.span.text == f'"{spelling}"'
    assert error.value.hint == "a.cat -> b.cat -> a.cat"


def test_a_missing_include_names_the_folders_searched(tmp_path: Path) -> None:
    with pytest.raises(InputError) as error:
        compile_text('acyclic po\ninclude "none.cat"', "m.cat", X86, include=(str(tmp_path),))
    assert str(error.value.span) == "m.cat:2:9"
    assert str(tmp_path) in (error.value.hint or "")


def test_an_include_that_is_not_text_is_an_error_at_the_include(tmp_path: Path) -> None:
    (tmp_path / "bin.cat").write_bytes(b"\x00\xff\xfe")
    with pytest.raises(InputError, match="not a text file") as error:
        compile_text('include "bin.cat"', "m.cat", X86, include=(str(tmp_path),))
    assert str(error.value.span) == "m.cat:1:9"


# ---------------------------------------------------------------- mistakes

# text, column of the mistake, the characters under the caret, words of the message or its hint
MISTAKES = [
    ("acyclic po-lok", 9, "po-lok", "did you mean po-loc or no-loc?"),
    ("acyclic po | W", 14, "W", "a relation is expected here, but this is a set"),
    ("acyclic W | po", 13, "po", "a set of events is expected here, but this is a relation"),
    ("acyclic po ; (W | R)", 15, "W | R", "a relation is expected"),
    ("acyclic W*po", 11, "po", "a set of events is expected"),
    ("acyclic [po]", 10, "po", "a set of events is expected"),
    ("acyclic W", 9, "W", "`[W]` is its identity relation"),
    ("acyclic W^-1", 9, "W", "a relation is expected"),
    ("acyclic W+", 9, "W", "a relation is expected"),
    ("acyclic ~fencerel", 10, "fencerel", "this is a function"),
    ("acyclic fencerel", 9, "fencerel", "this is a function"),
    ("acyclic po rf", 9, "po", "composed with `;`"),
    ("acyclic domain W", 16, "W", "a relation is expected"),
    ("acyclic domain(po, rf)", 16, "po, rf", "a tuple of 2"),
    ("acyclic fencerel(po)", 18, "po", "in fencerel"),
    ("let f(s) = fencerel(s) acyclic f(po)", 21, "s", "in fencerel"),
    ("acyclic nodetour(po, rf)", 18, "po, rf", "nodetour takes 3 arguments, not 2"),
    ("acyclic nodetour(po)", 18, "po", "nodetour takes a tuple of 3"),
    ("call po(rf)", 6, "po", "not a procedure"),
    ("call inclusion(W, po)", 16, "W, po", "a set of events is expected"),
    ("procedure p(x) = empty x end acyclic p", 38, "p", "this is a procedure"),
    ("let rec a = (po, a) acyclic a", 14, "po, a", "a tuple of 2"),
    ("let rec (a, b) = po acyclic a", 18, "po", "a tuple of 2"),
    ("let rec (a, b) = fun x -> x acyclic a", 9, "(a, b)", "a function is no tuple"),
    ("let rec a = po | W acyclic a", 18, "W", "a relation is expected"),
    ("let rec f x = f x acyclic f po", 15, "f x", "does not end"),
    ("procedure rec p(x) = call p(x) end call p(po)", 22, "call p(x)", "does not end"),
    ("forall x in W do acyclic po end", 13, "W", "a set of values"),
    ("let (a, b) = po acyclic a", 14, "po", "a tuple of 2"),
    ("", 1, "", "empty"),
]


@pytest.mark.parametrize(("text", "column", "marked", "words"), MISTAKES)
def test_a_mistake_is_reported_at_its_token(text: str, column: int, marked: str, words: str) -> None:
    with pytest.raises(InputError) as error:
        compiled(text)
    span = error.value.span
    assert span is not None
    assert (span.source.position(span.start)[1], span.text) == (column, marked)
    assert words in f"{error.value.message} {error.value.hint}"


UNSUPPORTED = [
    ("let rec a = po when ~acyclic a acyclic a", "when ~acyclic a", "not negated"),
    ("let rec a = po \\ a when acyclic a acyclic a", "when acyclic a", "only grow"),
    ("let rec (a, b) = (po \\ b, rf \\ a) acyclic a", "(a, b)", "only where it grows"),
    ("let rec (a, b) = ({po, rf}, a) acyclic b", "(a, b)", "sets of values"),
    ("let rec a = _ | a acyclic a", "a = _ | a", "the universe"),
    ("enum E = 'a || 'b with x from E acyclic po", "E", "the tag 'a or the tag 'b"),
]


@pytest.mark.parametrize(("text", "marked", "words"), UNSUPPORTED)
def test_what_cannot_be_compiled_says_so_at_its_place(text: str, marked: str, words: str) -> None:
    with pytest.raises(Unsupported) as error:
        compiled(text)
    assert error.value.span is not None
    assert error.value.span.text == marked
    assert words in error.value.message


# ---------------------------------------------------------------- names that are known


@pytest.mark.parametrize("name", ["partial_po", "aligned", "control", "success", "tst"])
def test_what_nothing_here_can_be_in_is_an_empty_relation(name: str) -> None:
    assert same(f"empty {name} | (try {name} with rf)", "empty 0")


@pytest.mark.parametrize(
    ("arch", "name", "meaning"),
    [("X86", "GCS", "emptyset"), ("X86_64", "ClFlush | ClFlushOpt", "emptyset"), ("ARM", "AL", "A")],
)
def test_sets_of_an_architecture_are_bound_on_it(arch: str, name: str, meaning: str) -> None:
    model = compile_text(f"empty {name} empty {meaning}", "test.cat", frozenset({"A"}), arch=arch)
    assert model.checks[0].node == model.checks[1].node


@pytest.mark.parametrize(("arch", "name"), [("X86", "ClFlush"), ("X86", "AL"), ("AArch64", "AL")])
def test_sets_of_another_architecture_are_unbound(arch: str, name: str) -> None:
    with pytest.raises(InputError, match=f"unbound name `{name}`"):
        compile_text(f"empty {name}", "test.cat", frozenset({"A"}), arch=arch)


# ---------------------------------------------------------------- what herd7 does at once, and what later


def test_a_recursion_with_an_unbound_name_is_an_error_used_or_not() -> None:
    for text in ("let rec c = po | nowhere acyclic po", "acyclic (let rec c = po | nowhere in po)"):
        with pytest.raises(InputError, match="unbound name `nowhere`"):
            compiled(text)
    assert compiled("let rec f x = nowhere acyclic po").checks


def test_the_free_names_of_a_function_are_looked_up_where_it_is_made() -> None:
    assert same("let f x = x | nowhere let g = try f with (fun y -> y) acyclic g(po)", "acyclic po")
    assert same("let g = try (fun x -> nowhere) with (fun x -> x) acyclic g(po)", "acyclic po")
    assert compiled("let f x = x | nowhere acyclic po").checks
    with pytest.raises(InputError) as error:
        compiled("let f x = if 0 = 0 then x else (try nowhere with x) acyclic f(po)")
    assert error.value.span is not None
    assert error.value.span.text == "nowhere"
    bound = "let f (x, y) = let z = x in let rec w = z | w in match y with {} -> w || e ++ es -> z end"
    assert compiled(f"{bound} let g = f acyclic po").checks


@pytest.mark.parametrize("name", ["co", "coe", "coi", "fr", "fre", "fri"])
def test_coherence_and_what_is_made_of_it_come_from_cos_cat(name: str) -> None:
    with pytest.raises(InputError) as error:
        compiled(f"acyclic {name}")
    assert error.value.hint == 'include "cos.cat"'
    assert compiled(f'include "cos.cat" acyclic {name}').checks
    assert same("let co = po acyclic co", "acyclic po")


def test_a_call_with_a_name_names_none_of_the_checks_in_it() -> None:
    model = compiled("procedure p(r) = flag ~empty r flag ~empty r as own end call p(po) as outside")
    assert [check.name for check in model.checks] == [None, "own"]


def test_a_byte_order_mark_is_passed_over(tmp_path: Path) -> None:
    path = tmp_path / "m.cat"
    path.write_bytes(b'\xef\xbb\xbf"title" acyclic po as named')
    model = load_model(str(path), X86)
    assert (model.title, model.checks[0].name) == ("title", "named")
    assert str(model.checks[0].span).endswith("m.cat:1:9")
