"""Initial states, locations, filters and conditions: the notation for states that all tests share.

One grammar reads an item of an initial state, another one reads the final section.  Their trees are memoised by the
text that was read, because a folder of generated tests repeats a few hundred such texts again and again.  From a tree,
syntax is made for each test anew, with spans in its file.
Notation and precedence (`=>` binds tighter than /\\): herd7's lib/stateParser.mly.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import lru_cache

from litmus.diagnostics import Diagnostic, InputError, Place, Source, Span, Unsupported, near
from litmus.source.lalr.explain import parse
from litmus.source.lalr.trees import Node, Token, Tree, as_token, as_tree
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


Threads = Callable[[str], Sequence[int]]  # which threads name a symbolic register


def in_no_thread(_: str) -> tuple[int, ...]:
    """C has no symbolic registers."""
    return ()


# ---------------------------------------------------------------- the initial state


def read_init(source: Source, text: str, start: int, threads: Threads = in_no_thread) -> tuple[Init, ...]:
    """The items of an initial state.  `text` is at offset `start`; blanks replace its comments.

    Raises InputError for an item that is wrong, for a location that is initialised twice, and for a symbolic register
    without a thread that is not in exactly one thread.  Raises Unsupported for values that are neither numbers nor
    addresses.
    """
    items: list[Init] = []
    first: dict[tuple[int | None, str], Init] = {}
    for piece in text.split(";"):
        item_text = piece.strip()
        if item_text:
            at = start + piece.find(item_text)
            try:
                tree = _init_tree(item_text)
            except Diagnostic as error:
                raise error.placed(source, at) from None
            item = _Reader(source, at, threads).init(tree, Span(source, at, at + len(item_text)))
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
def _init_tree(text: str) -> Tree:
    return _parsed(text, "init")


# ---------------------------------------------------------------- the final section

Final = tuple[tuple[Observed, ...], Prop | None, Condition]


def read_final(source: Source, text: str, start: int, threads: Threads = in_no_thread) -> Final:
    """The locations, the filter and the condition of a final section, which is at offset `start`.

    Raises InputError if the text is no final section, and for a symbolic register without a thread that is not in
    exactly one thread.  Raises Unsupported for propositions that are not about values.
    """
    try:
        tree = _final_tree(text)
    except Diagnostic as error:
        raise error.placed(source, start) from None
    return _Reader(source, start, threads).final(tree)


@lru_cache(maxsize=4096)
def _final_tree(text: str) -> Tree:
    return _parsed(text, "final")


# ---------------------------------------------------------------- from trees to syntax

_QUANTIFIERS: dict[str, Quantifier] = {
    "exists": "exists",
    "not_exists": "~exists",
    "forall": "forall",
    "any_of": "exists",
}
_VALUES = ("number", "address", "cell_address")
_CELLS = 1 << 16  # the largest array; each of its cells is a location of its own


class _Reader:
    """Makes the syntax of a text from its tree.  The text is at offset `at` of `source`."""

    __slots__ = ("at", "source", "threads")

    def __init__(self, source: Source, at: int, threads: Threads) -> None:
        self.source = source
        self.at = at
        self.threads = threads

    def span(self, node: Tree | Token) -> Span:
        return Span(self.source, self.at + node.start_pos, self.at + node.end_pos)

    # ------------------------------------------------------------ the initial state

    def init(self, tree: Tree, span: Span) -> Init:
        """An item of the initial state."""
        children = tree.children
        kind: str | None
        values: tuple[InitValue, ...] | None = None
        size: int | None = None
        given: Node = None
        match tree.data:
            case "init_place":
                _, words, place, given = children
                kind, location = _words(words), self.location(as_tree(place))
            case "init_named":
                _, words, given = children
                kind, location = self.type_and_name(as_tree(words))
            case "init_pointer":
                words, *_, place, given = children
                kind, location = _words(words), self.location(as_tree(place))
            case _:
                words, length, *cells = children
                kind, location = self.type_and_name(as_tree(words))
                size = self.number(as_token(length))
                where = self.span(as_token(length))
                if size < 1:
                    raise InputError(f"{location.name} must have at least one cell", where)
                if size > _CELLS:
                    raise Unsupported(f"{location.name} has more than {_CELLS} cells", where)
                if cells != [None]:
                    values = tuple([self.value(as_tree(cell)) for cell in cells])
                    if len(values) != size:
                        message = f"{location.name} has {size} cells and {len(values)} initial values"
                        raise InputError(message, where)
        if given is not None:
            values = (self.value(as_tree(given)),)
        return Init(location, values, span, kind, tree.data == "init_pointer", size)

    def type_and_name(self, words: Tree) -> tuple[str | None, Location]:
        *kind, name = map(as_token, words.children)
        return " ".join(kind) or None, Global(str(name), None, self.span(name))

    # ------------------------------------------------------------ the final section

    def final(self, tree: Tree) -> Final:
        """A final section."""
        *sections, question, _ = tree.children
        locations: list[Observed] = []
        constraints: list[Prop] = []
        for section in map(as_tree, sections):
            if section.data == "filter":
                constraints.append(self.prop(section.children[0]))
            else:
                locations += [self.observed(as_tree(item)) for item in section.children if item is not None]
        condition = Condition("forall", Bool(True), None)
        if question is not None:
            condition = self.condition(as_tree(question))
        return tuple(locations), joined(And, constraints) if constraints else None, condition

    def condition(self, tree: Tree) -> Condition:
        span = self.span(tree)
        quantifier = _QUANTIFIERS[tree.data]
        if tree.data != "any_of":
            asked = [c for c in tree.children if isinstance(c, Tree) or (isinstance(c, Token) and c.type in _SHORTHAND)]
            return Condition(quantifier, self.prop(asked[0]), span)
        trees = [child for child in tree.children if isinstance(child, Tree)]
        # `observed a=1; b=0; and c=1;` is a disjunction of conjunctions
        observations = [
            joined(And, [self.prop(atom) for atom in observation.children if atom is not None] or [Bool(True)])
            for observation in trees
        ]
        return Condition(quantifier, joined(Or, observations), span)

    def observed(self, tree: Tree) -> Observed:
        location, *words, star = tree.children
        kind = " ".join([str(word) for word in words if word is not None]) + ("*" if star is not None else "")
        return Observed(self.location(as_tree(location)), self.span(tree), kind or None)

    def prop(self, node: Node) -> Prop:
        """A proposition."""
        if isinstance(node, Token):
            return self.common(node)
        tree = as_tree(node)
        children = tree.children
        match tree.data:
            case "true" | "false":
                return Bool(tree.data == "true")
            case "or_":
                return joined(Or, [self.prop(child) for child in children])
            case "and_":
                return joined(And, [self.prop(child) for child in children])
            case "implies":
                return Implies(self.prop(children[0]), self.prop(children[1]))
            case "not_":
                return Not(self.prop(children[-1]))
            case _:
                return self.atom(tree)

    def common(self, text: Token) -> Atom:
        """A plain atom: `0:r1=1`, `x=1`, `[x]=1`."""
        span = self.span(text)
        left, _, right = text.partition("=")
        name = left.rstrip()
        at = Span(self.source, span.start, span.start + len(name))
        thread, colon, register = name.partition(":")
        location: Location
        if colon:
            location = Register(int(thread) if thread.isdigit() else thread_of(thread, at), register, at)
        else:
            location = Global(name.strip("[]"), None, at)
        number = right.lstrip()
        value = Span(self.source, span.end - len(number), span.end)
        return Atom(location, Number(integer(number, value), value), span)

    def atom(self, tree: Tree) -> Prop:
        left, *values = map(as_tree, tree.children)
        location = self.location(left)
        atom: Prop
        if tree.data in ("equal_array", "different_array"):
            if not isinstance(location, Global) or location.index is not None:
                raise InputError("only a whole array can be compared with {...}", location.span)
            atom = ArrayAtom(location, tuple([self.value(value) for value in values]), self.span(tree))
        else:
            (right,) = values
            other = self.value(right) if right.data in _VALUES else self.location(right)
            atom = Atom(location, other, self.span(tree))
        return Not(atom) if tree.data.startswith("different") else atom

    # ------------------------------------------------------------ locations and values

    def location(self, tree: Tree) -> Location:
        """A register, a variable, or a cell of one."""
        children = tree.children
        span = self.span(tree)
        match tree.data:
            case "register":
                thread = as_token(children[0])
                number = int(thread) if thread.isdigit() else thread_of(thread, self.span(thread))
                return Register(number, str(children[1]), span)
            case "symbolic":
                return self.symbolic(str(children[0]), span)
            case "cell":
                return Global(str(children[0]), self.number(as_token(children[1])), span)
            case "starred":
                inner = children[1]
                return self.location(inner) if isinstance(inner, Tree) else Global(str(inner), None, span)
            case _:
                return Global(str(children[0]), None, span)

    def symbolic(self, name: str, span: Span) -> Register:
        """A symbolic register without a thread: `%x0` is the register of the only thread that names it."""
        threads = self.threads(name)
        if len(threads) != 1:
            several = " and ".join(f"P{t}" for t in threads)
            message = f"the symbolic register {name} is " + (f"in {several}" if threads else "in no process")
            raise InputError(message, span, f"write {threads[0]}:{name}" if threads else None)
        return Register(threads[0], name, span)

    def value(self, tree: Tree) -> InitValue:
        """A number or an address."""
        span = self.span(tree)
        if tree.data == "number":
            return Number(integer(as_token(tree.children[0]), span), span)
        if tree.data == "code_address":
            process, label = tree.children
            return AddressOf(f"{process}:{label}", None, span)
        _, name, *index = tree.children
        if name == "NULL":
            return Number(0, span)
        return AddressOf(str(name), self.number(as_token(index[0])) if index else None, span)

    def number(self, token: Token) -> int:
        return integer(token, self.span(token))


def _words(node: Node) -> str | None:
    return None if node is None else " ".join([str(word) for word in as_tree(node).children])


def joined(operator: Callable[[Prop, Prop], Prop], props: Sequence[Prop]) -> Prop:
    """The propositions under one operator, as a balanced tree, because a condition may have hundreds of disjuncts."""
    if len(props) == 1:
        return props[0]
    half = len(props) // 2
    return operator(joined(operator, props[:half]), joined(operator, props[half:]))


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
    if text.isdigit():
        return int(text)
    text = text.replace("_", "")
    try:
        return int(text, 10) if text.lstrip("-").isdigit() else int(text, 0)
    except ValueError:
        raise InputError(f"{text} is no number", span) from None


# ---------------------------------------------------------------- syntax errors


def misspelt(source: Source, start: int, end: int) -> InputError | None:
    """The error for text after a program, if its first word is almost a word that begins the final section."""
    word = re.match(r"\w+", source.text[start:end])
    hint = near(word[0], _FINAL_WORDS) if word else None
    if word is None or hint is None:
        return None
    return InputError(f"unexpected {word[0]}", Span(source, start, start + len(word[0])), hint)


def _parsed(text: str, start: str) -> Tree:
    """The tree of a text.  Raises InputError and Unsupported, with a Place in the text."""
    try:
        if start == "init":
            return parse(_INIT, text, "initial state", _IN_INIT, start, _PHRASES)
        return parse(_FINAL, text, "condition", _KEYWORDS, start, _PHRASES, _SHORTHAND)
    except InputError as error:
        at = error.place.start if error.place is not None else 0
        for pattern, message in _OUTSIDE:
            for match in re.finditer(pattern, text):
                if match.start() <= at <= match.end():
                    raise Unsupported(message, Place(*match.span())) from None
        raise
