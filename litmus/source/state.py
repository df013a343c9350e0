"""Initial states, locations, filters and conditions: the notation for states that all tests share.

One Lark grammar reads an item of an initial state, another one reads the final section.  What they read is memoised by
its text, with spans that count from the beginning of that text, and is then moved to its place in the file.  This is
worth it: a folder of generated tests repeats a few hundred such texts again and again.
Notation and precedence (`=>` binds tighter than /\\): herd7's lib/stateParser.mly.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import NoReturn

from litmus.diagnostics import Diagnostic, InputError, Source, Span, Unsupported, near
from litmus.source.lalr.explain import parse
from litmus.source.lalr.trees import MAXIMUM_NESTING, Node, Token, Tree, as_token, as_tree, too_deep
from litmus.source.moving import moved_init, moved_observed, moved_prop
from litmus.source.syntax import (
    AddressOf,
    And,
    ArrayAtom,
    Atom,
    Bool,
    Condition,
    Global,
    Implies,
    Init,
    InitValue,
    Location,
    Not,
    Number,
    Observed,
    Or,
    Prop,
    Quantifier,
    Register,
)

_SHARED = r"""
register: (NUMBER | PROCESS) ":" (NAME | DOLLAR | SYMBOLIC)      -> register
    | SYMBOLIC                                                   -> symbolic
value: NUMBER                                                    -> number
    | [AMPERSAND] NAME                                           -> address
    | [AMPERSAND] NAME "[" NUMBER "]"                            -> cell_address
STAR: "*"
AMPERSAND: "&"
NUMBER: /-?(0[xX][0-9a-fA-F_]+|0[bB][01_]+|[0-9]+)/
PROCESS.2: /P[0-9]+(?=[ \t]*:)/
NAME: /[A-Za-z_][A-Za-z0-9_.]*/
DOLLAR: /\$\w+/
SYMBOLIC: /%[A-Za-z_]\w*/
%ignore /[ \t\r\n\f]+/
"""
_INIT = (
    r"""
init: [ATOMIC] words ["=" init_value]                            -> init_named
    | [ATOMIC] [words] place ["=" init_value]                    -> init_place
    | [words] STAR+ pointed ["=" init_value]                     -> init_pointer
    | words "[" NUMBER "]" ["=" "{" value ("," value)* "}"]      -> init_array
words: NAME+
?place: register | "[" NAME "]"                                   -> bracketed
?pointed: place | NAME                                           -> named
?init_value: value | _ATOMIC_INIT "(" value ")"
    | PROCESS ":" NAME                                           -> code_address
ATOMIC.2: /_Atomic\b/
_ATOMIC_INIT.2: /ATOMIC_INIT\b/
"""
    + _SHARED
)
_FINAL = (
    r"""
final: section* [question] [kinds]
?section: _LOCATIONS "[" (observed ";")* [observed] "]"         -> locations
    | _FILTER prop                                              -> filter
observed: location [NAME+] [STAR]
question: EXISTS prop [";"]                                      -> exists
    | TILDE EXISTS prop [";"]                                    -> not_exists
    | FORALL prop [";"]                                          -> forall
    | FINAL prop [";"]                                           -> exists
    | OBSERVED observation (_AND observation)*                  -> any_of
observation: (_observed_atom ";")* [_observed_atom]
_observed_atom: COMMON | atom
kinds: _WITH kind (";" kind)* [";"]
kind: NAME ":" (EXISTS | TILDE EXISTS | FORALL)

?prop: conjunction | conjunction ("\\/" conjunction)+           -> or_
?conjunction: implication | implication ("/\\" implication)+    -> and_
?implication: negation | negation "=>" implication               -> implies
?negation: primary | (TILDE | NOT) negation                    -> not_
?primary: "(" prop ")" | COMMON | atom | TRUE -> true | FALSE    -> false
atom: location ("=" | "==") right                                -> equal
    | location ("!=" | "<>") right                               -> different
    | location ("=" | "==") "{" value ("," value)* "}"           -> equal_array
    | location ("!=" | "<>") "{" value ("," value)* "}"          -> different_array
?right: value | register | "[" NAME "]"                          -> bracketed
    | STAR register                                              -> starred
    | STAR NAME                                                  -> starred

?location: NAME                                                  -> named
    | "[" NAME "]"                                               -> bracketed
    | NAME "[" NUMBER "]"                                        -> cell
    | STAR NAME                                                  -> starred
    | STAR register                                              -> starred
    | register
_LOCATIONS.2: /locations\b/
_FILTER.2: /filter\b/
EXISTS.2: /exists\b/
FORALL.2: /forall\b/
FINAL.2: /final\b/
OBSERVED.2: /[Oo]bserved\b/
_AND.2: /and\b/
_WITH.2: /with\b/
NOT.2: /not\b/
TRUE.2: /true\b/
FALSE.2: /false\b/
// Most atoms are one token: a condition of a hundred atoms is read several times as fast.
COMMON.3: /(?:P?[0-9]+:[A-Za-z]\w*|[A-Za-z_]\w*|\[[A-Za-z_]\w*\])[ ]*=[ ]*-?[0-9]+(?![\w:])/
TILDE: "~"
"""
    + _SHARED
)

_SHORTHAND = frozenset({"COMMON"})  # tokens that abbreviate others
_KEYWORDS = {f"_{word.upper()}": word for word in ("ATOMIC_INIT", "with", "and", "filter", "locations")}
_KEYWORDS["ATOMIC"] = "_Atomic"
_IN_INIT = {**_KEYWORDS, "$END": ";"}  # a `;` follows an item
_VALUE = frozenset({"NUMBER", "AMPERSAND", "NAME"})
_PLACE = frozenset({"NUMBER", "NAME", "LSQB", "STAR", "PROCESS", "SYMBOLIC"})
_PHRASES = (
    ("a proposition like 0:r1=1 or x=2", _PLACE | {"TRUE", "FALSE", "NOT", "TILDE", "LPAR"}),
    ("a value or a location", _PLACE | _VALUE | {"LBRACE"}),
    ("a value", _VALUE | {"PROCESS"}),
    ("a value", _VALUE),
    ("a location", _PLACE),
)

# The words that begin the final section of a test, the section after its program.
_FINAL_WORDS = ("exists", "forall", "locations", "filter", "final", "BUG_ON")

# Notations of herd7 that are not supported.  They are looked for where the grammar stops, to give a better message.
_OUTSIDE = (
    (r"\b[Ff]ault\s*\(", "fault(...) is not supported"),
    (r"\binstr\s*:", "instructions as values (instr:) are not supported"),
    (r"\blabel\s*:", "labels as values (label:) are not supported"),
    (r"=\s*\(?P?\d+\s*:\s*[A-Za-z]\w*", "labels as values are not supported"),
    (r"\b(?:PTE|PA|TTD)\s*\(", "page table entries (PTE, PA) are not supported"),
    (r"\(\s*(?:oa|valid|af|db|dbm|el0|attrs)\s*:", "page table entries are not supported"),
    (r"0x[0-9a-fA-F]+\s*:\s*\w+|:\s*[01]\b", "capabilities are not supported"),
    (r"\btag\s*\(|[A-Za-z_]\w*\s*:\s*[a-z]+\b|=\s*:\s*[a-z]+", "memory tags are not supported"),
    (r"\bpac\w*\s*\(", "pointer authentication codes are not supported"),
    (r"\b(?:scopes|regions|levels)\s*:", "scopes, regions and levels are not supported"),
    (r"\bcases\b", "cases is not supported"),
)


# ---------------------------------------------------------------- the initial state


def read_init(source: Source, text: str, start: int) -> tuple[Init, ...]:
    """The items of an initial state.  `text` is at offset `start`; blanks replace its comments.

    Raises InputError for an item that is wrong and for a location that is initialised twice.  Raises Unsupported
    for values that are neither numbers nor addresses.
    """
    items: list[Init] = []
    first: dict[tuple[int | None, str], Init] = {}
    for piece in text.split(";"):
        item_text = piece.strip()
        if item_text:
            at = start + piece.find(item_text)
            try:
                item = moved_init(_init_item(item_text), source, at)
            except Diagnostic as error:
                raise_at(error, source, at)
            where = item.location
            key = (where.thread if isinstance(where, Register) else None, where.name)
            if key in first:
                line = source.position(first[key].span.start)[0]
                message = f"{where.span.text} is initialised more than once"
                raise InputError(message, where.span, f"it is in line {line} already")
            first[key] = item
            items.append(item)
        start += len(piece) + 1
    return tuple(items)


@lru_cache(maxsize=4096)
def _init_item(text: str) -> Init:
    """One item, with spans in a source that holds only this text."""
    source = Source("", text)
    tree = _parsed(source, "init")
    children = tree.children
    kind: str | None
    values: tuple[InitValue, ...] | None = None
    size: int | None = None
    given: Node = None
    match tree.data:
        case "init_named":
            _, words, given = children
            kind, location = _type_and_name(source, as_tree(words))
        case "init_place":
            _, words, place, given = children
            kind, location = _words(words), _location(source, as_tree(place))
        case "init_pointer":
            words, *_, place, given = children
            kind, location = _words(words), _location(source, as_tree(place))
        case _:
            words, length, *cells = children
            kind, location = _type_and_name(source, as_tree(words))
            size = _number(source, as_token(length))
            if size < 1:
                raise InputError(f"{location.name} must have at least one cell", _span(source, as_token(length)))
            if size > _CELLS:
                raise Unsupported(f"{location.name} has more than {_CELLS} cells", _span(source, as_token(length)))
            if cells != [None]:
                values = tuple([_value(source, as_tree(cell)) for cell in cells])
                if len(values) != size:
                    message = f"{location.name} has {size} cells and {len(values)} initial values"
                    raise InputError(message, _span(source, as_token(length)))
    if given is not None:
        values = (_value(source, as_tree(given)),)
    return Init(location, values, Span(source, 0, len(text)), kind, tree.data == "init_pointer", size)


def _words(node: Node) -> str | None:
    return None if node is None else " ".join([str(word) for word in as_tree(node).children])


def _type_and_name(source: Source, words: Tree) -> tuple[str | None, Location]:
    *kind, name = map(as_token, words.children)
    return " ".join(kind) or None, Global(str(name), None, _span(source, name))


# ---------------------------------------------------------------- the final section

Final = tuple[tuple[Observed, ...], Prop | None, Condition]


def read_final(source: Source, text: str, start: int) -> Final:
    """The locations, the filter and the condition of a final section, which is at offset `start`.

    Raises InputError if the text is no final section, Unsupported for propositions that are not about values.
    """
    try:
        locations, constraint, condition = _final_section(text)
        span = condition.span
        return (
            tuple([moved_observed(observed, source, start) for observed in locations]),
            None if constraint is None else moved_prop(constraint, source, start),
            Condition(
                condition.quantifier,
                moved_prop(condition.prop, source, start),
                None if span is None else Span(source, start + span.start, start + span.end),
            ),
        )
    except Diagnostic as error:
        raise_at(error, source, start)


@lru_cache(maxsize=4096)
def _final_section(text: str) -> Final:
    source = Source("", text)
    tree = _parsed(source, "final")
    deep = too_deep(tree)
    if deep is not None:
        raise Unsupported(
            "this condition is nested too deeply", _span(source, deep), f"it may have {MAXIMUM_NESTING} levels"
        )
    *sections, question, _ = tree.children
    locations: list[Observed] = []
    constraints: list[Prop] = []
    for section in map(as_tree, sections):
        if section.data == "filter":
            constraints.append(_prop(source, section.children[0]))
        else:
            locations += [_observed(source, as_tree(item)) for item in section.children if item is not None]
    condition = Condition("forall", Bool(True), None)
    if question is not None:
        condition = _condition(source, as_tree(question))
    return tuple(locations), _joined(And, constraints) if constraints else None, condition


_QUANTIFIERS: dict[str, Quantifier] = {
    "exists": "exists",
    "not_exists": "~exists",
    "forall": "forall",
    "any_of": "exists",
}


def _condition(source: Source, tree: Tree) -> Condition:
    span = _span(source, tree)
    quantifier = _QUANTIFIERS[tree.data]
    if tree.data != "any_of":
        asked = [c for c in tree.children if isinstance(c, Tree) or (isinstance(c, Token) and c.type in _SHORTHAND)]
        return Condition(quantifier, _prop(source, asked[0]), span)
    trees = [child for child in tree.children if isinstance(child, Tree)]
    # `observed a=1; b=0; and c=1;` is a disjunction of conjunctions
    observations = [
        _joined(And, [_prop(source, atom) for atom in observation.children if atom is not None] or [Bool(True)])
        for observation in trees
    ]
    return Condition(quantifier, _joined(Or, observations), span)


def _observed(source: Source, tree: Tree) -> Observed:
    location, *words, star = tree.children
    kind = " ".join([str(word) for word in words if word is not None]) + ("*" if star is not None else "")
    return Observed(_location(source, as_tree(location)), _span(source, tree), kind or None)


def _prop(source: Source, node: Node) -> Prop:
    if isinstance(node, Token):
        return _common(source, node)
    tree = as_tree(node)
    children = tree.children
    match tree.data:
        case "true" | "false":
            return Bool(tree.data == "true")
        case "or_":
            return _joined(Or, [_prop(source, child) for child in children])
        case "and_":
            return _joined(And, [_prop(source, child) for child in children])
        case "implies":
            return Implies(_prop(source, children[0]), _prop(source, children[1]))
        case "not_":
            return Not(_prop(source, children[-1]))
        case _:
            return _atom(source, tree)


def _joined(operator: Callable[[Prop, Prop], Prop], props: Sequence[Prop]) -> Prop:
    """The propositions under one operator, as a balanced tree, because a condition may have hundreds of disjuncts."""
    if len(props) == 1:
        return props[0]
    half = len(props) // 2
    return operator(_joined(operator, props[:half]), _joined(operator, props[half:]))


def _common(source: Source, text: Token) -> Atom:
    """A plain atom: `0:r1=1`, `x=1`, `[x]=1`."""
    start, end = text.start_pos, text.end_pos
    left, _, right = text.partition("=")
    name = left.rstrip()
    span = Span(source, start, start + len(name))
    thread, colon, register = name.partition(":")
    location: Location = (
        Register(thread_of(thread, span), register, span) if colon else Global(name.strip("[]"), None, span)
    )
    number = right.lstrip()
    value = Span(source, end - len(number), end)
    return Atom(location, Number(integer(number, value), value), Span(source, start, end))


def _atom(source: Source, tree: Tree) -> Prop:
    left, *values = map(as_tree, tree.children)
    location = _location(source, left)
    atom: Prop
    if tree.data in ("equal_array", "different_array"):
        if not isinstance(location, Global) or location.index is not None:
            raise InputError("only a whole array can be compared with {...}", location.span)
        atom = ArrayAtom(location, tuple([_value(source, value) for value in values]), _span(source, tree))
    else:
        (right,) = values
        other = _value(source, right) if right.data in _VALUES else _location(source, right)
        atom = Atom(location, other, _span(source, tree))
    return Not(atom) if tree.data.startswith("different") else atom


# ---------------------------------------------------------------- locations and values

_VALUES = ("number", "address", "cell_address")
_CELLS = 1 << 16  # the largest array; each of its cells is a location of its own
UNPLACED = -1  # the thread of a symbolic register that is written without its thread


def _location(source: Source, tree: Tree) -> Location:
    children = tree.children
    span = _span(source, tree)
    match tree.data:
        case "named" | "bracketed":
            return Global(str(children[0]), None, span)
        case "cell":
            return Global(str(children[0]), _number(source, as_token(children[1])), span)
        case "starred":
            inner = children[1]
            return _location(source, inner) if isinstance(inner, Tree) else Global(str(inner), None, span)
        case "symbolic":
            return Register(UNPLACED, str(children[0]), span)
        case _:
            thread, name = map(as_token, children)
            return Register(thread_of(thread, _span(source, thread)), str(name), span)


def _value(source: Source, tree: Tree) -> InitValue:
    span = _span(source, tree)
    if tree.data == "number":
        return Number(integer(as_token(tree.children[0]), span), span)
    if tree.data == "code_address":
        process, label = tree.children
        return AddressOf(f"{process}:{label}", None, span)
    _, name, *index = tree.children
    if name == "NULL":
        return Number(0, span)
    return AddressOf(str(name), _number(source, as_token(index[0])) if index else None, span)


def _number(source: Source, token: Token) -> int:
    return integer(token, _span(source, token))


def thread_of(text: str, span: Span) -> int:
    """The number of a thread: `1`, `P1`, or `0x1`, which herd reads too.  Raises InputError for a negative number."""
    number = integer(text.removeprefix("P"), span)
    if number < 0:
        raise InputError(f"{text} is no thread", span, "threads are counted from 0: write 0 or P0")
    return number


def integer(text: str, span: Span) -> int:
    """The value of a decimal, hexadecimal or binary literal; leading zeros do not make it octal.

    Raises InputError for `0x_`, which has no digits.
    """
    text = text.replace("_", "")
    try:
        return int(text, 10) if text.lstrip("-").isdigit() else int(text, 0)
    except ValueError:
        raise InputError(f"{text} is no number", span) from None


def _span(source: Source, node: Tree | Token) -> Span:
    return Span(source, node.start_pos, node.end_pos)


# ---------------------------------------------------------------- syntax errors


def misspelt(source: Source, start: int, end: int) -> InputError | None:
    """The error for text after a program, if its first word is almost a word that begins the final section."""
    word = re.match(r"\w+", source.text[start:end])
    hint = near(word[0], _FINAL_WORDS) if word else None
    if word is None or hint is None:
        return None
    return InputError(f"unexpected {word[0]}", Span(source, start, start + len(word[0])), hint)


def raise_at(error: Diagnostic, source: Source, at: int) -> NoReturn:
    """Raise the error of a fragment with the span of the place in the file; the fragment is at offset `at`."""
    span = error.span
    moved = None if span is None else Span(source, at + span.start, at + span.end)
    raise type(error)(error.message, moved, error.hint) from None


def _parsed(source: Source, start: str) -> Tree:
    try:
        if start == "init":
            return parse(_INIT, source, "initial state", _IN_INIT, start, _PHRASES)
        return parse(_FINAL, source, "condition", _KEYWORDS, start, _PHRASES, _SHORTHAND)
    except InputError as error:
        at = error.span.start if error.span is not None else 0
        for pattern, message in _OUTSIDE:
            for match in re.finditer(pattern, source.text):
                if match.start() <= at <= match.end():
                    raise Unsupported(message, Span(source, match.start(), match.end())) from None
        raise
