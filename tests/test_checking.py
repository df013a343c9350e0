"""Checking as other programs use it: one process, many tests, and models that are edited in between."""

from __future__ import annotations

from pathlib import Path

from litmus.checking import Checker, Settings, check
from litmus.diagnostics import Source

SB = """X86 SB
{ }
 P0          | P1          ;
 MOV [x],$1  | MOV [y],$1  ;
 MOV EAX,[y] | MOV EAX,[x] ;
exists (0:EAX=0 /\\ 1:EAX=0)
"""


def test_a_model_file_that_was_edited_decides_the_next_test_of_the_same_process(tmp_path: Path) -> None:
    model, included = tmp_path / "mine.cat", tmp_path / "axioms.cat"
    model.write_text('"mine" include "cos.cat" include "axioms.cat"')
    for axiom, verdict in (("acyclic po | rf | co | fr", "Never"), ("acyclic po-loc | rf | co | fr", "Sometimes")):
        included.write_text(axiom)
        checker = Checker(Settings((str(model),)))
        answers = [check(SB, str(model)).answer, next(checker.check_source(Source("SB.litmus", SB))).answer]
        assert [str(answer and answer.verdict.value) for answer in answers] == [verdict] * 2
