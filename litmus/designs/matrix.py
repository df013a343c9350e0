"""The matrix: every design in every scenario under every model, safe or broken.

A design is broken in a scenario iff an outcome that the promise forbids there becomes reachable.  What the
promise forbids is not assumed: the scenario with sys_membarrier() in the design's place is decided first.
Which shapes there are is evidence, not a proof: the matrix says how many scenarios it rests on.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from time import monotonic, process_time
from typing import TypeVar

from msgspec import Struct
from msgspec.structs import replace

from litmus import batch
from litmus.cat import load_model
from litmus.cat.catalogue import catalogue, locate
from litmus.cat.dag import Model
from litmus.designs.lowering import COMPLETES, Lowering, question
from litmus.designs.scenarios import Family, Scenario, families
from litmus.designs.syntax import HARDWARE, SIDES, Design, Expectation
from litmus.designs.telling import told
from litmus.diagnostics import Diagnostic, InputError, NoAnswer, Source, near
from litmus.engine import Unfinished, decide
from litmus.engine.answer import Answer, Verdict
from litmus.engine.options import Options
from litmus.isa import architecture, c
from litmus.limits import within
from litmus.membarrier.table import hardware_models, table_of
from litmus.oracle.recheck import is_execution
from litmus.program.graph import EventGraph
from litmus.program.primitives import Primitives, load_primitives
from litmus.program.question import Question
from litmus.program.resolve import resolve
from litmus.program.unroll import unroll
from litmus.shapes.generation import generate
from litmus.source.litmus import read_test

CUT = "a loop was followed to its bound: write await() for one that waits"
T = TypeVar("T")
SEQUENTIAL = "sc"  # the model of an execution that shows that a scenario can complete


class Asked(Struct, frozen=True):
    """What is asked of designs; no models: every hardware model.

    primitives: alternatives (table, row, alternative), which go before those of a design; its expectations then
    bind nobody.  options: how each
    question is decided.  jobs: processes.
    """

    designs: tuple[Design, ...]
    shapes: tuple[str, ...]
    sides: tuple[str, ...]
    models: tuple[str, ...] = ()
    arch: str | None = None
    primitives: tuple[tuple[str, str, str], ...] = ()
    options: Options = Options(states="none")
    jobs: int | None = None
    complete: bool = True  # whether the scenarios are those of which the designs' files speak


class Finding(Struct, frozen=True):
    """One design in one scenario under one model.

    safe: None where there is no answer (error), and where the promise does not forbid the outcome.
    completes: whether some execution comes to the end of the call.  seconds: what deciding it took.
    """

    design: int
    model: str
    side: str
    shape: str
    roles: str
    title: str
    promised: bool = True
    safe: bool | None = None
    completes: bool = True
    told: str | None = None
    error: Diagnostic | None = None
    seconds: float = 0.0


class Cell(Struct, frozen=True):
    """A design under a model on one side: its findings, one for each way to put a caller and T into a shape."""

    findings: tuple[Finding, ...]

    @property
    def broken(self) -> tuple[Finding, ...]:
        """Where it is broken."""
        return tuple(f for f in self.findings if f.safe is False)

    @property
    def stuck(self) -> tuple[Finding, ...]:
        """Where no execution completes the call: there, being safe means nothing."""
        return tuple(f for f in self.findings if f.promised and not f.completes)

    @property
    def safe(self) -> bool | None:
        """Whether it is safe in all scenarios; None where that is not known, or means nothing."""
        if self.broken:
            return False
        return None if self.stuck or any(f.promised and f.safe is None for f in self.findings) else True


class Matrix(Struct, frozen=True):
    """The answer: cells by (number of the design, model, side), and the notes a reader must know."""

    asked: Asked
    models: tuple[str, ...]
    cells: dict[tuple[int, str, str], Cell]

    def differences(self, design: int, model: str) -> str | None:
        """How the findings differ from what the design's file expects of a model; None where they do not."""
        return _difference(self, design, model)

    def is_unstated(self, design: int, model: str) -> bool:
        """Whether a design is broken under a model of which its file says nothing, so that nothing was compared."""
        cells = [self.cells[design, model, side] for side in self.asked.sides]
        return any(cell.safe is False for cell in cells) and _expected(self.asked, design, model) is None


def derive(
    asked: Asked,
    progress: Callable[[int, int], None] = lambda done, of: None,
    each: Callable[[Finding], None] = lambda finding: None,
) -> Matrix:
    """The matrix; `progress` is told how many of the designs' scenarios are decided, `each` what was found.

    Raises InputError for a model, a shape or an alternative that does not exist, and for what is wrong with a
    design; what is not supported and what was not decided in time is in the findings.
    """
    models = asked.models or hardware_models()
    _validate(asked, models)
    known = families(asked.shapes)
    items = [f"{d} {f}" for d in range(len(asked.designs)) for f in range(len(known))]
    start = partial(_deciding, asked, models, known)
    found: dict[tuple[int, str, str], list[Finding]] = {
        (d, model, side): [] for d in range(len(asked.designs)) for model in models for side in asked.sides
    }
    total = len(items) * len(models) * len(asked.sides)
    for count, finding in enumerate(
        batch.run(items, start, _died, asked.jobs or batch.default_jobs(len(items))), start=1
    ):
        if finding.error is not None and (isinstance(finding.error, InputError) or not finding.model):
            raise finding.error
        found[finding.design, finding.model, finding.side].append(finding)
        progress(count, total)
        each(finding)
    return Matrix(asked, models, {key: Cell(tuple(findings)) for key, findings in found.items()})


def _validate(asked: Asked, models: tuple[str, ...]) -> None:
    for model in models:
        locate(model)
    known = (*catalogue(), HARDWARE)
    for design in asked.designs:
        for expectation in design.expectations:
            for word in expectation.models:
                if word.text not in known:
                    raise InputError(f"there is no model {word.text}", word.span, near(word.text, known))
        for choice in design.primitives:
            try:
                load_primitives(choice.table, {choice.row: choice.alternative})
            except InputError as error:
                raise InputError(error.message, choice.span, error.hint) from None
    for table, row, alternative in asked.primitives:
        load_primitives(table, {row: alternative})
    for model in models:
        limited(asked, "any scenario", model, partial(model_of, model, primitives_of(asked, None, model)))


def primitives_of(asked: Asked, design: Design | None, model: str) -> Primitives:
    """The table for a model, with the alternatives that the design chose, and those of the command line before them."""
    name = table_of(model, asked.arch)
    chosen = {c.row: c.alternative for c in (design.primitives if design is not None else ()) if c.table == name}
    chosen |= {row: alternative for table, row, alternative in asked.primitives if table == name}
    return load_primitives(name, chosen)


def model_of(name: str, table: Primitives) -> Model:
    """The model of that name, compiled for the architecture of a table."""
    return load_model(name, architecture(table.arch).tags, arch=table.arch)


# ---------------------------------------------------------------- deciding


def _deciding(asked: Asked, models: tuple[str, ...], known: list[Family]) -> Callable[[str], Iterator[Finding]]:
    """What one process does: from a design and a family of scenarios, by number, to the findings."""
    promises: dict[tuple[int, str, int], bool] = {}
    lowerings: dict[int, Lowering] = {}
    unlimited = replace(asked.options, timeout=None)  # the limit is that of all questions about a scenario

    def decide_all(item: str) -> Iterator[Finding]:
        d, f = map(int, item.split())
        design, family = asked.designs[d], known[f]
        lowering = lowerings.setdefault(d, Lowering(design))
        for model in models:
            table = primitives_of(asked, design, model)
            for side in asked.sides:
                started = process_time()
                finding = Finding(d, model, side, family.shape, "", "")
                try:
                    key = f, model, id(table)
                    if key not in promises:
                        promise = partial(_is_promised, family, model, table, unlimited)
                        promises[key] = limited(asked, f"the promise for {family.shape}", model, promise)
                    scenarios = list(family.scenarios((side,), design.migrates))
                    first = scenarios[0]
                    finding = replace(finding, roles=first.roles, title=first.title, promised=promises[key])
                    if finding.promised:
                        asking = partial(_found, finding, design, lowering, model_of(model, table), table, unlimited)
                        found = [
                            limited(asked, f"{design.title} in {one.title}", model, partial(asking, one))
                            for one in scenarios
                        ]
                        finding = min(found, key=severity)
                except Diagnostic as error:
                    finding = replace(finding, error=error)
                yield replace(finding, seconds=process_time() - started)

    return decide_all


def severity(finding: Finding) -> tuple[bool, ...]:
    """The key that puts first what says most about a design: broken, not known, never completed, safe."""
    return finding.safe is not False, finding.safe is not None, finding.completes


def limited(asked: Asked, what: str, model: str, work: Callable[[], T]) -> T:
    """What `work` returns, if it does within the time for one scenario."""
    seconds = asked.options.timeout
    if seconds is None:
        return work()
    return within(monotonic() + seconds, lambda: f"no answer for {what} under {model} within {seconds:g} s", work)


def _is_promised(family: Family, model: str, table: Primitives, options: Options) -> bool:
    """Whether sys_membarrier() in the place of a design forbids the outcome."""
    generated = generate(family.promise)
    test = read_test(Source(f"{generated.name}.litmus", generated.text))
    program = c.lower(test, table)
    asked = resolve(test, program)
    answer = _settled(unroll(program), model_of(model, table), asked, replace(options, witness=False))
    return answer.verdict is Verdict.NEVER


def _settled(graph: EventGraph, model: Model, asked: Question, options: Options) -> Answer:
    """An answer that no longer execution can change.  Raises Unfinished where a loop that was cut leaves it open."""
    try:
        answer = decide(graph, model, asked, options)
    except Unfinished as error:
        raise Unfinished(CUT, error.span) from None
    if answer.verdict is Verdict.NEVER and answer.bound_reached:
        raise Unfinished(CUT, next(iter(graph.cuts.values())))
    return answer


def _found(
    finding: Finding,
    design: Design,
    lowering: Lowering,
    model: Model,
    table: Primitives,
    options: Options,
    scenario: Scenario,
) -> Finding:
    try:
        answer = _settled(unroll(lowering.program(scenario, table)), model, question(scenario), options)
        if answer.verdict is not Verdict.NEVER:
            assert answer.witness is not None, "a witness was asked for"
            return replace(finding, safe=False, told=told(answer.witness, model, scenario, design))
        return replace(finding, safe=True, completes=_completes(scenario, lowering, model, table, options))
    except Unfinished as error:
        return replace(finding, error=error)  # another scenario may show that the design is broken


def _completes(scenario: Scenario, lowering: Lowering, model: Model, table: Primitives, options: Options) -> bool:
    """Whether some execution completes the call, whatever its reads return.

    A sequential one does for nearly all designs and models, and is quickly found.
    """
    graph = unroll(lowering.program(scenario, table, outcome=False))
    try:
        execution = decide(graph, model_of(SEQUENTIAL, table), COMPLETES, replace(options, engine="auto")).witness
    except Unfinished:
        execution = None
    if execution is not None and is_execution(execution, model) is None:
        return True
    return _settled(graph, model, COMPLETES, replace(options, witness=False)).verdict is not Verdict.NEVER


def _died(item: str, how: str) -> Finding:
    error = NoAnswer(f"the process that was deciding a design {how}")
    return Finding(int(item.split()[0]), "", "", "", "", "", error=error)


# ---------------------------------------------------------------- expectations


def _expected(asked: Asked, number: int, model: str) -> Expectation | None:
    """What a design's file expects of a model; None where it expects nothing that could be compared."""
    named = {word.text: e for e in asked.designs[number].expectations for word in e.models}
    expected = named.get(model) or (named.get(HARDWARE) if model in hardware_models() else None)
    return None if asked.primitives else expected


def _difference(matrix: Matrix, number: int, model: str) -> str | None:
    asked = matrix.asked
    expected = _expected(asked, number, model)
    if expected is None:
        return None
    cells = {side: matrix.cells[number, model, side] for side in asked.sides}
    broken = [side for side, cell in cells.items() if cell.safe is False]
    if expected.safe:
        if broken:
            return f"is broken ({' '.join(broken)}), and expected to be safe"
        stuck = [side for side, cell in cells.items() if cell.stuck]
        return f"never completes the call ({' '.join(stuck)}), and is expected to be safe" if stuck else None
    if any(cell.safe is None for cell in cells.values()):
        return None  # there is an error to report
    wanted = [side for side in asked.sides if side in expected.sides] if expected.sides else broken
    surprising = [side for side in broken if side not in wanted]
    if surprising:
        return f"is broken ({' '.join(surprising)}), and expected to be safe there"
    missing = [side for side in wanted if side not in broken]
    if asked.complete and missing:
        return f"is safe ({' '.join(missing)}), and expected to be broken there"
    if asked.complete and not expected.sides and not broken and set(asked.sides) == set(SIDES):
        return "is safe, and expected to be broken"
    return None
