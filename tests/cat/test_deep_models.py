"""Models that are nested deeper than Python's stack: they are compiled and decided, whatever its limit is."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from litmus.cat import compile_text
from litmus.cat.deep import later, run
from litmus.checking import Checker, Settings
from litmus.diagnostics import Source, Unsupported
from litmus.engine.options import Engine, Options

SPARE = 150  # Python's calls that remain in these tests

SC = "po | rf | co | fr"
LETS = "".join(f"let x{i} = x{i - 1} | (x{i - 1} ; co)\n" for i in range(1, 600))
STEPS = "".join(f"let x{i} = x{i - 1} ; [W]\n" for i in range(1, 600))
DEEP = {
    "600 lets": f"let x0 = {SC}\n{LETS}acyclic x599",
    "a union of 600 lets": f"let x0 = {SC}\n{STEPS}acyclic {' | '.join(f'x{i}' for i in range(600))}",
    "a union of 5000 terms": f"acyclic rf | co | fr | {' | '.join(['po'] * 5000)}",
    "1000 complements": f"acyclic {'~(' * 1000}{SC}{')' * 1000}",
    "1000 parentheses": f"acyclic {'(' * 1000}{SC}{')' * 1000}",
    "500 functions": "let f0 r = r\n"
    + "".join(f"let f{i} r = f{i - 1}(r) | r\n" for i in range(1, 500))
    + f"acyclic f499({SC})",
    "500 calls": f"let f r = r | (r ; co)\nacyclic {'f(' * 500}{SC}{')' * 500}",
    "500 functions in each other": f"let f = {'fun x -> ' * 500}po\nacyclic {SC}",
    "500 lets in each other": f"acyclic {''.join(f'let a{i} = {SC} in ' for i in range(500))}a499",
    "500 attempts": f"acyclic {'try nowhere with (' * 500}{SC}{')' * 500}",
    "500 blocks": 'if "unset" else ' * 500 + f"acyclic {SC} " + "end " * 500,
    "1000 negations of a variant": f'if {"not (" * 1000}"unset"{")" * 1000} empty po else acyclic {SC} end',
    "600 recursions": f"let rec x0 = {SC}\n"
    + "".join(f"let rec x{i} = x{i - 1} | (x{i} ; co)\n" for i in range(1, 600))
    + "acyclic x599",
    "500 procedures": f"procedure p0() = acyclic {SC} end\n"
    + "".join(f"procedure p{i}() = call p{i - 1}() end\n" for i in range(1, 500))
    + "call p499()",
}
INNER = "".join(f"| (let rec y{i} = y{i - 1} " for i in range(2, 13))
SB = """X86 SB
{ }
 P0          | P1          ;
 MOV [x],$1  | MOV [y],$1  ;
 MOV EAX,[y] | MOV EAX,[x] ;
exists (0:EAX=0 /\\ 1:EAX=0)
"""


@contextmanager
def little_stack() -> Iterator[None]:
    """Python's recursion limit is just above what is in use."""
    limit = sys.getrecursionlimit()
    sys.setrecursionlimit(len(inspect.stack(0)) + SPARE)
    try:
        yield
    finally:
        sys.setrecursionlimit(limit)


def verdict(model: str, engine: Engine, folder: Path) -> str | None:
    file = folder / "model.cat"
    file.write_text('include "cos.cat"\n' + model)
    settings = Settings(models=(str(file),), options=Options(engine=engine))
    (result,) = Checker(settings).check_source(Source("sb.litmus", SB))
    assert result.error is None, result.error
    return None if result.answer is None else result.answer.verdict.value


@pytest.mark.slow
@pytest.mark.parametrize("engine", ["auto", "z3", "enumerate"])
def test_a_model_may_be_nested_deeper_than_the_stack(engine: Engine, tmp_path: Path) -> None:
    assert verdict(f"acyclic {SC}", engine, tmp_path) == "Never"  # and everything that is needed is imported
    with little_stack():
        for name, text in DEEP.items():
            assert verdict(text, engine, tmp_path) == "Never", name


@pytest.mark.parametrize(
    ("text", "place"),
    [
        (f"let rec y1 = po {INNER} {' '.join(f'in y{i})' for i in range(12, 1, -1))} empty y1", "y11 = y10"),
        ("let rec f(s) = f((s, s)) empty f(po)", "s, s"),
    ],
)
def test_what_is_nested_too_deeply_is_refused_where_it_is(text: str, place: str) -> None:
    compile_text("empty po", "test.cat", frozenset())
    with little_stack(), pytest.raises(Unsupported, match="too deeply") as error:
        compile_text(text, "test.cat", frozenset())
    assert error.value.span is not None
    assert place in error.value.span.text


def test_an_error_reaches_the_coroutine_that_waits_for_the_result() -> None:
    async def failing() -> str:
        raise KeyError("k")

    async def catching() -> str:
        try:
            return await later(failing())
        except KeyError:
            return "caught"

    assert run(catching()) == "caught"
    with pytest.raises(KeyError):
        run(failing())
