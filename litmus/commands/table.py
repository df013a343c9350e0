"""litmus table: derive which pairs of primitives order, model by model, from the shapes."""

from __future__ import annotations

import argparse
import re
import sys
from typing import TYPE_CHECKING

from litmus.commands.arguments import COMPILER, EVERY_MODEL, add_models, count, names, seconds
from litmus.commands.streams import File, Progress, write, write_error
from litmus.diagnostics import InputError

if TYPE_CHECKING:
    from litmus.ordering.dressing import Primitive
    from litmus.ordering.table import Asked, Table

DESCRIPTION = """\
Derive which pairs of primitives order, model by model, from the shapes.

A pair orders (O) if every shape, with one primitive in one of its threads and the other in another, forbids
its outcome, whichever thread has which.  Where it does not (X), a test whose outcome is allowed is named.

Primitives are those of the C dialect; nothing at all; dependencies; a fragment of C; or instructions of the
model's own architecture.

  barrier  smp_mb  smp_rmb  smp_wmb  sys_membarrier  synchronize_rcu ...     between the two accesses
  atomic_add_return  xchg  cmpxchg ...                an update of the thread's own variable between them
  acquire                                             the first access, if a read, is smp_load_acquire()
  release                                             the second access, if a write, is smp_store_release()
  acquire-release                                     both accesses are one of these, as they can
  smp_store_mb                                        the first access, if a write
  addr  data  ctrl                                    a dependency, if the first access is a read
  mprotect                                            a TLB shootdown, as the architecture's kernel makes it
  rcu_read_lock                                       both accesses in one read-side critical section
  none                                                plain accesses, which the compiler may exchange
  '{ smp_rmb(); smp_wmb(); }'                         statements between the two accesses
  lwsync  ctrlisync  'dmb ld'  ldar  'fence rw,w' ... instructions

Accesses that a primitive leaves alone are volatile, READ_ONCE() and WRITE_ONCE().
"""

EPILOG = """\
examples:
  litmus table                                        barrier(), smp_mb(), sys_membarrier() on all hardware
  litmus table --model power --rows smp_mb,lwsync --columns smp_rmb,smp_wmb,addr
  litmus table --model x86-tso --per-shape            from which shapes it comes
  litmus table --explain barrier smp_mb --model power the test, the execution and the cycle behind an X
  litmus table --compare x86-tso power aarch64        the pairs about which models differ
  litmus table --threads 4 --save tests/              pairs on two of the threads of larger shapes

exit status:
  0 the table is complete     2 bad usage or bad input     3 some tests have no answer
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of the command."""
    what = parser.add_argument_group("what is asked")
    add_models(what, EVERY_MODEL, "a .cat file", "power.smp_wmb=eieio")
    what.add_argument("--compiler", choices=("kernel", "none"), default="kernel", help=COMPILER)
    what.add_argument(
        "--rows",
        action="append",
        default=[],
        metavar="P,...",
        help="primitives (default: barrier,smp_mb,sys_membarrier)",
    )
    what.add_argument("--columns", action="append", default=[], metavar="P,...", help="primitives (default: the rows)")
    what.add_argument("--shapes", action="extend", type=names, default=[], metavar="S,...", help="MP,SB,IRIW ...")
    what.add_argument(
        "--threads", type=int, choices=(2, 3, 4), help="all shapes of so many threads (default: 2, the six of them)"
    )
    answer = parser.add_argument_group("what is shown")
    answer.add_argument("--per-shape", action="store_true", help="each pair broken down by shape")
    form = answer.add_mutually_exclusive_group()
    form.add_argument("--format", choices=("text", "markdown", "csv", "html", "json"), default="text")
    form.add_argument("--json", dest="format", action="store_const", const="json", help="same as --format json")
    more = answer.add_mutually_exclusive_group()
    more.add_argument("--explain", nargs=2, metavar=("ROW", "COLUMN"), help="the witness of one pair, in full")
    more.add_argument(
        "--compare", nargs="+", type=names, metavar="MODEL", help="the pairs about which these models differ"
    )
    answer.add_argument("--junit", metavar="FILE", help="also write a JUnit report, a case for each cell")
    answer.add_argument("--save", metavar="DIR", help="also write the tests, and @all, their list")
    limits = parser.add_argument_group("how fast")
    limits.add_argument("--timeout", type=seconds, metavar="S", help="no answer for a test after S seconds")
    limits.add_argument("--jobs", type=count, metavar="N", help="processes (default: 1 for few tests, else one a CPU)")


def run(parsed: argparse.Namespace) -> int:
    """Derive the table and show it; returns the exit status."""
    from litmus.ordering.table import derive
    from litmus.report.junit import report
    from litmus.shapes.generation import save

    asked = _asked(parsed)
    junit = File(parsed.junit) if parsed.junit is not None else None
    progress = Progress(sys.stderr, "tests")
    try:
        table = derive(asked, progress)
    finally:
        progress.end()
    if parsed.save is not None:
        save(table.tests.values(), parsed.save)
    write(_explained(table) if parsed.explain else _shown(parsed, table))
    if junit is not None:
        from litmus.report.table import comparison_cases, junit_cases

        cases = comparison_cases(table, parsed.per_shape) if parsed.compare else junit_cases(table)
        junit.write(report("litmus table", cases))
        junit.close()
    for error in table.errors:
        write_error(f"litmus: {error.render()}\n")
    return table.exit_code


def _asked(parsed: argparse.Namespace) -> Asked:
    from litmus.ordering.table import DEFAULT_PRIMITIVES, Asked, shapes_of

    if parsed.shapes and parsed.threads:
        raise InputError("--shapes names shapes of any number of threads, --threads asks for all of one")
    if parsed.compare and parsed.model:
        raise InputError("--compare names its models itself")
    models = [name for group in parsed.compare or () for name in group] or parsed.model
    if parsed.explain and parsed.format != "text":
        raise InputError(f"--explain answers in words, not as {parsed.format}")
    if parsed.compare and len(models) < 2:
        raise InputError("--compare takes at least two models")
    if parsed.explain:
        rows, columns = (_primitives([word]) for word in parsed.explain)
    else:
        rows = _primitives(parsed.rows or [",".join(DEFAULT_PRIMITIVES)])
        columns = _primitives(parsed.columns) or rows
    return Asked(
        rows=rows,
        columns=columns,
        shapes=tuple(parsed.shapes) or shapes_of(parsed.threads or 2),
        models=tuple(dict.fromkeys(models)),
        arch=parsed.arch,
        primitives=tuple(parsed.primitive),
        compiler=parsed.compiler,
        jobs=parsed.jobs,
        timeout=parsed.timeout,
    )


def _primitives(options: list[str]) -> tuple[Primitive, ...]:
    """Primitives separated by commas.  Commas inside a fragment of C, or inside `fence rw,rw`, do not separate."""
    from litmus.ordering.dressing import read_primitive

    words = [word for option in options for word in _split(option)]
    if not all(word.strip() for word in words):
        raise InputError(f"a primitive is missing in {','.join(options)!r}")
    return tuple(dict.fromkeys(map(read_primitive, words)))


def _split(option: str) -> list[str]:
    words = [""]
    for part in re.findall(r"fence\s+[iorw]+\s*,\s*[iorw]+|.", option, re.DOTALL):
        if part == "," and words[-1].count("{") == words[-1].count("}"):
            words.append("")
        else:
            words[-1] += part
    return words


def _shown(parsed: argparse.Namespace, table: Table) -> str:
    from litmus.report import table as report
    from litmus.report.style import style_for

    style = style_for(sys.stdout)
    if parsed.compare:
        grids = [report.comparison(table, parsed.per_shape)]
        notes: list[str] = []
    else:
        grids = report.by_shape(table) if parsed.per_shape else report.by_model(table)
        notes = report.legend(table)
    match parsed.format:
        case "json":
            return report.comparison_lines(table, parsed.per_shape) if parsed.compare else report.json_lines(table)
        case "csv" if not parsed.compare:
            return report.csv_lines(table, parsed.per_shape)
    return report.render(grids, notes, parsed.format, style)


def _explained(table: Table) -> str:
    """The witness of the single pair in the table, for each model."""
    from litmus.ordering.table import explain, story_of
    from litmus.report import text, witness
    from litmus.report.style import style_for

    style = style_for(sys.stdout)
    parts = []
    for cell in table.cells.values():
        pair = f"{cell.row.title} with {cell.column.title}"
        result = explain(table, cell)
        if result is None:
            tests = ", ".join(dict.fromkeys(role.test for role in cell.roles))
            parts.append(f"Under {cell.model}, {pair} orders: nothing allows the outcomes of {tests}.\n")
        else:
            assert cell.witness is not None
            parts.append(f"Under {cell.model}, {pair} does not order.\n\n{table.tests[cell.witness].text}\n")
            parts.append((text.full(result, style) or text.diagnostic(result)).rstrip("\n") + "\n")
            execution = result.answer.witness if result.answer is not None else None
            if execution is not None:
                lines = witness.interleaving(execution, story_of(result))
                parts.append("".join(["  The accesses, one after the other:\n", *(f"    {line}\n" for line in lines)]))
    return "\n".join(parts)
