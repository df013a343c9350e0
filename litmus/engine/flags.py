"""Flags and assertions of models, where they do not depend on rf and co.

Flags and assertions are about all executions.  An engine that looks at only some executions cannot
report them.  Those that say the same of every execution are therefore decided beforehand.
"""

from __future__ import annotations

from msgspec.structs import replace

from litmus.algebra.dag import Check
from litmus.diagnostics import Unsupported
from litmus.engine.bounds import Bounds
from litmus.engine.outcomes import failures
from litmus.engine.parts import on_path, paths
from litmus.engine.subsets import depends_on_choices
from litmus.relation.evaluation import Plan


def without_flags(plan: Plan) -> Plan:
    """The plan without the flags and assertions of its model."""
    checks = tuple(check for check in plan.model.checks if check.effect == "check")
    return Plan(replace(plan.model, checks=checks), plan.coherent, plan.updates_in_order, plan.atomic)


def flags_of_all(bounds: Bounds, plan: Plan) -> tuple[str, ...]:
    """The flags that every execution has.

    Raises Unsupported if some executions have a flag and others do not, if that is not known because it depends on
    more than the paths, or if an assertion fails.
    """
    found: set[str] = set()
    for check in plan.model.checks:
        if check.effect != "check":
            fails = _fails(check, bounds, plan)
            if check.effect == "flag" and not fails:
                found.add(check.name or "")
            elif check.effect == "undefined_unless" and fails:
                found.add("*undef*")
            elif check.effect == "assert" and fails:
                raise Unsupported(f"assertion {check.name or 'without a name'} of the model fails", check.span)
    return tuple(sorted(found))


def _fails(check: Check, bounds: Bounds, plan: Plan) -> bool:
    """Whether the test of a check fails in every execution.

    Raises Unsupported if it fails on some paths only, or if it depends on more than the paths.
    """
    outcomes = set()
    if not depends_on_choices(plan.model, check, bounds):
        for decided in paths(bounds.graph):
            outcomes.add(bool(failures(on_path(bounds, decided), plan, [check])[0]))
    if len(outcomes) != 1:
        message = f"the test has too many candidate executions to evaluate `{check.effect}`"
        raise Unsupported(message, check.span)
    return outcomes.pop()
