"""Executions written by hand, with fences and annotations of any architecture, for judging models.

`annotated("Wx=1 DMB.ST Wy=1 | A:Ry=1 addr:Rx=0")`: `|` separates threads, and events are in program order.  A word
without `=` is a fence, in the set of its name.  `Ux=1>2` is one event that reads 1 and writes 2.  A read of 0 reads the
initial write; a read of another value reads the write of that value.  The writes to a location are in coherence order
by their values.

Before an access there may be words, separated by colons:

    addr, data, ctrl                 a dependency from the read before it (`ctrl` for all later events too)
    pick-addr, pick-data, pick-ctrl  likewise, a pick dependency
    done                             ends `ctrl`
    lx, sc                           a load-reserve, and the store-conditional that is paired with it
    sc!                              a store-conditional; later events depend on its success
    swap, add, cas                   twice in a row: the read and the write of one atomic instruction.  It stores a
                                     value of its own (swap), a value computed from what it read (add), or a value of
                                     its own if what it read was expected (cas)

Any other word is a set to which the access belongs.
"""

from __future__ import annotations

from itertools import product
from typing import Any

Base = dict[str, frozenset[Any]]

SETS = ("_", "M", "R", "W", "IW", "FW", "F")
DEPENDENCIES = ("addr", "data", "ctrl", "pick-addr", "pick-data", "pick-ctrl")
RELATIONS = ("po", "rf", "co", *DEPENDENCIES, "amo", "amo-data", "update", "lxsx")
CONTROLS = ("ctrl", "pick-ctrl")
ATOMICS = ("swap", "add", "cas")


class _Sets(dict[str, frozenset[Any]]):
    """The sets of an execution.  A set that is not mentioned is empty."""

    def __missing__(self, name: str) -> frozenset[Any]:
        return frozenset()


class _Builder:
    def __init__(self) -> None:
        self.sets: dict[str, set[Any]] = {name: set() for name in SETS}
        self.relations: dict[str, set[Any]] = {name: set() for name in RELATIONS}
        self.thread_of: dict[int, int] = {}
        self.locations: dict[int, str] = {}
        self.read: dict[int, int] = {}
        self.written: dict[int, int] = {}

    def event(self, thread: int) -> int:
        event = len(self.thread_of)
        self.thread_of[event] = thread
        self.sets["_"].add(event)
        return event

    def access(self, event: int, direction: str, location: str, values: str) -> None:
        before, _, after = values.rpartition(">") if direction == "U" else (values, "", values)
        self.locations[event] = location
        if direction != "W":
            self.read[event] = int(before)
        if direction != "R":
            self.written[event] = int(after)

    def thread(self, thread: int, code: str) -> None:
        earlier: list[int] = []
        source = reserved = updated = -1  # the last read, load-reserve, and read of an unfinished update
        controls: dict[str, int] = {}
        for word in code.split():
            *marks, access = word.split(":")
            event = self.event(thread)
            self.relations["po"] |= {(e, event) for e in earlier}
            if "done" in marks:
                controls.clear()
            for mark in marks:
                if mark in CONTROLS:
                    controls[mark] = source
                elif mark in DEPENDENCIES:
                    self.relations[mark].add((source, event))
            for mark, read in controls.items():
                self.relations[mark].add((read, event))
            if "=" in access:
                self.access(event, access[0], access[1], access[3:])
            else:
                marks.append(access)
                self.sets["F"].add(event)
            if event in self.read or "sc!" in marks:
                source = event
            if "lx" in marks:
                reserved = event
            if "sc" in marks or "sc!" in marks:
                self.relations["lxsx"].add((reserved, event))
            if any(atomic in marks for atomic in ATOMICS):
                if updated < 0:
                    updated = event
                else:
                    pair = (updated, event)
                    self.relations["amo"].add(pair)
                    self.relations["update"].add(pair)
                    self.relations["po"].discard(pair)
                    if "add" in marks:
                        self.relations["amo-data"].add(pair)
                    if "cas" in marks:
                        self.relations["pick-data"].add(pair)
                    updated = -1
            for mark in marks:
                self.sets.setdefault(mark, set()).add(event)
            earlier.append(event)

    def memory(self) -> None:
        for location in sorted(set(self.locations.values())):
            initial = self.event(-1)
            self.sets["IW"].add(initial)
            self.access(initial, "W", location, "0")
        self.sets["M"] = set(self.locations)
        self.sets["R"] = set(self.read)
        self.sets["W"] = set(self.written)
        for write, content in self.written.items():
            for read, value in self.read.items():
                if content == value and self.locations[write] == self.locations[read]:
                    self.relations["rf"].add((write, read))
            for other, value in self.written.items():
                if content < value and self.locations[write] == self.locations[other]:
                    self.relations["co"].add((write, other))
        self.sets["FW"] = self.sets["W"] - {w for w, _ in self.relations["co"]}

    def base(self) -> Base:
        pairs = set(product(self.thread_of, self.thread_of))
        relations = dict(self.relations)
        relations["id"] = {(e, e) for e in self.thread_of}
        relations["int"] = {(a, b) for a, b in pairs if self.thread_of[a] == self.thread_of[b]}
        relations["ext"] = pairs - relations["int"]
        locations = self.locations
        relations["loc"] = {(a, b) for a, b in product(locations, locations) if locations[a] == locations[b]}
        return _Sets({name: frozenset(value) for name, value in (*self.sets.items(), *relations.items())})


def annotated(text: str) -> Base:
    """The base sets and relations of an execution; events are numbered from 0."""
    builder = _Builder()
    for thread, code in enumerate(text.split("|")):
        builder.thread(thread, code)
    builder.memory()
    base = builder.base()
    assert len(base["rf"]) == len(base["R"]), text
    return base
