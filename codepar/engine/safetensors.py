"""Reading a `.safetensors` file with numpy alone: float32, float16 and bfloat16 arrays as float32.

The format is eight bytes of header length, a JSON header, then the data. Limits: reading only; other types are refused.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from codepar.errors import InvalidInput, NotFound, Unsupported

_MAX_HEADER_BYTES = 100 * 1024 * 1024


def read_safetensors(path: Path) -> dict[str, Any]:
    """All arrays by name, as float32. Raises ``NotFound``, ``InvalidInput`` (damaged file), ``Unsupported`` (another type)."""
    try:
        raw = path.read_bytes()
    except FileNotFoundError as error:
        raise NotFound(f"{path} does not exist", remedy="save the adapter with safe_serialization=True") from error
    length = int.from_bytes(raw[:8], "little")
    if len(raw) < 8 or length > min(_MAX_HEADER_BYTES, len(raw) - 8):
        raise InvalidInput(f"{path} is not a safetensors file", remedy="save it again")
    try:
        header = json.loads(raw[8 : 8 + length])
    except ValueError as error:
        raise InvalidInput(f"{path} has a damaged header: {error}", remedy="save it again") from error
    data = memoryview(raw)[8 + length :]
    return {name: _array(path, name, entry, data) for name, entry in header.items() if name != "__metadata__"}


def _array(path: Path, name: str, entry: dict[str, Any], data: memoryview) -> Any:
    import numpy

    begin, end = entry["data_offsets"]
    piece = data[begin:end]
    match entry["dtype"]:
        case "F32":
            values = numpy.frombuffer(piece, dtype="<f4")
        case "F16":
            values = numpy.frombuffer(piece, dtype="<f2").astype(numpy.float32)
        case "BF16":
            # bfloat16 is the upper half of a float32.
            values = (numpy.frombuffer(piece, dtype="<u2").astype(numpy.uint32) << 16).view(numpy.float32)
        case other:
            raise Unsupported(f"{path}: {name} has the type {other}", remedy="save the adapter in float32, float16 or bfloat16")
    try:
        return values.reshape(entry["shape"])
    except ValueError as error:
        raise InvalidInput(f"{path}: {name} does not have the size of its shape", remedy="save it again") from error
