"""The grammar of the cat language, for the LALR tables; litmus.cat.parsing cuts the tokens.

Operators from loose to tight: `|` (right), `++` (right), `;` (right), `\\` (left), `&` (right), then one
level that does not associate (cartesian `*`, postfix `* + ?`, prefix `~`), then `^-1`, application.
A terminal that begins with an underscore leaves no trace in the tree.
"""

from __future__ import annotations

KEYWORDS: dict[str, str] = {
    "let": "LET",
    "rec": "REC",
    "and": "_AND",
    "when": "_WHEN",
    "acyclic": "ACYCLIC",
    "irreflexive": "IRREFLEXIVE",
    "empty": "EMPTY",
    "show": "SHOW",
    "unshow": "UNSHOW",
    "subset": "SUBSET",
    "as": "_AS",
    "fun": "FUN",
    "in": "IN",
    "undefined_unless": "UNDEFINED_UNLESS",
    "flag": "FLAG",
    "assert": "ASSERT",
    "include": "INCLUDE",
    "variant": "_VARIANT",
    "begin": "_BEGIN",
    "end": "_END",
    "procedure": "PROCEDURE",
    "call": "CALL",
    "enum": "ENUM",
    "debug": "DEBUG",
    "match": "MATCH",
    "with": "_WITH",
    "forall": "FORALL",
    "from": "_FROM",
    "do": "_DO",
    "try": "TRY",
    "if": "IF",
    "then": "_THEN",
    "else": "_ELSE",
    "catdep": "CATDEP",
    "instructions": "INSTRUCTIONS",
    "default": "DEFAULT",
    "not": "NOT",
}

OPERATORS: dict[str, str] = {
    "||": "ALT",
    "++": "_PLUSPLUS",
    "->": "_ARROW",
    "&&": "_ANDAND",
    "-1": "_INVERSE",
    "0": "ZERO",
    "|": "_PIPE",
    "&": "_AMP",
    "*": "STAR",  # or CARTESIAN, by what follows
    "~": "TILDE",
    "+": "PLUS",
    "^": "_HAT",
    "\\": "_BACKSLASH",
    "?": "OPTIONAL",
    "=": "_EQ",
    ";": "_SEMI",
    ",": "_COMMA",
    "(": "_LPAR",
    ")": "_RPAR",
    "{": "_LBRACE",
    "}": "_RBRACE",
    "[": "_LSQB",
    "]": "_RSQB",
    "_": "UNDERSCORE",
}

# How an error message spells a terminal.
SPELLINGS: dict[str, str] = {
    **{kind: f"`{word}`" for word, kind in KEYWORDS.items()},
    **{kind: f"`{word}`" for word, kind in OPERATORS.items()},
    "NAME": "a name",
    "TAG": "a tag",
    "STRING": "a string",
    "$END": "the end of the file",
}

GRAMMAR = (
    "%declare NAME TAG STRING CARTESIAN "
    + " ".join(sorted({*KEYWORDS.values(), *OPERATORS.values()}))
    + r"""

start: header _top*
header: ((NAME | STRING) (NAME | STRING)?)? CATDEP?

_top: enum | _instruction
enum: ENUM NAME _EQ ALT? TAG (ALT TAG)*

_instruction: let | letrec | test | show | show_as | unshow | include | procedure | call | forall
            | with_from | match_instruction | if_variant | debug | events

let: LET bindings IN?
letrec: LET REC bindings when? IN?
when: _WHEN predicate exp name_of?
test: effect? predicate exp name_of?
effect: FLAG | UNDEFINED_UNLESS | ASSERT
predicate: TILDE? (ACYCLIC | IRREFLEXIVE | EMPTY)
name_of: _AS NAME
show: SHOW NAME (_COMMA NAME)*
show_as: SHOW _base _AS NAME
unshow: UNSHOW NAME (_COMMA NAME)*
include: INCLUDE STRING
procedure: PROCEDURE REC? NAME argument _EQ block _END
call: CALL NAME simple name_of?
forall: FORALL NAME IN exp _DO block _END
with_from: _WITH NAME _FROM exp
match_instruction: MATCH exp _WITH ALT? instruction_clause (ALT instruction_clause)* _END
instruction_clause: (TAG | UNDERSCORE) _ARROW block
if_variant: IF _variant block (_ELSE block)? _END
debug: DEBUG exp
events: (INSTRUCTIONS | DEFAULT) NAME _LSQB arguments _RSQB
block: _instruction*

bindings: _binding (_AND _binding)*
_binding: bind_value | bind_function
bind_value: pattern _EQ exp
bind_function: NAME argument _EQ exp
pattern: pattern_name | _name_pattern (_COMMA _name_pattern)+ | _LPAR _formals? _RPAR -> pattern_tuple
pattern_name: NAME | UNDERSCORE
_name_pattern: NAME | UNDERSCORE
_formals: _name_pattern (_COMMA _name_pattern)*
argument: _name_pattern | _LPAR _formals? _RPAR -> pattern_tuple

?exp: LET bindings IN exp -> let_in
    | LET REC bindings IN exp -> letrec_in
    | FUN argument _ARROW exp -> function
    | TRY exp _WITH exp -> try_with
    | IF _condition _THEN exp _ELSE exp -> if_then_else
    | MATCH exp _WITH ALT? tag_clause (ALT tag_clause)* _END -> match_tag
    | MATCH exp _WITH ALT? empty_clause ALT _element_clause _END -> match_set
    | MATCH exp _WITH ALT? _element_clause ALT empty_clause _END -> match_set
    | _base
    | _base (_COMMA _base)+ -> tuple
tag_clause: (TAG | UNDERSCORE) _ARROW exp
empty_clause: _LBRACE _RBRACE _ARROW exp
_element_clause: element_clause | split_clause
element_clause: _name_pattern _PLUSPLUS _name_pattern _ARROW exp
split_clause: _name_pattern _PIPE _name_pattern _PLUSPLUS _name_pattern _ARROW exp

_condition: equal | subset | member | _variant
equal: exp _EQ exp
subset: exp SUBSET exp
member: exp IN exp
_variant: _conjunction | any_variant
any_variant: _conjunction ALT _variant
_conjunction: _variant_atom | all_variants
all_variants: _variant_atom _ANDAND _conjunction
_variant_atom: variant | not_variant | _LPAR _variant _RPAR
variant: _VARIANT? STRING
not_variant: NOT _variant_atom

_base: union
?union: adding | adding _PIPE union -> union_of
?adding: sequence | sequence _PLUSPLUS adding -> add
?sequence: difference | difference _SEMI sequence -> sequence_of
?difference: intersection | difference _BACKSLASH intersection -> difference_of
?intersection: level | level _AMP intersection -> intersection_of
?level: closed | inverted | product | complement
product: (closed | inverted) CARTESIAN inverted
complement: TILDE (inverted | complement)
?closed: (closed | inverted) STAR -> star
       | (closed | inverted) PLUS -> plus
       | (closed | inverted) OPTIONAL -> optional
       | closed _HAT _INVERSE -> inverse
?inverted: application | inverted _HAT _INVERSE -> inverse
?application: simple | head
?head: NAME -> variable | head simple -> apply | head NAME -> apply_name
?simple: ZERO -> zero
       | TAG -> tag
       | UNDERSCORE -> universe
       | _LBRACE arguments _RBRACE -> explicit_set
       | _LPAR _RPAR -> unit
       | _LPAR exp _RPAR
       | _BEGIN exp _END
       | _LSQB exp _RSQB -> identity
arguments: (_base (_COMMA _base)*)?
"""
)
