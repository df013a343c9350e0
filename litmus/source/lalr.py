"""An LALR(1) parser that runs tables: what Lark computed from a grammar, as plain data.

Lark builds the tables (litmus/source/grammar.py) and explains syntax errors; accepted texts, which
are nearly all, are parsed here, several times as fast and without importing Lark (25 ms).  Trees have
the shape that Lark gives them (its documentation, "Tree construction"); they begin and end where Lark's
do, except that parentheses around a single token count.
"""

from __future__ import annotations

import re

from msgspec import Struct

from litmus.source.trees import Node, Token, Tree


class Rule(Struct, frozen=True):
    """How a production is reduced.

    name: what its tree is called; None for a rule that is inlined, which makes a list of children.
    single: a single child stands for the tree.  kept: of its symbols, (position, whether it is inlined,
    how many absent ones stand before it); None where every symbol is kept as it is.  absent: how many
    stand behind the last.
    """

    origin: str
    length: int
    name: str | None
    single: bool
    kept: tuple[tuple[int, bool, int], ...] | None
    absent: int


class Tables(Struct, frozen=True):
    """A grammar as data that marshal can hold.

    actions[state]: for a terminal, the state to shift to or ~r to reduce by rules[r]; for a nonterminal,
    the state to go to.  scanners: regular expressions, a group for each terminal; keywords: for each, the
    texts of a terminal that are another one.  scanner_of[state]: which one cuts the next token.
    starts, ends: per start symbol, its first state and its last.
    """

    rules: tuple[Rule, ...]
    actions: list[dict[str, int]]
    scanners: tuple[str, ...]
    keywords: tuple[dict[str, dict[str, str]], ...]
    scanner_of: tuple[int, ...]
    ignored: tuple[str, ...]
    starts: dict[str, int]
    ends: dict[str, int]


_END = "$END"
_NOWHERE = -1  # where a production without tokens begins and ends


class Parser:
    """Parses texts by tables."""

    def __init__(self, tables: Tables) -> None:
        self.actions = tables.actions
        self.rules = tables.rules
        self.starts = tables.starts
        self.ends = tables.ends
        self.ignored = frozenset(tables.ignored)
        self.scanner_of = tables.scanner_of
        self.patterns = tables.scanners
        self.keywords = tables.keywords
        # Compiled when first needed: a contextual scanner is one of a dozen.
        self.compiled: dict[int, re.Pattern[str]] = {}

    def parse(self, text: str, start: str) -> Tree | None:
        """The tree of a text; None where the grammar does not accept it."""
        state = self.starts[start]
        end_state = self.ends[start]
        actions, rules, ignored, compiled, scanner_of = (
            self.actions, self.rules, self.ignored, self.compiled, self.scanner_of,
        )  # fmt: skip
        states = [state]
        values: list[Node | list[Node]] = []
        extents: list[tuple[int, int]] = []
        at, length = 0, len(text)
        while True:
            number = scanner_of[state]
            pattern = compiled.get(number)
            if pattern is None:
                pattern = compiled[number] = re.compile(self.patterns[number])
            kind, begin = _END, length
            while at < length:
                match = pattern.match(text, at)
                if match is None:
                    return None
                begin, at = match.span()
                kind = match.lastgroup or ""
                if kind not in ignored:
                    break
                kind = _END
            token: Token | None = None
            if kind is not _END:
                token = Token(text[begin:at])
                words = self.keywords[number]
                if kind in words:
                    kind = words[kind].get(token, kind)
                token.type, token.start_pos, token.end_pos = kind, begin, at
            while True:
                action = actions[state].get(kind)
                if action is None:
                    return None
                if action >= 0:
                    break
                rule = rules[~action]
                size = rule.length
                children: list[Node | list[Node]] = []
                extent = (_NOWHERE, _NOWHERE)
                if size:
                    children = values[-size:]
                    extent = _hull(extents[-size:])
                    del values[-size:], extents[-size:], states[-size:]
                values.append(_reduced(rule, children, extent))
                extents.append(extent)
                state = actions[states[-1]][rule.origin]
                states.append(state)
                if token is None and state == end_state:
                    (tree,) = values
                    assert isinstance(tree, Tree)
                    return tree
            assert token is not None  # the end is never shifted
            state = action
            states.append(state)
            values.append(token)
            extents.append((begin, at))


def _hull(extents: list[tuple[int, int]]) -> tuple[int, int]:
    """From where the first of a production's symbols begins to where the last one ends."""
    start, end = extents[0][0], extents[-1][1]
    if start < 0 or end < 0:
        start = next((s for s, _ in extents if s >= 0), _NOWHERE)
        end = next((e for _, e in reversed(extents) if e >= 0), _NOWHERE)
    return start, end


def _reduced(rule: Rule, children: list[Node | list[Node]], extent: tuple[int, int]) -> Node | list[Node]:
    nodes: list[Node]
    if rule.kept is None:
        nodes = children  # type: ignore[assignment]  # none of them is inlined
    else:
        nodes = []
        for position, inlined, absent in rule.kept:
            if absent:
                nodes += [None] * absent
            child = children[position]
            if not inlined:
                nodes.append(child)  # type: ignore[arg-type]
            elif nodes:
                nodes += child  # type: ignore[arg-type]
            else:
                nodes = child  # type: ignore[assignment]  # the list is nobody else's: a row grows in linear time
        if rule.absent:
            nodes += [None] * rule.absent
    if rule.name is None:
        return nodes
    if rule.single and len(nodes) == 1:
        return nodes[0]
    return Tree(rule.name, nodes, *extent)
