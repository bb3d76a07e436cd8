"""A small network that reads a request as a whole: what each word or piece of code is in it, and whether it holds several items.

Words become rows (of themselves, of the letters they are made of, of what they mean, of tags and marks), two convolutions look
at their neighbours and two layers of attention at the whole request (Vaswani et al., "Attention Is All You Need", 2017, with
the norm first and learned distances). The weights are one JSON file, made by ``codepar finetune request-network``. Limits:
needs numpy, without which the rules read alone; requests of more than 256 words are not read.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum
from functools import cache
from importlib.resources import files
from importlib.util import find_spec
from math import sqrt
from pathlib import Path
from typing import TYPE_CHECKING, Any

from codepar.errors import InvalidInput
from codepar.layers import multiply_on_one_thread, read_layer
from codepar.prompts.lexicon import Tag
from codepar.prompts.senses import Senses, own_senses
from codepar.prompts.sequence import MARKS, Word

if TYPE_CHECKING:
    from codepar.layers import Values

FORMAT = 2
NETWORK_FILE = "tags.json"
KINDS = ("words", "count", "code", "file")
"""What the items of a request are, in the order of the network's columns; ``reading.Kind`` by its values."""
TAGS = tuple(Tag)
LONGEST = 256
REACH = 16
"""Distances beyond it are one."""
_AROUND = 5
_LETTERS = (3, 4, 5)
_LONGEST_WORD = 24
_REMEMBERED = 50_000
_SMALL = 1e-5
_MAKE = "codepar finetune request-network makes one"


class Role(IntEnum):
    """What a word or piece is: no part of an item, its first word, a later one, a numeral that counts items, or a piece."""

    OUTSIDE = 0
    FIRST = 1
    INSIDE = 2
    NUMERAL = 3
    PIECE = 4


@dataclass(frozen=True)
class Told:
    """``roles``: the logarithm of the probability of each ``Role`` for each word. ``several``: the log-odds that there are items.
    ``kinds``: the logarithm of the probability of each of ``KINDS``."""

    roles: Values
    several: float
    kinds: tuple[float, ...]


def letters_of(text: str, buckets: int) -> list[int]:
    """The rows of the runs of three to five letters of a word."""
    word = f"<{text[:_LONGEST_WORD]}>"
    runs = (word[start : start + size] for size in _LETTERS for start in range(len(word) - size + 1))
    return [zlib.crc32(run.encode()) % buckets for run in runs]


@dataclass(frozen=True, slots=True)
class _Folded:
    """A linear layer behind a norm."""

    weight: Values
    bias: Values


class TagNetwork:
    """The network of some weights: ``arrays`` by the names that ``finetune/requests/network.py`` gives them."""

    def __init__(self, words: Mapping[str, int], senses: Senses, arrays: Mapping[str, Values], heads: int) -> None:
        self._words = words
        self._senses = senses
        self._arrays = arrays
        self._heads = heads
        self._rows: dict[tuple[str, frozenset[Tag]], Values] = {}
        self._by_distance: dict[int, Values] = {}
        self._folded: dict[str, _Folded] = {}

    def read(self, words: Sequence[Word]) -> Told:
        """What the network makes of a request."""
        import numpy

        values = self._embedded(words)
        for number in self._numbers("conv{}.weight"):
            values += self._neighbours(values, number)
        for number in self._numbers("attention{}.weight"):
            values += self._attention(values, number)
            hidden = self._normed_linear(values, f"norm2{number}", f"wide{number}")
            values += self._linear(numpy.maximum(hidden, 0, out=hidden), f"narrow{number}")
        values = self._norm(values, "last")
        pooled = numpy.concatenate([values[0], values.max(axis=0)])[None]
        kinds = _log_softmax(self._linear(pooled, "kind"))[0]
        several = float(self._linear(pooled, "several")[0, 0])
        return Told(_log_softmax(self._linear(values, "role")), several, tuple(map(float, kinds)))

    def _embedded(self, words: Sequence[Word]) -> Values:
        import numpy

        marked = numpy.zeros((len(words), len(MARKS)), numpy.float32)
        marked[[row for row, word in enumerate(words) for _ in word.marks], [mark for word in words for mark in word.marks]] = 1
        values = numpy.stack([self._row(word) for word in words])
        values += marked @ self._arrays["mark"]
        return self._norm(values, "first")

    def _row(self, word: Word) -> Values:
        key = (word.text, word.tags)
        found = self._rows.get(key)
        if found is None:
            if len(self._rows) >= _REMEMBERED:
                self._rows.clear()
            columns = [number for number, tag in enumerate(TAGS) if tag in word.tags]
            found = self._rows[key] = self._of_text(word.text) + self._arrays["tag"][columns].sum(axis=0)
        return found

    def _of_text(self, text: str) -> Values:
        letters = self._arrays["letters"]
        rows = letters_of(text, len(letters))
        own: Values = self._arrays["word"][self._words.get(text, 0)] + self._senses.of(text) @ self._arrays["sense"]
        return own + letters[rows].mean(axis=0) if rows else own

    def _neighbours(self, values: Values, number: int) -> Values:
        """What two words on either side say."""
        import numpy

        count, width = values.shape
        padded = numpy.zeros((count + _AROUND - 1, width), numpy.float32)
        padded[_AROUND // 2 : count + _AROUND // 2] = self._norm(values, f"norm0{number}")
        around = numpy.concatenate([padded[start : start + count] for start in range(_AROUND)], axis=1)
        found = self._linear(around, f"conv{number}")
        return numpy.maximum(found, 0, out=found)

    def _attention(self, values: Values, number: int) -> Values:
        import numpy

        count, size = values.shape
        width = size // self._heads
        asked = self._normed_linear(values, f"norm1{number}", f"attention{number}")
        parts = asked.reshape(count, 3, self._heads, width).transpose(1, 2, 0, 3)
        scores = parts[0] @ parts[1].transpose(0, 2, 1)
        scores += self._distances(number)[:, :count, :count]
        scores -= numpy.maximum.reduce(scores, axis=2, keepdims=True)
        weights = numpy.exp(scores, out=scores)
        weights /= numpy.add.reduce(weights, axis=2, keepdims=True)
        heard = (weights @ parts[2]).transpose(1, 0, 2).reshape(values.shape)
        return self._linear(heard, f"heard{number}")

    def _distances(self, number: int) -> Values:
        """What the distance of two words adds to how much one hears of the other, by head, for the longest request."""
        import numpy

        if number not in self._by_distance:
            places = numpy.arange(LONGEST)
            rows = numpy.clip(places[None] - places[:, None], -REACH, REACH) + REACH
            self._by_distance[number] = numpy.ascontiguousarray(self._arrays[f"distance{number}"].T[:, rows])
        return self._by_distance[number]

    def _normed_linear(self, values: Values, norm: str, linear: str) -> Values:
        """A linear layer of the normed values, the scale and shift of the norm worked into its weights."""
        import numpy

        if linear not in self._folded:
            weight = self._arrays[f"{linear}.weight"]
            bias = self._arrays[f"{norm}.shift"][0] @ weight + self._arrays[f"{linear}.bias"][0]
            weight = self._arrays[f"{norm}.scale"][0][:, None] * weight
            if linear.startswith("attention"):
                # Questions come first; their products with the keys are to be divided by the root of a head's width.
                share = numpy.float32(1 / sqrt(len(weight) // self._heads))
                weight[:, : len(weight)] *= share
                bias[: len(weight)] *= share
            self._folded[linear] = _Folded(weight, bias)
        folded = self._folded[linear]
        found: Values = _standardised(values) @ folded.weight
        found += folded.bias
        return found

    def _norm(self, values: Values, name: str) -> Values:
        found = _standardised(values)
        found *= self._arrays[f"{name}.scale"][0]
        found += self._arrays[f"{name}.shift"][0]
        return found

    def _linear(self, values: Values, name: str) -> Values:
        found: Values = values @ self._arrays[f"{name}.weight"]
        found += self._arrays[f"{name}.bias"][0]
        return found

    def _numbers(self, name: str) -> Iterator[int]:
        number = 0
        while name.format(number) in self._arrays:
            yield number
            number += 1


def _standardised(values: Values) -> Values:
    """Each row less its mean, by its deviation. Products are quicker than means for matrices of this size."""
    import numpy

    share = numpy.float32(1 / values.shape[1])
    centred = values - (values @ numpy.full(values.shape[1], share))[:, None]
    spread = numpy.vecdot(centred, centred)
    spread *= share
    spread += numpy.float32(_SMALL)
    centred /= numpy.sqrt(spread)[:, None]
    return centred


def _log_softmax(values: Values) -> Values:
    import numpy

    shifted = values - values.max(axis=1, keepdims=True)
    found: Values = shifted - numpy.log(numpy.exp(shifted).sum(axis=1, keepdims=True))
    return found


def read_network(path: Path, senses: Senses) -> TagNetwork:
    """The network of a file, which learned beside ``senses``. Raises ``InvalidInput`` for one that is none."""
    try:
        record: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        if record["format"] != FORMAT or record["marks"] != list(MARKS) or record["tags"] != [str(tag) for tag in TAGS]:
            raise InvalidInput(f"{path} holds a network of another format", remedy=_MAKE)
        if record["senses"] != senses.mark:
            raise InvalidInput(f"{path} learned beside another table of what words mean", remedy=_MAKE)
        words = {word: row for row, word in enumerate(record["words"], 1)}
        arrays = {name: read_layer(layer).matrix for name, layer in record["layers"].items()}
        network = TagNetwork(words, senses, arrays, int(record["heads"]))
        network.read([Word("<request>", -1, -1)])
    except (OSError, ValueError, KeyError, TypeError, IndexError, zlib.error) as error:
        raise InvalidInput(f"{path} holds no network that reads requests: {error}", remedy=_MAKE) from error
    return network


@cache
def own_network() -> TagNetwork | None:
    """The network that comes with the program; None where it or numpy was left out."""
    path = Path(str(files("codepar.prompts") / NETWORK_FILE))
    if not path.is_file() or find_spec("numpy") is None or (senses := own_senses()) is None:
        return None
    multiply_on_one_thread()
    return read_network(path, senses)
