"""Flags and commands: the names and numbers of membarrier's two interfaces, and what each asks for.

The call as it was posted (v12, LKML, March 2015) has one argument, flags.  The call as it was merged has a command and
flags: include/uapi/linux/membarrier.h, kernel/sched/membarrier.c.  Bit 0 is PRIVATE in the first and GLOBAL in
the second.
"""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

EPERM, EINVAL = 1, 22  # include/uapi/asm-generic/errno-base.h

# answer: it returns a number at once.
# everyone: the promise to all threads.
# process: the promise to the threads of the caller's process.  If `state` is given, the process must have registered.
# processor: the promise to the thread of the caller's process that runs on one CPU; registered as for process.
# registered: the promise to the threads of all processes that have registered.
# register: it registers the caller's process.
# registrations: it returns the commands with which the caller's process has registered.
Asks = Literal["answer", "everyone", "process", "processor", "registered", "register", "registrations"]


class Effect(Struct, frozen=True):
    """What a call does.

    state: the registration that it needs, that its targets need, or that it makes; "" for none.
    alone: the caller executes its barriers even if there is no other thread to wait for.
    answer, why: what an `answer` returns, and the reason.
    """

    asks: Asks
    state: str = ""
    alone: bool = False
    answer: int = 0
    why: str = ""


EVERYONE = Effect("everyone")  # this is also the effect of a call without arguments
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

# Without EXPEDITED, the kernel calls synchronize_sched().  It makes the same promise, and keeps it by waiting.
BY_FLAGS = {
    0: EVERYONE,
    PRIVATE: _PROCESS,
    PRIVATE | EXPEDITED: _PROCESS,
    QUERY: _QUERY,
    QUERY | PRIVATE: _QUERY,
    QUERY | PRIVATE | EXPEDITED: _QUERY,
}


def refused_flags(flags: int) -> Effect:
    """How v12 refuses flags that are not in BY_FLAGS: membarrier_validate_flags()."""
    if flags & ~(PRIVATE | EXPEDITED | QUERY):
        return refused("unknown flags")
    return refused("EXPEDITED without PRIVATE")


# ---------------------------------------------------------------- merged: membarrier(cmd, flags)

GLOBAL = 1 << 0
RSEQ = 1 << 7  # the only command that may have a flag
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
    "MEMBARRIER_CMD_SHARED": GLOBAL,  # the former name of GLOBAL
}
REGISTRATIONS = {f"MEMBARRIER_CMD_{name}": e.state for name, _, e in _COMMANDS if e.asks == "register"}


def by_command(nohz_full: bool) -> dict[int, Effect]:
    """What each command does if flags are 0.  If a CPU is nohz_full, QUERY does not list GLOBAL, and GLOBAL fails."""
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

    begun: the bits that registering sets first.  ready: the bit that it sets last; a call that needs the registration
    reads this bit.  found: the bits that GET_REGISTRATIONS reads.  command: the number that it reports if one is set.
    """

    begun: int
    ready: int
    found: int
    command: int


# include/linux/sched/mm.h; kernel/sched/membarrier.c, membarrier_register_private_expedited().  The SYNC_CORE and RSEQ
# registrations also set the first bit of PRIVATE_EXPEDITED, so that GET_REGISTRATIONS reports PRIVATE_EXPEDITED too.
STATES = {
    "PRIVATE_EXPEDITED": Registration(0b10, 1 << 0, 0b11, 1 << 4),
    "GLOBAL_EXPEDITED": Registration(1 << 3, 1 << 2, 0b11 << 2, 1 << 2),
    "PRIVATE_EXPEDITED_SYNC_CORE": Registration(1 << 5 | 0b10, 1 << 4, 0b11 << 4, 1 << 6),
    "PRIVATE_EXPEDITED_RSEQ": Registration(1 << 7 | 0b10, 1 << 6, 0b11 << 6, 1 << 8),
}

OF_MERGED = {**COMMANDS, "MEMBARRIER_CMD_FLAG_CPU": FLAG_CPU}  # the names for arguments of the merged call
CONSTANTS = {**FLAGS, **OF_MERGED, "EPERM": EPERM, "EINVAL": EINVAL}
