"""The types that tests name: how many bytes a value of each has, and whether it has a sign.

long and pointers have 8 bytes (LP64).
"""

from __future__ import annotations

from functools import lru_cache

from litmus.diagnostics import InputError, Span, near
from litmus.program.code import RegisterType

_SIGNED = {
    1: ("char", "signed char", "s8", "int8_t", "void"),
    2: ("short", "short int", "s16", "int16_t"),
    4: (
        "int", "signed", "signed int", "s32", "int32_t", "atomic_t", "atomic_int", "spinlock_t", "raw_spinlock_t",
        "mtx_t",
    ),
    8: (
        "long", "long int", "long long", "long long int", "signed long", "s64", "int64_t", "intptr_t", "ptrdiff_t",
        "ssize_t", "atomic64_t", "atomic_long_t",
    ),
}  # fmt: skip
_UNSIGNED = {
    1: ("unsigned char", "u8", "uint8_t", "bool", "_Bool"),
    2: ("unsigned short", "unsigned short int", "u16", "uint16_t"),
    4: ("unsigned", "unsigned int", "u32", "uint32_t"),
    8: (
        "unsigned long", "unsigned long int", "unsigned long long", "unsigned long long int", "long unsigned int",
        "u64", "uint64_t", "uintptr_t", "size_t",
    ),
}  # fmt: skip

TYPES = {
    **{name: RegisterType(size) for size, names in _SIGNED.items() for name in names},
    **{name: RegisterType(size, signed=False) for size, names in _UNSIGNED.items() for name in names},
}
_QUALIFIERS = frozenset({"volatile", "const", "_Atomic"})


@lru_cache(maxsize=256)
def type_named(words: str) -> RegisterType | None:
    """The size and sign of the type that the test spells with `words`.  None if there is no such type."""
    name = " ".join([word for word in words.split() if word not in _QUALIFIERS]) or "int"
    return RegisterType(8) if name.startswith("struct ") else TYPES.get(name)


def unknown_type(words: str, span: Span) -> InputError:
    """The error for a type that does not exist."""
    hint = near(words, sorted(TYPES)) or "types are int, long, int8_t, uint64_t, ..."
    return InputError(f"unknown type {words}", span, hint)
