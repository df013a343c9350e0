"""Which designs can deadlock, and what is said of it: by hand, on each side, under each model."""

from __future__ import annotations

from functools import cache

import pytest
from working import design

from litmus.designs.matrix import Asked, Liveness, derive
from litmus.designs.syntax import SIDES, Design
from litmus.ordering.table import hardware_models

WEAK = ("power", "arm", "aarch64", "riscv")

# A switch under rq->lock with interrupts off, and one with interrupts on.
OUT = "switch_out { irq_off { spin_lock(&lock); WRITE_ONCE(curr, 0); spin_unlock(&lock); } }"
IN = "switch_in { irq_off { spin_lock(&lock); WRITE_ONCE(curr, T); spin_unlock(&lock); } }"
OUT_ON, IN_ON = (hook.replace("irq_off { ", "").replace("} }", "}") for hook in (OUT, IN))
ASKS = "if (READ_ONCE(cpu(T).curr) == T) ipi (T) { smp_mb(); }"
HOLDS = f"membarrier {{ spin_lock(&cpu(T).lock); {ASKS} spin_unlock(&cpu(T).lock); }}"


def liveness(of: Design, *models: str) -> dict[tuple[str, str], Liveness]:
    matrix = derive(Asked((of,), ("2+2W",), SIDES, models))
    return {(model, side): cell.liveness for (_, model, side), cell in matrix.cells.items()}


def sides(of: Design, model: str = "x86-tso") -> str:
    """The sides on which a design can deadlock; those on which it is stuck are in brackets."""
    found = liveness(of, model)
    words = [f"({side})" if not one.completes else side for (_, side), one in found.items() if one.blocked is not None]
    return " ".join(words)


@pytest.mark.parametrize("model", hardware_models())
def test_a_caller_that_holds_the_lock_of_the_switch_while_it_waits_for_an_answer_can_deadlock(model: str) -> None:
    """The caller interrupts T only if it sees T running.  So it is the switch-out that waits: on OUT and on MID."""
    mine = design(OUT + IN + HOLDS)
    assert sides(mine, model) == "OUT MID"
    said = liveness(mine, model)[model, "OUT"].blocked
    assert said == (
        "A waits in line 1 for the answer to its ipi; T waits in line 1 for spin_lock(&lock), where no ipi is taken; "
        "lock=1 since A's spin_lock(&cpu(T).lock) in line 1"
    )


def test_a_caller_that_releases_the_lock_before_it_waits_cannot() -> None:
    releases = "membarrier { spin_lock(&cpu(T).lock); spin_unlock(&cpu(T).lock); ipi (T) { smp_mb(); } }"
    assert sides(design(OUT + IN + releases)) == ""


def test_a_switch_that_waits_for_the_lock_with_interrupts_on_takes_the_interrupt() -> None:
    assert sides(design(OUT_ON + IN_ON + HOLDS)) == ""


def test_a_handler_that_takes_a_lock_which_the_switch_holds_with_interrupts_on_can_deadlock() -> None:
    """The CPU that holds the lock also waits for it, in the handler."""
    takes = "membarrier { ipi (T) { spin_lock(&lock); spin_unlock(&lock); } }"
    mine = design(OUT_ON + IN_ON + takes)
    assert sides(mine) == "OUT IN MID"
    said = liveness(mine, "x86-tso")["x86-tso", "OUT"].blocked
    assert said is not None
    assert "T, in the ipi, waits in line 1 for spin_lock(&lock); lock=1 since T's spin_lock(&lock)" in said
    assert sides(design(OUT + IN + takes)) == ""


def test_a_handler_that_waits_for_the_lock_of_its_caller_is_stuck_on_every_side() -> None:
    both = (
        "membarrier { spin_lock(&cpu(T).lock); ipi (T) { spin_lock(&lock); spin_unlock(&lock); }"
        " spin_unlock(&cpu(T).lock); }"
    )
    assert sides(design(both)) == "(RUN) (OUT) (IN) (MID)"


def test_two_locks_in_two_orders_can_deadlock() -> None:
    """A has `state_lock` and wants `lock`, T has `lock` and wants `state_lock`."""
    two = OUT.replace("WRITE", "spin_lock(&other); WRITE").replace("0);", "0); spin_unlock(&other);")
    nested = "spin_lock(&{0}); spin_lock(&{1}); spin_unlock(&{1}); spin_unlock(&{0});"
    cpu = "cpu { spinlock_t lock; spinlock_t other; int curr = T; }"

    def mine(first: str, second: str) -> Design:
        head, _, rest = "", "", f"membarrier {{ {nested.format(f'cpu(T).{first}', f'cpu(T).{second}')} }}"
        return _with_state(cpu, head + two + rest)

    assert sides(mine("other", "lock")) == "OUT MID"
    assert sides(mine("lock", "other")) == ""


@cache
def _with_state(cpu: str, blocks: str) -> Design:
    from litmus.designs.parsing import read_design
    from litmus.diagnostics import Source

    (found,) = read_design(Source("mine.design", f'design mine "claim" {cpu} {blocks}')).designs()
    return found


def test_a_lock_that_is_taken_twice_or_kept_is_found() -> None:
    assert sides(design("membarrier { spin_lock(&cpu(T).lock); spin_lock(&cpu(T).lock); }")) == "(RUN) (OUT) (IN) (MID)"
    assert sides(design(OUT + IN + "membarrier { spin_lock(&cpu(T).lock); }")) == "OUT IN MID"


def test_a_lock_that_the_next_switch_releases_is_not_kept_for_ever() -> None:
    """rq->lock is passed from task to task: T takes it when it is switched out, and releases it when it is back."""
    passed = "switch_out { spin_lock(&lock); } switch_in { spin_unlock(&lock); }"
    assert sides(design(passed + "membarrier { spin_lock(&cpu(T).lock); spin_unlock(&cpu(T).lock); }")) == ""


def test_a_signal_that_is_not_taken_while_t_is_switched_out_waits_for_its_return() -> None:
    """On OUT, T does not come back in the scenario.  It comes back later, unless its way back waits for the caller."""
    waits = "membarrier { signal (T) { smp_mb(); } }"
    assert sides(design(OUT + IN + waits)) == ""
    holds = "membarrier { spin_lock(&cpu(T).lock); signal (T) { smp_mb(); } spin_unlock(&cpu(T).lock); }"
    assert sides(design(OUT + IN + holds)) == "OUT IN MID"


def test_a_call_that_waits_for_the_next_switch_is_stuck_only_where_none_is_and_never_a_deadlock() -> None:
    assert sides(design(OUT + IN + "membarrier { await(READ_ONCE(cpu(T).curr) == 0); }")) == "(RUN)"


def test_a_wakeup_is_lost_where_the_models_let_the_request_come_last() -> None:
    """A writes a request into `state` and then sends a message; the handler writes its answer into `state` too.

    The message orders the two writes to `state` only if A's request and message are in order.  This is the shape S,
    with a control dependency in T.  x86-tso keeps writes in order, the other models do not.
    """
    asks = (
        "membarrier {{ WRITE_ONCE(state, 1); {} ipi_nowait (T) {{ WRITE_ONCE(state, 0); }}"
        " await(READ_ONCE(state) == 0); }}"
    )
    bare, fenced = design(asks.format("")), design(asks.format("smp_wmb();"))
    assert {model: sides(bare, model) for model in hardware_models()} == {
        "x86-tso": "",
        **dict.fromkeys(WEAK, "RUN OUT IN MID"),
    }
    assert {model: sides(fenced, model) for model in hardware_models()} == dict.fromkeys(hardware_models(), "")
    said = liveness(bare, "power")["power", "RUN"].blocked
    assert said == (
        "A waits in line 1 for await(READ_ONCE(state) == 0); state=1 since A's WRITE_ONCE(state, 1) in line 1, which "
        "reaches memory after T's WRITE_ONCE(state, 0) in line 1"
    )


def test_await_of_two_variables_goes_on_only_where_both_let_it() -> None:
    both = "switch_out {{ WRITE_ONCE(a, 1); {} }} membarrier {{ await(READ_ONCE(cpu(T).a) && READ_ONCE(cpu(T).b)); }}"
    assert sides(design(both.format(""))) == "(RUN) (OUT) (IN) (MID)"
    assert sides(design(both.format("WRITE_ONCE(b, 1);"))) == "(RUN) (IN)"


def test_a_thread_that_migrates_can_hold_up_its_caller_on_either_cpu() -> None:
    mine = design(
        "migrate;" + OUT + IN + "membarrier { for_each_cpu (c) { spin_lock(&cpu(c).lock); "
        "if (READ_ONCE(cpu(c).curr) == T) ipi (c) { smp_mb(); } spin_unlock(&cpu(c).lock); } }"
    )
    assert sides(mine) == "OUT MID"
