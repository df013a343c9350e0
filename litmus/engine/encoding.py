"""Encoding: the choices of an execution as clauses, and what the model is proved to demand of one location.

The axioms of the model are not among the clauses: what they forbid beyond that is learned (litmus.engine.lazy).
Variables: decisions, rf, coherence order, landing points of blocks, and the values of reads and
addresses, one-hot over their finite domains.  A value that depends on itself may be outside the domain
of its read.  Then none of the literals for the read's values is true, and the code that decodes a
solution detects that.
"""

from __future__ import annotations

from itertools import product

from msgspec import Struct

from litmus.engine.bounds import Bounds, Group, Order, only_read, possible_values
from litmus.engine.clauses import FALSE, TRUE, Clauses, Solution
from litmus.engine.outcomes import spelled_as
from litmus.program.graph import INITIAL
from litmus.program.guards import ALWAYS, NEVER, Guards
from litmus.program.question import (
    Conjunction,
    Disjunction,
    Equal,
    Formula,
    Holds,
    Negation,
    Question,
    Same,
)
from litmus.program.values import Address, Expr, Op, ReadOf, Value, ValueFault, When, apply, operations, reads_in
from litmus.relation.rows import bits, transitive_closure

Literal = int
MOST_ATOMIC = 50_000  # clauses that say which pairs are atomic


class Selection(Struct, frozen=True):
    """One way to make every choice: a candidate execution.

    decided[d]: whether decision d is true.  source[r]: an index into bounds.sources[r], None if r does not
    execute.  order: the pairs of writes of which the first stands before the second; without those that are settled.
    block_orders: one order for each group of blocks.  landing[b]: the index of the point where block b
    lands.  chosen[c]: the option of the model's choice c.
    """

    decided: tuple[bool, ...]
    source: dict[int, int | None]
    order: tuple[tuple[int, int], ...]
    landing: tuple[int, ...]
    block_orders: tuple[Order, ...]
    chosen: tuple[int, ...] = ()


class GuardLiterals(dict[int, Literal]):
    """For each guard, a literal that is true iff it holds, made when first asked for."""

    def __init__(self, guards: Guards, clauses: Clauses, decided: list[Literal]) -> None:
        super().__init__({ALWAYS: TRUE, NEVER: FALSE})
        self.guards = guards
        self.clauses = clauses
        self.decided = decided

    def __missing__(self, guard: int) -> Literal:
        clauses = self.clauses
        for g in self.guards.cone(guard):
            if g not in self:
                decision, refused, taken = self.guards.nodes[g]
                x = self.decided[decision]
                self[g] = clauses.any_of((clauses.all_of((-x, self[refused])), clauses.all_of((x, self[taken]))))
        return self[guard]


class Encoding:
    """The clauses for the executions within bounds, and the literals that stand for choices and values.

    updates_in_order: the model demands coherence, and forbids that an atomic instruction's write stands before the
    write that its read takes its value from.  Clauses say so then, and need not be learned.
    atomic: which pairs the model demands to be atomic (litmus.engine.coherence.demands_atomicity); likewise.
    """

    def __init__(
        self,
        bounds: Bounds,
        question: Question,
        updates_in_order: bool = False,
        atomic: frozenset[str] = frozenset(),
    ) -> None:
        self.bounds = bounds
        self.graph = graph = bounds.graph
        self.question = question
        self.clauses = clauses = Clauses()
        self.decided = [clauses.new() for _ in graph.decisions]
        self.guards = GuardLiterals(graph.guards, clauses, self.decided)
        self.executes = [self.guards[e.guard] for e in graph.events]
        self.source: dict[int, list[Literal]] = {}
        self.read_value: dict[int, dict[Value, Literal]] = {}
        self._expressions: dict[int, dict[Value, Literal]] = {}  # by id() of an Op; the graph keeps the Op alive
        self._faulty: set[int] = set()  # likewise by id()
        for r in bounds.reads:
            self._declare_read(r)
        for r in bounds.reads:
            self._define_read(r)
        self.order = {pair: x for group in bounds.groups for pair, x in self._order(group).items()}
        if updates_in_order:
            for r, w in (*graph.amo, *graph.single):
                self._after_source(r, w)
        self._atomic(atomic)
        if bounds.coherent:
            for r in bounds.reads:
                self._coherent(r)
        self._conditions()
        self.landing: list[list[Literal]] = []
        for b in range(len(graph.blocks)):
            self._land(b)
        self.block_orders = [clauses.total_order(group.members) for group in bounds.block_groups]
        for group, order in zip(bounds.block_groups, self.block_orders, strict=True):
            self._order_by_points(group, order)
        self.chosen = [[clauses.new() for _ in range(options)] for options in bounds.choices]
        for literals in self.chosen:
            self._one_of(literals, TRUE)
        self._places = [self._final(i) for i in range(len(question.places))]

    # ------------------------------------------------------------ choices

    def _one_of(self, literals: list[Literal], when: Literal) -> None:
        """Assert that exactly one of the literals is true if `when` is true, and none if it is false."""
        self.clauses.add(-when, *literals)
        self.clauses.at_most_one(literals)
        for x in literals:
            self.clauses.add(-x, when)

    def _declare_read(self, r: int) -> None:
        clauses = self.clauses
        sources = self.bounds.sources[r]
        here = self.executes[r]
        if len(sources) == 1:
            self.source[r] = [here]
            clauses.add(-here, self.executes[sources[0]])
        else:
            self.source[r] = [clauses.new() for _ in sources]
            self._one_of(self.source[r], here)
            for w, x in zip(sources, self.source[r], strict=True):
                clauses.add(-x, self.executes[w])
        domain = sorted(self.bounds.domain(ReadOf(r)), key=_by_kind)
        self.read_value[r] = {v: clauses.new() for v in domain}
        clauses.at_most_one(list(self.read_value[r].values()))

    def _define_read(self, r: int) -> None:
        """Assert that a read of a cell returns what the write that it reads from stored, at the same address."""
        clauses = self.clauses
        events = self.graph.events
        mine = self.read_value[r]
        cells = self._cells(r)
        nowhere = -clauses.any_of(cells.values())
        for w, x in zip(self.bounds.sources[r], self.source[r], strict=True):
            for v, y in self.value(events[w].value).items():
                if v in mine:
                    clauses.add(-x, -y, mine[v], nowhere)
            if type(events[r].address) is not Address or type(events[w].address) is not Address:
                there = self.value(events[w].address)
                unknown = -clauses.any_of(there.values())
                for v, y in cells.items():
                    clauses.add(-x, -y, there.get(v, FALSE), unknown)

    def _cells(self, e: int) -> dict[Address, Literal]:
        """For each cell that an access may be to, a literal that is true when it is."""
        possible = self.value(self.graph.events[e].address)
        return {v: x for v, x in possible.items() if isinstance(v, Address) and (e, v) not in self.bounds.outside}

    def _order(self, group: Group) -> dict[tuple[int, int], Literal]:
        """Literals `a before b` of a total order of the members, for every pair whose order is open."""
        clauses = self.clauses
        bounds = self.bounds
        members = sum(1 << m for m in group.members)
        later = {a: bounds.later[a] & members for a in group.members}
        open_with = {a: members & ~(bounds.earlier[a] | bounds.later[a] | 1 << a) for a in group.members}
        order: dict[tuple[int, int], Literal] = {}
        for a in group.members:
            for b in bits(open_with[a] >> a << a):
                order[a, b] = clauses.new()
                order[b, a] = -order[a, b]
        for a in group.members:
            for b in bits(open_with[a] >> a << a):
                for c in bits((open_with[a] & open_with[b]) >> b << b):  # no circle of three
                    clauses.add(-order[a, b], -order[b, c], order[a, c])
                    clauses.add(order[a, b], order[b, c], -order[a, c])
            further = 0
            for b in bits(later[a]):
                further |= later[b]
            for b in bits(later[a] & ~further):  # what is before a is before the next one after a
                for c in bits(open_with[a] & open_with[b]):
                    clauses.add(-order[c, a], order[c, b])
        return order

    def _after_source(self, r: int, w: int) -> None:
        """Assert that the write of an instruction stands after the write that its read takes its value from."""
        clauses = self.clauses
        cell = self.bounds.addresses[w]
        for source, x in zip(self.bounds.sources[r], self.source[r], strict=True):
            if (source, w) in self.order and len(cell) == 1 and self.bounds.addresses[source] == cell:
                clauses.add(-x, -self.executes[w], self.order[source, w])

    def _atomic(self, demanded: frozenset[str]) -> None:
        """Assert of atomic pairs that no write of another thread stands between what is read and what is written.

        That is said of pairs with one possible address, if it does not take too many clauses.
        """
        graph = self.graph
        pairs = dict.fromkeys(graph.amo, ALWAYS) if "amo" in demanded else {}
        pairs |= dict.fromkeys(graph.single, ALWAYS) if "single" in demanded else {}
        pairs |= graph.lxsx if "lxsx" in demanded else {}
        bounds = self.bounds
        size = sum(
            len(bounds.sources[r]) * len(bounds.by_cell.get(bounds.addresses[w][0], ()))
            for r, w in pairs
            if bounds.addresses[w]
        )
        if size > MOST_ATOMIC:
            return
        for (r, w), guard in pairs.items():
            cell = bounds.addresses[w]
            if len(cell) != 1 or bounds.addresses[r] != cell:
                continue
            here = (-self.executes[w], -self.guards[guard])
            thread = graph.events[w].thread
            others = [m for m in bounds.by_cell[cell[0]] if graph.events[m].thread not in (thread, INITIAL)]
            for s, x in zip(bounds.sources[r], self.source[r], strict=True):
                for m in others:
                    if m != s and bounds.addresses[m] == cell == bounds.addresses[s]:
                        between = (-self._co(s, m), -self._co(m, w))
                        self.clauses.add(-x, *here, -self.executes[m], *between)

    def _co(self, a: int, b: int) -> Literal:
        """A literal that is true iff write a is before write b in the coherence order of their cell."""
        events = self.graph.events
        if events[a].thread == INITIAL or events[b].thread == INITIAL:
            return TRUE if events[a].thread == INITIAL and a != b else FALSE
        chosen = self.order.get((a, b))
        if chosen is not None:
            return chosen
        return TRUE if self.bounds.earlier[b] >> a & 1 else FALSE  # or they never execute together

    def _coherent(self, r: int) -> None:
        """Assert what coherence says of a read and the accesses after and before it in program order.

        These are the patterns CoRW, CoWR and CoRR ("Herding cats", TOPLAS 2014, section 4.2), for accesses with one
        possible address.  Without these clauses, the engine would learn them, one violation at a time.  What is said of
        accesses that follow each other says it of those that are further apart.
        """
        clauses = self.clauses
        bounds = self.bounds
        cell = bounds.addresses[r]
        if len(cell) != 1:
            return

        def sources(read: int) -> list[tuple[int, Literal]]:
            found = zip(bounds.sources[read], self.source[read], strict=True)
            return [(w, x) for w, x in found if bounds.addresses[w] == cell]

        mine = sources(r)
        for other in bounds.by_cell[cell[0]]:
            if bounds.addresses[other] == cell and bounds.next_accesses(other) >> r & 1:
                for w, x in mine:
                    if w != other:
                        clauses.add(-x, -self.executes[other], self._co(other, w))
        for other in bits(bounds.next_accesses(r)):
            if self.graph.events[other].kind == "W":
                for w, x in mine:
                    clauses.add(-x, -self.executes[other], self._co(w, other))
            else:
                for v, y in sources(other):
                    for w, x in mine:
                        if v != w:
                            clauses.add(-x, -y, self._co(w, v))

    def _conditions(self) -> None:
        clauses = self.clauses
        for decision, taken in zip(self.graph.decisions, self.decided, strict=True):
            made = self.guards[decision.guard]
            clauses.add(-taken, made)
            if decision.condition is not None:
                for v, x in self.value(decision.condition).items():
                    clauses.add(-made, -x, -taken if v == 0 else taken)
        for assumption in self.graph.assumptions:
            zero = self.value(assumption.condition).get(0, FALSE)
            clauses.add(-self.guards[assumption.guard], -zero)

    def _land(self, b: int) -> None:
        block = self.graph.blocks[b]
        points = self.graph.points[b]
        here = self.guards[block.guard]
        literals = [here] if len(points) == 1 else [self.clauses.new() for _ in points]
        if len(points) > 1:
            self._one_of(literals, here)
        for point, x in zip(points, literals, strict=True):
            self.clauses.add(-x, self.guards[point.guard])
        self.landing.append(literals)

    def _order_by_points(self, group: Group, order: dict[tuple[int, int], Literal]) -> None:
        for (a, b), x in order.items():
            points = self.graph.points
            for p, here in zip(points[a], self.landing[a], strict=True):
                for q, there in zip(points[b], self.landing[b], strict=True):
                    if p.before != q.before and not p.before & ~q.before:
                        self.clauses.add(-here, -there, x)

    # ------------------------------------------------------------ values

    def value(self, expr: Expr | None) -> dict[Value, Literal]:
        """For each value that an expression may have, a literal that is true when the expression has it."""
        if isinstance(expr, ReadOf):
            return self.read_value[expr.event]
        if isinstance(expr, int | Address):
            return {expr: TRUE}
        assert isinstance(expr, Op), "no registers are left, and guards stand in choices only"
        if id(expr) not in self._expressions:
            operators = operations(expr)
            read = only_read(expr)
            if read is not None:
                self._expressions[id(expr)] = self._of_one_read(expr, operators, read)
                operators = []
            for op in operators:
                if id(op) not in self._expressions:
                    self._expressions[id(op)] = self._chosen(op) if op.name == "choice" else self._applied(op)
        return self._expressions[id(expr)]

    def _of_one_read(self, expr: Op, operators: list[Op], read: int) -> dict[Value, Literal]:
        values = self.read_value[read]
        found = possible_values(operators, values)
        if len(found) < len(values):
            self._faulty.add(id(expr))
        ways: dict[Value, list[Literal]] = {}
        for u, v in found.items():
            ways.setdefault(v, []).append(values[u])
        return {v: self.clauses.any_of(w) for v, w in ways.items()}

    def _applied(self, op: Op) -> dict[Value, Literal]:
        """For each value of an operation, a literal that is made from the literals of its arguments' values."""
        ways: dict[Value, list[Literal]] = {}
        parts = [list(self.value(a).items()) for a in op.args]
        if any(map(self._may_fail, op.args)):
            self._faulty.add(id(op))
        for combination in product(*parts):
            try:
                v = apply(op.name, tuple(v for v, _ in combination))
            except ValueFault:
                self._faulty.add(id(op))
                continue
            ways.setdefault(v, []).append(self.clauses.all_of(x for _, x in combination))
        return {v: self.clauses.any_of(w) for v, w in ways.items()}

    def _chosen(self, op: Op) -> dict[Value, Literal]:
        """For each value of a choice, a literal that is made from the literals of the two ways."""
        when, *parts = op.args
        assert isinstance(when, When)
        if any(map(self._may_fail, parts)):
            self._faulty.add(id(op))
        ways: dict[Value, list[Literal]] = {}
        for here, part in zip((self.guards[when.guard], -self.guards[when.guard]), parts, strict=True):
            for v, x in self.value(part).items():
                ways.setdefault(v, []).append(self.clauses.all_of((here, x)))
        return {v: self.clauses.any_of(w) for v, w in ways.items()}

    def _may_fail(self, expr: Expr | None) -> bool:
        """Whether an expression has no value for some values of the reads."""
        return id(expr) in self._faulty

    def _final(self, i: int) -> dict[Value, Literal]:
        """For each final value of a place, a literal that is true iff the place has it."""
        question = self.question
        place = question.places[i]
        clauses = self.clauses
        ways: dict[Value, list[Literal]] = {}
        if place.thread is not None:
            parts = [
                (self.guards[leaf.guard], leaf.registers.get(place.name, 0)) for leaf in self.graph.leaves[place.thread]
            ]
        else:
            size = self.graph.program.variables[place.name].size
            cell = Address(place.name, (place.cell or 0) * size)
            parts = [(self._last(w, cell), self.graph.events[w].value or 0) for w in self.bounds.by_cell[cell]]
        for x, expr in parts:
            for v, y in self.value(expr).items():
                ways.setdefault(spelled_as(v, question.types[i]), []).append(clauses.all_of((x, y)))
        return {v: clauses.any_of(w) for v, w in ways.items()}

    def _last(self, w: int, cell: Address) -> Literal:
        """A literal that is true iff write w is the last one to a cell."""
        clauses = self.clauses
        events = self.graph.events
        if self.bounds.later[w] & self.bounds.companions[w]:
            return FALSE  # a later write executes whenever this one does
        literals = [self.executes[w], self.value(events[w].address).get(cell, FALSE)]
        for other in self.bounds.by_cell[cell]:
            if other == w or events[other].thread == INITIAL or self.bounds.earlier[w] >> other & 1:
                continue
            there = clauses.all_of((self.executes[other], self.value(events[other].address).get(cell, FALSE)))
            before = FALSE if events[w].thread == INITIAL else self._co(other, w)
            literals.append(clauses.any_of((-there, before)))
        return clauses.all_of(literals)

    def place_is(self, i: int, value: Value) -> Literal:
        """A literal that is true iff place i ends with the value."""
        return self._places[i].get(value, FALSE)

    def formula(self, formula: Formula) -> Literal:
        """A literal that is true iff the final state satisfies a formula."""
        clauses = self.clauses
        match formula:
            case Holds():
                return TRUE if formula.value else FALSE
            case Equal():
                return self.place_is(formula.place, formula.value)
            case Same():
                others = self._places[formula.right]
                return clauses.any_of(
                    [clauses.all_of((x, others[v])) for v, x in self._places[formula.left].items() if v in others]
                )
            case Negation():
                return -self.formula(formula.operand)
            case Conjunction():
                return clauses.all_of([self.formula(f) for f in formula.operands])
            case Disjunction():
                return clauses.any_of([self.formula(f) for f in formula.operands])

    def cut(self) -> Literal:
        """A literal that is true iff a loop is left at its bound."""
        return self.clauses.any_of([self.guards[g] for g in self.graph.cuts])

    # ------------------------------------------------------------ executions that are not determined

    def undetermined(self) -> Literal:
        """A literal that is true iff a value that matters depends on itself or has no meaning.

        It is FALSE if no execution can be like that, which is the usual case.
        """
        graph = self.graph
        clauses = self.clauses
        lacking = [clauses.all_of((self.executes[r], self._lacks(ReadOf(r)))) for r in self._circular()]
        for e in self.bounds.dynamic:
            address = graph.events[e].address
            cells = self._cells(e)
            if self._may_fail(address) or len(cells) < len(self.value(address)):
                lacking.append(clauses.all_of((self.executes[e], -clauses.any_of(cells.values()))))
        asked = [(self.executes[w], graph.events[w].value) for w in self.bounds.writes]
        asked += [(self.guards[d.guard], d.condition) for d in graph.decisions]
        asked += [(self.guards[a.guard], a.condition) for a in graph.assumptions]
        for place in self.question.places:
            if place.thread is not None:
                asked += [(self.guards[x.guard], x.registers.get(place.name)) for x in graph.leaves[place.thread]]
        lacking += [clauses.all_of((when, self._lacks(expr))) for when, expr in asked if self._may_fail(expr)]
        return clauses.any_of(lacking)

    def astray(self) -> Literal:
        """A literal that is true iff some access is to no cell.  It is FALSE if no access can be like that."""
        clauses = self.clauses
        found = []
        for e in self.bounds.dynamic:
            cells = self._cells(e)
            strays = [x for v, x in self.value(self.graph.events[e].address).items() if v not in cells]
            if strays:
                found.append(clauses.all_of((self.executes[e], clauses.any_of(strays))))
        return clauses.any_of(found)

    def _lacks(self, expr: Expr | None) -> Literal:
        """A literal that is true iff an expression has no value."""
        return -self.clauses.any_of(self.value(expr).values())

    def _circular(self) -> list[int]:
        """The reads whose value may depend on itself."""
        events = self.graph.events
        rows = [0] * len(events)
        for r in self.bounds.reads:
            rows[r] = reads_in(events[r].address)
            for w in self.bounds.sources[r]:
                rows[r] |= reads_in(events[w].address) | reads_in(events[w].value)
        closure = transitive_closure(rows)
        return [r for r in self.bounds.reads if closure[r] >> r & 1]

    # ------------------------------------------------------------ solutions

    def selection(self, solution: Solution) -> Selection:
        """The choices made in a solution."""
        holds = solution.holds

        def first(literals: list[Literal]) -> int | None:
            return next((i for i, x in enumerate(literals) if holds(x)), None)

        def sorted_by(group: Group, order: dict[tuple[int, int], Literal]) -> Order:
            return tuple(sorted(group.members, key=lambda m: sum(holds(order[o, m]) for o in group.members if o != m)))

        return Selection(
            decided=tuple(holds(x) for x in self.decided),
            source={r: first(literals) if holds(self.executes[r]) else None for r, literals in self.source.items()},
            order=tuple([pair for pair, x in self.order.items() if holds(x)]),
            landing=tuple(first(literals) or 0 for literals in self.landing),
            block_orders=tuple(map(sorted_by, self.bounds.block_groups, self.block_orders)),
            chosen=tuple(first(literals) or 0 for literals in self.chosen),
        )


def _by_kind(value: Value) -> tuple[bool, object]:
    return isinstance(value, Address), value
