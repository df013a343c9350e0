"""Telling an execution that breaks a design in one sentence, as one would on a mailing list.

The sentence tells the execution's story (litmus.oracle.story), which is an order that the model allows.  It tells of
the scenario's accesses, of messages and blocks, and of those accesses of the design that concern other threads.  The
beats are the claims that the sentence makes, in order.
"""

from __future__ import annotations

from msgspec import Struct

from litmus.algebra.dag import Model
from litmus.designs.blaming import blamed
from litmus.designs.naming import CALLER, NOT_SENT, Names, joined
from litmus.designs.scenarios import Scenario
from litmus.designs.syntax import Design
from litmus.engine.answer import Execution
from litmus.oracle.story import Story, story
from litmus.program.code import Float
from litmus.program.graph import INITIAL

NO_STORY = "no order of the accesses is one that the model allows: threads do not agree on what happened first"


THEN = "only then "


class Beat(Struct, frozen=True):
    """Accesses that are told together, in this order.

    before: accesses that come earlier in program order, and later in the story.
    reader: if it is not None, the beat tells that a write becomes visible to this thread.
    """

    events: tuple[int, ...]
    before: tuple[int, ...] = ()
    reader: int | None = None


class Tale(Struct, frozen=True):
    """What is told of an execution: the beats in order, and the sentence, which also speaks of barriers."""

    beats: tuple[Beat, ...]
    sentence: str


def told(execution: Execution, model: Model, scenario: Scenario, design: Design) -> str:
    """The sentence that tells an execution, which the model allows."""
    found = story(execution, model)
    return NO_STORY if found is None else tale(found, scenario, design).sentence


def tale(found: Story, scenario: Scenario, design: Design) -> Tale:
    """What is told of a story."""
    names = Names(found.execution, scenario, design)
    beats = _beats(found, names)
    events = [e for beat in beats for e in beat.events if beat.reader is None]
    sentence = "; ".join([*_Telling(found, names, beats).clauses(), *blamed(found, names, events)])
    return Tale(tuple(beats), sentence)


# ---------------------------------------------------------------- what is told


def _beats(found: Story, names: Names) -> list[Beat]:
    chosen = _chosen(found, names)
    beats: list[Beat] = []
    last: object = None
    for step in found.steps:
        if step.event not in chosen:
            continue
        if step.reader is not None:
            if step.reader in found.unseen(step.event) and beats and beats[-1].events[-1] != step.event:
                beats.append(Beat((step.event,), reader=step.reader))
                last = None
            continue
        block = names.block_of.get(step.event)
        unit: object = names.update(step.event) or step.event if block is None else block
        before = tuple(e for e in found.overtaken(step.event) if e in chosen)
        if unit == last:
            events = (*beats[-1].events, step.event)
            before = tuple(e for e in dict.fromkeys((*beats[-1].before, *before)) if e not in events)
            beats[-1] = Beat(events, before)
        else:
            beats.append(Beat((step.event,), before))
        last = unit
    return beats


def _chosen(found: Story, names: Names) -> set[int]:
    """The accesses that are told.

    An access that concerns only one thread is not told.  That the caller receives an answer is told only if a later
    access does not wait for it.
    """
    events = [step.event for step in found.steps if step.reader is None]
    shared = _shared(found.execution)

    def always(e: int) -> bool:
        if names.is_message(e):
            return names.is_write(e) or e in names.block_of
        return names.is_access(e) or names.is_simple(e) or e in shared or e in names.block_of

    chosen = {e for e in events if always(e)}
    return chosen | {a for e in chosen for a in found.overtaken(e) if names.is_message(a)}


def _shared(execution: Execution) -> set[int]:
    """The accesses to locations that several threads access: rf, co or fr relates them to accesses of other threads."""
    events = execution.graph.events
    found = set()
    for writes in execution.co:
        readers = [r for r, w in execution.rf.items() if w in writes]
        accesses = [e for e in (*writes, *readers) if events[e].thread != INITIAL]
        if len({events[e].thread for e in accesses}) > 1:
            found |= set(accesses)
    return found


# ---------------------------------------------------------------- how it is told


class _Clause(Struct):
    """An actor, its deeds, and the text after all of them.  `visible`: the deeds are writes that become visible."""

    actor: str
    deeds: list[str]
    end: str = ""
    visible: bool = False

    def __str__(self) -> str:
        become = f" become{'s' * (len(self.deeds) == 1)} visible" if self.visible else ""
        return f"{self.actor} {joined(self.deeds)}{become}{self.end}"


class _Telling:
    def __init__(self, story: Story, names: Names, beats: list[Beat]) -> None:
        self.story = story
        self.names = names
        self.beats = beats
        self.told: list[_Clause] = []
        self.overtaken: set[int] = set()

    def clauses(self) -> list[str]:
        """The sentence, clause by clause."""
        waiting = self.before_not_sending()
        landed: set[int] = set()
        for beat in self.beats:
            event = beat.events[0]
            block = self.names.block_of.get(event)
            if beat.reader is not None:
                self.add(self.seen(beat, beat.reader))
            elif block is not None:
                self.add(self.block(beat, block, block in landed))
                landed.add(block)
            else:
                self.add(self.early(beat) if beat.before else self.plain(beat))
            self.overtaken.update(beat.before)
            if event in waiting:
                waiting -= set(beat.events)
                if not waiting:
                    for deed in self.not_sent():
                        self.add(_Clause(CALLER, [deed]))
        return [str(clause) for clause in self.told]

    def add(self, clause: _Clause) -> None:
        """Add a clause.  If the last clause has the same actor and form, its deeds are added to that clause."""
        last = self.told[-1] if self.told else None
        if last is not None and (last.actor.removeprefix(THEN), last.visible) == (clause.actor, clause.visible):
            if last.end == clause.end:
                last.deeds += clause.deeds
                return
        self.told.append(clause)

    def plain(self, beat: Beat) -> _Clause:
        """A clause for accesses that take place at their turn, or later, after others have overtaken them."""
        event = beat.events[0]
        actor = self.names.owner(event)
        then = THEN * self.is_last(beat)
        if event in self.overtaken and self.becomes_visible(beat):
            return _Clause(f"{then}{actor}'s", [self.names.value(event)], visible=True)
        return _Clause(f"{then}{actor}", [self.names.deed(event)])

    def is_last(self, beat: Beat) -> bool:
        """Whether all that is left to tell are accesses of one thread that others have overtaken.

        Then "only then" is right: the accesses must come after what was told last, which another thread did.
        """
        i = self.beats.index(beat)
        if i == 0 or any(not self.overtaken & set(b.events) and b.reader is None for b in self.beats[i:]):
            return False
        owners = {self.names.owner(b.events[0]) for b in self.beats[i:]}
        last, first = self.beats[i - 1].events[-1], beat.events[0]
        if len(owners) > 1 or self.names.owner(last) in owners:
            return False
        return bool(self.story.earlier[first] >> last & 1)

    def becomes_visible(self, beat: Beat) -> bool:
        """Whether a beat is told as a write that becomes visible to all threads when it takes place."""
        return self.story.at_once and self.has_value(beat)

    def has_value(self, beat: Beat) -> bool:
        """Whether a write is told by its value.  A message, a step of T's move or a part of an update is not."""
        event = beat.events[0]
        names = self.names
        special = names.is_message(event) or names.is_move(event) or names.update(event) is not None
        return names.is_write(event) and not special

    def early(self, beat: Beat) -> _Clause:
        """A clause for accesses that take place before their turn."""
        event = beat.events[0]
        actor = self.names.owner(event)
        before = f" before {self.things(actor, beat.before)}"
        if self.becomes_visible(beat):
            return _Clause(f"{actor}'s", [self.names.value(event)], before, visible=True)
        return _Clause(actor, [self.names.deed(event)], f" early,{before}")

    def things(self, actor: str, events: tuple[int, ...]) -> str:
        """`its x=1 and read of y`, `T's x=1`, `the ipi`."""
        own = [e for e in events if e not in self.names.block_of]
        parts = list(dict.fromkeys(self.names.block(self.names.block_of[e]) for e in events if e not in own))
        if own:
            owner = self.names.owner(own[0])
            whose = "its" if owner == actor else f"{owner}'s"
            parts.insert(0, f"{whose} {joined(list(dict.fromkeys(map(self.names.thing, own))))}")
        return joined(parts)

    def block(self, beat: Beat, number: int, landed: bool) -> _Clause:
        """A clause for a floating block or a part of one.  Accesses that it overtakes are named at the end."""
        names = self.names
        deeds = []
        if not landed:
            deeds.append(f"{'comes' if names.kind(number) == 'quiescent' else 'lands'} {names.landing(number)}")
        inner = [e for e in beat.events if not names.is_message(e)]
        places = {names.place(e): names.deed(e) for e in inner}
        deeds += places.values()
        if landed and any(names.is_message(e) for e in beat.events):
            deeds.append("is answered")
        end = f", before {self.things('', beat.before)}" if beat.before else ""
        return _Clause(names.block(number), deeds, end)

    def seen(self, beat: Beat, reader: int) -> _Clause:
        """A clause for a write that becomes visible to a thread only after others have gone on."""
        event = beat.events[0]
        then = THEN * self.is_last(beat)
        thing = self.names.value(event) if self.has_value(beat) else self.names.thing(event)
        actor, end = f"{then}{self.names.owner(event)}'s", f" to {self.names.thread(reader)}"
        return _Clause(actor, [thing], end, visible=True)

    # ------------------------------------------------------------ what was not sent

    def before_not_sending(self) -> set[int]:
        """The accesses after which it is told that the caller sends nothing; empty if it sends something.

        They are the told accesses of the call, or, if there are none, the last access of the caller before the call.
        """
        execution = self.names.execution
        if any(block.events & execution.executed for block in execution.graph.blocks):
            return set()
        caller = self.names.scenario.caller
        mine = [b.events[0] for b in self.beats if b.reader is None and self.names.events[b.events[0]].thread == caller]
        inside = {e for e in mine if self.names.hook(e) == "membarrier"}
        if inside:
            return inside
        steps = self.names.scenario.threads[caller]
        call = next(step.span.start for step in steps if step.deed == "membarrier")
        before = [e for e in mine if (span := self.names.events[e].span) is not None and span.start < call]
        order = execution.order[caller]
        return {max(before, key=order.index)} if before else set()

    def not_sent(self) -> list[str]:
        """Phrases that say what the caller does not send: one for each kind of block that it sends on other ways."""
        lines = (line for thread in self.names.execution.graph.program.threads for line in thread.lines)
        kinds = dict.fromkeys(line.operation.kind for line in lines if isinstance(line.operation, Float))
        return [NOT_SENT.get(kind, f"sends no {kind}") for kind in kinds]
