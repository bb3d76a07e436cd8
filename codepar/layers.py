"""Rows of small whole numbers with one scale, as the files of weights hold them.

Limits: one scale a layer; 8 bits a number.
"""

from __future__ import annotations

import base64
import sys
import zlib
from array import array
from dataclasses import dataclass
from functools import cached_property
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from numpy import float32, int8
    from numpy.typing import NDArray

    Values = NDArray[float32]


@dataclass(frozen=True)
class Layer:
    """Whole numbers times ``scale``: one row a feature, or one a function."""

    scale: float
    rows: tuple[array[int], ...]

    @cached_property
    def numbers(self) -> NDArray[int8]:
        """The rows as a matrix of whole numbers."""
        import numpy

        return numpy.array(self.rows, numpy.int8) if self.rows else numpy.zeros((0, 0), numpy.int8)

    @cached_property
    def matrix(self) -> Values:
        """The rows as a matrix of their values."""
        import numpy

        return self.numbers.astype(numpy.float32) * numpy.float32(self.scale)


def multiply_on_one_thread() -> None:
    """From now on this process multiplies matrices on one thread.

    Small ones gain nothing by more, and beside other work threads that wait for each other take ten times as long. Where
    threadpoolctl is missing they stay as they are.
    """
    if find_spec("threadpoolctl") is None:
        return
    # Limits hold for libraries that are loaded.
    import numpy  # noqa: F401
    import threadpoolctl

    threadpoolctl.threadpool_limits(limits=1, user_api="blas")


def read_layer(data: dict[str, Any]) -> Layer:
    """A layer of a weights file. Raises ``KeyError``, ``TypeError``, ``ValueError`` or ``zlib.error`` where it is none."""
    numbers, width = read_numbers("b", data["values"]), int(data["width"])
    rows = tuple(numbers[start : start + width] for start in range(0, len(numbers), width))
    return Layer(float(data["scale"]), rows)


def written(layer: Layer) -> dict[str, object]:
    """The layer as it goes into the file."""
    values = array("b", [value for row in layer.rows for value in row])
    return {"scale": layer.scale, "width": len(layer.rows[0]) if layer.rows else 1, "values": numbers_text(values)}


def read_numbers(kind: str, text: str) -> array[int]:
    """Numbers of an ``array`` kind out of their text."""
    found = array(kind, zlib.decompress(base64.b64decode(text)))
    if sys.byteorder == "big":
        found.byteswap()
    return found


def numbers_text(numbers: array[int]) -> str:
    """Numbers as text: little-endian, compressed, base 64."""
    if sys.byteorder == "big":
        numbers = array(numbers.typecode, numbers)
        numbers.byteswap()
    return base64.b64encode(zlib.compress(numbers.tobytes(), 9)).decode()
