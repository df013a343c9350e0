"""How much memory this process has in use."""

from __future__ import annotations

import os
import sys

MEGABYTE = 1 << 20


def resident() -> int:
    """The megabytes of this process that are in memory now; where the system does not say, the most there ever were."""
    try:
        with open("/proc/self/statm", encoding="ascii") as statm:
            return int(statm.read().split()[1]) * os.sysconf("SC_PAGE_SIZE") // MEGABYTE
    except (OSError, ValueError, IndexError):
        return _peak()


def _peak() -> int:
    try:
        import resource
    except ImportError:  # not a POSIX system
        return 0
    unit = 1 if sys.platform == "darwin" else 1024  # bytes there, kilobytes elsewhere
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit // MEGABYTE
