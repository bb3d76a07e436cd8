"""What a box must show of the host so that a program inside can use its GPU, and nothing more.

Device files (``ioctl`` on them reaches the driver: it is part of what is trusted), the driver's libraries read-only, and the
read-only description of the PCI bus that they look devices up in. Limits: written without a device; not for Windows' Linux.
"""

from __future__ import annotations

import os
from pathlib import Path

from codepar.errors import GpuUnavailable
from worker.toolchains.gpu.device import Gpu

_SYSTEM = Path("/usr")
# Where the loader looks by itself.
_USUAL = frozenset({"/usr/lib/x86_64-linux-gnu", "/lib/x86_64-linux-gnu", "/usr/lib64", "/lib64", "/usr/lib", "/lib"})
_DESCRIPTIONS = ("sys/bus/pci/devices", "sys/devices/system/node", "sys/module/nvidia", "sys/module/nvidia_uvm")
_ANYONE = 0o006


def read_only(gpu: Gpu, root: Path = Path("/")) -> tuple[Path, ...]:
    """Host folders that a box must show; ``root`` is where ``/sys`` is looked for."""
    library = () if gpu.library.is_relative_to(_SYSTEM) else (gpu.library.parent,)
    described = [root / name for name in _DESCRIPTIONS]
    buses = sorted((root / "sys/devices").glob("pci*"))
    return (*library, *(place for place in (*described, *buses) if place.is_dir()))


def environment(gpu: Gpu) -> dict[str, str]:
    """Variables of a box: where the driver's library is, the worker's choice of devices, and no cache of compiled code, which
    nobody would read again."""
    folder = str(gpu.library.parent)
    chosen = {} if gpu.visible is None else {"CUDA_VISIBLE_DEVICES": gpu.visible}
    return {"CUDA_CACHE_DISABLE": "1", **chosen, **({} if folder in _USUAL else {"LD_LIBRARY_PATH": folder})}


def require_reachable(gpu: Gpu) -> None:
    """Raise ``GpuUnavailable`` where a root worker's boxes, which are other users, could not open the device."""
    if gpu.is_windows:
        raise GpuUnavailable("the GPU is Windows', which no box can show", remedy="run your own code with --trust")
    if os.geteuid() != 0:
        return
    for node in gpu.nodes:
        if not node.is_dir() and node.stat().st_mode & _ANYONE != _ANYONE:
            raise GpuUnavailable(
                f"{node} may not be opened by the users that boxes run as",
                remedy="load the driver with NVreg_DeviceFileMode=0666, or run the worker as a user of the device's group",
            )
