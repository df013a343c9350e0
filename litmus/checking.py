"""Checking: from a file and a model to a Result, reading and unrolling each test only once.

`check` is for other programs; `Checker` is what it and the command line share.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from functools import lru_cache
from time import monotonic, process_time
from typing import TYPE_CHECKING, Literal, TypeVar

from msgspec import Struct
from msgspec.structs import replace

from litmus.diagnostics import Diagnostic, InputError, NoAnswer, Source, Unsupported, near
from litmus.engine.answer import Verdict
from litmus.engine.options import Options
from litmus.expecting import expectation_of, refuse_unknown_models
from litmus.limits import attempt, within
from litmus.program.question import Negation
from litmus.result import Expectation, Result, stated_expectation

if TYPE_CHECKING:
    from litmus.algebra.dag import Model
    from litmus.c.tables import Primitives
    from litmus.cat.catalogue import Entry
    from litmus.engine.answer import Execution
    from litmus.program.code import Program
    from litmus.program.graph import EventGraph
    from litmus.program.question import Question
    from litmus.source.syntax import Test

DEFAULTS = Options()
T = TypeVar("T")


class InternalError(NoAnswer):
    """This program failed instead of giving an answer.  `__cause__` is the exception that was raised."""


class Settings(Struct, frozen=True):
    """What is asked of every test.

    models: names of built-in models, or paths.  If empty, the default of the test's architecture; for a C test,
    every hardware model with a table of primitives.  arch: the table of primitives for C tests under a
    model that names none.  unroll: how many rounds of loops are followed.  include, variants: for compiling
    models.  primitives: (table, primitive, alternative), if the table's first choice is not wanted.
    compiler: what stands between a C test and a hardware model.  "kernel" may exchange plain accesses as
    litmus.program.compile_c says; "none" leaves every access where the test has it.
    expect: the verdict expected of every test, whatever the tests say themselves.  explain: if a forall does not
    hold, find an execution that refutes it.  require_expectation: a test that states no expectation is not ok.
    one_model: a test that several models would decide is refused.  bounded: a verdict that is as expected up to the
    bound of loops is accepted.  memory: the megabytes that a process may have in use.
    """

    models: tuple[str, ...] = ()
    arch: str | None = None
    options: Options = DEFAULTS
    unroll: int = 2
    include: tuple[str, ...] = ()
    variants: tuple[str, ...] = ()
    primitives: tuple[tuple[str, str, str], ...] = ()
    compiler: Literal["kernel", "none"] = "kernel"
    expect: str | None = None
    explain: bool = False
    require_expectation: bool = False
    one_model: bool = False
    bounded: bool = False
    memory: int | None = None

    def validate(self) -> None:
        """Raises InputError for a model, a variant, a table, a primitive or an alternative that does not exist."""
        from litmus.cat.catalogue import catalogue, locate
        from litmus.cat.library import search_path

        known = catalogue()  # also if no model is named: processes that are started later have it, too
        paths = [locate(model, (*self.include, *search_path())) for model in self.models]
        if self.variants:
            from litmus.cat.variants import refuse_unknown

            refuse_unknown(self.variants, paths or [entry.path for entry in known.values()], self.include)
        if self.arch is None and not self.primitives:
            return
        from litmus.c.tables import load_primitives, tables

        if self.arch is not None and self.arch not in tables():
            hint = near(self.arch, tables()) or f"there are {', '.join(tables())}"
            raise InputError(f"there is no primitives table {self.arch}", hint=hint)
        for table, primitive, alternative in self.primitives:
            load_primitives(table, {primitive: alternative})


def check(
    test: str | os.PathLike[str] | Source,
    model: str | None = None,
    *,
    arch: str | None = None,
    options: Options = DEFAULTS,
    unroll: int = 2,
    compiler: Literal["kernel", "none"] = "kernel",
    expect: str | None = None,
    bounded: bool = False,
) -> Result:
    """Decide one test under one model.

    test: a path, a Source, or the text of a test (a string with a line break in it).  model: the name of
    a built-in model or the path of a .cat file; None for the default of the test's architecture.  arch:
    for a C test, the table of primitives if the model names none.  compiler: see Settings.  unroll: how many
    rounds are followed of loops whose end depends on what is read.  bounded: a verdict that is as expected up to
    this bound is accepted.  An error is in the result (`error`), and so is what was expected.  Raises InputError for
    a model that does not exist, and for a C test without a model, because C tests have no single default.
    """
    models = () if model is None else (model,)
    settings = Settings(models, arch, options, unroll, compiler=compiler, expect=expect, bounded=bounded)
    settings.validate()
    checker = Checker(settings)
    if isinstance(test, str) and "\n" in test:
        test = Source("<text>", test)
    results = list(checker.check_source(test) if isinstance(test, Source) else checker.check(os.fspath(test)))
    if len(results) > 1:
        raise InputError("a C test has no single default model", hint="name one, for example model='power'")
    return results[0]


def failed(file: str, error: Diagnostic, model: str | None = None) -> Result:
    """The result of a file about which only an error is known."""
    return Result(file, model, None, None, None, error, None, 0.0, 0)


class Checker:
    """Checks files one after the other, all under the models as they are when they are first asked for.

    _models: those models, or why there are none: one for each name in the settings and each architecture of the tests.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._variants = frozenset(settings.variants)
        self._models: dict[tuple[str, frozenset[str], str], Model | Diagnostic] = {}

    def check(self, file: str) -> Iterator[Result]:
        """The results of a file, one for every model, in the order of the models.

        Nothing is raised: an error in the file, or a failure of this program, becomes the error of a result.
        """
        from litmus.reading import read_file

        started = process_time()
        try:
            source = read_file(file)
        except Diagnostic as error:
            yield from self._failed(file, None, error, started)
            return
        yield from self.check_source(source)

    def check_source(self, source: Source) -> Iterator[Result]:
        """The results of a test that was read already.  The rest is as in `check`."""
        from litmus.reading import read_test

        started = process_time()
        deadline = self._deadline()
        test: Test | None = None
        try:
            test = self._within(deadline, source.name, lambda: read_test(source))
            refuse_unknown_models(test, self._settings.models)
            models = self._models_for(test)
        except Exception as error:
            yield from self._failed(source.name, test, _diagnosed(error), started)
            return
        lowered: dict[str | None, _Lowered | Diagnostic] = {}
        for model in models:
            yield self._result(test, model, lowered, started, deadline)
            started, deadline = process_time(), self._deadline()

    def _failed(self, file: str, test: Test | None, error: Diagnostic, started: float) -> Iterator[Result]:
        """The same error under every model that was asked for."""
        seconds = process_time() - started
        for model in self._settings.models or (None,):
            yield replace(failed(file, error, model), test=test, seconds=seconds)

    def _deadline(self) -> float | None:
        timeout = self._settings.options.timeout
        return None if timeout is None else monotonic() + timeout

    def _within(self, deadline: float | None, what: str, work: Callable[[], T]) -> T:
        settings = self._settings
        late = f"no answer for {what} within "
        return within(deadline, lambda: f"{late}{settings.options.timeout:g} s", work, settings.memory)

    def _result(
        self,
        test: Test,
        model: str,
        lowered: dict[str | None, _Lowered | Diagnostic],
        started: float,
        deadline: float | None,
    ) -> Result:
        from litmus.deciding import decide

        settings = self._settings
        options = replace(settings.options, timeout=None)  # the deadline covers everything that is done here
        expected = self._expectation(test, model)
        question = None
        notes: tuple[str, ...] = ()
        answer = error = refutation = None

        def decided() -> None:
            nonlocal question, notes, answer, refutation
            table = self._table(test, model)
            if table not in lowered:
                lowered[table] = self._lowered(test, table)
            code = lowered[table]
            if isinstance(code, Diagnostic):
                raise code
            question, notes = code.question, code.notes
            compiled = self._model_for(test, model, table, code)
            notes += compiled.notes
            answer = decide(code.graph, compiled, question, options)
            if settings.explain and question.quantifier == "forall" and answer.verdict is not Verdict.ALWAYS:
                refutation = self._refutation(code, compiled)

        try:
            self._within(deadline, f"{test.name} under {model}", decided)
        except Exception as raised:
            error, answer = _diagnosed(raised), None
        return Result(
            test.source.name,
            model,
            test,
            question,
            answer,
            error,
            expected,
            process_time() - started,
            settings.unroll,
            notes,
            refutation,
            unstated=settings.require_expectation and expected is None,
            bounded=settings.bounded,
        )

    def _refutation(self, code: _Lowered, model: Model) -> Execution | None:
        """An execution in which a forall's proposition is false; None if none was found in time."""
        from litmus.deciding import decide

        asked = replace(code.question, quantifier="exists", formula=Negation(code.question.formula))
        options = replace(self._settings.options, states="none", timeout=None)
        return attempt(lambda: decide(code.graph, model, asked, options).witness)

    # ------------------------------------------------------------ models

    def _models_for(self, test: Test) -> tuple[str, ...]:
        if self._settings.models:
            return self._settings.models
        from litmus.cat.catalogue import catalogue, default_model

        if test.body is not None:
            models = tuple(entry.name for entry in catalogue().values() if _has_own_table(entry))
            if self._settings.one_model:
                hint = "name one with --model, or --output DIR writes a log for each"
                raise InputError("a C test under all hardware models is no single log", test.arch_span, hint)
            return models
        entry = default_model(test.arch)
        if entry is None:
            from litmus.isa import architecture_named

            architecture_named(test.arch, test.arch_span)  # raises if the architecture is not supported at all
            raise InputError(f"there is no default model for {test.arch}", test.arch_span, "name one with --model")
        return (entry.name,)

    def _model_for(self, test: Test, name: str, table: str | None, code: _Lowered) -> Model:
        """The model, compiled for a test.  If it is for another instruction set, the error points at the test."""
        from litmus.cat.architectures import ForeignModel

        try:
            return self._model(name, code.tags, code.program.arch)
        except ForeignModel as error:
            model = f"the model {name} is for {error.own}"
            if table is None:
                message = f"this test is for {error.asked}, and {model}"
                hint = "sc and tso take every instruction set"
            else:
                from litmus.c.tables import load_primitives, tables

                message = f"the primitives of the table {table} are of {error.asked}, and {model}"
                fitting = [f"--arch {other}" for other in tables() if load_primitives(other).arch in error.takes]
                hint = " or ".join(fitting) or "C tests run on hardware here, and there is no table for that"
            raise InputError(message, test.arch_span, hint) from None

    def _model(self, name: str, tags: frozenset[str], arch: str) -> Model:
        key = name, tags, arch
        found = self._models.get(key)
        if found is None:
            from litmus.cat import load_model

            try:
                found = load_model(name, tags, arch=arch, include=self._settings.include, variants=self._variants)
            except Diagnostic as error:  # the same for every test
                found = error
            self._models[key] = found
        if isinstance(found, Diagnostic):
            raise found
        return found

    def _expectation(self, test: Test, model: str) -> Expectation | None:
        if self._settings.expect is not None:
            return stated_expectation(self._settings.expect, "--expect")
        return expectation_of(test, model)

    # ------------------------------------------------------------ programs

    def _table(self, test: Test, model: str) -> str | None:
        """The table of primitives that a C test uses under a model; None for any other test."""
        if test.body is None:
            return None
        from litmus.cat.catalogue import catalogue

        entry = catalogue().get(model)
        if entry is not None and entry.primitives != "any":
            if not _has_own_table(entry):
                raise Unsupported(f"there is no table of primitives by which C tests run under {model}", test.arch_span)
            return entry.primitives
        if self._settings.arch is not None:
            return self._settings.arch
        if entry is not None:  # the model takes any table, because its answer does not depend on fences
            return next(e.primitives for e in catalogue().values() if _has_own_table(e))
        from litmus.c.tables import tables

        raise InputError(
            f"the model file {model} does not say what the primitives of a C test become",
            test.arch_span,
            "name a table: " + " or ".join(f"--arch {name}" for name in tables()),
        )

    def _lowered(self, test: Test, table: str | None) -> _Lowered | Diagnostic:
        """The program, the question and the events of a test.  An error is returned, to be kept for the next model."""
        from litmus.isa import architecture_named
        from litmus.program.build import unroll
        from litmus.program.compile_c import compiler_notes
        from litmus.program.question import observed_registers
        from litmus.program.unwritten import unwritten_notes
        from litmus.resolving import resolve

        try:
            if table is None:
                isa = architecture_named(test.arch, test.arch_span)
                program = isa.lower(test)
            else:
                from litmus.c.lowering import lower

                primitives = self._primitives(table)
                isa = architecture_named(primitives.arch)
                program = lower(test, primitives)
            question = resolve(test, program)
            exchange = self._settings.compiler == "kernel"
            graph = unroll(program, self._settings.unroll, exchange, observed=observed_registers(question))
            said = test.notes + unwritten_notes(program, question)
            notes = said + program.notes + compiler_notes(graph, exchange)
            return _Lowered(program, question, graph, isa.tags, notes)
        except Diagnostic as error:
            return error

    def _primitives(self, table: str) -> Primitives:
        from litmus.c.tables import load_primitives

        chosen = {row: alternative for of, row, alternative in self._settings.primitives if of == table}
        return load_primitives(table, chosen)


class _Lowered(Struct, frozen=True):
    """A test as one architecture executes it, and the cat sets of that architecture.

    notes: what a reader of the answer must know.
    """

    program: Program
    question: Question
    graph: EventGraph
    tags: frozenset[str]
    notes: tuple[str, ...]


@lru_cache(maxsize=1)
def _tables() -> frozenset[str]:
    from litmus.c.tables import tables

    return frozenset(tables())


def _has_own_table(entry: Entry) -> bool:
    """Whether C tests run under a model without `arch`: the model names a table of primitives, and the table exists."""
    return entry.primitives in _tables()


def _diagnosed(error: Exception) -> Diagnostic:
    """User errors are returned unchanged.  Any other exception becomes an InternalError."""
    if isinstance(error, Diagnostic):
        return error
    if isinstance(error, MemoryError):
        return NoAnswer("no answer within the memory that there is")
    found = InternalError(
        f"internal error: {type(error).__name__}: {error}",
        hint="this is a bug in litmus; please report it with the test (--debug shows where it happened)",
    )
    found.__cause__ = error
    return found
