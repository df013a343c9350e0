"""Random cat models: short texts with all operators of the language, monotone or not."""

from __future__ import annotations

import random

from litmus.cat import environment

# The names that models use more often than other names, including derived ones.
USUAL_RELATIONS = (
    "po", "rf", "co", "fr", "addr", "data", "ctrl", "loc", "int", "ext", "id", "rmw", "rfe", "coe", "po-loc",
)  # fmt: skip
USUAL_SETS = ("W", "R", "M", "F", "IW", "FW", "X", "SYNC", "_")

# Base names that no random model uses, and why.
EXCEPTED: dict[str, str] = {
    "alike": "it is refused in tests with loops when it is evaluated, which one engine may never do",
}

RELATIONS = (*USUAL_RELATIONS, *(name for name in environment.RELATIONS if name not in (*USUAL_RELATIONS, *EXCEPTED)))
SETS = (*USUAL_SETS, *(name for name in environment.SETS if name not in (*USUAL_SETS, *EXCEPTED)))
REGISTER_SETS = tuple(name for name in environment.REGISTER_SETS if name not in EXCEPTED)
REGISTER_RELATIONS = (
    *(name for name in environment.REGISTER_RELATIONS if name not in EXCEPTED),
    "same-instance",
)
DECISIONS = ("B", "BCC", "PRED")
COHERENCE = ("acyclic po-loc | rf | co | fr as coherent", "acyclic (po & loc) | co | rf | (fr \\ id) as coherent")
BACKBONES = (
    "acyclic po | rf | co | fr as sc",
    "acyclic po | rfe as causal",
    "acyclic addr | data | ctrl | rfe | co as dependent",
    "empty rmw & (fre; coe) as atomic",
    *COHERENCE,
)


class _Expressions:
    """Random expressions over some names.  variables: relations that a `let rec` is defining."""

    def __init__(
        self, random: random.Random, sets: tuple[str, ...], relations: tuple[str, ...], variables: tuple[str, ...] = ()
    ) -> None:
        self.random = random
        self.sets = sets
        self.relations = relations
        self.variables = variables

    def set(self, depth: int) -> str:
        draw = self.random.random()
        if depth == 0 or draw < 0.5:
            return self.random.choice(self.sets)
        if draw < 0.65:
            return f"(domain {self.relation(depth - 1)})"
        if draw < 0.8:
            return f"(range {self.relation(depth - 1)})"
        if draw < 0.87:
            return f"(~{self.set(depth - 1)})"
        return f"({self.set(depth - 1)} {self.random.choice('&|')} {self.set(depth - 1)})"

    def relation(self, depth: int) -> str:
        draw = self.random.random()
        if self.variables and draw < 0.2:
            return self.random.choice(self.variables)
        if depth == 0 or draw < 0.3:
            return self.random.choice(self.relations)
        left = self.relation(depth - 1)
        if draw < 0.75:
            operator = self.random.choice(("|", "|", ";", ";", "&", "\\"))
            return f"({left} {operator} {self.relation(depth - 1)})"
        if draw < 0.85:
            return f"(({left}){self.random.choice(('^-1', '+', '*', '?'))})"
        if draw < 0.9:
            return f"(~{left})"
        if draw < 0.95:
            return f"[{self.set(depth - 1)}]"
        return f"({self.set(depth - 1)} * {self.set(depth - 1)})"


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
    sets = (*SETS, *REGISTER_SETS * 2) if registers else SETS
    relations = (*RELATIONS, *REGISTER_RELATIONS * 3) if registers else RELATIONS
    lines += generator.sample(BACKBONES, generator.choice((0, 1, 1, 1, 2)))
    names: list[str] = []
    if generator.random() < 0.4:
        names = ["v", "w"][: generator.randint(1, 2)]
        expressions = _Expressions(generator, sets, relations, tuple(names))
        bodies = [f"{name} = {expressions.relation(3)}" for name in names]
        lines.append("let rec " + " and ".join(bodies))
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
