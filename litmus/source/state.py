"""Initial states, locations, filters and conditions: the notation for states that all tests share.

One Lark grammar reads the items of an initial state and the final section.  Both are memoised by
their text, with spans counted from its beginning, and moved to where the text stands in the file:
a folder of generated tests spells a few hundred of them again and again.
Notation and precedence (`=>` binds tighter than /\\): herd7's lib/stateParser.mly.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, NoReturn

from litmus.diagnostics import Diagnostic, InputError, Source, Span, Unsupported
from litmus.source.grammar import parser
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

if TYPE_CHECKING:
    from lark import Token, Tree

    Node = Tree[Token]

_GRAMMAR = r"""
init: [ATOMIC] words ["=" init_value]                            -> init_named
    | [ATOMIC] [words] place ["=" init_value]                    -> init_place
    | [words] STAR+ pointed ["=" init_value]                     -> init_pointer
    | words "[" NUMBER "]" ["=" "{" value ("," value)* "}"]      -> init_array
words: NAME+
?place: register | "[" NAME "]"                                   -> bracketed
?pointed: place | NAME                                           -> named
?init_value: value | "ATOMIC_INIT" "(" value ")"

final: section* [question] [kinds]
?section: "locations" "[" (observed ";")* [observed] "]"         -> locations
    | "filter" prop                                              -> filter
observed: location [NAME+] [STAR]
question: EXISTS prop [";"]                                      -> exists
    | TILDE EXISTS prop [";"]                                    -> not_exists
    | FORALL prop [";"]                                          -> forall
    | FINAL prop [";"]                                           -> exists
    | OBSERVED observation ("and" observation)*                  -> any_of
observation: (atom ";")* [atom]
kinds: "with" kind (";" kind)* [";"]
kind: NAME ":" (EXISTS | TILDE EXISTS | FORALL)

?prop: conjunction | prop "\\/" conjunction                      -> or_
?conjunction: implication | conjunction "/\\" implication        -> and_
?implication: negation | negation "=>" implication               -> implies
?negation: primary | (TILDE | "not") negation                    -> not_
?primary: "(" prop ")" | atom | "true" -> true | "false"         -> false
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
register: (NUMBER | PROCESS) ":" (NAME | DOLLAR | SYMBOLIC)      -> register
    | SYMBOLIC                                                   -> symbolic
value: NUMBER                                                    -> number
    | [AMPERSAND] NAME                                           -> address
    | [AMPERSAND] NAME "[" NUMBER "]"                            -> cell_address

ATOMIC: "_Atomic"
EXISTS: "exists"
FORALL: "forall"
FINAL: "final"
OBSERVED: /[Oo]bserved\b/
TILDE: "~"
STAR: "*"
AMPERSAND: "&"
NUMBER: /-?(0[xX][0-9a-fA-F_]+|0[bB][01_]+|[0-9]+)/
PROCESS.2: /P[0-9]+(?=[ \t]*:)/
NAME: /[A-Za-z_][A-Za-z0-9_.]*/
DOLLAR: /\$\w+/
SYMBOLIC: /%[A-Za-z_]\w*/
%ignore /[ \t\r\n\f]+/
"""

# What the grammar's terminals are called in messages; those not named here stand for themselves.
_HUMAN = {
    "NUMBER": "a number",
    "NAME": "a name",
    "PROCESS": "a process",
    "DOLLAR": "a register",
    "SYMBOLIC": "a symbolic register",
    "EXISTS": "exists",
    "FORALL": "forall",
    "FINAL": "final",
    "OBSERVED": "observed",
    "TILDE": "~",
    "STAR": "*",
    "AMPERSAND": "&",
    "ATOMIC": "_Atomic",
    "LSQB": "[",
    "RSQB": "]",
    "LPAR": "(",
    "RPAR": ")",
    "LBRACE": "{",
    "RBRACE": "}",
    "EQUAL": "=",
    "SEMICOLON": ";",
    "COLON": ":",
    "COMMA": ",",
    "$END": "the end",
}

# Notations of herd7 that are understood but not supported, looked for where the grammar stops.
_OUTSIDE = (
    (re.compile(r"\b[Ff]ault\s*\("), "fault(...) is not supported"),
    (re.compile(r"\binstr\s*:"), "instructions as values (instr:) are not supported"),
    (re.compile(r"\blabel\s*:"), "labels as values (label:) are not supported"),
    (re.compile(r"=\s*\(?P?\d+\s*:\s*[A-Za-z]\w*"), "labels as values are not supported"),
    (re.compile(r"\b(?:PTE|PA|TTD)\s*\("), "page table entries (PTE, PA) are not supported"),
    (re.compile(r"\(\s*(?:oa|valid|af|db|dbm|el0|attrs)\s*:"), "page table entries are not supported"),
    (re.compile(r"\btag\s*\(|[A-Za-z_]\w*\s*:\s*[a-z]+\b|=\s*:\s*[a-z]+"), "memory tags are not supported"),
    (re.compile(r"\bpac\w*\s*\("), "pointer authentication codes are not supported"),
    (re.compile(r"0x[0-9a-fA-F]+\s*:\s*\w+|:\s*[01]\b"), "capabilities are not supported"),
    (re.compile(r"\b(?:scopes|regions|levels)\s*:"), "scopes, regions and levels are not supported"),
    (re.compile(r"\bcases\b"), "cases is not supported"),
)


# ---------------------------------------------------------------- the initial state


def read_init(source: Source, text: str, start: int) -> tuple[Init, ...]:
    """The items of an initial state; `text` stands at offset `start`, its comments blanked.

    Raises InputError for an item that is none, or a location initialised twice; Unsupported for
    values that are not numbers or addresses.
    """
    items: list[Init] = []
    first: dict[tuple[object, str], Init] = {}
    for piece in text.split(";"):
        item_text = piece.strip()
        if item_text:
            at = start + piece.find(item_text)
            try:
                item = _moved_init(_init_item(item_text), source, at)
            except Diagnostic as error:
                _raise_at(error, source, at)
            where = item.location
            key = (where.thread, where.name) if isinstance(where, Register) else (None, where.name)
            if key in first:
                raise InputError(
                    f"{where.span.text} is initialised more than once",
                    where.span,
                    f"first in line {source.position(first[key].span.start)[0]}",
                )
            first[key] = item
            items.append(item)
        start += len(piece) + 1
    return tuple(items)


@lru_cache(maxsize=4096)
def _init_item(text: str) -> Init:
    """One item, with spans in a source that holds nothing else."""
    source = Source("", text)
    tree = _parsed(source, "init")
    children = tree.children
    values: tuple[InitValue, ...] | None = None
    whole = Span(source, 0, len(text))
    match tree.data:
        case "init_named":
            _, words, given = children
            kind, name = _type_and_name(words)
            location: Location = Global(str(name), None, _span(source, name))
            size, pointer = None, False
        case "init_place":
            _, words, place, given = children
            kind = " ".join(map(str, words.children)) if words is not None else None
            location, size, pointer = _location(source, place), None, False
        case "init_pointer":
            words, *_, place, given = children
            kind = " ".join(map(str, words.children)) if words is not None else None
            location, size, pointer = _location(source, place), None, True
        case _:
            words, length, *cells = children
            kind, name = _type_and_name(words)
            location = Global(str(name), None, _span(source, name))
            size, pointer, given = _number(length), False, None
            if cells != [None]:
                values = tuple(_value(source, cell) for cell in cells)
                if len(values) != size:
                    raise InputError(
                        f"{name} has {size} cells and {len(values)} initial values", _span(source, length)
                    )
            if size < 1:
                raise InputError(f"{name} must have at least one cell", _span(source, length))
    if given is not None:
        values = (_value(source, given),)
    return Init(location, values, whole, kind, pointer, size)


def _type_and_name(words: Node) -> tuple[str | None, Token]:
    *kind, name = words.children
    return " ".join(map(str, kind)) or None, name


def _moved_init(item: Init, source: Source, at: int) -> Init:
    values = item.values
    return Init(
        _moved_location(item.location, source, at),
        values and tuple([_moved_value(v, source, at) for v in values]),
        Span(source, at + item.span.start, at + item.span.end),
        item.type,
        item.pointer,
        item.array_size,
    )


# ---------------------------------------------------------------- the final section

Final = tuple[tuple[Observed, ...], Prop | None, Condition]


def read_final(source: Source, text: str, start: int) -> Final:
    """The locations, the filter and the condition of a final section that stands at offset `start`.

    Raises InputError where the text is not one, Unsupported for propositions other than on values.
    """
    try:
        locations, constraint, condition = _final_section(text)
    except Diagnostic as error:
        _raise_at(error, source, start)
    span = condition.span
    return (
        tuple([_moved_observed(o, source, start) for o in locations]),
        None if constraint is None else _moved(constraint, source, start),
        Condition(
            condition.quantifier,
            _moved(condition.prop, source, start),
            None if span is None else Span(source, start + span.start, start + span.end),
        ),
    )


@lru_cache(maxsize=4096)
def _final_section(text: str) -> Final:
    source = Source("", text)
    tree = _parsed(source, "final")
    *sections, question, _kinds = tree.children
    locations: list[Observed] = []
    constraint: Prop | None = None
    for section in sections:
        if section.data == "filter":
            prop = _prop(source, section.children[0])
            constraint = prop if constraint is None else And(constraint, prop)
        else:
            locations += [_observed(source, item) for item in section.children if item is not None]
    condition = Condition("forall", Bool(True), None) if question is None else _condition(source, question)
    return tuple(locations), constraint, condition


_QUANTIFIERS: dict[str, Quantifier] = {"exists": "exists", "not_exists": "~exists", "forall": "forall", "any_of": "exists"}


def _condition(source: Source, tree: Node) -> Condition:
    quantifier = _QUANTIFIERS[tree.data]
    span = Span(source, tree.meta.start_pos, tree.meta.end_pos)
    if tree.data != "any_of":
        prop = next(child for child in reversed(tree.children) if child is not None)
        return Condition(quantifier, _prop(source, prop), span)
    alternatives: Prop = Bool(False)
    for observation in tree.children[1:]:
        all_of: Prop = Bool(True)
        for atom in observation.children:
            if atom is not None:
                all_of = _prop(source, atom) if all_of == Bool(True) else And(all_of, _prop(source, atom))
        alternatives = all_of if alternatives == Bool(False) else Or(alternatives, all_of)
    return Condition(quantifier, alternatives, span)


def _observed(source: Source, tree: Node) -> Observed:
    location, *words, star = tree.children
    kind = " ".join(str(word) for word in words if word is not None)
    span = Span(source, tree.meta.start_pos, tree.meta.end_pos)
    return Observed(_location(source, location), span, (kind + ("*" if star is not None else "")) or None)


def _prop(source: Source, tree: Node) -> Prop:
    children = tree.children
    match tree.data:
        case "true" | "false":
            return Bool(tree.data == "true")
        case "or_":
            return Or(_prop(source, children[0]), _prop(source, children[1]))
        case "and_":
            return And(_prop(source, children[0]), _prop(source, children[1]))
        case "implies":
            return Implies(_prop(source, children[0]), _prop(source, children[1]))
        case "not_":
            return Not(_prop(source, children[-1]))
        case _:
            return _atom(source, tree)


def _atom(source: Source, tree: Node) -> Prop:
    span = Span(source, tree.meta.start_pos, tree.meta.end_pos)
    left, *values = tree.children
    location = _location(source, left)
    atom: Prop
    if tree.data in ("equal_array", "different_array"):
        if not isinstance(location, Global) or location.index is not None:
            raise InputError("only a whole array can be compared with {...}", location.span)
        atom = ArrayAtom(location, tuple(_value(source, v) for v in values), span)
    else:
        right = values[0]
        other = _value(source, right) if right.data in _VALUES else _location(source, right)
        atom = Atom(location, other, span)
    return Not(atom) if tree.data.startswith("different") else atom


# ---------------------------------------------------------------- locations and values

_VALUES = ("number", "address", "cell_address")


def _location(source: Source, tree: Node) -> Location:
    children = tree.children
    span = Span(source, tree.meta.start_pos, tree.meta.end_pos)
    match tree.data:
        case "named" | "bracketed":
            return Global(str(children[0]), None, span)
        case "cell":
            return Global(str(children[0]), _number(children[1]), span)
        case "starred":
            inner = children[1]
            return Global(str(inner), None, span) if isinstance(inner, str) else _location(source, inner)
        case "symbolic":
            raise Unsupported("a symbolic register is initialised with its process: 0:" + str(children[0]), span)
        case _:
            thread, name = children
            return Register(int(thread.lstrip("P")), str(name), span)


def _value(source: Source, tree: Node) -> InitValue:
    span = Span(source, tree.meta.start_pos, tree.meta.end_pos)
    children = tree.children
    if tree.data == "number":
        return Number(_number(children[0]), span)
    if str(children[1]) == "NULL":
        return Number(0, span)
    index = _number(children[2]) if tree.data == "cell_address" else None
    return AddressOf(str(children[1]), index, span)


def _number(token: Token) -> int:
    text = str(token).replace("_", "")
    return int(text, 10) if text.lstrip("-").isdigit() else int(text, 0)


def _span(source: Source, token: Token) -> Span:
    return Span(source, token.start_pos or 0, token.end_pos or 0)


# ---------------------------------------------------------------- moving a fragment to its place


def _moved_location(location: Location, source: Source, at: int) -> Location:
    old = location.span
    span = Span(source, at + old.start, at + old.end)
    if isinstance(location, Register):
        return Register(location.thread, location.name, span)
    return Global(location.name, location.index, span)


def _moved_value(value: InitValue, source: Source, at: int) -> InitValue:
    old = value.span
    span = Span(source, at + old.start, at + old.end)
    if isinstance(value, Number):
        return Number(value.value, span)
    return AddressOf(value.name, value.index, span)


def _moved_observed(observed: Observed, source: Source, at: int) -> Observed:
    old = observed.span
    return Observed(_moved_location(observed.location, source, at), Span(source, at + old.start, at + old.end), observed.type)


def _moved(prop: Prop, source: Source, at: int) -> Prop:
    match prop:
        case And():
            return And(_moved(prop.left, source, at), _moved(prop.right, source, at))
        case Atom():
            right = prop.right
            return Atom(
                _moved_location(prop.location, source, at),
                _moved_value(right, source, at)
                if isinstance(right, Number | AddressOf)
                else _moved_location(right, source, at),
                Span(source, at + prop.span.start, at + prop.span.end),
            )
        case Or():
            return Or(_moved(prop.left, source, at), _moved(prop.right, source, at))
        case Not():
            return Not(_moved(prop.operand, source, at))
        case Implies():
            return Implies(_moved(prop.left, source, at), _moved(prop.right, source, at))
        case ArrayAtom():
            span = Span(source, at + prop.span.start, at + prop.span.end)
            name = prop.location
            moved = Global(name.name, name.index, Span(source, at + name.span.start, at + name.span.end))
            return ArrayAtom(moved, tuple([_moved_value(v, source, at) for v in prop.values]), span)
        case Bool():
            return prop


def _raise_at(error: Diagnostic, source: Source, at: int) -> NoReturn:
    """Raise an error of a fragment again, at the fragment's place in the file."""
    span = error.span
    moved = None if span is None else Span(source, at + span.start, at + span.end)
    raise type(error)(error.message, moved, error.hint) from None


# ---------------------------------------------------------------- syntax errors


def _parsed(source: Source, start: str) -> Node:
    from lark.exceptions import UnexpectedCharacters, UnexpectedInput, UnexpectedToken

    try:
        return parser(_GRAMMAR, ("init", "final")).parse(source.text, start=start)
    except UnexpectedInput as error:
        text = source.text
        outside = _outside(source)
        if outside is not None:
            raise outside from None
        if isinstance(error, UnexpectedToken):
            at, end = error.token.start_pos or 0, error.token.end_pos or 0
            if error.token.type == "$END":
                at = len(text)
                end = at + 1
            expected = error.accepts or error.expected
        else:
            at = error.pos_in_stream or 0
            end = at + 1
            expected = error.allowed if isinstance(error, UnexpectedCharacters) else set()
        found = text[at:end]
        what = "initial state" if start == "init" else "condition"
        message = f"unexpected {found} in the {what}" if found else f"the {what} ends too early"
        raise InputError(message, Span(source, at, end), _expectation(expected, start)) from None


def _outside(source: Source) -> Unsupported | None:
    for pattern, message in _OUTSIDE:
        match = pattern.search(source.text)
        if match is not None:
            return Unsupported(message, Span(source, match.start(), match.end()))
    return None


def _expectation(expected: set[str], start: str) -> str | None:
    from lark.lexer import PatternStr

    names = {
        terminal.name: terminal.pattern.value if isinstance(terminal.pattern, PatternStr) else terminal.name
        for terminal in parser(_GRAMMAR, ("init", "final")).terminals
    }
    words = sorted({_HUMAN.get(name) or names.get(name, name) for name in expected})
    if start == "init":
        words = [";" if word == "the end" else word for word in words]
    return "expected " + " or ".join(words) if words else None
