"""An LALR(1) parser that runs tables.

It is several times faster than Lark, which need not be imported (25 ms).  Trees have the shape that Lark gives
them (its documentation, "Tree construction").  They begin and end where Lark's trees do, with one exception:
here, parentheses around a single token belong to its tree.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache
from typing import Any

from litmus.source.lalr.tables import Lexer, Rule, Tables, tables_of
from litmus.source.lalr.trees import Node, Token, Tree

END = "$END"  # the terminal that is expected, or found, behind the last token

_END = Token()
_END.type = END
_END.start_pos = _END.end_pos = 0

_NOWHERE = -1  # the place where a production without tokens begins and ends


class Unexpected(Exception):
    """The place where a grammar does not accept a text.

    kind: the terminal that was found there; None if the text there is none.  start, end: its place; a single
    character if it is no terminal, nothing if it is the end of the text.  accepted: the terminals that could
    have stood there.
    """

    def __init__(self, kind: str | None, start: int, end: int, accepted: set[str]) -> None:
        super().__init__(kind)
        self.kind = kind
        self.start = start
        self.end = end
        self.accepted = accepted


@lru_cache(maxsize=32)  # more than there are grammars in this package
def parser(grammar: str, starts: tuple[str, ...] = ("start",), lexer: Lexer = "contextual") -> Parser:
    """The parser of `grammar` (the text, not a file name)."""
    return Parser(tables_of(grammar, starts, lexer))


class Parser:
    """Parses texts by tables.  literals: the terminals that are always the same text."""

    def __init__(self, tables: Tables) -> None:
        self.literals = tables.literals
        self.actions = tables.actions
        self.rules = [(rule, rule.origin, rule.length, _passes(rule)) for rule in tables.rules]
        self.starts = tables.starts
        self.ends = tables.ends
        self.ignored = frozenset(tables.ignored)
        self.scanner_of = tables.scanner_of
        self.patterns = tables.scanners
        self.keywords = tables.keywords
        self.compiled: dict[int, re.Pattern[str]] = {}  # scanners, each compiled at its first use

    def _scanner(self, number: int) -> re.Pattern[str]:
        pattern = self.compiled.get(number)
        if pattern is None:
            pattern = self.compiled[number] = re.compile(self.patterns[number])
        return pattern

    def _token(self, text: str, at: int, state: int) -> Token:
        """The next token in a state of the parser; `_END` at the end of the text.

        All scanners try terminals in the same order.  First the scanner of all terminals is used.  If the state
        accepts the terminal that it finds, the scanner of the state would find the same one.  If not, the scanner
        of the state is used.  If that finds nothing, the token is one that the state does not accept, or, if no
        terminal matches, a single character without a type.
        """
        accepted = self.actions[state]
        found: Token | None = None
        for number in (0, self.scanner_of[state]):
            match = self._scanner(number).match
            while at < len(text):
                matched = match(text, at)
                if matched is None:
                    break
                kind = matched.lastgroup or ""
                begin, end = matched.span()
                if kind in self.ignored:
                    at = end
                    continue
                token = Token(text[begin:end])
                words = self.keywords[number].get(kind)
                token.type = kind if words is None else words.get(token, kind)
                token.start_pos, token.end_pos = begin, end
                if number or (kind in accepted and token.type in accepted):
                    return token
                found = token
                break
            else:
                return _END
        if found is None:
            found = Token(text[at])
            found.type = ""
            found.start_pos, found.end_pos = at, at + 1
        return found

    def parse(self, text: str, start: str = "start", cut: Iterable[Token] | None = None) -> Tree:
        """The tree of a text.

        cut: its tokens, if the grammar does not say how the text is cut into tokens.
        Raises Unexpected at the first token that the grammar does not accept.
        """
        state = self.starts[start]
        end_state = self.ends[start]
        actions, rules = self.actions, self.rules
        tokens = None if cut is None else iter(cut)
        states = [state]
        values: list[Node | list[Node]] = []
        extents: list[tuple[int, int]] = []
        at = 0
        while True:
            token = self._token(text, at, state) if tokens is None else next(tokens, _END)
            kind, at = token.type, token.end_pos
            while True:
                action = actions[state].get(kind)
                if action is None:
                    raise self._unexpected(text, token, states)
                if action >= 0:
                    break
                rule, origin, size, passes = rules[~action]
                if passes:
                    del states[-1]
                elif size:
                    extent = _hull(extents[-size:])
                    value = _reduced(rule, values[-size:], extent)
                    del values[-size:], extents[-size:], states[-size:]
                    values.append(value)
                    extents.append(extent)
                else:
                    values.append(_reduced(rule, [], (_NOWHERE, _NOWHERE)))
                    extents.append((_NOWHERE, _NOWHERE))
                state = actions[states[-1]][origin]
                states.append(state)
                if token is _END and state == end_state:
                    (tree,) = values
                    assert isinstance(tree, Tree)
                    return tree
            state = action
            states.append(state)
            values.append(token)
            extents.append((token.start_pos, at))

    def _unexpected(self, text: str, token: Token, states: list[int]) -> Unexpected:
        accepted = {kind for kind in self.actions[states[-1]] if kind.isupper() and self._accepts(states, kind)}
        if token is _END:
            return Unexpected(END, len(text), len(text), accepted)
        return Unexpected(token.type or None, token.start_pos, token.end_pos, accepted)

    def _accepts(self, states: list[int], kind: str) -> bool:
        """Whether a terminal can come next: reductions lead to a state that shifts it, or to the end of the text."""
        ends = self.ends.values() if kind == END else ()
        states = list(states)
        while (action := self.actions[states[-1]].get(kind)) is not None:
            if action >= 0:
                return True
            _, origin, size, _ = self.rules[~action]
            if size:
                del states[-size:]
            states.append(self.actions[states[-1]][origin])
            if states[-1] in ends:
                return True
        return False


def _passes(rule: Rule) -> bool:
    """Whether a production hands on its only symbol as it is.  Most levels of an expression do."""
    return rule.length == 1 and rule.name is not None and rule.single and rule.kept is None


def _hull(extents: list[tuple[int, int]]) -> tuple[int, int]:
    """The extent of a production: from the start of its first symbol to the end of its last one."""
    start, end = extents[0][0], extents[-1][1]
    if start < 0 or end < 0:
        start = next((s for s, _ in extents if s >= 0), _NOWHERE)
        end = next((e for _, e in reversed(extents) if e >= 0), _NOWHERE)
    return start, end


def _reduced(rule: Rule, children: list[Any], extent: tuple[int, int]) -> Node | list[Node]:
    """What a production becomes.  Each of the children is a node, or, where the rule inlines it, a list of nodes."""
    nodes: list[Node]
    if rule.kept is None:
        nodes = children
    else:
        nodes = []
        for position, inlined, absent in rule.kept:
            if absent:
                nodes += [None] * absent
            child = children[position]
            if not inlined:
                nodes.append(child)
            elif nodes:
                nodes += child
            else:
                nodes = child  # the list is nobody else's: a row grows in linear time
        if rule.absent:
            nodes += [None] * rule.absent
    if rule.name is None:
        return nodes
    if rule.single and len(nodes) == 1:
        return nodes[0]
    return Tree(rule.name, nodes, *extent)
