"""Subsets: one execution, and which of its choices a violated axiom rests on.

There is a candidate for each of several subsets of the choices of an execution.  In it, only the choices
of that subset are made: rf and co have fewer pairs, fewer events execute, fewer values are known.  A
relation that is monotone in its base relations then has a pair only if the choices made are enough for
it.  So one evaluation tells, for every prefix of the choices, whether an axiom is violated already.
A second one tells which choices of the shortest such prefix cannot be missed.  Repeating this with the choices that can
be missed leaves an irredundant reason (compare QuickXplain, Junker, AAAI 2004).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from litmus.algebra.dag import Check, Model
from litmus.algebra.names import Rests, base_name, own_rests
from litmus.algebra.operators import OPERATORS, Operator
from litmus.engine.base import unsettled
from litmus.engine.bounds import Bounds, Order
from litmus.engine.candidates import Candidates, Slices, pattern
from litmus.engine.encoding import Encoding, Literal, Selection
from litmus.engine.outcomes import failures
from litmus.relation.evaluation import Plan
from litmus.relation.rows import bits

MOST_DECISIONS = 10  # that are tried both ways at once: each doubles the candidates

Choice = tuple[Literal, Callable[[Slices, int], None]]  # its literal; a function that makes it in given candidates


def choices_of(encoding: Encoding, selection: Selection) -> list[Choice]:
    """The choices made in an execution, as far as relations can depend on them."""
    bounds = encoding.bounds
    graph = bounds.graph
    choices: list[Choice] = []

    def decide(d: int, holds: bool) -> Choice:
        def make(slices: Slices, s: int) -> None:
            slices.decided[d] = (0, s) if holds else (s, 0)

        return encoding.decided[d] if holds else -encoding.decided[d], make

    def read(r: int, i: int) -> Choice:
        def make(slices: Slices, s: int) -> None:
            slices.source[r] = [s if k == i else 0 for k in range(len(bounds.sources[r]))]

        return encoding.source[r][i], make

    def precede(a: int, b: int) -> Choice:
        def make(slices: Slices, s: int) -> None:
            slices.order[a, b] = s

        return encoding.order[a, b], make

    def land(b: int, e: int, before: bool, literal: Literal) -> Choice:
        def make(slices: Slices, s: int) -> None:
            (slices.before_block if before else slices.after_block)[b, e] = s

        return literal, make

    def take(c: int, k: int) -> Choice:
        def make(slices: Slices, s: int) -> None:
            slices.chosen[c] = [s if i == k else 0 for i in range(bounds.choices[c])]

        return encoding.chosen[c][k], make

    def precede_block(order: dict[tuple[int, int], Literal], a: int, b: int) -> Choice:
        def make(slices: Slices, s: int) -> None:
            slices.block_order[a, b] = s

        return order[a, b], make

    choices.extend(decide(d, holds) for d, holds in enumerate(selection.decided))
    choices.extend(read(r, i) for r, i in selection.source.items() if i is not None)
    choices.extend(precede(a, b) for a, b in selection.order)
    choices.extend(take(c, k) for c, k in enumerate(selection.chosen))
    for b, block in enumerate(graph.blocks):
        if not graph.guards.holds(block.guard, selection.decided):
            continue  # it is not sent: there is nothing to choose
        points = graph.points[b]
        point = points[selection.landing[b]]
        for e in bits(point.before | point.after):
            before = bool(point.before >> e & 1)
            # The literal is true for all points that put e on this side of the block, so it is as weak as it can be.
            literal = encoding.clauses.any_of(
                [
                    x
                    for p, x in zip(points, encoding.landing[b], strict=True)
                    if (p.before if before else p.after) >> e & 1
                ]
            )
            choices.append(land(b, e, before, literal))
    for order, literals in zip(selection.block_orders, encoding.block_orders, strict=True):
        choices.extend(precede_block(literals, a, b) for a, b in _pairs(order))
    return choices


def _pairs(order: Order) -> list[tuple[int, int]]:
    return [(a, b) for i, a in enumerate(order) for b in order[i + 1 :]]


class Subsets(Candidates):
    """Candidates in which only some of the given choices are made.

    where[i]: the candidates in which choices[i] is made.  decided: decisions that go both ways: for each, the
    candidates in which it is false, and those in which it is true.
    """

    def __init__(
        self,
        bounds: Bounds,
        choices: list[Choice],
        full: int,
        where: list[int],
        decided: Mapping[int, Sequence[int]] | None = None,
    ) -> None:
        slices = Slices(full, [(0, 0)] * len(bounds.graph.decisions))
        slices.source = {r: [0] * len(w) for r, w in bounds.sources.items()}
        slices.chosen = [[0] * options for options in bounds.choices]
        for (_, make), s in zip(choices, where, strict=True):
            make(slices, s)
        for d, (refused, taken) in (decided or {}).items():
            slices.decided[d] = refused, taken
        super().__init__(bounds, slices)


def reason(bounds: Bounds, plan: Plan, check: Check, choices: list[Choice], pinned: int) -> list[Literal]:
    """The literals of a set of choices for which a check fails.

    The set contains the first `pinned` choices: once they are made, the check is monotone in the others
    (choices_to_pin).  Of the others, the set contains none that could be left out.
    """
    kept = choices[:pinned]
    rest = choices[pinned:]
    while True:
        # Candidate k makes the kept choices and the first k of the rest.
        full = (1 << len(rest) + 1) - 1
        where = [full] * len(kept) + [full >> j + 1 << j + 1 for j in range(len(rest))]
        (fails,) = failures(Subsets(bounds, kept + rest, full, where), plan, [check])
        assert fails, "the check fails when all choices are made"
        k = (fails & -fails).bit_length() - 1
        if k == 0:
            return _without_idle_decisions(bounds, plan, check, kept, pinned)
        # Candidate j makes the kept choices and the first k of the rest, but not number j of these.  All choices that
        # are missed are in every reason that is left.  There is one at least: the last.
        rest = rest[:k]
        full = (1 << k) - 1
        where = [full] * len(kept) + [full & ~(1 << j) for j in range(k)]
        (fails,) = failures(Subsets(bounds, kept + rest, full, where), plan, [check])
        kept += [choice for j, choice in enumerate(rest) if not fails >> j & 1]
        rest = [choice for j, choice in enumerate(rest) if fails >> j & 1]


def _without_idle_decisions(bounds: Bounds, plan: Plan, check: Check, kept: list[Choice], pinned: int) -> list[Literal]:
    """The literals of choices for which a check fails, without decisions that do not matter.

    The first `pinned` choices are all decisions.  Some of them are left out if the check fails whichever way they go.
    """
    free = range(max(0, pinned - MOST_DECISIONS), pinned)
    if not free:
        return [literal for literal, _ in kept]
    full = (1 << (1 << len(free))) - 1
    ways = {d: pattern(full, 1 << i, 2) for i, d in enumerate(free)}
    candidates = Subsets(bounds, kept, full, [full] * len(kept), ways)
    (fails,) = failures(candidates, plan, [check])
    as_made = {d: ways[d][kept[d][0] > 0] for d in free}
    needed = dict(as_made)
    for d in free:
        others = full
        for f, s in needed.items():
            if f != d:
                others &= s
        if not others & ~fails:
            del needed[d]
    return [literal for d, (literal, _) in enumerate(kept) if d not in as_made or d in needed]


def choices_to_pin(model: Model, check: Check, bounds: Bounds) -> int | None:
    """How many of the first choices must be made for a check to be monotone in the others.

    If a monotone check fails for a set of choices, it fails for every larger set.  A check is monotone if nothing that
    depends on choices stands under an odd number of `\\`, `~` or negations; here it may stand under none.
    Decisions are the first choices.  Once they are made, what depends only on the paths is no obstacle.
    None if all choices must be made.
    """
    if check.negated:
        return None
    decisions = len(bounds.graph.decisions)
    for pinned in dict.fromkeys((0, decisions)):
        grows = _Dependence(model, bounds, conditional=pinned < decisions)
        if not grows.negative(check.node):
            return pinned
    return None


def depends_on_choices(model: Model, check: Check, bounds: Bounds) -> bool:
    """Whether the relation or set of a check depends on more choices than the paths that are taken."""
    return _Dependence(model, bounds, conditional=False).depends(check.node)


class _Dependence:
    """What the nodes of a model depend on.

    conditional: which way decisions go counts as a choice.  Then the paths that lead to an event are a choice, and what
    rests on them.  Two events may also be related because of a third event: whether that event executes is a choice.
    """

    def __init__(self, model: Model, bounds: Bounds, conditional: bool) -> None:
        self.model = model
        self.conditional = conditional
        self.chosen = unsettled(bounds)
        if conditional:
            self.chosen |= Rests.PATHS
            if bounds.graph.exchanges:
                self.chosen |= Rests.EXCHANGES
        self.po_loc_is_settled = bounds.po_loc_is_settled
        self.seen: dict[int, bool] = {}

    def parts(self, i: int) -> tuple[int, ...]:
        node = self.model.nodes[i]
        if node.operator is Operator.FIX:
            return self.model.recursions[node.group].bodies
        return node.arguments

    def depends(self, i: int) -> bool:
        """Whether node i depends on a choice."""
        if i not in self.seen:
            self.seen[i] = False  # a variable of a recursion adds nothing to its body
            node = self.model.nodes[i]
            self.seen[i] = not (self.po_loc_is_settled and self._is_po_loc(i)) and (
                bool(own_rests(node) & self.chosen)
                or (self.conditional and OPERATORS[node.operator].by_another)
                or any(self.depends(p) for p in self.parts(i))
            )
        return self.seen[i]

    def _is_po_loc(self, i: int) -> bool:
        node = self.model.nodes[i]
        return node.operator is Operator.INTERSECTION and {self.model.nodes[a].name for a in node.arguments} == {
            "po",
            "loc",
        }

    def negative(self, i: int) -> bool:
        """Whether node i has a part that depends on a choice and whose growth can make node i smaller."""
        visited: set[int] = set()
        stack = [i]
        while stack:
            j = stack.pop()
            if j in visited:
                continue
            visited.add(j)
            node = self.model.nodes[j]
            if node.operator is Operator.BASE and base_name(node.name).shrinks and self.depends(j):
                return True
            signs = OPERATORS[node.operator].polarity
            if any(sign < 0 and self.depends(a) for a, sign in zip(node.arguments, signs, strict=True)):
                return True
            if node.operator is Operator.FIX and not self.model.recursions[node.group].monotone:
                return True
            stack.extend(self.parts(j))
        return False
