"""Reading .design files: what they say, variants, and every mistake at its place."""

from __future__ import annotations

import pytest

from litmus.c.tables import load_primitives
from litmus.designs.lowering import Lowering
from litmus.designs.parsing import read_design
from litmus.designs.scenarios import families
from litmus.designs.syntax import Design, labels, listing
from litmus.diagnostics import Diagnostic, InputError, Source, Unsupported

WHOLE = """\
design mine
"compares rq->curr "
"without a lock"
source "LKML 2015-03-16"
source "and the day after"

cpu { int curr = T; spinlock_t lock; }
mm { int state = 3; }

switch_out { A: smp_mb(); WRITE_ONCE(curr, 0); }  // "} not the end"
switch_in  { WRITE_ONCE(curr, T); B: smp_mb(); /* } */ }
membarrier {
	C: smp_mb();
	if (READ_ONCE(cpu(T).curr) == T)
		ipi (T) { D: smp_mb(); }
	E: smp_mb();
}
primitive power.spin_lock = lwsync;
expect x86-tso safe;
expect power, arm riscv broken OUT IN : "two " "texts";
expect all broken;

variant no-d "without the handler's" { remove D; expect all broken : "why"; }
variant locked "with it"
{
	switch_out { spin_lock(&lock); WRITE_ONCE(curr, 0); spin_unlock(&lock); }
	remove B, C;
	migrate;
	primitive power.smp_wmb = eieio;
	source "elsewhere"
}
"""


def read(text: str) -> list[Design]:
    return read_design(Source("mine.design", text)).designs()


def test_a_design_says_what_the_kernel_executes_and_what_is_expected() -> None:
    design, *_ = read(WHOLE)
    assert (design.name, design.variant, design.title) == ("mine", None, "mine")
    assert design.claim == "compares rq->curr without a lock"
    assert design.sources == ("LKML 2015-03-16", "and the day after")
    assert list(design.bodies) == ["cpu", "mm", "switch_out", "switch_in", "membarrier"]
    assert sorted(labels(design)) == ["A", "B", "C", "D", "E"]
    assert [(c.table, c.row, c.alternative) for c in design.primitives] == [("power", "spin_lock", "lwsync")]
    found = [([m.text for m in e.models], e.broken, e.deadlock, e.reason) for e in design.expectations]
    assert found == [
        (["x86-tso"], None, None, None),
        (["power", "arm", "riscv"], ("OUT", "IN"), None, "two texts"),
        (["all"], (), None, None),
    ]
    assert [e.safe for e in design.expectations] == [True, False, False]
    assert not design.migrates


@pytest.mark.parametrize(
    ("words", "broken", "deadlock"),
    [
        ("deadlock", None, ()),
        ("deadlock OUT MID", None, ("OUT", "MID")),
        ("broken, deadlock MID", (), ("MID",)),
        ("broken IN, deadlock", ("IN",), ()),
        ("broken OUT, IN deadlock OUT, MID", ("OUT", "IN"), ("OUT", "MID")),
    ],
)
def test_a_design_can_be_expected_to_deadlock_and_to_be_broken_too(
    words: str, broken: tuple[str, ...] | None, deadlock: tuple[str, ...] | None
) -> None:
    (design,) = read(f"{MINIMAL} membarrier {{ }} expect power {words};")
    (expectation,) = design.expectations
    assert (expectation.broken, expectation.deadlock, expectation.safe) == (broken, deadlock, False)


def test_a_variant_has_what_it_does_not_say_anew_from_the_design() -> None:
    design, no_d, locked = read(WHOLE)
    assert (no_d.title, locked.title) == ("mine:no-d", "mine:locked")
    assert sorted(labels(no_d)) == ["A", "B", "C", "E"]
    assert no_d.sources == design.sources
    assert [e.reason for e in no_d.expectations] == ["why"]
    assert sorted(labels(locked)) == ["D", "E"]  # its own switch_out has no A
    assert locked.migrates
    assert locked.sources == ("elsewhere",)
    assert [c.alternative for c in locked.primitives] == ["lwsync", "eieio"]
    assert locked.expectations == ()
    assert locked.bodies["membarrier"].span.text == design.bodies["membarrier"].span.text


def test_what_is_removed_is_blank_in_a_listing_and_the_rest_stands_where_it_stood() -> None:
    design, no_d, _ = read(WHOLE)
    with_d, without = listing(design)["membarrier"], listing(no_d)["membarrier"]
    assert len(with_d) == len(without)
    assert with_d.replace("D: smp_mb();", " " * 12) == without


MINIMAL = 'design d "claim" cpu { int curr = T; } mm { int state; } '


@pytest.mark.parametrize(
    ("text", "place", "message", "hint"),
    [
        ("design", "1:7", "the design ends too early", "a name"),
        ('design d "c" memberrier { }', "1:14", "unexpected memberrier in the design", "did you mean membarrier?"),
        ('design d "c" handler { }', "1:14", "unexpected handler in the design", "a block (cpu, mm, membarrier"),
        (MINIMAL + "membarrier { smp_mb() }", "1:80", "unexpected '}'", "is a ; missing before this?"),
        (MINIMAL + "membarrier { smp_mb();", "1:80", "the design ends too early", "}"),
        (MINIMAL + "membarrier { } membarrier { }", "1:73", "a second membarrier block", None),
        (MINIMAL, "1:8", "d does not say what membarrier() executes", "membarrier { }"),
        (MINIMAL + "membarrier { A: smp_mb(); } remove B;", "1:93", "d has no statement labelled B", "labels are A"),
        (
            MINIMAL + "membarrier { A: smp_mb(); A: smp_mb(); } remove A;",
            "1:84", "the label A stands in line 1 already", None,
        ),
        (MINIMAL + 'membarrier { } variant v "a" { } variant v "b" { }', "1:99", "a second variant v", None),
        (MINIMAL + "membarrier { } expect power safe; expect arm power safe;", "1:103", "a second expectation", None),
        (MINIMAL + "membarrier { } expect power broken OFTEN;", "1:93", "unexpected OFTEN", "RUN, OUT, IN, MID"),
        (MINIMAL + "membarrier { } expect power broken OTU;", "1:93", "unexpected OTU", "did you mean OUT?"),
        (MINIMAL + "membarrier { } expect power sure;", "1:86", "sure is no verdict", "deadlock follows the models"),
        (MINIMAL + "membarrier { } expect power save;", "1:86", "save is no verdict", "did you mean safe?"),
        (MINIMAL + "membarrier { } expect power brokn OUT;", "1:86", "brokn is no verdict", "did you mean broken?"),
        (MINIMAL + "membarrier { } expect power;", "1:80", "power is no verdict", "deadlock follows the models"),
        (MINIMAL + "membarrier { } primitive spin_lock = lwsync;", "1:83", "spin_lock is no row", "power.spin_lock"),
        (MINIMAL + 'membarrier { } variant v "a" { variant w "b" { } }', "1:97", "a variant inside a variant", None),
    ],
)  # fmt: skip
def test_mistakes_of_the_language_are_shown_where_they_are(
    text: str, place: str, message: str, hint: str | None
) -> None:
    with pytest.raises(InputError) as caught:
        read(text)
    assert str(caught.value.span) == f"mine.design:{place}"
    assert message in caught.value.message
    if hint is None:
        assert caught.value.hint is None
    else:
        assert hint in str(caught.value.hint)


def error_of(blocks: str, side: str = "OUT") -> Diagnostic:
    """The error in the blocks of a design that has `curr` in its cpu block, and `state` in its mm block."""
    (design,) = read(MINIMAL + blocks)
    (scenario, *_) = families(["SB"])[0].scenarios((side,), design.migrates)
    with pytest.raises(Diagnostic) as caught:
        Lowering(design).program(scenario, load_primitives("power"))
    return caught.value


@pytest.mark.parametrize(
    ("blocks", "shown", "message", "hint"),
    [
        ("membarrier { READ_ONCE(curr); }", "curr", "every cpu has a curr: which one?", "cpu(T).curr"),
        ("membarrier { READ_ONCE(cpu(T).cur); }", "cpu(T).cur", "the state of a cpu has no cur", "curr"),
        ("membarrier { READ_ONCE(cpu(S).curr); }", "S", "this is no cpu", "write T"),
        ("membarrier { if (cpu(T)) smp_mb(); }", "cpu(T)", "a cpu is no value", "cpu(T).NAME"),
        ("membarrier { READ_ONCE(cpu(T)->curr); }", "cpu(T)", "a cpu is no value", "cpu(T).NAME"),
        ("membarrier { int curr; }", "curr", "curr has a meaning already", "another name"),
        ("membarrier { READ_ONCE(statte); }", "statte", "there is no statte", "did you mean state?"),
        ("membarrier { sys_membarrier(); }", "sys_membarrier", "a design is what membarrier executes", None),
        ("membarrier { smp_mbb(); }", "smp_mbb", "Unknown macro smp_mbb", "smp_mb"),
        ("membarrier { ipy (T) { smp_mb(); } }", "ipy", "there is no block ipy { }", "ipi"),
        ("membarrier { ipi { smp_mb(); } }", "ipi", "ipi takes one argument", "ipi (T)"),
        ("membarrier { irq_off (T) { smp_mb(); } }", "T", "irq_off takes no arguments", None),
        ("membarrier { irq_off { return; } }", "return;", "interrupts would stay off", "at its end"),
        ("membarrier { return 1; }", "return 1;", "blocks return nothing", "return;"),
        ("membarrier { await(); }", "await()", "await takes 1 argument, not 0", None),
        ("membarrier { for_each_cpu (1) { } }", "for_each_cpu", "for_each_cpu takes a name", None),
        ("membarrier { int r; ipi (T) { r = 1; state = r; WRITE_ONCE(q, r); } }", "q", "there is no q", "mm { }"),
        ("membarrier { x = 1; WRITE_ONCE(x, 1); }", "x", "x is a local, not shared", None),
    ],
)  # fmt: skip
def test_mistakes_in_blocks_are_shown_where_they_are(blocks: str, shown: str, message: str, hint: str | None) -> None:
    error = error_of(blocks)
    assert isinstance(error, InputError)
    assert error.span is not None
    assert error.span.text == shown
    assert message in error.message
    assert hint is None or hint in str(error.hint)


@pytest.mark.parametrize(
    ("state", "shown", "message"),
    [
        ("cpu { smp_mb(); } membarrier { }", "smp_mb();", "in cpu, only declarations can stand"),
        ("cpu { int a = b; } membarrier { }", "b", "an initial value is a number or T"),
        ("cpu { int a; int a; } membarrier { }", "a", "a has a meaning already"),
        ("cpu { int T; } membarrier { }", "T", "T has a meaning already"),
        ("cpu { itn_t a; } membarrier { }", "itn_t", "unknown type itn_t"),
        ("cpu { int a; } mm { int a; } membarrier { }", "int", "a is the state of every cpu already"),
        ("cpu { int a[0]; } membarrier { }", "0", "the size of an array is a number"),
    ],
)  # fmt: skip
def test_mistakes_in_state_are_shown_where_they_are(state: str, shown: str, message: str) -> None:
    (design,) = read('design d "claim" ' + state)
    (scenario,) = families(["SB"])[0].scenarios(("OUT",), False)
    with pytest.raises(InputError) as caught:
        Lowering(design).program(scenario, load_primitives("power"))
    assert caught.value.span is not None
    assert caught.value.span.text == shown
    assert message in caught.value.message


def test_which_cpu_is_an_error_where_the_thread_migrates() -> None:
    error = error_of("migrate; membarrier { if (READ_ONCE(cpu(T).curr)) smp_mb(); }", side="MID")
    assert "T migrates: which of its cpus?" in error.message
    assert "for_each_cpu" in str(error.hint)


@pytest.mark.parametrize(
    ("blocks", "side", "message"),
    [
        ("membarrier { } switch_out { ipi (T) { smp_mb(); } }", "OUT", "ipi is supported in membarrier only"),
        ("membarrier { ipi (T) { ipi (T) { smp_mb(); } } }", "OUT", "ipi is supported in membarrier only"),
        ("membarrier { a: smp_mb(); goto a; }", "OUT", "goto is not supported in designs"),
        ("migrate; membarrier { for_each_cpu (c) { signal (c) { smp_mb(); } } }", "MID", "a signal to a thread that"),
        ("membarrier { rcu_read_lock(); }", "OUT", "RCU is not modelled"),
    ],
)  # fmt: skip
def test_what_is_not_supported_has_no_answer(blocks: str, side: str, message: str) -> None:
    error = error_of(blocks, side)
    assert isinstance(error, Unsupported)
    assert error.span is not None
    assert message in error.message


@pytest.mark.parametrize(
    ("body", "start"),
    [("{" * 5000 + "}" * 5000, 228), ("int r = " + "!" * 5000 + "1;", 234), ("if (1) " * 5000 + ";", 1419)],
)
def test_a_block_that_is_nested_too_deeply_is_refused_where_it_is(body: str, start: int) -> None:
    text = 'design d "deep" membarrier { ' + body + " }"
    with pytest.raises(Unsupported, match="this block is nested too deeply") as caught:
        read_design(Source("d.design", text))
    assert caught.value.span is not None
    assert caught.value.span.start == start
