"""The promise of sys_membarrier(), as program text.

    caller:         smp_mb();  for each thread t: send ipi_t;  for each t: wait for ack_t;  smp_mb();
    each other t:   at one point, any: receive ipi_t;  smp_mb();  send ack_t

Source: kernel/sched/membarrier.c, membarrier_private_expedited() and ipi_mb().  A thread that is not
running has passed its point already, so that every other thread of the test is a target.
"""

from __future__ import annotations

from msgspec import Struct

from litmus.diagnostics import Span
from litmus.program.code import Assume, Fence, Float, Fresh, Line, Load, Operation, Store
from litmus.program.primitives import Primitives
from litmus.program.values import Address, Op, Reg


class Promise(Struct, frozen=True):
    """Which of the three barriers are there; all of them, unless a test asks what one is for."""

    before: bool = True  # the caller's, at its entry
    handler: bool = True  # each target's
    after: bool = True  # the caller's, before it returns


KEPT = Promise()


class Membarrier(Struct, frozen=True):
    """sys_membarrier() in a test of `threads` threads: every other one is a target.

    The barriers and the accesses to messages are smp_mb(), READ_ONCE() and WRITE_ONCE() of `table`.
    """

    table: Primitives
    threads: int
    kept: Promise = KEPT

    def call(self, caller: int, span: Span) -> list[Operation]:
        """The operations of one call by thread `caller`, each an instruction of its own."""
        kept = self.kept
        fence = [Fence(tags) for tags in self.table["smp_mb"].before]
        targets = [t for t in range(self.threads) if t != caller]
        operations: list[Operation] = [Fresh()]
        operations += fence if kept.before else ()
        for t in targets:
            handler = [*self._receive(_ipi(t), "~ipi"), *(fence if kept.handler else ()), self._send(_ack(t))]
            operations.append(self._send(_ipi(t)))
            operations.append(Float(t, tuple([Line(o, i, span) for i, o in enumerate(handler)])))
        for t in targets:
            operations += self._receive(_ack(t), f"~ack{t}")
        operations += fence if kept.after else ()
        return operations

    def _send(self, message: Address) -> Operation:
        return Store(message, 1, tags=self.table["WRITE_ONCE"].store)

    def _receive(self, message: Address, register: str) -> tuple[Operation, Operation]:
        load = Load(register, message, tags=self.table["READ_ONCE"].load)
        return load, Assume(Op("eq", (Reg(register), 1)))


# Unrolling appends the number of the call to a message's name; the # keeps ipi 1, call 11 from ipi 11, call 1.


def _ipi(thread: int) -> Address:
    return Address(f"~ipi{thread}#")


def _ack(thread: int) -> Address:
    return Address(f"~ack{thread}#")
