"""Lowering primitives: the catalogue's kinds, with the fences and sets that the table's rows give them.

Nothing here knows a primitive or an architecture by name.  The branches inside an atomic update are those of
its machine code: unlike those of C they reach to the end of the thread.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from litmus.diagnostics import near
from litmus.isa.c_catalogue import C11, CATALOGUE, LVALUE, ORDER, POINTER, Macro, Update
from litmus.isa.c_types import (
    INT,
    NOTHING,
    TypedValue,
    converted,
    exactly,
    loaded,
    negated,
    operate,
    stored,
    truth,
    unary,
)
from litmus.program.code import Assume, Branch, Fence, Load, Set, Store, StoreConditional
from litmus.program.primitives import Fences, Row
from litmus.program.values import Expr, Op, Reg
from litmus.source import c_syntax as c
from litmus.source.c_parser import parse_expression

if TYPE_CHECKING:
    from litmus.isa.c_expressions import Expressions, Memory

# Commands that every kernel answers with a barrier on all threads of the process or more; the two-argument call
# of include/uapi/linux/membarrier.h.
ORDINARY_COMMANDS = ("MEMBARRIER_CMD_SHARED", "MEMBARRIER_CMD_GLOBAL", "MEMBARRIER_CMD_PRIVATE_EXPEDITED")


def call(lower: Expressions, e: c.Call) -> TypedValue:
    """The value of a primitive, lowered.  Raises InputError where there is none of that name."""
    macro = CATALOGUE.get(e.name)
    if macro is None:
        if e.name in C11:
            lower.unsupported(f"{e.name}: the atomics of C11 are not supported", e.name_at, C11[e.name])
        lower.wrong(f"Unknown macro {e.name}", e.name_at, near(e.name, CATALOGUE))
    if macro.kind == "membarrier":
        return _membarrier(lower, e)
    row = _row(lower, e, macro)
    match macro.kind:
        case "fence":
            fences(lower, row.before, e.at)
        case "load":
            return lower.load(_place(lower, e, macro, 0)._replace(load=row, at=e.at))
        case "object":
            return lower.load(place(lower, e))
        case "store":
            target = _place(lower, e, macro, 0)._replace(store=row, at=e.at)
            value = lower.value(e.arguments[1]) if macro.value is None else TypedValue(macro.value, INT)
            lower.store(target, value, e.at)
        case "update":
            assert macro.update is not None
            return _update(lower, e, macro, macro.update, row)
    return NOTHING


def place(lower: Expressions, e: c.Call) -> Memory:
    """The place that an access macro such as CAO(x) names."""
    macro = CATALOGUE[e.name]
    _row(lower, e, macro)
    load, store = lower.table["READ_ONCE"], lower.table["WRITE_ONCE"]
    return _place(lower, e, macro, 0)._replace(load=load, store=store, at=e.at)


def fences(lower: Expressions, of: Fences, at: c.At) -> None:
    """Fences in a row."""
    for tags in of:
        lower.emit(Fence(tags), at)


def after(lower: Expressions, row: Row, read: Expr, at: c.At) -> None:
    """The fences after an access that read something, and the branch before them."""
    if row.branch:
        # bne to the next instruction: nothing is skipped, but what follows depends on the value.
        label = lower.label()
        lower.emit(Branch(label, read), at)
        lower.place(label)
    fences(lower, row.after, at)


# ---------------------------------------------------------------- arguments


def _row(lower: Expressions, e: c.Call, macro: Macro) -> Row:
    """The row of a call, its arguments counted and its memory order looked up."""
    roles = macro.roles
    needed = len(roles.rstrip(ORDER))
    if not needed <= len(e.arguments) <= len(roles):
        takes = f"{needed} to {len(roles)}" if needed < len(roles) else str(needed)
        plural = "" if takes == "1" else "s"
        lower.wrong(f"{e.name} takes {takes} argument{plural}, not {len(e.arguments)}", e.at)
    row = lower.table[macro.row]
    if row.unsupported:
        lower.unsupported(f"{e.name}: {row.unsupported}", e.at)
    for order in e.arguments[needed:]:
        name = order.name if isinstance(order, c.Name) else ""
        known = row.orders or dict.fromkeys(ORDERS, row)
        if name not in known:
            hint = near(name, known) or "one of " + ", ".join(known)
            lower.wrong(f"{e.name} takes no memory order {name}".rstrip(), order.at, hint)
    if row.orders and len(e.arguments) > needed:
        return row.orders[e.arguments[needed].name]  # type: ignore[union-attr]
    return row


# urcu/uatomic.h, enum cmm_memorder
ORDERS = (
    "CMM_RELAXED", "CMM_CONSUME", "CMM_ACQUIRE", "CMM_RELEASE", "CMM_ACQ_REL", "CMM_SEQ_CST", "CMM_SEQ_CST_FENCE",
)  # fmt: skip


def _place(lower: Expressions, e: c.Call, macro: Macro, position: int) -> Memory:
    """The shared place that an argument names: `*x` where the macro takes an lvalue, `x` where a pointer."""
    argument = e.arguments[position]
    if macro.roles[position] == LVALUE:
        return lower.place_of(argument)
    pointer = lower.value(argument)
    if pointer.type.target is None and lower.is_shared(argument):
        text = lower.function.span(argument.at).text
        hint = text[1:] if text.startswith("*") else f"&{text}"
        lower.wrong(f"{e.name} takes a pointer, and this is {pointer.type}", argument.at, hint)
    return lower.pointed(pointer, argument, e.at)


# ---------------------------------------------------------------- atomic updates


def _update(lower: Expressions, e: c.Call, macro: Macro, update: Update, row: Row) -> TypedValue:
    """An atomic read-modify-write, in its last, successful round; one that decides not to store is kept."""
    target = _place(lower, e, macro, macro.roles.index(POINTER))
    type_ = target.type
    given = [
        exactly(converted(lower.value(argument), type_))
        for role, argument in zip(macro.roles, e.arguments, strict=False)
        if role not in (POINTER, ORDER)
    ]
    names = dict(zip("ab", given, strict=False))
    old, at = lower.register(), e.at
    size = lower.width(target)
    linked = row.method == "llsc"
    load, store = (row_tags | lower.table.sets[row.method] for row_tags in (row.load, row.store))
    skipped = tested = None
    if row.test and update.when is not None:
        tested = lower.register()
        lower.emit(Load(tested, target.address, size, lower.table["READ_ONCE"].load), at)
        names["old"] = exactly(loaded(tested, type_))
        skipped = _skip_unless(lower, _computed(update.when, names), at)

    fences(lower, row.before, at)
    lower.emit(Load(old, target.address, size, load, reserve=linked), at)
    when = None
    if tested is not None:
        # In the last round no other thread came between; a lost race is a failed test as well.
        lower.emit(Assume(Op("eq", (Reg(old), Reg(tested)))), at, joined=True)
    else:
        names["old"] = exactly(loaded(old, type_))
        when = None if update.when is None else _computed(update.when, names)
    if update.requires is not None:
        lower.emit(Assume(truth(_computed(update.requires, names)).expr), at, joined=True)
    names["new"] = converted(_computed(update.new, names), type_)
    if linked:
        if when is not None:
            skipped = _skip_unless(lower, when, at)
        status = lower.register()
        lower.emit(StoreConditional(target.address, stored(names["new"]), status, 1, 0, size, store), at)
        lower.emit(Assume(Reg(status)), at, joined=True)
    else:
        stores = None if when is None else truth(when).expr
        single = row.method == "event"
        written = Store(target.address, stored(names["new"]), size, store, stores, rmw=True, single=single)
        lower.emit(written, at, joined=True)
        if row.either and stores is not None:
            compared = lower.register()
            lower.emit(Set(compared, Op("either", (stores, names["a"].expr, Reg(old)))), at, joined=True)
            names["old"] = exactly(loaded(compared, type_))
        if when is not None and row.after and not row.always:
            skipped = _skip_unless(lower, when, at)
    if skipped is not None and row.always:
        lower.place(skipped)
    after(lower, row, Reg(old), at)
    if skipped is not None and not row.always:
        lower.place(skipped)
    return NOTHING if update.result is None else _computed(update.result, names)


def _skip_unless(lower: Expressions, condition: TypedValue, at: c.At) -> str:
    """A branch, taken if the condition is 0, to the label that is returned."""
    label = lower.label()
    lower.emit(Branch(label, negated(condition).expr), at)
    return label


def _computed(text: str, names: Mapping[str, TypedValue]) -> TypedValue:
    """The value of an expression of the catalogue."""
    return _value(parse_expression(text), names)


def _value(e: c.Expression, names: Mapping[str, TypedValue]) -> TypedValue:
    match e:
        case c.Name(name):
            return names[name]
        case c.Number(value):
            return TypedValue(value, INT)
        case c.Unary(operator, operand):
            return unary(operator, _value(operand, names))
        case c.Binary(operator, left, right):
            return operate(operator, _value(left, names), _value(right, names))
    raise AssertionError(f"the catalogue has {e}")


# ---------------------------------------------------------------- membarrier


def _membarrier(lower: Expressions, e: c.Call) -> TypedValue:
    """sys_membarrier(): the promise to every other thread of the test; it returns 0."""
    if e.arguments and e.name == "smp_memb":
        lower.wrong("smp_memb takes no arguments", e.at)
    match e.arguments:
        case ():
            pass
        case (c.Name(command), c.Number(0)) if command in ORDINARY_COMMANDS:
            pass
        case (c.Name(command), flags) if command in ORDINARY_COMMANDS:
            lower.unsupported("flags of membarrier are not supported yet", flags.at, "0")
        case (command_or_flags, *_):
            hint = f"{e.name}() or {e.name}({ORDINARY_COMMANDS[-1]}, 0)"
            lower.unsupported("commands and flags of membarrier are not supported yet", command_or_flags.at, hint)
    for operation in lower.membarrier.call(lower.function.thread, lower.function.span(e.at)):
        lower.emit(operation, e.at)
    return TypedValue(0, INT)
