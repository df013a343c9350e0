"""The hash-consed DAG under construction: equal relations share one node.

Every constructor returns the node of its result, simplified by laws that hold in every execution.
Unions and intersections are taken modulo associativity, commutativity and idempotence, sequences
modulo associativity: the node of `a | b | c` is found again for `c | (a | b)`, while nodes that the
model has named are kept whole.
"""

from __future__ import annotations

from functools import reduce

from litmus.algebra.dag import Node, Recursion
from litmus.algebra.names import base_name
from litmus.algebra.operators import OPERATORS, Kind, Operator

_NONE: frozenset[int] = frozenset()

MOST_OPERANDS = 100  # of unions, intersections and sequences that are simplified; longer ones stay as they are


class Algebra:
    """Nodes, numbered in topological order, and the groups of `let rec` that their VAR and FIX refer to."""

    def __init__(self) -> None:
        self.nodes: list[Node] = []
        self.groups: dict[int, tuple[tuple[int, ...], tuple[int, ...]]] = {}  # closed: variables, bodies
        self._numbers: dict[Node, int] = {}
        self._operands: dict[int, frozenset[int]] = {}  # of UNION and INTERSECTION nodes
        self._by_operands: dict[tuple[Operator, frozenset[int]], int] = {}
        self._factors: dict[int, tuple[int, ...]] = {}  # of SEQUENCE nodes
        self._by_factors: dict[tuple[int, ...], int] = {}
        self._free: list[frozenset[int]] = []  # per node, the groups whose variables occur free in it
        self._groups = 0
        self._monotone: dict[int, bool] = {}  # of closed groups

    def _node(self, node: Node) -> int:
        number = self._numbers.get(node)
        if number is None:
            number = self._numbers[node] = len(self.nodes)
            self.nodes.append(node)
            self._free.append(self._free_groups(node))
        return number

    def _free_groups(self, node: Node) -> frozenset[int]:
        if node.operator is Operator.VAR:
            return frozenset((node.group,))
        if node.operator is Operator.FIX:
            bodies = self.groups[node.group][1]
            return frozenset().union(*(self._free[b] for b in bodies)) - {node.group}
        if not node.arguments:
            return _NONE
        return frozenset().union(*(self._free[a] for a in node.arguments))

    def kind(self, node: int) -> Kind:
        """Whether a node is a set or a relation."""
        return self.nodes[node].kind

    def operator(self, node: int) -> Operator:
        """The operator of a node."""
        return self.nodes[node].operator

    def free_groups(self, node: int) -> frozenset[int]:
        """The recursions whose variables a node depends on, outside of any that it contains."""
        return self._free[node]

    # ------------------------------------------------------------ constants

    def base(self, name: str, kind: Kind) -> int:
        """A set or relation of the execution."""
        return self._node(Node(Operator.BASE, kind, name=name))

    def choice(self, choice: int, options: range) -> int:
        """All pairs of events where a choice of the model takes one of these options."""
        return self._node(Node(Operator.CHOICE, Kind.RELATION, choice=choice, options=options))

    def place(self, variable: str) -> int:
        """The accesses to the first cell of a variable."""
        return self._node(Node(Operator.PLACE, Kind.SET, name=variable))

    def empty(self, kind: Kind) -> int:
        """The empty set or relation."""
        return self._node(Node(Operator.EMPTY, kind))

    def constant(self, kind: Kind, rows: tuple[int, ...]) -> int:
        """A set or relation given by its events."""
        return self._node(Node(Operator.CONSTANT, kind, rows=rows)) if any(rows) else self.empty(kind)

    def universe(self, kind: Kind) -> int:
        """All events, or all pairs of events."""
        events = self.base("_", Kind.SET)
        return events if kind is Kind.SET else self._node(Node(Operator.PRODUCT, kind, (events, events)))

    def is_empty(self, node: int) -> bool:
        """Whether a node is empty in every execution of every test."""
        return self.nodes[node].operator is Operator.EMPTY

    def _is_base(self, node: int, name: str) -> bool:
        return self.nodes[node].name == name and self.nodes[node].operator is Operator.BASE

    def _is_universe(self, node: int) -> bool:
        return node == self.universe(self.kind(node))

    # ------------------------------------------------------------ Boolean algebra

    def _operands_of(self, operator: Operator, node: int) -> frozenset[int]:
        alone = frozenset((node,))
        return self._operands.get(node, alone) if self.nodes[node].operator is operator else alone

    def _lattice(self, operator: Operator, left: int, right: int) -> int:
        """A union or intersection, found by its set of operands or made from what the two sides add."""
        mine, theirs = self._operands_of(operator, left), self._operands_of(operator, right)
        if theirs <= mine:
            return left
        if mine <= theirs:
            return right
        both = mine | theirs
        if len(both) > MOST_OPERANDS:
            return self._node(Node(operator, self.kind(left), (left, right)))
        known = self._by_operands.get((operator, both))
        if known is not None:
            return known
        if mine & theirs:
            for extra in sorted(theirs - mine):
                left = self._lattice(operator, left, extra)
            return left
        first, second = min(left, right), max(left, right)
        number = self._node(Node(operator, self.kind(left), (first, second)))
        self._operands[number] = both
        self._by_operands[operator, both] = number
        return number

    def union(self, left: int, right: int) -> int:
        """Left | right, of one kind."""
        if self.is_empty(left):
            return right
        if self.is_empty(right):
            return left
        if self._is_universe(left):
            return left
        if self._is_universe(right):
            return right
        return self._lattice(Operator.UNION, left, right)

    def intersection(self, left: int, right: int) -> int:
        """Left & right, of one kind."""
        if self.is_empty(left) or self._is_universe(right):
            return left
        if self.is_empty(right) or self._is_universe(left):
            return right
        return self._lattice(Operator.INTERSECTION, left, right)

    def difference(self, left: int, right: int) -> int:
        """Left \\ right, of one kind."""
        kind = self.kind(left)
        if left == right or self._is_universe(right):
            return self.empty(kind)
        if self.is_empty(left) or self.is_empty(right):
            return left
        if self._is_universe(left):
            return self.complement(right)
        mine, theirs = (self._operands_of(Operator.INTERSECTION, side) for side in (left, right))
        if mine <= theirs:  # r \ (r & s) is r \ s, in which r does not stand in a negative position
            rest = sorted(theirs - mine)
            return self.difference(left, reduce(self.intersection, rest)) if rest else self.empty(kind)
        return self._node(Node(Operator.DIFFERENCE, kind, (left, right)))

    def complement(self, operand: int) -> int:
        """~operand."""
        node = self.nodes[operand]
        if node.operator is Operator.COMPLEMENT:
            return node.arguments[0]
        if node.operator is Operator.EMPTY:
            return self.universe(node.kind)
        if self._is_universe(operand):
            return self.empty(node.kind)
        return self._node(Node(Operator.COMPLEMENT, node.kind, (operand,)))

    def without_operands(self, union: int, dropped: frozenset[int]) -> int:
        """A union without some of its operands."""
        kept = self.empty(self.kind(union))
        for operand in sorted(self._operands_of(Operator.UNION, union) - dropped):
            kept = self.union(kept, operand)
        return kept

    # ------------------------------------------------------------ relations

    def _relation(self, operator: Operator, *arguments: int) -> int:
        return self._node(Node(operator, Kind.RELATION, arguments))

    def sequence(self, left: int, right: int) -> int:
        """Left ; right."""
        if self.is_empty(left) or self._is_base(right, "id"):
            return left
        if self.is_empty(right) or self._is_base(left, "id"):
            return right
        nodes = self.nodes
        if nodes[left].operator is Operator.IDENTITY and nodes[right].operator is Operator.IDENTITY:
            return self.identity(self.intersection(nodes[left].arguments[0], nodes[right].arguments[0]))
        factors = self._factors.get(left, (left,)) + self._factors.get(right, (right,))
        if len(factors) > MOST_OPERANDS:
            return self._relation(Operator.SEQUENCE, left, right)
        known = self._by_factors.get(factors)
        if known is not None:
            return known
        number = self._relation(Operator.SEQUENCE, left, right)
        self._factors[number] = factors
        self._by_factors[factors] = number
        return number

    def inverse(self, operand: int) -> int:
        """operand^-1."""
        node = self.nodes[operand]
        if node.operator is Operator.INVERSE:
            return node.arguments[0]
        if node.operator in (Operator.EMPTY, Operator.IDENTITY):
            return operand
        if node.operator is Operator.BASE and base_name(node.name).symmetric:
            return operand
        if node.operator is Operator.PRODUCT:
            return self.product(node.arguments[1], node.arguments[0])
        return self._relation(Operator.INVERSE, operand)

    def plus(self, operand: int) -> int:
        """operand+, the transitive closure."""
        node = self.nodes[operand]
        if node.operator in (Operator.PLUS, Operator.STAR, Operator.EMPTY, Operator.IDENTITY, Operator.PRODUCT):
            return operand  # transitive already
        if node.operator is Operator.OPTIONAL:
            return self.star(node.arguments[0])
        if node.operator is Operator.BASE and base_name(node.name).transitive:
            return operand
        return self._relation(Operator.PLUS, operand)

    def star(self, operand: int) -> int:
        """operand*, reflexive over all events."""
        node = self.nodes[operand]
        if node.operator is Operator.STAR:
            return operand
        if node.operator in (Operator.PLUS, Operator.OPTIONAL):
            return self.star(node.arguments[0])
        if node.operator in (Operator.EMPTY, Operator.IDENTITY) or self._is_base(operand, "id"):
            return self.base("id", Kind.RELATION)
        return self._relation(Operator.STAR, operand)

    def optional(self, operand: int) -> int:
        """operand?, reflexive over all events."""
        node = self.nodes[operand]
        if node.operator in (Operator.STAR, Operator.OPTIONAL):
            return operand
        if node.operator is Operator.PLUS:
            return self.star(node.arguments[0])
        if node.operator in (Operator.EMPTY, Operator.IDENTITY) or self._is_base(operand, "id"):
            return self.base("id", Kind.RELATION)
        return self._relation(Operator.OPTIONAL, operand)

    # ------------------------------------------------------------ between sets and relations

    def identity(self, events: int) -> int:
        """[events]."""
        if self.is_empty(events):
            return self.empty(Kind.RELATION)
        if self._is_universe(events):
            return self.base("id", Kind.RELATION)
        return self._relation(Operator.IDENTITY, events)

    def product(self, left: int, right: int) -> int:
        """Left * right."""
        if self.is_empty(left) or self.is_empty(right):
            return self.empty(Kind.RELATION)
        return self._relation(Operator.PRODUCT, left, right)

    def _projection(self, operator: Operator, opposite: Operator, operand: int) -> int:
        node = self.nodes[operand]
        if node.operator is Operator.EMPTY:
            return self.empty(Kind.SET)
        if node.operator is Operator.IDENTITY:
            return node.arguments[0]
        if node.operator is Operator.INVERSE:
            operator, operand = opposite, node.arguments[0]
        elif self._is_base(operand, "id") or node.operator in (Operator.STAR, Operator.OPTIONAL):
            return self.universe(Kind.SET)
        elif node.operator is Operator.PLUS:
            operand = node.arguments[0]
        return self._node(Node(operator, Kind.SET, (operand,)))

    def domain(self, operand: int) -> int:
        """domain(operand)."""
        return self._projection(Operator.DOMAIN, Operator.RANGE, operand)

    def range(self, operand: int) -> int:
        """range(operand)."""
        return self._projection(Operator.RANGE, Operator.DOMAIN, operand)

    # ------------------------------------------------------------ recursion

    def unknown(self, kind: Kind) -> int:
        """A set or relation of which nothing is known but its kind; it may not remain in a model."""
        return self._node(Node(Operator.VAR, kind))

    def open_group(self, kinds: tuple[Kind, ...]) -> tuple[int, tuple[int, ...]]:
        """A new `let rec` over variables of these kinds: its group and their nodes."""
        group = self._groups
        self._groups += 1
        slots = enumerate(kinds)
        return group, tuple(self._node(Node(Operator.VAR, kind, group=group, slot=slot)) for slot, kind in slots)

    def close_group(self, group: int, variables: tuple[int, ...], bodies: tuple[int, ...]) -> tuple[int, ...]:
        """What the variables stand for outside their group, now that its bodies are known."""
        if not any(group in self._free[body] for body in bodies):
            return bodies  # nothing recursive about it
        self.groups[group] = (variables, bodies)
        self._monotone[group] = self._grows(group)
        slots = enumerate(variables)
        return tuple(self._node(Node(Operator.FIX, self.kind(v), group=group, slot=slot)) for slot, v in slots)

    # ------------------------------------------------------------ the finished DAG

    def finish(self, roots: tuple[int, ...]) -> tuple[tuple[Node, ...], tuple[Recursion, ...], dict[int, int]]:
        """What the roots need, renumbered: nodes, recursions (an inner one before its outer one), old -> new."""
        live: set[int] = set()
        groups: set[int] = set()
        pending = list(roots)
        while pending:
            number = pending.pop()
            if number in live:
                continue
            live.add(number)
            node = self.nodes[number]
            pending.extend(node.arguments)
            if node.operator is Operator.FIX and node.group not in groups:
                groups.add(node.group)
                variables, bodies = self.groups[node.group]
                pending.extend(variables + bodies)
        renumbered = {old: new for new, old in enumerate(sorted(live))}
        closed = [g for g in self.groups if g in groups]  # in the order they were closed
        group_numbers = {old: new for new, old in enumerate(closed)}
        nodes = tuple(
            Node(
                node.operator,
                node.kind,
                tuple(renumbered[a] for a in node.arguments),
                node.name,
                group_numbers.get(node.group, -1),
                node.slot,
                node.rows,
                node.choice,
                node.options,
            )
            for node in (self.nodes[number] for number in sorted(live))
        )
        recursions = []
        for group in closed:
            variables, bodies = self.groups[group]
            recursions.append(
                Recursion(
                    tuple(renumbered[v] for v in variables),
                    tuple(renumbered[b] for b in bodies),
                    tuple(renumbered[n] for n in sorted(self._inner(group))),
                    self.is_monotone(group),
                )
            )
        return nodes, tuple(recursions), renumbered

    def _inner(self, group: int) -> set[int]:
        """The nodes that change in each round of a group: see dag.Recursion."""
        nested = {group}
        seen: set[int] = set()
        pending = list(self.groups[group][1])
        while pending:
            number = pending.pop()
            if number in seen or group not in self._free[number]:
                continue
            seen.add(number)
            node = self.nodes[number]
            pending.extend(node.arguments)
            if node.operator is Operator.FIX:
                nested.add(node.group)
                pending.extend(self.groups[node.group][1])
        nested.discard(group)
        return {n for n in seen if not self._free[n] & nested and self.nodes[n].operator is not Operator.VAR}

    def constant_parts(self, group: int) -> tuple[int, ...]:
        """The largest nodes in the bodies of a group that depend on no variable of any group."""
        found: list[int] = []
        seen: set[int] = set()
        pending = list(self.groups[group][1])
        while pending:
            number = pending.pop()
            if number in seen:
                continue
            seen.add(number)
            if not self._free[number]:
                found.append(number)
                continue
            node = self.nodes[number]
            pending.extend(node.arguments)
            if node.operator is Operator.FIX:
                pending.extend(self.groups[node.group][1])
        return tuple(found)

    def is_monotone(self, group: int) -> bool:
        """Whether no variable of the group occurs in a negative position of a body."""
        return self._monotone[group]

    def _grows(self, group: int) -> bool:
        """Whether no variable of the group occurs in a negative position; what is nested in it was closed before."""
        seen: set[tuple[int, bool]] = set()
        pending = [(body, True) for body in self.groups[group][1]]
        while pending:
            number, positive = pending.pop()
            if (number, positive) in seen or group not in self._free[number]:
                continue
            seen.add((number, positive))
            node = self.nodes[number]
            if node.operator is Operator.VAR:
                if not positive:
                    return False
            elif node.operator is Operator.FIX:
                if not self._monotone[node.group]:
                    return False  # not known to grow with what it is made of
                pending.extend((body, positive) for body in self.groups[node.group][1])
            else:
                signs = OPERATORS[node.operator].polarity
                pending.extend((a, positive is (sign > 0)) for a, sign in zip(node.arguments, signs, strict=True))
        return True
