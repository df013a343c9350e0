"""The register level in candidates: the events of registers and decisions beside accesses and fences."""

from __future__ import annotations

from collections.abc import Callable

from litmus.algebra.complete import complete
from litmus.algebra.dag import Level
from litmus.algebra.names import BASE_NAMES, OF_REGISTERS
from litmus.algebra.operators import Kind
from litmus.engine.base import Base, where_taken
from litmus.program.graph import INITIAL, RegisterEvents
from litmus.program.guards import ALWAYS
from litmus.relation.evaluation import SlicedValue
from litmus.relation.rows import Rows, transposed
from litmus.relation.sliced import Sliced, SlicedSet, Universe


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
        certain = sum(1 << e for e, g in enumerate(guards) if g == ALWAYS)
        of_guard: dict[int, int] = {}
        for e, g in enumerate(guards):
            of_guard[g] = of_guard.get(g, 0) | 1 << e
        companions = {g: sum(m for h, m in of_guard.items() if graph.guards.implies(g, h)) for g in of_guard}
        absent = sum(1 << w for _, w in graph.single) | (0 if level is Level.REGISTERS else registers.registers)
        rows = [companions[g] for g in guards]
        self.universe = Universe(len(guards), candidates.full, executes, certain, rows, transposed(rows), absent)

    def __missing__(self, name: str) -> SlicedValue:
        value = self[name] = self._computed(name)
        return value

    def _computed(self, name: str) -> SlicedValue:
        function = _FUNCTIONS.get(name)
        if function is not None:
            return function(self)
        value = self.base[name]
        return value if isinstance(value, SlicedSet) else self.universe.relation(self._padded(value), value.open)

    def taken(self, choice: int, options: range) -> Sliced:
        """See litmus.relation.evaluation.Given."""
        return where_taken(self.base.candidates, choice, options, self.universe)

    def place(self, variable: str) -> SlicedSet:
        """See litmus.relation.evaluation.Given."""
        return self.base.place(variable)

    def set(self, name: str) -> SlicedSet:
        """A set of events of registers and decisions."""
        return SlicedSet(self.registers.sets.get(name, 0) & self.universe.everything)

    def with_more(self, name: str, more: Rows) -> Sliced:
        """A relation of accesses, with these pairs of other events, as far as the model sees them."""
        value = self.base[name]
        assert isinstance(value, Sliced)
        must = [row | beside for row, beside in zip(self._padded(value), self._visible(more), strict=True)]
        return self.universe.relation(must, value.open)

    def visible(self, rows: Rows) -> Sliced:
        """The pairs of events that the model sees."""
        return self.universe.relation(self._visible(rows))

    def by_thread(self, same: bool) -> Sliced:
        """The pairs of events of one thread, or of different threads."""
        of_thread: dict[int, int] = {}
        for e, thread in enumerate(self.threads):
            of_thread[thread] = of_thread.get(thread, 0) | 1 << e
        if same:
            return self.visible([of_thread[thread] if thread != INITIAL else 0 for thread in self.threads])
        return self.visible([~of_thread[thread] for thread in self.threads])

    def _padded(self, value: Sliced) -> Rows:
        return value.must + [0] * (self.universe.n - len(value.must))

    def _visible(self, rows: Rows) -> Rows:
        seen = self.universe.everything
        return [row & seen if seen >> e & 1 else 0 for e, row in enumerate(rows)]


def _flow(rows: Callable[[RegisterEvents], Rows]) -> Callable[[RegisterBase], SlicedValue]:
    """A relation that all models see."""
    return lambda base: base.universe.relation(rows(base.registers))


def _set(name: str) -> Callable[[RegisterBase], SlicedValue]:
    return lambda base: base.set(name)


_FUNCTIONS: dict[str, Callable[[RegisterBase], SlicedValue]] = complete(
    {
        "_": lambda base: SlicedSet(base.universe.everything),
        **{name: _set(name) for name in OF_REGISTERS if BASE_NAMES[name].kind is Kind.SET and name != "_"},
        "id": lambda base: base.visible([1 << e for e in range(base.universe.n)]),
        "loc": lambda base: base.with_more("loc", base.registers.locations),
        "int": lambda base: base.by_thread(same=True),
        "ext": lambda base: base.by_thread(same=False),
        "po": lambda base: base.visible(base.registers.po),
        "ctrl": lambda base: base.with_more("ctrl", base.registers.control),
        "same-instance": _flow(lambda registers: registers.same_instance),
        "rf-reg": _flow(lambda registers: registers.rf_reg),
        "iico_data": _flow(lambda registers: registers.iico_data),
        "iico_ctrl": _flow(lambda registers: registers.iico_ctrl),
        "iico_order": _flow(lambda registers: registers.iico_order),
    },
    OF_REGISTERS,
    "the engine's base sets and relations of registers and decisions",
)
