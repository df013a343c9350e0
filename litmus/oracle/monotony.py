"""Monotony: which checks of a model, once they fail, fail however an execution is completed.

While an execution is put together, choice after choice, rf and co only gain pairs (litmus.oracle.executions), and
which events execute does not change.  A check that fails although it is only made harder by what is to come needs no
completion to be looked at.
"""

from __future__ import annotations

from litmus.cat.dag import Check
from litmus.oracle.algebra import Definitions
from litmus.oracle.executions import READING, WRITING

# What may gain and lose while rf and co gain pairs: values, and the writes that are last.
UNSETTLED = {READING: frozenset(("same-value", "FW")), WRITING: frozenset(("FW",))}


def refuting(definitions: Definitions, pending: frozenset[str]) -> list[Check]:
    """The checks that, failing while the relations `pending` may gain pairs, fail whatever pairs they gain.

    Only those that are done, in the model's order, before anything that is an error: an assertion that fails, a
    recursion that does not come to rest.
    """
    found = []
    for check in definitions.model.checks:
        made = definitions.made[check.node]
        if check.effect == "assert" or not made.rests:
            break
        # A predicate that is false stays false while its argument grows; one that is true, while it shrinks.
        harmful = made.positive if check.negated else made.negative
        helpless = UNSETTLED[pending] & definitions.names[check.node]
        chosen = any(name[0] == "?" for name in definitions.names[check.node])  # by the model, not by us
        if check.effect == "check" and not harmful & pending and not helpless and not chosen:
            found.append(check)
    return found
