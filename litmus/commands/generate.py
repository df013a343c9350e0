"""litmus generate: write litmus tests from cycles, from shapes, or all critical cycles over some relaxations."""

from __future__ import annotations

import argparse
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from litmus.commands.arguments import count, names
from litmus.commands.streams import write
from litmus.diagnostics import ExitCode, InputError

if TYPE_CHECKING:
    from litmus.shapes.cycles import Cycle
    from litmus.shapes.relaxations import Dialect

DESCRIPTION = """\
Write litmus tests from cycles of relaxations, in the vocabulary of diy.

  Rfe Fre Coe            who reads from whom, who overwrites what was read, who overwrites whom
  Rfi Fri Coi            the same inside a thread
  PodWR PosRR            program order, from a write to a read of a different location, to the same location
  SyncdWW DMB.SYdRW      a fence in between; in C any primitive: MbdWR, MembdWR, smp_wmbdWW, atomic_add_returndWR
  DpAddrdR DpCtrldW      a dependency
  PodWWPL RfeLA          with annotations of both accesses; in C Once, Acquire, Release, Plain
"""

EPILOG = """\
examples:
  litmus generate LwSyncdWW Rfe DpAddrdR Fre                    message passing on POWER
  litmus generate 'PodWW Rfe PodRR Fre' 'PodWR Fre PodWR Fre'   two tests, in C
  litmus generate --shapes MP,SB,IRIW --arch X86 -o tests/      named shapes, into a folder
  litmus generate --shapes MP --relaxations LwSyncd**,DpAddrdR  a shape with each of these in each thread
  litmus generate --all --threads 3 --relaxations Syncd**,Pod** --list

Where several architectures have the relaxations, tests are in C, or else for the first of them; --arch chooses.
In lists, `*` is any direction, and a sequence in brackets counts as one relaxation: [Rfi,PodRR].
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of the command."""
    parser.set_defaults(many="cycles")
    parser.add_argument(
        "cycles",
        nargs="*",
        metavar="CYCLE",
        help="a cycle in quotes, or the words of one cycle: LwSyncdWW Rfe DpAddrdR Fre",
    )
    parser.add_argument(
        "--shapes", action="extend", type=names, default=[], metavar="S", help="shapes by name: MP,SB,IRIW"
    )
    parser.add_argument("--all", action="store_true", help="all critical cycles over the relaxations")
    parser.add_argument("--threads", type=count, metavar="N", help="with --all: of up to N threads (default 2)")
    parser.add_argument(
        "--relaxations",
        action="append",
        default=[],
        metavar="R,...",
        help="the relaxations for --all and for the threads of --shapes",
    )
    parser.add_argument("--arch", metavar="A", help="C, X86, X86_64, PPC, ARM, AArch64 or RISCV")
    output = parser.add_mutually_exclusive_group()
    output.add_argument("-o", dest="folder", metavar="DIR", help="write NAME.litmus for each, and @all, their list")
    output.add_argument("--list", action="store_true", help="only names and cycles, one test a line")


def run(parsed: argparse.Namespace) -> int:
    """Write the tests; returns the exit status."""
    from litmus.shapes.generation import generate_all, save

    _check_usage(parsed)
    tests = generate_all(list(_cycles(parsed)))  # a mistake in one test is found before any test is written
    if parsed.folder is not None:
        number = len(save(tests, parsed.folder))
        write(f"{number} test{'s' * (number != 1)} in {parsed.folder}\n")
        return ExitCode.OK
    for i, test in enumerate(tests):
        if parsed.list:
            write(f"{test.name}: {test.cycle}\n")
        else:
            write("\n" * (i > 0) + test.text)
    return ExitCode.OK


def _check_usage(parsed: argparse.Namespace) -> None:
    if not (parsed.cycles or parsed.shapes or parsed.all):
        raise InputError("nothing to generate", hint="give a cycle, --shapes or --all; --help has examples")
    if parsed.all and not parsed.relaxations:
        raise InputError("--all needs the relaxations", hint="for example --relaxations Pod**,Mbd**")
    if parsed.threads is not None and not parsed.all:
        raise InputError("--threads goes with --all")
    if parsed.threads == 1:
        raise InputError("a critical cycle has at least two threads")
    if parsed.relaxations and not (parsed.all or parsed.shapes):
        raise InputError("--relaxations goes with --all and --shapes")


def _cycles(parsed: argparse.Namespace) -> Iterator[Cycle]:
    """The cycles that are asked for.  Those that are given as arguments come first."""
    from litmus.shapes.critical import critical_cycles, read_paths, variants
    from litmus.shapes.cycles import read_cycle
    from litmus.shapes.naming import shape

    lines = list(parsed.cycles)
    if lines and all(len(line.split()) == 1 and "," not in line for line in lines):
        lines = [" ".join(lines)]
    relaxations = " ".join(parsed.relaxations)
    dialect = _dialect(parsed.arch, [*lines, relaxations])
    for line in lines:
        yield read_cycle(line, dialect)
    paths = read_paths(relaxations, dialect) if parsed.relaxations else []
    for name in parsed.shapes:
        cycle = read_cycle(shape(name), dialect)
        yield from variants(cycle, paths, dialect) if paths else [cycle]
    if parsed.all:
        yield from critical_cycles(parsed.threads or 2, paths, dialect)


def _dialect(arch: str | None, lines: list[str]) -> Dialect:
    """The architecture that is named; if none is, the architecture that fits the words best.

    That is the first architecture that knows all words.  If none does, it is among those that know most of them, and
    the other words resemble its words most.
    """
    from litmus.shapes.dialects import DIALECTS, dialect
    from litmus.shapes.words import knows, resemblance

    if arch is not None:
        return dialect(arch)
    words = [word for line in lines for word in re.findall(r"[^\s,\[\]]+", line)]
    unknown = {d.arch: [word for word in words if not knows(word, d)] for d in DIALECTS.values()}
    fewest = min(map(len, unknown.values()))
    candidates = [dialect(name) for name, missing in unknown.items() if len(missing) == fewest]
    return max(candidates, key=lambda d: sum(resemblance(word, d) for word in unknown[d.arch]))
