"""Replaying a story: does it contradict what the machine keeps in order?

The answer is found with the manuals, not with the cat models.  What a thread keeps in order is written down here a
second time, for each fence.  Going through the story step by step finds threads that read an old value after a fence
has made a newer value visible to them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property

from litmus.engine.answer import Execution
from litmus.program.graph import INITIAL, EventGraph, Guarded
from litmus.program.values import Address, Expr, Op, ReadOf, Value, When, apply

# What fences order: for each fence, pairs of the kinds of accesses before it and after it.  A fence orders a write
# before a read only if one of its pairs has W on the left and R on the right.
ALL = (("RW", "RW"),)
LIGHT = (("R", "RW"), ("W", "W"))
FENCES = {
    "MFENCE": ALL,
    # Power ISA, Book II, 4.6.3
    "SYNC": ALL, "LWSYNC": LIGHT, "EIEIO": (("W", "W"),),
    # Arm ARM (A and M profile): DMB, DSB
    **{f"{f}{d}": ALL for f in ("DMB", "DSB") for d in ("", ".SY", ".ISH", ".OSH", ".NSH")},
    **{f"{f}{d}": (("W", "W"),) for f in ("DMB", "DSB") for d in (".ST", ".ISHST")},
    **{f"{f}{d}": (("R", "RW"),) for f in ("DMB", "DSB") for d in (".LD", ".ISHLD")},
    # RISC-V
    "Fence.tso": LIGHT,
    **{f"Fence.{p}.{s}": ((p.upper(), s.upper()),) for p in ("r", "w", "rw") for s in ("r", "w", "rw")},
}  # fmt: skip
CUMULATIVE = ("SYNC", "LWSYNC", "EIEIO", "DMB", "DSB")  # on machines on which writes reach threads one by one
FULL = ("SYNC", "DMB", "DSB")  # a write before such a fence is visible to all threads after it
ACQUIRE, RELEASE = {"A", "Q", "Acq", "AcqRel", "Sc"}, {"L", "Rel", "AcqRel", "Sc"}

Step = tuple[int, int | None]  # an access, or a write and the thread to which it becomes visible


class Replay:
    """The steps of a story, and what is wrong with them."""

    def __init__(self, execution: Execution, steps: Sequence[Step], at_once: bool, tso: bool) -> None:
        self.execution = execution
        self.events = execution.graph.events
        self.at_once = at_once
        self.tso = tso
        self.at = {step: i for i, step in enumerate(steps)}
        self.repeated = len(self.at) != len(steps)
        self.accesses = [e for order in execution.order for e in order if self.kind(e) != "F"]

    def contradictions(self) -> list[str]:
        """All contradictions, in words."""
        return [*self.missing(), *self.kept(), *self.values(), *self.unseen()]

    # ------------------------------------------------------------ facts

    def kind(self, e: int) -> str:
        return self.events[e].kind

    def thread(self, e: int) -> int:
        return self.events[e].thread

    def when(self, e: int) -> int:
        return self.at[e, None]

    def visible(self, w: int, thread: int) -> float:
        """When a thread sees a write; infinity if that is not told."""
        if self.thread(w) == INITIAL:
            return -1
        if self.at_once or self.thread(w) == thread:
            return self.when(w)
        return self.at.get((w, thread), float("inf"))

    @cached_property
    def co(self) -> set[tuple[int, int]]:
        """Coherence order.  The execution does not list it for messages, each of which is written once."""
        orders = [list(order) for order in self.execution.co]
        known = {w for order in orders for w in order}
        cells: dict[object, list[int]] = {}
        for w in self.accesses:
            if self.kind(w) == "W" and w not in known:
                cells.setdefault(self.execution.addresses[w], []).append(w)
        orders += cells.values()
        return {(a, b) for order in orders for i, a in enumerate(order) for b in order[i + 1 :]}

    def later(self, w: int) -> list[int]:
        """The writes after w in coherence order.  After the initial write of a message: all other writes to it."""
        found = [b for a, b in self.co if a == w]
        if self.thread(w) == INITIAL and not found:
            place = self.events[w].address
            found = [e for e in self.accesses if self.kind(e) == "W" and self.execution.addresses[e] == place]
        return found

    def fences(self, order: Sequence[int], i: int, j: int) -> Iterator[str]:
        for e in order[i + 1 : j]:
            if self.kind(e) == "F":
                yield next((tag for tag in sorted(self.events[e].tags) if tag in FENCES), "")

    # ------------------------------------------------------------ what is wrong

    def missing(self) -> Iterator[str]:
        if self.repeated or {e for e, reader in self.at if reader is None} != set(self.accesses):
            yield "not every access is told once"
        for (e, reader), i in self.at.items():
            if reader is not None and (self.kind(e) != "W" or i < self.when(e) or self.at_once):
                yield f"{e} becomes visible before it takes place"

    def kept(self) -> Iterator[str]:
        """Pairs of accesses of a thread that must be in order, and are not."""
        for order in self.execution.order:
            for i, a in enumerate(order):
                for j in range(i + 1, len(order)):
                    e = order[j]
                    if "F" not in (self.kind(a), self.kind(e)):
                        why = self.keeps(order, i, j)
                        if why and self.when(a) > self.when(e):
                            yield f"{e} before {a}, which {why} forbids"

    def keeps(self, order: Sequence[int], i: int, j: int) -> str | None:
        """Why two accesses of a thread are in order; None if they need not be."""
        a, e = order[i], order[j]
        kinds = self.kind(a), self.kind(e)
        tags = self.events[a].tags, self.events[e].tags
        for fence in self.fences(order, i, j):
            if any(kinds[0] in before and kinds[1] in after for before, after in FENCES.get(fence, ())):
                return fence
        if self.tso:
            locked = (kinds[0] == "W" and "X" in tags[0]) or (kinds[1] == "R" and "X" in tags[1])
            return "TSO" if kinds != ("W", "R") or (locked and not self.same_instruction(a, e)) else None
        if self.same_instruction(a, e):
            return None
        if (tags[0] & ACQUIRE and kinds[0] == "R") or (tags[1] & RELEASE and kinds[1] == "W"):
            return "an acquire or a release"
        return self.depends(order, i, j)

    @property
    def graph(self) -> EventGraph:
        graph = self.execution.graph
        assert isinstance(graph, EventGraph), "the engines tell how events depend on each other"
        return graph

    def related(self, relation: Guarded, a: int, e: int) -> bool:
        """Whether two events are related on the way that the execution takes."""
        if relation.rows[a] >> e & 1:
            return True
        guard = relation.under.get((a, e))
        return guard is not None and self.graph.guards.holds(guard, self.way)

    @cached_property
    def way(self) -> tuple[bool, ...]:
        """How each decision goes, as far as conditions and the events that execute tell."""
        graph = self.graph
        holds = graph.guards.holds
        found: list[tuple[bool, ...]] = [()]
        for decision in graph.decisions:
            found = [
                (*way, value)
                for way in found
                for value in (self.ways(decision.condition, way) if holds(decision.guard, way) else (False,))
            ]
        executed = self.execution.executed
        return next(w for w in found if all(holds(e.guard, w) == bool(executed >> e.number & 1) for e in self.events))

    def ways(self, condition: Expr | None, way: Sequence[bool]) -> tuple[bool, ...]:
        """How a decision may go."""
        return (False, True) if condition is None else (self.value(condition, way) != 0,)

    def value(self, expr: Expr, way: Sequence[bool]) -> Value:
        """The value of an expression; on this way, if choices are in it."""
        if isinstance(expr, ReadOf):
            return self.execution.values.get(expr.event, 0)  # on a wrong way, which is dropped in the end
        if isinstance(expr, When):
            return int(self.graph.guards.holds(expr.guard, way))
        if isinstance(expr, Op) and expr.name == "choice":
            return self.value(expr.args[1] if self.value(expr.args[0], way) else expr.args[2], way)
        if isinstance(expr, Op):
            return apply(expr.name, tuple([self.value(a, way) for a in expr.args]))
        assert isinstance(expr, int | Address)
        return expr

    def depends(self, order: Sequence[int], i: int, j: int) -> str | None:
        graph = self.graph
        a, e = order[i], order[j]
        address = any(self.related(graph.addr, a, f) for f in order[i + 1 : j])
        control = self.related(graph.ctrl, a, e)
        writes = self.kind(e) == "W"
        if self.related(graph.addr, a, e) or (self.related(graph.data, a, e) and writes):
            return "a dependency"
        if (control or address) and writes:
            return "a dependency"
        for k in range(i + 1, j):
            f = order[k]
            if self.events[f].tags & {"ISYNC", "ISB"} and self.related(graph.ctrl, a, f):
                return "a control fence"
        return None

    def same_instruction(self, a: int, e: int) -> bool:
        graph = self.graph
        return any((a, e) == pair for pair in (*graph.updates, *graph.amo, *graph.single, *graph.lxsx))

    def values(self) -> Iterator[str]:
        """Reads that do not return the latest write that their thread sees."""
        for r, w in self.execution.rf.items():
            p, now = self.thread(r), self.when(r)
            forwarded = self.thread(w) == p
            if not forwarded and self.visible(w, p) > now:
                yield f"{r} reads {w}, which is not visible to it"
            yield from (f"{r} reads {w}, and sees {v}" for v in self.later(w) if self.visible(v, p) < now)

    def unseen(self) -> Iterator[str]:
        """Reads of old values after a fence has made a newer one visible."""
        reads = list(self.execution.rf.items())
        for p in range(len(self.execution.order)):
            for w, since in self.demanded(p):
                for r, old in reads:
                    if self.thread(r) == p and self.when(r) > since and w in self.later(old):
                        yield f"{r} reads {old}, and a fence has made {w} visible"

    def demanded(self, p: int) -> Iterator[tuple[int, float]]:
        """The writes that a thread has to see, and since when."""
        if self.at_once:
            return
        for w, after, strong in self.cumulative:
            if self.kind(after) == "W":
                since = self.visible(after, p)
                if strong:
                    since = min(since, self.when(after))
            else:
                since = self.when(after) if strong else float("inf")
            for before in self.all_before(w):
                yield before, since

    @cached_property
    def cumulative(self) -> list[tuple[int, int, bool]]:
        """Triples: a write that a thread did or saw, an access after a later fence, and whether the fence is full."""
        found = []
        for order in self.execution.order:
            for i, a in enumerate(order):
                if self.kind(a) == "F":
                    continue
                w = self.execution.rf[a] if self.kind(a) == "R" else a
                for j in range(i + 1, len(order)):
                    for fence in self.fences(order, i, j):
                        ordered = any(
                            self.kind(a) in before and self.kind(order[j]) in after
                            for before, after in FENCES.get(fence, ())
                        )
                        if ordered and fence.startswith(CUMULATIVE) and self.kind(order[j]) != "F":
                            found.append((w, order[j], fence.startswith(FULL) and FENCES[fence] == ALL))
        return found

    def all_before(self, w: int) -> Iterable[int]:
        """A write, and all writes that a thread which sees it has to see."""
        found = {w}
        while True:
            more = {v for v, after, _ in self.cumulative if after in found} - found
            if not more:
                return found
            found |= more
