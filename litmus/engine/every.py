"""Every candidate: each combination of choices within bounds, once.

Each choice has a stride: the number of combinations of the choices before it.  So the slice
"option k is chosen" is a periodic bit pattern.  Some combinations describe no execution: a read takes
its value from a write that does not execute, or a branch is taken against its condition.  They are not
in `valid`.  Some choices make no difference, for example the rf of a read that does not execute.
They are pinned to one option.  So every execution is exactly one valid candidate, and executions can be counted.
Things that never execute together, because they are on two paths of a thread, share one choice.
"""

from __future__ import annotations

from itertools import permutations, product

from litmus.engine.bounds import Bounds, Group
from litmus.engine.candidates import Candidates, Pair, Slices, pattern
from litmus.program.values import Address
from litmus.relation.rows import bits


class Every(Candidates):
    """All candidates within bounds.

    valid: the candidates that are executions.  landing[b]: for each point of block b, the candidates in which
    the block lands there.
    """

    def __init__(self, bounds: Bounds) -> None:
        graph = bounds.graph
        slices = Slices((1 << bounds.candidates()) - 1)
        self.stride = 1
        self.landing: list[tuple[int, ...]] = []
        slices.decided = [(0, 0)] * len(graph.decisions)
        for slot in bounds.decision_slots:
            refused, taken = self._choose(slices, 2)
            for d in slot:
                slices.decided[d] = (refused, taken)
        self.chosen_sources: list[tuple[list[int], tuple[int, ...]]] = []
        for slot in bounds.read_slots:
            chosen = self._choose(slices, max(1, *[len(bounds.sources[r]) for r in slot]))
            self.chosen_sources.append((slot, chosen))
            for r in slot:
                slices.source[r] = chosen[: len(bounds.sources[r])]
        for group in bounds.groups:
            self._choose_order(slices, group, slices.order)
        for b, points in enumerate(graph.points):
            self.landing.append(self._choose(slices, len(points)))
            for point, s in zip(points, self.landing[b], strict=True):
                for e in bits(point.before):
                    slices.before_block[b, e] = slices.before_block.get((b, e), 0) | s
                for e in bits(point.after):
                    slices.after_block[b, e] = slices.after_block.get((b, e), 0) | s
        for group in bounds.block_groups:
            self._choose_order(slices, group, slices.block_order)
        slices.chosen = [self._choose(slices, options) for options in bounds.choices]
        super().__init__(bounds, slices)
        bad = self._against_conditions() | self._against_sources() | self._against_order() | self._against_landing()
        self.valid = self.full & ~bad

    def _choose(self, slices: Slices, options: int) -> tuple[int, ...]:
        """Make a new choice.  Returns the slices of its options."""
        if options <= 1:
            return (slices.full,) * options
        chosen = pattern(slices.full, self.stride, options)
        self.stride *= options
        return chosen

    def _choose_order(self, slices: Slices, group: Group, order: dict[Pair, int]) -> None:
        count, before = group.orders(self.stride)
        repeat = slices.full // ((1 << self.stride * count) - 1) if before else 1
        for (i, j), first in before.items():
            order.update(dict.fromkeys(product(group.slots[i], group.slots[j]), first * repeat))
        self.stride *= count

    # ------------------------------------------------------------ which candidates are executions

    def _against_conditions(self) -> int:
        """The candidates in which a decision contradicts its condition, or an assumption fails.

        Also those in which a decision is true but is not made: such a decision is pinned to false.
        """
        bad = 0
        for slot in self.bounds.decision_slots:
            made = 0
            for d in slot:
                made |= self.guards[self.graph.decisions[d].guard]
            bad |= self.slices.decided[slot[0]][True] & ~made
        for decision, (refused, taken) in zip(self.graph.decisions, self.slices.decided, strict=True):
            made = self.guards[decision.guard]
            if decision.condition is not None:
                values = self.value(decision.condition)
                zero = values.get(0, 0)
                other = 0
                for v, s in values.items():
                    if v != 0:
                        other |= s
                bad |= made & (taken & zero | refused & other)
        for assumption in self.graph.assumptions:
            bad |= self.guards[assumption.guard] & self.value(assumption.condition).get(0, 0)
        return bad

    def _against_sources(self) -> int:
        """The candidates in which a read takes its value from a write that does not execute or is to another cell.

        The choice of reads that do not execute is pinned.
        """
        bad = 0
        bounds = self.bounds
        for slot, chosen in self.chosen_sources:
            anywhere = 0
            for r in slot:
                anywhere |= self.executes[r]
                for s in chosen[len(bounds.sources[r]) :]:
                    bad |= self.executes[r] & s
            bad |= ~anywhere & ~chosen[0]
        for r, slices in self.slices.source.items():
            x = self.executes[r]
            for w, s in zip(bounds.sources[r], slices, strict=True):
                s &= x & ~self.rf[r].get(w, 0)
                if s and not bounds.static:
                    astray = self.known(self.graph.events[r].address) & ~self.known_address(r)
                    s &= ~(astray & self.executes[w])  # undetermined, not wrong
                bad |= s
        return bad

    def _against_order(self) -> int:
        """The candidates to drop so that the order of two writes is pinned where it makes no difference.

        That is where not both writes execute, where they are to different cells, or where coherence puts one of them
        first.
        """
        bad = 0
        events = self.graph.events
        for group in self.bounds.groups:
            anywhere = []
            for slot in group.slots:
                x = 0
                for m in slot:
                    x |= self.executes[m]
                anywhere.append(x)
            settled = [before | 1 << i for i, before in enumerate(group.slots_before)]
            for i, j in permutations(range(len(group.slots)), 2):
                x, y = anywhere[i], anywhere[j]
                if x & y != self.full and not settled[i] >> j & 1 and not settled[j] >> i & 1:
                    against = ~self.slices.order.get((group.slots[i][0], group.slots[j][0]), 0)
                    bad |= x & ~y & against
                    if i < j:
                        bad |= ~(x | y) & against
            for b in group.members:
                for a in bits(self.bounds.earlier[b] & ~self.bounds.companions[b]):
                    if (b, a) in self.slices.order:
                        bad |= self.executes[a] & self.executes[b] & self.slices.order[b, a]
            for a, b in permutations(group.members, 2) if not self.bounds.static else ():
                x, y = self.executes[a], self.executes[b]
                against = ~self.slices.order.get((a, b), 0)
                if events[a].address != events[b].address:
                    others = self.value(events[b].address)
                    for u, s in self.value(events[a].address).items():
                        for v, t in others.items():
                            if isinstance(u, Address) and isinstance(v, Address) and u < v:
                                bad |= x & y & s & t & against
        return bad

    def _against_landing(self) -> int:
        """The candidates in which a block lands at a point that is not reached.

        The point of a block that is not sent is pinned.  The order of two blocks is pinned if one of them is not sent,
        or if they land at different points.
        """
        bad = 0
        blocks = self.graph.blocks
        points = self.graph.points
        for b, block in enumerate(blocks):
            x = self.guards[block.guard]
            bad |= ~x & ~self.landing[b][0]
            for point, s in zip(points[b], self.landing[b], strict=True):
                bad |= x & s & ~self.guards[point.guard]
        for group in self.bounds.block_groups:
            for a, b in permutations(group.members, 2):
                x, y = self.guards[blocks[a].guard], self.guards[blocks[b].guard]
                against = ~self.slices.block_order.get((a, b), 0)
                bad |= x & ~y & against
                if a < b:
                    bad |= ~(x | y) & against
                for here, s in zip(points[a], self.landing[a], strict=True):
                    for there, t in zip(points[b], self.landing[b], strict=True):
                        if here.before != there.before and not here.before & ~there.before:
                            bad |= x & y & s & t & against
        return bad
