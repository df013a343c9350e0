"""Monotony: which checks of a model stay failed, however an execution is completed.

An execution is put together choice after choice.  Meanwhile base relations only gain pairs, or only lose them
(litmus.algebra.names), and which events execute does not change.  If a check fails and no further choice can make it
hold, no completion of the execution has to be looked at.
"""

from __future__ import annotations

from litmus.algebra.dag import Check
from litmus.algebra.names import Rests
from litmus.oracle.algebra import Definitions


def refuting(definitions: Definitions, pending: Rests) -> list[Check]:
    """The checks that stay failed: if such a check fails, it fails however the choices `pending` are completed.

    Only checks that stand, in the model's order, before everything that can be an error: before an assertion, and
    before a recursion that may not come to rest.  None that depends on a choice of the model's own.
    """
    found = []
    for check in definitions.model.checks:
        made = definitions.made[check.node]
        if check.effect == "assert" or not made.rests:
            break
        # A predicate that is false stays false while its argument grows.  A predicate that is true stays true while its
        # argument shrinks.
        harmful = made.grows if check.negated else made.shrinks
        chosen = definitions.rests[check.node] & Rests.OPTIONS
        if check.effect == "check" and not harmful.choices & pending and not chosen:
            found.append(check)
    return found
