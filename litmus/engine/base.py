"""Base relations and sets of the cat language, sliced over candidates.

Each name is one row of a table; the meaning is herd's (machModelChecker, initial environment).
Relations hold only between events of different instructions, except rf, co, loc, int, ext and id.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from litmus.algebra.complete import complete
from litmus.algebra.names import OF_ACCESSES, Rests
from litmus.engine.bounds import Bounds
from litmus.engine.candidates import Candidates, Pair
from litmus.program.graph import INITIAL, EventGraph, Guarded
from litmus.program.instructions import no_repetition, repeated, repeated_alike
from litmus.program.registers import same_instance
from litmus.program.values import Address, Value
from litmus.relation.evaluation import SlicedValue
from litmus.relation.rows import Rows, bits
from litmus.relation.sliced import Open, Sliced, SlicedSet, Universe


def _events(graph: EventGraph, kinds: str) -> int:
    return sum(1 << e.number for e in graph.events if e.kind in kinds)


def _initial(graph: EventGraph) -> int:
    return sum(1 << e.number for e in graph.events if e.thread == INITIAL)


def _final_writes(c: Candidates) -> SlicedSet:
    """FW: the writes with no coherence successor."""
    last: dict[int, int] = {}
    for w in c.bounds.writes:
        s = c.executes[w]
        if c.bounds.later[w] & c.bounds.companions[w]:
            continue  # a later write executes whenever this one does
        for cell in c.bounds.addresses[w]:
            for other in c.bounds.by_cell[cell]:
                if other != w:
                    s &= ~c.co(w, other)
        if s:
            last[w] = s
    return _set_of(c, last)


_SETS: dict[str, Callable[[Candidates], SlicedSet]] = {
    "_": lambda c: SlicedSet(c.universe.everything),
    "M": lambda c: SlicedSet(_events(c.graph, "RW")),
    "R": lambda c: SlicedSet(_events(c.graph, "R")),
    "W": lambda c: SlicedSet(_events(c.graph, "W")),
    "F": lambda c: SlicedSet(_events(c.graph, "F")),
    "IW": lambda c: SlicedSet(_initial(c.graph)),
    "FW": _final_writes,
}


def _set_of(c: Candidates, slices: Mapping[int, int]) -> SlicedSet:
    """A set, from the slice of each event.  An event that is in it whenever it executes goes into `must`."""
    must = 0
    out = {}
    for e, s in slices.items():
        if s == c.executes[e]:
            must |= 1 << e
        elif s:
            out[e] = s
    return SlicedSet(must, out)


def _relation_of(c: Candidates, must: Rows, pairs: Mapping[Pair, int]) -> Sliced:
    """A relation, from the slice of each pair.  A pair that is in it whenever both execute goes into `must`."""
    out: Open = {}
    for (e, f), s in pairs.items():
        if s == c.executes[e] & c.executes[f]:
            must[e] |= 1 << f
        elif s:
            out.setdefault(e, {})[f] = s
    return c.universe.relation(must, out)


def _rf(c: Candidates) -> Sliced:
    must = [0] * c.universe.n
    return _relation_of(c, must, {(w, r): s for r, sources in c.rf.items() for w, s in sources.items()})


def _co(c: Candidates) -> Sliced:
    events = c.graph.events
    must = c.bounds.later.copy()
    pairs = {}
    for w in c.bounds.writes:
        if events[w].thread != INITIAL:
            for cell in c.bounds.addresses[w]:
                pairs[c.graph.cells[cell], w] = c.co(c.graph.cells[cell], w)
    for a, b in c.slices.order:
        if not must[a] >> b & 1 and not must[b] >> a & 1:
            pairs[a, b] = c.co(a, b)
    return _relation_of(c, must, pairs)


def program_order(c: Candidates) -> Sliced:
    """Program order between events of different instructions, including events that models do not see."""
    graph = c.graph
    if not graph.blocks and not graph.exchanges:
        return Sliced(graph.po)
    pairs: dict[Pair, int] = {}
    for (e, f), d in graph.exchanges.items():
        turned, kept = c.slices.decided[d]
        pairs[e, f] = kept & c.executes[e] & c.executes[f]
        pairs[f, e] = turned & c.executes[e] & c.executes[f]
    for (b, e), s in c.slices.before_block.items():
        for f in bits(graph.blocks[b].events):
            pairs[e, f] = s & c.executes[e] & c.executes[f]
    for (b, e), s in c.slices.after_block.items():
        for f in bits(graph.blocks[b].events):
            pairs[f, e] = s & c.executes[e] & c.executes[f]
    for (a, b), s in c.slices.block_order.items():
        for e in bits(graph.blocks[a].events):
            for f in bits(graph.blocks[b].events):
                pairs[e, f] = s & c.executes[e] & c.executes[f]
    return _relation_of(c, graph.po.copy(), pairs)


def _guarded(c: Candidates, relation: Guarded) -> Sliced:
    """A relation of which some pairs hold under a guard only."""
    if not relation.under:
        return c.universe.relation(relation.rows)
    return _relation_of(c, relation.rows.copy(), _under(c, relation))


def _under(c: Candidates, relation: Guarded) -> dict[Pair, int]:
    """The candidates in which each pair is related that is related under a guard only."""
    return {(e, f): c.guards[g] & c.executes[e] & c.executes[f] for (e, f), g in relation.under.items()}


def _control(c: Candidates, relation: Guarded) -> Sliced:
    """The control dependencies.  A pair that the compiler may exchange is in them only where it is not exchanged."""
    rows = relation.rows
    turned = {(e, f): d for (e, f), d in c.graph.exchanges.items() if rows[e] >> f & 1}
    if not turned:
        return _guarded(c, relation)
    must = rows.copy()
    pairs = _under(c, relation)
    for (e, f), d in turned.items():
        must[e] &= ~(1 << f)
        pairs[e, f] = c.slices.decided[d][True] & c.executes[e] & c.executes[f]
    return _relation_of(c, must, pairs)


def _loc(c: Candidates) -> Sliced:
    cells = c.bounds.addresses
    by_cell: dict[object, int] = {}
    fixed = [e for e in c.bounds.reads + c.bounds.writes if e not in c.bounds.dynamic]
    for e in fixed:
        by_cell[cells[e][0]] = by_cell.get(cells[e][0], 0) | 1 << e
    must = [0] * c.universe.n
    for e in fixed:
        must[e] = by_cell[cells[e][0]]
    pairs = {}
    for e in c.bounds.dynamic:
        pairs[e, e] = c.executes[e] & c.known_address(e)
        for f in cells:
            if e != f:
                pairs[e, f] = pairs[f, e] = c.same_cell(e, f) & c.executes[e] & c.executes[f]
    return _relation_of(c, must, pairs)


def _same_thread(c: Candidates) -> Rows:
    masks: dict[int, int] = {}
    for e in c.graph.events:
        masks[e.thread] = masks.get(e.thread, 0) | 1 << e.number
    return [masks[e.thread] for e in c.graph.events]


def _internal(c: Candidates) -> Sliced:
    """The pairs of events of one thread.  The initial writes belong to no thread."""
    events = c.graph.events
    return Sliced([0 if events[e].thread == INITIAL else row for e, row in enumerate(_same_thread(c))])


def _external(c: Candidates) -> Sliced:
    everything = (1 << c.universe.n) - 1
    return Sliced([everything & ~row for row in _same_thread(c)])


def _pairs(c: Candidates, pairs: Iterable[Pair]) -> Sliced:
    rows = [0] * c.universe.n
    for e, f in pairs:
        rows[e] |= 1 << f
    return c.universe.relation(rows)


def _reserved(c: Candidates) -> Sliced:
    """lxsx: the load-reserves and store-conditionals that are pairs."""
    pairs = {(r, w): c.guards[g] & c.executes[r] & c.executes[w] for (r, w), g in c.graph.lxsx.items()}
    return _relation_of(c, [0] * c.universe.n, pairs)


def _alike(c: Candidates, features: Mapping[int, Mapping[Value, int]]) -> Sliced:
    """The pairs of events that have a feature in common.

    features[e]: for each feature of event e, the candidates in which e has it.
    """
    pairs: dict[Pair, int] = {}
    for e, mine in features.items():
        for f, others in features.items():
            s = 0
            for feature, t in mine.items():
                s |= t & others.get(feature, 0)
            pairs[e, f] = s & c.executes[e] & c.executes[f]
    return _relation_of(c, [0] * c.universe.n, pairs)


def _same_value(c: Candidates) -> Sliced:
    return _alike(c, {e.number: c.value(e.value) for e in c.graph.events if e.kind in "RW"})


def _same_offset(c: Candidates) -> Sliced:
    """same-low-order-bits: each variable begins on a page of its own, so that only the offset within it matters."""
    features: dict[int, dict[Value, int]] = {}
    for e in c.graph.events:
        if e.kind in "RW":
            offsets = features[e.number] = {}
            for a, s in c.value(e.address).items():
                if isinstance(a, Address):
                    offsets[a.offset] = offsets.get(a.offset, 0) | s
    return _alike(c, features)


def _at(c: Candidates, variable: str) -> SlicedSet:
    """The accesses to the first cell of a variable."""
    cell = Address(variable)
    accesses = [e for e in c.graph.events if e.kind in "RW"]
    return _set_of(c, {e.number: c.value(e.address).get(cell, 0) & c.executes[e.number] for e in accesses})


def where_taken(c: Candidates, choice: int, options: range, universe: Universe) -> Sliced:
    """All pairs of events, in the candidates where a choice of the model takes one of these options."""
    s = 0
    for option in options:
        s |= c.slices.chosen[choice][option]
    out: Open = {}
    for e in range(universe.n):
        for f in range(universe.n):
            universe.put(out, e, f, s & universe.both(e, f))
    return universe.relation([0] * universe.n, out)


_RELATIONS: dict[str, Callable[[Candidates], Sliced]] = {
    "id": lambda c: Sliced([1 << e for e in range(c.universe.n)]),
    "loc": _loc,
    "int": _internal,
    "ext": _external,
    "po": program_order,
    "rf": _rf,
    "co": _co,
    "addr": lambda c: _guarded(c, c.graph.addr),
    "data": lambda c: _guarded(c, c.graph.data),
    "ctrl": lambda c: _control(c, c.graph.ctrl),
    "pick-addr": lambda c: _guarded(c, c.graph.pick_addr),
    "pick-data": lambda c: _guarded(c, c.graph.pick_data),
    "pick-ctrl": lambda c: _control(c, c.graph.pick_ctrl),
    "amo": lambda c: _pairs(c, c.graph.amo),
    "amo-data": lambda c: _pairs(c, c.graph.amo_data),
    "update": lambda c: _pairs(c, [pair for pair in c.graph.updates if pair not in c.graph.single]),
    "lxsx": _reserved,
    "same-instance": lambda c: c.universe.relation(same_instance(c.graph)),
    "repeated": lambda c: c.universe.relation(repeated(c.graph)),
    "repeated-static": lambda c: c.universe.relation(repeated_alike(c.graph)),
    "alike": lambda c: c.universe.relation(no_repetition(c.graph)),
    "same-value": _same_value,
    "same-low-order-bits": _same_offset,
}

_FUNCTIONS: dict[str, Callable[[Candidates], SlicedValue]] = complete(
    {**_SETS, **_RELATIONS}, OF_ACCESSES, "the engine's base sets and relations"
)


def unsettled(bounds: Bounds) -> Rests:
    """What is still open once it is known which way the decisions of a graph go."""
    rests = Rests.READS | Rests.ORDERS | Rests.VALUES | Rests.OPTIONS
    if not bounds.static:
        rests |= Rests.ADDRESSES
    if bounds.graph.blocks:
        rests |= Rests.LANDINGS
    return rests


def _set_of_whole(value: SlicedSet, single: Iterable[Pair]) -> SlicedSet:
    """The set, with the write of each read-modify-write in `single` replaced by its read."""
    must = value.must
    out = dict(value.open)
    for r, w in single:
        s = out.pop(w, 0)
        if must >> w & 1:
            must = must & ~(1 << w) | 1 << r
        elif s:
            out[r] = out.get(r, 0) | s
    return SlicedSet(must, {e: s for e, s in out.items() if not must >> e & 1})


def _relation_of_whole(c: Candidates, value: Sliced, single: Iterable[Pair]) -> Sliced:
    """The relation, with the write of each read-modify-write in `single` replaced by its read."""
    must = value.must.copy()
    out: Open = {e: columns.copy() for e, columns in value.open.items()}
    for r, w in single:
        must[r] |= must[w]
        must[w] = 0
        for e, row in enumerate(must):
            if row >> w & 1:
                must[e] = row & ~(1 << w) | 1 << r
        for f, s in out.pop(w, {}).items():
            c.universe.put(out, r, f, s)
        for e, columns in out.items():
            c.universe.put(out, e, r, columns.pop(w, 0))
    for e, columns in out.items():
        for f in [f for f in columns if must[e] >> f & 1]:
            del columns[f]
    return c.universe.relation(must, {e: columns for e, columns in out.items() if columns})


class Base(dict[str, SlicedValue]):
    """The base relations and sets of candidates, by name, each computed when first asked for.

    A name that is not in the tables is a tag: the set of the events that carry it.  If models see a
    read-modify-write as one event, its read stands for it here; its write is in no set and no relation.
    """

    def __init__(self, candidates: Candidates) -> None:
        super().__init__()
        self.candidates = candidates
        self.tagged: dict[str, int] = {}  # the masks of the tags
        for e in candidates.graph.events:
            for tag in e.tags:
                self.tagged[tag] = self.tagged.get(tag, 0) | 1 << e.number

    def __missing__(self, name: str) -> SlicedValue:
        c = self.candidates
        function = _FUNCTIONS.get(name)
        value = SlicedSet(self.tagged.get(name, 0)) if function is None else function(c)
        single = c.graph.single
        if single:
            if isinstance(value, SlicedSet):
                value = _set_of_whole(value, single)
            else:
                value = _relation_of_whole(c, value, single)
        self[name] = value
        return value

    def taken(self, choice: int, options: range) -> Sliced:
        """See litmus.relation.evaluation.Given."""
        c = self.candidates
        return _relation_of_whole(c, where_taken(c, choice, options, c.universe), c.graph.single)

    def place(self, variable: str) -> SlicedSet:
        """See litmus.relation.evaluation.Given."""
        c = self.candidates
        return _set_of_whole(_at(c, variable), c.graph.single)
