"""Values and expressions: what registers and memory hold, and how code computes it.

A value is an integer (kept in signed 64-bit normal form) or an Address.  An expression is a value,
a register, or an operator applied to expressions; after a program is unrolled its leaves are values,
reads, and the guards of choices.  The operators are one table, OPERATORS: name -> (arity, function on integers).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple

from msgspec import Struct

from litmus.program.guards import NEVER, Guards


class Address(NamedTuple):
    """`offset` bytes into the shared variable `base`."""

    base: str
    offset: int = 0


Value = int | Address


class Reg(Struct, frozen=True):
    """The current value of a thread's register (or C local) `name`."""

    name: str


class ReadOf(Struct, frozen=True):
    """The value that read event `event` returns.  It occurs only in unrolled programs."""

    event: int


class When(Struct, frozen=True):
    """A guard.  It occurs only in unrolled programs, as the first argument of a `choice`."""

    guard: int


class Op(Struct, frozen=True):
    """`name` of OPERATORS applied to `args`.

    In unrolled programs, `choice` of a When and two ways is one, too: the first way where the guard holds, else the
    second.  Only the way that is chosen has to have a value, so it is not computed like the others.
    """

    name: str
    args: tuple[Expr, ...]


Expr = int | Address | Reg | ReadOf | When | Op


def operations(expr: Expr | None) -> list[Op]:
    """The operators that an expression is made of, each after the operators of its arguments.

    Each object is listed once, however often it occurs.  If `r := r + r` is computed n times, the result consists of
    n objects, but written out as a tree it has 2^n leaves.
    """
    if type(expr) is not Op:
        return []
    if not any(type(a) is Op for a in expr.args):
        return [expr]
    found: dict[int, Op] = {}
    stack = [expr]
    while stack:
        op = stack[-1]
        new = [a for a in op.args if type(a) is Op and id(a) not in found] if id(op) not in found else []
        if new:
            stack.extend(new)
        else:
            found[id(stack.pop())] = op
    return list(found.values())


def reads_in(expr: Expr | None) -> int:
    """The mask of the reads that an expression is computed from."""
    if type(expr) is ReadOf:
        return 1 << expr.event
    mask = 0
    for op in operations(expr):
        for argument in op.args:
            if type(argument) is ReadOf:
                mask |= 1 << argument.event
    return mask


def variable_of(expr: Expr | None) -> str | None:
    """The variable that an address is in, whatever is read; None if that is not known.

    Arithmetic does not leave an object (C11, 6.5.6).
    """
    pending, seen = [expr], set[int]()
    while pending:
        part = pending.pop()
        if isinstance(part, Address):
            return part.base
        if isinstance(part, Op) and part.name in ("add", "sub") and id(part) not in seen:
            seen.add(id(part))
            pending.extend(reversed(part.args))
    return None


class ValueFault(Exception):
    """An operator was given operands it has no meaning for (an address times two, 1/0)."""


def wrap(value: int, bits: int = 64) -> int:
    """`value` modulo 2^bits, as a signed number."""
    half = 1 << (bits - 1)
    return ((value + half) & ((1 << bits) - 1)) - half


def _shift(value: int, by: int, left: bool, logical: bool = True) -> int:
    by &= 63
    if left:
        return wrap(value << by)
    return wrap((value & (1 << 64) - 1) >> by) if logical else value >> by


def _divide(a: int, b: int) -> int:
    if b == 0:
        raise ValueFault("division by zero")
    return abs(a) // abs(b) * (1 if (a < 0) == (b < 0) else -1)  # C truncates towards zero


def _unsigned(value: int) -> int:
    return value & ((1 << 64) - 1)


OPERATORS: dict[str, tuple[int, Callable[..., int]]] = {
    "add": (2, lambda a, b: wrap(a + b)),
    "sub": (2, lambda a, b: wrap(a - b)),
    "mul": (2, lambda a, b: wrap(a * b)),
    "div": (2, lambda a, b: wrap(_divide(a, b))),
    "mod": (2, lambda a, b: wrap(a - b * _divide(a, b))),
    "divu": (2, lambda a, b: wrap(_divide(_unsigned(a), _unsigned(b)))),
    "modu": (2, lambda a, b: wrap(_unsigned(a) - _unsigned(b) * _divide(_unsigned(a), _unsigned(b)))),
    "mulh": (2, lambda a, b: a * b >> 64),  # the upper half of the product
    "mulhu": (2, lambda a, b: wrap(_unsigned(a) * _unsigned(b) >> 64)),
    "and": (2, lambda a, b: a & b),
    "or": (2, lambda a, b: a | b),
    "xor": (2, lambda a, b: a ^ b),
    "andnot": (2, lambda a, b: a & ~b),
    "shl": (2, lambda a, b: _shift(a, b, left=True)),
    "shr": (2, lambda a, b: _shift(a, b, left=False)),
    "sar": (2, lambda a, b: _shift(a, b, left=False, logical=False)),
    "clz": (1, lambda a: 64 - _unsigned(a).bit_length()),  # leading zeros
    "rbit": (1, lambda a: wrap(int(f"{_unsigned(a):064b}"[::-1], 2))),  # the bits in reverse
    "popcount": (1, lambda a: _unsigned(a).bit_count()),
    "neg": (1, lambda a: wrap(-a)),
    "not": (1, lambda a: ~a),  # bitwise
    "lnot": (1, lambda a: int(a == 0)),  # C's !
    "eq": (2, lambda a, b: int(a == b)),
    "ne": (2, lambda a, b: int(a != b)),
    "lt": (2, lambda a, b: int(a < b)),
    "le": (2, lambda a, b: int(a <= b)),
    "gt": (2, lambda a, b: int(a > b)),
    "ge": (2, lambda a, b: int(a >= b)),
    "ltu": (2, lambda a, b: int(_unsigned(a) < _unsigned(b))),
    "leu": (2, lambda a, b: int(_unsigned(a) <= _unsigned(b))),
    "gtu": (2, lambda a, b: int(_unsigned(a) > _unsigned(b))),
    "geu": (2, lambda a, b: int(_unsigned(a) >= _unsigned(b))),
    "sext8": (1, lambda a: wrap(a, 8)),
    "sext16": (1, lambda a: wrap(a, 16)),
    "sext32": (1, lambda a: wrap(a, 32)),
    "zext8": (1, lambda a: a & 0xFF),
    "zext16": (1, lambda a: a & 0xFFFF),
    "zext32": (1, lambda a: a & 0xFFFFFFFF),
    "ite": (3, lambda c, a, b: a if c else b),
    "select": (3, lambda c, a, b: a if c else b),  # the same, but c is no data dependency (litmus/program/walk.py)
    "either": (3, lambda c, a, b: b),  # if c holds, a and b are equal, and the value may come from a
}

# Operators that leave an address as it is, because addresses are taken to fit into 32 bits.
_KEEPS_ADDRESS = frozenset({"sext32", "zext32"})


def apply(name: str, args: tuple[Value, ...]) -> Value:
    """The value of an operator on concrete operands.

    Addresses can be moved by an integer, subtracted and compared within one variable, compared for
    equality across variables, tested against zero, and chosen by `ite`.
    Raises ValueFault for anything else.
    """
    function = OPERATORS[name][1]
    if not any(isinstance(a, Address) for a in args):
        return function(*args)
    if name in ("ite", "select"):
        return args[1] if args[0] != 0 else args[2]
    if name == "either":
        return args[2]
    if name == "lnot":
        return 0  # no variable lies at address 0
    if name in _KEEPS_ADDRESS:
        return args[0]
    if len(args) == 2:
        a, b = args
        if isinstance(a, Address) and isinstance(b, Address):
            if name in ("eq", "ne"):
                return function(int(a == b), 1)
            if a.base == b.base and name in ("sub", "xor", "lt", "le", "gt", "ge", "ltu", "leu", "gtu", "geu"):
                if name != "xor" or a == b:
                    return function(a.offset, b.offset)
        elif isinstance(a, Address) and isinstance(b, int):
            if name in ("add", "sub"):
                return Address(a.base, function(a.offset, b))
            if name in ("eq", "ne") and b == 0:
                return int(name == "ne")
            if name in ("or", "xor", "andnot") and b == 0:
                return a
            if name == "and" and b in (0, -1):
                return a if b else 0
        elif isinstance(a, int) and isinstance(b, Address):
            if name == "add":
                return Address(b.base, wrap(a + b.offset))
            if name in ("eq", "ne") and a == 0:
                return int(name == "ne")
            if name in ("or", "xor") and a == 0:
                return b
            if name == "and" and a in (0, -1):
                return b if a else 0
    raise ValueFault(f"{name} of {' and '.join(spell(a) for a in args)} is not a number")


def computed(operators: list[Op], read: Value) -> Value:
    """The value of the last of some `operations`, if every read in them returns the value `read`.

    Raises ValueFault like `apply`.
    """
    found: dict[int, Value] = {}
    for op in operators:
        arguments = [a if isinstance(a, int | Address) else found.get(id(a), read) for a in op.args]
        found[id(op)] = apply(op.name, tuple(arguments))
    return found[id(operators[-1])]


def simplify(name: str, args: tuple[Expr, ...]) -> Expr:
    """The expression `name(args)`, folded if the operands are known or cancel out.

    `xor r,r` and `sub r,r` are 0 whatever r holds: that is how litmus tests spell a false
    dependency.  Raises ValueFault like `apply`.
    """
    values = [a for a in args if isinstance(a, int | Address)]
    if len(values) == len(args):
        return apply(name, tuple(values))
    if len(args) == 2:
        a, b = args
        if a == b:
            if name in ("xor", "sub", "andnot", "ne", "lt", "gt", "ltu", "gtu"):
                return 0
            if name in ("eq", "le", "ge", "leu", "geu"):
                return 1
            if name in ("and", "or"):
                return a
        if b == 0 and name in ("add", "sub", "or", "xor", "shl", "shr", "sar", "andnot"):
            return a
        if a == 0 and name in ("add", "or", "xor"):
            return b
        if (a == 0 or b == 0) and name in ("and", "mul"):
            return 0
    elif name == "ite" and isinstance(args[0], int):
        return args[1] if args[0] else args[2]
    return Op(name, args)


def choice(guard: int, chosen: Expr, other: Expr) -> Expr:
    """The expression that is `chosen` where a guard holds, and `other` elsewhere."""
    return chosen if chosen == other else Op("choice", (When(guard), chosen, other))


def ways_of(guards: Guards, expr: Expr, guard: int) -> Iterator[tuple[int, Expr]]:
    """The alternatives of a choice, each with the guard under which it is chosen where `guard` holds.

    An expression that is no choice is its own alternative.
    """
    pending = [(guard, expr)]
    while pending:
        here, part = pending.pop()
        if here == NEVER:
            continue
        if isinstance(part, Op) and part.name == "choice":
            when, chosen, other = part.args
            assert isinstance(when, When), "the first argument of a choice"
            pending.append((guards.both(here, when.guard), chosen))
            pending.append((guards.without(here, when.guard), other))
        else:
            yield here, part


def applied(name: str, args: tuple[Expr, ...], simplify: Callable[[str, tuple[Expr, ...]], Expr] = simplify) -> Expr:
    """The expression `name(args)`, simplified.  If one operand is a choice and the others are values, it is a choice.

    So a choice of values stays one, whatever is computed from it.  Raises ValueFault like `apply`.
    """
    unknown = [i for i, a in enumerate(args) if not isinstance(a, int | Address)]
    if len(unknown) == 1:
        i = unknown[0]
        chosen = args[i]
        if isinstance(chosen, Op) and chosen.name == "choice":
            when, *ways = chosen.args
            assert isinstance(when, When), "the first argument of a choice"
            return choice(when.guard, *[applied(name, (*args[:i], way, *args[i + 1 :]), simplify) for way in ways])
    return simplify(name, args)


def guards_in(expr: Expr | None) -> set[int]:
    """The guards of the choices in an expression."""
    return {a.guard for op in operations(expr) for a in op.args if isinstance(a, When)}


def constant(expr: Expr) -> Value | None:
    """The expression itself if it is a value, else None."""
    return expr if isinstance(expr, int | Address) else None


def spell(value: Value) -> str:
    """How states spell a value: decimal, `x`, or `x+4` for an address inside x."""
    if isinstance(value, Address):
        return value.base if value.offset == 0 else f"{value.base}+{value.offset}"
    return str(value)
