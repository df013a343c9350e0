"""What the calls of membarrier in a test share: the promise, the processes, and the state of the kernel.

The state is cells, which litmus.c.membarrier.call reads and writes.
"""

from __future__ import annotations

from msgspec import Struct, field

from litmus.c.membarrier.processes import System
from litmus.c.membarrier.promise import Membarrier
from litmus.program.code import Variable
from litmus.program.values import Address


class Calls(Struct, frozen=True):
    """What the calls of a test share: the promise, the processes, and the cells of kernel state in use."""

    promise: Membarrier
    system: System
    cells: dict[str, Variable] = field(default_factory=dict)

    def cell(self, name: str, initial: int = 0) -> Address:
        """The cell of that name, a name that no test can spell."""
        self.cells[name] = Variable(name, (initial,))
        return Address(name)
