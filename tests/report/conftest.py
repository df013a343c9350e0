"""The fixture of results made by hand."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from msgspec.structs import replace
from results_by_hand import make_answer, make_question, make_test

from litmus.result import Result


@pytest.fixture
def sb() -> Callable[..., Result]:
    """SB under x86-tso: keywords `test`, `question`, `answer` (each a dict of fields), others of Result."""

    def make(
        test: dict[str, object] | None = None,
        question: dict[str, object] | None = None,
        answer: dict[str, object] | None = None,
        **fields: object,
    ) -> Result:
        read = make_test(**(test or {}))  # type: ignore[arg-type]
        result = Result(
            file="SB.litmus",
            model="x86-tso",
            test=read,
            question=make_question(**(question or {})),
            answer=make_answer(read, **(answer or {})),
            error=None,
            expected=None,
            seconds=0.00123,
            unroll=2,
        )
        return replace(result, **fields)  # type: ignore[arg-type]

    return make
