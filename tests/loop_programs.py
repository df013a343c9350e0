"""Random programs with loops, as texts: loops whose rounds have effects that are easy to overlook.

A failed round may leave something behind: a register (its value, or only what it depends on), the flags, a
reservation, a store.  These programs have such rounds, and rounds that have no effect.  A thread is written once, as
statements, and spelled for each architecture.  A seed always gives the same text.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator
from itertools import product
from math import factorial, prod

from cases import Case, case
from loop_spellings import SPELLINGS, Machine, c_lines
from loop_statements import (
    REGISTERS,
    VARIABLES,
    Block,
    Break,
    Compare,
    Conditional,
    Exchange,
    Fence,
    If,
    Load,
    Loop,
    Membarrier,
    Operand,
    Put,
    Reserve,
    Statement,
    Store,
)

from litmus.diagnostics import Unsupported
from litmus.oracle.executions import Code
from litmus.oracle.paths import extent_of
from litmus.program.graph import EventGraph

# ---------------------------------------------------------------- what threads do


class _Author:
    """Writes threads.  reserves, exchanges, flags, blocks: what the architecture has."""

    def __init__(self, seed: int, reserves: bool, exchanges: bool, flags: bool, blocks: bool) -> None:
        self.random = random.Random(seed)
        self.has = {"reserves": reserves, "exchanges": exchanges, "flags": flags, "blocks": blocks}
        self.variables = VARIABLES[: self.random.choice((2, 2, 3))]
        self.awaited: list[str] = []  # the variables that loops wait for

    def threads(self) -> list[Block]:
        """One to three threads; the first one has a loop."""
        number = self.random.choice((1, *(2,) * 10, 3, 3))
        looping = [self.looping()]
        looping += [self.looping() if self.random.random() < 0.15 else self.straight() for _ in range(number - 1)]
        return looping

    def one(self, *choices: str) -> str:
        return self.random.choice(choices)

    def register(self) -> str:
        return self.one(*REGISTERS)

    def variable(self) -> str:
        return self.one(*self.variables)

    def operand(self) -> Operand:
        return self.register() if self.random.random() < 0.5 else self.random.randint(1, 2)

    def straight(self) -> Block:
        """A few accesses; what loops wait for is often among them, as the last one of a shape."""
        found: list[Statement] = []
        register = self.register()
        draw = self.random.random()
        if draw < 0.4:
            found.append(Store(self.variable(), 1))
        elif draw < 0.7:
            found.append(Load(register, self.variable()))
        if found and self.random.random() < 0.6:
            blocks = self.has["blocks"] and self.random.random() < 0.6
            found.append(Membarrier() if blocks else Fence(self.random.random() < 0.3))
        awaited = self.one(*self.awaited) if self.awaited and self.random.random() < 0.9 else self.variable()
        found.append(Store(awaited, self.random.choice((1, 1, 1, 1, 2, register))))
        if self.random.random() < 0.25:
            found.append(self.access())
        return tuple(found)

    def look(self, into: str) -> Load:
        """A load of what a loop waits for."""
        self.awaited.append(self.variable())
        return Load(into, self.awaited[-1])

    def access(self) -> Statement:
        if self.random.random() < 0.5:
            return Load(self.register(), self.variable())
        return Store(self.variable(), self.operand())

    def looping(self) -> Block:
        before = tuple(self.access() for _ in range(self.random.choice((0, 0, 1))))
        flags = (Compare(self.register(), self.random.randint(0, 1)),) if self.has["flags"] else ()
        loop = self.loop()
        return before + flags + loop + self.after(tuple(r for r in REGISTERS if _is_used(loop, r)))

    def after(self, touched: tuple[str, ...]) -> Block:
        """What is left behind by the rounds (in registers, `touched`) is used, or overwritten, or not used."""
        found: list[Statement] = []
        if self.has["flags"] and self.random.random() < 0.25:
            found.append(If(None, 0, (self.access(),)))
        if self.has["reserves"] and self.random.random() < 0.2:
            found.append(Conditional(self.variable(), self.operand()))
        if self.random.random() < 0.15:
            found.append(Fence(self.random.random() < 0.5))
        if not found or self.random.random() < 0.7:
            kept = self.one(*touched) if self.random.random() < 0.8 else self.operand()
            found.append(Store(self.variable(), kept) if self.random.random() < 0.8 else self.access())
        return tuple(found)

    def loop(self) -> Block:
        kinds = [self.polling, self.polling, self.leaving, self.leaving, self.counting, self.storing, self.joining]
        if self.has["reserves"]:
            kinds += [self.retrying, self.reserving, self.reserving]
        if self.has["exchanges"]:
            kinds += [self.exchanging, self.exchanging]
        return self.random.choice(kinds)()

    def filler(self, likely: float = 0.5) -> Block:
        """What a round does beside what it is for; nothing that memory keeps."""
        if self.random.random() > likely:
            return ()
        draw = self.random.random()
        register, other = self.register(), self.register()
        if draw < 0.3:
            return (Load(register, self.variable()),)
        if draw < 0.6:
            return (Put(register, *self.random.choice(((1, 0, None), (other, 0, None), (2, 0, other)))),)
        if draw < 0.75:
            return (Fence(self.random.random() < 0.5),)
        if draw < 0.9 and self.has["flags"]:
            return (Compare(register, self.random.randint(0, 1)),)
        return (If(register, 0, (Put(other, 1),), (Put(other, 1, 0, register),)),)

    def polling(self) -> Block:
        """Reads until something is found."""
        seen = self.register()
        until = (seen, 1, True) if self.random.random() < 0.3 else (seen, 0, False)
        return (Loop((*self.filler(), self.look(seen), *self.filler()), until),)

    def leaving(self) -> Block:
        """Leaves from the middle, and does something on the way back."""
        seen, kept = self.random.sample(REGISTERS, 2)
        back = self.random.choice((self.filler(1.0), (Put(kept, 1),), (Put(kept, 1, 0, seen),), (Put(seen, 1),)))
        found: Block = (self.look(seen), If(seen, 0, (), (Break(),)), *back)
        if self.random.random() < 0.3:
            found = (*found, self.look(seen), If(seen, 1, (Break(),)))
        given = Load(kept, self.variable()) if self.random.random() < 0.6 else Put(kept, 2)
        return (given, Loop(found), Store(self.variable(), kept))

    def counting(self) -> Block:
        """At most a few rounds; or as many as a sum needs."""
        seen, count = self.random.sample(REGISTERS, 2)
        if self.random.random() < 0.5:
            body = (self.look(seen), If(seen, 1, (Break(),)), *self.filler(0.3), Put(count, count, -1))
            return (Put(count, self.random.randint(2, 3)), Loop(body, (count, 0, True)))
        body = (self.look(seen), Put(count, count, 1), *self.filler(0.3))
        return (Put(count, 0), Loop(body, (seen, 0, False)), Store(self.variable(), count))

    def storing(self) -> Block:
        """A failed round stores."""
        seen = self.register()
        body = (self.look(seen), If(seen, 0, (Store(self.variable(), self.operand()),)))
        return (Loop(body, (seen, 0, False)),)

    def joining(self) -> Block:
        """Ways that part and meet in every round."""
        seen, other = self.random.sample(REGISTERS, 2)
        ways = (self.filler(1.0), (Load(other, self.variable()),), (Put(other, 1, 0, seen),))
        body = (self.look(seen), If(seen, 1, self.random.choice(ways), self.random.choice(ways)))
        return (Loop((*body, *self.filler(0.3)), (seen, 0, False)),)

    def retrying(self) -> Block:
        """A read-modify-write, until the store-conditional succeeds."""
        old = self.register()
        new = self.random.choice((Put("d", old, 1), Put("d", 2), Put("d", 2, 0, old)))
        variable = self.variable()
        tried = Conditional(variable, "d", self.filler(0.4), (Break(),))
        early = (If(old, 1, (Break(),)),) if self.random.random() < 0.4 else ()
        return (Loop((Reserve(old, variable), *early, new, tried)),)

    def reserving(self) -> Block:
        """Reservations that a round leaves behind, or takes away."""
        seen, old = self.random.sample(REGISTERS, 2)
        first, second = self.variable(), self.variable()
        draw = self.random.random()
        before: Block = (Reserve(old, first),) if self.random.random() < 0.5 else ()
        if draw < 0.35:  # a store-conditional that fails the first time, and then uses what the round has left
            return (*before, Loop((Conditional(first, 1, (), (Break(),)), Reserve(old, second))))
        self.awaited.append(second)
        if draw < 0.7:  # waiting with a reservation
            waiting = Loop((Load(seen, second), *self.filler(0.3)), (seen, 0, False))
            return (Reserve(old, first), waiting, Conditional(first, self.operand()))
        waiting = Loop((Reserve(seen, second), *self.filler(0.3)), (seen, 0, False))  # each round has its own
        return (*before, waiting, Conditional(self.one(first, second), self.operand()))

    def exchanging(self) -> Block:
        """Until an atomic instruction finds what it wants."""
        seen = self.register()
        variable, expected = self.look(seen).variable, self.random.choice((0, 1, None))
        done = (seen, self.random.randint(0, 1) if expected is None else expected, True)
        return (Loop((*self.filler(0.3), Exchange(seen, variable, 2, expected), *self.filler(0.3)), done),)


# ---------------------------------------------------------------- texts

ARCHITECTURES = (*SPELLINGS, "C")


def random_loop_program(arch: str, seed: int) -> str:
    """The text of a random test with a loop."""
    spelling = SPELLINGS.get(arch)
    author = _Author(
        seed,
        reserves=spelling is not None and bool(spelling.reserve),
        exchanges=spelling is None or bool(spelling.exchange),
        flags=spelling is not None and bool(spelling.compare),
        blocks=spelling is None,
    )
    threads = author.threads()
    shown = REGISTERS if spelling is None else spelling.shown
    places = [
        f"{t}:{r}" for t, block in enumerate(threads) for r in shown if _is_used(block, REGISTERS[shown.index(r)])
    ]
    places += author.variables
    atoms = [f"{place}={author.random.randint(0, 2)}" for place in author.random.sample(places, min(2, len(places)))]
    proposition = r" /\ ".join(atoms)
    final = f"locations [{' '.join(f'{place};' for place in places)}]\nexists ({proposition})\n"
    if spelling is None:
        return f"C loop{seed}\n{{ }}\n{_functions(threads, author.variables)}\n{final}"
    written = []
    for t, block in enumerate(threads):
        machine = Machine(spelling, t)
        machine.block(block)
        written.append(machine.lines)
    height = max(map(len, written))
    table = [" | ".join(f"P{t}" for t in range(len(threads))) + " ;"]
    table += [" | ".join(lines[i] if i < len(lines) else "" for lines in written) + " ;" for i in range(height)]
    init = "".join(
        f" {t}:{register}={variable};"
        for t in range(len(threads))
        for register, variable in zip(spelling.addresses, author.variables, strict=False)
        if register != variable
    )
    zero = " ".join(f"{x}=0;" for x in author.variables)
    return f"{arch} loop{seed}\n{{ {zero}{init} }}\n" + "\n".join(table) + f"\n{final}"


MAXIMUM_WAYS = 1 << 12  # combinations of paths; a program with more of them is left out


def candidates_of(graph: EventGraph) -> int:
    """An upper bound of the number of candidate executions: the sum of the bounds of all paths.

    Raises Unsupported if there are too many paths.
    """
    threads = Code(extent_of(graph)).paths
    if prod(map(len, threads)) > MAXIMUM_WAYS:
        raise Unsupported("too many paths")
    total = 0
    for paths in product(*threads):
        events = [e for path in paths for e in path.events]
        writes = Counter(str(e.address) for e in events if e.kind == "W")
        count = prod(factorial(n) for n in writes.values())
        count *= prod(writes[str(e.address)] + 1 for e in events if e.kind == "R")
        total += count * prod(len(paths[block.thread].own()) + 1 for path in paths for block in path.blocks)
    return total


def loop_cases(arch: str, table: str | None, first: int, number: int, largest: int, bound: int = 2) -> Iterator[Case]:
    """Random programs with loops, from seed `first` on.

    Left out are those that have more than `largest` candidates, and those with a loop that never ends whatever is read.
    """
    seed = first
    while number:
        text = random_loop_program(arch, seed)
        seed += 1
        try:
            found = case(text, table, bound)
            count = candidates_of(found.graph)
        except Unsupported:
            continue
        if count <= largest:
            number -= 1
            yield found


def _functions(threads: list[Block], variables: tuple[str, ...]) -> str:
    parameters = ", ".join(f"int *{x}" for x in variables)
    declared = "\n".join(f"\tint {r} = 0;" for r in REGISTERS)
    return "\n".join(
        f"P{t}({parameters})\n{{\n{declared}\n" + "\n".join(c_lines(block)) + "\n}\n" for t, block in enumerate(threads)
    )


def _is_used(block: Block, register: str) -> bool:
    """Whether statements name a register."""
    return f"'{register}'" in repr(block)
