"""Random cat models: short texts with all operators of the language, monotone or not."""

from __future__ import annotations

import random

from litmus.algebra.complete import complete
from litmus.algebra.dag import Level
from litmus.algebra.names import BASE_NAMES, BaseName
from litmus.algebra.operators import OPERATORS, RESULTS, Kind, Operator

# The names that models use more often than other names, including derived ones.
USUAL_RELATIONS = (
    "po", "rf", "co", "fr", "addr", "data", "ctrl", "loc", "int", "ext", "id", "rmw", "rfe", "coe", "po-loc",
)  # fmt: skip
USUAL_SETS = ("W", "R", "M", "F", "IW", "FW", "X", "SYNC", "_")

# Base names that no random model uses, and why.
EXCEPTED: dict[str, str] = {
    "alike": "it is refused in tests with loops when it is evaluated, which one engine may never do",
}


def _names(kind: Kind, registers: bool) -> tuple[str, ...]:
    """The base names that random models may use, of accesses or of registers and decisions."""

    def is_one(row: BaseName) -> bool:
        return row.kind is kind and row.bound and (row.level is not Level.ACCESSES) is registers

    return tuple(name for name, row in BASE_NAMES.items() if is_one(row) and name not in EXCEPTED)


RELATIONS = tuple(dict.fromkeys((*USUAL_RELATIONS, *_names(Kind.RELATION, registers=False))))
SETS = tuple(dict.fromkeys((*USUAL_SETS, *_names(Kind.SET, registers=False))))
REGISTER_SETS = _names(Kind.SET, registers=True)
REGISTER_RELATIONS = (*_names(Kind.RELATION, registers=True), "same-instance")
DECISIONS = ("B", "BCC", "PRED")
COHERENCE = ("acyclic po-loc | rf | co | fr as coherent", "acyclic (po & loc) | co | rf | (fr \\ id) as coherent")
BACKBONES = (
    "acyclic po | rf | co | fr as sc",
    "acyclic po | rfe as causal",
    "acyclic addr | data | ctrl | rfe | co as dependent",
    "empty rmw & (fre; coe) as atomic",
    *COHERENCE,
)


# How operators are written, and how often they stand in models, compared to each other.
TEXTS: dict[tuple[Operator, Kind], tuple[str, int]] = complete(
    {
        (Operator.UNION, Kind.SET): ("({} | {})", 3),
        (Operator.UNION, Kind.RELATION): ("({} | {})", 10),
        (Operator.INTERSECTION, Kind.SET): ("({} & {})", 3),
        (Operator.INTERSECTION, Kind.RELATION): ("({} & {})", 5),
        (Operator.DIFFERENCE, Kind.SET): ("({} \\ {})", 2),
        (Operator.DIFFERENCE, Kind.RELATION): ("({} \\ {})", 5),
        (Operator.COMPLEMENT, Kind.SET): ("(~{})", 2),
        (Operator.COMPLEMENT, Kind.RELATION): ("(~{})", 3),
        (Operator.SEQUENCE, Kind.RELATION): ("({} ; {})", 10),
        (Operator.INVERSE, Kind.RELATION): ("(({})^-1)", 2),
        (Operator.PLUS, Kind.RELATION): ("(({})+)", 2),
        (Operator.STAR, Kind.RELATION): ("(({})*)", 2),
        (Operator.OPTIONAL, Kind.RELATION): ("(({})?)", 2),
        (Operator.IDENTITY, Kind.RELATION): ("[{}]", 3),
        (Operator.PRODUCT, Kind.RELATION): ("({} * {})", 3),
        (Operator.DOMAIN, Kind.SET): ("(domain {})", 3),
        (Operator.RANGE, Kind.SET): ("(range {})", 3),
    },
    RESULTS,
    "random models",
)


class _Expressions:
    """Random expressions over some names.  variables: relations that a `let rec` is defining."""

    def __init__(
        self, random: random.Random, sets: tuple[str, ...], relations: tuple[str, ...], variables: tuple[str, ...] = ()
    ) -> None:
        self.random = random
        self.names = {Kind.SET: sets, Kind.RELATION: relations}
        self.variables = variables

    def set(self, depth: int) -> str:
        return self.expression(Kind.SET, depth)

    def relation(self, depth: int) -> str:
        return self.expression(Kind.RELATION, depth)

    def expression(self, kind: Kind, depth: int) -> str:
        if kind is Kind.RELATION and self.variables and self.random.random() < 0.2:
            return self.random.choice(self.variables)
        if depth == 0 or self.random.random() < (0.3 if kind is Kind.RELATION else 0.5):
            return self.random.choice(self.names[kind])
        rows = [(operator, text, weight) for (operator, result), (text, weight) in TEXTS.items() if result is kind]
        (chosen,) = self.random.choices(rows, [weight for *_, weight in rows])
        operator, text, _ = chosen
        (signature,) = (s for s in OPERATORS[operator].signatures if s.result is kind)
        return text.format(*[self.expression(argument, depth - 1) for argument in signature.arguments])


def random_difference(generator: random.Random) -> str:
    """A relation that another relation is taken away from, in one of several ways."""
    expressions = _Expressions(generator, SETS, RELATIONS)
    kept, taken = expressions.relation(1), expressions.relation(2)
    return generator.choice(
        (
            f"({kept} \\ {taken})",
            f"({kept} \\ ({kept}; {kept}))",
            f"({kept} & ~{taken})",
            f"([{expressions.set(1)} \\ domain {taken}]; {kept})",
            f"({kept}; [~range {taken}])",
        )
    )


def random_model(seed: int, registers: bool = False) -> str:
    """The text of a model: some familiar axioms, and one to three random ones.  registers: with `catdep`."""
    generator = random.Random(seed)
    lines = [f'"random {seed}"{" catdep" if registers else ""} include "cos.cat"']
    if generator.random() < 0.2:
        lines.append("enum locations = 'x || 'y\nlet at-x = loc2events('x) let at-y = loc2events('y)")
        places: tuple[str, ...] = ("at-x", "at-y", "at-x")
    else:
        places = ()
    sets = (*SETS, *places, *(REGISTER_SETS * 2 if registers else ()))
    relations = (*RELATIONS, *REGISTER_RELATIONS * 3) if registers else RELATIONS
    lines += generator.sample(BACKBONES, generator.choice((0, 1, 1, 1, 2)))
    names: list[str] = []
    if generator.random() < 0.4:
        names = ["v", "w"][: generator.randint(1, 2)]
        expressions = _Expressions(generator, sets, relations, tuple(names))
        bodies = [f"{name} = {expressions.relation(3)}" for name in names]
        lines.append("let rec " + " and ".join(bodies))
    if generator.random() < 0.1:
        options = [_Expressions(generator, sets, relations).relation(1) for _ in range(2)]
        lines.append(f"with chosen from {{{', '.join(options)}}}")
        names.append("chosen")
    expressions = _Expressions(generator, sets, relations, tuple(names))
    for number in range(generator.randint(1, 3)):
        relation = expressions.relation(3)
        predicate = generator.choice(("acyclic", "irreflexive", "irreflexive", "empty"))
        narrow = generator.choice(("co", "rf", "fr", "rmw", "data", "addr", "ctrl", "(rf ; rf^-1)", "(co ; co)"))
        if predicate == "empty":  # narrowed to few pairs, because otherwise no execution would be allowed
            relation = f"({relation} & {narrow} & {expressions.relation(1)})"
        elif generator.random() < 0.6:
            relation = f"({relation} ; ({narrow} & {expressions.relation(2)}))"
        test = f"{'~' if generator.random() < 0.1 else ''}{predicate} {relation}"
        draw = generator.random()
        if draw < 0.8:
            lines.append(f"{test} as random{number}")
        elif draw < 0.93:
            lines.append(f"flag ~{predicate} {relation} as flag{number}")
        else:
            lines.append(f"undefined_unless {test} as undefined{number}")
    return "\n".join(lines) + "\n"
