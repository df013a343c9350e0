"""Moving syntax that was read from a fragment of a file to the place of the fragment in the file."""

from __future__ import annotations

from litmus.diagnostics import Source, Span
from litmus.source.syntax import (
    AddressOf,
    And,
    ArrayAtom,
    Atom,
    Bool,
    Global,
    Implies,
    Init,
    InitValue,
    Location,
    Not,
    Number,
    Observed,
    Or,
    Prop,
    Register,
)


def moved_init(item: Init, source: Source, at: int) -> Init:
    """The item of an initial state, with its place in `source`: the fragment is at offset `at`."""
    values = item.values
    return Init(
        _location(item.location, source, at),
        values and tuple([_value(value, source, at) for value in values]),
        Span(source, at + item.span.start, at + item.span.end),
        item.type,
        item.pointer,
        item.array_size,
    )


def moved_observed(observed: Observed, source: Source, at: int) -> Observed:
    """The item of `locations`, with its place in `source`."""
    span = Span(source, at + observed.span.start, at + observed.span.end)
    return Observed(_location(observed.location, source, at), span, observed.type)


def moved_prop(prop: Prop, source: Source, at: int) -> Prop:
    """The proposition, with its place in `source`."""
    match prop:
        case And():
            return And(moved_prop(prop.left, source, at), moved_prop(prop.right, source, at))
        case Atom():
            right, span = prop.right, prop.span
            return Atom(
                _location(prop.location, source, at),
                _value(right, source, at) if isinstance(right, Number | AddressOf) else _location(right, source, at),
                Span(source, at + span.start, at + span.end),
            )
        case Or():
            return Or(moved_prop(prop.left, source, at), moved_prop(prop.right, source, at))
        case Not():
            return Not(moved_prop(prop.operand, source, at))
        case Implies():
            return Implies(moved_prop(prop.left, source, at), moved_prop(prop.right, source, at))
        case ArrayAtom():
            name, span = prop.location, prop.span
            return ArrayAtom(
                Global(name.name, name.index, Span(source, at + name.span.start, at + name.span.end)),
                tuple([_value(value, source, at) for value in prop.values]),
                Span(source, at + span.start, at + span.end),
            )
        case Bool():
            return prop


def _location(location: Location, source: Source, at: int) -> Location:
    span = location.span
    span = Span(source, at + span.start, at + span.end)
    if isinstance(location, Register):
        return Register(location.thread, location.name, span)
    return Global(location.name, location.index, span)


def _value(value: InitValue, source: Source, at: int) -> InitValue:
    span = value.span
    span = Span(source, at + span.start, at + span.end)
    if isinstance(value, Number):
        return Number(value.value, span)
    return AddressOf(value.name, value.index, span)
