"""The generated pages of the documentation say what the program says."""

from __future__ import annotations

import ast
import re

from docs import verdicts
from litmus import __version__

COMMAND = "python -m docs.verdicts"


def test_the_page_of_verdicts_is_up_to_date() -> None:
    assert verdicts.PAGE.read_text(encoding="utf-8") == verdicts.page(), f"run {COMMAND}"


def test_every_example_stands_on_the_page_of_verdicts_in_one_row_with_six_verdicts() -> None:
    rows = [line for line in verdicts.PAGE.read_text(encoding="utf-8").splitlines() if line.startswith("| [")]
    named = [row.split("]")[0].removeprefix("| [") for row in rows]
    files = [*verdicts.EXAMPLES.glob("*.litmus"), *verdicts.EXAMPLES.glob("c/*.litmus")]
    assert sorted(named) == sorted(file.stem for file in files)
    for row in rows:
        cells = [cell.strip() for cell in row.split("|")[2:8]]
        assert len(cells) == len(verdicts.MODELS)
        assert {cell.removesuffix(", up to 2 rounds") for cell in cells} <= {"Never", "**Sometimes**", "**Always**"}


def test_an_example_stands_under_its_shape() -> None:
    names = {"MP+wmb+rmb": "MP", "W+RWC+wmb": "W+RWC", "R+mbs": "R", "RWC+mbs": "RWC", "CoRR": "Co", "lock+SB": ""}
    assert {name: verdicts.shape_of(name) for name in names} == names


def test_the_architecture_names_every_module_by_its_first_line() -> None:
    root = verdicts.PAGE.parents[1]
    listed = dict(re.findall(r"^\| `([^`]+\.py)` \| (.*) \|$", (root / "ARCHITECTURE.md").read_text(), re.MULTILINE))
    package = root / "litmus"
    modules = {str(m.relative_to(package)): m for m in package.rglob("*.py") if not m.name.startswith("__")}
    assert sorted(listed) == sorted(modules)
    for name, module in modules.items():
        said = " ".join((ast.get_docstring(ast.parse(module.read_text())) or "").split())
        assert said.startswith(listed[name]), name


def test_the_changelog_begins_with_the_version_of_the_program() -> None:
    text = (verdicts.PAGE.parents[1] / "CHANGELOG.md").read_text(encoding="utf-8")
    assert re.findall(r"^## (\S+)$", text, re.MULTILINE)[0] == __version__
