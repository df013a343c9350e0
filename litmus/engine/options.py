"""Options: how a question is to be decided.  No option changes the verdict."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

States = Literal["auto", "all", "none"]
Engine = Literal["auto", "z3", "enumerate"]


class Options(Struct, frozen=True):
    """What to list, with which engine, and for how long.

    states: `all` lists all final states and `none` lists none.  `auto` lists them if they are found within
    the built-in limits.
    engine: `auto` evaluates all candidate executions at once if they are few, and else uses Z3.
    `z3` always uses Z3, `enumerate` tries one execution after the other.
    timeout: wall-clock seconds for one question, after which NoAnswer is raised.
    witness: spell out an execution that satisfies the proposition, if there is one.
    """

    states: States = "auto"
    engine: Engine = "auto"
    timeout: float | None = None
    witness: bool = True
