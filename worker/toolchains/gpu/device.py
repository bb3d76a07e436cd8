"""Whether this machine has a GPU that CUDA programs can use, and why not: device files, the driver's library, its answers.

The library is asked in a process of its own (``ask.py``). Limits: NVIDIA's; a device that answers may still be busy or full.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from codepar.errors import GpuUnavailable

_EMULATE = "--emulate runs CUDA on the CPU"
_ASK_S = 60.0
_SCRIPT = Path(__file__).with_name("ask.py")
# Beside the loader's own places: Windows' Linux, and what container runtimes mount.
_FOLDERS = (Path("/usr/lib/wsl/lib"), Path("/usr/local/nvidia/lib64"), Path("/run/opengl-driver/lib"))


@dataclass(frozen=True)
class Places:
    """Where to look. ``only``: for the library nowhere else than in ``folders``."""

    devices: Path = Path("/dev")
    driver: Path = Path("/proc/driver/nvidia")
    folders: tuple[Path, ...] = _FOLDERS
    only: bool = False


@dataclass(frozen=True)
class Version:
    """A version of CUDA."""

    major: int
    minor: int

    @classmethod
    def parse(cls, text: str) -> Version:
        """Of ``13.0``."""
        major, _, minor = text.partition(".")
        return cls(int(major), int(minor or 0))

    def __str__(self) -> str:
        return f"{self.major}.{self.minor}"


@dataclass(frozen=True)
class Device:
    """One GPU. ``architecture`` is the compiler's name for it, such as ``sm_90``."""

    name: str
    major: int
    minor: int
    memory_bytes: int

    @property
    def architecture(self) -> str:
        return f"sm_{self.major}{self.minor}"


@dataclass(frozen=True)
class Gpu:
    """The GPUs of this machine. ``driver`` is the CUDA that the driver speaks; ``nodes`` are what programs must be able to
    open, ``library`` the driver's library, ``visible`` the CUDA_VISIBLE_DEVICES by which ``devices`` were counted."""

    devices: tuple[Device, ...]
    driver: Version
    library: Path
    nodes: tuple[Path, ...]
    visible: str | None = None

    @property
    def is_windows(self) -> bool:
        """Whether the device is Windows', seen through its Linux."""
        return any(node.name == "dxg" for node in self.nodes)


def has_device(places: Places | None = None) -> bool:
    """Whether there is a device file at all; says nothing of the driver."""
    folder = (places or Places()).devices
    return any(_numbered(folder)) or (folder / "dxg").exists()


def find_gpu(places: Places | None = None) -> Gpu:
    """What there is. Raises ``GpuUnavailable`` with the first thing that is missing. Takes up to seconds: keep the answer."""
    places = places or Places()
    # On a machine without a display the library makes the device files when it is first used.
    if not has_device(places) and not (places.driver / "version").exists():
        raise _no_node(places)
    answer = _ask(places)
    nodes = tuple(_nodes(places.devices))
    if not nodes:
        raise _no_node(places)
    _check_openable(nodes)
    if answer["library"] is None:
        reason = f": {answer['fault']}" if answer["fault"] else ""
        raise GpuUnavailable(
            f"libcuda.so.1 not found{reason}",
            remedy=f"install the libraries of NVIDIA's driver, in a container start it with --gpus all; {_EMULATE}",
        )
    if answer["fault"] is not None or not answer["devices"]:
        reason = answer["fault"] or "it lists no device"
        raise GpuUnavailable(f"the driver cannot be used: {reason}", remedy=f"look at nvidia-smi and dmesg; {_EMULATE}")
    driver = Version(answer["driver"] // 1000, answer["driver"] % 1000 // 10)
    devices = tuple(Device(**device) for device in answer["devices"])
    return Gpu(devices, driver, Path(answer["library"]), nodes, answer["visible"])


def _no_node(places: Places) -> GpuUnavailable:
    return GpuUnavailable(
        f"no {places.devices / 'nvidia0'}: this machine shows no NVIDIA GPU, or its kernel driver is not loaded",
        remedy=f"install the driver (nvidia-smi then lists the device), in a container start it with --gpus all; {_EMULATE}",
    )


def _numbered(folder: Path) -> Iterator[Path]:
    return (path for path in folder.glob("nvidia[0-9]*") if path.name.removeprefix("nvidia").isdecimal())


def _nodes(folder: Path) -> Iterator[Path]:
    numbered = sorted(_numbered(folder))
    if not numbered:
        windows = folder / "dxg"
        yield from (windows,) if windows.exists() else ()
        return
    yield from numbered
    for name in ("nvidiactl", "nvidia-uvm"):
        if not (folder / name).exists():
            remedy = f"nvidia-modprobe -u -c=0 makes it, as root; {_EMULATE}"
            raise GpuUnavailable(f"no {folder / name}, without which no CUDA program runs", remedy=remedy)
        yield folder / name
    yield from (folder / name for name in ("nvidia-uvm-tools", "nvidia-caps") if (folder / name).exists())


def _check_openable(nodes: tuple[Path, ...]) -> None:
    for node in nodes:
        if node.is_dir():
            continue
        try:
            node.open("r+b", buffering=0).close()
        except OSError as error:
            raise GpuUnavailable(
                f"{node} cannot be opened: {error.strerror}", remedy=f"join the group that owns it (ls -l {node}); {_EMULATE}"
            ) from error


def _ask(places: Places) -> dict[str, Any]:
    line = [sys.executable, "-P", str(_SCRIPT), "only" if places.only else "any", *map(str, places.folders)]
    try:
        told = subprocess.run(line, capture_output=True, text=True, timeout=_ASK_S, check=False)
    except subprocess.TimeoutExpired as error:
        raise GpuUnavailable(f"the driver did not answer within {_ASK_S:.0f} s", remedy="look at nvidia-smi and dmesg") from error
    try:
        answer: dict[str, Any] = json.loads(told.stdout.splitlines()[-1])
    except (ValueError, IndexError) as error:
        how = f"signal {-told.returncode}" if told.returncode < 0 else f"exit code {told.returncode}"
        raise GpuUnavailable(f"the driver's library ended the process that asked it ({how})", remedy="look at dmesg") from error
    return answer
