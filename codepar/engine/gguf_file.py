"""Copying a GGUF file while changing some of its tensors: requantisation to Q8_0 and merging of adapters share it.

Tensors are worked on in bands of rows, so the peak of memory is one output tensor and one band in float32. Limits: little-endian,
unsplit GGUF version 3 with two-dimensional weights; needs `gguf` and `numpy` (the `engine` extra), never torch.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from codepar.errors import EnvironmentFault, InvalidInput, Unsupported

MAGIC = b"GGUF"
_BAND_ROWS = 4096
_Q8_0_BLOCK = 32
_MOSTLY_Q8_0 = 7

# What OpenVINO GenAI reads as it is; everything else is rewritten as Q8_0.
READABLE = frozenset({"F32", "F16", "BF16", "Q8_0"})

Tell = Callable[[str], None]
RowDelta = Callable[[int, int], Any]
"""``delta(first, last)``: float32 array [last - first, columns] added to the rows ``first:last`` of a weight."""


def load_gguf() -> Any:
    """The `gguf` module. Raises ``EnvironmentFault`` when the extra is not installed."""
    try:
        import gguf
    except ImportError as error:
        raise EnvironmentFault("the package `gguf` is not installed", remedy="pip install 'codepar[engine]'") from error
    return gguf


def open_gguf(path: Path) -> Any:
    """A reader over the memory-mapped file. Raises ``InvalidInput`` when it is not a whole GGUF file."""
    gguf = load_gguf()
    with path.open("rb") as file:
        if file.read(4) != MAGIC:
            raise InvalidInput(f"{path} is not a GGUF file", remedy="name a file that ends in .gguf and starts with GGUF")
    try:
        return gguf.GGUFReader(path)
    except (ValueError, IndexError, OSError, KeyError) as error:
        raise InvalidInput(f"{path} is not a whole GGUF file: {error}", remedy="download it again") from error


def needs_rewrite(path: Path) -> bool:
    """Whether some tensor has a type that the embedded engine does not read."""
    return any(tensor.tensor_type.name not in READABLE for tensor in open_gguf(path).tensors)


@dataclass(frozen=True)
class Extras:
    """What a rewritten file holds besides: ``keeps`` says which tensors stay; arrays (float32) and metadata to add."""

    keeps: Callable[[str], bool] = lambda _name: True
    arrays: Mapping[str, Any] = field(default_factory=dict)
    metadata: Mapping[str, int | str | list[str]] = field(default_factory=dict)


def rewrite(source: Path, target: Path, deltas: dict[str, RowDelta], tell: Tell, extras: Extras | None = None) -> None:
    """Copy ``source`` to ``target``: weights named in ``deltas`` get theirs added, unreadable types become Q8_0.

    Metadata stays, except that the file type says Q8_0. Raises ``Unsupported`` when a tensor cannot be requantised.
    """
    gguf = load_gguf()
    reader = open_gguf(source)
    extras = extras or Extras()
    architecture = reader.get_field("general.architecture").contents()
    writer = gguf.GGUFWriter(target, architecture)
    _copy_metadata(gguf, reader, writer)
    _add_metadata(writer, extras.metadata)
    plans = [_Plan(gguf, tensor, deltas.get(tensor.name)) for tensor in reader.tensors if extras.keeps(tensor.name)]
    for plan in plans:
        plan.announce(writer)
    for name, array in extras.arrays.items():
        writer.add_tensor_info(name, array.shape, array.dtype, array.nbytes)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_ti_data_to_file()
    total = sum(plan.output_bytes for plan in plans)
    meter = Meter("writing Q8_0 weights", total, tell)
    for plan in plans:
        writer.write_tensor_data(plan.data())
        meter.add(plan.output_bytes)
    for array in extras.arrays.values():
        writer.write_tensor_data(array)
    writer.close()


def _add_metadata(writer: Any, metadata: Mapping[str, int | str | list[str]]) -> None:
    for key, value in metadata.items():
        add = {int: writer.add_uint32, str: writer.add_string}.get(type(value), writer.add_array)
        add(key, value)


def _copy_metadata(gguf: Any, reader: Any, writer: Any) -> None:
    for entry in reader.fields.values():
        if entry.name == "general.architecture" or entry.name.startswith("GGUF."):
            continue
        value = _MOSTLY_Q8_0 if entry.name == "general.file_type" else entry.contents()
        array_of = entry.types[-1] if entry.types[0] == gguf.GGUFValueType.ARRAY else None
        writer.add_key_value(entry.name, value, entry.types[0], sub_type=array_of)


class _Plan:
    """What becomes of one tensor: copied as it is, or rewritten as Q8_0 with an optional delta."""

    def __init__(self, gguf: Any, tensor: Any, delta: RowDelta | None) -> None:
        self._gguf = gguf
        self._tensor = tensor
        self._delta = delta
        self._rewritten = delta is not None or tensor.tensor_type.name not in READABLE
        if self._rewritten and (len(tensor.shape) != 2 or int(tensor.shape[0]) % _Q8_0_BLOCK):
            shape = [int(size) for size in tensor.shape]
            raise Unsupported(f"tensor {tensor.name} of shape {shape} cannot be written as Q8_0", remedy="use another base model")
        self._columns = int(tensor.shape[0])
        self._rows = int(tensor.shape[1]) if len(tensor.shape) > 1 else 1

    @property
    def output_bytes(self) -> int:
        """Size of the tensor's data in the new file."""
        if not self._rewritten:
            return int(self._tensor.n_bytes)
        return self._rows * self._row_bytes

    @property
    def _row_bytes(self) -> int:
        return self._columns // _Q8_0_BLOCK * (_Q8_0_BLOCK + 2)

    def announce(self, writer: Any) -> None:
        """Declare name, shape and type to the writer."""
        data = self._tensor.data
        if self._rewritten:
            import numpy

            q8_0 = self._gguf.GGMLQuantizationType.Q8_0
            writer.add_tensor_info(
                self._tensor.name, (self._rows, self._row_bytes), numpy.dtype(numpy.uint8), self.output_bytes, q8_0
            )
        else:
            writer.add_tensor_info(self._tensor.name, data.shape, data.dtype, data.nbytes, self._tensor.tensor_type)

    def data(self) -> Any:
        """The tensor's new data, as bytes in rows."""
        if not self._rewritten:
            return self._tensor.data
        import numpy

        quants = self._gguf.quants
        rows = numpy.empty((self._rows, self._row_bytes), dtype=numpy.uint8)
        for first in range(0, self._rows, _BAND_ROWS):
            last = min(first + _BAND_ROWS, self._rows)
            values = quants.dequantize(self._tensor.data[first:last], self._tensor.tensor_type)
            if self._delta is not None:
                values = values + self._delta(first, last)
            rows[first:last] = quants.quantize(values, self._gguf.GGMLQuantizationType.Q8_0)
        return rows


class Meter:
    """Tells a share of a known total in steps of a tenth."""

    def __init__(self, what: str, total: int, tell: Tell, done: int = 0) -> None:
        self._what = what
        self._total = max(total, 1)
        self._tell = tell
        self._done = done
        self._told = done * 10 // self._total

    def add(self, amount: int) -> None:
        """Count ``amount`` bytes more."""
        self._done += amount
        tenth = self._done * 10 // self._total
        if tenth > self._told:
            self._told = tenth
            self._tell(f"{self._what}: {min(tenth, 10) * 10} % of {self._total / 1e6:.0f} MB")
