"""Blaming: which barriers of a thread do not order what an execution needs out of order, and where the others are.

Two accesses of a thread are out of order in two cases.  The story puts them against program order; or the first is a
write, the second is a read, and some thread has not yet seen the write when the read takes place.
"""

from __future__ import annotations

from collections.abc import Iterable

from litmus.c.catalogue import CATALOGUE
from litmus.designs.naming import Names, joined
from litmus.oracle.story import Story

Pair = tuple[int, int]  # two accesses of a thread, in program order


def blamed(story: Story, names: Names, told: Iterable[int]) -> list[str]:
    """A clause for every thread in which accesses that are told are out of order."""
    events = list(told)
    overwritten = story.overwritten()
    clauses = []
    others = [t for t in range(len(story.execution.order)) if t not in names.targets]
    for threads in (sorted(names.targets), *([t] for t in others)):
        order = [e for t in threads for e in story.execution.order[t]]
        pairs = [pair for e in events if e in order for pair in _out_of_order(story, names, order, e)]
        pairs = [(a, e) for a, e in pairs if a in events]
        # Nothing orders T's own accesses anyway.  This is not said if there is something else to blame.
        if pairs and not (overwritten and all(names.is_access(e) for pair in pairs for e in pair)):
            clauses.append(_Blame(names, order).clause(pairs))
    for first, second, last in overwritten:
        order = list(story.execution.order[names.events[first].thread])
        clauses.append(_Blame(names, order).for_who_sees(first, second, last))
    return list(dict.fromkeys(clauses))


def _out_of_order(story: Story, names: Names, order: list[int], event: int) -> list[Pair]:
    """The pairs of a thread that are out of order and whose later access is `event`.

    order: the program order of the thread; for a T that migrates, the accesses on both its CPUs.
    """
    pairs = [(a, event) for a in story.overtaken(event)]
    if not story.at_once and not names.is_write(event):
        places = {(s.event, s.reader): i for i, s in enumerate(story.steps)}
        late = {s.event for s in story.steps[places[event, None] :] if s.reader is not None}
        pairs += [(a, event) for a in order[: order.index(event)] if a in late]
    return pairs


class _Blame:
    """The barriers of one thread.  `order`: its accesses and fences, in program order."""

    def __init__(self, names: Names, order: list[int]) -> None:
        self.names = names
        self.order = order

    def clause(self, pairs: list[Pair]) -> str:
        """The clause about the pair that matters most, and about the barriers between its accesses.

        Pairs with an access of the design come first: T's own accesses need no barrier between them.
        """
        names = self.names
        design = [p for p in pairs if not all(names.is_access(e) for e in p)]
        first, second = min(design or pairs, key=lambda p: (len(self.between(*p)), self.distance(*p)))
        between = self.between(first, second)
        who = names.owner(first)
        if between:
            things = self.spelled(between)
            verb = "do" if " and " in things else "does"
            return f"{things} {verb} not order {who}'s {self.thing(first)} before its later {self.thing(second)}"
        return self.elsewhere(who, first, second)

    def for_who_sees(self, first: int, second: int, last: int) -> str:
        """A clause for two writes that barriers order only for threads that see the second one.

        `last` is a write of another thread, which overwrites the second one and has not seen it.
        """
        names = self.names
        between = self.between(first, second)
        who, other = names.owner(last), names.thing(second)
        things = self.spelled(between)
        verb = "order" if " and " in things else "orders"
        return (
            f"{things} {verb} {names.owner(first)}'s {names.thing(first)} before {other} only for who"
            f" sees {other}, and {who}'s {names.thing(last)} overwrites it unseen"
        )

    def spelled(self, statements: list[int]) -> str:
        names = self.names
        moving = [e for e in statements if names.is_access(e)]  # the hand-over: other accesses have no fences
        rest = [f"{names.source(e)} in line {names.line(e)}" for e in statements if e not in moving]
        return joined([*(["the hand-over to the new cpu"] if moving else []), *rest])

    def thing(self, event: int) -> str:
        return self.names.thing(event).removeprefix("the ")

    def distance(self, first: int, second: int) -> int:
        return self.order.index(second) - self.order.index(first)

    def between(self, first: int, second: int) -> list[int]:
        """The statements between two accesses that may order something.  Each is given by its first event."""
        inside = self.order[self.order.index(first) + 1 : self.order.index(second)]
        own = {self.names.place(first), self.names.place(second)}
        return self.statements(e for e in inside if self.names.is_fence(e) or self.names.place(e) not in own)

    def statements(self, events: Iterable[int]) -> list[int]:
        """One event of each statement that has a fence, or that is more than one plain access."""
        found: dict[object, int] = {}
        for e in events:
            plain = self.names.is_access(e) or self.names.is_message(e) or self.names.is_simple(e)
            if self.names.is_fence(e) or not plain:
                found.setdefault(self.names.place(e), e)
        return list(found.values())

    def elsewhere(self, who: str, first: int, second: int) -> str:
        """The clause for two accesses with no barrier between them: it says where the barriers of the thread are."""
        all_ = self.statements(self.order)
        if not all_:
            return f"{who} executes no barrier"
        barriers = [e for e in all_ if self.is_barrier(e)]
        lines: dict[str, dict[str, None]] = {"earlier": {}, "later": {}}
        for e in barriers:
            when = "earlier" if self.order.index(e) < self.order.index(first) else "later"
            inside = self.names.block_of.get(e)
            where = str(self.names.line(e))
            lines[when][where if inside is None else f"{where} ({self.names.block(inside)}'s)"] = None
        parts: list[str] = []
        for when, numbers in lines.items():
            if numbers:
                several = len(numbers) > 1
                what = f"{who}'s barrier{'s' * several}" if not parts else "those" if several else "that"
                of = f"in line{'s' * several} {joined(list(numbers))}"
                parts.append(f"{what} {of} come{'s' * (not several)} {when}")
        if not parts:
            return f"nothing between {who}'s {self.thing(first)} and its {self.thing(second)} orders them"
        return ", ".join(parts)

    def is_barrier(self, event: int) -> bool:
        primitive = CATALOGUE.get(self.names.word(event))
        return primitive is not None and primitive.kind == "fence"
