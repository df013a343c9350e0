"""Monotony: which checks of a model stay failed, however an execution is completed.

An execution is put together choice after choice.  Meanwhile rf and co only gain pairs (litmus.oracle.executions), and
which events execute does not change.  If a check fails and no further pair can make it hold, no completion of the
execution has to be looked at.
"""

from __future__ import annotations

from litmus.cat.dag import Check
from litmus.oracle.algebra import Definitions
from litmus.oracle.executions import READING, WRITING

# The base relations and sets that may both gain and lose members while rf and co gain pairs.
UNSETTLED = {READING: frozenset(("same-value", "FW")), WRITING: frozenset(("FW",))}


def refuting(definitions: Definitions, pending: frozenset[str]) -> list[Check]:
    """The checks that stay failed: if such a check fails, it fails whatever pairs the relations `pending` still gain.

    Only checks that stand, in the model's order, before everything that can be an error: before an assertion, and
    before a recursion that may not come to rest.
    """
    found = []
    for check in definitions.model.checks:
        made = definitions.made[check.node]
        if check.effect == "assert" or not made.rests:
            break
        # A predicate that is false stays false while its argument grows.  A predicate that is true stays true while its
        # argument shrinks.
        harmful = made.positive if check.negated else made.negative
        helpless = UNSETTLED[pending] & definitions.names[check.node]
        chosen = any(name[0] == "?" for name in definitions.names[check.node])  # depends on a choice of the model's own
        if check.effect == "check" and not harmful & pending and not helpless and not chosen:
            found.append(check)
    return found
