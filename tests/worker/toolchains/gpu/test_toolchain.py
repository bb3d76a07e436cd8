"""The way of a GPU run up to the device: built by a real nvcc for the (faked) device, run in a real box that shows its files.

No kernel runs here: the driver is a stand-in that answers the probe alone, so programs fail at their first CUDA call.
"""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from dataclasses import replace
from pathlib import Path

import pytest

from codepar.errors import GpuUnavailable, ToolMissing
from codepar.project import Project
from codepar.protocols import Execution, Limits, Status
from codepar.settings import Settings
from worker.executor import LocalExecutor
from worker.runner import Command
from worker.sandbox import SandboxedRunner
from worker.toolchains.gpu import box
from worker.toolchains.gpu.device import Device, Gpu, Places, Version
from worker.toolchains.gpu.toolchain import GpuCuda, require_gpu
from worker.trusted import TrustedRunner

MAIN = """#include <cstdio>
#include <fcntl.h>
#include "shift.cuh"
int main(int argc, char **argv) {
    printf("%d %d\\n", argc, open(DEVICE, O_RDWR) >= 0);
    int *p = nullptr;
    cudaError_t error = cudaMalloc(&p, 64);
    if (error == cudaSuccess) { shift<<<1, 16>>>(p); error = cudaDeviceSynchronize(); }
    return error == cudaSuccess ? 0 : 3;
}
"""
FILES = {
    "src/main.cu": MAIN,
    "src/shift.cu": '#include "shift.cuh"\n__global__ void shift(int *p) { p[threadIdx.x] = threadIdx.x; }\n',
    "include/shift.cuh": "__global__ void shift(int *p);\n",
}
LIMITS = Limits(compile_s=120)
# Answers as the tool does, and finds what it is told; the text is the tool's layout, the kernel ours.
STAND_IN = """#!/bin/sh
[ "$1" = --version ] && exec echo "Version 2025.1.0.0 (build 1)"
[ "$1" = --help ] && exec echo "--tool --log-file"
tool=$2 log=$4; shift 4
case $tool in
memcheck) printf '========= Invalid __global__ write of size 4 bytes\\n=========     at shift(int *)+0x70 in %s:2\\n\
=========     by thread (15,0,0) in block (0,0,0)\\n========= ERROR SUMMARY: 1 error\\n' src/shift.cu > "$log" ;;
*) printf '========= COMPUTE-SANITIZER\\n========= RACECHECK SUMMARY: 0 hazards displayed (0 errors, 0 warnings)\\n' > "$log" ;;
esac
exec "$@"
"""


@pytest.fixture(scope="module")
def settings(tmp_path_factory):
    return Settings(data_dir=tmp_path_factory.mktemp("gpu"))


@pytest.fixture
def shown(machine):
    """A machine whose device files lie where a box can show them: a root worker's box has no /tmp of the host."""
    places = machine()
    folder = Path(tempfile.mkdtemp(prefix="codepar-gpu-", dir="/dev/shm"))
    for node in places.devices.iterdir():
        (folder / node.name).symlink_to("/dev/zero")
    folder.chmod(0o755)
    yield replace(places, devices=folder)
    shutil.rmtree(folder)


def on_gpu(settings: Settings, runner, places: Places) -> GpuCuda:
    executor = LocalExecutor(settings, runner)
    return GpuCuda(settings, runner, executor._builder, executor._tools, places)


def request(places: Places, **fields) -> Execution:
    definition = f'-DDEVICE="{places.devices}/nvidia0"'
    given = {"project": Project(files=FILES), "flags": (definition,), "limits": LIMITS, **fields}
    return Execution(gpu=True, **given)


@pytest.mark.parametrize("walls", [True, False])
def test_several_files_are_built_for_the_device_and_run_where_it_is_shown(found_nvcc, settings, shown, walls):
    runner = SandboxedRunner(settings) if walls else TrustedRunner()
    executor = on_gpu(settings, runner, shown)
    result = asyncio.run(executor.execute(request(shown, arguments=("a", "b"))))
    assert (result.status, result.exit_code, result.stdout) == (Status.RUNTIME_ERROR, 3, "3 1\n"), result
    assert (result.gpu, result.emulated, result.executor) == ("First GPU", False, runner.name)


def test_other_boxes_do_not_see_the_device(settings, shown):
    runner = SandboxedRunner(settings)
    line = ("/bin/sh", "-c", f"test -e {shown.devices}/nvidia0 && head -c 1 {shown.devices}/nvidia0 | wc -c")

    async def both():
        plain = await runner.run(Command(argv=line))
        return plain, await runner.run(Command(argv=line, devices=(shown.devices / "nvidia0",)))

    plain, with_device = asyncio.run(both())
    assert (plain.exit_code, plain.stdout) == (1, b"")
    assert (with_device.exit_code, with_device.stdout.strip()) == (0, b"1")


@pytest.mark.parametrize("walls", [True, False])
def test_each_check_is_a_run_of_its_own_and_makes_the_result_worse(found_nvcc, settings, shown, tmp_path, walls):
    tool = Path(tempfile.mkdtemp(prefix="codepar-tool-", dir="/dev/shm")) / "bin" / "compute-sanitizer"
    try:
        tool.parent.mkdir()
        tool.write_text(STAND_IN)
        for place in (tool, tool.parent, tool.parent.parent):
            place.chmod(0o755)
        chosen = settings.model_copy(update={"compute_sanitizer": tool})
        executor = on_gpu(chosen, SandboxedRunner(chosen) if walls else TrustedRunner(), shown)
        result = asyncio.run(executor.execute(request(shown, checks=("memory", "race"))))
    finally:
        shutil.rmtree(tool.parent.parent)
    assert result.status == Status.MEMORY_ERROR
    assert [(check.check, check.clean) for check in result.checks] == [("memory", False), ("race", True)]
    first = result.diagnostics[0]
    assert (first.kind, first.file, first.line) == ("memory_error", "src/shift.cu", 2)
    assert result.stdout == "1 1\n"


def test_what_nvcc_refuses_is_a_compile_error_with_its_line(found_nvcc, settings, shown):
    broken = FILES | {"src/shift.cu": '#include "shift.cuh"\n__global__ void shift(int *p) { *p = missing; }\n'}
    executor = on_gpu(settings, SandboxedRunner(settings), shown)
    result = asyncio.run(executor.execute(request(shown, project=Project(files=broken))))
    assert result.status == Status.COMPILE_ERROR
    assert ("src/shift.cu", 2) in {(one.file, one.line) for one in result.diagnostics}


@pytest.mark.parametrize(
    ("fields", "status", "said"),
    [
        ({"project": Project(files={"a.c": "int main(void) { return 0; }"})}, Status.UNSUPPORTED, "no CUDA source file"),
        ({"project": Project(files={"a.cu": "", "Makefile": ""}, build="make")}, Status.UNSUPPORTED, "--emulate"),
        ({"ranks": 2}, Status.UNSUPPORTED, "one process"),
        ({"coverage": True}, Status.UNSUPPORTED, "--check memory,race"),
        ({"flags": ("-ccbin=x",)}, Status.REFUSED, "-ccbin=x is not allowed"),
    ],
)
def test_what_cannot_be_run_on_a_gpu_is_said_before_one_is_looked_for(settings, machine, fields, status, said):
    executor = on_gpu(settings, TrustedRunner(), machine((), None))
    result = asyncio.run(executor.execute(request(Places(), **fields)))
    assert result.status == status
    assert said in result.diagnostics[0].message


def test_without_a_device_nothing_is_built_and_the_reason_raised(settings, machine):
    executor = on_gpu(settings, TrustedRunner(), machine((), None))
    with pytest.raises(GpuUnavailable, match=r"no .*/nvidia0.*--emulate"):
        asyncio.run(executor.execute(request(Places())))


def test_checks_without_the_tool_are_refused_before_anything_runs(found_nvcc, settings, shown, tmp_path):
    chosen = settings.model_copy(update={"compute_sanitizer": tmp_path / "absent"})
    executor = on_gpu(chosen, TrustedRunner(), shown)
    with pytest.raises(ToolMissing, match="CODEPAR_COMPUTE_SANITIZER"):
        asyncio.run(executor.execute(request(shown, checks=("memory",))))


def test_a_worker_needs_a_device_that_boxes_can_open_and_an_nvcc_that_fits(found_nvcc, settings, machine, tmp_path):
    gpu = require_gpu(settings, places := machine())
    assert gpu.devices[0].name == "First GPU"
    with pytest.raises(ToolMissing, match="CODEPAR_NVCC"):
        require_gpu(settings.model_copy(update={"nvcc": tmp_path / "absent"}), places)


def _gpu(*nodes: Path, library: str = "/usr/lib/x86_64-linux-gnu/libcuda.so.1") -> Gpu:
    return Gpu((Device("A GPU", 9, 0, 1),), Version(13, 0), Path(library), nodes)


def test_a_box_shows_the_drivers_libraries_and_the_bus_and_no_more(tmp_path):
    (tmp_path / "sys/devices/pci0000:00").mkdir(parents=True)
    (tmp_path / "sys/bus/pci/devices").mkdir(parents=True)
    (tmp_path / "sys/kernel").mkdir(parents=True)
    usual, elsewhere = _gpu(), _gpu(library="/opt/nvidia/lib/libcuda.so.1")
    bus = (tmp_path / "sys/bus/pci/devices", tmp_path / "sys/devices/pci0000:00")
    assert box.read_only(usual, tmp_path) == bus
    assert box.read_only(elsewhere, tmp_path) == (Path("/opt/nvidia/lib"), *bus)
    assert "LD_LIBRARY_PATH" not in box.environment(usual)
    assert box.environment(elsewhere)["LD_LIBRARY_PATH"] == "/opt/nvidia/lib"


def test_a_device_that_boxes_could_not_open_is_told_beforehand(tmp_path, monkeypatch):
    node = tmp_path / "nvidia0"
    node.touch()
    monkeypatch.setattr("os.geteuid", lambda: 0)
    node.chmod(0o660)
    with pytest.raises(GpuUnavailable, match="may not be opened by the users that boxes run as"):
        box.require_reachable(_gpu(node))
    node.chmod(0o666)
    box.require_reachable(_gpu(node))
    with pytest.raises(GpuUnavailable, match="--trust"):
        box.require_reachable(_gpu(Path("/dev/dxg")))
