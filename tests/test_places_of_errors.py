"""Whatever is wrong with a text, in whichever language it is written: the error has its place in the file."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import litmus
from litmus.c import lowering as c
from litmus.c.tables import load_primitives
from litmus.cat import parsing as cat
from litmus.designs.parsing import read_design
from litmus.diagnostics import Diagnostic, Source
from litmus.isa import architecture_named
from litmus.reading import read_test
from litmus.resolving import resolve

STATE = "X86 state\n(* Result: Never *)\n{ {state} }\n P0 | P1 ;\n MOV EAX,[x] | MOV [x],$1 ;\n{final}\n"
ITEMS = "x=1; int y = 2;\n 0:EBX=x; uint64_t a[2] = {1,&x}; int *p = &y; 1:EBX=a[1]; _Atomic int [z] = ATOMIC_INIT(3)"
FINAL = (
    "locations [x; 0:EAX int; a[1];]\nfilter (x=1)\nexists (0:EAX=1 /\\ (x=2 \\/ ~ y=3) => not (a={1,2}\n"
    "/\\ true /\\ 1:EBX!=&x))"
)
BUG_ON = "C b\n{ int x = 1; }\nP0(int *x)\n{\n\tint r0 = READ_ONCE(*x);\n}\nBUG_ON(0:r0 == 1 && (!r0 ||\n *x != 2));\n"
FUNCTIONS = """C functions
{ int a[2] = {1,2}; }
P0(volatile int *x, int *a) {
    int r0 = READ_ONCE(*x), *q = &a[1];  // comment
    if (!r0 && *q != (long)sizeof(int) << 2) { r0++; } else for (;;) break;
    do *x = r0, r0 += 'c'; while (r0 ? 0x1f : -2); /* end */
    switch (r0) { case 1: goto out; default: return; }
out: ;
}
P1(int *x)
{
\tWRITE_ONCE(*x, 1);
\tsys_membarrier(MEMBARRIER_CMD_GLOBAL, 0, 0);
}
exists (0:r0=1)
"""
CELLS = {
    "X86_64": ("movl $1,(x)", "lock; xaddq %rax,8(%rbx,%rcx,4)", "MOV EAX, dword ptr [x+rdi*8-4]", "L0: jne L0"),
    "PPC": ("lwz r1,0(r2)", "lwzx r3,r4,r5", "cmpwi r1,0", "L0: bne L0", "stwcx. r1,0,r2", "cmpw cr3,r1,r2"),
    "ARM": ("LDR R0,[R1]", "STR R0,[R1,R2]", "CMP R0,#1", "BNE L0", "L0: DMB ISH", "STREX R3,R0,[R1]"),
    "AArch64": ("LDR W0,[X1]", "STP W0,W1,[X2],#8", "ADD X0,X1,W2,SXTW #2", "L0: CBNZ W0,L0", "DMB ISHLD"),
    "RISCV": ("lw x5,0(x6)", "amoadd.w.aq x5,x6,(x7)", "bne x5,x0,L0", "L0: fence rw,w", "ori x6,x0,1"),
}
DESIGN = """design d "a
  design" source "here"
cpu { int curr; struct mm *m; }
membarrier { smp_mb(); if (READ_ONCE(curr) == 1) { send_ipi(); }
L:  smp_mb(); // a } in a comment
}
switch_in { smp_mb(); }
variant v "without" { remove L; expect power broken RUN, OUT: "why"; }
expect sc, power safe;
"""


def litmus_test(source: Source) -> None:
    test = read_test(source)
    if test.body is None:
        resolve(test, architecture_named(test.arch).lower(test))
    else:
        resolve(test, c.lower(test, load_primitives("power")))


def table(arch: str, cells: tuple[str, ...]) -> str:
    rows = "\n".join(f" {one} | {other} ;" for one, other in zip(cells, reversed(cells), strict=True))
    return f"{arch} cells\n{{ x=0; }}\n P0 | P1 ;\n{rows}\nexists (x=1)\n"


MODELS = Path(litmus.__file__).parents[1] / "models"
Read = Callable[[Source], object]
LANGUAGES: dict[str, tuple[Read, list[str]]] = {
    "states": (
        litmus_test,
        [
            STATE.replace("{state}", items).replace("{final}", final)
            for items, final in ((ITEMS, FINAL), ("x=1", "forall x=1"))
        ],
    ),
    "cells": (litmus_test, [table(arch, cells) for arch, cells in CELLS.items()]),
    "C": (litmus_test, [FUNCTIONS, BUG_ON]),
    "cat": (cat.parse, [(MODELS / f"{name}.cat").read_text() for name in ("sc", "power", "aarch64")]),
    "designs": (read_design, [DESIGN]),
}
WORDS = (
    *"()[]{};:,=|&!~*+-/\\<>\"'#$%^@0 \n\t",
    *("(*", "*)", "/*", "*/", "//", "==", "->", "\r\n", "é", "0x", "99999999999999999999", "let", "end", "if", "as"),
    *("exists", "P9:", "x", "r1", "EAX", "int", "lock;", "_", "%a", "&x", "{1,2}"),
)


def mutated(text: str, changes: list[tuple[float, int, str]]) -> str:
    """The text with a word put in place of a few characters, or of none, here and there."""
    for where, length, word in changes:
        at = int(where * len(text))
        text = text[:at] + word + text[at + length :]
    return text


CHANGE = st.tuples(st.floats(0, 1), st.sampled_from((0, 0, 1, 1, 2, 7)), st.sampled_from(("", *WORDS)))


def check_place(error: Diagnostic, source: Source) -> None:
    """The place is in the file, and the line that is shown, with the caret, is the line of the text."""
    span = error.span
    assert error.place is None
    assert span is not None
    assert span.source is source
    assert 0 <= span.start <= span.end
    assert span.start <= len(source.text)
    line, column = source.position(span.start)
    of_text = source.text.split("\n")[line - 1].rstrip("\r")
    assert column <= len(of_text) + 1
    head, shown, caret = error.render().split("\n")
    assert head.startswith(f"{source.name}:{line}:{column}: error: ")
    gutter = len(shown) - len(of_text)
    assert shown == f"{line:>5} | {of_text}"
    assert caret.index("^") == gutter + column - 1


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_error_in_a_changed_text_has_a_place_in_the_file(language: str) -> None:
    read, texts = LANGUAGES[language]
    wrong = 0

    @settings(max_examples=100, deadline=None)
    @given(st.sampled_from(texts), st.lists(CHANGE, min_size=1, max_size=3))
    def changed(text: str, changes: list[tuple[float, int, str]]) -> None:
        nonlocal wrong
        source = Source("file", mutated(text, changes))
        failure: Diagnostic | None = None
        try:
            read(source)
        except Diagnostic as error:
            failure = error
        if failure is not None:
            wrong += 1
            check_place(failure, source)

    changed()
    assert wrong > 25


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_texts_that_are_changed_are_right(language: str) -> None:
    read, texts = LANGUAGES[language]
    for text in texts:
        read(Source("file", text))
