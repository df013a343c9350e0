"""Coherence and atomicity: what a model demands of the accesses to one location.

Some models weaken coherence (load-load hazards on early ARM), and some demand it without saying so in one
axiom (AArch64).  So coherence is not assumed, and no axiom is looked for in the text.  It is proved, one
pattern at a time.  Each way to violate coherence ("Herding cats", TOPLAS 2014, section 4.2: coWW, coRW1, coRW2,
coWR, coRR) is a pattern: a few events and the relations between them.  For every relation of the model,
`_Certain` computes what holds between these events in every execution that contains them.  If a check
already fails because of that, no consistent execution contains the pattern.  Whether an atomic read and write may be
torn apart by another thread's write is proved in the same way.
"""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct
from msgspec.structs import replace

from litmus.algebra.dag import Check, Model, Node
from litmus.algebra.operators import OPERATORS, Kind, Operator
from litmus.relation.rows import transitive_closure
from litmus.relation.rows_evaluation import Constant, Events, is_something

_Pairs = tuple[tuple[int, int], ...]

_INITIAL, _HERE, _THERE, _ELSEWHERE = -1, 0, 1, 2  # threads


class _Pattern(Struct, frozen=True):
    """Accesses to one location, and program order, rf and co between them.

    threads: the thread of each access.  writes: the accesses that are writes.  po: program order within thread 0;
    program order in other threads does not matter.  amo: the read and the write of an atomic instruction.  lxsx: a
    load-reserve and a store-conditional that succeeds with its reservation.
    """

    threads: tuple[int, ...]
    writes: tuple[int, ...]
    po: _Pairs
    rf: _Pairs
    co: _Pairs
    amo: _Pairs = ()
    lxsx: _Pairs = ()


# An atomic instruction whose write stands, in coherence order, before the write that its read takes its value from.
# In the first pattern the read and the write are two events, in the second they are one.  That other write is of
# another thread: if it were of the same thread, before or after the instruction, coherence would be violated.
_OVERTAKEN = (
    _Pattern((_HERE, _HERE, _THERE), (1, 2), (), ((2, 0),), ((1, 2),), ((0, 1),)),
    _Pattern((_HERE, _THERE), (0, 1), (), ((1, 0),), ((0, 1),)),
)


def _torn(pair: str) -> Iterator[_Pattern]:
    """A write of another thread between the write that an atomic read sees and the atomic write, in coherence order.

    pair: the read and the write are in `amo`, are in `lxsx`, or are a `single` event.
    """
    for thread, before in ((_INITIAL, False), (_THERE, False), (_ELSEWHERE, False), (_HERE, True)):
        if pair == "single":  # event 0; write 1 is the other thread's, and write 2 is what is read
            po: _Pairs = ((2, 0),) if before else ()
            yield _Pattern((_HERE, _THERE, thread), (0, 1, 2), po, ((2, 0),), ((2, 1), (1, 0), (2, 0)))
        else:  # read 0 and write 1; write 2 is the other thread's, and write 3 is what is read
            po = ((3, 0), (3, 1)) if before else ()
            found = _Pattern((_HERE, _HERE, _THERE, thread), (1, 2, 3), po, ((3, 0),), ((3, 2), (2, 1), (3, 1)))
            mine = ((0, 1),)
            yield replace(found, amo=mine) if pair == "amo" else replace(found, lxsx=mine, po=po + mine)


def _patterns() -> Iterator[_Pattern]:
    """The violations of coherence, without those that contain another one."""
    yield _Pattern((_HERE, _HERE), (0, 1), ((0, 1),), (), ((1, 0),))  # coWW
    yield _Pattern((_HERE, _HERE), (1,), ((0, 1),), ((1, 0),), ())  # coRW1
    # coRW2: read 0 of write 2, which is after write 1 in coherence order
    yield _Pattern((_HERE, _HERE, _THERE), (1, 2), ((0, 1),), ((2, 0),), ((1, 2),))
    # coWR: write 0 and then read 1 of write 2, which is before it in coherence order
    for thread, before in ((_INITIAL, ()), (_THERE, ()), (_HERE, ((2, 0), (2, 1)))):
        yield _Pattern((_HERE, _HERE, thread), (0, 2), ((0, 1), *before), ((2, 1),), ((2, 0),))
    # coRR: read 0 of write 2, and then read 1 of write 3, which is before it
    for thread, before in ((_INITIAL, ()), (_THERE, ()), (_ELSEWHERE, ()), (_HERE, ((3, 0), (3, 1)))):
        threads = (_HERE, _HERE, _THERE, thread)
        yield _Pattern(threads, (2, 3), ((0, 1), *before), ((2, 0), (3, 1)), ((3, 2),))


def demands_coherence(model: Model) -> bool:
    """Whether the model forbids every execution that is not sequentially consistent per location.

    False if the model has assertions, because assertions are about forbidden executions too.
    """
    return all(_is_forbidden(pattern, model) for pattern in _patterns())


def demands_updates_in_order(model: Model) -> bool:
    """Whether the model forbids that, in co, an atomic instruction's write precedes the write that its read sees.

    The answer holds for models that demand coherence.  herd7 itself does not forbid this, and some of its models
    allow it.
    """
    return all(_is_forbidden(pattern, model) for pattern in _OVERTAKEN)


def demands_atomicity(model: Model) -> frozenset[str]:
    """Which reads and writes are atomic: those in `amo`, those in `lxsx`, those that are a `single` event.

    If a pair is atomic, the model forbids that a write of another thread stands, in co, between the write that the read
    of the pair sees and the write of the pair ("Herding cats", TOPLAS 2014, section 4.8: rmw & (fre; coe) is empty).
    """
    return frozenset(
        pair for pair in ("amo", "lxsx", "single") if all(_is_forbidden(torn, model) for torn in _torn(pair))
    )


def _is_forbidden(pattern: _Pattern, model: Model) -> bool:
    if any(check.effect == "assert" for check in model.checks):
        return False
    certain = _Certain(pattern, model)
    return any(certain.fails(check) for check in model.checks if check.effect == "check" and not check.negated)


class _Certain:
    """What is certain of a model's relations on the events of a pattern: a lower and an upper bound of each."""

    def __init__(self, pattern: _Pattern, model: Model) -> None:
        self.model = model
        n = len(pattern.threads)
        self.events = Events(n, (1 << n) - 1)
        self.unknown = {kind: (self.events.none(kind), self.events.all(kind)) for kind in Kind}
        self.base = self._base(pattern)
        self.found: dict[int, tuple[Constant, Constant]] = {}

    def _base(self, pattern: _Pattern) -> dict[str, tuple[Constant, Constant]]:
        n, everything, threads = self.events.size, self.events.present, pattern.threads
        writes = sum(1 << w for w in pattern.writes)
        initial = sum(1 << e for e in range(n) if threads[e] == _INITIAL)

        def rows(pairs: _Pairs) -> tuple[int, ...]:
            return tuple(sum(1 << f for e, f in pairs if e == x) for x in range(n))

        everywhere = tuple((e, f) for e in range(n) for f in range(n))
        outside = tuple((e, f) for e, f in everywhere if e != f and threads[e] == threads[f] and threads[e] != _HERE)
        same = tuple((e, f) for e, f in everywhere if threads[e] == threads[f] != _INITIAL)
        other = tuple((e, f) for e, f in everywhere if threads[e] != threads[f])
        exact: dict[str, Constant] = {
            "_": everything,
            "M": everything,
            "IW": initial,
            "id": rows(tuple((e, e) for e in range(n))),
            "loc": rows(everywhere),
            "int": rows(same),
            "ext": rows(other),
        }
        return {
            **{name: (value, value) for name, value in exact.items()},
            "W": (writes, everything),  # a read-modify-write may be one event
            "R": (everything & ~writes, everything),
            "po": (rows(pattern.po), rows(pattern.po + outside + pattern.amo)),  # in C, what is in amo is also in po
            "rf": (rows(pattern.rf), rows(everywhere)),
            "co": (rows(pattern.co), rows(everywhere)),
            "amo": (rows(pattern.amo), rows(everywhere)),
            "update": (rows(pattern.amo), rows(everywhere)),
            "lxsx": (rows(pattern.lxsx), rows(everywhere)),
        }

    def fails(self, check: Check) -> bool:
        """Whether a check certainly fails."""
        value = self.bounds(check.node)[0]
        if isinstance(value, int) or check.predicate == "empty":
            return is_something(value)
        closed = transitive_closure(list(value)) if check.predicate == "acyclic" else value
        return any(row >> e & 1 for e, row in enumerate(closed))

    def bounds(self, i: int) -> tuple[Constant, Constant]:
        """The lower and the upper bound of a node on these events."""
        if i not in self.found:
            for needed in self._needed(i):  # in topological order
                self.found[needed] = self._computed(needed, self.model.nodes[needed])
        return self.found[i]

    def _needed(self, i: int) -> list[int]:
        """The nodes that one is made of, itself included, of which nothing is known yet."""
        needed: set[int] = set()
        pending = [i]
        while pending:
            number = pending.pop()
            if number in needed or number in self.found:
                continue
            needed.add(number)
            node = self.model.nodes[number]
            pending.extend(node.arguments)
            if node.operator is Operator.FIX:
                recursion = self.model.recursions[node.group]
                pending.extend((*recursion.variables, *recursion.bodies))
        return sorted(needed)

    def _computed(self, i: int, node: Node) -> tuple[Constant, Constant]:
        none, whole = unknown = self.unknown[node.kind]
        row = OPERATORS[node.operator]
        match node.operator:
            case Operator.BASE:
                return self.base.get(node.name, unknown)
            case Operator.EMPTY:
                return none, none
            case Operator.FIX:
                return self._solution(node.group)[node.slot], whole
        if not row.polarity:
            return unknown
        bounds = [self.found[argument] for argument in node.arguments]
        turned = [
            (low, high) if sign > 0 else (high, low) for (low, high), sign in zip(bounds, row.polarity, strict=True)
        ]
        least, most = zip(*turned, strict=True)
        lower = self.events.applied(node.operator, node.kind, least)
        if row.by_another:  # no upper bound: other events may add pairs
            return lower, whole
        return lower, self.events.applied(node.operator, node.kind, most)

    def _solution(self, group: int) -> list[Constant]:
        """The lower bounds of a `let rec`: by iteration if it is monotone, else empty."""
        recursion = self.model.recursions[group]
        kinds = [self.model.nodes[variable].kind for variable in recursion.variables]
        values = [self.unknown[kind][0] for kind in kinds]
        while recursion.monotone:
            for variable, value in zip(recursion.variables, values, strict=True):
                self.found[variable] = value, self.unknown[self.model.nodes[variable].kind][1]
            for i in recursion.inner:
                self.found[i] = self._computed(i, self.model.nodes[i])
            new = [self.found[body][0] for body in recursion.bodies]
            if new == values:
                break
            values = new
        return values
