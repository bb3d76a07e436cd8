"""Asks the CUDA driver library what devices there are, and prints the answer as one JSON object. Run as a script of its own.

``cuInit`` opens devices, starts threads and may hang with a broken driver: none of that belongs into a worker. Limits: uses
nothing but the standard library, because it runs without the package.
"""

from __future__ import annotations

import ctypes
import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

_NAME = "libcuda.so.1"
_MAJOR, _MINOR = 75, 76  # CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_*
_NAME_BYTES = 256


class _Refused(Exception):
    """A call of the driver failed: its name, the number it gave, and what the driver calls that."""


class _Driver:
    """The calls of one loaded library."""

    def __init__(self, library: ctypes.CDLL) -> None:
        self._library = library

    def call(self, name: str, *arguments: Any) -> None:
        code = getattr(self._library, name)(*arguments)
        if code != 0:
            raise _Refused(f"{name} answers {self._word(code)} ({code})")

    def number(self, name: str, *arguments: Any) -> int:
        value = ctypes.c_int()
        self.call(name, ctypes.byref(value), *arguments)
        return value.value

    def device(self, index: int) -> dict[str, Any]:
        handle = self.number("cuDeviceGet", index)
        name, memory = ctypes.create_string_buffer(_NAME_BYTES), ctypes.c_size_t()
        self.call("cuDeviceGetName", name, _NAME_BYTES, handle)
        self.call("cuDeviceTotalMem_v2", ctypes.byref(memory), handle)
        major, minor = (self.number("cuDeviceGetAttribute", attribute, handle) for attribute in (_MAJOR, _MINOR))
        shown = name.value.decode(errors="replace")
        return {"name": shown, "major": major, "minor": minor, "memory_bytes": memory.value}

    def _word(self, code: int) -> str:
        text = ctypes.c_char_p()
        if not hasattr(self._library, "cuGetErrorName") or self._library.cuGetErrorName(code, ctypes.byref(text)) != 0:
            return "error"
        return (text.value or b"error").decode(errors="replace")


def ask(folders: list[str], only: bool) -> dict[str, Any]:
    """``library``, ``driver`` (12040 is CUDA 12.4) and ``devices``; or ``fault``. ``only``: look in ``folders`` alone.

    ``visible`` is the choice of devices by which the driver answered.
    """
    visible = os.environ.get("CUDA_VISIBLE_DEVICES")
    answer: dict[str, Any] = {"library": None, "driver": None, "devices": [], "fault": None, "visible": visible}
    library, faults = None, list[str]()
    for place in _places(folders, only):
        try:
            library = ctypes.CDLL(place)
            break
        except OSError as error:
            faults += [str(error)] if "No such file" not in str(error) else []
    if library is None:
        return {**answer, "fault": next(iter(faults), None)}
    answer["library"] = _loaded()
    driver = _Driver(library)
    try:
        driver.call("cuInit", 0)
        answer["driver"] = driver.number("cuDriverGetVersion")
        answer["devices"] = [driver.device(index) for index in range(driver.number("cuDeviceGetCount"))]
    except (_Refused, AttributeError) as error:
        answer["fault"] = str(error)
    return answer


def _places(folders: list[str], only: bool) -> Iterator[str]:
    if not only:
        yield _NAME
    yield from (str(Path(folder, _NAME)) for folder in folders)


def _loaded() -> str | None:
    """Where the loaded library lies."""
    for line in Path("/proc/self/maps").read_text().splitlines():
        place = line.partition("/")
        if "libcuda.so" in place[2]:
            return f"/{place[2]}"
    return None


if __name__ == "__main__":
    print(json.dumps(ask(sys.argv[2:], sys.argv[1] == "only")))  # noqa: T201 - the answer
