"""Clauses: a small CNF builder, and Z3 holding the result.

A literal is a non-zero integer: k is a variable, -k its negation.  TRUE and FALSE are constant literals.
Z3 gets the clauses as DIMACS text.  For a small problem, that is two to seven times faster than the
other ways to hand it over.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, ClassVar

from litmus import limits, memory
from litmus.diagnostics import NoAnswer

if TYPE_CHECKING:
    import z3

TRUE = 1  # the first variable is asserted
FALSE = -1

LEAST = 64  # megabytes: with less, Z3 may end the process while it is loaded or begins to work

AT_ONCE = 50_000  # clauses that Z3 gets in one text: nothing can interrupt Z3 while it reads


class Clauses:
    """A growing set of clauses.  Gates are hash-consed, and their clauses define them in both directions."""

    def __init__(self) -> None:
        self.variables = 1
        self.clauses: list[Sequence[int]] = [(TRUE,)]
        self._gates: dict[tuple[int, ...], int] = {}

    def new(self) -> int:
        """A fresh variable."""
        self.variables += 1
        return self.variables

    def add(self, *literals: int) -> None:
        """Assert the disjunction of the literals."""
        if TRUE not in literals:
            self.clauses.append([x for x in literals if x != FALSE])

    def all_of(self, literals: Iterable[int]) -> int:
        """A literal that is true iff all of the literals are."""
        key = tuple(sorted({x for x in literals if x != TRUE}))
        if FALSE in key or any(-x in key for x in key):
            return FALSE
        if len(key) <= 1:
            return key[0] if key else TRUE
        gate = self._gates.get(key)
        if gate is None:
            gate = self._gates[key] = self.new()
            for x in key:
                self.clauses.append((-gate, x))
            self.clauses.append([gate, *(-x for x in key)])
        return gate

    def any_of(self, literals: Iterable[int]) -> int:
        """A literal that is true iff one of the literals is."""
        return -self.all_of(-x for x in literals)

    def at_most_one(self, literals: Sequence[int]) -> None:
        """Assert that no two of the literals are true."""
        if len(literals) <= 6:
            for i, x in enumerate(literals):
                for y in literals[i + 1 :]:
                    self.add(-x, -y)
            return
        some = literals[0]  # some: one of the literals so far is true
        for x in literals[1:]:
            self.add(-some, -x)
            some = self.any_of((some, x))

    def total_order(self, members: Sequence[int]) -> dict[tuple[int, int], int]:
        """Literals `a before b` of a strict total order of the members, for every pair of them."""
        before: dict[tuple[int, int], int] = {}
        for i, a in enumerate(members):
            for b in members[i + 1 :]:
                before[a, b] = x = self.new()
                before[b, a] = -x
        for i, a in enumerate(members):
            for j in range(i + 1, len(members)):
                for c in members[j + 1 :]:
                    b = members[j]
                    self.clauses.append((-before[a, b], -before[b, c], before[a, c]))
                    self.clauses.append((before[a, b], before[b, c], -before[a, c]))
        return before


class Solver:
    """Z3 on a set of clauses, to which more can be added."""

    def __init__(self, clauses: Clauses) -> None:
        most = limits.megabytes()
        spare = None if most is None else most - memory.resident()
        if spare is not None and spare < LEAST:
            raise NoAnswer(f"no answer within {most} MB of memory")
        import z3

        self._z3 = z3
        if spare is not None:
            z3.set_param("memory_max_size", spare)
        self.clauses = clauses
        self.handed = 0
        self.solver = z3.SolverFor("QF_FD")
        self._hand_over()

    def _hand_over(self) -> None:
        """Give Z3 the new clauses as DIMACS text.  Its parser is quicker than z3py's expressions."""
        while self.handed < len(self.clauses.clauses):
            new = self.clauses.clauses[self.handed : self.handed + AT_ONCE]
            lines = [f"p cnf {self.clauses.variables} {len(new)}"]
            lines.extend(" ".join(map(str, c)) + " 0" for c in new)
            # Variable k of DIMACS text is the constant with the integer symbol k.
            self.solver.from_string("\n".join(lines) + "\n")
            self.handed += len(new)

    def _literal(self, x: int) -> z3.BoolRef:
        constant = self._z3.Bool(abs(x))
        return constant if x > 0 else self._z3.Not(constant)

    def solve(self, assumptions: Iterable[int]) -> Solution | None:
        """Some model of the clauses and assumptions; None if there is none.

        Clauses that were added since the last call are handed over first.  Z3 may use the time that is left of the
        limit that this thread works under (litmus.limits).  When that time is up, the work ends as that limit says.
        Raises NoAnswer if Z3 gives up by itself.
        """
        z3 = self._z3
        try:
            return self._solved(assumptions)
        except z3.Z3Exception as error:
            if "memory" in str(error):
                raise NoAnswer(f"no answer within {limits.megabytes()} MB of memory") from None
            raise

    def _solved(self, assumptions: Iterable[int]) -> Solution | None:
        z3 = self._z3
        self._hand_over()
        left = limits.left()
        if left is not None:
            self.solver.set("timeout", int(left * 1000) + 2)
        result = self.solver.check([self._literal(x) for x in assumptions])
        if result == z3.unsat:
            return None
        if result != z3.sat:
            if limits.left() == 0:
                limits.give_up()
            raise NoAnswer(f"Z3 has no answer: {self.solver.reason_unknown()}")
        return Solution(self.solver.model())


class Solution:
    """A model that Z3 has found.  Variables are read when they are asked for: most never are.

    They are read with functions of the Z3 library.  With z3py's expression objects, reading them would take longer than
    the search.
    """

    _declared: ClassVar[dict[int, z3.FuncDeclRef]] = {}  # of each variable; the same in every solver

    def __init__(self, model: z3.ModelRef) -> None:
        import z3

        self._model = model
        self._z3 = z3
        self._context = model.ctx.ref()
        self._true = z3.BoolVal(True).as_ast().value
        self._known: dict[int, bool] = {TRUE: True}

    def holds(self, literal: int) -> bool:
        """Whether a literal is true.  A variable that Z3 says nothing of is false."""
        variable = abs(literal)
        value = self._known.get(variable)
        if value is None:
            declared = self._declared.get(variable)
            if declared is None:
                declared = self._declared[variable] = self._z3.Bool(variable).decl()
            found = self._z3.z3core.Z3_model_get_const_interp(self._context, self._model.model, declared.ast)
            value = self._known[variable] = found.value == self._true
        return value is (literal > 0)
