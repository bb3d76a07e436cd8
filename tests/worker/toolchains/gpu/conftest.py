"""Machines with faked device files and a compiled stand-in for the driver's library; a real nvcc and compute-sanitizer."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from codepar.errors import ToolMissing
from codepar.settings import Settings
from worker.toolchains import nvcc
from worker.toolchains.gpu.device import Places
from worker.toolchains.nvcc import Nvcc

PATH = "/usr/local/bin:/usr/bin:/bin"
_STAND_IN = Path(__file__).with_name("driver_stand_in.c")
NODES = ("nvidia0", "nvidiactl", "nvidia-uvm")


@pytest.fixture
def machine(tmp_path: Path) -> Callable[..., Places]:
    """Makes a place with those device files (links to /dev/zero) and a driver library with those definitions; None: without."""

    def make(nodes: tuple[str, ...] = NODES, driver: tuple[str, ...] | None = ()) -> Places:
        devices, folder = tmp_path / "dev", tmp_path / "lib"
        devices.mkdir()
        folder.mkdir()
        for name in nodes:
            (devices / name).symlink_to("/dev/zero")
        if driver is not None:
            target = folder / "libcuda.so.1"
            line = ["gcc", "-shared", "-fPIC", "-O1", *(f"-D{word}" for word in driver), "-o", str(target), str(_STAND_IN)]
            subprocess.run(line, check=True)
        return Places(devices=devices, driver=tmp_path / "proc", folders=(folder,), only=True)

    return make


@pytest.fixture(scope="session")
def found_nvcc() -> Nvcc:
    """The nvcc of this machine."""
    try:
        return nvcc.find_nvcc(PATH, Settings().nvcc)
    except ToolMissing as error:
        pytest.skip(str(error))
