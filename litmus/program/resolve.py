"""Resolving a question: the names in a test's condition become places of its program."""

from __future__ import annotations

from typing import NamedTuple

from litmus.diagnostics import InputError, near
from litmus.isa import architecture
from litmus.isa.architecture import Architecture
from litmus.isa.initial import type_named
from litmus.program.code import Load, Program, RegisterType, Set, StoreConditional, Variable
from litmus.program.question import (
    Conjunction,
    Disjunction,
    Equal,
    Formula,
    Holds,
    Negation,
    Place,
    Question,
    Same,
)
from litmus.program.values import Address, Value, wrap
from litmus.source.syntax import (
    AddressOf,
    And,
    ArrayAtom,
    Atom,
    Bool,
    Global,
    Implies,
    InitValue,
    Location,
    Not,
    Number,
    Or,
    Prop,
    Register,
    Test,
)
