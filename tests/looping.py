"""Random code with loops, and running it."""

from __future__ import annotations

from graphs import SPAN, X
from hypothesis import strategies as st

from litmus.program.code import Branch, Line, Load, Set, ThreadCode
from litmus.program.values import Expr, Op, Reg, apply, wrap

REGISTERS = ("i", "j", "r")
_AMOUNTS = st.integers(-1, 2)
_NAMES = st.sampled_from(REGISTERS)


def add(register: str, value: int) -> Set:
    """register += value."""
    return Set(register, Op("add", (Reg(register), value)))


def below(register: str, value: int) -> Op:
    """Whether a register is below a value."""
    return Op("lt", (Reg(register), value))


_CONDITIONS = st.one_of(
    _NAMES.map(Reg),
    st.builds(below, _NAMES, _AMOUNTS),
    st.builds(lambda a, b: Op("eq", (Reg(a), Reg(b))), _NAMES, _NAMES),
)
_SIMPLE = st.one_of(
    st.builds(add, _NAMES, _AMOUNTS),
    st.builds(Set, _NAMES, _AMOUNTS),
    st.builds(lambda r: Load(r, X), _NAMES),
)


@st.composite
def codes(draw: st.DrawFn) -> ThreadCode:
    """Any code: branches go anywhere."""
    size = draw(st.integers(2, 7))
    targets = st.integers(0, size).map(str)
    branches = st.builds(Branch, targets, st.one_of(_CONDITIONS, st.none()))
    lines = [Line(draw(st.one_of(_SIMPLE, branches)), i, SPAN) for i in range(size)]
    return ThreadCode(tuple(lines), {str(i): i for i in range(size + 1)})


@st.composite
def loops(draw: st.DrawFn) -> ThreadCode:
    """Code with one loop: a few lines, a round, and a way back.  Registers are read, tested, and seldom set."""
    loads = st.builds(lambda r: Load(r, X), _NAMES)
    size = draw(st.integers(3, 7))
    first = draw(st.integers(0, min(3, size - 1)))
    forward = st.integers(1, size + 1).map(str)
    branches = st.builds(Branch, forward, st.one_of(_NAMES.map(Reg), _NAMES.map(lambda name: Op("lnot", (Reg(name),)))))
    lines = [draw(st.one_of(loads, branches, branches, _SIMPLE)) for _ in range(size)]
    lines[first] = draw(loads)
    lines.append(Branch(str(first), draw(st.one_of(_NAMES.map(Reg), st.none()))))
    # A branch that would go back goes to the next line.
    straight = [
        Branch(str(i + 1), line.condition) if isinstance(line, Branch) and int(line.target) <= i < size else line
        for i, line in enumerate(lines)
    ]
    code = tuple([Line(line, i, SPAN) for i, line in enumerate(straight)])
    return ThreadCode(code, {str(i): i for i in range(size + 2)})


def _value_of(expr: Expr, registers: dict[str, int]) -> int:
    if isinstance(expr, Reg):
        return registers.get(expr.name, 0)
    if isinstance(expr, Op):
        value = apply(expr.name, tuple(_value_of(a, registers) for a in expr.args))
        assert isinstance(value, int)
        return value
    assert isinstance(expr, int)
    return expr


def run(code: ThreadCode, values: list[int], bound: int) -> dict[str, int] | None:
    """The final registers if reads return these values.  None if there are too few, or a branch goes back too often."""
    registers: dict[str, int] = {}
    taken = dict.fromkeys(range(len(code.lines)), 0)
    left = list(values)
    pc = 0
    while pc < len(code.lines):
        operation = code.lines[pc].operation
        pc += 1
        if isinstance(operation, Set):
            registers[operation.register] = _value_of(operation.value, registers)
        elif isinstance(operation, Load):
            if not left:
                return None
            registers[operation.register] = left.pop(0)
        elif isinstance(operation, Branch) and (
            operation.condition is None or _value_of(operation.condition, registers)
        ):
            target = code.labels[operation.target]
            if target < pc:
                taken[pc - 1] += 1
                if taken[pc - 1] > bound:
                    return None
            pc = target
    return {name: wrap(value) for name, value in registers.items()}
