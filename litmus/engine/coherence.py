"""Coherence: does a model demand SC per location?

Some models weaken it (load-load hazards on early ARM), so it is never assumed.  It is recognised in
the compiled model: a check `acyclic u` whose union u has po & loc, rf, co and fr among its parts
("Herding cats", TOPLAS 2014, axiom SC PER LOCATION).
"""

from __future__ import annotations

from litmus.cat.dag import Model, Operator


def demands_coherence(model: Model) -> bool:
    """Whether the model forbids every execution that is not sequentially consistent per location.

    False if it has assertions: those speak of forbidden executions too.
    """
    return all(check.effect != "assert" for check in model.checks) and any(
        check.effect == "check"
        and check.predicate == "acyclic"
        and not check.negated
        and {"po-loc", "rf", "co", "fr"} <= {_part(model, i) for i in _union(model, check.node)}
        for check in model.checks
    )


def _union(model: Model, node: int) -> list[int]:
    """The parts of a union, nested unions opened."""
    if model.nodes[node].operator is Operator.UNION:
        return [part for argument in model.nodes[node].arguments for part in _union(model, argument)]
    return [node]


def _part(model: Model, i: int) -> str:
    """Which of po-loc, rf, co and fr a node is, or the empty string."""
    node = model.nodes[i]
    names = [model.nodes[a].name for a in node.arguments]
    match node.operator:
        case Operator.BASE if node.name in ("rf", "co"):
            return node.name
        case Operator.INTERSECTION if sorted(names) == ["loc", "po"]:
            return "po-loc"
        case Operator.DIFFERENCE if names[1] == "id":
            return _part(model, node.arguments[0])
        case Operator.SEQUENCE:
            first, second = (model.nodes[a] for a in node.arguments)
            if first.operator is Operator.INVERSE and model.nodes[first.arguments[0]].name == "rf":
                if second.name == "co":
                    return "fr"
    return ""
