"""The example tests, and the verdicts that their comments expect."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from litmus.c.lowering import lower as lower_c
from litmus.c.membarrier.promise import KEPT, Promise
from litmus.c.tables import load_primitives
from litmus.cat.catalogue import default_model
from litmus.deciding import decide
from litmus.engine import Verdict
from litmus.engine.options import Options
from litmus.isa import architecture_named
from litmus.program.build import unroll
from litmus.program.graph import EventGraph
from litmus.program.question import Question
from litmus.reading import read_file, read_test
from litmus.resolving import resolve
from litmus.source.syntax import Test

FOLDER = Path(__file__).parent / "examples"
FILES = sorted(FOLDER.rglob("*.litmus"))
TABLE = {"sc": "power", "x86-tso": "x86", "power": "power", "arm": "arm", "aarch64": "aarch64", "riscv": "riscv"}


@cache
def read(file: Path) -> Test:
    return read_test(read_file(str(file)))


@cache
def expectations(file: Path) -> dict[str, Verdict]:
    """Model -> expected verdict.  A `Result:` line is about the architecture's default model."""
    test = read(file)
    found = {}
    for stated in test.stated:
        own = default_model(test.arch)
        name = stated.model if stated.model is not None else own.name if own else None
        if name is not None:
            found[name] = Verdict(stated.word)
    return found


@cache
def prepared(file: Path, model: str, promise: Promise = KEPT) -> tuple[EventGraph, Question]:
    """The event graph and the question of an example, lowered for a model."""
    test = read(file)
    if test.arch == "C":
        program = lower_c(test, load_primitives(TABLE[model]), promise)
    else:
        program = architecture_named(test.arch).lower(test)
    return unroll(program), resolve(test, program)


def tags_of(file: Path, model: str) -> frozenset[str]:
    """The architecture's cat sets under a model."""
    test = read(file)
    if test.arch != "C":
        return architecture_named(test.arch).tags
    return architecture_named(load_primitives(TABLE[model]).arch).tags


__all__ = ["FILES", "FOLDER", "TABLE", "Options", "decide", "expectations", "prepared", "read", "tags_of"]
