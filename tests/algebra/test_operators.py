"""The table of operators says what is true of the operators, by the oracle's meaning of them."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from litmus.algebra.dag import Model, Node
from litmus.algebra.operators import OPERATORS, RESULTS, Kind, Operator, Signature
from litmus.cat import load_model
from litmus.cat.catalogue import catalogue
from litmus.isa import architecture_named
from litmus.oracle.algebra import Definitions, Given, Meaning
from litmus.relation.rows_evaluation import Constant, Events

Members = frozenset[Any]  # events, or pairs of events

EVENTS = frozenset(range(4))


def signature_of(operator: Operator, result: Kind) -> Signature:
    (found,) = (signature for signature in OPERATORS[operator].signatures if signature.result is result)
    return found


def meaning(operator: Operator, result: Kind, arguments: list[Members], events: Members = EVENTS) -> Members:
    """The result of an operator where these events execute, as the oracle sees it."""
    kinds = signature_of(operator, result).arguments
    leaves = tuple(Node(Operator.BASE, kind, name=str(i)) for i, kind in enumerate(kinds))
    nodes = (*leaves, Node(operator, result, tuple(range(len(kinds)))))
    model = Model("one operator", "", nodes, (), ())
    nothing: dict[str, Members] = {}
    starting = Given(lambda name: arguments[int(name)], nothing.__getitem__)
    return Meaning(Definitions(model), events, starting).value(len(kinds))


def members(kind: Kind, events: Members = EVENTS) -> st.SearchStrategy[Members]:
    event = st.sampled_from(sorted(events))
    return st.frozensets(event if kind is Kind.SET else st.tuples(event, event))


def within(value: Members, events: Members) -> Members:
    """The members of a set or relation that are made of these events."""
    return frozenset(x for x in value if (set(x) if isinstance(x, tuple) else {x}) <= events)


def as_bits(kind: Kind, value: Members) -> Constant:
    if kind is Kind.SET:
        return sum(1 << e for e in value)
    return tuple(sum(1 << f for e, f in value if e == x) for x in sorted(EVENTS))


@pytest.mark.parametrize(("operator", "result"), RESULTS)
@settings(max_examples=30, deadline=None)
@given(data=st.data())
def test_bit_rows_mean_what_sets_of_pairs_mean(operator: Operator, result: Kind, data: st.DataObject) -> None:
    executing = data.draw(st.frozensets(st.sampled_from(sorted(EVENTS)), min_size=1))
    kinds = signature_of(operator, result).arguments
    arguments = [data.draw(members(kind, executing)) for kind in kinds]
    events = Events(len(EVENTS), sum(1 << e for e in executing))
    rows = [as_bits(kind, argument) for kind, argument in zip(kinds, arguments, strict=True)]
    assert events.applied(operator, result, rows) == as_bits(result, meaning(operator, result, arguments, executing))


@pytest.mark.parametrize(("operator", "result"), RESULTS)
@settings(max_examples=30, deadline=None)
@given(data=st.data())
def test_a_result_grows_or_shrinks_with_an_argument_as_the_polarity_says(
    operator: Operator, result: Kind, data: st.DataObject
) -> None:
    kinds, signs = signature_of(operator, result).arguments, OPERATORS[operator].polarity
    arguments = [data.draw(members(kind)) for kind in kinds]
    before = meaning(operator, result, arguments)
    for i, (kind, sign) in enumerate(zip(kinds, signs, strict=True)):
        larger = [*arguments[:i], arguments[i] | data.draw(members(kind)), *arguments[i + 1 :]]
        after = meaning(operator, result, larger)
        assert before <= after if sign > 0 else after <= before


@pytest.mark.parametrize(("operator", "result"), RESULTS)
def test_a_result_is_empty_exactly_if_an_absorbing_argument_is(operator: Operator, result: Kind) -> None:
    kinds, absorbing = signature_of(operator, result).arguments, OPERATORS[operator].absorbing
    everything = {Kind.SET: EVENTS, Kind.RELATION: frozenset((e, f) for e in EVENTS for f in EVENTS)}
    for i, absorbs in enumerate(absorbing):
        arguments: list[Members] = [frozenset() if j == i else everything[kind] for j, kind in enumerate(kinds)]
        assert (not meaning(operator, result, arguments)) is absorbs


@pytest.mark.parametrize(("operator", "result"), RESULTS)
@settings(max_examples=30, deadline=None)
@given(data=st.data())
def test_whether_events_are_in_a_result_is_decided_by_these_events_alone(
    operator: Operator, result: Kind, data: st.DataObject
) -> None:
    """If the row says that it may be decided by another event, a chain of three events shows it."""
    kinds = signature_of(operator, result).arguments
    if OPERATORS[operator].by_another:
        arguments: list[Members] = [frozenset(((0, 1), (1, 2)))] * len(kinds)
    else:
        arguments = [data.draw(members(kind)) for kind in kinds]
    value = meaning(operator, result, arguments)
    differs = False
    for e in EVENTS:
        for f in EVENTS if result is Kind.RELATION else (e,):
            alone = frozenset((e, f))
            of_these = meaning(operator, result, [within(argument, alone) for argument in arguments], alone)
            differs |= within(value, alone) != of_these
    assert differs is OPERATORS[operator].by_another


@pytest.mark.parametrize("arch", ["X86", "X86_64", "PPC", "ARM", "AArch64", "RISCV"])
def test_every_node_of_a_built_in_model_has_the_arguments_that_its_operator_takes(arch: str) -> None:
    checked = 0
    for entry in catalogue().values():
        if arch in entry.default:
            nodes = load_model(entry.name, architecture_named(arch).tags, arch=arch).nodes
            for node in nodes:
                kinds = tuple(nodes[argument].kind for argument in node.arguments)
                assert Signature(kinds, node.kind) in OPERATORS[node.operator].signatures
                checked += 1
    assert checked > 20
