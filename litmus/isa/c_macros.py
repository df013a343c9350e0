"""Lowering primitives: the catalogue's kinds, with the fences and sets that the table's rows give them.

Nothing here knows a primitive or an architecture by name.  The branches inside an atomic update are those of
its machine code: unlike those of C they reach to the end of the thread.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from litmus.diagnostics import near
from litmus.isa.c_catalogue import CATALOGUE, LVALUE, MEMBARRIERS, ORDER, POINTER, Macro, Update
from litmus.isa.c_types import INT, VOID, TypedValue, converted, exactly, negated, operate, truth, unary
from litmus.membarrier.promise import promise
from litmus.program.code import Assume, Branch, Fence, Load, Store, StoreConditional
from litmus.program.primitives import Fences, Row
from litmus.program.values import Expr, Reg
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
    return TypedValue(0, VOID)


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
    if pointer.type.target is None:
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
    linked = row.method == "llsc"

    fences(lower, row.before, at)
    lower.emit(Load(old, target.address, type_.size, row.load, reserve=linked), at)
    names_old = exactly(_loaded(old, target))
    names = {"old": names_old, **names}
    if update.requires is not None:
        lower.emit(Assume(truth(_computed(update.requires, names)).expr), at, joined=True)
    when = None if update.when is None else _computed(update.when, names)
    names["new"] = exactly(converted(_computed(update.new, names), type_))
    value = _stored(names["new"], target)
    skipped = lower.label() if when is not None else None
    if linked:
        if when is not None and skipped is not None:
            lower.emit(Branch(skipped, negated(when).expr), at)
        status = lower.register()
        lower.emit(StoreConditional(target.address, value, status, 1, 0, type_.size, row.store), at)
        lower.emit(Assume(Reg(status)), at, joined=True)
    else:
        stores = None if when is None else truth(when).expr
        lower.emit(Store(target.address, value, type_.size, row.store, when=stores, rmw=True), at, joined=True)
        if when is not None and skipped is not None and row.after:
            lower.emit(Branch(skipped, negated(when).expr), at)
    after(lower, row, Reg(old), at)
    if skipped is not None:
        lower.place(skipped)
    return TypedValue(0, VOID) if update.result is None else _computed(update.result, names)
