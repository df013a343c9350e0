"""Guards: when something executes, as formulas over the decisions of a program.

A guard is a number.  ALWAYS and NEVER are the constants.  Any other guard is a node of a reduced ordered binary
decision diagram (Bryant, "Graph-based algorithms for Boolean function manipulation", IEEE Transactions on Computers,
1986).  So guards that are equivalent are the same number.  A node asks for one decision, and then for the decisions
that were made before it: in this order, a guard with one more decision is one more node, and two ways that meet again
lose the decision that parted them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

ALWAYS = 0
NEVER = 1

Node = tuple[int, int, int]  # a decision, the guard if it is false, the guard if it is true


class Guards:
    """The guards of one program.  New ones are added when they are asked for, and none is ever changed.

    nodes[g]: the node of guard g; the first two are the constants, which ask for no decision (-1).
    """

    def __init__(self) -> None:
        self.nodes: list[Node] = [(-1, ALWAYS, ALWAYS), (-1, NEVER, NEVER)]
        self._numbers: dict[Node, int] = {}
        self._both: dict[tuple[int, int], int] = {}
        self._cones: dict[int, list[int]] = {}
        self._negations: dict[int, int] = {ALWAYS: NEVER, NEVER: ALWAYS}

    def _node(self, decision: int, refused: int, taken: int) -> int:
        if refused == taken:
            return refused
        node = decision, refused, taken
        number = self._numbers.get(node)
        if number is None:
            number = self._numbers[node] = len(self.nodes)
            self.nodes.append(node)
        return number

    def literal(self, decision: int, holds: bool) -> int:
        """The guard that a decision is true, or false."""
        return self._node(decision, NEVER, ALWAYS) if holds else self._node(decision, ALWAYS, NEVER)

    def both(self, a: int, b: int) -> int:
        """a and b."""
        found = self._settled(a, b)
        if found is not None:
            return found
        pending = [(a, b)]
        while pending:
            x, y = pending[-1]
            if (x, y) in self._both:
                pending.pop()
                continue
            decision = max(self.nodes[x][0], self.nodes[y][0])
            (x0, x1), (y0, y1) = self._ways(x, decision), self._ways(y, decision)
            refused, taken = self._settled(x0, y0), self._settled(x1, y1)
            if refused is None:
                pending.append((x0, y0))
            elif taken is None:
                pending.append((x1, y1))
            else:
                self._both[x, y] = self._both[y, x] = self._node(decision, refused, taken)
                pending.pop()
        return self._both[a, b]

    def _settled(self, a: int, b: int) -> int | None:
        """a and b, if that is known."""
        if a == b or b == ALWAYS:
            return a
        if a == ALWAYS:
            return b
        if NEVER in (a, b):
            return NEVER
        return self._both.get((a, b))

    def _ways(self, guard: int, decision: int) -> tuple[int, int]:
        """The guard if a decision is false, and if it is true.  The guard asks for no later decision."""
        top, refused, taken = self.nodes[guard]
        return (refused, taken) if top == decision else (guard, guard)

    def negation(self, a: int) -> int:
        """Not a."""
        found = self._negations
        pending = [a]
        while pending:
            guard = pending[-1]
            decision, refused, taken = self.nodes[guard]
            if guard in found:
                pending.pop()
            elif refused not in found:
                pending.append(refused)
            elif taken not in found:
                pending.append(taken)
            else:
                negation = self._node(decision, found[refused], found[taken])
                found[guard], found[negation] = negation, guard
                pending.pop()
        return found[a]

    def either(self, a: int, b: int) -> int:
        """a or b."""
        if a in (b, ALWAYS) or b == NEVER:
            return a
        if b == ALWAYS or a == NEVER:
            return b
        return self.negation(self.both(self.negation(a), self.negation(b)))

    def any(self, guards: Iterable[int]) -> int:
        """That some of the guards holds."""
        found = NEVER
        for guard in guards:
            found = self.either(found, guard)
        return found

    def without(self, a: int, b: int) -> int:
        """a and not b."""
        return self.both(a, self.negation(b))

    def implies(self, a: int, b: int) -> bool:
        """Whether b holds whenever a does."""
        return a in (b, NEVER) or b == ALWAYS or self.without(a, b) == NEVER

    def exclude(self, a: int, b: int) -> bool:
        """Whether a and b never hold together."""
        return self.both(a, b) == NEVER

    def given(self, a: int, known: int) -> int:
        """A guard that is equivalent to `a` where `known` holds.  It is smaller as a rule, and asks for nothing else.

        Source: the operator "restrict" of Coudert and Madre, ICCAD 1990.
        """
        found: dict[tuple[int, int], int] = {}
        pending = [(a, known)]
        while pending:
            f, k = pending[-1]
            if (f, k) in found:
                pending.pop()
                continue
            if k in (ALWAYS, NEVER) or f in (ALWAYS, NEVER):
                found[f, k] = f
                continue
            decision = self.nodes[f][0]
            if self.nodes[k][0] > decision:
                needed = [(f, self.either(*self.nodes[k][1:]))]
            else:
                (k0, k1), (_, f0, f1) = self._ways(k, decision), self.nodes[f]
                needed = [(f1, k1)] if k0 == NEVER else [(f0, k0)] if k1 == NEVER else [(f0, k0), (f1, k1)]
            missing = [pair for pair in needed if pair not in found]
            if missing:
                pending += missing
            elif len(needed) == 1:
                found[f, k] = found[needed[0]]
            else:
                found[f, k] = self._node(decision, found[needed[0]], found[needed[1]])
        return found[a, known]

    def replaced(self, a: int, settled: Mapping[int, int | bool]) -> int:
        """A guard in terms of other decisions.

        settled: for each decision that the guard asks for, the way it always goes, or its new number.  New numbers are
        in the order of the old ones.
        """
        found = {ALWAYS: ALWAYS, NEVER: NEVER}
        pending = [a]
        while pending:
            guard = pending[-1]
            decision, refused, taken = self.nodes[guard]
            if guard in found:
                pending.pop()
                continue
            new = settled[decision]
            needed = [taken] if new is True else [refused] if new is False else [refused, taken]
            missing = [g for g in needed if g not in found]
            if missing:
                pending += missing
            elif isinstance(new, bool):
                found[guard] = found[needed[0]]
            else:
                found[guard] = self._node(new, found[refused], found[taken])
        return found[a]

    def holds(self, guard: int, decided: Sequence[bool]) -> bool:
        """Whether a guard holds, given which way each decision went."""
        while guard > NEVER:
            decision, refused, taken = self.nodes[guard]
            guard = taken if decided[decision] else refused
        return guard == ALWAYS

    def decisions(self, guard: int) -> int:
        """The mask of the decisions that a guard asks for."""
        mask, seen, pending = 0, {ALWAYS, NEVER}, [guard]
        while pending:
            number = pending.pop()
            if number not in seen:
                seen.add(number)
                decision, refused, taken = self.nodes[number]
                mask |= 1 << decision
                pending += (refused, taken)
        return mask

    def cone(self, guard: int) -> list[int]:
        """The guards that a guard is made of, with itself and without the constants, each after those it is made of."""
        found = self._cones.get(guard)
        if found is None:
            needed: set[int] = set()
            pending = [guard]
            while pending:
                number = pending.pop()
                if number > NEVER and number not in needed:
                    needed.add(number)
                    pending += self.nodes[number][1:]
            found = self._cones[guard] = sorted(needed)
        return found
