"""Syntax errors in words: what was found and what was expected, as a person would say it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from types import MappingProxyType

from litmus.diagnostics import InputError, Place, Unsupported, near
from litmus.source.lalr.run import END, Unexpected, parser
from litmus.source.lalr.trees import MAXIMUM_NESTING, Tree, too_deep

# What messages call the terminals that are not single words.
WORDS = {
    "NUMBER": "a number",
    "NAME": "a name",
    "PROCESS": "a process",
    "DOLLAR": "a register",
    "SYMBOLIC": "a symbolic register",
    END: "the end",
}


def parse(
    grammar: str,
    text: str,
    what: str,
    words: Mapping[str, str] = MappingProxyType({}),
    start: str = "start",
    phrases: Sequence[tuple[str, frozenset[str]]] = (),
    shorthand: frozenset[str] = frozenset(),
) -> Tree:
    """The tree of a text.  Messages call the text `what`.

    Raises InputError, with a Place, at the first token that the grammar does not accept.  The hint says which tokens it
    would have accepted there.  `words`: what the hint calls terminals, in addition to WORDS.  `phrases`: what it
    calls several of them together.  `shorthand`: terminals that only abbreviate others, which it leaves out.
    Raises Unsupported, with a Place, for a text that is nested too deeply.
    """
    run = parser(grammar, (start,))
    try:
        tree = run.parse(text, start)
    except Unexpected as stop:
        unexpected = stop
    else:
        refuse_deep(tree, what)
        return tree
    expected = unexpected.accepted - shorthand
    hints = []
    for phrase, terminals in phrases:
        if terminals <= expected:
            expected -= terminals
            hints.append(phrase)
    spelled = {**run.literals, **WORDS, **words}
    hints += sorted({spelled.get(name, name.lower()) for name in expected})
    hint = "expected " + " or ".join(hints)
    if unexpected.kind == END:
        end = len(text.rstrip())
        raise InputError(f"the {what} ends too early", Place(end, end + 1), hint)
    # If one token stands for several (an atom of a condition), the error is at the first of them.
    begin = unexpected.start
    first = re.compile(r"\w+|.", re.DOTALL).match(text, begin, unexpected.end)
    found = first[0] if first is not None else ""
    if len(found) > 2:
        hint = near(found, re.findall(r"\w+", " ".join(hints))) or hint
    raise InputError(f"unexpected {found} in the {what}", Place(begin, begin + len(found)), hint)


def refuse_deep(tree: Tree, what: str) -> None:
    """Raises Unsupported, with a Place, for a tree that is nested too deeply.  The message calls the text `what`."""
    deep = too_deep(tree)
    if deep is not None:
        place = Place(deep.start_pos, deep.end_pos)
        raise Unsupported(f"this {what} is nested too deeply", place, f"it may have {MAXIMUM_NESTING} levels")
