"""litmus: a formal memory-model litmus-test verifier."""

from __future__ import annotations

__version__ = "0.1.0"
