"""Rules of the house that hold for every module: caches are bounded, functions are short, types are not ignored.

Each list of exceptions says why they are exceptions.  A number is an upper bound: it may only become smaller.
"""

from __future__ import annotations

import ast
import re
from collections import Counter
from collections.abc import Iterator

import pytest
from test_floors import MODULES

# ---------------------------------------------------------------- caches

UNBOUNDED = {
    "litmus.cache._trouble": "one sentence, for the process that says it",
    "litmus.limits._watch": "the thread that watches the limits of this process; each limit is removed when it ends",
    "litmus.limits._own": "the limits that a thread works under; each is removed when it ends",
}

CHANGES = frozenset(("add", "append", "extend", "insert", "pop", "popitem", "remove", "setdefault", "update", "clear"))


def unbounded_caches(module: str, text: str) -> Iterator[str]:
    """What keeps data without a bound: caches of functions, and variables of a module that its functions change."""
    tree = ast.parse(text)
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef):
            yield from (f"{module}.{node.name}" for decorator in node.decorator_list if _is_unbounded(decorator))
    variables = {
        target.id
        for statement in tree.body
        if isinstance(statement, ast.Assign | ast.AnnAssign)
        for target in (statement.targets if isinstance(statement, ast.Assign) else [statement.target])
        if isinstance(target, ast.Name)
    }
    for function in ast.walk(tree):
        if isinstance(function, ast.FunctionDef | ast.Lambda):
            yield from (f"{module}.{name}" for name in sorted(_changed(function) & variables))


def _is_unbounded(decorator: ast.expr) -> bool:
    """Whether it is functools.cache, or lru_cache without an upper bound."""
    match decorator:
        case ast.Name("cache") | ast.Attribute(attr="cache"):
            return True
        case ast.Call(ast.Name("lru_cache") | ast.Attribute(attr="lru_cache"), arguments, keywords):
            sizes = [*arguments[:1], *(keyword.value for keyword in keywords if keyword.arg == "maxsize")]
            return any(not (isinstance(size, ast.Constant) and isinstance(size.value, int)) for size in sizes)
    return False


def _changed(function: ast.FunctionDef | ast.Lambda) -> set[str]:
    """The variables from outside that a function changes: it assigns to them or their items, or calls such a method."""
    own = {node.arg for node in ast.walk(function) if isinstance(node, ast.arg)}
    changed: set[str] = set()
    for node in ast.walk(function):
        match node:
            case ast.Global(names):
                changed.update(names)
            case ast.Name(name, ast.Store()):
                own.add(name)
            case ast.Subscript(ast.Name(name), ctx=ast.Store() | ast.Del()):
                changed.add(name)
            case ast.Call(ast.Attribute(ast.Name(name), method)) if method in CHANGES:
                changed.add(name)
    shared = {name for node in ast.walk(function) if isinstance(node, ast.Global) for name in node.names}
    return changed - (own - shared)


def test_every_cache_has_a_bound() -> None:
    found = {name for module, text in MODULES.items() for name in unbounded_caches(module, text)}
    assert sorted(found) == sorted(UNBOUNDED)


@pytest.mark.parametrize(
    "text",
    [
        "@cache\ndef kept(n): return n",
        "@functools.cache\ndef kept(n): return n",
        "class C:\n    @lru_cache(maxsize=None)\n    def kept(n): return n",
        "@lru_cache(None)\ndef kept(n): return n",
        "kept = {}\ndef f(n):\n    kept[n] = n",
        "kept: dict[int, int] = dict()\ndef f(n):\n    return kept.setdefault(n, n)",
        "kept = []\ndef f(n):\n    if n not in kept: kept.append(n)",
        "kept = None\ndef f(n):\n    global kept\n    kept = n",
    ],
)
def test_a_cache_without_a_bound_is_found(text: str) -> None:
    assert list(unbounded_caches("m", text)) == ["m.kept"]


@pytest.mark.parametrize(
    "text",
    [
        "@lru_cache(maxsize=16)\ndef kept(n): return n",
        "@lru_cache\ndef kept(n): return n",
        "table = {}\ntable[1] = 2\ndef f(n): return table[n]",
        "kept = {}\ndef f(n):\n    kept = {}\n    kept[n] = n",
        "kept = {}\ndef f(kept):\n    kept.update(n=1)",
    ],
)
def test_what_is_bounded_or_never_changed_is_no_such_cache(text: str) -> None:
    assert list(unbounded_caches("m", text)) == []


# ---------------------------------------------------------------- functions

MOST_LINES = 60
LONG = {
    "litmus.engine.subsets.choices_of": (65, "one small function for each kind of choice, which fit only here"),
    "litmus.isa.assembly._thread": (63, "to be split when the instruction sets have one table each"),
}


def lengths(module: str, text: str) -> Iterator[tuple[str, int]]:
    """The functions of a module, and how many lines each has from its `def` to its end, without its docstring."""
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef):
            assert node.end_lineno is not None
            lines = node.end_lineno - node.lineno + 1
            if ast.get_docstring(node) is not None:
                documentation = node.body[0]
                assert documentation.end_lineno is not None
                lines -= documentation.end_lineno - documentation.lineno + 1
            yield f"{module}.{node.name}", lines


def test_functions_are_short() -> None:
    known = {name: length for module, text in MODULES.items() for name, length in lengths(module, text)}
    found = {name: length for name, length in known.items() if length > MOST_LINES}
    assert {name: length for name, length in found.items() if length > LONG.get(name, (MOST_LINES, ""))[0]} == {}
    assert set(LONG) <= set(found), "an exception is needed no more"


def test_the_length_of_a_function_is_counted_without_its_docstring() -> None:
    lines = ["class C:", " @property", " def f(self):", '  """One.', "", '  Two."""', "  return (", "   1", "  )"]
    text = "\n".join(lines)
    assert list(lengths("m", text)) == [("m.f", 4)]


# ---------------------------------------------------------------- types

# By packages, because their modules are about to change.
IGNORED = {
    "litmus.oracle": (1, "the values of an operator are sets of events or of pairs"),
}


def test_types_are_ignored_only_where_a_reason_is_known() -> None:
    found: Counter[str] = Counter()
    for module, text in MODULES.items():
        found[".".join(module.split(".")[:2])] += len(re.findall(r"#\s*type:\s*ignore", text))
    found = +found
    assert {package: number for package, number in found.items() if number > IGNORED.get(package, (0, ""))[0]} == {}
    assert set(IGNORED) <= set(found), "an exception is needed no more"
