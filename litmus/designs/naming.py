"""Naming: what the accesses of a scenario, and of a design in it, are called when an execution is told.

The caller is A, the target is T; other threads have their numbers.
"""

from __future__ import annotations

from litmus.c.catalogue import CATALOGUE
from litmus.designs.lowering import MOVED
from litmus.designs.scenarios import Scenario
from litmus.designs.syntax import HOOKS, Design
from litmus.diagnostics import Span
from litmus.engine.answer import Execution
from litmus.program.values import Address, spell
from litmus.relation.rows import bits

CALLER, TARGET = "A", "T"

# For a kind of block that is not sent as a message: what the block is called, and what the caller does, or does not do.
NOUNS = {"quiescent": "quiescent state"}
SENT = {"quiescent": "waits for a quiescent state"}
NOT_SENT = {"quiescent": "waits for no quiescent state"}


class Names:
    """The names of one execution's events."""

    def __init__(self, execution: Execution, scenario: Scenario, design: Design) -> None:
        self.execution = execution
        self.scenario = scenario
        self.events = execution.graph.events
        self.block_of = {e: b for b, block in enumerate(execution.graph.blocks) for e in bits(block.events)}
        self.targets = {scenario.cpu_thread(cpu) for cpu in scenario.cpus}
        steps = [step for thread in scenario.threads for step in thread]
        self.accesses = {(s.span.start, s.span.end) for s in steps if s.deed in ("access", "leave", "arrive")}
        self.hooks = {keyword: body.span for keyword, body in design.bodies.items()}
        if scenario.listed:
            self.hooks = {s.deed: s.span for s in steps if s.deed in HOOKS}

    # ------------------------------------------------------------ who

    def thread(self, number: int) -> str:
        """`A`, `T`, `P2`."""
        if number == self.scenario.caller:
            return CALLER
        return TARGET if number in self.targets else f"P{number}"

    def owner(self, event: int) -> str:
        """The name of the thread of an event.  For an event of a block, this is the thread in which the block lands."""
        return self.thread(self.events[event].thread)

    def block(self, number: int) -> str:
        """`the ipi`, `the ipi to cpu(old)`."""
        kind = self.kind(number)
        name = f"the {NOUNS.get(kind, kind)}"
        if len(self.scenario.cpus) < 2:
            return name
        thread = self.execution.graph.blocks[number].thread
        return f"{name} to {next(cpu for cpu in self.scenario.cpus if self.scenario.cpu_thread(cpu) == thread)}"

    def kind(self, block: int) -> str:
        """The kind of a block: `ipi`, `signal`, `quiescent`."""
        first = next(iter(bits(self.execution.graph.blocks[block].events)))
        return self.source(first).removesuffix("_nowait")

    # ------------------------------------------------------------ what

    def deed(self, event: int) -> str:
        """`writes x=1`, `sees curr=0`, `does spin_lock(&lock)`, `sends the ipi`."""
        writes = self.is_write(event)
        if self.is_message(event):
            return self._message(event)
        if self.is_access(event):
            if self.is_move(event):
                return "is handed over to the new cpu" if writes else "arrives there"
            return f"{'writes' if writes else 'reads'} {self.value(event)}"
        if self.is_simple(event):
            return f"{'sets' if writes else 'sees'} {self.value(event)}"
        return f"does {self.source(event)}"

    def _message(self, event: int) -> str:
        if event in self.block_of:
            return "is answered" if self.is_write(event) else "lands"
        block = self.message_block(event)
        if not self.is_write(event):
            return f"sees that {self.block(block)} is over"
        return SENT.get(self.kind(block), f"sends {self.block(block)}")

    def message_block(self, event: int) -> int:
        """The block to which a message of the caller belongs."""
        address = self.execution.addresses[event]
        return next(b for e, b in self.block_of.items() if self.events[e].address == address)

    def thing(self, event: int) -> str:
        """`x=1`, `read of y`, `spin_lock(&lock)`, `ipi`."""
        if self.is_message(event):
            block = self.block_of.get(event)
            if block is not None:
                return self.block(block)
            block = self.message_block(event)
            kind = NOUNS.get(self.kind(block), self.kind(block))
            return kind if self.is_write(event) else f"wait for {self.block(block)}"
        if self.is_move(event):
            return "way to the new cpu"
        if not self.is_access(event) and not self.is_simple(event):
            return self.source(event)
        return self.value(event) if self.is_write(event) else f"read of {self.location(event)}"

    def value(self, event: int) -> str:
        """`x=1`."""
        return f"{self.location(event)}={spell(self.execution.values[event])}"

    def location(self, event: int) -> str:
        """The name of the location of an event.  The CPU is left out if there is only one."""
        address = self.execution.addresses[event]
        name = address.base if isinstance(address, Address) else spell(address)
        prefixes = ("mm.", *(f"{cpu}." for cpu in self.scenario.cpus if len(self.scenario.cpus) == 1))
        return next((name[len(p) :] for p in prefixes if name.startswith(p)), name)

    # ------------------------------------------------------------ kinds of events

    def is_write(self, event: int) -> bool:
        """Whether an event is a write."""
        return self.events[event].kind == "W"

    def is_fence(self, event: int) -> bool:
        """Whether an event is a fence."""
        return self.events[event].kind == "F"

    def is_message(self, event: int) -> bool:
        """Whether an event is an access to the message of a block, or to its answer."""
        address = self.execution.addresses.get(event)
        return isinstance(address, Address) and address.base.startswith("~")

    def is_simple(self, event: int) -> bool:
        """Whether an access of a block is plain, READ_ONCE() or WRITE_ONCE().  Then telling its value is enough."""
        primitive = CATALOGUE.get(self.word(event))
        return primitive is None or primitive.row in ("READ_ONCE", "WRITE_ONCE")

    def is_access(self, event: int) -> bool:
        """Whether an event is one of the scenario's own accesses."""
        span = self._span(event)
        return span.source is self.scenario.source and (span.start, span.end) in self.accesses

    def is_move(self, event: int) -> bool:
        """Whether an event is a step of T's move to another CPU."""
        return self.is_access(event) and self.location(event) == MOVED

    def update(self, event: int) -> tuple[int, int] | None:
        """The read-modify-write to which an access belongs; None if it belongs to none."""
        graph = self.execution.graph
        pairs = (*graph.updates, *graph.amo, *graph.single, *graph.lxsx)
        return next((pair for pair in pairs if event in pair), None)

    # ------------------------------------------------------------ where

    def place(self, event: int) -> tuple[int, int, int]:
        """The place of the statement to which an event belongs."""
        span = self._span(event)
        return self.events[event].thread, span.start, span.end

    def _span(self, event: int) -> Span:
        span = self.events[event].span
        assert span is not None, "initial writes are not told"
        return span

    def source(self, event: int) -> str:
        """The text of the statement."""
        return " ".join(self._span(event).text.split()).rstrip(";")

    def word(self, event: int) -> str:
        """The primitive of the statement."""
        return self.source(event).partition("(")[0].strip()

    def line(self, event: int) -> int:
        """The line of the statement."""
        span = self._span(event)
        return span.source.position(span.start)[0]

    def hook(self, event: int) -> str | None:
        """The keyword of the block of the design in which an event is; None if it is in none."""
        span = self._span(event)
        for keyword, hook in self.hooks.items():
            if span.source is hook.source and hook.start <= span.start < hook.end:
                return keyword
        return None

    def landing(self, block: int) -> str:
        """Where a block landed in the program order of its thread."""
        order = self.execution.order[self.execution.graph.blocks[block].thread]
        mine = [i for i, e in enumerate(order) if self.block_of.get(e) == block]
        before = [e for e in order[: mine[0]] if e not in self.block_of]
        after = [e for e in order[mine[-1] + 1 :] if e not in self.block_of]
        if not after:
            return f"after {self._around(before[-1])}" if before else "alone"
        if not before:
            return f"before {self._around(after[0])}"
        if self._around(before[-1]) == self._around(after[0]):
            return f"inside {self._around(after[0])}"
        return f"between {self._around(before[-1])} and {self._around(after[0])}"

    def _around(self, event: int) -> str:
        name = self.hook(event)
        if name is not None:
            return name
        return self.source(event) if self.is_fence(event) else f"{self.owner(event)}'s {self.thing(event)}"


def joined(words: list[str]) -> str:
    """`a, b and c`."""
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"
