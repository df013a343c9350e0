"""`litmus designs`: the matrix and its formats, explanations, barriers, expectations, and what it says of mistakes."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ElementTree
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest

from litmus.cli import main
from litmus.designs.catalogue import read_designs, shipped

MINE = """\
design mine "compares rq->curr without a lock"
source "here"
cpu { int curr = T; }
switch_out { WRITE_ONCE(curr, 0); out: smp_mb(); }
switch_in  { WRITE_ONCE(curr, T); in: smp_mb(); }
membarrier {
	smp_mb();
	if (READ_ONCE(cpu(T).curr) == T)
		ipi (T) { smp_mb(); }
	smp_mb();
}
"""


class Ran(NamedTuple):
    """What a command printed, and its exit status."""

    status: int
    out: str
    err: str


Designs = Callable[..., Ran]


@pytest.fixture
def designs(capsys: pytest.CaptureFixture[str]) -> Designs:
    def run(*arguments: object) -> Ran:
        capsys.readouterr()
        status = main(["designs", *map(str, arguments)])
        captured = capsys.readouterr()
        return Ran(status, captured.out, captured.err)

    return run


@pytest.fixture
def mine(tmp_path: Path) -> Callable[[str], Path]:
    def write(more: str) -> Path:
        path = tmp_path / "mine.design"
        path.write_text(MINE + more)
        return path

    return write


def test_the_matrix_says_where_a_design_is_broken_and_how(designs: Designs) -> None:
    ran = designs("lockless-compare", "--model", "x86-tso,power")
    assert ran.status == 0
    assert ran.err == ""
    head, row, *_ = ran.out.splitlines()
    assert head.split() == ["broken", "where", "x86-tso", "power"]
    assert row.split() == ["lockless-compare", "safe", "OUT"]
    assert "OUT on power (all shapes)" in ran.out
    told = " ".join(ran.out.split())
    assert "become visible before its x=1; A reads y=1, sees curr=0, sends no ipi and reads x=0; only then" in told
    assert "T's barrier in line" in told
    assert "come" in told.partition("T's barrier in line")[2]
    assert "each design in 52 scenarios a model" in ran.out
    assert "shapes MP, SB, LB, R, S, 2+2W, SB+cut, MP+cut, LB+cut; T RUN, OUT, IN, MID" in ran.out


def test_a_design_is_named_with_its_variants_alone_or_by_one_of_them(mine: Callable[[str], Path]) -> None:
    path = mine('variant a "" { remove out; } variant b "" { remove in; }')

    def titles(*words: str) -> list[str]:
        return [d.title for d in read_designs([f"{path}{word}" for word in words])]

    assert titles("") == titles("", ":a") == ["mine", "mine:a", "mine:b"]
    assert titles(":") == ["mine"]
    assert titles(":b", ":") == ["mine:b", "mine"]


def test_scenarios_are_shapes_and_sides(designs: Designs) -> None:
    out = designs("lockless-compare", "--model", "power", "--scenario", "MP,OUT", "--json").out
    assert [(o["shape"], o["side"], o["roles"]) for o in map(json.loads, out.splitlines())] == [
        ("MP", "OUT", "caller=P1 T=P0"),
        ("MP", "OUT", "caller=P0 T=P1"),
    ]
    assert designs("lockless-compare", "--model", "power", "--scenario", "mp,out,OUT,MP", "--json").out == out
    one = designs("lockless-compare", "--model", "power", "--scenario", "LB,OUT").out
    assert "each design in 1 scenario a model: shapes LB; T OUT" in one


def test_json_lines_have_an_object_for_each_scenario(designs: Designs, mine: Callable[[str], Path]) -> None:
    path = mine('variant bare "nothing in the switch" { remove out, in; }')
    ran = designs(path, "--model", "power", "--json")
    found = [json.loads(line) for line in ran.out.splitlines()]
    assert len(found) == 2 * 52
    assert {o["design"] for o in found} == {"mine"}
    assert {o["variant"] for o in found} == {None, "bare"}
    broken = {(o["variant"], o["side"]) for o in found if not o["safe"]}
    # Without barriers in the switch, MID is broken too: there is no barrier between T's accesses.
    assert broken == {(None, "OUT"), ("bare", "OUT"), ("bare", "IN"), ("bare", "MID")}
    for o in found:
        assert list(o)[:8] == ["design", "variant", "model", "side", "shape", "roles", "safe", "witness"]
        assert (o["witness"] is None) == o["safe"]
        assert o["completes"] is True
        assert o["deadlock"] is None
        assert o["error"] is None


@pytest.mark.parametrize(
    ("expectations", "status", "said"),
    [
        ("expect power broken OUT; expect x86-tso safe;", 0, ""),
        ("expect power broken; expect x86-tso safe;", 0, ""),
        ("expect all safe; expect power broken;", 0, ""),
        ("expect arm safe;", 0, ""),  # not asked for
        ("expect power safe;", 1, "mine on power is broken (OUT), and expected to be safe"),
        ("expect power broken IN;", 1, "mine on power is broken (OUT), and expected to be safe there"),
        ("expect power broken OUT IN;", 1, "mine on power is safe (IN), and expected to be broken there"),
        ("expect all broken;", 1, "mine on x86-tso is safe, and expected to be broken"),
    ],
)
def test_the_exit_status_is_by_expectations(
    designs: Designs, mine: Callable[[str], Path], expectations: str, status: int, said: str
) -> None:
    ran = designs(mine(expectations), "--model", "x86-tso,power")
    assert ran.status == status
    assert said in ran.out
    assert ("unexpected" in ran.out) == bool(said)


def test_a_part_of_the_scenarios_contradicts_no_expectation_that_something_is_broken(
    designs: Designs, mine: Callable[[str], Path]
) -> None:
    path = mine("expect power broken OUT;")
    assert designs(path, "--model", "power", "--scenario", "IN").status == 0
    assert designs(path, "--model", "power", "--scenario", "MP").status == 0
    safe = mine("expect power safe;")
    assert designs(safe, "--model", "power", "--scenario", "MP").status == 1


def test_alternatives_of_primitives_are_chosen_by_the_command_and_by_the_design(
    designs: Designs, mine: Callable[[str], Path]
) -> None:
    """smp_wmb() is before curr=0.  As lwsync it orders T's reads and writes before curr=0, as eieio only T's writes."""
    switch = "switch_out { smp_wmb(); WRITE_ONCE(curr, 0); smp_mb(); }"
    path = mine(f'variant wmb "" {{ {switch} }} variant eieio "" {{ {switch} primitive power.smp_wmb = eieio; }}')

    def safe(variant: str, *more: str) -> dict[str, bool]:
        """Whether T's accesses are ordered, by their directions."""
        ran = designs(f"{path}:{variant}", "--model", "power", "--scenario", "MP,OUT", "--json", *more)
        found = map(json.loads, ran.out.splitlines())
        return {{"caller=P1 T=P0": "WW", "caller=P0 T=P1": "RR"}[o["roles"]]: o["safe"] for o in found}

    assert safe("wmb") == {"WW": True, "RR": True}
    assert safe("eieio") == safe("wmb", "--primitive", "power.smp_wmb=eieio") == {"WW": True, "RR": False}


def test_an_explanation_shows_the_program_and_the_execution(designs: Designs) -> None:
    ran = designs("lockless-compare", "--explain", "--model", "power", "--scenario", "MP,OUT")
    assert ran.status == 0
    assert "Under power, broken OUT: MP, T=WW (caller=P1 T=P0)" in ran.out
    lines = ran.out.splitlines()
    listing = [line for line in lines if " | " in line]
    assert listing[0].endswith("P0: T, which is switched out after its accesses")
    assert any("if (READ_ONCE(cpu(T).curr) == T)" in line for line in listing)
    # The lines that the execution names are those of the listing.
    (store,) = [line.split(" | ")[0].strip() for line in listing if "WRITE_ONCE(curr, 0)" in line]
    assert f"P0's W cpu(T).curr=0 (line {store}), out of order: before W x=1" in ran.out
    assert "R x=0            from the initial state" in ran.out


def test_an_explanation_of_a_safe_design_says_so(designs: Designs) -> None:
    ran = designs("barriers-both-sides", "--explain", "--model", "power", "--scenario", "MP")
    assert "Under power: safe (RUN, OUT, IN, MID; shapes MP)." in ran.out


@pytest.mark.slow
def test_weakening_says_which_barriers_are_necessary(designs: Designs, mine: Callable[[str], Path]) -> None:
    """The barrier of switch_in alone makes IN safe.

    OUT is broken even with all barriers.  On MID, both the barrier of switch_in and the other one are between T's
    accesses.
    """
    ran = designs(mine(""), "--weaken", "--model", "power")
    assert ran.status == 0
    parts = ran.out.split("\n\n")
    (out,) = [part for part in parts if part.startswith("out: smp_mb() of switch_out, line 4")]
    (in_,) = [part for part in parts if part.startswith("in: smp_mb() of switch_in, line 5")]
    assert "not needed on power" in out
    assert "necessary for IN on power" in in_
    assert "A reads y=1" in in_  # the execution that shows it
    assert "broken with all its barriers: OUT on power" in ran.out


def test_markdown_has_a_row_for_each_design(designs: Designs) -> None:
    lines = designs("lockless-compare", "barriers-both-sides", "--model", "power", "--markdown").out.splitlines()
    assert lines[:4] == [
        "| design | power |",
        "| :-- | :-: |",
        "| lockless-compare | OUT |",
        "| barriers-both-sides | safe |",
    ]
    assert any(line.startswith("- OUT on power (all shapes) MP, T=WW: T's y=1 and curr=0") for line in lines)


def test_junit_has_a_case_for_each_design_and_model(
    designs: Designs, mine: Callable[[str], Path], tmp_path: Path
) -> None:
    report = tmp_path / "report.xml"
    ran = designs(mine("expect power safe;"), "--model", "power,x86-tso", "--junit", report)
    assert ran.status == 1
    suite = ElementTree.parse(report).getroot()
    assert (suite.get("tests"), suite.get("failures"), suite.get("errors")) == ("2", "1", "0")
    cases = {case.get("name"): case for case in suite}
    failure = cases["power"].find("failure")
    assert failure is not None
    assert "expected to be safe" in str(failure.get("message"))
    assert "OUT MP, T=WW: T's y=1" in str(failure.text)
    assert len(cases["x86-tso"]) == 0


def test_a_broken_design_of_which_nothing_is_expected_is_reported_as_such(
    designs: Designs, mine: Callable[[str], Path], tmp_path: Path
) -> None:
    report = tmp_path / "report.xml"
    ran = designs(mine("expect x86-tso safe;"), "--model", "power,x86-tso", "--junit", report)
    assert ran.status == 0
    assert "broken, and nothing is expected of it: mine on power\n" in ran.out
    suite = ElementTree.parse(report).getroot()
    assert (suite.get("tests"), suite.get("failures"), suite.get("skipped")) == ("2", "0", "1")
    cases = {case.get("name"): case for case in suite}
    skipped = cases["power"].find("skipped")
    assert skipped is not None
    assert str(skipped.get("message")).endswith("and nothing is expected of it")
    assert "MP, T=WW: T's y=1" in str(skipped.text)
    assert all(float(str(case.get("time"))) > 0 for case in suite)


def test_several_processes_give_the_same_answer(designs: Designs) -> None:
    arguments = ("lockless-compare", "--model", "power", "--scenario", "MP,SB")
    assert designs(*arguments, "--jobs", 2) == designs(*arguments)


def test_larger_shapes_have_t_and_the_caller_on_two_of_their_threads(designs: Designs) -> None:
    """WRC with T=RW and the caller reading is scenario 12 with a third thread's write."""
    ran = designs("lockless-compare", "--model", "power", "--scenario", "WRC,OUT", "--json")
    found = [json.loads(line) for line in ran.out.splitlines()]
    assert {(o["roles"], o["safe"]) for o in found} == {("caller=P2 T=P1", False), ("caller=P1 T=P2", False)}


@pytest.mark.parametrize(
    ("arguments", "status", "said"),
    [
        (("lockles-compare",), 2, "did you mean lockless-compare?"),
        (("before-spinlock:eieoi",), 2, "did you mean eieio?"),
        (("nowhere/my.design",), 2, "there is no file nowhere/my.design"),
        (("v12", "--scenario", "MQ"), 2, "there is no shape MQ"),
        (("v12", "--scenario", "OUTT"), 2, "did you mean OUT?"),
        (("v12", "--scenario", "SB+data"), 2, "SB has no thread in which data can lead from a read"),
        (("v12", "--scenario", "WRC+cut"), 2, "WRC+cut: the shape has 3 threads"),
        (("v12", "--scenario", "SB+cutt"), 2, "there is no shape SB+cutt"),
        (("v12", "--scenario", "WRC", "--threads", "3"), 2, "--threads asks for all"),
        (("v12", "--model", "powre"), 2, "did you mean power?"),
        (("v12", "--primitive", "power.spin_lock=lw"), 2, "power.spin_lock has no alternative lw"),
        (("v12", "--json", "--markdown"), 2, "not allowed with"),
    ],
)
def test_mistakes_of_the_command_line_are_errors(
    designs: Designs, arguments: tuple[str, ...], status: int, said: str
) -> None:
    ran = designs(*arguments)
    assert ran.status == status
    assert said in ran.err
    assert ran.out == ""


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ("expect powre safe;", "mine.design:12:8: error: there is no model powre"),
        ("primitive power.spin_lokc = lwsync;", "mine.design:12:11: error: the primitives table power has no row"),
        ('variant v "" { membarrier { READ_ONCE(cpu(T).cur); } }', "mine.design:12:39: error: the state of a cpu has"),
        ("expect power safe", "mine.design:12:18: error: the design ends too early"),
    ],
)  # fmt: skip
def test_mistakes_in_a_file_are_shown_where_they_are(
    designs: Designs, mine: Callable[[str], Path], more: str, said: str
) -> None:
    ran = designs(mine(more), "--model", "power", "--scenario", "MP")
    assert ran.status == 2
    assert said in ran.err
    assert "^" in ran.err


def test_what_is_not_supported_has_no_answer(designs: Designs, mine: Callable[[str], Path]) -> None:
    path = mine('variant v "" { membarrier { rcu_read_lock(); } }')
    ran = designs(f"{path}:v", "--model", "power", "--scenario", "MP,OUT")
    assert ran.status == 3
    assert ran.err.count("RCU is not modelled") == 1
    assert ran.out.splitlines()[1].split() == ["mine:v", "?"]


def test_a_call_that_never_returns_is_not_called_safe(designs: Designs, mine: Callable[[str], Path]) -> None:
    path = mine('variant v "" { membarrier { await(READ_ONCE(cpu(T).curr) == 5); } } expect power broken OUT;')
    ran = designs(f"{path}:v", "--model", "power", "--scenario", "MP,OUT")
    assert "stuck: no execution completes the call: mine:v OUT on power" in ran.out
    lines = designs(f"{path}:v", "--model", "power", "--scenario", "MP,OUT", "--json").out.splitlines()
    assert [(o["safe"], o["completes"]) for o in map(json.loads, lines)] == [(None, False)] * 2


def test_every_shipped_design_has_a_source_and_expectations() -> None:
    for design in read_designs(shipped()):
        assert design.sources, design.title
        assert design.expectations, design.title
        assert all(e.reason for e in design.expectations), design.title


@pytest.mark.slow
def test_the_walk_through_in_the_documentation_is_what_the_program_says(designs: Designs, tmp_path: Path) -> None:
    text = (Path(__file__).parents[2] / "docs" / "designs.md").read_text()
    blocks = text.split("```\n")[1::2]
    whole, printed, variant, expectations = blocks[:4]
    path = tmp_path / "mine.design"
    path.write_text(whole)
    out = designs(path).out
    assert out.startswith(printed.partition("\n\n")[0])
    assert all(line in out for line in printed.splitlines())
    path.write_text(whole + variant + expectations)
    ran = designs(path)
    assert ran.status == 0
    assert ran.out.splitlines()[2].split() == ["mine:both-sides", *["safe"] * 5]
    weakened = designs(f"{path}:both-sides", "--weaken", "--scenario", "OUT").out.split("\n\n")
    (before,) = [part for part in weakened if part.startswith("before:")]
    (after,) = [part for part in weakened if part.startswith("after:")]
    assert "not needed on x86-tso\n  necessary for OUT on power, arm, aarch64, riscv" in before
    assert "not needed on x86-tso, power, arm, aarch64, riscv" in after


def test_the_deadlock_in_the_documentation_is_what_the_program_says(designs: Designs, tmp_path: Path) -> None:
    text = (Path(__file__).parents[2] / "docs" / "designs.md").read_text()
    blocks = text.split("```\n")[1::2]
    (at,) = [i for i, block in enumerate(blocks) if block.startswith("design holds-the-lock")]
    path = tmp_path / "holds.design"
    path.write_text(blocks[at])
    assert blocks[at + 1] in designs(path, "--scenario", "LB").out


DEADLOCK = """
variant holds "keeps rq->lock until T has answered"
{
	cpu { int curr = T; spinlock_t lock; }
	switch_out { irq_off { spin_lock(&lock); WRITE_ONCE(curr, 0); spin_unlock(&lock); } }
	membarrier {
		first: smp_mb();
		spin_lock(&cpu(T).lock);
		ipi (T) { smp_mb(); }
		spin_unlock(&cpu(T).lock);
		last: smp_mb();
	}
	EXPECT
}
"""


@pytest.mark.parametrize(
    ("expected", "status", "said"),
    [
        ("", 0, ""),
        ("expect x86-tso safe;", 1, "mine:holds on x86-tso can deadlock (OUT MID), and is expected to be safe"),
        ("expect x86-tso broken;", 1, "mine:holds on x86-tso is in a deadlock (OUT MID), and expected to be safe"),
        ("expect x86-tso deadlock OUT MID;", 0, ""),
        ("expect x86-tso deadlock;", 0, ""),
        (
            "expect x86-tso deadlock IN;",
            1,
            "mine:holds on x86-tso is in a deadlock (OUT MID), and expected to be safe there",
        ),
        (
            "expect x86-tso broken IN, deadlock;",
            1,
            "mine:holds on x86-tso is safe (IN), and expected to be broken there",
        ),
    ],
)
def test_a_deadlock_is_shown_and_expected_in_every_format(
    designs: Designs, mine: Callable[[str], Path], tmp_path: Path, expected: str, status: int, said: str
) -> None:
    name = f"{mine(DEADLOCK.replace('EXPECT', expected))}:holds"
    report = tmp_path / "report.xml"
    ran = designs(name, "--model", "x86-tso", "--junit", report)
    assert ran.status == status
    assert ran.out.splitlines()[1].split() == ["mine:holds", "deadlock"]
    assert said in ran.out
    assert ("unexpected" in ran.out) == bool(said)
    story = "T waits in line 16 for spin_lock(&lock), where no ipi is taken"
    assert story in " ".join(ran.out.split())
    assert "deadlock: some execution can never be completed: mine:holds OUT, MID on x86-tso" in ran.out
    (case,) = ElementTree.parse(report).getroot()
    assert [child.tag for child in case] == (["failure"] if said else [] if expected else ["skipped"])
    assert "T waits in line 16 for" in ElementTree.tostring(case, encoding="unicode") or (expected and not said)
    if not expected:
        found = [json.loads(line) for line in designs(name, "--model", "x86-tso", "--json").out.splitlines()]
        assert {(o["side"], o["safe"]) for o in found} == {("RUN", True), ("OUT", None), ("IN", True), ("MID", None)}
        assert all((o["deadlock"] is not None) == (o["side"] in ("OUT", "MID")) and o["completes"] for o in found)
        assert "deadlock" in designs(name, "--model", "x86-tso", "--markdown").out.splitlines()[2]
        explained = designs(name, "--model", "x86-tso", "--explain").out
        assert "Under x86-tso, deadlock OUT" in explained
        assert "R cpu(T).lock=1  from P1's write" in explained


def test_a_barrier_that_keeps_a_wakeup_from_being_lost_is_necessary(designs: Designs) -> None:
    ran = designs("signal:", "--weaken", "--model", "power,x86-tso", "--scenario", "MP,RUN")
    (kill,) = [part for part in ran.out.split("\n\n") if part.startswith("kill:")]
    assert "necessary against a deadlock in RUN on power" in kill
    assert "not needed on x86-tso" in kill
    assert "power RUN deadlock: A waits in line" in kill


def test_the_barrier_of_the_handler_is_necessary_on_x86_too(designs: Designs) -> None:
    ran = designs("merged:", "--weaken", "--model", "x86-tso", "--scenario", "SB+cut,RUN")
    (handler,) = [part for part in ran.out.split("\n\n") if part.startswith("b:")]
    assert "necessary for RUN on x86-tso" in handler


def test_scenarios_with_a_cut_or_a_dependency_are_named(designs: Designs) -> None:
    out = designs("before-spinlock:eieio", "--model", "power", "--scenario", "WRC+data,LB+data,OUT", "--json").out
    found = {(o["shape"], o["safe"]) for o in map(json.loads, out.splitlines())}
    assert found == {("WRC+data", False), ("LB+data", True)}


def test_the_language_in_the_documentation_parses(tmp_path: Path) -> None:
    text = (Path(__file__).parents[2] / "docs" / "designs.md").read_text()
    (example,) = [block for block in text.split("```\n")[1::2] if block.startswith("design lockless-compare")]
    path = tmp_path / "example.design"
    path.write_text(example)
    assert [d.title for d in read_designs([str(path)])] == ["lockless-compare", "lockless-compare:no-handler-barrier"]


@pytest.mark.slow
def test_the_shipped_designs_are_as_their_files_expect(designs: Designs) -> None:
    ran = designs()
    assert ran.status == 0, ran.out
