"""Syntax of the cat language: what a model file says, before any of it is given a meaning.

The grammar is that of herd7 (Alglave, Cousot, Maranget, "Syntax and semantics of the weak consistency
model specification language cat", 2016, and what herd7 7.58 accepts beyond it).  Every node has the
Span it was read from.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from litmus.cat.dag import Effect, Predicate
from litmus.diagnostics import Span

# ---------------------------------------------------------------- patterns

Name = str | None  # None is `_`


@dataclass(frozen=True, slots=True, eq=False)
class Pattern:
    """What a binding or a function takes apart: one name, or (`tuple`) a tuple of names."""

    names: tuple[Name, ...]
    tuple: bool
    span: Span


# ---------------------------------------------------------------- expressions


@dataclass(frozen=True, slots=True, eq=False)
class Variable:
    """A name."""

    name: str
    span: Span


@dataclass(frozen=True, slots=True, eq=False)
class Zero:
    """`0`, the empty relation."""

    span: Span


@dataclass(frozen=True, slots=True, eq=False)
class Universe:
    """`_`, every event, or every pair of events."""

    span: Span


@dataclass(frozen=True, slots=True, eq=False)
class Tag:
    """`'once`."""

    name: str
    span: Span


@dataclass(frozen=True, slots=True, eq=False)
class ExplicitSet:
    """`{a, b}`; `{}` is the empty set of whatever is wanted."""

    items: tuple[Expression, ...]
    span: Span


@dataclass(frozen=True, slots=True, eq=False)
class TupleOf:
    """`(a, b)`; `()` has no items."""

    items: tuple[Expression, ...]
    span: Span


UnaryOperator = Literal["[]", "~", "^-1", "+", "*", "?"]
BinaryOperator = Literal["|", "&", "\\", ";", "cartesian", "++"]


@dataclass(frozen=True, slots=True, eq=False)
class Unary:
    """`[s]`, `~e`, `r^-1`, `r+`, `r*`, `r?`."""

    operator: UnaryOperator
    operand: Expression
    span: Span


@dataclass(frozen=True, slots=True, eq=False)
class Binary:
    """`left | right` and so on; "cartesian" is `left * right`."""

    operator: BinaryOperator
    left: Expression
    right: Expression
    span: Span


@dataclass(frozen=True, slots=True, eq=False)
class Apply:
    """`function argument`."""

    function: Expression
    argument: Expression
    span: Span


@dataclass(frozen=True, slots=True, eq=False)
class Function:
    """`fun pattern -> body`; `name` is what it was bound to, "" for a lambda."""

    name: str
    pattern: Pattern
    body: Expression
    span: Span


@dataclass(frozen=True, slots=True, eq=False)
class Binding:
    """`pattern = value`; a function is bound to its name."""

    pattern: Pattern
    value: Expression
    span: Span


@dataclass(frozen=True, slots=True, eq=False)
class LetIn:
    """`let [rec] bindings in body`."""

    bindings: tuple[Binding, ...]
    recursive: bool
    body: Expression
    span: Span


@dataclass(frozen=True, slots=True, eq=False)
class Try:
    """`try attempt with otherwise`."""

    attempt: Expression
    otherwise: Expression
    span: Span


@dataclass(frozen=True, slots=True, eq=False)
class Compare:
    """`left = right`, `left subset right`, `left in right`."""

    relation: Literal["=", "subset", "in"]
    left: Expression
    right: Expression
    span: Span


@dataclass(frozen=True, slots=True, eq=False)
class HasVariant:
    """`"name"` as a condition."""

    name: str
    span: Span


@dataclass(frozen=True, slots=True, eq=False)
class NotVariant:
    """`not operand`."""

    operand: Variant
    span: Span


@dataclass(frozen=True, slots=True, eq=False)
class BothVariants:
    """`left && right` (conjunction) or `left || right`."""

    conjunction: bool
    left: Variant
    right: Variant
    span: Span


Variant = HasVariant | NotVariant | BothVariants
Condition = Compare | HasVariant | NotVariant | BothVariants


@dataclass(frozen=True, slots=True, eq=False)
class IfThenElse:
    """`if condition then then else otherwise`."""

    condition: Condition
    then: Expression
    otherwise: Expression
    span: Span


@dataclass(frozen=True, slots=True, eq=False)
class TagClause:
    """`'tag -> body`; tag None is `_`."""

    tag: str | None
    body: Expression
    span: Span


@dataclass(frozen=True, slots=True, eq=False)
class MatchTag:
    """`match subject with clauses end`, over tags."""

    subject: Expression
    clauses: tuple[TagClause, ...]
    span: Span


@dataclass(frozen=True, slots=True, eq=False)
class MatchSet:
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


@dataclass(frozen=True, slots=True, eq=False)
class Test:
    """`[flag|...] [~]acyclic expression as name`."""

    effect: Effect
    negated: bool
    predicate: Predicate
    expression: Expression
    name: str | None
    span: Span


@dataclass(frozen=True, slots=True, eq=False)
class Let:
    """`let ...` or `let rec ... [when test]`."""

    bindings: tuple[Binding, ...]
    recursive: bool
    when: Test | None
    span: Span


@dataclass(frozen=True, slots=True, eq=False)
class Show:
    """`show r, s`."""

    names: tuple[Variable, ...]
    span: Span


@dataclass(frozen=True, slots=True, eq=False)
class ShowAs:
    """`show expression as name`."""

    expression: Expression
    name: str
    span: Span


@dataclass(frozen=True, slots=True, eq=False)
class Unshow:
    """`unshow r, s`."""

    names: tuple[Variable, ...]
    span: Span


@dataclass(frozen=True, slots=True, eq=False)
class Include:
    """`include "file"`; `span` is that of the string."""

    file: str
    span: Span


@dataclass(frozen=True, slots=True, eq=False)
class Procedure:
    """`procedure [rec] name pattern = body end`."""

    name: str
    recursive: bool
    pattern: Pattern
    body: tuple[Instruction, ...]
    span: Span


@dataclass(frozen=True, slots=True, eq=False)
class Call:
    """`call procedure argument [as name]`."""

    procedure: Variable
    argument: Expression
    name: str | None
    span: Span


@dataclass(frozen=True, slots=True, eq=False)
class Forall:
    """`forall variable in domain do body end`."""

    variable: str
    domain: Expression
    body: tuple[Instruction, ...]
    span: Span


@dataclass(frozen=True, slots=True, eq=False)
class WithFrom:
    """`with variable from choices`."""

    variable: str
    choices: Expression
    span: Span


@dataclass(frozen=True, slots=True, eq=False)
class InstructionClause:
    """`'tag -> body`; tag None is `_`."""

    tag: str | None
    body: tuple[Instruction, ...]
    span: Span


@dataclass(frozen=True, slots=True, eq=False)
class MatchInstruction:
    """`match subject with clauses end`, over tags."""

    subject: Expression
    clauses: tuple[InstructionClause, ...]
    span: Span


@dataclass(frozen=True, slots=True, eq=False)
class IfVariant:
    """`if condition then [else otherwise] end`."""

    condition: Variant
    then: tuple[Instruction, ...]
    otherwise: tuple[Instruction, ...]
    span: Span


@dataclass(frozen=True, slots=True, eq=False)
class Debug:
    """`debug expression`."""

    expression: Expression
    span: Span


@dataclass(frozen=True, slots=True, eq=False)
class Enum:
    """`enum name = 'a || 'b`."""

    name: str
    tags: tuple[str, ...]
    span: Span


@dataclass(frozen=True, slots=True, eq=False)
class Events:
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


@dataclass(frozen=True, slots=True, eq=False)
class ModelFile:
    """A file: `title` is what it begins with ("" if nothing), `catdep` whether it says so."""

    title: str
    catdep: bool
    instructions: tuple[Instruction, ...]
