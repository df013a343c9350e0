"""Random small programs, for tests in which two engines must agree.

`random_program` makes every operation of litmus.program.code, also combinations that no notation can express.
tests/sources.py makes texts.  A seed always gives the same program.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from math import factorial
from typing import get_args

from litmus.diagnostics import InputError, Source, Span
from litmus.program.build import unroll
from litmus.program.code import (
    Assume,
    Branch,
    Carried,
    Fence,
    Float,
    Fresh,
    Line,
    Load,
    Notation,
    Operation,
    Program,
    RegisterType,
    Set,
    Store,
    StoreConditional,
    ThreadCode,
    Variable,
)
from litmus.program.graph import EventGraph
from litmus.program.question import (
    Conjunction,
    Disjunction,
    Equal,
    Formula,
    Holds,
    Negation,
    Place,
    Question,
    Same,
)
from litmus.program.values import Address, Expr, Op, Reg, Value

TAGS = frozenset({"SYNC", "LWSYNC", "EIEIO", "ISYNC", "MFENCE", "X", "A", "L"})
SPAN = Span(Source("random", "random\n"), 0, 6)
SCALARS = ("x", "y", "z")


@dataclass(frozen=True, slots=True)
class Features:
    """What a random program may contain."""

    threads: tuple[int, int] = (2, 3)
    accesses: tuple[int, int] = (1, 4)  # of each thread
    variables: int = 2
    branches: float = 0.15  # this and the following: probabilities, most of them for each step
    loops: float = 0.02
    updates: float = 0.12
    conditional_stores: float = 0.1
    blocks: float = 0.1
    pointers: float = 0.15
    arrays: float = 0.05
    assumptions: float = 0.02
    nonsense: float = 0.01


@dataclass(slots=True)
class _Thread:
    """A thread as it is written."""

    number: int
    registers: list[str] = field(default_factory=list)  # that hold numbers
    pointers: list[str] = field(default_factory=list)  # that hold addresses
    operations: list[tuple[Operation, int]] = field(default_factory=list)
    labels: dict[str, int] = field(default_factory=dict)
    instruction: int = -1

    def emit(self, operation: Operation, joined: bool = False) -> None:
        if not joined:
            self.instruction += 1
        self.operations.append((operation, self.instruction))

    def code(self) -> ThreadCode:
        return ThreadCode(tuple(Line(o, i, SPAN) for o, i in self.operations), self.labels)


class _Generator:
    def __init__(self, seed: int, features: Features) -> None:
        self.random = random.Random(seed)
        self.features = features
        self.scalars = SCALARS[: features.variables]
        self.has_pointers = self.chance(3 * features.pointers)
        self.has_array = self.chance(3 * features.arrays)
        self.threads = [_Thread(t) for t in range(self.random.randint(*features.threads))]

    def chance(self, probability: float) -> bool:
        return self.random.random() < probability

    def one(self, *choices: str) -> str:
        return self.random.choice(choices)

    # ------------------------------------------------------------ operands

    def number(self, thread: _Thread) -> Expr:
        """An expression whose value is a number."""
        draw = self.random.random()
        if draw < 0.6 or not thread.registers:
            return self.random.randint(0, 2)
        register = Reg(self.one(*thread.registers))
        if draw < 0.75:
            return register
        if draw < 0.85:
            return Op("add", (Op("xor", (register, register)), self.random.randint(1, 2)))
        if draw < 0.95:
            return Op(self.one("add", "xor", "sub"), (register, self.random.randint(1, 2)))
        return Op("add", (register, Reg(self.one(*thread.registers))))

    def condition(self, thread: _Thread) -> Expr:
        register = Reg(self.one(*thread.registers))
        return Op(self.one("eq", "ne", "eq", "lt"), (register, self.random.randint(0, 2)))

    def address(self, thread: _Thread) -> Expr:
        """An expression whose value is the address of a number."""
        if thread.pointers and self.chance(0.6):
            return Reg(self.one(*thread.pointers))
        if self.has_array and self.chance(0.5):
            index: Expr = self.random.randint(0, 1)
            if thread.registers and self.chance(0.6):
                mask = 3 if self.chance(5 * self.features.nonsense) else 1  # 3 may lead outside
                index = Op("and", (Reg(self.one(*thread.registers)), mask))
            return Op("add", (Address("t"), Op("mul", (index, 4))))
        # Threads that use the variables in turn make cycles, and models differ in cycles.
        turn = self.scalars[(thread.number + thread.instruction + 1) % len(self.scalars)]
        scalar = Address(turn if self.chance(0.7) else self.one(*self.scalars))
        if thread.registers and self.chance(0.15):
            register = Reg(self.one(*thread.registers))
            return Op("add", (scalar, Op("xor", (register, register))))
        return scalar

    # ------------------------------------------------------------ operations

    def load(self, thread: _Thread) -> None:
        register = f"r{len(thread.registers)}"
        tags = frozenset({"A"}) if self.chance(0.1) else frozenset[str]()
        thread.emit(Load(register, self.address(thread), tags=tags))
        thread.registers.append(register)

    def store(self, thread: _Thread) -> None:
        tags = frozenset({"L"}) if self.chance(0.1) else frozenset[str]()
        thread.emit(Store(self.address(thread), self.number(thread), tags=tags))

    def load_pointer(self, thread: _Thread) -> None:
        register = f"p{len(thread.pointers)}"
        thread.emit(Load(register, Address("p"), size=8))
        thread.pointers.append(register)

    def store_pointer(self, thread: _Thread) -> None:
        thread.emit(Store(Address("p"), Address(self.one(*self.scalars)), size=8))

    def update(self, thread: _Thread) -> None:
        register = f"r{len(thread.registers)}"
        x = frozenset({"X"})
        address = self.address(thread)
        thread.emit(Load(register, address, tags=x))
        when = Op("eq", (Reg(register), self.random.randint(0, 1))) if self.chance(0.4) else None
        value = self.number(thread) if self.chance(0.5) else Op("add", (Reg(register), 1))
        single = when is None and self.chance(0.4)
        thread.emit(Store(address, value, tags=x, when=when, rmw=True, single=single), joined=True)
        thread.registers.append(register)

    def reserve(self, thread: _Thread) -> None:
        register = f"r{len(thread.registers)}"
        address = self.address(thread)
        thread.emit(Load(register, address, tags=frozenset({"X"}), reserve=True))
        thread.registers.append(register)
        if self.chance(0.3):
            self.access(thread)
        if self.chance(0.1):
            address = self.address(thread)
        status = f"s{len(thread.operations)}"
        value = self.number(thread)
        carries = self.random.choice(get_args(Carried))
        thread.emit(StoreConditional(address, value, status, 1, 0, tags=frozenset({"X"}), carries=carries))
        if self.chance(0.5):
            thread.emit(Assume(Reg(status)))
        elif self.chance(0.3):
            thread.registers.append(status)

    def access(self, thread: _Thread) -> None:
        draw = self.random.random()
        if self.has_pointers and draw < 0.2:
            self.load_pointer(thread)
        elif self.has_pointers and draw < 0.35:
            self.store_pointer(thread)
        elif draw < 0.65:
            self.load(thread)
        else:
            self.store(thread)

    def branch(self, thread: _Thread) -> None:
        """Skip a few operations if a register says so."""
        label = f"L{len(thread.labels)}"
        thread.emit(Branch(label, self.condition(thread), join=label if self.chance(0.4) else None))
        for _ in range(self.random.randint(0, 2)):
            self.access(thread)
        if self.chance(0.3):  # if ... else
            other = f"M{len(thread.labels)}"
            thread.emit(Branch(other))
            thread.labels[label] = len(thread.operations)
            self.access(thread)
            thread.labels[other] = len(thread.operations)
        else:
            thread.labels[label] = len(thread.operations)

    def loop(self, thread: _Thread) -> None:
        label = f"L{len(thread.labels)}"
        thread.labels[label] = len(thread.operations)
        self.load(thread)
        register = thread.registers[-1]
        if self.chance(0.2):
            self.store(thread)
        thread.emit(Branch(label, Op("eq", (Reg(register), 0))))

    def fence(self, thread: _Thread) -> None:
        thread.emit(Fence(frozenset({self.one("SYNC", "LWSYNC", "EIEIO", "ISYNC", "MFENCE", "MFENCE", "SYNC")})))

    def block(self, thread: _Thread) -> None:
        """Let another thread execute a block at a place that the solver chooses."""
        target = self.one(*(str(t.number) for t in self.threads if t is not thread))
        body: list[Operation] = []
        if self.chance(0.5):  # a message and its acknowledgment
            thread.emit(Fresh())
            thread.emit(Store(Address("~go"), 1))
            body = [Load("g", Address("~go")), Assume(Op("eq", (Reg("g"), 1)))]
            if self.chance(0.8):
                body.append(Fence(frozenset({"SYNC", "MFENCE"})))
            body.append(Store(Address("~done"), 1))
        else:
            for _ in range(self.random.randint(1, 2)):
                body.append(
                    Load("q", Address(self.one(*self.scalars)))
                    if self.chance(0.5)
                    else Store(Address(self.one(*self.scalars)), self.random.choice([1, 2, Reg("q")]))
                )
            if self.chance(0.3):
                body.append(Fence(frozenset({"SYNC", "MFENCE"})))
        thread.emit(Float(int(target), tuple(Line(o, i, SPAN) for i, o in enumerate(body))))
        if any(isinstance(o, Assume) for o in body):
            register = f"d{len(thread.operations)}"
            thread.emit(Load(register, Address("~done")))
            thread.emit(Assume(Op("eq", (Reg(register), 1))))

    def write(self, thread: _Thread, accesses: int) -> None:
        features = self.features
        while accesses > 0:
            draw = self.random.random()
            ways = (
                (features.branches, self.branch, bool(thread.registers)),
                (features.loops, self.loop, True),
                (features.updates, self.update, True),
                (features.conditional_stores, self.reserve, True),
                (features.blocks, self.block, True),
                (0.12, self.fence, True),
            )
            for probability, way, possible in ways:
                if draw < probability and possible:
                    way(thread)
                    break
                draw -= probability
            else:
                self.access(thread)
            accesses -= 1
            if thread.registers and self.chance(features.assumptions):
                thread.emit(Assume(self.condition(thread)))
            if thread.pointers and self.chance(features.nonsense):
                thread.emit(Set("r0", Op("mul", (Reg(thread.pointers[0]), 2))))

    # ------------------------------------------------------------ the whole program

    def program(self) -> Program:
        for thread in self.threads:
            self.write(thread, self.random.randint(*self.features.accesses))
        initial = [self.random.choice([0, 0, 0, 1]) for _ in self.scalars]
        variables = {x: Variable(x, (v,)) for x, v in zip(self.scalars, initial, strict=True)}
        if self.has_array:
            variables["t"] = Variable("t", (0, self.random.randint(0, 1)))
        if self.has_pointers:
            # Rarely the pointer is null at first.  Executions that follow it then have no determined result.
            start: Value = 0 if self.chance(self.features.nonsense) else Address(self.one(*self.scalars))
            variables["p"] = Variable("p", (start,), size=8)
        registers = [{"r0": self.random.randint(0, 1)} if self.chance(0.1) else {} for _ in self.threads]
        code = tuple(t.code() for t in self.threads)
        operations = [line.operation for thread in code for line in thread.lines]
        is_language = any(isinstance(o, Float) or (isinstance(o, Branch) and o.join) for o in operations)
        notation: Notation = "language" if is_language else "machine"
        return Program("random", code, variables, tuple(registers), notation=notation)

    def question(self, program: Program) -> Question:
        places = [Place(t.number, r) for t in self.threads for r in dict.fromkeys(t.registers + t.pointers)]
        places += [Place(None, x) for x in self.scalars]
        if self.has_array:
            places.append(Place(None, "t", self.random.randint(0, 1)))
        if self.has_pointers:
            places.append(Place(None, "p"))
        self.random.shuffle(places)
        places = places[: self.random.randint(1, 5)]
        types = [self.type_of(program, place) for place in places]
        shown = len(places) if self.chance(0.8) else self.random.randint(1, len(places))
        formula = self.formula(places[:shown])
        return Question(
            places=tuple(places),
            types=tuple(types),
            shown=shown,
            quantifier=self.random.choice(["exists", "~exists", "forall"]),
            formula=formula,
            filter=self.formula(places) if self.chance(0.08) else None,
        )

    def type_of(self, program: Program, place: Place) -> RegisterType:
        if place.thread is None:
            variable = program.variables[place.name]
            return RegisterType(variable.size, variable.signed)
        if place.name[0] == "p":
            return RegisterType(8)
        return self.random.choice([RegisterType(4), RegisterType(4), RegisterType(8), RegisterType(1, signed=False)])

    def formula(self, places: list[Place]) -> Formula:
        atoms: list[Formula] = []
        for i, place in enumerate(places):
            value: Value = self.random.randint(0, 2)
            if place.name[0] == "p":
                value = Address(self.one(*self.scalars))
            atoms.append(Equal(i, value))
        if len(places) > 1 and self.chance(0.15):
            atoms.append(Same(*self.random.sample(range(len(places)), 2)))
        if self.chance(0.05):
            atoms.append(Holds(self.chance(0.5)))
        atoms = [
            Negation(a) if self.chance(0.15) else a
            for a in self.random.sample(atoms, min(len(atoms), self.random.choice([1, 2, 2, 3])))
        ]
        if self.chance(0.7):
            return Conjunction(tuple(atoms))
        split = self.random.randint(0, len(atoms))
        return Disjunction((Conjunction(tuple(atoms[:split])), *atoms[split:]))


def random_program(seed: int, features: Features = Features()) -> tuple[Program, Question]:
    """A random program and a question about it."""
    generator = _Generator(seed, features)
    program = generator.program()
    return program, generator.question(program)


def unrolled(program: Program) -> EventGraph | None:
    """The graph of a program, with loops taken once.  None if it follows a pointer that is null whatever is read."""
    try:
        return unroll(program, 1)
    except InputError:
        return None


def candidates_at_most(graph: EventGraph) -> int:
    """An upper bound of the number of candidate executions, so that tests can leave out programs that take long."""
    count = 2 ** len(graph.decisions)
    writes = [e for e in graph.events if e.kind == "W"]
    by_cell: dict[Expr | None, int] = {}
    anywhere = sum(not isinstance(w.address, Address) for w in writes)
    for w in writes:
        if isinstance(w.address, Address):
            by_cell[w.address] = by_cell.get(w.address, 0) + 1
    for n in by_cell.values():
        count *= factorial(max(1, n - 1 + anywhere))
    for r in graph.events:
        if r.kind == "R":
            count *= by_cell.get(r.address, 0) + anywhere if isinstance(r.address, Address) else len(writes)
    for points in graph.points:
        count *= len(points)
    return count
