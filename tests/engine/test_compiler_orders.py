"""Orders that the compiler chooses: the engines find the same states as for texts written in those orders.

The reference is a compiler of texts.  It exchanges statements, so that it writes each thread in every order that
the rules allow, and asks about each of these texts without a compiler.  The rules for statements are written down here
once more.  In addition, all engines agree about random programs with exchangeable accesses.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from itertools import permutations, product

import pytest
from agreement import disagreement
from cases import Case
from msgspec import Struct
from msgspec.structs import replace
from programs import TAGS, candidates_at_most, random_program, unrolled

from litmus.c.lowering import lower
from litmus.c.tables import load_primitives
from litmus.cat import compile_text, load_model
from litmus.deciding import decide
from litmus.diagnostics import Source
from litmus.engine import Answer, Options
from litmus.isa import architecture_named
from litmus.program.build import unroll
from litmus.program.code import (
    PLAIN,
    VOLATILE,
    CompilerBarrier,
    Fence,
    Line,
    Load,
    Program,
    Store,
    StoreConditional,
    ThreadCode,
)
from litmus.reading import read_test
from litmus.resolving import resolve

# ---------------------------------------------------------------- a compiler of texts


class Statement(Struct, frozen=True):
    """One access, or a barrier (without a place)."""

    text: str
    place: str = ""
    volatile: bool = False
    sets: str = ""
    uses: str = ""

    def stays_before(self, later: Statement) -> bool:
        """Whether a statement that follows may not be exchanged with this one."""
        if not self.place or not later.place:
            return True
        if self.place == later.place or (self.volatile and later.volatile):
            return True
        return bool(self.sets) and self.sets == later.uses


def orders(thread: list[Statement]) -> list[tuple[Statement, ...]]:
    """Every order of the statements that keeps all pairs which must stay in order."""
    kept = [(i, j) for j, b in enumerate(thread) for i, a in enumerate(thread[:j]) if a.stays_before(b)]
    numbers = range(len(thread))
    found = (o for o in permutations(numbers) if all(o.index(i) < o.index(j) for i, j in kept))
    return [tuple(thread[i] for i in order) for order in found]


def random_thread(draw: random.Random, places: str, fence: str) -> list[Statement]:
    """Two to four accesses, from the first place to the second, and a fence between them unless it is empty."""
    thread: list[Statement] = []
    mine: list[str] = []
    length = draw.randint(2, 4)
    for position in range(length):
        if fence and position == length // 2:
            thread.append(Statement(fence))
        place = places[0] if position == 0 else places[1] if position == length - 1 else draw.choice("xyz")
        volatile = draw.random() < 0.25
        kind = draw.random()
        uses = draw.choice(mine) if mine and draw.random() < 0.4 else ""
        register = f"r{len(mine)}"
        if kind < 0.45:
            text = f"{register} = READ_ONCE(*{place});" if volatile else f"{register} = *{place};"
            thread.append(Statement(text, place, volatile, sets=register))
            mine.append(register)
        elif kind < 0.85:
            value = f"{uses} + 1" if uses else str(position + 1)
            text = f"WRITE_ONCE(*{place}, {value});" if volatile else f"*{place} = {value};"
            if uses and draw.random() < 0.4:
                text = f"if ({uses}) {text.replace(value, '1')}"
            thread.append(Statement(text, place, volatile, uses=uses))
        elif kind < 0.93:
            thread.append(Statement(f"atomic_inc({place});", place, True))
        else:
            thread.append(Statement("barrier();"))
    return thread


def written(threads: list[tuple[Statement, ...]] | list[list[Statement]]) -> str:
    """The text of a test."""
    text = "C t\n{ }\n"
    places = []
    for t, thread in enumerate(threads):
        body = " ".join(s.text for s in thread)
        text += f"P{t}(int *x, int *y, int *z) {{ {body} }}\n"
        places += [f"{t}:{s.sets}=0" for s in sorted(thread, key=lambda s: s.sets) if s.sets]
    condition = " /\\ ".join([*places, "x=0", "y=0", "z=0"])
    return f"{text}exists ({condition})\n"


def states(text: str, model: str, table: str, exchange: bool) -> set[object]:
    test = read_test(Source("t", text))
    program = lower(test, load_primitives(table))
    graph = unroll(program, exchange=exchange)
    compiled = load_model(model, architecture_named(program.arch).tags)
    answer = decide(graph, compiled, resolve(test, program), Options(states="all"))
    assert answer.states is not None
    return set(answer.states)


MACHINES = {"sc": "power", "x86-tso": "x86", "power": "power", "aarch64": "aarch64"}


def random_threads(number: int) -> Iterator[list[list[Statement]]]:
    """Pairs of threads in which some statements may be exchanged, but not in too many ways."""
    seed = 0
    while number:
        draw = random.Random(seed)
        seed += 1
        fence = draw.choice(("smp_mb();", "sys_membarrier();"))
        threads = [random_thread(draw, "xy", ""), random_thread(draw, "yx", fence)]
        if 2 <= len(orders(threads[0])) * len(orders(threads[1])) <= 24:
            number -= 1
            yield threads


@pytest.mark.parametrize("model", MACHINES)
def test_the_compiler_makes_the_texts_with_its_statements_exchanged(model: str, full: bool) -> None:
    table = MACHINES[model]
    more = 0
    for threads in random_threads(400 if full else 30):
        expected: set[object] = set()
        for order in product(*map(orders, threads)):
            expected |= states(written(list(order)), model, table, exchange=False)
        assert states(written(threads), model, table, exchange=True) == expected, written(threads)
        more += expected != states(written(threads), model, table, exchange=False)
    assert more > 3, "the orders matter"


# ---------------------------------------------------------------- engines


def marked(program: Program, seed: int) -> Program:
    """A program in which most accesses are plain, updates are volatile, and some fences are the compiler's only."""
    draw = random.Random(seed)
    threads = []
    for code in program.threads:
        volatile = {
            line.instruction
            for line in code.lines
            if isinstance(line.operation, StoreConditional)
            or (isinstance(line.operation, Load) and line.operation.reserve)
            or (isinstance(line.operation, Store) and line.operation.rmw)
        }
        lines: list[Line] = []
        for line in code.lines:
            if isinstance(line.operation, Load | Store | StoreConditional):
                plain = line.instruction not in volatile and draw.random() < 0.75
                lines.append(replace(line, motion=PLAIN if plain else VOLATILE))
            elif isinstance(line.operation, Fence) and draw.random() < 0.3:
                lines.append(replace(line, operation=CompilerBarrier()))
            else:
                lines.append(line)
        threads.append(ThreadCode(tuple(lines), code.labels))
    return replace(program, threads=tuple(threads))


def exchangeable_programs(first: int, number: int, largest: int) -> Iterator[Case]:
    """Random programs in which some accesses may be exchanged."""
    seed = first
    while number:
        program, question = random_program(seed)
        graph = unrolled(marked(program, seed))
        seed += 1
        if graph is not None and graph.exchanges and candidates_at_most(graph) <= largest:
            number -= 1
            yield Case(f"marked(random_program({seed - 1}), {seed - 1})", graph, question, TAGS)


@pytest.mark.parametrize("model", ["sc", "x86-tso", "power"])
def test_engines_agree_about_what_the_compiler_may_exchange(model: str, full: bool) -> None:
    with_blocks = 0
    for found in exchangeable_programs(0, 1500 if full else 40, 15_000 if full else 1500):
        with_blocks += bool(found.graph.blocks)
        assert disagreement(found, load_model(model, TAGS)) is None
    assert with_blocks > 5


ODD = {
    "neighbours in po": "acyclic (po \\ (po ; [M] ; po)) | rf | co | fr",
    "complement of po": "empty rf & ~(po | ext) & (W * R)\nirreflexive ~(po | po^-1 | id) ; (rf & po)",
    "control alone": "acyclic ctrl | addr | data | rf",
    "control taken away": "acyclic (po \\ ctrl) | rf | co | fr",
    "a flag": "acyclic po-loc | rf | co | fr\nflag ~empty ctrl & (R * R) as hoistable",
    "an assertion": "assert acyclic po\nacyclic po | rf | co | fr",
}


@pytest.mark.parametrize("name", ODD)
def test_engines_agree_about_exchanges_under_a_model_with(name: str, full: bool) -> None:
    model = compile_text(f'"odd" include "cos.cat"\n{ODD[name]}\n', "odd", TAGS)
    for found in exchangeable_programs(5000, 200 if full else 12, 1500):
        assert disagreement(found, model) is None


def test_a_control_dependency_is_none_where_the_compiler_has_exchanged() -> None:
    """A model that forbids every control dependency between reads allows the hoisted read, and nothing else."""
    text = "C t\n{ }\nP0(int *x, int *y) { int r0 = READ_ONCE(*x); if (r0) { int r1 = *y; } }\n"
    text += "P1(int *x) { WRITE_ONCE(*x, 1); }\nexists (0:r0=1)\n"
    test = read_test(Source("t", text))
    program = lower(test, load_primitives("power"))
    question = resolve(test, program)
    tags = architecture_named(program.arch).tags
    text = 'include "cos.cat"\nacyclic po-loc | rf | co | fr\nempty ctrl & (R * R)\n'
    model = compile_text(text, "none", tags)
    for engine, exchange, verdict in (
        ("auto", True, "Sometimes"), ("z3", True, "Sometimes"), ("enumerate", True, "Sometimes"),
        ("auto", False, "Never"), ("z3", False, "Never"), ("enumerate", False, "Never"),
    ):  # fmt: skip
        answer: Answer = decide(unroll(program, exchange=exchange), model, question, Options(engine=engine))  # type: ignore[arg-type]
        assert answer.verdict.value == verdict
