"""How the elements of a parameter lie in memory: arithmetic types, enumerations, plain structs of them.

A layout is a size and numbers at offsets, by the rules of the ABIs in use (LP64, natural alignment). The driver of the original
compares each size with its compiler's before it runs. Limits: no unions, bit-fields, pointers, packed or aligned members, long
double, vector or complex types; types that only a header declares are not known.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace

from tree_sitter import Node

from codepar.cuda.expression import evaluate
from codepar.cuda.function import SequentialFunction
from codepar.cuda.nodes import declared_by, named, squeezed
from codepar.cuda.source import Source, source_of
from codepar.errors import InvalidInput

MAX_NUMBERS = 4096

_WORDS = re.compile(r"\b(?:const|volatile|register|struct|enum|class)\b")
_INTEGERS = {"char": 1, "short": 2, "int": 4, "long": 8, "long long": 8}
_ALIASES = {
    "size_t": "u8",
    "ssize_t": "i8",
    "ptrdiff_t": "i8",
    "intptr_t": "i8",
    "uintptr_t": "u8",
    "bool": "b1",
    "_Bool": "b1",
    "float": "f4",
    "double": "f8",
    "uint": "u4",
    "ushort": "u2",
    "ulong": "u8",
    "uchar": "u1",
    "u_char": "u1",
    **{f"{sign}int{bits}_t": f"{'u' if sign else 'i'}{bits // 8}" for sign in ("", "u") for bits in (8, 16, 32, 64)},
    **{
        f"{sign}int_fast{bits}_t": f"{'u' if sign else 'i'}{1 if bits == 8 else 8}"
        for sign in ("", "u")
        for bits in (8, 16, 32, 64)
    },
}
_C_NAMES = {
    "i1": "signed char",
    "u1": "unsigned char",
    "i2": "short",
    "u2": "unsigned short",
    "i4": "int",
    "u4": "unsigned int",
    "i8": "long",
    "u8": "unsigned long",
    "f4": "float",
    "f8": "double",
    "b1": "bool",
}


@dataclass(frozen=True, slots=True)
class Number:
    """A number inside an element. ``kind`` is a letter (i signed, u unsigned, f floating, b bool) and a width in bytes.

    ``path`` names it inside a struct (``position.x``, ``weights[2]``), empty for an element that is a number itself.
    """

    offset: int
    kind: str
    path: str = ""

    @property
    def width(self) -> int:
        return int(self.kind[1:])

    @property
    def is_float(self) -> bool:
        return self.kind.startswith("f")

    @property
    def bounds(self) -> tuple[int, int]:
        """The least and the greatest integer of the kind."""
        if self.kind.startswith("b"):
            return 0, 1
        bits = 8 * self.width
        return (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1) if self.kind.startswith("i") else (0, 2**bits - 1)


@dataclass(frozen=True, slots=True)
class Layout:
    """One element: ``size`` in bytes and the numbers in it, in order; bytes between them are padding.

    ``spelling`` is how other C or C++ code names the type: arithmetic types by their own names, whatever typedef stood there.
    """

    size: int
    numbers: tuple[Number, ...]
    alignment: int = 1
    spelling: str = field(default="", compare=False)

    @property
    def is_number(self) -> bool:
        return len(self.numbers) == 1 and not self.numbers[0].path

    def text(self) -> str:
        """``4:f4@0``: the form that the driver prints back, without white space."""
        return f"{self.size}:" + ",".join(f"{one.kind}@{one.offset}{'/' + one.path if one.path else ''}" for one in self.numbers)

    @classmethod
    def parse(cls, text: str) -> Layout:
        """What ``text()`` wrote. Raises ``ValueError``."""
        size, _, numbers = text.partition(":")
        return cls(int(size), tuple(_number(one) for one in numbers.split(",") if one))


def _number(text: str) -> Number:
    kind, _, rest = text.partition("@")
    offset, _, path = rest.partition("/")
    return Number(int(offset), kind, path)


def layout_of(type_text: str, function: SequentialFunction) -> Layout:
    """The layout of a type as the function's file knows it. Raises ``InvalidInput`` where that is none of those above."""
    return _Resolver(source_of(function.text, function.language), function).layout(type_text, ())


class _Resolver:
    """Types of one file."""

    def __init__(self, source: Source, function: SequentialFunction) -> None:
        self._source = source
        self._name = function.name

    def layout(self, type_text: str, seen: tuple[str, ...]) -> Layout:
        plain = " ".join(_WORDS.sub(" ", type_text).split()).removeprefix("std::")
        kind = _ALIASES.get(plain) or _integer(plain)
        if kind is not None:
            width = int(kind[1:])
            known = seen or plain in _ALIASES
            return Layout(width, (Number(0, kind),), width, _C_NAMES[kind] if known else plain)
        if plain in seen:
            raise self._unknown(type_text, "it holds itself")
        record = self._source.records.get(plain)
        if record is not None:
            return replace(self._record(record, (*seen, plain)), spelling=type_text)
        alias = self._source.typedefs.get(plain)
        if alias is not None and not alias.depth and not alias.is_function and not alias.dimensions:
            return self.layout(alias.type, (*seen, plain))
        macro = self._source.macros.get(plain)
        if macro is not None and macro.type == "preproc_def":
            return self.layout(squeezed(macro.child_by_field_name("value")), (*seen, plain))
        raise self._unknown(type_text, "neither an arithmetic type nor a plain struct of this file")

    def _unknown(self, type_text: str, why: str) -> InvalidInput:
        return InvalidInput(f"no test values can be made for the type `{type_text}` of `{self._name}`: {why}", param="function")

    def _record(self, record: Node, seen: tuple[str, ...]) -> Layout:
        if record.type == "enum_specifier":
            return Layout(4, (Number(0, "i4"),), 4)
        if record.type == "union_specifier":
            raise self._unknown(seen[-1], "it is a union")
        offset, alignment, numbers = 0, 1, list[Number]()
        for name, layout, count in self._members(record, seen):
            alignment = max(alignment, layout.alignment)
            offset = _rounded(offset, layout.alignment)
            for index in range(count):
                path = name if count == 1 else f"{name}[{index}]"
                numbers += [_inside(one, offset + index * layout.size, path) for one in layout.numbers]
            offset += count * layout.size
            if len(numbers) > MAX_NUMBERS:
                raise self._unknown(seen[-1], f"it holds more than {MAX_NUMBERS} numbers")
        return Layout(_rounded(offset, alignment), tuple(numbers), alignment)

    def _members(self, record: Node, seen: tuple[str, ...]) -> list[tuple[str, Layout, int]]:
        body = record.child_by_field_name("body")
        found = []
        for member in named(body) if body is not None else []:
            if member.type != "field_declaration" or any(one.type == "bitfield_clause" for one in member.children):
                raise self._unknown(seen[-1], f"its member `{squeezed(member)[:60]}` is not a plain one")
            for declared in declared_by(member):
                if declared.depth or declared.is_function or declared.is_reference:
                    raise self._unknown(seen[-1], f"its member `{declared.name}` is no number")
                count = 1
                for dimension in declared.dimensions:
                    count *= int(evaluate(dimension, self._source.constants))
                found.append((declared.name, self.layout(declared.type, seen), count))
        return found


def _integer(text: str) -> str | None:
    """The kind of ``unsigned long int`` and all its spellings."""
    words = text.split()
    signs = [word for word in words if word in {"unsigned", "signed"}]
    rest = sorted(word for word in words if word not in {"unsigned", "signed"})
    if len(signs) > 1 or not words:
        return None
    base = " ".join(word for word in rest if word != "int") if rest != ["int"] else "int"
    width = _INTEGERS.get(base or "int")
    return None if width is None else f"{'u' if signs == ['unsigned'] else 'i'}{width}"


def _rounded(offset: int, alignment: int) -> int:
    return -(-offset // alignment) * alignment


def _inside(number: Number, offset: int, path: str) -> Number:
    return Number(offset + number.offset, number.kind, f"{path}.{number.path}" if number.path else path)
