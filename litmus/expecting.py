"""Expecting: which verdict a test expects of a model, and whether the models that it names exist.

`Expect(NAME)` is about a built-in model.  If no built-in model has the name, it is about a model file NAME.cat.
`Expect(NAME.cat)` is about a model file with that name or path.  `Result` is about the test's own model.  The own model
of a C test is the kernel's, which allows whatever some hardware does that the kernel runs on.  So a Never or Always of
a C test bounds every other model too.  There are two exceptions: an Expect is about that model, or the test says that
it has a data race (DATARACE); then the kernel's model promises nothing.
"""

from __future__ import annotations

import os
from collections.abc import Sequence

from litmus.diagnostics import InputError, near
from litmus.engine.answer import Verdict
from litmus.result import Expectation, implied_expectation, stated_expectation
from litmus.source.syntax import Stated, Test

KERNEL_MODEL = "lkmm"  # the own model of C tests: a `Result:` comment in a C test is about it


def refuse_unknown_models(test: Test, asked: Sequence[str]) -> None:
    """Raises InputError if an Expect names a model that is not built in, no path, and no file that was asked for."""
    for stated in test.stated:
        name = stated.model
        if name is None:
            continue
        from litmus.cat.catalogue import catalogue, is_path

        if name in catalogue() or name == KERNEL_MODEL or is_path(name) or any(_stem(model) == name for model in asked):
            continue
        known = (*catalogue(), KERNEL_MODEL)
        hint = f"{near(name, known) or 'built in are ' + ', '.join(known)} (a file would be {name}.cat)"
        raise InputError(f"there is no model {name}", stated.span, hint)


def expectation_of(test: Test, model: str) -> Expectation | None:
    """What a test expects of a model; None if it expects nothing."""
    if test.stated:
        spoken = _spoken(test.stated, model)
        if spoken is not None:
            return stated_expectation(spoken.word, f"Expect({spoken.model})")
        own = next((stated for stated in test.stated if stated.model is None), None)
        if own is not None and model == _own_model(test):
            return stated_expectation(own.word, "Result")
        if own is not None and test.body is not None and not own.race and own.word in ("Never", "Always"):
            # If nothing executes at all (a deadlock), that is within the bound.
            return Expectation(Verdict(own.word), "Result as a bound", executes=None)
    if test.condition.span is None:
        return None  # forall (true) always holds
    return implied_expectation(test.condition.quantifier)


def _spoken(stated: tuple[Stated, ...], model: str) -> Stated | None:
    """The Expect about a model: it names the model or its path, or the file's name with or without `.cat`."""
    names = [model]
    if model not in _built_in():
        names += [os.path.basename(model), _stem(model)]
    for name in names:
        for item in stated:
            if item.model == name and (name == model or name not in _built_in()):
                return item
    return None


def _built_in() -> Sequence[str]:
    from litmus.cat.catalogue import catalogue

    return tuple(catalogue())


def _stem(model: str) -> str:
    return os.path.splitext(os.path.basename(model))[0]


def _own_model(test: Test) -> str | None:
    if test.body is not None:
        return KERNEL_MODEL
    from litmus.cat.catalogue import default_model

    entry = default_model(test.arch)
    return entry.name if entry is not None else None
