"""Which verdict a test expects of a model: Expect, Result as the own model's verdict and as a bound, the condition."""

from __future__ import annotations

import pytest

from litmus.diagnostics import InputError, Source
from litmus.expecting import expectation_of, refuse_unknown_models
from litmus.reading import read_test
from litmus.source import syntax

X86 = "X86 T\n{}\n{{ }}\n P0 ;\n MOV [x],$1 ;\n{}\n"
C = "C T\n{}\n{{ }}\nP0(int *x) {{ WRITE_ONCE(*x, 1); }}\n{}\n"


def read(text: str, *lines: str, condition: str = "exists (x=1)") -> syntax.Test:
    comment = "(*\n" + "".join(f" * {line}\n" for line in lines) + " *)"
    return read_test(Source("t.litmus", text.format(comment, condition)))


def expected(test: syntax.Test, model: str) -> str | None:
    found = expectation_of(test, model)
    return None if found is None else f"{found.word} {found.origin}"


def test_expect_speaks_of_the_models_it_names() -> None:
    test = read(X86, "Expect(power, sc): Never", "Expect(x86-tso): Always")
    assert expected(test, "power") == "Never Expect(power)"
    assert expected(test, "sc") == "Never Expect(sc)"
    assert expected(test, "x86-tso") == "Always Expect(x86-tso)"
    assert expected(test, "arm") is None


def test_result_speaks_of_the_own_model_of_an_instruction_set() -> None:
    test = read(X86, "Result: Never")
    assert expected(test, "x86-tso") == "Never Result"
    assert expected(test, "sc") is None


@pytest.mark.parametrize("word", ["Never", "Always"])
def test_never_and_always_of_a_c_test_bound_every_other_model(word: str) -> None:
    test = read(C, f"Result: {word}", "Expect(power): Sometimes", "Expect(arm): Maybe")
    assert expected(test, "lkmm") == f"{word} Result"
    assert expected(test, "riscv") == f"{word} Result as a bound"
    assert expected(test, "mine.cat") == f"{word} Result as a bound"
    assert expected(test, "power") == "Sometimes Expect(power)"
    assert expected(test, "arm") == "Maybe Expect(arm)"
    bound = expectation_of(test, "riscv")
    assert bound is not None
    assert bound.executes is None  # a deadlock on hardware is within the bound


@pytest.mark.parametrize("line", ["Result: Sometimes", "Result: Maybe", "Result: DEADLOCK", "Result: Never DATARACE"])
def test_other_results_of_a_c_test_bound_nothing(line: str) -> None:
    assert expected(read(C, line), "power") is None
    assert expected(read(C, line, condition="~exists (x=1)"), "power") == "Never ~exists"


def test_a_condition_states_what_is_not_stated_otherwise() -> None:
    assert expected(read(X86, condition="~exists (x=1)"), "sc") == "Never ~exists"
    assert expected(read(X86, condition="forall (x=1)"), "sc") == "Always forall"
    assert expected(read(X86, condition="exists (x=1)"), "sc") is None
    assert expected(read(X86, condition=""), "sc") is None  # nothing is asked, and nothing expected


def test_a_model_file_is_named_by_its_path_or_its_name() -> None:
    test = read(X86, "Expect(mine.cat): Never", "Expect(a/b.cat): Always", "Expect(other): Never")
    assert expected(test, "/home/models/mine.cat") == "Never Expect(mine.cat)"
    assert expected(test, "mine.cat") == "Never Expect(mine.cat)"
    assert expected(test, "a/b.cat") == "Always Expect(a/b.cat)"
    assert expected(test, "b.cat") is None
    assert expected(test, "x/other.cat") == "Never Expect(other)"
    refuse_unknown_models(test, ("x/other.cat",))
    with pytest.raises(InputError, match="there is no model other"):
        refuse_unknown_models(test, ("sc", "mine.cat"))


def test_a_file_is_never_taken_for_the_built_in_model_of_its_name() -> None:
    test = read(X86, "Expect(power): Never")
    assert expected(test, "./power.cat") is None
    assert expected(read(X86, "Expect(power.cat): Never"), "power") is None
    assert expected(read(X86, "Expect(power.cat): Never"), "./power.cat") == "Never Expect(power.cat)"


def test_the_kernels_model_can_be_spoken_of() -> None:
    refuse_unknown_models(read(C, "Expect(lkmm): Never"), ())


def test_an_unknown_model_is_an_error_at_its_name() -> None:
    with pytest.raises(InputError) as caught:
        refuse_unknown_models(read(X86, "Expect(sc, x86tso): Never"), ())
    assert caught.value.span is not None
    assert caught.value.span.text == "x86tso"
    assert caught.value.hint == "did you mean x86-tso or tso? (a file would be x86tso.cat)"
