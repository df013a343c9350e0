"""Sliced relations: the value of a relation in thousands of candidate executions at once.

The candidates are numbered.  A *slice* is an integer whose bit c is about candidate c.  A sliced
relation gives, for every pair of events, the slice of the candidates in which the pair is related.
It has two parts.  `must`: bit rows of the pairs that are related whenever both events execute.
`open`: the slices of all other pairs that are related in some candidate (open[e][f]).  A pair in neither
part is never related.  This is the lower and upper bound of Kodkod (Torlak and Jackson, TACAS 2007).
But what lies between the bounds is tabulated, not handed to a solver: and, or and not on slices are
one operation on a long integer.

Invariants: a slice in `open` is not 0, and in its candidates both events execute.  No pair is in both parts.
"""

from __future__ import annotations

from collections.abc import Mapping

from litmus.relation.rows import Rows, bits, composed, on_cycles, transitive_closure, transposed

Open = dict[int, dict[int, int]]
_NOTHING: Open = {}  # shared; never written to


class Sliced:
    """A sliced relation."""

    __slots__ = ("must", "open")

    def __init__(self, must: Rows, open: Open = _NOTHING) -> None:
        self.must = must
        self.open = open


class SlicedSet:
    """A sliced set of events: `must` is a mask, `open` maps an event to a slice."""

    __slots__ = ("must", "open")

    def __init__(self, must: int, open: Mapping[int, int] | None = None) -> None:
        self.must = must
        self.open = open or {}


class Universe:
    """The events and candidates that sliced relations range over.

    n: the number of events.  full: the slice of all candidates.  executes[e]: the slice of the candidates in
    which e executes.  certain: the mask of the events that always execute.  companions[e]: the mask of the
    events that execute whenever e does, including e.  leads[e]: the mask of the events that execute only if e does; it
    is computed if it is not given.  everything: the mask of all events but the absent ones, which models do not see.
    nothing: the empty relation, always this one object.  Most fences and dependencies are absent from most tests, so
    operations look for this object first and return it if they can.
    """

    __slots__ = ("certain", "companions", "everything", "executes", "full", "leads", "n", "nothing")

    def __init__(
        self,
        n: int,
        full: int,
        executes: list[int],
        certain: int,
        companions: list[int],
        leads: list[int] | None = None,
        absent: int = 0,
    ) -> None:
        self.n = n
        self.everything = ((1 << n) - 1) & ~absent
        self.full = full
        self.executes = executes
        self.certain = certain
        self.companions = companions
        self.leads = transposed(companions) if leads is None else leads
        self.nothing = Sliced([0] * n)

    def relation(self, must: Rows, open: Open = _NOTHING) -> Sliced:
        """A relation.  If it is empty, it is the object `nothing`."""
        return Sliced(must, open) if open or any(must) else self.nothing

    def both(self, e: int, f: int) -> int:
        """The candidates in which e and f execute."""
        return self.executes[e] & self.executes[f]

    # ------------------------------------------------------------ sets

    def set_union(self, a: SlicedSet, b: SlicedSet) -> SlicedSet:
        """a | b, of sets."""
        must = a.must | b.must
        if not a.open and not b.open:
            return SlicedSet(must)
        out = {e: s for e, s in a.open.items() if not must >> e & 1}
        for e, s in b.open.items():
            if not must >> e & 1:
                out[e] = out.get(e, 0) | s
        return SlicedSet(must, out)

    def set_intersection(self, a: SlicedSet, b: SlicedSet) -> SlicedSet:
        """a & b, of sets."""
        out = {}
        for e, s in a.open.items():
            s = s if b.must >> e & 1 else s & b.open.get(e, 0)
            if s:
                out[e] = s
        for e, s in b.open.items():
            if a.must >> e & 1:
                out[e] = s
        return SlicedSet(a.must & b.must, out)

    def set_difference(self, a: SlicedSet, b: SlicedSet) -> SlicedSet:
        """a \\ b, of sets."""
        must = a.must & ~b.must
        out = {}
        for e, s in a.open.items():
            if not b.must >> e & 1:
                s &= ~b.open.get(e, 0)
                if s:
                    out[e] = s
        for e, s in b.open.items():
            if must >> e & 1:
                must ^= 1 << e
                s = self.executes[e] & ~s
                if s:
                    out[e] = s
        return SlicedSet(must, out)

    def set_complement(self, a: SlicedSet) -> SlicedSet:
        """~a, within the events that execute."""
        return self.set_difference(SlicedSet(self.everything), a)

    # ------------------------------------------------------------ relations from sets and back

    def identity(self, a: SlicedSet) -> Sliced:
        """[a]."""

        must = [a.must & 1 << e for e in range(self.n)]
        return self.relation(must, {e: {e: s} for e, s in a.open.items()} if a.open else _NOTHING)

    def product(self, a: SlicedSet, b: SlicedSet) -> Sliced:
        """a * b, the cartesian product."""

        right = b.must
        must = [right if a.must >> e & 1 else 0 for e in range(self.n)]
        if not a.open and not b.open:
            return self.relation(must)
        out: Open = {}
        for e in bits(a.must):
            for f, s in b.open.items():
                self.put(out, e, f, s & self.executes[e])
        for e, s in a.open.items():
            for f in bits(right):
                self.put(out, e, f, s & self.executes[f])
            for f, t in b.open.items():
                self.put(out, e, f, s & t)
        return self.relation(must, out)

    def domain(self, a: Sliced) -> SlicedSet:
        """domain(a)."""
        must = 0
        out: dict[int, int] = {}
        for e, row in enumerate(a.must):
            if row & self.companions[e]:
                must |= 1 << e
            else:
                for f in bits(row):
                    out[e] = out.get(e, 0) | self.both(e, f)
        for e, columns in a.open.items():
            if not must >> e & 1:
                s = out.get(e, 0)
                for t in columns.values():
                    s |= t
                out[e] = s
        return SlicedSet(must, out)

    def range(self, a: Sliced) -> SlicedSet:
        """range(a)."""
        return self.domain(self.inverse(a))

    # ------------------------------------------------------------ algebra of relations

    @staticmethod
    def put(out: Open, e: int, f: int, s: int) -> None:
        """Add the candidates `s` to the pair (e, f)."""
        if s:
            columns = out.get(e)
            if columns is None:
                out[e] = {f: s}
            else:
                columns[f] = columns.get(f, 0) | s

    def union(self, a: Sliced, b: Sliced) -> Sliced:
        """a | b."""
        if a is self.nothing:
            return b
        if b is self.nothing:
            return a
        must = [x | y for x, y in zip(a.must, b.must, strict=True)]
        if not b.open:
            if not a.open:
                return self.relation(must)
            a, b = b, a
        out: Open = {}
        for e, columns in b.open.items():
            row = must[e]
            kept = {f: s for f, s in columns.items() if not row >> f & 1} if row else columns.copy()
            if kept:
                out[e] = kept
        for e, columns in a.open.items():
            row = must[e]
            kept = out.setdefault(e, {})
            for f, s in columns.items():
                if not row >> f & 1:
                    kept[f] = kept.get(f, 0) | s
        return self.relation(must, out)

    def intersection(self, a: Sliced, b: Sliced) -> Sliced:
        """a & b."""
        if a is self.nothing or b is self.nothing:
            return self.nothing
        must = [x & y for x, y in zip(a.must, b.must, strict=True)]
        out: Open = {}
        for e, columns in a.open.items():
            row = b.must[e]
            others = b.open.get(e)
            if not row and others is None:
                continue
            kept = {}
            for f, s in columns.items():
                if row >> f & 1:
                    kept[f] = s
                elif others is not None and f in others:
                    s &= others[f]
                    if s:
                        kept[f] = s
            if kept:
                out[e] = kept
        for e, columns in b.open.items():
            row = a.must[e]
            if row:
                kept = {f: s for f, s in columns.items() if row >> f & 1}
                if kept:
                    out.setdefault(e, {}).update(kept)
        return self.relation(must, out)

    def difference(self, a: Sliced, b: Sliced) -> Sliced:
        """a \\ b."""
        if a is self.nothing or b is self.nothing:
            return a
        must = [x & ~y for x, y in zip(a.must, b.must, strict=True)]
        out: Open = {}
        for e, columns in a.open.items():
            row = b.must[e]
            others = b.open.get(e)
            kept = {}
            for f, s in columns.items():
                if not row >> f & 1:
                    if others is not None:
                        s &= ~others.get(f, 0)
                    if s:
                        kept[f] = s
            if kept:
                out[e] = kept
        for e, columns in b.open.items():
            row = must[e]
            if row:
                for f, s in columns.items():
                    if row >> f & 1:
                        row ^= 1 << f
                        self.put(out, e, f, self.both(e, f) & ~s)
                must[e] = row
        return self.relation(must, out)

    def complement(self, a: Sliced) -> Sliced:
        """~a, within the pairs of events that execute."""
        everything = self.everything
        return self.difference(Sliced([everything if everything >> e & 1 else 0 for e in range(self.n)]), a)

    def inverse(self, a: Sliced) -> Sliced:
        """a^-1."""
        if a is self.nothing:
            return a
        must = transposed(a.must)
        if not a.open:
            return self.relation(must)
        out: Open = {}
        for e, columns in a.open.items():
            for f, s in columns.items():
                if f in out:
                    out[f][e] = s
                else:
                    out[f] = {e: s}
        return self.relation(must, out)

    def sequence(self, a: Sliced, b: Sliced) -> Sliced:
        """a ; b."""
        if a is self.nothing or b is self.nothing:
            return self.nothing
        if self.certain + 1 != 1 << self.n:
            return self._guarded_sequence(a, b)
        must = composed(a.must, b.must)
        if not a.open and not b.open:
            return self.relation(must)
        out: Open = {}
        a_must, b_must, b_open = a.must, b.must, b.open
        if b_open:
            middle = 0
            for m in b_open:
                middle |= 1 << m
            for e, row in enumerate(a_must):
                row &= middle
                if row:
                    closed = must[e]
                    columns = out.get(e)
                    while row:
                        low = row & -row
                        row ^= low
                        for f, s in b_open[low.bit_length() - 1].items():
                            if not closed >> f & 1:
                                if columns is None:
                                    columns = out[e] = {f: s}
                                else:
                                    columns[f] = columns.get(f, 0) | s
        for e, throughs in a.open.items():
            closed = must[e]
            columns = out.get(e)
            for m, t in throughs.items():
                row = b_must[m] & ~closed
                while row:
                    low = row & -row
                    row ^= low
                    f = low.bit_length() - 1
                    if columns is None:
                        columns = out[e] = {f: t}
                    else:
                        columns[f] = columns.get(f, 0) | t
                if m in b_open:
                    for f, s in b_open[m].items():
                        if not closed >> f & 1:
                            s &= t
                            if s:
                                if columns is None:
                                    columns = out[e] = {f: s}
                                else:
                                    columns[f] = columns.get(f, 0) | s
        return self.relation(must, out)

    def _guarded_sequence(self, a: Sliced, b: Sliced) -> Sliced:
        """a ; b, if some events execute in some candidates only.  A pair that goes through m needs m to execute."""

        must = [0] * self.n
        out: Open = {}
        executes = self.executes
        leads = self.leads
        for e, row in enumerate(a.must):
            sure = self.certain | self.companions[e]
            for m in bits(row):
                must[e] |= b.must[m] if sure >> m & 1 else b.must[m] & leads[m]
        for e, row in enumerate(a.must):
            for m in bits(row):
                for f in bits(b.must[m] & ~must[e]):
                    self.put(out, e, f, executes[e] & executes[m] & executes[f])
                for f, s in b.open.get(m, {}).items():
                    if not must[e] >> f & 1:
                        self.put(out, e, f, s & executes[e])
        for e, throughs in a.open.items():
            for m, t in throughs.items():
                for f in bits(b.must[m] & ~must[e]):
                    self.put(out, e, f, t & executes[f])
                for f, s in b.open.get(m, {}).items():
                    if not must[e] >> f & 1:
                        self.put(out, e, f, t & s)
        return self.relation(must, out)

    def plus(self, a: Sliced) -> Sliced:
        """a+, by Warshall's algorithm."""
        if a is self.nothing:
            return a
        certain = self.certain + 1 == 1 << self.n
        if not a.open and certain:
            return self.relation(transitive_closure(a.must))
        executes = self.executes
        table: Open = {}  # the slice of every pair, also of the pairs in `must`
        for e, row in enumerate(a.must):
            if row:
                x = executes[e]
                table[e] = {f: x & executes[f] for f in bits(row)}
        for e, columns in a.open.items():
            if e in table:
                table[e].update(columns)
            else:
                table[e] = columns.copy()
        for m in list(table):
            through = table[m]
            through_items = list(through.items())
            for e, columns in table.items():
                t = columns.get(m)
                if t is None:
                    continue
                if e == m:
                    continue  # m -> m -> f adds nothing to m -> f
                for f, s in through_items:
                    s &= t
                    if s:
                        columns[f] = columns.get(f, 0) | s
        must = [0] * self.n
        out: Open = {}
        for e, columns in table.items():
            row = 0
            kept = {}
            for f, s in columns.items():
                if s == executes[e] & executes[f]:
                    row |= 1 << f
                else:
                    kept[f] = s
            must[e] = row
            if kept:
                out[e] = kept
        return self.relation(must, out)

    def optional(self, a: Sliced) -> Sliced:
        """a?."""
        must = [row | 1 << e & self.everything for e, row in enumerate(a.must)]
        if not a.open:
            return Sliced(must)
        out: Open = {}
        for e, columns in a.open.items():
            kept = {f: s for f, s in columns.items() if f != e} if e in columns else columns
            if kept:
                out[e] = kept
        return Sliced(must, out)

    def star(self, a: Sliced) -> Sliced:
        """a*."""
        return self.optional(self.plus(a))

    # ------------------------------------------------------------ predicates: where they fail

    def somewhere(self, a: Sliced | SlicedSet) -> int:
        """The candidates in which `a` is not empty."""
        found = 0
        if isinstance(a, SlicedSet):
            for e in bits(a.must):
                found |= self.executes[e]
            for s in a.open.values():
                found |= s
            return found
        for e, row in enumerate(a.must):
            if row & self.certain and self.certain >> e & 1:
                return self.full
            for f in bits(row):
                found |= self.both(e, f)
        for columns in a.open.values():
            for s in columns.values():
                found |= s
        return found

    def reflexive(self, a: Sliced) -> int:
        """The candidates in which some event is related to itself."""
        found = 0
        for e, row in enumerate(a.must):
            if row >> e & 1:
                found |= self.executes[e]
        for e, columns in a.open.items():
            found |= columns.get(e, 0)
        return found

    def cyclic(self, a: Sliced) -> int:
        """The candidates in which `a` has a cycle.

        Events are eliminated one by one.  The next event is always the one with the fewest paths through it.
        The pairs that lead to it are joined with the pairs that lead away from it.  If that gives a pair of an
        event with itself, there is a cycle.
        """
        may = a.must.copy()
        for e, columns in a.open.items():
            row = may[e]
            for f in columns:
                row |= 1 << f
            may[e] = row
        live = on_cycles(may)
        if not live:
            return 0
        executes = self.executes
        found = 0
        after: dict[int, dict[int, int]] = {}
        before: dict[int, dict[int, int]] = {e: {} for e in bits(live)}
        for e in bits(live):
            row = a.must[e] & live
            x = executes[e]
            columns = {f: x & executes[f] for f in bits(row)}
            for f, s in a.open.get(e, _NOTHING_ROW).items():
                if live >> f & 1:
                    columns[f] = s
            if e in columns:
                found |= columns.pop(e)
            after[e] = columns
            for f, s in columns.items():
                before[f][e] = s
        while after:
            m = min(after, key=lambda e: len(after[e]) * len(before[e]))
            outgoing = after.pop(m)
            incoming = before.pop(m)
            for f in outgoing:
                del before[f][m]
            for e, t in incoming.items():
                columns = after[e]
                del columns[m]
                for f, s in outgoing.items():
                    s &= t
                    if s:
                        if e == f:
                            found |= s
                        else:
                            s |= columns.get(f, 0)
                            columns[f] = s
                            before[f][e] = s
        return found


_NOTHING_ROW: dict[int, int] = {}
