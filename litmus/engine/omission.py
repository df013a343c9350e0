"""Omission: whether a model still allows an execution after events without effect are taken out of it.

A round of a loop may have no effect: it stores nothing, and nothing that it leaves in registers is used.  The execution
without that round has the same final state.  It says all that the execution with the round says, if every model check
that accepts the one accepts the other, too.  `may_leave_out` proves that of a compiled model, or gives up.

Of every set and relation, it finds out two things (Removal.shrinks, Removal.keeps).  Both compare an execution with the
one that is left when some of the events in question are gone.  Sets and relations that models start from are then the
same as before, restricted to the events that remain; _BASE lists the exceptions.  Relations that are made by operators
may differ in what depends on a third event.  `po; [F]; po` loses pairs when a fence goes, and `po \\ (po; po)` gains
pairs when any event goes.  `po-loc; [W]; po-loc` changes only if a write goes.  So the analysis has to know which
events may be the third one (Ends).
"""

from __future__ import annotations

from collections.abc import Callable
from functools import reduce
from operator import or_
from typing import TypeVar

from msgspec import Struct

from litmus.algebra.complete import complete
from litmus.algebra.dag import Check, Model, Node
from litmus.algebra.names import OF_ACCESSES
from litmus.algebra.operators import OPERATORS, Kind, Operator
from litmus.program.graph import INITIAL, EventTable

T = TypeVar("T")


class Ends(Struct, frozen=True):
    """Masks of the events that a relation may have at its ends, or that a set may contain.

    same: those that may be related to themselves, or be in the set.  first, second: the first and the second events
    of pairs of two different events.
    """

    same: int = 0
    first: int = 0
    second: int = 0

    def all(self) -> int:
        """The mask of all these events."""
        return self.same | self.first | self.second


class Change(Struct, frozen=True):
    """What is known of a set or relation when events are taken away; see Removal."""

    shrinks: bool
    keeps: bool


_EXACT = Change(shrinks=True, keeps=True)
_UNKNOWN = Change(shrinks=False, keeps=False)

# Base sets and relations: most are exactly restricted.  A branch in a round that is left out may rest on a read before
# the loop.  If no other round comes to that branch, later events lose their control dependency on that read.
# `alike` is refused in tests with loops (litmus.program.instructions); a round that is left out must not hide the loop.
_BASE: dict[str, Change] = complete(
    {
        **dict.fromkeys(("_", "M", "R", "W", "IW", "FW", "F"), _EXACT),
        **dict.fromkeys(("id", "loc", "int", "ext", "po", "rf", "co", "same-instance"), _EXACT),
        **dict.fromkeys(("addr", "data", "pick-addr", "pick-data"), _EXACT),
        **dict.fromkeys(("amo", "amo-data", "update", "lxsx", "repeated", "repeated-static"), _EXACT),
        **dict.fromkeys(("same-value", "same-low-order-bits"), _EXACT),
        **dict.fromkeys(("ctrl", "pick-ctrl"), Change(shrinks=True, keeps=False)),
        "alike": _UNKNOWN,
    },
    OF_ACCESSES,
    "what taking events away does to base names",
)

# The sets that the ends of base relations are in.  All others may relate any events.  A dependency may begin at a
# store-conditional, which tells whether it has succeeded.
_SIDES: dict[str, tuple[str, str]] = {
    "rf": ("W", "R"),
    "co": ("W", "W"),
    "loc": ("M", "M"),
    "same-value": ("M", "M"),
    "same-low-order-bits": ("M", "M"),
    "addr": ("M", "M"),
    "data": ("M", "W"),
    "ctrl": ("M", "_"),
    "pick-addr": ("M", "M"),
    "pick-data": ("M", "W"),
    "pick-ctrl": ("M", "_"),
    "amo": ("R", "W"),
    "amo-data": ("R", "W"),
    "update": ("R", "W"),
    "lxsx": ("R", "W"),
}


def may_leave_out(model: Model, graph: EventTable, left: int) -> bool:
    """Whether every execution that a model allows is still allowed, with the same flags, without events in `left`.

    left: the mask of the events that stand in rounds without effect; no write is among them.  The answer holds for
    taking away any of them, and any further events of the same kinds and with the same tags.  False: that is not known.
    Models that see decisions or registers are never known: a round that is left out has these events, too.
    """
    assert not any(e.kind == "W" for e in graph.events if left >> e.number & 1), "a round with a write has an effect"
    if model.recipe is not None or model.level.needs_registers(graph.program.notation == "machine"):
        return False
    removal = Removal(model, graph, left)
    return all(removal.spares(check) for check in model.checks)


class Removal:
    """What taking away events in `left` does to the nodes of a model.

    ends[i]: the events that node i may have at its ends.  changes[i]: how node i may change.  It shrinks: it has no
    pairs (a set: no events) that it did not have before.  It keeps: it still has all the pairs (events) that it had
    before and whose events remain.

    Ends are told from kinds and tags, and never from the pairs in the graph.  A round that is left out need not be in
    the graph, and its events may be related to others as no events in the graph are.
    """

    def __init__(self, model: Model, graph: EventTable, left: int) -> None:
        self.model = model
        self.left = left
        self.everything = (1 << len(graph.events)) - 1
        self.sets = _sets_of(graph)
        self.ends = self._solved(self._ends_of, Ends())
        self.changes = self._solved(self._change_of, _EXACT)

    def spares(self, check: Check) -> bool:
        """Whether a check says nothing else of an execution after events are taken away.

        A check that is satisfied by what is small may be satisfied by more; but not if it makes a flag.
        """
        change = self.changes[check.node]
        if check.effect == "check" and not check.negated:
            return change.shrinks
        return change.shrinks and change.keeps and not self.ends[check.node].all() & self.left

    def _solved(self, of: Callable[[Node, list[T], T | None], T], start: T) -> list[T]:
        """A value for each node that satisfies `of`: the first one from `start` for all variables of recursions.

        of: the value of a node, from the values of the nodes before it, and the value of the variable if it is one.
        """
        variables = [[start] * len(recursion.bodies) for recursion in self.model.recursions]
        while True:
            values: list[T] = []
            for node in self.model.nodes:
                is_variable = node.operator in (Operator.VAR, Operator.FIX)
                values.append(of(node, values, variables[node.group][node.slot] if is_variable else None))
            found = [[values[body] for body in recursion.bodies] for recursion in self.model.recursions]
            if found == variables:
                return values
            variables = found

    # ------------------------------------------------------------ ends

    def _ends_of(self, node: Node, values: list[Ends], variable: Ends | None) -> Ends:
        if variable is not None:
            return variable
        arguments = [values[a] for a in node.arguments]
        a = arguments[0] if arguments else Ends()
        b = arguments[-1] if arguments else Ends()
        match node.operator:
            case Operator.BASE:
                return self._ends_of_base(node)
            case Operator.PLACE:
                return Ends(self.sets["M"])
            case Operator.EMPTY:
                return Ends()
            case Operator.UNION:
                return Ends(a.same | b.same, a.first | b.first, a.second | b.second)
            case Operator.INTERSECTION:
                return _pairs(a.same & b.same, a.first & b.first, a.second & b.second)
            case Operator.DIFFERENCE:
                return a
            case Operator.SEQUENCE:
                return _sequence(a, b)
            case Operator.INVERSE:
                return Ends(a.same, a.second, a.first)
            case Operator.PLUS:
                return Ends(a.same | (a.first & a.second), a.first, a.second)
            case Operator.STAR | Operator.OPTIONAL:
                return Ends(self.everything, a.first, a.second)
            case Operator.IDENTITY:
                return a
            case Operator.PRODUCT:
                return _between(a.same, b.same)
            case Operator.DOMAIN:
                return Ends(a.same | a.first)
            case Operator.RANGE:
                return Ends(a.same | a.second)
            case _:
                return self._anything(node.kind)

    def _ends_of_base(self, node: Node) -> Ends:
        if node.kind is Kind.SET:
            return Ends(self.sets.get(node.name, 0))
        if node.name == "id":
            return Ends(self.everything)
        if node.name in _SIDES:
            first, second = _SIDES[node.name]
            return _between(self.sets[first], self.sets[second])
        return self._anything(Kind.RELATION)

    def _anything(self, kind: Kind) -> Ends:
        return Ends(self.everything) if kind is Kind.SET else _between(self.everything, self.everything)

    # ------------------------------------------------------------ changes

    def _change_of(self, node: Node, values: list[Change], variable: Change | None) -> Change:
        if variable is not None:
            return variable if self.model.recursions[node.group].monotone else _UNKNOWN
        match node.operator:
            case Operator.BASE:
                return _BASE.get(node.name, _EXACT)
            case Operator.CONSTANT:
                return _UNKNOWN  # the model was compiled for executions of which it takes the events apart
        shrinks, keeps = True, True
        for argument, sign in zip(node.arguments, OPERATORS[node.operator].polarity, strict=True):
            change = values[argument]
            if sign < 0:
                change = Change(shrinks=change.keeps, keeps=change.shrinks)
            shrinks &= change.shrinks
            keeps &= change.keeps
        return Change(shrinks, keeps and not self._third(node) & self.left)

    def _third(self, node: Node) -> int:
        """The mask of the events that may be why a node has a pair or an event, and that are no end of it.

        What passes from an event to itself passes through an end.
        """
        match node.operator:
            case Operator.SEQUENCE | Operator.PLUS | Operator.STAR:
                return self.ends[node.arguments[0]].second & self.ends[node.arguments[-1]].first
            case Operator.DOMAIN:
                return self.ends[node.arguments[0]].second
            case Operator.RANGE:
                return self.ends[node.arguments[0]].first
            case _:
                return 0


def _pairs(same: int, first: int, second: int) -> Ends:
    """The ends of a relation.  Without first events, there are no second ones."""
    return Ends(same, first, second) if first and second else Ends(same)


def _between(first: int, second: int) -> Ends:
    """The ends of all pairs of an event in one set and an event in another one."""
    return _pairs(first & second, first, second)


def _sequence(a: Ends, b: Ends) -> Ends:
    """The ends of a; b."""
    parts = [
        _pairs(a.same & b.same, 0, 0),
        _pairs(0, a.first, a.second & b.same),
        _pairs(0, a.same & b.first, b.second),
    ]
    if a.second & b.first:
        parts.append(_pairs(a.first & b.second, a.first, b.second))
    return Ends(*(reduce(or_, masks) for masks in zip(*((p.same, p.first, p.second) for p in parts), strict=True)))


def _sets_of(graph: EventTable) -> dict[str, int]:
    """The sets that models start from, as masks of events that may be in them.

    If models see a read-modify-write as one event, it is its read.
    """
    sets = dict.fromkeys(("R", "W", "F", "IW"), 0)
    for event in graph.events:
        bit = 1 << event.number
        for name in (event.kind, *event.tags):
            sets[name] = sets.get(name, 0) | bit
        if event.thread == INITIAL:
            sets["IW"] |= bit
    for read, write in graph.single:
        for name, mask in sets.items():
            if mask >> write & 1:
                sets[name] = mask | 1 << read
    sets["M"] = sets["R"] | sets["W"]
    sets["FW"] = sets["W"]
    sets["_"] = (1 << len(graph.events)) - 1
    return sets
