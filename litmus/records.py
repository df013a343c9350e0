"""Records: `dataclass` and its companions from the standard library, made quickly.

To a type checker these are the standard ones.  At run time the module leaves out what a
command that should answer in a tenth of a second cannot pay for a hundred times at start-up: the
standard decorator compiles five to eight methods a class and imports `inspect`, 0.75 ms a class and
15 ms; here it is one method and 0.1 ms.  The difference to see: `frozen` is checked by mypy only.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

__all__ = ["dataclass", "field", "fields", "is_dataclass", "replace"]

if TYPE_CHECKING:
    from dataclasses import dataclass, field, fields, is_dataclass, replace
else:
    from operator import attrgetter

    _ABSENT = object()

    class Field:
        """A field: its name, and how it gets a value that is not given.

        The rest makes the standard functions take it for one of their own, which pytest's and
        hypothesis' printers use.
        """

        __slots__ = ("default", "default_factory", "init", "name")
        repr = compare = True
        hash = None
        kw_only = False

        @property
        def _field_type(self):
            import dataclasses

            return dataclasses._FIELD

        def __init__(self, default, default_factory, init):
            self.name = ""
            self.default = default
            self.default_factory = default_factory
            self.init = init

    def field(*, default=_ABSENT, default_factory=_ABSENT, init=True):
        """As dataclasses.field."""
        return Field(default, default_factory, init)

    def dataclass(cls=None, /, *, frozen=False, slots=False, eq=True):
        """As dataclasses.dataclass, for classes without class variables among their annotations."""
        if cls is None:
            return lambda cls: _made(cls, frozen, slots, eq)
        return _made(cls, frozen, slots, eq)

    def fields(record):
        """As dataclasses.fields."""
        return tuple(record.__dataclass_fields__.values())

    def is_dataclass(record):
        """As dataclasses.is_dataclass."""
        return hasattr(record, "__dataclass_fields__")

    def replace(record, /, **changes):
        """As dataclasses.replace."""
        given = {name: getattr(record, name) for name, f in record.__dataclass_fields__.items() if f.init}
        return record.__class__(**{**given, **changes})

    def _made(cls, frozen, slots, eq):
        namespace = dict(cls.__dict__)
        own = {}
        for name in namespace.get("__annotations__", ()):
            value = namespace.get(name, _ABSENT)
            own[name] = value if isinstance(value, Field) else Field(value, _ABSENT, True)
            own[name].name = name
            if value is not _ABSENT and (slots or isinstance(value, Field)):
                del namespace[name]
        known = {}
        for base in reversed(cls.__mro__[1:]):
            known.update(getattr(base, "__dataclass_fields__", {}))
        known.update(own)
        names = tuple(known)
        namespace["__dataclass_fields__"] = known
        namespace.setdefault("__match_args__", tuple(name for name in names if known[name].init))
        namespace["__init__"] = _init(known, "__post_init__" in namespace)
        namespace.setdefault("__repr__", _repr)
        if eq:
            values = attrgetter(*names) if names else lambda record: ()
            namespace.setdefault("__eq__", _eq(values))
            namespace.setdefault("__hash__", (lambda record: hash(values(record))) if frozen else None)
        if slots:
            namespace["__slots__"] = tuple(own)
            namespace.pop("__dict__", None)
            namespace.pop("__weakref__", None)
        return type(cls)(cls.__name__, cls.__bases__, namespace)

    def _init(known, then):
        globals_ = {"_ABSENT": _ABSENT}
        parameters = ["self"]
        body = []
        for number, f in enumerate(known.values()):
            name = f.name
            value = name
            if f.default_factory is not _ABSENT:
                globals_[f"_f{number}"] = f.default_factory
                value = f"_f{number}() if {name} is _ABSENT else {name}" if f.init else f"_f{number}()"
                parameter = f"{name}=_ABSENT"
            elif f.default is not _ABSENT:
                globals_[f"_d{number}"] = f.default
                parameter = f"{name}=_d{number}"
                value = name if f.init else f"_d{number}"
            else:
                parameter = name
            if f.init:
                parameters.append(parameter)
            if f.init or f.default is not _ABSENT or f.default_factory is not _ABSENT:
                body.append(f" self.{name} = {value}")
        if then:
            body.append(" self.__post_init__()")
        exec(f"def __init__({', '.join(parameters)}):\n" + "\n".join(body or [" pass"]), globals_)
        return globals_["__init__"]

    def _eq(values):
        def __eq__(self, other):
            if other.__class__ is not self.__class__:
                return NotImplemented
            return values(self) == values(other)

        return __eq__

    def _repr(self):
        shown = ", ".join(f"{name}={getattr(self, name, None)!r}" for name in self.__dataclass_fields__)
        return f"{self.__class__.__name__}({shown})"
