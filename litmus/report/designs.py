"""The matrix of designs as text, Markdown, JSON lines and JUnit; explanations; which barriers are necessary."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Iterable, Sequence

from msgspec.structs import replace

from litmus.designs.explaining import Explanation
from litmus.designs.matrix import Asked, Cell, Finding, Matrix
from litmus.designs.weakening import Barrier
from litmus.report import witness
from litmus.report.junit import Case
from litmus.report.style import Style

SAFE, UNKNOWN, STUCK = "safe", "?", "stuck"
WIDTH = 120  # of a line of text for people


# ---------------------------------------------------------------- the matrix


def text(matrix: Matrix, style: Style) -> str:
    """The matrix, what breaks each design that is broken, what differs from expectations, and what it rests on."""
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
    """`safe`, or the sides on which a design is broken."""
    cells = {side: matrix.cells[number, model, side] for side in matrix.asked.sides}
    broken = [side for side, cell in cells.items() if cell.safe is False]
    if broken:
        return " ".join(broken)
    if any(cell.stuck for cell in cells.values()):
        return STUCK
    return SAFE if all(cell.safe for cell in cells.values()) else UNKNOWN


def _grid(matrix: Matrix, style: Style) -> str:
    table = [("broken where", *matrix.models), *_rows(matrix)]
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    lines = []
    for number, row in enumerate(table):
        cells = [row[0].ljust(widths[0])]
        for word, width in zip(row[1:], widths[1:], strict=True):
            role = "good" if word == SAFE else "unsure" if word in (UNKNOWN, STUCK) else "bad"
            cells.append((style.paint(role, word) if number else word) + " " * (width - len(word)))
        lines.append("   ".join(cells).rstrip() + "\n")
    return "".join(lines)


def _stories(matrix: Matrix, number: int, wrap: bool = True) -> list[str]:
    """A paragraph for each way in which a design breaks: the sides, the models, the shapes, and one execution."""
    by_side: dict[tuple[str, tuple[str, ...], str], list[str]] = {}
    for side in matrix.asked.sides:
        for model in matrix.models:
            cell = matrix.cells[number, model, side]
            if cell.broken:
                first = cell.broken[0]
                by_side.setdefault((side, _shapes(cell), f"{first.title}: {first.told}"), []).append(model)
    ways: dict[tuple[str, tuple[str, ...], str], list[str]] = {}
    for (side, shapes, story), models in by_side.items():
        ways.setdefault((", ".join(models), shapes, story), []).append(side)
    lines = []
    for (models_, shapes, story), sides in ways.items():
        head = f"  {', '.join(sides)} on {models_} ({', '.join(shapes)})\n"
        body = textwrap.fill(story, WIDTH, initial_indent="    ", subsequent_indent="      ") if wrap else story
        lines.append(f"{head}{body}\n")
    return lines


def _shapes(cell: Cell) -> tuple[str, ...]:
    """The shapes in which a design is broken, with T's accesses where that matters."""
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
    """Which designs are broken where their files expect nothing; where nothing is compared at all, none."""
    silent = [
        f"{design.title} on {model}"
        for number, design in enumerate(matrix.asked.designs)
        for model in matrix.models
        if not matrix.asked.primitives and matrix.is_unstated(number, model)
    ]
    return [f"broken, and nothing is expected of it: {', '.join(silent)}"] if silent else []


def notes(matrix: Matrix) -> list[str]:
    """How many scenarios that was, and what they leave open."""
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
    stuck: dict[str, None] = {}
    for number, design in enumerate(matrix.asked.designs):
        for model in matrix.models:
            for side in matrix.asked.sides:
                if matrix.cells[number, model, side].stuck:
                    stuck[f"{design.title} {side} on {model}"] = None
    if stuck:
        lines.append(f"{STUCK}: no execution completes the call: {', '.join(stuck)}")
    return lines


# ---------------------------------------------------------------- for programs


def json_line(asked: Asked, finding: Finding) -> str:
    """One object for a scenario, and a newline; "" where the promise forbids nothing.

    `safe` is null where there is no answer, and `error` says why, and where no execution completes the call:
    `completes` is then false.
    """
    if not finding.promised:
        return ""
    design = asked.designs[finding.design]
    fields = {
        "design": design.name,
        "variant": design.variant,
        "model": finding.model,
        "side": finding.side,
        "shape": finding.shape,
        "roles": finding.roles,
        "safe": finding.safe if finding.completes else None,
        "witness": finding.told,
        "completes": finding.completes,
        "error": None if finding.error is None else finding.error.one_line(),
    }
    return json.dumps(fields) + "\n"


def junit_cases(matrix: Matrix) -> list[Case]:
    """A test case for each design under each model, which fails where it is not as expected."""
    return [_case(matrix, number, model) for number in range(len(matrix.asked.designs)) for model in matrix.models]


def _case(matrix: Matrix, number: int, model: str) -> Case:
    findings = [f for side in matrix.asked.sides for f in matrix.cells[number, model, side].findings]
    case = Case(matrix.asked.designs[number].title, model, sum(f.seconds for f in findings))
    difference = matrix.differences(number, model)
    error = next((f.error for f in findings if f.error is not None), None)
    if difference is not None:
        return replace(case, outcome="failure", message=difference, details=_told(findings))
    if error is not None:
        return replace(case, outcome="error", message=error.one_line())
    if matrix.is_unstated(number, model):
        message = f"is broken ({_summary(matrix, number, model)}), and nothing is expected of it"
        return replace(case, outcome="skipped", message=message, details=_told(findings))
    if any(matrix.cells[number, model, side].stuck for side in matrix.asked.sides):
        return replace(case, outcome="skipped", message="no execution completes the call")
    return case


def _told(findings: Iterable[Finding]) -> str:
    return "\n".join(f"{f.side} {f.title}: {f.told}" for f in findings if f.told is not None)


# ---------------------------------------------------------------- one design


def explanation(matrix: Matrix, number: int, model: str, explanations: Sequence[Explanation], style: Style) -> str:
    """A design under a model: for each side on which it is broken, the program and the execution."""
    design = matrix.asked.designs[number]
    parts = [f"{style.paint('strong', design.title)}: {design.claim}\n" + "".join(f"  {s}\n" for s in design.sources)]
    if not explanations:
        sides = ", ".join(matrix.asked.sides)
        verdict = _summary(matrix, number, model)
        parts.append(f"Under {model}: {verdict} ({sides}; shapes {', '.join(matrix.asked.shapes)}).\n")
    for e in explanations:
        f, execution = e.finding, e.execution
        told = textwrap.fill(f"{e.told}.", WIDTH, initial_indent="  ", subsequent_indent="  ")
        parts.append(f"Under {model}, {style.paint('bad', 'broken')} {f.side}: {f.title} ({f.roles})\n{told}\n")
        lines = e.scenario.source.text.splitlines()
        parts.append("".join(f"{i + 1:>5} | {line.expandtabs(4)}\n" for i, line in enumerate(lines)))
        parts.append(_indented("What each thread did, in program order:", witness.threads(execution)))
        parts.append(_indented("Memory:", witness.memory(execution)))
        parts.append(_indented("The accesses, one after the other:", witness.interleaving(execution, e.story)))
    return "\n".join(part for part in parts if part)


def _indented(title: str, lines: Sequence[str]) -> str:
    return "".join([f"  {title}\n", *(f"    {line}\n" for line in lines)]) if lines else ""


def weakening(matrix: Matrix, barriers: Sequence[Barrier], style: Style) -> str:
    """Which barriers are necessary; design 0 of the matrix is the whole one, the others lack one barrier each."""
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
    return "".join(lines) + "\n" + "".join(f"{note}\n" for note in notes(matrix))


def _need(matrix: Matrix, number: int, model: str) -> str:
    sides = [side for side in matrix.asked.sides if _is_lost(matrix, number, model, side)]
    if sides:
        return f"necessary for {', '.join(sides)}"
    known = all(matrix.cells[number, model, side].safe is not None for side in matrix.asked.sides)
    return "not needed" if known else UNKNOWN


def _is_lost(matrix: Matrix, number: int, model: str, side: str) -> bool:
    """Whether a side that is safe with all barriers is broken without this one."""
    return matrix.cells[number, model, side].safe is False and matrix.cells[0, model, side].safe is not False


def _first_story(matrix: Matrix, number: int) -> str | None:
    for model in matrix.models:
        for side in matrix.asked.sides:
            if _is_lost(matrix, number, model, side):
                first = matrix.cells[number, model, side].broken[0]
                return f"{model} {side} {first.title}: {first.told}"
    return None
