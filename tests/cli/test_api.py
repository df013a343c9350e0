"""The public interface: what a notebook or a script imports."""

from __future__ import annotations

import pytest

import litmus
from litmus import InputError, Options, Source, Verdict, check

TEXT = """PPC CoRR
{ 0:r2=x; 1:r2=x; }
 P0           | P1           ;
 li r1,1      | lwz r1,0(r2) ;
 stw r1,0(r2) | lwz r3,0(r2) ;
~exists (1:r1=1 /\\ 1:r3=0)
"""


def test_every_exported_name_exists():
    assert all(hasattr(litmus, name) for name in litmus.__all__)
    with pytest.raises(AttributeError, match="no attribute 'nosuch'"):
        litmus.nosuch  # noqa: B018


def test_a_test_is_checked_as_a_text_a_source_or_a_file(tmp_path):
    path = tmp_path / "CoRR.litmus"
    path.write_text(TEXT)
    for test, name in ((TEXT, "<text>"), (Source("mine", TEXT), "mine"), (path, str(path)), (str(path), str(path))):
        result = check(test)
        assert result.answer is not None
        assert (result.file, result.model, result.answer.verdict, result.ok) == (name, "power", Verdict.NEVER, True)


def test_options_and_expectations_are_passed_on():
    result = check(TEXT, "sc", options=Options(states="none"), expect="Sometimes")
    assert result.answer is not None
    assert result.answer.states is None
    assert not result.ok


def test_what_is_wrong_with_a_test_is_in_the_result():
    result = check(TEXT.replace("lwz r1", "lwz r99"))
    assert result.answer is None
    assert isinstance(result.error, InputError)
    assert str(result.error.span) == "<text>:4:21"


def test_a_model_that_does_not_exist_is_raised():
    with pytest.raises(InputError, match="no model `powre`"):
        check(TEXT, "powre")
