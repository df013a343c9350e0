"""Compiled models as plain tuples, for the cache, together with the files they were compiled from."""

from __future__ import annotations

import os

from litmus.algebra.dag import Check, Effect, Level, Model, Node, Predicate, Recursion, Scope
from litmus.algebra.operators import Kind, Operator
from litmus.cat.library import Files, read_text
from litmus.diagnostics import InputError, Source, Span

_Node = tuple[str, str, tuple[int, ...], str, int, int, tuple[int, ...], int, int, int]
_Recursion = tuple[tuple[int, ...], tuple[int, ...], tuple[int, ...], bool]
_Check = tuple[Predicate, bool, int, str | None, Effect, str, int, int]
Stored = tuple[
    tuple[tuple[str, str], ...],  # files read: path, text
    tuple[str, ...],  # paths that would have been read had they existed
    str,
    str,
    tuple[_Node, ...],
    tuple[_Recursion, ...],
    tuple[_Check, ...],
    tuple[tuple[str, int], ...],
    tuple[int, ...],
    str,
    tuple[str, ...],
    str | None,  # the path of a model that is compiled for each test
]


def pack(model: Model, path: str, files: Files) -> Stored:
    """A model and what it was compiled from."""
    return (
        tuple(files.read.items()),
        tuple(files.absent),
        model.name,
        model.title,
        tuple(_packed(node) for node in model.nodes),
        tuple((r.variables, r.bodies, r.inner, r.monotone) for r in model.recursions),
        tuple(
            (c.predicate, c.negated, c.node, c.name, c.effect, c.span.source.name, c.span.start, c.span.end)
            for c in model.checks
        ),
        model.shows,
        model.choices,
        model.level.value,
        model.notes,
        None if model.recipe is None else path,
    )


def _packed(node: Node) -> _Node:
    """A node as a tuple."""
    operator, kind, options = node.operator.value, node.kind.value, node.options
    record = operator, kind, node.arguments, node.name, node.group, node.slot, node.rows
    return *record, node.choice, options.start, options.stop


def unpack(stored: Stored, scope: Scope, files: Files) -> Model | None:
    """The model, or None if a file it was compiled from has changed since; `files` then knows those files."""
    read, absent, name, title, nodes, recursions, checks, shows, choices, level, notes, path = stored
    try:
        if any(read_text(file) != text for file, text in read) or any(os.path.isfile(file) for file in absent):
            return None
    except InputError:
        return None
    files.read.update(read)
    files.absent.update(dict.fromkeys(absent))
    if path is not None:
        from litmus.cat.interpreter import for_each_test

        return for_each_test(files.open(path), name, scope, files)
    operators = {operator.value: operator for operator in Operator}
    kinds = {kind.value: kind for kind in Kind}
    sources = {file: Source(file, text) for file, text in read}
    return Model(
        name,
        title,
        tuple(Node(operators[n[0]], kinds[n[1]], *n[2:8], range(n[8], n[9])) for n in nodes),
        tuple(Recursion(*recursion) for recursion in recursions),
        tuple(
            Check(predicate, negated, node, label, effect, Span(sources[file], start, end))
            for predicate, negated, node, label, effect, file, start, end in checks
        ),
        shows,
        choices,
        Level(level),
        notes=notes,
    )
