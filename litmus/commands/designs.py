"""litmus designs: which kernel designs keep the promise of sys_membarrier(), and what breaks the others."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from litmus.commands.arguments import EVERY_MODEL, add_engine, add_models, count, names, seconds
from litmus.commands.streams import File, Progress, flush, write, write_error
from litmus.diagnostics import Diagnostic, ExitCode, InputError

if TYPE_CHECKING:
    from litmus.designs.matrix import Asked, Finding, Liveness, Matrix
    from litmus.designs.syntax import Design

DESCRIPTION = """\
Decide which kernel designs keep the promise of sys_membarrier().

A design is what a kernel executes on the call, when a thread is switched out and in, and in the handler of an
interrupt: a .design file (docs/designs.md).  It is put in the place of sys_membarrier() in every two-thread shape
(MP, SB, LB, R, S, 2+2W), whichever thread calls; the other thread, T, only has barrier().  It is broken where an
outcome that the promise forbids becomes possible, and safe in these scenarios otherwise.

  RUN  T is not switched               IN   T is switched in before its accesses
  OUT  T is switched out after them    MID  T is switched out and in between them
"""

EPILOG = """\
examples:
  litmus designs                                        all designs that come with the program, on all hardware
  litmus designs lockless-compare --model power         one of them, with its variants, under one model
  litmus designs lockless-compare --explain --model power   the program and the execution that breaks it
  litmus designs v12 --weaken                           why is this smp_mb() here?
  litmus designs my.design --model aarch64 --scenario MP,OUT
  litmus designs v12 --primitive power.spin_lock=lwsync

exit status:
  0 all is as the designs' files expect, or nothing is expected     1 something is not
  2 bad usage or bad input     3 no answer (timeout, unsupported feature)
  Of several, the first of 2, 1, 3.
"""

PRECEDENCE = (ExitCode.BAD_INPUT, ExitCode.UNEXPECTED, ExitCode.NO_ANSWER)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of the command."""
    parser.set_defaults(many="designs")
    parser.add_argument(
        "designs",
        nargs="*",
        metavar="DESIGN",
        help="NAME or a .design file, with all variants; NAME:VARIANT is one of them, NAME: the design alone "
        "(default: all that come with the program)",
    )
    what = parser.add_argument_group("what is asked")
    add_models(
        what,
        EVERY_MODEL,
        "a .cat file",
        "power.spin_lock=lwsync; what designs expect is then not compared",
    )
    what.add_argument(
        "--scenario",
        action="extend",
        type=names,
        default=[],
        metavar="S,...",
        help="shapes (MP, ...) and sides (OUT, ...)",
    )
    what.add_argument(
        "--threads", type=int, choices=(2, 3, 4), help="all shapes of so many threads (default: 2, the six of them)"
    )
    answer = parser.add_argument_group("what is shown")
    form = answer.add_mutually_exclusive_group()
    form.add_argument("--json", action="store_true", help="one object a line for each scenario")
    form.add_argument("--markdown", action="store_true", help="the matrix in Markdown")
    form.add_argument("--explain", action="store_true", help="of each broken side, the program and the execution")
    form.add_argument("--weaken", action="store_true", help="take away each barrier in turn: which are necessary?")
    answer.add_argument("--junit", metavar="FILE", help="also write a JUnit report, a case for each design and model")
    limits = parser.add_argument_group("how fast")
    limits.add_argument("--timeout", type=seconds, metavar="S", help="no answer for a scenario after S seconds")
    limits.add_argument(
        "--jobs", type=count, metavar="N", help="processes (default: 1 for few designs, else one a CPU)"
    )
    add_engine(limits)


def run(parsed: argparse.Namespace) -> int:
    """Decide the designs and show the matrix; returns the exit status."""
    from litmus.designs.catalogue import read_designs, shipped

    designs = read_designs(parsed.designs or shipped())
    junit = File(parsed.junit) if parsed.junit is not None else None
    if parsed.weaken:
        shown, matrices = _weakened(parsed, designs)
    else:
        matrix = _derived(_asked(parsed, designs), _write_line if parsed.json else None)
        shown, matrices = _shown(parsed, matrix), [matrix]
    write(shown)
    if junit is not None:
        from litmus.report.designs import junit_cases
        from litmus.report.junit import report

        junit.write(report("litmus designs", [case for matrix in matrices for case in junit_cases(matrix)]))
        junit.close()
    return _status(matrices, expects=not parsed.weaken)


def _asked(parsed: argparse.Namespace, designs: list[Design]) -> Asked:
    from litmus.designs.matrix import Asked
    from litmus.designs.scenarios import default_shapes, read_scenarios
    from litmus.engine.options import Options
    from litmus.ordering.table import shapes_of

    shapes, sides = read_scenarios(parsed.scenario)
    if shapes and parsed.threads:
        raise InputError("--scenario names shapes of any number of threads, --threads asks for all of one")
    return Asked(
        designs=tuple(designs),
        shapes=tuple(shapes) or (shapes_of(parsed.threads) if parsed.threads else default_shapes()),
        sides=tuple(sides),
        models=tuple(dict.fromkeys(parsed.model)),
        arch=parsed.arch,
        primitives=tuple(parsed.primitive),
        options=Options(states="none", engine=parsed.engine, timeout=parsed.timeout),
        jobs=parsed.jobs,
        complete=not shapes and parsed.threads is None,
    )


def _derived(asked: Asked, show: Callable[[Asked, Finding, Liveness], None] | None = None) -> Matrix:
    """The matrix.  If `show` is given, it is called for each finding as soon as there is one."""
    from litmus.designs.matrix import derive

    progress = Progress(sys.stderr, "scenarios")
    try:
        return derive(asked, progress) if show is None else derive(asked, progress, partial(show, asked))
    finally:
        progress.end()


def _write_line(asked: Asked, finding: Finding, liveness: Liveness) -> None:
    from litmus.report.designs import json_line

    write(json_line(asked, finding, liveness))
    flush()


def _shown(parsed: argparse.Namespace, matrix: Matrix) -> str:
    from litmus.report import designs as report
    from litmus.report.style import style_for

    if parsed.json:
        return ""  # everything has been written already
    if parsed.markdown:
        return report.markdown(matrix)
    style = style_for(sys.stdout)
    if not parsed.explain:
        return report.text(matrix, style)
    from litmus.designs.explaining import explain, explain_waiting

    parts = [
        report.explanation(
            matrix, number, model, explain(matrix, number, model), explain_waiting(matrix, number, model), style
        )
        for number in range(len(matrix.asked.designs))
        for model in matrix.models
    ]
    return "\n".join(parts)


def _weakened(parsed: argparse.Namespace, designs: list[Design]) -> tuple[str, list[Matrix]]:
    from litmus.designs.weakening import weakened
    from litmus.report.designs import weakening
    from litmus.report.style import style_for

    parts, matrices = [], []
    for design in designs:
        barriers = weakened(design)
        matrices.append(_derived(_asked(parsed, [design, *(without for _, without in barriers)])))
        parts.append(weakening(matrices[-1], [barrier for barrier, _ in barriers], style_for(sys.stdout)))
    return "\n".join(parts), matrices


def _status(matrices: list[Matrix], expects: bool) -> int:
    """The exit status.  Errors are written to standard error, each of them once."""
    from litmus.report.designs import differences

    codes: set[ExitCode] = set()
    written: set[str] = set()
    for matrix in matrices:
        for cell in matrix.cells.values():
            for error in cell.errors:
                codes.add(error.exit_code)
                _write_once(error, written)
        if expects and differences(matrix):
            codes.add(ExitCode.UNEXPECTED)
    return next((code for code in PRECEDENCE if code in codes), ExitCode.OK)


def _write_once(error: Diagnostic, written: set[str]) -> None:
    text = error.render()
    if text not in written:
        written.add(text)
        write_error(f"litmus: {text}\n")
