"""The matrix: every design in every scenario under every model, safe or broken.

A design is broken in a scenario if it allows an outcome that the promise forbids there; otherwise it is safe there.
What the promise forbids is not assumed: first, the same scenario is decided with sys_membarrier() in place of the
design.  A finite number of shapes is evidence, not a proof, so the matrix says on how many scenarios it rests.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from time import monotonic, process_time
from typing import TypeVar

from msgspec import Struct
from msgspec.structs import replace

from litmus import batch
from litmus.algebra.dag import Model
from litmus.c.lowering import lower
from litmus.c.tables import Primitives, load_primitives
from litmus.cat import load_model
from litmus.cat.catalogue import catalogue, locate
from litmus.deciding import Unfinished, decide
from litmus.designs.lowering import COMPLETES, Lowering, question
from litmus.designs.scenarios import Family, Scenario, families
from litmus.designs.syntax import HARDWARE, SIDES, Design, Expectation
from litmus.designs.telling import told
from litmus.designs.waiting import Blocked, blocked
from litmus.diagnostics import Diagnostic, InputError, NoAnswer, Source, near
from litmus.engine.answer import Answer, Verdict
from litmus.engine.options import Options
from litmus.isa import architecture_named
from litmus.limits import within
from litmus.ordering.table import hardware_models, table_of
from litmus.program.build import unroll
from litmus.program.graph import EventGraph
from litmus.program.question import Question
from litmus.reading import read_test
from litmus.resolving import resolve
from litmus.shapes.c import functions

CUT = "a loop was followed to its bound: write await() for one that waits"
T = TypeVar("T")
WHETHER_IT_ENDS = -1  # in place of the number of a family: the question is whether the call comes to its end


class Asked(Struct, frozen=True):
    """What is asked about designs.  If there are no models, it is asked for every hardware model.

    primitives: alternatives (table, row, alternative).  They override those of a design, and then the expectations of
    the design are not compared.  options: how each question is decided.  jobs: processes.
    """

    designs: tuple[Design, ...]
    shapes: tuple[str, ...]
    sides: tuple[str, ...]
    models: tuple[str, ...] = ()
    arch: str | None = None
    primitives: tuple[tuple[str, str, str], ...] = ()
    options: Options = Options(states="none")
    jobs: int | None = None
    complete: bool = True  # whether the scenarios are those for which the files state expectations


class Finding(Struct, frozen=True):
    """One design in one scenario under one model.

    safe: None if there is no answer (then `error` says why), or if the promise does not forbid the outcome.
    seconds: the time that deciding took.
    """

    design: int
    model: str
    side: str
    shape: str
    roles: str
    title: str
    promised: bool = True
    safe: bool | None = None
    told: str | None = None
    error: Diagnostic | None = None
    seconds: float = 0.0


class Liveness(Struct, frozen=True):
    """Whether the call of one design comes to its end on one side, under one model, whatever the reads return.

    completes: whether it does in some execution.  blocked: if some execution cannot be completed, one such
    execution, told in one sentence.
    """

    design: int
    model: str
    side: str
    completes: bool = True
    blocked: str | None = None
    error: Diagnostic | None = None


class Cell(Struct, frozen=True):
    """A design under a model on one side: its findings, one for each way to put a caller and T into a shape."""

    findings: tuple[Finding, ...]
    liveness: Liveness

    @property
    def broken(self) -> tuple[Finding, ...]:
        """The findings in which the design is broken."""
        return tuple(f for f in self.findings if f.safe is False)

    @property
    def stuck(self) -> bool:
        """Whether no execution completes the call.  Then it means nothing that the design is safe."""
        return not self.liveness.completes

    @property
    def deadlock(self) -> bool:
        """Whether some execution completes the call and another execution cannot be completed."""
        return self.liveness.completes and self.liveness.blocked is not None

    @property
    def errors(self) -> tuple[Diagnostic, ...]:
        """Why parts of the cell have no answer."""
        errors = [f.error for f in self.findings] + [self.liveness.error]
        return tuple([error for error in errors if error is not None])

    @property
    def safe(self) -> bool | None:
        """Whether the design is safe in all scenarios.

        None if this is not known, or if the call may never come to its end.
        """
        if self.broken:
            return False
        known = not self.errors and self.liveness.completes and self.liveness.blocked is None
        return True if known and all(f.safe for f in self.findings if f.promised) else None


class Matrix(Struct, frozen=True):
    """The answer: cells by (number of the design, model, side), and the notes that a reader must know."""

    asked: Asked
    models: tuple[str, ...]
    cells: dict[tuple[int, str, str], Cell]

    def differences(self, design: int, model: str) -> str | None:
        """How the findings differ from what the design's file expects under a model; None if they do not."""
        return _difference(self, design, model)

    def is_unstated(self, design: int, model: str) -> bool:
        """Whether something is wrong with a design under a model, and its file states nothing for this model."""
        cells = [self.cells[design, model, side] for side in self.asked.sides]
        wrong = any(cell.safe is False or cell.stuck or cell.deadlock for cell in cells)
        return wrong and _expected(self.asked, design, model) is None


def derive(
    asked: Asked,
    progress: Callable[[int, int], None] = lambda done, of: None,
    each: Callable[[Finding, Liveness], None] = lambda finding, liveness: None,
) -> Matrix:
    """The matrix.  `progress` is called with how many scenarios are decided, `each` with every finding.

    Raises InputError for a model, a shape or an alternative that does not exist, and for an error in a design.
    What is not supported and what was not decided in time is in the findings.
    """
    models = asked.models or hardware_models()
    _validate(asked, models)
    known = families(asked.shapes)
    items = [f"{d} {f}" for d in range(len(asked.designs)) for f in (WHETHER_IT_ENDS, *range(len(known)))]
    start = partial(_deciding, asked, models, known)
    found: dict[tuple[int, str, str], list[Finding]] = {
        (d, model, side): [] for d in range(len(asked.designs)) for model in models for side in asked.sides
    }
    lively: dict[tuple[int, str, str], Liveness] = {}
    total = len(items) * len(models) * len(asked.sides)
    for count, finding in enumerate(
        batch.run(items, start, _died, asked.jobs or batch.default_jobs(len(items))), start=1
    ):
        if finding.error is not None and (isinstance(finding.error, InputError) or not finding.model):
            raise finding.error
        key = finding.design, finding.model, finding.side
        if isinstance(finding, Liveness):
            lively[key] = finding
        else:
            found[key].append(finding)
        progress(count, total)
        if isinstance(finding, Liveness):
            continue
        each(finding, lively[key])
    return Matrix(asked, models, {key: Cell(tuple(findings), lively[key]) for key, findings in found.items()})


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
    """The table for a model, with the alternatives that the design chooses.  The command line overrides them."""
    name = table_of(model, asked.arch)
    chosen = {c.row: c.alternative for c in (design.primitives if design is not None else ()) if c.table == name}
    chosen |= {row: alternative for table, row, alternative in asked.primitives if table == name}
    return load_primitives(name, chosen)


def model_of(name: str, table: Primitives) -> Model:
    """The model of that name, compiled for the architecture of a table."""
    return load_model(name, architecture_named(table.arch).tags, arch=table.arch)


# ---------------------------------------------------------------- deciding


def _deciding(
    asked: Asked, models: tuple[str, ...], known: list[Family]
) -> Callable[[str], Iterator[Finding | Liveness]]:
    """The function that a process executes: from the numbers of a design and of a family of scenarios to findings."""
    promises: dict[tuple[int, str, int], bool] = {}
    lowerings: dict[int, Lowering] = {}
    unlimited = replace(asked.options, timeout=None)  # the limit is that of all questions about a scenario

    def decide_all(item: str) -> Iterator[Finding | Liveness]:
        d, f = map(int, item.split())
        design = asked.designs[d]
        lowering = lowerings.setdefault(d, Lowering(design))
        if f == WHETHER_IT_ENDS:
            for model in models:
                for side in asked.sides:
                    yield _liveness(asked, d, lowering, model, side)
            return
        family = known[f]
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
    """A key for sorting.  The finding that says most about a design comes first: broken, not known, safe."""
    return finding.safe is not False, finding.safe is not None


def limited(asked: Asked, what: str, model: str, work: Callable[[], T]) -> T:
    """What `work` returns.  Raises NoAnswer if it does not return within the time for one scenario."""
    seconds = asked.options.timeout
    if seconds is None:
        return work()
    return within(monotonic() + seconds, lambda: f"no answer for {what} under {model} within {seconds:g} s", work)


def _is_promised(family: Family, model: str, table: Primitives, options: Options) -> bool:
    """Whether sys_membarrier(), in place of a design, forbids the outcome."""
    functions_, condition = functions(family.events)
    name = f"{family.shape} {family.roles}"
    test = read_test(Source(f"{name}.litmus", f"C {name}\n\n{{}}\n\n{functions_}\nexists ({condition})\n"))
    program = lower(test, table)
    asked = resolve(test, program)
    answer = _settled(unroll(program), model_of(model, table), asked, replace(options, witness=False))
    return answer.verdict is Verdict.NEVER


def _settled(graph: EventGraph, model: Model, asked: Question, options: Options) -> Answer:
    """The answer, which executions with more rounds of a loop cannot change.

    Raises Unfinished if they might: a loop was cut, and the verdict may depend on it.
    """
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
        return replace(finding, safe=True)
    except Unfinished as error:
        return replace(finding, error=error)  # another scenario may show that the design is broken


def scenarios_of_ends(design: Design, sides: Sequence[str]) -> list[Scenario]:
    """The scenarios for the question whether the call comes to its end.

    One shape is enough, because the accesses of T and of the caller do not matter for this question.
    """
    (family,) = families(["2+2W"])  # no thread reads
    return list(family.scenarios(sides, design.migrates))


def find_blocked(
    design: Design,
    lowering: Lowering,
    scenario: Scenario,
    model: Model,
    table: Primitives,
    options: Options,
    stuck: bool,
) -> Blocked | None:
    """An execution that can never be completed, whatever T does after the scenario; None if there is none.

    stuck: no execution of the scenario completes the call.  Then the result may also be an execution that only
    something after the scenario could complete.
    """
    ends = partial(scenarios_of_ends, replace(design, migrates=False), ("OUT", "IN"))
    found = blocked(lowering, scenario, model, table, options, ends)
    return blocked(lowering, scenario, model, table, options, None) if found is None and stuck else found


def _liveness(asked: Asked, d: int, lowering: Lowering, model_name: str, side: str) -> Liveness:
    design = asked.designs[d]
    unlimited = replace(asked.options, timeout=None)  # the limit is that of all questions about a scenario
    liveness = Liveness(d, model_name, side)
    try:
        table = primitives_of(asked, design, model_name)
        model = model_of(model_name, table)
        for scenario in scenarios_of_ends(design, (side,)):
            ending = partial(_ends, design, lowering, scenario, model, table, unlimited)
            completes, found = limited(asked, f"{design.title} in {scenario.title}", model_name, ending)
            if not completes or (found is not None and liveness.blocked is None):
                liveness = replace(liveness, completes=completes, blocked=None if found is None else found.told)
            if not completes:
                break
    except Diagnostic as error:
        return replace(liveness, error=error)
    return liveness


def _ends(
    design: Design, lowering: Lowering, scenario: Scenario, model: Model, table: Primitives, options: Options
) -> tuple[bool, Blocked | None]:
    """Whether some execution completes the call; and an execution that can never complete it, if there is one."""
    completes = _completes(scenario, lowering, model, table, options)
    return completes, find_blocked(design, lowering, scenario, model, table, options, not completes)


def _completes(scenario: Scenario, lowering: Lowering, model: Model, table: Primitives, options: Options) -> bool:
    """Whether some execution completes the call."""
    graph = unroll(lowering.program(scenario, table, outcome=False))
    return _settled(graph, model, COMPLETES, replace(options, witness=False)).verdict is not Verdict.NEVER


def _died(item: str, how: str) -> Finding:
    error = NoAnswer(f"the process that was deciding a design {how}")
    return Finding(int(item.split()[0]), "", "", "", "", "", error=error)


# ---------------------------------------------------------------- expectations


def _expected(asked: Asked, number: int, model: str) -> Expectation | None:
    """What a design's file expects under a model; None if it expects nothing that can be compared."""
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
    hanging = [side for side, cell in cells.items() if cell.stuck or cell.deadlock]
    if expected.safe:
        if broken:
            return f"is broken ({' '.join(broken)}), and expected to be safe"
        how = "can deadlock" if any(cells[side].deadlock for side in hanging) else "never completes the call"
        return f"{how} ({' '.join(hanging)}), and is expected to be safe" if hanging else None
    if any(cell.errors for cell in cells.values()):
        return None  # the errors are reported instead
    return _sides_differ(asked, hanging, expected.deadlock, "in a deadlock", "deadlock") or _sides_differ(
        asked, broken, expected.broken, "broken", "be broken"
    )


def _sides_differ(asked: Asked, found: list[str], expected: tuple[str, ...] | None, is_so: str, to: str) -> str | None:
    """How the sides that were found differ from the expected ones; None if they do not.

    expected: None if no side is expected, empty if some side is expected but none is named, else just these sides.
    """
    named = expected or ()
    wanted = [side for side in asked.sides if side in named] if named or expected is None else found
    surprising = [side for side in found if side not in wanted]
    if surprising:
        return f"is {is_so} ({' '.join(surprising)}), and expected to be safe there"
    missing = [side for side in wanted if side not in found]
    if asked.complete and missing:
        return f"is safe ({' '.join(missing)}), and expected to {to} there"
    if asked.complete and expected == () and not found and set(asked.sides) == set(SIDES):
        return f"is safe, and expected to {to}"
    return None
