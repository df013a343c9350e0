"""Resolving a question: the names in a test's condition become places of its program.

Places are in herd7's order: registers by process and the architecture's order of registers, then
whole arrays, variables and single cells by name.
"""

from __future__ import annotations

from typing import assert_never

from litmus.c.registers import Locals
from litmus.diagnostics import InputError, near
from litmus.isa import architecture_named
from litmus.isa.architecture import Architecture
from litmus.isa.initial import name_span
from litmus.program.code import Load, Program, RegisterType, Set, StoreConditional, Variable
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
from litmus.program.types import type_named, unknown_type
from litmus.program.values import Address, Value, wrap
from litmus.source.syntax import (
    AddressOf,
    And,
    ArrayAtom,
    Atom,
    Bool,
    Global,
    Implies,
    InitValue,
    Location,
    Not,
    Number,
    Observed,
    Or,
    Prop,
    Register,
    Test,
)


def resolve(test: Test, program: Program) -> Question:
    """What `test` asks of `program`.

    Raises InputError, at the name, for a register, process, variable or cell that does not exist.
    """
    return _Resolver(test, program).question()


class _Resolver:
    def __init__(self, test: Test, program: Program) -> None:
        self.test = test
        self.program = program
        # How the test names registers
        self.names: Architecture | Locals = (
            Locals() if test.arch == "C" else architecture_named(test.arch, test.arch_span)
        )
        self.types: dict[Place, RegisterType] = {}  # in the order met
        self.whole: set[str] = set()  # arrays that are shown whole
        self.cells: set[Place] = set()  # cells that are named

    def question(self) -> Question:
        test, program, types = self.test, self.program, self.types
        for observed in test.locations:
            self.observe(observed)
        self.meet(test.condition.prop)
        shown = len(types)
        whole, cells = sorted(self.whole), frozenset(self.cells)
        places = sorted(types, key=self.order)
        if test.filter is not None:
            self.meet(test.filter)
            places += list(types)[shown:]
        numbers = {place: number for number, place in enumerate(places)}
        return Question(
            places=tuple(places),
            types=tuple([types[place] for place in places]),
            shown=shown,
            quantifier=test.condition.quantifier,
            formula=self.formula(test.condition.prop, numbers),
            filter=None if test.filter is None else self.formula(test.filter, numbers),
            arrays=tuple([(numbers[Place(None, name, 0)], len(program.variables[name].cells)) for name in whole]),
            again=tuple(sorted([numbers[place] for place in cells if place.name in self.whole])) if whole else (),
        )

    def order(self, place: Place) -> tuple[int, int, tuple[int, str], str, int]:
        """The key that sorts places in the order in which herd7 shows them."""
        if place.thread is not None:
            return 0, place.thread, self.names.rank(place.name), "", 0
        if place.cell is None:
            return 2, 0, (0, ""), place.name, 0
        return (1 if place.name in self.whole else 3), 0, (0, ""), place.name, place.cell

    # ------------------------------------------------------------ places

    def observe(self, observed: Observed) -> None:
        """Note the places of an item of `locations`, and the type that the item gives them."""
        kind: RegisterType | None = None
        if observed.type is not None:
            kind = RegisterType(8) if observed.type.endswith("*") else type_named(observed.type)
            if kind is None:
                raise unknown_type(observed.type, observed.span)
        for place in self.places(observed.location):
            if place not in self.types or kind is not None:
                self.types[place] = kind or self.type_of(place)

    def meet(self, prop: Prop) -> None:
        """Note the places that a proposition names."""
        match prop:
            case And() | Or() | Implies():
                self.meet(prop.left)
                self.meet(prop.right)
            case Not():
                self.meet(prop.operand)
            case Atom():
                locations = [prop.location]
                if isinstance(prop.right, Global | Register):
                    locations.append(prop.right)
                for location in locations:
                    place = self.place(location)
                    if place not in self.types:
                        self.types[place] = self.type_of(place)
            case ArrayAtom():
                for place in self.places(prop.location):
                    if place not in self.types:
                        self.types[place] = self.type_of(place)
            case Bool():
                pass

    def places(self, location: Location) -> list[Place]:
        """The place of a location; for the name of an array, the places of all its cells."""
        if isinstance(location, Global) and location.index is None:
            cells = len(self.variable(location.name, location).cells)
            if cells > 1:
                self.whole.add(location.name)
                return [Place(None, location.name, cell) for cell in range(cells)]
        return [self.place(location)]

    def place(self, location: Location) -> Place:
        if isinstance(location, Register):
            return Place(location.thread, self.register(location))
        variable = self.variable(location.name, location)
        if location.index is None:
            if len(variable.cells) > 1:
                raise InputError(f"{location.name} is an array", location.span, f"name a cell: {location.name}[0]")
            return Place(None, location.name)
        self.check_cell(variable, location.index, location)
        cell = Place(None, location.name, location.index)
        self.cells.add(cell)
        return cell

    def register(self, location: Register) -> str:
        threads = len(self.program.threads)
        if location.thread >= threads:
            raise InputError(f"there is no process P{location.thread}", location.span, f"the last is P{threads - 1}")
        if isinstance(self.names, Locals):
            return self.local(location)
        name = self.names.canonical(location.name)
        if name is None:
            message = f"{self.names.title or self.test.arch} has no register {location.name}"
            raise InputError(message, name_span(location), self.names.registers)
        return name

    def local(self, location: Register) -> str:
        name, known = location.name, self.registers_of(location.thread)
        if name not in known:
            hint = near(name, known) or ("it has " + ", ".join(sorted(known)) if known else None)
            raise InputError(f"P{location.thread} has no register {name}", name_span(location), hint)
        return name

    def registers_of(self, thread: int) -> frozenset[str]:
        """The registers that the code of a thread names."""
        names = set(self.program.registers[thread])
        for line in self.program.threads[thread].lines:
            match line.operation:
                case Set(register=name) | Load(register=name) | StoreConditional(status=name):
                    names.add(name)
        return frozenset(name for name in names if name[0].isalpha() or name[0] == "_")

    def variable(self, name: str, where: Location | AddressOf) -> Variable:
        found = self.program.variables.get(name)
        if found is None:
            known = list(self.program.variables)
            hint = near(name, known) or ("locations are " + ", ".join(known) if known else "the test has no locations")
            raise InputError(f"there is no location {name}", where.span, hint)
        return found

    def check_cell(self, variable: Variable, index: int, where: Location | AddressOf) -> None:
        cells = len(variable.cells)
        if not 0 <= index < cells:
            hint = f"it has {cells} cell{'s' * (cells > 1)}, counted from 0"
            raise InputError(f"{variable.name} has no cell {index}", where.span, hint)

    def type_of(self, place: Place) -> RegisterType:
        if place.thread is not None:
            kind = self.program.register_types.get((place.thread, place.name))
            return kind or self.names.register_type
        variable = self.program.variables[place.name]
        return RegisterType(variable.size, variable.signed)

    # ------------------------------------------------------------ propositions

    def formula(self, prop: Prop, numbers: dict[Place, int]) -> Formula:
        match prop:
            case Bool():
                return Holds(prop.value)
            case Atom():
                number = numbers[self.place(prop.location)]
                if isinstance(prop.right, Global | Register):
                    return Same(number, numbers[self.place(prop.right)])
                return Equal(number, self.value(prop.right, self.types[self.place(prop.location)]))
            case ArrayAtom():
                places = self.places(prop.location)
                if len(places) != len(prop.values):
                    message = f"{prop.location.name} has {len(places)} cells, not {len(prop.values)}"
                    raise InputError(message, prop.span)
                pairs = zip(places, prop.values, strict=True)
                return Conjunction(tuple([Equal(numbers[p], self.value(v, self.types[p])) for p, v in pairs]))
            case Not():
                return Negation(self.formula(prop.operand, numbers))
            case Implies():
                return Disjunction((Negation(self.formula(prop.left, numbers)), self.formula(prop.right, numbers)))
            case And():
                return Conjunction(tuple([self.formula(p, numbers) for p in _flat(prop, And)]))
            case Or():
                return Disjunction(tuple([self.formula(p, numbers) for p in _flat(prop, Or)]))
            case _:
                assert_never(prop)

    def value(self, value: InitValue, kind: RegisterType) -> Value:
        """A value as a place of that type spells it."""
        if isinstance(value, Number):
            if not -(1 << 63) <= value.value < 1 << 64:
                raise InputError(f"{value.span.text} does not fit into 64 bits", value.span)
            bits = 8 * kind.size
            return wrap(value.value, bits) if kind.signed else value.value & ((1 << bits) - 1)
        variable = self.variable(value.name, value)
        if value.index is None:
            return Address(value.name)
        self.check_cell(variable, value.index, value)
        return Address(value.name, value.index * variable.size)


def _flat(prop: Prop, operator: type[And] | type[Or]) -> list[Prop]:
    """The operands of a chain of one operator, from left to right."""
    if isinstance(prop, operator):
        return _flat(prop.left, operator) + _flat(prop.right, operator)
    return [prop]
