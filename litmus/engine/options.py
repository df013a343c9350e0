"""Options: how a question is to be decided; none of them changes what the answer is."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

States = Literal["auto", "all", "none"]
Engine = Literal["auto", "z3", "enumerate"]


class Options(Struct, frozen=True):
    """What to list, with which engine, and for how long.

    states: list all final states, none, or (auto) as many as fit the built-in limits; engine: auto
    lets propagation decide first and Z3 only what is left; timeout: wall-clock seconds for one
    question, after which NoAnswer is raised; witness: spell out an execution that satisfies the
    proposition, if there is one.
    """

    states: States = "auto"
    engine: Engine = "auto"
    timeout: float | None = None
    witness: bool = True
