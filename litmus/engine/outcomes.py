"""Outcomes: which candidates a model allows, and in which final states they end."""

from __future__ import annotations

from collections.abc import Sequence

from litmus.algebra.dag import Check, Level
from litmus.engine.answer import Execution
from litmus.engine.base import Base, program_order
from litmus.engine.candidates import Candidates, Values
from litmus.engine.registers import RegisterBase
from litmus.program.code import RegisterType
from litmus.program.question import (
    Conjunction,
    Disjunction,
    Equal,
    Formula,
    Holds,
    Negation,
    Place,
    Question,
    Same,
)
from litmus.program.values import Address, Value, wrap
from litmus.relation.evaluation import Plan
from litmus.relation.rows import bits
from litmus.relation.sliced import Sliced


def spelled_as(value: Value, kind: RegisterType) -> Value:
    """A final value, brought to the width and sign of the place it is shown in."""
    if isinstance(value, Address):
        return value
    bits = 8 * kind.size
    return wrap(value, bits) if kind.signed else value & ((1 << bits) - 1)


def failures(candidates: Candidates, plan: Plan, checks: Sequence[Check]) -> list[int]:
    """For each check, the candidates in which its test fails.  A negated check is taken with its negation."""
    universe, base = candidates.universe, Base(candidates)
    wanted = [check.node for check in checks]
    if candidates.graph.registers is not None and plan.model.level is not Level.ACCESSES:
        registers = RegisterBase(base, plan.model.level)
        universe, values = registers.universe, plan.evaluate(registers.universe, registers, wanted)
    else:
        values = plan.evaluate(universe, base, wanted)
    out = []
    for check in checks:
        value = values[check.node]
        assert value is not None
        if check.predicate == "empty":
            fails = universe.somewhere(value)
        else:
            assert isinstance(value, Sliced)
            fails = universe.cyclic(value) if check.predicate == "acyclic" else universe.reflexive(value)
        out.append(universe.full & ~fails if check.negated else fails)
    return out


class Outcomes:
    """The final states of candidates: places[i] maps a value to the candidates in which place i has it at the end."""

    def __init__(self, candidates: Candidates, question: Question) -> None:
        self.candidates = candidates
        self.graph = candidates.graph
        self.question = question
        self.places = [self._place(i) for i in range(len(question.places))]

    def _place(self, i: int) -> Values:
        """Each final value of a place, with the candidates in which the place has it."""
        place = self.question.places[i]
        candidates = self.candidates
        found: Values = {}
        if place.thread is not None:
            for leaf in self.graph.leaves[place.thread]:
                reached = candidates.guards[leaf.guard]
                for v, s in candidates.value(leaf.registers.get(place.name, 0)).items():
                    found[v] = found.get(v, 0) | s & reached
        else:
            cell = self.cell(place)
            writes = candidates.bounds.by_cell[cell]
            for w in writes:
                event = self.graph.events[w]
                s = candidates.executes[w]
                if type(event.address) is not Address:
                    s &= candidates.value(event.address).get(cell, 0)
                bounds = candidates.bounds
                if bounds.later[w] & bounds.companions[w]:
                    continue  # a later write executes whenever this one does
                for other in writes:
                    if other != w and s and not bounds.earlier[w] >> other & 1:
                        s &= ~candidates.co(w, other)
                if s:
                    for v, t in candidates.value(event.value).items():
                        found[v] = found.get(v, 0) | s & t
        kind = self.question.types[i]
        spelled: Values = {}
        for v, s in found.items():
            if s:
                v = spelled_as(v, kind)
                spelled[v] = spelled.get(v, 0) | s
        return spelled

    def determined(self) -> int:
        """The candidates in which every place has a value."""
        out = self.candidates.full
        for values in self.places:
            found = 0
            for s in values.values():
                found |= s
            out &= found
        return out

    def cell(self, place: Place) -> Address:
        """The address of an observed variable or array cell."""
        variable = self.graph.program.variables[place.name]
        return Address(place.name, (place.cell or 0) * variable.size)

    def holds(self, formula: Formula) -> int:
        """The candidates whose final state satisfies a formula."""
        full = self.candidates.full
        match formula:
            case Holds():
                return full if formula.value else 0
            case Equal():
                return self.places[formula.place].get(formula.value, 0)
            case Same():
                others = self.places[formula.right]
                found = 0
                for v, s in self.places[formula.left].items():
                    found |= s & others.get(v, 0)
                return found
            case Negation():
                return full & ~self.holds(formula.operand)
            case Conjunction():
                for operand in formula.operands:
                    full &= self.holds(operand)
                return full
            case Disjunction():
                found = 0
                for operand in formula.operands:
                    found |= self.holds(operand)
                return found

    def execution(self, slice_: int) -> Execution:
        """The first candidate of a slice, spelled out."""
        candidates = self.candidates
        bit = slice_ & -slice_
        graph = self.graph
        executes = [e for e in graph.events if candidates.executes[e.number] & bit]
        values: dict[int, Value] = {}
        addresses: dict[int, Value] = {}
        for e in executes:
            if e.kind != "F":
                values[e.number] = _one(candidates.value(e.value), bit)
                addresses[e.number] = _one(candidates.value(e.address), bit)
        rf = {r: next(w for w, s in sources.items() if s & bit) for r, sources in candidates.rf.items() if r in values}
        co = []
        for cell, writes in candidates.bounds.by_cell.items():
            here = [w for w in writes if addresses.get(w) == cell]
            if cell.base[0] != "~":
                co.append(self._in_order(here, bit))
        po = program_order(candidates)
        order = []
        for thread in range(len(graph.program.threads)):
            mine = [e.number for e in executes if e.thread == thread]
            if not graph.blocks and not graph.exchanges:
                order.append(tuple(mine))
                continue

            def earlier(e: int, mine: list[int] = mine) -> int:
                return sum(bool(po.must[o] >> e & 1 or po.open.get(o, {}).get(e, 0) & bit) for o in mine)

            order.append(tuple(sorted(mine, key=lambda e: (earlier(e), e))))
        return Execution(
            graph=graph,
            executed=sum(1 << e.number for e in executes),
            rf=rf,
            co=tuple(co),
            values=values,
            addresses=addresses,
            order=tuple(order),
            state=tuple(_one(p, bit) for p in self.places[: self.question.shown]),
        )

    def _in_order(self, writes: list[int], bit: int) -> tuple[int, ...]:
        """The writes to one cell in coherence order."""
        bounds = self.candidates.bounds
        here = sum(1 << w for w in writes)

        def place(w: int) -> int:
            chosen = here & ~(bounds.earlier[w] | bounds.later[w] | 1 << w)
            before = sum(bool(self.candidates.co(o, w) & bit) for o in bits(chosen))
            return (bounds.earlier[w] & here).bit_count() + before

        return tuple(sorted(writes, key=place))


def _one(values: Values, bit: int) -> Value:
    return next(v for v, s in values.items() if s & bit)
