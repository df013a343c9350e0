"""`--timeout`: it covers all that is done for a test, and what it says names the test and the model."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from litmus import check

SB = """X86 SB
{ x=0; y=0; }
P0          | P1          ;
MOV [x],$1  | MOV [y],$1  ;
MOV EAX,[y] | MOV EAX,[x] ;
exists (0:EAX=0 /\\ 1:EAX=0)
"""


def compiling() -> tuple[str, str]:
    """A model whose functions call the one before them twice: twenty-five of them are 2^25 calls."""
    functions = [f"let f{i}(r) = f{i - 1}(f{i - 1}(r) | co)" for i in range(1, 26)]
    return SB, "\n".join(['"twice"', 'include "cos.cat"', "let f0(r) = r; rf", *functions, "acyclic f25(po)"]) + "\n"


def writers(threads: int, writes: int) -> str:
    heading = " | ".join(f"P{t}" for t in range(threads))
    rows = [" | ".join(f"MOV [x],${t * writes + i + 1}" for t in range(threads)) for i in range(writes)]
    return f"X86 writers\n{{ x=0; }}\n{heading} ;\n" + " ;\n".join(rows) + " ;\nexists (x=1)\n"


def candidates() -> tuple[str, str]:
    """A quarter of a million executions, under a model of many relations."""
    threads = [f"WRITE_ONCE(*x, {i + 1});" for i in range(6)] + [f"int r{i} = READ_ONCE(*x);" for i in range(3)]
    text = "\n".join(f"P{t}(int *x) {{ {thread} }}" for t, thread in enumerate(threads))
    relations = [f"let r{i} = (r{i - 1}; co) | (rf; r{i - 1})" for i in range(1, 4000)]
    model = ['"many"', 'include "cos.cat"', "let r0 = co | rf", *relations, "empty r3999"]
    return f"C reads\n{{}}\n{text}\nexists (x=1)\n", "\n".join(model) + "\n"


def branching() -> tuple[str, str]:
    """Twelve branches in sequence in two threads, each of which may count further."""
    branch = " r = READ_ONCE(*x); if (r) WRITE_ONCE(*x, r + 1);"
    threads = "".join(f"P{t}(int *x) {{ int r;{branch * 12} }}\n" for t in range(2))
    return f"C ifs\n{{}}\n{threads}P2(int *x) {{ WRITE_ONCE(*x, 1); }}\nexists (x=2)\n", "power"


@pytest.fixture(autouse=True, scope="module")
def _tables() -> None:
    """What is made once for all tests is there: it would count."""
    assert check(SB, "sc").ok
    assert check("C c\n{}\nP0(int *x) { WRITE_ONCE(*x, 1); }\nexists (x=1)\n", "power").ok


SLOW: dict[str, tuple[Callable[[], tuple[str, str]], tuple[str, ...]]] = {
    "compiling the model": (compiling, ()),
    "many paths": (branching, ()),
    "enumerating": (lambda: (writers(9, 1), "sc"), ("--engine", "enumerate")),
    "evaluating all candidates": (candidates, ("--arch", "power")),
    "encoding": (lambda: (writers(60, 3), "sc"), ("--engine", "z3")),
}


@pytest.mark.slow
@pytest.mark.parametrize("phase", SLOW)
def test_the_limit_covers(litmus, tmp_path: Path, phase: str) -> None:
    make, options = SLOW[phase]
    text, model = make()
    test = tmp_path / "slow.litmus"
    test.write_text(text)
    if "\n" in model:
        (tmp_path / "m.cat").write_text(model)
        model = str(tmp_path / "m.cat")
    started = time.process_time()
    ran = litmus("check", "--json", "--timeout", "0.5", "--model", model, *options, test)
    assert time.process_time() - started < 1.5
    assert ran.status == 3
    (line,) = map(json.loads, ran.out.splitlines())
    assert line["verdict"] is None
    assert line["error"] == f"error: no answer for {line['test']} under {model} within 0.5 s"


def test_the_limit_is_for_each_model_anew(litmus, tmp_path: Path) -> None:
    (tmp_path / "slow.litmus").write_text(SB)
    (tmp_path / "m.cat").write_text(compiling()[1])
    ran = litmus("check", "--json", "--timeout", "0.5", "--model", f"{tmp_path}/m.cat,sc", tmp_path / "slow.litmus")
    assert [json.loads(line)["verdict"] for line in ran.out.splitlines()] == [None, "Never"]


@pytest.mark.slow
def test_a_verdict_is_kept_where_there_is_no_time_for_all_states(litmus, tmp_path: Path) -> None:
    threads = 14
    heading = " | ".join(f"P{t}" for t in range(threads))
    row = " | ".join(f"MOV [x],${t}" if t % 2 else "MOV EAX,[x]" for t in range(threads))
    condition = " /\\ ".join(f"{t}:EAX=3" for t in range(0, threads, 2))
    (tmp_path / "many.litmus").write_text(
        f"X86 many\n{{ x=0; }}\n{heading} ;\n{row} ;\nlocations [x;]\nexists ({condition})\n"
    )
    ran = litmus("check", "--json", "--states", "all", "--timeout", "2.5", tmp_path / "many.litmus")
    line = json.loads(ran.out)
    assert (line["verdict"], line["states"], line["error"]) == ("Sometimes", None, None)


def test_a_limit_that_is_not_reached_changes_nothing(litmus, tmp_path: Path) -> None:
    (tmp_path / "sb.litmus").write_text(SB)

    def answer(*options: str) -> dict[str, object]:
        line: dict[str, object] = json.loads(litmus("check", "--json", *options, tmp_path / "sb.litmus").out)
        return {key: value for key, value in line.items() if key != "seconds"}

    assert answer() == answer("--timeout", "60") == answer("--timeout", "60", "--jobs", "2")


def test_the_table_names_the_test_that_took_too_long(litmus) -> None:
    ran = litmus("table", "--model", "power", "--rows", "smp_mb", "--shapes", "MP", "--timeout", "1e-9")
    assert ran.status == 3
    assert ran.err.startswith("litmus: error: no answer for MP+mbs")


def test_designs_name_the_design_and_the_scenario(litmus, tmp_path: Path) -> None:
    started = time.process_time()
    ran = litmus("designs", "v12", "--model", "power", "--scenario", "MP,OUT", "--timeout", "1e-9")
    assert ran.status == 3
    assert "under power within 1e-09 s" in ran.err
    assert time.process_time() - started < 5
