"""Syntax of a litmus test: what the file says, before any of it is given a meaning.

Formats: herd's .litmus (initial state, program, locations, filter, condition).  Every node has the
Span it was read from.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from msgspec import Struct

from litmus.diagnostics import Source, Span

# ---------------------------------------------------------------- locations and values


class Global(Struct, frozen=True):
    """`x`, `[x]`, or a cell `t[1]`."""

    name: str
    index: int | None
    span: Span


class Register(Struct, frozen=True):
    """`0:EAX`, `P0:r1`; the name is spelled as in the file."""

    thread: int
    name: str
    span: Span


Location = Global | Register


class Number(Struct, frozen=True):
    """A number, however it was written."""

    value: int
    span: Span


class AddressOf(Struct, frozen=True):
    """`x`, `&x` or `t[1]` as a value; or `P0:L0`, the address of an instruction, whose name is `P0:L0`."""

    name: str
    index: int | None
    span: Span


InitValue = Number | AddressOf


class Init(Struct, frozen=True):
    """One item of the initial state: `int64_t 0:X1 = 3;`, `x = 1;`, `int t[2] = {1,2};`.

    `type` is the text without the star of a pointer; `pointer` says whether there was one.
    `values` is None for a declaration without a value, and a 1-tuple for a plain value.  For an array, it may be
    longer, or `array_size` is set.
    """

    location: Location
    values: tuple[InitValue, ...] | None
    span: Span
    type: str | None = None
    pointer: bool = False
    array_size: int | None = None


# ---------------------------------------------------------------- propositions


class Bool(Struct, frozen=True):
    """`true` or `false`."""

    value: bool


class Atom(Struct, frozen=True):
    """`location = right`; `<>` and `!=` are read as Not(Atom).  `right` may be another location's value."""

    location: Location
    right: InitValue | Location
    span: Span


class ArrayAtom(Struct, frozen=True):
    """`t = {1,2}`."""

    location: Global
    values: tuple[InitValue, ...]
    span: Span


class Not(Struct, frozen=True):
    """`not p`."""

    operand: Prop


class And(Struct, frozen=True):
    """`p /\\ q`."""

    left: Prop
    right: Prop


class Or(Struct, frozen=True):
    """`p \\/ q`."""

    left: Prop
    right: Prop


class Implies(Struct, frozen=True):
    """`p => q`."""

    left: Prop
    right: Prop


Prop = Bool | Atom | ArrayAtom | Not | And | Or | Implies

Quantifier = Literal["exists", "~exists", "forall"]


class Condition(Struct, frozen=True):
    """The question.  `final p` is read as `exists p`.  A test without a condition has `forall (true)`."""

    quantifier: Quantifier
    prop: Prop
    span: Span | None


class Observed(Struct, frozen=True):
    """An item of `locations [...]`, with its type, if the item states one."""

    location: Location
    span: Span
    type: str | None = None


# ---------------------------------------------------------------- the test


class Cell(Struct, frozen=True):
    """One cell of the program table, without blanks around it.  Its labels are still in the text."""

    text: str
    start: int  # offset in the source


class Word(Struct, frozen=True):
    """A word of a comment, and its place."""

    text: str
    span: Span


class ProcessLine(Struct, frozen=True):
    """`Process(P0 on CPU 1, P1): COMMAND, ...`: threads of one process, and the registrations that it begins with.

    cpus: the number of a thread -> the number of its processor, for the threads that state one.
    """

    threads: tuple[Word, ...]
    registrations: tuple[Word, ...]
    cpus: Mapping[int, Word]


class Machine(Struct, frozen=True):
    """What a test says about the machine: its processes and its processors.

    cpus: how many processors are online (None: enough).  nohz_full: some of them run without the scheduler's tick.
    """

    processes: tuple[ProcessLine, ...]
    cpus: int | None
    nohz_full: bool


class Stated(Struct, frozen=True):
    """A verdict that a test states in a comment.

    model: None for a `Result:` line (the test's own model); the name of the model for an `Expect(model):` line.
    word: a verdict, Maybe or DEADLOCK.  race: whether DATARACE follows.  span: that of the model's name, if there is
    one, otherwise that of the word.
    """

    model: str | None
    word: str
    race: bool
    span: Span


class Test(Struct, frozen=True):
    """A litmus test as read.  Exactly one of `table` (assembly) and `body` (C) is set.

    `table[t]` are the non-empty cells of thread t, from top to bottom.  `body` is the span of the C functions.
    `stated`: the expected verdicts that comments state, at most one for each model.  `notes`: what a reader of an
    answer must know about the text.
    """

    source: Source
    arch: str
    name: str
    doc: str | None
    info: Mapping[str, str]
    init: tuple[Init, ...]
    table: tuple[tuple[Cell, ...], ...] | None
    body: Span | None
    locations: tuple[Observed, ...]
    filter: Prop | None
    condition: Condition
    stated: tuple[Stated, ...] = ()
    arch_span: Span | None = None
    machine: Machine | None = None  # None: nothing is stated
    notes: tuple[str, ...] = ()
