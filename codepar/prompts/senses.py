"""What words mean, as numbers: words of like meaning have like rows, in whatever language they are.

The table is made by ``codepar finetune request-senses`` of what a small language model makes of each word by itself; the network
that reads requests has it beside the words that it has learned, so that it knows something of a word that no prompt had. Limits:
one row a word, whatever the sentence; a word that is not in the table has none; needs numpy.
"""

from __future__ import annotations

import hashlib
import json
import zlib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from codepar.errors import InvalidInput
from codepar.layers import read_numbers

if TYPE_CHECKING:
    from numpy import int8
    from numpy.typing import NDArray

    from codepar.layers import Values

FORMAT = 1
SENSES_FILE = "senses.json"
_MAKE = "codepar finetune request-senses makes one"
_MARK = 16


class Senses:
    """``rows``: the row of a word in ``numbers``, which are times ``scale``. ``mark``: which table it is."""

    def __init__(self, rows: Mapping[str, int], numbers: NDArray[int8], scale: float, mark: str) -> None:
        self.rows = rows
        self.mark = mark
        self._numbers = numbers
        self._scale = scale

    @property
    def width(self) -> int:
        """Numbers of a word."""
        return int(self._numbers.shape[1])

    def of(self, word: str) -> Values:
        """The numbers of a word in lower case; zeros where it is not in the table."""
        import numpy

        if word not in self.rows:
            return numpy.zeros(self.width, numpy.float32)
        found: Values = self._numbers[self.rows[word]] * numpy.float32(self._scale)
        return found


def read_senses(path: Path) -> Senses:
    """The table of a file. Raises ``InvalidInput`` for one that is none."""
    import numpy

    try:
        data = path.read_bytes()
        record: dict[str, Any] = json.loads(data)
        if record["format"] != FORMAT:
            raise InvalidInput(f"{path} holds a table of another format", remedy=_MAKE)
        words, scale = record["words"].split("\n"), float(record["scale"])
        numbers = numpy.frombuffer(read_numbers("b", record["values"]), numpy.int8).reshape(len(words), int(record["width"]))
    except (OSError, ValueError, KeyError, TypeError, AttributeError, zlib.error) as error:
        raise InvalidInput(f"{path} holds no table of what words mean: {error}", remedy=_MAKE) from error
    return Senses({word: row for row, word in enumerate(words)}, numbers, scale, hashlib.sha256(data).hexdigest()[:_MARK])


@cache
def own_senses() -> Senses | None:
    """The table that comes with the program; None where it or numpy was left out."""
    path = Path(str(files("codepar.prompts") / SENSES_FILE))
    return read_senses(path) if path.is_file() and find_spec("numpy") is not None else None
