"""The compiled form of a cat model: one hash-consed DAG of relations and sets, and its checks.

Functions, procedures, `try`, `if "variant"` and includes are gone; what is left is first-order
relational algebra over the base names of the architecture, with least fixpoints.  Nodes are in
topological order: an argument's index is smaller than its user's, except through a VAR.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum
from typing import Literal, Protocol, TypeVar

from msgspec import Struct

from litmus.algebra.operators import Kind, Operator
from litmus.diagnostics import Span

T = TypeVar("T")


class Node(Struct, frozen=True):
    """One relation or set.

    `name` is for BASE and PLACE; `group` and `slot` are for VAR and FIX; `rows` is for CONSTANT: bit f of rows[e]
    for a pair (e, f), and one mask for a set; `choice` and `options` are for CHOICE.
    """

    operator: Operator
    kind: Kind
    arguments: tuple[int, ...] = ()
    name: str = ""
    group: int = -1
    slot: int = -1
    rows: tuple[int, ...] = ()
    choice: int = -1
    options: range = range(0)


class Recursion(Struct, frozen=True):
    """`let rec v0 = body0 and v1 = body1 ...`: node numbers.

    Evaluation is herd's: from empty, in rounds, variables updated in order within a round, until
    every new value is included in the previous one; the result is the last round's.
    `inner`: the nodes that depend on a variable of the group, in topological order, variables
    excepted.  A group may use another one that depends on its variables: the FIX of that nested group
    is in `inner`, and so is what the nested bodies need and does not change in the nested rounds; what
    does change in them is in the nested group's `inner` only.  `monotone`: no variable occurs in a
    negative position.
    """

    variables: tuple[int, ...]
    bodies: tuple[int, ...]
    inner: tuple[int, ...]
    monotone: bool


Predicate = Literal["acyclic", "irreflexive", "empty"]
Effect = Literal["check", "flag", "undefined_unless", "assert"]


class Check(Struct, frozen=True):
    """`[flag|...] [~]acyclic node as name`.

    check: an execution for which it fails is forbidden.  flag: where it *holds*, the flag is
    reported.  undefined_unless: where it fails, the flag `*undef*` is.  assert: failing is an error.
    """

    predicate: Predicate
    negated: bool
    node: int
    name: str | None
    effect: Effect
    span: Span


class Scope(Struct, frozen=True):
    """What a model is compiled for.

    arch: the architecture's name, "" if it does not matter; tags: the sets of events it has beyond those
    of every execution (its fences and annotations); variants: those that are set, in lower case.
    """

    arch: str
    tags: frozenset[str]
    variants: frozenset[str]


class NeedsTest(Exception):
    """What a model means cannot be said once for all tests: it takes the events of one apart."""


class NeedsExecution(Exception):
    """What a model means cannot be said once for all executions of a test: it takes rf, co or values apart."""


class Facts(Protocol):
    """What is known of the executions that a model is compiled for.

    events: the mask of the events that execute in all of them, and no others do; size: how many events
    there are at all.
    """

    events: int
    size: int

    def base(self, name: str, kind: Kind) -> int | tuple[int, ...] | None:
        """A base set (a mask) or relation (bit rows); None if it is not the same in all of the executions."""

    def place(self, variable: str) -> int | None:
        """The accesses to the first cell of a variable (a mask); None likewise."""


class Recipe(Protocol):
    """A model that is compiled for each test anew."""

    def compile(self, facts: Facts) -> Model:
        """The model for the executions that `facts` speak of.

        Raises NeedsExecution where they differ in what decides the meaning of the model, and what
        compiling raises.
        """


class Level(Enum):
    """Which events a model sees, beside accesses and fences (litmus.program.registers)."""

    ACCESSES = "accesses"  # no others, or it cannot tell whether there are others
    DECISIONS = "decisions"  # those of decisions
    FLOW = "flow"  # likewise; and it speaks of the flow of values through registers
    REGISTERS = "registers"  # all: it says `catdep`

    def needs_registers(self, decisions: bool) -> bool:
        """Whether it takes a graph that was unrolled with registers, for a program with or without decisions."""
        return self in (Level.FLOW, Level.REGISTERS) or (self is Level.DECISIONS and decisions)


class Model(Struct, frozen=True, eq=False, dict=True):
    """A compiled model; each is equal to itself only.

    `name` is as users spell it, `title` the string the file begins with.
    `co` is a BASE: in every execution some strict total order of the writes to each location,
    initial writes first.  A model that asks more of it (`with co from generate_cos(p)`) has a check.
    `shows`: what `show` asks for, name -> node, in order.  `choices`: the number of options of each
    `with x from S`; an execution takes one of each (Operator.CHOICE), and each combination counts.
    `level`: which events it is to be given.  `recipe`: where the model depends on
    the test; then there are no nodes and no checks.  `notes`: what a reader of answers should know.
    """

    name: str
    title: str
    nodes: tuple[Node, ...]
    recursions: tuple[Recursion, ...]
    checks: tuple[Check, ...]
    shows: tuple[tuple[str, int], ...] = ()
    choices: tuple[int, ...] = ()
    level: Level = Level.ACCESSES
    recipe: Recipe | None = None
    notes: tuple[str, ...] = ()

    def once(self, make: Callable[[Model], T]) -> T:
        """What `make`, a function of a module, makes of this model.

        It is made when it is first asked for, and kept as long as the model.  A copy with changes (msgspec's
        `replace`) does not have it, because something else may be made of the copy.
        """
        kept: dict[str, T] = self.__dict__
        name = f"{make.__module__}.{make.__qualname__}"
        if name not in kept:
            kept[name] = make(self)
        return kept[name]
