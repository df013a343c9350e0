"""Instructions that are executed several times: same-instr, same-static and equiv-spec."""

from __future__ import annotations

from pathlib import Path

import pytest

from litmus import check
from litmus.engine.options import Options

LOOP = """RISCV loop
{ 0:x5=x; 1:x5=x; int x=0; }
 P0          | P1                ;
 li x1,1     | L:                ;
 sw x1,0(x5) | lw x2,0(x5)       ;
             | amoadd.w x3,x1,(x5) ;
             | beq x2,x0,L       ;
exists (1:x2=1)
"""
STRAIGHT = """RISCV straight
{ 0:x5=x; 1:x5=x; int x=0; }
 P0          | P1          ;
 li x1,1     | lw x2,0(x5) ;
 sw x1,0(x5) | lw x3,0(x5) ;
exists (1:x2=1)
"""


def raised(tmp_path: Path, test: str, relation: str, engine: str) -> bool:
    """Whether a relation is not empty in some execution."""
    model = tmp_path / "m.cat"
    model.write_text(f'"m" include "cos.cat" acyclic po-loc | rf | co | fr flag ~empty {relation} as raised')
    result = check(test, str(model), options=Options(engine=engine))  # type: ignore[arg-type]
    assert result.answer is not None, result.error
    return "raised" in result.answer.flags


@pytest.mark.parametrize("engine", ["auto", "enumerate"])
@pytest.mark.parametrize(
    ("relation", "in_loop", "in_straight"),
    [
        ("same-instr", True, True),
        ("same-instr \\ same-instance", True, False),
        ("same-instr & po", True, False),
        ("[R \\ X]; same-instr; [X]", False, False),
        ("[R & X]; (same-instr \\ same-instance); [W & X]", True, False),
        ("(same-static \\ id) & po & (W * W)", True, False),
        ("same-static \\ same-instr", False, False),
        ("(id & int) \\ same-static", False, False),
        ("[IW]; same-instr", False, False),
    ],
)
def test_the_rounds_of_a_loop_execute_the_same_instructions(
    tmp_path: Path, relation: str, in_loop: bool, in_straight: bool, engine: str
) -> None:
    assert raised(tmp_path, LOOP, relation, engine) is in_loop
    assert raised(tmp_path, STRAIGHT, relation, engine) is in_straight


def test_instructions_that_are_not_repeated_are_alike_to_none(tmp_path: Path) -> None:
    assert not raised(tmp_path, STRAIGHT, "equiv-spec", "auto")


def test_which_rounds_of_a_loop_are_alike_is_not_known(tmp_path: Path) -> None:
    model = tmp_path / "m.cat"
    model.write_text('"m" include "cos.cat" flag ~empty equiv-spec as raised')
    for engine in ("auto", "enumerate"):
        result = check(LOOP, str(model), options=Options(engine=engine))  # type: ignore[arg-type]
        assert result.error is not None
        assert "tests with loops" in result.error.message
