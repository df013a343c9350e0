"""Executions written by hand, for judging models without an engine.

`execution("Wx=1 SYNC Wy=1 | Ry=1 addr:Rx=0")`: threads stand between `|`, events in program order.  A read of 0
reads the initial write.  Any other value names its write.  Before an access:

* `addr:`, `data:` and `ctrl:` are dependencies on the read before it (`ctrl:` holds for all later events too);
* `lx:` and `sc:` are a load-reserve and the store-conditional that is paired with it;
* `lock:`, twice in a row, marks the read and the write of a locked instruction, `unlocked:` those of one without lock;
* `x:` is the read of a locked instruction that does not write.

Writes to a location are in the coherence order of their values.
"""

from __future__ import annotations

from itertools import product
from typing import Any

Base = dict[str, frozenset[Any]]

RELATIONS = ("po", "rf", "co", "addr", "data", "ctrl", "amo", "update", "lxsx")
FENCES = ("SYNC", "LWSYNC", "ISYNC", "EIEIO", "MFENCE", "SFENCE", "LFENCE")


def execution(text: str) -> Base:
    """The base sets and relations of an execution; events are numbered from 0."""
    sets: dict[str, set[Any]] = {name: set() for name in ("_", "M", "R", "W", "IW", "FW", "F", "X", "EX", *FENCES)}
    relations: dict[str, set[Any]] = {name: set() for name in RELATIONS}
    thread_of: dict[int, int] = {}
    accesses: dict[int, tuple[str, str, int]] = {}  # direction, location, value

    def add(thread: int) -> int:
        event = len(thread_of)
        thread_of[event] = thread
        sets["_"].add(event)
        return event

    for thread, code in enumerate(text.split("|")):
        earlier: list[int] = []
        read = reserved = updated = controlling = None
        for word in code.split():
            *marks, access = word.split(":")
            event = add(thread)
            relations["po"] |= {(e, event) for e in earlier}
            if "ctrl" in marks:
                controlling = read
            if controlling is not None:
                relations["ctrl"].add((controlling, event))
            for dependency in ("addr", "data"):
                if dependency in marks:
                    relations[dependency].add((read, event))
            if access in FENCES:
                sets[access].add(event)
                sets["F"].add(event)
            else:
                direction, location, value = access[0], access[1], int(access[3:])
                accesses[event] = (direction, location, value)
                if direction == "R":
                    read = event
                if "lx" in marks or "sc" in marks:
                    sets["EX"].add(event)
                if "lx" in marks:
                    reserved = event
                if "sc" in marks:
                    relations["lxsx"].add((reserved, event))
                if "lock" in marks or "x" in marks:
                    sets["X"].add(event)
                if "lock" in marks or "unlocked" in marks:
                    if updated is not None:
                        if "lock" in marks:
                            relations["amo"].add((updated, event))
                        relations["update"].add((updated, event))
                        relations["po"].discard((updated, event))
                    updated = None if updated is not None else event
            earlier.append(event)
    for location in sorted({location for _, location, _ in accesses.values()}):
        initial = add(-1)
        sets["IW"].add(initial)
        accesses[initial] = ("W", location, 0)
    for event, (direction, location, value) in accesses.items():
        sets["M"].add(event)
        sets[direction].add(event)
        for other, (kind, place, content) in accesses.items():
            if kind == "W" and place == location:
                if direction == "R" and content == value:
                    relations["rf"].add((other, event))
                if direction == "W" and value < content:
                    relations["co"].add((event, other))
    sets["FW"] = {w for w in sets["W"] if all(a != w for a, _ in relations["co"])}
    assert len(relations["rf"]) == len(sets["R"]), text
    pairs = set(product(thread_of, thread_of))
    relations["id"] = {(e, e) for e in thread_of}
    relations["int"] = {(a, b) for a, b in pairs if thread_of[a] == thread_of[b]}
    relations["ext"] = pairs - relations["int"]
    relations["loc"] = {(a, b) for a, b in product(accesses, accesses) if accesses[a][1] == accesses[b][1]}
    return {name: frozenset(value) for name, value in (*sets.items(), *relations.items())}
