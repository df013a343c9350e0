"""The promise of sys_membarrier() without messages: cuts of program order, as a second opinion.

For every call and every target, a cut of the target's program order is chosen: a place between two instructions, or
one of the ends.  If the call is made, it orders accesses as a full barrier of the model does: the accesses

    before the call   come before those   after the cut,
    before the cut    come before those   after the call,
    before the cut    come before those   after the cut.

It does not order the accesses of one target before those of another.  The call itself is smp_mb(), so what is before
the call comes before what is after it.

Here every choice of cuts is a test of its own.  Its program has no messages and no floating blocks.  The operations
are in sets that say on which side of each call and cut they are.  The relation `cut` is made of these sets, and in
the model it is added to the full fence.  The final states are those of all choices together.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from itertools import count, product

from msgspec.structs import replace

from litmus.algebra.dag import Model
from litmus.c.lowering import lower
from litmus.c.membarrier.promise import KEPT, Promise
from litmus.c.tables import load_primitives
from litmus.cat import compile_text, load_model
from litmus.cat.catalogue import catalogue
from litmus.deciding import decide
from litmus.diagnostics import Source
from litmus.engine.bounds import Bounds
from litmus.engine.options import Options
from litmus.isa import architecture_named
from litmus.program.build import unroll
from litmus.program.code import Fence, Line, Load, Program, Store, StoreConditional, ThreadCode
from litmus.program.graph import EventGraph
from litmus.program.question import Question
from litmus.reading import read_test
from litmus.resolving import resolve

States = frozenset[tuple[object, ...]]

TABLES = {"sc": "power", "x86-tso": "x86", "power": "power", "arm": "arm", "aarch64": "aarch64", "riscv": "riscv"}
WEAK = ("power", "arm", "aarch64", "riscv")

# Where a model has its full fence: (its text, the text in which `cut` is such a fence too).
FULL_FENCE = {
    "sc": ("acyclic po |", "acyclic po | cut |"),
    "x86-tso": ("let ghb = ppo | mfence |", "let ghb = ppo | mfence | cut |"),
    "power": ("let ffence = sync &", "let ffence = cut | sync &"),
    "arm": ("let fences = ((dmb", "let fences = cut | ((dmb"),
    "aarch64": ("let bob = po; [dmb.full]; po\n", "let bob = cut | po; [dmb.full]; po\n"),
    "riscv": ("let gmo = (ppo | rfe", "let gmo = (ppo | cut | rfe"),
}

# ---------------------------------------------------------------- random tests

EVERYONE, PROCESS, NOBODY = "everyone", "process", "nobody"

# call: (whom it orders, what it returns); for the merged call, in processes that have registered
CALLS = {
    "sys_membarrier()": (EVERYONE, 0),
    "sys_membarrier(0)": (EVERYONE, 0),
    "sys_membarrier(MEMBARRIER_PRIVATE_FLAG)": (PROCESS, 0),
    "sys_membarrier(MEMBARRIER_PRIVATE_FLAG | MEMBARRIER_EXPEDITED_FLAG)": (PROCESS, 0),
    "sys_membarrier(MEMBARRIER_EXPEDITED_FLAG)": (NOBODY, -22),
    "sys_membarrier(MEMBARRIER_QUERY_FLAG | MEMBARRIER_PRIVATE_FLAG)": (NOBODY, 0),
    "membarrier(MEMBARRIER_CMD_GLOBAL, 0)": (EVERYONE, 0),
    "membarrier(MEMBARRIER_CMD_GLOBAL_EXPEDITED, 0)": (EVERYONE, 0),
    "membarrier(MEMBARRIER_CMD_PRIVATE_EXPEDITED, 0)": (PROCESS, 0),
    "membarrier(MEMBARRIER_CMD_PRIVATE_EXPEDITED_RSEQ, 0)": (NOBODY, -1),
}
REGISTERED = "MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED, MEMBARRIER_CMD_REGISTER_GLOBAL_EXPEDITED"
STAND_IN = "smp_mb( )"  # no other barrier of a test is spelled like this


@dataclass(slots=True)
class Call:
    """A call in a random test: whom it orders, and how it is made."""

    thread: int
    text: str
    targets: tuple[int, ...]
    shortcut: bool  # it returns at once: no barrier at all
    returned: int


@dataclass(slots=True)
class RandomTest:
    """A random test.  The lines of a thread are text, with `%d` in the place of call number d."""

    seed: int
    processes: list[tuple[int, ...]] = field(default_factory=list)
    calls: list[Call] = field(default_factory=list)
    threads: list[list[str]] = field(default_factory=list)
    registers: list[list[str]] = field(default_factory=list)
    variables: tuple[str, ...] = ()

    def _text(self, calls: list[str]) -> str:
        parameters = ", ".join(f"int *{x}" for x in self.variables)
        places = [f"{t}:{r}=0" for t, registers in enumerate(self.registers) for r in registers]
        places += [f"{x}=0" for x in self.variables]
        process = "".join(
            f" * Process({', '.join(f'P{t}' for t in threads)}): {REGISTERED}\n" for threads in self.processes
        )
        functions = []
        for t, lines in enumerate(self.threads):
            locals_ = "".join(f"int {r} = 0; " for r in self.registers[t])
            body = "\n  ".join(lines)
            for number, call in enumerate(calls):
                body = body.replace(f"%{number}%", call)
            functions.append(f"P{t}({parameters}) {{ {locals_}\n  {body}\n}}")
        all_functions = "\n".join(functions)
        condition = " /\\ ".join(places)
        return f"C random{self.seed}\n(*\n{process} *)\n{{ }}\n{all_functions}\nexists ({condition})\n"

    def text(self) -> str:
        """The text with the calls."""
        return self._text([call.text for call in self.calls])

    def without_calls(self) -> str:
        """The text without the calls: smp_mb() replaces every call that orders, and a number what it returns."""
        return self._text([f"({'0' if c.shortcut else STAND_IN + ', 0'}) + {c.returned}" for c in self.calls])


def random_test(seed: int) -> RandomTest:
    """A random C test with one or two calls, two threads or three, and threads in one process or two."""
    rng = random.Random(seed)
    size = rng.choice((2, 2, 2, 3))
    test = RandomTest(seed, variables=("x", "y", "z")[: rng.choice((2, 2, size))])
    numbers = list(range(size))
    apart = rng.random() < 0.3 and size - 1
    test.processes = [tuple(numbers)] if not apart else [tuple(numbers[:apart]), tuple(numbers[apart:])]
    callers = rng.sample(numbers, rng.choice((1, 1, 1, 2)))
    for t in numbers:
        test.registers.append([])
        lines = [_access(test, rng, t, t)]
        for _ in range(rng.choice((0, 0, 0, 1)) if size == 2 else 0):
            lines.append(_access(test, rng, t, rng.randrange(3)))
        if t in callers:
            lines.append(_call(test, rng, t))
        elif rng.random() < 0.3:
            lines.append(rng.choice(("smp_mb();", "smp_wmb();", "smp_rmb();", "barrier();")))
        lines.append(_access(test, rng, t, t + 1))
        test.threads.append(lines)
    return test


def _access(test: RandomTest, rng: random.Random, thread: int, turn: int) -> str:
    """An access to the variable whose turn it is.  Some accesses depend on a value read, or on a branch on it."""
    x = test.variables[turn % len(test.variables)]
    read = test.registers[thread]
    value = rng.choice(("1", "2")) if not read or rng.random() < 0.8 else f"1 + ({read[-1]} ^ {read[-1]})"
    store = rng.choice((f"WRITE_ONCE(*{x}, {value});",) * 6 + (f"smp_store_release({x}, {value});",))
    register = f"r{len(read)}"
    load = rng.choice((f"READ_ONCE(*{x})",) * 6 + (f"smp_load_acquire({x})", f"xchg_relaxed({x}, 3)"))
    if rng.random() < 0.5:
        test.registers[thread] = [*read, register]
        return f"{register} = {load};"
    return f"if ({read[-1]} == 1) {{ {store} }}" if read and rng.random() < 0.15 else store


def _call(test: RandomTest, rng: random.Random, thread: int) -> str:
    text = rng.choice(list(CALLS)) if rng.random() < 0.6 else "sys_membarrier()"
    whom, returned = CALLS[text]
    own = next(threads for threads in test.processes if thread in threads)
    reached = own if whom == PROCESS else tuple(t for threads in test.processes for t in threads)
    targets = tuple(t for t in reached if t != thread) if whom != NOBODY else ()
    shortcut = whom == NOBODY or (whom == PROCESS and len(own) == 1)
    number = len(test.calls)
    test.calls.append(Call(thread, text, targets, shortcut, returned))
    read = test.registers[thread]
    condition = f"if ({read[-1]}) " if read and rng.random() < 0.15 else ""
    if rng.random() < 0.3:
        test.registers[thread] = [*read, "ret"]
        return f"{condition}ret = %{number}%;"
    return f"{condition}%{number}%;"


CANDIDATES, CHOICES = 1 << 14, 300  # larger tests take too long for what they show


def small_tests(model: str) -> Iterator[RandomTest]:
    """An endless sequence of random tests, without the large ones."""
    for seed in count():
        test = random_test(seed)
        graph = prepared(test.text(), model)[1]
        if Bounds(graph, coherent=True).candidates() <= CANDIDATES and cut_choices(test, model) <= CHOICES:
            yield test


# ---------------------------------------------------------------- by messages: the program text


def prepared(text: str, model: str, kept: Promise = KEPT) -> tuple[Program, EventGraph, Question, frozenset[str]]:
    test = read_test(Source("random.litmus", text))
    table = load_primitives(TABLES[model])
    program = lower(test, table, kept)
    return program, unroll(program), resolve(test, program), architecture_named(table.arch).tags


def states_by_messages(text: str, model: str, kept: Promise = KEPT) -> States:
    """The final states of a test, as the engine has them."""
    _, graph, question, tags = prepared(text, model, kept)
    return _states(graph, load_model(model, tags), question)


def _states(graph: EventGraph, model: Model, question: Question) -> States:
    answer = decide(graph, model, question, Options(states="all", witness=False))
    assert answer.states is not None
    return frozenset(answer.states)


# ---------------------------------------------------------------- by cuts

# For each cut: the event of the call, what is before and after the call in its thread, and before and after the cut.
SETS = ("Call", "Before", "After", "Early", "Late")


@cache
def model_with_cuts(name: str, tags: frozenset[str], cuts: int) -> Model:
    """A built-in model in which the pairs of `cuts` cuts are added to its full fence."""
    with open(catalogue()[name].path, encoding="utf-8") as file:
        text = file.read()
    fence, extended = FULL_FENCE[name]
    assert text.count(fence) == 1
    pairs = ["0"]
    for k in range(cuts):
        for first, second in (("Before", "Late"), ("Early", "After"), ("Early", "Late")):
            pairs.append(f"({first}{k} * Call{k}); (Call{k} * {second}{k})")  # only if the call is made
    title, rest = text.split("\n", 1)
    text = f"{title}\nlet cut = {' | '.join(pairs)}\n{rest}".replace(fence, extended)
    sets = frozenset(f"{name}{k}" for name in SETS for k in range(cuts))
    return compile_text(text, f"{name} with cuts", tags | sets)


def states_by_cuts(test: RandomTest, model: str) -> States:
    """The final states of a test by the definition at the top of this module."""
    program, _, question, tags = prepared(test.without_calls(), model)
    pairs = [(call, t) for call in test.calls for t in call.targets]
    compiled = model_with_cuts(model, tags, len(pairs))
    found: States = frozenset()
    for chosen in product(*(places(program.threads[t]) for _, t in pairs)):
        found |= _states(unroll(with_sets(program, test, pairs, chosen)), compiled, question)
    return found


def cut_choices(test: RandomTest, model: str) -> int:
    """The number of ways to choose the cuts of a test."""
    program = prepared(test.without_calls(), model)[0]
    result = 1
    for call in test.calls:
        for t in call.targets:
            result *= len(places(program.threads[t]))
    return result


def places(code: ThreadCode) -> list[int]:
    """The lines before which a cut may be: the first line of every instruction that accesses memory, and the end."""
    firsts = {line.instruction: i for i, line in reversed(list(enumerate(code.lines)))}
    accesses = {line.instruction for line in code.lines if isinstance(line.operation, Load | Store | StoreConditional)}
    return [*sorted(firsts[number] for number in accesses), len(code.lines)]


def with_sets(program: Program, test: RandomTest, pairs: list[tuple[Call, int]], chosen: tuple[int, ...]) -> Program:
    """The program, with every access in the sets that say on which side of each call and cut it is."""
    threads = []
    for t, code in enumerate(program.threads):
        lines = []
        for i, line in enumerate(code.lines):
            tags = frozenset(_sets_of(program, test, pairs, chosen, t, i))
            operation = line.operation
            if tags and isinstance(operation, Load | Store | StoreConditional | Fence):
                operation = replace(operation, tags=operation.tags | tags)
            lines.append(Line(operation, line.instruction, line.span, line.motion))
        threads.append(ThreadCode(tuple(lines), code.labels))
    return replace(program, threads=tuple(threads))


def _sets_of(
    program: Program, test: RandomTest, pairs: list[tuple[Call, int]], chosen: tuple[int, ...], thread: int, line: int
) -> Iterator[str]:
    for k, ((call, target), place) in enumerate(zip(pairs, chosen, strict=True)):
        if thread == call.thread:
            at = _line_of(program, thread)
            yield f"{'Before' if line < at else 'After' if line > at else 'Call'}{k}"
        if thread == target:
            yield f"{'Early' if line < place else 'Late'}{k}"


def _line_of(program: Program, thread: int) -> int:
    """The line of the barrier that replaces the call of a thread.  A thread makes at most one call."""
    stand_in = [
        line.span.text == STAND_IN and isinstance(line.operation, Fence) for line in program.threads[thread].lines
    ]
    assert stand_in.count(True) == 1
    return stand_in.index(True)
