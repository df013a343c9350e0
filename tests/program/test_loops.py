"""Loops: which lines decide whether another round is made, and how far loops are followed."""

from __future__ import annotations

import pytest
from graphs import SPAN, Execution, X, finals, thread, ways
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from looping import add, below, codes, run

from litmus import Options, check
from litmus.diagnostics import Unsupported
from litmus.program import draft as draft_module
from litmus.program import walk as walk_module
from litmus.program.build import unroll
from litmus.program.code import (
    Branch,
    Load,
    Operation,
    Program,
    Set,
    Store,
    StoreConditional,
    ThreadCode,
    Variable,
)
from litmus.program.graph import EventGraph
from litmus.program.loops import loops_of
from litmus.program.values import Op, Reg

R = Reg("r")


def graph_of(*operations: Operation | str, bound: int = 2) -> EventGraph:
    """The graph of one thread.  Rounds without effect are followed like others."""
    program = Program("test", (thread(*operations),), {"x": Variable("x")}, ({},))
    return unroll(program, bound, exchange=False, idle="followed")


def deciding(*operations: Operation | str) -> list[list[int]]:
    """For each loop, in the order of first lines, the lines that may decide about it."""
    code = thread(*operations)
    found = loops_of(code.lines, code.labels)
    assert found is not None
    return [[i for i in range(len(code.lines)) if loop.deciding >> i & 1] for loop in found.all]


# ---------------------------------------------------------------- which lines decide


def test_code_without_a_branch_back_has_no_loops() -> None:
    code = thread(Load("r", X), Branch("L", R), Store(X, 1), "L")
    assert loops_of(code.lines, code.labels) is None


def test_a_branch_whose_ways_meet_again_in_the_round_decides_nothing() -> None:
    counted = ("L", Load("r", X), Branch("M", R), Store(X, 1), "M", add("i", 1), Branch("L", below("i", 5)))
    assert deciding(*counted) == [[3, 4]]


def test_a_branch_that_decides_what_the_condition_is_computed_from_decides() -> None:
    progress = ("L", Load("r", X), Branch("M", R), add("i", 1), "M", Set("j", Reg("i")), Branch("L", below("j", 5)))
    assert deciding(*progress) == [[0, 1, 2, 3, 4]]


def test_a_branch_out_of_the_middle_decides() -> None:
    leaving = ("L", Load("r", X), Branch("END", R), Store(X, 1), Branch("L"), "END")
    assert deciding(*leaving) == [[0, 1]]


def test_a_branch_around_the_way_out_decides() -> None:
    around = ("L", Load("r", X), Branch("M", R), Branch("END"), "M", Store(X, 1), Branch("L"), "END")
    assert deciding(*around) == [[0, 1]]


def test_whether_a_store_succeeds_decides_where_its_status_is_looked_at() -> None:
    retry = ("L", Load("r", X, reserve=True), StoreConditional(X, 1, "s", 0, 1), Branch("L", Reg("s")))
    assert deciding(*retry) == [[1, 2]]
    ignored = ("L", Load("r", X, reserve=True), StoreConditional(X, 1, "s", 0, 1), add("i", 1),
               Branch("L", below("i", 3)))  # fmt: skip
    assert deciding(*ignored) == [[2, 3]]


def test_an_inner_loop_decides_nothing_about_the_outer_one() -> None:
    nested = ("O", "L", Load("r", X), Branch("L", R), add("i", 1), Branch("O", below("i", 2)))
    (both,) = deciding(*nested)  # with one first line they are one loop
    assert both == [0, 1, 2, 3]
    apart = ("O", Store(X, 1), "L", Load("r", X), Branch("L", R), add("i", 1), Branch("O", below("i", 2)))
    assert deciding(*apart) == [[3, 4], [1, 2]]


# ---------------------------------------------------------------- how far they are followed


@pytest.mark.parametrize("bound", [1, 2])
def test_a_loop_whose_end_is_known_is_followed_to_it(bound: int) -> None:
    graph = graph_of("L", Store(X, Reg("i")), add("i", 1), Branch("L", below("i", 7)), bound=bound)
    assert [e.value for e in graph.events if e.thread == 0] == list(range(7))
    assert [leaf.registers["i"] for leaf in graph.leaves[0]] == [7]
    assert not graph.cuts


def test_what_is_read_in_a_loop_whose_end_is_known_makes_paths_but_cuts_none() -> None:
    counted = ("L", Load("r", X), Branch("M", R), add("n", 1), "M", add("i", 1), Branch("L", below("i", 4)))
    graph = graph_of(*counted, bound=1)
    assert len(ways(graph)) == 2**4
    assert set(finals(graph, "n")) == {0, 1, 2, 3, 4}
    assert not graph.cuts


@pytest.mark.parametrize("bound", [1, 2, 3])
def test_rounds_whose_end_depends_on_reads_count(bound: int) -> None:
    leaving = ("L", Load("r", X), Branch("END", R), Branch("L"), "END")  # while (1) { if (*x) break; }
    graph = graph_of(*leaving, bound=bound)
    assert len(ways(graph)) == bound + 1
    assert list(graph.cuts.values()) == [SPAN]
    progress = ("L", Load("r", X), Branch("M", R), add("i", 1), "M", Branch("L", below("i", 2)))
    graph = graph_of(*progress, bound=bound)  # while (i < 2) if (!*x) i++;
    assert len(ways(graph)) == bound * (bound + 1) // 2  # the second failure in the last of 2 to bound + 1 rounds
    assert len(graph.cuts) == 2  # with one failure in bound + 1 rounds, or none


def test_rounds_that_are_known_do_not_count_beside_others() -> None:
    """Reads decide only in rounds 0 and 1.  Three more rounds follow."""
    early = Op("and", (below("i", 2), R))
    graph = graph_of("L", Load("r", X), add("i", 1), Branch("END", early), Branch("L", below("i", 5)), "END", bound=2)
    assert set(finals(graph, "i")) == {1, 5}
    assert not graph.cuts
    assert graph_of("L", Load("r", X), add("i", 1), Branch("END", R), Branch("L", below("i", 50)), "END", bound=2).cuts


@pytest.mark.parametrize("bound", [1, 2])
def test_a_loop_whose_last_round_is_near_is_followed_to_it_though_reads_may_end_it(bound: int) -> None:
    """for (i = 0; i < 5; i++) if (*x) break;"""
    leaving = ("L", Load("r", X), Branch("END", R), add("i", 1), Branch("L", below("i", 5)), "END")
    graph = graph_of(*leaving, bound=bound)
    assert finals(graph, "i") == [0, 1, 2, 3, 4, 5]
    assert not graph.cuts


def test_a_loop_that_reads_bring_to_its_end_sooner_or_later_is_followed_to_it() -> None:
    """while (i < 4) if (*x) i++; else i += 2;"""
    uneven = ("L", Load("r", X), Branch("M", R), add("i", 1), "M", add("i", 1), Branch("L", below("i", 4)))
    graph = graph_of(*uneven, bound=1)
    assert set(finals(graph, "i")) == {4, 5}
    assert len(ways(graph)) == 8  # the ways to 4 or 5 by steps of 1 and 2
    assert not graph.cuts


def test_a_count_that_a_read_resets_may_never_end() -> None:
    """for (i = 0; i < 3; i++) if (*x) i = 0;"""
    reset = ("L", Load("r", X), Branch("M", Op("lnot", (R,))), Set("i", 0), "M", add("i", 1),
             Branch("L", below("i", 3)))  # fmt: skip
    assert graph_of(*reset).cuts


def test_a_loop_inside_that_may_not_end_is_cut_and_the_outer_one_is_not() -> None:
    """for (i = 0; i < 2; i++) { while (*x == 0); if (*x) break; }"""
    inner = ("O", Store(X, 1), "L", Load("r", X), Branch("L", Op("lnot", (R,))))
    outer = (Load("s", X), Branch("END", Reg("s")), add("i", 1), Branch("O", below("i", 2)), "END")
    graph = graph_of(*inner, *outer, bound=1)
    assert set(finals(graph, "i")) == {0, 1, 2}
    assert len(graph.cuts) == 1 + 2  # in the first round, and in the second one after each way there


def test_where_following_to_a_near_end_makes_too_many_events_rounds_are_counted() -> None:
    """for (i = 0; i < 8; i++) { if (*x) break; 600 accesses }  There is room for 6 rounds."""
    head, tail = ("L", Load("r", X), Branch("E", R)), (add("i", 1), Branch("L", below("i", 8)), "E")
    assert graph_of(*head, *[Store(X, 1)] * 600, *tail, bound=1).cuts
    assert not graph_of(*head, *tail, bound=1).cuts


def test_what_decided_that_an_inner_loop_was_left_does_not_count_when_it_is_entered_again() -> None:
    """If i is even, a read may end the inner loop in its first round.  If i is odd, the inner loop makes two rounds."""
    leave = Op("and", (Op("eq", (Op("and", (Reg("i"), 1)), 0)), R))
    inner = ("L", Load("r", X), Branch("OUT", leave), add("j", 1), Branch("L", below("j", 2)), "OUT")
    graph = graph_of("O", Set("j", 0), *inner, add("i", 1), Branch("O", below("i", 4)), bound=1)
    holds = graph.guards.holds
    made = [
        [value for d, value in zip(graph.decisions, way, strict=True) if holds(d.guard, way)] for way in ways(graph)
    ]
    assert any(map(all, made))


def test_failures_of_a_store_conditional_count() -> None:
    retry = ("L", Load("r", X, reserve=True), StoreConditional(X, 1, "s", 0, 1), Branch("L", Reg("s")))
    graph = graph_of(*retry, bound=2)
    assert len(ways(graph)) == 3
    assert len(graph.cuts) == 1


# ---------------------------------------------------------------- against running the code


@settings(deadline=None)
@given(codes(), st.lists(st.integers(0, 2), min_size=3, max_size=8), st.integers(1, 3))
def test_what_ends_within_the_bound_is_found_and_nothing_else_is(
    code: ThreadCode, values: list[int], bound: int
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(walk_module, "MAXIMUM_STEPS", 300)
        patch.setattr(draft_module, "MAXIMUM_EVENTS", 200)
        program = Program("test", (code,), {"x": Variable("x")}, ({},))
        try:
            graph = unroll(program, bound, exchange=False, idle="followed")
        except Unsupported:
            assume(False)
    found = Execution(graph, values).final()
    expected = run(code, values, bound)
    if expected is not None:
        assert same(found, expected)
    elif found is not None:
        assert same(found, run(code, values, 300))  # rounds that do not count are more
    if not graph.cuts and sum(e.thread == 0 for e in graph.events) <= len(values):
        assert found is not None


def same(found: dict[str, int] | None, expected: dict[str, int] | None) -> bool:
    """Whether registers hold the same; those that are missing hold 0."""
    if found is None or expected is None:
        return found is expected
    return all(found.get(name, 0) == expected.get(name, 0) for name in found.keys() | expected.keys())


# ---------------------------------------------------------------- in every notation

COUNTED = {
    "X86": "MOV EAX,$5\nL:\nINC EBX\nDEC EAX\nJNE L",
    "PPC": "li r1,5\nL:\naddi r2,r2,1\naddi r1,r1,-1\ncmpwi r1,0\nbne L",
    "ARM": "MOV R1,#5\nL:\nADD R2,R2,#1\nSUBS R1,R1,#1\nBNE L",
    "AArch64": "MOV W1,#5\nL:\nADD W2,W2,#1\nSUB W1,W1,#1\nCBNZ W1,L",
    "RISCV": "ori x5,x0,5\nL:\naddi x6,x6,1\naddi x5,x5,-1\nbne x5,x0,L",
}
COUNTER = {"X86": "EBX", "PPC": "r2", "ARM": "R2", "AArch64": "X2", "RISCV": "x6"}


@pytest.mark.parametrize("arch", COUNTED)
@pytest.mark.parametrize("engine", ["auto", "z3", "enumerate"])
def test_a_counted_loop_ends_in_every_instruction_set(arch: str, engine: str) -> None:
    code = "".join(f" {line} ;\n" for line in COUNTED[arch].splitlines())
    for rounds, ok in ((5, True), (7, False)):
        text = f"{arch} count\n{{ }}\n P0 ;\n{code}forall (0:{COUNTER[arch]}={rounds})\n"
        result = check(text, options=Options(engine=engine), unroll=1)  # type: ignore[arg-type]
        assert result.answer is not None, result.error
        assert (result.ok, result.answer.bound_reached) == (ok, False)


@pytest.mark.parametrize(
    "loop",
    [
        "for (i = 0; i < 3; i++) WRITE_ONCE(*x, i);",
        "while (i < 3) { WRITE_ONCE(*x, i); i = i + 1; }",
        "do { WRITE_ONCE(*x, i); } while (++i < 3);",
        "again: WRITE_ONCE(*x, i); if (++i < 3) goto again;",
        "while (1) { WRITE_ONCE(*x, i); if (++i == 3) break; }",
        "for (; ; i++) { if (i == 3) break; if (i == 1) continue; WRITE_ONCE(*x, i); }",
        "for (i = 0; i < 3; i++) { if (READ_ONCE(*y)) WRITE_ONCE(*z, 1); WRITE_ONCE(*x, i); }",
        "for (i = 0; i < 3; i++) { cmpxchg(z, 0, 1); WRITE_ONCE(*x, i); }",
    ],
)
@pytest.mark.parametrize("model", ["sc", "power"])
def test_a_counted_loop_ends_in_c(loop: str, model: str) -> None:
    text = f"C count\n{{ }}\nP0(int *x, int *y, int *z) {{ int i = 0; {loop} }}\nforall (x=2 /\\ 0:i=3)\n"
    result = check(text, model, unroll=1)
    assert result.answer is not None, result.error
    assert (result.ok, result.answer.bound_reached) == (True, False)


@settings(deadline=None)
@given(st.lists(st.sampled_from(["r = READ_ONCE(*x);", "WRITE_ONCE(*y, r);", "if (r) WRITE_ONCE(*y, 2);", "r++;"]),
                min_size=1, max_size=3), st.integers(0, 3))  # fmt: skip
def test_a_counted_loop_is_what_its_rounds_are_in_a_row(body: list[str], rounds: int) -> None:
    once = " ".join(body)
    loop, row = (
        check(
            f"C loop\n{{ }}\nP0(int *x, int *y) {{ int r = 0; {code} }}\nP1(int *x) {{ WRITE_ONCE(*x, 1); }}\n"
            "locations [0:r; x; y;]\nexists (y=2)\n",
            "sc",
        )
        for code in (f"for (int i = 0; i < {rounds}; i++) {{ {once} }}", once * rounds)
    )
    assert loop.answer is not None
    assert row.answer is not None
    found, wanted = loop.answer, row.answer
    assert (found.verdict, found.states, found.positive) == (wanted.verdict, wanted.states, wanted.positive)


# ---------------------------------------------------------------- limits


def error_of(text: str) -> tuple[str, str]:
    """What an error says, and the text that it points at."""
    result = check(text, "sc")
    assert result.exit_code == 3
    assert result.error is not None
    assert result.error.span is not None
    return result.error.message, result.error.span.text


def test_a_loop_without_an_end_is_named_at_its_branch() -> None:
    message, where = error_of("X86 T\n{ x=0; }\n P0 ;\n MOV [x],$1 ;\nL: ;\n JMP L ;\nexists (x=0)\n")
    assert (message, where) == ("P0 never leaves this loop", "JMP L")


def test_a_loop_that_counts_without_an_end_is_named_at_its_branch() -> None:
    message, where = error_of("X86 T\n{ x=0; }\n P0 ;\n MOV [x],$1 ;\nL: ;\n INC EAX ;\n JMP L ;\nexists (x=0)\n")
    assert message.endswith("rounds, and its end was not reached")
    assert message.startswith("this loop was followed for ")
    assert where == "JMP L"


def test_a_loop_that_counts_to_a_million_is_refused_and_named() -> None:
    message, where = error_of("C T\n{ }\nP0(int *x) { for (int i = 0; i < 1000000; i++) ; }\nexists (x=0)\n")
    assert "rounds, and its end was not reached" in message
    assert where.startswith("for (int i = 0;")


def test_too_many_events_of_a_loop_are_told_with_its_rounds_so_far() -> None:
    body = "for (int j = 0; j < 2; j++) ; for (int i = 0; i < 9000; i++) WRITE_ONCE(*x, i);"
    message, where = error_of(f"C T\n{{ }}\nP0(int *x) {{ {body} }}\nexists (x=0)\n")
    assert message == "following this loop gives more than 4000 events (3999 rounds so far)"
    assert where.startswith("for (int i = 0;")


def test_too_many_events_behind_a_loop_are_not_blamed_on_it() -> None:
    body = "for (int j = 0; j < 2; j++) ;" + "WRITE_ONCE(*x, 1);" * 4001
    message, _ = error_of(f"C T\n{{ }}\nP0(int *x) {{ {body} }}\nexists (x=0)\n")
    assert message == "unrolling gives more than 4000 events"


def test_of_nested_loops_the_one_that_goes_round_most_is_named() -> None:
    body = "for (int i = 0; i < 1000; i++) { for (int j = 0; j < 1000; j++) ; }"
    _, where = error_of(f"C T\n{{ }}\nP0(int *x) {{ {body} }}\nexists (x=0)\n")
    assert where.startswith("for (int j = 0;")
