"""Bounds: what can be said of a graph's executions before anything is chosen.

Bounds say which addresses an access may have, which writes a read may take its value from, and in which
orders the writes of a cell may stand.  What bounds leave out is in no consistent execution.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from functools import cached_property
from itertools import product
from math import factorial, prod

from msgspec import Struct

from litmus.diagnostics import Diagnostic, InputError, Unsupported
from litmus.program.graph import INITIAL, EventGraph
from litmus.program.guards import ALWAYS, NEVER
from litmus.program.values import (
    Address,
    Expr,
    Op,
    ReadOf,
    Value,
    ValueFault,
    apply,
    computed,
    guards_in,
    operations,
    reads_in,
)
from litmus.relation.rows import Rows, bits, transposed

MAXIMUM_COUNT = 1 << 20  # coherence orders of one cell that are counted exactly
MAXIMUM_DOMAIN = 1000  # values one read may return before the test is refused

Order = tuple[int, ...]


class Group(Struct, frozen=True):
    """Non-initial writes that may be to the same cell, or blocks of one thread: one order is chosen for all of them.

    before[a]: the mask of the members that precede member a in every order.
    slots: the places of an order.  Members of one slot never execute together, so they share a place.
    slots_before[i]: the mask of the slots that precede slot i in every order.
    """

    members: Order
    before: Mapping[int, int]
    slots: tuple[Order, ...]
    slots_before: Order

    def count(self) -> int:
        """How many orders of the slots there are.  If there are very many, a lower bound of that number."""
        at_least = factorial(len(self.slots))
        for before in self.slots_before:
            at_least //= before.bit_count() + 1  # the hook length bound (Stanley, Enumerative Combinatorics 1, ch. 3)
        if at_least > MAXIMUM_COUNT or not any(self.slots_before):
            return at_least

        ways = {(1 << len(self.slots)) - 1: 1}  # slots left -> in how many orders all other slots come before them
        for _ in self.slots:
            further: dict[int, int] = {}
            for left, count in ways.items():
                for i in bits(left):
                    if not self.slots_before[i] & left:
                        further[left & ~(1 << i)] = further.get(left & ~(1 << i), 0) + count
            ways = further
        return ways[0]

    def orders(self, unit: int) -> tuple[int, dict[tuple[int, int], int]]:
        """All orders of the slots at once: how many there are, and in which of them slot i stands before slot j.

        Order number k is bits k * unit to (k + 1) * unit - 1 of these slices.  Pairs that slots_before settles are left
        out.  The orders of a set of slots are those that begin with one of them, each before the orders of the
        others; so sets that several orders end with are looked at once.
        """
        if len(self.slots) == 2 and not any(self.slots_before):  # as in most tests
            once = (1 << unit) - 1
            return 2, {(0, 1): once, (1, 0): once << unit}
        levels = [{(1 << len(self.slots)) - 1}]  # the sets that an order can end with, by size
        while 0 not in levels[-1]:
            levels.append({left & ~(1 << i) for left in levels[-1] for i in self._first(left)})
        found: dict[int, tuple[int, dict[tuple[int, int], int]]] = {0: (1, {})}
        for level in reversed(levels[:-1]):
            larger = {}
            for left in level:
                count = 0
                before: dict[tuple[int, int], int] = {}
                for i in self._first(left):
                    rest = left & ~(1 << i)
                    number, inside = found[rest]
                    here = ((1 << number * unit) - 1) << count * unit
                    for j in bits(rest):
                        if not self.slots_before[j] >> i & 1:
                            before[i, j] = before.get((i, j), 0) | here
                    for pair, s in inside.items():
                        before[pair] = before.get(pair, 0) | s << count * unit
                    count += number
                larger[left] = count, before
            found = larger
        return found[levels[0].pop()]

    def _first(self, left: int) -> Iterator[int]:
        """The slots that can be the first of those that are left."""
        return (i for i in bits(left) if not self.slots_before[i] & left)


def _group(members: list[int], before: Mapping[int, int], exclusive: Callable[[int, int], bool]) -> Group:
    """The group of `members`, which are in ascending order.

    A member joins a slot only if that slot comes after the slots of all members that must precede it.
    """
    slots: list[list[int]] = []
    for m in members:
        first = 1 + max((i for i, slot in enumerate(slots) if any(before[m] >> w & 1 for w in slot)), default=-1)
        for slot in slots[first:]:
            if all(exclusive(m, other) for other in slot):
                slot.append(m)
                break
        else:
            slots.append([m])
    masks = [sum(1 << m for m in slot) for slot in slots]
    # Slot A precedes slot B if every member of B has a predecessor in A, which then executes whenever the member does.
    slots_before = tuple(
        sum(1 << i for i, mask in enumerate(masks) if all(before[m] & mask for m in slot)) for slot in slots
    )
    return Group(tuple(members), before, tuple(map(tuple, slots)), slots_before)


def _shared(things: list[int], exclusive: Callable[[int, int], bool]) -> list[list[int]]:
    """The things in groups.  No two things of a group are ever chosen together, so a group can share one choice."""
    if len(things) < 2:
        return [[t] for t in things]
    slots: list[list[int]] = []
    for t in things:
        for slot in slots:
            if all(exclusive(t, other) for other in slot):
                slot.append(t)
                break
        else:
            slots.append([t])
    return slots


def only_read(expr: Expr | None) -> int | None:
    """The read that an expression is computed from.  None if there is none, or more than one, or a choice of ways."""
    mask = reads_in(expr)
    return None if not mask or mask & mask - 1 or guards_in(expr) else mask.bit_length() - 1


def possible_values(operators: list[Op], read: Iterable[Value]) -> dict[Value, Value]:
    """For operations on a single read: each value of the read, and the result computed from it.

    A value is left out if an operation on it has no meaning.  Either no execution has that value, or the execution
    that has it is reported when it is reached.
    """
    found = {}
    for value in read:
        with suppress(ValueFault):
            found[value] = computed(operators, value)
    return found


class Bounds:
    """The static knowledge of a graph.

    addresses[e]: the cells that access e may be to.  static: every access has one known address.
    sources[r]: the writes that read r may take its value from.  groups: the writes whose coherence order
    is open.  earlier[w], later[w]: the masks of the writes that stand before and after write w in the coherence order
    of their cell whenever both execute.  companions[e]: the mask of the events that execute whenever e does.
    leads[e]: of those that execute only if e does.  exclusive[e]: the mask of
    the events that never execute together with e.  outside: the accesses that may miss every cell, and the
    error to report then.

    coherent: the caller promises that the model forbids every execution that is not coherent per location.
    Then what coherence obviously rules out is left out.  demanded[r]: only executions in which read r
    returns that value are of interest.  choices: how many options each choice of the model has.
    """

    def __init__(
        self,
        graph: EventGraph,
        coherent: bool,
        demanded: Mapping[int, Value] | None = None,
        choices: tuple[int, ...] = (),
    ) -> None:
        self.graph = graph
        self.choices = choices
        self.coherent = coherent
        events = graph.events
        self.reads = [e.number for e in events if e.kind == "R"]
        self.writes = [e.number for e in events if e.kind == "W"]
        self.dynamic = [e.number for e in events if e.kind != "F" and type(e.address) is not Address]
        self.static = not self.dynamic
        self._domains: dict[int, set[Value]] | None = None
        self._next: dict[int, int] = {}
        self._operators: dict[int, tuple[Op, list[Op]]] = {}  # by id(), with the Op itself to keep it alive
        self.sources: dict[int, Order] = {}
        self.outside: dict[tuple[int, Address], Diagnostic] = {}
        self.addresses: dict[int, tuple[Address, ...]] = {}
        for e in events:
            if type(e.address) is Address:
                self.check_access(e.number, e.address)
                self.addresses[e.number] = (e.address,)
        for number in self.dynamic:
            self.addresses[number] = self._possible_addresses(number)
        self.by_cell: dict[Address, list[int]] = {}
        for w in self.writes:
            for a in self.addresses[w]:
                self.by_cell.setdefault(a, []).append(w)
        self.exclusive, self.companions = self._guard_masks()
        self.leads = transposed(self.companions)
        self._own_write = dict(graph.updates)  # the write of a read's own instruction
        self._before = transposed(graph.po)
        self._writes_of: dict[
            tuple[Address, ...], int
        ] = {}  # for possible addresses, the mask of the writes with these
        for w in self.writes:
            self._writes_of[self.addresses[w]] = self._writes_of.get(self.addresses[w], 0) | 1 << w
        self.earlier = self._coherence_in_order()
        self.later = transposed(self.earlier)
        wanted = dict(demanded or {})
        self._demand_assumptions(wanted)
        self.sources = {r: self._sources(r, wanted) for r in self.reads}
        self._domains = None  # with the sources known, there are fewer values
        self.groups = self._groups()
        by_thread: dict[int, list[int]] = {}
        for b, block in enumerate(graph.blocks):
            by_thread.setdefault(block.thread, []).append(b)
        self.block_groups = [
            _group(m, dict.fromkeys(m, 0), lambda a, b: False) for m in by_thread.values() if len(m) > 1
        ]
        self.read_slots = [[r] for r in self.reads]
        self.decision_slots = [[d] for d in range(len(graph.decisions))]
        if graph.decisions:
            self.read_slots = _shared(self.reads, self._are_exclusive)
            made = [decision.guard for decision in graph.decisions]
            self.decision_slots = _shared(list(range(len(made))), lambda a, b: graph.guards.exclude(made[a], made[b]))

    @cached_property
    def po_loc_is_settled(self) -> bool:
        """Whether no choice changes which accesses to one location are in program order.

        That is so if every address is known and no block shares a location with its thread.  The messages of
        membarrier are like that: one block and its sender access a message, and no other code of the block's thread.
        """
        if not self.static:
            return False
        events = self.graph.events
        for block in self.graph.blocks:
            cells = {events[e].address for e in bits(block.events)} - {None}
            others = (e for e in events if e.thread == block.thread and not block.events >> e.number & 1)
            if any(e.address in cells for e in others):
                return False
        return True

    def candidates(self) -> int:
        """How many combinations of choices there are."""
        count = prod(self.choices) << len(self.decision_slots)
        for slot in self.read_slots:
            count *= max(1, *[len(self.sources[r]) for r in slot])
        for group in (*self.groups, *self.block_groups):
            count *= group.count()
        for points in self.graph.points:
            count *= len(points)
        return count

    def words(self, candidates: int) -> int:
        """How many words of memory one relation over so many candidates may take: 64 of them for a pair of events each.

        Only pairs count that may be related in some candidates and not in others.
        """
        choosing = {r for slot in self.read_slots for r in slot if len(self.sources[r]) > 1}
        choosing.update(m for group in self.groups for m in group.members)
        choosing.update(e.number for e in self.graph.events if e.guard != ALWAYS)
        choosing.update(e for block in self.graph.blocks for e in bits(block.events))
        return (candidates * len(choosing) * len(self.graph.events) >> 6) + 1

    # ------------------------------------------------------------ guards

    def _are_exclusive(self, e: int, f: int) -> bool:
        return bool(self.exclusive[e] >> f & 1)

    def _guard_masks(self) -> tuple[list[int], list[int]]:
        """For each event, the events that never execute with it, and the events that always do."""
        events = self.graph.events
        n = len(events)
        everything = (1 << n) - 1
        if all(e.guard == ALWAYS for e in events):
            return [0] * n, [everything] * n
        guards = self.graph.guards
        of_guard: dict[int, int] = {}
        for e in events:
            of_guard[e.guard] = of_guard.get(e.guard, 0) | 1 << e.number
        asked = {g: guards.decisions(g) for g in of_guard}
        exclusive = {g: everything if g == NEVER else of_guard.get(NEVER, 0) for g in of_guard}
        companions = {g: mask | of_guard.get(ALWAYS, 0) for g, mask in of_guard.items()}
        for g in of_guard:
            for h, mask in of_guard.items():
                if g != h and asked[g] & asked[h]:
                    if guards.exclude(g, h):
                        exclusive[g] |= mask
                    elif guards.implies(g, h):
                        companions[g] |= mask
        return [exclusive[e.guard] for e in events], [companions[e.guard] for e in events]

    # ------------------------------------------------------------ memory

    def check_access(self, e: int, address: Address) -> None:
        """Raise Unsupported for a mixed-size access, InputError for one outside every variable."""
        event = self.graph.events[e]
        initial = self.graph.cells.get(address)
        if initial is not None:
            size = self.graph.events[initial].size
            if size != event.size:
                raise Unsupported(
                    f"mixed-size access: {event.size} bytes of {address.base}, whose cells have {size} bytes",
                    event.span,
                    "give the variable the type of its accesses, and use accesses of one size",
                )
            return
        variable = self.graph.program.variables.get(address.base)
        if variable is not None and 0 <= address.offset < variable.size * len(variable.cells):
            raise Unsupported(
                f"access to byte {address.offset} of {address.base}, whose cells have {variable.size} bytes",
                event.span,
                "accesses must be to whole cells",
            )
        raise InputError(f"access outside {address.base}, at offset {address.offset}", event.span)

    def _possible_addresses(self, e: int) -> tuple[Address, ...]:
        address = self.graph.events[e].address
        assert address is not None
        if self._domains is None:
            self._find_domains()
        found = []
        for v in self.domain(address):
            if isinstance(v, Address):
                try:
                    self.check_access(e, v)
                except Diagnostic as error:
                    self.outside[e, v] = error  # an error only if some execution goes there
                else:
                    found.append(v)
        return tuple(sorted(found))

    def next_accesses(self, e: int) -> int:
        """The accesses to the cell of an access that come after it in program order, up to the next that is certain.

        All of these have that one possible address.  An access is certain if it executes whenever e does.
        """
        if not self._next:
            accesses: dict[Address, int] = {}
            for a, cells in self.addresses.items():
                if len(cells) == 1:
                    accesses[cells[0]] = accesses.get(cells[0], 0) | 1 << a
            for a, cells in self.addresses.items():
                following = self.graph.po[a] & accesses[cells[0]] if len(cells) == 1 else 0
                pending = following & self.companions[a]
                while pending:
                    certain = (pending & -pending).bit_length() - 1
                    following &= ~self.graph.po[certain]
                    pending &= ~(self.graph.po[certain] | 1 << certain)
                self._next[a] = following
        return self._next[e]

    # ------------------------------------------------------------ values

    def _find_domains(self) -> None:
        """The values that each read may return, found in rounds that begin with no values.

        A value that is derived through k reads appears in round k.  So if there are as many rounds as reads, they
        find every value of every execution in which no value depends on itself.
        """
        events = self.graph.events
        found: dict[int, set[Value]] = {r: set() for r in self.reads}
        self._domains = found
        for _ in range(len(self.reads) + 1):
            stored = {w: self.domain(events[w].value).copy() for w in self.writes}
            cells = {w: self.domain(events[w].address).copy() for w in self.writes}
            changed = False
            for r in self.reads:
                here = self.domain(events[r].address)
                for w in self.sources.get(r, self.writes):
                    if not stored[w] <= found[r] and not here.isdisjoint(cells[w]):
                        found[r] |= stored[w]
                        changed = True
                if len(found[r]) > MAXIMUM_DOMAIN:
                    raise Unsupported(f"a read may return more than {MAXIMUM_DOMAIN} values", events[r].span)
            if not changed:
                break

    def operators(self, expr: Op) -> list[Op]:
        """The operators that an expression is made of (litmus.program.values.operations), told once."""
        found = self._operators.get(id(expr))
        if found is None:
            found = self._operators[id(expr)] = expr, operations(expr)
        return found[1]

    def domain(self, expr: Expr | None) -> set[Value]:
        """The values an expression may take in executions in which no value depends on itself."""
        if isinstance(expr, ReadOf):
            if self._domains is None:
                self._find_domains()
            assert self._domains is not None
            return self._domains[expr.event]
        if isinstance(expr, int | Address):
            return {expr}
        assert isinstance(expr, Op), "no registers are left, and guards stand in choices only"
        operators = operations(expr)
        read = only_read(expr)
        if read is not None:  # operator by operator, two different values of the same read would be combined
            return set(possible_values(operators, self.domain(ReadOf(read))).values())
        found: dict[int, set[Value]] = {}
        for op in operators:
            out = found[id(op)] = set()
            if op.name == "choice":
                for way in op.args[1:]:
                    out |= found[id(way)] if type(way) is Op else self.domain(way)
                continue
            for arguments in product(*[found[id(a)] if type(a) is Op else self.domain(a) for a in op.args]):
                try:
                    out.add(apply(op.name, arguments))
                except ValueFault:
                    continue  # it is in no execution, or it is reported when an execution reaches it
        return found[id(expr)]

    # ------------------------------------------------------------ rf and co

    def _demand_assumptions(self, wanted: dict[int, Value]) -> None:
        """An assumption that a read returns a constant restricts which writes it can read from."""
        for assumption in self.graph.assumptions:
            condition = assumption.condition
            if type(condition) is Op and condition.name == "eq":
                left, right = condition.args
                if type(left) is not ReadOf:
                    left, right = right, left
                if type(left) is ReadOf and isinstance(right, int | Address):
                    if self.graph.guards.implies(self.graph.events[left.event].guard, assumption.guard):
                        wanted[left.event] = right

    def _sources(self, r: int, wanted: Mapping[int, Value]) -> Order:
        """The writes that read r may take its value from.

        The write of r's own instruction is not among them, because it follows from the read.
        """
        events = self.graph.events
        cells = self.addresses[r]
        if not cells:
            return tuple(self.writes[:1])  # the read is of no cell: it needs some source, which decides nothing
        if len(cells) == 1:
            possible = self.by_cell[cells[0]]
        else:
            possible = sorted({w for a in cells for w in self.by_cell.get(a, ())})
        hidden = 0  # writes that coherence hides from r, because of a later write that is po-before r
        later = self.graph.po[r] if self.coherent else 0  # at any address: if r reads from a write, addresses are equal
        if self.coherent and len(cells) == 1:
            shadows = self._before[r] & self._writes_of.get(cells, 0) & self.companions[r]
            if shadows:
                hidden = 1 << self.graph.cells[cells[0]]
                while shadows:
                    s = shadows.bit_length() - 1
                    hidden |= self._before[s]
                    shadows &= ~(1 << s | self._before[s])  # what is hidden by those is hidden by this one
        own = self._own_write.get(r)
        out = self.exclusive[r] | hidden
        kept = []
        for w in possible:
            if (out | later) >> w & 1 or w == own:
                continue
            value = events[w].value
            if r in wanted and isinstance(value, int | Address) and value != wanted[r]:
                continue
            kept.append(w)
        return tuple(kept)

    def _groups(self) -> list[Group]:
        events = self.graph.events
        merged: list[tuple[set[Address], list[int]]] = []  # cells that share a write, and their writes
        for w in self.writes:
            if events[w].thread == INITIAL:
                continue
            cells, members = set(self.addresses[w]), [w]
            for other in merged.copy():
                if other[0] & cells:
                    merged.remove(other)
                    cells |= other[0]
                    members = other[1] + members
            merged.append((cells, members))
        groups = []
        for _, members in merged:
            everything = sum(1 << m for m in members)
            settled = {m: self.earlier[m] | self.later[m] | self.exclusive[m] | 1 << m for m in members}
            chosen = sorted(m for m in members if everything & ~settled[m])  # those with a pair whose order is open
            if chosen:
                mask = sum(1 << m for m in chosen)
                before = {m: self.earlier[m] & self.companions[m] & mask for m in chosen}
                groups.append(_group(chosen, before, self._are_exclusive))
        return groups

    def _coherence_in_order(self) -> Rows:
        """For each write, the writes that coherence puts before it, because they are before it in program order."""
        rows = [0] * len(self.graph.events)
        if self.coherent:
            for w in self.writes:
                if len(self.addresses[w]) == 1:
                    rows[w] = self._before[w] & self._writes_of[self.addresses[w]]
        return rows
