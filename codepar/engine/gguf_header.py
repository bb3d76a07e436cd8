"""The header of a GGUF file without the `gguf` package: scalars, numeric arrays, and the types of the tensors.

The library's reader takes seconds for a vocabulary of 150,000 strings; this skips them. Limits: little-endian, versions 2 and 3.
"""

from __future__ import annotations

import mmap
import struct
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from codepar.errors import InvalidInput

_MAGIC = b"GGUF"
_SCALARS = {0: "B", 1: "b", 2: "H", 3: "h", 4: "I", 5: "i", 6: "f", 7: "?", 10: "Q", 11: "q", 12: "d"}
_STRING, _ARRAY = 8, 9
_CONTROL_TOKEN, _UNUSED_TOKEN = 3, 5


@dataclass(frozen=True)
class GgufHeader:
    """What the file says about itself. ``tensor_types`` are the numbers of ggml's types, in file order."""

    metadata: dict[str, Any]
    tensor_types: list[int] = field(default_factory=list)

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


def read_header(path: Path) -> GgufHeader:
    """The header of ``path``. Raises ``InvalidInput`` when it is not a whole GGUF header."""
    with path.open("rb") as file:
        if file.read(4) != _MAGIC:
            raise InvalidInput(f"{path} is not a GGUF file", remedy="name a file that starts with the bytes GGUF")
        with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
            try:
                return _Cursor(data).header()
            except (struct.error, KeyError, UnicodeDecodeError) as error:
                raise InvalidInput(f"{path} has a damaged GGUF header", remedy="download it again") from error


class _Cursor:
    """Reads the header's fields one after the other."""

    def __init__(self, data: mmap.mmap) -> None:
        self._data = data
        self._at = len(_MAGIC)

    def header(self) -> GgufHeader:
        self._scalar("I")
        tensors, entries = self._scalar("Q"), self._scalar("Q")
        metadata = {}
        for _ in range(entries):
            key = self._string()
            metadata[key] = self._value(self._scalar("I"))
        return GgufHeader(metadata, [self._tensor_type() for _ in range(tensors)])

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

    def _value(self, kind: int) -> Any:
        if kind == _STRING:
            return self._string()
        if kind == _ARRAY:
            return self._array(self._scalar("I"), self._scalar("Q"))
        return self._scalar(_SCALARS[kind])

    def _array(self, kind: int, count: int) -> Any:
        if kind == _STRING:
            self._skip_strings(count)
            return None
        values = struct.unpack_from(f"<{count}{_SCALARS[kind]}", self._data, self._at)
        self._at += struct.calcsize(f"<{count}{_SCALARS[kind]}")
        return values

    def _tensor_type(self) -> int:
        self._string()
        dimensions = self._scalar("I")
        self._at += 8 * dimensions
        kind = int(self._scalar("I"))
        self._at += 8
        return kind
