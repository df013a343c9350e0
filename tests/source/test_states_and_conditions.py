"""Initial states, locations, filters and conditions: every form, precedence, and errors at their token."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from propositions import place, shape, value

from litmus.diagnostics import Diagnostic, InputError, Source, Unsupported
from litmus.source.state import read_final, read_init
from litmus.source.syntax import (
    And,
    Atom,
    Bool,
    Global,
    Implies,
    Init,
    Not,
    Number,
    Or,
    Prop,
    Register,
)


def init(text: str) -> Init:
    (item,) = read_init(Source("t", text), text, 0)
    return item


@pytest.mark.parametrize(
    ("text", "where", "values", "kind", "pointer", "size"),
    [
        ("x", "x", None, None, False, None),
        ("0:r1", (0, "r1"), None, None, False, None),
        ("x=1", "x", [1], None, False, None),
        ("[y]=7", "y", [7], None, False, None),
        ("0:X5=-1", (0, "X5"), [-1], None, False, None),
        ("P1:X9 = 0x1F", (1, "X9"), [31], None, False, None),
        ("x=0b101", "x", [5], None, False, None),
        ("x=010", "x", [10], None, False, None),
        ("0:X1=x", (0, "X1"), ["x"], None, False, None),
        ("0:r2=&x", (0, "r2"), ["x"], None, False, None),
        ("0:X1=t[1]", (0, "X1"), [("t", 1)], None, False, None),
        ("uint64_t x", "x", None, "uint64_t", False, None),
        ("uint32_t y=3", "y", [3], "uint32_t", False, None),
        ("int64_t 1:X5", (1, "X5"), None, "int64_t", False, None),
        ("int64_t [x]=2", "x", [2], "int64_t", False, None),
        ("unsigned long x=2", "x", [2], "unsigned long", False, None),
        ("struct srcu_struct s", "s", None, "struct srcu_struct", False, None),
        ("spinlock_t l", "l", None, "spinlock_t", False, None),
        ("_Atomic int x=1", "x", [1], "int", False, None),
        ("atomic_t v = ATOMIC_INIT(2)", "v", [2], "atomic_t", False, None),
        ("int *p = &x", "p", ["x"], "int", True, None),
        ("int *p", "p", None, "int", True, None),
        ("int *0:r1=x", (0, "r1"), ["x"], "int", True, None),
        ("*w", "w", None, None, True, None),
        ("*w=&x", "w", ["x"], None, True, None),
        ("int **pp", "pp", None, "int", True, None),
        ("int *p = NULL", "p", [0], "int", True, None),
        ("int t[2]={1,-2}", "t", [1, -2], "int", False, 2),
        ("int z[3]", "z", None, "int", False, 3),
        ("0:%x0=x", (0, "%x0"), ["x"], None, False, None),
        ("0:$2=1", (0, "$2"), [1], None, False, None),
    ],
)
def test_forms_of_initial_items(
    text: str, where: object, values: list[object] | None, kind: str | None, pointer: bool, size: int | None
) -> None:
    item = init(text)
    assert place(item.location) == where
    assert (None if item.values is None else [value(v) for v in item.values]) == values
    assert (item.type, item.pointer, item.array_size) == (kind, pointer, size)
    assert item.span.text == text


def test_items_are_placed_in_the_file() -> None:
    text = "zzz { x=1 ;\n 0:r1 = x ; }"
    items = read_init(Source("t", text), text[5:-1], 5)
    assert [(i.span.text, i.location.span.text, i.values and i.values[0].span.text) for i in items] == [
        ("x=1", "x", "1"),
        ("0:r1 = x", "0:r1", "x"),
    ]


# ---------------------------------------------------------------- conditions


def prop(text: str) -> Prop:
    text = f"exists {text}"
    return read_final(Source("t", text), text, 0)[2].prop


A, B, C = ("a", 1), ("b", 1), ("c", 1)


@pytest.mark.parametrize(
    ("text", "meaning"),
    [
        ("a=1", A),
        ("(a=1)", A),
        ("a==1", A),
        ("a!=1", ("not", A)),
        ("a<>1", ("not", A)),
        ("[a]=1", A),
        ("*a=1", A),
        ("~a=1", ("not", A)),
        ("not a=1", ("not", A)),
        ("not (a=1 /\\ b=1)", ("not", ("and", A, B))),
        ("~a=1 /\\ b=1", ("and", ("not", A), B)),
        ("true", True),
        ("false", False),
        ("a=1 /\\ b=1 /\\ c=1", ("and", A, B, C)),
        ("a=1 \\/ b=1 /\\ c=1", ("or", A, ("and", B, C))),
        ("a=1 /\\ b=1 => c=1", ("and", A, ("=>", B, C))),
        ("a=1 => b=1 => c=1", ("=>", A, ("=>", B, C))),
        ("a=1 => b=1 \\/ c=1", ("or", ("=>", A, B), C)),
        ("~a=1 => b=1", ("=>", ("not", A), B)),
        ("(a=1 \\/ b=1) /\\ c=1", ("and", ("or", A, B), C)),
        ("0:r1=0x10", ((0, "r1"), 16)),
        ("P0:r1=-1", ((0, "r1"), -1)),
        ("0:r1=x", ((0, "r1"), "x")),
        ("0:r1=&t[1]", ((0, "r1"), ("t", 1))),
        ("t[1]=2", (("t", 1), 2)),
        ("t={1,2}", ("t", [1, 2])),
        ("t!={1,x}", ("not", ("t", [1, "x"]))),
        ("0:r1=[x]", ((0, "r1"), ("at", "x"))),
        ("0:r1=1:r2", ((0, "r1"), ("at", (1, "r2")))),
        ("[x]=[y]", ("x", ("at", "y"))),
        ("x=*y", ("x", ("at", "y"))),
        ("0:r1=P1:r2", ((0, "r1"), ("at", (1, "r2")))),
        ("andy=1 /\\ nothing=2", ("and", ("andy", 1), ("nothing", 2))),
    ],
)
def test_forms_and_precedence_of_propositions(text: str, meaning: object) -> None:
    assert shape(prop(text)) == meaning


@pytest.mark.parametrize(
    ("text", "quantifier", "meaning"),
    [
        ("exists a=1", "exists", A),
        ("exists (a=1);", "exists", A),
        ("~exists a=1", "~exists", A),
        ("~ exists a=1", "~exists", A),
        ("forall a=1", "forall", A),
        ("final a=1", "exists", A),
        ("observed a=1; b=1; and c=1;", "exists", ("or", ("and", A, B), C)),
        ("observed a=1", "exists", A),
        ("Observed a=1; and", "exists", ("or", A, True)),
        ("exists a=1 with A: exists; B: ~exists; C: forall", "exists", A),
        ("locations [x;]", "forall", True),
    ],
)
def test_quantifiers(text: str, quantifier: str, meaning: object) -> None:
    condition = read_final(Source("t", text), text, 0)[2]
    assert (condition.quantifier, shape(condition.prop)) == (quantifier, meaning)


def test_locations_and_filters() -> None:
    text = "locations [x; 0:r1; t[1]; y uint8_t; p*; q int*; 1:r2 unsigned long;]\nfilter (a=1)\nexists b=1"
    locations, constraint, condition = read_final(Source("t", text), text, 0)
    assert [(place(o.location), o.type) for o in locations] == [
        ("x", None),
        ((0, "r1"), None),
        (("t", 1), None),
        ("y", "uint8_t"),
        ("p", "*"),
        ("q", "int*"),
        ((1, "r2"), "unsigned long"),
    ]
    assert constraint is not None
    assert (shape(constraint), shape(condition.prop)) == (A, B)


def spelled(node: Prop, tight: int = 0) -> str:
    """A proposition in the notation, with as few parentheses as possible."""
    match node:
        case Bool():
            return "true" if node.value else "false"
        case Atom():
            return f"{place(node.location)}={value(node.right)}"  # type: ignore[arg-type]
        case Not():
            return f"~{spelled(node.operand, 4)}"
        case Implies():
            text, level = f"{spelled(node.left, 4)} => {spelled(node.right, 3)}", 3
        case And():
            text, level = f"{spelled(node.left, 2)} /\\ {spelled(node.right, 2)}", 2
        case Or():
            text, level = f"{spelled(node.left, 1)} \\/ {spelled(node.right, 1)}", 1
        case _:
            raise AssertionError(node)
    return text if tight <= level else f"({text})"


NOWHERE = Init(Global("x", None, None), None, None).location.span  # type: ignore[arg-type]
ATOMS = st.builds(
    lambda name, number: Atom(Global(name, None, NOWHERE), Number(number, NOWHERE), NOWHERE),
    st.sampled_from(["x", "y", "z"]),
    st.integers(-5, 5),
)
PROPS = st.recursive(
    ATOMS | st.builds(Bool, st.booleans()),
    lambda inner: st.one_of(
        st.builds(Not, inner),
        st.builds(And, inner, inner),
        st.builds(Or, inner, inner),
        st.builds(Implies, inner, inner),
    ),
    max_leaves=12,
)


@given(PROPS)
@settings(max_examples=150, deadline=None)
def test_propositions_are_read_back_as_they_were_printed(node: Prop) -> None:
    assert shape(prop(spelled(node))) == shape(node)


def test_a_condition_with_thousands_of_disjuncts_is_read() -> None:
    text = " \\/ ".join(f"(0:r1={n} /\\ x={n})" for n in range(3000))
    meaning = shape(prop(text))
    assert isinstance(meaning, tuple)
    assert len(meaning) == 3001


def test_more_than_two_hundred_levels_of_a_condition_are_unsupported() -> None:
    with pytest.raises(Unsupported, match="nested too deeply"):
        prop("~" * 201 + "x=1")
    assert prop("~" * 198 + "x=1") is not None
    assert prop("(" * 5000 + "x=1" + ")" * 5000) is not None


# ---------------------------------------------------------------- errors


def failing(text: str, kind: type[Diagnostic]) -> tuple[str, str, str | None]:
    """Message, offending text and hint of what is wrong."""

    def read() -> object:
        source = Source("t", text)
        return read_init(source, text[1:-1], 1) if text.startswith("{") else read_final(source, text, 0)

    with pytest.raises(kind) as caught:
        read()
    error = caught.value
    assert type(error) is kind
    assert error.span is not None
    assert error.span.source.text == text
    return error.message, f"{error.span.start}:{error.span.text}", error.hint


@pytest.mark.parametrize(
    ("text", "message", "span", "hint"),
    [
        ("{x=}", "the initial state ends too early", "3:}", "expected a value or ATOMIC_INIT"),
        ("{x=1 y=2}", "unexpected y in the initial state", "5:y", "expected ;"),
        ("{0:r1 x}", "unexpected x in the initial state", "6:x", "expected ; or ="),
        ("{x=1; int x}", "x is initialised more than once", "10:x", "it is in line 1 already"),
        ("{0:r1=1;\n0:r1=1}", "0:r1 is initialised more than once", "9:0:r1", "it is in line 1 already"),
        ("{x=1;\nx=2}", "x is initialised more than once", "6:x", "it is in line 1 already"),
        ("{int t[2]={1}}", "t has 2 cells and 1 initial values", "7:2", None),
        ("{int t[0]}", "t must have at least one cell", "7:0", None),
        ("{t[1]=2}", "unexpected 2 in the initial state", "6:2", "expected {"),
        ("exists (0:r1=1", "the condition ends too early", "14:", "expected )"),
        ("exists", "the condition ends too early", "6:", "expected a proposition like 0:r1=1 or x=2"),
        ("exists x=1)", "unexpected ) in the condition", "10:)", "expected ; or the end or with"),
        ("exists (x=)", "unexpected ) in the condition", "10:)", "expected a value or a location"),
        ("exists (x=1 /\\)", "unexpected ) in the condition", "14:)", "expected a proposition like 0:r1=1 or x=2"),
        ("exists (x<1)", "unexpected < in the condition", "9:<", "expected != or <> or = or == or ["),
        ("exists x=1 forall y=1", "unexpected forall in the condition", "11:forall", "expected ; or the end or with"),
        ("exists x=1 exists2=3", "unexpected exists2 in the condition", "11:exists2", None),
        ("exists 0:=1", "unexpected = in the condition", "9:=", "expected a name or a register or a symbolic register"),
        ("locations [x; y", "the condition ends too early", "15:", None),
        ("exists 0:r1={1}", "only a whole array can be compared with {...}", "7:0:r1", None),
        ("exists @x=1", "unexpected @ in the condition", "7:@", None),
    ],
)
def test_errors_are_at_the_offending_token(text: str, message: str, span: str, hint: str | None) -> None:
    got = failing(text, InputError)
    assert got[:2] == (message, span)
    if hint is not None:
        assert got[2] == hint


@pytest.mark.parametrize(
    ("text", "message", "span"),
    [
        ("exists (fault(P0,x))", "fault(...) is not supported", "8:fault("),
        ("exists (~fault(P0:L1,x) /\\ x=1)", "fault(...) is not supported", "9:fault("),
        ('{0:X1=label:"P0:L0"}', "labels as values (label:) are not supported", "6:label:"),
        ('{0:X1=instr:"NOP"}', "instructions as values (instr:) are not supported", "6:instr:"),
        ("{0:X1=0:L0}", "labels as values are not supported", "5:=0:L0"),
        ("{x:red=1}", "memory tags are not supported", "1:x:red"),
        ("exists (x=:red)", "memory tags are not supported", "9:=:red"),
        ("{[PTE(x)]=1}", "page table entries (PTE, PA) are not supported", "2:PTE("),
        ("{0:X1=(oa:PA(x),valid:0)}", "page table entries are not supported", "6:(oa:"),
        ("{0:X0=pacda(x,42)}", "pointer authentication codes are not supported", "6:pacda("),
        ("{0:X0=0xffff:x:1}", "capabilities are not supported", "6:0xffff:x"),
    ],
)
def test_notations_that_are_not_supported_are_named(text: str, message: str, span: str) -> None:
    assert failing(text, Unsupported)[:2] == (message, span)


# ---------------------------------------------------------------- thread numbers


@pytest.mark.parametrize("spelled", ["0x1:EAX", "01:EAX", "P1:EAX", "0b1:EAX"])
def test_a_thread_number_is_any_number_as_in_herd7(spelled: str) -> None:
    assert place(init(f"{spelled}=2").location) == (1, "EAX")
    for text in (f"exists ({spelled}=0)", f"forall [x]={spelled}", f"locations [{spelled}] exists ({spelled}=[x])"):
        condition = read_final(Source("t", text), text, 0)[2]
        assert isinstance(condition.prop, Atom)
        named = condition.prop.right if "[x]=" in text else condition.prop.location
        assert isinstance(named, Register)
        assert (named.thread, named.name) == (1, "EAX")


@pytest.mark.parametrize("text", ["exists (-1:EAX=0)", "locations [-0x1:EAX]", "filter (x=-1:EAX) exists (x=1)"])
def test_a_negative_thread_number_is_an_error_at_the_number(text: str) -> None:
    with pytest.raises(InputError, match="is no thread") as caught:
        read_final(Source("t", text), text, 0)
    assert caught.value.span is not None
    assert caught.value.span.text.startswith("-")
    with pytest.raises(InputError, match="-1 is no thread"):
        init("-1:EAX=2")


def test_numbers_without_digits_and_huge_arrays_are_errors() -> None:
    with pytest.raises(InputError, match="0x is no number"):
        init("x=0x_")
    with pytest.raises(Unsupported, match="more than 65536 cells"):
        init("int t[99999999999999999999]")
