"""The header of a GGUF file without the `gguf` package: scalars, arrays, and where the tensors lie.

The library's reader takes seconds for a vocabulary of 150,000 strings; this skips those that are not asked for. Limits:
little-endian, versions 2 and 3.
"""

from __future__ import annotations

import mmap
import struct
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from codepar.errors import InvalidInput

_MAGIC = b"GGUF"
_SCALARS = {0: "B", 1: "b", 2: "H", 3: "h", 4: "I", 5: "i", 6: "f", 7: "?", 10: "Q", 11: "q", 12: "d"}
_STRING, _ARRAY = 8, 9
_CONTROL_TOKEN, _UNUSED_TOKEN = 3, 5
_ALIGNMENT = 32


@dataclass(frozen=True, slots=True)
class TensorPlace:
    """``shape`` is outermost first, ``kind`` the number of ggml's type, ``offset`` counts bytes from the start of the file."""

    name: str
    shape: tuple[int, ...]
    kind: int
    offset: int


@dataclass(frozen=True)
class GgufHeader:
    """What the file says about itself. Arrays of strings that were not asked for are None."""

    metadata: dict[str, Any]
    tensors: tuple[TensorPlace, ...] = ()

    @property
    def architecture(self) -> str:
        return str(self.metadata.get("general.architecture", ""))

    @property
    def context_tokens(self) -> int:
        return int(self.metadata.get(f"{self.architecture}.context_length", 0))

    def control_token_ids(self) -> frozenset[int]:
        """Tokens that steer the model and are never text."""
        return self._tokens_of(_CONTROL_TOKEN)

    def unused_token_ids(self) -> frozenset[int]:
        """Padding of the vocabulary."""
        return self._tokens_of(_UNUSED_TOKEN)

    def _tokens_of(self, kind: int) -> frozenset[int]:
        types: Sequence[int] = self.metadata.get("tokenizer.ggml.token_type", ())
        return frozenset(token for token, token_type in enumerate(types) if token_type == kind)


def read_header(path: Path, strings: Collection[str] = ()) -> GgufHeader:
    """The header of ``path``, with the arrays of strings that ``strings`` names.

    Raises ``InvalidInput`` when it is not a whole GGUF header.
    """
    with path.open("rb") as file:
        if file.read(4) != _MAGIC:
            raise InvalidInput(f"{path} is not a GGUF file", remedy="name a file that starts with the bytes GGUF")
        with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
            try:
                return _Cursor(data, strings).header()
            except (struct.error, KeyError, UnicodeDecodeError) as error:
                raise InvalidInput(f"{path} has a damaged GGUF header", remedy="download it again") from error


class _Cursor:
    """Reads the header's fields one after the other."""

    def __init__(self, data: mmap.mmap, strings: Collection[str]) -> None:
        self._data = data
        self._strings = strings
        self._at = len(_MAGIC)

    def header(self) -> GgufHeader:
        self._scalar("I")
        tensors, entries = self._scalar("Q"), self._scalar("Q")
        metadata = {}
        for _ in range(entries):
            key = self._string()
            metadata[key] = self._value(self._scalar("I"), key in self._strings)
        places = [self._tensor() for _ in range(tensors)]
        alignment = metadata.get("general.alignment", _ALIGNMENT)
        start = -(-self._at // alignment) * alignment
        return GgufHeader(metadata, tuple(replace(place, offset=start + place.offset) for place in places))

    def _scalar(self, code: str) -> Any:
        (value,) = struct.unpack_from("<" + code, self._data, self._at)
        self._at += struct.calcsize("<" + code)
        return value

    def _string(self) -> str:
        length = self._scalar("Q")
        text = self._data[self._at : self._at + length].decode("utf-8")
        self._at += length
        return text

    def _skip_strings(self, count: int) -> None:
        data, at = self._data, self._at
        unpack = struct.Struct("<Q").unpack_from
        for _ in range(count):
            at += 8 + unpack(data, at)[0]
        self._at = at

    def _value(self, kind: int, with_strings: bool) -> Any:
        if kind == _STRING:
            return self._string()
        if kind == _ARRAY:
            return self._array(self._scalar("I"), self._scalar("Q"), with_strings)
        return self._scalar(_SCALARS[kind])

    def _array(self, kind: int, count: int, with_strings: bool) -> Any:
        if kind == _STRING and with_strings:
            return tuple(self._string() for _ in range(count))
        if kind == _STRING:
            self._skip_strings(count)
            return None
        values = struct.unpack_from(f"<{count}{_SCALARS[kind]}", self._data, self._at)
        self._at += struct.calcsize(f"<{count}{_SCALARS[kind]}")
        return values

    def _tensor(self) -> TensorPlace:
        """The next tensor; its offset counts from where the tensors begin, which is known behind the last."""
        name = self._string()
        innermost_first = [int(self._scalar("Q")) for _ in range(self._scalar("I"))]
        kind = int(self._scalar("I"))
        return TensorPlace(name, tuple(reversed(innermost_first)), kind, int(self._scalar("Q")))
