"""Generated tests: in the field's style, read by our own reader, and with the verdicts that are known of them."""

from __future__ import annotations

import re

import pytest

from litmus.checking import Checker, Settings
from litmus.diagnostics import Source, Unsupported
from litmus.engine.options import Options
from litmus.reading import read_test
from litmus.result import Result
from litmus.shapes.critical import critical_cycles, read_paths
from litmus.shapes.cycles import read_cycle
from litmus.shapes.dialects import dialect
from litmus.shapes.events import events_of
from litmus.shapes.generation import Generated, generate, generate_all

VERDICT = Options(states="none", witness=False)


def made(arch: str, text: str) -> Generated:
    return generate(read_cycle(text, dialect(arch)))


def decided(test: Generated, *models: str) -> list[Result]:
    settings = Settings(models=models, options=VERDICT)
    return list(Checker(settings).check_source(Source(f"{test.name}.litmus", test.text)))


def verdict(test: Generated, *models: str) -> str:
    (result,) = decided(test, *models)
    assert result.answer is not None, result.error
    return result.answer.verdict.value


# ---------------------------------------------------------------- style

POWER = """\
PPC MP+lwsync+addr
"LwSyncdWW Rfe DpAddrdR Fre"
Cycle=LwSyncdWW Rfe DpAddrdR Fre
Com=Rf Fr
{
0:r2=x; 0:r4=y;
1:r2=y; 1:r5=x;
}
 P0           | P1            ;
 li r1,1      | lwz r1,0(r2)  ;
 stw r1,0(r2) | xor r3,r1,r1  ;
 lwsync       | lwzx r4,r3,r5 ;
 li r3,1      |               ;
 stw r3,0(r4) |               ;
exists (1:r1=1 /\\ 1:r4=0)
"""

KERNEL = """\
C S+memb+ctrl
"MembdWW Rfe DpCtrldW Coe"
Cycle=MembdWW Rfe DpCtrldW Coe
Com=Rf Co

{}

P0(int *x, int *y)
{
\tWRITE_ONCE(*x, 2);
\tsys_membarrier();
\tWRITE_ONCE(*y, 1);
}

P1(int *y, int *x)
{
\tint r0;

\tr0 = READ_ONCE(*y);
\tif (r0 == 1) {
\t\tWRITE_ONCE(*x, 1);
\t}
}

exists (x=2 /\\ 1:r0=1)
"""


@pytest.mark.parametrize(
    ("arch", "cycle", "text"),
    [("PPC", "LwSyncdWW Rfe DpAddrdR Fre", POWER), ("C", "MembdWW Rfe DpCtrldW Coe", KERNEL)],
)
def test_a_generated_test_is_written_as_the_field_writes_it(arch: str, cycle: str, text: str) -> None:
    assert made(arch, cycle).text == text


@pytest.mark.parametrize(
    ("arch", "cycle", "lines"),
    [
        ("X86", "MFencedWR Fre PodWR Fre", ["MOV [x],$1 ", "MFENCE ", "MOV EAX,[y] "]),
        ("X86_64", "MFencedWR Fre PodWR Fre", ["uint64_t x; uint64_t y;", "movq $1,(x) ", "mfence ", "movq (y),%rax "]),
        ("ARM", "DMB.STdWW Rfe DpCtrlIsbdR Fre", ["DMB ST ", "CMP R0,R0 ", "BNE LC00 ", "LC00: ", "ISB ", "1:R1=y;"]),
        (
            "AArch64",
            "PodWWPL Rfe DpAddrdRAA Fre",
            ["STLR W2,[X3]", "LDAR W0,[X1] ", "ADD X5,X4,W2,SXTW", "LDAR W3,[X5]"],
        ),
        ("AArch64", "DMB.STdWW Rfe DpDatadW Coe", ["DMB ST ", "EOR W2,W0,W0 ", "ADD W2,W2,#1 ", "STR W2,[X3] "]),
        ("RISCV", "Fence.w.wdWW Rfe DpCtrlFenceIdR Fre", ["fence w,w ", "bne x5,x0,LC00 ", "fence.i ", "ori x5,x0,1 "]),
        (
            "RISCV",
            "PodWWPRl RfeRlAq DpAddrdRAqP Fre",
            ["sw.rl x7,0(x8)", "lw.aq x5,0(x6)", "add x10,x9,x7", "lw x8,0(x10)"],
        ),
        ("PPC", "PodWW Rfe DpCtrlIsyncdR Fre", ["cmpw r1,r1 ", "beq  LC00 ", "LC00: ", "isync "]),
        ("C", "PodWWOnceRelease Rfe PodRRAcquireOnce Fre", ["smp_store_release(y, 1);", "r0 = smp_load_acquire(y);"]),
        ("C", "PodWWPlainPlain Rfe DpDatadW Coe", ["\t*x = 2;", "\t*y = 1;", "WRITE_ONCE(*x, (r0 ^ r0) + 1);"]),
        ("C", "PodWRsmp_store_mbOnce Fre PodWR Fre", ["smp_store_mb(*", ", 1);"]),
        (
            "C",
            "PodWWCAOuatomic_set Rfe DpAddrdR Fre",
            ["CAO(*x) = 1;", "uatomic_set(y, 1);", "READ_ONCE(*(x + (r0 ^ r0)))"],
        ),
        (
            "C",
            "RcudWR Fre synchronize_rcudWR Fre",
            ["rcu_read_lock();\n\tWRITE", "rcu_read_unlock();\n}", "synchronize_rcu();"],
        ),
        (
            "C",
            "cmpxchgdWR Fre atomic_add_unlessdWR Fre",
            ["int *own", "cmpxchg(own", ", 0, 1);", "atomic_t *own", ", 1, 1);"],
        ),
        (
            "C",
            "uatomic_add_returndWR Fre xchg_acquiredWR Fre",
            ["uatomic_add_return(own", "xchg_acquire(own", "int *own"],
        ),
    ],
)
def test_each_relaxation_is_the_code_that_it_stands_for(arch: str, cycle: str, lines: list[str]) -> None:
    text = made(arch, cycle).text
    for line in lines:
        assert line in text, (line, text)


def test_the_files_of_tests_with_one_name_are_numbered() -> None:
    texts = ["PodRR PodRR Fre PodWW Rfe", "PodRW PodWR Fre PodWW Rfe", "PodRR PodRR Fre PodWW Rfe"]
    tests = list(generate_all(read_cycle(text, dialect("X86")) for text in texts))
    assert [test.name for test in tests] == ["MP+po+po-po", "MP+po+po-po001"]
    assert tests[1].text.startswith("X86 MP+po+po-po001\n")


# ---------------------------------------------------------------- values, observers


@pytest.mark.parametrize(
    ("cycle", "condition"),
    [
        ("PodWR Fre PodWR Fre", "0:r3=0 /\\ 1:r3=0"),
        ("PodWW Coe PodWW Coe", "x=2 /\\ y=2"),
        ("Rfe PodRR Fre PodWW Coe", "x=2 /\\ 1:r1=2 /\\ 1:r3=0"),
        ("Rfe PodRW Rfe PodRR Fre", "1:r1=1 /\\ 2:r1=1 /\\ 2:r3=0"),
        ("Rfi PodRR Fre Rfi PodRR Fre", "0:r3=1 /\\ 0:r4=0 /\\ 1:r3=1 /\\ 1:r4=0"),
        ("PodWW Rfe Fri PodWR Fre", "y=2 /\\ 1:r1=1 /\\ 1:r4=0"),  # x: P0's write is read by nobody
        ("Rfe PosRR Fre", "1:r1=1 /\\ 1:r3=0"),
        ("PosWW Coe", "x=2"),
        ("PosWR Fre", "0:r3=0"),
        ("PosRW Rfe", "0:r1=1"),
        ("Rfe PosRW Coe", "x=2 /\\ 1:r1=2"),
    ],
)
def test_the_condition_is_the_outcome_that_the_cycle_needs(cycle: str, condition: str) -> None:
    assert f"exists ({condition})\n" in made("PPC", cycle).text


def test_reads_that_communicate_with_nobody_are_not_asked_about() -> None:
    text = made("PPC", "SyncdWW Rfe DpAddrdR DpAddrdR Fre").text
    assert "exists (1:r1=1 /\\ 1:r7=0)" in text


def test_three_writes_of_three_threads_are_watched_by_a_fourth() -> None:
    events = events_of(read_cycle("PosWW Coe PodWW Coe PodWW Coe", dialect("PPC")))
    assert len(events.threads) == 4
    assert {access.location for access in events.threads[3]} == {"x"}
    assert events.outcome.reads == ((3, 0), (3, 1), (3, 2))
    assert [access.value for access in events.threads[3]] == [1, 2, 3]


def test_writes_of_one_thread_need_no_observer() -> None:
    assert len(events_of(read_cycle("PodWW Coi Coe PodWW Coe", dialect("PPC"))).threads) == 2


def test_a_read_in_the_thread_of_the_next_write_makes_an_observer_needless() -> None:
    assert len(events_of(read_cycle("PodWW Rfe Fri Coi PodWW Coe", dialect("PPC"))).threads) == 2


def test_a_thread_that_needs_more_registers_than_there_are_is_an_error() -> None:
    long = "Rfe " + "PosRR " * 20 + "PodRR Fre PodWW"
    with pytest.raises(Unsupported, match="P1 needs more registers than ARM has for tests"):
        made("ARM", long)
    assert made("PPC", long)


# ---------------------------------------------------------------- through the reader

SETS = {
    "C": "Pod**,Mbd**,Wmbd**,Rmbd**,Barrierd**,Membd**,DpAddrd*,DpDatadW,DpCtrldW,PodWWOnceRelease,PodRRAcquireOnce",
    "X86": "Pod**,MFenced**,[Rfi,PodRR]",
    "X86_64": "Pod**,MFenced**,SFenced**,[PodWW,Rfi]",
    "PPC": "Pod**,Syncd**,LwSyncd**,ISyncd**,Eieiod**,DpAddrd*,DpDatadW,DpCtrld*,DpCtrlIsyncd*,[Fri,PodWR]",
    "ARM": "Pod**,DMBd**,DMB.STd**,DSBd**,ISBd**,DpAddrd*,DpDatadW,DpCtrld*,DpCtrlIsbd*",
    "AArch64": "Pod**,DMB.SYd**,DMB.LDd**,DMB.STd**,ISBd**,DpAddrd*,DpDatadW,DpCtrld*,DpCtrlIsbd*,"
    "PodWWPL,PodRRAP,PodRRQP",
    "RISCV": "Pod**,Fence.rw.rwd**,Fence.w.wd**,Fence.tsod**,Fence.id**,DpAddrd*,DpDatadW,DpCtrlFenceId*,"
    "PodWWPRl,PodRRAqP",
}


@pytest.mark.parametrize("arch", SETS)
def test_all_two_thread_tests_are_read_and_decided(arch: str) -> None:
    of = dialect(arch)
    tests = list(generate_all(critical_cycles(2, read_paths(SETS[arch], of), of)))
    assert len(tests) > 20
    checker = Checker(Settings(models=("power",) if arch == "C" else (), options=VERDICT))
    seen = set()
    for test in tests[::3]:
        (result,) = checker.check_source(Source(f"{test.name}.litmus", test.text))
        assert result.answer is not None, (test.text, result.error)
        seen.add(result.answer.verdict.value)
    assert seen == {"Never", "Sometimes"}


@pytest.mark.parametrize("arch", SETS)
def test_a_test_that_was_read_is_generated_again_unchanged(arch: str) -> None:
    of = dialect(arch)
    for test in list(generate_all(critical_cycles(2, read_paths(SETS[arch], of), of)))[::7]:
        again = read_test(Source("again", test.text))
        assert (again.arch, again.name, again.doc) == (arch, test.name, str(test.cycle))
        assert again.info["Com"] == " ".join(thread.leaving.stem for thread in test.cycle.threads)
        assert generate(read_cycle(again.info["Cycle"], of)).text == test.text


@pytest.mark.parametrize("arch", [arch for arch in SETS if arch != "C"])
def test_every_fence_and_dependency_of_a_dialect_is_an_instruction_of_the_architecture(arch: str) -> None:
    of = dialect(arch)
    for stem in of.fences:
        assert verdict(made(arch, f"{stem}dWR Fre {stem}dWR Fre")) in ("Never", "Sometimes")
    for stem in of.dependencies:
        assert verdict(made(arch, f"PodWW Rfe Dp{stem}dW Coe")) in ("Never", "Sometimes")


def test_every_fence_and_annotation_of_c_is_a_primitive_of_the_dialect() -> None:
    of = dialect("C")
    for stem in of.fences:
        (result,) = decided(made("C", f"{stem}dWR Fre PodWR Fre"), "x86-tso")
        if result.answer is None:
            assert isinstance(result.error, Unsupported), (stem, result.error)
            assert "rcu" in stem.lower()
    for mark, directions in of.annotations.items():
        cycle = f"PodRR{mark}Once Fre PodWW Rfe" if "R" in directions else f"PodWR{mark}Once Fre PodWR Fre"
        assert verdict(made("C", cycle), "power") == "Sometimes", mark


# ---------------------------------------------------------------- verdicts known from the literature

KNOWN = {
    # Herding cats, TOPLAS 2014, and the tutorial of Maranget, Sarkar and Sewell
    "PPC": {
        "LwSyncdWW Rfe DpAddrdR Fre": "Never",
        "LwSyncdWW Rfe DpCtrldR Fre": "Sometimes",
        "LwSyncdWW Rfe DpCtrlIsyncdR Fre": "Never",
        "LwSyncdWR Fre LwSyncdWR Fre": "Sometimes",
        "SyncdWR Fre SyncdWR Fre": "Never",
        "DpDatadW Rfe DpCtrldW Rfe": "Never",
        "Rfe LwSyncdRR Fre Rfe LwSyncdRR Fre": "Sometimes",
        "Rfe SyncdRR Fre Rfe SyncdRR Fre": "Never",
        "Rfe DpDatadW Rfe DpAddrdR Fre": "Sometimes",
        "Rfe LwSyncdRW Rfe DpAddrdR Fre": "Never",
        "LwSyncdWW Coe LwSyncdWW Coe": "Never",
        "LwSyncdWW Coe SyncdWR Fre": "Sometimes",
        "LwSyncdWW Rfe DpAddrdW Rfi DpAddrdR Fre": "Never",
        "LwSyncdWW Rfe DpAddrdW Rfi PodRR Fre": "Sometimes",
        "Rfe PosRR Fre": "Never",
    },
    "X86": {
        "PodWR Fre PodWR Fre": "Sometimes",
        "MFencedWR Fre MFencedWR Fre": "Never",
        "MFencedWR Fre Rfi PodRR Fre": "Sometimes",
        "PodWW Coe PodWR Fre": "Sometimes",
        "PodWW Rfe PodRR Fre": "Never",
        "Rfe PodRR Fre Rfe PodRR Fre": "Never",
        "Rfe PodRR Fre PodWR Fre": "Sometimes",
        "Rfe PodRR Fre MFencedWR Fre": "Never",
    },
    # Simplifying ARM concurrency, POPL 2018
    "AArch64": {
        "PodWWPL RfeLA PodRRAP Fre": "Never",
        "PodWWPL RfeLP PodRR Fre": "Sometimes",
        "PodWRLA FreAL PodWRLA FreAL": "Never",
        "PodWRLQ FreQL PodWRLQ FreQL": "Sometimes",
        "DMB.STdWW Rfe DMB.LDdRR Fre": "Never",
        "DMB.STdWW Rfe DMB.STdRR Fre": "Sometimes",
        "DMB.SYdWW Rfe DpCtrldR Fre": "Sometimes",
        "DMB.SYdWW Rfe DpCtrlIsbdR Fre": "Never",
        "Rfe DpAddrdR Fre Rfe DpAddrdR Fre": "Never",
    },
    "RISCV": {
        "Fence.w.wdWW Rfe Fence.r.rdRR Fre": "Never",
        "Fence.w.wdWW Rfe PodRR Fre": "Sometimes",
        "Fence.tsodWR Fre Fence.rw.rwdWR Fre": "Sometimes",
        "PodWWPRl RfeRlAq PodRRAqP Fre": "Never",
    },
    "ARM": {
        "DMBdWW Rfe DpAddrdR Fre": "Never",
        "DMB.STdWW Rfe DpCtrldR Fre": "Sometimes",
        "DMBdWR Fre DMBdWR Fre": "Never",
    },
}


@pytest.mark.parametrize(
    ("arch", "cycle", "known"),
    [(arch, cycle, known) for arch, rows in KNOWN.items() for cycle, known in rows.items()],
)
def test_a_generated_test_has_the_verdict_that_is_known_of_it(arch: str, cycle: str, known: str) -> None:
    assert verdict(made(arch, cycle)) == known


def test_the_dependencies_of_c_order_as_those_of_the_machine() -> None:
    for step, known in {"DpAddrdR": "Never", "DpCtrldR": "Sometimes", "PodRR": "Sometimes"}.items():
        assert verdict(made("C", f"WmbdWW Rfe {step} Fre"), "power") == known, step
    for step, known in {"DpDatadW": "Never", "DpCtrldW": "Never", "DpAddrdW": "Never", "PodRW": "Sometimes"}.items():
        assert verdict(made("C", f"{step} Rfe DpDatadW Rfe"), "power") == known, step


def test_no_sequential_machine_allows_any_cycle() -> None:
    of = dialect("C")
    for cycle in list(critical_cycles(3, read_paths("Pod**,Membd**", of), of))[::9]:
        test = generate(cycle)
        assert verdict(test, "sc") == "Never", test.text


def test_names_have_only_characters_that_tools_accept() -> None:
    of = dialect("C")
    for stem in of.fences:
        assert re.fullmatch(r"[A-Za-z0-9_/.+:\[\]-]+", made("C", f"{stem}dWR Fre PodWR Fre").name)
