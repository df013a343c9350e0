"""Infix expressions: how the tables of the instruction sets write what an instruction computes.

The operators are those of C with C's precedence, on signed numbers of 64 bits: `sext32(ra) * sext32(rb)`,
`rb & 32 ? 0 : ra << (rb & 31)`.  An operator with a `u` takes its operands as unsigned numbers: `ra <u rb`,
`ra >>u 1`, `ra /u rb`, `ra %u rb`.  Operators without a sign in C, and no others, are written as calls:
`clz(ra)`, `mulh(ra, rb)`.  Their names are those of litmus/program/values.py.  A name is an operand of the
instruction, or a flag such as `.cr0.lt`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache

from litmus.program.values import OPERATORS, Expr, Op, Reg, ValueFault, simplify

_TOKEN = re.compile(
    r"\s*(?:(?P<number>0x[0-9a-fA-F]+|\d+)|(?P<name>[A-Za-z_.][\w.]*)"
    r"|(?P<sign>(?:[<>]=|>>|[<>/%])u(?!\w)|<<|>>|[<>=!]=|[-+*/%&|^~!<>?:(),]))"
)

# Each line binds more tightly than the line after it (C11, 6.5).
_LEVELS = (
    {"*": "mul", "/": "div", "%": "mod", "/u": "divu", "%u": "modu"},
    {"+": "add", "-": "sub"},
    {"<<": "shl", ">>": "sar", ">>u": "shr"},
    {"<": "lt", "<=": "le", ">": "gt", ">=": "ge", "<u": "ltu", "<=u": "leu", ">u": "gtu", ">=u": "geu"},
    {"==": "eq", "!=": "ne"},
    {"&": "and"},
    {"^": "xor"},
    {"|": "or"},
)
# sign -> how tightly it binds, and its operator
_BINARY = {sign: (-level, name) for level, signs in enumerate(_LEVELS) for sign, name in signs.items()}
_CHOICE = -len(_LEVELS)  # how tightly `c ? a : b` binds
_PREFIX = {"-": "neg", "~": "not", "!": "lnot"}
# The operators that are called by their names: all that have no sign.
_CALLED = OPERATORS.keys() - {name for _, name in _BINARY.values()} - set(_PREFIX.values()) - {"andnot", "ite"}


@lru_cache(maxsize=4096)
def expression(text: str, bits: int = 64) -> Expr:
    """The expression that a table spells.  Each name of an operand becomes a register of that name.

    `bits` is the size of the operation: `sext` and `zext` extend from it, and `N` is that number.
    Raises ValueError if the text is no expression.
    """
    parser = _Parser(text, bits)
    result = parser.expression(_CHOICE)
    if parser.left:
        raise parser.wrong()
    return result


class _Parser:
    """What is left of the tokens of a text, the next one last; a number is an int."""

    def __init__(self, text: str, bits: int) -> None:
        self.text = text
        self.bits = bits
        self.left: list[str | int] = []
        at, end = 0, len(text.rstrip())
        while at < end:
            match = _TOKEN.match(text, at)
            if match is None:
                raise ValueError(f"{text!r} is no expression at {at}")
            self.left.append(int(match["number"], 0) if match["number"] else match[match.lastgroup or ""])
            at = match.end()
        self.left.reverse()

    def wrong(self) -> ValueError:
        """The error for a text that has something else than an expression before what is left of it."""
        return ValueError(f"{self.text!r} is no expression, {len(self.left)} tokens before its end")

    def found(self, sign: str) -> bool:
        """Whether the next token is this one; if so, it is taken."""
        if self.left and self.left[-1] == sign:
            self.left.pop()
            return True
        return False

    def expect(self, sign: str) -> None:
        if not self.found(sign):
            raise self.wrong()

    def expression(self, least: int) -> Expr:
        """The longest expression that comes next, of operators that bind at least as tightly as `least`."""
        result = self.operand()
        while self.left:
            sign = self.left[-1]
            if sign == "?" and least <= _CHOICE:
                self.left.pop()
                chosen = self.expression(_CHOICE)
                self.expect(":")
                return Op("ite", (result, chosen, self.expression(_CHOICE)))
            binds, name = _BINARY.get(str(sign), (_CHOICE, ""))
            if not name or binds < least:
                break
            self.left.pop()
            right = self.expression(binds + 1)
            if name == "and" and isinstance(right, Op) and right.name == "not":  # a & ~b is one operator
                name, (right,) = "andnot", right.args
            result = Op(name, (result, right))
        return result

    def operand(self) -> Expr:
        """A number, a name, a call, or an expression in parentheses, with the signs before it."""
        if not self.left:
            raise self.wrong()
        token = self.left.pop()
        if isinstance(token, int):
            return token
        if token == "(":
            result = self.expression(_CHOICE)
            self.expect(")")
            return result
        if token in _PREFIX:
            operand = self.operand()
            return -operand if token == "-" and isinstance(operand, int) else Op(_PREFIX[token], (operand,))
        if not (token[0].isalpha() or token[0] in "._"):
            raise self.wrong()
        if self.found("("):
            return self.call(token)
        return self.bits if token == "N" else Reg(token)

    def call(self, name: str) -> Expr:
        """The call of an operator, whose parenthesis has been read."""
        arguments = [self.expression(_CHOICE)]
        while not self.found(")"):
            self.expect(",")
            arguments.append(self.expression(_CHOICE))
        if name in ("sext", "zext"):
            if self.bits == 64:
                return arguments[0]
            name = f"{name}{self.bits}"
        if name not in _CALLED or OPERATORS[name][0] != len(arguments):
            raise ValueError(f"{self.text!r}: there is no operator {name} of {len(arguments)} operands")
        return Op(name, tuple(arguments))


# ---------------------------------------------------------------- what is done with expressions


def substituted(expr: Expr, operands: Mapping[str, Expr]) -> Expr:
    """The expression with the names of operands replaced by the operands.  Other registers stay."""
    if isinstance(expr, Reg):
        return operands.get(expr.name, expr)
    if isinstance(expr, Op):
        return Op(expr.name, tuple([substituted(a, operands) for a in expr.args]))
    return expr


def registers_of(expr: Expr) -> frozenset[str]:
    """The registers that occur in an expression."""
    if isinstance(expr, Reg):
        return frozenset((expr.name,))
    if isinstance(expr, Op):
        return frozenset().union(*map(registers_of, expr.args))
    return frozenset()


def folded(expr: Expr) -> Expr:
    """The expression with every part computed whose value does not depend on the value of a register."""
    if not isinstance(expr, Op):
        return expr
    arguments = tuple(map(folded, expr.args))
    try:
        return simplify(expr.name, arguments)
    except ValueFault:
        return Op(expr.name, arguments)


def settled(expr: Expr) -> Expr:
    """The expression, folded as far as no part of it loses a register.

    An instruction depends on its operands even if its result does not: `ra ^ ra` is a false dependency.
    """
    if not isinstance(expr, Op):
        return expr
    short = folded(expr)
    if registers_of(short) == registers_of(expr):
        return short
    return Op(expr.name, tuple(map(settled, expr.args)))
