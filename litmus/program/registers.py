"""The register level: events of registers and decisions, as cat models with `catdep` see them.

Such a model computes dependencies itself, from reads and writes of registers (Rreg, Wreg), the flow
between instructions (rf-reg) and within one (iico_data, iico_ctrl), and decisions (B): of branches
(BCC), and of instructions that select a value or decide whether to store (PRED).

Unrolling has followed that flow already, and keeps where it led: addr, data, ctrl, and the pick_*
relations for what passed a PRED on its way.  The events here are rebuilt from those, no more of them
than it takes for the same paths to exist, by the rule "what feeds an operand is one flow":

  for each event e that something depends on    e -iico_data-> Wreg
  and, where some of that is by a pick, a select   Wreg -rf-reg-> Rreg -iico_data-> PRED -iico_ctrl-> Wreg
  for the address of an access, and the value of a store    Wreg -rf-reg-> Rreg (ADDR or DATA) -iico_data-> access
  for a branch, before the first events it controls    Wreg -rf-reg-> Rreg -iico_data-> BCC

So [R]; (rf-reg | iico_data)+ and the like relate the accesses and branches that they relate in herd7, but
registers that only pass a value on have no events, and which register it was is not said.
"""

from __future__ import annotations

from msgspec import Struct, field

from litmus.diagnostics import Unsupported
from litmus.program.code import Branch
from litmus.program.graph import EventGraph
from litmus.relation.rows import Rows, bits, transposed


class RegisterEvents(Struct):
    """The events of a graph's register level, numbered from `first` on, after those of the graph.

    guards and threads are theirs; the rows are of all events; `sets` are masks by cat name.
    """

    first: int
    guards: list[int] = field(default_factory=list)
    threads: list[int] = field(default_factory=list)
    sets: dict[str, int] = field(default_factory=dict)
    po: Rows = field(default_factory=list)
    rf_reg: Rows = field(default_factory=list)
    iico_data: Rows = field(default_factory=list)
    iico_ctrl: Rows = field(default_factory=list)
    iico_order: Rows = field(default_factory=list)
    same_instance: Rows = field(default_factory=list)


def same_instance(graph: EventGraph) -> Rows:
    """The pairs of events of one execution of one instruction, each with itself too."""
    before = transposed(graph.po)
    together: dict[int, int] = {}  # of each event, those of its thread, or of its block
    for thread in range(len(graph.program.threads)):
        own = sum(1 << event.number for event in graph.events if event.thread == thread)
        inside = [block.events for block in graph.blocks if block.thread == thread]
        for mask in (*inside, own & ~sum(inside)):
            together |= dict.fromkeys(bits(mask), mask)
    rows = [together.get(e, 0) & ~graph.po[e] & ~before[e] for e in range(len(graph.events))]
    for e, f in graph.exchanges:
        rows[e] &= ~(1 << f)
        rows[f] &= ~(1 << e)
    for r, w in graph.amo:  # in C, these are in program order
        rows[r] |= 1 << w
        rows[w] |= 1 << r
    return rows


_BEFORE, _IN, _AFTER = -1, 0, 1  # where an event stands: before, in or after the instruction of another


class _Builder:
    def __init__(self, graph: EventGraph) -> None:
        self.graph = graph
        self.first = len(graph.events)
        self.built = RegisterEvents(self.first)
        self.places: list[tuple[int, int]] = [(e, _IN) for e in range(self.first)]  # whose instruction, and where
        self.flows: dict[str, list[tuple[int, int]]] = {"rf-reg": [], "data": [], "ctrl": []}
        self.results: dict[int, int] = {}  # event -> the Wreg that has its result
        self.selected: dict[int, int] = {}  # event -> the Wreg that has what its result selected

    def event(self, anchor: int, where: int, *sets: str) -> int:
        number = len(self.places)
        self.places.append((anchor, where))
        event = self.graph.events[anchor]
        self.built.guards.append(event.guard)
        self.built.threads.append(event.thread)
        for name in sets:
            self.built.sets[name] = self.built.sets.get(name, 0) | 1 << number
        return number

    def result(self, e: int) -> int:
        if e not in self.results:
            self.results[e] = self.event(e, _IN, "Wreg")
            self.flows["data"].append((e, self.results[e]))
        return self.results[e]

    def selection(self, e: int) -> int:
        if e not in self.selected:
            read = self.event(e, _AFTER, "Rreg")
            decision = self.event(e, _AFTER, "B", "PRED")
            self.selected[e] = self.event(e, _AFTER, "Wreg")
            self.flows["rf-reg"].append((self.result(e), read))
            self.flows["data"].append((read, decision))
            self.flows["ctrl"].append((decision, self.selected[e]))
        return self.selected[e]

    def operand(self, sources: int, picked: int, target: int, anchor: int, where: int, *sets: str) -> None:
        """An operand of `target`, computed from what `sources` read and selected by what `picked` did."""
        if sources | picked:
            port = self.event(anchor, where, "Rreg", *sets)
            self.flows["data"].append((port, target))
            self.flows["rf-reg"].extend((self.result(e), port) for e in bits(sources))
            self.flows["rf-reg"].extend((self.selection(e), port) for e in bits(picked))

    def build(self) -> RegisterEvents:
        graph, n = self.graph, self.first
        for rows, picks, port in (
            (graph.addr, graph.pick_addr, "ADDR"),
            (graph.data, graph.pick_data, "DATA"),
        ):
            sources, picked = transposed(rows), transposed(picks) if picks else [0] * n
            for e in range(n):
                self.operand(sources[e], picked[e], e, e, _IN, port)
        self.branches()
        built = self.built
        size = len(self.places)
        built.po = self.program_order(size)
        within = set(graph.amo_data)
        built.rf_reg = self.rows(self.flows["rf-reg"], size)
        built.iico_data = self.rows([*self.flows["data"], *within], size)
        built.iico_ctrl = self.rows(self.flows["ctrl"], size)
        picks = graph.pick_data or [0] * n
        plain = [(r, w) for r, w in graph.amo if (r, w) not in within and not picks[r] >> w & 1]
        built.iico_order = self.rows(plain, size)
        built.same_instance = self.instances(size)
        return built

    def branches(self) -> None:
        """A decision before each event that a branch controls and that is not after another one that it does."""
        graph, n = self.graph, self.first
        control = transposed(graph.ctrl)
        picked = transposed(graph.pick_ctrl) if graph.pick_ctrl else [0] * n
        before = transposed(graph.po)
        for e in range(n):
            new, new_picked = control[e], picked[e]
            if new | new_picked:
                for earlier in bits(before[e]):
                    new &= ~control[earlier]
                    new_picked &= ~picked[earlier]
                if new | new_picked:
                    decision = self.event(e, _BEFORE, "B", "BCC")
                    self.operand(new, new_picked, decision, e, _BEFORE)

    def rows(self, pairs: list[tuple[int, int]], size: int) -> Rows:
        rows = [0] * size
        for e, f in pairs:
            rows[e] |= 1 << f
        return rows

    def program_order(self, size: int) -> Rows:
        standing: dict[int, list[int]] = {}  # the new events by whose instruction they stand at
        for x in range(self.first, size):
            standing.setdefault(self.places[x][0], []).append(x)
        masks = {anchor: sum(1 << x for x in new) for anchor, new in standing.items()}
        rows = []
        for x in range(size):
            anchor, where = self.places[x]
            row = self.graph.po[anchor]
            for later in list(bits(row)):
                row |= masks.get(later, 0)
            row |= sum(1 << y for y in standing.get(anchor, ()) if self.places[y][1] > where)
            if where == _BEFORE:
                row |= 1 << anchor
            rows.append(row)
        return rows

    def instances(self, size: int) -> Rows:
        rows = same_instance(self.graph) + [0] * (size - self.first)
        together: dict[tuple[int, int], int] = {}
        for x in range(self.first, size):
            together[self.places[x]] = together.get(self.places[x], 0) | 1 << x
        originals = rows[: self.first]
        for e in range(self.first):
            for other in bits(originals[e]):
                rows[e] |= together.get((other, _IN), 0)
        for x in range(self.first, size):
            anchor, where = self.places[x]
            rows[x] = rows[anchor] if where == _IN else together[anchor, where]
        return rows


def register_events(graph: EventGraph) -> RegisterEvents:
    """The register level of a graph.

    Raises Unsupported where dependencies do not follow from it: in C a control dependency ends with its
    statement, and where a block lands is not known.
    """
    operations = [line.operation for thread in graph.program.threads for line in thread.lines]
    if graph.blocks or graph.exchanges or any(type(o) is Branch and o.join is not None for o in operations):
        where = "tests in C" if graph.program.arch == "C" else "instructions that are executed on a condition"
        raise Unsupported(f"models that compute dependencies (`catdep`) are not supported for {where}")
    if graph.single:
        raise Unsupported("models that compute dependencies (`catdep`) are not supported for atomic operations here")
    return _Builder(graph).build()
