"""Walks through code: the paths of a thread, and what each of them has met."""

from __future__ import annotations

from msgspec.structs import replace

from litmus.diagnostics import Source, Span
from litmus.oracle.executions import Code
from litmus.oracle.paths import Extent, Path
from litmus.program.code import (
    Admit,
    Assume,
    Branch,
    Fence,
    Float,
    Fresh,
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
from litmus.program.values import Address, Expr, Op, ReadOf, Reg

SPAN = Span(Source("t", "text"), 0, 4)
X, Y, Z = (Address(name) for name in "xyz")
FALSE = Op("xor", (Reg("r"), Reg("r")))
READ, OTHER = Load("r", X), Load("s", Y)


def lines(*operations: Operation | tuple[Operation, ...]) -> tuple[Line, ...]:
    """The lines of some instructions; an instruction of several operations is a tuple."""
    return tuple(
        [
            Line(operation, number, SPAN)
            for number, one in enumerate(operations)
            for operation in (one if isinstance(one, tuple) else (one,))
        ]
    )


def program(*threads: tuple[Line, ...], labels: dict[str, int] | None = None) -> Program:
    variables = {name: Variable(name) for name in "xyz"}
    code = tuple([ThreadCode(thread, labels or {}) for thread in threads])
    return Program("t", code, variables, tuple({} for _ in threads))


def paths(*operations: Operation | tuple[Operation, ...], bound: int = 2, **labels: int) -> list[Path]:
    """The paths of a thread on which executions are possible."""
    extent = Extent(program(lines(*operations), labels=labels), bound)
    return [path for path in Code(extent).paths[0] if not path.dead]


def pairs(path: Path, name: str) -> set[tuple[int, int]]:
    """A relation, with the numbers that events have among those of the path."""
    place = {event.number: i for i, event in enumerate(path.events)}
    return {(place[e], place[f]) for e, f in path.relations.get(name, ())}


def kinds(path: Path) -> str:
    return "".join(event.kind for event in path.events)


# ---------------------------------------------------------------- dependencies


def test_address_and_data_depend_on_reads_even_if_their_value_does_not() -> None:
    (path,) = paths(READ, Store(Op("add", (Y, FALSE)), 1), Store(Z, FALSE))
    assert (pairs(path, "addr"), pairs(path, "data"), pairs(path, "ctrl")) == ({(0, 1)}, {(0, 2)}, set())
    assert [event.address for event in path.events] == [X, Y, Z]


def test_everything_behind_a_branch_depends_on_it_unless_its_ways_have_met() -> None:
    for join, controlled in ((None, {(0, 1), (0, 2)}), ("end", {(0, 1)})):
        branch = Branch("end", Reg("r"), join)
        found = paths(READ, branch, Store(Y, 1), Store(Z, 1), end=3)
        assert sorted(kinds(path) for path in found) == ["RW", "RWW"]
        path = next(path for path in found if kinds(path) == "RWW")
        assert pairs(path, "ctrl") == controlled
        assert path.conditions == [(ReadOf(path.events[0].number), False)]


def test_a_branch_that_is_decided_by_the_code_alone_goes_one_way() -> None:
    (path,) = paths(Set("a", 1), Branch("end", Reg("a")), Store(X, 1), end=3)
    assert kinds(path) == ""


def test_a_selected_value_depends_on_what_is_selected_and_picks_by_the_condition() -> None:
    chosen = Set("t", Op("select", (Reg("r"), Reg("s"), 0)))
    found = paths(READ, OTHER, chosen, Store(Z, Reg("t")))
    assert [(pairs(p, "data"), pairs(p, "pick-data")) for p in found] == [({(1, 2)}, {(0, 2)}), (set(), {(0, 2)})]
    (same,) = paths(READ, OTHER, Set("t", Op("select", (Reg("r"), 1, 0))), Store(Z, Reg("t")))
    assert (pairs(same, "data"), pairs(same, "pick-data")) == (set(), {(0, 2)})


def test_a_value_may_come_from_either_place_if_they_are_equal() -> None:
    equal = Op("eq", (Reg("r"), Reg("s")))
    found = paths(READ, OTHER, Set("t", Op("either", (equal, Reg("s"), Reg("r")))), Store(Z, Reg("t")))
    assert [(pairs(p, "data"), pairs(p, "pick-data")) for p in found] == [
        ({(1, 2)}, {(0, 2), (1, 2)}), ({(0, 2)}, set()),
    ]  # fmt: skip
    assert [len(path.conditions) for path in found] == [1, 0]
    constant = paths(READ, Set("t", Op("either", (Reg("r"), 1, Reg("r")))), Store(Z, Reg("t")))
    assert [(pairs(p, "data"), p.conditions[0][1]) for p in constant] == [(set(), True), ({(0, 1)}, False)]


# ---------------------------------------------------------------- updates


def test_the_read_and_the_write_of_an_instruction_are_an_update() -> None:
    load, store = Load("r", X), Store(X, Op("add", (Reg("r"), 1)), rmw=True)
    (path,) = paths((load, store))
    assert pairs(path, "update") == pairs(path, "amo") == pairs(path, "amo-data") == {(0, 1)}
    assert pairs(path, "data") == set(), "there are no dependencies inside of an instruction"
    (path,) = paths((load, replace(store, single=True, value=1)))
    assert (pairs(path, "single"), pairs(path, "amo")) == ({(0, 1)}, set())
    (path,) = paths(load, store)
    assert not pairs(path, "update")


def test_a_store_with_a_condition_happens_or_not_and_the_condition_picks() -> None:
    found = paths((READ, Store(X, 1, when=Op("eq", (Reg("r"), 0)), rmw=True)), Store(Y, 1))
    assert [kinds(path) for path in found] == ["RWW", "RW"]
    assert [pairs(path, "pick-data") for path in found] == [{(0, 1)}, set()]
    assert [[holds for _, holds in path.conditions] for path in found] == [[True], [False]]


RESERVE = Load("r", X, reserve=True)
TRY = StoreConditional(X, 1, "s", success=0, failure=1)


def test_a_store_conditional_may_fail_and_needs_a_reservation_that_is_not_used_yet() -> None:
    assert [kinds(path) for path in paths(RESERVE, TRY, Store(Y, Reg("s")))] == ["RWW", "RW"]
    assert [kinds(path) for path in paths(READ, TRY)] == ["R"]
    assert sorted(kinds(path) for path in paths(RESERVE, TRY, TRY)) == ["R", "RW"]
    assert [kinds(path) for path in paths(RESERVE, replace(TRY, address=Y))] == ["R"]
    assert [pairs(path, "lxsx") for path in paths(RESERVE, TRY)] == [{(0, 1)}, set()]


def test_a_store_conditional_does_not_fail_where_its_success_is_assumed() -> None:
    assert [kinds(path) for path in paths(RESERVE, replace(TRY, success=1, failure=0), Assume(Reg("s")))] == ["RW"]
    assert paths(READ, replace(TRY, success=1, failure=0), Assume(Reg("s"))) == []


def test_a_status_depends_on_what_the_architecture_says() -> None:
    def data(carries: str, value: Expr) -> list[set[tuple[int, int]]]:
        attempt = replace(TRY, carries=carries, value=value)
        return [pairs(path, "data") for path in paths(OTHER, RESERVE, attempt, Store(Y, FALSE_STATUS))]

    assert data("nothing", 1) == [set(), set()]
    assert data("store", 1) == [{(2, 3)}, set()]
    assert data("operands", Op("sub", (Reg("s"), 1))) == [{(0, 2), (0, 3)}, {(0, 2)}]


FALSE_STATUS = Op("xor", (Reg("s"), Reg("s")))


# ---------------------------------------------------------------- loops


def test_a_path_is_cut_where_a_loop_has_made_more_rounds_than_the_bound() -> None:
    for bound in (0, 1, 3):
        found = paths(READ, Branch("again", Op("eq", (Reg("r"), 0))), bound=bound, again=0)
        assert sorted((len(path.events), path.cut is not None) for path in found) == [
            *((n, False) for n in range(1, bound + 1)),
            (bound + 1, False),
            (bound + 1, True),
        ]


def test_a_loop_that_the_code_ends_is_followed_to_its_end() -> None:
    count = Set("i", Op("add", (Reg("i"), 1)))
    (path,) = paths(Store(X, Reg("i")), count, Branch("again", Op("lt", (Reg("i"), 9))), bound=0, again=0)
    assert [event.value for event in path.events] == list(range(9))
    assert len({event.instance for event in path.events}) == 9


# ---------------------------------------------------------------- blocks


def test_a_block_has_registers_messages_and_branches_of_its_own() -> None:
    body = lines(Load("r", Address("~go")), Branch("end", Reg("r")), Store(Y, Reg("r")))
    sender = lines(READ, Branch("next", Reg("r")), Fresh(), Store(Address("~go"), 1), Float(1, body, "ipi", {"end": 3}))
    labels = {"next": 2}
    code = Code(Extent(program(sender, lines(Fence(frozenset())), labels=labels)))
    path = code.paths[0][0]
    assert [(e.kind, e.thread) for e in path.events] == [("R", 0), ("W", 0), ("R", 1)]
    assert path.events[1].address == path.events[2].address == Address("~go1")
    assert pairs(path, "ctrl") == {(0, 1)}
    assert [(b.thread, b.kind, len(b.events)) for b in path.blocks] == [(1, "ipi", 1)]
    assert sorted(len(p.events) for p in code.paths[0]) == [3, 4]


def test_a_block_lands_only_where_its_kind_is_admitted() -> None:
    one = Store(X, 1)
    target = lines(one, Admit(frozenset()), one, Admit(frozenset({"ipi"})), one)
    code = Code(Extent(program(target, lines(Float(0, lines(Fence(frozenset())), "ipi")))))
    (path,) = code.paths[0]
    arrangement = code.arrangement(path)
    (order,) = arrangement.orders()
    for kind, places in (("ipi", [0, 1, 2, 3]), ("signal", [0, 1])):
        assert [i for i in range(4) if arrangement.admits(order, i, kind)] == places
    assert len(list(code.ways())) == 4
