"""Lowering C expressions: every access to shared memory becomes an operation, in order from left to right.

Data flow through locals is kept as it is written (`x ^ x` depends on x), because address and data
dependencies are computed from it later.  `a && b`, `a || b` and `c ? a : b` become branches if evaluating
their operands has an effect.  Otherwise they stay expressions.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from typing import Any, ClassVar, NamedTuple, NoReturn

from litmus.c import syntax as c
from litmus.c.catalogue import CATALOGUE
from litmus.c.emission import Emitter, temporary
from litmus.c.membarrier import flags
from litmus.c.membarrier.shared import Calls
from litmus.c.tables import Primitives, Row
from litmus.c.types import (
    INT,
    NOTHING,
    VOID,
    CType,
    Meaningless,
    TooWide,
    TypedValue,
    common_type,
    converted,
    exactly,
    loaded,
    negated,
    operate,
    promoted,
    stored,
    truth,
    unary,
)
from litmus.c.variables import Shared
from litmus.diagnostics import InputError, Place, Unsupported, near
from litmus.program.code import PLAIN, VOLATILE, Load, Motion, Set, Store
from litmus.program.values import Address, Expr, Op, Reg

CONSTANTS = {"true": 1, "false": 0, "NULL": 0, **flags.CONSTANTS}


class Local(NamedTuple):
    """An lvalue: a local of the thread."""

    name: str
    at: Place


class Memory(NamedTuple):
    """An lvalue: a place in shared memory, and how it is read and written."""

    address: Expr
    type: CType
    load: Row
    store: Row
    at: Place


class Expressions(Emitter, ABC):
    """The expressions of one thread, without the primitives, whose lowering stands on this."""

    def __init__(
        self,
        function: c.Function,
        shared: Shared,
        table: Primitives,
        membarrier: Calls,
        registers: Mapping[str, CType],
    ) -> None:
        super().__init__(function)
        self.shared = shared
        self.table = table
        self.membarrier = membarrier
        self.parameters = {p.name for p in function.definition.parameters}
        self.locals: dict[str, CType] = dict(registers)
        self.declared: set[str] = set()
        self.assigned: set[str] = set(registers)
        self.notes: list[str] = []  # what a reader of the answer must know; each note is there once

    @abstractmethod
    def primitive(self, e: c.Call) -> TypedValue:
        """Lower the call of a primitive and return its value."""

    @abstractmethod
    def primitive_place(self, e: c.Call) -> Memory:
        """The place that an access primitive such as CAO(x) names."""

    # ------------------------------------------------------------ errors

    def wrong(self, message: str, at: Place, hint: str | None = None) -> NoReturn:
        """Raises InputError: the file is wrong at `at`."""
        raise InputError(message, self.function.span(at), hint)

    def unsupported(self, message: str, at: Place, hint: str | None = None) -> NoReturn:
        """Raises Unsupported: the file may be right at `at`, but this program does not support what it says."""
        raise Unsupported(message, self.function.span(at), hint)

    def operated(self, operator: str, left: TypedValue, right: TypedValue, at: Place) -> TypedValue:
        """`left operator right`.  Errors are raised with the span of `at`."""
        try:
            return operate(operator, left, right)
        except Meaningless as error:
            self.wrong(str(error), at)
        except TooWide as error:
            self.unsupported(f"{error} is not supported", at)

    def note(self, text: str) -> None:
        """Add a note, which a reader of the answer must know."""
        if text not in self.notes:
            self.notes.append(text)

    # ------------------------------------------------------------ names

    def is_local(self, name: str) -> bool:
        """Whether a name is a local (declared, or a register that is assigned without a declaration)."""
        if name in self.declared:
            return True
        return name not in self.parameters and (name not in self.shared.types or bool(self.parameters))

    def known_names(self) -> list[str]:
        """All names that an expression may use at this point."""
        return [*self.locals, *(self.parameters or self.shared.types)]

    def has_errno(self) -> None:
        """Make errno a local of the thread, which needs no declaration and is 0 at first (errno(3))."""
        if "errno" not in self.declared:
            self.locals.setdefault("errno", INT)
            self.assigned.add("errno")

    def unknown_local(self, name: str, at: Place) -> NoReturn:
        """Raises InputError: the name means nothing.  It is misspelt, or a shared variable that was not passed."""
        if name in self.shared.types:
            where = self.function.definition.name
            hint = f"pass it: {where}(int *{name}, ...)"
            self.wrong(f"{name} is a shared variable, but no parameter of {where}", at, hint)
        self.wrong(f"{name} has no value here", at, near(name, self.known_names()) or "assign it first")

    # ------------------------------------------------------------ evaluating

    def value(self, expression: c.Expression) -> TypedValue:
        """The value of an expression that must have one."""
        result = self.evaluate(expression)
        if result.type is VOID:
            self.wrong("this has no value", expression.at)
        return result

    def exact(self, expression: c.Expression) -> Expr:
        """The value of an expression, exactly: all its bits are right (`TypedValue.exact`)."""
        return exactly(self.value(expression)).expr

    def evaluate(self, expression: c.Expression) -> TypedValue:
        """Emit the side effects of an expression and return its value.  The expression may be void."""
        return self._EVALUATE[type(expression)](self, expression)

    def _number(self, e: c.Number) -> TypedValue:
        bits = e.value.bit_length()
        types = self.shared.integers[2 * e.suffix.count("l") :]
        # A decimal constant without the suffix u is never unsigned (6.4.4.1); a hexadecimal one may be.
        decimal = self.function.span(e.at).text[:1] != "0" or e.value < 8
        fits = [t for t in types if bits <= 8 * t.size - t.signed]
        allowed = [t for t in fits if (not t.signed if "u" in e.suffix else t.signed or not decimal)]
        type_ = (allowed or [types[-1]])[0]
        return exactly(TypedValue(e.value, type_, False))

    def _name(self, e: c.Name) -> TypedValue:
        name = e.name
        if self.is_local(name):
            if name == "errno":
                self.has_errno()
            if name not in self.assigned:
                if name not in self.declared:
                    if name in CONSTANTS:
                        return TypedValue(CONSTANTS[name], INT)
                    self.unknown_local(name, e.at)
                self.note(f"P{self.function.thread} reads {name} before assigning it: taken as 0")
            return TypedValue(Reg(name), self.locals[name])
        type_ = self.shared.types[name]
        if name in self.parameters or name in self.shared.arrays:
            return TypedValue(Address(name), self.shared.pointer_to(type_))
        return self.load(self.place_of(e))

    def _unary(self, e: c.Unary) -> TypedValue:
        if e.operator == "*":
            return self.load(self.place_of(e))
        if e.operator == "&":
            place = self.lvalue(e.operand)
            if isinstance(place, Local):
                self.unsupported("the address of a local is not supported", e.at)
            return TypedValue(place.address, self.shared.pointer_to(place.type))
        try:
            return unary(e.operator, self.value(e.operand))
        except Meaningless as error:
            self.wrong(str(error), e.at)

    def _binary(self, e: c.Binary) -> TypedValue:
        if e.operator in ("&&", "||"):
            return self._logical(e)
        left = self.value(e.left)
        return self.operated(e.operator, left, self.value(e.right), e.at)

    def _logical(self, e: c.Binary) -> TypedValue:
        combine = "and" if e.operator == "&&" else "or"
        left = truth(self.value(e.left))
        if isinstance(left.expr, int):
            if bool(left.expr) == (combine == "or"):
                return TypedValue(left.expr, INT)
            return converted(truth(self.value(e.right)), INT)
        if not self.has_effects(e.right):
            return TypedValue(_combined(combine, left.expr, truth(self.value(e.right)).expr), INT)
        # The left operand decides whether the right one is evaluated.  The result depends on the value of both.
        register, end = self.register(), self.label()
        self.emit(Set(register, left.expr), e.at)
        result = TypedValue(Reg(register), INT)
        self.branch(end, Op("lnot", (Reg(register),)) if combine == "and" else Reg(register), e.left.at)
        right = truth(self.value(e.right)).expr
        self.emit(Set(register, _combined(combine, Reg(register), right)), e.at)
        self.place(end)
        return result

    def _conditional(self, e: c.Conditional) -> TypedValue:
        condition = truth(self.value(e.condition)).expr
        if not self.has_effects(e.then) and not self.has_effects(e.other):
            then, other = self.value(e.then), self.value(e.other)
            type_ = self.common(then, other, e.at)
            arms = converted(then, type_).expr, converted(other, type_).expr
            if isinstance(condition, int):
                return TypedValue(arms[0] if condition else arms[1], type_)
            return TypedValue(Op("ite", (condition, *arms)), type_)
        decided, register = self.register(), self.register()
        otherwise, end = self.label(), self.label()
        self.emit(Set(decided, condition), e.condition.at)
        unless = 1 - condition if isinstance(condition, int) else Op("lnot", (Reg(decided),))
        self.branch(otherwise, unless, e.condition.at)
        then = self._arm(e.then, register, decided)
        self.branch(end, 1, e.at)
        self.place(otherwise)
        other = self._arm(e.other, register, decided)
        self.place(end)
        if then.type is VOID or other.type is VOID:
            return NOTHING
        type_ = self.common(then, other, e.at)
        return TypedValue(Reg(register), type_, then.type == other.type == type_)

    def _arm(self, expression: c.Expression, register: str, decided: str) -> TypedValue:
        """Evaluate one arm into `register`.  The value also depends on the condition, `decided`, that chose the arm."""
        value = self.evaluate(expression)
        if value.type is not VOID:
            value = exactly(promoted(value))
            self.emit(Set(register, Op("ite", (Reg(decided), value.expr, value.expr))), expression.at)
        return value

    def common(self, then: TypedValue, other: TypedValue, at: Place) -> CType:
        """The type of `c ? then : other`."""
        if then.type.target or other.type.target:
            pointer, integer = (then, other) if then.type.target else (other, then)
            if not integer.type.target and integer.expr != 0:
                self.wrong(f"one of {then.type} and {other.type} must be converted to the other", at)
            return pointer.type
        return common_type(promoted(then).type, promoted(other).type)

    def _assign(self, e: c.Assign) -> TypedValue:
        place = self.lvalue(e.target)
        if e.operator is None:
            return self.store(place, self.value(e.value), e.at)
        old = self.load(place)
        return self.store(place, self.operated(e.operator, old, self.value(e.value), e.at), e.at)

    def _step(self, e: c.Step) -> TypedValue:
        place = self.lvalue(e.operand)
        old = self.load(place)
        if not e.prefix and isinstance(place, Local):
            kept = self.register()  # the old value, before the local gets its new one
            self.emit(Set(kept, exactly(old).expr), e.at)
            old = TypedValue(Reg(kept), old.type)
        new = self.store(place, self.operated("+", old, TypedValue(e.by, INT), e.at), e.at)
        return new if e.prefix else old

    def _comma(self, e: c.Comma) -> TypedValue:
        self.evaluate(e.left)
        return self.evaluate(e.right)

    def _cast(self, e: c.Cast) -> TypedValue:
        type_ = self.shared.type_of(self.function, e.type)
        if type_ is VOID:
            self.evaluate(e.operand)
            return NOTHING
        if type_.opaque:
            self.wrong(f"a value cannot be converted to {type_}", e.type.at)
        return converted(self.value(e.operand), type_)

    def _size_of(self, e: c.SizeOf) -> TypedValue:
        if not isinstance(e.operand, c.TypeName):
            self.unsupported("sizeof of an expression is not supported", e.at, "name the type: sizeof(int)")
        return TypedValue(self.shared.type_of(self.function, e.operand).size, self.shared.size_type)

    def _call(self, e: c.Call) -> TypedValue:
        return self.primitive(e)

    def _load_of(self, e: c.Index) -> TypedValue:
        return self.load(self.place_of(e))

    def _member(self, e: c.Member) -> TypedValue:
        self.unsupported("members of structures are not supported", e.at)

    _EVALUATE: ClassVar[dict[type, Callable[[Expressions, Any], TypedValue]]] = {
        c.Number: _number,
        c.Name: _name,
        c.Unary: _unary,
        c.Binary: _binary,
        c.Conditional: _conditional,
        c.Assign: _assign,
        c.Step: _step,
        c.Comma: _comma,
        c.Cast: _cast,
        c.SizeOf: _size_of,
        c.Call: _call,
        c.Index: _load_of,
        c.Member: _member,
    }

    # ------------------------------------------------------------ places

    def lvalue(self, e: c.Expression) -> Local | Memory:
        """The place that an expression names; raises InputError where it names none."""
        if isinstance(e, c.Name) and self.is_local(e.name):
            return Local(e.name, e.at)
        return self.place_of(e)

    def place_of(self, e: c.Expression) -> Memory:
        """The place in shared memory that an expression names."""
        plain = self.table["plain"]
        match e:
            case c.Name(name):
                if self.is_local(name):
                    self.wrong(f"{name} is a local, not shared", e.at, near(name, self.known_names()))
                if name in self.parameters:
                    self.wrong(f"{name} is the address of a shared variable", e.at, f"*{name}")
                if name in self.shared.arrays:
                    self.wrong(f"{name} is an array", e.at, f"{name}[0]")
                return Memory(Address(name), self.shared.types[name], plain, plain, e.at)
            case c.Unary("*", operand):
                return self.pointed(self.value(operand), operand, e.at)
            case c.Index(base, index):
                pointer = self.value(base)
                if pointer.type.target is None:
                    self.wrong(f"this is {pointer.type}, not an array", base.at)
                return self.pointed(self.operated("+", pointer, self.value(index), e.at), base, e.at)
            case c.Call(name) if name in CATALOGUE and CATALOGUE[name].kind == "object":
                return self.primitive_place(e)
            case c.Member():
                self._member(e)
        self.wrong("this cannot be assigned to or read as a variable", e.at)

    def pointed(self, pointer: TypedValue, of: c.Expression, at: Place) -> Memory:
        """What a pointer points at.

        A local that is an integer may hold an address; it then points at an integer of its own type.
        """
        target = pointer.type.target
        if target is None:
            if self.is_shared(of) or pointer.type.size < 4:
                self.wrong(f"this is {pointer.type}, not a pointer", of.at, f"a cast converts it: ({pointer.type} *)")
            target = pointer.type
        if target.opaque:
            self.unsupported(f"accesses to {target} are not supported", at)
        if isinstance(pointer.expr, Address):
            self._check_place(pointer.expr, target, at)
        elif isinstance(pointer.expr, int):
            self.wrong(f"the address {pointer.expr} is none of a variable", of.at)
        plain = self.table["plain"]
        return Memory(pointer.expr, target, plain, plain, at)

    def is_shared(self, e: c.Expression) -> bool:
        """Whether an expression is read from shared memory."""
        match e:
            case c.Name(name):
                return not self.is_local(name)
            case c.Unary("*") | c.Index() | c.Call():
                return True
            case c.Cast(_, operand):
                return self.is_shared(operand)
        return False

    def _check_place(self, address: Address, type_: CType, at: Place) -> None:
        """Check that an access to a known address accesses one whole cell of its variable.

        Raises InputError if the address is outside the variable, Unsupported if only part of a cell is accessed.
        Where sizes differ because types contradict each other about pointers, all types are ignored (`Shared.untyped`).
        """
        name = address.base
        cell = self.shared.types[name]
        if type_.size != cell.size and not self.shared.untyped:
            if (type_.target or cell.target) and not self.shared.arrays:
                self.shared.untyped = True
                return
            self.unsupported(
                f"{name} is {cell} (size {cell.size}) and is accessed as {type_} (size {type_.size}): "
                "accesses of several sizes are not supported", at,
            )  # fmt: skip
        if not 0 <= address.offset < self.shared.arrays.get(name, 1) * cell.size:
            self.wrong(f"this is outside {name}", at)
        if address.offset % cell.size:
            self.unsupported("accesses to a part of a cell are not supported", at)

    # ------------------------------------------------------------ accesses

    def load(self, place: Local | Memory) -> TypedValue:
        """Read a place."""
        if isinstance(place, Local):
            return self._name(c.Name(place.name, place.at))
        row = place.load
        self.fences(row.before, place.at)
        register = self.register()
        self.emit(Load(register, place.address, self.width(place), row.load), place.at, motion=self.motion(row))
        self.after(row, Reg(register), place.at)
        return loaded(register, place.type)

    def width(self, place: Memory) -> int:
        """How many bytes an access touches.  Raises Unsupported if the machine has no single access of that width."""
        size = self.shared.width(place.type)
        if size > self.table.word:
            message = f"accesses to {place.type}, of {size} bytes, are not supported on {self.table.arch}"
            self.unsupported(message, place.at, "there they are two accesses")
        return size

    def motion(self, row: Row) -> Motion:
        """What the compiler may do with an access."""
        return PLAIN if row is self.table["plain"] else VOLATILE

    def store(self, place: Local | Memory, value: TypedValue, at: Place) -> TypedValue:
        """Write a place.  Returns the value that the place then holds."""
        if isinstance(place, Local):
            return self.set(place.name, value, at)
        row = place.store
        value = converted(value, place.type)
        self.fences(row.before, place.at)
        self.emit(Store(place.address, stored(value), self.width(place), row.store), at, motion=self.motion(row))
        self.fences(row.after, place.at)
        return value

    def set(self, name: str, value: TypedValue, at: Place) -> TypedValue:
        """Assign a local.  A local that is not declared takes the type of the assigned value."""
        if value.type is VOID:
            self.wrong("this has no value", at)
        if name not in self.declared and name in self.shared.types:
            self.unknown_local(name, at)
        type_ = self.locals.get(name)
        if type_ is None or (name not in self.declared and not (type_.target and value.expr == 0)):
            type_ = promoted(value).type
        self.locals[name] = type_
        self.assigned.add(name)
        expr = converted(value, type_).expr
        register = temporary(expr)
        if register is None or not self.retarget(register, name):
            self.emit(Set(name, expr), at)
        return TypedValue(Reg(name), type_)

    # ------------------------------------------------------------ branches

    def has_effects(self, e: c.Expression) -> bool:
        """Whether evaluating an expression does more than give a value: it accesses memory, assigns or may fail."""
        match e:
            case c.Number() | c.SizeOf():
                return False
            case c.Name(name):
                return not (self.is_local(name) or name in self.parameters or name in self.shared.arrays)
            case c.Unary("*") | c.Index() | c.Call() | c.Assign() | c.Step() | c.Member():
                return True
            case c.Unary("&", operand):
                return not isinstance(operand, c.Name)
            case c.Unary(_, operand) | c.Cast(_, operand):
                return self.has_effects(operand)
            case c.Binary("/" | "%", left, right) if not (isinstance(right, c.Number) and right.value):
                return True  # it may divide by zero, so it must not be computed where C does not compute it
            case c.Binary(_, left, right) | c.Comma(left, right):
                return self.has_effects(left) or self.has_effects(right)
            case c.Conditional(condition, then, other):
                return any(map(self.has_effects, (condition, then, other)))

    def jump(self, label: str, e: c.Expression, when: bool) -> None:
        """Go to `label` if the truth value of an expression is `when`; otherwise go on."""
        if isinstance(e, c.Unary) and e.operator == "!":
            self.jump(label, e.operand, not when)
        elif isinstance(e, c.Binary) and e.operator in ("&&", "||") and self.has_effects(e.right):
            if (e.operator == "||") == when:  # either operand is enough
                self.jump(label, e.left, when)
                self.jump(label, e.right, when)
            else:
                past = self.label()
                self.jump(past, e.left, not when)
                self.jump(label, e.right, when)
                self.place(past)
        else:
            value = self.value(e)
            self.branch(label, (truth(value) if when else negated(value)).expr, e.at)


def _combined(name: str, a: Expr, b: Expr) -> Expr:
    """`a and b`, or `a or b`, for operands that are 0 or 1.  The value of `a` is not known here, that of `b` may be."""
    if isinstance(b, int):
        if name == "and":
            return a if b else Op("and", (a, 0))
        return Op("or", (a, 1)) if b else a
    return Op(name, (a, b))
