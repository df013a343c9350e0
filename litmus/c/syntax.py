"""Syntax of the C dialect: functions, statements and expressions as written.

Places are offsets into the text of one function, so that a function which many tests have is parsed only
once.  `Function.span` gives the Span of a node in the test's file.
"""

from __future__ import annotations

from msgspec import Struct

from litmus.diagnostics import Place, Source, Span


class TypeName(Struct, frozen=True):
    """A type as written: `name` is its words without qualifiers, `pointers` its stars; `at` spans the words."""

    name: str
    pointers: int
    at: Place


# ---------------------------------------------------------------- expressions


class Number(Struct, frozen=True):
    """An integer literal; `suffix` is its lower-case letters (`u`, `l`, `ul` ...)."""

    value: int
    suffix: str
    at: Place


class Name(Struct, frozen=True):
    """A name: a local, a parameter, a shared variable."""

    name: str
    at: Place


class Unary(Struct, frozen=True):
    """`operator` is one of + - ! ~ & *."""

    operator: str
    operand: Expression
    at: Place


class Step(Struct, frozen=True):
    """`++x`, `x--`: add `by`.  The value of a prefix step is the new value of x; otherwise it is the old value."""

    operand: Expression
    by: int
    prefix: bool
    at: Place


class Binary(Struct, frozen=True):
    """A binary operator of PRECEDENCE in litmus.c.parsing, && and || among them."""

    operator: str
    left: Expression
    right: Expression
    at: Place


class Conditional(Struct, frozen=True):
    """`condition ? then : other`."""

    condition: Expression
    then: Expression
    other: Expression
    at: Place


class Assign(Struct, frozen=True):
    """`target = value`, or `target operator= value`."""

    target: Expression
    operator: str | None
    value: Expression
    at: Place


class Comma(Struct, frozen=True):
    """`left, right`."""

    left: Expression
    right: Expression
    at: Place


class Cast(Struct, frozen=True):
    """`(type)operand`."""

    type: TypeName
    operand: Expression
    at: Place


class SizeOf(Struct, frozen=True):
    """`sizeof(operand)`."""

    operand: Expression | TypeName
    at: Place


class Call(Struct, frozen=True):
    """A primitive or function call; `name_at` is the place of its name."""

    name: str
    arguments: tuple[Expression, ...]
    at: Place
    name_at: Place


class Index(Struct, frozen=True):
    """`base[index]`."""

    base: Expression
    index: Expression
    at: Place


class Member(Struct, frozen=True):
    """`base.name`, or `base->name`."""

    base: Expression
    name: str
    arrow: bool
    at: Place


Expression = (
    Number | Name | Unary | Step | Binary | Conditional | Assign | Comma | Cast | SizeOf | Call | Index | Member
)

# ---------------------------------------------------------------- statements


class Declarator(Struct, frozen=True):
    """One name of a declaration, with the stars before it, its array size and its initial value."""

    name: str
    pointers: int
    size: Expression | None
    value: Expression | None
    at: Place


class Declaration(Struct, frozen=True):
    """`type declarator, declarator;`."""

    type: TypeName
    declarators: tuple[Declarator, ...]
    at: Place


class ExpressionStatement(Struct, frozen=True):
    """`expression;`."""

    expression: Expression
    at: Place


class Empty(Struct, frozen=True):
    """`;`."""

    at: Place


class Block(Struct, frozen=True):
    """`{ statements }`."""

    statements: tuple[Statement, ...]
    at: Place


class If(Struct, frozen=True):
    """`if (condition) then else other`."""

    condition: Expression
    then: Statement
    other: Statement | None
    at: Place


class While(Struct, frozen=True):
    """`while (condition) body`."""

    condition: Expression
    body: Statement
    at: Place


class DoWhile(Struct, frozen=True):
    """`do body while (condition);`."""

    body: Statement
    condition: Expression
    at: Place


class For(Struct, frozen=True):
    """`for (start condition; step) body`; `start` is a statement."""

    start: Statement
    condition: Expression | None
    step: Expression | None
    body: Statement
    at: Place


class Switch(Struct, frozen=True):
    """`switch (value) body`."""

    value: Expression
    body: Statement
    at: Place


class Case(Struct, frozen=True):
    """`case value: statement`, `default: statement` (value None)."""

    value: Expression | None
    statement: Statement
    at: Place


class Label(Struct, frozen=True):
    """`name: statement`; `at` spans the name only."""

    name: str
    statement: Statement
    at: Place


class Goto(Struct, frozen=True):
    """`goto label;`; `at` spans the label only."""

    label: str
    at: Place


class Jump(Struct, frozen=True):
    """`break` or `continue`."""

    word: str
    at: Place


class Return(Struct, frozen=True):
    """`return value;`."""

    value: Expression | None
    at: Place


class Braced(Struct, frozen=True):
    """`name (arguments) { ... }`, `name { ... }`: a block with a macro before it; `name_at` spans the macro's name."""

    name: str
    arguments: tuple[Expression, ...]
    body: Block
    at: Place
    name_at: Place


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
    | Braced
)

# ---------------------------------------------------------------- functions


class Parameter(Struct, frozen=True):
    """A parameter: a shared variable, by its name."""

    type: TypeName
    name: str
    array: bool
    at: Place


class Definition(Struct, frozen=True):
    """A function as its text says it, independent of where the text is in a file."""

    name: str
    name_at: Place
    parameters: tuple[Parameter, ...]
    body: Block


class Function(Struct, frozen=True):
    """The function of one thread of a test; its text begins at `offset` of `source`."""

    thread: int
    definition: Definition
    source: Source
    offset: int

    def span(self, at: Place) -> Span:
        """The place in the file of a node of this function."""
        return Span(self.source, self.offset + at[0], self.offset + at[1])
