"""What comments state: expectations, processes, processors.  What is almost a statement is refused, prose is not."""

from __future__ import annotations

import pytest

from litmus.diagnostics import InputError, Source
from litmus.expecting import refuse_unknown_models
from litmus.reading import read_test
from litmus.source import syntax

X86 = """X86 SB
{}
{{ x=0; y=0; }}
 P0          | P1          ;
 MOV [x],$1  | MOV [y],$1  ;
 MOV EAX,[y] | MOV EAX,[x] ;
exists (0:EAX=0 /\\ 1:EAX=0)
"""
C = """C SB
{}
{{ int x = 0; (* in the initial state *) int y = 0; }}
P0(int *x, int *y) {{ int r0; WRITE_ONCE(*x, 1); r0 = READ_ONCE(*y); }}
P1(int *x, int *y) {{ int r0; WRITE_ONCE(*y, 1); r0 = READ_ONCE(*x); }}
exists (0:r0=0 /\\ 1:r0=0)
"""

REGISTER = "MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED"


def read(comment: str, text: str = C) -> syntax.Test:
    return read_test(Source("t.litmus", text.format(comment)))


def stated(comment: str, text: str = X86) -> dict[str | None, str]:
    return {item.model: item.word + " DATARACE" * item.race for item in read(comment, text).stated}


# ---------------------------------------------------------------- what is stated


@pytest.mark.parametrize("text", [X86, C], ids=["X86", "C"])
@pytest.mark.parametrize(
    ("comment", "expected"),
    [
        ("(* Result: Sometimes *)", {None: "Sometimes"}),
        ("(*\n * Result: Never DATARACE\n *)", {None: "Never DATARACE"}),
        ("(*\n * Result: Maybe\n * It is fast.\n *)", {None: "Maybe"}),
        (" * Result: Always", {None: "Always"}),  # herd passes over lines that it does not know
        ("(* Result: Never *)\r", {None: "Never"}),
        ("(* Result: Never (see the paper) *)", {None: "Never"}),
        ("(* Expect(x86-tso): Never *)", {"x86-tso": "Never"}),
        ("(*\n * Expect(arm, power): Never\n * Expect(sc,riscv): Always\n *)",
         {"arm": "Never", "power": "Never", "sc": "Always", "riscv": "Always"}),
        ("(*\n * Expect(models/power.cat): Always\n * Expect(lkmm): DEADLOCK\n *)",
         {"models/power.cat": "Always", "lkmm": "DEADLOCK"}),
        ("Cycle=PodWR Fre PodWR Fre", {}),
    ],
)  # fmt: skip
def test_comments_state_verdicts(text: str, comment: str, expected: dict[str | None, str]) -> None:
    assert stated(comment, text) == expected
    assert read(comment, text).notes == ()


def test_comments_are_read_wherever_they_stand() -> None:
    everywhere = "(* Expect(sc): Never *)\n" + X86.format("(* Expect(arm): Never *)")
    inside = "{ (* Expect(tso): Never\n *) x=0; (* (* nested *)\nExpect(x86-tso): Never *)"
    everywhere = everywhere.replace("{ x=0;", inside).replace(" P0 ", "(* Expect(power): Never *) P0 ")
    everywhere = everywhere.replace("exists", "(*\nExpect(riscv): Never *)exists")
    test = read_test(Source("t", everywhere + "(* Expect(aarch64): Never *)"))
    assert [item.model for item in test.stated] == ["sc", "arm", "tso", "x86-tso", "power", "riscv", "aarch64"]
    in_c = C.format("").replace("int y = 0;", "// Expect(sc): Never\n/* Expect(arm): Never */ int y = 0;")
    in_c = in_c.replace("int r0;", 'int r0; char *s = "/* Expect(tso): Never"; (*x); // Expect(power): Never\n', 1)
    in_c = in_c.replace("P1", "(* Expect(riscv): Never *) P1")
    in_c = in_c.replace("exists", "/*\n * Expect(aarch64): Never */\nexists")
    assert [item.model for item in read_test(Source("t", in_c)).stated] == ["sc", "arm", "power", "riscv", "aarch64"]


def test_what_is_in_the_code_states_nothing() -> None:
    code = C.format("").replace("int r0;", "int Result; Result: Never;", 1)
    assert read_test(Source("t", code)).stated == ()
    assert read_test(Source("t", C.format('"(* Result: Never *)"').replace("C SB\n", "C SB "))).stated == ()


def test_processes_and_processors_are_stated_line_by_line() -> None:
    machine = read(f"(*\n * Process(P0): {REGISTER}, {REGISTER}\n Process(P1)\n * CPUs: 1\n *)").machine
    assert machine is not None
    assert [[word.text for word in line.threads] for line in machine.processes] == [["P0"], ["P1"]]
    assert [len(line.registrations) for line in machine.processes] == [2, 0]
    assert machine.cpus == 1
    assert read("(* CPUs: 1 *) (* Process(P0) *)").machine is not None
    assert read("(* two CPUs *)").machine is None


# ---------------------------------------------------------------- what is almost a statement

ALMOST = [
    ("(* Result: never *)", "never", "did you mean Never?"),
    ("(* Result: Nevr *)", "Nevr", "did you mean Never?"),
    ("(* Result: Never. *)", "Never.", "did you mean Never?"),
    ("(* Result: Never DATARCE *)", "DATARCE", "did you mean DATARACE?"),
    ("(* Result: Never Sometimes *)", "Sometimes", "one verdict a line"),
    ("(* Result:Never *)", "Result:Never", "write ` * Result: Never`"),
    ("(* result: Never *)", "result: Never", "write ` * Result: Never`"),
    ("(* RESULT: NEVER *)", "RESULT: NEVER", "write ` * Result: Never`"),
    ("(* Reslt: Always DATARACE *)", "Reslt: Always", "write ` * Result: Always`"),
    ("(* Results: Never *)", "Results: Never", "write"),
    ("(* Result Never *)", "Result Never", "write"),
    ("(* Result = Nver *)", "Result = Nver", "write"),
    ("(*\n* Result: Never\n*)", "Result: Never", "as the kernel's scripts read it"),
    ("(*\n   Result: Never\n*)", "Result: Never", "as the kernel's scripts read it"),
    ("/* Result: Never */", "Result: Never", "as the kernel's scripts read it"),
    ("Result=Never", "Result=Never", "write"),
    ("(* message passing.  Result: Never *)", "Result: Never", "give it a line of its own"),
    ("(* Result: Never *)\n(* Result: Never *)", "Never", None),
    ("(* Expect(power): Nver *)", "Nver", "did you mean Never?"),
    ("(* Expect(power): forbidden *)", "forbidden", "expected Never or"),
    ("(* Expect(power): *)", " ", "expected Never or"),
    ("(* Expect(power):Never *)", "Expect(power):Never", "write Expect(power): Never"),
    ("(* Expect (power): Never *)", "Expect (power): Never", "write Expect(power): Never"),
    ("(* expect(power): Never *)", "expect(power): Never", "write Expect(power): Never"),
    ("(* Expected(power): Never *)", "Expected(power): Never", "write Expect(power): Never"),
    ("(* Expect(power) Never *)", "Expect(power) Never", "write Expect(power): Never"),
    ("(* Expect(power) *)", "Expect(power)", "write Expect(power): Never"),
    ("(* Expect(power: Never *)", "Expect(power: Never", "write Expect(power): Never"),
    ("(* Expect[power]: Never *)", "Expect[power]: Never", "write Expect(power): Never"),
    ("(* Expect power: Never *)", "Expect power: Never", "write Expect(power): Never"),
    ("(* Expect: Never *)", "Expect: Never", "write Expect(power): Never"),
    ("(* Expect(): Never *)", ")", "Expect(power): Never"),
    ("(* Expect(power,): Never *)", ")", "Expect(power): Never"),
    ("(* Expect(power): Never Expect(arm): Never *)", "Never", "one verdict a line"),
    ("(* SB.  Expect(power): Never *)", "Expect(power): Never", "give it a line of its own"),
    ("(* Expect(power, power): Never *)", "power", None),
    ("(* Expect(powr): Never *)", "powr", "did you mean power?"),
    ("(* Expect(vax): Never *)", "vax", "built in are sc, "),
]
ALMOST_MACHINE = [
    ("(* Process (P0, P1) *)", "Process (P0, P1)", "write Process(P0, P1)"),
    ("(* process(P0) *)", "process(P0)", "write Process(P0, P1)"),
    ("(* Proces(P0) *)", "Proces(P0)", "write Process(P0, P1)"),
    (f"(* Processes(P0): {REGISTER} *)", f"Processes(P0): {REGISTER}", "write Process(P0, P1)"),
    ("(* Process: P0, P1 *)", "Process: P0, P1", "write Process(P0, P1)"),
    ("(* Process[P0] *)", "Process[P0]", "write Process(P0, P1)"),
    (f"(* Process(P0):{REGISTER} *)", f"Process(P0):{REGISTER}", "Process(P0, P1)"),
    ("(* Process(P0) Process(P1) *)", "Process(P0) Process(P1)", "Process(P0, P1)"),
    ("(* a server: Process(P0) *)", "Process(P0)", "give it a line of its own"),
    ("(* CPUs:1 *)", "CPUs:1", "write CPUs: 1"),
    ("(* cpus: 1 *)", "cpus: 1", "write CPUs: 1"),
    ("(* CPU: 1 *)", "CPU: 1", "write CPUs: 1"),
    ("(* CPUs = 1 *)", "CPUs = 1", "write CPUs: 1"),
    ("(* CPUs 1 *)", "CPUs 1", "write CPUs: 1"),
    ("(* CPUs: 4, nohzfull *)", "nohzfull", "did you mean nohz_full?"),
    ("(* cpus: 4, nohz_full *)", "cpus: 4, nohz_full", "write CPUs: 1"),
    ("(* process(P0 on CPU 1) *)", "process(P0 on CPU 1)", "write Process(P0, P1)"),
    ("(* CPUs: 1 Process(P0) *)", "1 Process(P0)", "CPUs: 1"),
    ("(* on few CPUs: 1 *)", "CPUs: 1", "give it a line of its own"),
]


@pytest.mark.parametrize(
    ("text", "comment", "place", "hint"),
    [(text, *row) for text in (X86, C) for row in ALMOST] + [(C, *row) for row in ALMOST_MACHINE],
)
def test_what_is_almost_a_statement_is_an_error_with_a_place_and_a_hint(
    text: str, comment: str, place: str, hint: str | None
) -> None:
    with pytest.raises(InputError) as caught:
        refuse_unknown_models(read(comment, text), ())
    assert caught.value.span is not None
    assert caught.value.span.text == place
    assert (caught.value.hint or "").startswith(hint or "") or (hint or "") in (caught.value.hint or "")


@pytest.mark.parametrize(
    "line",
    [
        "(* Result: Never *)",
        "(* Expect(power): Sometimes *)",
        "(* Process(P0, P1) *)",
        "(* CPUs: 1 *)",
        "(* CPUs: 4, nohz_full *)",
    ],
)
def test_no_slip_of_the_finger_makes_a_statement_vanish(line: str) -> None:
    start, end = len("(* "), len(line) - len(" *)")
    slips = set()
    for i in range(start, end):
        slips.add(line[:i] + line[i + 1 :])
        slips.add(line[: i + 1] + line[i:])
        slips.add(line[:i] + line[i].swapcase() + line[i + 1 :])
        if not line[i - 1].isalpha():
            slips.add(line[:i] + " " + line[i:])
        if i + 1 < end:
            slips.add(line[:i] + line[i + 1] + line[i] + line[i + 2 :])
    for slip in sorted(slips):
        try:
            test = read(slip)
            refuse_unknown_models(test, ())
        except InputError:
            pass
        else:
            assert test.stated or test.machine or test.notes, slip


# ---------------------------------------------------------------- prose


@pytest.mark.parametrize("text", [X86, C], ids=["X86", "C"])
@pytest.mark.parametrize(
    "comment",
    [
        "(* Expected result: forbidden *)",
        "(* As a result: Forbid (where the store succeeds) *)",
        "(* Expected: allowed *)",
        "(* Expect(ed) behaviour: none, we expect (see below) nothing *)",
        "(* We expect that P0 sees it *)",
        "(*\n * Process 0 starts (t=100000).\n * Process 0 start at t=100000, process 8 end at t=200000\n *)",
        "(* The processes each hold a lock; Process (a) of two *)",
        "(* CPU 0 *)",
        "(* on different CPUs *)",
        "(* Except for this: Never *)",
    ],
)
def test_prose_is_left_alone(text: str, comment: str) -> None:
    test = read(comment, text)
    assert (test.stated, test.machine, test.notes) == ((), None, ())


@pytest.mark.parametrize(
    ("comment", "note"),
    [
        ("(*\n * Result: Free choice.\n *)", "line 3, `Result: Free choice.`, states no verdict"),
        ("(* Result: Flag srcu-bad-nesting *)", "line 2, `Result: Flag srcu-bad-nesting`, states no verdict"),
        ("(* Result: *)", "line 2, `Result:`, states no verdict"),
        ("(* result: it is lost *)", "states no verdict"),
        ("(* As a result: Never do this *)", "states no verdict"),
        ("(* Process P0 *)", "puts no threads in a process"),
    ],
)
def test_prose_that_could_be_taken_for_a_statement_is_a_note(comment: str, note: str) -> None:
    test = read(comment)
    assert (test.stated, test.machine) == ((), None)
    assert len(test.notes) == 1
    assert note in test.notes[0]


@pytest.mark.parametrize("comment", ["(* CPUs: 1 *)", "(* Process(P0, P1) *)"])
def test_an_assembly_test_says_nothing_of_processes_and_a_note_tells(comment: str) -> None:
    test = read(comment, X86)
    assert test.machine is None
    assert test.notes[0].endswith("says nothing here: only C tests have the call")


def test_a_test_without_a_condition_has_a_note() -> None:
    test = read_test(Source("t", X86.format("")[: X86.format("").index("exists")]))
    assert test.notes == ("the test has no condition, so that every execution satisfies it and nothing is expected",)
