"""Levels: which events a model has to be given: accesses and fences, decisions as well, or registers too.

Beside accesses and fences, there are events where a branch is decided (herd7's `B`).  Few models can tell: in most,
what is not an access or a fence is cut away before anything rests on it.  `level_of` proves that of a compiled
model, or gives up; a model for which it gives up is given the decisions.

Of each set and relation, it finds out how the one with decisions differs from the one without.  That analysis is
on the safe side, and its properties are those of Sight.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from msgspec import Struct
from msgspec.structs import replace

from litmus.algebra.complete import complete
from litmus.algebra.dag import Check, Level, Node, Recursion
from litmus.algebra.names import OF_REGISTERS, base_name
from litmus.algebra.operators import APPLIED, Operator


class Sight(Struct, frozen=True):
    """What is known of a set or relation.  An event that is not a decision is an "other event".

    faithful: it has the same pairs of other events with decisions as without.
    enters, leaves, inside: a pair may lead from another event to a decision, from a decision to another event, from
    one decision to one.  A set: inside, a decision may be in it.
    loops: a pair may lead from a decision to itself.
    along: where it leads from a decision to anything, that is po-after the decision, or is the decision itself.
    ahead: where it leads from another event e to a decision, it leads from e to all that is po-after the decision.
    in_po: it is within program order and the identity.
    whole: it contains the identity; a set: it contains all events.
    """

    faithful: bool = True
    enters: bool = False
    leaves: bool = False
    inside: bool = False
    loops: bool = False
    along: bool = True
    ahead: bool = True
    in_po: bool = False
    whole: bool = False


_NONE = Sight(in_po=True)  # of what is empty
_ALL = Sight(enters=True, leaves=True, inside=True, loops=True, along=False)
_UNKNOWN = replace(_ALL, faithful=False, ahead=False)

# Of the base names that have members among the events of registers and decisions.
_BASE: dict[str, Sight] = complete(
    {
        "_": replace(_ALL, whole=True),
        "id": Sight(inside=True, loops=True, in_po=True, whole=True),
        "loc": Sight(),
        "int": _ALL,
        "ext": replace(_ALL, loops=False),
        "same-instance": replace(_ALL, ahead=False),
        "po": Sight(enters=True, leaves=True, inside=True, in_po=True),
        "ctrl": Sight(enters=True, in_po=True),
        **dict.fromkeys(("Rreg", "Wreg", "ADDR", "DATA"), Sight()),
        **dict.fromkeys(("B", "BCC", "PRED", "rf-reg", "iico_data", "iico_ctrl", "iico_order"), _UNKNOWN),
    },
    OF_REGISTERS,
    "what decisions change in base names",
)


def _base(name: str) -> Sight:
    """Of a base name; those that are not in the table are of accesses and fences."""
    return _BASE.get(name) or Sight(in_po=base_name(name).in_po)


def _union(r: Sight, s: Sight) -> Sight:
    return Sight(
        faithful=r.faithful and s.faithful,
        enters=r.enters or s.enters,
        leaves=r.leaves or s.leaves,
        inside=r.inside or s.inside,
        loops=r.loops or s.loops,
        along=r.along and s.along,
        ahead=r.ahead and s.ahead,
        in_po=r.in_po and s.in_po,
        whole=r.whole or s.whole,
    )


def _intersection(r: Sight, s: Sight) -> Sight:
    enters = r.enters and s.enters
    return Sight(
        faithful=r.faithful and s.faithful,
        enters=enters,
        leaves=r.leaves and s.leaves,
        inside=r.inside and s.inside,
        loops=r.loops and s.loops,
        along=r.along or s.along,
        ahead=not enters or (r.ahead and s.ahead),
        in_po=r.in_po or s.in_po,
        whole=r.whole and s.whole,
    )


def _difference(r: Sight, s: Sight) -> Sight:
    return replace(r, faithful=r.faithful and s.faithful, ahead=not r.enters, whole=False)


def _complement(r: Sight) -> Sight:
    return replace(_UNKNOWN, faithful=r.faithful)


def _sequence(r: Sight, s: Sight) -> Sight:
    in_po = r.in_po and s.in_po
    # If r leads to a decision d, and s from d on to f, then f is po-after d. r leads to f too, and s may stay.
    absorbed = r.ahead and s.along and s.whole
    return Sight(
        faithful=r.faithful and s.faithful and (absorbed or not (r.enters and s.leaves)),
        enters=s.enters or (r.enters and s.inside),
        leaves=r.leaves or (r.inside and s.leaves),
        inside=(r.leaves and s.enters) or (r.inside and s.inside),
        loops=(r.leaves and s.enters and not in_po)
        or (r.inside and s.inside and ((r.loops and s.loops) or not (r.along and s.along))),
        along=in_po or (not r.leaves and (not r.inside or (r.along and s.along))),
        ahead=(s.ahead or not s.enters) and (absorbed or not (r.enters and s.inside)),
        in_po=in_po,
        whole=r.whole and s.whole,
    )


def _inverse(r: Sight) -> Sight:
    return Sight(
        faithful=r.faithful,
        enters=r.leaves,
        leaves=r.enters,
        inside=r.inside,
        loops=r.loops,
        along=not (r.enters or r.inside),
        ahead=not r.leaves,
        whole=r.whole,
    )


def _plus(r: Sight) -> Sight:
    through = r.enters and r.leaves
    return Sight(
        faithful=r.faithful and (not through or (r.along and r.ahead)),
        enters=r.enters,
        leaves=r.leaves,
        inside=r.inside or through,
        loops=r.loops or (not r.in_po and (through or (r.inside and not r.along))),
        along=r.in_po or (r.along and not r.leaves),
        ahead=not r.enters or (r.ahead and (r.along or not r.inside)),
        in_po=r.in_po,
        whole=r.whole,
    )


def _optional(r: Sight) -> Sight:
    return replace(r, inside=True, loops=True, whole=True)


def _identity(s: Sight) -> Sight:
    return Sight(s.faithful, inside=s.inside, loops=s.inside, in_po=True, whole=s.whole)


def _product(s: Sight, t: Sight) -> Sight:
    return Sight(
        faithful=s.faithful and t.faithful,
        enters=t.inside,
        leaves=s.inside,
        inside=s.inside and t.inside,
        loops=s.inside and t.inside,
        along=not s.inside,
        ahead=not t.inside or t.whole,
        whole=s.whole and t.whole,
    )


def _domain(r: Sight) -> Sight:
    return Sight(r.faithful and not r.enters, inside=r.leaves or r.inside, whole=r.whole)


_OPERATIONS: dict[Operator, Callable[..., Sight]] = complete(
    {
        Operator.UNION: _union,
        Operator.INTERSECTION: _intersection,
        Operator.DIFFERENCE: _difference,
        Operator.COMPLEMENT: _complement,
        Operator.SEQUENCE: _sequence,
        Operator.INVERSE: _inverse,
        Operator.PLUS: _plus,
        Operator.STAR: lambda r: _optional(_plus(r)),
        Operator.OPTIONAL: _optional,
        Operator.IDENTITY: _identity,
        Operator.PRODUCT: _product,
        Operator.DOMAIN: _domain,
        Operator.RANGE: lambda r: _domain(_inverse(r)),
    },
    APPLIED,
    "what decisions change by operators",
)


def _sights(nodes: Sequence[Node], recursions: Sequence[Recursion]) -> list[Sight]:
    """Of each node.

    A variable of a recursion is empty at first; what holds of its body, if it holds of the variable, holds of every
    round.  A recursion that is not monotone may end in another round if there are more events in it.
    """
    variables = {variable: _NONE for recursion in recursions for variable in recursion.variables}
    while True:
        found: list[Sight] = []
        for number, node in enumerate(nodes):
            match node.operator:
                case Operator.BASE:
                    found.append(_base(node.name))
                case Operator.CHOICE:
                    found.append(_ALL)
                case Operator.PLACE:
                    found.append(Sight())
                case Operator.EMPTY:
                    found.append(_NONE)
                case Operator.CONSTANT:
                    found.append(_UNKNOWN)
                case Operator.VAR:
                    found.append(variables[number])
                case Operator.FIX:
                    found.append(variables[recursions[node.group].variables[node.slot]])
                case _:
                    found.append(_OPERATIONS[node.operator](*[found[a] for a in node.arguments]))
        changed = False
        for recursion in recursions:
            for variable, body in zip(recursion.variables, recursion.bodies, strict=True):
                new = _weaker(variables[variable], found[body])
                if not recursion.monotone and (new.enters or new.leaves or new.inside):
                    new = _UNKNOWN
                changed |= new != variables[variable]
                variables[variable] = new
        if not changed:
            return found


def _weaker(one: Sight, other: Sight) -> Sight:
    """What holds of both."""
    return replace(_union(one, other), whole=one.whole and other.whole)


def _cannot_tell(check: Check, sight: Sight) -> bool:
    """Whether a check has the same result with decisions as without."""
    through = sight.enters and sight.leaves
    if check.predicate == "empty":
        return sight.faithful and not (sight.enters or sight.leaves or sight.inside)
    if check.predicate == "irreflexive":
        return sight.faithful and not sight.loops
    cycles = sight.loops or (sight.inside and not sight.along)
    return sight.faithful and not cycles and (not through or (sight.along and sight.ahead))


def level_of(nodes: Sequence[Node], recursions: Sequence[Recursion], checks: Sequence[Check]) -> Level:
    """The level of a model that does not say `catdep`."""
    if any(node.operator is Operator.BASE and base_name(node.name).level is Level.FLOW for node in nodes):
        return Level.FLOW
    sights = _sights(nodes, recursions)
    return Level.ACCESSES if all(_cannot_tell(check, sights[check.node]) for check in checks) else Level.DECISIONS
