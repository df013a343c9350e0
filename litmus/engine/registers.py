"""The register level in candidates: the events of registers and decisions beside accesses and fences."""

from __future__ import annotations

from litmus.cat.dag import Level
from litmus.engine.base import Base, where_taken
from litmus.program.graph import INITIAL, RegisterEvents
from litmus.relation.evaluation import SlicedValue
from litmus.relation.rows import Rows, transposed
from litmus.relation.sliced import SlicedSet, Universe


class RegisterBase(dict[str, SlicedValue]):
    """The base relations and sets, and the universe, of candidates with their register level.

    Only a model with `catdep` (Level.REGISTERS) sees the events of registers.  For other models these events are in no
    set, and only in the relations of the flow of values (rf-reg, iico_data ...) and in same-instance.
    """

    def __init__(self, base: Base, level: Level) -> None:
        super().__init__()
        self.base = base
        candidates = base.candidates
        graph = candidates.graph
        registers = graph.registers
        assert registers is not None, "a graph that was unrolled with registers"
        self.registers: RegisterEvents = registers
        guards = [event.guard for event in graph.events] + registers.guards
        self.threads = [event.thread for event in graph.events] + registers.threads
        executes = candidates.executes + [candidates.guards[g] for g in registers.guards]
        certain = sum(1 << e for e, g in enumerate(guards) if g == 0)
        of_guard: dict[int, int] = {}
        for e, g in enumerate(guards):
            of_guard[g] = of_guard.get(g, 0) | 1 << e
        companions = {g: sum(m for h, m in of_guard.items() if graph.guards.implies(g, h)) for g in of_guard}
        absent = sum(1 << w for _, w in graph.single) | (0 if level is Level.REGISTERS else registers.registers)
        rows = [companions[g] for g in guards]
        self.universe = Universe(len(guards), candidates.full, executes, certain, rows, transposed(rows), absent)
        self.flows = {
            "rf-reg": registers.rf_reg,
            "iico_data": registers.iico_data,
            "iico_ctrl": registers.iico_ctrl,
            "iico_order": registers.iico_order,
            "same-instance": registers.same_instance,
        }

    def __missing__(self, name: str) -> SlicedValue:
        value = self[name] = self._computed(name)
        return value

    def _computed(self, name: str) -> SlicedValue:
        universe, registers = self.universe, self.registers
        if name in self.flows:
            return universe.relation(self.flows[name])
        if name in registers.sets:
            return SlicedSet(registers.sets[name] & universe.everything)
        if name == "_":
            return SlicedSet(universe.everything)
        if name == "id":
            return universe.relation(self._visible([1 << e for e in range(universe.n)]))
        if name == "po":
            return universe.relation(self._visible(registers.po))
        if name in ("int", "ext"):
            return universe.relation(self._visible(self._by_thread(name == "int")))
        if name[0] == "?":
            return where_taken(self.base.candidates, name, universe)
        value = self.base[name]
        if isinstance(value, SlicedSet):
            return value
        must = value.must + [0] * (universe.n - len(value.must))
        more = {"loc": registers.locations, "ctrl": registers.control}.get(name)
        if more is not None:
            must = [row | beside for row, beside in zip(must, self._visible(more), strict=True)]
        return universe.relation(must, value.open)

    def _visible(self, rows: Rows) -> Rows:
        """The pairs of events that the model sees."""
        seen = self.universe.everything
        return [row & seen if seen >> e & 1 else 0 for e, row in enumerate(rows)]

    def _by_thread(self, same: bool) -> Rows:
        of_thread: dict[int, int] = {}
        for e, thread in enumerate(self.threads):
            of_thread[thread] = of_thread.get(thread, 0) | 1 << e
        if same:
            return [of_thread[thread] if thread != INITIAL else 0 for thread in self.threads]
        return [~of_thread[thread] for thread in self.threads]
