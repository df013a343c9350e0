"""The promise as messages and the promise as cuts of program order give the same final states."""

from itertools import islice

import pytest
from cuts import FULL_FENCE, WEAK, Promise, small_tests, states_by_cuts, states_by_messages

SAMPLE, ALL = 40, 500
MUTANTS = {
    "the caller's first": Promise(before=False),
    "the handler's": Promise(handler=False),
    "the caller's last": Promise(after=False),
}


@pytest.mark.parametrize("model", FULL_FENCE)
def test_messages_and_cuts_agree_on_the_final_states_of_random_tests(model: str, full: bool) -> None:
    for test in islice(small_tests(model), ALL if full else SAMPLE):
        assert states_by_messages(test.text(), model) == states_by_cuts(test, model), test.text()


@pytest.mark.parametrize("missing", MUTANTS)
@pytest.mark.parametrize("model", WEAK)
def test_a_barrier_that_is_dropped_makes_a_difference_to_cuts(model: str, missing: str) -> None:
    # With fewer barriers there are never fewer final states.  For some random test, there are more.
    found = 0
    for test in islice(small_tests(model), SAMPLE):
        less, cuts = states_by_messages(test.text(), model, MUTANTS[missing]), states_by_cuts(test, model)
        assert less >= cuts
        found += less > cuts
    assert found
