"""The compiled form of a cat model: one hash-consed DAG of relations and sets, and its checks.

Functions, procedures, `try`, `if "variant"` and includes are gone; what is left is first-order
relational algebra over the base names of the architecture, with least fixpoints.  Nodes are in
topological order: an argument's index is smaller than its user's, except through a VAR.
"""

from __future__ import annotations

from enum import Enum
from typing import Literal

from msgspec import Struct

from litmus.diagnostics import Span


class Kind(Enum):
    """What a node denotes in one execution."""

    SET = "set"
    RELATION = "relation"


class Operator(Enum):
    """Every operator; the comment gives the argument kinds (S a set, R a relation)."""

    BASE = "base"  # a set or relation of the execution, by `name`
    EMPTY = "empty"
    UNION = "|"  # S S or R R
    INTERSECTION = "&"  # S S or R R
    DIFFERENCE = "\\"  # S S or R R
    COMPLEMENT = "~"  # S or R; within the events that execute
    SEQUENCE = ";"  # R R
    INVERSE = "^-1"  # R
    PLUS = "+"  # R
    STAR = "*"  # R; reflexive over the events that execute
    OPTIONAL = "?"  # R; likewise
    IDENTITY = "[]"  # S -> R
    PRODUCT = "cartesian"  # S S -> R
    DOMAIN = "domain"  # R -> S
    RANGE = "range"  # R -> S
    VAR = "var"  # a variable of a `let rec`, inside its bodies
    FIX = "fix"  # that variable, outside: its value in the last round


class Node(Struct, frozen=True):
    """One relation or set.  `name` is for BASE; `group` and `slot` are for VAR and FIX."""

    operator: Operator
    kind: Kind
    arguments: tuple[int, ...] = ()
    name: str = ""
    group: int = -1
    slot: int = -1


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


class Model(Struct, frozen=True):
    """A compiled model.  `name` is as users spell it, `title` the string the file begins with.

    `co` is a BASE: in every execution some strict total order of the writes to each location,
    initial writes first.  A model that asks more of it (`with co from generate_cos(p)`) has a check.
    `shows`: what `show` asks for, name -> node, in order.
    """

    name: str
    title: str
    nodes: tuple[Node, ...]
    recursions: tuple[Recursion, ...]
    checks: tuple[Check, ...]
    shows: tuple[tuple[str, int], ...] = ()
