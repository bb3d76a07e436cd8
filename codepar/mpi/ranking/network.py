"""The ranker's second opinion: a small network that hears the attributes of a candidate together, and those of its rivals.

The log-linear weights (``weights``) add up what each attribute says alone; here a candidate's attributes become hidden values,
scaled and shifted by the parameter that it is for, and are set beside the mean and the largest of all candidates. The weights are
one JSON file. Limits: as good as the attributes; two of them may share a hash; needs numpy, without which the weights rank alone.
"""

from __future__ import annotations

import json
import zlib
from array import array
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from importlib.resources import files
from importlib.util import find_spec
from math import inf
from pathlib import Path
from typing import TYPE_CHECKING

from codepar.errors import InvalidInput
from codepar.layers import Layer, numbers_text, read_layer, read_numbers, written
from codepar.mpi.ranking.weights import hash_of

if TYPE_CHECKING:
    from numpy import int32
    from numpy.typing import NDArray

    from codepar.layers import Values

FORMAT = 1
NETWORK_FILE = "network.json"
NETWORK_CARD = "network.md"
_MAKE = "codepar finetune argument-network makes one"
_MOST_HEARD = 48
"""Candidates of an argument. It learned from decisions of at most 20."""

_MOST_SEEN = 200_000
"""Attributes whose rows are remembered: a name of a variable is in some of them, so there is no end to them."""

_PARTS = ("attributes", "contexts", "middle", "last")


@dataclass(frozen=True)
class Network:
    """``attributes``: a row of W values for each known attribute; ``contexts``: of 3 W (scale, shift, direct) for each context;
    ``middle``: W rows of 3 W; ``last``: one row of W. ``attribute_rows`` and ``context_rows``: the row of a hash.

    ``alone`` and ``beside``: what this network's score, and the log-linear one, count for in their sum.
    """

    attribute_rows: dict[int, int]
    context_rows: dict[int, int]
    attributes: Layer
    contexts: Layer
    middle: Layer
    middle_bias: tuple[float, ...]
    last: Layer
    alone: float = 1.0
    beside: float = 1.0

    def joined(self, contexts: Sequence[str], candidates: Sequence[Sequence[str]], scores: Sequence[float]) -> list[float]:
        """The log-linear ``scores`` of the candidates with this network's in them; a candidate is its attributes.

        Only the likeliest are heard again; the others are out of the question: minus infinity.
        """
        likeliest = sorted(range(len(scores)), key=lambda number: -scores[number])[:_MOST_HEARD]
        own = self.scores(contexts, [candidates[number] for number in likeliest])
        found = [-inf] * len(scores)
        for number, value in zip(likeliest, own, strict=True):
            found[number] = self.beside * scores[number] + self.alone * value
        return found

    def scores(self, contexts: Sequence[str], candidates: Sequence[Sequence[str]]) -> list[float]:
        """The score of each candidate for a parameter in its ``contexts``, before the softmax."""
        import numpy

        scale, shift, direct = numpy.split(self._context(contexts), 3)
        values = self._sums(candidates)
        hidden = numpy.maximum(values * (1 + scale) + shift, 0)
        around = numpy.concatenate([hidden - hidden.mean(axis=0), hidden - hidden.max(axis=0)], axis=1)
        middle = numpy.concatenate([hidden, around], axis=1) @ self.middle.matrix.T
        told = numpy.maximum(middle + numpy.array(self.middle_bias, numpy.float32), 0)
        found: list[float] = (told @ self.last.matrix[0] + values @ direct).tolist()
        return found

    def _context(self, contexts: Sequence[str]) -> Values:
        import numpy

        rows = [row for row in (self.context_rows.get(hash_of(text)) for text in contexts) if row is not None]
        found: Values = self.contexts.numbers[rows].sum(axis=0, dtype=numpy.int32) * numpy.float32(self.contexts.scale)
        return found

    def _sums(self, candidates: Sequence[Sequence[str]]) -> Values:
        """The sum of the known attributes of each candidate."""
        import numpy

        rows = array("q")
        starts = []
        for attributes in candidates:
            starts.append(len(rows))
            # The row behind the last is zero: an unknown attribute says nothing, and no candidate is without a row.
            rows.append(len(self.attribute_rows))
            rows.extend(map(self._rows.__getitem__, attributes))
        numbers = self._padded[numpy.frombuffer(rows, numpy.int64)]
        found: Values = numpy.add.reduceat(numbers, starts, axis=0) * numpy.float32(self.attributes.scale)
        return found

    @cached_property
    def _padded(self) -> NDArray[int32]:
        import numpy

        numbers = self.attributes.numbers.astype(numpy.int32)
        return numpy.concatenate([numbers, numpy.zeros((1, numbers.shape[1]), numpy.int32)])

    @cached_property
    def _rows(self) -> _Rows:
        return _Rows(self.attribute_rows)


class _Rows(dict[str, int]):
    """The rows of attributes, looked up as they are asked for."""

    def __init__(self, rows: dict[int, int]) -> None:
        self._of_hashes = rows

    def __missing__(self, attribute: str) -> int:
        if len(self) >= _MOST_SEEN:
            self.clear()
        row = self[attribute] = self._of_hashes.get(hash_of(attribute), len(self._of_hashes))
        return row


def write_network(network: Network, path: Path) -> None:
    """Write a network so that ``read_network`` finds it."""
    record = {
        "format": FORMAT,
        "alone": network.alone,
        "beside": network.beside,
        "attribute_hashes": numbers_text(array("I", _by_row(network.attribute_rows))),
        "context_hashes": numbers_text(array("I", _by_row(network.context_rows))),
        "middle_bias": network.middle_bias,
        **{name: written(getattr(network, name)) for name in _PARTS},
    }
    path.write_text(json.dumps(record, indent=0) + "\n", encoding="utf-8")


def _by_row(rows: dict[int, int]) -> list[int]:
    return sorted(rows, key=rows.__getitem__)


def read_network(path: Path) -> Network:
    """The network of a file. Raises ``InvalidInput`` for one that is none."""
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
        if record["format"] != FORMAT:
            raise InvalidInput(f"{path} holds a network of another format", remedy=_MAKE)
        rows = [
            {one: row for row, one in enumerate(read_numbers("I", record[f"{name}_hashes"]))} for name in ("attribute", "context")
        ]
        attributes, contexts, middle, last = (read_layer(record[name]) for name in _PARTS)
        bias = tuple(map(float, record["middle_bias"]))
        counts = float(record["alone"]), float(record["beside"])
        network = Network(rows[0], rows[1], attributes, contexts, middle, bias, last, *counts)
    except (OSError, ValueError, KeyError, TypeError, zlib.error) as error:
        raise InvalidInput(f"{path} holds no network of an argument ranker: {error}", remedy=_MAKE) from error
    if not _fits(network):
        raise InvalidInput(f"{path} holds no network of an argument ranker: its parts do not fit", remedy=_MAKE)
    return network


def _fits(network: Network) -> bool:
    width = len(network.middle_bias)
    wanted = (
        (network.attributes, (len(network.attribute_rows), width)),
        (network.contexts, (len(network.context_rows), 3 * width)),
        (network.middle, (width, 3 * width)),
        (network.last, (1, width)),
    )
    return all(layer.numbers.shape == shape for layer, shape in wanted)


@cache
def own_network() -> Network | None:
    """The network that comes with the program; None where it or numpy was left out."""
    path = Path(str(files("codepar.mpi.ranking") / NETWORK_FILE))
    return read_network(path) if path.is_file() and find_spec("numpy") is not None else None
