"""The ranker's weights: a hashed table of small integers, and the vocabulary that goes with it; read from one JSON file.

Limits: two attributes may share a place in the table; the format is this package's own.
"""

from __future__ import annotations

import base64
import json
import zlib
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path

from codepar.errors import InvalidInput
from codepar.mpi.ranking.candidates import Vocabulary

FORMAT = 1
FACTORS = (0x9E3779B1, 0x85EBCA6B)
WEIGHTS_FILE = "weights.json"
CARD_FILE = "README.md"


def place_of(attribute: int, context: int, bits: int) -> int:
    """The place in a table of ``2 ** bits`` weights for an attribute (CRC-32) in a context (CRC-32)."""
    return ((attribute * FACTORS[0] ^ context * FACTORS[1]) & 0xFFFFFFFF) >> (32 - bits)


def hash_of(text: str) -> int:
    """The CRC-32 of an attribute or context."""
    return zlib.crc32(text.encode())


class ContextTable(dict[str, float]):
    """The weights of attributes in one context, looked up as they are asked for."""

    def __init__(self, weights: Weights, context: str) -> None:
        self._weights = weights
        self._context = hash_of(context)

    def __missing__(self, attribute: str) -> float:
        weights = self._weights
        value = weights.table[place_of(hash_of(attribute), self._context, weights.bits)] * weights.scale
        self[attribute] = value
        return value

    def total(self, attributes: Iterable[str]) -> float:
        """The sum of the weights of some attributes."""
        return sum(map(self.__getitem__, attributes))


@dataclass
class Weights:
    """``table`` holds ``2 ** bits`` integers from -127 to 127, each times ``scale``."""

    bits: int
    scale: float
    table: memoryview
    vocabulary: Vocabulary


class Lookup:
    """The weights as one file needs them: what was looked up once is kept as long as this lives."""

    def __init__(self, weights: Weights) -> None:
        self.vocabulary = weights.vocabulary
        self._weights = weights
        self._contexts: dict[str, ContextTable] = {}

    def within(self, context: str) -> ContextTable:
        """The weights in one context."""
        if context not in self._contexts:
            self._contexts[context] = ContextTable(self._weights, context)
        return self._contexts[context]


def write_weights(path: Path, bits: int, scale: float, table: bytes, vocabulary: Vocabulary) -> None:
    """Write weights so that ``read_weights`` finds them; ``table``: one signed byte a place."""
    packed = base64.b85encode(zlib.compress(table, 9)).decode()
    record = {
        "format": FORMAT,
        "bits": bits,
        "scale": scale,
        "constants": {name: list(texts) for name, texts in vocabulary.constants.items()},
        "shapes": {name: list(texts) for name, texts in vocabulary.shapes.items()},
        "table": packed,
    }
    path.write_text(json.dumps(record, indent=0) + "\n", encoding="utf-8")


def read_weights(path: Path) -> Weights:
    """The weights of a file. Raises ``InvalidInput`` for one that is none."""
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
        table = memoryview(zlib.decompress(base64.b85decode(record["table"]))).cast("b")
        vocabulary = Vocabulary(record["constants"], record["shapes"])
        is_right = record["format"] == FORMAT and len(table) == 1 << record["bits"]
    except (OSError, ValueError, KeyError, TypeError, zlib.error) as error:
        raise InvalidInput(f"{path} holds no weights of an argument ranker: {error}") from error
    if not is_right:
        raise InvalidInput(f"{path} holds weights of another format", remedy="codepar finetune arguments makes them anew")
    return Weights(record["bits"], record["scale"], table, vocabulary)


@cache
def own_weights() -> Weights | None:
    """The weights that come with the program; None where they were left out."""
    path = Path(str(files("codepar.mpi.ranking") / WEIGHTS_FILE))
    return read_weights(path) if path.is_file() else None
