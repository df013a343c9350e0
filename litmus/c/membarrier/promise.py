"""The promise of sys_membarrier(), as program text.

    caller:         smp_mb();  for each target t: send ipi_t;  for each t: wait for ack_t;  smp_mb();
    each target t:  at any one point: receive ipi_t;  smp_mb();  send ack_t

Source: kernel/sched/membarrier.c, membarrier_private_expedited() and ipi_mb().  The kernel interrupts only threads
that are running.  A thread that is not running has already passed such a point, so here every other thread is a target.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from msgspec import Struct

from litmus.c.tables import Primitives
from litmus.diagnostics import Span
from litmus.program.code import Assume, Fence, Float, Fresh, Line, Load, Operation, Store
from litmus.program.values import Address, Op, Reg


class Promise(Struct, frozen=True):
    """Which of the three barriers are present.  All of them are, unless a test asks what one of them is for."""

    before: bool = True  # the barrier of the caller when it enters the call
    handler: bool = True  # the barrier of each target
    after: bool = True  # the barrier of the caller before it returns


KEPT = Promise()


class Membarrier(Struct, frozen=True):
    """What sys_membarrier() is made of.

    The barriers and the accesses to messages are smp_mb(), READ_ONCE() and WRITE_ONCE() of `table`.
    """

    table: Primitives
    kept: Promise = KEPT

    def call(self, targets: Iterable[int], span: Span) -> list[Operation]:
        """The operations of one call whose targets are known.  Each operation is an instruction of its own."""
        targets = list(targets)
        operations = self.entry()
        for t in targets:
            operations += self.interrupt(t, span)
        for t in targets:
            operations += self.wait(t)
        return operations + self.exit()

    def entry(self) -> list[Operation]:
        """What comes before the first message."""
        return [Fresh(), *(self._fence() if self.kept.before else ())]

    def interrupt(self, target: int, span: Span, sets: Sequence[Operation] = ()) -> list[Operation]:
        """The message to a target, which receives it at some point.  There it executes `sets`, and then its barrier."""
        fence = self._fence() if self.kept.handler else []
        handler = [*self._receive(_ipi(target), "~ipi"), *sets, *fence, self._send(_ack(target))]
        return [
            self._send(_ipi(target)),
            Float(target, tuple([Line(o, i, span) for i, o in enumerate(handler)])),
        ]

    def wait(self, target: int) -> list[Operation]:
        """Waiting for a target's answer."""
        return self._receive(_ack(target), f"~ack{target}")

    def exit(self) -> list[Operation]:
        """What comes after the last answer."""
        return self._fence() if self.kept.after else []

    def _fence(self) -> list[Operation]:
        return [Fence(tags) for tags in self.table["smp_mb"].before]

    def _send(self, message: Address) -> Operation:
        return Store(message, 1, tags=self.table["WRITE_ONCE"].store)

    def _receive(self, message: Address, register: str) -> list[Operation]:
        load = Load(register, message, tags=self.table["READ_ONCE"].load)
        return [load, Assume(Op("eq", (Reg(register), 1)))]


# Unrolling appends the number of the call to a message's name.  The # separates the two numbers: without it, ipi 1 of
# call 11 and ipi 11 of call 1 would have the same name.


def _ipi(thread: int) -> Address:
    return Address(f"~ipi{thread}#")


def _ack(thread: int) -> Address:
    return Address(f"~ack{thread}#")
