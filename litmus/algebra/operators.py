"""Operators: what the nodes of a compiled model are, one row each.

A row says what an operator is applied to, what the result is, and how the result changes with each argument.  What an
operator means is said where it is evaluated: on bit rows, on slices, on sets of pairs.  Each of those tables is checked
against this one.
"""

from __future__ import annotations

from enum import Enum

from msgspec import Struct

from litmus.algebra.complete import complete


class Kind(Enum):
    """What a node denotes in one execution."""

    SET = "set"
    RELATION = "relation"


class Operator(Enum):
    """Every operator.  Those without arguments come first."""

    BASE = "base"  # a set or relation of the execution, by `name` (litmus.algebra.names)
    EMPTY = "empty"
    CONSTANT = "constant"  # these events, or pairs of events, as far as they execute: `rows`
    CHOICE = "choice"  # all pairs of events where `choice` takes one of `options`, else none
    PLACE = "place"  # the accesses to the first cell of the variable `name`
    VAR = "var"  # a variable of a `let rec`, inside its bodies
    FIX = "fix"  # that variable, outside: its value in the last round
    UNION = "|"
    INTERSECTION = "&"
    DIFFERENCE = "\\"
    COMPLEMENT = "~"  # within the events that execute
    SEQUENCE = ";"
    INVERSE = "^-1"
    PLUS = "+"
    STAR = "*"  # reflexive over the events that execute
    OPTIONAL = "?"  # likewise
    IDENTITY = "[]"
    PRODUCT = "cartesian"
    DOMAIN = "domain"
    RANGE = "range"


class Signature(Struct, frozen=True):
    """What an operator makes of arguments of some kinds."""

    arguments: tuple[Kind, ...]
    result: Kind


class OperatorRow(Struct, frozen=True):
    """What is known of an operator.

    signatures: what it may be applied to.  polarity: for each argument, 1 if the result grows with it, -1 if the result
    shrinks.  absorbing: for each argument, whether the result is empty if the argument is.  by_another: two events may
    be related, or one may be in the result, because of a third event.
    """

    signatures: tuple[Signature, ...]
    polarity: tuple[int, ...] = ()
    absorbing: tuple[bool, ...] = ()
    by_another: bool = False


_SET, _RELATION = Kind.SET, Kind.RELATION
_OF_SETS = Signature((_SET, _SET), _SET)
_OF_RELATIONS = Signature((_RELATION, _RELATION), _RELATION)
_OF_RELATION = Signature((_RELATION,), _RELATION)
_PROJECTION = (Signature((_RELATION,), _SET),)
_A_SET, _A_RELATION = Signature((), _SET), Signature((), _RELATION)
_EITHER = (_A_SET, _A_RELATION)

OPERATORS: dict[Operator, OperatorRow] = complete(
    {
        Operator.BASE: OperatorRow(_EITHER),
        Operator.EMPTY: OperatorRow(_EITHER),
        Operator.CONSTANT: OperatorRow(_EITHER),
        Operator.CHOICE: OperatorRow((_A_RELATION,)),
        Operator.PLACE: OperatorRow((_A_SET,)),
        Operator.VAR: OperatorRow(_EITHER),
        Operator.FIX: OperatorRow(_EITHER),
        Operator.UNION: OperatorRow((_OF_SETS, _OF_RELATIONS), (1, 1), (False, False)),
        Operator.INTERSECTION: OperatorRow((_OF_SETS, _OF_RELATIONS), (1, 1), (True, True)),
        Operator.DIFFERENCE: OperatorRow((_OF_SETS, _OF_RELATIONS), (1, -1), (True, False)),
        Operator.COMPLEMENT: OperatorRow((Signature((_SET,), _SET), _OF_RELATION), (-1,), (False,)),
        Operator.SEQUENCE: OperatorRow((_OF_RELATIONS,), (1, 1), (True, True), by_another=True),
        Operator.INVERSE: OperatorRow((_OF_RELATION,), (1,), (True,)),
        Operator.PLUS: OperatorRow((_OF_RELATION,), (1,), (True,), by_another=True),
        Operator.STAR: OperatorRow((_OF_RELATION,), (1,), (False,), by_another=True),
        Operator.OPTIONAL: OperatorRow((_OF_RELATION,), (1,), (False,)),
        Operator.IDENTITY: OperatorRow((Signature((_SET,), _RELATION),), (1,), (True,)),
        Operator.PRODUCT: OperatorRow((Signature((_SET, _SET), _RELATION),), (1, 1), (True, True)),
        Operator.DOMAIN: OperatorRow(_PROJECTION, (1,), (True,), by_another=True),
        Operator.RANGE: OperatorRow(_PROJECTION, (1,), (True,), by_another=True),
    },
    tuple(Operator),
    "the table of operators",
)

# The operators that have arguments: a table of what they mean has an entry for each, or for each with its result.
APPLIED: tuple[Operator, ...] = tuple(operator for operator, row in OPERATORS.items() if row.polarity)
RESULTS: tuple[tuple[Operator, Kind], ...] = tuple(
    (operator, signature.result) for operator in APPLIED for signature in OPERATORS[operator].signatures
)
