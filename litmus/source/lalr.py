"""An LALR(1) parser that runs tables: what Lark computed from a grammar, as plain data.

Lark builds the tables (litmus/source/grammar.py) and explains syntax errors.  Accepted texts, which are nearly
all, are parsed here.  This is several times faster than Lark, and Lark need not be imported (25 ms).  Trees have
the shape that Lark gives them (its documentation, "Tree construction").  They begin and end where Lark's trees
do, with one exception: here, parentheses around a single token belong to its tree.
"""

from __future__ import annotations

import re

from msgspec import Struct

from litmus.source.trees import Node, Token, Tree


class Rule(Struct, frozen=True):
    """How a production is reduced.

    name: the name of its tree; None for a rule that is inlined, which makes a list of children.
    single: if there is a single child, this child replaces the tree.  kept: the symbols that are kept, each as
    (position, whether it is inlined, how many absent symbols come before it); None if every symbol is kept
    unchanged.  absent: how many absent symbols come after the last one.
    """

    origin: str
    length: int
    name: str | None
    single: bool
    kept: tuple[tuple[int, bool, int], ...] | None
    absent: int


class Tables(Struct, frozen=True):
    """A grammar as data that marshal can hold.

    actions[state]: for a terminal, the state to shift to, or ~r to reduce by rules[r]; for a nonterminal,
    the state to go to.
    scanners: regular expressions with one group for each terminal.  The first scanner knows all terminals;
    scanner_of[state] is the number of the scanner that knows only those which the state accepts.
    keywords: for each scanner, the texts of a terminal that count as another terminal.
    starts, ends: for each start symbol, its first state and its last state.
    """

    rules: tuple[Rule, ...]
    actions: list[dict[str, int]]
    scanners: tuple[str, ...]
    keywords: tuple[dict[str, dict[str, str]], ...]
    scanner_of: tuple[int, ...]
    ignored: tuple[str, ...]
    starts: dict[str, int]
    ends: dict[str, int]


_END = Token()
_END.type = "$END"
_END.start_pos = _END.end_pos = 0

_NOWHERE = -1  # the place where a production without tokens begins and ends


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
        self.compiled: dict[int, re.Pattern[str]] = {}  # scanners, each compiled at its first use

    def _token(self, text: str, at: int, state: int) -> Token | None:
        """The next token in a state of the parser.  None if no token matches; `_END` at the end of the text.

        All scanners try terminals in the same order.  First the scanner of all terminals is used.  If the state
        accepts the terminal that it finds, the scanner of the state would find the same one.  If not, the scanner
        of the state is used.
        """
        accepted = self.actions[state]
        for number in (0, self.scanner_of[state]):
            pattern = self.compiled.get(number)
            if pattern is None:
                pattern = self.compiled[number] = re.compile(self.patterns[number])
            while at < len(text):
                match = pattern.match(text, at)
                if match is None:
                    return None
                kind = match.lastgroup or ""
                begin, end = match.span()
                if kind in self.ignored:
                    at = end
                    continue
                token = Token(text[begin:end])
                words = self.keywords[number].get(kind)
                token.type = kind if words is None else words.get(token, kind)
                token.start_pos, token.end_pos = begin, end
                if number or (kind in accepted and token.type in accepted):
                    return token
                break
            else:
                return _END
        return token

    def parse(self, text: str, start: str) -> Tree | None:
        """The tree of a text; None where the grammar does not accept it."""
        state = self.starts[start]
        end_state = self.ends[start]
        actions, rules = self.actions, self.rules
        states = [state]
        values: list[Node | list[Node]] = []
        extents: list[tuple[int, int]] = []
        at = 0
        while True:
            token = self._token(text, at, state)
            if token is None:
                return None
            kind, at = token.type, token.end_pos
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
                if token is _END and state == end_state:
                    (tree,) = values
                    assert isinstance(tree, Tree)
                    return tree
            state = action
            states.append(state)
            values.append(token)
            extents.append((token.start_pos, at))


def _hull(extents: list[tuple[int, int]]) -> tuple[int, int]:
    """The extent of a production: from the start of its first symbol to the end of its last one."""
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
