"""The matrix of designs as text, Markdown, JSON lines and JUnit; explanations; which barriers are necessary."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Iterable, Mapping, Sequence

from msgspec.structs import replace

from litmus.designs.explaining import Explanation
from litmus.designs.matrix import Asked, Cell, Finding, Liveness, Matrix
from litmus.designs.scenarios import Scenario
from litmus.designs.waiting import Blocked
from litmus.designs.weakening import Barrier
from litmus.engine.answer import Execution
from litmus.report import witness
from litmus.report.junit import Case
from litmus.report.style import Style

SAFE, UNKNOWN, STUCK, DEADLOCK = "safe", "?", "stuck", "deadlock"
WIDTH = 120  # of a line of text for people


# ---------------------------------------------------------------- the matrix


def text(matrix: Matrix, style: Style) -> str:
    """The matrix, what breaks each broken design, what differs from expectations, and what the matrix rests on."""
    parts = [_grid(matrix, style)]
    for number in range(len(matrix.asked.designs)):
        lines = _stories(matrix, number)
        if lines:
            design = matrix.asked.designs[number]
            parts.append(f"{style.paint('strong', design.title)}: {design.claim}\n" + "".join(lines))
    differing = [f"{style.paint('bad', 'unexpected')}: {line}\n" for line in differences(matrix)]
    below = "".join(f"{note}\n" for note in (*_unstated(matrix), *notes(matrix)))
    return "\n".join([*parts, *(["".join(differing)] if differing else []), below])


def markdown(matrix: Matrix) -> str:
    """The same in Markdown."""
    rows = [("design", *matrix.models), (":--", *(":-:" for _ in matrix.models)), *_rows(matrix)]
    lines = ["| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |\n" for row in rows]
    stories = [
        f"\n**{matrix.asked.designs[n].title}**: {matrix.asked.designs[n].claim}\n\n"
        + "".join(f"- {' '.join(line.split())}\n" for line in _stories(matrix, n, wrap=False))
        for n in range(len(matrix.asked.designs))
        if _stories(matrix, n)
    ]
    rest = [*(f"unexpected: {line}" for line in differences(matrix)), *_unstated(matrix), *notes(matrix)]
    return "".join([*lines, *stories, "\n", *(f"{line}  \n" for line in rest)])


def _rows(matrix: Matrix) -> list[tuple[str, ...]]:
    return [
        (design.title, *(_summary(matrix, number, model) for model in matrix.models))
        for number, design in enumerate(matrix.asked.designs)
    ]


def _summary(matrix: Matrix, number: int, model: str) -> str:
    """`safe`, or the sides on which a design is broken, and whether its call may never end."""
    cells = {side: matrix.cells[number, model, side] for side in matrix.asked.sides}
    words = [side for side, cell in cells.items() if cell.safe is False]
    if any(cell.stuck for cell in cells.values()):
        words.append(STUCK)
    elif any(cell.deadlock for cell in cells.values()):
        words.append(DEADLOCK)
    if words:
        return " ".join(words)
    return SAFE if all(cell.safe for cell in cells.values()) else UNKNOWN


def _grid(matrix: Matrix, style: Style) -> str:
    table = [("broken where", *matrix.models), *_rows(matrix)]
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    lines = []
    for number, row in enumerate(table):
        cells = [row[0].ljust(widths[0])]
        for word, width in zip(row[1:], widths[1:], strict=True):
            role = "good" if word == SAFE else "unsure" if word in (UNKNOWN, STUCK, DEADLOCK) else "bad"
            cells.append((style.paint(role, word) if number else word) + " " * (width - len(word)))
        lines.append("   ".join(cells).rstrip() + "\n")
    return "".join(lines)


def _stories(matrix: Matrix, number: int, wrap: bool = True) -> list[str]:
    """A paragraph for each way in which a design breaks or waits for ever: sides, models, shapes, and one execution."""
    by_side: dict[tuple[str, tuple[str, ...], str], list[str]] = {}
    for side in matrix.asked.sides:
        for model in matrix.models:
            cell = matrix.cells[number, model, side]
            if cell.broken:
                first = cell.broken[0]
                by_side.setdefault((side, _shapes(cell), f"{first.title}: {first.told}"), []).append(model)
            if cell.liveness.blocked is not None:
                by_side.setdefault((side, (_word(cell),), cell.liveness.blocked), []).append(model)
    ways: dict[tuple[str, tuple[str, ...], str], list[str]] = {}
    for (side, where, story), models in by_side.items():
        ways.setdefault((", ".join(models), where, story), []).append(side)
    lines = []
    for (models_, where, story), sides in ways.items():
        head = f"  {', '.join(sides)} on {models_} ({', '.join(where)})\n"
        body = textwrap.fill(story, WIDTH, initial_indent="    ", subsequent_indent="      ") if wrap else story
        lines.append(f"{head}{body}\n")
    return lines


def _word(cell: Cell) -> str:
    return STUCK if cell.stuck else DEADLOCK


def _shapes(cell: Cell) -> tuple[str, ...]:
    """The shapes in which a design is broken, with T's accesses if it depends on them."""
    promised = [f for f in cell.findings if f.promised]
    if len(cell.broken) == len(promised) > 1:
        return ("all shapes",)
    names: list[str] = []
    for shape in dict.fromkeys(f.shape for f in cell.broken):
        here = [f for f in cell.broken if f.shape == shape]
        whole = len(here) == sum(1 for f in promised if f.shape == shape)
        names += [shape] if whole else [f.title for f in here]
    return tuple(names)


def differences(matrix: Matrix) -> list[str]:
    """What is not as the designs' files expect."""
    found = []
    for number, design in enumerate(matrix.asked.designs):
        for model in matrix.models:
            difference = matrix.differences(number, model)
            if difference is not None:
                found.append(f"{design.title} on {model} {difference}")
    return found


def _unstated(matrix: Matrix) -> list[str]:
    """A line that lists the designs that are broken although their files expect nothing of them.

    There is no line if expectations are not compared, because alternatives of primitives were asked for.
    """
    silent = [
        f"{design.title} on {model}"
        for number, design in enumerate(matrix.asked.designs)
        for model in matrix.models
        if not matrix.asked.primitives and matrix.is_unstated(number, model)
        if any(matrix.cells[number, model, side].broken for side in matrix.asked.sides)
    ]
    return [f"broken, and nothing is expected of it: {', '.join(silent)}"] if silent else []


def notes(matrix: Matrix, first: bool = False) -> list[str]:
    """How many scenarios there were, what they leave open, and which calls may not end.

    first: the calls of the first design only.
    """
    findings = [f for cell in matrix.cells.values() for f in cell.findings]
    each = {(f.shape, f.roles, f.side) for f in findings}
    lines = [
        f"each design in {len(each)} scenario{'s' * (len(each) != 1)} a model: "
        f"shapes {', '.join(matrix.asked.shapes)}; T {', '.join(matrix.asked.sides)}; evidence over shapes, not a proof"
    ]
    open_ = {(f.model, f.title) for f in findings if not f.promised and f.error is None}
    if open_:
        named = ", ".join(f"{title} on {model}" for model, title in sorted(open_))
        lines.append(f"not looked at, for sys_membarrier() does not forbid the outcome: {named}")
    for word, meaning in (
        (STUCK, "no execution completes the call"),
        (DEADLOCK, "some execution can never be completed"),
    ):
        where: dict[tuple[str, str], list[str]] = {}
        for number, design in enumerate(matrix.asked.designs[: 1 if first else None]):
            for model in matrix.models:
                cells = {side: matrix.cells[number, model, side] for side in matrix.asked.sides}
                sides = [side for side, cell in cells.items() if (cell.stuck if word == STUCK else cell.deadlock)]
                if sides:
                    where.setdefault((design.title, ", ".join(sides)), []).append(model)
        if where:
            named = "; ".join(f"{title} {sides} on {', '.join(models)}" for (title, sides), models in where.items())
            lines.append(f"{word}: {meaning}: {named}")
    return lines


# ---------------------------------------------------------------- for programs


def json_line(asked: Asked, finding: Finding, liveness: Liveness) -> str:
    """One object for a scenario, and a newline; "" if the promise forbids nothing.

    If the design is not broken, `safe` is null in three cases: there is no answer (`error` says why); no execution
    completes the call (`completes` is false); some execution can never be completed (`deadlock` says how).
    """
    if not finding.promised:
        return ""
    design = asked.designs[finding.design]
    ends = liveness.completes and liveness.blocked is None
    fields = {
        "design": design.name,
        "variant": design.variant,
        "model": finding.model,
        "side": finding.side,
        "shape": finding.shape,
        "roles": finding.roles,
        "safe": finding.safe if finding.safe is False or ends else None,
        "witness": finding.told,
        "completes": liveness.completes,
        "deadlock": liveness.blocked,
        "error": next((e.one_line() for e in (finding.error, liveness.error) if e is not None), None),
    }
    return json.dumps(fields) + "\n"


def junit_cases(matrix: Matrix) -> list[Case]:
    """A test case for each design under each model.  The case fails if the design is not as expected."""
    return [_case(matrix, number, model) for number in range(len(matrix.asked.designs)) for model in matrix.models]


def _case(matrix: Matrix, number: int, model: str) -> Case:
    cells = [matrix.cells[number, model, side] for side in matrix.asked.sides]
    seconds = sum(f.seconds for cell in cells for f in cell.findings)
    case = Case(matrix.asked.designs[number].title, model, seconds)
    difference = matrix.differences(number, model)
    error = next((error for cell in cells for error in cell.errors), None)
    if difference is not None:
        return replace(case, outcome="failure", message=difference, details=_told(cells))
    if error is not None:
        return replace(case, outcome="error", message=error.one_line())
    if matrix.is_unstated(number, model):
        broken = any(cell.safe is False for cell in cells)
        what = f"is broken ({_summary(matrix, number, model)})" if broken else "can wait for ever"
        return replace(case, outcome="skipped", message=f"{what}, and nothing is expected of it", details=_told(cells))
    return case


def _told(cells: Iterable[Cell]) -> str:
    lines = []
    for cell in cells:
        lines += [f"{f.side} {f.title}: {f.told}" for f in cell.findings if f.told is not None]
        if cell.stuck or cell.deadlock:
            lines.append(f"{cell.liveness.side} {_word(cell)}: {cell.liveness.blocked or 'it is not known why'}")
    return "\n".join(lines)


# ---------------------------------------------------------------- one design


def explanation(
    matrix: Matrix,
    number: int,
    model: str,
    explanations: Sequence[Explanation],
    waiting: Mapping[str, Blocked],
    style: Style,
) -> str:
    """A design under a model.  For each side on which it is broken or can deadlock: the program and the execution."""
    design = matrix.asked.designs[number]
    parts = [f"{style.paint('strong', design.title)}: {design.claim}\n" + "".join(f"  {s}\n" for s in design.sources)]
    if not explanations and not waiting:
        sides = ", ".join(matrix.asked.sides)
        verdict = _summary(matrix, number, model)
        parts.append(f"Under {model}: {verdict} ({sides}; shapes {', '.join(matrix.asked.shapes)}).\n")
    for e in explanations:
        f, execution = e.finding, e.execution
        told = textwrap.fill(f"{e.told}.", WIDTH, initial_indent="  ", subsequent_indent="  ")
        parts.append(f"Under {model}, {style.paint('bad', 'broken')} {f.side}: {f.title} ({f.roles})\n{told}\n")
        parts += _execution(e.scenario, execution)
        parts.append(_indented("The accesses, one after the other:", witness.interleaving(execution, e.story)))
    for side, blocked in waiting.items():
        word = style.paint("unsure", _word(matrix.cells[number, model, side]))
        told = textwrap.fill(f"{blocked.told}.", WIDTH, initial_indent="  ", subsequent_indent="  ")
        parts.append(f"Under {model}, {word} {side}\n{told}\n")
        parts += _execution(blocked.scenario, blocked.execution)
    return "\n".join(part for part in parts if part)


def _execution(scenario: Scenario, execution: Execution) -> list[str]:
    """The program with the numbers of its lines, which the execution refers to, and the execution."""
    lines = scenario.source.text.splitlines()
    return [
        "".join(f"{i + 1:>5} | {line.expandtabs(4)}\n" for i, line in enumerate(lines)),
        _indented("What each thread did, in program order:", witness.threads(execution)),
        _indented("Memory:", witness.memory(execution)),
    ]


def _indented(title: str, lines: Sequence[str]) -> str:
    return "".join([f"  {title}\n", *(f"    {line}\n" for line in lines)]) if lines else ""


def weakening(matrix: Matrix, barriers: Sequence[Barrier], style: Style) -> str:
    """Which barriers are necessary.  Design 0 of the matrix is complete; each of the others lacks one barrier."""
    design = matrix.asked.designs[0]
    lines = [f"{style.paint('strong', design.title)}: {design.claim}\n"]
    for number, barrier in enumerate(barriers, start=1):
        lines.append(f"\n{style.paint('strong', barrier.title)}\n")
        models: dict[str, list[str]] = {}
        for model in matrix.models:
            models.setdefault(_need(matrix, number, model), []).append(model)
        for need, those in models.items():
            lines.append(f"  {need} on {', '.join(those)}\n")
        story = _first_story(matrix, number)
        if story:
            lines.append(textwrap.fill(story, WIDTH, initial_indent="    ", subsequent_indent="      ") + "\n")
    anyway = [
        f"{side} on {model}"
        for model in matrix.models
        for side in matrix.asked.sides
        if matrix.cells[0, model, side].safe is False
    ]
    if anyway:
        lines.append(f"\nbroken with all its barriers: {', '.join(anyway)}\n")
    if not barriers:
        lines.append("It has no barriers.\n")
    return "".join(lines) + "\n" + "".join(f"{note}\n" for note in notes(matrix, first=True))


def _need(matrix: Matrix, number: int, model: str) -> str:
    sides = [side for side in matrix.asked.sides if _is_lost(matrix, number, model, side)]
    if sides:
        return f"necessary for {', '.join(sides)}"
    hanging = [side for side in matrix.asked.sides if _hangs(matrix, number, model, side)]
    if hanging:
        return f"necessary against a deadlock in {', '.join(hanging)}"
    known = all(
        (cell := matrix.cells[number, model, side]).safe is not None or cell.stuck or cell.deadlock
        for side in matrix.asked.sides
    )
    return "not needed" if known else UNKNOWN


def _is_lost(matrix: Matrix, number: int, model: str, side: str) -> bool:
    """Whether a side is broken without this barrier, and is not broken with all barriers."""
    return matrix.cells[number, model, side].safe is False and matrix.cells[0, model, side].safe is not False


def _hangs(matrix: Matrix, number: int, model: str, side: str) -> bool:
    """Whether a call may never end without this barrier, although it always ends with all barriers."""
    whole, weak = matrix.cells[0, model, side], matrix.cells[number, model, side]
    return (weak.stuck or weak.deadlock) and not (whole.stuck or whole.deadlock)


def _first_story(matrix: Matrix, number: int) -> str | None:
    for model in matrix.models:
        for side in matrix.asked.sides:
            if _is_lost(matrix, number, model, side):
                first = matrix.cells[number, model, side].broken[0]
                return f"{model} {side} {first.title}: {first.told}"
            if _hangs(matrix, number, model, side):
                cell = matrix.cells[number, model, side]
                return f"{model} {side} {_word(cell)}: {cell.liveness.blocked}"
    return None
