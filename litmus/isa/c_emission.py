"""Emission: the lines of one thread as they are produced, with labels and the reach of its branches."""

from __future__ import annotations

from msgspec.structs import replace

from litmus.program.code import FIXED, Branch, Line, Load, Motion, Operation, ThreadCode
from litmus.program.values import Expr, Reg
from litmus.source import c_syntax as c


class Emitter:
    """The operations of one thread, in order.

    Registers that no test can name begin with `$`, labels that no test can name with `.`.
    """

    def __init__(self, function: c.Function) -> None:
        self.function = function
        self.lines: list[Line] = []
        self.labels: dict[str, int] = {}
        self.instruction = -1
        self.registers = 0
        self.scoped: list[int] = []  # the lines whose branches reach only as far as the statement they decide

    def emit(self, operation: Operation, at: c.At, joined: bool = False, motion: Motion = FIXED) -> None:
        """Append an operation; `joined`: it belongs to the instruction before it."""
        if not joined:
            self.instruction += 1
        self.lines.append(Line(operation, self.instruction, self.function.span(at), motion))

    def register(self) -> str:
        """A new register."""
        self.registers += 1
        return f"${self.registers}"

    def label(self) -> str:
        """A new label, to be placed."""
        name = f".{len(self.labels)}"
        self.labels[name] = -1
        return name

    def place(self, label: str) -> None:
        """Here is where `label` stands."""
        self.labels[label] = len(self.lines)

    def branch(self, target: str, condition: Expr, at: c.At) -> None:
        """A branch of the C program: what depends on it ends where its two ways meet again.

        A condition that is known leaves a jump, or nothing.
        """
        if isinstance(condition, int):
            if condition:
                self.emit(Branch(target), at)
        else:
            self.scoped.append(len(self.lines))
            self.emit(Branch(target, condition), at)

    def retarget(self, register: str, to: str) -> bool:
        """Let the last line load into `to`, if it is the load of the temporary `register`."""
        last = self.lines[-1].operation if self.lines else None
        if not isinstance(last, Load) or last.register != register or register[0] != "$":
            return False
        self.lines[-1] = replace(self.lines[-1], operation=replace(last, register=to))
        return True

    def code(self) -> ThreadCode:
        """The thread as emitted, with the reach of every branch."""
        if self.scoped:
            self._find_joins()
        return ThreadCode(tuple(self.lines), self.labels)

    def _find_joins(self) -> None:
        """A branch's ways meet at its nearest postdominator."""
        postdominators = self._postdominators()
        names = {index: name for name, index in self.labels.items()}
        for index in self.scoped:
            others = postdominators[index] ^ 1 << index
            join = (others & -others).bit_length() - 1
            if join < len(self.lines):
                name = names.setdefault(join, f".{len(self.labels)}")
                self.labels[name] = join
                line = self.lines[index]
                self.lines[index] = replace(line, operation=replace(line.operation, join=name))

    def _postdominators(self) -> list[int]:
        """For each line, the mask of the lines on every way from it to the end, itself included.

        A way back is taken to go on instead: what decides whether a loop is left reaches at least to its end.
        """
        end = len(self.lines)
        result = [0] * end + [1 << end]
        for index in range(end - 1, -1, -1):
            operation = self.lines[index].operation
            ways = result[index + 1]
            if isinstance(operation, Branch):
                target = self.labels[operation.target]
                if target > index:
                    ways = result[target] if operation.condition is None else result[target] & ways
            result[index] = ways | 1 << index
        return result


def temporary(expr: Expr) -> str | None:
    """The name of the register that an expression is, if it is one that no test can name."""
    return expr.name if isinstance(expr, Reg) and expr.name[0] == "$" else None
