"""Waiting for ever: executions of a design in which some thread can never go on.

Code waits at a lock, for the answer to a message, and in await().  A thread that waits is stopped for ever if three
things hold.  All other threads have ended or are stopped too.  The final content of memory does not let the thread go
on.  No thread that could still run will change that content.  If a stopped thread does not admit an interrupt, the
interrupt is never taken.

This module chooses, for every thread, the wait at which it is stopped.  The rest of the execution is a question to
the engine.  So an answer holds under the memory model that was asked for.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from itertools import product

from msgspec import Struct
from msgspec.structs import replace

from litmus.algebra.dag import Model
from litmus.c.tables import Primitives
from litmus.deciding import decide
from litmus.designs.lowering import MOVED, Lowering
from litmus.designs.prefixes import Code, Wait, last_values, may_release, stopped, value_of, waits_of
from litmus.designs.scenarios import Scenario
from litmus.engine.answer import Execution, Verdict
from litmus.engine.options import Options
from litmus.program.build import unroll
from litmus.program.code import Float, Fresh, Program, RegisterType, Store, ThreadCode
from litmus.program.graph import INITIAL
from litmus.program.question import Conjunction, Disjunction, Equal, Formula, Place, Question, Same
from litmus.program.values import Address, spell


class Stop(Struct, frozen=True):
    """Where a thread stops: at a wait of its own, or at a wait of a block that it takes before line `at`."""

    at: int
    wait: Wait
    block: int | None = None  # the line of the caller that sends the block


class Situation(Struct, frozen=True):
    """Where the threads stop.  pending: the blocks that are sent and never taken, given by the lines that send them."""

    stops: Mapping[int, Stop]
    pending: frozenset[int]


class Blocked(Struct, frozen=True):
    """An execution that cannot be completed, and one sentence that tells it."""

    scenario: Scenario
    execution: Execution
    told: str


def blocked(
    lowering: Lowering,
    scenario: Scenario,
    model: Model,
    table: Primitives,
    options: Options,
    ends: Callable[[], list[Scenario]] | None,
) -> Blocked | None:
    """An execution in which some thread can never go on; None if there is none.

    ends: scenarios that together have everything that T may do after this one.  None: no thread does anything more.
    """
    analysis = _Analysis(lowering, scenario, table, ends or list)
    for situation in analysis.situations(ends is not None):
        graph = unroll(analysis.program_of(situation))
        answer = decide(graph, model, analysis.question(situation), options)
        if answer.verdict is not Verdict.NEVER:
            assert answer.witness is not None, "a witness was asked for"
            return Blocked(scenario, answer.witness, analysis.told(situation, answer.witness))
    return None


class _Analysis:
    """The situations of one program."""

    def __init__(
        self, lowering: Lowering, scenario: Scenario, table: Primitives, ends: Callable[[], list[Scenario]]
    ) -> None:
        self.lowering = lowering
        self.scenario = scenario
        self.table = table
        self.ends = ends
        program = lowering.program(scenario, table, outcome=False)
        # The call is executed only once.  So its messages need no copies, and a block can be executed as part of its
        # thread.
        self.threads = [_without_fresh(code) for code in program.threads]
        self.program = replace(program, threads=tuple(self.threads))
        self.caller = scenario.caller
        self.targets = sorted({scenario.cpu_thread(cpu) for cpu in scenario.cpus})
        self.codes = [Code(code) for code in self.threads]
        self.waits = [waits_of(code) for code in self.codes]
        lines = self.threads[self.caller].lines
        self.floats = {i: line.operation for i, line in enumerate(lines) if isinstance(line.operation, Float)}
        self.bodies = {i: Code(ThreadCode(of.body, of.labels)) for i, of in self.floats.items()}
        self.answers = {i: self._answer(body) for i, body in self.bodies.items()}
        self.futures: dict[int, list[Code]] = {}

    def _answer(self, body: Code) -> Wait | None:
        """The wait of the caller for the answer that a block sends."""
        sent = {line.operation.address for line in body.lines if isinstance(line.operation, Store)}
        waits = self.waits[self.caller]
        return next((w for w in waits if all(load.address in sent for load in w.loads) and w.is_private), None)

    # ------------------------------------------------------------ situations

    def situations(self, ever: bool) -> Iterator[Situation]:
        """All situations, except those that are impossible under every memory model."""
        for mine in (None, *self.waits[self.caller]):
            sent = [i for i in self.floats if mine is None or i < mine.end]
            for fates in product(*(self._fates(i, mine) for i in sent)):
                of = dict(zip(sent, fates, strict=True))
                for stops in product(*(self._stops(t, of) for t in self.targets)):
                    found = {t: stop for t, stop in zip(self.targets, stops, strict=True) if stop is not None}
                    if mine is not None:
                        found[self.caller] = Stop(mine.end, mine)
                    situation = Situation(found, frozenset(i for i, fate in of.items() if fate == "pending"))
                    if found and self._is_possible(situation, ever):
                        yield situation

    def _fates(self, sent: int, mine: Wait | None) -> tuple[str, ...]:
        """What may happen to a block if the caller stops at `mine`.

        done: it is executed.  pending: it is never taken.  held: its thread stops in it.
        """
        answer = self.answers[sent]
        held = ("held",) if waits_of(self.bodies[sent]) else ()
        if answer is None:
            return ("done", "pending", *held)
        return ("pending", *held) if answer is mine else ("done",)

    def _stops(self, thread: int, fates: Mapping[int, str]) -> list[Stop | None]:
        """Where a thread may stop.  If a block holds it up, it stops in this block."""
        held = [i for i, fate in fates.items() if fate == "held" and self.floats[i].thread == thread]
        if not held:
            return [None, *(Stop(wait.end, wait) for wait in self.waits[thread])]
        if len(held) > 1:
            return []  # a thread cannot be in two blocks at once
        (block,) = held
        code, kind = self.codes[thread], self.floats[block].kind
        places = [at for at in code.places() if code.admits(at, kind)]
        return [Stop(at, wait, block) for at in places for wait in waits_of(self.bodies[block])]

    def _is_possible(self, situation: Situation, ever: bool) -> bool:
        return all(self._is_missed(i, situation, ever) for i in situation.pending) and all(
            self._may_last(stop.wait, situation) and not (ever and self._is_released(stop.wait, situation))
            for stop in situation.stops.values()
        )

    def _is_missed(self, sent: int, situation: Situation, ever: bool) -> bool:
        """Whether a block is never taken: its thread does not admit the block where it is stopped or has ended."""
        thread, kind = self.floats[sent].thread, self.floats[sent].kind
        stop = situation.stops.get(thread)
        if stop is None:
            return not ever and not self.codes[thread].admits(len(self.codes[thread].lines), kind)
        return stop.block is not None or not self.codes[thread].admits(stop.at, kind)

    def _may_last(self, wait: Wait, situation: Situation) -> bool:
        """Whether memory may, in the end, have a value with which the wait does not end.

        Only program order is looked at: the values that the last store of each thread may store.
        """
        if wait.is_private or wait.only is None:
            return True
        address = wait.only.address
        assert isinstance(address, Address)
        last = []
        for thread, code in enumerate(self.codes):
            stop = situation.stops.get(thread)
            last.append(last_values(code if stop is None else Code(code.code, stop.at), address))
            if stop is not None and stop.block is not None:
                last.append(last_values(Code(self.bodies[stop.block].code, stop.wait.end), address))
        for sent, body in self.bodies.items():
            if sent not in situation.pending and not any(s.block == sent for s in situation.stops.values()):
                last.append(last_values(body, address) | {None})  # the block may not be sent at all
        values = {value for some in last for value in some if value is not None}
        if all(None in some for some in last):
            values.add(self._initially(address))
        return any(value_of(wait.condition, {wait.only.register: value}) in (0, None) for value in values)

    def _initially(self, address: Address) -> object:
        variable = self.program.variables[address.base]
        return variable.cells[address.offset // variable.size]

    def _is_released(self, wait: Wait, situation: Situation) -> bool:
        """Whether a thread that is not stopped may still end a wait: the caller, which may call again, or T."""
        if wait.is_private:
            return False
        running = [] if self.caller in situation.stops else [self.caller]
        if not any(t in situation.stops for t in self.targets):
            running.append(self.targets[0])
        return any(may_release(code, wait) for t in running for code in self._future(t))

    def _future(self, thread: int) -> list[Code]:
        """What a thread may execute after the scenario."""
        if thread not in self.futures:
            if thread == self.caller:
                self.futures[thread] = [self.codes[thread]]
            else:
                programs = [self.lowering.program(end, self.table, outcome=False) for end in self.ends()]
                self.futures[thread] = [Code(program.threads[thread]) for program in programs]
        return self.futures[thread]

    # ------------------------------------------------------------ the question

    def program_of(self, situation: Situation) -> Program:
        """The program in which the threads stop as the situation says."""
        threads = []
        for number, code in enumerate(self.codes):
            stop = situation.stops.get(number)
            if stop is None:
                threads.append(code.code)
            elif stop.block is None:
                threads.append(stopped(code, stop.wait.end, stop.wait))
            else:
                threads.append(stopped(code, stop.at, stop.wait, self.bodies[stop.block]))
        absent = situation.pending | {stop.block for stop in situation.stops.values()}
        sends = [self.floats[i] for i in absent if i is not None]
        mine = threads[self.caller]
        # A Fresh, which does nothing here, replaces the block, so that labels stay right.
        lines = [replace(x, operation=Fresh()) if any(x.operation is f for f in sends) else x for x in mine.lines]
        threads[self.caller] = replace(mine, lines=tuple(lines))
        return replace(self.program, threads=tuple(threads))

    def question(self, situation: Situation) -> Question:
        """The question whether the waits have read the final values of memory."""
        places: list[Place] = []
        formulas: list[Formula] = []
        for thread, stop in situation.stops.items():
            for load in () if stop.wait.is_private else stop.wait.loads:
                assert isinstance(load.address, Address)
                variable = self.program.variables[load.address.base]
                cell = load.address.offset // variable.size if len(variable.cells) > 1 else None
                register = stop.wait.register(load, stop.block is not None)
                places += [
                    Place(thread, register),
                    Place(thread, f"{register} read"),
                    Place(None, load.address.base, cell),
                ]
                n = len(places)
                formulas.append(Disjunction((Equal(n - 2, 0), Same(n - 3, n - 1))))
        types = (RegisterType(8),) * len(places)
        return Question(tuple(places), types, len(places), "exists", Conjunction(tuple(formulas)), None)

    # ------------------------------------------------------------ telling

    def told(self, situation: Situation, execution: Execution) -> str:
        """`A waits in line 7 for ...; T waits in line 3 for ..., where no ipi is taken`."""
        parts = []
        reasons: dict[str, None] = {}
        for thread in (self.caller, *self.targets):
            stop = situation.stops.get(thread)
            if stop is None or any(load.address == Address(MOVED) for load in stop.wait.loads):
                continue
            actor = "A" if thread == self.caller else "T"
            missed = {self.floats[i].kind for i in situation.pending if self.floats[i].thread == thread}
            inside = "" if stop.block is None else f", in the {self.floats[stop.block].kind},"
            where = f", where no {' and no '.join(sorted(missed))} is taken" if missed else ""
            parts.append(f"{actor}{inside} waits in line {_line(stop.wait)} for {self._awaited(stop.wait)}{where}")
            reasons.update(dict.fromkeys(self._reasons(stop.wait, execution)))
        return "; ".join([*parts, *reasons])

    def _awaited(self, wait: Wait) -> str:
        text = " ".join(wait.span.text.split()).rstrip(";")
        return f"the answer to its {text}" if wait.is_private else text

    def _reasons(self, wait: Wait, execution: Execution) -> Iterator[str]:
        """For each location of a wait, the write that its final value comes from."""
        for load in () if wait.is_private else wait.loads:
            writes = next((co for co in execution.co if execution.addresses[co[0]] == load.address), ())
            if not writes:
                continue
            events = execution.graph.events
            name = self._location(execution, writes[-1])
            if events[writes[-1]].thread == INITIAL:
                yield f"{name} from the start"
                continue
            graph = execution.graph
            updates = any(writes[-1] == w for _, w in (*graph.updates, *graph.lxsx))
            late = len(writes) > 2 and not updates and events[writes[-2]].thread != events[writes[-1]].thread
            after = f", which reaches memory after {self._deed(execution, writes[-2])}" if late else ""
            yield f"{name} since {self._deed(execution, writes[-1])}{after}"

    def _deed(self, execution: Execution, number: int) -> str:
        """`A's spin_lock(&lock) in line 7`."""
        event = execution.graph.events[number]
        assert event.span is not None, "what is no initial write stands in the text"
        actor = "A" if event.thread == self.caller else "T"
        text = " ".join(event.span.text.split()).rstrip(";")
        return f"{actor}'s {text} in line {event.span.source.position(event.span.start)[0]}"

    def _location(self, execution: Execution, event: int) -> str:
        address = execution.addresses[event]
        name = address.base if isinstance(address, Address) else spell(address)
        owners = ("mm.", *(f"{cpu}." for cpu in self.scenario.cpus if len(self.scenario.cpus) == 1))
        name = next((name.removeprefix(owner) for owner in owners if name.startswith(owner)), name)
        return f"{name}={spell(execution.values[event])}"


def _line(wait: Wait) -> int:
    return wait.span.source.position(wait.span.start)[0]


def _without_fresh(code: ThreadCode) -> ThreadCode:
    """The same code without its Fresh operations, which make new copies of messages.  Labels move accordingly."""
    kept = [line for line in code.lines if not isinstance(line.operation, Fresh)]
    moved = [0]
    for line in code.lines:
        moved.append(moved[-1] + (not isinstance(line.operation, Fresh)))
    return replace(code, lines=tuple(kept), labels={name: moved[at] for name, at in code.labels.items()})
