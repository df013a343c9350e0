"""The variants that models and command lines name: which are known, and which change nothing but models.

Source: herd7's lib/variant.ml.  A variant is written in any case.  One that is in neither table is one
of the model's own, if the model asks for it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from msgspec import Struct

from litmus.cat import syntax
from litmus.diagnostics import InputError, Span, Unsupported, near

# Variants that only models ask for; on tests whose accesses are of one size, `mixed` is one of them.
OF_MODELS: frozenset[str] = frozenset(
    ("cos-opt", "dic", "d128", "eis", "eos", "ets", "ets2", "ets3", "exs", "idc", "lkmmv1", "lkmmv2", "mixed", "nv2")
)

# Variants that change what instructions do, or what an execution consists of.
OF_INSTRUCTIONS: frozenset[str] = frozenset(
    (
        *("acqrelasfence", "asl", "asymmetric", "asynchronous", "backcompat", "const-pac-field"),
        *("constrainedunpredictable", "cutoff", "deps", "dontcheckmixed", "exp", "fatal", "fpac", "fullscdepend"),
        *("handled", "ifetch", "instances", "instr", "kvm", "lrscdiffok", "memtag", "morello", "neon", "noptebranch"),
        *("normw", "notweakpredicated", "optrfrmw", "pac", "phantomonload", "pte-squared", "self", "skip", "sme"),
        *("specialx0", "splittedrmw", "success", "sve", "switchdepscresult", "switchdepscwrite", "synchronous"),
        *("telechat", "toofar", "unaligned", "vmsa"),
    )
)


def is_known(name: str) -> bool:
    """Whether herd7 has the variant."""
    name = name.lower()
    return name in OF_MODELS or name in OF_INSTRUCTIONS


def asked_for(path: str, include: tuple[str, ...]) -> set[str]:
    """The variants that a model, or a file that it may include, asks for, in lower case."""
    from litmus.cat.library import Files, search_path
    from litmus.cat.parsing import parse

    files = Files((*include, *search_path()))
    found: set[str] = set()
    read: set[str] = set()
    pending = [files.open(path)]
    while pending:
        source = pending.pop()
        if source.name in read:
            continue
        read.add(source.name)
        for node in _nodes(parse(source)):
            if isinstance(node, syntax.HasVariant):
                found.add(node.name.lower())
            elif isinstance(node, syntax.Include):
                try:
                    pending.append(files.find(node.file, node.span))
                except InputError:  # perhaps the include is never executed
                    continue
    return found


def _nodes(tree: object) -> Iterator[Struct]:
    """A syntax tree's nodes."""
    pending = [tree]
    while pending:
        node = pending.pop()
        if isinstance(node, tuple):
            pending.extend(node)
        elif isinstance(node, Struct) and not isinstance(node, Span):
            yield node
            pending.extend(getattr(node, field) for field in node.__struct_fields__)


def refuse_unknown(names: Iterable[str], models: Iterable[str], include: tuple[str, ...]) -> None:
    """Raise InputError for a variant that is not known and that none of the models, given by path, asks for.

    Raises Unsupported for one that changes what instructions do.
    """
    known = OF_MODELS.union(*(asked_for(path, include) for path in models))
    for name in names:
        if name.lower() in OF_INSTRUCTIONS:
            raise Unsupported(f"the variant {name} is not supported: it changes what instructions do")
        if name.lower() not in known:
            raise InputError(f"no model asks for the variant {name}", hint=near(name.lower(), known))
