"""`litmus check`: verdicts against expectations, formats, exit codes, many files, interruptions."""

from __future__ import annotations

import contextlib
import errno
import functools
import json
import os
import pty
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from litmus import __version__, deciding

CHECKOUT = Path(__file__).resolve().parents[2]
CONDITION = "(0:r3=0 /\\ 1:r3=0)"
FIELDS = [
    "file", "test", "arch", "model", "kind", "verdict", "ok", "states", "flags", "bound_reached", "seconds", "error",
    "positive", "negative", "expected", "expected_by", "notes",
]  # fmt: skip


def lines(out: str) -> list[dict[str, object]]:
    return [json.loads(line) for line in out.splitlines()]


# ---------------------------------------------------------------- verdicts and expectations


def test_an_exists_expects_nothing(litmus, sb):
    for fence, verdict in (("isync", "Sometimes"), ("sync", "Never")):
        ran = litmus("check", sb(fence=fence))
        assert (ran.status, ran.err) == (0, "")
        assert ran.out.startswith(f"{verdict}. Under power, ")


@pytest.mark.parametrize(
    ("fence", "condition", "status"),
    [
        ("sync", f"~exists {CONDITION}", 0),
        ("isync", f"~exists {CONDITION}", 1),
        ("sync", f"forall ~{CONDITION}", 0),
        ("isync", f"forall ~{CONDITION}", 1),
        ("isync", f"exists {CONDITION}", 0),
    ],
)
def test_a_forbidden_or_required_outcome_is_expected_as_such(litmus, sb, fence, condition, status):
    assert litmus("check", sb(fence=fence, condition=condition)).status == status


@pytest.mark.parametrize(
    ("comment", "model", "status"),
    [
        ("(* Result: Sometimes *)\n", "power", 0),
        ("(* Result: Never *)\n", "power", 1),
        ("(* Result: Never *)\n", "sc", 0),
        ("(* Result: Sometimes *)\n", "sc", 0),  # speaks of the architecture's own model only
        ("(* Expect(sc): Sometimes *)\n", "sc", 1),
        ("(* Expect(sc): Never *)\n", "sc", 0),
        ("(* Expect(sc): Never *)\n", "power", 0),
        ("(* Result: Maybe *)\n", "power", 0),
        ("(* Expect(arm, power): Never *)\n", "power", 1),
        ("(* Result: Nevr *)\n", "power", 2),
        ("(* Expect(powr): Never *)\n", "power", 2),
    ],
)
def test_comments_state_what_is_expected_of_a_model(litmus, sb, comment, model, status):
    assert litmus("check", sb(extra=comment), "--model", model).status == status


def test_the_option_overrules_what_the_test_states(litmus, sb):
    test = sb(extra="(* Result: Sometimes *)\n")
    assert litmus("check", test, "--expect", "Sometimes").status == 0
    ran = litmus("check", test, "--expect", "never")
    assert ran.status == 1
    assert "Never (--expect): UNEXPECTED" in ran.out


def test_one_file_is_told_in_full_and_many_a_line_each(litmus, sb):
    allowed, forbidden = sb("a"), sb("b", fence="sync", condition=f"exists {CONDITION}")
    ran = litmus("check", allowed, forbidden, "--expect", "Never")
    assert ran.out.splitlines()[:2] == [
        f"Sometimes  {allowed}  power  UNEXPECTED: Never (--expect)",
        f"Never      {forbidden}  power",
    ]
    assert ran.out.splitlines()[-1].startswith("1 as expected, 1 unexpected in ")
    assert ran.status == 1
    assert "An execution that ends so" in litmus("check", allowed, forbidden, "--verbose").out
    assert litmus("check", allowed).out.splitlines()[0].startswith("Sometimes. Under power")


def test_a_forall_that_fails_is_shown_an_execution_that_refutes_it(litmus, sb):
    ran = litmus("check", sb(condition=f"forall ~{CONDITION}"))
    assert "* refutes the proposition:\n    * 0:r3=0; 1:r3=0;\n" in ran.out
    shown = ran.out[ran.out.index("An execution that ends otherwise:") :]
    assert len(re.findall("R [xy]=0 +from the initial state", shown)) == 2
    assert "An execution" not in litmus("check", sb(fence="sync", condition=f"forall ~{CONDITION}")).out


def test_several_models_answer_in_the_order_they_are_named(litmus, sb):
    ran = litmus("check", sb(), "--json", "--model", "sc,power", "--model", "sc")
    assert [(line["model"], line["verdict"]) for line in lines(ran.out)] == [
        ("sc", "Never"),
        ("power", "Sometimes"),
        ("sc", "Never"),
    ]


def test_a_model_file_is_named_as_it_was_given(litmus, sb, tmp_path):
    model = tmp_path / "any, thing.cat"
    model.write_text('"anything goes"\n')
    ran = litmus("check", sb(fence="sync"), "--json", "--model", model)
    assert [(line["model"], line["verdict"]) for line in lines(ran.out)] == [(str(model), "Sometimes")]


def test_a_file_named_twice_is_answered_twice(litmus, sb):
    test = sb()
    ran = litmus("check", "--json", test, test)
    assert [line["file"] for line in lines(ran.out)] == [str(test), str(test)]


def test_files_may_stand_on_both_sides_of_options(litmus, sb):
    ran = litmus("check", sb("a"), "--json", "--model", "sc", sb("b"))
    assert [line["test"] for line in lines(ran.out)] == ["SB", "SB"]


# ---------------------------------------------------------------- C tests

MP = """C MP
{ }
P0() { WRITE_ONCE(x, 1); smp_wmb(); WRITE_ONCE(y, 1); }
P1() { int r1; int r2; r1 = READ_ONCE(y); smp_rmb(); r2 = READ_ONCE(x); }
exists (1:r1=1 /\\ 1:r2=0)
"""


def verdicts(litmus, *arguments: object) -> dict[object, object]:
    return {line["model"]: line["verdict"] for line in lines(litmus("check", "--json", *arguments).out)}


@pytest.fixture
def mp(tmp_path):
    path = tmp_path / "MP.litmus"
    path.write_text(MP)
    return path


def test_a_c_test_is_asked_of_every_model_with_a_table(litmus, mp):
    assert {"x86-tso", "power"} <= set(verdicts(litmus, mp))
    assert "sc" not in verdicts(litmus, mp)
    assert verdicts(litmus, mp, "--model", "sc") == {"sc": "Never"}


def test_a_model_file_needs_a_table_for_a_c_test(litmus, mp, tmp_path):
    weak = tmp_path / "weak.cat"
    fence = "let fence = try fencerel(LWSYNC) with 0"
    weak.write_text(
        f'"fences" include "cos.cat"\n{fence}\nacyclic po-loc | rf | co | fr\nacyclic fence | rf | co | fr\n'
    )
    ran = litmus("check", mp, "--model", weak)
    assert ran.status == 2
    assert f"{mp}:1:1: error: the model file {weak} does not say what the primitives of a C test become" in ran.err
    assert "--arch power" in ran.err
    assert verdicts(litmus, mp, "--model", weak, "--arch", "power") == {str(weak): "Never"}
    assert verdicts(litmus, mp, "--model", weak, "--arch", "x86") == {str(weak): "Sometimes"}


LB = """C LB
{ }
P0() { int r0; r0 = READ_ONCE(x); smp_wmb(); WRITE_ONCE(y, 1); }
P1() { int r1; r1 = READ_ONCE(y); smp_mb(); WRITE_ONCE(x, 1); }
exists (0:r0=1 /\\ 1:r1=1)
"""


def test_an_alternative_of_a_primitive_is_taken_where_it_is_chosen(litmus, tmp_path):
    test = tmp_path / "LB.litmus"
    test.write_text(LB)
    asked = (test, "--model", "power")
    assert verdicts(litmus, *asked) == {"power": "Never"}  # lwsync orders a read before a write
    assert verdicts(litmus, *asked, "--primitive", "power.smp_wmb=eieio") == {"power": "Sometimes"}


def test_included_files_are_found_in_the_folders_named(litmus, sb, tmp_path):
    (tmp_path / "models").mkdir()
    (tmp_path / "models" / "outer.cat").write_text('"outer"\ninclude "cos.cat"\ninclude "inner.cat"\n')
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "inner.cat").write_text('if "strict"\nacyclic po | rf | co | fr\nend\n')
    outer = tmp_path / "models" / "outer.cat"
    assert litmus("check", sb(), "--model", outer).status == 2
    found = ("--model", outer, "-I", tmp_path / "elsewhere")
    assert verdicts(litmus, sb(), *found) == {str(outer): "Sometimes"}
    assert verdicts(litmus, sb(), *found, "--variant", "strict") == {str(outer): "Never"}


def test_a_model_is_found_in_the_folders_named_too(litmus, sb, tmp_path):
    (tmp_path / "models").mkdir()
    (tmp_path / "models" / "outer.cat").write_text('"outer"\ninclude "cos.cat"\ninclude "inner.cat"\n')
    (tmp_path / "models" / "inner.cat").write_text("acyclic po | rf | co | fr\n")
    assert litmus("check", sb(), "--model", "outer.cat").status == 2
    assert verdicts(litmus, sb(), "--model", "outer.cat", "-I", tmp_path / "models") == {"outer.cat": "Never"}


# ---------------------------------------------------------------- formats


def test_a_json_line_has_the_documented_fields(litmus, sb):
    (line,) = lines(litmus("check", "--json", sb()).out)
    assert list(line) == FIELDS
    seconds = line.pop("seconds")
    assert isinstance(seconds, float)
    assert {k: line[k] for k in FIELDS if k not in ("seconds", "file")} == {
        "test": "SB",
        "arch": "PPC",
        "model": "power",
        "kind": "Allowed",
        "verdict": "Sometimes",
        "ok": True,
        "states": ["0:r3=0; 1:r3=0;", "0:r3=0; 1:r3=1;", "0:r3=1; 1:r3=0;", "0:r3=1; 1:r3=1;"],
        "flags": [],
        "bound_reached": False,
        "error": None,
        "positive": 1,
        "negative": 3,
        "expected": None,
        "expected_by": None,
        "notes": [],
    }


def test_json_and_the_log_agree_with_each_other(litmus, sb):
    test = sb(fence="sync", condition=f"~exists {CONDITION}")
    (line,) = lines(litmus("check", "--json", test).out)
    log = litmus("check", "--format", "herd", test).out
    states = "".join(f"{state}\n" for state in line["states"])
    assert log.startswith(f"Test SB Forbidden\nStates 3\n{states}Ok\nWitnesses\nPositive: 3 Negative: 0\n")
    assert "\nObservation SB Never 0 3\nTime SB " in log
    assert log.endswith("\n\n")


def test_states_none_lists_none(litmus, sb):
    (line,) = lines(litmus("check", "--json", "--states", "none", sb()).out)
    assert (line["verdict"], line["states"]) == ("Sometimes", None)


def test_output_that_is_not_a_terminal_has_no_colour(program, sb):
    ran = program("check", sb(), "--expect", "Never")
    assert ran.status == 1
    assert "\x1b" not in ran.out + ran.err


# ---------------------------------------------------------------- mistakes


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "the following arguments are required: COMMAND"),
        (["nosuch"], "invalid choice: 'nosuch'"),
        (["check"], "the following arguments are required: FILE"),
        (["check", "f", "--mod", "sc"], "unrecognized arguments: --mod sc"),
        (["check", "f", "--json", "--format", "herd"], "not allowed with argument --json"),
        (["check", "f", "--states", "some"], "invalid choice: 'some'"),
        (["check", "f", "--expect", "Perhaps"], "'Perhaps' is none of Never, Sometimes, Always"),
        (["check", "f", "--timeout", "0"], "'0' is not a positive number of seconds"),
        (["check", "f", "--timeout", "nan"], "'nan' is not a positive number of seconds"),
        (["check", "f", "--timeout", "soon"], "'soon' is not a positive number of seconds"),
        (["check", "f", "--jobs", "0"], "'0' is not a positive number"),
        (["check", "f", "--unroll", "-1"], "'-1' is not a positive number"),
        (["check", "f", "--primitive", "smp_wmb=eieio"], "is not of the form ARCH.PRIMITIVE=ALTERNATIVE"),
        (["check", "f", "--primitive", "power.smp_wmp=eieio"], "smp_wmb"),
        (["check", "f", "--primitive", "power.smp_wmb=eio"], "no alternative eio"),
        (["check", "f", "--primitive", "vax.smp_wmb=eio"], "no primitives table vax"),
        (["check", "f", "--arch", "powr"], "did you mean power?"),
        (["check", "f", "--model", "x86tso"], "did you mean x86-tso"),
        (["check", "f", "--model", "./missing.cat"], "there is no model file ./missing.cat"),
        (["check", "@missing"], "cannot read the list missing"),
        (["check", "f", "--model", ""], "a name is missing in ''"),
        (["check", "f", "--model", ","], "a name is missing in ','"),
        (["check", "f", "--model", "sc,"], "a name is missing in 'sc,'"),
        (["check", "f", "--variant", ""], "a name is missing in ''"),
        (["check", "f", "-I", ""], "the name is empty"),
        (["check", "f", "--output", "no/such"], "--output is for logs"),
        (["check", "f", "--format", "herd", "--model", "sc,power"], "--output DIR writes one for each model"),
        (["check", "f", "--junit", "no/such/folder/report.xml"], "cannot write no/such/folder/report.xml"),
        (["check", "f", "--junit", ""], "cannot write ''"),
        (["table", "--model", ","], "a name is missing in ','"),
        (["table", "--rows", ""], "a primitive is missing in ''"),
        (["table", "--rows", "smp_mb,"], "a primitive is missing in 'smp_mb,'"),
        (["table", "--columns", ","], "a primitive is missing in ','"),
        (["table", "--shapes", ""], "a name is missing in ''"),
        (["table", "--compare", "sc", ""], "a name is missing in ''"),
        (["designs", "--model", ""], "a name is missing in ''"),
        (["designs", "--scenario", ""], "a name is missing in ''"),
        (["generate", "--shapes", ""], "a name is missing in ''"),
        (["generate", "--all", "--relaxations", ""], "no relaxations are given"),
        (["generate", "--shapes", "MP", "--relaxations", ","], "no relaxations are given"),
        (["generate", "--shapes", "MP", "-o", ""], "cannot write"),
        (["designs", ""], "there is no design"),
    ],
)
def test_bad_usage_is_one_clear_error_and_status_2(litmus, arguments, message):
    ran = litmus(*arguments)
    assert (ran.status, ran.out) == (2, "")
    assert message in ran.err


def test_bad_input_is_shown_at_its_place_and_the_other_tests_go_on(litmus, sb):
    bad, good = sb("bad"), sb("good")
    bad.write_text(bad.read_text().replace("lwz r3,0(r4) | lwz r3", "lwz r40,0(r4) | lwz r3"))
    ran = litmus("check", bad, good)
    assert ran.status == 2
    assert f"{bad}:8:6: error: " in ran.err
    assert "    8 |  lwz r40,0(r4) | lwz r3,0(r4) ;\n      |      ^^^" in ran.err
    assert f"bad input  {bad}  power\nSometimes  {good}  power\n" in ran.out
    assert "1 answered, 1 bad input" in ran.out
    first, second = lines(litmus("check", "--json", bad, good).out)
    assert first["verdict"] is None
    assert str(first["error"]).startswith(f"{bad}:8:6: error: ")
    assert (second["verdict"], second["error"]) == ("Sometimes", None)


def test_a_file_that_cannot_be_read_has_a_line_for_every_model(litmus, tmp_path):
    missing = tmp_path / "missing.litmus"
    ran = litmus("check", "--json", missing, "--model", "sc,power")
    assert ran.status == 2
    assert ran.err == ""
    assert [(line["model"], line["verdict"], line["test"]) for line in lines(ran.out)] == [
        ("sc", None, None),
        ("power", None, None),
    ]
    assert "no such file" in str(lines(ran.out)[0]["error"])


def test_an_error_in_a_model_is_printed_once_for_all_tests(litmus, sb, tmp_path):
    model = tmp_path / "bad.cat"
    model.write_text('"bad"\nacyclic po | nosuch\n')
    ran = litmus("check", sb("a"), sb("b"), "--model", model)
    assert ran.status == 2
    assert ran.err.count("nosuch") == 2  # in the message and in the line that is shown
    assert f"{model}:2:14: error:" in ran.err


def test_what_is_not_supported_is_no_answer(litmus, tmp_path):
    test = tmp_path / "t.litmus"
    test.write_text("MIPS t\n{ }\n P0 ;\n NOP ;\nexists (x=1)\n")
    ran = litmus("check", test)
    assert ran.status == 3
    assert f"{test}:1:1: error:" in ran.err


def test_bad_input_outranks_unexpected_outranks_no_answer(litmus, sb, tmp_path):
    unsupported = tmp_path / "t.litmus"
    unsupported.write_text("MIPS t\n{ }\n P0 ;\n NOP ;\nexists (x=1)\n")
    wrong = sb("wrong", condition=f"~exists {CONDITION}")
    assert litmus("check", sb("fine"), unsupported).status == 3
    assert litmus("check", unsupported, wrong).status == 1
    assert litmus("check", unsupported, wrong, tmp_path / "missing.litmus").status == 2


def test_a_failure_of_the_program_is_no_answer_for_that_test_only(litmus, sb, monkeypatch):
    decide = deciding.decide

    def fail_once(*arguments):
        monkeypatch.setattr(deciding, "decide", decide)
        raise ZeroDivisionError("in the engine")

    monkeypatch.setattr(deciding, "decide", fail_once)
    ran = litmus("check", sb("a"), sb("b"))
    assert ran.status == 3
    assert "internal error: ZeroDivisionError: in the engine" in ran.err
    assert "please report it" in ran.err
    assert "Traceback" not in ran.err
    assert "1 answered, 1 without an answer" in ran.out
    monkeypatch.setattr(deciding, "decide", fail_once)
    assert "Traceback" in litmus("check", sb("a"), "--debug").err


# ---------------------------------------------------------------- many files


def test_output_does_not_depend_on_the_number_of_processes(litmus, sb, tmp_path):
    files = [sb(f"t{i}", fence=("sync", "isync")[i % 2]) for i in range(12)]
    files.insert(5, tmp_path / "missing.litmus")

    def answers(jobs: int) -> list[dict[str, object]]:
        ran = litmus("check", "--json", "--jobs", jobs, *files, "--model", "power,sc")
        return [{k: v for k, v in line.items() if k != "seconds"} for line in lines(ran.out)]

    assert answers(3) == answers(1)
    assert len(answers(1)) == 2 * len(files)


def test_folders_and_lists_are_checked(litmus, sb, tmp_path):
    sb("folder/a")
    sb("folder/sub/b[1]+c")
    (tmp_path / "all").write_text("# all of them\nfolder\nfolder/a.litmus\n")
    out = litmus("check", "--json", f"@{tmp_path}/all").out
    assert [str(line["file"]).removeprefix(f"{tmp_path}/") for line in lines(out)] == [
        "folder/a.litmus",
        "folder/sub/b[1]+c.litmus",
        "folder/a.litmus",
    ]


# ---------------------------------------------------------------- being interrupted


@pytest.mark.parametrize("jobs", [1, 2])
def test_an_interrupt_keeps_what_was_answered_and_leaves_no_process(sb, tmp_path, jobs):
    # A named pipe to which nobody writes: reading this test never ends.
    endless = tmp_path / "endless.litmus"
    os.mkfifo(endless)
    command = [sys.executable, "-m", "litmus", "check", "--json", "--jobs", str(jobs), str(sb()), str(endless)]
    # Without job control, a shell starts background jobs, and with them these tests, deaf to interrupts.
    hearing = functools.partial(signal.signal, signal.SIGINT, signal.SIG_DFL)
    # To a terminal, each answer is written when it is there.
    ours, terminal = pty.openpty()
    process = subprocess.Popen(command, stdout=terminal, stderr=subprocess.PIPE, text=True, preexec_fn=hearing)
    os.close(terminal)
    out = b""
    while not out.endswith(b"\n"):
        out += os.read(ours, 10_000)
    deadline = time.monotonic() + 60
    while (writer := opened_for_writing(endless)) is None:
        assert time.monotonic() < deadline
        time.sleep(0.01)
    _, err = interrupted(process)
    os.close(ours)
    os.close(writer)
    assert process.returncode == 130
    assert [line["verdict"] for line in lines(out.decode())] == ["Sometimes"]
    assert err == "litmus: interrupted; answered so far: 1\n"
    assert opened_for_writing(endless) is None


def interrupted(process):
    """What an interrupted process writes.  A signal just before a system call does not end it, so more may be sent."""
    for _ in range(12):
        process.send_signal(signal.SIGINT)
        with contextlib.suppress(subprocess.TimeoutExpired):
            return process.communicate(timeout=5)
    pytest.fail("the process goes on")


def opened_for_writing(pipe: Path) -> int | None:
    """A descriptor to write to a pipe, or None while no process reads from it."""
    try:
        return os.open(pipe, os.O_WRONLY | os.O_NONBLOCK)
    except OSError as error:
        if error.errno != errno.ENXIO:
            raise
        return None


# ---------------------------------------------------------------- the program


@pytest.mark.parametrize("start", [("-m", "litmus"), (str(CHECKOUT / "cli.py"),)])
def test_the_command_line_starts_in_every_way(program, sb, tmp_path, start):
    ran = program("check", sb(fence="sync"), "--json", start=start, cwd=tmp_path if start[0] != "-m" else None)
    assert (ran.status, ran.err) == (0, "")
    assert [line["verdict"] for line in lines(ran.out)] == ["Never"]


def test_version_and_help_need_no_test(litmus):
    ran = litmus("--version")
    assert (ran.status, ran.out) == (0, f"litmus {__version__}\n")
    ran = litmus("check", "--help")
    assert ran.status == 0
    assert "exit status:" in ran.out
    assert "--model NAME|PATH" in ran.out


def test_models_are_listed_one_a_line_with_their_sources(litmus):
    ran = litmus("models")
    assert ran.status == 0
    names = [line.split()[0] for line in ran.out.splitlines()]
    assert {"sc", "x86-tso", "power"} <= set(names)
    assert "TOPLAS 2014" in ran.out
    described = lines(litmus("models", "--json").out)
    assert [line["model"] for line in described] == names
    assert all(Path(str(line["file"])).is_file() for line in described)


def test_a_cold_check_imports_neither_z3_nor_networkx(program, sb):
    code = "import sys; from litmus.cli import main; main(); print([m for m in ('z3', 'networkx') if m in sys.modules])"
    ran = program("check", sb(), start=("-c", code))
    assert ran.out.splitlines()[-1] == "[]"


def test_a_mistake_of_the_program_is_no_verdict(litmus, monkeypatch, sb):
    monkeypatch.setattr("litmus.inputs.files_of", lambda arguments: 1 / 0)
    ran = litmus("check", sb())
    assert ran.status == 3
    assert ran.err.startswith("litmus: internal error\n")
    assert "ZeroDivisionError" in ran.err
