"""What an expression may be worth, as the walk through a function knows it: a polynomial, a pointer into a buffer, or unknown.

Limits: of floating-point values only whether they come from a buffer is known; sizes of structs are symbols.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from codepar.cuda.poly import Poly, Symbol, combined

_RANGES = {
    "unsigned char": (0, 255),
    "uint8_t": (0, 255),
    "uchar": (0, 255),
    "byte": (0, 255),
    "char": (-128, 127),
    "signed char": (-128, 127),
    "int8_t": (-128, 127),
    "unsigned short": (0, 65535),
    "unsigned short int": (0, 65535),
    "uint16_t": (0, 65535),
    "short": (-32768, 32767),
    "short int": (-32768, 32767),
    "int16_t": (-32768, 32767),
    "bool": (0, 1),
    "_Bool": (0, 1),
}
_WIDE = frozenset(
    {"int", "long", "signed", "unsigned", "size_t", "ssize_t", "ptrdiff_t", "uint", "int32_t", "int64_t", "uint32_t"}
)
_WIDE |= frozenset({"uint64_t", "intptr_t", "uintptr_t", "ulong", "__int64", "off_t"})
_UNSIGNED = frozenset({"unsigned", "size_t", "uint", "uint32_t", "uint64_t", "uintptr_t", "ulong"})
_SIZES = {"char": 1, "short": 2, "int": 4, "float": 4, "double": 8, "long": 8, "size_t": 8, "bool": 1, "_Bool": 1, "unsigned": 4}
_SIZES |= {f"{u}int{bits}_t": bits // 8 for u in ("", "u") for bits in (8, 16, 32, 64)}


@dataclass(frozen=True, slots=True)
class Unknown:
    """No integer that could be followed. ``data``: the buffers on whose contents it depends."""

    data: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Pointer:
    """An address in the buffer ``base`` (None: memory of the function's own), ``offset`` elements and ``extra`` bytes in.

    ``pointee`` is the type it points to, ``dimensions`` the inner sizes of the array it points to. ``offset`` None: unknown.
    ``also`` are other buffers into which it may point at the same place, where pointers are swapped.
    """

    base: str | None
    offset: Poly | None
    pointee: str
    dimensions: tuple[Poly, ...] = ()
    extra: Poly = field(default_factory=lambda: Poly.number(0))
    also: tuple[str, ...] = ()

    @property
    def stride(self) -> Poly:
        """Elements that one step of the pointer covers."""
        total = Poly.number(1)
        for one in self.dimensions:
            total = total * one
        return total

    def moved(self, steps: Poly | None, base_type: str) -> Pointer:
        """The pointer some steps on."""
        if steps is None or self.offset is None:
            return replace(self, offset=None)
        if same_size(self.pointee, base_type):
            return replace(self, offset=self.offset + steps * self.stride)
        return replace(self, extra=self.extra + steps * size_of(self.pointee))

    def end(self, base_type: str) -> Poly | None:
        """One past the element of ``base_type`` that holds the last byte of what it points to."""
        if self.offset is None:
            return None
        if same_size(self.pointee, base_type) and not self.extra.terms:
            return self.offset + 1
        return elements(self.offset * size_of(base_type) + self.extra + size_of(self.pointee), base_type)


Value = Poly | Pointer | Unknown


def range_of(kind: str) -> tuple[int, int] | None:
    """The values that a narrow integer type can hold."""
    return _RANGES.get(kind)


def is_integer(kind: str) -> bool:
    """Whether a type's text is an integer type."""
    words = kind.split()
    return kind in _RANGES or (bool(words) and all(word in _WIDE or word in {"short", "char"} for word in words))


def is_unsigned(kind: str) -> bool:
    """Whether its values are never negative."""
    return bool(_UNSIGNED & set(kind.split())) or _RANGES.get(kind, (-1, 0))[0] == 0


def size_of(kind: str) -> Poly:
    """Bytes of a type; of a struct a symbol that C can compute."""
    words = [word for word in kind.split() if word not in {"signed", "const"}]
    if "long" in words and "double" not in words:
        return Poly.number(8)
    if words and all(word in _SIZES for word in words):
        return Poly.number(min((_SIZES[word] for word in words if word != "unsigned"), default=4))
    return Poly.of(Symbol(f"sizeof({kind})"))


def elements(size: Poly, kind: str) -> Poly:
    """How many elements of a type hold so many bytes."""
    one = size_of(kind)
    whole = combined("/", size, one)
    return whole if whole * one == size else combined("/", size + one - 1, one)


def same_size(one: str, other: str) -> bool:
    """Whether two types are as large."""
    return one == other or size_of(one) == size_of(other)


def data_of(value: Value) -> frozenset[str]:
    """The buffers on whose contents a value depends."""
    if isinstance(value, Unknown):
        return value.data
    if isinstance(value, Pointer):
        return data_of(value.offset) if value.offset is not None else frozenset()
    return frozenset(name for symbol in value.all_symbols for name in getattr(symbol, "data", ()))
