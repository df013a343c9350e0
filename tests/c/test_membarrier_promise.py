"""The promise of sys_membarrier() as program text: who sends what to whom, and which barrier is where."""

from collections.abc import Iterable

import pytest

from litmus.c.membarrier.promise import KEPT, Membarrier, Promise
from litmus.c.tables import load_primitives, tables
from litmus.diagnostics import Source, Span
from litmus.program.code import Assume, Fence, Float, Fresh, Load, Operation, Store
from litmus.program.values import Address, Op, Reg

SPAN = Span(Source("t.litmus", "sys_membarrier()"), 0, 16)
POWER = load_primitives("power")


def spelled(operation: Operation) -> str:
    match operation:
        case Load(register, Address(base)):
            return f"{register} = {base.rstrip('#')}"
        case Store(Address(base), value):
            return f"{base.rstrip('#')} = {value}"
        case Assume(Op("eq", (Reg(name), value))):
            return f"assume {name} == {value}"
        case Fence(tags):
            return "+".join(tags)
        case Fresh():
            return "fresh"
        case Float(thread, body):
            return f"in {thread}: " + "; ".join(spelled(line.operation) for line in body)
    raise AssertionError(operation)


def text(targets: Iterable[int], kept: Promise = KEPT) -> list[str]:
    return [spelled(o) for o in Membarrier(POWER, kept).call(targets, SPAN)]


def test_the_promise_is_sent_to_all_and_then_awaited_from_all_between_two_barriers() -> None:
    assert text((0, 2)) == [
        "fresh",
        "SYNC",
        "~ipi0 = 1",
        "in 0: ~ipi = ~ipi0; assume ~ipi == 1; SYNC; ~ack0 = 1",
        "~ipi2 = 1",
        "in 2: ~ipi = ~ipi2; assume ~ipi == 1; SYNC; ~ack2 = 1",
        "~ack0 = ~ack0",
        "assume ~ack0 == 1",
        "~ack2 = ~ack2",
        "assume ~ack2 == 1",
        "SYNC",
    ]


def test_without_targets_there_is_nobody_to_wait_for() -> None:
    assert text(()) == ["fresh", "SYNC", "SYNC"]


@pytest.mark.parametrize("barrier", ["before", "handler", "after"])
def test_each_barrier_can_be_left_out_alone(barrier: str) -> None:
    whole, less = text((1,)), text((1,), Promise(**{barrier: False}))
    assert "; ".join(whole).count("SYNC") == 3
    assert "; ".join(less).count("SYNC") == 2
    position = {"before": 1, "handler": 3, "after": -1}[barrier]
    if barrier == "handler":
        assert less == [*whole[:3], whole[3].replace("SYNC; ", ""), *whole[4:]]
    else:
        del whole[position]
        assert less == whole


@pytest.mark.parametrize("table", tables())
def test_the_barriers_are_those_of_the_table(table: str) -> None:
    primitives = load_primitives(table)
    fences = [o.tags for o in Membarrier(primitives).call((1,), SPAN) if isinstance(o, Fence)]
    assert fences == [*primitives["smp_mb"].before] * 2


def test_messages_are_private_and_every_operation_has_its_place() -> None:
    operations = Membarrier(POWER).call(range(1, 12), SPAN)
    blocks = [o for o in operations if isinstance(o, Float)]
    accesses = [o for o in operations if isinstance(o, Load | Store)]
    accesses += [line.operation for block in blocks for line in block.body if isinstance(line.operation, Load | Store)]
    assert all(isinstance(o.address, Address) and o.address.base.startswith("~") for o in accesses)
    assert {line.span for block in blocks for line in block.body} == {SPAN}
    assert all([line.instruction for line in block.body] == [0, 1, 2, 3] for block in blocks)


def test_copies_of_two_calls_have_different_names() -> None:
    # Unrolling appends the number of the call to a message's name: ipi 1 of call 11 must not be ipi 11 of call 1.
    names = {o.address.base for o in Membarrier(POWER).call(range(1, 20), SPAN) if isinstance(o, Store)}
    copies = [f"{name}{copy}" for name in names for copy in range(200)]
    assert len(set(copies)) == len(copies)
