"""Stories: one order of the steps of an execution that contradicts nothing that the model keeps in order.

What a model keeps in order is read from its checks: each relation that it demands to be acyclic is an order of events.
Two views of memory are tried, the simpler one first:

* at once: a write becomes visible to all threads in one step.  Then all those orders, rf between threads, co and fr
  together are one order of steps.
* thread by thread: first a write takes place.  Then it becomes visible to the threads that read its location, to each
  in a separate step.  An order that has co in it (POWER's co | prop) says in which order writes become visible.  Every
  other order (hb) says in which order accesses take place ("Herding cats", TOPLAS 2014, section 4).  A thread that
  reads an old value has not seen the newer write.  It has not seen either what that write precedes in an order of the
  first kind.  An order of co and program order alone (of the store-conditionals of a thread, in power.cat) is about
  coherence, and binds no reader.

If neither view leads to an order, there is no story.  What the model leaves open stays in program order where possible.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import pairwise, permutations
from typing import Literal

from msgspec import Struct

from litmus.algebra.dag import Model
from litmus.algebra.names import Rests
from litmus.algebra.operators import Operator
from litmus.engine.answer import Execution
from litmus.oracle.algebra import Relation
from litmus.oracle.base import base
from litmus.oracle.recheck import Accepted, accepted
from litmus.program.graph import INITIAL
from litmus.relation.rows import bits, transitive_closure

MOST_THREADS = 4  # up to so many threads, all orders of the threads are tried


class Step(Struct, frozen=True):
    """An access takes place.  If there is a reader: a write becomes visible to that thread."""

    event: int
    reader: int | None = None


class Story(Struct, frozen=True):
    """The accesses of all threads in an order that the model allows, messages and blocks among them.

    at_once: every write becomes visible to all threads where it takes place, so that no step has a reader.  If it is
    false, another thread sees a write in a step that names this thread as the reader.  A thread sees its own writes
    where they take place.
    earlier: for each access, the mask of the accesses that must come before it, given the program order that is kept.
    """

    execution: Execution
    steps: tuple[Step, ...]
    at_once: bool
    earlier: Mapping[int, int]

    def overtaken(self, event: int) -> list[int]:
        """The accesses that are before an access in program order, but after it in the story."""
        place = self._places()
        order = self.execution.order[self.execution.graph.events[event].thread]
        return [e for e in order[: order.index(event)] if e in place and place[e] > place[event]]

    def unseen(self, event: int) -> dict[int, int]:
        """The threads that see a write later than it takes place, and how many steps later each of them sees it.

        A thread is left out if no step of another event is in between.
        """
        at = self._places()[event]
        found = {}
        for i in range(at + 1, len(self.steps)):
            step = self.steps[i]
            if step.event == event and step.reader is not None and any(s.event != event for s in self.steps[at:i]):
                found[step.reader] = i - at
        return found

    def overwritten(self) -> list[tuple[int, int, int]]:
        """Triples of writes: first and second, with a fence between them, and last, which overwrites second.

        The thread of last never sees second, and sees first only after last.  That is possible because the fence binds
        only threads that see second.
        """
        events = self.execution.graph.events
        places = {(step.event, step.reader): i for i, step in enumerate(self.steps)}
        found = []
        for (first, reader), seen in places.items():
            if reader is None or reader not in self.unseen(first):
                continue
            order = self.execution.order[events[first].thread]
            for second, last in (pair for writes in self.execution.co for pair in pairwise(writes)):
                if second not in order or events[last].thread != reader or (second, reader) in places:
                    continue
                between = order[order.index(first) : order.index(second)]
                if places[last, None] < seen and any(events[e].kind == "F" for e in between):
                    found.append((first, second, last))
        return found

    def _places(self) -> dict[int, int]:
        return {step.event: i for i, step in enumerate(self.steps) if step.reader is None}


def story(execution: Execution, model: Model) -> Story | None:
    """The story of an execution that the model allows; None if there is none."""
    found = accepted(execution, model)
    assert isinstance(found, Accepted), found
    facts = _Facts(execution, found)
    for at_once in (True, False):
        graph = _at_once(facts) if at_once else _thread_by_thread(facts)
        if graph is not None:
            _keep_updates(graph, facts)
            for w, v in sorted(facts.co):
                graph.keep(w, v)
            _keep_program_order(graph, facts)
            for first, second in graph.preferred:
                graph.keep(first, second)
            _keep_blocks(graph, facts)
            return Story(execution, tuple(_in_line(graph, facts)), at_once, graph.earlier())
    return None


# ---------------------------------------------------------------- what the model keeps


_Kind = Literal["accesses", "writes", "coherence"]


class _Facts:
    """What the story of an execution is made from.  If models see a read-modify-write as one event, it is one here too.

    orders: the acyclic relations, by what they are about: how accesses take place, how writes become visible, coherence
    alone.  The relations have no initial writes.  A relation whose pairs all stay within one location is left out,
    because it says no more than rf, co and fr do.
    """

    def __init__(self, execution: Execution, found: Accepted) -> None:
        self.taken = found.candidate.way.taken
        self.order = execution.order
        self.events = events = execution.graph.events
        self.executed = [e for e in bits(execution.executed) if events[e].thread != INITIAL]
        self.thread = {e: events[e].thread for e in self.executed}
        self.writes = {e for e in self.executed if events[e].kind == "W"}
        self.place = dict(found.candidate.addresses)
        initial = {e.number for e in events if e.thread == INITIAL}

        def named(name: str) -> Relation:
            value = base(found.candidate, name)
            return frozenset((p[0], p[1]) for p in value if isinstance(p, tuple))

        rf, co = named("rf"), named("co")
        before = {r: w for w, r in rf}
        self.fr = frozenset((r, w) for r, source in before.items() for o, w in co if o == source and w != r)
        self.rf = frozenset((w, r) for w, r in rf if w not in initial)
        self.co = frozenset((w, v) for w, v in co if w not in initial)
        self.size = max([e.number for e in events], default=-1) + 1
        self.orders: dict[_Kind, list[Relation]] = {"accesses": [], "writes": [], "coherence": []}
        for value, kind in _orders(found):
            if any(self.place.get(e) != self.place.get(f) for e, f in value if e not in initial):
                kept = frozenset((e, f) for e, f in value if e not in initial)
                self.orders[kind].append(kept)
                self.size = max(self.size, 1 + max(max(pair) for pair in kept))
        self.writes |= {r for r, _ in self.made("single")}

    def made(self, name: str) -> Relation:
        """A relation that follows from the code alone."""
        return self.taken.relations.get(name, frozenset())

    def external(self, relation: Relation) -> Iterator[tuple[int, int]]:
        """The pairs of events of different threads."""
        return ((e, f) for e, f in relation if self.thread[e] != self.thread[f])


def _orders(found: Accepted) -> Iterator[tuple[Relation, _Kind]]:
    """The value of each relation that a check demands to be acyclic, and what the relation is about.

    A relation that must be irreflexive is one of them if it is its own transitive closure.
    """
    nodes = found.model.nodes
    for check in found.model.checks:
        if check.effect != "check" or check.negated or check.predicate == "empty":
            continue
        value = frozenset(p for p in found.meaning.value(check.node) if isinstance(p, tuple))
        if check.predicate == "irreflexive":
            if nodes[check.node].operator not in (Operator.FIX, Operator.PLUS):
                continue
            if any((a, d) not in value for a, b in value for c, d in value if b == c):
                continue
        rests = found.meaning.definitions.rests
        terms = list(_terms(found.model, check.node))
        with_co = any(nodes[i].operator is Operator.BASE and nodes[i].name == "co" for i in terms)
        yield (
            value,
            "accesses" if not with_co else "writes" if any(Rests.READS in rests[i] for i in terms) else "coherence",
        )


def _terms(model: Model, i: int) -> Iterator[int]:
    """The nodes that a node is the union of."""
    if model.nodes[i].operator is Operator.UNION:
        for a in model.nodes[i].arguments:
            yield from _terms(model, a)
    else:
        yield i


# ---------------------------------------------------------------- orders of steps


class _Order:
    """A partial order of numbered steps, always transitively closed.  Events that are one step share its number."""

    def __init__(self, rows: list[int]) -> None:
        self.rows = transitive_closure(rows)
        self.members = {e: [e] for e in range(len(rows))}
        self.of = list(range(len(rows)))
        self.readers: dict[int, tuple[int, int]] = {}  # the number of a step -> the write and the thread that sees it
        self.preferred: list[tuple[int, int]] = []  # pairs to keep in this order if nothing contradicts them

    def is_acyclic(self) -> bool:
        return not any(row >> e & 1 for e, row in enumerate(self.rows))

    def earlier(self) -> dict[int, int]:
        """For each event, the mask of the events that come before it."""
        found = dict.fromkeys(range(len(self.of)), 0)
        for number, members in self.members.items():
            mask = sum(1 << e for e in members)
            for later in bits(self.rows[number]):
                for e in self.members[later]:
                    found[e] |= mask
        return found

    def keep(self, first: int, second: int) -> bool:
        """Put the first step before the second, unless the second has to come first.  Returns False in that case."""
        a, b = self.of[first], self.of[second]
        if a == b or self.rows[a] >> b & 1:
            return True
        if self.rows[b] >> a & 1:
            return False
        after = self.rows[b] | 1 << b
        for e, row in enumerate(self.rows):
            if e == a or row >> a & 1:
                self.rows[e] = row | after
        return True

    def unite(self, events: Iterable[int]) -> None:
        """Make one step of several steps, unless another step has to come between them."""
        numbers = list(dict.fromkeys(self.of[e] for e in events))
        if len(numbers) < 2:
            return
        inside = sum(1 << n for n in numbers)
        after = 0
        for n in numbers:
            after |= self.rows[n]
        if any(self.rows[e] & inside for e in bits(after & ~inside)):
            return
        first, *rest = numbers
        for e, row in enumerate(self.rows):
            if row & inside:
                self.rows[e] = row & ~inside | 1 << first | after & ~inside
        self.rows[first] = after & ~inside
        for n in rest:
            self.rows[n] = 0
            self.members[first] += self.members.pop(n)
        for event in self.members[first]:
            self.of[event] = first


def _at_once(facts: _Facts) -> _Order | None:
    pairs = [*facts.external(facts.rf), *facts.co, *facts.fr]
    for relations in facts.orders.values():
        pairs += [pair for relation in relations for pair in relation]
    return _closed(facts.size, pairs)


def _closed(size: int, pairs: Iterable[tuple[int, int]]) -> _Order | None:
    rows = [0] * size
    for e, f in pairs:
        rows[e] |= 1 << f
    order = _Order(rows)
    return order if order.is_acyclic() else None


class _Sights:
    """The steps in which threads see writes.  Their numbers come after those of events.

    seen: pairs of a write and another thread that reads it.  missed: pairs of a write and another thread that reads an
    older value but never this write.  late: for each write, the reads that read something older.
    """

    def __init__(self, facts: _Facts) -> None:
        thread = facts.thread
        self.facts = facts
        self.threads = range(len(facts.order))
        self.seen = {(w, thread[r]) for w, r in facts.external(facts.rf)}
        missed = {(w, thread[r]) for r, w in facts.external(facts.fr)} - self.seen
        self.number = {pair: facts.size + i for i, pair in enumerate([*sorted(self.seen), *sorted(missed)])}
        self.size = facts.size + len(self.number)
        self.late: dict[int, list[int]] = {}
        for r, w in facts.fr:
            self.late.setdefault(w, []).append(r)

    def step(self, w: int, thread: int) -> int | None:
        """The step in which a thread sees a write; None if the thread need not see it."""
        if self.facts.thread[w] == thread:
            return w
        return self.number[w, thread] if (w, thread) in self.seen else None

    def by_communication(self) -> Iterator[tuple[int, int]]:
        """The pairs of steps that follow from rf, co and fr."""
        facts, number = self.facts, self.number
        yield from ((w, step) for (w, _), step in number.items())
        yield from ((number[w, facts.thread[r]], r) for w, r in facts.external(facts.rf))
        yield from ((r, number[w, facts.thread[r]]) for r, w in facts.external(facts.fr))
        for w, v in facts.co:
            if facts.thread[w] == facts.thread[v]:
                yield w, v
            yield from ((number[w, p], number[v, p]) for p in self.threads if {(w, p), (v, p)} <= self.seen)

    def by_order(self, relation: Relation) -> Iterator[tuple[int, int]]:
        """The pairs of steps of each thread that follow from an order about writes."""
        for e, f in self.proper(relation):
            if e not in self.facts.writes:
                yield e, f
                continue
            for p in self.threads:
                then = self.step(f, p) if f in self.facts.writes else f
                if then is None:
                    continue
                first = self.step(e, p)
                if first is not None:
                    yield first, then
                yield from ((r, then) for r in self.late.get(e, ()) if self.facts.thread[r] == p and r != then)

    def preferred(self, relation: Relation) -> Iterator[tuple[int, int]]:
        """Pairs of a read that misses a write, and an access that the relation puts after that write.

        The read should take place before the access: a full fence demands that, other fences do not.
        """
        return ((r, f) for e, f in self.proper(relation) for r in self.late.get(e, ()))

    def proper(self, relation: Relation) -> Iterator[tuple[int, int]]:
        """The pairs of accesses that are not in co."""
        thread, co = self.facts.thread, self.facts.co
        return ((e, f) for e, f in relation if e in thread and f in thread and (e, f) not in co)


def _thread_by_thread(facts: _Facts) -> _Order | None:
    sights = _Sights(facts)
    pairs = [*sights.by_communication()]
    pairs += [pair for relation in facts.orders["accesses"] for pair in relation]
    pairs += [pair for relation in facts.orders["writes"] for pair in sights.by_order(relation)]
    order = _closed(sights.size, pairs)
    if order is None:
        return None
    order.preferred = sorted({pair for relation in facts.orders["writes"] for pair in sights.preferred(relation)})
    order.readers = {step: pair for pair, step in sights.number.items()}
    return order


# ---------------------------------------------------------------- what the model leaves open


def _keep_updates(order: _Order, facts: _Facts) -> None:
    """Make each atomic update one step where possible."""
    for name in ("single", "amo", "lxsx"):
        for r, w in sorted(facts.made(name)):
            order.unite((r, w))


def _keep_blocks(order: _Order, facts: _Facts) -> None:
    """Make each floating block one step where possible: if nothing has to come between its accesses."""
    for block in facts.taken.blocks.values():
        order.unite(e for e in block.events if facts.events[e].kind != "F")


def _keep_program_order(order: _Order, facts: _Facts) -> None:
    """Put the accesses of each thread in program order where possible.

    The pairs that machines exchange most rarely are done first.
    """
    pairs = []
    for events in facts.order:
        accesses = [e for e in events if facts.events[e].kind != "F"]
        for i, first in enumerate(accesses):
            for j, second in enumerate(accesses[i + 1 :]):
                pairs.append((-_price(facts, first, second), j, first, second))
    for _, _, first, second in sorted(pairs):
        order.keep(first, second)


def _price(facts: _Facts, first: int, second: int) -> int:
    """A number that is the larger, the more rarely machines let the second access overtake the first.

    It is smallest for a read after a write (a store buffer).  It is large if a dependency or a fence stands between the
    accesses, or if they are to one location.
    """
    buffered = (facts.events[first].kind, facts.events[second].kind) == ("W", "R")
    depends = any((first, second) in facts.made(name) for name in ("addr", "data", "ctrl"))
    events = facts.order[facts.events[first].thread]
    between = events[events.index(first) + 1 : events.index(second)]
    fenced = any(facts.events[e].kind == "F" for e in between)
    same = facts.place.get(first) == facts.place.get(second)
    return (1 if buffered else 10) + 100 * depends + 1000 * fenced + 10000 * same


# ---------------------------------------------------------------- one after the other


def _in_line(order: _Order, facts: _Facts) -> list[Step]:
    """All steps in the order that changes least often from one thread to another."""
    threads = range(len(facts.order))
    ways = permutations(threads) if len(threads) <= MOST_THREADS else (tuple(threads),)
    return min((_line(order, facts, way) for way in ways), key=lambda steps: _changes(steps, facts))


def _changes(steps: list[Step], facts: _Facts) -> int:
    speakers = [facts.events[step.event].thread for step in steps if step.reader is None]
    return sum(a != b for a, b in pairwise(speakers))


def _line(order: _Order, facts: _Facts, threads: tuple[int, ...]) -> list[Step]:
    """A linear order of all steps.  A thread goes on while it can; then the first of `threads` that can goes on."""
    events = facts.events
    own = [e for thread in facts.order for e in thread if events[e].kind != "F"]
    place = {e: i for i, e in enumerate(own)}
    left = {n for n in order.members if n in place or n in order.readers}
    others = {n for n in order.members if n not in left}  # fences and initial writes, registers and branches
    waits = {n: sum(1 << m for m in left if order.rows[m] >> n & 1) for n in left}
    ready = sum(1 << n for n in others)
    steps: list[Step] = []
    last = threads[0]
    while left:
        free = [n for n in left if not waits[n] & ~ready]
        seeing = [n for n in free if n in order.readers]
        if seeing:
            chosen = min(seeing)
            event, reader = order.readers[chosen]
            steps.append(Step(event, reader))
        else:
            speakers = [last, *threads]
            chosen = min(free, key=lambda n: (speakers.index(events[n].thread), place[n]))
            last = events[chosen].thread
            steps += [Step(e) for e in sorted(order.members[chosen], key=place.__getitem__)]
        left.remove(chosen)
        ready |= 1 << chosen
    return steps
