"""Engines: from an event graph, a compiled model and a question to an answer."""

from litmus.engine.answer import Answer, Execution, State, Verdict
from litmus.engine.options import Options

__all__ = ["Answer", "Execution", "Options", "State", "Verdict"]
