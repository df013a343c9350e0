"""Flags and commands: the names and numbers of membarrier's two interfaces, and what each asks for.

The call as it was posted (v12, LKML, March 2015) takes one argument of flags, the call as it was merged a
command and flags: include/uapi/linux/membarrier.h, kernel/sched/membarrier.c.  Bit 0 is PRIVATE in the
one and GLOBAL in the other.
"""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

EPERM, EINVAL = 1, 22  # include/uapi/asm-generic/errno-base.h

# answer: a number, at once                    everyone: the promise to all threads
# process: ... to those of the caller's process, which must have registered where `state` says for what
# processor: ... to the thread of the caller's process that runs on one CPU; registered as for process
# registered: ... to those of the processes that have registered           register: registers
# registrations: which commands the caller's process has registered with
Asks = Literal["answer", "everyone", "process", "processor", "registered", "register", "registrations"]


class Effect(Struct, frozen=True):
    """What a call does.

    state: the registration that it needs, that its targets have, or that it makes; "" for none.
    alone: the caller has its barriers even where there is nobody to wait for.  answer: what an `answer`
    returns, and why.
    """

    asks: Asks
    state: str = ""
    alone: bool = False
    answer: int = 0
    why: str = ""


EVERYONE = Effect("everyone")  # also what a call without arguments asks for
_PROCESS = Effect("process")
_QUERY = Effect("answer", why="it only asks whether the flags are supported")


def refused(why: str) -> Effect:
    """A call that returns -EINVAL."""
    return Effect("answer", answer=-EINVAL, why=why)


# ---------------------------------------------------------------- v12: sys_membarrier(flags)

PRIVATE, EXPEDITED, QUERY = 1 << 0, 1 << 1, -1 << 31  # an int has 32 bits

FLAGS = {
    "MEMBARRIER_PRIVATE_FLAG": PRIVATE,
    "MEMBARRIER_EXPEDITED_FLAG": EXPEDITED,
    "MEMBARRIER_QUERY_FLAG": QUERY,
}

# Without EXPEDITED the kernel calls synchronize_sched(): the promise is the same, kept by waiting.
BY_FLAGS = {
    0: EVERYONE,
    PRIVATE: _PROCESS,
    PRIVATE | EXPEDITED: _PROCESS,
    QUERY: _QUERY,
    QUERY | PRIVATE: _QUERY,
    QUERY | PRIVATE | EXPEDITED: _QUERY,
}


def refused_flags(flags: int) -> Effect:
    """What v12 does with flags that are not in BY_FLAGS: membarrier_validate_flags()."""
    if flags & ~(PRIVATE | EXPEDITED | QUERY):
        return refused("unknown flags")
    return refused("EXPEDITED without PRIVATE")


# ---------------------------------------------------------------- merged: membarrier(cmd, flags)

GLOBAL = 1 << 0
RSEQ = 1 << 7  # the command that takes a flag
FLAG_CPU = 1 << 0

_COMMANDS: tuple[tuple[str, int, Effect], ...] = (
    # name, number, effect
    ("GLOBAL", GLOBAL, EVERYONE),
    ("GLOBAL_EXPEDITED", 1 << 1, Effect("registered", "GLOBAL_EXPEDITED")),
    ("REGISTER_GLOBAL_EXPEDITED", 1 << 2, Effect("register", "GLOBAL_EXPEDITED")),
    ("PRIVATE_EXPEDITED", 1 << 3, Effect("process", "PRIVATE_EXPEDITED")),
    ("REGISTER_PRIVATE_EXPEDITED", 1 << 4, Effect("register", "PRIVATE_EXPEDITED")),
    ("PRIVATE_EXPEDITED_SYNC_CORE", 1 << 5, Effect("process", "PRIVATE_EXPEDITED_SYNC_CORE", alone=True)),
    ("REGISTER_PRIVATE_EXPEDITED_SYNC_CORE", 1 << 6, Effect("register", "PRIVATE_EXPEDITED_SYNC_CORE")),
    ("PRIVATE_EXPEDITED_RSEQ", RSEQ, Effect("process", "PRIVATE_EXPEDITED_RSEQ")),
    ("REGISTER_PRIVATE_EXPEDITED_RSEQ", 1 << 8, Effect("register", "PRIVATE_EXPEDITED_RSEQ")),
    ("GET_REGISTRATIONS", 1 << 9, Effect("registrations")),
)
SUPPORTED = sum(number for _, number, _ in _COMMANDS)

COMMANDS = {
    "MEMBARRIER_CMD_QUERY": 0,
    **{f"MEMBARRIER_CMD_{name}": number for name, number, _ in _COMMANDS},
    "MEMBARRIER_CMD_SHARED": GLOBAL,  # its former name
}
REGISTRATIONS = {f"MEMBARRIER_CMD_{name}": e.state for name, _, e in _COMMANDS if e.asks == "register"}


def by_command(nohz_full: bool) -> dict[int, Effect]:
    """What each command does where flags are 0; GLOBAL is neither offered nor done where CPUs are nohz_full."""
    effects = {number: effect for _, number, effect in _COMMANDS}
    supported = SUPPORTED
    if nohz_full:
        effects[GLOBAL] = refused("a CPU is nohz_full")
        supported &= ~GLOBAL
    return {0: Effect("answer", answer=supported, why="it only asks which commands are supported"), **effects}


NO_COMMAND = refused("there is no such command")
NO_FLAGS = refused("its flags are not 0")
ONE_CPU_OF_RSEQ = Effect("processor", "PRIVATE_EXPEDITED_RSEQ")  # with MEMBARRIER_CMD_FLAG_CPU


class Registration(Struct, frozen=True):
    """A registration as mm->membarrier_state holds it.

    begun: the bits that registering sets first.  ready: the bit that it sets last, which the call asks for.
    found: the bits by which GET_REGISTRATIONS finds it.  command: the number that GET_REGISTRATIONS reports.
    """

    begun: int
    ready: int
    found: int
    command: int


# include/linux/sched/mm.h; kernel/sched/membarrier.c, membarrier_register_private_expedited(): the kinds of
# PRIVATE_EXPEDITED set its first bit too, so that GET_REGISTRATIONS reports it beside them.
STATES = {
    "PRIVATE_EXPEDITED": Registration(0b10, 1 << 0, 0b11, 1 << 4),
    "GLOBAL_EXPEDITED": Registration(1 << 3, 1 << 2, 0b11 << 2, 1 << 2),
    "PRIVATE_EXPEDITED_SYNC_CORE": Registration(1 << 5 | 0b10, 1 << 4, 0b11 << 4, 1 << 6),
    "PRIVATE_EXPEDITED_RSEQ": Registration(1 << 7 | 0b10, 1 << 6, 0b11 << 6, 1 << 8),
}

OF_MERGED = {**COMMANDS, "MEMBARRIER_CMD_FLAG_CPU": FLAG_CPU}  # the names that its arguments may have
CONSTANTS = {**FLAGS, **OF_MERGED, "EPERM": EPERM, "EINVAL": EINVAL}
