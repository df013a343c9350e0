"""Syntax of kernel designs: what a .design file says, and the designs that its variants make of it.

docs/designs.md, "The language", says what each part means.
"""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct, field
from msgspec.structs import replace

from litmus.c import syntax as c
from litmus.designs.rewriting import nodes, rewritten
from litmus.diagnostics import InputError, Place, Source, Span, near

HOOKS = ("membarrier", "switch_out", "switch_in")
STATES = ("cpu", "mm")
SIDES = ("RUN", "OUT", "IN", "MID")
HARDWARE = "all"  # in place of a model in an expectation: every hardware model that no other expectation names


class Word(Struct, frozen=True):
    """A name, and its place."""

    text: str
    span: Span


class Body(Struct, frozen=True):
    """A block of C, `{ ... }`.  Places in it are offsets from the start of `span`."""

    block: c.Block
    span: Span


class Choice(Struct, frozen=True):
    """`primitive TABLE.ROW = ALTERNATIVE;`."""

    table: str
    row: str
    alternative: str
    span: Span


class Expectation(Struct, frozen=True):
    """`expect MODEL ... safe;` or `expect MODEL ... broken SIDE ..., deadlock SIDE ... : "reason";`.

    broken, deadlock: the sides on which this is expected.  Empty: on some side, which is not named.  None: on no side.
    """

    models: tuple[Word, ...]
    broken: tuple[str, ...] | None
    deadlock: tuple[str, ...] | None
    reason: str | None
    span: Span

    @property
    def safe(self) -> bool:
        """Whether it expects that nothing is wrong."""
        return self.broken is None and self.deadlock is None


class Part(Struct, frozen=True):
    """The design itself or one of its variants: only what is in its own text, not what a variant takes from the design.

    bodies: hooks and states, by keyword.
    """

    name: Word
    claim: str
    sources: tuple[str, ...] = ()
    bodies: Mapping[str, Body] = field(default_factory=dict)
    removed: tuple[Word, ...] = ()
    primitives: tuple[Choice, ...] = ()
    migrates: bool = False
    expectations: tuple[Expectation, ...] = ()


class File(Struct, frozen=True):
    """A .design file."""

    source: Source
    design: Part
    variants: tuple[Part, ...]

    def designs(self) -> list[Design]:
        """The design and its variants.  Raises InputError if one has no membarrier block or an unknown label."""
        return [_design(self.design, None), *(_design(self.design, variant) for variant in self.variants)]


class Design(Struct, frozen=True):
    """One design with all its parts.  The statements that it removes are no longer in its blocks."""

    name: str
    variant: str | None
    claim: str
    sources: tuple[str, ...]
    bodies: Mapping[str, Body]
    primitives: tuple[Choice, ...]
    migrates: bool
    expectations: tuple[Expectation, ...]
    span: Span

    @property
    def title(self) -> str:
        """`NAME`, `NAME:VARIANT`."""
        return self.name if self.variant is None else f"{self.name}:{self.variant}"


def _design(base: Part, variant: Part | None) -> Design:
    part = variant or base
    bodies = {**base.bodies, **part.bodies}
    if "membarrier" not in bodies:
        raise InputError(f"{part.name.text} does not say what membarrier() executes", part.name.span, "membarrier { }")
    removed = base.removed if variant is None else base.removed + variant.removed
    design = Design(
        name=base.name.text,
        variant=None if variant is None else variant.name.text,
        claim=part.claim,
        sources=part.sources or base.sources,
        bodies=bodies,
        primitives=base.primitives if variant is None else base.primitives + variant.primitives,
        migrates=base.migrates or part.migrates,
        expectations=part.expectations,
        span=part.name.span,
    )
    for word in removed:
        design = without(design, word)
    return design


def without(design: Design, label: Word) -> Design:
    """The design without the statement of that label.  An empty statement is in its place.

    Raises InputError if no statement has the label.
    """
    names = labels(design)
    if label.text not in names:
        hint = near(label.text, names) or ("labels are " + ", ".join(sorted(names)) if names else "it has no labels")
        raise InputError(f"{design.title} has no statement labelled {label.text}", label.span, hint)

    def dropped(node: object) -> object:
        if isinstance(node, c.Label) and node.name == label.text:
            return c.Empty(Place(node.at.start, node.statement.at.end))
        return node

    bodies = {word: Body(rewritten(body.block, dropped), body.span) for word, body in design.bodies.items()}
    return replace(design, bodies=bodies)


def labels(design: Design) -> dict[str, Span]:
    """The labels of a design's blocks -> their places.  Raises InputError for a label that is there twice."""
    found: dict[str, Span] = {}
    for body in design.bodies.values():
        for node in nodes(body.block):
            if isinstance(node, c.Label):
                span = place(body, node.at)
                if node.name in found:
                    line, _ = span.source.position(found[node.name].start)
                    raise InputError(f"the label {node.name} stands in line {line} already", span)
                found[node.name] = span
    return found


def listing(design: Design) -> dict[str, str]:
    """The text of every hook, by keyword.  Blanks replace what the design removes."""
    texts = {}
    for keyword in HOOKS:
        body = design.bodies.get(keyword)
        if body is None:
            continue
        text = body.span.text
        for node in nodes(body.block):
            if isinstance(node, c.Empty):
                start, end = node.at
                blank = "".join(ch if ch.isspace() else " " for ch in text[start:end])
                text = text[:start] + blank + text[end:]
        texts[keyword] = text
    return texts


def place(body: Body, at: Place) -> Span:
    """The place in the file of a node of a block."""
    return Span(body.span.source, body.span.start + at[0], body.span.start + at[1])
