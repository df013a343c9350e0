"""The ordering table as text, Markdown, CSV, HTML, JSON lines and JUnit.

O: the pair orders.  X: it does not.  ?: some test has no answer.  In the table by shape, the letter may
depend on the roles: on which primitive is in which thread.  X/O means X if the row's primitive is in the first
thread and the column's in the second, and O the other way round.  If there are more than two roles, the cell
says how many of them are ordered.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator, Sequence
from html import escape
from typing import Literal

from msgspec import Struct
from msgspec.structs import replace

from litmus.ordering.table import Cell, Table
from litmus.report.junit import Case
from litmus.report.style import Style

Format = Literal["text", "markdown", "csv", "html"]

LETTERS = {True: "O", False: "X", None: "?"}
PAINT = {"O": "good", "X": "bad", "?": "unsure"}
NAMED_SHAPES = 8  # if there are more shapes, their names are not listed


class Grid(Struct, frozen=True):
    """One table: its title, its head, and its rows.  The first `names` columns are names."""

    title: str
    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    names: int
    below: tuple[str, ...] = ()


# ---------------------------------------------------------------- what a table says


def by_model(table: Table) -> list[Grid]:
    """Rows and columns as they were asked for, one grid for each model, with the witnesses below."""
    grids = []
    for model in table.models:
        head = ("", *(column.title for column in table.asked.columns))
        rows = [
            (row.title, *(_letter(table.cells[model, row.name, column.name].ordered) for column in table.asked.columns))
            for row in table.asked.rows
        ]
        grids.append(Grid(model, head, tuple(rows), 1, tuple(_witnesses(table, model))))
    return grids


def by_shape(table: Table) -> list[Grid]:
    """A line for each pair and a column for each shape, one grid for each model."""
    grids = []
    for model in table.models:
        shapes = tuple(dict.fromkeys(role.shape for cell in _cells(table, model) for role in cell.roles))
        rows = [
            (cell.row.title, cell.column.title, *(_roles(cell, shape) for shape in shapes))
            for cell in _cells(table, model)
        ]
        grids.append(Grid(model, ("", "", *shapes), tuple(rows), 2, tuple(_witnesses(table, model))))
    return grids


def comparison(table: Table, per_shape: bool) -> Grid:
    """The pairs about which the models differ, and the shapes that cause it.

    per_shape: also pairs where the models differ only about a shape.
    """
    rows = [
        (same[0].row.title, same[0].column.title, *(_letter(cell.ordered) for cell in same), " ".join(shapes))
        for same, shapes in _different(table, per_shape)
    ]
    names = f"{', '.join(table.models[:-1])} and {table.models[-1]}"
    title = f"where {names} differ" if rows else f"{names} agree on all pairs"
    return Grid(title, ("", "", *table.models, "from"), tuple(rows), 2)


def comparison_lines(table: Table, per_shape: bool) -> str:
    """The comparison as JSON lines: for each pair an object with what each model says about it and about the shapes."""
    lines = []
    for same_pair, shapes in _different(table, per_shape):
        fields = {
            "row": same_pair[0].row.name,
            "column": same_pair[0].column.name,
            "ordered": {cell.model: cell.ordered for cell in same_pair},
            "shapes": {shape: {cell.model: cell.shapes[shape] for cell in same_pair} for shape in shapes},
        }
        lines.append(json.dumps(fields) + "\n")
    return "".join(lines)


def _different(table: Table, per_shape: bool) -> Iterator[tuple[list[Cell], list[str]]]:
    """The pairs about which the models differ: the cells of each pair, and the shapes that cause it."""
    for cell in _cells(table, table.models[0]):
        same_pair = [table.cells[model, cell.row.name, cell.column.name] for model in table.models]
        shapes = [s for s in cell.shapes if len({other.shapes[s] for other in same_pair}) > 1]
        if len({other.ordered for other in same_pair}) > 1 or (per_shape and shapes):
            yield same_pair, shapes


def _cells(table: Table, model: str) -> Iterator[Cell]:
    return (table.cells[model, row.name, column.name] for row in table.asked.rows for column in table.asked.columns)


def _letter(ordered: bool | None) -> str:
    return LETTERS[ordered]


def _roles(cell: Cell, shape: str) -> str:
    letters = [_letter(cell.is_ordered(role)) for role in cell.roles if role.shape == shape]
    if len(set(letters)) == 1:
        return letters[0]
    return "/".join(letters) if len(letters) == 2 else f"{letters.count('O')} of {len(letters)}"


def _witnesses(table: Table, model: str) -> Iterator[str]:
    """A line for each pair that does not order.  A pair in both orders gets one line."""
    seen: set[frozenset[str]] = set()
    for cell in _cells(table, model):
        pair = frozenset((cell.row.name, cell.column.name))
        if cell.witness is not None and pair not in seen:
            seen.add(pair)
            yield f"X  {cell.row.title} with {cell.column.title}: {cell.witness}"


def legend(table: Table) -> list[str]:
    """What the letters mean, and what else a reader must know."""
    shapes = tuple(dict.fromkeys(role.shape for cell in table.cells.values() for role in cell.roles))
    named = ", ".join(shapes) if len(shapes) <= NAMED_SHAPES else f"all {len(shapes)} shapes"
    lines = [
        f"O  ordered: {named} forbid{'s' * (len(shapes) == 1)} the outcome, whichever thread has which of the two",
        "X  not ordered: the outcome of the named test is allowed (--explain ROW COLUMN shows how)",
    ]
    if any(cell.ordered is None for cell in table.cells.values()):
        lines.append("?  no answer for some of the tests")
    roles = [role.shape for role in next(iter(table.cells.values())).roles] if table.cells else []
    if any(roles.count(shape) > 2 for shape in shapes):
        lines.append("threads with two accesses beside those of the pair have smp_mb()")
    return [*lines, *table.notes]


# ---------------------------------------------------------------- formats


def render(grids: Sequence[Grid], notes: Sequence[str], form: Format, style: Style) -> str:
    """Grids in one of the formats, with notes below them."""
    match form:
        case "text":
            parts = [_text(grid, style) for grid in grids] + ["".join(f"{note}\n" for note in notes)]
            return "\n".join(part for part in parts if part)
        case "markdown":
            parts = [_markdown(grid) for grid in grids]
            return "\n".join([*parts, "".join(f"{note}  \n" for note in notes)])
        case "html":
            return _html(grids, notes)
        case "csv":
            return _csv([("table", *grids[0].head)] + [(grid.title, *row) for grid in grids for row in grid.rows])


def _text(grid: Grid, style: Style) -> str:
    lines = [style.paint("strong", grid.title)]
    table = [grid.head, *grid.rows] if grid.rows else []
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    for row in table:
        cells = []
        for i, (word, width) in enumerate(zip(row, widths, strict=True)):
            placed = word.ljust(width) if i < grid.names or len(word) > 5 else word.center(width)
            cells.append(placed.replace(word, style.paint(PAINT[word], word)) if word in PAINT else placed)
        lines.append("  " + "   ".join(cells).rstrip())
    lines += [""] * bool(grid.below) + [f"  {line}" for line in grid.below]
    return "\n".join(lines) + "\n"


def _markdown(grid: Grid) -> str:
    if not grid.rows:
        return f"**{grid.title}**\n"
    names, letters = [":--"] * grid.names, [":-:"] * (len(grid.head) - grid.names)
    rows = [grid.head, tuple(names + letters), *grid.rows]
    lines = ["| " + " | ".join(word.replace("|", "\\|") for word in row) + " |" for row in rows]
    below = "".join(f"- {line}\n" for line in grid.below)
    return f"**{grid.title}**\n\n" + "\n".join(lines) + "\n" + (f"\n{below}" if below else "")


def _html(grids: Sequence[Grid], notes: Sequence[str]) -> str:
    """One page that needs nothing else."""
    body = []
    for grid in grids:
        head = "".join(f"<th>{escape(word)}</th>" for word in grid.head)
        cells = ["".join(_html_cell(word, i < grid.names) for i, word in enumerate(row)) for row in grid.rows]
        rows = "".join(f"<tr>{row}</tr>\n" for row in cells)
        body.append(f"<h2>{escape(grid.title)}</h2>\n<table>\n<tr>{head}</tr>\n{rows}</table>\n")
        body.append("".join(f"<p>{escape(line)}</p>\n" for line in grid.below))
    body.append("".join(f"<p>{escape(note)}</p>\n" for note in notes))
    return f'<!DOCTYPE html>\n<html lang="en">\n{HEAD}<body>\n{"".join(body)}</body>\n</html>\n'


HEAD = """\
<head>
<meta charset="utf-8">
<title>What orders</title>
<style>
body { font-family: sans-serif; margin: 2em; }
table { border-collapse: collapse; }
th, td { border: 1px solid #999; padding: 0.3em 0.8em; text-align: center; }
td.O { background: #d8f0d8; } td.X { background: #f6d5d5; }
</style>
</head>
"""


def _html_cell(word: str, name: bool) -> str:
    if name:
        return f"<th>{escape(word)}</th>"
    return f'<td class="{word}">{word}</td>' if word in PAINT else f"<td>{escape(word)}</td>"


def _csv(rows: Sequence[Sequence[str]]) -> str:
    stream = io.StringIO()
    csv.writer(stream, lineterminator="\n").writerows(rows)
    return stream.getvalue()


def csv_lines(table: Table, per_shape: bool) -> str:
    """A line for each pair and model, with its witness.  per_shape: with a column for each shape."""
    shapes = tuple(dict.fromkeys(role.shape for cell in table.cells.values() for role in cell.roles)) * per_shape
    rows = [("model", "row", "column", "ordered", "witness", *shapes)]
    for model in table.models:
        for cell in _cells(table, model):
            letters = [_roles(cell, shape) for shape in shapes]
            rows.append((model, cell.row.name, cell.column.name, _letter(cell.ordered), cell.witness or "", *letters))
    return _csv(rows)


def json_lines(table: Table) -> str:
    """One object a line for each pair and model."""
    lines = []
    for model in table.models:
        for cell in _cells(table, model):
            fields = {
                "model": model,
                "row": cell.row.name,
                "column": cell.column.name,
                "ordered": cell.ordered,
                "shapes": cell.shapes,
                "witness": cell.witness,
            }
            lines.append(json.dumps(fields) + "\n")
    return "".join(lines)


# ---------------------------------------------------------------- JUnit


def junit_cases(table: Table) -> list[Case]:
    """A case for each cell.  The case fails if the cell has no answer."""
    return [_cell_case(table, cell) for model in table.models for cell in _cells(table, model)]


def comparison_cases(table: Table, per_shape: bool) -> list[Case]:
    """A case for each pair.

    The case fails if the models differ (per_shape: also if they differ about a shape), or if one has no answer.
    """
    differing = {(same[0].row.name, same[0].column.name): shapes for same, shapes in _different(table, per_shape)}
    cases = []
    for cell in _cells(table, table.models[0]):
        key = cell.row.name, cell.column.name
        same_pair = [table.cells[model, *key] for model in table.models]
        unknown = [case for case in (_cell_case(table, other) for other in same_pair) if case.outcome != "passed"]
        case = Case(", ".join(table.models), _pair(cell), sum(other.seconds for other in same_pair))
        if unknown:
            case = replace(case, outcome="failure", message=unknown[0].message, details=unknown[0].details)
        elif key in differing:
            said = ", ".join(f"{other.model}: {_letter(other.ordered)}" for other in same_pair)
            message = f"{said} ({' '.join(differing[key])})"
            case = replace(case, outcome="failure", message=message)
        cases.append(case)
    return cases


def _cell_case(table: Table, cell: Cell) -> Case:
    case = Case(cell.model, _pair(cell), cell.seconds)
    if cell.ordered is not None:
        return case
    reasons = {test: table.reasons.get((cell.model, test)) for test in sorted(cell.failed)}
    details = "".join(f"{test}: {error.one_line() if error else 'no answer'}\n" for test, error in reasons.items())
    message = f"no answer for {_count(len(reasons))} under {cell.model}"
    return replace(case, outcome="failure", message=message, details=details)


def _pair(cell: Cell) -> str:
    return f"{cell.row.title} with {cell.column.title}"


def _count(tests: int) -> str:
    return f"{tests} test{'s' * (tests != 1)}"
