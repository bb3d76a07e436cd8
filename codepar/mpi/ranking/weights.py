"""The ranker's weights: one for each attribute in a context that mattered, and the vocabulary that goes with them; one JSON file.

Attributes and contexts are known by their hashes. Limits: two attributes may share a hash; what was
not learned of weighs nothing.
"""

from __future__ import annotations

import base64
import json
import math
import sys
import zlib
from array import array
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path

from codepar.errors import InvalidInput
from codepar.mpi.ranking.candidates import Vocabulary

FORMAT = 2
FACTORS = (0x9E3779B1, 0x85EBCA6B)
WEIGHTS_FILE = "weights.json"
CARD_FILE = "README.md"
_WORD = 0xFFFFFFFF


def hash_of(text: str) -> int:
    """The CRC-32 of an attribute or context."""
    return zlib.crc32(text.encode())


def feature_of(attribute: int, context: int) -> int:
    """An attribute in a context, as 32 bits; both are hashes."""
    return (attribute * FACTORS[0] ^ context * FACTORS[1]) & _WORD


@dataclass(frozen=True)
class Weights:
    """``values`` by ``feature_of``: integers from -127 to 127, each times ``scale``."""

    scale: float
    values: Mapping[int, int]
    vocabulary: Vocabulary


class ContextTable(dict[str, float]):
    """The weights of attributes in one context, looked up as they are asked for."""

    def __init__(self, weights: Weights, context: str) -> None:
        self._weights = weights
        self._context = hash_of(context)

    def __missing__(self, attribute: str) -> float:
        value = self._weights.values.get(feature_of(hash_of(attribute), self._context), 0) * self._weights.scale
        self[attribute] = value
        return value

    def total(self, attributes: Iterable[str]) -> float:
        """The sum of the weights of some attributes, whatever their order."""
        return math.fsum(map(self.__getitem__, attributes))


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


def write_weights(path: Path, scale: float, features: Sequence[int], values: Sequence[int], vocabulary: Vocabulary) -> None:
    """Write weights so that ``read_weights`` finds them; ``features`` rise."""
    steps = array("I", (after - before for before, after in zip([0, *features], features, strict=False)))
    record = {
        "format": FORMAT,
        "scale": scale,
        "constants": {name: list(texts) for name, texts in vocabulary.constants.items()},
        "shapes": {name: list(texts) for name, texts in vocabulary.shapes.items()},
        "features": _packed(_little(steps).tobytes()),
        "values": _packed(array("b", values).tobytes()),
    }
    path.write_text(json.dumps(record, indent=0) + "\n", encoding="utf-8")


def read_weights(path: Path) -> Weights:
    """The weights of a file. Raises ``InvalidInput`` for one that is none."""
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
        if record["format"] != FORMAT:
            raise InvalidInput(f"{path} holds weights of another format", remedy="codepar finetune arguments makes them anew")
        steps, values = array("I"), array("b")
        steps.frombytes(_unpacked(record["features"]))
        values.frombytes(_unpacked(record["values"]))
        found = dict(zip(_sums(_little(steps)), values, strict=True))
        return Weights(float(record["scale"]), found, Vocabulary(record["constants"], record["shapes"]))
    except (OSError, ValueError, KeyError, TypeError, zlib.error) as error:
        raise InvalidInput(f"{path} holds no weights of an argument ranker: {error}") from error


def _sums(steps: Iterable[int]) -> Iterable[int]:
    total = 0
    for step in steps:
        total += step
        yield total


def _little(words: array[int]) -> array[int]:
    """The words as files hold them: the low byte first."""
    if sys.byteorder == "big":
        words.byteswap()
    return words


def _packed(data: bytes) -> str:
    return base64.b85encode(zlib.compress(data, 9)).decode()


def _unpacked(text: str) -> bytes:
    return zlib.decompress(base64.b85decode(text))


@cache
def own_weights() -> Weights | None:
    """The weights that come with the program; None where they were left out."""
    path = Path(str(files("codepar.mpi.ranking") / WEIGHTS_FILE))
    return read_weights(path) if path.is_file() else None
