"""Telling an execution that breaks a design in one sentence, as one would on a mailing list.

The caller is A.  Accesses are told in an order in which every read returns the latest write; an access that
overtakes others of its thread becomes visible, or reads, before them.
"""

from __future__ import annotations

from msgspec import Struct

from litmus.designs.lowering import MOVED
from litmus.designs.scenarios import Scenario
from litmus.designs.syntax import HOOKS, Design
from litmus.engine.answer import Execution
from litmus.isa.c_catalogue import CATALOGUE
from litmus.program.values import Address, spell
from litmus.relation.rows import bits
from litmus.report.witness import sequence

CALLER, TARGET = "A", "T"

# What the caller does with blocks that are not messages.
SENT = {"quiescent": "waits for a quiescent state"}
NOT_SENT = {"quiescent": "waits for no quiescent state"}


class _Clause(Struct):
    """An actor and its deeds; `visible`: the actor's writes, and when they become visible."""

    actor: str
    deeds: list[str]
    visible: str | None = None
    alone: bool = False

    def __str__(self) -> str:
        if self.visible is None:
            return f"{self.actor} {_joined(self.deeds)}"
        return f"{self.actor} {_joined(self.deeds)} become{'s' * (len(self.deeds) == 1)} {self.visible}"


def _tell(clauses: list[_Clause], clause: _Clause) -> None:
    """Go on in the last clause, if it has the same form."""
    last = clauses[-1] if clauses else None
    if last is not None and (last.actor, last.visible) == (clause.actor, clause.visible):
        if not last.alone and not clause.alone:
            last.deeds += clause.deeds
            return
    clauses.append(clause)


def told(execution: Execution, scenario: Scenario, design: Design) -> str:
    """The sentence."""
    return _Telling(execution, scenario, design).sentence()


class _Telling:
    def __init__(self, execution: Execution, scenario: Scenario, design: Design) -> None:
        self.execution = execution
        self.scenario = scenario
        self.design = design
        self.events = execution.graph.events
        self.block_of = {e: b for b, block in enumerate(execution.graph.blocks) for e in bits(block.events)}
        self.targets = {scenario.cpu_thread(cpu) for cpu in scenario.cpus}
        steps = [step for thread in scenario.threads for step in thread]
        self.accesses = {(s.span.start, s.span.end) for s in steps if s.deed in ("access", "leave", "arrive")}
        self.hooks = {keyword: body.span for keyword, body in design.bodies.items()}
        if scenario.listed:
            self.hooks = {s.deed: s.span for s in steps if s.deed in HOOKS}

    def sentence(self) -> str:
        clauses: list[_Clause] = []
        overtaken_before: set[int] = set()
        last = None
        steps = sequence(self.execution)
        waiting = self.before_sending()
        for event, overtaken in steps:
            actor = self.actor(event)
            if self.place(event) != last:  # else it is the write of a read-modify-write
                if overtaken:
                    _tell(clauses, self.early(actor, event, overtaken))
                else:
                    late = event in overtaken_before and event == steps[-1][0]
                    _tell(clauses, self.late(actor, event) if late else _Clause(actor, [self.deed(event)]))
            last = self.place(event)
            overtaken_before.update(overtaken)
            if event in waiting:
                waiting.remove(event)
                if not waiting:
                    for message in self.messages():
                        _tell(clauses, _Clause(CALLER, [message]))
        return "; ".join([*map(str, clauses), *self.barriers()])

    def early(self, actor: str, event: int, overtaken: list[int]) -> _Clause:
        """An access before its turn."""
        owner = self.actor(overtaken[0])
        whose = "" if not self.is_access(overtaken[0]) else "its " if owner == actor else f"{owner}'s "
        before = f"before {whose}{_joined(list(dict.fromkeys(map(self.thing, overtaken))))}"
        if self.is_write(event):
            return _Clause(f"{actor}'s", [self.value(event)], f"visible {before}")
        return _Clause(actor, [f"{self.deed(event)} early, {before}"], alone=True)

    def late(self, actor: str, event: int) -> _Clause:
        """The last access of all, which others have overtaken."""
        if self.is_write(event):
            return _Clause(f"only then {actor}'s", [self.value(event)], "visible")
        return _Clause(f"only then {actor}", [self.deed(event)])

    # ------------------------------------------------------------ events

    def actor(self, event: int) -> str:
        thread = self.events[event].thread
        if event in self.block_of:
            return f"the {self.kind(self.block_of[event])}"
        if thread == self.scenario.caller:
            return CALLER
        return TARGET if thread in self.targets else f"P{thread}"

    def deed(self, event: int) -> str:
        """`writes x=1`, `sees curr=0`, `does spin_lock(&lock)`."""
        writes = self.is_write(event)
        if self.is_access(event):
            if self.location(event) == MOVED:
                return "is handed over to the new cpu" if writes else "arrives there"
            return f"{'writes' if writes else 'reads'} {self.value(event)}"
        if self.is_simple(event):
            return f"{'sets' if writes else 'sees'} {self.value(event)}"
        return f"does {self.source(event)}"

    def thing(self, event: int) -> str:
        """`x=1`, `read of y`, `spin_lock(&lock)`."""
        if self.is_access(event) and self.location(event) == MOVED:
            return "way to the new cpu"
        if not self.is_access(event) and not self.is_simple(event):
            return self.source(event)
        return self.value(event) if self.is_write(event) else f"read of {self.location(event)}"

    def is_write(self, event: int) -> bool:
        return self.events[event].kind == "W"

    def is_simple(self, event: int) -> bool:
        """Whether an access of a block is READ_ONCE() or WRITE_ONCE(), which its value says all of."""
        return self.word(event) in CATALOGUE and CATALOGUE[self.word(event)].row in ("READ_ONCE", "WRITE_ONCE")

    def value(self, event: int) -> str:
        return f"{self.location(event)}={spell(self.execution.values[event])}"

    def location(self, event: int) -> str:
        """Without its CPU, where there is one only."""
        address = self.execution.addresses[event]
        name = address.base if isinstance(address, Address) else spell(address)
        prefixes = ("mm.", *(f"{cpu}." for cpu in self.scenario.cpus if len(self.scenario.cpus) == 1))
        return next((name[len(p) :] for p in prefixes if name.startswith(p)), name)

    def is_access(self, event: int) -> bool:
        """Whether an event is one of the scenario's own accesses."""
        span = self.events[event].span
        return span is not None and span.source is self.scenario.source and (span.start, span.end) in self.accesses

    def place(self, event: int) -> tuple[object, int, int]:
        span = self.events[event].span
        assert span is not None, "initial writes are not told"
        return self.events[event].thread, span.start, span.end

    def source(self, event: int) -> str:
        span = self.events[event].span
        return " ".join(span.text.split()).rstrip(";") if span is not None else ""

    def word(self, event: int) -> str:
        return self.source(event).partition("(")[0].strip()

    def line(self, event: int) -> int:
        span = self.events[event].span
        assert span is not None
        return span.source.position(span.start)[0]

    def block_name(self, event: int) -> str | None:
        """The block of the design that an event stands in."""
        span = self.events[event].span
        for keyword, hook in self.hooks.items():
            if span is not None and span.source is hook.source and hook.start <= span.start < hook.end:
                return keyword
        return None

    # ------------------------------------------------------------ the call

    def before_sending(self) -> set[int]:
        """The caller's accesses in the call before it sends a block, all if it sends none; the one before the call."""
        order = self.execution.order[self.scenario.caller]
        told = {event for event, _ in sequence(self.execution)}
        sends = [i for i, e in enumerate(order) if self.is_memory(e) and e not in told]
        first, second = (i for i, e in enumerate(order) if e in told and self.is_access(e))
        end = sends[0] if sends else second
        inside = {e for e in order[first + 1 : end] if e in told}
        return inside or {order[first]}

    def is_memory(self, event: int) -> bool:
        return self.events[event].kind != "F"

    def messages(self) -> list[str]:
        """Which floating blocks were sent, and where they landed."""
        blocks = self.execution.graph.blocks
        sent = [b for b, block in enumerate(blocks) if block.events & self.execution.executed]
        if not sent:
            kinds = dict.fromkeys(self.kind(b) for b in range(len(blocks)))
            return [NOT_SENT.get(kind, f"sends no {kind}") for kind in kinds]
        return [SENT.get(kind := self.kind(b), f"sends the {kind}") + f" (it lands {self.landing(b)})" for b in sent]

    def kind(self, block: int) -> str:
        """The word with which a block is sent."""
        first = next(iter(bits(self.execution.graph.blocks[block].events)))
        return self.source(first).removesuffix("_nowait")

    def landing(self, block: int) -> str:
        """Where a block landed in its thread."""
        thread = self.execution.graph.blocks[block].thread
        order = self.execution.order[thread]
        mine = [i for i, e in enumerate(order) if self.block_of.get(e) == block]
        own = [e for e in order if e not in self.block_of]
        before = [e for e in own if order.index(e) < mine[0]]
        after = [e for e in own if order.index(e) > mine[-1]]
        if not after:
            return f"after {self.around(before[-1])}" if before else "alone"
        if not before:
            return f"before {self.around(after[0])}"
        if self.around(before[-1]) == self.around(after[0]):
            return f"inside {self.around(after[0])}"
        return f"between {self.around(before[-1])} and {self.around(after[0])}"

    def around(self, event: int) -> str:
        name = self.block_name(event)
        if name is not None:
            return name
        return f"{TARGET}'s {self.thing(event)}" if self.is_memory(event) else self.source(event)

    def barriers(self) -> list[str]:
        """Where T's barriers stand, as seen from its accesses; nothing where one stands between them."""
        lines: dict[str, dict[int, None]] = {"earlier": {}, "later": {}}
        own = [e for thread in sorted(self.targets) for e in self.execution.order[thread] if e not in self.block_of]
        accesses = [e for e in own if self.is_access(e) and self.is_memory(e) and self.location(e) != MOVED]
        first, last = own.index(accesses[0]), own.index(accesses[-1])
        for i, event in enumerate(own):
            macro = CATALOGUE.get(self.word(event))
            if macro is not None and macro.kind == "fence":
                if first < i < last:
                    return []
                lines["earlier" if i < first else "later"][self.line(event)] = None
        parts = []
        for when, numbers in lines.items():
            if numbers:
                several = len(numbers) > 1
                of = f"line{'s' * several} {_joined([str(n) for n in numbers])}"
                parts.append(f"{of} come{'s' * (not several)} {when}")
        if not parts:
            return [f"{TARGET} executes no barrier"]
        plural = sum(map(len, lines.values())) > 1
        return [f"{TARGET}'s barrier{'s' * plural} in {' and in '.join(parts)}"]


def _joined(words: list[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"
