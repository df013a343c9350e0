"""Random C expressions with the values that ISO C11 gives them (LP64, arithmetic that wraps): a second opinion.

It computes with mathematical integers, not with the operators of litmus.program.values.
"""

from __future__ import annotations

from dataclasses import dataclass

from hypothesis import strategies as st

TYPES = {
    # name: (bits, signed)
    "char": (8, True),
    "unsigned char": (8, False),
    "short": (16, True),
    "uint16_t": (16, False),
    "int": (32, True),
    "unsigned int": (32, False),
    "long": (64, True),
    "unsigned long": (64, False),
}
INT = (32, True)
Type = tuple[int, bool]


@dataclass(frozen=True)
class Expression:
    """An expression: its text, its value, and the type of the value.  None: it has no value (a division by zero)."""

    text: str
    value: int | None
    type: Type


def fit(value: int, type_: Type) -> int:
    bits, signed = type_
    value %= 1 << bits
    return value - (1 << bits) if signed and value >= 1 << (bits - 1) else value


def convert(e: Expression, type_: Type) -> int | None:
    return None if e.value is None else fit(e.value, type_)


def promote(type_: Type) -> Type:
    return INT if type_[0] < 32 else type_


def usual(a: Type, b: Type) -> Type:
    a, b = promote(a), promote(b)
    bits = max(a[0], b[0])
    return bits, all(signed for width, signed in (a, b) if width == bits)


def quotient(a: int, b: int) -> int:
    return abs(a) // abs(b) * (1 if (a < 0) == (b < 0) else -1)


ARITHMETIC = {
    "+": lambda a, b: a + b,
    "-": lambda a, b: a - b,
    "*": lambda a, b: a * b,
    "&": lambda a, b: a & b,
    "|": lambda a, b: a | b,
    "^": lambda a, b: a ^ b,
    "/": quotient,
    "%": lambda a, b: a - b * quotient(a, b),
}
RELATIONS = {
    "==": lambda a, b: a == b,
    "!=": lambda a, b: a != b,
    "<": lambda a, b: a < b,
    "<=": lambda a, b: a <= b,
    ">": lambda a, b: a > b,
    ">=": lambda a, b: a >= b,
}


def binary(operator: str, left: Expression, right: Expression) -> Expression:
    text = f"({left.text} {operator} {right.text})"
    if operator in ("<<", ">>"):
        type_, count = promote(left.type), right.value
        value = convert(left, type_)
        if value is None or count is None or not 0 <= count < type_[0]:
            return Expression(text, None, type_)
        return Expression(text, fit(value << count if operator == "<<" else value >> count, type_), type_)
    if operator == "&&":
        if left.value is None or (left.value and right.value is None):
            return Expression(text, None, INT)
        return Expression(text, int(bool(left.value and right.value)), INT)
    if operator == "||":
        if left.value is None or (not left.value and right.value is None):
            return Expression(text, None, INT)
        return Expression(text, int(bool(left.value or right.value)), INT)
    type_ = usual(left.type, right.type)
    a, b = convert(left, type_), convert(right, type_)
    if operator in RELATIONS:
        return Expression(text, None if a is None or b is None else int(RELATIONS[operator](a, b)), INT)
    if a is None or b is None or (operator in "/%" and (b == 0 or type_ == (64, False))):
        return Expression(text, None, type_)  # unsigned 64-bit divisions are not supported, and say so
    return Expression(text, fit(ARITHMETIC[operator](a, b), type_), type_)


def unary(operator: str, e: Expression) -> Expression:
    text = f"({operator} {e.text})"
    if e.value is None:
        return Expression(text, None, INT if operator == "!" else promote(e.type))
    if operator == "!":
        return Expression(text, int(e.value == 0), INT)
    type_ = promote(e.type)
    value = {"-": -e.value, "~": ~e.value, "+": e.value}[operator]
    return Expression(text, fit(value, type_), type_)


def cast(name: str, e: Expression) -> Expression:
    return Expression(f"(({name}){e.text})", convert(e, TYPES[name]), TYPES[name])


def conditional(condition: Expression, then: Expression, other: Expression) -> Expression:
    type_ = usual(then.type, other.type)
    chosen = None if condition.value is None else (then if condition.value else other)
    value = None if chosen is None else convert(chosen, type_)
    return Expression(f"({condition.text} ? {then.text} : {other.text})", value, type_)


INTERESTING = [0, 1, 2, 3, 7, 127, 128, 255, 256, 65535, 2**31 - 1, 2**31, 2**32 - 1, 2**32, 2**63 - 1, 2**63]
numbers = st.one_of(st.sampled_from(INTERESTING + [-n for n in INTERESTING]), st.integers(-(2**63), 2**64 - 1))


@dataclass(frozen=True)
class Variables:
    """Locals and shared variables that an expression may use: name -> type and value."""

    declared: dict[str, tuple[str, int]]

    def leaves(self) -> st.SearchStrategy[Expression]:
        return st.sampled_from([Expression(n, fit(v, TYPES[t]), TYPES[t]) for n, (t, v) in self.declared.items()])


constants = st.integers(0, 2**31 - 1).map(lambda n: Expression(str(n), n, INT)) | st.sampled_from(
    [
        Expression("1u", 1, (32, False)),
        Expression("4294967295u", 2**32 - 1, (32, False)),
        Expression("1l", 1, (64, True)),
        Expression("0xffffffff", 2**32 - 1, (32, False)),
        Expression("4294967295", 2**32 - 1, (64, True)),
        Expression("0x8000000000000000", 2**63, (64, False)),
        Expression("1ul", 1, (64, False)),
        Expression("0", 0, INT),
        Expression("'a'", 97, INT),
    ]
)


def expressions(leaves: st.SearchStrategy[Expression]) -> st.SearchStrategy[Expression]:
    operators = st.sampled_from([*ARITHMETIC, *RELATIONS, "<<", ">>", "&&", "||"])
    return st.recursive(
        leaves | constants,
        lambda inner: st.one_of(
            st.builds(binary, operators, inner, inner),
            st.builds(binary, operators, inner, inner),
            st.builds(unary, st.sampled_from("-~+!"), inner),
            st.builds(cast, st.sampled_from(list(TYPES)), inner),
            st.builds(conditional, inner, inner, inner),
        ),
        max_leaves=12,
    )
