"""Loops: which lines decide whether another round is made, and how far loops are followed."""

from __future__ import annotations

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from litmus import Options, check
from litmus.diagnostics import Source, Span, Unsupported
from litmus.program import loops as loops_module
from litmus.program import unroll as unroll_module
from litmus.program.code import (
    Branch,
    Line,
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
from litmus.program.unroll import unroll
from litmus.program.values import Address, Expr, Op, ReadOf, Reg, apply, wrap

X = Address("x")
SPAN = Span(Source("test", "code\n"), 0, 4)
R = Reg("r")


def thread(*operations: Operation | str) -> ThreadCode:
    """A thread; a string is a label."""
    lines: list[Line] = []
    labels: dict[str, int] = {}
    for operation in operations:
        if isinstance(operation, str):
            labels[operation] = len(lines)
        else:
            lines.append(Line(operation, len(lines), SPAN))
    return ThreadCode(tuple(lines), labels)


def add(register: str, value: int) -> Set:
    return Set(register, Op("add", (Reg(register), value)))


def below(register: str, value: int) -> Op:
    return Op("lt", (Reg(register), value))


def graph_of(*operations: Operation | str, bound: int = 2) -> EventGraph:
    program = Program("test", (thread(*operations),), {"x": Variable("x")}, ({},))
    return unroll(program, bound, exchange=False)


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
    assert len(graph.leaves[0]) == 2**4
    assert {leaf.registers.get("n", 0) for leaf in graph.leaves[0]} == {0, 1, 2, 3, 4}
    assert not graph.cuts


@pytest.mark.parametrize("bound", [1, 2, 3])
def test_rounds_whose_end_depends_on_reads_count(bound: int) -> None:
    leaving = ("L", Load("r", X), Branch("END", R), Branch("L"), "END")  # while (1) { if (*x) break; }
    graph = graph_of(*leaving, bound=bound)
    assert len(graph.leaves[0]) == bound + 1
    assert list(graph.cuts.values()) == [SPAN]
    progress = ("L", Load("r", X), Branch("M", R), add("i", 1), "M", Branch("L", below("i", 2)))
    graph = graph_of(*progress, bound=bound)  # while (i < 2) if (!*x) i++;
    assert len(graph.leaves[0]) == bound * (bound + 1) // 2  # the second failure in the last of 2 to bound + 1 rounds
    assert len(graph.cuts) == bound + 2  # bound + 1 rounds with one failure, or none


def test_rounds_that_are_known_do_not_count_beside_others() -> None:
    """Reads decide only in rounds 0 and 1.  Three more rounds follow."""
    early = Op("and", (below("i", 2), R))
    graph = graph_of("L", Load("r", X), add("i", 1), Branch("END", early), Branch("L", below("i", 5)), "END", bound=2)
    assert sorted(str(leaf.registers["i"]) for leaf in graph.leaves[0]) == ["1", "5"]
    assert not graph.cuts
    assert graph_of("L", Load("r", X), add("i", 1), Branch("END", R), Branch("L", below("i", 50)), "END", bound=2).cuts


@pytest.mark.parametrize("bound", [1, 2])
def test_a_loop_whose_last_round_is_near_is_followed_to_it_though_reads_may_end_it(bound: int) -> None:
    """for (i = 0; i < 5; i++) if (*x) break;"""
    leaving = ("L", Load("r", X), Branch("END", R), add("i", 1), Branch("L", below("i", 5)), "END")
    graph = graph_of(*leaving, bound=bound)
    assert sorted(leaf.registers.get("i", 0) for leaf in graph.leaves[0]) == [0, 1, 2, 3, 4, 5]  # type: ignore[type-var]
    assert not graph.cuts


def test_a_loop_that_reads_bring_to_its_end_sooner_or_later_is_followed_to_it() -> None:
    """while (i < 4) if (*x) i++; else i += 2;"""
    uneven = ("L", Load("r", X), Branch("M", R), add("i", 1), "M", add("i", 1), Branch("L", below("i", 4)))
    graph = graph_of(*uneven, bound=1)
    assert {leaf.registers["i"] for leaf in graph.leaves[0]} == {4, 5}
    assert len(graph.leaves[0]) == 8  # the ways to 4 or 5 by steps of 1 and 2
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
    assert {leaf.registers.get("i", 0) for leaf in graph.leaves[0]} == {0, 1, 2}
    assert len(graph.cuts) == 1 + 2  # in the first round, and in the second one after each way there


def test_where_following_to_a_near_end_makes_too_many_paths_rounds_are_counted() -> None:
    """Four times in sequence: for (i = 0; i < 8; i++) if (*x) break;  That has 9 ways each, 9 * 9 * 9 * 9 in all."""
    code: list[Operation | str] = []
    for n in range(4):
        code += [Set("i", 0), f"L{n}", Load("r", X), Branch(f"E{n}", R), add("i", 1), Branch(f"L{n}", below("i", 8))]
        code += [f"E{n}"]
    assert graph_of(*code, bound=1).cuts


def test_what_decided_that_an_inner_loop_was_left_does_not_count_when_it_is_entered_again() -> None:
    """If i is even, a read may end the inner loop in its first round.  If i is odd, the inner loop makes two rounds."""
    leave = Op("and", (Op("eq", (Op("and", (Reg("i"), 1)), 0)), R))
    inner = ("L", Load("r", X), Branch("OUT", leave), add("j", 1), Branch("L", below("j", 2)), "OUT")
    graph = graph_of("O", Set("j", 0), *inner, add("i", 1), Branch("O", below("i", 4)), bound=1)
    assert any(all(way for _, way in graph.guards[leaf.guard]) for leaf in graph.leaves[0])


def test_failures_of_a_store_conditional_count() -> None:
    retry = ("L", Load("r", X, reserve=True), StoreConditional(X, 1, "s", 0, 1), Branch("L", Reg("s")))
    graph = graph_of(*retry, bound=2)
    assert len(graph.leaves[0]) == 3
    assert len(graph.cuts) == 1


# ---------------------------------------------------------------- against running the code

REGISTERS = ("i", "j", "r")
AMOUNTS = st.integers(-1, 2)
CONDITIONS = st.one_of(
    st.sampled_from(REGISTERS).map(Reg),
    st.builds(below, st.sampled_from(REGISTERS), AMOUNTS),
    st.builds(lambda a, b: Op("eq", (Reg(a), Reg(b))), st.sampled_from(REGISTERS), st.sampled_from(REGISTERS)),
)
SIMPLE = st.one_of(
    st.builds(add, st.sampled_from(REGISTERS), AMOUNTS),
    st.builds(Set, st.sampled_from(REGISTERS), AMOUNTS),
    st.builds(lambda r: Load(r, X), st.sampled_from(REGISTERS)),
)


@st.composite
def codes(draw: st.DrawFn) -> ThreadCode:
    """Any code: branches go anywhere."""
    size = draw(st.integers(2, 7))
    targets = st.integers(0, size).map(str)
    branches = st.builds(Branch, targets, st.one_of(CONDITIONS, st.none()))
    lines = [Line(draw(st.one_of(SIMPLE, branches)), i, SPAN) for i in range(size)]
    return ThreadCode(tuple(lines), {str(i): i for i in range(size + 1)})


def value_of(expr: Expr, registers: dict[str, int], reads: dict[int, int]) -> int:
    if isinstance(expr, Reg):
        return registers.get(expr.name, 0)
    if isinstance(expr, ReadOf):
        return reads[expr.event]
    if isinstance(expr, Op):
        value = apply(expr.name, tuple(value_of(a, registers, reads) for a in expr.args))
        assert isinstance(value, int)
        return value
    assert isinstance(expr, int)
    return expr


def run(code: ThreadCode, values: list[int], bound: int) -> dict[str, int] | None:
    """The final registers if reads return these values.  None if there are too few, or a branch goes back too often."""
    registers: dict[str, int] = {}
    taken = dict.fromkeys(range(len(code.lines)), 0)
    left = list(values)
    pc = 0
    while pc < len(code.lines):
        operation = code.lines[pc].operation
        pc += 1
        if isinstance(operation, Set):
            registers[operation.register] = value_of(operation.value, registers, {})
        elif isinstance(operation, Load):
            if not left:
                return None
            registers[operation.register] = left.pop(0)
        elif isinstance(operation, Branch) and (
            operation.condition is None or value_of(operation.condition, registers, {})
        ):
            target = code.labels[operation.target]
            if target < pc:
                taken[pc - 1] += 1
                if taken[pc - 1] > bound:
                    return None
            pc = target
    return {name: wrap(value) for name, value in registers.items()}


def ends(graph: EventGraph, values: list[int]) -> list[dict[str, int]]:
    """The final registers of the paths that the thread takes if its reads return these values."""
    found = []
    for leaf in graph.leaves[0]:
        path = dict(graph.guards[leaf.guard])
        mine = [e for e in graph.events if e.thread == 0 and path.items() >= dict(graph.guards[e.guard]).items()]
        if len(mine) > len(values):
            continue
        reads = {e.number: value for e, value in zip(mine, values, strict=False)}
        conditions = [(graph.decisions[d].condition, way) for d, way in path.items()]
        if all(bool(value_of(c, {}, reads)) is way for c, way in conditions if c is not None):
            found.append({name: value_of(v, {}, reads) for name, v in leaf.registers.items()})
    return found


@settings(deadline=None)
@given(codes(), st.lists(st.integers(0, 2), min_size=3, max_size=8), st.integers(1, 3))
def test_what_ends_within_the_bound_is_found_and_nothing_else_is(
    code: ThreadCode, values: list[int], bound: int
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(unroll_module, "MAXIMUM_STEPS", 300)
        patch.setattr(unroll_module, "MAXIMUM_EVENTS", 200)
        try:
            graph = unroll(Program("test", (code,), {"x": Variable("x")}, ({},)), bound, exchange=False)
        except Unsupported:
            assume(False)
    found = ends(graph, values)
    expected = run(code, values, bound)
    if expected is not None:
        assert found == [expected]
    elif found:
        assert found == [run(code, values, 300)]  # rounds that do not count are more
    if not graph.cuts and sum(e.thread == 0 for e in graph.events) <= len(values):
        assert found


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
    assert message == f"this loop was followed for {loops_module.MAXIMUM_STEPS + 1} rounds, and its end was not reached"
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
    body = "for (int j = 0; j < 2; j++) ;" + "if (READ_ONCE(*x)) WRITE_ONCE(*x, 1);" * 12
    message, _ = error_of(f"C T\n{{ }}\nP0(int *x) {{ {body} }}\nexists (x=0)\n")
    assert message == "unrolling gives more than 4000 events"


def test_of_nested_loops_the_one_that_goes_round_most_is_named() -> None:
    body = "for (int i = 0; i < 1000; i++) { for (int j = 0; j < 1000; j++) ; }"
    _, where = error_of(f"C T\n{{ }}\nP0(int *x) {{ {body} }}\nexists (x=0)\n")
    assert where.startswith("for (int j = 0;")
