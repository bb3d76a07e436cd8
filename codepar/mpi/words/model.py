"""The word model: for each place the probability of each MPI function, and how it joins a site scorer's.

One JSON file holds the weights, each feature known by its hash. Limits: as good as its features (``features``); two of them may
share a hash; functions that few repositories call are not told; needs numpy, as a site scorer does.
"""

from __future__ import annotations

import json
import math
import zlib
from array import array
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING

from codepar.errors import InvalidInput
from codepar.layers import Layer, numbers_text, read_layer, read_numbers, written
from codepar.mpi.words.context import Context, context_written, read_context
from codepar.mpi.words.features import Features, features_of
from codepar.protocols import SiteScore, SiteScores, SiteText

if TYPE_CHECKING:
    from codepar.layers import Values

FORMAT = 2
WEIGHTS_FILE = "weights.json"
CARD_FILE = "README.md"

_LEAST = 0.02
"""Probabilities below this are not told, as the site scorers have it."""

_FLOOR = 0.005


@dataclass(frozen=True)
class Blend:
    """How two opinions become one: ``logit p = scorer * logit p1 + words * logit p2 + shift``."""

    scorer: float
    words: float
    shift: float

    def of(self, scorer: float, words: float) -> float:
        return _sigmoid(self.scorer * _logit(scorer) + self.words * _logit(words) + self.shift)


BLEND = Blend(scorer=0.47, words=0.404, shift=0.26)
"""Of the weights that come with codepar and the committed site scorer, fitted on the 37 development repositories."""


@dataclass(frozen=True)
class WordModel:
    """A network with one hidden layer a place, and a recurrent one over the places of a program. ``table``: for the hash of a
    feature its row of ``hidden``; ``bias`` and ``last`` are added to the hidden values, and to those of the functions."""

    functions: tuple[str, ...]
    table: dict[int, int]
    hidden: Layer
    bias: tuple[float, ...]
    output: Layer
    last: tuple[float, ...]
    context: Context | None = None

    def probabilities(self, program: Sequence[Features]) -> list[list[list[float]]]:
        """For each text of a program and each of its sites, of each function that it is missing there."""
        import numpy

        hidden = numpy.array([place for of_text in program for place in self._hidden(of_text)], numpy.float32)
        if not len(hidden):
            return [[] for _ in program]
        values = hidden @ self.output.matrix.T + numpy.array(self.last, numpy.float32)
        if self.context is not None:
            values = values + self.context.of(hidden)
        # The logistic function by a tangent, which cannot overflow.
        found = iter((0.5 + 0.5 * numpy.tanh(values / 2)).tolist())
        return [[next(found) for _ in of_text.sites] for of_text in program]

    def _hidden(self, features: Features) -> Iterator[Values]:
        """The hidden values of each site of a text."""
        import numpy

        bias, shared = numpy.array(self.bias, numpy.float32), self._sum(features.shared)
        for of_site in features.sites:
            yield numpy.maximum((shared + self._sum(of_site)) * numpy.float32(self.hidden.scale) + bias, 0)

    def _sum(self, features: Iterable[str]) -> Values:
        import numpy

        known = (self.table.get(hash_of(feature)) for feature in features)
        # Sets come in another order in every process; sums of whole numbers are the same in every order.
        found: Values = self.hidden.numbers[[row for row in known if row is not None]].sum(axis=0, dtype=numpy.int32)
        return found

    def blended(self, texts: Sequence[SiteText], scores: Sequence[SiteScores], blend: Blend = BLEND) -> list[SiteScores]:
        """The scores of a site scorer for the texts of a program, with this model's opinion in them, in the same form."""
        opinions = self.probabilities([features_of(text) for text in texts])
        return [
            tuple(self._joined(of_site, words, blend) for of_site, words in zip(of_text, opinion, strict=True))
            for of_text, opinion in zip(scores, opinions, strict=True)
        ]

    def _joined(self, scores: Sequence[SiteScore], words: Sequence[float], blend: Blend) -> tuple[SiteScore, ...]:
        known = {score.function: score.probabilities for score in scores}
        told = dict(zip(self.functions, words, strict=True))
        found = []
        for function in dict.fromkeys((*known, *self.functions)):
            first, *more = known.get(function, (0.0,))
            probability = blend.of(first, told[function]) if function in told else first
            if probability >= _LEAST:
                again = [min(1.0, one * probability / first) if first else 0.0 for one in more]
                found.append(SiteScore(function=function, probabilities=tuple(round(one, 4) for one in (probability, *again))))
        return tuple(sorted(found, key=lambda score: -score.probabilities[0]))


def hash_of(feature: str) -> int:
    """The CRC-32 of a feature."""
    return zlib.crc32(feature.encode())


@cache
def installed_words() -> WordModel:
    """The model that comes with codepar."""
    return read_words(Path(str(files("codepar.mpi.words").joinpath(WEIGHTS_FILE))))


def read_words(path: Path) -> WordModel:
    """A weights file. Raises ``InvalidInput``."""
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
        if data["format"] != FORMAT:
            raise InvalidInput(f"{path} is of format {data['format']}, not {FORMAT}", remedy="codepar finetune site-words")
        hashes = read_numbers("I", data["features"])
        hidden, output = (read_layer(data[name]) for name in ("hidden", "output"))
        context = None if data["context"] is None else read_context(data["context"])
        bias, last = (tuple(map(float, data[name])) for name in ("bias", "last"))
        functions = tuple(map(str, data["functions"]))
    except (OSError, ValueError, KeyError, TypeError, zlib.error) as error:
        raise InvalidInput(f"{path} holds no word model: {error}", remedy="codepar finetune site-words") from error
    parts = [output] if context is None else [output, context.output]
    if len(hidden.rows) != len(hashes) or any(len(part.rows) != len(functions) for part in parts):
        raise InvalidInput(f"{path} holds no word model: its parts do not fit", remedy="codepar finetune site-words")
    return WordModel(functions, {one: row for row, one in enumerate(hashes)}, hidden, bias, output, last, context)


def write_words(model: WordModel, path: Path) -> None:
    """Write a weights file."""
    hashes = sorted(model.table, key=model.table.__getitem__)
    data = {
        "format": FORMAT,
        "functions": model.functions,
        "bias": model.bias,
        "last": model.last,
        "features": numbers_text(array("I", hashes)),
        "hidden": written(model.hidden),
        "output": written(model.output),
        "context": None if model.context is None else context_written(model.context),
    }
    path.write_text(json.dumps(data, indent=1) + "\n", encoding="utf-8")


def _logit(probability: float) -> float:
    held = min(max(probability, _FLOOR), 1 - _FLOOR)
    return math.log(held / (1 - held))


def _sigmoid(value: float) -> float:
    return 1 / (1 + math.exp(-value)) if value > -700 else 0.0
