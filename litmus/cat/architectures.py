"""Architectures that models declare: which tests a model is for, by the word that its file begins with.

A model of one instruction set says nothing of another's fences: they would count as nothing.  herd7 refuses such a
test as well (its option -archcheck).
"""

from __future__ import annotations

from litmus.diagnostics import InputError, Span

# What herd7 takes for an architecture where a model begins with it -> the architectures of the tests that it is for.
# Others' models for X86 are for X86_64, too.  Any other word (SC, TSO, "Minimal model") declares none.
_X86 = ("X86", "X86_64")
TAKES: dict[str, tuple[str, ...]] = {
    "X86": _X86,
    "X86_64": _X86,
    "PPC": ("PPC",),
    "ARM": ("ARM",),
    "AArch64": ("AArch64",),
    "RISCV": ("RISCV",),
    "RISC-V": ("RISCV",),
    "C": ("C",),
    **{word: (word,) for word in ("ASL", "BPF", "C++", "CPP", "JAVA", "LISA", "MIPS")},
}


class ForeignModel(InputError):
    """A model was asked about another instruction set than its own.

    Attributes: `takes`, the architectures that the model is for (`own`: in words), and `asked`, that of the test.
    """

    def __init__(self, model: str, takes: tuple[str, ...], asked: str, span: Span | None) -> None:
        self.takes = takes
        self.own = " and ".join(takes)
        self.asked = asked
        super().__init__(f"the model {model} is for {self.own}, and was asked about {asked}", span)


def refuse_foreign(model: str, head: str, asked: str, span: Span | None) -> None:
    """Raises ForeignModel, at `span`, if a model that begins with `head` is not for an architecture ("": any)."""
    takes = TAKES.get(head, ())
    if takes and asked and asked not in takes:
        raise ForeignModel(model, takes, asked, span)
