"""The primitives of the C dialect: how each is called, what it does, and what it becomes on each architecture."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from litmus.c.catalogue import CATALOGUE, LVALUE, ORDER, POINTER, Primitive, Update
from litmus.c.membarrier.call import ARGUMENTS, SYSCALLS
from litmus.c.tables import Fences, Primitives, Row, Tags

# What an update is, by its method.
_ATOMIC = "one atomic instruction"
_UPDATES = {"llsc": "load-reserve and store-conditional", "amo": _ATOMIC, "event": _ATOMIC}
_CALL_SOURCE = "kernel/sched/membarrier.c"


def lines(names: Iterable[str], tables: Sequence[Primitives]) -> Iterator[str]:
    """Text for people: a paragraph for each primitive, a line in it for each table."""
    wide = max(len(table.name) for table in tables)
    for name in names:
        yield f"{signature(name)}  {effect(name)}\n"
        for table in tables:
            row = table[CATALOGUE[name].row]
            yield f"  {table.name:{wide}}  {becomes(name, row, table)}  [{source(name, row)}{_note(row)}]\n"
            for alternative, other in _alternatives(name, table).items():
                text = becomes(name, other, table)
                note = f"  [{other.note}]" if other.note else ""
                yield f"  {'':{wide}}    {table.name}.{CATALOGUE[name].row}={alternative}: {text}{note}\n"
        yield "\n"


def objects(names: Iterable[str], tables: Sequence[Primitives]) -> Iterator[dict[str, object]]:
    """What JSON says: one object for each primitive and table."""
    for name in names:
        for table in tables:
            row = table[CATALOGUE[name].row]
            yield {
                "primitive": name,
                "call": signature(name),
                "effect": effect(name),
                "table": table.name,
                "arch": table.arch,
                "becomes": becomes(name, row, table),
                "supported": row.unsupported is None,
                "source": source(name, row),
                "note": row.note or None,
                "alternatives": {
                    alternative: {"becomes": becomes(name, other, table), "note": other.note or None}
                    for alternative, other in _alternatives(name, table).items()
                },
            }


def _note(row: Row) -> str:
    return f"; {row.note}" if row.note else ""


def _alternatives(name: str, table: Primitives) -> dict[str, Row]:
    primitive = CATALOGUE[name]
    return {} if primitive.kind == "membarrier" else dict(table.alternatives.get(primitive.row, {}))


def source(name: str, row: Row) -> str:
    """The file that says what a primitive becomes."""
    return _CALL_SOURCE if CATALOGUE[name].kind == "membarrier" else row.source


# ---------------------------------------------------------------- how it is called, and what it does


def signature(name: str) -> str:
    """How a primitive is called: `cmpxchg(x, a, b)`; what may be left out is in brackets."""
    primitive = CATALOGUE[name]
    if primitive.kind == "membarrier":
        return f"{name}({_arguments_of_call(name)})"
    values = iter("ab" if primitive.update or primitive.result else "v")
    words = {LVALUE: "*x", POINTER: "x", ORDER: "order"}
    given = [words.get(role) or next(values) for role in primitive.roles]
    needed = len(primitive.roles.rstrip(ORDER))
    left_out = "".join(f"[, {word}]" for word in given[needed:])
    return f"{name}({', '.join(given[:needed])}{left_out})"


def _arguments_of_call(name: str) -> str:
    """The longest form of a call; what its shorter ones mean is in README.md."""
    longest = max(ARGUMENTS[name])
    words = [SYSCALLS[0]] * (name == "syscall") + ["cmd", "flags", "cpu_id"]
    return ", ".join(words[:longest])


def effect(name: str) -> str:
    """What a primitive does, whatever the architecture."""
    primitive = CATALOGUE[name]
    match primitive.kind:
        case "fence":
            return "a fence"
        case "load":
            return (
                "reads *x"
                if primitive.result is None
                else f"reads *x; returns {primitive.result}, old being what it read"
            )
        case "store":
            return f"writes *x = {'v' if primitive.value is None else primitive.value}"
        case "object":
            return "*x, read or assigned with one volatile access"
        case "update":
            assert primitive.update is not None
            return _update(primitive.update)
        case "membarrier":
            if not max(ARGUMENTS[name]):
                return "membarrier(2), to every other thread"
            fails = "-1 and sets errno" if name == "syscall" else "-EINVAL or -EPERM"
            return f"membarrier(2); where it fails it returns {fails}"
        case "shootdown":
            return "protects a page again, so that the TLBs of other processors are flushed"


def _update(update: Update) -> str:
    text = f"atomically, old being *x: *x = {update.new}"
    if update.when is not None:
        text += f" if {update.when}"
    if update.requires is not None:
        text += f", once {update.requires}"
    if update.result is not None:
        text += f"; returns {update.result}"
    return text


# ---------------------------------------------------------------- what it becomes


def becomes(name: str, row: Row, table: Primitives) -> str:
    """The fences and accesses of a row, in order, by their names in cat models."""
    primitive = CATALOGUE[name]
    if row.unsupported is not None:
        return f"not supported: {row.unsupported}"
    if primitive.kind == "membarrier":
        fence = ", ".join(_fences(row.before))
        return f"{fence}, threads are interrupted and answer, {fence}; in each of them {fence}"
    if row.orders is not None:
        return "; ".join(f"{order}: {_steps(primitive, one, table)}" for order, one in row.orders.items())
    return _steps(primitive, row, table)


def _steps(primitive: Primitive, row: Row, table: Primitives) -> str:
    steps = _fences(row.before)
    if row.test and primitive.update is not None and primitive.update.when is not None:
        steps.insert(0, f"R, and the rest if {primitive.update.when}")
    steps += _access(primitive, row, table)
    if row.interrupts:
        steps.append("the process's other threads are interrupted")
    after = ["a branch on what was read"] * row.branch + _fences(row.after)
    conditional = primitive.update is not None and primitive.update.when is not None and not row.always
    if after and conditional:
        after[-1] += " (where it stored)"
    return ", ".join(steps + after) or "no instruction"


def _access(primitive: Primitive, row: Row, table: Primitives) -> list[str]:
    match primitive.kind:
        case "load":
            return ["R" + _sets(row.load)]
        case "store":
            return ["W" + _sets(row.store)]
        case "object":
            return ["R or W"]
        case "update":
            return [_UPDATES[row.method] + _sets(row.load | row.store | table.sets[row.method])]
    return []


def _fences(fences: Fences) -> list[str]:
    return [" ".join(sorted(tags)) for tags in fences]


def _sets(tags: Tags) -> str:
    return f" in {', '.join(sorted(tags))}" if tags else ""
