"""The herd log: letter by letter where scripts depend on it, and read back by its grammar."""

from __future__ import annotations

import json

import herdlog
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace
from results_by_hand import make_answer, make_test

from litmus.engine.answer import Verdict
from litmus.program.code import RegisterType
from litmus.program.question import Conjunction, Disjunction, Equal, Holds, Negation, Place, Question, Same, holds
from litmus.program.values import Address
from litmus.report import herd, jsonl
from litmus.result import Result, condition_holds


def test_the_log_of_store_buffering_is_herds(sb):
    assert herd.log(sb()) == (
        "Test SB Allowed\n"
        "States 4\n"
        "0:EAX=0; 1:EAX=0;\n"
        "0:EAX=0; 1:EAX=1;\n"
        "0:EAX=1; 1:EAX=0;\n"
        "0:EAX=1; 1:EAX=1;\n"
        "Ok\n"
        "Witnesses\n"
        "Positive: 1 Negative: 3\n"
        "Condition exists (0:EAX=0 /\\ 1:EAX=0)\n"
        "Observation SB Sometimes 1 3\n"
        "Time SB 0.00\n"
        "\n"
    )


def test_the_counts_of_a_forbidden_outcome_are_swapped_except_in_the_observation(sb):
    log = herd.log(sb(question={"quantifier": "~exists"}))
    assert "Test SB Forbidden\n" in log
    assert "\nNo\nWitnesses\nPositive: 3 Negative: 1\n" in log
    assert "Condition ~exists (0:EAX=0 /\\ 1:EAX=0)\nObservation SB Sometimes 1 3\n" in log


@pytest.mark.parametrize(
    ("quantifier", "verdict", "word"),
    [
        ("exists", "Never", "No"),
        ("exists", "Sometimes", "Ok"),
        ("exists", "Always", "Ok"),
        ("~exists", "Never", "Ok"),
        ("~exists", "Sometimes", "No"),
        ("~exists", "Always", "No"),
        ("forall", "Never", "No"),
        ("forall", "Sometimes", "No"),
        ("forall", "Always", "Ok"),
    ],
)
def test_ok_means_that_the_condition_holds(sb, quantifier, verdict, word):
    log = herd.log(sb(question={"quantifier": quantifier}, answer={"verdict": Verdict(verdict)}))
    assert f"\n{word}\nWitnesses\n" in log


@pytest.mark.parametrize(("quantifier", "word"), [("exists", "No"), ("~exists", "Ok"), ("forall", "Ok")])
def test_without_executions_only_an_exists_fails(sb, quantifier, word):
    nothing = {"verdict": Verdict.NEVER, "states": (), "positive": 0, "negative": 0}
    log = herd.log(sb(question={"quantifier": quantifier}, answer=nothing))
    assert f"States 0\n{word}\n" in log
    assert "Observation SB Never 0 0\n" in log


def test_undefined_behaviour_and_cut_loops_show_in_the_validation_line(sb):
    assert "\nUndef\n" in herd.log(sb(answer={"flags": ("*undef*",)}))
    assert "Flag *undef*\nCondition" in herd.log(sb(answer={"flags": ("*undef*",)}))
    assert "\nLoop Ok\n" in herd.log(sb(answer={"bound_reached": True}))


def test_a_hash_is_echoed_and_never_made_up(sb):
    assert "Hash" not in herd.log(sb())
    digest = "7dbd6b8e6dd4abc2ef3d48b0376fb2e3"
    for key in ("Hash", "hash"):
        assert herd.log(sb(test={"info": {key: digest}})).endswith(f"Time SB 0.00\nHash={digest}\n\n")


def test_a_state_without_places_is_an_empty_line(sb):
    nothing = {"formula": Holds(True), "places": (), "shown": 0}
    log = herd.log(sb(question=nothing, answer={"places": (), "states": ((),)}))
    assert "States 1\n\nOk\n" in log
    assert herdlog.read_log(log)[0].states == [{}]


def test_where_executions_were_not_counted_states_are_and_the_log_says_so(sb):
    log = herd.log(sb(answer={"positive": None, "negative": None}))
    assert "Observation SB Sometimes 1 3\n" in log
    assert herdlog.read_log(log)[0].trailer["Counted"] == "states"


def test_an_error_leaves_no_trace_in_the_log(sb):
    assert herd.log(replace(sb(), answer=None)) == ""


# ---------------------------------------------------------------- read back

names = st.from_regex(r"[A-Za-z][A-Za-z0-9_]{0,5}", fullmatch=True)
places = st.one_of(
    st.builds(Place, st.integers(0, 12), st.from_regex(r"[A-Za-z%][A-Za-z0-9]{0,3}", fullmatch=True), st.none()),
    st.builds(Place, st.none(), names, st.none()),
    st.builds(Place, st.none(), names, st.integers(0, 9)),
)
values = st.one_of(st.integers(-(2**63), 2**63 - 1), st.builds(Address, names))


@st.composite
def results(draw: st.DrawFn) -> Result:
    shown = tuple(draw(st.lists(places, max_size=4, unique_by=lambda p: (p.thread, p.name, p.cell))))
    states = tuple(set(draw(st.lists(st.tuples(*[values] * len(shown)), min_size=1, max_size=6))))
    atoms = [st.builds(Holds, st.booleans())]
    if shown:
        numbers = st.integers(0, len(shown) - 1)
        atoms += [st.builds(Equal, numbers, values), st.builds(Same, numbers, numbers)]
    formulas = st.recursive(
        st.one_of(atoms),
        lambda inner: st.one_of(
            st.builds(Negation, inner),
            st.builds(Conjunction, st.lists(inner, min_size=1, max_size=3).map(tuple)),
            st.builds(Disjunction, st.lists(inner, min_size=1, max_size=3).map(tuple)),
        ),
        max_leaves=6,
    )
    quantifier = draw(st.sampled_from(["exists", "~exists", "forall"]))
    question = Question(shown, (RegisterType(),) * len(shown), len(shown), quantifier, draw(formulas), None)
    positive = sum(holds(question.formula, s.__getitem__) for s in states)
    negative = len(states) - positive
    verdict = Verdict.NEVER if not positive else Verdict.ALWAYS if not negative else Verdict.SOMETIMES
    counted = draw(st.booleans())
    test = make_test(name=draw(st.from_regex(r"[A-Za-z0-9_/.+:\[\]-]{1,12}", fullmatch=True)))
    answer = make_answer(
        test,
        verdict=verdict,
        places=shown,
        states=states,
        positive=positive if counted else None,
        negative=negative if counted else None,
        flags=tuple(draw(st.lists(st.sampled_from(["data-race", "mixed-accesses", "*undef*"]), unique=True))),
        bound_reached=draw(st.booleans()),
    )
    seconds = draw(st.floats(0, 1000))
    return Result(f"{test.name}.litmus", "m", test, question, answer, None, None, seconds, 2)


@given(st.lists(results(), min_size=1, max_size=3))
@settings(max_examples=60, deadline=None)
def test_what_the_log_says_is_what_the_json_line_says(answered):
    blocks = herdlog.read_log("".join(map(herd.log, answered)))
    assert len(blocks) == len(answered)
    for block, result in zip(blocks, answered, strict=True):
        line = json.loads(jsonl.line(result))
        assert result.answer is not None
        assert result.question is not None
        assert (block.name, block.kind) == (line["test"], line["kind"])
        said = [[f"{k}={v}" for k, v in state.items()] for state in block.states]
        assert said == [[item for item in s.removesuffix(";").split("; ") if item] for s in line["states"]]
        assert block.observation is not None
        word, positive, negative = block.observation
        assert word == line["verdict"]
        swapped = (block.negative, block.positive)
        assert (positive, negative) == (swapped if block.kind == "Forbidden" else swapped[::-1])
        if line["positive"] is not None:
            assert (positive, negative) == (line["positive"], line["negative"])
        assert block.flags == line["flags"]
        assert block.loop == line["bound_reached"]
        holds_ = condition_holds(result.question.quantifier, result.answer)
        assert block.validation == ("Undef" if "*undef*" in line["flags"] else "Ok" if holds_ else "No")


def test_the_reader_of_logs_refuses_what_is_no_log(sb):
    log = herd.log(sb())
    for broken in (
        log.replace("States 4", "States 5"),
        log.replace("1:EAX=1;", "1:EAX"),
        log.replace("Witnesses\n", ""),
        log.replace("Observation SB", "Observation MP"),
        log.rstrip("\n") + "\n",
    ):
        with pytest.raises(herdlog.LogError):
            herdlog.read_log(broken)
