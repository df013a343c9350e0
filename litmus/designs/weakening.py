"""Weakening: a design without one of its barriers at a time.  This tells which barriers are necessary."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct
from msgspec.structs import replace

from litmus.c import syntax as c
from litmus.c.catalogue import CATALOGUE
from litmus.designs.rewriting import nodes, rewritten
from litmus.designs.syntax import HOOKS, Body, Design, place
from litmus.diagnostics import Span

COMPILER_ONLY = "barrier"  # a fence that exists only for the compiler, not for the machine


class Barrier(Struct, frozen=True):
    """A barrier of a design: `smp_mb()`, its label if it has one, its hook, and its place."""

    text: str
    label: str | None
    hook: str
    span: Span

    @property
    def title(self) -> str:
        """`A: smp_mb() of switch_out, line 9`."""
        line, _ = self.span.source.position(self.span.start)
        return f"{self.label + ': ' if self.label else ''}{self.text} of {self.hook}, line {line}"


def weakened(design: Design) -> list[tuple[Barrier, Design]]:
    """Each barrier of a design, with the design without that barrier."""
    return [(barrier, _without(design, hook, s, barrier)) for barrier, hook, s in _barriers(design)]


def _barriers(design: Design) -> Iterator[tuple[Barrier, str, c.Statement]]:
    for hook in HOOKS:
        body = design.bodies.get(hook)
        names: dict[int, str] = {}
        for node in nodes(body.block) if body is not None else ():
            assert body is not None
            if isinstance(node, c.Label):
                names[id(node.statement)] = node.name
            if isinstance(node, c.ExpressionStatement) and isinstance(node.expression, c.Call):
                call = node.expression
                primitive = CATALOGUE.get(call.name)
                if primitive is not None and primitive.kind == "fence" and primitive.row != COMPILER_ONLY:
                    text = place(body, call.at).text
                    yield Barrier(text, names.get(id(node)), hook, place(body, call.at)), hook, node


def _without(design: Design, hook: str, s: c.Statement, barrier: Barrier) -> Design:
    body = design.bodies[hook]
    block = rewritten(body.block, lambda node: c.Empty(s.at) if node is s else node)
    bodies = {**design.bodies, hook: Body(block, body.span)}
    variant = f"{design.variant} without {barrier.title}" if design.variant else f"without {barrier.title}"
    return replace(design, variant=variant, bodies=bodies, expectations=())
