"""Built-in models with a part of their text changed, judged on executions written by hand.

A table maps the name of an execution to (the execution, the checks of the model that it fails).
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from functools import cache

from annotated_executions import Base, annotated
from cat_evaluator import failures

from litmus.algebra.dag import Model
from litmus.cat import compile_text
from litmus.cat.catalogue import catalogue
from litmus.cat.library import models_directory

Table = Mapping[str, tuple[str, list[str]]]

TAGS = {
    "arm": frozenset(["DMB", "DSB", "DMB.ST", "DSB.ST", "ISB", "EX"]),
    "aarch64": frozenset(
        f"{barrier}.{option}"
        for barrier in ("DMB", "DSB")
        for option in ("SY", "LD", "ST", *(d + k for d in ("ISH", "OSH", "NSH") for k in ("", "LD", "ST")))
    )
    | frozenset(["ISB", "A", "L", "Q", "NoRet", "X"]),
    "riscv": frozenset(f"Fence.{p}.{s}" for p in ("r", "w", "rw") for s in ("r", "w", "rw"))
    | frozenset(["Fence.tso", "Fence.i", "Acq", "Rel", "AcqRel", "Sc", "X", "EX"]),
}


@cache
def text_of(name: str, *inlined: str) -> str:
    """The text of a built-in model, with some of the library files that it includes put in their places."""
    with open(catalogue()[name].path, encoding="utf-8") as file:
        text = file.read()
    for included in inlined:
        with open(os.path.join(models_directory(), "lib", included), encoding="utf-8") as file:
            body = re.sub(r'\A"[^"]*"\n', "", file.read())
        assert f'include "{included}"' in text
        text = text.replace(f'include "{included}"', body)
    return text


def mutant(name: str, text: str, old: str, new: str) -> Model:
    """The model of a text in which `new` replaces `old`, which must occur exactly once."""
    assert text.count(old) == 1, old
    return compile_text(text.replace(old, new), name, TAGS[name])


@cache
def _base(execution: str) -> Base:
    return annotated(execution)


def is_forbidden(model: Model, execution: str) -> bool:
    return bool(failures(model, _base(execution)))


def changed_verdicts(model: Model, table: Table) -> list[str]:
    """The executions for which a model and the table do not agree on whether they are forbidden."""
    return [name for name, (text, failed) in table.items() if is_forbidden(model, text) != bool(failed)]
