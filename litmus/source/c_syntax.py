"""Syntax of the C dialect: functions, statements and expressions as written.

Places are offsets into the text of one function, so that functions that occur in many tests are
parsed once; `Function.span` turns a node into a Span of the test's file.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from litmus.diagnostics import Source, Span


class At(NamedTuple):
    """The characters `start` to `end` of a function's text."""

    start: int
    end: int


@dataclass(frozen=True, slots=True)
class TypeName:
    """A type as written: `name` is its words in order without qualifiers, `pointers` its stars; `at` spans the words."""

    name: str
    pointers: int
    at: At


# ---------------------------------------------------------------- expressions


@dataclass(frozen=True, slots=True)
class Number:
    """An integer literal; `suffix` is its lower-case letters (`u`, `l`, `ul` ...)."""

    value: int
    suffix: str
    at: At


@dataclass(frozen=True, slots=True)
class Name:
    """A name: a local, a parameter, a shared variable."""

    name: str
    at: At


@dataclass(frozen=True, slots=True)
class Unary:
    """`operator` is one of + - ! ~ & *."""

    operator: str
    operand: Expression
    at: At


@dataclass(frozen=True, slots=True)
class Step:
    """`++x`, `x--`: add `by`; the value is the new one for a prefix, the old one otherwise."""

    operand: Expression
    by: int
    prefix: bool
    at: At


@dataclass(frozen=True, slots=True)
class Binary:
    """A binary operator of PRECEDENCE in litmus.source.c_parser, && and || among them."""

    operator: str
    left: Expression
    right: Expression
    at: At


@dataclass(frozen=True, slots=True)
class Conditional:
    """`condition ? then : other`."""

    condition: Expression
    then: Expression
    other: Expression
    at: At


@dataclass(frozen=True, slots=True)
class Assign:
    """`target = value`, or `target operator= value`."""

    target: Expression
    operator: str | None
    value: Expression
    at: At


@dataclass(frozen=True, slots=True)
class Comma:
    """`left, right`."""

    left: Expression
    right: Expression
    at: At


@dataclass(frozen=True, slots=True)
class Cast:
    """`(type)operand`."""

    type: TypeName
    operand: Expression
    at: At


@dataclass(frozen=True, slots=True)
class SizeOf:
    """`sizeof(operand)`."""

    operand: Expression | TypeName
    at: At


@dataclass(frozen=True, slots=True)
class Call:
    """A macro or function call; `name_at` is the place of its name."""

    name: str
    arguments: tuple[Expression, ...]
    at: At
    name_at: At


@dataclass(frozen=True, slots=True)
class Index:
    """`base[index]`."""

    base: Expression
    index: Expression
    at: At


@dataclass(frozen=True, slots=True)
class Member:
    """`base.name`, or `base->name`."""

    base: Expression
    name: str
    arrow: bool
    at: At


Expression = (
    Number | Name | Unary | Step | Binary | Conditional | Assign | Comma | Cast | SizeOf | Call | Index | Member
)

# ---------------------------------------------------------------- statements


@dataclass(frozen=True, slots=True)
class Declarator:
    """One name of a declaration, with the stars before it, its array size and its initial value."""

    name: str
    pointers: int
    size: Expression | None
    value: Expression | None
    at: At


@dataclass(frozen=True, slots=True)
class Declaration:
    """`type declarator, declarator;`."""

    type: TypeName
    declarators: tuple[Declarator, ...]
    at: At


@dataclass(frozen=True, slots=True)
class ExpressionStatement:
    """`expression;`."""

    expression: Expression
    at: At


@dataclass(frozen=True, slots=True)
class Empty:
    """`;`."""

    at: At


@dataclass(frozen=True, slots=True)
class Block:
    """`{ statements }`."""

    statements: tuple[Statement, ...]
    at: At


@dataclass(frozen=True, slots=True)
class If:
    """`if (condition) then else other`."""

    condition: Expression
    then: Statement
    other: Statement | None
    at: At


@dataclass(frozen=True, slots=True)
class While:
    """`while (condition) body`."""

    condition: Expression
    body: Statement
    at: At


@dataclass(frozen=True, slots=True)
class DoWhile:
    """`do body while (condition);`."""

    body: Statement
    condition: Expression
    at: At


@dataclass(frozen=True, slots=True)
class For:
    """`for (start condition; step) body`; `start` is a statement."""

    start: Statement
    condition: Expression | None
    step: Expression | None
    body: Statement
    at: At


@dataclass(frozen=True, slots=True)
class Switch:
    """`switch (value) body`."""

    value: Expression
    body: Statement
    at: At


@dataclass(frozen=True, slots=True)
class Case:
    """`case value: statement`, `default: statement` (value None)."""

    value: Expression | None
    statement: Statement
    at: At


@dataclass(frozen=True, slots=True)
class Label:
    """`name: statement`; `at` spans the name only."""

    name: str
    statement: Statement
    at: At


@dataclass(frozen=True, slots=True)
class Goto:
    """`goto label;`; `at` spans the label only."""

    label: str
    at: At


@dataclass(frozen=True, slots=True)
class Jump:
    """`break` or `continue`."""

    word: str
    at: At


@dataclass(frozen=True, slots=True)
class Return:
    """`return value;`."""

    value: Expression | None
    at: At


Statement = (
    Declaration
    | ExpressionStatement
    | Empty
    | Block
    | If
    | While
    | DoWhile
    | For
    | Switch
    | Case
    | Label
    | Goto
    | Jump
    | Return
)

# ---------------------------------------------------------------- functions


@dataclass(frozen=True, slots=True)
class Parameter:
    """A parameter: a shared variable, by its name."""

    type: TypeName
    name: str
    array: bool
    at: At


@dataclass(frozen=True, slots=True)
class Definition:
    """A function as its text says it, wherever that text stands."""

    name: str
    name_at: At
    parameters: tuple[Parameter, ...]
    body: Block


@dataclass(frozen=True, slots=True)
class Function:
    """The function of one thread of a test; its text begins at `offset` of `source`."""

    thread: int
    definition: Definition
    source: Source
    offset: int

    def span(self, at: At) -> Span:
        """Where in the file a node of this function stands."""
        return Span(self.source, self.offset + at[0], self.offset + at[1])
