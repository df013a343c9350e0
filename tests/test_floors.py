"""Imports point one way: down the floors that ARCHITECTURE.md lists, and never in a circle."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
ROOM = re.compile(r"`([\w/]+?)/?`")


def name_of(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(part for part in parts if part != "__init__")


MODULES = {name_of(path): path.read_text(encoding="utf-8") for path in sorted((ROOT / "litmus").rglob("*.py"))}


def imports_of(text: str, modules: Mapping[str, str]) -> Iterator[str]:
    """The modules that a text imports: anywhere, for types only, and those whose whole name is a string in it."""
    for node in ast.walk(ast.parse(text)):
        match node:
            case ast.Import(names):
                yield from (alias.name for alias in names if alias.name in modules)
            case ast.ImportFrom(module=str(package), names=names) if package in modules:
                for alias in names:
                    inner = f"{package}.{alias.name}"
                    yield inner if inner in modules else package
            case ast.Constant(str(word)) if word in modules:
                yield word


IMPORTS = {name: set(imports_of(text, MODULES)) - {name} for name, text in MODULES.items()}


def rooms() -> list[str]:
    """The rooms of the list of floors, from the ground up: packages and modules."""
    section = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8").split("\n## Floors\n")[1].split("\n## ")[0]
    floors = re.findall(r"^\* ((?:`[\w/]+`,? ?)+):", section, re.MULTILINE)
    return [room for floor in floors for room in ROOM.findall(floor)]


def room_of(module: str, floors: list[str]) -> str:
    """The smallest listed room that a module is in; `litmus` is the module of that name alone."""
    path = module.removeprefix("litmus.").replace(".", "/")
    return max((room for room in floors if f"{path}/".startswith(f"{room}/")), key=len, default="")


def upward(imports: Mapping[str, set[str]], floors: list[str]) -> list[str]:
    height = {room: floor for floor, room in enumerate(floors)}
    return [
        f"{name} imports {other}, which is above it"
        for name, others in imports.items()
        for other in sorted(others)
        if height[room_of(other, floors)] > height[room_of(name, floors)]
    ]


def test_every_module_is_on_a_floor() -> None:
    assert [name for name in MODULES if not room_of(name, rooms())] == []


def test_a_room_stands_on_one_floor() -> None:
    assert len(rooms()) == len(set(rooms()))


def test_no_import_points_up() -> None:
    assert upward(IMPORTS, rooms()) == []


def test_no_modules_import_each_other_in_a_circle() -> None:
    try:
        TopologicalSorter(IMPORTS).prepare()
    except CycleError as error:
        pytest.fail(" <- ".join(error.args[1]))


@pytest.mark.parametrize(
    "text",
    [
        "import top",
        "from top import name",
        "from package import module",
        "def f():\n    from package.module import name",
        "if TYPE_CHECKING:\n    from top import name",
        "def f():\n    return import_module(TABLE)\nTABLE = {'key': 'top'}",
    ],
)
def test_imports_are_found_wherever_they_stand(text: str) -> None:
    modules = {"top": "", "package": "", "package.module": ""}
    assert list(imports_of(text, modules)) == ["package.module" if "package" in text else "top"]


def test_an_import_that_points_up_is_found() -> None:
    imports = {"litmus.ground.a": {"litmus.roof.b"}, "litmus.roof.b": {"litmus.roof.c"}, "litmus": {"litmus.ground.a"}}
    assert upward(imports, ["ground", "roof", "litmus"]) == ["litmus.ground.a imports litmus.roof.b, which is above it"]
