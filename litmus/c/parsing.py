"""Parsing the C dialect: the functions P0, P1, ... of a C litmus test.

The grammar reads a chain of binary operators as a flat list.  PRECEDENCE, a table of the operators (ISO C11, 6.5),
then says how to group it.  Many tests have the same functions, so each distinct text is parsed only once.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from functools import lru_cache

from litmus.c import syntax as c
from litmus.c.syntax import Expression, Statement
from litmus.diagnostics import Diagnostic, InputError, Place, Span
from litmus.source.lalr.explain import refuse_deep
from litmus.source.lalr.run import END, Unexpected, parser
from litmus.source.lalr.trees import Node, Token, Tree
from litmus.source.state import misspelt

GRAMMAR = r"""
function: QUALIFIER* (TYPE_WORD STAR*)? NAME "(" parameters ")" block
parameters: [parameter ("," parameter)*] | type -> no_parameters
parameter: type NAME ["[" [conditional] "]"] -> parameter
type: base _stars
base: QUALIFIER* (TYPE_WORD | STRUCT NAME) (TYPE_WORD | QUALIFIER)*
_stars: (STAR QUALIFIER*)*

block: "{" statement* "}"
?statement: declaration
    | expression ";" -> expression_statement
    | ";" -> empty
    | block
    | "if" "(" expression ")" statement ["else" statement] -> if_
    | "while" "(" expression ")" statement -> while_
    | "do" statement "while" "(" expression ")" ";" -> do_while
    | "for" "(" for_start [expression] ";" [expression] ")" statement -> for_
    | "switch" "(" expression ")" statement -> switch
    | "case" conditional ":" statement -> case
    | "default" ":" statement -> default
    | NAME ":" statement -> label
    | "goto" NAME ";" -> goto
    | JUMP ";" -> jump
    | "return" [expression] ";" -> return_
    | NAME "(" [assignment ("," assignment)*] ")" block -> braced
    | NAME block -> braced_alone
?for_start: declaration | expression ";" -> expression_statement | ";" -> empty
declaration: base declarator ("," declarator)* ";"
declarator: _stars NAME ["[" conditional "]"] ["=" assignment]

?expression: assignment | expression "," assignment -> comma
?assignment: conditional | unary ("=" | ASSIGN) assignment -> assign
?conditional: binary | binary "?" expression ":" conditional -> conditional
?binary: unary ((BINARY | STAR | AND | SIGN) unary)*
?unary: postfix
    | (STAR | AND | SIGN | NOT) unary -> unary
    | STEP unary -> prefix
    | "(" type ")" unary -> cast
?postfix: primary
    | postfix STEP -> suffix
    | postfix "[" expression "]" -> index
    | postfix DOT NAME -> member
?primary: NAME -> name
    | NUMBER -> number
    | CHARACTER -> character
    | NAME "(" [assignment ("," assignment)*] ")" -> call
    | "sizeof" "(" (type | expression) ")" -> sizeof
    | "(" expression ")"

QUALIFIER.3: /(?:const|volatile|_Atomic|static|inline|__inline__|__inline|extern|register|auto|restrict|__restrict
    |__rcu|__user|__percpu)\b/x
STRUCT.3: /(?:struct|union|enum)\b/
TYPE_WORD.3: /(?:int|char|long|short|signed|unsigned|void|bool|_Bool|float|double|__int128|[us](?:8|16|32|64)
    |[A-Za-z_]\w*_t)\b/x
JUMP.3: /(?:break|continue)\b/
NAME: /[A-Za-z_]\w*/
NUMBER: /(?:0[xX][0-9a-fA-F]+|0[bB][01]+|\d+)[uUlL]*(?!\w)/
CHARACTER: /'(?:\\.|[^'\\\n])'/
STEP.2: "++" | "--"
DOT.2: "->" | "."
ASSIGN.2: /(?:<<|>>|[-+*\/%&|^])=(?!=)/
BINARY.1: /<<|>>|<=|>=|==|!=|&&|\|\||[\/%<>|^]/
STAR: "*"
AND: "&"
SIGN: /[-+]/
NOT: /[!~]/
COMMENT.4: /\/\*(?:[^*]|\*(?!\/))*\*\/|\/\/[^\n]*/
%ignore COMMENT
%ignore /\s+/
"""

# ISO C11, 6.5.5 to 6.5.14; all associate to the left.
PRECEDENCE: dict[str, int] = {
    "*": 10, "/": 10, "%": 10,
    "+": 9, "-": 9,
    "<<": 8, ">>": 8,
    "<": 7, "<=": 7, ">": 7, ">=": 7,
    "==": 6, "!=": 6,
    "&": 5,
    "^": 4,
    "|": 3,
    "&&": 2,
    "||": 1,
}  # fmt: skip

ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "0": "\0", "a": "\a", "b": "\b", "f": "\f", "v": "\v"}


def read_functions(body: Span) -> tuple[c.Function, ...]:
    """The functions of a C test, in the order of their threads.

    Raises InputError at the first character that cannot belong to a function P0, P1, ...
    """
    functions: list[c.Function] = []
    for start, end in _split(body):
        text = body.source.text[start:end]
        if "{" not in text and (wrong := misspelt(body.source, start, end)):
            raise wrong
        try:
            definition = _parse_function(text)
            if definition.name != f"P{len(functions)}":
                hint = f"this is where P{len(functions)} belongs"
                raise InputError("functions must be named P0, P1, ... in order", definition.name_at, hint)
        except InputError as error:
            raise error.placed(body.source, start) from None
        functions.append(c.Function(len(functions), definition, body.source, start))
    if not functions:
        raise InputError("the test has no functions", Span(body.source, body.start, body.start + 1), "P0(int *x) {...}")
    return tuple(functions)


_MARK = re.compile(r"/\*(?:[^*]|\*(?!/))*\*/|//[^\n]*|/\*|[{}]|'(?:\\.|[^'\\\n])'")
_BLANK = re.compile(r"(?:\s|/\*(?:[^*]|\*(?!/))*\*/|//[^\n]*)*")


def _split(body: Span) -> Iterable[tuple[int, int]]:
    """Where each function begins and ends, by its braces."""
    text, end = body.source.text, body.end
    start = _behind_blanks(text, body.start, end)
    depth = opened = 0
    for mark in _MARK.finditer(text, start, end):
        match mark.group():
            case "{":
                if not depth:
                    opened = mark.start()
                depth += 1
            case "}":
                depth -= 1
                if depth <= 0:
                    yield start, mark.end()
                    start = _behind_blanks(text, mark.end(), end)
                    depth = 0
            case "/*":
                raise InputError("this comment is not closed", Span(body.source, mark.start(), mark.end()))
    if depth:
        raise InputError("this function is not closed", Span(body.source, opened, opened + 1), "a } is missing")
    if start < end:
        yield start, end


def _behind_blanks(text: str, start: int, end: int) -> int:
    """The place of what follows the spaces and comments that a part of a text begins with."""
    blanks = _BLANK.match(text, start, end)
    return start if blanks is None else blanks.end()


@lru_cache(maxsize=4096)
def _parse_function(text: str) -> c.Definition:
    return _definition(_tree(text, "function"))


def read_block(span: Span) -> c.Block:
    """The block `{ ... }` at `span`.  Places in it are offsets from the start of the span.

    Raises InputError at the first character that cannot belong to it, and Unsupported if it is nested too deeply.
    """
    try:
        tree = _tree(span.text, "block")
        refuse_deep(tree, "block")
        return _block(tree)
    except Diagnostic as error:
        raise error.placed(span.source, span.start) from None


@lru_cache(maxsize=256)
def parse_expression(text: str) -> Expression:
    """An expression of the program's own tables."""
    return _expression(_tree(text, "expression"))


def _tree(text: str, start: str) -> Tree:
    # One scanner serves all states.  With contextual scanners, Python would compile one for each state it meets: 6 ms.
    try:
        return parser(GRAMMAR, ("function", "expression", "block"), "basic").parse(text, start)
    except Unexpected as stop:
        unexpected = stop
    hint = _expected(unexpected.accepted)
    if unexpected.kind == END:
        end = len(text.rstrip())
        raise InputError("the text ends too early", Place(max(0, end - 1), end), hint)
    at = Place(unexpected.start, unexpected.end)
    raise InputError(f"unexpected '{text[at.start : at.end]}'", at, hint)


def _expected(accepted: set[str]) -> str | None:
    """A hint that says what the grammar expects.  None if it expects too many different things to list."""
    if "SEMICOLON" in accepted:
        return "is a ; missing before this?"
    spelled = {"LPAR": "(", "RPAR": ")", "LBRACE": "{", "RBRACE": "}", "COLON": ":", "NAME": "a name", "COMMA": ","}
    known = sorted(spelled[a] for a in accepted if a in spelled)
    return f"expected {' or '.join(known)}" if known and len(accepted) <= 4 else None


# ---------------------------------------------------------------- from trees to syntax


def _at(tree: Tree) -> Place:
    return Place(tree.start_pos, tree.end_pos)


def _token_at(token: Node) -> Place:
    assert isinstance(token, Token)
    return Place(token.start_pos, token.end_pos)


def _type(tree: Tree) -> c.TypeName:
    base, *stars = tree.children
    return _with_stars(base, _count_stars(stars))


def _with_stars(base: Node, pointers: int) -> c.TypeName:
    assert isinstance(base, Tree)
    words = [str(t) for t in base.children if isinstance(t, Token) and t.type != "QUALIFIER"]
    return c.TypeName(" ".join(words), pointers, _at(base))


def _count_stars(tokens: Iterable[Node]) -> int:
    return sum(isinstance(t, Token) and t.type == "STAR" for t in tokens)


def _definition(tree: Tree) -> c.Definition:
    *_, name, parameters, body = tree.children
    assert isinstance(name, Token)
    assert isinstance(parameters, Tree)
    assert isinstance(body, Tree)
    declared = []
    for child in parameters.children:
        if child is None:
            continue
        assert isinstance(child, Tree)
        if child.data == "type":  # `P0(void)`
            if _type(child).name != "void" or _type(child).pointers:
                raise InputError("this parameter has no name", _at(child))
            continue
        type_, parameter, _ = child.children
        assert isinstance(type_, Tree)
        assert isinstance(parameter, Token)
        brackets = child.end_pos != parameter.end_pos
        declared.append(c.Parameter(_type(type_), str(parameter), brackets, _at(child)))
    return c.Definition(str(name), _token_at(name), tuple(declared), _block(body))


# ------------------------------------------------ expressions


def _cast(tree: Tree) -> Expression:
    type_, operand = tree.children
    assert isinstance(type_, Tree)
    return c.Cast(_type(type_), _expression(operand), _at(tree))


def _number(tree: Tree) -> Expression:
    word = str(tree.children[0]).lower()
    digits = word.rstrip("ul")
    base = {"0x": 16, "0b": 2}.get(digits[:2], 8 if digits[0] == "0" else 10)
    try:
        value = int(digits, base)
    except ValueError:
        raise InputError(f"{digits} is not an octal number", _at(tree)) from None
    suffix = word[len(digits) :]
    if "".join(sorted(suffix)) not in ("", "l", "u", "lu", "ll", "llu") or value >= 1 << 64:
        raise InputError(f"{word} is not an integer of at most 64 bits", _at(tree))
    return c.Number(value, suffix, _at(tree))


def _character(tree: Tree) -> Expression:
    word = str(tree.children[0])[1:-1]
    if len(word) == 2 and word[1] not in ESCAPES and word[1] not in "\\'\"":
        raise InputError(f"unknown escape {word}", _at(tree))
    return c.Number(ord(word if len(word) == 1 else ESCAPES.get(word[1], word[1])), "", _at(tree))


def _binary(tree: Tree) -> Expression:
    """Fold `a op b op c ...` by PRECEDENCE, with a stack of operands and operators."""
    operands = [_expression(tree.children[0])]
    operators: list[str] = []

    def fold() -> None:
        right, left = operands.pop(), operands.pop()
        operands.append(c.Binary(operators.pop(), left, right, Place(left.at[0], right.at[1])))

    for position in range(1, len(tree.children), 2):
        operator = str(tree.children[position])
        while operators and PRECEDENCE[operators[-1]] >= PRECEDENCE[operator]:
            fold()
        operators.append(operator)
        operands.append(_expression(tree.children[position + 1]))
    while operators:
        fold()
    return operands[0]


def _assign(tree: Tree) -> Expression:
    target, *operator, value = tree.children
    word = str(operator[0])[:-1] if operator else None
    return c.Assign(_expression(target), word, _expression(value), _at(tree))


def _call(tree: Tree) -> Expression:
    name, *arguments = tree.children
    assert isinstance(name, Token)
    given = tuple(_expression(a) for a in arguments if a is not None)
    return c.Call(str(name), given, _at(tree), _token_at(name))


def _sizeof(tree: Tree) -> Expression:
    operand = tree.children[0]
    assert isinstance(operand, Tree)
    return c.SizeOf(_type(operand) if operand.data == "type" else _expression(operand), _at(tree))


_EXPRESSIONS: dict[str, Callable[[Tree], Expression]] = {
    "name": lambda t: c.Name(str(t.children[0]), _at(t)),
    "number": _number,
    "character": _character,
    "binary": _binary,
    "assign": _assign,
    "call": _call,
    "sizeof": _sizeof,
    "unary": lambda t: c.Unary(str(t.children[0]), _expression(t.children[1]), _at(t)),
    "prefix": lambda t: c.Step(_expression(t.children[1]), 1 if t.children[0] == "++" else -1, True, _at(t)),
    "suffix": lambda t: c.Step(_expression(t.children[0]), 1 if t.children[1] == "++" else -1, False, _at(t)),
    "cast": _cast,
    "index": lambda t: c.Index(_expression(t.children[0]), _expression(t.children[1]), _at(t)),
    "member": lambda t: c.Member(_expression(t.children[0]), str(t.children[2]), t.children[1] == "->", _at(t)),
    "comma": lambda t: c.Comma(_expression(t.children[0]), _expression(t.children[1]), _at(t)),
    "conditional": lambda t: c.Conditional(
        _expression(t.children[0]), _expression(t.children[1]), _expression(t.children[2]), _at(t)
    ),
}


def _expression(node: Node) -> Expression:
    assert isinstance(node, Tree)
    return _EXPRESSIONS[node.data](node)


def _optional(node: Node) -> Expression | None:
    return None if node is None else _expression(node)


# ------------------------------------------------ statements


def _declaration(tree: Tree) -> Statement:
    base, *declarators = tree.children
    assert isinstance(base, Tree)
    declared = []
    for child in declarators:
        assert isinstance(child, Tree)
        *stars, name, size, value = child.children
        declared.append(c.Declarator(str(name), _count_stars(stars), _optional(size), _optional(value), _at(child)))
    return c.Declaration(_with_stars(base, 0), tuple(declared), _at(tree))


def _block(tree: Tree) -> c.Block:
    return c.Block(tuple(map(_statement, tree.children)), _at(tree))


def _if(tree: Tree) -> Statement:
    condition, then, other = tree.children
    return c.If(_expression(condition), _statement(then), None if other is None else _statement(other), _at(tree))


def _for(tree: Tree) -> Statement:
    start, condition, step, body = tree.children
    return c.For(_statement(start), _optional(condition), _optional(step), _statement(body), _at(tree))


def _braced(tree: Tree) -> Statement:
    name, *arguments, body = tree.children
    assert isinstance(body, Tree)
    given = tuple(_expression(a) for a in arguments if a is not None)
    return c.Braced(str(name), given, _block(body), _at(tree), _token_at(name))


_STATEMENTS: dict[str, Callable[[Tree], Statement]] = {
    "declaration": _declaration,
    "expression_statement": lambda t: c.ExpressionStatement(_expression(t.children[0]), _at(t)),
    "empty": lambda t: c.Empty(_at(t)),
    "block": _block,
    "if_": _if,
    "while_": lambda t: c.While(_expression(t.children[0]), _statement(t.children[1]), _at(t)),
    "do_while": lambda t: c.DoWhile(_statement(t.children[0]), _expression(t.children[1]), _at(t)),
    "for_": _for,
    "switch": lambda t: c.Switch(_expression(t.children[0]), _statement(t.children[1]), _at(t)),
    "case": lambda t: c.Case(_expression(t.children[0]), _statement(t.children[1]), _at(t)),
    "default": lambda t: c.Case(None, _statement(t.children[0]), _at(t)),
    "label": lambda t: c.Label(str(t.children[0]), _statement(t.children[1]), _token_at(t.children[0])),
    "goto": lambda t: c.Goto(str(t.children[0]), _token_at(t.children[0])),
    "jump": lambda t: c.Jump(str(t.children[0]), _at(t)),
    "return_": lambda t: c.Return(_optional(t.children[0]), _at(t)),
    "braced": _braced,
    "braced_alone": _braced,
}


def _statement(node: Node) -> Statement:
    assert isinstance(node, Tree)
    return _STATEMENTS[node.data](node)
