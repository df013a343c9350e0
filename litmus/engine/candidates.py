"""Candidate executions: rf, co, paths and the places of blocks, chosen in many ways at once, as slices.

A candidate is one combination of choices.  What follows from the choices (values, addresses, which
events execute) is computed for all candidates together.  There are two families of candidates.
`Every` has each combination once, and decides small tests by itself.  `Subsets` takes one execution and
has one candidate for each of several subsets of its choices.  These candidates tell which choices a
violated axiom rests on.
"""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct, field

from litmus.engine.bounds import Bounds
from litmus.program.graph import INITIAL, Assumption, Decision
from litmus.program.guards import ALWAYS, NEVER, Guards
from litmus.program.values import Address, Expr, Op, ReadOf, Value, ValueFault, When, apply
from litmus.relation.sliced import Universe

Values = dict[Value, int]  # value -> the candidates that have it
Pair = tuple[int, int]


def pattern(full: int, stride: int, options: int) -> tuple[int, ...]:
    """For each option of a choice, the slice of the candidates that take it; `full` is the slice of all candidates.

    stride: how many combinations the choices before this one have.
    """
    repeat = full // ((1 << stride * options) - 1)
    first = ((1 << stride) - 1) * repeat
    return tuple(first << stride * k for k in range(options))


class Slices(Struct):
    """For each option of each choice, the candidates that take it.

    decided[d]: two slices: decision d is false; decision d is true.
    source[r][i]: read r reads from the i-th of its possible writes.
    order[a, b]: write a stands before write b of the same cell; block_order[a, b]: the same for blocks.
    chosen[c][k]: option k of the model's choice c is taken.
    before_block[b, e], after_block[b, e]: event e of the thread of block b is po-before, po-after the block.
    """

    full: int
    decided: list[tuple[int, int]] = field(default_factory=list)
    source: dict[int, Sequence[int]] = field(default_factory=dict)
    order: dict[Pair, int] = field(default_factory=dict)
    chosen: list[Sequence[int]] = field(default_factory=list)
    block_order: dict[Pair, int] = field(default_factory=dict)
    before_block: dict[Pair, int] = field(default_factory=dict)
    after_block: dict[Pair, int] = field(default_factory=dict)


class GuardSlices(dict[int, int]):
    """For each guard, the candidates in which it holds, computed when first asked for.

    Where a decision is not made, neither way of it holds.
    """

    def __init__(self, guards: Guards, slices: Slices) -> None:
        super().__init__({ALWAYS: slices.full, NEVER: 0})
        self.guards = guards
        self.decided = slices.decided

    def __missing__(self, guard: int) -> int:
        for g in self.guards.cone(guard):
            if g not in self:
                decision, refused, taken = self.guards.nodes[g]
                no, yes = self.decided[decision]
                self[g] = self[refused] & no | self[taken] & yes
        return self[guard]


class Candidates:
    """Candidates, and what follows from their choices.

    guards[g]: the candidates in which guard g holds.  executes[e]: those in which event e executes.
    rf[r][w]: those in which read r takes its value from write w.
    values[r]: each value of read r, with the candidates in which r returns it.
    """

    def __init__(self, bounds: Bounds, slices: Slices) -> None:
        graph = bounds.graph
        self.graph = graph
        self.bounds = bounds
        self.full = slices.full
        self.slices = slices
        self.guards = GuardSlices(graph.guards, slices)
        executes = [self.guards[e.guard] for e in graph.events]
        self.executes = executes
        certain = 0
        for e in graph.events:
            if e.guard == ALWAYS:
                certain |= 1 << e.number
        absent = sum(1 << w for _, w in graph.single)
        self.universe = Universe(len(executes), self.full, executes, certain, bounds.companions, bounds.leads, absent)
        self.values: dict[int, Values] = {r: {} for r in bounds.reads}
        self.rf: dict[int, dict[int, int]] = {}
        self._resolve()

    # ------------------------------------------------------------ values

    def value(self, expr: Expr | None) -> Values:
        """Each value of an expression, with the candidates in which the expression has it.

        In candidates where the expression depends on itself, it has no value.
        """
        if isinstance(expr, ReadOf):
            return self.values[expr.event]
        if isinstance(expr, int | Address):
            return {expr: self.full}
        assert isinstance(expr, Op), "no registers are left, and guards stand in choices only"
        found: dict[int, Values] = {}
        for op in self.bounds.operators(expr):
            if op.name == "choice":
                found[id(op)] = self._chosen(op, found)
                continue
            combined: dict[tuple[Value, ...], int] = {(): self.full}
            for argument in op.args:
                choices = found[id(argument)] if type(argument) is Op else self.value(argument)
                combined = {(*head, v): s & t for head, s in combined.items() for v, t in choices.items() if s & t}
            out = found[id(op)] = {}
            for arguments, s in combined.items():
                try:
                    result = apply(op.name, arguments)
                except ValueFault:
                    continue
                out[result] = out.get(result, 0) | s
        return found[id(expr)]

    def _chosen(self, op: Op, found: dict[int, Values]) -> Values:
        """The values of a choice.  Only the way that is chosen has to have a value."""
        when, *ways = op.args
        assert isinstance(when, When)
        out: Values = {}
        for guard, way in zip((when.guard, self.graph.guards.negation(when.guard)), ways, strict=True):
            here = self.guards[guard]
            for v, s in (found[id(way)] if type(way) is Op else self.value(way)).items():
                if s & here:
                    out[v] = out.get(v, 0) | s & here
        return out

    def value_in(self, expr: Expr, candidate: int) -> Value | None:
        """The value of an expression in one candidate, given as a slice.  None if it has no value there."""
        return next((v for v, s in self.value(expr).items() if s & candidate), None)

    def known(self, expr: Expr | None) -> int:
        """The candidates in which an expression has a value."""
        out = 0
        for s in self.value(expr).values():
            out |= s
        return out

    def same_cell(self, a: int, b: int) -> int:
        """The candidates in which two accesses are to the same cell."""
        x, y = self.graph.events[a].address, self.graph.events[b].address
        if type(x) is Address and type(y) is Address:
            return self.full if x == y else 0
        out = 0
        others = self.value(y)
        for v, s in self.value(x).items():
            if isinstance(v, Address):
                out |= s & others.get(v, 0)
        return out

    def co(self, a: int, b: int) -> int:
        """The candidates in which write a is coherence-before write b."""
        events = self.graph.events
        if events[b].thread == INITIAL or a == b:
            return 0
        both = self.executes[a] & self.executes[b]
        if not self.bounds.static or events[a].address != events[b].address:
            both &= self.same_cell(a, b)
        if events[a].thread == INITIAL or self.bounds.earlier[b] >> a & 1:
            return both
        return both & self.slices.order.get((a, b), 0)

    def _resolve(self) -> None:
        """Find rf and the values of reads.  They are the least solution: rounds add to it until nothing is new.

        A read of a cell returns what the write that it reads from stored.  If the addresses of the two turn out to
        differ in a candidate, the pair is not in rf there, and the candidate is no execution.
        """
        events = self.graph.events
        bounds = self.bounds
        executes = self.executes
        for r in bounds.reads:
            self.rf[r] = {
                w: t
                for w, s in zip(bounds.sources[r], self.slices.source[r], strict=True)
                if (t := s & executes[r] & executes[w])
            }
        pending = list(bounds.reads)
        while pending:
            progress = False
            for r in pending.copy():
                values: Values = {}
                found = 0
                somewhere = self.full if type(events[r].address) is Address else self.known_address(r)
                for w, s in self.rf[r].items():
                    s &= somewhere
                    if not s:
                        continue
                    stored = events[w].value
                    if type(stored) is int:
                        values[stored] = values.get(stored, 0) | s
                        found |= s
                    else:
                        for v, t in self.value(stored).items():
                            t &= s
                            if t:
                                values[v] = values.get(v, 0) | t
                                found |= t
                if values != self.values[r]:
                    self.values[r] = values
                    progress = True
                if found == executes[r]:
                    pending.remove(r)
            if not progress:
                break
        if not bounds.static:
            for r, sources in self.rf.items():
                self.rf[r] = {w: t for w, s in sources.items() if (t := s & ~self.elsewhere(w, r))}

    def elsewhere(self, a: int, b: int) -> int:
        """The candidates in which two accesses have known addresses and are not to the same cell."""
        x, y = self.graph.events[a].address, self.graph.events[b].address
        if type(x) is Address and type(y) is Address:
            return self.full if x != y else 0
        return self.known(x) & self.known(y) & ~self.same_cell(a, b)

    def determined(self) -> int:
        """The candidates in which nothing that is needed lacks a value.

        Every access that executes has an address and a value.  Every condition of a decision or an assumption has a
        value where its guard holds.
        """
        graph = self.graph
        out = self.full
        for r in self.bounds.reads:
            found = 0
            for s in self.values[r].values():
                found |= s
            out &= found | ~self.executes[r]
        for e in self.bounds.dynamic:
            out &= self.known_address(e) | ~self.executes[e]
        for w in self.bounds.writes:
            value = graph.events[w].value
            if type(value) is Op:
                out &= self.known(value) | ~self.executes[w]
        questions: list[Decision | Assumption] = [*graph.decisions, *graph.assumptions]
        for asked in questions:
            if asked.condition is not None:
                out &= self.known(asked.condition) | ~self.guards[asked.guard]
        return out

    def known_address(self, e: int) -> int:
        """The candidates in which an access is known to be to some cell."""
        out = 0
        for v, s in self.value(self.graph.events[e].address).items():
            if isinstance(v, Address) and (e, v) not in self.bounds.outside:
                out |= s
        return out
