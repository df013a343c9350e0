"""The sections of a .litmus file, and the errors in texts that are no sections."""

from __future__ import annotations

from pathlib import Path

import pytest

from litmus.diagnostics import Diagnostic, InputError, Source, Unsupported
from litmus.reading import read_file, read_test
from litmus.source import syntax
from litmus.source.syntax import Atom, Bool, Global, Number, Register

SB = """X86 SB
"Fre PodWR Fre PodWR"
Cycle=Fre PodWR Fre PodWR
Com = Fr Fr
{ x=0; y=0; }
 P0          | P1          ;
 MOV [x],$1  | MOV [y],$1  ;
 MOV EAX,[y] | MOV EAX,[x] ;
exists (0:EAX=0 /\\ 1:EAX=0)
"""


def read(text: str, name: str = "t.litmus") -> syntax.Test:
    return read_test(Source(name, text))


def test_a_test_is_split_into_its_sections() -> None:
    test = read(SB)
    assert (test.arch, test.name, test.doc) == ("X86", "SB", "Fre PodWR Fre PodWR")
    assert test.info == {"Cycle": "Fre PodWR Fre PodWR", "Com": "Fr Fr"}
    assert [item.location.name for item in test.init] == ["x", "y"]
    assert test.table is not None
    assert [[cell.text for cell in column] for column in test.table] == [
        ["MOV [x],$1", "MOV EAX,[y]"],
        ["MOV [y],$1", "MOV EAX,[x]"],
    ]
    assert test.condition.quantifier == "exists"
    assert test.arch_span is not None
    assert test.arch_span.text == "X86"


def test_every_node_has_the_span_that_it_was_read_from() -> None:
    test = read(SB)
    assert test.table is not None
    for column in test.table:
        for cell in column:
            assert SB[cell.start : cell.start + len(cell.text)] == cell.text
    assert [item.span.text for item in test.init] == ["x=0", "y=0"]
    prop = test.condition.prop
    assert test.condition.span is not None
    assert test.condition.span.text == "exists (0:EAX=0 /\\ 1:EAX=0)"
    left = prop.left  # type: ignore[union-attr]
    assert isinstance(left, Atom)
    assert isinstance(left.location, Register)
    assert isinstance(left.right, Number)
    assert (left.span.text, left.location.span.text, left.right.span.text) == ("0:EAX=0", "0:EAX", "0")


@pytest.mark.parametrize(
    "text",
    [
        SB.replace("\n", "\r\n"),
        SB.replace("exists", "(* so * (* nested *) ; | *)\nexists"),
        SB.replace(" MOV EAX,[y]", " (* exists { *) MOV EAX,[y]"),
        SB.replace("{ x=0", "(* { *)\n{ (* } *) x=0"),
        "(* before *)\n" + SB,
        SB + '<< whatever ( { " follows',
        SB.replace('X86 SB\n"', 'X86 SB "'),
        SB.replace("X86 SB", "X86 SB (SBTwo)"),
        SB.replace("X86 SB", "X86 SB ;").replace('"Fre PodWR Fre PodWR"\n', ""),
        SB.replace("Com", "prose that says nothing\nCom"),
        SB.replace(" P0 ", ";\n P0 "),
        SB.replace("exists", ";\n ;\nexists"),
        SB.replace("$1  |", "$1  |\t").replace(" ;", ";"),
    ],
)
def test_layout_and_comments_do_not_matter(text: str) -> None:
    test, plain = read(text), read(SB)
    assert test.table is not None
    assert plain.table is not None
    cells = [[c.text for c in column] for column in test.table]
    assert cells == [[c.text for c in column] for column in plain.table]
    assert [(i.location.name, i.values is not None) for i in test.init] == [("x", True), ("y", True)]
    assert test.condition.span is not None
    assert test.condition.span.text.replace("\r", "") == "exists (0:EAX=0 /\\ 1:EAX=0)"


def test_the_name_of_a_test_may_be_that_of_its_file() -> None:
    assert read(SB.replace("X86 SB", "X86 --"), "some/folder/SB+po.litmus").name == "SB+po"


def test_names_may_have_brackets_and_signs() -> None:
    assert read(SB.replace("X86 SB", "X86 MP[x]+po/a.b:c")).name == "MP[x]+po/a.b:c"


def test_a_doc_string_that_is_not_closed_is_prose() -> None:
    assert read(SB.replace('PodWR"', "PodWR")).doc is None


def test_a_comment_in_the_header_that_is_not_closed_is_prose() -> None:
    assert read(SB.replace("Cycle", "(* never closed\nCycle")).info["Cycle"] == "Fre PodWR Fre PodWR"


def test_a_missing_condition_is_forall_true() -> None:
    test = read(SB[: SB.index("exists")])
    assert (test.condition.quantifier, test.condition.prop, test.condition.span) == ("forall", Bool(True), None)


def test_condition_words_inside_names_do_not_end_the_program() -> None:
    test = read("PPC T\n{ x=1; exists2=3; }\n P0 ;\n Lexists: nop ;\n b Lexists ;\n final.x: nop ;\nforall (x=1)")
    assert test.table is not None
    assert len(test.table[0]) == 3


def test_labels_and_empty_cells_are_kept_apart() -> None:
    test = read("PPC T\n{}\n P0 | P1 ;\n nop | ;\n | L: nop ;\n L0: | ;\n")
    assert test.table is not None
    assert [[cell.text for cell in column] for column in test.table] == [["nop", "L0:"], ["L: nop"]]


def test_a_lock_prefix_may_have_a_semicolon() -> None:
    test = read("X86 T\n{}\n P0 | P1 ;\n LOCK; INC [x] | NOP ;\n")
    assert test.table is not None
    assert [len(column) for column in test.table] == [1, 1]


# ---------------------------------------------------------------- C tests

C = """C MP

(*
 * Result: Never DATARACE
 * Expect(power): Sometimes
 *)

{ int x = 0; (* } *) atomic_t v = ATOMIC_INIT(2); }

P0(int *x)
{
	/* exists ( { */ int r0 = (*x); // } "
	char *s = "exists }"; char c = '"'; c = '}';
	if ((*x) == 1) { r0 = 2; }
}

(* between functions (* { *) *)
P1(int *x, atomic_t *v) { *x = 1; }

locations [x; 0:r0]
exists (0:r0=1 (* a *) /\\ /* b */ x=1) // c
"""


def test_c_functions_are_a_span() -> None:
    test = read(C)
    assert test.table is None
    assert test.body is not None
    assert test.body.text.startswith("P0(int *x)\n{")
    assert test.body.text.endswith("{ *x = 1; }")
    assert [str(observed.span.text) for observed in test.locations] == ["x", "0:r0"]
    assert test.condition.span is not None
    assert test.condition.span.text.startswith("exists (0:r0=1")


def test_assembly_has_a_condition_behind_strings_and_symbolic_registers() -> None:
    test = read("PPC T\n{ %x=x; 1:r1=5; }\n P0 | P1 ;\n lwz r1,0(%x) | li r2,1 ;\nexists (%x=1 \\/ not %x=[x])")
    assert test.init[0].location.thread == 0  # type: ignore[union-attr]
    left = test.condition.prop.left  # type: ignore[union-attr]
    assert left.location.thread == 0


# ---------------------------------------------------------------- files


def test_files_are_read_as_utf_8_or_latin_1(tmp_path: Path) -> None:
    utf8, latin1 = tmp_path / "a.litmus", tmp_path / "b.litmus"
    utf8.write_bytes(b"\xef\xbb\xbf" + SB.replace("Fre PodWR Fre", "é").encode())
    latin1.write_bytes(SB.replace("Fre PodWR Fre", "é").encode("latin-1"))
    assert read_test(read_file(utf8)).doc == read_test(read_file(latin1)).doc == "é PodWR"


def test_files_that_cannot_be_read_are_input_errors(tmp_path: Path) -> None:
    (tmp_path / "MP.litmus").write_bytes(b"\0")
    for name, message in (("MP+.litmus", "no such file"), ("MP.litmus", "binary file"), (".", "is a folder")):
        with pytest.raises(InputError) as caught:
            read_file(tmp_path / name)
        assert message in caught.value.message
    with pytest.raises(InputError) as caught:
        read_file(tmp_path / "MPP.litmus")
    assert caught.value.hint == "did you mean MP.litmus?"
    with pytest.raises(InputError):
        read_file("a\0b")


def test_a_huge_file_is_no_litmus_test(tmp_path: Path) -> None:
    path = tmp_path / "huge.litmus"
    with path.open("wb") as file:
        file.truncate(9 << 20)
    with pytest.raises(InputError, match="larger than 8 MiB"):
        read_file(path)


# ---------------------------------------------------------------- errors

WRONG = [
    ("", "the file is empty", None),
    (" \n\t\n", "the file is empty", None),
    ("PPC\0T", "binary file", (1, 4)),
    ("X87 SB\n{}", "unknown architecture X87", (1, 1)),
    ("PPC\n{}", "begins with its architecture", (1, 1)),
    ("\n\n{}", "begins with its architecture", (3, 1)),
    ("PPC T,\n{}", "cannot be the name of a test", (1, 5)),
    ("PPC T", "ends before its initial state", (1, 6)),
    ("PPC T\nA=1\nb=2\na=3\n{}", "a is given twice", (4, 1)),
    ("PPC T (* a\n(* b *)", "comment is not closed", (1, 7)),
    ("PPC T\n{ x=1;\n P0 ;\n nop ;", "{ is not closed", (2, 1)),
    ("PPC T\n{ x={1 }\n P0 ;\n nop ;", "{ is not closed", (2, 1)),
    ("PPC T\n{}\n", "has no program", (2, 3)),
    ("PPC T\n{}\nexists (x=1)", "has no program", (2, 3)),
    ("PPC T\n{}\n P0", "row of the program does not end", (3, 3)),
    ("PPC T\n{}\n P0 ;\n nop\nexists (x=1)", "row of the program does not end", (4, 4)),
    ("PPC T\n{}\n P0 ;\n nop ;\nexsits (x=1)", "unexpected exsits", (5, 1)),
    ("PPC T\n{}\n P1 ;\n nop ;", "processes must be P0, P1, ... in order, not P1", (3, 2)),
    ("PPC T\n{}\n P0 | P0 ;\n nop | nop ;", "processes must be P0, P1, ... in order, not P0", (3, 7)),
    ("PPC T\n{}\n P0 | lwz r1,0(r2) ;", "in order, not lwz r1,0(r2)", (3, 7)),
    ("PPC T\n{}\n P0 | P1 ;\n nop ;", "this row has 1 cell, the table has 2 processes", (4, 6)),
    ("PPC T\n{}\n P0 ;\n nop | nop ;", "this row has 2 cells, the table has 1 process", (4, 6)),
    ("PPC T\n{}\n P0 ;\n nop (* x ;", "comment is not closed", (4, 6)),
    ("PPC T\n{}\n P0 | P1\n nop | nop ;", "the row of the processes does not end", (3, 9)),
    ("PPC T\n{}\n P0 | Q\n nop | nop ;", "in order, not Q", (3, 7)),
    ("C T\n{ %a=1; }\nP0(int *x) { *x = 1; }", "the symbolic register %a is in no process", (2, 3)),
    ("C T\n{}\nP0(int *x) { *x = 1; }\nexists (%a=1)", "the symbolic register %a is in no process", (4, 9)),
    ('PPC T\n{}\n P0 ;\n com "x ;', "string is not closed", (4, 6)),
    ("PPC T\n{}\n P0 ;\n nop ;\nexists x=1 (* x", "comment is not closed", (5, 12)),
    ("C T\n{}\nP0() { int x;", "{ is not closed", (3, 6)),
    ("C T\n{}\nP0() { } }", "no { that this } closes", (3, 10)),
    ("C T\n{}\nP0() { /* } }", "comment is not closed", (3, 8)),
    ('C T\n{}\nP0() { "x }', "string is not closed", (3, 8)),
    ("C T\n{}\n", "has no program", (2, 3)),
    ("C T\n{}\n(* x", "comment is not closed", (3, 1)),
    (SB.replace("{ x", "(* Expect(power): Nver *) { x"), "Nver is no verdict", (5, 19)),
    (SB.replace("{ x", "(* Expect(a): Never\n * Expect(a): Always *) { x"), "Expect(a) is given twice", (6, 11)),
    ("PPC T\n{ %x=1 }\n P0 ;\n nop ;", "%x is in no process", (2, 3)),
    ("PPC T\n{ %x=1 }\n P0 | P1 ;\n mr %x,r1 | mr %x,r1 ;", "%x is in P0 and P1", (2, 3)),
]


@pytest.mark.parametrize(("text", "message", "place"), WRONG)
def test_wrong_sections_are_input_errors_at_their_place(text: str, message: str, place: tuple[int, int] | None) -> None:
    with pytest.raises(InputError) as caught:
        read(text)
    check(caught.value, message, place)


def test_a_name_that_ends_in_litmus_is_shortened_as_herd7_does() -> None:
    assert read(SB.replace("SB", "SB.litmus", 1)).name == "SB"


def test_a_number_that_python_cannot_read_is_an_input_error() -> None:
    with pytest.raises(InputError, match="more digits than any machine"):
        read(SB.replace("x=0", "x=" + "1" * 5000))


@pytest.mark.parametrize(
    ("text", "message", "place"),
    [
        ("PPC T\n{}\n P0 | P0.F ;\n nop | nop ;", "fault handlers are not supported", (3, 7)),
        ("JAVA T\n{}", "tests for JAVA are not supported", (1, 1)),
        (SB.replace("exists", "cases"), "cases is not supported", (9, 1)),
    ],
)
def test_unsupported_sections_are_named(text: str, message: str, place: tuple[int, int]) -> None:
    with pytest.raises(Unsupported) as caught:
        read(text)
    check(caught.value, message, place)


def check(error: Diagnostic, message: str, place: tuple[int, int] | None) -> None:
    assert message in error.message
    if place is None:
        assert error.span is None
    else:
        assert error.span is not None
        assert error.span.source.position(error.span.start) == place


def test_an_unknown_architecture_has_a_near_name() -> None:
    with pytest.raises(InputError) as caught:
        read("X86_46 T\n{}")
    assert caught.value.hint is not None
    assert "X86_64" in caught.value.hint


def test_arrays_and_globals_are_locations() -> None:
    test = read(SB.replace("exists", "locations [x; y[1]; 0:EBX;] exists"))
    assert [o.location for o in test.locations if isinstance(o.location, Global)][1].index == 1
