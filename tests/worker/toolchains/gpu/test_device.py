"""The probe's answers on machines that lack one thing after the other; the driver is a compiled stand-in."""

from __future__ import annotations

import socket
from contextlib import closing
from dataclasses import replace

import pytest

from codepar.errors import GpuUnavailable
from worker.toolchains.gpu import box
from worker.toolchains.gpu.compiler import architectures, require_fit, target
from worker.toolchains.gpu.device import Device, Gpu, Version, find_gpu, has_device
from worker.toolchains.nvcc import Nvcc


def test_a_machine_that_has_all(machine):
    places = machine((*("nvidia0", "nvidia1", "nvidiactl", "nvidia-uvm"), "nvidia-uvm-tools"), ("COUNT=2",))
    gpu = find_gpu(places)
    assert gpu.devices == (Device("First GPU", 9, 0, 8 << 30), Device("Second GPU", 9, 0, 8 << 30))
    assert (gpu.devices[0].architecture, str(gpu.driver), gpu.is_windows) == ("sm_90", "13.0", False)
    assert [node.name for node in gpu.nodes] == ["nvidia0", "nvidia1", "nvidiactl", "nvidia-uvm", "nvidia-uvm-tools"]
    assert gpu.library.samefile(places.folders[0] / "libcuda.so.1")
    assert has_device(places)


@pytest.mark.parametrize(
    ("nodes", "driver", "message"),
    [
        ((), (), r"no .*/nvidia0: this machine shows no NVIDIA GPU"),
        (("nvidiactl", "nvidia-modeset"), (), r"no .*/nvidia0"),
        (("nvidia0",), (), r"no .*/nvidiactl"),
        (("nvidia0", "nvidiactl"), (), r"no .*/nvidia-uvm, .*\(nvidia-modprobe"),
        (("nvidia0", "nvidiactl", "nvidia-uvm"), None, r"libcuda\.so\.1 not found \("),
        (("nvidia0", "nvidiactl", "nvidia-uvm"), ("INIT=100",), r"cuInit answers CUDA_ERROR_NO_DEVICE \(100\)"),
        (("nvidia0", "nvidiactl", "nvidia-uvm"), ("COUNT=0",), r"it lists no device"),
        (("nvidia0", "nvidiactl", "nvidia-uvm"), ("CRASH",), r"ended the process that asked it \(signal 11\)"),
    ],
)
def test_the_first_thing_that_is_missing_is_named(machine, nodes, driver, message):
    with pytest.raises(GpuUnavailable, match=message) as caught:
        find_gpu(machine(nodes, driver))
    assert (caught.value.code, caught.value.exit_code) == ("gpu_unavailable", 3)
    assert caught.value.remedy


def test_a_library_that_is_none_is_told_with_the_loaders_words(machine, tmp_path):
    places = machine(driver=None)
    (places.folders[0] / "libcuda.so.1").write_bytes(b"\x7fELF" + bytes(200))
    places = replace(places, folders=(*places.folders, tmp_path / "absent"))
    with pytest.raises(GpuUnavailable, match=r"libcuda\.so\.1 not found: .*libcuda\.so\.1: "):
        find_gpu(places)


def test_the_workers_choice_of_devices_goes_into_the_box(machine, monkeypatch):
    places = machine()
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    assert "CUDA_VISIBLE_DEVICES" not in box.environment(find_gpu(places))
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "2,0")
    assert box.environment(find_gpu(places))["CUDA_VISIBLE_DEVICES"] == "2,0"


def test_the_next_place_is_tried_after_a_library_that_is_none(machine, tmp_path):
    places = machine()
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken" / "libcuda.so.1").write_bytes(b"\x7fELF" + bytes(200))
    assert find_gpu(replace(places, folders=(tmp_path / "broken", *places.folders))).devices[0].name == "First GPU"


def test_a_device_that_may_not_be_opened_is_told(machine):
    places = machine(("nvidia0", "nvidiactl"))
    (places.devices / "nvidia-uvm").symlink_to("/dev/nothing-of-that-name")
    with pytest.raises(GpuUnavailable, match=r"no .*/nvidia-uvm"):
        find_gpu(places)
    (places.devices / "nvidia-uvm").unlink()
    with closing(socket.socket(socket.AF_UNIX)) as nobody:
        nobody.bind(str(places.devices / "nvidia-uvm"))
        with pytest.raises(GpuUnavailable, match=r"nvidia-uvm cannot be opened: No such device or address \(join the group"):
            find_gpu(places)


def _gpu(driver: str, major: int = 9, minor: int = 0) -> Gpu:
    return Gpu((Device("A GPU", major, minor, 1),), Version.parse(driver), None, ())


def test_compiler_driver_and_device_must_fit(found_nvcc):
    built = Version.parse(found_nvcc.version)
    newest = architectures(found_nvcc.program)[-1].removeprefix("sm_")
    assert require_fit(found_nvcc, _gpu(f"{built.major}.{built.minor}", int(newest[:-1]), int(newest[-1]))).name == "A GPU"
    # Within one major version any driver runs what was built for the device itself.
    require_fit(found_nvcc, _gpu(f"{built.major}.0", int(newest[:-1]), int(newest[-1])))
    with pytest.raises(GpuUnavailable, match=rf"driver too old for nvcc {built}: it speaks CUDA {built.major - 1}\.4 \(install"):
        require_fit(found_nvcc, _gpu(f"{built.major - 1}.4"))
    for major, minor in ((1, 3), (99, 0)):
        with pytest.raises(GpuUnavailable, match=rf"makes no code for sm_{major}{minor} \(A GPU\)"):
            require_fit(found_nvcc, _gpu(f"{built.major}.9", major, minor))


def test_a_compiler_that_does_not_say_what_it_knows_is_tried(tmp_path):
    silent = tmp_path / "nvcc"
    silent.write_text("#!/bin/sh\nexit 1\n")
    silent.chmod(0o755)
    assert require_fit(Nvcc(silent, tmp_path, "12.4", ""), _gpu("12.0")).architecture == "sm_90"


def test_the_projects_own_architecture_is_kept():
    device = Device("A GPU", 8, 6, 1)
    assert target(device, ("-O2",)) == ("-arch=sm_86",)
    assert target(device, ("-arch=sm_75", "-O2")) == ()
