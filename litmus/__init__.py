"""litmus: decides memory-model litmus tests.

    import litmus

    result = litmus.check("SB.litmus", "x86-tso")
    if result.answer is None:
        print(result.error)
    else:
        print(result.answer.verdict, result.ok)

The names that are exported here are the public interface.  Each is imported when it is first used.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from litmus.checking import check
    from litmus.diagnostics import Diagnostic, InputError, NoAnswer, Source, Unsupported
    from litmus.engine.answer import Answer, Execution, Verdict
    from litmus.engine.options import Options
    from litmus.result import Expectation, Result

__version__ = "0.3.0"

__all__ = [
    "Answer",
    "Diagnostic",
    "Execution",
    "Expectation",
    "InputError",
    "NoAnswer",
    "Options",
    "Result",
    "Source",
    "Unsupported",
    "Verdict",
    "__version__",
    "check",
]

_HOME = {
    "check": "litmus.checking",
    **dict.fromkeys(("Diagnostic", "InputError", "NoAnswer", "Source", "Unsupported"), "litmus.diagnostics"),
    **dict.fromkeys(("Answer", "Execution", "Verdict"), "litmus.engine.answer"),
    "Options": "litmus.engine.options",
    **dict.fromkeys(("Expectation", "Result"), "litmus.result"),
}


def __getattr__(name: str) -> object:
    home = _HOME.get(name)
    if home is None:
        raise AttributeError(f"module 'litmus' has no attribute {name!r}")
    found: object = getattr(import_module(home), name)
    globals()[name] = found
    return found
