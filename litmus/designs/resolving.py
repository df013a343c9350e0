"""Resolving a design's blocks: every name is replaced by what it means, and labels are removed.

The result is in the C dialect, with irq_off and the floating blocks.  The argument of a floating block is then the
CPU to which it is sent.
"""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct
from msgspec.structs import replace

from litmus.c import syntax as c
from litmus.c.catalogue import CATALOGUE
from litmus.c.expressions import CONSTANTS
from litmus.c.primitives import ORDERS
from litmus.designs.rewriting import nodes, rewritten
from litmus.designs.state import TARGET, TASK, full_name, items_of
from litmus.designs.syntax import Body, Design, place
from litmus.diagnostics import InputError, Place, Unsupported, near

WAITING = ("ipi", "signal", "quiescent")
FLOATING = {**{name: name for name in WAITING}, "ipi_nowait": "ipi", "signal_nowait": "signal"}  # word -> kind
KNOWN = frozenset((*CONSTANTS, *ORDERS))  # names that the dialect knows
IRQ_OFF, EACH_CPU, CPU, AWAIT = "irq_off", "for_each_cpu", "cpu", "await"


class Where(Struct, frozen=True):
    """What surrounds a statement.

    own: the CPU that executes it; None for the caller's CPU, which has no state here.  cpus: the names of CPUs.
    sends: floating blocks may be sent from here.  masked: interrupts are off.
    """

    own: str | None
    cpus: Mapping[str, str]
    sends: bool = False
    masked: bool = False


class Resolver:
    """The names of one design.  `cpus`: the CPUs on which T may run, in the order in which a caller looks at them."""

    def __init__(self, design: Design, cpus: tuple[str, ...]) -> None:
        self.cpus = cpus
        self.state = {"cpu": items_of(design, "cpu"), "mm": items_of(design, "mm")}
        both = self.state["cpu"].keys() & self.state["mm"].keys()
        for name in both:
            item = self.state["mm"][name]
            raise InputError(f"{name} is the state of every cpu already", place(item.body, item.type.at))

    def membarrier(self, body: Body) -> c.Block:
        """The block that the caller executes."""
        known = {TARGET: self.cpus[0]} if len(self.cpus) == 1 else {}
        return _Resolution(self, body).block(Where(None, known, sends=True))

    def hook(self, body: Body, cpu: str) -> c.Block:
        """The block that a CPU executes to switch T out or in."""
        return _Resolution(self, body).block(Where(cpu, {TARGET: cpu}))


class _Resolution:
    """One block, in one file."""

    def __init__(self, resolver: Resolver, body: Body) -> None:
        self.cpus = resolver.cpus
        self.state = resolver.state
        self.body = body
        inside = list(nodes(body.block))
        self.locals = {node.name for node in inside if isinstance(node, c.Declarator)}
        self.locals |= {n.target.name for n in inside if isinstance(n, c.Assign) and isinstance(n.target, c.Name)}

    def wrong(self, message: str, at: Place, hint: str | None = None) -> InputError:
        return InputError(message, place(self.body, at), hint)

    def block(self, where: Where) -> c.Block:
        return self.resolved(self.body.block, where)

    def resolved(self, node: c.Block, where: Where) -> c.Block:
        return rewritten(node, lambda n: self.change(n, where))

    def change(self, node: object, where: Where) -> object:
        match node:
            case c.Name():
                return self.name(node, where)
            case c.Member(c.Call("cpu", (c.Name(),)) as of, name, False):
                if name not in self.state["cpu"]:
                    raise self.wrong(f"the state of a cpu has no {name}", node.at, near(name, self.state["cpu"]))
                return c.Name(full_name(self.cpu(of, where), name), node.at)
            case c.Call(name=name) if name == CPU:
                raise self.wrong("a cpu is no value", node.at, f"cpu({TARGET}).NAME")
            case c.Call(name=name) if name in CATALOGUE and CATALOGUE[name].kind == "membarrier":
                raise self.wrong("a design is what membarrier executes", node.name_at)
            case c.Declarator(name=name):
                self.refuse(name, node.at)
            case c.Label():
                return rewritten(node.statement, lambda n: self.change(n, where))
            case c.Goto():
                raise Unsupported("goto is not supported in designs", place(self.body, node.at))
            case c.Return() | c.Jump() if where.masked:
                raise self.wrong("interrupts would stay off", node.at, "leave irq_off { } at its end")
            case c.Braced():
                return self.braced(node, where)
        return node

    def name(self, e: c.Name, where: Where) -> c.Expression:
        if e.name == TARGET:
            return c.Number(TASK, "", e.at)
        if e.name in self.state["mm"]:
            return c.Name(full_name("mm", e.name), e.at)
        if e.name in self.state["cpu"]:
            if where.own is None:
                hint = f"cpu({next(iter(where.cpus), 'c')}).{e.name}"
                raise self.wrong(f"every cpu has a {e.name}: which one?", e.at, hint)
            return c.Name(full_name(where.own, e.name), e.at)
        if e.name not in self.locals and e.name not in KNOWN:
            known = [*self.locals, *self.state["cpu"], *self.state["mm"], TARGET]
            raise self.wrong(f"there is no {e.name}", e.at, near(e.name, known) or "state stands in cpu { } or mm { }")
        return e

    def refuse(self, name: str, at: Place) -> None:
        if name == TARGET or name in self.state["cpu"] or name in self.state["mm"]:
            raise self.wrong(f"{name} has a meaning already", at, "choose another name for the local")

    def cpu(self, of: c.Call | c.Braced, where: Where) -> str:
        """The CPU that an argument names."""
        match of.arguments:
            case (c.Name(name, at),) if name in where.cpus:
                return where.cpus[name]
            case (c.Name(name, at),) if name == TARGET:
                raise self.wrong(f"{TARGET} migrates: which of its cpus?", at, f"{EACH_CPU} (c) {{ ... }}")
            case (other,):
                known = " or ".join(where.cpus) or f"the name of a {EACH_CPU}"
                raise self.wrong("this is no cpu", other.at, f"write {known}")
        raise self.wrong(f"{of.name} takes one argument", of.name_at, f"{of.name} ({TARGET})")

    def braced(self, s: c.Braced, where: Where) -> c.Statement:
        if s.name == IRQ_OFF:
            if s.arguments:
                raise self.wrong(f"{IRQ_OFF} takes no arguments", s.arguments[0].at)
            return replace(s, body=self.resolved(s.body, replace(where, masked=True)))
        if s.name == EACH_CPU:
            match s.arguments:
                case (c.Name(name, at),):
                    self.refuse(name, at)
                case _:
                    raise self.wrong(f"{EACH_CPU} takes a name", s.name_at, f"{EACH_CPU} (c) {{ ... }}")
            rounds = [self.resolved(s.body, replace(where, cpus={**where.cpus, name: cpu})) for cpu in self.cpus]
            return c.Block(tuple(rounds), s.at)
        if s.name not in FLOATING:
            words = (IRQ_OFF, EACH_CPU, *FLOATING)
            hint = near(s.name, words) or "there are " + ", ".join(words)
            raise self.wrong(f"there is no block {s.name} {{ }}", s.name_at, hint)
        if not where.sends:
            raise Unsupported(f"{s.name} is supported in membarrier only", place(self.body, s.name_at))
        cpu = self.cpu(s, where)
        if FLOATING[s.name] == "signal" and len(self.cpus) > 1:
            message = f"a signal to a thread that migrates is not supported: {TARGET} may get it on either cpu"
            raise Unsupported(message, place(self.body, s.name_at))
        inside = Where(cpu, {TARGET: cpu} if len(self.cpus) == 1 else {})
        return replace(s, arguments=(c.Name(cpu, s.name_at),), body=self.resolved(s.body, inside))
