"""Random executions in the notation of annotated_executions, most of them coherent.

There are few locations, so that accesses meet.  Reads and writes respect coherence within their thread, so that the
other checks of a model decide.  A seed always gives the same executions.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass

from annotated_executions import ATOMICS


@dataclass(frozen=True)
class Alphabet:
    """What executions are made of, and how often a word is a fence or has a dependency."""

    fences: tuple[str, ...]
    dependencies: tuple[str, ...] = ("addr", "data", "ctrl")
    atomics: tuple[str, ...] = ()
    read_sets: tuple[str, ...] = ()
    write_sets: tuple[str, ...] = ()
    exclusives: bool = True
    fence: float = 0.25
    dependency: float = 0.75


@dataclass
class _Access:
    direction: str
    location: str
    marks: list[str]
    value: int = 0


class _Writer:
    def __init__(self, alphabet: Alphabet, seed: int) -> None:
        self.alphabet = alphabet
        self.random = random.Random(seed)

    def execution(self) -> str:
        threads = [self.thread() for _ in range(self.random.choice([2, 2, 3]))]
        highest = self.order_writes(threads)
        for thread in threads:
            self.choose_reads([word for word in thread if isinstance(word, _Access)], highest)
        return " | ".join(" ".join(map(self.spelled, thread)) for thread in threads)

    def thread(self) -> list[_Access | str]:
        words: list[_Access | str] = []
        length = self.random.randint(3, 7)
        while len(words) < length:
            words.extend(self.words(any(isinstance(w, _Access) and w.direction == "R" for w in words)))
        return words

    def words(self, has_read: bool) -> list[_Access | str]:
        alphabet, chance = self.alphabet, self.random.random
        location = self.random.choice("xy")
        if chance() < alphabet.fence:
            fence = self.random.choice(alphabet.fences)
            return [fence] if has_read else [fence.rpartition(":")[2]]
        if alphabet.atomics and chance() < 0.15:
            kind = self.random.choice(alphabet.atomics)
            return [_Access("R", location, [kind, *self.sets("R")]), _Access("W", location, [kind, *self.sets("W")])]
        if alphabet.exclusives and chance() < 0.1:
            return [_Access("R", location, ["lx"]), _Access("W", location, ["sc"])]
        direction = self.random.choice("RW")
        marks = self.sets(direction)
        if has_read and chance() < alphabet.dependency:
            dependency = self.random.choice(alphabet.dependencies)
            if direction == "W" or not dependency.endswith("data"):
                marks.append(dependency)
        return [_Access(direction, location, marks)]

    def sets(self, direction: str) -> list[str]:
        sets = self.alphabet.read_sets if direction == "R" else self.alphabet.write_sets
        return self.random.choice(sets).split(":") if sets and self.random.random() < 0.3 else []

    def order_writes(self, threads: list[list[_Access | str]]) -> dict[str, int]:
        """Number the writes of each location in coherence order.  Returns the last number of each location."""
        highest = {"x": 0, "y": 0}
        left = [[w for w in thread if isinstance(w, _Access) and w.direction == "W"] for thread in threads]
        while any(left):
            write = self.random.choice([writes for writes in left if writes]).pop(0)
            highest[write.location] += 1
            write.value = highest[write.location]
        return highest

    def choose_reads(self, accesses: list[_Access], highest: dict[str, int]) -> None:
        lowest = {"x": 0, "y": 0}
        for i, access in enumerate(accesses):
            if access.direction == "R":
                later = [a.value for a in accesses[i:] if a.direction == "W" and a.location == access.location]
                top = max(min(later) - 1 if later else highest[access.location], lowest[access.location])
                exclusive = not {"lx", *ATOMICS}.isdisjoint(access.marks)
                access.value = top if exclusive else self.random.randint(lowest[access.location], top)
            lowest[access.location] = access.value

    @staticmethod
    def spelled(word: _Access | str) -> str:
        if isinstance(word, str):
            return word
        return ":".join((*word.marks, f"{word.direction}{word.location}={word.value}"))


def random_executions(alphabet: Alphabet, number: int, seed: int = 0) -> Iterator[str]:
    """`number` executions made of an alphabet."""
    for n in range(number):
        yield _Writer(alphabet, seed + n).execution()
