"""The registers of C: a test names the locals of its functions as if they were registers."""

from __future__ import annotations

from litmus.program.code import RegisterType


class Locals:
    """How the locals of a test are shown.  The names here are those of litmus.isa.architecture.Architecture."""

    register_type = RegisterType()

    def rank(self, name: str) -> tuple[int, str]:
        """herd orders locals by name."""
        return 0, name
