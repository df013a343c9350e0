"""The ordering table: which pairs of primitives order, derived from the shapes model by model.

For a pair, the row's primitive is put into one thread of a shape, and the column's into another; both threads have two
accesses.  All other threads with two accesses have smp_mb().  The pair orders (O) if every such test forbids its
outcome, for every shape and every choice of the two threads.  Otherwise (X) some test allows its outcome: this test is
the witness.  This is the table in the header of the sys_membarrier() patch (LKML, March 2015), which has it for
two threads.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from itertools import permutations
from typing import Literal

from msgspec import Struct, field
from msgspec.structs import replace

from litmus import batch
from litmus.c.tables import Primitives, load_primitives, tables
from litmus.cat import load_model
from litmus.cat.architectures import ForeignModel
from litmus.cat.catalogue import catalogue
from litmus.checking import Checker, Settings
from litmus.diagnostics import Diagnostic, ExitCode, InputError, NoAnswer, Source
from litmus.engine.answer import Verdict
from litmus.engine.options import Options
from litmus.isa import architecture_named
from litmus.oracle.story import Story, story
from litmus.ordering.dressing import FULL, Dress, Primitive, dressed, equivalent, in_assembly, in_c
from litmus.result import Result, is_certain, nothing_executes
from litmus.shapes.critical import critical_cycles, read_paths
from litmus.shapes.cycles import Cycle
from litmus.shapes.dialects import dialect
from litmus.shapes.generation import Generated, generate
from litmus.shapes.naming import SHAPES, family, name_of, pair_shape

DEFAULT_PRIMITIVES = ("barrier", FULL, "sys_membarrier")
UNSEEN = Options(states="none", witness=False)  # the verdict only
STATES = Options(states="auto", witness=False)  # the verdict, and whether there is any final state


class Asked(Struct, frozen=True):
    """What a table is asked for.  If there are no models, it is asked for every hardware model.

    arch: the table of primitives for a model that names none.  primitives: the alternatives that are chosen in these
    tables.  compiler: what the compiler may do to plain accesses.  (Both are as for checking.)  jobs: processes.
    timeout: seconds for one test under one model.
    """

    rows: tuple[Primitive, ...]
    columns: tuple[Primitive, ...]
    shapes: tuple[str, ...]
    models: tuple[str, ...] = ()
    arch: str | None = None
    primitives: tuple[tuple[str, str, str], ...] = ()
    compiler: Literal["kernel", "none"] = "kernel"
    jobs: int | None = None
    timeout: float | None = None


class Role(Struct, frozen=True):
    """One way to put a pair into a shape, and the test that this gives."""

    shape: str
    test: str


class Cell(Struct, frozen=True):
    """A cell under one model.

    roles: all ways to put the pair into the shapes.  allowed: the tests whose outcome is allowed, by name.  failed: the
    tests without an answer, by name.  seconds: the time to decide its tests; other cells may share these tests.
    """

    model: str
    row: Primitive
    column: Primitive
    roles: tuple[Role, ...]
    allowed: frozenset[str]
    failed: frozenset[str] = frozenset()
    seconds: float = 0.0

    def is_ordered(self, role: Role) -> bool | None:
        """Whether the test of a role forbids its outcome; None if this is not known."""
        return False if role.test in self.allowed else None if role.test in self.failed else True

    @property
    def ordered(self) -> bool | None:
        """Whether the pair orders; None if this is not known."""
        return _all(self.is_ordered(role) for role in self.roles)

    @property
    def shapes(self) -> dict[str, bool | None]:
        """For each shape, whether the pair orders in it; None if this is not known."""
        names = dict.fromkeys(role.shape for role in self.roles)
        return {name: _all(self.is_ordered(role) for role in self.roles if role.shape == name) for name in names}

    @property
    def witness(self) -> str | None:
        """The first test whose outcome is allowed; None if there is none."""
        return next((role.test for role in self.roles if role.test in self.allowed), None)


def _all(known: Iterable[bool | None]) -> bool | None:
    values = set(known)
    return False if False in values else None if None in values else True


class Table(Struct, frozen=True):
    """The answer: cells by (model, row, column), and the tests on which they rest, by name.

    errors: why tests have no answer, each reason once.  reasons: the same, by model and test.  notes: what a reader of
    the table must know.
    """

    asked: Asked
    models: tuple[str, ...]
    cells: dict[tuple[str, str, str], Cell]
    tests: dict[str, Generated]
    errors: tuple[Diagnostic, ...] = ()
    notes: tuple[str, ...] = ()
    reasons: Mapping[tuple[str, str], Diagnostic] = {}

    @property
    def exit_code(self) -> ExitCode:
        """What the table contributes to a command's exit status."""
        return min((error.exit_code for error in self.errors), default=ExitCode.OK)


def shapes_of(threads: int) -> tuple[str, ...]:
    """The shapes with that many threads: all critical cycles.  Those with a name of their own come first."""
    dialect_ = dialect("C")
    paths = read_paths("Pod**", dialect_)
    found = [family(cycle) for cycle in critical_cycles(threads, paths, dialect_) if len(cycle.threads) == threads]
    order = {name: i for i, name in enumerate(SHAPES)}
    return tuple(sorted(found, key=lambda name: (order.get(name, len(order)), found.index(name))))


def hardware_models() -> tuple[str, ...]:
    """The built-in models with a table of primitives of their own."""
    known = tables()
    return tuple(entry.name for entry in catalogue().values() if entry.primitives in known)


def derive(asked: Asked, progress: Callable[[int, int], None] = lambda done, of: None) -> Table:
    """The table.  `progress` is called with how many of the tests are decided, and with their number.

    Each distinct test is decided once for each model.  Raises InputError for a model or a shape that does not exist and
    for a pair that no test can have.  What is not supported is among the errors of the table.
    """
    own_code = any(primitive.name.startswith("{") for primitive in (*asked.rows, *asked.columns))
    options = replace(STATES if own_code else UNSEEN, timeout=asked.timeout)  # a fragment of C may wait for ever
    settings = Settings(
        models=asked.models,
        arch=asked.arch,
        options=options,
        primitives=asked.primitives,
        compiler=asked.compiler,
    )
    settings.validate()
    _refuse_foreign(asked)
    planned = _planned(asked)
    answers: dict[tuple[str, str], Verdict] = {}
    reasons: dict[tuple[str, str], Diagnostic] = {}
    times: dict[tuple[str, str], float] = {}
    errors: dict[str, Diagnostic] = {}
    notes = dict(planned.notes)
    names = list(planned.tests)
    total = sum(map(len, planned.models_of.values()))
    start = partial(_deciding, planned, settings)
    for done, decided in enumerate(batch.run(names, start, _died, asked.jobs or batch.default_jobs(len(names)))):
        progress(done + 1, total)
        times[decided.model, decided.test] = decided.seconds
        if decided.verdict is not None:
            answers[decided.model, decided.test] = Verdict(decided.verdict)
        elif decided.error is not None:
            reasons[decided.model, decided.test] = decided.error
            errors.setdefault(f"{type(decided.error)} {decided.error.message}", decided.error)
        notes.update(dict.fromkeys(decided.notes))
    cells = {key: _answered(cell, answers, times) for key, cell in planned.cells.items()}
    return Table(asked, planned.models, cells, planned.tests, tuple(errors.values()), tuple(notes), reasons)


def explain(table: Table, cell: Cell) -> Result | None:
    """The witness of a cell, decided once more, this time with everything that can be said of it.

    None if the pair orders.
    """
    if cell.witness is None:
        return None
    asked = table.asked
    settings = Settings(
        models=(cell.model,),
        arch=asked.arch,
        options=Options(timeout=asked.timeout),
        primitives=asked.primitives,
        compiler=asked.compiler,
    )
    test = table.tests[cell.witness]
    return next(Checker(settings).check_source(Source(f"{test.name}.litmus", test.text)))


def story_of(result: Result) -> Story | None:
    """The story of the witness of a result; None if there is none."""
    assert result.answer is not None
    assert result.answer.witness is not None
    assert result.model is not None
    arch = result.answer.witness.graph.program.arch
    return story(result.answer.witness, load_model(result.model, architecture_named(arch).tags, arch=arch))


# ---------------------------------------------------------------- which tests


class _Plan(Struct):
    """What is to be decided: the cells, still without answers, the tests by name, and the models of each test."""

    models: tuple[str, ...] = ()
    cells: dict[tuple[str, str, str], Cell] = field(default_factory=dict)
    tests: dict[str, Generated] = field(default_factory=dict)
    models_of: dict[str, list[str]] = field(default_factory=dict)
    names: dict[Cycle, str] = field(default_factory=dict)
    notes: dict[str, None] = field(default_factory=dict)

    def test(self, cycle: Cycle, model: str) -> str:
        """The name of the test of a cycle.  The test is added to those that the model decides."""
        name = self.names.get(cycle)
        if name is None:
            base = name_of(cycle)
            same = sum(1 for other in self.names if name_of(other) == base) if base in self.tests else 0
            name = self.names[cycle] = f"{base}{same:03}" if same else base
            self.tests[name] = generate(cycle, name)
            self.models_of[name] = []
        if model not in self.models_of[name]:
            self.models_of[name].append(model)
        return name


def _planned(asked: Asked) -> _Plan:
    shapes = {family(cycle): cycle for cycle in map(pair_shape, asked.shapes)}
    plan = _Plan()
    words = [primitive.name for primitive in (*asked.rows, *asked.columns)]
    strangers = []
    for model in asked.models or hardware_models():
        table = load_primitives(table_of(model, asked.arch), _chosen(asked, table_of(model, asked.arch)))
        unknown = [w for w in words if in_c(w) is None and in_assembly(w, table) is None]
        if unknown:
            strangers.append((model, unknown[0]))
            continue
        plan.models += (model,)
        for row in asked.rows:
            for column in asked.columns:
                ways = _ways(row, column, model, table)
                for primitive, fence in ways.replaced:
                    note = f"{primitive.title} in a C test is {fence}(), which is just that under {model}"
                    plan.notes[note] = None
                roles = tuple(_roles(plan, model, shapes, ways))
                plan.cells[model, row.name, column.name] = Cell(model, row, column, roles, frozenset())
    if strangers and asked.models:
        raise InputError(f"{strangers[0][0]} has no instruction {strangers[0][1]}")
    if not plan.models:
        raise InputError(f"no hardware model has all of {', '.join(dict.fromkeys(words))}")
    return plan


def table_of(model: str, arch: str | None) -> str:
    """The table of primitives for tests under a model.  Raises InputError if neither the model nor `arch` names one."""
    entry = catalogue().get(model)
    if entry is not None and entry.primitives in tables():
        return entry.primitives
    if arch is not None:
        return arch
    if entry is not None and entry.primitives == "any":
        return catalogue()[hardware_models()[0]].primitives
    raise InputError(f"{model} does not say what primitives become", hint="name a table with --arch")


def _refuse_foreign(asked: Asked) -> None:
    """Raises ForeignModel if a model is for another instruction set than its table of primitives."""
    for model in asked.models:
        table = load_primitives(table_of(model, asked.arch))
        try:
            load_model(model, architecture_named(table.arch).tags, arch=table.arch)
        except ForeignModel:
            raise
        except Diagnostic:
            pass  # the same error comes with the tests


def _chosen(asked: Asked, table: str) -> dict[str, str]:
    return {row: alternative for of, row, alternative in asked.primitives if of == table}


class _Ways(Struct, frozen=True):
    """How a row, a column and the primitive of the other threads are written in one kind of test.

    replaced: the instructions that are written as a fence of C, with this fence.
    """

    arch: str
    row: Dress
    column: Dress
    others: Dress
    replaced: tuple[tuple[Primitive, str], ...] = ()


def _ways(row: Primitive, column: Primitive, model: str, table: Primitives) -> _Ways:
    """The first kind of test that can have both primitives: C; assembly; C, with a fence of C for an instruction.

    Raises InputError if none can.
    """
    pair = (row.name, column.name, FULL)
    same = [equivalent(name, table) for name in pair]
    ways = (
        ("C", [in_c(name) for name in pair]),
        (table.arch, [in_assembly(name, table) for name in pair]),
        ("C", [None if name is None else in_c(name) for name in same]),
    )
    for arch, (rows, columns, others) in ways:
        if rows is not None and columns is not None and others is not None:
            replaced = [(p, name) for p, name in zip((row, column), same, strict=False) if name not in (None, p.name)]
            return _Ways(arch, rows, columns, others, tuple(replaced) if arch == "C" else ())
    raise InputError(
        f"no test under {model} can have both {row.title} and {column.title}",
        hint="one of them exists in C only, the other as an instruction that no fence of C becomes",
    )


def _roles(plan: _Plan, model: str, shapes: Mapping[str, Cycle], ways: _Ways) -> Iterator[Role]:
    """All ways to put a pair into the shapes."""
    of = dialect(ways.arch)
    for name, cycle in shapes.items():
        double = [t for t, thread in enumerate(cycle.threads) if thread.steps]
        for pair in permutations(double, 2):
            dresses = [ways.others if thread.steps else None for thread in cycle.threads]
            dresses[pair[0]], dresses[pair[1]] = ways.row, ways.column
            leaving = [thread.leaving for thread in cycle.threads]
            yield Role(name, plan.test(dressed(dresses, leaving, of), model))


# ---------------------------------------------------------------- deciding them


class _Decided(Struct, frozen=True):
    """One test under one model: the word of the verdict, or why there is none."""

    test: str
    model: str
    verdict: str | None
    error: Diagnostic | None = None
    notes: tuple[str, ...] = ()
    seconds: float = 0.0


def _deciding(plan: _Plan, settings: Settings) -> Callable[[str], Iterator[_Decided]]:
    """The function that a process executes: it gives the verdicts for the name of a test."""
    checkers: dict[tuple[str, ...], Checker] = {}

    def decide(name: str) -> Iterator[_Decided]:
        models = tuple(plan.models_of[name])
        checker = checkers.get(models)
        if checker is None:
            checker = checkers[models] = Checker(replace(settings, models=models))
        for result in checker.check_source(Source(f"{name}.litmus", plan.tests[name].text)):
            answer, model = result.answer, result.model or ""
            if answer is None:
                yield _Decided(name, model, None, result.error, seconds=result.seconds)
            elif nothing_executes(answer):
                yield _Decided(name, model, None, NoAnswer(f"no execution of {name} comes to an end under {model}"))
            elif answer.verdict is Verdict.NEVER and not is_certain(answer):
                message = f"a loop of {name} was left after {result.unroll} rounds; whether a longer execution under "
                yield _Decided(name, model, None, NoAnswer(f"{message}{model} has the outcome is not known"))
            else:
                yield _Decided(name, model, answer.verdict.value, None, result.notes, result.seconds)

    return decide


def _died(name: str, how: str) -> _Decided:
    return _Decided(name, "", None, NoAnswer(f"the process that was deciding {name} {how}"))


def _answered(cell: Cell, answers: Mapping[tuple[str, str], Verdict], times: Mapping[tuple[str, str], float]) -> Cell:
    tests = {role.test for role in cell.roles}
    allowed = {t for t in tests if answers.get((cell.model, t), Verdict.NEVER) is not Verdict.NEVER}
    failed = {t for t in tests if (cell.model, t) not in answers}
    seconds = sum(times.get((cell.model, t), 0.0) for t in tests)
    return replace(cell, allowed=frozenset(allowed), failed=frozenset(failed), seconds=seconds)
