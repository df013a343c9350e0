"""Bit rows: relations over n events as n integers, and the algebra on them.

Bit f of rows[e] is set iff (e, f) is in the relation.  A set of events is one integer.
"""

from __future__ import annotations

from collections.abc import Iterator

Rows = list[int]

# Relations over more events, with more pairs an event, are composed by bytes.
MANY_EVENTS = 100
MANY_PAIRS = 32


def bits(mask: int) -> Iterator[int]:
    """The numbers of the bits set in `mask`, ascending."""
    while mask:
        low = mask & -mask
        yield low.bit_length() - 1
        mask ^= low


def transposed(rows: Rows) -> Rows:
    """The inverse relation."""
    result = [0] * len(rows)
    for e, row in enumerate(rows):
        bit = 1 << e
        while row:
            low = row & -row
            result[low.bit_length() - 1] |= bit
            row ^= low
    return result


def composed(left: Rows, right: Rows) -> Rows:
    """left ; right."""
    if len(right) > MANY_EVENTS and sum(map(int.bit_count, left)) > len(left) * MANY_PAIRS:
        return _composed_by_bytes(left, right)
    result = []
    for row in left:
        out = 0
        while row:
            low = row & -row
            out |= right[low.bit_length() - 1]
            row ^= low
        result.append(out)
    return result


def _composed_by_bytes(left: Rows, right: Rows) -> Rows:
    """left ; right, eight events at a time (Arlazarov, Dinic, Kronrod, Faradzev, 1970)."""
    unions = []  # for each eight events, the union of the rows of each subset of them
    for first in range(0, len(right), 8):
        found = [0]
        for row in right[first : first + 8]:
            found += [union | row for union in found]
        unions.append(found)
    length = len(unions)
    result = []
    for row in left:
        out = 0
        for union, subset in zip(unions, row.to_bytes(length, "little"), strict=True):
            if subset:
                out |= union[subset]
        result.append(out)
    return result


def transitive_closure(rows: Rows) -> Rows:
    """rows+, by Warshall's algorithm on rows."""
    result = rows.copy()
    for k, through in enumerate(rows):
        if not through:
            continue
        through = result[k]
        bit = 1 << k
        for e, row in enumerate(result):
            if row & bit:
                result[e] = row | through
    return result


def domain(rows: Rows) -> int:
    """The events with a successor."""
    result = 0
    for e, row in enumerate(rows):
        if row:
            result |= 1 << e
    return result


def codomain(rows: Rows) -> int:
    """The events with a predecessor."""
    result = 0
    for row in rows:
        result |= row
    return result


def on_cycles(rows: Rows) -> int:
    """The events that are left when those without a successor or without a predecessor are removed again and again.

    Every cycle lies within them.
    """
    live = domain(rows) & codomain(rows)
    while True:
        has_predecessor = 0
        remaining = 0
        for e in bits(live):
            row = rows[e] & live
            if row:
                remaining |= 1 << e
                has_predecessor |= row
        remaining &= has_predecessor
        if remaining == live:
            return live
        live = remaining
