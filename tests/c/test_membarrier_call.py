"""The membarrier call in C tests: flags and commands, return values, processes, registration, errors."""

from __future__ import annotations

import pytest

import litmus
from litmus.c.membarrier.flags import COMMANDS, CONSTANTS, FLAGS, REGISTRATIONS, by_command
from litmus.diagnostics import Diagnostic, InputError, Unsupported
from litmus.engine.answer import Verdict

WEAK = ("power", "arm", "aarch64", "riscv")
HARDWARE = ("x86-tso", *WEAK)
REGISTER, PRIVATE = "MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED", "MEMBARRIER_CMD_PRIVATE_EXPEDITED"
RSEQ = f"{PRIVATE}_RSEQ"
REGISTER_GLOBAL, GLOBAL = "MEMBARRIER_CMD_REGISTER_GLOBAL_EXPEDITED", "MEMBARRIER_CMD_GLOBAL_EXPEDITED"
APART = "Process(P0)\nProcess(P1)"


def text(caller: str, condition: str, lines: str = "", other: str = "barrier();", before: str = "") -> str:
    """Store buffering: P0 has `other` between its accesses, P1 has `caller`.  `lines` are in a comment."""
    comment = "".join(f" * {line}\n" for line in lines.splitlines())
    return (
        f"C SB\n(*\n{comment} *)\n{{ }}\n"
        f"P0(int *x, int *y) {{ int r0 = 9; {before} WRITE_ONCE(*x, 1); {other} r0 = READ_ONCE(*y); }}\n"
        f"P1(int *x, int *y) {{ int r0 = 9; int ret = 9; WRITE_ONCE(*y, 1); {caller} r0 = READ_ONCE(*x); }}\n"
        f"exists ({condition})\n"
    )


BOTH_MISS = "0:r0=0 /\\ 1:r0=0"


def verdict(test: str, model: str) -> Verdict:
    result = litmus.check(test, model)
    assert result.answer is not None, result.error
    return result.answer.verdict


def orders(caller: str, lines: str = "", before: str = "", models: tuple[str, ...] = HARDWARE) -> bool:
    """Whether a call forbids store buffering against barrier().  Every model must say the same."""
    found = {verdict(text(caller, BOTH_MISS, lines, before=before), model) for model in models}
    assert len(found) == 1
    return found == {Verdict.NEVER}


def returned(caller: str, value: int, lines: str = "") -> bool:
    """Whether the call returns that value in every execution."""
    return verdict(text(f"ret = {caller}", f"1:ret={value}", lines), "power") is Verdict.ALWAYS


def error_of(test: str, kind: type[Diagnostic]) -> tuple[str, str, str]:
    """Message, hint and the place of a test's error."""
    result = litmus.check(test, "power")
    assert type(result.error) is kind, result.error
    assert result.error.span is not None
    return result.error.message, result.error.hint or "", result.error.span.text


# ---------------------------------------------------------------- flags and commands


def test_the_numbers_are_those_of_the_header() -> None:
    # include/uapi/linux/membarrier.h, and the header of the patch of March 2015.
    assert FLAGS == {
        "MEMBARRIER_PRIVATE_FLAG": 1,
        "MEMBARRIER_EXPEDITED_FLAG": 2,
        "MEMBARRIER_QUERY_FLAG": -0x80000000,
    }
    assert {COMMANDS[f"MEMBARRIER_CMD_{name}"] for name in ("SHARED", "GLOBAL")} == {1}
    bits = [name for name, number in COMMANDS.items() if number and "SHARED" not in name]
    assert [COMMANDS[name] for name in bits] == [1 << n for n in range(10)]
    assert all(COMMANDS[name.replace("REGISTER_", "")] * 2 == COMMANDS[name] for name in REGISTRATIONS)
    assert CONSTANTS["EINVAL"] == 22
    assert CONSTANTS["EPERM"] == 1
    assert by_command(nohz_full=False)[0].answer == 0x3FF
    assert by_command(nohz_full=True)[0].answer == 0x3FE


# v12, as membarrier_validate_flags() and the call after it decide: (flags, returns, orders two threads of one process).
V12 = [
    ("0", 0, True),
    ("MEMBARRIER_PRIVATE_FLAG", 0, True),
    ("MEMBARRIER_PRIVATE_FLAG | MEMBARRIER_EXPEDITED_FLAG", 0, True),
    ("3", 0, True),
    ("MEMBARRIER_EXPEDITED_FLAG", -22, False),
    ("MEMBARRIER_QUERY_FLAG", 0, False),
    ("MEMBARRIER_QUERY_FLAG | MEMBARRIER_PRIVATE_FLAG | MEMBARRIER_EXPEDITED_FLAG", 0, False),
    ("MEMBARRIER_QUERY_FLAG | MEMBARRIER_EXPEDITED_FLAG", -22, False),
    ("MEMBARRIER_QUERY_FLAG | 4", -22, False),
    ("4", -22, False),
    ("~0", -22, False),
]


@pytest.mark.parametrize(("flags", "value", "ordered"), V12)
def test_v12_looks_at_its_flags_first_and_then_at_query(flags: str, value: int, ordered: bool) -> None:
    assert returned(f"sys_membarrier({flags});", value)
    assert orders(f"sys_membarrier({flags});") is ordered


# The merged call in a process that has registered nothing: (arguments, returns, orders).
MERGED = [
    ("MEMBARRIER_CMD_QUERY, 0", 1023, False),
    ("MEMBARRIER_CMD_QUERY, 1", -22, False),
    ("MEMBARRIER_CMD_GLOBAL, 0", 0, True),
    ("MEMBARRIER_CMD_SHARED, 0", 0, True),
    ("MEMBARRIER_CMD_GLOBAL, 1", -22, False),
    (f"{PRIVATE}, 0", -1, False),
    (f"{PRIVATE}, 1", -22, False),
    (f"{PRIVATE}_SYNC_CORE, 0", -1, False),
    (f"{PRIVATE}_RSEQ, 0", -1, False),
    (f"{PRIVATE}_RSEQ, 2", -22, False),
    (f"{GLOBAL}, 0", 0, False),  # nobody has registered
    (f"{REGISTER}, 1", -22, False),
    ("3, 0", -22, False),
    ("-1, 0", -22, False),
]


@pytest.mark.parametrize("name", ["membarrier", "sys_membarrier"])
@pytest.mark.parametrize(("arguments", "value", "ordered"), MERGED)
def test_the_merged_call_without_registration(name: str, arguments: str, value: int, ordered: bool) -> None:
    assert returned(f"{name}({arguments});", value)
    assert orders(f"{name}({arguments});") is ordered


def test_bit_0_is_private_in_one_call_and_global_in_the_other() -> None:
    assert not orders("sys_membarrier(1);", APART, models=WEAK)
    assert orders("membarrier(1, 0);", APART)


@pytest.mark.parametrize("condition", ["< 0", "== -EPERM", "!= 0"])
def test_an_error_can_be_handled(condition: str) -> None:
    caller = f"if (membarrier({PRIVATE}, 0) {condition}) {{ ret = 1; sys_membarrier(); }}"
    assert orders(caller)
    assert verdict(text(caller, "1:ret=1"), "power") is Verdict.ALWAYS


# ---------------------------------------------------------------- arguments that are not constants


@pytest.mark.parametrize(("flags", "value", "ordered"), V12)
def test_flags_in_a_local_are_those_that_it_holds(flags: str, value: int, ordered: bool) -> None:
    assert orders(f"int f = {flags}; sys_membarrier(f);") is ordered
    assert verdict(text(f"int f = {flags}; ret = sys_membarrier(f);", f"1:ret={value}"), "power") is Verdict.ALWAYS


def test_flags_that_were_read_are_those_of_each_execution() -> None:
    # READ_ONCE(*x) is 0 or 1: GLOBAL or PRIVATE, which both order.  Plus 2, it is EXPEDITED alone, which is refused, or
    # EXPEDITED with PRIVATE, which is not.
    read = "int f = READ_ONCE(*x);"
    assert orders(f"{read} sys_membarrier(f);")
    assert not orders(f"{read} sys_membarrier(f + 2);")
    caller = f"{read} ret = sys_membarrier(f + 2);"
    for value, expected in ((-22, Verdict.SOMETIMES), (0, Verdict.SOMETIMES), (-1, Verdict.NEVER)):
        assert verdict(text(caller, f"1:ret={value}"), "power") is expected


def test_a_command_and_flags_that_were_read_are_those_of_each_execution() -> None:
    caller = "int c = READ_ONCE(*x); ret = membarrier(c, 0);"
    assert verdict(text(caller, "1:ret=1023"), "power") is Verdict.SOMETIMES  # QUERY
    assert verdict(text(caller, "1:ret=0"), "power") is Verdict.SOMETIMES  # GLOBAL
    caller = "int f = READ_ONCE(*x); ret = membarrier(MEMBARRIER_CMD_GLOBAL, f);"
    assert verdict(text(caller, "1:ret=0"), "power") is Verdict.SOMETIMES
    assert verdict(text(caller, f"1:ret=-22 /\\ {BOTH_MISS}"), "power") is Verdict.NEVER  # then x was seen


# ---------------------------------------------------------------- processes


@pytest.mark.parametrize("flags", ["MEMBARRIER_PRIVATE_FLAG", "MEMBARRIER_PRIVATE_FLAG | MEMBARRIER_EXPEDITED_FLAG"])
def test_a_private_call_reaches_the_threads_of_its_process_only(flags: str) -> None:
    call = f"sys_membarrier({flags});"
    assert orders(call)
    assert orders(call, "Process(P0, P1)")
    assert not orders(call, APART)
    assert returned(call, 0, APART)


@pytest.mark.parametrize("comment", ["// {}", "//{}", "/* {} */", "/*\n * {}\n */"])
def test_processes_and_processors_are_stated_in_comments_of_c_too(comment: str) -> None:
    call = text("sys_membarrier(MEMBARRIER_PRIVATE_FLAG);", BOTH_MISS)
    assert verdict(call, "power") is Verdict.NEVER
    alone = call.replace("P0(int", comment.format("Process(P0)") + "\nP0(int")
    assert verdict(alone, "power") is Verdict.SOMETIMES
    one = call.replace("sys_membarrier(MEMBARRIER_PRIVATE_FLAG);", "")
    assert verdict(one, "power") is Verdict.SOMETIMES
    assert verdict(one.replace("P0(int", comment.format("CPUs: 1") + "\nP0(int"), "power") is Verdict.NEVER


def test_a_call_that_is_not_private_reaches_every_process() -> None:
    for call in ("sys_membarrier();", "sys_membarrier(0);", "membarrier();", "membarrier(MEMBARRIER_CMD_GLOBAL, 0);"):
        assert orders(call, APART)


def test_threads_that_are_not_named_share_one_more_process() -> None:
    assert not orders("sys_membarrier(MEMBARRIER_PRIVATE_FLAG);", "Process(P0)")
    third = "P2(int *z) { WRITE_ONCE(*z, 1); }\nexists"
    test = text("sys_membarrier(MEMBARRIER_PRIVATE_FLAG);", BOTH_MISS, "Process(P2)").replace("exists", third)
    assert all(verdict(test, model) is Verdict.NEVER for model in HARDWARE)


def test_a_process_of_one_thread_gets_no_barrier_from_a_private_call() -> None:
    # If the call had a full barrier, P1 would be ordered against smp_mb().
    for call, expected in (
        ("sys_membarrier(MEMBARRIER_PRIVATE_FLAG);", Verdict.SOMETIMES),
        ("sys_membarrier(0);", Verdict.NEVER),
    ):
        for model in HARDWARE:
            assert verdict(text(call, BOTH_MISS, APART, other="smp_mb();"), model) is expected


def test_sync_core_has_its_barriers_even_in_a_process_of_one_thread() -> None:
    for core, expected in (("", Verdict.SOMETIMES), ("_SYNC_CORE", Verdict.NEVER), ("_RSEQ", Verdict.SOMETIMES)):
        lines = f"Process(P0)\nProcess(P1): {REGISTER}{core}"
        test = text(f"membarrier({PRIVATE}{core}, 0);", BOTH_MISS, lines, other="smp_mb();")
        assert all(verdict(test, model) is expected for model in HARDWARE)


# ---------------------------------------------------------------- registration


@pytest.mark.parametrize("kind", ["", "_SYNC_CORE", "_RSEQ"])
def test_a_registered_process_may_make_the_private_call(kind: str) -> None:
    call = f"membarrier({PRIVATE}{kind}, 0);"
    stated = f"Process(P0, P1): {REGISTER}{kind}"
    assert orders(call, stated)
    assert returned(call, 0, stated)
    assert orders(f"membarrier({REGISTER}{kind}, 0); {call}")
    registering = f"membarrier({REGISTER}{kind}, 0); ret = {call}"
    assert verdict(text(registering, "1:ret=0"), "power") is Verdict.ALWAYS


def test_a_registration_is_for_one_command() -> None:
    assert returned(f"membarrier({PRIVATE}_RSEQ, 0);", -1, f"Process(P0, P1): {REGISTER}, {REGISTER_GLOBAL}")


def test_a_registration_of_another_process_does_not_count() -> None:
    assert returned(f"membarrier({PRIVATE}, 0);", -1, f"Process(P0): {REGISTER}\nProcess(P1)")


def test_another_thread_may_register_too_late() -> None:
    before, call = f"membarrier({REGISTER}, 0);", f"ret = membarrier({PRIVATE}, 0);"
    for model in HARDWARE:
        for condition, expected in (
            ("1:ret=0", Verdict.SOMETIMES),
            (f"1:ret=0 /\\ {BOTH_MISS}", Verdict.NEVER),
            (f"1:ret=-1 /\\ {BOTH_MISS}", Verdict.SOMETIMES),
        ):
            assert verdict(text(call, condition, before=before), model) is expected
        assert verdict(text(call, "1:ret=0", APART, before=before), model) is Verdict.NEVER


@pytest.mark.parametrize("model", HARDWARE)
def test_a_thread_that_is_told_of_the_registration_in_order_finds_it(model: str) -> None:
    # Registering ends with atomic_or(), which orders nothing by itself.  So P0 needs a release to tell of it in order.
    told = f"membarrier({REGISTER}, 0); {{}}(x, 1);"
    asks = f"ret = {{}}; if (ret) ret = membarrier({PRIVATE}, 0);"
    for store, load, expected in (
        ("smp_store_release", "smp_load_acquire(x)", Verdict.NEVER),
        ("smp_store_release", "READ_ONCE(*x)", Verdict.NEVER if model == "x86-tso" else Verdict.SOMETIMES),
    ):
        test = (
            f"C told\n{{ }}\nP0(int *x) {{ {told.format(store)} }}\n"
            f"P1(int *x) {{ int ret; {asks.format(load)} }}\nexists (1:ret=-1)\n"
        )
        assert verdict(test, model) is expected


def test_global_expedited_reaches_the_processes_that_have_registered() -> None:
    call = f"membarrier({GLOBAL}, 0);"
    assert not orders(call, APART)
    assert orders(call, f"Process(P0): {REGISTER_GLOBAL}\nProcess(P1)")  # the caller need not have
    assert not orders(call, f"Process(P0)\nProcess(P1): {REGISTER_GLOBAL}")


def test_what_follows_a_registration_is_ordered_even_if_the_caller_misses_it() -> None:
    # P1 writes y, executes a full barrier, and reads rq->membarrier_state.  P0 sets the state, and then executes a full
    # barrier.  So if P1 misses the state, P0 sees y.
    call, before = f"membarrier({GLOBAL}, 0);", f"membarrier({REGISTER_GLOBAL}, 0);"
    assert orders(call, APART, before)
    assert orders(call, "", before)


def test_a_second_registration_does_nothing() -> None:
    assert not orders(f"membarrier({REGISTER}, 0);", f"Process(P0, P1): {REGISTER}")


def test_the_first_registration_waits_for_the_process_as_the_kernel_does() -> None:
    assert orders(f"membarrier({REGISTER}, 0);")
    assert not orders(f"membarrier({REGISTER}, 0);", APART)


# ---------------------------------------------------------------- which registrations there are

BITS = {REGISTER: 16, REGISTER_GLOBAL: 4, f"{REGISTER}_SYNC_CORE": 64, f"{REGISTER}_RSEQ": 256}


@pytest.mark.parametrize("before", [(), *[(name,) for name in BITS], (REGISTER_GLOBAL, f"{REGISTER}_RSEQ")])
def test_get_registrations_reports_the_commands_that_registered(before: tuple[str, ...]) -> None:
    # The other kinds of PRIVATE_EXPEDITED also set the first bit of PRIVATE_EXPEDITED.  So this one is reported, though
    # it is not registered: membarrier_register_private_expedited(), membarrier_get_registrations().
    expected = sum(BITS[name] for name in before)
    if any(name.startswith(f"{REGISTER}_") for name in before):
        expected |= BITS[REGISTER]
    asks = "membarrier(MEMBARRIER_CMD_GET_REGISTRATIONS, 0, 0);"
    calls = " ".join(f"membarrier({name}, 0, 0);" for name in before)
    assert returned(asks, expected, f"Process(P0, P1): {', '.join(before)}" if before else "")
    program = text(f"{calls} ret = {asks}", f"1:ret={expected}", APART)
    assert verdict(program, "power") is Verdict.ALWAYS


def test_registering_for_sync_core_does_not_permit_the_plain_private_call() -> None:
    assert returned(f"membarrier({PRIVATE}, 0);", -1, f"Process(P0, P1): {REGISTER}_SYNC_CORE")


def test_a_registration_under_way_is_reported() -> None:
    # P0 registers.  P1 learns of it before it is complete: the call fails although GET_REGISTRATIONS reports it.
    program = (
        f"C early\n{{ }}\nP0(int *x) {{ membarrier({REGISTER}, 0, 0); }}\n"
        "P1(int *x) { int r = membarrier(MEMBARRIER_CMD_GET_REGISTRATIONS, 0, 0);"
        f" int s = membarrier({PRIVATE}, 0, 0); }}\nexists (1:r={{r}} /\\ 1:s={{s}})\n"
    )
    for r, s, expected in ((16, -1, Verdict.SOMETIMES), (16, 0, Verdict.SOMETIMES), (0, 0, Verdict.SOMETIMES)):
        assert verdict(program.replace("{r}", str(r)).replace("{s}", str(s)), "sc") is expected
    assert verdict(program.replace("{r}", "64").replace("{s}", "0"), "sc") is Verdict.NEVER


# ---------------------------------------------------------------- syscall(2)


@pytest.mark.parametrize("number", ["__NR_membarrier", "SYS_membarrier"])
def test_a_system_call_returns_minus_one_and_says_why_in_errno(number: str) -> None:
    def ends(arguments: str, ret: int, errno: int, lines: str = "") -> bool:
        program = text(f"ret = syscall({number}, {arguments});", f"1:ret={ret} /\\ 1:errno={errno}", lines)
        return verdict(program, "power") is Verdict.ALWAYS

    assert ends("1, 0, 0", 0, 0)
    assert ends("1, 0", 0, 0)
    assert ends("3, 0, 0", -1, 22)
    assert ends(f"{PRIVATE}, 0, 0", -1, 1, APART)
    assert ends(f"{PRIVATE}, 0, 0", 0, 0, f"Process(P0, P1): {REGISTER}")
    assert ends("0, 0, 0", 1023, 0)
    assert orders(f"syscall({number}, MEMBARRIER_CMD_GLOBAL, 0, 0);")
    assert not orders(f"syscall({number}, MEMBARRIER_CMD_GLOBAL, 1, 0);")


def test_errno_is_a_local_that_is_0_at_first_and_is_left_alone_by_success() -> None:
    program = "ret = errno; syscall(__NR_membarrier, 3, 0, 0); syscall(__NR_membarrier, 1, 0, 0);"
    assert verdict(text(program, "1:ret=0 /\\ 1:errno=22"), "power") is Verdict.ALWAYS
    again = "if (syscall(__NR_membarrier, 3, 0, 0) < 0 && errno == EINVAL) ret = 5;"
    assert verdict(text(again, "1:ret=5"), "power") is Verdict.ALWAYS


def test_the_error_of_a_system_call_is_that_of_each_execution() -> None:
    program = text("int c = READ_ONCE(*x); ret = syscall(__NR_membarrier, c * 3, 0, 0);", "{}")
    for condition, expected in (
        ("1:c=0 /\\ 1:ret=1023 /\\ 1:errno=0", Verdict.SOMETIMES),
        ("1:c=1 /\\ 1:ret=-1 /\\ 1:errno=22", Verdict.SOMETIMES),
        ("1:c=1 /\\ 1:errno=0", Verdict.NEVER),
        ("1:c=0 /\\ 1:errno=22", Verdict.NEVER),
    ):
        assert verdict(program.replace("{}", condition), "power") is expected


# ---------------------------------------------------------------- one CPU of RSEQ

READY = f"{REGISTER}_RSEQ"


def test_rseq_for_one_cpu_orders_the_thread_that_runs_there() -> None:
    lines = f"Process(P0 on CPU 2, P1 on CPU 5): {READY}"
    assert orders(f"membarrier({RSEQ}, MEMBARRIER_CMD_FLAG_CPU, 2);", lines)
    assert not orders(f"membarrier({RSEQ}, MEMBARRIER_CMD_FLAG_CPU, 5);", lines)
    assert not orders(f"membarrier({RSEQ}, MEMBARRIER_CMD_FLAG_CPU, 7);", lines)
    assert orders(f"membarrier({RSEQ}, MEMBARRIER_CMD_FLAG_CPU, -1);", lines)  # as without the flag
    assert orders(f"membarrier({RSEQ}, 0, 5);", lines)  # without the flag, the CPU is not looked at


def test_a_cpu_of_another_process_is_not_interrupted() -> None:
    lines = f"Process(P0 on CPU 2)\nProcess(P1 on CPU 5): {READY}"
    assert not orders(f"membarrier({RSEQ}, MEMBARRIER_CMD_FLAG_CPU, 2);", lines)


def test_rseq_for_one_cpu_needs_its_registration_and_no_other_flag() -> None:
    both = "Process(P0 on CPU 2, P1 on CPU 5)"
    assert returned(f"membarrier({RSEQ}, 1, 2);", -1, both)
    assert returned(f"membarrier({RSEQ}, 2, 2);", -22, f"{both}: {READY}")
    assert returned(f"membarrier({PRIVATE}, 1, 2);", -22, f"{both}: {REGISTER}")
    assert returned(f"membarrier({RSEQ}, 1, 2);", 0, f"{both}: {READY}")


def test_a_cpu_and_a_flag_that_were_read_are_those_of_each_execution() -> None:
    lines = f"Process(P0 on CPU 2, P1 on CPU 5): {READY}"
    call = f"int c = READ_ONCE(*z); ret = membarrier({RSEQ}, {{}}, c);"
    for flag, value, expected in (
        ("1", 2, Verdict.NEVER),
        ("1", 5, Verdict.SOMETIMES),
        ("1", -1, Verdict.NEVER),
        ("c / 2", 2, Verdict.NEVER),
        ("c / 2", 5, Verdict.SOMETIMES),  # -EINVAL
    ):
        program = text(call.format(flag), BOTH_MISS, lines).replace("int *y", "int *y, int *z")
        assert verdict(program.replace("{ }", f"{{ z={value}; }}", 1), "power") is expected


# ---------------------------------------------------------------- nohz_full


def test_global_is_refused_where_a_cpu_is_nohz_full() -> None:
    lines = "CPUs: 4, nohz_full"
    assert returned("membarrier(MEMBARRIER_CMD_GLOBAL, 0, 0);", -22, lines)
    assert not orders("membarrier(MEMBARRIER_CMD_GLOBAL, 0, 0);", lines)
    assert returned("membarrier(MEMBARRIER_CMD_QUERY, 0, 0);", 1022, lines)
    assert orders(f"membarrier({PRIVATE}, 0, 0);", f"{lines}\nProcess(P0, P1): {REGISTER}")
    assert orders("membarrier(MEMBARRIER_CMD_GLOBAL, 0, 0);", "CPUs: 4")


# ---------------------------------------------------------------- one CPU


@pytest.mark.parametrize("model", HARDWARE)
def test_on_one_cpu_nothing_is_seen_out_of_order(model: str) -> None:
    for call in ("", "sys_membarrier(0);"):
        assert verdict(text(call, BOTH_MISS, "CPUs: 1"), model) is Verdict.NEVER
        assert verdict(text(call, "0:r0=1 /\\ 1:r0=1", "CPUs: 1"), model) is Verdict.SOMETIMES
    assert verdict(text("", BOTH_MISS, "CPUs: 2"), model) is Verdict.SOMETIMES


def test_on_one_cpu_plain_accesses_are_refused() -> None:
    # The compiler may exchange them, and a thread that runs between them would see that.
    assert error_of(text("*y = 2;", BOTH_MISS, "CPUs: 1"), Unsupported)[2] == "*y = 2"


def test_on_one_cpu_the_arguments_are_still_looked_at() -> None:
    assert returned("sys_membarrier(2);", -22, "CPUs: 1")
    assert returned(f"membarrier({PRIVATE}, 0);", -1, "CPUs: 1")
    assert returned(f"membarrier({PRIVATE}, 0);", 0, f"CPUs: 1\nProcess(P0, P1): {REGISTER}")


# ---------------------------------------------------------------- what the answer says


@pytest.mark.parametrize(
    ("call", "lines", "note"),
    [
        ("sys_membarrier(2)", "", "returns -EINVAL and orders nothing: EXPEDITED without PRIVATE"),
        ("sys_membarrier(8)", "", "returns -EINVAL and orders nothing: unknown flags"),
        ("membarrier(3, 0)", "", "returns -EINVAL and orders nothing: there is no such command"),
        ("membarrier(1, 7)", "", "returns -EINVAL and orders nothing: its flags are not 0"),
        ("membarrier(0, 0)", "", "returns 1023 and orders nothing: it only asks which commands are supported"),
        ("sys_membarrier(1)", APART, "returns 0 at once: P1 is the only thread of its process"),
        ("sys_membarrier(0)", "CPUs: 1", "returns 0 at once: one CPU is online"),
        ("membarrier(8, 0)", "", "returns -EPERM and orders nothing, unless it finds the process of P0, P1 registered"),
    ],
)
def test_the_answer_says_what_a_call_is_taken_for(call: str, lines: str, note: str) -> None:
    result = litmus.check(text(f"{call};", BOTH_MISS, lines), "power")
    line = 6 + len(lines.splitlines())
    assert f"{call} on line {line} {note}" in result.notes


def test_of_a_plain_promise_nothing_is_said() -> None:
    for call in ("sys_membarrier()", "smp_memb()", "sys_membarrier(0)", "sys_membarrier(1)", "membarrier(1, 0)"):
        assert litmus.check(text(f"{call};", BOTH_MISS), "power").notes == ()


# ---------------------------------------------------------------- errors


@pytest.mark.parametrize(
    ("call", "message", "hint", "place"),
    [
        ("smp_memb(0);", "smp_memb takes 0 arguments, not 1", "", "smp_memb(0)"),
        ("membarrier(1);", "membarrier takes 0 or 2 or 3 arguments, not 1", "sys_membarrier(flags)", "membarrier(1)"),
        ("membarrier(1, 0, 0, 0);", "membarrier takes 0 or 2 or 3 arguments, not 4", "", "membarrier(1, 0, 0, 0)"),
        ("sys_membarrier(1, 0, 0, 0);", "sys_membarrier takes 0 or 1 or 2 or 3 arg", "", "sys_membarrier(1, 0, 0, 0)"),
        ("syscall(__NR_membarrier);", "syscall takes 3 or 4 arguments, not 1", "", "syscall(__NR_membarrier)"),
        (f"membarrier({RSEQ}, 1);", "MEMBARRIER_CMD_FLAG_CPU needs a third argument", "", f"membarrier({RSEQ}, 1)"),
        (
            "sys_membarrier(1 | MEMBARRIER_EXPEDITE_FLAG);",
            "membarrier has no command or flag MEMBARRIER_EXPEDITE_FLAG",
            "did you mean MEMBARRIER_EXPEDITED_FLAG",
            "MEMBARRIER_EXPEDITE_FLAG",
        ),
        (
            "membarrier(MEMBARRIER_CMD_GLOBAL_EXPEDITE, 0);",
            "membarrier has no command or flag MEMBARRIER_CMD_GLOBAL_EXPEDITE",
            "did you mean MEMBARRIER_CMD_GLOBAL_EXPEDITED",
            "MEMBARRIER_CMD_GLOBAL_EXPEDITE",
        ),
        (
            "sys_membarrier(MEMBARRIER_CMD_GLOBAL);",
            "MEMBARRIER_CMD_GLOBAL is no flag of the call with one argument",
            "membarrier(MEMBARRIER_CMD_GLOBAL, 0)",
            "MEMBARRIER_CMD_GLOBAL",
        ),
        (
            "membarrier(MEMBARRIER_PRIVATE_FLAG, 0);",
            "MEMBARRIER_PRIVATE_FLAG is no command",
            "sys_membarrier(MEMBARRIER_PRIVATE_FLAG)",
            "MEMBARRIER_PRIVATE_FLAG",
        ),
        ("membarrier(x, 0);", "this is int *, not a command or flags", "", "x"),
        ("sys_membarrier(smp_mb());", "this has no value", "", "smp_mb()"),
    ],
)
def test_mistakes_in_a_call_are_reported_where_they_are(call: str, message: str, hint: str, place: str) -> None:
    found, advice, at = error_of(text(call, BOTH_MISS), InputError)
    assert found.startswith(message)
    assert advice.startswith(hint)
    assert at == place


@pytest.mark.parametrize(
    ("call", "place"),
    [
        (f"membarrier({RSEQ}, MEMBARRIER_CMD_FLAG_CPU, 3);", "3"),  # no CPU of P0 is stated
        (f"int f = READ_ONCE(*x); membarrier({RSEQ}, f, 4);", "4"),
        ("syscall(__NR_gettid, 0, 0);", "__NR_gettid"),
        ("syscall(324, 1, 0);", "324"),  # another number on another architecture
    ],
)
def test_what_is_not_supported_is_refused_where_it_stands(call: str, place: str) -> None:
    assert error_of(text(call, BOTH_MISS, f"Process(P0, P1): {REGISTER}_RSEQ"), Unsupported)[2] == place


@pytest.mark.parametrize(
    ("lines", "message", "hint", "place"),
    [
        ("Process(P0, P2)", "there is no thread P2", "the last is P1", "P2"),
        ("Process(P0, P1)\nProcess(P1)", "P1 is in a process already", "", "P1"),
        ("Process(P0, P0)", "P0 is in a process already", "", "P0"),
        ("Process(P0, 1)", "1 is no thread", "threads are P0, P1", "1"),
        ("Process()", "nothing is no thread", "", ")"),
        ("Process(P0,)", "nothing is no thread", "", ")"),
        ("Process(P0", "this is no list of the threads of a process", "Process(P0, P1)", "Process(P0"),
        ("Process(P0) P1", "this is no list of the threads of a process", "", "Process(P0) P1"),
        ("Process(P0): MEMBARRIER_CMD_QUERY", "MEMBARRIER_CMD_QUERY is no command that registers", "", None),
        (
            f"Process(P0): {REGISTER},{REGISTER[:-1]}",
            f"{REGISTER[:-1]} is no",
            f"did you mean {REGISTER}",
            REGISTER[:-1],
        ),
        ("Process(P0):", "nothing is no command that registers", "one of MEMBARRIER_CMD_REGISTER", None),
        ("CPUs: 0", "0 is no number of processors", "CPUs: 1", "0"),
        ("CPUs: one", "one is no number of processors", "", "one"),
        ("Process(P0 on CPU 1, P1 on CPU 1)", "CPU 1 runs a thread already", "each thread runs on a CPU", "1"),
        ("Process(P0 on 1)", "P0 on 1 is no thread", "threads are P0, P1, ..., or P0 on CPU 1", "P0 on 1"),
        ("CPUs: 1\nCPUs: 2", "the number of processors is stated twice", "", "2"),
    ],
)
def test_mistakes_in_the_lines_of_a_comment(lines: str, message: str, hint: str, place: str | None) -> None:
    found, advice, at = error_of(text("sys_membarrier();", BOTH_MISS, lines), InputError)
    assert found.startswith(message)
    assert advice.startswith(hint)
    assert place is None or at == place


def test_in_assembly_the_lines_are_prose() -> None:
    test = (
        "X86 SB\n(* Process(es) P0 and P1\n CPUs: two *)\n{ }\n P0 | P1 ;\n MOV [x],$1 | MOV [y],$1 ;\nexists (x=1)\n"
    )
    assert verdict(test, "x86-tso") is Verdict.ALWAYS
