"""The initial environment of a model: what the engine knows of an execution, under its cat names.

Everything else is library code in models/lib/stdlib.cat.  Sources: herd7's initial environment
(machModelChecker.ml) for the names, "Herding cats" (TOPLAS 2014) for their meaning.
"""

from __future__ import annotations

# Sets of every execution: memory events, reads, writes, initial and final writes, fences.
SETS: tuple[str, ...] = ("M", "R", "W", "IW", "FW", "F")

# Relations of every execution.
RELATIONS: tuple[str, ...] = (
    "id",  # identity on events
    "loc",  # same location
    "int",  # same thread
    "ext",  # different threads
    "po",  # program order
    "rf",  # read-from
    "co",  # coherence: a strict total order of the writes to each location, initial writes first
    "addr",  # address dependency
    "data",  # data dependency
    "ctrl",  # control dependency
    "amo",  # read and write of one atomic instruction
    "lxsx",  # load-reserve and successful store-conditional
)

# Names that herd7 binds for every architecture and this program does not provide.  They are not
# unbound: `try iico_data with 0` must not quietly take 0.
UNPROVIDED: dict[str, str] = {
    **dict.fromkeys(
        ("B", "BCC", "PRED", "Rreg", "Wreg", "ADDR", "DATA", "Exp", "NExp", "SPEC", "EXEC", "SPURIOUS"), "set"
    ),
    **dict.fromkeys(("NDATA", "PoD", "BR"), "set"),
    **dict.fromkeys(
        (
            "partial_po",
            "rf-reg",
            "tst",
            "depend",
            "success",
            "control",
            "iico_data",
            "iico_ctrl",
            "iico_order",
            "aligned",
            "same-instr",
            "same-static",
            "same-instance",
            "same-low-order-bits",
            "equiv-spec",
            "pco",
            "inv-field",
            "udr",
        ),
        "relation",
    ),
    **dict.fromkeys(
        (
            "at-least-one-writable",
            "same-oa",
            "different-values",
            "fromto",
            "classes",
            "lift",
            "delift",
            "deliftinter",
            "bisimulation",
            "tag2scope",
            "tag2level",
            "tag2events",
            "tag2instrs",
            "tag2fenced",
            "loc2events",
            "fail",
            "as_transitive",
        ),
        "function",
    ),
}
