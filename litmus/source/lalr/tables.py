"""Tables: what Lark computes from a grammar, as plain data, built once and kept between processes.

Building the tables of one grammar takes 15-25 ms, and a first `litmus check` needs several of them.  Importing
Lark takes as long again.  So the tables are derived data, which litmus/cache.py keeps.  Nothing else needs Lark.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, cast

from msgspec import Struct
from msgspec.structs import astuple

from litmus import cache as disk

if TYPE_CHECKING:
    from lark import Lark
    from lark.grammar import Rule as LarkRule
    from lark.grammar import Terminal

# contextual: each state has a scanner that knows only what it accepts.  basic: one scanner serves all states.
Lexer = Literal["contextual", "basic"]


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
    the state to go to.  Terminals have names in capital letters.
    scanners: regular expressions with one group for each terminal.  The first scanner knows all terminals;
    scanner_of[state] is the number of the scanner that knows only those which the state accepts.
    keywords: for each scanner, the texts of a terminal that count as another terminal.
    literals: the terminals that are always the same text.
    starts, ends: for each start symbol, its first state and its last state.
    """

    rules: tuple[Rule, ...]
    actions: list[dict[str, int]]
    scanners: tuple[str, ...]
    keywords: tuple[dict[str, dict[str, str]], ...]
    scanner_of: tuple[int, ...]
    ignored: tuple[str, ...]
    literals: dict[str, str]
    starts: dict[str, int]
    ends: dict[str, int]


def tables_of(grammar: str, starts: tuple[str, ...], lexer: Lexer) -> Tables:
    """The tables of `grammar` (the text, not a file name), from the cache or from Lark."""
    key = (grammar, starts, lexer)
    stored = cast("tuple[Any, ...] | None", disk.load("grammar", key))
    if stored is None:
        tables = _tables(lark_parser(grammar, starts, lexer))
        disk.store("grammar", key, (tuple(map(astuple, tables.rules)), *astuple(tables)[1:]))
        return tables
    rules, *rest = stored
    return Tables(tuple([Rule(*rule) for rule in rules]), *rest)


def lark_parser(grammar: str, starts: tuple[str, ...], lexer: Lexer) -> Lark:
    """Lark's own parser of `grammar`."""
    import lark

    return lark.Lark(
        grammar,
        parser="lalr",
        start=list(starts),
        lexer=lexer,
        propagate_positions=True,
        maybe_placeholders=True,
    )


def _tables(lark: Lark) -> Tables:
    """What Lark computed from a grammar."""
    from lark.lexer import ContextualLexer, PatternStr
    from lark.parsers.lalr_analysis import Shift

    table = lark.parser.parser._parse_table
    numbers = {state: number for number, state in enumerate(table.states)}
    rules: dict[LarkRule, int] = {}
    actions: list[dict[str, int]] = []
    for of_state in table.states.values():
        row: dict[str, int] = {}
        for symbol, (action, argument) in of_state.items():
            if action is Shift:
                row[str(symbol)] = numbers[argument]
            else:
                row[str(symbol)] = ~rules.setdefault(argument, len(rules))
        actions.append(row)
    lexer = lark.parser.lexer
    lexers = [lexer.lexers[state] if isinstance(lexer, ContextualLexer) else lexer for state in table.states]
    root = lexer.root_lexer if isinstance(lexer, ContextualLexer) else lexer
    distinct = list(dict.fromkeys([root, *lexers]))
    scanners, keywords = zip(*map(_scanner, distinct), strict=True)
    return Tables(
        tuple(map(_rule, rules)),
        actions,
        scanners,
        keywords,
        tuple([distinct.index(one) for one in lexers]),
        tuple(map(str, lark.ignore_tokens)),
        {str(one.name): one.pattern.value for one in lark.terminals if isinstance(one.pattern, PatternStr)},
        {str(start): numbers[state] for start, state in table.start_states.items()},
        {str(start): numbers[state] for start, state in table.end_states.items()},
    )


def _scanner(lexer: Any) -> tuple[str, dict[str, dict[str, str]]]:
    """The regular expression of a lexer of Lark, and for each terminal, the texts that are another terminal."""
    terminals = lexer.scanner.terminals  # building the scanner finds the callbacks, too
    pattern = "|".join([f"(?P<{terminal.name}>{terminal.pattern.to_regexp()})" for terminal in terminals])
    keywords = {
        str(terminal): {word.pattern.value: str(word.name) for word in unless.scanner.terminals}
        for terminal, unless in lexer.callback.items()
    }
    return pattern, keywords


def _rule(rule: LarkRule) -> Rule:
    """How a production is reduced (Lark's documentation, "Tree construction")."""
    origin = str(rule.origin.name)
    inlined = origin.startswith("_")
    before = [0]  # how many absent symbols come before each symbol, and after the last one
    for empty in rule.options.empty_indices or (False,) * len(rule.expansion):
        if empty:
            before[-1] += 1
        else:
            before.append(0)
    kept = []
    pending = 0
    for position, symbol in enumerate(rule.expansion):
        pending += before[position]
        if not (symbol.is_term and cast("Terminal", symbol).filter_out) or rule.options.keep_all_tokens:
            kept.append((position, not symbol.is_term and symbol.name.startswith("_"), pending))
            pending = 0
    absent = pending + before[len(rule.expansion)]
    whole = len(kept) == len(rule.expansion) and not absent and not any(i or n for _, i, n in kept)
    return Rule(
        origin,
        len(rule.expansion),
        None if inlined else str(rule.alias or origin),
        bool(rule.options.expand1 and not rule.alias),
        None if whole else tuple(kept),
        absent,
    )
