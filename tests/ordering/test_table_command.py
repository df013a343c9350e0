"""`litmus table`: its formats, its options, what it says of mistakes, and how it shows that it is working."""

from __future__ import annotations

import csv
import html.parser
import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest

from litmus.cli import main
from litmus.commands.streams import Progress
from litmus.ordering.table import hardware_models


class Ran(NamedTuple):
    """What a command printed, and its exit status."""

    status: int
    out: str
    err: str


@pytest.fixture
def table(capsys: pytest.CaptureFixture[str]) -> Callable[..., Ran]:
    def run(*arguments: object) -> Ran:
        capsys.readouterr()
        status = main(["table", *map(str, arguments)])
        captured = capsys.readouterr()
        return Ran(status, captured.out, captured.err)

    return run


PATCH = """\
                     barrier()   smp_mb()   sys_membarrier()
  barrier()              X          X              O
  smp_mb()               X          O              O
  sys_membarrier()       O          O              O
"""

Table = Callable[..., Ran]


def test_without_arguments_it_is_the_table_of_the_patch_for_every_hardware_model(table: Table) -> None:
    ran = table()
    assert ran.status == 0
    assert ran.err == ""
    assert ran.out.count(PATCH) == len(hardware_models()) == 5
    assert [line for line in ran.out.splitlines() if line in hardware_models()] == list(hardware_models())
    assert "  X  barrier() with smp_mb(): SB+mb+barrier\n" in ran.out  # the witness under x86-tso
    assert "O  ordered: MP, SB, LB, R, S, 2+2W forbid the outcome" in ran.out


def test_by_shape_each_pair_is_broken_down_and_roles_are_told_apart(table: Table) -> None:
    lines = table("--model", "x86-tso", "--per-shape", "--rows", "barrier,smp_mb").out.splitlines()
    rows = [line.split() for line in lines if line.startswith("  barrier()") or line.startswith("  smp_mb()")]
    assert lines[1].split() == ["MP", "SB", "LB", "R", "S", "2+2W"]
    assert rows == [
        ["barrier()", "barrier()", "O", "X", "O", "X", "O", "O"],
        ["barrier()", "smp_mb()", "O", "X", "O", "O/X", "O", "O"],
        ["smp_mb()", "barrier()", "O", "X", "O", "X/O", "O", "O"],
        ["smp_mb()", "smp_mb()", "O", "O", "O", "O", "O", "O"],
    ]


def test_of_more_than_two_roles_it_is_said_how_many_are_ordered(table: Table) -> None:
    ran = table("--model", "power", "--per-shape", "--rows", "smp_wmb", "--columns", "smp_mb", "--shapes", "ISA2,W+RWC")
    assert "6" not in ran.out.splitlines()[1]
    cells = next(line for line in ran.out.splitlines() if line.startswith("  smp_wmb()")).split()
    assert cells[:2] == ["smp_wmb()", "smp_mb()"]
    assert " ".join(cells[2:]) == "O 4 of 6"  # lwsync orders all of ISA2, but not a write before a read
    assert "threads with two accesses beside those of the pair have smp_mb()" in ran.out


def test_json_has_an_object_for_each_pair_and_model(table: Table) -> None:
    ran = table("--model", "x86-tso,power", "--json")
    rows = [json.loads(line) for line in ran.out.splitlines()]
    assert len(rows) == 18
    assert [list(row) for row in rows] == [["model", "row", "column", "ordered", "shapes", "witness"]] * 18
    assert rows[1] == {
        "model": "x86-tso",
        "row": "barrier",
        "column": "smp_mb",
        "ordered": False,
        "shapes": {"MP": True, "SB": False, "LB": True, "R": False, "S": True, "2+2W": True},
        "witness": "SB+mb+barrier",
    }
    assert rows[8]["ordered"] is True
    assert rows[8]["witness"] is None
    assert {row["model"] for row in rows} == {"x86-tso", "power"}


def test_csv_has_a_line_for_each_pair_and_model(table: Table) -> None:
    arguments = ("--model", "power", "--rows", "smp_mb", "--columns", "smp_mb,none", "--format", "csv")
    rows = list(csv.reader(io.StringIO(table(*arguments).out)))
    assert rows == [
        ["model", "row", "column", "ordered", "witness"],
        ["power", "smp_mb", "smp_mb", "O", ""],
        ["power", "smp_mb", "none", "X", "MP+mbonceonce+poplainplain"],
    ]
    per_shape = list(csv.reader(io.StringIO(table(*arguments, "--per-shape").out)))
    assert per_shape[0][5:] == ["MP", "SB", "LB", "R", "S", "2+2W"]
    assert per_shape[1][5:] == ["O"] * 6


def test_markdown_is_a_table_of_markdown(table: Table) -> None:
    lines = table("--model", "power", "--rows", "barrier,smp_mb", "--format", "markdown").out.splitlines()
    assert lines[:6] == [
        "**power**",
        "",
        "|  | barrier() | smp_mb() |",
        "| :-- | :-: | :-: |",
        "| barrier() | X | X |",
        "| smp_mb() | X | O |",
    ]


def test_html_is_a_page_whose_tags_are_closed(table: Table) -> None:
    page = table("--model", "power", "--rows", "{ if (1 < 2) smp_mb(); },barrier", "--format", "html").out

    class Tags(html.parser.HTMLParser):
        def __init__(self) -> None:
            super().__init__()
            self.open: list[str] = []
            self.cells: list[str] = []

        def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
            if tag != "meta":
                self.open.append(tag)

        def handle_endtag(self, tag: str) -> None:
            assert self.open.pop() == tag

        def handle_data(self, data: str) -> None:
            if self.open and self.open[-1] == "td":
                self.cells.append(data)

    tags = Tags()
    tags.feed(page)
    assert tags.open == []
    assert tags.cells == ["O", "X", "X", "X"]
    assert "{ if (1 &lt; 2) smp_mb(); }" in page


def test_comparing_shows_the_pairs_about_which_models_differ_and_from_which_shapes(table: Table) -> None:
    rows = "barrier,smp_mb,acquire-release"
    ran = table("--compare", "x86-tso", "power", "aarch64", "--rows", rows)
    lines = [line.split() for line in ran.out.splitlines()]
    assert lines[1] == ["x86-tso", "power", "aarch64", "from"]
    assert sorted(lines[2:]) == [
        ["acquire-release", "acquire-release", "X", "X", "O", "SB", "R"],
        ["acquire-release", "smp_mb()", "X", "X", "O", "SB", "R"],
        ["smp_mb()", "acquire-release", "X", "X", "O", "SB", "R"],
    ]
    assert "arm and riscv agree on all pairs" in table("--compare", "arm,riscv").out
    by_shape = table("--compare", "x86-tso", "power", "--rows", "barrier", "--per-shape").out
    assert by_shape.splitlines()[2].split() == ["barrier()", "barrier()", "X", "X", "MP", "LB", "S", "2+2W"]


def test_a_comparison_as_json_has_what_each_model_says(table: Table) -> None:
    ran = table("--compare", "power", "aarch64", "--rows", "acquire-release", "--json")
    assert [json.loads(line) for line in ran.out.splitlines()] == [
        {
            "row": "acquire-release",
            "column": "acquire-release",
            "ordered": {"power": False, "aarch64": True},
            "shapes": {s: {"power": False, "aarch64": True} for s in ("SB", "R")},
        }
    ]


def test_explaining_shows_the_test_the_execution_and_an_interleaving(table: Table) -> None:
    ran = table("--explain", "barrier", "smp_mb", "--model", "power")
    assert ran.status == 0
    assert "Under power, barrier() with smp_mb() does not order." in ran.out
    assert "C MP+barrier+mb\n" in ran.out
    assert "\tbarrier();\n" in ran.out
    assert "  An execution that ends so:\n" in ran.out
    assert "R y=1   from P0's write" in ran.out
    order = ran.out[ran.out.index("The accesses, one after the other:") :].splitlines()[1:5]
    assert [line.split(" (line")[0].strip() for line in order] == [
        "P0's W y=1", "P1's R y=1", "P1's R x=0", "P0's W x=1",
    ]  # fmt: skip
    assert order[0].endswith("out of order: before W x=1 (line 10)")


def test_explaining_a_pair_that_orders_names_the_tests(table: Table) -> None:
    ran = table("--explain", "barrier", "sys_membarrier", "--model", "x86-tso", "--shapes", "SB,R")
    assert ran.out == (
        "Under x86-tso, barrier() with sys_membarrier() orders: "
        "nothing allows the outcomes of SB+barrier+memb, R+barrier+memb, R+memb+barrier.\n"
    )


def test_saved_tests_are_files_that_check_reads(
    table: Table, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "new" / "tests"
    ran = table("--model", "power", "--shapes", "SB", "--save", folder)
    assert PATCH in ran.out
    names = ["SB+barrier+memb", "SB+barriers", "SB+mb+barrier", "SB+mb+memb", "SB+mbs", "SB+membs"]
    assert sorted(file.name for file in folder.iterdir()) == ["@all", *(f"{name}.litmus" for name in names)]
    capsys.readouterr()
    assert main(["check", f"@{folder}/@all", "--model", "power", "--json"]) == 0
    verdicts = {row["test"]: row["verdict"] for row in map(json.loads, capsys.readouterr().out.splitlines())}
    assert {name for name, word in verdicts.items() if word == "Sometimes"} == {"SB+barriers", "SB+mb+barrier"}
    assert set(verdicts) == set(names)


def test_tests_that_cannot_be_written_are_an_error(table: Table, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    ran = table("--model", "power", "--shapes", "SB", "--save", tmp_path / "file")
    assert ran.status == 2
    assert "cannot write" in ran.err


def test_several_processes_make_the_same_table(table: Table) -> None:
    arguments = ("--model", "power,x86-tso", "--shapes", "SB,MP", "--json")
    assert table(*arguments, "--jobs", "2").out == table(*arguments).out


def test_fragments_and_instructions_may_contain_commas(table: Table) -> None:
    ran = table(
        "--model", "riscv", "--rows", "fence rw,w,{ int t = 0, u = t; smp_wmb(); },smp_mb", "--json", "--shapes", "LB"
    )
    assert ran.status == 2  # no test has the instruction and the fragment
    assert "no test under riscv can have both fence.rw.w and { int t = 0, u = t; smp_wmb(); }" in ran.err
    ran = table(
        "--model", "riscv", "--rows", "fence rw,w,smp_mb", "--columns", "fence r, rw", "--json", "--shapes", "LB"
    )
    assert [json.loads(line)["row"] for line in ran.out.splitlines()] == ["fence.rw.w", "smp_mb"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--rows", "smb_mb"], "there is no primitive smb_mb"),
        (["--rows", "{ smp_mb();"], "the fragment { smp_mb(); does not end"),
        (["--shapes", "IRIX"], "there is no shape IRIX"),
        (["--model", "powre"], "there is no model `powre`"),
        (["--compare", "power"], "--compare takes at least two models"),
        (["--compare", "power", "arm", "--model", "riscv"], "--compare names its models itself"),
        (["--shapes", "MP", "--threads", "2"], "--shapes names shapes of any number of threads"),
        (["--explain", "barrier", "smp_mb", "--json"], "--explain answers in words, not as json"),
        (["--threads", "5"], "invalid choice: 5"),
        (["--rows", "lwsync", "--model", "arm"], "arm has no instruction lwsync"),
        (["--primitive", "power.smp_wmb=eiei", "--model", "power"], "no alternative eiei"),
        (["--model", "x.cat"], "there is no model file x.cat"),
        (["stray"], "unrecognized arguments: stray"),
    ],
)
def test_bad_usage_is_an_error_with_status_2(table: Table, arguments: list[str], message: str) -> None:
    ran = table(*arguments)
    assert ran.status == 2
    assert message in ran.err
    assert ran.out == ""


def test_a_table_with_holes_has_status_3(table: Table) -> None:
    ran = table("--model", "power", "--rows", "synchronize_rcu", "--columns", "smp_mb", "--shapes", "SB", "--json")
    assert ran.status == 3
    assert json.loads(ran.out)["ordered"] is None
    assert "RCU is not modelled" in ran.err


def test_a_test_that_takes_too_long_has_no_answer(table: Table) -> None:
    arguments = ("--model", "power", "--rows", "sys_membarrier", "--shapes", "3.2W", "--json", "--timeout")
    assert json.loads(table(*arguments, "100").out)["ordered"] is True
    four = ("--model", "power", "--rows", "sys_membarrier", "--shapes", "4.2W", "--json", "--timeout", "0.001")
    ran = table(*four)
    assert ran.status == 3
    assert json.loads(ran.out)["ordered"] is None
    assert "no answer for 4.2W+mb+mb+memb+memb under power within 0.001 s" in ran.err


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_progress_appears_on_a_terminal_after_a_second_and_goes_away(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [100.0]
    monkeypatch.setattr("time.monotonic", lambda: now[0])
    terminal, pipe = Terminal(), io.StringIO()
    for stream in (terminal, pipe):
        now[0] = 100.0
        progress = Progress(stream, "tests")
        progress(1, 9)
        now[0] = 101.5
        progress(5, 9)
        progress(6, 9)  # too soon after the last one
        progress.end()
    assert terminal.getvalue() == "\r5 of 9 tests decided\r\x1b[K"
    assert pipe.getvalue() == ""
    quick = Terminal()
    progress = Progress(quick, "tests")
    progress(9, 9)
    progress.end()
    assert quick.getvalue() == ""
