"""Where output goes: a reader that has enough, a full disk, a closed output, lines as soon as they are known."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from litmus.commands import streams

FULL = Path("/dev/full")
COMMANDS = [
    ["check", "TEST", "--json"],
    ["check", "TEST", "--format", "herd"],
    ["table", "--model", "sc", "--shapes", "SB"],
    ["designs", "v12:", "--model", "x86-tso", "--scenario", "SB,RUN", "--json"],
    ["generate", "--shapes", "MP"],
    ["models"],
    ["primitives", "smp_mb"],
    ["--version"],
    ["check", "--help"],
]


def started(sb, arguments: list[str], stdout: int, **options: object) -> subprocess.Popen[str]:
    words = [str(sb()) if word == "TEST" else word for word in arguments]
    command = [sys.executable, "-m", "litmus", *words]
    return subprocess.Popen(command, stdout=stdout, stderr=subprocess.PIPE, text=True, **options)  # type: ignore[call-overload]


def ended(process: subprocess.Popen[str]) -> tuple[int, str]:
    _, err = process.communicate(timeout=60)
    return process.returncode, err


@pytest.mark.parametrize("arguments", COMMANDS, ids=" ".join)
def test_a_reader_that_has_gone_is_no_error_to_speak_of(sb, arguments):
    reading, writing = os.pipe()
    os.close(reading)
    process = started(sb, arguments, writing)
    os.close(writing)
    assert ended(process) == (2, "")


@pytest.mark.skipif(not FULL.exists(), reason="needs a device that is always full")
@pytest.mark.parametrize("arguments", COMMANDS, ids=" ".join)
def test_a_full_disk_is_one_line_of_error(sb, arguments):
    with FULL.open("w") as full:
        status, err = ended(started(sb, arguments, full.fileno()))
    assert (status, err) == (2, "litmus: the output cannot be written: No space left on device\n")


def test_a_closed_output_ends_quietly(sb):
    process = started(sb, ["check", "TEST"], subprocess.DEVNULL, preexec_fn=lambda: os.close(1))
    assert ended(process) == (2, "")


def test_a_reader_that_has_enough_ends_a_long_run(sb):
    tests = [str(sb())] * 400
    process = started(sb, ["check", "--json", *tests, "--jobs", "1"], subprocess.PIPE)
    assert process.stdout is not None
    assert process.stdout.readline()
    process.stdout.close()
    assert process.wait(60) == 2
    assert process.stderr is not None
    assert process.stderr.read() == ""
    process.stderr.close()


@pytest.mark.skipif(not FULL.exists(), reason="needs a device that is always full")
@pytest.mark.parametrize(
    "arguments",
    [
        ["check", "TEST", "--junit", "/dev/full"],
        ["table", "--model", "sc", "--shapes", "SB", "--junit", "/dev/full"],
        ["designs", "v12:", "--model", "x86-tso", "--scenario", "SB,RUN", "--junit", "/dev/full"],
    ],
    ids=lambda arguments: arguments[0],
)
def test_a_report_on_a_full_disk_is_one_line_of_error(litmus, sb, arguments):
    ran = litmus(*[sb() if word == "TEST" else word for word in arguments])
    assert (ran.status, ran.err) == (2, "litmus: error: cannot write /dev/full: No space left on device\n")


def test_a_name_that_is_no_text_can_be_printed(monkeypatch):
    out = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    monkeypatch.setattr(sys, "stdout", out)
    streams.write("a\udcff.litmus é\n")
    streams.flush()
    assert out.buffer.getvalue() == b"a\\udcff.litmus \\xe9\n"  # type: ignore[attr-defined]


def test_errors_are_not_an_error_where_there_is_nobody_to_tell(monkeypatch):
    monkeypatch.setattr(sys, "stderr", None)
    streams.write_error("lost")


def test_designs_write_a_line_as_soon_as_it_is_known(sb):
    arguments = ["designs", "v12:", "--model", "x86-tso,power", "--scenario", "MP,SB,RUN,OUT", "--json", "--jobs", "1"]
    process = started(sb, arguments, subprocess.PIPE)
    assert process.stdout is not None
    assert set(json.loads(process.stdout.readline())) >= {"design", "model", "side", "safe"}
    assert process.poll() is None  # there is more to decide
    out, err = process.communicate(timeout=60)
    assert len(out.splitlines()) >= 7
    assert (process.returncode, err) == (0, "")
