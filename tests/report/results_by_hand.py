"""Results made by hand: reports are tested without reading or deciding anything."""

from __future__ import annotations

from msgspec.structs import replace

from litmus.diagnostics import Source, Span
from litmus.engine.answer import Answer, Execution, Verdict
from litmus.program.code import Program, RegisterType, ThreadCode, Variable
from litmus.program.graph import INITIAL, Event, EventTable
from litmus.program.question import Conjunction, Equal, Place, Question
from litmus.program.values import Address
from litmus.source.syntax import Bool, Condition, Test

SB = """X86 SB
{ x=0; y=0; }
 P0          | P1          ;
 MOV [x],$1  | MOV [y],$1  ;
 MOV EAX,[y] | MOV EAX,[x] ;
exists (0:EAX=0 /\\ 1:EAX=0)
"""

PLACES = (Place(0, "EAX"), Place(1, "EAX"))
STATES = ((0, 0), (0, 1), (1, 0), (1, 1))


def make_test(text: str = SB, name: str = "SB", **fields: object) -> Test:
    test = Test(
        source=Source(f"{name}.litmus", text),
        arch="X86",
        name=name,
        doc=None,
        info={},
        init=(),
        table=((), ()),
        body=None,
        locations=(),
        filter=None,
        condition=Condition("exists", Bool(True), None),
    )
    return replace(test, **fields)  # type: ignore[arg-type]


def make_question(**fields: object) -> Question:
    types = (RegisterType(), RegisterType())
    question = Question(PLACES, types, 2, "exists", Conjunction((Equal(0, 0), Equal(1, 0))), None)
    return replace(question, **fields)  # type: ignore[arg-type]


def make_witness(source: Source) -> Execution:
    """Both threads of SB read before either write reaches memory."""

    def span(instruction: str) -> Span:
        start = source.text.index(instruction)
        return Span(source, start, start + len(instruction))

    x, y = Address("x"), Address("y")
    program = Program("X86", (ThreadCode(()), ThreadCode(())), {"x": Variable("x"), "y": Variable("y")}, ({}, {}))
    events = (
        Event(0, INITIAL, "W", 0, x, 0),
        Event(1, INITIAL, "W", 0, y, 0),
        Event(2, 0, "W", 0, x, 1, span=span("MOV [x],$1")),
        Event(3, 0, "R", 0, y, span=span("MOV EAX,[y]")),
        Event(4, 1, "W", 0, y, 1, span=span("MOV [y],$1")),
        Event(5, 1, "R", 0, x, span=span("MOV EAX,[x]")),
    )
    return Execution(
        graph=EventTable(program, events=events),
        executed=0b111111,
        rf={3: 1, 5: 0},
        co=((0, 2), (1, 4)),
        values={0: 0, 1: 0, 2: 1, 3: 0, 4: 1, 5: 0},
        addresses={0: x, 1: y, 2: x, 3: y, 4: y, 5: x},
        order=((2, 3), (4, 5)),
        state=(0, 0),
    )


def make_answer(test: Test, **fields: object) -> Answer:
    answer = Answer(
        verdict=Verdict.SOMETIMES,
        places=PLACES,
        states=STATES,
        positive=1,
        negative=3,
        flags=(),
        witness=make_witness(test.source),
        bound_reached=False,
        method="propagation",
    )
    return replace(answer, **fields)  # type: ignore[arg-type]
