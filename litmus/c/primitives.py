"""Lowering primitives: the catalogue's kinds, with the fences and sets that the table's rows give them.

Nothing here knows a primitive or an architecture by name.  The branches inside an atomic update are those of
its machine code: control dependencies on them, unlike those on branches of C, reach to the end of the thread.
"""

from __future__ import annotations

from collections.abc import Mapping

from litmus.c import syntax as c
from litmus.c.catalogue import (
    C11,
    CATALOGUE,
    CLOBBERS,
    LVALUE,
    NO_BARRIERS,
    ORDER,
    ORDER_CLOBBERS,
    POINTER,
    VALUE,
    Clobbers,
    Primitive,
    Update,
)
from litmus.c.expressions import Expressions, Memory
from litmus.c.membarrier import call as membarrier
from litmus.c.parsing import parse_expression
from litmus.c.tables import Row
from litmus.c.types import (
    INT,
    NOTHING,
    UNSIGNED_LONG,
    CType,
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
from litmus.diagnostics import Place, near
from litmus.program.code import VOLATILE, Assume, Branch, CompilerBarrier, Load, Set, Store, StoreConditional
from litmus.program.values import Op, Reg


def call(lower: Expressions, e: c.Call) -> TypedValue:
    """Lower the call of a primitive and return its value.

    Raises InputError if there is no primitive of that name, Unsupported for the atomics of C11.
    """
    primitive = CATALOGUE.get(e.name)
    if primitive is None:
        if e.name in C11:
            lower.unsupported(f"{e.name}: the atomics of C11 are not supported", e.name_at, C11[e.name])
        lower.wrong(f"Unknown macro {e.name}", e.name_at, near(e.name, CATALOGUE))
    if primitive.kind == "membarrier":
        value = membarrier.call(lower, e)
        lower.emit(CompilerBarrier(), e.at)
        return value
    row = _row(lower, e, primitive)
    if _clobbers(e, primitive) == "call":
        lower.emit(CompilerBarrier(), e.at)
        value = _access(lower, e, primitive, row)
        lower.emit(CompilerBarrier(), e.at)
        return value
    return _access(lower, e, primitive, row)


def _access(lower: Expressions, e: c.Call, primitive: Primitive, row: Row) -> TypedValue:
    match primitive.kind:
        case "fence":
            lower.fences(row.before, e.at)
            if e.name not in NO_BARRIERS:
                lower.emit(CompilerBarrier(), e.at)
        case "load":
            target = _place(lower, e, primitive)._replace(load=row, at=e.at)
            names = _given(lower, e, primitive, target.type)
            barrier_before(lower, e, primitive)
            value = lower.load(target)
            barrier_after(lower, e, primitive)
            return value if primitive.result is None else _computed(primitive.result, {**names, "old": exactly(value)})
        case "object":
            return lower.load(place(lower, e))
        case "store":
            target = _place(lower, e, primitive)._replace(store=row, at=e.at)
            value = lower.value(e.arguments[1]) if primitive.value is None else TypedValue(primitive.value, INT)
            barrier_before(lower, e, primitive)
            lower.store(target, value, e.at)
            barrier_after(lower, e, primitive)
        case "shootdown":
            return membarrier.shootdown(lower, e, row)
        case "update":
            assert primitive.update is not None
            return _update(lower, e, primitive, primitive.update, row)
    return NOTHING


def place(lower: Expressions, e: c.Call) -> Memory:
    """The place that an access primitive such as CAO(x) names."""
    primitive = CATALOGUE[e.name]
    _row(lower, e, primitive)
    load, store = lower.table["READ_ONCE"], lower.table["WRITE_ONCE"]
    return _place(lower, e, primitive)._replace(load=load, store=store, at=e.at)


def _clobbers(e: c.Call, primitive: Primitive) -> Clobbers:
    """Where a call is a barrier to the compiler, in addition to its fences."""
    orders = e.arguments[len(primitive.roles.rstrip(ORDER)) :]
    if orders and isinstance(orders[0], c.Name):
        return ORDER_CLOBBERS[orders[0].name]
    return CLOBBERS.get(primitive.row, "")


def barrier_before(lower: Expressions, e: c.Call, primitive: Primitive) -> None:
    """The barrier to the compiler before an access, if there is one."""
    if _clobbers(e, primitive) in ("before", "around"):
        lower.emit(CompilerBarrier(), e.at)


def barrier_after(lower: Expressions, e: c.Call, primitive: Primitive) -> None:
    """The barrier to the compiler after an access, if there is one."""
    if _clobbers(e, primitive) in ("after", "around"):
        lower.emit(CompilerBarrier(), e.at)


# ---------------------------------------------------------------- arguments


def _row(lower: Expressions, e: c.Call, primitive: Primitive) -> Row:
    """The row of a call; if the call has a memory order, the row for that order.

    Raises InputError if the number of arguments or the memory order is wrong, Unsupported if the row says so.
    """
    roles = primitive.roles
    needed = len(roles.rstrip(ORDER))
    if not needed <= len(e.arguments) <= len(roles):
        takes = f"{needed} to {len(roles)}" if needed < len(roles) else str(needed)
        plural = "" if takes == "1" else "s"
        lower.wrong(f"{e.name} takes {takes} argument{plural}, not {len(e.arguments)}", e.at)
    row = lower.table[primitive.row]
    if row.unsupported:
        lower.unsupported(f"{e.name}: {row.unsupported}", e.at)
    asked = []
    for order in e.arguments[needed:]:
        name = order.name if isinstance(order, c.Name) else ""
        known = row.orders or dict.fromkeys(ORDERS, row)
        if name not in known:
            hint = near(name, known) or "one of " + ", ".join(known)
            lower.wrong(f"{e.name} takes no memory order {name}".rstrip(), order.at, hint)
        asked.append(known[name])
    return asked[0] if asked else row


# urcu/uatomic.h, enum cmm_memorder
ORDERS = (
    "CMM_RELAXED", "CMM_CONSUME", "CMM_ACQUIRE", "CMM_RELEASE", "CMM_ACQ_REL", "CMM_SEQ_CST", "CMM_SEQ_CST_FENCE",
)  # fmt: skip


def _place(lower: Expressions, e: c.Call, primitive: Primitive) -> Memory:
    """The shared place that the arguments name.  The primitive takes an lvalue (`*x`) or a pointer (`x`)."""
    role, argument = next(
        pair for pair in zip(primitive.roles, e.arguments, strict=False) if pair[0] in (LVALUE, POINTER)
    )
    if role == LVALUE:
        return lower.place_of(argument)
    pointer = lower.value(argument)
    if pointer.type.target is None and lower.is_shared(argument):
        text = lower.function.span(argument.at).text
        hint = text[1:] if text.startswith("*") else f"&{text}"
        lower.wrong(f"{e.name} takes a pointer, and this is {pointer.type}", argument.at, hint)
    return lower.pointed(pointer, argument, e.at)


def _given(lower: Expressions, e: c.Call, primitive: Primitive, type_: CType) -> dict[str, TypedValue]:
    """The value arguments, converted to `type_`, under the names that the catalogue uses for them (a, b)."""
    given = [
        exactly(converted(lower.value(argument), type_))
        for role, argument in zip(primitive.roles, e.arguments, strict=False)
        if role == VALUE
    ]
    return dict(zip("ab", given, strict=False))


# ---------------------------------------------------------------- atomic updates


def _update(lower: Expressions, e: c.Call, primitive: Primitive, update: Update, row: Row) -> TypedValue:
    """Lower an atomic read-modify-write.

    If the update is a loop, only its last round is lowered, the one that succeeds.  An update that decides not to
    store (a cmpxchg that fails) is kept as well.
    """
    target = _place(lower, e, primitive)
    type_ = target.type
    names = _given(lower, e, primitive, type_)
    old, at = lower.register(), e.at
    size = lower.width(target)
    linked = row.method == "llsc"
    load, store = (row_tags | lower.table.sets[row.method] for row_tags in (row.load, row.store))
    skipped = tested = None
    if row.test and update.when is not None:
        tested, names["old"] = _read(lower, target, at)
        skipped = _skip_unless(lower, _computed(update.when, names), at)

    lower.fences(row.before, at)
    barrier_before(lower, e, primitive)
    again = None
    if update.requires is not None:
        again = lower.label()
        lower.place(again)
    lower.emit(Load(old, target.address, size, load, reserve=linked), at, motion=VOLATILE)
    when = None
    if tested is not None:
        # In the last round, no other thread wrote between the test and the update.  Where there is no other round
        # (spin_trylock), losing this race has the same result as a failed test, which is the branch to `skipped`.
        lower.emit(Assume(Op("eq", (Reg(old), Reg(tested)))), at, joined=True)
    else:
        names["old"] = exactly(loaded(old, type_))
        when = None if update.when is None else _computed(update.when, names)
    if update.requires is not None:
        lower.emit(Assume(truth(_computed(update.requires, names)).expr, again), at, joined=True)
    names["new"] = converted(_computed(update.new, names), type_)
    if linked:
        if when is not None:
            skipped = _skip_unless(lower, when, at)
        status = lower.register()
        conditional = StoreConditional(target.address, stored(names["new"]), status, 1, 0, size, store)
        lower.emit(conditional, at, motion=VOLATILE)
        lower.emit(Assume(Reg(status)), at, joined=True)
    else:
        stores = None if when is None else truth(when).expr
        single = row.method == "event"
        written = Store(target.address, stored(names["new"]), size, store, stores, rmw=True, single=single)
        lower.emit(written, at, joined=True, motion=VOLATILE)
        if row.either and stores is not None:
            compared = lower.register()
            lower.emit(Set(compared, Op("either", (stores, names["a"].expr, Reg(old)))), at, joined=True)
            names["old"] = exactly(loaded(compared, type_))
        if when is not None and row.after and not row.always:
            skipped = _skip_unless(lower, when, at)
    if skipped is not None and row.always:
        lower.place(skipped)
    lower.after(row, Reg(old), at)
    if tested is not None:
        barrier_after(lower, e, primitive)
    if skipped is not None and not row.always:
        lower.place(skipped)
    if tested is None:
        barrier_after(lower, e, primitive)
    return NOTHING if update.result is None else _computed(update.result, names)


def _read(lower: Expressions, target: Memory, at: Place) -> tuple[str, TypedValue]:
    """Emit a READ_ONCE of a place.  Returns the register with its value, and the value."""
    register = lower.register()
    lower.emit(Load(register, target.address, lower.width(target), lower.table["READ_ONCE"].load), at, motion=VOLATILE)
    return register, exactly(loaded(register, target.type))


def _skip_unless(lower: Expressions, condition: TypedValue, at: Place) -> str:
    """Emit a branch that is taken if the condition is 0.  Returns the label it goes to, which has no place yet."""
    label = lower.label()
    lower.emit(Branch(label, negated(condition).expr), at, motion=VOLATILE)
    return label


def _computed(text: str, names: Mapping[str, TypedValue]) -> TypedValue:
    """The value of an expression of the catalogue."""
    return _value(parse_expression(text), names)


def _value(e: c.Expression, names: Mapping[str, TypedValue]) -> TypedValue:
    match e:
        case c.Name(name):
            return names[name]
        case c.Number(value, suffix):
            return TypedValue(value, UNSIGNED_LONG if suffix == "ul" else INT)
        case c.Unary(operator, operand):
            return unary(operator, _value(operand, names))
        case c.Binary(operator, left, right):
            return operate(operator, _value(left, names), _value(right, names))
    raise AssertionError(f"the catalogue has {e}")
