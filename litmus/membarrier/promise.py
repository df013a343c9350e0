"""The promise of sys_membarrier(), as program text.

    caller:         smp_mb();  for each thread t: send ipi_t;  for each t: wait for ack_t;  smp_mb();
    each other t:   at one point, any: receive ipi_t;  smp_mb();  send ack_t

Source: kernel/sched/membarrier.c, membarrier_private_expedited() and ipi_mb().  A thread that is not
running has passed its point already, so that every other thread of the test is a target.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from litmus.diagnostics import Span
from litmus.program.code import Assume, Fence, Float, Fresh, Line, Load, Operation, Store
from litmus.program.primitives import Primitives
from litmus.program.values import Address, Op, Reg


@dataclass(frozen=True, slots=True)
class Promise:
    """Which of the three barriers are there; all of them, unless a test asks what one is for."""

    before: bool = True  # the caller's, at its entry
    handler: bool = True  # each target's
    after: bool = True  # the caller's, before it returns


KEPT = Promise()


def promise(
    table: Primitives, caller: int, targets: Iterable[int], span: Span, kept: Promise = KEPT
) -> list[Operation]:
    """The operations of one sys_membarrier() call of thread `caller` to the threads `targets`.

    Each is an instruction of its own.  The barriers and the messages' accesses are smp_mb(), READ_ONCE() and
    WRITE_ONCE() of `table`.
    """
    fence: list[Operation] = [Fence(tags) for tags in table["smp_mb"].before]
    load, store = table["READ_ONCE"].load, table["WRITE_ONCE"].store

    def send(message: Address) -> Operation:
        return Store(message, 1, tags=store)

    def receive(message: Address, register: str) -> list[Operation]:
        return [Load(register, message, tags=load), Assume(Op("eq", (Reg(register), 1)))]

    others = [t for t in targets if t != caller]
    operations: list[Operation] = [Fresh()]
    operations += fence if kept.before else ()
    for t in others:
        handler = [*receive(_ipi(t), "~ipi"), *(fence if kept.handler else ()), send(_ack(t))]
        operations.append(send(_ipi(t)))
        operations.append(Float(t, tuple(Line(o, i, span) for i, o in enumerate(handler))))
    for t in others:
        operations += receive(_ack(t), f"~ack{t}")
    operations += fence if kept.after else ()
    return operations


def _ipi(thread: int) -> Address:
    return Address(f"~ipi{thread}#")


def _ack(thread: int) -> Address:
    return Address(f"~ack{thread}#")
