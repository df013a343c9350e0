"""One processor: all threads of a test run on it, one at a time.

A processor sees its own accesses in program order.  When the kernel switches to another thread, that thread sees this
order too.  In program text, this is the same as a full barrier before every access.
"""

from __future__ import annotations

from litmus.c.tables import Primitives
from litmus.diagnostics import Unsupported
from litmus.program.code import PLAIN, Fence, Line, Load, Store, StoreConditional, ThreadCode

NOTE = "one CPU is online: all threads run on it, and none sees accesses out of program order"


def on_one_cpu(code: ThreadCode, table: Primitives) -> ThreadCode:
    """The code with a full barrier of the table before every instruction that accesses memory.

    Raises Unsupported for a plain access: the compiler may exchange it, and the barriers would prevent that.
    """
    fences = [Fence(tags) for tags in table["smp_mb"].before]
    accesses = {line.instruction for line in code.lines if isinstance(line.operation, Load | Store | StoreConditional)}
    lines: list[Line] = []
    places: list[int] = []  # the new number of each line; new numbers count the barriers, too
    previous = None
    for line in code.lines:
        if line.motion is PLAIN:
            message = "plain accesses are not supported where one CPU is online"
            raise Unsupported(message, line.span, "READ_ONCE or WRITE_ONCE")
        places.append(len(lines))
        number = line.instruction * 2 + 1
        if line.instruction != previous and line.instruction in accesses:
            lines += [Line(fence, number - 1, line.span) for fence in fences]
        previous = line.instruction
        lines.append(Line(line.operation, number, line.span, line.motion))
    places.append(len(lines))
    return ThreadCode(tuple(lines), {name: places[place] for name, place in code.labels.items()})
