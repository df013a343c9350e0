"""The parser of the cat language: text -> litmus.cat.syntax.

Tokens are cut here, not by the grammar, because one of them depends on its neighbours: `*` is the
cartesian product if an operand can start after it and the closure otherwise.  The tables of the grammar
then do the rest.  More lenient than herd7 in one place: `let x = po*` may be followed by `~empty ...`.
"""

from __future__ import annotations

import re

from litmus.cat import syntax
from litmus.cat.grammar import GRAMMAR, KEYWORDS, OPERATORS, SPELLINGS
from litmus.diagnostics import InputError, Source, Span, near
from litmus.source.lalr.run import END, Unexpected, parser
from litmus.source.lalr.trees import Token

_TOKEN = re.compile(
    r"""(?P<blank>[ \t\r\n\f]+|//[^\n]*|\#[^\n]*)
      | (?P<comment>\(\*)
      | (?P<NAME>_?[A-Za-z](?:[A-Za-z0-9_.]|-(?!>))*'?)
      | (?P<TAG>'_?[A-Za-z](?:[A-Za-z0-9_.]|-(?!>))*'?)
      | (?P<STRING>"[^"]*")
      | (?P<operator>\|\||\+\+|->|&&|-1|[0|&*~+^\\?=;,(){}\[\]_])
    """,
    re.VERBOSE,
)
_COMMENT_MARK = re.compile(r"\(\*|\*\)")

# After `*`, these make it the cartesian product.
_STARTS_OPERAND = frozenset({"NAME", "TAG", "ZERO", "_LBRACE", "UNDERSCORE", "_LPAR", "_BEGIN", "_LSQB", "TILDE"})
_INSTRUCTION_WORDS = tuple(word for word in KEYWORDS if len(word) > 3)
_PREDICATES = frozenset({"ACYCLIC", "IRREFLEXIVE", "EMPTY"})


def _skip_comment(source: Source, start: int) -> int:
    depth, at = 1, start + 2
    while depth:
        mark = _COMMENT_MARK.search(source.text, at)
        if mark is None:
            raise InputError("this comment does not end", Span(source, start, start + 2), "`*)` is missing")
        depth += 1 if mark.group() == "(*" else -1
        at = mark.end()
    return at


def tokens(source: Source) -> list[Token]:
    """The tokens of a model file.

    Raises InputError at a character that starts none, and at a misspelt keyword that begins a line.
    """
    text = source.text
    found: list[Token] = []
    at, length = 0, len(text)
    scan = _TOKEN.match
    while at < length:
        match = scan(text, at)
        if match is None:
            raise _bad_character(source, at)
        kind = match.lastgroup
        start, at = at, match.end()
        if kind == "comment":
            at = _skip_comment(source, start)
        elif kind != "blank":
            token = Token(match[0])
            if kind == "NAME":
                kind = KEYWORDS.get(token, kind)
            elif kind == "operator":
                kind = OPERATORS[token]
            assert kind is not None
            token.type, token.start_pos, token.end_pos = kind, start, at
            found.append(token)
    for i, token in enumerate(found):
        if token.type == "NAME" and (i == 0 or (text[token.start_pos - 1] == "\n" and found[i - 1].type == "NAME")):
            # `let x = r` and below it `acyclc x`: not r applied to two arguments, lazily, unnoticed;
            # nor is `acyclc x` the title of the file
            misspelt = _misspelt_keyword(source, token)
            if misspelt is not None:
                raise misspelt
        if token.type == "STAR" and i + 1 < len(found) and found[i + 1].type in _STARTS_OPERAND:
            negated_check = found[i + 1].type == "TILDE" and i + 2 < len(found) and found[i + 2].type in _PREDICATES
            if not negated_check:
                token.type = "CARTESIAN"
    return found


def _span(source: Source, token: Token) -> Span:
    return Span(source, token.start_pos, token.end_pos)


def _misspelt_keyword(source: Source, token: Token) -> InputError | None:
    """The error that a token is, if it is a name that is nearly the keyword of an instruction."""
    if token.type != "NAME" or not any(_distance(token, keyword) == 1 for keyword in _INSTRUCTION_WORDS):
        return None
    return InputError(f"unexpected `{token}`", _span(source, token), near(token, _INSTRUCTION_WORDS))


def _distance(word: str, keyword: str) -> int:
    """0 if equal, 1 if one character was added, left out, changed or two were exchanged, else 2."""
    if word == keyword:
        return 0
    same = 0
    while same < min(len(word), len(keyword)) and word[same] == keyword[same]:
        same += 1
    rest, wanted = word[same:], keyword[same:]
    swapped = rest[:2] == wanted[1::-1] and rest[2:] == wanted[2:]
    return 1 if rest[1:] == wanted[1:] or rest[1:] == wanted or rest == wanted[1:] or swapped else 2


def _bad_character(source: Source, at: int) -> InputError:
    character = source.text[at]
    span = Span(source, at, at + 1)
    if character == '"':
        return InputError("this string does not end", span, 'a closing " is missing')
    if character.isdigit():
        end = at
        while end < len(source.text) and source.text[end].isdigit():
            end += 1
        return InputError("the only number in cat is 0, the empty relation", Span(source, at, end))
    if character == "-":
        return InputError("unexpected `-`", span, "`\\` is the difference, `^-1` the inverse")
    if character == "'":
        return InputError("a name must follow `'`", span)
    return InputError(f"unexpected character {character!r}", span)


def parse(source: Source) -> syntax.ModelFile:
    """The syntax tree of a model file.

    Raises InputError at the token that cannot stand where it is, saying what could.
    """
    from litmus.cat.reading import Reader

    found = tokens(source)
    try:
        tree = parser(GRAMMAR, ("start",), "basic").parse(source.text, "start", found)
    except Unexpected as stop:
        unexpected = stop
    else:
        return Reader(source).model(tree)
    raise _syntax_error(source, found, unexpected)


def _syntax_error(source: Source, found: list[Token], unexpected: Unexpected) -> InputError:
    """What is wrong with the token at which the grammar stops, and what could have stood there."""
    accepts = unexpected.accepted
    if unexpected.kind == END:
        end = len(source.text.rstrip())
        return InputError("the file ends too early", Span(source, end, end), _expectation(accepts))
    at = next(i for i, token in enumerate(found) if token.start_pos == unexpected.start)
    word = found[at]
    kind = word.type
    line = source.text.rfind("\n", 0, word.start_pos) + 1
    first = next(token for token in found if token.start_pos >= line)
    misspelt = _misspelt_keyword(source, first)
    if misspelt is not None:
        return misspelt
    if kind == "_EQ" and at <= 2 and first is found[0] and first.type == "NAME":  # `lte x = ...`, read as a title
        return InputError(f"unexpected `{first}`", _span(source, first), near(first, KEYWORDS))
    before = [token.type for token in found[max(0, at - 3) : at]]
    hint = _expectation(accepts)
    if (kind in ("STAR", "PLUS", "OPTIONAL", "CARTESIAN") and "_SEMI" in accepts) or (
        kind == "TILDE" and before[-1:] == ["CARTESIAN"]
    ):
        hint = "`*` (product), `~` and the postfix `* + ?` do not associate: put parentheses"
    elif kind == "NAME" and accepts == {"_EQ"} and before[-2:] == ["NAME", "NAME"]:
        hint = "a function takes one argument or one tuple: `let f (x, y) = ...`"
    elif kind in ("LET", "MATCH", "FUN", "IF", "TRY") and "ZERO" in accepts:
        hint = f"`{word}` as an operand needs parentheses"
    elif word in KEYWORDS and "NAME" in accepts and "ZERO" not in accepts:
        hint = f"`{word}` is a keyword and cannot be a name"
    shown, newline, _ = word.partition("\n")  # a string may have many lines
    return InputError(f"unexpected `{shown}{' ...' * len(newline)}`", _span(source, word), hint)


def _expectation(accepts: set[str]) -> str | None:
    """A sentence about the terminals that were possible, the most telling ones first."""
    if {"LET", "INCLUDE", "SHOW"} <= accepts:
        words = ["an instruction (let, acyclic, empty, include, ...)"]
        words += [SPELLINGS[kind] for kind in ("_END", "_ELSE") if kind in accepts]
        words += ["an operator"] if "_SEMI" in accepts else []
    elif {"NAME", "ZERO", "_LPAR"} <= accepts:
        words = ["an expression"]
    elif {"ZERO", "_LPAR"} <= accepts:
        words = ["an argument in parentheses"]
    else:
        words = sorted(SPELLINGS[kind] for kind in accepts if kind in SPELLINGS)
        if len(words) > 6:
            operators = ["an operator"] if {"_SEMI", "_PIPE"} <= accepts else []
            telling = ("`)`", "`]`", "`}`", "`=`", "`,`", "`->`")
            words = operators + [w for w in words if w[1:-1].isalpha() or w in telling][:5]
    if not words:
        return None
    return "expected " + (" or ".join([", ".join(words[:-1]), words[-1]]) if len(words) > 1 else words[0])
