"""C types and typed values: widths, signs, conversions, and the arithmetic of the C operators.

long and pointers have 8 bytes (LP64), or 4 on 32-bit architectures (ILP32).  Arithmetic wraps, because the kernel is
compiled with -fno-strict-overflow.  Sources: ISO C11, 6.3.1 (conversions) and 6.5 (operators).
"""

from __future__ import annotations

from typing import NamedTuple

from msgspec import Struct

from litmus.program.types import TYPES
from litmus.program.values import Address, Expr, Op, Reg, ValueFault, apply, wrap


class CType(Struct, frozen=True):
    """A scalar type; `target` is what a pointer points at.

    An opaque type (void, a struct) can only be pointed at.
    """

    name: str
    size: int
    signed: bool = True
    target: CType | None = None
    opaque: bool = False

    def __str__(self) -> str:
        if self.target is None:
            return self.name
        return f"{self.target}*" if self.target.target else f"{self.target} *"


INT = CType("int", 4)
UNSIGNED = CType("unsigned int", 4, signed=False)
LONG = CType("long", 8)
UNSIGNED_LONG = CType("unsigned long", 8, signed=False)
BOOL = CType("bool", 1, signed=False)
VOID = CType("void", 1, opaque=True)

_BY_NAME = {
    **{name: CType(name, kind.size, kind.signed) for name, kind in TYPES.items()},
    "int": INT,
    "long": LONG,
    "unsigned int": UNSIGNED,
    "unsigned long": UNSIGNED_LONG,
    "bool": BOOL,
    "_Bool": BOOL,
    "void": VOID,
}

# The types that have the size of a pointer
_WORDS = (
    "long", "long int", "signed long", "unsigned long", "unsigned long int", "long unsigned int",
    "intptr_t", "uintptr_t", "ptrdiff_t", "size_t", "ssize_t", "atomic_long_t",
)  # fmt: skip
_NARROW = {name: CType(name, 4, _BY_NAME[name].signed) for name in _WORDS}

# The types of integer constants (6.4.4.1), by the bytes of a pointer
_LONG_LONGS = (_BY_NAME["long long"], _BY_NAME["unsigned long long"])
INTEGERS = {
    8: (INT, UNSIGNED, LONG, UNSIGNED_LONG, *_LONG_LONGS),
    4: (INT, UNSIGNED, _NARROW["long"], _NARROW["unsigned long"], *_LONG_LONGS),
}


def pointer_to(target: CType, word: int) -> CType:
    """The type of a pointer to `target`, where pointers have `word` bytes.

    A pointer of 4 bytes counts as signed.  gcc sign-extends it, and that keeps the order of unsigned numbers.
    """
    return CType("", word, signed=word < 8, target=target)


def named_type(name: str, pointers: int = 0, word: int = 8) -> CType | None:
    """The type that a test calls `name`, with `pointers` stars.  None if there is no such type."""
    found = _BY_NAME.get(name)
    if word < 8 and name in _NARROW:
        found = _NARROW[name]
    if found is None and name.startswith("struct "):
        found = CType(name, word, opaque=True)
    if found is not None:
        for _ in range(pointers):
            found = pointer_to(found, word)
    return found


def type_names() -> list[str]:
    """The names of all types except structures."""
    return sorted(_BY_NAME)


class TypedValue(NamedTuple):
    """An expression and its C type.

    `exact`: the expression evaluates to the value itself.  Otherwise only its lower 8 * type.size bits are right.
    Code that needs the other bits as well calls `exactly`.  This keeps expressions small.
    """

    expr: Expr
    type: CType
    exact: bool = True


NOTHING = TypedValue(0, VOID)  # the value of a void expression


def exactly(value: TypedValue) -> TypedValue:
    """The value with an expression that evaluates to it."""
    if value.exact:
        return value
    return TypedValue(_extended(value.expr, value.type), value.type)


def _extended(expr: Expr, to: CType) -> Expr:
    bits = 8 * to.size
    if isinstance(expr, int):
        return wrap(expr, bits) if to.signed or bits == 64 else expr & ((1 << bits) - 1)
    if bits == 64 or isinstance(expr, Address):
        return expr
    return Op(f"{'sext' if to.signed else 'zext'}{bits}", (expr,))


def converted(value: TypedValue, to: CType) -> TypedValue:
    """The value converted to another type, exactly."""
    expr, type_, exact = value
    if to is BOOL:
        return truth(value)
    if isinstance(expr, int):
        return TypedValue(_extended(expr, to), to)
    if to.size > type_.size:
        expr, exact = exactly(value).expr, True
        if type_.signed and not to.signed:  # the value was sign-extended; its bits above the new width are not right
            exact = to.size == 8
    elif to.size < type_.size or to.signed != type_.signed:
        exact = to.size == 8
    return TypedValue(expr if exact else _extended(expr, to), to)


def truth(value: TypedValue) -> TypedValue:
    """1 if the value is not 0, else 0."""
    expr = exactly(value).expr
    if isinstance(expr, int | Address):
        return TypedValue(int(expr != 0), BOOL)
    if isinstance(expr, Op) and expr.name in _BOOLEAN:
        return TypedValue(expr, BOOL)
    return TypedValue(Op("ne", (expr, 0)), BOOL)


def loaded(register: str, type_: CType) -> TypedValue:
    """The value of a register that a load of that type has set.  Loads give signed numbers."""
    return TypedValue(Reg(register), type_, type_.signed or type_.size == 8)


def stored(value: TypedValue) -> Expr:
    """The value as memory holds it.  Memory holds signed numbers, because loads give signed numbers."""
    type_ = value.type
    if type_.signed or type_.size == 8 or type_ is BOOL:
        return value.expr
    return converted(value, CType(type_.name, type_.size)).expr


_OPPOSITE = {"eq": "ne", "lt": "ge", "le": "gt", "ltu": "geu", "leu": "gtu"}
_OPPOSITE |= {opposite: name for name, opposite in _OPPOSITE.items()}
_BOOLEAN = {*_OPPOSITE, "lnot"}


def negated(value: TypedValue) -> TypedValue:
    """C's `!value`, an int."""
    expr = truth(value).expr
    if isinstance(expr, int):
        return TypedValue(1 - expr, INT)
    if isinstance(expr, Op) and expr.name in _OPPOSITE:
        return TypedValue(Op(_OPPOSITE[expr.name], expr.args), INT)
    return TypedValue(Op("lnot", (expr,)), INT)


def promoted(value: TypedValue) -> TypedValue:
    """The value after the integer promotions: a value that is narrower than int becomes an int."""
    if value.type.size < 4 and not value.type.target:
        return converted(value, INT)
    return value


def common_type(left: CType, right: CType) -> CType:
    """The type to which the usual arithmetic conversions bring two promoted types."""
    if left.size == right.size and left.signed != right.signed:
        return right if left.signed else left
    return left if left.size >= right.size else right


# C operator -> operator of litmus.program.values, for operands of one type
_MODULAR = {"+": "add", "-": "sub", "*": "mul"}  # the lower bits of the operands are enough
_BITWISE = {"&": "and", "|": "or", "^": "xor"}
_DIVISION = {"/": "div", "%": "mod"}
_COMPARISON = {"==": "eq", "!=": "ne", "<": "lt", "<=": "le", ">": "gt", ">=": "ge"}


class Meaningless(Exception):
    """An operator has no meaning for its operands; the text of the exception says which."""


class TooWide(Exception):
    """An operation that has no counterpart in litmus.program.values."""


def operate(operator: str, left: TypedValue, right: TypedValue) -> TypedValue:
    """`left operator right` for every binary operator of C except && and ||.

    Raises Meaningless (ill-typed, or a division by zero) and TooWide.
    """
    left, right = promoted(left), promoted(right)
    if left.type.target or right.type.target:
        return _operate_on_pointers(operator, left, right)
    if operator in ("<<", ">>"):
        type_ = left.type
        count = exactly(right).expr
        if operator == "<<":
            return _result("shl", (left.expr, count), type_, type_.size == 8)
        return _result("sar" if type_.signed else "shr", (exactly(left).expr, count), type_, True)
    type_ = common_type(left.type, right.type)
    a, b = _brought_to(left, type_), _brought_to(right, type_)
    wide = type_.size == 8
    if operator in _MODULAR:
        return _result(_MODULAR[operator], (a.expr, b.expr), type_, wide)
    if operator in _BITWISE:
        return _result(_BITWISE[operator], (a.expr, b.expr), type_, a.exact and b.exact)
    a, b = exactly(a), exactly(b)
    if operator in _COMPARISON:
        return _compare(operator, a.expr, b.expr, unsigned=wide and not type_.signed)
    if wide and not type_.signed:
        raise TooWide("a division of unsigned 64-bit values")
    return _result(_DIVISION[operator], (a.expr, b.expr), type_, wide)


def _brought_to(value: TypedValue, type_: CType) -> TypedValue:
    """The value converted to a type.  If the width is the same, the bits above it are left as they are."""
    if value.type.size == type_.size and not isinstance(value.expr, int):
        return TypedValue(value.expr, type_, type_.size == 8 or (value.exact and value.type.signed == type_.signed))
    return converted(value, type_)


def _result(name: str, args: tuple[Expr, Expr], type_: CType, exact: bool) -> TypedValue:
    """The operation, computed if both operands are known.  x ^ x is kept, because it is a dependency on x."""
    a, b = args
    if isinstance(a, int | Address) and isinstance(b, int | Address):
        try:
            folded = apply(name, (a, b))
        except ValueFault as fault:
            raise Meaningless(str(fault)) from None
        return exactly(TypedValue(folded, type_, exact))
    return TypedValue(Op(name, args), type_, exact)


def _compare(operator: str, a: Expr, b: Expr, unsigned: bool) -> TypedValue:
    name = _COMPARISON[operator]
    if unsigned and name not in ("eq", "ne"):
        name += "u"
    return _result(name, (a, b), INT, True)


def _operate_on_pointers(operator: str, left: TypedValue, right: TypedValue) -> TypedValue:
    """6.5.6 (additive) and 6.5.8, 6.5.9 (comparisons).  A pointer may also be compared with an integer."""
    if operator in _COMPARISON:
        return _compare(operator, converted(left, LONG).expr, converted(right, LONG).expr, unsigned=True)
    if operator == "-" and left.type.target and right.type.target:
        distance = _result("sub", (left.expr, right.expr), LONG if left.type.size == 8 else INT, True)
        return operate("/", distance, TypedValue(left.type.target.size, distance.type))
    if operator == "+" and right.type.target and not left.type.target:
        left, right = right, left
    if operator in ("+", "-") and left.type.target and not right.type.target:
        scale = TypedValue(left.type.target.size, LONG)
        scaled = operate("*", converted(right, LONG), scale) if scale.expr != 1 else converted(right, LONG)
        return _result(_MODULAR[operator], (left.expr, scaled.expr), left.type, True)
    raise Meaningless(f"{left.type} {operator} {right.type} has no meaning in C")


def unary(operator: str, value: TypedValue) -> TypedValue:
    """+ - ~ ! on a value.  Raises Meaningless for a pointer if C does not allow that."""
    if operator == "!":
        return negated(value)
    if value.type.target:
        raise Meaningless(f"{operator} has no meaning for a pointer")
    value = promoted(value)
    if operator == "+":
        return value
    name = "neg" if operator == "-" else "not"
    if isinstance(value.expr, int):
        return exactly(TypedValue(apply(name, (value.expr,)), value.type, False))
    exact = value.type.size == 8 or (name == "not" and value.type.signed and value.exact)
    return TypedValue(Op(name, (value.expr,)), value.type, exact)
