"""The register level in candidates: the events of litmus.program.registers beside those of the graph."""

from __future__ import annotations

from litmus.engine.base import Base, where_taken
from litmus.program.graph import INITIAL
from litmus.program.registers import RegisterEvents
from litmus.relation.evaluation import SlicedValue
from litmus.relation.rows import Rows
from litmus.relation.sliced import Sliced, SlicedSet, Universe


class RegisterBase(dict[str, SlicedValue]):
    """The base relations and sets, and the universe, of candidates with their register level."""

    def __init__(self, base: Base, registers: RegisterEvents) -> None:
        super().__init__()
        self.base = base
        self.registers = registers
        candidates = base.candidates
        graph = candidates.graph
        guards = [event.guard for event in graph.events] + registers.guards
        self.threads = [event.thread for event in graph.events] + registers.threads
        executes = candidates.executes + [candidates.guards[g] for g in registers.guards]
        certain = sum(1 << e for e, g in enumerate(guards) if g == 0)
        literals = [frozenset(guard) for guard in graph.guards]
        of_guard: dict[int, int] = {}
        for e, g in enumerate(guards):
            of_guard[g] = of_guard.get(g, 0) | 1 << e
        companions = {g: sum(m for h, m in of_guard.items() if literals[h] <= literals[g]) for g in of_guard}
        self.universe = Universe(len(guards), candidates.full, executes, certain, [companions[g] for g in guards])
        self.rows = {
            "po": registers.po,
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
        universe = self.universe
        if name in self.rows:
            return universe.relation(self.rows[name])
        if name in self.registers.sets:
            return SlicedSet(self.registers.sets[name])
        if name == "_":
            return SlicedSet(universe.everything)
        if name == "id":
            return Sliced([1 << e for e in range(universe.n)])
        if name in ("int", "ext"):
            return Sliced(self._by_thread(name == "int"))
        if name[0] == "?":
            return where_taken(self.base.candidates, name, universe)
        value = self.base[name]
        if isinstance(value, SlicedSet):
            return value
        return universe.relation(value.must + [0] * (universe.n - len(value.must)), value.open)

    def _by_thread(self, same: bool) -> Rows:
        of_thread: dict[int, int] = {}
        for e, thread in enumerate(self.threads):
            of_thread[thread] = of_thread.get(thread, 0) | 1 << e
        if same:
            return [of_thread[thread] if thread != INITIAL else 0 for thread in self.threads]
        return [self.universe.everything & ~of_thread[thread] for thread in self.threads]
