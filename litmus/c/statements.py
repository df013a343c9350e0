"""Lowering C statements: control flow becomes branches and labels.

A `continue` goes forward, to the jump that closes its loop.  So the place where the ways of a branch meet again
always comes after the branch.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, ClassVar, NamedTuple

from litmus.c import primitives
from litmus.c import syntax as c
from litmus.c.expressions import Expressions, Memory
from litmus.c.membarrier.shared import Calls
from litmus.c.tables import Primitives
from litmus.c.types import CType, TypedValue, exactly, operate, promoted
from litmus.c.variables import Shared
from litmus.diagnostics import Place, near
from litmus.program.code import Branch, Set, ThreadCode
from litmus.program.values import Reg

END = ".end"


class _Targets(NamedTuple):
    """Where `break` and `continue` go."""

    leave: str
    again: str | None


class Statements(Expressions):
    """The statements of one thread."""

    def __init__(
        self,
        function: c.Function,
        shared: Shared,
        table: Primitives,
        membarrier: Calls,
        registers: Mapping[str, CType],
    ) -> None:
        super().__init__(function, shared, table, membarrier, registers)
        self.targets: tuple[_Targets, ...] = ()
        self.scopes: tuple[set[str], ...] = ()
        self.cases: dict[int, str] = {}  # the cases of the enclosing switch statements: id of the statement -> label

    def lower(self) -> ThreadCode:
        """The whole thread."""
        self.labels[END] = -1
        self.statement(self.function.definition.body)
        self.place(END)
        return self.code()

    def statement(self, s: c.Statement) -> None:
        """Lower one statement."""
        self._LOWER[type(s)](self, s)

    def primitive(self, e: c.Call) -> TypedValue:
        """Lower the call of a primitive (litmus.c.primitives)."""
        return primitives.call(self, e)

    def primitive_place(self, e: c.Call) -> Memory:
        """The place that an access primitive names."""
        return primitives.place(self, e)

    # ------------------------------------------------------------ declarations

    def _declaration(self, s: c.Declaration) -> None:
        base = self.shared.type_of(self.function, s.type)
        for declarator in s.declarators:
            type_ = base
            for _ in range(declarator.pointers):
                type_ = self.shared.pointer_to(type_)
            self._declare(declarator, type_)

    def _declare(self, declarator: c.Declarator, type_: CType) -> None:
        name, at = declarator.name, declarator.at
        if declarator.size is not None:
            self.unsupported("arrays of a thread's own are not supported", at)
        if type_.opaque:
            self.unsupported(f"locals of type {type_} are not supported", at)
        if name in self.parameters:
            self.wrong(f"{name} is a parameter of {self.function.definition.name} already", at)
        if name in self.scopes[-1]:
            self.wrong(f"{name} is declared twice", at)
        if any(name in scope for scope in self.scopes):
            self.unsupported(f"a {name} that hides another {name} is not supported", at, "choose another name")
        if self.locals.get(name, type_) != type_ and name in self.assigned:
            self.unsupported(f"{name} is {self.locals[name]} elsewhere in this thread", at, "choose another name")
        self.scopes[-1].add(name)
        self.declared.add(name)
        self.locals[name] = type_
        if declarator.value is not None:
            self.set(name, self.value(declarator.value), at)

    # ------------------------------------------------------------ simple statements

    def _expression(self, s: c.ExpressionStatement) -> None:
        self.evaluate(s.expression)

    def _empty(self, s: c.Empty) -> None:
        pass

    def _block(self, s: c.Block) -> None:
        outer = self.scopes
        self.scopes = (*outer, set())
        for statement in s.statements:
            self.statement(statement)
        self.scopes = outer

    def _return(self, s: c.Return) -> None:
        if s.value is not None:
            self.evaluate(s.value)
        self.emit(Branch(END), s.at)

    def _braced(self, s: c.Braced) -> None:
        self.wrong(f"there is no statement {s.name} {{ }}", s.name_at, "if, while, for, switch")

    def _label(self, s: c.Label) -> None:
        if s.name in self.labels:
            self.wrong(f"the label {s.name} is defined twice", s.at)
        self.labels[s.name] = len(self.lines)
        self.statement(s.statement)

    def _goto(self, s: c.Goto) -> None:
        goals = {inner.name for inner in _inside(self.function.definition.body) if isinstance(inner, c.Label)}
        if s.label not in goals:
            self.wrong(f"there is no label {s.label}", s.at, near(s.label, sorted(goals)))
        self.emit(Branch(s.label), s.at)

    def _jump(self, s: c.Jump) -> None:
        for targets in reversed(self.targets):
            label = targets.leave if s.word == "break" else targets.again
            if label is not None:
                self.emit(Branch(label), s.at)
                return
        self.wrong(f"{s.word} outside a loop", s.at)

    # ------------------------------------------------------------ if, loops

    def _if(self, s: c.If) -> None:
        otherwise = self.label()
        self.jump(otherwise, s.condition, when=False)
        self.statement(s.then)
        if s.other is None:
            self.place(otherwise)
            return
        end = self.label()
        self.branch(end, 1, s.at)
        self.place(otherwise)
        self.statement(s.other)
        self.place(end)

    def _while(self, s: c.While) -> None:
        self._loop(s.condition, None, s.body, s.at)

    def _for(self, s: c.For) -> None:
        outer = self.scopes
        self.scopes = (*outer, set())
        self.statement(s.start)
        self._loop(s.condition, s.step, s.body, s.at)
        self.scopes = outer

    def _loop(self, condition: c.Expression | None, step: c.Expression | None, body: c.Statement, at: Place) -> None:
        head, again, end = self.label(), self.label(), self.label()
        self.place(head)
        if condition is not None:
            self.jump(end, condition, when=False)
        self._body(body, end, again)
        if step is not None:
            self.evaluate(step)
        self.emit(Branch(head), at)
        self.place(end)

    def _do_while(self, s: c.DoWhile) -> None:
        head, again, end = self.label(), self.label(), self.label()
        self.place(head)
        self._body(s.body, end, again)
        self.jump(head, s.condition, when=True)
        self.place(end)

    def _body(self, body: c.Statement, leave: str, again: str) -> None:
        outer = self.targets
        self.targets = (*outer, _Targets(leave, again))
        self.statement(body)
        self.targets = outer
        self.place(again)

    # ------------------------------------------------------------ switch

    def _switch(self, s: c.Switch) -> None:
        value = exactly(promoted(self.value(s.value)))
        kept, end = self.register(), self.label()
        self.emit(Set(kept, value.expr), s.value.at)
        value = TypedValue(Reg(kept), value.type)
        outer_cases, outer_targets = self.cases, self.targets
        self.cases = dict(outer_cases)
        default = end
        seen: set[int] = set()
        for case in _cases(s.body):
            label = self.cases[id(case)] = self.label()
            if case.value is None:
                if default != end:
                    self.wrong("a second default", case.at)
                default = label
                continue
            constant = self._constant(case.value)
            expr = operate("==", value, constant).expr
            key = constant.expr if isinstance(constant.expr, int) else 0
            if key in seen:
                self.wrong(f"a second case {key}", case.value.at)
            seen.add(key)
            self.branch(label, expr, case.value.at)
        self.emit(Branch(default), s.at)
        self.targets = (*outer_targets, _Targets(end, None))
        self.statement(s.body)
        self.place(end)
        self.cases, self.targets = outer_cases, outer_targets

    def _constant(self, e: c.Expression) -> TypedValue:
        if not self.has_effects(e):
            value = exactly(self.value(e))
            if isinstance(value.expr, int):
                return value
        self.wrong("a case must be a constant", e.at)

    def _case(self, s: c.Case) -> None:
        label = self.cases.get(id(s))
        if label is None:
            self.wrong(f"{'default' if s.value is None else 'case'} outside a switch", s.at)
        self.place(label)
        self.statement(s.statement)

    _LOWER: ClassVar[dict[type, Callable[[Statements, Any], None]]] = {
        c.Declaration: _declaration,
        c.ExpressionStatement: _expression,
        c.Empty: _empty,
        c.Block: _block,
        c.If: _if,
        c.While: _while,
        c.DoWhile: _do_while,
        c.For: _for,
        c.Switch: _switch,
        c.Case: _case,
        c.Label: _label,
        c.Goto: _goto,
        c.Jump: _jump,
        c.Return: _return,
        c.Braced: _braced,
    }


def _children(s: c.Statement) -> tuple[c.Statement, ...]:
    match s:
        case c.Block(statements):
            return statements
        case c.If(_, then, other):
            return (then,) if other is None else (then, other)
        case c.While(_, body) | c.DoWhile(body) | c.For(_, _, _, body) | c.Switch(_, body) | c.Braced(_, _, body):
            return (body,)
        case c.Case(_, statement) | c.Label(_, statement):
            return (statement,)
    return ()


def _inside(s: c.Statement) -> Iterator[c.Statement]:
    """A statement and all statements inside it, in the order of the text."""
    yield s
    for child in _children(s):
        yield from _inside(child)


def _cases(s: c.Statement) -> Iterator[c.Case]:
    """The cases that belong to a switch with the body `s`; those of an inner switch do not."""
    if isinstance(s, c.Case):
        yield s
    if not isinstance(s, c.Switch):
        for child in _children(s):
            yield from _cases(child)
