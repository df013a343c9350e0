"""The re-check of witnesses: it accepts executions, and it says what is wrong with anything else."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from cases import Case, case
from msgspec.structs import replace

from litmus.cat import load_model
from litmus.deciding import decide
from litmus.engine import Execution, Options
from litmus.engine.options import Engine
from litmus.oracle.enumeration import enumerated
from litmus.oracle.paths import extent_of
from litmus.oracle.recheck import is_execution
from litmus.program.build import unroll
from litmus.program.code import Line, Set
from litmus.program.values import Op

MP = case(
    "PPC MP\n{ x=0; y=0; 0:r2=x; 0:r4=y; 1:r2=x; 1:r4=y; }\n"
    "P0 | P1 ;\nli r1,1 | lwz r1,0(r4) ;\nstw r1,0(r2) | lwz r3,0(r2) ;\nstw r1,0(r4) | ;\n"
    "exists (1:r1=1 /\\ 1:r3=0)\n"
)
UPDATE = case(
    "X86 update\n{ x=0; }\nP0 | P1 ;\nLOCK INC [x] | LOCK INC [x] ;\nexists (x=2)\n",
)
MEMBARRIER = case(
    "C memb\n{ int x = 0; int y = 0; }\n"
    "P0(int *x, int *y) { WRITE_ONCE(*x, 1); sys_membarrier(); int r0 = READ_ONCE(*y); }\n"
    "P1(int *x, int *y) { WRITE_ONCE(*y, 1); int r0 = READ_ONCE(*x); }\n"
    "exists (0:r0=1 /\\ 1:r0=1)\n",
    "power",
)
BRANCH = case(
    "PPC branch\n{ x=0; y=0; 0:r2=x; 0:r4=y; 1:r2=x; }\n"
    "P0 | P1 ;\nlwz r1,0(r2) | li r1,1 ;\ncmpwi r1,0 | stw r1,0(r2) ;\nbeq L | ;\nstw r1,0(r4) | ;\nL: | ;\n"
    "exists (y=1)\n"
)


def witness(found: Case, model: str, engine: Engine = "enumerate") -> Execution:
    answer = decide(found.graph, load_model(model, found.tags), found.question, Options(engine=engine))
    assert answer.witness is not None
    return answer.witness


@pytest.mark.parametrize("engine", ["enumerate", "auto", "z3"])
@pytest.mark.parametrize(
    ("found", "model"), [(MP, "power"), (UPDATE, "x86-tso"), (MEMBARRIER, "power"), (BRANCH, "power"), (BRANCH, "sc")]
)
def test_the_witness_of_every_engine_is_an_execution(found: Case, model: str, engine: Engine) -> None:
    assert is_execution(witness(found, model, engine), load_model(model, found.tags)) is None


def wrong(found: Case, model: str, change: Callable[[Execution], Execution], judge: str | None = None) -> str:
    """What the re-check says of a changed witness.  `judge`: another model for the re-check, if it is not None."""
    reason = is_execution(change(witness(found, model)), load_model(judge or model, found.tags))
    assert reason is not None
    return reason


def test_an_execution_that_the_model_forbids_is_refused_by_the_name_of_the_check() -> None:
    assert wrong(MP, "power", lambda e: e, judge="sc") == "the model forbids it: acyclic sc fails"


def test_a_value_that_was_not_written_is_refused() -> None:
    read = max(witness(MP, "power").rf)
    assert "values" in wrong(MP, "power", lambda e: replace(e, values={**e.values, read: 7}))


def test_a_read_from_another_location_is_refused() -> None:
    def swapped(e: Execution) -> Execution:
        first, second = sorted(e.rf)
        return replace(e, rf={first: e.rf[second], second: e.rf[first]})

    assert "cannot take its value" in wrong(MP, "power", swapped)


def test_a_read_without_a_source_is_refused() -> None:
    assert "rf" in wrong(MP, "power", lambda e: replace(e, rf={}))


def test_events_that_do_not_execute_together_are_refused() -> None:
    assert "no way" in wrong(BRANCH, "power", lambda e: replace(e, executed=e.executed ^ 1 << e.order[0][-1]))
    assert "no way" in wrong(MP, "power", lambda e: replace(e, order=tuple(o[::-1] for o in e.order)))


def test_a_branch_against_its_condition_is_refused() -> None:
    def from_start(e: Execution) -> Execution:
        (read,) = e.rf
        address = e.addresses[read]
        return replace(e, rf={read: next(c[0] for c in e.co if e.addresses[c[0]] == address)})

    assert "branches" in wrong(BRANCH, "power", from_start)


def test_a_coherence_order_must_be_of_all_writes_and_begin_with_the_initial_one() -> None:
    assert "one order for every cell" in wrong(UPDATE, "x86-tso", lambda e: replace(e, co=()))
    assert "does not order the writes" in wrong(UPDATE, "x86-tso", lambda e: replace(e, co=(e.co[0][:-1],)))
    assert "the initial one first" in wrong(UPDATE, "x86-tso", lambda e: replace(e, co=(e.co[0][::-1],)))


def test_an_update_before_its_source_is_refused() -> None:
    def exchanged(e: Execution) -> Execution:
        initial, first, second = e.co[0]
        return replace(e, co=((initial, second, first),))

    assert "sc-per-location fails" in wrong(UPDATE, "x86-tso", exchanged)


def test_a_block_must_land_between_instructions() -> None:
    """The handler's events stand together in their thread."""
    execution = witness(MEMBARRIER, "power")
    (block,) = execution.graph.blocks
    order = execution.order[1]
    inside = [e for e in order if block.events >> e & 1]
    outside = [e for e in order if not block.events >> e & 1]
    torn = (inside[0], *outside, *inside[1:])
    assert "no way" in wrong(MEMBARRIER, "power", lambda e: replace(e, order=(e.order[0], torn)))


def test_an_execution_that_was_cut_is_not_complete() -> None:
    text = "X86 spin\n{ x=0; }\nP0 ;\nL: ;\nMOV EAX,[x] ;\nCMP EAX,$0 ;\nJE L ;\nexists (true)\n"
    found = case(text, bound=1, idle="followed")
    model = load_model("sc", found.tags)
    answer = enumerated(extent_of(found.graph), model, found.question, True)
    assert answer.bound_reached
    assert answer.witness is None
    reads = [e.number for e in found.graph.events if e.kind == "R"]
    cut = Execution(
        graph=found.graph,
        executed=0b111,
        rf=dict.fromkeys(reads, 0),
        co=((0,),),
        values=dict.fromkeys(range(3), 0),
        addresses={e.number: e.address for e in found.graph.events},  # type: ignore[misc]
        order=(tuple(reads),),
        state=(),
    )
    assert is_execution(cut, model) == "a loop was cut at its bound"


SPIN = case(
    "PPC spin\n{ x=0; 0:r2=x; 1:r2=x; }\nP0 | P1 ;\nL: | li r1,1 ;\nlwz r1,0(r2) | stw r1,0(r2) ;\ncmpwi r1,0 | ;\n"
    "beq L | ;\nexists (0:r1=1)\n",
    idle="followed",
)


@pytest.mark.parametrize("bound", [0, 1, 2, 7])
def test_a_witness_may_make_more_or_fewer_rounds_than_its_graph_was_made_for(bound: int) -> None:
    """What decides is the code, and not how an engine has unrolled it."""
    model = load_model("power", SPIN.tags)
    answer = enumerated(replace(extent_of(SPIN.graph), bound=2), model, SPIN.question, True)
    assert answer.positive == 3
    assert answer.witness is not None
    graph = answer.witness.graph
    other = replace(graph, unrolling=replace(graph.unrolling, bound=bound))
    assert is_execution(replace(answer.witness, graph=other), model) is None


def test_what_a_graph_says_of_dependencies_is_not_believed() -> None:
    """LB with false dependencies.  A graph that has lost them has a witness, but the code forbids it."""
    found = case(
        "PPC LB\n{ x=0; y=0; 0:r2=x; 0:r4=y; 1:r2=y; 1:r4=x; }\nP0 | P1 ;\nlwz r1,0(r2) | lwz r1,0(r2) ;\n"
        "xor r3,r1,r1 | xor r3,r1,r1 ;\naddi r3,r3,1 | addi r3,r3,1 ;\nstw r3,0(r4) | stw r3,0(r4) ;\n"
        "exists (0:r1=1 /\\ 1:r1=1)\n"
    )
    program = found.graph.program

    def lost(line: Line) -> Line:
        operation = line.operation
        is_false = isinstance(operation, Set) and isinstance(operation.value, Op) and operation.value.name == "xor"
        return replace(line, operation=replace(operation, value=0)) if is_false else line

    threads = tuple([replace(code, lines=tuple(map(lost, code.lines))) for code in program.threads])
    graph = unroll(replace(program, threads=threads))
    forgetful = Case(found.name, replace(graph, program=program), found.question, found.tags)
    execution = witness(forgetful, "power", "auto")
    reason = is_execution(execution, load_model("power", found.tags))
    assert reason is not None
    assert reason.startswith("the model forbids it")


def test_blocks_that_look_alike_are_told_apart_by_what_they_do() -> None:
    """Two calls, each with a block in the same thread, sent by one statement of a loop."""
    found = case(
        "C twice\n{ int x = 0; int y = 0; }\n"
        "P0(int *x, int *y) { for (int i = 0; i < 2; i++) { sys_membarrier(); WRITE_ONCE(*x, i + 1); } }\n"
        "P1(int *x, int *y) { int r0 = READ_ONCE(*x); int r1 = READ_ONCE(*x); }\n"
        "exists (1:r0=1 /\\ 1:r1=2)\n",
        "power",
    )
    model = load_model("power", found.tags)
    execution = witness(found, "power", "auto")
    assert is_execution(execution, model) is None
    first, second = execution.graph.blocks
    exchanged = replace(execution.graph, blocks=[second, first])
    assert is_execution(replace(execution, graph=exchanged), model) is None
