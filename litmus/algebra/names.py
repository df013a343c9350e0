"""Base names: the sets and relations that a model starts from, one row each.

A row says what kind of thing a name is bound to and what it rests on.  What the name means is said in
litmus.engine.base and litmus.engine.registers, and once more in litmus.oracle.base.  Each of those tables is checked
against this one.  A name that is not in the table is a tag: the set of the events that carry it.

Sources: herd7's initial environment (machModelChecker.ml, machAction.ml and the architectures' files) for the names,
"Herding cats" (TOPLAS 2014) for their meaning.
"""

from __future__ import annotations

from enum import Flag, auto
from functools import partial

from msgspec import Struct

from litmus.algebra.dag import Level, Node
from litmus.algebra.operators import Kind, Operator


class Rests(Flag):
    """What a set or relation can rest on, beside which of its events execute."""

    READS = auto()  # which write a read takes its value from
    ORDERS = auto()  # in which order the writes of a cell stand
    VALUES = auto()  # what accesses read and write
    ADDRESSES = auto()  # where accesses go
    LANDINGS = auto()  # where floating blocks land, and in which order
    EXCHANGES = auto()  # which accesses the compiler exchanges
    PATHS = auto()  # which ways decisions go, where the same events execute on several paths
    OPTIONS = auto()  # which options the model's own choices take


NOTHING = Rests(0)


class BaseName(Struct, frozen=True):
    """What is known of a base set or relation.

    rests: what it rests on.  shrinks: it loses members as what it rests on is decided step by step; all others gain
    members.
    level: the least level at which it has members; extended: it has more members where there are events of registers
    and decisions (litmus.program.registers).
    bound: a model may use the name from the start; it defines the others itself, or writes them in another way.
    symmetric, transitive, in_po: it is known to be so, or to be within program order, in every execution.
    """

    kind: Kind
    name: str
    rests: Rests = NOTHING
    shrinks: bool = False
    level: Level = Level.ACCESSES
    extended: bool = False
    bound: bool = True
    symmetric: bool = False
    transitive: bool = False
    in_po: bool = False


_set = partial(BaseName, Kind.SET)
_relation = partial(BaseName, Kind.RELATION)

_ROWS = (
    _set("_", extended=True, bound=False),  # all events; models write it in their own way
    _set("M"),  # accesses to memory
    _set("R"),  # reads
    _set("W"),  # writes
    _set("IW"),  # initial writes
    _set("FW", Rests.ORDERS, shrinks=True),  # final writes
    _set("F"),  # fences
    _set("Rreg", level=Level.REGISTERS),  # reads of registers
    _set("Wreg", level=Level.REGISTERS),  # writes of registers
    _set("ADDR", level=Level.REGISTERS),  # reads of registers that make an address
    _set("DATA", level=Level.REGISTERS),  # ... that make a value that is stored
    _set("B", level=Level.DECISIONS),  # decisions:
    _set("BCC", level=Level.DECISIONS),  # ... of branches
    _set("PRED", level=Level.DECISIONS),  # ... and within an instruction
    _relation("id", extended=True, symmetric=True, transitive=True),  # identity on events
    _relation("loc", Rests.ADDRESSES, extended=True, symmetric=True),  # same location
    _relation("int", extended=True, symmetric=True),  # same thread
    _relation("ext", extended=True, symmetric=True),  # different threads
    _relation("po", Rests.LANDINGS | Rests.EXCHANGES, extended=True, in_po=True),  # program order
    _relation("rf", Rests.READS),  # read-from
    _relation("co", Rests.ORDERS, bound=False, transitive=True),  # coherence; models say where it comes from
    _relation("addr", Rests.PATHS, in_po=True),  # address dependency
    _relation("data", Rests.PATHS, in_po=True),  # data dependency
    _relation("ctrl", Rests.PATHS | Rests.EXCHANGES, extended=True, in_po=True),  # control dependency
    # Dependencies on what selected a value, or decided whether an atomic instruction stores; pick-data relates its own
    # read and write too.  These three, amo-data and update are names of our own.
    _relation("pick-addr", Rests.PATHS, in_po=True),
    _relation("pick-data", Rests.PATHS),
    _relation("pick-ctrl", Rests.PATHS | Rests.EXCHANGES, in_po=True),
    _relation("amo"),  # read and write of one atomic instruction
    _relation("amo-data"),  # ... that stores something computed from what it read
    _relation("update"),  # read and write of one instruction, atomic or not, if they are two events
    _relation("lxsx", Rests.PATHS, in_po=True),  # load-reserve and successful store-conditional
    _relation("same-instance", extended=True),  # events of one execution of one instruction
    _relation("repeated"),  # events of several executions of one instruction; not herd's name, nor the next two
    _relation("repeated-static"),  # ... that are the same one of its events
    _relation("alike"),  # ... in executions that find the same in registers
    _relation("same-low-order-bits", Rests.ADDRESSES),  # accesses to the same place within their variables
    _relation("same-value", Rests.VALUES),  # accesses that read or write the same value; not herd's name
    _relation("rf-reg", level=Level.FLOW),  # from the write of a register to the reads of its value
    _relation("iico_data", level=Level.FLOW),  # order within an instruction: by data,
    _relation("iico_ctrl", level=Level.FLOW),  # ... by a decision,
    _relation("iico_order", level=Level.FLOW),  # ... by neither
)

BASE_NAMES: dict[str, BaseName] = {row.name: row for row in _ROWS}

# The names that have members without events of registers and decisions, and those that have more with them.
OF_ACCESSES: tuple[str, ...] = tuple(row.name for row in _ROWS if row.level is Level.ACCESSES)
OF_REGISTERS: tuple[str, ...] = tuple(row.name for row in _ROWS if row.extended or row.level is not Level.ACCESSES)

_TAG = BaseName(Kind.SET, "")


def base_name(name: str) -> BaseName:
    """What is known of a base name; of a tag, that it is a set of accesses and fences."""
    return BASE_NAMES.get(name, _TAG)


def own_rests(node: Node) -> Rests:
    """What a node rests on beside its arguments."""
    match node.operator:
        case Operator.BASE:
            return base_name(node.name).rests
        case Operator.CHOICE:
            return Rests.OPTIONS
        case Operator.PLACE:
            return Rests.ADDRESSES
    return NOTHING
