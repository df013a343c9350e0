"""A pytest plugin that changes a line of the program while it is imported.

The environment variable LITMUS_MUTANT says which line, as JSON: a module, a text that occurs in it once, and the text
that replaces it.
"""

from __future__ import annotations

import importlib.util
import json
import os
import sys
from collections.abc import Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder, SourceFileLoader
from types import CodeType, ModuleType

VARIABLE = "LITMUS_MUTANT"


class _Loader(SourceFileLoader):
    """Loads a module from its changed text.  It neither reads nor writes Python's cache of compiled modules."""

    def __init__(self, name: str, path: str, text: str) -> None:
        super().__init__(name, path)
        self.text = text

    def get_code(self, fullname: str) -> CodeType:
        return compile(self.text, self.path, "exec")


class _Finder(MetaPathFinder):
    def __init__(self, module: str, old: str, new: str) -> None:
        self.module, self.old, self.new = module, old, new

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if fullname != self.module:
            return None
        spec = PathFinder.find_spec(fullname, path)
        assert spec is not None
        assert spec.origin is not None
        with open(spec.origin, encoding="utf-8") as file:
            text = file.read()
        assert text.count(self.old) == 1
        loader = _Loader(fullname, spec.origin, text.replace(self.old, self.new))
        return importlib.util.spec_from_file_location(fullname, spec.origin, loader=loader)


if VARIABLE in os.environ:
    _module, _old, _new = json.loads(os.environ[VARIABLE])
    assert _module not in sys.modules, "the plugin has to come first"
    sys.meta_path.insert(0, _Finder(_module, _old, _new))
