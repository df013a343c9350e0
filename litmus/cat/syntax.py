"""Syntax of the cat language: what a model file says, before any of it is given a meaning.

The grammar is that of herd7 (Alglave, Cousot, Maranget, "Syntax and semantics of the weak consistency
model specification language cat", 2016, and what herd7 7.58 accepts beyond it).  Every node has the
Span it was read from.
"""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from litmus.algebra.dag import Effect, Predicate
from litmus.diagnostics import Span

# ---------------------------------------------------------------- patterns

Name = str | None  # None is `_`


class Pattern(Struct, frozen=True, eq=False):
    """What a binding or a function takes apart: one name, or (`tuple`) a tuple of names."""

    names: tuple[Name, ...]
    tuple: bool
    span: Span


# ---------------------------------------------------------------- expressions


class Variable(Struct, frozen=True, eq=False):
    """A name."""

    name: str
    span: Span


class Zero(Struct, frozen=True, eq=False):
    """`0`, the empty relation."""

    span: Span


class Universe(Struct, frozen=True, eq=False):
    """`_`, every event, or every pair of events."""

    span: Span


class Tag(Struct, frozen=True, eq=False):
    """`'once`."""

    name: str
    span: Span


class ExplicitSet(Struct, frozen=True, eq=False):
    """`{a, b}`; `{}` is the empty set of whatever is wanted."""

    items: tuple[Expression, ...]
    span: Span


class TupleOf(Struct, frozen=True, eq=False):
    """`(a, b)`; `()` has no items."""

    items: tuple[Expression, ...]
    span: Span


UnaryOperator = Literal["[]", "~", "^-1", "+", "*", "?"]
BinaryOperator = Literal["|", "&", "\\", ";", "cartesian", "++"]


class Unary(Struct, frozen=True, eq=False):
    """`[s]`, `~e`, `r^-1`, `r+`, `r*`, `r?`."""

    operator: UnaryOperator
    operand: Expression
    span: Span


class Binary(Struct, frozen=True, eq=False):
    """`left | right` and so on; "cartesian" is `left * right`."""

    operator: BinaryOperator
    left: Expression
    right: Expression
    span: Span


class Apply(Struct, frozen=True, eq=False):
    """`function argument`."""

    function: Expression
    argument: Expression
    span: Span


class Function(Struct, frozen=True, eq=False):
    """`fun pattern -> body`; `name` is what it was bound to, "" for a lambda."""

    name: str
    pattern: Pattern
    body: Expression
    span: Span


class Binding(Struct, frozen=True, eq=False):
    """`pattern = value`; a function is bound to its name."""

    pattern: Pattern
    value: Expression
    span: Span


class LetIn(Struct, frozen=True, eq=False):
    """`let [rec] bindings in body`."""

    bindings: tuple[Binding, ...]
    recursive: bool
    body: Expression
    span: Span


class Try(Struct, frozen=True, eq=False):
    """`try attempt with otherwise`."""

    attempt: Expression
    otherwise: Expression
    span: Span


class Compare(Struct, frozen=True, eq=False):
    """`left = right`, `left subset right`, `left in right`."""

    relation: Literal["=", "subset", "in"]
    left: Expression
    right: Expression
    span: Span


class HasVariant(Struct, frozen=True, eq=False):
    """`"name"` as a condition."""

    name: str
    span: Span


class NotVariant(Struct, frozen=True, eq=False):
    """`not operand`."""

    operand: Variant
    span: Span


class BothVariants(Struct, frozen=True, eq=False):
    """`left && right` (conjunction) or `left || right`."""

    conjunction: bool
    left: Variant
    right: Variant
    span: Span


Variant = HasVariant | NotVariant | BothVariants
Condition = Compare | HasVariant | NotVariant | BothVariants


class IfThenElse(Struct, frozen=True, eq=False):
    """`if condition then then else otherwise`."""

    condition: Condition
    then: Expression
    otherwise: Expression
    span: Span


class TagClause(Struct, frozen=True, eq=False):
    """`'tag -> body`; tag None is `_`."""

    tag: str | None
    body: Expression
    span: Span


class MatchTag(Struct, frozen=True, eq=False):
    """`match subject with clauses end`, over tags."""

    subject: Expression
    clauses: tuple[TagClause, ...]
    span: Span


class MatchSet(Struct, frozen=True, eq=False):
    """`match subject with {} -> empty || [before |] element ++ rest -> step end`."""

    subject: Expression
    empty: Expression
    before: Name
    element: Name
    rest: Name
    step: Expression
    span: Span


Expression = (
    Variable
    | Zero
    | Universe
    | Tag
    | ExplicitSet
    | TupleOf
    | Unary
    | Binary
    | Apply
    | Function
    | LetIn
    | Try
    | IfThenElse
    | MatchTag
    | MatchSet
)

# ---------------------------------------------------------------- instructions


class Test(Struct, frozen=True, eq=False):
    """`[flag|...] [~]acyclic expression as name`."""

    effect: Effect
    negated: bool
    predicate: Predicate
    expression: Expression
    name: str | None
    span: Span


class Let(Struct, frozen=True, eq=False):
    """`let ...` or `let rec ... [when test]`."""

    bindings: tuple[Binding, ...]
    recursive: bool
    when: Test | None
    span: Span


class Show(Struct, frozen=True, eq=False):
    """`show r, s`."""

    names: tuple[Variable, ...]
    span: Span


class ShowAs(Struct, frozen=True, eq=False):
    """`show expression as name`."""

    expression: Expression
    name: str
    span: Span


class Unshow(Struct, frozen=True, eq=False):
    """`unshow r, s`."""

    names: tuple[Variable, ...]
    span: Span


class Include(Struct, frozen=True, eq=False):
    """`include "file"`; `span` is that of the string."""

    file: str
    span: Span


class Procedure(Struct, frozen=True, eq=False):
    """`procedure [rec] name pattern = body end`."""

    name: str
    recursive: bool
    pattern: Pattern
    body: tuple[Instruction, ...]
    span: Span


class Call(Struct, frozen=True, eq=False):
    """`call procedure argument [as name]`."""

    procedure: Variable
    argument: Expression
    name: str | None
    span: Span


class Forall(Struct, frozen=True, eq=False):
    """`forall variable in domain do body end`."""

    variable: str
    domain: Expression
    body: tuple[Instruction, ...]
    span: Span


class WithFrom(Struct, frozen=True, eq=False):
    """`with variable from choices`."""

    variable: str
    choices: Expression
    span: Span


class InstructionClause(Struct, frozen=True, eq=False):
    """`'tag -> body`; tag None is `_`."""

    tag: str | None
    body: tuple[Instruction, ...]
    span: Span


class MatchInstruction(Struct, frozen=True, eq=False):
    """`match subject with clauses end`, over tags."""

    subject: Expression
    clauses: tuple[InstructionClause, ...]
    span: Span


class IfVariant(Struct, frozen=True, eq=False):
    """`if condition then [else otherwise] end`."""

    condition: Variant
    then: tuple[Instruction, ...]
    otherwise: tuple[Instruction, ...]
    span: Span


class Debug(Struct, frozen=True, eq=False):
    """`debug expression`."""

    expression: Expression
    span: Span


class Enum(Struct, frozen=True, eq=False):
    """`enum name = 'a || 'b`."""

    name: str
    tags: tuple[str, ...]
    span: Span


class Events(Struct, frozen=True, eq=False):
    """bell: `instructions NAME [args]` or `default NAME [args]`."""

    default: bool
    name: str
    arguments: tuple[Expression, ...]
    span: Span


Instruction = (
    Let
    | Test
    | Show
    | ShowAs
    | Unshow
    | Include
    | Procedure
    | Call
    | Forall
    | WithFrom
    | MatchInstruction
    | IfVariant
    | Debug
    | Enum
    | Events
)


class ModelFile(Struct, frozen=True, eq=False):
    """A file: `title` is what it begins with ("" if nothing), `catdep` whether it says so.

    head: the first word of the title, or the whole of it if that is a string; head_span: where it stands.
    """

    title: str
    catdep: bool
    instructions: tuple[Instruction, ...]
    head_span: Span | None
    head: str
