"""Emission: the lines of one thread as they are produced, with labels and the reach of its branches."""

from __future__ import annotations

from msgspec.structs import replace

from litmus.c import syntax as c
from litmus.c.tables import Fences, Row
from litmus.diagnostics import Place
from litmus.program.code import FIXED, VOLATILE, Branch, Fence, Line, Load, Motion, Operation, ThreadCode
from litmus.program.values import Expr, Reg


class Emitter:
    """The operations of one thread, in order.

    Registers that no test can name begin with `$`.  Labels that no test can name begin with `.`.
    """

    def __init__(self, function: c.Function) -> None:
        self.function = function
        self.lines: list[Line] = []
        self.labels: dict[str, int] = {}
        self.instruction = -1
        self.registers = 0
        self.scoped: list[int] = []  # lines with a branch whose control dependency ends with the statement it decides

    def emit(self, operation: Operation, at: Place, joined: bool = False, motion: Motion = FIXED) -> None:
        """Append an operation.  `joined`: it belongs to the same instruction as the operation before it."""
        if not joined:
            self.instruction += 1
        self.lines.append(Line(operation, self.instruction, self.function.span(at), motion))

    def register(self) -> str:
        """A new register."""
        self.registers += 1
        return f"${self.registers}"

    def label(self) -> str:
        """A new label, which has no place yet."""
        name = f".{len(self.labels)}"
        self.labels[name] = -1
        return name

    def place(self, label: str) -> None:
        """Place `label` here, before the next line."""
        self.labels[label] = len(self.lines)

    def branch(self, target: str, condition: Expr, at: Place) -> None:
        """A branch of the C program.  The control dependency on it ends where its two ways meet again.

        If the condition is a known number, the branch becomes a jump, or nothing.
        """
        if isinstance(condition, int):
            if condition:
                self.emit(Branch(target), at)
        else:
            self.scoped.append(len(self.lines))
            self.emit(Branch(target, condition), at)

    def fences(self, of: Fences, at: Place) -> None:
        """Emit fences, one after the other."""
        for tags in of:
            self.emit(Fence(tags), at)

    def after(self, row: Row, read: Expr, at: Place) -> None:
        """Emit the fences after an access that read `read`.  If the row has a branch, it comes before them."""
        if row.branch:
            # bne to the next instruction: it skips nothing, but all that follows has a control dependency on the value.
            label = self.label()
            self.emit(Branch(label, read), at, motion=VOLATILE)
            self.place(label)
        self.fences(row.after, at)

    def retarget(self, register: str, to: str) -> bool:
        """If the last line loads into the temporary `register`, make it load into `to` instead.  True if it did."""
        last = self.lines[-1].operation if self.lines else None
        if not isinstance(last, Load) or last.register != register or register[0] != "$":
            return False
        self.lines[-1] = replace(self.lines[-1], operation=replace(last, register=to))
        return True

    def code(self) -> ThreadCode:
        """The emitted thread.  Every branch of C has the label at which dependencies on it end (`Branch.join`)."""
        if self.scoped:
            self._find_joins()
        return ThreadCode(tuple(self.lines), self.labels)

    def _find_joins(self) -> None:
        """Set the `join` of every branch of C: the two ways of a branch meet at its nearest postdominator."""
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
        """For each line, the mask of its postdominators: the lines that are on every way from it to the end.

        A line is a postdominator of itself.  A branch backwards is treated as if it went on to the next line.  So the
        dependency on a branch that leaves a loop reaches at least to the end of the loop.
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
    """If an expression is a register that no test can name, the name of that register; otherwise None."""
    return expr.name if isinstance(expr, Reg) and expr.name[0] == "$" else None
