"""Whether an nvcc and a GPU fit together, and the architecture to build for.

A driver runs what any compiler of its own major version built for the very device (NVIDIA's minor version compatibility).
Limits: forward compatibility packages (a newer libcuda on an older kernel driver) are seen as the version the library tells.
"""

from __future__ import annotations

import functools
import subprocess
from collections.abc import Sequence
from pathlib import Path

from codepar.errors import GpuUnavailable
from worker.toolchains.gpu.device import Device, Gpu, Version
from worker.toolchains.nvcc import Nvcc

_ASK_S = 20.0


def require_fit(nvcc: Nvcc, gpu: Gpu) -> Device:
    """The device to build for, the first. Raises ``GpuUnavailable`` when the driver is too old for ``nvcc`` or the device
    too old or too new."""
    built = Version.parse(nvcc.version)
    if gpu.driver.major < built.major:
        raise GpuUnavailable(
            f"driver too old for nvcc {built}: it speaks CUDA {gpu.driver}",
            remedy=f"install a driver of CUDA {built.major}, or name an nvcc of CUDA {gpu.driver.major} by CODEPAR_NVCC",
        )
    device = gpu.devices[0]
    known = architectures(nvcc.program)
    if known and device.architecture not in known:
        raise GpuUnavailable(
            f"nvcc {built} makes no code for {device.architecture} ({device.name})",
            remedy=f"name an nvcc that does by CODEPAR_NVCC; this one knows {known[0]} to {known[-1]}",
        )
    return device


def target(device: Device, options: Sequence[str]) -> tuple[str, ...]:
    """The option that names what to build for; none where the project's own options do."""
    return () if any(option.startswith("-arch") for option in options) else (f"-arch={device.architecture}",)


@functools.cache
def architectures(program: Path) -> tuple[str, ...]:
    """What that nvcc makes code for, oldest first; empty when it does not say."""
    try:
        told = subprocess.run([program, "--list-gpu-code"], capture_output=True, text=True, timeout=_ASK_S, check=False)
    except (OSError, subprocess.SubprocessError):
        return ()
    names = [word for word in told.stdout.split() if word.removeprefix("sm_").isdecimal()]
    return tuple(sorted(names, key=lambda name: int(name.removeprefix("sm_"))))
