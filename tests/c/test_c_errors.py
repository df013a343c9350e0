"""Bad C tests: what is said, where the caret is, and what is suggested.

In the texts, the guillemets enclose the place that must be reported.
"""

import re

import pytest

from litmus import check
from litmus.c.catalogue import C11, CATALOGUE
from litmus.c.lowering import lower
from litmus.c.parsing import read_functions
from litmus.c.tables import load_primitives
from litmus.diagnostics import Diagnostic, ExitCode, InputError, Source, Span, Unsupported
from litmus.reading import read_test


def error_of(marked: str, kind: type[Diagnostic]) -> Diagnostic:
    """The error for a test; its place must be the marked one."""
    start = marked.index("«")
    end = marked.index("»") - 1
    text = marked.replace("«", "").replace("»", "")
    with pytest.raises(kind) as caught:
        lower(read_test(Source("t.litmus", text)), load_primitives("power"))
    span = caught.value.span
    assert span is not None
    assert (span.start, span.text) == (start, text[start:end])
    assert caught.value.render()
    return caught.value


def in_test(functions: str, init: str = "") -> str:
    """A test with these functions.  A text that does not begin with a function is the body of P0."""
    if not re.match(r"«?[PQ]\d", functions):
        functions = f"P0(int *x) {{ {functions} }}"
    return f"C t\n{{ {init} }}\n{functions}\nexists (true)\n"


NO_PARAMETER = "x is a shared variable, but no parameter of P1"


@pytest.mark.parametrize(
    ("functions", "message", "hint"),
    [
        # syntax
        ("P0(int *x) { *x = 1 «}»", "unexpected '}'", "is a ; missing before this?"),
        ("r1 = READ_ONCE(*x«;»", "unexpected ';'", None),
        ("r1 = «@»x;", "unexpected '@'", None),
        ("if («)» ;", "unexpected ')'", None),
        ("int «2»;", "unexpected '2'", None),
        ("r1 = «1»2x;", "unexpected '1'", None),
        ("} «P2»(int *x) {", "functions must be named P0, P1, ... in order", "this is where P1 belongs"),
        ("«Q0»(int *x) { }", "functions must be named P0, P1, ... in order", "this is where P0 belongs"),
        ("P0(int *x) { }\n«exsits» (x=1)", "unexpected exsits", "did you mean exists"),
        ("P0(«int») { }", "this parameter has no name", None),
        ("} P1(«int *») {", "this parameter has no name", None),
        ("r1 = «08»;", "08 is not an octal number", None),
        ("r1 = «0x10000000000000000»;", "0x10000000000000000 is not an integer of at most 64 bits", None),
        ("r1 = «1ulu»;", "1ulu is not an integer of at most 64 bits", None),
        ("r1 = «'\\q'»;", "unknown escape \\q", None),
        # names
        ("«READ_ONEC»(*x);", "Unknown macro READ_ONEC", "did you mean READ_ONCE"),
        ("r1 = «smp_read_acquire»(x);", "Unknown macro smp_read_acquire", "did you mean smp_load_acquire"),
        ("«frobnicate»(x);", "Unknown macro frobnicate", None),
        ("WRITE_ONCE(*x, «r1»);", "r1 has no value here", "assign it first"),
        ("int reg1 = 0; WRITE_ONCE(*x, «reg»);", "reg has no value here", "did you mean reg1?"),
        ("} P1(int *y) { r1 = READ_ONCE(*«x»);", NO_PARAMETER, "pass it: P1(int *x, ...)"),
        ("} P1(int *y) { «x = 1»;", NO_PARAMETER, "pass it: P1(int *x, ...)"),
        ("goto «out»; ouf: ;", "there is no label out", "did you mean ouf?"),
        ("a: ; «a»: *x = 1;", "the label a is defined twice", None),
        ("int r1; int «r1»;", "r1 is declared twice", None),
        ("int «x»;", "x is a parameter of P0 already", None),
        ("P0(«foo_t» *x) { }", "unknown type foo_t", None),
        ("«int46_t» r1;", "unknown type int46_t", "did you mean int64_t"),
        # lvalues and pointers
        ("CAO(«x») = 1;", "x is the address of a shared variable", "*x"),
        ("r1 = CAO(«x»);", "x is the address of a shared variable", "*x"),
        ("r1 = READ_ONCE(«x»);", "x is the address of a shared variable", "*x"),
        ("«x» = 1;", "x is the address of a shared variable", "*x"),
        ("smp_store_release(«*x», 1);", "smp_store_release takes a pointer, and this is int", "x"),
        ("P0() { CAO(x); smp_load_acquire(«x»); }", "smp_load_acquire takes a pointer, and this is int", "&x"),
        ("int r1 = 0; r2 = READ_ONCE(«r1»);", "r1 is a local, not shared", None),
        ("r1 = *«READ_ONCE(*x)»;", "this is int, not a pointer", "a cast converts it: (int *)"),
        ("«1» = 2;", "this cannot be assigned to or read as a variable", None),
        ("«READ_ONCE(*x)» = 2;", "this cannot be assigned to or read as a variable", None),
        ("r1 = *«(int *)0»;", "the address 0 is none of a variable", None),
        ("r1 = READ_ONCE(«x[1]»);", "this is outside x", None),
        ("r1 = «x * 2»;", "int * * int has no meaning in C", None),
        ("r1 = «-x»;", "- has no meaning for a pointer", None),
        ("int r1 = 1; r2 = «r1 ? x : 1»;", "one of int * and int must be converted to the other", None),
        # values and arguments
        ("r1 = «smp_mb()»;", "this has no value", None),
        ("r1 = 1 + «smp_mb()»;", "this has no value", None),
        ("if («spin_lock(x)») ;", "this has no value", None),
        ("«smp_mb(1)»;", "smp_mb takes 0 arguments, not 1", None),
        ("«WRITE_ONCE(*x)»;", "WRITE_ONCE takes 2 arguments, not 1", None),
        ("«spin_lock()»;", "spin_lock takes 1 argument, not 0", None),
        ("«uatomic_read()»;", "uatomic_read takes 1 to 2 arguments, not 0", None),
        ("uatomic_load(x, «CMM_ACQIURE»);", "uatomic_load takes no memory order CMM_ACQIURE", "did you mean CMM_A"),
        ("r1 = uatomic_load(x, «CMM_RELEASE»);", "uatomic_load takes no memory order CMM_RELEASE", None),
        ("uatomic_inc(x, «5»);", "uatomic_inc takes no memory order", None),
        ("r1 = «1 / 0»;", "division by zero", None),
        # statements
        ("«break;»", "break outside a loop", None),
        ("switch (1) { case 1: «continue;» }", "continue outside a loop", None),
        ("«case 1: ;»", "case outside a switch", None),
        ("switch (1) { case «*x»: ; }", "a case must be a constant", None),
        ("switch (1) { case 1: case «1»: ; }", "a second case 1", None),
        ("switch (1) { default: ; «default: ;» }", "a second default", None),
        # parameters
        ("P0(«int x») { }", "x is a shared variable and is passed by its address", "int *x"),
    ],
)  # fmt: skip
def test_mistakes_are_reported_where_they_are(functions: str, message: str, hint: str | None) -> None:
    error = error_of(in_test(functions), InputError)
    assert error.message == message
    if hint is not None:
        assert (error.hint or "").startswith(hint)
    assert error.exit_code == ExitCode.BAD_INPUT


RCU = "RCU is not modelled on a hardware model yet"


@pytest.mark.parametrize(
    ("functions", "message"),
    [
        ("«rcu_read_lock()»; *x = 1; rcu_read_unlock();", f"rcu_read_lock: {RCU}"),
        ("P0(struct srcu_struct *s) { r1 = «srcu_read_lock(s)»; }", f"srcu_read_lock: S{RCU}"),
        ("r1 = «x->f»;", "members of structures are not supported"),
        ("«x->f» = 1;", "members of structures are not supported"),
        ("r1 = READ_ONCE(«x->next»);", "members of structures are not supported"),
        ("P0(struct foo *x) { r1 = «*x»; }", "accesses to struct foo are not supported"),
        ("int r1 = 0; int *p = «&r1»;", "the address of a local is not supported"),
        ("int «t[2]»;", "arrays of a thread's own are not supported"),
        ("int r1; { int «r1 = 2»; }", "a r1 that hides another r1 is not supported"),
        ("P0(unsigned long *x) { r1 = «*x / *x»; }", "a division of unsigned 64-bit values is not supported"),
        ("r1 = «sizeof(*x)»;", "sizeof of an expression is not supported"),
        (
            "P0(int *x) { r1 = READ_ONCE(«*(char *)x»); }",
            "x is int (size 4) and is accessed as char (size 1): accesses of several sizes are not supported",
        ),
        (
            "P0(int *x) { *x = 1; } P1(«long» *x) { *x = 2; }",
            "x is int (size 4) elsewhere: accesses of several sizes are not supported",
        ),
        ("P0(long *x) { r1 = «*(long *)((char *)x + 4)»; }", "accesses to a part of a cell are not supported"),
    ],
)
def test_what_is_not_supported_says_so(functions: str, message: str) -> None:
    error = error_of(in_test(functions), Unsupported)
    assert error.message == message
    assert error.exit_code == ExitCode.NO_ANSWER


@pytest.mark.parametrize(
    ("functions", "instead"),
    [
        ("r1 = «atomic_load»(x);", "smp_load_acquire(x), READ_ONCE(*x), or uatomic_load(x, CMM_SEQ_CST)"),
        ("r1 = «atomic_load_explicit»(x, memory_order_acquire);", "smp_load_acquire(x)"),
        ("«atomic_store_explicit»(x, 1, memory_order_release);", "smp_store_release(x, v)"),
        ("r1 = «atomic_exchange_explicit»(x, 1, memory_order_seq_cst);", "xchg(x, v)"),
        ("«atomic_compare_exchange_strong»(x, &e, 1);", "cmpxchg(x, old, new), which returns what it read"),
        ("r1 = «atomic_fetch_add_explicit»(x, 1, memory_order_relaxed);", "atomic_fetch_add(v, x)"),
        ("«atomic_thread_fence»(memory_order_seq_cst);", "smp_mb()"),
        ("«mtx_lock»(x);", "spin_lock(l)"),
    ],
)
def test_the_atomics_of_c11_are_not_supported_and_the_hint_is_what_to_write(functions: str, instead: str) -> None:
    error = error_of(in_test(functions), Unsupported)
    assert error.message.endswith(": the atomics of C11 are not supported")
    assert (error.hint or "").startswith(instead)


def test_every_counterpart_of_a_c11_function_is_in_the_catalogue() -> None:
    for name, instead in C11.items():
        assert name not in CATALOGUE
        assert set(re.findall(r"(\w+)\(", instead)) <= set(CATALOGUE)


@pytest.mark.parametrize(
    ("init", "functions", "message"),
    [
        (
            "int *p = &c; u8 c;",
            "P0(int **p) { int *r = READ_ONCE(*p); «WRITE_ONCE(*r, 1)»; }",
            "mixed-size access: 4 bytes of c, whose cells have 1 bytes",
        ),
        (
            "int *p = &c; u8 c;",
            "P0(int **p) { int *r = READ_ONCE(*p); «xchg(r, 1)»; }",
            "mixed-size access: 4 bytes of c, whose cells have 1 bytes",
        ),
        (
            "int x; int i = 2;",
            "P0(int *x, int *i) { int r = READ_ONCE(*i); «WRITE_ONCE(*((char *)x + r), 1)»; }",
            "access to byte 2 of x, whose cells have 4 bytes",
        ),
        (
            "long t[2]; int i = 4;",
            "P0(long *t, int *i) { long *r = (long *)((char *)t + READ_ONCE(*i)); r1 = «READ_ONCE(*r)»; }",
            "access to byte 4 of t, whose cells have 8 bytes",
        ),
    ],
)
def test_accesses_whose_size_turns_out_to_be_another_are_refused_where_they_are(
    init: str, functions: str, message: str
) -> None:
    marked = in_test(functions, init)
    start, end = marked.index("«"), marked.index("»") - 1
    text = marked.replace("«", "").replace("»", "")
    for model in ("power", "aarch64"):
        error = check(Source("t.litmus", text), model).error
        assert isinstance(error, Unsupported)
        assert (error.message, bool(error.hint)) == (message, True)
        assert error.span is not None
        assert (error.span.start, error.span.text) == (start, text[start:end])


@pytest.mark.parametrize(
    ("init", "message"),
    [
        ("«foo_t x = 1»;", "unknown type foo_t"),
        ("«int foo x = 1»;", "unknown type int foo"),
        ("«3:r1» = 1;", "there is no process P3"),
    ],
)
def test_mistakes_in_the_initial_state(init: str, message: str) -> None:
    assert error_of(in_test("P0(int *x) { }", init), InputError).message == message


def test_a_body_that_stops_in_the_middle_is_an_error() -> None:
    for text, message in (
        ("if (1) { *x = 1;", "this function is not closed"),
        ("/*", "this comment is not closed"),
        ("P0(int *x)", "the text ends too early"),
        ("", "the test has no functions"),
        ("// nothing", "the test has no functions"),
        ("}", "unexpected '}'"),
    ):
        with pytest.raises(InputError) as caught:
            read_functions(Span(Source("t.litmus", text), 0, len(text)))
        assert caught.value.message == message
        assert caught.value.render()
