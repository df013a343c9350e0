"""Values of the cat interpreter: what an expression denotes while a model is compiled."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import NamedTuple

from msgspec import Struct, field

from litmus.algebra.operators import Kind
from litmus.cat import syntax
from litmus.cat.deep import Work, later, ready
from litmus.diagnostics import Diagnostic, InputError, Span


class Missing(InputError):
    """A name that is not bound here, or a failure that the model asks for: what `try` catches."""


class Term(NamedTuple):
    """A set or a relation: a node of the DAG."""

    kind: Kind
    node: int


class Polymorphic(Struct, frozen=True):
    """`{}` or `_`, the least or greatest set or relation: which, the context says."""

    full: bool


EMPTY = Polymorphic(False)
UNIVERSE = Polymorphic(True)


class EventValue(NamedTuple):
    """An event: an element of a set that was taken apart."""

    event: int


class PairValue(NamedTuple):
    """A pair of events: an element of a relation that was taken apart."""

    first: int
    second: int


class Tag(NamedTuple):
    """A tag of an enumeration."""

    enum: str
    name: str


class Closure(Struct, frozen=True, eq=False):
    """A function of the model."""

    function: syntax.Function
    environment: Environment


class Primitive(Struct, frozen=True, eq=False):
    """A function of the language itself, applied to its evaluated argument.

    `apply` is called with the argument and its place and raises like the interpreter.  It may be a coroutine.
    """

    name: str
    apply: Callable[[Value, Span], Value | Work[Value]]


class ProcedureValue(Struct, frozen=True, eq=False):
    """A procedure of the model."""

    procedure: syntax.Procedure
    environment: Environment


class TupleValue(Struct, frozen=True):
    """A tuple; () has no items."""

    items: tuple[Value, ...]


class ValueSet(Struct, frozen=True):
    """A set of values that are no events, all of one type; `items` may name a value more than once."""

    items: tuple[Value, ...]


class Classes(Struct, frozen=True):
    """`classes-loc S`: the events of `events` by location, a set of sets that the test determines."""

    events: int


class Orders(Struct, frozen=True):
    """Total orders of `events`, location by location, that extend `relation`.

    combined: a set of relations, each ordering every location (generate_cos); otherwise a set with
    one set of orders per location (co_locs).
    """

    events: int
    relation: int
    combined: bool


class ClassRelation(Struct, frozen=True):
    """A relation between sets of events, given by their masks (`lift`)."""

    pairs: frozenset[tuple[int, int]]


Value = (
    Term
    | Polymorphic
    | EventValue
    | PairValue
    | Tag
    | Closure
    | Primitive
    | ProcedureValue
    | TupleValue
    | ValueSet
    | Classes
    | Orders
    | ClassRelation
)
SetOfValues = ValueSet | Classes | Orders


class Thunk(Struct, eq=False):
    """A value that is computed when it is first asked for; so is the error if it has none."""

    compute: Callable[[], Awaitable[Value]] | None = None
    value: Value | None = None
    error: Diagnostic | None = field(default=None)

    def force(self) -> Awaitable[Value]:
        """The value, to be awaited.  Raises the Diagnostic of its computation, every time."""
        return later(self._forced()) if self.value is None else ready(self.value)

    async def _forced(self) -> Value:
        if self.compute is not None:
            compute, self.compute = self.compute, None
            try:
                self.value = await compute()
            except Diagnostic as error:
                self.error = error
            except BaseException:
                self.compute = compute
                raise
        if self.error is not None:
            raise self.error
        assert self.value is not None
        return self.value


Environment = Mapping[str, Thunk]

_KINDS: dict[type, str] = {
    EventValue: "an event",
    PairValue: "a pair of events",
    Closure: "a function",
    Primitive: "a function",
    ProcedureValue: "a procedure",
    ValueSet: "a set of values",
    Classes: "a set of values",
    Orders: "a set of values",
    ClassRelation: "a relation between classes",
}


def describe(value: Value) -> str:
    """What a value is, for error messages."""
    match value:
        case Term():
            return "a set of events" if value.kind is Kind.SET else "a relation"
        case Polymorphic():
            return "the universe" if value.full else "the empty set"
        case Tag():
            return f"the tag '{value.name}"
        case TupleValue():
            return f"a tuple of {len(value.items)}"
    return _KINDS[type(value)]


def items(value: Value, wanted: int, name: str, span: Span) -> tuple[Value, ...]:
    """The arguments of a function of the language.  Raises InputError if there are not as many as it takes."""
    if not isinstance(value, TupleValue) or len(value.items) != wanted:
        raise InputError(f"{name} takes {wanted} arguments", span)
    return value.items
