"""Asking for the verdict of a short test, of every engine."""

from __future__ import annotations

from functools import cache

from litmus import Options, Source, check
from litmus.engine.options import Engine

ENGINES: tuple[Engine, ...] = ("auto", "z3", "enumerate")


@cache
def verdict(arch: str, model: str, init: str, condition: str, *threads: str) -> str:
    """The verdict of `exists condition` for threads with one instruction a line, on which all engines agree."""
    columns = [thread.strip().splitlines() for thread in threads]
    rows = [" | ".join(f"P{n}" for n in range(len(columns)))]
    for i in range(max(map(len, columns))):
        rows.append(" | ".join(column[i] if i < len(column) else "" for column in columns))
    table = "".join(f" {row} ;\n" for row in rows)
    text = f"{arch} T\n{{ {init} }}\n{table}exists ({condition})\n"
    answers = {}
    for engine in ENGINES:
        result = check(Source("T.litmus", text), model, options=Options(engine=engine))
        assert result.answer is not None, result.error
        assert result.answer.states, "nothing executes"
        answers[engine] = (result.answer.verdict.value, result.answer.states)
    assert len(set(answers.values())) == 1, answers
    return answers["auto"][0]
