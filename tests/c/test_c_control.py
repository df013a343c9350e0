"""Control flow: loops, switch, goto; and how far control dependencies reach."""

import pytest
from c_interpreter import program, run_c

from litmus.program.code import Branch, Store
from litmus.program.values import Address


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("if (r) out = 1; else out = 2;", 1),
        ("if (!r) out = 1; else if (r == 3) out = 2; else out = 3;", 2),
        ("if (r) { } else out = 1;", 0),
        ("while (r) { out += r; r--; }", 6),
        ("while (r--) if (r == 1) continue; else out += 10;", 20),
        ("while (1) { if (r == 0) break; r--; out++; }", 3),
        ("do out++; while (r-- > 0);", 4),
        ("do { if (r == 2) continue; out++; } while (--r);", 2),
        ("do { if (r == 2) break; out++; } while (--r);", 1),
        ("do { out++; } while (0);", 1),
        ("for (int i = 0; i < 4; i++) out += i;", 6),
        ("for (int i = 0; i < 4; i++) { if (i == 1) continue; if (i == 3) break; out += 10 + i; }", 22),
        ("int i; for (i = 0; ; ) { if (++i > 4) break; } out = i;", 5),
        ("for (int i = 0; i < 2; i++) for (int j = 0; j < 3; j++) out++;", 6),
        ("for (int i = 0; i < 2; i++) out++; for (int i = 0; i < 3; i++) out++;", 5),
        ("switch (r) { case 1: out = 1; break; case 3: out = 3; break; default: out = 9; }", 3),
        ("switch (r) { case 1: out = 1; break; default: out = 9; }", 9),
        ("switch (r) { default: out = 9; break; case 3: out = 3; }", 3),
        ("switch (r) { case 3: out++; case 4: out++; break; case 5: out = 9; }", 2),
        ("switch (r) { case 1: out = 1; }", 0),
        ("switch (r + 2) { case 2 + 3: { out = 5; } }", 5),
        ("switch (r) { case 3: switch (out) { case 0: out = 7; break; case 3: out = 8; } out++; case 0: ; }", 8),
        ("while (r) { switch (r) { case 2: r = 0; continue; } out++; r--; }", 1),
        ("switch (r) { case 3: while (1) { break; } out = 4; }", 4),
        ("switch (r) case 3: out = 6;", 6),
        ("again: out++; if (--r) goto again;", 3),
        ("goto skip; out = 5; skip: ;", 0),
        ("if (r) goto inside; if (out) { inside: out = 8; }", 8),
        ("out = 1; return; out = 2;", 1),
        ("if (r == 3) { out = 4; return 0; } out = 5;", 4),
        ("if (r && out) out = 1; else out = 2;", 2),
        ("if (r || *x) out = 1;", 1),
        ("if (!(r == 3 && *x == 0)) out = 1; else out = 2;", 2),
        ("if (*x || r == 2 || *x + 1 == 1) out = 1;", 1),
        ("if (*x && *x) out = 1; else if (!*x && (r == 3 || *x)) out = 2;", 2),
        ("while (*x < 3 && r) { *x = *x + 1; out++; }", 3),
        ("if (r) { int k = 4; out = k; } { int k = 5; out += k; }", 9),
        ("if (1) out = 1; else out = *x;", 1),
        ("if (r) ; else ; out = 1;", 1),
        ("r ? (out = 1) : (out = 2);", 1),
        ("!r ? (void)(out = 1) : (void)(out = 2);", 2),
    ],
)
def test_control_flow_is_that_of_c(body: str, expected: int) -> None:
    assert run_c(f"P0(int *x) {{ int r = 3; int out = 0; {body} }}").registers["out"] == expected


def reach(functions: str) -> dict[str, list[str]]:
    """For each branch that depends on a register, the stores up to its join, by variable, in the order of the code.

    The key has the variables stored from the branch to its join.  A branch without a join reaches to the end.
    """
    code = program(functions).threads[0]
    result = {}
    for index, line in enumerate(code.lines):
        branch = line.operation
        if isinstance(branch, Branch) and branch.condition is not None:
            end = len(code.lines) if branch.join is None else code.labels[branch.join]
            assert end > index, "a branch and its join stand in this order"
            stores = [o.operation.address for o in code.lines[index:end] if isinstance(o.operation, Store)]
            result[line.span.text] = [a.base for a in stores if isinstance(a, Address)]
    return result


PROLOGUE = "P0(int *x, int *y, int *z, int *w) { int a = READ_ONCE(*x); "


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("if (a) *y = 1; *z = 1;", {"a": ["y"]}),
        ("if (a) *y = 1; else *z = 1; *w = 1;", {"a": ["y", "z"]}),
        ("if (a == 1) { if (a) *y = 1; *z = 1; } *w = 1;", {"a == 1": ["y", "z"], "a": ["y"]}),
        ("while (a) { *y = 1; a--; } *z = 1;", {"a": ["y"]}),
        ("while (1) { if (a) break; *y = 1; } *z = 1;", {"a": ["y"]}),
        ("for (;;) { if (a) { *y = 1; break; } *z = 1; } *w = 1;", {"a": ["y", "z"]}),
        ("for (int i = 0; a; i++) { if (i == 2) continue; *y = 1; } *z = 1;", {"a": ["y"], "i == 2": ["y"]}),
        ("do { if (a == 1) continue; *y = 1; } while (a); *z = 1;", {"a == 1": ["y"], "a": []}),
        ("if (a) return; *y = 1; *z = 1;", {"a": ["y", "z"]}),
        ("if (a) goto out; *y = 1; out: *z = 1;", {"a": ["y"]}),
        ("again: *y = 1; if (a) goto again; *z = 1;", {"a": []}),
        ("switch (a) { case 1: *y = 1; break; case 2: *z = 1; } *w = 1;", {"1": ["y", "z"], "2": ["y", "z"]}),
        ("if (a && READ_ONCE(*w)) *y = 1; *z = 1;", {"a": ["y"], "READ_ONCE(*w)": ["y"]}),
        ("if (a || READ_ONCE(*w)) *y = 1; else *z = 1; *x = 1;", {"a": ["y", "z"], "READ_ONCE(*w)": ["y", "z"]}),
        ("a = a && READ_ONCE(*w); *y = 1;", {"a": []}),
        ("if (a) *y = 1;", {"a": ["y"]}),
        ("if (a) { *y = 1; return; } else { *z = 1; } *w = 1;", {"a": ["y", "z", "w"]}),
    ],
)
def test_a_control_dependency_ends_where_the_two_ways_meet(body: str, expected: dict[str, list[str]]) -> None:
    assert reach(PROLOGUE + body + "}") == expected


def test_a_condition_that_is_known_is_no_dependency() -> None:
    assert reach("P0(int *y) { if (1 + 1 == 2) *y = 1; while (0) *y = 2; }") == {}
