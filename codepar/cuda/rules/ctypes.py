"""Types of C as far as the rules need them: which are integers, how wide, whether signed, and what arithmetic makes of two.

Limits: LP64 (``long`` has 64 bits); a type that is not known (a struct, a template) is ``OTHER`` and is only copied.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """What arithmetic a type takes part in."""

    INTEGER = "integer"
    FLOATING = "floating"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class CType:
    """``text`` is how it is written; ``bits`` is 0 for ``OTHER``."""

    text: str
    kind: Kind
    bits: int = 0
    is_signed: bool = True

    @property
    def is_integer(self) -> bool:
        return self.kind is Kind.INTEGER

    @property
    def is_floating(self) -> bool:
        return self.kind is Kind.FLOATING

    @property
    def is_plain_integer(self) -> bool:
        """Wide enough that a subscript computed in it is the number itself, as far as its range goes."""
        return self.is_integer and self.bits >= 32


INT = CType("int", Kind.INTEGER, 32)
UNSIGNED = CType("unsigned int", Kind.INTEGER, 32, is_signed=False)
LONG = CType("long", Kind.INTEGER, 64)
LONG_LONG = CType("long long", Kind.INTEGER, 64)
SIZE = CType("size_t", Kind.INTEGER, 64, is_signed=False)
BOOL = CType("bool", Kind.INTEGER, 1, is_signed=False)
CHAR = CType("char", Kind.INTEGER, 8)
FLOAT = CType("float", Kind.FLOATING, 32)
DOUBLE = CType("double", Kind.FLOATING, 64)
OTHER = CType("", Kind.OTHER)

_FIXED = {f"int{bits}_t": (bits, True) for bits in (8, 16, 32, 64)} | {f"uint{bits}_t": (bits, False) for bits in (8, 16, 32, 64)}
_NAMED = _FIXED | {
    "size_t": (64, False),
    "ssize_t": (64, True),
    "ptrdiff_t": (64, True),
    "intptr_t": (64, True),
    "uintptr_t": (64, False),
    "uint": (32, False),
    "uchar": (8, False),
    "ushort": (16, False),
    "ulong": (64, False),
    "bool": (1, False),
    "_Bool": (1, False),
    "wchar_t": (32, True),
}
_DROPPED = frozenset(
    {
        "const",
        "volatile",
        "restrict",
        "__restrict__",
        "__restrict",
        "static",
        "register",
        "extern",
        "inline",
        "struct",
        "constexpr",
    }
)


def read_type(text: str, typedefs: dict[str, str] | None = None) -> CType:
    """The type that ``text`` names; qualifiers are dropped. ``typedefs`` are those of the file, name to text."""
    words = [word for word in text.replace("std::", "").split() if word not in _DROPPED - {"struct"}]
    written = " ".join(words)
    for _ in range(8):
        if len(words) == 1 and typedefs and words[0] in typedefs:
            words = [word for word in typedefs[words[0]].split() if word not in _DROPPED]
    if len(words) == 1 and words[0] in _NAMED:
        bits, signed = _NAMED[words[0]]
        return CType(written, Kind.INTEGER, bits, signed)
    return _basic(words, written)


def _basic(words: list[str], written: str) -> CType:
    held = set(words)
    if held <= {"float"} and words:
        return CType(written, Kind.FLOATING, 32)
    if "double" in held and held <= {"double", "long"}:
        return CType(written, Kind.FLOATING, 128 if "long" in held else 64)
    if words and held <= {"unsigned", "signed", "int", "long", "short", "char"}:
        bits = 64 if "long" in held else 16 if "short" in held else 8 if "char" in held else 32
        return CType(written, Kind.INTEGER, bits, "unsigned" not in held)
    return CType(written, Kind.OTHER)


def promoted(one: CType) -> CType:
    """After the integer promotions."""
    return INT if one.is_integer and one.bits < 32 else one


def common(left: CType, right: CType) -> CType:
    """After the usual arithmetic conversions."""
    if Kind.OTHER in {left.kind, right.kind}:
        return OTHER
    if left.is_floating or right.is_floating:
        candidates = [one for one in (left, right) if one.is_floating]
        return max(candidates, key=lambda one: one.bits)
    a, b = promoted(left), promoted(right)
    if a.bits != b.bits:
        return max((a, b), key=lambda one: one.bits)
    return a if not a.is_signed else b
