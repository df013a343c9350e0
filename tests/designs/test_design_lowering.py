"""Lowering designs: where blocks may land, what CPUs hold at the start, and who executes what."""

from __future__ import annotations

import pytest
from working import design, graph, scenario

from litmus.c.tables import load_primitives
from litmus.designs.lowering import Lowering
from litmus.designs.matrix import Asked, derive
from litmus.designs.syntax import SIDES
from litmus.ordering.table import hardware_models
from litmus.program.code import Assume, Branch, Float, Load, Store
from litmus.program.graph import EventGraph
from litmus.program.guards import ALWAYS
from litmus.program.values import Address
from litmus.relation.rows import bits

SWITCHES = """
switch_out { WRITE_ONCE(a, 1); WRITE_ONCE(b, 1); }
switch_in { WRITE_ONCE(a, 2); WRITE_ONCE(b, 2); }
"""


def landings(of: EventGraph, block: int = 0) -> list[str]:
    """The points where a block may land: for each, the last letters of the locations of the accesses before it."""
    thread = of.blocks[block].thread
    inside = of.blocks[block].events
    own = [e for e in of.events if e.thread == thread and e.kind != "F" and not inside >> e.number & 1]

    def letter(address: object) -> str:
        assert isinstance(address, Address)
        return address.base[-1]

    return ["".join(letter(e.address) for e in own if p.before >> e.number & 1) for p in of.points[block]]


def test_an_ipi_lands_anywhere_on_the_cpu_whatever_runs_there() -> None:
    mine = design(SWITCHES + "membarrier { ipi (T) { smp_mb(); } }")
    assert landings(graph(mine, scenario("RUN"))) == ["", "x", "xy"]
    assert landings(graph(mine, scenario("OUT"))) == ["", "x", "xy", "xya", "xyab"]
    assert landings(graph(mine, scenario("IN"))) == ["", "a", "ab", "abx", "abxy"]
    assert landings(graph(mine, scenario("MID"))) == ["", "x", "xa", "xab", "xaba", "xabab", "xababy"]


def test_no_ipi_lands_where_interrupts_are_off() -> None:
    mine = design(
        "switch_out { irq_off { WRITE_ONCE(a, 1); WRITE_ONCE(b, 1); } WRITE_ONCE(a, 2); }"
        "membarrier { ipi (T) { smp_mb(); } }"
    )
    assert landings(graph(mine, scenario("OUT"))) == ["", "x", "xy", "xyab", "xyaba"]


def test_interrupts_come_back_as_they_were_before() -> None:
    mine = design(
        "switch_out { irq_off { WRITE_ONCE(a, 1); irq_off { smp_mb(); } WRITE_ONCE(b, 1); } }"
        "membarrier { quiescent (T) { smp_mb(); } }"
    )
    assert landings(graph(mine, scenario("OUT"))) == ["", "x", "xy", "xyab"]


def test_a_signal_is_handled_by_the_thread_in_user_mode() -> None:
    mine = design(SWITCHES + "membarrier { signal (T) { smp_mb(); } }")
    assert landings(graph(mine, scenario("OUT"))) == ["", "x", "xy"]
    assert landings(graph(mine, scenario("IN"))) == ["ab", "abx", "abxy"]
    assert landings(graph(mine, scenario("MID"))) == ["", "x", "xabab", "xababy"]


def test_a_quiescent_state_is_user_mode_or_another_task() -> None:
    mine = design(SWITCHES + "membarrier { quiescent (T) { smp_mb(); } }")
    assert landings(graph(mine, scenario("OUT"))) == ["", "x", "xy", "xyab"]
    assert landings(graph(mine, scenario("IN"))) == ["", "ab", "abx", "abxy"]
    assert landings(graph(mine, scenario("MID"))) == ["", "x", "xab", "xabab", "xababy"]


def test_the_threads_cpu_knows_it_at_the_start_unless_it_is_switched_in_later() -> None:
    mine = design("membarrier { }")
    for side, running in (("RUN", 1), ("OUT", 1), ("MID", 1), ("IN", 0)):
        program = Lowering(mine).program(scenario(side), load_primitives("power"))
        assert program.variables["cpu(T).curr"].cells == (running,)
        assert program.variables["cpu(T).a"].cells == (0,)


def test_plain_names_are_those_of_the_cpu_that_executes_the_block() -> None:
    mine = design(
        "switch_out { WRITE_ONCE(curr, 0); } membarrier { if (READ_ONCE(cpu(T).curr) == T)"
        " ipi (T) { WRITE_ONCE(a, 1); WRITE_ONCE(state, 1); } }"
    )
    found = {(e.thread, e.address) for e in graph(mine, scenario("OUT")).events if e.kind == "W"}
    assert {(0, Address("cpu(T).curr")), (0, Address("cpu(T).a")), (0, Address("mm.state"))} <= found


def test_a_thread_that_migrates_is_on_two_cpus_with_a_hand_over_between() -> None:
    mine = design(SWITCHES + "migrate; membarrier { for_each_cpu (c) { ipi (c) { smp_mb(); } } }")
    both = [scenario("MID", migrates=True, order=order) for order in (0, 1)]
    assert [s.cpus for s in both] == [("cpu(old)", "cpu(new)"), ("cpu(new)", "cpu(old)")]
    for s in both:
        program = Lowering(mine).program(s, load_primitives("aarch64"))
        assert program.variables["cpu(old).curr"].cells == (1,)
        assert program.variables["cpu(new).curr"].cells == (0,)
        old, caller, new = program.threads
        (released,) = [o for o in (line.operation for line in old.lines) if isinstance(o, Store) and "L" in o.tags]
        (acquired,) = [o for o in (line.operation for line in new.lines) if isinstance(o, Load) and "A" in o.tags]
        assert released.address == acquired.address == Address("moved")
        sent = [line.operation.thread for line in caller.lines if isinstance(line.operation, Float)]
        assert sent == [s.cpu_thread(cpu) for cpu in s.cpus]
    found = graph(mine, both[0], "x86")
    assert landings(found, 0) == ["", "x", "xa", "xab", "xabd"]  # d: moved, after which it is still a cpu
    assert landings(found, 1) == ["", "d", "da", "dab", "daby"]


def test_a_thread_that_migrates_is_on_one_cpu_where_it_is_switched_once() -> None:
    assert [s.cpus for s in [scenario("OUT", migrates=True), scenario("IN", migrates=True)]] == [("cpu(T)",)] * 2


def test_return_leaves_the_block_and_not_the_thread() -> None:
    mine = design("membarrier { if (READ_ONCE(cpu(T).curr) == T) return; smp_mb(); }")
    found = graph(mine, scenario("OUT"))
    reads_of_x = [e for e in found.events if e.thread == 1 and e.kind == "R" and e.address == Address("x")]
    assert len(reads_of_x) == 1  # the ways meet before it
    assert reads_of_x[0].guard == ALWAYS


def test_a_message_without_an_answer_is_not_waited_for() -> None:
    waits = graph(design("membarrier { ipi (T) { smp_mb(); } }"), scenario("RUN"))
    goes_on = graph(design("membarrier { ipi_nowait (T) { smp_mb(); } }"), scenario("RUN"))

    def cells(of: EventGraph) -> set[str]:
        return {a.base[:4] for a in of.cells if a.base[0] == "~"}

    assert cells(waits) == {"~ipi", "~ack"}
    assert cells(goes_on) == {"~ipi"}


def test_await_is_the_last_round_of_a_loop_on_whose_branch_all_that_follows_depends() -> None:
    mine = design("membarrier { await(READ_ONCE(state) == 0); WRITE_ONCE(cpu(T).a, 1); }")
    code = Lowering(mine).program(scenario("RUN"), load_primitives("power")).threads[1]
    kinds = [type(line.operation) for line in code.lines]
    at = kinds.index(Branch)
    assert kinds[at + 1] is Assume
    assert code.lines[at].operation.join is None  # type: ignore[union-attr]
    found = graph(mine, scenario("RUN"))
    (state,) = [e.number for e in found.events if e.kind == "R" and e.address == Address("mm.state")]
    later = [e.number for e in found.events if e.thread == 1 and e.number > state]
    assert set(bits(found.ctrl.rows[state])) == set(later)


@pytest.mark.parametrize("shape", ["SB+cut", "MP+cut", "LB+cut", "R+cut", "S+cut", "2+2W+cut"])
@pytest.mark.parametrize("model_name", hardware_models())
def test_with_a_cut_the_promise_forbids_the_outcome_and_an_empty_call_does_not(shape: str, model_name: str) -> None:
    """The scenario is not vacuous: without barriers, every machine that reorders T's outer accesses has the outcome."""
    matrix = derive(Asked((design("membarrier { }"),), (shape,), ("RUN",), (model_name,)))
    findings = matrix.cells[0, model_name, "RUN"].findings
    assert all(finding.promised for finding in findings)
    reordered = [f.title for f in findings if f.safe is False]
    if model_name == "x86-tso":
        assert reordered == {"SB+cut": ["SB+cut, T=WRWR"], "R+cut": ["R+cut, T=WRWR"]}.get(shape, [])
    else:
        assert len(reordered) == len(findings)


def test_with_a_cut_t_has_two_accesses_on_either_side_of_the_switch() -> None:
    def deeds(side: str) -> str:
        where = scenario(side, "SB+cut", "WRWR")
        short = {"switch_out": "<", "switch_in": ">", "barrier": ""}
        return "".join(
            short.get(s.deed) or (s.access.location if s.access else "") for s in where.threads[where.target]
        )

    assert {side: deeds(side) for side in SIDES} == {"RUN": "xzvy", "OUT": "xzvy<", "IN": ">xzvy", "MID": "xz<>vy"}
    text = scenario("MID", "SB+cut", "WRWR").source.text
    assert "P2: the caller\n\tWRITE_ONCE(z, 1);\n\tmembarrier\n\tr0 = READ_ONCE(v);  // 0\n" in text


@pytest.mark.parametrize(
    ("shape", "target", "line", "relation"),
    [
        ("LB+data", "RW", "WRITE_ONCE(y, (r0 ^ r0) + 1);", "data"),
        ("MP+addr", "RR", "r1 = READ_ONCE(*(&x + (r0 ^ r0)));", "addr"),
        ("S+ctrl", "RW", "if (r0 == r0) WRITE_ONCE(x, 1);", "ctrl"),
    ],
)
def test_a_dependency_leads_from_ts_first_access_to_its_second(
    shape: str, target: str, line: str, relation: str
) -> None:
    for side in SIDES:
        where = scenario(side, shape, target)
        assert line in where.source.text
        found = graph(design(SWITCHES + "membarrier { }"), where)
        first, second = (
            e.number for e in found.events if e.thread == where.target and e.span and e.span.source is where.source
        )
        assert set(bits(getattr(found, relation).rows[first])) == {second}


def test_what_is_removed_is_not_executed() -> None:
    whole = graph(design("membarrier { A: smp_mb(); B: smp_mb(); }"), scenario("RUN"))
    without = graph(design("membarrier { A: smp_mb(); B: smp_mb(); } remove A;"), scenario("RUN"))
    assert [sum(e.kind == "F" for e in g.events) for g in (whole, without)] == [2, 1]


def test_a_handler_may_take_a_lock() -> None:
    mine = design("membarrier { ipi (T) { spin_lock(&lock); spin_unlock(&lock); } }")
    found = graph(mine, scenario("RUN"))
    inside = [found.events[e] for e in bits(found.blocks[0].events)]
    assert [e.kind for e in inside] == ["R", "R", "W", "F", "F", "W", "W"]  # message, larx, stcx., isync; lwsync, ...


def test_the_compiler_exchanges_plain_accesses_inside_a_block_but_not_with_what_is_outside() -> None:
    alone = graph(design("switch_out { a = 1; } membarrier { }"), scenario("OUT"))
    assert alone.exchanges == {}
    two = graph(design("switch_out { a = 1; b = 1; } membarrier { }"), scenario("OUT"))
    assert len(two.exchanges) == 1
    handler = graph(design("membarrier { ipi (T) { a = 1; } }"), scenario("RUN"))
    assert handler.exchanges == {}
    caller = graph(design("membarrier { cpu(T).a = 1; }"), scenario("RUN"))
    assert caller.exchanges == {}  # not with the caller's accesses before and after
